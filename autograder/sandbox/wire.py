"""Frames between judge and worker: a JSON header and arrays as safetensors; nothing executes.

A frame is a magic word, the header's length (u32), the body's length (u64), the header and the
body.  Both sides use this module; it imports nothing of the project.
"""

from __future__ import annotations

import json
import os
import select
import struct
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

MAGIC = b"AGK1"
PREFIX = struct.Struct("<4sIQ")
HEADER_LIMIT = 256 * 2**10
LOAD_LIMIT = 2**20
BODY_LIMIT = 65 * 2**20
ARRAY_LIMIT = 10_000
READ_SIZE = 65_536
TOO_MUCH_ASKED = "more is asked of this function than anything of this exercise needs"
"""What a function raises that is given in the student's stead, beyond what it may give."""
OUT_OF_MEMORY = 71
"""The exit status of a worker that has no memory left for its own work."""

Data = TypeVar("Data", bytes, int)
Wait = Callable[[int], None]
"""Returns when the descriptor may be ready for a poll event (POLLIN, POLLOUT), or raises."""

_SIZES = {"u": (1, 2, 4, 8), "i": (1, 2, 4, 8), "f": (2, 4, 8)}
DTYPES = {"BOOL": np.dtype(np.bool_)} | {
    f"{kind.upper()}{8 * size}": np.dtype(f"{kind}{size}")
    for kind, sizes in _SIZES.items()
    for size in sizes
}
_deserialize: Callable[[bytes], list[tuple[str, dict[str, Any]]]] = safetensors.deserialize
_ALLOWED = frozenset(DTYPES.values())
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class BadFrame(ValueError):  # noqa: N818
    """Bytes that are no frame, or a frame that is larger than allowed."""


class Ended(EOFError):  # noqa: N818
    """The other side closed its end."""


def pack(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """The body for arrays of bool, int or float, any shape; b"" for none.

    Raises BadFrame for other dtypes and for more than BODY_LIMIT bytes.
    """
    if not arrays:
        return b""
    if len(arrays) > ARRAY_LIMIT:
        raise BadFrame("too many arrays")
    if sum(array.nbytes for array in arrays.values()) > BODY_LIMIT:
        raise BadFrame("arrays that are too large")
    return bytes(safetensors.numpy.save({key: _in_order(a) for key, a in arrays.items()}))


def _in_order(array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype not in _ALLOWED:
        raise BadFrame(f"an array of {array.dtype.name}")
    return array if array.flags.c_contiguous else np.array(array, order="C")


def unpack(body: bytes) -> dict[str, NDArray[Any]]:
    """The arrays of a body, each an ndarray of its own; raises BadFrame for anything else."""
    if not body:
        return {}
    try:
        views = _deserialize(body)
    except (safetensors.SafetensorError, ValueError, OverflowError) as error:
        raise BadFrame("a body that is not safetensors") from error
    if len(views) > ARRAY_LIMIT:
        raise BadFrame("too many arrays")
    return {name: _array(view) for name, view in views}


def _array(view: Mapping[str, Any]) -> NDArray[Any]:
    dtype = DTYPES.get(view["dtype"])
    if dtype is None:
        raise BadFrame("an array of another dtype")
    try:
        shape = tuple(view["shape"])
        if 0 in shape:
            return np.empty(shape, dtype)
        return np.frombuffer(view["data"], dtype).reshape(shape).copy()
    except (ValueError, OverflowError, MemoryError, TypeError) as error:
        raise BadFrame("an array whose shape does not fit") from error


def head(header: Mapping[str, Any], body_size: int, limit: int = HEADER_LIMIT) -> bytes:
    """The frame's beginning, up to the body; raises BadFrame if header or body is too large."""
    return beginning(encoded(header), body_size, limit)


def encoded(header: Mapping[str, Any]) -> bytes:
    """A header, or a part of one, as JSON."""
    return _json(header).encode("utf-8", "backslashreplace")


def beginning(header: bytes, body_size: int, limit: int = HEADER_LIMIT) -> bytes:
    """The same of a header that is JSON already."""
    if len(header) > limit or body_size > BODY_LIMIT:
        raise BadFrame("a frame that is too large")
    return PREFIX.pack(MAGIC, len(header), body_size) + header


def send(fd: int, start: bytes, body: bytes = b"", wait: Wait | None = None) -> None:
    """Write a frame: what `head` gave, and the body; `wait` makes it do with a non-blocking fd."""
    parts = [memoryview(part) for part in (start, body) if part]
    while parts:
        try:
            written = os.writev(fd, parts)
        except BlockingIOError:
            if wait is None:
                raise
            wait(select.POLLOUT)
            continue
        while parts and written >= len(parts[0]):
            written -= len(parts.pop(0))
        if parts and written:
            parts[0] = parts[0][written:]


def receive(
    fd: int,
    wait: Wait | None = None,
    limit: int = HEADER_LIMIT,
    most: int = BODY_LIMIT,
    ahead: bytearray | None = None,
) -> tuple[dict[str, Any], bytes]:
    """Read one frame: (header, body).  Sizes are checked before memory is taken for them.

    limit, most: bytes of a header and of a body.  ahead: where several frames may come at once,
    what has come of those after this one; it is to be given again for the next.

    A header with half a surrogate pair in it, which no file can hold, is refused where the fd is
    non-blocking, which is the judge's side.  Raises BadFrame, Ended where the other side has
    closed, and what `wait` raises.
    """
    start = bytes(ahead or b"")
    while len(start) < PREFIX.size:
        start += _read(partial(os.read, fd, READ_SIZE), wait)
    magic, head_size, body_size = PREFIX.unpack_from(start)
    if magic != MAGIC or head_size > limit or body_size > most:
        raise BadFrame("not a frame, or one that is too large")
    total = PREFIX.size + head_size + body_size
    if ahead is not None:
        ahead[:] = start[total:]
        start = start[:total]
    if len(start) > total:
        raise BadFrame("more than one frame at a time")
    frame = start if len(start) == total else _rest(fd, start, total, wait)
    end = PREFIX.size + head_size
    header = _header(frame[PREFIX.size : end], strict=wait is not None)
    return header, bytes(memoryview(frame)[end:])


def _rest(fd: int, start: bytes, total: int, wait: Wait | None) -> bytearray:
    frame = bytearray(total)
    frame[: len(start)] = start
    view, done = memoryview(frame), len(start)
    while done < total:
        done += _read(partial(os.readv, fd, [view[done:]]), wait)
    return frame


def _read(step: Callable[[], Data], wait: Wait | None) -> Data:
    """What a step of reading gives as soon as it gives something; raises Ended at the end."""
    while True:
        if wait is not None:
            wait(select.POLLIN)
        try:
            data = step()
        except BlockingIOError:
            continue
        if not data:
            raise Ended("the other side has closed")
        return data


def _header(encoded: bytes | bytearray, strict: bool) -> dict[str, Any]:
    try:
        text = encoded.decode("utf-8")
        header = json.loads(text)
        if strict and b"\\ud" in encoded.lower():
            json.dumps(header, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError, MemoryError) as error:
        raise BadFrame("a header that is not JSON") from error
    if not isinstance(header, dict):
        raise BadFrame("a header that is not an object")
    return header
