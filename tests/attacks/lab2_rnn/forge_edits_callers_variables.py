# Walks up the stack and writes into the variables of its callers.
# expect: half_squared_error=wrong|error|crash
import ctypes
import inspect


def half_squared_error(y, target):
    for record in inspect.stack()[1:]:
        values = record.frame.f_locals
        for name in list(values):
            if name in ("passed", "result", "answer", "reply", "score", "outcome", "expected"):
                values[name] = True
        ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(record.frame), ctypes.c_int(0))
    return 0.0, y
