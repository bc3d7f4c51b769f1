"""Backpropagation through time in an LSTM."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from autograder.spec import Exercise, Mistakes, but, edited
from exercises.lab3_lstm._draws import GRADIENT_SHAPES, Array, lstm_params, states
from exercises.lab3_lstm._programs import (
    HOLDS_INTEGERS,
    INDENTED,
    RESHAPED,
    TIME,
    Program,
    as_float64,
)
from solutions.lab3_lstm import lstm_backward


def inputs(rng: np.random.Generator, B: int, T: int, I: int, H: int) -> Mapping[str, Any]:
    h0, c0 = states(rng, B, H)
    return {
        "dh": rng.standard_normal((B, T, H)),
        "x": rng.standard_normal((B, T, I)),
        "h0": h0,
        "c0": c0,
        "params": lstm_params(rng, I, H),
    }


loop = partial(edited, lstm_backward)


def into_h(text: str) -> Program:
    """The loop with something else in the place of what reaches h_t."""
    return loop({"dh[:, t] + dh_next": text})


def into_c(text: str) -> Program:
    return loop({"dh_next, dc_next, x": f"dh_next, {text}, x"})


def cut(t: int, back: Array) -> Array:
    """What goes back from step t where every second step hands on nothing; h0 is no step."""
    return back * (t % 2 or t == 0)


def carry(text: str) -> Program:
    """The loop with other gradients for the step before."""
    return loop({'step["dh_prev"], step["dc_prev"]': text}, cut=cut)


def before(text: str) -> Program:
    """The loop with other states as those before step t."""
    return loop({"(h[:, t - 1], c[:, t - 1]) if t > 0 else (h0, c0)": text})


def summed(text: str) -> Program:
    """Another way from the steps' gradients of a parameter to its own."""
    return loop({"np.sum([step[name] for step in steps], axis=0)": text})


def starts(pair: str) -> Program:
    """The loop with another pair as dh0 and dc0."""
    return loop({'grads["dc0"] = dh_next, dc_next': f'grads["dc0"] = {pair}'})


wrong = Mistakes()

SIDES = "h_t is used twice: by its own output and by the next step."
wrong.add(
    "no_dh_next",
    into_h("dh[:, t]"),
    "what comes back through h from the next step is left out. " + SIDES,
)
wrong.add(
    "own_outputs_lost",
    into_h("dh[:, t] if t == x.shape[1] - 1 else dh_next"),
    "only the last step's output sends a gradient. " + SIDES,
)
wrong.add(
    "last_output_everywhere",
    into_h("dh[:, -1] + dh_next"),
    "every step gets the gradient of the last output. " + SIDES,
)
wrong.add(
    "outputs_into_cell",
    into_c("dh[:, t] + dc_next"),
    "the gradient of each output also goes straight into the cell. " + SIDES,
)

ROADS = "Two gradients leave each step for the one before it. Where does each of them arrive?"
wrong.add(
    "no_dc_next",
    into_c("0 * dc_next"),
    "what comes back through the cell from the next step is left out. " + ROADS,
)
wrong.add(
    "nothing_back",
    loop({"dh[:, t] + dh_next, dc_next": "dh[:, t], 0 * dc_next"}),
    "each step is treated as if nothing came after it. " + ROADS,
)
wrong.add(
    "crossing",
    carry('step["dc_prev"], step["dh_prev"]'),
    "the two gradients change places on their way back. " + ROADS,
)
wrong.add(
    "gathering",
    carry('dh_next + step["dh_prev"], step["dc_prev"]'),
    "what travels back through h is added up from step to step. Is dh_next replaced at each step, or does it grow?",
)
wrong.add(
    "gathering_cell",
    carry('step["dh_prev"], dc_next + step["dc_prev"]'),
    "what travels back through the cell is added up from step to step. Is dc_next replaced at each step, or does it grow?",
)
wrong.add(
    "cut_at_every_other_step",
    carry('cut(t, step["dh_prev"]), cut(t, step["dc_prev"])'),
    "the gradient is cut off at every second step. Full backpropagation is asked for.",
)
wrong.add(
    "forwards_in_time",
    loop({"reversed(range(x.shape[1]))": "range(x.shape[1])", "reversed(steps)": "steps"}),
    "the loop goes from the first step to the last. Which step's gradient is known first?",
)

wrong.add(
    "loops_over_samples",
    loop({"range(x.shape[1])": "range(x.shape[0])"}),
    "the loop counts the samples and not the steps. " + TIME,
)
wrong.add(
    "returns_in_the_loop",
    loop({"steps.append(step)": "steps.append(step)\n        break"}),
    "the function returns after the first turn of its loop. " + INDENTED,
)

BEFORE = "Which h and which c did this step start from, at t = 0 and later?"
LATER = "h[:, t - 1], c[:, t - 1]"
STATE_LATER = "(h[:, t - 1] if t > 0 else h0)"
CELL_LATER = "(c[:, t - 1] if t > 0 else c0)"
for name, states_before, when in (
    ("wraps_round", LATER, "index -1 at step 0 takes the last states"),
    ("state_wraps_round", f"h[:, t - 1], {CELL_LATER}", "index -1 at step 0 takes the last h"),
    ("cell_wraps_round", f"{STATE_LATER}, c[:, t - 1]", "index -1 at step 0 takes the last cell"),
    ("new_states", "h[:, t], c[:, t]", "each step is given its own new states as its old ones"),
    ("new_state", f"h[:, t], {CELL_LATER}", "each step is given its own new h as its old one"),
    ("new_cell", f"{STATE_LATER}, c[:, t]", "each step is given its own new cell as its old one"),
    ("always_start", "h0, c0", "every step is taken to have started from h0 and c0"),
):
    wrong.add(name, before(states_before), f"{when}. {BEFORE}")
