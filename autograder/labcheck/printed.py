"""What a function prints while it is checked: the start of it is kept, and may be all it gives."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence

import numpy as np

from .text import printable
from .tree import Array, Tree
from .verdict import Trial

MOST_KEPT = 4000
MOST_ROWS, MOST_LETTERS = 6, 300
"""What of it is shown."""

NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|nan|inf", re.IGNORECASE)


WRITE = io.StringIO.write


class Written(io.StringIO):
    """A stream that remembers the start of what is written to it.

    It uses no built-in name, for a program may have changed these.
    """

    def write(self, text: str) -> int:
        """Keeps as much as there is room for."""
        left = MOST_KEPT - self.tell()
        if left > 0:
            WRITE(self, text[:left])
        return text.__len__()


def shown(text: str) -> str:
    """What was printed, cut to a few lines; nothing where it was only space."""
    rows = printable(text).strip("\n").split("\n") if text.strip() else []
    cut = "\n".join(rows[:MOST_ROWS])
    whole = len(rows) <= MOST_ROWS and len(cut) <= MOST_LETTERS
    return cut if whole else f"{cut[:MOST_LETTERS]} …"


def in_place_of_a_result(trials: Sequence[Trial]) -> str:
    """That a function prints and returns nothing, if it does so in every value case."""
    values = [one for one in trials if one.question.value and one.due.did == "result"]
    gave = [one for one in values if one.got.did == "result"]
    if not gave or len(gave) < len(values):
        return ""
    if not all(one.got.tree is None and one.got.printed.strip() for one in gave):
        return ""
    if any(one.due.tree is None for one in gave):
        return ""
    if all(_is_due(one.got.printed, one.due.tree) for one in gave):
        return "It prints what is due, and returns nothing: return it in place of printing it."
    return "It prints, and returns nothing: a function gives what stands behind return."


def _is_due(text: str, due: Tree) -> bool:
    """Whether the numbers in a text are those that are due, as far as they are written."""
    found = [float(one) for one in NUMBER.findall(text)]
    wanted = [number for leaf in _leaves(due) for number in leaf]
    if not wanted or len(found) != len(wanted):
        return False
    return bool(np.allclose(found, wanted, rtol=1e-3, atol=1e-3, equal_nan=True))


def _leaves(tree: Tree) -> Iterator[list[float]]:
    """The numbers of a result in their order."""
    if isinstance(tree, Array):
        yield [float(one) for one in tree.values.ravel()]
    elif isinstance(tree, list | tuple):
        for item in tree:
            yield from _leaves(item)
    elif isinstance(tree, int | float) and not isinstance(tree, bool):
        yield [float(tree)]
