"""How what came relates to what was due: said where it is so, and not where it only looks so."""

from dataclasses import replace

import numpy as np
import pytest

from autograder.labcheck import items, places, relations
from autograder.labcheck.compare import Tolerance
from autograder.labcheck.pairs import Pair
from autograder.labcheck.telling import said
from autograder.labcheck.tree import Array
from autograder.labcheck.verdict import Observed, Question, judged

SIZES = ({"B": 3, "T": 5, "H": 4}, {"B": 4, "T": 6, "H": 8})


def draws(letters="B T H", seed=0):
    """What is due in two cases of other sizes."""
    rng = np.random.default_rng(seed)
    return [rng.standard_normal([sizes[axis] for axis in letters.split()]) for sizes in SIZES]


def pairs(change, letters="B T H", due=None, arguments=None):
    """Two cases in which `change(due, sizes)` came."""
    dues = draws(letters) if due is None else due
    extra = arguments or [{}, {}]
    return [
        Pair(x, np.asarray(change(x, s)), tuple(letters.split()), s, a)
        for x, s, a in zip(dues, SIZES, extra, strict=True)
    ]


def nearly(change):
    """The same change, but for one number that is a little off."""

    def off(x, sizes):
        made = np.array(change(x, sizes))
        made.flat[min(made.shape[-1], made.size - 1)] += 1e-3
        return made

    return off


def rolled(x, _):
    return np.concatenate([x[:, 1:], np.zeros_like(x[:, :1])], axis=1)


