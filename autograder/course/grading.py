"""A class in its course folder: grade what is new, keep it, book it, and tell about it."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from autograder.course.gradebook import Book
from autograder.course.handin import handed_in
from autograder.course.processes import Reports, Setup, device_for, judge, not_needed
from autograder.course.results import Entry, Results, kept, key_of
from autograder.judge.report import LabReport
from autograder.judge.submission import Submission, read
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
    setup = Setup(slug, root, secret, isolation, device_for(device, lab(slug, root).arrays))
    book = Book(slug, root)
    folders = book.submissions()
    if not folders:
        raise NothingHandedIn(
            f"there is nothing to grade in {book.coursedir.submitted_directory}/*/{slug}/: "
            "collect the submissions first, or name files"
        )
    run = _Run(book, kept(root, slug), setup, setup.fingerprint(), Graded(len(folders)), step)
    run.leave_out(folders)
    reports = _judge(run.new(folders), setup, jobs, scheduler)
    with book:
        for submission, report in reports:
            run.judged(submission, report)
            run.enter_known()
        run.enter_known()
    return run.graded


def _judge(work: Iterator[Submission], setup: Setup, jobs: int, scheduler: str | None) -> Reports:
    first = next(work, None)
    if first is None:
        not_needed()
        return iter(())
    work = itertools.chain([first], work)
    if scheduler is None:
        return judge(work, setup, jobs)
    from autograder.course.cluster import judge_on

    return judge_on(scheduler, work, setup)


@dataclass
class _Run:
    """One run over a class: what was kept is booked, then what is judged, as it comes."""

    book: Book
    results: Results
    setup: Setup
    rules: str
    graded: Graded
    step: Step
    done: int = 0
    keys: dict[str, str] = field(default_factory=dict)
    known: list[tuple[Path, LabReport]] = field(default_factory=list)

    def leave_out(self, folders: Mapping[str, Path]) -> None:
        """Forget students whose submission was taken away."""
        for entry in self.results.entries():
            if entry.student not in folders:
                self.results.forget(entry.student)

    def new(self, folders: Mapping[str, Path]) -> Iterator[Submission]:
        """What is to be judged, each read when it is asked for; of the rest reports are known."""
        for student, folder in folders.items():
            path = handed_in(folder, self.setup.slug)
            submission = read(path, student)
            key = self.keys[student] = key_of(submission, self.rules)
            report = self.results.report(key)
            if report is None or report.unjudged:
                yield submission
            else:
                self.known.append((path, report))

    def judged(self, submission: Submission, report: LabReport) -> None:
        """Keep and book a new report of what was read and judged."""
        self.results.keep(self.keys[submission.student], report)
        self.graded.judged += 1
        self._enter(report, lambda: submission)

    def enter_known(self) -> None:
        """Book the reports that were kept, as far as they are not booked."""
        while self.known:
            path, report = self.known.pop(0)
            self._enter(report, functools.partial(read, path, report.student))

    def _enter(self, report: LabReport, submission: Callable[[], Submission]) -> None:
        """Book a report, unless it is booked, and count it."""
        if not self._is_booked(report):
            self._book(submission(), report)
        self.graded.review += report.needs_review
        self.done += 1
        self.step(self.done, self.graded.students, report.student)

    def _is_booked(self, report: LabReport) -> bool:
        student = report.student
        entry = Entry(student, self.keys[student], self.book.token(report))
        return self.results.entry(student) == entry and self.book.has(student)

    def _book(self, submission: Submission, report: LabReport) -> None:
        student, key = report.student, self.keys[report.student]
        fault: str | None = "the file changed while the class was graded: run this again"
        if key_of(submission, self.rules) == key:
            fault = self.book.enter(submission, report)
        self.results.assign(Entry(student, key, "" if fault else self.book.token(report)))
        if fault:
            self.graded.faults.append(f"{student}: {fault}")
        else:
            self.graded.booked += 1
