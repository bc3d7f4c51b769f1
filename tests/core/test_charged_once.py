"""One error is charged once: what calls a wrong function is judged with a right one instead."""

from __future__ import annotations

import pytest
from core_kit import HEAD, QUICK, RIGHT, grade, notebook, of, outcomes, program

from autograder.judge import calls, oracle
from autograder.judge.grader import Grader

STEP = "def rnn_step(x, h_prev, W_xh, W_hh, b_h):\n    "
WRONG_STEP = STEP + "return np.tanh(x @ W_xh + h_prev @ W_hh)"
NOTE = "Judged with a correct rnn_step in place of yours, which is not right yet:"
CALLERS = ("rnn_forward", "audit_trace", "train_rnn")


def test_what_calls_a_wrong_function_earns_its_points_and_says_why(grader: Grader) -> None:
    report = grade(grader, program(rnn_step=WRONG_STEP, chained=True))
    assert outcomes(report) == {"rnn_step": "wrong"}
    assert report.score == 92
    for name in CALLERS:
        one = of(report, name)
        assert (one.score, NOTE in one.feedback) == (one.max_score, True)
    for name in ("rnn_step", "rnn_backward", "sgd_step"):
        assert "in place of" not in of(report, name).feedback


@pytest.mark.parametrize(
    ("step", "outcome"),
    [
        (STEP + "raise NotImplementedError", "unfinished"),
        (None, "missing"),
        (STEP + "return 1 / 0", "error"),
        (STEP + "import os; os._exit(0)", "crash"),
        (STEP + "while True: pass", "timeout"),
        (STEP + "return np.ones(10**11)", "memory"),
        ("import torch\n" + STEP + "return torch.tanh(x)", "forbidden"),
        (STEP + "return (", "error"),
        ("1 / 0\n" + WRONG_STEP, "wrong"),
        (STEP.replace("b_h)", "b_h=1 / 0)") + "return x", "error"),
        (STEP + "return np.tanh(x @ W_xh + h_prev @ W_hh + b_h).astype(float)", "partly"),
    ],
)
def test_however_a_function_fails_its_callers_do_not(
    grader: Grader, step: str | None, outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if outcome == "timeout":
        monkeypatch.setattr(calls, "CALL_SECONDS", 2.0)
    report = grade(grader, program(rnn_step=step))
    assert outcomes(report) == {"rnn_step": outcome}


def test_a_wrong_function_that_is_called_by_keyword_is_given_too(grader: Grader) -> None:
    own_names = """
        def rnn_step(inp, state, Wx, Wh, bias):
            return np.tanh(inp @ Wx) + np.tanh(state @ Wh) + bias
    """
    forward = """
        def rnn_forward(x, h0, W_xh, W_hh, b_h):
            h, out = h0, []
            for t in range(x.shape[1]):
                h = rnn_step(x[:, t], h, {})
                out.append(h)
            return np.stack(out, 1)
    """
    by_own = forward.replace("{}", "bias=b_h, Wh=W_hh, Wx=W_xh")
    report = grade(grader, program(rnn_step=own_names, rnn_forward=by_own))
    assert outcomes(report) == {"rnn_step": "wrong"}
    by_name = forward.replace("{}", "b_h=b_h, W_hh=W_hh, W_xh=W_xh")
    report = grade(grader, program(rnn_step=WRONG_STEP, rnn_forward=by_name))
    assert outcomes(report) == {"rnn_step": "wrong"}


def test_a_caller_that_is_wrong_itself_does_not_earn_its_points(grader: Grader) -> None:
    forward = RIGHT["rnn_forward"].replace("h = h0", "h = 0 * h0")
    report = grade(grader, program(rnn_step=WRONG_STEP, rnn_forward=forward))
    assert outcomes(report) == {"rnn_step": "wrong", "rnn_forward": "wrong"}
    one = of(report, "rnn_forward")
    assert one.score == 0
    assert one.mistake == "starts_from_zeros"
    assert NOTE in one.feedback


def test_a_function_that_copies_the_error_pays_for_it(grader: Grader) -> None:
    forward = """
        def rnn_forward(x, h0, W_xh, W_hh, b_h):
            h, out = h0, []
            for t in range(x.shape[1]):
                h = np.tanh(x[:, t] @ W_xh + h @ W_hh)
                out.append(h)
            return np.stack(out, 1)
    """
    report = grade(grader, program(rnn_step=WRONG_STEP, rnn_forward=forward))
    assert outcomes(report) == {"rnn_step": "wrong", "rnn_forward": "wrong"}
    assert "in place of" not in of(report, "rnn_forward").feedback


def test_errors_are_charged_where_they_are_along_a_chain(grader: Grader) -> None:
    backward = RIGHT["rnn_backward"].replace("dh_next = step['dh_prev']", "pass")
    assert "pass" in backward
    step = RIGHT["rnn_step_backward"].replace("dz @ W_hh.T", "dz @ W_hh")
    assert "dz @ W_hh," in step
    wrong = {"rnn_step": WRONG_STEP, "rnn_step_backward": step, "rnn_backward": backward}
    report = grade(grader, program(**wrong, chained=True))
    assert outcomes(report) == dict.fromkeys(wrong, "wrong")
    told = of(report, "train_rnn").feedback
    assert "rnn_step, rnn_step_backward and rnn_backward in place of your own" in told.replace(
        "\n                 ", " "
    )
    assert "in place of yours" in of(report, "rnn_backward").feedback


def test_a_helper_between_two_exercises_does_not_hide_the_call(grader: Grader) -> None:
    forward = """
        class Network:
            def __init__(self, *weights):
                self.weights = weights

            def states(self, x, h):
                for t in range(x.shape[1]):
                    h = rnn_step(x[:, t], h, *self.weights)
                    yield h


        def rnn_forward(x, h0, W_xh, W_hh, b_h):
            return np.stack(list(Network(W_xh, W_hh, b_h).states(x, h0)), axis=1)
    """
    report = grade(grader, program(rnn_step=WRONG_STEP, rnn_forward=forward))
    assert outcomes(report) == {"rnn_step": "wrong"}


def test_a_wrong_helper_of_ones_own_is_not_given(grader: Grader) -> None:
    helper = "def squash(z):\n    return np.sin(z)\n\n\n"
    step = helper + STEP + "return squash(x @ W_xh + h_prev @ W_hh + b_h)"
    forward = RIGHT["rnn_forward"].replace(
        "rnn_step(x[:, t], h, W_xh, W_hh, b_h)", "squash(x[:, t] @ W_xh + h @ W_hh + b_h)"
    )
    assert "squash" in forward
    report = grade(grader, program(rnn_step=step, rnn_forward=forward))
    assert set(outcomes(report)) == {"rnn_step", "rnn_forward"}


def test_later_functions_are_not_given_to_earlier_ones(grader: Grader) -> None:
    step = STEP + "return rnn_forward(x[:, None], h_prev, W_xh, W_hh, b_h)[:, 0]"
    forward = """
        def rnn_forward(x, h0, W_xh, W_hh, b_h):
            return np.zeros((*x.shape[:2], len(b_h)))
    """
    report = grade(grader, program(rnn_step=step, rnn_forward=forward))
    assert set(outcomes(report)) == {"rnn_step", "rnn_forward"}


def test_a_function_that_is_given_raises_what_the_right_one_raises(grader: Grader) -> None:
    """sgd_step stands before train_rnn: its KeyError must reach the caller as a KeyError."""
    train = RIGHT["train_rnn"].replace(
        "trained = dict(params)",
        "trained = dict(params)\n    try:\n        sgd_step(params, {}, lr)\n"
        "        raise ValueError('no error')\n    except KeyError as error:\n"
        "        assert 'W_xh' in str(error)",
    )
    assert "no error" in train
    wrong = "def sgd_step(params, grads, lr):\n    return dict(params)"
    assert outcomes(grade(grader, program(sgd_step=wrong, train_rnn=train))) == {
        "sgd_step": "wrong"
    }


def test_calling_a_given_function_wrongly_is_an_error_and_not_a_fault(grader: Grader) -> None:
    forward = RIGHT["rnn_forward"].replace("rnn_step(x[:, t], h", "rnn_step(x[:, t], print, h")
    assert "print" in forward
    report = grade(grader, program(rnn_step=WRONG_STEP, rnn_forward=forward))
    assert outcomes(report) == {"rnn_step": "wrong", "rnn_forward": "error"}
    assert not report.needs_review


def test_trials_in_the_cell_of_a_caller_run_with_the_given_function(
    grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "CALL_SECONDS", 2.0)
    cells = {**QUICK, "rnn_step": STEP + "import os; os._exit(1)"}
    cells["rnn_forward"] += "\n\nx = np.ones((2, 3, 3))\n"
    cells["rnn_forward"] += "print(rnn_forward(x, x[0, :2], x[0], x[0], x[0, 0]))"
    report = grade(grader, notebook(HEAD, *cells.values()), "ada.ipynb")
    assert outcomes(report) == {"rnn_step": "crash"}


def test_a_given_function_that_cannot_answer_harms_nobody_else(
    grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oracle, "CALL_SECONDS", 0.0)
    report = grade(grader, program(rnn_step=WRONG_STEP))
    assert set(outcomes(report)) == {"rnn_step", "rnn_forward", "audit_trace"}
    assert not report.needs_review
    monkeypatch.undo()
    assert outcomes(grade(grader, program())) == {}
