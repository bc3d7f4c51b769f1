"""``--watch``: what changed is checked again, keys are heard, and Ctrl-C always ends it."""

from __future__ import annotations

import io
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest
from core_kit import COURSE, RIGHT, program

from autograder.chain.archive import archive
from autograder.labcheck import keys, supervisor, watching
from autograder.labcheck.filing import Lab
from autograder.labcheck.reading import read_file
from autograder.labcheck.supervisor import Standing
from autograder.labcheck.terminal import Screen
from autograder.labcheck.visible import load_both
from autograder.labcheck.watching import Watching, affected, pieces, watch

NAMES = ["rnn_step", "rnn_forward", "output_layer", "train_rnn"]
WRONG = "def sgd_step(params, grads, lr):\n    return params"
HALF = "def sgd_step(params, grads, lr:\n    return {"


@pytest.fixture(scope="session")
def lab() -> Lab:
    return Lab(*load_both(COURSE / "assignments" / "visible" / "lab2_rnn.json"))


def changed(old: str, new: str) -> set[str]:
    """The exercises that are checked again."""
    before, after = (read_file(text.encode(), "lab2_rnn.py") for text in (old, new))
    return affected(
        pieces(before.cells, dict(before.files)),
        pieces(after.cells, dict(after.files)),
        after.cells,
        dict(after.files),
        NAMES,
    )


def test_only_what_changed_and_what_uses_it_is_checked_again() -> None:
    text = program(chained=True)
    assert changed(text, text) == set()
    assert changed(text, f"\n\n# a comment\n{text}") == set()
    assert changed(
        text, text.replace("output_layer(h, W_hy, b_y):", "output_layer(h, W_hy, b_y=0):")
    ) == {"output_layer", "train_rnn"}
    helper = text.replace("def as_float(a):", "def as_float(a, b=0):")
    assert changed(text, helper) == set(NAMES)
    assert changed(text, text.replace("import numpy as np", "import numpy as np\nX = 3")) == set(
        NAMES
    )
    half = text.replace("def sgd_step(params, grads, lr):", "def sgd_step(params, grads, lr:")
    assert changed(text, half) == {"train_rnn"}


class Recorder:
    """A screen that is no terminal, or plays one."""

    def __init__(self, terminal: bool = False) -> None:
        self.text, self.terminal = "", terminal

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return self.terminal

    def new(self) -> str:
        """What was written since it was last asked for."""
        text, self.text = self.text, ""
        return text


STUB = "def rnn_forward(x, h0, W_xh, W_hh, b_h):\n    raise NotImplementedError\n"


def looking(path: Path, lab: Lab, only: str | None = None) -> tuple[Watching, Recorder]:
    made: Any = Recorder()
    return Watching(path, lab, only, Screen(made), Standing()), made


