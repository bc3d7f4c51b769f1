"""LabReport, ExerciseReport, CaseReport: what a grading found, to and from JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from autograder.judge.sketch import Sketch
from autograder.labcheck.explain import Line
from autograder.labcheck.message import Message
from autograder.labcheck.strip import Strip

Failure = Literal["wrong", "error", "timeout", "memory", "crash", "forbidden", "missing"]
CaseOutcome = Literal["right", Failure, "skipped"]
Outcome = Literal["right", "partly", Failure, "unfinished", "not_graded"]

SCHEMA = 1
NOT_ISOLATED = "tier none"
"""How the isolation begins of a report whose submission ran without walls."""
UNSAFE = "Not isolated: this ran without a sandbox, with all that the grader itself may do."


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
    message.  steps: how many time steps there are and which of them are wrong, as its text says.
    fault: why the grader could not judge it; for graders, never for students.  sketch: what it
    gives on cases that are the same for everybody, where no known mistake does; likewise.
    """

    name: str
    outcome: Outcome
    score: float | None
    max_score: float
    mistake: str | None = None
    lines: tuple[Line, ...] = ()
    cases: tuple[CaseReport, ...] = ()
    fault: str = ""
    steps: tuple[int, tuple[int, ...]] | None = None
    sketch: Sketch | None = None

    @property
    def message(self) -> Message:
        """What a student reads, in its parts."""
        strip = Strip.of_steps(self.steps[1], self.steps[0]) if self.steps else None
        return Message(self.name, self.outcome, self.score, self.max_score, self.lines, strip)

    @property
    def feedback(self) -> str:
        """What a student reads, as plain text."""
        return self.message.text()


@dataclass(frozen=True)
class LabReport:
    """One submission.

    seconds: wall time of the judging.  problem: why it could not be read.  notes: what was made of
    the file.  look_at: why a person should look at what was handed in, or "".  starved: whether it
    waited for a processor while its time ran, so that a timeout may be the machine's fault; this
    is for graders.
    """

    lab: str
    student: str
    device: str
    isolation: tuple[str, ...]
    seconds: float
    exercises: tuple[ExerciseReport, ...]
    problem: str | None = None
    notes: tuple[str, ...] = ()
    look_at: str = ""
    starved: bool = False

    @property
    def warning(self) -> str:
        """What every page and table says of a submission that ran without walls; else ""."""
        return UNSAFE if self.isolation and self.isolation[0].startswith(NOT_ISOLATED) else ""

    @property
    def score(self) -> float:
        """The sum over the exercises that were judged."""
        scores = (exercise.score for exercise in self.exercises)
        return round(sum(score for score in scores if score is not None), 4)

    @property
    def max_score(self) -> float:
        """The points of the lab."""
        return round(sum(exercise.max_score for exercise in self.exercises), 4)

    @property
    def unjudged(self) -> bool:
        """Whether something could not be judged, so that it is tried again."""
        return any(exercise.outcome == "not_graded" for exercise in self.exercises)

    @property
    def needs_review(self) -> bool:
        """Whether a person should look: something could not be judged, or is odd as handed in."""
        return self.unjudged or bool(self.look_at)

    def to_json(self, *, whole: bool = False) -> dict[str, Any]:
        """The report as the command line writes it.

        whole: with what is for graders alone, to be kept or sent to where the class is.
        """
        optional = {
            "problem": self.problem,
            "needs_review": self.needs_review or None,
            "notes": list(self.notes) or None,
            "look_at": self.look_at or None,
            "starved": (whole and self.starved) or None,
        }
        return {
            "schema": SCHEMA,
            "lab": self.lab,
            "student": self.student,
            "device": self.device,
            "isolation": list(self.isolation),
            "score": self.score,
            "max_score": self.max_score,
            "seconds": round(self.seconds, 4),
            "exercises": [_exercise_json(exercise, whole) for exercise in self.exercises],
            **{key: value for key, value in optional.items() if value is not None},
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> LabReport:
        """What `to_json` wrote; raises ValueError for another schema."""
        if data.get("schema") != SCHEMA:
            raise ValueError(f"a report of schema {data.get('schema')}, expected {SCHEMA}")
        same = {key: data[key] for key in ("lab", "student", "device", "seconds")}
        return LabReport(
            **same,
            isolation=tuple(data["isolation"]),
            exercises=tuple(map(_exercise, data["exercises"])),
            problem=data.get("problem"),
            notes=tuple(data.get("notes", ())),
            look_at=data.get("look_at", ""),
            starved=data.get("starved", False),
        )


def _exercise_json(exercise: ExerciseReport, whole: bool) -> dict[str, Any]:
    data: dict[str, Any] = {
        "name": exercise.name,
        "outcome": exercise.outcome,
        "score": exercise.score,
        "max_score": exercise.max_score,
        "mistake": exercise.mistake,
        "feedback": exercise.feedback,
        "lines": [[line.label, line.text] for line in exercise.lines],
        "cases": [asdict(case) for case in exercise.cases],
    }
    if exercise.steps:
        data["steps"] = [exercise.steps[0], list(exercise.steps[1])]
    if whole and exercise.sketch:
        data["sketch"] = exercise.sketch.to_json()
    return data | ({"fault": exercise.fault} if exercise.fault else {})


def _exercise(data: Mapping[str, Any]) -> ExerciseReport:
    same = {key: data[key] for key in ("name", "outcome", "score", "max_score", "mistake")}
    lines = tuple(Line(label, text) for label, text in data["lines"])
    cases = tuple(CaseReport(**case) for case in data["cases"])
    count, wrong = data.get("steps") or (0, ())
    steps = (count, tuple(wrong)) if count else None
    sketch = Sketch.from_json(data["sketch"]) if "sketch" in data else None
    fault = data.get("fault", "")
    return ExerciseReport(
        **same, lines=lines, cases=cases, fault=fault, steps=steps, sketch=sketch
    )
