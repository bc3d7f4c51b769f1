"""Groups that hand in once: groups.csv in the course folder says who belongs together.

What one of a group has handed in is copied to the others before it is judged, so that each has an
own mark, on own hidden inputs, in the gradebook, on pages and in exports, as everybody has.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from autograder.course.copying import DEPTH, Limits, copied
from autograder.course.results import DAMAGED, digest, kept, write_whole
from autograder.course.table import Table
from autograder.course.walking import ENTRIES, opened_below, walk
from autograder.pages.naming import told

TABLE = Table("groups.csv", ("lab", "group", "student"))
EVERY = "*"
"""Stands for all labs, in the place of one."""
CHUNK = 2**20


def groups(slug: str, root: Path) -> list[tuple[str, ...]]:
    """The groups of a lab, each with its students.  Raises CollectionError for a broken line."""
    members: dict[str, dict[str, None]] = defaultdict(dict)
    for _, (lab, group, student) in TABLE.numbered(root):
        if lab in (slug, EVERY):
            members[group][student] = None
    return [tuple(students) for students in members.values() if len(students) > 1]


def group(slug: str, students: Sequence[str], root: Path) -> None:
    """Put students into one group of a lab, and out of those before.  Raises OSError."""
    rows = [row for row in TABLE.rows(root) if row]
    rest = [row for row in rows if row[0] != slug or row[-1] not in students]
    TABLE.write([*rest, *([slug, students[0], student] for student in students)], root)


def handed_on(
    slug: str,
    root: Path,
    folders: Mapping[str, Path],
    folder_of: Callable[[str], Path],
    *,
    without: Collection[str] = (),
    dry: bool = False,
) -> list[str]:
    """Copy what one of a group has handed in to the others; what was done, a line each.

    folders: what was handed in, by student.  folder_of: where a student's lies.  without: who gets
    nothing.  dry: nothing is copied.  What somebody has handed in themselves stays; where that is
    so of several, nothing is copied.  Raises OSError, CollectionError.
    """
    copies, said = _Copies(slug, root), []
    for students in groups(slug, root):
        own = [one for one in students if one in folders and not copies.has(one, folders[one])]
        others = [one for one in students if one not in own and one not in without]
        if len(own) > 1:
            said.append(f"{_listed(own)} are one group and have each handed in: each is judged")
        if len(own) != 1 or not others:
            continue
        source = digest_of(folders[own[0]])
        todo = [one for one in others if one not in folders or not copies.is_of(one, source)]
        for student in todo:
            if not dry:
                copies.put(folders[own[0]], student, folder_of(student))
        if todo:
            would = "would have" if dry else "has" if len(todo) == 1 else "have"
            said.append(f"{_listed(todo)} {would} what {told(own[0])} of the group handed in")
    return said


class _Copies:
    """Which hand-ins are copies: by student, digests of what was copied and of the copy."""

    def __init__(self, slug: str, root: Path) -> None:
        self.path = kept(root, slug).folder / "groups.json"
        self.known: dict[str, list[str]] = {}
        with contextlib.suppress(*DAMAGED):  # then what lies there counts as everybody's own
            self.known = dict(json.loads(self.path.read_text("utf-8")))

    def has(self, student: str, folder: Path) -> bool:
        """Whether what lies there is still the copy that was put there."""
        known = self.known.get(digest(student))
        return known is not None and known[1] == digest_of(folder)

    def is_of(self, student: str, source: str) -> bool:
        """Whether the copy was made of what has this digest."""
        return self.known.get(digest(student), [""])[0] == source

    def put(self, source: Path, student: str, target: Path) -> None:
        """Copy what was handed in; the copy takes the place of one from before."""
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".group-") as folder:
            made = Path(folder, "copy")
            made.mkdir()
            copied(source, made, Limits())
            if target.exists():
                shutil.rmtree(target)
            made.rename(target)
        self.known[digest(student)] = [digest_of(source), digest_of(target)]
        write_whole(self.path, json.dumps(self.known, ensure_ascii=False) + "\n")


def digest_of(folder: Path) -> str:
    """A digest of the ordinary files below a folder, of their names and what is in them."""
    found = hashlib.sha256()
    for entry in walk(folder, ENTRIES, DEPTH).entries:
        if entry.is_file:
            found.update(f"{entry.name!r} {entry.status.st_size}\n".encode())
            with (
                opened_below(folder, entry.name) as opened,
                open(opened, "rb", closefd=False) as file,
            ):
                while chunk := file.read(CHUNK):
                    found.update(chunk)
    return found.hexdigest()


def _listed(students: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(map(told, students[:-1])), told(students[-1])]))
