"""What may be told of a hidden case: words of ours, of the hand-in and of the statement alone.

A program can read the hidden case that it is called with, and may put it into whatever its
process reports: names, texts, keys, shapes, lengths, numbers of lines.  So each of these is told
only where it stands in the hand-in, in the lab or in a short list; all else is told in general
words.  What a report can say at most is counted in `tests/channel`: MOST_BITS for an exercise.
"""

from __future__ import annotations

import builtins
import inspect
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograder.labcheck.compare import Mismatch, at, describe
from autograder.labcheck.explain import LARGE, sizes
from autograder.labcheck.own import Own
from autograder.labcheck.parameters import UNNAMED
from autograder.labcheck.tree import Array, Tree
from autograder.labcheck.verdict import Trial
from autograder.spec import Exercise
from autograder.spec.travel import text_of

MOST_BITS = 240
"""More than this no report says of an exercise's hidden cases, whatever the program does."""

MOST_AXES = 4
MOST_KEYS = 3
"""How many keys are told that are not due."""
OTHER_SIZE = "another size"
DEVICES = frozenset(("cpu", "cuda:0", "cuda", "meta", "mps"))
REASONS = frozenset(
    (
        *("something nested too deeply", "too many parts", "a text that is too long"),
        *("an integer that does not fit into 64 bits", "a PackedSequence"),
        *("a tensor that is not dense", "more numbers than any answer needs"),
        "more than any answer needs",
    )
)
"""Why a result is refused, in words that name nothing of it."""
DTYPES = re.compile(
    r"(complex64|complex128|complex256|object|datetime64|timedelta64|bfloat16|quint8|qint8|qint32|"
    r"str|bytes|void)"
)
PARAMETER = re.compile(r"(weight|bias)(_(ih|hh|hr)_l\d(_reverse)?)?")
"""What PyTorch calls the parameters of its modules."""
CLASSES = frozenset(
    (
        *dir(builtins),
        *(name for name in dir(np) if not name.startswith("_")),
        *("Counter", "DataFrame", "Decimal", "Fraction", "MaskedArray", "Module", "Namespace"),
        *("OrderedDict", "PackedSequence", "Parameter", "Series", "Size", "SimpleNamespace"),
        *("Tensor", "builtin_function_or_method", "coroutine", "defaultdict", "deque", "function"),
        *("generator", "method", "module", "mappingproxy", "NoneType", "dict_items", "dict_keys"),
        *("dict_values", "LSTM", "GRU", "RNN", "Linear", "ModuleList", "Sequential"),
    )
)
"""Classes that everybody knows."""


@dataclass(frozen=True)
class Words:
    """What may be told in one case: names and words, and numbers that are sizes."""

    own: Own
    sizes: frozenset[int]

    @staticmethod
    def of(trial: Trial, own: Own) -> Words:
        """own: what the author of the program knows."""
        return Words(own, _near({*_sizes(trial.question.arguments), *_sizes(trial.due.tree)}))

    def number(self, size: int) -> str | None:
        """A size or length, if it is one of the case."""
        return str(size) if size in self.sizes else None

    def shape(self, shape: Sequence[int]) -> str:
        """A shape, as Python writes it, with the sizes that may be told."""
        if len(shape) > MOST_AXES:
            return "(of too many axes)"
        told = [self.number(size) or OTHER_SIZE for size in shape]
        return f"({', '.join(told)}{',' if len(told) == 1 else ''})"

    def key(self, key: object) -> str | None:
        """A key, if its author knows it."""
        if not isinstance(key, str):
            return None
        told = ".".join("weight" if PARAMETER.fullmatch(part) else part for part in key.split("."))
        return key if told == "weight" else self.own.word(key) or (self.own.name(told) and key)

    def keys(self, keys: Iterable[object], most: int | None = None) -> list[str]:
        """Those that may be told, at most so many, and a word for others beside them."""
        all_keys = list(keys)
        told = [text for key in all_keys if (text := self.key(key)) is not None][:most]
        return told if not told or len(told) == len(all_keys) else [*told, "others"]

    def count(self, count: int) -> str:
        """How many items there are, if that may be told; that there is one may always be."""
        return (self.number(count) if count != 1 else "1") or "another number of"

    def text(self, text: str) -> str:
        """A text, if its author knows it."""
        return f"the text {text!r}" if self.own.word(text) else "a text"

    def describe(self, tree: Tree) -> str:
        """A value in words."""
        return describe(tree, self.shape, self.count, self.text)

    def refused(self, reason: str, tree: Tree) -> str:
        """Why a result is no plain data."""
        if reason in REASONS:
            return reason
        if reason.startswith("something of another form"):
            return f"something of another form ({self.describe(tree)})"
        for start, pattern, end in FORMS:
            if found := re.fullmatch(pattern, reason):
                return f"{start}{self._class(found[1])}{end}"
        if found := re.fullmatch(r"(an array|a tensor) of (.*)", reason):
            dtype = DTYPES.match(found[2])
            return f"{found[1]} of {dtype[1] if dtype else 'another dtype'}"
        if found := re.fullmatch(CLASS, reason):
            return self._class(found[1])
        return "something that is no plain data"

    def _class(self, name: str) -> str:
        told = name if name in CLASSES else self.own.name(name)
        if told is None:
            return "an object of another class"
        return f"{'an' if told[:1].lower() in 'aeiou' else 'a'} {told}"


