"""Cases that were taken back after they had been judged by: retracted.csv in the course folder.

They stand beside the specs, so that what was judged with them is known as what it was.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

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


def all_rows(root: Path) -> list[tuple[str, str, str, str]]:
    """The lines of the file, of all labs; none where there is no file.  Raises ValueError."""
    try:
        text = (root / FILE).read_text("utf-8-sig")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{FILE} cannot be read: save it as CSV in UTF-8") from error
    first, *rows = list(csv.reader(io.StringIO(text))) or [list(HEAD)]
    if first != list(HEAD):
        raise ValueError(f"{FILE}: its first line must be {','.join(HEAD)}")
    found = []
    for number, row in enumerate(rows, start=2):
        if row and len(row) != len(HEAD):
            raise ValueError(f"{FILE}, line {number}: expected {','.join(HEAD)}")
        if row:
            found.append((row[0], row[1], row[2], row[3]))
    return found


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
