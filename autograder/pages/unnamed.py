"""Wrong answers that no known mistake gives: who has the same, and who has one alone."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from autograder.judge.feedback import DOES
from autograder.judge.report import ExerciseReport
from autograder.judge.sketch import Sketch, groups
from autograder.pages.card import first_thing

SHOWN = 2
"""How many programs of a cluster stand side by side."""


@dataclass(frozen=True)
class Written:
    """What a student wrote, without comments and docstrings; it is shown only escaped."""

    student: str
    program: str


@dataclass(frozen=True)
class Cluster:
    """Students whose wrong answers are equal, and are those of no known mistake.

    number: by which it is named, from 1 on in its exercise.  does: a sentence on what comes out.
    programs: different ones, the smallest first.  sketch: what comes out on the common cases.
    """

    exercise: str
    number: int
    students: tuple[str, ...]
    does: str
    programs: tuple[Written, ...]
    sketch: Sketch

    @property
    def alone(self) -> bool:
        """Whether nobody else gives the same."""
        return len(self.students) == 1


@dataclass(frozen=True)
class NotCompared:
    """Students of whose wrong answers only the words can be compared.

    They have raised, or their values are right, here or on the common cases, or come from a
    training.
    """

    exercise: str
    does: str
    students: tuple[str, ...]


@dataclass(frozen=True)
class Unnamed:
    """All wrong answers of a class that are those of no known mistake, as the lab goes."""

    clusters: tuple[Cluster, ...] = ()
    not_compared: tuple[NotCompared, ...] = ()

    @property
    def shared(self) -> list[Cluster]:
        """What several have in common, the commonest first."""
        shared = [one for one in self.clusters if not one.alone]
        return sorted(shared, key=lambda one: -len(one.students))

    @property
    def alone(self) -> list[Cluster]:
        """What one student has alone."""
        return [one for one in self.clusters if one.alone]


Made = tuple[str, ExerciseReport]
"""A student, and the report of one of their exercises."""


def is_unnamed(exercise: ExerciseReport) -> bool:
    """Whether an answer is wrong, and not as a known mistake has it."""
    return exercise.outcome in ("wrong", "partly", "error") and exercise.mistake is None


def unnamed(order: Sequence[str], made: Mapping[str, Sequence[Made]]) -> Unnamed:
    """The answers put together, by exercise.  order: the exercises as the lab goes."""
    return Unnamed(
        tuple(one for name in order for one in numbered(name, made.get(name, ()))),
        tuple(one for name in order for one in _not_compared(name, made.get(name, ()))),
    )


def numbered(name: str, made: Sequence[Made]) -> Iterator[Cluster]:
    """Who has the same in one exercise, the most first."""
    sketched = [(student, one, one.sketch) for student, one in made if one.sketch]
    sketched.sort(key=lambda it: (len(it[2].program) or math.inf, it[2].program, it[0]))
    together = groups([sketch for *_, sketch in sketched])
    for number, places in enumerate(together, 1):
        members = [sketched[place] for place in places]
        yield Cluster(
            name,
            number,
            tuple(sorted(student for student, *_ in members)),
            _commonest([_does(exercise) for _, exercise, _ in members]),
            tuple(_different(Written(student, it.program) for student, _, it in members)),
            members[0][2],
        )


def _different(written: Iterable[Written]) -> Iterator[Written]:
    """The first programs, each once; none that is not kept."""
    seen: set[str] = {""}
    for one in written:
        if one.program not in seen and len(seen) <= SHOWN:
            seen.add(one.program)
            yield one


def _does(exercise: ExerciseReport) -> str:
    """The sentence on what a program does; "" where none was found."""
    return next((line.text for line in exercise.lines if line.label == DOES), "")


def _commonest(texts: Sequence[str]) -> str:
    """The sentence that is said most often; the first of several."""
    said = Counter(filter(None, texts))
    return max(said, key=lambda text: said[text]) if said else ""


def _not_compared(name: str, made: Sequence[Made]) -> Iterator[NotCompared]:
    alike: dict[str, list[str]] = defaultdict(list)
    for student, exercise in made:
        if exercise.sketch is None:
            alike[_does(exercise) or first_thing(exercise)].append(student)
    for text, students in sorted(alike.items(), key=lambda it: (-len(it[1]), it[0])):
        yield NotCompared(name, text, tuple(students))
