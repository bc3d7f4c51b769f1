"""What a student handed in, wherever it lies: which of their files counts, and why."""

from __future__ import annotations

import ast
import copy
import functools
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.course.candidates import (
    ZIPPED,
    File,
    Sorted,
    files_in,
    files_in_zip,
    is_notebook,
    is_zip,
    on_disk,
    sorted_out,
    stem_of,
)
from autograder.course.companions import Companions, companions, whole
from autograder.course.walking import ENTRIES, Refuse, link_in, refuse_foreign
from autograder.judge.submission import Given, Submission, Unreadable, given_in, read_bytes
from autograder.labcheck.forbidden import parsed
from autograder.labcheck.reading import defined_in, own_files
from autograder.labcheck.text import printable
from autograder.sandbox.errors import OverLimit, told_fault
from autograder.sandbox.reader import bounded
from autograder.spec.collection import exercise_names

MOST_TOLD = 3
"""How many files a sentence names."""
LONGEST = 80
NOTHING = "there is no notebook and no .py file"

Work = Mapping[str, frozenset[str]]
"""By exercise, the definitions in a file that are not as they were handed out."""


def handed_in_by(
    path: Path,
    slug: str,
    student: str,
    root: Path,
    never: Collection[Path] = (),
    below: Path | None = None,
) -> Submission:
    """What a student handed in: in a folder, in folders below it, in a zip, or a file.

    never: files that belong to somebody else, as whole paths.  below: a folder, from which on no
    part of the path may be a link.  Whatever is there, nothing is raised: what takes more to be
    read than there is room for is unreadable.  It is read in a process of its own.
    """
    try:
        return bounded(
            look_through,
            path.absolute(),
            slug,
            student,
            root.absolute(),
            _near(path, never),
            below and below.absolute(),
        )
    except OverLimit as over:
        return Submission(student, problem=f"unreadable submission: {over}")
    except Exception as fault:  # ours; a class goes on, and a person looks
        return Submission(student, fault=told_fault(fault))


def _near(path: Path, others: Collection[Path]) -> list[Path]:
    """Those of other files that may lie beside this one or below."""
    folder = str(whole(path if path.is_dir() else path.parent))
    return [one for one in others if str(one).startswith(folder)]


def look_through(
    path: Path,
    slug: str,
    student: str,
    root: Path,
    never: Collection[Path] = (),
    below: Path | None = None,
) -> Submission:
    """See `handed_in_by`, which has this done within limits."""
    lab = _Lab(slug, root, student, frozenset(map(whole, never)))
    link = link_in(path, below) if below else ""
    if link:
        problem = f"unreadable submission: {link} is a symbolic link"
        return _said(Submission(student, problem=problem), ())
    if path.is_dir() and not path.is_symlink():
        files, more = files_in(path, lab.refuse(path))
        return _Search(lab, sorted_out(files, lab.released_names), more).submission()
    file = on_disk(path, lab.refuse(path.parent))
    if ZIPPED.fullmatch(file.last) or is_zip(file):
        return _Search(lab, Sorted(zips=(file,))).submission()
    return _said(_Candidate(lab, file).submission, ())


