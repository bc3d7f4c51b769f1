"""`autograder grade` as it is typed: exit statuses, files, names, and nothing done by halves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from core_kit import COURSE, NAMES, notebook, program

from autograder.course.processes import names_of

RIGHT = program()
STUB = program(sgd_step="def sgd_step(params, grads, lr):\n    raise NotImplementedError")
Result = subprocess.CompletedProcess[bytes]


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "course secret"
    path.write_text("a secret for the tests of the command")
    return path


def grade(
    *words: str | Path, cwd: Path = COURSE, isolation: str = "process", **environment: str
) -> Result:
    """Run the command in a process of its own, as a user would."""
    options = ["--isolation", isolation, "--jobs", "1"]
    command = [sys.executable, "-m", "autograder", "grade", *options, "lab2_rnn", *map(str, words)]
    space = {**os.environ, "PYTHONPATH": str(COURSE), "PYTHONWARNINGS": "error", **environment}
    return subprocess.run(
        command, cwd=cwd, env=space, capture_output=True, check=False, timeout=300
    )


def hand_in(folder: Path, name: str, text: str | bytes = RIGHT) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_whatever_the_marks_the_status_is_0_and_the_order_is_kept(
    tmp_path: Path, secret: Path
) -> None:
    files = [
        hand_in(tmp_path, "zoe.py"),
        hand_in(tmp_path, "ada.ipynb", notebook(RIGHT)),
        hand_in(tmp_path, "a b.py", STUB),
        hand_in(tmp_path, "broken.ipynb", "{"),
        tmp_path / "folder.py",
        tmp_path / "pipe.py",
        tmp_path / "link.py",
        hand_in(tmp_path, "empty.py", ""),
        hand_in(tmp_path, "notes.txt", "hello"),
    ]
    files[4].mkdir()
    os.mkfifo(files[5])
    files[6].symlink_to(files[0])
    out = tmp_path / "out.json"
    result = grade(*files, "--json", out, "--secret-file", secret)
    assert result.returncode == 0, result.stderr
    data = json.loads(out.read_text(encoding="utf-8"))
    assert [one["student"] for one in data] == [
        "zoe",
        "ada",
        "a b",
        "broken",
        "folder",
        "pipe",
        "link",
        "empty",
        "notes",
    ]
    assert [one["score"] for one in data] == [100, 100, 95, 0, 0, 0, 0, 0, 0]
    problems = [one.get("problem", "").removeprefix("unreadable submission: ") for one in data]
    assert problems == [
        "",
        "",
        "",
        "it is not a notebook: no JSON from line 1 on",
        "there is no notebook and no .py file",
        "it is not an ordinary file",
        "it is a symbolic link",
        "",
        "neither a .py nor an .ipynb file",
    ]
    for one in data[3:]:
        assert [e["name"] for e in one["exercises"]] == list(NAMES)
        assert {e["outcome"] for e in one["exercises"]} == {"missing"}
    assert b"zoe" in result.stdout
    assert result.stderr == b""


def test_equal_names_are_told_apart_by_their_folders() -> None:
    paths = [Path(one) for one in ("/a/x/ada.py", "/b/y/ada.ipynb", "/c/bob.py", "/d/x/ada.py")]
    assert names_of(paths) == ["x/ada", "y/ada", "bob", "x/ada (2)"]
    assert names_of([Path("ada.py"), Path("ada.py")]) == [
        f"{Path.cwd().name}/ada",
        f"{Path.cwd().name}/ada (2)",
    ]


def test_a_path_that_does_not_exist_is_refused_before_anything_is_graded(
    tmp_path: Path, secret: Path
) -> None:
    good, out = hand_in(tmp_path, "ada.py"), tmp_path / "out.json"
    gone = tmp_path / "gone.py"
    result = grade(good, gone, "--json", out, "--secret-file", secret)
    assert result.returncode == 2
    assert f"no such file: {gone}; nothing was graded" in result.stderr.decode()
    assert (out.exists(), result.stdout) == (False, b"")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--jobs", "0"], "--jobs"),
        (["--device", "tpu"], "--device"),
        (["--secret-file", "/nowhere/secret"], "the secret /nowhere/secret cannot be read"),
        (["--json", "/nowhere/at/all.json"], "there is no folder /nowhere/at"),
        (["--secret", "0123456789abcdef"], "No such option"),
        (["--isolation", "none"], "--isolation"),
    ],
)
def test_wrong_usage_is_status_2_and_names_what_is_wrong(
    tmp_path: Path, secret: Path, words: list[str], told: str
) -> None:
    good = hand_in(tmp_path, "ada.py")
    known = [] if "secret" in words[0] else ["--secret-file", str(secret)]
    result = grade(good, *known, *words)
    assert result.returncode == 2
    assert told in result.stderr.decode()
    assert b"Traceback" not in result.stderr
    assert result.stdout == b""


def test_an_unknown_lab_is_status_2_and_names_the_labs(tmp_path: Path, secret: Path) -> None:
    good = hand_in(tmp_path, "ada.py")
    command = [sys.executable, "-m", "autograder", "grade", "lab99", str(good)]
    result = subprocess.run(command, cwd=COURSE, capture_output=True, check=False, timeout=100)
    assert result.returncode == 2
    assert b"there is no lab 'lab99'; the labs are: " in result.stderr
    assert b"lab2_rnn" in result.stderr


FAULTY = """
import runpy, sys
from autograder.judge.oracle import Oracle
expected = Oracle.expected
def broken(self, exercise, draw):
    if exercise.name == "sgd_step":
        raise ZeroDivisionError("ours")
    return expected(self, exercise, draw)
