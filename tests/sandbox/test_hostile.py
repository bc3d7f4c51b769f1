"""Programs that want to cheat, to break things or to hang get a clear end and nothing else."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from conftest import call, load

from autograder.sandbox import pool, wire
from autograder.sandbox.errors import Violation, WorkerGone
from autograder.sandbox.pool import Sandbox, Worker

FRAME = (
    "import json, os, struct\n"
    "def frame(header, body=b'', size=None):\n"
    "    text = header if isinstance(header, bytes) else json.dumps(header).encode()\n"
    "    return struct.pack('<4sIQ', b'AGK1', len(text), len(body) if size is None else size) "
    "+ text + body\n"
)


def _gone(worker: Worker, source: str, seconds: float = 5) -> WorkerGone:
    load(worker, FRAME + source)
    with pytest.raises(WorkerGone) as caught:
        call(worker, "f", seconds=seconds)
    with pytest.raises(WorkerGone):
        call(worker, "f")
    return caught.value


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    while True: pass",
        "import time\ndef f(): time.sleep(100)",
        "def f():\n    try:\n        while True: pass\n    finally:\n        f()",
        "def f():\n    os.write(4, b'AGK1')\n    import time; time.sleep(100)",
        "def f():\n    os.write(4, frame({}, size=2**26)); os.write(4, b'x' * 1000)\n"
        "    import time; time.sleep(100)",
        "def f(): return os.read(3, 1)",
        "import threading\ndef f():\n    lock = threading.Lock(); lock.acquire(); lock.acquire()",
        "import signal\ndef f():\n    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\n"
        "    while True: pass",
        "import sys\ndef f():\n    sys.setswitchinterval(1e9)\n    while True: 10 ** 100000",
    ],
)
def test_what_does_not_end_is_stopped(worker: Worker, source: str) -> None:
    began = time.monotonic()
    gone = _gone(worker, source, seconds=0.4)
    assert (gone.kind, str(gone)) == ("timeout", "it did not end within 0.4 seconds")
    assert time.monotonic() - began < 2


def test_a_load_that_does_not_end_is_stopped(worker: Worker) -> None:
    with pytest.raises(WorkerGone, match=r"did not end within 0\.3 seconds"):
        load(worker, "while True: pass", seconds=0.3)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("def f(): os._exit(0)", "the program ended the process itself (exit status 0)"),
        ("def f(): os._exit(7)", "the program ended the process itself (exit status 7)"),
        (
            "import ctypes\ndef f(): ctypes.string_at(0)",
            "the process was ended by signal 11 (segmentation fault)",
        ),
        (
            "import signal\ndef f():\n    signal.setitimer(signal.ITIMER_REAL, 0.01)\n"
            "    while True: pass",
            "the process was ended by signal 14 (alarm clock)",
        ),
        ("def f():\n    os.close(4)\n    while True: pass", "closed the connection"),
        ("def f(): os.closerange(0, 64)", "the program ended the process itself"),
    ],
)
def test_what_ends_its_process_is_told_how(worker: Worker, source: str, text: str) -> None:
    gone = _gone(worker, source)
    assert gone.kind == "crash"
    assert text in str(gone)


@pytest.mark.parametrize(
    "source",
    [
        "def f(): os.write(4, b'x' * 1000)",
        "def f():\n    while True: os.write(4, b'x' * 1000)",
        "def f(): os.write(4, frame(b'null'))",
        "def f(): os.write(4, frame(b'{}'))",
        "def f(): os.write(4, frame({'op': 'result', 'id': '0', 'result': 1, 'arguments': None, "
        "'seconds': 0.1}))",
        "def f(): os.write(4, frame({'op': 'loaded', 'cells': [], 'defined': {}}))",
        "def f(): os.write(4, frame({'op': 'ready'}))",
        "def f(): os.write(4, frame({}, size=2**40))",
        "def f(): os.write(4, frame(b'[' * 100_000))",
        "def f(): os.write(4, frame({'op': 'missing'}) * 2)",
    ],
)
def test_what_is_no_answer_is_a_violation(worker: Worker, source: str) -> None:
    load(worker, FRAME + source)
    with pytest.raises(Violation):
        call(worker, "f")
    with pytest.raises(Violation):
        call(worker, "f")


STEAL = (
    FRAME + "import gc, sys, time\n"
    "def session():\n"
    "    return next(o for o in gc.get_objects() if type(o).__name__ == 'RequestLoop')\n"
    "def body(arrays):\n"
    "    return sys.modules['_kit.sandbox.wire'].pack(arrays)\n"
)


def test_a_forged_answer_is_only_data(worker: Worker) -> None:
    source = (
        "def f():\n    os.write(4, frame({'op': 'result', 'id': session().current, 'result': 42, "
        "'arguments': None, 'seconds': 0.5}))\n    time.sleep(9)"
    )
    load(worker, STEAL + source)
    assert call(worker, "f")["result"] == 42


@pytest.mark.parametrize(
    "answer",
    [
        "{'op': 'result', 'result': 1, 'arguments': None, 'seconds': 1e999}",
        "{'op': 'result', 'result': 1, 'arguments': None, 'seconds': 1.0, 'score': 10}",
        "{'op': 'raised', 'type': 'E', 'bases': [], 'text': 7, 'lines': [], 'memory': False}",
        "{'op': 'ask', 'number': 1, 'name': 'g', 'args': [], 'kwargs': []}",
        "{'op': 'missing', 'text': '\\ud800'}",
    ],
)
def test_a_forged_answer_of_another_form_is_a_violation(worker: Worker, answer: str) -> None:
    send = f"os.write(4, frame(dict({answer}, id=session().current)))"
    source = f"def f():\n    {send}\n    time.sleep(9)"
    load(worker, STEAL + source)
    with pytest.raises(Violation):
        call(worker, "f")


def test_a_body_that_is_no_arrays_is_a_violation(worker: Worker) -> None:
    source = (
        "def f():\n    os.write(4, frame({'op': 'result', 'id': session().current, 'result': 1, "
        "'arguments': None, 'seconds': 0.5}, b'12345678' * 10))\n    time.sleep(9)"
    )
    load(worker, STEAL + source)
    with pytest.raises(Violation):
        call(worker, "f")


def test_an_answer_left_over_is_a_violation_later(worker: Worker) -> None:
    source = (
        "import threading\n"
        "def late():\n    time.sleep(0.1)\n    os.write(4, frame({'op': 'missing'}))\n"
        "def f(): threading.Thread(target=late).start()"
    )
    load(worker, STEAL + source)
    call(worker, "f")
    time.sleep(0.3)
    with pytest.raises(Violation):
        call(worker, "f")


def test_a_false_question_number_is_a_violation(worker: Worker) -> None:
    source = (
        "def f():\n    os.write(4, frame({'op': 'ask', 'id': session().current, 'number': 5, "
        "'name': 'g', 'args': [], 'kwargs': []}))\n    time.sleep(9)"
    )
    load(worker, STEAL + source)
    with pytest.raises(Violation):
        call(worker, "f", answer=lambda header, arrays: ({"result": None}, b""))


HUNGRY = [
    "def f():\n    x = []\n    while True: x.append(bytes(2**24))",
    "def f(): return bytearray(10 * 2**30)",
    "import mmap\ndef f(): return len(mmap.mmap(-1, 4 * 2**30))",
    "def f(): return 'x' * (10 * 2**30)",
]


@pytest.mark.parametrize("source", HUNGRY)
def test_memory_is_bounded(worker: Worker, source: str) -> None:
    load(worker, source)
    try:
        answer = call(worker, "f", seconds=20)
    except WorkerGone as gone:
        assert gone.kind == "memory"
    else:
        assert answer["op"] == "raised"
        assert answer["memory"] is True or answer["type"] == "OSError"


def test_a_worker_without_memory_for_its_own_work_says_so(worker: Worker) -> None:
    source = (
        "kept = []\ndef f(x):\n    size = 2**26\n    while size > 2**10:\n        try:\n"
        "            kept.append(bytearray(size))\n        except MemoryError:\n"
        "            size //= 2\n    return 1"
    )
    load(worker, source)
    try:
        for _ in range(3):
            answer = call(worker, "f", np.zeros(2**21), seconds=20)
    except WorkerGone as gone:
        assert gone.kind == "memory"
    else:
        assert answer["memory"] is True


def test_resident_memory_is_watched_too(worker: Worker) -> None:
    worker._most = worker._usage().resident + 50 * 2**20
    source = "import time\ndef f():\n    x = bytearray(100 * 2**20)\n    time.sleep(5)"
    assert _gone(worker, source).kind == "memory"


def test_a_fork_bomb_does_not_start(worker: Worker) -> None:
    load(worker, "import os\ndef f():\n    while True: os.fork()")
    assert call(worker, "f")["type"] == "PermissionError"


def test_a_thread_bomb_ends(worker: Worker) -> None:
    source = (
        "import threading, time\ndef f():\n    n = 0\n    try:\n        while n < 10_000:\n"
        "            threading.Thread(target=time.sleep, args=(3,), daemon=True).start()\n"
        "            n += 1\n    except RuntimeError:\n        return n"
    )
    load(worker, source)
    assert 10 < call(worker, "f")["result"] < 1000


def test_nothing_of_one_worker_is_found_by_the_next(numpy_box: Sandbox) -> None:
    leave = (
        "import os, tempfile, builtins, sys, numpy as np\n"
        "open('left.txt', 'w').write('secret')\nos.makedirs('a/b')\n"
        "tempfile.NamedTemporaryFile(delete=False).write(b'x')\n"
        "builtins.left = 1\nsys.left = 1\nnp.left = 1\nos.environ['LEFT'] = '1'\n"
        "np.add = None\nprint('left')\n"
    )
    find = (
        "import os, builtins, sys, numpy as np, tempfile\n"
        "def f():\n    return [os.listdir('.'), os.listdir(tempfile.gettempdir()), "
        "hasattr(builtins, 'left'), hasattr(sys, 'left'), hasattr(np, 'left'), "
        "'LEFT' in os.environ, np.add is None]"
    )
    for _ in range(3):
        with numpy_box.worker() as first:
            assert load(first, leave)["cells"] == [None]
        with numpy_box.worker() as second:
            load(second, find)
            assert call(second, "f")["result"] == [[], [], *[False] * 5]
            assert second.output() == ""


def test_two_workers_do_not_see_each_other(numpy_box: Sandbox) -> None:
    with numpy_box.worker() as one, numpy_box.worker() as two:
        load(one, "import os\nopen('x', 'w').write('1')\ndef f(): return os.getcwd()")
        place = call(one, "f")["result"]
        load(
            two,
            "import os\ndef f(p): return os.listdir(p)\n"
            "def g(): return os.getcwd(), os.listdir('.')",
        )
        assert call(two, "f", place)["op"] == "raised"
        own, names = call(two, "g")["result"]
        assert own != place
        assert names == []


FILL = (
    "import os\n"
    "def large():\n    with open('x', 'wb') as file:\n"
    "        for _ in range(100): file.write(bytes(2**20))\n"
    "def full():\n    for n in range(100): open(f'x{n}', 'wb').write(bytes(2**20))\n"
    "def many():\n    for n in range(100_000): open(f'x{n}', 'w').close()\n"
    "def deep():\n    for n in range(100_000):\n        os.mkdir('d' * 200); os.chdir('d' * 200)\n"
    "def closed():\n    os.umask(0o777)\n    for n in range(5):\n        os.makedirs(f'c{n}')\n"
    "    os.mkdir('c', 0)\n    open('f', 'w').close()\n    os.rename('f', 'g')\n"
)


@pytest.mark.parametrize("without", [(), ("mounts",)], ids=str)
def test_the_scratch_folder_is_bounded_and_emptied(numpy_box: Sandbox, without: Any) -> None:
    sandbox = numpy_box
    if without:
        sandbox = Sandbox("numpy", course=numpy_box.course, without=without)
    try:
        for way in ("large", "full", "many", "deep", "closed"):
            with sandbox.worker() as worker:
                load(worker, FILL)
                try:
                    answer = call(worker, way, seconds=20)
                except WorkerGone as gone:
                    assert gone.kind == "memory"
                else:
                    assert way == "closed" or answer["type"] == "OSError"
            with sandbox.worker() as worker:
                load(worker, "import os\ndef f(): return os.listdir('.')")
                assert call(worker, "f")["result"] == []
    finally:
        if without:
            sandbox.close()


def test_a_worker_that_is_closed_says_so(numpy_box: Sandbox) -> None:
    worker = numpy_box.worker()
    worker.close()
    worker.close()
    assert worker.output() == ""


def test_a_request_that_is_not_read_does_not_block_the_judge(worker: Worker) -> None:
    load(worker, "import threading, time, os\ndef f():\n    while True: time.sleep(9)")
    with pytest.raises(WorkerGone, match="did not end"):
        call(worker, "f", seconds=0.2)


def test_a_large_request_is_not_held_up_by_a_worker_that_does_not_read(worker: Worker) -> None:
    load(
        worker,
        "import sys, threading\ndef f():\n    sys.setswitchinterval(1e9)\n"
        "    def hog():\n        while True: 10 ** 200_000\n"
        "    threading.Thread(target=hog, daemon=True).start()",
    )
    with pytest.raises((WorkerGone, Violation)):
        call(worker, "f", seconds=0.5)
        arrays = np.zeros(2**22)
        for _ in range(5):
            call(worker, "f", arrays, seconds=0.5)
    assert wire.BODY_LIMIT > 2**25


def test_threads_are_counted_where_the_kernel_does_not(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(pool.THREADS, "cpu", 8)
    threads = "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
    source = f"import threading, time\ndef f():\n    for _ in range(9): {threads}\n"
    load(worker, source)
    with pytest.raises(WorkerGone, match="it started more than 8 threads") as caught:
        call(worker, "f")
    assert caught.value.kind == "crash"


def test_a_few_threads_are_no_harm(worker: Worker) -> None:
    source = (
        "import threading\ndef f():\n    got = []\n"
        "    all = [threading.Thread(target=got.append, args=(n,)) for n in range(20)]\n"
        "    for one in all: one.start()\n    for one in all: one.join()\n    return len(got)"
    )
    load(worker, source)
    assert call(worker, "f")["result"] == 20


SPIN = "def f():\n    while True: pass"


def test_processor_time_is_bounded_for_itself(worker: Worker) -> None:
    load(worker, SPIN)
    header = {"op": "call", "entry": "f", "args": []}
    with pytest.raises(WorkerGone, match="more processor time than allowed") as caught:
        worker.request(header, seconds=600, cpu=0.3)
    assert caught.value.kind == "timeout"
    assert worker.cpu >= 0.3


def test_time_of_all_threads_counts(worker: Worker) -> None:
    source = (
        "import threading, time\n"
        "def burn():\n    while True: pass\n"
        "def f():\n    threading.Thread(target=burn, daemon=True).start()\n    time.sleep(600)"
    )
    load(worker, source)
    with pytest.raises(WorkerGone, match="more processor time than allowed"):
        worker.request({"op": "call", "entry": "f", "args": []}, seconds=600, cpu=0.3)


def test_what_was_used_is_known_after_the_end(numpy_box: Sandbox) -> None:
    with numpy_box.worker() as worker:
        load(
            worker,
            "import time\nends = time.process_time() + 0.2\nwhile time.process_time() < ends: pass",
        )
    assert worker.cpu >= 0.2
