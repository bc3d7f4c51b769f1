"""Which forbidden things an exercise's code names, read from the source and never run."""

from __future__ import annotations

import ast
import builtins
import functools
import unicodedata
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

WAYS_ROUND = frozenset({"eval", "exec", "compile", "globals", "__import__", "__builtins__"})
"""Builtins with which a text made at run time can name anything."""
PACKAGES_ROUND = ("importlib", "runpy", "builtins", "sys.modules")
REACHING = frozenset({"__globals__", "__subclasses__", "__builtins__", "__code__"})
OBJECTS_ROUND = (
    "code",
    "codeop",
    "ctypes",
    "gc",
    "inspect",
    "marshal",
    "operator.attrgetter",
    "operator.methodcaller",
    "pickle",
    "pkgutil",
    "string.Formatter",
    "sys._getframe",
    "timeit",
    "torch.jit.CompilationUnit",
    "types.CodeType",
    "types.FunctionType",
    "unittest.mock",
)
"""What finds a function of a package that may be used otherwise; no process stops these."""
ANY = "*"
"""Stands for an attribute whose name is computed."""
MOST = 20
"""In how many ways a name may be imported before it can mean anything."""
ANYTHING = "globals"
"""What a name stands for that is imported in more ways than that."""
TOO_DEEP = "code that is nested too deeply to be read"


HARMLESS_WITHOUT = (*WAYS_ROUND, *PACKAGES_ROUND, "getattr", "sys", "__")
"""Words without which a text reaches nothing but what it names."""


def folded(texts: Iterable[str]) -> str:
    """One text with identifiers as Python reads them: folded by NFKC."""
    return unicodedata.normalize("NFKC", "\n".join(texts))


@functools.lru_cache(maxsize=64)
def may_use(text: str, forbidden: tuple[str, ...]) -> bool:
    """Whether a closer look is due: any word of what is forbidden, or of a way round, is there."""
    words = {part for name in forbidden for part in (name.split(".")[0], name.split(".")[-1])}
    return bool(words) and any(word in text for word in (*words, *HARMLESS_WITHOUT))


