"""The class page in a browser: two programs side by side, and nothing of them runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.judge.report import ExerciseReport, LabReport
from autograder.judge.sketch import Answer, Sketch
from autograder.labcheck.compare import Tolerance
from autograder.labcheck.tree import Array
from autograder.labcheck.verdict import Observed
from autograder.pages.class_page import class_page
from autograder.pages.insight import insight
from autograder.spec.collection import collect

EVIL = "</code></pre><script>document.title = 'run'</script><img src=x onerror=alert(1)>"
PROGRAMS = {
    "ada": "def rnn_step(x):\n    return 0 * x",
    "bob": f"def rnn_step(x):\n    y = '{EVIL}'\n    return x - x",
}


@pytest.fixture(scope="module")
def html() -> str:
    """Two students with the same wrong answer."""
    got = Observed("result", Array(np.zeros(3)))
    reports = []
    for student, program in PROGRAMS.items():
        sketch = Sketch((Answer("values", Tolerance(), got),), (), program)
        one = ExerciseReport("rnn_step", "wrong", 0.0, 5.0, sketch=sketch)
        reports.append(LabReport("lab2_rnn", student, "cpu", ("isolated",), 0.1, (one,)))
    return class_page(insight(collect("lab2_rnn"), reports))


@pytest.mark.parametrize("width", [1280, 400])
def test_two_programs_stand_side_by_side_and_are_text(
    page: Any, html: str, tmp_path: Path, shots: Path, width: int
) -> None:
    file = tmp_path / "class.html"
    file.write_text(html, "utf-8")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(file.as_uri())
    page.get_by_text("two of their programs").click()
    codes = page.locator(".pair pre")
    assert [code.inner_text().strip() for code in codes.all()] == list(PROGRAMS.values())
    first, second = (code.bounding_box() for code in codes.all())
    assert first["y"] == second["y"]
    assert first["x"] + first["width"] <= second["x"]
    assert page.title() != "run"
    assert page.locator("img").count() == 0
    sideways = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not sideways
    page.screenshot(path=shots / f"class-page-unnamed-{width}.png", full_page=True)
