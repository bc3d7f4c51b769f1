"""The lines of a small CSV file in a course folder, as its first line names them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path


def rows_of(file: str, head: Sequence[str], root: Path) -> list[list[str]]:
    """The lines below the first as they are; none where there is no file.

    Raises ValueError, with a sentence that names the file.
    """
    try:
        text = (root / file).read_text("utf-8-sig")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{file} cannot be read: save it as CSV in UTF-8") from error
    first, *rows = list(csv.reader(io.StringIO(text))) or [list(head)]
    if first != list(head):
        raise ValueError(f"{file}: its first line must be {','.join(head)}")
    return rows


def numbered(file: str, head: Sequence[str], root: Path) -> Iterator[tuple[int, list[str]]]:
    """Each line that is not empty with its number; raises ValueError for a broken one."""
    for number, row in enumerate(rows_of(file, head, root), start=2):
        if row and len(row) != len(head):
            raise ValueError(f"{file}, line {number}: expected {','.join(head)}")
        if row:
            yield number, row
