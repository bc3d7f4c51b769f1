"""One line in nbgrader_config.py: our judge for the labs of a course, nbgrader's own for the rest.

::

    from autograder.nbgrader import configure

    c = get_config()
    configure(c)

What the course has set before stays.  Of its preprocessors only those are replaced whose work is
another for a lab, and what takes their place does nbgrader's own work on all other assignments.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from traitlets.utils.importstring import import_item

from autograder.chain.archive import add_labcheck, course_of

PLUGINS = "autograder.course.plugins"
OURS = {
    name: f"{PLUGINS}.{ours}"
    for name, ours in (
        ("Execute", "Judge"),
        ("SaveAutoGrades", "SaveGrades"),
        ("CheckCellMetadata", "CheckMetadata"),
    )
}
"""nbgrader's preprocessors by name, and what takes their place when a class is graded."""


def configure(c: Any) -> None:
    """Put the judge of this package into nbgrader's settings, whichever these are."""
    from nbgrader.converters import Autograde, GenerateFeedback

    own = str(Path(sys.executable).parent)  # nbgrader calls alembic by name to make a gradebook
    os.environ["PATH"] = os.pathsep.join([own, os.environ.get("PATH", os.defpath)])
    c.Autograde.exporter_class = f"{PLUGINS}.StudentNotebook"
    graded = _set(c.Autograde, "autograde_preprocessors", Autograde)
    c.Autograde.autograde_preprocessors = [OURS.get(_name(each), each) for each in graded]
    shown = _set(c.GenerateFeedback, "preprocessors", GenerateFeedback)
    place = 1 + max((n for n, each in enumerate(shown) if _name(each) == "GetGrades"), default=-1)
    c.GenerateFeedback.preprocessors = [*shown[:place], f"{PLUGINS}.Summary", *shown[place:]]
    hooks = c.GenerateAssignment
    hooks.pre_convert_hook = _both(refuse_authored_files, hooks.get("pre_convert_hook"))
    hooks.post_convert_hook = _both(add_labcheck, hooks.get("post_convert_hook"))


def refuse_authored_files(assignment: str, notebooks: Sequence[str], **_: object) -> None:
    """Stop before a .py that lies beside a lab's notebook in source/ is released as it is.

    nbgrader goes on after an Exception of a hook, so this is a SystemExit.
    """
    if course_of(assignment, notebooks) is None:
        return
    for folder in sorted({Path(notebook).resolve().parent for notebook in notebooks}):
        for file in sorted(folder.rglob("*.py")):
            raise SystemExit(
                f"{file} would reach students with its solution: move it to solutions/ "
                f"and run autograder build {assignment}"
            )


def _set(section: Any, name: str, converter: Any) -> list[Any]:
    """What a course has set, or else nbgrader's default."""
    return list(section[name] if name in section else converter.class_traits()[name].default())


def _name(preprocessor: Any) -> str:
    """The last part of the name of a class, or of a dotted name."""
    dotted = preprocessor if isinstance(preprocessor, str) else preprocessor.__name__
    return str(dotted.rpartition(".")[2])


def _both(ours: Callable[..., None], theirs: Any) -> Callable[..., None]:
    """Our hook, and then the one that a course has set, as a function or by its dotted name."""
    if theirs is None:
        return ours

    def both(**told: Any) -> None:
        ours(**told)
        (import_item(theirs) if isinstance(theirs, str) else theirs)(**told)

    return both
