"""Text of students made fit to be shown: at most 8 KB, and nothing in it that moves the cursor."""

from __future__ import annotations

import re

MAX_TEXT = 8000

_UNFIT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def printable(text: str) -> str:
    """Control characters, direction overrides and lone surrogates as escapes; lines stay lines."""
    return text if text.isprintable() else _UNFIT.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def capped(text: str) -> str:
    """The text, printable, at most 8 KB of UTF-8, cut at a character."""
    shown = printable(text)
    raw = shown.encode("utf-8")
    return shown if len(raw) <= MAX_TEXT else raw[: MAX_TEXT - 4].decode("utf-8", "ignore") + " …"
