"""Bulk downloads of learning platforms, sorted: whose file is whose, and nothing leads elsewhere."""

from __future__ import annotations

import datetime
import json
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from instructor_kit import RIGHT, WRONG, Course
from nbgrader.api import Gradebook

from autograder.commands.main import main
from autograder.course import downloads
from autograder.course.downloads import Sender, read_download, students_of
from autograder.pages.marks import Person

METADATA = """\
---
submission_7:
  :submitters:
  - :name: Ada Lovelace
    :sid: '111'
    :email: ada@x.org
  - :name: Bob Byte
    :email: bob@x.org
  :created_at: 2030-01-01 10:00:00.5 +02:00
  :score: 3.0
submission_8:
  :submitters: []
"""

# -- names ---------------------------------------------------------------------------------------


def read(*names: str, text: str = "") -> dict[str, list[str]]:
    """Each sender's files by their own names, in a download with these files."""
    found = read_download(names, lambda _: text)
    assert found is not None
    return {one.sender.name: sorted(file for file, _ in one.files) for one in found.hand_ins}


def test_moodle_in_both_forms() -> None:
    folders = read(
        "Ada Lovelace_1_assignsubmission_file_/lab.ipynb",
        "Ada Lovelace_1_assignsubmission_file_/more/mine.py",
        "Bob_Byte_22_assignsubmission_file/lab.py",
        "Cy_3_assignsubmission_onlinetext_/onlinetext.html",
    )
    assert folders == {"Ada Lovelace": ["lab.ipynb", "more/mine.py"], "Bob_Byte": ["lab.py"]}
    flat = read("Ada Lovelace_1_assignsubmission_file_lab_2.ipynb")
    assert flat == {"Ada Lovelace": ["lab_2.ipynb"]}


def test_canvas_with_late_ones_and_its_own_pages() -> None:
    names = (
        "lovelaceada_101_9001_lab_two.ipynb",
        "bytebob_LATE_102_9002_lab-1.py",
        "cy_103_9003_text.html",
    )
    found = read_download(names, lambda _: "")
    assert found is not None
    assert found.platform == "Canvas"
    told = {
        one.sender.name: (one.sender.number, one.files[0][0], one.late) for one in found.hand_ins
    }
    assert told == {
        "lovelaceada": ("101", "lab_two.ipynb", False),
        "bytebob": ("102", "lab-1.py", True),
    }
    assert found.left_out == {"cy_103_9003_text.html": "it is a page that Canvas makes"}


def test_brightspace_takes_what_came_last() -> None:
    names = (
        "11-22 - Ada Lovelace - Nov 2, 2029 905 AM/lab.ipynb",
        "11-23 - Ada Lovelace - Nov 2, 2029 1005 PM/lab.ipynb",
        "12-24 - Bo de-Vries- Dec 12, 2029 1200 AM/lab.ipynb",
        "13-25 - Cy O - December 1, 2029 12:30 PM - lab 2.py",
        "index.html",
    )
    found = read_download(names, lambda _: "")
    assert found is not None
    when = {one.sender.name: one.when for one in found.hand_ins}
    assert when == {
        "Ada Lovelace": datetime.datetime(2029, 11, 2, 22, 5),
        "Bo de-Vries": datetime.datetime(2029, 12, 12, 0, 0),
        "Cy O": datetime.datetime(2029, 12, 1, 12, 30),
    }
    assert found.hand_ins[0].files == (("lab.ipynb", names[1]),)
    assert found.left_out == {"index.html": "it is a page that Brightspace makes"}


def test_gradescope_by_its_list_each_of_a_group_for_itself() -> None:
    names = (
        "assignment_1_export/submission_metadata.yml",
        "assignment_1_export/submission_7/lab.ipynb",
        "assignment_1_export/submission_8/lab.ipynb",
        "assignment_1_export/submission_9/lab.ipynb",
    )
    found = read_download(names, lambda _: METADATA)
    assert found is not None
    ada, bob = found.hand_ins
    assert ada.sender == Sender("Gradescope", "Ada Lovelace", "111", "ada@x.org")
    assert bob.sender.name == "Bob Byte"
    assert ada.when == datetime.datetime(2030, 1, 1, 8, 0, 0, 500_000, tzinfo=datetime.UTC)
    assert sorted(found.left_out) == [names[2], names[3]]


@pytest.mark.parametrize("text", ["[1", "- 1", "submission_7: 3", "!!python/object:os.x {}"])
def test_a_list_that_is_none_names_nobody(text: str) -> None:
    assert read_download(["submission_metadata.yml", "submission_7/a.py"], lambda _: text) is None


def test_a_folder_around_all_of_it_makes_no_difference() -> None:
    assert read("packed again/Ada_1_assignsubmission_file_/lab.ipynb") == {"Ada": ["lab.ipynb"]}
    assert read("Ada_1_assignsubmission_file_/lab.ipynb") == {"Ada": ["lab.ipynb"]}


