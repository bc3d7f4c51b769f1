"""Marks are given for numbers alone: nothing else that a submission does raises its mark."""

from __future__ import annotations

import pytest
from core_kit import QUICK, grade, notebook, of, outcomes, program

from autograder.judge.grader import Grader

LAYER = "def output_layer(h, W_hy, b_y):\n    "
OBJECTS = {
    "__array__": "def __array__(self, dtype=None, copy=None): return np.zeros((3, 5, 2))",
    "__eq__": "def __eq__(self, other): return True\n        __hash__ = None",
    "every comparison": "def __sub__(self, other): return 0\n"
    "        __rsub__ = __abs__ = __sub__\n        def __le__(self, other): return True\n"
    "        __ge__ = __lt__ = __gt__ = __eq__ = __le__",
    "__reduce__": "def __reduce__(self): return (print, ('full marks',))",
    "__array_ufunc__": "def __array_ufunc__(self, *a, **k): return np.True_",
    "__getattr__": "def __getattr__(self, name): return self",
}


@pytest.mark.parametrize("trick", OBJECTS)
def test_an_object_that_agrees_with_everything_earns_nothing(grader: Grader, trick: str) -> None:
    body = f"class Yes:\n        {OBJECTS[trick]}\n    return Yes()"
    one = of(grade(grader, program(output_layer=LAYER + body)), "output_layer")
    assert (one.outcome, one.score) == ("wrong", 0)
    assert "You returned   a Yes." in one.feedback


SUBCLASS = """
class Yes(np.ndarray):
    def __eq__(self, other): return np.True_
    def __sub__(self, other): return np.zeros(())
    __rsub__ = __sub__
    def all(self, *a, **k): return True
    @property
    def shape(self): return (3, 5, 2)


def output_layer(h, W_hy, b_y):
    return np.zeros((*h.shape[:2], len(b_y))).view(Yes)
"""
FLOAT = """
class Yes(float):
    def __eq__(self, other): return True
    def __sub__(self, other): return 0.0
    __rsub__ = __sub__
    def __abs__(self): return 0.0


def relative_error(a, b):
    return Yes(0.5)
"""


@pytest.mark.parametrize(
    ("name", "source"), [("output_layer", SUBCLASS), ("relative_error", FLOAT)]
)
def test_subclasses_of_arrays_and_floats_earn_nothing(
    grader: Grader, name: str, source: str
) -> None:
    one = of(grade(grader, program(**{name: source})), name)
    assert (one.outcome, one.score) == ("wrong", 0)
    assert "a Yes" in one.feedback


ZEROS = LAYER + "return np.zeros((*h.shape[:2], len(b_y)))"
TRICKS = {
    "prints": 'print("right", "5 of 5 points")',
    "patches numpy": "np.allclose = np.isclose = np.array_equal = lambda *a, **k: True\n"
    "np.testing.assert_allclose = lambda *a, **k: None\nnp.abs = lambda a: 0",
    "patches json": 'import json\njson.dumps = lambda *a, **k: \'{"op": "result"}\'\n'
    "json.loads = lambda *a, **k: {}",
    "patches the kit": "import sys\nfor name, module in list(sys.modules.items()):\n"
    "    if 'autograder' in name or 'labcheck' in name:\n"
    "        for key in ('compare', 'judged', 'same', 'share', 'plain'):\n"
    "            if hasattr(module, key): setattr(module, key, lambda *a, **k: None)",
    "imports the kit": "from autograder.judge import grader\nfrom autograder.labcheck import verdict\n"
    "verdict.judged = lambda *a: True",
    "imports the solution": "from solutions.lab2_rnn import output_layer",
    "looks for the solution in memory": "import gc, types\nfor it in gc.get_objects():\n"
    "    if isinstance(it, types.FunctionType) and it.__name__ == 'output_layer':\n"
    "        if it.__module__ != __name__: output_layer = it",
    "writes to descriptors": "import os\nfor fd in range(3, 64):\n"
    "    try: os.write(fd, b'{}' * 50)\n    except OSError: pass",
    "closes descriptors": "import os\nos.closerange(3, 64)",
    "patches builtins": "import builtins\nbuiltins.abs = lambda a: 0\n"
    "builtins.all = lambda a: True",
    "replaces the exception": "import builtins\nbuiltins.NotImplementedError = ValueError",
    "adds a mark of its own": "__grade__ = score = points = 100\nrnn_labs_passed = True",
    "exits with success": "import atexit, os\natexit.register(lambda: os._exit(0))",
    "a profile that swaps results": "import sys\nsys.setprofile(lambda f, e, a: None)\n"
    "sys.settrace(lambda f, e, a: None)",
}