for name, first, when in (
    ("zero_start", "0 * h0, 0 * c0", "step 0 is taken to have started from zeros"),
    ("zero_state", "0 * h0, c0", "step 0 is taken to have started from an h of zeros"),
    ("zero_cell", "h0, 0 * c0", "step 0 is taken to have started from a cell of zeros"),
):
    wrong.add(name, before(f"({LATER}) if t > 0 else ({first})"), f"{when}. {BEFORE}")
wrong.add(
    "runs_from_zeros",
    but(lstm_backward, h0=np.zeros_like, c0=np.zeros_like),
    "h0 and c0 are replaced by zeros all through. " + BEFORE,
)
wrong.add(
    "starts_swapped_on_entry",
    loop({"lstm_forward(x, h0, c0": "lstm_forward(x, c0, h0", "else (h0, c0)": "else (c0, h0)"}),
    "h0 and c0 are exchanged on the way in. In which order does lstm_forward take its arguments?",
)

SHARED = "The same weights are used at every step: what follows for their gradients?"
wrong.add(
    "first_step_only",
    summed("steps[-1][name]"),
    "the parameters' gradients come from the step that the loop reaches last. " + SHARED,
)
wrong.add(
    "mean_over_time",
    summed("np.mean([step[name] for step in steps], axis=0)"),
    "the parameters' gradients are means over time. " + SHARED,
)
wrong.add(
    "mean_over_batch",
    summed("np.sum([step[name] for step in steps], axis=0) / len(dh)"),
    "the parameters' gradients are divided by the size of the batch. dh carries every factor of the loss already.",
)

STARTS = "What is left over when the loop has come to its end?"
for name, pair, when in (
    ("starts_zero", "0 * dh_next, 0 * dc_next", "dh0 and dc0 are zero"),
    ("cell_start_zero", "dh_next, 0 * dc_next", "dc0 is zero"),
    ("starts_exchanged", "dc_next, dh_next", "dh0 and dc0 carry each other's names"),
):
    wrong.add(name, starts(pair), f"{when}. {STARTS}")
wrong.add(
    "dh0_with_its_output",
    starts("dh_next + dh[:, 0], dc_next"),
    "the first output's gradient is added to dh0. Does h0 have an output of its own?",
)
wrong.add(
    "starts_called_prev",
    loop({'grads["dh0"], grads["dc0"]': 'grads["dh_prev"], grads["dc_prev"]'}),
    "the gradients of the two starts keep the names that a step gives them. Compare your keys with the statement.",
)

SHAPE = "A gradient has the shape of its array."
wrong.add(
    "dx_backwards",
    loop({"reversed(steps)": "steps"}),
    "dx stands in the order in which the loop made it. Which step should stand at index 0 of dx?",
)
wrong.add(
    "dx_time_first",
    loop({"reversed(steps)], axis=1": "reversed(steps)], axis=0"}),
    "time is the first axis of dx. " + SHAPE,
)
wrong.add(
    "dx_reshaped",
    loop(
        {"for step in reversed(steps)], axis=1)": "for step in reversed(steps)]).reshape(x.shape)"}
    ),
    "dx is reshaped to the due shape, and its numbers stand in the wrong places. " + RESHAPED,
)
wrong.add(
    "dx_first_only",
    loop({'np.stack([step["dx"] for step in reversed(steps)], axis=1)': 'step["dx"]'}),
    "only one step of dx is kept. " + SHAPE,
)
wrong.add(
    "dx_like_x",
    loop({"reversed(steps)], axis=1)": "reversed(steps)], axis=1).astype(x.dtype)"}),
    "dx is kept in an array of the dtype of x. " + HOLDS_INTEGERS,
)
wrong.add(
    "edits_dh",
    loop(
        {
            "h_prev, c_prev = (": "dh[:, t] += dh_next\n        h_prev, c_prev = (",
            "dh[:, t] + dh_next": "dh[:, t]",
        }
    ),
    "what comes back from the next step is added to the caller's own dh. Look for += on something that was handed in.",
)
wrong.add(
    "always_float64",
    but(lstm_backward, returns=as_float64),
    "the gradients are float64 whatever came in. Which dtype does a new array of zeros have?",
)


EXERCISE = Exercise(
    reference=lstm_backward,
    inputs=inputs,
    points=15,
    axes={"B": 3, "T": 5, "I": 2, "H": 4},
    shapes={
        **dict.fromkeys(("x", "dx"), "B T I"),
        **dict.fromkeys(("h0", "c0", "dh0", "dc0"), "B H"),
        "dh": "B T H",
        **GRADIENT_SHAPES,
    },
    mistakes=wrong,
    look="Write down for the last step and the one before it what goes in as dh and as dc.",
    when_right=(
        "In the plain version every gate is computed twice. That costs time and saves the memory "
        "for T sets of gates; keeping them in a list is the other way. The traps are index −1 at "
        "step 0, which is the last step, and a gradient on its way that is added up where it "
        "should be replaced. Next question: what do you lose when only dc_next travels on, and "
        "not dh_next? The picture of the two roads has the answer."
    ),
)
