"""Marks: what a gradebook says of a student, or the judge where no gradebook knows them."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from autograder.judge.report import LabReport

Source = Literal["gradebook", "judge"]
MOST_NAMED = 10
"""How many students are named whose marks have changed."""


@dataclass(frozen=True)
class Person:
    """A student as the gradebook's table of students has them."""

    name: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_id: str = ""

    @property
    def sortable(self) -> str:
        """Last name, first name; the name by which work is handed in where there is neither."""
        return ", ".join(filter(None, (self.last_name, self.first_name))) or self.name


NOT_HANDED_IN, NOT_GRADED_YET = "not handed in", "handed in, not graded yet"


@dataclass(frozen=True)
class Absent:
    """A student of whom no report is kept, and why: one of the two above."""

    person: Person
    why: str


@dataclass(frozen=True)
class Part:
    """The points of one exercise: by the judge (None: not judged), by a person, and on top."""

    name: str
    auto: float | None
    max_score: float
    manual: float | None = None
    extra: float | None = None

    @property
    def score(self) -> float | None:
        """What counts; None where neither the judge nor a person has given anything."""
        given = self.auto if self.manual is None else self.manual
        return None if given is None else rounded(given + (self.extra or 0.0))


@dataclass(frozen=True)
class Mark:
    """A student's mark for a lab.

    score: before the penalty, of all that counts.  comments: what people wrote, by exercise.
    late: whether it was handed in after the deadline, extensions included.
    """

    person: Person
    score: float
    max_score: float
    parts: tuple[Part, ...]
    source: Source = "judge"
    penalty: float = 0.0
    needs_review: bool = False
    comments: Mapping[str, str] = field(default_factory=dict)
    timestamp: datetime.datetime | None = None
    late: bool = False

    @property
    def total(self) -> float:
        """What a student gets, as nbgrader reckons it."""
        return rounded(max(0.0, self.score - self.penalty))

    @property
    def by_hand(self) -> float:
        """By how much people have changed what the judge gave."""
        return rounded(self.score - sum(part.auto or 0.0 for part in self.parts))

    def part(self, name: str) -> Part | None:
        """The points of an exercise."""
        return next((part for part in self.parts if part.name == name), None)


def rounded(points: float) -> float:
    """Points without what adding them up has left at the end."""
    return round(points, 9)


def as_judged(report: LabReport, person: Person | None = None) -> Mark:
    """The judge's own mark."""
    parts = tuple(Part(one.name, one.score, one.max_score) for one in report.exercises)
    who = person or Person(report.student)
    return Mark(who, report.score, report.max_score, parts, needs_review=report.needs_review)


# -- what a run has changed ----------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """A total that is another one after a run, and why."""

    student: str
    old: float
    new: float
    why: str

    def __str__(self) -> str:
        return f"{self.student} {self.old:.6g} → {self.new:.6g} ({self.why})"


def changes(
    before: Mapping[str, Mark], after: Mapping[str, Mark], judged: Iterable[str]
) -> list[Change]:
    """The totals that differ, of students who had one before; judged: who was judged again."""
    again = set(judged)
    return [
        Change(name, old.total, new.total, _why(old, new, name in again))
        for name, old in sorted(before.items())
        if (new := after.get(name)) is not None and new.total != old.total
    ]


def _why(old: Mark, new: Mark, judged: bool) -> str:
    was, now = ({part.name: part for part in mark.parts} for mark in (old, new))
    common = [(was[name], now[name]) for name in was if name in now]
    reasons = [f"without {name}" for name in was if name not in now]
    reasons += [f"with {name}" for name in now if name not in was]
    if any(a.max_score != b.max_score for a, b in common):
        reasons.append("points changed")
    elif any(a.auto != b.auto for a, b in common):
        reasons.append("judged again" if judged else "the gradebook differed from the report")
    if any((a.manual, a.extra) != (b.manual, b.extra) for a, b in common):
        reasons.append("marked by hand")
    if old.penalty != new.penalty:
        reasons.append(f"late penalty {old.penalty:.6g} → {new.penalty:.6g}")
    return ", ".join(reasons) or "other parts of the assignment"


def told(changed: Sequence[Change], *, would: bool = False) -> str:
    """The changes in one line; would: that they are those of a run which has not been."""
    marks = "1 mark" if len(changed) == 1 else f"{len(changed)} marks"
    head = f"{marks} {'would change' if would else 'changed'}"
    named = ", ".join(str(change) for change in changed[:MOST_NAMED])
    rest = len(changed) - MOST_NAMED
    return f"{head}: {named}" + (f" and {rest} more" if rest > 0 else "")
