"""Marks in the files that Canvas, Moodle and Brightspace export: one column changes, no other byte."""

from __future__ import annotations

import codecs
import csv
import io
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from instructor_kit import TITLE, WRONG, Course
from nbgrader.api import Gradebook

from autograder.course.grading import grade_class
from autograder.pages.cells import SEPARATORS, Cells, UnreadableSheetError
from autograder.pages.marks import Mark, Person
from autograder.pages.roster import Filled, Platform, RosterError, filled

NAMES = ("Sums (tiny)", "Sums", "tiny")
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Sums (771),Other (772),Assignments Final Score\r\n"
    ",,,,,Manual Posting,,\r\n"
    "    Points Possible,,,,,100.00,10.00,(read only)\r\n"
    '"Lovelace, Ada",42,u-1,ada,"One, a",,7.5,"75.00"\r\n'
    '"Ross, ""Bob""",43,u-2,bob,One,"3.00",,\r\n'
    '"=cmd(), X",44,u-3,x,One,,,\r\n'
    '"Noether, Emmy",45,u-4,emmy,One,EX,,\r\n'
    '"Student, Test",46,,f00d,One,N/A,,\r\n'
)
MOODLE = (
    '"First name",Surname,"ID number","Email address","Assignment: Sums (Real)",'
    '"Assignment: Sums (Percentage)","Last downloaded from this course"\n'
    "Ada,Lovelace,u-1,Ada@X.org,-,-,1767225600\n"
    "Bob,Ross,,bob@x.org,-,-,1767225600\n"
)
BRIGHTSPACE = (
    "OrgDefinedId,Username,Sums Points Grade <Numeric MaxPoints:100 Weight:10>,"
    "Other Points Grade <Numeric MaxPoints:10>,Final Text Grade,End-of-Line Indicator\r\n"
    "#u-1,#ada,,1,,#\r\n"
    "#u-2,#bob,2,,good,#\r\n"
)


def mark(name: str, points: float, first: str = "", last: str = "", **more: str) -> Mark:
    return Mark(Person(name, first, last, **more), points, 100.0, ())


ADA, BOB = mark("ada", 92.5, "Ada", "Lovelace", email="ada@x.org"), mark("bob", 33.5)


def fill(
    text: str | bytes,
    platform: Platform = "canvas",
    marks: tuple[Mark, ...] = (ADA, BOB),
    column: str = "",
) -> Filled:
    data = text.encode() if isinstance(text, str) else text
    return filled(data, platform, marks, NAMES, column)


def cells(found: Filled, place: int) -> list[str]:
    rows = csv.reader(io.StringIO(found.data.decode("utf-8-sig"), newline=""))
    return [row[place] for row in rows]


# The file


@pytest.mark.parametrize(
    "text", [CANVAS, MOODLE, BRIGHTSPACE, "a;b\r\r\n\n;\n", '"a\nb"x,""', "", "\n"]
)
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_a_file_in_which_nothing_is_set_keeps_every_byte(text: str, mark: bytes) -> None:
    for separator in SEPARATORS:
        assert Cells(mark + text.encode(), separator).data() == mark + text.encode()


@settings(max_examples=400, deadline=None, derandomize=True)
@given(
    st.sampled_from([b"", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE]),
    st.lists(
        st.sampled_from(['"', ",", "\r", "\n", "a", "é", "\x00"]).map(str.encode)
        | st.binary(max_size=3)
    ),
)
def test_a_file_of_any_bytes_is_kept_or_refused(mark: bytes, parts: list[bytes]) -> None:
    data = mark + b"".join(parts)
    try:
        found = Cells(data, ",")
    except UnreadableSheetError:
        return
    assert found.data() == data


def test_cells_are_read_as_python_reads_them() -> None:
    for text in (CANVAS, MOODLE, BRIGHTSPACE, '"a\nb"x,"","c""d"\r\n,e"f\r\n'):
        rows = [row.values() for row in Cells(text.encode(), ",").rows]
        assert rows == list(csv.reader(io.StringIO(text, newline="")))


