"""Processes that are killed in the middle: judged again where possible, and nothing half-done."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import fault_kit as kit
import psutil
import pytest

from autograder.course import processes
from autograder.course.processes import Setup, judge
from autograder.judge.grader import Grader
from autograder.judge.report import LabReport
from autograder.judge.submission import read
from autograder.sandbox.errors import GraderFault
from autograder.sandbox.pool import Batch, Worker
from autograder.spec.collection import CollectionError, collect


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Path], list[Any]]:
    """A class of slow right submissions, and what it gets when nothing goes wrong."""
    folder = tmp_path_factory.mktemp("class")
    paths = kit.hand_ins(folder / "hand-ins", 6, kit.SLOWLY)
    kit.secret_in(folder)
    out = folder / "undisturbed.json"
    told = kit.run("--json", out, "--secret-file", folder / "secret", *paths)
    assert told.returncode == 0, told.stderr
    return folder, paths, kit.reports_in(out)


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    collected = collect(kit.LAB)
    with Grader(collected, b"a secret of a killed grader") as one:
        yield one


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.15, 0.3])
def test_a_killed_warm_process_costs_nobody_a_point(
    grader: Grader, tmp_path: Path, delay: float
) -> None:
    submission = read(kit.hand_ins(tmp_path / "x", 1)[0], f"student after {delay}")
    killer = threading.Timer(delay, os.kill, (grader.sandbox.server.pid, signal.SIGKILL))
    killer.start()
    report = grader.grade(submission)
    killer.join()
    assert (report.score, report.needs_review) == (kit.FULL, False)
    assert grader.grade(submission).score == kit.FULL


SLEEPS = """
# %%
import time


def audit_trace(x, h0, W_xh, W_hh, b_h, published, atol):
    time.sleep(5)
    return []
