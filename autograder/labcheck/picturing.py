"""The pictures of a lab as files, for who works in an editor: drawn with one's own functions."""

from __future__ import annotations

import contextlib
import importlib
import io
import re
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import clock
from .explain import room
from .filing import Lab, ran
from .forbidden import bound_names
from .guessing import Guesses
from .needed import need
from .playing import at_start
from .terminal import Screen

DEMO = "demo-"
"""What the id of a cell with a picture begins with."""
ABOUT = re.compile(r"^[ \t]*reveal\(\s*[\"']([\w-]+)[\"']", re.MULTILINE)
SECONDS = 300.0
"""A picture may take as long as a training."""


def pictured(path: Path, lab: Lab, screen: Screen) -> int:
    """Save the pictures of a lab beside a file, and say of each where it is; 0 if all are there.

    Raises NotInstalled where Matplotlib is missing.
    """
    need("matplotlib")
    importlib.import_module("matplotlib.pyplot").switch_backend("Agg")
    made = ran(path, list(lab.exercises), lab.given)
    code = lab.given.code if lab.given is not None else {}
    cells = [text for name, text in code.items() if name.startswith(DEMO)]
    drawing = Drawing(path.parent / "pictures" / path.stem, vars(made.module), screen)
    with drawing.ready():
        done = [drawing.draw(cell) for cell in cells]
    return 0 if all(done) else 1


class Indented(io.TextIOBase):
    """What a cell prints, on the screen line by line."""

    def __init__(self, screen: Screen) -> None:
        self._screen, self._begun = screen, ""

    def write(self, text: str) -> int:
        """Show the lines that are whole."""
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            self._screen.say(f"    {line}")
        return len(text)


class Drawing:
    """Runs cells with pictures one by one, in the names of a program."""

    def __init__(self, folder: Path, space: dict[str, Any], screen: Screen) -> None:
        self._folder, self._space, self._screen = folder, dict(space), screen
        self._plots: Any = importlib.import_module("matplotlib.pyplot")
        self._waiting: dict[str, str] = {}
        self._guesses = Guesses()
        self._count, self._about = 0, ""

    @contextlib.contextmanager
    def ready(self) -> Iterator[None]:
        """While it lasts, showing a picture saves it; the names of a notebook are there."""
        before = self._plots.show
        self._plots.show = self._save
        self._space |= {
            "guess": lambda *_, **__: None,
            "play": lambda draw, **settings: draw(**{k: at_start(v) for k, v in settings.items()}),
            "reveal": self._reveal,
        }
        try:
            yield
        finally:
            self._plots.show = before

    def draw(self, text: str) -> bool:
        """Run one cell; whether it came to its end."""
        found = ABOUT.search(text)
        self._about = found[1] if found else ""
        printed = Indented(self._screen)
        try:
            with contextlib.redirect_stdout(printed), clock.limited(SECONDS):
                exec(compile(text, "<picture>", "exec"), self._space)
            why = ""
        except (Exception, clock.TimeUp) as error:
            why = self._why(error)
            if isinstance(error, NotImplementedError | NameError):
                self._waiting |= dict.fromkeys(bound_names(text), why)
        self._plots.close("all")
        if why:
            self._screen.say(f"✗ {self._named()}: {why}")
        return not why

    def _why(self, error: BaseException) -> str:
        frames = traceback.extract_tb(error.__traceback__)
        if isinstance(error, NotImplementedError):
            return f"it needs {frames[-1].name}, which is not written yet"
        if isinstance(error, NameError) and error.name in self._waiting:
            return self._waiting[error.name]
        if isinstance(error, clock.TimeUp):
            return f"it took longer than {SECONDS:g} seconds"
        below = [frame.name for frame in frames[1:] if frame.filename != "<picture>"]
        where = f" in {below[0]}" if below else ""
        return f"{type(error).__name__}{where}: {error}".split("\n")[0]

    def _named(self) -> str:
        return self._about or "a picture"

    def _save(self, *_: Any, **__: Any) -> None:
        for number in self._plots.get_fignums():
            self._count += 1
            about = f"-{self._about}" if self._about else ""
            file = self._folder / f"{self._count:02}{about}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            self._plots.figure(number).savefig(file)
            shown = Path(*file.parts[-3:])
            self._screen.say(f"✓ {shown}")
        self._plots.close("all")

    def _reveal(self, about: str, truth: Any, *words: Any, **more: Any) -> None:
        message = self._guesses.revealed(about, truth, *words, **more)
        _, _, told = message.text(room()).partition("\n\n")
        self._screen.say(told)
