"""Records are packed without loss, and read whether they are packed or not."""

from __future__ import annotations

import base64
import json
import math
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from autograder.chain.packed import packed, rounded
from autograder.chain.squeezing import squeezed
from autograder.labcheck.packing import GRIDS, PACKED, Packed, _bytes, unpacked
from autograder.labcheck.squeezed import whole
from autograder.labcheck.tree import INLINE_DTYPES, Array, decode, encode
from autograder.spec.collection import course, labs

MOST = 400_000
"""Bytes of what students get of a lab."""


def node(values: Any, kind: str = "numpy", dtype: str | None = None) -> Any:
    made = np.array(values, dtype)
    return encode(Array(made, kind, str(made.dtype)))


def through(record: Any) -> Any:
    return unpacked(json.loads(json.dumps(packed(record))))


HALVES = [0.5 * n + 1 / 1024 for n in range(-8, 8)]
THIRDS = [n / 3 for n in range(16)]
SHORT = [round(0.317 * n, 3) for n in range(24)]
BOTH = {"d": [["h", node(THIRDS)], ["loss", 0.5], ["gradients", {"l": [node(SHORT), None]}]]}
RECORDS: dict[str, Any] = {
    "nothing": {},
    "plain": {"schema": 1, "lab": "x", "exercises": [], "text": "a"},
    "once": {"exercises": [{"due": node(THIRDS)}]},
    "twice": {"exercises": [{"due": node(THIRDS)}, {"due": node(THIRDS), "also": [node(HALVES)]}]},
    "within": {"exercises": [{"due": BOTH}, {"due": {"t": [BOTH, BOTH, 3]}}]},
    "twice in one": {"due": {"l": [node(THIRDS), node(SHORT), node(THIRDS), node(HALVES)]}},
    "no arrays": {"due": {"d": [["a", {"l": [1, 2]}], ["b", {"t": []}], ["c", "a"]]}},
    "tables": {"cases": [{"a": 1, "b": node(THIRDS)}, {"a": None, "b": [{"c": 2}, {"c": 3}]}]},
    "other keys": {"cases": [{"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 1}]},
    "exact in float32": {"exercises": [{"due": node(HALVES)}]},
    "infinite": {"exercises": [{"due": node([math.inf, -math.inf, *HALVES])}]},
    "whole numbers": {"exercises": [{"due": node(list(range(40)))}] * 2},
    "below zero": {"due": node([-1, 2**62, -(2**62), 0])},
    "short but one": {"due": node([*SHORT, -0.000123456789, *SHORT])},
    "too large": {"exercises": [{"due": node([1e300] * 8)}]},
    "a number": {"due": node(1 / 3), "loss": 1 / 3},
    "empty": {"due": node(np.zeros((0, 3)))},
    "shape alone": {
        "due": {"a": {"kind": "torch", "dtype": "float32", "device": "meta", "shape": [3]}}
    },
    "sums": {
        "due": {"a": {"kind": "numpy", "dtype": "float64", "shape": [9], "sums": [-7, 10**9]}}
    },
    "names like tags": {"mistakes": {"a": {"did": "result"}, "l": {"did": "raised"}}},
    "letters": {"text": 'é · … − 𝒳 \u0001 \x7f \\ "', "more": ["ÿ\u0080", "\ud800"]},
    "more letters than bytes": {"text": "".join(map(chr, range(0x4E00, 0x4F00)))},
}


@pytest.mark.parametrize("name", RECORDS)
def test_what_is_packed_is_unpacked_as_it_was(name: str) -> None:
    record = RECORDS[name]
    assert repr(sorted(through(record).items())) == repr(sorted(record.items()))
    assert repr(unpacked(record)) == repr(record)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_arrays_of_any_kind_keep_every_bit(data: st.DataObject) -> None:
    dtype = np.dtype(data.draw(st.sampled_from(sorted(INLINE_DTYPES))))
    shapes = arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=6)
    trees = [Array(data.draw(arrays.arrays(dtype, shapes))) for _ in range(3)]
    record = {"due": encode(dict(enumerate([*trees, trees[0]])))}
    read = Packed(json.loads(json.dumps(packed(record))))
    back = decode(read.whole(read.record["due"]))
    for place, tree in enumerate([*trees, trees[0]]):
        assert back[place].dtype == tree.dtype
        np.testing.assert_array_equal(back[place].values, tree.values, strict=True)
        if dtype.kind == "f":
            own = ~np.isnan(tree.values)
            signs = np.signbit(back[place].values[own]), np.signbit(tree.values[own])
            np.testing.assert_array_equal(*signs, strict=True)


FLOATS = st.floats(-1e12, 1e12, allow_nan=False)


@given(st.lists(FLOATS, max_size=20), st.sampled_from(GRIDS))
def test_a_number_on_a_grid_is_as_near_as_the_grid_says(values: list[float], grid: Any) -> None:
    near = rounded(values, grid)
    for was, now in zip(values, near, strict=True):
        assert abs(was - now) <= max(2.0 ** -(grid.bits + 1) * abs(was), 2.0 ** (grid.finest - 1))
    assert rounded(near, grid) == near
    assert through({"due": node(near, dtype="float64")}) == {"due": node(near, dtype="float64")}


def test_numbers_on_a_grid_take_half_the_bytes() -> None:
    values = np.random.default_rng(1).standard_normal(3000).tolist()
    fine = len(packed({"due": node(values)})[PACKED])
    assert len(packed({"due": node(rounded(values, GRIDS[1]))})[PACKED]) < 0.55 * fine


def test_an_array_that_stands_in_a_record_twice_is_written_once() -> None:
    values = np.random.default_rng(1).standard_normal(500).tolist()
    one, two = ({"cases": [{"due": node(values)}] * n} for n in (1, 2))
    assert len(packed(two)[PACKED]) < len(packed(one)[PACKED]) + 40


def test_a_key_that_means_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match="a key of a record is '~' or"):
        packed({"mistakes": {"~": 1}})


@given(st.binary(max_size=40))
def test_text_is_read_as_base85_is(raw: bytes) -> None:
    assert _bytes(base64.b85encode(raw).decode()) == raw


@pytest.mark.parametrize("text", ["", "0", "a b", '"', "é", "~~~~~", "packed"])
def test_what_is_no_record_raises_an_error_that_is_told_kindly(text: str) -> None:
    with pytest.raises((ValueError, LookupError, TypeError)):
        Packed({PACKED: text})


def test_one_letter_that_was_changed_is_noticed() -> None:
    text = packed(RECORDS["twice"])[PACKED]
    for place in range(0, len(text), 7):
        other = "0" if text[place] != "0" else "1"
        with pytest.raises((ValueError, LookupError, TypeError)):
            Packed({PACKED: text[:place] + other + text[place + 1 :]})


def test_numbers_that_are_missing_are_noticed() -> None:
    raw = zlib.decompress(_bytes(packed(RECORDS["once"])[PACKED]))
    short = base64.b85encode(zlib.compress(raw[:-1])).decode()
    with pytest.raises(ValueError, match="buffer"):
        Packed({PACKED: short})


@given(st.text(max_size=200), st.sampled_from(["python", "record"]))
def test_a_text_is_whole_again(text: str, kind: Any) -> None:
    phrases, short = squeezed(text, kind)
    assert whole(short.decode("latin-1"), phrases) == text


@pytest.mark.parametrize("lab", labs())
def test_what_students_get_of_a_lab_is_small(lab: str) -> None:
    files = [file for file in (course() / "release" / lab).rglob("*") if file.is_file()]
    sizes = {file.name: file.stat().st_size for file in files}
    assert sum(sizes.values()) < MOST, sizes
