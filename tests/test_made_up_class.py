"""The made-up class of the demo: each hand-in earns what its one mistake leaves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.course.processes import grade_files
from autograder.judge.report import LabReport
from autograder.spec.collection import course
from tools.madeup import LAB2, write

POINTS = {
    "rnn_step": 8,
    "rnn_forward": 10,
    "output_layer": 5,
    "half_squared_error": 5,
    "audit_trace": 8,
    "rnn_step_backward": 12,
    "rnn_backward": 16,
    "numerical_gradient": 9,
    "relative_error": 5,
    "state_gradient_norms": 8,
    "sgd_step": 5,
    "train_rnn": 9,
}

LOST = {
    "ada": {},
    "alan": {},
    "grace": {},
    "barbara": {"rnn_forward": "wrong"},
    "claude": {"rnn_forward": "wrong"},
    "donald": {"rnn_step": "wrong"},
    "edsger": {"rnn_backward": "wrong"},
    "frances": {"rnn_step_backward": "wrong", "relative_error": "wrong"},
    "guido": {"rnn_step_backward": "wrong"},
    "hedy": {"numerical_gradient": "wrong"},
    "ivan": {"half_squared_error": "wrong"},
    "joan": {"sgd_step": "wrong"},
    "katherine": {
        "numerical_gradient": "unfinished",
        "state_gradient_norms": "unfinished",
        "train_rnn": "unfinished",
    },
    "linus": {"output_layer": "error"},
    "margaret": {"audit_trace": "timeout"},
    "niklaus": {"output_layer": "crash"},
    "ole": {"relative_error": "memory"},
    "peter": {"sgd_step": "crash"},
    "quentin": {"rnn_forward": "forbidden"},
    "rosalind": {"train_rnn": "error"},
    "stephen": {"half_squared_error": "wrong"},
    "tim": dict.fromkeys(POINTS, "missing"),
}

NAMED = {
    "barbara": "always_from_h0",
    "claude": "starts_from_zeros",
    "donald": "bias_outside",
    "edsger": "no_future",
    "guido": "dW_hh_from_new_state",
    "hedy": "one_sided",
    "ivan": "mean_without_half",
    "joan": "uphill",
}


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, LabReport]]:
    folder: Path = tmp_path_factory.mktemp("hand-ins")
    paths = [write(course(), "lab2_rnn", one, folder) for one in LAB2]
    graded = grade_files("lab2_rnn", paths, b"a secret of this test alone", jobs=2)
    yield {report.student: report for report in graded}


@pytest.mark.slow
def test_everybody_of_the_class_is_expected_here() -> None:
    assert {one.student for one in LAB2} == set(LOST)


@pytest.mark.slow
@pytest.mark.parametrize("student", sorted(LOST))
def test_a_hand_in_loses_what_its_mistake_is_about_and_nothing_else(
    reports: dict[str, LabReport], student: str
) -> None:
    report = reports[student]
    not_right = {one.name: one.outcome for one in report.exercises if one.outcome != "right"}
    assert not_right == LOST[student]
    assert report.score == 100 - sum(POINTS[name] for name in LOST[student])


@pytest.mark.slow
@pytest.mark.parametrize("student", sorted(NAMED))
def test_a_known_mistake_is_named_and_explained(
    reports: dict[str, LabReport], student: str
) -> None:
    (one,) = (one for one in reports[student].exercises if one.outcome != "right")
    assert one.mistake == NAMED[student]
    assert "This is exactly what comes out when" in one.feedback


@pytest.mark.slow
def test_no_feedback_shows_a_path_of_this_machine(reports: dict[str, LabReport]) -> None:
    told = "\n".join(one.feedback for report in reports.values() for one in report.exercises)
    assert str(course()) not in told
    assert "site-packages" not in told
