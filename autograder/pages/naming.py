"""Names of students and of their files, on one line and without what steers a terminal."""

from __future__ import annotations

import re

from autograder.labcheck.text import printable

LONGEST = 200
_ESCAPES = {"\n": "\\n", "\t": "\\t"}


def told(name: object, longest: int = LONGEST) -> str:
    """A name as it is printed: odd characters and bytes that are no UTF-8 as escapes, cut."""
    text = re.sub("[\n\t]", lambda found: _ESCAPES[found.group()], str(name))
    text = re.sub("[\udc80-\udcff]", lambda found: f"\\x{ord(found.group()) - 0xDC00:02x}", text)
    text = printable(text)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def is_line(name: str) -> bool:
    """Whether a name is one line of UTF-8: a folder's name may be any bytes."""
    if "\n" in name or "\r" in name:
        return False
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
