# Replaces builtins that a checker might use to look at a result.
# expect: half_squared_error=wrong|error|crash
import sys


def half_squared_error(y, target):
    own = sys._getframe(1).f_builtins
    own["isinstance"] = lambda *a: True
    own["len"] = lambda *a: 0
    own["abs"] = lambda *a: 0
    own["all"] = own["any"] = lambda *a: True
    return 0.0, y
