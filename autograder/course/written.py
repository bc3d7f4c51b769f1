"""What students wrote for each exercise, read within limits: to be shown, and to be compared."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.course.finding import look_through
from autograder.judge.submission import given_in
from autograder.labcheck.forbidden import parsed
from autograder.labcheck.reading import defined_in, own_files
from autograder.labcheck.text import capped
from autograder.pages.alike import Written
from autograder.sandbox.reader import bounded
from autograder.spec.collection import Collected

MOST_TOKENS = 3000
"""Of a program no more is compared."""
LARGE = 2**64
"""A whole number that is larger is not written out."""
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
SAYS_NOTHING = (ast.expr_context, ast.Pass)


def written_by(
    folder: Path, collected: Collected, student: str, below: Path | None = None
) -> Mapping[str, Written]:
    """By exercise, what lies in a student's folder; nothing of what cannot be read.

    below: as for `handed_in_by`.  It is read in a process of its own.
    """
    names = tuple(exercise.name for exercise in collected.exercises)
    where = (folder.absolute(), collected.slug, student, collected.root.absolute())
    try:
        return bounded(read_written, *where, names, below and below.absolute())
    except Exception:  # of whatever lies there; the page is written without it
        return {}


def read_written(
    folder: Path, slug: str, student: str, root: Path, names: Sequence[str], below: Path | None
) -> dict[str, Written]:
    """See `written_by`, which has this done within limits."""
    submission = look_through(folder, slug, student, root, (), below)
    given = given_in(root, slug)
    handed_out = given.code.values() if given else ()
    sources = [cell.source for cell in submission.cells if not cell.extra]
    sources += own_files(submission.files).values()
    return written_in(sources, names, {name for text in handed_out for name in defined_in(text)})


def known_in(collected: Collected) -> dict[str, list[tuple[str, ...]]]:
    """By exercise, the tokens of the reference, and of the right programs in other styles."""
    solutions = collected.root / "solutions" / f"{collected.slug}.py"
    styles = sorted((collected.root / "exercises" / collected.slug / "right").glob("*.py"))
    names = [exercise.name for exercise in collected.exercises]
    found: dict[str, list[tuple[str, ...]]] = {name: [] for name in names}
    for file in (solutions, *styles):
        for name, written in written_in([file.read_text("utf-8")], names).items():
            found[name].append(written.tokens)
    return found


def written_in(
    sources: Iterable[str], names: Sequence[str], given: Collection[str] = ()
) -> dict[str, Written]:
    """What is written for each exercise in the texts of a program.

    Of several definitions the last one counts; helpers that it mentions come with it, but not
    those that were given.
    """
    definitions = {name: one for source in sources for name, one in _definitions(source)}
    found = {}
    for name in names:
        if name in definitions:
            others = definitions.keys() - {*names, *given}
            reached = [definitions[one] for one in _reached(name, definitions, others)]
            text = "\n\n\n".join(one.text for one in reached)
            found[name] = Written(capped(text), tokens_of([one.node for one in reached]))
    return found


@dataclass(frozen=True)
class _Definition:
    """A function or a class at the top level, and how it is written."""

    node: ast.stmt
    text: str


def _definitions(source: str) -> Iterator[tuple[str, _Definition]]:
    module = parsed(source)
    lines = source.splitlines()
    for node in module.body if module else ():
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                pass
            case ast.ClassDef(name=name) | ast.Assign(targets=[ast.Name(id=name)]):
                pass
            case _:
                continue
        decorators = getattr(node, "decorator_list", [])
        first = min(part.lineno for part in (node, *decorators))
        yield name, _Definition(node, "\n".join(lines[first - 1 : node.end_lineno]))


def _reached(
    name: str, definitions: Mapping[str, _Definition], helpers: Collection[str]
) -> list[str]:
    """A definition, and the helpers behind it, as they are mentioned."""
    reached = [name]
    for one in reached:  # which grows
        mentioned = (
            node.id for node in ast.walk(definitions[one].node) if isinstance(node, ast.Name)
        )
        reached += sorted({*mentioned} & {*helpers} - {*reached})
    return reached


# -- tokens --------------------------------------------------------------------------------------


def tokens_of(nodes: Sequence[ast.stmt]) -> tuple[str, ...]:
    """What a program does, in order, whatever its names, texts, hints and layout are.

    A parameter is told by its place, another name of its own is like any other; names from
    elsewhere and numbers stay.
    """
    own = _own_names(nodes)
    found: list[str] = []
    todo: list[ast.AST] = list(reversed(nodes))
    while todo and len(found) < MOST_TOKENS:
        node = todo.pop()
        if not isinstance(node, SAYS_NOTHING) and not _is_remark(node):
            found.append(_token(node, own))
            todo += reversed(list(_parts(node)))
    return tuple(found)


def _own_names(nodes: Sequence[ast.stmt]) -> dict[str, str]:
    """What stands for each name that the program binds itself; attributes begin with a dot."""
    own: dict[str, str] = {}
    every = [node for top in nodes for node in ast.walk(top)]
    for node in every:
        if isinstance(node, FUNCTIONS):
            arguments = node.args
            listed = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            for place, argument in enumerate(listed):
                own.setdefault(argument.arg, f"p{place}")
    for node in every:
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                own.setdefault(name, "v")
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                own.setdefault(name, "v")
            case ast.ClassDef(name=name):
                own.setdefault(name, "v")
            case ast.Attribute(attr=name, ctx=ast.Store()):
                own.setdefault(f".{name}", ".v")
    return own


def _token(node: ast.AST, own: Mapping[str, str]) -> str:
    match node:
        case ast.Name(id=name) | ast.arg(arg=name):
            return own.get(name, name)
        case ast.Attribute(attr=name):
            return own.get(f".{name}", f".{name}")
        case ast.keyword(arg=name):
            return f"{name}="
        case ast.Constant(value=str() | bytes()):
            return "text"
        case ast.Constant(value=int(value)) if abs(value) > LARGE:
            return "number"
        case ast.Constant(value=value):
            return repr(value)
        case ast.AnnAssign():
            return "Assign"
    return type(node).__name__


def _is_remark(node: ast.AST) -> bool:
    """Whether it is a text by itself, or prints."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Expr(value=ast.Call(func=ast.Name(id="print"))):
            return True
    return False


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """Its parts without hints of types."""
    hints = {id(getattr(node, name, None)) for name in ("annotation", "returns")}
    return (part for part in ast.iter_child_nodes(node) if id(part) not in hints)
