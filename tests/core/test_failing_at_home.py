"""At home every failure is one sentence: in a terminal, in a notebook, whatever the file does."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from core_kit import COURSE, HEAD, NAMES, RIGHT, program

from autograder.chain.archive import archive
from autograder.chain.starter import starter
from autograder.labcheck import clock, needed, session
from autograder.labcheck.__main__ import main
from autograder.labcheck.filing import Lab, notes, ran, results
from autograder.labcheck.kept import Kept
from autograder.labcheck.message import HEADLINES
from autograder.labcheck.packing import unpacked
from autograder.labcheck.reading import Unreadable
from autograder.labcheck.run import Interrupted
from autograder.labcheck.session import NotebookSession
from autograder.labcheck.visible import load, load_both
from autograder.spec.collection import labs

STARTERS = COURSE / "assignments"
STEP = "def rnn_step(x, h_prev, W_xh, W_hh, b_h):\n    "
SUM = "np.tanh(x @ W_xh + h_prev @ W_hh + b_h)"


@pytest.fixture(autouse=True)
def beside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The records of this course, as beside labcheck.pyz; no environment for other tests."""
    monkeypatch.setattr(session, "FOLDER", STARTERS)
    monkeypatch.setattr("autograder.labcheck.filing.FOLDER", STARTERS)
    monkeypatch.setattr("autograder.labcheck.__main__.light", lambda: None)


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A file under the name of lab 2."""
    return tmp_path / "lab2_rnn.py"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "CALL_SECONDS", 0.2)
    monkeypatch.setattr(clock, "CELL_SECONDS", 0.2)
    monkeypatch.setattr(clock, "AGAIN", 0.05)


def checked(path: Path, *words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """What the command says of a file, in this process."""
    status = main([str(path), *words])
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err
    return status, said.out, said.err


# -- files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1"])
def test_files_are_read_in_the_encodings_of_editors(
    mine: Path, capsys: pytest.CaptureFixture[str], encoding: str
) -> None:
    mine.write_bytes(program("# é à ü\n" + HEAD).encode(encoding))
    status, said, _ = checked(mine, capsys=capsys)
    assert (status, "12 of 12 right" in said) == (0, True)


def test_an_empty_file_lacks_everything(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine.write_bytes(b"")
    status, said, _ = checked(mine, capsys=capsys)
    assert status == 1
    assert said.count("not found") == len(NAMES) + 1
    assert "There is no rnn_step at the top level of your file." in said


def test_what_is_no_file_is_told_in_a_sentence(
    tmp_path: Path, mine: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert checked(tmp_path, capsys=capsys)[::2] == (
        2,
        f"python labcheck.pyz: {tmp_path} is a folder: say which file in it\n",
    )
    assert "there is no file" in checked(mine, capsys=capsys)[2]
    if hasattr(os, "mkfifo"):
        os.mkfifo(mine)
        assert "is no ordinary file" in checked(mine, capsys=capsys)[2]
        mine.unlink()
    mine.write_text(program(), "utf-8")
    monkeypatch.setattr(Path, "read_bytes", _denied)
    status, _, said = checked(mine, capsys=capsys)
    assert (status, said) == (
        2,
        "python labcheck.pyz: lab2_rnn.py cannot be read: Permission denied\n",
    )


def _denied(_: Path) -> bytes:
    raise PermissionError(13, "Permission denied")


def test_a_file_of_another_name_is_known_by_what_it_defines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("lab2_rnn (1).py", "my_solution.py"):
        (tmp_path / name).write_text(program(), "utf-8")
        assert "12 of 12 right" in checked(tmp_path / name, capsys=capsys)[1]
    (tmp_path / "other.py").write_text("x = 1\n", "utf-8")
    status, _, said = checked(tmp_path / "other.py", capsys=capsys)
    assert status == 2
    assert "other.py defines no exercise of any lab here, so it could be any: lab1_shapes" in said


def test_a_damaged_record_is_told_with_the_way_out(
    tmp_path: Path, mine: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "visible").mkdir()
    (tmp_path / "visible" / "lab2_rnn.json").write_text('{"exercises": [{', "utf-8")
    monkeypatch.setattr("autograder.labcheck.filing.FOLDER", tmp_path)
    mine.write_text(program(), "utf-8")
    status, _, said = checked(mine, capsys=capsys)
    assert (status, said) == (
        2,
        "python labcheck.pyz: lab2_rnn.json is damaged: copy it again from what was handed out\n",
    )


def test_a_fault_of_labchecks_own_is_told_as_such(
    mine: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("spoiled")

    mine.write_text(program(), "utf-8")
    monkeypatch.setattr("autograder.labcheck.filing.check_cases", broken)
    status, said, _ = checked(mine, capsys=capsys)
    assert status == 1
    assert "labcheck itself stopped with KeyError (test_failing_at_home.py, line" in " ".join(
        said.split()
    )
    assert said.count("could not be judged") == len(NAMES) + 1
    monkeypatch.setattr("autograder.labcheck.__main__.ran", broken)
    status, _, said = checked(mine, capsys=capsys)
    assert status == 2
    assert "That is no fault of yours" in said


# -- broken files --------------------------------------------------------------------------------


EDITS = 40
"""How many broken files are made of each lab's."""


