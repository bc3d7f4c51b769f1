"""Text of students as it leaves a worker: capped, and nothing in it that moves the cursor."""

from __future__ import annotations

from ..labcheck import text as shown_text

TEXT_LIMIT = 8192


def printable(text: str, limit: int = TEXT_LIMIT) -> str:
    """At most `limit` characters; control characters, direction overrides, surrogates escaped."""
    shown = shown_text.printable(text[: limit + 1])
    return shown if len(shown) <= limit else shown[: limit - 2] + " …"
