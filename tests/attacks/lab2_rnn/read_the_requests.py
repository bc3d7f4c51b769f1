# Searches the request that is being answered for names of cases and expected numbers.
# expect: all right
import sys


def attack():
    frame = sys._getframe()
    while frame is not None:
        header = frame.f_locals.get("header")
        if isinstance(header, dict):
            known = {"op", "id", "answers", "entry", "scenario", "args", "device", "arguments",
                     "source", "file", "offset", "most", "most_left", "limits",
                     "calls", "scenarios"}
            said = set(header).union(*header.get("calls", ()))
            if said - known:
                raise Escaped(str(sorted(said)))
        frame = frame.f_back
