"""A class in its course folder: grade what is new, keep it, book it, and tell about it."""

from __future__ import annotations

import contextlib
import difflib
import functools
import itertools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click

from autograder.course.finding import handed_in_by
from autograder.course.gradebook import Book, booked
from autograder.course.groups import groups, handed_on
from autograder.course.processes import (
    Reports,
    Setup,
    device_for,
    judge,
    judged_again,
    not_needed,
    not_waited_for,
    timed_out,
)
from autograder.course.rebooking import at_points, key_at_points
from autograder.course.results import (
    Entry,
    Results,
    booked_once,
    content_of,
    kept,
    key_of,
    make_folder,
)
from autograder.course.retracting import refuse_unknown, remarked
from autograder.judge.report import LabReport
from autograder.judge.submission import Submission, Unreadable
from autograder.pages.marks import Change
from autograder.pages.naming import told
from autograder.sandbox.errors import GraderFault
from autograder.spec import Exercise
from autograder.spec.collection import Collected, collect, course, lab, taken_back
from autograder.spec.retracted import Retraction

CHANGED = "the file changed while the class was graded: run this again"
MOST_NEAR = 5
"""How many names are offered for one that is not there."""

Step = Callable[[int, int, str], None]
"""Told of progress: (how many are done, of how many, the student that was)."""


class NothingHandedIn(click.UsageError):
    """There is no submission of the lab."""


class Unknown(click.UsageError):
    """A student or an exercise that is not there; the sentence lists what is near."""

    def __init__(self, what: str, name: str, known: Collection[str]) -> None:
        folded = {one.casefold(): one for one in known}
        near = difflib.get_close_matches(name.casefold(), folded, MOST_NEAR)
        offered = "did you mean" if near else "there are"
        names = [folded[one] for one in near] or sorted(known)[:MOST_NEAR]
        rest = "" if near or len(known) <= MOST_NEAR else f" and {len(known) - MOST_NEAR} more"
        super().__init__(f"{what} {name!r}; {offered} {', '.join(names)}{rest}")


@dataclass
class Graded:
    """What a run did.

    faults: submissions that the gradebook refused, one line each.  changes: totals that are others
    than before.  notes: what else it has changed in the gradebook.  withdrawn: who is left out,
    for the gradebook has them no more.  to_judge: who would be judged, where nobody was.
    """

    students: int
    judged: int = 0
    booked: int = 0
    review: int = 0
    faults: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    withdrawn: frozenset[str] = frozenset()
    to_judge: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Asked:
    """What of a class to grade.

    force: judge again what is kept.  students, exercises: only these; all where there is none.
    rebook: judge nothing, and book what is kept at the points of now.  dry: judge, keep and book
    nothing, and find out what would be.
    """

    force: bool = False
    students: tuple[str, ...] = ()
    exercises: tuple[str, ...] = ()
    rebook: bool = False
    dry: bool = False


ALL = Asked()

Before = tuple[str, tuple[Retraction, ...]]
"""What determined verdicts before some cases were taken back, and these."""


def grade_class(
    slug: str,
    secret: bytes,
    *,
    jobs: int = 1,
    isolation: Any = "walls",
    device: str = "auto",
    scheduler: str | None = None,
    root: Path | None = None,
    asked: Asked = ALL,
    step: Step = lambda done, most, name: None,
) -> Graded:
    """Grade all of submitted/*/LAB/ into the gradebook; only what is new or changed is judged.

    Each report is kept as soon as it is there, so that a run that was cut short goes on where it
    was.  Raises NothingHandedIn, Unknown, GraderFault.
    """
    root = course(root)
    known_exercises(slug, root, asked.exercises)
    setup = Setup(slug, root, secret, isolation, device_for(device, lab(slug, root).arrays))
    book = Book(slug, root, dry=asked.dry)
    together = _handed_on(book, asked)
    folders = book.submissions()
    if not folders and not book.unnamed:
        raise NothingHandedIn(
            f"there is nothing to grade in {book.coursedir.submitted_directory}/*/{slug}/: "
            "collect the submissions first, or name files"
        )
    withdrawn = _withdrawn(slug, root, folders) - {*asked.students}
    chosen = _chosen(slug, folders, asked.students)
    chosen = {name: folder for name, folder in chosen.items() if name not in withdrawn}
    graded = Graded(len(chosen), withdrawn=withdrawn)
    if withdrawn and not asked.students:
        graded.notes.append(_left_out(withdrawn))
    graded.notes += together
    rules, before = setup.fingerprint(), _before(setup)
    run = _Run(book, kept(root, slug), setup, rules, graded, step, asked, before)
    for name in book.unnamed:
        graded.notes.append(f"{name}: the folder's name is not a line of UTF-8: rename it")
    graded.review += len(book.unnamed)
    run.leave_out(folders)
    if asked.rebook or asked.dry:
        return _unjudged(run, chosen)
    with contextlib.suppress(OSError):  # told of where the first report does not fit
        make_folder(root / "results")
    reports = _judge(run.new(chosen), setup, jobs, scheduler)
    with not_waited_for(), book:
        graded.notes += book.notes
        beside_others = jobs > 1 or scheduler is not None
        slow: list[tuple[Submission, LabReport]] = []
        partly = replace(setup, only=frozenset(asked.exercises))
        again = (each for part in [run.again()] for each in _judge(part, partly, jobs, scheduler))
        for submission, report in itertools.chain(reports, again):
            if beside_others and timed_out(report):
                slow.append((submission, report))
            else:
                run.judged(submission, report)
            run.enter_known()
        run.enter_known()
        for submission, report in slow:
            alone = replace(setup, only=timed_out(report))
            for _, new in _judge(iter([submission]), alone, 1, scheduler):
                run.judged(submission, judged_again(report, new))
        graded.changes = book.changes(run.fresh)
    return graded


