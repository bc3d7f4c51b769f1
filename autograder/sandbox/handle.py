"""The judge's handle on a fork server: starting it, having it fork and reap, ending it."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import json
import os
import re
import secrets
import select
import signal
import site
import socket
import subprocess
import sys
import tempfile
import time
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from .errors import GraderFault, WorkerGone
from .scratch import clear

PROGRAM = Path(__file__).with_name("forkserver.py")
PACKAGE = Path(__file__).parent.parent
MEMORY = "/dev/shm"
LOCKED_BY_THEN = 60
"""Seconds after which a judge that lives has locked its folder, many times over."""

MESSAGE_LIMIT = 65_536
ANSWER_SECONDS = 30.0
SCRATCH_BYTES, SCRATCH_FILES = 64 * 2**20, 2048


class ForkServerGone(Exception):  # noqa: N818
    """The fork server has ended, or does not answer."""


@dataclass
class Forked:
    """A worker as the judge holds it: its pid, descriptors, and its scratch folder to watch.

    scratch: the folder, where nothing but looking bounds it, else None.
    """

    pid: int
    pidfd: int
    requests: int
    responses: int
    output: int
    scratch: str | None
    before: os.statvfs_result | None = None

    def check_scratch(self) -> None:
        """Raises WorkerGone once the worker has filled the disk beyond what is allowed."""
        if self.scratch is None or self.before is None:
            return
        now = os.statvfs(self.scratch)
        taken = (self.before.f_bfree - now.f_bfree) * now.f_frsize
        files = self.before.f_ffree - now.f_ffree
        much = taken > SCRATCH_BYTES or files > SCRATCH_FILES or now.f_files == 0
        if much and _is_full(self.scratch):
            raise WorkerGone("memory", "it wrote more into files than allowed")

    def close(self) -> None:
        """Close all descriptors."""
        _close([self.pidfd, self.requests, self.responses, self.output])


def _is_full(folder: str) -> bool:
    """Whether a folder itself holds too much, or hides it; looks at SCRATCH_FILES entries."""
    left, size, pending = SCRATCH_FILES, 0, [folder]
    try:
        while pending:
            with os.scandir(pending.pop()) as listed:
                entries = list(itertools.islice(listed, left + 1))
            left -= len(entries)
            if left < 0:
                return True
            pending += [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
            size += sum(entry.stat(follow_symlinks=False).st_blocks * 512 for entry in entries)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return size > SCRATCH_BYTES


class ForkServer:
    """One fork server.  Raises GraderFault where it does not start within `wait` seconds.

    preloaded: the socket of a `Preloaded` for the same arrays and device, of which this becomes a
    clone; where there is none, or it has ended, a process of its own imports everything.
    """

    def __init__(
        self, config: dict[str, Any], wait: float, preloaded: socket.socket | None = None
    ) -> None:
        if sys.platform != "linux":
            raise GraderFault(
                "grading others' work needs Linux: use WSL2, a virtual machine or CI; "
                "checking one's own work needs none of this"
            )
        self.owner = os.getpid()
        self.site = site_folders()
        base = MEMORY if os.access(MEMORY, os.W_OK | os.X_OK) else tempfile.gettempdir()
        sweep(Path(base))
        self._folder = tempfile.mkdtemp(prefix=f"autograder-{secrets.token_hex(4)}-", dir=base)
        self._remove = weakref.finalize(self, _remove, self._folder, self.owner)
        self._lock = os.open(self._folder, os.O_RDONLY)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        Path(self._folder).chmod(0o711)
        self._errors = os.memfd_create("errors", os.MFD_CLOEXEC)
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._process: subprocess.Popen[bytes] | Clone = self._begin(theirs, preloaded)
        try:
            self._control.settimeout(wait)
            self._control.send(json.dumps(self._complete(config)).encode())
            self._await(wait)
        except BaseException:
            self.close()
            raise

    def _await(self, wait: float) -> None:
        try:
            data = self._control.recv(MESSAGE_LIMIT)
        except TimeoutError:
            raise GraderFault(
                f"the fork server was not ready within {wait:g} seconds; is the machine busy?"
            ) from None
        except OSError:
            data = b""
        if not data:
            raise GraderFault(f"the fork server did not start: {self._last_error()}")
        ready = json.loads(data)
        if isinstance(self._process, Clone):
            self._process.identify(ready["pid"])
        self.walls: dict[str, Any] = ready["ready"]
        self._control.settimeout(ANSWER_SECONDS)

    def _begin(
        self, theirs: socket.socket, preloaded: socket.socket | None
    ) -> subprocess.Popen[bytes] | Clone:
        with contextlib.ExitStack() as stack:
            stack.enter_context(theirs)
            if preloaded is not None:
                with contextlib.suppress(OSError):
                    socket.send_fds(preloaded, [b"clone"], [theirs.fileno(), self._errors])
                    return Clone()
            stdin = stack.enter_context(PROGRAM.open("rb"))
            return subprocess.Popen(
                [sys.executable, "-I", "-S", "-", str(theirs.fileno()), PROGRAM.stem],
                env={},
                cwd="/",
                pass_fds=[theirs.fileno()],
                stdin=stdin,
                stdout=self._errors,
                stderr=self._errors,
                start_new_session=True,
            )

    def _complete(self, config: dict[str, Any]) -> dict[str, Any]:
        return {
            **config,
            "preloaded": isinstance(self, Preloaded),
            "judge": self.owner,
            "site": self.site,
            "package": str(PACKAGE),
            "folder": self._folder,
            "cuda": {k: v for k, v in os.environ.items() if k == "CUDA_VISIBLE_DEVICES"},
        }

    def _last_error(self) -> str:
        text = os.pread(self._errors, MESSAGE_LIMIT, 0).decode("utf-8", "replace").strip()
        last = text.splitlines()[-1] if text else "it ended without a word"
        return re.sub(r"^[\w.]+: ", "", last)

    @property
    def pid(self) -> int:
        """The fork server's id."""
        return self._process.pid

    def fork(self, memory: int) -> Forked:
        """A new worker.  Raises ForkServerGone, and GraderFault where the system refuses."""
        theirs_in, ours_out = os.pipe2(os.O_CLOEXEC)
        ours_in, theirs_out = os.pipe2(os.O_CLOEXEC)
        output = os.memfd_create("output", os.MFD_CLOEXEC)
        try:
            os.set_blocking(ours_out, False)
            os.set_blocking(ours_in, False)
            message = {"op": "fork", "memory": memory}
            answer, fds = self._talk(message, [theirs_in, theirs_out, output])
            if "error" in answer:
                raise GraderFault(answer["error"])
        except BaseException:
            _close([ours_out, ours_in, output])
            raise
        finally:
            _close([theirs_in, theirs_out])
        scratch = answer["scratch"]
        before = None if scratch is None else os.statvfs(scratch)
        return Forked(answer["pid"], fds[0], ours_out, ours_in, output, scratch, before)

    def reap(self, pid: int) -> tuple[int, float]:
        """The wait status of a worker that has ended or been killed, and its processor seconds.

        Raises ForkServerGone.
        """
        answer, _ = self._talk({"op": "reap", "pid": pid}, [])
        return int(answer["status"]), float(answer["cpu"])

    def _talk(self, message: dict[str, Any], sent: list[int]) -> tuple[dict[str, Any], list[int]]:
        number = secrets.randbits(48)
        data = json.dumps({**message, "n": number}).encode()
        try:
            socket.send_fds(self._control, [data], sent)
            while True:
                received, fds, _, _ = socket.recv_fds(self._control, MESSAGE_LIMIT, 4)
                if not received:
                    raise ForkServerGone("the fork server has ended")
                answer: dict[str, Any] = json.loads(received)
                if answer["n"] == number:
                    return answer, fds
                _close(fds)
        except OSError as error:
            raise ForkServerGone("the fork server has ended or does not answer") from error

    def close(self) -> None:
        """End it; its workers end with it, and its folder goes."""
        self._control.close()
        try:
            self._process.wait(0.5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._errors)
        self._remove()
        os.close(self._lock)


