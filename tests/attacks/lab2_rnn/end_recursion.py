# Calls itself without end.
# expect: half_squared_error=error
def half_squared_error(y, target):
    return half_squared_error(y, target)
