# Makes the worker ask the judge for the right answer, as it may where an earlier exercise is given.
# expect: half_squared_error=crash
import gc


def half_squared_error(y, target):
    session = next(one for one in gc.get_objects() if type(one).__name__ == "RequestLoop")
    session.may_ask = True
    return session.ask("half_squared_error", (y, target), {})
