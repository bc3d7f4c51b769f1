"""Looks for lines of solutions in what students get."""

from __future__ import annotations

import functools
import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from autograder.chain.archive import ARCHIVE
from autograder.chain.source import BEGIN, END
from autograder.labcheck.packing import unpacked

LONG = 16
"""From this length on a secret line is looked for inside other lines too, and in records."""

TELLING = 40
"""From this length on a secret line is looked for in other labs' files; shorter ones are idiom."""


def leaks(
    slug: str, authored: str, files: Mapping[str, bytes], handed_out: Collection[str] = ()
) -> list[str]:
    """Lines of solution regions of solutions/<lab>.py that stand in files made for students.

    authored: the text of the lab's file; what stands outside its solutions is public.
    files: path → content; labcheck.pyz is the same for every lab and is passed over.  handed_out:
    lines that a lab which is a copy hands out on purpose.
    """
    secret, public = secrets(authored)
    secret -= {*handed_out}
    found = []
    for path, content in sorted(files.items()):
        if path.endswith(ARCHIVE) or not path.startswith(("release/", "assignments/")):
            continue
        lines = _lines(path, content) - public
        text, whole = "\n".join(lines), frozenset() if path.endswith(".json") else lines
        least = 0 if slug in path else TELLING
        found += [
            _told(path, slug, line)
            for line in sorted(secret)
            if len(line) >= least and (line in whole or (len(line) >= LONG and line in text))
        ]
    return found


def leaks_of_all(labs: Mapping[str, str], path: str, content: bytes) -> list[str]:
    """Lines of any lab's solutions that stand in one file that is made for students.

    labs: slug → the text of its file; what stands outside the solutions of one is idiom in all.
    """
    sides = {slug: secrets(authored) for slug, authored in labs.items()}
    lines = _lines(path, content).difference(*(public for _, public in sides.values()))
    text = "\n".join(lines)
    return [
        _told(path, slug, line)
        for slug, (secret, _) in sides.items()
        for line in sorted(secret)
        if line in lines or (len(line) >= TELLING and line in text)
    ]


def _lines(path: str, content: bytes) -> frozenset[str]:
    return _lines_of(content, path.endswith((".ipynb", ".json")))


@functools.lru_cache(maxsize=64)
def _lines_of(content: bytes, is_json: bool) -> frozenset[str]:
    """The lines of a file; what one lab's record holds is asked about for each lab."""
    texts = _strings(_unpacked(json.loads(content))) if is_json else [content.decode("utf-8")]
    return frozenset(line.strip() for line in "\n".join(texts).splitlines())


def _unpacked(data: Any) -> Any:
    """A record with what is packed in it; notebooks as they are."""
    return unpacked(data) if isinstance(data, dict) else data


def _told(path: str, slug: str, line: str) -> str:
    return f"{path}: shows a line of a solution of solutions/{slug}.py: {line}"


def secrets(authored: str) -> tuple[set[str], set[str]]:
    """The lines of a lab that stand in solutions only, and those that stand outside of them."""
    inside: set[str] = set()
    outside: set[str] = set()
    current = outside
    for line in map(str.strip, authored.splitlines()):
        if line == BEGIN:
            current = inside
        elif line == END:
            current = outside
        elif any(map(str.isalpha, line)):
            current.add(line)
            if current is outside:
                current.add(line.removeprefix("#").strip())
    return inside - outside, outside


def _strings(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, list):
        for item in node:
            yield from _strings(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from _strings(value)
