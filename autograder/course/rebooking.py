"""Reports that are kept, as the lab's points are now: marks that need no judging."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from autograder.course.results import digest
from autograder.judge.report import LabReport
from autograder.spec import Exercise


def at_points(report: LabReport, exercises: Sequence[Exercise]) -> LabReport | None:
    """The report with the same verdicts in the points that exercises have now.

    None where the lab has an exercise on which there is no verdict.
    """
    judged = {one.name: one for one in report.exercises}
    if any(one.name not in judged for one in exercises):
        return None
    now = []
    for exercise in exercises:
        old, most = judged[exercise.name], exercise.points
        share = None if old.score is None or not old.max_score else old.score / old.max_score
        score = None if old.score is None else round((share or 0.0) * most, 4)
        now.append(replace(old, score=score, max_score=most) if old.max_score != most else old)
    return replace(report, exercises=tuple(now))


def key_at_points(key: str, before: LabReport, now: LabReport) -> str:
    """Under which a report at other points is kept: no judging of anything has this key."""
    if before == now:
        return key
    points = [[one.name, one.max_score] for one in now.exercises]
    return digest(json.dumps([key, points]))
