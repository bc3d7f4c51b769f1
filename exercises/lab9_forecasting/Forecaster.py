"""A module that reads a window and says what comes next."""

from functools import partial
from typing import Any

from autograder.spec import PLACEMENT, Case, Exercise, Mistakes, but, edited
from exercises.lab9_forecasting._draws import always, edge
from exercises.lab9_forecasting._forecaster_draws import (
    SIZES,
    by_default,
    by_name,
    drawn,
    inputs,
    one_after_the_other,
    saturated,
    without_dropout,
)
from exercises.lab9_forecasting._programs import from_ones, going_on, on_the_cpu
from exercises.lab9_forecasting._scenarios import (
    after_another,
    dropped,
    forecast_and_gradients,
    only_built,
    quietly,
)
from solutions.lab9_forecasting import Forecaster

change = partial(edited, Forecaster)

RUN = "output, _ = self.rnn(x)"
LAST = "output[:, -1]"
OUT = "return forecast[:, 0]"
MADE = "self.rnn = cells[cell](1, hidden_size, num_layers, batch_first=True, dropout=between)"
FC = "self.fc = nn.Linear(hidden_size, 1)"
BETWEEN = "dropout if num_layers > 1 else 0.0"
CHECK = "if cell not in cells"


def read(text: str, run: str = RUN) -> Any:
    """The linear layer reads something else."""
    return change({LAST: text, RUN: run})


def starting(state: Any) -> Any:
    return change({RUN: "output, _ = self.rnn(x, start(self.rnn, x))"}, start=state)


WHICH = "Which layer's state, and after which step, has read the whole window?"
FORM = "Print the shape of the forecasts for a batch of three windows, and for a batch of one."
PARTS = "Print the model, and compare names and sizes of its layers with the docstring."
DROPPED = "Between which layers does dropout act, in which mode, and what if there is one layer?"
ERROR = "Build a Forecaster with cell='transformer' and read what it says."
SIGNATURE = "Compare your signature with the one in the exercise."

