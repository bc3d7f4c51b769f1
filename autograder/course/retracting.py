"""A case that is taken back in the middle of a term, and marks without it from kept reports.

A kept report says how each case ended.  Where its marks follow from that, those without a case do,
too; where what students read was about that case, or a known mistake may have been missed for it,
the work is judged again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from autograder.course.table import Table
from autograder.judge.calls import property_of
from autograder.judge.feedback import NOTE
from autograder.judge.report import CaseReport, ExerciseReport, LabReport
from autograder.labcheck.message import earned
from autograder.spec import Case, Exercise
from autograder.spec.cases import cases_of
from autograder.spec.collection import Collected, CollectionError
from autograder.spec.retracted import FILE, HEAD, Retraction, all_rows

TABLE = Table(FILE, HEAD)
CLOSE = 1e-3
"""Points by which a mark that is worked out again may differ from the one that was given."""
STABLE = ("right", "skipped")


class Refused(Exception):  # noqa: N818 - a reason
    """Why a case cannot be taken back, in a sentence."""


def retract(
    collected: Collected,
    exercise: Exercise,
    name: str,
    why: str,
    unknown: Callable[[str, str, Collection[str]], Exception],
) -> None:
    """Take a case of an exercise back: it counts neither for nor against anybody from now on.

    collected: the lab with all its cases.  unknown: what is raised for a name that is none, of
    (what is missing, the name, those that there are).  Raises Refused, OSError.
    """
    cases = {case.name: case for case in cases_of(exercise, collected.lab)}
    if name not in cases:
        raise unknown(f"{exercise.name} has no case", name, list(cases))
    rows = all_rows(collected.root)
    taken = {row[2] for row in rows if row[:2] == [collected.slug, exercise.name]}
    if name in taken:
        raise Refused(f"the case {name!r} of {exercise.name} was taken back before ({FILE})")
    if not cases[name].hidden:
        where = f"exercises/{collected.slug}/{exercise.name}.py"
        raise Refused(f"students have the case {name!r}: mend it in {where}, and build the lab")
    others = [one for one in cases.values() if one.name not in {*taken, name}]
    if not any(one.value for one in others):
        raise Refused(f"{name!r} is the last case of {exercise.name} that gives points")
    like = [one.name for one in others if one.like == name]
    if like:
        raise Refused(f"the case {like[0]!r} of {exercise.name} is compared with {name!r}")
    TABLE.write([*rows, (collected.slug, exercise.name, name, why)], collected.root)


def restore(slug: str, exercise: str, name: str, root: Path) -> None:
    """Let a case count again.  Raises Refused where it was not taken back, OSError."""
    rows = all_rows(root)
    left = [row for row in rows if row[:3] != [slug, exercise, name]]
    if len(left) == len(rows):
        raise Refused(f"the case {name!r} of {exercise} counts: it was not taken back ({FILE})")
    TABLE.write(left, root)


def refuse_unknown(collected: Collected, taken: Sequence[Retraction]) -> None:
    """Raises CollectionError for a case taken back that its exercise does not have.

    collected: the lab with all its cases.
    """
    for exercise in collected.exercises:
        names = {one.case for one in taken if one.exercise == exercise.name}
        known = {case.name for case in cases_of(exercise, collected.lab)} if names else set()
        for name in sorted(names - known):
            raise CollectionError(f"{FILE}: {exercise.name} has no case {name!r}: delete its line")


# -- marks without a case ------------------------------------------------------------------------


def remarked(
    report: LabReport, collected: Collected, taken: Sequence[Retraction]
) -> LabReport | None:
    """A kept report without these cases; None where that is found out by judging again.

    collected: the lab with all its cases.
    """
    if report.unjudged:
        return None
    specs = {one.name: one for one in collected.exercises}
    left: list[ExerciseReport] = []
    for one in report.exercises:
        names = {each.case for each in taken if each.exercise == one.name}
        found = one
        if names and one.name in specs:
            cases = {case.name: case for case in cases_of(specs[one.name], collected.lab)}
            without = _without(one, cases, names)
            if without is None:
                return None
            found = without
        left.append(found)
    if any(_became_right(*pair) for pair in zip(report.exercises, left, strict=True)) and any(
        line.label == NOTE for one in left for line in one.lines
    ):
        return None  # a stand-in may have been used for what is right now
    notes = () if report.problem else tuple(each.told for each in taken)
    return replace(report, exercises=tuple(left), notes=(*report.notes, *notes))


def _without(
    report: ExerciseReport, cases: Mapping[str, Case], names: Collection[str]
) -> ExerciseReport | None:
    """An exercise's report without these cases, as it would have been; None where that is open."""
    if not any(case.name in names for case in report.cases):
        return report
    left = tuple(case for case in report.cases if case.name not in names)
    if any(case.name not in cases or _not_run(case) for case in report.cases):
        return None
    failing = [case for case in left if _failed(case)]
    if not failing:
        lines = tuple(line for line in report.lines if line.label == NOTE)
        return ExerciseReport(
            report.name, "right", report.max_score, report.max_score, lines=lines, cases=left
        )
    first = next(case for case in report.cases if _failed(case))
    named = report.mistake is not None and first is failing[0]
    if any(cases[case.name].observe == "arguments" for case in failing):
        return None  # such a case looks at the arguments of all calls
    share, before = _share(left, cases), _share(report.cases, cases)
    known = abs(before * report.max_score - (report.score or 0.0)) <= CLOSE
    same = (share > 0) == (before > 0)
    if not (named and known and same):
        return None
    return replace(report, score=round(share * report.max_score, 4), cases=left)


def _became_right(before: ExerciseReport, now: ExerciseReport) -> bool:
    return before.outcome != "right" and now.outcome == "right"


def _failed(case: CaseReport) -> bool:
    return case.outcome not in STABLE


def _not_run(case: CaseReport) -> bool:
    """Whether an end of the process left it open; what cannot run here has no message."""
    return case.outcome == "skipped" and bool(case.message)


def _share(reports: Sequence[CaseReport], cases: Mapping[str, Case]) -> float:
    """The part of the points, by how each case ended; see `autograder.labcheck.message.share`.

    What a report does not tell, as whether two failures are one fault, shows in the sum.
    """
    tried = [one for one in reports if one.outcome != "skipped"]
    if any(one.outcome == "forbidden" for one in tried):
        return 0.0
    values = [one for one in tried if cases[one.name].value]
    right = sum(not _failed(one) for one in values)
    faults = {
        property_of(cases[one.name]) for one in tried if _failed(one) and not cases[one.name].value
    }
    return earned(right / len(values), len(faults)) if values else 0.0
