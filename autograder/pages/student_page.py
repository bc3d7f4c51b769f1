"""The feedback page of one student: marks, outcomes, messages, and links to the lab's sections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from autograder.judge.report import ExerciseReport, LabReport
from autograder.pages.card import card, first_thing, lines_of
from autograder.pages.page import anchor, cell, esc, head, number, outcome, page, table


@dataclass(frozen=True)
class Section:
    """Where an exercise stands in the lab: a heading, and the address of it."""

    title: str
    address: str


def student_page(report: LabReport, title: str, sections: Mapping[str, Section]) -> str:
    """The whole page as text.  title: the lab's; sections: by exercise."""
    name = f"{report.lab}: {title}"
    score = f"{number(report.score)} of {number(report.max_score)} points"
    heads = [
        head("exercise"),
        head("points", "number"),
        head("outcome"),
        head("in one line"),
        head("section of the lab"),
    ]
    rows = [_row(one, sections.get(one.name)) for one in report.exercises]
    body = [
        f"<h1>{esc(name)}</h1>",
        f"<p><strong>{esc(report.student)}</strong>: {score}</p>",
        _problem(report),
        table("Marks by exercise", heads, rows),
        "<h2>What was found</h2>" if any(map(_said, report.exercises)) else "",
        *(_exercise(one, sections.get(one.name)) for one in report.exercises if _said(one)),
        _notes(report),
    ]
    return page(f"{report.student}: {name}", "\n".join(part for part in body if part))


def _problem(report: LabReport) -> str:
    if report.problem:
        return f'<p class="note">{esc(report.problem)}</p>'
    if report.needs_review:
        return '<p class="note">Some of it could not be judged: a person will look at it.</p>'
    return ""


def _said(one: ExerciseReport) -> bool:
    """Whether there is more to say than that it is right."""
    return one.outcome != "right" or bool(lines_of(one.feedback))


def _row(one: ExerciseReport, section: Section | None) -> str:
    score = "–" if one.score is None else number(one.score)
    name = f"<code>{esc(one.name)}</code>"
    name = f'<a href="#{anchor(one.name)}">{name}</a>' if _said(one) else name
    return (
        f'<tr><th scope="row">{name}</th>'
        f"{cell(f'{score} of {number(one.max_score)}', 'number')}{cell(outcome(one.outcome))}"
        f"{cell(esc(first_thing(one)))}{cell(_link(section))}</tr>"
    )


def _link(section: Section | None) -> str:
    if section is None:
        return ""
    return f'<a href="{esc(section.address)}">{esc(section.title)}</a>'


def _exercise(one: ExerciseReport, section: Section | None) -> str:
    where = f"<p>Section: {_link(section)}</p>" if section else ""
    return (
        f'<section aria-labelledby="{anchor(one.name)}"><h3 id="{anchor(one.name)}">'
        f"<code>{esc(one.name)}</code></h3>{card(one)}{where}</section>"
    )


def _notes(report: LabReport) -> str:
    """What was left out of the file; why something was not judged is for graders."""
    notes = [note for note in report.notes if " could not be judged: " not in note]
    items = "".join(f"<li>{esc(note)}</li>" for note in notes)
    return f"<h2>Notes</h2><ul>{items}</ul>" if items else ""
