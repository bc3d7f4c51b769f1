"""What the judge gives in place of a wrong function is what the task needs, and not its answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from core_kit import grade, of, outcomes

from autograder.judge.grader import Grader
from autograder.spec.collection import collect

COURSE = Path(__file__).parents[2]
ALL = ("lab2_rnn", "lab3_lstm")

WRONG = {
    "rnn_step": "def rnn_step(x, h_prev, W_xh, W_hh, b_h):\n    return 0 * x @ W_xh",
    "rnn_forward": "def rnn_forward(x, h0, W_xh, W_hh, b_h):\n    return 0 * x @ W_xh",
    "lstm_step": "def lstm_step(x, h_prev, c_prev, params):\n    return 0 * c_prev, 0 * c_prev",
    "lstm_forward": "def lstm_forward(x, h0, c0, params):\n"
    "    return (0 * x @ params['W_f'][: x.shape[2]],) * 2",
}

DIFFERENCES = '''
def differences(f, at, eps=1e-5):
    """Central differences of f, each in a call of its own, or all of them in one that is wider."""
    grads = {}
    for name, a in at.items():
        g = grads["d" + name] = np.zeros_like(a)
        for i in np.ndindex(a.shape):
            up, down = a.copy(), a.copy()
            up[i] += eps
            down[i] -= eps
            g[i] = (f({**at, name: up}) - f({**at, name: down})) / (2 * eps)
    return grads


def floats(at):
    return {name: np.array(a, dtype=np.float64) for name, a in at.items()}

'''

RNN_BACKWARD = """
def rnn_backward(dh, x, h0, h, W_xh, W_hh):
    b_h = (np.arctanh(h[:, 0]) - x[:, 0] @ W_xh - h0 @ W_hh).mean(0)
    at = floats({"x": x, "h0": h0, "W_xh": W_xh, "W_hh": W_hh, "b_h": b_h})
    return differences(lambda p: (dh * FORWARD).sum(), at)
"""
RNN_STEP_BACKWARD = """
def rnn_step_backward(dh, x, h_prev, h, W_xh, W_hh):
    b_h = (np.arctanh(h) - x @ W_xh - h_prev @ W_hh).mean(0)
    at = floats({"x": x, "h_prev": h_prev, "W_xh": W_xh, "W_hh": W_hh, "b_h": b_h})
    return differences(lambda p: (dh * rnn_step(**p)).sum(), at)
"""
BY_STEPS = """
def forward(x, h0, W_xh, W_hh, b_h):
    h, out = h0, []
    for t in range(x.shape[1]):
        h = rnn_step(x[:, t], h, W_xh, W_hh, b_h)
        out.append(h)
    return np.stack(out, 1)
"""
LSTM_BACKWARD = """
def lstm_backward(dh, x, h0, c0, params):
    at = floats({"x": x, "h0": h0, "c0": c0, **params})
    def loss(p):
        return (dh * FORWARD).sum()
    return differences(loss, at)
"""
LSTM_BY_STEPS = """
def forward(x, h0, c0, p):
    h, c, out = h0, c0, []
    for t in range(x.shape[1]):
        h, c = lstm_step(x[:, t], h, c, p)
        out.append(h)
    return np.stack(out, 1), None
"""
LSTM_STEP_BACKWARD = """
def lstm_step_backward(dh, dc, x, h_prev, c_prev, params):
    at = floats({"x": x, "h_prev": h_prev, "c_prev": c_prev, **params})
    def loss(p):
        h, c = lstm_step(p["x"], p["h_prev"], p["c_prev"], p)
        return (dh * h + dc * c).sum()
    return differences(loss, at)
"""
WIDE = """
def lstm_step_backward(dh, dc, x, h_prev, c_prev, params):
    # every difference of x, h_prev and c_prev in one call with a longer batch
    at = floats({"x": x, "h_prev": h_prev, "c_prev": c_prev})
    rows, places = [], []
    for name, a in at.items():
        for i in np.ndindex(a.shape):
            for sign in (1, -1):
                moved = {k: v.copy() for k, v in at.items()}
                moved[name][i] += sign * 1e-5
                rows.append(moved)
                places.append((name, i, sign))
    long = [np.concatenate([row[k] for row in rows]) for k in at]
    h, c = lstm_step(*long, params)
    B = len(x)
    grads = {"d" + k: np.zeros_like(v) for k, v in at.items()}
    for n, (name, i, sign) in enumerate(places):
        part = slice(n * B, (n + 1) * B)
        grads["d" + name][i] += sign * (dh * h[part] + dc * c[part]).sum() / 2e-5
    def loss(p):
        h, c = lstm_step(x, h_prev, c_prev, p)
        return (dh * h + dc * c).sum()
    return {**grads, **differences(loss, floats(params))}
