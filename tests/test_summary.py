"""The summary is made from the labs, shows no solution, runs quietly, and is no assignment."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from click.testing import CliRunner
from nbclient import NotebookClient
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory

from autograder.chain import scaffold
from autograder.chain.build import BuildError, build, check, make_summary, parts
from autograder.chain.leaks import leaks_of_all
from autograder.chain.notebook import from_percent
from autograder.chain.summary import Facts
from autograder.commands.main import main
from autograder.spec.collection import CollectionError, course, labs, topics

PATH = "release/summary/summary.ipynb"
TEXT = '''\
"""For readers of the file alone."""

# %% [markdown] topic="smoothing"
# # What to know
#
# From {{ title("lab1") }}: {{ entry("lab1:smooth") }}.
#
# {{ shapes("lab1:smooth") }}
#
# {{ mistake("lab1:smooth:NAME") }} / {{ look("lab1:smooth") }}

# %%
braces = f"{{{3}}}"
'''
PARTS = (
    r"\*\*Equation\.\*\*.*\$\$",
    r"\*\*Shapes\.\*\*.*\(.*[BTn].*\)",
    r"\*\*The mistake people make most:\*\*\s\S",
    r"\*\*How it shows:\*\*\s\S",
    r"\*\*When to use what:\*\*\s\S",
)


def put(root: Path, text: str) -> None:
    """Write the summary of a made-up course."""
    (root / "solutions" / "summary.py").write_text(text, encoding="utf-8")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A made-up course with one lab and a summary."""
    folder = tmp_path / "course"
    scaffold.new_course(folder)
    scaffold.new_lab("lab1", "numpy", folder)
    put(folder, TEXT.replace("NAME", _a_mistake(folder).name))
    return folder


def _a_mistake(root: Path) -> Any:
    return Facts(root)._exercise("lab1:smooth").mistakes[0]


def with_other_specs(root: Path, path: str, old: str, new: str) -> Path:
    """A copy of the course with another text in one file, which no process has seen yet."""
    other = root.with_name("other")
    shutil.copytree(root, other)
    text = (other / path).read_text("utf-8")
    assert text.count(old) == 1
    (other / path).write_text(text.replace(old, new), encoding="utf-8")
    return other


@pytest.fixture(scope="module")
def real() -> bytes:
    """The summary of this course, as a build makes it."""
    return make_summary(course())[PATH]


def cells(notebook: bytes) -> list[Any]:
    """The cells of a notebook."""
    return list(nbformat.reads(notebook.decode(), as_version=4).cells)


# What is made


def test_placeholders_are_filled_in_with_facts_of_the_labs(root: Path) -> None:
    text, code = cells(make_summary(root)[PATH])
    mistake = _a_mistake(root)
    exercise = Facts(root)._exercise("lab1:smooth")
    assert text.source.startswith(f"# What to know\n\nFrom {Facts(root).title('lab1')}: `smooth(x")
    assert f"{mistake.when}. {mistake.look} / {exercise.look}" in text.source
    assert "`x` (" in text.source and " → (" in text.source
    assert code.source == 'braces = f"{{{3}}}"'


def test_a_change_of_a_spec_is_a_change_of_the_summary(root: Path) -> None:
    build(["summary"], root)
    when, spec = _a_mistake(root).when, "exercises/lab1/smooth.py"
    other = with_other_specs(root, spec, when, "it is done another way")
    line = f"{PATH}: line 16 is not what a build makes: run autograder build summary"
    assert [re.sub(r"line \d+", "line 16", one) for one in check(["summary"], other)] == [line]


def test_texts_of_specs_read_the_same_in_markdown(root: Path) -> None:
    title, new = Facts(root).title("lab1"), "W_hh * <b> | [x] `y` _z_ $1"
    other = with_other_specs(root, "exercises/lab1/__init__.py", title, new)
    assert Facts(other).title("lab1") == r"W_hh \* \<b\> \| \[x\] \`y\` \_z\_ \$1"


def test_two_builds_in_two_folders_are_the_same_byte_by_byte(root: Path) -> None:
    other = root.with_name("the same course")
    shutil.copytree(root, other)
    assert make_summary(root) == make_summary(root) == make_summary(other)


