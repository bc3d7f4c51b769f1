"""Functions that come as texts: scenarios, views and what stands in, as the specs have them."""

from __future__ import annotations
import __future__

import sys
import types
from collections.abc import Callable
from typing import Any


def defined(name: str, source: str, filename: str, optimize: int = -1) -> Callable[..., Any]:
    """The function `name` that a text defines, its annotations never evaluated.

    optimize: as for `compile`; 2 keeps no docstrings.
    """
    module = types.ModuleType("travelled")
    flags = __future__.annotations.compiler_flag
    code = compile(source, filename, "exec", flags, dont_inherit=True, optimize=optimize)
    sys.modules[module.__name__] = module  # where dataclasses look up their own annotations
    try:
        exec(code, vars(module))
    finally:
        sys.modules.pop(module.__name__, None)
    function: Callable[..., Any] = getattr(module, name)
    return function
