"""PyTorch without what a lab never needs of it: its compiler, and threads for small arrays.

Its optimizers import the compiler only to tell it that they are not to be compiled, which takes as
long as all of PyTorch does.  Until something else is asked of the compiler it is a name.
"""

from __future__ import annotations

import importlib
import os
import sys
import types
from collections.abc import Callable
from typing import Any

COMPILER = "torch._dynamo"
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def light() -> None:
    """One thread, and no compiler until it is asked for; for a process that does nothing else."""
    for name in THREADS:
        os.environ.setdefault(name, "1")
    if not any(name == "torch" or name.startswith(COMPILER) for name in sys.modules):
        sys.modules[COMPILER] = Compiler(COMPILER)


class Compiler(types.ModuleType):
    """What optimizers ask of PyTorch's compiler; all else loads it."""

    @staticmethod
    def graph_break(*_: Any, **__: Any) -> None:
        """Nothing is compiled, so nothing is broken off."""

    @staticmethod
    def disable(function: Callable[..., Any], *_: Any, **__: Any) -> Callable[..., Any]:
        """The function as it is."""
        return function

    def __getattr__(self, name: str) -> Any:
        if name in ("__spec__", "__file__"):
            raise AttributeError(name)
        if sys.modules.get(COMPILER) is self:
            del sys.modules[COMPILER]
        return getattr(importlib.import_module(COMPILER), name)
