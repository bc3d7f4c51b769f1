"""source → release: nbgrader's own generate_assignment, in a course folder of its own."""

from __future__ import annotations

import io
import logging
import warnings
from pathlib import Path
from typing import Any

from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader


class ReleaseError(Exception):
    """nbgrader refused a notebook; the message holds what it logged."""


def release(slug: str, course: Path, root: Path) -> None:
    """Make course/release/<lab>/ from course/source/<lab>/ with the settings of `root`.

    The database is left out.  nbgrader works in `course` and then returns to the working folder.
    """
    config = settings(root)
    config.GenerateAssignment.no_database = True
    config.SaveCells.enabled = False
    log, text = _collecting_log()
    folder = CourseDirectory(root=str(course), assignment_id=slug, config=config, log=log)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            GenerateAssignment(coursedir=folder, config=config, log=log).start()
    except (Exception, SystemExit) as error:
        raise ReleaseError(
            f"source/{slug}/{slug}.ipynb: nbgrader made no release: {error}\n{text.getvalue()}"
        ) from error


def settings(root: Path) -> Any:
    """What nbgrader_config.py sets; nothing where there is none."""
    if not (root / "nbgrader_config.py").is_file():
        return Config()
    return PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()


def _collecting_log() -> tuple[logging.Logger, io.StringIO]:
    text = io.StringIO()
    log = logging.Logger("nbgrader", logging.INFO)
    log.addHandler(logging.StreamHandler(text))
    return log, text
