"""The feedback page of one student: marks, outcomes, messages, and links to the lab's sections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from markupsafe import Markup

from autograder.judge.report import ExerciseReport, LabReport
from autograder.pages.alike import Written
from autograder.pages.card import card, first_thing
from autograder.pages.rendering import Made, render

NOTHING: Mapping[str, Written] = MappingProxyType({})


@dataclass(frozen=True)
class Section:
    """Where an exercise stands in the lab: a heading, and the address of it."""

    title: str
    address: str


def student_page(
    report: LabReport,
    title: str,
    sections: Mapping[str, Section],
    code: Mapping[str, Written] = NOTHING,
    made: Made | None = None,
) -> str:
    """The whole page as text.  title: the lab's; sections, code: by exercise."""
    return render(
        "student.html.j2",
        report=report,
        title=title,
        sections=sections,
        code=code,
        made=made,
        with_card=[exercise for exercise in report.exercises if _says_more(exercise)],
        card=lambda exercise: Markup(card(exercise)),
        first_thing=first_thing,
    )


def _says_more(exercise: ExerciseReport) -> bool:
    """Whether there is more to say than that it is right."""
    return exercise.outcome != "right" or bool(exercise.lines)
