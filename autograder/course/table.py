"""A small CSV file in the course folder that instructors write, and commands add to."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.course.results import write_whole
from autograder.spec.collection import CollectionError
from autograder.spec.rows import numbered, rows_of


@dataclass(frozen=True)
class Table:
    """A file with a line of names, `head`, of which one is "student"."""

    file: str
    head: tuple[str, ...]

    def numbered(self, root: Path) -> Iterator[tuple[int, list[str]]]:
        """Each line below the first with its number; raises CollectionError for a broken one."""
        try:
            yield from numbered(self.file, self.head, root)
        except ValueError as error:
            raise CollectionError(str(error)) from error

    def rows(self, root: Path) -> list[list[str]]:
        """The lines below the first as they are; none where there is no file."""
        try:
            return rows_of(self.file, self.head, root)
        except ValueError as error:
            raise CollectionError(str(error)) from error

    def write(self, rows: Iterable[Iterable[str]], root: Path) -> None:
        """The whole file anew.  Raises OSError."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([self.head, *rows])
        write_whole(root / self.file, text.getvalue())

    def count(self, student: str, root: Path) -> int:
        """How many lines are about a student."""
        return sum(self._is_about(row, student) for row in self.rows(root))

    def take_out(self, student: str, root: Path) -> None:
        """Leave out what is about a student.  Raises OSError."""
        self.write([row for row in self.rows(root) if not self._is_about(row, student)], root)

    def _is_about(self, row: list[str], student: str) -> bool:
        place = self.head.index("student")
        return row[place : place + 1] == [student]
