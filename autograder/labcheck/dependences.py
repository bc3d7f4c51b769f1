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
from .parameters import are, parameter, together
from .sequences import is_sequences
from .tree import Array, Tree
from .verdict import Observed, Question, same

MOST = 20
"""Probes of one exercise; each is a call."""
PATIENCE = 2.0
"""Seconds after which no further call is made."""
PLACES, VALUES = 12, 3
"""Whole numbers tell something where there are so many, with so many different ones."""
TIMES = 4
"""How often each sample comes where tags are due."""
EXACTLY = Tolerance(1e-12, 0.0)
NEIGHBOURS = {"T": "step", "B": "sample", "H": "unit"}


@dataclass(frozen=True)
class Probe:
    """A change of arguments.

    kind: "zero", "double", "turned" (a bool), "symmetric", "last" (another last entry along an
    axis), "behind" (other padding), "full" (no padding), "alike" (arguments of one shape are
    equal), "halves" (the second half along the last axis is like the first).  of: the arguments
    that are changed, with dots into dicts and commas between them, or the axis letter.
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


def asked(question: Question, due: Tree) -> Question:
    """The case as it is asked with probes: with more samples where sequences of tags are due.

    Tags agree by chance, so each sample comes several times, with its classes in another order.
    """
    if not is_sequences(due):
        return question
    arguments: dict[str, Tree] = {}
    for name, value in question.arguments.items():
        letters = _letters(question, name)
        if isinstance(value, Array) and letters[:1] == ["B"] and value.values.ndim == len(letters):
            turns = range(TIMES) if len(letters) > 1 else [0] * TIMES
            copies = [np.roll(value.values, turn, -1 if turn else 0) for turn in turns]
            value = replace(value, values=np.concatenate(copies))
        arguments[name] = value
    return replace(question, arguments=arguments)


def probes(question: Question, due: Tree = None) -> list[Probe]:
    """What may be changed about the arguments of a case, at most so many.

    due: its result; where that is tags, only what decides in a simple way: these may stay the
    same, or come right, by chance.
    """
    named = dict(_paths(question.arguments, ""))
    if builds_module(question):
        return list(_of_module(question, named))[:MOST]
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
    if is_sequences(due):
        found = [probe for probe in found if probe.kind in ("behind", "full", "zero")]
    return found[:MOST]


def builds_module(question: Question) -> bool:
    """Whether a case builds a module from arguments `init`, and gives it `weights` by name."""
    return "init" in question.arguments and isinstance(question.arguments.get("weights"), dict)


def _of_module(question: Question, named: Mapping[str, Tree]) -> Iterator[Probe]:
    """What may be changed of a module's parameters and of the sequences that it is given."""
    floats = [name for name, value in named.items() if _floats(value)]
    weights = [name for name in floats if name.startswith("weights.")]
    yield Probe("zero", ",".join(floats))
    yield from (Probe("last", letter) for letter in "BT" if _has_axis(question, letter))
    yield from (Probe(kind, name) for name in _lengths(question) for kind in ("behind", "full"))
    modules = dict.fromkeys(name.rpartition(".")[0] for name in weights)
    readout = [f"{module}.bias" for module in modules if _is_readout(module, weights)]
    for module in modules:
        own = [name for name in weights if name.rpartition(".")[0] == module]
        back = [name for name in own if name.endswith("_reverse")]
        if back:
            yield Probe("zero", ",".join(name for name in own if name not in back))
            yield Probe("zero", ",".join(back))
        halves = [name for name in own if _halved(named[name])]
        yield from (Probe("halves", name) for name in halves)
        if _is_readout(module, weights):
            continue  # all that comes before it is lost with a readout
        if len(own) > 1:
            yield Probe("zero", ",".join(own))
            yield Probe("zero", ",".join([*own, *readout]))
        yield from (Probe("zero", name) for name in own if not back)


def _is_readout(module: str, weights: Sequence[str]) -> bool:
    """Whether a module has a weight and a bias alone, as a linear layer has."""
    own = [name for name in weights if name.rpartition(".")[0] == module]
    return own == [f"{module}.weight", f"{module}.bias"]


def _halved(value: Tree) -> bool:
    return bool(value.values.ndim == 2 and value.values.shape[1] % 2 == 0)


def _paths(tree: Tree, start: str) -> Iterator[tuple[str, Tree]]:
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _paths(value, f"{start}{name}.")
        elif isinstance(value, tuple) and start == "" and name == "inputs":
            yield from _paths({str(n): item for n, item in enumerate(value)}, f"{name}.")
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
    own = question.shapes.get(name, "") or question.shapes.get(name.rpartition(".")[2], "")
    return own.split()


def _ids(value: Tree) -> bool:
    return isinstance(value, Array) and value.values.dtype.kind in "iu" and value.values.ndim == 2


