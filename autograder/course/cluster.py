"""A class on more than one machine: the same judging in the workers of a Dask cluster.

A worker needs this kit in the same version and walls that hold; both are asked for before the
first submission is sent.  Give each worker one thread: a judge does one thing at a time.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable
from typing import Any

from autograder.course.processes import Reports, Setup
from autograder.judge.grader import Grader
from autograder.judge.report import LabReport
from autograder.judge.submission import Submission
from autograder.sandbox.errors import GraderFault

PATIENCE = "20s"
"""How long a scheduler may take to answer."""

READY = "120s"
"""How long a worker may take to warm up."""

TLS = "DASK_DISTRIBUTED__COMM__TLS__"
"""How the variables begin that name Dask's certificates."""


def judge_on(address: str, work: Iterable[Submission], setup: Setup) -> Reports:
    """What is handed in with its report, as it is ready.

    What a lost worker had in hand goes to another.  Raises GraderFault where there is no
    scheduler, no worker, or a worker that lacks something.
    """
    distributed = _library()
    _has_certificates(distributed, address)
    try:
        client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise GraderFault(f"no Dask scheduler answers at {address}: {error}") from error
    with client:
        workers = _ready(client, setup)
        yield from _spread(distributed, client, work, setup, 2 * workers + 2)


def _has_certificates(distributed: Any, address: str) -> None:
    """Raises GraderFault where a scheduler asks for certificates, and Dask knows of none."""
    arguments = distributed.Security().get_connection_args("client")
    if address.startswith("tls://") and not arguments.get("ssl_context"):
        raise GraderFault(
            f"{address} needs certificates: set {TLS}CA_FILE, {TLS}CLIENT__CERT and "
            f"{TLS}CLIENT__KEY, or have them in ~/.config/dask/"
        )


def _library() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise GraderFault("--scheduler needs Dask: pip install 'rnn-labs[cluster]'") from error
    return distributed


def _ready(client: Any, setup: Setup) -> int:
    """The number of workers; each has shown that it can judge, and judges by the same rules."""
    here = setup.fingerprint()
    asked = {
        worker: client.submit(readiness, setup, workers=[worker], pure=False, retries=0)
        for worker in sorted(client.nthreads())
    }
    if not asked:
        raise GraderFault("the Dask scheduler has no workers: start some, then try again")
    for worker, future in asked.items():
        try:
            there = future.result(timeout=READY)
        except Exception as error:
            raise GraderFault(
                f"the worker {worker} cannot judge: {type(error).__name__}: {error}; "
                "install this kit in its Python, and have it raise the same walls"
            ) from error
        if there != here:
            raise GraderFault(
                f"the worker {worker} has another version of this kit, of Python, NumPy or "
                "PyTorch, or of the lab: make it the same as here"
            )
    return len(asked)


def _spread(
    distributed: Any, client: Any, work: Iterable[Submission], setup: Setup, most: int
) -> Reports:
    """No more asked for at a time than the workers can hold, so that memory stays flat."""
    todo = iter(work)
    asked: dict[str, Submission] = {}

    def some(count: int) -> list[Any]:
        futures = []
        for submission in itertools.islice(todo, count):
            future = client.submit(judged, submission.to_judge, setup, pure=False, retries=2)
            asked[future.key] = submission
            futures.append(future)
        return futures

    ready = distributed.as_completed(some(most), loop=client.loop)
    for future in ready:
        try:
            report = LabReport.from_json(future.result())
        except Exception as error:
            raise GraderFault(f"the cluster failed: {type(error).__name__}: {error}") from error
        ready.update(some(1))
        yield asked.pop(future.key), report


_LOCK = threading.Lock()
_GRADERS: dict[Setup, Grader] = {}
"""The grader of this worker process: one, for the setup that was asked for last."""


def readiness(setup: Setup) -> str:
    """Runs in a worker: start the grader, and say by which rules it judges."""
    with _LOCK:
        _grader(setup)
    return setup.fingerprint()


def judged(submission: Submission, setup: Setup) -> dict[str, Any]:
    """Runs in a worker: the report of one submission, as JSON has it."""
    with _LOCK:
        return _grader(setup).grade(submission).to_json(whole=True)


def _grader(setup: Setup) -> Grader:
    if setup not in _GRADERS:
        while _GRADERS:
            _GRADERS.popitem()[1].close()
        _GRADERS[setup] = setup.grader()
    return _GRADERS[setup]
