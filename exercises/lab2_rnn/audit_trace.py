"""Which published states do not follow from the published state before them."""

import functools

import numpy as np

from autograder.spec import Case, Exercise, Mistakes, but, edited
from exercises.lab2_rnn._draws import RECURRENT, recurrent, state
from exercises.lab2_rnn._programs import NO_RETURN
from solutions.lab2_rnn import audit_trace, rnn_forward

ATOL = 0.01


def inputs(rng, T, I, H, atol=ATOL):
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
        previous = published[t] = new + atol * noise[t]
    return {"x": x, "h0": h0, **params, "published": published, "atol": atol}


def nothing_wrong(rng):
    given = dict(inputs(rng, 5, 2, 4))
    params = {name: given[name] for name in RECURRENT}
    states = rnn_forward(given["x"][None], given["h0"][None], **params)
    return {**given, "published": states[0] + 0.2 * ATOL}


def exactly_atol(rng):
    """Zero weights and inputs give states of exactly 0; the published ones differ by exactly atol."""
    published = np.array([[0.25, 0.0, -0.25], [0.0, 0.5, 0.25]])
    zeros = {"x": (2, 2), "h0": 3, "W_xh": (2, 3), "W_hh": (3, 3), "b_h": 3}
    given = {name: np.zeros(shape) for name, shape in zeros.items()}
    return {**given, "published": published, "atol": 0.25}


STEP = "rnn_step(x, previous, W_xh, W_hh, b_h)"
OFF = "np.abs(published - recomputed)"
PAIR = "(int(t), int(unit))"

changed = functools.partial(edited, audit_trace)


def slip(comparison: str):
    """The reference with another comparison of what is published with what is recomputed."""
    return changed({f"{OFF} > atol": comparison})


wrong = Mistakes()

wrong.family(
    "From which state should the second published state follow?",
    (
        "from_own_states",
        changed({STEP: "rnn_forward(x[None], h0[None], W_xh, W_hh, b_h)[0]"}),
        "each state is judged from your own states, so that one slip condemns what follows",
    ),
    (
        "one_state_back_too_far",
        changed({STEP: "rnn_step(x, published, W_xh, W_hh, b_h)"}),
        "each state is judged from itself",
    ),
)

said = "the first state is judged from zeros in place of h0. From which state should the first published state follow?"
wrong.add("starts_from_zeros", but(audit_trace, h0=np.zeros_like), said)

said = (
    "only numbers that are too large count as slips. A published number may be too small as well."
)
wrong.add("too_large_only", slip("published - recomputed > atol"), said)

said = (
    "only numbers that are too small count as slips. A published number may be too large as well."
)
wrong.add("too_small_only", slip("recomputed - published > atol"), said)

said = "a difference of exactly atol counts as a slip. Read again when a difference counts."
wrong.add("at_least_atol", slip(f"{OFF} >= atol"), said)

said = "the places that agree are listed, and not those that differ. Look at the direction of your comparison."
wrong.add("agreeing_ones", slip(f"{OFF} <= atol"), said)

wrong.family(
    "Look at what your comparison allows besides atol.",
    (
        "with_a_relative_part",
        slip("~np.isclose(published, recomputed, rtol=0.05, atol=atol)"),
        "the tolerance grows with the number itself, as np.isclose lets it do",
    ),
    (
        "with_the_usual_relative_part",
        slip("~np.isclose(published, recomputed, atol=atol)"),
        "np.isclose keeps its own rtol of 1e-5 beside your atol",
    ),
)

wrong.family(
    "Look at what you compare with atol.",
    ("half_the_tolerance", slip(f"{OFF} > atol / 2"), "half the tolerance is used"),
    ("double_the_tolerance", slip(f"{OFF} > atol * 2"), "twice the tolerance is used"),
)

wrong.family(
    "Compare your first pair with the trace by hand.",
    (
        "counts_from_one",
        changed({PAIR: "(int(t) + 1, int(unit) + 1)"}),
        "steps and units are counted from 1",
    ),
    ("steps_from_one", changed({PAIR: "(int(t) + 1, int(unit))"}), "steps are counted from 1"),
)

wrong.add(
    "unit_before_step",
    but(audit_trace, returns=lambda slips: sorted((unit, t) for t, unit in slips)),
    "the unit comes before the step in each pair. Look at the order inside each pair.",
)

wrong.add(
    "by_unit_first",
    but(audit_trace, returns=lambda slips: sorted(slips, key=lambda slip: slip[::-1])),
    "the pairs are sorted by unit. Look at the order of the pairs.",
)

said = "the search stops at the first slip. Look at what your loop does after it has found one."
wrong.add("only_the_first", but(audit_trace, returns=lambda slips: slips[:1]), said)

wrong.add(
    "only_the_steps",
    but(audit_trace, returns=lambda slips: sorted({t for t, _ in slips})),
    "only the steps are listed. Each slip is a pair.",
)

wrong.add(
    "none_without_slips",
    but(audit_trace, returns=lambda slips: slips or None),
    "nothing comes back where nothing is wrong. Which list has no slip in it?",
)

wrong.add(
    "as_an_array",
    but(audit_trace, returns=lambda slips: np.array(slips, dtype=int).reshape(-1, 2)),
    "the pairs come back as an array. A list of pairs is asked for.",
)

wrong.add("nothing_returned", but(audit_trace, returns=lambda slips: None), NO_RETURN)

EXERCISE = Exercise(
    reference=audit_trace,
    inputs=inputs,
    points=8,
    axes={"T": 6, "I": 3, "H": 5},
    shapes={"x": "T I", "h0": "H", **RECURRENT, "published": "T H"},
    cases=(
        Case(
            name="a small atol",
            inputs=functools.partial(inputs, T=6, I=3, H=5, atol=1e-7),
            hidden=True,
        ),
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
    look="Take one step by hand: which state goes in, and with what do you compare what comes out?",
    when_right=(
        "All T steps can be judged in one call of rnn_step, because each starts from a printed "
        "state: time takes the place of the batch. Comparing with a trace that you computed from "
        "h0 alone would blame numbers that follow correctly from a slip. Next question: where "
        "else does a step start from the given value before it and not from one's own? Teacher "
        "forcing in lab 8 is the same idea."
    ),
)
