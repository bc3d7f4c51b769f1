"""What an update did to the parameters of a model, in a sentence.

Parameters and gradients stand in a result in dicts by name, beside a dict of what they were before
in an argument of the same name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .compare import compare
from .pairs import Numbers
from .parameters import grouped, sentence, within
from .reported import batch_sizes, epochs_of
from .tree import Array, Tree
from .verdict import Question, Trial

FAILING, WRONG = "In the cases that fail, ", "Where they are wrong, "
SINGLE = "In a single update, "
NEAR, ROUNDED = 1e-6, 1e-9
"""How near a relation must hold: by what is due, and by the parameters that change."""
FEWEST = 12
"""Fewer numbers than this may all have the right sign by chance."""

GRADIENTS = ("grads", "gradients")
MOVING = ("weights", "params")
SIMPLE = {2.0: "twice", 0.5: "half", 3.0: "three times", 10.0: "ten times"}


@dataclass(frozen=True, eq=False)
class Update:
    """Parameters, or gradients, in one case, by name.

    before: what they were.  due, got: how they should change and did; for gradients what they
    should be and were.  slack: how far a number may be off by rounding.
    """

    before: Mapping[str, Numbers]
    due: Mapping[str, Numbers]
    got: Mapping[str, Numbers]
    still: frozenset[str]
    slack: Mapping[str, float]
    right: frozenset[str]

    @property
    def all_right(self) -> bool:
        """Whether each of them is right."""
        return set(self.due) <= self.right

    def agrees(self, name: str, factor: float) -> bool:
        """Whether a change is the one that is due times a factor."""
        due = factor * self.due[name]
        near = NEAR * np.abs(due).max(initial=0.0) + self.slack[name] * max(1.0, abs(factor))
        return bool((np.abs(self.got[name] - due) <= near).all())

    def factor(self, names: Sequence[str]) -> float:
        """The one factor that fits best to the changes of some parameters; nan for none."""
        dot = sum(float((self.due[name] * self.got[name]).sum()) for name in names)
        square = sum(float((self.due[name] ** 2).sum()) for name in names)
        return dot / square if square else float("nan")


def tables(trial: Trial, parts: Sequence[str]) -> dict[str, tuple[Any, Any]]:
    """The parts of a result at its top by name: what is due and what came."""
    due, got = trial.due.tree, trial.got.tree
    if isinstance(due, tuple | list) and isinstance(got, tuple | list):
        if len(due) == len(got) == len(parts):
            return dict(zip(parts, zip(due, got, strict=True), strict=True))
    elif isinstance(due, dict) and isinstance(got, dict) and set(due) == set(got):
        return {str(key): (due[key], got[key]) for key in due}
    return {}


def _arrays(tree: Tree) -> dict[str, Numbers]:
    """The arrays of a dict by name; what is None is left out."""
    if not isinstance(tree, dict):
        return {}
    found = {str(name): item for name, item in tree.items() if isinstance(item, Array)}
    return {name: item.values.astype(np.float64) for name, item in found.items()}


def update(trial: Trial, key: str, parts: Sequence[str]) -> Update | None:
    """What became of the parameters that stand under a key; None where they cannot be compared."""
    due_tree, got_tree = tables(trial, parts).get(key, (None, None))
    due, got = _arrays(due_tree), _arrays(got_tree)
    before = _arrays(trial.question.arguments.get(key))
    same = set(due) == set(got) and all(due[name].shape == got[name].shape for name in due)
    if not due or not same or not all(np.isfinite(value).all() for value in got.values()):
        return None
    right = _right(trial, due, got)
    moving = key in MOVING
    if moving and set(before) != set(due):
        return None
    known = [name for name in due if name in before and before[name].shape == due[name].shape]
    still = frozenset(name for name in known if bool((got[name] == before[name]).all()))
    base = {name: before[name] if moving else np.zeros_like(due[name]) for name in due}
    size = {name: np.abs(base[name]).max(initial=0.0) for name in due}
    slack = {name: float(ROUNDED * size[name]) for name in due}
    changes = ({name: tree[name] - base[name] for name in due} for tree in (due, got))
    return Update(before, next(changes), next(changes), still, slack, right)


def _right(trial: Trial, due: Mapping[str, Any], got: Mapping[str, Any]) -> frozenset[str]:
    close = trial.question.tolerance
    fits = {
        name: np.isclose(got[name], due[name], rtol=close.rtol, atol=close.atol) for name in due
    }
    return frozenset(name for name, each in fits.items() if each.all())


# -- sentences -----------------------------------------------------------------------------------


def updated(trials: Sequence[Trial], parts: Sequence[str]) -> str:
    """How parameters, or gradients, that are wrong relate to those due in the value cases."""
    values = [
        trial
        for trial in trials
        if trial.question.value and trial.due.did == trial.got.did == "result"
    ]
    for key in (*MOVING, *GRADIENTS):
        found = [update(trial, key, parts) for trial in values]
        if not found or None in found:
            continue
        both = [(one, trial) for one, trial in zip(found, values, strict=True) if one]
        if said := _of_updates(both, key, parts):
            return said
    return ""


def _of_updates(both: Sequence[tuple[Update, Trial]], key: str, parts: Sequence[str]) -> str:
    """A sentence on those that are wrong; on those of a single update, where it holds there alone.

    both: each update with its case.
    """
    wrong = [(one, trial) for one, trial in both if not one.all_right]
    if not wrong or (key == "gradients" and _others_wrong(wrong[0][1], key, parts)):
        return ""
    if _later_alone(both):
        return "The parameters are right after one update, and wrong after more."
    single = [one for one, trial in wrong if updates_of(trial.question) == 1]
    for chosen in ([one for one, _ in wrong], single):
        if chosen and (said := _said(chosen, key)):
            failing = [trial for _, trial in both if not trial.passed]
            where = FAILING if len(wrong) == len(failing) else WRONG
            where = where if len(chosen) == len(wrong) else SINGLE
            return said if len(chosen) == len(both) else f"{where}{within(said)}"
    return ""


def _later_alone(both: Sequence[tuple[Update, Trial]]) -> bool:
    """Whether all that is right is what one update leaves, and all that is wrong what more do."""
    counts = [(updates_of(trial.question), one.all_right) for one, trial in both]
    right = [count for count, holds in counts if holds]
    wrong = [count for count, holds in counts if not holds]
    return bool(right) and set(right) <= {0, 1} and 1 in right and all(n > 1 for n in wrong)


def updates_of(question: Question) -> int:
    """How many updates a case asks for; 0 where that is none or not known."""
    given = question.arguments
    for name in ("updates", "steps"):
        if isinstance(number := given.get(name), int):
            return number
    chunk, x = given.get("chunk"), given.get("x")
    if isinstance(chunk, int) and chunk > 0 and isinstance(x, Array) and x.values.ndim > 1:
        return -(-int(x.values.shape[1]) // chunk)
    return epochs_of(question) * len(batch_sizes(question))


def _others_wrong(trial: Trial, key: str, parts: Sequence[str]) -> bool:
    """Whether another part is wrong, of which gradients are but a consequence."""
    return any(
        compare(due, got, trial.question.tolerance) is not None
        for name, (due, got) in tables(trial, parts).items()
        if name != key
    )


def _said(found: Sequence[Update], key: str) -> str:
    """The first sentence that is true of each update."""
    for each in (_unmoved, _times, _one_factor, _some, _own_factors, _signs):
        if said := each(found, key in MOVING):
            return said
    return ""


def _unmoved(found: Sequence[Update], moving: bool) -> str:
    """Nothing changes, or some that should do not."""
    stuck = [name for name in found[0].due if all(_stuck(one, name) for one in found)]
    noun = "parameter" if moving else "gradient"
    if stuck and all(set(one.due) == set(one.still) for one in found):
        return f"No {noun} changes in the call."
    if not stuck or not moving:
        return ""
    others = set(found[0].due) - set(stuck)
    rest = "; all others are right" if all(others <= one.right for one in found) else ""
    do = "does" if len(stuck) == 1 else "do"
    return sentence(
        f"{grouped(stuck, found[0].due)} {do} not change in the call, and should{rest}."
    )


def _stuck(one: Update, name: str) -> bool:
    return name in one.still and name in one.due and name not in one.right


def _common(one: Update) -> float:
    """The factor between all changes that came and those due; nan where there is none."""
    factor = one.factor(list(one.due))
    return factor if all(one.agrees(name, factor) for name in one.due) else float("nan")


def _times(found: Sequence[Update], moving: bool) -> str:
    """The same simple factor in each case."""
    factors = np.array([_common(one) for one in found])
    factor = float(factors[0])
    if not np.isfinite(factors).all() or not np.allclose(factors, factor, rtol=1e-5):
        return ""
    for known, word in SIMPLE.items():
        if abs(abs(factor) - known) < 1e-5 * known and factor > 0:
            as_due = f"by {word} as much as is due" if known in (2.0, 0.5) else f"{word} as far"
            return (
                f"Every parameter changes {as_due}."
                if moving
                else f"Every gradient is {word} what is due."
            )
    if abs(factor + 1) < 1e-5:
        what = "changes by as much as is due" if moving else "has the size that is due"
        sign = "in the opposite direction" if moving else "and the opposite sign"
        return f"Every {'parameter' if moving else 'gradient'} {what}, {sign}."
    return ""


def _one_factor(found: Sequence[Update], moving: bool) -> str:
    """The right direction as a whole, and another length."""
    factors = np.array([_common(one) for one in found])
    if not np.isfinite(factors).all() or (factors <= 0).any() or np.isclose(factors, 1).any():
        return ""
    far, short = ("too far", "not far enough") if moving else ("too large", "too small")
    how = far if (factors > 1).all() else short if (factors < 1).all() else f"{far} or {short}"
    if moving:
        return f"Every parameter changes in the right direction, all by the same factor {how}."
    return f"Every gradient has the right direction, and all are {how} by the same factor."


def _own_factors(found: Sequence[Update], moving: bool) -> str:
    """The right direction of each parameter, and lengths that do not fit together."""
    if any(np.isfinite(_common(one)) for one in found):
        return ""
    for one in found:
        for name in one.due:
            if not (one.due[name].any() or one.got[name].any()):
                continue
            factor = one.factor([name])
            if not np.isfinite(factor) or factor <= 0 or not one.agrees(name, factor):
                return ""
    if not any(one.due[name].size > 2 for one in found for name in set(one.due) - one.right):
        return ""
    if moving:
        return "Every parameter changes in its right direction, but not all by the same factor."
    return "Every gradient has its right direction, but they are off by different factors."


def _some(found: Sequence[Update], moving: bool) -> str:
    """The same parameters are right in each case, and the others in none."""
    names = list(found[0].due)
    right = [name for name in names if all(name in one.right for one in found)]
    wrong = [name for name in names if all(name not in one.right for one in found)]
    if not right or not wrong or len(right) + len(wrong) < len(names):
        return ""
    after, of = (" after the call", "") if moving else ("", "the gradients of ")
    for text, chosen in KINDS.items():
        if {name for name in names if chosen(name, found[0])} == set(right):
            noun = "parameters" if moving else "gradients"
            return f"The {noun} are right {text} alone."
    not_right = "is not" if len(wrong) == 1 else "are not"
    named = of if len(right) > 1 else of.replace("gradients", "gradient")
    text = f"{named}{grouped(right, names)} {'are' if len(right) > 1 else 'is'} right{after}"
    other = of if len(wrong) > 1 else of.replace("gradients", "gradient")
    return f"{sentence(text)}; {other}{grouped(wrong, names)} {not_right}."


KINDS: Mapping[str, Callable[[str, Update], bool]] = {
    "in the forward direction": lambda name, _: not name.endswith("_reverse"),
    "in the reverse direction": lambda name, _: name.endswith("_reverse"),
    "where a parameter is a matrix": lambda name, one: one.due[name].ndim > 1,
    "where a parameter is a vector": lambda name, one: one.due[name].ndim == 1,
}


def _signs(found: Sequence[Update], moving: bool) -> str:
    """The right sign everywhere."""
    due = [np.concatenate([one.due[n].ravel() for n in one.due]) for one in found]
    got = [np.concatenate([one.got[n].ravel() for n in one.due]) for one in found]
    both = zip(due, got, strict=True)
    if min(map(len, due)) < FEWEST or not all(_same_signs(*pair) for pair in both):
        return ""
    if moving:
        return "Every number of the parameters moves the right way, but not by the right amount."
    return "Every number of the gradients has the right sign, but not the right size."


def _same_signs(due: Numbers, got: Numbers) -> bool:
    return bool((np.sign(due) == np.sign(got)).all())


def in_failing(trials: Sequence[Trial], text: str) -> str:
    """A sentence that is true of the value cases that fail, and says so where others are right."""
    right = any(trial.question.value and trial.passed for trial in trials)
    return f"{FAILING}{within(text)}" if right else text


# -- gradients that do not arrive ----------------------------------------------------------------


def reached(trials: Sequence[Trial], parts: Sequence[str]) -> str:
    """Which parameters get no gradient at all in the cases that fail."""
    failing = [
        trial
        for trial in trials
        if trial.question.value and not trial.passed and trial.got.did == "result"
    ]
    for key in GRADIENTS:
        both = [tables(trial, parts).get(key, (None, None)) for trial in failing]
        if not both or not all(isinstance(d, dict) and isinstance(g, dict) for d, g in both):
            continue
        if _others_wrong(failing[0], key, parts):
            continue
        missing = [
            [str(n) for n in due if due[n] is not None and n in got and got[n] is None]
            for due, got in both
        ]
        if all(missing) and len({name for name, *_ in missing}) == 1:
            always = [name for name in missing[0] if all(name in one for one in missing)]
            alone = all(set(one) == set(missing[0]) for one in missing)
            only = alone and len(missing[0]) < len(both[0][0])
            tail = "; it reaches all others" if only else ""
            return in_failing(trials, f"No gradient reaches {grouped(always, both[0][0])}{tail}.")
    return ""
