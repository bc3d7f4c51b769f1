"""What refuses, refuses under every name, and is put back where that is asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn.utils import clip_grad_norm_ as alias

from autograder.chain.recording import record
from autograder.labcheck.refusing import NOTED, Forbidden, refusing
from autograder.labcheck.run import check_cases
from autograder.labcheck.visible import load
from autograder.spec.collection import collect

IDS = torch.tensor([0, 2])
WAYS: dict[str, tuple[str, Callable[[], Any]]] = {
    "a function in C": (
        "torch.nn.functional.one_hot",
        lambda: torch.nn.functional.one_hot(IDS, 3),
    ),
    "its operator": ("torch.nn.functional.one_hot", lambda: torch.ops.aten.one_hot(IDS, 3)),
    "an operator by its name": ("torch.ops.aten.one_hot", lambda: torch._C._nn.one_hot(IDS, 3)),
    "a function under another name": ("torch.nn.utils.clip_grad_norm_", lambda: alias([], 1.0)),
    "a module": ("torch.nn.utils.clip_grad", lambda: torch.nn.utils.get_total_norm([])),
    "a class": ("torch.nn.RNN", lambda: torch.nn.RNN(2, 3)),
    "a package": ("torch.nn", lambda: torch.nn.Linear(2, 3)),
    "what has no operator": ("torch.is_grad_enabled", lambda: torch.is_grad_enabled()),
    "a function of the standard library": ("json.dumps", lambda: json.dumps(1)),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_name_refuses_inside_and_works_again_after_it(way: str) -> None:
    name, call = WAYS[way]
    call()
    NOTED.clear()
    with refusing([name]), pytest.raises(Forbidden, match="may not be used here"):
        call()
    assert len(NOTED) == 1
    call()


def test_names_that_are_not_there_are_passed_over() -> None:
    with refusing(["torch.nothing.at_all", "torch.ops.aten.nothing", "jax.numpy.tanh", "jax"]):
        torch.tanh(torch.ones(1))


def one_hot(ids: Any, num_classes: int) -> Any:
    return vars(torch.nn.functional)["one_" + "hot"](ids, num_classes).to(torch.float32)


def test_at_home_the_same_is_said(tmp_path: Path) -> None:
    file = tmp_path / "visible.json"
    file.write_text(json.dumps(record(collect("lab1_shapes"))), encoding="utf-8")
    checked = check_cases(load(file)["one_hot"], one_hot)
    assert (checked.outcome, checked.share) == ("forbidden", 0.0)
    assert checked.used == "torch.nn.functional.one_hot"
    assert one_hot(IDS, 3).shape == (2, 3)
