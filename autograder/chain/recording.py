"""The record of a lab's visible cases: what students' own checks compare with, as JSON.

A known mistake is recorded on the first case on which it differs from what is due, and nowhere
else; of many numbers that it gives there, two sums tell them from others.  Numbers that are due
are as fine as a hundredth of what their tolerance allows.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from itertools import islice, zip_longest
from typing import Any

import numpy as np

from autograder.chain.packed import rounded
from autograder.chain.stripping import stripped
from autograder.judge.allowance import heard
from autograder.judge.calls import TRAINING_SECONDS, Request, call, code_of
from autograder.judge.common import common
from autograder.judge.oracle import Oracle
from autograder.labcheck.compare import Tolerance
from autograder.labcheck.earlier import Print, print_of, same_print
from autograder.labcheck.packing import GRIDS, Grid
from autograder.labcheck.sums import MANY, sums_of
from autograder.labcheck.tree import Tree, encode, numbers_in
from autograder.labcheck.verdict import Observed, same
from autograder.sandbox.pool import Sandbox
from autograder.spec import Exercise
from autograder.spec.collection import Collected

USUAL = Tolerance().rtol
MOST_ANSWERED, MOST_MORE = 600, 100
"""Numbers of other functions' answers that a record holds: of the first case, and of all others.
"""


def record(collected: Collected) -> dict[str, Any]:
    """The visible cases of every exercise with what is due and what each known mistake does."""
    arrays = collected.lab.arrays
    with Sandbox(arrays, isolation="process", course=collected.root) as sandbox:
        oracle = common(collected, sandbox)
        try:
            exercises = [_exercise(one, oracle, collected) for one in collected.exercises]
            if not collected.lab.hints:
                exercises = [_without_help(one) for one in exercises]
        finally:
            oracle.close()
    return {
        "schema": 1,
        "lab": collected.slug,
        "title": collected.lab.title,
        "exercises": exercises,
    }


def _exercise(exercise: Exercise, oracle: Oracle, collected: Collected) -> dict[str, Any]:
    expected = oracle.expected(exercise, 0)
    mistakes = oracle.mistakes(exercise, 0)
    cases: list[dict[str, Any]] = []
    known: set[str] = set()
    room = MOST_ANSWERED
    for place, (request, due) in enumerate(expected):
        if request.case.hidden:
            continue
        answers = _answers(exercise, oracle, collected, request)
        weighs = sum(numbers_in(result) for _, _, result in answers)
        fits = weighs <= room
        room = MOST_MORE if not cases else room - weighs * fits
        tolerance = request.question.tolerance
        differing = {
            name: does[place]
            for name, does in mistakes.items()
            if name not in known and not same(does[place], due, tolerance)
        }
        known |= set(differing)
        cases.append(_case(request, due, differing, answers if fits else []))
    forbidden = (*collected.lab.forbidden, *exercise.forbidden)
    return {
        "name": exercise.name,
        "points": exercise.points,
        "look": exercise.look,
        "what": (inspect.getdoc(exercise.reference) or "").split("\n")[0],
        "when_right": exercise.when_right,
        "parts": list(exercise.parts),
        "shapes": dict(exercise.shapes),
        "forbidden": list(forbidden),
        "training": exercise.training,
        "scenario": _code(exercise.scenario),
        "view": _code(exercise.view),
        "probes": [
            [
                probe.kind,
                probe.of,
                _short({name: list(astuple(fact)) for name, fact in facts.items()}),
            ]
            for probe, _, facts in oracle.probing(exercise, 0).known
        ],
        "hints": [[one.name, one.when, one.look] for one in exercise.mistakes],
        "cases": cases,
    }


def _without_help(exercise: Mapping[str, Any]) -> dict[str, Any]:
    """The record of an exercise whose check gives no hints: nothing in it names a mistake."""
    cases = [{**case, "mistakes": {}, "why": ""} for case in exercise["cases"]]
    nothing = {"hints": [], "probes": [], "look": "", "when_right": "", "helps": False}
    return {**exercise, **nothing, "cases": cases}


def _code(function: Any) -> list[str] | None:
    code = code_of(function)
    return None if code is None else [code["name"], stripped(code["source"])]


Asked = tuple[str, Print, Tree]
"""A function of another exercise, the print of what it was asked, and what it gave."""


def _answers(
    exercise: Exercise, oracle: Oracle, collected: Collected, request: Request
) -> list[Asked]:
    """What the reference gets from functions of other exercises; nothing where that is no data."""
    case = request.case
    plainly = case.observe == "result" and case.device == "cpu" and not case.raises
    if not plainly or exercise.training or request.scenario is not None:
        return []
    names = [one.name for one in collected.exercises if one.name != exercise.name]
    entry = f"solutions.{collected.slug}:{exercise.name}"
    got = call(oracle.worker(), entry, heard(request, names), seconds=TRAINING_SECONDS).result
    found: list[Asked] = []
    for name, arguments, result in got.tree if got.did == "result" else ():
        asked = print_of(list(arguments.values()))
        if not any(name == one and same_print(asked, other) for one, other, _ in found):
            found.append((name, asked, result))
    return found


def _case(
    request: Request, due: Observed, mistakes: Mapping[str, Observed], answers: Sequence[Asked]
) -> dict[str, Any]:
    case, question = request.case, request.question
    arguments = [[name, encode(value)] for name, value in question.arguments.items()]
    tolerance, given = question.tolerance, due.to_json()
    as_due = _as_due(given, tolerance)
    return {
        "name": case.name,
        "value": case.value,
        "observe": case.observe,
        "like": case.like,
        "device": case.device,
        "mentions": case.mentions,
        "why": case.why,
        "property": question.property,
        "scenario": _code(case.scenario),
        "tolerance": _tolerance(tolerance),
        "arguments": arguments,
        "due": None if _untouched(request, due) else as_due,
        "mistakes": {
            name: _beside(does.to_json(), given, as_due, tolerance)
            for name, does in mistakes.items()
        },
        "answers": [
            [name, list(asked), _on(GRIDS[-1], encode(it))] for name, asked, it in answers
        ],
    }


def _untouched(request: Request, due: Observed) -> bool:
    """Whether the arguments are due as they were; they are compared to the last bit."""
    before = Observed("result", dict(request.question.arguments))
    return request.case.observe == "arguments" and due.to_json() == before.to_json()


def _as_due(node: Any, tolerance: Tolerance) -> Any:
    """What is due, as fine as its tolerance asks for; to the last bit where there is none."""
    grid = _grid(tolerance)
    return node if grid is None else _on(grid, node)


def _grid(tolerance: Tolerance) -> Grid | None:
    """The first grid on which no number is off by more than a hundredth of its tolerance."""
    for grid in GRIDS:
        relative, absolute = 2.0 ** -(grid.bits + 1), 2.0 ** (grid.finest - 1)
        if 100 * relative <= tolerance.rtol and 100 * absolute <= tolerance.atol:
            return grid
    return None


def _on(grid: Grid, node: Any) -> Any:
    """The same JSON with arrays of float64 on a grid, and other floats of ten digits."""
    if isinstance(node, float):
        return float(f"{node:.10g}")
    if isinstance(node, list):
        return [_on(grid, item) for item in node]
    if not isinstance(node, dict):
        return node
    if "values" not in node:
        return {key: _on(grid, value) for key, value in node.items()}
    fine = node["dtype"] == "float64" and np.isfinite(node["values"]).all()
    return {**node, "values": rounded(node["values"], grid)} if fine else node


def _short(node: Any, digits: int = 10) -> Any:
    """The same JSON with floats of some significant digits."""
    if isinstance(node, float):
        return float(f"{node:.{digits}g}")
    if isinstance(node, list):
        return [_short(item, digits) for item in node]
    if isinstance(node, dict):
        return {key: _short(item, digits) for key, item in node.items()}
    return node


def _beside(node: Any, due: Any, as_due: Any, tolerance: Tolerance) -> Any:
    """What a mistake gives: arrays that are due as they are there, others as `_told_apart`."""
    digits = _digits(tolerance)
    if digits is None:
        return node
    if isinstance(node, float):
        return _short(node, digits)
    if isinstance(node, list):
        others = [each if isinstance(each, list) else [] for each in (due, as_due)]
        rows = islice(zip_longest(node, *others), len(node))
        return [_beside(item, other, as_other, tolerance) for item, other, as_other in rows]
    if not isinstance(node, dict):
        return node
    other, as_other = (each if isinstance(each, dict) else {} for each in (due, as_due))
    if "values" in node:
        same = _short(node, digits) == _short(other, digits)
        return as_other if same else _told_apart(node, tolerance)
    return {
        key: _beside(value, other.get(key), as_other.get(key), tolerance)
        for key, value in node.items()
    }


def _digits(tolerance: Tolerance) -> int | None:
    """As many as a hundredth of a tolerance asks for; None where each bit counts."""
    if not tolerance.rtol or not tolerance.atol:
        return None
    return max(8, math.ceil(-math.log10(tolerance.rtol)) + 2)


def _told_apart(node: dict[str, Any], tolerance: Tolerance) -> dict[str, Any]:
    """An array that a mistake gives: its numbers as float32 has them, or sums of many.

    Whole numbers, those of float32, and odd ones are kept: there are few of them.
    """
    values = np.array(node["values"])
    if node["dtype"] != "float64" or not values.size:
        return node
    with np.errstate(all="ignore"):
        single = values.astype(np.float32).astype(np.float64)
    plain = bool((np.abs(values) < 1e30).all()) and not (single == values).all()
    rtol, atol = tolerance.rtol, tolerance.atol
    if plain and values.size > MANY and rtol > 0 and atol > 0:
        rest = {key: value for key, value in node.items() if key != "values"}
        return {**rest, "sums": sums_of(values, rtol, atol)}
    if rtol < USUAL:
        return node
    near = (np.abs(values) > 1e-30) & (np.abs(values) < 1e30)
    return {**node, "values": np.where(near, single, values).tolist()}


def _tolerance(tolerance: Tolerance) -> list[Any]:
    whole = [True] if tolerance.whole else []
    return [tolerance.rtol, tolerance.atol, tolerance.alike, *whole]
