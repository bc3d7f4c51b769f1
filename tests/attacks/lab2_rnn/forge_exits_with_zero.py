# Leaves with exit status 0, which a test runner would take for success.
# expect: half_squared_error=error
def half_squared_error(y, target):
    raise SystemExit(0)
