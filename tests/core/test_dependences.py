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

    seen = probed(list(known()), asked, (), lambda probe: does(program, probe))
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


# -- a module that is built ----------------------------------------------------------------------

READ = {"tokens": "B T", "lengths": "B", "logits": "B C"}


def of_module(pair=False):
    """A case that builds a bidirectional classifier; pair: whether its inputs are one tuple."""
    rng = np.random.default_rng(5)
    shapes = {"embedding.weight": (8, 3), "rnn.W": (3, 4), "rnn.b": (4,)}
    shapes |= {
        "rnn.W_reverse": (3, 4),
        "rnn.b_reverse": (4,),
        "fc.weight": (2, 8),
        "fc.bias": (2,),
    }
    weights = {name: Array(rng.standard_normal(shape)) for name, shape in shapes.items()}
    inputs = Array(rng.integers(1, 8, (3, 5))), Array(np.array([5, 2, 3]))
    given = {"inputs": inputs} if pair else dict(zip(("tokens", "lengths"), inputs, strict=True))
    letters = {**READ, "inputs.0": "B T", "inputs.1": "B"} if pair else READ
    arguments = {"init": [8, 3, 4, 2], "weights": weights, **given}
    return Question("values", arguments, True, "result", "", Tolerance(), letters, indirect=True)


def classify(weights, tokens, lengths):
    words = weights["embedding.weight"][tokens]
    real = (np.arange(tokens.shape[1]) < lengths[:, None])[..., None]
    first = np.tanh(words @ weights["rnn.W"] + weights["rnn.b"])
    last = np.tanh(words @ weights["rnn.W_reverse"] + weights["rnn.b_reverse"])
    halves = [(half * real).sum(1) for half in (first, last)]
    return np.concatenate(halves, 1) @ weights["fc.weight"].T + weights["fc.bias"]


def of_classifier(program, pair=False):
    """What is said of a classifier whose logits are wrong."""
    asked = of_module(pair)

    def does(function, probe):
        given = {name: live(value) for name, value in changed(asked, probe).items()}
        inputs = given["inputs"] if pair else (given["tokens"], given["lengths"])
        return Observed("result", {"logits": plain(function(given["weights"], *inputs))})

    before = does(classify, Probe("again", "")).tree
    known = [
        (probe, facts(probe, before, does(classify, probe).tree, asked, ()))
        for probe in probes(asked)
    ]
    return dependence(probed(known, asked, (), lambda probe: does(program, probe)), ["logits"])


def reads_padding(weights, tokens, lengths):
    return classify(weights, tokens, np.full_like(lengths, tokens.shape[1]))


def one_direction_twice(weights, tokens, lengths):
    own = {name: weights[name.replace("_reverse", "")] for name in weights}
    return classify(own, tokens, lengths)


def halves_exchanged(weights, tokens, lengths):
    own = {**weights, "fc.weight": np.roll(weights["fc.weight"], 4, 1)}
    return classify(own, tokens, lengths)


def other_forward_half(weights, tokens, lengths):
    own = {**weights, "rnn.b": np.sin(weights["rnn.b"])}
    return classify(own, tokens, lengths)


def state_of_ones(weights, tokens, lengths):
    own = {**weights, "rnn.b": weights["rnn.b"] + 1.0}
    return classify(own, tokens, lengths) + 0.1


@pytest.mark.parametrize("pair", [False, True])
@pytest.mark.parametrize(
    "program, text",
    [
        (
            reads_padding,
            "logits change when the padding behind the sequences is another, and should not.",
        ),
        (
            one_direction_twice,
            "Nothing changes when rnn.W_reverse and rnn.b_reverse are zero, and something should.",
        ),
        (halves_exchanged, "logits are right as soon as both halves of fc.weight are equal."),
        (other_forward_half, "logits are right as soon as rnn.W and rnn.b are zero."),
        (state_of_ones, "logits are not zero when every parameter is zero, and should be."),
    ],
)
def test_a_module_is_told_by_its_parameters_and_its_padding(program, text, pair):
    assert of_classifier(program, pair) == text


@pytest.mark.parametrize(
    "names, text",
    [
        ("a b c", "all parameters of rnn for the forward direction are"),
        ("a_reverse b_reverse c_reverse", "all parameters of rnn for the reverse direction are"),
        ("a b a_reverse", "all parameters of rnn are"),
        ("a", "rnn.a is"),
    ],
)
def test_many_parameters_of_one_module_are_told_together(names, text):
    probe = Probe("zero", ",".join(f"weights.rnn.{name}" for name in names.split()))
    told = dependence([(probe, {"": Fact(True)}, {"": Fact(False)})], [""])
    assert told.startswith(f"Nothing changes when {text} zero")


def test_other_ids_are_ids_that_there_are():
    asked = of_module()
    known = set(asked.arguments["tokens"].values.ravel().tolist())
    for probe in probes(asked):
        tokens = live(changed(asked, probe)["tokens"])
        assert set(tokens.ravel().tolist()) <= known


def test_what_was_right_without_a_change_is_not_said_to_turn_right():
    fact = {"": Fact(True, None, 1.5)}
    seen = [(Probe("zero", "x"), fact, fact)]
    assert dependence(seen, [""]) == "The result is right as soon as x is zero."
    assert dependence(seen, [""], was_right=True) == ""


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
    answers = itertools.chain([first] * 2, itertools.repeat(Observed("raised", type="ValueError")))
    known = [(Probe("zero", "x"), {"": Fact(True)})]
    assert probed(known, question(), (), lambda probe: next(answers)) == []


def test_no_call_follows_one_that_ended_the_process():
    first = Observed("result", Array(np.ones(3)))
    answers = iter([first, first, Observed("gone", type="crash")])
    known = [(Probe("zero", name), {"": Fact(True)}) for name in ("x", "h0")]
    assert probed(known, question(), (), lambda probe: next(answers)) == []


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