def test_it_is_released_alone_without_outputs_and_is_no_assignment_of_nbgraders(
    root: Path,
) -> None:
    written = {path.relative_to(root).as_posix() for path in build(["summary"], root)}
    assert {path for path in written if "summary" in path} == {PATH}
    notebook = json.loads((root / PATH).read_text("utf-8"))
    said = notebook["metadata"]["generated"]
    assert said == "by autograder build from solutions/summary.py; do not edit"
    assert all(cell["metadata"] == {} for cell in notebook["cells"])
    assert not any(cell.get("outputs") for cell in notebook["cells"])
    directory = CourseDirectory(root=str(root))
    directory.db_url = f"sqlite:///{root / 'gradebook.db'}"
    with NbGraderAPI(directory).gradebook as gradebook:
        assert gradebook.assignments == []
    assert NbGraderAPI(directory).get_source_assignments() == set()


# Courses without one


def test_a_course_without_a_summary_builds_as_before(root: Path) -> None:
    (root / "solutions" / "summary.py").unlink()
    assert parts(root) == labs(root) == ["lab1"]


def test_a_file_of_that_name_without_topics_is_somebodys_own(root: Path) -> None:
    put(root, "ANSWERS = {'exam': 42}\n")
    assert topics(root) == []
    assert parts(root) == ["lab1"]


def test_a_lab_of_that_name_is_a_lab(root: Path) -> None:
    put(root, TEXT + '\n\n# %% exercise="one"\ndef one() -> int:\n    """One."""\n')
    assert topics(root) == []
    assert parts(root) == ["lab1", "summary"] == labs(root)


def test_what_is_left_of_a_summary_that_is_gone_is_named(root: Path) -> None:
    build(["summary"], root)
    extra = root / "release" / "summary" / "notes.txt"
    extra.write_text("mine")
    stray = "no build makes it: move it elsewhere or delete it"
    assert check(["summary"], root) == [f"release/summary/notes.txt: {stray}"]
    extra.unlink()
    (root / "solutions" / "summary.py").unlink()
    assert f"{PATH}: {stray}" in check([], root, draft=True)


def test_an_assignment_of_nbgraders_of_that_name_is_left_to_it(root: Path) -> None:
    (root / "solutions" / "summary.py").unlink()
    (root / PATH).parent.mkdir(parents=True)
    (root / PATH).write_text("{}")
    assert not any("summary" in line for line in check([], root, draft=True))


# What is refused


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ('title("lab1")', 'title("lab7")', 6, "there is no lab 'lab7': the labs are lab1"),
        ("lab1:smooth:NAME", "lab1:smooth:no", 10, "lab1:smooth has no mistake 'no': it has "),
        (
            'entry("lab1:smooth")',
            'entry("lab1:smoth")',
            6,
            "lab1 has no exercise 'smoth': it has smooth, unroll",
        ),
        (
            "entry(",
            "entrance(",
            6,
            "'entrance' is undefined: write one of entry, look, mistake, shapes, title, as in "
            '{{ title("lab") }}',
        ),
        ('title("lab1")', "title", 6, "a placeholder is called with a name, as in {{ "),
        ('title("lab1")', "title()", 6, "missing 1 required positional argument: 'lab': write"),
        ("}}: ", "}: ", 6, "write one of entry, look"),
    ],
)
def test_a_placeholder_that_fits_nothing_is_told_with_its_line_and_the_way_out(
    root: Path, old: str, new: str, line: int, said: str
) -> None:
    put(root, TEXT.replace(old, new).replace("NAME", _a_mistake(root).name))
    with pytest.raises(CollectionError) as caught:
        make_summary(root)
    assert str(caught.value).startswith(f"solutions/summary.py, line {line}: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_shapes_that_no_spec_names_are_not_made_up(root: Path) -> None:
    put(root, '# %% [markdown] topic="x"\n# {{ shapes("lab1:smooth") }}\n')
    other = with_other_specs(root, "exercises/lab1/smooth.py", "    shapes={", "    parts={")
    with pytest.raises(CollectionError, match="the spec of lab1:smooth names no shapes: write th"):
        make_summary(other)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('# %% topic="x" active="py"\n1', "has an option 'active': take it out"),
        ('# %% topic="x"\n### BEGIN SOLUTION\n1', "nothing is taken out of it"),
    ],
)
def test_cells_that_are_for_labs_are_refused(root: Path, text: str, said: str) -> None:
    put(root, text)
    with pytest.raises(CollectionError) as caught:
        make_summary(root)
    assert said in str(caught.value)


