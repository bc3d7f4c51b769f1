"""A classifier that reads final states: built, given weights by name, run, asked for gradients."""

from functools import partial
from typing import Any

from autograder.spec import PLACEMENT, Case, Exercise, Mistakes, but, edited
from exercises.lab4_models import _classifiers as draws
from exercises.lab4_models._classifiers import (
    SIZES,
    another_cell,
    drawn,
    inputs,
    untouched,
    with_dropout,
)
from exercises.lab4_models._draws import edge
from exercises.lab4_models._programs import FC, RUN, built_wrong
from exercises.lab4_models._scenarios import (
    classified,
    logits_of_new,
    state_in_training,
    two_calls,
    warned,
)
from solutions.lab4_models import SequenceClassifier

change = partial(edited, SequenceClassifier)
RUN_WITH_OUTPUT = "output, state = self.rnn(x, state)"
FINAL = "torch.cat([h_n[-2], h_n[-1]], dim=1) if self.rnn.bidirectional else h_n[-1]"
H_N = "state[0] if isinstance(state, tuple) else state"
RETURN = "return logits, state"
DROPOUT = "dropout=dropout if num_layers > 1 else 0.0"


def final(text: str, **edits: str) -> Any:
    """The classifier that reads something else."""
    return change({RUN: RUN_WITH_OUTPUT, FINAL: text})


wrong = Mistakes()

