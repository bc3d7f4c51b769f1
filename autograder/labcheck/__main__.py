"""``python labcheck.pyz lab2_rnn.py``: the checks of a lab for a file, once or at each save."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from . import console
from .filing import NoFile, check_file, file_named, lab_of, notes, ran, results
from .finish import end_of
from .light import light
from .needed import NotInstalled
from .picturing import pictured
from .reading import Unreadable
from .run import Checked, Interrupted, fault
from .session import has_more
from .supervisor import Standing
from .terminal import Screen
from .visible import Unusable
from .watching import watch

INTERRUPTED = 130
"""The exit status of what was interrupted, as shells have it."""


def main(words: Sequence[str] | None = None, standing: Standing | None = None) -> int:
    """Run the command; 0 when every exercise is right, 1 when not, 2 for wrong usage.

    standing: how far a process before this one came, in which a program ended Python itself.
    """
    console.prepare()
    parser = _parser()
    asked = parser.parse_args(words)
    streams = sys.stdout, sys.stderr
    screen, told = (Screen(console.own(stream)) for stream in streams)
    light()
    standing = standing or Standing()
    with _heard(screen, standing), contextlib.redirect_stdout(io.StringIO()):
        try:
            return _main(asked, parser.prog, screen, standing)
        except (NoFile, FileNotFoundError, NotInstalled, Unreadable, Unusable) as error:
            told.say(f"{parser.prog}: {error}")
            return 2
        except Exception as error:
            told.say(f"{parser.prog}: {fault(error)}")
            return 2
        except KeyboardInterrupt as error:
            screen.say(f"\n{error}" if isinstance(error, Interrupted) else "\nInterrupted.")
            return INTERRUPTED
        finally:
            screen.close(unless=streams)
            told.close(unless=streams)


def _main(asked: argparse.Namespace, prog: str, screen: Screen, standing: Standing) -> int:
    path = file_named(asked.file)
    lab = lab_of(path)
    for name in (asked.exercise, asked.hint or None):
        if name is not None and name not in lab.exercises:
            print(f"{prog}: {name} is none of {', '.join(lab.exercises)}", file=sys.stderr)
            return 2
    if asked.pictures:
        return pictured(path, lab, screen)
    if asked.watch:
        return watch(path, lab, asked.exercise, screen, standing)
    made = ran(path, list(lab.exercises), lab.given)
    for line in notes(made, lab.exercises):
        screen.say(line)
    found = results(made, lab.exercises, standing)
    if asked.hint is None and asked.exercise is None:
        status = screen.all_of(found, lab.exercises, standing)
        if status == 0:
            screen.end(end_of(lab.exercises, lab.record, path.name))
        return status
    if asked.exercise is not None and asked.hint is None:
        (checked,) = results(made, lab.exercises, standing, names=[asked.exercise])
        screen.message(checked)
        return 0 if checked.outcome == "right" else 1
    checked = _hinted(asked.hint, found)
    screen.hint(checked, 1 + asked.more)
    if not asked.more and has_more(checked):
        screen.say(f"\n  For what is wrong: --hint {checked.exercise.name} --more")
    return 0 if checked.outcome == "right" else 1


def _hinted(name: str, found: Iterator[Checked]) -> Checked:
    """The result that a hint is for: that of a name, else the first that is not right."""
    first = None
    for checked in found:
        first = first or checked
        if checked.exercise.name == name or (not name and checked.outcome != "right"):
            return checked
    assert first is not None
    return first


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
    watch = "check what changed at each save; keys: h hint, n next, p previous, l list, q quit"
    parser.add_argument("--watch", action="store_true", help=watch)
    pictures = "save the pictures of the lab, drawn with your functions, in the folder pictures/"
    parser.add_argument("--pictures", action="store_true", help=pictures)
    return parser


@contextlib.contextmanager
def _heard(screen: Screen, standing: Standing) -> Iterator[None]:
    """Inside, a first Ctrl-C interrupts, a second one ends at once; threads fail quietly.

    Where there is a supervisor, that one counts.
    """
    before = threading.excepthook
    threading.excepthook = lambda _: None
    own = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(standing.interrupt) if own else None
    pressed: list[bool] = []

    def press(*_: Any) -> None:
        if pressed and not standing.supervised:
            screen.at_once("\nInterrupted twice: ended at once.\n")
            os._exit(INTERRUPTED)
        pressed.append(True)
        raise KeyboardInterrupt

    if own:
        signal.signal(standing.interrupt, press)
    try:
        yield
    finally:
        threading.excepthook = before
        if own:
            signal.signal(standing.interrupt, handler)


__all__ = ["check_file", "main"]

if __name__ == "__main__":
    sys.exit(main())