def test_encodings_that_are_not_utf_8_stay_what_they_are() -> None:
    for encoding, mark in (("utf-16-le", codecs.BOM_UTF16_LE), ("utf-16-be", codecs.BOM_UTF16_BE)):
        data = mark + "Ü\tx\r\n".encode(encoding)
        found = Cells(data, "\t")
        assert found.rows[0].values() == ["Ü", "x"]
        assert found.data() == data
    data = b"M\xfcller,\x81,\xe9\n"
    found = Cells(data, ",")
    assert found.rows[0][0] == "Müller"
    assert found.data() == data
    found.put(found.rows[0], 1, "→")
    with pytest.raises(UnreadableSheetError, match=r"'→' cannot be written .* with --column$"):
        found.data()


def test_a_file_that_is_not_what_its_first_bytes_say_is_refused() -> None:
    with pytest.raises(RosterError, match="it begins as utf-16-le and is not"):
        fill(codecs.BOM_UTF16_LE + b"odd")


def test_a_quotation_without_an_end_is_told_with_its_line() -> None:
    with pytest.raises(RosterError, match="line 3 has a quotation mark that nothing closes"):
        fill('Student,ID\na,1\n"b,2\n')


# Each platform


def test_canvas_gets_its_own_file_back_with_one_column_filled() -> None:
    found = fill(CANVAS)
    expected = CANVAS.replace('"One, a",,7.5', '"One, a",92.5,7.5')
    expected = expected.replace('"3.00"', '"33.5"')
    assert found.data.decode() == expected
    assert found.said == [
        "X =cmd() in the file has handed in nothing that is marked",
        "Emmy Noether in the file has handed in nothing that is marked",
        "Test Student in the file has handed in nothing that is marked",
        "2 of 5 students have their mark in 'Sums (771)'",
    ]


def test_what_canvas_says_of_who_needs_no_mark_stays() -> None:
    found = fill(CANVAS, marks=(mark("emmy", 5.0), mark("f00d", 6.0)))
    assert found.data.decode() == CANVAS
    assert "Emmy Noether is excused in the file (EX), which stays" in found.said
    assert "Test Student is not given this assignment in the file (N/A), which stays" in found.said


def test_moodle_is_filled_where_the_points_stand() -> None:
    found = fill(MOODLE, "moodle")
    assert found.data.decode() == MOODLE.replace("Ada@X.org,-", "Ada@X.org,92.5").replace(
        "bob@x.org,-", "bob@x.org,-"
    )
    assert found.said == [
        "Bob Ross in the file has handed in nothing that is marked",
        "bob has a mark, and no line in the file is theirs for certain",
        "1 of 2 students have their mark in 'Assignment: Sums (Real)'",
    ]


def test_moodles_worksheet_of_one_assignment_is_filled() -> None:
    head = (
        'Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Feedback comments"'
    )
    text = f'\ufeff{head}\nParticipant 7,"Ada Lovelace",ada@x.org,"",,10.00,"=1"\n'
    found = fill(text, "moodle", (ADA,))
    assert found.data.decode() == text.replace('"",,10', '"",92.5,10')
    assert "'Grade' is out of 10 points there and the lab out of 100" in found.said[0]
    assert fill(text.replace("10.00", "100.00"), "moodle", (ADA,)).said == [
        "1 of 1 students have their mark in 'Grade'"
    ]


def test_brightspace_is_filled_whatever_stands_before_its_ids() -> None:
    found = fill(BRIGHTSPACE, "brightspace")
    expected = BRIGHTSPACE.replace("#ada,,", "#ada,92.5,").replace("#bob,2,", "#bob,33.5,")
    assert found.data.decode() == expected


@pytest.mark.parametrize("separator", SEPARATORS)
def test_semicolons_and_tabs_separate_as_well(separator: str) -> None:
    text = f"\ufeffStudent{separator}ID{separator}SIS Login ID{separator}tiny\n" + separator.join(
        ('"Lovelace, Ada"', "42", "ada", "\n")
    )
    assert fill(text).data.decode() == text.replace("ada" + separator, f"ada{separator}92.5")


# The column


def test_a_column_that_is_not_there_comes_last() -> None:
    text = CANVAS.replace("Sums (771)", "Sums of old (771)")
    found = fill(text)
    assert found.said[0] == "there was no column for it, so 'Sums (tiny)' was added"
    assert cells(found, 8) == ["Sums (tiny)", "", "100", "92.5", "33.5", "", "", ""]
    lines = [line.rsplit(",", 1)[0] for line in found.data.decode().splitlines()]
    assert lines == text.splitlines()


