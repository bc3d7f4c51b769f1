"""What references and mistakes give, kept by content, so that it is found out once for a class.

Judges share the file, and the next run finds it again; whoever deletes it loses nothing but time.
Whatever is wrong with it (no room, a lock that is not given, a byte that is another one) reads as
nothing kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from autograder.sandbox import wire

MODE, FOLDER = 0o600, 0o750
"""It holds hidden inputs and what is due; beside it lies what a group may read."""
WAIT = 2.0
"""Seconds that a write waits for another judge's."""

_TABLE = (
    "CREATE TABLE IF NOT EXISTS kept (rules TEXT, key TEXT, value BLOB, PRIMARY KEY (rules, key))"
)
_GET = "SELECT value FROM kept WHERE rules = ? AND key = ?"
_PUT = "INSERT OR IGNORE INTO kept VALUES (?, ?, ?)"
_OLD = "DELETE FROM kept WHERE rules <> ?"

Arrays = Mapping[str, NDArray[Any]]


class Kept:
    """A file of JSON and arrays by name.

    rules: a digest of all that determines what is in it; of other rules nothing is found, and
    what was kept by them is removed.
    """

    def __init__(self, path: Path, rules: str) -> None:
        self.rules = rules
        self._database: sqlite3.Connection | None = None
        with contextlib.suppress(OSError, sqlite3.Error):
            path.parent.mkdir(FOLDER, parents=True, exist_ok=True)
            try:
                self._database = _opened(path, rules)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:  # it is none, or no whole one
                path.unlink()
                self._database = _opened(path, rules)

    def close(self) -> None:
        """Close the file."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def get(self, key: str) -> tuple[dict[str, Any], Arrays] | None:
        """What was put there; None where nothing was, or where it cannot be read any more."""
        if self._database is None:
            return None
        with contextlib.suppress(sqlite3.Error, ValueError, MemoryError):
            row = self._database.execute(_GET, (self.rules, key)).fetchone()
            if row is not None:
                return _read(self._digest(key), row[0])
        return None

    def put(self, key: str, header: Mapping[str, Any], arrays: Arrays) -> None:
        """Keep something; what another judge has kept there meanwhile is the same, and stays."""
        if self._database is None:
            return
        with contextlib.suppress(sqlite3.Error, wire.BadFrame, ValueError):
            value = _written(self._digest(key), header, arrays)
            self._database.execute(_PUT, (self.rules, key, value))

    def _digest(self, key: str) -> bytes:
        return hashlib.sha256(f"{self.rules} {key}".encode()).digest()


def _opened(path: Path, rules: str) -> sqlite3.Connection:
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, MODE))
    database = sqlite3.connect(path, timeout=WAIT, isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA journal_mode = DELETE")  # machines may share a folder: no WAL
    database.execute("PRAGMA synchronous = OFF")
    database.execute(_TABLE)
    database.execute(_OLD, (rules,))
    return database


def _written(name: bytes, header: Mapping[str, Any], arrays: Arrays) -> bytes:
    """A digest, and what it is of beside the name: the JSON with its length, and the arrays."""
    encoded = wire.encoded(header)
    value = len(encoded).to_bytes(8, "big") + encoded + wire.pack(arrays)
    return hashlib.sha256(name + value).digest() + value


def _read(name: bytes, value: bytes) -> tuple[dict[str, Any], Arrays] | None:
    digest, value = value[:32], value[32:]
    if hashlib.sha256(name + value).digest() != digest:
        return None
    end = 8 + int.from_bytes(value[:8], "big")
    header: dict[str, Any] = json.loads(value[8:end])
    return header, wire.unpack(value[end:])
