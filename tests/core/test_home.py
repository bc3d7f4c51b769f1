"""What a check says at home beside the verdict: whose fault it is, what met, what was printed."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pytest
from core_kit import RIGHT
from home import Lab, checked, defined, lines

from autograder.chain.recording import MOST_ANSWERED, MOST_MORE, record
from autograder.labcheck.cells import Cells
from autograder.labcheck.classics import noticed
from autograder.labcheck.compare import EXACT
from autograder.labcheck.earlier import Unanswered, print_of, reached, same_print
from autograder.labcheck.printed import MOST_KEPT, Written, shown
from autograder.labcheck.session import NotebookSession, NotRightError, hints
from autograder.labcheck.tree import Array, numbers_in
from autograder.labcheck.verdict import Observed, Question, judged
from autograder.labcheck.visible import load
from autograder.spec.collection import Collected

STUB = "def rnn_step(x, h_prev, W_xh, W_hh, b_h):\n    raise NotImplementedError\n"
NO_BIAS = (
    "def rnn_step(x, h_prev, W_xh, W_hh, b_h):\n    return np.tanh(x @ W_xh + h_prev @ W_hh)\n"
)
FORWARD = RIGHT["rnn_forward"]


@pytest.fixture(scope="session")
def visible(lab2: Collected, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("home") / "visible.json"
    path.write_text(json.dumps(record(lab2)), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def lab(visible: Path) -> Lab:
    return load(visible)


# -- whose fault it is ---------------------------------------------------------------------------


@pytest.mark.parametrize("step", [STUB, NO_BIAS])
def test_one_error_is_charged_once_at_home_too(lab: Lab, step: str) -> None:
    found = checked(lab, "rnn_forward", step + FORWARD)
    assert (found.outcome, found.share, found.given) == ("right", 1.0, ("rnn_step",))
    note = lines(lab, "rnn_forward", step + FORWARD)["Note"]
    assert "with the recorded answers of rnn_step, which is not right yet" in note
    assert f"in {len(found.trials)} of {len(lab['rnn_forward'].cases)} cases" in note


def test_a_mistake_beside_one_that_is_charged_already_is_found(lab: Lab) -> None:
    wrong = FORWARD.replace("axis=1", "axis=0")
    assert wrong != FORWARD
    found = checked(lab, "rnn_forward", NO_BIAS + wrong)
    assert (found.outcome, found.given) == ("wrong", ("rnn_step",))
    assert found.mistake is not None


def test_who_asks_what_nobody_recorded_is_told_where_to_begin(lab: Lab) -> None:
    other = FORWARD.replace("rnn_step(x", "rnn_step(2 * x")
    told = lines(lab, "rnn_forward", NO_BIAS + other)
    assert told["Begin with"] == (
        "rnn_forward calls rnn_step, which is not right yet: begin there."
    )
    assert not {"Hint", "What it does"} & set(told)
    (only,) = hints(checked(lab, "rnn_forward", NO_BIAS + other), 1)
    assert only.text.endswith("rnn_step, which is not right yet: begin there.")


def test_who_never_comes_to_an_earlier_function_has_a_fault_of_its_own(lab: Lab) -> None:
    late = (
        "def rnn_forward(x, h0, W_xh, W_hh, b_h):\n"
        "    x, h, states = as_float(x), as_float(h0), []\n"
        "    for t in range(min(x.shape[1], 20)):\n"
        "        h = np.tanh(x[:, t] @ W_xh + h @ W_hh + b_h)\n"
        "        states.append(h)\n"
        "    return np.stack(states, axis=1) if states else rnn_step(x, h, W_xh, W_hh, b_h)\n"
    )
    found = checked(lab, "rnn_forward", NO_BIAS + late)
    assert (found.outcome, found.given, found.begin) == ("partly", (), "")


def test_a_stub_below_a_stub_is_named_with_the_way_to_it(lab: Lab) -> None:
    train = (
        "def steps(x, p):\n"
        "    return rnn_forward(x, np.zeros((3, 6)), p['W_xh'], p['W_hh'], p['b_h'])\n"
        "def train_rnn(x, target, params, lr, steps_):\n    steps(x, params)\n"
    )
    assert lines(lab, "train_rnn", STUB + FORWARD + "\n" + train) == {
        "What to do": "train_rnn calls rnn_forward, which calls rnn_step, "
        "which is not written yet: begin there."
    }


def test_a_function_that_is_not_there_is_named(lab: Lab) -> None:
    told = lines(lab, "rnn_forward", FORWARD.replace("rnn_step(x", "rnn_step(2 * x"))
    assert told["Begin with"].startswith("rnn_forward calls rnn_step, which is not there yet")
    assert "NameError" in told["Raised"]


def test_nobody_is_named_where_those_below_are_right(lab: Lab) -> None:
    wrong = FORWARD.replace("axis=1", "axis=0")
    found = checked(lab, "rnn_forward", RIGHT["rnn_step"] + "\n" + wrong)
    assert (found.begin, found.given) == ("", ())
    assert found.mistake is not None


def test_an_attribute_is_no_call_of_an_exercise() -> None:
    space = defined("def f(text):\n    return text.encode()\ndef g():\n    return encode\n")
    assert reached(space["f"], ["encode"]) == {}
    assert reached(space["g"], ["encode"]) == {"encode": ()}


def test_what_stands_in_is_gone_afterwards(lab: Lab) -> None:
    space = defined(STUB + FORWARD)
    session_check = checked(lab, "rnn_forward", STUB + FORWARD)
    assert session_check.outcome == "right"
    with pytest.raises(NotImplementedError):
        space["rnn_step"](1, 2, 3, 4, 5)
    assert not issubclass(Unanswered, Exception)


def test_prints_tell_arguments_apart_and_not_their_last_bits() -> None:
    one = np.random.default_rng(0).normal(size=(3, 4))
    assert same_print(print_of([Array(one)]), print_of([Array(one * (1 + 1e-12))]))
    assert not same_print(print_of([Array(one)]), print_of([Array(one.T)]))
    assert not same_print(print_of([Array(one)]), print_of([Array(one[::-1].copy())]))
    tree = {"b": [1, True, None], "a": "text"}
    assert same_print(print_of([tree]), print_of([dict(reversed(tree.items()))]))
    assert not same_print(print_of([tree]), print_of([{**tree, "a": "other"}]))


def test_a_record_holds_few_answers(lab: Lab) -> None:
    for exercise in lab.values():
        first, *others = (
            sum(numbers_in(one.result) for one in case.answers) for case in exercise.cases
        )
        assert first <= MOST_ANSWERED
        assert sum(others) <= MOST_MORE
    assert any(case.answers for case in lab["rnn_forward"].cases)


# -- what met, what came, what was printed -------------------------------------------------------


def failing(body: str, head: str = "def rnn_step(x, h_prev, W_xh, W_hh, b_h):\n    ") -> str:
    return head + body


@pytest.mark.parametrize(
    ("body", "shapes"),
    [
        (
            "return np.tanh(x @ W_xh + W_hh @ h_prev)",
            "W_hh (hidden 6, hidden 6) @ h_prev (batch 3, hidden 6)",
        ),
        ("z = x @ W_xh.T\n    return z", "x (batch 3, in 4) @ W_xh.T (hidden 6, in 4)"),
        ("h = h_prev\n    h += x", "h (batch 3, hidden 6) += x (batch 3, in 4)"),
        (
            "return np.concatenate([x, h_prev], axis=0)",
            "np.concatenate([x (batch 3, in 4), h_prev (batch 3, hidden 6)], axis=0)",
        ),
        ("return x.dot(W_hh)", "x (batch 3, in 4).dot(W_hh (hidden 6, hidden 6))"),
        ("k = 9\n    return x[:, k]", "x (batch 3, in 4) at [:, k], where k = 9"),
        ("z = np.zeros(7)\n    z[0:2] = b_h", "z[0:2] (2) = b_h (hidden 6)"),
        (
            "return (x @ W_xh) @ (\n        W_xh)",
            "x @ W_xh (batch 3, hidden 6) @ W_xh (in 4, hidden 6)",
        ),
    ],
)
def test_what_met_is_told_with_the_words_of_its_axes(lab: Lab, body: str, shapes: str) -> None:
    assert lines(lab, "rnn_step", failing(body))["Shapes"] == shapes


@pytest.mark.parametrize(
    "body",
    ["raise ValueError('x')", "return int('x')", "return {}['x']", "return f(x)", "return 1 / 0"],
)
def test_nothing_is_told_of_shapes_where_none_met(lab: Lab, body: str) -> None:
    told = lines(lab, "rnn_step", failing(body))
    assert "Raised" in told
    assert "Shapes" not in told


def test_a_call_of_the_programs_own_is_not_made_again(lab: Lab) -> None:
    head = "calls = []\ndef made(a):\n    calls.append(1)\n    return a.T\n" + failing("")
    space = defined(head + "return made(x) @ made(W_hh)")
    from autograder.labcheck.run import check_cases

    found = check_cases(lab["rnn_step"], space["rnn_step"])
    made = len(space["calls"])
    assert made == 2 * sum(one.question.observe == "result" for one in found.trials)


def test_short_arguments_and_results_are_shown_in_full(lab: Lab) -> None:
    told = lines(lab, "relative_error", "def relative_error(a, b):\n    return 0.5\n")
    assert told["You returned"] == "0.5, a float."
    told = lines(
        lab,
        "half_squared_error",
        "def half_squared_error(y, target):\n    return np.array(0.5), 'no'\n",
    )
    assert told["You returned"].startswith("a tuple of 2 items")
    told = lines(lab, "audit_trace", "def audit_trace(x, h0, *a):\n    return [(0, 1)]\n")
    assert told["You returned"] == "[(0, 1)]"
    assert "atol = 0.01" in told["Called with"]


def test_of_lists_of_other_lengths_the_first_other_item_is_told(lab: Lab) -> None:
    due = lab["audit_trace"].cases[0].due.tree
    wrong = f"def audit_trace(x, h0, *a):\n    return {due[:1]!r} + [(99, 0)]\n"
    told = lines(lab, "audit_trace", wrong)["First wrong"]
    assert told == (
        f"it has 2 items, expected {len(due)}. Item 1 is (99, 0), expected {due[1]!r}."
    )
    short = f"def audit_trace(x, h0, *a):\n    return {due[:1]!r}\n"
    assert (
        lines(lab, "audit_trace", short)["First wrong"] == f"it has 1 item, expected {len(due)}."
    )


def test_what_was_printed_is_shown_where_it_is_not_right(lab: Lab) -> None:
    wrong = failing("print('step', h_prev.shape)\n    return h_prev * 2")
    assert lines(lab, "rnn_step", wrong)["It printed"] == "step (3, 6)"
    right = RIGHT["rnn_step"].replace("    return", "    print('noise')\n    return", 1)
    assert "It printed" not in lines(lab, "rnn_step", right)


def test_what_was_printed_is_cut() -> None:
    kept = Written()
    print("x" * 10 * MOST_KEPT, file=kept)
    assert len(kept.getvalue()) == MOST_KEPT
    assert len(shown("word " * 1000)) < 310
    assert shown("1\n" * 50).count("\n") < 7
    assert shown(" \n ") == ""
    assert shown("\x1b[1mbold") == "\\x1b[1mbold"


def test_printing_in_place_of_returning_is_recognised(lab: Lab) -> None:
    due = "def output_layer(h, W_hy, b_y):\n    print(h @ W_hy + b_y)\n"
    assert lines(lab, "output_layer", due)["What it does"] == (
        "It prints what is due, and returns nothing: return it in place of printing it."
    )
    other = "def output_layer(h, W_hy, b_y):\n    print('done')\n"
    assert lines(lab, "output_layer", other)["What it does"].startswith(
        "It prints, and returns nothing"
    )


def test_no_hint_is_promised_that_does_not_come(lab: Lab) -> None:
    known = checked(lab, "rnn_step", NO_BIAS)
    assert [line.label for line in hints(known, 1)] == ["Look here", "Next"]
    unknown = failing("return np.tanh(W_xh @ x)")
    told = lines(lab, "rnn_step", unknown)
    assert told["Hint"] == "Ask with hint(rnn_step) where to look."
    assert [line.label for line in hints(checked(lab, "rnn_step", unknown), 1)] == ["Look here"]


# -- classics ------------------------------------------------------------------------------------

LOOP = """
def rnn_forward(x, h0, W_xh, W_hh, b_h):
    h = h0
    for t in range(x.shape[1]):
        h = 3 * np.tanh(x[:, t] @ W_xh + h @ W_hh + b_h)
        return h[:, None]
