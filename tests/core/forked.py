"""``python -m …`` in a process of its own, forked from one that has imported what is slow.

It has the arguments, folder, environment and streams that it is given, and an end of its own; what
it is spared is two seconds of imports.  Tests of starting, signals and limits start Python itself.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

LIMIT = 65_536
SLOW = (
    *("autograder.chain.build", "autograder.chain.verify", "autograder.commands.main"),
    *("autograder.course.grading", "autograder.course.publishing", "autograder.nbgrader"),
    *("alembic.config", "nbgrader.apps", "nbgrader.apps.autogradeapp", "nbconvert.exporters"),
    *("jupytext", "nbclient", "ipykernel.kernelapp"),
)


@functools.cache
def _server() -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Where forks are asked for, and the server, which ends once nobody holds that end."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    home = tempfile.gettempdir()
    plain = {"PATH": os.environ["PATH"], "HOME": home, "JUPYTER_PLATFORM_DIRS": "1"}
    with theirs:
        command = [sys.executable, __file__, str(theirs.fileno())]
        return ours, subprocess.Popen(command, env=plain, pass_fds=[theirs.fileno()])


def run(
    words: Sequence[str], cwd: Path, env: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """``python -m`` with these words, the module first; what came of it, as `subprocess.run` has it."""
    job = {"words": list(words), "cwd": str(cwd), "env": dict(env)}
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        with theirs:
            fds = [theirs.fileno(), out.fileno(), err.fileno()]
            socket.send_fds(_server()[0], [json.dumps(job).encode()], fds)
        status = int(ours.recv(LIMIT))
        return subprocess.CompletedProcess(words, status, _text(out), _text(err))


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8").replace("\r\n", "\n")


def serve(asked: socket.socket) -> None:
    """Fork for each job that comes; returns in the forks, once their job has ended."""
    for name in SLOW:
        importlib.import_module(name)
    importlib.import_module("autograder.chain.archive").archive()  # kept for every fork
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that wait
    while True:
        data, fds, _, _ = socket.recv_fds(asked, LIMIT, 3)
        if not data:
            return
        if os.fork() == 0:
            asked.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _wait_for_job(json.loads(data), *fds)
            return
        for fd in fds:
            os.close(fd)


def _wait_for_job(job: Mapping[str, Any], answer: int, out: int, err: int) -> None:
    """Returns in the job's own process, or ends this one once that has ended."""
    pid = os.fork()
    if pid == 0:
        os.close(answer)
        _become(job, out, err)
        return
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with contextlib.suppress(OSError):
        os.write(answer, str(status).encode())
    os._exit(0)


def _become(job: Mapping[str, Any], out: int, err: int) -> None:
    """The process that the job runs in."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    for fd, place in ((nothing, 0), (out, 1), (err, 2)):
        os.dup2(fd, place)
        os.close(fd)
    os.environ.clear()
    os.environ.update(job["env"])
    os.chdir(job["cwd"])
    sys.path[0] = job["cwd"]
    module, *sys.argv[1:] = job["words"]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
