"""Parameters, gradients and modes are told by the names that a module gives them."""

import pytest

from autograder.labcheck.compare import Mismatch, compare
from autograder.labcheck.explain import first_wrong, where
from autograder.labcheck.parameters import (
    are,
    grouped,
    keys_differ,
    mode_kept,
    parameter,
    sentence,
    together,
)


@pytest.mark.parametrize(
    "path, text",
    [
        (("gradients", "fc.weight"), "the gradient of fc.weight"),
        (("grads", "rnn.cells.0.W_xh"), "the gradient of rnn.cells[0].W_xh"),
        (("weights", "cell.W_hh"), "cell.W_hh after the call"),
        (("parameters", "fc.bias"), "the parameter fc.bias"),
        (("modes", 2, "head.dropout"), "the mode of the submodule head.dropout"),
        (("grads", 1), "item 1 of grads"),
        (("state", 0), "item 0 of state"),
    ],
)
def test_a_place_is_named_as_the_module_names_it(path, text):
    assert where(path, ()) == text


def test_a_number_in_a_name_is_an_index():
    assert parameter("layers.1.cells.0") == "layers[1].cells[0]"
    assert parameter("rnn.weight_ih_l0") == "rnn.weight_ih_l0"


RNN = [f"rnn.{name}" for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")]


def test_many_names_of_one_module_stand_together():
    assert grouped(["fc.weight", "fc.bias"]) == "fc.weight and fc.bias"
    assert grouped([*RNN, "fc.bias"]) == "rnn.weight_ih_l0 (and 3 more of rnn) and fc.bias"
    assert grouped([*RNN, "fc.bias"], [*RNN, "fc.weight", "fc.bias"]) == (
        "all parameters of rnn and fc.bias"
    )


def test_entries_of_one_dict_are_told_together():
    names = ["the gradient of a", "the gradient of b"]
    assert together(names, (*names, "the gradient of c")) == "the gradients of a and b"
    assert together(names, (*names, "norm")) == "all gradients"
    assert together(["a after the call", "b after the call"], ()) == "a and b after the call"
    assert together(["the gradient of a", "norm"], ()) == ""


def test_one_name_may_be_a_plural_word():
    assert [are([name]) for name in ("losses", "the losses of x", "norm", "loss of history")] == [
        "are",
        "are",
        "is",
        "is",
    ]
    assert are(["loss", "norm"]) == "are"


def test_a_name_keeps_its_small_letter_at_the_start_of_a_sentence():
    assert sentence("logits are right.") == "logits are right."
    assert sentence("after is right.") == "after is right."
    assert sentence("all gradients are right.") == "All gradients are right."


def test_missing_and_spare_parameters_are_told_by_module():
    text = keys_differ(", ".join(RNN), "lstm.a, lstm.b, …")
    assert (
        text == "missing: rnn.weight_ih_l0 (and 3 more of rnn); not expected: lstm.a and lstm.b, …"
    )


TRAINING, EVALUATION = {"model": "training"}, {"model": "evaluation"}


@pytest.mark.parametrize(
    "due, got, text",
    [
        (
            {"modes": TRAINING},
            {"modes": EVALUATION},
            "the model was in training mode before the call and is in evaluation mode after it.",
        ),
        (
            {"modes": [TRAINING, {"head.dropout": "evaluation"}]},
            {"modes": [TRAINING, {"head.dropout": "training"}]},
            "the submodule head.dropout was in evaluation mode before the call "
            "and is in training mode after it.",
        ),
    ],
)
def test_a_mode_that_did_not_stay_is_told_as_it_was_and_is(due, got, text):
    mismatch = compare(due, got)
    assert mismatch is not None
    assert first_wrong(mismatch, (), numbers=False) == text


@pytest.mark.parametrize(
    ("key", "who"),
    [("model", "the model"), ("rnn", "the submodule rnn"), ("an entry", "a submodule")],
)
def test_a_mode_that_may_not_be_told_is_left_out(key, who):
    said = mode_kept(("modes", 0, key), "", "")
    assert said == f"{who} is not in the mode after the call that it was in before"


def test_a_statement_on_one_entry_names_the_entry_behind_it():
    mismatch = Mismatch("fact", ("out of the graph", 1))
    text = "this should hold and does not: out of the graph, for item 1."
    assert first_wrong(mismatch, (), numbers=True) == text


def test_many_parts_that_are_right_are_not_listed():
    due = {"x": 1.0, **{f"part {n}": True for n in range(9)}}
    mismatch = compare(due, {**due, "x": 2.0})
    assert mismatch is not None
    assert first_wrong(mismatch, (), numbers=False).endswith("\nEverything else is right.")