# -- one file ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Lab:
    """Whose hand-in of what is looked for.  never: whole paths of what belongs to others."""

    slug: str
    root: Path
    student: str
    never: frozenset[Path] = frozenset()

    @property
    def folder(self) -> Path:
        """Where what students get lies."""
        return self.root / "release" / self.slug

    @property
    def given(self) -> Given | None:
        """What students get, in cells."""
        return given_in(self.root, self.slug)

    def refuse(self, folder: Path) -> Refuse:
        """Why a file in a hand-in is not the student's own, where that can be told."""
        try:
            foreign = refuse_foreign(folder.lstat().st_uid)
        except OSError:
            return lambda status: ""

        def refuse(status: os.stat_result) -> str:
            if status.st_nlink > 1 and (status.st_dev, status.st_ino) in self.course_files:
                return "it is a hard link to a file of the course"
            return foreign(status)

        return refuse

    @functools.cached_property
    def course_files(self) -> frozenset[tuple[int, int]]:
        """The files of the course that nobody hands in, by device and inode."""
        places = [self.root / name for name in ("solutions", "exercises", "source", "results")]
        found = [file for place in places for file in place.rglob("*")]
        statuses = [file.lstat() for file in [*found, *self.root.glob("*.db")]]
        return frozenset((status.st_dev, status.st_ino) for status in statuses)

    @functools.cached_property
    def released_names(self) -> frozenset[str]:
        """The files beside the notebook that students get."""
        try:
            names = {file.name for file in self.folder.iterdir()}
        except OSError:
            return frozenset()
        return frozenset(names - {f"{self.slug}.ipynb", f"{self.slug}.py"})

    @functools.cached_property
    def stubs(self) -> _Code:
        """The code of the notebook that students get."""
        notebook = self.folder / f"{self.slug}.ipynb"
        try:
            status = notebook.stat()
        except OSError:
            return _Code(tuple(exercise_names(self.slug, self.root)), {}, frozenset())
        return _stubs(self.root, self.slug, status.st_mtime_ns, status.st_size)


class _Candidate:
    """A file that may be what is to be graded, as far as it has been looked at."""

    def __init__(self, lab: _Lab, file: File) -> None:
        self.lab, self.file = lab, file

    @functools.cached_property
    def read(self) -> Submission:
        """The file alone."""
        try:
            raw = self.file.read()
        except Unreadable as error:
            return Submission(self.lab.student, problem=f"unreadable submission: {error}")
        kind = ".ipynb" if is_notebook(self.file) else self.file.kind
        name = f"submission{kind}" if kind else self.file.last
        return read_bytes(raw, name, self.lab.student, given=self.lab.given)

    @functools.cached_property
    def own(self) -> Companions:
        """The files beside it that it names."""
        return companions(self.file, self.read, self.lab.folder, self.lab.never)

    @property
    def submission(self) -> Submission:
        """The file with what it names."""
        notes = (*self.read.notes, *self.own.notes)
        return replace(self.read, files=self.own.files, notes=notes)

    @functools.cached_property
    def code(self) -> _Code:
        """What it defines, its own files included."""
        return _code(self.read, self.lab.stubs.names, own_files(self.own.files).values())

    @functools.cached_property
    def work(self) -> Work:
        """What it has of its own for the exercises."""
        stubs = self.lab.stubs.definitions
        own = {name: told - stubs.get(name, set()) for name, told in self.code.definitions.items()}
        return {name: told for name, told in own.items() if told}

    @property
    def untouched(self) -> bool:
        """Whether there is no code in it but what was handed out."""
        added = self.code.statements - self.lab.stubs.statements
        return self.read.problem is None and not self.work and not added

    @property
    def name(self) -> str:
        """How it is told."""
        return _told(self.file.name)

    @property
    def is_named_as_the_lab(self) -> bool:
        """Whether it has the lab's own name."""
        stem = stem_of(self.file.last).casefold()
        return stem == self.lab.slug and self.file.kind is not None

    @property
    def order(self) -> tuple[object, ...]:
        """The first of several is the one that counts."""
        return (
            -len(self.work),
            self.read.problem is not None,
            self.untouched,
            not self.is_named_as_the_lab,
            self.file.kind == ".py",
            -self.file.changed,
            self.file.name,
        )

    @property
    def state(self) -> str:
        """What is in it, in words that follow its name."""
        if self.read.problem:
            return "cannot be read"
        if self.work:
            return f"has work in {_exercises(len(self.work))}"
        return "is as it was handed out" if self.untouched else "has no work in an exercise"


@dataclass(frozen=True)
class _Code:
    """Code as it can be compared.  definitions: by exercise; statements: all at the top level.

    Docstrings and definitions in which nothing is written are left out.
    """

    names: tuple[str, ...]
    definitions: Mapping[str, frozenset[str]]
    statements: frozenset[str]


@functools.lru_cache(maxsize=32)
def _stubs(root: Path, slug: str, changed: int, size: int) -> _Code:
    given, notebook = given_in(root, slug), root / "release" / slug / f"{slug}.ipynb"
    names = given.exercises if given else ()
    return _code(read_bytes(notebook.read_bytes(), notebook.name, "", given=given), names, ())