@functools.lru_cache(maxsize=64)
def parsed(source: str) -> ast.Module | None:
    """The syntax tree, or None where there is none to be had."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
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
    too_deep: bool = False

    @staticmethod
    def of(texts: Sequence[str]) -> Source:
        """Reads every text that parses; a process may run one that is too deep to be read here."""
        statements = [one for module in map(parsed, texts) if module for one in module.body]
        names, stars = _module_names(statements), _stars(statements)
        source = Source(too_deep=any(parsed(one) is None and _is_too_deep(one) for one in texts))
        for statement in statements:
            reader = _Reader(_Scope(names), stars)
            try:
                reader.visit(statement)
                piece = Piece(frozenset(reader.mentions), frozenset(reader.uses))
            except RecursionError:
                piece = _flat(statement, names)
            for name in {name.rstrip(".") for name, _ in _bound([statement])}:
                source.pieces.setdefault(name, []).append(piece)
        return source

    def reachable(self, entry: str, apart: Collection[str] = ()) -> set[str]:
        """Names that the code behind `entry` takes from its module, itself included.

        apart: names that are judged on their own, and not looked behind.
        """
        return self._behind(entry, apart)[0]

    def _behind(self, entry: str, apart: Collection[str]) -> tuple[set[str], list[Piece]]:
        """Names behind an entry and the pieces that bind them, each looked at once."""
        seen: set[str] = set()
        found: dict[int, Piece] = {}
        todo = [entry]
        while todo:
            name = todo.pop()
            if name in seen:
                continue
            seen.add(name)
            if name == entry or name not in apart:
                new = {id(one): one for one in self.pieces.get(name, ()) if id(one) not in found}
                found |= new
                todo += [one for piece in new.values() for one in piece.mentions]
        return seen, list(found.values())

    def uses(self, entry: str, apart: Collection[str] = ()) -> set[str]:
        """Dotted names that the code behind `entry` mentions, imports resolved.

        "?.name" is an attribute of something that the source does not tell, "torch.nn.*" one whose
        name is computed.
        """
        return set().union(*(piece.uses for piece in self._behind(entry, apart)[1]))


@dataclass
class _Scope:
    """Names bound in one place, each with what it is imported from, if it is."""

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

    def __init__(self, scope: _Scope, stars: Sequence[str]) -> None:
        self.scope, self.stars = scope, stars
        self.mentions: set[str] = set()
        self.uses: set[str] = set()

    def targets(self, node: ast.expr) -> set[str]:
        """What a chain of attributes may be, its start looked up; mentions are noted."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if isinstance(node, ast.Name):
            starts = self.starts(node.id)
        else:
            self.visit(node)
            starts = {"?"}
        return {".".join([start, *reversed(parts)]) for start in starts}

    def starts(self, name: str) -> set[str]:
        """What a name may stand for; "?" is a value of the program's own."""
        scope = self.scope.find(name)
        if scope is None or scope.outer is None:
            self.mentions.add(name)
        if scope is not None:
            found = scope.names[name] or {"?"}
            return found if len(found) <= MOST else {ANYTHING}
        if hasattr(builtins, name) or not self.stars:
            return {name}
        if len(self.stars) > MOST:
            return {ANYTHING}
        return {f"{star}.{name}" for star in self.stars}

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.uses |= self.targets(node) - {"?"}

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.uses |= self.targets(node)

    def visit_Call(self, node: ast.Call) -> None:
        """getattr(F, "one_hot") is F.one_hot, and vars(F) is F.__dict__."""
        called = node.func.id if isinstance(node.func, ast.Name) else ""
        if called in ("getattr", "vars") and self.scope.find(called) is None and node.args:
            name = "__dict__" if called == "vars" else _text(node.args[1:])
            owner = node.args[0]
            self.uses |= {f"{one}.{name}" for one in self.targets(owner)}
            rest: list[ast.AST] = [*node.args[1:], *node.keywords]
        else:
            rest = list(ast.iter_child_nodes(node))
        for one in rest:
            self.visit(one)

    def visit_MatchClass(self, node: ast.MatchClass) -> None:
        """A pattern C(name=...) takes the attribute of whatever is matched."""
        self.uses |= {f"?.{name}" for name in node.kwd_attrs}
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        """An import alone uses nothing."""

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """An import alone uses nothing."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.function(node, node.body)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.function(node, node.body)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.function(node, [node.body])

    def function(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, body: Sequence[ast.AST]
    ) -> None:
        """What is evaluated with the definition, then the body in a scope of its own."""
        arguments = {one.arg for one in ast.walk(node.args) if isinstance(one, ast.arg)}
        inside = set(map(id, body))
        for child in ast.iter_child_nodes(node):
            if id(child) not in inside:
                self.visit(child)
        names = _gathered(_bound(body)) | {name: set() for name in arguments}
        for name in _declared(body):
            names.pop(name, None)
        self.within(_Scope(names, self.scope), body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for child in (*node.bases, *node.keywords, *node.decorator_list):
            self.visit(child)
        self.within(_Scope(_gathered(_bound(node.body)), self.scope, of_class=True), node.body)

    def comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    ) -> None:
        """Its targets are names of its own."""
        bound = {
            one.id
            for part in node.generators
            for one in ast.walk(part.target)
            if isinstance(one, ast.Name)
        }
        scope = _Scope({name: set() for name in bound}, self.scope)
        self.visit(node.generators[0].iter)
        rest = [one for part in node.generators for one in ast.iter_child_nodes(part)]
        own = [one for one in ast.iter_child_nodes(node) if not isinstance(one, ast.comprehension)]
        first = node.generators[0].iter
        self.within(scope, [one for one in (*rest, *own) if one is not first])

    visit_ListComp = visit_SetComp = comprehension  # noqa: N815
    visit_DictComp = visit_GeneratorExp = comprehension  # noqa: N815

    def within(self, scope: _Scope, nodes: Sequence[ast.AST]) -> None:
        """Visits nodes in a scope inside this one."""
        self.scope, outer = scope, self.scope
        for node in nodes:
            self.visit(node)
        self.scope = outer


def _text(arguments: Sequence[ast.expr]) -> str:
    first = arguments[0] if arguments else None
    constant = isinstance(first, ast.Constant) and isinstance(first.value, str)
    return first.value if constant else ANY  # type: ignore[union-attr]


SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def _bound(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, str]]:
    """(name, what it is imported from or "") for all that these nodes bind in their own scope.

    A name with a dot after it has only an attribute of it set.
    """
    todo = list(nodes)
    while todo:
        node = todo.pop()
        yield from _binds(node)
        if isinstance(node, COMPREHENSIONS):
            named = [one for one in ast.walk(node) if isinstance(one, ast.NamedExpr)]
            todo += [one.target for one in named]
        elif not isinstance(node, SCOPES):
            todo += ast.iter_child_nodes(node)


def _binds(node: ast.AST) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from _imported(node)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name, ""
    elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id, ""
    elif isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute | ast.Subscript):
            inner = inner.value
        if isinstance(inner, ast.Name) and isinstance(node, ast.Attribute):
            yield f"{inner.id}.", ""
    elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        yield node.name, ""


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Import):
        for one in node.names:
            top = one.name.split(".")[0]
            yield (one.asname, one.name) if one.asname else (top, top)
    elif node.module:
        for one in node.names:
            if one.name != "*":
                yield one.asname or one.name, f"{node.module}.{one.name}"


def bound_names(source: str) -> frozenset[str]:
    """What a cell binds at its top level; "f." where it adds to f, "*" for all of a module."""
    module = parsed(source)
    if module is None:
        return frozenset()
    names = {name for name, _ in _bound(module.body)}
    return frozenset({*names, *("*" for _ in _stars(module.body))})


def _gathered(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    names: dict[str, set[str]] = {}
    for name, target in pairs:
        if not name.endswith("."):
            names.setdefault(name, set()).update({target} - {""})
    return names


def _module_names(statements: Sequence[ast.stmt]) -> dict[str, set[str]]:
    """Names of the module, with those that functions declare global and import."""
    names = _gathered(_bound(statements))
    for statement in statements:
        for node in ast.walk(statement):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                declared = _declared(node.body)
                found = _gathered(_bound(node.body)) if declared else {}
                for name in declared & found.keys():
                    names.setdefault(name, set()).update(found[name])
    return names


def _declared(body: Iterable[ast.AST]) -> set[str]:
    """Names that a function declares global or nonlocal."""
    found: set[str] = set()
    todo = list(body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Global | ast.Nonlocal):
            found |= set(node.names)
        elif not isinstance(node, SCOPES):
            todo += ast.iter_child_nodes(node)
    return found


def _stars(statements: Sequence[ast.stmt]) -> list[str]:
    """Modules from which everything is imported, each once."""
    nodes = [node for one in statements for node in ast.walk(one)]
    found = [
        node.module
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module and node.names[0].name == "*"
    ]
    return list(dict.fromkeys(found))


def _is_too_deep(text: str) -> bool:
    """Whether a text does not parse here for want of room, and not because it is no Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (RecursionError, MemoryError):
        return True
    except (SyntaxError, ValueError, OverflowError):
        return False
    return False


