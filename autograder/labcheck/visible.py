"""The visible cases of a lab, as recorded in visible.json: inputs, what is due, known mistakes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .compare import Tolerance
from .dependences import Fact, Facts, Probe
from .reading import Given
from .tree import Tree, decode
from .verdict import Observed, Question

Code = tuple[str, str]
"""The name and the text of a function."""


@dataclass(frozen=True, eq=False)
class VisibleCase:
    """One recorded case; mistakes holds only those that differ here from what is due."""

    question: Question
    scenario: Code | None
    due: Observed
    mistakes: Mapping[str, Observed]


@dataclass(frozen=True, eq=False)
class VisibleExercise:
    """One exercise with its cases; scenario and view are (name, source) or None.

    probes: changes of the first case's arguments, with what the reference does then.
    """

    name: str
    points: float
    parts: tuple[str, ...]
    cases: tuple[VisibleCase, ...]
    hints: Mapping[str, tuple[str, str]]
    look: str
    scenario: Code | None
    view: Code | None
    forbidden: tuple[str, ...]
    probes: tuple[tuple[Probe, Facts], ...] = ()


def load(path: Path) -> dict[str, VisibleExercise]:
    """The exercises of a lab by name, in teaching order."""
    data = json.loads(path.read_text(encoding="utf-8"))
    return {exercise["name"]: _exercise(exercise) for exercise in data["exercises"]}


def load_given(path: Path) -> Given | None:
    """What was handed out of the lab, as far as it is restored before checking."""
    data = json.loads(path.read_text(encoding="utf-8"))
    names = tuple(exercise["name"] for exercise in data["exercises"])
    given = data.get("given")
    return Given(names, dict(given["code"]), tuple(given["run"])) if given else None


def _exercise(data: Mapping[str, Any]) -> VisibleExercise:
    shapes, indirect = data["shapes"], bool(data["scenario"] or data["view"])
    return VisibleExercise(
        data["name"],
        data["points"],
        tuple(data["parts"]),
        tuple(_case(case, shapes, indirect) for case in data["cases"]),
        {name: (when, look) for name, when, look in data["hints"]},
        data["look"],
        _code(data["scenario"]),
        _code(data["view"]),
        tuple(data["forbidden"]),
        tuple(_probe(*each) for each in data.get("probes", ())),
    )


def _probe(kind: str, of: str, facts: Mapping[str, Any]) -> tuple[Probe, Facts]:
    return Probe(kind, of), {name: Fact(*values) for name, values in facts.items()}


def _code(pair: list[str] | None) -> Code | None:
    return None if pair is None else (pair[0], pair[1])


def _case(data: Mapping[str, Any], shapes: Mapping[str, str], indirect: bool) -> VisibleCase:
    arguments: dict[str, Tree] = {name: decode(node) for name, node in data["arguments"]}
    copied = "name value observe mentions why device like property"
    question = Question(
        arguments=arguments,
        tolerance=Tolerance(*data["tolerance"]),
        shapes=shapes,
        indirect=indirect or bool(data["scenario"]),
        apart=bool(data["scenario"]),
        **{key: data[key] for key in copied.split()},
    )
    mistakes = {name: Observed.from_json(seen) for name, seen in data["mistakes"].items()}
    untouched = Observed("result", arguments)
    due = untouched if data["due"] is None else Observed.from_json(data["due"])
    return VisibleCase(question, _code(data["scenario"]), due, mistakes)