def _code(read: Submission, names: tuple[str, ...], beside: Iterable[str]) -> _Code:
    definitions: dict[str, set[str]] = {}
    statements: set[str] = set()
    for source in (*(cell.source for cell in read.cells), *beside):
        for bound, told in _statements(source):
            statements.add(told)
            for name in bound & set(names):
                definitions.setdefault(name, set()).add(told)
    told_by_name = {name: frozenset(told) for name, told in definitions.items()}
    return _Code(names, told_by_name, frozenset(statements))


def _statements(source: str) -> Iterator[tuple[set[str], str]]:
    """Each statement: what it binds, and a text that is equal where it says the same."""
    module = parsed(source)
    if module is None:  # a slip in it does not make it less of a work
        yield {*defined_in(source)}, source.strip()
        return
    for statement in module.body:
        if not _is_empty(statement):
            yield _bound(statement), ast.dump(_without_docstrings(statement))


def _is_empty(statement: ast.stmt) -> bool:
    """Whether nothing is written in it: a text, or a function that says so or does nothing."""
    match statement:
        case ast.Pass() | ast.Expr(value=ast.Constant()) | ast.Return(value=None):
            return True
        case ast.Return(value=ast.Constant(value=None)):
            return True
        case ast.Raise(exc=ast.Name(id="NotImplementedError")):
            return True
        case ast.Raise(exc=ast.Call(func=ast.Name(id="NotImplementedError"))):
            return True
        case ast.FunctionDef(body=body) | ast.AsyncFunctionDef(body=body):
            return all(map(_is_empty, body))
        case ast.ClassDef(body=body):
            return all(map(_is_empty, body))
    return False


def _without_docstrings(statement: ast.stmt) -> ast.stmt:
    bare = copy.deepcopy(statement)
    for node in ast.walk(bare):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            body = node.body[1:] if ast.get_docstring(node, clean=False) else node.body
            node.body = body
    return bare