class Clone:
    """The process that `Preloaded` forked, no child of the judge: waited for by a descriptor."""

    def __init__(self) -> None:
        self.pid = 0
        self._fd: int | None = None

    def identify(self, pid: int) -> None:
        """Its id, as it says; it waits for its judge, so that the id is still its own."""
        self.pid, self._fd = pid, os.pidfd_open(pid)

    def wait(self, timeout: float | None = None) -> None:
        """Until it has ended; raises TimeoutExpired."""
        if self._fd is None:
            return
        if not select.select([self._fd], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("the fork server", timeout or 0)
        os.close(self._fd)
        self._fd = None

    def kill(self) -> None:
        """Kill it."""
        if self._fd is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._fd, signal.SIGKILL)


class Preloaded(ForkServer):
    """A fork server for several judges, each of which gets a clone of it at once.

    It imports everything while this goes on; its socket may be sent to other processes.
    """

    def __init__(
        self, arrays: Literal["numpy", "torch"], device: Literal["cpu", "cuda"] = "cpu"
    ) -> None:
        super().__init__({"arrays": arrays, "device": device}, ANSWER_SECONDS)

    def _await(self, wait: float) -> None:
        """Nothing: a clone is what tells that it is ready."""

    @property
    def control(self) -> socket.socket:
        """To be given to `ForkServer`, here or in another process."""
        return self._control

    def close(self) -> None:
        """End it, whatever it is at; its clones go on."""
        self._process.kill()
        super().close()


def _remove(folder: str, owner: int) -> None:
    """Remove a fork server's folder, unless this is a child of the judge that made it."""
    if os.getpid() == owner:
        with contextlib.suppress(OSError):
            clear(Path(folder))
            Path(folder).rmdir()


def sweep(base: Path) -> None:
    """Remove what killed judges have left in a folder: nobody holds a lock on it any more."""
    for path in base.glob("autograder-*-*"):
        with contextlib.suppress(OSError):
            seen = path.stat()
            if seen.st_uid == os.geteuid() and seen.st_mtime < time.time() - LOCKED_BY_THEN:
                _clear_unlocked(path)


def _clear_unlocked(path: Path) -> None:
    lock = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        clear(path)
        path.rmdir()
    finally:
        os.close(lock)


def _close(fds: list[int]) -> None:
    for fd in fds:
        os.close(fd)


def site_folders() -> list[str]:
    """The folders of installed packages that this interpreter uses, and no other of its paths."""
    known = [*site.getsitepackages(), site.getusersitepackages()]
    used = {os.path.realpath(path) for path in sys.path if path}
    folders = (os.path.realpath(path) for path in known)
    return [path for path in folders if path in used and Path(path).is_dir()]
