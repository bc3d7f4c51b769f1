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
        ends = [one.outcome for one in report.exercises]
        errors = ends.count("not_graded")
        suite = ET.SubElement(
            root,
            "testsuite",
            name=_fit(f"{report.lab}/{report.student}"),
            tests=str(len(ends)),
            failures=str(len(ends) - ends.count("right") - errors),
            errors=str(errors),
            skipped="0",
            time=f"{report.seconds:.3f}",
        )
        for one in report.exercises:
            _case(suite, report, one)
        if report.problem:
            ET.SubElement(suite, "system-err").text = _fit(report.problem)
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _case(suite: ET.Element, report: LabReport, one: ExerciseReport) -> None:
    case = ET.SubElement(
        suite,
        "testcase",
        name=one.name,
        classname=_fit(f"{report.lab}.{report.student}"),
        time="0",
    )
    if one.outcome == "right":
        return
    kind = "error" if one.outcome == "not_graded" else "failure"
    found = ET.SubElement(case, kind, type=one.outcome, message=HEADLINES[one.outcome])
    found.text = _fit(one.feedback)


def _fit(text: str) -> str:
    return NO_XML.sub("�", text)
