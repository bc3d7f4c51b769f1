"""The loop of the process that runs students' programs: it reads requests and answers them.

By the time a student's line runs, the process is locked; nothing in here is believed by the judge.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import importlib
import inspect
import io
import os
import sys
import threading
import time
import types
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, NoReturn

from ..labcheck import tree
from ..labcheck.calling import called
from ..labcheck.compare import EXACT, compare
from ..labcheck.refusing import NOTED, shut_doors, taken_out
from ..labcheck.running import remember
from ..labcheck.travelled import defined
from . import wire
from .asking import answered
from .cells import Cells, raised
from .modules import install
from .text import printable

PRINT_LIMIT = 2**20
MISSING = object()

Json = dict[str, Any]
Arrays = dict[str, Any]


class RequestLoop:
    """What one worker knows: the submission's module, the scenarios, and its two pipes.

    refusing: what has been taken out of it already.
    """

    def __init__(self, refusing: Collection[str], requests: int, responses: int) -> None:
        self.refusing, self.requests, self.responses = refusing, requests, responses
        self.finder = install()
        self.cells = Cells((), self.proxy)
        self.current, self.asked, self.may_ask = "", 0, False
        self.replacements: dict[str, Callable[..., Any]] = {}
        self.limits: dict[str, int] | None = None
        self.lock = threading.RLock()

    def serve(self) -> NoReturn:
        """Answer requests until the judge closes its end."""
        operations = {"load": self.load, "cell": self.cell, "call": self.call}
        while True:
            try:
                header, body = wire.receive(self.requests, limit=wire.LOAD_LIMIT)
            except wire.Ended:
                os._exit(0)
            self.current, self.asked, self.may_ask = header["id"], 0, header["answers"]
            given = wire.unpack(body)
            if header["op"] == "calls":
                self.calls(header, given)
                continue
            arrays: dict[str, Any] = {}
            answer = operations[header["op"]](header, given, arrays)
            flush()
            self.reply(answer, arrays)

    def reply(self, answer: dict[str, Any], arrays: dict[str, Any]) -> None:
        """Send an answer, or why it cannot be sent."""
        try:
            body = wire.pack(arrays)
            start = wire.head({**answer, "id": self.current}, len(body))
        except wire.BadFrame:
            refusal = {"op": "refused", "reason": "more than any answer needs", "id": self.current}
            start, body = wire.head(refusal, 0), b""
        wire.send(self.responses, start, body)

    def load(self, header: Json, given: Arrays, arrays: Arrays) -> Json:
        """Register modules, files, what is forbidden, and replacements; execute the cells."""
        self.finder.add(header.get("modules", {}))
        self.finder.forbid(header.get("forbidden", ()))
        if refused := header.get("refused"):
            taken_out([name for name in refused if name not in self.refusing])
            shut_doors(refused, {sys.prefix, sys.base_prefix, *filter(None, sys.path)})
        self.finder.add_files(header.get("files", {}))
        _write_down(header.get("files", {}))
        codes = header.get("replacements", {})
        self.replacements = {name: _unread(**code) for name, code in codes.items() if code}
        self.cells = Cells(tuple(codes), self.proxy)
        ends = [self.cells.run(cell) for cell in header.get("cells", ())]
        return {"op": "loaded", "cells": ends, "defined": self.cells.defined()}

    def cell(self, header: Json, given: Arrays, arrays: Arrays) -> Json:
        """Execute one more cell, so that the judge knows which one ended the process."""
        error = self.cells.run(header)
        defined, absent = self.cells.defined(), self.cells.absent()
        return {"op": "ran", "error": error, "defined": defined, "absent": absent}

    def calls(self, header: Json, given: Arrays) -> None:
        """Make several calls of one entry point, each answered as soon as it is made."""
        shared = {name: header[name] for name in ("entry", "arguments")}
        for place, one in enumerate(header["calls"]):
            self.current = f"{header['id']}.{place}"
            scenario = None if one["scenario"] is None else header["scenarios"][one["scenario"]]
            arrays: Arrays = {}
            answer = self.call({**one, **shared, "scenario": scenario}, given, arrays)
            flush()
            self.reply(answer, arrays)

    def call(self, header: Json, given: Arrays, arrays: Arrays) -> Json:
        """Call an entry point with the arguments of the request; nothing it raises passes."""
        NOTED.clear()
        self.limits = header.get("limits")
        answer = self.called(header, given, arrays)
        self.limits = None
        if NOTED and answer["op"] != "forbidden":  # the program has caught it
            arrays.clear()
            return {"op": "forbidden", "package": printable(NOTED[0], 100), "lines": []}
        return answer

    def called(self, header: Json, given: Arrays, arrays: Arrays) -> Json:
        """What the call of a request gives."""
        try:
            entry = self.entry(header["entry"])
            if entry is MISSING:
                return {"op": "missing"}
            scenario = _function(**header["scenario"]) if header.get("scenario") else None
            sent = {name: tree.decode(node, given) for name, node in header["args"]}
            began = time.perf_counter()
            call = called(entry, sent, scenario, header.get("device", "cpu"))
            seconds = time.perf_counter() - began
            left = _left(header, sent, call.arguments, arrays)
            if call.error is not None:
                answer = raised(call.error, self.finder.files() | self.cells.files)
                return {**answer, "arguments": left} if answer["op"] == "raised" else answer
            most = header.get("most", tree.MAX_BYTES)
            node = tree.encode(tree.plain(call.result, most), arrays)
        except tree.NotPlain as error:
            arrays.clear()
            return {"op": "refused", "reason": str(error)}
        except BaseException as error:
            arrays.clear()
            return raised(error, self.finder.files() | self.cells.files)
        return {"op": "result", "result": node, "arguments": left, "seconds": seconds}

    def entry(self, name: str) -> Any:
        """The object of that name in the submission, or at a dotted path's end; or MISSING."""
        module, colon, path = name.partition(":")
        if not colon:
            return self.cells.module.__dict__.get(name, MISSING)
        entry: Any = importlib.import_module(module)
        for step in path.split("."):
            if step.isdigit():
                entry = entry[int(step)]
            elif isinstance(entry, dict):
                entry = entry[step]
            else:
                entry = getattr(entry, step)
        return entry

    def proxy(self, name: str, original: Any) -> Callable[..., Any]:
        """A function that has the judge answer in place of `original`, where the judge does.

        Where the judge sent the code of a replacement, that runs here.  In a call, functions that
        it does not need stay the program's own.
        """
        replacement = self.replacements.get(name)

        def ask(*args: Any, **kwargs: Any) -> Any:
            if not self.may_ask or (self.limits is not None and name not in self.limits):
                return original(*args, **kwargs)
            if replacement is not None:
                return self.charged(name, replacement(*_in_order(original, args, kwargs)))
            return self.ask(name, args, kwargs)

        ask.__name__ = ask.__qualname__ = name
        ask.__doc__ = getattr(original, "__doc__", None)
        return ask

    def charged(self, name: str, result: Any) -> Any:
        """The result, unless a function has given more numbers than it may in this call."""
        if self.limits is not None:
            self.limits[name] -= tree.numbers_in(result)
            if self.limits[name] < 0:
                raise RuntimeError(wire.TOO_MUCH_ASKED)
        return result

    def ask(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What the judge says that ``name(*args, **kwargs)`` is; raises what it says to raise.

        What it gives is on the device of the arguments.
        """
        return answered(args, kwargs, functools.partial(self.exchange, name))

    def exchange(
        self, name: str, args: list[Any], kwargs: dict[str, Any], cotangents: Any
    ) -> tuple[Json, Any]:
        """One question to the judge: the answer's header, with what it tells of modules, and tree.

        cotangents: of the result, where gradients are asked for.
        """
        arrays: dict[str, Any] = {}
        asked = tree.plain((args, kwargs, cotangents))
        with self.lock:
            self.asked += 1
            question = {
                "op": "ask",
                "id": self.current,
                "number": self.asked,
                "name": name,
                "args": [tree.encode(arg, arrays) for arg in asked[0]],
                "kwargs": [[key, tree.encode(arg, arrays)] for key, arg in asked[1].items()],
                "cotangents": tree.encode(asked[2], arrays),
            }
            body = wire.pack(arrays)
            wire.send(self.responses, wire.head(question, len(body)), body)
            header, body = wire.receive(self.requests)
            if header["op"] != "answer" or header["number"] != self.asked:
                os._exit(72)
        if "raised" in header:
            raise _exception(header["raised"])
        found = wire.unpack(body)
        header["modules"] = tree.decode(header.get("modules"), found)
        return header, tree.decode(header["result"], found)


def _left(
    header: Json, sent: Json, arguments: Mapping[str, Any], arrays: Arrays
) -> list[list[Any]] | None:
    """The arguments as a call left them, where they are asked for and no longer what was sent."""
    if not header.get("arguments") or tree.untouched(sent, arguments):
        return None
    try:
        after = tree.on_cpu(tree.plain(arguments, header.get("most_left", tree.MAX_BYTES)))
    except tree.NotPlain:
        return []
    if compare(sent, after, EXACT) is None:
        return None
    return [[name, tree.encode(value, arrays)] for name, value in after.items()]


def _write_down(files: dict[str, str]) -> None:
    """Put the student's own files into the working folder; what does not fit is left out."""
    for name, text in files.items():
        path = Path(name)
        if path.is_absolute() or ".." in path.parts:
            continue
        with contextlib.suppress(OSError, ValueError):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")


def _in_order(original: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """The arguments as `original` orders them, whatever names it has for them."""
    if not kwargs or type(original) is not types.FunctionType:
        return (*args, *kwargs.values())
    return inspect.signature(original).bind(*args, **kwargs).args


def _exception(cause: dict[str, str]) -> BaseException:
    kind = getattr(builtins, cause["type"], None)
    if isinstance(kind, type) and issubclass(kind, Exception):
        with contextlib.suppress(TypeError):
            return kind(cause["text"])
    return RuntimeError(cause["text"])


def _unread(name: str, source: str) -> Callable[..., Any]:
    """The function `name` that a text defines, of which no text is kept."""
    return defined(name, source, "<replacement>", optimize=2)


@functools.cache
def _function(name: str, source: str) -> Callable[..., Any]:
    """The function `name` that a text defines; the text is executed once per worker."""
    filename = f"<scenario {name}>"
    remember(filename, source)
    return defined(name, source, filename)


class Printed(io.RawIOBase):
    """A stream to a descriptor that drops what goes beyond PRINT_LIMIT bytes."""

    def __init__(self, fd: int) -> None:
        self._fd, self._left = fd, PRINT_LIMIT

    def writable(self) -> bool:
        """Always."""
        return True

    def fileno(self) -> int:
        """The descriptor."""
        return self._fd

    def write(self, data: Any) -> int:
        """Write what still fits, and say that all was written."""
        view = memoryview(data)
        if self._left > 0:
            try:
                os.write(self._fd, view[: self._left])
            except OSError:
                self._left = 0
        self._left -= len(view)
        return len(view)


def _stream(fd: int) -> io.TextIOWrapper:
    raw = io.BufferedWriter(Printed(fd), 8192)
    return io.TextIOWrapper(raw, "utf-8", "backslashreplace", line_buffering=True)


def flush() -> None:
    """Write out what the program printed; whatever it made of its streams is ignored."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(BaseException):
            stream.flush()


def main(refusing: Collection[str], requests: int, responses: int) -> NoReturn:
    """Serve on two pipes; descriptors 1 and 2 take what is printed.

    refusing: what has been taken out of this process before it was one.
    """
    sys.stdin = io.StringIO()
    sys.stdout, sys.stderr = _stream(1), _stream(2)
    sys.argv = ["submission.py"]
    loop = RequestLoop(refusing, requests, responses)
    loop.reply({"op": "ready"}, {})
    try:
        loop.serve()
    except MemoryError:
        os._exit(wire.OUT_OF_MEMORY)
