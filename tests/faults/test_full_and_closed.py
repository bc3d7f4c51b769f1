"""Disks that are full and folders that are closed: one clear line, and what was there stays."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import fault_kit as kit
import pytest

from autograder.commands.terminal import write_beside
from autograder.course.secret import course_secret

CLOSED = Path("/proc/self")
"""A folder in which nobody can make files, root neither."""


def test_reports_that_do_not_fit_leave_the_old_ones(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    out.write_text("[]\n")
    paths = kit.hand_ins(tmp_path / "x", 3)
    told = kit.run(
        "--jobs",
        1,
        "--json",
        out,
        "--secret-file",
        kit.secret_in(tmp_path),
        *paths,
        preexec_fn=kit.limited(4096),
    )
    assert told.returncode == 1
    assert told.stderr.splitlines()[-1] == f"Error: {out} cannot be written: File too large"
    assert out.read_text() == "[]\n"
    assert kit.leftovers(tmp_path) == []


@pytest.mark.parametrize("folder", [CLOSED, Path("/nowhere at all")], ids=str)
def test_reports_into_a_closed_folder_are_one_line(tmp_path: Path, folder: Path) -> None:
    path = kit.hand_ins(tmp_path / "x", 1)[0]
    told = kit.run("--json", folder / "out.json", "--secret-file", kit.secret_in(tmp_path), path)
    assert told.returncode in (1, 2)
    last = told.stderr.splitlines()[-1]
    assert last.startswith("Error: ") and ("cannot be written" in last or "nothing was" in last)
    assert "Traceback" not in told.stderr


def test_a_device_is_written_into_and_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True) as reader:
        write_beside(pipe, "[]\n")
        assert reader.communicate(timeout=30)[0] == "[]\n"
    assert pipe.is_fifo()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["pipe"]
    with pytest.raises(click.ClickException, match="No space left"):
        write_beside(Path("/dev/full"), "[]\n")
    assert Path("/dev/full").is_char_device()


def test_a_folder_in_the_place_of_the_reports_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "out.json").mkdir()
    with pytest.raises(click.ClickException, match="cannot be written"):
        write_beside(tmp_path / "out.json", "[]\n")
    assert kit.leftovers(tmp_path) == []


def test_a_secret_that_cannot_be_made_says_what_to_do() -> None:
    with pytest.raises(click.UsageError, match="no course secret can be made") as caught:
        course_secret(root=CLOSED)
    assert "--secret-file" in str(caught.value)


SECRET = (
    "import sys; from pathlib import Path; from autograder.course.secret import course_secret\n"
)


def test_a_secret_that_does_not_fit_is_not_made_in_part(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-B", "-c", f"{SECRET}course_secret(root=Path(sys.argv[1]))", tmp_path],
        cwd=kit.COURSE,
        env=kit.environment(),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=kit.limited(16),
    )
    assert told.returncode != 0
    assert "no course secret can be made" in told.stderr
    assert list((tmp_path / "results").iterdir()) == []
    assert len(course_secret(root=tmp_path)) == 64


RESULTS = (
    "import sys; from pathlib import Path; from autograder.course.results import write_whole\n"
)


def test_results_that_do_not_fit_leave_the_old_ones(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")
    told = subprocess.run(
        [sys.executable, "-B", "-c", f"{RESULTS}write_whole(Path(sys.argv[1]), 'x' * 9999)", path],
        cwd=kit.COURSE,
        env=kit.environment(),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=kit.limited(4096),
    )
    assert "File too large" in told.stderr
    assert path.read_text() == "old"
    assert kit.leftovers(tmp_path) == []
