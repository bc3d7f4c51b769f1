"""The student's cells in their module, with replacements, and what they and calls raise."""

from __future__ import annotations

import traceback
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..labcheck.refusing import Forbidden
from ..labcheck.running import Runner
from .text import printable

FRAME_LIMIT, NAME_LIMIT, ABSENT_LIMIT = 20, 500, 20

Proxy = Callable[[str, Any], Any]
"""Makes what takes the place of a function: ``proxy(name, what the student defined)``."""


class Cells:
    """One submission as a module that grows cell by cell.

    replaced: names that are replaced by their proxies as soon as a cell defines them.
    """

    def __init__(self, replaced: Sequence[str], proxy: Proxy) -> None:
        self.runner = Runner()
        self.module, self.files = self.runner.module, self.runner.files
        self._replaced, self._proxy = replaced, proxy
        self._proxies: dict[str, Any] = {}
        for function in replaced:
            self._proxies[function] = self.module.__dict__[function] = proxy(function, None)

    def run(self, cell: dict[str, Any]) -> dict[str, Any] | None:
        """Execute a cell: None, or what it raised first.  An error ends its statement only.

        cell: {"source", "file", "offset": lines of the file before it}.
        """
        errors = self.runner.run(cell["source"], cell["file"], cell["offset"])
        for name in self._replaced:
            defined = self.module.__dict__.get(name)
            if defined is not None and defined is not self._proxies.get(name):
                self._proxies[name] = self.module.__dict__[name] = self._proxy(name, defined)
        return raised(errors[0], self.files) if errors else None

    def absent(self) -> list[str]:
        """Modules that imports at the top level did not find."""
        return [printable(name, 100) for name in self.runner.absent[:ABSENT_LIMIT]]

    def defined(self) -> dict[str, str]:
        """Public names of the module: "function", "class" or "other".

        Its own functions and what is latest come first: ``from torch import *`` alone brings more
        names than are told.
        """
        own = self.module.__dict__
        public = [
            (name, value)
            for name, value in reversed(own.items())
            if type(name) is str and not name.startswith("_") and len(name) <= 100
        ]
        public.sort(key=lambda pair: not _made_in(own, pair[1]))
        return {printable(name): _sort(value) for name, value in public[:NAME_LIMIT]}


def _made_in(module: dict[str, Any], value: object) -> bool:
    """Whether a value is a function that a cell of this module defines."""
    return type(value) is types.FunctionType and value.__globals__ is module


def _sort(value: object) -> str:
    if issubclass(type(value), type):
        return "class"
    if issubclass(type(value), types.FunctionType | types.BuiltinFunctionType):
        return "function"
    return "other"


def raised(error: BaseException, files: set[str]) -> dict[str, Any]:
    """The answer for an exception: type, bases, text, and which lines of `files` it went through.

    What stands in these lines the judge reads for itself.  What became of a call's arguments is
    for whoever made the call.
    """
    lines = list(_lines(error, files))[-FRAME_LIMIT:]
    if isinstance(error, Forbidden):
        return {"op": "forbidden", "package": printable(error.package, 100), "lines": lines}
    kind = type(error)
    return {
        "op": "raised",
        "type": _type_name(kind),
        "bases": [_type_name(base) for base in type.mro(kind)[:20]],
        "text": _text_of(error),
        "lines": lines,
        "memory": is_memory(error),
        "arguments": None,
    }


def _type_name(kind: type) -> str:
    return printable(type.__dict__["__name__"].__get__(kind), 100)


def _text_of(error: BaseException) -> str:
    try:
        text = str(error)
        return printable(text) if type(text) is str else ""
    except BaseException:
        return ""


def is_memory(error: BaseException) -> bool:
    """Whether an exception says that memory ran out; torch says so with a RuntimeError."""
    if isinstance(error, MemoryError):
        return True
    text = _text_of(error) if isinstance(error, RuntimeError) else ""
    return "can't allocate memory" in text or "out of memory" in text


def _lines(error: BaseException, files: set[str]) -> Iterator[list[Any]]:
    """[file, line number] of each frame of the files given, outermost first."""
    for frame, number in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename in files:
            yield _line(frame.f_code.co_filename, number)
    if isinstance(error, SyntaxError) and error.filename in files:
        yield _line(str(error.filename), error.lineno or 0)


def _line(filename: str, number: int) -> list[Any]:
    return [printable(filename, 100), number]
