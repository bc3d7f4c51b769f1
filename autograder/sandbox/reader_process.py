"""The warm process that readers are forked from, and the loop of a reader.

Started as ``python -I reader_process.py SETTINGS CONTROL LIFELINE``.  Each message on the control
socket carries three descriptors of a reader: its socket, its lifeline, and where its wait status
goes.  A lifeline is the reading end of a pipe: the kernel kills its holder once it is closed.
"""

from __future__ import annotations

import importlib
import json
import os
import pickle
import resource
import select
import socket
import struct
import sys
from typing import Any, NoReturn


def main(settings: dict[str, Any], control: socket.socket, lifeline: int) -> NoReturn:
    """Fork a reader for each message, and tell how each has ended."""
    _die_with(lifeline)
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]  # what its starter has set for itself
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))
    for module in settings["warm"]:
        importlib.import_module(module)
    poll, status_of = select.poll(), dict[int, tuple[int, int]]()
    poll.register(control, select.POLLIN)
    while True:
        for fd, _ in poll.poll():
            if fd != control.fileno():
                pid, status = status_of.pop(fd)
                poll.unregister(fd)
                os.close(fd)
                _tell(status, os.waitpid(pid, 0)[1])
                continue
            message, fds = socket.recv_fds(control, 4096, 3)[:2]
            if not message:
                os._exit(0)
            pid = os.fork()
            if pid == 0:
                _read(json.loads(message), fds, [control.fileno(), lifeline, *_all(status_of)])
            pidfd = os.pidfd_open(pid)
            status_of[pidfd] = (pid, fds[2])
            poll.register(pidfd, select.POLLIN)
            os.close(fds[0])
            os.close(fds[1])


def _die_with(lifeline: int) -> None:
    from autograder.sandbox import kernel  # once sys.path is what it was told

    kernel.die_with(lifeline)


def _all(status_of: dict[int, tuple[int, int]]) -> list[int]:
    return [*status_of, *(status for _, status in status_of.values())]


def _tell(pipe: int, status: int) -> None:
    try:
        os.write(pipe, struct.pack("<I", status))
    except BrokenPipeError:
        pass
    finally:
        os.close(pipe)


# -- a reader ------------------------------------------------------------------------------------


def _read(settings: dict[str, Any], fds: list[int], others: list[int]) -> NoReturn:
    """Serve calls until the other side closes the socket."""
    try:
        own, lifeline, status = fds
        for fd in (*others, status):
            os.close(fd)
        _die_with(lifeline)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        most = _size() + settings["memory"]
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        with socket.socket(fileno=own) as connection:
            while True:
                size = struct.unpack("<Q", _received(connection, 8))[0]
                answer = _answer(_received(connection, size))
                connection.sendall(struct.pack("<Q", len(answer)) + answer)
    finally:
        os._exit(0)


def _size() -> int:
    with open("/proc/self/statm") as file:  # noqa: PTH123
        return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")


def _received(connection: socket.socket, size: int) -> bytes:
    data = bytearray(size)
    view, done = memoryview(data), 0
    while done < size:
        got = connection.recv_into(view[done:])
        if not got:
            os._exit(0)
        done += got
    return bytes(data)


def _answer(message: bytes) -> bytes:
    """What a call gives, or how it failed: of what it reads ("over"), or else."""
    function, args, more, seconds = pickle.loads(message)
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))
    try:
        return pickle.dumps(("result", function(*args, **more)))
    except MemoryError:
        return pickle.dumps(("over", "reading it takes more memory than there is room for"))
    except RecursionError:
        return pickle.dumps(("over", "it is nested too deeply"))
    except Exception as error:
        return _pickled(error)


def _pickled(error: Exception) -> bytes:
    try:
        return pickle.dumps(("raised", error))
    except Exception:
        return pickle.dumps(("raised", RuntimeError(f"{type(error).__name__}: {error}")))


if __name__ == "__main__":
    told = json.loads(sys.argv[1])
    sys.path[:] = told["path"]
    main(told, socket.socket(fileno=int(sys.argv[2])), int(sys.argv[3]))
