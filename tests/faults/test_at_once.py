"""Two graders at once agree, and clocks that jump change nothing."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from pathlib import Path

import fault_kit as kit
import pytest

from autograder.judge.grader import Grader
from autograder.judge.submission import read
from autograder.sandbox.handle import sweep
from autograder.spec.collection import collect

MAKE = (
    "import sys; from pathlib import Path; from autograder.course.secret import course_secret\n"
    "sys.stdin.read(); print(course_secret(root=Path(sys.argv[1])).hex())"
)


def test_graders_that_begin_at_once_make_one_secret(tmp_path: Path) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-B", "-c", MAKE, str(tmp_path)],
            cwd=kit.COURSE,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(6)
    ]
    for one in started:
        assert one.stdin is not None
        one.stdin.close()
        one.stdin = None
    made = {one.communicate(timeout=120)[0] for one in started}
    assert len(made) == 1
    assert len(made.pop().strip()) == 128
    file = tmp_path / "results" / "secret"
    assert [one.name for one in file.parent.iterdir()] == ["secret"]
    assert file.stat().st_mode & 0o777 == 0o600


def test_two_graders_at_once_give_the_same_marks(tmp_path: Path) -> None:
    paths = kit.hand_ins(tmp_path / "x", 2)
    secret = kit.secret_in(tmp_path)
    out = tmp_path / "out.json"
    both = [
        subprocess.Popen(
            kit.command("--jobs", 1, "--json", place, "--secret-file", secret, *paths),
            cwd=kit.COURSE,
            stdout=subprocess.DEVNULL,
        )
        for place in (out, out, tmp_path / "own.json")
    ]
    assert [one.wait(300) for one in both] == [0, 0, 0]
    assert kit.reports_in(out) == kit.reports_in(tmp_path / "own.json")
    assert kit.leftovers(tmp_path) == []


@pytest.mark.parametrize("jump", [10**9, -(10**9)])
def test_a_clock_that_jumps_changes_no_mark(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, jump: int
) -> None:
    """Deadlines are counted on a clock that only goes forward, at one pace."""
    collected = collect(kit.LAB)
    submission = read(kit.hand_ins(tmp_path / "x", 1)[0])
    jumps = itertools.cycle([0, jump])
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + next(jumps))
    with Grader(collected, b"a secret at odd times") as grader:
        report = grader.grade(submission)
    assert report.score == kit.FULL
    assert 0 < report.seconds < 600


def test_a_clock_that_jumps_sweeps_no_living_judges_folder_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    collected = collect(kit.LAB)
    with Grader(collected, b"a secret at odd times") as grader:
        living = Path(grader.sandbox.server._folder)
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() + 10**9)
        sweep(living.parent)
        assert living.is_dir()
