"""What students write runs nothing in an instructor's browser, and can still be read there."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import forked
import pytest
from browser_kit import TOKEN, Jupyter
from hostile_text import METADATA, PNG, TRY_ALL, cells, shows

from tools.madeup import LAB2, write

COURSE = Path(__file__).parents[2]
LAB = "lab2_rnn"
WRITTEN = "written-by-a-student.txt"
ODD_NAME = "eve <img src=x onerror=top.ran=1>"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course in which one student has written all that, in a lab and in another assignment."""
    root = tmp_path_factory.mktemp("term") / "course"
    leave_out = shutil.ignore_patterns("__pycache__", "lab[13-9]_*")
    for name in ("exercises", "source", "release", "solutions"):
        shutil.copytree(COURSE / name, root / name, ignore=leave_out)
    shutil.copy(COURSE / "nbgrader_config.py", root)
    one = next(one for one in LAB2 if one.form == "ipynb")
    handed = write(root, LAB, one, root / "made-up")
    notebook = json.loads(handed.read_text("utf-8"))
    notebook["cells"] += cells()
    notebook["metadata"] |= METADATA
    for student in ("ada", ODD_NAME):
        folder = root / "submitted" / student / LAB
        folder.mkdir(parents=True)
        (folder / f"{LAB}.ipynb").write_text(json.dumps(notebook), "utf-8")
        (folder / "page.html").write_text("<script>top.ran=1</script>")
    _quiz(root)
    for words in (
        ["autograder", "grade", LAB],
        ["autograder", "report", LAB],
        ["nbgrader", "generate_assignment", "quiz"],
        ["nbgrader", "autograde", "quiz"],
        ["nbgrader", "generate_feedback", LAB],
        ["nbgrader", "generate_feedback", "quiz"],
    ):
        run(root, *words)
    return root


