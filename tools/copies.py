"""A course folder of its own for the demo and the bench, so that a real one is never touched."""

from __future__ import annotations

import shutil
from pathlib import Path

PARTS = ("solutions", "exercises", "source", "release", "assignments", "nbgrader_config.py")


def copy_of(root: Path, folder: Path) -> Path:
    """A new course folder with what the course in `root` has, and nothing handed in."""
    folder.mkdir(parents=True)
    for part in PARTS:
        if (root / part).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(root / part, folder / part, ignore=ignored)
        else:
            shutil.copy(root / part, folder / part)
    return folder
