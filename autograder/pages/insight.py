"""What the reports of a class say together: marks, mistakes by name, and what to look at."""

from __future__ import annotations

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from autograder.judge.report import ExerciseReport, LabReport
from autograder.pages.card import first_thing
from autograder.spec.collection import Collected

TO_LOOK_AT = ("not_graded", "timeout", "memory", "crash")
SEPARATES, HARDLY = 0.3, 0.1
FEWEST = 6
"""From this many students on it is told how well an exercise separates strong from weak."""


@dataclass(frozen=True)
class Student:
    """One line of the class.  outcomes, shares: by exercise; a share is None if not judged."""

    name: str
    score: float
    max_score: float
    outcomes: Mapping[str, str]
    shares: Mapping[str, float | None]
    problem: str | None = None

    @property
    def right(self) -> int:
        """How many exercises are right."""
        return sum(outcome == "right" for outcome in self.outcomes.values())

    @property
    def to_look_at(self) -> bool:
        """Whether something of this submission is worth a look by a person."""
        return self.problem is not None or any(
            outcome in TO_LOOK_AT for outcome in self.outcomes.values()
        )


@dataclass(frozen=True)
class Exercise:
    """One exercise in the class.

    All but the outcomes is about the students whose file could be read.  solved: the mean share of
    its points.  separation: how well its marks go with those of the rest of the lab, −1 to 1; None
    where that says nothing.  strong, weak: the mean share in the upper and the lower third of the
    class, by points in the whole lab.
    """

    name: str
    max_score: float
    outcomes: Mapping[str, int]
    solved: float
    separation: float | None
    strong: float
    weak: float

    @property
    def verdict(self) -> str:
        """What the separation says, in words."""
        if self.solved == 1:
            return "everybody has it right"
        if self.separation is None:
            return "too little to tell"
        if self.separation >= SEPARATES:
            return "separates strong from weak"
        if self.separation < -HARDLY:
            return "weak students do better: look at the exercise"
        return "separates a little" if self.separation >= HARDLY else "does not separate"


@dataclass(frozen=True)
class Known:
    """A known mistake: what comes out when …, where to look, and who made it."""

    exercise: str
    name: str
    when: str
    look: str
    students: tuple[str, ...]


@dataclass(frozen=True)
class Odd:
    """Something for a person to look at."""

    student: str
    exercise: str
    outcome: str
    reason: str


@dataclass(frozen=True)
class Insight:
    """A class in one lab."""

    lab: str
    title: str
    students: tuple[Student, ...]
    exercises: tuple[Exercise, ...]
    mistakes: tuple[Known, ...]
    odd: tuple[Odd, ...]
    isolation: tuple[str, ...]

    @property
    def scores(self) -> list[float]:
        """The marks, in the order of the students."""
        return [one.score for one in self.students]

    @property
    def max_score(self) -> float:
        """The points of the lab."""
        return max((one.max_score for one in self.students), default=0.0)


def insight(collected: Collected, reports: Iterable[LabReport]) -> Insight:
    """Reads the reports of a class once, one after another."""
    students: list[Student] = []
    mistakes: dict[tuple[str, str], list[str]] = defaultdict(list)
    odd: list[Odd] = []
    isolation: set[str] = set()
    for report in reports:
        students.append(_student(report))
        isolation.update(report.isolation[:1])
        if report.problem:
            odd.append(Odd(report.student, "", "missing", report.problem))
        for one in report.exercises:
            if one.mistake is not None:
                mistakes[one.name, one.mistake].append(report.student)
            if one.outcome in TO_LOOK_AT:
                odd.append(Odd(report.student, one.name, one.outcome, _reason(report, one)))
    exercises = tuple(_exercise(name, points, students) for name, points in _worth(collected))
    return Insight(
        collected.slug,
        collected.lab.title,
        tuple(students),
        exercises,
        tuple(_known(collected, mistakes)),
        tuple(odd),
        tuple(sorted(isolation)),
    )


def _worth(collected: Collected) -> list[tuple[str, float]]:
    return [(one.name, float(one.points)) for one in collected.exercises]


def _student(report: LabReport) -> Student:
    return Student(
        report.student,
        report.score,
        report.max_score,
        {one.name: one.outcome for one in report.exercises},
        {
            one.name: None if one.score is None else one.score / one.max_score
            for one in report.exercises
        },
        report.problem,
    )


def _reason(report: LabReport, one: ExerciseReport) -> str:
    start = f"{one.name} could not be judged: "
    notes = [note.removeprefix(start) for note in report.notes if note.startswith(start)]
    return notes[0] if notes else first_thing(one)


def _known(collected: Collected, found: Mapping[tuple[str, str], Sequence[str]]) -> list[Known]:
    """The mistakes that were made, the commonest first, then as the lab goes."""
    places = {one.name: place for place, one in enumerate(collected.exercises)}
    told = {
        (one.name, mistake.name): mistake
        for one in collected.exercises
        for mistake in one.mistakes
    }
    made = [
        Known(exercise, name, told[exercise, name].when, told[exercise, name].look, tuple(who))
        for (exercise, name), who in found.items()
        if (exercise, name) in told
    ]
    return sorted(made, key=lambda one: (-len(one.students), places[one.exercise], one.name))


def _exercise(name: str, points: float, students: Sequence[Student]) -> Exercise:
    judged = [one for one in students if one.problem is None and one.shares.get(name) is not None]
    shares = [float(one.shares[name] or 0) for one in judged]
    rest = [one.score - share * points for one, share in zip(judged, shares, strict=True)]
    ranked = [float(one.shares[name] or 0) for one in sorted(judged, key=lambda one: one.score)]
    third = max(1, len(ranked) // 3)
    return Exercise(
        name,
        points,
        Counter(one.outcomes.get(name, "missing") for one in students),
        _mean(shares),
        _correlation(shares, rest),
        _mean(ranked[-third:]),
        _mean(ranked[:third]),
    )


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else 0.0


def _correlation(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Of marks in an exercise with those in the rest of the lab; None where there is no spread."""
    if len(one) < FEWEST or len(set(one)) < 2 or len(set(other)) < 2:
        return None
    return statistics.correlation(one, other)
