"""What travels to other processes: a function's text with all that it names of its own file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from autograder.labcheck.travelled import defined
from autograder.spec.loading import load
from autograder.spec.travel import text_of

FILE = """\
from __future__ import annotations

import math as m
from collections.abc import Mapping
from exercises.small._far import doubled

FACTOR, OTHER = 3, object()
later: int = FACTOR + 1
given = "a name that is local to the scenario"


def helper(x: Mapping) -> Unknown:
    return later * x


class Base:
    size = FACTOR


def unused() -> None:
    raise RuntimeError


def scenario(entry, given: Missing, other: int = 2) -> Missing:
    unused = helper(given)

    class Local(Base):
        def get(self):
            return m.floor(self.size + 0.5)

    return entry(doubled(unused), Local().get(), other)
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A course with a scenario."""
    for path, text in {
        "solutions/small.py": "def secret(x):\n    return x\n",
        "exercises/small/_far.py": "TWO = 2\n\n\ndef doubled(x):\n    return TWO * x\n",
        "exercises/small/f.py": FILE,
        "exercises/small/leaks.py": (
            "from solutions.small import secret\n\n\ndef scenario(entry):\n    return secret\n"
        ),
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def test_a_text_runs_where_nothing_of_the_course_is(root: Path) -> None:
    text = text_of(load("exercises.small.f", root).scenario)
    program = f"{text}\nprint(scenario(lambda *each: each, 5))"
    flags = "from __future__ import annotations\n"
    done = subprocess.run(
        [sys.executable, "-I", "-c", flags + program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "(40, 3, 2)\n"


def test_nothing_travels_that_is_not_named(root: Path) -> None:
    text = text_of(load("exercises.small.f", root).scenario)
    for absent in ("def unused", "a name that is local", "Mapping\n", "__future__"):
        assert absent not in text
    assert text.count("import math as m") == 1


def test_a_solution_never_travels(root: Path) -> None:
    with pytest.raises(ValueError, match="secret is of a solution, which does not travel"):
        text_of(load("exercises.small.leaks", root).scenario)


def test_a_dataclass_travels_to_students() -> None:
    source = "from dataclasses import dataclass\n@dataclass\nclass Pair:\n    one: int\n    two: 'int'\n"
    made = defined("f", f"{source}def f(x: int) -> int:\n    return Pair(x, 2 * x).two\n", "<f>")
    assert made(3) == 6
    assert made.__module__ not in sys.modules
