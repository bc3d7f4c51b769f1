"""How lists, texts and dicts that came relate to those that were due.

Each relation here is as those of `relations`: it completes "What you return is …".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .pairs import Pair, equal
from .relations import Pairs, wrong
from .tree import Array

Items = Sequence[Any]
LEAST = 2
"""Fewer items than this show no order."""


def in_order(pairs: Pairs) -> str:
    """The same items in another order, or with some missing, added or repeated."""
    sides = [(_items(pair.due), _items(pair.got)) for pair in wrong(pairs)]
    if not sides or any(due is None or got is None for due, got in sides):
        return ""
    known = [(due, got) for due, got in sides if due is not None and got is not None]
    if sum(len(due) for due, _ in known) < LEAST:
        return ""
    noun = "characters" if isinstance(wrong(pairs)[0].due, str) else "items"
    for text, holds in ORDERS.items():
        if all(holds(due, got) for due, got in known):
            return text.format(noun=noun)
    return ""


def _items(tree: Any) -> list[Hashable] | None:
    """The items of a list or the characters of a text, comparable by ==; None for else."""
    if isinstance(tree, str):
        return list(tree)
    if isinstance(tree, np.ndarray):
        whole = tree.ndim == 1 and len(tree) > 2 and bool((tree == np.rint(tree)).all())
        return tree.tolist() if whole else None
    if isinstance(tree, list | tuple) and not any(isinstance(item, Array) for item in tree):
        return [_frozen(item) for item in tree]
    return None


def _frozen(item: Any) -> Hashable:
    if isinstance(item, list | tuple):
        return tuple(_frozen(each) for each in item)
    if isinstance(item, dict):
        return tuple((key, _frozen(value)) for key, value in item.items())
    if isinstance(item, Array):
        return (item.values.shape, *item.values.astype(float).round(9).ravel().tolist())
    return float(item) if isinstance(item, int) and not isinstance(item, bool) else item


def subsequence(short: Items, long: Items) -> bool:
    """Whether a list comes from a longer one by leaving items out."""
    rest = iter(long)
    return len(short) < len(long) and all(any(item == other for other in rest) for item in short)


ORDERS: Mapping[str, Callable[[Items, Items], bool]] = {
    "empty": lambda due, got: not got and bool(due),
    "what is due in reverse": lambda due, got: got == list(reversed(due)) and due != got,
    "what is due in another order": lambda due, got: due != got and Counter(due) == Counter(got),
    "what is due without its last of its {noun}": lambda due, got: list(got) == list(due[:-1]),
    "what is due without the first of its {noun}": lambda due, got: list(got) == list(due[1:]),
    "what is due, cut short at the end": lambda due, got: (
        len(got) < len(due) and list(got) == list(due[: len(got)])
    ),
    "what is due, cut short at the beginning": lambda due, got: (
        len(got) < len(due) and list(got) == list(due[len(due) - len(got) :])
    ),
    "what is due with {noun} left out": lambda due, got: subsequence(got, due),
    "what is due with {noun} added at the end": lambda due, got: (
        len(got) > len(due) and list(due) == list(got[: len(due)])
    ),
    "what is due with {noun} added at the beginning": lambda due, got: (
        len(got) > len(due) and list(due) == list(got[len(got) - len(due) :])
    ),
    "what is due with {noun} added": subsequence,
    "made of {noun} that are due, but some are missing": lambda due, got: (
        Counter(got) < Counter(due)
    ),
    "what is due in another order and with {noun} added": lambda due, got: (
        Counter(due) < Counter(got)
    ),
    "made of {noun} that are due, but not as often": lambda due, got: set(due) == set(got),
}


def text_case(pairs: Pairs) -> str:
    """Texts that agree but for capitals or blanks."""
    sides = [(_text(pair.due), _text(pair.got)) for pair in wrong(pairs)]
    if not sides or any(due is None or got is None for due, got in sides):
        return ""
    for text, made in TEXTS.items():
        if all(made(due or "") == made(got or "") for due, got in sides):
            return f"what is due but for {text}"
    return ""


def _text(tree: Any) -> str | None:
    if isinstance(tree, list | tuple) and all(isinstance(item, str) for item in tree):
        return "\n".join(tree)
    return tree if isinstance(tree, str) else None


TEXTS: Mapping[str, Callable[[str], str]] = {
    "capital letters": str.lower,
    "blanks at its ends": lambda text: "\n".join(line.strip(" ") for line in text.split("\n")),
    "blanks": lambda text: text.replace(" ", ""),
    "blanks and other white space": lambda text: "".join(text.split()),
    "capital letters and white space": lambda text: "".join(text.lower().split()),
    "signs that are no letters or digits": lambda text: "".join(filter(str.isalnum, text)),
}


def in_dict(pairs: Pairs) -> str:
    """A dict with keys missing or added."""
    made = wrong(pairs)
    if not made or not all(isinstance(pair.due, dict) for pair in made):
        return ""
    if not all(isinstance(pair.got, dict) for pair in made):
        return ""
    for text, holds in KEYS.items():
        if all(holds(pair) for pair in made):
            same = all(_shared_right(pair) for pair in made)
            tail = "the keys that agree have the values that are due"
            return f"{text}; {tail}" if same else text
    return ""


KEYS: Mapping[str, Callable[[Pair], bool]] = {
    "a dict with keys missing": lambda pair: set(pair.got) < set(pair.due),
    "a dict with keys added": lambda pair: set(pair.got) > set(pair.due),
    "a dict with keys missing and others added": lambda pair: (
        bool(set(pair.due) - set(pair.got)) and bool(set(pair.got) - set(pair.due))
    ),
}


def first_keys(pairs: Pairs) -> str:
    """A dict whose first keys are right with their values, and the rest is not."""
    made = wrong(pairs)
    if not made or not all(_of_ids(pair.due) and _of_ids(pair.got) for pair in made):
        return ""
    most = min(_alike(list(pair.due.items()), list(pair.got.items())) for pair in made)
    return f"right in its first {most} keys, and wrong after them" if most >= LEAST else ""


def _of_ids(tree: Any) -> bool:
    return isinstance(tree, dict) and all(type(value) is int for value in tree.values())


def ends(pairs: Pairs) -> str:
    """A list that is right at its beginning and its end, or at one of them, in every case."""
    sides = [(_items(pair.due), _items(pair.got)) for pair in wrong(pairs)]
    known = [(due, got) for due, got in sides if due is not None and got is not None]
    if len(known) < LISTS or len(known) < len(sides):
        return ""
    if any(len(due) != len(got) or len(due) < 4 for due, got in known):
        return ""
    first = all(due[0] == got[0] for due, got in known)
    last = all(due[-1] == got[-1] for due, got in known)
    where = {
        (True, True): "its beginning and its end, and wrong between",
        (True, False): "its beginning, and wrong further on",
        (False, True): "its end, and wrong before",
    }.get((first, last))
    return f"right at {where}" if where else ""


LISTS = 3
"""Fewer wrong lists than this may be right at an end by chance."""


def fields(pairs: Pairs) -> str:
    """Tuples of which some items are right and others are not, or that are fewer or more."""
    sides = [(pair.due, pair.got) for pair in wrong(pairs)]
    if len(sides) < LISTS or not all(_tuples(due) and _tuples(got) for due, got in sides):
        return ""
    lengths = {len(item) for both in sides for tree in both for item in tree}
    if len(lengths) != 1:
        return ""
    count = lengths.pop()
    if all(len(due) == len(got) for due, got in sides):
        right = [n for n in range(count) if all(_column(d, n) == _column(g, n) for d, g in sides)]
        if 0 < len(right) < count:
            text = _ordinals(right)
            return f"right in the {text} of the {count} things that each item holds"
        return ""
    for word, sign in (("shorter", 1), ("longer", -1)):
        if all(sign * (len(due) - len(got)) > 0 for due, got in sides):
            return _fewer(sides, count, word)
    return ""


def _fewer(sides: Sequence[tuple[Any, Any]], count: int, word: str) -> str:
    there = [
        n for n in range(count) if all(set(_column(g, n)) <= set(_column(d, n)) for d, g in sides)
    ]
    if word == "shorter" and 0 < len(there) < count:
        text = _ordinals(there)
        return f"{word} than what is due; in each item the {text} of its {count} things is due"
    return f"{word} than what is due wherever it is wrong"


def _tuples(tree: Any) -> bool:
    return isinstance(tree, list) and all(isinstance(item, tuple) and item for item in tree)


def _column(items: Sequence[Any], place: int) -> list[Hashable]:
    return [_frozen(item[place]) for item in items]


def _ordinals(places: Sequence[int]) -> str:
    words = ("first", "second", "third", "fourth", "fifth")
    return " and ".join(words[place] for place in places[:5])


def _alike(one: Sequence[Any], other: Sequence[Any]) -> int:
    """How many items agree at the beginning of two lists."""
    both = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in both if a != b), min(len(one), len(other)))


def _shared_right(pair: Pair) -> bool:
    shared = [key for key in pair.due if key in pair.got]
    return bool(shared) and all(_frozen(pair.due[k]) == _frozen(pair.got[k]) for k in shared)


def replaced(pairs: Pairs) -> str:
    """One item, always the same, where others are due, or in place of one that is due."""
    sides = [(_items(pair.due), _items(pair.got)) for pair in wrong(pairs)]
    known = [(due, got) for due, got in sides if due is not None and got is not None]
    if not known or len(known) < len(sides) or any(len(due) != len(got) for due, got in known):
        return ""
    both = [pair for due, got in known for pair in zip(due, got, strict=True)]
    swaps = [(due, got) for due, got in both if due != got]
    if len(swaps) < 3:
        return ""
    dues, gots = {due for due, _ in swaps}, {got for _, got in swaps}
    if len(dues) == len(gots) == 1:
        return "wrong in one way alone: one value stands where another is due"
    if len(gots) == 1:
        return "wrong in one way alone: where it is wrong, the same value stands each time"
    return ""


def exchanged(parts: Mapping[str, Pairs]) -> Iterator[tuple[str, str]]:
    """Pairs of parts each of which holds, in every case, what is due as the other."""
    names = list(parts)
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            both = list(zip(parts[one], parts[other], strict=False))
            if len(both) == len(parts[one]) == len(parts[other]) and all(
                _crossed(first, second) for first, second in both
            ):
                yield one, other


def _crossed(one: Pair, other: Pair) -> bool:
    if not (one.numbers and other.numbers):
        return False
    return equal(one.got, other.due) and equal(other.got, one.due)
