"""The corpus of attacks: what its files look like, and how they become submissions.

Kinds, by the folder or the first word of the name:

forge_*    a mark that was not earned: printed reports, frames of the protocol, libraries and the
           worker changed from inside, objects that say they are equal, numbers known beforehand
object_*   results that are no plain data, or lie about what they are
error_*    exceptions that hurt whoever looks at them
end_*      ends of the process: exits, crashes, signals, recursion
read_*     looking for solutions, hidden cases, secrets and other people's work
write_*    changing or leaving something outside, filling what is there
reach_*    networks, processes, tracing, memory of others, privileges
torch_*    PyTorch where it is not allowed
tensor_*   tensors that are no plain data, or lie about what they are
source_*   texts that hurt a judge who only reads them
hog_*      time, memory, output
files/     files that are no submission (and `odd_files.py` for those that cannot be committed)

Every file begins with two lines: what it tries, and ``expect:`` with clauses between semicolons:
``all right``; ``NAME=OUTCOME, NAME=OUTCOME|OUTCOME``, where the other exercises are right;
``others OUTCOME``; ``problem TEXT``; ``hides TEXT``, which is in no report; ``only A+``, a tier;
``slow``, which runs with short limits.

A submission is the lab's right answers, the helpers of `TOOLS`, and the cells of the attack.  A
function ``attack`` in it is called whenever `HOOKS[lab]` is, before the right answer is given:
where all of its attempts are refused, everything is right.  In the text <course>, <secret>,
<home>, <other> and <mark> stand for what an attacker could only guess, <deep> for a deep sum.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parent
COURSE = FOLDER.parents[1]
HOOKS = {"lab2_rnn": "relative_error", "lab1_shapes": "top_layer_state"}

TOOLS = '''\
class Escaped(Exception):
    """Something that should be refused was not."""


ESCAPES = []


def refused(action, *arguments, errors=(OSError,), **more):
    """Does what should be refused; the refusal is returned."""
    try:
        found = action(*arguments, **more)
    except errors as error:
        return error
    ESCAPES.append(f"{action} {arguments} gave {str(found)[:200]}")
    raise Escaped(ESCAPES[-1])
'''

WRAP = """\
def _hooked(right, attack):
    def {hook}(*arguments):
        attack()
        if ESCAPES:
            raise Escaped(str(ESCAPES))
        return right(*arguments)
    return {hook}


