"""A card in JupyterLab's light and dark theme: its texts stand out, and its picture is seen."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from browser_kit import TOKEN, WORST, Jupyter

from autograder.chain.archive import ARCHIVE, archive

COURSE = Path(__file__).parents[2]

pytestmark = pytest.mark.slow
LAB = "lab2_rnn"
CELLS = (
    "import sys\nsys.path.insert(0, 'labcheck.pyz')\nimport numpy as np\n"
    "from labcheck import check",
    """
def rnn_forward(x, h0, W_xh, W_hh, b_h):
    states = []
    for t in range(x.shape[1]):
        states.append(np.tanh(x[:, t] @ W_xh + h0 @ W_hh + b_h))
    return np.stack(states, axis=1)
""",
    "check(rnn_forward)",
)


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_a_card_is_read_in_both_themes(
    page: Any, jupyter: Jupyter, shots: Path, theme: str
) -> None:
    home = jupyter.work
    home.mkdir(exist_ok=True)
    shutil.copy(COURSE / "release" / LAB / "visible.json", home)
    (home / ARCHIVE).write_bytes(archive())
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    book = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, CELLS)))
    book.metadata["kernelspec"] = kernel
    nbformat.write(book, home / "card.ipynb")
    settings = jupyter.home / "config" / "lab" / "user-settings" / "@jupyterlab"
    file = settings / "apputils-extension" / "themes.jupyterlab-settings"
    file.write_text(json.dumps({"theme": theme}))
    address = jupyter.start(home)
    page.goto(f"{address}/lab/tree/card.ipynb?token={TOKEN}&reset")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.wait_for_selector(".jp-NotebookPanel .jp-Toolbar-kernelName")
    page.wait_for_selector(f"body[data-jp-theme-name='{theme}']", state="attached")
    page.get_by_text("| Idle").wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    card = page.locator(".jp-OutputArea-output", has_text="not right yet").first
    card.wait_for()
    assert card.locator("svg[role=img]").is_visible()
    assert "Time steps 0 to 4" in card.locator("svg").get_attribute("aria-label")
    page.screenshot(path=shots / f"card-{theme.split()[-1].lower()}.png")
    assert card.evaluate(WORST) >= 4.5
