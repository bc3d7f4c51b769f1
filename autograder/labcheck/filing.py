"""A student's file in a terminal: which lab it is of, run cell by cell, checked in order."""

from __future__ import annotations

import contextlib
import io
import sys
import traceback
import types
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from . import clock
from .kept import Ended, Kept
from .needed import told
from .reading import Cell, Given, own_files, read_file, to_run
from .run import (
    Checked,
    Outcomes,
    beside,
    check_cases,
    fault,
    faulty_below,
    interrupted,
    lacking,
    nobody_answers,
)
from .running import Modules, Runner
from .session import FOLDER, find_record
from .supervisor import Standing
from .visible import VisibleExercise, load_both, names_in


class NoFile(Exception):  # noqa: N818 - a reason
    """Why there is nothing to check."""


@dataclass(frozen=True)
class Lab:
    """What is recorded of a lab: its exercises in teaching order, and what was handed out.

    record: the file that holds it.
    """

    exercises: dict[str, VisibleExercise]
    given: Given | None = None
    record: Path | None = None


@dataclass
class Ran:
    """A file after it ran: its module, why names of it are missing, and what it looked for.

    slips: where it is no Python.  kept: Python's own modules, as they were and as it has them.
    """

    module: types.ModuleType
    broken: dict[str, str] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    slips: list[str] = field(default_factory=list)
    kept: Kept = field(default_factory=Kept)


# -- which file, and which lab -------------------------------------------------------------------


def file_named(given: str | None) -> Path:
    """The file to check; without a name the only lab in this folder.  Raises NoFile."""
    if given is not None:
        path = Path(given)
        if path.is_dir():
            raise NoFile(f"{given} is a folder: say which file in it")
        if not path.exists():
            raise NoFile(f"there is no file {given}")
        if not path.is_file():
            raise NoFile(f"{given} is no ordinary file")
        return path
    files = sorted(Path.cwd().glob("lab*.py"))
    if len(files) == 1:
        return files[0]
    files = files or sorted([*Path.cwd().glob("*.py"), *Path.cwd().glob("*.ipynb")])
    names = ", ".join(path.name for path in files[:12]) or "none here"
    raise NoFile(f"say which file to check; there are: {names}")


