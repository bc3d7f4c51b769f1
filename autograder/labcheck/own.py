"""What a program's own text names: all that may be repeated of what its process says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from .forbidden import parsed
from .nodes import children, walk

LONGEST = 40
"""The longest name that is told whole."""
MOST_DIGITS = 3
"""With more of these a name is rather a number."""
MOST_NAMES = 2048
"""Of a program with more names or words none is told: which one it is may be of its choosing."""

NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
IDENTIFIER = re.compile(r"[^\W\d]\w*")
WORD = re.compile(r"[\w./\\-]+( [\w./\\-]+)*")

Definition = ast.FunctionDef | ast.AsyncFunctionDef
Range = tuple[int, int]
"""The fewest and the most arguments that a function takes by position, self included."""
Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True)
class Own:
    """What a program's text names.

    names: identifiers, each part of a dotted one apart.  words: short texts between quotes.
    takes: what undecorated functions take, by qualified name.  calls: by the name that is called
    and the number of arguments, the functions in which such a call stands.
    """

    names: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    takes: Mapping[str, frozenset[Range]] = field(default_factory=dict)
    calls: Mapping[tuple[str, int], frozenset[str]] = field(default_factory=dict)

    @staticmethod
    def of(texts: Iterable[str]) -> Own:
        """What these sources name; one that does not parse names nothing."""
        trees = [tree for tree in map(parsed, texts) if tree is not None]
        nodes = walk(trees)
        return Own(
            frozenset(part for node in nodes for name in _names(node) for part in name.split(".")),
            frozenset(word for node in nodes for word in _words(node)),
            _gathered(pair for tree in trees for pair in _taken(tree)),
            _gathered(pair for tree in trees for pair in _called(tree)),
        )

    def beside(self, texts: Iterable[str]) -> Own:
        """The same with what its author knows beside the program, as the statement's words."""
        names = frozenset(name for text in texts for name in IDENTIFIER.findall(text))
        return replace(self, names=self.names | names)

    def name(self, text: str) -> str | None:
        """The text, if it is a name or a dotted name of this program."""
        known = NAME.fullmatch(text) and self.names.issuperset(text.split("."))
        return _fit(text) if known and len(self.names) <= MOST_NAMES else None

    def word(self, text: str) -> str | None:
        """The text, if it stands between quotes in this program, or is a name."""
        known = text in self.words and len(self.words) <= MOST_NAMES
        return _fit(text) if known else self.name(text)

    def takes_so_many(self, name: str, fewest: int, most: int) -> bool:
        """Whether a function of this name and with so many arguments is in the text."""
        return (fewest, most) in self.takes.get(name, ())

    def callers(self, name: str, given: int) -> frozenset[str]:
        """The functions in which a call stands that gives so many arguments; "" is outside."""
        return self.calls.get((name.split(".")[-1], given), frozenset())


class Anyone(Own):
    """For a program on its author's machine, where anything may be repeated."""

    def name(self, text: str) -> str | None:
        """The text, if it can be a name."""
        return _cut(text) if NAME.fullmatch(text) else None

    def word(self, text: str) -> str | None:
        """The text, if it is words."""
        return _cut(text) if WORD.fullmatch(text) else None

    def takes_so_many(self, name: str, fewest: int, most: int) -> bool:
        """Whatever the process says."""
        return True

    def callers(self, name: str, given: int) -> frozenset[str]:
        """Somewhere."""
        return frozenset(("",))


ANYONE = Anyone()


def _fit(text: str) -> str | None:
    return _cut(text) if sum(map(str.isdigit, text)) <= MOST_DIGITS else None


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _gathered(pairs: Iterable[tuple[Key, Value]]) -> dict[Key, frozenset[Value]]:
    found: dict[Key, set[Value]] = {}
    for key, value in pairs:
        found.setdefault(key, set()).add(value)
    return {key: frozenset(values) for key, values in found.items()}


def _names(node: ast.AST) -> Iterator[str]:
    """The names in one node."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
            yield name
        case ast.keyword(arg=str(name)):
            yield name
        case (
            ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name)
        ):
            yield name
        case ast.alias(name=name, asname=other):
            yield from (name, other) if other else (name,)
        case ast.ImportFrom(module=str(name)):
            yield name


def _words(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = node.value
        if len(text) <= LONGEST and WORD.fullmatch(text):
            yield text


def _taken(tree: ast.Module) -> Iterator[tuple[str, Range]]:
    """Each function by its qualified name, with how many arguments it takes."""
    todo: list[tuple[str, ast.AST]] = [("", node) for node in children(tree)]
    while todo:
        prefix, node = todo.pop()
        if isinstance(node, Definition):
            most = len(node.args.posonlyargs) + len(node.args.args)
            if not node.decorator_list:
                yield f"{prefix}{node.name}", (most - len(node.args.defaults), most)
            prefix = ""
        elif isinstance(node, ast.ClassDef):
            prefix = f"{prefix}{node.name}."
        todo += [(prefix, child) for child in children(node)]


def _called(tree: ast.Module) -> Iterator[tuple[tuple[str, int], str]]:
    """Each call with all its arguments written out: name and number, and where it stands."""
    todo: list[tuple[str, ast.AST]] = [("", node) for node in children(tree)]
    while todo:
        inside, node = todo.pop()
        if isinstance(node, ast.Call) and not _is_open(node):
            name = _names(node.func)
            given = len(node.args) + len(node.keywords)
            yield from (((one, given), inside) for one in name)
        elif isinstance(node, Definition):
            inside = node.name
        todo += [(inside, child) for child in children(node)]


def _is_open(call: ast.Call) -> bool:
    """Whether a call gives arguments by * or **, which the text does not number."""
    starred = any(isinstance(argument, ast.Starred) for argument in call.args)
    return starred or any(keyword.arg is None for keyword in call.keywords)
