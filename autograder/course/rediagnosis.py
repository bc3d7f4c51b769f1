"""Mistakes that got their names after a class was judged: recognised in what is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from autograder.judge.common import common, of_mistake
from autograder.judge.feedback import renamed
from autograder.judge.report import ExerciseReport, LabReport
from autograder.judge.sketch import Sketch, agree
from autograder.sandbox.pool import Sandbox
from autograder.spec import Exercise, Mistake
from autograder.spec.collection import TODO, Collected


@dataclass(frozen=True)
class Rediagnosis:
    """What the mistakes of a lab give that were not known when it was judged.

    Each is called once, and only where a wrong answer without a name is kept from before it.
    """

    collected: Collected
    _given: dict[tuple[str, str], Sketch | None] = field(default_factory=dict)

    def of(self, report: LabReport) -> LabReport:
        """The report as it would be, had these been known; no student's code is run."""
        specs = {exercise.name: exercise for exercise in self.collected.exercises}
        exercises = tuple(
            self._named(one, specs[one.name]) if one.name in specs else one
            for one in report.exercises
        )
        return replace(report, exercises=exercises)

    def _named(self, report: ExerciseReport, exercise: Exercise) -> ExerciseReport:
        sketch = report.sketch
        if sketch is None or report.mistake is not None:
            return report
        new = {one.name: one for one in exercise.mistakes if one.name not in sketch.known}
        same = [
            new[name]
            for name, given in self.sketches(exercise, new).items()
            if given is not None and agree(given, sketch)
        ]
        return renamed(report, same[0], is_written(same[0])) if len(same) == 1 else report

    def sketches(self, exercise: Exercise, new: Mapping[str, Mistake]) -> dict[str, Sketch | None]:
        """What these mistakes give on the cases that are the same for everybody."""
        missing = [name for name in new if (exercise.name, name) not in self._given]
        if missing:
            collected = self.collected
            with Sandbox(
                collected.lab.arrays, isolation="process", course=collected.root
            ) as sandbox:
                oracle = common(collected, sandbox)
                try:
                    for name in missing:
                        found = of_mistake(exercise, oracle, name)
                        self._given[exercise.name, name] = found
                finally:
                    oracle.close()
        return {name: self._given[exercise.name, name] for name in new}


def is_written(mistake: Mistake) -> bool:
    """Whether what is said of a mistake is ready to be told to students."""
    return bool(mistake.when and mistake.look) and TODO not in f"{mistake.when} {mistake.look}"
