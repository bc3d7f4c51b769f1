"""What the reports of a class say together: marks, mistakes by name, and what to look at."""

from __future__ import annotations

import datetime
import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from autograder.judge.report import NOT_ISOLATED, UNSAFE, ExerciseReport, LabReport
from autograder.pages.card import first_thing
from autograder.pages.marks import Absent, Mark, as_judged
from autograder.pages.unnamed import Made, Unnamed, is_unnamed, unnamed
from autograder.spec.collection import Collected

TO_LOOK_AT = ("not_graded", "timeout", "memory", "crash")
NOT_BEGUN = ("unfinished", "missing")
NO_MARKS: Mapping[str, Mark] = MappingProxyType({})
MOST_AGAIN = 5
"""How many mistakes are told of an exercise, of those that several made."""
THIRD = 5
"""How many students a third of the class has at least, where strong and weak are compared."""
FEWEST = 5
"""As many have an exercise right, and as many have it not, where that is done."""
BEYOND_CHANCE = 2.6
"""By so many standard errors chance sets two thirds apart once in a hundred times."""


@dataclass(frozen=True)
class Student:
    """One line of the class.

    score: the judge's own points; mark: what counts.  outcomes, shares, points: by exercise; a
    share is None if not judged, points are those that count.  called: the name in the gradebook.
    """

    name: str
    score: float
    max_score: float
    outcomes: Mapping[str, str]
    shares: Mapping[str, float | None]
    mark: float
    points: Mapping[str, float | None]
    problem: str | None = None
    look_at: str = ""
    called: str = ""

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
    its points.  strong, weak: the mean share in the upper and the lower third of the class, by
    points in the rest of the lab.  difference: what that says; 0 where it may well be chance.
    """

    name: str
    max_score: float
    outcomes: Mapping[str, int]
    solved: float
    strong: float
    weak: float
    difference: Literal[-1, 0, 1]

    @property
    def lacking(self) -> int:
        """How many have begun it, and have it not right."""
        others = ("right", "not_graded", *NOT_BEGUN)
        return sum(count for outcome, count in self.outcomes.items() if outcome not in others)

    @property
    def not_begun(self) -> int:
        """How many have left it as it was handed out, or have nothing of it."""
        return sum(self.outcomes.get(outcome, 0) for outcome in NOT_BEGUN)

    @property
    def verdict(self) -> str:
        """What the difference says, in words."""
        said = {
            1: "the upper third does better",
            -1: "the lower third does better: look at the exercise",
        }
        return said.get(self.difference, "")


@dataclass(frozen=True)
class KnownMistake:
    """A known mistake: what comes out when …, and who made it."""

    exercise: str
    name: str
    when: str
    students: tuple[str, ...]


@dataclass(frozen=True)
class Again:
    """An exercise to teach again, with its commonest mistakes; how many others were made in it."""

    exercise: Exercise
    mistakes: tuple[KnownMistake, ...]
    others: int


@dataclass(frozen=True)
class Oddity:
    """Something for a person to look at; no exercise where it is the whole submission."""

    student: str
    exercise: str
    outcome: str
    reason: str


@dataclass(frozen=True)
class Insight:
    """A class in one lab, students by the names that are shown.

    absent: of whom there is no report; they are none of the students.  handed_in: when that was,
    in UTC, as far as it is known; late: when of those that were late.  unnamed: wrong answers that
    no known mistake gives.
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
    handed_in: tuple[datetime.datetime, ...] = ()
    late: tuple[datetime.datetime, ...] = ()

    @property
    def warning(self) -> str:
        """What is said of a class of which some submission ran without walls; else ""."""
        return UNSAFE if any(one.startswith(NOT_ISOLATED) for one in self.isolation) else ""

    @property
    def scores(self) -> list[float]:
        """The marks, in the order of the students."""
        return [student.mark for student in self.students]

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
    def again(self) -> list[Again]:
        """What to teach again: the exercises that most have not right first."""
        found = []
        for exercise in sorted(self.exercises, key=lambda one: -(one.lacking + one.not_begun)):
            if exercise.lacking or exercise.not_begun:
                made = [one for one in self.mistakes if one.exercise == exercise.name]
                several = [one for one in made if len(one.students) > 1][:MOST_AGAIN]
                found.append(Again(exercise, tuple(several), len(made) - len(several)))
        return found

    @property
    def right(self) -> list[str]:
        """The exercises that everybody has right."""
        again = {one.exercise.name for one in self.again}
        judged = [one for one in self.exercises if one.outcomes.get("right")]
        return [one.name for one in judged if one.name not in again]

    @property
    def apart(self) -> list[Exercise]:
        """The exercises in which the thirds of the class really differ, the odd ones first."""
        apart = [exercise for exercise in self.exercises if exercise.difference]
        return sorted(apart, key=lambda exercise: exercise.strong - exercise.weak)


