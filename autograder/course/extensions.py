"""More time for one student: extensions.csv in the course folder, booked through nbgrader.

nbgrader keeps an extension with a submission, which there is only once something was handed in;
this file has it before.  Extensions that only the gradebook has stay as they are.
"""

from __future__ import annotations

import datetime
from pathlib import Path

from nbgrader.utils import parse_utc

from autograder.course.table import Table
from autograder.labcheck.text import printable
from autograder.spec.collection import CollectionError

TABLE = Table("extensions.csv", ("lab", "student", "until"))
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
    for number, (lab, student, until) in TABLE.numbered(root):
        try:
            when = time_of(until)
        except ValueError as error:
            raise CollectionError(f"{TABLE.file}, line {number}: {error}") from error
        if lab == slug:
            found[student] = when
    return found


def extend(slug: str, student: str, until: datetime.datetime, root: Path) -> None:
    """Give a student until then for a lab, in place of what they had.  Raises OSError."""
    kept = [row for row in TABLE.rows(root) if row and row[:2] != [slug, student]]
    TABLE.write([*kept, [slug, student, told_time(until)]], root)
