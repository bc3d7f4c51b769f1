"""Modules that a worker provides: given sources, forbidden packages, and labcheck."""

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


def _refuse(module: types.ModuleType, *args: object, **kwargs: object) -> NoReturn:
    raise Forbidden(module.__name__.partition(".")[0])


class ForbiddenPackage(types.ModuleType):
    """A module that can be imported, also ``from``, and raises Forbidden once it is used.

    Libraries that merely look whether the package is loaded find an attribute missing.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or _asked_by_library():
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        _refuse(self)

    __call__ = __getitem__ = __or__ = __ror__ = __mro_entries__ = __instancecheck__ = _refuse


def _asked_by_library() -> bool:
    """Whether the code two frames up comes from a file of its own and not from a cell."""
    filename = sys._getframe(2).f_code.co_filename
    return filename.startswith(("/", "<frozen "))


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds modules among given sources, packages implied by dots, and forbidden ones."""

    def __init__(self) -> None:
        self.sources: dict[str, str] = {}
        self.packages: set[str] = set()
        self.forbidden: set[str] = set()

    def add(self, sources: Mapping[str, str], forbidden: Iterable[str]) -> None:
        """Make ``import name`` work for these; what was given before stays."""
        self.sources.update(sources)
        for name in sources:
            while "." in name:
                name = name.rpartition(".")[0]
                self.packages.add(name)
        for name in forbidden:
            self.forbidden.add(name)
            importlib.import_module(name)

    def files(self) -> set[str]:
        """The names under which the given sources appear in tracebacks."""
        return {filename_of(name) for name in self.sources}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """A spec for what this finder provides, else None."""
        package = name in self.packages or self._forbids(name)
        if not package and name not in self.sources:
            return None
        spec = importlib.util.spec_from_loader(name, self, is_package=package)
        if spec is not None and name in self.sources:
            spec.origin = filename_of(name)
        return spec

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType | None:
        """One that refuses its use, or None for an ordinary module."""
        return ForbiddenPackage(spec.name) if self._forbids(spec.name) else None

    def _forbids(self, name: str) -> bool:
        return name.partition(".")[0] in self.forbidden

    def exec_module(self, module: types.ModuleType) -> None:
        """Run the source that was given, if there is one."""
        source = self.sources.get(module.__name__)
        if source is None or isinstance(module, ForbiddenPackage):
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


class SilentLabcheck(types.ModuleType):
    """labcheck while grading: every function of it accepts anything and does nothing."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: None


def install() -> Finder:
    """Put a finder before all others, and the silent labcheck in its place."""
    finder = Finder()
    sys.meta_path.insert(0, finder)
    sys.modules["labcheck"] = SilentLabcheck("labcheck")
    return finder
