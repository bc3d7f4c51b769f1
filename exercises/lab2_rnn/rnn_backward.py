"""Backpropagation through time."""

import functools

import numpy as np

from autograder.spec import Exercise, Mistakes, but, edited
from exercises.lab2_rnn._draws import GRADIENTS, WEIGHTS, forward, recurrent, state
from exercises.lab2_rnn._programs import INDENTED, SLOPE_OF_TANH, in_float64, slope, step
from solutions.lab2_rnn import rnn_backward, rnn_step_backward


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


def summed(text: str):
    """The reference with another way from the gradients at each step to those of the weights."""
    return changed({SUM: text}, total=functools.reduce)


def each_output_alone(dh, x, h0, h, W_xh, W_hh):
    """The gradients by two loops: from the output of each step t back to every step s before."""
    shapes = {"dx": x, "dh0": h0, "dW_xh": W_xh, "dW_hh": W_hh, "db_h": W_hh[0]}
    grads = {name: np.zeros_like(array, dtype=dh.dtype) for name, array in shapes.items()}
    for t in range(x.shape[1]):
        back = dh[:, t]
        for s in range(t, -1, -1):
            h_prev = h[:, s - 1] if s > 0 else h0
            step = rnn_step_backward(back, x[:, s], h_prev, h[:, s], W_xh, W_hh)
            back = step["dh_prev"]
            grads["dx"][:, s] += step["dx"]
            for name in ("dW_xh", "dW_hh", "db_h"):
                grads[name] += step[name]
            if s == 0:
                grads["dh0"] += back
    return grads


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
wrong.add(
    "truncated_to_two", changed({DH_NEXT: 'dh_next = step["dh_prev"] * (t % 2 or t == 0)'}), said
)

wrong.add(
    "window_of_five",
    edited(each_output_alone, {"range(t, -1, -1)": "range(t, max(-1, t - 5), -1)"}),
    "each output reaches back five steps and no further. The whole sequence is asked for: where does your inner loop stop?",
)

wrong.family(
    "Of two loops over time, which one says at which step you are?",
    (
        "input_of_the_outer_step",
        edited(each_output_alone, {"(back, x[:, s]": "(back, x[:, t]"}),
        "dW_xh is made with the input of the step where the gradient came in",
    ),
    (
        "old_state_of_the_outer_step",
        edited(each_output_alone, {"h[:, s - 1] if s > 0": "h[:, t - 1] if t > 0"}),
        "dW_hh is made with the old state of the step where the gradient came in",
    ),
)

wrong.add(
    "returns_in_the_loop",
    changed({"steps.append(step)": "steps.append(step)\n        break"}),
    "the function returns after the first turn of its loop. " + INDENTED,
)

wrong.add(
    "loops_over_samples",
    changed({"range(x.shape[1])": "range(x.shape[0])"}),
    "the loop counts the samples and not the steps. Which axis of x is time?",
)

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
    "Is what you return still the gradient? Compare it with a measured one.",
    (
        "clipped_in_the_loop",
        summed("total(lambda sum, step: np.clip(sum + step[name], -5, 5), steps, 0.0)"),
        "the gradients of the weights are held to ±5 while they are added up",
    ),
    *(
        (
            f"state_gradient_clipped_at_{limit}",
            changed({"dh[:, t] + dh_next": f"np.clip(dh[:, t] + dh_next, -{limit}, {limit})"}),
            f"the gradient of each state is held to ±{limit} on its way back",
        )
        for limit in (5, 10, 25)
    ),
    (
        "clipped_at_the_end",
        summed(f"np.clip({SUM}, -5, 5)"),
        "the gradients of the weights are held to ±5 before they are returned",
    ),
)

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

said = "db_h is summed over the units, and one number is left for each sample. A gradient has the shape of what it belongs to."
wrong.add("bias_over_units", over(step("dz.sum(axis=0)", "dz.sum(axis=1)")), said)

said = "dW_hh comes out transposed. Entry [j, k] of W_hh leads from old unit j to new unit k."
wrong.add("dW_hh_transposed", over(step("h_prev.T @ dz", "dz.T @ h_prev")), said)

wrong.add(
    "dx_reshaped",
    changed(
        {
            'np.stack([step["dx"] for step in reversed(steps)], axis=1)': 'np.array([step["dx"] for step in reversed(steps)]).reshape(x.shape)'
        }
    ),
    "dx is reshaped to the due shape, and its numbers stand in the wrong places. Which numbers does reshape put into the first row?",
)

said = (
    "the gradients are float64 whatever came in. Look at the dtype of the buffers that you make."
)
wrong.add("always_float64", but(rnn_backward, returns=in_float64), said)


wrong.add(
    "edits_dh",
    changed(
        {"h_prev =": "dh[:, t] += dh_next\n        h_prev =", "dh[:, t] + dh_next": "dh[:, t]"}
    ),
    "what comes back from the next step is added to the caller's own dh. Look for += on something that was handed in.",
)

EXERCISE = Exercise(
    reference=rnn_backward,
    inputs=inputs,
    points=16,
    axes={"B": 3, "T": 5, "I": 4, "H": 6},
    shapes={"dh": "B T H", "x": "B T I", "h0": "B H", "h": "B T H", **WEIGHTS}
    | {"dx": "B T I", "dh0": "B H", **GRADIENTS},
    mistakes=wrong,
    look="Take T = 2 on paper: which paths lead from the loss back to W_hh?",
    when_right=(
        "One addition is the heart of it: what comes from the output of a step and what comes "
        "back from the step after it meet at the same state. Collecting all dz first makes each "
        "weight gradient a single einsum over batch and time, with no sum in the loop. Next "
        "question: what is lost if dh_next is set to zero every 10 steps, and what is won? (That "
        "is truncated backpropagation.)"
    ),
)
