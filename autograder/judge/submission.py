"""A student's file, .ipynb or .py, as cells of Python; whatever it is, never an exception."""

from __future__ import annotations

import ast
import json
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autograder.labcheck.forbidden import parsed

MAX_SIZE = 20 * 2**20
MAX_CELLS = 2000
MAX_CODE = 2**18
"""Characters of Python in a submission; reading them costs the judge 500 times the memory."""
MAX_MAGIC = 100
MAX_READING = 4 * 2**20
"""Characters that are read at most, again and again, to find the magics of one cell."""
LARGE = 2**14
"""Characters of a cell whose syntax tree is not kept beside those of other submissions."""
MARKER = re.compile(r"^# *%%(?P<rest>.*)$")
CELL_MAGIC = re.compile(r"^\s*%%(?P<name>\w+)")
MAGIC = re.compile(
    r"^\s*(?:[%!]|[\w.,][\w., ]*=\s*[%!]\S|\?{1,2}[%!\w.]|[%\w.\[\]'\"]+\?{1,2}\s*$)"
)
LINE_END = re.compile(r"\r\n|\r|\n")
PYTHON_CELLS = {"time", "timeit", "capture", "prun", "python", "python3"}
KINDS = ("code", "markdown", "raw")
CHECK = "check-"
"""What the id of a check cell begins with; the rest is the exercise's name."""
READ_FAILS = (ValueError, RecursionError, TypeError, AttributeError, KeyError, MemoryError)


@dataclass(frozen=True)
class Cell:
    """Python that runs as one piece.  file and offset: where its lines stand for the student.

    defines: the names of the functions and classes that it defines at its top level.  extra: a
    demo or check cell of the release, to be run only if it defines what is asked for.
    """

    source: str
    file: str
    offset: int
    defines: frozenset[str]
    extra: bool = False


@dataclass(frozen=True)
class Part:
    """A cell of a notebook as it was handed in.  grade_id, id: what it says of itself, or ""."""

    kind: str
    source: str
    grade_id: str = ""
    id: str = ""


@dataclass(frozen=True)
class Submission:
    """One student's cells, or the reason why there are none.

    notes: what was made of the file, for the top of the report.  parts: all cells of a notebook,
    for the gradebook; empty for a .py.  files: names and texts of the student's own files that the
    program uses.  look_at: why a person should look at what was handed in, or "".
    """

    student: str
    cells: tuple[Cell, ...] = ()
    problem: str | None = None
    notes: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    look_at: str = ""

    @property
    def to_judge(self) -> Submission:
        """What is sent to where it is judged."""
        return replace(self, parts=())


def read(path: Path, student: str | None = None) -> Submission:
    """The submission in a file; a file that is none has a `problem` that says why."""
    name = path.stem if student is None else student
    try:
        raw = bytes_of(path)
    except Unreadable as error:
        return Submission(name, problem=f"unreadable submission: {error}")
    return read_bytes(raw, path.name, name)


def read_bytes(raw: bytes, filename: str, student: str) -> Submission:
    """The submission in the bytes of a file of that name."""
    name = student
    parts: tuple[Part, ...] = ()
    try:
        match Path(filename).suffix.lower():
            case ".ipynb":
                raw_cells = _raw_cells(raw)
                parts = tuple(_parts(raw_cells))
                cells, notes = _notebook(raw_cells)
            case ".py":
                cells, notes = _script(_text(raw))
            case _:
                raise Unreadable("neither a .py nor an .ipynb file")
    except (Unreadable, *READ_FAILS) as error:
        return Submission(name, problem=f"unreadable submission: {_why(error)}", parts=parts)
    return Submission(name, tuple(cells), None, tuple(notes), parts)


class Unreadable(Exception):  # noqa: N818 - a reason
    """Why a file is no submission."""


def _why(error: Exception) -> str:
    if isinstance(error, Unreadable):
        return str(error)
    if isinstance(error, UnicodeError):
        return "it is not text"
    if isinstance(error, json.JSONDecodeError):
        return f"it is not a notebook: no JSON from line {error.lineno} on"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return type(error).__name__


def bytes_of(path: Path) -> bytes:
    """What an ordinary file of at most 20 MB holds, no link followed.  Raises Unreadable."""
    try:
        with open(path, "rb", opener=_opened) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Unreadable("it is not an ordinary file")
            raw = file.read(MAX_SIZE + 1)
    except IsADirectoryError:
        raise Unreadable("it is a folder") from None
    except OSError as error:
        if path.is_symlink():
            raise Unreadable("it is a symbolic link") from None
        raise Unreadable((error.strerror or "it cannot be read").lower()) from None
    if len(raw) > MAX_SIZE:
        raise Unreadable("it is larger than 20 MB")
    return raw


def _opened(path: str, flags: int) -> int:
    """A handle that follows no link and waits for nobody at the other end of a pipe."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _text(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16")
    if b"\0" in raw:
        raise Unreadable("it is not text")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _script(text: str) -> tuple[list[Cell], list[str]]:
    """Split at ``# %%`` markers only; without any, the file is one cell."""
    blocks: list[tuple[str, int, list[str]]] = [("", 0, [])]
    for place, line in enumerate(LINE_END.split(text)):
        marker = MARKER.match(line)
        if marker:
            blocks.append((marker["rest"], place + 1, []))
        else:
            blocks[-1][2].append(line)
    return _cells(
        [
            ("\n".join(lines), "submission.py", offset, 'active="ipynb"' in rest)
            for rest, offset, lines in blocks
            if "[markdown]" not in rest and "[raw]" not in rest
        ]
    )


