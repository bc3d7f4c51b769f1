"""New courses, labs and exercises build, are sound and are graded, and overwrite nothing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autograder.chain.build import build, check, unfinished
from autograder.chain.scaffold import ARRAYS, course_texts, exercise_texts, lab_texts
from autograder.chain.verify import verify
from autograder.commands.main import main
from autograder.spec.collection import collect, problems

COURSE = Path(__file__).parents[1]
LOOK = "`look` is empty: say where to look if no known mistake was made"
WRONG = """\
import numpy as np

def smooth(x, h0, keep):
    return np.stack([keep * h0 + (1 - keep) * x[:, t] for t in range(x.shape[1])], axis=1)
"""


def new(*words: str | Path) -> Result:
    """What `autograder new` does with some words."""
    return CliRunner().invoke(main, ["new", *map(str, words)])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A new course with the lab lab1."""
    course = tmp_path / "course"
    assert new("course", course).exit_code == 0
    assert new("lab", "lab1", "--course", course).exit_code == 0
    return course


def texts(root: Path) -> dict[str, str]:
    """All files of a course."""
    files = sorted(path for path in root.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in files}


def test_a_course_begins_with_few_files_and_says_what_to_type_next(tmp_path: Path) -> None:
    done = new("course", tmp_path / "one")
    assert done.output.splitlines()[-1] == f"  autograder new lab lab1 --course {tmp_path}/one"
    assert texts(tmp_path / "one") == course_texts()
    assert {path.name for path in (tmp_path / "one").iterdir() if path.is_dir()} == {
        "exercises",
        "solutions",
    }


