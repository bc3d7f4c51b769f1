"""What answers in place of a wrong function cannot be read by the program that it serves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from autograder.judge.calls import code_of
from autograder.labcheck.tree import Array, encode, live
from autograder.sandbox import wire
from autograder.sandbox.pool import Sandbox, Worker
from autograder.spec import scenarios
from autograder.spec.collection import collect

COURSE = Path(__file__).parents[2]
LABS = sorted(path.stem for path in (COURSE / "solutions").glob("lab*.py"))


@pytest.fixture(scope="module")
def box(ready: Any) -> Iterator[Sandbox]:
    imported = ready("torch")
    with Sandbox("torch", course=COURSE, isolation="process", preloaded=imported) as sandbox:
        yield sandbox


NOBODY_ELSE_CAN = {
    "training_step": "it calls a loss and an optimizer of the program's",
    "greedy_decode": "it calls a step of the program's",
    "count_parameters": "it looks which parameters of a module are trainable, which is not sent",
}


@pytest.mark.parametrize("lab", LABS)
def test_no_code_stands_in_where_the_judge_can_answer(lab: str) -> None:
    stand_ins = {one.name for one in collect(lab).exercises if one.stand_in is not None}
    assert stand_ins <= set(NOBODY_ELSE_CAN)


LOOK = """
import gc, inspect, linecache, sys, types

def g(*args):
    raise NotImplementedError

def look():
    found = []
    try:
        found.append(inspect.getsource(g))
    except (OSError, TypeError):
        pass
    todo, seen = [g], set()
    while todo:
        thing = todo.pop()
        if id(thing) in seen or not isinstance(thing, types.FunctionType):
            continue
        seen.add(id(thing))
        todo += [cell.cell_contents for cell in thing.__closure__ or ()]
        found.append(thing.__code__.co_filename + repr(thing.__code__.co_consts))
    found += [text for entry in linecache.cache.values() for text in entry[2]]
    for thing in gc.get_objects():
        if isinstance(thing, dict):
            found += [text for text in [*thing.values(), *thing] if isinstance(text, str)]
        elif isinstance(thing, (list, tuple, set)):
            found += [text for text in thing if isinstance(text, str)]
    frame = sys._getframe()
    while frame:
        found.append(frame.f_code.co_filename + repr(frame.f_locals.keys()))
        frame = frame.f_back
    word = "_".join(["marked", "answer"])
    return sum(word in text for text in found)
"""


def load(worker: Worker, source: str, **replacements: Any) -> None:
    cell = {"source": source, "file": "submission.py", "offset": 0}
    worker.request({"op": "load", "replacements": replacements, "cells": [cell]}, seconds=20)


def test_nothing_of_an_answer_is_found_by_looking(box: Sandbox) -> None:
    with box.worker() as worker:
        load(worker, LOOK, g=None)
        header = {"op": "call", "entry": "look", "args": []}
        reply, _ = worker.request(header, seconds=60, answer=lambda *_: ({"result": None}, b""))
        assert reply["result"] == 0


def test_the_text_of_what_has_to_stand_in_is_not_kept(box: Sandbox) -> None:
    code = {
        "name": "g",
        "source": "def g(x):\n    'marked_answer'\n    return x  # marked_answer\n",
    }
    with box.worker() as worker:
        load(worker, LOOK, g=code)
        header = {"op": "call", "entry": "look", "args": []}
        reply, _ = worker.request(header, seconds=60, answer=lambda *_: ({"result": None}, b""))
        assert reply["result"] == 0


# -- answers with a graph ------------------------------------------------------------------------


def reference(a: Any, b: Any) -> Any:
    """What is asked for in the tests below."""
    return {"product": a @ b, "mean": (a * a).mean(0), "free": a.detach() + 1, "count": len(a)}


USES = """
import torch

def g(a, b):
    raise NotImplementedError

def f(a, b):
    a, b = a.requires_grad_(), b.requires_grad_()
    got = g(a * 2, b=b)
    total = got["product"].sin().sum() + got["mean"].sum()
    total.backward()
    assert not got["free"].requires_grad
    return a.grad, b.grad, got["count"]
"""


def answered(header: dict[str, Any], arrays: Any) -> tuple[dict[str, Any], bytes]:
    """What the judge does, in this process."""
    from autograder.labcheck.tree import decode, plain

    args = [live(decode(node, arrays)) for node in header["args"]]
    kwargs = {key: live(decode(node, arrays)) for key, node in header["kwargs"]}
    arguments = dict(zip("ab", [*args, *kwargs.values()], strict=True))
    back = live(decode(header["cotangents"], arrays))
    found = plain(scenarios.answered(reference, arguments, back))
    out: dict[str, Any] = {}
    result = encode(found.get("result", found.get("gradients")), out)
    modules = encode(found.get("modules", []), out)
    answer = {"result": result, "modules": modules, "attached": found.get("attached", [])}
    return answer, wire.pack(out)


def test_gradients_go_through_what_the_judge_answers(box: Sandbox) -> None:
    rng = np.random.default_rng(5)
    values = {"a": rng.standard_normal((3, 4)), "b": rng.standard_normal((4, 2))}
    with box.worker() as worker:
        load(worker, USES, g=None)
        arrays: dict[str, Any] = {}
        args = [[name, encode(Array(value, "torch"), arrays)] for name, value in values.items()]
        header = {"op": "call", "entry": "f", "args": args}
        reply, found = worker.request(header, wire.pack(arrays), seconds=20, answer=answered)
    assert reply["op"] == "result", reply
    a, b = (torch.tensor(value, requires_grad=True) for value in values.values())
    due = reference(a * 2, b)
    (due["product"].sin().sum() + due["mean"].sum()).backward()
    for place, leaf in enumerate((a, b)):
        assert leaf.grad is not None
        np.testing.assert_allclose(found[str(place)], leaf.grad.numpy(), strict=True)


def test_the_scenario_of_answers_travels() -> None:
    assert code_of(scenarios.answered)
