"""Of what a student handed in the file that counts is found, and the report says which and why."""

from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
import unicodedata
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from instructor_kit import RIGHT, Course

from autograder.course import finding
from autograder.course.candidates import kind_of, stem_of
from autograder.course.companions import is_own
from autograder.course.finding import handed_in_by
from autograder.course.walking import ENTRIES
from autograder.judge.submission import Submission
from autograder.sandbox.errors import GraderFault, OverLimit

STUBS = {name: f"def {name}(x):\n    raise NotImplementedError" for name in RIGHT}


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """The folder of one student."""
    folder = tmp_path / "ada"
    folder.mkdir()
    return folder


@pytest.fixture
def lab(built: Path) -> Course:
    """The course, which these tests only read."""
    return Course(built)


def found(path: Path, lab: Course, *others: Path) -> Submission:
    return handed_in_by(path, "tiny", "ada", lab.root, never=others)


def script(answers: Mapping[str, str] = RIGHT) -> str:
    return "import numpy as np\n\n\n" + "\n\n\n".join(answers.values()) + "\n"


def notebook(lab: Course, answers: Mapping[str, str] = RIGHT) -> bytes:
    return json.dumps(lab.notebook(answers)).encode()


def put(path: Path, what: bytes | str = b"") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(what.encode() if isinstance(what, str) else what)
    return path


def zipped(files: Mapping[str | zipfile.ZipInfo, bytes | str]) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, what in files.items():
            archive.writestr(name, what)
    return raw.getvalue()


def done(submission: Submission) -> set[str]:
    """The exercises of which the right answer is in what was found."""
    text = "\n".join(cell.source for cell in submission.cells)
    return {name for name, answer in RIGHT.items() if answer in text}


# -- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "stem"),
    [
        ("lab2.ipynb", ".ipynb", "lab2"),
        ("lab2.IPYNB", ".ipynb", "lab2"),
        ("lab2.Py", ".py", "lab2"),
        ("lab2 (1).ipynb", ".ipynb", "lab2 (1)"),
        ("lab2.ipynb (1)", ".ipynb", "lab2"),
        ("lab2.ipynb(1).txt", ".ipynb", "lab2"),
        ("lab2 (1).IPYNB.txt", ".ipynb", "lab2 (1)"),
        ("lab2.ipynb.json", ".ipynb", "lab2"),
        ("lab2.ipynb.download", ".ipynb", "lab2"),
        ("lab2.ipynb - Kopie", ".ipynb", "lab2"),
        ("lab2.py.txt", ".py", "lab2"),
        ("lab2.py_", ".py", "lab2"),
        ("lab2.ipynb.py", ".py", "lab2"),
        ("lab.v2.py", ".py", "lab.v2"),
        ("two\nlines.py", ".py", "two\nlines"),
        ("lab2.ipynb.html", None, "lab2.ipynb"),
        ("lab2.pyc", None, "lab2"),
        ("lab2.ipynb.bak", None, "lab2.ipynb"),
        (".ipynb", None, ".ipynb"),
        ("happy", None, "happy"),
    ],
)
def test_a_program_is_known_by_its_name_whatever_was_put_after_it(
    name: str, kind: str | None, stem: str
) -> None:
    assert (kind_of(name), stem_of(name)) == (kind, stem)


@pytest.mark.parametrize(
    "name",
    [
        "tiny.ipynb",
        "TINY.IPYNB",
        "tiny (1).ipynb.txt",
        "mine",
        "mine.txt",
        "mine.json",
        "deep/in/folders/mine.ipynb",
        "[a] b%20c äö.ipynb",
        unicodedata.normalize("NFD", "Übung.ipynb"),
        "two\nlines.ipynb",
        os.fsdecode(b"caf\xe9.ipynb"),
    ],
)
def test_the_only_notebook_counts_wherever_it_lies_and_whatever_its_name(
    name: str, lab: Course, here: Path
) -> None:
    put(here / name, notebook(lab))
    submission = found(here, lab)
    assert (submission.problem, done(submission), submission.look_at) == (None, set(RIGHT), "")
    json.dumps(submission.notes, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "name",
    [
        "._tiny.ipynb",
        "tiny.ipynb~",
        ".~lock.tiny.ipynb#",
        ".ipynb_checkpoints/tiny-checkpoint.ipynb",
        "__MACOSX/tiny.ipynb",
        ".hidden/tiny.ipynb",
        "feedback/tiny.ipynb",
        "venv/lib/x.py",
        "visible.json",
        "timestamp.txt",
    ],
)
def test_what_nobody_wrote_is_left_out(name: str, lab: Course, here: Path) -> None:
    put(here / name, notebook(lab))
    assert found(here, lab).problem == (
        "unreadable submission: there is no notebook and no .py file"
    )
    put(here / "tiny.ipynb", notebook(lab, {}))
    alone = found(here, lab)
    assert (done(alone), alone.notes, alone.look_at) == (set(), (), "")