def test_in_brightspace_it_comes_before_the_end_of_the_line() -> None:
    text = BRIGHTSPACE.replace("Sums Points Grade", "Sums Text Grade")
    found = fill(text, "brightspace")
    assert cells(found, 5) == ["Sums (tiny) Points Grade", "92.5", "33.5"]
    assert cells(found, 6) == ["End-of-Line Indicator", "#", "#"]


def test_a_column_is_named_as_it_stands_or_as_it_is_called() -> None:
    for name in ("Other (772)", "other"):
        found = fill(CANVAS, column=name)
        assert cells(found, 6) == ["Other (772)", "", "10.00", "92.5", "33.5", "", "", ""]
        assert "'Other (772)' is out of 10 points there and the lab out of 100" in found.said[0]
        assert cells(found, 5)[3] == ""
    found = fill(BRIGHTSPACE, "brightspace", column="Other")
    assert "is out of 10 points there" in found.said[0]
    assert cells(found, 3)[1:] == ["92.5", "33.5"]
    found = fill(MOODLE, "moodle", column="=New()")
    assert cells(found, 7) == ["'=New()", "92.5", ""]


@pytest.mark.parametrize(
    ("column", "why"),
    [
        ("SIS Login ID", "'SIS Login ID' holds no marks"),
        ("Section", "'Section' holds no marks"),
        ("Assignments Final Score", "'Assignments Final Score' is read-only in Canvas"),
    ],
)
def test_a_column_that_takes_no_marks_is_refused(column: str, why: str) -> None:
    with pytest.raises(RosterError, match=why):
        fill(CANVAS, column=column)
    with pytest.raises(RosterError, match="'End-of-Line Indicator' holds no marks"):
        fill(BRIGHTSPACE, "brightspace", column="End-of-Line Indicator")


def test_of_two_columns_that_could_be_meant_none_is_taken() -> None:
    text = CANVAS.replace("Other (772)", "Sums (772)")
    with pytest.raises(RosterError, match=r"\('Sums \(771\)', 'Sums \(772\)'\): name one"):
        fill(text)
    assert cells(fill(text, column="Sums (772)"), 6)[3] == "92.5"


def test_a_file_of_another_kind_is_refused_with_what_is_looked_for() -> None:
    for data in (b"", b"PK\x03\x04\x14\x00", b"name,points\nada,\n"):
        with pytest.raises(RosterError, match=r"none of the columns of canvas .*sis login id"):
            fill(data)


# Who is who


def moodle(*rows: str) -> str:
    return "First name,Last name,ID number,Email address,tiny\n" + "".join(
        f"{row},\n" for row in rows
    )


def test_a_full_name_is_enough_where_nothing_speaks_against_it() -> None:
    persons = (
        mark("ada_lovelace", 1.0),
        mark("s2", 2.0, "Émilie", "du Châtelet"),
        mark("rossbob", 3.0),
    )
    found = fill(
        moodle("Ada,Lovelace,9,a@x", "E\u0301milie,Du  Châtelet,,e@x", "Bob,Ross,,"),
        "moodle",
        persons,
    )
    assert cells(found, 4)[1:] == ["1", "2", "3"]


@pytest.mark.parametrize("own", [{"email": "ada@elsewhere.org"}, {"lms_id": "8"}])
def test_the_same_name_with_another_address_or_id_gets_no_mark(own: dict[str, str]) -> None:
    found = fill(
        moodle("Ada,Lovelace,9,ada@x.org"), "moodle", (mark("s1", 1.0, "Ada", "Lovelace", **own),)
    )
    assert cells(found, 4)[1:] == [""]
    assert found.said[:2] == [
        "Ada Lovelace in the file may be s1, which is not certain: no mark written",
        "s1 has a mark, and no line in the file is theirs for certain",
    ]


def test_two_of_the_same_name_are_told_apart_by_id_alone() -> None:
    twins = (mark("s1", 1.0, "Ada", "Lovelace", lms_id="8"), mark("s2", 2.0, "Ada", "Lovelace"))
    both = fill(moodle("Ada,Lovelace,8,", "Ada,Lovelace,,"), "moodle", twins)
    assert cells(both, 4)[1:] == ["1", "2"]
    neither = fill(moodle("Ada,Lovelace,,", "Ada,Lovelace,,"), "moodle", twins)
    assert cells(neither, 4)[1:] == ["", ""]
    assert neither.said[0] == (
        "Ada Lovelace in the file may be s1 or s2, which is not certain: no mark written"
    )


