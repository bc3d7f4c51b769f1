"""What changes a result and what does not: a case called again with some of its arguments changed.

A probe changes arguments: one is set to zero or doubled, the last step or sample is another, …
What the reference does then is known as a few facts, which stand in visible.json and show no
number of a result; a program that does otherwise is told so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .compare import Tolerance
from .explain import listed
from .pairs import Numbers, agree, leaves, sizes_of
from .tree import Array, Tree
from .verdict import Observed, Question, same

MOST = 20
"""Probes of one exercise; each is a call."""
PATIENCE = 2.0
"""Seconds after which no further call is made."""
EXACTLY = Tolerance(1e-12, 0.0)
NEIGHBOURS = {"T": "step", "B": "sample", "H": "unit"}


@dataclass(frozen=True)
class Probe:
    """A change of arguments.

    kind: "zero", "double", "turned" (a bool), "symmetric", "last" (another last entry along an
    axis), "behind" (other padding), "full" (no padding), "alike" (arguments of one shape are
    equal).  of: the arguments that are changed, with dots into dicts and commas between them, or
    the axis letter.
    """

    kind: str
    of: str


@dataclass(frozen=True)
class Fact:
    """What a probe does to one part of a result.

    changed: whether anything is another number, None where that may be rounding.  elsewhere:
    whether anything beside the last entry along the axis is; None too where there is no such axis.
    trace: one number that depends on all numbers of the part; None where these may agree by
    chance.  zero: whether all of them are zero.
    """

    changed: bool | None
    elsewhere: bool | None = None
    trace: float | None = None
    zero: bool = False


AGAIN = Probe("again", "")
"""No change at all."""

Facts = Mapping[str, Fact]
Seen = tuple[Probe, Facts, Facts]
"""A probe with what is due and what came."""


def probes(question: Question) -> list[Probe]:
    """What may be changed about the arguments of a case, at most so many."""
    named = dict(_paths(question.arguments, ""))
    found = [
        *(Probe("last", letter) for letter in "TB" if _has_axis(question, letter)),
        *(Probe(kind, name) for name in _lengths(question) for kind in ("behind", "full")),
        *(Probe("zero", name) for name, value in named.items() if _floats(value)),
        *(Probe("symmetric", name) for name, value in named.items() if _square(value)),
        *(Probe("last", letter) for letter in "H" if _has_axis(question, letter)),
        *(Probe("double", name) for name, value in named.items() if type(value) is float),
        *(Probe("turned", name) for name, value in named.items() if type(value) is bool),
        *(Probe("zero", names) for names in _groups(named)),
    ]
    floats = [name for name, value in named.items() if _floats(value)]
    if len(floats) > 1:
        found.insert(0, Probe("zero", ",".join(floats)))
    if any(_alike(named)):
        found.insert(0, Probe("alike", ""))
    return found[:MOST]


def _paths(tree: Tree, start: str) -> Iterator[tuple[str, Tree]]:
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _paths(value, f"{start}{name}.")
        elif isinstance(value, Array | float | bool):
            yield f"{start}{name}", value


def _floats(value: Tree) -> bool:
    return isinstance(value, Array) and value.values.dtype.kind == "f" and bool(value.values.any())


def _square(value: Tree) -> bool:
    if not _floats(value):
        return False
    shape = value.values.shape
    return len(shape) == 2 and shape[0] == shape[1] > 1


def _letters(question: Question, name: str) -> list[str]:
    return question.shapes.get(name.rpartition(".")[2], "").split()


def _along(question: Question, letter: str) -> list[str]:
    """The float arguments with an axis of this letter; for units those that are no weights."""
    found = []
    for name, value in _paths(question.arguments, ""):
        letters = _letters(question, name)
        inputs = letter != "H" or bool({"B", "T"} & set(letters))
        if _floats(value) and letter in letters and inputs and len(letters) == value.values.ndim:
            found.append(name)
    return found


def _has_axis(question: Question, letter: str) -> bool:
    return sizes_of(question).get(letter, 0) > 1 and bool(_along(question, letter))


def _lengths(question: Question) -> list[str]:
    """The arguments that say how long each sequence is, where one is shorter than its row."""
    steps = sizes_of(question).get("T", 0)
    return [
        name
        for name, value in question.arguments.items()
        if "length" in name
        and isinstance(value, Array)
        and _letters(question, name) == ["B"]
        and value.values.dtype.kind == "i"
        and int(value.values.min(initial=steps)) < steps
        and bool(_padded(question))
    ]


def _padded(question: Question) -> list[str]:
    """The float arguments with a row of steps for each sample."""
    return [name for name in _along(question, "T") if _letters(question, name)[:2] == ["B", "T"]]


# -- changed arguments ---------------------------------------------------------------------------


def changed(question: Question, probe: Probe) -> dict[str, Tree]:
    """The arguments of a case as a probe changes them; the same ones each time."""
    named = dict(_paths(question.arguments, ""))
    return _put(question.arguments, dict(_new_values(question, probe, named)))


def _new_values(
    question: Question, probe: Probe, named: Mapping[str, Tree]
) -> Iterator[tuple[str, Any]]:
    """The new numbers of the arguments that a probe changes, by path."""
    match probe.kind:
        case "last":
            for name in _along(question, probe.of):
                axis = _letters(question, name).index(probe.of)
                yield name, _last_moved(named[name].values, axis)
        case "behind":
            for name in _padded(question):
                yield name, _padding_moved(named[name].values, named[probe.of].values)
        case "full":
            yield probe.of, np.full_like(named[probe.of].values, sizes_of(question)["T"])
        case "alike":
            yield from _alike(named)
        case "double":
            yield probe.of, 2.0 * named[probe.of]
        case "turned":
            yield probe.of, not named[probe.of]
        case "symmetric":
            yield probe.of, (named[probe.of].values + named[probe.of].values.T) / 2
        case "zero":
            for name in probe.of.split(","):
                yield name, np.zeros_like(named[name].values)


def _alike(named: Mapping[str, Tree]) -> Iterator[tuple[str, Any]]:
    """For each array that is not the first of its shape, that first one."""
    first: dict[tuple[int, ...], Any] = {}
    for name, value in named.items():
        if _floats(value):
            shape = value.values.shape
            if shape in first:
                yield name, first[shape].copy()
            first.setdefault(shape, value.values)


def _groups(named: Mapping[str, Tree]) -> list[str]:
    """The keys of a dict that end alike, as those of one gate do, with commas between."""
    groups: dict[tuple[str, str], list[str]] = {}
    for name, value in named.items():
        if "." in name and _floats(value):
            groups.setdefault((name.rpartition(".")[0], name[-1]), []).append(name)
    several = [names for names in groups.values() if len(names) > 1]
    return [",".join(names) for names in several] if len(several) > 1 else []


def _put(tree: Mapping[str, Tree], new: Mapping[str, Any], start: str = "") -> dict[str, Tree]:
    """The arguments with new numbers for those that are named."""
    made: dict[str, Tree] = {}
    for name, value in tree.items():
        path = f"{start}{name}"
        if isinstance(value, dict):
            made[name] = _put(value, new, f"{path}.")
        elif path in new and isinstance(value, Array):
            made[name] = replace(value, values=new[path])
        else:
            made[name] = new.get(path, value)
    return made


def _last_moved(values: NDArray[Any], axis: int) -> NDArray[Any]:
    """Other numbers of about the same size in the last entry along an axis."""
    moved = np.moveaxis(values.copy(), axis, 0)
    moved[-1] = _others(moved[-1])
    return np.moveaxis(moved, 0, axis)


def _others(values: NDArray[Any]) -> NDArray[Any]:
    wave = np.cos(np.arange(values.size, dtype=values.dtype)).reshape(values.shape)
    return np.asarray(0.5 * values + 0.25 * wave, dtype=values.dtype)


def _padding_moved(values: NDArray[Any], ends: NDArray[Any]) -> NDArray[Any]:
    moved = values.copy()
    for row, end in zip(moved, ends.tolist(), strict=False):
        row[end:] = _others(row[end:])
    return moved


# -- facts ---------------------------------------------------------------------------------------


def probed(
    known: Sequence[tuple[Probe, Facts]],
    question: Question,
    before: Observed,
    parts: Sequence[str],
    call: Callable[[Probe], Observed],
) -> list[Seen]:
    """Each probe with what is due and what came; one that fails says nothing.

    known: what is due.  before: what came without a change; a program that gives something else
    when it is called so again says nothing either.
    """
    found: list[Seen] = []
    if before.did != "result" or not known or not same(before, call(AGAIN), EXACTLY):
        return found
    ends = time.monotonic() + PATIENCE
    for probe, due in known:
        if time.monotonic() > ends:
            break
        seen = call(probe)
        if seen.did == "gone":
            break
        got = facts(probe, before.tree, seen.tree, question, parts) if seen.did == "result" else {}
        if got and set(got) == set(due):
            found.append((probe, due, got))
    return found


def facts(
    probe: Probe, before: Tree, after: Tree, question: Question, parts: Sequence[str]
) -> Facts:
    """What a probe did to each part of a result; {} where the result has another form."""
    old, new = leaves(before, question, parts), leaves(after, question, parts)
    if set(old) != set(new):
        return {}
    made = {}
    for name, (values, letters) in new.items():
        was = old[name][0]
        if was.shape != values.shape:
            return {}
        moved = _moved(values, was)
        telling = generic(values) or generic(was)
        change = _any(moved) if telling else None
        beside = _elsewhere(moved, letters, probe) if telling else None
        made[name] = Fact(change, beside, _trace(values), not values.any())
    return made


def generic(values: Numbers) -> bool:
    """Whether a number is no simple fraction: counts and shares agree by chance."""
    finite = values[np.isfinite(values)].ravel()[:64].tolist()
    return any(abs(Fraction(x).limit_denominator(200) - x) > 1e-7 * abs(x) for x in finite)


def _moved(values: Numbers, was: Numbers) -> Numbers:
    """For each number whether it is another: 1, 0, or ½ where that may be rounding."""
    surely = ~agree(values, was)
    scale = np.abs(was[np.isfinite(was)]).max(initial=0.0)
    with np.errstate(all="ignore"):
        perhaps = ~np.isclose(values, was, rtol=0, atol=1e-14 * scale, equal_nan=True)
    return np.where(surely, 1.0, np.where(perhaps, 0.5, 0.0))


def _any(moved: Numbers) -> bool | None:
    most = moved.max(initial=0.0)
    return None if most == 0.5 else bool(most)


def _elsewhere(moved: Numbers, letters: Sequence[str], probe: Probe) -> bool | None:
    if probe.kind != "last" or probe.of not in letters:
        return None
    axis = list(letters).index(probe.of)
    return _any(np.take(moved, range(moved.shape[axis] - 1), axis))


def _trace(values: Numbers) -> float | None:
    if not generic(values) or not np.isfinite(values).all():
        return None
    return float((values.ravel() * np.cos(1.0 + np.arange(values.size))).sum())


# -- sentences -----------------------------------------------------------------------------------


def dependence(found: Sequence[Seen], wrong: Sequence[str]) -> str:
    """What a program does otherwise than is due when arguments change, in a sentence; "" for none.

    found: probes with what is due and what came.  wrong: the parts that are wrong in every case.
    """
    for each in (_unmoved, _moved_elsewhere):
        for probe, due, got in found:
            if said := each(probe, due, got, wrong):
                return said
    return _agrees(found, wrong) or _not_zero(found, wrong)


def _not_zero(found: Sequence[Seen], wrong: Sequence[str]) -> str:
    """Numbers where zeros are due, since all that goes in is zero."""
    for probe, due, got in found:
        if probe.kind == "zero" and "," in probe.of:
            names = [name for name in wrong if name in due and due[name].zero > got[name].zero]
            if names:
                are = "is" if len(names) == 1 else "are"
                return f"{_subject(names)} {are} not zero when {_word(probe)}, and should be."
    return ""


def _word(probe: Probe) -> str:
    names = [_named(path) for path in probe.of.split(",")]
    named, is_set = listed(names), "is" if len(names) == 1 else "are"
    if len(names) > 4:
        named, is_set = "every number that goes in", "is"
    entry = NEIGHBOURS.get(probe.of, "")
    return {
        "zero": f"{named} {is_set} zero",
        "double": f"{named} is doubled",
        "turned": f"{named} is turned round",
        "symmetric": f"{named} is symmetric",
        "last": f"the last {entry} of what goes in is another",
        "behind": "the padding behind the sequences is another",
        "full": "every sequence is as long as its row",
        "alike": "all arguments of one shape are equal",
    }[probe.kind]


def _named(path: str) -> str:
    owner, _, name = path.rpartition(".")
    return f"{name} of {owner}" if owner else name


def _unmoved(probe: Probe, due: Facts, got: Facts, wrong: Sequence[str]) -> str:
    """What should change and does not, or changes and should not."""
    if probe.kind in ("full", "alike"):
        return ""
    still = [name for name in got if due[name].changed and got[name].changed is False]
    if still and all(fact.changed is False for fact in got.values()):
        used = probe.kind in ("zero", "double", "turned") and "," not in probe.of
        rest = ": what is it used for?" if used else ", and something should."
        return f"Nothing changes when {_word(probe)}{rest}"
    if named := [name for name in still if name in wrong]:
        do = "does" if len(named) == 1 else "do"
        return f"{_subject(named)} {do} not change when {_word(probe)}, and should."
    loud = [n for n in wrong if n in got and got[n].changed and due[n].changed is False]
    if loud and probe.kind != "last":  # the largest of all may stand in another sample
        change = "changes" if len(loud) == 1 else "change"
        return f"{_subject(loud)} {change} when {_word(probe)}, and should not."
    return ""


def _subject(names: Sequence[str]) -> str:
    return "The result" if list(names) == [""] else listed(names)


def _moved_elsewhere(probe: Probe, due: Facts, got: Facts, wrong: Sequence[str]) -> str:
    """Other steps, samples or units that change and should not, or should and do not."""
    entry = NEIGHBOURS.get(probe.of, "")
    others = {"T": "earlier steps"}.get(probe.of, f"other {entry}s")
    for name in wrong:
        if name not in got or {got[name].elsewhere, due[name].elsewhere} != {True, False}:
            continue
        of = f" of {name}" if name else ""
        if got[name].elsewhere:
            return f"The {others}{of} change when {_word(probe)}, and should not."
        return f"The {others}{of} do not change when {_word(probe)}, and should."
    return ""


EXACT_FIRST = ("symmetric", "full", "turned", "double", "zero", "alike")
"""Kinds of probes, those first that tell most where they turn a result right."""


def _agrees(found: Sequence[Seen], wrong: Sequence[str]) -> str:
    """Under which changes what is wrong turns right."""
    for names in (list(wrong), *([name] for name in wrong)):
        fits = [
            probe
            for probe, due, got in found
            if probe.kind in EXACT_FIRST and _agree(due, got, names)
        ]
        if fits and names:
            kind = min((probe.kind for probe in fits), key=EXACT_FIRST.index)
            words = [_word(probe) for probe in fits if probe.kind == kind]
            are = "are" if len(names) > 1 else "is"
            return f"{_subject(names)} {are} right as soon as {_either(words)}."
    return ""


def _either(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _agree(due: Facts, got: Facts, names: Sequence[str]) -> bool:
    return all(name in got and _same_trace(due[name], got[name]) for name in names)


def _same_trace(due: Fact, got: Fact) -> bool:
    if due.trace is None or got.trace is None:
        return False
    return bool(np.isclose(got.trace, due.trace, rtol=1e-6, atol=1e-9))
