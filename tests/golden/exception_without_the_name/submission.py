# exercise: sgd_step
import numpy as np


def sgd_step(params, grads, lr):
    if len(grads) < len(params):
        raise KeyError("a parameter has no gradient")
    return {name: value - lr * grads[name] for name, value in params.items()}
