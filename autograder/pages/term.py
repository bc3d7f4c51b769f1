"""The term page: all labs beside each other, a line for each student."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from autograder.pages.insight import KnownMistake
from autograder.pages.marks import Person
from autograder.pages.rendering import Made, render

MOST_MISTAKES = 12
"""How many mistakes are told, the commonest first."""


@dataclass(frozen=True)
class TermLab:
    """One lab.  marks: by student, of who handed in.

    page, pages: addresses of the class page, and of the page of each student, where there is one.
    """

    slug: str
    title: str
    max_score: float
    marks: Mapping[str, float]
    mistakes: Sequence[KnownMistake] = ()
    page: str = ""
    pages: Mapping[str, str] = field(default_factory=dict)

    @property
    def median(self) -> float:
        """The mark that half of those who handed in have at least."""
        return statistics.median(self.marks.values()) if self.marks else 0.0

    @property
    def mean(self) -> float:
        """The mean mark of those who handed in."""
        return statistics.fmean(self.marks.values()) if self.marks else 0.0


@dataclass(frozen=True)
class Line:
    """A student in all labs.  marks: None where nothing was handed in.  mean: of the others."""

    person: Person
    marks: tuple[float | None, ...]
    sum: float
    mean: float | None


@dataclass(frozen=True)
class Term:
    """All labs of which something was graded, and everybody, by name."""

    labs: tuple[TermLab, ...]
    lines: tuple[Line, ...]

    @property
    def max_score(self) -> float:
        """The points of all labs."""
        return sum(lab.max_score for lab in self.labs)

    @property
    def commonest(self) -> list[tuple[TermLab, KnownMistake]]:
        """The mistakes that most made, of those that several made."""
        made = [(lab, one) for lab in self.labs for one in lab.mistakes if len(one.students) > 1]
        return sorted(made, key=lambda pair: -len(pair[1].students))[:MOST_MISTAKES]


def term(labs: Sequence[TermLab], people: Mapping[str, Person]) -> Term:
    """Who handed in, and who is in the gradebook.  people: those, by name."""
    names = {*people, *(name for lab in labs for name in lab.marks)}
    everybody = [people.get(name, Person(name)) for name in names]
    everybody.sort(key=lambda person: (person.sortable.casefold(), person.name))
    return Term(tuple(labs), tuple(_line(person, labs) for person in everybody))


def _line(person: Person, labs: Sequence[TermLab]) -> Line:
    marks = [(lab, lab.marks.get(person.name)) for lab in labs]
    shares = [mark / lab.max_score for lab, mark in marks if mark is not None and lab.max_score]
    return Line(
        person,
        tuple(mark for _, mark in marks),
        sum(mark or 0.0 for _, mark in marks),
        statistics.fmean(shares) if shares else None,
    )


def term_page(term: Term, made: Made | None = None) -> str:
    """The whole page as text."""
    return render("term.html.j2", term=term, made=made)
