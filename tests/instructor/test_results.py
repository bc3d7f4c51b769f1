"""Judgements are kept by content: what changes a verdict changes the key, nothing else does."""

from __future__ import annotations

import copy
import json
import resource
import shutil
from pathlib import Path

import pytest
from instructor_kit import RIGHT, WRONG, Course

import autograder
from autograder.course.results import Entry, Results, fingerprint, key_of, sources_of, write_whole
from autograder.judge.report import CaseReport, ExerciseReport, LabReport
from autograder.judge.submission import read
from autograder.labcheck.explain import Line
from autograder.spec import collection

SECRET = b"the secret of the tests"


def report(student: str = "ada", score: float | None = 1.0) -> LabReport:
    cases = (CaseReport("values", "wrong", "time step 1"),)
    one = ExerciseReport(
        "double", "wrong", score, 40.0, "squared", (Line("Hint", "text ½"),), cases
    )
    return LabReport("tiny", student, "cpu", ("tier A: isolated",), 0.25, (one,), None, ("note",))


def test_the_key_is_of_the_code_and_of_the_name(course: Course, tmp_path: Path) -> None:
    notebook = course.notebook(RIGHT)

    def key(changed: object, student: str = "ada", rules: str = "rules") -> str:
        path = tmp_path / "file.ipynb"
        path.write_text(json.dumps(changed), "utf-8")
        return key_of(read(path, student), rules)

    first = key(notebook)
    same = copy.deepcopy(notebook)
    for cell in same["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "hello"}]
            cell["execution_count"] = 7
        else:
            cell["source"] = "other words"
    same["metadata"]["kernelspec"] = {"name": "other"}
    assert key(same) == first
    assert key(notebook, "bob") != first
    assert key(notebook, rules="other rules") != first
    assert key(course.notebook(WRONG)) != first
    swapped = copy.deepcopy(notebook)
    swapped["cells"].reverse()
    assert key(swapped) != first


def test_the_rules_are_the_secret_the_lab_the_kit_and_how_it_runs(built: Path) -> None:
    collected = collection.collect("tiny", built)
    first = fingerprint(collected.slug, collected.root, SECRET, "walls", "cpu")
    assert fingerprint(collected.slug, collected.root, SECRET, "walls", "cpu") == first
    assert (
        fingerprint(collected.slug, collected.root, b"another secret here", "walls", "cpu")
        != first
    )
    assert fingerprint(collected.slug, collected.root, SECRET, "process", "cpu") != first
    assert fingerprint(collected.slug, collected.root, SECRET, "walls", "cuda") != first
    assert SECRET.decode() not in first


@pytest.mark.parametrize("path", ["solutions/tiny.py", "exercises/tiny/double.py"])
def test_a_changed_lab_changes_the_rules(path: str, built: Path, tmp_path: Path) -> None:
    root = tmp_path / "course"
    shutil.copytree(built, root)
    before = fingerprint("tiny", root, SECRET, "walls", "cpu")
    with (root / path).open("a") as file:
        file.write("\n# a remark\n")
    after = fingerprint("tiny", root, SECRET, "walls", "cpu")
    assert after != before


def test_what_judges_is_among_the_rules_and_what_shows_is_not() -> None:
    package = Path(autograder.__file__).parent
    found = {path.relative_to(package).as_posix() for path in sources_of(package)}
    assert {
        "judge/grader.py",
        "judge/oracle.py",
        "judge/feedback.py",
        "judge/submission.py",
        "sandbox/request_loop.py",
        "spec/cases.py",
        "labcheck/compare.py",
        "labcheck/tree.py",
    } <= found
    assert not {path for path in found if path.startswith(("pages/", "commands/", "course/"))}


def test_a_report_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    results = Results(tmp_path / "tiny")
    assert results.report("0f") is None
    results.keep("0f", report())
    assert results.report("0f") == report()
    results.assign(Entry("ada", "0f", "booked"))
    assert results.entries() == [Entry("ada", "0f", "booked")]
    assert list(results.latest()) == [report()]
    results.forget("ada")
    results.forget("nobody")
    assert results.entries() == []


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"schema": 99}', '{"student": "ada"}'])
def test_a_damaged_file_is_as_good_as_none(text: str, tmp_path: Path) -> None:
    results = Results(tmp_path)
    results.keep("0f", report())
    results.assign(Entry("ada", "0f"))
    for file in tmp_path.rglob("*.json"):
        file.write_text(text)
    assert results.report("0f") is None
    assert results.entry("ada") is None
    assert results.entries() == []


@pytest.mark.parametrize("name", ["../../escape", "a/b", "", "名前", "x" * 300, "a\nb", "\udc80"])
def test_no_name_is_ever_a_path(name: str, tmp_path: Path) -> None:
    results = Results(tmp_path / "kept")
    results.assign(Entry(name, "0f"))
    assert results.entry(name) == Entry(name, "0f")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [file.parent for file in files] == [tmp_path / "kept" / "class"]


def test_a_file_is_whole_or_it_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    write_whole(file, "before")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3, hard))
    try:
        with pytest.raises(OSError, match="too large") as caught:
            write_whole(file, "afterwards")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.filename == str(file)
    assert file.read_text() == "before"
    assert list(tmp_path.iterdir()) == [file]
