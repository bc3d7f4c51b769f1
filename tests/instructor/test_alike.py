"""What students wrote, compared: names and layout make no difference, and common things no sign."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from instructor_kit import RIGHT, WRONG, Course

from autograder.course import made, publishing
from autograder.course.grading import grade_class
from autograder.course.written import known_in, written_by, written_in
from autograder.pages.alike import ENOUGH, Written, alike
from autograder.pages.insight import KnownMistake
from autograder.pages.marks import Person
from autograder.pages.term import TermLab, term, term_page
from autograder.spec.collection import collect

MINE = """
def rate(first, second):
    total = 0.0
    for k, value in enumerate(first):
        if value > 3 and k % 2 == 0:
            total += helper(value) * second[k]
        elif value < -1:
            total -= value ** 3
    return [total / 7, max(first) - min(second)]


def helper(q):
    return q * q + 11 if q < 50 else sorted([q, 2, q + 1])[0]
"""
RENAMED = """
def rate(a, b):
    'My very own words.'
    s: float = 0.0
    for i, x in enumerate(a):
        if x > 3 and i % 2 == 0: s += sq(x) * b[i]
        elif x < -1: s -= x ** 3
    print("here", s)
    return [s / 7, max(a) - min(b)]

def sq(z: int) -> int:
    # a remark
    return z * z + 11 if z < 50 else sorted([z, 2, z + 1])[0]
"""
OTHER = """
def rate(first, second):
    kept = {value for value in first if value}
    return [sum(kept), len(second), {"a": first, "b": second}, (lambda z: z ^ 1)(len(kept))]
"""


def wrote(text: str) -> Written:
    return written_in([text], ["rate"])["rate"]


def pairs(texts: dict[str, str], known: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    programs = {student: wrote(text) for student, text in texts.items()}
    found = alike({"rate": programs}, {"rate": [wrote(text).tokens for text in known]})
    return [pair.students for pair in found]


def test_names_hints_texts_and_layout_make_no_difference() -> None:
    assert wrote(MINE).tokens == wrote(RENAMED).tokens
    assert wrote(MINE).tokens != wrote(OTHER).tokens
    assert "def helper(q)" in wrote(MINE).text
    assert pairs({"ada": MINE, "bob": OTHER, "carl": RENAMED}) == [("ada", "carl")]


def test_what_is_nearly_equal_is_told_with_how_much_of_it() -> None:
    nearly = MINE.replace("total / 7", "total / (len(first) + 7)")
    programs = {"ada": wrote(MINE), "bob": wrote(nearly)}
    (pair,) = alike({"rate": programs}, {})
    (match,) = pair.matches
    assert 0.85 < match.equal < 1
    assert match.shared >= ENOUGH
    assert match.texts == (programs["ada"].text, programs["bob"].text)


def test_what_many_write_or_stands_in_a_right_program_is_no_sign() -> None:
    assert pairs({f"s{place}": MINE for place in range(4)}) != []
    assert pairs({f"s{place}": MINE for place in range(5)}) == []
    assert pairs({"ada": MINE, "bob": RENAMED}, known=(MINE,)) == []


def test_short_programs_are_too_little_to_tell() -> None:
    short = "def rate(x):\n    return x[::-1] * 3 + 5\n"
    assert pairs({"ada": short, "bob": short}) == []


@pytest.mark.parametrize(
    "text",
    [
        "def rate(:",
        "rate = 3",
        f"def rate(x): return 0x{'f' * 6000}",
        f"def rate(x): return {'-' * 3000}x",
        f"def rate(x): return [{'x, ' * 20_000}]",
        "def rate(x): return '\\ud800\x01'",
    ],
)
def test_odd_programs_are_compared_or_left_out(text: str) -> None:
    for written in written_in([text], ["rate"]).values():
        assert len(written.tokens) <= 3000
        assert len(written.text.encode()) <= 8000


# From a course folder

LONG = """
def double(x):
    parts = []
    for k, value in enumerate(x):
        if k % 2 == 0 and value > -4:
            parts.append(value * 3 - value)
        else:
            parts.append((value + value) if value < 9 else 2.0 * value)
    kept = [part for part in parts if part is not None]
    return np.asarray(kept) + 0.0 * len(parts)
