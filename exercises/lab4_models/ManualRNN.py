"""A recurrent cell made of two linear layers: built, given weights by name, and run."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from autograder.spec import PLACEMENT, Case, Exercise, Mistakes, edited
from exercises.lab4_models._draws import Draw, edge, linear
from exercises.lab4_models._scenarios import (
    first_states,
    first_step_only,
    one_step,
    steps_in_a_row,
)
from solutions.lab4_models import ManualRNN

SIZES = {"B": 3, "I": 4, "H": 6, "O": 2}


def weights(rng: np.random.Generator, I: int, H: int, O: int) -> dict[str, Any]:
    return {**linear(rng, "i2h", I + H, H), **linear(rng, "h2o", H, O)}


def inputs(rng: np.random.Generator, B: int, I: int, H: int, O: int) -> Mapping[str, Any]:
    return {
        "init": [I, H, O],
        "weights": weights(rng, I, H, O),
        "x": rng.standard_normal((B, I)),
        "hidden": rng.uniform(-0.9, 0.9, (B, H)),
    }


def drawn(**changes: Any) -> Draw:
    """The default draw with some arguments changed or added."""
    return lambda rng: {**inputs(rng, **SIZES), **changes}


def by_name(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = inputs(rng, **SIZES)
    names = ("input_size", "hidden_size", "output_size")
    return {**draw, "init": dict(zip(names, draw["init"], strict=True))}


def large(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = inputs(rng, **SIZES)
    return {**draw, "x": 25.0 * draw["x"]}


def sequence(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = inputs(rng, **SIZES)
    x = rng.standard_normal((3, 5, 4))
    return {"init": draw["init"], "weights": draw["weights"], "x": x}


def states(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = inputs(rng, **SIZES)
    return {"init": draw["init"], "weights": draw["weights"], "batch_sizes": [5, 1]}


change = partial(edited, ManualRNN)
STEP = "hidden = torch.tanh(self.i2h(torch.cat([x, hidden], dim=1)))"
ZEROS = "self.i2h.weight.new_zeros(batch_size, self.i2h.out_features)"
H2O = "self.h2o = nn.Linear(hidden_size, output_size)"
I2H = "self.i2h = nn.Linear(input_size + hidden_size, hidden_size)"
READ = "self.h2o(hidden)"
RETURN = "return output, hidden"


def starting(text: str) -> Any:
    """The cell with another first state."""
    return change({ZEROS: text})


wrong = Mistakes()

OUTPUT = "Which state belongs to the output of this step? Which parameters does it depend on when only one step is taken?"
wrong.family(
    OUTPUT,
    (
        "reads_the_old_state",
        change({STEP: STEP.replace("hidden =", "new =", 1), RETURN: "return output, new"}),
        "the output is read from the state before the step",
    ),
    (
        "reads_the_sum",
        change(
            {
                STEP: "before = self.i2h(torch.cat([x, hidden], dim=1))\n"
                "        hidden = torch.tanh(before)",
                READ: "self.h2o(before)",
            }
        ),
        "the output is read from the sum, before the tanh",
    ),
    (
        "reads_old_and_new",
        change(
            {
                STEP: STEP.replace("hidden =", "new =", 1),
                READ: "self.h2o(hidden + new)",
                RETURN: "return output, new",
            }
        ),
        "the output is read from the old and the new state together",
    ),
    (
        "reads_input_too",
        change(
            {
                H2O: "self.h2o = nn.Linear(input_size + hidden_size, output_size)",
                READ: "self.h2o(both)",
                STEP: f"both = torch.cat([x, hidden], dim=1)\n        {STEP}",
            }
        ),
        "h2o reads the input and the old state in place of the new state",
    ),
)
SQUASH = "Compare both lines of your forward with the two formulas, symbol by symbol."
wrong.family(
    SQUASH,
    ("no_tanh", change({"torch.tanh(": "("}), "nothing squashes the new state"),
    ("sigmoid", change({"torch.tanh(": "torch.sigmoid("}), "a sigmoid squashes the new state"),
    ("relu", change({"torch.tanh(": "torch.relu("}), "a relu makes the new state"),
    (
        "tanh_twice",
        change({"torch.tanh(": "torch.tanh(torch.tanh("} | {"dim=1)))": "dim=1))))"}),
        "the tanh is taken twice",
    ),
    (
        "output_squashed",
        change({READ: f"torch.tanh({READ})"}),
        "the output goes through a tanh as well",
    ),
    (
        "clipped",
        change({RETURN: "return output.clamp(-1, 1), hidden"}),
        "the output is cut off at ±1",
    ),
    (
        "residual",
        change({STEP: STEP.replace("hidden = ", "hidden = hidden + ", 1)}),
        "the new state is added to the old one",
    ),
)
SCORES = "The output is a row of scores, as they leave h2o. Which function stands behind it?"
wrong.family(
    SCORES,
    (
        "softmax",
        change({RETURN: "return output.softmax(1), hidden"}),
        "a softmax stands behind the output",
    ),
    (
        "log_softmax",
        change({RETURN: "return output.log_softmax(1), hidden"}),
        "a log-softmax stands behind the output",
    ),
)
wrong.add(
    "state_first_in_cat",
    change({"cat([x, hidden]": "cat([hidden, x]"}),
    "the state stands before the input in what i2h reads. Which columns of i2h.weight belong to x?",
)
wrong.add(
    "state_ignored",
    change({"cat([x, hidden]": "cat([x, torch.zeros_like(hidden)]"}),
    "the old state has no part in the new one. Does your result change with hidden?",
)
wrong.add(
    "along_the_batch",
    change({STEP: STEP.replace("dim=1", "dim=0")}),
    "x and hidden are joined along the batch. Which axis should grow when you join them?",
)
wrong.add(
    "state_first_returned",
    change({RETURN: "return hidden, output"}),
    "the state comes before the output. Look at the order of what you return.",
)
wrong.add(
    "output_only",
    change({RETURN: "return output"}),
    "the state does not come back. What does the next step start from?",
)
wrong.add(
    "old_state_returned",
    change({STEP: STEP.replace("hidden =", "new =", 1), READ: "self.h2o(new)"}),
    "the state that comes back is the one that went in. What does the next step start from?",
)
wrong.add(
    "in_place",
    change(
        {
            STEP: STEP.replace("hidden =", "new =", 1)
            + "\n        hidden.data.copy_(new)\n        hidden = new"
        }
    ),
    "the caller's state is overwritten. Print hidden before and after the call.",
)
GRADIENT = "Which step of your forward cuts the graph?"
wrong.family(
    GRADIENT,
    (
        "old_state_detached",
        change({"cat([x, hidden]": "cat([x, hidden.detach()]"}),
        "the values are right and no gradient goes back to the state before",
    ),
    (
        "new_state_detached",
        change({RETURN: "return output, hidden.detach()"}),
        "the values are right and the state that comes back has no gradient",
    ),
    (
        "read_detached",
        change({READ: "self.h2o(hidden.detach())"}),
        "the values are right and no gradient gets from the output past h2o",
    ),
)
PARTS = "Print the model, and compare names and sizes of its layers with the docstring."
wrong.family(
    PARTS,
    ("no_bias", change({I2H: I2H[:-1] + ", bias=False)"}), "i2h has no bias"),
    ("no_output_bias", change({H2O: H2O[:-1] + ", bias=False)"}), "h2o has no bias"),
    (
        "extra_layer",
        change(
            {H2O: f"{H2O}\n        self.i2o = nn.Linear(input_size + hidden_size, output_size)"}
        ),
        "there is a third layer",
    ),
    (
        "other_names",
        change(
            {
                I2H: I2H.replace("i2h", "in2hidden"),
                STEP: STEP.replace("i2h", "in2hidden"),
                "self.i2h.weight": "self.h2o.weight",
                "self.i2h.out": "self.in2hidden.out",
            }
        ),
        "the layers have other names",
    ),
    (
        "sizes_exchanged",
        change({I2H: "input_size, output_size = output_size, input_size\n        " + I2H}),
        "input_size and output_size are exchanged",
    ),
    (
        "state_is_learnt",
        change({H2O: f"{H2O}\n        self.h0 = nn.Parameter(torch.zeros(1, hidden_size))"}),
        "the first state is a parameter",
    ),
)
wrong.add(
    "layers_in_a_list",
    change(
        {
            H2O: f"{H2O}\n        self.both = [self.i2h, self.h2o]\n        del self.i2h, self.h2o",
            "self.i2h(": "self.both[0](",
            READ: "self.both[1](hidden)",
            ZEROS: "torch.zeros(batch_size, self.both[0].out_features)",
        }
    ),
    "the layers stand in a Python list, where PyTorch does not find them. Print the names of model.parameters().",
)
wrong.add(
    "dropped",
    change({READ: "self.h2o(nn.functional.dropout(hidden, 0.5, self.training))"}),
    "units are dropped while training. Which parts does the docstring name?",
)
TYPES = "What are the dtype and the device of the zeros that you make, and what are those of the module's parameters?"
wrong.family(
    TYPES,
    (
        "zeros_in_float32",
        starting("torch.zeros(batch_size, self.i2h.out_features)"),
        "the first state is float32 on the CPU, whatever the module is",
    ),
    (
        "zeros_on_the_cpu",
        starting("torch.zeros(batch_size, self.i2h.out_features, dtype=self.i2h.weight.dtype)"),
        "the first state is on the CPU, wherever the module is",
    ),
    (
        "zeros_of_other_dtype",
        starting("torch.zeros(batch_size, self.i2h.out_features, device=self.i2h.weight.device)"),
        "the first state is float32, whatever the module is",
    ),
)
START = "Print the shape and the numbers of model.init_hidden(3)."
wrong.family(
    START,
    (
        "starts_from_ones",
        starting(ZEROS.replace("zeros", "ones")),
        "the first state is made of ones",
    ),
    (
        "starts_at_random",
        starting(
            "torch.randn_like(self.i2h.weight[:1, :1].expand(batch_size, self.i2h.out_features))"
        ),
        "the first state is random",
    ),
    (
        "one_axis_more",
        starting(f"{ZEROS}[None]"),
        "the first state has an axis in front of the batch",
    ),
    (
        "one_row",
        starting(ZEROS.replace("batch_size", "1")),
        "the first state has one row, whatever batch_size is",
    ),
    (
        "as_wide_as_both",
        starting(ZEROS.replace("out_f", "in_f")),
        "the first state has I + H numbers in a row",
    ),
    (
        "as_wide_as_the_output",
        starting(ZEROS.replace("self.i2h.out_f", "self.h2o.out_f")),
        "the first state has O numbers in a row",
    ),
)
wrong.add(
    "starts_with_gradient",
    starting(f"{ZEROS}.requires_grad_()"),
    "the first state asks for a gradient. Print requires_grad of model.init_hidden(3).",
)
wrong.add(
    "the_same_tensor_again",
    starting(
        f'self.__dict__.setdefault(f"zeros {{batch_size}} {{self.i2h.weight.dtype}}", {ZEROS})'
    ),
    "init_hidden gives the same tensor at every call. What does the next caller find, if this one writes into it?",
)


@wrong
class KeepsItsState(ManualRNN):
    """a step goes on from the state that the module kept from the step before.
    Which state does your forward read: the one that it is given?"""

    def __init__(self, input_size, hidden_size, output_size):
        super().__init__(input_size, hidden_size, output_size)
        self.hidden: Any = None

    def forward(self, x, hidden):
        if self.hidden is not None and len(self.hidden) == len(x):
            hidden = self.hidden
        output, new = super().forward(x, hidden)
        self.hidden = new.detach()
        return output, new


PLACES = "init_hidden makes its zeros where the module's parameters are, with their dtype."
EXERCISE = Exercise(
    reference=ManualRNN,
    inputs=inputs,
    points=18,
    axes=SIZES,
    shapes={"x": "B I", "hidden": "B H", "output": "B O"},
    scenario=one_step,
    cases=(
        Case(
            name="a sequence from init_hidden on",
            inputs=sequence,
            scenario=steps_in_a_row,
            why="Five steps, each from the state that the step before gave back.",
        ),
        Case(
            name="the state from init_hidden",
            inputs=states,
            scenario=first_states,
            why="Zeros (B, H) are due, new ones at every call, as the module's parameters are.",
            value=False,
        ),
        edge(
            "the gradient of a first output",
            lambda rng: inputs(rng, **SIZES),
            "After a single step the output depends on every parameter already.",
            scenario=first_step_only,
        ),
        edge("large inputs", large, "However large the input, a state lies between -1 and 1."),
        edge("arguments by name", by_name, "The names of the arguments are those of the stub."),
        edge(
            "evaluation mode",
            drawn(mode="eval"),
            "This cell does the same in training and in evaluation mode.",
        ),
        edge(
            "the state of a float32 module",
            states,
            PLACES,
            scenario=first_states,
            dtype="float32",
            property="dtype",
        ),
        edge(
            "the state on an accelerator",
            states,
            PLACES,
            scenario=first_states,
            device="accelerator",
            property=PLACEMENT,
        ),
    ),
    mistakes=wrong,
    look="Write down the shapes of x, hidden and of what i2h reads, for B = 3, I = 4 and H = 6.",
    when_right=(
        "One linear layer that reads input and state side by side is the same as two matrices; "
        "which columns belong to which is settled by the order in which you join them. The output "
        "of a step is read from the new state: with the old one everything runs, and the input of "
        "the step has no part in its answer. A first state made without asking the parameters "
        "fits only where it was tried. Next question: what would you have to change so that the "
        "first state can be learnt?"
    ),
)
