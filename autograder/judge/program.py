"""A student's cells as one program: what each of them binds and does, and who needs which."""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from autograder.judge.submission import Cell, Submission
from autograder.labcheck.forbidden import (
    Source,
    bound_names,
    folded,
    forbidden_use,
    may_use,
    parsed,
)
from autograder.labcheck.nodes import walk
from autograder.labcheck.own import Own
from autograder.labcheck.reading import MAX_CODE, only, own_files, to_run, whole_source
from autograder.labcheck.running import filename_of, module_of
from autograder.labcheck.text import printable
from autograder.sandbox.reader import bounded

LINE_LIMIT = 500
"""Characters of a line that is told."""
LONGEST_EXCERPT = 8192
"""Characters of the text of one exercise that is kept."""
MOST_LINES = 4096
"""A longer program is told of no line: which one it is may be of its process's choosing."""
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


@dataclass(frozen=True)
class Rules:
    """What a lab forbids in all exercises, and each of its exercises beside that, by name."""

    lab: tuple[str, ...] = ()
    exercises: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Links:
    """Who needs whom.

    used: by exercise, the others that its code mentions.  needed: by exercise, the places of the
    cells without which it could not run.  acting: places of the cells that do more than to define
    something.  parameters: by exercise, what the student calls its arguments.
    """

    used: Mapping[str, frozenset[str]]
    needed: Mapping[str, frozenset[int]]
    acting: frozenset[int]
    parameters: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Program:
    """The cells that are run, in order, the exercises' names, and the student's own files.

    imported: dotted names of modules that its text imports, and those above them.  forbidden: by
    exercise, what it uses and may not.
    All of it is read in a process of its own.
    """

    cells: tuple[Cell, ...]
    names: tuple[str, ...]
    files: tuple[tuple[str, str], ...] = ()
    imported: frozenset[str] = frozenset()
    forbidden: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def of(submission: Submission, names: Sequence[str], rules: Rules = Rules()) -> Program:
        """Demo and check cells are left out, but for what the exercises need of them.

        Raises OverLimit.
        """
        return bounded(program_of, submission, tuple(names), rules)

    @cached_property
    def script(self) -> str:
        """All cells as one file, for a program that reads its own; lines in place if they fit."""
        texts, lines = [], 0
        for cell in self.cells:
            missing = max(0, cell.offset - lines)
            texts.append("\n" * missing + cell.source.rstrip("\n") + "\n")
            lines += texts[-1].count("\n")
        text = "".join(texts)
        return text if len(text) <= MAX_CODE else ""

    @cached_property
    def lines(self) -> Mapping[tuple[str, int], str]:
        """The lines of code by file and number; none where there are too many to tell of."""
        texts = [(cell.file, cell.offset, cell.source) for cell in self.cells]
        for name, source in self.files:
            texts += [(file, 0, source) for file in {name, filename_of(module_of(name))}]
        lines = {
            (file, offset + number): printable(line.strip()[:LINE_LIMIT])
            for file, offset, source in texts
            for number, line in enumerate(source.split("\n"), 1)
        }
        told = {place: line for place, line in lines.items() if line and line[0] != "#"}
        return told if len(told) <= MOST_LINES else {}

    def line(self, file: str, number: int) -> str | None:
        """What stands in a line, by the hand-in and not by its process."""
        return self.lines.get((file, number))

    @cached_property
    def own(self) -> Own:
        """What its text names, found out when it is asked for: nothing else is told of what it
        raises.  Raises OverLimit.
        """
        return bounded(own_of, self.cells, self.files)

    @cached_property
    def links(self) -> Links:
        """Who needs whom, found out when it is asked for.  Raises OverLimit."""
        return bounded(links_of, self.cells, self.names, self.files)

    def used(self, name: str) -> frozenset[str]:
        """The other exercises that the code behind one of them mentions, or what its cell does."""
        return self.links.used[name]

    def parameters(self, name: str) -> tuple[str, ...]:
        """The names that a function of the student's has for its arguments, in order."""
        return self.links.parameters[name]

    def needed(self, names: Collection[str]) -> frozenset[int]:
        """Places of the cells without which these exercises could not run."""
        return frozenset[int]().union(*(self.links.needed[name] for name in names))

    def disturbed(self, needed: Collection[int]) -> bool:
        """Whether a cell beside the needed ones does more than to define something."""
        return not self.links.acting <= set(needed)

    def excerpt(self, name: str) -> str:
        """The text behind one exercise, without comments and docstrings; "" where it is long.

        Other exercises are left out.  Raises OverLimit.
        """
        return bounded(excerpt_of, self.cells, name, self.names)


# -- read in a process of its own ----------------------------------------------------------------


def program_of(submission: Submission, names: tuple[str, ...], rules: Rules) -> Program:
    """See `Program`."""
    files = own_files(submission.files)
    cells = to_run(submission.cells, names, files)
    texts = [*(cell.source for cell in cells), *files.values()]
    raw = [*(cell.source for cell in cells), *(text for _, text in submission.files)]
    return Program(
        cells,
        names,
        submission.files,
        _imported(texts),
        dict(_forbidden(folded(raw), cells, files, names, rules)),
    )


def _imported(texts: Sequence[str]) -> frozenset[str]:
    names = {name for tree in map(parsed, texts) if tree for name in _imports(tree)}
    parts = [name.split(".", DEEPEST) for name in names]
    return frozenset(".".join(one[:size]) for one in parts for size in range(1, len(one) + 1))


DEEPEST = 20
"""How many packages deep the names of modules are told apart."""


