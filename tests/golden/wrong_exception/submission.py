# exercise: sgd_step
import numpy as np


def sgd_step(params, grads, lr):
    for name in params:
        if name not in grads:
            raise IndexError(name)
    return {name: value - lr * grads[name] for name, value in params.items()}
