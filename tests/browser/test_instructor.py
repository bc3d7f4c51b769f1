"""An instructor in the browser: formgrader with our feedback in it, and the class page."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import forked
import pytest
from browser_kit import TOKEN, WORST, Jupyter

from tools.madeup import LAB2, write

COURSE = Path(__file__).parents[2]

pytestmark = pytest.mark.slow
LAB = "lab2_rnn"
STUDENTS = ("ada", "barbara", "donald", "katherine", "niklaus", "tim")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A course folder with a small class in lab 2, graded."""
    root = tmp_path_factory.mktemp("term") / "course"
    leave_out = shutil.ignore_patterns("__pycache__", "lab[13-9]_*")
    for name in ("exercises", "source", "release", "solutions"):
        shutil.copytree(COURSE / name, root / name, ignore=leave_out)
    shutil.copy(COURSE / "nbgrader_config.py", root)
    for one in LAB2:
        if one.student in STUDENTS:
            path = write(root, LAB, one, root / "made-up")
            folder = root / "submitted" / one.student / LAB
            folder.mkdir(parents=True)
            path.rename(folder / f"{LAB}{path.suffix}")
    environment = os.environ | {"AUTOGRADER_SECRET": "the secret of the tests"}
    for words in (["grade", LAB], ["report", LAB], ["report"]):
        found = forked.run(["autograder", *words], root, environment)
        assert found.returncode == 0, found.stdout + found.stderr
    yield root


def test_formgrader_shows_the_class_and_a_submission_with_our_feedback(
    page: Any, jupyter: Jupyter, course: Path, shots: Path
) -> None:
    address = jupyter.start(course)
    page.goto(f"{address}/formgrader/?token={TOKEN}")
    page.get_by_role("link", name=LAB, exact=True).wait_for()
    page.screenshot(path=shots / "formgrader-assignments.png")
    page.goto(f"{address}/formgrader/gradebook/{LAB}/{LAB}")
    page.get_by_text("Submission #1").first.wait_for()
    page.screenshot(path=shots / "formgrader-submissions.png")
    scores = [row.inner_text() for row in page.locator("tbody tr").all()]
    assert len(scores) == len(STUDENTS)
    assert sum(bool(re.search(r"\b100 / 100", row)) for row in scores) == 1

    page.goto(f"{address}/formgrader/manage_students/barbara/{LAB}")
    page.locator("tbody").get_by_role("link", name=LAB).click()
    page.get_by_text("rnn_forward", exact=True).first.wait_for()
    card = page.locator(".nbgrader_cell, .cell").filter(has_text="check(rnn_forward)").first
    told = card.inner_text()
    assert "not right yet" in told
    assert "every step starts again from h0" in told
    card.scroll_into_view_if_needed()
    page.screenshot(path=shots / "formgrader-feedback.png")


def test_the_class_page_is_read_and_leads_to_what_was_written(
    page: Any, course: Path, shots: Path, browser: Any
) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    asked: list[str] = []
    page.goto((course / "results" / LAB / "class.html").as_uri())
    page.screenshot(path=shots / "class-page.png", full_page=True)
    assert len(asked) == 1, "the page needs no other file"

    assert names(page) == sorted(STUDENTS)
    page.locator("#students").scroll_into_view_if_needed()
    page.screenshot(path=shots / "class-page-students.png")

    told = page.locator("main").aria_snapshot()
    assert 'heading "What to teach again" [level=2]' in told
    assert 'table "Known mistakes, the commonest first"' in told
    assert re.search(r'img "Students by points\. .*90 to 100: \d', told)
    assert "always from h0" in told

    page.locator(".matrix tbody tr", has_text="barbara").locator("td a").nth(1).click()
    assert page.url.endswith("#rnn_forward")
    wrong = page.locator("section", has=page.locator("#rnn_forward"))
    assert "rnn_step(x[:, t], h0," in wrong.locator("pre").inner_text()
    page.get_by_role("heading", level=1).wait_for()
    assert "barbara: 90 of 100 points" in page.locator("main").inner_text()
    page.screenshot(path=shots / "student-page.png", full_page=True)
    page.get_by_role("link", name="2. A sequence").first.click()
    page.wait_for_url(re.compile(r"lab\.html#2\.-A-sequence$"))
    assert errors == []


def names(page: Any) -> list[str]:
    return [row.inner_text().removesuffix(" !") for row in page.locator(".matrix tbody th").all()]


@pytest.mark.parametrize("kind", ["light", "dark", "phone", "print", "no colours", "no script"])
@pytest.mark.parametrize("file", ["lab2_rnn/class.html", "term.html"])
def test_pages_of_a_class_are_readable_everywhere(
    file: str, kind: str, browser: Any, course: Path, shots: Path
) -> None:
    size = {"width": 390, "height": 844} if kind == "phone" else {"width": 1000, "height": 1400}
    scheme = "dark" if kind == "dark" else "light"
    context = browser.new_context(
        viewport=size, java_script_enabled=kind != "no script", color_scheme=scheme
    )
    page = context.new_page()
    if kind == "print":
        page.emulate_media(media="print")
    if kind == "no colours":
        page.emulate_media(forced_colors="active")
    page.goto((course / "results" / file).as_uri())
    shot = f"{Path(file).stem}-page-{kind.replace(' ', '-')}.png"
    page.screenshot(path=shots / shot, full_page=True)
    if kind != "no script":
        wide, seen = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert wide <= seen, "the page does not scroll sideways"
    assert page.locator(".matrix tbody tr").count() == len(STUDENTS)
    if kind in ("light", "dark"):
        assert page.locator("body").evaluate(WORST) >= 4.5
        shade = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (shade == "rgb(255, 255, 255)") is (kind == "light")
    if kind == "phone":
        box = page.locator(".matrix")
        box.evaluate("box => box.scrollLeft = 200")
        first = box.locator("tbody th").first
        assert first.bounding_box()["x"] >= box.bounding_box()["x"], "names stay in sight"
    if kind == "print":
        assert not page.locator("nav").is_visible()
        box = page.locator(".matrix")
        assert box.evaluate("box => getComputedStyle(box).overflow") == "visible"
        assert box.evaluate("box => box.firstElementChild.scrollWidth <= box.clientWidth")
        page.pdf(path=shots / f"{Path(file).stem}-page.pdf")
    context.close()
