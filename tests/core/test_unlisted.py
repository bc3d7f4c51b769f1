"""Mistakes whose name is hidden are unseen programs: nearly all are told what they do."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from core_kit import HEAD, grade, of
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.labcheck.compare import Tolerance
from autograder.labcheck.message import advice
from autograder.labcheck.telling import said
from autograder.labcheck.tree import Array
from autograder.labcheck.verdict import Observed, Question, diagnose, judged
from autograder.spec.collection import collect
from tests.core.unlisted import of_lab

SAMPLE = {
    "lab2_rnn": frozenset({"rnn_step", "rnn_forward", "output_layer", "rnn_step_backward"}),
    "lab6_bidirectional": frozenset({"masked_mean", "attention_pool"}),
}


@pytest.fixture(scope="module")
def sample(ready):
    """By lab, the mistakes of the exercises in SAMPLE."""
    return cache(lambda slug: told(slug, SAMPLE[slug], ready))


def told(slug, exercises, ready):
    return list(of_lab(slug, exercises, ready(collect(slug).lab.arrays)))


@pytest.mark.slow
@pytest.mark.parametrize("slug", SAMPLE)
def test_nine_of_ten_unlisted_mistakes_get_a_sentence(slug, sample):
    silent, many = without_a_sentence(sample(slug))
    assert many > 30
    assert len(silent) <= many / 10, silent


def without_a_sentence(found):
    """The mistakes with other numbers of which nothing is said, and of how many."""
    numbers = [one for one in found if one.wrong_numbers]
    return [one.mistake.name for one in numbers if not one.text], len(numbers)


BUILT = {
    "lab5_clipping": frozenset({"clip_model_", "training_step", "tbptt", "train_classifier"}),
    "lab6_bidirectional": frozenset({"BiClassifier"}),
    "lab7_tagging": frozenset({"Tagger", "train_tagger"}),
}


@pytest.mark.slow
@pytest.mark.parametrize("slug", BUILT)
def test_nearly_every_unlisted_mistake_in_a_module_or_a_loop_gets_a_sentence(slug, ready):
    silent, many = without_a_sentence(told(slug, BUILT[slug], ready))
    assert many > 15
    assert len(silent) <= many / 20, silent


@pytest.mark.slow
def test_no_sentence_shows_a_hidden_number(sample):
    for one in sample("lab2_rnn"):
        digits = [word for word in one.text.split() if sum(map(str.isdigit, word)) > 4]
        assert not digits, one


# -- the grader ----------------------------------------------------------------------------------

STEP = HEAD + "def rnn_step(x, h_prev, W_xh, W_hh, b_h):\n    return "


def step(grader, formula):
    return of(grade(grader, STEP + formula), "rnn_step").feedback


def test_the_grader_says_what_an_unlisted_program_does(grader):
    text = step(grader, "0.8 * np.tanh(x @ W_xh + h_prev @ W_hh + b_h)")
    assert "What it does   What you return is what is due times 4/5." in text
    text = step(grader, "np.tanh(x @ W_xh + h_prev @ W_hh - b_h)")
    assert "What it does   The result is right as soon as b_h is zero." in text
    assert text.index("First wrong") < text.index("What it does") < text.index("To try")


def test_the_verdict_stands_where_looking_for_words_fails(grader, monkeypatch):
    def broken(*_):
        raise RuntimeError("no words")

    monkeypatch.setattr("autograder.judge.grader.said", broken)
    report = grade(grader, STEP + "0.8 * np.tanh(x @ W_xh + h_prev @ W_hh + b_h)")
    assert (of(report, "rnn_step").outcome, of(report, "rnn_step").score) == ("wrong", 0)
    assert "What it does" not in of(report, "rnn_step").feedback


def test_a_known_mistake_takes_precedence(grader):
    text = step(grader, "x @ W_xh + h_prev @ W_hh + b_h")
    assert "Hint" in text
    assert "What it does" not in text


def test_a_program_that_gives_other_numbers_each_time_is_said_to_do_so(grader):
    text = step(grader, "np.tanh(x @ W_xh + np.random.randn(*h_prev.shape))")
    assert "What it does   The same call gives other numbers a second time." in text


# -- anything may come ---------------------------------------------------------------------------

NUMBER = st.floats(width=32) | st.sampled_from([0.0, 1.0, -1.0, np.nan, np.inf])
ARRAY = st.builds(
    lambda shape, seed, odd, cut: _array(shape, seed, odd, cut),
    st.lists(st.integers(0, 4), max_size=4),
    st.integers(0, 3),
    st.sampled_from([None, np.nan, np.inf, 1e300]),
    st.booleans(),
)
LEAF = (
    NUMBER | st.integers(-3, 3) | st.text("ab C", max_size=4) | st.booleans() | st.none() | ARRAY
)
TREE = st.recursive(
    LEAF,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.sampled_from(["dW", "dx", 3, "c", "d"]), inner, max_size=5)
    ),
    max_leaves=8,
)


def _array(shape, seed, odd, cut):
    values = np.random.default_rng(seed).standard_normal(shape)
    if odd is not None and values.size:
        values.flat[0] = odd
    return Array(np.rint(values) if cut else values)


ODD = st.sampled_from([None, np.nan, np.inf, 1e300])
SAME_SHAPE = st.builds(
    lambda shape, one, two, odd, whole: (
        _array(shape, one, odd[0], whole),
        _array(shape, two, odd[1], whole),
    ),
    st.lists(st.integers(0, 4), max_size=4),
    st.integers(0, 3),
    st.integers(0, 3),
    st.tuples(ODD, ODD),
    st.booleans(),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(TREE, TREE) | SAME_SHAPE, min_size=1, max_size=3), ARRAY)
def test_whatever_comes_a_sentence_or_none_is_found_without_a_warning(results, argument):
    trials = []
    for place, (due, got) in enumerate(results):
        question = replace(case(f"case {place}"), arguments={"x": argument, "lengths": argument})
        trials.append(judged(question, Observed("result", due), Observed("result", got)))
    assert isinstance(said(trials, (), list), str)


# -- a hint, and an advice, belong to the case that is shown -------------------------------------


def case(name, value=True, steps=3):
    x = Array(np.zeros((2, steps)))
    shapes = {"x": "B T", "return": "B T"}
    return Question(name, {"x": x}, value, "result", "", Tolerance(), shapes)


RESULT = Observed("result", 1.0)
OTHER = Observed("result", 2.0)
RAISED = Observed("raised", type="IndexError", bases=("IndexError",), text="out of range")


def test_a_hint_is_given_only_where_it_fits_the_case_that_is_shown():
    values = judged(case("values"), RESULT, OTHER)
    stopped = judged(case("more"), RESULT, RAISED)
    does = {"known": [OTHER, OTHER]}
    assert diagnose([values, stopped], does) == "known"
    assert diagnose([stopped, values], {"known": [OTHER, OTHER]}) is None


def test_no_advice_on_a_part_that_is_right():
    due = {"dW_hh": 1.0, "dh0": 2.0}
    got = {"dW_hh": 1.0, "dh0": 9.0}
    trials = [judged(case("values"), Observed("result", due), Observed("result", got))]
    assert advice("Which paths lead back to W_hh?", trials, ()) == ""
    assert advice("Which paths lead back to h0?", trials, ()) != ""
    assert advice("Do it by hand.", trials, ()) == "Do it by hand."


def test_no_advice_on_short_sequences_where_only_long_ones_fail():
    trials = [
        judged(case("values"), RESULT, RESULT),
        judged(case("a long sequence", value=False, steps=40), RESULT, OTHER),
    ]
    assert advice("Take T = 2 on paper.", trials, ()) == ""
    assert advice("Print the norms.", trials, ()) == "Print the norms."
    assert advice("Take T = 2 on paper.", trials[1:], ()) == "Take T = 2 on paper."
