"""The chain solutions → source → release → assignments, and the proof that it is up to date.

A course's summary goes from solutions/ to release/ alone: it is no assignment.
"""

from __future__ import annotations

import importlib
import importlib.util
import math
import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from autograder.chain.archive import ARCHIVE, archive
from autograder.chain.compare import agree, first_difference, record_text
from autograder.chain.leaks import leaks, leaks_of_all
from autograder.chain.release import ReleaseError, release
from autograder.chain.source import made_from, source
from autograder.chain.starter import readme, starter, workflow
from autograder.chain.summary import WHERE, summary
from autograder.chain.texts import filled
from autograder.labcheck.reading import given_of
from autograder.spec import collection
from autograder.spec.collection import SUMMARY, Collected

Files = dict[str, bytes]
"""What a build makes: path in the course folder, with slashes → content."""

Progress = Callable[[str], None]

GENERATED = ("source", "release", "assignments")
LEFT_ALONE = {"__pycache__", ".ipynb_checkpoints"}


class BuildError(Exception):
    """A lab that could not be built; each line names a file and what is wrong with it."""


def _quiet(message: str) -> None:
    del message


def build(
    slugs: Sequence[str] = (),
    root: Path | None = None,
    out: Path | None = None,
    progress: Progress = _quiet,
    draft: bool = False,
) -> list[Path]:
    """Make the files of some parts, or of all, under `out` or the course folder; what was written.

    draft: make unfinished labs too; `unfinished` says what is left to do.
    Files that already say the same stay as they are.  Folders labcheck/ of earlier builds are
    emptied; other files that no build makes are left, and `check` names them.
    Raises CollectionError or BuildError before anything is written.
    """
    root = collection.course(root)
    target = out or root
    files = make(slugs, root, progress, draft)
    written = [target / path for path in sorted(files) if _write(target, path, files[path])]
    for path in _strays(files, target, _chosen(slugs, root), root):
        if "/labcheck/" in path and path.endswith(".py"):
            _delete_module(target / path)
    return written


def _delete_module(file: Path) -> None:
    """Delete a module, and its folder once nothing but compiled modules is left there."""
    file.unlink()
    if {one.name for one in file.parent.iterdir()} <= {"__pycache__"}:
        shutil.rmtree(file.parent)


def check(
    slugs: Sequence[str] = (),
    root: Path | None = None,
    progress: Progress = _quiet,
    draft: bool = False,
) -> list[str]:
    """How the generated files differ from what a build makes, one line each; none if all is well.

    Raises CollectionError or BuildError as `build` does.
    """
    root = collection.course(root)
    files = make(slugs, root, progress, draft)
    strays = _strays(files, root, _chosen(slugs, root), root)
    return [
        *collection.orphans(root),
        *_differences(files, root),
        *(f"{path}: no build makes it: move it elsewhere or delete it" for path in strays),
    ]


def unfinished(slugs: Sequence[str] = (), root: Path | None = None) -> list[str]:
    """What keeps some labs, or all, from being more than drafts, one line each."""
    root = collection.course(root)
    chosen = (slug for slug in _chosen(slugs, root) if not _is_summary(slug, root))
    collected = (collection.collect(slug, root) for slug in chosen)
    return [line for lab in collected for line in collection.problems(lab)]


def make(
    slugs: Sequence[str] = (),
    root: Path | None = None,
    progress: Progress = _quiet,
    draft: bool = False,
) -> Files:
    """Everything that a build of some parts, or of all, makes; nothing is written to `root`."""
    root = collection.course(root)
    chosen = _chosen(slugs, root)
    files = shared_files(root)
    for made in _each_part(chosen, root, progress, draft):
        files |= made
    return files


def make_part(slug: str, root: Path, draft: bool = False) -> Files:
    """Everything made from one lab, or from the summary."""
    return make_summary(root) if _is_summary(slug, root) else make_lab(slug, root, draft)


def make_summary(root: Path) -> Files:
    """The notebook to revise from; refuses to show a line of any lab's solution."""
    path, content = f"release/{SUMMARY}/{SUMMARY}.ipynb", summary(root).encode()
    folder = root / "solutions"
    authored = {
        slug: (folder / f"{slug}.py").read_text(encoding="utf-8") for slug in collection.labs(root)
    }
    shown = leaks_of_all(authored, path, content)
    if shown:
        raise BuildError("\n".join([*shown, f"write these lines of {WHERE} in other words"]))
    return {path: content}


def make_lab(slug: str, root: Path, draft: bool = False) -> Files:
    """Everything made from one lab; refuses to show a solution, and an unfinished lab."""
    collected = collection.collect(slug, root)
    _refuse_unfinished(collected, draft)
    authored_notebook = source(collected).encode()
    given = given_of(authored_notebook).to_json()
    record = record_text({**_visible(collected), "given": given})
    files: Files = {
        f"source/{slug}/{slug}.ipynb": authored_notebook,
        f"source/{slug}/visible.json": record,
    }
    files |= _released(slug, files, root)
    files[f"release/{slug}/{ARCHIVE}"] = archive()
    notebook = files[f"release/{slug}/{slug}.ipynb"].decode()
    files[f"assignments/{slug}.py"] = starter(slug, notebook, collected.lab.hints).encode()
    files[f"assignments/visible/{slug}.json"] = record
    authored = (root / "solutions" / f"{slug}.py").read_text(encoding="utf-8")
    shown = leaks(slug, authored, files)
    if shown:
        raise BuildError("\n".join(shown))
    return files


