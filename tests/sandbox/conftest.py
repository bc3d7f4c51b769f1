"""Fork servers shared by the tests, and short ways to run a program in a fresh worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.labcheck import tree
from autograder.sandbox import wire
from autograder.sandbox.pool import Sandbox, Worker

COURSE = Path(__file__).parents[2]

Run = Callable[..., Any]


@pytest.fixture(scope="session")
def course() -> Path:
    return COURSE


@pytest.fixture(scope="session")
def numpy_box() -> Iterator[Sandbox]:
    with Sandbox("numpy", course=COURSE) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def torch_box() -> Iterator[Sandbox]:
    with Sandbox("torch", course=COURSE) as sandbox:
        yield sandbox


@pytest.fixture
def worker(numpy_box: Sandbox) -> Iterator[Worker]:
    with numpy_box.worker() as worker:
        yield worker


@pytest.fixture
def torch_worker(torch_box: Sandbox) -> Iterator[Worker]:
    with torch_box.worker() as worker:
        yield worker


def cell(source: str, offset: int = 0) -> dict[str, Any]:
    return {"source": source, "file": "submission.py", "offset": offset}


def load(worker: Worker, *sources: str, seconds: float = 10, **more: Any) -> dict[str, Any]:
    """Load sources as cells; gives the answer."""
    header = {"op": "load", "cells": [cell(s) for s in sources], **more}
    return worker.request(header, seconds=seconds)[0]


def call(worker: Worker, entry: str, *values: Any, seconds: float = 10, **more: Any) -> Any:
    """Call an entry point: the answer, with the result decoded under "result"."""
    arrays: dict[str, Any] = {}
    args = [[f"a{n}", tree.encode(_wrapped(v), arrays)] for n, v in enumerate(values)]
    answer = more.pop("answer", None)
    header = {"op": "call", "entry": entry, "args": args, **more}
    reply, found = worker.request(header, wire.pack(arrays), seconds=seconds, answer=answer)
    if reply["op"] == "result":
        reply["result"] = tree.decode(reply["result"], found)
    if reply.get("arguments") is not None:
        reply["arguments"] = {n: tree.decode(node, found) for n, node in reply["arguments"]}
    return reply


def _wrapped(value: Any) -> Any:
    return tree.Array(value) if isinstance(value, np.ndarray) else value


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
