"""Generated files as they are and as they should be.

Text by bytes, records by tolerance, archives by what is in them: zlib is not the same everywhere.
"""

from __future__ import annotations

import io
import json
import math
import zipfile
import zlib
from typing import Any

from autograder.chain.archive import MODULES
from autograder.chain.packed import packed
from autograder.labcheck.packing import unpacked
from autograder.labcheck.sums import STEPS

RTOL, ATOL = 1e-6, 1e-9
FIRST, LAST, LAST_SIZE = b"PK\3\4", b"PK\5\6", 22
"""What an archive begins with, what its last record begins with, and that record's size."""


def record_text(record: dict[str, Any]) -> bytes:
    """A record as JSON: a line each for what is short, and one for all the rest."""
    parts = (f" {_json(key)}: {_json(value)}" for key, value in packed(record).items())
    return "{{\n{}\n}}\n".format(",\n".join(parts)).encode()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def agree(one: bytes, other: bytes, path: str) -> bool:
    """Whether two files say the same; in a record, numbers may differ within the tolerance.

    path: where they stand in a course.
    """
    if one == other:
        return True
    if path.endswith(".pyz"):
        return _members(one) == _members(other) is not None
    if not (path.endswith("/visible.json") or path.startswith("assignments/visible/")):
        return False
    try:
        return _alike(_read(one), _read(other))
    except (ValueError, LookupError, TypeError):
        return False


def _members(archive: bytes) -> list[tuple[Any, ...]] | None:
    """What is in an archive, with nothing before and nothing behind; None where it is none."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            rows = [
                (one.filename, one.date_time, one.external_attr, _content(opened, one))
                for one in opened.infolist()
            ]
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError):
        return None
    whole = archive.startswith(FIRST) and archive[-LAST_SIZE:].startswith(LAST)
    return rows if whole else None


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    content = archive.read(entry)
    return zlib.decompress(content) if entry.filename == MODULES else content


def _read(text: bytes) -> Any:
    data = json.loads(text)
    return unpacked(data) if isinstance(data, dict) else data


def _alike(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        both_nan = math.isnan(one) and math.isnan(other)
        return both_nan or math.isclose(one, other, rel_tol=RTOL, abs_tol=ATOL)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, dict) and "sums" in one and list(one) == list(other):
        near = map(_near, one["sums"], other["sums"])
        rest = all(_alike(one[key], other[key]) for key in one if key != "sums")
        return rest and len(one["sums"]) == len(other["sums"]) and all(near)
    if isinstance(one, dict):
        return list(one) == list(other) and all(_alike(one[key], other[key]) for key in one)
    return bool(one == other)


def _near(one: int, other: int) -> bool:
    """Whether sums differ by a small part of a tolerance."""
    return abs(one - other) <= STEPS // 8


def first_difference(one: bytes, other: bytes) -> int:
    """The number of the first line that differs."""
    lines = one.splitlines(), other.splitlines()
    pairs = zip(*lines, strict=False)
    same = next((index for index, (a, b) in enumerate(pairs) if a != b), min(map(len, lines)))
    return same + 1
