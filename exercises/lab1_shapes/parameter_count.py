"""How many parameters a recurrent network has."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from autograder.spec import OPERATORS, Case, Exercise, Mistakes, but, edited
from exercises.lab1_shapes._draws import layers, sizes
from exercises.lab1_shapes._looks import ASSERT, DEFAULTS, EXCEPTION, INDENTED, NO_RETURN, SILENT
from solutions.lab1_shapes import parameter_count


def inputs(rng: np.random.Generator, **changes: Any) -> Mapping[str, Any]:
    drawn = sizes(rng)
    return {
        "cell": "lstm",
        "input_size": drawn["input_size"],
        "hidden_size": drawn["hidden_size"],
        "num_layers": layers(rng),
        "bidirectional": True,
        "bias": True,
        **changes,
    }


def only(rng: np.random.Generator, names: str, **changes: Any) -> Mapping[str, Any]:
    """Some of the arguments of one draw."""
    drawn = inputs(rng, **changes)
    return {name: drawn[name] for name in names.split()}


def in_letters(cell, I, H, L=1, bidirectional=False, bias=True):
    """parameter_count with short names, of which mistakes are edited."""
    gates = {"rnn": 1, "gru": 3, "lstm": 4}
    if cell not in gates:
        raise ValueError(f"cell is {cell!r}")
    G = gates[cell]
    D = 2 if bidirectional else 1
    total = 0
    for layer in range(L):
        reads = I if layer == 0 else D * H
        matrices = H * reads + H * H
        biases = 2 * H if bias else 0
        total += D * G * (matrices + biases)
    return total


count = partial(edited, in_letters)  # with pieces of its text replaced
CHECK = 'if cell not in gates:\n        raise ValueError(f"cell is {cell!r}")'
NAMES = ("rnn", "gru", "lstm")

wrong = Mistakes()

wrong.family(
    "List the biases of one layer: for each set, each direction, each matrix.",
    ("one_bias", count({"2 * H": "H"}), "there is one bias vector beside each pair of matrices"),
    ("no_bias", but(parameter_count, bias=lambda _: False), "the biases are left out"),
    (
        "always_bias",
        but(parameter_count, bias=lambda _: True),
        "the biases are counted although bias is False",
    ),
    (
        "bias_per_layer",
        count({"D * G * (matrices + biases)": "D * G * matrices + biases"}),
        "each layer has a single pair of biases of H numbers",
    ),
    (
        "bias_without_gates",
        count({"D * G * (matrices + biases)": "D * (G * matrices + biases)"}),
        "a GRU and an LSTM have no more biases than a plain RNN",
    ),
    ("bias_once", count({"if bias": "if bias and layer == 0"}), "only one layer has biases"),
)
wrong.add(
    "default_without_bias",
    but(parameter_count, defaults={"bias": False}),
    "there are no biases where the caller does not say. " + DEFAULTS,
)
wrong.add(
    "bias_as_wide_as_input",
    count({"2 * H": "I + H"}),
    "one of the two biases is as wide as the input. To what is each bias added, and how wide is that?",
)
wrong.family(
    "Write down for each layer how many numbers it reads at one step.",
    (
        "layers_read_one_direction",
        count({"D * H": "H"}),
        "the later layers read H numbers although two directions lie below them",
    ),
    (
        "layers_read_the_input",
        count({"I if layer == 0 else D * H": "I"}),
        "every layer is counted like the first",
    ),
    (
        "first_layer_reads_twice",
        count({"I if layer == 0": "D * I if layer == 0"}),
        "the first layer reads its input once for each direction",
    ),
)
wrong.add(
    "one_layer_only",
    count({"range(L)": "range(1)"}),
    "one layer is counted, however many there are. Is there a loop over the layers, and does it reach its second turn? "
    + INDENTED,
)
wrong.add(
    "one_layer_too_many",
    count({"range(L)": "range(L + 1)"}),
    "one layer too many is counted. Look at where your loop over the layers begins and ends.",
)
wrong.add(
    "state_reads_both",
    count({"H * H": "H * D * H"}),
    "each direction reads the old states of both directions. Follow the arrows between the steps in the picture of two directions.",
)
wrong.family(
    "Does the backward direction have weights of its own?",
    (
        "directions_once",
        count({"2 if bidirectional else 1": "1"}),
        "bidirectional changes nothing",
    ),
    (
        "reads_both_but_counts_one",
        count({"D * G": "G"}),
        "the later layers read both directions, but only one direction is counted",
    ),
)
wrong.family(
    "Which two things does a layer read at each step?",
    (
        "no_state_matrix",
        count({"H * reads + H * H": "H * reads"}),
        "the matrices that read the old state are missing",
    ),
    (
        "no_input_matrix",
        count({"H * reads + H * H": "H * H"}),
        "the matrices that read the input are missing",
    ),
)
for name, gru, lstm, when in (
    ("no_gates", 1, 1, "all three cells have a single set of matrices"),
    (
        "gates_without_candidate",
        2,
        3,
        "only the gates are counted, and not the candidate beside them",
    ),
    ("gru_for_lstm", 4, 3, "GRU and LSTM are mixed up"),
    ("lstm_three_times_gru", 3, 9, "an LSTM has three times the parameters of a GRU"),
    ("gru_like_lstm", 4, 4, "a GRU has as many sets as an LSTM"),
):
    sets = count({'"gru": 3, "lstm": 4': f'"gru": {gru}, "lstm": {lstm}'})
    wrong.add(name, sets, f"{when}. How many sets of matrices does each of the three cells have?")
wrong.family(
    "What should happen where cell is none of the three, written exactly so?",
    ("any_case", but(parameter_count, cell=str.lower), "upper case is accepted in cell"),
    (
        "part_of_a_name",
        but(parameter_count, cell=lambda cell: next((n for n in NAMES if n in cell), cell)),
        "cell is accepted where a known name is only a part of it",
    ),
    (
        "blanks_stripped",
        but(parameter_count, cell=str.strip),
        "blanks around the name are overlooked",
    ),
    (
        "else_is_lstm",
        but(parameter_count, cell=lambda cell: cell if cell in NAMES else "lstm"),
        "every cell that is neither an RNN nor a GRU counts as an LSTM",
    ),
    (
        "nothing_for_unknown",
        count({CHECK: "if cell not in gates: return None"}),
        "an unknown cell gives None",
    ),
)
wrong.add(
    "in_a_text",
    count({"if cell not in gates": 'if cell not in "rnn gru lstm"'}),
    """cell is looked for in one long text, of which "" and "n" are parts too. What does `in` ask of a text, and what of a tuple or a dict?""",
)
wrong.add(
    "key_error",
    count({CHECK: "pass"}),
    "an unknown cell ends in the KeyError of a dict. " + EXCEPTION,
)
wrong.add(
    "assertion",
    count({CHECK: 'assert cell in gates, f"unknown cell {cell}"'}),
    "an unknown cell is caught with assert. " + ASSERT,
)
wrong.add("silent_error", count({CHECK: "if cell not in gates: raise ValueError"}), SILENT)
wrong.add(
    "a_float",
    but(parameter_count, returns=float),
    "the number comes back as a float. A single slash makes a float of whole numbers.",
)

wrong.add("nothing_returned", but(parameter_count, returns=lambda count: None), NO_RETURN)


UNKNOWN = {
    "an unknown cell": (
        "rnn_relu",
        "A cell that is none of the three must raise a ValueError that names the argument.",
    ),
    "a cell in upper case": (
        "LSTM",
        "Only the three names in lower case are known; LSTM must raise a ValueError.",
    ),
    "an empty cell": (
        "",
        "An empty text is a part of every text, and yet it is none of the three names.",
    ),
    "a name with a blank behind it": (
        "gru ",
        "Only the three names, written exactly so, are known.",
    ),
}

EXERCISE = Exercise(
    reference=parameter_count,
    inputs=inputs,
    points=18,
    forbidden=("torch.nn", *OPERATORS),
    cases=(
        Case(name="a GRU", inputs=partial(inputs, cell="gru")),
        Case(name="a plain RNN", inputs=partial(inputs, cell="rnn")),
        Case(name="one direction", inputs=partial(inputs, bidirectional=False)),
        Case(name="one layer", inputs=partial(inputs, num_layers=1, cell="gru")),
        Case(name="two layers", inputs=partial(inputs, num_layers=2, cell="rnn")),
        Case(
            name="one layer, one direction",
            inputs=partial(inputs, num_layers=1, bidirectional=False, cell="rnn"),
        ),
        Case(name="no biases", inputs=partial(inputs, bias=False)),
        Case(
            name="the default arguments",
            inputs=partial(only, names="cell input_size hidden_size"),
            why="With cell and the two sizes alone: one layer, one direction, biases.",
        ),
        Case(
            name="biases by default",
            inputs=partial(
                only, names="cell input_size hidden_size num_layers bidirectional", cell="gru"
            ),
            why="Where bias is not given, there are biases.",
        ),
        *(
            Case(
                name=name,
                inputs=partial(inputs, cell=cell),
                value=False,
                raises=ValueError,
                mentions="cell",
                why=why,
            )
            for name, (cell, why) in UNKNOWN.items()
        ),
    ),
    mistakes=wrong,
    look="List the tensors of one layer and one direction with their shapes, and add them up.",
    when_right=(
        "There is a way without a loop: the first layer is one of a kind, and all later ones are "
        "equal. The usual slips are the second bias, which the formulas of most texts do not "
        "have, and the second layer, which reads both directions. A check that looks for the name "
        "inside one long text lets the empty name pass. Next question: with I fixed, by which "
        "factor do the parameters grow when a large H is doubled?"
    ),
)
