"""Which forbidden things an exercise's code names, read from the source and never run."""

from __future__ import annotations

import ast
import builtins
import functools
import unicodedata
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

BYPASS_BUILTINS = frozenset({"eval", "exec", "compile", "globals", "__import__", "__builtins__"})
"""Builtins with which a text made at run time can name anything."""
BYPASS_PACKAGES = ("importlib", "runpy", "builtins", "sys.modules")
BYPASS_ATTRIBUTES = frozenset({"__globals__", "__subclasses__", "__builtins__", "__code__"})
FINDERS = (
    *("code", "codeop", "ctypes", "gc", "inspect", "marshal", "pickle", "pkgutil", "timeit"),
    *("operator.attrgetter", "operator.methodcaller", "string.Formatter", "sys._getframe"),
    *("torch.jit.CompilationUnit", "types.CodeType", "types.FunctionType", "unittest.mock"),
)
"""What finds a function of a package that may be used otherwise; no process stops these."""
COMPUTED = "*"
"""Stands for an attribute whose name is computed."""
MAX_MEANINGS = 20
"""In how many ways a name may be imported before it can mean anything."""
ANYTHING = "globals"
"""What a name stands for that is imported in more ways than that."""
TOO_DEEP = "code that is nested too deeply to be read"

SUSPECT_WORDS = (*BYPASS_BUILTINS, *BYPASS_PACKAGES, "getattr", "sys", "__")
"""Words without which a text reaches nothing but what it names."""

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
Scoped = Function | ast.ClassDef
Import = ast.Import | ast.ImportFrom


def folded(texts: Iterable[str]) -> str:
    """One text with identifiers as Python reads them: folded by NFKC."""
    return unicodedata.normalize("NFKC", "\n".join(texts))


@functools.lru_cache(maxsize=64)
def may_use(text: str, forbidden: tuple[str, ...]) -> bool:
    """Whether a closer look is due: any word of what is forbidden, or of a way round, is there."""
    words = {word for name in forbidden for word in (name.split(".")[0], name.split(".")[-1])}
    return bool(words) and any(word in text for word in (*words, *SUSPECT_WORDS))


@functools.lru_cache(maxsize=64)
def parsed(source: str) -> ast.Module | None:
    """The syntax tree, or None where there is none to be had."""
    module = _parse(source)
    return module if isinstance(module, ast.Module) else None


def _is_too_deep(source: str) -> bool:
    """Whether a text does not parse here for want of room, and not because it is no Python."""
    return parsed(source) is None and _parse(source) in (RecursionError, MemoryError)


def _parse(source: str) -> ast.Module | type[Exception]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
            return type(error)


@dataclass(frozen=True)
class Statement:
    """One top-level statement: names it takes from its module, and dotted names that it uses."""

    mentions: frozenset[str]
    uses: frozenset[str]