wrong = Mistakes()
wrong.family(
    FORM,
    (
        "bare_squeeze",
        change({OUT: "return forecast.squeeze()"}),
        "all axes of size 1 are squeezed away, that of a batch of one too",
    ),
    ("column", change({OUT: "return forecast"}), "there is an axis of size 1 at the end"),
    ("row", change({OUT: "return forecast.T"}), "the forecasts stand in a row of their own"),
    (
        "every_step",
        change({LAST: "output", OUT: "return forecast[:, :, 0]"}),
        "there is a forecast for every step",
    ),
    ("with_state", change({OUT: "return forecast[:, 0], _"}), "the state comes out too"),
    (
        "first_window_only",
        change({OUT: "return forecast[:1, 0]"}),
        "only the first window gets a forecast",
    ),
)
wrong.family(
    WHICH,
    ("first_step", read("output[:, 0]"), "the state after the first step is read"),
    ("mean_of_steps", read("output.mean(dim=1)"), "the mean over all steps is read"),
    ("largest_of_steps", read("output.amax(dim=1)"), "the largest over all steps is read"),
    (
        "bottom_layer",
        read("(_[0] if isinstance(_, tuple) else _)[0]"),
        "the state of the bottom layer is read",
    ),
    (
        "all_layers",
        read("(_[0] if isinstance(_, tuple) else _).sum(dim=0)"),
        "the states of all layers are added up",
    ),
    (
        "cell_state",
        read("(_[1] if isinstance(_, tuple) else _)[-1]"),
        "an LSTM's c is read in place of its h",
    ),
    (
        "one_step_short",
        read(LAST, "output, _ = self.rnn(x[:, :-1] if x.shape[1] > 1 else x)"),
        "the last value of the window is not read",
    ),
    (
        "last_of_the_batch",
        read("output[-1].expand(len(x), -1, -1)[:, -1]"),
        "the last window's state is read for all",
    ),
    (
        "turned_round",
        read(LAST, "output, _ = self.rnn(x.flip(1))"),
        "the window is read backwards",
    ),
)
wrong.add(
    "batch_is_time",
    change({"num_layers, batch_first=True, dropout": "num_layers, dropout"}),
    "the network takes the batch for time. Which axis does nn.LSTM take for time if it is told nothing?",
)
wrong.family(
    DROPPED,
    ("warns", change({BETWEEN: "dropout"}), "dropout is handed to a single layer, too"),
    ("dropout_ignored", change({BETWEEN: "0.0"}), "dropout is not used"),
    (
        "dropout_fixed",
        change({BETWEEN: "0.2 if num_layers > 1 else 0.0"}),
        "dropout is 0.2 whatever is asked for",
    ),
    (
        "dropout_kept",
        change({BETWEEN: "1 - dropout if num_layers > 1 else 0.0"}),
        "dropout is taken for the share that is kept",
    ),
    (
        "dropout_at_the_end",
        change(
            {
                LAST: f"nn.functional.dropout({LAST}, self.drop, self.training)",
                FC: f"{FC}\n        self.drop = dropout",
            }
        ),
        "numbers are dropped in front of the linear layer as well",
    ),
    (
        "dropout_for_one_layer",
        change(
            {
                LAST: f"nn.functional.dropout({LAST}, self.drop, self.training)",
                FC: f"{FC}\n        self.drop = dropout if num_layers == 1 else 0.0",
            }
        ),
        "with a single layer, numbers are dropped in front of the linear layer",
    ),
    (
        "dropout_in_the_window",
        change(
            {
                RUN: "output, _ = self.rnn(nn.functional.dropout(x, self.drop, self.training))",
                FC: f"{FC}\n        self.drop = dropout",
            }
        ),
        "numbers of the window are dropped",
    ),
    (
        "dropout_in_eval",
        change({RUN: "output, _ = self.rnn.train()(x)"}),
        "numbers are dropped in evaluation mode, too",
    ),
    (
        "evaluates_itself",
        change({RUN: f"self.eval()\n        {RUN}"}),
        "the module sets itself to evaluation mode",
    ),
)
wrong.family(
    PARTS,
    (
        "one_layer",
        change({"hidden_size, num_layers, batch": "hidden_size, 1, batch", BETWEEN: "0.0"}),
        "there is one layer whatever num_layers says",
    ),
    (
        "two_directions",
        change(
            {
                "batch_first=True": "batch_first=True, bidirectional=True",
                FC: "self.fc = nn.Linear(2 * hidden_size, 1)",
            }
        ),
        "the network reads in both directions",
    ),
    (
        "always_lstm",
        change({"cells[cell](": "nn.LSTM("}),
        "the cell is an LSTM whatever is asked for",
    ),
    (
        "gru_for_rnn",
        change({'"rnn": nn.RNN': '"rnn": nn.GRU'}),
        "a GRU stands in for the plain RNN",
    ),
    (
        "relu_cell",
        change({'"rnn": nn.RNN': '"rnn": partial(nn.RNN, nonlinearity="relu")'}, partial=partial),
        "the plain RNN squashes with relu",
    ),
    (
        "no_fc_bias",
        change({FC: "self.fc = nn.Linear(hidden_size, 1, bias=False)"}),
        "the linear layer has no bias",
    ),
    (
        "no_rnn_bias",
        change({"dropout=between": "dropout=between, bias=False"}),
        "the network has no biases",
    ),
    (
        "wide_output",
        change({FC: "self.fc = nn.Linear(hidden_size, hidden_size)"}),
        "the linear layer gives more than one number",
    ),
    (
        "other_names",
        change(
            {
                "self.rnn = ": "self.lstm = ",
                RUN: "output, _ = self.lstm(x)",
                "self.fc = ": "self.linear = ",
                "self.fc(": "self.linear(",
            }
        ),
        "the layers have other names",
    ),
    (
        "squashed",
        change({f"self.fc({LAST})": f"self.fc({LAST}.relu())"}),
        "a relu stands in front of the linear layer",
    ),
    ("bounded", change({OUT: "return forecast[:, 0].tanh()"}), "the forecasts go through a tanh"),
    (
        "change_forecast",
        change({OUT: "return forecast[:, 0] + x[:, -1, 0]"}),
        "the last value of the window is added",
    ),
    (
        "extra_layer",
        change(
            {
                FC: f"{FC}\n        self.norm = nn.LayerNorm(hidden_size)",
                f"self.fc({LAST})": f"self.fc(self.norm({LAST}))",
            }
        ),
        "there is a layer more than asked for",
    ),
)
wrong.family(
    "Which step of your forward cuts the graph?",
    (
        "cut_states",
        change({f"self.fc({LAST})": f"self.fc({LAST}.detach())"}),
        "no gradient gets past the linear layer",
    ),
    (
        "no_graph",
        but(Forecaster, returns=lambda forecast: forecast.detach()),
        "no gradient reaches any parameter",
    ),
)
wrong.family(
    "From which state does each window start?",
    (
        "state_kept",
        change({RUN: "output, _ = going_on(self, x)"}, going_on=going_on),
        "a batch starts from the states in which the batch before it ended",
    ),
    ("starts_from_ones", starting(from_ones), "the first state is not zero"),
)
wrong.add(
    "state_on_the_cpu",
    starting(on_the_cpu),
    "the first state is made on the CPU, wherever the windows are. On which device does torch.zeros make its tensor?",
)
wrong.family(
    ERROR,
    (
        "any_cell",
        change({CHECK: "if False", "cells[cell](": "cells.get(cell, nn.LSTM)("}),
        "an unknown cell is taken for an LSTM",
    ),
    ("key_error", change({CHECK: "if False"}), "an unknown cell ends in a KeyError"),
    (
        "any_case",
        change({CHECK: "cell = cell.lower()\n        if cell not in cells"}),
        "capital letters are accepted",
    ),
    (
        "unnamed",
        change({"cell must be ": "it must be "}),
        "the message of the ValueError does not say which argument is wrong",
    ),
)
wrong.family(
    SIGNATURE,
    ("gru_by_default", but(Forecaster, defaults={"cell": "gru"}), "the default cell is a GRU"),
    (
        "rnn_by_default",
        but(Forecaster, defaults={"cell": "rnn"}),
        "the default cell is the plain one",
    ),
    (
        "two_by_default",
        but(Forecaster, defaults={"num_layers": 2}),
        "there are two layers by default",
    ),
    (
        "dropout_by_default",
        but(Forecaster, defaults={"dropout": 1.0}),
        "there is dropout by default",
    ),
    (
        "order_of_arguments",
        change(
            {
                "num_layers: int = 1, dropout: float = 0.0": "dropout: float = 0.0, num_layers: int = 1"
            }
        ),
        "dropout stands before num_layers",
    ),
)

