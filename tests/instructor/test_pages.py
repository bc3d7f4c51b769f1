"""The class page, a student's page, and the forms of other places: pure functions of reports."""

from __future__ import annotations

import csv
import datetime
import io
import itertools
import json
import re
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from instructor_kit import NAMES, POINTS, RIGHT, WRONG, Course
from jinja2 import UndefinedError
from nbformat.notebooknode import from_dict

from autograder.commands.terminal import show_reports
from autograder.course import publishing
from autograder.course.forgetting import traces_of
from autograder.course.grading import grade_class
from autograder.judge.report import ExerciseReport, LabReport, Outcome
from autograder.labcheck.explain import Line
from autograder.labcheck.text import printable
from autograder.pages import plots, rendering
from autograder.pages.alike import Match, Pair, Written
from autograder.pages.class_page import class_page
from autograder.pages.gradescope import results_json
from autograder.pages.insight import Insight, insight
from autograder.pages.junit import junit_xml
from autograder.pages.marks import Mark, Person, as_judged
from autograder.pages.overview import MARK, heading, overview
from autograder.pages.rendering import Made, render
from autograder.pages.sheet import canvas_text, csv_text, moodle_text, safe
from autograder.pages.student_page import Section, student_page
from autograder.spec import collection
from autograder.spec.collection import Collected

FORMULA = '=HYPERLINK("http://evil","ada")'
EVIL = "<script>alert('x')</script>"
UNFIT = "\x1b\u202e\ud800\"'><script>x</script>"
TEMPLATES = Path(rendering.__file__).with_name("templates")
VOID = {"meta", "br", "img", "hr", "input", "link"}


def exercise(name: str, outcome: Outcome, mistake: str | None = None) -> ExerciseReport:
    most = POINTS[name]
    share = {"right": 1.0, "partly": 1 / 3}.get(outcome, 0.0)
    score = None if outcome == "not_graded" else round(most * share, 4)
    lines = () if outcome == "right" else (Line("First wrong", f"step 1 {EVIL}"),)
    fault = "no room in /srv/grader" if outcome == "not_graded" else ""
    return ExerciseReport(name, outcome, score, most, mistake, lines, fault=fault)


def report(student: str, *outcomes: Outcome, mistake: str | None = None) -> LabReport:
    found = tuple(
        exercise(name, outcome, mistake if outcome == "wrong" and name == "double" else None)
        for name, outcome in zip(NAMES, outcomes, strict=True)
    )
    return LabReport("tiny", student, "cpu", ("tier A: isolated",), 0.5, found)


CLASS = (
    report("ada", "right", "right", "right"),
    report("bob", "wrong", "right", "right", mistake="squared"),
    report("carl", "wrong", "wrong", "unfinished", mistake="squared"),
    report("dora", "right", "partly", "wrong"),
    report("<eve>", "right", "timeout", "not_graded"),
    report("fay", "right", "right", "right"),
    report("gus", "right", "wrong", "wrong"),
    LabReport(
        "tiny",
        "hal",
        "cpu",
        ("tier A: isolated",),
        0.1,
        tuple(exercise(name, "missing") for name in NAMES),
        "unreadable submission: no text",
    ),
)


@pytest.fixture(scope="module")
def collected(built: Path) -> Collected:
    return collection.collect("tiny", built)


@pytest.fixture(scope="module")
def found(collected: Collected) -> Insight:
    return insight(collected, CLASS)