@dataclass
class Source:
    """A submission's names, and which code stands behind them."""

    statements: dict[str, list[Statement]] = field(default_factory=dict)
    too_deep: bool = False

    @staticmethod
    def of(texts: Sequence[str]) -> Source:
        """Reads every text that parses; a process may run one that is too deep to be read here."""
        nodes = [node for module in map(parsed, texts) if module for node in module.body]
        names, stars = _module_names(nodes), _stars(nodes)
        source = Source(too_deep=any(map(_is_too_deep, texts)))
        for node in nodes:
            reader = _Reader(_Scope(names), stars)
            try:
                reader.visit(node)
                statement = Statement(frozenset(reader.mentions), frozenset(reader.uses))
            except RecursionError:
                statement = _flat(node, names)
            for name in {name.rstrip(".") for name, _ in _bound([node])}:
                source.statements.setdefault(name, []).append(statement)
        return source

    def reachable(self, entry: str, apart: Collection[str] = ()) -> set[str]:
        """Names that the code behind `entry` takes from its module, itself included.

        apart: names that are judged on their own, and not looked behind.
        """
        return self._behind(entry, apart)[0]

    def uses(self, entry: str, apart: Collection[str] = ()) -> set[str]:
        """Dotted names that the code behind `entry` mentions, imports resolved.

        "?.name" is an attribute of something that the source does not tell, "torch.nn.*" one whose
        name is computed.
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

    def __init__(self, scope: _Scope, stars: Collection[str]) -> None:
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
            meanings = scope.names[name] or {"?"}
        elif hasattr(builtins, name) or not self.stars:
            meanings = {name}
        else:
            meanings = {f"{star}.{name}" for star in self.stars}
        return meanings if len(meanings) <= MAX_MEANINGS else {ANYTHING}

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.uses |= self.targets(node) - {"?"}

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.uses |= self.targets(node)

    def visit_Call(self, node: ast.Call) -> None:
        """getattr(F, "one_hot") is F.one_hot, and vars(F) is F.__dict__."""
        called = node.func.id if isinstance(node.func, ast.Name) else ""
        if called in ("getattr", "vars") and self.scope.find(called) is None and node.args:
            owner, *rest = node.args
            name = "__dict__" if called == "vars" else _text(rest)
            self.uses |= {f"{target}.{name}" for target in self.targets(owner)}
            self.visit_all([*rest, *node.keywords])
        else:
            self.generic_visit(node)

    def visit_MatchClass(self, node: ast.MatchClass) -> None:
        """A pattern C(name=...) takes the attribute of whatever is matched."""
        self.uses |= {f"?.{name}" for name in node.kwd_attrs}
        self.generic_visit(node)

    def visit_Import(self, node: Import) -> None:
        """An import alone uses nothing."""

    visit_ImportFrom = visit_Import  # noqa: N815

    def function(self, node: Function) -> None:
        """What is evaluated with the definition, then the body in a scope of its own."""
        body: Sequence[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else node.body
        inside = set(body)
        self.visit_all(child for child in ast.iter_child_nodes(node) if child not in inside)
        arguments = {child.arg for child in ast.walk(node.args) if isinstance(child, ast.arg)}
        names = _gathered(_bound(body)) | {name: set() for name in arguments}
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
        targets = chain.from_iterable(ast.walk(loop.target) for loop in node.generators)
        bound = {target.id for target in targets if isinstance(target, ast.Name)}
        parts = chain.from_iterable(map(ast.iter_child_nodes, [node, *node.generators]))
        inside = [part for part in parts if part is not first and part not in node.generators]
        self.visit_all(inside, _Scope({name: set() for name in bound}, self.scope))

    visit_ListComp = visit_SetComp = comprehension  # noqa: N815
    visit_DictComp = visit_GeneratorExp = comprehension  # noqa: N815

    def visit_all(self, nodes: Iterable[ast.AST], scope: _Scope | None = None) -> None:
        """Visits nodes, in a scope inside this one where one is given."""
        self.scope, outer = scope or self.scope, self.scope
        for node in nodes:
            self.visit(node)
        self.scope = outer


def _text(arguments: Sequence[ast.expr]) -> str:
    """The text that the first argument is, if it is one."""
    match arguments:
        case [ast.Constant(value=str(text)), *_]:
            return text
    return COMPUTED


def _own_nodes(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """These nodes and all below them that are in the same scope."""
    todo = list(nodes)
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, Comprehension):
            named = [inner for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr)]
            todo += [inner.target for inner in named]
        elif not isinstance(node, Scoped):
            todo += ast.iter_child_nodes(node)


def _bound(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, str]]:
    """(name, what it is imported from or "") for all that these nodes bind in their own scope.

    A name with a dot after it has only an attribute of it set.
    """
    return chain.from_iterable(map(_binds, _own_nodes(nodes)))


def _binds(node: ast.AST) -> Iterator[tuple[str, str]]:
    if isinstance(node, Import):
        yield from _imported(node)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
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
            names.setdefault(name, set()).update({target} - {""})
    return names


def _module_names(statements: Sequence[ast.stmt]) -> dict[str, set[str]]:
    """Names of the module, with those that functions declare global and import."""
    names = _gathered(_bound(statements))
    for node in _walk(statements):
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
    imports = [node for node in _walk(statements) if isinstance(node, ast.ImportFrom)]
    return {node.module for node in imports if node.module and node.names[0].name == "*"}


def _walk(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    return chain.from_iterable(map(ast.walk, nodes))


def _flat(statement: ast.stmt, names: Mapping[str, set[str]]) -> Statement:
    """All that a statement may mention and use, whatever the scope; for one that is very deep."""
    nodes = list(ast.walk(statement))
    imports = (node for node in nodes if isinstance(node, Import))
    own = _gathered(chain.from_iterable(map(_imported, imports)))
    mentions = {node.id for node in nodes if isinstance(node, ast.Name)}
    uses = {f"?.{node.attr}" for node in nodes if isinstance(node, ast.Attribute)}
    for name in mentions:
        uses |= names.get(name, set()) | own.get(name, set()) or {name}
    return Statement(frozenset(mentions), frozenset(uses))


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
            if forbidden_name := _meant(used, name, name in handed_on):
                return forbidden_name
        if used.split(".")[0] in BYPASS_BUILTINS or _below(used, BYPASS_PACKAGES):
            return used
        if within and (used in ("getattr", "vars") or _below(used, FINDERS)):
            return used
        if reached := BYPASS_ATTRIBUTES & set(used.split(".")):
            return min(reached)
    return None


def _meant(used: str, name: str, handed_on: bool) -> str | None:
    """What to call a use, if it is one of a forbidden name."""
    top, tail = name.split(".")[0], name.rsplit(".", 1)[-1]
    if _below(used, (name,)):
        return used
    start, *parts = used.split(".")
    last = parts[-1] if parts else ""
    if last in (COMPUTED, "__dict__"):
        owner = used.rsplit(".", 1)[0]
        inside = name.startswith(f"{owner}.") or owner == "sys" or (start == "?" and handed_on)
        return ("getattr" if last == COMPUTED else "__dict__") if inside else None
    if start == "?" and handed_on and tail in parts:
        return tail
    telling = tail != tail.lower() or "_" in tail
    return used if start == top and tail in parts and telling and "." in name else None


def _bare(used: str) -> str:
    """builtins.abs is abs."""
    package, _, name = used.partition(".")
    return name if package == "builtins" and name.isidentifier() and name != "__dict__" else used


def _below(used: str, packages: Iterable[str]) -> bool:
    return any(used == name or used.startswith(f"{name}.") for name in packages)


def hides(used: str) -> bool:
    """Whether a name found by `forbidden_use` is a way round reading the source."""
    words = {*BYPASS_BUILTINS, *BYPASS_ATTRIBUTES, "getattr", "vars", "__dict__", TOO_DEEP}
    return used.split(".")[0] in words or _below(used, (*BYPASS_PACKAGES, *FINDERS))
