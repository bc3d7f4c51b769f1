# Raises SyntaxErrors whose file, line and text are tricks.
# expect: half_squared_error=error|crash, relative_error=error|crash, output_layer=error|crash
class Name(str):
    __hash__ = lambda self: hash("submission.py")
    __eq__ = lambda self, other: True


class Tricky(SyntaxError):
    filename = "submission.py"
    lineno = property(lambda self: 10**5000)


def half_squared_error(y, target):
    raise SyntaxError("x", ("submission.py", "no number", -5, None))


def relative_error(a, b):
    raise SyntaxError("x", (Name("/etc/passwd"), 2**70, 1, "\x1b"))


def output_layer(h, W_hy, b_y):
    raise Tricky
