"""What references give is found out once, kept by content, and found again by the next judge."""

from __future__ import annotations

import json
import sqlite3
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from core_kit import grade, of, program

from autograder.judge import oracle as oracle_module
from autograder.judge.grader import Grader
from autograder.judge.kept import Kept
from autograder.judge.oracle import Oracle
from autograder.labcheck.compare import EXACT, compare
from autograder.labcheck.tree import Array, mapped
from autograder.sandbox.pool import Sandbox
from autograder.spec.collection import Collected, collect

SECRET = b"a secret to keep"


@pytest.fixture(scope="module")
def torch_box() -> Iterator[Sandbox]:
    collected = collect("lab5_clipping")
    with Sandbox("torch", isolation="process", course=collected.root) as sandbox:
        yield sandbox


def layouts(tree: object) -> list[str]:
    found: list[str] = []
    mapped(tree, lambda leaf: found.append(leaf.layout) if isinstance(leaf, Array) else None)
    return found


@pytest.mark.parametrize("lab", ["lab1_shapes", "lab5_clipping", "lab9_forecasting"])
def test_cases_come_back_as_they_were(lab: str, torch_box: Sandbox, tmp_path: Path) -> None:
    collected = collect(lab)
    with closing(Kept(tmp_path / "kept", "rules")) as kept:
        fresh, later = (Oracle(collected, SECRET, torch_box, kept=kept) for _ in range(2))
        with closing(fresh), closing(later):
            for exercise in (one for one in collected.exercises if not one.training):
                for (asked, due), (again, found) in zip(
                    fresh.expected(exercise, 3), later.expected(exercise, 3), strict=True
                ):
                    assert asked.case.name == again.case.name
                    assert json.dumps(asked.header) == json.dumps(again.header)
                    assert asked.body == again.body
                    assert (asked.most, asked.scenario) == (again.most, again.scenario)
                    before, after = asked.question, again.question
                    assert layouts(before.arguments) == layouts(after.arguments)
                    assert compare(before.arguments, after.arguments, EXACT) is None
                    assert {**vars(before), "arguments": 0} == {**vars(after), "arguments": 0}
                    assert compare(due.tree, found.tree, EXACT) is None
                    assert {**vars(due), "tree": 0} == {**vars(found), "tree": 0}
            assert later._worker is None


def test_the_next_judge_asks_no_reference_and_no_slow_mistake(
    lab2: Collected, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oracle_module, "LONG", -1.0)
    wrong = program(rnn_step=STEP)
    reports = []
    for _ in range(2):
        kept = Kept(tmp_path / "results" / "kept", "rules")
        with Grader(lab2, SECRET, isolation="process", kept=kept) as grader:
            reports.append(grade(grader, wrong))
            monkeypatch.setattr(Oracle, "reply", no_call)
            monkeypatch.setattr(Oracle, "replies", no_call)
    first, second = ({**one.to_json(whole=True), "seconds": 0} for one in reports)
    assert first == second
    assert of(reports[1], "rnn_step").mistake is not None
    mode = (tmp_path / "results" / "kept").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


STEP = """def rnn_step(x, h_prev, W_xh, W_hh, b_h):
    return np.tanh(x @ W_xh + h_prev @ W_hh)
"""


def no_call(*_: object, **__: object) -> None:
    raise AssertionError("a reference is called")


def test_of_other_rules_nothing_is_found_and_nothing_stays(tmp_path: Path) -> None:
    arrays = {"0": np.arange(3.0)}
    with closing(Kept(tmp_path / "kept", "old")) as kept:
        kept.put("a", {"x": 1}, arrays)
        header, found = kept.get("a") or ({}, {})
        assert header == {"x": 1}
        np.testing.assert_array_equal(found["0"], arrays["0"])
    with closing(Kept(tmp_path / "kept", "new")) as kept:
        assert kept.get("a") is None
    with closing(Kept(tmp_path / "kept", "old")) as kept:
        assert kept.get("a") is None


def test_a_byte_that_is_another_one_is_as_nothing(tmp_path: Path) -> None:
    with closing(Kept(tmp_path / "kept", "rules")) as kept:
        kept.put("a", {"x": 1}, {"0": np.arange(3.0)})
    database = sqlite3.connect(tmp_path / "kept")
    with closing(database), database:
        (value,) = database.execute("SELECT value FROM kept").fetchone()
        changed = value[:-1] + bytes([value[-1] ^ 1])
        database.execute("UPDATE kept SET value = ?", (changed,))
    with closing(Kept(tmp_path / "kept", "rules")) as kept:
        assert kept.get("a") is None


def test_what_stands_under_another_name_is_as_nothing(tmp_path: Path) -> None:
    with closing(Kept(tmp_path / "kept", "rules")) as kept:
        kept.put("a", {"x": 1}, {})
    database = sqlite3.connect(tmp_path / "kept")
    with closing(database), database:
        database.execute("UPDATE kept SET key = 'b'")
    with closing(Kept(tmp_path / "kept", "rules")) as kept:
        assert kept.get("a") is None
        assert kept.get("b") is None


def test_another_thread_may_read_it(tmp_path: Path) -> None:
    with closing(Kept(tmp_path / "kept", "rules")) as kept:
        kept.put("a", {"x": 1}, {})
        with ThreadPoolExecutor(1) as threads:
            assert threads.submit(kept.get, "a").result() == ({"x": 1}, {})


def test_a_file_that_cannot_be_used_costs_nothing_but_time(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    path.mkdir()
    with closing(Kept(path, "rules")) as kept:
        kept.put("a", {}, {})
        assert kept.get("a") is None


def test_a_damaged_file_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    path.write_bytes(b"\0no database" * 1000)
    with closing(Kept(path, "rules")) as kept:
        kept.put("a", {"x": 1}, {})
        assert kept.get("a") == ({"x": 1}, {})
