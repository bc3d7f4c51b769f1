"""What a wrong program does, in one sentence: the first relation that holds in every case."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from . import (
    choices,
    items,
    modules,
    places,
    relations,
    reported,
    sequences,
    shares,
    steps,
    updates,
)
from .dependences import Seen, dependence
from .explain import listed, where
from .pairs import Pair, pairs_of
from .parameters import are, sentence, together, within
from .relations import Relation
from .verdict import Trial, same

NUMBERS: tuple[Relation, ...] = (
    relations.times,
    relations.plus,
    relations.argument,
    shares.share,
    relations.flipped,
    relations.shifted,
    relations.transposed,
    relations.blocks,
    relations.summed,
    steps.argument_at,
    steps.plus_step,
    places.ended,
    places.pattern,
    reported.first_alone,
    places.condition,
    relations.rounded,
    relations.constant,
    relations.clipped,
    relations.function,
    relations.reordered,
    relations.repeated,
    relations.scaled_by_slice,
    items.replaced,
)
"""Relations of numbers in the shape that is due, the first ones first."""

SHAPES: tuple[Relation, ...] = (
    relations.transposed,
    relations.reshaped,
    relations.reduced,
    relations.cut,
)
"""Relations of numbers in another shape."""

ITEMS: tuple[Relation, ...] = (
    items.text_case,
    items.in_order,
    items.in_dict,
    items.fields,
    items.first_keys,
)
"""Relations of lists, texts and dicts."""

LAST: tuple[Relation, ...] = (
    items.ends,
    relations.near,
    places.bounds,
    relations.too_large,
    relations.signed,
)
"""What is said where nothing else is known."""

SECOND = "second call"
"""The name of the case that repeats the first call."""

FAILING = "In the cases that fail, "


@dataclass(frozen=True)
class Found:
    """What the value cases show: parts that are wrong in every failing one, with their pairs."""

    columns: Mapping[str, Sequence[Pair]]
    right: tuple[str, ...]
    indirect: bool
    consequences: frozenset[str] = frozenset()

    @staticmethod
    def of(trials: Sequence[Trial], parts: Sequence[str]) -> Found | None:
        """The value cases that gave a result where one was due; None where none of them failed."""
        values = [
            trial
            for trial in trials
            if trial.question.value and trial.due.did == trial.got.did == "result"
        ]
        failing = [trial for trial in values if not trial.passed]
        if not failing:
            return None
        tables = [pairs_of(trial, parts) for trial in values]
        wrong = _always_wrong([t for trial in failing if (t := pairs_of(trial, parts))])
        columns = {
            name: [table[name] for table in tables if name in table and not table[name].empty]
            for name in wrong
        }
        right = tuple(
            name
            for name in tables[0]
            if all(name in table and table[name].right for table in tables)
        )
        tree = failing[0].due.tree
        inside = tree.get("gradients") if isinstance(tree, dict) else None
        names = inside if isinstance(inside, dict) else ()
        gradients = frozenset(where(("gradients", name), parts) for name in names)
        return Found(columns, right, failing[0].question.indirect, gradients)

    @property
    def first(self) -> Found:
        """Without gradients, where another part is wrong, of which they are a consequence."""
        others = {
            name: column for name, column in self.columns.items() if name not in self.consequences
        }
        return replace(self, columns=others) if others else self

    @property
    def wrong(self) -> list[str]:
        """The parts that are wrong in every failing case."""
        return list(self.columns)


def said(
    trials: Sequence[Trial], parts: Sequence[str], probe: Callable[[], Sequence[Seen]]
) -> str:
    """What a wrong program does, in one sentence; "" where nothing is known.

    probe: makes the calls with changed arguments, only where results alone tell nothing.  What
    came may be anything: where it cannot be compared, nothing is said.
    """
    try:
        return _told(trials, parts, probe)
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return ""


def _told(
    trials: Sequence[Trial], parts: Sequence[str], probe: Callable[[], Sequence[Seen]]
) -> str:
    first = next((trial for trial in trials if not trial.passed), None)
    if first is None or not first.question.value or not first.mismatch:
        return ""  # another case is shown
    found = Found.of(trials, parts) if first.mismatch.kind != "fact" else None
    if found is None:
        return ""
    wrong = [""] if sequences.is_sequences(first.due.tree) else found.first.wrong
    with np.errstate(all="ignore"):
        return (
            _changing(trials)
            or modules.built(trials, parts)
            or updates.updated(trials, parts)
            or updates.reached(trials, parts)
            or relation(found.first)
            or _apart_from_padding(found.first)
            or sequences.told(trials)
            or reported.batches(trials, parts)
            or choices.statements(trials, parts)
            or places.cases(trials)
            or relation(found)
            or choices.chosen(trials)
            or dependence(probe(), wrong, trials[0].passed)
            or (found.indirect and choices.few_fail(trials))
            or (found.indirect and choices.parts_right(trials, parts))
            or _first(LAST, found.first, same_shape=True)
            or _half_right(found)
            or places.by_name(trials)
            or choices.few_right(trials)
            or _first((shares.either_way,), found.first, same_shape=True)
        )


def _changing(trials: Sequence[Trial]) -> str:
    """That the same call gives something else each time; nothing else said of it would be true."""
    for trial in trials:
        question, first = trial.question, trials[0]
        again = question.name == SECOND and question.like == first.question.name
        gave = trial.got.did == first.got.did == "result"
        if again and gave and not same(first.got, trial.got, question.tolerance):
            return "The same call gives other numbers a second time."
    return ""


def relation(found: Found) -> str:
    """A sentence on how all results that are wrong relate to those due; "" where none is known.

    It is true of every value case; of those that fail alone where it says so.
    """
    for one, other in items.exchanged(found.columns):
        return f"{one} holds what is due as {other}, and {other} what is due as {one}."
    return (
        _first(NUMBERS, found, same_shape=True)
        or _first(SHAPES, found, same_shape=False)
        or _first(ITEMS, found, same_shape=False)
    )


def _apart_from_padding(found: Found) -> str:
    """A relation that holds but for steps behind the end of each sequence, where zeros stand."""
    columns = {}
    for name, column in found.columns.items():
        rows = [row for pair in column if (row := places.real_rows(pair))]
        fewer = any(row.due.size < pair.due.size for row, pair in zip(rows, column, strict=False))
        if fewer and len(rows) == len(column):
            columns[name] = rows
    text = _first(NUMBERS, replace(found, columns=columns), same_shape=True)
    return f"Apart from the padding, {within(text)}" if text else ""


def _half_right(found: Found) -> str:
    """Which parts are right in every case and which in none that fails."""
    if not found.right or not found.columns or len(found.right) > 4:
        return ""
    right, wrong = listed(found.right), _together(found.wrong, (), found.indirect)
    return f"{right} {are(found.right)} right in every case; {wrong} {are(found.wrong)} not."


def _first(kinds: Sequence[Relation], found: Found, same_shape: bool) -> str:
    return next((text for each in kinds if (text := _said(each, found, same_shape))), "")


def _always_wrong(tables: Sequence[Mapping[str, Pair]]) -> list[str]:
    """The parts that are wrong in every failing case."""
    first = tables[0] if tables else {}
    return [name for name in first if all(name in t and not t[name].right for t in tables)]


def _said(each: Relation, found: Found, same_shape: bool) -> str:
    for narrow in (False, True):
        texts: dict[str, list[str]] = {}
        for name, column in found.columns.items():
            pairs = [pair for pair in column if not (narrow and pair.right)]
            if not pairs or relations.wrong(pairs) == []:
                continue
            if same_shape and not all(pair.comparable for pair in pairs):
                continue
            if text := each(pairs):
                texts.setdefault(text, []).append(name)
        if texts:
            text, names = max(texts.items(), key=lambda item: len(item[1]))
            return _sentence(names, text, narrow, found)
    return ""


def _sentence(names: Sequence[str], text: str, narrow: bool, found: Found) -> str:
    if len(names) > 1:
        text = text.replace(" of it ", " of each ")
    if list(names) == [""]:
        subject, verb = "the result" if found.indirect else "what you return", "is"
    else:
        subject = _together(names, (*found.columns, *found.right), found.indirect)
        verb = are(names if len(names) > 1 else [subject])
    if not narrow:
        subject = subject if subject != "what you return" else "What you return"
        subject = sentence(subject)
    return f"{FAILING if narrow else ''}{subject} {verb} {text}."


def _together(names: Sequence[str], known: Sequence[str], indirect: bool) -> str:
    """Several parts in words; many items of one list by their number."""
    if words := together(names, known):
        return words
    owners = {name.partition(" of ")[2] for name in names}
    if len(names) > 3 and len(owners) == 1:
        whole = "the result" if indirect else "what you return"
        return f"{len(names)} parts of {owners.pop() or whole}"
    return listed(names)
