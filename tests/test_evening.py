"""A student's evening in a real kernel: what waits stops nothing, and a restart forgets nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from autograder.chain.source import SETUP
from autograder.spec.collection import course
from tools.madeup import answers

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
LAB = "lab2_rnn"
SOLVED = answers((course() / "solutions" / f"{LAB}.py").read_text(encoding="utf-8"))
STUB = "def {name}(*arguments):\n    raise NotImplementedError()"

Evening = Callable[..., list[str]]


@pytest.fixture
def evening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Evening:
    """Runs cells in a new kernel in the folder of a lab; what each shows, as text."""
    home = tmp_path / LAB
    shutil.copytree(course() / "release" / LAB, home)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def run(*cells: str, setup: str = SETUP) -> list[str]:
        book = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in (setup, *cells)]
        )
        NotebookClient(book, timeout=120, resources={"metadata": {"path": str(home)}}).execute()
        return ["\n".join(map(_text, cell.outputs)) for cell in book.cells[1:]]

    return run


def _text(output: nbformat.NotebookNode) -> str:
    if output.output_type == "stream":
        return str(output.text)
    if output.output_type == "error":
        return "\n".join([f"ERROR {output.ename}", *output.traceback])
    return str(output.data.get("text/plain", ""))


def test_cells_wait_for_a_function_and_those_below_them_run(evening: Evening) -> None:
    made, needs, other, check, done = evening(
        STUB.format(name="rnn_step") + "\nh = rnn_step(1)",
        "loss = h + 1",
        "print(loss)",
        "check(rnn_forward)",
        "print('the end')",
    )
    assert "this cell calls rnn_step, which is not written yet" in made
    assert "this cell needs h, which waits for rnn_step" in needs
    assert "this cell needs loss, which waits for rnn_step" in other
    assert "rnn_forward is not defined" in check
    assert done == "the end\n"
    assert "ERROR" not in "".join((made, needs, other))


def test_a_handed_out_cell_that_waits_leaves_nothing_half_made(evening: Evening) -> None:
    book = nbformat.read(course() / "release" / LAB / f"{LAB}.ipynb", as_version=4)
    demo = next(cell.source for cell in book.cells if 'reveal("pulse"' in cell.source)
    _, waits, needs, _, mine = evening(
        STUB.format(name="rnn_forward"), demo, "x.shape", "y = 1\nrnn_forward(y)", "y"
    )
    assert "this cell calls rnn_forward" in waits
    assert "this cell needs x, which waits for rnn_forward" in needs
    assert mine == "1"


def test_a_mistake_of_ones_own_still_stops_with_its_error(evening: Evening) -> None:
    from nbclient.exceptions import CellExecutionError

    with pytest.raises(CellExecutionError, match="nowhere"):
        evening("nowhere + 1")
    with pytest.raises(CellExecutionError, match="NotImplementedError"):
        evening("import asyncio\nasyncio.AbstractEventLoop().run_forever()")


def test_after_a_restart_an_exercise_cell_finds_what_was_handed_out(evening: Evening) -> None:
    (wrote, right) = evening(SOLVED["rnn_step"], "check(rnn_step)")
    assert wrote == ""
    assert "8 of 8 points" in right


def test_what_was_right_before_a_restart_is_remembered_and_said_to_be_old(
    evening: Evening,
) -> None:
    evening(SOLVED["rnn_step"], "check(rnn_step)")
    (after,) = evening("progress()")
    assert "1 of 12 right, 8 of 100 points" in after
    (line,) = (line for line in after.splitlines() if "rnn_step (8)" in line)
    assert line.startswith("✓")
    assert "not since" in line
    wrong = SOLVED["rnn_step"].replace("np.tanh", "np.sin")
    *_, after = evening(wrong, "check(rnn_step)", "progress()")
    (line,) = (line for line in after.splitlines() if "rnn_step (8)" in line)
    assert line.startswith("✗")
    assert "not since" not in line


def test_when_all_is_right_the_end_page_says_what_was_built_and_where_hints_were_needed(
    evening: Evening,
) -> None:
    wrong = SOLVED["sgd_step"].replace("- lr", "+ lr")
    *_, last = evening(
        wrong,
        "hint(sgd_step)\nhint(sgd_step)",
        *SOLVED.values(),
        "\n".join(f"check({name})" for name in SOLVED),
    )
    assert "all of it is right" in last
    end = last[last.index("all of it is right") :]
    assert "rnn_step: Take one step of a recurrent network" in end
    assert "sgd_step (2)" in end
    assert "lab2_rnn.ipynb" in end
    again, progress = evening(SOLVED["rnn_step"] + "\ncheck(rnn_step)", "progress()")
    assert "all of it is right" not in again  # it was said
    assert "all of it is right" in progress


def test_a_right_function_opens_a_paragraph(evening: Evening) -> None:
    _, right = evening(SOLVED["rnn_step"], "check(rnn_step)")
    assert "Read on" in right
    assert "Next question:" in right
    _, wrong = evening(SOLVED["rnn_step"].replace("np.tanh", "np.sin"), "check(rnn_step)")
    assert "Read on" not in wrong


def test_a_picture_with_sliders_is_drawn_at_once_and_waits_as_others_do(evening: Evening) -> None:
    waits, drawn, without = evening(
        STUB.format(name="rnn_step") + "\nplay(lambda a: rnn_step(a), a=(0, 3, 1))",
        "seen = []\nplay(lambda a, b: seen.append((a, b)), a=(0.0, 2.0, 0.5), b=['x', 'y'])\nseen",
        "import importlib.util, sys\nimportlib.util.find_spec = lambda name: None\n"
        "play(lambda a: print('drawn at', a), a=(0, 3, 1))",
    )
    assert "this cell calls rnn_step, which is not written yet" in waits
    assert "[(0.5, 'x')]" in drawn
    assert "drawn at 1\n" in without
    assert "pip install ipywidgets" in without
