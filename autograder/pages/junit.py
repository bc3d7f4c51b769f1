"""A class as JUnit XML: a suite for each student, a test case for each exercise."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree import ElementTree as ET

from autograder.judge.report import ExerciseReport, LabReport
from autograder.labcheck.message import HEADLINES

NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no way to write."""


def junit_xml(reports: Iterable[LabReport]) -> bytes:
    """The text of a JUnit file.  Failed: not right; error: could not be judged."""
    root = ET.Element("testsuites")
    for report in reports:
        outcomes = [exercise.outcome for exercise in report.exercises]
        errors = outcomes.count("not_graded")
        suite = ET.SubElement(
            root,
            "testsuite",
            name=_fit(f"{report.lab}/{report.student}"),
            tests=str(len(outcomes)),
            failures=str(len(outcomes) - outcomes.count("right") - errors),
            errors=str(errors),
            skipped="0",
            time=f"{report.seconds:.3f}",
        )
        for exercise in report.exercises:
            _case(suite, report, exercise)
        if report.problem:
            ET.SubElement(suite, "system-err").text = _fit(report.problem)
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _case(suite: ET.Element, report: LabReport, exercise: ExerciseReport) -> None:
    owner = _fit(f"{report.lab}.{report.student}")
    case = ET.SubElement(suite, "testcase", name=exercise.name, classname=owner, time="0")
    outcome = exercise.outcome
    if outcome != "right":
        kind = "error" if outcome == "not_graded" else "failure"
        headline = HEADLINES[outcome]
        ET.SubElement(case, kind, type=outcome, message=headline).text = _fit(exercise.feedback)


def _fit(text: str) -> str:
    return NO_XML.sub("�", text)
