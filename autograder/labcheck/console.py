"""Output that no console's encoding can stop: signs it does not have are written plainly."""

from __future__ import annotations

import codecs
import io
import os
import sys
from typing import TextIO

PLAIN = {
    "✓": "+",
    "✗": "x",
    "✔": "+",
    "✘": "x",
    "·": "-",
    "◐": "~",
    "█": "#",
    "░": "-",
    "–": "-",
    "—": "-",
    "−": "-",
    "→": "->",
    "←": "<-",
    "…": "...",
    "×": "x",
    "½": "1/2",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "≈": "~",
    "Σ": "sum",
    "∞": "inf",
    "√": "sqrt",
    "‖": "||",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "•": "*",
}
"""What stands for a sign where it cannot be written."""

NAME = "autograder.plain"


def plainly(error: UnicodeError) -> tuple[str, int]:
    """The error handler of an encoder: plain signs, and ? for what has none."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return "".join(PLAIN.get(sign, "?") for sign in signs), error.end


def prepare() -> None:
    """Have standard output and error write plain signs where they lack others."""
    codecs.register_error(NAME, plainly)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=NAME)


def own(stream: TextIO) -> TextIO:
    """A stream that was prepared, to be kept: whatever a program closes, this one stays open."""
    if stream not in (sys.__stdout__, sys.__stderr__) or not isinstance(stream, io.TextIOWrapper):
        return stream
    try:
        copy = os.dup(stream.fileno())
    except (OSError, ValueError):
        return stream
    return open(copy, "w", encoding=stream.encoding, errors=NAME, buffering=1)  # noqa: PTH123
