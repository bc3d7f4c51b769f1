"""What is kept of a class, written for people and other places: pages, Gradescope, JUnit, CSV.

Marks are the gradebook's where it knows a student, and the judge's own where it does not.
"""

from __future__ import annotations

import functools
import io
import os
import re
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast
from urllib.parse import quote

import click

from autograder.course.made import made_now
from autograder.course.rediagnosis import Rediagnosis
from autograder.course.results import Results, booked_once, digest, kept, write_whole
from autograder.course.written import known_in, written_by
from autograder.judge.report import LabReport
from autograder.judge.submission import CHECK, read
from autograder.pages.alike import Written, alike
from autograder.pages.class_page import class_page
from autograder.pages.gradescope import results_json
from autograder.pages.insight import NOT_BEGUN, insight
from autograder.pages.junit import junit_xml
from autograder.pages.marks import NOT_GRADED_YET, NOT_HANDED_IN, Absent, Mark, Person, as_judged
from autograder.pages.overview import headings
from autograder.pages.policy import policy, with_policy
from autograder.pages.roster import COLUMNS, Filled, Platform, RosterError, filled
from autograder.pages.sheet import (
    brightspace_text,
    canvas_text,
    csv_text,
    in_brightspace,
    moodle_text,
)
from autograder.pages.student_page import Section, student_page
from autograder.pages.term import TermLab, term, term_page
from autograder.pages.unnamed import Cluster, is_unnamed, numbered
from autograder.sandbox.errors import GraderFault
from autograder.spec.collection import Collected, CollectionError, collect, labs

if TYPE_CHECKING:
    from autograder.course.gradebook import Booked

Done = Callable[[str], None]
Kind = Literal["gradescope", "canvas", "moodle", "brightspace", "junit", "csv", "pages"]
FOLDERS = ("gradescope", "pages")
"""What is a folder with something for each student."""


class NothingKept(click.UsageError):
    """Nothing of the lab has been graded."""


def report(
    slug: str, out: Path | None = None, root: Path | None = None, done: Done = lambda name: None
) -> Path:
    """Write the class page, and beside it a folder with a page for each student; its path.

    Raises NothingKept.
    """
    marked = _class(slug, root, raw=True)
    collected = marked.collected
    path = out or class_page_of(marked.results)
    beside = path.with_name(f"{path.stem}_files")
    sections, made = _lab_page(collected, beside), made_now()
    programs: dict[str, dict[str, Written]] = defaultdict(dict)
    for judged, code in marked.written():
        html = student_page(judged, collected.lab.title, sections, code, made)
        write_whole(beside / page_of(judged.student), html)
        for exercise in judged.exercises:
            if exercise.name in code and exercise.outcome not in NOT_BEGUN:
                programs[exercise.name][judged.student] = code[exercise.name]
        done(judged.student)
    for student in marked.withdrawn:
        (beside / page_of(student)).unlink(missing_ok=True)
    link = lambda student: f"{quote(beside.name)}/{page_of(student)}"  # noqa: E731
    found = insight(collected, marked.reports(), marked.absent(), marked.booked.marks)
    pairs = alike(programs, known_in(collected))
    write_whole(path, class_page(found, link, pairs, made))
    return path


def clusters(slug: str, exercise: str, root: Path | None) -> tuple[Collected, list[Cluster]]:
    """Wrong answers to an exercise that are those of no known mistake, numbered as on the page.

    Raises NothingKept.
    """
    marked = _class(slug, root, raw=True)
    made = [
        (report.student, one)
        for report in marked.reports()
        for one in report.exercises
        if one.name == exercise and is_unnamed(one)
    ]
    return marked.collected, list(numbered(exercise, made))


def report_term(root: Path, out: Path | None = None, done: Done = lambda name: None) -> Path:
    """Write the term page, with links to the pages of each lab that are there; its path.

    Raises NothingKept.
    """
    path = out or root / "results" / "term.html"
    found: list[TermLab] = []
    people: dict[str, Person] = {}
    for slug in labs(root):
        if kept(root, slug).entries():
            marked = _class(slug, root, raw=True)
            found.append(_in_term(marked, path.parent))
            people |= marked.booked.roster.people
        done(slug)
    if not found:
        raise NothingKept("nothing has been graded yet: run autograder grade LAB")
    write_whole(path, term_page(term(found, people), made_now()))
    return path


def class_page_of(results: Results) -> Path:
    """Where the class page of a lab lies."""
    return results.folder / "class.html"


