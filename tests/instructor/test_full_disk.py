"""A disk that is full in the middle of a class: one sentence, and the next run goes on."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from instructor_kit import Course

from autograder.course import publishing
from autograder.course.full_disk import DiskFull, disk_full
from autograder.course.grading import grade_class
from autograder.course.results import write_whole
from autograder.course.secret import course_secret

SECRET = b"the secret of the tests"
SCRIPT = r"""
set -eu
mount -t tmpfs -o size=12m tmpfs "$ROOM"
cp -a "$COURSE/." "$ROOM"
cd "$ROOM"
grade() { set +e; "$PYTHON" -m autograder grade tiny --jobs 1 --isolation process >"$ROOM.out" 2>&1
          echo "status $?"; tail -n 1 "$ROOM.out"; grep -c Traceback "$ROOM.out"; set -e; }
fill() { head -c "$1" /dev/zero >spare; dd if=/dev/zero of=fill bs=4k 2>/dev/null || :
         rm spare; }
"""
OWN = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "-rm"]
FULL = "Error: the disk is full: {} cannot be written; make room and run this again, all that was kept is as it was"


def on_a_small_disk(course: Course, script: str) -> list[str]:
    """What a script prints that works in a copy of the course, on a disk of its own."""
    room = course.root.parent / "room"
    room.mkdir()
    places = {"ROOM": str(room), "COURSE": str(course.root), "PYTHON": sys.executable}
    whole = SCRIPT + script
    told = subprocess.run(
        [*OWN, "sh", "-c", whole],
        env=course.environment() | places | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if "unshare" in told.stderr or "mount:" in told.stderr:
        pytest.skip(f"no disk can be mounted here: {told.stderr.strip()}")
    assert told.returncode == 0, told.stderr
    return told.stdout.splitlines()


@pytest.mark.slow
def test_a_gradebook_that_does_not_fit_is_one_sentence(course: Course) -> None:
    course.hand_in("ada")
    script = "fill 200000; grade; rm fill; grade; ls autograded"
    first, why, traces, second, how, _, students = on_a_small_disk(course, script)
    assert (first, why, traces) == ("status 1", FULL.format("the gradebook"), "0")
    assert (second, students) == ("status 0", "ada")
    assert how == ("1 submissions: 1 judged now, 0 kept from before; 1 entered in the gradebook.")


@pytest.mark.slow
def test_a_report_that_does_not_fit_is_one_sentence_and_the_others_stay(course: Course) -> None:
    course.hand_in("ada")
    script = """
    grade
    mkdir submitted/bob; cp -a submitted/ada/tiny submitted/bob
    fill 0; grade; rm fill; grade; ls autograded
    """
    told = on_a_small_disk(course, script)
    assert told[0] == "status 0"
    reports = course.root.parent / "room/results/tiny/reports/"
    before, _, after = FULL.partition("{}")
    assert told[2:4] == ["0", "status 1"]
    assert told[4].startswith(before + str(reports))
    assert told[4].endswith(".json" + after)
    assert told[5:7] == ["0", "status 0"]
    assert told[7].startswith("2 submissions: 1 judged now, 1 kept from before; 1 entered")
    assert told[9:] == ["ada", "bob"]


@pytest.mark.slow
def test_an_output_that_takes_nothing_is_one_sentence(course: Course) -> None:
    with Path("/dev/full").open("w") as full:
        told = subprocess.run(
            [sys.executable, "-m", "autograder", "grade", "--help"],
            cwd=course.root,
            env=course.environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert told.returncode == 1
    assert told.stderr.splitlines()[0] == FULL.format("what this command writes")


# What is a full disk, and what is not


def test_it_is_known_by_its_number_whatever_was_made_of_it(tmp_path: Path) -> None:
    for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        error = OSError(number, os.strerror(number), "some/file")
        assert str(disk_full(error, "this")).startswith("the disk is full: some/file cannot be")
    with pytest.raises(ValueError) as wrapped:
        try:
            raise OSError(errno.ENOSPC, "none left")
        except OSError as error:
            raise ValueError("of a library") from error
    assert str(disk_full(wrapped.value, "this")).startswith("the disk is full: this cannot be")
    with sqlite3.connect(tmp_path / "base.db") as base:
        base.execute("PRAGMA max_page_count = 1")
        with pytest.raises(sqlite3.OperationalError) as of_sqlite:
            base.execute("CREATE TABLE t (a)")
    assert isinstance(disk_full(of_sqlite.value, "this"), DiskFull)
    told = DiskFull("that")
    assert disk_full(told, "this") is told


@pytest.mark.parametrize(
    ("text", "is_full"),
    [
        ("Traceback\n  x\nOSError: [Errno 28] No space left on device: 'x'", True),
        ("sqlalchemy.exc.OperationalError: (sqlite3.O) database or disk is full\n(Back…", True),
        ("There was an error processing assignment: submitted/No space left on device", False),
        ("ValueError: OSError: No space left on device", False),
        ("OSError: [Errno 13] Permission denied", False),
    ],
)
def test_of_what_was_logged_only_the_error_itself_counts(text: str, is_full: bool) -> None:
    assert (disk_full(RuntimeError(), "this", ["first", text]) is not None) == is_full


def test_other_errors_are_none() -> None:
    assert disk_full(PermissionError(errno.EACCES, "no", "file"), "this") is None
    assert disk_full(KeyError("disk is full"), "this") is None


# Who may read what is kept


def test_what_holds_names_and_marks_is_not_for_others(course: Course) -> None:
    course.hand_in("ada")
    before = os.umask(0)
    try:
        course_secret(root=course.root)
        grade_class("tiny", SECRET, root=course.root, isolation="process")
        publishing.report("tiny", None, course.root)
        for kind in ("csv", "canvas", "moodle", "junit", "gradescope"):
            publishing.export("tiny", kind, None, course.root)  # type: ignore[arg-type]
    finally:
        os.umask(before)
    found = [course.root / "results", *(course.root / "results").rglob("*")]
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in found}
    assert modes.pop(course.root / "results/secret") == 0o600
    assert modes.pop(course.root / "results/tiny/answers.sqlite") == 0o600
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o750}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o640}
    assert len(modes) > 15


def test_a_stricter_umask_stays_stricter(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write_whole(tmp_path / "a/b/file", "text")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a/b/file").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "a/b").stat().st_mode) == 0o700
    with pytest.raises(OSError, match="a directory") as caught:
        write_whole(tmp_path / "a/b", "text")
    assert caught.value.filename == str(tmp_path / "a/b")
