"""The chain makes the same files each time, shows no solution, and says what is out of date."""

from __future__ import annotations

import inspect
import json
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.nbgraderformat import reads as nbgrader_reads

from autograder.chain import build as chain
from autograder.chain.archive import archive
from autograder.chain.build import BuildError, Files, build, check, make
from autograder.chain.compare import agree, first_difference, record_text
from autograder.chain.leaks import leaks, leaks_of_all, secrets
from autograder.commands.main import main
from autograder.labcheck.packing import unpacked
from autograder.spec import collection
from autograder.spec.collection import CollectionError

COURSE = Path(__file__).parents[1]

LAB = '''\
"""A lab made up for tests."""

# %% [markdown]
# # Doubling
#
# Two *short* functions: ½ and ×.

# %%
import math

SCALE = math.sqrt(4.0)

# %% [markdown]
# ## One number

# %% exercise="double"
def double(x: float) -> float:
    """Twice a number."""
    ### BEGIN SOLUTION
    secret_factor = SCALE
    return secret_factor * x
    ### END SOLUTION


# %% active="ipynb"
# # A picture.
# print(double(3.0))
#
# print(double(4.0))

# %% [markdown]
# ## One number

# %% exercise="Doubler"
class Doubler:
    """Doubles again and again."""

    def __init__(self, x: float) -> None:
        """Start from x."""
        ### BEGIN SOLUTION
        self.hidden_start = x
        ### END SOLUTION

    def next(self) -> float:
        """The next number."""
        ### BEGIN SOLUTION
        self.hidden_start = double(self.hidden_start)
        return self.hidden_start
        ### END SOLUTION
'''
SPEC = """\
from autograder.spec import Exercise
from solutions.{slug} import {name}

EXERCISE = Exercise(
    reference={name}, inputs=lambda rng: {{"x": rng.random()}}, points={points}, look="Read it."
)
"""
PLACES = ("source", "release")


def write(root: Path, path: str, text: str) -> Path:
    """Write one file of a made-up course."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def add_lab(root: Path, slug: str, text: str = LAB) -> None:
    """Add a lab to a made-up course."""
    init = f'from autograder.spec import Lab\n\nLAB = Lab(title="The {slug}", arrays="numpy")\n'
    write(root, f"solutions/{slug}.py", text)
    write(root, f"exercises/{slug}/__init__.py", init)
    for name, points in (("double", 37.5), ("Doubler", 62.5)):
        spec = SPEC.format(slug=slug, name=name, points=points)
        write(root, f"exercises/{slug}/{name}.py", spec)


def unfinish(root: Path, points: str) -> list[str]:
    """Take the points of an exercise of the made-up lab away; what is then left to do."""
    spec = SPEC.format(slug="small", name="double", points=points)
    write(root, "exercises/small/double.py", spec)
    shown = points if points != "float('nan')" else "nan"
    return [f"exercises/small/double.py: points={shown}: give a number above 0"]


@pytest.fixture(autouse=True)
def plain_record(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Made-up labs are recorded without workers; tests of the chain need only some numbers."""
    if "real" in request.fixturenames:
        return

    def recorded(collected: collection.Collected) -> dict[str, Any]:
        names = [exercise.name for exercise in collected.exercises]
        exercises = [{"name": name, "due": [0.1, 2.5]} for name in names]
        return {"schema": 1, "lab": collected.slug, "exercises": exercises}

    monkeypatch.setattr(chain, "_visible", recorded)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A made-up course with one lab."""
    course = tmp_path / "course"
    add_lab(course, "small")
    shutil.copy(COURSE / "nbgrader_config.py", course)
    return course


@pytest.fixture(scope="module")
def real() -> Files:
    """What this course has of its own labs; `build --check` proves that a build makes it."""
    folders = (COURSE / name for name in (*PLACES, "assignments"))
    files = (file for folder in folders for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(COURSE).as_posix(): file.read_bytes() for file in files}


def cells(files: Files, path: str) -> list[dict[str, Any]]:
    """The cells of a notebook that was built."""
    found: list[dict[str, Any]] = json.loads(files[path])["cells"]
    return found


def ids(files: Files) -> list[str]:
    """The ids of the made-up lab's released cells."""
    return [cell["id"] for cell in cells(files, "release/small/small.ipynb")]


