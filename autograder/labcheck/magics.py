"""A cell as IPython reads it, turned into plain Python, each line where it was.

What IPython makes of prompts, magics and shell lines is found by its own transformer, one step at
a time and bounded.  Python around which a magic only measures stays as the Python that it is; what
else a magic does is left out, but for files that are written and run.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .forbidden import parsed

MAX_MAGIC = 100
"""Magics of one cell that are read; each is looked for from the top."""
LONGEST = 1000
"""Characters of the name of a file that is written, and of an option."""
MAX_READING = 2**19
"""Characters that are read at most, again and again, to find the magics of a whole file."""
_AROUND = (
    "time timeit capture prun debug memit mprun lprun python python3 pypy heat snakeviz px local "
    "scalene profile wandb pyinstrument"
)
AROUND_PYTHON = frozenset(_AROUND.split())
"""Cell magics whose body runs as the Python that it is, and line magics whose rest does."""
_SILENT = (
    "matplotlib load_ext reload_ext autoreload aimport config pylab precision cd pwd clear cls "
    "reset who whos who_ls env set_env history hist pdb xmode colors doctest_mode logstart "
    "tensorboard pinfo pinfo2 psource pdoc pfile alias automagic notebook"
)
SILENT = frozenset(_SILENT.split())
"""Line magics that nobody misses where programs are graded."""
AUTOMAGIC = re.compile(
    r"[ \t]*(?:pip3?|conda|mamba|uv|apt|apt-get|cd|clear|cls|ls|ll|dir|mkdir|rmdir|rm|cp|mv|cat|"
    r"echo|git|wget|curl|unzip|matplotlib|load_ext|reload_ext|autoreload|config|run|time|timeit|"
    r"memit|pinfo|who|whos|env)[ \t]+[^\s=.(\[,:+*/|&<>-]\S*|[ \t]*(?:apt|apt-get)[ \t]"
)
"""Lines that IPython takes for magics without a sign before them, where they are no Python."""
CELL_MAGIC = re.compile(r"%%(?P<name>\w+)(?P<rest>[^\n]*)")
WRITTEN = re.compile(r"[ \t]*(?P<append>-a[ \t]+)?[\"']?(?P<name>[^\"']+?)[\"']?[ \t]*$")
OPTIONS = re.compile(r"(?:-{1,2}[A-Za-z]\w*(?:[= \t]*[\d.]+)?|-[fsTDl][ \t]+\S+)[ \t]+")
"""Options before the statement of %time and its like; with its value where that is a number."""
PYLAB = (
    "import numpy; from numpy import *; import numpy as np; from matplotlib import pyplot as plt"
)
SHELL = "get_ipython"


@dataclass(frozen=True)
class Plain:
    """What a cell is in Python.

    left_out: lines that were taken out, as they stood.  written: (name, text, whether it is added)
    of files that the cell writes.
    """

    source: str
    left_out: tuple[str, ...] = ()
    written: tuple[tuple[str, str, bool], ...] = ()


@dataclass
class Room:
    """How many characters may still be read in search of magics."""

    left: int = MAX_READING

    def take(self, size: int) -> bool:
        """Whether a text of this size may be read once more."""
        self.left -= size
        return self.left >= 0


def plain(source: str, room: Room | None = None, deep: int = 0) -> Plain:
    """The cell in plain Python; where IPython makes none of it, as it stands."""
    room = room or Room()
    if parsed(source) is not None:
        return _without_calls(source, ()) if SHELL in source else Plain(source)
    lines = _without_prompts(source)
    head = next(
        (at for at, line in enumerate(lines) if line.strip() and not line.startswith("#")), 0
    )
    magic = CELL_MAGIC.match(lines[head]) if lines else None
    if magic is not None and deep < 5:
        return _of_cell_magic(lines, head, magic["name"], magic["rest"], room, deep)
    text, left_out = _translated(lines, room)
    return _without_calls(text, left_out)


def _without_prompts(source: str) -> list[str]:
    """The lines, common indentation and prompts taken off by IPython's own functions."""
    lines = [f"{line}\n" for line in source.split("\n")]
    blank = next((at for at, line in enumerate(lines) if line.strip()), len(lines))
    try:
        from IPython.core import inputtransformer2 as ipython
    except ImportError:
        return lines
    stripped = lines[blank:]
    for step in (ipython.leading_indent, ipython.classic_prompt, ipython.ipython_prompt):
        tried: list[str] = step(stripped)  # type: ignore[no-untyped-call]
        if len(tried) == len(stripped):
            stripped = tried
    return ["\n"] * blank + stripped


def _of_cell_magic(
    lines: list[str], head: int, name: str, rest: str, room: Room, deep: int
) -> Plain:
    """A cell under a cell magic: its body, a file that it writes, or nothing."""
    body = "".join(lines[head + 1 :]).removesuffix("\n")
    if name in AROUND_PYTHON:
        above = "\n" * (head + 1)
        inner = plain(body, room, deep + 1)
        return Plain(above + inner.source, inner.left_out, inner.written)
    told = lines[head].strip()
    named = WRITTEN.fullmatch(rest) if len(rest) <= LONGEST else None
    if name in ("writefile", "file") and named:
        return Plain("", (), ((named["name"], f"{body}\n", bool(named["append"])),))
    return Plain("", (told,))