def _flat(statement: ast.stmt, names: Mapping[str, set[str]]) -> Piece:
    """All that a statement may mention and use, whatever the scope; for one that is very deep."""
    nodes = list(ast.walk(statement))
    imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    own = _gathered(pair for node in imports for pair in _imported(node))
    mentions = {node.id for node in nodes if isinstance(node, ast.Name)}
    uses = {f"?.{node.attr}" for node in nodes if isinstance(node, ast.Attribute)}
    for name in mentions:
        uses |= names.get(name, set()) | own.get(name, set()) or {name}
    return Piece(frozenset(mentions), frozenset(uses))


def forbidden_use(
    source: Source, entry: str, forbidden: Iterable[str], apart: Collection[str] = ()
) -> str | None:
    """The first forbidden name that the code behind `entry` uses, else None.

    A forbidden dotted name stands for everything below it.  Where a package around it is handed on
    as a value, its last part is enough, on whatever it is looked up.  Where anything is forbidden,
    so are ways round reading the source; where it is a part of a package, also what finds that
    part without naming it.
    """
    names = tuple(forbidden)
    if not names:
        return None
    within = any("." in name for name in names)
    if within and source.too_deep:
        return TOO_DEEP
    uses = source.uses(entry, apart)
    handed_on = {name for name in names if any(name.startswith(f"{used}.") for used in uses)}
    for used in sorted(map(_bare, uses)):
        for name in names:
            told = _meant(used, name, name in handed_on)
            if told:
                return told
        if used.split(".")[0] in WAYS_ROUND or _below(used, PACKAGES_ROUND):
            return used
        if within and (used in ("getattr", "vars") or _below(used, OBJECTS_ROUND)):
            return used
        reached = REACHING & set(used.split("."))
        if reached:
            return min(reached)
    return None


def _meant(used: str, name: str, handed_on: bool) -> str | None:
    """What to call a use, if it is one of a forbidden name."""
    top, tail = name.split(".")[0], name.rsplit(".", 1)[-1]
    if used == name or used.startswith(f"{name}."):
        return used
    start, *parts = used.split(".")
    last = parts[-1] if parts else ""
    if last in (ANY, "__dict__"):
        owner = used.rsplit(".", 1)[0]
        inside = name.startswith(f"{owner}.") or owner == "sys" or (start == "?" and handed_on)
        return ("getattr" if last == ANY else "__dict__") if inside else None
    if start == "?" and handed_on and tail in parts:
        return tail
    telling = tail != tail.lower() or "_" in tail
    return used if start == top and tail in parts and telling and "." in name else None


def _bare(used: str) -> str:
    """builtins.abs is abs."""
    package, _, name = used.partition(".")
    return name if package == "builtins" and name.isidentifier() and name != "__dict__" else used


def _below(used: str, packages: Iterable[str]) -> bool:
    return any(used == one or used.startswith(f"{one}.") for one in packages)


def hides(used: str) -> bool:
    """Whether a name found by `forbidden_use` is a way round reading the source."""
    words = {*WAYS_ROUND, *REACHING, "getattr", "vars", "__dict__", TOO_DEEP}
    return used.split(".")[0] in words or _below(used, (*PACKAGES_ROUND, *OBJECTS_ROUND))
