"""A class as JUnit XML: a suite for each student, a test case for each exercise.

Valid for Ant's reports and for Jenkins, whose schemas have no place for points in a test case:
they are properties of the suite, `<exercise>.points` and `<exercise>.max_points`.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from xml.etree import ElementTree as ET

from autograder.judge.report import ExerciseReport, LabReport
from autograder.labcheck.message import HEADLINES

NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no way to write."""
UNKNOWN_HOST = "localhost"
"""What Ant writes for a machine whose name is not told."""
UNKNOWN_TIME = datetime.datetime(1970, 1, 1)
NO_TIMES: Mapping[str, datetime.datetime] = MappingProxyType({})


def junit_xml(
    reports: Iterable[LabReport], times: Mapping[str, datetime.datetime] = NO_TIMES
) -> bytes:
    """The text of a JUnit file.  Failed: not right; error: could not be judged.

    times: when each student's submission was judged, in UTC.
    """
    root = ET.Element("testsuites")
    for number, report in enumerate(reports):
        root.append(_suite(number, report, times.get(report.student, UNKNOWN_TIME)))
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _suite(number: int, report: LabReport, when: datetime.datetime) -> ET.Element:
    outcomes = [exercise.outcome for exercise in report.exercises]
    errors = outcomes.count("not_graded")
    suite = ET.Element(
        "testsuite",
        id=str(number),
        package=_fit(report.lab),
        name=_fit(f"{report.lab}/{report.student}"),
        timestamp=when.replace(microsecond=0, tzinfo=None).isoformat(),
        hostname=UNKNOWN_HOST,
        tests=str(len(outcomes)),
        failures=str(len(outcomes) - outcomes.count("right") - errors),
        errors=str(errors),
        skipped="0",
        time=f"{report.seconds:.3f}",
    )
    properties = ET.SubElement(suite, "properties")
    for name, value in _properties(report):
        ET.SubElement(properties, "property", name=_fit(name), value=_fit(value))
    for exercise in report.exercises:
        _case(suite, report, exercise)
    ET.SubElement(suite, "system-out").text = _fit("\n".join(report.notes))
    ET.SubElement(suite, "system-err").text = _fit(report.problem or "")
    return suite


def _properties(report: LabReport) -> Iterator[tuple[str, str]]:
    yield "points", f"{report.score:.12g}"
    yield "max_points", f"{report.max_score:.12g}"
    for exercise in report.exercises:
        if exercise.score is not None:
            yield f"{exercise.name}.points", f"{exercise.score:.12g}"
        yield f"{exercise.name}.max_points", f"{exercise.max_score:.12g}"
        if exercise.mistake is not None:
            yield f"{exercise.name}.mistake", exercise.mistake
    yield "isolation", "; ".join(report.isolation)
    if report.warning:
        yield "warning", report.warning


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
