"""A CSV file of somebody else's, in which single cells are set and every other byte stays."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

SEPARATORS = (",", ";", "\t")
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Byte-order marks, and what they say of the bytes after them."""
_CELL = {
    separator: re.compile(
        rf'((?:"(?:[^"]|"")*+"[^{separator}\r\n]*)|[^"{separator}\r\n][^{separator}\r\n]*|)'
        rf"({separator}|\r\n|\r|\n|\Z)"
    )
    for separator in SEPARATORS
}
"""A cell as it is written, and what ends it."""
_QUOTED = re.compile(r'"((?:[^"]|"")*+)"(.*)', re.DOTALL)


class UnreadableSheetError(Exception):
    """The bytes are no CSV, or cannot hold what is to be written; one sentence."""


@dataclass
class Row:
    """The cells of a line as they are written, and what ends the line."""

    raw: list[str]
    end: str

    @property
    def blank(self) -> bool:
        """Whether nothing stands in the line."""
        return self.raw in ([], [""])

    def __getitem__(self, place: int) -> str:
        """What a cell says; "" where the line is shorter."""
        if place >= len(self.raw):
            return ""
        found = _QUOTED.fullmatch(self.raw[place])
        return found[1].replace('""', '"') + found[2] if found else self.raw[place]

    def values(self) -> list[str]:
        """What the cells say."""
        return [self[place] for place in range(len(self.raw))]


class Cells:
    """The file: `rows` of its cells, to be changed by `put` and `insert`.

    Raises UnreadableSheetError where a quotation has no end, or the bytes are no text.
    """

    def __init__(self, data: bytes, separator: str) -> None:
        self.mark, self.encoding = next(
            (found for found in MARKS if data.startswith(found[0])), (b"", "")
        )
        body = data[len(self.mark) :]
        self.encoding = self.encoding or ("utf-8" if _is_utf8(body) else "cp1252")
        self.separator = separator
        self._errors = "strict" if self.encoding.startswith("utf-16") else "surrogateescape"
        try:
            text = body.decode(self.encoding, self._errors)
        except UnicodeDecodeError as error:
            raise UnreadableSheetError(f"it begins as {self.encoding} and is not") from error
        self.rows = list(_rows(text, separator))

    def put(self, row: Row, place: int, value: str) -> None:
        """Set a cell, quoted where it was."""
        row.raw += [""] * (place + 1 - len(row.raw))
        row.raw[place] = self._written(value, row.raw[place].startswith('"'))

    def insert(self, row: Row, place: int, value: str) -> None:
        """Set a new cell before a place, quoted where its neighbour is."""
        row.raw += [""] * (place - len(row.raw))
        beside = row.raw[place - 1] if place else ""
        row.raw.insert(place, self._written(value, beside.startswith('"')))

    def data(self) -> bytes:
        """The bytes of the file as it is now."""
        text = "".join(self.separator.join(row.raw) + row.end for row in self.rows)
        try:
            return self.mark + text.encode(self.encoding, self._errors)
        except UnicodeEncodeError as error:
            unfit = error.object[error.start : error.end]
            raise UnreadableSheetError(
                f"{unfit!r} cannot be written in a file that is not UTF-8; "
                "give the column another name with --column"
            ) from error

    def _written(self, value: str, quoted: bool) -> str:
        if quoted or re.search(f'["\r\n{self.separator}]', value):
            return '"' + value.replace('"', '""') + '"'
        return value


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _rows(text: str, separator: str) -> Iterator[Row]:
    raw: list[str] = []
    place = 0
    while place < len(text) or raw:
        found = _CELL[separator].match(text, place)
        if found is None:
            line = text.count("\n", 0, place) + 1
            raise UnreadableSheetError(f"line {line} has a quotation mark that nothing closes")
        raw.append(found[1])
        place = found.end()
        if found[2] != separator:
            yield Row(raw, found[2])
            raw = []
