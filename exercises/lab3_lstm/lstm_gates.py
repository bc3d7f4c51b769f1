"""The three gates and the candidate of one LSTM step."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from autograder.spec import Exercise, Mistakes, but, edited
from exercises.lab3_lstm._draws import lstm_params, states
from exercises.lab3_lstm._programs import DTYPE, Program, as_float64, exchanged, zeroed
from solutions.lab3_lstm import lstm_gates, sigmoid


def inputs(rng: np.random.Generator, B: int, I: int, H: int) -> Mapping[str, Any]:
    return {
        "x": rng.standard_normal((B, I)),
        "h_prev": states(rng, B, H)[0],
        "params": lstm_params(rng, I, H),
    }


gates = partial(edited, lstm_gates)


def squashed_by(**functions: str) -> Program:
    """The gates with other functions around some of their sums."""
    right = {"f": "sigmoid", "i": "sigmoid", "g": "np.tanh", "o": "sigmoid"}
    return gates(
        {f'{right[q]}(z["{q}"])': f'{function}(z["{q}"])' for q, function in functions.items()}
    )


SQUASHES: dict[str, Program] = {"f": sigmoid, "i": sigmoid, "g": np.tanh, "o": sigmoid}

wrong = Mistakes()

SQUASH = "Which of the four must be able to be negative, and which must not?"
wrong.add(
    "gates_are_tanh",
    squashed_by(f="np.tanh", i="np.tanh", o="np.tanh"),
    "all four are squashed in the same way, the candidate's way. " + SQUASH,
)
wrong.add(
    "nothing_squashed",
    squashed_by(f="as_float", i="as_float", g="as_float", o="as_float"),
    "the four sums come back as they are. " + SQUASH,
)
wrong.family(
    SQUASH,
    ("candidate_is_a_gate", squashed_by(g="sigmoid"), "the candidate is squashed like a gate"),
    ("o_is_tanh", squashed_by(o="np.tanh"), "the output gate is squashed like the candidate"),
    ("o_not_squashed", squashed_by(o="as_float"), "the output gate is not squashed"),
    ("g_not_squashed", squashed_by(g="as_float"), "the candidate is not squashed"),
)


@wrong
def squashed_apart(x, h_prev, params):
    """two squashed terms are added up, in place of one squashed sum.
    How large can a gate get in your version?"""
    n = x.shape[1]
    return {
        q: squash(x @ params[f"W_{q}"][:n])
        + squash(h_prev @ params[f"W_{q}"][n:] + params[f"b_{q}"])
        for q, squash in SQUASHES.items()
    }


WEIGHTS = "Go through the four lines: which names of weights does each one use?"
for first, second, when in (
    ("f", "i", "the forget gate and the input gate have changed places"),
    ("i", "o", "the input gate and the output gate have changed places"),
    ("f", "o", "the forget gate and the output gate have changed places"),
    ("g", "o", "candidate and output gate use each other's weights"),
    ("i", "g", "input gate and candidate use each other's weights"),
):
    crossed = but(lstm_gates, params=exchanged(first, second))
    wrong.add(f"{first}_and_{second}_exchanged", crossed, f"{when}. {WEIGHTS}")
wrong.add(
    "one_set_of_weights",
    gates({'params[f"W_{q}"] + params[f"b_{q}"]': 'params["W_f"] + params["b_f"]'}),
    "all four use the weights and the bias of the forget gate. " + WEIGHTS,
)
wrong.add(
    "one_bias",
    gates({'params[f"b_{q}"]': 'params["b_f"]'}),
    "all four use the bias of the forget gate. " + WEIGHTS,
)
wrong.add(
    "h_first",
    gates({"concatenate([x, h_prev]": "concatenate([h_prev, x]"}),
    "the state stands in front of the input where the two are joined. To which numbers do the first rows of W_f belong?",
)
wrong.add(
    "without_state",
    but(lstm_gates, h_prev=np.zeros_like),
    "the old state has no influence. What do the last H rows of W meet?",
)
wrong.add(
    "without_input",
    but(lstm_gates, x=np.zeros_like),
    "the input has no influence. What do the first I rows of W meet?",
)
wrong.add(
    "coupled",
    gates({'sigmoid(z["i"])': '1 - sigmoid(z["f"])'}),
    "the input gate is what the forget gate leaves over. The input gate has weights of its own.",
)

BIAS = "With inputs, states and weights of zero, what should each gate be?"
wrong.family(
    BIAS,
    ("no_bias", but(lstm_gates, params=zeroed("b_")), "the biases are left out"),
    ("bias_twice", gates({'params[f"b': '2 * params[f"b'}), "each bias is added twice"),
)


def bias_outside(x, h_prev, params):
    without = lstm_gates(x, h_prev, zeroed("b_")(params))
    return {q: gate + params[f"b_{q}"] for q, gate in without.items()}


wrong.add("bias_outside", bias_outside, "the biases are added after the squashing. " + BIAS)
wrong.add(
    "forget_bias_raised",
    gates({'sigmoid(z["f"])': 'sigmoid(z["f"] + 1)'}),
    "1 is added to the forget gate's bias. Starting values are somebody else's business here.",
)


@wrong
def raises_the_callers_bias(x, h_prev, params):
    """each call changes the forget bias that it was given.
    Look for += on something that was handed in."""
    bias = params["b_f"]
    bias += 1
    return lstm_gates(x, h_prev, params)


wrong.add(
    "as_tuple",
    but(lstm_gates, returns=lambda gates: tuple(gates.values())),
    "the four come back without their names. Look at the kind of container that is asked for.",
)
wrong.add(
    "candidate_called_c",
    gates({'"g": np': '"c": np'}),
    "one of the four carries another name than asked for. Compare your keys with the statement.",
)
wrong.add(
    "always_float64",
    but(lstm_gates, returns=as_float64),
    "the gates are float64 whatever came in. " + DTYPE,
)


EXERCISE = Exercise(
    reference=lstm_gates,
    inputs=inputs,
    points=10,
    axes={"B": 3, "I": 4, "H": 6},
    shapes={"x": "B I", "h_prev": "B H", **dict.fromkeys("figo", "B H")},
    mistakes=wrong,
    look="Check one gate at a time: which weights, which bias, which squashing?",
    when_right=(
        "With the four W side by side, one product makes all four sums; libraries do it that way. "
        "Joining x and h is not needed either: the first I rows of W serve x, the others h, and "
        "the two products add up. A candidate that is squashed like a gate runs without "
        "complaint, but nothing negative can be written into such a cell. Next question: with all "
        "weights and biases 0, what are the four, and what is left of a cell after ten steps?"
    ),
)
