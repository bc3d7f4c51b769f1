"""What a program does when its arguments change, and what is said where that is not as due."""

import itertools

import numpy as np
import pytest

from autograder.labcheck.compare import Tolerance
from autograder.labcheck.dependences import (
    Fact,
    Probe,
    changed,
    dependence,
    facts,
    generic,
    probed,
    probes,
)
from autograder.labcheck.tree import Array, live, plain
from autograder.labcheck.verdict import Observed, Question

SHAPES = {"x": "B T I", "h0": "B H", "W": "H H", "U": "I H", "lengths": "B", "return": "B T H"}


def question():
    rng = np.random.default_rng(7)
    B, T, I, H = 3, 4, 2, 5
    arguments = {
        "x": rng.standard_normal((B, T, I)),
        "h0": rng.standard_normal((B, H)),
        "W": rng.standard_normal((H, H)) / 3,
        "U": rng.standard_normal((I, H)),
        "lengths": np.array([4, 2, 3]),
    }
    trees = {name: Array(value) for name, value in arguments.items()}
    return Question("values", trees, True, "result", "", Tolerance(), SHAPES)


def right(x, h0, W, U, lengths):
    out, h = np.zeros((*x.shape[:2], len(W))), h0
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ U + h @ W)
        out[:, t] = h * (t < lengths)[:, None]
    return out


def told(program, reference=right):
    """What is said of a program whose result is wrong."""
    asked = question()

    def does(function, probe):
        arguments = {name: live(value) for name, value in changed(asked, probe).items()}
        return Observed("result", plain(function(**arguments)))

    def known():
        before = does(reference, Probe("again", "")).tree
        for probe in probes(asked):
            after = does(reference, probe).tree
            yield probe, facts(probe, before, after, asked, ())

    first = does(program, Probe("again", ""))
    seen = probed(list(known()), asked, first, (), lambda probe: does(program, probe))
    return dependence(seen, [""])


def sees_the_future(x, h0, W, U, lengths):
    real = (np.arange(x.shape[1]) < lengths[:, None])[..., None]
    return right(x + (x * real).sum(1, keepdims=True), h0, W, U, lengths)


def mixes_samples(x, h0, W, U, lengths):
    return right(x, h0 + h0.mean(0), W, U, lengths)


def no_h0(x, h0, W, U, lengths):
    return right(x, np.ones_like(h0), W, U, lengths)


def transposed(x, h0, W, U, lengths):
    return right(x, h0, W.T, U, lengths)


def diagonal(x, h0, W, U, lengths):
    return right(x, h0, np.diag(np.diag(W)), U, lengths)


def with_padding(x, h0, W, U, lengths):
    return right(x, h0, W, U, np.full_like(lengths, x.shape[1]))


@pytest.mark.parametrize(
    "program, text",
    [
        (no_h0, "Nothing changes when h0 is zero: what is it used for?"),
        (
            sees_the_future,
            "The earlier steps change when the last step of what goes in is another, "
            "and should not.",
        ),
        (
            mixes_samples,
            "The other samples change when the last sample of what goes in is another, "
            "and should not.",
        ),
        (
            with_padding,
            "The result changes when the padding behind the sequences is another, and should not.",
        ),
        (transposed, "The result is right as soon as W is symmetric."),
    ],
)
def test_what_depends_on_the_wrong_thing_is_told(program, text):
    assert told(program) == text


def test_units_that_do_not_hear_each_other_are_told():
    def no_sum(x, h0, W, U, lengths):
        return right(0 * x, h0, np.diag(np.diag(W)) + 0.1, U, lengths)

    assert "unit" not in told(no_sum)
    assert "W is symmetric" in told(diagonal)


def test_nothing_is_said_of_a_program_that_does_as_is_due():
    asked = question()
    does = {
        probe: plain(right(**{n: live(v) for n, v in changed(asked, probe).items()}))
        for probe in (Probe("again", ""), *probes(asked))
    }
    before = does.pop(Probe("again", ""))
    seen = []
    for probe, after in does.items():
        fact = facts(probe, before, after, asked, ())
        seen.append((probe, fact, fact))
    assert dependence(seen, []) == ""


def test_a_program_that_draws_its_own_numbers_says_nothing():
    rng = np.random.default_rng(1)
    assert told(lambda x, h0, W, U, lengths: right(x, rng.random(h0.shape), W, U, lengths)) == ""


def test_a_probe_that_raises_says_nothing():
    first = Observed("result", Array(np.ones(3)))
    answers = itertools.chain([first], itertools.repeat(Observed("raised", type="ValueError")))
    known = [(Probe("zero", "x"), {"": Fact(True)})]
    assert probed(known, question(), first, (), lambda probe: next(answers)) == []


def test_no_call_follows_one_that_ended_the_process():
    first = Observed("result", Array(np.ones(3)))
    answers = iter([first, Observed("gone", type="crash")])
    known = [(Probe("zero", name), {"": Fact(True)}) for name in ("x", "h0")]
    assert probed(known, question(), first, (), lambda probe: next(answers)) == []


def test_the_largest_of_all_may_come_from_any_sample():
    def largest(x, h0, W, U, lengths):
        return np.array([np.sqrt(2) * np.abs(x).max()])

    def mean(x, h0, W, U, lengths):
        return np.array([np.sqrt(2) * np.abs(x).mean()])

    assert "sample" not in told(mean, largest)


def test_counts_and_shares_are_no_evidence():
    assert not generic(np.array([3.0, 0.25, 2 / 3]))
    assert generic(np.array([0.0, np.sqrt(0.5)]))


def test_the_arguments_themselves_stay_as_they_were():
    asked = question()
    before = {name: value.values.copy() for name, value in asked.arguments.items()}
    for probe in probes(asked):
        changed(asked, probe)
    for name, value in before.items():
        np.testing.assert_array_equal(asked.arguments[name].values, value, strict=True)