CLASS = r"an? ([^ ]{1,60})"
FORMS = (
    ("a dict with a key that is ", rf"a dict with a key that is {CLASS}", ""),
    ("", rf"{CLASS} in place of a plain array", " in place of a plain array"),
    ("", rf"{CLASS} in place of a plain tensor", " in place of a plain tensor"),
)
"""Reasons that name a class: what stands before it, the whole, and what stands after it."""


def statement(exercise: Exercise) -> tuple[str, ...]:
    """Texts whose words an author knows, or may know: the statement, and its scenarios."""
    scenarios = {case.scenario for case in exercise.cases} | {exercise.scenario, exercise.view}
    return (
        exercise.reference.__doc__ or "",
        " ".join([*exercise.shapes, *exercise.parts, *exercise.axes]),
        " ".join(inspect.signature(exercise.reference).parameters),
        "weight",
        *(text_of(scenario) for scenario in scenarios if scenario is not None),
    )


def _sizes(tree: Tree) -> Iterator[int]:
    """All that may be a size in a tree: of axes and containers, and whole numbers."""
    if isinstance(tree, Array):
        yield from tree.values.shape
    elif isinstance(tree, Mapping):
        yield len(tree)
        for item in tree.values():
            yield from _sizes(item)
    elif isinstance(tree, list | tuple):
        yield len(tree)
        for item in tree[:MOST_LISTED]:
            yield from _sizes(item)
    elif type(tree) is int and 0 <= tree < LARGE:
        yield tree


MOST_LISTED = 32
MOST_SIZES = 256
"""Where there were more numbers that may be told, these are the sizes alone."""


def _near(found: set[int]) -> frozenset[int]:
    """Sizes, their neighbours, sums and products: what comes of axes that are put together."""
    both = list(itertools.combinations_with_replacement(found, 2)) if len(found) < 32 else []
    made = {a + b for a, b in both} | {a * b for a, b in both}
    near = found | {0, 1, 2} | {size + by for size in found for by in (-1, 1)} | made
    return frozenset(size for size in (near if len(near) <= MOST_SIZES else found) if size < LARGE)


# -- a trial -------------------------------------------------------------------------------------


def bounded(trial: Trial, own: Own) -> Trial:
    """The trial with nothing in its texts but what may be told."""
    words = Words.of(trial, own)
    got, mismatch = trial.got, trial.mismatch
    if got.did == "refused":
        got = replace(got, text=words.refused(got.text, got.tree))
    if mismatch is not None:
        mismatch = _mismatch(mismatch, trial, words)
    return replace(trial, got=got, mismatch=mismatch)


