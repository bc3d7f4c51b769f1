"""The wheel is complete: installed alone, it begins a course, builds, verifies and grades."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from autograder.sandbox.selftest import PACKAGE

COURSE = Path(__file__).parents[1]
LEFT_OUT = ("rnn_labs*", "__editable__*", "*.pth", "torch*", "nvidia*", "playwright*", "sympy*")
"""What the new environment does not get: this project itself, and what a NumPy lab can spare."""

RIGHT = """\
import numpy as np

def smooth(x, h0, keep):
    states = [h0]
    for t in range(x.shape[1]):
        states.append(keep * states[-1] + (1 - keep) * x[:, t])
    return np.stack(states[1:], axis=1)

def unroll(step, x, h0):
    states = [h0]
    for t in range(x.shape[1]):
        states.append(step(x[:, t], states[-1]))
    return np.stack(states[1:], axis=1)
"""
WRONG = RIGHT.replace("states[-1] +", "h0 +").replace("states[-1])", "h0)")
CURIOUS = """\
import pathlib

def smooth(x, h0, keep):
    return pathlib.Path({path!r}).read_text()
"""


def run(*words: str | Path, cwd: Path | None = None) -> str:
    """What a command prints; it must succeed."""
    space = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        list(map(str, words)), cwd=cwd, env=space, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def linked(source: str, target: str) -> None:
    """A second name for a file, or a copy where the file systems differ."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of what it is made of, without a registry."""
    tree, out = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(COURSE / name, tree)
    left_out = shutil.ignore_patterns("__pycache__")
    shutil.copytree(COURSE / "autograder", tree / "autograder", ignore=left_out)
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", out)
    run(sys.executable, "-m", "pip", "wheel", *options, tree)
    (made,) = out.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the programs lie of an environment with the wheel and what it depends on."""
    place = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", place)
    paths = sysconfig.get_paths("venv", {"base": str(place), "platbase": str(place)})
    ignore = shutil.ignore_patterns(*LEFT_OUT)
    for kind in ("purelib", "platlib"):
        if not Path(paths[kind], "pip").exists():
            shutil.copytree(
                sysconfig.get_path(kind),
                paths[kind],
                ignore=ignore,
                copy_function=linked,
                dirs_exist_ok=True,
            )
    scripts = Path(paths["scripts"])
    run(scripts / "python", "-m", "pip", "install", "--no-deps", "--no-index", wheel)
    return scripts


@pytest.mark.slow
def test_every_file_of_the_package_is_in_the_wheel(wheel: Path) -> None:
    files = (path for path in (COURSE / "autograder").rglob("*") if path.is_file())
    ours = {path.relative_to(COURSE).as_posix() for path in files if path.suffix != ".pyc"}
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == ours


@pytest.mark.slow
def test_the_wheel_alone_begins_builds_verifies_and_grades(programs: Path, tmp_path: Path) -> None:
    autograder = programs / "autograder"
    code = "import autograder; print(autograder.__file__)"
    package = Path(run(programs / "python", "-c", code, cwd=tmp_path).strip()).parent
    assert package.is_relative_to(programs.parent)
    assert package != PACKAGE
    course = tmp_path / "course"
    run(autograder, "new", "course", course, cwd=tmp_path)
    for words in (["new", "lab", "lab1"], ["build"], ["build", "--check"], ["verify"]):
        run(autograder, *words, cwd=course)
    curious = CURIOUS.format(path=str(package / "judge" / "grader.py"))
    for name, text in (("right", RIGHT), ("wrong", WRONG), ("curious", curious)):
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    hand_ins = [tmp_path / f"{name}.py" for name in ("right", "wrong", "curious")]
    out = tmp_path / "out.json"
    run(autograder, "grade", "lab1", *hand_ins, "--json", out, "--jobs", "1", cwd=course)
    right, wrong, curious_one = json.loads(out.read_text(encoding="utf-8"))
    assert (right["score"], wrong["score"], curious_one["score"]) == (100, 0, 0)
    assert {one["mistake"] for one in wrong["exercises"]} == {"always_from_h0"}
    assert "isolated" in right["isolation"][0]
    told = curious_one["exercises"][0]["feedback"]
    assert "FileNotFoundError" in told or "PermissionError" in told
