"""A report as Gradescope's results.json: one test for each exercise, output that students see."""

from __future__ import annotations

import json
from typing import Any

from autograder.judge.report import ExerciseReport, LabReport


def results_json(report: LabReport) -> str:
    """The text of results.json.

    Exercises that could not be judged have no score; a test that only graders see says why.
    Format: https://gradescope-autograders.readthedocs.io/en/latest/specs/
    """
    data: dict[str, Any] = {
        "score": report.score,
        "execution_time": round(report.seconds, 3),
        "output": _output(report),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [_test(place, one) for place, one in enumerate(report.exercises, start=1)],
        "extra_data": {
            "lab": report.lab,
            "student": report.student,
            "device": report.device,
            "isolation": list(report.isolation),
            "needs_review": report.needs_review,
        },
    }
    if report.needs_review:
        why = [note for note in report.notes if " could not be judged: " in note]
        data["tests"].append(
            {
                "name": "for graders: not judged",
                "output": "\n".join(why),
                "output_format": "text",
                "visibility": "hidden",
            }
        )
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _output(report: LabReport) -> str:
    if report.problem:
        return report.problem
    right = sum(one.outcome == "right" for one in report.exercises)
    text = f"{right} of {len(report.exercises)} exercises are right."
    return f"{text} Some could not be judged: a person will look." if report.needs_review else text


def _test(place: int, one: ExerciseReport) -> dict[str, Any]:
    test: dict[str, Any] = {
        "name": one.name,
        "number": str(place),
        "max_score": one.max_score,
        "output": one.feedback,
        "output_format": "text",
        "visibility": "visible",
    }
    if one.score is not None:
        test |= {"score": one.score, "status": "passed" if one.outcome == "right" else "failed"}
    if one.mistake is not None:
        test["tags"] = [one.mistake]
    return test