def _refuse_unfinished(collected: Collected, draft: bool) -> None:
    """Only what has points that nbgrader can write down may be a draft."""
    todo = collection.problems(collected)
    possible = all(0 <= exercise.points < math.inf for exercise in collected.exercises)
    if todo and possible and not draft:
        todo.append(f"or build a draft: autograder build {collected.slug} --draft")
    if todo and not (possible and draft):
        raise BuildError("\n".join(todo))


def shared_files(root: Path) -> Files:
    """What all labs have in common in assignments/."""
    return {
        "assignments/README.md": readme(root).encode(),
        "assignments/requirements.txt": filled("assignments/requirements").encode(),
        "assignments/.github/workflows/labcheck.yml": workflow(root).encode(),
        f"assignments/{ARCHIVE}": archive(),
    }


def _visible(collected: Collected) -> dict[str, Any]:
    """What labcheck compares with: inputs, expected values, and what mistakes give."""
    if importlib.util.find_spec("autograder.chain.recording") is None:
        return {"schema": 1, "lab": collected.slug, "exercises": []}
    record: dict[str, Any] = importlib.import_module("autograder.chain.recording").record(
        collected
    )
    return record


def _released(slug: str, files: Files, root: Path) -> Files:
    with tempfile.TemporaryDirectory(prefix="autograder-build-") as folder:
        course = Path(folder).resolve()
        for path, content in files.items():
            _write(course, path, content)
        try:
            release(slug, course, root)
        except ReleaseError as error:
            raise BuildError(str(error)) from error
        made = sorted(file for file in (course / "release").rglob("*") if file.is_file())
        return {file.relative_to(course).as_posix(): file.read_bytes() for file in made}


def _each_part(slugs: list[str], root: Path, progress: Progress, draft: bool) -> Iterator[Files]:
    """The files of each part, in processes side by side where there are several."""
    jobs = min(len(slugs), _cores())
    if jobs < 2:
        for slug in slugs:
            progress(f"{slug}: building")
            yield make_part(slug, root, draft)
        return
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    with ProcessPoolExecutor(jobs, context) as pool:
        futures = {pool.submit(make_part, slug, root, draft): slug for slug in slugs}
        for future in as_completed(futures):
            yield future.result()
            progress(f"{futures[future]}: built")


def _cores() -> int:
    """The cores that this process may use; not every system can say."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def parts(root: Path) -> list[str]:
    """What a build makes things from: the labs, and the summary where there is one."""
    return [*collection.labs(root), *([SUMMARY] if collection.topics(root) else [])]


def _is_summary(slug: str, root: Path) -> bool:
    return slug == SUMMARY and bool(collection.topics(root))


def _chosen(slugs: Sequence[str], root: Path) -> list[str]:
    return list(dict.fromkeys(slugs)) or parts(root)


def _write(folder: Path, path: str, content: bytes) -> bool:
    """Write a file unless it already says the same; whether it was written."""
    file = folder / path
    if file.is_file() and agree(file.read_bytes(), content, path):
        return False
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return True


def _differences(files: Files, root: Path) -> Iterator[str]:
    for path, content in sorted(files.items()):
        command = f"run autograder build {_owner(path) or ''}".rstrip()
        if not (root / path).is_file():
            yield f"{path}: missing: {command}"
            continue
        found = (root / path).read_bytes()
        if not agree(found, content, path):
            line = first_difference(found, content)
            what = "this" if path.endswith(ARCHIVE) else f"line {line}"
            yield f"{path}: {what} is not what a build makes: {command}"


def _owner(path: str) -> str | None:
    """The lab, or the summary, that a generated path belongs to; None for what all labs share."""
    parts = path.split("/")
    if parts[0] != "assignments":
        return parts[1] if len(parts) > 2 else None
    if parts[1] == "visible" and len(parts) == 3:
        return parts[2].removesuffix(".json")
    return parts[1].removesuffix(".py") if len(parts) == 2 and parts[1].endswith(".py") else None


def _strays(files: Files, target: Path, chosen: list[str], root: Path) -> list[str]:
    """Files in the generated folders that no build makes, leaving out labs that are not chosen."""
    known = parts(root)
    others = set(known) - set(chosen)
    found = (file for folder in GENERATED for file in (target / folder).rglob("*"))
    paths = (file.relative_to(target) for file in found if file.is_file() or file.is_symlink())
    kept = (path for path in paths if not LEFT_ALONE & set(path.parts))
    specs = [folder.name for folder in (root / "exercises").glob("*") if folder.is_dir()]
    ours = (path.as_posix() for path in kept if not _is_nbgraders(path, target, [*known, *specs]))
    return sorted(path for path in ours if path not in files and _owner(path) not in others)


def _is_nbgraders(path: Path, target: Path, known: Sequence[str]) -> bool:
    """Whether a file is of an assignment that is nbgrader's alone, or lies beside them all."""
    step, *folders, _ = path.parts
    if step == "assignments" or (folders and folders[0] in known):
        return False
    return not folders or not _was_built(target / step / folders[0])


def _was_built(folder: Path) -> bool:
    """Whether a folder is one that a build made, for a lab or a summary that is gone by now."""
    notebook = folder / f"{SUMMARY}.ipynb"
    if folder.name == SUMMARY and notebook.is_file():
        return made_from(WHERE)["generated"] in notebook.read_text("utf-8", errors="replace")
    return (folder / "visible.json").exists()
