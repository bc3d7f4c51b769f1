"""New values are random: no seed may cost a right program points, and none may save a wrong one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from exercises.lab4_models._initial import (
    initialised,
    input_kind,
    looks,
    orthogonal,
    uniform,
    xavier,
)
from exercises.lab4_models.init_recurrent_ import EXERCISE
from solutions.lab4_models import count_parameters, init_recurrent_, parameter_table

SEEDS = range(20)


def facts(program: Callable[..., Any], seed: int, case: int = 2) -> dict[str, Any]:
    """What is said of a program, with torch at a seed; the third case is a stack."""
    arguments = dict(EXERCISE.cases[case].inputs(np.random.default_rng(seed)))
    torch.manual_seed(seed)
    return looks(arguments, initialised(program, **arguments))


def untold(found: dict[str, Any]) -> list[str]:
    return [name for name, holds in found.items() if holds is False]


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_the_reference_holds_at_every_seed_in_every_case(seed: int) -> None:
    for place in range(len(EXERCISE.cases)):
        assert untold(facts(init_recurrent_, seed, place)) == []


@pytest.mark.slow
@pytest.mark.parametrize("mistake", EXERCISE.mistakes, ids=lambda one: one.name)
def test_a_wrong_one_looks_the_same_at_every_seed(mistake: Any) -> None:
    seen = []
    for seed in range(5):
        try:
            found = facts(mistake.function, seed)
        except (RuntimeError, AssertionError) as error:
            found = {"raises": type(error).__name__}
        finally:
            torch.set_grad_enabled(True)
        seen.append({name: value for name, value in found.items() if name.startswith("what")})
    assert all(one == seen[0] for one in seen)


def test_uniform_numbers_are_told_from_others_of_the_same_spread() -> None:
    torch.manual_seed(0)
    bound, shape = xavier(14, 21), (14, 21)
    for _ in range(200):
        assert uniform(nn.init.xavier_uniform_(torch.empty(shape)), bound)
        assert not uniform(nn.init.xavier_normal_(torch.empty(shape)), bound)
        assert not uniform(nn.init.xavier_uniform_(torch.empty(shape), gain=1.4), bound)
        assert not uniform(nn.init.xavier_uniform_(torch.empty(shape), gain=0.72), bound)
        assert not uniform(nn.init.xavier_uniform_(torch.empty(shape)).abs(), bound)
        triangular = (torch.rand(4, 14, 21) - torch.rand(4, 14, 21)) * bound
        assert not all(uniform(block, bound) for block in triangular)


def test_orthogonal_is_asked_of_rows_or_columns_whichever_are_fewer() -> None:
    matrix = nn.init.orthogonal_(torch.empty(12, 3))
    assert orthogonal(matrix) and orthogonal(matrix.T)
    assert not orthogonal(0.9 * matrix)
    assert not orthogonal(matrix.T @ torch.diag(torch.arange(12.0)))


def test_the_bound_is_that_of_a_block() -> None:
    torch.manual_seed(1)
    stacked = nn.init.xavier_uniform_(torch.empty(4 * 16, 23))
    before = torch.zeros(4 * 16, 23, dtype=torch.float64)
    assert input_kind(stacked, 4, before) == "Xavier uniform as one matrix"


def test_a_table_adds_up_to_the_count_for_models_that_share() -> None:
    model = nn.ModuleDict({"a": nn.GRU(3, 4, 2), "b": nn.Linear(4, 3), "c": nn.Linear(4, 3)})
    model["c"].weight = model["b"].weight
    model["again"] = model["a"]
    assert parameter_table(model) == {
        "a": sum(p.numel() for p in model["a"].parameters()),
        "b": 15,
        "c": 3,
    }
    assert sum(parameter_table(model).values()) == count_parameters(model)
