"""What is kept of a class, written for people and other places: pages, Gradescope, JUnit, CSV."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import click

from autograder.course.results import Results, digest, kept, write_whole
from autograder.judge.submission import CHECK, read
from autograder.pages.class_page import class_page
from autograder.pages.gradescope import results_json
from autograder.pages.insight import insight
from autograder.pages.junit import junit_xml
from autograder.pages.overview import headings
from autograder.pages.sheet import csv_text
from autograder.pages.student_page import Section, student_page
from autograder.spec.collection import Collected, CollectionError, collect

Done = Callable[[str], None]


class NothingKept(click.UsageError):
    """Nothing of the lab has been graded."""


def report(
    slug: str, out: Path | None = None, root: Path | None = None, done: Done = lambda name: None
) -> Path:
    """Write the class page, and beside it a folder with a page for each student; its path.

    Raises NothingKept.
    """
    collected, results = _kept(slug, root)
    path = out or results.folder / "class.html"
    beside = path.with_name(f"{path.stem}_files")
    sections = _lab_page(collected, beside)
    for judged in results.latest():
        html = student_page(judged, collected.lab.title, sections)
        write_whole(beside / _file(judged.student), html)
        done(judged.student)
    link = lambda student: f"{quote(beside.name)}/{_file(student)}"  # noqa: E731
    write_whole(path, class_page(insight(collected, results.latest()), link))
    return path


def _kept(slug: str, root: Path | None) -> tuple[Collected, Results]:
    collected = collect(slug, root)
    results = kept(collected.root, slug)
    if not results.entries():
        raise NothingKept(f"nothing of {slug} has been graded yet: run autograder grade {slug}")
    return collected, results


def _file(student: str) -> str:
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
    write_whole(folder / "lab.html", html)
    texts = (cell.source if cell.kind == "markdown" else "" for cell in cells)
    return {
        cell.grade_id.removeprefix(CHECK): Section(place[0], f"lab.html#{quote(place[1])}")
        for cell, place in zip(cells, headings(texts), strict=True)
        if place and cell.grade_id.startswith(CHECK)
    }


def export(
    slug: str,
    kind: str,
    out: Path | None = None,
    root: Path | None = None,
    done: Done = lambda name: None,
) -> Path:
    """Write what is kept in another place's form; the file, or the folder for Gradescope.

    Raises NothingKept.
    """
    collected, results = _kept(slug, root)
    if kind == "gradescope":
        return _gradescope(results, out or results.folder / "gradescope", done)
    text, default = _one_file(collected, results, kind)
    path = out or results.folder / default
    write_whole(path, text)
    return path


def as_text(slug: str, kind: str, root: Path | None = None) -> str:
    """What `export` would write, for the kinds that are one file."""
    text, _ = _one_file(*_kept(slug, root), kind)
    return text.decode("utf-8") if isinstance(text, bytes) else text


def _one_file(collected: Collected, results: Results, kind: str) -> tuple[str | bytes, str]:
    if kind == "junit":
        return junit_xml(results.latest()), "junit.xml"
    names = [exercise.name for exercise in collected.exercises]
    return csv_text(names, results.latest()), "marks.csv"


def _gradescope(results: Results, out: Path, done: Done) -> Path:
    """One results.json where there is one student and the name ends so; else one in a folder."""
    if out.suffix == ".json":
        reports = list(results.latest())
        if len(reports) != 1:
            count = f"there are {len(reports)} students"
            raise CollectionError(f"{out} is one file and {count}: name a folder")
        write_whole(out, results_json(reports[0]))
        return out
    for judged in results.latest():
        folder = out / _file(judged.student).removesuffix(".html")
        write_whole(folder / "results.json", results_json(judged))
        done(judged.student)
    return out
