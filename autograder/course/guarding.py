"""nbgrader's converters, kept from what a folder of a student's may hold: links, pipes, names.

What nbgrader copies along with a notebook goes from submitted/ to autograded/ and on to feedback/,
where a browser reads it as a page of the course's own server.
"""

from __future__ import annotations

import functools
import mimetypes
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.converters.base import BaseConverter
from nbgrader.coursedir import CourseDirectory

from autograder.course.copying import Limits, copied
from autograder.course.walking import bytes_below, sentences
from autograder.judge.submission import Unreadable
from autograder.pages.naming import is_line, told

STILL = frozenset(
    (
        *("application/json", "application/octet-stream", "application/zip", "image/gif"),
        *("image/jpeg", "image/png", "image/webp", "text/csv", "text/markdown", "text/plain"),
        *("text/tab-separated-values", "text/x-python"),
    )
)
"""What a browser shows, or saves, and does not run."""


def guard_converters() -> None:
    """Make nbgrader's converters of this process take ordinary files only; once is enough."""
    if hasattr(BaseConverter.init_assignment, "__wrapped__"):
        return
    BaseConverter.init_assignment = _copying(BaseConverter.init_assignment)
    CourseDirectory.get_existing_timestamp = _telling(CourseDirectory.get_existing_timestamp)


def _copying(original: Any) -> Any:
    @functools.wraps(original)
    def init_assignment(self: Any, assignment_id: str, student_id: str) -> None:
        """The files beside the notebooks, as far as they are ordinary and run nowhere."""
        if not isinstance(self, Autograde | GenerateFeedback):
            original(self, assignment_id, student_id)
            return
        source = Path(self._format_source(assignment_id, student_id))
        target = Path(self._format_dest(assignment_id, student_id))
        target.mkdir(parents=True, exist_ok=True)
        ignore = [*self.coursedir.ignore, "*.ipynb"]
        largest, total = self.coursedir.max_file_size, self.coursedir.max_dir_size
        bounds = Limits(ignore, ("*",), 1000 * largest, 1000 * total, wanted=why_not_shown)
        if not source.is_dir():
            return
        try:
            left_out = copied(source, target, bounds)
        except NotADirectoryError as error:
            left_out = {str(source): str(error.strerror)}
        for sentence in sentences(left_out):
            self.log.warning("Of %s: %s", told(student_id), sentence)

    return init_assignment


def why_not_shown(name: str) -> str:
    """Why a file is not put where a browser may open it, or ""."""
    kind, _ = mimetypes.guess_type(name, strict=False)
    return "" if kind is None or kind in STILL else f"browsers may run something in {kind}"


def _telling(original: Any) -> Any:
    @functools.wraps(original)
    def get_existing_timestamp(self: Any, dest_path: str) -> Any:
        """When it was handed in; a time that is no ordinary file is none."""
        stamp = Path(dest_path, "timestamp.txt")
        if os.path.lexists(stamp):
            try:
                bytes_below(stamp.parent, stamp.name).decode("utf-8")
            except (Unreadable, UnicodeDecodeError) as error:
                self.log.warning("%s is not read: %s", told(stamp), told(error))
                return None
        return original(self, dest_path)

    return get_existing_timestamp


def without_bad_names(converter: Any, folders: Mapping[str, Any]) -> dict[str, Any]:
    """The folders of those students whose names can be written down."""
    for folder in folders:
        if not is_line(folder):
            converter.log.error(
                "%s is left out: its name is not a line of UTF-8; rename it", told(folder)
            )
    return {folder: names for folder, names in folders.items() if is_line(folder)}
