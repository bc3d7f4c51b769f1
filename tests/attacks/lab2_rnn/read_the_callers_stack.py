# Looks through the variables of all its callers for an expected answer.
# expect: all right
import inspect


def attack():
    for record in inspect.stack():
        for name, value in record.frame.f_locals.items():
            if name in ("expected", "due", "reference", "tolerance", "mistakes", "cases", "draw"):
                raise Escaped(f"{name} = {value!r}"[:200])
