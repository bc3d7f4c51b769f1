"""The autograder for Gradescope, unpacked and run in a folder laid out as its documentation says."""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from instructor_kit import NAMES, POINTS, RIGHT, WRONG, Course

from autograder.course.gradescope_zip import gradescope_zip
from autograder.course.on_gradescope import NOBODY, submitters
from autograder.spec.collection import CollectionError

SECRET = b"the secret of the tests"
TOP = {"score", "execution_time", "output", "output_format", "visibility"} | {
    *("stdout_visibility", "tests", "extra_data")
}
"""What results.json may have, of the names in Gradescope's specification."""
TEST = {"score", "max_score", "status", "name", "number", "output", "output_format"} | {
    *("tags", "visibility")
}
METADATA = {
    "id": 123456,
    "assignment": {"id": 25828, "title": "Sums", "total_points": "100.0"},
    "users": [
        {"email": "b@x.org", "id": 35, "name": "Bob"},
        {"email": "", "id": 4, "name": "Ada"},
    ],
    "previous_submissions": [],
}


def unpack(data: bytes, folder: Path) -> None:
    """Files with the permissions that the zip gives them, as unzip makes them."""
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        opened.extractall(folder)
        for entry in opened.infolist():
            (folder / entry.filename).chmod(stat.S_IMODE(entry.external_attr >> 16))


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.fixture(scope="module")
def packed(built: Path) -> bytes:
    return gradescope_zip("tiny", built, SECRET)


@pytest.fixture
def root(packed: bytes, tmp_path: Path) -> Path:
    """/autograder once its image is built: setup.sh has made grader/, which here is this Python."""
    root = tmp_path / "auto grader"
    unpack(packed, root / "source")
    for name in ("submission", "results"):
        (root / name).mkdir()
    shutil.copy(root / "source" / "run_autograder", root)
    program(root / "grader" / "bin" / "python", f'exec "{sys.executable}" "$@"')
    (root / "submission_metadata.json").write_text(json.dumps(METADATA))
    return root


