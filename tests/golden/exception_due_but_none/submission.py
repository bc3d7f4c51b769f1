# exercise: sgd_step
import numpy as np


def sgd_step(params, grads, lr):
    return {name: value - lr * grads.get(name, 0) for name, value in params.items()}
