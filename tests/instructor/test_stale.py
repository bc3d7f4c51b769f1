"""A process that has imported older files judges nothing any more; a new one does."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from instructor_kit import RIGHT, Course

pytestmark = pytest.mark.slow
PACKAGE = Path(__file__).parents[2] / "autograder"

SERVER = """
import json, sys

from nbgrader.apps import NbGrader
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory

app = NbGrader()
app.load_config_file()
api = NbGraderAPI(CourseDirectory(config=app.config), config=app.config)
import autograder
print(autograder.__file__, file=sys.__stdout__, flush=True)
for line in sys.stdin:
    said = api.autograde("tiny", line.strip())
    print(json.dumps(said), file=sys.__stdout__, flush=True)
"""


class Server:
    """What formgrader's button asks, and what it is answered."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def autograde(self, student: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{student}\n")
        self._process.stdin.flush()
        said: dict[str, Any] = json.loads(self.line())
        return said


@contextmanager
def server(course: Course, kit: Path) -> Iterator[Server]:
    """A process that stays, and runs the kit of a folder."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER],
        cwd=course.root,
        env={**course.environment(), "PYTHONPATH": os.fspath(kit)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            running = Server(process)
            assert Path(running.line().strip()).is_relative_to(kit)
            yield running
        finally:
            process.kill()


def booked(course: Course) -> int:
    """How many hand-ins the gradebook knows."""
    with sqlite3.connect(course.root / "gradebook.db") as database:
        (count,) = database.execute("select count(*) from submitted_assignment").fetchone()
    return int(count)


def test_a_server_with_older_code_books_nothing(course: Course, tmp_path: Path) -> None:
    """The kit, then a spec, are edited under servers that run; what is only touched is no edit."""
    kit = tmp_path / "kit"
    shutil.copytree(PACKAGE, kit / "autograder", ignore=shutil.ignore_patterns("__pycache__"))
    course.hand_in("ada", RIGHT)
    course.hand_in("bob", RIGHT)
    course.run("nbgrader", "generate_assignment", "tiny", "--force")
    with server(course, kit) as older:
        report = kit / "autograder" / "judge" / "report.py"
        report.write_text(report.read_text("utf-8") + "\nNEW = 1\n", "utf-8")
        said = older.autograde("ada")
        assert not said["success"]
        for told in (said["error"], said["log"]):
            assert "this server runs the kit as it was at " in told
            assert "judge/report.py changed since" in told
            assert "restart the server" in told
        assert booked(course) == 0
        assert not (course.root / "autograded" / "ada").exists()
    with server(course, kit) as newer:
        os.utime(report, (1, 1))
        said = newer.autograde("ada")
        assert said["success"], said
        assert booked(course) == 1
        spec = course.root / "exercises" / "tiny" / "double.py"
        spec.write_text(spec.read_text("utf-8") + "\n# another tolerance\n", "utf-8")
        said = newer.autograde("bob")
        assert not said["success"]
        assert "this server runs tiny as it was at " in said["log"]
        assert "tiny/double.py changed since" in said["log"]
        assert booked(course) == 1
