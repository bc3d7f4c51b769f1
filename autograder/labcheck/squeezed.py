"""Text in which a phrase that is frequent is one letter, as archive and records hold it."""

from __future__ import annotations

from collections.abc import Mapping


def whole(text: str, phrases: Mapping[str, str]) -> str:
    """The text with each letter that stands for a phrase replaced by it."""
    for letter, phrase in phrases.items():
        text = text.replace(letter, phrase)
    return text
