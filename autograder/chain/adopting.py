"""A student's program made a known mistake of a spec: texts in, texts out, and nothing is run.

From then on it runs as the author's own: what is more than arithmetic is refused, and what
remains is to be read.
"""

from __future__ import annotations

import ast
import keyword
import re
import textwrap
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass

from autograder.chain.statements import bound, each
from autograder.judge.program import without_notes
from autograder.spec.collection import TODO, CollectionError

PACKAGES = frozenset({"numpy", "torch", "math", "itertools", "functools", "collections"})
"""What a mistake may import, and what is below them."""
REFUSED = frozenset(
    {
        *("open", "exec", "eval", "compile", "input", "breakpoint", "__import__", "globals"),
        *("locals", "vars", "getattr", "setattr", "delattr", "exit", "quit", "memoryview"),
    }
)
"""Functions of Python's that no arithmetic needs."""
REFUSED_PARTS = frozenset(
    {
        *("load", "save", "savez", "savez_compressed", "savetxt", "loadtxt", "genfromtxt"),
        *("fromfile", "tofile", "memmap", "dump", "dumps", "fromregex", "DataSource"),
        *("hub", "ctypeslib", "load_library", "load_inline", "library", "lib", "distributed"),
        *("multiprocessing", "package", "jit", "compile", "os", "sys", "subprocess", "f2py"),
        *("cpp_extension", "collect_env", "model_zoo", "tensorboard", "benchmark"),
        *("fx", "export", "onnx", "profiler", "monitor", "cuda", "overrides"),
        *("testing", "distutils", "backends", "serialization", "storage", "classes", "modules"),
    }
)
"""Attributes by which NumPy and PyTorch reach files, processes and compilers."""
METHODS = frozenset({"__init__", "__call__", "__len__", "__getitem__", "__iter__"})
SETTING = ("staticmethod", "classmethod", "property", "torch.no_grad()", "torch.enable_grad()")
"""Decorators that are left in place."""
WAY_OUT = "write the mistake yourself"


@dataclass(frozen=True)
class Adopted:
    """A spec with one more mistake.  added: what was put in.  line: where that begins."""

    spec: str
    added: str
    line: int


def free_name(taken: Iterable[str]) -> str:
    """A name that says that there is none yet."""
    names = {*taken}
    return next(name for n in range(1, len(names) + 2) if (name := f"unnamed_{n}") not in names)


def draft(does: str) -> str:
    """What is said about a mistake, as far as a sentence on what a program does tells it."""
    when = does.split(". ")[0].rstrip(".").strip()
    begun = f"{when[:1].lower()}{when[1:]}" if when else f"{TODO} say what comes out"
    return f"{begun}. {TODO} say where to look, without the answer."


def adopted(
    spec: str,
    program: str,
    exercise: str,
    name: str,
    said: str,
    slug: str,
    exercises: Iterable[str] = (),
) -> Adopted:
    """The text of a spec with a program of a student's as the mistake `name`.

    exercise: what the program calls itself.  exercises: all of the lab, which it may call; these
    are the lab's own.  Raises CollectionError where that cannot be done.
    """
    where = f"exercises/{slug}/{exercise}.py"
    tree = ast.parse(spec)
    if not name.isidentifier() or keyword.iskeyword(name) or len(name) > 50 or name[0] == "_":
        raise CollectionError(
            f"{name!r} cannot name a mistake: use letters, digits and _, at most 50, "
            "a letter first, and no keyword of Python's"
        )
    there = {one for node in tree.body for one in bound(node)}
    if name in there:
        raise CollectionError(f"{where} has {name} already: choose another name")
    mistakes, place = _where(tree, where)
    own = _cleaned(ast.parse(program), exercise, name)
    if refusal := next(_refusals(own), ""):
        raise CollectionError(
            f"the smallest program {refusal}, which a mistake must not: {WAY_OUT}"
        )
    imports = _imports(own, tree, slug, frozenset(exercises) - {exercise})
    body = _written(own, name, said, mistakes)
    lines = spec.split("\n")
    after = max((node.end_lineno or 0 for node in tree.body if _is_import(node)), default=0)
    head, middle, tail = lines[:after], lines[after : place - 1], lines[place - 1 :]
    before = "\n".join([*head, *imports, *middle]).rstrip("\n")
    text = f"{before}\n\n\n{body}\n\n\n" + "\n".join(tail)
    line = before.count("\n") + 4
    return Adopted(text, "\n".join([*imports, *[""] * bool(imports), body]), line)


def _where(tree: ast.Module, where: str) -> tuple[str, int]:
    """The name of the list of mistakes, and the line of what comes behind it: the exercise."""
    mistakes, place = "", 0
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            target, value = node.targets[0].id, node.value
            called = value.func if isinstance(value, ast.Call) else None
            if isinstance(called, ast.Name) and called.id == "Mistakes":
                mistakes = target
            if target == "EXERCISE":
                place = node.lineno
    if not mistakes or not place:
        raise CollectionError(
            f"{where} has no list of mistakes at its top level: write wrong = Mistakes() above "
            "EXERCISE = Exercise(…, mistakes=wrong), and name it again"
        )
    return mistakes, place


def _is_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


# -- what is not taken over ----------------------------------------------------------------------