def code(files: Files, path: str) -> list[tuple[dict[str, Any], str]]:
    """Metadata and text of a notebook's code cells."""
    found = cells(files, path)
    return [(c["metadata"], "".join(c["source"])) for c in found if c["cell_type"] == "code"]


def slugs_in(files: Files) -> list[str]:
    """The labs that files were made from."""
    return sorted(path.split("/")[1] for path in files if re.fullmatch(r"source/.*\.ipynb", path))


# What is made


def test_a_build_makes_what_students_and_nbgrader_need(root: Path) -> None:
    written = [path.relative_to(root).as_posix() for path in build([], root)]
    assert written == [
        "assignments/.github/workflows/labcheck.yml",
        "assignments/README.md",
        "assignments/labcheck.pyz",
        "assignments/requirements.txt",
        "assignments/small.py",
        "assignments/visible/small.json",
        "release/small/labcheck.pyz",
        "release/small/small.ipynb",
        "release/small/visible.json",
        "source/small/small.ipynb",
        "source/small/visible.json",
    ]
    assert (root / "assignments/labcheck.pyz").read_bytes() == archive()
    assert (root / "release/small/labcheck.pyz").read_bytes() == archive()


def test_a_build_leaves_nothing_else_behind(
    root: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    make([], root)
    before = set(root.rglob("*"))
    build([], root)
    new = {path.relative_to(root).parts[0] for path in set(root.rglob("*")) - before}
    assert new == {"source", "release", "assignments"}
    assert Path.cwd() == root
    assert capfd.readouterr() == ("", "")


def test_a_second_build_writes_nothing(root: Path) -> None:
    build([], root)
    assert build([], root) == []


def test_progress_is_told(root: Path) -> None:
    told: list[str] = []
    build([], root, progress=told.append)
    assert told == ["small: building"]


def test_the_notebook_has_the_cells_that_it_should_have(root: Path) -> None:
    files = make([], root)
    assert ids(files) == [
        "text-doubling",
        "labcheck",
        "code-import-math",
        "text-one-number",
        "double",
        "check-double",
        "demo-a-picture",
        "text-one-number--2",
        "Doubler",
        "check-Doubler",
    ]
    texts = dict(zip(ids(files), cells(files, "release/small/small.ipynb"), strict=True))
    assert "".join(texts["labcheck"]["source"][1:]) == (
        'import sys; sys.path.insert(0, "labcheck.pyz")\n'
        "from labcheck import check, guess, hint, play, progress, reveal"
    )
    assert texts["check-Doubler"]["source"] == ["check(Doubler)"]
    folded = {"jupyter": {"source_hidden": True}, "tags": ["demo", "raises-exception"]}
    assert texts["demo-a-picture"]["metadata"] == folded
    assert "".join(texts["demo-a-picture"]["source"]) == (
        "# A picture.\nprint(double(3.0))\n\nprint(double(4.0))"
    )
    assert "".join(texts["double"]["source"]) == (
        'def double(x: float) -> float:\n    """Twice a number."""\n'
        "    # YOUR CODE HERE\n    raise NotImplementedError()"
    )


def test_a_guess_stands_before_its_picture_and_code_to_read_is_not_folded(root: Path) -> None:
    asked = LAB.replace('active="ipynb"', 'active="ipynb" guess="four" shown="yes"', 1)
    text = asked.replace("# print(double(4.0))", '# reveal("four", 8)')
    write(root, "solutions/small.py", text)
    files = make([], root)
    names = ids(files)
    place = names.index("guess-four")
    guess, picture = cells(files, "release/small/small.ipynb")[place : place + 2]
    assert guess["source"] == ['guess("…", about="four")']
    tags = {"tags": ["demo", "raises-exception"]}
    assert guess["metadata"] == picture["metadata"] == tags
    assert "guess" not in files["assignments/small.py"].decode()


def test_a_notebook_says_that_it_is_generated_and_from_what(root: Path) -> None:
    files = make([], root)
    for place in PLACES:
        metadata = json.loads(files[f"{place}/small/small.ipynb"])["metadata"]
        assert metadata == {
            "generated": "by autograder build from solutions/small.py; do not edit",
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }


def test_ids_stay_when_another_cell_comes(root: Path) -> None:
    before = ids(make([], root))
    write(root, "solutions/small.py", LAB.replace("# %%\nimport", "# %%\nNEW = 1\n\n# %%\nimport"))
    after = ids(make([], root))
    assert "code-new-1" in after
    assert [one for one in after if one != "code-new-1"] == before


def test_a_lab_without_a_title_gets_its_setup_first(root: Path) -> None:
    write(root, "solutions/small.py", LAB[LAB.index("# %%\nimport") :])
    assert ids(make([], root))[:2] == ["labcheck", "code-import-math"]


def test_the_starter_file_is_the_notebook_for_an_editor(root: Path) -> None:
    text = make([], root)["assignments/small.py"].decode()
    assert text.startswith("# This file is yours to fill in")
    assert "# %% [markdown]\n# # Doubling\n#\n# Two *short* functions: ½ and ×.\n" in text
    assert '# %%\ndef double(x: float) -> float:\n    """Twice a number."""\n' in text
    for gone in ("labcheck import", "check(", "print(", "nbgrader", "exercise=", "jupytext"):
        assert gone not in text


def test_the_readme_names_every_lab(root: Path) -> None:
    add_lab(root, "tall")
    text = chain.shared_files(root)["assignments/README.md"].decode()
    assert "- `small.py`: The small\n- `tall.py`: The tall\n" in text
    assert "python labcheck.pyz small.py --watch" in text


# The same for labs that are made up and for those of this course


def valid(files: Files) -> None:
    """Assert that nbgrader takes the notebooks, and that they hold no output."""
    for slug in slugs_in(files):
        for place in PLACES:
            path = f"{place}/{slug}/{slug}.ipynb"
            notebook = nbgrader_reads(files[path].decode(), as_version=4)
            MetadataValidator().validate_nb(notebook)
            assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
            assert not any(cell.get("outputs") for cell in notebook.cells)
            assert not any(cell.get("execution_count") for cell in notebook.cells)


def points(files: Files, slug: str) -> dict[str, float]:
    """What the check cells of a lab are worth."""
    marked = (cell["metadata"] for cell in cells(files, f"release/{slug}/{slug}.ipynb"))
    settings = (metadata.get("nbgrader", {}) for metadata in marked)
    return {one["grade_id"]: one["points"] for one in settings if one.get("grade")}


def runs_to_the_stubs(files: Files) -> None:
    """Assert that released notebooks run as they are, and that only stubs stop them."""
    for slug in slugs_in(files):
        names: dict[str, Any] = {"check": callable, "__name__": "notebook"}
        for metadata, text in code(files, f"release/{slug}/{slug}.ipynb"):
            if "demo" not in metadata.get("tags", []):
                exec(compile(text, f"{slug}.ipynb", "exec"), names)
        starter: dict[str, Any] = {"__name__": slug}
        exec(compile(files[f"assignments/{slug}.py"], f"{slug}.py", "exec"), starter)
        for check_id in points(files, slug):
            name = check_id.removeprefix("check-")
            for place in (names, starter):
                assert inspect.getdoc(place[name])
                assert is_stub(place[name])


def is_stub(entry: Callable[..., Any]) -> bool:
    """Whether a call does nothing but say that nothing was written yet."""
    function = entry.__init__ if inspect.isclass(entry) else entry
    assert isinstance(function, types.FunctionType)
    needed = [p for p in inspect.signature(function).parameters.values() if p.default is p.empty]
    by_name = {p.name: None for p in needed if p.kind is p.KEYWORD_ONLY}
    try:
        function(*[None] * (len(needed) - len(by_name)), **by_name)
    except NotImplementedError:
        return True
    return False


def no_leaks(files: Files, root: Path) -> None:
    """Assert that nothing made for students shows a line of a solution."""
    for slug in slugs_in(files):
        authored = (root / "solutions" / f"{slug}.py").read_text(encoding="utf-8")
        assert secrets(authored)[0]
        assert leaks(slug, authored, files) == []
        for path in (f"release/{slug}/{slug}.ipynb", f"assignments/{slug}.py"):
            assert b"BEGIN SOLUTION" not in files[path]


def test_made_up_labs_are_valid_run_to_the_stubs_and_show_no_solution(root: Path) -> None:
    files = make([], root)
    valid(files)
    runs_to_the_stubs(files)
    no_leaks(files, root)
    assert points(files, "small") == {"check-double": 37.5, "check-Doubler": 62.5}


@pytest.mark.slow
def test_the_labs_of_this_course_are_valid(real: Files) -> None:
    valid(real)
    for slug in collection.labs():
        assert sum(points(real, slug).values()) == pytest.approx(100)


@pytest.mark.slow
def test_the_labs_of_this_course_run_to_the_stubs(real: Files) -> None:
    runs_to_the_stubs(real)


@pytest.mark.slow
def test_the_labs_of_this_course_show_no_solution(real: Files) -> None:
    no_leaks(real, COURSE)


@pytest.mark.slow
def test_two_builds_of_labs_of_this_course_are_the_same_byte_by_byte(real: Files) -> None:
    chosen = ["lab2_rnn", "lab4_models"]
    made = make(chosen)
    assert slugs_in(made) == chosen
    assert make(chosen) == made
    assert made.keys() <= real.keys()


def test_two_builds_in_two_folders_are_the_same_byte_by_byte(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere" / "the same course"
    shutil.copytree(root, other)
    assert make([], root) == make([], other)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_labs_built_side_by_side_are_as_if_built_alone(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_lab(root, "tall")
    forking = multiprocessing.get_context("fork")  # so that plain_record holds there too
    monkeypatch.setattr(multiprocessing, "get_context", lambda _: forking)
    monkeypatch.setattr(chain, "_cores", lambda: 2)
    told: list[str] = []
    together = make([], root, told.append)
    assert sorted(told) == ["small: built", "tall: built"]
    assert together == make(["small"], root) | make(["tall"], root)


# Leaks


def test_a_line_of_a_solution_is_found_wherever_it_stands(root: Path) -> None:
    files = make([], root)
    line = "secret_factor = SCALE"
    for path in ("release/small/notes.md", "assignments/small.py", "release/small/visible.json"):
        leaky = files | {path: json.dumps(f"x; {line}").encode()}
        assert leaks("small", LAB, leaky) == [
            f"{path}: shows a line of a solution of solutions/small.py: {line}"
        ]
    assert leaks("small", LAB, files | {"source/small/small.ipynb": line.encode()}) == []


@pytest.mark.parametrize("draft", [False, True])
def test_a_build_that_would_show_a_solution_is_refused(
    root: Path, monkeypatch: pytest.MonkeyPatch, draft: bool
) -> None:
    if draft:
        unfinish(root, "0")

    def unstripped(_: str, files: Files, __: Path) -> Files:
        return {path.replace("source", "release"): text for path, text in files.items()}

    monkeypatch.setattr(chain, "_released", unstripped)
    with pytest.raises(BuildError, match=r"release/small/small\.ipynb: shows a line of a solut"):
        build([], root, draft=draft)
    assert not (root / "release").exists()


@pytest.mark.slow
def test_nbgrader_alone_makes_the_same_release(root: Path) -> None:
    build([], root)
    made = {file: file.read_bytes() for file in (root / "release").rglob("*") if file.is_file()}
    shutil.rmtree(root / "release")
    done = nbgrader("generate_assignment", "small", folder=root)
    assert done.returncode == 0, done.stderr
    assert {file: file.read_bytes() for file in (root / "release").rglob("*.*")} == made


@pytest.mark.slow
def test_nbgrader_alone_refuses_an_authored_file_in_source(root: Path) -> None:
    build([], root)
    write(root, "source/small/small.py", LAB)
    done = nbgrader("generate_assignment", "small", "--force", folder=root)
    assert done.returncode == 1
    assert "small.py would reach students with its solution: move it" in done.stderr
    assert not (root / "release/small").exists()


@pytest.mark.slow
def test_an_assignment_that_is_no_lab_gets_no_labcheck(root: Path) -> None:
    build([], root)
    other = write(root, "source/other/other.ipynb", "")
    shutil.copy(root / "source/small/small.ipynb", other)
    done = nbgrader("generate_assignment", "other", folder=root)
    assert done.returncode == 0, done.stderr
    assert [file.name for file in (root / "release/other").iterdir()] == ["other.ipynb"]


def nbgrader(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run an nbgrader command as an instructor would, with the environment's programs on PATH."""
    command = [sys.executable, "-m", "nbgrader", *arguments]
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": programs},
        capture_output=True,
        text=True,
        check=False,
    )


# Checking


def test_nothing_is_wrong_after_a_build(root: Path) -> None:
    build([], root)
    assert check([], root) == []


def test_a_changed_byte_is_found_with_its_file_and_the_command(root: Path) -> None:
    build([], root)
    for path, command in (
        ("source/small/small.ipynb", "autograder build small"),
        ("release/small/small.ipynb", "autograder build small"),
        ("assignments/small.py", "autograder build small"),
        ("assignments/README.md", "autograder build"),
    ):
        file = root / path
        text = file.read_text(encoding="utf-8")
        file.write_text(text[:-2] + "?" + text[-1], encoding="utf-8")
        line = text.count("\n")
        assert check([], root) == [f"{path}: line {line} is not what a build makes: run {command}"]
        build([], root)
        assert check([], root) == []


def test_a_missing_file_is_found(root: Path) -> None:
    build([], root)
    (root / "assignments/visible/small.json").unlink()
    assert check([], root) == [
        "assignments/visible/small.json: missing: run autograder build small"
    ]


def test_recorded_numbers_agree_within_a_tolerance_and_stay_as_they_are(root: Path) -> None:
    build([], root)
    file = root / "release/small/visible.json"
    whole = json.dumps(unpacked(json.loads(file.read_text(encoding="utf-8"))))
    near = record_text(json.loads(whole.replace("2.5", "2.5000001")))
    assert near != file.read_bytes()
    file.write_bytes(near)
    assert check([], root) == []
    assert build([], root) == []
    assert file.read_bytes() == near
    file.write_bytes(record_text(json.loads(whole.replace("2.5", "2.501", 1))))
    (line,) = check([], root)
    assert line.startswith("release/small/visible.json: line ")
    assert line.endswith(" is not what a build makes: run autograder build small")


def test_a_line_of_a_solution_is_found_inside_of_what_is_packed() -> None:
    line = "hidden = np.tanh(x @ W_xh + before @ W_hh)"
    authored = f"def f():\n    ### BEGIN SOLUTION\n    {line}\n    ### END SOLUTION\n"
    values = {"a": {"kind": "numpy", "dtype": "float64", "shape": [1], "values": [0.3]}}
    case = {"due": values, "why": f"one\n    {line}"}
    content = record_text({"lab": "a", "exercises": [{"cases": [case, {**case, "why": ""}]}]})
    assert line.encode() not in content
    told = f"shows a line of a solution of solutions/a.py: {line}"
    for path in ("release/a/visible.json", "assignments/visible/a.json"):
        assert leaks("a", authored, {path: content}) == [f"{path}: {told}"]
        assert leaks_of_all({"a": authored}, path, content) == [f"{path}: {told}"]


def test_a_file_that_no_build_makes_is_found_and_left(root: Path) -> None:
    build([], root)
    notes = write(root, "source/small/notes.txt", "mine")
    write(root, "release/small/__pycache__/x.pyc", "")
    assert check([], root) == [
        "source/small/notes.txt: no build makes it: move it elsewhere or delete it"
    ]
    build([], root)
    assert notes.exists()


def test_assignments_that_are_nbgraders_alone_are_no_strays(root: Path) -> None:
    build([], root)
    for path in ("source/ps1/ps1.ipynb", "source/header.ipynb", "release/ps1/helper.py"):
        write(root, path, "{}")
    assert check([], root) == []
    write(root, "source/old/visible.json", "{}")  # what a lab left that was taken away
    assert check([], root) == [
        "source/old/visible.json: no build makes it: move it elsewhere or delete it"
    ]


@pytest.mark.parametrize("path", ["release/small/labcheck.pyz", "assignments/labcheck.pyz"])
def test_a_changed_or_missing_labcheck_is_found(root: Path, path: str) -> None:
    build([], root)
    command = "run autograder build" + (" small" if "small" in path else "")
    (root / path).write_bytes(archive() + b"?")
    assert check([], root) == [f"{path}: this is not what a build makes: {command}"]
    (root / path).unlink()
    assert check([], root) == [f"{path}: missing: {command}"]


def test_labcheck_as_earlier_builds_copied_it_is_found_and_deleted(root: Path) -> None:
    build([], root)
    for folder in ("source/small", "release/small", "assignments"):
        write(root, f"{folder}/labcheck/compare.py", "")
        write(root, f"{folder}/labcheck/__pycache__/compare.pyc", "")
    notes = write(root, "assignments/labcheck/notes.txt", "mine")
    assert len(check([], root)) == 4
    build([], root)
    assert list(root.rglob("labcheck")) == [notes.parent]
    assert [file.name for file in notes.parent.iterdir() if file.is_file()] == ["notes.txt"]


def test_a_lab_that_is_gone_is_found(root: Path) -> None:
    write(root, "release/gone/gone.ipynb", "{}")
    write(root, "exercises/gone/__init__.py", "")
    build([], root)
    assert [line.split(" ")[0] for line in check([], root)] == [
        "exercises/gone/",
        "release/gone/gone.ipynb:",
    ]


def test_one_lab_is_checked_without_the_others(root: Path) -> None:
    add_lab(root, "tall")
    build(["small"], root)
    write(root, "assignments/tall.py", "")
    assert check(["small"], root) == []
    assert "release/tall/tall.ipynb: missing: run autograder build tall" in check(["tall"], root)


def test_files_elsewhere_are_built_where_they_are_asked_for(root: Path, tmp_path: Path) -> None:
    written = build([], root, tmp_path / "out")
    assert tmp_path / "out/release/small/small.ipynb" in written
    assert not (root / "release").exists()


# Labs that are refused


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    ### END SOLUTION\n\n\n", "\n", "must hold pairs of lines"),
        ("    ### BEGIN SOLUTION\n    secret", "    secret", "must hold pairs of lines"),
        ("### BEGIN SOLUTION\n    s", "### BEGIN  SOLUTION\n    s", "must hold pairs of lines"),
        ("# %% active", "EXTRA = 1\n\n# %% active", "must be one def or class"),
        ('    """Twice a number."""\n', "", "needs a docstring"),
        ("# %%\nimport math\n", "# %%\nimport math\n### BEGIN SOLUTION\n", "that is no exercise"),
        ("# print(double(4.0))", "double(4.0)", 'line 29: put "# " before each line'),
        ('active="ipynb"', 'active="md"', 'write active="ipynb"'),
        ('active="ipynb"', 'active="ipynb" guess="a"', 'guess="a" calls reveal("a", …) once'),
        ("# # A picture.", '# reveal("a", 1)', "no guess calls no reveal(…); found: ['a']"),
        ('active="ipynb"', 'actve="ipynb"', "no cell option is called 'actve': take it out"),
    ],
)
def test_a_cell_that_cannot_be_built_is_refused(
    root: Path, old: str, new: str, message: str
) -> None:
    assert old in LAB
    write(root, "solutions/small.py", LAB.replace(old, new, 1))
    with pytest.raises(CollectionError) as caught:
        build([], root)
    assert message in str(caught.value)
    assert "solutions/small.py" in str(caught.value)
    assert not (root / "source").exists()


def test_an_unfinished_lab_is_refused(root: Path) -> None:
    todo = unfinish(root, "0")
    with pytest.raises(BuildError) as caught:
        build([], root)
    way_out = "or build a draft: autograder build small --draft"
    assert str(caught.value).splitlines() == [*todo, way_out]
    assert not (root / "release").exists()


def test_an_unfinished_lab_is_built_as_a_draft(root: Path) -> None:
    todo = unfinish(root, "0")
    assert chain.unfinished([], root) == todo
    assert len(build([], root, draft=True)) == 11
    assert (root / "release/small/small.ipynb").is_file()
    assert check([], root, draft=True) == []


@pytest.mark.parametrize("points", ["-1", "float('nan')"])
def test_points_that_no_notebook_can_hold_are_no_draft(root: Path, points: str) -> None:
    todo = unfinish(root, points)
    with pytest.raises(BuildError) as caught:
        build([], root, draft=True)
    assert str(caught.value).splitlines() == todo


def test_the_command_says_that_it_built_a_draft(root: Path) -> None:
    todo = unfinish(root, "0")
    refused = CliRunner().invoke(main, ["build", "--course", str(root)])
    assert (refused.exit_code, todo[0] in refused.output) == (1, True)
    built = CliRunner().invoke(main, ["build", "--course", str(root), "--draft"])
    assert (built.exit_code, built.output.splitlines()) == (
        0,
        [f"DRAFT, not finished: {todo[0]}", "11 files written."],
    )


def test_what_nbgrader_says_is_shown_when_it_fails(root: Path) -> None:
    write(root, "nbgrader_config.py", "c = get_config()\nc.ClearSolutions.code_stub = {'R': ''}\n")
    with pytest.raises(BuildError) as caught:
        build([], root)
    assert "source/small/small.ipynb: nbgrader made no release" in str(caught.value)
    assert "language 'python' has not been specified" in str(caught.value)


# Comparing


def test_records_are_written_as_json_with_one_line_for_what_is_packed() -> None:
    record = {"schema": 1, "exercises": [{"name": "é", "due": [1.5]}, {"name": "b"}], "none": []}
    text = record_text(record).decode("ascii")
    assert text.splitlines()[:2] == ["{", ' "schema": 1,']
    assert text.splitlines()[2].startswith(' "packed": "')
    assert text.splitlines()[3:] == ["}"]
    assert unpacked(json.loads(text)) == record


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("[1.0]", "[1.0000001]", True),
        ("[1.0]", "[1.00001]", False),
        ("[0.0]", "[1e-10]", True),
        ("[NaN, Infinity]", "[NaN,  Infinity]", True),
        ("[NaN]", "[0.0]", False),
        ("[1]", "[1.0]", False),
        ("[1]", "[true]", False),
        ('{"a": 1}', '{"a":1}', True),
        ('{"a": 1}', '{"b": 1}', False),
        ('["a"]', '["b"]', False),
        ("[1, 2]", "[1]", False),
        ("[", "[1]", False),
        ('{"packed": 5}', '{"a": 1}', False),
        ('{"packed": "b"}', '{"a": 1}', False),
        ('{"sums": [160, 7]}', '{"sums": [161, 7]}', True),
        ('{"sums": [160, 7]}', '{"sums": [170, 7]}', False),
        ('{"sums": [160, 7]}', '{"sums": [160]}', False),
    ],
)
def test_records_agree_by_tolerance_and_text_by_bytes(one: str, other: str, alike: bool) -> None:
    assert agree(one.encode(), other.encode(), "release/a/visible.json") is alike
    assert not agree(one.encode(), other.encode(), "release/a/a.ipynb")


