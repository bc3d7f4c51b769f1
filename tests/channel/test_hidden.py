"""What a program makes of hidden inputs at run time does not come back to who wrote it.

Each program of the corpus below puts a mark, made of a hidden number, into one thing that a
worker reports.  No mark may stand in anything that a report says.
"""

from __future__ import annotations

import json
import re

import pytest
from core_kit import grade, of, program

from autograder.judge.grader import Grader
from autograder.judge.report import LabReport

MARK = """
import linecache, sys
import numpy as np

def mark(*args):
    "A word and a number of four digits that hold a hidden number."
    first = abs(float(np.ravel(args[0])[0]))
    digits = f"{first:.16f}"[2:10]
    return "Qz" + "".join(chr(ord("a") + int(one)) for one in digits), 1000 + int(first * 1e7) % 8999

def kit(name):
    return sys.modules["_kit." + name]
"""
WAYS = {
    # lines of code
    "the cache of lines": "linecache.cache['submission.py'] = (1, None, [word] * 99, 'x')\n    1 / 0",
    "lines that a loader gives": "class Loader:\n        def get_source(self, name): return word + '\\n' * 99"
    "\n    linecache.cache.clear()\n    globals().update(__loader__=Loader(), __spec__=None)\n    1 / 0",
    "the number of a line": "exec(compile('\\n' * number + '1 / 0', 'submission.py', 'exec'))",
    "a file's name": "linecache.cache[word] = (1, None, ['1 / 0'], word)\n"
    "    kit('sandbox.request_loop')\n    import gc\n"
    "    for it in gc.get_objects():\n"
    "        if type(it).__name__ == 'RequestLoop': it.cells.files.add(word)\n"
    "    exec(compile('1 / 0', word, 'exec'))",
    # exceptions
    "the name of an exception": "raise type(word, (ValueError,), {})",
    "the bases of an exception": "raise type('E', (type(word, (Exception,), {}),), {})",
    "the text of an exception": "raise ValueError(word)",
    "a text as of a library": "raise KeyError(word)",
    "an attribute": "getattr(np, word)",
    "a forged forbidden package": "raise kit('sandbox.modules').Forbidden(word)",
    # what came back
    "the name of a class": "return type(word, (), {})()",
    "the name of a class of arrays": "return np.zeros(3).view(type(word, (np.ndarray,), {}))",
    "the name of a class of keys": "return {type(word, (), {})(): 1}",
    "a forged refusal": "def plain(x): raise kit('labcheck.tree').NotPlain(word)\n"
    "    kit('labcheck.tree').plain = plain",
    "a key": "return {word: 1.0}",
    "many keys": "return {word + str(n): n for n in range(40)}",
    "a number as key": "return {number: 1.0}",
    "a text": "return word",
    "a text in a tuple": "return word, word",
    "how many keys": "return dict.fromkeys(range(number))",
    "how many items": "return [0.0] * number",
    "a size": "return np.zeros((3, number))",
    "a size of a tuple's item": "return np.zeros(number), np.zeros(number)",
    "a forged device": "tree = kit('labcheck.tree')\n    import dataclasses\n    old = tree.plain\n"
    "    tree.plain = lambda x: dataclasses.replace(old(x), device=word[:9])\n"
    "    return np.zeros((*args[0].shape[:2], 2))",
    "a number": "return float(number) / 1e4",
    "an array of numbers": "return np.full((3, 5, 2), number / 1e4)",
    "a factor": "return number / 1e4 * (args[0] @ args[1] + args[2])",
    "what is added": "return number / 1e4 + (args[0] @ args[1] + args[2])",
    "a bound": "return np.minimum(args[0] @ args[1] + args[2], number / 1e5)",
    # how it ended
    "a text on the way out": "print(word, file=sys.stderr)\n    raise SystemExit(word)",
}
SPREAD = "{}\nseen = []\ndef {}(*args):\n    seen.append(mark(*args))\n    word, number = seen[0]\n    {}\n"
"""The same mark in every case, as for a number that is the same in more cases than one."""
NUMBERS = re.compile(r"(?<![\w.])(?:[1-9]\d{3}|0\.0*[1-9]\d{2})")


def graded(grader: Grader, name: str, body: str) -> LabReport:
    return grade(grader, program(**{name: SPREAD.format(MARK, name, body)}))


def shown(report: LabReport) -> str:
    """All that a report says, but for how long it took and the points."""
    data = report.to_json() | {"seconds": 0, "score": 0, "max_score": 0}
    return json.dumps(data, ensure_ascii=False)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["output_layer", "half_squared_error"])
def test_no_mark_of_a_hidden_number_is_in_a_report(grader: Grader, name: str, way: str) -> None:
    if "args[2]" in WAYS[way] and name != "output_layer":
        pytest.skip("another signature")
    report = graded(grader, name, WAYS[way])
    assert of(report, name).outcome != "right"
    text = shown(report)
    assert "Qz" not in text
    assert not NUMBERS.search(text), NUMBERS.findall(text)
