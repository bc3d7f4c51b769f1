"""What all tests share: graders of lab 2 that are warm for the whole run, and --accept."""

from __future__ import annotations

import re
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from autograder.judge.grader import Grader
from autograder.sandbox.handle import Preloaded
from autograder.spec.collection import Collected, collect

sys.path.insert(0, str(Path(__file__).parent / "core"))  # for what its tests share

SECRET = b"the secret of the tests"

settings.register_profile(
    "kit",
    database=None,
    deadline=None,
    derandomize=True,
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.load_profile("kit")


@pytest.fixture(autouse=True)
def settings_of_numpy() -> Iterator[None]:
    """What a program that a test runs in this process sets is no affair of the next test."""
    with np.errstate():
        yield


@pytest.fixture(autouse=True, scope="session")
def no_memory_of_mine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What notebooks remember of a lab is no affair of who runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--accept",
        action="store_true",
        help="write what golden tests get into their expected.txt in place of comparing",
    )


Ready = Callable[[Literal["numpy", "torch"]], socket.socket]


@pytest.fixture(scope="session")
def ready() -> Iterator[Ready]:
    """By kind of arrays, what the fork servers of several graders are clones of: it has imported."""
    with ExitStack() as stack:
        yield cache(lambda arrays: stack.enter_context(closing(Preloaded(arrays))).control)


@pytest.fixture(scope="session")
def lab2() -> Collected:
    return collect("lab2_rnn")


@pytest.fixture(scope="session")
def grader(lab2: Collected) -> Iterator[Grader]:
    """Judges in processes of their own, without walls: quick, and the same path."""
    with Grader(lab2, SECRET, isolation="process") as one:
        yield one


@pytest.fixture(params=["at once", "call by call"])
def both_ways(request: pytest.FixtureRequest, grader: Grader) -> Iterator[None]:
    """A test that is run with the calls of an exercise sent together, and one by one."""
    grader.at_once = request.param == "at once"
    yield
    grader.at_once = True


@pytest.fixture(scope="session")
def walled(lab2: Collected) -> Iterator[Grader]:
    """Judges behind the walls that a real grading has."""
    with Grader(lab2, SECRET) as one:
        yield one


@pytest.fixture
def one_thread() -> Iterator[None]:
    """PyTorch as in a worker: small models gain nothing from more threads."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """With several processes: a file stays together, but for tests of labs, where each lab does."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        lab = re.search(r"\[(lab\d+_[a-z0-9]+)", nodeid) if "/labs/" in file else None
        return f"{file}:{lab[1]}" if lab else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first, so that no process waits for another at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
