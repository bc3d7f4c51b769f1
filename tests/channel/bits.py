"""How much a report can say of an exercise's hidden cases: an upper bound, in bits.

It is the number of reports that a program can choose from, whatever it does: for each thing that is
told of it, how many different texts may stand there, at the longest program that is still told of
its names and lines.  Times are left aside.  A picture of time steps counts nothing: it follows from
the text beside it (`tests/core/test_strip.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import comb, log2

from autograder.judge.calls import Request
from autograder.judge.hidden import CLASSES, DEVICES, MOST_AXES, MOST_KEYS, MOST_TOLD, Words
from autograder.judge.program import MOST_LINES
from autograder.labcheck.exceptions import RULES
from autograder.labcheck.own import MOST_NAMES, Own
from autograder.labcheck.tree import Array, Tree
from autograder.labcheck.verdict import Observed, Trial
from autograder.sandbox.answers import DTYPES
from autograder.spec import Exercise
from autograder.spec.cases import _leaves

OUTCOMES = ("right", "wrong", "error")
"""How a case ends after which others are run; of the first that fails more is told."""
FIRST = 6
"""How the first case that fails can end so."""
ENDINGS = 256 + 64 + 8
"""How a process ends: its status, a signal, and the limits."""
LINES = 3
"""Lines of code that are told of one exception."""
GAPS = 3
"""Names in a sentence on an exception."""
COUNTS = 1024
"""How many arguments a function takes, or is called with, as far as a program's text has it."""
TEMPLATES = 4096
"""Sentences on what a program does, with the ways to begin and to end them."""
SLOTS = 4
NUMBERS = 2 * 90 * 8 + 2
"""Numbers to two digits, from a ten-thousandth to ten thousand, with a sign."""

Expected = Sequence[tuple[Request, Observed]]


def bits(exercise: Exercise, expected: Expected) -> float:
    """The bound for one exercise, its cases with what is due."""
    return (
        _outcomes(len(expected))
        + log2(len(exercise.mistakes) + 3)  # a hint, an advice, or neither; another function given
        + 1
        + max(_finding(exercise, request, due) for request, due in expected)
    )


def _outcomes(cases: int) -> float:
    """Which cases fail, and how; the points follow from it."""
    return cases * log2(len(OUTCOMES)) + log2(FIRST) + log2(3 * cases + 1)


def _finding(exercise: Exercise, request: Request, due: Observed) -> float:
    """What is told of the first case that fails."""
    words = Words.of(Trial(request.question, due, due, None, passed=False), Own())
    name = log2(MOST_NAMES + len(CLASSES) + 1)
    raised = (
        name
        + log2(len(RULES) + 1)
        + GAPS * name
        + 2 * log2(COUNTS)
        + LINES * log2(MOST_LINES + 1)
        + 2
    )
    refused = name + log2(64)
    result = _result(words, due.tree) + _sentence(exercise, request, due)
    return max(raised, refused, log2(ENDINGS), result) + 2


def _result(words: Words, due: Tree) -> float:
    """What came back, and where it first differs."""
    size = log2(len(words.sizes) + 1)
    form = log2(8) + max(MOST_AXES * size + log2(len(DTYPES)), size + log2(2 * MOST_NAMES))
    leaves = list(_leaves(due))
    keys = max((len(tree) for tree in _dicts(due)), default=0)
    named = min(keys, MOST_TOLD) + log2(sum(comb(2 * MOST_NAMES, n) for n in range(MOST_KEYS + 1)))
    place = log2(len(leaves) + 1) + log2(len(DEVICES) ** 2 + len(DTYPES))
    numbers = max((_numbers(leaf) for leaf in leaves), default=0.0)
    return max(2 * form, form + named, named + place + numbers + keys)


def _numbers(leaf: Tree) -> float:
    """How many numbers are wrong, from which step to which, and how it is not finite."""
    if isinstance(leaf, Array):
        steps = max(leaf.values.shape, default=1)
        return log2(leaf.values.size + 1) + 2 * log2(steps + 1) + log2(4)
    return log2(len(leaf.split()) + 3) if isinstance(leaf, str) else log2(4)


def _sentence(exercise: Exercise, request: Request, due: Observed) -> float:
    """What a program does: a sentence whose gaps hold arguments, parts, axes, sizes and cases."""
    words = [
        *request.question.arguments,
        *exercise.parts,
        *exercise.axes,
        *exercise.shapes,
        *(key for tree in _dicts(dict(request.question.arguments)) for key in tree),
        *range(64),
    ]
    parts = sum(1 for _ in _leaves(due.tree))
    told = min(parts, MOST_TOLD)  # which of the parts are right
    return log2(TEMPLATES) + SLOTS * log2(len(words) + 1) + log2(NUMBERS) + told


def _dicts(tree: Tree) -> Iterator[Mapping[str, Tree]]:
    if isinstance(tree, Mapping):
        yield tree
        tree = list(tree.values())
    if isinstance(tree, list | tuple):
        for item in tree:
            yield from _dicts(item)
