"""Which forbidden things an exercise's code names, read from the source and never run.

Only what is sure is found: what a text does not tell, `refusing` finds out as it runs.
"""

from __future__ import annotations

import ast
import builtins
import functools
import unicodedata
import warnings
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from .bounds import with_short_runs
from .nodes import children, walk

UNSURE = "?"
"""Stands for a value that the source does not tell."""

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
Scoped = Function | ast.ClassDef
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Block = ast.ExceptHandler | ast.match_case
Container = ast.List | ast.Tuple | ast.Set | ast.Dict
Import = ast.Import | ast.ImportFrom


def folded(texts: Iterable[str]) -> str:
    """One text with identifiers as Python reads them: folded by NFKC."""
    return unicodedata.normalize("NFKC", with_short_runs("\n".join(texts)))


@functools.lru_cache(maxsize=64)
def may_use(text: str, forbidden: tuple[str, ...]) -> bool:
    """Whether a closer look is due: any word of what is forbidden is there."""
    words = {word for name in forbidden for word in (name.split(".")[0], name.split(".")[-1])}
    return any(word in text for word in words)


_PARSED: dict[str, ast.Module | None] = {}
"""What became of the texts that were parsed last, KEPT characters of them."""
KEPT = 2**18
"""Characters of Python whose syntax trees are kept; these take 500 times the memory."""


def parsed(source: str) -> ast.Module | None:
    """The syntax tree, or None where there is none to be had."""
    if source not in _PARSED:
        _PARSED[source] = _parsed_anew(source)
        size = sum(map(len, _PARSED))
        while size > KEPT and len(_PARSED) > 1:
            oldest = next(iter(_PARSED))
            size -= len(oldest)
            del _PARSED[oldest]
    return _PARSED[source]


def _parsed_anew(source: str) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
            return None


@dataclass(frozen=True)
class Statement:
    """One top-level statement: names it takes from its module, and dotted names that it uses."""

    mentions: frozenset[str]
    uses: frozenset[str]


@dataclass
class Source:
    """A submission's names, and which code stands behind them."""

    statements: dict[str, list[Statement]] = field(default_factory=dict)

    @staticmethod
    def of(texts: Sequence[str]) -> Source:
        """Reads every text that parses; the last of several definitions of a name is the one."""
        modules = [module.body for module in map(parsed, texts) if module]
        nodes = list(chain.from_iterable(modules))
        names, stars = _module_names(nodes), _stars(nodes)
        source = Source()
        for body in modules:
            own: dict[str, list[Statement]] = {}
            for binding, parts in chain.from_iterable(map(_statements, body)):
                statement = _read(parts, _Reader(_Scope(names), stars))
                for name in {name.rstrip(".") for name, _ in _bound(binding)}:
                    again = isinstance(parts[0], Definition) and name not in statement.mentions
                    own[name] = [*([] if again else own.get(name, ())), statement]
            for name, statements in own.items():
                source.statements.setdefault(name, []).extend(statements)
        return source

    def reachable(self, entry: str, apart: Collection[str] = ()) -> set[str]:
        """Names that the code behind `entry` takes from its module, itself included.

        apart: names that are judged on their own, and not looked behind.
        """
        return self._behind(entry, apart)[0]

    def uses(self, entry: str, apart: Collection[str] = ()) -> set[str]:
        """Dotted names that the code behind `entry` mentions, imports resolved.

        "?.name" is an attribute of something that the source does not tell.
        """
        return set().union(*(statement.uses for statement in self._behind(entry, apart)[1]))

    def _behind(self, entry: str, apart: Collection[str]) -> tuple[set[str], set[Statement]]:
        """Names behind an entry and the statements that bind them, each looked at once."""
        names: set[str] = set()
        statements: set[Statement] = set()
        todo = [entry]
        while todo:
            name = todo.pop()
            if name not in names and (name == entry or name not in apart):
                new = set(self.statements.get(name, ())) - statements
                statements |= new
                todo += chain.from_iterable(statement.mentions for statement in new)
            names.add(name)
        return names, statements


@dataclass
class _Scope:
    """Names bound in one place, each with what it is imported from, UNSURE where it is not."""

    names: dict[str, set[str]]
    outer: _Scope | None = None
    of_class: bool = False

    def find(self, name: str) -> _Scope | None:
        """The scope that a name is taken from, as Python looks it up."""
        scope: _Scope | None = self
        while scope is not None:
            if name in scope.names and (scope is self or not scope.of_class):
                return scope
            scope = scope.outer
        return None