@pytest.mark.parametrize("trick", TRICKS)
def test_a_trick_in_its_cell_earns_nothing(grader: Grader, trick: str) -> None:
    cells = ["import numpy as np", *QUICK.values()]
    cells[list(QUICK).index("output_layer") + 1] = f"{ZEROS}\n\n\n{TRICKS[trick]}\n"
    report = grade(grader, notebook(*cells), "ada.ipynb")
    assert of(report, "output_layer").score == 0
    assert report.score <= 95


@pytest.mark.parametrize("trick", ["patches the kit", "writes to descriptors", "patches json"])
def test_a_trick_behind_walls_earns_nothing(walled: Grader, trick: str) -> None:
    cells = ["import numpy as np", *QUICK.values()]
    cells[list(QUICK).index("output_layer") + 1] = f"{ZEROS}\n\n\n{TRICKS[trick]}\n"
    report = grade(walled, notebook(*cells), "ada.ipynb")
    assert of(report, "output_layer").score == 0


def test_a_faked_stub_is_a_stub_and_earns_nothing(grader: Grader) -> None:
    body = "class NotImplementedError(BaseException): pass\n    raise NotImplementedError"
    report = grade(grader, program(output_layer=LAYER + body))
    one = of(report, "output_layer")
    assert (one.outcome, one.score) == ("unfinished", 0)


def test_a_stub_on_some_calls_is_not_full_marks(grader: Grader) -> None:
    body = "if len(h) != 3: raise NotImplementedError\n    return h @ W_hy * 1.0 + b_y"
    one = of(grade(grader, program(output_layer=LAYER + body)), "output_layer")
    assert one.outcome == "partly"
    assert 0 < (one.score or 0) < 5


def test_an_exception_faked_by_name_where_another_is_due_says_the_same_as_a_real_one(
    grader: Grader,
) -> None:
    """Only the case that asks for the exception is won; the values must be right all the same."""
    fake = "class KeyError(Exception): pass\ndef sgd_step(params, grads, lr):\n"
    one = of(grade(grader, program(sgd_step=fake + "    raise KeyError('W_hh')")), "sgd_step")
    assert one.score == 0


def test_numbers_that_were_seen_before_are_worth_nothing(grader: Grader) -> None:
    """A table of what the function gave for the first student, keyed by shape."""
    body = (
        "table = {(3, 5, 6): np.ones((3, 5, 2)), (4, 6, 7): np.ones((4, 6, 3))}\n"
        "    return table[h.shape]"
    )
    assert of(grade(grader, program(output_layer=LAYER + body)), "output_layer").score == 0


def test_results_remembered_from_one_call_do_not_serve_the_next(grader: Grader) -> None:
    source = (
        "seen = []\n\n\ndef output_layer(h, W_hy, b_y):\n    if not seen:\n"
        "        seen.append(h @ W_hy + b_y)\n    return seen[0]"
    )
    one = of(grade(grader, program(output_layer=source)), "output_layer")
    assert one.outcome == "partly"
    assert (one.score or 0) < 5 / 2


@pytest.mark.parametrize(
    "result",
    [
        "np.broadcast_to(np.float64(0), (3, 10**9))",
        "np.ones((3, 5, 2), dtype=complex)",
        "np.array([[None]])",
        "[[[0.0] * 2] * 5] * 3",
        "h @ W_hy + b_y + 1e-3",
        "(h @ W_hy + b_y).astype(np.longdouble)",
        "np.ma.masked_array(h @ W_hy + b_y, True)",
        "(h @ W_hy + b_y)[None]",
        "iter(h @ W_hy + b_y)",
        "'right'",
        "True",
        "{}",
        "(h @ W_hy + b_y,)",
        "float('nan')",
        "10**400",
    ],
)
def test_what_is_not_the_array_that_is_due_earns_nothing(grader: Grader, result: str) -> None:
    one = of(grade(grader, program(output_layer=LAYER + f"return {result}")), "output_layer")
    assert (one.outcome, one.score) == ("wrong", 0)


def test_a_mark_is_no_higher_for_being_judged_again(grader: Grader) -> None:
    """rnn_step is wrong on purpose, and its callers ask the given one to do their own work."""
    step = "def rnn_step(*a):\n    return 0"
    forward = (
        "def rnn_forward(x, h0, W_xh, W_hh, b_h):\n"
        "    return rnn_step(x, h0[:, None], W_xh, W_hh, b_h)"
    )
    report = grade(grader, program(rnn_step=step, rnn_forward=forward))
    assert outcomes(report) == {"rnn_step": "wrong", "rnn_forward": "wrong"}
    assert report.score == 100 - 8 - 10
