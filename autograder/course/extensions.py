"""More time for one student: extensions.csv in the course folder, booked through nbgrader.

nbgrader keeps an extension with a submission, which there is only once something was handed in;
this file has it before.  Extensions that only the gradebook has stay as they are.
"""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Iterable
from pathlib import Path

from nbgrader.utils import parse_utc

from autograder.course.results import write_whole
from autograder.labcheck.text import printable
from autograder.spec.collection import CollectionError

FILE = "extensions.csv"
HEAD = ["lab", "student", "until"]
EXPECTED = "expected a time such as 2026-12-05T23:59, which is UTC, or 2026-12-05T23:59+01:00"


def time_of(text: str) -> datetime.datetime:
    """A time in UTC, without a zone as nbgrader keeps it; raises ValueError with a sentence."""
    try:
        found: datetime.datetime = parse_utc(text)
        return found.replace(microsecond=0)
    except (ValueError, OverflowError, TypeError, AttributeError) as error:
        raise ValueError(f"{printable(text[:40])!r} is no time; {EXPECTED}") from error


def told_time(when: datetime.datetime) -> str:
    """A time as people and nbgrader read it."""
    return f"{when:%Y-%m-%d %H:%M:%S} UTC"


def extensions(slug: str, root: Path) -> dict[str, datetime.datetime]:
    """Until when students may hand in a lab, for those who have more time.

    Raises CollectionError for a line that says something else.
    """
    found = {}
    for number, row in enumerate(_rows(root), start=2):
        if len(row) != len(HEAD):
            raise CollectionError(f"{FILE}, line {number}: expected {','.join(HEAD)}")
        lab, student, until = row
        try:
            when = time_of(until)
        except ValueError as error:
            raise CollectionError(f"{FILE}, line {number}: {error}") from error
        if lab == slug:
            found[student] = when
    return found


def extend(slug: str, student: str, until: datetime.datetime, root: Path) -> None:
    """Give a student until then for a lab, in place of what they had.  Raises OSError."""
    kept = [row for row in _rows(root) if row[:2] != [slug, student]]
    _write([*kept, [slug, student, told_time(until)]], root)


def of_student(student: str, root: Path) -> int:
    """How many lines are about a student."""
    return sum(row[1:2] == [student] for row in _rows(root))


def take_out(student: str, root: Path) -> None:
    """Take out what is about a student.  Raises OSError."""
    _write([row for row in _rows(root) if row[1:2] != [student]], root)


def _rows(root: Path) -> list[list[str]]:
    """The lines below the first one."""
    try:
        text = (root / FILE).read_text("utf-8-sig")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise CollectionError(f"{FILE} cannot be read: save it as CSV in UTF-8") from error
    head, *rows = list(csv.reader(io.StringIO(text))) or [HEAD]
    if head != HEAD:
        raise CollectionError(f"{FILE}: its first line must be {','.join(HEAD)}")
    return [row for row in rows if row]


def _write(rows: Iterable[list[str]], root: Path) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([HEAD, *rows])
    write_whole(root / FILE, text.getvalue())