class Reader(HTMLParser):
    """Reads a page as strictly as is useful here: elements, ids, links, texts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(html)
        assert self.open == [], self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]

    @property
    def ids(self) -> list[str]:
        return [str(attrs["id"]) for _, attrs in self.elements if "id" in attrs]

    @property
    def links(self) -> list[str]:
        return [str(attrs["href"]) for attrs in self.all("a")]


# What the class says


def test_mistakes_are_counted_by_name(found: Insight) -> None:
    assert [(one.exercise, one.name, one.students) for one in found.mistakes] == [
        ("double", "squared", ("bob", "carl"))
    ]
    assert found.mistakes[0].when == "each number is squared"


def test_what_needs_a_person_is_listed_with_the_reason(found: Insight) -> None:
    assert {(one.student, one.exercise, one.outcome) for one in found.odd} == {
        ("<eve>", "running_sum", "timeout"),
        ("<eve>", "share_of", "not_graded"),
        ("hal", "", "missing"),
    }
    reasons = {one.outcome: one.reason for one in found.odd}
    assert reasons["not_graded"] == "no room in /srv/grader"
    assert reasons["missing"] == "unreadable submission: no text"


def differences(collected: Collected, *columns: Sequence[Outcome]) -> list[int]:
    rows = zip(*columns, strict=True)
    made = [report(f"s{place:02}", *row) for place, row in enumerate(rows)]
    return [one.difference for one in insight(collected, made).exercises]


def test_thirds_are_told_apart_only_where_they_lie_further_apart_than_chance(
    collected: Collected,
) -> None:
    good: list[Outcome] = ["wrong"] * 15 + ["right"] * 15
    half: list[Outcome] = ["wrong", "right"] * 15
    full: list[Outcome] = ["right"] * 30
    four: list[Outcome] = ["wrong"] * 4 + ["right"] * 26
    assert differences(collected, good, good, full) == [1, 1, 0]
    assert differences(collected, good, half, half)[0] == 0
    assert differences(collected, good, good[::-1], full)[:2] == [-1, -1]
    assert differences(collected, four, good, full)[0] == 0, "too few have it wrong"
    assert differences(collected, good, full, full)[0] == 0, "the rest says nothing"
    few = [column[10:20] for column in (good, good, full)]
    assert differences(collected, *few) == [0, 0, 0], "the class is small"


def test_what_does_not_differ_is_in_no_section(found: Insight, collected: Collected) -> None:
    assert "Strong and weak" not in class_page(found)
    rows = [
        report(f"s{place:02}", *["wrong" if place < 15 else "right"] * 3) for place in range(30)
    ]
    html = class_page(insight(collected, rows))
    assert html.count("the upper third does better") == 3
    assert len(Reader(html).all("svg")) == 3


def test_what_to_teach_again_comes_first_with_what_most_have_not_right(found: Insight) -> None:
    again = [(one.exercise.name, one.exercise.lacking, one.others) for one in found.again]
    assert again == [("running_sum", 4, 0), ("share_of", 2, 0), ("double", 2, 0)]
    html = class_page(found)
    assert re.findall('<h2 id="([a-z]+)">', html)[0] == "again"
    section = html[html.index('<h2 id="again">') : html.index('<h2 id="look">')]
    text = " ".join("".join(Reader(section.partition("</section>")[0]).text).split())
    assert "Not right: 4 of 8, not begun: 1." in text
    assert "2: each number is squared." in text
    assert 'style="width:50.0%"' in section


def test_a_mistake_that_one_student_made_is_counted_and_not_told_first(
    collected: Collected,
) -> None:
    html = class_page(insight(collected, CLASS[:2]))
    section = html[html.index('<h2 id="again">') : html.index('<h2 id="look">')]
    assert "each number is squared" not in section
    assert '<a href="#teach">1 other known mistake</a>' in section


def test_names_are_sorted_as_they_are_shown_and_marks_are_the_gradebooks(
    collected: Collected,
) -> None:
    person = Person("bob", "Bob", "Able")
    judged = as_judged(CLASS[1], person)
    mark = replace(judged, penalty=7.5, parts=(replace(judged.parts[0], manual=11.0),))
    seen = insight(collected, CLASS[:3], (), {"bob": mark})
    assert [one.called or one.name for one in seen.students] == ["Able, Bob", "ada", "carl"]
    assert seen.scores == [52.5, 100.0, 0.0]
    rows = class_page(seen, lambda student: f"{student}.html").split("<tr>")
    (row,) = (row for row in rows if "Able, Bob" in row)
    assert "<small>bob</small>" in row
    cell = '<a href="bob.html#double"><span aria-hidden="true" title="not right yet">✗</span>'
    assert cell in row
    assert "11</a></td>" in row


def timed(student: str, hour: int, late: bool = False) -> Mark:
    when = datetime.datetime(2030, 1, 1, hour, 30)
    return replace(as_judged(report(student, *["right"] * 3)), timestamp=when, late=late)


def test_hours_of_handing_in_are_drawn_where_they_are_known(collected: Collected) -> None:
    assert "When it was handed in" not in class_page(insight(collected, CLASS))
    marks = {"ada": timed("ada", 9), "bob": timed("bob", 22), "carl": timed("carl", 22, True)}
    seen = insight(collected, CLASS, (), marks)
    assert "known of 3 of\n8" in class_page(seen)
    picture = plots.hours(seen, datetime.UTC)
    assert "9 to 10: 1, 22 to 23: 2." in picture
    assert ">late<" in picture
    east = datetime.timezone(datetime.timedelta(hours=3))
    assert "1 to 2: 2, 12 to 13: 1." in plots.hours(seen, east)


def test_a_class_of_nobody_and_of_one_are_pages_too(collected: Collected) -> None:
    assert "No submission has been graded yet." in class_page(insight(collected, []))
    html = class_page(insight(collected, CLASS[:1]))
    assert "1 student, 100 points" in html
    Reader(html)


# The pages


def test_the_class_page_is_sound_and_needs_nothing_else(found: Insight) -> None:
    html = class_page(found, lambda student: f"page-of-{len(student)}.html")
    page = Reader(html)
    assert len(page.ids) == len(set(page.ids))
    assert {link for link in page.links if link.startswith("#")} <= {f"#{one}" for one in page.ids}
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', html)
    for tag in ("link", "img", "iframe"):
        assert page.all(tag) == []
    assert page.all("script") == []
    assert EVIL not in html
    assert "&lt;eve&gt;" in html


def test_the_class_page_is_read_by_a_screen_reader(found: Insight) -> None:
    html = class_page(found)
    page = Reader(html)
    assert page.all("html")[0]["lang"] == "en"
    tables = page.all("table")
    assert tables
    assert html.count("<caption>") == len(tables)
    assert all(head.get("scope") in ("col", "row") for head in page.all("th"))
    pictures = page.all("svg")
    assert len(pictures) == 2
    assert all(one["role"] == "img" and one["aria-label"] for one in pictures)
    assert "90 to 100: 2" in str(pictures[0]["aria-label"])
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert len(page.all("main")) == 1


def test_outcomes_do_not_depend_on_colour(found: Insight) -> None:
    html = class_page(found)
    for words in ("right", "not right yet", "partly right", "ran out of time", "not found"):
        assert f'<span class="hidden">{words}</span>' in html
    assert re.search(r"<pattern[^>]*>", html), "the bars are hatched"


def test_the_pictures_are_the_same_each_time(found: Insight) -> None:
    assert class_page(found) == class_page(found)


def test_a_students_page_says_what_was_found_and_where_to_read_on() -> None:
    sections = {"double": Section("1. Twice", "lab.html#1.-Twice")}
    html = student_page(CLASS[1], "Sums & <others>", sections)
    page = Reader(html)
    assert "60 of 100 points" in html
    assert '<a href="lab.html#1.-Twice">1. Twice</a>' in html
    assert "not right yet" in html
    assert "Sums &amp; &lt;others&gt;" in html
    assert EVIL not in html
    own = {link for link in page.links if link.startswith("#")}
    assert own == {f"#{name}" for name in NAMES}
    assert own <= {f"#{one}" for one in page.ids}


def test_code_stands_behind_each_link_as_text() -> None:
    code = {"double": Written(f"def double(x):\n    return '{EVIL}'")}
    html = student_page(CLASS[0], "Sums", {}, code, Made("2030-01-01 12:00 UTC", "0 (build x)"))
    page = Reader(html)
    assert set(NAMES) <= set(page.ids)
    assert EVIL not in html
    section = html[html.index('<h3 id="double">') : html.index('<h3 id="running_sum">')]
    assert "def double(x):\n    return &#39;&lt;script&gt;" in section
    assert html.count("<pre>") == 1
    assert "<footer>Made on 2030-01-01 12:00 UTC by autograder 0 (build x)</footer>" in html


def test_similar_hand_ins_are_shown_side_by_side_and_nothing_is_said_of_them(
    found: Insight,
) -> None:
    match = Match("double", 0.934, 50, ("def double(a): <b>", "def double(b): ..."))
    pair = Pair(("ada", "<eve>"), (match,))
    html = class_page(found, lambda student: f"{len(student)}.html", [pair])
    section = html[html.index('<h2 id="alike">') : html.index('<h2 id="students">')]
    assert "93 % of it in the same" in section
    assert '<a href="5.html#double">&lt;eve&gt;</a>' in section
    assert "def double(a): &lt;b&gt;" in section
    assert "def double(b): ..." in section
    assert not re.search("cheat|copi|plagiar|suspic", section)
    assert "No two hand-ins share more" in class_page(found, pairs=[])
    assert "Similar hand-ins" not in class_page(found)


def test_a_students_page_has_nothing_of_the_grading_machine() -> None:
    html = student_page(CLASS[4], "Sums", {})
    assert "/srv/grader" not in html
    assert "a person will look at it" in html


def hostile(student: str) -> LabReport:
    """A report in which every text that a student can choose is UNFIT."""
    lines = (Line("First wrong", UNFIT), Line(UNFIT, UNFIT))
    found = ExerciseReport("double", "crash", 0.0, 40.0, None, lines)
    return LabReport("tiny", student, "cpu", ("isolated",), 0.5, (found,), UNFIT, (UNFIT,))


def test_no_text_of_a_student_leaves_its_place_in_a_page(collected: Collected) -> None:
    report = hostile(UNFIT)
    link = Section(UNFIT, UNFIT)
    alike = Pair((UNFIT, UNFIT), (Match("double", 1.0, 50, (UNFIT, UNFIT)),))
    for html in (
        student_page(report, UNFIT, {"double": link}, {"double": Written(UNFIT)}),
        class_page(insight(collected, [report]), lambda student: student, [alike]),
    ):
        assert Reader(html).all("script") == []
        assert "<script>x" not in html
        assert "\\x1b\\u202e\\ud800" in html
        assert printable(html) == html


def test_a_text_without_end_is_cut() -> None:
    html = student_page(replace(CLASS[0], notes=("x" * 10**6,)), "Sums", {})
    assert len(html) < 30_000
    assert "x …</li>" in html


def test_only_cards_and_pictures_are_taken_as_html() -> None:
    files = sorted(TEMPLATES.iterdir())
    assert len(files) == 7
    for file in files:
        assert not re.search(r"\|\s*(safe|e|escape|forceescape)\b|autoescape", file.read_text()), (
            file
        )


def test_a_template_that_names_what_is_not_there_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="'report' is undefined"):
        render("student.html.j2")


def test_the_rest_of_many_names_is_folded_away(collected: Collected) -> None:
    reports = [
        report(f"s{place:02}", "wrong", "right", "right", mistake="squared") for place in range(14)
    ]
    html = class_page(insight(collected, reports))
    assert "s10, s11\n<details><summary>2 more</summary>\ns12, s13\n</details>" in html


def test_a_heading_is_found_with_the_anchor_of_notebooks() -> None:
    assert heading("text\n\n## 2. A `running` sum\n\nmore") == (
        "2. A running sum",
        "2.-A-running-sum",
    )
    assert heading("no heading") is None


# Other places


def test_gradescope_reads_every_test_with_its_output(found: Insight) -> None:
    for one in CLASS:
        data = json.loads(results_json(one))
        assert data["score"] == one.score
        shown = [test for test in data["tests"] if test["visibility"] == "visible"]
        assert [test["name"] for test in shown] == list(NAMES)
        assert sum(test.get("score", 0) for test in shown) == pytest.approx(one.score)
        assert all(test["max_score"] == POINTS[test["name"]] for test in shown)
        assert {test.get("status") for test in shown} <= {"passed", "failed", None}
        assert data["visibility"] == "visible"
        assert data["stdout_visibility"] == "hidden"
    data = json.loads(results_json(CLASS[4]))
    assert "score" not in data["tests"][2]
    assert data["tests"][3]["visibility"] == "hidden"
    assert "/srv/grader" in data["tests"][3]["output"]


def test_junit_counts_failures_and_errors_apart() -> None:
    strange = report("\x00\ud800 \u202e <b>", "right", "wrong", "not_graded")
    root = ET.fromstring(junit_xml([*CLASS, strange]))
    suites = {str(one.get("name")): one for one in root}
    assert (suites["tiny/ada"].get("failures"), suites["tiny/ada"].get("errors")) == ("0", "0")
    assert (suites["tiny/<eve>"].get("failures"), suites["tiny/<eve>"].get("errors")) == ("1", "1")
    assert suites["tiny/hal"].findtext("system-err") == "unreadable submission: no text"
    assert [case.get("name") for case in suites["tiny/bob"].iter("testcase")] == list(NAMES)
    assert EVIL in str(suites["tiny/bob"].findtext("testcase/failure"))


def judged(reports: Sequence[LabReport]) -> list[tuple[LabReport, Mark]]:
    return [(one, as_judged(one)) for one in reports]


def test_no_cell_of_the_sheet_is_a_formula() -> None:
    rows = list(
        csv.reader(io.StringIO(csv_text(NAMES, judged([report(FORMULA, *["right"] * 3)]))))
    )
    assert rows[1][0] == f"'{FORMULA}"
    for start in ("=", "+", "-", "@", "\t", "\r"):
        assert safe(f"{start}1") == f"'{start}1"
    assert [safe(13.3333), safe(None), safe(100.0)] == ["13.3333", "", "100"]
    assert [safe(-5), safe(-5.5), safe(1e-3), safe(True)] == ["-5", "-5.5", "0.001", "True"]


BLANKS = ("", " ", "\xa0", '"', "'", ' "', "\u200b", "\ufeff", "\n", " \t")
SIGNS = "=+-@＝＋－＠﹦﹢﹣﹫"


@pytest.mark.parametrize("separator", ["", "x;", "x,", "x\t", "x|", "x\r", "x\n", 'x";'])
def test_no_part_of_a_cell_is_a_formula_whatever_separates_cells(separator: str) -> None:
    for blank in BLANKS:
        for sign in SIGNS:
            written = safe(f"{separator}{blank}{sign}cmd()")
            for part in re.split("[;,|\t\r\n]", written):
                bare = part.lstrip(' "`\xa0\u200b\ufeff')
                assert bare[:1] not in [*SIGNS], (separator, blank, sign, written)
    for plain in ("late: -20", "1; -2, 3", "a-b", "x=1", "2 * (3 + 4)", "Übung", "a@b.c", ""):
        assert safe(plain) == plain


@pytest.mark.parametrize("write", [canvas_text, moodle_text])
def test_ids_by_which_another_place_finds_students_stay(write: Any) -> None:
    for name, kept in (("@ada", True), ("-12", True), ("+49.1", True), ("ada@x.org", True)) + (
        ("=HYPERLINK(1)", False),
        ("@SUM(1)", False),
        ("+1|cmd!A0", False),
    ):
        mark = replace(as_judged(CLASS[0]), person=Person(name, "A", "B", name, name))
        cells = list(csv.reader(io.StringIO(write("tiny", [mark]))))[-1]
        assert (name in cells) is kept, cells
        assert (f"'{name}" in cells) is not kept, cells


def test_the_sheet_has_a_line_for_each_student() -> None:
    rows = list(csv.DictReader(io.StringIO(csv_text(NAMES, judged(CLASS)))))
    assert [row["student"] for row in rows] == [one.student for one in CLASS]
    assert rows[1]["double mistake"] == "squared"
    assert rows[4]["share_of points"] == ""
    assert rows[4]["needs_review"] == "yes"
    assert rows[7]["problem"] == "unreadable submission: no text"


# From a course folder


@pytest.fixture(scope="module")
def graded(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    """A class that was graded."""
    root = tmp_path_factory.mktemp("graded") / "course"
    shutil.copytree(built, root)
    course = Course(root)
    course.hand_in("ada")
    course.hand_in("bob", WRONG)
    course.hand_in("x y", RIGHT)
    course.hand_in("O'Brien & söhne", WRONG)
    grade_class("tiny", b"the secret of the tests", root=root, isolation="process")
    yield course


def test_a_report_links_every_student_and_every_section(graded: Course, tmp_path: Path) -> None:
    out = publishing.report("tiny", tmp_path / "out" / "class.html", graded.root)
    page = Reader(out.read_text("utf-8"))
    whole = [link for link in page.links if not link.startswith("#")]
    links = {link.partition("#")[0] for link in whole}
    assert len(links) == 4
    for link in whole:
        file, _, place = link.partition("#")
        text = (out.parent / file).read_text("utf-8")
        assert not place or f'id="{place}"' in text
        assert "return x + x" in text or "return x * x" in text, "the code that was handed in"
    for link in links:
        student = Reader((out.parent / link).read_text("utf-8"))
        lab = (out.parent / "class_files" / "lab.html").read_text("utf-8")
        places = [one for one in student.links if one.startswith("lab.html#")]
        assert len(set(places)) == 3
        for place in places:
            assert f'id="{place.removeprefix("lab.html#")}"' in lab
    told = out.read_text("utf-8")
    assert "each number is squared" in told
    for secret in ("twice_of_x", "so_far_in_x", str(graded.root), "the secret of the tests"):
        for file in out.parent.rglob("*.html"):
            assert secret not in file.read_text("utf-8"), file


def test_each_student_has_a_zip_that_is_whole(graded: Course, tmp_path: Path) -> None:
    folder = publishing.export("tiny", "pages", None, graded.root)
    zips = {file.stem: file for file in folder.glob("*.zip")}
    assert len(zips) == 4
    path = zips[publishing.page_of("x y").removesuffix(".html")]
    with zipfile.ZipFile(path) as archive:
        assert sorted(archive.namelist()) == ["feedback.html", "lab.html"]
        archive.extractall(tmp_path)
    page = Reader((tmp_path / "feedback.html").read_text("utf-8"))
    lab = (tmp_path / "lab.html").read_text("utf-8")
    leads = {link.partition("#")[::2] for link in page.links if not link.startswith("#")}
    assert {file for file, _ in leads} == {"lab.html"}
    assert all(f'id="{place}"' in lab for _, place in leads)
    assert path.stat().st_mode & 0o777 == 0o640
    told = [trace.told for trace in traces_of("x y", graded.root)]
    assert f"results/tiny/pages/{path.name}: a page or result" in told


def test_exports_are_written_where_they_are_asked_for(graded: Course, tmp_path: Path) -> None:
    folder = publishing.export("tiny", "gradescope", tmp_path / "scope", graded.root)
    files = sorted(folder.rglob("results.json"))
    assert len(files) == 4
    assert {json.loads(file.read_text())["score"] for file in files} == {0.0, 100.0}
    with pytest.raises(collection.CollectionError, match="there are 4 students: name a folder"):
        publishing.export("tiny", "gradescope", tmp_path / "one.json", graded.root)
    sheet = publishing.export("tiny", "csv", None, graded.root)
    assert sheet == graded.root / "results" / "tiny" / "marks.csv"
    assert sheet.read_text("utf-8") == publishing.as_text("tiny", "csv", graded.root)
    junit = publishing.export("tiny", "junit", tmp_path / "junit.xml", graded.root)
    assert len(ET.parse(junit).getroot()) == 4


def test_the_commands_say_where_they_wrote(graded: Course) -> None:
    told = graded.run("autograder", "report", "tiny")
    assert told.stdout.splitlines()[0].endswith("results/tiny/class.html")
    told = graded.run("autograder", "export", "tiny", "--to", "csv", "--out", "-")
    assert told.stdout.startswith("student,score,max_score")
    told = graded.run("autograder", "export", "tiny", "--to", "gradescope", "--out", "-", status=2)
    assert "give --out a folder" in told.stderr
    told = graded.run("autograder", "report", "tiny", "--out", "/proc/no/class.html", status=1)
    assert "cannot be written" in told.stderr


# What was made of a file


ODD = replace(
    report("ivy", "right", "right", "right"),
    notes=("ivy.ipynb was taken: <b>it</b> has work in 3 exercises",),
    look_at="ivy.ipynb is as it was handed out, and there is <i>.docx beside it",
)


def test_what_was_made_of_a_file_stands_before_the_marks() -> None:
    text = " ".join("".join(Reader(student_page(ODD, "Sums", {})).text).split())
    assert text.index("What was made of your file") < text.index("Marks by exercise")
    assert text.index(ODD.notes[0]) < text.index("Marks by exercise")
    assert f"A person will look at what was handed in: {ODD.look_at}." in text
    assert "could not be judged" not in text


def test_an_odd_hand_in_is_on_the_class_page_although_all_was_judged(collected: Collected) -> None:
    seen = insight(collected, [CLASS[0], ODD])
    assert [student.to_look_at for student in seen.students] == [False, True]
    assert [(one.student, one.exercise, one.reason) for one in seen.odd] == [
        ("ivy", "", ODD.look_at)
    ]
    text = " ".join(" ".join(Reader(class_page(seen)).text).split())
    assert f"ivy all as handed in {ODD.look_at}" in text


def test_gradescope_tells_students_and_graders_of_an_odd_hand_in() -> None:
    data = json.loads(results_json(ODD))
    assert ODD.notes[0] in data["output"]
    assert f"A person will look at what was handed in: {ODD.look_at}." in data["output"]
    assert "could not be judged" not in data["output"]
    hidden = data["tests"][-1]
    assert (hidden["visibility"], hidden["output"]) == ("hidden", f"to look at: {ODD.look_at}")


def test_the_overview_of_nbgraders_feedback_tells_of_the_file() -> None:
    told = {"lab": "tiny", "notes": list(ODD.notes), "look_at": ODD.look_at}
    html = overview(from_dict({"metadata": {MARK: told}, "cells": []}))
    text = "".join(Reader(html).text)
    assert ODD.notes[0] in text
    assert f"A person will look at it: {ODD.look_at}." in text


def test_a_terminal_marks_whom_to_look_at(capsys: pytest.CaptureFixture[str]) -> None:
    show_reports([CLASS[0], ODD])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines if "to look at: ivy.ipynb" in line] == ["ivy"]
    show_reports([ODD])
    shown = capsys.readouterr().out
    assert f"Note: {ODD.notes[0]}" in shown
    assert f"To look at: {ODD.look_at}" in shown


UNWALLED = replace(CLASS[0], isolation=("tier none: not isolated", "rlimits"))


def test_what_ran_without_a_sandbox_says_so_everywhere(
    collected: Collected, capsys: pytest.CaptureFixture[str]
) -> None:
    show_reports([UNWALLED, CLASS[1]])
    told = {"lab": "tiny", "warning": UNWALLED.warning}
    everywhere = {
        "terminal": capsys.readouterr().out,
        "class page": class_page(insight(collected, [UNWALLED, CLASS[1]])),
        "student page": student_page(UNWALLED, "Sums", {}),
        "nbgrader's feedback": overview(from_dict({"metadata": {MARK: told}, "cells": []})),
        "gradescope": results_json(UNWALLED),
        "junit": junit_xml([UNWALLED]).decode(),
    }
    for place, text in everywhere.items():
        words = " ".join("".join(Reader(text).text).split()) if "page" in place else text
        assert "Not isolated: this ran without a sandbox" in words, place
        assert "ran in isolation" not in words, place
    (row,) = csv.DictReader(io.StringIO(csv_text(NAMES, [(UNWALLED, as_judged(UNWALLED))])))
    assert row["isolation"] == "tier none: not isolated"
    assert UNWALLED.to_json()["isolation"][0] == "tier none: not isolated"


def test_what_ran_behind_walls_has_no_warning(collected: Collected) -> None:
    page = class_page(insight(collected, CLASS))
    texts = [page, student_page(CLASS[0], "Sums", {}), junit_xml(CLASS[:1]).decode()]
    assert not any("Not isolated" in text for text in texts)
    assert "tier A: isolated" in page
