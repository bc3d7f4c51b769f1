"""A lab of exercises that are there builds, is sound, is graded, helps nobody, and is a copy."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from autograder.chain import verify as proving
from autograder.chain.build import build, check
from autograder.chain.paper import paper
from autograder.chain.statements import imports, statements
from autograder.chain.verify import verify
from autograder.commands.main import main
from autograder.course import publishing
from autograder.course.grading import grade_class
from autograder.course.processes import grade_files
from autograder.labcheck.packing import unpacked
from autograder.spec.collection import CollectionError, collect

COURSE = Path(__file__).parents[1]
LABS = ("lab2_rnn", "lab3_lstm", "lab4_models", "lab5_clipping", "lab9_forecasting")
WRONG = "return np.stack([rnn_step(x[:, t], h0, W_xh, W_hh, b_h) for t in range(x.shape[1])], 1)"


def new(root: Path, *words: str) -> Result:
    """What `autograder new lab` does with some words."""
    return CliRunner().invoke(main, ["new", "lab", *words, "--course", str(root)])


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with some labs, each with one right program, and two papers made of them."""
    course = tmp_path_factory.mktemp("papers") / "course"
    for lab in LABS:
        shutil.copytree(COURSE / "exercises" / lab, course / "exercises" / lab)
        for file in sorted((course / "exercises" / lab / "right").glob("*.py"))[1:]:
            file.unlink()
        (course / "solutions").mkdir(exist_ok=True)
        shutil.copy(COURSE / "solutions" / f"{lab}.py", course / "solutions")
    shutil.copy(COURSE / "nbgrader_config.py", course)
    words = "midterm --from lab2_rnn:rnn_forward lab3_lstm:lstm_gates --minutes 90"
    done = new(course, *words.split())
    assert done.exit_code == 0, done.output
    told = "Handed out written, to be read by all: rnn_step of lab2_rnn, sigmoid of lab3_lstm."
    assert told in done.output
    done = new(course, *["mixed", "--from", "lab3_lstm:sigmoid", "lab9_forecasting:fit_scaler"])
    assert done.exit_code == 0, done.output
    assert "Left out: 1 cell with pictures" in done.output
    return course


@pytest.fixture(scope="module")
def built(root: Path) -> Path:
    """That course with the papers built."""
    build(["midterm", "mixed"], root)
    return root


def cells(root: Path, slug: str) -> list[dict[str, Any]]:
    """The cells that students get."""
    notebook = json.loads((root / f"release/{slug}/{slug}.ipynb").read_text("utf-8"))
    found: list[dict[str, Any]] = notebook["cells"]
    return found


def code(root: Path, slug: str) -> str:
    """All that students get, as one text."""
    return "\n".join("".join(cell["source"]) for cell in cells(root, slug))


@pytest.mark.slow
def test_papers_are_sound_and_so_are_the_labs_that_they_are_from(built: Path) -> None:
    proofs = verify(["midterm", "mixed"], built)
    assert [proof.faults for proof in proofs] == [(), ()]
    assert all(proof.sound for proof in proofs), proofs
    names = [[one.name for one in proof.exercises] for proof in proofs]
    assert names == [["rnn_forward", "lstm_gates"], ["sigmoid", "fit_scaler"]]
    assert any(one.variants for proof in proofs for one in proof.exercises)
    assert check(["midterm", "mixed"], built) == []


