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
        "tests": [_test(number, exercise) for number, exercise in enumerate(report.exercises, 1)],
        "extra_data": {
            "lab": report.lab,
            "student": report.student,
            "device": report.device,
            "isolation": list(report.isolation),
            "needs_review": report.needs_review,
        },
    }
    if report.needs_review:
        data["tests"].append(_for_graders(report))
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _output(report: LabReport) -> str:
    if report.problem:
        return report.problem
    right = sum(exercise.outcome == "right" for exercise in report.exercises)
    text = f"{right} of {len(report.exercises)} exercises are right."
    return f"{text} Some could not be judged: a person will look." if report.needs_review else text


def _for_graders(report: LabReport) -> dict[str, Any]:
    faults = [
        f"{exercise.name}: {exercise.fault}" for exercise in report.exercises if exercise.fault
    ]
    return {
        "name": "for graders: not judged",
        "output": "\n".join(faults),
        "output_format": "text",
        "visibility": "hidden",
    }


def _test(number: int, exercise: ExerciseReport) -> dict[str, Any]:
    test: dict[str, Any] = {
        "name": exercise.name,
        "number": str(number),
        "max_score": exercise.max_score,
        "output": exercise.feedback,
        "output_format": "text",
        "visibility": "visible",
    }
    if exercise.score is not None:
        status = "passed" if exercise.outcome == "right" else "failed"
        test |= {"score": exercise.score, "status": status}
    if exercise.mistake is not None:
        test["tags"] = [exercise.mistake]
    return test
