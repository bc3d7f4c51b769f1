"""Differences in words: kind, exact, at most 8 KB, and nothing in them that moves the cursor."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.judge.feedback import case_report, report_on
from autograder.judge.judgement import Judgement
from autograder.judge.report import Outcome
from autograder.labcheck.compare import Mismatch, Tolerance, compare
from autograder.labcheck.explain import (
    CODE,
    Line,
    as_text,
    called_with,
    first_wrong,
    listed,
    points,
    sizes,
    where,
)
from autograder.labcheck.html import as_html
from autograder.labcheck.message import HEADLINES, Message, findings, outcome_of, share
from autograder.labcheck.text import MAX_TEXT, capped, printable
from autograder.labcheck.tree import Array, plain
from autograder.labcheck.verdict import Observed, Question, Trial, judged
from autograder.spec import Exercise


def told(due: Any, have: Any, numbers: bool = False, parts: Any = (), **letters: str) -> str:
    found = compare(plain(due), plain(have), Tolerance(), letters)
    assert found is not None
    return first_wrong(found, parts, numbers)


def steps(*wrong: int, of: int = 6) -> str:
    have = np.zeros((2, of, 3))
    have[:, list(wrong)] = 1
    return told(np.zeros((2, of, 3)), have, **{"return": "B T H"})


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (
            (1, 2, 3, 4, 5),
            "time step 1. Step 0 is right; steps 1 to 5 are not (30 of 36 numbers).",
        ),
        ((5,), "time step 5. Steps 0 to 4 are right; step 5 is not (6 of 36 numbers)."),
        ((0,), "time step 0. Steps 1 to 5 are right; step 0 is not (6 of 36 numbers)."),
        ((4, 5), "time step 4. Steps 0 to 3 are right; steps 4 and 5 are not (12 of 36 numbers)."),
        (
            (0, 2, 4),
            "time step 0. Steps 1, 3, 5 are right; steps 0, 2, 4 are not (18 of 36 numbers).",
        ),
        ((0, 1, 2, 3, 4, 5), "time step 0, and every step after it (36 of 36 numbers)."),
    ],
)
def test_time_steps_are_told_by_number(wrong: tuple[int, ...], words: str) -> None:
    assert steps(*wrong) == words


def test_many_scattered_steps_are_cut() -> None:
    text = steps(*range(0, 30, 2), of=30)
    assert "steps 0, 2, 4, 6, 8, 10 … are not" in text


def test_a_single_step_or_none_is_told_by_its_numbers() -> None:
    assert steps(0, of=1) == "6 of 6 numbers are not right."
    assert told(np.zeros(4), np.array([0, 1.0, 0, 0])) == "1 of 4 numbers is not right."


def test_hidden_numbers_are_told_only_where_they_may_be() -> None:
    due, have = np.array([[0.5, -0.547]]), np.array([[0.5, 0.312]])
    assert told(due, have) == "1 of 2 numbers is not right."
    assert told(due, have, numbers=True) == (
        "1 of 2 numbers is not right.\nAt [0, 1] you have 0.312, expected -0.547."
    )
    assert told(0.25, 0.75) == "the value is not right."
    assert told(0.25, 0.75, numbers=True) == "you have 0.750, expected 0.250."
    assert told((0.25,), (0.75,), parts=("loss",)) == "loss: the value is not right."
    assert told("secret", "other") == "word 1 of the text is the first that is not right."
    assert told("secret", 3) == "you have an int, expected a text."
    assert told([(1, 2), (3, 4)], [(1, 2)]) == "it has too few items (1)."
    assert told([1], [1, 2]) == "it has too many items (2)."
    assert told([1], [1, 2], numbers=True) == "it has 2 items, expected 1."


@pytest.mark.parametrize(
    ("due", "have", "words"),
    [
        (np.ones((2, 3)), np.ones((3, 2)), "the shape is (3, 2), expected (batch 2, time 3)."),
        (np.ones(2), np.ones(3), "the shape is (3,), expected (2)."),
        (
            np.float32(1) * np.ones(2, np.float32),
            np.ones(2),
            "the dtype is float64, expected float32.",
        ),
        (np.ones(2), np.array([np.inf, 1]), "1 of 2 numbers is not finite, the first is inf."),
        (1.0, float("nan"), "the value is nan, which is no finite number."),
        ({"dx": 1}, {}, "the keys differ (missing: dx)."),
        ({}, {"dy": 1}, "the keys differ (not expected: dy)."),
        (np.ones(2), [1.0, 1.0], "you have a list of 2 items, expected an array (2,) of float64."),
    ],
)
def test_other_differences_are_told_in_a_sentence(due: Any, have: Any, words: str) -> None:
    assert told(due, have, **{"return": "B T"}) == words


def test_a_wrong_entry_is_told_with_its_neighbours() -> None:
    due = {"dx": 1.0, "dh": 2.0, "dW": 3.0, "db": 4.0}
    assert told(due, {**due, "dh": 0.0, "db": 0.0}) == (
        "dh: the value is not right.\ndb is not right either.\ndx and dW are right."
    )
    assert told(due, {**due, "dW": 0.0}) == "dW: the value is not right.\ndx, dh and db are right."
    assert told({"a": 1.0}, {"a": 2.0}) == "a: the value is not right."


def test_places_are_named_from_the_inside_out() -> None:
    assert where((0,), ("loss", "dy")) == "loss"
    assert where((2,), ("loss", "dy")) == "item 2"
    assert where((0, "W_hh"), ("params", "losses")) == "W_hh of params"
    assert where(("layers", 1), ()) == "item 1 of layers"


def test_statements_that_should_hold_are_told_as_such() -> None:
    text = told({"every row ends with end_id": True}, {"every row ends with end_id": False})
    assert text == "this should hold and does not: every row ends with end_id."


def test_a_call_is_told_with_axes_and_sizes() -> None:
    arguments = {
        "x": Array(np.ones((3, 5, 4))),
        "lr": 0.25,
        "steps": 4,
        "names": ["a", "b"],
        "params": {"W": Array(np.ones(2))},
        "text": "abc",
    }
    shapes = {"x": "B T I"}
    assert called_with(arguments, shapes) == (
        "x (batch 3, time 5, in 4), lr = 0.25, steps = 4, names = ['a', 'b'], params (W),\n"
        "text = 'abc'   float64"
    )
    assert "lr (a float)" in called_with(arguments, shapes, numbers=False)
    assert "0.25" not in called_with(arguments, shapes, numbers=False)


def test_sizes_without_letters_stand_alone() -> None:
    assert sizes((3, 5), "B T") == "batch 3, time 5"
    assert sizes((3, 5), "B") == "3, 5"
    assert sizes((), "") == "one number"
    assert sizes((7,), "Q") == "Q 7"


def test_points_are_written_without_noughts() -> None:
    assert points(2.5, 10) == "2.5 of 10 points"
    assert points(0, 1) == "0 of 1 point"
    assert points(None, 5) == "– of 5 points"
    assert points(10 / 3, 10) == "3.33 of 10 points"
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"


def test_in_a_narrow_terminal_sizes_stay_together() -> None:
    x = Array(np.ones((3, 5, 4)))
    shapes = dict.fromkeys(("first", "second", "third"), "B T I")
    text = called_with(dict.fromkeys(shapes, x), shapes)
    assert as_text([Line("Called with", text)], 40).split("\n") == [
        "  Called with    first (batch 3, time 5, in 4), second",
        "                 (batch 3, time 5, in 4), third",
        "                 (batch 3, time 5, in 4)   float64",
    ]


def test_lines_are_set_in_columns_and_broken_where_they_are_wide() -> None:
    text = as_text([Line("Hint", "word " * 30 + "\nend"), Line(CODE, "x" * 150)])
    rows = text.split("\n")
    assert rows[0].startswith("  Hint           word word")
    assert all(row.startswith(" " * 17) for row in rows[1:3])
    assert [row.strip() for row in rows[-2:]] == ["end", "In your code   " + "x" * 150]
    assert all(len(row) <= 99 for row in rows[:-1])


# -- what students may write into a text ---------------------------------------------------------

NASTY = "a\x1b[31mb\x00c\x7fd\x9be\u202ef\u2066g\ud800h\udfffi\u200bj\ufeffk\rl\x0bm\u2028n"


def test_control_characters_overrides_and_surrogates_become_escapes() -> None:
    assert printable(NASTY) == (
        "a\\x1b[31mb\\x00c\\x7fd\\x9be\\u202ef\\u2066g\\ud800h\\udfffi\\u200bj\\ufeffk\\x0dl"
        "\\x0bm\\u2028n"
    )
    assert printable("tab\tline\nümlaut 名前 😀") == "tab\tline\nümlaut 名前 😀"


@given(st.text(st.characters(exclude_categories=()), max_size=50))
def test_whatever_is_shown_can_be_encoded_and_stays_on_its_line(text: str) -> None:
    shown = printable(text)
    shown.encode("utf-8")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)
    assert shown.count("\n") == text.count("\n")


@pytest.mark.parametrize("unit", ["a", "é", "名", "😀", "\x1b", "\ud800"])
def test_a_text_has_at_most_8_kb(unit: str) -> None:
    message = Message("f", "wrong", 0, 1, (Line("A", unit * 9000),))
    for text in (capped(unit * 9000), message.text()):
        raw = text.encode("utf-8")
        assert MAX_TEXT - 40 <= len(raw) <= MAX_TEXT <= 8192
        assert text.endswith("…")
    assert capped("é" * 4000) == "é" * 4000


ARGUMENTS = {"x": Array(np.ones(2))}
QUESTION = Question("values", ARGUMENTS, True, "result", "", Tolerance(), {})
RAISED = Observed("raised", None, "E\x1b", ("E",), NASTY, (("f\x1b.py", 3, NASTY),))
KEYS = Observed("result", plain({NASTY.encode("utf-8", "ignore").decode(): 1.0}))
EXERCISE = Exercise(reference=points, inputs=lambda rng: {}, points=10.0)


REFUSED = Observed("refused", text=NASTY)
GONE = Observed("gone", text=NASTY, type="crash")


@pytest.mark.parametrize("got", [RAISED, KEYS, REFUSED, GONE])
def test_no_text_of_a_student_reaches_a_feedback_as_it_is(got: Observed) -> None:
    trial = judged(QUESTION, Observed("result", plain({"a": 1.0})), got)
    one = Judgement(EXERCISE, (trial,), "wrong", 0.0)
    texts = [report_on(one).feedback, case_report(trial, ()).message or ""]
    texts.append(Message("f", "error", 0, 1, tuple(findings([trial]))).text())
    for text in texts:
        text.encode("utf-8")
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert "\\u202e" in texts[-1] or "\\x1b" in texts[-1]


def test_html_is_made_by_escaping_and_shows_escapes_too() -> None:
    nasty = '<script>alert("1")</script>&\x1b\u202e'
    message = Message("<b>f</b>", "wrong", 0, 1, (Line("<i>", nasty),))
    html = as_html(message, nasty)
    for raw in ("<script", "<b>f", "<i>", "\x1b", "\u202e", '"1"'):
        assert raw not in html
    assert html.count("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;") == 2
    assert "&lt;b&gt;f&lt;/b&gt;" in html
    assert "\\x1b\\u202e" in html
    html.encode("utf-8")


def test_every_outcome_has_a_headline_of_its_own() -> None:
    assert set(HEADLINES) == set(Outcome.__args__)  # type: ignore[attr-defined]
    assert len(set(HEADLINES.values())) == len(HEADLINES)
    for outcome in HEADLINES:
        assert HEADLINES[outcome] in as_html(Message("f", outcome, 0, 1))


# -- points ---------------------------------------------------------------------------------------


def trial(
    value: bool,
    passed: bool,
    did: Any = "result",
    kind: str = "",
    about: str = "c",
    mismatch: Mismatch | None = None,
) -> Trial:
    question = Question("c", {}, value, "result", "", Tolerance(), {}, property=about)
    return Trial(question, Observed("result"), Observed(did, type=kind), mismatch, passed)


VALUE, SIDE = trial(True, True), trial(False, True)
BAD_VALUE, BAD_SIDE = trial(True, False), trial(False, False)
OTHERS = [trial(False, False, about=f"property {n}") for n in range(9)]
ELSEWHERE = trial(False, False, about="placement")
LIST = Mismatch("container", ("state",), "a list of 2 items", "a tuple of 2 items")
NUMBERS = Mismatch("values", ("state",))
SKIPPED = trial(False, True, "skipped")


@pytest.mark.parametrize(
    ("trials", "part", "outcome"),
    [
        ([VALUE, VALUE, SIDE], 1.0, "right"),
        ([VALUE, SKIPPED], 1.0, "right"),
        ([BAD_VALUE, BAD_VALUE, SIDE, SIDE], 0.0, "wrong"),
        ([VALUE, BAD_VALUE, SIDE], 0.5, "partly"),
        ([VALUE, SIDE, BAD_SIDE], 0.8, "partly"),
        ([VALUE, *OTHERS[:2]], 0.6, "partly"),
        ([VALUE, BAD_SIDE, BAD_SIDE, BAD_SIDE], 0.8, "partly"),
        ([VALUE, *OTHERS], 0.2, "partly"),
        (
            [
                VALUE,
                trial(False, False, about="structure", mismatch=LIST),
                trial(False, False, about="placement", mismatch=LIST),
            ],
            0.8,
            "partly",
        ),
        (
            [
                VALUE,
                trial(False, False, about="structure", mismatch=NUMBERS),
                trial(False, False, about="placement", mismatch=NUMBERS),
            ],
            0.6,
            "partly",
        ),
        (
            [
                VALUE,
                trial(True, False, mismatch=LIST),
                trial(False, False, about="placement", mismatch=LIST),
            ],
            0.5,
            "partly",
        ),
        ([VALUE, ELSEWHERE, ELSEWHERE, ELSEWHERE], 0.8, "partly"),
        ([VALUE, ELSEWHERE, BAD_SIDE, ELSEWHERE], 0.6, "partly"),
        ([VALUE, BAD_VALUE, BAD_SIDE], 0.4, "partly"),
        ([SIDE, SIDE], 0.0, "not_graded"),
        ([], 0.0, "not_graded"),
        ([trial(True, False, "raised", "ValueError")], 0.0, "error"),
        ([trial(True, False, "raised", "NotImplementedError")], 0.0, "unfinished"),
        ([trial(True, False, "raised", "MemoryError")], 0.0, "memory"),
        ([trial(True, False, "gone", "timeout"), trial(True, False, "skipped")], 0.0, "timeout"),
        ([trial(True, False, "forbidden")], 0.0, "forbidden"),
        ([trial(True, False, "missing")], 0.0, "missing"),
        ([VALUE, trial(False, False, "skipped")], 0.8, "partly"),
    ],
)
def test_values_come_first_and_other_cases_take_a_fifth_off_each(
    trials: list[Trial], part: float, outcome: str
) -> None:
    assert share(trials) == pytest.approx(part)
    assert outcome_of(trials) == outcome


@given(st.lists(st.sampled_from([VALUE, SIDE, BAD_VALUE, BAD_SIDE, SKIPPED]), max_size=8))
def test_full_marks_are_for_those_alone_who_fail_nothing(trials: list[Trial]) -> None:
    failed = any(not one.passed for one in trials)
    assert 0 <= share(trials) <= 1
    assert (share(trials) == 1) == (not failed and VALUE in trials)
    assert (share(trials) > 0) == (VALUE in trials)


# -- texts and lists ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("have", "due", "at_home", "graded"),
    [
        ("a dot b", "a don't b", "word 2 of the text is 'dot', expected \"don't\".", "word 2"),
        ("a b c", "a b", "word 3 of the text is 'c', expected no more words.", "word 3"),
        ("a", "a b", "word 2 of the text is no more words, expected 'b'.", "word 2"),
        ("a  b", "a b", "the words are right, and what stands between", "the words are right"),
    ],
)
def test_texts_are_told_apart_by_their_first_other_word(
    have: str, due: str, at_home: str, graded: str
) -> None:
    mismatch = compare(due, have)
    assert mismatch is not None
    assert at_home in first_wrong(mismatch, (), numbers=True)
    told = first_wrong(mismatch, (), numbers=False)
    assert graded in told
    assert "don't" not in told


def test_lists_that_stand_for_axes_are_told_by_their_names() -> None:
    letters = {"return": "B T"}
    wrong = compare([[1, 2], [3, 4]], [[1, 2], [3, 5]], Tolerance(), letters)
    long = compare([[1, 2], [3, 4]], [[1, 2], [3, 4, 4]], Tolerance(), letters)
    nested = compare({"paths": [[1.0]]}, {"paths": [[2.0]]}, Tolerance(), {"paths": "B T"})
    assert wrong is not None
    assert long is not None
    assert nested is not None
    assert first_wrong(wrong, (), numbers=True).startswith("step 1 of sequence 1: you have 5")
    assert first_wrong(long, (), numbers=True).startswith("sequence 1: it has 3 items")
    assert first_wrong(nested, (), numbers=False).startswith("step 0 of sequence 0 of paths:")


def of_dtype(due: Any, got: Any) -> list[str]:
    question = Question(
        "float32", {}, False, "result", "", Tolerance(), {}, why="Make it alike.", property="dtype"
    )
    seen = judged(question, Observed("result", plain(due)), Observed("result", plain(got)))
    return [line.label for line in findings([VALUE, seen])]


def test_advice_on_dtypes_is_given_where_the_dtype_is_wrong_and_not_the_kind() -> None:
    assert "Look at" in of_dtype(np.float32([1, 2]), np.float64([1, 2]))
    assert "Look at" not in of_dtype(1.5, np.float32(1.5))
    assert "Look at" not in of_dtype((1.5, 2.5), 1.5)
