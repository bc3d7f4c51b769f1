"""The first files of a course, a lab and an exercise: they build, and are there to be edited."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from autograder.chain.paper import Chosen, Paper, paper, title_of
from autograder.chain.texts import filled
from autograder.spec import collection
from autograder.spec.collection import CollectionError

Texts = dict[str, str]
"""What is to be written: path in the course folder, with slashes → text."""

CONFIG = "nbgrader_config.py"

ARRAYS: Mapping[str, Mapping[str, str]] = {
    "numpy": {
        "np": "np",
        "Array": "Array",
        "axis": "axis",
        "import_np": "import numpy as np\n",
        "imports": "from collections.abc import Callable\nfrom typing import Any\n\n"
        "import numpy as np\nfrom numpy.typing import NDArray\n\nArray = NDArray[Any]",
    },
    "torch": {
        "np": "torch",
        "Array": "Tensor",
        "axis": "dim",
        "import_np": "import torch\n",
        "imports": "from collections.abc import Callable\n\n"
        "import torch\nfrom torch import Tensor",
    },
}
"""What templates call the library of a lab, its arrays and their axes."""


def new_course(root: Path) -> list[str]:
    """Begin a course in a folder; the paths of the files written.

    In a course of nbgrader's, which has an nbgrader_config.py, what is there stays as it is.
    """
    if (root / "solutions").exists():
        raise CollectionError(
            f"{root / 'solutions'} is there already, so this is a course: "
            f"go on with autograder new lab NAME --course {root}"
        )
    texts = course_texts()
    if (root / CONFIG).exists():
        texts = {path: text for path, text in texts.items() if not (root / path).exists()}
    _refuse_present(texts, root, "move it elsewhere, or begin in a new folder")
    return _written(texts, root, folders=("solutions", "exercises"))


def new_lab(slug: str, arrays: str, root: Path) -> list[str]:
    """Add a lab with two worked exercises, the second with a scenario; the files written."""
    texts = lab_texts(slug, arrays)
    _refuse_taken(slug, texts, root)
    return _written(texts, root)


def new_paper(
    slug: str, chosen: Chosen, root: Path, minutes: int | None = None, hints: bool = False
) -> Paper:
    """Add a lab of exercises of other labs; see `paper`.  Raises CollectionError."""
    _refuse_taken(slug, (), root)
    made = paper(slug, chosen, minutes, hints, root)
    _written(made.texts, root)
    return made


def _refuse_taken(slug: str, texts: Iterable[str], root: Path) -> None:
    """Raises CollectionError for what is no name of a lab, or one that is there."""
    if not collection.SLUG.fullmatch(slug) or keyword.iskeyword(slug):
        raise CollectionError(
            f"{slug!r} cannot name a lab: use lower-case letters, digits and _, at most 40, "
            "a letter first, and no keyword of Python's"
        )
    ours = {f"{folder}/{slug}" for folder in ("exercises", "source", "release")}
    ours |= {f"solutions/{slug}.py", *texts}
    _refuse_present(ours, root, "choose another name, or move it elsewhere")


def new_exercise(slug: str, name: str, root: Path) -> list[str]:
    """Add a draft of an exercise to the end of a lab; the files written."""
    if not name.isidentifier() or keyword.iskeyword(name) or len(name) > 50 or name[0] == "_":
        raise CollectionError(
            f"{name!r} cannot name an exercise: use letters, digits and _, at most 50, "
            "a letter first, and no keyword of Python's"
        )
    lab = root / "solutions" / f"{slug}.py"
    authored = lab.read_text(encoding="utf-8")
    if re.search(rf"^((def|class) |(from|import) .*\b)?{name}\b", authored, re.MULTILINE):
        raise CollectionError(f"solutions/{slug}.py has {name} already: choose another name")
    texts = exercise_texts(slug, name)
    _refuse_present(texts, root, "choose another name, or move it elsewhere")
    written = _written(texts, root)
    with lab.open("a", encoding="utf-8") as file:
        file.write("\n" * (not authored.endswith("\n")) + filled("exercise/cell", name=name))
    return [*written, f"solutions/{slug}.py"]


def course_texts() -> Texts:
    """The files of a course without a lab."""
    return {
        CONFIG: filled("course/nbgrader_config"),
        ".gitignore": filled("course/gitignore"),
        "README.md": filled("course/readme"),
    }


def lab_texts(slug: str, arrays: str) -> Texts:
    """The files of a lab whose arrays are "numpy" or "torch"."""
    title = title_of(slug)
    told = {"slug": slug, "title": title, "arrays": arrays, **ARRAYS[arrays]}
    places = {
        f"solutions/{slug}.py": "solution",
        f"exercises/{slug}/__init__.py": "init",
        f"exercises/{slug}/smooth.py": "smooth",
        f"exercises/{slug}/unroll.py": "unroll",
        f"exercises/{slug}/right/plain.py": "plain",
    }
    return {path: filled(f"lab/{template}", **told) for path, template in places.items()}


def exercise_texts(slug: str, name: str) -> Texts:
    """The spec of a new exercise."""
    return {f"exercises/{slug}/{name}.py": filled("exercise/spec", slug=slug, name=name)}


def _refuse_present(paths: Iterable[str], root: Path, way_out: str) -> None:
    for path in sorted(paths):
        if (root / path).exists():
            raise CollectionError(f"{root / path} is there already and stays: {way_out}")


def _written(texts: Texts, root: Path, folders: Sequence[str] = ()) -> list[str]:
    """Write new files, and make folders for them and others; the paths of the files."""
    try:
        for folder in (*map(Path, folders), *(Path(path).parent for path in texts)):
            (root / folder).mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            with (root / path).open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise CollectionError(f"{error.filename} cannot be written: {error.strerror}") from error
    return list(texts)