def _forbidden(
    text: str, cells: Sequence[Cell], files: Mapping[str, str], names: Sequence[str], rules: Rules
) -> Iterator[tuple[str, str]]:
    """What each exercise uses and may not, read from the source."""
    suspects = [
        name for name in names if may_use(text, (*rules.lab, *rules.exercises.get(name, ())))
    ]
    if not suspects:
        return
    source = whole_source([cell.source for cell in cells], files)
    for name in suspects:
        own = forbidden_use(source, name, rules.exercises.get(name, ()))
        if used := own or forbidden_use(source, name, rules.lab, apart=names):
            yield name, used


def own_of(cells: tuple[Cell, ...], files: tuple[tuple[str, str], ...]) -> Own:
    """See `Own`."""
    return Own.of([*(cell.source for cell in cells), *own_files(files).values()])


def links_of(
    cells: tuple[Cell, ...], names: tuple[str, ...], files: tuple[tuple[str, str], ...]
) -> Links:
    """See `Links`."""
    source = whole_source([cell.source for cell in cells], own_files(files))
    binds = [bound_names(cell.source) | cell.defines for cell in cells]
    own = {name for cell in cells for name in cell.defines}
    return Links(
        {name: _used(name, cells, source) & set(names) - {name} for name in names},
        {name: _needed(source.reachable(name), binds, own) for name in names},
        frozenset(place for place, cell in enumerate(cells) if _acts(cell.source)),
        {name: _parameters(name, cells) for name in names},
    )


def _needed(
    reachable: set[str], binds: Sequence[frozenset[str]], own: Collection[str]
) -> frozenset[int]:
    wanted = {"*", *reachable}
    wanted |= {f"{name}." for name in wanted.intersection(own)}
    return frozenset(place for place, bound in enumerate(binds) if wanted & bound)


def _used(name: str, cells: Sequence[Cell], source: Source) -> frozenset[str]:
    """What the code behind an exercise mentions, or what its cell does.

    What the cell does is what stands in it outside of functions and classes: a file without
    markers is one cell, and what its other functions call is no concern of this one.
    """
    used = source.reachable(name)
    for statement in _beside(name, cells):
        if not isinstance(statement, DEFINITIONS):
            used |= _named(statement)
    return frozenset(used)


def _beside(name: str, cells: Sequence[Cell]) -> Iterator[ast.stmt]:
    """The statements of the cells that define a name."""
    return _statements([cell for cell in cells if name in cell.defines])


def excerpt_of(cells: tuple[Cell, ...], name: str, names: tuple[str, ...]) -> str:
    """See `Program.excerpt`."""
    others = set(names) - {name}
    bare = [(one, ast.unparse(without_notes(one))) for one in _statements(cells)]
    behind = Source.of([text for _, text in bare]).reachable(name, apart=others) - others
    kept: dict[str, str] = {}
    for statement, text in bare:
        if bound_names(text) & behind:
            key = getattr(statement, "name", text)
            kept.pop(key, None)  # the last of several definitions is the one
            kept[key] = text
    text = "\n\n".join(kept.values())
    return text if len(text) <= LONGEST_EXCERPT else ""


def _statements(cells: Sequence[Cell]) -> Iterator[ast.stmt]:
    modules = (parsed(cell.source) for cell in cells)
    return (statement for module in modules if module for statement in module.body)


def without_notes(node: ast.stmt) -> ast.stmt:
    """A copy of a statement without docstrings and annotations, its own and those in it."""
    plain: ast.stmt = _Plain().visit(copy.deepcopy(node))
    return ast.fix_missing_locations(plain)


class _Plain(ast.NodeTransformer):
    """Takes docstrings and annotations away; fields of a class that are only declared stay."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if isinstance(node, DEFINITIONS[:3]):
            node.body = [one for one in node.body if not _is_constant(one)] or [ast.Pass()]
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(node.arg)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None:
            return node
        return self.generic_visit(ast.Assign([node.target], node.value, lineno=node.lineno))


def _parameters(name: str, cells: Sequence[Cell]) -> tuple[str, ...]:
    parameters: list[ast.arg] = []
    for statement in _beside(name, cells):
        if isinstance(statement, ast.FunctionDef) and statement.name == name:
            parameters = [*statement.args.posonlyargs, *statement.args.args]
    return tuple(parameter.arg for parameter in parameters)


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in walk([tree]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def _acts(source: str) -> bool:
    module = parsed(source)
    return module is not None and not all(
        isinstance(statement, DEFINITIONS) or _is_constant(statement) for statement in module.body
    )


def _is_constant(statement: ast.stmt) -> bool:
    nothing = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return nothing or isinstance(statement, ast.Pass)


def bare(cells: Sequence[Cell]) -> list[str]:
    """The sources of cells without what they do at their top level.  Raises OverLimit."""
    return bounded(definitions_in, tuple(cells))


def definitions_in(cells: tuple[Cell, ...]) -> list[str]:
    """See `bare`."""
    own = {name for cell in cells for name in cell.defines}
    return [definitions(cell.source, own) for cell in cells]


def definitions(source: str, own: Collection[str]) -> str:
    """The source without what it does at its top level, lines in place.

    Left are definitions, imports, and assignments that call none of the student's own functions.
    """
    module = parsed(source)
    if module is None:
        return source
    return only(source, [one for one in module.body if _is_definition(one, own)])


def _named(statement: ast.stmt) -> set[str]:
    return {node.id for node in walk([statement]) if isinstance(node, ast.Name)}


def _is_definition(statement: ast.stmt, own: Collection[str]) -> bool:
    if isinstance(statement, DEFINITIONS):
        return True
    if not isinstance(statement, ast.Assign | ast.AnnAssign):
        return False
    calls = any(isinstance(node, ast.Call) for node in walk([statement]))
    return not calls or not _named(statement) & set(own)
