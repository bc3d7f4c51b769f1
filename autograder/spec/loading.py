"""The Python files of a course as modules: every course has its own, wherever it lies.

A spec says ``from solutions.lab2_rnn import rnn_step``.  Here such names mean the files of the
course that the spec belongs to, so that two courses in one process never meet and no folder of a
course has to be on sys.path.
"""

from __future__ import annotations

import builtins
import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

PACKAGES = ("solutions", "exercises")
"""The folders of a course whose files may be imported by these names from each other."""


def load(name: str, root: Path) -> ModuleType:
    """The module ``solutions.lab2_rnn`` or so of one course; raises what importing it raises."""
    prefix = _prefix(root)
    if prefix not in sys.modules:
        package = ModuleType(prefix)
        package.__path__ = []
        sys.modules[prefix] = package
        sys.meta_path.append(_Finder(prefix, root))
    importlib.invalidate_caches()
    return importlib.import_module(f"{prefix}.{name}")


def forget(root: Path) -> None:
    """Have the files of a course read anew, when they are next asked for."""
    prefix = _prefix(root)
    sys.meta_path[:] = [one for one in sys.meta_path if getattr(one, "prefix", "") != prefix]
    for name in [one for one in sys.modules if one == prefix or one.startswith(f"{prefix}.")]:
        del sys.modules[name]


def _prefix(root: Path) -> str:
    return f"course_{hashlib.sha256(str(root).encode()).hexdigest()[:12]}"


class _Finder:
    """Finds ``course_….solutions.lab2_rnn`` in the course's folder."""

    def __init__(self, prefix: str, root: Path) -> None:
        self.prefix, self.root = prefix, root

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """A spec for a file or folder of the course, else None."""
        if not name.startswith(f"{self.prefix}."):
            return None
        place = self.root.joinpath(*name.split(".")[1:])
        is_package = place.is_dir()
        file = place / "__init__.py" if is_package else place.with_suffix(".py")
        if not file.is_file():
            return ModuleSpec(name, None, is_package=True) if is_package else None
        loader = _Loader(name, str(file), self.prefix)
        spec = importlib.util.spec_from_file_location(name, file, loader=loader)
        if spec is not None and is_package:
            spec.submodule_search_locations = []  # what is in it, this finder finds
        return spec


class _Loader(SourceFileLoader):
    """Runs a file of a course with an import statement that knows the course."""

    def __init__(self, name: str, path: str, prefix: str) -> None:
        super().__init__(name, path)
        self.prefix = prefix

    def exec_module(self, module: ModuleType) -> None:
        """Run the file."""
        module.__dict__["__builtins__"] = {**vars(builtins), "__import__": self._import}
        super().exec_module(module)

    def _import(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] = (),
        level: int = 0,
    ) -> ModuleType:
        package = name.partition(".")[0]
        if level or package not in PACKAGES:
            return builtins.__import__(name, globals, locals, fromlist, level)
        module = importlib.import_module(f"{self.prefix}.{name}")
        if not fromlist:
            return sys.modules[f"{self.prefix}.{package}"]
        for part in fromlist if hasattr(module, "__path__") else ():
            if not hasattr(module, part) and importlib.util.find_spec(f"{module.__name__}.{part}"):
                importlib.import_module(f"{module.__name__}.{part}")
        return module
