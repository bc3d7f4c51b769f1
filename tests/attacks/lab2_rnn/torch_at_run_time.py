# Imports PyTorch by names made at run time, so that the source does not say it.
# expect: half_squared_error=forbidden, output_layer=forbidden, relative_error=forbidden|error
import importlib
import sys


def half_squared_error(y, target):
    lib = importlib.import_module("tor" + "ch")
    return float(lib.sum(lib.as_tensor(y))), y


def output_layer(h, W_hy, b_y):
    lib = sys._getframe().f_builtins["__imp" + "ort__"]("tor" + "ch")
    return lib.as_tensor(h).numpy()


def relative_error(a, b):
    return vars(sys)["mod" + "ules"]["tor" + "ch"].as_tensor(a).item()
