"""Lists of tags, shares of counts, single items and steps: what is said of them, and when not."""

from dataclasses import replace

import numpy as np
import pytest

from autograder.labcheck import items, sequences, shares, steps
from autograder.labcheck.compare import Tolerance
from autograder.labcheck.dependences import Probe, asked, changed, facts, probes
from autograder.labcheck.pairs import Pair
from autograder.labcheck.tree import Array
from autograder.labcheck.verdict import Observed, Question, judged

DUE = (
    [[3, 1, 2, 0], [1, 0, 2], [2, 2, 1, 3]],
    [[0, 1], [3, 2, 1, 0, 2], [1, 3, 3, 0, 1], [2, 0, 1]],
)


def trials(change):
    question = Question("values", {}, True, "result", "", Tolerance(), {})
    return [
        judged(question, Observed("result", due), Observed("result", [change(row) for row in due]))
        for due in DUE
    ]


def wrong_before_the_end(row):
    return [(tag + 1) % 4 for tag in row[:-1]] + row[-1:]


@pytest.mark.parametrize(
    "change, text",
    [
        (lambda row: row[::-1], "Each sequence is what is due in reverse."),
        (lambda row: row[1:], "Each sequence is what is due without its first item."),
        (lambda row: row[:-1], "Each sequence is what is due without its last item."),
        (lambda row: row[-1:] * len(row), "Each sequence holds its last item at every step."),
        (
            wrong_before_the_end,
            "Every sequence is right at its last step; what is wrong stands before it.",
        ),
        (lambda row: row[:-1] + [9], "Every sequence is right but for its last step."),
        (lambda row: [7] * len(row), ""),
        (lambda row: row, ""),
    ],
)
def test_what_all_sequences_show_is_said(change, text):
    assert sequences.told(trials(change)) == text


def test_the_longest_sequences_are_told_from_shorter_ones():
    long = [[1, 2, 3, 0], [2, 0, 1, 3]]
    due = [*long, [1, 2, 3], [0, 1, 1], [2, 2, 0]]
    got = [*long, [2, 0, 0], [1, 2, 2], [0, 1, 1]]
    question = Question("values", {}, True, "result", "", Tolerance(), {})
    both = [judged(question, Observed("result", due), Observed("result", got))] * 2
    text = "The longest sequences of each case are right, and shorter ones are not."
    assert sequences.told(both) == text


def test_few_sequences_say_nothing():
    assert sequences.told(trials(lambda row: row[::-1])[:1]) == ""


def test_a_list_of_numbers_is_no_list_of_sequences():
    assert sequences.is_sequences([[1, 2], [3]])
    for tree in ([1, 2], [], [[1.0, 2]], [[True]], [(1, 2)], "ab", None):
        assert not sequences.is_sequences(tree)


def tagging():
    rng = np.random.default_rng(3)
    arguments = {
        "emissions": Array(rng.standard_normal((2, 4, 3))),
        "transitions": Array(rng.standard_normal((3, 3))),
        "lengths": Array(np.array([4, 2])),
    }
    shapes = {"emissions": "B T C", "transitions": "C C", "lengths": "B", "return": "B T"}
    return Question("values", arguments, True, "result", "", Tolerance(), shapes)


def test_each_sample_comes_several_times_where_tags_are_due():
    one, more = tagging(), asked(tagging(), [[0, 1, 2, 0], [1, 1]])
    emissions, lengths = (more.arguments[name].values for name in ("emissions", "lengths"))
    assert emissions.shape == (8, 4, 3) and lengths.tolist() == [4, 2] * 4
    np.testing.assert_array_equal(emissions[:2], one.arguments["emissions"].values)
    assert len(np.unique(emissions[0::2].reshape(4, -1), axis=0)) == 3  # three classes to turn
    same = (each.arguments["transitions"].values for each in (one, more))
    np.testing.assert_array_equal(*same)
    assert asked(one, Array(np.ones((2, 4)))) is one


def test_tags_may_stay_the_same_by_chance_so_few_probes_are_made_of_them():
    kinds = {probe.kind for probe in probes(tagging(), [[0, 1, 2, 0], [1, 1]])}
    assert kinds == {"behind", "full", "zero"}
    assert "symmetric" in {probe.kind for probe in probes(tagging())}


def test_tags_are_one_part_with_a_trace():
    question, probe = tagging(), Probe("zero", "transitions")
    before, after = [[0, 1, 2, 0] * 3, [1, 1]], [[0, 1, 2, 0] * 3, [1, 2]]
    made = facts(probe, before, after, question, ())
    assert set(made) == {""} and made[""].changed and made[""].trace is not None
    assert not changed(question, probe)["transitions"].values.any()


# -- shares --------------------------------------------------------------------------------------


def share_pairs(value, due=lambda n: 3 / 7):
    """Four cases with the tags of n × 5 tokens."""
    sizes = (2, 3, 4, 6)
    return [
        Pair(
            np.asarray(due(n)),
            np.asarray(value(n)),
            sizes={"B": n},
            arguments={"tags": np.ones((n, 5))},
        )
        for n in sizes
    ]