@pytest.mark.parametrize("names", [[], ["lab.ipynb"], ["a/b/c.py", "a/d.py"]])
def test_other_zips_are_no_download(names: list[str]) -> None:
    assert read_download(names, lambda _: "") is None


# -- who they are --------------------------------------------------------------------------------

ADA = Person("ada", "Ada", "Lovelace", "ada@x.org", "101")
BO = Person("bo", "Bo", "de Vries")


@pytest.mark.parametrize(
    ("sender", "student"),
    [
        (Sender("Moodle", "Ada Lovelace", "5"), "ada"),
        (Sender("Moodle", "ADA  LOVELACE", "5"), "ada"),
        (Sender("Canvas", "lovelaceada", "7"), "ada"),
        (Sender("Canvas", "devriesbo", "7"), "bo"),
        (Sender("Canvas", "somebody", "101"), "ada"),
        (Sender("Gradescope", "A. L.", "", "Ada@X.org"), "ada"),
        (Sender("Moodle", "Lovelace Ada", "5"), "Lovelace_Ada"),
        (Sender("Moodle", "Zoë O’Neil-Smith", "5"), "Zoë_O’Neil-Smith"),
        (Sender("Moodle", "../..", "5"), "moodle_5"),
        (Sender("Moodle", ".hidden", "5"), "hidden"),
        (Sender("Moodle", "ada", "5"), "ada_5"),
    ],
)
def test_a_sender_is_a_student_of_the_gradebook_or_gets_a_name(
    sender: Sender, student: str
) -> None:
    assert students_of([sender], [ADA, BO]) == {sender: student}


def test_two_senders_are_never_one_student() -> None:
    twins = [Sender("Moodle", "Ada Lovelace", number) for number in ("5", "6")]
    assert set(students_of(twins, [ADA]).values()) == {"ada", "Ada_Lovelace"}
    assert set(students_of(twins, []).values()) == {"Ada_Lovelace_5", "Ada_Lovelace_6"}
    namesakes = [ADA, Person("ada2", "Ada", "Lovelace")]
    assert students_of(twins[:1], namesakes) == {twins[0]: "Ada_Lovelace"}


# -- the command ---------------------------------------------------------------------------------


