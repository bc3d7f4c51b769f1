"""Finds the labs and their exercises; nothing is registered, and what does not fit is refused.

A lab is a file solutions/<lab>.py; its exercises are the cells marked `# %% exercise="name"`, each
with a spec autograder/labs/<lab>/<name>.py.  A process sees a file as it was when first collected.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import math
import re
import sys
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from autograder.spec import Exercise, Lab

COURSE = Path(__file__).resolve().parent.parent
FULL_MARKS = 100.0

_SLUG = re.compile(r"[a-z][a-z0-9_]{0,39}")
_MISTAKE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_CELL = re.compile(r'^# %%\s.*\bexercise="([^"]*)"')


class CollectionError(Exception):
    """A lab that does not fit together; one line that names the file and the way out."""


@dataclass(frozen=True)
class Collected:
    """A lab with its exercises in the order of their cells; root: the course folder it is from."""

    slug: str
    lab: Lab
    exercises: tuple[Exercise, ...]
    root: Path

    @property
    def points(self) -> float:
        """What the lab's exercises are worth together."""
        return math.fsum(exercise.points for exercise in self.exercises)


def course(root: Path | None = None) -> Path:
    """The course folder: `root`, or the one that this package stands in."""
    return COURSE if root is None else root.resolve()


def labs(root: Path | None = None) -> list[str]:
    """The slugs of all labs, sorted; raises CollectionError for a file name that is no slug."""
    folder = course(root) / "solutions"
    slugs = sorted(file.stem for file in folder.glob("*.py") if not file.stem.startswith("_"))
    for slug in slugs:
        _valid(slug, f"solutions/{slug}.py")
    return slugs


def orphans(root: Path | None = None) -> list[str]:
    """What is wrong with the collection as a whole: specs of labs that do not exist."""
    known = labs(root)
    found = course(root).glob("autograder/labs/*/__init__.py")
    return [
        f"autograder/labs/{slug}/ has specs, but there is no solutions/{slug}.py: "
        "write it, or delete the folder"
        for slug in sorted(file.parent.name for file in found)
        if slug not in known
    ]


def lab(slug: str, root: Path | None = None) -> Lab:
    """What the exercises of a lab share; cheap, for it imports no solution."""
    root = course(root)
    if not (root / "solutions" / f"{slug}.py").is_file():
        known = ", ".join(labs(root)) or "none yet"
        raise CollectionError(f"there is no solutions/{slug}.py: the labs are {known}")
    _valid(slug, f"solutions/{slug}.py")
    where = f"autograder/labs/{slug}/__init__.py"
    if not (root / where).is_file():
        raise CollectionError(f"{where} is missing: write it with LAB = Lab(title=…, arrays=…)")
    found = getattr(_load(f"autograder.labs.{slug}", where, root), "LAB", None)
    if not isinstance(found, Lab):
        raise CollectionError(f"{where} must set LAB = Lab(…)")
    return found


def collect(slug: str, root: Path | None = None) -> Collected:
    """A lab with the specs of its exercises; raises CollectionError where they do not fit."""
    root = course(root)
    shared = lab(slug, root)
    names = _cell_names(slug, root)
    files = sorted((root / "autograder" / "labs" / slug).glob("*.py"))
    specs = {file.stem for file in files if not file.stem.startswith("_")}
    for spare in sorted(specs - set(names)):
        raise CollectionError(
            f"autograder/labs/{slug}/{spare}.py has no cell: mark one in solutions/{slug}.py "
            f'with # %% exercise="{spare}", or delete the spec'
        )
    exercises = tuple(_exercise(slug, name, root) for name in names)
    return Collected(slug, shared, exercises, root)