# -- which of several ----------------------------------------------------------------------------


def test_the_file_with_work_in_it_counts_and_the_report_says_why(lab: Course, here: Path) -> None:
    put(here / "tiny.ipynb", notebook(lab, {}))
    put(here / "tiny (1).ipynb", notebook(lab))
    submission = found(here, lab)
    assert done(submission) == set(RIGHT)
    assert submission.notes == (
        "tiny (1).ipynb was taken: it has work in 3 exercises, tiny.ipynb is as it was handed out",
    )
    assert submission.look_at == ""


def test_a_draft_of_less_is_passed_over(lab: Course, here: Path) -> None:
    put(here / "a draft.ipynb", notebook(lab, {"double": RIGHT["double"]}))
    put(here / "final.py", script())
    submission = found(here, lab)
    assert done(submission) == set(RIGHT)
    assert "a draft.ipynb has work in 1 exercise" in submission.notes[0]
    assert submission.look_at == ""


def test_stubs_without_their_docstrings_and_types_are_no_work(lab: Course, here: Path) -> None:
    put(here / "tiny.ipynb", notebook(lab, STUBS))
    put(here / "z.py", script({"double": RIGHT["double"]}))
    assert done(found(here, lab)) == {"double"}


def test_a_slip_of_syntax_is_work(lab: Course, here: Path) -> None:
    put(here / "tiny.ipynb", notebook(lab, {}))
    put(here / "z.ipynb", notebook(lab, {"double": "def double(x):\n    return 2 * (x"}))
    assert found(here, lab).notes[0].startswith("z.ipynb was taken: it has work in 1 exercise")


def test_of_equal_files_the_labs_own_counts_then_a_notebook_then_the_newest(
    lab: Course, here: Path
) -> None:
    def taken(*names: str) -> str:
        for place, name in enumerate(names):
            path = put(here / name, notebook(lab) if name.endswith("nb") else script())
            os.utime(path, (10**9 + place, 10**9 + place))
        return found(here, lab).notes[0].split(":")[0]

    assert taken("b.py", "a.py") == "a.py was taken (it is the newer one)"
    assert taken("a.ipynb", "b.py") == "a.ipynb was taken (a notebook counts before a script)"
    assert taken("tiny.py", "a.ipynb") == "tiny.py was taken (it has the lab's name)"
    assert found(here, lab).look_at == ""


def test_work_split_over_two_files_is_told(lab: Course, here: Path) -> None:
    halves = ["double", "running_sum"], ["share_of"]
    for name, half in zip(("one.ipynb", "two.ipynb"), halves, strict=True):
        put(here / name, notebook(lab, {each: RIGHT[each] for each in half}))
    submission = found(here, lab)
    assert done(submission) == {"double", "running_sum"}
    assert submission.look_at == (
        "there is work in two files: one.ipynb (2 exercises) and two.ipynb (1 exercise)"
    )


def test_two_ways_of_doing_the_same_are_for_a_person_unless_a_name_decides(
    lab: Course, here: Path
) -> None:
    put(here / "tiny.ipynb", notebook(lab, {"double": RIGHT["double"]}))
    put(here / "tiny (1).ipynb", notebook(lab, {"double": "def double(x):\n    return 2 * x"}))
    submission = found(here, lab)
    assert (done(submission), submission.look_at) == ({"double"}, "")
    assert "tiny (1).ipynb has other work in 1 exercise" in submission.notes[0]
    (here / "tiny.ipynb").rename(here / "tiny (2).ipynb")
    assert found(here, lab).look_at.startswith("there is work in two files: tiny (")