class _Reader(ast.NodeVisitor):
    """Collects what one statement mentions of its module, and the dotted names that it uses."""

    def __init__(self, scope: _Scope, stars: Collection[str]) -> None:
        self.scope, self.stars = scope, stars
        self.mentions: set[str] = set()
        self.uses: set[str] = set()

    def target(self, node: ast.expr) -> str:
        """What a chain of attributes is, its start looked up; mentions are noted."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if isinstance(node, ast.Name):
            start = self.start(node.id)
        else:
            self.visit(node)
            start = UNSURE
        return ".".join([start, *reversed(parts)])

    def start(self, name: str) -> str:
        """What a name stands for, where that is one thing in all of the program."""
        scope = self.scope.find(name)
        if scope is None or scope.outer is None:
            self.mentions.add(name)
        if scope is not None:
            meanings = scope.names[name]
        elif hasattr(builtins, name) or not self.stars:
            meanings = {name}
        elif len(self.stars) > 1:
            return UNSURE
        else:
            meanings = {f"{star}.{name}" for star in self.stars}
        return min(meanings) if len(meanings) == 1 else UNSURE

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.uses |= {self.target(node)} - {UNSURE}

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.uses.add(self.target(node))

    def visit_Call(self, node: ast.Call) -> None:
        """getattr(F, "one_hot") is F.one_hot."""
        match node:
            case ast.Call(ast.Name("getattr"), [owner, ast.Constant(value=str(name)), *rest]):
                self.uses.add(f"{self.target(owner)}.{name}")
                self.visit_all(rest)
            case _:
                self.generic_visit(node)

    def container(self, node: Container) -> None:
        """What stands in a container is not used yet."""
        for item in children(node):
            if isinstance(item, ast.Name | ast.Attribute):
                self.target(item)
            else:
                self.visit(item)

    visit_List = visit_Tuple = visit_Set = visit_Dict = container  # noqa: N815

    def visit_Import(self, node: Import) -> None:
        """An import alone uses nothing."""

    visit_ImportFrom = visit_Import  # noqa: N815

    def function(self, node: Function) -> None:
        """What is evaluated with the definition, then the body in a scope of its own."""
        body: Sequence[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else node.body
        inside = set(body)
        self.visit_all(child for child in children(node) if child not in inside)
        arguments = {child.arg for child in walk([node.args]) if isinstance(child, ast.arg)}
        names = _gathered(_bound(body)) | {name: {UNSURE} for name in arguments}
        for name in _declared(body):
            names.pop(name, None)
        self.visit_all(body, _Scope(names, self.scope))

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = function  # noqa: N815

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.visit_all([*node.bases, *node.keywords, *node.decorator_list])
        self.visit_all(node.body, _Scope(_gathered(_bound(node.body)), self.scope, of_class=True))

    def comprehension(self, node: Comprehension) -> None:
        """Its targets are names of its own."""
        first = node.generators[0].iter
        self.visit(first)
        targets = walk(loop.target for loop in node.generators)
        bound = {target.id for target in targets if isinstance(target, ast.Name)}
        parts = chain.from_iterable(map(children, [node, *node.generators]))
        inside = [part for part in parts if part is not first and part not in node.generators]
        self.visit_all(inside, _Scope({name: {UNSURE} for name in bound}, self.scope))

    visit_ListComp = visit_SetComp = comprehension  # noqa: N815
    visit_DictComp = visit_GeneratorExp = comprehension  # noqa: N815

    def generic_visit(self, node: ast.AST) -> None:
        """Visits what is below it."""
        for child in children(node):
            self.visit(child)

    def visit_all(self, nodes: Iterable[ast.AST], scope: _Scope | None = None) -> None:
        """Visits nodes, in a scope inside this one where one is given."""
        self.scope, outer = scope or self.scope, self.scope
        for node in nodes:
            self.visit(node)
        self.scope = outer


Parts = Sequence[ast.AST]


def _statements(node: ast.stmt) -> list[tuple[Parts, Parts]]:
    """What of one statement binds names, with all that is looked at for that.

    In a condition or a loop each statement counts for itself, with the heads of those around it.
    """
    try:
        return list(_single(node, ()))
    except RecursionError:
        return [([node], [node])]


def _single(node: ast.AST, heads: Parts) -> Iterator[tuple[Parts, Parts]]:
    below = children(node)
    inner = [one for one in below if isinstance(one, ast.stmt | Block)]
    if isinstance(node, Scoped) or not inner:
        yield [node], [*heads, node]
        return
    own = [one for one in below if one not in inner]
    if isinstance(node, ast.ExceptHandler) and node.name:
        own.append(ast.Name(node.name, ast.Store()))
    yield own, [*heads, *own]
    for one in inner:
        yield from _single(one, [*heads, *own])


def _own_nodes(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """These nodes and all below them that are in the same scope."""
    todo = list(nodes)
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, Comprehension):
            named = [inner for inner in walk([node]) if isinstance(inner, ast.NamedExpr)]
            todo += [inner.target for inner in named]
        elif not isinstance(node, Scoped):
            todo += children(node)


def _bound(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, str]]:
    """(name, what it is imported from or "") for all that these nodes bind in their own scope.

    A name with a dot after it has only an attribute of it set.
    """
    return chain.from_iterable(map(_binds, _own_nodes(nodes)))


def _binds(node: ast.AST) -> Iterator[tuple[str, str]]:
    if isinstance(node, Import):
        yield from _imported(node)
    elif isinstance(node, Definition):
        yield node.name, ""
    elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id, ""
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
        owner = node.value
        while isinstance(owner, ast.Attribute | ast.Subscript):
            owner = owner.value
        if isinstance(owner, ast.Name):
            yield f"{owner.id}.", ""
    elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        yield node.name, ""


def _imported(node: Import) -> Iterator[tuple[str, str]]:
    for alias in node.names:
        if isinstance(node, ast.Import):
            top = alias.name.split(".")[0]
            yield (alias.asname, alias.name) if alias.asname else (top, top)
        elif node.module and alias.name != "*":
            yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def bound_names(source: str) -> frozenset[str]:
    """What a cell binds at its top level; "f." where it adds to f, "*" for all of a module."""
    module = parsed(source)
    body = module.body if module is not None else []
    return frozenset({name for name, _ in _bound(body)} | ({"*"} if _stars(body) else set()))


def _gathered(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    names: dict[str, set[str]] = {}
    for name, target in pairs:
        if not name.endswith("."):
            names.setdefault(name, set()).add(target or UNSURE)
    return names


def _module_names(statements: Sequence[ast.stmt]) -> dict[str, set[str]]:
    """Names of the module, with those that functions declare global and import."""
    names = _gathered(_bound(statements))
    for node in walk(statements):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            declared = _declared(node.body)
            local = _gathered(_bound(node.body)) if declared else {}
            for name in declared & local.keys():
                names.setdefault(name, set()).update(local[name])
    return names


def _declared(body: Iterable[ast.AST]) -> set[str]:
    """Names that a function declares global or nonlocal."""
    nodes = [node for node in _own_nodes(body) if isinstance(node, ast.Global | ast.Nonlocal)]
    return {name for node in nodes for name in node.names}


def _stars(statements: Sequence[ast.stmt]) -> set[str]:
    """Modules from which everything is imported."""
    imports = [node for node in walk(statements) if isinstance(node, ast.ImportFrom)]
    return {node.module for node in imports if node.module and node.names[0].name == "*"}


def _read(parts: Parts, reader: _Reader) -> Statement:
    """What a statement mentions and uses; of one that is too deep to be read, its names."""
    try:
        reader.visit_all(parts)
    except RecursionError:
        return Statement(
            frozenset(n.id for n in walk(parts) if isinstance(n, ast.Name)), frozenset()
        )
    return Statement(frozenset(reader.mentions), frozenset(reader.uses))


def forbidden_use(
    source: Source, entry: str, forbidden: Iterable[str], apart: Collection[str] = ()
) -> str | None:
    """The first forbidden name that the code behind `entry` uses, else None.

    A forbidden dotted name stands for everything below it.
    """
    names = tuple(forbidden)
    uses = map(_bare, source.uses(entry, apart)) if names else ()
    return next((used for used in sorted(uses) if any(_meant(used, name) for name in names)), None)


def _meant(used: str, name: str) -> bool:
    """Whether a use is one of a forbidden name, or of its last part elsewhere in its package.

    That part counts only where it is no everyday word.
    """
    if used == name or used.startswith(f"{name}."):
        return True
    top, *below = name.split(".")
    start, *parts = used.split(".")
    tail = below[-1] if below else ""
    telling = tail != tail.lower() or "_" in tail
    return start == top and tail in parts and telling


def _bare(used: str) -> str:
    """builtins.abs is abs."""
    package, _, name = used.partition(".")
    return name if package == "builtins" and name.isidentifier() else used
