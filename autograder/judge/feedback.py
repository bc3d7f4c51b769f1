"""Judgement → text: the feedback of one exercise, and one sentence for each case."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from autograder.judge.judgement import Judgement
from autograder.judge.report import CaseReport
from autograder.labcheck.explain import Line, listed
from autograder.labcheck.message import Message, counts, ended, findings, forbidden
from autograder.labcheck.text import capped
from autograder.labcheck.verdict import Trial
from autograder.spec import Exercise

LONG_NUMBER = re.compile(r"\d+\.\d{3,}(?:e[-+]?\d+)?|\d{7,}")
OWN_TEXTS = frozenset({"You returned", "First wrong", "Raised", "What happened"})


def feedback(exercise: Exercise, one: Judgement, score: float | None) -> Message:
    """What a student reads about one exercise; no hidden number is in it."""
    lines = tuple(_lines(exercise, one))
    return Message(exercise.name, one.outcome, score, exercise.points, lines)


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
        todo = "Hand it in again, as a notebook (.ipynb) or a Python file (.py)."
        return [
            Line("What happened", f"{one.reason[:1].upper()}{one.reason[1:]}."),
            Line("What to do", todo),
        ]
    return [
        Line("What to do", f"Define {exercise.name} at the top level of your file, by this name.")
    ]


def _forbidden(exercise: Exercise, one: Judgement) -> list[Line]:
    used = one.reason or next((t.got.text for t in one.trials if t.got.did == "forbidden"), "")
    return forbidden(exercise.name, used)


def _not_graded(exercise: Exercise, one: Judgement) -> list[Line]:
    return [
        Line("What happened", "The grader failed here; your code did not. A person will look.")
    ]


def _found(exercise: Exercise, one: Judgement) -> list[Line]:
    if one.reason:
        return [Line("What happened", one.reason)]
    return _hidden(one.trials, exercise.parts)


def _hidden(trials: Sequence[Trial], parts: Sequence[str]) -> list[Line]:
    """Findings on hidden cases, without numbers that a student's own texts and names carry."""
    return [
        replace(line, text=LONG_NUMBER.sub("…", line.text)) if line.label in OWN_TEXTS else line
        for line in findings(trials, parts, numbers=False)
    ]


def _hint(exercise: Exercise, one: Judgement) -> list[Line]:
    for mistake in exercise.mistakes:
        if mistake.name == one.mistake:
            text = f"This is exactly what comes out when {mistake.when}.\n{mistake.look}"
            return [Line("Hint", text)]
    first = next((trial for trial in one.trials if not trial.passed), None)
    if first is None or not first.question.value or first.mismatch is None:
        return []
    on_values = first.mismatch.kind in ("values", "finite", "length", "fact")
    return [Line("To try", exercise.look)] if on_values and exercise.look else []


def _given(one: Judgement) -> list[Line]:
    if not one.given:
        return []
    names = listed(one.given)
    yours = "yours, which is" if len(one.given) == 1 else "your own, which are"
    text = f"Judged with a correct {names} in place of {yours} not right yet:"
    return [Line("Note", f"{text}\none error is charged once.")]


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
    outcome = "error" if kind == "unfinished" else kind
    return CaseReport(name, outcome, _sentence(trial, parts) or None)  # type: ignore[arg-type]


def _sentence(trial: Trial, parts: Sequence[str]) -> str:
    """What went wrong in one case, in a line."""
    told = {line.label: line.text for line in _hidden([trial], parts)}
    if "First wrong" in told:
        told = {"First wrong": told["First wrong"]}
    labels = {
        "You returned": "You returned ",
        "First wrong": "First wrong: ",
        "Raised": "Raised ",
        "In your code": "at ",
        "What happened": "",
        "Expected": "; expected ",
    }
    found = [f"{start}{told[label]}" for label, start in labels.items() if label in told]
    return capped(" ".join(found).replace("\n", " ").replace(". ; ", "; ").replace(" ; ", "; "))
