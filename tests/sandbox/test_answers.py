"""Answers have exact keys and clean texts, whatever a worker writes."""

from __future__ import annotations

from typing import Any

import pytest

from autograder.sandbox.answers import Unexpected, checked
from autograder.sandbox.text import printable

RAISED = {
    "op": "raised",
    "id": "1",
    "type": "ValueError",
    "bases": ["ValueError"],
    "text": "a",
    "lines": [["submission.py", 3]],
    "memory": False,
    "arguments": None,
}
RESULT = {"op": "result", "id": "1", "result": {"t": []}, "arguments": None, "seconds": 0.5}


@pytest.mark.parametrize("answer", [RAISED, RESULT, {"op": "missing", "id": "1"}])
def test_right_answers_pass_without_their_id(answer: dict[str, Any]) -> None:
    assert checked(answer, "1", "call") == {k: v for k, v in answer.items() if k != "id"}


@pytest.mark.parametrize(
    "answer",
    [
        {**RESULT, "id": "2"},
        {**RESULT, "op": "loaded"},
        {**RESULT, "op": ["result"]},
        {**RESULT, "points": 10},
        {k: v for k, v in RESULT.items() if k != "seconds"},
        {**RESULT, "seconds": float("nan")},
        {**RESULT, "seconds": "0"},
        {**RAISED, "text": 3},
        {**RAISED, "type": None},
        {**RAISED, "lines": [["a", "b"]]},
        {**RAISED, "lines": [["a", 1]] * 1000},
        {**RAISED, "memory": 1},
        {**RESULT, "arguments": {"x": 1}},
        {},
        {
            **RESULT,
            "result": {"a": {"kind": "numpy", "dtype": "U99", "shape": [1], "values": ["a"]}},
        },
        {**RESULT, "result": {"l": [{"a": {"dtype": "int8", "shape": [1], "values": [1]}}]}},
        {**RESULT, "result": {"a": {"kind": "numpy", "dtype": "O", "array": "0"}}},
        {**RESULT, "result": {"d": [["k", 10**100]]}},
        {**RESULT, "result": {"a": 3}},
    ],
    ids=str,
)
def test_other_answers_do_not(answer: dict[str, Any]) -> None:
    with pytest.raises(Unexpected):
        checked(answer, "1", "call")


def test_texts_are_cleaned_again_on_this_side() -> None:
    found = checked({**RAISED, "text": "a\x1b[31m\u202eb" + "x" * 100_000}, "1", "call")
    assert found["text"].startswith("a\\x1b[31m\\u202ebx")
    assert len(found["text"]) <= 8192


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("tab\tand\nline", "tab\tand\nline"),
        ("bell\a", "bell\\x07"),
        ("\u2066x\u2069", "\\u2066x\\u2069"),
        ("\ud800", "\\ud800"),
        ("é ½ 中 😀", "é ½ 中 😀"),
        ("\r\x9b", "\\x0d\\x9b"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_what_moves_the_cursor_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert printable(text) == shown
