"""``python labcheck.pyz lab2_rnn.py``: the checks of a lab for a file, once or at each save."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
import time
import traceback
import types
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from . import console
from .explain import Line
from .html import SIGNS
from .message import HEADLINES, Message
from .reading import Given, Unreadable, own_files, read_file, to_run
from .run import Checked, check_cases, nobody_answers
from .running import Modules, Runner
from .session import find_record, hints, message_of, progress_line, score_of
from .visible import VisibleExercise, load, load_given

BOLD, DIM, RESET = "\033[1m", "\033[2m", "\033[0m"
COLOURS = {"right": "\033[32m", "partly": "\033[33m", "unfinished": DIM, "missing": DIM}
WRONG = "\033[31m"


def main(words: Sequence[str] | None = None) -> int:
    """Run the command; 0 when every exercise is right, 1 when not, 2 for wrong usage."""
    console.prepare()
    parser = _parser()
    asked = parser.parse_args(words)
    try:
        path = _file(asked.file)
        record = find_record(path.stem)
        exercises, given = load(record), load_given(record)
        if not asked.watch:
            results = check_file(path, exercises, given)
    except (FileNotFoundError, Unreadable) as error:
        parser.exit(2, f"{parser.prog}: {error}\n")
    for name in (asked.exercise, asked.hint or None):
        if name is not None and name not in exercises:
            parser.exit(2, f"{parser.prog}: {name} is none of {', '.join(exercises)}\n")
    if asked.watch:
        return _watch(path, exercises, given, asked.exercise)
    if asked.hint is not None:
        first = _first_not_right(results) or next(iter(results.values()))
        _print_hint(results[asked.hint] if asked.hint else first, 1 + asked.more)
    elif asked.exercise is not None:
        _print(message_of(results[asked.exercise], notebook=False))
    else:
        _print_all(results, exercises)
    return 0 if _first_not_right(results) is None else 1


def _first_not_right(results: Mapping[str, Checked]) -> Checked | None:
    return next((result for result in results.values() if result.outcome != "right"), None)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python labcheck.pyz",
        description="Check your work on a lab, here and now.",
        epilog="Nothing is sent anywhere, and nothing is marked.",
    )
    parser.add_argument("file", nargs="?", help="your file; needed if the folder has several")
    parser.add_argument("--exercise", "-e", metavar="NAME", help="show one exercise only")
    where = "where to look in this exercise; without NAME, in the first that is not right yet"
    parser.add_argument("--hint", metavar="NAME", nargs="?", const="", help=where)
    parser.add_argument("--more", action="store_true", help="with --hint: also what is wrong")
    watch = "check again at each save, and move on to the next unfinished exercise"
    parser.add_argument("--watch", action="store_true", help=watch)
    return parser


def _file(given: str | None) -> Path:
    if given is not None:
        if not Path(given).is_file():
            raise FileNotFoundError(f"there is no file {given}")
        return Path(given)
    files = sorted(Path.cwd().glob("lab*.py"))
    if len(files) == 1:
        return files[0]
    names = ", ".join(path.name for path in files) or "none here"
    raise FileNotFoundError(f"say which file to check; there are: {names}")


def check_file(
    path: Path, exercises: dict[str, VisibleExercise], given: Given | None = None
) -> dict[str, Checked]:
    """Runs a file cell by cell and checks what it defines, in teaching order.

    given: what was handed out, which is restored.  Raises Unreadable.
    """
    module, broken = _run(path, list(exercises), given)
    results = {}
    for name, exercise in exercises.items():
        entry = getattr(module, name, None)
        if callable(entry):
            results[name] = check_cases(exercise, entry)
        else:
            results[name] = Checked(exercise, "missing", 0.0, (), None, broken.get(name, ""))
    return results


def _run(
    path: Path, names: Sequence[str], given: Given | None
) -> tuple[types.ModuleType, dict[str, str]]:
    """The file as a module; for each name of a cell that failed, why it failed."""
    read = read_file(path.read_bytes(), path.name, given)
    runner = Runner((KeyboardInterrupt,), path.parent, dict(read.files))
    broken: dict[str, str] = {}
    with _own_modules(path.parent, dict(read.files)):
        for cell in to_run(read.cells, names, own_files(read.files)):
            where = str(path) if cell.file == "submission.py" else cell.file
            with contextlib.redirect_stdout(io.StringIO()), nobody_answers():
                errors = runner.run(cell.source, where, cell.offset)
            if errors:
                broken |= dict.fromkeys(cell.defines, _one_line(errors[0], where))
    for name in runner.absent:
        print(f"{name} is not installed here")
    return runner.module, broken


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


def _one_line(error: BaseException, where: str) -> str:
    if isinstance(error, SyntaxError) and error.filename == where:
        return f"{Path(where).name}, line {error.lineno}: {error.msg}"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == where]
    place = f"{Path(where).name}, line {lines[-1]}: " if lines else ""
    return f"{place}{type(error).__name__}: {error}"


def _message(checked: Checked) -> Message:
    if checked.outcome != "missing":
        return message_of(checked, notebook=False)
    exercise = checked.exercise
    what = checked.used or f"there is no {exercise.name} at the top level of your file"
    return Message(exercise.name, "missing", 0.0, exercise.points, (Line("What happened", what),))


def _print_all(results: dict[str, Checked], exercises: dict[str, VisibleExercise]) -> None:
    """The first exercise that is not right in full, and one line for each of the others."""
    width = max(map(len, results))
    for name, checked in results.items():
        sign = SIGNS.get(checked.outcome, "✗")
        most = checked.exercise.points
        score = f"{score_of(checked):g}/{most:g}".rjust(9)
        text = f"{sign} {name:<{width}} {score}  {HEADLINES[checked.outcome]}"
        print(_coloured(text, checked.outcome))
    print()
    if (first := _first_not_right(results)) is not None:
        _print(_message(first))
        print()
    print(progress_line(exercises, results))


def _print(message: Message) -> None:
    head, _, rest = message.text().partition("\n")
    print(_coloured(head, message.outcome))
    if rest:
        print(rest)


def _print_hint(checked: Checked, step: int) -> None:
    name, most = checked.exercise.name, checked.exercise.points
    lines = tuple(hints(checked, step))
    _print(Message(name, checked.outcome, score_of(checked), most, lines))
    if step == 1 and checked.outcome not in ("right", "missing"):
        print(f"\n  For what is wrong: --hint {name} --more")


def _coloured(text: str, outcome: str) -> str:
    """With colour on a terminal that wants it."""
    if not sys.stdout.isatty() or "NO_COLOR" in os.environ:
        return text
    return f"{BOLD}{COLOURS.get(outcome, WRONG)}{text}{RESET}"


def _watch(
    path: Path, exercises: dict[str, VisibleExercise], given: Given | None, only: str | None
) -> int:
    """Check at each save; shows the first exercise that is not right yet."""
    print(f"Watching {path.name}; Ctrl-C ends it.")
    done = False
    try:
        for _ in _saves(path):
            try:
                results = check_file(path, exercises, given)
            except Unreadable as error:
                print(f"{path.name}: {error}")
                continue
            if sys.stdout.isatty():
                print("\033[2J\033[H", end="")
            print(time.strftime("%H:%M:%S"), path.name)
            _print_all({only: results[only]} if only else results, exercises)
            done = _first_not_right(results) is None
            if done:
                print("\nEverything is right. Hand it in.")
                break
    except KeyboardInterrupt:
        print()
    return 0 if done else 1


def _saves(path: Path) -> Iterator[Any]:
    """Once now, then after each save: told by watchfiles; without it, looked up."""
    yield None
    try:
        from watchfiles import watch
    except ImportError:
        last = _stamp(path)
        while True:
            time.sleep(0.5)
            if (now := _stamp(path)) != last:
                last = now
                yield None
    else:
        for changes in watch(path.parent, recursive=False, raise_interrupt=True):
            if any(Path(name).name == path.name for _, name in changes) and path.is_file():
                yield changes


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


if __name__ == "__main__":
    sys.exit(main())
