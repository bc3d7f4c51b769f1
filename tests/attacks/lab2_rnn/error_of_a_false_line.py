# Raises from code that claims to stand in files that are not its own.
# expect: half_squared_error=error; hides root:
import types

CODE = "__co"
NAMES = ("/etc/passwd", "<course>/solutions/lab2_rnn.py", "submission.py", "cell 1")


def inner():
    return 1 / 0


for _name in NAMES:
    _code = getattr(inner, CODE + "de__").replace(co_filename=_name, co_firstlineno=10**6)
    inner = types.FunctionType(_code, {"inner": inner})


def half_squared_error(y, target):
    return inner()
