"""What an update did to parameters, and what was reported: said where it is so."""

import numpy as np
import pytest

from autograder.labcheck.compare import Tolerance
from autograder.labcheck.pairs import Pair
from autograder.labcheck.reported import batch_sizes, batches, first_alone
from autograder.labcheck.telling import said
from autograder.labcheck.tree import Array
from autograder.labcheck.updates import reached, updated, updates_of
from autograder.labcheck.verdict import Observed, Question, judged

RNG = np.random.default_rng(11)
BEFORE = {"rnn.W": RNG.standard_normal((4, 5)), "rnn.b": RNG.standard_normal(5)}
STEP = {"rnn.W": 0.1 * RNG.standard_normal((4, 5)), "rnn.b": 0.1 * RNG.standard_normal(5)}


def arrays(values):
    return {name: Array(np.asarray(value, dtype=float)) for name, value in values.items()}


def trial(due, got, name="values", value=True, shapes=None, **arguments):
    question = Question(
        name, arguments, value, "result", "", Tolerance(), shapes or {}, indirect=True
    )
    return judged(question, Observed("result", due), Observed("result", got))


def after(move, updates=1, due=STEP, before=BEFORE):
    """A case of training: `move(name, step)` is how a parameter changed in place of its step."""
    moved = {name: before[name] + move(name, step) for name, step in due.items()}
    right = {name: before[name] + step for name, step in due.items()}
    return trial(
        {"weights": arrays(right)},
        {"weights": arrays(moved)},
        weights=arrays(before),
        updates=updates,
    )


def clipped_apart(name, step):
    return step * (0.5 if name == "rnn.b" else 3.0)


@pytest.mark.parametrize(
    "move, text",
    [
        (lambda _, step: 0 * step, "No parameter changes in the call."),
        (lambda _, step: 2 * step, "Every parameter changes by twice as much as is due."),
        (lambda _, step: step / 2, "Every parameter changes by half as much as is due."),
        (
            lambda _, step: -step,
            "Every parameter changes by as much as is due, in the opposite direction.",
        ),
        (
            lambda _, step: 1.7 * step,
            "Every parameter changes in the right direction, all by the same factor too far.",
        ),
        (
            lambda _, step: 0.3 * step,
            "Every parameter changes in the right direction, "
            "all by the same factor not far enough.",
        ),
        (
            clipped_apart,
            "Every parameter changes in its right direction, but not all by the same factor.",
        ),
        (
            lambda name, step: step if name == "rnn.W" else 0 * step,
            "rnn.b does not change in the call, and should; all others are right.",
        ),
        (
            lambda name, step: step if name == "rnn.W" else step[::-1],
            "The parameters are right where a parameter is a matrix alone.",
        ),
        (
            lambda _, step: np.sign(step) * 0.01,
            "Every number of the parameters moves the right way, but not by the right amount.",
        ),
        (lambda _, step: step[::-1], ""),
        (lambda _, step: step, ""),
        (lambda _, step: step * np.nan, ""),
    ],
)
def test_how_parameters_moved_is_said_by_their_changes(move, text):
    assert updated([after(move)], ()) == text


def test_what_holds_in_a_single_update_alone_is_said_of_that():
    one = after(lambda _, step: 2 * step)
    more = after(lambda _, step: step[::-1], updates=3)
    text = "In a single update, every parameter changes by twice as much as is due."
    assert updated([one, more], ()) == text


def test_what_is_right_after_one_update_alone_is_said_to_be():
    right, more = after(lambda _, step: step), after(lambda _, step: step[::-1], updates=3)
    text = "The parameters are right after one update, and wrong after more."
    assert updated([right, more], ()) == text
    assert updated([more, right, after(lambda _, step: step, updates=3)], ()) == ""


def test_a_change_that_is_not_due_tells_no_factor():
    still = {name: 0 * step for name, step in STEP.items()}
    assert updated([after(lambda _, step: step + 1.0, due=still)], ()) == ""


GRADS = {"fc.weight": RNG.standard_normal((3, 4)), "rnn.weight": RNG.standard_normal((4, 4))}


def gradients(change, key="grads", before=None, **more):
    came = {name: change(name, grad) for name, grad in GRADS.items()}
    given = {key: arrays(before)} if before else {}
    got = {n: None if one is None else Array(np.asarray(one)) for n, one in came.items()}
    return trial({key: arrays(GRADS), **more}, {key: got, **more}, **given)


