# Changes its argument, and tells the worker not to look at arguments afterwards.
# expect: sgd_step=partly
import sys


def sgd_step(params, grads, lr):
    frame = sys._getframe(1)
    while frame is not None:
        header = frame.f_locals.get("header")
        if isinstance(header, dict) and header.get("op") == "call":
            header["arguments"] = False
        frame = frame.f_back
    for name in params:
        params[name] = params[name] - lr * grads[name]
    return params
