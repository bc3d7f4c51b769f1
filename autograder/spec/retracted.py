"""Cases that were taken back after they had been judged by: retracted.csv in the course folder.

They stand beside the specs, so that what was judged with them is known as what it was.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.spec.rows import numbered
from autograder.spec.vocabulary import Exercise

FILE = "retracted.csv"
HEAD = ("lab", "exercise", "case", "why")


@dataclass(frozen=True)
class Retraction:
    """A case of an exercise that counts neither for nor against anybody; why: for students."""

    exercise: str
    case: str
    why: str = ""

    @property
    def told(self) -> str:
        """What students read of it."""
        because = f": {self.why}" if self.why else ""
        return (
            f"{self.exercise}: the case “{self.case}” was taken back and counts no more{because}"
        )


def retractions(slug: str, root: Path) -> tuple[Retraction, ...]:
    """The cases of a lab that were taken back, in the order in which they were.

    Raises ValueError with a sentence for a file that is not as it should be.
    """
    return tuple(Retraction(*row[1:]) for row in all_rows(root) if row[0] == slug)


def all_rows(root: Path) -> list[list[str]]:
    """The lines of the file, of all labs; none where there is no file.  Raises ValueError."""
    return [row for _, row in numbered(FILE, HEAD, root)]


def without(exercise: Exercise, taken: Collection[str]) -> Exercise:
    """An exercise without the cases of these names, its own or those that it gets by itself."""
    kept = tuple(case for case in exercise.cases if case.name not in taken)
    by_itself = frozenset(taken) - {case.name for case in exercise.cases}
    return replace(exercise, cases=kept, without=exercise.without | by_itself)


def without_all(exercises: Sequence[Exercise], taken: Sequence[Retraction]) -> Iterator[Exercise]:
    """Exercises without what was taken back of them.  Raises ValueError for one not there."""
    for retraction in taken:
        if all(retraction.exercise != exercise.name for exercise in exercises):
            raise ValueError(
                f"{FILE}: there is no exercise {retraction.exercise!r}: delete its line"
            )
    for exercise in exercises:
        names = {one.case for one in taken if one.exercise == exercise.name}
        yield without(exercise, names) if names else exercise
