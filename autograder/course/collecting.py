"""autograder collect: the bulk download of a learning platform, sorted into submitted/."""

from __future__ import annotations

import datetime
import os
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from nbgrader import api
from nbgrader.coursedir import CourseDirectory

from autograder.course.candidates import (
    DAMAGED,
    is_hidden,
    kind_of,
    member_name,
    read_member,
    stem_of,
)
from autograder.course.copying import replaced
from autograder.course.downloads import (
    METADATA,
    Download,
    HandIn,
    Sender,
    read_download,
    students_of,
)
from autograder.course.gradebook import booked, course_config
from autograder.course.walking import link_in
from autograder.judge.submission import Unreadable, read_bytes
from autograder.pages.naming import told
from autograder.sandbox.errors import OverLimit
from autograder.sandbox.reader import bounded
from autograder.spec import collection

MEMBERS = 50_000
LARGEST_LIST = 100 * 2**20
"""Bytes of Gradescope's list, in which stand all marks that were ever given."""
FILES_EACH, BYTES_EACH = 200, 100 * 2**20
"""Of one hand-in."""
STAMP = "timestamp.txt"
FORMS = "Moodle, Canvas, Brightspace or Gradescope"


class NoDownload(Exception):  # noqa: N818 - a reason
    """Why nothing can be collected from a file."""


@dataclass
class Collected:
    """What became of one hand-in.

    what: "new", "newer", "unchanged" or "there already".  left_out: names of files, each with why.
    """

    sender: Sender
    student: str
    lab: str
    files: int
    what: str
    late: bool = False
    left_out: dict[str, str] = field(default_factory=dict)


@dataclass
class Outcome:
    """What became of a download; nowhere: senders of whose files no lab is known."""

    platform: str
    collected: list[Collected] = field(default_factory=list)
    nowhere: list[Sender] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


def collect(path: Path, root: Path, lab: str | None = None, update: bool = False) -> Outcome:
    """Put what is in a bulk download where nbgrader and `autograder grade` look for it.

    lab: which it is of; else each hand-in's is known by the names that its files define.  update:
    whether what is there already is replaced.  Raises NoDownload, and OSError where nothing can
    be written.
    """
    settings = Settings(root)
    with _opened(path) as archive:
        members = _members(archive)
        download = read_download(list(members), lambda name: _text(archive, members[name]))
        if download is None:
            raise NoDownload(f"{told(path.name)} is no bulk download of {FORMS}")
        return _sorted(download, _Archive(archive, members), settings, lab, update)


def _sorted(
    download: Download, files: _Archive, settings: Settings, lab: str | None, update: bool
) -> Outcome:
    outcome = Outcome(download.platform, left_out=dict(download.left_out))
    senders = [hand_in.sender for hand_in in download.hand_ins]
    students = students_of(senders, booked("", settings.root).roster.people.values())
    for hand_in in download.hand_ins:
        left_out: dict[str, str] = {}
        contents = dict(files.of(hand_in, left_out))
        slug = lab or settings.lab_of(contents)
        if slug is None:
            outcome.nowhere.append(hand_in.sender)
            continue
        student = students[hand_in.sender]
        stamp = settings.stamp(hand_in, slug)
        if stamp:
            contents[STAMP] = stamp.encode()
        what = settings.put(contents, student, slug, update)
        count = len(contents) - bool(stamp)
        outcome.collected.append(
            Collected(hand_in.sender, student, slug, count, what, hand_in.late, left_out)
        )
    return outcome


