"""A student's file, .ipynb or .py, as cells of plain Python: for the grader and for labcheck.

bytes → text → parts as they stand → released cells restored → cells as IPython reads them.
Whatever the file is, nothing is raised but Unreadable.
"""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from .bounds import too_much_json, with_short_runs, without_comments
from .forbidden import Source, Statement, bound_names, parsed
from .magics import Plain, Room, plain
from .nodes import children, walk

MAX_SIZE = 20 * 2**20
MAX_CELLS = 2000
MAX_CODE = 2**18
"""Characters of Python in a submission; reading them takes 500 times the memory."""
MAX_SHOWN = 2**21
"""Characters of a hand-in's other cells that are kept, to be shown to people."""
MAX_NAME = 200
"""Characters of the id of a cell."""
MARKER = re.compile(r"^# *%%(?P<rest>.*)$")
COLAB = "# Commented out IPython magic to ensure Python compatibility."
LINE_END = re.compile(r"\r\n|\r|\n")
KINDS = ("code", "markdown", "raw")
SETUP = "labcheck"
"""The id of the released cell that imports labcheck."""
CHECK = "check-"
"""What the id of a check cell begins with; the rest is the exercise's name."""
READ_FAILS = (ValueError, RecursionError, TypeError, AttributeError, KeyError, MemoryError)
DEFINITION = re.compile(r"(?:async[ \t]+def|def|class|@)[ \t]*\w")


class Unreadable(Exception):  # noqa: N818 - a reason
    """Why a file is no submission."""


@dataclass(frozen=True)
class Part:
    """A piece of a file as it was handed in.

    grade_id, id: what it says of itself, or "".  demo: it says that it is a demo of the release.
    file, offset: where its lines stand for the student.
    """

    kind: str
    source: str
    grade_id: str = ""
    id: str = ""
    demo: bool = False
    file: str = ""
    offset: int = 0


@dataclass(frozen=True)
class Cell:
    """Python that runs as one piece.  file and offset: where its lines stand for the student.

    defines: the names of the functions and classes that it defines at its top level.  extra: of a
    demo or check cell, to be run only as far as the exercises need what it defines.
    """

    source: str
    file: str
    offset: int
    defines: frozenset[str]
    extra: bool = False


@dataclass(frozen=True)
class Given:
    """What was handed out of a lab.

    exercises: the ids of the cells in which students write.  code: the code cells beside them by
    id, each its text.  run: ids of those that are run in any case: locked, and no demo or check.
    """

    exercises: tuple[str, ...]
    code: Mapping[str, str]
    run: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """For visible.json."""
        return {"code": dict(self.code), "run": list(self.run)}


@dataclass(frozen=True)
class Read:
    """A file that was read: its parts, its cells, what was left out, and files that it writes."""

    parts: tuple[Part, ...] = ()
    cells: tuple[Cell, ...] = ()
    notes: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()


def read_file(raw: bytes, filename: str, given: Given | None = None) -> Read:
    """The cells in the bytes of a file of that name.  Raises Unreadable."""
    parts: tuple[Part, ...] = ()
    if len(raw) > MAX_SIZE:
        raise Unreadable("it is larger than 20 MB")
    try:
        match Path(filename).suffix.lower():
            case ".ipynb":
                parts = tuple(parts_of_notebook(raw))
                return _read(parts, given)
            case ".py":
                found = tuple(parts_of_script(text_of(raw, script=True)))
                return replace(_read(found, given), parts=())
    except READ_FAILS as error:
        raise Unreadable(_why(error)) from error
    raise Unreadable("neither a .py nor an .ipynb file")


def _why(error: Exception) -> str:
    if isinstance(error, UnicodeError):
        return "it is not text"
    if isinstance(error, json.JSONDecodeError):
        return f"it is not a notebook: no JSON from line {error.lineno} on"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return type(error).__name__


# -- bytes → parts -------------------------------------------------------------------------------


