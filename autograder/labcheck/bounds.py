"""What of a file is looked at before it is parsed, once and from front to back.

What takes a parser a square of its length is cut short or refused here: runs of combining marks,
JSON of very many or very deep parts, and comments, which are no code however many there are.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import accumulate

MAX_MARKS = 64
"""Combining marks on one letter; putting them in order costs a square of their number."""
MAX_VALUES = 2**21
"""Lists, dicts and texts in a notebook; each takes a reader some hundred bytes."""
MAX_DEPTH = 200
"""How deep a notebook may be nested."""

_LONG = re.compile(f"[\u0300-\U0010ffff]{{{MAX_MARKS + 1},}}")
"""Long runs of characters among which all combining marks are."""
_STEP = {"[": 1, "{": 1, "]": -1, "}": -1}
_LEXEME = re.compile(
    r"""(?P<kept>
      \"{3} (?: [^"\\]+ | \\. | "(?!"") )* (?: \"{3} | \\?\Z )
    | '{3} (?: [^'\\]+ | \\. | '(?!'') )* (?: '{3} | \\?\Z )
    | " (?: [^"\\\n]+ | \\. )* (?: " | (?=\n) | \\?\Z )
    | ' (?: [^'\\\n]+ | \\. )* (?: ' | (?=\n) | \\?\Z )
    ) | \# [^\n]*""",
    re.DOTALL | re.VERBOSE,
)
"""Texts of a program, which are kept, and comments.  Whatever begins also ends somewhere, so that
nothing is tried twice."""


def with_short_runs(text: str) -> str:
    """The text with at most MAX_MARKS combining marks on one letter."""
    return text if text.isascii() else _LONG.sub(_shortened, text)


def _shortened(match: re.Match[str]) -> str:
    run, kept = 0, []
    for letter in match[0]:
        run = run + 1 if unicodedata.combining(letter) else 0
        if run <= MAX_MARKS:
            kept.append(letter)
    return "".join(kept)


def without_comments(source: str) -> str:
    """Python without its comments, each line in its place."""
    return _LEXEME.sub(lambda match: match["kept"] or "", source)


def too_much_json(text: str) -> str | None:
    """Why JSON is not parsed, or None."""
    opened = text.count("[") + text.count("{")
    quotes = text.count('"') - text.count('\\"')
    if opened + quotes // 2 > MAX_VALUES:
        return "it has more parts than any notebook"
    if opened <= MAX_DEPTH:
        return None
    deepest = max(accumulate(map(_STEP.__getitem__, _brackets(text))), default=0)
    return "it is nested too deeply" if deepest > MAX_DEPTH else None


def _brackets(text: str) -> str:
    """The brackets outside of texts."""
    outside = text.replace("\\\\", "").replace('\\"', "").split('"')[::2]
    return re.sub(r"[^\[\]{}]+", "", "".join(outside))