def _along(question: Question, letter: str) -> list[str]:
    """The float arguments with an axis of this letter; for units those that are no weights.

    Where a module is built, the ids that it is given.
    """
    found = []
    for name, value in _paths(question.arguments, ""):
        letters = _letters(question, name)
        inputs = letter != "H" or bool({"B", "T"} & set(letters))
        numbers = _ids(value) if builds_module(question) else _floats(value)
        if numbers and letter in letters and inputs and len(letters) == value.values.ndim:
            found.append(name)
    return found


def _has_axis(question: Question, letter: str) -> bool:
    return _sizes(question).get(letter, 0) > 1 and bool(_along(question, letter))


def _sizes(question: Question) -> dict[str, int]:
    """The sizes of the axes by letter; those of a module's inputs too."""
    sizes = sizes_of(question)
    for name, value in _paths(question.arguments, ""):
        letters = _letters(question, name)
        if name.startswith("inputs.") and isinstance(value, Array):
            sizes |= dict(zip(letters, value.values.shape, strict=False))
    return sizes


def _lengths(question: Question) -> list[str]:
    """The arguments that say how long each sequence is, where one is shorter than its row."""
    steps = _sizes(question).get("T", 0)
    return [
        name
        for name, value in _paths(question.arguments, "")
        if ("length" in name or name.startswith("inputs."))
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
            yield probe.of, np.full_like(named[probe.of].values, _sizes(question)["T"])
        case "alike":
            yield from _alike(named)
        case "double":
            yield probe.of, 2.0 * named[probe.of]
        case "turned":
            yield probe.of, not named[probe.of]
        case "halves":
            first = np.split(named[probe.of].values, 2, -1)[0]
            yield probe.of, np.concatenate([first, first], -1)
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
        elif isinstance(value, tuple) and path == "inputs":
            inside = _put({str(n): item for n, item in enumerate(value)}, new, f"{path}.")
            made[name] = tuple(inside.values())
        elif path in new and isinstance(value, Array):
            made[name] = replace(value, values=new[path])
        else:
            made[name] = new.get(path, value)
    return made


def _last_moved(values: NDArray[Any], axis: int) -> NDArray[Any]:
    """Other numbers of about the same size in the last entry along an axis."""
    moved = np.moveaxis(values.copy(), axis, 0)
    moved[-1] = _others(moved[-1], values)
    return np.moveaxis(moved, 0, axis)


def _others(values: NDArray[Any], among: NDArray[Any]) -> NDArray[Any]:
    """Other numbers; of ids, each the next one among those that there are."""
    if values.dtype.kind in "iu":
        known = np.unique(among)
        return known[(np.searchsorted(known, values) + 1) % len(known)]
    wave = np.cos(np.arange(values.size, dtype=values.dtype)).reshape(values.shape)
    return np.asarray(0.5 * values + 0.25 * wave, dtype=values.dtype)


def _padding_moved(values: NDArray[Any], ends: NDArray[Any]) -> NDArray[Any]:
    moved = values.copy()
    for row, end in zip(moved, ends.tolist(), strict=False):
        row[end:] = _others(row[end:], values)
    return moved


# -- facts ---------------------------------------------------------------------------------------


def probed(
    known: Sequence[tuple[Probe, Facts]],
    question: Question,
    parts: Sequence[str],
    call: Callable[[Probe], Observed],
) -> list[Seen]:
    """Each probe with what is due and what came; one that fails says nothing.

    known: what is due.  A program that gives something else when it is called so again says
    nothing either.
    """
    found: list[Seen] = []
    if not known or (before := call(AGAIN)).did != "result":
        return found
    if not same(before, call(AGAIN), EXACTLY):
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
        telling = tells(values) or tells(was)
        change = _any(moved) if telling else None
        beside = _elsewhere(moved, letters, probe) if telling else None
        made[name] = Fact(change, beside, _trace(values), not values.any())
    return made


def generic(values: Numbers) -> bool:
    """Whether a number is no simple fraction: counts and shares agree by chance."""
    finite = values[np.isfinite(values)].ravel()[:64].tolist()
    return any(abs(Fraction(x).limit_denominator(200) - x) > 1e-7 * abs(x) for x in finite)


def tells(values: Numbers) -> bool:
    """Whether the same numbers would hardly come by chance: no shares, or many whole numbers."""
    whole = values.size >= PLACES and bool((values == np.rint(values)).all())
    return generic(values) or (whole and len(np.unique(values)) >= VALUES)


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
    if not tells(values) or not np.isfinite(values).all():
        return None
    return float((values.ravel() * np.cos(1.0 + np.arange(values.size))).sum())


# -- sentences -----------------------------------------------------------------------------------


def dependence(found: Sequence[Seen], wrong: Sequence[str], was_right: bool = False) -> str:
    """What a program does otherwise than is due when arguments change, in a sentence; "" for none.

    found: probes with what is due and what came.  wrong: the parts that are wrong in every case.
    was_right: whether the result was right without a change.
    """
    for each in (_unmoved, _moved_elsewhere):
        for probe, due, got in found:
            if said := each(probe, due, got, wrong):
                return said
    return ("" if was_right else _agrees(found, wrong)) or _not_zero(found, wrong)


def _not_zero(found: Sequence[Seen], wrong: Sequence[str]) -> str:
    """Numbers where zeros are due, since all that goes in is zero."""
    for probe, due, got in found:
        if probe.kind == "zero" and "," in probe.of:
            names = [name for name in wrong if name in due and due[name].zero > got[name].zero]
            if names:
                subject = f"{_subject(names)} {are(names)}"
                return f"{subject} not zero when {_word(probe)}, and should be."
    return ""


def _word(probe: Probe) -> str:
    paths = probe.of.split(",")
    names = [_named(path) for path in paths]
    named, is_set = listed(names), "is" if len(names) == 1 else "are"
    if len(names) > 2 and (some := _modules(paths)):
        named = some
    elif len(names) > 4:
        module = all(path.startswith("weights.") for path in paths)
        named, is_set = f"every {'parameter' if module else 'number that goes in'}", "is"
    entry = NEIGHBOURS.get(probe.of, "")
    return {
        "zero": f"{named} {is_set} zero",
        "double": f"{named} is doubled",
        "turned": f"{named} is turned round",
        "symmetric": f"{named} is symmetric",
        "halves": f"both halves of {named} are equal",
        "last": f"the last {entry} of what goes in is another",
        "behind": "the padding behind the sequences is another",
        "full": "every sequence is as long as its row",
        "alike": "all arguments of one shape are equal",
    }[probe.kind]


def _named(path: str) -> str:
    owner, _, name = path.rpartition(".")
    if "." in owner:
        return parameter(path.partition(".")[2])
    return f"{name} of {owner}" if owner else name


def _modules(paths: Sequence[str]) -> str:
    """Parameters of one module, or of one direction of it, perhaps with one more; "" for else."""
    by_module: dict[str, list[str]] = {}
    for path in paths:
        by_module.setdefault(path.rpartition(".")[0], []).append(path)
    if any("." not in module for module in by_module) or len(by_module) > 2:
        return ""
    return listed([_of_one(module, own) for module, own in by_module.items()])


def _of_one(module: str, paths: Sequence[str]) -> str:
    if len(paths) == 1:
        return _named(paths[0])
    back = [path.endswith("_reverse") for path in paths]
    text = f"all parameters of {parameter(module.partition('.')[2])}"
    if any(back):
        return text if not all(back) else f"{text} for the reverse direction"
    return f"{text} for the forward direction"


def _unmoved(probe: Probe, due: Facts, got: Facts, wrong: Sequence[str]) -> str:
    """What should change and does not, or changes and should not."""
    if probe.kind in ("full", "alike", "halves"):
        return ""
    still = [name for name in got if due[name].changed and got[name].changed is False]
    if still and all(fact.changed is False for fact in got.values()):
        used = probe.kind in ("zero", "double", "turned") and "," not in probe.of
        rest = ": what is it used for?" if used else ", and something should."
        return f"Nothing changes when {_word(probe)}{rest}"
    if named := [name for name in still if name in wrong]:
        do = "does" if are(named) == "is" else "do"
        return f"{_subject(named)} {do} not change when {_word(probe)}, and should."
    loud = [n for n in wrong if n in got and got[n].changed and due[n].changed is False]
    if loud and probe.kind != "last":  # the largest of all may stand in another sample
        change = "changes" if are(loud) == "is" else "change"
        return f"{_subject(loud)} {change} when {_word(probe)}, and should not."
    return ""


def _subject(names: Sequence[str]) -> str:
    if list(names) == [""]:
        return "The result"
    text = together(names, ()) or listed(names)
    return f"T{text[1:]}" if text.startswith("the ") else text


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


EXACT_FIRST = ("symmetric", "halves", "full", "turned", "double", "zero", "alike")
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
            words = [_word(probe) for probe in _least([one for one in fits if one.kind == kind])]
            return f"{_subject(names)} {are(names)} right as soon as {_either(words)}."
    return ""


def _least(found: Sequence[Probe]) -> list[Probe]:
    """Without the probes that change all that another one changes, and more."""
    sets = [set(probe.of.split(",")) for probe in found]
    return [one for one, own in zip(found, sets, strict=True) if not any(s < own for s in sets)]


def _either(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _agree(due: Facts, got: Facts, names: Sequence[str]) -> bool:
    return all(name in got and _same_trace(due[name], got[name]) for name in names)


def _same_trace(due: Fact, got: Fact) -> bool:
    if due.trace is None or got.trace is None:
        return False
    return bool(np.isclose(got.trace, due.trace, rtol=1e-6, atol=1e-9))
