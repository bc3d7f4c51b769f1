"""Text of students made fit to be shown: capped, and nothing in it that moves the cursor."""

from __future__ import annotations

import re

TEXT_LIMIT = 8192

_UNFIT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def printable(text: str, limit: int = TEXT_LIMIT) -> str:
    """At most `limit` characters; control characters, direction overrides, surrogates escaped."""
    cut = text[: limit + 1]
    shown = cut if cut.isprintable() else _UNFIT.sub(_escape, cut)
    return shown if len(shown) <= limit else shown[: limit - 2] + " …"


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
