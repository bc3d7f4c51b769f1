"""A student's cells, executed one by one in one module: the same in a worker and at home."""

from __future__ import annotations
import __future__

import ast
import asyncio
import builtins
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import linecache
import sys
import types
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

from .quiet import Quiet, QuietModule, decorates, display
from .reading import read_file

FUTURE_FLAGS = 0
for _name in __future__.all_feature_names:
    FUTURE_FLAGS |= getattr(__future__, _name).compiler_flag

NAME = "submission"
"""What ``__name__`` is for a student's program."""

MOST_FAILURES = 20
"""How many statements of one cell may fail before the rest of it is left out."""


class Runner:
    """One submission as a module that grows cell by cell.

    absent: modules that its imports did not find.  stops: exceptions that are for whoever runs it.
    folder, written: where %run finds files, and the texts of those that the program writes.
    """

    def __init__(
        self,
        stops: tuple[type[BaseException], ...] = (),
        folder: Path = Path(),
        written: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._stops = stops
        self.folder, self.written = folder, written
        self.module = types.ModuleType(NAME)
        self.module.__file__ = f"{NAME}.py"
        self.files: set[str] = set()
        self.absent: list[str] = []
        self._flags = 0
        self._lines: dict[str, list[str]] = {}
        sys.modules[NAME] = self.module
        builtins.get_ipython = lambda: Shell(self)  # type: ignore[attr-defined]
        builtins.display = display  # type: ignore[attr-defined]

    def run(self, source: str, file: str, offset: int) -> list[BaseException]:
        """Execute a cell: what its statements raised, the first one first.

        offset: lines of the file before it.  A statement that fails takes no other along.
        """
        self._remember(source, file, offset)
        errors: list[BaseException] = []
        todo: ast.Module | str = "\n" * offset + source
        while True:
            try:
                self._execute(todo, file)
                return errors
            except self._stops:
                raise
            except BaseException as error:
                errors.append(error)
                self._note_absent(error)
                rest = _after(todo, _line(error, file))
            if rest is None or len(errors) == MOST_FAILURES:
                return errors
            todo = rest

    def _execute(self, code: ast.Module | str, file: str) -> None:
        flags = self._flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        compiled = compile(code, file, "exec", flags, dont_inherit=True)
        self._flags |= compiled.co_flags & FUTURE_FLAGS
        result = eval(compiled, self.module.__dict__)
        if compiled.co_flags & inspect.CO_COROUTINE:
            _run_to_its_end(result)

    def _remember(self, source: str, file: str, offset: int) -> None:
        """Hand the cell's lines, in their place, to linecache."""
        lines = self._lines.setdefault(file, [])
        own = source.split("\n")
        lines += [""] * (offset + len(own) - len(lines))
        lines[offset : offset + len(own)] = own
        self.files.add(file)
        remember(file, "\n".join(lines))

    def _note_absent(self, error: BaseException) -> None:
        if type(error) is ModuleNotFoundError and type(error.name) is str:
            self.absent.append(error.name)


def _run_to_its_end(cell: Coroutine[Any, Any, Any]) -> None:
    """Await a cell in a loop of its own, also where one runs already (a notebook's kernel)."""
    outer = asyncio.events._get_running_loop()
    asyncio.events._set_running_loop(None)
    try:
        asyncio.run(cell)
    finally:
        asyncio.events._set_running_loop(outer)


def _line(error: BaseException, file: str) -> int | None:
    """The line of the cell's own statement that raised; None where none of it ran."""
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename == file and code.co_name == "<module>":
            return trace.tb_lineno
        trace = trace.tb_next
    return None


def _after(code: ast.Module | str, line: int | None) -> ast.Module | None:
    """What stands below the statement of that line; None where that is nothing."""
    if line is None:
        return None
    module = ast.parse(code) if isinstance(code, str) else code
    rest = [one for one in module.body if _first_line(one) > line]
    return ast.Module(rest, []) if rest else None


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(one.lineno for one in decorators)])


def remember(filename: str, source: str) -> None:
    """Let tracebacks and inspect find a source that is in no file; its lines are Python's."""
    lines = [f"{line}\n" for line in source.split("\n")]
    linecache.cache[filename] = (len(source), None, lines, filename)


# -- the student's own files ---------------------------------------------------------------------


class Modules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds modules among given sources, packages implied by dots, and stand-ins."""

    def __init__(self) -> None:
        self.sources: dict[str, str] = {}
        self.packages: set[str] = set()

    def add(self, sources: Mapping[str, str]) -> None:
        """Make ``import name`` work for these; what was given before stays."""
        self.sources.update(sources)
        for name in list(sources):
            while "." in name:
                name = name.rpartition(".")[0]
                self.packages.add(name)

    def add_files(self, files: Mapping[str, str]) -> None:
        """Make ``import name`` work for the Python files beside a submission."""
        self.add({module_of(name): text for name, text in files.items() if module_of(name)})

    def files(self) -> set[str]:
        """The names under which the given sources appear in tracebacks."""
        return {filename_of(name) for name in self.sources}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """A spec for what this finder provides, else None."""
        if name not in self.sources and not self.is_package(name):
            return None
        package = self.is_package(name)
        spec = importlib.util.spec_from_loader(name, self, is_package=package)
        if spec is not None and name in self.sources:
            spec.origin = filename_of(name)
        return spec

    def is_package(self, name: str) -> bool:
        """Whether other modules may stand below this one."""
        return name in self.packages or (name not in self.sources and decorates(name))

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType | None:
        """A quiet one for what only decorates, or None for an ordinary module."""
        known = spec.name in self.sources or spec.name in self.packages
        return None if known else QuietModule(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """Run the source that was given, if there is one."""
        source = self.sources.get(module.__name__)
        if source is None or isinstance(module, QuietModule):
            return
        filename = filename_of(module.__name__)
        module.__file__ = filename
        remember(filename, source)
        exec(compile(source, filename, "exec", dont_inherit=True), module.__dict__)


def module_of(name: str) -> str:
    """The module that a file makes: "helpers", "mine.tools"; "" where it makes none."""
    path = PurePosixPath(name)
    parts = [*path.parts[:-1], *([] if path.name == "__init__.py" else [path.stem])]
    return ".".join(parts) if path.suffix == ".py" and all(map(str.isidentifier, parts)) else ""


def filename_of(module: str) -> str:
    """The name under which a given module's source appears in tracebacks."""
    return module.replace(".", "/") + ".py"


class Shell(Quiet):
    """IPython's shell as far as a program needs it: %run runs a file, and nothing else happens."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def run_line_magic(self, name: str, line: str = "", *_: Any, **__: Any) -> Any:
        """%run FILE; all else does nothing."""
        if name == "run" and line.split():
            _run_file(self._runner, line.split()[-1].strip("'\""))
        return Quiet()

    def getoutput(self, *_: Any, **__: Any) -> list[str]:
        """A shell of which nothing comes."""
        return []

    def system(self, *_: Any, **__: Any) -> int:
        """A shell in which nothing is done."""
        return 0


def _run_file(runner: Runner, name: str) -> None:
    """The cells of a file in the folder, in the program's own module, as %run -i does."""
    for path in (name, f"{name}.py"):
        if path in runner.written:
            raw = runner.written[path].encode()
        elif (runner.folder / path).is_file():
            raw = (runner.folder / path).read_bytes()
        else:
            continue
        for cell in read_file(raw, path).cells:
            for error in runner.run(cell.source, path, cell.offset):
                raise error
        return
    raise FileNotFoundError(f"there is no file {name} here")
