"""A course folder of its own with one small lab, built once, copied for each test."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from instructor_kit import LAB, SPECS, TITLE, Course


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course as its author leaves it: a lab, everything built."""
    root = tmp_path_factory.mktemp("built") / "course"
    specs = root / "exercises" / "tiny"
    specs.mkdir(parents=True)
    shutil.copy(Path(__file__).parents[2] / "nbgrader_config.py", root)
    (specs / "__init__.py").write_text(
        f'from autograder.spec import Lab\n\nLAB = Lab(title="{TITLE}", arrays="numpy")\n'
    )
    for name, text in SPECS.items():
        (specs / f"{name}.py").write_text(text, "utf-8")
    (root / "solutions").mkdir()
    (root / "solutions" / "tiny.py").write_text(LAB, "utf-8")
    assert Course(root).run("autograder", "build").stdout
    return root


@pytest.fixture
def course(built: Path, tmp_path: Path) -> Course:
    """A fresh copy of that course, with nothing handed in yet."""
    root = tmp_path / "course"
    shutil.copytree(built, root)
    return Course(root)


@pytest.fixture(scope="session", autouse=True)
def programs_beside_python() -> Iterator[None]:
    """nbgrader starts alembic by its name for a new gradebook; a virtual environment has it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        yield
