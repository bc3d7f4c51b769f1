"""Judgement → report: what to say about one exercise, and a sentence for each case."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from autograder.judge import hidden
from autograder.judge.judgement import Judgement
from autograder.judge.report import CaseReport, ExerciseReport
from autograder.labcheck.explain import Line, listed
from autograder.labcheck.message import advice, ended, findings, forbidden
from autograder.labcheck.own import Own
from autograder.labcheck.strip import told_by_steps
from autograder.labcheck.text import capped
from autograder.labcheck.verdict import Trial
from autograder.spec import Mistake

NOTHING = Own()
DOES, TRY, NOTE = "What it does", "To try", "Note"
"""Labels of what is said where no known mistake is recognised, and of how it was judged."""

WRITE = "Write the body below the docstring in place of NotImplementedError."
AGAIN = "Hand it in again, as a notebook (.ipynb) or a Python file (.py)."
OURS = "The grader failed here; your code did not. A person will look."


def report_on(judgement: Judgement) -> ExerciseReport:
    """What a judgement is worth, and what a student reads about it: no hidden number is in it."""
    exercise, outcome = judgement.exercise, judgement.outcome
    failed = outcome == "not_graded"
    lines = tuple(replace(line, text=capped(line.text)) for line in _lines(judgement))
    return ExerciseReport(
        exercise.name,
        outcome,
        None if failed else round(exercise.points * judgement.share, 4),
        float(exercise.points),
        judgement.mistake,
        lines,
        tuple(_cases(judgement)),
        judgement.reason if failed else "",
        _steps(judgement) if any(line.label == "First wrong" for line in lines) else None,
        judgement.sketch,
    )


def _steps(judgement: Judgement) -> tuple[int, tuple[int, ...]] | None:
    """Which time steps are wrong, where the message says so: a picture tells nothing beside it."""
    first = next((trial for trial in judgement.trials if not trial.passed), None)
    if first is None or first.mismatch is None or first.question.observe != "result":
        return None
    mismatch = hidden.bounded(first, judgement.own).mismatch
    if mismatch is None or not told_by_steps(mismatch):
        return None
    return mismatch.step_count, mismatch.steps


def _lines(judgement: Judgement) -> list[Line]:
    if judgement.outcome == "right":
        return _given(judgement)
    cases = [trial.question.name for trial in judgement.trials]
    said = hidden.sentence(judgement.said, judgement.own, cases)
    does = [Line(DOES, said)] if said else []
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
    """Findings on hidden cases: of what came only what may be told."""
    first = next((trial for trial in trials if not trial.passed), None)
    if first is None:
        return []
    told = [hidden.bounded(trial, own) if trial is first else trial for trial in trials]
    lines = findings(told, parts, numbers=False, own=own)
    if first.got.did != "result":
        return lines
    return [
        replace(line, text=hidden.returned(first, own)) if line.label == "You returned" else line
        for line in lines
    ]


def _hint(judgement: Judgement) -> list[Line]:
    for mistake in judgement.exercise.mistakes:
        if mistake.name == judgement.mistake:
            return [hint(mistake)]
    first = next((trial for trial in judgement.trials if not trial.passed), None)
    exercise = judgement.exercise
    look = advice(exercise.look, judgement.trials, exercise.parts)
    if not look or first is None or not first.question.value or first.mismatch is None:
        return []
    on_values = first.mismatch.kind in ("values", "finite", "length", "text", "fact")
    return [Line(TRY, look)] if on_values else []


def hint(mistake: Mistake) -> Line:
    """What is said of a known mistake."""
    text = f"This is exactly what comes out when {mistake.when}.\n{mistake.look}"
    return Line("Hint", text)


def renamed(report: ExerciseReport, mistake: Mistake, written: bool = True) -> ExerciseReport:
    """A report with a mistake that got its name later.

    written: whether students are told; else their text stays.
    """
    if not written:
        return replace(report, mistake=mistake.name)
    findings = [line for line in report.lines if line.label not in (DOES, TRY, NOTE)]
    notes = [line for line in report.lines if line.label == NOTE]
    told = hint(mistake)
    lines = (*findings, replace(told, text=capped(told.text)), *notes)
    return replace(report, mistake=mistake.name, lines=lines)


def _given(judgement: Judgement) -> list[Line]:
    if not judgement.given:
        return []
    names = listed(judgement.given)
    yours = "yours, which is" if len(judgement.given) == 1 else "your own, which are"
    text = f"Judged with a correct {names} in place of {yours} not right yet:"
    return [Line(NOTE, f"{text}\none error is charged once.")]


def _cases(judgement: Judgement) -> Iterator[CaseReport]:
    """Each case; how the first one failed in a sentence, how the others did in a few words."""
    told = False
    for trial in judgement.trials:
        brief = told and not trial.passed
        yield case_report(trial, judgement.exercise.parts, judgement.own, brief=brief)
        told = told or not trial.passed


BRIEFLY = {
    "wrong": "The result is not what is due.",
    "error": "An exception was raised.",
    "skipped": "",
}


def case_report(
    trial: Trial, parts: Sequence[str], own: Own = NOTHING, *, brief: bool = False
) -> CaseReport:
    """One case in a sentence; own: what the program's text names.

    brief: whether no more is told than how it ended.
    """
    name = trial.question.name
    if trial.got.did == "skipped":
        return CaseReport(name, "skipped", trial.got.text)
    if trial.passed:
        return CaseReport(name, "right")
    kind = ended(trial)
    outcome = "error" if kind == "unfinished" else kind
    if brief and outcome in ("memory", "missing", "forbidden"):
        outcome = "error"
    said = BRIEFLY.get(outcome) if brief else None
    text = _sentence(trial, parts, own) if said is None else said
    return CaseReport(name, outcome, text or None)  # type: ignore[arg-type]


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