def test_a_line_of_a_solution_of_any_lab_however_short_is_refused(root: Path) -> None:
    solution = (root / "solutions" / "lab1.py").read_text("utf-8")
    inside = solution.partition("### BEGIN SOLUTION\n")[2].partition("### END SOLUTION")[0]
    secret = min(map(str.strip, inside.strip().splitlines()), key=len)
    put(root, f'# %% topic="x"\nif True:\n    {secret}\n')
    with pytest.raises(BuildError) as caught:
        build(["summary"], root)
    shown = f"{PATH}: shows a line of a solution of solutions/lab1.py: {secret}"
    assert str(caught.value).splitlines() == [
        shown,
        "write these lines of solutions/summary.py in other words",
    ]
    assert not (root / PATH).exists()


def test_what_stands_outside_the_solutions_of_one_lab_is_idiom_in_all() -> None:
    secret = (
        "    ### BEGIN SOLUTION\n    super().__init__()\n    )\n    f(x)\n    ### END SOLUTION\n"
    )
    open_ = "class Demo:\n    super().__init__()\n"
    text = b"super().__init__()\n)\ny = f(x) + 1\n"
    assert leaks_of_all({"lab1": secret, "lab2": open_}, "notes.md", text) == []
    (told,) = leaks_of_all({"lab1": secret}, "notes.md", text)
    assert told == "notes.md: shows a line of a solution of solutions/lab1.py: super().__init__()"
    long = "    ### BEGIN SOLUTION\n    " + "result = " + "w" * 40 + "\n    ### END SOLUTION\n"
    (told,) = leaks_of_all({"lab1": long}, "notes.md", b"# result = " + b"w" * 40)
    assert told.endswith("w" * 40)


def test_commands_know_that_it_is_no_lab(root: Path) -> None:
    built = CliRunner().invoke(main, ["build", "summary", "--course", str(root)])
    assert (built.exit_code, (root / PATH).is_file()) == (0, True)
    for command in ("verify", "grade"):
        refused = CliRunner().invoke(main, [command, "summary", "--course", str(root)])
        assert refused.exit_code == 2
        assert "summary is what the course has to revise from, and no lab" in refused.output


# The summary of this course


def test_every_topic_has_its_equation_shapes_code_mistake_and_when(real: bytes) -> None:
    pages: list[list[Any]] = []
    for cell in cells(real):
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            pages.append([])
        if pages:
            pages[-1].append(cell)
    authored = from_percent((course() / "solutions" / "summary.py").read_text("utf-8"))
    marked = [cell.source.splitlines()[0] for cell in authored if "topic" in cell.metadata]
    by_title = {page[0].source.splitlines()[0]: page for page in pages}
    assert len(marked) == len(set(topics(course()))) >= 11
    for title in marked:
        text = "\n".join(cell.source for cell in by_title[title] if cell.cell_type == "markdown")
        for part in PARTS:
            assert re.search(part, text, re.DOTALL), (title, part)
        assert any(cell.cell_type == "code" for cell in by_title[title])
    for cell in cells(real):
        assert cell.cell_type == "code" or "{{" not in cell.source


def test_every_lab_is_named_in_the_summary(real: bytes) -> None:
    facts = Facts(course())
    first = cells(real)[0].source
    assert [slug for slug in labs() if facts.title(slug) not in first] == []


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_every_cell_runs_in_order_without_a_warning(real: bytes, tmp_path: Path) -> None:
    book = nbformat.reads(real.decode(), as_version=4)
    NotebookClient(book, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in book.cells for output in cell.get("outputs", [])]
    assert [output.text for output in outputs if output.get("name") == "stderr"] == []
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 6
    for cell in book.cells:
        assert cell.cell_type != "code" or cell.outputs or "import" in cell.source
