"""No verdict on a version of a function that its cell no longer says: cells in IPython's shell."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from core_kit import RIGHT
from IPython.core.interactiveshell import InteractiveShell

from autograder.labcheck.cells import Cells, like

STEP = RIGHT["rnn_step"]
TIME = r"\d\d:\d\d"


class Notebook:
    """A shell whose cells are run by id."""

    def __init__(self) -> None:
        self.shell = InteractiveShell()
        self.cells = Cells()
        self.cells.watch(self.shell)
        self.run("import numpy as np\n" + RIGHT["as_float"])

    def run(self, text: str, cell: str | None = None) -> None:
        self.shell.run_cell(text, cell_id=cell)

    def stale(self, name: str = "rnn_step") -> str:
        return self.cells.stale(name, self.shell.user_ns.get(name))


@pytest.fixture
def book(capsys: pytest.CaptureFixture[str]) -> Iterator[Notebook]:
    made = Notebook()
    yield made
    made.shell.history_manager = None
    capsys.readouterr()


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (STEP.replace("):", ":", 1), r"SyntaxError in line 1: '\(' was never closed"),
        ("nowhere\n" + STEP, "NameError in line 1: name 'nowhere' is not defined"),
        (f"def f():\n    1 / 0\n\nf()\n{STEP}", "ZeroDivisionError in line 4: division by zero"),
        ("raise KeyboardInterrupt\n" + STEP, "KeyboardInterrupt in line 1"),
    ],
)
def test_the_version_before_a_cell_that_stopped_gets_no_verdict(
    book: Notebook, broken: str, why: str
) -> None:
    book.run(STEP, "a")
    assert book.stale() == ""
    book.run(broken, "a")
    import re

    assert re.fullmatch(
        f"The cell of rnn_step did not run to its end at {TIME}: {why}\\. rnn_step is still the "
        f"version of {TIME}, so nothing is checked: mend the cell, run it, and check again\\.",
        book.stale(),
    )
    book.run(STEP, "a")
    assert book.stale() == ""


def test_a_cell_that_stops_below_a_definition_has_defined_it(book: Notebook) -> None:
    book.run(STEP, "a")
    book.run(STEP + "\nrnn_step(1)", "a")
    assert book.stale() == ""


def test_a_definition_from_another_place_is_no_old_version(book: Notebook) -> None:
    book.run(STEP, "a")
    book.run("nowhere\n" + STEP, "a")
    book.shell.user_ns["rnn_step"] = lambda x: x
    assert book.stale() == ""


def test_a_name_without_any_version_says_why(book: Notebook) -> None:
    book.run(STEP.replace("):", ":", 1))
    assert book.cells.absent("rnn_step").startswith(
        "rnn_step is not defined: its cell did not run to its end at "
    )
    book.run(STEP.replace("rnn_step", "rnnstep"))
    assert book.cells.absent("rnn_stp") == "rnn_stp is not defined: you defined rnnstep."
    assert book.cells.absent("train_rnn") == ""


@pytest.mark.parametrize("cell", ["a", None])
def test_a_function_that_a_slip_renamed_is_noticed(book: Notebook, cell: str | None) -> None:
    book.run(STEP, cell)
    book.run(STEP.replace("rnn_step", "rnnstep"), cell)
    told = book.stale()
    assert "you defined rnnstep" in told
    assert "rnn_step is still the version of" in told
    assert told.endswith("so nothing is checked. Is rnn_step the name that you mean?")
    book.run(STEP, cell)
    assert book.stale() == ""


def test_a_cell_that_no_longer_defines_what_it_did_is_noticed(book: Notebook) -> None:
    book.run(STEP, "a")
    book.run("# " + STEP.replace("\n", "\n# "), "a")
    assert "its cell defines nothing in its place" in book.stale()
    book.run(STEP, "b")
    assert book.stale() == ""


def test_a_helper_with_a_name_like_it_is_only_noted(book: Notebook) -> None:
    book.run(STEP, "a")
    book.run("def rnn_steps(x, k):\n    return x\n", "b")
    assert book.stale() == ""
    note = book.cells.note("rnn_step", ["rnn_step", "rnn_forward"])
    assert note.startswith("You defined rnn_steps at ")
    book.run(STEP, "a")
    assert book.cells.note("rnn_step", ["rnn_step"]) == ""


def test_other_exercises_and_numbered_names_are_no_slips() -> None:
    assert like("rnnstep", "rnn_step")
    assert like("rnn_stpe", "rnn_step")
    assert like("RNN_step", "rnn_step")
    for other in ("rnn_step", "rnn_step2", "gru_step", "rnn_step_backward", "lstm_step", "f", ""):
        assert not like(other, "rnn_step"), other


def test_magics_and_cells_without_text_are_taken_as_they_come(book: Notebook) -> None:
    book.run("%%time\n" + STEP, "a")
    assert book.stale() == ""
    book.cells.begins(SimpleNamespace())
    book.cells.ended(SimpleNamespace(error_before_exec=None, error_in_exec=None))
    assert book.stale() == ""


def test_outside_a_notebook_nothing_is_known() -> None:
    cells: Any = Cells()
    cells.watch(SimpleNamespace())
    assert cells.stale("rnn_step", print) == ""
    assert cells.absent("rnn_step") == ""