def _before(setup: Setup) -> tuple[Before, ...]:
    """What would determine verdicts with fewer cases taken back, the latest first.

    Raises CollectionError for cases taken back that are not there.
    """
    taken = taken_back(setup.slug, setup.root)
    if taken:
        collect(setup.slug, setup.root)
        refuse_unknown(collect(setup.slug, setup.root, whole=True), taken)
    return tuple(
        (setup.with_retracted(taken[:size]), taken[size:]) for size in reversed(range(len(taken)))
    )


def _handed_on(book: Book, asked: Asked) -> list[str]:
    """What groups have handed in once goes to all of them; what was done."""
    slug, root, folders = book.slug, book.root, book.submissions()
    everybody = {student for students in groups(slug, root) for student in students}
    without = _withdrawn(slug, root, everybody) if everybody else frozenset()
    dry = asked.dry or asked.rebook
    try:
        return handed_on(slug, root, folders, book.folder_of, without=without, dry=dry)
    except (OSError, Unreadable) as error:
        raise GraderFault(f"what a group handed in cannot be copied: {error}") from error


def _unjudged(run: _Run, folders: Mapping[str, Path]) -> Graded:
    """What a run does that judges nothing; where it is dry, what it would do."""
    graded, book = run.graded, run.book
    if run.asked.rebook:
        graded.to_judge = run.stored(folders, collect(run.setup.slug, run.setup.root).exercises)
    else:
        graded.to_judge = [submission.student for submission in run.new(folders)]
        graded.to_judge += run.partly
    if run.asked.dry and not book.is_there:
        return graded
    with book:
        graded.notes += book.notes
        run.enter_known()
        graded.changes = book.changes(())
    return graded


def known_exercises(slug: str, root: Path | None, names: Collection[str]) -> None:
    """Raises Unknown for a name that is no exercise of the lab."""
    known = [exercise.name for exercise in collect(slug, root).exercises] if names else []
    for name in names:
        if name not in known:
            raise Unknown(f"{slug} has no exercise", name, known)


def _withdrawn(slug: str, root: Path, folders: Collection[str]) -> frozenset[str]:
    """Who has handed in, was booked, and was taken out of the gradebook."""
    once = booked_once(root) & {*folders}
    return booked(slug, root).roster.withdrawn(once) if once else frozenset()


def _left_out(withdrawn: Collection[str]) -> str:
    named = sorted(map(told, withdrawn))
    rest = f" and {len(named) - MOST_NEAR} more" if len(named) > MOST_NEAR else ""
    return (
        f"left out, for the gradebook has them no more: {', '.join(named[:MOST_NEAR])}{rest}; "
        "--student NAME takes one back in"
    )


