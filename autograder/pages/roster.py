"""Marks written into the file that a learning platform has exported.

Canvas: a line for each student below "Points Possible", which says what is read-only; assignments
are "Name (id)".
Moodle: "Type: Name (Real)"; or the grading worksheet of one assignment, with "Identifier", "Grade"
and "Maximum Grade".
Brightspace: "Name Points Grade <Numeric …>", with "#" before ids and "End-of-Line Indicator" last.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from autograder.pages.cells import SEPARATORS, Cells, Row, UnreadableSheetError
from autograder.pages.marks import Mark
from autograder.pages.matching import Line, What, matched, name_in, plain
from autograder.pages.naming import told
from autograder.pages.sheet import END_OF_LINE, POINTS_GRADE, safe

Platform = Literal["canvas", "moodle", "brightspace"]

COLUMNS: Mapping[Platform, Mapping[str, What]] = {
    "canvas": {
        "student": "full",
        "firstname": "first",
        "lastname": "last",
        "id": "number",
        "sis user id": "id",
        "integration id": "id",
        "sis login id": "login",
        "root account": "other",
        "section": "other",
    },
    "moodle": {
        "first name": "first",
        "last name": "last",
        "surname": "last",
        "full name": "full",
        "id number": "id",
        "username": "login",
        "email address": "email",
    },
    "brightspace": {
        "orgdefinedid": "id",
        "username": "login",
        "email": "email",
        "first name": "first",
        "last name": "last",
    },
}
"""What the columns say by which each platform names a student."""
POINTS_POSSIBLE = "points possible"
READ_ONLY = "(read only)"
LEFT_ALONE = {"ex": "excused", "n/a": "not given this assignment"}
"""What Canvas writes for who needs no mark."""
_AROUND = {
    "canvas": re.compile(r"(?P<name>.*?)(?: \(\d+\))?"),
    "moodle": re.compile(r"(?:[^:]+: )?(?P<name>.*?)(?: \(Real\))?"),
    "brightspace": re.compile(rf"(?P<name>.*?) {POINTS_GRADE}(?: <.*>)?"),
}
WORKSHEET, GRADE, MOST = "identifier", "grade", "maximum grade"
_MOST = re.compile(r"MaxPoints:([\d.]+)")


class RosterError(Exception):
    """The file cannot be filled; one sentence with the way out."""


@dataclass
class Filled:
    """The file with the marks in it, and what is to be said about it, a sentence each."""

    data: bytes
    said: list[str] = field(default_factory=list)


def filled(
    data: bytes, platform: Platform, marks: Sequence[Mark], names: Sequence[str], column: str = ""
) -> Filled:
    """Write marks into a platform's own file.

    names: what the assignment may be called there, the first of them where it is new.
    column: what it is called there.  Raises RosterError.
    """
    try:
        return _Roster(data, platform).filled(marks, names, column)
    except UnreadableSheetError as error:
        raise RosterError(str(error)) from error


class _Roster:
    """The exported file of a platform."""

    def __init__(self, data: bytes, platform: Platform) -> None:
        self.platform = platform
        self.cells = max(
            (Cells(data, separator) for separator in _separators(data)),
            key=lambda cells: len(self._who(cells)),
        )
        self.who = self._who(self.cells)
        if not self.who:
            known = ", ".join(COLUMNS[platform])
            raise RosterError(
                f"its first line has none of the columns of {platform} that say who a student is "
                f"({known}): export the gradebook there as CSV, in English, and give that file"
            )
        self.head, *self.below = self.cells.rows

    def filled(self, marks: Sequence[Mark], names: Sequence[str], column: str) -> Filled:
        lines = list(self._lines())
        found, said = matched(lines, [mark.person for mark in marks])
        most = max((mark.max_score for mark in marks), default=0.0)
        place, about = self._column(names, column, most)
        by_name = {mark.person.name: mark for mark in marks}
        written = 0
        for line, person in found:
            is_there = line.row[place].strip()
            if self.platform == "canvas" and is_there.casefold() in LEFT_ALONE:
                why = LEFT_ALONE[is_there.casefold()]
                said.append(f"{line.shown} is {why} in the file ({is_there}), which stays")
                continue
            self.cells.put(line.row, place, safe(by_name[person.name].total))
            written += 1
        told_column = told(self.head[place])
        summary = f"{written} of {len(lines)} students have their mark in {told_column!r}"
        return Filled(self.cells.data(), [*about, *said, summary])

    def _who(self, cells: Cells) -> dict[int, What]:
        """What the columns say that tell who a student is, by place."""
        known = COLUMNS[self.platform]
        head = cells.rows[0].values() if cells.rows else []
        names = ((place, plain(name)) for place, name in enumerate(head))
        return {place: known[name] for place, name in names if name in known}

    def _lines(self) -> Iterator[Line]:
        for row in self.below:
            said = {place: row[place].strip() for place in self.who}
            if self.platform == "brightspace":
                said = {place: text.removeprefix("#") for place, text in said.items()}
            texts = [(self.who[place], text) for place, text in said.items() if text]
            if not texts or row is self._points_possible:
                continue
            line = Line(row, texts, name_in(dict(texts)))
            if line.full or line.ids:
                yield line

    @property
    def _points_possible(self) -> Row | None:
        """The line of Canvas's that says how many points there are, and what is read-only."""
        if self.platform != "canvas":
            return None
        start = self.below[:2]
        return next((row for row in start if plain(row[0]) == POINTS_POSSIBLE), None)

    # -- the column -------------------------------------------------------------------------------

    def _column(self, names: Sequence[str], asked: str, most: float) -> tuple[int, list[str]]:
        """Where the marks go, made where it is not there; and what is to be said of it."""
        places = self._places([asked] if asked else [*names, *self._of_worksheet])
        if len(places) > 1:
            which = ", ".join(repr(told(self.head[place])) for place in places)
            raise RosterError(f"it has several such columns ({which}): name one with --column")
        if not places:
            return self._added(asked or names[0], most)
        (place,) = places
        points = self._points_possible
        if place in self.who or plain(self.head[place]) == plain(END_OF_LINE):
            raise RosterError(f"{told(self.head[place])!r} holds no marks: name another column")
        if points is not None and plain(points[place]) == READ_ONLY:
            raise RosterError(f"{told(self.head[place])!r} is read-only in Canvas: name another")
        there = self._most(place)
        if there is None or there == most:
            return place, []
        return place, [
            f"{told(self.head[place])!r} is out of {there:g} points there and the lab out of "
            f"{most:g}: the marks are written as they are"
        ]

    def _places(self, names: Sequence[str]) -> list[int]:
        """The columns of the first name that there is: as it stands there, else as it is meant."""
        head = [plain(name) for name in self.head.values()]
        for name in names:
            exact = [place for place, there in enumerate(head) if there == plain(name)]
            if found := exact or [
                place for place in range(len(head)) if self._meant(place) == plain(name)
            ]:
                return found
        return []

    def _meant(self, place: int) -> str | None:
        """The name of the assignment in a heading; None where it is none's points."""
        if place in self.who:
            return None
        found = _AROUND[self.platform].fullmatch(self.head[place].strip())
        return plain(found["name"]) if found else None

    @property
    def _of_worksheet(self) -> list[str]:
        """The column for marks in Moodle's worksheet of one assignment, which does not name it."""
        head = [plain(name) for name in self.head.values()]
        return [GRADE] if self.platform == "moodle" and WORKSHEET in head else []

    def _most(self, place: int) -> float | None:
        """How many points an assignment has in the platform, where the file says so."""
        points, heading = self._points_possible, _MOST.search(self.head[place])
        text = points[place] if points is not None else heading[1] if heading else ""
        if self._of_worksheet and self.below:
            head = [plain(name) for name in self.head.values()]
            text = self.below[0][head.index(MOST)] if MOST in head else ""
        try:
            return float(text.replace(",", "."))
        except ValueError:
            return None

    def _added(self, name: str, most: float) -> tuple[int, list[str]]:
        """A column of its own, after all others; before the one that ends a line."""
        head = self.head.values()
        place = len(head)
        if self.platform == "brightspace":
            name = name if name.endswith(POINTS_GRADE) else f"{name} {POINTS_GRADE}"
            ends = [plain(one) == plain(END_OF_LINE) for one in head]
            place = ends.index(True) if True in ends else place
        for row in self.below:
            if not row.blank:
                points = safe(most) if row is self._points_possible else ""
                self.cells.insert(row, place, points)
        self.cells.insert(self.head, place, safe(name))
        return place, [f"there was no column for it, so {told(name)!r} was added"]


def _separators(data: bytes) -> Iterator[str]:
    """What separates the cells, as far as the file can be read with it."""
    last: UnreadableSheetError | None = None
    good = False
    for separator in SEPARATORS:
        try:
            Cells(data, separator)
        except UnreadableSheetError as error:
            last = error
        else:
            good = True
            yield separator
    if last is not None and not good:
        raise last
