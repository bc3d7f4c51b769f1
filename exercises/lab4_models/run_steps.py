"""A loop that takes any cell over whole sequences."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch

from autograder.spec import Case, Exercise, Mistakes, but, edited, printed, weights
from exercises.lab4_models._draws import Draw, bias, edge
from exercises.lab4_models._scenarios import through_a_cell
from solutions.lab4_models import run_steps

SIZES = {"B": 3, "T": 5, "I": 4, "H": 6, "O": 2}


def inputs(rng, B, T, I, H, O, **how: Any) -> Mapping[str, Any]:
    """A cell's weights, its inputs and its first state; how: what else `through_a_cell` takes."""
    return {
        "weights": {
            "W_xh": weights(rng, I, H),
            "W_hh": weights(rng, H, H),
            "b_h": bias(rng, H),
            "W_hy": weights(rng, H, O),
        },
        "x": rng.standard_normal((B, T, I)),
        "hidden": rng.uniform(-0.9, 0.9, (B, H)),
        **how,
    }


def drawn(**how: Any) -> Draw:
    """The default draw, used in another way."""
    return lambda rng: inputs(rng, **SIZES, **how)


def pair(rng: np.random.Generator, **how: Any) -> Mapping[str, Any]:
    """A state of two tensors."""
    draw = inputs(rng, **SIZES, **how)
    return {**draw, "hidden": (draw["hidden"], rng.standard_normal(draw["hidden"].shape))}


change = partial(edited, run_steps)
UNBIND = "x.unbind(dim=1)"
CALL = "output, hidden = cell(x_t, hidden)"
LOOP = f"for x_t in {UNBIND}:"
APPEND = "outputs.append(output)"
STACK = "torch.stack(outputs, dim=1)"
RETURN = f"return {STACK}, hidden"


def buffered(buffer: str) -> Any:
    """The loop that writes its outputs into a buffer; buffer: how that is made."""
    B, T = "x.shape[0]", "x.shape[1]"
    edits = {
        "outputs = []": f"outputs = {buffer.format(B=B, T=T)}",
        LOOP: f"for t, x_t in enumerate({UNBIND}):",
        APPEND: "outputs[:, t] = output",
        RETURN: "return outputs, hidden",
    }
    return change(edits)


def state_changed(function: Callable[[Any], Any]) -> Any:
    """The loop that does something with the state before it is handed on."""
    return change({CALL: f"{CALL}\n        hidden = altered(hidden)"}, altered=function)


