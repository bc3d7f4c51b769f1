"""No attack gets anywhere: each ends as it should, and nothing around it notices."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import attack_kit as kit
import odd_files
import pytest
from attack_kit import Attack
from attack_run import run_once

ATTACKS = {
    attack.name: attack
    for attack in [
        *(attack for lab in kit.HOOKS for attack, _ in kit.submissions(lab)),
        *(attack for attack, _ in kit.broken_files()),
        *(attack for attack, _, _ in odd_files.ODD),
    ]
}
UNFIT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
NUMBER = re.compile(r"\d\.\d{3}")
PATHS = (str(kit.COURSE), sys.prefix, sys.base_prefix, "/dev/shm", "site-packages", "_kit")
KEYS = {
    "schema": int,
    "lab": str,
    "student": str,
    "device": str,
    "isolation": list,
    "score": float,
    "max_score": float,
    "seconds": float,
    "exercises": list,
}

Report = dict[str, Any]


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What came of the whole corpus; run once, also where tests run in several processes."""
    base = tmp_path_factory.getbasetemp()
    found = run_once(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base)
    for one in found["commands"].values():
        if "cannot be isolated here" in one["log"]:
            pytest.skip(one["log"].strip())
    return found


@pytest.fixture(scope="session")
def reports(corpus: dict[str, Any]) -> dict[str, Report]:
    """The report of each attack by name."""
    return {
        name: report
        for one in corpus["commands"].values()
        for name, report in zip(one["attacks"], one["reports"], strict=True)
        if name
    }


def texts(report: Report) -> list[str]:
    """Everything in a report that comes from a student, or may."""
    found = [report.get("problem") or "", *report.get("notes", [])]
    for exercise in report["exercises"]:
        found += [exercise["feedback"], *(case["message"] or "" for case in exercise["cases"])]
    return found


def assert_form(report: Report) -> None:
    """The report has the form that is promised."""
    for name, kind in KEYS.items():
        assert isinstance(report[name], kind), name
    assert report["schema"] == 1
    scores = [one["score"] for one in report["exercises"]]
    assert report["score"] == pytest.approx(sum(scores))
    assert sum(one["max_score"] for one in report["exercises"]) == report["max_score"] == 100
    assert not report.get("needs_review")


def test_the_corpus_is_large_and_says_what_it_tries() -> None:
    assert len(ATTACKS) >= 80
    for attack in ATTACKS.values():
        assert re.fullmatch(r"[A-Z].{10,120}\.", attack.says), attack.name
    assert len({attack.says for attack in ATTACKS.values()}) == len(ATTACKS)


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_ends_as_it_should(reports: dict[str, Report], name: str) -> None:
    attack = ATTACKS[name]
    if name not in reports:
        pytest.skip("this file system makes no such file")
    report = reports[name]
    assert_form(report)
    if attack.tier and f"tier {attack.tier}" not in report["isolation"][0]:
        pytest.skip(f"stopped only where the machine has tier {attack.tier}")
    assert attack.problem in (report.get("problem") or "no problem at all")
    for exercise in report["exercises"]:
        assert_earned(attack, exercise)
    assert_fit_to_be_shown(attack, report)


def assert_earned(attack: Attack, exercise: dict[str, Any]) -> None:
    """The outcome is one that was expected, and the points are those of the outcome."""
    outcome, score = exercise["outcome"], exercise["score"]
    assert outcome in attack.due(exercise["name"]), exercise["feedback"]
    if outcome == "right":
        assert score == exercise["max_score"]
    elif outcome == "partly":
        assert 0 < score < exercise["max_score"]
    else:
        assert score == 0


def assert_fit_to_be_shown(attack: Attack, report: Report) -> None:
    """Nothing that moves a cursor, no hidden number, no place on this machine."""
    for text in texts(report):
        assert not UNFIT.search(text), ascii(text)
        assert not NUMBER.search(text), text
        assert len(text.encode()) <= 8192
        for secret in (*PATHS, *attack.hides):
            assert secret not in text, text


def test_the_submission_after_an_attack_is_graded_as_if_alone(corpus: dict[str, Any]) -> None:
    compared = 0
    for name, one in corpus["commands"].items():
        if name.endswith(" alone"):
            continue
        alone = corpus["commands"][f"{name} alone"]
        expected = dict(zip(alone["files"], alone["reports"], strict=True))
        for attack, file, report in zip(one["attacks"], one["files"], one["reports"], strict=True):
            if attack is None:
                assert stable(report) == stable(expected[file])
                compared += 1
    assert compared >= len(ATTACKS) // 12


def stable(report: Report) -> str:
    """A report without the time it took."""
    return json.dumps({**report, "seconds": 0}, ensure_ascii=False)


def test_ordinary_submissions_are_right_and_wrong_as_they_are(corpus: dict[str, Any]) -> None:
    for name, one in corpus["commands"].items():
        if name.endswith(" alone"):
            for report in one["reports"]:
                wrong = [one["name"] for one in report["exercises"] if one["outcome"] != "right"]
                assert len(wrong) == 1, report


def test_every_command_ends_well(corpus: dict[str, Any]) -> None:
    for name, one in corpus["commands"].items():
        assert one["status"] == 0, f"{name}: {one['log'][-2000:]}"
        assert not UNFIT.search(one["log"]), name
        assert "Traceback" not in one["log"]


def test_nothing_outside_has_changed(corpus: dict[str, Any]) -> None:
    assert corpus["changed"] == []
    assert corpus["marked"] == []
    assert corpus["temporary"] == []
    assert len(corpus["folders"]) >= 4  # one at least of each command was seen
    assert corpus["scratch"] == []


def test_no_process_is_left(corpus: dict[str, Any]) -> None:
    assert corpus["processes"] == []


def test_every_kind_of_attack_is_listed() -> None:
    assert kit.__doc__
    files = [path for lab in kit.HOOKS for path in (kit.FOLDER / lab).glob("*.py")]
    kinds = {path.stem.partition("_")[0] for path in files}
    for kind in kinds:
        assert f"\n{kind}_*" in kit.__doc__, kind
    assert Path(kit.FOLDER / "files").is_dir()
