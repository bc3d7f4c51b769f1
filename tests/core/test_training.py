"""A training is passed by a loop: what the judge finds in its steps, and in a show of steps."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
import training_programs
from training_programs import LOSSES, OPTIMIZERS, SHOWS, STYLES, TRAINS, Loop, with_optimizer

from autograder.judge.calls import request_of
from autograder.judge.grader import Grader
from autograder.judge.submission import read_bytes
from autograder.labcheck.calling import called
from autograder.labcheck.tree import live, plain
from autograder.spec.collection import collect

EXERCISES = {
    "lab6_bidirectional.train_sentiment": "new sentences",
    "lab7_tagging.train_tagger": "enough data to learn the rule",
}
ONCE = "each epoch makes one update with each batch"
START = "training goes on from the weights that were handed in"
UPDATES = "each update follows from the gradients of its batch and of those before"
HONEST = "each loss is that of the weights on the way"
STEPS = {ONCE, START, UPDATES, HONEST}

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]
everywhere = pytest.mark.parametrize("exercise", EXERCISES)


def trained(exercise: str, loop: Loop, draw: int = 0) -> dict[str, Any]:
    """What the judge says of a loop on the case with a whole training; all but losses as facts."""
    torch.manual_seed(draw)
    spec = importlib.import_module(f"exercises.{exercise}").EXERCISE
    case = next(one for one in spec.cases if one.name == EXERCISES[exercise])
    request = request_of(spec, case, "torch", np.random.default_rng(draw), None)
    call = called(loop, request.question.arguments, spec.scenario)
    if call.error is not None:
        raise call.error
    arguments = {name: live(value) for name, value in request.question.arguments.items()}
    facts: dict[str, Any] = spec.view(arguments, live(plain(call.result)))
    return facts


def failing(facts: dict[str, Any]) -> set[str]:
    """Which of the statements do not hold."""
    return {name for name, holds in facts.items() if holds is not True}


@everywhere
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_trains(exercise: str, name: str) -> None:
    assert not failing(trained(exercise, with_optimizer(OPTIMIZERS[name]))) & STEPS


@everywhere
def test_the_budget_is_enough_on_twenty_draws_and_for_other_optimizers(exercise: str) -> None:
    for draw in range(20):
        assert not failing(trained(exercise, TRAINS, draw)), draw
    for name in ("AdamW", "NAdam", "RMSprop", "Adagrad"):
        for draw in range(4):
            assert not failing(trained(exercise, with_optimizer(OPTIMIZERS[name]), draw)), name


@everywhere
@pytest.mark.parametrize("name", STYLES)
def test_every_style_of_a_loop_trains(exercise: str, name: str) -> None:
    assert not failing(trained(exercise, STYLES[name]))


@everywhere
@pytest.mark.parametrize("name", SHOWS)
def test_a_show_of_steps_is_no_training(exercise: str, name: str) -> None:
    assert failing(trained(exercise, SHOWS[name])) & {ONCE, START, UPDATES}


@everywhere
@pytest.mark.parametrize("name", LOSSES)
def test_losses_that_are_made_up_are_seen(exercise: str, name: str) -> None:
    assert HONEST in failing(trained(exercise, LOSSES[name]))


@everywhere
def test_what_is_right_for_one_student_is_not_for_another(exercise: str) -> None:
    """Weights by heart: the rule is drawn, so that they are as good as chance, if they fit at all."""
    kept: list[Any] = []

    def by_heart(
        model: Any, batches: Any, epochs: int, lr: float, max_norm: float = 5.0
    ) -> list[float]:
        losses = TRAINS(model, batches, epochs, lr, max_norm)
        if not kept:
            kept.extend(training_programs.weights(model))
        for p, value in zip(model.parameters(), kept, strict=True):
            same = tuple(slice(min(a, b)) for a, b in zip(p.shape, value.shape, strict=True))
            p.data.zero_()[same] = value[same]
        return losses

    assert not failing(trained(exercise, by_heart, draw=0))
    facts = trained(exercise, by_heart, draw=1)
    assert any("new" in name for name in failing(facts))


# -- programs that tamper with what notes the steps, in processes of their own -------------------

PATCHES = {
    "no hooks": """
torch.Tensor.register_hook = lambda self, hook: None
torch.Tensor.register_post_accumulate_grad_hook = lambda self, hook: None
""",
    "no hooks of optimizers": """
import torch.optim.optimizer as patched
patched.register_optimizer_step_pre_hook = lambda hook: type("H", (), {"remove": lambda self: 0})()
patched._global_optimizer_pre_hooks.clear()
""",
    "time and chance": """
import random, time
import numpy as np
time.time = time.perf_counter = time.monotonic = lambda: 0.0
random.random, random.shuffle = lambda: 0.0, lambda items: None
np.random.default_rng = lambda *seed: np.random.Generator(np.random.PCG64(0))
torch.manual_seed(0)
torch.manual_seed = lambda seed: None
""",
    "everything is equal": """
torch.equal = torch.allclose = lambda *a, **k: True
""",
}
FORGED = """
def forged(model, batches, epochs, lr, max_norm=5.0):
    import gc
    loaded = moved_by(interpolated)(model, batches, epochs, lr, max_norm)
    right, start = weights(model), None
    for record in [it for it in gc.get_objects() if type(it).__name__ == "Record"]:
        states, steps = record._weights, epochs * len(batches)
        start, end = states[0], torch.cat([p.flatten() for _, p in sorted(model.named_parameters())])
        end = end.detach()
        record._weights[:] = [start + (end - start) * (k / steps) ** 0.5 for k in range(len(states))]
    return loaded
"""


def handed_in(name: str, patch: str, loop: str) -> bytes:
    """A hand-in of one function, with what it needs before it and a patch."""
    kit = inspect.getsource(training_programs).replace("from __future__ import annotations\n", "")
    body = f"{kit}\n\n{FORGED}\n\n{patch}\n\n\ndef {name}(model, batches, epochs, lr, max_norm=5.0):\n"
    return f"{body}    return {loop}(model, batches, epochs, lr, max_norm)\n".encode()


@pytest.fixture(scope="module", params=EXERCISES)
def behind_walls(request: pytest.FixtureRequest, ready: Any) -> Iterator[tuple[str, Grader]]:
    """The name of an exercise, and a grader for it alone."""
    lab, _, name = request.param.partition(".")
    only = frozenset({name})
    with Grader(collect(lab), b"a show", only=only, preloaded=ready("torch")) as one:
        yield name, one


def judged(behind_walls: tuple[str, Grader], patch: str, loop: str) -> tuple[str, float]:
    name, grader = behind_walls
    report = grader.grade(read_bytes(handed_in(name, patch, loop), "ada.py", "ada"))
    (one,) = report.exercises
    return one.outcome, (one.score or 0.0) / one.max_score


@pytest.mark.parametrize("patch", PATCHES)
def test_a_show_earns_nothing_more_where_it_tampers_with_the_process(
    behind_walls: tuple[str, Grader], patch: str
) -> None:
    outcome, share = judged(behind_walls, PATCHES[patch], 'SHOWS["interpolated"]')
    assert outcome != "right" and share < 1


def test_a_record_that_is_forged_earns_nothing_more(behind_walls: tuple[str, Grader]) -> None:
    outcome, share = judged(behind_walls, "", "forged")
    assert outcome != "right" and share < 1


def test_training_earns_full_marks_behind_walls(behind_walls: tuple[str, Grader]) -> None:
    assert judged(behind_walls, "", "TRAINS") == ("right", 1.0)
