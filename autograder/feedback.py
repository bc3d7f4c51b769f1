"""Judgement → text: the feedback of one exercise, and one sentence for each case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from autograder.labcheck.explain import Line, capped
from autograder.labcheck.message import Message, counts, ended, findings
from autograder.labcheck.verdict import Trial
from autograder.report import CaseReport
from autograder.spec import Exercise

if TYPE_CHECKING:
    from autograder.grade import Judgement


def feedback(exercise: Exercise, one: Judgement, score: float | None) -> str:
    """What a student reads about one exercise; no hidden number is in it."""
    lines = tuple(_lines(exercise, one))
    return Message(exercise.name, one.outcome, score, exercise.points, lines).text()


def _lines(exercise: Exercise, one: Judgement) -> list[Line]:
    if one.outcome == "right":
        return _given(one)
    lines = {
        "unfinished": _unfinished,
        "missing": _missing,
        "forbidden": _forbidden,
        "not_graded": _not_graded,
    }.get(one.outcome, _found)(exercise, one)
    return [*lines, *_hint(exercise, one), *_given(one)]


def _unfinished(exercise: Exercise, one: Judgement) -> list[Line]:
    return [
        Line("What to do", "Write the body below the docstring in place of NotImplementedError.")
    ]


def _missing(exercise: Exercise, one: Judgement) -> list[Line]:
    if one.reason:
        return [Line("What happened", f"{one.reason[:1].upper()}{one.reason[1:]}.")]
    return [
        Line("What to do", f"Define {exercise.name} at the top level of your file, by this name.")
    ]


def _forbidden(exercise: Exercise, one: Judgement) -> list[Line]:
    used = one.reason or next((t.got.text for t in one.trials if t.got.did == "forbidden"), "")
    return [
        Line("What happened", f"{exercise.name} uses {used or 'a forbidden package'}."),
        Line("What to do", "This exercise is about writing that yourself, so it earns no points."),
    ]


def _not_graded(exercise: Exercise, one: Judgement) -> list[Line]:
    return [
        Line("What happened", "The grader failed here; your code did not. A person will look.")
    ]


def _found(exercise: Exercise, one: Judgement) -> list[Line]:
    if one.reason:
        return [Line("What happened", one.reason)]
    return findings(one.trials, exercise.parts, numbers=False)


def _hint(exercise: Exercise, one: Judgement) -> list[Line]:
    for mistake in exercise.mistakes:
        if mistake.name == one.mistake:
            text = f"This is exactly what comes out when {mistake.when}.\n{mistake.look}"
            return [Line("Hint", text)]
    first = next((trial for trial in one.trials if not trial.passed), None)
    guess = one.outcome in ("wrong", "partly") and first is not None and first.question.value
    return [Line("Perhaps", exercise.look)] if guess and exercise.look else []


def _given(one: Judgement) -> list[Line]:
    if not one.given:
        return []
    names = " and ".join(one.given)
    text = (
        f"Judged with a correct {names} in place of yours, which is not right yet: "
        "one error is charged once."
    )
    return [Line("Note", text)]


def case_report(trial: Trial, parts: Sequence[str]) -> CaseReport:
    """One case in a sentence."""
    name = trial.question.name
    if not counts(trial):
        return CaseReport(name, "skipped", trial.got.text)
    if trial.passed:
        return CaseReport(name, "right")
    if trial.got.did == "skipped":
        return CaseReport(name, "skipped", trial.got.text)
    kind = ended(trial)
    told = findings([trial], parts, numbers=False)
    text = " ".join(f"{line.text}".replace("\n", " ") for line in told if line.label in TOLD)
    outcome = "error" if kind == "unfinished" else kind
    return CaseReport(name, outcome, capped(text) or None)  # type: ignore[arg-type]


TOLD = frozenset(
    {"First wrong", "Raised", "In your code", "What happened", "Expected", "You returned"}
)
