"""A report says what the contract says, in JSON and back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from core_kit import NAMES, grade, program
from hypothesis import given
from hypothesis import strategies as st

from autograder.judge.grader import Grader
from autograder.judge.report import CaseOutcome, CaseReport, ExerciseReport, LabReport, Outcome
from autograder.labcheck.explain import Line

OUTCOMES = {
    "right",
    "partly",
    "wrong",
    "unfinished",
    "missing",
    "error",
    "timeout",
    "memory",
    "crash",
    "forbidden",
    "not_graded",
}


def test_the_outcomes_are_those_of_the_contract() -> None:
    assert set(Outcome.__args__) == OUTCOMES  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def mixed(grader: Grader) -> LabReport:
    """Something right, something partly right, something wrong and something missing."""
    text = program(
        output_layer="def output_layer(h, W_hy, b_y):\n    return np.squeeze(h @ W_hy + b_y)",
        relative_error="def relative_error(a, b):\n    return 0.5",
        sgd_step=None,
    )
    return grade(grader, text)


def test_the_json_has_the_keys_and_types_of_the_contract(mixed: LabReport) -> None:
    data = json.loads(json.dumps(mixed.to_json()))
    types = {
        "schema": int,
        "lab": str,
        "student": str,
        "device": str,
        "isolation": list,
        "score": float,
        "max_score": float,
        "seconds": float,
        "exercises": list,
    }
    assert {name: type(value) for name, value in data.items()} == types
    assert (data["schema"], data["lab"], data["student"], data["device"]) == (
        1,
        "lab2_rnn",
        "ada",
        "cpu",
    )
    assert data["isolation"]
    assert all(type(one) is str for one in data["isolation"])
    assert (data["score"], data["max_score"]) == (4 + 100 - 5 - 5 - 5, 100)
    assert [one["name"] for one in data["exercises"]] == list(NAMES)
    for one in data["exercises"]:
        assert list(one) == [
            "name",
            "outcome",
            "score",
            "max_score",
            "mistake",
            "feedback",
            "lines",
            "cases",
        ]
        assert one["outcome"] in OUTCOMES
        assert type(one["score"]) is type(one["max_score"]) is float
        assert 0 <= one["score"] <= one["max_score"]
        assert one["mistake"] is None or type(one["mistake"]) is str
        assert one["feedback"].startswith(one["name"])
        assert all(text.split("\n")[0][:40] in one["feedback"] for _, text in one["lines"])
        for case in one["cases"]:
            assert list(case) == ["name", "outcome", "message"]
            assert case["outcome"] in set(CaseOutcome.__args__)  # type: ignore[attr-defined]
            assert (case["message"] is None) == (case["outcome"] == "right")
    found = {one["name"]: one["outcome"] for one in data["exercises"]}
    assert found["output_layer"] == "partly"
    assert found["relative_error"] == "wrong"
    assert found["sgd_step"] == "missing"


def test_scores_add_up_and_the_full_points_of_the_lab_are_a_hundred(mixed: LabReport) -> None:
    data = mixed.to_json()
    assert sum(one["score"] for one in data["exercises"]) == pytest.approx(data["score"])
    assert sum(one["max_score"] for one in data["exercises"]) == 100


def test_a_report_comes_back_from_json_as_it_was(mixed: LabReport) -> None:
    back = LabReport.from_json(json.loads(json.dumps(mixed.to_json(whole=True))))
    assert back.to_json(whole=True) == mixed.to_json(whole=True)
    assert back.to_json() == mixed.to_json()
    assert any(one.sketch for one in back.exercises)
    without = [[replace(one, sketch=None) for one in each.exercises] for each in (back, mixed)]
    assert without[0] == without[1]


EXERCISE = st.builds(
    ExerciseReport,
    st.text(),
    st.sampled_from(sorted(OUTCOMES)),
    st.none() | st.floats(0, 100).map(lambda score: round(score, 4)),
    st.floats(0, 100),
    st.none() | st.text(),
    st.lists(st.builds(Line, st.text(), st.text()), max_size=2).map(tuple),
    st.lists(
        st.builds(
            CaseReport,
            st.text(),
            st.sampled_from(["right", "wrong", "skipped"]),
            st.none() | st.text(),
        ),
        max_size=2,
    ).map(tuple),
    st.text(),
)
REPORT = st.builds(
    LabReport,
    st.text(),
    st.text(),
    st.sampled_from(["cpu", "cuda"]),
    st.lists(st.text(), max_size=2).map(tuple),
    st.floats(0, 200).map(lambda s: round(s, 4)),
    st.lists(EXERCISE, max_size=3).map(tuple),
    st.none() | st.text(),
    st.lists(st.text(), max_size=2).map(tuple),
)


@given(REPORT)
def test_any_report_comes_back_from_json_as_it_was(report: LabReport) -> None:
    assert LabReport.from_json(json.loads(json.dumps(report.to_json()))) == report


@given(REPORT)
def test_what_could_not_be_judged_is_marked_and_the_rest_adds_up(report: LabReport) -> None:
    data = report.to_json()
    judged = [one["score"] for one in data["exercises"] if one["score"] is not None]
    assert data["score"] == pytest.approx(sum(judged), abs=1e-3)
    review = any(one["outcome"] == "not_graded" for one in data["exercises"])
    assert data.get("needs_review", False) is review


@pytest.mark.parametrize("schema", [None, 0, 2, "1"])
def test_another_schema_is_refused(schema: Any) -> None:
    with pytest.raises(ValueError, match=f"schema {schema}, expected 1"):
        LabReport.from_json({"schema": schema})
