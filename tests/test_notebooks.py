"""The released notebooks in a real kernel: filled in they run quietly, untouched they help."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from autograder.spec.collection import collect, course, labs
from tools.madeup import answers

pytestmark = pytest.mark.slow
PLAY = re.compile(r"^play\(.*", re.MULTILINE | re.DOTALL)
"""What a cell ends in that has something to play with."""


TRIED = """
def play(draw, **settings):
    for at in (0, 1, 2):
        draw(**{k: v[at] if isinstance(v, tuple) else v[at % len(v)] for k, v in settings.items()})
        plt.close("all")
    print("played", len(settings))
"""
"""Draws with the least, the largest and the first value of each setting, and hides no error."""


def _released(slug: str, folder: Path) -> nbformat.NotebookNode:
    shutil.copytree(course() / "release" / slug, folder / slug)
    three = [f"{slug}.ipynb", "labcheck.pyz", "visible.json"]
    assert sorted(path.name for path in (folder / slug).iterdir()) == sorted(three)
    return nbformat.read(folder / slug / f"{slug}.ipynb", as_version=4)


def _run(book: nbformat.NotebookNode, folder: Path) -> None:
    client = NotebookClient(book, timeout=300, resources={"metadata": {"path": str(folder)}})
    client.execute()


def _outputs(book: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [output for cell in book.cells for output in cell.get("outputs", [])]


def _solved(slug: str) -> dict[str, str]:
    return answers((course() / "solutions" / f"{slug}.py").read_text(encoding="utf-8"))


def _filled(book: nbformat.NotebookNode, slug: str) -> nbformat.NotebookNode:
    """The notebook with the references in it."""
    solved = _solved(slug)
    for cell in book.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = solved.get(name, cell.source)
    return book


def _errors(book: nbformat.NotebookNode) -> list[str]:
    return [one.evalue for one in _outputs(book) if one.output_type == "error"]


@pytest.mark.parametrize("slug", labs())
@pytest.mark.filterwarnings("ignore")
def test_with_the_references_it_runs_without_a_warning_and_every_check_is_right(
    slug: str, tmp_path: Path
) -> None:
    """What there is to play with is drawn at both ends too, and still at the end of the lab."""
    book = _filled(_released(slug, tmp_path), slug)
    played = [found[0] for cell in book.cells if (found := PLAY.search(cell.source))]
    book.cells.append(nbformat.v4.new_code_cell("\n".join([TRIED, *played])))
    _run(book, tmp_path / slug)
    *_, tried = book.cells
    assert (
        "".join(one.get("text", "") for one in tried.outputs).count("played") == len(played) >= 1
    )
    noise = [one.text for one in _outputs(book) if one.get("name") == "stderr"]
    assert noise == []
    assert _errors(book) == []
    checks = [cell for cell in book.cells if cell.source.startswith("check(")]
    assert len(checks) == len(_solved(slug))
    for cell in checks:
        shown, *more = (one.data["text/plain"] for one in cell.outputs)
        assert "    right    " in shown, shown
        assert "<div" in cell.outputs[0].data["text/html"]
        assert len(more) == (cell is checks[-1])
    assert "all of it is right" in more[0]
    assert any("image/png" in one.get("data", {}) for one in _outputs(book))


@pytest.mark.parametrize("slug", labs())
@pytest.mark.filterwarnings("ignore")
def test_untouched_it_runs_to_its_end_and_says_kindly_what_to_do(
    slug: str, tmp_path: Path
) -> None:
    book = _released(slug, tmp_path)
    _run(book, tmp_path / slug)
    assert _errors(book) == []
    for cell in book.cells:
        if cell.source.startswith("check("):
            (shown,) = (one.data["text/plain"] for one in cell.outputs)
            assert "not started yet" in shown
    shown = [one.data.get("text/plain", "") for one in _outputs(book) if "data" in one]
    assert any("is not written yet" in text and "Go up to" in text for text in shown)


@pytest.mark.parametrize("slug", labs())
def test_what_is_right_opens_a_paragraph_that_leads_on(slug: str) -> None:
    for exercise in collect(slug).exercises:
        assert 40 <= len(exercise.when_right.split()) <= 110, exercise.name
        assert "Next question:" in exercise.when_right, exercise.name


IDIOMS = {"super().__init__()", "with torch.no_grad():", "model.eval()", "model.train()"}


@pytest.mark.parametrize("slug", labs())
def test_no_line_of_a_solution_stands_in_a_picture(slug: str) -> None:
    solved = _solved(slug)
    book = nbformat.read(course() / "release" / slug / f"{slug}.ipynb", as_version=4)
    stubs = {
        line.strip()
        for cell in book.cells
        for line in cell.source.splitlines()
        if cell.metadata.get("nbgrader", {}).get("solution")
    }
    secret = {line.strip() for text in solved.values() for line in text.splitlines()} - stubs
    shown = {
        line.strip()
        for cell in book.cells
        if "demo" in cell.metadata.get("tags", [])
        for line in cell.source.splitlines()
    }
    assert {line for line in secret & shown if len(line) >= 10} - IDIOMS == set()


@pytest.mark.parametrize("slug", labs())
def test_every_question_before_a_picture_takes_a_guess(slug: str) -> None:
    book = nbformat.read(course() / "release" / slug / f"{slug}.ipynb", as_version=4)
    texts = [cell.source for cell in book.cells]
    asked = [place for place, text in enumerate(texts) if text.startswith("guess(")]
    assert len(asked) >= 5
    for place in asked:
        assert "**Guess first:**" in texts[place - 1]
    assert sum(text.count("**Guess first:**") for text in texts) == len(asked)
    assert sum("Before you run" in text for text in texts) == 0
    assert any("\nplay(" in text for text in texts)


@pytest.mark.filterwarnings("ignore")
def test_without_labcheck_it_says_which_files_are_missing(tmp_path: Path) -> None:
    book = _released("lab2_rnn", tmp_path)
    (tmp_path / "lab2_rnn" / "labcheck.pyz").unlink()
    with pytest.raises(CellExecutionError) as stopped:
        _run(book, tmp_path / "lab2_rnn")
    assert "put labcheck.pyz and visible.json beside this notebook" in str(stopped.value)


@pytest.mark.filterwarnings("ignore")
def test_a_notebook_that_changes_its_folder_still_finds_its_cases(tmp_path: Path) -> None:
    book = _released("lab2_rnn", tmp_path)
    setup = next(cell for cell in book.cells if "sys.path" in cell.source)
    setup.source += "\nimport os\nos.chdir('/')\nprogress()"
    book.cells = [setup]
    _run(book, tmp_path / "lab2_rnn")
    assert "0 of 12 right" in _outputs(book)[0].text
