"""How many parameters a recurrent network has."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.spec import Case, Exercise, Mistakes, but
from exercises.lab1_shapes._draws import ARITHMETIC, layers, sizes
from solutions.lab1_shapes import parameter_count

GATES = {"rnn": 1, "gru": 3, "lstm": 4}


def inputs(rng: np.random.Generator) -> Mapping[str, Any]:
    drawn = sizes(rng)
    return {
        "cell": "lstm",
        "input_size": drawn["input_size"],
        "hidden_size": drawn["hidden_size"],
        "num_layers": layers(rng),
        "bidirectional": True,
        "bias": True,
    }


def with_changes(**changes: Any) -> Callable[[np.random.Generator], Mapping[str, Any]]:
    """Draws a network with some of its arguments fixed."""
    return lambda rng: {**inputs(rng), **changes}


def only(*names: str, **changes: Any) -> Callable[[np.random.Generator], Mapping[str, Any]]:
    """Draws a network and names the first arguments only."""
    return lambda rng: {name: {**inputs(rng), **changes}[name] for name in names}


Count = Callable[[int, int, int, int, int, bool], int]
"""The number from G, I, H, L, D and bias."""


def counting(count: Count, gates: Mapping[str, int] = GATES) -> Callable[..., Any]:
    """parameter_count with another formula, or other numbers of sets."""

    def changed(
        cell: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bidirectional: bool = False,
        bias: bool = True,
    ) -> int:
        if cell not in gates:
            raise ValueError(f"cell is {cell!r}")
        return count(gates[cell], input_size, hidden_size, num_layers, 1 + bidirectional, bias)

    return changed


def right(G: int, I: int, H: int, L: int, D: int, bias: bool) -> int:
    widths = [I] + [D * H] * (L - 1)
    return D * G * sum(H * (width + H) + 2 * H * bias for width in widths)


def one_bias(G: int, I: int, H: int, L: int, D: int, bias: bool) -> int:
    return right(G, I, H, L, D, False) + L * D * G * H * bias


def layers_read_one_direction(G: int, I: int, H: int, L: int, D: int, bias: bool) -> int:
    return D * right(G, I, H, L, 1, bias)


def layers_read_the_input(G: int, I: int, H: int, L: int, D: int, bias: bool) -> int:
    return L * right(G, I, H, 1, D, bias)


def directions_once(G: int, I: int, H: int, L: int, D: int, bias: bool) -> int:
    return right(G, I, H, L, 1, bias)


def reads_both_but_counts_one(G: int, I: int, H: int, L: int, D: int, bias: bool) -> int:
    return right(G, I, H, L, D, bias) // D


def first_layer_reads_twice(G: int, I: int, H: int, L: int, D: int, bias: bool) -> int:
    return right(G, D * I, H, L, D, bias)


def state_reads_both(G: int, I: int, H: int, L: int, D: int, bias: bool) -> int:
    return right(G, I, H, L, D, bias) + L * D * G * (D - 1) * H * H


def bias_per_layer(G: int, I: int, H: int, L: int, D: int, bias: bool) -> int:
    return right(G, I, H, L, D, False) + 2 * H * L * bias


def bias_without_gates(G: int, I: int, H: int, L: int, D: int, bias: bool) -> int:
    return right(G, I, H, L, D, False) + 2 * H * L * D * bias


def bias_once(G: int, I: int, H: int, L: int, D: int, bias: bool) -> int:
    return right(G, I, H, L, D, False) + 2 * G * H * D * bias


def bias_as_wide_as_input(G: int, I: int, H: int, L: int, D: int, bias: bool) -> int:
    return right(G, I, H, L, D, False) + L * D * G * (I + H) * bias


def no_input_matrix(G: int, I: int, H: int, L: int, D: int, bias: bool) -> int:
    return L * D * G * (H * H + 2 * H * bias)


def no_state_matrix(G: int, I: int, H: int, L: int, D: int, bias: bool) -> int:
    return right(G, I, H, L, D, bias) - L * D * G * H * H


def one_layer_only(G: int, I: int, H: int, L: int, D: int, bias: bool) -> int:
    return right(G, I, H, 1, D, bias)


def one_layer_too_many(G: int, I: int, H: int, L: int, D: int, bias: bool) -> int:
    return right(G, I, H, L + 1, D, bias)


wrong = Mistakes()


@wrong
def default_without_bias(
    cell: str,
    input_size: int,
    hidden_size: int,
    num_layers: int = 1,
    bidirectional: bool = False,
    bias: bool = False,
) -> int:
    """there are no biases where the caller does not say.
    Compare the defaults in your signature with those of the exercise."""
    return parameter_count(cell, input_size, hidden_size, num_layers, bidirectional, bias)


def any_case(cell: str, *rest: Any) -> int:
    return parameter_count(cell.lower(), *rest)


def first_letters(cell: str, *rest: Any) -> int:
    for name in GATES:
        if name in cell:
            return parameter_count(name, *rest)
    return parameter_count(cell, *rest)


@wrong
def in_a_text(cell: str, *rest: Any) -> int:
    """cell is looked for in one long text, of which "" and "n" are parts too.
    What does `in` ask of a text, and what of a tuple or a dict?"""
    if cell not in "rnn gru lstm":
        raise ValueError(f"cell is {cell!r}")
    return parameter_count({"rnn": "rnn", "gru": "gru", "lstm": "lstm"}[cell], *rest)


def blanks_stripped(cell: str, *rest: Any) -> int:
    return parameter_count(cell.strip(), *rest)


@wrong
def key_error(cell: str, *rest: Any) -> int:
    """an unknown cell ends in the KeyError of a dict.
    Which exception does the docstring ask for?"""
    return parameter_count({"rnn": "rnn", "gru": "gru", "lstm": "lstm"}[cell], *rest)


@wrong
def assertion(cell: str, *rest: Any) -> int:
    """an unknown cell is caught with assert.
    Which exception does the docstring ask for? assert may be switched off."""
    assert cell in GATES, f"unknown cell {cell}"
    return parameter_count(cell, *rest)


def else_is_lstm(cell: str, *rest: Any) -> int:
    return parameter_count(cell if cell in ("rnn", "gru") else "lstm", *rest)


def nothing_for_unknown(cell: str, *rest: Any) -> int | None:
    return parameter_count(cell, *rest) if cell in GATES else None


@wrong
def silent_error(cell: str, *rest: Any) -> int:
    """the ValueError does not say which argument was wrong.
    What should the message of the ValueError name?"""
    if cell not in GATES:
        raise ValueError
    return parameter_count(cell, *rest)


def shapes_listed(
    cell: str,
    input_size: int,
    hidden_size: int,
    num_layers: int = 1,
    bidirectional: bool = False,
    bias: bool = True,
) -> Any:
    if cell == "rnn":
        rows = hidden_size
    elif cell == "gru":
        rows = 3 * hidden_size
    elif cell == "lstm":
        rows = 4 * hidden_size
    else:
        raise ValueError("cell: expected rnn, gru or lstm, got " + cell)
    shapes: list[tuple[int, ...]] = []
    width = input_size
    for _ in range(num_layers):
        for _ in range(2 if bidirectional else 1):
            shapes += [(rows, width), (rows, hidden_size)]
            if bias:
                shapes += [(rows,), (rows,)]
        width = hidden_size * (2 if bidirectional else 1)
    return sum(int(np.prod(shape)) for shape in shapes)


def closed_formula(
    cell: str,
    input_size: int,
    hidden_size: int,
    num_layers: int = 1,
    bidirectional: bool = False,
    bias: bool = True,
) -> Any:
    try:
        gates = ("rnn", "", "gru", "lstm").index(cell or "?") + 1
    except ValueError:
        raise ValueError(f"the argument cell must be one of {sorted(GATES)}") from None
    d, h = 1 + bidirectional, hidden_size
    first = h * (input_size + h + 2 * bias)
    other = h * (d * h + h + 2 * bias)
    return d * gates * (first + (num_layers - 1) * other)


def in_numpy(
    cell: str,
    input_size: int,
    hidden_size: int,
    num_layers: int = 1,
    bidirectional: bool = False,
    bias: bool = True,
) -> Any:
    if cell not in ("rnn", "gru", "lstm"):
        raise ValueError(f"Unknown CELL {cell}")
    d = 2 if bidirectional else 1
    reads = np.full(num_layers, d * hidden_size)
    reads[0] = input_size
    biases = 2 if bias else 0
    per_set = hidden_size * (reads + hidden_size + biases)
    return d * {"rnn": 1, "gru": 3, "lstm": 4}[cell] * per_set.sum()


def by_recursion(
    cell: str,
    input_size: int,
    hidden_size: int,
    num_layers: int = 1,
    bidirectional: bool = False,
    bias: bool = True,
) -> Any:
    if num_layers > 1:
        below = by_recursion(cell, input_size, hidden_size, num_layers - 1, bidirectional, bias)
        width = 2 * hidden_size if bidirectional else hidden_size
        return int(below + by_recursion(cell, width, hidden_size, 1, bidirectional, bias))
    match cell:
        case "rnn":
            sets = 1
        case "gru":
            sets = 3
        case "lstm":
            sets = 4
        case _:
            raise ValueError(f"cell={cell!r} is not known")
    numbers = hidden_size**2 + input_size * hidden_size
    if bias:
        numbers += hidden_size + hidden_size
    return numbers * sets * (2 if bidirectional else 1)


BIASES = "List the biases of one layer: for each set, each direction, each matrix."
READS = "Write down for each layer how many numbers it reads at one step."
SETS = "How many sets of matrices does each of the three cells have?"
UNKNOWN = "What should happen where cell is none of the three, written exactly so?"

wrong.add(
    "one_bias",
    counting(one_bias),
    "there is one bias vector beside each pair of matrices. " + BIASES,
)
wrong.add(
    "no_bias", but(parameter_count, bias=lambda _: False), "the biases are left out. " + BIASES
)
wrong.add(
    "always_bias",
    but(parameter_count, bias=lambda _: True),
    "the biases are counted although bias is False. " + BIASES,
)
wrong.add(
    "bias_per_layer",
    counting(bias_per_layer),
    "each layer has a single pair of biases of H numbers. " + BIASES,
)
wrong.add(
    "bias_without_gates",
    counting(bias_without_gates),
    "a GRU and an LSTM have no more biases than a plain RNN. " + BIASES,
)
wrong.add("bias_once", counting(bias_once), "only one layer has biases. " + BIASES)
wrong.add(
    "bias_as_wide_as_input",
    counting(bias_as_wide_as_input),
    "one of the two biases is as wide as the input. To what is each bias added, and how wide is that?",
)
wrong.add(
    "layers_read_one_direction",
    counting(layers_read_one_direction),
    "the later layers read H numbers although two directions lie below them. " + READS,
)
wrong.add(
    "layers_read_the_input",
    counting(layers_read_the_input),
    "every layer is counted like the first. " + READS,
)
wrong.add(
    "first_layer_reads_twice",
    counting(first_layer_reads_twice),
    "the first layer reads its input once for each direction. " + READS,
)
wrong.add(
    "state_reads_both",
    counting(state_reads_both),
    "each direction reads the old states of both directions. Follow the arrows between the steps in the picture of two directions.",
)
wrong.add(
    "directions_once",
    counting(directions_once),
    "bidirectional changes nothing. Does the backward direction have weights of its own?",
)
wrong.add(
    "reads_both_but_counts_one",
    counting(reads_both_but_counts_one),
    "the later layers read both directions, but only one direction is counted. Does the backward direction have weights of its own?",
)
wrong.add(
    "no_state_matrix",
    counting(no_state_matrix),
    "the matrices that read the old state are missing. Which two things does a layer read at each step?",
)
wrong.add(
    "no_input_matrix",
    counting(no_input_matrix),
    "the matrices that read the input are missing. Which two things does a layer read at each step?",
)
wrong.add(
    "one_layer_only",
    counting(one_layer_only),
    "one layer is counted, however many there are. " + READS,
)
wrong.add(
    "one_layer_too_many",
    counting(one_layer_too_many),
    "one layer too many is counted. Look at where your loop over the layers begins and ends.",
)
wrong.add(
    "no_gates",
    counting(right, {"rnn": 1, "gru": 1, "lstm": 1}),
    "all three cells have a single set of matrices. " + SETS,
)
wrong.add(
    "gates_without_candidate",
    counting(right, {"rnn": 1, "gru": 2, "lstm": 3}),
    "only the gates are counted, and not the candidate beside them. " + SETS,
)
wrong.add(
    "gru_for_lstm",
    counting(right, {"rnn": 1, "gru": 4, "lstm": 3}),
    "GRU and LSTM are mixed up. " + SETS,
)
wrong.add(
    "lstm_three_times_gru",
    counting(right, {"rnn": 1, "gru": 3, "lstm": 9}),
    "an LSTM has three times the parameters of a GRU. " + SETS,
)
wrong.add(
    "gru_like_lstm",
    counting(right, {"rnn": 1, "gru": 4, "lstm": 4}),
    "a GRU has as many sets as an LSTM. " + SETS,
)
wrong.add("any_case", any_case, "upper case is accepted in cell. " + UNKNOWN)
wrong.add(
    "part_of_a_name",
    first_letters,
    "cell is accepted where a known name is only a part of it. " + UNKNOWN,
)
wrong.add("blanks_stripped", blanks_stripped, "blanks around the name are overlooked. " + UNKNOWN)
wrong.add(
    "else_is_lstm",
    else_is_lstm,
    "every cell that is neither an RNN nor a GRU counts as an LSTM. " + UNKNOWN,
)
wrong.add("nothing_for_unknown", nothing_for_unknown, "an unknown cell gives None. " + UNKNOWN)
wrong.add(
    "a_float",
    but(parameter_count, returns=float),
    "the number comes back as a float. A single slash makes a float of whole numbers.",
)


EXERCISE = Exercise(
    reference=parameter_count,
    inputs=inputs,
    points=18,
    without=ARITHMETIC,
    forbidden=("torch.nn",),
    cases=(
        Case(name="a GRU", inputs=with_changes(cell="gru")),
        Case(name="a plain RNN", inputs=with_changes(cell="rnn")),
        Case(name="one direction", inputs=with_changes(bidirectional=False)),
        Case(name="one layer", inputs=with_changes(num_layers=1, cell="gru")),
        Case(name="two layers", inputs=with_changes(num_layers=2, cell="rnn")),
        Case(
            name="one layer, one direction",
            inputs=with_changes(num_layers=1, bidirectional=False, cell="rnn"),
        ),
        Case(name="no biases", inputs=with_changes(bias=False)),
        Case(
            name="the default arguments",
            inputs=only("cell", "input_size", "hidden_size"),
            why="With cell and the two sizes alone: one layer, one direction, biases.",
        ),
        Case(
            name="biases by default",
            inputs=only(
                "cell", "input_size", "hidden_size", "num_layers", "bidirectional", cell="gru"
            ),
            why="Where bias is not given, there are biases.",
        ),
        Case(
            name="an unknown cell",
            inputs=with_changes(cell="rnn_relu"),
            value=False,
            raises=ValueError,
            mentions="cell",
            why="A cell that is none of the three must raise a ValueError that names the argument.",
        ),
        Case(
            name="a cell in upper case",
            inputs=with_changes(cell="LSTM"),
            value=False,
            raises=ValueError,
            mentions="cell",
            why="Only the three names in lower case are known; LSTM must raise a ValueError.",
        ),
        Case(
            name="an empty cell",
            inputs=with_changes(cell=""),
            value=False,
            raises=ValueError,
            mentions="cell",
            why="An empty text is a part of every text, and yet it is none of the three names.",
        ),
        Case(
            name="a name with a blank behind it",
            inputs=with_changes(cell="gru "),
            value=False,
            raises=ValueError,
            mentions="cell",
            why="Only the three names, written exactly so, are known.",
        ),
    ),
    mistakes=wrong,
    also_right=(shapes_listed, closed_formula, in_numpy, by_recursion),
    look="List the tensors of one layer and one direction with their shapes, and add them up.",
)