def _translated(lines: list[str], room: Room) -> tuple[str, tuple[str, ...]]:
    """The lines with magics as calls, by IPython's transformer; and which lines these were."""
    try:
        from IPython.core.inputtransformer2 import TransformerManager
    except ImportError:
        return "".join(lines).removesuffix("\n"), ()
    one_step = TransformerManager().do_one_token_transform  # type: ignore[no-untyped-call]
    found: list[str] = []
    size = sum(map(_reading, lines))
    for _ in range(MAX_MAGIC):
        place = _stops_at(lines)
        if place is None or not room.take(size):
            break
        if AUTOMAGIC.match(lines[place]):
            indent = len(lines[place]) - len(lines[place].lstrip())
            lines = [*lines]
            lines[place] = f"{lines[place][:indent]}%{lines[place][indent:]}"
        changed, new = _tried(one_step, lines)
        if not changed:
            break
        pairs = enumerate(zip(lines, new, strict=False))
        at = next((at for at, (old, made) in pairs if old != made), 0)
        found.append(lines[at].strip())
        lines = [*new[: at + 1], *["\n"] * (len(lines) - len(new)), *new[at + 1 :]]
    return "".join(lines).removesuffix("\n"), tuple(found)


def _reading(line: str) -> int:
    """What reading a line costs; IPython's reader looks for an end behind each of its quotes."""
    return len(line) * (1 + (line.count("'") + line.count('"')) // 50)


def _tried(one_step: Any, lines: list[str]) -> tuple[bool, list[str]]:
    """One transformation; none where IPython itself stumbles over the text."""
    try:
        changed, new = one_step(lines)
    except (SyntaxError, ValueError, IndexError, RecursionError, RuntimeError):
        return False, lines
    return bool(changed) and len(new) <= len(lines), new


def _stops_at(lines: list[str]) -> int | None:
    """The place of the line at which Python finds that this is no Python, if it does."""
    text = "".join(lines)
    if parsed(text) is not None:
        return None
    try:
        ast.parse(text)
    except SyntaxError as error:
        return min(max((error.lineno or 1) - 1, 0), len(lines) - 1)
    except (ValueError, RecursionError, MemoryError, OverflowError):
        pass
    return None


# -- calls of the shell --------------------------------------------------------------------------


@dataclass
class _Edits:
    """Pieces of a text that are replaced: (line, first, line, last column in bytes, new text)."""

    left_out: list[str] = field(default_factory=list)
    written: list[tuple[str, str, bool]] = field(default_factory=list)
    pieces: list[tuple[int, int, int, int, str]] = field(default_factory=list)


def _without_calls(source: str, left_out: tuple[str, ...]) -> Plain:
    """The text with statements that only ask IPython for something as the Python behind them.

    left_out: the lines that IPython's transformer has found, as they stood.
    """
    module = parsed(source)
    if module is None:
        return Plain(source, left_out)
    edits = _Edits()
    for statement, method, told in _asked(module):
        new = _replacement(method, told, edits)
        if new is not None:
            ends = (statement.end_lineno or statement.lineno, statement.end_col_offset or 0)
            edits.pieces.append((statement.lineno, statement.col_offset, *ends, new))
    text = _edited(source, edits.pieces)
    kept = [line for line in left_out if not _is_silent(line)]
    shown = kept if left_out else edits.left_out
    return Plain(text, tuple(shown), tuple(edits.written))


def _is_silent(line: str) -> bool:
    word = re.match(r"\W*(\w+)", line)
    help_line = line.startswith("?") or line.endswith("?")
    return help_line or (word is not None and word[1] in SILENT | AROUND_PYTHON | {"run"})


def _asked(module: ast.Module) -> Iterator[tuple[ast.Expr, str, list[str]]]:
    """Statements ``get_ipython().method("text", …)``, wherever they stand."""
    for node in ast.walk(module):
        match node:
            case ast.Expr(
                value=ast.Call(
                    func=ast.Attribute(
                        value=ast.Call(func=ast.Name(id="get_ipython"), args=[]), attr=method
                    ),
                    args=arguments,
                )
            ):
                texts = [
                    argument.value
                    for argument in arguments
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
                ]
                if len(texts) == len(arguments):
                    yield node, method, texts


def _replacement(method: str, told: list[str], edits: _Edits) -> str | None:
    """The Python in place of one such statement; None: it stays."""
    match method, told:
        case (("run_line_magic" | "magic"), [str(name), *rest]):
            name, _, more = (
                name.partition(" ") if method == "magic" else (name, "", rest[0] if rest else "")
            )
            return _line_magic(name, more, edits)
        case "run_cell_magic", [name, rest, body]:
            inner = plain(f"%%{name} {rest}\n{body}", None, 1)
            edits.left_out += inner.left_out
            edits.written += inner.written
            return inner.source.strip("\n") or "pass"
        case (("system" | "getoutput" | "ex" | "run_cell"), [text]):
            edits.left_out.append(f"!{text}" if method in ("system", "getoutput") else text)
            return "pass"
    return None


def _line_magic(name: str, rest: str, edits: _Edits) -> str | None:
    if name == "run":
        return None
    if name == "pylab":
        return PYLAB
    if name in AROUND_PYTHON:
        code, at = rest.strip(), 0
        while option := OPTIONS.match(code, at, at + LONGEST):
            at = option.end()
        code = code[at:]
        if code and "\n" not in code and parsed(code) is not None:
            return code
    elif name not in SILENT:
        edits.left_out.append(f"%{name} {rest}".strip())
    return "pass"


def _edited(source: str, pieces: list[tuple[int, int, int, int, str]]) -> str:
    """The text with pieces replaced, from the last to the first; places count bytes."""
    lines = source.split("\n")
    for first, start, last, end, new in sorted(pieces, reverse=True):
        before = lines[first - 1].encode()[:start].decode()
        after = lines[last - 1].encode()[end:].decode()
        indented = new.replace("\n", f"\n{before}") if not before.strip() else new
        filler = "\n" * max(0, last - first - indented.count("\n"))
        lines[first - 1 : last] = f"{before}{indented}{after}{filler}".split("\n")
    return "\n".join(lines)