Oracle.expected = broken
sys.argv = ["autograder", *sys.argv[1:]]
runpy.run_module("autograder", run_name="__main__")
"""


def test_what_could_not_be_judged_is_status_3(tmp_path: Path, secret: Path) -> None:
    good, out = hand_in(tmp_path, "ada.py"), tmp_path / "out.json"
    words = [
        "grade",
        "lab2_rnn",
        good,
        "--json",
        out,
        "--secret-file",
        secret,
        "--isolation",
        "process",
        "--jobs",
        "1",
    ]
    command = [sys.executable, "-c", FAULTY, *map(str, words)]
    result = subprocess.run(command, cwd=COURSE, capture_output=True, check=False, timeout=300)
    assert result.returncode == 3, result.stderr
    (one,) = json.loads(out.read_text())
    assert (one["needs_review"], one["score"]) == (True, 95)
    assert {e["name"]: e["score"] for e in one["exercises"]}["sgd_step"] is None


def test_json_can_go_to_standard_output_and_nothing_else_does(
    tmp_path: Path, secret: Path
) -> None:
    good = hand_in(tmp_path, "ada.py")
    result = grade(good, "--json", "-", "--secret-file", secret)
    assert result.returncode == 0
    (one,) = json.loads(result.stdout)
    assert (one["schema"], one["student"], one["score"]) == (1, "ada", 100)


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_any_file_name_can_be_graded_and_shown(tmp_path: Path, secret: Path, locale: str) -> None:
    names = ["-rf.py", "a\nb.py", "na\x1b[31mme.py", "名前.py", "$(id).py"]
    files: list[Path] = [hand_in(tmp_path, name, "") for name in names]
    raw = os.fsencode(tmp_path) + b"/\xff.py"
    Path(os.fsdecode(raw)).write_text("")
    files.append(Path(os.fsdecode(raw)))
    out = tmp_path / "out.json"
    relative = ["./" + os.fsdecode(os.fsencode(one.name)) for one in files]
    result = grade(
        *relative,
        "--course",
        COURSE,
        "--json",
        out,
        "--secret-file",
        secret,
        cwd=tmp_path,
        LC_ALL=locale,
        PYTHONUTF8="1" if locale == "C" else "0",
    )
    assert result.returncode == 0, result.stderr
    students = [one["student"] for one in json.loads(out.read_text(encoding="utf-8"))]
    assert students == ["-rf", "a\nb", "na\x1b[31mme", "名前", "$(id)", "\udcff"]
    assert b"\x1b" not in result.stdout
    assert b"na\\x1b[31mme" in result.stdout


def test_the_secret_can_come_from_the_environment_and_decides_the_draw(
    tmp_path: Path, secret: Path
) -> None:
    """A program that tells its input by raising KeyError: True or False with the number."""
    peek = (
        "def relative_error(a, b):\n    return {True: 0.0}[a[0, 0] > 1.2] if a[0, 0] > 0 else [1]"
    )
    good = hand_in(tmp_path, "ada.py", program(relative_error=peek))
    told = (secret.read_text(), "another secret, just as long", "and a third one, for luck")
    seen = [grade(good, "--json", "-", AUTOGRADER_SECRET=one).stdout for one in told]
    by_file = grade(good, "--json", "-", "--secret-file", secret).stdout
    cases = [json.loads(one)[0]["exercises"] for one in (by_file, *seen)]
    assert cases[0] == cases[1]
    assert cases[2] != cases[1] or cases[3] != cases[1]


def test_grading_behind_walls_says_so_and_leaves_the_course_alone(
    tmp_path: Path, secret: Path
) -> None:
    before = {path: path.stat().st_mtime_ns for path in COURSE.iterdir()}
    result = grade(hand_in(tmp_path, "ada.py"), "--secret-file", secret, isolation="walls")
    assert result.returncode == 0, result.stderr
    text = result.stdout.decode()
    assert "ada: 100 of 100 points" in text
    assert "Isolation: tier A" in text
    assert {path: path.stat().st_mtime_ns for path in COURSE.iterdir()}.keys() == before.keys()


def test_several_processes_give_the_marks_of_one(tmp_path: Path, secret: Path) -> None:
    files = [hand_in(tmp_path, f"s{n}.py", STUB if n % 2 else RIGHT) for n in range(5)]
    out = tmp_path / "out.json"
    result = grade(*files, "--json", out, "--secret-file", secret, "--jobs", "2")
    assert result.returncode == 0, result.stderr
    data = json.loads(out.read_text())
    assert [(one["student"], one["score"]) for one in data] == [
        ("s0", 100),
        ("s1", 95),
        ("s2", 100),
        ("s3", 95),
        ("s4", 100),
    ]


def test_what_a_command_has_no_use_for_is_not_loaded() -> None:
    said = "import sys, autograder.commands.main, {}; print(*sys.modules)"
    loaded = {
        module: subprocess.run(
            [sys.executable, "-c", said.format(module)], capture_output=True, text=True, check=True
        ).stdout.split()
        for module in ("click", "nbformat")
    }
    assert not {"numpy", "nbformat", "autograder.judge"}.intersection(loaded["click"])
    assert "lark" not in loaded["nbformat"]  # a grammar that jsonschema has made anew by each