def _bound(statement: ast.stmt) -> set[str]:
    """What a statement binds in its module, and perhaps more."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    found: set[str] = set()
    for node in ast.walk(statement):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.alias(name=name, asname=other):
                found.add(other or name)
    return found


# -- which of several ----------------------------------------------------------------------------


class _Search:
    """A hand-in of several files.  faults: zips that cannot be opened, each with the reason."""

    def __init__(self, lab: _Lab, found: Sorted, more: bool = False) -> None:
        self.lab, self.faults, self.more = lab, dict[str, str](), more
        self.others, self.zips = [*found.others], found.zips
        self.candidates = [_Candidate(lab, file) for file in found.programs]

    def submission(self) -> Submission:
        """What counts of it, with notes, and what a person should look at."""
        if self.zips and not any(candidate.work for candidate in self.candidates):
            self._open_zips()
        notes = [f"{name} was not opened: {why}" for name, why in self.faults.items()]
        if self.more:
            notes.append(f"only its first {ENTRIES} files, a few folders deep, were looked at")
        parts = self._parts()
        wholes = [one for one in self.candidates if one.file.name not in parts]
        wholes = wholes or self.candidates
        if not wholes:
            return _said(self._nothing(), notes, self._look_at(None, []))
        first, *rest = sorted(wholes, key=lambda one: one.order) if len(wholes) > 1 else wholes
        if rest or "/" in first.file.name:
            notes.insert(0, _why(first, rest))
        return _said(first.submission, notes, self._look_at(first, rest))

    def _open_zips(self) -> None:
        for file in self.zips:
            try:
                found = sorted_out(files_in_zip(file), self.lab.released_names)
            except Unreadable as error:
                self.faults[_told(file.name)] = str(error)
                continue
            self.candidates += [_Candidate(self.lab, inner) for inner in found.programs]
            self.others += [*found.others, *found.zips]

    def _parts(self) -> set[str]:
        """Candidates that are files of another one: it imports or runs them."""
        if len(self.candidates) < 2:
            return set()
        named = {one.file.name: {file.name for file in one.own.found} for one in self.candidates}
        return {
            one.file.name
            for one in self.candidates
            for other in self.candidates
            if one.file.name in named[other.file.name]
            and other.file.name not in named[one.file.name]
            and not one.is_named_as_the_lab
        }

    def _nothing(self) -> Submission:
        """The submission of a hand-in without a program."""
        if not self.faults:
            only = f", only {_listed([file.name for file in self.others])}" if self.others else ""
            why = f"{NOTHING}{only}"
        else:
            why = "; ".join(f"{name}: {fault}" for name, fault in self.faults.items())
        return Submission(self.lab.student, problem=f"unreadable submission: {why}")

    def _look_at(self, first: _Candidate | None, rest: Sequence[_Candidate]) -> str:
        """Why a person should look, or ""."""
        unread = [*(file.name for file in self.others), *self.faults]
        if first is None:
            return f"there is only {_listed(unread)}" if unread else ""
        if not rest and not unread:
            return ""
        if first.work:
            return _split(first, rest)
        unread = [*(one.file.name for one in rest if not one.untouched), *unread]
        if not unread:
            return ""
        verb = "is" if len(unread) == 1 else "are"
        return f"{first.name} {first.state}, and there {verb} {_listed(unread)} beside it"


def _split(first: _Candidate, rest: Sequence[_Candidate]) -> str:
    """Whether there is work elsewhere that the one that was taken does not have."""
    rivals = [one for one in rest if _has_more(one, first)]
    if not rivals:
        return ""
    told = [f"{one.name} ({_exercises(len(one.work))})" for one in (first, *rivals)]
    number = "two" if len(told) == 2 else str(len(told))
    return f"there is work in {number} files: {_listed(told, len(told))}"


def _has_more(other: _Candidate, taken: _Candidate) -> bool:
    """Whether a file has other exercises, or the same ones otherwise and no name that decides."""
    if other.work.keys() - taken.work.keys():
        return True
    same = other.work.keys() == taken.work.keys()
    return same and other.work != taken.work and not taken.is_named_as_the_lab


def _why(first: _Candidate, rest: Sequence[_Candidate]) -> str:
    """Which file was taken, and why."""
    if not rest:
        return f"{first.name} was taken"
    told = [f"{one.name} {_beside(one, first)}" for one in rest[:MOST_TOLD]]
    if len(rest) > MOST_TOLD:
        told.append(f"and so on ({len(rest) - MOST_TOLD} more)")
    same = rest[0].state == first.state
    reason = f" ({_advantage(first, rest[0])})" if same else ""
    itself = f"it {first.state}"
    return f"{first.name} was taken{reason}: {', '.join([itself, *told])}"


def _beside(other: _Candidate, taken: _Candidate) -> str:
    """What is in a file that was not taken."""
    differs = any(told != taken.work.get(name) for name, told in other.work.items())
    return other.state.replace("has work", "has other work") if differs else other.state


def _advantage(first: _Candidate, other: _Candidate) -> str:
    """What makes one file count of two that hold as much."""
    if first.is_named_as_the_lab and not other.is_named_as_the_lab:
        return "it has the lab's name"
    if first.file.kind != other.file.kind:
        return "a notebook counts before a script"
    if first.file.changed != other.file.changed:
        return "it is the newer one"
    return "the first by name"


# -- words ---------------------------------------------------------------------------------------


def _said(submission: Submission, notes: Iterable[str], look_at: str = "") -> Submission:
    """A submission with notes before its own, all fit to be shown."""
    every = [printable(note) for note in (*notes, *submission.notes)]
    problem = None if submission.problem is None else printable(submission.problem)
    return replace(submission, notes=tuple(every), look_at=printable(look_at), problem=problem)


def _exercises(number: int) -> str:
    return "1 exercise" if number == 1 else f"{number} exercises"


def _told(name: str) -> str:
    """A name on one line, as long as it is read."""
    text = " ".join(printable(name).split())
    return text if len(text) <= LONGEST else f"…{text[1 - LONGEST :]}"


def _listed(names: Sequence[str], most: int = MOST_TOLD) -> str:
    shown = [_told(name) for name in names[:most]]
    if len(names) > most:
        shown.append(f"{len(names) - most} more")
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))
