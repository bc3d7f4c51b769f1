"""Backpropagation through time."""

import functools

from autograder.spec import Exercise, Mistakes, but, edited
from exercises.lab2_rnn._draws import GRADIENTS, WEIGHTS, forward, recurrent, state
from exercises.lab2_rnn._programs import SLOPE_OF_TANH, in_float64, slope, step
from solutions.lab2_rnn import rnn_backward


def inputs(rng, B, T, I, H):
    x, h0 = rng.standard_normal((B, T, I)), state(rng, B, H)
    params = recurrent(rng, I, H)
    h = forward(x, h0, params)
    del params["b_h"]
    return {"dh": rng.standard_normal((B, T, H)), "x": x, "h0": h0, "h": h, **params}


DH0 = 'grads["dh0"] = dh_next'
H_PREV = "h[:, t - 1] if t > 0 else h0"
DH_NEXT = 'dh_next = step["dh_prev"]'
SUM = "np.sum([step[name] for step in steps], axis=0)"

changed = functools.partial(edited, rnn_backward)


def over(step):
    """The reference over steps that go back in another way."""
    return changed({}, rnn_step_backward=step)


wrong = Mistakes()

said = "nothing comes back from the next step. A state is read twice: by its own output and by the next step. What follows for its gradient?"
wrong.add("no_future", changed({"dh[:, t] + dh_next": "dh[:, t]"}), said)

wrong.add(
    "only_the_last_step",
    changed({"as_float(np.zeros_like(h0))": "dh[:, -1]", "dh[:, t] + dh_next": "dh_next"}),
    "only the gradient at the last step enters. Each step's output has a gradient of its own: look at how you use dh.",
)

said = (
    "the derivative of tanh is missing. Go back through the operations of one step in their order."
)
wrong.add("no_tanh_slope", over(slope("1")), said)

wrong.family(
    SLOPE_OF_TANH,
    (
        "tanh_twice",
        over(slope("(1 - np.tanh(h) ** 2)")),
        "tanh is applied to h once more before its derivative is taken",
    ),
    ("sigmoid_slope", over(slope("h * (1 - h)")), "the derivative of the sigmoid is used"),
    ("square_missing", over(slope("(1 - h)")), "the square is missing in the derivative of tanh"),
)

said = "dW_hh is made with the new state of each step in place of the old one. By which state was W_hh multiplied in the forward pass?"
wrong.add("dW_hh_from_new_state", changed({H_PREV: "h[:, t]"}), said)

wrong.add(
    "zero_before_the_first",
    changed({H_PREV: "h[:, t - 1] if t > 0 else np.zeros_like(h0)"}),
    "the state before the first step is taken to be zero. Which state went into step 0?",
)

said = "the state before step 0 is read at index -1, which is the last state. Which state went into step 0, and which one does your index read?"
wrong.add("wraps_round", changed({H_PREV: "h[:, t - 1]"}), said)

said = "W_hh is not transposed on the way back. The forward pass multiplied by W_hh from the right: what undoes that?"
wrong.add("W_hh_untransposed", over(step("dz @ W_hh.T", "dz @ W_hh")), said)

said = "what goes back to the step before skips the derivative of tanh. Which gradient should the product with W_hh start from?"
wrong.add("carries_before_tanh", over(step("dz @ W_hh.T", "dh @ W_hh.T")), said)

said = "what goes back from step to step piles up. What should be added up over time, and what handed on?"
wrong.add("piles_up", changed({DH_NEXT: 'dh_next = dh_next + step["dh_prev"]'}), said)

said = "the chain back through time is cut every second step. The whole sequence is asked for: where does your chain stop?"
wrong.add("truncated_to_two", changed({DH_NEXT: 'dh_next = step["dh_prev"] * (t % 2)'}), said)

wrong.add(
    "forwards",
    changed({"reversed(range(x.shape[1]))": "range(x.shape[1])", "reversed(steps)": "steps"}),
    "the loop runs from the first step to the last. When is everything known that a step needs from its right?",
)

said = "dx comes out in reverse order of time. Your loop runs backwards: in which order do you collect dx?"
wrong.add("dx_backwards", changed({"reversed(steps)": "steps"}), said)

said = "dh0 is left at zero. What is left in your hands after step 0?"
wrong.add("dh0_zero", changed({DH0: 'grads["dh0"] = np.zeros_like(dh_next)'}), said)

wrong.family(
    "h0 is the state before step 0, and not the state after it.",
    (
        "dh0_is_dh_0",
        changed({DH0: 'grads["dh0"] = dh[:, 0].copy()'}),
        "dh0 is the gradient that reaches the first state from its output",
    ),
    (
        "dh0_one_step_short",
        changed(
            {DH_NEXT: f"dh0 = dh[:, t] + dh_next\n        {DH_NEXT}", DH0: 'grads["dh0"] = dh0'}
        ),
        "dh0 stops at the state after step 0",
    ),
)

said = "the gradients of the weights are those of the first step alone. Every step used the same weights: what follows for their gradient?"
wrong.add("overwrites", changed({SUM: "step[name]"}), said)

wrong.family(
    "dh carries every factor of the loss already.",
    (
        "over_batch",
        changed({SUM: f"{SUM} / len(x)"}),
        "the gradients of the weights are divided by the size of the batch",
    ),
    (
        "over_time",
        changed({SUM: f"{SUM} / x.shape[1]"}),
        "the gradients of the weights are divided by the number of steps",
    ),
    ("mean_bias", over(step("dz.sum(", "dz.mean(")), "db_h is a mean over the batch"),
)

said = "dW_hh comes out transposed. Entry [j, k] of W_hh leads from old unit j to new unit k."
wrong.add("dW_hh_transposed", over(step("h_prev.T @ dz", "dz.T @ h_prev")), said)

said = (
    "the gradients are float64 whatever came in. Look at the dtype of the buffers that you make."
)
wrong.add("always_float64", but(rnn_backward, returns=in_float64), said)


wrong.add(
    "edits_dh",
    changed({"return grads": 'dh[:, 0] += grads["dx"].sum()\n    return grads'}),
    "the caller's dh is changed. Look for += on something that was handed in.",
)

EXERCISE = Exercise(
    reference=rnn_backward,
    inputs=inputs,
    points=16,
    axes={"B": 3, "T": 5, "I": 4, "H": 6},
    shapes={"dh": "B T H", "x": "B T I", "h0": "B H", "h": "B T H", **WEIGHTS}
    | {"dx": "B T I", "dh0": "B H", **GRADIENTS},
    without=frozenset({"integer inputs"}),
    mistakes=wrong,
    look="Take T = 2 on paper: which paths lead from the loss back to W_hh?",
)