def test_a_share_of_all_places_is_told():
    text = "a whole number divided by how many numbers tags has, and what is due is not"
    assert shares.share(share_pairs(lambda n: (n + 1) / (5 * n))) == text


def test_a_share_of_the_samples_is_told():
    made = shares.share([*share_pairs(lambda n: 1 / n), *share_pairs(lambda n: (n - 1) / n)[2:]])
    assert made == ""  # too few of more than four samples
    many = [
        replace(pair, sizes={"B": n}, got=np.asarray(2 / n))
        for pair, n in zip(share_pairs(lambda n: 0.0), (5, 6, 8, 9), strict=True)
    ]
    assert shares.share(many).startswith("a whole number divided by the size of the batch")


def test_what_is_due_as_the_same_share_shows_nothing():
    due = lambda n: 2 / (5 * n)  # noqa: E731
    assert shares.share(share_pairs(lambda n: (n + 1) / (5 * n), due)) == ""


def test_both_ways_takes_several_cases():
    both = [*share_pairs(lambda n: 0.2 + 0.1 * n), *share_pairs(lambda n: 0.3)]
    assert shares.either_way(both) == "too large in some cases and too small in others"
    assert shares.either_way(share_pairs(lambda n: 0.2 + 0.1 * n)) == ""
    assert shares.either_way(share_pairs(lambda n: 0.9) * 2) == ""


# -- items and steps -----------------------------------------------------------------------------

SPANS = [[("a", 0, 2), ("b", 4, 5)], [("a", 1, 2), ("a", 2, 4), ("b", 6, 9)], [("b", 0, 1)]]


def span_pairs(change):
    return [Pair(due, change(due)) for due in SPANS]


@pytest.mark.parametrize(
    "change, text",
    [
        (
            lambda due: [(name, start, end - start + 9) for name, start, end in due],
            "right in the first and second of the 3 things that each item holds",
        ),
        (
            lambda due: [(name, start, end + 1) for name, start, end in due][:-1],
            "shorter than what is due; in each item the first and second of its 3 things is due",
        ),
        (lambda due: [*due, ("z", 90, 91)], "longer than what is due wherever it is wrong"),
        (lambda due: [("z", 90, 91)] * len(due), ""),
    ],
)
def test_tuples_are_compared_thing_by_thing(change, text):
    assert items.fields(span_pairs(change)) == text


def test_the_ends_of_lists_are_told_where_enough_lists_show_them():
    lists = [[2, 5, 6, 7, 3], [2, 8, 9, 6, 3], [2, 4, 4, 8, 3]]
    middle = [Pair(due, [2, *[n + 1 for n in due[1:-1]], 3]) for due in lists]
    assert items.ends(middle) == "right at its beginning and its end, and wrong between"
    assert items.ends(middle[:2]) == ""
    assert items.ends([Pair(due, [n + 1 for n in due]) for due in lists]) == ""


def test_the_first_keys_that_are_right_are_counted():
    due = {"<PAD>": 0, "<UNK>": 1, "a": 2, "b": 3}
    got = {"<PAD>": 0, "<UNK>": 1, "b": 2, "a": 3}
    assert items.first_keys([Pair(due, got)]) == "right in its first 2 keys, and wrong after them"
    assert items.first_keys([Pair(due, {"<UNK>": 0, **got})]) == ""
    assert items.first_keys([Pair({"W": Array(np.ones(2))}, {"W": Array(np.zeros(2))})]) == ""


def step_pairs(made):
    rng = np.random.default_rng(2)
    for B, T in ((2, 3), (3, 4)):
        due, h0, dh = (rng.standard_normal(s) for s in ((B, T, 4), (B, 4), (B, T, 4)))
        yield Pair(due, made(due, h0, dh), ("B", "T", "H"), {}, {"h0": h0, "dh": dh})


def test_an_argument_that_stands_at_a_step_is_named():
    def first(due, h0, dh):
        return np.concatenate([h0[:, None], due[:, 1:]], axis=1)

    assert steps.argument_at(list(step_pairs(first))) == "h0, as it came in, at the first step"
    assert steps.argument_at(list(step_pairs(lambda due, h0, dh: due + 1))) == ""


def test_a_step_of_an_argument_that_is_added_is_named():
    def pairs(place, sign):
        for pair in step_pairs(lambda due, h0, dh: due):
            dh, due = pair.arguments["dh"], pair.due[:, 0]
            yield replace(pair, due=due, got=due + sign * dh[:, place], letters=("B", "H"))

    assert steps.plus_step(list(pairs(0, 1))) == "what is due plus dh at its first step"
    assert steps.plus_step(list(pairs(-1, -1))) == "what is due minus dh at its last step"
    assert steps.plus_step(list(pairs(1, 1))) == ""
