"""mismatch → text: what was called, what came back, where it first differs, where to look."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .compare import Mismatch, Path, describe, name_of
from .text import capped
from .tree import Array, Tree

_AXES = (
    "B batch, T time, I in, H hidden, O out, V vocabulary, C classes, L layers, D directions, "
    "E embedding, F features, N windows, S source time, P parameters, K kept"
)
AXES = {axis[0]: axis[2:] for axis in _AXES.split(", ")}
TEXT_COLUMN = 17
"""Columns of a message: two spaces, the label, and the text from here on."""
WIDTH = 82
CODE = "In your code"


@dataclass(frozen=True)
class Line:
    """One labelled part of a message; text may have several lines."""

    label: str
    text: str


def as_text(lines: Iterable[Line]) -> str:
    """The message as plain text, labels in a column, at most 8 KB."""
    out = []
    for line in lines:
        first, *rest = _wrapped(line)
        out.append(f"  {line.label:<{TEXT_COLUMN - 2}}{first}".rstrip())
        out.extend(f"{' ' * TEXT_COLUMN}{row}".rstrip() for row in rest)
    return capped("\n".join(out))


def _wrapped(line: Line) -> list[str]:
    """The lines of a text, broken where they are too wide; a program's lines stay whole."""
    rows = line.text.split("\n")
    if line.label == CODE:
        return rows
    wrapped = textwrap.TextWrapper(WIDTH, break_long_words=False, break_on_hyphens=False).wrap
    return [piece for row in rows for piece in wrapped(row) or [""]]


def called_with(
    arguments: Mapping[str, Tree], shapes: Mapping[str, str], numbers: bool = True
) -> str:
    """ "x (batch 3, time 5), h0 (batch 3, hidden 6)   float64" for the arguments of a call.

    numbers: whether the floats among them may be shown.
    """
    texts = [
        f"{name} {_argument(value, shapes.get(name, ''), numbers)}"
        for name, value in arguments.items()
    ]
    shown, width = "", 0
    for place, text in enumerate(texts):
        comma = "," if place < len(texts) - 1 else ""
        if width and width + len(text) > 80:
            shown, width = shown + "\n", 0
        shown += ("" if not width else " ") + text + comma
        width += len(text) + 2
    return f"{shown}   {' '.join(sorted(_float_dtypes(arguments.values())))}".rstrip()


def _argument(value: Tree, letters: str, numbers: bool) -> str:
    if isinstance(value, Array):
        return f"({sizes(value.values.shape, letters)})"
    if isinstance(value, dict):
        return f"({', '.join(str(key) for key in value)})" if len(value) <= 8 else describe(value)
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:37] + "…")
    if isinstance(value, float) and not numbers:
        return "(a float)"
    if value is None or isinstance(value, bool | int | float):
        return f"= {value}"
    return f"({len(value)} items)"


def _float_dtypes(values: Iterable[Tree]) -> set[str]:
    dtypes: set[str] = set()
    for value in values:
        if isinstance(value, Array) and value.values.dtype.kind == "f":
            dtypes.add(value.dtype)
        elif isinstance(value, dict | list | tuple):
            dtypes |= _float_dtypes(value.values() if isinstance(value, dict) else value)
    return dtypes


def sizes(shape: Sequence[int], letters: str) -> str:
    """ "batch 3, time 5" for a shape and its axis letters; bare numbers where they do not fit."""
    names = letters.split()
    if not shape:
        return "one number"
    if len(names) != len(shape):
        return ", ".join(str(size) for size in shape)
    pairs = zip(names, shape, strict=True)
    return ", ".join(f"{AXES.get(name, name)} {size}" for name, size in pairs)


def returned(tree: Tree, mismatch: Mismatch, letters: Mapping[str, str]) -> str:
    """What came back, and which of its properties are right already."""
    both = "shape and dtype are right"
    known = {"values": both, "finite": both, "dtype": "the shape is right", "device": both}
    if isinstance(tree, Array) and tree.kind != "scalar" and mismatch.kind != "container":
        right = known.get(mismatch.kind)
        named = f"({sizes(tree.values.shape, letters.get('return', ''))})"
        return f"{named} {tree.dtype}: {right}." if right else f"{tree.values.shape} {tree.dtype}."
    if tree is None:
        return "None, as a function gives that ends without return."
    if isinstance(tree, dict) and 0 < len(tree) <= 16:
        return f"a dict: {', '.join(name_of(key) for key in tree)}."
    return f"{describe(tree)}."


def first_wrong(mismatch: Mismatch, parts: Sequence[str], numbers: bool) -> str:
    """Where it first differs; the numbers themselves only where they may be shown."""
    letters = "" if mismatch.shape else mismatch.letters
    place = where(mismatch.path, parts, letters)
    lines = [_headline(mismatch, place, numbers)]
    if mismatch.kind == "fact":
        return lines[0]
    if also := mismatch.wrong_keys[1:]:
        lines.append(f"{listed(also)} {_are(also)} not right either.")
    if mismatch.right:
        lines.append(f"{listed(mismatch.right)} {_are(mismatch.right)} right.")
    if numbers and mismatch.kind == "values" and mismatch.index:
        at = list(mismatch.index)
        lines.append(f"At {at} you have {mismatch.have}, expected {mismatch.due}.")
    return "\n".join(lines)


