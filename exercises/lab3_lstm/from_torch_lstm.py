"""PyTorch's stacked weights as four gates."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from autograder.spec import Exercise, Mistakes, but, edited, weights
from exercises.lab3_lstm._draws import PARAM_SHAPES, signed
from exercises.lab3_lstm._programs import DTYPE, HANDED_IN, Program, as_float64
from solutions.lab3_lstm import from_torch_lstm


def inputs(rng: np.random.Generator, I: int, H: int) -> Mapping[str, Any]:
    state = {
        "weight_ih_l0": weights(rng, 4 * H, I),
        "weight_hh_l0": weights(rng, 4 * H, H),
        "bias_ih_l0": signed(rng, 0.2, 1.0, 4 * H),
        "bias_hh_l0": signed(rng, 0.2, 1.0, 4 * H),
    }
    return {"state": state}


changed = partial(edited, from_torch_lstm)
BOTH_WEIGHTS = '[state["weight_ih_l0"], state["weight_hh_l0"]]'
BOTH_BIASES = 'state["bias_ih_l0"] + state["bias_hh_l0"]'


def each_W(text: str) -> Program:
    """The params with another W from the rows W of one gate, which are PyTorch's."""
    return changed({"as_float(W.T)": text})


def bias(text: str) -> Program:
    return changed({BOTH_BIASES: text})


def finally_(line: str) -> Program:
    """The right params, and one more line before they are returned."""
    return changed({"return params": f"{line}\n    return params"})


wrong = Mistakes()

ORDER = "In which order does torch.nn.LSTM stack its gates? The statement says it."
for order, said in (
    ("ifog", "i, f, o, g"),
    ("figo", "f, i, g, o"),
    ("fiog", "f, i, o, g"),
    ("igfo", "i, g, f, o"),
    ("iofg", "i, o, f, g"),
    ("fgio", "in the order of the alphabet"),
):
    read_as = changed({'"ifgo"': f'"{order}"'})
    wrong.add(f"read_as_{order}", read_as, f"the gates are taken to be stacked {said}. {ORDER}")
wrong.add(
    "interleaved",
    changed(
        {
            "np.split(stacked, 4)": "(stacked[k::4] for k in range(4))",
            "np.split(bias, 4)": "(bias[k::4] for k in range(4))",
        }
    ),
    "every fourth row is taken to belong to one gate. How many rows in a row belong to one gate?",
)
wrong.add(
    "h_first",
    changed({BOTH_WEIGHTS: '[state["weight_hh_l0"], state["weight_ih_l0"]]'}),
    "the rows of h stand in front of those of x. Which rows come first?",
)
wrong.add(
    "input_part_only",
    changed({f"np.concatenate({BOTH_WEIGHTS}, axis=1)": 'state["weight_ih_l0"]'}),
    "the state's weights are left out. W has I + H rows.",
)

SHAPE = "Samples are rows here: on which side of W does x stand? And in PyTorch?"
wrong.add(
    "state_part_untransposed",
    each_W("np.vstack([W[:, :-len(W)].T, W[:, -len(W):]])"),
    "the square part is not turned over: nothing complains. " + SHAPE,
)
wrong.add("not_transposed", each_W("W"), "the weights are not turned over. " + SHAPE)
wrong.add(
    "reshaped",
    each_W("W.reshape(W.T.shape)"),
    "the weights are reshaped where they should be turned over. " + SHAPE,
)

wrong.family(
    "PyTorch adds both biases to the same sum.",
    ("first_bias", bias('state["bias_ih_l0"]'), "one of the two biases is left out"),
    ("second_bias", bias('state["bias_hh_l0"]'), "the first of the two biases is left out"),
    ("mean_of_biases", bias(f"({BOTH_BIASES}) / 2"), "the mean of the two biases is taken"),
    (
        "difference_of_biases",
        bias(BOTH_BIASES.replace("+", "-")),
        "one bias is taken away from the other",
    ),
    (
        "both_biases",
        bias(
            'np.stack([np.split(state[f"bias_{end}_l0"], 4) for end in ("ih", "hh")], 1).ravel()'
        ),
        "the two biases stand one behind the other",
    ),
)
wrong.add(
    "bias_as_column",
    changed({"as_float(b)": "as_float(b)[:, None]"}),
    "each bias is a column. A bias has one axis.",
)

EIGHT = "Eight arrays are asked for."
wrong.add(
    "with_old_keys",
    changed({"params = {}": "params = dict(state)"}),
    "PyTorch's arrays stand in the result too. " + EIGHT,
)
wrong.add(
    "weights_only",
    changed({', params[f"b_{q}"] = as_float(W.T), as_float(b)': " = as_float(W.T)"}),
    "the biases are missing from the result. " + EIGHT,
)
wrong.add(
    "candidate_called_c",
    changed({'"ifgo"': '"ifco"'}),
    "one gate carries another name than asked for. Compare your keys with the statement.",
)

wrong.add(
    "edits_bias",
    changed({BOTH_BIASES: 'state["bias_ih_l0"]\n    bias += state["bias_hh_l0"]'}),
    "the sum is written into the caller's bias. " + HANDED_IN,
)
wrong.add(
    "uses_up_state",
    finally_("for name in list(state): state.pop(name)"),
    "the caller's dict is empty afterwards. Look for .pop or del.",
)
wrong.add(
    "always_float64",
    but(from_torch_lstm, returns=as_float64),
    "the params are float64 whatever came in. " + DTYPE,
)


EXERCISE = Exercise(
    reference=from_torch_lstm,
    inputs=inputs,
    points=8,
    axes={"I": 2, "H": 4},
    shapes=PARAM_SHAPES,
    mistakes=wrong,
    look="Take one gate: find its H rows in all four arrays, then make W and b from them.",
    when_right=(
        "Instead of cutting you can reshape: (4H, I) to (4, H, I) makes the first axis count the "
        "gates, which is safe because no axis changes its place. Turning a matrix over by a "
        "reshape is not: the shape is right and the numbers are mixed. The order of the gates and "
        "the square part of W are silent in the same way. Next question: for the way back, which "
        "two biases would you hand to PyTorch, and why are there many right answers?"
    ),
)
