"""LabReport, ExerciseReport, CaseReport: what a grading found, to and from JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Outcome = Literal[
    "right",
    "partly",
    "wrong",
    "unfinished",
    "missing",
    "error",
    "timeout",
    "memory",
    "crash",
    "forbidden",
    "not_graded",
]
CaseOutcome = Literal[
    "right", "wrong", "error", "timeout", "memory", "crash", "forbidden", "missing", "skipped"
]

SCHEMA = 1


@dataclass(frozen=True)
class CaseReport:
    """One case: its name, how it ended, and one sentence where it did not end well."""

    name: str
    outcome: CaseOutcome
    message: str | None = None


@dataclass(frozen=True)
class ExerciseReport:
    """One exercise: score in points (None where it could not be judged) and feedback as plain
    text.

    mistake: the name of the known mistake whose output this is; hint: its sentences.
    headline: the first sentence of what is wrong, for tables.
    """

    name: str
    outcome: Outcome
    score: float | None
    max_score: float
    mistake: str | None = None
    feedback: str = ""
    cases: tuple[CaseReport, ...] = ()


@dataclass(frozen=True)
class LabReport:
    """One submission.  seconds: wall time of the judging.  problem: why it could not be read."""

    lab: str
    student: str
    device: str
    isolation: tuple[str, ...]
    seconds: float
    exercises: tuple[ExerciseReport, ...]
    problem: str | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def score(self) -> float:
        """The sum over the exercises that were judged."""
        return round(sum(one.score for one in self.exercises if one.score is not None), 4)

    @property
    def max_score(self) -> float:
        """The points of the lab."""
        return round(sum(one.max_score for one in self.exercises), 4)

    @property
    def needs_review(self) -> bool:
        """Whether something could not be judged and a person should look."""
        return any(one.outcome == "not_graded" for one in self.exercises)

    def to_json(self) -> dict[str, Any]:
        """The report as the command line writes it."""
        data: dict[str, Any] = {
            "schema": SCHEMA,
            "lab": self.lab,
            "student": self.student,
            "device": self.device,
            "isolation": list(self.isolation),
            "score": self.score,
            "max_score": self.max_score,
            "seconds": round(self.seconds, 4),
            "exercises": [_exercise_json(one) for one in self.exercises],
        }
        if self.problem is not None:
            data["problem"] = self.problem
        if self.needs_review:
            data["needs_review"] = True
        if self.notes:
            data["notes"] = list(self.notes)
        return data

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> LabReport:
        """What `to_json` wrote; raises ValueError for another schema."""
        if data.get("schema") != SCHEMA:
            raise ValueError(f"a report of schema {data.get('schema')}, expected {SCHEMA}")
        return LabReport(
            data["lab"],
            data["student"],
            data["device"],
            tuple(data["isolation"]),
            data["seconds"],
            tuple(_exercise(one) for one in data["exercises"]),
            data.get("problem"),
            tuple(data.get("notes", ())),
        )


def _exercise_json(one: ExerciseReport) -> dict[str, Any]:
    return {
        "name": one.name,
        "outcome": one.outcome,
        "score": one.score,
        "max_score": one.max_score,
        "mistake": one.mistake,
        "feedback": one.feedback,
        "cases": [
            {"name": case.name, "outcome": case.outcome, "message": case.message}
            for case in one.cases
        ],
    }


def _exercise(data: Mapping[str, Any]) -> ExerciseReport:
    cases = (CaseReport(one["name"], one["outcome"], one["message"]) for one in data["cases"])
    return ExerciseReport(
        data["name"],
        data["outcome"],
        data["score"],
        data["max_score"],
        data["mistake"],
        data["feedback"],
        tuple(cases),
    )
