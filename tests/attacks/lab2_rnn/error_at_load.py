# Raises at load, in the middle of its cell, with the functions before it defined.
# expect: all right
raise type("\x1b[2J", (BaseException,), {"__str__": lambda self: 1 / 0})
