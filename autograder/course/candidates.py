"""The files of a hand-in, in a folder, below it and in zips: bounded, and no link is followed."""

from __future__ import annotations

import calendar
import functools
import io
import os
import re
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from autograder.course.walking import (
    DEPTH,
    ENTRIES,
    Entry,
    Refuse,
    bytes_below,
    status_below,
    walk,
)
from autograder.judge.submission import MAX_SIZE, Unreadable

MEMBERS = 4 * ENTRIES
"""How many entries a zip may have; all are read before the first can be looked at."""
MOST_ZIPS, MOST_PROGRAMS, MOST_LOOKS = 10, 30, 100
SMALL = 2 * 2**20
LONGEST = 1000
"""Characters of the name of a file in a zip; its pattern is tried at each of them."""

Kind = Literal[".ipynb", ".py"]
NAMED = re.compile(
    r"(?P<stem>.*?[^.\s].*?)\.(?P<kind>ipynb|py)"
    r"(?P<more>(?:\.(?:ipynb|py|txt|json|download|\d+)|_|[ _-]*\(\d+\)|[ _-]+(?:copy|kopie))*)",
    re.IGNORECASE | re.DOTALL,
)
"""Names of notebooks and scripts, with what browsers and mail programs put after them."""
ZIPPED = re.compile(r".+\.zip(?:[ _-]*\(\d+\)|\.download)?", re.IGNORECASE | re.DOTALL)
_OTHER = (
    "doc docx odt rtf pdf pages txt md tex html htm mhtml zip rar 7z tar gz tgz bz2 xz "
    "png jpg jpeg heic r rmd ipynb py java m"
)
OTHER = frozenset(_OTHER.split())
"""Suffixes of files that may be somebody's answers, although nothing can be read out of them."""
NOBODYS = frozenset(
    ("labcheck.pyz", "visible.json", "timestamp.txt", "requirements.txt", "nbgrader_config.py")
)
"""Files of the course and of nbgrader, which nobody has handed in."""
_LEFT_OUT = (
    "__macosx __pycache__ feedback autograded venv env virtualenv site-packages node_modules"
)
LEFT_OUT = frozenset(_LEFT_OUT.split())
"""Folders in which nothing is that was handed in."""
DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError),
    *(EOFError, OSError, ValueError, IndexError, OverflowError),
)
"""What zipfile raises for what is no sound zip."""


@dataclass(frozen=True)
class File:
    """A file of a hand-in.

    name: as it lies in the hand-in, "/" between folders.  read: its bytes; raises Unreadable.
    beside: the file of a relative name in its folder.  path: where it lies, if not in a zip.
    """

    name: str
    read: Callable[[], bytes]
    beside: Callable[[str], File | None]
    changed: float = 0.0
    size: int = 0
    path: Path | None = None

    @property
    def last(self) -> str:
        """The name without folders."""
        return self.name.rpartition("/")[2]

    @property
    def kind(self) -> Kind | None:
        """Whether it is a notebook or a script by its name."""
        return kind_of(self.last)

    @property
    def is_other(self) -> bool:
        """Whether it may hold answers in a form that cannot be read."""
        return self.size > 0 and self.last.lower().rpartition(".")[2] in OTHER

    @functools.cached_property
    def head(self) -> bytes:
        """How it begins; empty where it cannot be read."""
        try:
            return self.read()[:4096]
        except Unreadable:
            return b""


# -- names ---------------------------------------------------------------------------------------


def kind_of(name: str) -> Kind | None:
    """What a file is by its name, whatever the way here has put after its suffix."""
    found = NAMED.fullmatch(name)
    if found is None:
        return None
    words = re.findall(r"\.(ipynb|py)(?![a-z])", f".{found['kind']}{found['more']}", re.IGNORECASE)
    return ".ipynb" if words[-1].lower() == "ipynb" else ".py"


def stem_of(name: str) -> str:
    """The name without its suffix, and without what came after that."""
    found = NAMED.fullmatch(name)
    return found["stem"] if found else Path(name).stem


def is_hidden(name: str) -> bool:
    """Whether a file or folder is a backup, a lock, or one that its system hides."""
    return name.startswith((".", "~$", "#")) or name.endswith("~")


def is_notebook(file: File) -> bool:
    """Whether it is a notebook by its content."""
    head = file.head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return head.startswith(b"{") and any(
        word in head for word in (b'"cells"', b'"worksheets"', b'"nbformat"')
    )


def is_zip(file: File) -> bool:
    """Whether it is a zip by its content."""
    return file.head.startswith(b"PK") and zipfile.is_zipfile(io.BytesIO(file.read()))


# -- folders -------------------------------------------------------------------------------------


def on_disk(path: Path, refuse: Refuse | None = None) -> File:
    """A file of any sort; what is none is told when it is read."""
    return _below(Path(os.path.realpath(path.parent)), path.name, refuse)


def _below(top: Path, name: str, refuse: Refuse | None, entry: Entry | None = None) -> File:
    """A file below a folder, under a name with "/" between folders."""
    prefix = name[: len(name) - len(name.rpartition("/")[2])]
    read = functools.partial(bytes_below, top, name, refuse)
    beside = functools.partial(_beside, top, prefix, refuse)
    status = entry.status if entry else status_below(top, name)
    if status is None:
        return File(name, read, beside, path=top / name)
    size = status.st_size if stat.S_ISREG(status.st_mode) else 0
    return File(name, read, beside, status.st_mtime, size, top / name)