def broken_edits(text: str, seed: str, count: int) -> Iterator[str]:
    """A file as it is in the midst of being typed, in many ways."""
    rng = random.Random(seed)
    lines = text.split("\n")

    def line(place: int, new: str) -> str:
        return "\n".join([*lines[:place], new, *lines[place + 1 :]])

    for _ in range(count):
        at = rng.randrange(len(lines))
        old = lines[at]
        cut = rng.randrange(len(old) + 1)
        yield rng.choice(
            (
                line(at, old[:cut]),
                "\n".join(lines[:at]) + "\n" + old[:cut],
                line(at, old + rng.choice("([{)]}")),
                line(at, old[:cut] + rng.choice("([{'\"") + old[cut:]),
                "\n".join(lines[:at] + lines[at + rng.randrange(1, 9) :]),
                line(at, " " * rng.randrange(1, 6) + old),
                line(at, old.lstrip()),
                line(at, "\t" + old),
                line(at, old.replace("    ", "\t", 1)),
                line(at, old[:cut] + rng.choice("−“”×→é\u200b\xa0\ufeff\x0c\0€😀") + old[cut:]),
                line(at, '    """'),
                line(at, "def f(:"),
                line(
                    at, rng.choice(("else:", "return", "await x", "yield", "break", "@", "match"))
                ),
                line(at, "<<<<<<< HEAD"),
                line(at, old[:cut] + rng.choice("\r\x0b\x1c\x85\u2028") + old[cut:]),
            )
        )


@pytest.fixture(scope="session")
def recorded() -> dict[str, Lab]:
    return {lab: Lab(*load_both(STARTERS / "visible" / f"{lab}.json")) for lab in labs()}


def verdicts(path: Path, lab: Lab) -> list[str]:
    """How each exercise of a file ends; each with something to say."""
    try:
        made = ran(path, list(lab.exercises), lab.given)
    except Unreadable as why:
        assert str(why)
        return []
    found = list(results(made, lab.exercises))
    assert [one.exercise.name for one in found] == list(lab.exercises)
    for one in found:
        assert one.outcome in HEADLINES
        assert "labcheck itself" not in one.used
        text = session.message_of(one, notebook=False).text()
        assert text
        assert "Traceback" not in text
    assert all("\n" not in note for note in notes(made, lab.exercises))
    return [one.outcome for one in found]


@pytest.mark.parametrize("lab", labs())
def test_every_broken_edit_leaves_a_verdict_for_each_exercise(
    lab: str, recorded: dict[str, Lab], tmp_path: Path
) -> None:
    path, record = tmp_path / f"{lab}.py", recorded[lab]
    text = (STARTERS / f"{lab}.py").read_text("utf-8")
    path.write_text(text, "utf-8")
    assert set(verdicts(path, record)) == {"unfinished"}
    for edited in broken_edits(text, lab, EDITS):
        path.write_bytes(edited.encode())
        found = verdicts(path, record)
        whole = found.count("unfinished")
        head = edited[: edited.index("\ndef ")] if "\ndef " in edited else edited
        if found and head in text and len(edited) > 0.9 * len(text):
            # What is typed in one function takes at most its neighbour along.
            assert whole >= len(found) - 2, edited


