"""The cases of an exercise: its own, and those that every exercise gets by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from autograder.labcheck.message import PLAIN
from autograder.sandbox.scenarios import buffers_elsewhere, gradients
from autograder.spec import Case, Close, Exercise, Lab

VALUES = PLAIN
EXACT = Close(rtol=0.0, atol=0.0, alike=False)
SINGLE = Close(rtol=1e-3, atol=1e-4)


def cases_of(exercise: Exercise, lab: Lab) -> tuple[Case, ...]:
    """Every case, in the order in which they are tried; names are unique."""
    found = [case for case in _automatic(exercise, lab) if case.name not in exercise.without]
    values = [case for case in found if case.value]
    others = [case for case in found if not case.value]
    return (*values, *exercise.cases, *others)


def _automatic(exercise: Exercise, lab: Lab) -> list[Case]:
    first = Case(name=VALUES, inputs=sized(exercise, {}))
    cases = [first]
    if exercise.axes:
        larger = {axis: size + 1 for axis, size in exercise.axes.items()}
        cases += [
            Case(name="values at other sizes", inputs=sized(exercise, larger)),
            Case(name="values of a third draw", inputs=sized(exercise, {})),
        ]
    else:
        cases += [
            Case(name=f"values of draw {draw}", inputs=sized(exercise, {})) for draw in (2, 3)
        ]
    for axis, name in (("B", "one sample"), ("T", "one step")):
        if axis in exercise.axes:
            why = "A single sample" if axis == "B" else "A sequence of one step"
            cases.append(
                Case(
                    name=name, inputs=sized(exercise, {axis: 1}), value=False,
                    why=f"{why} must work too and keep its axis.",
                )
            )  # fmt: skip
    again = replace(first, like=VALUES, value=False)
    kind = exercise.arrays or lab.arrays
    if not exercise.name.endswith("_"):
        cases.append(
            replace(
                again, name="arguments unchanged", observe="arguments", close=EXACT,
                why="A call must leave its arguments as they were: work on a copy.",
            )
        )  # fmt: skip
    if not exercise.training:
        cases.append(
            replace(
                again, name="float32", dtype="float32", close=SINGLE,
                why="float32 in, float32 out: make new arrays with the dtype of the inputs.",
            )
        )  # fmt: skip
        cases.append(
            replace(
                again, name="memory layout", layout="mixed",
                why="The same numbers in another memory layout must give the same answer.",
            )
        )  # fmt: skip
        if kind == "numpy" and exercise.axes:
            cases.append(
                replace(
                    again, name="integer inputs", dtype="int64",
                    why="Integer inputs must give float64: a buffer like them cuts decimals off.",
                )
            )  # fmt: skip
    if kind == "torch" and exercise.scenario is None:
        cases.append(
            replace(
                again, name="placement", device="meta",
                why="New tensors need the inputs' device and dtype, as x.new_zeros(…) gives.",
            )
        )  # fmt: skip
        if exercise.view is None:
            cases += [
                replace(
                    again, name="placement of new tensors", scenario=buffers_elsewhere,
                    why="New tensors need the inputs' device and dtype, as x.new_zeros(…) gives.",
                ),
                replace(
                    again, name="gradients", scenario=gradients,
                    why="The result must carry gradients back to every float input: no .data, "
                    ".detach() or .numpy() on the way.",
                ),
            ]  # fmt: skip
    cases.append(
        replace(
            again, name="second call",
            why="The same call a second time must give the same answer: keep no state.",
        )
    )  # fmt: skip
    return cases


class sized:
    """`inputs` with the exercise's default sizes and some others."""

    def __init__(self, exercise: Exercise, sizes: Mapping[str, int]) -> None:
        self.inputs = exercise.inputs
        self.sizes = {**exercise.axes, **sizes}

    def __call__(self, rng: np.random.Generator) -> Mapping[str, Any]:
        """Draws the arguments."""
        return self.inputs(rng, **self.sizes)