{hook} = _hooked({hook}, {attack})
"""


@dataclass(frozen=True)
class Attack:
    """One attack.  outcomes: by exercise, several where any will do; others: of all the rest."""

    name: str
    says: str
    lab: str = "lab2_rnn"
    outcomes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    others: tuple[str, ...] = ("right",)
    problem: str = ""
    hides: tuple[str, ...] = ()
    tier: str = ""
    slow: bool = False

    def due(self, exercise: str) -> tuple[str, ...]:
        """The outcomes that will do for an exercise."""
        return self.outcomes.get(exercise, self.others)


def described(name: str, says: str, expect: str, lab: str) -> Attack:
    """The attack of a first line and an ``expect:`` line."""
    told: dict[str, object] = {}
    outcomes: dict[str, tuple[str, ...]] = {}
    hides = []
    for clause in filter(None, (part.strip() for part in expect.split(";"))):
        word, _, rest = clause.partition(" ")
        if clause == "all right":
            continue
        if clause == "slow":
            told["slow"] = True
        elif word == "others":
            told["others"] = tuple(rest.split("|"))
        elif word == "problem":
            told |= {"problem": rest, "others": ("missing",)}
        elif word == "only":
            told["tier"] = rest
        elif word == "hides":
            hides.append(rest)
        else:
            for pair in clause.split(","):
                exercise, _, ends = pair.strip().partition("=")
                outcomes[exercise] = tuple(ends.split("|"))
    return Attack(name, says, lab, outcomes, hides=tuple(hides), **told)  # type: ignore[arg-type]


def described_in(path: Path, lab: str) -> Attack:
    """The attack of a committed file."""
    first, second, *_ = path.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n", 2)
    says, expect = (
        re.sub(r'^[#{" ]+(attack": ")?|",?\s*$', "", one.decode("ascii"))
        for one in (first, second)
    )
    expect = expect.removeprefix("expect").lstrip('": ')
    assert says.endswith(".") and expect, f"{path} does not begin with what it tries"
    return described(path.stem, says, expect, lab)


def submissions(lab: str) -> list[tuple[Attack, Path]]:
    """The attacks on a lab that are submissions."""
    files = sorted((FOLDER / lab).glob("*.py"))
    return [(described_in(path, lab), path) for path in files]


def broken_files() -> list[tuple[Attack, Path]]:
    """The committed files that are no submission, or nearly none."""
    files = sorted((FOLDER / "files").iterdir())
    return [(described_in(path, "lab2_rnn"), path) for path in files]


def right_cells(lab: str) -> list[str]:
    """The cells of the authored file that run in a submission."""
    text = (COURSE / "solutions" / f"{lab}.py").read_text("utf-8")
    cells = re.split(r"^(?=# %%)", text, flags=re.MULTILINE)
    skipped = ("# %% [markdown]", '# %% active="ipynb"')
    return [cell for cell in cells if cell.strip() and not cell.startswith(skipped)]


def assembled(lab: str, attack: str, known: Mapping[str, str]) -> str:
    """A whole submission around the text of an attack."""
    for name, value in {**known, "deep": "+".join("1" * 2900)}.items():
        attack = attack.replace(f"<{name}>", value)
    cells = [*right_cells(lab), f"# %%\n{TOOLS}", f"# %%\n{attack}"]
    own = re.search(r"^def attack\(", attack, re.MULTILINE)
    if own or re.search(r"^ *refused\(", attack, re.MULTILINE):
        hooked = WRAP.format(hook=HOOKS[lab], attack="attack" if own else "lambda: None")
        cells.append(f"# %%\n{hooked}")
    return "\n".join(cells)


def notebook(cells: Sequence[str], **metadata: object) -> str:
    """An .ipynb of code cells."""
    made = [
        {
            "cell_type": "code",
            "metadata": {},
            "source": text,
            "outputs": [],
            "execution_count": None,
        }
        for text in cells
    ]
    return json.dumps({"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def canary(lab: str, place: int) -> str:
    """An ordinary submission that is right here and wrong there, and looks for what others left.

    place: chooses what is wrong, so that not all are alike.
    """
    wrong = WRONG[lab][place % len(WRONG[lab])]
    looks = WRAP.format(hook=HOOKS[lab], attack="look")
    cells = [f"# %%\n{cell}" for cell in (TOOLS, LOOKS, looks, wrong)]
    return "\n".join([*right_cells(lab), *cells])


LOOKS = """\
import gc, os, sys, tempfile, threading
import numpy as np

try:
    left_by_an_attack  # a name of the builtins, if any of them left one there
except NameError:
    left_by_an_attack = None
try:
    import left_by_an_attack
except ImportError:
    pass


def look():
    found = [one for one in (sys, np, os, gc) if hasattr(one, "left_by_an_attack")]
    places = os.listdir(".") + os.listdir(tempfile.gettempdir())
    found += [name for name in places if name != os.path.basename(__file__)]
    found += [name for name in os.environ if "ATTACK" in name] + threading.enumerate()[1:]
    if found or left_by_an_attack or np.tanh(0.0) != 0:
        raise Escaped(str(found))
"""

WRONG = {
    "lab2_rnn": (
        "def output_layer(h, W_hy, b_y):\n    return h @ W_hy\n",
        "def sgd_step(params, grads, lr):\n    for name in params:\n"
        "        params[name] -= lr * grads[name]\n    return params\n",
        "def half_squared_error(y, target):\n    raise NotImplementedError\n",
        "def rnn_step_backward(dh, x, h_prev, h, W_xh, W_hh):\n    1 / 0\n",
    ),
    "lab1_shapes": (
        "def to_batch_first(x):\n    return x.reshape(x.shape[1], x.shape[0], x.shape[2])\n",
        "def last_valid_step(output, lengths):\n    return output[:, -1]\n",
    ),
}
