"""How the parameters of a module that was built differ from those due, by name and by size."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from .explain import listed
from .parameters import grouped, sentence
from .tree import Array, Tree
from .updates import in_failing, tables
from .verdict import Trial

Shapes = Mapping[str, tuple[int, ...]]
KEY = "parameters"

KINDS: Mapping[str, Callable[[str], bool]] = {
    "Parameters for the reverse direction": lambda name: name.endswith("_reverse"),
    "Parameters of a second layer": lambda name: "_l1" in name,
    "Biases": lambda name: "bias" in name.rpartition(".")[2],
}
"""Kinds of parameters by their names."""


def built(trials: Sequence[Trial], parts: Sequence[str]) -> str:
    """What is said of parameters that are missing, not expected, or of another size."""
    failing = [trial for trial in trials if trial.question.value and not trial.passed]
    both = [_shapes(trial, parts) for trial in failing if trial.got.did == "result"]
    if not both or not all(due and due != got for due, got in both):
        return ""
    for each in (_renamed, _kinds, _sizes):
        texts = {each(due, got) for due, got in both}
        if len(texts) == 1 and (text := texts.pop()):
            return in_failing(trials, text)
    differ = [{name for name in due if due[name] != got.get(name, due[name])} for due, got in both]
    always = [name for name in both[0][0] if all(name in one for one in differ)]
    text = sentence(f"{_sized(always, both[0][0])}.") if always else ""
    return in_failing(trials, text) if text else ""


def _shapes(trial: Trial, parts: Sequence[str]) -> tuple[Shapes, Shapes]:
    due, got = tables(trial, parts).get(KEY, (None, None))
    return _of(due), _of(got)


def _of(tree: Tree) -> Shapes:
    """The shapes by name; of a parameter that is no array, nothing."""
    if not isinstance(tree, dict):
        return {}
    return {str(n): item.values.shape for n, item in tree.items() if isinstance(item, Array)}


def _renamed(due: Shapes, got: Shapes) -> str:
    """All parameters are there, in their order and sizes, and some modules have other names."""
    if set(due) == set(got) or list(due.values()) != list(got.values()):
        return ""
    pairs = [(one, other) for one, other in zip(due, got, strict=True) if one != other]
    names = {(one.rpartition(".")[0], other.rpartition(".")[0]) for one, other in pairs}
    if any(a == b or not a or not b for a, b in names):
        return ""
    texts = [f"{other} in place of {one}" for one, other in sorted(names)]
    return f"The sizes of all parameters are right, and some modules are called {listed(texts)}."


def _kinds(due: Shapes, got: Shapes) -> str:
    """Parameters of one kind alone are missing or not expected; the others have their sizes."""
    missing, spare = set(due) - set(got), set(got) - set(due)
    differ = [name for name in due if name in got and due[name] != got[name]]
    changed, verb = (missing, "missing") if missing else (spare, "there that should not be")
    if not changed or (missing and spare):
        return ""
    rest = f"; {_sized(differ, due)}" if differ else "; all others are right"
    for text, holds in KINDS.items():
        if len(changed) > 1 and all(map(holds, changed)):
            return f"{text} are {verb}{rest}."
    text = "are" if len(changed) > 1 else "is"
    names = grouped([name for name in (*due, *got) if name in changed], (*due, *spare))
    return sentence(f"{names} {text} {verb}{rest}.")


def _sized(names: Sequence[str], known: Shapes) -> str:
    verb = "have" if len(names) > 1 else "has"
    return f"{grouped(names, known)} {verb} another size"


def _sizes(due: Shapes, got: Shapes) -> str:
    """The names are right, and some sizes are not."""
    differ = [name for name in due if name in got and due[name] != got[name]]
    if set(due) != set(got) or not differ:
        return ""
    rest = "; all others are right" if len(differ) < len(due) else ""
    factors = {got[name][0] / due[name][0] for name in differ if due[name] and due[name][0]}
    same = all(due[name][1:] == got[name][1:] for name in differ)
    if same and len(factors) == 1 and (factor := factors.pop()) in TIMES:
        verb = "have" if len(differ) > 1 else "has"
        many = f"{TIMES[factor]} as many rows as are due"
        return sentence(f"{grouped(differ, due)} {verb} {many}{rest}.")
    text = _sized(differ, due)
    return sentence(f"{text}{rest}.") if rest else "No parameter has the size that is due."


TIMES = {
    2.0: "twice",
    3.0: "three times",
    4.0: "four times",
    4 / 3: "4/3 times",
    3 / 4: "3/4 times",
    0.5: "half",
    1 / 3: "1/3 times",
    1 / 4: "1/4 times",
}
