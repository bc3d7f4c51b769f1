"""A process that lives long, such as formgrader's server, judges by the files it has read, or not.

What Python has imported stays as it was.  So files are remembered as they are when they are read,
and looked at again before each judging: first at their times, then at what is in them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Seen:
    """One file as it was: its time in nanoseconds, its size in bytes, and a digest of the rest."""

    time: int
    size: int
    digest: str


@dataclass(frozen=True)
class Remembered:
    """Files as they were at some time."""

    files: Mapping[Path, Seen]
    at: datetime = field(default_factory=datetime.now)

    @staticmethod
    def now(files: Iterable[Path]) -> Remembered:
        """The files as they are now; one that cannot be read counts as none."""
        at = datetime.now()
        seen = {file: _seen(file) for file in files}
        return Remembered({file: one for file, one in seen.items() if one is not None}, at)

    def changed(self, files: Iterable[Path]) -> list[Path]:
        """Which files are other ones now, new ones or gone."""
        here = set(files)
        gone_or_new = here ^ set(self.files)
        other = {file for file in here & set(self.files) if self._is_other(file)}
        return sorted(gone_or_new | other)

    def _is_other(self, file: Path) -> bool:
        before = self.files[file]
        try:
            state = file.stat()
        except OSError:
            return True
        if (state.st_mtime_ns, state.st_size) == (before.time, before.size):
            return False
        now = _seen(file)
        return now is None or now.digest != before.digest


def _seen(file: Path) -> Seen | None:
    try:
        state = file.stat()
        return Seen(
            state.st_mtime_ns, state.st_size, hashlib.sha256(file.read_bytes()).hexdigest()
        )
    except OSError:
        return None


def _kit() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def _lab(slug: str, root: Path) -> list[Path]:
    solution = root / "solutions" / f"{slug}.py"
    specs = sorted((root / "exercises" / slug).glob("*.py"))
    return [*specs, *([solution] if solution.is_file() else [])]


_KIT = Remembered.now(_kit())
_LABS: dict[tuple[str, Path], Remembered] = {}


def why_stale(slug: str, root: Path) -> str:
    """Why this process must not judge a lab any more, in one sentence; empty where it may.

    The kit counts from its import, a lab from the first time that it is asked about here: its
    specs and its solution are imported after that, and once.
    """
    root = root.resolve()
    changed = _KIT.changed(_kit())
    if changed:
        return _sentence("the kit", _KIT.at, changed)
    lab = _LABS.get((slug, root))
    if lab is None:
        _LABS[slug, root] = Remembered.now(_lab(slug, root))
        return ""
    changed = lab.changed(_lab(slug, root))
    return _sentence(slug, lab.at, changed) if changed else ""


def _sentence(what: str, at: datetime, changed: list[Path]) -> str:
    first = changed[0]
    others = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
    return (
        f"this server runs {what} as it was at {at:%H:%M}; {first.parent.name}/{first.name}"
        f"{others} changed since, so nothing was judged: restart the server"
    )
