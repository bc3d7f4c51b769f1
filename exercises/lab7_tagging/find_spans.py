"""Spans of labels, read off a list of tags."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.spec import Case, Exercise, Mistakes, but
from exercises.lab7_tagging._draws import NOTHING_MEASURED
from solutions.lab7_tagging import find_spans

Span = tuple[str, int, int]

LABELS = ("PER", "LOC", "BIO")


def random_tags(rng: np.random.Generator, length: int) -> list[str]:
    """Runs of tags, now and then with an I that goes on nothing."""
    tags: list[str] = []
    while len(tags) < length:
        label = str(rng.choice(LABELS))
        run = [f"I-{label}"] * int(rng.integers(1, 4))
        if rng.random() < 0.6:
            run[0] = f"B-{label}"
        tags += ["O"] if rng.random() < 0.35 else run
    return tags[:length]


def inputs(rng: np.random.Generator) -> Mapping[str, Any]:
    """Every edge case in an order of its own, with random tags between them."""
    one, other = (str(label) for label in rng.permutation(LABELS)[:2])
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


def given(*tags: str) -> Callable[[np.random.Generator], Mapping[str, Any]]:
    """These tags, with the labels x and y drawn."""

    def draw(rng: np.random.Generator) -> Mapping[str, Any]:
        x, y = (str(label) for label in rng.permutation(LABELS)[:2])
        return {"tags": [tag.replace("x", x).replace("y", y) for tag in tags]}

    return draw


def long_text(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"tags": random_tags(rng, 60)}


def reading(
    *,
    opens: Callable[[str, str, str | None], bool],
    stays: Callable[[str, str, str | None], bool],
    end: bool = True,
) -> Callable[..., list[Span]]:
    """find_spans with other rules; both look at prefix and label of a tag and at the open label.

    stays: whether the open span goes on.  opens: whether a span begins where none is open.
    end: whether what is open at the end is a span too.
    """

    def changed(tags: Sequence[str]) -> list[Span]:
        spans = []
        label: str | None = None
        start = 0
        for position, tag in enumerate(tags):
            prefix, _, name = tag.partition("-")
            before = label
            if label is not None and not stays(prefix, name, label):
                spans.append((label, start, position))
                label = None
            if label is None and opens(prefix, name, before):
                label, start = name, position
        if label is not None and end:
            spans.append((label, start, len(tags)))
        return spans

    return changed


def goes_on(prefix: str, name: str, label: str | None) -> bool:
    return prefix == "I" and name == label


def anything(prefix: str, name: str, label: str | None) -> bool:
    return prefix != "O"


def start_zero_lost(tags: Sequence[str]) -> list[Span]:
    """The span that is open at the end is kept only `if start`."""
    return [s for s in find_spans(tags) if s[1] or s[2] < len(tags)]


def moved(**change: int) -> Callable[[list[Span]], list[Span]]:
    """Starts and ends moved by a number."""
    first, last = change.get("start", 0), change.get("end", 0)
    return lambda spans: [(label, start + first, end + last) for label, start, end in spans]


def by_regions(tags: Sequence[str]) -> Any:
    """First where spans begin, then where each of them ends."""

    def label_of(place: int) -> str:
        return tags[place][2:]

    begins = [
        place
        for place, tag in enumerate(tags)
        if tag[0] == "B"
        or (tag[0] == "I" and (place == 0 or label_of(place - 1) != label_of(place)))
    ]
    found = []
    for begin in begins:
        end = begin + 1
        while end < len(tags) and tags[end] == "I-" + label_of(begin):
            end += 1
        found.append((label_of(begin), begin, end))
    return found


def lists_with_ends(tags: Sequence[str]) -> Any:
    """The open span is the last list of the result, and its end moves on."""
    spans: list[list[Any]] = []
    alive = False
    for place, tag in enumerate(tags):
        if tag == "O":
            alive = False
            continue
        prefix, label = tag.split("-", 1)
        if alive and prefix == "I" and spans[-1][0] == label:
            spans[-1][2] = place + 1
        else:
            spans.append([label, place, place + 1])
            alive = True
    return spans


def with_a_guard(tags: Sequence[str]) -> Any:
    spans: list[Span] = []
    i = 0
    while i < len(tags):
        if tags[i] == "O":
            i += 1
            continue
        j = i + 1
        while j < len(tags) and tags[j].startswith("I-") and tags[j][2:] == tags[i][2:]:
            j += 1
        spans.append((tags[i][2:], i, j))
        i = j
    return spans


WALK = "Go through the tags B-x I-x I-y O by hand: what is open after each of them?"
ENDS = "tags[start:end] should be exactly the tags of the span."
FORM = "Print one item of what you return and compare it with the docstring."

wrong = Mistakes()


wrong.add(
    "i_needs_b",
    reading(opens=lambda p, n, _: p == "B", stays=goes_on),
    "an I without its B is left out. " + WALK,
)
wrong.add(
    "i_after_change_left_out",
    reading(opens=lambda p, n, before: p == "B" or (p == "I" and before is None), stays=goes_on),
    "an I whose label is not that of the open span ends it and begins nothing. " + WALK,
)
wrong.add(
    "label_not_compared",
    reading(opens=anything, stays=lambda p, n, _: p == "I"),
    "an I goes on the open span whatever its label is. " + WALK,
)
wrong.add(
    "b_not_noticed",
    reading(opens=anything, stays=lambda p, n, label: n == label),
    "a B with the label of the open span does not begin a new one. What do two names that follow each other look like?",
)
wrong.add(
    "o_needed", reading(opens=anything, stays=anything), "a span goes on up to the next O. " + WALK
)
wrong.add(
    "end_forgotten",
    reading(opens=anything, stays=goes_on, end=False),
    "a span that is open at the end is lost. What does your loop do after the last tag?",
)
wrong.add(
    "start_zero_lost",
    start_zero_lost,
    "a span over the whole text is lost, as if its start 0 were no start. What is `if start:` where start is 0?",
)
wrong.add(
    "end_inclusive",
    but(find_spans, returns=moved(end=-1)),
    "end is the last token of the span, and not one behind it. " + ENDS,
)
wrong.add("one_too_far", but(find_spans, returns=moved(end=1)), "end is one too large. " + ENDS)
wrong.add(
    "counted_from_one",
    but(find_spans, returns=moved(start=1, end=1)),
    "positions are counted from 1. " + ENDS,
)
wrong.add(
    "start_one_late", but(find_spans, returns=moved(start=1)), "start is one too large. " + ENDS
)
wrong.add(
    "start_and_length",
    but(find_spans, returns=lambda spans: [(x, a, b - a) for x, a, b in spans]),
    "the length of a span stands where its end should be. " + ENDS,
)
wrong.add(
    "one_token_left_out",
    but(find_spans, returns=lambda spans: [s for s in spans if s[2] - s[1] > 1]),
    "spans of a single token are left out. " + WALK,
)
wrong.add(
    "label_last",
    but(find_spans, returns=lambda spans: [(a, b, x) for x, a, b in spans]),
    "the label stands last. " + FORM,
)
wrong.add(
    "label_with_prefix",
    but(find_spans, returns=lambda spans: [("B-" + x, a, b) for x, a, b in spans]),
    "the label still has its B-. " + FORM,
)
wrong.add(
    "first_letter",
    but(find_spans, returns=lambda spans: [(x[:1], a, b) for x, a, b in spans]),
    "only the first letter of the label is kept. " + FORM,
)
wrong.add(
    "stripped",
    but(find_spans, returns=lambda spans: [(x.lstrip("BI-"), a, b) for x, a, b in spans]),
    "letters are stripped off the label together with the prefix. Try 'B-BIO'.lstrip('B-').",
)
wrong.add(
    "sorted_by_label",
    but(find_spans, returns=sorted),
    "the spans are sorted by label. In which order do the spans stand in the text?",
)
wrong.add(
    "last_first",
    but(find_spans, returns=lambda spans: spans[::-1]),
    "the last span comes first. In which order do the spans stand in the text?",
)
wrong.add(
    "without_labels",
    but(find_spans, returns=lambda spans: [(a, b) for _, a, b in spans]),
    "the labels are left out. " + FORM,
)


EXERCISE = Exercise(
    reference=find_spans,
    inputs=inputs,
    points=9,
    without=NOTHING_MEASURED | {"placement", "gradients"},
    cases=(
        Case(name="a long text", inputs=long_text),
        Case(name="a plain text", inputs=given("O", "B-x", "I-x", "O", "B-y", "O")),
        Case(
            name="B after B",
            inputs=given("O", "B-x", "B-x", "I-x", "O"),
            value=False,
            why="A B always begins a new span, also straight after another span.",
        ),
        Case(
            name="I without its B",
            inputs=given("O", "I-x", "I-x", "O"),
            value=False,
            why="An I that goes on no span begins one.",
        ),
        Case(
            name="I at the very beginning",
            inputs=given("I-x", "I-x", "O"),
            value=False,
            why="An I that goes on no span begins one, at the first tag too.",
        ),
        Case(
            name="I after a gap",
            inputs=given("B-x", "O", "I-x", "O"),
            value=False,
            why="An O ends the span; the I after it begins another.",
        ),
        Case(
            name="the label changes inside",
            inputs=given("B-x", "I-x", "I-y", "I-y", "I-x", "O"),
            value=False,
            why="An I of another label does not go on the span before it.",
        ),
        Case(
            name="up to the end",
            inputs=given("O", "O", "B-x", "I-x"),
            value=False,
            why="A span that is open at the end is a span too.",
        ),
        Case(
            name="one token at the end",
            inputs=given("O", "B-x"),
            value=False,
            why="A span that is open at the end is a span too.",
        ),
        Case(
            name="one span over the whole text",
            inputs=given("B-x", "I-x", "I-x"),
            value=False,
            why="A span may begin at 0 and reach up to the end.",
        ),
        Case(
            name="no spans",
            inputs=given("O", "O", "O"),
            value=False,
            why="A text without spans gives an empty list.",
        ),
        Case(name="no tags", inputs=given(), value=False, why="No tags, no spans: an empty list."),
    ),
    mistakes=wrong,
    also_right=(by_regions, lists_with_ends, with_a_guard),
    look=WALK,
)