def mapped(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda state: (
        tuple(map(function, state)) if isinstance(state, tuple) else function(state)
    )


def first_of(state: Any) -> Any:
    return state[0] if isinstance(state, tuple) else state


wrong = Mistakes()
printed(wrong, run_steps)

CARRY = "What does the second turn of your loop hand to the cell, and what the third?"
wrong.family(
    CARRY,
    (
        "always_the_first_state",
        change(
            {
                "outputs = []": "first = hidden\n    outputs = []",
                "= cell(x_t, hidden)": "= cell(x_t, first)",
            }
        ),
        "every step starts from the state that was given",
    ),
    (
        "starts_from_zeros",
        change(
            {"outputs = []": "hidden = zeros(hidden)\n    outputs = []"},
            zeros=mapped(torch.zeros_like),
        ),
        "the state that was given is not used, and zeros take its place",
    ),
    (
        "output_for_state",
        change({CALL: "_, hidden = cell(x_t, hidden)\n        output = hidden"}),
        "the states are collected in place of the outputs",
    ),
)
READING = "Write down which x the cell gets at the first turn of your loop, and its shape."
wrong.family(
    READING,
    (
        "backwards",
        change({UNBIND: f"reversed({UNBIND})"}),
        "the steps are taken from right to left",
    ),
    (
        "backwards_and_turned",
        change({UNBIND: f"reversed({UNBIND})", STACK: "torch.stack(outputs[::-1], dim=1)"}),
        "the steps are taken from right to left, and the outputs turned round afterwards",
    ),
    (
        "always_the_first_input",
        change({"= cell(x_t": "= cell(x[:, 0]"}),
        "every step reads the first input",
    ),
    (
        "always_the_last_input",
        change({"= cell(x_t": "= cell(x[:, -1]"}),
        "every step reads the last input",
    ),
    (
        "over_the_batch",
        change({UNBIND: "x"}),
        "the loop runs over the sequences of the batch in place of the steps",
    ),
    (
        "over_the_features",
        change({UNBIND: "x.unbind(dim=2)"}),
        "the loop runs over the features in place of the steps",
    ),
    (
        "keeps_the_time_axis",
        change({UNBIND: "x.split(1, dim=1)"}),
        "the cell gets (B, 1, I) in place of (B, I)",
    ),
    (
        "reshaped",
        change({UNBIND: "x.reshape(x.shape[1], x.shape[0], x.shape[2])"}),
        "x is reshaped where its axes should be exchanged",
    ),
    ("first_step_left_out", change({UNBIND: f"{UNBIND}[1:]"}), "the first step is left out"),
    ("last_step_left_out", change({UNBIND: f"{UNBIND}[:-1]"}), "the last step is left out"),
    (
        "one_step_only",
        change({APPEND: f"{APPEND}\n        break"}),
        "the loop ends after its first turn",
    ),
)
GIVEN = "Write down the shape of what you return, and what its axes stand for."
wrong.family(
    GIVEN,
    (
        "time_first",
        change({STACK: "torch.stack(outputs)"}),
        "time is the first axis of the outputs",
    ),
    (
        "joined",
        change({STACK: "torch.cat(outputs, dim=1)"}),
        "the outputs stand in one long row, without an axis for time",
    ),
    (
        "joined_below",
        change({STACK: "torch.cat(outputs)"}),
        "the outputs stand below each other, without an axis for time",
    ),
    (
        "joined_and_viewed",
        change({STACK: "torch.cat(outputs).view(len(x), x.shape[1], -1)"}),
        "outputs that stand below each other are viewed as (B, T, O)",
    ),
    ("a_list", change({STACK: "outputs"}), "the outputs come back as a list"),
    ("the_last_output", change({STACK: "output"}), "the output of the last step comes back alone"),
    (
        "time_last",
        change({STACK: "torch.stack(outputs, dim=2)"}),
        "time is the last axis of the outputs",
    ),
    ("outputs_only", change({RETURN: f"return {STACK}"}), "the last state does not come back"),
    (
        "state_first",
        change({RETURN: f"return hidden, {STACK}"}),
        "the state comes before the outputs",
    ),
    (
        "first_state_returned",
        change(
            {"outputs = []": "first = hidden\n    outputs = []", RETURN: f"return {STACK}, first"}
        ),
        "the state that comes back is the one that went in",
    ),
    (
        "all_states",
        change(
            {
                "outputs = []": "outputs, states = [], []",
                APPEND: f"{APPEND}\n        states.append(hidden)",
                RETURN: f"return {STACK}, states",
            }
        ),
        "the states of all steps come back in place of the last one",
    ),
)
OPAQUE = "What is the state of an LSTM? Who has to know about it: the loop or the cell?"
wrong.family(
    OPAQUE,
    (
        "tensors_only",
        change({"outputs = []": "hidden = hidden.clone()\n    outputs = []"}),
        "the state is treated as one tensor",
    ),
    (
        "first_part_returned",
        change({RETURN: f"return {STACK}, first_of(hidden)"}, first_of=first_of),
        "only the first part of a pair comes back",
    ),
    (
        "stacked_state",
        change(
            {
                RETURN: f"return {STACK}, torch.stack(tuple(hidden)) if isinstance(hidden, tuple) else hidden"
            }
        ),
        "the parts of a pair come back as one tensor",
    ),
)
GRADIENT = (
    "Which line of your loop cuts the graph? What you detach, copy out or make anew has no past."
)
wrong.family(
    GRADIENT,
    (
        "state_detached",
        state_changed(mapped(torch.Tensor.detach)),
        "the values are right and no gradient goes from one step to the step before",
    ),
    (
        "output_detached",
        change({APPEND: "outputs.append(output.detach())"}),
        "the values are right and the outputs have no gradient",
    ),
    (
        "without_gradient",
        change({"outputs = []": "x = x.detach()\n    outputs = []"}),
        "the values are right and no gradient reaches x",
    ),
    (
        "last_state_detached",
        change({RETURN: f"return {STACK}, cut(hidden)"}, cut=mapped(torch.Tensor.detach)),
        "the values are right and the state that comes back has no gradient",
    ),
)
BUFFER = "What do you know of the outputs before the first of them is there?"
wrong.family(
    BUFFER,
    (
        "as_wide_as_the_state",
        buffered(
            "x.new_zeros({B}, {T}, (hidden[0] if isinstance(hidden, tuple) else hidden).shape[1])"
        ),
        "the outputs are given as many numbers as the state",
    ),
    (
        "as_wide_as_the_input",
        buffered("torch.zeros_like(x)"),
        "the outputs are given as many numbers as the input",
    ),
    (
        "float32_buffer",
        buffered("torch.zeros({B}, {T}, cell(x[:, 0], hidden)[0].shape[1])"),
        "the outputs are written into float32 zeros on the CPU",
    ),
    (
        "buffer_on_the_cpu",
        buffered("torch.zeros({B}, {T}, cell(x[:, 0], hidden)[0].shape[1], dtype=x.dtype)"),
        "the outputs are written into zeros on the CPU",
    ),
)
CALLS = "How often is the cell called for a sequence of five steps? It may count its calls, or draw random numbers."
wrong.family(
    CALLS,
    (
        "asks_once_more",
        change({"outputs = []": "outputs = []\n    cell(x[:, 0], hidden)"}),
        "the cell is called once before the loop, to see what comes out",
    ),
    (
        "called_twice",
        change({CALL: "output, hidden = cell(x_t, hidden)[0], cell(x_t, hidden)[1]"}),
        "the cell is called twice at each step, for the output and for the state",
    ),
)
wrong.add(
    "own_first_state",
    change({"outputs = []": "hidden = cell.init_hidden(len(x))\n    outputs = []"}),
    "the cell is asked for its first state. Which state is the loop given, and does every cell have init_hidden?",
)
wrong.add(
    "unpacks_the_cell",
    change({CALL: "output, hidden = cell.forward(x_t, hidden)"}),
    "the cell has to be a module with a method forward. What do you know of a cell, except that it can be called?",
)
wrong.add(
    "squeezed",
    but(run_steps, returns=lambda pair: (pair[0].squeeze(), pair[1])),
    "axes of size 1 get lost. Try one sequence, or one step.",
)


EXERCISE = Exercise(
    reference=run_steps,
    inputs=inputs,
    points=14,
    axes=SIZES,
    shapes={
        "x": "B T I",
        "hidden": "B H",
        "W_xh": "I H",
        "W_hh": "H H",
        "b_h": "H",
        "W_hy": "H O",
        "outputs": "B T O",
    },
    scenario=through_a_cell,
    cases=(
        Case(
            name="a state of two tensors",
            inputs=pair,
            why="The state of a cell may be a pair: hand on what the cell returned.",
        ),
        Case(
            name="a cell that is a function",
            inputs=drawn(form="function"),
            why="A cell is anything that can be called.",
        ),
        edge(
            "a cell that is a method",
            lambda rng: pair(rng, form="method"),
            "A cell is anything that can be called.",
        ),
        edge(
            "a cell that grows louder from call to call",
            drawn(louder=0.25),
            "Call the cell once for each step: it may be another after every call.",
        ),
    ),
    mistakes=wrong,
    look="Play three steps by hand: what goes into the cell, what comes out, and where does it go?",
    when_right=(
        "A few short lines, and not one of them knows what a cell is: that is why the loop serves "
        "an LSTM, your network and a plain function alike. The traps are those of every loop: "
        "handing on the first state again, or joining the outputs without an axis for time. "
        "Nothing may be detached on the way, or the network could not learn from earlier steps. "
        "Next question: how would you run the same loop from right to left and still return the "
        "outputs in the order of time?"
    ),
)
