"""Which published states do not follow from the published state before them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.spec import Case, Exercise, Mistakes, but
from exercises.lab2_rnn._draws import Array, recurrent, state
from solutions.lab2_rnn import audit_trace, rnn_forward, rnn_step

ATOL = 0.01
Slips = list[tuple[int, int]]


def inputs(rng: np.random.Generator, T: int, I: int, H: int) -> Mapping[str, Any]:
    """A trace with noise below atol nearly everywhere and slips above it, some of them just so."""
    x, h0 = rng.standard_normal((T, I)), state(rng, H)
    params = recurrent(rng, I, H)
    noise = rng.uniform(0.3, 0.7, (T, H)) * rng.choice([-1, 1], (T, H))
    slips = rng.permutation(T * H)[: max(2, T * H // 4)]
    noise.flat[slips] = rng.uniform(1.4, 20, len(slips)) * rng.choice([-1, 1], len(slips))
    noise.flat[slips[0]] = 1.4
    noise.flat[slips[1]] = -25
    published, previous = np.zeros((T, H)), h0
    for t in range(T):
        new = np.tanh(x[t] @ params["W_xh"] + previous @ params["W_hh"] + params["b_h"])
        previous = published[t] = new + ATOL * noise[t]
    return {"x": x, "h0": h0, **params, "published": published, "atol": ATOL}


def nothing_wrong(rng: np.random.Generator) -> Mapping[str, Any]:
    given = dict(inputs(rng, 5, 2, 4))
    one = {name: given[name] for name in ("W_xh", "W_hh", "b_h")}
    states = rnn_forward(given["x"][None], given["h0"][None], **one)
    return {**given, "published": states[0] + 0.2 * ATOL}


def exactly_atol(rng: np.random.Generator) -> Mapping[str, Any]:
    """Zero weights and inputs give states of exactly 0; the published ones differ by exactly atol."""
    H = 3
    published = np.array([[0.25, 0.0, -0.25], [0.0, 0.5, 0.25]])
    zeros = {
        "x": np.zeros((2, 2)),
        "h0": np.zeros(H),
        "W_xh": np.zeros((2, H)),
        "W_hh": np.zeros((H, H)),
        "b_h": np.zeros(H),
    }
    return {**zeros, "published": published, "atol": 0.25}


wrong = Mistakes()


@wrong
def from_own_states(
    x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, published: Array, atol: float
) -> Slips:
    """each state is judged from your own states, so that one slip condemns what follows.
    From which state should the second published state follow?"""
    states = rnn_forward(x[None], h0[None], W_xh, W_hh, b_h)[0]
    return [(int(t), int(unit)) for t, unit in np.argwhere(np.abs(published - states) > atol)]


def _differences(
    x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, published: Array
) -> Array:
    before = np.concatenate([h0[None], published[:-1]])
    return published - rnn_step(x, before, W_xh, W_hh, b_h)


@wrong
def too_large_only(
    x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, published: Array, atol: float
) -> Slips:
    """only numbers that are too large count as slips.
    A published number may be too small as well."""
    wrong = _differences(x, h0, W_xh, W_hh, b_h, published) > atol
    return [(int(t), int(unit)) for t, unit in np.argwhere(wrong)]


@wrong
def too_small_only(
    x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, published: Array, atol: float
) -> Slips:
    """only numbers that are too small count as slips.
    A published number may be too large as well."""
    wrong = _differences(x, h0, W_xh, W_hh, b_h, published) < -atol
    return [(int(t), int(unit)) for t, unit in np.argwhere(wrong)]


@wrong
def at_least_atol(
    x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, published: Array, atol: float
) -> Slips:
    """a difference of exactly atol counts as a slip.
    Read again when a difference counts."""
    wrong = np.abs(_differences(x, h0, W_xh, W_hh, b_h, published)) >= atol
    return [(int(t), int(unit)) for t, unit in np.argwhere(wrong)]


@wrong
def agreeing_ones(
    x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, published: Array, atol: float
) -> Slips:
    """the places that agree are listed, and not those that differ.
    Look at the direction of your comparison."""
    wrong = np.abs(_differences(x, h0, W_xh, W_hh, b_h, published)) <= atol
    return [(int(t), int(unit)) for t, unit in np.argwhere(wrong)]


@wrong
def with_a_relative_part(
    x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, published: Array, atol: float
) -> Slips:
    """the tolerance grows with the number itself, as np.isclose lets it do.
    Look at what your comparison allows besides atol."""
    recomputed = published - _differences(x, h0, W_xh, W_hh, b_h, published)
    close = np.isclose(published, recomputed, rtol=0.05, atol=atol)
    return [(int(t), int(unit)) for t, unit in np.argwhere(~close)]


@wrong
def by_unit_first(
    x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, published: Array, atol: float
) -> Slips:
    """the pairs are sorted by unit.
    Look at the order of the pairs."""
    return sorted(
        audit_trace(x, h0, W_xh, W_hh, b_h, published, atol), key=lambda slip: slip[::-1]
    )


@wrong
def one_state_back_too_far(
    x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, published: Array, atol: float
) -> Slips:
    """each state is judged from itself.
    From which state should the second published state follow?"""
    recomputed = rnn_step(x, published, W_xh, W_hh, b_h)
    return [(int(t), int(unit)) for t, unit in np.argwhere(np.abs(published - recomputed) > atol)]


def explicit_loops(
    x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, published: Array, atol: float
) -> Slips:
    found = []
    for t in range(len(x)):
        h_prev = published[t - 1] if t > 0 else h0
        h = np.tanh(x[t] @ W_xh + h_prev @ W_hh + b_h)
        for unit in range(len(h)):
            if abs(h[unit] - published[t, unit]) > atol:
                found.append((t, unit))
    return found


def numpy_integers(
    x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, published: Array, atol: float
) -> list[Any]:
    before = np.vstack((h0, published))[:-1]
    off = np.abs(np.tanh(x @ W_xh + before @ W_hh + b_h) - published)
    return list(zip(*np.nonzero(off > atol), strict=True))


def pairs_as_lists(
    x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, published: Array, atol: float
) -> list[Any]:
    found: set[tuple[int, int]] = set()
    for t, new in enumerate(published):
        h = rnn_step(x[t : t + 1], (published[t - 1] if t else h0)[None], W_xh, W_hh, b_h)[0]
        found |= {(t, int(unit)) for unit in np.flatnonzero(~(np.abs(new - h) <= atol))}
    return sorted(found)


wrong.add(
    "starts_from_zeros",
    but(audit_trace, h0=np.zeros_like),
    "the first state is judged from zeros in place of h0. From which state should the first published state follow?",
)
wrong.add(
    "counts_from_one",
    but(audit_trace, returns=lambda slips: [(t + 1, unit + 1) for t, unit in slips]),
    "steps and units are counted from 1. Compare your first pair with the trace by hand.",
)
wrong.add(
    "steps_from_one",
    but(audit_trace, returns=lambda slips: [(t + 1, unit) for t, unit in slips]),
    "steps are counted from 1. Compare your first pair with the trace by hand.",
)
wrong.add(
    "unit_before_step",
    but(audit_trace, returns=lambda slips: sorted((unit, t) for t, unit in slips)),
    "the unit comes before the step in each pair. Look at the order inside each pair.",
)
wrong.add(
    "only_the_first",
    but(audit_trace, returns=lambda slips: slips[:1]),
    "the search stops at the first slip. Look at what your loop does after it has found one.",
)
wrong.add(
    "only_the_steps",
    but(audit_trace, returns=lambda slips: sorted({t for t, _ in slips})),
    "only the steps are listed. Each slip is a pair.",
)
wrong.add(
    "as_an_array",
    but(audit_trace, returns=lambda slips: np.array(slips, dtype=int).reshape(-1, 2)),
    "the pairs come back as an array. A list of pairs is asked for.",
)
wrong.add(
    "half_the_tolerance",
    but(audit_trace, atol=lambda atol: atol / 2),
    "half the tolerance is used. Look at what you compare with atol.",
)
wrong.add(
    "double_the_tolerance",
    but(audit_trace, atol=lambda atol: atol * 2),
    "twice the tolerance is used. Look at what you compare with atol.",
)


EXERCISE = Exercise(
    reference=audit_trace,
    inputs=inputs,
    points=8,
    axes={"T": 6, "I": 3, "H": 5},
    shapes={"x": "T I", "h0": "H", "W_xh": "I H", "W_hh": "H H", "b_h": "H", "published": "T H"},
    cases=(
        Case(
            name="a trace without a slip",
            inputs=nothing_wrong,
            value=False,
            why="Where every state follows from the one before it, the list is empty.",
        ),
        Case(
            name="a difference of exactly atol",
            inputs=exactly_atol,
            value=False,
            why="Only a difference larger than atol is a slip.",
        ),
    ),
    mistakes=wrong,
    also_right=(explicit_loops, numpy_integers, pairs_as_lists),
    look="Take one step by hand: which state goes in, and with what do you compare what comes out?",
)