def test_a_line_whose_id_is_one_students_and_whose_address_anothers_gets_no_mark() -> None:
    marks = (mark("s1", 1.0, lms_id="8"), mark("s2", 2.0, email="b@x"))
    assert cells(fill(moodle("Bob,Ross,8,b@x"), "moodle", marks), 4)[1:] == [""]


def test_what_canvas_calls_a_section_is_nobodys_id() -> None:
    text = "Student,ID,Section,tiny\nRoss,43,42,\n"
    assert cells(fill(text, marks=(mark("ada", 1.0, lms_id="42"),)), 3)[1:] == [""]
    assert cells(fill(text, marks=(mark("ada", 1.0, lms_id="43"),)), 3)[1:] == ["1"]


def test_names_are_told_without_what_steers_a_terminal() -> None:
    found = fill("Student,ID,tiny\n\x1b[31mRoss,9,\n", marks=(mark("\x1bada", 1.0),))
    assert found.said[:2] == [
        "\\x1b[31mRoss in the file has handed in nothing that is marked",
        "\\x1bada has a mark, and no line in the file is theirs for certain",
    ]


# The command


@pytest.fixture(scope="module")
def graded(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Course:
    course = Course(tmp_path_factory.mktemp("roster") / "course")
    shutil.copytree(built, course.root)
    course.hand_in("ada")
    course.hand_in("bob", WRONG)
    grade_class("tiny", b"the secret of the tests", root=course.root, isolation="process")
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as book:
        book.update_or_create_student(
            "ada", first_name="Ada", last_name="Lovelace", lms_user_id="u-1"
        )
    return course


def test_the_command_fills_a_file_and_says_what_it_could_not(graded: Course) -> None:
    theirs = graded.root / "theirs.csv"
    head = f"OrgDefinedId,{TITLE} Points Grade <Numeric MaxPoints:100>,End-of-Line Indicator\r\n"
    theirs.write_bytes(f"\ufeff{head}#u-1,,#\r\n#u-9,,#\r\n".encode())
    words = ("autograder", "export", "tiny", "--to", "brightspace", "--roster", "theirs.csv")
    run = graded.run(*words)
    out = graded.root / "results" / "tiny" / "brightspace.csv"
    assert run.stdout == f"{out}\n"
    assert out.read_bytes() == f"\ufeff{head}#u-1,100,#\r\n#u-9,,#\r\n".encode()
    assert run.stderr.splitlines() == [
        "u-9 in the file has handed in nothing that is marked",
        "bob has a mark, and no line in the file is theirs for certain",
        f"1 of 2 students have their mark in '{TITLE} Points Grade <Numeric MaxPoints:100>'",
    ]
    assert graded.run(*words, "--out", "-").stdout.encode() == out.read_text("utf-8").encode()
    graded.run(*words, "--out", "theirs.csv")
    assert theirs.read_bytes() == out.read_bytes()


def test_the_command_refuses_what_it_cannot_fill(graded: Course) -> None:
    export = ("autograder", "export", "tiny", "--to")
    run = graded.run(*export, "canvas", "--roster", "none.csv", status=2)
    assert "none.csv cannot be read: No such file or directory" in run.stderr
    run = graded.run(*export, "csv", "--roster", "none.csv", status=2)
    assert "--roster is for canvas, moodle, brightspace: leave it out" in run.stderr
    run = graded.run(*export, "canvas", "--column", "x", status=2)
    assert "give that with --roster" in run.stderr
    (graded.root / "empty.csv").touch()
    run = graded.run(*export, "canvas", "--roster", "empty.csv", status=1)
    assert run.stderr.startswith("Error: empty.csv is not filled in: its first line has none")


def test_brightspace_gets_a_file_of_its_own_without_a_roster(graded: Course) -> None:
    run = graded.run("autograder", "export", "tiny", "--to", "brightspace", "--out", "-")
    assert list(csv.reader(io.StringIO(run.stdout))) == [
        ["OrgDefinedId", "Username", "Sums & others (tiny) Points Grade", "End-of-Line Indicator"],
        ["u-1", "ada", "100", "#"],
        ["", "bob", "0", "#"],
    ]
