"""A class in its course folder: grade what is new, keep it, book it, and tell about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from autograder.course.gradebook import Book
from autograder.course.handin import handed_in
from autograder.course.processes import Setup, Work, device_for, judge, not_needed
from autograder.course.results import Entry, Results, kept, key_of
from autograder.judge.report import LabReport
from autograder.judge.submission import read
from autograder.spec.collection import course, lab

Step = Callable[[int, int, str], None]
"""Told of progress: (how many are done, of how many, the student that was)."""


class NothingHandedIn(click.UsageError):
    """There is no submission of the lab."""


@dataclass
class Graded:
    """What a run did.  faults: submissions that the gradebook refused, one line each."""

    students: int
    judged: int = 0
    booked: int = 0
    review: int = 0
    faults: list[str] = field(default_factory=list)


def grade_class(
    slug: str,
    secret: bytes,
    *,
    jobs: int = 1,
    isolation: Any = "walls",
    device: str = "auto",
    scheduler: str | None = None,
    root: Path | None = None,
    step: Step = lambda done, most, name: None,
) -> Graded:
    """Grade all of submitted/*/LAB/ into the gradebook; only what is new or changed is judged.

    Each report is kept as soon as it is there, so that a run that was cut short goes on where it
    was.  Raises NothingHandedIn, GraderFault.
    """
    root = course(root)
    where = device_for(device, lab(slug, root).arrays)
    setup = Setup(slug, root, secret, isolation, where)
    book = Book(slug, root)
    found = book.submissions()
    if not found:
        raise NothingHandedIn(
            f"there is nothing to grade in {book.coursedir.submitted_directory}/*/{slug}/: "
            "collect the submissions first, or name files"
        )
    run = _Run(book, kept(root, slug), Graded(len(found)), step)
    run.leave_out(found)
    known, new = run.sorted_out(found, setup)
    work = [(path, student) for path, student, _ in new]
    reports = _judge(work, setup, jobs, scheduler)
    with book:
        for key in known:
            run.enter(key)
        for place, report in reports:
            run.judged(new[place][2], report)
    return run.graded


def _judge(
    work: Work, setup: Setup, jobs: int, scheduler: str | None
) -> Iterator[tuple[int, LabReport]]:
    if not work:
        not_needed()
    if scheduler is None or not work:
        return judge(work, setup, jobs)
    from autograder.course.cluster import judge_on

    return judge_on(scheduler, work, setup)


@dataclass
class _Run:
    """One run over a class: what was kept is booked, then what is judged, as it comes."""

    book: Book
    results: Results
    graded: Graded
    step: Step
    done: int = 0

    def leave_out(self, found: Mapping[str, Path]) -> None:
        """Forget students whose submission was taken away."""
        for entry in self.results.entries():
            if entry.student not in found:
                self.results.forget(entry.student)

    def sorted_out(
        self, found: Mapping[str, Path], setup: Setup
    ) -> tuple[list[str], list[tuple[Path, str, str]]]:
        """The keys of reports that are kept, and (file, student, key) of what is to be judged."""
        known, new, mark = [], [], setup.fingerprint()
        for student, folder in found.items():
            path = handed_in(folder, setup.slug)
            key = key_of(read(path, student), mark)
            report = self.results.report(key)
            if report is None or report.needs_review:
                new.append((path, student, key))
            else:
                known.append(key)
        return known, new

    def enter(self, key: str) -> None:
        """Book a report that is kept."""
        report = self.results.report(key)
        if report is not None:
            self._enter(key, report)

    def judged(self, key: str, report: LabReport) -> None:
        """Keep and book a new report."""
        self.results.keep(key, report)
        self.graded.judged += 1
        self._enter(key, report)

    def _enter(self, key: str, report: LabReport) -> None:
        student, token = report.student, self.book.token(report)
        if self.results.entry(student) != Entry(student, key, token) or not self.book.has(student):
            fault = self.book.enter(student, report)
            self.results.assign(Entry(student, key, "" if fault else token))
            if fault:
                self.graded.faults.append(f"{student}: {fault}")
            else:
                self.graded.booked += 1
        self.graded.review += report.needs_review
        self.done += 1
        self.step(self.done, self.graded.students, student)
