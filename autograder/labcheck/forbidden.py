"""Which forbidden things an exercise's code names, read from the source and never run."""

from __future__ import annotations

import ast
import functools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

DYNAMIC = frozenset({"eval", "exec", "compile", "__import__", "importlib", "globals", "vars"})
REACHING = frozenset({"__dict__", "__globals__", "__subclasses__", "__builtins__"})


@functools.lru_cache(maxsize=64)
def parsed(source: str) -> ast.Module | None:
    """The syntax tree, or None where there is none to be had."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return None


@dataclass(frozen=True)
class Piece:
    """One top-level statement: names it takes from its module, and dotted names that it uses."""

    mentions: frozenset[str]
    uses: frozenset[str]


@dataclass
class Source:
    """A submission's names, and which code stands behind them."""

    pieces: dict[str, list[Piece]] = field(default_factory=dict)

    @staticmethod
    def of(texts: Sequence[str]) -> Source:
        """Reads every text that parses."""
        modules = [module for module in map(parsed, texts) if module is not None]
        statements = [(one, list(ast.walk(one))) for module in modules for one in module.body]
        aliases = {
            name: target
            for _, nodes in statements for node in nodes for name, target in _imported(node)
        }  # fmt: skip
        source = Source()
        packages = frozenset(target.split(".")[0] for target in aliases.values())
        for statement, nodes in statements:
            names = list(_bound(statement, nodes))
            if names:
                uses = frozenset(_dotted(nodes, aliases, packages))
                piece = Piece(_mentioned(statement, nodes), uses)
                for name in names:
                    source.pieces.setdefault(name, []).append(piece)
        return source

    def reachable(self, entry: str, apart: Collection[str] = ()) -> set[str]:
        """Names that the code behind `entry` takes from its module, itself included.

        apart: names that are judged on their own, and not looked behind.
        """
        seen: set[str] = set()
        todo = [entry]
        while todo:
            name = todo.pop()
            if name in seen:
                continue
            seen.add(name)
            if name == entry or name not in apart:
                for piece in self.pieces.get(name, ()):
                    todo += piece.mentions
        return seen

    def uses(self, entry: str, apart: Collection[str] = ()) -> set[str]:
        """Dotted names that the code behind `entry` mentions, imports resolved.

        Ways to reach anything by a text computed at run time stand as they are: "eval", "exec".
        """
        found: set[str] = set()
        for name in self.reachable(entry, apart) - (set(apart) - {entry}):
            for piece in self.pieces.get(name, ()):
                found |= piece.uses
        return found


def _dotted(
    nodes: Sequence[ast.AST], aliases: Mapping[str, str], packages: Collection[str]
) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Name | ast.Attribute):
            name = _resolve(node, aliases)
            if name:
                yield name
        elif isinstance(node, ast.Call):
            yield from _called(node, aliases, packages)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (target for _, target in _imported(node))


def _called(
    node: ast.Call, aliases: Mapping[str, str], packages: Collection[str]
) -> Iterator[str]:
    """getattr(F, "one_hot") is F.one_hot; with a computed name it is "getattr"."""
    if not (isinstance(node.func, ast.Name) and node.func.id == "getattr" and node.args):
        return
    owner = _resolve(node.args[0], aliases)
    if owner is None or owner.split(".")[0] not in packages:
        return
    name = node.args[1] if len(node.args) > 1 else None
    if isinstance(name, ast.Constant) and isinstance(name.value, str):
        yield f"{owner}.{name.value}"
    else:
        yield "getattr"


def _resolve(node: ast.AST, aliases: Mapping[str, str]) -> str | None:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.append(aliases.get(node.id, node.id))
    elif parts:
        parts.append("?")
    else:
        return None
    return ".".join(reversed(parts))


def _mentioned(body: ast.AST, nodes: Sequence[ast.AST]) -> frozenset[str]:
    """Names that a statement reads and does not bind itself: arguments and locals are its own."""
    names = [node for node in nodes if isinstance(node, ast.Name)]
    read = {node.id for node in names if isinstance(node.ctx, ast.Load)}
    if not isinstance(body, ast.FunctionDef | ast.AsyncFunctionDef):
        return frozenset(read)
    own = {node.arg for node in nodes if isinstance(node, ast.arg)}
    own |= {node.id for node in names if isinstance(node.ctx, ast.Store)}
    return frozenset(read - own)


def _imported(node: ast.AST) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Import):
        for one in node.names:
            top = one.name.split(".")[0]
            yield (one.asname, one.name) if one.asname else (top, top)
    elif isinstance(node, ast.ImportFrom) and node.module:
        for one in node.names:
            yield (one.asname or one.name, f"{node.module}.{one.name}")


def _bound(statement: ast.stmt, nodes: Sequence[ast.AST]) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
    else:
        for node in nodes:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                yield node.name


def forbidden_use(
    source: Source, entry: str, forbidden: Iterable[str], apart: Collection[str] = ()
) -> str | None:
    """The first forbidden name that the code behind `entry` uses, as the student wrote it, or
    None.

    A forbidden dotted name stands for everything below it; its last part is enough on an object
    whose type the source does not tell.  Where anything is forbidden, so are ways round reading
    the source.
    """
    names = tuple(forbidden)
    if not names:
        return None
    for used in sorted(source.uses(entry, apart)):
        for name in names:
            tail = name.rsplit(".", 1)[-1]
            if used == name or used.startswith(f"{name}."):
                return used
            if "." in name and used.startswith("?") and used.endswith(f".{tail}"):
                return tail
        last = used.rsplit(".", 1)[-1]
        reaches = used in ("getattr", "sys.modules") or last in REACHING
        if used.split(".")[0] in DYNAMIC or reaches:
            return used.removeprefix("?.")
    return None
