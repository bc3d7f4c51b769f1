"""A class on a Dask cluster: a real scheduler and real workers, one of which is killed."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from instructor_kit import HALF, RIGHT, WRONG, Course

import autograder

pytestmark = pytest.mark.slow
pytest.importorskip("distributed", reason="Dask is not installed: pip install .[cluster]")
TLS = "DASK_DISTRIBUTED__COMM__TLS__"
SLOWLY = ["import numpy as np\n", "import time\n", "time.sleep(0.5)"]


class Cluster:
    """A scheduler and workers that speak TLS, each a process of its own in a course folder.

    security: the certificate that all of them show and ask for.
    """

    def __init__(
        self, course: Course, stack: contextlib.ExitStack, security: dict[str, str]
    ) -> None:
        self.course, self.stack, self.security = course, stack, security
        self.file = course.root.parent / "scheduler.json"
        self.workers: list[subprocess.Popen[bytes]] = []
        self._start(
            "scheduler",
            "--scheduler-file",
            str(self.file),
            "--host",
            "127.0.0.1",
            "--port",
            "0",
            "--protocol",
            "tls",
            "--no-dashboard",
        )
        wait_for(self.file.is_file)

    @property
    def address(self) -> str:
        return str(json.loads(self.file.read_text())["address"])

    def add_worker(self, root: Path | None = None) -> None:
        """One more worker; root: the course folder whose kit it has."""
        self.workers.append(
            self._start(
                "worker",
                "--scheduler-file",
                str(self.file),
                "--nthreads",
                "1",
                "--no-nanny",
                "--no-dashboard",
                root=root,
            )
        )

    def _start(self, *words: str, root: Path | None = None) -> subprocess.Popen[bytes]:
        log = self.stack.enter_context((self.course.root.parent / "dask.log").open("ab"))
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *words],
            cwd=root or self.course.root,
            stdout=log,
            stderr=log,
            env=self.course.environment() | self.security,
        )
        self.stack.callback(self._stop, process)
        return process

    @staticmethod
    def _stop(process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def security(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Dask's settings for a certificate of our own, as variables."""
    folder = tmp_path_factory.mktemp("certificate")
    key, cert = folder / "key.pem", folder / "cert.pem"
    words = [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=127.0.0.1",
    ]
    made = ["openssl", *words, "-keyout", str(key), "-out", str(cert)]
    subprocess.run(made, check=True, capture_output=True)
    parts = [
        f"{role}__{part}" for role in ("SCHEDULER", "WORKER", "CLIENT") for part in ("CERT", "KEY")
    ]
    files = {part: str(cert if part.endswith("CERT") else key) for part in parts}
    return {f"{TLS}{name}": file for name, file in {"CA_FILE": str(cert), **files}.items()}


@pytest.fixture
def cluster(course: Course, security: dict[str, str]) -> Iterator[Cluster]:
    with contextlib.ExitStack() as stack:
        yield Cluster(course, stack, security)


def wait_for(condition: Any, seconds: float = 120) -> None:
    """Until something is so; a failure after too long."""
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it never came about"
        time.sleep(0.05)


def hand_in_all(course: Course) -> None:
    for place in range(9):
        answers = (RIGHT, WRONG, RIGHT | {"double": HALF})[place % 3]
        notebook = course.notebook(answers)
        notebook["cells"][1]["source"] = [*SLOWLY, f"\n# {place}"]
        course.hand_in(f"student{place}", notebook)


def marks(course: Course) -> dict[str, list[Any]]:
    data = json.loads((course.root / "class.json").read_text("utf-8"))
    return {one["student"]: one["exercises"] for one in data}


def test_the_marks_are_the_same_when_a_worker_is_killed(course: Course, cluster: Cluster) -> None:
    hand_in_all(course)
    cluster.add_worker()
    cluster.add_worker()
    wait_for(lambda: _workers(cluster) == 2)
    command = [
        sys.executable,
        "-m",
        "autograder",
        "grade",
        "tiny",
        "--scheduler",
        cluster.address,
        "--json",
        "class.json",
    ]
    reports = course.root / "results" / "tiny" / "reports"
    with subprocess.Popen(
        command,
        cwd=course.root,
        env=course.environment() | cluster.security,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as run:
        some = lambda: reports.is_dir() and len(list(reports.glob("*.json"))) >= 2  # noqa: E731
        wait_for(lambda: some() or run.poll() is not None)
        os.kill(cluster.workers[0].pid, signal.SIGKILL)
        out, err = run.communicate(timeout=300)
    assert run.returncode == 0, out + err
    assert "9 judged now" in out
    there, grades = marks(course), course.grades()
    shutil.rmtree(course.root / "results")
    (course.root / "gradebook.db").unlink()
    course.run("autograder", "grade", "tiny", "--json", "class.json")
    assert marks(course) == there
    assert course.grades() == grades


def test_without_certificates_it_is_said_what_is_missing(course: Course, cluster: Cluster) -> None:
    course.hand_in("ada")
    told = course.run("autograder", "grade", "tiny", "--scheduler", cluster.address, status=1)
    assert f"{cluster.address} needs certificates: set {TLS}CA_FILE" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_cluster_without_workers_is_refused(course: Course, cluster: Cluster) -> None:
    course.hand_in("ada")
    words = ("autograder", "grade", "tiny", "--scheduler", cluster.address)
    told = course.run(*words, status=1, **cluster.security)
    assert "the Dask scheduler has no workers" in told.stderr


def test_a_worker_with_another_kit_is_refused_before_anything_is_sent(
    course: Course, cluster: Cluster, built: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(built, other)
    shutil.copytree(Path(autograder.__file__).parent, other / "autograder")
    with (other / "autograder" / "judge" / "grader.py").open("a") as file:
        file.write("\n# another version\n")
    course.hand_in("ada")
    cluster.add_worker()
    cluster.add_worker(other)
    wait_for(lambda: _workers(cluster) == 2)
    words = ("autograder", "grade", "tiny", "--scheduler", cluster.address)
    told = course.run(*words, status=1, **cluster.security)
    assert "has another version of this kit" in told.stderr
    assert not list((course.root / "results").rglob("*.json"))


def _workers(cluster: Cluster) -> int:
    import distributed

    names = {"ca_file": "CA_FILE", "client_cert": "CLIENT__CERT", "client_key": "CLIENT__KEY"}
    files = {f"tls_{key}": cluster.security[f"{TLS}{name}"] for key, name in names.items()}
    security = distributed.Security(**files)
    with distributed.Client(cluster.address, security=security, set_as_default=False) as client:
        return len(client.nthreads())


def test_no_scheduler_is_said_in_one_line(course: Course) -> None:
    course.hand_in("ada")
    words = ("grade", "tiny", "--scheduler", "tcp://127.0.0.1:9")
    soon = "from autograder.course import cluster; cluster.PATIENCE = '2s'\n"
    command = "from autograder.__main__ import main; main()"
    told = subprocess.run(
        [sys.executable, "-c", soon + command, *words],
        cwd=course.root,
        env=course.environment(),
        capture_output=True,
        text=True,
    )
    assert told.returncode == 1
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in told.stderr
    assert "Traceback" not in told.stderr
