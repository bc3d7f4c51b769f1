"""Finds the labs and their exercises; nothing is registered, and what does not fit is refused.

A course is a folder with solutions/ and exercises/.  A lab is a file solutions/<lab>.py; its
exercises are the cells marked `# %% exercise="name"`, each with a spec exercises/<lab>/<name>.py.
A course may have a summary beside its labs: solutions/summary.py, with cells marked topic="name".
A process sees a file as it was when first collected.
"""

from __future__ import annotations

import math
import re
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

from autograder.spec.cases import automatic_names
from autograder.spec.loading import PACKAGES, load
from autograder.spec.retracted import Retraction, retractions, without_all
from autograder.spec.vocabulary import Exercise, Lab

FULL_MARKS = 100.0

SLUG = re.compile(r"[a-z][a-z0-9_]{0,39}")
_MISTAKE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_CELL = re.compile(r'^# %%\s.*\bexercise="([^"]*)"')
_TOPIC = re.compile(r'^# %%\s.*\btopic="([^"]*)"')

SUMMARY = "summary"
"""What a course has to revise from: solutions/summary.py, with cells marked topic="…"."""


class CollectionError(Exception):
    """A lab that does not fit together; one line that names the file and the way out."""


@dataclass(frozen=True)
class Collected:
    """A lab with its exercises in the order of their cells; root: the course folder it is from.

    The points of the exercises add up to FULL_MARKS, whatever their weights.  retracted: the cases
    that were taken back, and are in no exercise any more.
    """

    slug: str
    lab: Lab
    exercises: tuple[Exercise, ...]
    root: Path
    retracted: tuple[Retraction, ...] = ()

    @property
    def points(self) -> float:
        """What the lab's exercises are worth together."""
        return math.fsum(exercise.points for exercise in self.exercises)


def course(root: Path | None = None) -> Path:
    """The course folder: `root`, or the nearest parent of the working folder with solutions/.

    Raises CollectionError where that is no course.
    """
    if root is not None:
        if not (root / "solutions").is_dir():
            raise CollectionError(f"{root} is no course: there is no folder solutions/ in it")
        return root.resolve()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "solutions").is_dir():
            return folder.resolve()
    raise CollectionError(
        f"{here} is in no course, for neither it nor a folder above it has solutions/: "
        "go into one, say --course DIR, or begin one with autograder new course DIR"
    )


def labs(root: Path | None = None) -> list[str]:
    """The slugs of all labs, sorted; raises CollectionError for a file name that is no slug.

    A file of solutions/ without an exercise and without specs is no lab, but somebody's own.
    """
    folder = course(root)
    files = sorted((folder / "solutions").glob("*.py"))
    slugs = [file.stem for file in files if _is_lab(file, folder)]
    for slug in slugs:
        _valid(slug, f"solutions/{slug}.py")
    return slugs


def _is_lab(file: Path, folder: Path) -> bool:
    if (folder / "exercises" / file.stem).is_dir():
        return True
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return any(map(_CELL.match, lines))


def topics(root: Path) -> list[str]:
    """The topics of a course's summary in their order; none where it has no summary.

    A file solutions/summary.py without a topic is somebody's own, and one with specs is a lab.
    """
    file = root / "solutions" / f"{SUMMARY}.py"
    if not file.is_file() or _is_lab(file, root):
        return []
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return [match[1] for match in map(_TOPIC.match, lines) if match]


def specified(slug: str, root: Path) -> bool:
    """Whether a course has an assignment as a lab of ours; nbgrader's others may stand beside."""
    files = (f"solutions/{slug}.py", f"exercises/{slug}/__init__.py")
    return all((root / file).is_file() for file in files)


def orphans(root: Path | None = None) -> list[str]:
    """What is wrong with the collection as a whole: specs of labs that do not exist."""
    known = labs(root)
    folders = course(root).glob("exercises/*/__init__.py")
    return [
        f"exercises/{slug}/ has specs, but there is no solutions/{slug}.py: "
        "write it, or delete the folder"
        for slug in sorted(file.parent.name for file in folders)
        if slug not in known
    ]


