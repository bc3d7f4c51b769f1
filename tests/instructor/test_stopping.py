"""Ctrl-C in the middle of a class, and what is told of a long run where no bar can be drawn."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import psutil
import pytest
from instructor_kit import RIGHT, Course
from rich.progress import Progress

from autograder.commands import terminal
from autograder.commands.stopping import STOPPED
from autograder.commands.terminal import bar, how_far

FOR_LONG = "def double(x):\n    import time\n\n    time.sleep(3600)\n    return x + x"
BY_SIGINT = (STOPPED, -signal.SIGINT)
"""Python ends itself by the signal where that came while it was compiling a text."""


def until(condition: Callable[[], Any], seconds: float = 120) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it never came about"
        time.sleep(0.02)


def started(course: Course, *more: str) -> subprocess.Popen[str]:
    """A run over a class, the first of a process group of its own, as a shell starts it."""
    return subprocess.Popen(
        [sys.executable, "-m", "autograder", "grade", "tiny", *more],
        cwd=course.root,
        env=course.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def ended(run: subprocess.Popen[str]) -> str:
    """What is said when Ctrl-C reaches the whole group; nothing that it began goes on."""
    family = psutil.Process(run.pid).children(recursive=True)
    os.killpg(run.pid, signal.SIGINT)
    _, said = run.communicate(timeout=60)
    _, alive = psutil.wait_procs(family, timeout=30)
    assert [one for one in alive if one.status() != psutil.STATUS_ZOMBIE] == []
    assert run.returncode in BY_SIGINT
    assert "Traceback" not in said
    assert "Error" not in said
    return said


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_keeps_what_is_judged_and_waits_for_no_program(course: Course, jobs: int) -> None:
    """The programs that are running would take an hour, or the grader's own limits."""
    for student in ("ada", "bob"):
        course.hand_in(student)
    for place in range(4):
        course.hand_in(f"slow{place}", RIGHT | {"double": FOR_LONG})
    classes = course.root / "results" / "tiny" / "class"
    with started(course, "--jobs", str(jobs)) as run:
        until(lambda: len(list(classes.glob("*.json"))) == 2)
        said = ended(run)
    assert said.splitlines()[-1] == (
        "Stopped: 2 of 6 submissions are judged and kept; autograder grade tiny goes on from there."
    )
    assert {student for student, *_ in course.grades()} == {"ada", "bob"}
    for place in range(4):
        course.hand_in(f"slow{place}")
    assert (
        "4 judged now, 2 kept from before; 4 entered"
        in course.run("autograder", "grade", "tiny", "--jobs", str(jobs)).stdout
    )


@pytest.mark.slow
@pytest.mark.parametrize("begun", [1, 4])
def test_ctrl_c_before_anything_is_judged(course: Course, begun: int) -> None:
    """Processes are being started, and import what they need; the gradebook is made."""
    course.hand_in("ada", RIGHT | {"double": FOR_LONG})
    course.hand_in("bob", RIGHT | {"double": FOR_LONG})
    with started(course, "--jobs", "2") as run:
        until(lambda: len(psutil.Process(run.pid).children(recursive=True)) >= begun)
        said = ended(run)
    assert said == "Stopped: nothing was judged in this run; what was kept before stays.\n"


SWALLOWS = """
import signal, sys, time
from autograder.commands.stopping import ends_on_ctrl_c

with ends_on_ctrl_c(lambda: "Stopped: nothing."):
    print("ready", flush=True)
    while True:
        try:
            time.sleep(60)
        except KeyboardInterrupt:
            pass
"""


def test_what_takes_ctrl_c_for_a_fault_of_its_own_ends_too() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SWALLOWS], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "ready\n"
        run.send_signal(signal.SIGINT)
        assert run.communicate(timeout=40)[1] == "Stopped: nothing.\n"
    assert run.returncode == STOPPED


def test_another_exception_is_none_of_ctrl_c_s() -> None:
    from autograder.commands.stopping import ends_on_ctrl_c

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyError), ends_on_ctrl_c(lambda: "never said"):
        assert signal.getsignal(signal.SIGINT) != before
        raise KeyError
    assert signal.getsignal(signal.SIGINT) == before


# Progress


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (20, "less than a minute"),
        (59, "less than a minute"),
        (60, "about 1 minute"),
        (140, "about 2 minutes"),
        (3600, "about 60 minutes"),
        (7300, "about 2 hours"),
    ],
)
def test_a_line_says_how_far_it_is_and_how_long_the_rest_takes(seconds: int, told: str) -> None:
    now = 0.0
    progress = Progress(get_time=lambda: now, disable=True, speed_estimate_period=1e6)
    progress.add_task("", total=300)
    (task,) = progress.tasks
    for done in (0, 60, 120):
        now = done * seconds / 180  # as fast as leaves so many seconds for the other 180
        progress.update(task.id, completed=done)
    assert how_far(task, "judged") == f"120 of 300 judged, {told} left"


def test_without_an_estimate_and_at_the_end_only_the_number_is_told() -> None:
    progress = Progress(disable=True)
    progress.add_task("", total=None)
    (task,) = progress.tasks
    assert how_far(task, "judged") == "none judged yet"
    progress.update(task.id, total=3, completed=1)
    assert how_far(task, "written") == "1 of 3 written"
    progress.update(task.id, completed=3)
    assert how_far(task, "written") == "3 of 3 written"


def test_lines_come_as_long_as_it_goes_on_and_only_without_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Stream(io.StringIO):
        def __init__(self, terminal: bool) -> None:
            super().__init__()
            self.terminal = terminal

        def isatty(self) -> bool:
            return self.terminal

    monkeypatch.setattr(terminal, "EVERY", 0.01)
    monkeypatch.setattr(sys, "stderr", Stream(False))
    with bar("Grading", "judged") as progress:
        progress.add_task("", total=7)
        until(lambda: sys.stderr.getvalue().count("0 of 7 judged\n") >= 3)  # type: ignore[attr-defined]
    until(lambda: terminal.LINES not in threads())
    monkeypatch.setattr(sys, "stderr", Stream(True))
    with bar("Grading", "judged"):
        assert terminal.LINES not in threads()
    monkeypatch.setattr(sys, "stderr", Stream(False))
    with bar("Building"):
        assert terminal.LINES not in threads()
    with bar("Grading", "judged"):
        assert terminal.LINES in threads()


def threads() -> list[str]:
    return [one.name for one in threading.enumerate()]


@pytest.mark.slow
def test_a_redirected_run_tells_how_far_it_is(course: Course) -> None:
    course.hand_in("ada")
    quickly = (
        "import sys; from autograder.commands import terminal; terminal.EVERY = 0.05\n"
        "from autograder.__main__ import main; sys.argv = ['autograder', 'grade', 'tiny']; main()"
    )
    told = subprocess.run(
        [sys.executable, "-c", quickly],
        cwd=course.root,
        env=course.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    lines = set(told.stderr.splitlines())
    assert "none judged yet" in lines
    assert lines <= {"none judged yet", "1 of 1 judged"}
