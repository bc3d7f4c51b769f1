# Defines exercises only while they are called, by decorators, loops and globals.
# expect: half_squared_error=wrong|missing|right
def replace(function):
    globals()["half_squared_error"] = lambda *a: (0.0, 0)
    return function


@replace
def helper():
    return helper
