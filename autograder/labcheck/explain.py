"""mismatch → text: what was called, what came back, where it first differs, where to look."""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .compare import Mismatch, Path, at, describe, name_of, number
from .own import ANYONE, Own
from .parameters import are, in_words, keys_differ, mode_kept
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
NARROWEST = 24
"""A text gets this much room however narrow the terminal is."""
SIZES = re.compile(r"\([^()\n]{1,40}\)")
HELD = "\u00a0"
CODE = "In your code"
LARGE = 10_000
"""A whole number from here on is no size and no option."""


@dataclass(frozen=True)
class Line:
    """One labelled part of a message; text may have several lines."""

    label: str
    text: str


def room() -> int:
    """Columns for the texts of a message in this terminal."""
    columns = shutil.get_terminal_size((WIDTH + TEXT_COLUMN, 24)).columns
    return max(NARROWEST, min(WIDTH, columns - TEXT_COLUMN))


def as_text(lines: Iterable[Line], width: int = WIDTH) -> str:
    """The message as plain text, labels in a column, at most 8 KB."""
    out = []
    for line in lines:
        first, *rest = _wrapped(line, width)
        out.append(f"  {line.label:<{TEXT_COLUMN - 2}}{first}".rstrip())
        out.extend(f"{' ' * TEXT_COLUMN}{row}".rstrip() for row in rest)
    return capped("\n".join(out))


def _wrapped(line: Line, width: int) -> list[str]:
    """The lines of a text, broken where they are too wide; a program's lines stay whole."""
    text = line.text
    if line.label == CODE:
        return text.split("\n")
    if width < WIDTH:  # what stands in brackets stays together
        text = SIZES.sub(lambda found: found[0].replace(" ", HELD), text.replace(",\n", ", "))
    rows = text.split("\n")
    wrapped = textwrap.TextWrapper(width, break_long_words=False, break_on_hyphens=False).wrap
    return [piece.replace(HELD, " ") for row in rows for piece in wrapped(row) or [""]]


def called_with(
    arguments: Mapping[str, Tree],
    shapes: Mapping[str, str],
    numbers: bool = True,
    own: Own = ANYONE,
) -> str:
    """ "x (batch 3, time 5), h0 (batch 3, hidden 6)   float64" for the arguments of a call.

    numbers: whether the floats among them may be shown; where they may not, texts and keys are
    that `own` names, and whole numbers that may be sizes.
    """
    texts = [
        f"{name} {_argument(value, shapes.get(name, ''), numbers, own)}"
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


def _argument(value: Tree, letters: str, numbers: bool, own: Own) -> str:
    if numbers and (full := in_full(value)):
        size = isinstance(value, Array) and value.values.ndim > 0
        return f"({sizes(value.values.shape, letters)}) = {full}" if size else f"= {full}"
    if isinstance(value, Array):
        return f"({sizes(value.values.shape, letters)})"
    if isinstance(value, dict):
        told = numbers or all(own.word(str(key)) for key in value)
        return f"({', '.join(map(str, value))})" if len(value) <= 8 and told else describe(value)
    if isinstance(value, str) and not numbers and not own.word(value):
        return "(a text)"
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:37] + "…")
    if isinstance(value, float) and not numbers:
        return "(a float)"
    if type(value) is int and abs(value) >= LARGE and not numbers:
        return "(an int)"
    if value is None or isinstance(value, bool | int | float):
        return f"= {value}"
    return f"({len(value)} items)"


LONGEST = 400
"""Letters of a list, text or dict that is shown in full."""
MOST_NUMBERS = 12
"""Whole numbers of an array that are shown in full."""


def in_full(value: Tree) -> str:
    """A value as Python writes it, where it is short and holds no large array; else nothing."""
    if isinstance(value, Array):
        numbers = value.values
        if numbers.ndim == 0 and value.device != "meta":
            return number(numbers[()])
        few = numbers.ndim == 1 and numbers.size <= MOST_NUMBERS
        whole = numbers.dtype.kind in "iub"
        return str(numbers.tolist()) if few and whole else ""
    text = repr(value) if _is_written(value) else ""
    return text if len(text) <= LONGEST else ""


def _is_written(value: Tree) -> bool:
    """Whether `repr` writes it as in a program: no array is in it."""
    if isinstance(value, dict):
        return all(map(_is_written, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_is_written, value))
    return not isinstance(value, Array)


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


def returned(
    tree: Tree, mismatch: Mismatch, letters: Mapping[str, str], numbers: bool = False
) -> str:
    """What came back, and which of its properties are right already.

    numbers: whether short results may be shown in full.
    """
    both = "shape and dtype are right"
    known = {"values": both, "finite": both, "dtype": "the shape is right", "device": both}
    if isinstance(tree, Array) and tree.kind != "scalar" and mismatch.kind != "container":
        right = known.get(mismatch.kind)
        named = f"({sizes(tree.values.shape, letters.get('return', ''))})"
        if numbers and tree.values.ndim == 0 and (full := in_full(tree)):
            return f"{full}, {describe(tree)}{f': {right}' if right else ''}."
        return f"{named} {tree.dtype}: {right}." if right else f"{tree.values.shape} {tree.dtype}."
    if tree is None:
        return "None, as a function gives that ends without return."
    if numbers and (full := in_full(tree)):
        return f"{full}{_kind_of(tree)}"
    if isinstance(tree, dict) and 0 < len(tree) <= 16:
        return f"a dict: {', '.join(name_of(key) for key in tree)}."
    return f"{describe(tree)}."