def _quiz(root: Path) -> None:
    """An assignment that is nbgrader's alone, with outputs that its own run puts there."""
    mark = {"schema_version": 3, "solution": False, "locked": True, "grade": True, "task": False}
    answer = mark | {"solution": True, "locked": False, "grade": False, "grade_id": "answer"}
    code = {"cell_type": "code", "outputs": [], "execution_count": None}
    released = [
        code | {"id": "answer", "source": "x = 1", "metadata": {"nbgrader": answer}},
        code
        | {
            "id": "quiz",
            "source": "assert x",
            "metadata": {"nbgrader": mark | {"grade_id": "quiz", "points": 3}},
        },
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook: dict[str, Any] = {
        "cells": released,
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (root / "source" / "quiz").mkdir()
    (root / "source" / "quiz" / "quiz.ipynb").write_text(json.dumps(notebook))
    released[0]["source"] = f"x = 1\n{shows()}"
    forged = {"cell_type": "markdown", "id": "forged", "source": "x"}
    grading = {"grade_id": '"><img src=x onerror=top.ran=1>', "points": "<script>top.ran=1"}
    forged |= {"metadata": {"nbgrader": mark | grading}}
    notebook["cells"] = [*released, *cells()]
    notebook["metadata"] |= METADATA | {"kernelspec": kernel}
    folder = root / "submitted" / "ada" / "quiz"
    folder.mkdir(parents=True)
    (folder / "quiz.ipynb").write_text(json.dumps(notebook))


def run(root: Path, program: str, *words: str) -> str:
    environment = os.environ | {"AUTOGRADER_SECRET": "the secret of the tests"}
    found = forked.run([program, *words], root, environment)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout + found.stderr


def submissions(root: Path) -> list[tuple[str, str, str]]:
    with sqlite3.connect(root / "gradebook.db") as base:
        return base.execute(
            "SELECT submitted_notebook.id, notebook.name, submitted_assignment.student_id "
            "FROM submitted_notebook "
            "JOIN notebook ON notebook.id = submitted_notebook.notebook_id "
            "JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id"
        ).fetchall()


def nothing_runs(page: Any, root: Path) -> None:
    page.evaluate(TRY_ALL)
    page.wait_for_timeout(500)
    assert page.evaluate("top.ran") is None
    assert not list(root.rglob(WRITTEN))


def good_is_there(page: Any) -> None:
    text = page.locator("body").inner_text()
    for words in ("A heading of mine", "emphasis", "code < 1", "$a^2 < b$", "if a < b:"):
        assert words in text
    assert page.get_by_role("link", name="a link").first.get_attribute("href") == (
        "https://example.org/page"
    )
    assert page.locator("td", has_text="two").count() > 0
    assert page.locator("em", has_text="emphasis").count() > 0


def test_nothing_of_a_student_runs_in_formgrader(
    page: Any, jupyter: Jupyter, course: Path
) -> None:
    address = jupyter.start(course)
    page.goto(f"{address}/formgrader/?token={TOKEN}")
    shown = submissions(course)
    assert {(name, student) for _, name, student in shown} == {
        (LAB, "ada"),
        (LAB, ODD_NAME),
        ("quiz", "ada"),
    }
    for key, name, _ in shown:
        page.goto(f"{address}/formgrader/submissions/{key}/", wait_until="domcontentloaded")
        page.locator("#notebook-container").first.wait_for()
        nothing_runs(page, course)
        good_is_there(page)
        if name == "quiz":
            assert page.locator(f"img[src='data:image/png;base64,{PNG}'][width='30']").count() == 1
            assert page.locator("table.dataframe").count() == 1
        else:
            assert page.get_by_text("of 8 points").count() > 0
    for path in (f"manage_submissions/{LAB}", "manage_students", f"gradebook/{LAB}/{LAB}"):
        page.goto(f"{address}/formgrader/{path}")
        page.wait_for_timeout(1000)
        nothing_runs(page, course)


def test_a_folder_whose_name_is_no_text_hides_nobody(
    page: Any, jupyter: Jupyter, course: Path
) -> None:
    bad = Path(os.fsdecode(os.fsencode(course / "submitted") + b"/m\xfcller"))
    (bad / LAB).mkdir(parents=True)
    try:
        address = jupyter.start(course)
        page.goto(f"{address}/formgrader/?token={TOKEN}")
        page.goto(f"{address}/formgrader/manage_submissions/{LAB}")
        page.locator("tbody").get_by_text("ada", exact=True).first.wait_for()
    finally:
        shutil.rmtree(bad)


def test_a_link_to_formgraders_own_pages_brings_no_script_there(
    page: Any, jupyter: Jupyter, course: Path
) -> None:
    address = jupyter.start(course)
    page.goto(f"{address}/formgrader/?token={TOKEN}")
    for path in (
        "manage_students/%22;top.ran=1;%22",
        "manage_students/%3C%2Fscript%3E%3Cscript%3Etop.ran=1%3C%2Fscript%3E",
        "gradebook/%3Cimg%20src=x%20onerror=top.ran=1%3E",
    ):
        page.goto(f"{address}/formgrader/{path}")
        page.wait_for_timeout(300)
        assert page.evaluate("top.ran") is None, path
    page.goto(f"{address}/formgrader/manage_students/ada")
    page.locator("tbody").get_by_role("link", name=LAB).wait_for()
    keys = {name: key for key, name, student in submissions(course) if student == "ada"}
    for folder in ("autograded", "feedback"):
        assert not list((course / folder).rglob("page.html"))
    (course / "autograded" / "ada" / LAB / "page.html").write_text("<script>top.ran=1</script>")
    page.goto(f"{address}/formgrader/submissions/{keys[LAB]}/page.html")
    assert page.evaluate("top.ran") is None


def test_nothing_of_a_student_runs_in_the_notebook_that_is_kept(
    page: Any, jupyter: Jupyter, course: Path
) -> None:
    address = jupyter.start(course)
    for name in (LAB, "quiz"):
        page.goto(f"{address}/lab/tree/autograded/ada/{name}/{name}.ipynb?token={TOKEN}&reset")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        page.wait_for_timeout(2000)
        nothing_runs(page, course)


@pytest.mark.parametrize("name", [LAB, "quiz"])
def test_nothing_of_a_student_runs_in_feedback(page: Any, course: Path, name: str) -> None:
    refused: list[str] = []
    page.on("console", lambda told: refused.append(told.text))
    page.goto((course / "feedback" / "ada" / name / f"{name}.html").as_uri())
    nothing_runs(page, course)
    good_is_there(page)
    assert not [told for told in refused if "inline" in told]
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=top.ran=1>')")
    page.wait_for_timeout(300)
    assert page.evaluate("top.ran") is None, "the page's own policy"


def test_pages_of_a_class_run_nothing(page: Any, course: Path) -> None:
    folder = course / "results" / LAB
    pages = [folder / "class.html", *(folder / "class_files").glob("*.html")]
    assert len(pages) == 4
    for file in pages:
        page.goto(file.as_uri())
        page.evaluate(
            "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=top.ran=1>')"
        )
        nothing_runs(page, course)


@pytest.mark.parametrize("name", [LAB, "quiz"])
def test_the_notebook_that_is_kept_is_harmless_by_itself(
    page: Any, course: Path, tmp_path: Path, name: str
) -> None:
    from nbconvert.exporters import HTMLExporter

    exporter: Any = HTMLExporter()
    html, _ = exporter.from_filename(str(course / "autograded" / "ada" / name / f"{name}.ipynb"))
    (tmp_path / "page.html").write_text(html, "utf-8")
    page.goto((tmp_path / "page.html").as_uri(), wait_until="domcontentloaded")
    nothing_runs(page, course)
    good_is_there(page)
