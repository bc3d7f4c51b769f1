"""The record of a lab's visible cases: what students' own checks compare with, as JSON.

A known mistake is recorded on the first case on which it differs from what is due, and nowhere
else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple
from typing import Any

from autograder.judge.calls import Request, code_of
from autograder.judge.oracle import Oracle
from autograder.labcheck.compare import Tolerance
from autograder.labcheck.tree import encode
from autograder.labcheck.verdict import Observed, same
from autograder.sandbox.pool import Sandbox
from autograder.spec import Exercise
from autograder.spec.collection import Collected

DIGITS = 3
"""Decimals of visible arguments: short numbers can be typed and tried by hand."""

SEED = b"the visible cases are the same for everybody"


def record(collected: Collected) -> dict[str, Any]:
    """The visible cases of every exercise with what is due and what each known mistake does."""
    arrays = collected.lab.arrays
    with Sandbox(arrays, isolation="process", course=collected.root) as sandbox:
        oracle = Oracle(collected, SEED, sandbox, digits=DIGITS)
        try:
            exercises = [_exercise(one, oracle, collected) for one in collected.exercises]
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
    cases = []
    known: set[str] = set()
    for place, (request, due) in enumerate(expected):
        if request.case.hidden:
            continue
        tolerance = request.question.tolerance
        differing = {
            name: does[place]
            for name, does in mistakes.items()
            if name not in known and not same(does[place], due, tolerance)
        }
        known |= set(differing)
        cases.append(_case(request, due, differing))
    forbidden = (*collected.lab.forbidden, *exercise.forbidden)
    return {
        "name": exercise.name,
        "points": exercise.points,
        "look": exercise.look,
        "parts": list(exercise.parts),
        "shapes": dict(exercise.shapes),
        "forbidden": list(forbidden),
        "scenario": _code(exercise.scenario),
        "view": _code(exercise.view),
        "probes": [
            [
                probe.kind,
                probe.of,
                _short({name: list(astuple(fact)) for name, fact in facts.items()}),
            ]
            for probe, _, facts in oracle.probed(exercise, 0)
        ],
        "hints": [[one.name, one.when, one.look] for one in exercise.mistakes],
        "cases": cases,
    }


def _code(function: Any) -> list[str] | None:
    code = code_of(function)
    return None if code is None else [code["name"], code["source"]]


def _case(request: Request, due: Observed, mistakes: Mapping[str, Observed]) -> dict[str, Any]:
    case, question = request.case, request.question
    arguments = [[name, encode(value)] for name, value in question.arguments.items()]
    tolerance = question.tolerance
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
        "due": None if _untouched(request, due) else _short(due.to_json()),
        "mistakes": {name: _short(does.to_json(), 8) for name, does in mistakes.items()},
    }


def _untouched(request: Request, due: Observed) -> bool:
    """Whether the arguments are due as they were; they are compared to the last bit."""
    before = Observed("result", dict(request.question.arguments))
    return request.case.observe == "arguments" and due.to_json() == before.to_json()


def _short(node: Any, digits: int = 10) -> Any:
    """The same JSON with floats of some significant digits: tolerances are far wider."""
    if isinstance(node, float):
        return float(f"{node:.{digits}g}")
    if isinstance(node, list):
        return [_short(item, digits) for item in node]
    if isinstance(node, dict):
        return {key: _short(item, digits) for key, item in node.items()}
    return node


def _tolerance(tolerance: Tolerance) -> list[Any]:
    return [tolerance.rtol, tolerance.atol, tolerance.alike]
