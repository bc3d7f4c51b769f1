"""Whether what training reported is right, by its epochs and by its batches.

The number of batches, their sizes and the epochs are read from the arguments of a case.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .explain import listed
from .pairs import Pair, pairs_of
from .parameters import are, sentence
from .tree import Array, Tree
from .verdict import Question, Trial


def first_alone(pairs: Sequence[Pair]) -> str:
    """Right in the first of two or more epochs, chunks or calls, and wrong in all others."""
    made = [pair for pair in pairs if not pair.right]
    for pair in made:
        if not pair.comparable or len(pair.letters) != 1 or pair.letters[0] not in TURNS:
            return ""
        if len(pair.due) < 2 or pair.wrong[0] or not pair.wrong[1:].all():
            return ""
    return f"right at the first {made[0].letters[0]} alone" if made else ""


TURNS = ("epoch", "chunk", "call")
"""Words for the items of a list that came one after another."""


def batches(trials: Sequence[Trial], parts: Sequence[str]) -> str:
    """Whether a part of the result is right where there is one batch, or none of another size."""
    seen: dict[str, list[Batched]] = {}
    for trial in trials:
        sizes = batch_sizes(trial.question)
        if sizes and trial.question.observe == "result" and not trial.question.like:
            for name, pair in pairs_of(trial, parts).items():
                if pair.comparable and not pair.empty:
                    one = Batched(tuple(sizes), epochs_of(trial.question), pair.right)
                    seen.setdefault(name, []).append(one)
    for often, (text, holds) in itertools.product((1.0, MOSTLY), BATCHES.items()):
        names = [name for name, cases in seen.items() if _tells(cases, holds, often)]
        if names:
            said = text if often == 1 else text.replace("wrong where", "nearly always wrong where")
            return sentence(f"{listed(names)} {are(names)} {said}.")
    return ""


@dataclass(frozen=True)
class Batched:
    """The sizes of a case's batches, its epochs, and whether a part of its result is right."""

    sizes: tuple[int, ...]
    epochs: int
    right: bool


MOSTLY = 0.8
"""The share of cases that are wrong where it is said that nearly all are."""

BATCHES: Mapping[str, Callable[[Sequence[int]], bool]] = {
    "right where there is one batch, and wrong where there are more": lambda sizes: (
        len(sizes) == 1
    ),
    "right where all batches are of one size, and wrong where they are not": lambda sizes: (
        len(set(sizes)) == 1
    ),
}


def _tells(cases: Sequence[Batched], holds: Callable[[Sequence[int]], bool], often: float) -> bool:
    """Whether all cases that hold are right and so large a share of the others wrong.

    Not where it may be the number of epochs that makes the difference.
    """
    inside = [one for one in cases if holds(one.sizes)]
    outside = [one for one in cases if not holds(one.sizes)]
    if not inside or not outside or not all(one.right for one in inside):
        return False
    if {one.epochs for one in inside}.isdisjoint(one.epochs for one in outside):
        return False
    wrong = [one for one in outside if not one.right]
    return len(wrong) >= often * len(outside)


def batch_sizes(question: Question) -> list[int]:
    """How many samples there are in each batch of a case; empty where that is not known."""
    given = question.arguments.get("batches")
    if isinstance(given, list | tuple):
        return list(_sizes(given))
    size, y = question.arguments.get("batch_size"), question.arguments.get("y")
    if isinstance(size, int) and size > 0 and isinstance(y, Array) and y.values.ndim:
        count = len(y.values)
        return [min(size, count - start) for start in range(0, count, size)]
    return []


def _sizes(given: Sequence[Tree]) -> Iterator[int]:
    for batch in given:
        first = batch[0] if isinstance(batch, list | tuple) and batch else None
        if isinstance(first, Array) and first.values.ndim:
            yield len(first.values)


def epochs_of(question: Question) -> int:
    """How many epochs a case asks for; 1 where it does not say."""
    given = question.arguments
    options = given.get("options")
    epochs = options[0] if isinstance(options, list) and options else given.get("epochs", 1)
    return epochs if isinstance(epochs, int) else 1