@pytest.mark.parametrize(
    "name", ["answer.docx", "answer.PDF", "photo.jpg", "notes.txt", "all.rar", "torn.ipynb"]
)
def test_an_untouched_notebook_beside_something_else_is_for_a_person(
    name: str, lab: Course, here: Path
) -> None:
    put(here / "tiny.ipynb", notebook(lab, {}))
    put(here / name, "my answers { ")
    assert found(here, lab).look_at == (
        f"tiny.ipynb is as it was handed out, and there is {name} beside it"
    )
    put(here / "tiny.ipynb", notebook(lab))
    assert found(here, lab).look_at == ""


def test_two_untouched_notebooks_are_nothing_to_look_at(lab: Course, here: Path) -> None:
    put(here / "tiny.ipynb", notebook(lab, {}))
    put(here / "tiny (1).ipynb", notebook(lab, {}))
    submission = found(here, lab)
    assert submission.look_at == ""
    assert submission.notes[0].startswith("tiny.ipynb was taken")


def test_a_document_alone_is_named(lab: Course, here: Path) -> None:
    put(here / "answer.docx", "PK")
    submission = found(here, lab)
    assert submission.problem == (
        "unreadable submission: there is no notebook and no .py file, only answer.docx"
    )
    assert submission.look_at == "there is only answer.docx"


# -- zips ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["all.zip", "tiny.ipynb.zip", "ALL.ZIP", "all.zip (1)", "all", "tiny.ipynb"]
)
@pytest.mark.parametrize("deep", [False, True])
def test_a_zip_is_opened_where_there_is_nothing_else(
    name: str, deep: bool, lab: Course, here: Path
) -> None:
    raw = zipped({"my lab/tiny.ipynb": notebook(lab), "__MACOSX/my lab/._tiny.ipynb": "x"})
    put(here / name, zipped({"inner.zip": raw}) if deep else raw)
    for path in (here, here / name):
        submission = found(path, lab)
        assert (submission.problem, done(submission)) == (None, set(RIGHT))
        inner = "inner.zip/" if deep else ""
        assert submission.notes == (f"{name}/{inner}my lab/tiny.ipynb was taken",)


def test_an_untouched_notebook_does_not_hide_a_zip(lab: Course, here: Path) -> None:
    put(here / "tiny.ipynb", notebook(lab, {}))
    put(here / "all.zip", zipped({"tiny.ipynb": notebook(lab)}))
    assert done(found(here, lab)) == set(RIGHT)
    put(here / "tiny.ipynb", notebook(lab, {"double": RIGHT["double"]}))
    assert done(found(here, lab)) == {"double"}


