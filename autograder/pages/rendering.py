"""Data → HTML: the templates, in which every text is escaped and fit to be shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from autograder.labcheck.message import HEADLINES
from autograder.labcheck.text import capped
from autograder.pages.policy import policy

SIGNS = {
    "right": "✓",
    "partly": "◐",
    "wrong": "✗",
    "unfinished": "○",
    "missing": "–",
    "error": "E",
    "timeout": "T",
    "memory": "M",
    "crash": "C",
    "forbidden": "F",
    "not_graded": "?",
}
"""A sign for each outcome; words always stand beside it or behind it."""


@dataclass(frozen=True)
class Made:
    """When a page was made, and by which version."""

    when: str
    by: str


def render(template: str, **data: object) -> str:
    """A template filled in; raises jinja2.UndefinedError where it names what is not in the data.

    Texts come out escaped, capped, with nothing in them that moves the cursor or turns the
    direction; only Markup (cards, pictures) is left as it is.
    """
    return _TEMPLATES.get_template(template).render(data)


def _fit(value: object) -> str:
    return value if isinstance(value, Markup) else capped(str(value))


def _words(outcome: str) -> str:
    return HEADLINES.get(outcome, outcome)


def _number(points: float) -> str:
    return f"{round(points, 2):g}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


_FOLDER = Path(__file__).with_name("templates")
_TEMPLATES = Environment(
    loader=FileSystemLoader(_FOLDER),
    autoescape=True,
    finalize=_fit,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.globals |= {"signs": SIGNS, "policy": policy}
_TEMPLATES.filters |= {"words": _words, "number": _number, "percent": _percent}
