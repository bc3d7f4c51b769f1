"""nbgrader's formgrader in a Jupyter server: names and files on its pages, made harmless.

Its templates escape nothing: what stands in an address, or is a student's name, would be a part of
the page and of its scripts.  And files beside a notebook come with the rights of the page.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

from nbgrader.apps.api import NbGraderAPI
from nbgrader.server_extensions.formgrader.base import BaseHandler
from nbgrader.server_extensions.formgrader.handlers import SubmissionFilesHandler

from autograder.pages.naming import is_line

UNFIT = re.compile('["<>\\\\`\x00-\x1f\x7f\u2028-\u202e\u2066-\u2069\ud800-\udfff]')
"""What could end a text in HTML or in a script, or turn its direction."""
LAID_OUT = frozenset(("current_config",))
"""What is shown as it is laid out, in lines; it is the course's own."""


def guard() -> None:
    """Make formgrader of this process harmless; once is enough."""
    if hasattr(BaseHandler.render, "__wrapped__"):
        return
    BaseHandler.render = _rendering(BaseHandler.render)
    SubmissionFilesHandler.content_security_policy = property(_sandboxed)
    NbGraderAPI.get_submitted_students = _named(NbGraderAPI.get_submitted_students)


def _named(original: Any) -> Any:
    @functools.wraps(original)
    def get_submitted_students(self: Any, assignment_id: str) -> set[str]:
        """The students whose names the gradebook can look up."""
        return {name for name in original(self, assignment_id) if is_line(name)}

    return get_submitted_students


def _rendering(original: Any) -> Any:
    @functools.wraps(original)
    def render(self: Any, name: str, **values: Any) -> Any:
        """A page with values that are texts in HTML and in scripts alike."""
        fit = {key: one if key in LAID_OUT else harmless(one) for key, one in values.items()}
        return original(self, name, **fit)

    return render


def harmless(value: Any) -> Any:
    """A text with escapes that scripts read, and pages show; what holds texts, with these so."""
    if isinstance(value, Mapping):
        return {key: harmless(one) for key, one in value.items()}
    if isinstance(value, str):
        return UNFIT.sub(lambda found: f"\\u{ord(found.group()):04x}", value)
    return value


def _sandboxed(self: Any) -> str:
    """A file that a student handed in is shown as one of a stranger's site, and runs nothing."""
    inherited = super(SubmissionFilesHandler, self).content_security_policy
    return f"{inherited}; sandbox; script-src 'none'"