def lab(slug: str, root: Path | None = None) -> Lab:
    """What the exercises of a lab share; cheap, for it imports no solution."""
    root = course(root)
    if not (root / "solutions" / f"{slug}.py").is_file():
        known = ", ".join(labs(root)) or "none yet"
        raise CollectionError(f"there is no solutions/{slug}.py: the labs are {known}")
    _valid(slug, f"solutions/{slug}.py")
    where = f"exercises/{slug}/__init__.py"
    if not (root / where).is_file():
        raise CollectionError(f"{where} is missing: write it with LAB = Lab(title=…, arrays=…)")
    shared = getattr(_load(f"exercises.{slug}", where, root), "LAB", None)
    if not isinstance(shared, Lab):
        raise CollectionError(f"{where} must set LAB = Lab(…)")
    for letter, word in shared.axes.items():
        if len(letter.split()) != 1 or len(word.split()) != 1:
            raise CollectionError(f"{where}: axes={{{letter!r}: {word!r}}} must be two words")
    return shared


def collect(slug: str, root: Path | None = None, *, whole: bool = False) -> Collected:
    """A lab with the specs of its exercises; raises CollectionError where they do not fit.

    whole: with the cases that were taken back.
    """
    root = course(root)
    shared = lab(slug, root)
    names = exercise_names(slug, root)
    files = sorted((root / "exercises" / slug).glob("*.py"))
    specs = {file.stem for file in files if not file.stem.startswith("_")}
    for spare in sorted(specs - set(names)):
        raise CollectionError(
            f"exercises/{slug}/{spare}.py has no cell: mark one in solutions/{slug}.py "
            f'with # %% exercise="{spare}", or delete the spec'
        )
    exercises = [_in_words(_exercise(slug, name, root), shared) for name in names]
    taken = () if whole else taken_back(slug, root)
    try:
        left = list(without_all(exercises, taken))
    except ValueError as error:
        raise CollectionError(str(error)) from error
    return Collected(slug, shared, _scaled(left), root, taken)


def taken_back(slug: str, root: Path) -> tuple[Retraction, ...]:
    """The cases of a lab that count no more; raises CollectionError for a broken list of them."""
    try:
        return retractions(slug, root)
    except ValueError as error:
        raise CollectionError(str(error)) from error


def _in_words(exercise: Exercise, lab: Lab) -> Exercise:
    """The exercise with axis letters of the lab's own replaced by their words."""
    shapes = {
        name: " ".join(lab.axes.get(letter, letter) for letter in letters.split())
        for name, letters in exercise.shapes.items()
    }
    return replace(exercise, shapes=shapes) if lab.axes else exercise


def _scaled(exercises: Sequence[Exercise]) -> tuple[Exercise, ...]:
    """The exercises with their weights as points, to the hundredth, that add up to FULL_MARKS.

    What rounding leaves over goes where it is largest.  Weights that are none stay as they are:
    `problems` names them.
    """
    weights = [exercise.points for exercise in exercises]
    if not weights or not all(math.isfinite(weight) and weight > 0 for weight in weights):
        return tuple(exercises)
    total = math.fsum(weights)
    exact = [weight / total * FULL_MARKS * 100 for weight in weights]
    cents = [math.floor(value + 1e-6) for value in exact]
    left = round(FULL_MARKS * 100) - sum(cents)
    for place in sorted(range(len(exact)), key=lambda n: cents[n] - exact[n])[:left]:
        cents[place] += 1
    return tuple(
        replace(exercise, points=cent / 100)
        for exercise, cent in zip(exercises, cents, strict=True)
    )


TODO = "TODO:"
"""Stands in what is said of a mistake as long as it is not written."""


