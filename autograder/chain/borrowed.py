"""Specs of exercises as another lab has them: their files copied, their imports written anew."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.chain.statements import import_from
from autograder.spec.collection import CollectionError

WORD = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True)
class Borrowed:
    """Files by path, and the names of the solutions that they import or have in their texts.

    `edited` makes programs of texts, which name what stands beside the program that is edited.
    """

    texts: Mapping[str, str]
    words: frozenset[str]


def borrowed(slug: str, lab: str, chosen: Collection[str], root: Path) -> Borrowed:
    """The specs of some exercises of a lab for the lab `slug`, and the modules that they import.

    A module that is no spec there is called after its lab: `_draws` of lab2 is `_lab2_draws`.
    Raises CollectionError for an import that cannot be written anew.
    """
    todo, texts, words = list(chosen), dict[str, str](), set[str]()
    while todo:
        module = todo.pop()
        path = f"exercises/{slug}/{_called(module, lab, chosen)}.py"
        if path in texts:
            continue
        where = f"exercises/{lab}/{module}.py"
        text = (root / where).read_text(encoding="utf-8")
        anew = _Anew(slug, lab, chosen, where)
        texts[path] = anew.text(text)
        todo += anew.modules
        words |= anew.words
    return Borrowed(texts, frozenset(words))


def _called(module: str, lab: str, chosen: Collection[str]) -> str:
    return module if module in chosen else f"_{lab}_{module.lstrip('_')}"


class _Anew:
    """The imports of one file.  modules: those of its lab's specs that it imports.

    words: what it imports of the solutions, and all words in its texts.
    """

    def __init__(self, slug: str, lab: str, chosen: Collection[str], where: str) -> None:
        self.slug, self.lab, self.chosen, self.where = slug, lab, chosen, where
        self.modules: list[str] = []
        self.words: set[str] = set()

    def text(self, text: str) -> str:
        """The file, its imports from the lab as imports from the other one."""
        tree, lines = ast.parse(text), text.splitlines()
        for statement in reversed(tree.body):
            if isinstance(statement, ast.ImportFrom) and self._of_course(statement):
                lines[statement.lineno - 1 : statement.end_lineno] = self._written(statement)
        for node in ast.walk(tree):
            if self._of_course(node) and node not in tree.body:
                self._refuse(node, "stands inside a function")
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                self.words |= {*WORD.findall(node.value)}
        return "\n".join(lines) + "\n"

    def _of_course(self, node: ast.AST) -> bool:
        """Whether a node imports from the course; raises CollectionError where it may not."""
        if isinstance(node, ast.Import):
            if any(_package(alias.name) in ("exercises", "solutions") for alias in node.names):
                self._refuse(node, "is no `from … import …`")
            return False
        if not isinstance(node, ast.ImportFrom):
            return False
        if node.level:
            self._refuse(node, "begins with a dot")
        return _package(node.module or "") in ("exercises", "solutions")

    def _written(self, node: ast.ImportFrom) -> list[str]:
        package, _, rest = (node.module or "").partition(".")
        lab, _, module = rest.partition(".")
        names = [ast.unparse(alias) for alias in node.names]
        if lab != self.lab or any(alias.name == "*" for alias in node.names):
            self._refuse(node, f"is not of names of {self.lab}")
        if package == "solutions":
            self.words |= {alias.name for alias in node.names}
            return import_from(f"solutions.{self.slug}", names).splitlines()
        if module:
            self.modules.append(module)
            called = _called(module, self.lab, self.chosen)
            return import_from(f"exercises.{self.slug}.{called}", names).splitlines()
        self.modules += [alias.name for alias in node.names]
        return [
            f"from exercises.{self.slug} import {_called(alias.name, self.lab, self.chosen)}"
            f" as {alias.asname or alias.name}"
            for alias in node.names
        ]

    def _refuse(self, node: ast.AST, what: str) -> None:
        line = getattr(node, "lineno", 1)
        raise CollectionError(
            f"{self.where}, line {line}: this import {what}, so it cannot be taken into another "
            f"lab: write from exercises.{self.lab}._module import name, at the top of the file"
        )


def _package(module: str) -> str:
    return module.partition(".")[0]


def set_in(text: str, where: str, settings: Mapping[str, str]) -> str:
    """The text of a spec with more arguments of its Exercise(…), as Python text by name.

    One that is there and is a tuple, as forbidden, keeps what it has; others stay as they are.
    """
    call = _exercise_call(text, where)
    there = {keyword.arg: keyword.value for keyword in call.keywords}
    lines = text.splitlines()
    for name, value in settings.items():
        if name not in there:
            lines.insert(call.lineno, f"    {name}={value},")
        elif name == "forbidden":
            text = "\n".join(lines)
            old = ast.get_source_segment(text, _keyword(text, where, name)) or ""
            lines = text.replace(f"{name}={old}", f"{name}=(*{value}, *{old})").splitlines()
    return "\n".join(lines) + "\n"


def _keyword(text: str, where: str, name: str) -> ast.expr:
    return next(one.value for one in _exercise_call(text, where).keywords if one.arg == name)


def _exercise_call(text: str, where: str) -> ast.Call:
    for node in ast.parse(text).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="EXERCISE")], value=ast.Call() as call):
                if text.splitlines()[call.lineno - 1].endswith("("):
                    return call
    raise CollectionError(
        f"{where}: to say that one lab computes with NumPy and another with PyTorch, its last "
        "statement must be EXERCISE = Exercise(…), each argument on a line of its own"
    )


def right_programs(slug: str, lab: str, chosen: Sequence[str], root: Path) -> dict[str, str]:
    """The hand-ins of a lab that are right and define one of the chosen exercises, by path."""
    return {
        f"exercises/{slug}/right/{lab}_{file.name}": text
        for file in sorted((root / "exercises" / lab / "right").glob("*.py"))
        if {*_defined(text := file.read_text(encoding="utf-8"))} & {*chosen}
    }


def _defined(text: str) -> Iterator[str]:
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
