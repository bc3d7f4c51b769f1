"""LabReport, ExerciseReport, CaseReport: what a grading found, to and from JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from autograder.labcheck.explain import Line
from autograder.labcheck.message import Message

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
    """One exercise: score in points (None where it could not be judged), and what to say about it.

    mistake: the name of the known mistake whose output this is.  lines: the labelled lines of the
    message.  fault: why the grader could not judge it; for graders, never for students.
    """

    name: str
    outcome: Outcome
    score: float | None
    max_score: float
    mistake: str | None = None
    lines: tuple[Line, ...] = ()
    cases: tuple[CaseReport, ...] = ()
    fault: str = ""

    @property
    def message(self) -> Message:
        """What a student reads, in its parts."""
        return Message(self.name, self.outcome, self.score, self.max_score, self.lines)

    @property
    def feedback(self) -> str:
        """What a student reads, as plain text."""
        return self.message.text()


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


def _exercise_json(exercise: ExerciseReport) -> dict[str, Any]:
    data: dict[str, Any] = {
        "name": exercise.name,
        "outcome": exercise.outcome,
        "score": exercise.score,
        "max_score": exercise.max_score,
        "mistake": exercise.mistake,
        "feedback": exercise.feedback,
        "lines": [[line.label, line.text] for line in exercise.lines],
        "cases": [
            {"name": case.name, "outcome": case.outcome, "message": case.message}
            for case in exercise.cases
        ],
    }
    return data | ({"fault": exercise.fault} if exercise.fault else {})


def _exercise(data: Mapping[str, Any]) -> ExerciseReport:
    return ExerciseReport(
        data["name"],
        data["outcome"],
        data["score"],
        data["max_score"],
        data["mistake"],
        tuple(Line(label, text) for label, text in data["lines"]),
        tuple(CaseReport(**case) for case in data["cases"]),
        data.get("fault", ""),
    )
