"""``--watch``: what changed is checked at each save; keys move on, list, and ask for hints."""

from __future__ import annotations

import ast
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .filing import Lab, NoFile, notes, read_cells, results, run_cells
from .finish import end_of
from .forbidden import parsed
from .keys import key
from .reading import Cell, Unreadable, own_files, whole_source
from .run import Checked
from .supervisor import Standing
from .terminal import Screen, first_not_right

EVERY = 0.2
"""Seconds between two looks at the file."""
KEYS = "h hint   n next   p previous   l list   q quit"

Stamp = tuple[tuple[str, int, int], ...]


def watch(path: Path, lab: Lab, only: str | None, screen: Screen, standing: Standing) -> int:
    """Check at each save until all is right or somebody leaves; the exit status.

    only: the one exercise to look at.
    """
    keyed = f"Keys: {KEYS}." if screen.is_terminal else "Ctrl-C ends it."
    screen.say(f"Watching {path.name}. {keyed}")
    watching = Watching(path, lab, only, screen, standing)
    try:
        watching.look()
        while not watching.done and (pressed := watching.next_key()) != "q":
            watching.press(pressed)
    except KeyboardInterrupt:
        screen.say()
    return 0 if watching.done else 1


@dataclass
class Watching:
    """What was seen of a file at the last look, and which exercise is in view.

    chosen: the one that keys led to.  asked: how many hints were asked for it since it last
    changed.  helped: how many in all.
    """

    path: Path
    lab: Lab
    only: str | None
    screen: Screen
    standing: Standing
    checked: dict[str, Checked] = field(default_factory=dict)
    before: dict[str, str] = field(default_factory=dict)
    stamp: Stamp = ()
    chosen: str | None = None
    asked: dict[str, int] = field(default_factory=dict)
    helped: Counter[str] = field(default_factory=Counter)

    @property
    def done(self) -> bool:
        """Whether all that is looked at is right."""
        return bool(self.checked) and all(
            name in self.checked and self.checked[name].outcome == "right" for name in self.names
        )

    @property
    def names(self) -> list[str]:
        """The exercises that are looked at."""
        return [self.only] if self.only else list(self.lab.exercises)

    def next_key(self) -> str:
        """The next key; a look at the file whenever it was saved."""
        while True:
            if pressed := key(EVERY):
                return pressed
            self.standing.waits()
            now = _stamp(self.path)
            if now != self.stamp and now:
                self.look()
                if self.done:
                    return ""

    def look(self) -> None:
        """Read the file, run it, and check again what is no longer as it was."""
        helpers, self.stamp = self.stamp[1:], _stamp(self.path)
        if helpers != self.stamp[1:]:
            self.before = {}
        try:
            cells, files = read_cells(self.path, self.lab.given)
        except (NoFile, Unreadable) as error:
            self.screen.say(f"{self.path.name}: {error}")
            return
        now = pieces(cells, files)
        touched = affected(self.before, now, cells, files, self.names)
        todo = [name for name in self.names if name in touched or name not in self.checked]
        for name in todo if self.checked else ():
            self.standing.again(name)
            self.asked.pop(name, None)
        self._check(cells, files, todo)
        self.before = now

    def _check(self, cells: tuple[Cell, ...], files: Mapping[str, str], todo: list[str]) -> None:
        if not todo:
            return
        self.standing.at("")
        made = run_cells(self.path, (cells, files), list(self.lab.exercises))
        self.screen.clear()
        self.screen.say(f"{time.strftime('%H:%M:%S')} {self.path.name}")
        for line in notes(made, self.lab.exercises):
            self.screen.say(line)
        known = {name: one for name, one in self.checked.items() if name not in todo}
        shown = results(made, self.lab.exercises, self.standing, todo, known)
        for name in self.names:
            if name in todo:
                self.checked[name] = next(shown)
            self.screen.line(self.checked[name], max(map(len, self.names)))
        first = first_not_right({name: self.checked[name] for name in self.names})
        if self.chosen is None or self.checked[self.chosen].outcome == "right":
            self.chosen = first.exercise.name if first else None
        self.view()
        if self.done and self.only:
            self.screen.say(f"\n{self.only} is right.")
        elif self.done:
            lab = self.lab
            self.screen.end(end_of(lab.exercises, lab.record, self.path.name, self.helped))

    def view(self) -> None:
        """What was found out about the exercise in view, and how far the lab is."""
        self.screen.say()
        if self.chosen is not None:
            keyed = "the key h" if self.screen.is_terminal else ""
            self.screen.message(self.checked[self.chosen], keyed)
            self.screen.say()
        self.screen.progress(self.lab.exercises, self.checked)
        if self.screen.is_terminal and not self.done:
            self.screen.say(f"\n{KEYS}")

    def press(self, pressed: str) -> None:
        """Do what a key is for."""
        if pressed in ("n", "p") and self.chosen is not None:
            step = 1 if pressed == "n" else -1
            at = (self.names.index(self.chosen) + step) % len(self.names)
            self.chosen = self.names[at]
            self.screen.clear()
            self.view()
        elif pressed == "h" and self.chosen is not None:
            step = self.asked[self.chosen] = self.asked.get(self.chosen, 0) + 1
            self.helped[self.chosen] += 1
            self.screen.say()
            self.screen.hint(self.checked[self.chosen], step)
        elif pressed == "l":
            self.screen.clear()
            for name in self.names:
                self.screen.line(self.checked[name], max(map(len, self.names)))
            self.view()


# -- what changed --------------------------------------------------------------------------------


def pieces(cells: tuple[Cell, ...], files: Mapping[str, str]) -> dict[str, str]:
    """The code of each function and class of a file by name, and under "" that of all the rest."""
    found, rest = dict[str, str](), list[str]()
    for cell in cells:
        module = parsed(cell.source)
        if module is None:
            for name in cell.defines:
                found[name] = cell.source
            continue
        for node in module.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found[node.name] = found.get(node.name, "") + ast.dump(node)
            else:
                rest.append(ast.dump(node))
    found[""] = "\n".join([*rest, *map(str, files.items())])
    return found


def affected(
    before: Mapping[str, str],
    now: Mapping[str, str],
    cells: tuple[Cell, ...],
    files: Mapping[str, str],
    names: list[str],
) -> set[str]:
    """The exercises whose code, or that of what they use, is no longer as it was."""
    changed = {name for name in {*before, *now} if before.get(name) != now.get(name)}
    if "" in changed:
        return set(names)
    if not changed:
        return set()
    source = whole_source([cell.source for cell in cells], own_files(files.items()))
    return {name for name in names if changed & ({name} | source.reachable(name))}


def _stamp(path: Path) -> Stamp:
    """When the file, and the Python files beside it, were saved; empty while it is not there."""
    try:
        own = path.stat()
        beside = sorted(_others(path))
    except OSError:
        return ()
    return (path.name, own.st_mtime_ns, own.st_size), *beside


def _others(path: Path) -> Iterator[tuple[str, int, int]]:
    for other in path.absolute().parent.glob("*.py"):
        if other.name != path.name:
            status = other.stat()
            yield other.name, status.st_mtime_ns, status.st_size
