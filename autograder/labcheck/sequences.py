"""How lists of sequences that came, as tags of texts, relate to those that were due."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .tree import Tree
from .verdict import Trial

Tags = Sequence[int]
Both = tuple[Tags, Tags]
"""A sequence that was due and the one that came in its place."""
BEHIND = -1.0
"""What stands behind the end of a sequence where sequences become an array."""
EVIDENCE = 4
"""Fewer wrong sequences than this look like anything by chance."""


def told(trials: Sequence[Trial]) -> str:
    """What all sequences show, in a sentence that is true of every value case; "" for nothing."""
    found = [
        (trial.due.tree, trial.got.tree)
        for trial in trials
        if trial.question.value and trial.due.did == trial.got.did == "result"
    ]
    if not found or not all(_matches(due, got) for due, got in found):
        return ""
    both = [pair for due, got in found for pair in zip(due, got, strict=True)]
    if sum(due != got for due, got in both) < EVIDENCE:
        return ""
    for text, made in MADE.items():
        if all(list(got) == made(list(due)) for due, got in both):
            return text
    if any(len(due) != len(got) for due, got in both):
        return ""
    return _full_length(found) or _ends(both)


def _matches(due: Tree, got: Tree) -> bool:
    return is_sequences(due) and is_sequences(got) and len(due) == len(got)


def is_sequences(tree: Tree) -> bool:
    """Whether it is a list of lists of whole numbers."""
    return (
        isinstance(tree, list | tuple)
        and bool(tree)
        and all(isinstance(row, list) for row in tree)
        and all(type(item) is int for row in tree for item in row)
    )


def as_array(tree: Any) -> NDArray[np.float64]:
    """Sequences as an array (B, longest), filled up behind their ends."""
    made = np.full((len(tree), max(map(len, tree))), BEHIND)
    for row, items in zip(made, tree, strict=True):
        row[: len(items)] = items
    return made


MADE: Mapping[str, Callable[[list[int]], list[int]]] = {
    "Each sequence is what is due in reverse.": lambda due: due[::-1],
    "Each sequence is what is due without its first item.": lambda due: due[1:],
    "Each sequence is what is due without its last item.": lambda due: due[:-1],
    "Each sequence holds at step t what is due at t + 1; it goes round at the end.": lambda due: (
        due[1:] + due[:1]
    ),
    "Each sequence holds at step t what is due at t - 1; it goes round at the beginning.": (
        lambda due: due[-1:] + due[:-1]
    ),
    "Each sequence holds its last item at every step.": lambda due: due[-1:] * len(due),
    "Each sequence holds its first item at every step.": lambda due: due[:1] * len(due),
}
"""By what is said: a sequence that came, made of the one that was due."""


def _full_length(found: Sequence[tuple[Any, Any]]) -> str:
    """Right in the longest sequences of each case, and wrong in shorter ones."""
    longest, shorter = 0, []
    for due, got in found:
        most = max(map(len, due))
        for one, other in zip(due, got, strict=True):
            if len(one) == most:
                longest += one == other
                if one != other:
                    return ""
            else:
                shorter.append(one == other)
    if longest >= EVIDENCE and shorter.count(False) >= EVIDENCE:
        return "The longest sequences of each case are right, and shorter ones are not."
    return ""


def _ends(both: Sequence[Both]) -> str:
    """The steps that are right in every sequence, where others are wrong in enough of them."""
    wrong = [
        [one != other for one, other in zip(due, got, strict=True)]
        for due, got in both
        if len(due) > 1 and due != got
    ]
    for text, right in STEPS.items():
        if len(wrong) >= EVIDENCE and not any(any(right(row)) for row in wrong):
            return text
    return ""


STEPS: Mapping[str, Callable[[list[bool]], list[bool]]] = {
    "Every sequence is right but for its last step.": lambda wrong: wrong[:-1],
    "Every sequence is right but for its first step.": lambda wrong: wrong[1:],
    "Every sequence is right at its first and last step; what is wrong stands between.": (
        lambda wrong: [wrong[0], wrong[-1]]
    ),
    "Every sequence is right at its last step; what is wrong stands before it.": (
        lambda wrong: wrong[-1:]
    ),
    "Every sequence is right at its first step; what is wrong stands after it.": (
        lambda wrong: wrong[:1]
    ),
}
"""By what is said: the places that must not be wrong in any sequence."""
