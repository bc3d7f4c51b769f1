"""How large the gradient still is at each state when it enters at the last step."""

import numpy as np

from autograder.spec import Exercise, Mistakes, but, edited
from exercises.lab2_rnn._draws import forward, recurrent, state
from exercises.lab2_rnn._programs import INDENTED, SLOPE_OF_TANH
from solutions.lab2_rnn import state_gradient_norms


def inputs(rng, B, T, H):
    params = recurrent(rng, 2, H)
    h = forward(rng.standard_normal((B, T, 2)), state(rng, B, H), params)
    return {"h": h, "W_hh": params["W_hh"], "dh_last": rng.standard_normal((B, H))}


def step(text: str):
    """The reference with another step back, from the state after a step to the one before it."""
    return edited(state_gradient_norms, {"(dh * (1 - h[:, t] ** 2)) @ W_hh.T": text})


def norm(text: str):
    """The reference with another measure of how large dh (B, H) is; samples(dh) has one each."""
    norm = "np.linalg.norm(dh)"
    edits = {f"[{norm}]": f"[{text}]", f"append({norm})": f"append({text})"}
    return edited(state_gradient_norms, edits, samples=lambda dh: np.linalg.norm(dh, axis=1))


wrong = Mistakes()

said = "the derivative of tanh is missing between two states. What lies between h at one step and h at the next?"
wrong.add("no_tanh_slope", step("dh @ W_hh.T"), said)

said = "the derivative of tanh is taken at the earlier of the two states. Which state came out of the tanh that you are passing through?"
wrong.add("slope_of_the_step_before", step("(dh * (1 - h[:, t - 1] ** 2)) @ W_hh.T"), said)

wrong.family(
    SLOPE_OF_TANH,
    (
        "tanh_twice",
        step("(dh * (1 - np.tanh(h[:, t]) ** 2)) @ W_hh.T"),
        "tanh is applied to h once more before its derivative is taken",
    ),
    (
        "square_missing",
        step("(dh * (1 - h[:, t])) @ W_hh.T"),
        "the square is missing in the derivative of tanh",
    ),
)

said = "W_hh is not transposed on the way back. The forward pass multiplied by W_hh from the right: what undoes that?"
wrong.add("W_hh_untransposed", step("(dh * (1 - h[:, t] ** 2)) @ W_hh"), said)

said = "the product with W_hh comes before the derivative of tanh. In which order did the forward pass multiply and squash?"
wrong.add("product_before_slope", step("(dh @ W_hh.T) * (1 - h[:, t] ** 2)"), said)

wrong.add(
    "one_too_far",
    edited(state_gradient_norms, {"[np.linalg.norm(dh)]": "[]", "range(1, ": "range(0, "}),
    "every norm stands one step too late, and the last is not that of dh_last. Before which product should the last entry be measured?",
)

said = "the norm of dh_last itself is missing. Count the steps and the norms."
wrong.add("without_the_last", but(state_gradient_norms, returns=lambda norms: norms[:-1]), said)

said = "the norms stand in reverse order of time. Your loop runs backwards: in which order do you collect?"
wrong.add("backwards_in_time", edited(state_gradient_norms, {"norms[::-1]": "norms"}), said)

said = "the square root is missing. A norm is the root of a sum."
wrong.add("squared", but(state_gradient_norms, returns=np.square), said)

wrong.family(
    "Which norm is asked for?",
    ("sum_of_sizes", norm("np.abs(dh).sum()"), "absolute values are added up, as for the L1 norm"),
    ("largest", norm("np.abs(dh).max()"), "the largest entry is taken"),
    (
        "root_mean_square",
        norm("np.sqrt((dh**2).mean())"),
        "the mean of the squares is taken in place of their sum",
    ),
)

said = "the matrix norm of the whole batch is taken, its largest singular value. np.linalg.norm with a 2 means another thing for a matrix than for a vector."
wrong.add("spectral", norm("np.linalg.norm(dh, 2)"), said)

wrong.family(
    "One norm over the whole batch is asked for.",
    ("sums_of_sample_norms", norm("samples(dh).sum()"), "the norms of the samples are added up"),
    ("mean_over_batch", norm("samples(dh).mean()"), "the norms of the samples are averaged"),
    ("first_sample", norm("samples(dh)[0]"), "only the first sample is measured"),
    ("one_norm_per_sample", norm("samples(dh)"), "each sample has a norm of its own"),
)

wrong.add(
    "returns_in_the_loop",
    edited(
        state_gradient_norms,
        {"append(np.linalg.norm(dh))": "append(np.linalg.norm(dh))\n        break"},
    ),
    "the function returns after the first step back. " + INDENTED,
)

wrong.add(
    "loops_over_samples",
    edited(state_gradient_norms, {"range(1, h.shape[1])": "range(1, h.shape[0])"}),
    "the loop counts the samples and not the steps. Which axis of h is time?",
)

wrong.add(
    "always_float64",
    but(state_gradient_norms, returns=lambda norms: norms.astype(np.float64)),
    "the norms are float64 whatever came in. Look at the dtype of the array that you collect in.",
)

EXERCISE = Exercise(
    reference=state_gradient_norms,
    inputs=inputs,
    points=8,
    axes={"B": 3, "T": 5, "H": 6},
    shapes={"h": "B T H", "W_hh": "H H", "dh_last": "B H", "return": "T"},
    mistakes=wrong,
    look="Go back one step by hand: through which tanh, and then through which matrix?",
    when_right=(
        "It is the backward pass with the weights left out, so it costs T − 1 products. The order "
        "is the trap: the loop goes back in time and the result does not. Next question: the "
        "slopes 1 − h² are never above 1. With which states are they all 1, and what does that "
        "say about networks that start at zero?"
    ),
)
