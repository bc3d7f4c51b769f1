"""What runs out of time beside other judges is judged once more, alone, before that stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from instructor_kit import Course

from autograder.course import grading, processes
from autograder.course.grading import grade_class
from autograder.course.processes import Setup, grade_files
from autograder.course.results import kept
from autograder.judge.report import ExerciseReport, LabReport
from autograder.judge.submission import Submission

SECRET = b"the secret of the tests"
Call = tuple[tuple[str, ...], frozenset[str], int]


class Judges:
    """Judges that are too slow for `share_of` of Ada's and Bob's in a crowd, of Bob's alone, too."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.busy = True

    def __call__(
        self, work: Iterable[Submission], setup: Setup, jobs: int
    ) -> Iterator[tuple[Submission, LabReport]]:
        work = list(work)
        self.calls.append((tuple(one.student for one in work), setup.only, jobs))
        for submission in work:
            slow = {"bob"} if setup.only or jobs == 1 else {"ada", "bob"}
            yield submission, self.report(setup, submission.student, submission.student in slow)

    def report(self, setup: Setup, student: str, slow: bool) -> LabReport:
        points = {"double": 40.0, "running_sum": 35.5, "share_of": 24.5}
        exercises = tuple(
            ExerciseReport(name, "right", most, most)
            for name, most in points.items()
            if not setup.only or name in setup.only
        )
        if slow:
            gone = replace(exercises[-1], outcome="timeout", score=0.0)
            exercises = (*exercises[:-1], gone)
        walls = ("tier 1: walls",)
        return LabReport("tiny", student, "cpu", walls, 0.0, exercises, starved=self.busy)


@pytest.fixture
def judges(monkeypatch: pytest.MonkeyPatch) -> Judges:
    made = Judges()
    monkeypatch.setattr(grading, "judge", made)
    monkeypatch.setattr(processes, "judge", made)
    return made


ONCE_MORE = [(("ada",), frozenset({"share_of"}), 1), (("bob",), frozenset({"share_of"}), 1)]


def test_of_a_class_it_is_judged_at_the_end_alone_and_then_booked(
    course: Course, judges: Judges
) -> None:
    for student in ("ada", "bob", "cid"):
        course.hand_in(student)
    graded = grade_class("tiny", SECRET, root=course.root, isolation="process", jobs=2)
    assert judges.calls == [(("ada", "bob", "cid"), frozenset(), 2), *ONCE_MORE]
    assert (graded.judged, graded.booked, graded.faults) == (3, 3, [])
    scores = {one.student: one.score for one in kept(course.root, "tiny").latest()}
    assert scores == {"ada": 100.0, "bob": 75.5, "cid": 100.0}
    assert [row[2] for row in course.grades() if row[1] == "check-share_of"] == [24.5, 0.0, 24.5]
    grade_class("tiny", SECRET, root=course.root, isolation="process", jobs=2)
    assert len(judges.calls) == 3


def test_who_was_alone_anyway_is_not_judged_twice(course: Course, judges: Judges) -> None:
    course.hand_in("bob")
    grade_class("tiny", SECRET, root=course.root, isolation="process", jobs=1)
    assert judges.calls == [(("bob",), frozenset(), 1)]


def test_who_had_a_processor_all_the_time_is_not_judged_twice(
    course: Course, judges: Judges
) -> None:
    judges.busy = False
    for student in ("ada", "bob"):
        course.hand_in(student)
    grade_class("tiny", SECRET, root=course.root, isolation="process", jobs=2)
    assert judges.calls == [(("ada", "bob"), frozenset(), 2)]


def test_of_files_it_is_judged_at_the_end_alone_too(
    course: Course, judges: Judges, tmp_path: Path
) -> None:
    paths: list[Any] = [tmp_path / f"{name}.py" for name in ("ada", "bob")]
    for path in paths:
        path.write_text("x = 1\n", "utf-8")
    reports = grade_files("tiny", paths, SECRET, jobs=2, isolation="process", root=course.root)
    assert [one.score for one in reports] == [100.0, 75.5]
    assert judges.calls == [(("ada", "bob"), frozenset(), 2), *ONCE_MORE]
