"""The released notebooks in a real kernel: filled in they run quietly, untouched they help."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from autograder.spec.collection import course, labs
from tools.madeup import answers

pytestmark = pytest.mark.slow


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


@pytest.mark.parametrize("slug", labs())
@pytest.mark.filterwarnings("ignore")
def test_with_the_references_it_runs_without_a_warning_and_every_check_is_right(
    slug: str, tmp_path: Path
) -> None:
    book = _released(slug, tmp_path)
    solved = answers((course() / "solutions" / f"{slug}.py").read_text(encoding="utf-8"))
    for cell in book.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in solved:
            cell.source = solved[name]
    _run(book, tmp_path / slug)
    noise = [one.text for one in _outputs(book) if one.get("name") == "stderr"]
    assert noise == []
    checks = [cell for cell in book.cells if cell.source.startswith("check(")]
    assert len(checks) == len(solved)
    for cell in checks:
        (shown,) = (one.data["text/plain"] for one in cell.outputs)
        assert "    right    " in shown, shown
        assert "<div" in cell.outputs[0].data["text/html"]
    assert any("image/png" in one.get("data", {}) for one in _outputs(book))


@pytest.mark.parametrize("slug", labs())
@pytest.mark.filterwarnings("ignore")
def test_untouched_it_runs_to_the_first_stub_and_says_kindly_what_to_do(
    slug: str, tmp_path: Path
) -> None:
    book = _released(slug, tmp_path)
    with pytest.raises(CellExecutionError):
        _run(book, tmp_path / slug)
    shown = [one.data.get("text/plain", "") for one in _outputs(book) if "data" in one]
    assert any("not started yet" in text for text in shown)
    assert any("is not written yet" in text and "Go up to" in text for text in shown)


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
