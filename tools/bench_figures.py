"""What ``make bench`` finds: figures with what is due of them, as a table and as JSON."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import psutil
from rich.table import Table

LIBRARIES = ("numpy", "torch", "nbgrader", "distributed")
WORDS = {"<=": "at most", ">=": "at least"}


@dataclass(frozen=True)
class Due:
    """What a figure is to reach, in its own unit."""

    relation: Literal["<=", ">="]
    value: float

    def reached(self, found: float) -> bool:
        """Whether a figure found does."""
        return found <= self.value if self.relation == "<=" else found >= self.value

    def __str__(self) -> str:
        return f"{WORDS[self.relation]} {self.value:g}"


@dataclass(frozen=True)
class Figure:
    """One measured figure.

    unit: after the number; "" for a ratio.  note: how it was found, where that is to be said.
    """

    name: str
    value: float
    unit: str = ""
    due: Due | None = None
    note: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether it is what is due; None where nothing is."""
        return None if self.due is None else self.due.reached(self.value)

    @property
    def in_words(self) -> str:
        """``at least 35: reached``."""
        return f"{self.due}: {'reached' if self.reached else 'NOT reached'}" if self.due else ""

    def to_json(self) -> dict[str, Any]:
        """For --json."""
        due = None if self.due is None else {"is": str(self.due), "reached": self.reached}
        told = {"name": self.name, "value": self.value, "unit": self.unit}
        return {**told, "due": due, "note": self.note}


@dataclass(frozen=True)
class Section:
    """What a section has found.

    rows: a table of its own, a mapping for each line; more: what else is kept in the JSON.
    """

    figures: tuple[Figure, ...] = ()
    rows: tuple[Mapping[str, str | float], ...] = ()
    more: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """For --json."""
        figures = [one.to_json() for one in self.figures]
        return {"figures": figures, "rows": [dict(row) for row in self.rows], **(self.more or {})}


def machine() -> dict[str, Any]:
    """What kind of machine this is and how busy it is; no name of it."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "load": [round(one, 2) for one in os.getloadavg()],
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in LIBRARIES},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor())


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "missing"


def table(figures: Iterable[Figure]) -> Table:
    """One line a figure."""
    made = Table("figure", "found", "due", "how")
    for one in figures:
        made.add_row(one.name, f"{one.value:.3g} {one.unit}".strip(), one.in_words, one.note)
    return made


def rows_table(rows: Iterable[Mapping[str, str | float]]) -> Table | None:
    """One line a row; None where there is none."""
    rows = list(rows)
    if not rows:
        return None
    made = Table(*rows[0])
    for row in rows:
        made.add_row(*(one if isinstance(one, str) else f"{one:.3g}" for one in row.values()))
    return made


def write(path: Path, sections: Mapping[str, Section], before: Mapping[str, Any]) -> None:
    """All figures as JSON.  before: the machine as it was when this began."""
    told = {name: found.to_json() for name, found in sections.items()}
    text = json.dumps({"schema": 1, "machine": before, "sections": told}, indent=1)
    path.write_text(text + "\n", "utf-8")
