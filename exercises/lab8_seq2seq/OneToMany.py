"""A module that makes a sequence out of one vector."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from autograder.spec import Exercise, Mistakes, but, edited
from exercises.lab8_seq2seq._models import (
    Draw,
    build_and_run,
    draw_linear,
    draw_recurrent,
    edge,
    one_after_the_other,
    with_shapes,
)
from solutions.lab8_seq2seq import OneToMany

SIZES: dict[str, Any] = {"B": 4, "T": 6, "I": 3, "H": 5, "O": 2}


def inputs(
    rng: np.random.Generator, B: int, T: int, I: int, H: int, O: int, mode: str = "train"
) -> Mapping[str, Any]:
    """T is the number of steps."""
    weights = draw_linear(rng, "encoder", I, H)
    weights |= draw_recurrent(rng, "cell", O, H, "lstm", end="")
    weights |= draw_linear(rng, "fc", H, O)
    return {
        "init": [I, H, O],
        "weights": weights,
        "inputs": [rng.standard_normal((B, I)), T],
        "probe": rng.standard_normal((B, T, O)),
        "mode": mode,
    }


def drawn(**changes: Any) -> Draw:
    return lambda rng: inputs(rng, **{**SIZES, **changes})


def by_name(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = inputs(rng, **SIZES)
    x, steps = draw["inputs"]
    init = {"output_size": SIZES["O"], "input_size": SIZES["I"], "hidden_size": SIZES["H"]}
    return {**draw, "init": init, "inputs": {"steps": steps, "x": x}}


def twice(rng: np.random.Generator) -> Mapping[str, Any]:
    """A call, and then another one with another batch and other steps."""
    draw = inputs(rng, **SIZES)
    second = [rng.standard_normal((SIZES["B"], SIZES["I"])), 3]
    calls = {"first": draw["inputs"], "second": second}
    return {"init": draw["init"], "weights": draw["weights"], **calls}


change = partial(edited, OneToMany)

SUPER = "super().__init__()"
FIRST = "output = h.new_zeros(len(x), self.fc.out_features)"
START = "h = torch.tanh(self.encoder(x))"
CELL = "c = torch.zeros_like(h)"
STEP = "h, c = self.cell(output, (h, c))"
SAY = "output = self.fc(h)"
KEEP = "outputs.append(output)"
RENAMED = {
    "self.encoder = ": "self.i2h = ",
    "self.encoder(x)": "self.i2h(x)",
    "self.cell = ": "self.lstm = ",
    "self.cell(output": "self.lstm(output",
}

FED = "Which two things does the cell get at step 0, and which at step 1?"
BEGINS = "What are h, c and the first thing that is fed, before any step?"
PARTS = "Print the model, and compare names and sizes of its layers with the docstring."
GRADIENT = "Which line of your loop cuts the graph?"
TYPES = "What is the dtype and the device of every tensor that your forward makes?"
COUNT = "Count the outputs for steps = 1 and for steps = 2."

wrong = Mistakes()
wrong.family(
    FED,
    (
        "feeds_zeros",
        change({STEP: STEP.replace("output", "0 * output")}),
        "every step is fed zeros",
    ),
    (
        "feeds_the_first_output",
        change(
            {
                SAY: "said = self.fc(h)\n            output = outputs[0] if outputs else said",
                KEEP: "outputs.append(said)",
            }
        ),
        "every step is fed the first output",
    ),
    (
        "feeds_the_state",
        change(
            {STEP: "h, c = self.cell(h[:, : self.fc.out_features] if outputs else output, (h, c))"}
        ),
        "the state is fed and not the output",
    ),
    (
        "feeds_the_squashed_output",
        change({STEP: STEP.replace("(output", "(output.tanh()")}),
        "what is fed is squashed first",
    ),
    (
        "feeds_two_steps_before",
        change(
            {STEP: "h, c = self.cell(outputs[-2] if len(outputs) > 1 else 0 * output, (h, c))"}
        ),
        "each step is fed the output of two steps before",
    ),
    (
        "feeds_the_sum",
        change({SAY: "output = output + self.fc(h)", KEEP: "outputs.append(self.fc(h))"}),
        "the outputs so far are fed as a sum",
    ),
)
wrong.family(
    BEGINS,
    (
        "starts_with_an_output",
        change({FIRST: "output = self.fc(h)"}),
        "the first step is fed fc of the first state",
    ),
    (
        "no_tanh",
        change({"torch.tanh(self.encoder(x))": "self.encoder(x)"}),
        "the first state is not squashed",
    ),
    ("relu_for_tanh", change({"torch.tanh": "torch.relu"}), "the first state goes through a relu"),
    (
        "sigmoid_for_tanh",
        change({"torch.tanh": "torch.sigmoid"}),
        "the first state goes through a sigmoid",
    ),
    ("c_is_h", change({CELL: "c = h"}), "c starts as a copy of h"),
    (
        "exchanged",
        change({CELL: "h, c = torch.zeros_like(h), h"}),
        "the vector goes into c, and h starts from zeros",
    ),
    ("c_is_one", change({"zeros_like": "ones_like"}), "c starts from ones"),
    ("feeds_ones_first", change({"h.new_zeros": "h.new_ones"}), "the first step is fed ones"),
    ("vector_unused", change({START: "h = 0 * self.encoder(x)"}), "the vector is not used at all"),
)
wrong.family(
    "What is carried from one step to the next?",
    (
        "c_forgotten",
        change({STEP: "h, c = self.cell(output, (h, torch.zeros_like(h)))"}),
        "c is zero again at every step",
    ),
    (
        "state_forgotten",
        change(
            {STEP: "h, c = self.cell(output, (torch.tanh(self.encoder(x)), torch.zeros_like(h)))"}
        ),
        "every step starts from the first state",
    ),
    (
        "h_forgotten",
        change({STEP: "h, c = self.cell(output, (torch.tanh(self.encoder(x)), c))"}),
        "every step starts from the first h",
    ),
    (
        "state_added",
        change({SAY: f"h = h + torch.tanh(self.encoder(x))\n            {SAY}"}),
        "the vector is added to the state again at every step",
    ),
)
wrong.family(
    "What does fc read, and what becomes of its output?",
    ("reads_c", change({SAY: "output = self.fc(c)"}), "fc reads c"),
    (
        "reads_the_old_state",
        change({STEP: f"output = self.fc(h)\n            {STEP}", f"            {SAY}\n": ""}),
        "each output is made from the state before the step",
    ),
    (
        "states_returned",
        change({KEEP: "outputs.append(h)"}),
        "the states come back and not the outputs",
    ),
    (
        "probabilities",
        change(
            {
                "return torch.stack(outputs, dim=1)": "return torch.stack(outputs, dim=1).softmax(-1)"
            }
        ),
        "a softmax stands at the end",
    ),
)
wrong.family(
    "Which axis is time, in what you return?",
    ("steps_first", change({"dim=1)": "dim=0)"}), "the steps come first and the batch second"),
    (
        "side_by_side",
        change({"torch.stack(outputs, dim=1)": "torch.cat(outputs, dim=1)"}),
        "the outputs of all steps stand side by side on one axis",
    ),
    (
        "mixed_up",
        change({"torch.stack(outputs, dim=1)": "torch.stack(outputs).reshape(len(x), steps, -1)"}),
        "steps and samples are mixed up by a reshape",
    ),
    (
        "last_first",
        change({"torch.stack(outputs, dim=1)": "torch.stack(outputs[::-1], dim=1)"}),
        "the last step comes first",
    ),
    (
        "last_only",
        change({"torch.stack(outputs, dim=1)": "output"}),
        "the last output alone comes back",
    ),
)
wrong.family(
    COUNT,
    (
        "one_step_less",
        but(OneToMany, forward={"steps": lambda n: n - 1 or n}),
        "there is one step less",
    ),
    (
        "one_step_more",
        but(OneToMany, forward={"steps": lambda n: n + 1}),
        "there is one step more",
    ),
)
wrong.family(
    GRADIENT,
    (
        "cut_output",
        change({STEP: STEP.replace("output", "output.detach()")}),
        "no gradient flows through the outputs that are fed",
    ),
    (
        "cut_state",
        change(
            {STEP: "h, c = self.cell(output, (h.detach(), c.detach()) if outputs else (h, c))"}
        ),
        "no gradient flows from step to step through the state",
    ),
    (
        "cut_start",
        change({"self.encoder(x))": "self.encoder(x)).detach()"}),
        "no gradient reaches the encoder",
    ),
)
wrong.family(
    TYPES,
    (
        "zeros_in_float32",
        change(
            {
                "h.new_zeros(len(x), self.fc.out_features)": "torch.zeros(len(x), self.fc.out_features, device=x.device)"
            }
        ),
        "the zeros that are fed first are float32 whatever x is",
    ),
    (
        "zeros_on_the_cpu",
        change(
            {
                "h.new_zeros(len(x), self.fc.out_features)": "torch.zeros(len(x), self.fc.out_features, dtype=x.dtype)"
            }
        ),
        "the zeros that are fed first are made on the CPU",
    ),
    (
        "c_on_the_cpu",
        change({CELL: "c = torch.zeros(h.shape, dtype=h.dtype)"}),
        "c is made on the CPU",
    ),
)
wrong.family(
    PARTS,
    ("other_names", change(RENAMED), "the layers have other names"),
    (
        "sizes_exchanged",
        change({SUPER: f"{SUPER}\n        input_size, output_size = output_size, input_size"}),
        "input_size and output_size are exchanged",
    ),
    (
        "cell_reads_states",
        change({"nn.LSTMCell(output_size, hidden": "nn.LSTMCell(hidden_size, hidden"}),
        "the cell is made for H numbers and not for O",
    ),
    (
        "no_fc_bias",
        change({"size, output_size)\n        ###": "size, output_size, bias=False)\n        ###"}),
        "fc has no bias",
    ),
    (
        "no_encoder_bias",
        change({"Linear(input_size, hidden_size)": "Linear(input_size, hidden_size, bias=False)"}),
        "encoder has no bias",
    ),
    (
        "gru_cell",
        change({"nn.LSTMCell(": "nn.GRUCell(", STEP: "h = self.cell(output, h)"}),
        "the cell is a GRU",
    ),
    (
        "dropped",
        change(
            {
                SAY: "output = self.fc(h * (torch.arange(h.shape[1]) % 2 == 0) if self.training else h)"
            }
        ),
        "units are dropped in training mode",
    ),
)


@wrong
class GoesOn(OneToMany):
    """a call goes on from the state in which the call before ended.
    What does your model keep in self during forward?"""

    kept: Any = None

    def forward(self, x, steps):
        fits = self.kept is not None and len(self.kept) == len(x)
        h = self.kept if fits else torch.tanh(self.encoder(x))
        c = torch.zeros_like(h)
        output = nn.functional.pad(h, (0, self.fc.out_features))[:, h.shape[1] :]
        outputs = []
        for _ in range(steps):
            h, c = self.cell(output, (h, c))
            output = self.fc(h)
            outputs.append(output)
        self.kept = h.detach()
        return torch.stack(outputs, dim=1)


EXERCISE = Exercise(
    reference=OneToMany,
    inputs=inputs,
    points=11,
    axes=SIZES,
    shapes={"inputs.0": "B I", "result": "B T O", "probe": "B T O"},
    scenario=build_and_run,
    view=with_shapes,
    cases=(
        edge("two steps", drawn(T=2), "The second step is fed the first output."),
        edge("arguments by name", by_name, "The arguments have the names of the docstring."),
        edge(
            "evaluation mode",
            drawn(mode="eval"),
            "This network does the same in training and in evaluation mode.",
        ),
        edge(
            "another batch with the same model",
            twice,
            "Every call starts anew from its own x.",
            scenario=one_after_the_other,
        ),
    ),
    mistakes=wrong,
    look=FED,
    when_right=(
        "An nn.LSTM that is called with one step at a time, and handed its state each time, would "
        "do the same as the cell. Two slips are quiet. An output that is detached before it is "
        "fed gives the same numbers and another gradient. And c as a copy of h has the right "
        "shape. Next question: with steps = 1 some weights of the cell get no gradient at all. "
        "Which ones, and what were they multiplied with?"
    ),
)
