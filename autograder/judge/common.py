"""Cases that are the same for everybody, and what a program gives on them, small enough to keep.

Their inputs are drawn from a secret that is none, as those of visible.json are, so that answers of
several students can be compared, and with what a mistake gives that is named later.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from autograder.judge.calls import Request
from autograder.judge.kept import Kept
from autograder.judge.oracle import Oracle
from autograder.judge.sketch import Answer, Sketch
from autograder.labcheck.tree import Array, Tree, mapped
from autograder.labcheck.verdict import Observed, judged
from autograder.sandbox.pool import Sandbox
from autograder.spec import Exercise
from autograder.spec.collection import Collected

SEED = b"the visible cases are the same for everybody"
DIGITS = 3
"""Decimals of visible arguments: short numbers can be typed and tried by hand."""

MOST_CASES = 4
MOST_NUMBERS, FEWEST = 64, 8
"""How many numbers of an answer are kept, shared among its arrays, and at least of each array."""
MOST_TEXT = 2**15
"""Characters that the answers of an exercise may take; what takes more is not compared."""
SIGNIFICANT = 9
"""Digits that are kept of a float: tolerances are far wider."""


def common(collected: Collected, sandbox: Sandbox, kept: Kept | None = None) -> Oracle:
    """What the references and the mistakes give on the cases that are the same for everybody."""
    return Oracle(collected, SEED, sandbox, digits=DIGITS, kept=kept)


def asked(exercise: Exercise, oracle: Oracle) -> list[tuple[int, Request, Observed]]:
    """The first value cases: place, request, and what is due; none of an exercise that trains.

    What a training gives may be chance, and takes long.
    """
    if exercise.training:
        return []
    return [
        (place, request, due)
        for place, (request, due) in enumerate(oracle.expected(exercise, 0))
        if request.case.value and due.did == "result"
    ][:MOST_CASES]


def sketch_of(
    exercise: Exercise, oracle: Oracle, does: Callable[[int, Request], Observed]
) -> Sketch | None:
    """What a program gives, small; None where it is right, ends its process or is too large.

    does: what it gives on the case at a place.
    """
    answers, right = [], True
    for place, request, due in asked(exercise, oracle):
        got = does(place, request)
        if got.did == "gone":
            return None
        right = right and judged(request.question, due, got).passed
        answers.append(Answer(request.case.name, request.question.tolerance, _small(got)))
    known = tuple(mistake.name for mistake in exercise.mistakes)
    sketch = Sketch(tuple(answers), known)
    return None if right or len(json.dumps(sketch.to_json())) > MOST_TEXT else sketch


def of_mistake(exercise: Exercise, oracle: Oracle, name: str) -> Sketch | None:
    """What a known mistake gives, as the answers of students are kept."""
    does = oracle.mistakes(exercise, 0)[name]
    return sketch_of(exercise, oracle, lambda place, _: does[place])


def _small(got: Observed) -> Observed:
    """What is compared of an observation: no text, and of large arrays some numbers."""
    arrays: list[Array] = []
    if got.did == "result":
        mapped(got.tree, lambda leaf: arrays.append(leaf) if isinstance(leaf, Array) else None)
    most = max(FEWEST, MOST_NUMBERS // max(1, len(arrays)))
    tree = mapped(got.tree, partial(_few, most)) if got.did == "result" else None
    return Observed(got.did, tree, got.type, devices=got.devices)


def _few(most: int, leaf: Tree) -> Tree:
    """An array, or in its place its shape and numbers at places that are always the same."""
    if not isinstance(leaf, Array) or leaf.device == "meta":
        return leaf
    values = leaf.values
    if values.size <= most:
        return replace(leaf, values=_rounded(values), layout="C")
    places = np.random.default_rng(values.size).choice(values.size, most, replace=False)
    few = np.asarray(values.flat[np.sort(places)])
    return {"shape": str(values.shape), "numbers": replace(leaf, values=_rounded(few), layout="C")}


def _rounded(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if values.dtype.kind != "f":
        return values
    short = [float(f"{value:.{SIGNIFICANT}g}") for value in values.ravel().tolist()]
    return np.array(short, values.dtype).reshape(values.shape)