def raw_of(path: Path) -> bytes:
    """The bytes of a file.  Raises NoFile."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise NoFile(f"{path.name} cannot be read: {error.strerror or error}") from error


def lab_of(path: Path) -> Lab:
    """The lab that a file is of: by its name, else by what it defines.

    Raises NoFile, Unreadable, Unusable, and FileNotFoundError where no record is there at all.
    """
    record = _record(path)
    return Lab(*load_both(record), record)


def _record(path: Path) -> Path:
    of_file, records = FOLDER / "visible" / f"{path.stem}.json", FOLDER / "visible"
    if of_file.is_file():
        return of_file
    if not records.is_dir():
        return find_record(path.stem)
    names = {file: names_in(file) for file in sorted(records.glob("*.json"))}
    own = FOLDER / "visible.json"
    if own.is_file():
        names[own] = names_in(own)
    read = read_file(raw_of(path), path.name)
    defined = frozenset[str]().union(*(cell.defines for cell in read.cells))
    found = {file: len(defined.intersection(known)) for file, known in names.items()}
    best = max(found, key=lambda file: found[file], default=None)
    if best is None:
        return find_record(path.stem)
    if not found[best]:
        labs = ", ".join(file.stem for file in names if file != own)
        raise NoFile(
            f"{path.name} defines no exercise of any lab here, so it could be any: {labs}; "
            "give it the name of its lab"
        )
    return best


# -- the file, run -------------------------------------------------------------------------------


def ran(path: Path, exercises: Collection[str], given: Given | None = None) -> Ran:
    """The file as a module, run cell by cell.  Raises NoFile and Unreadable."""
    return run_cells(path, read_cells(path, given), exercises)


def read_cells(path: Path, given: Given | None) -> tuple[tuple[Cell, ...], dict[str, str]]:
    """The cells of a file, and the files that it writes.  Raises NoFile and Unreadable."""
    read = read_file(raw_of(path), path.name, given)
    return read.cells, dict(read.files)


def run_cells(
    path: Path, read: tuple[Sequence[Cell], Mapping[str, str]], exercises: Collection[str]
) -> Ran:
    """The cells of a file in one module, with what holds around them."""
    cells, files = read
    runner = Runner((KeyboardInterrupt,), path.parent, dict(files))
    made = Ran(runner.module)
    with _own_modules(path.parent, dict(files)):
        for cell in to_run(cells, exercises, own_files(files.items())):
            where = str(path) if cell.file == "submission.py" else cell.file
            try:
                errors = _run(runner, cell, where, made.kept)
            except KeyboardInterrupt as error:
                raise interrupted(error) from None
            if errors:
                made.broken |= dict.fromkeys(cell.defines, _why(errors[0], where, made.slips))
            made.slips += [_one_line(one, where) for one in errors if _is_slip(one, where)]
    made.kept.note_modules()
    made.absent = tuple(runner.absent)
    return made


def _run(runner: Runner, cell: Cell, where: str, kept: Kept) -> list[BaseException]:
    quiet = contextlib.redirect_stdout(io.StringIO())
    with quiet, nobody_answers(), clock.limited(clock.CELL_SECONDS):
        try:
            with kept:
                return runner.run(cell.source, where, cell.offset)
        except Exception as error:  # without the names that it took away nothing can run
            return [error]


@contextlib.contextmanager
def _own_modules(folder: Path, files: dict[str, str]) -> Iterator[None]:
    """Imports find the modules beside the file, those that it writes, and quiet stand-ins."""
    finder, before = Modules(), set(sys.modules)
    finder.add_files(files)
    sys.meta_path.insert(0, finder)
    sys.path.append(str(folder))
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:  # they may have changed by the next look
            file = getattr(sys.modules[name], "__file__", None)
            if name in finder.sources or (file and Path(file).parent == folder.resolve()):
                del sys.modules[name]


def _is_slip(error: BaseException, where: str) -> bool:
    return isinstance(error, SyntaxError) and error.filename == where


def _why(error: BaseException, where: str, slips: Sequence[str]) -> str:
    """Why a cell failed; where a name is missing, perhaps for the first slip above."""
    if slips and isinstance(error, NameError):
        return f"{_one_line(error, where)}\nPerhaps because of {slips[0]}"
    return _one_line(error, where)


def _one_line(error: BaseException, where: str) -> str:
    name = Path(where).name
    if isinstance(error, SyntaxError) and error.filename == where:
        return f"{name}, line {error.lineno}: {error.msg}"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == where]
    place = f"{name}, line {lines[-1]}: " if lines else ""
    if isinstance(error, clock.TimeUp):
        return f"{place}this took longer than {clock.CELL_SECONDS:g} seconds and was stopped"
    if isinstance(error, Ended):
        return f"{place}this asks for Python to end at once"
    return f"{place}{type(error).__name__}: {error}"


# -- exercise by exercise ------------------------------------------------------------------------


def results(
    made: Ran,
    exercises: Mapping[str, VisibleExercise],
    standing: Standing | None = None,
    names: Collection[str] | None = None,
    before: Mapping[str, Checked] = MappingProxyType({}),
) -> Iterator[Checked]:
    """The exercises of a lab as the visible cases find them, in order.

    standing: knows of those that ended or stopped a process before, and is told of each.  names:
    of those that are wanted, where that is not all.  before: what is known of the others.
    """
    standing = standing or Standing()
    found = dict(before)
    for name in exercises if names is None else names:
        standing.at(name)
        found[name] = _result(made, exercises, name, standing, found)
        yield found[name]


def _result(
    made: Ran,
    exercises: Mapping[str, VisibleExercise],
    name: str,
    standing: Standing,
    found: Mapping[str, Checked],
) -> Checked:
    exercise, entry = exercises[name], getattr(made.module, name, None)
    if name not in standing.gone and (lacks := lacking(exercise)):
        return Checked(exercise, "not_graded", 0.0, (), None, f"{lacks}.")
    if not callable(entry):
        why = made.broken.get(name, f"There is no {name} at the top level of your file.")
        return Checked(exercise, "missing", 0.0, (), None, why)
    try:
        outcomes = _ended_so(made, exercises, name, standing, found)
        if name not in standing.gone:
            endless = [other for other, one in found.items() if one.outcome == "timeout"]
            return check_cases(exercise, entry, exercises, outcomes, made.kept, endless)
        outcome, why = standing.gone[name]
        begin = next(iter(faulty_below(name, entry, exercises, outcomes).values()), "")
        return Checked(exercise, outcome, 0.0, (), None, why, begin=begin)
    except Exception as error:
        return Checked(exercise, "not_graded", 0.0, (), None, fault(error))


def _ended_so(
    made: Ran,
    exercises: Mapping[str, VisibleExercise],
    name: str,
    standing: Standing,
    found: Mapping[str, Checked],
) -> Outcomes:
    """How each exercise ended that was checked already; an earlier one that was not is tried.

    Of later ones no fault is known.
    """
    order = list(exercises)
    tried = beside(getattr(made.module, name), exercises, made.kept)

    def outcome(other: str) -> str:
        if other in standing.gone:
            return standing.gone[other][0]
        if other in found:
            return found[other].outcome
        if order.index(other) > order.index(name):
            return "right"
        standing.at(other)  # should it end the process, it is this one that did
        try:
            return tried(other)
        finally:
            standing.at(name)

    return outcome


def check_file(
    path: Path, exercises: dict[str, VisibleExercise], given: Given | None = None
) -> dict[str, Checked]:
    """Runs a file cell by cell and checks what it defines, in teaching order.

    given: what was handed out, which is restored.  Raises NoFile and Unreadable.
    """
    made = ran(path, exercises, given)
    return {checked.exercise.name: checked for checked in results(made, exercises)}


MOST_SLIPS = 3


def notes(made: Ran, exercises: Mapping[str, VisibleExercise]) -> Iterator[str]:
    """A line for each place where the file is no Python, and each package that is not here."""
    yield from made.slips[:MOST_SLIPS]
    if len(made.slips) > MOST_SLIPS:
        yield f"and {len(made.slips) - MOST_SLIPS} more places like these"
    allowed = [set(exercise.forbidden) for exercise in exercises.values()]
    yield from told(made.absent, set.intersection(*allowed) if allowed else ())
