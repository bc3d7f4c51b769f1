"""The backward pass of one LSTM step."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from autograder.spec import Exercise, Mistakes, but, edited
from exercises.lab3_lstm._draws import GRADIENT_SHAPES, lstm_params, states
from exercises.lab3_lstm._programs import DTYPE, HOLDS_INTEGERS, Program, as_float64, exchanged
from solutions.lab3_lstm import lstm_step, lstm_step_backward, sigmoid


def inputs(rng: np.random.Generator, B: int, I: int, H: int) -> Mapping[str, Any]:
    h_prev, c_prev = states(rng, B, H)
    return {
        "dh": rng.standard_normal((B, H)),
        "dc": rng.standard_normal((B, H)),
        "x": rng.standard_normal((B, I)),
        "h_prev": h_prev,
        "c_prev": c_prev,
        "params": lstm_params(rng, I, H),
    }


step = partial(edited, lstm_step_backward, sigmoid=sigmoid)


def cell(text: str) -> Program:
    """The backward pass with another gradient of the cell."""
    return step({"dc + dh * o * (1 - tanh_c**2)": text})


def to_c_prev(text: str) -> Program:
    return step({'"dc_prev": dc * f': f'"dc_prev": {text}'})


def gates(**texts: str) -> Program:
    """The backward pass with other gradients of the sums inside some gates."""
    right = {
        "f": "dc * c_prev * f * (1 - f)",
        "i": "dc * g * i * (1 - i)",
        "g": "dc * i * (1 - g**2)",
        "o": "dh * tanh_c * o * (1 - o)",
    }
    return step({right[q]: text for q, text in texts.items()})


wrong = Mistakes()

INTO_C = "Two things reach the cell. Derive h = o tanh(c) by c, and think of what dc stands for."
wrong.family(
    INTO_C,
    ("dc_overwritten", cell("dh * o * (1 - tanh_c**2)"), "what arrives in dc is thrown away"),
    ("dc_only", cell("dc"), "what reaches the cell through h is left out"),
    ("no_tanh_into_c", cell("dc + dh * o"), "the way from h to the cell goes past tanh"),
)
wrong.add(
    "no_o_into_c",
    cell("dc + dh * (1 - tanh_c**2)"),
    "the way from h to the cell goes past the output gate. " + INTO_C,
)
wrong.add(
    "dc_through_h",
    cell("(dc + dh) * o * (1 - tanh_c**2)"),
    "dc is treated as if it came in through h. " + INTO_C,
)
wrong.add(
    "dc_minus",
    cell("dc - dh * o * (1 - tanh_c**2)"),
    "the two gradients that reach the cell are subtracted. " + INTO_C,
)
wrong.add(
    "dc_prev_from_dc",
    step({"dc = dc +": "arrived = dc\n    dc = dc +", "dc * f}": "arrived * f}"}),
    "dc_prev leaves out what reached the cell through h. " + INTO_C,
)

SLOPES = "What is the slope of each squashing, written with its own result?"
wrong.add(
    "slope_of_raw_c",
    cell("dc + dh * o * (1 - (f * c_prev + i * g) ** 2)"),
    "the slope of tanh is taken from the cell before it was squashed. " + SLOPES,
)
wrong.add(
    "slope_of_h",
    cell("dc + dh * o * (1 - (o * tanh_c) ** 2)"),
    "the slope of tanh(c) is taken from h. " + SLOPES,
)
wrong.add(
    "tanh_twice",
    cell("dc + dh * o * (1 - np.tanh(tanh_c) ** 2)"),
    "the cell is squashed twice before the slope is taken. " + SLOPES,
)
wrong.add(
    "gates_with_tanh_slope",
    gates(f="dc * c_prev * (1 - f**2)", i="dc * g * (1 - i**2)", o="dh * tanh_c * (1 - o**2)"),
    "the gates get the candidate's slope. " + SLOPES,
)
wrong.add(
    "no_slopes",
    gates(f="dc * c_prev", i="dc * g", g="dc * i", o="dh * tanh_c"),
    "no gradient passes back through the squashings. " + SLOPES,
)
wrong.add(
    "sigmoid_twice",
    step(
        {
            "f * (1 - f)": "sigmoid(f) * (1 - sigmoid(f))",
            "i * (1 - i)": "sigmoid(i) * (1 - sigmoid(i))",
            "o * (1 - o)": "sigmoid(o) * (1 - sigmoid(o))",
        }
    ),
    "the gates are squashed once more before their slopes are taken. " + SLOPES,
)
wrong.add(
    "slopes_without_brackets",
    step({"f * (1 - f)": "f * 1 - f", "i * (1 - i)": "i * 1 - i", "o * (1 - o)": "o * 1 - o"}),
    "the slopes of the gates lack their brackets. In which order does Python work out o * 1 - o?",
)
wrong.add(
    "o_slope_without_brackets",
    step({"o * (1 - o)": "o * 1 - o"}),
    "the slope of the output gate lacks its brackets. In which order does Python work out o * 1 - o?",
)
wrong.add(
    "slope_of_a_part",
    step(
        {
            "dc = dc +": "arrived = dc\n    dc = dc +",
            "dc * c_prev * f * (1 - f)": "arrived * c_prev + (dc - arrived) * c_prev * f * (1 - f)",
            "dc * g * i * (1 - i)": "arrived * g + (dc - arrived) * g * i * (1 - i)",
            "dc * i * (1 - g**2)": "arrived * i + (dc - arrived) * i * (1 - g**2)",
        }
    ),
    "the slopes of f, i and g multiply what came through h, and not what arrived in dc. How far does each of your brackets reach?",
)
wrong.family(
    SLOPES,
    ("square_missing", cell("dc + dh * o * (1 - tanh_c)"), "the slope of tanh(c) lacks a square"),
    (
        "g_with_gate_slope",
        gates(g="dc * i * g * (1 - g)"),
        "the candidate gets the slope of a gate",
    ),
    ("g_square_missing", gates(g="dc * i * (1 - g)"), "the candidate's slope lacks a square"),
    ("no_f_slope", gates(f="dc * c_prev"), "the slope of the forget gate is left out"),
    ("no_i_slope", gates(i="dc * g"), "the slope of the input gate is left out"),
    ("no_g_slope", gates(g="dc * i"), "the slope of the candidate is left out"),
    ("no_o_slope", gates(o="dh * tanh_c"), "the slope of the output gate is left out"),
)

FACTORS = "In c = f * c_prev + i * g: what is the derivative by each of the four?"
wrong.add(
    "dc_prev_without_f",
    to_c_prev("dc"),
    "the gradient goes past the forget gate on its way to c_prev. " + FACTORS,
)
wrong.add(
    "dc_prev_times_i",
    to_c_prev("dc * i"),
    "another gate than the one in the forward pass scales dc_prev. " + FACTORS,
)
wrong.add("dc_prev_zero", to_c_prev("0 * dc"), "nothing goes back to the old cell. " + FACTORS)
wrong.add(
    "df_from_new_cell",
    gates(f="dc * (f * c_prev + i * g) * f * (1 - f)"),
    "the forget gate's gradient is made with the new cell. " + FACTORS,
)
wrong.add(
    "df_from_old_state",
    gates(f="dc * h_prev * f * (1 - f)"),
    "the forget gate's gradient is made with the old state. " + FACTORS,
)
wrong.add(
    "i_and_g_crossed",
    gates(i="dc * i * i * (1 - i)", g="dc * g * (1 - g**2)"),
    "input gate and candidate are each multiplied by themselves. " + FACTORS,
)
wrong.add(
    "di_from_c_prev",
    gates(i="dc * c_prev * i * (1 - i)"),
    "the input gate's gradient is made with the old cell. " + FACTORS,
)
wrong.add(
    "do_from_raw_cell",
    gates(o="dh * (f * c_prev + i * g) * o * (1 - o)"),
    "the output gate's gradient is made with the cell before it was squashed. What was o multiplied by in the forward pass?",
)
wrong.add(
    "do_from_total",
    gates(o="dc * tanh_c * o * (1 - o)"),
    "the output gate gets the gradient of the cell. Which of the two results did o take part in?",
)

UNTRANSPOSED = 'dh_prev = sum(dz[q] @ params[f"W_{q}"][x.shape[1] :] for q in "figo")'
wrong.add(
    "state_part_untransposed",
    step({"grads = {": UNTRANSPOSED + "\n    grads = {"}),
    "the square part of each W is not transposed on the way to h_prev. Write out one number of the sum, and derive it by h_prev[j].",
)
ROWS = "Which rows of W belong to x?"
wrong.add(
    "split_at_the_wrong_end",
    step({"dx, dh_prev = np.split(dxh, [x.": "dh_prev, dx = np.split(dxh, [h_prev."}),
    "the last I columns are taken for x. " + ROWS,
)
wrong.add(
    "dW_with_h_first",
    step({"concatenate([x, h_prev]": "concatenate([h_prev, x]"}),
    "the rows of the weights' gradients stand in the wrong order. " + ROWS,
)
wrong.add(
    "dW_from_new_state",
    step({"concatenate([x, h_prev]": "concatenate([x, o * tanh_c]"}),
    "the weights' gradients are made with the new state. Each layer is [x, h_prev] @ W + b: go back through it as in lab 2, for each gate.",
)
for name, senders, when in (
    ("last_gate_only", "o", "only one gate sends its gradient back to x and h_prev"),
    ("candidate_left_out", "fio", "the candidate sends nothing back to x and h_prev"),
    ("output_left_out", "fig", "the output gate sends nothing back to x and h_prev"),
):
    fewer = step({'.T for q in "figo"': f'.T for q in "{senders}"'})
    wrong.add(name, fewer, f"{when}. How many of the four layers read x?")

NAMES = "Compare the names with the numbers, gate by gate."
wrong.add(
    "g_and_o_named_wrongly",
    but(lstm_step_backward, returns=exchanged("g", "o")),
    "the gradients of candidate and output gate carry each other's names. " + NAMES,
)
wrong.add(
    "f_and_i_named_wrongly",
    but(lstm_step_backward, returns=exchanged("f", "i")),
    "the gradients of forget and input gate carry each other's names. " + NAMES,
)
wrong.add(
    "parameters_without_d",
    step({'"dW_{q}"': '"W_{q}"', '"db_{q}"': '"b_{q}"'}),
    "the parameters' gradients carry the names of the parameters. Compare your keys with the statement.",
)

BATCH = "dh and dc carry every factor of the loss already."
wrong.add(
    "mean_over_batch",
    step({"xh.T @ dz[q]": "xh.T @ dz[q] / len(x)", "dz[q].sum(": "dz[q].mean("}),
    "the gradients of the parameters are divided by the size of the batch. " + BATCH,
)
wrong.add(
    "mean_bias",
    step({"dz[q].sum(": "dz[q].mean("}),
    "the biases' gradients are means over the batch. " + BATCH,
)
wrong.add(
    "first_sample_bias",
    step({"dz[q].sum(axis=0)": "dz[q][0]"}),
    "the biases' gradients come from the first sample alone. Every sample used the same bias: what follows for its gradient?",
)
wrong.add(
    "wrong_sign",
    but(lstm_step_backward, dh=np.negative, dc=np.negative),
    "all gradients have the wrong sign. Look for a minus sign that the forward pass does not have.",
)
SHAPE = "A gradient has the shape of what it belongs to."
wrong.add(
    "bias_over_units",
    step({"dz[q].sum(axis=0)": "dz[q].sum(axis=1)"}),
    "the biases' gradients are summed over the units, and one number is left for each sample. "
    + SHAPE,
)
wrong.add(
    "bias_with_batch_axis",
    step({"dz[q].sum(axis=0)": "dz[q].sum(axis=0, keepdims=True)"}),
    "the biases' gradients keep an axis for the batch. " + SHAPE,
)
wrong.add(
    "reshaped",
    step(
        {
            'params[f"W_{q}"].T': 'params[f"W_{q}"].reshape(params[f"W_{q}"].T.shape)',
            "xh.T @": "xh.reshape(xh.T.shape) @",
        }
    ),
    "the matrices are reshaped where they should be transposed. Try both on a matrix of 2 × 3: where does its second number go?",
)
wrong.add(
    "weights_transposed",
    step({"xh.T @ dz[q]": "dz[q].T @ xh"}),
    "the weights' gradients come out transposed. " + SHAPE,
)

EDITS = "Look for += or *= on something that was handed in."
wrong.add(
    "edits_dc", step({"dc = dc + ": "dc += "}), "the caller's dc is added to in place. " + EDITS
)
wrong.add(
    "edits_dh",
    step(
        {
            "dz = {": "do = dh\n    do *= tanh_c * o * (1 - o)\n    dz = {",
            "dh * tanh_c * o * (1 - o)": "do",
        }
    ),
    "the output gate's gradient is made in the caller's own dh. " + EDITS,
)
wrong.add(
    "dx_like_x",
    step(
        {'"dx": dx': '"dx": dx.astype(x.dtype)', ": dh_prev,": ": dh_prev.astype(h_prev.dtype),"}
    ),
    "dx and dh_prev are kept in arrays of the dtype of x and h_prev. " + HOLDS_INTEGERS,
)
wrong.add(
    "always_float64",
    but(lstm_step_backward, returns=as_float64),
    "the gradients are float64 whatever came in. " + DTYPE,
)


def cell_from_step(dh, dc, x, h_prev, c_prev, params):
    """The cell is had from the step, and not computed again from the gates."""
    lstm_step(x, h_prev, c_prev, params)
    return lstm_step_backward(dh, dc, x, h_prev, c_prev, params)


EXERCISE = Exercise(
    reference=lstm_step_backward,
    styles=(cell_from_step,),
    inputs=inputs,
    points=20,
    axes={"B": 3, "I": 2, "H": 4},
    shapes={
        **dict.fromkeys(("dh", "dc", "h_prev", "c_prev", "dh_prev", "dc_prev"), "B H"),
        **dict.fromkeys(("x", "dx"), "B I"),
        **GRADIENT_SHAPES,
    },
    mistakes=wrong,
    look="Go line by line: into the cell, into the four gates, through the squashing, and then "
    "into the weights and what went in.",
    when_right=(
        "With the four dz side by side, and the four W too, two products do the work of eight. "
        "The slopes come from what has been squashed already. Two traps: the cell has two "
        "gradients and the output gate only one, and the square part of W fits whether it is "
        "transposed or not. Next question: which of your gradients become zero where c_prev is "
        "zero, and what does that say about tests that start there?"
    ),
)
