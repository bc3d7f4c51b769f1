"""nbgrader collect and submit without trust: ordinary files only, each hand-in for itself."""

from __future__ import annotations

import datetime
import os
import pwd
import stat
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.exchange.default import ExchangeCollect, ExchangeSubmit
from nbgrader.utils import check_mode, parse_utc

from autograder.course.copying import Limits, copied, replaced
from autograder.course.walking import link_in, sentences, why
from autograder.judge.submission import Unreadable
from autograder.pages.naming import is_line, told

MOST = 100_000
"""How many folders of the exchange are looked at."""


@dataclass(frozen=True)
class Record:
    """One hand-in in the exchange, by the name of its folder."""

    student: str
    folder: str
    timestamp: datetime.datetime


def limits(exchange: Any) -> Limits:
    """What nbgrader's settings let pass, within what any folder may have."""
    settings = exchange.coursedir
    shared = settings.groupshared
    return Limits(
        ignore=tuple(settings.ignore),
        include=tuple(settings.include),
        largest=1000 * settings.max_file_size,
        total=1000 * settings.max_dir_size,
        file_mode=0o664 if shared else 0o644,
        folder_mode=0o2775 if shared else 0o755,
    )


class Collect(ExchangeCollect):  # type: ignore[misc]
    """Takes over what can be taken over, and says of the rest why not; nobody stops the others."""

    records: tuple[Record, ...] = ()

    def init_src(self) -> None:
        """Find the hand-ins of the assignment; names that are none are told and left."""
        if self.coursedir.course_id == "":
            self.fail("No course id specified. Re-run with --course flag.")
        self.course_path = os.path.join(self.root, self.coursedir.course_id)
        self.inbound_path = os.path.join(self.course_path, "inbound")
        if not Path(self.inbound_path).is_dir():
            self.fail(f"Course not found: {told(self.inbound_path)}")
        if not check_mode(self.inbound_path, read=True, execute=True):
            self.fail(f"You cannot read the folder {told(self.inbound_path)}")
        by_student: dict[str, list[Record]] = defaultdict(list)
        for record in self._records():
            by_student[record.student].append(record)
        self.duedate = self._due()
        self.records = tuple(self._latest(by_student[name]) for name in sorted(by_student))
        self.src_records = [
            {"username": one.student, "filename": one.folder, "timestamp": one.timestamp}
            for one in self.records
        ]

    def _records(self) -> list[Record]:
        found = []
        middle = f"+{self.coursedir.assignment_id}+"
        with os.scandir(self.inbound_path) as entries:
            for number, entry in enumerate(entries):
                if number >= MOST:
                    self.log.error("Only the first %s folders of the exchange were read", MOST)
                    break
                if middle not in entry.name or not self._is_wanted(entry.name, middle):
                    continue
                try:
                    found.append(_record(entry, middle))
                except Unreadable as error:
                    self.log.warning("Left out: %s: %s", told(entry.name), error)
        return found

    def _is_wanted(self, name: str, middle: str) -> bool:
        wanted = self.coursedir.student_id
        return wanted in ("", "*") or name.rpartition(middle)[0] == wanted

    def _due(self) -> datetime.datetime | None:
        with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as gradebook:
            try:
                due: datetime.datetime | None = gradebook.find_assignment(
                    self.coursedir.assignment_id
                ).duedate
            except MissingEntry:
                return None
        return due

    def _latest(self, records: list[Record]) -> Record:
        """The newest one, or the newest one in time where that is asked for."""
        newest = sorted(records, key=lambda one: one.timestamp, reverse=True)
        if self.duedate is None or not self.before_duedate:
            return newest[0]
        return next((one for one in newest if one.timestamp <= self.duedate), newest[0])

    def copy_files(self) -> None:
        """Copy them, each for itself."""
        assignment = told(self.coursedir.assignment_id)
        self.log.info("Processing %s submissions of %s", len(self.records), assignment)
        failed = 0
        for record in self.records:
            try:
                self._collect(record)
            except (OSError, Unreadable, ValueError) as error:
                reason = why(error) if isinstance(error, OSError) else error
                failed += 1
                self.log.error("Not collected: %s: %s", told(record.student), told(reason))
        if failed:
            self.log.error("%s of %s submissions were not collected", failed, len(self.records))

    def _collect(self, record: Record) -> None:
        source = Path(self.inbound_path) / record.folder
        self._check_owner(record, source)
        target = self._target(record.student)
        if os.path.lexists(target) and not self._is_newer(record, target):
            hint = "no newer one" if self.update else "it is there already; --update takes newer"
            self.log.info("Not collected: %s: %s", told(record.student), hint)
            return
        bounds = limits(self)
        with replaced(target, bounds.folder_mode) as folder:
            left_out = copied(source, folder, bounds)
        self.log.info("Collected: %s", told(record.student))
        for sentence in sentences(left_out):
            self.log.warning("Of %s: %s", told(record.student), sentence)

    def _target(self, student: str) -> Path:
        coursedir = self.coursedir
        step, assignment = coursedir.submitted_directory, coursedir.assignment_id
        target = Path(coursedir.format_path(step, student, assignment))
        link = link_in(target, Path(coursedir.root) / step)
        if link:
            raise Unreadable(f"{told(link)} in {told(step)}/ is a symbolic link")
        return target

    def _is_newer(self, record: Record, target: Path) -> bool:
        """Whether what is there is to be replaced, as nbgrader decides it."""
        try:
            there = self.coursedir.get_existing_timestamp(str(target))
        except (OSError, ValueError, AttributeError, OverflowError):
            there = None
        if self.update and (there is None or record.timestamp > there):
            return True
        return bool(self.before_duedate and there != record.timestamp)

    def _check_owner(self, record: Record, source: Path) -> None:
        if not self.check_owner:
            return
        try:
            owner = pwd.getpwuid(source.lstat().st_uid).pw_name
        except KeyError:
            owner = "unknown id"
        if owner != record.student:
            self.log.warning(
                "%s claims to be submitted by %s but is owned by %s; cheating attempt? "
                "you may disable this warning by unsetting the option CollectApp.check_owner",
                told(source),
                told(record.student),
                told(owner),
            )

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """As for a hand-in, for what else calls it."""
        with replaced(Path(dest)) as folder:
            copied(Path(src), folder, limits(self))


def _record(entry: os.DirEntry[str], middle: str) -> Record:
    """What the name of a folder in the exchange says.  Raises Unreadable."""
    student, _, rest = entry.name.rpartition(middle)
    if not is_line(entry.name):
        raise Unreadable("its name is not a line of UTF-8")
    if student in ("", ".", "..") or not stat.S_ISDIR(entry.stat(follow_symlinks=False).st_mode):
        raise Unreadable("it is a symbolic link, or no folder of a student's")
    try:
        return Record(student, entry.name, parse_utc(rest.split("+")[0]))
    except (ValueError, OverflowError, TypeError, AttributeError):
        raise Unreadable("its name tells no time") from None


class Submit(ExchangeSubmit):  # type: ignore[misc]
    """Hands in ordinary files only, and says what it left out."""

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """Copy a student's folder."""
        with replaced(Path(dest)) as folder:
            left_out = copied(Path(src), folder, limits(self))
        for sentence in sentences(left_out):
            self.log.warning("%s", sentence)
