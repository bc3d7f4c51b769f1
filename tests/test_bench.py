"""``make bench`` on a small course: each section runs, and its JSON has what is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tools import bench, bench_scale
from tools.bench_figures import Due, Figure
from tools.bench_labs import SHARES, Shares, slips
from tools.bench_scale import Look, Model, Run, small_course

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with one small lab of two exercises."""
    return small_course(tmp_path_factory.mktemp("bench") / "course")


@pytest.fixture
def here(small: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That course as the one that the bench measures."""
    monkeypatch.chdir(small)
    for name, value in {"LAB": "lab1", "TORCH_LAB": "lab1", "CHECKED": "smooth"}.items():
        monkeypatch.setattr(bench, name, value)
    return small


def measured(place: Path, *words: str) -> dict[str, Any]:
    """What the bench writes as JSON."""
    file = place / "bench.json"
    bench.main([*words, "--json", str(file)])
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


def named(section: dict[str, Any]) -> list[str]:
    """The names of the figures of a section."""
    return [one["name"] for one in section["figures"]]


def test_each_lab_has_its_calls_its_own_time_and_its_shares(here: Path, tmp_path: Path) -> None:
    found = measured(tmp_path, "labs", "notebook", "--times", "1")
    assert found["schema"] == 1
    assert {"processor", "cores", "load", "versions"} <= found["machine"].keys()
    (lab,) = found["sections"]["labs"]["labs"]
    assert lab["lab"] == "lab1"
    assert lab["bare_seconds"] > 0
    assert lab["seconds"].keys() == {"right", "wrong", "stub"}
    for kind, shares in lab["shares"].items():
        assert tuple(shares) == SHARES
        assert all(seconds >= 0 for seconds in shares.values())
        assert sum(shares.values()) == pytest.approx(lab["seconds"][kind], rel=0.5)
    assert lab["shares"]["right"]["calls"] > 0
    assert "lab1: the judge's own time over the student's calls" in named(
        found["sections"]["labs"]
    )
    (figure,) = found["sections"]["notebook"]["figures"]
    assert figure["name"] == "check(smooth) in a notebook, the first time"
    assert figure["due"]["is"] == "at most 60"


def test_wrong_hand_ins_are_known_mistakes(here: Path) -> None:
    found = slips("lab1", here)
    assert {(exercise, mistake) for exercise, mistake, _ in found} >= {
        ("smooth", "always_from_h0"),
        ("unroll", "arguments_swapped"),
    }


def test_stock_nbgrader_is_a_line_through_two_classes(here: Path, tmp_path: Path) -> None:
    found = measured(tmp_path, "files", "--class-size", "2", "--stock", "2")
    (figure,) = found["sections"]["files"]["figures"]
    assert figure["name"].startswith("2 files of lab1")
    assert figure["value"] > 0
    assert figure["due"]["is"] == "at least 30"
    assert found["sections"]["files"]["seconds"]["stock"].keys() == {"1", "2"}


def test_a_gradebook_is_filled_in_three_ways(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = bench.Stock({2: 9.0, 6: 21.0})
    assert (line.each, line.seconds(100)) == (3.0, 303.0)
    seconds = {"stock": lambda *_: line, "class_folder": lambda *_: 0}
    seconds |= {"graded": lambda *_: 3.0, "autograded": lambda *_: 4.0}
    for name, fake in seconds.items():
        monkeypatch.setattr(bench, name, fake)
    found = measured(tmp_path, "gradebook", "--class-size", "2")
    dues = [one["due"]["is"] for one in found["sections"]["gradebook"]["figures"]]
    assert dues == ["at least 35", "at least 50", "at least 15"]
    assert found["sections"]["gradebook"]["seconds"]["ours"].keys() == {"2", "6"}


def test_a_larger_class_is_foretold_and_graded(here: Path, tmp_path: Path) -> None:
    found = measured(tmp_path, "scale", "--hand-ins", "8")["sections"]["scale"]
    assert [run["hand_ins"] for run in found["runs"]] == [1, 2, 8]
    assert found["model"].keys() == {"start", "each", "judging", "writing", "memory", "growth"}
    assert 1000 < found["messages"]["task"] < 100_000
    assert "time for each of 8 over 2" in named(found)


def test_the_model_is_a_line_and_the_process_that_books_is_its_limit() -> None:
    def run(count: int, seconds: float, cpu: float, memory: float) -> Run:
        looks = [Look(5.0, 1, 100.0, 50.0, 2.0), Look(seconds, count, memory, 50.0, cpu)]
        return Run(count, seconds, looks)

    few, more = run(101, 15.0, 5.0, 100.0), run(1001, 105.0, 32.0, 109.0)
    model = Model.of(few, more, cores=2)
    assert model.each == pytest.approx(0.1)
    assert model.seconds(10_001) == pytest.approx(1005.0)
    assert model.writing == pytest.approx(0.03)
    assert model.judging == pytest.approx(0.17)
    assert model.useful == pytest.approx(17 / 3)
    assert model.growth == pytest.approx(9 * 2**20 / 900)
    assert model.on(1, 1000) == pytest.approx(model.start + 170)
    assert model.on(100, 1000) == pytest.approx(model.start + 30)


def test_a_moment_belongs_to_the_innermost_share(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(1, 100))
    monkeypatch.setattr("tools.bench_labs.time.perf_counter", lambda: float(next(ticks)))
    shares = Shares(_since=0.0)
    with shares.of("comparing"), shares.of("exchange"):
        shares.calls = 0.25
    found = shares.found()
    assert (found["comparing"], found["calls"], found["exchange"]) == (2.0, 0.25, 0.75)
    assert sum(found.values()) == 5.0


def test_what_is_due_is_said_in_words() -> None:
    assert Figure("a", 36.0, "times", Due(">=", 35)).in_words == "at least 35: reached"
    assert Figure("a", 1.2, "", Due("<=", 1.1)).in_words == "at most 1.1: NOT reached"
    assert Figure("a", 1.2).reached is None


def test_a_section_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench.main(["speed"])
    assert "no section speed; there are: labs" in capsys.readouterr().err


def test_programs_of_the_many_are_of_each_kind(here: Path, tmp_path: Path) -> None:
    bench_scale.hand_in(here, len(bench_scale.PROGRAMS))
    assert len({file.read_bytes() for file in here.glob("submitted/*/*/*.ipynb")}) == 8