def _kind_of(tree: Tree) -> str:
    """What a value is, behind its number; of a container one sees it."""
    one = isinstance(tree, Array | int | float) and not isinstance(tree, bool)
    return f", {describe(tree)}." if one else ""


def first_wrong(mismatch: Mismatch, parts: Sequence[str], numbers: bool) -> str:
    """Where it first differs; the numbers themselves only where they may be shown."""
    letters = "" if mismatch.shape else mismatch.letters
    place = where(mismatch.path, parts, letters)
    lines = [_headline(mismatch, place, numbers)]
    if mismatch.kind == "fact":
        return lines[0]
    if also := mismatch.wrong_keys[1:]:
        lines.append(f"{listed(also)} {are(also)} not right either.")
    if len(mismatch.right) > MANY:
        lines.append(f"{'Everything else' if not also else 'All the rest'} is right.")
    elif mismatch.right:
        lines.append(f"{listed(mismatch.right)} {are(mismatch.right)} right.")
    if numbers and mismatch.kind == "values" and mismatch.index:
        at = list(mismatch.index)
        lines.append(f"At {at} you have {mismatch.have}, expected {mismatch.due}.")
    return "\n".join(lines)


def first_item(due: Tree, have: Tree, mismatch: Mismatch) -> str:
    """Of two lists of other lengths the first item that is another, where it is short."""
    if mismatch.kind != "length":
        return ""
    pairs = zip(at(due, mismatch.path), at(have, mismatch.path), strict=False)
    place, both = next(((n, one) for n, one in enumerate(pairs) if one[0] != one[1]), (0, None))
    if both is None or not all(map(_is_written, both)):
        return ""
    wanted, came = map(in_full, both)
    return f"Item {place} is {came}, expected {wanted}." if wanted and came else ""


MANY = 5
"""More parts of a result than this are not listed one by one."""

ITEMS = {"B": "sequence", "T": "step"}
"""What an item of a list is called where the list stands for an axis."""


def where(path: Path, parts: Sequence[str], letters: str = "") -> str:
    """The place of a difference in words: "dW_hh", "item 2 of weights", "step 0 of sequence 3".

    letters: axis letters, or words, for the lists one inside the other that the path leads into.
    """
    if words := in_words(path):
        return words
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
    if mode := mode_kept(mismatch.path, mismatch.due, mismatch.have):
        return f"{mode}."
    if kind == "fact":
        return f"this should hold and does not: {_statement(mismatch.path, place)}."
    if kind == "container":
        return f"{start}you have {mismatch.have}, expected {mismatch.due}."
    if kind == "keys" and mismatch.path[:1] in (("parameters",), ("gradients",)):
        return f"{start}the names differ ({keys_differ(mismatch.due, mismatch.have)})."
    if kind == "keys":
        texts = [f"missing: {mismatch.due}"] if mismatch.due else []
        texts += [f"not expected: {mismatch.have}"] if mismatch.have else []
        return f"{start}the keys differ ({'; '.join(texts)})."
    if kind == "length":
        return f"{start}{_length(mismatch.have, int(mismatch.due), numbers)}."
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


def _statement(path: Path, place: str) -> str:
    """A statement about a result, or about one entry of it: "out of the graph, for item 1"."""
    return f"{path[0]}, for {where(path[1:], ())}" if len(path) > 1 else place


def _text(mismatch: Mismatch, shown: bool) -> str:
    """Where two texts part; `shown`: whether their words may be."""
    (place,) = mismatch.index
    if place < 0:
        return "the words are right, and what stands between them is not"
    if not shown:
        return f"word {place + 1} of the text is the first that is not right"
    have, due = (repr(word) if word else "no more words" for word in (mismatch.have, mismatch.due))
    return f"word {place + 1} of the text is {have}, expected {due}"


def _length(have: str, due: int, numbers: bool) -> str:
    """have: how many, or "more" or "fewer" where the number may not be told."""
    if not have.isdigit():
        return f"it has too {'many' if have == 'more' else 'few'} items"
    items = f"{have} item" if have == "1" else f"{have} items"
    if numbers:
        return f"it has {items}, expected {due}"
    return f"it has too {'many' if int(have) > due else 'few'} items ({have})"


def _counted(mismatch: Mismatch) -> str:
    wrong = mismatch.steps
    verb = "is" if mismatch.wrong == 1 else "are"
    share = f"{mismatch.wrong} of {mismatch.total} numbers"
    if mismatch.kind == "finite":
        share += f" {verb} not finite, the first is {mismatch.have}"
    if not wrong or mismatch.step_count < 2:
        return share if mismatch.kind == "finite" else f"{share} {verb} not right"
    good = [step for step in range(mismatch.step_count) if step not in set(wrong)]
    if not good:
        return f"time step 0, and every step after it ({share})"
    return (
        f"time step {wrong[0]}. {_steps(good)} {are(good)} right; "
        f"{_steps(wrong).lower()} {are(wrong)} not ({share})"
    )


def _steps(steps: Sequence[int]) -> str:
    first, last = steps[0], steps[-1]
    if len(steps) == 1:
        return f"Step {first}"
    if last - first == len(steps) - 1:
        return f"Steps {first} to {last}" if len(steps) > 2 else f"Steps {first} and {last}"
    return f"Steps {', '.join(str(step) for step in steps[:6])}{' …' if len(steps) > 6 else ''}"


def listed(names: Sequence[str]) -> str:
    """ "a, b and c"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def points(score: float | None, most: float) -> str:
    """ "2.5 of 10 points"."""
    if score is None:
        return f"– of {most:g} points"
    return f"{round(score, 2):g} of {most:g} {'point' if most == 1 else 'points'}"
