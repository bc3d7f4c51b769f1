"""Modules that a worker provides: given sources, forbidden packages, and labcheck."""

from __future__ import annotations

import importlib
import importlib.machinery
import sys
import types
from collections.abc import Iterable
from typing import Any, NoReturn

from ..labcheck.refusing import refuse
from ..labcheck.running import Modules


def _refuse(module: types.ModuleType, *args: object, **kwargs: object) -> NoReturn:
    refuse(module.__name__.partition(".")[0])


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


class Finder(Modules):
    """Finds modules among given sources, stand-ins, and forbidden packages."""

    def __init__(self) -> None:
        super().__init__()
        self.forbidden: set[str] = set()

    def forbid(self, names: Iterable[str]) -> None:
        """Make what these packages hold raise Forbidden once it is used."""
        for name in names:
            self.forbidden.add(name)
            importlib.import_module(name)

    def is_package(self, name: str) -> bool:
        """Whether other modules may stand below this one."""
        return self._forbids(name) or super().is_package(name)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType | None:
        """One that refuses its use, a quiet one, or None for an ordinary module."""
        if self._forbids(spec.name):
            return ForbiddenPackage(spec.name)
        return super().create_module(spec)

    def exec_module(self, module: types.ModuleType) -> None:
        """Run the source that was given, if there is one."""
        if not isinstance(module, ForbiddenPackage):
            super().exec_module(module)

    def _forbids(self, name: str) -> bool:
        return name.partition(".")[0] in self.forbidden


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
