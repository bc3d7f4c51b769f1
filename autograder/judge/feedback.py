"""Judgement → report: what to say about one exercise, and a sentence for each case."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from autograder.judge.judgement import Judgement
from autograder.judge.report import CaseReport, ExerciseReport
from autograder.labcheck.explain import Line, listed
from autograder.labcheck.message import advice, ended, findings, forbidden
from autograder.labcheck.own import Own
from autograder.labcheck.text import capped
from autograder.labcheck.verdict import Trial

LONG_NUMBER = re.compile(r"\d+\.\d{3,}(?:e[-+]?\d+)?|\d{7,}")
OWN_TEXTS = frozenset({"You returned", "First wrong", "Raised", "What happened"})

NOTHING = Own()

WRITE = "Write the body below the docstring in place of NotImplementedError."
AGAIN = "Hand it in again, as a notebook (.ipynb) or a Python file (.py)."
OURS = "The grader failed here; your code did not. A person will look."


def report_on(judgement: Judgement) -> ExerciseReport:
    """What a judgement is worth, and what a student reads about it: no hidden number is in it."""
    exercise, outcome = judgement.exercise, judgement.outcome
    failed = outcome == "not_graded"
    lines = (replace(line, text=capped(line.text)) for line in _lines(judgement))
    return ExerciseReport(
        exercise.name,
        outcome,
        None if failed else round(exercise.points * judgement.share, 4),
        float(exercise.points),
        judgement.mistake,
        tuple(lines),
        tuple(case_report(trial, exercise.parts, judgement.own) for trial in judgement.trials),
        judgement.reason if failed else "",
    )


def _lines(judgement: Judgement) -> list[Line]:
    if judgement.outcome == "right":
        return _given(judgement)
    does = [Line("What it does", judgement.said)] if judgement.said else []
    return [*_what(judgement), *does, *_hint(judgement), *_given(judgement)]


def _what(judgement: Judgement) -> list[Line]:
    """What happened, or what to do."""
    name, reason = judgement.exercise.name, judgement.reason
    match judgement.outcome:
        case "unfinished":
            return [Line("What to do", WRITE)]
        case "missing" if reason:
            happened = f"{reason[:1].upper()}{reason[1:]}."
            return [Line("What happened", happened), Line("What to do", AGAIN)]
        case "missing":
            todo = f"Define {name} at the top level of your file, by this name."
            return [Line("What to do", todo)]
        case "forbidden":
            texts = (trial.got.text for trial in judgement.trials if trial.got.did == "forbidden")
            return forbidden(name, reason or next(texts, ""))
        case "not_graded":
            return [Line("What happened", OURS)]
    if reason:
        return [Line("What happened", reason)]
    return _hidden(judgement.trials, judgement.exercise.parts, judgement.own)


def _hidden(trials: Sequence[Trial], parts: Sequence[str], own: Own) -> list[Line]:
    """Findings on hidden cases, without numbers that a student's own texts and names carry."""
    return [
        replace(line, text=LONG_NUMBER.sub("…", line.text)) if line.label in OWN_TEXTS else line
        for line in findings(trials, parts, numbers=False, own=own)
    ]


def _hint(judgement: Judgement) -> list[Line]:
    for mistake in judgement.exercise.mistakes:
        if mistake.name == judgement.mistake:
            text = f"This is exactly what comes out when {mistake.when}.\n{mistake.look}"
            return [Line("Hint", text)]
    first = next((trial for trial in judgement.trials if not trial.passed), None)
    exercise = judgement.exercise
    look = advice(exercise.look, judgement.trials, exercise.parts)
    if not look or first is None or not first.question.value or first.mismatch is None:
        return []
    on_values = first.mismatch.kind in ("values", "finite", "length", "text", "fact")
    return [Line("To try", look)] if on_values else []


def _given(judgement: Judgement) -> list[Line]:
    if not judgement.given:
        return []
    names = listed(judgement.given)
    yours = "yours, which is" if len(judgement.given) == 1 else "your own, which are"
    text = f"Judged with a correct {names} in place of {yours} not right yet:"
    return [Line("Note", f"{text}\none error is charged once.")]


def case_report(trial: Trial, parts: Sequence[str], own: Own = NOTHING) -> CaseReport:
    """One case in a sentence; `own` is what the program's text names."""
    name = trial.question.name
    if trial.got.did == "skipped":
        return CaseReport(name, "skipped", trial.got.text)
    if trial.passed:
        return CaseReport(name, "right")
    kind = ended(trial)
    outcome = "error" if kind == "unfinished" else kind
    return CaseReport(name, outcome, _sentence(trial, parts, own) or None)  # type: ignore[arg-type]


def _sentence(trial: Trial, parts: Sequence[str], own: Own) -> str:
    """What went wrong in one case, in a line."""
    texts = {line.label: line.text for line in _hidden([trial], parts, own)}
    if "First wrong" in texts:
        texts = {"First wrong": texts["First wrong"]}
    starts = {
        "You returned": "You returned ",
        "First wrong": "First wrong: ",
        "Raised": "Raised ",
        "In your code": "At " if texts.get("Raised", "").endswith((".", "?")) else "at ",
        "What happened": "",
        "Expected": "; expected ",
    }
    said = " ".join(f"{start}{texts[label]}" for label, start in starts.items() if label in texts)
    return capped(said.replace("\n", " ").replace(". ; ", "; ").replace(" ; ", "; "))
