"""Classifiers that are built wrong, or that start wrong."""

from functools import partial
from typing import Any

from torch import nn

from autograder.spec import Mistakes, but, edited
from solutions.lab4_models import SequenceClassifier

RUN = "_, state = self.rnn(x, state)"
FC = "self.fc = nn.Linear(directions * hidden_size, num_classes)"
CHECK = "if cell not in cells:"
PARTS = "Print the model, and compare names and sizes of its layers with the docstring."
CELLS = "Build one model for each of the three cells, and print its rnn. What should happen for 'transformer'?"
START = "What does the network start from, when it is given no state, at every call?"

change = partial(edited, SequenceClassifier)


def start(module: Any, x: Any, make: Any) -> Any:
    """A first state, as make gives it for a shape."""
    rnn = module.rnn
    shape = (rnn.num_layers * (1 + rnn.bidirectional), len(x), rnn.hidden_size)
    return (make(shape), make(shape)) if isinstance(rnn, nn.LSTM) else make(shape)


def starting(make: str) -> Any:
    """The classifier that makes its first state itself."""
    first = f"state = start(self, x, lambda shape: {make}) if state is None else state"
    return change({RUN: f"{first}\n        {RUN}"}, start=start)


def built_wrong(wrong: Mistakes) -> None:
    """Adds what goes wrong with layers, cells and first states."""
    wrong.family(
        PARTS,
        (
            "layers_unused",
            change({"            num_layers,\n": ""}),
            "there is one layer, whatever num_layers is",
        ),
        (
            "one_way",
            change(
                {
                    "bidirectional=bidirectional": "bidirectional=False",
                    "2 if bidirectional else 1": "1",
                }
            ),
            "one direction reads, whatever is asked for",
        ),
        ("no_fc_bias", change({FC: FC[:-1] + ", bias=False)"}), "fc has no bias"),
        (
            "no_bias",
            change({"batch_first=True": "batch_first=True, bias=False"}),
            "the recurrent layers have no biases",
        ),
        (
            "other_names",
            change(
                {
                    "self.rnn = ": "self.lstm = ",
                    "self.rnn(": "self.lstm(",
                    "self.rnn.b": "self.lstm.b",
                }
            ),
            "the layers have other names",
        ),
        (
            "sizes_exchanged",
            change(
                {
                    "super().__init__()": "super().__init__()\n        input_size, hidden_size = hidden_size, input_size"
                }
            ),
            "input_size and hidden_size are exchanged",
        ),
        (
            "two_heads",
            change({FC: f"{FC}\n        self.fc2 = nn.Linear(num_classes, num_classes)"}),
            "there is a second linear layer",
        ),
    )
    wrong.family(
        CELLS,
        ("always_lstm", change({"cells[cell]": "nn.LSTM"}), "every cell is an LSTM"),
        (
            "gru_and_lstm_swapped",
            change({'"gru": nn.GRU': '"gru": nn.LSTM', '"lstm": nn.LSTM': '"lstm": nn.GRU'}),
            "'gru' and 'lstm' have changed places",
        ),
        (
            "relu_cells",
            change(
                {'"rnn": nn.RNN': '"rnn": partial(nn.RNN, nonlinearity="relu")'}, partial=partial
            ),
            "the plain RNN squashes with relu",
        ),
        (
            "any_cell",
            change({CHECK: "if False:", "cells[cell]": "cells.get(cell, nn.LSTM)"}),
            "an unknown cell is taken for an LSTM",
        ),
        (
            "any_case",
            but(SequenceClassifier, init={"cell": str.lower}),
            "upper case is accepted in cell",
        ),
        (
            "key_error",
            change({CHECK: "if not cells[cell]:"}),
            "an unknown cell ends in the KeyError of a dict",
        ),
        (
            "assertion",
            change({CHECK: "assert cell in cells, 'cell'\n        if False:"}),
            "an unknown cell is caught with assert",
        ),
        (
            "silent_error",
            change(
                {CHECK: "if cell not in cells:\n            raise ValueError\n        if False:"}
            ),
            "an unknown cell ends in a ValueError that does not say what was wrong",
        ),
    )
    wrong.family(
        START,
        ("starts_from_ones", starting("x.new_ones(shape)"), "the first state is not zero"),
        (
            "state_in_float32",
            starting("torch.zeros(shape)"),
            "the first state is float32 on the CPU, whatever x is",
        ),
        (
            "state_on_the_cpu",
            starting("torch.zeros(shape, dtype=x.dtype)"),
            "the first state is on the CPU, wherever x is",
        ),
    )
