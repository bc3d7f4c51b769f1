"""One exercise as judged: its cases, the known mistake, and what ended it early."""

from __future__ import annotations

from dataclasses import dataclass, field

from autograder.judge.report import Outcome
from autograder.judge.sketch import Sketch
from autograder.labcheck.own import Own
from autograder.labcheck.verdict import Trial
from autograder.spec import Exercise


@dataclass(frozen=True)
class Judgement:
    """One exercise as judged: its cases, the known mistake, and what ended it early.

    share: the part of the points that was earned.  reason: what ended it before its cases did.
    given: names of the functions that were answered in the student's stead.  own: what the
    program's text names.  said: what the program does, where no known mistake is recognised;
    sketch: what it gives there on cases that are the same for everybody.
    """

    exercise: Exercise
    trials: tuple[Trial, ...]
    outcome: Outcome
    share: float
    mistake: str | None = None
    reason: str = ""
    given: tuple[str, ...] = ()
    own: Own = field(default_factory=Own)
    said: str = ""
    sketch: Sketch | None = None

    @staticmethod
    def without_cases(exercise: Exercise, outcome: Outcome, reason: str = "") -> Judgement:
        """An exercise that ended before its cases did, and earns nothing."""
        return Judgement(exercise, (), outcome, 0.0, reason=reason)