def _raw_cells(raw: bytes) -> list[Any]:
    data = json.loads(_text(raw))
    if not isinstance(data, dict):
        raise Unreadable("it is not a notebook")
    cells, sheets = data.get("cells"), data.get("worksheets")
    if not isinstance(cells, list) and isinstance(sheets, list):
        lists = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
        cells = [cell for group in lists if isinstance(group, list) for cell in group]
    if not isinstance(cells, list):
        raise Unreadable("it is not a notebook: it has no cells")
    return cells


def _parts(raw_cells: list[Any]) -> Iterator[Part]:
    for cell in raw_cells:
        if isinstance(cell, dict) and cell.get("cell_type") in KINDS:
            name = cell.get("id")
            yield Part(
                cell["cell_type"],
                _source(cell).encode("utf-8", "backslashreplace").decode("utf-8"),
                _grade_id(cell),
                name if isinstance(name, str) else "",
            )


def _notebook(raw_cells: list[Any]) -> tuple[list[Cell], list[str]]:
    return _cells(
        [
            (_source(cell), f"cell {number}", 0, _extra(cell))
            for number, cell in enumerate(raw_cells, 1)
            if isinstance(cell, dict) and cell.get("cell_type") == "code"
        ]
    )


def _source(cell: dict[str, Any]) -> str:
    """The text of a cell; empty where there is none."""
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    return source if isinstance(source, str) else ""


def _extra(cell: dict[str, Any]) -> bool:
    """Check cells and demo cells, by the metadata that the release gave them."""
    tags = _inner(cell, "metadata").get("tags")
    demo = isinstance(tags, list) and "demo" in tags
    return demo or _grade_id(cell).startswith(CHECK)


def _grade_id(cell: dict[str, Any]) -> str:
    """The id that nbgrader knows a cell by; empty where it says none."""
    name = _inner(_inner(cell, "metadata"), "nbgrader").get("grade_id")
    return name if isinstance(name, str) else ""


def _inner(data: dict[str, Any], key: str) -> dict[str, Any]:
    """The dict under a key; an empty one where there is none."""
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def _cells(sources: list[tuple[str, str, int, bool]]) -> tuple[list[Cell], list[str]]:
    """The cells, each from its source, file, offset and whether it is extra; and notes on them."""
    cells: list[Cell] = []
    notes: list[str] = []
    sizes = [len(source) for source, *_ in sources]
    if sum(sizes) > MAX_CODE:
        raise Unreadable(f"it holds more than {MAX_CODE // 2**10} KB of Python")
    if max(sizes, default=0) > LARGE:
        parsed.cache_clear()
    for source, file, offset, extra in sources:
        if not source.strip():
            continue
        if len(cells) == MAX_CELLS:
            notes.insert(0, f"only the first {MAX_CELLS} cells were read")
            break
        text, dropped = without_magic(source)
        notes += [f"{file}: left out {line.strip()[:60]!r}" for line in dropped]
        cells.append(Cell(text, file, offset, defined_in(text), extra))
    return cells, notes[:20]


def without_magic(source: str) -> tuple[str, list[str]]:
    """The source with shell and magic lines emptied, where it is no Python as it stands.

    A line goes only if Python stops at it: a line of a sum may begin with % as well.
    """
    first = CELL_MAGIC.match(source)
    if first and first["name"] not in PYTHON_CELLS:
        return "", [first[0]]
    lines = source.split("\n")
    dropped: list[str] = []
    place = _stops_at(lines)
    most = min(MAX_MAGIC, MAX_READING // (len(source) + 1))
    while place is not None and len(dropped) < most and MAGIC.match(lines[place]):
        dropped.append(lines[place])
        continued = lines[place].rstrip().endswith("\\")
        indent = lines[place][: len(lines[place]) - len(lines[place].lstrip())]
        lines[place] = f"{indent}pass"
        while continued and place + 1 < len(lines):
            place += 1
            continued = lines[place].rstrip().endswith("\\")
            lines[place] = ""
        place = _stops_at(lines)
    return ("\n".join(lines), dropped) if dropped else (source, [])


def _stops_at(lines: list[str]) -> int | None:
    """The place of the line at which Python finds that this is no Python, if it does."""
    text = "\n".join(lines)
    if parsed(text) is not None:
        return None
    try:
        ast.parse(text)
    except SyntaxError as error:
        place = (error.lineno or 0) - 1
        return place if 0 <= place < len(lines) else None
    except (ValueError, RecursionError, MemoryError, OverflowError):
        pass
    return None


def defined_in(source: str) -> frozenset[str]:
    """Names of functions and classes at the top level, by pattern where it does not parse."""
    module = parsed(source)
    if module is None:
        return frozenset(re.findall(r"^(?:async +def|def|class) +(\w+)", source, re.MULTILINE))
    return frozenset(_names(module.body))


def _names(body: Iterable[ast.AST]) -> Iterator[str]:
    """What statements bind, as far as it may be an exercise: no loop variables, no imports."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield from _names(ast.iter_child_nodes(node))