def text_of(raw: bytes, script: bool = False) -> str:
    """The text of a file in the encodings in which editors save; script: it may name its own."""
    for mark, name in ((b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32")):
        if raw.startswith(mark):
            return raw.decode(name)
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16")
    if b"\0" in raw:
        return _wide(raw)
    for encoding in (_declared(raw) if script else "utf-8", "utf-8"):
        try:
            return raw.decode(encoding).removeprefix("\ufeff")
        except (UnicodeDecodeError, LookupError):
            continue
    return raw.decode("cp1252", "replace")


def _wide(raw: bytes) -> str:
    """UTF-16 without a mark, which has a zero in every other byte of Western text."""
    for encoding, zeros in (("utf-16-le", raw[1::2]), ("utf-16-be", raw[0::2])):
        if len(raw) % 2 == 0 and zeros.count(0) > 0.9 * len(zeros):
            return raw.decode(encoding)
    raise Unreadable("it is not text")


def _declared(raw: bytes) -> str:
    """The encoding that a script names in its first two lines; UTF-8 where it names none."""
    try:
        name, _ = tokenize.detect_encoding(io.BytesIO(raw[:400]).readline)
    except (SyntaxError, UnicodeError):
        return "utf-8"
    return name


def parts_of_script(text: str) -> Iterator[Part]:
    """Split at ``# %%`` markers only; without any, the file is one part."""
    kind, rest, offset, lines = "code", "", 0, list[str]()
    for place, line in enumerate(_out_of_colab(LINE_END.split(text))):
        marker = MARKER.match(line)
        if marker is None:
            lines.append(line)
            continue
        yield _of_script(kind, rest, offset, lines)
        rest, offset, lines = marker["rest"], place + 1, []
        kind = "markdown" if "[markdown]" in rest or "[md]" in rest else "code"
        kind = "raw" if "[raw]" in rest else kind
    yield _of_script(kind, rest, offset, lines)


def _of_script(kind: str, rest: str, offset: int, lines: list[str]) -> Part:
    demo = 'active="ipynb"' in rest
    return Part(kind, "\n".join(lines), demo=demo, file="submission.py", offset=offset)


def _out_of_colab(lines: list[str]) -> list[str]:
    """The lines with what Colab comments out for a download as they were in its cell."""
    made = list(lines)
    for place, line in enumerate(lines):
        if line.rstrip() != COLAB:
            continue
        made[place] = ""
        whole = lines[place + 1 : place + 2] and lines[place + 1].startswith("# %%")
        for at in range(place + 1, len(lines)):
            if not lines[at].startswith("#") or lines[at].rstrip() == COLAB:
                break
            if whole or re.match(r"# *[%!]", lines[at]):
                made[at] = lines[at][1:].removeprefix(" ")
    return made


def parts_of_notebook(raw: bytes) -> Iterator[Part]:
    """The cells of a notebook in any of nbformat's versions."""
    text = text_of(raw)
    if why := too_much_json(text):
        raise Unreadable(why)
    data = json.loads(text)
    if not isinstance(data, dict):
        raise Unreadable("it is not a notebook")
    cells, sheets = data.get("cells"), data.get("worksheets")
    if not isinstance(cells, list) and isinstance(sheets, list):
        lists = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
        cells = [cell for group in lists if isinstance(group, list) for cell in group]
    if not isinstance(cells, list):
        raise Unreadable("it is not a notebook: it has no cells")
    for number, cell in enumerate(cells, 1):
        if isinstance(cell, dict) and cell.get("cell_type") in KINDS:
            name, tags = cell.get("id"), _inner(cell, "metadata").get("tags")
            yield Part(
                cell["cell_type"],
                _source(cell),
                _grade_id(cell),
                _name(name),
                isinstance(tags, list) and "demo" in tags,
                f"cell {number}",
            )


def _source(cell: dict[str, Any]) -> str:
    """The text of a cell; empty where there is none."""
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    text = source if isinstance(source, str) else ""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _grade_id(cell: dict[str, Any]) -> str:
    """The id that nbgrader knows a cell by; empty where it says none."""
    return _name(_inner(_inner(cell, "metadata"), "nbgrader").get("grade_id"))


def _name(value: Any) -> str:
    """An id of a cell; empty for what can be none."""
    return value if isinstance(value, str) and len(value) <= MAX_NAME else ""


def _inner(data: dict[str, Any], key: str) -> dict[str, Any]:
    """The dict under a key; an empty one where there is none."""
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def given_of(notebook: bytes) -> Given:
    """What was handed out, from the released notebook."""
    data = json.loads(notebook)
    exercises, code, run = [], {}, []
    for cell in data["cells"]:
        mark = _inner(_inner(cell, "metadata"), "nbgrader")
        name = _grade_id(cell) or str(cell.get("id", ""))
        if cell["cell_type"] != "code" or not name:
            continue
        if mark.get("solution") is True:
            exercises.append(name)
            continue
        code[name] = _source(cell)
        tags = _inner(cell, "metadata").get("tags", [])
        if mark.get("locked") is True and not mark.get("grade") and "demo" not in tags:
            run.append(name)
    return Given(tuple(exercises), code, tuple(run))


# -- parts → cells -------------------------------------------------------------------------------


@dataclass
class _Made:
    """Cells as they are made of parts, notes on them, and files that they write."""

    cells: list[Cell] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    room: Room = field(default_factory=Room)

    def add(self, source: str, part: Part, extra: bool = False) -> None:
        """A cell of its own, in pieces where only some of them are Python."""
        pieces = list(_pieces(source))
        for offset, piece in pieces[: max(0, MAX_CELLS - len(self.cells))]:
            text = piece if len(pieces) == 1 else self.python(replace(part, source=piece))
            if text.strip():
                names = defined_in(text)
                self.cells.append(Cell(text, part.file, part.offset + offset, names, extra))

    def python(self, part: Part) -> str:
        """A part as IPython reads it."""
        read: Plain = plain("\n".join(LINE_END.split(part.source)), self.room)
        self.notes += [f"{part.file}: left out {line.strip()[:60]!r}" for line in read.left_out]
        for name, text, added in read.written:
            self.files[name] = self.files.get(name, "") + text if added else text
        return read.source


def _read(parts: tuple[Part, ...], given: Given | None) -> Read:
    parts = _of_little_code(tuple(map(_as_code(given), parts)))
    code = [part for part in parts if part.kind == "code"]
    made = _Made()
    code = [part for part in code if part.source.strip() or _id(part) in _ids(given)]
    if len(code) > MAX_CELLS:
        made.notes.append(f"only the first {MAX_CELLS} cells were read")
    _restore(code[:MAX_CELLS], given, made)
    shown = _to_be_shown(parts, given)
    return Read(shown, tuple(made.cells), tuple(made.notes[:20]), tuple(made.files.items()))


def _of_little_code(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The parts with Python that a parser can take: short runs of marks, and not too much of it.

    Comments count only where there is room for them.  Raises Unreadable.
    """
    if _size(parts) > MAX_CODE:
        parts = _changed(parts, without_comments)
    if _size(parts) > MAX_CODE:
        raise Unreadable(f"it holds more than {MAX_CODE // 2**10} KB of Python")
    return _changed(parts, with_short_runs)


def _size(parts: Iterable[Part]) -> int:
    return sum(len(part.source) for part in parts if part.kind == "code")


def _changed(parts: Iterable[Part], change: Callable[[str], str]) -> tuple[Part, ...]:
    """The parts with something done to their code."""
    return tuple(
        replace(part, source=text)
        if part.kind == "code" and (text := change(part.source)) is not part.source
        else part
        for part in parts
    )


def _to_be_shown(parts: Sequence[Part], given: Given | None) -> tuple[Part, ...]:
    """The parts of the release and the first others, as far as a gradebook can take them."""
    names = {*given.exercises, *given.code} if given else set[str]()
    ours = {_id(part): place for place, part in enumerate(parts) if _id(part) in names}.values()
    others = [place for place, part in enumerate(parts) if _id(part) not in names]
    if len(parts) > MAX_CELLS:
        others = [place for place in others if parts[place].source.strip()][:MAX_CELLS]
    room, shown = MAX_SHOWN, list[Part]()
    for part in map(parts.__getitem__, sorted([*ours, *others])):
        if part.kind == "code":
            shown.append(part)
        else:
            shown.append(part if len(part.source) <= room else _cut(part, room))
            room = max(0, room - len(part.source))
    return tuple(shown)


def _cut(part: Part, room: int) -> Part:
    return replace(part, source=f"{part.source[:room]} … (too long to be shown)")


def _id(part: Part) -> str:
    return part.grade_id or part.id


def _ids(given: Given | None) -> Collection[str]:
    return given.run if given else ()


def _as_code(given: Given | None) -> Any:
    """The types of an exercise's cell and of a released code cell are those of the release."""
    names = {*given.exercises, *given.code} if given else set[str]()
    return lambda part: replace(part, kind="code") if _id(part) in names else part


def _restore(code: Sequence[Part], given: Given | None, made: _Made) -> None:
    """Cells in their order; released ones as they were released, what was added after them."""
    released = dict(given.code) if given else {}
    run = set(given.run) if given else set[str]()
    here = {_id(part) for part in code}
    for name in given.run if given else ():
        if name not in here:
            made.add(released[name], Part("code", "", file="what was handed out"))
    for part in code:
        name = _id(part)
        extra = part.demo or part.grade_id.startswith(CHECK)
        text = released.pop(name, None)
        if text is None:
            made.add(made.python(part), part, extra)
            continue
        if name in run:
            made.add(text, part)
        if part.source.strip() != text.strip():
            added = _added(made.python(part), text)
            made.add(added, part, name not in run and name != SETUP)


def _added(source: str, released: str) -> str:
    """The statements that a student put into a released cell, each line where it was.

    A statement that binds what the released cell binds is as it was released.
    """
    module, known = parsed(source), parsed(plain(released).source)
    if module is None or known is None:
        return "" if source.strip() == released.strip() else source
    same = {ast.dump(statement) for statement in known.body}
    bound = bound_names(released)
    new = [
        statement
        for statement in module.body
        if ast.dump(statement) not in same and not _binds(statement) & bound
    ]
    return only(source, new)


def _binds(statement: ast.stmt) -> frozenset[str]:
    return bound_names(ast.unparse(statement))


def only(source: str, statements: Iterable[ast.stmt]) -> str:
    """The lines of some of a text's statements, in their places; the others are empty."""
    numbers: set[int] = set()
    for statement in statements:
        decorators = getattr(statement, "decorator_list", [])
        first = min(node.lineno for node in (statement, *decorators))
        numbers.update(range(first, (statement.end_lineno or first) + 1))
    lines = source.split("\n")
    return "\n".join(text if at in numbers else "" for at, text in enumerate(lines, 1))


def _pieces(source: str) -> Iterator[tuple[int, str]]:
    """(offset, text): the whole, or where it is no Python its definitions one by one.

    So a slip in one function takes no other along.
    """
    if parsed(source) is not None:
        yield 0, source
        return
    lines = source.split("\n")
    starts = [at for at, line in enumerate(lines) if DEFINITION.match(line)]
    starts = [at for at in starts if at and not lines[at - 1].startswith("@")]
    for first, last in zip([0, *starts], [*starts, len(lines)], strict=True):
        text = "\n".join(lines[first:last])
        if text.strip():
            yield first, text


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
            yield from _names(children(node))


# -- cells → what is run -------------------------------------------------------------------------


def own_files(files: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The text of each Python file among a student's own, as IPython reads it."""
    return {name: plain(text).source for name, text in files if name.endswith((".py", ".ipy"))}


def whole_source(cells: Sequence[str], files: Mapping[str, str]) -> Source:
    """The names in cells and own files.

    What imports one of the files has all of them behind it.
    """
    source = Source.of([*cells, *files.values()])
    if files:
        modules = {part for name in files for part in Path(name).with_suffix("").parts}
        behind = Statement(frozenset().union(*map(bound_names, files.values())), frozenset())
        trees = [tree for tree in map(parsed, cells) if tree]
        for name in {name for tree in trees for name in _imported_from(modules, tree)}:
            source.statements.setdefault(name, []).append(behind)
    return source


def _imported_from(modules: Collection[str], tree: ast.Module) -> Iterator[str]:
    """The names that imports of some modules bind, wherever these stand."""
    for node in walk([tree]):
        heads = []
        if isinstance(node, ast.Import):
            heads = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            heads = [node.module or ""] if not node.level else list(modules)
        if any(head.split(".")[0] in modules for head in heads):
            for alias in node.names:  # type: ignore[attr-defined]
                yield (alias.asname or alias.name).split(".")[0]


def to_run(
    cells: Sequence[Cell], names: Collection[str], files: Mapping[str, str] = MappingProxyType({})
) -> tuple[Cell, ...]:
    """The cells that are run, for exercises of these names.

    Of demo and check cells that is only what defines something that the exercises need.
    """
    if not any(cell.extra for cell in cells):
        return tuple(cells)
    source = whole_source([cell.source for cell in cells], files)
    wanted = set(names).union(*map(source.reachable, names))
    chosen = (_needed(cell, wanted) if cell.extra else cell for cell in cells)
    return tuple(cell for cell in chosen if cell.source.strip())


def _needed(cell: Cell, wanted: Collection[str]) -> Cell:
    """What of a demo or check cell defines a name that is wanted."""
    module = parsed(cell.source)
    if module is None:
        return cell if cell.defines & set(wanted) else replace(cell, source="")
    kept = [one for one in module.body if _is_definition(one) and _binds(one) & set(wanted)]
    text = only(cell.source, kept)
    return replace(cell, source=text, defines=defined_in(text))


def _is_definition(statement: ast.stmt) -> bool:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    return isinstance(statement, (*kinds, ast.Assign, ast.AnnAssign))
