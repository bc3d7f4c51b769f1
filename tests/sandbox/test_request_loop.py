"""What a worker answers: cells, calls, exceptions, stand-ins, questions."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
import pytest
from conftest import call, cell, load

from autograder.judge.calls import code_of
from autograder.labcheck import tree
from autograder.sandbox import wire
from autograder.sandbox.errors import Violation
from autograder.sandbox.pool import Worker
from autograder.spec import scenarios

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_arrays_of_every_dtype_go_there_and_back(worker: Worker, dtype: str) -> None:
    load(
        worker,
        "def f(x):\n    assert x.dtype == DTYPE\n    return x[::-1].T".replace(
            "DTYPE", repr(dtype)
        ),
    )
    given = np.asarray(np.arange(6).reshape(2, 3) % 2, dtype)
    result = call(worker, "f", given)["result"]
    assert (result.kind, result.dtype) == ("numpy", dtype)
    np.testing.assert_array_equal(result.values, given[::-1].T, strict=True)
    assert type(result.values) is np.ndarray
    assert result.values.flags.owndata


def test_containers_and_scalars_come_back_as_they_are(worker: Worker) -> None:
    load(
        worker,
        "import numpy as np\ndef f():\n"
        "    return {'a': [1, (2.5, None)], 3: 'é', 'n': np.float32(2)}",
    )
    result = call(worker, "f")["result"]
    assert result.pop("n").kind == "scalar"
    assert result == {"a": [1, (2.5, None)], 3: "é"}


def test_an_error_ends_its_cell_only(worker: Worker) -> None:
    answer = load(
        worker, "a = 1", "raise SystemExit(3)", "b = a +", "c = a + 1\ndef f(): return c"
    )
    assert answer["cells"][0] is None
    assert answer["cells"][1]["type"] == "SystemExit"
    assert answer["cells"][2]["type"] == "SyntaxError"
    assert answer["cells"][3] is None
    assert answer["defined"] == {"a": "other", "c": "other", "f": "function"}
    assert call(worker, "f")["result"] == 2


@pytest.mark.parametrize("error", ["KeyboardInterrupt()", "GeneratorExit()", "BaseException('x')"])
def test_whatever_a_cell_or_call_raises_is_reported(worker: Worker, error: str) -> None:
    answer = load(worker, f"raise {error}", f"def f():\n    raise {error}")
    assert answer["cells"][0]["type"] == error.partition("(")[0]
    assert call(worker, "f")["type"] == error.partition("(")[0]


def test_lines_are_those_of_the_students_file(worker: Worker) -> None:
    source = "def g(x):\n    return 1 / x\n\ndef f(x):\n    return g(x)"
    answer = worker.request({"op": "load", "cells": [cell(source, offset=40)]}, seconds=5)[0]
    assert answer["cells"] == [None]
    answer = call(worker, "f", 0)
    assert answer["type"] == "ZeroDivisionError"
    assert answer["bases"][:2] == ["ZeroDivisionError", "ArithmeticError"]
    assert answer["lines"] == [["submission.py", 45], ["submission.py", 42]]


def test_a_syntax_error_has_its_line(worker: Worker) -> None:
    header = {"op": "load", "cells": [cell("x = 1\ny = (", offset=9)]}
    answer = worker.request(header, seconds=5)[0]["cells"][0]
    assert answer["lines"] == [["submission.py", 11]]


def test_cells_can_be_run_one_by_one(worker: Worker) -> None:
    load(worker)
    first = worker.request(
        {"op": "cell", **cell("from __future__ import annotations")}, seconds=5
    )[0]
    defined = {"annotations": "other"}
    assert first == {"op": "ran", "error": None, "defined": defined, "absent": []}
    source = "import inspect\ndef f(x: Nowhere): return x\ntext = inspect.getsource(f)"
    second = worker.request({"op": "cell", **cell(source, offset=3)}, seconds=5)[0]
    assert second["error"] is None
    assert second["defined"]["f"] == "function"


def test_the_module_is_what_it_says(worker: Worker) -> None:
    source = "import sys\ndef f(): return [__name__, __file__, sys.modules['submission'].f is f]"
    load(worker, source, "if __name__ == '__main__': raise ValueError")
    assert call(worker, "f")["result"] == ["submission", "submission.py", True]


def test_a_missing_name_is_missing(worker: Worker) -> None:
    load(worker, "a = 1")
    assert call(worker, "nothing") == {"op": "missing"}


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def f(): return object()", "an object"),
        ("import numpy as np\ndef f(): return np.array([1j])", "an array of complex128"),
        ("import numpy as np\ndef f(): return np.broadcast_to(0.0, 2**40)", "more numbers"),
        ("import numpy as np\ndef f(): return np.ma.array([1])", "a MaskedArray"),
        ("def f(): return [[]] * 300_000", "too many parts"),
        ("def f(): return ['x' * 60_000] * 20", "more than any answer needs"),
        ("def f(): return 2**100", "64 bits"),
    ],
)
def test_results_that_are_no_plain_data_are_refused(
    worker: Worker, source: str, reason: str
) -> None:
    load(worker, source)
    answer = call(worker, "f")
    assert answer["op"] == "refused"
    assert reason in answer["reason"]


def test_the_arguments_come_back_as_the_call_left_them(worker: Worker) -> None:
    load(worker, "def f(x, y):\n    x += 1\n    y.append(3)\n    return x")
    answer = call(worker, "f", np.zeros(2), [1], arguments=True)
    np.testing.assert_array_equal(answer["arguments"]["a0"].values, np.ones(2), strict=True)
    assert answer["arguments"]["a1"] == [1, 3]
    assert call(worker, "f", np.zeros(2), [1])["arguments"] is None


def test_arguments_that_a_call_left_alone_do_not_come_back(worker: Worker) -> None:
    load(worker, "def f(x, y):\n    return x + 1")
    assert call(worker, "f", np.array([np.nan, 0.0]), [1], arguments=True)["arguments"] is None


def test_arguments_come_back_from_a_call_that_raised(worker: Worker) -> None:
    load(worker, "def f(x):\n    x += 1\n    raise ValueError")
    answer = call(worker, "f", np.zeros(2), arguments=True)
    assert answer["op"] == "raised"
    np.testing.assert_array_equal(answer["arguments"]["a0"].values, np.ones(2), strict=True)


def test_arguments_that_are_no_longer_plain_are_told_as_changed(worker: Worker) -> None:
    load(worker, "def f(y):\n    y.append(object())\n    return 1")
    assert call(worker, "f", [1], arguments=True)["arguments"] == {}


def test_the_same_body_can_be_sent_again(worker: Worker) -> None:
    load(worker, "def f(x):\n    x += 1\n    return x")
    arrays: dict[str, Any] = {}
    node = tree.encode(tree.Array(np.zeros(3)), arrays)
    header, body = {"op": "call", "entry": "f", "args": [["x", node]]}, wire.pack(arrays)
    for _ in range(3):
        _, found = worker.request(header, body, seconds=5)
        np.testing.assert_array_equal(found["0"], np.ones(3), strict=True)


def test_running_out_of_memory_is_said_so(worker: Worker) -> None:
    load(worker, "import numpy as np\ndef f(): return np.ones(10 * 2**30, dtype=np.uint8)")
    answer = call(worker, "f")
    assert answer["op"] == "raised"
    assert answer["memory"] is True
    assert "MemoryError" in answer["bases"]
    assert call(worker, "f")["memory"] is True


def test_deep_recursion_is_an_error_like_another(worker: Worker) -> None:
    load(worker, "def f(): return f()")
    answer = call(worker, "f")
    assert answer["type"] == "RecursionError"
    assert 0 < len(answer["lines"]) <= 50


def test_texts_of_exceptions_are_capped_and_clean(worker: Worker) -> None:
    source = (
        "class Odd(Exception):\n    def __str__(self): raise ValueError\n"
        "def f(): raise ValueError('\\x1b[2J\\u202e\\ud800' + 'x' * 10**6)\n"
        "def g(): raise Odd"
    )
    load(worker, source)
    text = call(worker, "f")["text"]
    assert text.startswith("\\x1b[2J\\u202e\\ud800xxx")
    assert len(text) <= 8192
    assert call(worker, "g")["text"] == ""


def test_what_is_printed_is_kept_apart(worker: Worker) -> None:
    load(worker, "import os, sys, warnings\nprint('out', 'é')\nprint('err', file=sys.stderr)")
    load(
        worker,
        "os = __import__('os')\nos.write(1, b'raw \\xff\\x1b\\n')\n"
        "import warnings; warnings.warn('careful')",
    )
    found = worker.output()
    for part in ("out é\n", "err\n", "raw �\\x1b\n", "careful"):
        assert part in found


def test_endless_printing_is_cut(worker: Worker) -> None:
    load(worker, "def f():\n    for _ in range(3000): print('x' * 1000)\n    return 1")
    assert call(worker, "f")["result"] == 1
    assert len(worker.output()) <= 65_536


def test_labcheck_does_nothing(worker: Worker) -> None:
    source = (
        "import labcheck\nfrom labcheck import check, hint, progress, anything\n"
        "r = [check(1), hint('x', y=2), progress(), labcheck.check(), anything(3)]\n"
        "def f(): return r"
    )
    assert load(worker, source)["cells"] == [None]
    assert call(worker, "f")["result"] == [None] * 5


FORBIDDEN = ["torch", "jax"]


@pytest.mark.parametrize(
    "source",
    [
        "import torch",
        "import torch.nn as nn",
        "import torch.nn.functional as F",
        "from torch import nn, tensor",
        "from torch.nn import functional as F",
        "from torch.utils.data import DataLoader",
        "try:\n    import torch\nexcept ImportError:\n    torch = None",
        "import torch\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])",
        "import torch\nimport numpy as np\nnp.asarray([1.0]); np.array(3)",
        "import torch\nif hasattr(torch, '__version__'): raise ValueError",
    ],
)
def test_importing_a_forbidden_package_is_harmless(worker: Worker, source: str) -> None:
    assert load(worker, source, forbidden=FORBIDDEN)["cells"] == [None]


@pytest.mark.parametrize(
    ("source", "package"),
    [
        ("import torch\nx = torch.tensor([1])", "torch"),
        ("import torch.nn as nn\nclass Net(nn.Module): pass", "torch"),
        ("from torch.nn import Module\nclass Net(Module): pass", "torch"),
        ("from torch import tensor\ntry:\n    tensor([1])\nexcept Exception:\n    pass", "torch"),
        ("import jax.numpy as jnp\njnp.ones(3)", "jax"),
        ("import torch\nhasattr(torch, 'tensor')", "torch"),
        ("from torch import Tensor\nisinstance(3, Tensor)", "torch"),
        ("from torch import Tensor\nX = Tensor | None", "torch"),
    ],
)
def test_using_a_forbidden_package_is_told(worker: Worker, source: str, package: str) -> None:
    (end,) = load(worker, source, forbidden=FORBIDDEN)["cells"]
    assert (end["op"], end["package"]) == ("forbidden", package)
    assert end["lines"]
    body = "def f():\n" + "\n".join(f"    {line}" for line in source.split("\n"))
    load(worker, body)
    answer = call(worker, "f")
    assert (answer["op"], answer["package"]) == ("forbidden", package)


def test_torch_cannot_be_loaded_in_the_numpy_kind_even_where_it_is_not_forbidden(
    worker: Worker,
) -> None:
    (end,) = load(worker, "import torch")["cells"]
    assert end["type"] in ("ModuleNotFoundError", "PermissionError", "ImportError")


MODULES = {
    "course": "",
    "course.base": "K = 3\ndef twice(x):\n    return 2 * x\n",
    "course.deep.one": (
        "import inspect\nfrom course.base import K, twice\n"
        "class E:\n    mistakes = (1, {'function': twice})\n    name = staticmethod(twice)\n"
        "EXERCISE = E()\ntext = inspect.getsource(twice)\n"
        "def whole(): return text\n"
    ),
}


def test_given_modules_can_be_imported_and_reached_by_path(worker: Worker) -> None:
    load(worker, modules=MODULES)
    assert call(worker, "course.deep.one:EXERCISE.name", 4)["result"] == 8
    assert call(worker, "course.deep.one:EXERCISE.mistakes.1.function", 5)["result"] == 10
    assert call(worker, "course.deep.one:whole")["result"] == "def twice(x):\n    return 2 * x\n"


def test_an_error_in_a_given_module_shows_its_line(worker: Worker) -> None:
    load(worker, modules={"m.n": "def f():\n    return [][1]\n"})
    answer = call(worker, "m.n:f")
    assert answer["lines"] == [["m/n.py", 2]]


SCENARIO = """
def twice(entry, x: Unknown, y):
    import numpy as np
    return entry(np.asarray(entry(x, y)), y)
