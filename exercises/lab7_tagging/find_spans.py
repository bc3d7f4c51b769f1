"""Spans of labels, read off a list of tags."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from autograder.spec import Case, Exercise, Mistakes, but, edited, printed
from exercises.lab7_tagging._draws import Draw, edge, random_tags, two_labels
from solutions.lab7_tagging import find_spans


def inputs(rng: np.random.Generator) -> Mapping[str, Any]:
    """Every edge case in an order of its own, with random tags between them."""
    one, other = two_labels(rng)
    pieces = [
        [f"B-{one}", f"I-{one}", "O"],
        ["O", f"I-{one}", f"I-{one}"],
        [f"B-{one}", f"I-{one}", f"I-{other}", f"I-{other}"],
        [f"B-{other}", f"B-{other}", f"I-{other}"],
        [f"B-{one}", f"B-{other}", "O", "O"],
        [f"I-{one}", "O", f"I-{one}"],
        [f"B-{one}", f"I-{other}", f"B-{one}"],
        random_tags(rng, 6),
    ]
    tags = [tag for place in rng.permutation(len(pieces)) for tag in pieces[place]]
    return {"tags": [*tags, f"B-{one}", f"I-{one}"]}


def tags_of(*tags: str) -> Draw:
    """These tags, with the labels x and y drawn."""

    def draw(rng: np.random.Generator) -> Mapping[str, Any]:
        x, y = two_labels(rng)
        return {"tags": [tag.replace("x", x).replace("y", y) for tag in tags]}

    return draw


changed = partial(edited, find_spans)
giving = partial(but, find_spans)

WALK = "Go through the tags B-x I-x I-y O by hand: what is open after each of them?"
ENDS = "tags[start:end] should be exactly the tags of the span."
FORM = "Print one item of what you return and compare it with the docstring."
TEXT = "In which order do the spans stand in the text?"

STAYS = 'prefix == "I" and name == label'
OPENS = 'prefix != "O"'
KEPT = "spans.append((label, start, position))"
READ = 'name = tag.partition("-")'
B_OR_FIRST = '(prefix == "B" or (prefix == "I" and before is None))'

wrong = Mistakes()
printed(wrong, find_spans)
wrong.family(
    WALK,
    ("i_needs_b", changed({OPENS: 'prefix == "B"'}), "an I without its B is left out"),
    (
        "label_not_compared",
        changed({STAYS: 'prefix == "I"'}),
        "an I goes on the open span whatever its label is",
    ),
    ("o_needed", changed({STAYS: OPENS}), "a span goes on up to the next O"),
    (
        "i_after_change_left_out",
        changed({READ: f"{READ}\n        before = label", OPENS: B_OR_FIRST}),
        "an I whose label is not that of the open span ends it and begins nothing",
    ),
    (
        "one_token_left_out",
        giving(returns=lambda spans: [span for span in spans if span[2] - span[1] > 1]),
        "spans of a single token are left out",
    ),
)
wrong.family(
    "Where does the label begin in B-x-y, and where does it end?",
    (
        "label_up_to_its_hyphen",
        changed({READ: f'{READ}\n        name = name.partition("-")[0]'}),
        "a label ends at its first hyphen",
    ),
    (
        "label_behind_its_hyphen",
        changed({READ: f'{READ}\n        name = name.rpartition("-")[2]'}),
        "a label begins behind its last hyphen",
    ),
    (
        "two_parts_expected",
        changed({READ: f'{READ}\n        prefix, name = tag.split("-") if name else (tag, "")'}),
        "a tag is taken apart at every hyphen and two parts are expected",
    ),
)
wrong.add(
    "o_anywhere",
    changed({OPENS: '"O" not in tag'}),
    "every tag with an O in it is taken for an O. What does `'O' in 'B-LOC'` give?",
)
wrong.add(
    "wants_a_list",
    changed({'[*tags, "O"]': 'tags + ["O"]'}),
    "a list is added to the tags, which may be a tuple. What is (1, 2) + [3]?",
)
wrong.add(
    "first_span_only",
    giving(returns=lambda spans: spans[:1]),
    "only the first span is returned. How far is your return indented?",
)
wrong.add(
    "b_not_noticed",
    edited(find_spans, {STAYS: "name == label"}),
    "a B with the label of the open span does not begin a new one. What do two names that follow each other look like?",
)
wrong.add(
    "end_forgotten",
    edited(find_spans, {'[*tags, "O"]': "tags"}),
    "a span that is open at the end is lost. What does your loop do after the last tag?",
)
wrong.add(
    "start_zero_lost",
    edited(find_spans, {KEPT: f"if start or position < len(tags):\n                {KEPT}"}),
    "a span over the whole text is lost, as if its start 0 were no start. What is `if start:` where start is 0?",
)
wrong.family(
    ENDS,
    (
        "end_inclusive",
        changed({"start, position))": "start, position - 1))"}),
        "end is the last token of the span, and not one behind it",
    ),
    (
        "one_too_far",
        changed({"start, position))": "start, position + 1))"}),
        "end is one too large",
    ),
    (
        "counted_from_one",
        changed({"start, position))": "start + 1, position + 1))"}),
        "positions are counted from 1",
    ),
    (
        "start_one_late",
        changed({"start, position))": "start + 1, position))"}),
        "start is one too large",
    ),
    (
        "start_and_length",
        changed({"start, position))": "start, position - start))"}),
        "the length of a span stands where its end should be",
    ),
)
wrong.family(
    FORM,
    (
        "label_last",
        changed({"(label, start, position)": "(start, position, label)"}),
        "the label stands last",
    ),
    ("label_with_prefix", changed({"((label,": '(("B-" + label,'}), "the label still has its B-"),
    (
        "first_letter",
        changed({"((label,": "((label[:1],"}),
        "only the first letter of the label is kept",
    ),
    ("without_labels", changed({"((label,": "(("}), "the labels are left out"),
)
wrong.add(
    "stripped",
    edited(find_spans, {"((label,": '((label.lstrip("BI-"),'}),
    "letters are stripped off the label together with the prefix. Try 'B-BIO'.lstrip('B-').",
)
wrong.family(
    TEXT,
    ("sorted_by_label", giving(returns=sorted), "the spans are sorted by label"),
    ("last_first", giving(returns=lambda spans: spans[::-1]), "the last span comes first"),
)

BEGINS = "An I that goes on no span begins one."
OPEN = "A span that is open at the end is a span too."

EXERCISE = Exercise(
    reference=find_spans,
    inputs=inputs,
    shapes={"return": "span part"},
    points=9,
    cases=(
        Case(name="a long text", inputs=lambda rng: {"tags": random_tags(rng, 60)}),
        Case(name="a plain text", inputs=tags_of("O", "B-x", "I-x", "O", "B-y", "O")),
        edge(
            "B after B",
            tags_of("O", "B-x", "B-x", "I-x", "O"),
            "A B always begins a new span, also straight after another span.",
        ),
        edge("I without its B", tags_of("O", "I-x", "I-x", "O"), BEGINS),
        edge(
            "I at the very beginning",
            tags_of("I-x", "I-x", "O"),
            "An I that goes on no span begins one, at the first tag too.",
        ),
        edge(
            "I after a gap",
            tags_of("B-x", "O", "I-x", "O"),
            "An O ends the span; the I after it begins another.",
        ),
        edge(
            "the label changes inside",
            tags_of("B-x", "I-x", "I-y", "I-y", "I-x", "O"),
            "An I of another label does not go on the span before it.",
        ),
        edge("up to the end", tags_of("O", "O", "B-x", "I-x"), OPEN),
        edge("one token at the end", tags_of("O", "B-x"), OPEN),
        edge(
            "one span over the whole text",
            tags_of("B-x", "I-x", "I-x"),
            "A span may begin at 0 and reach up to the end.",
        ),
        edge(
            "labels with a hyphen",
            tags_of("B-x-y", "I-x-y", "I-x-x", "O", "B-y-x", "I-x", "I-y-x", "O"),
            "The label is all that stands behind the first hyphen.",
        ),
        edge(
            "labels that look like tags, and of other letters",
            tags_of("B-O", "I-O", "O", "I-B", "B-I", "I-I", "B-Größe 1", "I-Größe 1", "B-größe 1"),
            "A label may be any text; what is compared is the whole of it.",
        ),
        edge(
            "a tuple of tags",
            lambda rng: {"tags": tuple(random_tags(rng, 8))},
            "The tags may be a list or a tuple.",
        ),
        edge("no spans", tags_of("O", "O", "O"), "A text without spans gives an empty list."),
        edge("no tags", tags_of(), "No tags, no spans: an empty list."),
    ),
    mistakes=wrong,
    look=WALK,
    when_right=(
        "You can also look at pairs of neighbours: a tag other than O begins a span unless it is "
        "an I that goes on with the tag before it, and each span ends where the next tag does not "
        "go on with it. The traps lie at the edges: a span that reaches the end of the text, a "
        "start of 0 that passes for false, a label with a hyphen. Next question: when could one "
        "do without B, and write I and O only?"
    ),
)