def _chosen(
    slug: str, folders: Mapping[str, Path], students: Collection[str]
) -> Mapping[str, Path]:
    for name in students:
        if name not in folders:
            raise Unknown(f"nothing of {slug} was handed in by", name, folders)
    return {name: folder for name, folder in folders.items() if name in students or not students}


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
    """One run over a class: what was kept is booked, then what is judged, as it comes.

    before: what would determine verdicts if fewer cases had been taken back.  partly: submissions
    of which only some exercises are judged again, with the kept report.  fresh: who was judged in
    this run.
    """

    book: Book
    results: Results
    setup: Setup
    rules: str
    graded: Graded
    step: Step
    asked: Asked = ALL
    before: tuple[Before, ...] = ()
    done: int = 0
    keys: dict[str, str] = field(default_factory=dict)
    contents: dict[str, str] = field(default_factory=dict)
    known: list[tuple[Path, LabReport]] = field(default_factory=list)
    partly: dict[str, tuple[Path, LabReport]] = field(default_factory=dict)
    fresh: set[str] = field(default_factory=set)

    def leave_out(self, folders: Mapping[str, Path]) -> None:
        """Forget students whose submission was taken away."""
        for entry in self.results.entries():
            if entry.student not in folders and not self.asked.dry:
                self.results.forget(entry.student)

    def new(self, folders: Mapping[str, Path]) -> Iterator[Submission]:
        """What is to be judged, each read when it is asked for; of the rest reports are known."""
        for student, folder in folders.items():
            submission = self._handed_in(folder, student)
            key = self.keys[student] = key_of(submission, self.rules)
            self.contents[student] = content_of(submission)
            report = self.results.report(key) or self._without_cases(submission)
            if report is not None and self._partly(report):
                self.partly[student] = (folder, report)
            elif report is None or report.unjudged or self.asked.force:
                yield submission
            else:
                self.known.append((folder, report))

    def _without_cases(self, submission: Submission) -> LabReport | None:
        """What was judged with cases taken back since, without them, if that is known."""
        if self.asked.force:
            return None
        for rules, taken in self.before:
            report = self.results.report(key_of(submission, rules))
            now = remarked(report, self._whole, taken) if report else None
            if now is not None:
                if not self.asked.dry:
                    self.results.keep(self.keys[submission.student], now)
                return now
        return None

    @functools.cached_property
    def _whole(self) -> Collected:
        return collect(self.setup.slug, self.setup.root, whole=True)

    def stored(self, folders: Mapping[str, Path], exercises: Sequence[Exercise]) -> list[str]:
        """Make the last report of each student known, at these points; who has none that fits."""
        without = []
        for student, folder in folders.items():
            submission, entry = self._handed_in(folder, student), self.results.entry(student)
            self.contents[student] = content_of(submission)
            report = self.results.report(entry.key) if entry else None
            now = at_points(report, exercises) if report else None
            if entry and report and now and self._is_of(entry, submission):
                key = self.keys[student] = key_at_points(entry.key, report, now)
                if key != entry.key and not self.asked.dry:
                    self.results.keep(key, now)
                self.known.append((folder, now))
            else:
                without.append(student)
        return without

    def _is_of(self, entry: Entry, submission: Submission) -> bool:
        """Whether an entry is of what is handed in now."""
        if entry.content:
            return entry.content == self.contents[entry.student]
        return entry.key == key_of(submission, self.rules)

    def again(self) -> Iterator[Submission]:
        """What is to be judged in part, each read when it is asked for."""
        for student, (folder, _) in self.partly.items():
            submission = self._handed_in(folder, student)
            if key_of(submission, self.rules) == self.keys[student]:
                yield submission
            else:
                self.graded.faults.append(f"{told(student)}: {CHANGED}")

    def _handed_in(self, folder: Path, student: str) -> Submission:
        setup, below = self.setup, self.book.handed_in_below
        return handed_in_by(folder, setup.slug, student, setup.root, below=below)

    def _partly(self, report: LabReport) -> bool:
        """Whether the exercises that are asked for are all that is to be judged again."""
        others = [one for one in report.exercises if one.name not in self.asked.exercises]
        return bool(self.asked.exercises) and all(one.outcome != "not_graded" for one in others)

    def judged(self, submission: Submission, report: LabReport) -> None:
        """Keep and book a new report of what was read and judged."""
        if submission.student in self.partly:
            report = judged_again(self.partly[submission.student][1], report)
        self.results.keep(self.keys[submission.student], report)
        self.graded.judged += 1
        self.fresh.add(submission.student)
        self._enter(report, lambda: submission)

    def enter_known(self) -> None:
        """Book the reports that were kept, as far as they are not booked."""
        while self.known:
            folder, report = self.known.pop(0)
            self._enter(report, functools.partial(self._handed_in, folder, report.student))

    def _enter(self, report: LabReport, submission: Callable[[], Submission]) -> None:
        """Book a report, unless it is booked, and count it."""
        if not self._is_booked(report):
            self._book(submission(), report)
        elif fault := self.book.settle(report.student):
            self.graded.faults.append(f"{told(report.student)}: {fault}")
        del self.keys[report.student], self.contents[report.student]  # of very many, too much
        self.graded.review += report.needs_review
        self.done += 1
        self.step(self.done, self.graded.students, report.student)

    def _is_booked(self, report: LabReport) -> bool:
        entry, due = self.results.entry(report.student), self._entry(report)
        if entry and not entry.content:  # of an earlier version
            entry = replace(entry, content=due.content)
        return entry == due and self.book.agrees(report)

    def _entry(self, report: LabReport) -> Entry:
        """What is kept of a student once a report is booked."""
        student = report.student
        token = self.book.token(report)
        return Entry(student, self.keys[student], token, self.contents[student])

    def _book(self, submission: Submission, report: LabReport) -> None:
        student, fault = report.student, CHANGED
        if content_of(submission) == self.contents[student]:
            fault = self.book.enter(submission, report) or ""
        token = "" if fault else self.book.token(report)
        if not self.asked.dry:
            entry = Entry(student, self.keys[student], token, self.contents[student])
            self.results.assign(entry)
        if fault:
            self.graded.faults.append(f"{told(student)}: {fault}")
        else:
            self.graded.booked += 1