ITEMS = {"B": "sequence", "T": "step"}
"""What an item of a list is called where the list stands for an axis."""


def where(path: Path, parts: Sequence[str], letters: str = "") -> str:
    """The place of a difference in words: "dW_hh", "item 2 of weights", "step 0 of sequence 3".

    letters: axis letters, or words, for the lists one inside the other that the path leads into.
    """
    axes, names = iter(letters.split()), []
    for key in path:
        if isinstance(key, int):
            axis = next(axes, "item")
            names.append(f"{ITEMS.get(axis, axis)} {key}")
        else:
            names.append(key)
            axes = iter(letters.split())
    if path and isinstance(path[0], int) and path[0] < len(parts):
        names[0] = parts[path[0]]
    return " of ".join(reversed(names))


def _headline(mismatch: Mismatch, place: str, numbers: bool) -> str:
    start = f"{place}: " if place else ""
    kind = mismatch.kind
    if kind == "fact":
        return f"this should hold and does not: {place}."
    if kind == "container":
        return f"{start}you have {mismatch.have}, expected {mismatch.due}."
    if kind == "keys":
        texts = [f"missing: {mismatch.due}"] if mismatch.due else []
        texts += [f"not expected: {mismatch.have}"] if mismatch.have else []
        return f"{start}the keys differ ({'; '.join(texts)})."
    if kind == "length":
        return f"{start}{_length(int(mismatch.have), int(mismatch.due), numbers)}."
    if kind == "shape":
        due = sizes(mismatch.shape, mismatch.letters)
        wanted = f"({due})" if mismatch.letters and mismatch.shape else mismatch.due
        return f"{start}the shape is {mismatch.have}, expected {wanted}."
    if kind in ("dtype", "device"):
        return f"{start}the {kind} is {mismatch.have}, expected {mismatch.due}."
    if kind == "text":
        return f"{start}{_text(mismatch, numbers)}."
    if mismatch.total:
        return f"{start}{_counted(mismatch)}."
    if kind == "finite":
        return f"{start}the value is {mismatch.have}, which is no finite number."
    if numbers:
        return f"{start}you have {mismatch.have}, expected {mismatch.due}."
    return f"{start}the value is not right."


def _text(mismatch: Mismatch, shown: bool) -> str:
    """Where two texts part; `shown`: whether their words may be."""
    (place,) = mismatch.index
    if place < 0:
        return "the words are right, and what stands between them is not"
    if not shown:
        return f"word {place + 1} of the text is the first that is not right"
    have, due = (repr(word) if word else "no more words" for word in (mismatch.have, mismatch.due))
    return f"word {place + 1} of the text is {have}, expected {due}"


def _length(have: int, due: int, numbers: bool) -> str:
    items = f"{have} item" if have == 1 else f"{have} items"
    if numbers:
        return f"it has {items}, expected {due}"
    return f"it has too {'many' if have > due else 'few'} items ({have})"


def _counted(mismatch: Mismatch) -> str:
    wrong = mismatch.steps
    are = "is" if mismatch.wrong == 1 else "are"
    share = f"{mismatch.wrong} of {mismatch.total} numbers"
    if mismatch.kind == "finite":
        share += f" {are} not finite, the first is {mismatch.have}"
    if not wrong or mismatch.step_count < 2:
        return share if mismatch.kind == "finite" else f"{share} {are} not right"
    good = [step for step in range(mismatch.step_count) if step not in set(wrong)]
    if not good:
        return f"time step 0, and every step after it ({share})"
    return (
        f"time step {wrong[0]}. {_steps(good)} {_are(good)} right; "
        f"{_steps(wrong).lower()} {_are(wrong)} not ({share})"
    )


def _steps(steps: Sequence[int]) -> str:
    first, last = steps[0], steps[-1]
    if len(steps) == 1:
        return f"Step {first}"
    if last - first == len(steps) - 1:
        return f"Steps {first} to {last}" if len(steps) > 2 else f"Steps {first} and {last}"
    return f"Steps {', '.join(str(step) for step in steps[:6])}{' …' if len(steps) > 6 else ''}"


def _are(items: Sequence[object]) -> str:
    return "is" if len(items) == 1 else "are"


def listed(names: Sequence[str]) -> str:
    """ "a, b and c"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def points(score: float | None, most: float) -> str:
    """ "2.5 of 10 points"."""
    if score is None:
        return f"– of {most:g} points"
    return f"{round(score, 2):g} of {most:g} {'point' if most == 1 else 'points'}"