def test_the_first_line_that_differs_is_counted_from_one() -> None:
    assert first_difference(b"a\nb\n", b"a\nc\n") == 2
    assert first_difference(b"a\n", b"a\nb\n") == 2


@pytest.mark.slow
@pytest.mark.parametrize(("solved", "status"), [(False, 1), (True, 0)])
def test_the_workflow_of_the_starter_repository_checks_a_lab(
    tmp_path: Path, solved: bool, status: int
) -> None:
    folder, lab = tmp_path / "repository", "lab2_rnn"
    shutil.copytree(COURSE / "assignments", folder)
    told = yaml.safe_load((folder / ".github" / "workflows" / "labcheck.yml").read_text("utf-8"))
    job = told["jobs"]["labcheck"]
    assert lab in job["strategy"]["matrix"]["lab"]
    assert set(job["strategy"]["matrix"]["lab"]) == {one.stem for one in folder.glob("lab*.py")}
    if solved:
        shutil.copy(COURSE / "solutions" / f"{lab}.py", folder)
    script = job["steps"][-1]["run"].replace("${{ matrix.lab }}", lab)
    summary = tmp_path / "summary"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        cwd=folder,
        text=True,
        check=False,
        capture_output=True,
        env={"PATH": path, "GITHUB_STEP_SUMMARY": str(summary)},
    )
    assert done.returncode == status, done.stderr
    assert "rnn_step_backward" in done.stdout
    assert summary.read_text("utf-8") == f"```\n{done.stdout}```\n"
