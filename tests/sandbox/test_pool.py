"""ForkServer processes die, judges die, hundreds of workers come and go: nothing is left behind."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest
from conftest import COURSE, call, descriptors, load

from autograder.sandbox import forkserver
from autograder.sandbox.errors import GraderFault, SandboxError, Violation, WorkerGone
from autograder.sandbox.handle import MEMORY, Preloaded, sweep
from autograder.sandbox.pool import Sandbox, ending


def _soon(condition: Callable[[], bool], seconds: float = 5) -> bool:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def test_three_hundred_workers_leave_nothing_behind(numpy_box: Sandbox) -> None:
    with numpy_box.worker() as worker:
        load(worker, "pass")
    server = psutil.Process(numpy_box.server.pid)
    before = descriptors(), server.num_fds(), server.memory_info().rss
    for number in range(300):
        with numpy_box.worker() as worker:
            load(worker, "x = bytearray(2**20)\nopen('left', 'w').write('x')\ndef f(): return 1")
            if number % 10 == 0:
                assert call(worker, "f")["result"] == 1
    assert descriptors() == before[0]
    assert server.num_fds() == before[1]
    assert server.memory_info().rss - before[2] < 4 * 2**20
    assert server.children() == []


def test_workers_are_ready_soon(numpy_box: Sandbox) -> None:
    times = []
    for _ in range(30):
        began = time.perf_counter()
        with numpy_box.worker() as worker:
            load(worker, "x = 1")
            times.append(time.perf_counter() - began)
    assert np.median(times) < 0.05


def test_a_dead_fork_server_is_started_again() -> None:
    with Sandbox("numpy", isolation="process", course=COURSE) as sandbox:
        first = sandbox.server.pid
        os.kill(first, signal.SIGKILL)
        with sandbox.worker() as worker:
            load(worker, "def f(): return 1")
            assert call(worker, "f")["result"] == 1
        assert sandbox.server.pid != first
        assert not psutil.pid_exists(first)


def test_a_fork_server_that_dies_during_a_call_is_the_graders_fault() -> None:
    with Sandbox("numpy", isolation="process", course=COURSE) as sandbox:
        worker = sandbox.worker()
        load(worker, "import time\ndef f(): time.sleep(9)")
        os.kill(sandbox.server.pid, signal.SIGKILL)
        with pytest.raises(GraderFault, match="fork server"):
            call(worker, "f")
        worker.close()
        assert _soon(lambda: not psutil.pid_exists(worker.pid))
        with sandbox.worker() as worker:
            load(worker, "pass")


def test_a_fork_server_that_cannot_start_is_the_graders_fault(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "forkserver.py"
    broken.write_text("raise ValueError('no numpy today')")
    before = descriptors()
    monkeypatch.setattr("autograder.sandbox.handle.PROGRAM", broken)
    with pytest.raises(GraderFault, match="no numpy today"):
        Sandbox("numpy", course=COURSE)
    broken.write_text("import time; time.sleep(60)")
    with pytest.raises(GraderFault, match=r"not ready within 0\.3 seconds"):
        Sandbox("numpy", course=COURSE, wait=0.3)
    assert descriptors() == before


def test_a_fork_server_with_two_threads_does_not_fork() -> None:
    class Walls:
        def threads(self) -> int:
            return 2

    made = forkserver.Server(None, Walls())  # type: ignore[arg-type]
    forked = made.fork({"memory": 1}, [])
    assert not isinstance(forked, forkserver.Child)
    answer, sent = forked
    assert "2 threads" in answer["error"]
    assert sent == []


JUDGE = """
import sys, time
from pathlib import Path
from autograder.sandbox.pool import Sandbox
box = Sandbox("numpy", isolation=sys.argv[2], course=Path(sys.argv[1]))
workers = [box.worker() for _ in range(2)]
cell = {"source": "def f():\\n    while True: pass", "file": "s.py", "offset": 0}
workers[0].request({"op": "load", "cells": [cell]}, seconds=5)
print(box.server.pid, *(worker.pid for worker in workers), flush=True)
workers[0].request({"op": "call", "entry": "f", "args": []}, seconds=60)
"""


@pytest.mark.parametrize("isolation", ["walls", "process"])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_judge_that_dies_leaves_no_process(how: signal.Signals, isolation: str) -> None:
    command = [sys.executable, "-c", JUDGE, str(COURSE), isolation]
    with subprocess.Popen(
        command, cwd=COURSE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as judge:
        assert judge.stdout is not None
        pids = [int(pid) for pid in judge.stdout.readline().split()]
        assert len(pids) == 3
        time.sleep(0.1)
        judge.send_signal(how)
        judge.wait(10)
    assert _soon(lambda: not any(psutil.pid_exists(pid) for pid in pids))


def test_several_judges_work_at_the_same_time() -> None:
    source = (
        JUDGE.replace("while True: pass", "return 7")
        .replace('workers[0].request({"op": "call"', 'print(workers[0].request({"op": "call"')
        .replace("seconds=60)", "seconds=60)[0]['result'])")
    )
    command = [sys.executable, "-c", source, str(COURSE), "walls"]
    judges = [
        subprocess.Popen(command, cwd=COURSE, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    assert [judge.communicate(timeout=60)[0].split()[-1] for judge in judges] == ["7"] * 3
    for base in (MEMORY, tempfile.gettempdir()):
        left = [path.name for path in Path(base).glob("autograder-*-*")]
        assert not [name for judge in judges for name in left if f"-{judge.pid}-" in name]


def test_a_process_that_left_children_behind_takes_them_along() -> None:
    source = (
        "import os, time\ndef f():\n    pid = os.fork()\n    if pid == 0:\n        os.setsid()\n"
        "        time.sleep(60)\n    return pid"
    )
    with Sandbox("numpy", isolation="process", course=COURSE) as sandbox:
        with sandbox.worker() as worker:
            load(worker, source)
            child = call(worker, "f")["result"]
            assert psutil.pid_exists(child)
        assert _soon(lambda: not psutil.pid_exists(child))


def test_what_killed_judges_left_is_swept_up_later(tmp_path: Path) -> None:
    left, just_made, in_use = (tmp_path / f"autograder-{name}" for name in ("1-a", "1-b", "1-c"))
    for folder in (left, just_made, in_use):
        (folder / "0" / "deep").mkdir(parents=True)
    os.utime(left, (1, 1))
    os.utime(in_use, (1, 1))
    lock = os.open(in_use, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    sweep(tmp_path)
    assert set(tmp_path.iterdir()) == {just_made, in_use}
    os.close(lock)
    sweep(tmp_path)
    assert set(tmp_path.iterdir()) == {just_made}


def test_a_closed_sandbox_says_so() -> None:
    sandbox = Sandbox("numpy", isolation="process", course=COURSE)
    folder = sandbox.server._folder
    worker = sandbox.worker()
    sandbox.close()
    sandbox.close()
    with pytest.raises(GraderFault, match="closed"):
        sandbox.worker()
    with pytest.raises(SandboxError):
        load(worker, "pass")
    worker.close()
    with pytest.raises(GraderFault, match="closed"):
        load(worker, "pass")
    assert not Path(folder).exists()


@pytest.mark.parametrize(
    ("status", "kind", "text"),
    [
        (0, "crash", "ended the process itself (exit status 0)"),
        (11, "crash", "signal 11 (segmentation fault)"),
        (9, "memory", "signal 9 (killed); most likely the machine had no memory left"),
        (24, "timeout", "more processor time than allowed"),
    ],
)
def test_each_ending_has_its_sentence(status: int, kind: str, text: str) -> None:
    gone = ending(status)
    assert gone.kind == kind
    assert text in str(gone)


def test_the_tree_of_errors_is_the_one_that_is_drawn() -> None:
    assert all(issubclass(kind, SandboxError) for kind in (WorkerGone, Violation, GraderFault))


def test_clones_of_a_preloaded_server_serve_judges_of_their_own() -> None:
    with contextlib.closing(Preloaded("numpy")) as preloaded:
        boxes = [Sandbox("numpy", course=COURSE, preloaded=preloaded.control) for _ in range(2)]
        pids = {box.server.pid for box in boxes}
        assert len(pids | {preloaded.pid}) == 3
        assert all(psutil.Process(pid).ppid() == preloaded.pid for pid in pids)
        for box in boxes:
            assert box.finding.tier.startswith("A")
            with box.worker() as worker:
                load(worker, "import os\ndef f():\n    return os.getcwd()")
                assert str(box.server._folder) in call(worker, "f")["result"]
        folder = Path(boxes[0].server._folder)
        boxes[0].close()
        assert not folder.exists()
        with boxes[1].worker() as worker:
            load(worker, "def f():\n    return 1")
            assert call(worker, "f")["result"] == 1
        boxes[1].close()
        assert _soon(lambda: not any(psutil.pid_exists(pid) for pid in pids))
    assert not psutil.pid_exists(preloaded.pid)


def test_without_its_preloaded_server_a_sandbox_imports_by_itself() -> None:
    preloaded = Preloaded("numpy")
    os.kill(preloaded.pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(preloaded.pid)], timeout=5)
    with Sandbox("numpy", isolation="process", course=COURSE, preloaded=preloaded.control) as box:
        assert psutil.Process(box.server.pid).ppid() == os.getpid()
        os.kill(box.server.pid, signal.SIGKILL)
        with box.worker() as worker:
            load(worker, "def f():\n    return 1")
            assert call(worker, "f")["result"] == 1
    preloaded.close()


def test_a_killed_clone_is_replaced() -> None:
    with (
        contextlib.closing(Preloaded("numpy")) as preloaded,
        Sandbox("numpy", course=COURSE, preloaded=preloaded.control) as box,
    ):
        first = box.server.pid
        os.kill(first, signal.SIGKILL)
        with box.worker() as worker:
            load(worker, "def f():\n    return 1")
            assert call(worker, "f")["result"] == 1
        assert box.server.pid != first
        assert psutil.Process(box.server.pid).ppid() == preloaded.pid


def test_what_is_refused_is_taken_out_once_for_all_workers_of_a_class() -> None:
    names = ("numpy.linalg.norm",)
    program = "import numpy as np\ndef f():\n    return float(np.linalg.norm([3.0, 4.0]))"
    with (
        contextlib.closing(Preloaded("numpy")) as preloaded,
        Sandbox("numpy", course=COURSE, preloaded=preloaded.control) as box,
    ):
        for _ in range(3):
            with box.worker(names) as worker:
                load(worker, program, refused=list(names))
                assert call(worker, "f")["op"] == "forbidden"
        with box.worker() as worker:
            load(worker, program)
            assert call(worker, "f")["result"] == 5.0
        with box.worker(names) as worker:
            server = psutil.Process(worker.pid).parent()
            assert server is not None and server.pid != box.server.pid
            assert server.ppid() == preloaded.pid
            server.kill()
        with box.worker(names) as worker:
            load(worker, program, refused=list(names))
            assert call(worker, "f")["op"] == "forbidden"
            server = psutil.Process(worker.pid).parent()
        assert server is not None
    assert _soon(lambda: not server.is_running())


def test_a_fork_server_with_other_walls_serves_nobody() -> None:
    with (
        contextlib.closing(Preloaded("numpy")) as preloaded,
        Sandbox("numpy", course=COURSE, preloaded=preloaded.control) as box,
    ):
        box.worker(("numpy.linalg.norm",)).close()
        box.server.walls = {**box.server.walls, "landlock": -1}
        for _ in range(2):
            with pytest.raises(GraderFault, match="different walls"):
                box.worker(("numpy.linalg.norm",))


def test_memory_laid_into_large_pages_is_what_it_was() -> None:
    text = """
