"""Micro F1 over exact spans."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
import torch

from autograder.spec import Case, Exercise, Mistakes, but, edited, printed
from exercises.lab7_tagging._draws import Draw, edge, random_tags, two_labels
from solutions.lab7_tagging import find_spans, span_f1

Texts = Sequence[Sequence[str]]
Spans = set[Any]
"""Each is (text, label, start, end)."""


def sentence(rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """Predicted and true tags of a text that always begins in the same way."""
    label, other = two_labels(rng)
    true = [f"B-{label}", f"I-{label}", "O"]
    predicted = list(true)
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
    one, other = two_labels(rng)
    texts.append((["O"] * 4, ["O"] * 4))
    texts.append(([f"B-{one}", f"I-{one}", "O"], [f"B-{other}", f"I-{other}", "O"]))
    texts.append((["O", "O", f"B-{one}", f"B-{one}"], ["O", f"B-{one}", "O", "O"]))
    texts.append((["O", f"B-{one}", "O", f"B-{other}", "O"], ["O", "O", "O", f"B-{other}", "O"]))
    order = rng.permutation(len(texts))
    predicted, true = zip(*(texts[place] for place in order), strict=True)
    return {"predicted": list(predicted), "true": list(true)}


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


def texts_of(predicted: list[list[str]], true: list[list[str]]) -> Draw:
    """These tags."""
    return lambda rng: {"predicted": predicted, "true": true}


def perfect(rng: np.random.Generator) -> Mapping[str, Any]:
    true = inputs(rng)["true"]
    return {"predicted": [list(tags) for tags in true], "true": true}


def spans_of(texts: Texts) -> Spans:
    return {(row, *span) for row, tags in enumerate(texts) for span in find_spans(tags)}


def scoring(count: Callable[[Spans, Spans], float]) -> Any:
    """Another score from the spans; 1.0 where there are none, 0.0 where one side has none."""

    def changed(predicted, true):
        found, wanted = spans_of(predicted), spans_of(true)
        return float(count(found, wanted)) if found and wanted else float(found == wanted)

    return changed


def f1(found: Spans, wanted: Spans) -> float:
    return 2 * len(found & wanted) / (len(found) + len(wanted)) if found or wanted else 1.0


def without(place: int) -> Any:
    """Spans compared without one of (text, label, start, end)."""

    def cut(spans: Spans) -> Spans:
        return {span[:place] + span[place + 1 :] for span in spans}

    return scoring(lambda found, wanted: f1(cut(found), cut(wanted)))


def counted_without_text(found: Spans, wanted: Spans) -> float:
    """As lists over all texts, matched one to one."""
    one, other = Counter(span[1:] for span in found), Counter(span[1:] for span in wanted)
    return 2 * (one & other).total() / (len(found) + len(wanted))


def mean_over(place: int) -> Any:
    """The mean of the F1 of each text (0) or label (1)."""

    def count(found: Spans, wanted: Spans) -> float:
        def part(spans: Spans, group: Any) -> Spans:
            return {span for span in spans if span[place] == group}

        groups = {span[place] for span in found | wanted}
        return float(np.mean([f1(part(found, one), part(wanted, one)) for one in groups]))

    return scoring(count)


def overlap(found: Spans, wanted: Spans) -> float:
    def near(one: Any, others: Spans) -> bool:
        same = [other for other in others if other[:2] == one[:2]]
        return any(one[2] < other[3] and other[2] < one[3] for other in same)

    precision = sum(near(span, wanted) for span in found) / len(found)
    recall = sum(near(span, found) for span in wanted) / len(wanted)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


SPANS = "List the spans of both sides with the number of their text, and mark those that stand in both."
AVERAGE = "How many spans does your code divide by, and how often?"
EMPTY = "Try tags that are all O: on one side, on the other, and on both."
FORMULA = "Work out F1 by hand for 2 right spans of 3 predicted and 5 true ones."

NEITHER = "not found and not wanted"
RIGHT = "len(found & wanted)"
SCORE = f"2 * {RIGHT} / (len(found) + len(wanted))"
IN_STEPS = f"""right = {RIGHT}
    precision, recall = right / len(found), right / len(wanted)
    return 2 * precision * recall / (precision + recall)"""
GUARDED = {NEITHER: "not found or not wanted", "return 1.0": "return float(found == wanted)"}

changed = partial(edited, span_f1)

wrong = Mistakes()
printed(wrong, span_f1)


@wrong
def texts_joined(predicted, true):
    """the texts are joined before their spans are read.
    Two texts [B-PER] and [I-PER]: how many spans are there?"""
    return span_f1([list(chain(*predicted))], [list(chain(*true))])


def per_text(predicted, true):
    scores = [span_f1([p], [t]) for p, t in zip(predicted, true, strict=True)]
    return sum(scores) / len(scores) if scores else 1.0


def of_tokens(predicted, true):
    hits = [p == t for p, t in zip(chain(*predicted), chain(*true), strict=True)]
    return sum(hits) / len(hits) if hits else 1.0


def of_marked_tokens(predicted, true):
    def marked(texts):
        return {(r, i, t) for r, tags in enumerate(texts) for i, t in enumerate(tags) if t != "O"}

    return f1(marked(predicted), marked(true))


def only_b_begins(predicted, true):
    def begun(texts):
        return {span for span in spans_of(texts) if texts[span[0]][span[2]][0] == "B"}

    return f1(begun(predicted), begun(true))


wrong.family(
    SPANS,
    ("texts_mixed", without(0), "the spans of all texts are thrown into one set"),
    (
        "texts_not_compared",
        scoring(counted_without_text),
        "a span of one text may be matched with one of another",
    ),
    ("labels_not_compared", without(1), "the labels are not compared"),
    ("starts_not_compared", without(2), "the starts are not compared"),
    ("ends_not_compared", without(3), "the ends are not compared"),
    ("overlap_is_enough", scoring(overlap), "a span counts as right if it overlaps a true one"),
    ("tokens", of_tokens, "tokens are compared and not spans"),
    ("marked_tokens", of_marked_tokens, "tokens other than O are compared and not spans"),
    ("only_b_begins", only_b_begins, "spans that begin with an I are left out"),
)
wrong.family(
    AVERAGE,
    ("mean_over_texts", mean_over(0), "F1 is computed for each text that has spans, and averaged"),
    (
        "mean_over_all_texts",
        per_text,
        "F1 is computed for each text, 1 where it has no spans, and averaged",
    ),
    ("mean_over_labels", mean_over(1), "F1 is computed for each label and averaged"),
)
wrong.family(
    FORMULA,
    ("precision", changed({SCORE: f"{RIGHT} / max(1, len(found))"}), "the precision is returned"),
    ("recall", changed({SCORE: f"{RIGHT} / max(1, len(wanted))"}), "the recall is returned"),
    (
        "plain_mean",
        changed({SCORE: f"{RIGHT} / max(1, len(found)) / 2 + {RIGHT} / max(1, len(wanted)) / 2"}),
        "precision and recall are averaged in the plain way",
    ),
    (
        "over_union",
        changed({SCORE: f"{RIGHT} / len(found | wanted)"}),
        "the right spans are divided by all different spans",
    ),
    ("not_doubled", changed({f"2 * {RIGHT}": RIGHT}), "the result is half of F1"),
)
wrong.family(
    EMPTY,
    ("zero_for_nothing", changed({"return 1.0": "return 0.0"}), "two sides without spans score 0"),
    (
        "one_if_either_is_empty",
        changed({NEITHER: "not found or not wanted"}),
        "one side without spans is enough for a score of 1",
    ),
    (
        "one_without_true",
        changed({NEITHER: "not wanted"}),
        "the score is 1 as soon as there is no true span",
    ),
    (
        "one_without_predicted",
        changed({NEITHER: "not found"}),
        "the score is 1 as soon as nothing is predicted",
    ),
    (
        "divides_by_zero",
        changed({f"return {SCORE}": IN_STEPS}),
        "precision or recall divides by zero where one side has no spans",
    ),
)
wrong.add(
    "wants_lists",
    but(span_f1, predicted=lambda texts: [tags + [] for tags in texts]),
    "lists are added to the tags, which may be tuples. What is (1, 2) + [3]?",
)
wrong.add(
    "nothing_right_divides_by_zero",
    edited(span_f1, GUARDED | {f"return {SCORE}": IN_STEPS}),
    "F1 divides by zero where precision and recall are 0. Try a text in which no span is right.",
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

ONE_SIDE = "With spans on one side only, F1 is 0.0."
B, O = ["B-PER", "I-PER", "O"], ["O", "O", "O"]

EXERCISE = Exercise(
    reference=span_f1,
    inputs=inputs,
    points=8,
    cases=(
        Case(name="random texts", inputs=random_texts),
        Case(name="predicted and true exchanged", inputs=mirrored),
        edge("all right", perfect, "Equal tags have F1 1."),
        edge(
            "nothing right",
            texts_of([["O", "B-PER", "O"], B], [B, ["O", "B-LOC", "I-LOC"]]),
            "Without a span that is right, F1 is 0.0.",
        ),
        edge(
            "no spans on either side",
            texts_of([O, ["O"]], [O, ["O"]]),
            "Where neither side has a span there is nothing wrong: 1.0.",
        ),
        edge("nothing predicted", texts_of([O, O], [B, O]), ONE_SIDE),
        edge("nothing to be found", texts_of([B, O], [O, O]), ONE_SIDE),
        edge(
            "tuples of tags",
            lambda rng: {
                side: tuple(map(tuple, texts)) for side, texts in random_texts(rng).items()
            },
            "Texts and their tags may be lists or tuples.",
        ),
        edge("no texts", texts_of([], []), "Without texts neither side has a span: 1.0."),
        edge(
            "the same span in another text",
            texts_of([B, O, B], [O, B, B]),
            "A span is right only if its own text has it.",
        ),
        edge(
            "a span from the end of a text and one from the start of the next",
            texts_of([["O", "B-PER"], ["I-PER", "O"]], [["O", "B-PER"], ["B-PER", "O"]]),
            "No span goes on from one text to the next.",
        ),
        edge(
            "the same spans in many texts",
            texts_of([B, B, B, O], [B, B, O, O]),
            "Every text's span counts, also where another text has one like it.",
        ),
    ),
    mistakes=wrong,
    look=SPANS,
    when_right=(
        "Three counts are enough: right, predicted and true spans, added up text by text. Without "
        "the number of the text in each span, a name in one text would match the same place in "
        "another. The mean of the texts' F1 is another number, in which a text with one name "
        "weighs as much as a text with twenty. Next question: a tagger ends every name one token "
        "too early. What do token accuracy and F1 say about it?"
    ),
)