"""


def test_a_scenario_says_how_the_entry_point_is_used(worker: Worker) -> None:
    scenario = {"name": "twice", "source": SCENARIO}
    load(worker, "def f(x, y): return x * y")
    header = {"scenario": scenario}
    arrays: dict[str, Any] = {}
    args = [["x", tree.encode(tree.Array(np.ones(2)), arrays)], ["y", 3]]
    reply, found = worker.request(
        {"op": "call", "entry": "f", "args": args, **header}, wire.pack(arrays), seconds=5
    )
    np.testing.assert_array_equal(found["0"], 9 * np.ones(2), strict=True)
    assert reply["op"] == "result"


def test_the_scenarios_of_the_package_travel_as_text(worker: Worker) -> None:
    scenario = code_of(scenarios.call)
    load(worker, "def f(x): return x + 1")
    assert call(worker, "f", 1, scenario=scenario)["result"] == 2


def test_the_judge_answers_in_place_of_a_function(worker: Worker) -> None:
    load(
        worker,
        "def g(x, *, by=1): return 'own'\ndef f(x):\n    return [g(x), g(x, by=3)]",
        replacements={"g": None},
    )

    def answer(header: dict[str, Any], arrays: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        assert header["name"] == "g"
        (x,) = [tree.decode(node, arrays) for node in header["args"]]
        by = dict(header["kwargs"]).get("by", 1)
        out: dict[str, Any] = {}
        return {"result": tree.encode(tree.Array(x.values * by), out)}, wire.pack(out)

    result = call(worker, "f", np.ones(2), answer=answer)["result"]
    np.testing.assert_array_equal(result[0].values, np.ones(2), strict=True)
    np.testing.assert_array_equal(result[1].values, 3 * np.ones(2), strict=True)


def test_without_an_answer_the_students_own_function_is_called(worker: Worker) -> None:
    answer = load(
        worker, "def g(): return 'own'", "v = g()", "def f(): return v", replacements={"g": None}
    )
    assert answer["cells"] == [None] * 3
    assert call(worker, "f")["result"] == "own"


@pytest.mark.parametrize(("kind", "seen"), [("ValueError", "ValueError"), ("Odd", "RuntimeError")])
def test_the_judge_can_answer_with_an_exception(worker: Worker, kind: str, seen: str) -> None:
    load(worker, "def g(): pass\ndef f():\n    return g()", replacements={"g": None})
    told = {"raised": {"type": kind, "text": "told so"}}
    answer = call(worker, "f", answer=lambda header, arrays: (told, b""))
    assert (answer["type"], answer["text"]) == (seen, "told so")


def test_too_many_questions_are_a_violation(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.sandbox.pool.ASK_LIMIT", 10)
    load(worker, "def g(): pass\ndef f():\n    while True: g()", replacements={"g": None})
    with pytest.raises(Violation):
        call(worker, "f", answer=lambda header, arrays: ({"result": None}, b""))


def test_the_judges_own_time_is_not_the_students(worker: Worker) -> None:
    load(worker, "def g(): return 1\ndef f(): return g()", replacements={"g": None})

    def slow(header: dict[str, Any], arrays: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        time.sleep(0.6)
        return {"result": 2}, b""

    assert call(worker, "f", seconds=0.5, answer=slow)["result"] == 2


def test_a_source_with_half_a_character_is_an_error_of_its_cell(worker: Worker) -> None:
    source = json.loads("\"x = '\\ud800'\"")
    (end,) = load(worker, source)["cells"]
    assert end is None or end["op"] == "raised"


def test_nothing_of_the_project_is_loaded_in_a_worker(worker: Worker) -> None:
    load(
        worker,
        "import sys\n"
        "def f(): return [n for n in sys.modules if 'autograder' in n or n == 'torch']",
    )
    assert call(worker, "f")["result"] == []
