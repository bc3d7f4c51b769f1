"""Work on what students wrote is bounded, killed and made anew; and it ends with whoever asked."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import time
import unicodedata
from collections.abc import Iterator

import psutil
import pytest
from conftest import COURSE

from autograder.sandbox import reader
from autograder.sandbox.errors import GraderFault, OverLimit
from autograder.sandbox.reader import Readers, bounded

MARKS = "a" + "\u0301\u0316" * 200_000
"""Takes hours to be put in order, in one call in C that holds everything else up."""


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "SECONDS", 1)


def test_one_reader_serves_one_call_after_another_and_is_not_this_process() -> None:
    first = bounded(os.getpid)
    assert first == bounded(os.getpid)
    assert first != os.getpid()


def test_what_takes_too_long_is_stopped_in_the_middle_of_a_call_in_c(short: None) -> None:
    before = bounded(os.getpid)
    with pytest.raises(OverLimit, match="reading it takes longer than 1 seconds"):
        bounded(unicodedata.normalize, "NFKC", MARKS)
    assert bounded(os.getpid) != before


def test_time_is_counted_anew_for_each_call(short: None) -> None:
    for _ in range(4):
        assert len(bounded(unicodedata.normalize, "NFKC", MARKS[:16_000])) > 0


def test_memory_is_bounded_and_what_was_taken_is_given_back() -> None:
    before = bounded(os.getpid)
    with pytest.raises(OverLimit, match="more memory"):
        bounded(bytes, 2**30)
    assert bounded(os.getpid) != before
    assert len(bounded(bytes, 2**20)) == 2**20


def test_what_is_too_deep_is_said_to_be() -> None:
    with pytest.raises(OverLimit, match="nested too deeply"):
        bounded(json.loads, "[" * 100_000)


def test_what_breaks_the_reader_is_no_fault_of_ours() -> None:
    with pytest.raises(OverLimit, match="breaks the program that reads"):
        bounded(signal.raise_signal, signal.SIGSEGV)


def test_what_a_call_raises_is_raised_here() -> None:
    with pytest.raises(ZeroDivisionError):
        bounded(divmod, 1, 0)
    with pytest.raises(TypeError, match="cannot pickle"):
        bounded(compile, "x", "x", "exec")


def test_a_reader_that_is_killed_between_calls_is_replaced() -> None:
    before = bounded(os.getpid)
    os.kill(before, signal.SIGKILL)
    assert bounded(os.getpid) != before


def test_a_reader_that_is_killed_again_and_again_is_our_fault() -> None:
    with pytest.raises(GraderFault, match="ended from outside"):
        bounded(signal.raise_signal, signal.SIGKILL)
    assert bounded(len, "ab") == 2


def test_a_server_that_has_gone_is_started_again() -> None:
    readers = Readers()
    try:
        readers.call(len, ("ab",), {})
        server = readers.server()
        os.kill(server._process.pid, signal.SIGKILL)
        server._process.wait()
        assert readers.call(len, ("ab",), {}) == 2
    finally:
        readers.close()


def test_a_server_may_be_another_process_s(monkeypatch: pytest.MonkeyPatch) -> None:
    lender, borrower = Readers(), Readers()
    try:
        borrower.borrowed = lender.server().control
        assert borrower.call(len, ("ab",), {}) == 2
        assert borrower._server is None
    finally:
        borrower.borrowed = None
        borrower.close()
        lender.close()


def test_a_reader_does_not_live_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "CALLS", 1)
    assert bounded(os.getpid) != bounded(os.getpid)


HOLDS_UP = """
import os, sys, unicodedata
from autograder.sandbox import reader
print(reader.bounded(os.getpid), reader._READERS.server()._process.pid, flush=True)
reader.bounded(unicodedata.normalize, "NFKC", "a" + "\\u0301\\u0316" * 200_000)
"""


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A process that waits for a reader, which is in a long call in C; and the ids below it."""
    source = HOLDS_UP.replace("print", "reader.SECONDS = 600\nprint", 1)
    with subprocess.Popen(
        [sys.executable, "-c", source],
        cwd=COURSE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        pids = [int(pid) for pid in process.stdout.readline().split()]
        assert len(pids) == 2
        _until(lambda: psutil.Process(pids[0]).cpu_times().user > 0.2)
        yield process, pids
        process.kill()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_reader_ends_with_whoever_asked_whatever_it_is_at(
    busy: tuple[subprocess.Popen[str], list[int]], how: signal.Signals
) -> None:
    process, pids = busy
    process.send_signal(how)
    assert process.wait(30) != 0
    _until(lambda: not any(_runs(pid) for pid in pids))


ORPHAN = """
import os, unicodedata
from autograder.sandbox.kernel import die_with
kept, pipe = os.pipe()
pid = os.fork()
if pid == 0:
    die_with(kept)
    os.close(pipe)
    print(os.getpid(), flush=True)
    unicodedata.normalize("NFKC", "a" + "\\u0301\\u0316" * 200_000)
os.close(kept)
os.waitpid(pid, 0)
"""


def test_the_kernel_ends_a_process_whose_parent_was_killed_also_in_the_middle_of_c() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ORPHAN], cwd=COURSE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        _until(lambda: psutil.Process(pid).cpu_times().user > 0.2)
        parent.kill()
    _until(lambda: not _runs(pid))


def test_what_passes_is_what_pickle_takes() -> None:
    assert bounded(dict, a=pickle.HIGHEST_PROTOCOL) == {"a": pickle.HIGHEST_PROTOCOL}


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _until(condition: object, seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < ends, "it never came about"
        time.sleep(0.02)
