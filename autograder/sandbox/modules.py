"""Modules that a worker provides: given sources, stand-ins for what is forbidden, and labcheck."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import linecache
import sys
import types
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn


class Forbidden(BaseException):
    """A package that the lab is about doing without was used; no ``except Exception`` hides it."""

    def __init__(self, package: str) -> None:
        super().__init__(f"{package} may not be used here")
        self.package = package


class StandIn(types.ModuleType):
    """A module that can be imported, also ``from``, and raises Forbidden once it is used.

    Libraries that merely look whether the package is loaded find an attribute missing.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or _asked_by_library():
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        _refuse(self)

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:  # noqa: D102
        _refuse(self)

    def __getitem__(self, key: object) -> NoReturn:
        _refuse(self)

    def __or__(self, other: object) -> NoReturn:
        _refuse(self)

    def __ror__(self, other: object) -> NoReturn:
        _refuse(self)

    def __mro_entries__(self, bases: object) -> NoReturn:
        _refuse(self)

    def __instancecheck__(self, instance: object) -> bool:
        _refuse(self)


def _refuse(module: types.ModuleType) -> NoReturn:
    raise Forbidden(module.__name__.partition(".")[0])


def _asked_by_library() -> bool:
    """Whether the code two frames up comes from a file of its own and not from a cell."""
    filename = sys._getframe(2).f_code.co_filename
    return filename.startswith(("/", "<frozen "))


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds modules among given sources, packages implied by dots, and stand-ins."""

    def __init__(self) -> None:
        self.sources: dict[str, str] = {}
        self.packages: set[str] = set()
        self.stand_ins: set[str] = set()

    def add(self, sources: Mapping[str, str], stand_ins: Iterable[str]) -> None:
        """Make ``import name`` work for these; what was given before stays."""
        self.sources.update(sources)
        for name in sources:
            while "." in name:
                name = name.rpartition(".")[0]
                self.packages.add(name)
        for name in stand_ins:
            self.stand_ins.add(name)
            importlib.import_module(name)

    def files(self) -> set[str]:
        """The names under which the given sources appear in tracebacks."""
        return {filename_of(name) for name in self.sources}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """A spec for what this finder provides, else None."""
        stand_in = name.partition(".")[0] in self.stand_ins
        if not stand_in and name not in self.sources and name not in self.packages:
            return None
        package = stand_in or name in self.packages
        spec = importlib.util.spec_from_loader(name, self, is_package=package)
        if spec is not None and name in self.sources:
            spec.origin = filename_of(name)
        return spec

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType | None:
        """A stand-in, or None for an ordinary module."""
        return StandIn(spec.name) if spec.name.partition(".")[0] in self.stand_ins else None

    def exec_module(self, module: types.ModuleType) -> None:
        """Run the source that was given, if there is one."""
        source = self.sources.get(module.__name__)
        if source is None or isinstance(module, StandIn):
            return
        filename = filename_of(module.__name__)
        module.__file__ = filename
        remember(filename, source)
        exec(compile(source, filename, "exec", dont_inherit=True), module.__dict__)


def filename_of(module: str) -> str:
    """The name under which a given module's source appears in tracebacks."""
    return module.replace(".", "/") + ".py"


def remember(filename: str, source: str) -> None:
    """Let tracebacks and inspect find a source that is in no file."""
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)


def _nothing(*args: Any, **kwargs: Any) -> None:
    """Do nothing, whatever is asked."""


class SilentLabcheck(types.ModuleType):
    """labcheck while grading: every function of it accepts anything and does nothing."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _nothing


def install() -> Finder:
    """Put a finder before all others, and the silent labcheck in its place."""
    finder = Finder()
    sys.meta_path.insert(0, finder)
    sys.modules["labcheck"] = SilentLabcheck("labcheck")
    return finder
