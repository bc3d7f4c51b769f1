"""Of an exercise's hidden cases a report says at most MOST_BITS, whatever a program's process says."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
from bits import bits
from hypothesis import given
from hypothesis import strategies as st

from autograder.judge.feedback import report_on
from autograder.judge.grader import Grader
from autograder.judge.hidden import MOST_BITS, sentence, statement
from autograder.judge.judgement import Judgement
from autograder.labcheck.message import outcome_of
from autograder.labcheck.own import MOST_NAMES, Own
from autograder.labcheck.tree import Array
from autograder.labcheck.verdict import Observed, judged
from autograder.spec.collection import collect, labs

OWN = Own.of(["import numpy as np\n\n\ndef helper(x):\n    return {'mine': x}\n"])
SECRET = b"the secret of the tests"
WORD, NUMBER = "Qzxwv", 7919
"""What stands in no program and is no size."""


@pytest.mark.parametrize("lab", labs())
def test_a_report_says_no_more_of_hidden_cases_than_is_promised(lab: str, ready: Any) -> None:
    collected = collect(lab)
    imported = ready(collected.lab.arrays)
    with Grader(collected, SECRET, isolation="process", preloaded=imported) as grader:
        for exercise in grader.collected.exercises:
            if not exercise.training:
                most = bits(exercise, grader.oracle.expected(exercise, 0))
                assert 53 < most <= MOST_BITS, exercise.name


def test_the_bound_is_stated_where_it_is_read() -> None:
    from pathlib import Path

    text = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert f"at most {MOST_BITS} bits" in text


def arrays(size: int) -> Any:
    shapes = st.lists(st.sampled_from([1, 2, 3, 5, 6, size]), max_size=2).map(tuple)
    dtypes = st.sampled_from(["float64", "float32", "int64", "bool"])
    kinds = st.sampled_from(["numpy", "torch"])
    devices = st.sampled_from(["cpu", WORD])
    return st.builds(
        lambda shape, dtype, kind, device: Array(np.ones(shape, dtype), kind, "", device),
        shapes,
        dtypes,
        kinds,
        devices,
    )


LEAVES = (
    st.sampled_from([None, True, NUMBER, float(NUMBER), NUMBER / 1e4, WORD, "mine", np.nan])
    | arrays(NUMBER)
    | st.builds(lambda: Array(np.asarray(float(NUMBER)), "scalar"))
)
KEYS = st.sampled_from(
    [WORD, NUMBER, "dx", "dW_xh", "dW_hh", "db_h", "dh_prev", "mine", f"{WORD} a"]
)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=6)
        | st.just([0.0] * NUMBER)
    ),
    max_leaves=6,
)
REASONS = st.sampled_from(
    [
        f"a {WORD}",
        f"a {WORD} in place of a plain array",
        f"an array of {WORD}",
        f"an array of str{NUMBER}",
        f"a dict with a key that is a {WORD}",
        f"something of another form (the text '{WORD}')",
        f"too many parts {WORD}",
        WORD,
    ]
)
SEEN = (
    st.builds(lambda tree: Observed("result", tree), TREES)
    | st.builds(lambda text, tree: Observed("refused", tree, text=text), REASONS, TREES)
    | st.builds(
        lambda kind, text: Observed("raised", None, kind, (kind, "Exception"), text),
        st.sampled_from([WORD, "KeyError", "ValueError", "TypeError", f"E{NUMBER}"]),
        st.sampled_from([WORD, f"'{WORD}'", f"f() takes {NUMBER} positional arguments but 1 w"]),
    )
)


@given(SEEN)
def test_whatever_a_process_says_no_word_and_no_number_of_its_own_is_told(
    grader: Grader, got: Observed
) -> None:
    exercise = next(e for e in grader.collected.exercises if e.name == "rnn_step_backward")
    expected = grader.oracle.expected(exercise, 0)
    trials = tuple(judged(request.question, due, got) for request, due in expected)
    outcome: Any = outcome_of(trials)
    known = OWN.beside(statement(exercise))
    said = f"dx is what is due times 0.{NUMBER}"
    judgement = Judgement(exercise, trials, outcome, 0.0, own=known, said=said)
    text = json.dumps(report_on(judgement).__dict__, default=repr)
    assert WORD not in text
    assert not re.search(rf"{NUMBER}|0\.\d{{3}}", text), text


def test_numbers_of_a_sentence_are_told_to_two_digits_and_texts_only_where_they_are_known() -> (
    None
):
    own = Own.of(["mode = 'mean'"])
    told = {
        "dx is what is due times 0.70711.": "dx is what is due times 0.71.",
        "It is -1.234e+200 everywhere.": "It is a large number everywhere.",
        "It is 1.234e-09 everywhere.": "It is a tiny number everywhere.",
        "dx is what is due times 2/3.": "dx is what is due times 2/3.",
        "The cases with mode = 'mean' fail.": "The cases with mode = 'mean' fail.",
        "The cases with text = 'qzx' fail.": "The cases with text = another text fail.",
        "The cases with seed = 123456 fail.": "The cases with seed = a large number fail.",
        "It is right in the case 'one step'.": "It is right in the case 'one step'.",
    }
    for text, due in told.items():
        assert sentence(text, own, ["one step"]) == due


def test_of_a_program_with_names_without_end_none_is_told() -> None:
    few, many = (Own.of([f"n{n} = 0" for n in range(most)]) for most in (9, MOST_NAMES + 1))
    assert (few.name("n7"), many.name("n7")) == ("n7", None)
