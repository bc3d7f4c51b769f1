"""When pages were made, and by what."""

from __future__ import annotations

import datetime
import functools
import hashlib
import os
from pathlib import Path

from autograder import __version__
from autograder.pages.rendering import Made

EPOCH = "SOURCE_DATE_EPOCH"
"""The variable of reproducible builds: seconds since 1970 that stand for now."""


def made_now() -> Made:
    """For the foot of a page: now, in UTC, and this version of the kit."""
    told = os.environ.get(EPOCH, "")
    utc = datetime.UTC
    when = (
        datetime.datetime.fromtimestamp(int(told), utc)
        if told.isdecimal()
        else datetime.datetime.now(utc)
    )
    return Made(f"{when:%Y-%m-%d %H:%M} UTC", f"{__version__} (build {build()})")


@functools.cache
def build() -> str:
    """A few digits that change with any file of the package."""
    package = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for file in sorted(package.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            digest.update(file.relative_to(package).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()[:8]
