"""Texts of the files that are made: templates/ with the blanks filled in."""

from __future__ import annotations

from importlib.resources import files
from string import Template


def filled(template: str, **values: str) -> str:
    """The text of templates/<template>.txt; "$name" in it is the value of that name."""
    return Template(plain(template)).substitute(values)


def plain(template: str) -> str:
    """The text of templates/<template>.txt as it is."""
    place = files(__package__) / "templates" / f"{template}.txt"
    return place.read_text(encoding="utf-8")