# -- the zip -------------------------------------------------------------------------------------


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(path)
    except FileNotFoundError:
        raise NoDownload(f"there is no file {told(path)}") from None
    except DAMAGED as error:
        raise NoDownload(f"{told(path.name)} is no zip, or is damaged") from error
    if len(archive.infolist()) > MEMBERS:
        archive.close()
        raise NoDownload(f"{told(path.name)} holds more than {MEMBERS:,} files")
    return archive


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The ordinary files by their names; hidden ones, links and folders are none."""
    named = ((member_name(info), info) for info in archive.infolist())
    return {name: info for name, info in named if name}


def _text(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> str:
    try:
        with archive.open(info) as stream:
            raw = stream.read(LARGEST_LIST + 1)
    except DAMAGED as error:
        raise NoDownload(f"{METADATA} in it is damaged") from error
    if len(raw) > LARGEST_LIST:
        raise NoDownload(f"{METADATA} in it is larger than 100 MB")
    return raw.decode("utf-8", "replace")


@dataclass(frozen=True)
class _Archive:
    """The files in a download."""

    archive: zipfile.ZipFile
    members: Mapping[str, zipfile.ZipInfo]

    def of(self, hand_in: HandIn, left_out: dict[str, str]) -> Iterator[tuple[str, bytes]]:
        """The files of one hand-in under their own names; left_out is told of the others."""
        room, taken = BYTES_EACH, set[str]()
        for file, member in sorted(hand_in.files)[:FILES_EACH]:
            path = PurePosixPath(file)
            name = str(path)
            if is_hidden(path.name) or name == STAMP:
                continue
            if name in taken or any(str(folder) in taken for folder in path.parents):
                left_out[name] = "another file has its name, or that of its folder"
                continue
            taken.add(name)
            try:
                raw = read_member(self.archive, self.members[member])
            except Unreadable as error:
                left_out[name] = str(error)
                continue
            room -= len(raw)
            if room < 0:
                left_out[name] = "this hand-in is larger than 100 MB"
            else:
                yield name, raw
        if len(hand_in.files) > FILES_EACH:
            left_out["some of it"] = f"there are more than {FILES_EACH} files"


def defined_in_all(programs: Sequence[tuple[bytes, str]]) -> frozenset[str]:
    """The names that programs define at their top levels; each is its bytes and its suffix."""
    read = (read_bytes(raw, f"submission{kind}", "") for raw, kind in programs)
    return frozenset(one for program in read for cell in program.cells for one in cell.defines)


# -- the course ----------------------------------------------------------------------------------


class Settings:
    """Where a course keeps hand-ins, when they are due, and what its labs define."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._config = course_config(root)
        self._names = {
            slug: frozenset(collection.exercise_names(slug, root))
            for slug in collection.labs(root)
        }

    def lab_of(self, contents: Mapping[str, bytes]) -> str | None:
        """The lab of which files define most, else the one that they are named after."""
        lasts = {name: name.rpartition("/")[2] for name in contents}
        programs = [
            (raw, kind) for name, raw in contents.items() if (kind := kind_of(lasts[name]))
        ]
        stems = {stem_of(last).casefold() for last in lasts.values() if kind_of(last)}
        try:
            defined: frozenset[str] = bounded(defined_in_all, programs)
        except OverLimit:
            defined = frozenset()
        counts = {slug: len(defined & names) for slug, names in self._names.items()}
        best = max(counts, key=lambda slug: counts[slug], default=None)
        if best is not None and counts[best]:
            return best
        return next((slug for slug in counts if any(slug in stem for stem in stems)), None)

    def stamp(self, hand_in: HandIn, slug: str) -> str:
        """When it was handed in, as nbgrader writes it; "" where the download does not tell."""
        when = hand_in.when
        if hand_in.late and (due := self._due(slug)) is not None:
            when = due.replace(tzinfo=datetime.UTC) + datetime.timedelta(seconds=1)
        return f"{when.astimezone(datetime.UTC):%Y-%m-%d %H:%M:%S} UTC" if when is not None else ""

    def put(self, contents: Mapping[str, bytes], student: str, slug: str, update: bool) -> str:
        """Write one hand-in, as a whole; what it is to what was there."""
        coursedir = self._coursedir(slug)
        step = str(coursedir.submitted_directory)
        target = Path(coursedir.format_path(step, student, slug))
        if link := link_in(target, Path(str(coursedir.root)) / step):
            raise NoDownload(f"{told(link)} in {told(step)}/ is a symbolic link: take it away")
        there = os.path.lexists(target)
        if there and _same(target, contents):
            return "unchanged"
        if there and not update:
            return "there already"
        with replaced(target) as folder:
            for name, raw in contents.items():
                file = folder / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(raw)
        return "newer" if there else "new"

    def _due(self, slug: str) -> datetime.datetime | None:
        """As the gradebook has it, in UTC; None where it does not know, or there is none yet."""
        coursedir = self._coursedir("")
        file = coursedir.db_url.removeprefix("sqlite:///")
        if file != coursedir.db_url and not Path(file).is_file():
            return None
        with api.Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
            try:
                due: datetime.datetime | None = gradebook.find_assignment(slug).duedate
            except api.MissingEntry:
                return None
        return due

    def _coursedir(self, slug: str) -> Any:
        return CourseDirectory(root=str(self.root), assignment_id=slug, config=self._config)


def _same(folder: Path, contents: Mapping[str, bytes]) -> bool:
    """Whether a folder holds just these files."""
    files = [path for path in folder.rglob("*") if not path.is_dir()]
    names: Collection[str] = {path.relative_to(folder).as_posix() for path in files}
    return names == contents.keys() and all(
        not (folder / name).is_symlink() and (folder / name).read_bytes() == raw
        for name, raw in contents.items()
    )


def sentences(outcome: Outcome) -> Iterator[str]:
    """What there is to know of it, besides the table: what was left out, and why."""
    for one in outcome.collected:
        for name, reason in one.left_out.items():
            yield f"Of {told(one.student)} not taken: {told(name)}: {reason}"
    for sender in outcome.nowhere:
        yield (
            f"Not collected: {told(sender.name)}: nothing in it is of a lab that is known here; "
            "--lab says of which it is"
        )
    for name, reason in outcome.left_out.items():
        yield f"Not taken: {told(name)}: {reason}"


def counted(collected: Sequence[Collected]) -> str:
    """How many of each kind, in one line."""
    kinds = [one.what for one in collected]
    words = ("new", "newer", "unchanged", "there already")
    told_each = [f"{kinds.count(word)} {word}" for word in words if word in kinds]
    return f"{len(collected)} hand-ins: {', '.join(told_each)}" if collected else "no hand-ins"