def problems(collected: Collected) -> list[str]:
    """What keeps a lab from being finished, one line each; a lab in the making may have some."""
    lines: list[str] = []
    if not collected.exercises:
        lines.append(
            f"solutions/{collected.slug}.py has no exercise: "
            'mark a cell with # %% exercise="name" and write its spec'
        )
    for exercise in collected.exercises:
        where = f"exercises/{collected.slug}/{exercise.name}.py"
        lines += [f"{where}: {what}" for what in _shortcomings(exercise, collected.lab)]
    return lines


def _shortcomings(exercise: Exercise, lab: Lab) -> Iterator[str]:
    if not (math.isfinite(exercise.points) and exercise.points > 0):
        yield f"points={exercise.points!r}: give a number above 0"
    for name in sorted(set(exercise.without) - automatic_names(exercise, lab)):
        yield f"without={name!r} is no case that this exercise gets by itself: leave it out"
    if not exercise.look.strip():
        yield "`look` is empty: say where to look if no known mistake was made"
    for mistake in exercise.mistakes:
        if not _MISTAKE.fullmatch(mistake.name):
            yield f"the mistake {mistake.name!r} is no slug: use letters, digits and _"
        for hint, text in (("when", mistake.when), ("look", mistake.look)):
            if not text.strip():
                yield f"`{hint}` of the mistake {mistake.name!r} is empty: write it"
            if TODO in text:
                yield f"`{hint}` of the mistake {mistake.name!r} says {TODO} write it"
        if mistake.when.rstrip().endswith("."):
            yield f"`when` of the mistake {mistake.name!r} ends with a full stop: leave it out"
    for name, times in Counter(mistake.name for mistake in exercise.mistakes).items():
        if times > 1:
            yield f"{times} mistakes are called {name!r}: rename all but one"


def exercise_names(slug: str, root: Path) -> list[str]:
    """The names of a lab's exercises in order, without loading anything; CollectionError."""
    where = f"solutions/{slug}.py"
    lines = (root / where).read_text(encoding="utf-8").splitlines()
    names = [match[1] for match in map(_CELL.match, lines) if match]
    for name, times in Counter(names).items():
        if not name.isidentifier() or len(name) > 50:
            raise CollectionError(f'{where}: exercise="{name}" must name a function or a class')
        if times > 1:
            raise CollectionError(
                f'{where}: {times} cells say exercise="{name}": rename all but one'
            )
    return names


def _exercise(slug: str, name: str, root: Path) -> Exercise:
    where = f"exercises/{slug}/{name}.py"
    if not (root / where).is_file():
        raise CollectionError(
            f'{where} is missing: write the spec of the cell exercise="{name}" '
            f"of solutions/{slug}.py"
        )
    _load(f"solutions.{slug}", f"solutions/{slug}.py", root)
    exercise = getattr(_load(f"exercises.{slug}.{name}", where, root), "EXERCISE", None)
    if not isinstance(exercise, Exercise):
        raise CollectionError(f"{where} must set EXERCISE = Exercise(…)")
    if exercise.name != name:
        raise CollectionError(
            f"{where}: the reference is called {exercise.name}, the cell of solutions/{slug}.py "
            f"{name}: give both one name"
        )
    return exercise


def _valid(slug: str, where: str) -> None:
    if not SLUG.fullmatch(slug):
        raise CollectionError(
            f"{where}: rename it to lower-case letters, digits and _, at most 40, a letter first"
        )


def _load(name: str, where: str, root: Path) -> ModuleType:
    """Import a module of the course folder, wherever this process was started."""
    try:
        return load(name, root)
    except Exception as error:
        message = " ".join(str(error).replace(f"{root}/", "").split())
        message = re.sub(r"\bcourse_[0-9a-f]{12}\.", "", message)
        raise CollectionError(
            f"{where} cannot be imported: mend {type(error).__name__}: {message}"
            f"{_place(error, root)}"
        ) from error


def _place(error: Exception, root: Path) -> str:
    """The last line of the course's own files that an exception went through."""
    own = [root / package for package in PACKAGES]
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if any(Path(frame.filename).is_relative_to(folder) for folder in own):
            return f" ({Path(frame.filename).relative_to(root)}, line {frame.lineno})"
    return ""