"""
SAMPLES = """
def rnn_forward(x, h0, W_xh, W_hh, b_h):
    B, T, I = x.shape
    out = []
    for b in range(B):
        out.append(np.tanh(x[b] @ W_xh + b_h))
    return np.stack(out)
"""


@pytest.mark.parametrize(
    ("name", "source", "said"),
    [
        (
            "rnn_forward",
            LOOP,
            "The return in line 6 stands inside the loop of line 4, which so ends in its first "
            "turn.",
        ),
        (
            "rnn_forward",
            SAMPLES,
            "The loop of line 5 goes over the samples: axis 0 of x is batch, axis 1 is time.",
        ),
        (
            "rnn_forward",
            SAMPLES.replace("for b in range(B)", "for b, _ in enumerate(x)"),
            "The loop of line 5 goes over the samples: axis 0 of x is batch, axis 1 is time.",
        ),
        (
            "half_squared_error",
            "def half_squared_error(y, target):\n    e = y - target\n"
            "    return np.sum(e * e, axis=0) / 2, e\n",
            "The sum of all numbers of loss is the one number that is due: along which axis is it "
            "not taken yet?",
        ),
        (
            "sgd_step",
            "def sgd_step(params, grads, lr):\n    new = params.copy()\n    for k in params:\n"
            "        new[k] -= lr * grads[k]\n    return {k: 1 * v for k, v in new.items()}\n",
            "params.copy() in line 2 copies no array: new and params hold the same ones, and -= in "
            "line 4 changes them in place.",
        ),
        (
            "sgd_step",
            "def sgd_step(params, grads, lr):\n    new = {}\n    for k, v in params.items():\n"
            "        v -= lr * grads[k]\n        new[k] = 1 * v\n    return new\n",
            "-= in line 4 changes in place the array that v is: v = v - … makes a new one.",
        ),
        (
            "rnn_step",
            "def rnn_step(x, h_prev, W_xh, W_hh, b_h):\n    b_h += 1\n"
            "    return np.tanh(x @ W_xh + h_prev @ W_hh + b_h - 1)\n",
            "+= in line 2 changes b_h itself, which is the caller's: b_h = b_h + … makes a new "
            "array.",
        ),
    ],
)
def test_what_everybody_does_once_is_noticed(lab: Lab, name: str, source: str, said: str) -> None:
    assert lines(lab, name, source)["Notice"] == said


@pytest.mark.parametrize(
    "source",
    [
        SAMPLES.replace("B, T, I = x.shape", "B = 3"),
        SAMPLES.replace("B, T, I = x.shape", "x = x * 1\n    B, T, I = x.shape"),
        SAMPLES.replace("    out = []", "    B = T\n    out = []").replace("x[b]", "x[b % 3]"),
        LOOP.replace("        return", "        if t == 7: continue\n        return"),
        LOOP.replace("        return", "        if t > 7:\n            return"),
    ],
)
def test_what_cannot_be_seen_for_sure_is_not_noticed(lab: Lab, source: str) -> None:
    assert "Notice" not in lines(lab, "rnn_forward", source)


def test_reshape_in_place_of_transpose_is_noticed() -> None:
    x = Array(np.arange(12.0).reshape(2, 3, 2))
    question = Question("values", {"x": x}, True, "result", "", EXACT, {"x": "B T I"})
    due = Observed("result", Array(x.values.transpose(1, 0, 2)))
    for came, said in (
        (x.values.reshape(3, 2, 2), True),
        (x.values[::-1].reshape(3, 2, 2), False),
    ):
        one = judged(question, due, Observed("result", Array(came)))
        text = noticed(print, [one])
        assert text.startswith("The numbers of x stand in the same order as before") == said


def test_what_is_right_is_not_noticed(lab: Lab) -> None:
    odd = SAMPLES.replace("B, T, I", "T, B, I").replace("x.shape", "x.shape", 1)
    loop = (
        "def rnn_forward(x, h0, W_xh, W_hh, b_h):\n"
        "    one = lambda s, h: [h := np.tanh(row @ W_xh + h @ W_hh + b_h) for row in s]\n"
        "    out = []\n    x, h0 = as_float(x), as_float(h0)\n"
        "    for b in range(x.shape[0]):\n        out.append(one(x[b], h0[b]))\n"
        "    return np.array(out)\n"
    )
    assert odd != SAMPLES
    assert lines(lab, "rnn_forward", loop) == {}


# -- a session -----------------------------------------------------------------------------------


def test_a_name_that_looks_like_one_of_the_lab_is_recognised(
    visible: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    session = NotebookSession(visible)
    session.check(defined("def rnnstep(x):\n    return x\n")["rnnstep"])
    assert "rnnstep is no exercise of this lab. Do you mean rnn_step?" in capsys.readouterr().out
    session.hint(defined("def mine(x):\n    return x\n")["mine"])
    assert "Its exercises: rnn_step, rnn_forward" in capsys.readouterr().out
    session.hint(defined(NO_BIAS + FORWARD)["rnn_forward"])
    assert "It is right: nothing to hint at." in capsys.readouterr().out


def test_a_text_is_as_wide_as_the_terminal(
    visible: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = NotebookSession(visible)
    function = defined(NO_BIAS)["rnn_step"]
    for columns, widest in ((50, 50), (20, 41), (300, 99)):
        monkeypatch.setenv("COLUMNS", str(columns))
        session.check(function)
        rows = capsys.readouterr().out.rstrip().split("\n")
        told = rows[2:-2]  # below the headline, above the bar
        assert all(len(row) <= widest for row in told), columns
        assert all(row.startswith(" " * 17) for row in told if not row[2:3].strip())


class Stopped(Cells):
    """A notebook in which the cell of one function stopped."""

    def stale(self, name: str, function: object) -> str:
        return "Its cell stopped." if name == "rnn_step" else ""

    def note(self, name: str, exercises: Collection[str]) -> str:
        return f"You defined {name}s."


def test_an_old_version_gets_a_sentence_and_no_verdict(
    visible: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = NotebookSession(visible, Stopped())
    space = defined(RIGHT["rnn_step"] + "\n" + FORWARD)
    session.check(space["rnn_step"])
    session.hint(space["rnn_step"])
    assert capsys.readouterr().out == "Its cell stopped.\n" * 2
    session.check(space["rnn_forward"])
    told = " ".join(capsys.readouterr().out.split())
    assert "You defined rnn_forwards. It calls rnn_step, which is still an earlier version" in told
    assert "1 of 12 right" in told
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    with pytest.raises(NotRightError, match="Its cell stopped"):
        session.check(space["rnn_step"])


def test_a_hint_on_what_was_checked_last_is_none_once_its_cell_stopped(
    visible: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stopped: list[str] = []

    class Later(Cells):
        def stale(self, name: str, function: object) -> str:
            return "".join(stopped)

    session = NotebookSession(visible, Later())
    session.check(defined(NO_BIAS)["rnn_step"])
    session.hint()
    assert "Look here" in capsys.readouterr().out
    stopped.append("Its cell stopped.")
    session.hint()
    assert capsys.readouterr().out == "Its cell stopped.\n"
    assert "0 of 12 right, 0 of 100" in session.progress_line()
