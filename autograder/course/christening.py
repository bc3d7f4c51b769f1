"""A cluster of wrong answers gets its name: written into the spec, and proved there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from autograder.chain.adopting import Adopted, adopted, draft, free_name
from autograder.course.grading import known_exercises
from autograder.course.publishing import clusters
from autograder.course.rediagnosis import Rediagnosis
from autograder.course.results import write_whole
from autograder.judge.sketch import agree
from autograder.pages.unnamed import Cluster
from autograder.spec.collection import Collected, CollectionError, collect
from autograder.spec.loading import forget


class NoSuchCluster(click.UsageError):
    """There is no cluster of that number, or nothing of it that can be written."""


@dataclass(frozen=True)
class Christening:
    """A mistake about to be written into a spec, and whose wrong answers it is to explain."""

    collected: Collected
    cluster: Cluster
    name: str
    text: Adopted

    @property
    def where(self) -> str:
        """The spec, from the course folder on."""
        return f"exercises/{self.collected.slug}/{self.cluster.exercise}.py"

    @property
    def path(self) -> Path:
        """The spec."""
        return self.collected.root / self.where

    def write(self) -> None:
        """Put it into the spec; what was there is restored if the spec no longer loads.

        Raises CollectionError, OSError.
        """
        before, mode = self.path.read_text("utf-8"), self.path.stat().st_mode & 0o777
        write_whole(self.path, self.text.spec, mode=mode)
        try:
            self._anew()
        except CollectionError:
            write_whole(self.path, before, mode=mode)
            forget(self.collected.root)
            raise

    def _anew(self) -> Collected:
        forget(self.collected.root)
        return collect(self.collected.slug, self.collected.root)

    def explains(self) -> bool:
        """Whether the mistake gives, as it stands in the spec, what the students gave."""
        collected = self._anew()
        exercise = next(one for one in collected.exercises if one.name == self.cluster.exercise)
        new = {one.name: one for one in exercise.mistakes if one.name == self.name}
        given = Rediagnosis(collected).sketches(exercise, new)[self.name]
        return given is not None and agree(given, self.cluster.sketch)


def christening(slug: str, exercise: str, number: int, name: str, root: Path) -> Christening:
    """What would be written; nothing is, yet.  name: "" for one that says that there is none.

    Raises Unknown, NothingKept, NoSuchCluster, CollectionError.
    """
    known_exercises(slug, root, [exercise])
    collected, found = clusters(slug, exercise, root)
    cluster = next((one for one in found if one.number == number), None)
    if cluster is None:
        there = f"its numbers are 1 to {len(found)}" if found else "it has none without a name"
        raise NoSuchCluster(
            f"{slug} {exercise} has no wrong answer of number {number}: {there}; "
            f"autograder report {slug} shows them on the class page"
        )
    if not cluster.programs:
        raise NoSuchCluster(
            f"of {slug} {exercise} {number} no program is kept, for each is too long: "
            f"write the mistake into exercises/{slug}/{exercise}.py yourself"
        )
    spec = collected.root / "exercises" / slug / f"{exercise}.py"
    known = next(one for one in collected.exercises if one.name == exercise)
    names = [mistake.name for mistake in known.mistakes]
    if name in names:
        raise CollectionError(
            f"exercises/{slug}/{exercise}.py has a mistake {name} already: choose another name"
        )
    text = adopted(
        spec.read_text("utf-8"),
        cluster.programs[0].program,
        exercise,
        name or free_name(names),
        draft(cluster.does),
        slug,
        [one.name for one in collected.exercises],
    )
    return Christening(collected, cluster, name or free_name(names), text)
