"""What stands below a student's program in its process: nothing of the course and of the judge."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from conftest import call, load

from autograder.sandbox.handle import PACKAGE
from autograder.sandbox.pool import Sandbox

LOOK = """
import gc, linecache, os, sys

def texts(thing):
    try:
        return repr(thing)
    except BaseException:
        return ""

def look(words):
    found = []
    def note(where, thing):
        text = texts(thing)
        found.extend(f"{where}: {word}" for word in words if word in text)
    frame, depth = sys._getframe(1), 1
    while frame is not None:
        locals_ = {k: v for k, v in frame.f_locals.items() if k not in ("args", "kwargs", "sent")}
        for name, value in [*locals_.items(), *frame.f_globals.items()]:
            if name not in ("header", "given", "call", "arguments"):
                note(f"frame {depth} {name}", value)
        note(f"frame {depth} file", frame.f_code.co_filename)
        frame, depth = frame.f_back, depth + 1
    for name in ("argv", "orig_argv", "path", "path_importer_cache", "meta_path"):
        note(name, getattr(sys, name))
    note("environment", dict(os.environ))
    note("folder", os.getcwd())
    note("lines", list(linecache.cache))
    for name, module in list(sys.modules.items()):
        for key in ("__file__", "__path__", "__spec__", "__loader__", "__cached__"):
            note(f"module {name} {key}", getattr(module, key, None))
    for thing in gc.get_objects():
        if type(thing) is dict and thing.keys() & {"judge", "course", "isolation"} >= {"judge"}:
            found.append("a configuration")
    for name in ("cmdline", "environ"):
        try:
            note(name, open(f"/proc/self/{name}").read())
        except OSError:
            pass
    return sorted(set(found))
"""


@pytest.mark.parametrize("isolation", ["walls", "process"])
def test_nothing_of_the_course_and_the_judge_stands_below_a_program(
    tmp_path: Path, isolation: Literal["walls", "process"]
) -> None:
    course = tmp_path / "a course of its own"
    course.mkdir()
    words = [str(course), "'judge'", f"-{os.getpid()}-", str(PACKAGE)]
    with Sandbox("numpy", course=course, isolation=isolation) as box, box.worker() as worker:
        load(worker, LOOK)
        assert call(worker, "look", words, seconds=60)["result"] == []


def test_a_cell_finds_nothing_either_before_the_first_call(tmp_path: Path) -> None:
    course = tmp_path / "a course of its own"
    course.mkdir()
    words = [str(course), str(PACKAGE)]
    with Sandbox("numpy", course=course) as box, box.worker() as worker:
        load(worker, f"{LOOK}\nseen = look({words!r})\ndef f(): return seen")
        found = call(worker, "f", seconds=60)["result"]
    # the text of the cell itself names the words
    assert [one for one in found if "frame" not in one and "lines" not in one] == []


def test_arrays_still_cross(tmp_path: Path) -> None:
    with Sandbox("numpy", course=tmp_path) as box, box.worker() as worker:
        load(worker, "def f(x): return x + 1")
        result = call(worker, "f", np.ones(2))["result"]
        np.testing.assert_array_equal(result.values, 2 * np.ones(2), strict=True)
