"""A right answer gets its marks however it is wrapped, and a wrong one does not."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from core_kit import COURSE, of
from wrapped import STEP, Notebook, notebooks, scripts

from autograder.judge.grader import Grader
from autograder.judge.submission import given_in, read_bytes
from autograder.labcheck.__main__ import check_file
from autograder.labcheck.packing import unpacked
from autograder.labcheck.visible import load, load_given

WRONG = STEP.replace("+ b_h", "")
RECORD = COURSE / "release" / "lab2_rnn" / "visible.json"
HAND_INS = {
    **{f"{name}.ipynb": raw for name, raw in notebooks()},
    **{f"{name}.py": raw for name, raw in scripts()},
}
WRONG_ONES = {
    **{f"{name}.ipynb": raw for name, raw in notebooks(WRONG)},
    **{f"{name}.py": raw for name, raw in scripts(WRONG)},
}


def judged(grader: Grader, name: str, raw: bytes) -> tuple[str, float | None, str]:
    given = given_in(COURSE, "lab2_rnn")
    report = grader.grade(read_bytes(raw, f"x.{name.rpartition('.')[2]}", "ada", given=given))
    step = of(report, "rnn_step")
    return step.outcome, step.score, step.feedback


@pytest.mark.parametrize("name", HAND_INS)
def test_a_right_answer_is_right(name: str, grader: Grader) -> None:
    outcome, score, feedback = judged(grader, name, HAND_INS[name])
    assert (outcome, score) == ("right", 8), feedback


@pytest.mark.parametrize("name", list(WRONG_ONES)[::3])
def test_a_wrong_answer_is_wrong_in_the_same_wrapping(name: str, grader: Grader) -> None:
    outcome, score, _ = judged(grader, name, WRONG_ONES[name])
    assert (outcome, score) == ("wrong", 0)


@pytest.mark.parametrize(
    "cell",
    [
        "".join(f"# {line}\n" for line in STEP.splitlines()),
        f"%%script false --no-raise-error\n{STEP}",
        f"%%bash\n{STEP}",
        f"answer = '''\n{STEP}'''",
    ],
)
def test_what_is_no_code_earns_nothing(cell: str, grader: Grader) -> None:
    assert judged(grader, "x.ipynb", Notebook(cell).bytes)[:2] == ("missing", 0)


def test_a_markdown_cell_of_ones_own_is_no_code(grader: Grader) -> None:
    notebook = Notebook("pass")
    notebook.first(STEP)
    notebook.cells[0]["cell_type"] = "markdown"
    assert judged(grader, "x.ipynb", notebook.bytes)[0] == "missing"


@pytest.mark.parametrize("name", {**HAND_INS, "wrong.py": WRONG_ONES["the starter.py"]})
def test_labcheck_finds_the_same(name: str, tmp_path: Path) -> None:
    raw = HAND_INS.get(name, WRONG_ONES["the starter.py"])
    path = tmp_path / f"lab2_rnn.{name.rpartition('.')[2]}"
    path.write_bytes(raw)
    exercises = {"rnn_step": load(RECORD)["rnn_step"]}
    checked = check_file(path, exercises, load_given(RECORD))["rnn_step"]
    assert checked.outcome == ("wrong" if name == "wrong.py" else "right"), checked.used


def test_a_cell_is_awaited_where_a_loop_runs_already(tmp_path: Path) -> None:
    path = tmp_path / "lab2_rnn.ipynb"
    path.write_bytes(Notebook(f"import asyncio\nawait asyncio.sleep(0)\n{STEP}").bytes)
    exercises = {"rnn_step": load(RECORD)["rnn_step"]}
    loop, outer = asyncio.new_event_loop(), asyncio.events._get_running_loop()
    asyncio.events._set_running_loop(loop)
    try:
        outcome = check_file(path, exercises, load_given(RECORD))["rnn_step"].outcome
        assert asyncio.get_running_loop() is loop
    finally:
        asyncio.events._set_running_loop(outer)
        loop.close()
    assert outcome == "right"


def test_the_released_code_is_recorded_for_labcheck() -> None:
    given = given_in(COURSE, "lab2_rnn")
    recorded = load_given(RECORD)
    assert given is not None
    assert recorded == given
    assert "as_float" in given.code[given.run[0]]
    assert unpacked(json.loads(RECORD.read_text("utf-8")))["given"]["run"] == list(given.run)
