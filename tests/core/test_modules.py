"""How a module that was built differs: by its parameters, by the options of the cases that fail."""

import numpy as np
import pytest

from autograder.labcheck import choices, places
from autograder.labcheck.compare import Tolerance
from autograder.labcheck.modules import built
from autograder.labcheck.pairs import Pair
from autograder.labcheck.telling import said
from autograder.labcheck.tree import Array
from autograder.labcheck.verdict import Observed, Question, judged

DUE = {
    "embedding.weight": (9, 2),
    "rnn.weight_ih_l0": (3, 2),
    "rnn.bias_ih_l0": (3,),
    "rnn.weight_ih_l0_reverse": (3, 2),
    "fc.weight": (4, 6),
    "fc.bias": (4,),
}


def shaped(shapes):
    return {
        name: Array(np.broadcast_to(np.zeros(()), shape), "torch", "float32", "meta")
        for name, shape in shapes.items()
    }


def trial(due, got, name="values", value=True, letters="", **arguments):
    shapes = {"logits": letters} if letters else {}
    question = Question(name, arguments, value, "result", "", Tolerance(), shapes, indirect=True)
    return judged(question, Observed("result", due), Observed("result", got))


def of_module(shapes):
    return trial({"parameters": shaped(DUE)}, {"parameters": shaped(shapes)})


def without(*names, **sizes):
    return {name: shape for name, shape in DUE.items() if name not in names} | sizes


@pytest.mark.parametrize(
    "shapes, text",
    [
        (
            {name.replace("rnn", "lstm"): shape for name, shape in DUE.items()},
            "The sizes of all parameters are right, and some modules are called lstm in place "
            "of rnn.",
        ),
        (
            without("rnn.weight_ih_l0_reverse") | {"fc.weight": (4, 3)},
            "rnn.weight_ih_l0_reverse is missing; fc.weight has another size.",
        ),
        (without("rnn.bias_ih_l0", "fc.bias"), "Biases are missing; all others are right."),
        (
            DUE | {"rnn.weight_ih_l1": (3, 3), "rnn.weight_hh_l1": (3, 3)},
            "Parameters of a second layer are there that should not be; all others are right.",
        ),
        (DUE | {"fc.weight": (4, 3)}, "fc.weight has another size; all others are right."),
        (
            {name: (3 * shape[0], *shape[1:]) for name, shape in DUE.items()},
            "embedding.weight, all parameters of rnn and all parameters of fc have three times as "
            "many rows as are due.",
        ),
        (DUE, ""),
    ],
)
def test_parameters_that_differ_are_told_by_what_they_have_in_common(shapes, text):
    assert built([of_module(shapes)], ()) == text


def test_shapes_alone_are_no_numbers():
    assert "what is due" not in said([of_module(DUE | {"fc.bias": (7,)})], (), list)


# -- which cases fail ----------------------------------------------------------------------------


def case(init, right, name="values", value=True):
    return trial({"x": 1.5}, {"x": 1.5 if right else 9.5}, name, value, init=init)


def test_the_word_that_all_cases_that_fail_have_is_named():
    cases = [case([3, "gru"], True), case([3, "rnn"], True), case([3, "lstm", "mean"], False)]
    cases += [case([3, "gru", "mean"], False), case([3, "rnn", "mean"], True)]
    assert choices.chosen(cases) == "Only cases with 'mean' in init fail."
    assert choices.chosen([*cases, case([3, "gru"], False)]) == ""


def test_cases_that_name_no_word_are_told_by_that():
    cases = [case([3], False), case([4], False), case([3, "gru"], True), case([3, "rnn"], True)]
    assert choices.chosen(cases) == "Only cases with no word in init fail."


def named(*right):
    return [case([3], one, f"case {n}") for n, one in enumerate(right)]


def test_few_cases_are_told_by_their_names():
    one = "Of the ordinary calls, only that of 'case 3' fails."
    assert choices.few_fail(named(True, True, True, False)) == one
    two = "Of the ordinary calls, only those of 'case 0' and 'case 1' are right."
    assert choices.few_right(named(True, True, False, False, False)) == two
    assert choices.few_fail(named(True, False, False, False)) == ""
    assert choices.few_right(named(False, False, False, False)) == ""


def test_parts_that_are_right_in_every_case_are_named():
    whole = [
        trial({"losses": [1.5], "weights": 2.5}, {"losses": [n], "weights": 2.5})
        for n in (8.5, 9.5)
    ]
    text = "weights are right in every case; losses are not."
    assert choices.parts_right(whole, ()) == text
    off = trial(
        {"losses": [1.5], "weights": 2.5}, {"losses": [1.5], "weights": 9.5}, "more", value=False
    )
    text = "weights are right in the ordinary calls; losses are not."
    assert choices.parts_right([*whole, off], ()) == text


def test_numbers_are_told_beside_the_statements_that_do_not_hold():
    due = {"losses": [1.5], "the loss falls": True, "one loss for each epoch": True}
    first = trial(due, {**due, "losses": [9.5]})
    text = "losses are wrong, and all else that is compared is right."
    assert choices.statements([first], ()) == text
    more = trial(due, {**due, "losses": [9.5], "the loss falls": False}, "more", value=False)
    text = "losses are wrong; what should hold and does not: the loss falls."
    assert choices.statements([first, more], ()) == text
    assert choices.statements([trial({"x": 1.0}, {"x": 2.0})], ()) == ""


# -- apart from the padding ----------------------------------------------------------------------


def test_rows_of_padding_are_left_out():
    due = np.random.default_rng(3).standard_normal((2, 3, 4))
    due[1, 1:] = 0
    rows = places.real_rows(Pair(due, 2 * due, ("B", "T", "classes")))
    assert rows is not None
    assert rows.due.shape == (4, 4)
    assert places.real_rows(Pair(due, due, ("B", "classes", "H"))) is None


def test_a_softmax_is_seen_behind_padding_that_is_zero():
    def padded(shape, ends):
        x = np.random.default_rng(shape[0]).standard_normal(shape)
        real = (np.arange(shape[1]) < np.array(ends)[:, None])[..., None]
        soft = np.exp(x) / np.exp(x).sum(-1, keepdims=True)
        due, got = {"logits": Array(x * real)}, {"logits": Array(soft * real)}
        return trial(due, got, letters="B T classes")

    text = said([padded((3, 4, 5), [4, 2, 1]), padded((2, 5, 6), [5, 5])], (), list)
    assert text == (
        "Apart from the padding, logits are the softmax of what is due along the classes axis."
    )