"""
_P = "p['x'], p['h0'], p['c0'], p"
ATTACKS = {
    "its own forward pass": ("lab2_rnn", ["rnn_forward"], "rnn_backward", RNN_BACKWARD.replace("FORWARD", "rnn_forward(**p)")),
    "its own step": ("lab2_rnn", ["rnn_step"], "rnn_step_backward", RNN_STEP_BACKWARD),
    "a forward pass of steps": ("lab2_rnn", ["rnn_step"], "rnn_backward", BY_STEPS + RNN_BACKWARD.replace("FORWARD", "forward(**p)")),
    "both": ("lab2_rnn", ["rnn_step", "rnn_forward"], "rnn_backward", RNN_BACKWARD.replace("FORWARD", "rnn_forward(**p)")),
    "a forward pass that its reference asks": ("lab3_lstm", ["lstm_forward"], "lstm_backward", LSTM_BACKWARD.replace("FORWARD", f"lstm_forward({_P})[0]")),
    "steps that its reference asks": ("lab3_lstm", ["lstm_step"], "lstm_backward", LSTM_BY_STEPS + LSTM_BACKWARD.replace("FORWARD", f"forward({_P})[0]")),
    "a step that a style asks": ("lab3_lstm", ["lstm_step"], "lstm_step_backward", LSTM_STEP_BACKWARD),
    "one step that is wider": ("lab3_lstm", ["lstm_step"], "lstm_step_backward", WIDE),
    "all of them": ("lab3_lstm", ["lstm_step", "lstm_forward"], "lstm_backward", LSTM_BACKWARD.replace("FORWARD", f"lstm_forward({_P})[0]")),
}  # fmt: skip


@pytest.fixture(scope="module")
def graders() -> Iterator[dict[str, Grader]]:
    made = {
        lab: Grader(collect(lab), b"the secret of the tests", isolation="process") for lab in ALL
    }
    yield made
    for one in made.values():
        one.close()


def cells(lab: str) -> str:
    """The right program of a lab."""
    text = (COURSE / "solutions" / f"{lab}.py").read_text("utf-8")
    return text if text.startswith("# %%") else f"# %%\n{text}"


@pytest.mark.parametrize("way", ATTACKS)
def test_a_backward_pass_is_not_had_from_the_judges_forward_pass(
    graders: dict[str, Grader], way: str
) -> None:
    lab, wrong, exercise, text = ATTACKS[way]
    added = [*(WRONG[name] for name in wrong), DIFFERENCES + text]
    whole = cells(lab) + "".join(f"\n# %%\n{one}\n" for one in added)
    graders[lab].only = frozenset({*wrong, exercise})
    report = grade(graders[lab], whole)
    found = of(report, exercise)
    assert found.outcome != "right"
    assert found.score == 0, found.feedback


CHARGED = {"lab2_rnn": ["rnn_step", "rnn_forward"], "lab3_lstm": ["lstm_step", "lstm_forward"]}


@pytest.mark.parametrize(("lab", "name"), [(lab, name) for lab in ALL for name in CHARGED[lab]])
def test_who_asks_what_the_task_needs_is_answered(
    graders: dict[str, Grader], lab: str, name: str
) -> None:
    graders[lab].only = frozenset()
    report = grade(graders[lab], f"{cells(lab)}\n# %%\n{WRONG[name]}\n")
    assert set(outcomes(report)) == {name}


STEP = """
def lstm_step_backward(dh, dc, x, h_prev, c_prev, params):
    gates = lstm_gates(x, h_prev, params)
    c = lstm_step(x, h_prev, c_prev, params)[1]
    f, i, g, o = (gates[q] for q in "figo")
    dc = dc + dh * o * (1 - np.tanh(c) ** 2)
    dz = {"f": dc * c_prev * f * (1 - f), "i": dc * g * i * (1 - i)}
    dz |= {"g": dc * i * (1 - g**2), "o": dh * np.tanh(c) * o * (1 - o)}
    xh = np.concatenate([x, h_prev], axis=1)
    dxh = sum(dz[q] @ params[f"W_{q}"].T for q in "figo")
    n = x.shape[1]
    grads = {"dx": dxh[:, :n], "dh_prev": dxh[:, n:], "dc_prev": dc * f}
    for q in "figo":
        grads |= {f"dW_{q}": xh.T @ dz[q], f"db_{q}": dz[q].sum(0)}
    return grads
"""


def test_what_only_another_style_asks_is_answered_too(graders: dict[str, Grader]) -> None:
    graders["lab3_lstm"].only = frozenset({"lstm_step", "lstm_step_backward"})
    text = f"{cells('lab3_lstm')}\n# %%\n{WRONG['lstm_step']}\n\n# %%\n{STEP}"
    assert set(outcomes(grade(graders["lab3_lstm"], text))) == {"lstm_step"}
