"""What a program changes of Python's own modules holds while it runs, and at no other time.

So a check can print, read and compare whatever a file makes of print, json or NumPy.
"""

from __future__ import annotations

import builtins
import os
import sys
from types import ModuleType, TracebackType
from typing import Any, NoReturn

NAMES = (
    *("builtins", "os", "io", "re", "json", "time", "math", "types", "inspect", "traceback"),
    *("linecache", "textwrap", "contextlib", "functools", "itertools", "collections", "copy"),
    *("signal", "ast", "warnings", "numpy", "numpy.linalg", "torch", "torch.nn.functional"),
)
"""Modules that programs change and that a check needs as they are."""
OF_SYS = ("stdout", "stderr", "stdin", "excepthook", "unraisablehook", "displayhook")
LEFT_ALONE = {"__warningregistry__", "__builtins__", "_", "get_ipython", "display", "input"}

Space = dict[str, Any]


class Ended(SystemExit):
    """A program asked for its process to end at once."""


def _refuse(*words: Any) -> NoReturn:
    raise Ended(*words)


class Kept:
    """Python's own modules as they are now, and as a program has them.

    ``with kept:`` has them as the program has them; afterwards they are as they were.
    """

    def __init__(self) -> None:
        self._modules: dict[str, ModuleType] = {}
        self._before: dict[str, Space] = {}
        self._sys = {name: getattr(sys, name) for name in OF_SYS}
        self._theirs: dict[str, tuple[Space, set[str]]] = {}
        self._builtins, self._sound = vars(builtins), dict(vars(builtins))
        self._loaded: dict[str, ModuleType] = {}
        self._ends: tuple[Any, Any] = os._exit, os.abort
        self._limits = sys.getrecursionlimit(), sys.getrecursionlimit()
        self.note_modules()

    def note_modules(self) -> None:
        """Keep those as they are that were loaded since."""
        for name in NAMES:
            module = sys.modules.get(name)
            if isinstance(module, ModuleType) and name not in self._modules:
                self._modules[name], self._before[name] = module, dict(vars(module))

    def __call__(self) -> Kept:
        """Itself, for what asks for a context anew at each call."""
        return self

    def __enter__(self) -> None:
        """As the program has them, and nothing ends the process."""
        self._loaded = dict(sys.modules)
        os._exit = os.abort = _refuse  # type: ignore[assignment]
        sys.setrecursionlimit(self._limits[1])
        for name, (changed, removed) in self._theirs.items():
            if name != "builtins":
                _made(self._modules[name], changed, removed)
        if "builtins" in self._theirs:
            _made(self._modules["builtins"], *self._theirs["builtins"])

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """As they were; until the built-in names are back, nothing here uses one of them."""
        now = self._builtins.copy()
        self._builtins.update(self._sound)
        os._exit, os.abort = self._ends
        self._limits = self._limits[0], sys.getrecursionlimit()
        sys.setrecursionlimit(self._limits[0])
        for name, module in self._modules.items():
            self._note_changes(name, now if name == "builtins" else dict(vars(module)))
        for key, value in self._sys.items():
            setattr(sys, key, value)
        for name, module in self._loaded.items():
            if sys.modules.get(name) is None:
                sys.modules[name] = module

    def _note_changes(self, name: str, now: Space) -> None:
        before = self._before[name]
        changed = {
            key: value
            for key, value in now.items()
            if key in before and before[key] is not value and key not in LEFT_ALONE
        }
        removed = {key for key in before if key not in now}
        self._theirs.pop(name, None)
        if changed or removed:
            _made(self._modules[name], {key: before[key] for key in (*changed, *removed)}, set())
            # Without a built-in name not even a check could call a program.
            self._theirs[name] = changed, set() if name == "builtins" else removed


def _made(module: ModuleType, values: Space, removed: set[str]) -> None:
    space = vars(module)
    space.update(values)
    for key in removed:
        space.pop(key, None)
