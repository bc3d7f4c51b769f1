"""A report as Gradescope's results.json: one test for each exercise, output that students see."""

from __future__ import annotations

import json
from typing import Any

from autograder.judge.report import ExerciseReport, LabReport
from autograder.pages.marks import Mark, Part, as_judged, rounded


def results_json(report: LabReport, mark: Mark | None = None) -> str:
    """The text of results.json, with the gradebook's mark or, by default, the judge's own.

    Exercises that nobody has judged have no score; a test that only graders see says why.
    Format: https://gradescope-autograders.readthedocs.io/en/latest/specs/
    """
    mark = mark or as_judged(report)
    data: dict[str, Any] = {
        "score": mark.total,
        "execution_time": round(report.seconds, 3),
        "output": _output(report, mark),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [
            _test(number, exercise, mark) for number, exercise in enumerate(report.exercises, 1)
        ],
        "extra_data": {
            "lab": report.lab,
            "student": report.student,
            "device": report.device,
            "isolation": list(report.isolation),
            "needs_review": report.needs_review,
            "source": mark.source,
        },
    }
    if report.needs_review:
        data["tests"].append(_for_graders(report))
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _output(report: LabReport, mark: Mark) -> str:
    lines = [_summary(report), *_of_the_file(report), *_by_people(report, mark)]
    if report.warning:
        lines.append(report.warning)
    if mark.penalty:
        lines.append(f"Handed in late: {mark.penalty:.6g} points are taken off.")
    return "\n".join(lines)


def _summary(report: LabReport) -> str:
    if report.problem:
        return report.problem
    right = sum(exercise.outcome == "right" for exercise in report.exercises)
    text = f"{right} of {len(report.exercises)} exercises are right."
    return f"{text} Some could not be judged: a person will look." if report.unjudged else text


def _of_the_file(report: LabReport) -> list[str]:
    """What was made of what was handed in."""
    looks = [f"A person will look at what was handed in: {report.look_at}."]
    return [*(looks if report.look_at else []), *report.notes]


def _by_people(report: LabReport, mark: Mark) -> list[str]:
    """Comments that belong to no exercise, and points that no exercise shows."""
    names = {exercise.name for exercise in report.exercises}
    lines = [f"{name}: {text}" for name, text in mark.comments.items() if name not in names]
    shown = sum(part.score or 0.0 for part in mark.parts if part.name in names)
    rest = rounded(mark.score - shown)
    return lines + ([f"For other parts of the assignment: {rest:.6g} points."] if rest else [])


def _for_graders(report: LabReport) -> dict[str, Any]:
    faults = [
        f"{exercise.name}: {exercise.fault}" for exercise in report.exercises if exercise.fault
    ]
    looks = [f"to look at: {report.look_at}"] if report.look_at else []
    return {
        "name": "for graders: not judged" if report.unjudged else "for graders: to look at",
        "output": "\n".join([*looks, *faults]),
        "output_format": "text",
        "visibility": "hidden",
    }


def _test(number: int, exercise: ExerciseReport, mark: Mark) -> dict[str, Any]:
    part = mark.part(exercise.name)
    test: dict[str, Any] = {
        "name": exercise.name,
        "number": str(number),
        "max_score": part.max_score if part else exercise.max_score,
        "output": exercise.feedback + _said(exercise, part, mark),
        "output_format": "text",
        "visibility": "visible",
    }
    if part is not None and part.score is not None:
        status = "passed" if part.score >= part.max_score else "failed"
        test |= {"score": part.score, "status": status}
    if exercise.mistake is not None:
        test["tags"] = [exercise.mistake]
    return test


def _said(exercise: ExerciseReport, part: Part | None, mark: Mark) -> str:
    """What people have done to the points, and what they wrote."""
    lines = []
    if part is not None and (part.manual is not None or part.extra):
        lines.append(f"Marked by a person: {part.score or 0.0:.6g} of {part.max_score:.6g}.")
    if exercise.name in mark.comments:
        lines.append(f"Comment: {mark.comments[exercise.name]}")
    return "".join(f"\n\n{line}" for line in lines)
