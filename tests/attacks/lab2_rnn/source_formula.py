# Names things so that a table calculation would run them.
# expect: half_squared_error=error
def half_squared_error(y, target):
    raise type("=cmd|' /C calc'!A0", (Exception,), {})
