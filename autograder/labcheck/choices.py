"""Which cases fail, by the options chosen in them, and which parts of a result are right.

Said where nothing is known of the numbers themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .compare import compare
from .explain import listed
from .parameters import are, sentence
from .updates import tables
from .verdict import Question, Trial

FEW = 3
"""More cases, parts or statements than this are not listed."""


def options(question: Question) -> Iterator[str]:
    """What is chosen among the arguments that build something: words, or none."""
    for name, value in question.arguments.items():
        items = list(value.values()) if isinstance(value, dict) else value
        if "init" in name and isinstance(items, list | tuple):
            words = [item for item in items if isinstance(item, str)]
            yield from (f"{word!r} in {name}" for word in words)
            if not words:
                yield f"no word in {name}"


def chosen(trials: Sequence[Trial]) -> str:
    """An option that all cases that fail have; some that have it may be right."""
    run = [
        trial
        for trial in trials
        if trial.due.did == trial.got.did == "result" and trial.question.observe == "result"
    ]
    fail = [set(options(trial.question)) for trial in run if not trial.passed]
    right = [set(options(trial.question)) for trial in run if trial.passed]
    if len(fail) < 2 or not right:
        return ""
    for option in sorted(set.intersection(*fail)):
        without = [one for one in right if one and option not in one]
        if len(without) >= 2:
            return f"Only cases with {option} fail."
    return ""


def few_fail(trials: Sequence[Trial]) -> str:
    """The few value cases that fail, by their names."""
    fail, right = _names(trials)
    return _only(fail, right, "fails", "fail")


def few_right(trials: Sequence[Trial]) -> str:
    """The few value cases that are right, by their names."""
    fail, right = _names(trials)
    return _only(right, fail, "is right", "are right")


def _only(few: Sequence[str], others: Sequence[str], one: str, several: str) -> str:
    """What is so of a few cases alone; "" where they are none, many, or half of too few."""
    if not 0 < len(few) <= min(FEW, len(others)) or len(few) + len(others) < 4:
        return ""
    which = f"that of {few[0]} {one}" if len(few) == 1 else f"those of {listed(few)} {several}"
    return f"Of the ordinary calls, only {which}."


def _names(trials: Sequence[Trial]) -> tuple[list[str], list[str]]:
    """The value cases that fail, and those that are right, by their names."""
    values = [trial for trial in trials if trial.question.value]
    if any(trial.got.did != "result" for trial in values):
        return [], []
    fail = [repr(trial.question.name) for trial in values if not trial.passed]
    return fail, [repr(trial.question.name) for trial in values if trial.passed]


def parts_right(trials: Sequence[Trial], parts: Sequence[str]) -> str:
    """Which parts of a result are right in every case, and which in none of values that fails."""
    values = [trial for trial in trials if trial.question.value]
    for where, chosen in (("in every case", trials), ("in the ordinary calls", values)):
        seen, facts = _seen(chosen, parts)
        right = [name for name in seen if all(one for _, one in seen[name])]
        wrong = [name for name in seen if _never([one for failed, one in seen[name] if failed])]
        if right and wrong and not facts and len(right) <= FEW:
            first = sentence(f"{listed(right)} {are(right)} right {where}")
            return f"{first}; {listed(wrong)} {are(wrong)} not."
    return ""


def statements(trials: Sequence[Trial], parts: Sequence[str]) -> str:
    """Which numbers are wrong beside statements, and which of the statements do not hold."""
    seen, facts = _seen(trials, parts)
    wrong = [name for name in seen if not all(one for _, one in seen[name])]
    numbers = [name for name in wrong if name not in facts]
    failed = [name for name in wrong if name in facts]
    if not facts or not numbers:
        return ""
    first = sentence(f"{listed(numbers)} {are(numbers)} wrong")
    if not failed:
        return f"{first}, and all else that is compared is right."
    more = [f"and {len(failed) - FEW} more"] if len(failed) > FEW else []
    return f"{first}; what should hold and does not: {'; '.join([*failed[:FEW], *more])}."


def _seen(
    trials: Sequence[Trial], parts: Sequence[str]
) -> tuple[dict[str, list[tuple[bool, bool]]], set[str]]:
    """The parts by name, case by case: whether it is of values and failed, and whether the part is
    right; and which parts are statements.  Nothing where a result cannot be taken apart.
    """
    seen: dict[str, list[tuple[bool, bool]]] = {}
    facts = set[str]()
    for trial in trials:
        question = trial.question
        if question.observe != "result" or trial.due.did != "result" or question.apart:
            continue
        if trial.got.did == "skipped":
            continue
        table = tables(trial, parts)
        if trial.got.did != "result" or not table:
            return {}, set()
        for name, (due, got) in table.items():
            agrees = compare(due, got, question.tolerance) is None
            seen.setdefault(name, []).append((question.value and not trial.passed, agrees))
            facts |= {name} if isinstance(due, bool) else set()
    return seen, facts


def _never(right: Sequence[bool]) -> bool:
    return bool(right) and not any(right)