import hashlib, os
from pathlib import Path
from autograder.sandbox.preload import in_large_pages
def digest():
    return hashlib.sha256(b"".join(parts)).hexdigest()
parts = [bytes([n % 256]) * 3001 for n in range(20_000)]
before = digest()
in_large_pages()
assert digest() == before
pid = os.fork()
if pid == 0:
    os._exit(digest() != before)
assert os.waitpid(pid, 0)[1] == 0
lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
print(next(line.split()[1] for line in lines if line.startswith("AnonHugePages")))
"""
    ran = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    newer = tuple(map(int, os.uname().release.split(".")[:2])) >= (6, 1)
    if newer and Path("/sys/kernel/mm/transparent_hugepage").exists():
        assert int(ran.stdout) > 20_000


def test_alone_a_sandbox_has_one_fork_server(numpy_box: Sandbox) -> None:
    for _ in range(3):
        with numpy_box.worker(("numpy.linalg.norm",)) as worker:
            assert psutil.Process(worker.pid).ppid() == numpy_box.server.pid


def test_a_worker_that_waits_for_a_processor_is_known_to(numpy_box: Sandbox) -> None:
    spin = "import os\nwhile os.getppid() > 1: pass"
    processor = min(os.sched_getaffinity(0))
    others = [subprocess.Popen([sys.executable, "-c", spin]) for _ in range(4)]
    try:
        with numpy_box.worker() as worker:
            load(worker, "def f():\n    while True: pass")
            for pid in (worker.pid, *(other.pid for other in others)):
                os.sched_setaffinity(pid, {processor})
            with pytest.raises(WorkerGone, match="did not end within 1 seconds"):
                call(worker, "f", seconds=1)
            assert worker.late == 1
            assert 0.3 < worker.waited < 60
    finally:
        for other in others:
            other.kill()
            other.wait()
