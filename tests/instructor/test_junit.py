"""JUnit files: what Ant and Jenkins demand of them, and where the points are."""

from __future__ import annotations

import datetime
import shutil
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from instructor_kit import HALF, NAMES, POINTS, RIGHT, WRONG, Course

from autograder.course import publishing
from autograder.course.grading import grade_class
from autograder.course.results import kept
from autograder.judge.report import ExerciseReport, LabReport
from autograder.pages.junit import junit_xml

SCHEMAS = {
    name: xmlschema.XMLSchema(Path(__file__).with_name("junit") / f"{name}.xsd")
    for name in ("ant", "jenkins")
}


def report(student: str = "ada") -> LabReport:
    found = (
        ExerciseReport("double", "right", 40.0, 40.0),
        ExerciseReport("running_sum", "partly", 35.5 / 3, 35.5, "backwards"),
        ExerciseReport("share_of", "not_graded", None, 24.5, fault="no room"),
    )
    return LabReport("tiny", student, "cpu", ("tier A: isolated", "landlock"), 1234.5, found)


def properties(suite: ET.Element) -> dict[str, str]:
    return {str(one.get("name")): str(one.get("value")) for one in suite.iter("property")}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_what_is_written_is_valid(schema: str) -> None:
    odd = [
        report("\x00\ud800 \u202e <b>\n"),
        report(" "),
        replace(report("eve"), exercises=(), problem="unreadable submission: \x1b", seconds=0.0),
        replace(report("fay"), isolation=("tier none: not isolated",), notes=("<b>", "\ufffe")),
    ]
    times = {"ada": datetime.datetime(2030, 1, 2, 3, 4, 5, 678, tzinfo=datetime.UTC)}
    for reports in ([], [report()], [report(), *odd]):
        SCHEMAS[schema].validate(ET.ElementTree(ET.fromstring(junit_xml(reports, times))))


@pytest.mark.parametrize(
    ("schema", "old", "new"),
    [
        ("ant", 'hostname="localhost" ', ""),
        ("ant", "1970-01-01T00:00:00", "1970-01-01T00:00:00Z"),
        ("ant", "<system-out />", ""),
        ("ant", 'type="partly"', ""),
        ("ant", 'id="0"', 'id="first"'),
        ("jenkins", '<testcase name="double"', '<testcase name="double" points="1"'),
        ("jenkins", 'failures="1"', ""),
        ("jenkins", 'time="1234.500"', 'time="20 minutes"'),
        ("jenkins", "properties>", "points>"),
    ],
)
def test_the_schemas_refuse_what_the_tools_refuse(schema: str, old: str, new: str) -> None:
    text = junit_xml([report()]).decode()
    assert old in text
    with pytest.raises(xmlschema.XMLSchemaValidationError):
        SCHEMAS[schema].validate(ET.ElementTree(ET.fromstring(text.replace(old, new))))


def test_points_are_properties_of_the_suite() -> None:
    (suite,) = ET.fromstring(junit_xml([report()]))
    found = properties(suite)
    assert found == {
        "points": "51.8333",
        "max_points": "100",
        "double.points": "40",
        "double.max_points": "40",
        "running_sum.points": "11.8333333333",
        "running_sum.max_points": "35.5",
        "running_sum.mistake": "backwards",
        "share_of.max_points": "24.5",
        "isolation": "tier A: isolated; landlock",
    }
    assert [suite.get(name) for name in ("id", "package", "name", "time")] == [
        "0",
        "tiny",
        "tiny/ada",
        "1234.500",
    ]


def test_a_class_says_when_it_was_judged(built: Path, tmp_path: Path) -> None:
    course = Course(tmp_path / "course")
    shutil.copytree(built, course.root)
    course.hand_in("ada", RIGHT | {"double": HALF})
    course.hand_in("bob", WRONG)
    before = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    grade_class("tiny", b"the secret of the tests", root=course.root, isolation="process")
    after = datetime.datetime.now(datetime.UTC)
    path = publishing.export("tiny", "junit", None, course.root)
    for schema in SCHEMAS.values():
        schema.validate(str(path))
    ada, bob = ET.parse(path).getroot()
    for suite in (ada, bob):
        when = datetime.datetime.fromisoformat(str(suite.get("timestamp")))
        assert before <= when.replace(tzinfo=datetime.UTC) <= after
    points = {name: properties(ada)[f"{name}.points"] for name in NAMES}
    (whole, _) = kept(course.root, "tiny").latest()
    assert points == {one.name: f"{one.score:.12g}" for one in whole.exercises}
    assert 0 < float(points["double"]) < POINTS["double"]
    assert [suite.get("id") for suite in (ada, bob)] == ["0", "1"]
