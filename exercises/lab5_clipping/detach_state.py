"""A recurrent state with the same numbers and without its graph."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from autograder.spec import Case, Close, Exercise, Mistakes, edited
from exercises.lab5_clipping._draws import also
from exercises.lab5_clipping._scenarios import cut
from solutions.lab5_clipping import detach_state


def inputs(rng: np.random.Generator, L: int, B: int, H: int) -> Mapping[str, Any]:
    return {"state": rng.standard_normal((L, B, H))}


def nested(rng: np.random.Generator) -> Mapping[str, Any]:
    def h() -> Any:
        return rng.standard_normal((2, 3))

    return {"state": [(h(), h()), [h(), None, (h(),)], (), ((h(), [h()], None), h())]}


TUPLE = "tuple(detach_state(part) for part in state)"
LIST = "[detach_state(part) for part in state]"


def each(part):
    """detach_state with something else for each part of a tuple or list."""
    old = "detach_state(part)"
    return edited(detach_state, {f"({old}": f"({part}", f"[{old}": f"[{part}"})


wrong = Mistakes()
wrong.family(
    "What if a tuple holds tuples?",
    ("one_level", each("part.detach()"), "the items of a tuple or list are treated as tensors"),
    (
        "one_level_quietly",
        each("part.detach() if isinstance(part, Tensor) else part"),
        "a tuple or list inside another comes back with its graph",
    ),
)


@wrong
def computed_only(state):
    """a tensor that was not computed from others comes back as it is.
    Print requires_grad of what you return where the state is an nn.Parameter."""
    if isinstance(state, tuple | list):
        return type(state)(computed_only(part) for part in state)
    return state if state is None or state.grad_fn is None else state.detach()


@wrong
def flattened(state):
    """what is nested comes back flat.
    Compare the structure of what goes in and what comes back."""
    if not isinstance(state, tuple | list):
        return detach_state(state)
    parts: list[Any] = []
    for part in state:
        found = flattened(part)
        parts += found if isinstance(found, tuple | list) else [found]
    return type(state)(parts)


@wrong
def first_only(state):
    """only the first part of a tuple or list is cut from its graph.
    Print requires_grad of every tensor that you return."""
    if isinstance(state, tuple | list) and state:
        return type(state)([first_only(state[0]), *state[1:]])
    return detach_state(state)


@wrong
def without_none(state):
    """None is left out of lists and tuples.
    The structure that is due back is the same, None included."""
    if isinstance(state, tuple | list):
        return type(state)(without_none(part) for part in state if part is not None)
    return detach_state(state)


@wrong
def in_place(state):
    """the old state is cut from its graph too.
    Look for an operation with an underscore, or one with an equals sign."""
    if isinstance(state, tuple | list):
        for part in state:
            in_place(part)
    elif state is not None:
        state.detach_()
    return state


@wrong
def none_becomes_zero(state):
    """None is replaced by a tensor.
    None is due back for None."""
    return torch.zeros(1) if state is None else detach_state(state)


wrong.add(
    "as_it_is",
    lambda state: state,
    "the state comes back with its graph. Print requires_grad of what you return. (A clone hangs in the graph of its original.)",
)
wrong.add(
    "tensors_only",
    lambda state: state.detach(),
    "every state is treated as one tensor. What is the state of an LSTM? And what is it before the first chunk?",
)
wrong.add(
    "none_forgotten",
    edited(detach_state, {"\n    return state": "\n    return state.detach()"}),
    "None is treated as a tensor. What is the state before the first chunk?",
)
wrong.add(
    "tuples_only",
    edited(detach_state, {LIST: "state"}),
    "lists come back with their graph. Which containers does your function open?",
)
wrong.family(
    "Compare the types of what goes in and what comes back.",
    ("always_a_tuple", edited(detach_state, {LIST: TUPLE}), "lists come back as tuples"),
    ("always_a_list", edited(detach_state, {TUPLE: LIST}), "tuples come back as lists"),
)
wrong.add(
    "a_new_leaf",
    edited(detach_state, {"state.detach()": "state.detach().clone().requires_grad_()"}),
    "the tensors that come back require a gradient again. Print requires_grad of what you return.",
)
wrong.add(
    "started_again",
    edited(detach_state, {"state.detach()": "torch.zeros_like(state)"}),
    "the numbers of the state are replaced by zeros. The graph is to be cut, the numbers are to stay.",
)
wrong.add(
    "forgotten",
    lambda state: None,
    "None is returned for every state. The numbers of the state are to stay.",
)


EXERCISE = Exercise(
    reference=detach_state,
    inputs=inputs,
    points=8,
    axes={"L": 2, "B": 3, "H": 4},
    shapes={"state": "L B H"},
    scenario=cut,
    close=Close(alike=False),
    cases=(
        Case(
            name="the pair of an LSTM",
            inputs=lambda rng: {
                "state": (rng.standard_normal((2, 3, 4)), rng.standard_normal((2, 3, 4)))
            },
            why="The state of an LSTM is a tuple of two tensors, and a tuple is due back.",
        ),
        also(
            "no state yet",
            lambda rng: {"state": None},
            "Before the first chunk the state is None, and None is due back.",
        ),
        also(
            "a list of states",
            lambda rng: {"state": [rng.standard_normal((2, 3)) for _ in range(3)]},
            "A list is due back for a list, with every tensor in it cut from its graph.",
        ),
        also(
            "lists and tuples inside each other",
            nested,
            "However deep a tensor lies: the same structure is due back, None included.",
        ),
        also(
            "a first state that is learnt",
            lambda rng: {"state": (rng.standard_normal((2, 3)), None), "learnt": True},
            "A parameter may be a state too: what comes back requires no gradient.",
        ),
    ),
    mistakes=wrong,
    look="Print the type, and for tensors requires_grad, of what goes in and of what comes back.",
    when_right=(
        "Recursion mirrors the data: a case for a tensor, a case for what holds others, and "
        "everything else as it is. The trap is a function that knows only the states of today, "
        "such as one tensor or a flat pair. Detaching in place would cut the old state too, while "
        "somebody may still need its graph. Next question: the numbers are shared with the old "
        "tensors. When would that hurt, and what could be done about it?"
    ),
)