"""


def test_a_killed_worker_costs_its_exercise_only(
    grader: Grader, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    submission = read(kit.hand_ins(tmp_path / "x", 1, SLEEPS)[0])
    original = Worker.begin

    def killed(worker: Worker, batch: Batch, entry: str, **limits: float) -> None:
        if entry == "audit_trace":
            threading.Timer(0.2, os.kill, (worker.pid, signal.SIGKILL)).start()
        original(worker, batch, entry, **limits)

    monkeypatch.setattr(Worker, "begin", killed)
    report = grader.grade(submission)
    ends = {one.name: one.outcome for one in report.exercises if one.outcome != "right"}
    assert ends == {"audit_trace": "memory"}, "the kernel kills what takes all memory"


def test_a_killed_worker_of_the_references_is_replaced(grader: Grader, tmp_path: Path) -> None:
    paths = kit.hand_ins(tmp_path / "x", 2)
    for number, path in enumerate(paths):
        os.kill(grader.oracle.worker().pid, signal.SIGKILL)
        report = grader.grade(read(path, f"somebody else {number}"))
        assert (report.score, report.needs_review) == (kit.FULL, False)


def test_a_killed_judging_process_changes_no_mark(
    undisturbed: tuple[Path, list[Path], list[Any]], tmp_path: Path
) -> None:
    folder, paths, expected = undisturbed
    out = tmp_path / "out.json"
    told = ["--jobs", 2, "--json", out, "--secret-file", folder / "secret", *paths]
    with subprocess.Popen(
        kit.command(*told), cwd=kit.COURSE, stdout=subprocess.DEVNULL
    ) as process:
        kit.until(lambda: kit.judges(process.pid))[0].kill()
        below = kit.family(process.pid)
        assert process.wait(300) == 0
    assert kit.reports_in(out) == expected
    assert kit.until(lambda: kit.gone(below))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_killed_grader_leaves_no_process_and_the_old_reports(
    undisturbed: tuple[Path, list[Path], list[Any]], tmp_path: Path, how: signal.Signals, jobs: int
) -> None:
    folder, paths, expected = undisturbed
    out = tmp_path / "out.json"
    out.write_text("[]\n")
    told = ["--jobs", jobs, "--json", out, "--secret-file", folder / "secret", *paths]
    with subprocess.Popen(
        kit.command(*told), cwd=kit.COURSE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        ready = (
            (lambda: kit.judges(process.pid)) if jobs > 1 else (lambda: kit.family(process.pid))
        )
        kit.until(ready)
        below = kit.family(process.pid)
        process.send_signal(how)
        process.wait(60)
    assert kit.until(lambda: kit.gone(below))
    assert out.read_text() == "[]\n"
    assert kit.leftovers(tmp_path) == []
    if how == signal.SIGKILL and jobs == 2:
        assert kit.run(*told).returncode == 0
        assert kit.reports_in(out) == expected


def test_a_run_that_is_broken_off_waits_for_nobody_s_program(tmp_path: Path) -> None:
    paths = kit.hand_ins(tmp_path / "x", 4, SLEEPS.replace("sleep(5)", "sleep(9)"))
    told = ["--jobs", 2, "--secret-file", kit.secret_in(tmp_path), *paths]
    with subprocess.Popen(
        kit.command(*told), cwd=kit.COURSE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        kit.until(lambda: len(kit.judges(process.pid)) == 2)
        kit.until(lambda: any(map(kit.family, [one.pid for one in kit.judges(process.pid)])))
        time.sleep(4)  # they are at the slow exercise, which takes minutes
        below = kit.family(process.pid)
        process.send_signal(signal.SIGINT)
        try:
            kit.until(lambda: kit.gone([*below, psutil.Process(process.pid)]), 60)
        finally:
            process.kill()


def test_a_submission_that_no_judge_survives_is_left_to_a_person(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    work = [read(path) for path in kit.hand_ins(tmp_path / "x", 4)]
    monkeypatch.setattr(processes, "_in_processes", _poisoned)
    pairs = list(judge(work, Setup(kit.LAB, kit.COURSE, b"x" * 20), 2))
    assert all(submission.student == report.student for submission, report in pairs)
    found = {report.student: report for _, report in pairs}
    assert sorted(found) == ["student0", "student1", "student2", "student3"]
    assert [name for name, report in found.items() if report.needs_review] == ["student2"]
    assert found["student2"].score == 0
    assert found["student2"].max_score == kit.FULL
    assert "A person will look" in found["student2"].exercises[0].feedback


def _poisoned(todo: Any, pending: Any, setup: Setup, jobs: int) -> Any:
    """Judging processes that die of one submission, and take the others in hand along."""
    taken = list(todo)
    pending.update(taken)
    if any(submission.student == "student2" for _, submission in taken):
        raise BrokenProcessPool
    for place, submission in taken:
        yield pending.pop(place), LabReport(setup.slug, submission.student, "cpu", (), 0.0, ())


def test_judging_processes_that_always_die_are_the_graders_fault(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def dead(todo: Any, pending: Any, setup: Setup, jobs: int) -> Any:
        pending.update(todo)
        raise BrokenProcessPool
        yield

    work = [read(path) for path in kit.hand_ins(tmp_path / "x", 2)]
    monkeypatch.setattr(processes, "_in_processes", dead)
    with pytest.raises(GraderFault, match="ended from outside, again and again"):
        list(judge(work, Setup(kit.LAB, kit.COURSE, b"x" * 20), 2))


def test_judging_processes_that_cannot_begin_say_why(tmp_path: Path) -> None:
    spec = 'from autograder.spec import Lab\n\nLAB = Lab(title="Broken", arrays="numpy")\n'
    texts = {
        "solutions/broken.py": '# %% exercise="f"\ndef f(x):\n    return x\n',
        "exercises/broken/__init__.py": spec,
        "exercises/broken/f.py": 'raise RuntimeError("no such luck")\n',
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    work = [read(path) for path in kit.hand_ins(tmp_path / "x", 2)]
    with pytest.raises(CollectionError, match="no such luck"):
        list(judge(work, Setup("broken", tmp_path, b"x" * 20), 2))