def test_what_a_paper_hands_out_is_no_leak_of_a_lab_that_it_is_a_copy_of(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab3 = collect("lab3_lstm", built)
    assert proving._leaks(lab3) == []
    monkeypatch.setattr(proving, "_handed_out", lambda collected: set())
    assert any("assignments/midterm.py" in line for line in proving._leaks(lab3))


def test_points_are_scaled_and_the_text_says_how_long_one_has(built: Path) -> None:
    assert collect("midterm", built).points == collect("mixed", built).points == 100
    midterm, mixed = code(built, "midterm"), code(built, "mixed")
    assert midterm.startswith("# Midterm\n\nYou have 90 minutes.\n\n**How to work**")
    assert "minutes" not in mixed.split("**How to work**")[0]
    assert "**Not allowed:** `torch`" in midterm
    assert "**Not allowed in `sigmoid`:** `torch`" in mixed
    assert "Stuck?" not in midterm + (built / "assignments/midterm.py").read_text("utf-8")


def test_what_an_exercise_uses_is_handed_out_and_what_only_specs_use_is_not(built: Path) -> None:
    given = {
        "".join(cell["source"]).split("(")[0]: cell
        for cell in cells(built, "midterm")
        if cell["cell_type"] == "code" and "".join(cell["source"]).startswith("def ")
    }
    assert list(given) == ["def rnn_step", "def rnn_forward", "def sigmoid", "def lstm_gates"]
    written = "".join(given["def rnn_step"]["source"])
    assert "np.tanh(x @ W_xh" in written and "SOLUTION" not in written
    assert given["def rnn_step"]["metadata"]["nbgrader"]["locked"]
    assert "NotImplementedError" in "".join(given["def rnn_forward"]["source"])
    assert "def rnn_step_backward" in (built / "solutions/midterm.py").read_text("utf-8")
    assert "rnn_step_backward" not in code(built, "midterm")


def test_text_of_the_chosen_exercises_comes_along_with_pictures_that_run(root: Path) -> None:
    midterm = (root / "solutions/midterm.py").read_text("utf-8")
    sections = [line for line in midterm.splitlines() if line.startswith("# ## ")]
    assert sections == [
        "# ## Conventions: A recurrent network by hand",
        "# ## Conventions: LSTM and GRU gates by hand",
        "# ## Given: A recurrent network by hand",
        "# ## 1. A sequence",
        "# ## Given: LSTM and GRU gates by hand",
        "# ## 2. Four gates",
    ]
    assert 'guess="pulse"' in midterm and "Keep this as a test" in midterm
    alone = paper("alone", {"lab2_rnn": ["half_squared_error"]}, None, True, root)
    text = alone.texts["solutions/alone.py"]
    assert alone.left_out == 1 and "## 1. How wrong is it?" in text
    assert "Look: what the square does" not in text and "matplotlib" not in text
    assert "Call `hint(half_squared_error)`" in text
    assert "hints" not in alone.texts["exercises/alone/__init__.py"]


def test_a_paper_is_a_copy_with_cases_of_its_own(built: Path) -> None:
    files = [*(built / "exercises/midterm").rglob("*.py"), built / "solutions/midterm.py"]
    texts = "".join(file.read_text("utf-8") for file in files)
    assert not any(f"{part}.{lab}" in texts for part in ("solutions", "exercises") for lab in LABS)

    def first(record: Path, name: str) -> Any:
        (one,) = (it for it in unpacked_record(record)["exercises"] if it["name"] == name)
        return one["cases"][0]["arguments"][0][1]

    own = first(built / "release/midterm/visible.json", "rnn_forward")
    theirs = first(COURSE / "release/lab2_rnn/visible.json", "rnn_forward")
    assert own["a"]["shape"] == theirs["a"]["shape"] and own != theirs


def unpacked_record(record: Path) -> Any:
    return unpacked(json.loads(record.read_text("utf-8")))


def test_a_check_says_right_or_not_yet_and_nobody_is_helped(built: Path, tmp_path: Path) -> None:
    for exercise in unpacked_record(built / "release/midterm/visible.json")["exercises"]:
        assert [exercise[key] for key in ("hints", "look", "probes", "when_right")] == [
            *([], "", [], "")
        ]
        assert all(case["mistakes"] == {} and not case["why"] for case in exercise["cases"])
    ada = built / "assignments" / "ada.py"
    ada.write_text(handed_in(built), "utf-8")

    def said(*words: str) -> str:
        done = [sys.executable, "labcheck.pyz", "ada.py", *words]
        return subprocess.run(
            done, cwd=ada.parent, check=False, capture_output=True, text=True
        ).stdout

    try:
        found, asked = said(), said("--hint", "--more")
    finally:
        ada.unlink()
    assert "rnn_forward    not right yet" in found and "First wrong" in found
    assert not any(word in found for word in ("Hint", "What it does", "Notice", "Look at"))
    assert "There are no hints in this lab" in asked and "h0" not in asked.split("Hint")[1]


def handed_in(root: Path) -> str:
    """The starter file with a wrong rnn_forward, and nothing else written."""
    starter = (root / "assignments/midterm.py").read_text("utf-8")
    before, name, after = starter.partition("def rnn_forward(")
    lines = after.splitlines()
    place = next(n for n, line in enumerate(lines) if "NotImplementedError" in line)
    lines[place] = f"    {WRONG}"
    return "\n".join([before + name + lines[0], *lines[1:]]) + "\n"


@pytest.mark.slow
def test_a_class_is_graded_with_feedback_pages_and_marks(built: Path, tmp_path: Path) -> None:
    for name, text in (
        ("ada", handed_in(built)),
        ("bob", (built / "solutions/midterm.py").read_text("utf-8")),
    ):
        folder = built / "submitted" / name / "midterm"
        folder.mkdir(parents=True)
        (folder / "midterm.py").write_text(text, "utf-8")
    graded = grade_class("midterm", b"secret", root=built, isolation="process")
    assert (graded.students, graded.booked, graded.review, graded.faults) == (2, 2, 0, [])
    page = publishing.report("midterm", tmp_path / "class.html", built)
    assert "every step starts again from h0" in page.read_text("utf-8")
    ada, bob = publishing.as_text("midterm", "csv", built).splitlines()[1:]
    assert ",always_from_h0," in ada or "always_from_h0" in ada
    assert "100" in bob
    mixed = built / "solutions" / "mixed.py"
    (report,) = grade_files("mixed", [mixed], b"secret", root=built, isolation="process")
    assert [one.outcome for one in report.exercises] == ["right", "right"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("final --from lab22:rnn_step", "there is no lab 'lab22'; the labs are: lab2_rnn"),
        ("final --from lab2_rnn:rnn_stop", "lab2_rnn has no exercise 'rnn_stop'; it has: rnn_st"),
        ("final --from lab2_rnn", "'lab2_rnn' names no exercise: write LAB:EXERCISE,EXERCISE"),
        ("lab3_lstm --from lab2_rnn:rnn_step", "is there already and stays: choose another name"),
        ("Final --from lab2_rnn:rnn_step", "'Final' cannot name a lab: use lower-case letters"),
        (
            "final --minutes 90",
            "say with --from LAB:EXERCISE,… which exercises the lab is made of",
        ),
        (
            "final --from lab2_rnn:rnn_step twin:rnn_step",
            "lab2_rnn and twin both have an exercise 'rnn_step', and a lab has each name once",
        ),
        (
            "final --from lab4_models:SequenceClassifier lab5_clipping:detach_state",
            "lab4_models and lab5_clipping both define State, each differently: rename it in",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence_and_nothing_is_written(
    root: Path, tmp_path: Path, words: str, told: str
) -> None:
    course = tmp_path / "course"
    shutil.copytree(root, course, ignore=shutil.ignore_patterns("m*", "submitted"))
    if "twin" in words:
        text = (course / "solutions/lab2_rnn.py").read_text("utf-8")
        (course / "solutions/twin.py").write_text(text, "utf-8")
        shutil.copytree(course / "exercises/lab2_rnn", course / "exercises/twin")
        for file in (course / "exercises/twin").rglob("*.py"):
            file.write_text(file.read_text("utf-8").replace("lab2_rnn", "twin"), "utf-8")
    before = sorted(course.rglob("*.py"))
    done = new(course, *words.split())
    assert done.exit_code != 0 and told in done.output, done.output
    assert sorted(course.rglob("*.py")) == before


def test_an_import_that_cannot_be_written_anew_is_named_with_its_line(
    root: Path, tmp_path: Path
) -> None:
    course = tmp_path / "course"
    shutil.copytree(root, course, ignore=shutil.ignore_patterns("m*", "submitted"))
    spec = course / "exercises/lab2_rnn/rnn_step.py"
    spec.write_text(spec.read_text("utf-8") + "import exercises.lab2_rnn._draws\n", "utf-8")
    line = len(spec.read_text("utf-8").splitlines())
    with pytest.raises(CollectionError, match=rf"rnn_step.py, line {line}: this import is no"):
        paper("final", {"lab2_rnn": ["rnn_step"]}, None, False, course)


def test_imports_are_put_together_as_is_usual() -> None:
    code = "from typing import Any\nimport numpy as np\nfrom typing import Callable\nimport math\n"
    found = [one.text for one in statements(code)]
    both = "import math\nfrom typing import Any, Callable\n\nimport numpy as np"
    assert imports([*found, "import math"]) == both
    assert imports([f"from long import {'n' * 30}{n}" for n in range(4)]).startswith(
        "from long import (\n    "
    )
