"""Generated files as they are and as they should be: text by bytes, records by tolerance."""

from __future__ import annotations

import json
import math
from typing import Any

RTOL, ATOL = 1e-6, 1e-9


def record_text(record: dict[str, Any]) -> bytes:
    """A record as JSON with each part and each exercise on a line of its own."""
    parts = (f" {_json(key)}: {_lines(value)}" for key, value in record.items())
    return "{{\n{}\n}}\n".format(",\n".join(parts)).encode()


def _lines(value: Any) -> str:
    if not isinstance(value, list) or not value:
        return _json(value)
    return "[\n{}\n ]".format(",\n".join(f"  {_json(item)}" for item in value))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def agree(one: bytes, other: bytes, record: bool) -> bool:
    """Whether two files say the same; in a record, numbers may differ within the tolerance."""
    if one == other or not record:
        return one == other
    try:
        return _alike(json.loads(one), json.loads(other))
    except ValueError:
        return False


def _alike(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        both_nan = math.isnan(one) and math.isnan(other)
        return both_nan or math.isclose(one, other, rel_tol=RTOL, abs_tol=ATOL)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(_alike(one[key], other[key]) for key in one)
    return bool(one == other)


def first_difference(one: bytes, other: bytes) -> int:
    """The number of the first line that differs."""
    lines = one.splitlines(), other.splitlines()
    pairs = zip(*lines, strict=False)
    same = next((index for index, (a, b) in enumerate(pairs) if a != b), min(map(len, lines)))
    return same + 1
