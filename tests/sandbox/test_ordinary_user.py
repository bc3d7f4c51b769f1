"""The walls hold for an ordinary user as they do for root, with and without user namespaces."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import COURSE

UID = 4242

BECOME = """
import os, sys
from pathlib import Path
from autograder.sandbox import kernel

def uncover(path):
    '''Make what lies in a closed home readable for others, in this process's eyes alone.'''
    base, keep = Path(path), Path(sys.argv[1])
    for parent in [*reversed(base.parents), base]:
        if parent.stat().st_mode & 0o005 != 0o005:
            keep.mkdir(exist_ok=True)
            kernel.bind(str(base), str(keep))
            kernel.mount_tmpfs(str(parent), "mode=755")
            base.mkdir(parents=True, exist_ok=True)
            kernel.bind(str(keep), str(base))
            return

kernel.unshare(kernel.CLONE_NEWNS)
kernel.make_mounts_private()
for path in {sys.base_prefix, sys.prefix, str(Path(kernel.__file__).parents[2])}:
    uncover(path)
os.setgroups([])
os.setresgid(UID, UID, UID)
os.setresuid(UID, UID, UID)
os.environ["HOME"] = "/nonexistent"
"""

GRADE = """
import json, sys
from pathlib import Path
from autograder.sandbox.errors import WorkerGone
from autograder.sandbox.pool import Sandbox

SOURCE = '''
import os, time
def tries():
    got = []
    for path in SECRETS:
        try:
            open(path).close()
            got.append(path)
        except OSError:
            pass
    for name in ("fork", "getlogin"):
        try:
            getattr(os, name)()
            got.append(name)
        except OSError:
            pass
    open("own.txt", "w").write("mine")
    return [got, os.listdir("."), os.getuid()]
def ends(): os._exit(3)
def fills():
    n = 0
    while True:
        open(f"file{n}", "wb").write(bytes(2**20))
        n += 1
def threads():
    import threading
    threading.stack_size(65536)
    for n in range(2000):
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    time.sleep(60)
def many():
    n = 0
    while True:
        open(f"file{n}", "wb").close()
        n += 1
'''

secrets = [sys.argv[2] + "/solutions/lab2_rnn.py", sys.argv[2] + "/pyproject.toml", "/etc/passwd"]
found = []
with Sandbox("numpy", course=Path(sys.argv[2]), without=json.loads(sys.argv[3])) as box:
    found.append(box.finding.tier)
    for n in range(3):
        with box.worker() as worker:
            source = SOURCE.replace("SECRETS", repr(secrets))
            cell = {"source": source, "file": "s.py", "offset": 0}
            worker.request({"op": "load", "cells": [cell]}, seconds=10)
            call = {"op": "call", "entry": "tries", "args": []}
            found.append(worker.request(call, seconds=10)[0]["result"])
    for entry in ("ends", "fills", "many", "threads"):
        with box.worker() as worker:
            worker.request({"op": "load", "cells": [cell]}, seconds=10)
            try:
                answer = worker.request({"op": "call", "entry": entry, "args": []}, seconds=20)[0]
                found.append([entry, answer["text"]])
            except WorkerGone as gone:
                found.append([entry, gone.kind if entry != "threads" else gone.text])
    with box.worker() as worker:
        worker.request({"op": "load", "cells": [cell]}, seconds=10)
        found.append(worker.request(call, seconds=10)[0]["result"])
print(json.dumps(found))
"""


def _as_ordinary_user(tmp_path: Path, *without: str) -> list:
    root = os.getuid() == 0
    script = (BECOME.replace("UID", str(UID)) if root else "import sys\n") + GRADE
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents[:3]:
        if parent != Path("/tmp"):
            parent.chmod(0o755)
    command = [
        sys.executable,
        "-c",
        script,
        str(tmp_path / "keep"),
        str(COURSE),
        json.dumps(without),
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=COURSE, timeout=120)
    if root and "PermissionError" in done.stderr and "unshare" in done.stderr:
        pytest.skip("root may not mount here")
    assert done.returncode == 0, done.stderr
    found: list = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("without", [(), ("root",), ("mounts",)], ids=str)
def test_an_ordinary_user_is_as_safe(tmp_path: Path, without: tuple[str, ...]) -> None:
    tier, *rounds = _as_ordinary_user(tmp_path, *without)
    assert tier in ("A+", "A")
    for got, own, uid in (node["l"] for node in (*rounds[:3], rounds[7])):
        assert got == {"l": []}
        assert own == {"l": ["own.txt"]}
        assert uid != 0
    (_, ends), (_, fills), (_, many), (_, threads) = rounds[3:7]
    assert threads == "it started more than 64 threads"
    assert ends == "crash"
    for end in (fills, many):
        assert end == "memory" or "No space left" in end or "too large" in end
