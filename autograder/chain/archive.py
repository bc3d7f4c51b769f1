"""labcheck as students get it: one zip archive, labcheck.pyz, that Python runs and imports.

It holds what begins as plain modules, and all others in one compressed text.
"""

from __future__ import annotations

import functools
import io
import json
import zipfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from autograder.chain.squeezing import compressed, squeezed
from autograder.chain.stripping import stripped
from autograder.chain.texts import plain
from autograder.spec.collection import specified

ARCHIVE = "labcheck.pyz"

_PACKAGE = Path(__file__).resolve().parents[1] / "labcheck"
MODULES = "labcheck/modules"
"""The text of all modules in it: a line of JSON on what follows, then each squeezed."""
PLAIN = "squeezed"
"""The module that is needed to read the others."""
_DATE = (1980, 1, 1, 0, 0, 0)
_UNIX, _MODE, _PROGRAM = 3, 0o100644 << 16, 0o100755 << 16


@functools.cache
def archive() -> bytes:
    """The bytes of labcheck.pyz, the same whenever they are made with the same zlib."""
    texts = {file.stem: stripped(_text(file)) for file in sorted(_PACKAGE.glob("*.py"))}
    plain_one = texts.pop(PLAIN).encode()
    begins = {name: stripped(plain(f"archive/{name}")).encode() for name in ("main", "package")}
    return zipped(
        {
            "__main__.py": begins["main"],
            "labcheck/__init__.py": begins["package"],
            f"labcheck/{PLAIN}.py": plain_one,
            MODULES: compressed(joined(texts)),
        },
        stored=(MODULES,),
    )


def joined(texts: Mapping[str, str]) -> bytes:
    """Modules by name as one text."""
    phrases, short = squeezed("\0".join(texts.values()), "python")
    head = {"phrases": phrases, "modules": list(texts)}
    return json.dumps(head, separators=(",", ":")).encode() + b"\n" + short


def zipped(
    files: Mapping[str, bytes], programs: Collection[str] = (), stored: Collection[str] = ()
) -> bytes:
    """A zip with these files, undated.

    programs: those that may be executed.  stored: those that are as small as they can be.
    """
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as opened:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _DATE)
            mode = _PROGRAM if name in programs else _MODE
            entry.create_system, entry.external_attr = _UNIX, mode
            deflated = name not in stored
            entry.compress_type = zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED
            opened.writestr(entry, data)
    return made.getvalue()


def _text(file: Path) -> str:
    """A module with line ends as they are on Unix, however git checked it out."""
    return file.read_text(encoding="utf-8")


def add_labcheck(assignment: str, notebooks: Sequence[str] = (), **_: object) -> None:
    """nbgrader's post_convert_hook: labcheck.pyz into release/, where that is a lab of ours."""
    root = course_of(assignment, notebooks)
    if root is not None:
        (root / "release" / assignment / ARCHIVE).write_bytes(archive())


def course_of(assignment: str, notebooks: Sequence[str]) -> Path | None:
    """The course that has an assignment with these notebooks as a lab of ours, if one has.

    nbgrader may work in another folder than that of the course.
    """
    folders = (folder for notebook in notebooks for folder in Path(notebook).resolve().parents)
    return next((folder for folder in folders if specified(assignment, folder)), None)
