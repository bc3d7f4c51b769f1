"""The threshold of train_seq2seq on twenty draws, and the judge's copy of the model it is met with."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from autograder.spec import edited
from exercises.lab8_seq2seq._training import (
    Reverser,
    matches,
    real_tokens,
    summed_losses,
    train,
    view,
)
from exercises.lab8_seq2seq._training_draws import enough, still
from solutions.lab8_seq2seq import train_seq2seq

pytestmark = pytest.mark.usefixtures("one_thread")

LEAK = {"model(src, lengths, targets)[real]": "model(src, lengths, targets.roll(-1, 1))[real]"}


def drawn(draw: Any, seed: int) -> Any:
    def tensors(part: Any) -> Any:
        if isinstance(part, np.ndarray):
            return torch.from_numpy(part)
        if isinstance(part, dict):
            return {key: tensors(item) for key, item in part.items()}
        return type(part)(map(tensors, part)) if isinstance(part, list | tuple) else part

    return tensors(dict(draw(np.random.default_rng(seed))))


@pytest.mark.parametrize("seed", range(3))
def test_the_judges_losses_are_those_of_the_model(seed: int) -> None:
    arguments = drawn(still(), seed)
    model = Reverser(arguments["weights"], *arguments["ids"])
    for src, lengths, targets in arguments["batches"]:
        logits = model(src, lengths, targets)
        each = F.cross_entropy(logits.transpose(1, 2), targets, reduction="none")
        due = (each * real_tokens(targets, arguments["ids"][1])).sum(1)
        several = {name: value[None] for name, value in arguments["weights"].items()}
        batch = (part[None] for part in (src, lengths, targets))
        found = summed_losses(several, *batch, ids=arguments["ids"])[0]
        torch.testing.assert_close(found, due)


def test_real_tokens_end_with_the_first_end() -> None:
    targets = torch.tensor([[5, 1, 1, 1], [5, 6, 7, 8], [1, 1, 1, 1]])
    assert real_tokens(targets, 1).tolist() == [
        [True, True, False, False],
        [True, True, True, True],
        [True, False, False, False],
    ]


@pytest.mark.slow
def test_the_reference_learns_on_every_draw_and_a_leak_on_none() -> None:
    leaking = edited(train_seq2seq, LEAK)
    for seed in range(20):
        arguments = drawn(enough, seed)
        result = train(train_seq2seq, **arguments)
        facts = view(arguments, result)
        assert all(fact is True for fact in facts.values()), (seed, facts)
        assert matches(arguments, result["weights"]) > 0.95
        if seed % 4 == 0:
            leaked = train(leaking, **arguments)
            assert leaked["losses"][-1] < 0.1
            assert matches(arguments, leaked["weights"]) < 0.3