def insight(
    collected: Collected,
    reports: Iterable[LabReport],
    absent: Iterable[Absent] = (),
    marks: Mapping[str, Mark] = NO_MARKS,
) -> Insight:
    """Reads the reports of a class once, one after another.

    marks: the gradebook's, by student.
    """
    students: list[Student] = []
    made: dict[tuple[str, str], list[str]] = defaultdict(list)
    odd: list[Oddity] = []
    isolation: set[str] = set()
    others: dict[str, list[Made]] = defaultdict(list)
    for report in reports:
        students.append(_student(report, marks.get(report.student)))
        odd.extend(_oddities(report))
        isolation.update(report.isolation[:1])
        for exercise in report.exercises:
            if exercise.mistake is not None:
                made[exercise.name, exercise.mistake].append(report.student)
            elif is_unnamed(exercise):
                others[exercise.name].append((report.student, exercise))
    known = [mark for one in students if (mark := marks.get(one.name)) and mark.timestamp]
    return Insight(
        collected.slug,
        collected.lab.title,
        tuple(sorted(students, key=lambda one: (one.called or one.name).casefold())),
        tuple(_exercise(spec.name, float(spec.points), students) for spec in collected.exercises),
        tuple(_known(collected, made)),
        tuple(sorted(odd, key=_gravest_first)),
        tuple(sorted(isolation)),
        tuple(sorted(absent, key=lambda one: (one.why, one.person.sortable.casefold()))),
        unnamed([spec.name for spec in collected.exercises], others),
        tuple(mark.timestamp for mark in known if mark.timestamp),
        tuple(mark.timestamp for mark in known if mark.timestamp and mark.late),
    )


def _student(report: LabReport, booked: Mark | None) -> Student:
    mark = booked or as_judged(report)
    called = mark.person.sortable
    return Student(
        report.student,
        report.score,
        report.max_score,
        {exercise.name: exercise.outcome for exercise in report.exercises},
        {exercise.name: _share(exercise) for exercise in report.exercises},
        mark.total,
        {part.name: part.score for part in mark.parts},
        report.problem,
        report.look_at,
        "" if called == report.student else called,
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
        (round(student.score - share * points, 6), share)
        for student in students
        if student.problem is None and (share := student.shares.get(name)) is not None
    ]
    shares = [share for _, share in marks]
    rests = sorted(rest for rest, _ in marks) or [0.0]
    third = max(1, len(rests) // 3)
    low, high = rests[third - 1], rests[-third]  # who is level with them belongs to them
    weak = [share for rest, share in marks if rest <= low]
    strong = [share for rest, share in marks if rest >= high]
    return Exercise(
        name,
        points,
        Counter(student.outcomes.get(name, "missing") for student in students),
        _mean(shares),
        _mean(strong),
        _mean(weak),
        _difference(shares, strong, weak) if third >= THIRD and low < high else 0,
    )


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else 0.0


def _difference(
    shares: Sequence[float], strong: Sequence[float], weak: Sequence[float]
) -> Literal[-1, 0, 1]:
    """Whether the upper third really does better (1) or worse (-1) than the lower one.

    0 where few have it right or few have it wrong, or where the means lie no further apart than in
    thirds that were drawn by lot.
    """
    right = sum(share == 1 for share in shares)
    if min(right, len(shares) - right) < FEWEST:
        return 0
    error = statistics.pstdev(shares) * math.sqrt(1 / len(strong) + 1 / len(weak))
    apart = _mean(strong) - _mean(weak)
    if abs(apart) <= BEYOND_CHANCE * error:
        return 0
    return 1 if apart > 0 else -1
