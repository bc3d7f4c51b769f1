"""What lies in the exchange and in submitted/ is taken as far as it is a student's own files."""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
from pathlib import Path
from typing import Any

import pytest
from instructor_kit import RIGHT, WRONG, Course

pytestmark = pytest.mark.slow
AT = "2030-01-01 12:00:00.000000 UTC"
SECRET = "a secret that nobody is to read"
TRILLION = 10**12
BAD_BYTES = b"m\xfcller"
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can do this")


@pytest.fixture
def inbound(course: Course) -> Path:
    """Where students' hand-ins lie before they are collected."""
    folder = course.root.parent / "exchange" / "rnn-labs" / "inbound"
    folder.mkdir(parents=True)
    course.configure(f"c.Exchange.root = {str(course.root.parent / 'exchange')!r}")
    course.configure("c.ExchangeCollect.check_owner = False")
    (course.root.parent / "exchange").chmod(0o777)
    return folder


def handed(inbound: Path, course: Course, student: str, answers: Any = None) -> Path:
    """The folder of a hand-in, with a notebook in it where there are answers."""
    folder = inbound / f"{student}+tiny+{AT}+abc"
    folder.mkdir()
    (folder / "timestamp.txt").write_text(AT)
    if answers is not None:
        (folder / "tiny.ipynb").write_text(json.dumps(course.notebook(answers)))
    return folder


def solved(course: Course) -> Path:
    """A notebook outside that would earn everything."""
    path = course.root / "source" / "solved.ipynb"
    path.write_text(json.dumps(course.notebook(RIGHT)))
    return path


def lines(told: str, *words: str) -> list[str]:
    return [line for line in told.splitlines() if all(word in line for word in words)]


def everything(folder: Path) -> list[Path]:
    """All below a folder; whatever is there, no link is followed."""
    return [
        Path(place, name) for place, below, here in os.walk(folder) for name in (*below, *here)
    ]


def test_one_bad_hand_in_never_stops_the_others(course: Course, inbound: Path) -> None:
    secret = course.root.parent / "secret.txt"
    secret.write_text(SECRET)
    handed(inbound, course, "ada", RIGHT)
    (handed(inbound, course, "link") / "tiny.ipynb").symlink_to(solved(course))
    leak = handed(inbound, course, "leak", WRONG)
    (leak / "notes.txt").symlink_to(secret)
    (leak / "folder").symlink_to(course.root)
    (leak / "more").mkdir()
    (leak / "more" / "kept.txt").write_text("kept")
    os.mkfifo(handed(inbound, course, "pipe", WRONG) / "fifo.txt")
    door = socket.socket(socket.AF_UNIX)
    with door:
        here = Path.cwd()
        os.chdir(handed(inbound, course, "sock", WRONG))
        door.bind("door")
        os.chdir(here)
    loop = handed(inbound, course, "loop", WRONG)
    (loop / "a").symlink_to(".")
    (loop / "b").symlink_to(".")
    huge = handed(inbound, course, "huge", WRONG)
    with (huge / "huge.bin").open("wb") as file:
        file.truncate(TRILLION)
    deep = handed(inbound, course, "deep", WRONG)
    for _ in range(200):
        deep /= "d"
    deep.mkdir(parents=True)
    odd = handed(inbound, course, "odd", WRONG)
    Path(os.fsdecode(os.fsencode(odd) + b"/" + BAD_BYTES + b".txt")).write_text("x")
    (odd / "two\nlines\u202e\x1b[31m.txt").symlink_to(secret)
    real = handed(inbound, course, "real", RIGHT)
    (inbound / f"alias+tiny+{AT}+abc").symlink_to(real)
    (inbound / f"..+tiny+{AT}+abc").mkdir()
    (inbound / "when+tiny+some day+abc").mkdir()
    Path(os.fsdecode(os.fsencode(inbound) + b"/" + BAD_BYTES + f"+tiny+{AT}+abc".encode())).mkdir()
    (inbound / f"file+tiny+{AT}+abc").write_text("x")
    handed(inbound, course, "zoe", RIGHT)

    found = course.run("nbgrader", "collect", "tiny")
    told = found.stdout + found.stderr
    assert "Traceback" not in told
    for student, name, reason in (
        ("link", "tiny.ipynb", "it is a symbolic link"),
        ("leak", "notes.txt", "it is a symbolic link"),
        ("leak", "folder", "it is a symbolic link"),
        ("pipe", "fifo.txt", "it is a pipe"),
        ("sock", "door", "it is a socket"),
        ("loop", "a", "it is a symbolic link"),
        ("huge", "huge.bin", "it is larger than 100 MB"),
        ("deep", "d/d", "folders deep"),
        ("odd", "two\\nlines\\u202e\\x1b[31m.txt", "it is a symbolic link"),
        ("alias+tiny", "", "it is a symbolic link"),
        ("..+tiny", "", "no folder of a student's"),
        ("when+tiny", "", "its name tells no time"),
        ("m\\xfcller+tiny", "", "its name is not a line of UTF-8"),
        ("file+tiny", "", "no folder of a student's"),
    ):
        assert lines(told, student, name, reason), (student, name, reason, told)
    taken = everything(course.root / "submitted")
    assert {path.name for path in (course.root / "submitted").iterdir()} == {
        *("ada", "link", "leak", "pipe", "sock", "loop", "huge", "deep", "odd", "real", "zoe")
    }
    assert all(stat.S_IFMT(path.lstat().st_mode) in (stat.S_IFREG, stat.S_IFDIR) for path in taken)
    assert not [path for path in taken if path.is_file() and SECRET in path.read_text()]
    assert (course.root / "submitted/leak/tiny/more/kept.txt").read_text() == "kept"
    assert not (course.root / "tiny").exists()
    assert not [path for path in taken if path.name.startswith(".tiny")]

    course.run("autograder", "grade", "tiny")
    scores = totals(course)
    assert {name for name, score in scores.items() if score == 100} == {"ada", "real", "zoe"}
    assert scores["link"] == 0
    again = course.run("nbgrader", "collect", "tiny", "--update")
    assert "Traceback" not in again.stdout + again.stderr


