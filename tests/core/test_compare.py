"""The first difference is found, in the agreed order, and what is as good is accepted."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from autograder.labcheck.compare import Mismatch, Tolerance, compare, describe, equal, number
from autograder.labcheck.tree import plain

USUAL = Tolerance()
EXACT = Tolerance(0.0, 0.0, alike=False)


def difference(due: Any, have: Any, tolerance: Tolerance = USUAL, **letters: str) -> Mismatch:
    found = compare(plain(due), plain(have), tolerance, letters)
    assert found is not None
    assert not equal(plain(due), plain(have), tolerance)
    return found


def agrees(due: Any, have: Any, tolerance: Tolerance = USUAL) -> bool:
    found = compare(plain(due), plain(have), tolerance)
    assert equal(plain(due), plain(have), tolerance) == (found is None)
    return found is None


ONES = np.ones((2, 3))


@pytest.mark.parametrize(
    ("have", "kind"),
    [
        ([[1.0, 1, 1], [1, 1, 1]], "container"),
        (None, "container"),
        (1.0, "container"),
        (torch.ones(2, 3, dtype=torch.float64), "container"),
        (np.float64(1), "shape"),
        (np.ones((3, 2)), "shape"),
        (np.ones(6), "shape"),
        (np.ones((1, 2, 3)), "shape"),
        (np.array(1.0), "shape"),
        (np.ones((2, 3), np.float32), "dtype"),
        (np.ones((2, 3), np.int64), "dtype"),
        (np.ones((2, 3), bool), "dtype"),
        (np.where([[1, 0, 0]] * 2, np.nan, 5.0), "finite"),
        (np.where([[1, 0, 0]] * 2, -np.inf, 1.0), "finite"),
        (np.full((2, 3), 2.0), "values"),
    ],
)
def test_an_array_is_told_by_its_first_difference(have: Any, kind: str) -> None:
    assert difference(ONES, have).kind == kind


@pytest.mark.parametrize(
    ("have", "kind"),
    [
        (np.full((3, 2), np.nan, np.float32), "shape"),
        (np.full((2, 3), np.nan, np.float32), "dtype"),
        (np.full((2, 3), np.nan), "finite"),
        (np.full((2, 3), 7.0), "values"),
    ],
)
def test_shape_comes_before_dtype_before_finite_before_values(have: Any, kind: str) -> None:
    assert difference(ONES, have).kind == kind


def test_device_comes_between_dtype_and_values() -> None:
    due = torch.ones(2, 3)
    assert difference(due, torch.ones(2, 3, device="meta")).kind == "device"
    assert difference(due, torch.ones(2, 4, device="meta")).kind == "shape"
    assert difference(due, torch.ones(2, 3, dtype=torch.float64, device="meta")).kind == "dtype"
    meta = torch.ones(2, 3, device="meta")
    assert difference(meta, due).kind == "device"
    assert agrees(meta, torch.zeros(2, 3, device="meta"))


def test_tensors_and_arrays_do_not_stand_for_each_other() -> None:
    assert difference(torch.ones(2, 3), np.ones((2, 3), np.float32)).kind == "container"
    found = difference(np.ones(2), torch.ones(2, dtype=torch.float64))
    assert (found.have, found.due) == ("a tensor (2,) of float64", "an array (2,) of float64")
    assert agrees(torch.ones(2), torch.nn.Parameter(torch.ones(2)))
    assert agrees(torch.ones(2, dtype=torch.bfloat16), torch.ones(2, dtype=torch.bfloat16))
    assert difference(torch.ones(2), torch.ones(2, dtype=torch.bfloat16)).kind == "dtype"


def test_a_float_is_a_python_float_or_a_float64_or_an_int() -> None:
    for have in (0.5, np.float64(0.5)):
        assert agrees(0.5, have)
    assert agrees(2.0, 2)
    assert agrees(2.0, np.int64(2))
    refused = (
        np.float32(0.5),
        np.array(0.5),
        np.array([0.5]),
        "0.5",
        None,
        [0.5],
        True,
        torch.tensor(0.5),
        np.float16(0.5),
    )
    for have in refused:
        assert difference(0.5, have).kind == "container"
    assert difference(1.0, True).due == "a float"
    assert difference(2.0, 2, EXACT).kind == "container"
    assert difference(0.5, 0.75).kind == "values"
    assert difference(0.5, math.nan).kind == "finite"


def test_an_int_is_an_int_of_python_or_numpy() -> None:
    assert agrees(3, 3)
    assert agrees(3, np.int64(3))
    assert agrees(3, np.uint8(3))
    for have in (3.0, True, np.array(3), "3", None, np.float64(3)):
        assert difference(3, have).kind == "container"
    assert difference(3, 4).kind == "values"


def test_bools_texts_and_none_are_themselves_only() -> None:
    for value in (True, False, None, "tanh", ""):
        assert agrees(value, value)
    assert agrees(True, np.True_)
    for due, have in ((True, 1), (False, 0), (None, 0), ("1", 1), ("a", None), (None, False)):
        assert difference(due, have).kind == "container"
    assert difference(True, False).kind == "values"
    assert difference("a", "b").kind == "text"


def test_what_was_due_is_not_told_where_its_sort_is_wrong() -> None:
    for due, sort in (("a secret", "a text"), (True, "a bool"), (17, "an int"), (0.17, "a float")):
        assert difference(due, [due]).due == sort


def test_lists_and_tuples_stand_for_each_other_unless_told_otherwise() -> None:
    assert agrees((1, 2.0), [1, 2.0])
    assert agrees([(1, 2)], ([1, 2],))
    assert difference((1, 2), [1, 2], EXACT).kind == "container"
    assert difference((1, 2), np.array([1, 2])).kind == "container"
    assert difference((1, 2), {0: 1, 1: 2}).kind == "container"
    assert difference([1, 2], [1, 2, 3]).kind == "length"
    assert difference([], [1]).kind == "length"
    found = difference([1, (2, 3)], [1, (2, 4)])
    assert (found.kind, found.path) == ("values", (1, 1))


def test_the_keys_of_a_dict_come_before_what_they_hold() -> None:
    due = {"dx": np.ones(2), "dW": np.ones(3)}
    found = difference(due, {"dx": np.zeros(2), "dw": np.ones(3), 7: 1})
    assert (found.kind, found.due, found.have) == ("keys", "dW", "dw, 7")
    assert agrees(due, {"dW": np.ones(3), "dx": np.ones(2)})
    assert difference(due, [np.ones(2), np.ones(3)]).kind == "container"


def test_more_keys_than_can_be_read_are_cut_and_so_are_long_ones() -> None:
    found = difference({}, {f"key{n}": n for n in range(30)})
    assert found.have == "key0, key1, key2, key3, key4, key5, key6, key7, …"
    assert len(difference({}, {"k" * 1000: 1}).have) == 40


def test_beside_a_wrong_entry_stand_the_right_ones_and_the_other_wrong_ones() -> None:
    due = {name: np.ones(2) for name in "abcd"}
    found = difference(due, {**due, "b": np.zeros(2), "d": np.zeros(3)})
    assert (found.path, found.right, found.wrong_keys) == (("b",), ("a", "c"), ("b", "d"))


def test_time_steps_are_counted_on_the_axis_called_t() -> None:
    due = np.zeros((2, 5, 3))
    have = due.copy()
    have[1, 2, 0] = have[0, 4, 1] = 1
    found = difference(due, have, **{"return": "B T H"})
    assert (found.steps, found.step_count, found.index) == ((2, 4), 5, (1, 2, 0))
    assert (found.wrong, found.total) == (2, 30)
    bare = difference(due, have)
    assert (bare.steps, bare.index) == ((), (0, 4, 1))
    first = difference(np.zeros((5, 2)), np.ones((5, 2)), **{"return": "T H"})
    assert (first.steps, first.index) == ((0, 1, 2, 3, 4), (0, 0))


def test_letters_belong_to_keys_of_the_result() -> None:
    due = {"dx": np.zeros((2, 4)), "db": np.zeros(3)}
    have = {"dx": np.eye(2, 4), "db": np.zeros(3)}
    found = difference(due, have, dx="B T", db="H")
    assert (found.path, found.letters, found.steps) == (("dx",), "B T", (0, 1))


@pytest.mark.parametrize(
    ("have", "right"), [(1 + 9e-7, True), (1 - 9e-7, True), (1 + 1.2e-6, False), (1 + 1e-5, False)]
)
def test_floats_agree_within_a_relative_and_an_absolute_part(have: float, right: bool) -> None:
    assert agrees(1.0, have) is right
    assert agrees(np.ones(3), np.array([1, 1, have])) is right
    assert agrees(np.full(3, 1e6), np.array([1e6, 1e6, have * 1e6])) is right


def test_near_zero_the_absolute_part_counts() -> None:
    assert agrees(0.0, 9e-9)
    assert not agrees(0.0, 2e-8)
    assert agrees(np.zeros(2), np.array([0, -9e-9]))
    assert not agrees(np.zeros(2), np.array([0, -2e-8]))


def test_the_size_of_what_is_due_counts_and_not_of_what_came() -> None:
    loose = Tolerance(rtol=0.5, atol=0.0)
    assert not agrees(1.0, 2.0, loose)
    assert agrees(2.0, 1.0, loose)
    assert not agrees(np.ones(1), np.full(1, 2.0), loose)
    assert agrees(np.full(1, 2.0), np.ones(1), loose)


def test_numbers_that_are_not_finite_agree_with_themselves_alone() -> None:
    due = np.array([np.nan, np.inf, -np.inf, 1.0])
    assert agrees(due, due.copy())
    assert difference(due, np.array([np.nan, np.inf, -np.inf, np.nan])).kind == "finite"
    assert difference(due, np.array([1, np.inf, -np.inf, 1.0])).kind == "values"
    assert difference(due, np.array([np.nan, -np.inf, -np.inf, 1.0])).kind == "values"
    for have in (1.0, -math.inf, math.nan):
        assert not agrees(np.array([math.inf, 1.0]), np.array([have, 1.0]))
        assert not agrees(math.inf, have)
    assert agrees(math.inf, math.inf)
    assert agrees(math.nan, math.nan)


def test_integers_and_bools_in_arrays_are_compared_exactly() -> None:
    big = np.array([2**53, 2**53 + 1])
    assert agrees(big, big.copy())
    assert difference(big, big + 1, Tolerance(rtol=1.0)).wrong == 2
    assert difference(np.array([True, False]), np.array([True, True])).kind == "values"
    assert difference(np.array([1, 0]), np.array([True, False])).kind == "dtype"


def test_empty_arrays_agree_where_their_shapes_do() -> None:
    assert agrees(np.ones((0, 3)), np.zeros((0, 3)))
    assert difference(np.ones((0, 3)), np.ones((3, 0))).kind == "shape"


@given(arrays_of.arrays(np.float64, arrays_of.array_shapes(max_dims=3, max_side=4)))
def test_an_array_agrees_with_itself_in_any_memory_order(values: Any) -> None:
    assert agrees(values, np.asfortranarray(values), EXACT)
    assert agrees(values, values[...], EXACT)


@given(
    arrays_of.arrays(np.float64, (3, 4), elements=st.floats(-1e3, 1e3)),
    st.integers(0, 2),
    st.integers(0, 3),
    st.sampled_from([1e-2, -1.0, 1e6]),
)
def test_one_wrong_number_is_found_where_it_stands(
    due: Any, row: int, column: int, by: float
) -> None:
    have = due.copy()
    have[row, column] += by
    found = difference(due, have)
    assert (found.kind, found.index, found.wrong, found.total) == ("values", (row, column), 1, 12)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (ONES, "an array (2, 3) of float64"),
        (torch.ones(2), "a tensor (2,) of float32"),
        (np.float32(1), "a NumPy float32"),
        ({"a": 1}, "a dict with 1 key"),
        ({}, "a dict with 0 keys"),
        ((1,), "a tuple of 1 item"),
        ([1, 2], "a list of 2 items"),
        (None, "None"),
        (True, "True"),
        (3, "an int"),
        (0.5, "a float"),
        ("tanh", "the text 'tanh'"),
    ],
)
def test_values_are_described_in_words(value: Any, words: str) -> None:
    assert describe(plain(value)) == words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.12345, "0.123"),
        (-1.0, "-1.000"),
        (0.0, "0.000"),
        (0.0012345, "0.00123"),
        (3, "3"),
        (1e-9, "1.000e-09"),
        (123456.7, "1.235e+05"),
        (True, "True"),
        (math.inf, "inf"),
    ],
)
def test_numbers_are_written_short(value: Any, text: str) -> None:
    assert number(value) == text


def test_numbers_that_differ_never_look_alike() -> None:
    found = difference(np.array([1.0]), np.array([1.00001]))
    assert (found.have, found.due) == ("1.00001", "1")
    found = difference(1.0, 1.00001)
    assert (found.have, found.due) == ("1.00001", "1")