def _mismatch(mismatch: Mismatch, trial: Trial, words: Words) -> Mismatch:
    came, due = (at(tree, mismatch.path) for tree in (trial.got.tree, trial.due.tree))
    have, wanted = mismatch.have, mismatch.due
    match mismatch.kind:
        case "container":
            have = words.describe(came)
        case "shape" if isinstance(came, Array):
            have = words.shape(came.values.shape)
        case "length":
            have = words.number(len(came)) or ("more" if len(came) > len(due) else "fewer")
        case "keys":
            extra = sorted((key for key in came if key not in due), key=str)
            missing = [key for key in due if key not in came]
            have = ", ".join(words.keys(extra, MOST_KEYS)) or ("some" if extra else "")
            wanted = ", ".join(words.keys(missing)) or ("some" if missing else "")
        case "device":
            have = " and ".join(
                one if one in DEVICES else "another" for one in have.split(" and ")
            )
        case "values" | "text" | "fact":
            have = wanted = ""
    right, wrong = (_all_told(keys, words) for keys in (mismatch.right, mismatch.wrong_keys))
    steps = mismatch.steps if _plain_steps(mismatch) else ()
    told = mismatch.kind == "fact"  # a sentence of the lab's
    path = tuple(
        key if told or isinstance(key, int) else words.key(key) or UNNAMED for key in mismatch.path
    )
    return replace(
        mismatch, path=path, have=have, due=wanted, right=right, wrong_keys=wrong, steps=steps
    )


def _all_told(keys: Sequence[str], words: Words) -> tuple[str, ...]:
    return tuple(keys) if all(words.key(key) for key in keys) else ()


def _plain_steps(mismatch: Mismatch) -> bool:
    """Whether the steps that are wrong, or those that are right, stand side by side."""
    wrong = set(mismatch.steps)
    right = set(range(mismatch.step_count)) - wrong
    return any(max(one) - min(one) == len(one) - 1 for one in (wrong, right) if one)


def returned(trial: Trial, own: Own) -> str:
    """What came back, and which of its properties are right already, as `explain.returned`."""
    words, tree, mismatch = Words.of(trial, own), trial.got.tree, trial.mismatch
    kind = mismatch.kind if mismatch is not None else ""
    if isinstance(tree, Array) and tree.kind != "scalar" and kind != "container":
        right = RIGHT.get(kind)
        if right and isinstance(trial.due.tree, Array):
            letters = trial.question.shapes.get("return", "")
            return f"({sizes(trial.due.tree.values.shape, letters)}) {tree.dtype}: {right}."
        return f"{words.shape(tree.values.shape)} {tree.dtype}."
    if tree is None:
        return "None, as a function gives that ends without return."
    if isinstance(tree, dict) and 0 < len(tree) <= MOST_TOLD:
        due = trial.due.tree if isinstance(trial.due.tree, dict) else {}
        ours = words.keys(key for key in due if key in tree)
        extra = words.keys(sorted((key for key in tree if key not in due), key=str), MOST_KEYS)
        if told := [*ours, *extra]:
            return f"a dict: {', '.join(told)}."
    return f"{words.describe(tree)}."


MOST_TOLD = 16
BOTH = "shape and dtype are right"
RIGHT = {"values": BOTH, "finite": BOTH, "dtype": "the shape is right", "device": BOTH}


# -- sentences -----------------------------------------------------------------------------------

NUMBER = re.compile(
    r"(?<![\w.])-?\d+\.\d+(?:e[-+]?\d+)?|(?<![\w.])-?\d+e[-+]?\d+|(?<![\w.])\d{5,}"
)
GIVEN = re.compile(r"(?<== )(['\"]).*?\1|(?<=with )(['\"]).*?\2(?= in )")
LEAST, MOST = 1e-4, 1e4


def sentence(text: str, own: Own, cases: Iterable[str] = ()) -> str:
    """What a program does, numbers to two digits, and no text that its author does not know."""
    known = set(cases)

    def told(found: re.Match[str]) -> str:
        word = found[0][1:-1]
        return found[0] if word in known or own.word(word) else "another text"

    return GIVEN.sub(told, NUMBER.sub(_roughly, text))


def _roughly(found: re.Match[str]) -> str:
    value: Any = float(found[0])
    if not LEAST <= abs(value) < MOST:
        return "a large number" if abs(value) >= MOST else "a tiny number"
    return f"{value:.2g}"