def packed(path: Path, files: Mapping[str, bytes | str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def collected(course: Course, *words: object) -> Result:
    return CliRunner().invoke(main, ["collect", *map(str, words), "--course", str(course.root)])


def notebook(course: Course, answers: Mapping[str, str] = RIGHT) -> str:
    return json.dumps(course.notebook(answers))


def files(course: Course) -> dict[str, str]:
    """What lies in submitted/, by name."""
    below = course.root / "submitted"
    found = (path for path in below.rglob("*") if path.is_file())
    return {path.relative_to(below).as_posix(): path.read_text("utf-8") for path in found}


@pytest.fixture
def term(course: Course) -> Course:
    """The course with Ada in its gradebook, and a day on which the lab is due."""
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as gradebook:
        gradebook.add_student("ada", first_name="Ada", last_name="Lovelace", lms_user_id="101")
        gradebook.add_assignment("tiny", duedate="2030-02-01 12:00:00 UTC")
    return course


def test_moodles_zip_is_collected_and_graded(term: Course, tmp_path: Path) -> None:
    work = notebook(term)
    download = packed(
        tmp_path / "download.zip",
        {
            "Ada Lovelace_1_assignsubmission_file_/tiny.ipynb": work,
            "Bob Byte_2_assignsubmission_file_/my answers.py": "import numpy as np\n"
            + "\n".join(WRONG.values()),
            "Cy_3_assignsubmission_file_/essay.pdf": b"%PDF",
        },
    )
    done = collected(term, download)
    assert done.exit_code == 0, done.output
    assert files(term) == {
        "ada/tiny/tiny.ipynb": work,
        "Bob_Byte/tiny/my answers.py": "import numpy as np\n" + "\n".join(WRONG.values()),
    }
    assert "Not collected: Cy: nothing in it is of a lab" in done.output
    assert "Moodle, 2 hand-ins: 2 new." in done.output
    term.run("autograder", "grade", "tiny")
    marks: dict[str, float] = {}
    for student, _, score, *_ in term.grades():
        marks[student] = marks.get(student, 0) + score
    assert marks == {"ada": 100, "Bob_Byte": 0}


def test_late_on_canvas_is_late_in_the_gradebook(term: Course, tmp_path: Path) -> None:
    download = packed(
        tmp_path / "canvas.zip",
        {"x_LATE_101_1_tiny.ipynb": notebook(term), "bytebob_102_2_tiny.ipynb": notebook(term)},
    )
    assert collected(term, download).exit_code == 0
    found = files(term)
    assert found["ada/tiny/timestamp.txt"] == "2030-02-01 12:00:01 UTC"
    assert "bytebob/tiny/timestamp.txt" not in found


def test_brightspaces_time_is_that_of_the_place_where_it_is_collected(
    term: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "11-22 - Ada Lovelace - Nov 2, 2029 905 PM/tiny.ipynb"
    monkeypatch.setenv("TZ", "Etc/GMT-2")  # two hours ahead, in spite of its name
    time.tzset()
    try:
        assert collected(term, packed(tmp_path / "a.zip", {name: notebook(term)})).exit_code == 0
    finally:
        monkeypatch.undo()
        time.tzset()
    assert files(term)["ada/tiny/timestamp.txt"] == "2029-11-02 19:05:00 UTC"


def test_what_is_there_stays_until_it_is_asked_for(term: Course, tmp_path: Path) -> None:
    name = "Ada Lovelace_1_assignsubmission_file_/tiny.ipynb"
    first = packed(tmp_path / "first.zip", {name: notebook(term)})
    second = packed(tmp_path / "second.zip", {name: notebook(term, WRONG)})
    assert "1 new" in collected(term, first).output
    assert "1 unchanged" in collected(term, first).output
    kept = collected(term, second)
    assert "1 there already" in kept.output
    assert "--update takes what is in the zip" in kept.output
    assert files(term) == {"ada/tiny/tiny.ipynb": notebook(term)}
    assert "1 newer" in collected(term, second, "--update").output
    assert files(term) == {"ada/tiny/tiny.ipynb": notebook(term, WRONG)}


def test_no_name_in_a_zip_leads_elsewhere(term: Course, tmp_path: Path) -> None:
    link = zipfile.ZipInfo("Ada Lovelace_1_assignsubmission_file_/link.py")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    inside = "Ada Lovelace_1_assignsubmission_file_/"
    with zipfile.ZipFile(tmp_path / "odd.zip", "w") as archive:
        archive.writestr(link, "../../../solutions/tiny.py")
        archive.writestr(f"{inside}tiny.ipynb", notebook(term))
        archive.writestr(f"{inside}tiny.ipynb/inside.py", "1")
        archive.writestr(f"{inside}../../../../escaped.py", "1")
        archive.writestr(f"{inside}..\\..\\escaped.py", "1")
        archive.writestr(f"{inside}.bashrc", "1")
        archive.writestr(f"{inside}timestamp.txt", "2000-01-01")
        archive.writestr("../../up_2_assignsubmission_file_/tiny.ipynb", notebook(term))
    done = collected(term, tmp_path / "odd.zip")
    assert done.exit_code == 0, done.output
    assert sorted(files(term)) == ["ada/tiny/escaped.py", "ada/tiny/tiny.ipynb"] + [
        "up/tiny/tiny.ipynb"
    ]
    assert "another file has its name, or that of its folder" in done.output
    assert not list(tmp_path.rglob("*escaped.py"))[1:]
    assert not list(term.root.rglob(".bashrc"))


def test_a_link_in_submitted_is_not_followed(term: Course, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (term.root / "submitted").mkdir()
    (term.root / "submitted" / "ada").symlink_to(tmp_path / "elsewhere")
    name = "Ada Lovelace_1_assignsubmission_file_/tiny.ipynb"
    done = collected(term, packed(tmp_path / "a.zip", {name: notebook(term)}))
    assert done.exit_code == 1
    assert "is a symbolic link: take it away" in done.output
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no zip", "is no zip, or is damaged"),
        (None, "there is no file"),
        ({"readme.txt": "hello"}, "is no bulk download of Moodle, Canvas, Brightspace"),
    ],
)
def test_what_is_no_download_is_one_sentence(
    course: Course, tmp_path: Path, content: bytes | dict[str, str] | None, words: str
) -> None:
    path = tmp_path / "some.zip"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        packed(path, content)
    done = collected(course, path)
    assert done.exit_code == 1
    assert words in done.output
    assert done.output.count("\n") == 1


def test_the_lab_can_be_said_where_no_file_tells_it(course: Course, tmp_path: Path) -> None:
    name = "Ada_1_assignsubmission_file_/answers.py"
    download = packed(tmp_path / "a.zip", {name: "print('nothing yet')\n"})
    assert "--lab says of which it is" in collected(course, download).output
    assert "1 new" in collected(course, download, "--lab", "tiny").output
    assert "Ada/tiny/answers.py" in files(course)
    assert collected(course, download, "--lab", "other").exit_code != 0


def test_every_platform_has_its_example_in_the_words_of_the_module() -> None:
    assert downloads.__doc__ is not None
    for platform in ("Moodle", "Canvas", "Brightspace", "Gradescope"):
        assert platform in downloads.__doc__
