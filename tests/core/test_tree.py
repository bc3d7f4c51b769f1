"""Plain data survives the way to another process and back; anything else is refused by name."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from autograder.labcheck.compare import Tolerance, compare
from autograder.labcheck.tree import Array, NotPlain, cast, decode, encode, live, plain

EXACT = Tolerance(0.0, 0.0, alike=False)
DTYPES = ("float64", "float32", "float16", "int64", "int32", "uint8", "bool")
ARRAYS = st.sampled_from(DTYPES).flatmap(
    lambda dtype: arrays_of.arrays(dtype, arrays_of.array_shapes(min_dims=0, max_side=3))
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats()
    | st.text(max_size=10)
    | ARRAYS
)
KEYS = st.text(max_size=5) | st.integers(-5, 5)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=3)
    ),
    max_leaves=12,
)


@given(TREES)
def test_a_tree_comes_back_as_it_was(value: Any) -> None:
    tree = plain(value)
    arrays: dict[str, Any] = {}
    beside = decode(json.loads(json.dumps(encode(tree, arrays))), arrays)
    inside = decode(json.loads(json.dumps(encode(tree))))
    for back in (beside, inside, plain(live(tree))):
        assert compare(tree, back, EXACT) is None
        assert compare(back, tree, EXACT) is None


class Sneaky:
    """An object that is taken for anything by those who ask it."""

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.ones(3)

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0

    def __float__(self) -> float:
        return 1.0


class Grown(np.ndarray):
    """A subclass that could compare as it likes."""


class Named(str):
    """A text that could say anything."""

    __slots__ = ()


class Whole(int):
    """A number that could say anything."""


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Sneaky(), "a Sneaky"),
        (np.ones(3).view(Grown), "a Grown in place of a plain array"),
        (np.ma.masked_array([1.0], [True]), "a MaskedArray in place of a plain array"),
        (np.array([None]), "an array of object"),
        (np.array([1j]), "an array of complex128"),
        (np.array(["a"]), "an array of str32"),
        (1j, "a complex"),
        (Named("a"), "a Named"),
        (Whole(1), "a Whole"),
        ({1.0: 2}, "a dict with a key that is a float"),
        ({Named("a"): 2}, "a dict with a key that is a Named"),
        (print, "a builtin_function_or_method"),
        ({1, 2}, "a set"),
        (range(3), "a range"),
        ((one for one in ()), "a generator"),
        (b"a", "a bytes"),
        (2**70, "an integer that does not fit into 64 bits"),
        ("a" * 70_000, "a text that is too long"),
        ([[]] * 300_000, "too many parts"),
        (np.ones(2, dtype=[("a", "f8")]), "an array of void64"),
        (np.broadcast_to(np.float64(1), (10**6, 10**6)), "more numbers than any answer needs"),
        (torch.ones(2).to_sparse(), "a tensor that is not dense"),
        (torch.ones(2, dtype=torch.complex64), "a tensor of complex64"),
    ],
)
def test_what_is_no_plain_data_is_refused_in_words(value: Any, words: str) -> None:
    with pytest.raises(NotPlain) as caught:
        plain(value)
    assert str(caught.value) == words


def test_what_nests_without_end_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(NotPlain, match="nested too deeply"):
        plain(loop)


def test_lone_surrogates_become_escapes() -> None:
    assert plain({"\ud800": "\udfff"}) == {"\\ud800": "\\udfff"}


def test_a_tree_shares_no_memory_with_what_it_was_made_from() -> None:
    values = np.zeros(3)
    tree = plain(values)
    values[0] = 1
    assert tree.values[0] == 0
    again = live(tree)
    again[1] = 1
    assert tree.values[1] == 0


def test_arrays_are_laid_out_as_asked_and_hold_the_same_numbers() -> None:
    values = np.arange(12.0).reshape(3, 4)
    for layout, contiguous in (("C", True), ("strided", False), ("turned", False)):
        made = live(cast({"a": Array(values)}, "float64", layout))["a"]
        assert made.flags.c_contiguous is contiguous
        assert (made == values).all()
    single = live(cast(Array(values), "float32"))
    assert single.dtype == np.float32


@pytest.mark.parametrize(
    "node",
    [
        {"a": {"kind": "scalar", "dtype": "float64", "array": "0"}},
        {"a": {"kind": "numpy", "dtype": "float32", "array": "0"}},
        {"a": {"kind": "numpy", "dtype": "nonsense", "array": "0"}},
        {"a": {"kind": "numpy", "dtype": "float64", "array": "1"}},
        {"a": {"kind": "list", "dtype": "float64", "array": "0"}},
        {"a": {"kind": "numpy", "dtype": "object", "shape": [1], "values": [1]}},
        {"a": {"kind": "numpy", "dtype": "float64", "shape": [2], "values": [1]}},
        {"a": {"kind": "torch", "dtype": "float64", "device": "meta", "shape": [-1]}},
        {"a": {"kind": "scalar", "dtype": "float64", "device": "meta", "shape": [2]}},
        {"a": {"kind": "numpy", "dtype": "float64", "layout": "odd", "array": "0"}},
        {"a": 1},
        {"b": []},
        {"l": [], "t": []},
        {"d": [[["k"], 1]]},
        {"d": [[None, 1]]},
        {"d": [1]},
        {"l": "abc"},
        {"l": {"l": 1}},
        [],
    ],
)
def test_what_encode_would_not_write_is_not_read(node: Any) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        decode(node, {"0": np.ones((2, 3))})


def test_nodes_that_nest_without_end_are_not_read() -> None:
    node: Any = 1
    for _ in range(100):
        node = {"l": [node]}
    with pytest.raises(ValueError, match="nested too deeply"):
        decode(node)
