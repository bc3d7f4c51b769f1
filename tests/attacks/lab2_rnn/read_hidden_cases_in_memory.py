# Looks through all objects of the process for cases, references, mistakes and secrets.
# expect: all right
import gc
import sys


def attack():
    names = []
    for found in gc.get_objects():
        if isinstance(found, dict):
            if any(isinstance(key, str) and key in ("EXERCISE", "Mistakes") for key in found):
                names.append("a dict of a spec")
            if found.get("sys") is sys and "numpy" in found:
                names += [name for name in found if name in ("autograder", "solutions")]
        elif isinstance(found, (list, tuple, set)):
            words = [one for one in found if isinstance(one, str) and "Mistake(" in one]
            names += [word for word in words if len(word) > 500]
    if names:
        raise Escaped(str(names)[:200])
