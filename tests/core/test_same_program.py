"""labcheck and the grader read and run a file as the same program, however odd it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core_kit import COURSE, notebook
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.judge.grader import Grader
from autograder.judge.submission import read_bytes
from autograder.labcheck.__main__ import check_file
from autograder.labcheck.visible import load

RECORD = COURSE / "release" / "lab2_rnn" / "visible.json"
EXERCISES = {name: load(RECORD)[name] for name in ("output_layer", "sgd_step")}
OUT = "def output_layer(h, W_hy, b_y):\n"
SGD = "def sgd_step(params, grads, lr):\n"
PIECES = (
    "import numpy as np\n",
    "from __future__ import annotations\n",
    f"{OUT}    return np.asarray(h) @ W_hy + b_y\n",
    f"{OUT}    raise NotImplementedError\n",
    f"{OUT}    return (h @ W_hy\n",
    f"{OUT}    return undefined_name\n",
    f"{SGD}    return {{k: v - lr * grads[k] for k, v in params.items()}}\n",
    f"{SGD}    return helper(params, grads, lr)\n",
    "def helper(p, g, lr):\n    return {k: p[k] - lr * g[k] for k in p}\n",
    "sgd_step = helper\n",
    "del output_layer\n",
    "output_layer = 3\n",
    "1 / 0\n",
    "import nowhere\n",
    "from tqdm import trange\n",
    "x = (\n",
    "raise SystemExit\n",
    "%matplotlib inline\n",
    "!ls\n",
    "await nothing()\n",
    "if __name__ == '__main__':\n    1 / 0\n",
    "'''\ndef output_layer(): pass\n'''\n",
    "# %%\n",
    "    indented = 1\n",
    ">>> prompt = 2\n",
    "def output_layer(h: Nowhere, W_hy, b_y) -> Nowhere:\n    return h @ W_hy + b_y\n",
    "T = '\u2028\x0c'\n",
)
PROGRAMS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=7)


def outcomes(found: dict[str, Any]) -> dict[str, str]:
    return {name: "right" if one == "right" else _sort(one) for name, one in found.items()}


def _sort(outcome: str) -> str:
    """An entry that is not there because its cell stopped is told apart by the grader alone."""
    return "not there" if outcome in ("missing", "error") else outcome


@settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(PROGRAMS, st.sampled_from([".py", ".ipynb"]))
def test_both_find_the_same(
    grader: Grader, tmp_path_factory: Any, pieces: list[str], kind: str
) -> None:
    text = "".join(pieces) if kind == ".py" else notebook(*pieces)
    path: Path = tmp_path_factory.mktemp("one") / f"lab2_rnn{kind}"
    path.write_bytes(text.encode())
    at_home = {name: one.outcome for name, one in check_file(path, EXERCISES).items()}
    report = grader.grade(read_bytes(path.read_bytes(), path.name, "ada"))
    graded = {one.name: one.outcome for one in report.exercises if one.name in EXERCISES}
    assert outcomes(graded) == outcomes(at_home), json.dumps(pieces)
