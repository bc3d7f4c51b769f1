"""A student in JupyterLab: fills in a stub, runs the check cell, reads what is wrong, mends it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from browser_kit import TOKEN, Jupyter

from autograder.chain.archive import ARCHIVE, archive
from tools.madeup import answers

COURSE = Path(__file__).parents[2]

pytestmark = pytest.mark.slow
LAB = "lab2_rnn"


def test_a_stub_is_filled_checked_and_mended(page: Any, jupyter: Jupyter, shots: Path) -> None:
    home = jupyter.work / "mended"
    shutil.copytree(COURSE / "release" / LAB, home)
    address = jupyter.start(jupyter.work)
    page.goto(f"{address}/lab/tree/mended/{LAB}.ipynb?token={TOKEN}&reset")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.wait_for_selector(".jp-NotebookPanel .jp-Toolbar-kernelName")
    right = answers((COURSE / "solutions" / f"{LAB}.py").read_text("utf-8"))["rnn_step"]
    wrong = right.replace(
        "np.tanh(x @ W_xh + h_prev @ W_hh + b_h)", "np.tanh(x @ W_xh + h_prev @ W_hh) + b_h"
    )
    assert wrong != right

    fill(page, wrong)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Above Selected Cell").click()
    card = check(page)
    card.get_by_text("not right yet").wait_for()
    told = card.inner_text()
    assert "0 of 8 points" in told
    assert "hint(rnn_step)" in told
    card.scroll_into_view_if_needed()
    page.screenshot(path=shots / "student-not-right-yet.png")

    fill(page, right)
    card = check(page)
    card.get_by_text("8 of 8 points").first.wait_for()
    assert "1 of 12 right" in card.inner_text()
    card.scroll_into_view_if_needed()
    page.screenshot(path=shots / "student-right.png")


def test_the_validate_button_says_what_is_not_done(
    page: Any, jupyter: Jupyter, shots: Path
) -> None:
    home = jupyter.work / "validated"
    shutil.copytree(COURSE / "release" / LAB, home)
    (home / ARCHIVE).write_bytes(archive())
    address = jupyter.start(jupyter.work)
    page.goto(f"{address}/lab/tree/validated/{LAB}.ipynb?token={TOKEN}&reset")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.get_by_role("button", name="Validate").first.click()
    dialog = page.locator(".jp-Dialog", has_text="check(rnn_step)")
    dialog.wait_for()
    told = dialog.inner_text()
    page.screenshot(path=shots / "student-validated.png")
    assert "not started yet" in told
    assert "Success" not in told
    assert "Traceback" not in told


def fill(page: Any, text: str) -> None:
    """Write a function into the cell of its stub, as a person would: select all, type."""
    editor = exercise(page).locator(".cm-content").first
    editor.scroll_into_view_if_needed()
    editor.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text)


def exercise(page: Any) -> Any:
    return page.locator(".jp-CodeCell", has_text="def rnn_step(").first


def check(page: Any) -> Any:
    """Run the exercise's cell and the check cell below it; the check cell's output."""
    exercise(page).locator(".cm-content").first.click()
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    cell = page.locator(".jp-CodeCell", has_text="check(rnn_step)").first
    cell.locator(".jp-InputPrompt", has_text="*").wait_for(state="detached")
    output = cell.locator(".jp-OutputArea-output").first
    output.wait_for()
    return output


def test_a_guess_is_made_the_folded_picture_answers_and_a_slider_draws_anew(
    page: Any, jupyter: Jupyter, shots: Path
) -> None:
    home = jupyter.work / "guessed"
    shutil.copytree(COURSE / "release" / LAB, home)
    book = nbformat.read(home / f"{LAB}.ipynb", as_version=4)
    solved = answers((COURSE / "solutions" / f"{LAB}.py").read_text("utf-8"))
    for cell in book.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = solved.get(name, cell.source)
    kept = ("labcheck", "rnn_step", "rnn_forward", "state_gradient_norms", "guess-pulse")
    pictures = [
        cell
        for cell in book.cells
        if 'reveal("pulse"' in cell.source or "\nplay(" in cell.source or "rcParams" in cell.source
    ]
    chosen = [cell for cell in book.cells if cell.id in kept or cell in pictures]
    book.cells = chosen
    nbformat.write(book, home / "evening.ipynb")
    address = jupyter.start(jupyter.work)
    page.goto(f"{address}/lab/tree/guessed/evening.ipynb?token={TOKEN}&reset")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.get_by_text("| Idle").wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    unguessed = page.locator(".jp-OutputArea-output", has_text="nobody guessed")
    unguessed.wait_for()
    sliders = page.locator(".widget-slider")
    sliders.first.wait_for()
    folded = page.locator(".jp-Cell", has=unguessed).locator(".jp-InputArea-editor")
    assert folded.count() == 0 or not folded.first.is_visible()

    asked = page.locator(".jp-CodeCell", has_text="guess(").first
    asked.locator(".cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text('guess("yes", about="pulse")')
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    card = page.locator(".jp-OutputArea-output", has_text="not as you guessed")
    card.wait_for()
    assert "You guessed" in card.inner_text()
    card.scroll_into_view_if_needed()
    page.screenshot(path=shots / "student-guessed.png")

    panel = page.locator(".jp-Cell", has=sliders.first)
    before = panel.locator("img").first.get_attribute("src")
    handle = sliders.first.locator(".noUi-handle")
    handle.click()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "([panel, before]) => panel.querySelector('img') && "
        "panel.querySelector('img').src !== before",
        arg=[panel.element_handle(), before],
    )
    panel.scroll_into_view_if_needed()
    page.screenshot(path=shots / "student-slider.png")
    page.set_viewport_size({"width": 620, "height": 900})
    card.scroll_into_view_if_needed()
    page.screenshot(path=shots / "student-narrow.png")
    assert card.evaluate("(card) => card.scrollWidth <= card.clientWidth + 1")