def _beside(top: Path, prefix: str, refuse: Refuse | None, name: str) -> File | None:
    """An ordinary file in a folder or below it, however its system composes letters."""
    for form in dict.fromkeys([name, *(unicodedata.normalize(f, name) for f in ("NFC", "NFD"))]):
        status = status_below(top, f"{prefix}{form}")
        if status is not None and stat.S_ISREG(status.st_mode):
            return _below(top, f"{prefix}{form}", refuse)
    return None


def files_in(folder: Path, refuse: Refuse | None = None) -> tuple[list[File], bool]:
    """The files in a folder, the uppermost first; and whether there may be more.

    Links, pipes and the like that are named as a hand-in are among them.  refuse: why a file is
    not to be read.
    """
    found = walk(folder, enter=lambda name: not _is_left_out(name))
    taken = [entry for entry in found.entries if _counts(entry)]
    return [_below(folder, entry.name, refuse, entry) for entry in taken], found.more


def _is_left_out(folder: str) -> bool:
    return is_hidden(folder) or folder.lower() in LEFT_OUT


def _counts(entry: Entry) -> bool:
    """Whether it is an ordinary file, or anything else that is named as a hand-in."""
    last = entry.name.rpartition("/")[2]
    return not is_hidden(last) and (entry.is_file or kind_of(last) is not None)


# -- zips ----------------------------------------------------------------------------------------


def files_in_zip(file: File) -> list[File]:
    """The files in a zip, and in zips in it.  Raises Unreadable."""
    found: list[File] = []
    for inner in _unpacked(file):
        try:
            found += _unpacked(inner) if ZIPPED.fullmatch(inner.last) else [inner]
        except Unreadable:
            found.append(inner)
    return found[:ENTRIES]


def _unpacked(file: File) -> list[File]:
    raw = file.read()
    if raw.count(b"PK\x01\x02") > MEMBERS:
        raise Unreadable("it is a zip of too many files")
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
        members = [(name, info) for info in archive.infolist() if (name := member_name(info))]
    except DAMAGED:
        raise Unreadable("it is a damaged zip") from None
    if any(info.flag_bits & 1 for _, info in members):
        raise Unreadable("it is a zip that asks for a password")
    inside: dict[str, File] = {}
    for name, info in members[:ENTRIES]:
        inside[name] = _member(file, archive, name, info, inside)
    return sorted(inside.values(), key=lambda one: (one.name.count("/"), one.name))


def member_name(info: zipfile.ZipInfo) -> str:
    """How a file is called in a zip; "" for what does not count: folders, links, hidden files."""
    name = info.filename
    if not info.flag_bits & 0x800:  # no UTF-8 by its own account, which is often wrong
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = info.filename
    *folders, last = name.replace("\\", "/").split("/")
    folders = [folder for folder in folders if folder not in ("", ".", "..")]
    mode = info.external_attr >> 16
    odd = stat.S_IFMT(mode) not in (0, stat.S_IFREG) or len(name) > LONGEST
    if odd or not last or is_hidden(last) or any(map(_is_left_out, folders)):
        return ""
    return "/".join([*folders, last]) if len(folders) <= DEPTH else ""


def _member(
    file: File, archive: zipfile.ZipFile, name: str, info: zipfile.ZipInfo, inside: dict[str, File]
) -> File:
    folder = PurePosixPath(name).parent

    def beside(other: str) -> File | None:
        return inside.get(str(folder / other))

    try:
        changed = float(calendar.timegm((*info.date_time, 0, 0, 0)))
    except ValueError:
        changed = 0.0
    read = functools.partial(read_member, archive, info)
    return File(f"{file.name}/{name}", read, beside, changed, info.file_size)


def read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """At most 20 MB, whatever the zip says; ways of packing that know no measure are not read."""
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Unreadable("it is packed in a way that is not read here")
    try:
        with archive.open(info) as stream:
            raw = stream.read(MAX_SIZE + 1)
    except DAMAGED:
        raise Unreadable("it is damaged in its zip") from None
    if len(raw) > MAX_SIZE:
        raise Unreadable("it is larger than 20 MB")
    return raw


# -- what they are -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sorted:
    """Files of a hand-in by what they may be: the program, a zip with it, or other answers."""

    programs: tuple[File, ...] = ()
    zips: tuple[File, ...] = ()
    others: tuple[File, ...] = ()


def sorted_out(files: Iterable[File], not_these: Collection[str] = ()) -> Sorted:
    """What the files are; not_these: names of what was handed out.

    Those whose names do not tell are looked into, as far as they are small and few.
    """
    programs, zips, others, looks = list[File](), list[File](), list[File](), MOST_LOOKS
    for file in files:
        if file.last in NOBODYS or file.last in not_these:
            continue
        open_to_all = file.kind is not None or _tells_nothing(file)
        looks -= open_to_all
        if ZIPPED.fullmatch(file.last) or (open_to_all and looks >= 0 and is_zip(file)):
            zips.append(file)
        elif file.kind is not None or (open_to_all and looks >= 0 and is_notebook(file)):
            programs.append(file)
        elif file.is_other:
            others.append(file)
    others += programs[MOST_PROGRAMS:] + zips[MOST_ZIPS:]
    return Sorted(tuple(programs[:MOST_PROGRAMS]), tuple(zips[:MOST_ZIPS]), tuple(others))


def _tells_nothing(file: File) -> bool:
    """Whether a name leaves open what a small file is."""
    bare = "." not in file.last or file.last.lower().endswith((".json", ".txt"))
    return bare and file.size <= SMALL