def test_within_the_course_the_next_command_needs_no_option(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    assert new("lab", "lab2").output.splitlines()[-4:] == [
        "Next:",
        "  autograder build lab2",
        "  autograder verify lab2",
        "  autograder grade lab2 exercises/lab2/right/plain.py",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("arrays", list(ARRAYS))
def test_a_new_lab_builds_and_is_sound(tmp_path: Path, arrays: str) -> None:
    assert new("course", tmp_path).exit_code == 0
    assert new("lab", "lab1", "--arrays", arrays, "--course", tmp_path).exit_code == 0
    build([], tmp_path)
    assert check([], tmp_path) == []
    (proof,) = verify([], tmp_path)
    assert proof.sound, proof
    assert [one.name for one in proof.exercises] == ["smooth", "unroll"]
    assert all(one.accepted == one.variants == 1 for one in proof.exercises)
    assert collect("lab1", tmp_path).exercises[1].scenario is not None


@pytest.mark.slow
def test_a_new_lab_grades_hand_ins(root: Path, tmp_path: Path) -> None:
    hand_in, out = tmp_path / "ada.py", tmp_path / "out.json"
    hand_in.write_text(WRONG, encoding="utf-8")
    right = root / "exercises/lab1/right/plain.py"
    words = ["grade", "lab1", right, hand_in, "--course", root, "--json", out, "--jobs", "1"]
    done = subprocess.run([sys.executable, "-m", "autograder", *map(str, words)], check=False)
    assert done.returncode == 0
    plain, ada = json.loads(out.read_text(encoding="utf-8"))
    assert (plain["score"], ada["score"]) == (100, 0)
    assert [one["mistake"] for one in ada["exercises"]] == ["always_from_h0", None]


@pytest.mark.parametrize("arrays", list(ARRAYS))
def test_new_files_are_formatted_and_without_faults(tmp_path: Path, arrays: str) -> None:
    ruff = [
        Path(sys.executable).with_name("ruff"),
        "--quiet",
        "--config",
        COURSE / "pyproject.toml",
    ]
    ours = ["--config", 'src=["."]', "--config", 'lint.isort.known-first-party=["autograder"]']
    made = lab_texts("lab1", arrays) | exercise_texts("lab1", "mine")
    for path, text in made.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    for words in (["check", *ours], ["format", "--check"]):
        command = [ruff[0], words[0], *ruff[1:], *words[1:], "."]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_a_new_exercise_is_a_draft_that_leaves_other_specs_alone(root: Path) -> None:
    before = texts(root)
    done = new("exercise", "lab1", "my_step", "--course", root)
    assert done.output.splitlines()[-2:] == [
        f"  autograder build lab1 --draft --course {root}",
        f"  autograder verify lab1 my_step --course {root}",
    ]
    after = texts(root)
    assert after.pop("exercises/lab1/my_step.py")
    assert after.pop("solutions/lab1.py").startswith(before.pop("solutions/lab1.py"))
    assert after == before
    assert unfinished([], root) == [f"exercises/lab1/my_step.py: {LOOK}"]


@pytest.mark.slow
def test_a_lab_with_a_new_exercise_is_built_as_a_draft_only(root: Path) -> None:
    new("exercise", "lab1", "my_step", "--course", root)
    refused = CliRunner().invoke(main, ["build", "--course", str(root)])
    assert refused.exit_code == 1
    assert f"exercises/lab1/my_step.py: {LOOK}" in refused.output
    assert not (root / "release").exists()
    built = CliRunner().invoke(main, ["build", "--draft", "--course", str(root)])
    assert built.exit_code == 0
    assert built.output.startswith(f"DRAFT, not finished: exercises/lab1/my_step.py: {LOOK}")
    assert "def my_step" in (root / "assignments/lab1.py").read_text(encoding="utf-8")
    assert "2.0 * x" not in (root / "release/lab1/lab1.ipynb").read_text(encoding="utf-8")


def test_an_exercise_with_its_look_written_is_finished(root: Path) -> None:
    new("exercise", "lab1", "my_step", "--course", root)
    spec = root / "exercises/lab1/my_step.py"
    spec.write_text(spec.read_text("utf-8").replace('look=""', 'look="There."'), "utf-8")
    found = collect("lab1", root)
    assert problems(found) == []
    assert (found.points, found.exercises[-1].name) == (100, "my_step")


def test_a_lab_without_a_last_line_end_gets_its_cell_all_the_same(root: Path) -> None:
    lab = root / "solutions/lab1.py"
    lab.write_text(lab.read_text("utf-8").rstrip("\n"), "utf-8")
    assert new("exercise", "lab1", "my_step", "--course", root).exit_code == 0
    assert "### END SOLUTION\n\n\n# %% [markdown]\n# ## my_step\n" in lab.read_text("utf-8")


@pytest.mark.slow
def test_the_exercise_of_contributing_md_is_sound_as_it_stands_there(root: Path) -> None:
    blocks = re.findall(
        r"```python\n(.*?)```", (COURSE / "CONTRIBUTING.md").read_text("utf-8"), re.S
    )
    cell, spec = (textwrap.dedent(block) for block in blocks if "rnn_step" in block)
    assert new("exercise", "lab1", "rnn_step", "--course", root).exit_code == 0
    lab = root / "solutions/lab1.py"
    before, _, _ = lab.read_text("utf-8").partition('# %% exercise="rnn_step"')
    lab.write_text(before + cell, "utf-8")
    (root / "exercises/lab1/rnn_step.py").write_text(spec, "utf-8")
    build([], root)
    (proof,) = verify([], root)
    assert proof.sound, proof
    assert proof.exercises[-1].told_apart == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["lab", "lab1"], "exercises/lab1 is there already and stays: choose another name"),
        (["lab", "ps1"], "source/ps1 is there already and stays: choose another name"),
        (["lab", "Lab-1"], "'Lab-1' cannot name a lab: use lower-case letters"),
        (["lab", "class"], "'class' cannot name a lab"),
        (["exercise", "lab1", "smooth"], "solutions/lab1.py has smooth already: choose another"),
        (["exercise", "lab1", "np"], "solutions/lab1.py has np already: choose another name"),
        (["exercise", "lab1", "spare"], "exercises/lab1/spare.py is there already and stays"),
        (["exercise", "lab1", "2x"], "'2x' cannot name an exercise: use letters"),
        (["exercise", "lab1", "_x"], "'_x' cannot name an exercise"),
        (["exercise", "lab1", "lambda"], "'lambda' cannot name an exercise"),
        (["exercise", "lab9", "mine"], "there is no lab 'lab9'; the labs are: lab1"),
    ],
)
def test_what_is_there_and_what_is_no_name_is_refused(
    root: Path, words: list[str], said: str
) -> None:
    (root / "source/ps1").mkdir(parents=True)
    (root / "exercises/lab1/spare.py").write_text("# mine\n", encoding="utf-8")
    before = texts(root)
    done = new(*words, "--course", root)
    assert done.exit_code in (1, 2)
    assert said in done.output.splitlines()[-1]
    assert texts(root) == before


def test_a_course_is_begun_once(root: Path) -> None:
    before = texts(root)
    done = new("course", root)
    assert (done.exit_code, done.output) == (
        1,
        f"Error: {root}/solutions is there already, so this is a course: "
        f"go on with autograder new lab NAME --course {root}\n",
    )
    assert texts(root) == before


def test_a_folder_with_files_of_those_names_is_refused(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")
    done = new("course", tmp_path)
    assert (done.exit_code, done.output) == (
        1,
        f"Error: {tmp_path}/README.md is there already and stays: "
        "move it elsewhere, or begin in a new folder\n",
    )
    assert texts(tmp_path) == {"README.md": "mine"}


def test_a_course_of_nbgraders_keeps_what_it_has_and_is_told_what_to_add(tmp_path: Path) -> None:
    own = {"nbgrader_config.py": "c = get_config()\n", "README.md": "mine"}
    for path, text in own.items():
        (tmp_path / path).write_text(text, encoding="utf-8")
    done = new("course", tmp_path)
    assert done.exit_code == 0
    assert texts(tmp_path) == own | {".gitignore": course_texts()[".gitignore"]}
    assert "nbgrader_config.py is as it was.  Put this at its end:" in done.output
    assert "\nfrom autograder.nbgrader import configure\nconfigure(c)\n" in done.output


def test_a_place_where_nothing_can_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = new("course", tmp_path / "file" / "course")
    assert (done.exit_code, done.output) == (
        1,
        f"Error: {tmp_path}/file/course/solutions cannot be written: Not a directory\n",
    )