ONE_CELL = "An unknown cell is a ValueError that names cell."
REFUSED: dict[str, Any] = {"raises": ValueError, "mentions": "cell", "scenario": only_built}
FREE = "A batch must not depend on what the module has seen before, and the mode stays."
NEW = "New tensors need the device of the windows."


EXERCISE = Exercise(
    reference=Forecaster,
    inputs=inputs,
    points=18,
    axes=SIZES,
    shapes={"x": "B T 1", "forecasts": "B", "probe": "B"},
    scenario=forecast_and_gradients,
    cases=(
        Case(name="a single layer", inputs=drawn(layers=1)),
        Case(name="a GRU", inputs=drawn(cell="gru", layers=1)),
        Case(name="a plain RNN of three layers", inputs=drawn(cell="rnn", layers=3)),
        Case(
            name="a GRU of two layers, in evaluation mode", inputs=drawn(cell="gru", mode="eval")
        ),
        Case(name="hidden_size alone", inputs=by_default),
        Case(name="dropout left out", inputs=without_dropout),
        Case(
            name="arguments by name",
            inputs=by_name,
            why="Compare the names in your signature with those in the exercise.",
        ),
        *(
            edge(name, drawn(**how), DROPPED)
            for name, how in (
                ("dropout of 1", {"dropout": 1.0}),
                ("dropout of 1, three layers", {"dropout": 1.0, "layers": 3, "cell": "gru"}),
                ("dropout in evaluation mode", {"dropout": 0.5, "mode": "eval"}),
                ("dropout with a single layer", {"dropout": 1.0, "layers": 1}),
            )
        ),
        edge("dropout of 0.3, many windows", saturated, DROPPED, scenario=dropped),
        *(
            edge(
                f"dropout with a single layer, {cell!r}, in peace",
                always(init={"hidden_size": 3, "dropout": 0.4, "cell": cell}),
                "With a single layer nothing should be said about dropout.",
                scenario=quietly,
            )
            for cell in ("lstm", "rnn")
        ),
        *(
            edge(f"one window, {cell!r}", drawn(cell=cell, B=1), "A batch of one keeps its axis.")
            for cell in ("gru", "rnn")
        ),
        *(
            edge(
                f"a second batch, {cell!r}",
                one_after_the_other(cell),
                FREE,
                scenario=after_another,
            )
            for cell in ("lstm", "gru")
        ),
        edge(
            "a cell that does not exist",
            always(init=[4, 1, 0.0, "transformer"]),
            ONE_CELL,
            **REFUSED,
        ),
        edge("a cell in capitals", always(init=[4, 1, 0.0, "LSTM"]), ONE_CELL, **REFUSED),
        edge(
            "on an accelerator, a GRU",
            drawn(cell="gru", layers=1),
            NEW,
            device="accelerator",
            property=PLACEMENT,
        ),
    ),
    mistakes=wrong,
    look=WHICH,
    when_right=(
        "For one direction, the output of the last step is the last layer's state, so h_n[-1] "
        "would do as well; but an LSTM hands back a pair, and from it c is easily taken for h. "
        "Picking column 0 of the linear layer's (B, 1) leaves (B,) for B = 1 too, where a bare "
        "squeeze would leave no axis at all. Next question: dropout acts between layers. With two "
        "layers, which numbers are dropped in training mode, and which ones never?"
    ),
)
