"""What the reports of a class say together: marks, mistakes by name, and what to look at."""

from __future__ import annotations

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from autograder.judge.report import NOT_ISOLATED, UNSAFE, ExerciseReport, LabReport
from autograder.pages.card import first_thing
from autograder.pages.marks import Absent
from autograder.pages.unnamed import Made, Unnamed, is_unnamed, unnamed
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
    look_at: str = ""

    @property
    def right(self) -> int:
        """How many exercises are right."""
        return sum(outcome == "right" for outcome in self.outcomes.values())

    @property
    def to_look_at(self) -> bool:
        """Whether something of this submission is worth a look by a person."""
        whole = self.problem is not None or bool(self.look_at)
        return whole or any(outcome in TO_LOOK_AT for outcome in self.outcomes.values())


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
class KnownMistake:
    """A known mistake: what comes out when …, and who made it."""

    exercise: str
    name: str
    when: str
    students: tuple[str, ...]


@dataclass(frozen=True)
class Oddity:
    """Something for a person to look at; no exercise where it is the whole submission."""

    student: str
    exercise: str
    outcome: str
    reason: str


@dataclass(frozen=True)
class Insight:
    """A class in one lab.  absent: of whom there is no report; they are none of the students.

    unnamed: wrong answers that no known mistake gives.
    """

    lab: str
    title: str
    students: tuple[Student, ...]
    exercises: tuple[Exercise, ...]
    mistakes: tuple[KnownMistake, ...]
    odd: tuple[Oddity, ...]
    isolation: tuple[str, ...]
    absent: tuple[Absent, ...] = ()
    unnamed: Unnamed = field(default_factory=Unnamed)

    @property
    def warning(self) -> str:
        """What is said of a class of which some submission ran without walls; else ""."""
        return UNSAFE if any(one.startswith(NOT_ISOLATED) for one in self.isolation) else ""

    @property
    def scores(self) -> list[float]:
        """The marks, in the order of the students."""
        return [student.score for student in self.students]

    @property
    def mean(self) -> float:
        """The mean mark."""
        return statistics.fmean(self.scores)

    @property
    def median(self) -> float:
        """The mark that half of the class has at least."""
        return statistics.median(self.scores)

    @property
    def max_score(self) -> float:
        """The points of the lab."""
        return max((student.max_score for student in self.students), default=0.0)

    @property
    def to_look_at(self) -> int:
        """How many submissions are worth a look by a person."""
        return sum(student.to_look_at for student in self.students)

    @property
    def outcomes(self) -> frozenset[str]:
        """The outcomes that there are."""
        return frozenset().union(*(exercise.outcomes for exercise in self.exercises))

    @property
    def by_separation(self) -> list[Exercise]:
        """The exercises, those that separate least first; last, those of which it is not known."""
        return sorted(self.exercises, key=_separation)


def _separation(exercise: Exercise) -> float:
    return math.inf if exercise.separation is None else exercise.separation


def insight(
    collected: Collected, reports: Iterable[LabReport], absent: Iterable[Absent] = ()
) -> Insight:
    """Reads the reports of a class once, one after another."""
    students: list[Student] = []
    made: dict[tuple[str, str], list[str]] = defaultdict(list)
    odd: list[Oddity] = []
    isolation: set[str] = set()
    others: dict[str, list[Made]] = defaultdict(list)
    for report in reports:
        students.append(_student(report))
        odd.extend(_oddities(report))
        isolation.update(report.isolation[:1])
        for exercise in report.exercises:
            if exercise.mistake is not None:
                made[exercise.name, exercise.mistake].append(report.student)
            elif is_unnamed(exercise):
                others[exercise.name].append((report.student, exercise))
    return Insight(
        collected.slug,
        collected.lab.title,
        tuple(students),
        tuple(_exercise(spec.name, float(spec.points), students) for spec in collected.exercises),
        tuple(_known(collected, made)),
        tuple(sorted(odd, key=_gravest_first)),
        tuple(sorted(isolation)),
        tuple(sorted(absent, key=lambda one: (one.why, one.person.sortable.casefold()))),
        unnamed([spec.name for spec in collected.exercises], others),
    )


def _student(report: LabReport) -> Student:
    return Student(
        report.student,
        report.score,
        report.max_score,
        {exercise.name: exercise.outcome for exercise in report.exercises},
        {exercise.name: _share(exercise) for exercise in report.exercises},
        report.problem,
        report.look_at,
    )


def _share(exercise: ExerciseReport) -> float | None:
    return None if exercise.score is None else exercise.score / exercise.max_score


def _oddities(report: LabReport) -> Iterator[Oddity]:
    if report.problem:
        yield Oddity(report.student, "", "missing", report.problem)
    if report.look_at:
        yield Oddity(report.student, "", "as handed in", report.look_at)
    for exercise in report.exercises:
        if exercise.outcome in TO_LOOK_AT:
            reason = exercise.fault or first_thing(exercise)
            yield Oddity(report.student, exercise.name, exercise.outcome, reason)


def _gravest_first(oddity: Oddity) -> tuple[bool, str, str]:
    return (oddity.outcome != "not_graded", oddity.outcome, oddity.student)


def _known(
    collected: Collected, made: Mapping[tuple[str, str], Sequence[str]]
) -> list[KnownMistake]:
    """The mistakes that were made, the commonest first, then as the lab goes.

    made: the students by exercise and mistake; mistakes that the lab has no more are left out.
    """
    mistakes = [
        KnownMistake(spec.name, mistake.name, mistake.when, tuple(made[spec.name, mistake.name]))
        for spec in collected.exercises
        for mistake in spec.mistakes
        if (spec.name, mistake.name) in made
    ]
    return sorted(mistakes, key=lambda mistake: -len(mistake.students))


def _exercise(name: str, points: float, students: Sequence[Student]) -> Exercise:
    marks = [
        (student.score, share)
        for student in students
        if student.problem is None and (share := student.shares.get(name)) is not None
    ]
    shares = [share for _, share in marks]
    rest = [score - share * points for score, share in marks]
    ranked = [share for _, share in sorted(marks, key=lambda mark: mark[0])]
    third = max(1, len(ranked) // 3)
    return Exercise(
        name,
        points,
        Counter(student.outcomes.get(name, "missing") for student in students),
        _mean(shares),
        _correlation(shares, rest),
        _mean(ranked[-third:]),
        _mean(ranked[:third]),
    )


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else 0.0


def _correlation(shares: Sequence[float], rest: Sequence[float]) -> float | None:
    """Of marks in an exercise with those in the rest of the lab; None where there is no spread."""
    if len(shares) < FEWEST or len(set(shares)) < 2 or len(set(rest)) < 2:
        return None
    return statistics.correlation(shares, rest)