def half_swapped(x, _):
    return np.roll(x, x.shape[-1] // 2, axis=-1)


def evens_wrong(x, _):
    return np.where((np.arange(x.shape[1]) % 2 == 0)[:, None], x + 1 + x * x, x)


def last_step_wrong(x, _):
    return np.concatenate([x[:, :-1], x[:, -1:] ** 2 + 1], axis=1)


def by_sample(x, _):
    return x * np.arange(2, 2 + len(x))[:, None, None]


HOLD = [
    (relations.times, lambda x, _: x / 2, "half of what is due"),
    (relations.times, lambda x, _: 2 * x, "twice what is due"),
    (relations.times, lambda x, _: -x, "what is due with the other sign"),
    (relations.times, lambda x, _: x * 2 / 3, "what is due times 2/3"),
    (relations.times, lambda x, s: x / s["B"], "what is due divided by the size of the batch"),
    (relations.times, lambda x, s: x * s["T"], "what is due times the number of steps"),
    (
        relations.times,
        lambda x, s: x / (s["B"] * s["T"]),
        "what is due divided by the size of the batch and by the number of steps",
    ),
    (
        relations.times,
        lambda x, s: x / np.sqrt(s["H"]),
        "what is due divided by the square root of the hidden size",
    ),
    (relations.plus, lambda x, _: x + 0.5, "what is due plus 0.5"),
    (relations.plus, lambda x, _: x - 1, "what is due minus 1"),
    (relations.flipped, lambda x, _: x[:, ::-1], "what is due in reverse along the time axis"),
    (relations.shifted, rolled, "one step off: step t holds what is due at step t + 1"),
    (
        relations.shifted,
        lambda x, _: np.roll(x, 1, 1),
        "one step off: step t holds what is due at step t − 1; it goes round at the end",
    ),
    (
        relations.blocks,
        half_swapped,
        "what is due with its two halves exchanged along the hidden axis",
    ),
    (
        relations.transposed,
        lambda x, _: np.swapaxes(x, 0, 1),
        "what is due with the batch axis and the time axis exchanged",
    ),
    (
        relations.summed,
        lambda x, _: np.cumsum(x, 1),
        "what is due, added up step by step along the time axis",
    ),
    (relations.rounded, lambda x, _: np.round(x, 2), "what is due, rounded to 2 decimals"),
    (
        relations.rounded,
        lambda x, _: x.astype(np.float32).astype(float),
        "what is due, rounded to float32",
    ),
    (
        relations.clipped,
        lambda x, _: np.clip(x, -0.5, 0.5),
        "what is due, cut off beyond 0.5 on either side",
    ),
    (relations.clipped, lambda x, _: np.minimum(x, 0.25), "what is due, cut off above 0.25"),
    (relations.function, lambda x, _: np.tanh(x), "the tanh of what is due"),
    (relations.function, lambda x, _: np.abs(x), "the size of what is due, without its sign"),
    (
        relations.reordered,
        lambda x, _: x[:, np.roll(np.arange(x.shape[1])[::-1], 2)],
        "what is due in another order along the time axis",
    ),
    (relations.constant, lambda x, _: np.zeros_like(x), "zero everywhere"),
    (relations.constant, lambda x, _: np.full_like(x, np.nan), "not a number (nan) everywhere"),
    (
        relations.repeated,
        lambda x, _: np.broadcast_to(x[-1:], x.shape),
        "the same for every sample, which is not due",
    ),
    (
        relations.scaled_by_slice,
        by_sample,
        "what is due times a factor that changes only along the batch axis",
    ),
    (relations.too_large, lambda x, _: x + 1 + x * x, "too large wherever it is wrong"),
    (
        relations.near,
        lambda x, _: x + 0.04 * np.abs(x).max() * np.cos(x),
        "near what is due: nowhere off by more than 5 % of the largest number",
    ),
    (
        relations.signed,
        lambda x, _: x**3 + x,
        "of the sign that is due everywhere, but not of the size",
    ),
    (relations.reduced, lambda x, _: x.sum(1), "the sum of what is due along the time axis"),
    (relations.reduced, lambda x, _: x.mean(0), "the mean of what is due along the batch axis"),
    (
        relations.cut,
        lambda x, _: x[:, 1:],
        "what is due with entries missing at the beginning along the time axis",
    ),
    (relations.reshaped, lambda x, _: x[..., None], "what is due, in another shape"),
    (places.pattern, last_step_wrong, "right at every step but the last"),
    (places.pattern, evens_wrong, "right at odd steps and wrong at even ones"),
]


@pytest.mark.parametrize("relation, change, text", HOLD, ids=[text for *_, text in HOLD])
def test_a_relation_that_holds_in_both_cases_is_said(relation, change, text):
    assert relation(pairs(change)) == text


LOOSE = (relations.constant, relations.too_large, relations.near, relations.signed)
NEAR = [case for case in HOLD if case[0] not in LOOSE]


@pytest.mark.parametrize("relation, change, text", NEAR, ids=[text for *_, text in NEAR])
def test_one_number_off_and_it_is_not_said(relation, change, text):
    assert relation(pairs(nearly(change))) != text


SHAPED = (relations.reshaped, relations.cut)
OF_ONE = [case for case in HOLD if case[0] not in SHAPED]


@pytest.mark.parametrize("relation, change, text", OF_ONE, ids=[text for *_, text in OF_ONE])
def test_a_single_number_shows_nothing(relation, change, text):
    one = [np.full((1, 1, 1), 0.7), np.full((1, 1, 1), 0.7)]
    assert relation(pairs(change, due=one)) == ""


def test_a_size_is_named_only_where_it_is_not_the_same_in_all_cases():
    once = pairs(lambda x, s: x / s["B"])[:1]
    assert relations.times(once) == "what is due times 1/3"


@pytest.mark.parametrize(
    "relation, change",
    [
        (relations.times, lambda x, _: x * 0.123456),
        (relations.plus, lambda x, _: x + 0.123456),
        (relations.clipped, lambda x, _: np.minimum(x, 0.123456)),
        (relations.constant, lambda x, _: np.full_like(x, 0.123456)),
    ],
)
def test_a_number_that_one_case_alone_shows_is_not_told(relation, change):
    both = pairs(change)
    assert "0.1235" in relation(both)
    assert "0.1" not in relation(both[:1])


def test_infinity_everywhere_is_told():
    assert relations.constant(pairs(lambda x, _: np.full_like(x, np.inf))[:1]) == "inf everywhere"


def test_a_symmetric_array_is_not_said_to_be_flipped():
    due = [np.ones((3, 5, 4)), np.ones((4, 6, 8))]
    assert relations.flipped(pairs(lambda x, _: x[:, ::-1] + 1, due=due)) == ""


def test_a_matrix_that_came_transposed_is_said_to_be():
    due = draws("H H")
    assert relations.transposed(pairs(lambda x, _: x.T, "H H", due)) == "what is due, transposed"


def test_an_argument_left_out_is_named():
    biases = [np.arange(1.0, 5), np.arange(1.0, 9)]
    cases = pairs(
        lambda x, s: x - np.arange(1.0, s["H"] + 1), arguments=[{"b": b} for b in biases]
    )
    assert relations.plus(cases) == "what is due minus b"


def test_an_argument_of_zeros_is_not_named():
    zeros = [{"b": np.zeros(4)}, {"b": np.zeros(8)}]
    assert relations.plus(pairs(lambda x, _: x - 0.0, arguments=zeros)) == ""


def test_an_argument_handed_back_is_named():
    dues = draws(seed=3)
    cases = pairs(lambda x, _: 3 * x + 1, arguments=[{"x": 3 * x + 1} for x in dues], due=dues)
    assert relations.argument(cases) == "x, as it came in"


def test_the_end_of_each_sequence_is_named():
    def padding_wrong(x, sizes):
        lengths = np.arange(1, sizes["B"] + 1)
        return np.where((np.arange(sizes["T"]) >= lengths[:, None])[..., None], 9.0, x)

    given = [{"lengths": np.arange(1.0, s["B"] + 1)} for s in SIZES]
    said_of = places.ended(pairs(padding_wrong, arguments=given))
    assert said_of == "right up to the end of each sequence, and wrong behind it"


@pytest.mark.parametrize(
    "due, got, text",
    [
        ([1, 2, 3, 4], [4, 3, 2, 1], "what is due in reverse"),
        ([1, 2, 3, 4], [2, 1, 3, 4], "what is due in another order"),
        ([1, 2, 3, 4], [1, 2], "what is due, cut short at the end"),
        ([1, 2, 3, 4], [1, 3, 4], "what is due with items left out"),
        ([1, 2, 3], [1, 2, 3, 9], "what is due with items added at the end"),
        ("a b", "ab", "what is due with characters left out"),
        ([1, 2, 3, 4], [1, 2, 7, 4], ""),
    ],
)
def test_lists_and_texts_are_compared_item_by_item(due, got, text):
    assert items.in_order([Pair(due, got)]) == text


@pytest.mark.parametrize(
    "due, got, text",
    [
        (["Ab", "c"], ["ab", "c"], "what is due but for capital letters"),
        ("a b", "a  b", "what is due but for blanks"),
        ("a b", "a c", ""),
    ],
)
def test_capitals_and_blanks_are_named(due, got, text):
    assert items.text_case([Pair(due, got)]) == text


def test_keys_that_are_missing_leave_the_others_right():
    text = items.in_dict([Pair({"a": 1, "b": 2}, {"a": 1})])
    assert text.startswith("a dict with keys missing; the keys that agree")


# -- the whole sentence --------------------------------------------------------------------------


def trial(due, got, name="values", value=True, **arguments):
    question = Question(
        name,
        {key: Array(np.asarray(item)) for key, item in arguments.items()},
        value,
        "result",
        "",
        Tolerance(),
        {"x": "B T", "return": "B T"},
    )
    return judged(question, Observed("result", due), Observed("result", got))


def array(values):
    return Array(np.asarray(values, dtype=float))


def test_the_sentence_speaks_of_all_cases_only_where_it_holds_in_all():
    x, y = np.arange(1.0, 7).reshape(2, 3), np.arange(2.0, 14).reshape(3, 4)
    half = [trial(array(x), array(x / 2)), trial(array(y), array(y / 2), "more")]
    assert said(half, (), list) == "What you return is half of what is due."
    some = [half[0], trial(array(y), array(y), "more")]
    assert (
        said(some, (), list) == "In the cases that fail, what you return is half of what is due."
    )


def test_parts_that_share_a_relation_are_named_together():
    x = np.arange(1.0, 7).reshape(2, 3)
    due = {"dW": array(x), "db": array(x[0]), "dx": array(x + 1)}
    got = {"dW": array(x / 2), "db": array(x[0] / 2), "dx": array(x + 1)}
    assert said([trial(due, got)], (), list) == "dW and db are half of what is due."


def test_two_parts_that_changed_places_are_named():
    x = np.arange(1.0, 7).reshape(2, 3)
    due, got = (array(x), array(x + 9)), (array(x + 9), array(x))
    text = said([trial(due, got)], ("h", "c"), list)
    assert text == "h holds what is due as c, and c what is due as h."


def test_keys_of_two_dicts_are_told_apart():
    w, g = np.arange(1.0, 7).reshape(2, 3), np.array([[3.0, 1, 4], [1, 5, 9]])
    trees = {"params": {"W": array(w)}, "grads": {"W": array(g)}}
    question = replace(trial(1.0, 2.0).question, arguments=trees)
    came = judged(question, Observed("result", array(w - g)), Observed("result", array(w)))
    assert said([came], (), list) == "What you return is what is due plus W of grads."


def test_nothing_is_said_of_a_case_that_is_not_the_one_shown():
    x = np.arange(1.0, 7).reshape(2, 3)
    wrong = trial(array(x), array(x / 2), "more")
    raised = judged(
        wrong.question, Observed("result", array(x)), Observed("raised", type="ValueError")
    )
    assert said([raised, wrong], (), list) == ""


def test_the_cases_that_fail_are_told_by_what_they_have_in_common():
    rng = np.random.default_rng(5)

    def case(name, batch, right):
        due = rng.standard_normal((batch, 3))
        got = due if right else rng.standard_normal((batch, 3))
        return trial(array(due), array(got), name, x=rng.standard_normal((batch, 3)))

    trials = [case("values", 3, False), case("more", 4, False), case("third", 3, False)]
    trials.append(case("one sample", 1, True))
    assert said(trials, (), list) == "The cases of one sample are right, and all others fail."


def test_near_is_measured_and_signs_are_looked_at_where_both_are_due():
    assert relations.near(pairs(lambda x, _: x + 0.3 * np.abs(x).max())) == ""
    assert relations.near(pairs(lambda x, _: np.where(x == x.max(), np.nan, x))) == ""
    assert relations.signed(pairs(lambda x, _: np.where(x == x.max(), -x, x**3 + x))) == ""
    positive = [np.abs(x) for x in draws()]
    assert relations.signed(pairs(lambda x, _: x**3 + x, due=positive)) == ""
