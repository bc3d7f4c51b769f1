"""A made-up class: submissions as students hand them in, right, wrong, broken and hostile.

Each is made from what was released: the stubs filled in with the reference, with some of its lines
changed to what people really write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

STUB = "    # YOUR CODE HERE\n    raise NotImplementedError()"
SOLUTION = re.compile(
    r"^    ### BEGIN SOLUTION\n(?P<body>.*?)^    ### END SOLUTION\n?", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class MadeUp:
    """One hand-in.

    edits: (exercise, its text, the text instead) changes to the reference.  stubs: exercises left as
    they were handed out.  form: "ipynb" or "py".  whole: the file itself, in place of all that.
    """

    student: str
    form: str = "ipynb"
    edits: Sequence[tuple[str, str, str]] = ()
    stubs: Sequence[str] = ()
    before: str = ""
    whole: bytes | None = field(default=None, repr=False)


FORWARD_STEP = "h = rnn_step(x[:, t], h, W_xh, W_hh, b_h)"

LAB2 = (
    MadeUp("ada"),
    MadeUp("alan", "py"),
    MadeUp(
        "grace",
        edits=[
            (
                "rnn_step",
                "x @ W_xh + h_prev @ W_hh + b_h",
                "np.einsum('bi,ih->bh', x, W_xh) + np.einsum('bj,jh->bh', h_prev, W_hh) + b_h",
            )
        ],
    ),
    MadeUp(
        "barbara",
        edits=[("rnn_forward", FORWARD_STEP, "h = rnn_step(x[:, t], h0, W_xh, W_hh, b_h)")],
    ),
    MadeUp("claude", edits=[("rnn_forward", "    h = h0\n", "    h = np.zeros_like(h0)\n")]),
    MadeUp(
        "donald",
        edits=[
            (
                "rnn_step",
                "np.tanh(x @ W_xh + h_prev @ W_hh + b_h)",
                "np.tanh(x @ W_xh + h_prev @ W_hh) + b_h",
            )
        ],
    ),
    MadeUp("edsger", edits=[("rnn_backward", "dh[:, t] + dh_next", "dh[:, t]")]),
    MadeUp(
        "frances",
        edits=[
            ("rnn_step_backward", "dz @ W_hh.T", "dz @ W_hh"),
            ("relative_error", "np.max(", "np.mean("),
        ],
    ),
    MadeUp("guido", "py", edits=[("rnn_step_backward", "h_prev.T @ dz", "h.T @ dz")]),
    MadeUp(
        "hedy",
        edits=[
            (
                "numerical_gradient",
                "(f(above) - f(below)) / (2 * eps)",
                "(f(above) - f(centre)) / eps",
            )
        ],
    ),
    MadeUp(
        "ivan",
        edits=[("half_squared_error", "0.5 * float(np.sum(dy**2))", "float(np.mean(dy**2))")],
    ),
    MadeUp("joan", edits=[("sgd_step", "- lr * grads[name]", "+ lr * grads[name]")]),
    MadeUp("katherine", stubs=["numerical_gradient", "state_gradient_norms", "train_rnn"]),
    MadeUp(
        "linus",
        "py",
        edits=[
            (
                "output_layer",
                "return as_float(h) @ W_hy + b_y",
                "return as_float(h) @ W_hy + b_y +",
            )
        ],
    ),
    MadeUp(
        "margaret",
        edits=[("audit_trace", "    previous =", "    while True:\n        pass\n    previous =")],
    ),
    MadeUp(
        "niklaus",
        edits=[
            (
                "output_layer",
                "    return as_float",
                "    import os\n    os._exit(0)\n    return as_float",
            )
        ],
    ),
    MadeUp(
        "ole",
        edits=[("relative_error", "    a, b =", "    big = np.ones(10 * 2**27)\n    a, b =")],
    ),
    MadeUp(
        "peter",
        edits=[
            (
                "sgd_step",
                "    return {",
                "    import ctypes\n    ctypes.string_at(0)\n    return {",
            )
        ],
    ),
    MadeUp(
        "quentin",
        edits=[
            (
                "rnn_forward",
                "    h = h0\n",
                "    import torch\n    return torch.tanh(torch.as_tensor(x) @ torch.as_tensor(W_xh))\n    h = h0\n",
            )
        ],
    ),
    MadeUp(
        "rosalind",
        edits=[
            (
                "train_rnn",
                "    trained = dict(params)",
                "    print(open('/etc/passwd').read())\n    trained = dict(params)",
            )
        ],
    ),
    MadeUp(
        "stephen",
        edits=[
            (
                "half_squared_error",
                "    dy = as_float(y) - as_float(target)",
                "    class Right(float):\n        __eq__ = lambda *_: True\n    return Right(), y\n    dy = as_float(y)",
            )
        ],
    ),
    MadeUp("tim", whole=b"PK\x03\x04 this is a zip archive and no notebook \x00\x01"),
)

MORE = ("ursula", "vint", "whitfield", "xiao", "yukihiro", "zora", "anita", "bjarne")
"""Those of the thirty who make no mistake in lab 2."""

SLIPS_LAB1: dict[str, tuple[str, str, str]] = {
    "barbara": (
        "rnn_shapes",
        "(num_layers * directions, batch, hidden_size)",
        "(batch, num_layers * directions, hidden_size)",
    ),
    "donald": ("parameter_count", "one_set += 2 * hidden_size", "one_set += hidden_size"),
    "edsger": ("parameter_count", "one_set += 2 * hidden_size", "one_set += hidden_size"),
    "guido": ("to_batch_first", "x.transpose(0, 1)", "x.reshape(x.shape[1], x.shape[0], -1)"),
    "hedy": ("to_batch_first", "x.transpose(0, 1)", "x.reshape(x.shape[1], x.shape[0], -1)"),
    "ivan": ("to_batch_first", "x.transpose(0, 1)", "x.reshape(x.shape[1], x.shape[0], -1)"),
    "joan": ("last_valid_step", "lengths - 1]", "-1]"),
    "linus": ("last_valid_step", "lengths - 1]", "-1]"),
    "niklaus": ("split_directions", "if features % 2 != 0:", "if False:"),
    "ole": ("one_hot", ".to(torch.float32)", ".to(torch.int64)"),
    "quentin": ("top_layer_state", "tuple(by_layer[-1])", "tuple(by_layer[0])"),
    "zora": ("lstm_shapes", "return output, h_n, c_n", "return output, c_n, h_n"),
}


def term() -> dict[str, tuple[MadeUp, ...]]:
    """Thirty people over two labs: their hand-ins by lab."""
    lab2 = (*LAB2, *(MadeUp(name) for name in MORE))
    slips = {name: [slip] for name, slip in SLIPS_LAB1.items()}
    lab1 = tuple(MadeUp(one.student, edits=slips.get(one.student, ())) for one in lab2)
    return {"lab1_shapes": lab1, "lab2_rnn": lab2}


def answers(authored: str) -> dict[str, str]:
    """The reference bodies of a lab by exercise, without their markers."""
    found = {}
    for part in re.split(r'^# %% exercise="', authored, flags=re.MULTILINE)[1:]:
        name = part.split('"', 1)[0]
        code = part.split("\n# %%", 1)[0].split("\n", 1)[1]
        found[name] = SOLUTION.sub(lambda match: match["body"], code).strip("\n")
    return found


def write(root: Path, slug: str, one: MadeUp, folder: Path) -> Path:
    """Writes one hand-in into a folder and returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{one.student}.{one.form}"
    if one.whole is not None:
        path.write_bytes(one.whole)
        return path
    written = _edited(answers((root / "solutions" / f"{slug}.py").read_text("utf-8")), one)
    if one.form == "ipynb":
        released = root / "release" / slug / f"{slug}.ipynb"
        path.write_text(_notebook(released.read_text("utf-8"), written), "utf-8")
    else:
        starter = root / "assignments" / f"{slug}.py"
        path.write_text(_script(starter.read_text("utf-8"), written), "utf-8")
    return path


def _edited(solved: dict[str, str], one: MadeUp) -> dict[str, str]:
    for exercise, old, new in one.edits:
        if old not in solved[exercise]:
            raise ValueError(f"{one.student}: {exercise} has no text {old!r}")
        solved[exercise] = solved[exercise].replace(old, new)
    return {name: code for name, code in solved.items() if name not in one.stubs}


def _notebook(released: str, written: Mapping[str, str]) -> str:
    notebook = json.loads(released)
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if name in written:
            cell["source"] = written[name].splitlines(keepends=True)
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _script(starter: str, written: Mapping[str, str]) -> str:
    head, *cells = re.split(r"^(?=# %%)", starter, flags=re.MULTILINE)
    for place, cell in enumerate(cells):
        for name, code in written.items():
            if re.search(rf"^(def|class) {name}\b", cell, re.MULTILINE):
                cells[place] = cell.split("\n", 1)[0] + "\n" + code + "\n\n"
    return head + "".join(cells)
