"""Micro F1 over exact spans."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from autograder.spec import Case, Exercise, Mistakes, but
from exercises.lab7_tagging._draws import NOTHING_MEASURED
from exercises.lab7_tagging.find_spans import LABELS, random_tags
from solutions.lab7_tagging import find_spans, span_f1

Texts = Sequence[Sequence[str]]
Key = tuple[Any, ...]
Count = Callable[[set[Key], set[Key]], float]
"""A score from predicted and true spans, neither of them empty: (text, label, start, end)."""


def sentence(rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """Predicted and true tags of a text that always begins in the same way."""
    label, other = (str(x) for x in rng.permutation(LABELS)[:2])
    same = [f"B-{label}", f"I-{label}", "O"]
    true, predicted = [*same], [*same]
    pieces = [
        ([f"B-{label}", f"I-{label}", "O"], [f"B-{label}", f"I-{label}", "O"]),
        ([f"B-{label}", f"I-{label}", "O"], [f"B-{label}", "O", "O"]),
        ([f"B-{label}", "O"], [f"B-{other}", "O"]),
        (["O", f"I-{other}", "O"], ["O", f"B-{other}", "O"]),
        (["O", "O"], ["O", f"B-{label}"]),
        ([f"B-{other}", f"I-{other}", "O"], ["O", f"I-{other}", "O"]),
        ([f"B-{label}", f"I-{label}", "O"], [f"B-{label}", f"B-{label}", "O"]),
        ([f"B-{other}", "O"], ["O", "O"]),
        ([f"B-{other}", "O", "O"], [f"B-{other}", f"I-{other}", "O"]),
    ]
    for place in rng.permutation(len(pieces))[: int(rng.integers(3, 7))]:
        true += pieces[place][0]
        predicted += pieces[place][1]
    return predicted, true


def inputs(rng: np.random.Generator) -> Mapping[str, Any]:
    """Texts with spans of every fate; one of them without any, one with a wrong label at the start."""
    texts = [sentence(rng) for _ in range(4)]
    one, other = (str(x) for x in rng.permutation(LABELS)[:2])
    texts.append((["O"] * 4, ["O"] * 4))
    texts.append(([f"B-{one}", f"I-{one}", "O"], [f"B-{other}", f"I-{other}", "O"]))
    texts.append((["O", "O", f"B-{one}", f"B-{one}"], ["O", f"B-{one}", "O", "O"]))
    texts.append((["O", f"B-{one}", "O", f"B-{other}", "O"], ["O", "O", "O", f"B-{other}", "O"]))
    order = rng.permutation(len(texts))
    return {
        "predicted": [texts[place][0] for place in order],
        "true": [texts[place][1] for place in order],
    }


def random_texts(rng: np.random.Generator) -> Mapping[str, Any]:
    true = [random_tags(rng, int(length)) for length in rng.integers(5, 12, 6)]
    predicted = [list(tags) for tags in true]
    for tags in predicted:
        for _ in range(2):
            tags[rng.integers(len(tags))] = str(rng.choice(["O", "B-PER", "I-LOC"]))
    return {"predicted": predicted, "true": true}


def mirrored(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = inputs(rng)
    return {"predicted": draw["true"], "true": draw["predicted"]}


def given(predicted: list[list[str]], true: list[list[str]]) -> Callable[..., Mapping[str, Any]]:
    """These tags."""
    return lambda rng: {"predicted": predicted, "true": true}


def perfect(rng: np.random.Generator) -> Mapping[str, Any]:
    true = inputs(rng)["true"]
    return {"predicted": [list(tags) for tags in true], "true": true}


def spans_of(texts: Texts) -> set[Key]:
    return {(row, *span) for row, tags in enumerate(texts) for span in find_spans(tags)}


def scoring(count: Count) -> Callable[..., float]:
    """Another score from the spans; 1.0 where there are none, 0.0 where one side has none."""

    def changed(predicted: Texts, true: Texts) -> float:
        found, wanted = spans_of(predicted), spans_of(true)
        if not found or not wanted:
            return float(found == wanted)
        return float(count(found, wanted))

    return changed


def f1(found: set[Key], wanted: set[Key]) -> float:
    return 2 * len(found & wanted) / (len(found) + len(wanted)) if found or wanted else 1.0


def without(*places: int) -> Callable[..., float]:
    """Spans compared without some of (text, label, start, end)."""

    def cut(spans: set[Key]) -> set[Key]:
        return {tuple(v for n, v in enumerate(span) if n not in places) for span in spans}

    return scoring(lambda found, wanted: f1(cut(found), cut(wanted)))


def counted_without_text(found: set[Key], wanted: set[Key]) -> float:
    """As lists over all texts, matched one to one."""
    one, other = Counter(span[1:] for span in found), Counter(span[1:] for span in wanted)
    return 2 * sum((one & other).values()) / (len(found) + len(wanted))


def per_group(place: int) -> Count:
    """The mean of the F1 of each text (0) or label (1)."""

    def count(found: set[Key], wanted: set[Key]) -> float:
        groups = {span[place] for span in found | wanted}
        return float(
            np.mean(
                [
                    f1({s for s in found if s[place] == g}, {s for s in wanted if s[place] == g})
                    for g in groups
                ]
            )
        )

    return count


def per_text(predicted: Texts, true: Texts) -> float:
    if not spans_of(predicted) and not spans_of(true):
        return 1.0
    return float(
        np.mean(
            [
                f1(set(find_spans(p)), set(find_spans(t)))
                for p, t in zip(predicted, true, strict=True)
            ]
        )
    )


def overlapping(found: set[Key], wanted: set[Key]) -> float:
    def near(span: Key, others: set[Key]) -> bool:
        return any(
            span[:2] == other[:2] and span[2] < other[3] and other[2] < span[3] for other in others
        )

    precision = sum(near(span, wanted) for span in found) / len(found)
    recall = sum(near(span, found) for span in wanted) / len(wanted)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def of_tokens(predicted: Texts, true: Texts) -> float:
    pairs = [pair for p, t in zip(predicted, true, strict=True) for pair in zip(p, t, strict=True)]
    return sum(p == t for p, t in pairs) / len(pairs) if pairs else 1.0


def of_marked_tokens(predicted: Texts, true: Texts) -> float:
    found = {(r, i, t) for r, tags in enumerate(predicted) for i, t in enumerate(tags) if t != "O"}
    wanted = {(r, i, t) for r, tags in enumerate(true) for i, t in enumerate(tags) if t != "O"}
    return f1(found, wanted)


def only_b_begins(predicted: Texts, true: Texts) -> float:
    def begun(texts: Texts) -> set[Key]:
        return {
            (row, *span)
            for row, tags in enumerate(texts)
            for span in find_spans(tags)
            if tags[span[1]][0] == "B"
        }

    return f1(begun(predicted), begun(true))


wrong = Mistakes()


@wrong
def texts_joined(predicted: Texts, true: Texts) -> float:
    """the texts are joined before their spans are read.
    Two texts [B-PER] and [I-PER]: how many spans are there?"""

    def joined(texts: Texts) -> Texts:
        return [[tag for tags in texts for tag in tags]]

    return span_f1(joined(predicted), joined(true))


def zero_for_nothing(predicted: Texts, true: Texts) -> float:
    if not spans_of(predicted) and not spans_of(true):
        return 0.0
    return span_f1(predicted, true)


def one_if_either_is_empty(predicted: Texts, true: Texts) -> float:
    if not spans_of(predicted) or not spans_of(true):
        return 1.0
    return span_f1(predicted, true)


def one_without_true(predicted: Texts, true: Texts) -> float:
    return span_f1(predicted, true) if spans_of(true) else 1.0


def one_without_predicted(predicted: Texts, true: Texts) -> float:
    return span_f1(predicted, true) if spans_of(predicted) else 1.0


def divides_by_zero(predicted: Texts, true: Texts) -> float:
    found, wanted = spans_of(predicted), spans_of(true)
    if not found and not wanted:
        return 1.0
    right = len(found & wanted)
    precision, recall = right / len(found), right / len(wanted)
    return 2 * precision * recall / (precision + recall)


@wrong
def nothing_right_divides_by_zero(predicted: Texts, true: Texts) -> float:
    """F1 divides by zero where precision and recall are 0.
    Try a text in which no span is right."""
    found, wanted = spans_of(predicted), spans_of(true)
    if not found or not wanted:
        return float(found == wanted)
    right = len(found & wanted)
    precision, recall = right / len(found), right / len(wanted)
    return 2 * precision * recall / (precision + recall)


def by_precision_and_recall(predicted: Texts, true: Texts) -> Any:
    right = found = wanted = 0
    for p, t in zip(predicted, true, strict=True):
        ours, theirs = find_spans(p), find_spans(t)
        right += sum(span in theirs for span in ours)
        found += len(ours)
        wanted += len(theirs)
    if found == wanted == 0:
        return 1.0
    if right == 0:
        return 0
    precision, recall = right / found, right / wanted
    return 2 / (1 / precision + 1 / recall)


def by_mistakes(predicted: Texts, true: Texts) -> Any:
    hits = misses = extras = 0
    for p, t in zip(predicted, true, strict=True):
        ours, theirs = set(find_spans(p)), set(find_spans(t))
        hits += len(ours & theirs)
        extras += len(ours - theirs)
        misses += len(theirs - ours)
    total = hits + (extras + misses) / 2
    return np.float64(hits / total) if total else 1


def by_counters(predicted: Texts, true: Texts) -> Any:
    one = Counter((n, s) for n, tags in enumerate(predicted) for s in map(tuple, find_spans(tags)))
    two = Counter((n, s) for n, tags in enumerate(true) for s in map(tuple, find_spans(tags)))
    both = sum(one.values()) + sum(two.values())
    return 1.0 if both == 0 else 2.0 * sum((one & two).values()) / both


B, O = ["B-PER", "I-PER", "O"], ["O", "O", "O"]
SPANS = "List the spans of both sides with the number of their text, and mark those that stand in both."
AVERAGE = "How many spans does your code divide by, and how often?"
EMPTY = "Try tags that are all O: on one side, on the other, and on both."
FORMULA = "Work out F1 by hand for 2 right spans of 3 predicted and 5 true ones."

wrong.add("texts_mixed", without(0), "the spans of all texts are thrown into one set. " + SPANS)
wrong.add(
    "texts_not_compared",
    scoring(counted_without_text),
    "a span of one text may be matched with one of another. " + SPANS,
)
wrong.add("labels_not_compared", without(1), "the labels are not compared. " + SPANS)
wrong.add("ends_not_compared", without(3), "the ends are not compared. " + SPANS)
wrong.add("starts_not_compared", without(2), "the starts are not compared. " + SPANS)
wrong.add(
    "overlap_is_enough",
    scoring(overlapping),
    "a span counts as right if it overlaps a true one. " + SPANS,
)
wrong.add(
    "mean_over_texts",
    scoring(per_group(0)),
    "F1 is computed for each text that has spans, and averaged. " + AVERAGE,
)
wrong.add(
    "mean_over_all_texts",
    per_text,
    "F1 is computed for each text, 1 where it has no spans, and averaged. " + AVERAGE,
)
wrong.add(
    "mean_over_labels",
    scoring(per_group(1)),
    "F1 is computed for each label and averaged. " + AVERAGE,
)
wrong.add("tokens", of_tokens, "tokens are compared and not spans. " + SPANS)
wrong.add(
    "marked_tokens", of_marked_tokens, "tokens other than O are compared and not spans. " + SPANS
)
wrong.add("only_b_begins", only_b_begins, "spans that begin with an I are left out. " + SPANS)
wrong.add(
    "precision",
    scoring(lambda found, wanted: len(found & wanted) / len(found)),
    "the precision is returned. " + FORMULA,
)
wrong.add(
    "recall",
    scoring(lambda found, wanted: len(found & wanted) / len(wanted)),
    "the recall is returned. " + FORMULA,
)
wrong.add(
    "plain_mean",
    scoring(lambda found, wanted: len(found & wanted) * (1 / len(found) + 1 / len(wanted)) / 2),
    "precision and recall are averaged in the plain way. " + FORMULA,
)
wrong.add(
    "over_union",
    scoring(lambda found, wanted: len(found & wanted) / len(found | wanted)),
    "the right spans are divided by all different spans. " + FORMULA,
)
wrong.add(
    "not_doubled",
    scoring(lambda found, wanted: len(found & wanted) / (len(found) + len(wanted))),
    "the result is half of F1. " + FORMULA,
)
wrong.add("zero_for_nothing", zero_for_nothing, "two sides without spans score 0. " + EMPTY)
wrong.add(
    "one_if_either_is_empty",
    one_if_either_is_empty,
    "one side without spans is enough for a score of 1. " + EMPTY,
)
wrong.add(
    "one_without_true",
    one_without_true,
    "the score is 1 as soon as there is no true span. " + EMPTY,
)
wrong.add(
    "one_without_predicted",
    one_without_predicted,
    "the score is 1 as soon as nothing is predicted. " + EMPTY,
)
wrong.add(
    "divides_by_zero",
    divides_by_zero,
    "precision or recall divides by zero where one side has no spans. " + EMPTY,
)
wrong.add(
    "percent",
    but(span_f1, returns=lambda score: 100 * score),
    "the score is given in percent. Between which numbers does F1 lie?",
)
wrong.add(
    "as_tensor",
    but(span_f1, returns=torch.tensor),
    "the score comes as a tensor. What is the type of what you return?",
)


EXERCISE = Exercise(
    reference=span_f1,
    inputs=inputs,
    points=8,
    without=NOTHING_MEASURED | {"placement", "gradients"},
    cases=(
        Case(name="random texts", inputs=random_texts),
        Case(name="predicted and true exchanged", inputs=mirrored),
        Case(name="all right", inputs=perfect, value=False, why="Equal tags have F1 1."),
        Case(
            name="nothing right",
            inputs=given([["O", "B-PER", "O"], B], [B, ["O", "B-LOC", "I-LOC"]]),
            value=False,
            why="Without a span that is right, F1 is 0.0.",
        ),
        Case(
            name="no spans on either side",
            inputs=given([O, ["O"]], [O, ["O"]]),
            value=False,
            why="Where neither side has a span there is nothing wrong: 1.0.",
        ),
        Case(
            name="nothing predicted",
            inputs=given([O, O], [B, O]),
            value=False,
            why="With spans on one side only, F1 is 0.0.",
        ),
        Case(
            name="nothing to be found",
            inputs=given([B, O], [O, O]),
            value=False,
            why="With spans on one side only, F1 is 0.0.",
        ),
        Case(
            name="no texts",
            inputs=given([], []),
            value=False,
            why="Without texts neither side has a span: 1.0.",
        ),
        Case(
            name="the same span in another text",
            inputs=given([B, O, B], [O, B, B]),
            value=False,
            why="A span is right only if its own text has it.",
        ),
        Case(
            name="a span from the end of a text and one from the start of the next",
            value=False,
            inputs=given([["O", "B-PER"], ["I-PER", "O"]], [["O", "B-PER"], ["B-PER", "O"]]),
            why="No span goes on from one text to the next.",
        ),
        Case(
            name="the same spans in many texts",
            inputs=given([B, B, B, O], [B, B, O, O]),
            value=False,
            why="Every text's span counts, also where another text has one like it.",
        ),
    ),
    mistakes=wrong,
    also_right=(by_precision_and_recall, by_mistakes, by_counters),
    look=SPANS,
)