@pytest.mark.parametrize(
    "change, text",
    [
        (lambda _, g: 2 * g, "Every gradient is twice what is due."),
        (lambda _, g: -g, "Every gradient has the size that is due, and the opposite sign."),
        (
            lambda _, g: 1.3 * g,
            "Every gradient has the right direction, and all are too large by the same factor.",
        ),
        (
            lambda name, g: g * len(name),
            "Every gradient has its right direction, but they are off by different factors.",
        ),
        (
            lambda name, g: g if name == "fc.weight" else g.T,
            "The gradient of fc.weight is right; the gradient of rnn.weight is not.",
        ),
        (
            lambda _, g: np.clip(g, -0.1, 0.1),
            "Every number of the gradients has the right sign, but not the right size.",
        ),
    ],
)
def test_how_gradients_are_wrong_is_said(change, text):
    assert updated([gradients(change)], ()) == text


def test_gradients_that_stayed_as_they_were_are_said_to_have():
    before = {name: 3 * grad for name, grad in GRADS.items()}
    text = "No gradient changes in the call."
    assert updated([gradients(lambda name, _: before[name], before=before)], ()) == text


def test_gradients_of_a_wrong_output_are_not_spoken_of():
    wrong = gradients(lambda _, g: 2 * g, key="gradients")
    other = trial(
        {**wrong.due.tree, "logits": Array(np.ones(3))},
        {**wrong.got.tree, "logits": Array(np.zeros(3))},
    )
    assert updated([wrong], ()) == "Every gradient is twice what is due."
    assert updated([other], ()) == ""


def test_parameters_that_no_gradient_reaches_are_named():
    one = gradients(lambda name, g: None if name == "fc.weight" else g)
    assert reached([one], ()) == "No gradient reaches fc.weight; it reaches all others."
    every = gradients(lambda name, g: None)
    assert reached([every], ()) == "No gradient reaches fc.weight and rnn.weight."
    assert reached([gradients(lambda _, g: g)], ()) == ""


# -- what is reported ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "got, text",
    [([3.0, 9.0], "right at the first epoch alone"), ([9.0, 2.0], ""), ([9.0, 9.0], "")],
)
def test_right_in_the_first_epoch_alone(got, text):
    pair = Pair(np.array([3.0, 2.0]), np.array(got), ("epoch",))
    assert first_alone([pair]) == text


def test_entries_that_are_no_epochs_have_no_first():
    assert first_alone([Pair(np.array([3.0, 2.0]), np.array([3.0, 9.0]), ("H",))]) == ""


def reported(loss, samples, epochs=1, size=2, name="values"):
    y = Array(np.zeros(samples, dtype=int))
    due = {"loss": 2.0}
    return trial(due, {"loss": loss}, name, y=y, batch_size=size, epochs=epochs)


def test_a_loss_that_is_right_with_one_batch_alone_is_said_to_be():
    cases = [reported(2.0, 2), reported(3.0, 3), reported(4.0, 5)]
    text = "loss is right where there is one batch, and wrong where there are more."
    assert batches(cases, ()) == text
    assert said([cases[1], cases[0], cases[2]], (), list) == text
    assert batches([*cases, reported(9.0, 1)], ()) == ""


def test_a_loss_that_is_right_with_equal_batches_alone_is_said_to_be():
    cases = [reported(2.0, 2), reported(2.0, 4), reported(3.0, 3), reported(4.0, 5)]
    text = "loss is right where all batches are of one size, and wrong where they are not."
    assert batches(cases, ()) == text


def test_one_that_is_right_by_chance_is_allowed_for_and_said():
    cases = [reported(2.0, 2), *(reported(5.0, n) for n in (3, 5, 6, 7)), reported(2.0, 9)]
    text = "loss is right where there is one batch, and nearly always wrong where there are more."
    assert batches(cases, ()) == text


def test_batches_are_not_named_where_it_may_be_the_epochs():
    assert batches([reported(2.0, 2, epochs=1), reported(3.0, 3, epochs=2)], ()) == ""


def test_the_size_of_each_batch_is_read_from_the_arguments():
    assert batch_sizes(reported(2.0, 5).question) == [2, 2, 1]
    pair = (Array(np.zeros((3, 4), dtype=int)), Array(np.zeros(3, dtype=int)))
    assert batch_sizes(trial(1.0, 1.0, batches=[pair, pair]).question) == [3, 3]
    assert batch_sizes(trial(1.0, 1.0).question) == []


@pytest.mark.parametrize(
    "arguments, count",
    [
        ({"updates": 2}, 2),
        ({"steps": 1}, 1),
        ({"chunk": 4, "x": Array(np.zeros((2, 9, 3)))}, 3),
        ({"batch_size": 2, "y": Array(np.zeros(5)), "epochs": 2}, 6),
        ({"options": [2, 0.1], "batches": [(Array(np.zeros((3, 4))),)]}, 2),
        ({}, 0),
    ],
)
def test_the_updates_of_a_case_are_counted(arguments, count):
    assert updates_of(trial(1.0, 1.0, **arguments).question) == count