def totals(course: Course) -> dict[str, float]:
    found: dict[str, float] = {}
    for student, _, score, _, _ in course.grades():
        found[student] = found.get(student, 0.0) + score
    return found


def test_a_mass_of_files_is_left_soon(course: Course, inbound: Path) -> None:
    folder = handed(inbound, course, "mass", RIGHT)
    (folder / "z").mkdir()
    for number in range(100_000):
        os.close(os.open(folder / "z" / f"{number}", os.O_CREAT | os.O_WRONLY))
    told = course.run("nbgrader", "collect", "tiny").stderr
    assert lines(told, "mass", "there are more than 2000 files")
    assert len(everything(course.root / "submitted")) <= 2010
    assert (course.root / "submitted/mass/tiny/tiny.ipynb").is_file()


def test_a_newer_hand_in_takes_the_place_of_an_older_one_as_a_whole(
    course: Course, inbound: Path
) -> None:
    handed(inbound, course, "ada", WRONG)
    course.run("nbgrader", "collect", "tiny")
    (course.root / "submitted/ada/tiny/old.txt").write_text("x")
    newer = inbound / "ada+tiny+2030-01-02 12:00:00 UTC+abc"
    shutil.copytree(inbound / f"ada+tiny+{AT}+abc", newer)
    (newer / "tiny.ipynb").write_text(json.dumps(course.notebook(RIGHT)))
    (newer / "timestamp.txt").write_text("2030-01-02 12:00:00 UTC")
    told = course.run("nbgrader", "collect", "tiny").stderr
    assert lines(told, "Not collected: ada", "--update")
    course.run("nbgrader", "collect", "tiny", "--update")
    assert not (course.root / "submitted/ada/tiny/old.txt").exists()
    assert [path.name for path in (course.root / "submitted/ada").iterdir()] == ["tiny"]
    course.run("autograder", "grade", "tiny")
    assert totals(course) == {"ada": 100}


def test_a_link_in_submitted_is_not_written_through(course: Course, inbound: Path) -> None:
    handed(inbound, course, "ada", RIGHT)
    handed(inbound, course, "bob", RIGHT)
    outside = course.root.parent / "outside"
    outside.mkdir()
    (course.root / "submitted").mkdir()
    (course.root / "submitted" / "ada").symlink_to(outside)
    told = course.run("nbgrader", "collect", "tiny").stderr
    assert lines(told, "Not collected: ada", "is a symbolic link")
    assert not list(outside.iterdir())
    assert (course.root / "submitted/bob/tiny/tiny.ipynb").is_file()


def test_submit_takes_a_students_own_files_only(course: Course, inbound: Path) -> None:
    course.run("nbgrader", "generate_assignment", "tiny", "--force")
    course.run("nbgrader", "release_assignment", "tiny")
    shutil.copytree(course.root / "release" / "tiny", course.root / "tiny")
    (course.root / "tiny" / "link.txt").symlink_to("/etc/hostname")
    os.mkfifo(course.root / "tiny" / "pipe")
    found = course.run("nbgrader", "submit", "tiny")
    assert lines(found.stderr, "link.txt was left out: it is a symbolic link")
    assert lines(found.stderr, "pipe was left out: it is a pipe")
    (folder,) = inbound.iterdir()
    assert {"tiny.ipynb", "timestamp.txt"} <= {path.name for path in folder.iterdir()}
    assert not (folder / "link.txt").is_symlink()
    assert not (folder / "pipe").exists()