"""


@pytest.fixture(scope="module")
def graded(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    root = tmp_path_factory.mktemp("alike") / "course"
    shutil.copytree(built, root)
    course = Course(root)
    course.hand_in("ada", RIGHT | {"double": LONG})
    course.hand_in("bob", WRONG)
    renamed = LONG.replace("parts", "out").replace("value", "v")
    course.hand_in("carl", RIGHT | {"double": renamed})
    course.hand_in("dora", b"no notebook")
    grade_class("tiny", b"the secret of the tests", root=root, isolation="process")
    yield course


def test_hand_ins_are_read_and_compared_where_they_lie(
    graded: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(made.EPOCH, "1893499200")
    html = publishing.report("tiny", None, graded.root).read_text("utf-8")
    section = html[html.index('<h2 id="alike">') : html.index('<h2 id="students">')]
    assert section.count("<h3>") == 1
    assert "ada</a> and" in section
    assert "100 % of it in the same" in section
    assert "out.append" in section
    assert f"Made on 2030-01-01 12:00 UTC by autograder 0.2.0 (build {made.build()})" in html
    assert html == publishing.report("tiny", None, graded.root).read_text("utf-8")


def test_what_cannot_be_read_is_no_code_and_no_error(graded: Course) -> None:
    collected = collect("tiny", graded.root)
    assert written_by(graded.root / "submitted" / "dora" / "tiny", collected, "dora") == {}
    assert written_by(graded.root / "nowhere", collected, "eve") == {}


def test_references_and_right_styles_are_known(graded: Course) -> None:
    known = known_in(collect("tiny", graded.root))
    assert all(len(tokens) == 1 for tokens in known.values())


# The term page


def test_the_term_page_leads_to_the_pages_that_are_there(graded: Course) -> None:
    (graded.root / "results" / "tiny" / "class.html").unlink(missing_ok=True)
    told = graded.run("autograder", "report")
    assert told.stdout.splitlines()[0].endswith("results/term.html")
    assert "tiny has no class page to lead to yet: autograder report tiny" in told.stdout
    publishing.report("tiny", None, graded.root)
    html = publishing.report_term(graded.root).read_text("utf-8")
    assert '<a href="tiny/class.html">tiny</a>' in html
    page = publishing.page_of("ada")
    assert f'<a href="tiny/class_files/{page}">100</a>' in html
    assert (graded.root / "results" / "tiny" / "class_files" / page).is_file()
    assert "Sums &amp; &lt;others&gt;" in html
    assert "<script" not in html


def test_nothing_graded_is_said_in_a_sentence(course: Course) -> None:
    told = course.run("autograder", "report", status=2)
    assert "nothing has been graded yet: run autograder grade LAB" in told.stderr


def test_a_term_adds_up_and_tells_what_was_not_handed_in() -> None:
    made_by_two = KnownMistake("double", "squared", "each number is squared", ("ada", "bob"))
    alone = KnownMistake("double", "halved", "each number is halved", ("ada",))
    one = TermLab("lab1", "One", 100.0, {"ada": 50.0, "bob": 80.0}, (alone, made_by_two))
    two = TermLab("lab2", "Two", 40.0, {"ada": 40.0})
    people = {"ada": Person("ada", "Ada", "Lovelace"), "zoe": Person("zoe")}
    found = term([one, two], people)
    assert [(line.person.name, line.marks, line.sum, line.mean) for line in found.lines] == [
        ("bob", (80.0, None), 80.0, 0.8),
        ("ada", (50.0, 40.0), 90.0, 0.75),
        ("zoe", (None, None), 0, None),
    ]
    assert (one.median, one.mean, found.max_score) == (65.0, 65.0, 140.0)
    assert found.commonest == [(one, made_by_two)]
    html = term_page(found)
    assert "Lovelace, Ada <small>ada</small>" in html
    assert html.count('<span class="hidden">no mark</span>') == 3
    assert '<td class="number">2 of 3</td>' in html
    assert "each number is halved" not in html
