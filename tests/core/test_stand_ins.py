"""Where the judge cannot answer for a wrong function, a text of the spec takes its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from core_kit import grade, of, outcomes

from autograder.judge.grader import Grader
from autograder.spec.collection import collect

COURSE = Path(__file__).parents[2]
PLAIN = (COURSE / "exercises" / "lab5_clipping" / "right" / "plain.py").read_text("utf-8")
NOTE = "in place of yours"


@pytest.fixture(scope="module")
def clipping(ready: Any) -> Iterator[Grader]:
    lab, imported = collect("lab5_clipping"), ready("torch")
    secret = b"the secret of the tests"
    with Grader(lab, secret, isolation="process", preloaded=imported) as one:
        yield one


def one_cell(*changes: tuple[str, str]) -> str:
    """The plain right program without cell markers, and with some of its text changed."""
    text = PLAIN
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return re.sub(r"^# %%.*\n", "", text, flags=re.M)


def test_a_wrong_function_of_a_model_is_charged_once(clipping: Grader) -> None:
    report = grade(clipping, one_cell(("factor = min(1.0,", "factor = max(1.0,")))
    assert outcomes(report) == {"clip_model_": "wrong"}
    assert report.score == 90
    for name in ("norms_around_clipping", "training_step", "tbptt", "train_classifier"):
        assert NOTE in of(report, name).feedback
    for name in ("global_norm", "detach_state", "evaluate"):
        assert NOTE not in of(report, name).feedback


def test_a_wrong_function_of_a_generator_is_charged_once(clipping: Grader) -> None:
    report = grade(clipping, one_cell(("(g * g).sum()", "(g * g).mean()")))
    assert outcomes(report) == {"global_norm": "wrong"}
    assert report.score == 92


def test_a_stub_is_told_where_it_is_and_not_where_it_is_called(clipping: Grader) -> None:
    text = one_cell(("    total = None\n", "    raise NotImplementedError\n    total = None\n"))
    assert outcomes(grade(clipping, text)) == {"global_norm": "unfinished"}


def test_names_of_ones_own_for_the_arguments_are_fine(clipping: Grader) -> None:
    head = "def clip_model_(model, max_norm):\n"
    wrong = "def clip_model_(net, most):\n    return None\n"
    call = "clip_model_(model, max_norm)\n    opt"
    named = call.replace("(model, max_norm)", "(most=max_norm, net=model)")
    report = grade(clipping, one_cell((head, wrong), (call, named)))
    assert set(outcomes(report)) == {"clip_model_"}


def test_an_error_of_torch_is_no_stub(clipping: Grader) -> None:
    report = grade(clipping, one_cell(("loss_fn(model(x), y)", "loss_fn(y, model(x))")))
    assert outcomes(report) == {"norms_around_clipping": "error"}
    assert "Raised         NotImplementedError" in of(report, "norms_around_clipping").feedback


def test_two_errors_in_one_cell_have_nothing_to_do_with_each_other(clipping: Grader) -> None:
    text = one_cell(
        ("return state.detach()", "return state.clone()"),
        ('"norm": float(norm)}', '"norm": 2 * float(norm)}'),
    )
    report = grade(clipping, text)
    assert outcomes(report) == {"detach_state": "wrong", "training_step": "wrong"}
    assert NOTE not in of(report, "training_step").feedback