ENDS = "How many steps has each direction read at the place where you read it?"
wrong.family(
    ENDS,
    ("last_step", final("output[:, -1]"), "the output at the last step is classified"),
    ("first_step", final("output[:, 0]"), "the output at step 0 is classified"),
    (
        "last_sample",
        final("output[-1]"),
        "the last sequence of the batch is taken for the last step",
    ),
    (
        "mean_of_steps",
        final("output.mean(dim=1)"),
        "the mean of the outputs of all steps is classified",
    ),
    (
        "largest_of_steps",
        final("output.amax(dim=1)"),
        "the largest outputs of all steps are classified",
    ),
    ("every_step", final("output"), "every step is classified"),
)
TOP = "h_n is (L·D, B, H): write down which layer and direction each of its L·D rows is."
wrong.family(
    TOP,
    (
        "one_direction_for_both",
        change({FINAL: "h_n[-1]", FC: "self.fc = nn.Linear(hidden_size, num_classes)"}),
        "fc reads H numbers where two directions give 2H, as with h_n[-1] alone",
    ),
    (
        "backward_twice",
        change({"h_n[-2], ": "h_n[-1], "}),
        "the backward direction stands in both halves",
    ),
    (
        "backward_first",
        change({"[h_n[-2], h_n[-1]]": "[h_n[-1], h_n[-2]]"}),
        "the backward half stands before the forward half",
    ),
    (
        "first_layer",
        change(
            {FINAL: "torch.cat([h_n[0], h_n[1]], dim=1) if self.rnn.bidirectional else h_n[0]"}
        ),
        "the states of the first layer are read",
    ),
    (
        "layers_for_directions",
        change(
            {
                FINAL: "torch.cat([h_n[len(h_n) // 2 - 1], h_n[-1]], dim=1) if self.rnn.bidirectional else h_n[-1]"
            }
        ),
        "h_n is split as if one direction of all layers came first",
    ),
    (
        "viewed",
        change({FINAL: "h_n[-2:].reshape(len(x), -1) if self.rnn.bidirectional else h_n[-1]"}),
        "the two final states (2, B, H) are reshaped to (B, 2H) without turning their axes",
    ),
    (
        "cell_state",
        change({H_N: "state[-1] if isinstance(state, tuple) else state"}),
        "an LSTM's c_n is read in place of h_n",
    ),
)
wrong.add(
    "time_first",
    change({"batch_first=True,": ""}),
    "the network takes the batch for time. Does the answer for a sequence change with its neighbours in the batch?",
)
STATE = "Compare what you return as the state with what nn.RNN, nn.GRU and nn.LSTM return."
wrong.family(
    STATE,
    ("logits_only", change({RETURN: "return logits"}), "the state does not come back"),
    ("state_first", change({RETURN: "return state, logits"}), "the state comes before the logits"),
    (
        "h_without_c",
        change({RETURN: "return logits, h_n"}),
        "of an LSTM's state only h comes back",
    ),
    (
        "top_state_only",
        change({RETURN: "return logits, final"}),
        "only the state that was classified comes back",
    ),
    (
        "outputs_returned",
        change({RUN: RUN_WITH_OUTPUT, RETURN: "return logits, output"}),
        "the outputs of all steps come back in place of the state",
    ),
    (
        "state_handed_back",
        change(
            {
                RUN: "_, new = self.rnn(x, state)",
                H_N: "new[0] if isinstance(new, tuple) else new",
                RETURN: "return logits, new if state is None else state",
            }
        ),
        "the state that comes back is the one that went in",
    ),
)
wrong.add(
    "state_ignored",
    change({"self.rnn(x, state)": "self.rnn(x)"}),
    "the state that is given is not used. Does your result change with state?",
)
wrong.add(
    "only_h_used",
    change(
        {
            RUN: f"if isinstance(state, tuple):\n            state = state[0], torch.zeros_like(state[1])\n        {RUN}"
        }
    ),
    "of an LSTM's state only h_0 is used. What does the tuple hold beside h_0?",
)
wrong.add(
    "state_batch_first",
    change(
        {
            RUN: f"if state is not None:\n            state = tuple(one.transpose(0, 1).contiguous() for one in state) if isinstance(state, tuple) else state.transpose(0, 1).contiguous()\n        {RUN}"
        }
    ),
    "the state is taken to come with the batch first. Which axis of a state is that of the batch, with batch_first=True?",
)
SCORES = "The classifier returns logits, as they leave fc. What stands behind or before it?"
wrong.family(
    SCORES,
    (
        "softmax",
        change({RETURN: "return logits.softmax(1), state"}),
        "a softmax stands behind the logits",
    ),
    (
        "log_softmax",
        change({RETURN: "return logits.log_softmax(1), state"}),
        "a log-softmax stands behind the logits",
    ),
    (
        "predictions",
        change({RETURN: "return logits.argmax(1), state"}),
        "classes come out in place of logits",
    ),
    ("squashed", change({"self.fc(final)": "self.fc(final.relu())"}), "a relu stands before fc"),
    (
        "squashed_twice",
        change({"self.fc(final)": "self.fc(final.tanh())"}),
        "a tanh stands before fc",
    ),
)
GRADIENT = "Which line of your forward cuts the graph?"
wrong.family(
    GRADIENT,
    (
        "final_detached",
        change({"self.fc(final)": "self.fc(final.detach())"}),
        "the values are right and no gradient gets past fc",
    ),
    (
        "state_detached",
        change(
            {
                RETURN: "return logits, (tuple(one.detach() for one in state) if isinstance(state, tuple) else state.detach())"
            }
        ),
        "the values are right and the state that comes back has no gradient",
    ),
)
DROP = (
    "Where does dropout act in a stack of layers, and what is there to drop if there is one layer?"
)
wrong.family(
    DROP,
    (
        "dropout_always",
        change({DROPOUT: "dropout=dropout"}),
        "dropout is handed to a single layer as well",
    ),
    ("dropout_unused", change({DROPOUT: "dropout=0.0"}), "dropout is not used between the layers"),
    (
        "dropout_below_three",
        change({"num_layers > 1": "num_layers > 2"}),
        "two layers get no dropout",
    ),
    (
        "dropout_on_the_input",
        change(
            {
                DROPOUT: "dropout=0.0",
                "self.rnn(x, state)": "self.rnn(self.drop(x), state)",
                FC: f"{FC}\n        self.drop = nn.Dropout(dropout)",
            }
        ),
        "the inputs are dropped in place of what goes from layer to layer",
    ),
)
wrong.add(
    "evaluates_itself",
    change({RUN: f"self.eval()\n        {RUN}"}),
    "a forward pass leaves the module in eval mode. Who decides about the mode of a module?",
)
built_wrong(wrong)


