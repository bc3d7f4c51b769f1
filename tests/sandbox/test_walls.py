"""The walls hold where they stand, the self-test sings where they do not, and work goes on inside."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import COURSE, call, load

from autograder.sandbox import landlock, selftest, syscalls
from autograder.sandbox.errors import GraderFault
from autograder.sandbox.pool import Sandbox, Worker


def test_here_is_a_tier(numpy_box: Sandbox, torch_box: Sandbox) -> None:
    for sandbox in (numpy_box, torch_box):
        assert sandbox.finding.tier in ("A+", "A", "B")
        assert sandbox.finding.statement.startswith("isolated")


WITHOUT: list[tuple[tuple[str, ...], str]] = [
    (("root",), "A"),
    (("mounts",), "A"),
    (("libseccomp",), "A"),
]


@pytest.mark.parametrize(("without", "tier"), WITHOUT, ids=str)
def test_fewer_layers_give_a_lower_tier(without: tuple[str, ...], tier: str) -> None:
    with Sandbox("numpy", course=COURSE, without=without) as sandbox:
        assert sandbox.finding.tier[0] == tier
        if without == ("libseccomp",):
            assert sandbox.server.walls["seccomp"] == "seccompy"


@pytest.mark.parametrize(
    ("without", "missing"),
    [
        (("Landlock", "root"), "Landlock: left out; a worker could read"),
        (("libseccomp", "seccompy"), "seccomp: libseccomp: left out; seccompy: left out"),
    ],
    ids=str,
)
def test_too_few_layers_refuse_and_name_the_way_out(
    without: tuple[str, ...], missing: str
) -> None:
    with pytest.raises(GraderFault) as caught:
        Sandbox("numpy", course=COURSE, without=without)
    assert missing in str(caught.value)
    assert "--isolation=process" in str(caught.value)


def test_the_self_test_gets_everything_where_there_are_no_walls() -> None:
    with Sandbox("numpy", isolation="process", course=COURSE) as sandbox:
        assert sandbox.finding.tier == "none"
        assert sandbox.finding.statement == "not isolated"
        attempts = selftest._attempts(sandbox)
    failed = {what for kind, what, outcome in attempts if kind != "rlimits" and not outcome}
    expected = {
        "import solutions",
        "import autograder",
        "import exercises",
        "import autograder.spec",
        "read the grader's environment",
        "read its parent's environment",
        "trace its parent",
        "trace the grader",
        "signal the grader",
        "signal its parent",
        "enter a user namespace",
    }
    homes = {
        what for what in failed if "/root" in what or "write into" in what or "/proc/1" in what
    }
    assert failed - homes <= expected


def test_a_course_among_the_libraries_is_refused(tmp_path: Path) -> None:
    site = next(path for path in sys.path if path.endswith("site-packages"))
    with pytest.raises(GraderFault, match="move the course"):
        Sandbox("numpy", course=Path(site) / "numpy")


def test_the_project_as_an_installed_package_stays_out_of_reach(tmp_path: Path) -> None:
    for name in ("autograder", "solutions", "numpy", "torch", "jaxlib"):
        (tmp_path / name).mkdir()
    (tmp_path / "autograder-0.1.dist-info").mkdir()
    (tmp_path / "__editable__.autograder.pth").touch()
    (tmp_path / "outside").symlink_to("/etc")
    (tmp_path / "inside").symlink_to(tmp_path / "numpy")
    found = landlock.allowed_paths([str(tmp_path)], "numpy", "cpu", str(COURSE))
    own = {Path(path).name for path in found.readable if path.startswith(str(tmp_path))}
    assert own == {"numpy", "inside"}
    found = landlock.allowed_paths([str(tmp_path)], "torch", "cpu", str(COURSE))
    own = {Path(path).name for path in found.readable if path.startswith(str(tmp_path))}
    assert own == {"numpy", "inside", "torch", "jaxlib"}


def test_both_libraries_make_a_program() -> None:
    one, by_one = syscalls.program("cpu", ())
    two, by_two = syscalls.program("cpu", ("libseccomp",))
    assert (by_one, by_two) == ("libseccomp", "seccompy")
    assert len(one) % 8 == len(two) % 8 == 0
    none, why = syscalls.program("cpu", ("libseccomp", "seccompy"))
    assert none == b""
    assert "left out" in why


FORBIDDEN = {
    "a socket": "import socket\ndef f(): socket.socket()",
    "a local socket": "import socket\ndef f(): socket.socket(socket.AF_UNIX)",
    "a program": "import subprocess\ndef f(): subprocess.run(['true'])",
    "a shell": "import os\ndef f():\n    if os.system('true') != 0: raise PermissionError",
    "another process": "import multiprocessing as m\ndef f(): m.Process(target=print).start()",
    "the solutions": f"def f(): open({str(COURSE / 'solutions' / 'lab2_rnn.py')!r})",
    "the home folder": "import os\ndef f(): os.listdir('/root')",
    "passwords": "def f(): open('/etc/passwd')",
    "its own maps": "def f(): open('/proc/self/maps')",
    "the root folder": "import os\ndef f(): open('/x', 'w')",
    "temporary files": "import os\ndef f(): open('/tmp/x', 'w')",
    "libraries": "import os, numpy\ndef f(): open(os.path.dirname(numpy.__file__) + '/x', 'w')",
    "modes": "import os\ndef f(): os.chmod('.', 0o777)",
    "links": "import os\ndef f(): os.symlink('/etc', 'x')",
    "hard links": "import os\ndef f():\n    open('x', 'w').close(); os.link('x', 'y')",
    "signals": "import os\ndef f(): os.kill(os.getppid(), 9)",
    "signals to all": "import os\ndef f(): os.kill(-1, 9)",
    "another user": "import os\ndef f(): os.setuid(0); os.seteuid(12)",
    "locks": "import fcntl\ndef f():\n    with open('x', 'w') as file: fcntl.flock(file, 1)",
    "owners": "import fcntl\ndef f(): fcntl.fcntl(1, fcntl.F_SETOWN, 1)",
    "its parent's memory": "import os\ndef f(): open(f'/proc/{os.getppid()}/mem')",
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_forbidden_things_fail(worker: Worker, name: str) -> None:
    assert load(worker, FORBIDDEN[name])["cells"] == [None]
    answer = call(worker, "f")
    assert answer["op"] == "raised"
    assert {"OSError", "ValueError"} & set(answer["bases"]), answer


@pytest.mark.parametrize("name", ["solutions.lab2_rnn", "exercises", "autograder", "_pytest.x"])
def test_the_projects_modules_cannot_be_imported(worker: Worker, name: str) -> None:
    load(worker, f"def f(): import {name}")
    assert "ImportError" in call(worker, "f")["bases"]


def test_the_environment_says_nothing(worker: Worker) -> None:
    load(worker, "import os, sys\ndef f(): return [dict(os.environ), sys.argv, sys.path]")
    environment, arguments, path = call(worker, "f")["result"]
    assert set(environment) <= {
        "HOME",
        "TMPDIR",
        "MPLCONFIGDIR",
        "MPLBACKEND",
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "CUDA_VISIBLE_DEVICES",
    }
    assert arguments == ["submission.py"]
    assert not any(folder == str(COURSE) for folder in path)


INSIDE: dict[str, str] = {
    "a plot to a file": (
        "import os\nfrom matplotlib import pyplot as plt\ndef f():\n    plt.plot([1, 2]); "
        "plt.title('$x^2$')\n    plt.savefig('x.png'); plt.savefig('x.pdf')\n"
        "    return len(os.listdir('.'))"
    ),
    "threads": (
        "from concurrent.futures import ThreadPoolExecutor\ndef f():\n"
        "    with ThreadPoolExecutor(4) as pool: return int(sum(pool.map(abs, [-1, 1])) == 2) + 1"
    ),
    "asyncio": (
        "import asyncio\nasync def g():\n    await asyncio.sleep(0.01)\n    return 2\n"
        "def f(): return asyncio.run(g())"
    ),
    "temporary files": (
        "import tempfile\ndef f():\n    with tempfile.TemporaryDirectory() as d, "
        "tempfile.NamedTemporaryFile() as t:\n        t.write(b'x'); return 2"
    ),
    "saving arrays": (
        "import numpy as np\ndef f():\n"
        "    np.savez('a.npz', x=np.ones(3)); np.save('b', np.ones(2))\n"
        "    return len(np.load('b.npy')) if np.load('a.npz')['x'].sum() == 3 else 0"
    ),
    "late imports": "def f():\n    import sqlite3, lzma, ctypes, xml.etree.ElementTree\n"
    "    return 2",
    "clocks": "import time\ndef f():\n    time.sleep(0.01); time.localtime(); return 2",
    "linear algebra": (
        "import numpy as np\ndef f():\n    a = np.random.default_rng(0).random((300, 300))\n"
        "    return int(np.allclose(np.linalg.solve(a, a), np.eye(300))) + 1"
    ),
}


@pytest.mark.parametrize("name", INSIDE)
def test_ordinary_work_goes_on_inside(worker: Worker, name: str) -> None:
    assert load(worker, INSIDE[name])["cells"] == [None]
    answer = call(worker, "f")
    assert answer.get("result") == 2, answer


def test_warnings_are_printed_and_no_errors(worker: Worker) -> None:
    load(worker, "import numpy as np\ndef f(): return np.log(np.zeros(1))")
    assert call(worker, "f")["op"] == "result"
    assert "RuntimeWarning: divide by zero" in worker.output()


def test_a_finding_can_be_written_down(numpy_box: Sandbox) -> None:
    from dataclasses import asdict

    data: dict[str, Any] = asdict(numpy_box.finding)
    assert set(data) == {"tier", "statement", "layers"}
    assert set(data["layers"][0]) == {"name", "in_force", "detail"}
    assert shutil.which("nothing-of-this-name") is None
