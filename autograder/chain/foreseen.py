"""Whether the arguments of a case hold what is due in another one of the same exercise.

The calls of an exercise are sent together, so that a program may see the arguments of all of them
while it works on one.  What is due stands in none of them, but this could give it away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.judge.calls import Request
from autograder.labcheck.tree import Array, Tree, mapped
from autograder.labcheck.verdict import Observed

FEWEST = 4
"""Fewer numbers may be the same by chance."""

Values = NDArray[Any]


def foreseen(expected: Sequence[tuple[Request, Observed]]) -> Iterator[str]:
    """A sentence for each case whose due numbers stand in the arguments of another case.

    Numbers that are arguments of the case itself give nothing away.
    """
    called = [pair for pair in expected if pair[0].case.observe != "arguments"]
    given = [list(_floats(dict(request.question.arguments))) for request, _ in called]
    for place, (request, due) in enumerate(called):
        for values in _floats(due.tree) if due.did == "result" else ():
            if _among(values, given[place]):
                continue
            for other, (asked, _) in enumerate(called):
                if other != place and _among(values, given[other]):
                    yield (
                        f"the case {asked.case.name!r} is given what the case "
                        f"{request.case.name!r} is due: a program sees the arguments of all cases "
                        "of its exercise, so let them be drawn apart"
                    )


def _floats(tree: Tree) -> Iterator[Values]:
    """The arrays of floats that are worth looking for."""
    found: list[Values] = []

    def look(leaf: Any) -> None:
        if isinstance(leaf, Array) and leaf.device != "meta" and leaf.values.dtype.kind == "f":
            found.append(leaf.values)

    mapped(tree, look)
    return (one for one in found if one.size >= FEWEST and np.ptp(one) > 0)


def _among(values: Values, others: Iterable[Values]) -> bool:
    return any(one.shape == values.shape and np.allclose(one, values) for one in others)