def test_a_file_is_looked_at_as_it_is_typed(
    tmp_path: Path, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, asked = tmp_path / "lab2_rnn.py", []
    results = watching.results

    def counted(
        made: Any, exercises: dict[str, Any], standing: Standing, names: list[str], known: Any
    ) -> Iterator[Any]:
        asked.extend(names)
        return results(made, exercises, standing, names, known)

    monkeypatch.setattr(watching, "results", counted)
    path.write_text(program(sgd_step=WRONG), "utf-8")
    seen, screen = looking(path, lab)
    seen.look()
    assert len(asked) == 12
    assert "11 of 12 right" in screen.new()
    assert seen.chosen == "sgd_step"
    asked.clear()
    path.write_text(program(sgd_step=HALF), "utf-8")
    seen.look()
    assert asked == ["sgd_step"]
    said = screen.new()
    assert "lab2_rnn.py, line" in said
    assert "sgd_step                   0/5  not found" in said
    path.write_bytes(b"\0\1\2")
    seen.look()
    assert screen.new() == "lab2_rnn.py: it is not text\n"
    path.unlink()
    seen.look()
    assert "lab2_rnn.py cannot be read" in screen.new()
    asked.clear()
    path.write_text(program(), "utf-8")
    seen.look()
    assert asked == ["sgd_step"]
    assert seen.done
    end = screen.new()
    assert ": all of it is right" in end
    assert "rnn_step: Take one step" in end
    assert "Hand in        lab2_rnn.py" in end


def test_a_helper_that_is_saved_has_everything_checked_again(tmp_path: Path, lab: Lab) -> None:
    path = tmp_path / "lab2_rnn.py"
    path.write_text(program("from mine import *\nimport numpy as np\n"), "utf-8")
    (tmp_path / "mine.py").write_text("x = 1\n", "utf-8")
    seen, screen = looking(path, lab, "rnn_step")
    seen.look()
    screen.new()
    seen.look()
    assert screen.new() == ""
    (tmp_path / "mine.py").write_text("x = 100\n", "utf-8")
    seen.look()
    assert "rnn_step" in screen.new()


@pytest.mark.parametrize("only", [None, "rnn_forward"])
def test_what_is_known_of_other_exercises_stays_known_between_saves(
    tmp_path: Path, lab: Lab, only: str | None
) -> None:
    path = tmp_path / "lab2_rnn.py"
    step = RIGHT["rnn_step"].replace(" + b_h", "")
    path.write_text(program(rnn_step=step, rnn_forward=STUB), "utf-8")
    seen, _ = looking(path, lab, only)
    seen.look()
    path.write_text(program(rnn_step=step), "utf-8")
    seen.look()
    assert seen.checked["rnn_forward"].outcome == "right"
    assert seen.checked["rnn_forward"].given == ("rnn_step",)
    path.write_text(program(), "utf-8")
    seen.look()
    assert seen.checked["rnn_forward"].given == ()
    assert seen.done


def test_keys_move_list_and_ask_for_hints(tmp_path: Path, lab: Lab) -> None:
    path = tmp_path / "lab2_rnn.py"
    path.write_text(program(sgd_step=WRONG), "utf-8")
    seen, screen = looking(path, lab)
    seen.look()
    screen.new()
    for pressed, words in (
        ("h", "Look here"),
        ("h", "What is wrong"),
        ("n", "train_rnn    right"),
        ("n", "rnn_step    right"),
        ("p", "train_rnn    right"),
        ("h", "nothing to hint at"),
        ("l", "relative_error             5/5  right"),
        ("x", ""),
    ):
        seen.press(pressed)
        assert words in screen.new()


def test_what_is_pressed_ends_it_or_all_that_is_right(
    tmp_path: Path, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lab2_rnn.py"
    pressed = iter(["l", "q"])
    monkeypatch.setattr(watching, "key", lambda _: next(pressed))
    path.write_text(program(sgd_step=WRONG), "utf-8")
    made: Any = Recorder(terminal=True)
    assert watch(path, lab, "sgd_step", Screen(made), Standing()) == 1
    assert "Ask with the key h" in made.text
    assert made.text.endswith("h hint   n next   p previous   l list   q quit\n")
    path.write_text(program(), "utf-8")
    assert watch(path, lab, None, Screen(made), Standing()) == 0

    def interrupted(_: float) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(watching, "key", interrupted)
    path.write_text(program(sgd_step=WRONG), "utf-8")
    assert watch(path, lab, "sgd_step", Screen(made), Standing()) == 1


def test_a_save_is_noticed_between_keys(
    tmp_path: Path, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lab2_rnn.py"
    path.write_text(program(sgd_step=WRONG), "utf-8")
    seen, screen = looking(path, lab, "sgd_step")
    seen.look()
    saves = iter([HALF, WRONG + "  # other", program()])

    def save(_: float) -> str:
        text = next(saves)
        path.write_text(text if "# %%" in text else program(sgd_step=text), "utf-8")
        return ""

    monkeypatch.setattr(watching, "key", save)
    assert seen.next_key() == ""
    assert seen.done
    assert "sgd_step is right." in screen.new()


def test_without_a_terminal_no_key_is_pressed(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(keys.time, "sleep", slept.append)
    monkeypatch.setattr(keys.sys, "stdin", None)
    assert keys.key(0.5) == ""
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(keys.sys, "stdin", closed)
    assert keys.key(0.5) == ""
    assert slept == [0.5, 0.5]


def test_on_windows_keys_are_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = [False, True]

    class Console:
        def kbhit(self) -> bool:
            return waiting.pop(0) if waiting else False

        def getwch(self) -> str:
            return "H"

    monkeypatch.setitem(sys.modules, "msvcrt", Console())  # type: ignore[arg-type]
    assert keys._on_windows(5) == "h"
    assert keys._on_windows(0.1) == ""


# -- in a real terminal --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("terminal")
    (folder / "labcheck.pyz").write_bytes(archive())
    record = (COURSE / "assignments" / "visible" / "lab2_rnn.json").read_bytes()
    (folder / "visible.json").write_bytes(record)
    return folder


def started(folder: Path, text: str, *words: str) -> Any:
    (folder / "lab2_rnn.py").write_text(text, "utf-8")
    return pexpect.spawn(
        sys.executable,
        ["labcheck.pyz", "lab2_rnn.py", *words],
        cwd=str(folder),
        env={**os.environ, "NO_COLOR": "1"},
        encoding="utf-8",
        timeout=90,
        dimensions=(60, 120),
    )


def wait_for(file: Path) -> None:
    """Until a file is there; it is taken away."""
    while not file.exists():
        time.sleep(0.02)
    file.unlink()


def ended(child: Any) -> tuple[int, str]:
    child.expect(pexpect.EOF)
    child.close()
    assert "Traceback" not in child.before
    return child.exitstatus, child.before.replace("\r\n", "\n")


def test_in_a_terminal_keys_are_heard_at_once_and_it_is_then_as_it_was(folder: Path) -> None:
    child = started(folder, program(sgd_step=WRONG), "--watch")
    child.expect("q quit")
    child.expect("11 of 12 right")
    child.expect("q quit")
    child.send("h")
    child.expect("Look here")
    child.send("h")
    child.expect("What is wrong")
    (folder / "lab2_rnn.py").write_text(program(), "utf-8")
    child.expect("12 of 12 right")
    assert ended(child)[0] == 0
    child = started(folder, program(sgd_step=WRONG), "--watch")
    child.expect("11 of 12 right")
    child.expect("q quit")
    child.send("q")
    assert ended(child)[0] == 1


def test_a_first_interrupt_says_the_line_and_a_second_one_ends_at_once(folder: Path) -> None:
    going = folder / "going"
    tell = "def output_layer(h, W_hy, b_y):\n    open('going', 'w').close()\n    "
    loop = f"{tell}while True:\n        pass"
    child = started(folder, program(output_layer=loop))
    child.expect("rnn_forward +10/10  right")  # its line is there while the next one runs
    wait_for(going)
    child.sendintr()
    status, said = ended(child)
    assert status == 130
    assert re.search(r"\nInterrupted in lab2_rnn.py, line \d+: (?:pass|while True:)\n", said)
    stuck = f"{tell}return sum(range(10**13))"
    child = started(folder, program(output_layer=stuck))
    child.expect("rnn_forward +10/10  right")
    wait_for(going)
    child.sendintr()
    child.expect(pexpect.TIMEOUT, timeout=0.5)
    child.sendintr()
    status, said = ended(child)
    assert status == 130
    assert said.endswith("\nInterrupted twice: ended at once.\n")


# -- the process that outlives it ----------------------------------------------------------------


def test_work_that_exits_has_its_own_status() -> None:
    def asked(_: Standing) -> int:
        raise SystemExit(2)

    def whole(standing: Standing) -> int:
        standing.at("rnn_step")
        standing.tell_shown(3)
        return 7

    assert supervisor.supervised(whole) == 7
    assert supervisor.supervised(asked) == 2
    assert supervisor._status(asked, Standing()) == 2


def test_work_that_dies_goes_on_behind_the_exercise_at_which_it_died(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def dies(standing: Standing) -> int:
        for place, name in enumerate(("first", "second", "third"), 1):
            standing.at(name)
            if name == "second" and name not in standing.gone:
                os._exit(9)
            standing.tell_shown(place)
        return len(standing.gone) * 10 + (standing.shown == 3)

    assert supervisor.supervised(dies) == 11
    assert supervisor.supervised(lambda _: os._exit(4)) == 1  # type: ignore[func-returns-value]
    told = "python labcheck.pyz: the file cannot be run. It ended Python itself (exit status 4)\n"
    assert capfd.readouterr().err == told


def test_an_exercise_that_changed_is_tried_again_though_it_ended_a_process() -> None:
    def dies_twice(standing: Standing) -> int:
        standing.at("first")
        if not standing.gone:
            os._exit(9)
        standing.waits()
        standing.again("first")
        standing.again("second")
        return 5 if standing.gone == {} else 6

    assert supervisor.supervised(dies_twice) == 5


def test_of_a_trace_the_innermost_line_of_the_program_is_told(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("a = 1\nb = sum(a)\n", "utf-8")
    traces = [
        "Fatal Python error: Aborted",
        f'  File "{os.__file__}", line 3 in f',
        f'  File "{path}", line 2 in <module>',
        f'  File "{path}", line 1 in <module>',
    ]
    assert supervisor._place(traces) == ": mine.py, line 2: b = sum(a)"
    assert supervisor._place(traces[:2]) == ""
