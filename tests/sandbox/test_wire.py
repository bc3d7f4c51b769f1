"""Frames carry arrays of every dtype unchanged, and nothing that is no frame gets through."""

from __future__ import annotations

import os
import select
import struct
import threading

import numpy as np
import pytest

from autograder.sandbox import wire


@pytest.mark.parametrize("dtype", sorted(wire.DTYPES.values(), key=str), ids=str)
@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (4,), (2, 3, 4)], ids=str)
def test_arrays_come_back_as_they_were(dtype: np.dtype, shape: tuple[int, ...]) -> None:
    array = np.asarray(np.arange(np.prod(shape, dtype=int)).reshape(shape) % 3, dtype)
    back = wire.unpack(wire.pack({"x": array}))["x"]
    assert type(back) is np.ndarray
    assert back.dtype == dtype
    assert back.shape == shape
    assert back.flags.owndata
    assert back.flags.writeable
    np.testing.assert_array_equal(back, array, strict=True)


def test_infinities_and_nans_come_back() -> None:
    array = np.array([np.inf, -np.inf, np.nan, -0.0])
    back = wire.unpack(wire.pack({"x": array}))["x"]
    assert back.tobytes() == array.tobytes()


def test_arrays_in_another_layout_come_back_in_order() -> None:
    array = np.arange(12.0).reshape(3, 4)
    for turned in (array.T, array[:, ::2], array[::-1]):
        back = wire.unpack(wire.pack({"x": turned}))["x"]
        np.testing.assert_array_equal(back, turned, strict=True)


@pytest.mark.parametrize("array", [np.array(1j), np.array("a"), np.array(None)], ids=str)
def test_other_dtypes_are_not_packed(array: np.ndarray) -> None:
    with pytest.raises(wire.BadFrame, match="an array of"):
        wire.pack({"x": array})


def test_too_large_arrays_are_not_packed() -> None:
    with pytest.raises(wire.BadFrame, match="too large"):
        wire.pack({"x": np.broadcast_to(0.0, (2**30,))})


@pytest.mark.parametrize(
    "body",
    [
        b"x",
        b"\x00" * 8,
        struct.pack("<Q", 2**60) + b"{}",
        struct.pack("<Q", 2) + b"{}" + b"rest",
        struct.pack("<Q", 58)
        + b'{"x":{"dtype":"F64","shape":[2],"data_offsets":[0,8]}}    '
        + b"1" * 8,
        struct.pack("<Q", 58)
        + b'{"x":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}}    '
        + b"1" * 8,
        struct.pack("<Q", 59)
        + b'{"x":{"dtype":"BF16","shape":[4],"data_offsets":[0,8]}}    '
        + b"1" * 8,
    ],
)
def test_bodies_that_are_no_arrays_are_refused(body: bytes) -> None:
    with pytest.raises(wire.BadFrame):
        wire.unpack(body)


def _received(data: bytes, limit: int = wire.HEADER_LIMIT) -> tuple[dict, bytes]:
    """What the judge's side makes of some bytes followed by the end."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)

    def write() -> None:
        with os.fdopen(writing, "wb") as file:
            file.write(data)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        return wire.receive(reading, lambda event: _wait(reading), limit)
    finally:
        os.close(reading)
        thread.join()


def _wait(fd: int) -> None:
    select.select([fd], [], [], 5)


def test_a_frame_comes_back() -> None:
    body = wire.pack({"x": np.arange(200_000.0)})
    header, found = _received(wire.head({"op": "é", "id": "1"}, len(body)) + body)
    assert header == {"op": "é", "id": "1"}
    np.testing.assert_array_equal(wire.unpack(found)["x"], np.arange(200_000.0), strict=True)


HEAD = wire.head({"op": "x"}, 0)


@pytest.mark.parametrize(
    "data",
    [
        b"XXXX" + HEAD[4:],
        HEAD + HEAD,
        wire.PREFIX.pack(wire.MAGIC, 2**31, 0),
        wire.PREFIX.pack(wire.MAGIC, 2, 2**50) + b"{}",
        wire.PREFIX.pack(wire.MAGIC, 2, 0) + b"[]",
        wire.PREFIX.pack(wire.MAGIC, 2, 0) + b"{x",
        wire.PREFIX.pack(wire.MAGIC, 2, 0) + b"\xff\xff",
        wire.PREFIX.pack(wire.MAGIC, 200_000, 0) + b"[" * 200_000,
        wire.PREFIX.pack(wire.MAGIC, 6000, 0) + b"1" * 6000,
        wire.PREFIX.pack(wire.MAGIC, 16, 0) + b'{"op": "\\ud800"}',
    ],
    ids=lambda data: repr(data[:24]),
)
def test_bytes_that_are_no_frame_are_refused(data: bytes) -> None:
    with pytest.raises(wire.BadFrame):
        _received(data)


@pytest.mark.parametrize("data", [b"", HEAD[:7], HEAD[:-1]])
def test_an_end_before_the_end_of_the_frame_is_noticed(data: bytes) -> None:
    with pytest.raises(wire.Ended):
        _received(data)


def test_headers_have_a_limit_when_they_are_written_too() -> None:
    with pytest.raises(wire.BadFrame):
        wire.head({"op": "x" * wire.HEADER_LIMIT}, 0)
    assert wire.head({"op": "x" * wire.HEADER_LIMIT}, 0, wire.LOAD_LIMIT)
