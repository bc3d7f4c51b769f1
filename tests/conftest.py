"""What all tests share: graders of lab 2 that are warm for the whole run, and --accept."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from autograder.judge.grader import Grader
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


@pytest.fixture(scope="session")
def lab2() -> Collected:
    return collect("lab2_rnn")


@pytest.fixture(scope="session")
def grader(lab2: Collected) -> Iterator[Grader]:
    """Judges in processes of their own, without walls: quick, and the same path."""
    with Grader(lab2, SECRET, isolation="process") as one:
        yield one


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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With several processes: a file stays together, but for tests of labs, where each lab does."""
    for item in items:
        call = getattr(item, "callspec", None)
        lab = call.params.get("lab") if call is not None and "labs" in item.path.parts else None
        item.add_marker(pytest.mark.xdist_group(f"{item.path}:{lab}" if lab else str(item.path)))
