"""A recurrent state with the same numbers and without its graph."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from autograder.spec import Case, Close, Exercise, Mistakes
from exercises.lab5_clipping import _stand_ins
from exercises.lab5_clipping._scenarios import cut
from solutions.lab5_clipping import detach_state

State = Any


def inputs(rng: np.random.Generator, L: int, B: int, H: int) -> Mapping[str, Any]:
    return {"state": rng.standard_normal((L, B, H))}


def pair(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"state": (rng.standard_normal((2, 3, 4)), rng.standard_normal((2, 3, 4)))}


def nothing(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"state": None}


def a_list(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"state": [rng.standard_normal((2, 3)) for _ in range(3)]}


def nested(rng: np.random.Generator) -> Mapping[str, Any]:
    def h() -> Any:
        return rng.standard_normal((2, 3))

    return {"state": [(h(), h()), [h(), None, (h(),)], (), ((h(), [h()], None), h())]}


def placed(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"state": (rng.standard_normal((2, 3)), [rng.standard_normal(4)])}


def as_it_is(state: State) -> State:
    return state


wrong = Mistakes()


@wrong
def tensors_only(state: State) -> State:
    """every state is treated as one tensor.
    What is the state of an LSTM? And what is it before the first chunk?"""
    return state.detach()


@wrong
def none_forgotten(state: State) -> State:
    """None is treated as a tensor.
    What is the state before the first chunk?"""
    if isinstance(state, tuple):
        return tuple(none_forgotten(part) for part in state)
    if isinstance(state, list):
        return [none_forgotten(part) for part in state]
    return state.detach()


@wrong
def one_level(state: State) -> State:
    """the items of a tuple or list are treated as tensors.
    What if a tuple holds tuples?"""
    if isinstance(state, tuple | list):
        return type(state)(part.detach() for part in state)
    return None if state is None else state.detach()


@wrong
def one_level_quietly(state: State) -> State:
    """a tuple or list inside another comes back with its graph.
    What if a tuple holds tuples?"""

    def one(part: State) -> State:
        return part.detach() if isinstance(part, torch.Tensor) else part

    return type(state)(map(one, state)) if isinstance(state, tuple | list) else one(state)


@wrong
def tuples_only(state: State) -> State:
    """lists come back with their graph.
    Which containers does your function open?"""
    if isinstance(state, tuple):
        return tuple(tuples_only(part) for part in state)
    return state.detach() if isinstance(state, torch.Tensor) else state


@wrong
def always_a_tuple(state: State) -> State:
    """lists come back as tuples.
    Compare the types of what goes in and what comes back."""
    if isinstance(state, tuple | list):
        return tuple(always_a_tuple(part) for part in state)
    return state.detach() if isinstance(state, torch.Tensor) else state


@wrong
def always_a_list(state: State) -> State:
    """tuples come back as lists.
    Compare the types of what goes in and what comes back."""
    if isinstance(state, tuple | list):
        return [always_a_list(part) for part in state]
    return state.detach() if isinstance(state, torch.Tensor) else state


@wrong
def flattened(state: State) -> State:
    """what is nested comes back flat.
    Compare the structure of what goes in and what comes back."""
    if not isinstance(state, tuple | list):
        return detach_state(state)
    parts: list[State] = []
    for part in state:
        found = flattened(part)
        parts += found if isinstance(found, tuple | list) else [found]
    return type(state)(parts)


@wrong
def first_only(state: State) -> State:
    """only the first part of a tuple or list is cut from its graph.
    Print requires_grad of every tensor that you return."""
    if isinstance(state, tuple | list) and state:
        return type(state)([first_only(state[0]), *state[1:]])
    return detach_state(state)


@wrong
def without_none(state: State) -> State:
    """None is left out of lists and tuples.
    The structure that is due back is the same, None included."""
    if isinstance(state, tuple | list):
        return type(state)(without_none(part) for part in state if part is not None)
    return detach_state(state)


@wrong
def in_place(state: State) -> State:
    """the old state is cut from its graph too.
    Look for an operation with an underscore, or one with an equals sign."""
    if isinstance(state, tuple | list):
        for part in state:
            in_place(part)
    elif state is not None:
        state.detach_()
    return state


@wrong
def a_new_leaf(state: State) -> State:
    """the tensors that come back require a gradient again.
    Print requires_grad of what you return."""
    if isinstance(state, tuple | list):
        return type(state)(a_new_leaf(part) for part in state)
    return None if state is None else state.detach().clone().requires_grad_()


@wrong
def started_again(state: State) -> State:
    """the numbers of the state are replaced by zeros.
    The graph is to be cut, the numbers are to stay."""
    if isinstance(state, tuple | list):
        return type(state)(started_again(part) for part in state)
    return None if state is None else torch.zeros_like(state)


@wrong
def forgotten(state: State) -> State:
    """None is returned for every state.
    The numbers of the state are to stay."""
    return None


@wrong
def none_becomes_zero(state: State) -> State:
    """None is replaced by a tensor.
    None is due back for None."""
    return torch.zeros(1) if state is None else detach_state(state)


def by_type(state: State) -> State:
    if state is None:
        return None
    if torch.is_tensor(state):
        return state.detach().clone()
    kind = type(state)
    return kind([by_type(part) for part in state])


def with_data(state: State) -> State:
    if isinstance(state, list | tuple):
        parts = []
        for part in state:
            parts.append(with_data(part))
        return tuple(parts) if isinstance(state, tuple) else parts
    return state if state is None else state.data


@torch.no_grad()
def without_recording(state: State) -> State:
    match state:
        case tuple():
            return tuple(map(without_recording, state))
        case list():
            return list(map(without_recording, state))
        case None:
            return None
    return state.clone()


wrong.add(
    "as_it_is",
    as_it_is,
    "the state comes back with its graph. "
    + "Print requires_grad of what you return. (A clone hangs in the graph of its "
    "original.)",
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
            inputs=pair,
            why="The state of an LSTM is a tuple of two tensors, and a tuple is due back.",
        ),
        Case(
            name="no state yet",
            inputs=nothing,
            value=False,
            why="Before the first chunk the state is None, and None is due back.",
        ),
        Case(
            name="a list of states",
            inputs=a_list,
            value=False,
            why="A list is due back for a list, with every tensor in it cut from its graph.",
        ),
        Case(
            name="lists and tuples inside each other",
            inputs=nested,
            value=False,
            why="However deep a tensor lies: the same structure is due back, None included.",
        ),
        Case(
            name="placement",
            inputs=placed,
            value=False,
            device="meta",
            why="The tensors stay where they are.",
        ),
    ),
    mistakes=wrong,
    stand_in=_stand_ins.cut_state,
    also_right=(by_type, with_data, without_recording),
    look="Print the type, and for tensors requires_grad, of what goes in and of what comes back.",
)