@wrong
class GoesOn(SequenceClassifier):
    """a call goes on from the state in which the call before it ended.
    Run two batches through one model: what does the second one start from?"""

    kept: Any = None

    def forward(self, x, state=None):
        logits, new = super().forward(x, self.kept if state is None else state)
        self.kept = tuple(one.detach() for one in new) if isinstance(new, tuple) else new.detach()
        return logits, new


for name, default, when in (
    (
        "two_layers_by_default",
        {"num_layers": 2},
        "there are two layers where the caller does not say",
    ),
    (
        "two_way_by_default",
        {"bidirectional": True},
        "two directions read where the caller does not say",
    ),
):
    program = but(SequenceClassifier, defaults=default)
    wrong.family("Compare your signature with the one in the exercise.", (name, program, when))

COMBINATIONS = (
    ("a GRU of one layer in one direction", {"cell": "gru", "L": 1, "D": 1}),
    ("a GRU of three layers", {"cell": "gru", "L": 3}),
    ("an LSTM of one layer", {"L": 1}),
    ("a state for an LSTM", {"given": True}),
    ("a state for a GRU", {"cell": "gru", "given": True}),
    ("a state for a plain RNN in one direction", {"cell": "rnn", "D": 1, "given": True}),
    ("a state for an LSTM of one layer in one direction", {"L": 1, "D": 1, "given": True}),
)
UNKNOWN = {"an unknown cell": "transformer", "a cell in upper case": "LSTM"}
QUIET = "With one layer there is nothing between the layers, and nothing to warn of."
MOVED: dict[str, Any] = {"device": "accelerator", "property": PLACEMENT}

EXERCISE = Exercise(
    reference=SequenceClassifier,
    inputs=inputs,
    points=24,
    axes=SIZES,
    shapes={"x": "B T I", "state": "S B H", "logits": "B C"},
    scenario=classified,
    cases=(
        *(Case(name=name, inputs=drawn(**kind)) for name, kind in COMBINATIONS),
        Case(
            name="the default arguments",
            inputs=draws.default_arguments,
            why="With four arguments: one layer, one direction, no dropout.",
        ),
        edge(
            "arguments by name", draws.by_name, "The names of the arguments are those of the stub."
        ),
        edge(
            "evaluation mode with dropout",
            lambda rng: {**with_dropout(0.6, cell="gru")(rng), "mode": "eval"},
            "In evaluation mode nothing is dropped.",
        ),
        edge(
            "dropout between the layers",
            with_dropout(1.0),
            "With dropout 1.0, while training, the second layer gets nothing but zeros.",
            scenario=state_in_training,
        ),
        edge(
            "dropout between three layers in one direction",
            with_dropout(1.0, cell="gru", L=3, D=1),
            "With dropout 1.0, while training, every layer but the first gets nothing but zeros.",
            scenario=state_in_training,
        ),
        edge("dropout in one layer", untouched(0.5, "lstm", 1), QUIET, scenario=warned),
        edge("dropout in one layer of a GRU", untouched(0.3, "gru", 1), QUIET, scenario=warned),
        edge(
            "a second batch",
            draws.one_after_the_other,
            "Without a state every call starts from zeros.",
            scenario=two_calls,
        ),
        *(
            edge(
                name,
                another_cell(cell),
                "A cell other than the three is refused with a ValueError that names it.",
                scenario=logits_of_new,
                raises=ValueError,
                mentions="cell",
            )
            for name, cell in UNKNOWN.items()
        ),
        edge("a state on an accelerator", drawn(given=True), "Stay where x is.", **MOVED),
    ),
    mistakes=wrong,
    look="Take two layers and two directions: write down which states h_n holds, row by row.",
    when_right=(
        "The final states carry all that is needed, so the outputs of the steps can be ignored. "
        "With two directions the last output is the trap: its backward half has seen one step, "
        "and no error says so. Reshaping the final states in place of joining them mixes the "
        "sequences of a batch, because the directions stand in front of it. Next question: "
        "sequences of different lengths are filled up with zeros at the end. Which of the two "
        "directions suffers more, and when do the zeros reach it?"
    ),
)