def problems(collected: Collected) -> list[str]:
    """What keeps a lab from being finished, one line each; a lab in the making may have some."""
    folder = f"autograder/labs/{collected.slug}"
    found: list[str] = []
    if not collected.exercises:
        found.append(
            f"solutions/{collected.slug}.py has no exercise: "
            'mark a cell with # %% exercise="name" and write its spec'
        )
    elif abs(collected.points - FULL_MARKS) > 1e-9:
        found.append(
            f"{folder}/: the points add up to {collected.points:g}, not {FULL_MARKS:g}: "
            "change `points` in its specs"
        )
    for exercise in collected.exercises:
        found += [f"{folder}/{exercise.name}.py: {what}" for what in _shortcomings(exercise)]
    return found


def _shortcomings(exercise: Exercise) -> Iterator[str]:
    if not (math.isfinite(exercise.points) and exercise.points > 0):
        yield f"points={exercise.points!r}: give a number above 0"
    if not exercise.look.strip():
        yield "`look` is empty: say where to look if no known mistake was made"
    for mistake in exercise.mistakes:
        if not _MISTAKE.fullmatch(mistake.name):
            yield f"the mistake {mistake.name!r} is no slug: use letters, digits and _"
        for hint, text in (("when", mistake.when), ("look", mistake.look)):
            if not text.strip():
                yield f"`{hint}` of the mistake {mistake.name!r} is empty: write it"
        if mistake.when.rstrip().endswith("."):
            yield f"`when` of the mistake {mistake.name!r} ends with a full stop: leave it out"
    for name, times in Counter(mistake.name for mistake in exercise.mistakes).items():
        if times > 1:
            yield f"{times} mistakes are called {name!r}: rename all but one"


def _cell_names(slug: str, root: Path) -> list[str]:
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
    where = f"autograder/labs/{slug}/{name}.py"
    if not (root / where).is_file():
        raise CollectionError(
            f'{where} is missing: write the spec of the cell exercise="{name}" '
            f"of solutions/{slug}.py"
        )
    _load(f"solutions.{slug}", f"solutions/{slug}.py", root)
    found = getattr(_load(f"autograder.labs.{slug}.{name}", where, root), "EXERCISE", None)
    if not isinstance(found, Exercise):
        raise CollectionError(f"{where} must set EXERCISE = Exercise(…)")
    if found.name != name:
        raise CollectionError(
            f"{where}: the reference is called {found.name}, the cell of solutions/{slug}.py "
            f"{name}: give both one name"
        )
    return found


def _valid(slug: str, where: str) -> None:
    if not _SLUG.fullmatch(slug):
        raise CollectionError(
            f"{where}: rename it to lower-case letters, digits and _, at most 40, a letter first"
        )


def _load(name: str, where: str, root: Path) -> ModuleType:
    """Import a module of the course folder, wherever this process was started."""
    _anchor("solutions", root / "solutions")
    _anchor("autograder.labs", root / "autograder" / "labs")
    try:
        return importlib.import_module(name)
    except Exception as error:
        message = " ".join(str(error).replace(f"{root}/", "").split())
        raise CollectionError(
            f"{where} cannot be imported: mend {type(error).__name__}: {message}"
            f"{_place(error, root)}"
        ) from error


def _place(error: Exception, root: Path) -> str:
    """The last line of the course's own files that an exception went through."""
    own = (root / "solutions", root / "autograder" / "labs")
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if any(Path(frame.filename).is_relative_to(folder) for folder in own):
            return f" ({Path(frame.filename).relative_to(root)}, line {frame.lineno})"
    return ""


def _anchor(package: str, folder: Path) -> None:
    """Make a package mean one folder, whatever sys.path says and another course left behind."""
    known = sys.modules.get(package)
    if known is not None and list(getattr(known, "__path__", []))[:1] == [str(folder)]:
        return
    for name in [name for name in sys.modules if f"{name}.".startswith(f"{package}.")]:
        del sys.modules[name]
    importlib.invalidate_caches()
    spec = importlib.machinery.ModuleSpec(package, None, is_package=True)
    spec.submodule_search_locations = [str(folder)]
    sys.modules[package] = module = importlib.util.module_from_spec(spec)
    parent, _, child = package.rpartition(".")
    if parent:
        setattr(importlib.import_module(parent), child, module)
