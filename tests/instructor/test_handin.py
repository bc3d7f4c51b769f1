"""Whatever is handed in comes back in the form of the release."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from instructor_kit import NAMES, RIGHT, Course, grade_id
from nbgrader.nbgraderformat import MetadataValidator

from autograder.course.finding import handed_in_by
from autograder.course.handin import Release, Released, as_notebook


@pytest.fixture(scope="module")
def release(built: Path) -> Release:
    """The release as a gradebook would tell it."""
    cells = {}
    for cell in json.loads((built / "release/tiny/tiny.ipynb").read_text("utf-8"))["cells"]:
        mark = cell["metadata"].get("nbgrader")
        if mark:
            cells[grade_id(cell)] = Released(cell["cell_type"], "".join(cell["source"]), mark)
    return Release(cells, {"name": "python3", "display_name": "Python 3", "language": "python"})


def rebuilt(folder: Path, release: Release) -> Any:
    """What is read from a folder, which must be sound for nbformat and nbgrader."""
    notebook = as_notebook(handed_in_by(folder, "tiny", "ada", folder), release)
    nbformat.validate(notebook)
    MetadataValidator().validate_nb(notebook)
    return notebook


def sources(notebook: Any) -> dict[str, str]:
    """The text of each cell with an id of the release."""
    return {grade_id(cell): cell["source"] for cell in notebook.cells if grade_id(cell)}


def checks(notebook: Any) -> list[str]:
    """The check cells in the order in which they stand."""
    return [name for name in map(grade_id, notebook.cells) if name.startswith("check-")]


def write(folder: Path, notebook: Any, name: str = "tiny.ipynb") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(notebook), "utf-8")
    return folder


def test_an_untouched_notebook_comes_back_as_it_was(
    course: Course, release: Release, tmp_path: Path
) -> None:
    was = course.released()
    found = rebuilt(write(tmp_path / "a", was), release)
    assert [(c.cell_type, c.source) for c in found.cells] == [
        (c["cell_type"], "".join(c["source"])) for c in was["cells"]
    ]
    assert found.metadata.kernelspec.name == "python3"


def test_deleted_check_cells_stand_after_their_exercise_again(
    course: Course, release: Release, tmp_path: Path
) -> None:
    notebook = course.notebook(RIGHT)
    notebook["cells"] = [c for c in notebook["cells"] if not grade_id(c).startswith("check-")]
    found = rebuilt(write(tmp_path / "a", notebook), release)
    names = [grade_id(cell) for cell in found.cells]
    assert [names[names.index(name) + 1] for name in NAMES] == [f"check-{name}" for name in NAMES]


def test_edited_locked_cells_are_as_released_and_answers_as_written(
    course: Course, release: Release, tmp_path: Path
) -> None:
    notebook = course.notebook(RIGHT)
    for cell in notebook["cells"]:
        if grade_id(cell).startswith(("check-", "text-", "code-")):
            cell["source"] = ["print('full marks, please')"]
            cell["metadata"]["nbgrader"]["points"] = 1000
            cell["metadata"]["nbgrader"]["locked"] = False
    found = rebuilt(write(tmp_path / "a", notebook), release)
    assert "full marks" not in json.dumps(found)
    assert sources(found)["double"] == RIGHT["double"]
    points = [c.metadata.nbgrader.points for c in found.cells if grade_id(c) == "check-double"]
    assert points == [40]


def test_of_copies_the_last_one_is_the_exercise(
    course: Course, release: Release, tmp_path: Path
) -> None:
    notebook = course.notebook(RIGHT)
    first = copy.deepcopy(next(c for c in notebook["cells"] if grade_id(c) == "double"))
    first["source"] = ["def double(x): return None"]
    notebook["cells"] = [first, *notebook["cells"], *notebook["cells"][-2:]]
    found = rebuilt(write(tmp_path / "a", notebook), release)
    assert sources(found)["double"] == RIGHT["double"]
    assert found.cells[0].source == "def double(x): return None"
    assert len({c.id for c in found.cells}) == len(found.cells)
    assert sorted(checks(found)) == sorted(f"check-{name}" for name in NAMES)


def test_moved_cells_stay_where_the_student_put_them(
    course: Course, release: Release, tmp_path: Path
) -> None:
    notebook = course.notebook(RIGHT)
    notebook["cells"].reverse()
    found = rebuilt(write(tmp_path / "a", notebook), release)
    assert checks(found) == [f"check-{name}" for name in reversed(NAMES)]


def test_without_our_metadata_the_check_cells_come_last(
    course: Course, release: Release, tmp_path: Path
) -> None:
    notebook = course.notebook(RIGHT)
    for cell in notebook["cells"]:
        cell["metadata"] = {}
    found = rebuilt(write(tmp_path / "a", notebook), release)
    assert [grade_id(c) for c in found.cells[-3:]] == [f"check-{name}" for name in NAMES]
    assert any(c.source == RIGHT["double"] for c in found.cells)


@pytest.mark.parametrize("form", ["colab", "vscode", "other kernel", "version 3", "no ids"])
def test_notebooks_of_other_programs_are_read(
    form: str, course: Course, release: Release, tmp_path: Path
) -> None:
    notebook = course.notebook(RIGHT)
    if form == "colab":
        notebook["metadata"] = {
            "colab": {"provenance": [], "toc_visible": True},
            "accelerator": "GPU",
            "kernelspec": {"name": "python3", "display_name": "Python 3"},
        }
        for place, cell in enumerate(notebook["cells"]):
            cell.pop("id")
            cell["metadata"] |= {"id": f"Xy{place}", "colab": {"base_uri": "https://localhost"}}
        notebook |= {"nbformat_minor": 0}
    elif form == "vscode":
        notebook["metadata"] = {"kernelspec": {"name": ".venv", "display_name": ".venv (3.12)"}}
        for cell in notebook["cells"]:
            cell["metadata"] |= {"vscode": {"languageId": "python"}}
    elif form == "other kernel":
        notebook["metadata"]["kernelspec"] = {"name": "my-torch", "display_name": "R?"}
    elif form == "version 3":
        cells = notebook.pop("cells")
        for cell in cells:
            if cell["cell_type"] == "code":
                cell["input"] = cell.pop("source")
        notebook |= {"worksheets": [{"cells": cells}], "nbformat": 3, "nbformat_minor": 0}
    else:
        for cell in notebook["cells"]:
            cell["id"] = "not a valid id!"
    found = rebuilt(write(tmp_path / "a", notebook), release)
    assert sources(found)["running_sum"] == RIGHT["running_sum"]
    assert found.metadata.kernelspec.name == "python3"
    assert len(checks(found)) == 3


def test_metadata_of_the_wrong_kind_does_no_harm(
    course: Course, release: Release, tmp_path: Path
) -> None:
    notebook = course.notebook(RIGHT)
    strange: list[Any] = [
        7,
        [],
        {"nbgrader": 3},
        {"nbgrader": {"grade_id": []}},
        {"nbgrader": {"grade_id": "own"}},
        {"nbgrader": {"schema_version": 99, "grade_id": "double"}},
    ]
    for cell, metadata in zip(notebook["cells"], strange, strict=False):
        cell["metadata"] = metadata
    notebook["cells"] += [None, 3, {"cell_type": "heading"}, {"cell_type": "code"}]
    found = rebuilt(write(tmp_path / "a", notebook), release)
    assert len(checks(found)) == 3


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"PK\x03\x04\x00", b"[]", b'{"cells": 3}', b"\xff\xfe"]
)
def test_an_unreadable_file_leaves_the_check_cells(
    raw: bytes, release: Release, tmp_path: Path
) -> None:
    (tmp_path / "tiny.ipynb").write_bytes(raw)
    found = rebuilt(tmp_path, release)
    assert checks(found) == [f"check-{name}" for name in NAMES]


def test_a_link_a_pipe_and_a_folder_are_no_submissions(release: Release, tmp_path: Path) -> None:
    secret = tmp_path / "secret.ipynb"
    secret.write_text('{"cells": [{"cell_type": "code", "source": "secret"}]}')
    for name in ("link", "pipe", "folder", "nothing"):
        (tmp_path / name).mkdir()
    (tmp_path / "link" / "tiny.ipynb").symlink_to(secret)
    os.mkfifo(tmp_path / "pipe" / "tiny.ipynb")
    (tmp_path / "folder" / "tiny.ipynb").mkdir()
    for name in ("link", "pipe", "folder", "nothing"):
        found = rebuilt(tmp_path / name, release)
        assert checks(found) == [f"check-{name}" for name in NAMES]
        assert "secret" not in json.dumps(found)


def test_a_script_becomes_the_cells_it_defines(release: Release, tmp_path: Path) -> None:
    text = "# %%\nimport numpy as np\n\n# %%\n" + "\n\n# %%\n".join(RIGHT.values())
    (tmp_path / "tiny.py").write_text(text)
    found = rebuilt(tmp_path, release)
    assert {name: sources(found)[name] for name in NAMES} == RIGHT
