"""The zip that Gradescope installs as an autograder: what sets it up, what it runs, and the lab.

setup.sh, run_autograder, requirements.txt   what Gradescope asks for, and the packages it takes
package/autograder/                          this grader
course/                                      the lab: its solutions, specs and release
secret                                       what hidden cases are drawn from there

Layout: https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

from __future__ import annotations

import hmac
import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from autograder.chain.archive import zipped
from autograder.chain.texts import filled
from autograder.spec.collection import CollectionError, collect
from autograder.spec.retracted import FILE as RETRACTED

DISTRIBUTION = "rnn-labs"
PACKAGE = Path(__file__).resolve().parents[1]
COURSE, SECRET, PACKAGES = "course", "secret", "package"
PROGRAMS = ("setup.sh", "run_autograder")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def gradescope_zip(slug: str, root: Path, secret: bytes) -> bytes:
    """The bytes of the zip, the same whenever it is made from the same.

    Its secret is made from the course's, which it does not tell.  Raises CollectionError.
    """
    collected = collect(slug, root)
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    texts: dict[str, bytes] = {
        "setup.sh": filled("gradescope/setup", slug=slug, python=python).encode(),
        "run_autograder": filled("gradescope/run_autograder", slug=slug).encode(),
        "requirements.txt": "".join(f"{line}\n" for line in _requirements()).encode(),
        SECRET: hmac.digest(secret, f"gradescope-autograder {slug}".encode(), "sha256")
        .hex()
        .encode(),
    }
    for name, file in _files(slug, collected.root):
        texts[name] = file.read_bytes()
    return zipped(texts, PROGRAMS)


def _requirements() -> Iterator[str]:
    """The packages that the grader asks for, in the versions that are here.

    "+cpu" and the like are left out: what Gradescope runs on is for its setup to say.
    """
    try:
        asked = requires(DISTRIBUTION) or []
        for line in asked:
            name = _NAME.match(line)
            if name and "extra ==" not in line:
                yield f"{name[0]}=={version(name[0]).partition('+')[0]}"
    except PackageNotFoundError as error:
        raise CollectionError(
            f"{error.name} is not installed here, so its version cannot be told: pip install it"
        ) from error


def _files(slug: str, root: Path) -> Iterator[tuple[str, Path]]:
    """The grader and the lab, by the names that they have in the zip."""
    released = root / "release" / slug
    if not (released / f"{slug}.ipynb").is_file():
        raise CollectionError(f"there is no release/{slug}/: run autograder build {slug}")
    for file in sorted(PACKAGE.rglob("*")):
        if file.is_file() and file.suffix != ".pyc":
            yield f"{PACKAGES}/{PACKAGE.name}/{file.relative_to(PACKAGE).as_posix()}", file
    specs = (root / "exercises" / slug).glob("*.py")
    taken = root / RETRACTED
    for file in (root / "solutions" / f"{slug}.py", taken, *specs, *released.rglob("*")):
        if file.is_file():
            yield f"{COURSE}/{file.relative_to(root).as_posix()}", file