def _in_term(marked: _Class, folder: Path) -> TermLab:
    """A lab as the term page has it.  folder: that of the page."""
    seen = insight(marked.collected, marked.reports(), (), marked.booked.marks)
    path = class_page_of(marked.results)
    pages = {one.name: path.parent / "class_files" / page_of(one.name) for one in seen.students}
    return TermLab(
        seen.lab,
        seen.title,
        seen.max_score,
        {one.name: one.mark for one in seen.students},
        seen.mistakes,
        _address(path, folder),
        {name: _address(page, folder) for name, page in pages.items()},
    )


def _address(file: Path, folder: Path) -> str:
    """The way to a page from a folder; nothing where it is not there."""
    return quote(os.path.relpath(file, folder)) if file.is_file() else ""


def _kept(slug: str, root: Path | None) -> tuple[Collected, Results]:
    collected = collect(slug, root)
    results = kept(collected.root, slug)
    if not results.entries():
        raise NothingKept(f"nothing of {slug} has been graded yet: run autograder grade {slug}")
    return collected, results


def page_of(student: str) -> str:
    """The name of a student's page: letters for people, a digest to make it the only one."""
    letters = re.sub(r"[^a-z0-9]+", "-", student.lower()).strip("-")[:40]
    return f"{letters or 'student'}-{digest(student)[:8]}.html"


def _lab_page(collected: Collected, folder: Path) -> dict[str, Section]:
    """The lab as students got it, as a page, and where each exercise stands in it."""
    notebook = collected.root / "release" / collected.slug / f"{collected.slug}.ipynb"
    cells = read(notebook).parts
    if not cells:
        return {}
    from nbconvert.exporters import HTMLExporter

    exporter: Any = cast(Any, HTMLExporter)()
    html, _ = exporter.from_filename(str(notebook))
    write_whole(folder / "lab.html", with_policy(html, policy(formulas=True)))
    texts = (cell.source if cell.kind == "markdown" else "" for cell in cells)
    return {
        cell.grade_id.removeprefix(CHECK): Section(place[0], f"lab.html#{quote(place[1])}")
        for cell, place in zip(cells, headings(texts), strict=True)
        if place and cell.grade_id.startswith(CHECK)
    }


def export(
    slug: str,
    kind: Kind,
    out: Path | None = None,
    root: Path | None = None,
    *,
    raw: bool = False,
    done: Done = lambda name: None,
) -> Path:
    """Write what is kept in another place's form; the file, or the folder with one per student.

    raw: the judge's own marks.  Raises NothingKept, GraderFault.
    """
    marked = _class(slug, root, raw or kind == "junit")
    folder = marked.results.folder
    if kind == "gradescope":
        return _gradescope(marked, out or folder / "gradescope", done)
    if kind == "pages":
        return _pages(marked, out or folder / "pages", done)
    path = out or folder / DEFAULTS[kind]
    write_whole(path, _one_file(marked, kind))
    return path


def as_text(slug: str, kind: Kind, root: Path | None = None, *, raw: bool = False) -> str:
    """What `export` would write, for the kinds that are one file."""
    text = _one_file(_class(slug, root, raw or kind == "junit"), kind)
    return text.decode("utf-8") if isinstance(text, bytes) else text


def into_roster(
    slug: str,
    kind: Kind,
    roster: Path,
    root: Path | None = None,
    *,
    column: str = "",
    raw: bool = False,
) -> Filled:
    """The gradebook that a platform has exported, with the marks of the lab in it.

    column: what the lab is called there.  Raises UsageError, GraderFault, CollectionError.
    """
    if kind not in COLUMNS:
        raise click.UsageError(f"--roster is for {', '.join(COLUMNS)}: leave it out")
    marked = _class(slug, root, raw)
    marks = [mark for _, mark in marked.marked()]
    try:
        data = roster.read_bytes()
        return filled(data, cast(Platform, kind), marks, marked.names(kind), column)
    except OSError as error:
        raise click.UsageError(f"{roster} cannot be read: {error.strerror}") from error
    except RosterError as error:
        raise CollectionError(f"{roster} is not filled in: {error}") from error


DEFAULTS = {
    "junit": "junit.xml",
    "csv": "marks.csv",
    "canvas": "canvas.csv",
    "moodle": "moodle.csv",
    "brightspace": "brightspace.csv",
}


