"""One line in nbgrader_config.py: our judge for the labs of a course, nbgrader's own for the rest.

::

    from autograder.nbgrader import configure

    c = get_config()
    configure(c)

What the course has set before stays.  Of its preprocessors only those are replaced whose work is
another for a lab, and what takes their place does nbgrader's own work on all other assignments.
"""

from __future__ import annotations

import fnmatch
import functools
import glob
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from nbgrader.converters.base import NbGraderException
from traitlets.utils.importstring import import_item

from autograder.chain.archive import add_labcheck, course_of
from autograder.course.guarding import guard_converters, without_bad_names
from autograder.course.stale import why_stale
from autograder.spec import collection

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

SANITISING = "autograder.course.sanitising"
FORMGRADER = "nbgrader.server_extensions.formgrader.handlers"

SUFFIXES = (".ipynb", ".py", ".IPYNB", ".PY", ".Py")
"""What nbgrader zip_collect takes: it compares suffixes letter by letter."""


def configure(c: Any) -> None:
    """Put the judge of this package into nbgrader's settings, whichever these are."""
    from nbgrader.converters import Autograde, GenerateFeedback

    own = str(Path(sys.executable).parent)  # nbgrader calls alembic by name to make a gradebook
    os.environ["PATH"] = os.pathsep.join([own, os.environ.get("PATH", os.defpath)])
    guard_converters()
    _find_what_was_handed_in(Autograde)
    c.ExchangeFactory.setdefault("collect", "autograder.course.exchange.Collect")
    c.ExchangeFactory.setdefault("submit", "autograder.course.exchange.Submit")
    c.ExportApp.setdefault("plugin_class", "autograder.course.exporting.Sheet")
    c.Autograde.exporter_class = f"{PLUGINS}.StudentNotebook"
    graded = _set(c.Autograde, "autograde_preprocessors", Autograde)
    made = [OURS.get(_name(each), each) for each in graded]
    c.Autograde.autograde_preprocessors = [*made, f"{SANITISING}.Sanitise"]
    taken = _set(c.Autograde, "sanitize_preprocessors", Autograde)
    c.Autograde.sanitize_preprocessors = [f"{SANITISING}.Sanitise", *taken]
    shown = _set(c.GenerateFeedback, "preprocessors", GenerateFeedback)
    place = 1 + max((n for n, each in enumerate(shown) if _name(each) == "GetGrades"), default=-1)
    c.GenerateFeedback.preprocessors = [*shown[:place], f"{PLUGINS}.Summary", *shown[place:]]
    _show_harmless(c)
    c.FileNameCollectorPlugin.setdefault("valid_ext", list(SUFFIXES))
    hooks = c.GenerateAssignment
    hooks.pre_convert_hook = _both(refuse_authored_files, hooks.get("pre_convert_hook"))
    hooks.post_convert_hook = _both(add_labcheck, hooks.get("post_convert_hook"))


def _show_harmless(c: Any) -> None:
    """Formgrader and pages of feedback show notebooks of students without what runs in them."""
    if "exporter_class" not in c.GenerateFeedback:
        c.GenerateFeedback.exporter_class = f"{SANITISING}.FeedbackPage"
    page = c.HTMLExporter
    own = page.get("preprocessors", [])
    page.preprocessors = [f"{SANITISING}.Shown", *own]
    page.filters = {"markdown2html": f"{SANITISING}.markdown2html", **page.get("filters", {})}
    if FORMGRADER in sys.modules:  # this is the server's process
        from autograder.course.formgrader import guard

        guard()


def _find_what_was_handed_in(converter: Any) -> None:
    """nbgrader autograde and formgrader take one notebook from each student's folder of a lab.

    It is named as the lab is, whatever was handed in: StudentNotebook finds that.
    """
    original = converter.init_notebooks
    if hasattr(original, "__wrapped__"):  # configured already in this process
        return

    @functools.wraps(original)
    def init_notebooks(self: Any) -> None:
        slug = self.coursedir.assignment_id
        known = collection.specified(slug, Path(self.coursedir.root))
        if known:
            _refuse_older_code(self, slug)
        folders = _folders(self.coursedir) if known else []
        if not folders or not fnmatch.fnmatch(slug, self.coursedir.notebook_id):
            original(self)
            self.assignments = without_bad_names(self, self.assignments)
            return
        self.notebooks = []
        every = {folder: [os.path.join(folder, f"{slug}.ipynb")] for folder in folders}
        self.assignments = without_bad_names(self, every)

    converter.init_notebooks = init_notebooks


def _refuse_older_code(converter: Any, slug: str) -> None:
    """Stop before anything of a class is touched; raises NbGraderException, which is shown."""
    why = why_stale(slug, Path(converter.coursedir.root))
    if why:
        converter.log.error(why)
        raise NbGraderException(why)


def _folders(coursedir: Any) -> list[str]:
    """The folders of the students who are asked for."""
    student, slug = coursedir.student_id, coursedir.assignment_id
    pattern = coursedir.format_path(coursedir.submitted_directory, student, slug)
    if Path(pattern).is_dir():
        return [pattern]
    root = str(coursedir.root)
    pattern = glob.escape(root) + pattern.removeprefix(root)
    return [folder for folder in glob.glob(pattern) if Path(folder).is_dir()]  # noqa: PTH207


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