def encrypted(raw: bytes) -> bytes:
    """The zip with the mark of a password at each of its members."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        places = [info.header_offset + 6 for info in archive.infolist()]
    at = raw.find(b"PK\x01\x02")
    while at >= 0:
        places.append(at + 8)
        at = raw.find(b"PK\x01\x02", at + 4)
    changed = bytearray(raw)
    for place in places:
        changed[place] |= 1
    return bytes(changed)


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("password", "it is a zip that asks for a password"),
        ("torn", "it is a damaged zip"),
        ("empty", "it is a damaged zip"),
        ("many", "it is a zip of too many files"),
    ],
)
def test_a_zip_that_cannot_be_opened_is_told_in_a_sentence(
    what: str, told: str, lab: Course, here: Path
) -> None:
    good = zipped({"tiny.ipynb": notebook(lab)})
    raw = {
        "password": encrypted(good),
        "torn": good[: len(good) // 2],
        "empty": b"",
        "many": b"PK\x01\x02" * 9000 + good,
    }[what]
    put(here / "all.zip", raw)
    for path in (here, here / "all.zip"):
        assert found(path, lab).problem == f"unreadable submission: all.zip: {told}"
        assert found(path, lab).look_at == "there is only all.zip"
    put(here / "tiny.ipynb", notebook(lab, {}))
    submission = found(here, lab)
    assert f"all.zip was not opened: {told}" in submission.notes
    assert submission.look_at == (
        "tiny.ipynb is as it was handed out, and there is all.zip beside it"
    )


def test_a_bomb_in_a_zip_is_not_unpacked(lab: Course, here: Path) -> None:
    put(here / "all.zip", zipped({"tiny.ipynb": b"0" * (21 * 2**20)}))
    assert found(here, lab).problem == "unreadable submission: it is larger than 20 MB"


def test_ways_of_packing_that_know_no_measure_are_not_read(lab: Course, here: Path) -> None:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("tiny.ipynb", b"0" * 2**20)
    put(here / "all.zip", raw.getvalue())
    assert found(here, lab).problem == (
        "unreadable submission: it is packed in a way that is not read here"
    )


def test_a_link_in_a_zip_and_a_way_out_of_it_lead_nowhere(lab: Course, here: Path) -> None:
    link = zipfile.ZipInfo("tiny.ipynb")
    link.external_attr = 0o120777 << 16
    put(here / "all.zip", zipped({link: "/etc/passwd", "../../out.ipynb": notebook(lab)}))
    submission = found(here, lab)
    assert done(submission) == set(RIGHT)
    assert submission.notes == ("all.zip/out.ipynb was taken",)
    assert sorted(path.name for path in here.parent.rglob("*")) == ["ada", "all.zip"]


def test_names_in_a_zip_that_are_utf8_by_mistake_are_read(lab: Course, here: Path) -> None:
    name = "Übung.ipynb".encode().decode("cp437")
    raw = zipped({"x" * len(name.encode("cp437")) + "": notebook(lab)})
    put(here / "all.zip", raw.replace(b"x" * len(name), name.encode("cp437")))
    assert found(here, lab).notes == ("all.zip/Übung.ipynb was taken",)


# -- links, pipes, masses ------------------------------------------------------------------------


def test_links_and_pipes_are_never_opened(lab: Course, here: Path) -> None:
    outside = put(here.parent / "bob" / "tiny.ipynb", notebook(lab))
    (here / "tiny.ipynb").symlink_to(outside)
    assert found(here, lab).problem == "unreadable submission: it is a symbolic link"
    (here / "tiny.ipynb").unlink()
    os.mkfifo(here / "tiny.ipynb")
    assert found(here, lab).problem == "unreadable submission: it is not an ordinary file"
    (here / "tiny.ipynb").unlink()
    (here / "work").symlink_to(outside.parent)
    assert "there is no notebook" in str(found(here, lab).problem)
    assert found(here / "work", lab).problem == "unreadable submission: it is a symbolic link"
    os.mkfifo(here / "all.zip")
    assert "there is no notebook" in str(found(here, lab).problem)


def test_a_link_to_itself_among_the_paths_stops_nobody(lab: Course, here: Path) -> None:
    loop = here / "loop.py"
    loop.symlink_to(loop)
    ada = put(here / "ada.py", script())
    assert done(found(ada, lab, ada, loop)) == set(RIGHT)
    assert found(loop, lab, ada, loop).problem == "unreadable submission: it is a symbolic link"


def test_a_mass_of_files_ends_the_search_and_is_told(lab: Course, here: Path) -> None:
    for number in range(ENTRIES):
        (here / f"z{number}.dat").touch()
    put(here / "tiny.ipynb", notebook(lab))
    put(here / "zz" / "other.ipynb", notebook(lab))
    submission = found(here, lab)
    assert f"only its first {ENTRIES} files, a few folders deep, were looked at" in (
        submission.notes
    )


def test_a_folder_that_nests_for_ever_is_left_in_time(lab: Course, here: Path) -> None:
    deep = here
    for _ in range(200):
        deep /= "d"
    put(deep / "tiny.ipynb", notebook(lab))
    assert "there is no notebook" in str(found(here, lab).problem)


# -- a student's own files -----------------------------------------------------------------------


def with_imports(lab: Course, *lines: str) -> bytes:
    return notebook(lab, RIGHT | {"double": "\n".join([*lines, RIGHT["double"]])})


def names(submission: Submission) -> list[str]:
    return sorted(name for name, _ in submission.files)


@pytest.mark.parametrize(
    ("line", "taken"),
    [
        ("import helpers", ["helpers.py"]),
        ("from helpers import f", ["helpers.py"]),
        ("from .helpers import f", ["helpers.py"]),
        ("from . import helpers", ["helpers.py"]),
        ("import mylib", ["mylib/__init__.py", "mylib/inner.py"]),
        ("import mylib.other", ["mylib/__init__.py", "mylib/inner.py", "mylib/other.py"]),
        ("%run helpers.py", ["helpers.py"]),
        ("%run -i helpers", ["helpers.py"]),
        ("open('data/table.csv')", ["data/table.csv"]),
        ("open('./data/table.csv')", ["data/table.csv"]),
        ("import chain", ["chain.py", "helpers.py"]),
        ("open('../outside.txt')", []),
        ("open('/etc/hostname')", []),
        ("open('image.bin')", []),
        ("import numpy, json, random", []),
        ("open('link.txt')", []),
        ("x = 1", []),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_own_files_that_the_program_names_come_along(
    line: str, taken: list[str], packed: bool, lab: Course, here: Path
) -> None:
    files: dict[str | zipfile.ZipInfo, bytes | str] = {
        "tiny.ipynb": with_imports(lab, line),
        "helpers.py": "def f(x):\n    return x\n",
        "chain.py": "def g():\n    import helpers\n",
        "mylib/__init__.py": "from .inner import h\n",
        "mylib/inner.py": "h = 1\n",
        "mylib/other.py": "",
        "data/table.csv": "1,2\n",
        "image.bin": b"\0\1\2\xff",
        "numpy.py": "array = None\n",
        "random.py": "",
        "unnamed.csv": "3\n",
    }
    put(here.parent / "outside.txt", "secret")
    if packed:
        put(here / "all.zip", zipped(files))
    else:
        (here / "link.txt").symlink_to(here.parent / "outside.txt")
        for name, what in files.items():
            put(here / str(name), what)
    submission = found(here, lab)
    assert names(submission) == taken
    assert len(done(submission)) == 3


def test_exercises_in_a_module_belong_to_the_notebook_that_imports_it(
    lab: Course, here: Path
) -> None:
    put(here / "work.ipynb", notebook(lab, {"double": "from mine import *"}))
    put(here / "mine.py", script())
    submission = found(here, lab)
    assert names(submission) == ["mine.py"]
    assert submission.notes == ("read with it: mine.py",)
    assert submission.look_at == ""


def test_what_a_notebook_writes_itself_comes_before_what_lies_beside_it(
    lab: Course, here: Path
) -> None:
    data = json.loads(with_imports(lab, "import helpers"))
    written = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    data["cells"].insert(0, written | {"source": "%%writefile helpers.py\nimport more"})
    put(here / "tiny.ipynb", json.dumps(data))
    put(here / "helpers.py", "old = 1\n")
    put(here / "more.py", "")
    files = dict(found(here, lab).files)
    assert files == {"helpers.py": "import more\n", "more.py": ""}


def test_a_file_that_belongs_to_somebody_else_is_no_module(lab: Course, here: Path) -> None:
    ada = put(here / "ada.ipynb", with_imports(lab, "import bob, helpers"))
    bob = put(here / "bob.py", script())
    put(here / "helpers.py", "")
    assert names(found(ada, lab, ada, bob)) == ["helpers.py"]
    assert names(found(ada, lab, ada)) == ["bob.py", "helpers.py"]


def test_own_files_are_bounded(lab: Course, here: Path) -> None:
    put(here / "tiny.ipynb", with_imports(lab, "open('large.csv'); open('small.csv')"))
    put(here / "large.csv", "1," * 2**17 + "2")
    put(here / "small.csv", "1")
    submission = found(here, lab)
    assert names(submission) == ["small.csv"]
    assert "left out: large.csv" in submission.notes[-1]


def test_modules_of_python_of_libraries_and_of_the_grader_are_nobodys_own() -> None:
    others = ("json", "numpy", "nbgrader", "labcheck", "autograder", "solutions", "exercises")
    assert [name for name in others if is_own(name)] == []
    assert is_own("helpers")


# -- in all three ways of grading ----------------------------------------------------------------


@pytest.mark.slow
def test_files_folders_and_zips_are_graded_by_name(lab: Course, tmp_path: Path) -> None:
    ada = put(tmp_path / "ada [1]" / "sub" / "tiny.py", script()).parents[1]
    bob = put(tmp_path / "bob.zip", zipped({"x/tiny.ipynb": notebook(lab)}))
    cyd = put(tmp_path / "cyd (1).IPYNB.txt", notebook(lab))
    dan = put(tmp_path / "dan 100%" / "tiny.ipynb", notebook(lab, {})).parent
    put(dan / "answer.docx", "x")
    paths = [str(path) for path in (ada, bob, cyd, dan)]
    run = lab.run("autograder", "grade", "tiny", *paths, "--json", "-", status=3)
    reports = json.loads(run.stdout)
    assert [(one["student"], one["score"]) for one in reports] == [
        ("ada [1]", 100),
        ("bob", 100),
        ("cyd (1)", 100),
        ("dan 100%", 0),
    ]
    assert reports[3]["look_at"].startswith("tiny.ipynb is as it was handed out")
    shown = lab.run("autograder", "grade", "tiny", str(dan), status=3).stdout
    assert "To look at: tiny.ipynb is as it was handed out, and there is answer.docx" in shown


@pytest.mark.slow
def test_a_class_in_a_folder_with_brackets_is_found_by_both_commands(
    built: Path, tmp_path: Path
) -> None:
    root = tmp_path / "[2030] 100% Übung"
    lab = Course(root)
    shutil.copytree(built, root)
    lab.hand_in("ada", zipped({"tiny (1).ipynb": notebook(lab)}), "work.zip")
    lab.hand_in("bob", {}, "tiny.ipynb")
    lab.hand_in("bob", script().encode(), "deep/mine.Py.txt")
    lab.hand_in("cyd [2]", with_imports(lab, "import helpers"))
    lab.hand_in("cyd [2]", b"VALUE = 1\n", "helpers.py")
    lab.run("autograder", "grade", "tiny")
    ours = lab.grades()
    assert {row[0] for row in ours} == {"ada", "bob", "cyd [2]"}
    assert sum(row[2] for row in ours) == 300
    shutil.rmtree(root / "autograded")
    with sqlite3.connect(root / "gradebook.db") as base:
        base.execute("UPDATE grade SET auto_score = NULL")
    lab.run("nbgrader", "autograde", "tiny")
    assert lab.grades() == ours


# -- limits --------------------------------------------------------------------------------------


def test_a_hand_in_that_takes_more_than_reading_may_take_is_unreadable(
    lab: Course, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def over(*_: object) -> Submission:
        raise OverLimit("reading it takes longer than 10 seconds")

    monkeypatch.setattr(finding, "bounded", over)
    put(here / "tiny.py", script())
    submission = found(here, lab)
    assert submission.problem == "unreadable submission: reading it takes longer than 10 seconds"
    assert (submission.fault, submission.cells) == ("", ())


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (GraderFault("the reading process was ended from outside"), "the reading process was"),
        (ZeroDivisionError("a bug of ours"), "ZeroDivisionError: a bug of ours"),
    ],
)
def test_a_fault_in_reading_is_ours_and_stops_nobody(
    lab: Course, here: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception, told: str
) -> None:
    def failing(*_: object) -> Submission:
        raise fault

    monkeypatch.setattr(finding, "bounded", failing)
    submission = found(put(here / "tiny.py", script()), lab)
    assert submission.problem is None
    assert submission.fault.startswith(told)


def test_long_names_in_a_zip_are_left_out(lab: Course, here: Path) -> None:
    long: dict[str | zipfile.ZipInfo, bytes | str]
    long = {"a" * 60_000 + f"{number}.py": "" for number in range(20)}
    put(here / "more.zip", zipped({**long, "tiny.py": script()}))
    assert found(here, lab).notes[-1].startswith("more.zip/tiny.py was taken")


def test_long_names_that_are_imported_are_followed_nowhere(lab: Course, here: Path) -> None:
    deep = "import " + "a." * 3_000 + "a\n"
    wide = f"from .{'a' * 50_000} import {', '.join(['b'] * 15_000)}\n"
    submission = found(put(here / "tiny.py", script() + deep + wide), lab)
    assert submission.problem is None
    assert {"double", "running_sum"} <= submission.cells[-1].defines