# -- what is in submitted/ already ---------------------------------------------------------------


@pytest.mark.parametrize("command", ["autograder", "nbgrader"])
def test_what_is_in_submitted_is_read_without_following_a_link(
    command: str, course: Course
) -> None:
    secret = course.root.parent / "secret.txt"
    secret.write_text(SECRET)
    solution = solved(course)
    course.hand_in("ada")
    for student in ("link", "time", "pipe", "files"):
        course.hand_in(student, WRONG)
    handed_in = course.root / "submitted"
    (handed_in / "link/tiny/tiny.ipynb").unlink()
    (handed_in / "link/tiny/tiny.ipynb").symlink_to(solution)
    (handed_in / "alias").mkdir()
    (handed_in / "alias" / "tiny").symlink_to(handed_in / "ada" / "tiny")
    (handed_in / "alias2").symlink_to(handed_in / "ada")
    for student, make in (("time", lambda path: path.symlink_to(secret)), ("pipe", os.mkfifo)):
        stamp = handed_in / student / "tiny" / "timestamp.txt"
        stamp.unlink()
        make(stamp)
    (handed_in / "files/tiny/secret.txt").symlink_to(secret)
    os.mkfifo(handed_in / "files/tiny/fifo.txt")
    (handed_in / "files/tiny/a").symlink_to(".")
    (handed_in / "files/tiny/b").symlink_to(".")
    (handed_in / "files/tiny/plain.txt").write_text("plain")
    (handed_in / "files/tiny/page.svg").write_text("<svg/>")
    bad = Path(os.fsdecode(os.fsencode(handed_in) + b"/" + BAD_BYTES))
    shutil.copytree(handed_in / "ada", bad)
    if command == "autograder":
        found = course.run("autograder", "grade", "tiny", status=1)
        assert "m\\xfcller/tiny: the folder's name is not a line of UTF-8" in found.stdout
        assert "time: submitted/time/tiny/timestamp.txt" in found.stderr
    else:
        course.run("nbgrader", "generate_assignment", "tiny", "--force")
        found = course.run("nbgrader", "autograde", "tiny")
        assert lines(found.stderr, "m\\xfcller/tiny is left out")
        assert lines(found.stderr, "time/tiny/timestamp.txt is not read: it is a symbolic link")
    told = found.stdout + found.stderr
    assert "Traceback" not in told
    assert SECRET[:10] not in told
    scores = totals(course)
    assert {name for name, score in scores.items() if score} == {"ada"}
    kept = everything(course.root / "autograded")
    assert not [path for path in kept if path.is_symlink() or path.name == "page.svg"]
    assert not [path for path in kept if path.is_file() and SECRET in path.read_text()]
    assert (course.root / "autograded/files/tiny/plain.txt").read_text() == "plain"
    assert "is a symbolic link" in json.dumps(course.autograded("alias2"))
    again = course.run("autograder", "grade", "tiny", status=1)
    assert "Traceback" not in again.stdout + again.stderr


@needs_root
def test_hard_links_to_what_is_not_the_students_own_earn_nothing(
    course: Course, inbound: Path
) -> None:
    solution = solved(course)
    ours = course.hand_in("ada", WRONG)
    ours.unlink()
    ours.hardlink_to(solution)
    course.run("autograder", "grade", "tiny")
    assert totals(course) == {"ada": 0}
    theirs = handed(inbound, course, "bob", WRONG)
    (theirs / "tiny.ipynb").unlink()
    (theirs / "tiny.ipynb").hardlink_to(solution)
    os.mknod(theirs / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    os.chown(theirs, 12345, 12345)
    told = course.run("nbgrader", "collect", "tiny").stderr
    assert lines(told, "bob", "tiny.ipynb", "a hard link to a file of somebody else")
    assert lines(told, "bob", "null", "it is a device")
    assert not (course.root / "submitted/bob/tiny/tiny.ipynb").exists()


def test_an_odd_name_is_one_line_of_what_is_printed(course: Course) -> None:
    course.hand_in("eve \u202e\x1b[2J\x07", WRONG)
    course.hand_in("bob\nada: 100 of 100", RIGHT)
    found = course.run("autograder", "grade", "tiny", status=3)
    told = found.stdout + found.stderr
    assert "bob\\nada: 100 of 100/tiny: the folder's name is not a line of UTF-8" in told
    assert {student for student, *_ in course.grades()} == {"eve \u202e\x1b[2J\x07"}
    assert "\\u202e" in told
    assert not set(told) & {"\x1b", "\x07", "\u202e"}
    assert not [line for line in told.splitlines() if line.strip("│ ").startswith("ada: 100")]
