"""Two sums of an array say whether another one is the same within the tolerance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from autograder.chain.recording import _as_due, _beside
from autograder.labcheck.compare import EXACT, Tolerance, equal
from autograder.labcheck.sums import MANY, have_sums, sums_of
from autograder.labcheck.tree import Array, decode, encode

TOLERANCES = st.sampled_from(
    [Tolerance(), Tolerance(1e-5, 1e-6), Tolerance(1e-3, 1e-4), Tolerance(1e-9, 1e-6)]
)
NUMBERS = arrays.arrays(
    np.float64,
    st.integers(MANY + 1, 400),
    elements=st.floats(-1e6, 1e6, width=32),
    fill=st.nothing(),
)


def allowed(values: Any, tolerance: Tolerance) -> Any:
    return tolerance.atol + tolerance.rtol * np.abs(values)


@settings(max_examples=300, deadline=None)
@given(st.data(), NUMBERS, TOLERANCES, st.floats(1.01, 1e6), st.booleans())
def test_one_number_that_is_off_is_never_the_same(
    data: st.DataObject, values: Any, tolerance: Tolerance, off: float, up: bool
) -> None:
    sums, other = sums_of(values, tolerance.rtol, tolerance.atol), values.copy()
    place = data.draw(st.integers(0, values.size - 1))
    other[place] += (1 if up else -1) * off * allowed(values, tolerance)[place]
    assert not equal(Array(values), Array(other), tolerance)
    assert not have_sums(other, sums, tolerance.rtol, tolerance.atol)


@settings(max_examples=300, deadline=None)
@given(st.data(), NUMBERS, TOLERANCES)
def test_what_rounding_makes_of_all_numbers_is_always_the_same(
    data: st.DataObject, values: Any, tolerance: Tolerance
) -> None:
    sums = sums_of(values, tolerance.rtol, tolerance.atol)
    shares = data.draw(arrays.arrays(np.float64, values.size, elements=st.floats(-1, 1)))
    other = values + shares / max(1.0, np.abs(shares).sum()) * 0.3 * allowed(values, tolerance)
    assert have_sums(other, sums, tolerance.rtol, tolerance.atol)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32), st.integers(MANY + 1, 2000), st.integers(0, 8))
def test_numbers_in_another_order_or_with_another_sign_are_not_the_same(
    seed: int, size: int, change: int
) -> None:
    rng = np.random.default_rng(seed)
    values = rng.standard_normal(size)
    one, two = rng.choice(size, 2, replace=False)
    other = values.copy()
    if change == 0:
        other[[one, two]] = values[[two, one]]
    elif change == 1:
        other = values[::-1]
    elif change == 2:
        other = np.roll(values, 1)
    elif change == 3:
        other = -values
    elif change == 4:
        other[one], other[two] = values[one] + 1e-3, values[two] - 1e-3
    elif change == 5:
        other = values + 1e-5
    elif change == 6:
        other = rng.permutation(values)
    elif change == 7:
        other = values * (1 + 1e-5 * rng.choice([-1, 1], size))
    else:
        other = rng.standard_normal(size)
    assume(not equal(Array(values), Array(other)))
    assert not have_sums(other, sums_of(values, 1e-6, 1e-8), 1e-6, 1e-8)


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf, 1e308])
def test_a_number_that_is_odd_is_not_the_same(odd: float) -> None:
    values = np.linspace(-1, 1, 20)
    other = values.copy()
    other[3] = odd
    assert not have_sums(other, sums_of(values, 1e-6, 1e-8), 1e-6, 1e-8)


# -- as a record keeps and compares them ---------------------------------------------------------

USUAL = Tolerance()
VALUES = np.linspace(-1, 1, 20).reshape(4, 5)


def kept(values: Any, tolerance: Tolerance = USUAL) -> Any:
    """A tree as a record keeps it of a mistake."""
    return _beside(encode(values), None, None, tolerance)


def test_of_many_numbers_a_record_keeps_sums_and_form_and_still_knows_them() -> None:
    for kind, dtype in (("numpy", "float64"), ("torch", "float64")):
        node = kept({"h": Array(VALUES, kind, dtype)})
        assert "values" not in str(node)
        recorded = decode(node)
        same = {"h": Array(VALUES + 1e-12, kind, dtype)}
        assert equal(recorded, same)
        for other in (
            {"h": Array(VALUES + 1e-5, kind, dtype)},
            {"h": Array(VALUES.T, kind, dtype)},
            {"h": Array(VALUES.ravel(), kind, dtype)},
            {"h": Array(VALUES.astype(np.float32), kind, "float32")},
            {"h": Array(VALUES, "torch" if kind == "numpy" else "numpy", dtype)},
            {"h": Array(VALUES, kind, dtype, "cuda:0")},
            {"h": 3.0},
            {"g": Array(VALUES, kind, dtype)},
        ):
            assert not equal(recorded, other)
        assert encode(recorded) == node


def test_whole_numbers_in_integers_are_none_of_which_sums_are_kept() -> None:
    recorded = decode(kept(Array(VALUES)))
    assert not equal(recorded, Array(np.zeros((4, 5), np.int64)), Tolerance(whole=True))


@pytest.mark.parametrize(
    ("values", "tolerance"),
    [
        (np.arange(20.0), Tolerance()),
        (VALUES.astype(np.float32), Tolerance()),
        (VALUES.astype(np.float32).astype(np.float64), Tolerance()),
        (np.where(VALUES > 0, np.nan, VALUES), Tolerance()),
        (np.where(VALUES > 0, 1e300, VALUES), Tolerance()),
        (VALUES[0], Tolerance()),
        (VALUES, EXACT),
        (VALUES, Tolerance(1e-6, 0.0)),
        (VALUES[0] / 3, Tolerance(1e-9, 2.5e-9)),
    ],
    ids=[
        "whole",
        "float32",
        "made_in_float32",
        "nan",
        "large",
        "few",
        "exact",
        "no_atol",
        "narrow",
    ],
)
def test_other_numbers_are_kept(values: Any, tolerance: Tolerance) -> None:
    back = decode(kept(Array(values), tolerance))
    if tolerance == EXACT:
        assert equal(back, Array(values), EXACT)
    rtol = min(1e-7, tolerance.rtol / 10)
    np.testing.assert_allclose(back.values, values, rtol=rtol, atol=1e-30, strict=True)


def test_arrays_that_are_due_stand_as_they_are_there() -> None:
    tolerance = Tolerance()
    due = {"h": Array(VALUES / 3), "y": Array(VALUES)}
    given = encode(due)
    as_due = _as_due(given, tolerance)
    beside = _beside(encode({**due, "y": Array(-VALUES)}), given, as_due, tolerance)
    assert beside["d"][0] == as_due["d"][0]
    assert "sums" in beside["d"][1][1]["a"]


@given(NUMBERS, TOLERANCES)
def test_what_is_due_is_off_by_a_hundredth_of_its_tolerance_at_most(
    values: Any, tolerance: Tolerance
) -> None:
    back = decode(_as_due(encode(Array(values)), tolerance)).values
    assert (np.abs(back - values) <= allowed(values, tolerance) / 100).all()


@pytest.mark.parametrize("tolerance", [EXACT, Tolerance(1e-12, 1e-14), Tolerance(1e-6, 0.0)])
def test_what_is_compared_to_the_last_bits_is_kept_to_the_last_bit(tolerance: Tolerance) -> None:
    assert _as_due(encode(Array(VALUES / 3)), tolerance) == encode(Array(VALUES / 3))


def test_a_worker_cannot_send_sums() -> None:
    node = encode(decode(kept(Array(VALUES))))
    with pytest.raises((LookupError, ValueError)):
        decode(node, {})