@dataclass(frozen=True)
class _Class:
    """The reports that are kept, and what the gradebook has of their students."""

    collected: Collected
    results: Results
    booked: Booked
    raw: bool

    @functools.cached_property
    def withdrawn(self) -> frozenset[str]:
        """Students whom the gradebook has had and has no more."""
        return self.booked.roster.withdrawn(booked_once(self.collected.root))

    @functools.cached_property
    def rediagnosis(self) -> Rediagnosis:
        """Names for what had none when it was judged."""
        return Rediagnosis(self.collected)

    def reports(self) -> Iterator[LabReport]:
        """The report of everybody who was not withdrawn, one in memory at a time."""
        for report in self.results.latest():
            if report.student not in self.withdrawn:
                yield self.rediagnosis.of(report)

    def written(self) -> Iterator[tuple[LabReport, Mapping[str, Written]]]:
        """Each report with what lies there of the student's, by exercise."""
        from autograder.course.gradebook import Book

        book = Book(self.collected.slug, self.collected.root)
        folders = book.submissions()
        for report in self.reports():
            folder = folders.get(report.student)
            below = book.handed_in_below
            code = written_by(folder, self.collected, report.student, below) if folder else {}
            yield report, code

    def absent(self) -> list[Absent]:
        """Those in the gradebook's table of students of whom there is no report."""
        from autograder.course.gradebook import Book

        people = self.booked.roster.people
        missing = people.keys() - {report.student for report in self.results.latest()}
        if not missing:
            return []
        folders = Book(self.collected.slug, self.collected.root).submissions()
        came = folders.keys() | self.booked.marks.keys()
        return [
            Absent(people[name], NOT_GRADED_YET if name in came else NOT_HANDED_IN)
            for name in sorted(missing)
        ]

    def marked(self) -> Iterator[tuple[LabReport, Mark]]:
        """Every student's report with the mark that counts, one in memory at a time."""
        for report in self.reports():
            mark = self.booked.marks.get(report.student)
            if mark is None or self.raw:
                yield report, as_judged(report, mark.person if mark else None)
            else:
                look = mark.needs_review or bool(report.look_at)
                yield report, replace(mark, needs_review=look)

    @property
    def column(self) -> str:
        """What the lab is called in the gradebooks of others."""
        return f"{self.collected.lab.title} ({self.collected.slug})"

    def names(self, kind: Kind) -> list[str]:
        """What the lab may be called there; first what a new column is called."""
        names = [self.column, self.collected.lab.title, self.collected.slug]
        return [*map(in_brightspace, names), *names] if kind == "brightspace" else names


def _class(slug: str, root: Path | None, raw: bool) -> _Class:
    collected, results = _kept(slug, root)
    return _Class(collected, results, _known(slug, collected.root, raw), raw)


def _known(slug: str, root: Path, raw: bool) -> Booked:
    """What the gradebook has; for the judge's own marks it is of use and no need."""
    from autograder.course.gradebook import Booked, booked

    try:
        return booked(slug, root)
    except GraderFault:
        if raw:
            return Booked()
        raise


def _one_file(marked: _Class, kind: Kind) -> str | bytes:
    if kind == "junit":
        return junit_xml(marked.reports(), marked.results.judged_at())
    if kind == "canvas":
        return canvas_text(marked.column, [mark for _, mark in marked.marked()])
    if kind == "moodle":
        return moodle_text(marked.column, (mark for _, mark in marked.marked()))
    if kind == "brightspace":
        item = marked.names(kind)[0]
        return brightspace_text(item, (mark for _, mark in marked.marked()))
    names = [exercise.name for exercise in marked.collected.exercises]
    return csv_text(names, marked.marked(), marked.absent())


def _gradescope(marked: _Class, out: Path, done: Done) -> Path:
    """One results.json where there is one student and the name ends so; else one in a folder."""
    if out.suffix == ".json":
        found = list(marked.marked())
        if len(found) != 1:
            count = f"there are {len(found)} students"
            raise CollectionError(f"{out} is one file and {count}: name a folder")
        write_whole(out, results_json(*found[0]))
        return out
    for judged, mark in marked.marked():
        folder = out / page_of(judged.student).removesuffix(".html")
        write_whole(folder / "results.json", results_json(judged, mark))
        done(judged.student)
    return out


def _pages(marked: _Class, out: Path, done: Done) -> Path:
    """A zip for each student: their feedback as a page, and the lab that it leads to."""
    title, made = marked.collected.lab.title, made_now()
    with tempfile.TemporaryDirectory(prefix="autograder-pages-") as folder:
        sections = _lab_page(marked.collected, Path(folder))
        lab = {file.name: file.read_bytes() for file in Path(folder).glob("*.html")}
    for judged, code in marked.written():
        files = {
            "feedback.html": student_page(judged, title, sections, code, made).encode(),
            **lab,
        }
        name = page_of(judged.student).removesuffix(".html")
        write_whole(out / f"{name}.zip", _zipped(files))
        done(judged.student)
    return out


def _zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files, which is the same for the same files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()