@pytest.mark.parametrize(
    "path", sorted((COURSE / "tests/attacks/files").glob("*.*")), ids=lambda path: path.name
)
def test_odd_files_get_a_verdict_or_a_reason(
    path: Path, recorded: dict[str, Lab], tmp_path: Path
) -> None:
    copy = tmp_path / path.name
    copy.write_bytes(path.read_bytes())
    verdicts(copy, recorded["lab2_rnn"])


def test_a_slip_is_told_with_its_line_and_costs_nothing_else(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = "def sgd_step(params, grads, lr:\n    return params"
    mine.write_text(program(sgd_step=broken), "utf-8")
    status, said, _ = checked(mine, capsys=capsys)
    line = mine.read_text("utf-8").split("\n").index("def sgd_step(params, grads, lr:") + 1
    assert status == 1
    assert said.startswith(f"lab2_rnn.py, line {line}: ")
    assert "11 of 12 right" in said


def test_signs_that_only_look_like_ends_of_lines_shift_no_line(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stub = "def output_layer(h, W_hy, b_y):\n    raise NotImplementedError"
    mine.write_text(program("# \x0b \x1c \x85 \u2028\n" + HEAD, output_layer=stub), "utf-8")
    assert "output_layer    not started yet" in checked(mine, capsys=capsys)[1]


def test_a_slip_above_is_named_where_a_name_is_missing(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "import numpy as np\nRows = (np.ndarray\n\ndef rnn_step(x: Rows):\n    return x\n"
    mine.write_text(text, "utf-8")
    said = " ".join(checked(mine, capsys=capsys)[1].split())
    assert "NameError: name 'Rows' is not defined Perhaps because of lab2_rnn.py, line 2" in said


# -- what is not installed -----------------------------------------------------------------------


def test_a_package_that_is_missing_is_named_with_what_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(needed.NotInstalled, match="python -m pip install torch") as raised:
        needed.need("torch")
    assert raised.value._render_traceback_() == [str(raised.value)]
    assert [*needed.told(["sklearn.metrics", "mine.tools", "mine"])] == [
        "scikit-learn is not installed here; this installs it: python -m pip install scikit-learn",
        "There is no module mine here",
    ]
    assert [*needed.told(["torch.nn"], forbidden=["torch"])] == []


def test_a_package_that_does_not_load_is_told_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "pandas.py").write_text("raise ImportError('a library is missing\\nlong text')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "pandas", raising=False)
    with pytest.raises(needed.NotInstalled) as raised:
        needed.need("pandas")
    assert str(raised.value) == (
        "pandas is here and cannot be loaded (a library is missing); "
        "install it again: python -m pip install --force-reinstall pandas"
    )


def test_without_torch_what_needs_none_is_checked_all_the_same(
    recorded: dict[str, Lab], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.labcheck.run.is_here", lambda _: False)
    path = tmp_path / "lab6_bidirectional.py"
    path.write_text((STARTERS / path.name).read_text("utf-8"), "utf-8")
    found = verdicts(path, recorded["lab6_bidirectional"])
    assert found[:3] == ["unfinished"] * 3
    assert found[3] == "not_graded"


# -- what a file does ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "import sys; sys.exit(3)",
        "import os; os._exit(3)",
        "import os; os.abort()",
        "import builtins; del builtins.print, builtins.len, builtins.isinstance, builtins.next",
        "import builtins; builtins.print = builtins.open = None",
        "import sys; sys.stdout.close(); sys.stdout = None; sys.stderr = None",
        "import json, textwrap; json.loads = textwrap.TextWrapper = None",
        "import sys; sys.modules.clear()",
        "import sys; sys.modules['json'] = sys.modules['re'] = None",
        "import threading; threading.Thread(target=lambda: 1 / 0).start()",
        "def f(): f()\nf()",
        "raise BaseException",
        "import os; os.chdir('/')",
        "import sys; sys.setrecursionlimit(10**6)",
        "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)",
    ],
)
def test_what_a_file_does_at_its_top_level_costs_nothing(
    mine: Path, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    here = Path.cwd()
    mine.write_text(f"{program()}# %%\n{line}\n", "utf-8")
    try:
        status, said, noise = checked(mine, capsys=capsys)
    finally:
        os.chdir(here)
    assert (status, noise) == (0, "")
    assert "12 of 12 right" in said


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("import os; os._exit(5)", "asked for Python to end at once (os._exit)"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("return rnn_step(x, h_prev, W_xh, W_hh, b_h)", "a function calls itself without an end"),
    ],
)
def test_a_function_that_ends_the_program_costs_itself(
    mine: Path, capsys: pytest.CaptureFixture[str], body: str, words: str
) -> None:
    mine.write_text(program(rnn_step=STEP + body), "utf-8")
    status, said, _ = checked(mine, capsys=capsys)
    assert status == 1
    assert words in said
    assert re.search(rf"lab2_rnn.py, line \d+: {re.escape(body)}", said)
    assert re.search(r"relative_error +5/5  right", said)


def test_what_a_program_makes_of_numpy_holds_in_its_calls_alone(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import numpy as np

    mine.write_text(
        f"{program()}# %%\nnp.tanh, np.sum, np.isclose = np.sin, None, None\n", "utf-8"
    )
    before = np.tanh, np.sum
    status, said, _ = checked(mine, capsys=capsys)
    assert status == 1
    assert "rnn_step                   0/8  not right yet" in said
    assert (np.tanh, np.sum) == before


def test_modules_that_are_kept_come_back_as_they_were() -> None:
    import json as module

    kept, loads, own = Kept(), module.loads, sys.stdout
    with kept:
        module.loads = None  # type: ignore[assignment]
        sys.stdout = None  # type: ignore[assignment]
    assert (module.loads, sys.stdout) == (loads, own)
    with kept:
        assert module.loads is None
    assert module.loads is loads


# -- time ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("while True:\n        pass", "pass|while True:"),
        ("import time; time.sleep(60)", "import time"),
        (
            "while True:\n        try:\n            while True:\n                pass\n"
            "        except BaseException:\n            pass",
            "pass|while True:|try:|except BaseException:",
        ),
    ],
)
def test_a_call_without_an_end_is_stopped_and_its_line_is_shown(
    mine: Path, capsys: pytest.CaptureFixture[str], quick: None, body: str, line: str
) -> None:
    mine.write_text(program(rnn_step=STEP + body), "utf-8")
    status, said, _ = checked(mine, "-e", "rnn_step", capsys=capsys)
    assert status == 1
    assert "ran out of time" in said
    assert "The call took longer than 0.2 seconds and was stopped." in said
    assert re.search(rf"In your code   lab2_rnn.py, line \d+: (?:{line})", said)


def test_a_loop_at_the_top_level_is_stopped_and_what_follows_is_there(
    mine: Path, capsys: pytest.CaptureFixture[str], quick: None
) -> None:
    text = program(rnn_step="while True: pass\n" + STEP + f"return {SUM}")
    mine.write_text(text, "utf-8")
    assert "12 of 12 right" in checked(mine, capsys=capsys)[1]
    mine.write_text(program(rnn_step="while True: pass"), "utf-8")
    assert "rnn_step                   0/8  not found" in checked(mine, capsys=capsys)[1]


def test_a_training_may_take_as_long_as_where_it_is_graded(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []
    record = unpacked(json.loads((STARTERS / "visible" / "lab2_rnn.json").read_text("utf-8")))
    for one in record["exercises"]:
        one["training"] = one["name"] == "train_rnn"
    (mine.parent / "visible.json").write_text(json.dumps(record), "utf-8")
    exercises = load(mine.parent / "visible.json")
    mine.write_text(program(), "utf-8")
    made = ran(mine, list(exercises))
    monkeypatch.setattr(clock, "BEGUN", [asked.append])
    for name, limit in (("rnn_step", 10.0), ("train_rnn", 60.0)):
        asked.clear()
        assert [one.outcome for one in results(made, {name: exercises[name]})] == ["right"]
        assert set(asked) == {limit, 0}


def test_elsewhere_than_on_the_main_thread_another_thread_stops_it(quick: None) -> None:
    ended: list[str] = []

    def work() -> None:
        try:
            with clock.limited(0.1):
                while True:
                    pass
        except clock.TimeUp:
            ended.append("late")
        with clock.limited(10):
            ended.append("in time")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(30)
    assert ended == ["late", "in time"]


def test_an_alarm_is_not_heard_after_its_end(quick: None) -> None:
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(clock.TimeUp), clock.limited(0.05):
        _spin()
    time.sleep(0.15)
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def _spin() -> None:
    while True:
        pass


@pytest.mark.parametrize("words", [[], ["-e", "rnn_forward"], ["--hint", "rnn_forward"]])
def test_time_is_limited_too_while_it_is_found_out_whose_fault_it_is(
    mine: Path, capsys: pytest.CaptureFixture[str], quick: None, words: list[str]
) -> None:
    body = "print('round')\n    while True:\n        pass"
    mine.write_text(program(rnn_step=STEP + body), "utf-8")
    status, said, _ = checked(mine, *words, capsys=capsys)
    assert status == (0 if words else 1)
    assert re.search(r"rnn_forward +(10/10  )?right", said)
    if words == ["-e", "rnn_forward"]:
        assert "Checked with the recorded answers of rnn_step" in said
    if not words:
        assert "The call took longer than 0.2 seconds and was stopped." in said
        assert "  It printed     round\n" in said


def test_what_runs_without_an_end_is_waited_for_once_and_not_by_all_that_call_it(
    mine: Path, capsys: pytest.CaptureFixture[str], quick: None, tmp_path: Path
) -> None:
    entered = tmp_path / "entered"
    body = f"with open({str(entered)!r}, 'a') as f: f.write('.')\n    while True:\n        pass"
    mine.write_text(program(rnn_step=STEP + body), "utf-8")
    checked(mine, "-e", "rnn_step", capsys=capsys)
    alone = len(entered.read_text())
    entered.unlink()
    _, said, _ = checked(mine, capsys=capsys)
    assert len(entered.read_text()) == alone
    assert re.search(r"✓ rnn_forward +10/10  right", said)  # by the recorded answers


def test_in_a_notebook_too_until_it_is_written_anew(
    quick: None, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(space: dict[str, Any]) -> str:
        book.check(space["train_rnn"])
        return " ".join(capsys.readouterr().out.split())

    book = NotebookSession(STARTERS / "visible" / "lab2_rnn.json")
    space: dict[str, Any] = {"__name__": "cell"}
    rest = {name: text for name, text in RIGHT.items() if name != "rnn_step"}
    exec(HEAD + "\n\n".join(rest.values()), space)
    exec("def rnn_step(x, h_prev, W_xh, W_hh, b_h):\n    while True:\n        pass", space)
    book.check(space["rnn_step"])
    assert "ran out of time" in capsys.readouterr().out
    said = told(space)
    assert "train_rnn was not tried: rnn_step, which it calls, ran out of time." in said
    assert "rnn_step, which runs out of time: begin there." in said
    exec(RIGHT["rnn_step"], space)
    assert "right" in told(space).split("points")[0]


def test_what_is_printed_is_kept_whatever_became_of_the_built_in_names(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = "print('here'); return x"
    text = f"{program(rnn_step=STEP + body)}# %%\nimport builtins\nbuiltins.max = builtins.len = None\n"
    mine.write_text(text, "utf-8")
    _, said, _ = checked(mine, "-e", "rnn_step", capsys=capsys)
    assert "  It printed     here\n" in said


def test_more_is_offered_where_there_is_more(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for body, more in (("raise NotImplementedError", False), (f"return {SUM} - b_h", True)):
        mine.write_text(program(rnn_step=STEP + body), "utf-8")
        _, said, _ = checked(mine, "--hint", capsys=capsys)
        assert ("--hint rnn_step --more" in said) == more


# -- in a notebook -------------------------------------------------------------------------------


@pytest.fixture
def notebook() -> NotebookSession:
    return NotebookSession(STARTERS / "visible" / "lab2_rnn.json")


def rnn_step(x, h_prev, W_xh, W_hh, b_h):  # type: ignore[no-untyped-def]
    return x @ W_xh


@pytest.mark.parametrize("word", ["check", "hint"])
def test_what_is_checked_wrongly_is_told_in_a_sentence(
    notebook: NotebookSession, capsys: pytest.CaptureFixture[str], word: str
) -> None:
    ask = getattr(notebook, word)
    for given, said in (
        ((), f"Say for which function, as in {word}(rnn_step)."),
        (("rnn_step",), f"Write {word}(rnn_step), without quotation marks."),
        (("mine",), "What it got is 'mine'."),
        (("rnn_stp",), f"Do you mean rnn_step? Write {word}(rnn_step), without quotation marks."),
        ((rnn_step(*[__import__("numpy").ones((2, 2))] * 5),), "What it got is of type ndarray."),
        ((None,), "and not called. What it got is of type NoneType."),
        ((broken_edits,), "broken_edits is no exercise of this lab. Its exercises: rnn_step,"),
    ):
        ask(*given)
        out = capsys.readouterr().out
        assert said in out
        assert out.count("\n") == 1


def test_a_hint_without_a_name_is_for_what_was_checked_last(
    notebook: NotebookSession, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook.check(rnn_step)
    capsys.readouterr()
    notebook.hint()
    assert "rnn_step    not right yet" in capsys.readouterr().out
    notebook.hint()
    assert "What is wrong" in capsys.readouterr().out


def test_an_interrupt_shows_the_line_that_was_running_and_nothing_else(
    notebook: NotebookSession,
) -> None:
    def rnn_step(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(Interrupted) as raised:
        notebook.check(rnn_step)
    (line,) = raised.value._render_traceback_()
    assert re.fullmatch(
        r"Interrupted in test_failing_at_home.py, line \d+: raise KeyboardInterrupt", line
    )
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


def test_a_fault_of_labchecks_own_is_a_sentence_in_a_notebook_too(
    notebook: NotebookSession, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "check_cases", lambda *_, **__: 1 / 0)
    notebook.check(rnn_step)
    assert "labcheck itself stopped with ZeroDivisionError" in capsys.readouterr().out
    monkeypatch.setattr(session, "lacking", lambda _: needed.absent("torch"))
    notebook.check(rnn_step)
    assert "PyTorch is not installed here; this installs it" in capsys.readouterr().out
    gone = NotebookSession(STARTERS / "README.md")
    gone.progress()
    gone.hint(rnn_step)
    assert capsys.readouterr().out.count("README.md is damaged: copy it again") == 2


# -- the starter file ----------------------------------------------------------------------------


@pytest.mark.parametrize("lab", labs())
def test_the_starter_file_says_how_one_works_with_a_file(lab: str) -> None:
    text = starter(lab, (COURSE / "release" / lab / f"{lab}.ipynb").read_text("utf-8"))
    assert "run its cell" not in text
    assert "`hint(" not in text
    assert "# **How to work**\n#\n# - Write a function below its docstring" in text
    assert f"`python labcheck.pyz {lab}.py --hint NAME`" in text
    assert "\n#\n# **What is allowed:**" in text
    assert f"`python labcheck.pyz {lab}.py --pictures`" in text
    assert max(map(len, text.split("\n"))) <= 99


# -- real processes ------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def handed_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with labcheck.pyz and the record of lab 2."""
    folder = tmp_path_factory.mktemp("at home")
    (folder / "labcheck.pyz").write_bytes(archive())
    record = (STARTERS / "visible" / "lab2_rnn.json").read_bytes()
    (folder / "visible.json").write_bytes(record)
    return folder


def command(
    folder: Path, words: Sequence[str], text: str, before: str = ""
) -> tuple[int, str, str]:
    """python labcheck.pyz on a text; before: what happens first in that process."""
    (folder / "lab2_rnn.py").write_text(text, "utf-8")
    start = (
        f"{before}\nimport runpy, sys\nsys.argv = {['labcheck.pyz', 'lab2_rnn.py', *words]!r}\n"
    )
    start += "sys.path.insert(0, 'labcheck.pyz')\n"
    start += "runpy.run_path('labcheck.pyz', run_name='__main__')\n"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", start],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done.returncode, done.stdout, done.stderr


def test_without_numpy_the_command_says_what_installs_it(handed_out: Path) -> None:
    status, said, noise = command(
        handed_out, [], program(), "import sys; sys.modules['numpy'] = None"
    )
    told = "NumPy is not installed here; this installs it: python -m pip install numpy."
    assert (status, said, noise) == (2, "", f"python labcheck.pyz: {told}\n")


def test_an_old_python_is_told_what_is_needed(handed_out: Path) -> None:
    status, said, noise = command(
        handed_out, [], program(), "import sys; sys.version_info = (3, 8, 1)"
    )
    told = "labcheck.pyz needs Python 3.11 or later, and this is Python 3.8\n"
    assert (status, said, noise) == (2, "", told)


def test_what_kills_its_process_costs_the_exercise_that_was_tried(handed_out: Path) -> None:
    kills = "import ctypes; ctypes.string_at(0)"
    status, said, noise = command(handed_out, [], program(rnn_step=STEP + kills))
    assert (status, noise) == (1, "")
    told = " ".join(said.split())
    assert "It ended Python itself (Segmentation fault): lab2_rnn.py, line" in told
    assert said.count("✓ half_squared_error") == 1
    assert "8 of 12 right" in said or "9 of 12 right" in said


@pytest.mark.parametrize("words", [[], ["-e", "rnn_forward"], ["--hint", "rnn_forward"]])
def test_what_calls_a_function_that_kills_its_process_is_sent_there(
    handed_out: Path, words: list[str]
) -> None:
    kills = "import ctypes; ctypes.string_at(0)"
    status, said, noise = command(handed_out, words, program(rnn_step=STEP + kills))
    assert (status, noise) == (1, "")
    told = " ".join(said.split())
    if words:
        assert "rnn_forward ended its process" in told
        assert "rnn_forward calls rnn_step, which is not right yet: begin there." in told
    else:
        assert "rnn_step ended its process" in told


def test_a_file_that_kills_its_process_as_it_is_read_is_told_in_a_sentence(
    handed_out: Path,
) -> None:
    text = f"{program()}# %%\nimport os; os.kill(os.getpid(), 9)\n"
    status, said, noise = command(handed_out, [], text)
    assert (status, said) == (1, "")
    killed = "It ended Python itself (Killed: perhaps memory ran out)"
    assert noise == f"python labcheck.pyz: the file cannot be run. {killed}\n"


def test_what_hears_no_signal_is_ended_from_outside(handed_out: Path) -> None:
    quicker = "import sys; sys.path.insert(0, 'labcheck.pyz')\n"
    quicker += "import labcheck.clock, labcheck.supervisor\n"
    quicker += "labcheck.clock.CALL_SECONDS = 0.2; labcheck.supervisor.GRACE = 0.2"
    stuck = program(output_layer="def output_layer(h, W_hy, b_y):\n    return sum(range(10**13))")
    status, said, noise = command(handed_out, [], stuck, quicker)
    assert (status, noise) == (1, "")
    told = " ".join(said.split())
    assert "It took longer than 0.2 seconds and could not be stopped: lab2_rnn.py, line" in told
    assert "return sum(range(10**13))" in told
    assert "11 of 12 right" in said


def test_threads_that_are_left_and_a_closed_output_hold_nothing_up(handed_out: Path) -> None:
    lines = "import os, sys, threading, time\nthreading.Thread(target=time.sleep, args=(900,)).start()\n"
    lines += "sys.__stdout__.close(); os.close(1); os.close(2)\n"
    status, said, noise = command(handed_out, [], f"{program()}# %%\n{lines}")
    assert (status, noise) == (0, "")
    assert "12 of 12 right" in said