def _refusals(tree: ast.Module) -> Iterator[str]:
    """What a program does beside arithmetic, as "calls open"."""
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom):
            yield from _not_plain(node)
    for part in ast.walk(tree):
        match part:
            case ast.Import(names=names):
                yield from (f"imports {one.name}" for one in names if not _known(one.name))
            case ast.ImportFrom(module=module, names=names, level=level):
                if level or not _known(module or ""):
                    yield f"imports {module or 'what lies beside it'}"
                yield from (
                    f"imports {one.name}"
                    for one in names
                    if one.name in {*REFUSED_PARTS, "*"} or one.name.startswith("_")
                )
            case ast.Name(id=name) if name in REFUSED or name.startswith("__"):
                yield f"uses {name}"
            case ast.Attribute(attr=name) if name in REFUSED_PARTS:
                yield f"uses .{name}"
            case ast.Attribute(value=owner, attr=name) if name.startswith("_"):
                own = ast.unparse(owner) == "self" and not name.startswith("__")
                if not own and name not in METHODS:
                    yield f"uses .{name}"
            case ast.Global() | ast.AsyncFunctionDef() | ast.Await():
                yield "changes what stands outside of it"
            case ast.FunctionDef() | ast.ClassDef():
                yield from _at_once(part)


def _known(module: str) -> bool:
    first, *parts = module.split(".")
    return first in PACKAGES and not REFUSED_PARTS.intersection(parts)


def _not_plain(node: ast.stmt) -> Iterator[str]:
    named = isinstance(node, ast.Assign) and all(isinstance(one, ast.Name) for one in node.targets)
    simple = named and _is_literal(getattr(node, "value", None))
    if not simple:
        yield f"does {ast.unparse(node)[:40]!r} outside of its functions"


def _is_literal(node: ast.expr | None) -> bool:
    try:
        ast.literal_eval(node or ast.Constant(value=None))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def _at_once(node: ast.FunctionDef | ast.ClassDef) -> Iterator[str]:
    """What would run as soon as it is defined."""
    for decorator in node.decorator_list:
        if ast.unparse(decorator) not in SETTING:
            yield f"is decorated with {ast.unparse(decorator)[:40]}"
    if isinstance(node, ast.FunctionDef):
        defaults = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
        if not all(map(_is_literal, defaults)):
            yield "has defaults that are computed"
        return
    if node.keywords or not all(isinstance(one, ast.Name | ast.Attribute) for one in node.bases):
        yield "has a base class that is computed"
    for one in node.body:
        if not isinstance(one, ast.FunctionDef | ast.Pass):
            yield from _not_plain(one)


# -- what is ------------------------------------------------------------------------------------


def _imports(own: ast.Module, spec: ast.Module, slug: str, exercises: Set[str]) -> list[str]:
    """The imports that a program needs and a spec has not; other exercises are the lab's."""
    there = {ast.unparse(one) for node in spec.body for one in _single(node)}
    known = {name for node in spec.body for name in bound(node)}
    mentioned = {node.id for node in ast.walk(own) if isinstance(node, ast.Name)}
    needed = [
        one for node in own.body for one in _single(node) if mentioned.intersection(bound(one))
    ]
    for one in needed:
        if ast.unparse(one) not in there and known.intersection(bound(one)):
            raise CollectionError(
                f"the spec has another {next(iter(bound(one)))} than the smallest "
                f"program, which says {ast.unparse(one)}: {WAY_OUT}"
            )
    others = sorted(mentioned & exercises - known)
    lines = [ast.unparse(one) for one in needed if ast.unparse(one) not in there]
    return lines + [f"from solutions.{slug} import {name}" for name in others]


def _single(node: ast.stmt) -> Iterator[ast.stmt]:
    """An import as statements of one name each."""
    plain = not isinstance(node, ast.ImportFrom) or node.module != "__future__"
    if isinstance(node, ast.Import | ast.ImportFrom) and plain:
        yield from each(node)


def _cleaned(own: ast.Module, exercise: str, name: str) -> ast.Module:
    """A program under names of the spec's own: no annotations, and nothing is printed."""
    defined = {one for node in own.body if not _is_import(node) for one in bound(node)}
    names = {one: f"_{name}_{one}" for one in defined} | {exercise: name}
    plain = ast.Module([without_notes(node) for node in own.body], [])
    clean: ast.Module = ast.fix_missing_locations(_Cleaned(names).visit(plain))
    return clean


def _written(own: ast.Module, name: str, said: str, mistakes: str) -> str:
    """The definitions, with what is said of the mistake."""
    texts = []
    for node in own.body:
        text = "" if _is_import(node) else ast.unparse(node)
        if isinstance(node, ast.FunctionDef) and node.name == name:
            head, _, body = text.partition(":\n")
            doc = textwrap.indent(_doc(said), "    ")
            text = f"@{mistakes}\n{head}:\n{doc}\n{body}"
        elif isinstance(node, ast.ClassDef) and node.name == name:
            words = textwrap.wrap(said, 80, drop_whitespace=False)
            lines = "\n".join(f"    {line!r}" for line in words)
            text += f"\n\n\n{mistakes}.add(\n    {name!r},\n    {name},\n{lines},\n)"
        texts.append(text)
    return "\n\n\n".join(filter(None, texts))


def _doc(said: str) -> str:
    """A docstring of short lines; it holds no quotes that would end it."""
    plain = re.sub(r'["\\]', "'", said)
    return '"""' + "\n".join(textwrap.wrap(plain, 88)) + '"""'


class _Cleaned(ast.NodeTransformer):
    """Gives names, and takes what is printed away."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if getattr(node, "body", None) == []:
            node.body = [ast.Pass()]  # type: ignore[attr-defined]
        return node

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(self.names.get(node.arg, node.arg))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self.names.get(node.name, node.name)
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.name = self.names.get(node.name, node.name)
        return self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        called = node.value.func if isinstance(node.value, ast.Call) else None
        if isinstance(called, ast.Name) and called.id == "print":
            return None
        return self.generic_visit(node)
