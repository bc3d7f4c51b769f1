"""What wrong programs give is kept small, and put together where it is equal."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from core_kit import grade, of, program

from autograder.judge.common import MOST_NUMBERS, _small
from autograder.judge.grader import Grader
from autograder.judge.program import excerpt_of
from autograder.judge.report import LabReport
from autograder.judge.sketch import Answer, Sketch, agree, groups
from autograder.judge.submission import Cell
from autograder.labcheck.compare import Tolerance
from autograder.labcheck.tree import Array
from autograder.labcheck.verdict import Observed

CLOSE = Tolerance(rtol=1e-6, atol=0.0)


def sketch(*numbers: float, case: str = "values", **more: Any) -> Sketch:
    got = Observed("result", Array(np.array(numbers)), **more)
    return Sketch((Answer(case, CLOSE, got),))


def large(values: np.ndarray[Any, Any]) -> Sketch:
    return Sketch((Answer("values", CLOSE, _small(Observed("result", Array(values)))),))


def test_equal_answers_are_one_group_and_the_largest_comes_first() -> None:
    one, two = sketch(1.0, 2.0), sketch(1.0, 3.0)
    again = sketch(1.0, 3.0)
    assert list(groups([one, two, again])) == [[1, 2], [0]]
    assert list(groups([])) == []


def test_numbers_at_an_edge_of_rounding_are_one_group() -> None:
    below, above = 1.2345 - 1e-12, 1.2345 + 1e-12
    assert list(groups([sketch(below), sketch(above)])) == [[0, 1]]
    assert list(groups([sketch(1.0), sketch(1.0 + 2e-6)])) == [[0], [1]]


def test_what_agrees_with_two_groups_makes_them_one() -> None:
    ends = [sketch(1.0), sketch(1.0 + 1.6e-6)]
    assert list(groups(ends)) == [[0], [1]]
    assert list(groups([*ends, sketch(1.0 + 0.8e-6)])) == [[0, 1, 2]]


def test_another_shape_dtype_case_or_end_is_another_answer() -> None:
    one = sketch(1.0, 2.0)
    raised = Sketch((Answer("values", CLOSE, Observed("raised", type="ValueError")),))
    narrow = Array(np.array([1.0, 2.0], np.float32))
    others = [
        sketch(1.0, 2.0, 3.0),
        sketch(1.0, 2.0, case="other"),
        raised,
        Sketch((Answer("values", CLOSE, Observed("result", narrow)),)),
        Sketch((*one.answers, *one.answers)),
    ]
    assert not any(agree(one, other) or agree(other, one) for other in others)
    assert agree(raised, Sketch.from_json(raised.to_json()))


def test_some_numbers_stand_for_a_large_array() -> None:
    values = np.linspace(0.0, 1.0, 3000).reshape(3, 1000)
    kept = large(values).answers[0].got.tree
    assert (kept["shape"], kept["numbers"].values.size) == ("(3, 1000)", MOST_NUMBERS)
    assert agree(large(values), large(values * (1 + 1e-9)))
    assert not agree(large(values), large(values + 1.0))
    assert not agree(large(values), large(values.reshape(1000, 3)))


def test_texts_of_a_program_are_not_kept() -> None:
    raised = Observed("raised", None, "ValueError", ("ValueError",), "mine", (("a.py", 1, "x"),))
    assert _small(raised).to_json() == Observed("raised", type="ValueError").to_json()


def test_infinite_and_undefined_numbers_are_kept_as_they_are() -> None:
    one = sketch(np.nan, np.inf, -0.5)
    assert agree(Sketch.from_json(json.loads(json.dumps(one.to_json()))), one)


def cells(*sources: str) -> tuple[Cell, ...]:
    return tuple(Cell(source, "ada.py", 0, frozenset()) for source in sources)


def test_an_excerpt_has_what_one_exercise_needs_and_no_comment() -> None:
    found = excerpt_of(
        cells(
            "import numpy as np\nimport torch\nHALF: Number = 0.5  # Ada Lovelace",
            "Number = type(1)\n\ndef helper(x: Number) -> Number:\n    '''By Ada.'''\n    return HALF * x",
            "def mine(x):\n    return 1",
            "def mine(x):\n    '''Ada'''\n    # Ada\n    return other(helper(x)) + np.pi",
            "def other(x):\n    return x",
        ),
        "mine",
        ("mine", "other"),
    )
    assert found == (
        "import numpy as np\n\nHALF = 0.5\n\ndef helper(x):\n    return HALF * x\n\n"
        "def mine(x):\n    return other(helper(x)) + np.pi"
    )


def test_a_long_excerpt_is_not_kept() -> None:
    body = "".join(f"    x = x + {place}\n" for place in range(1000))
    assert excerpt_of(cells(f"def mine(x):\n{body}    return x"), "mine", ("mine",)) == ""


OUT = "def output_layer(h, W_hy, b_y):\n    "
CUBE = "(h @ W_hy + b_y) ** 3"


@pytest.fixture(scope="module")
def cubed(grader: Grader) -> LabReport:
    return grade(grader, program(output_layer=f"{OUT}return {CUBE}"))


def test_who_has_the_same_by_another_way_gets_the_same_sketch(
    grader: Grader, cubed: LabReport
) -> None:
    text = "def output_layer(a, b, c):\n    y = a @ b + c\n    return y * y * y"
    one, other = (
        of(cubed, "output_layer").sketch,
        of(grade(grader, program(output_layer=text), "bob.py"), "output_layer").sketch,
    )
    assert one is not None
    assert other is not None
    assert one.program == f"{OUT}return {CUBE}"
    assert agree(one, other)
    assert "no_bias" in one.known


def test_only_the_report_that_is_kept_has_the_sketch(cubed: LabReport) -> None:
    assert "sketch" not in json.dumps(cubed.to_json())
    data = json.loads(json.dumps(cubed.to_json(whole=True)))
    assert [one["name"] for one in data["exercises"] if "sketch" in one] == ["output_layer"]
    back = LabReport.from_json(data)
    assert back.to_json(whole=True) == data
    assert back.to_json() == replace(cubed, seconds=data["seconds"]).to_json()


@pytest.mark.parametrize(
    "body",
    [
        "return h @ W_hy",  # a known mistake
        "return (h @ W_hy + b_y).astype(np.float64)",  # values are right
        "return 1 / 0",  # no value
    ],
    ids=["known", "right values", "raised"],
)
def test_what_has_a_name_or_no_wrong_value_is_not_sketched(grader: Grader, body: str) -> None:
    report = grade(grader, program(output_layer=f"{OUT}{body}"))
    assert of(report, "output_layer").outcome != "right"
    assert of(report, "output_layer").sketch is None


def test_a_fault_while_sketching_changes_no_verdict(
    grader: Grader, cubed: LabReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(grader.common), "expected", _fails_for(grader.common))
    report = grade(grader, program(output_layer=f"{OUT}return {CUBE}"))
    assert of(report, "output_layer").sketch is None
    assert of(report, "output_layer").feedback == of(cubed, "output_layer").feedback
    assert not report.needs_review


def _fails_for(common: Any) -> Any:
    plainly = type(common).expected

    def expected(self: Any, *told: Any) -> Any:
        if self is common:
            raise RuntimeError("no room")
        return plainly(self, *told)

    return expected