def run(root: Path, status: int = 0, **more: str) -> str:
    """What run_autograder prints, started as Gradescope starts it."""
    space = {"PATH": os.environ["PATH"], "AUTOGRADER_ROOT": str(root), **more}
    done = subprocess.run(
        [root / "run_autograder"], cwd=root, env=space, capture_output=True, text=True
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def results(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((root / "results" / "results.json").read_text("utf-8"))
    return found


def test_a_notebook_is_judged_behind_walls_by_what_is_in_the_zip(root: Path, built: Path) -> None:
    page = root / "source" / "package" / "autograder" / "pages" / "gradescope.py"
    page.write_text(
        page.read_text("utf-8").replace("exercises are right", "of the zip's are right")
    )
    notebook = Course(built).notebook(RIGHT | {"double": WRONG["double"]})
    (root / "submission" / "my tiny (1).ipynb").write_text(json.dumps(notebook))
    told = run(root)
    found = results(root)
    assert told == f"{found['score']:g} of 100 points; {found['extra_data']['isolation'][0]}\n"
    assert found.keys() <= TOP
    assert all(test.keys() <= TEST for test in found["tests"])
    assert [test["name"] for test in found["tests"]] == list(NAMES)
    assert [test["status"] for test in found["tests"]] == ["failed", "passed", "passed"]
    assert [test["max_score"] for test in found["tests"]] == list(POINTS.values())
    assert found["score"] == POINTS["running_sum"] + POINTS["share_of"]
    assert found["tests"][0]["tags"] == ["squared"]
    assert found["output"].startswith("2 of 3 of the zip's are right.")
    assert found["extra_data"]["student"] == "4+35"
    assert "isolated" in found["extra_data"]["isolation"][0]


def test_a_file_without_walls_says_so_and_nothing_handed_in_earns_nothing(root: Path) -> None:
    told = run(root, AUTOGRADER_ISOLATION="process")
    assert told.startswith("0 of 100 points; tier none")
    assert "there is no notebook and no .py file" in results(root)["output"]
    (root / "submission" / "tiny.py").write_text(
        "import numpy as np\n\n\n" + "\n\n".join(RIGHT.values())
    )
    run(root, AUTOGRADER_ISOLATION="process")
    assert results(root)["score"] == 100
    assert "Not isolated" in results(root)["output"]


def test_a_grader_that_cannot_work_leaves_no_results(root: Path) -> None:
    (root / "source" / "course" / "solutions" / "tiny.py").unlink()
    told = run(root, status=1)
    first, second = told.splitlines()
    assert first.startswith("The grader could not do its work: there is no solutions/tiny.py")
    assert second == "Walls or none is chosen in run_autograder of the zip."
    assert list((root / "results").iterdir()) == []


@pytest.mark.parametrize(
    ("text", "who"),
    [
        (json.dumps(METADATA), "4+35"),
        ('{"users": []}', NOBODY),
        ('{"users": [{"id": "../x"}]}', NOBODY),
        ("[", NOBODY),
        (None, NOBODY),
    ],
)
def test_who_handed_in_is_told_by_numbers(text: str | None, who: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "submission_metadata.json").write_text(text)
    assert submitters(tmp_path) == who


def test_setup_installs_the_versions_that_are_here(root: Path, tmp_path: Path) -> None:
    log, tools = tmp_path / "log", tmp_path / "tools"
    note = f'echo "$(basename "$0") $*" >> "{log}"'
    program(tools / "apt-get", note)
    copies = f'for name in python uv; do cp "{tools}/apt-get" "$3/bin/$name"; done'
    program(tools / "python3", f'{note}; mkdir -p "$3/bin"; {copies}')
    space = {"PATH": f"{tools}:{os.environ['PATH']}", "AUTOGRADER_ROOT": str(root)}
    subprocess.run(
        [root / "source" / "setup.sh"], cwd=root, env=space, check=True, capture_output=True
    )
    lines = log.read_text().splitlines()
    requirements = root / "source" / "requirements.txt"
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert lines[2] == f"python3 -m venv {root}/tools"
    assert lines[-2:] == [
        f"uv venv --python {here} {root}/grader",
        f"uv pip install --python {root}/grader/bin/python --torch-backend cpu -r {requirements}",
    ]
    pinned = requirements.read_text().splitlines()
    assert f"numpy=={version('numpy')}" in pinned
    assert f"torch=={version('torch').partition('+')[0]}" in pinned
    assert not any(line.startswith(("pytest", "distributed")) for line in pinned)
    assert stat.S_IMODE((root / "source").stat().st_mode) == 0o700


def test_the_zip_holds_the_lab_and_not_the_secret_of_the_course(
    packed: bytes, built: Path
) -> None:
    assert packed == gradescope_zip("tiny", built, SECRET)
    assert packed != gradescope_zip("tiny", built, SECRET + b"!")
    with zipfile.ZipFile(io.BytesIO(packed)) as opened:
        names = opened.namelist()
        assert SECRET not in b"".join(map(opened.read, names))
    ours = {name for name in names if not name.startswith("package/")}
    assert ours == {
        *("setup.sh", "run_autograder", "requirements.txt", "secret"),
        *("course/solutions/tiny.py", "course/exercises/tiny/__init__.py"),
        *(f"course/exercises/tiny/{name}.py" for name in NAMES),
        *(
            f"course/release/tiny/{name}"
            for name in ("labcheck.pyz", "tiny.ipynb", "visible.json")
        ),
    }
    assert not any("__pycache__" in name for name in names)


def test_the_command_writes_it_for_its_owner_alone(course: Course) -> None:
    words = ("autograder", "export", "tiny", "--to", "gradescope-autograder")
    run = course.run(*words)
    path = course.root / "results" / "tiny" / "gradescope-autograder.zip"
    assert run.stdout == f"{path}\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes() == gradescope_zip("tiny", course.root, b"the secret of the tests")
    assert "leave --roster and --raw out" in course.run(*words, "--raw", status=2).stderr
    shutil.rmtree(course.root / "release")
    assert "run autograder build tiny" in course.run(*words, status=1).stderr


def test_a_package_that_is_not_here_is_named(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.course.gradescope_zip.DISTRIBUTION", "no-such-grader")
    with pytest.raises(CollectionError, match="no-such-grader is not installed here"):
        gradescope_zip("tiny", built, SECRET)
