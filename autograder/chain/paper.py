"""A lab made of exercises that are there: a paper for an exam, or to practise with.

It is a copy: what changes later in the labs that it is from does not change it, so that it stays
as it is while a class writes it.  It is a lab like any other, and its author's to edit.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from autograder.chain.borrowed import Borrowed, borrowed, right_programs, set_in
from autograder.chain.leaks import LONG, secrets
from autograder.chain.notebook import (
    Cell,
    code_cell,
    from_percent,
    python_cell,
    text_cell,
    to_authored,
)
from autograder.chain.sections import SECTION, Kind, Taken, kind_of, taken
from autograder.chain.source import BEGIN, END, named
from autograder.chain.statements import Statement, by_name, imports, needed, statements, used
from autograder.chain.texts import filled
from autograder.spec import collection
from autograder.spec.collection import Collected, CollectionError

Chosen = Mapping[str, Sequence[str]]
"""The exercises of each lab that a paper is made of."""


@dataclass(frozen=True)
class Paper:
    """The files of a lab that is made, and what is to be said of them.

    given: the functions that are handed out written.  left_out: how many pictures do without.
    shows: sentences on lines of a solution that what is given has, too.
    """

    texts: dict[str, str]
    given: tuple[str, ...]
    left_out: int
    shows: tuple[str, ...]


def paper(slug: str, chosen: Chosen, minutes: int | None, hints: bool, root: Path) -> Paper:
    """The lab `slug` of exercises of other labs, in the order of the labs and of their cells.

    minutes: how long one has; hints: whether checks give any.  Raises CollectionError, which names
    what does not fit.
    """
    parts = [_Part.of(slug, lab, names, root) for lab, names in chosen.items()]
    _refuse_twice(parts)
    texts = {
        f"solutions/{slug}.py": to_authored(_cells(slug, parts, minutes, hints)),
        f"exercises/{slug}/__init__.py": _init(slug, parts, hints),
    }
    for part in parts:
        texts |= _specs(slug, part, parts)
        texts |= right_programs(slug, part.slug, part.chosen, root)
    return Paper(
        texts,
        tuple(f"{name} of {part.slug}" for part in parts for name in part.given),
        sum(part.taken.left_out for part in parts),
        tuple(line for part in parts for line in _shown(part)),
    )


@dataclass(frozen=True)
class _Part:
    """A lab as a paper takes from it.

    given: exercises that the chosen ones use.  code: its statements.
    """

    collected: Collected
    cells: Sequence[Cell]
    code: Sequence[Statement]
    chosen: tuple[str, ...]
    given: tuple[str, ...]
    specs: Borrowed

    @classmethod
    def of(cls, slug: str, lab: str, names: Sequence[str], root: Path) -> _Part:
        """Raises CollectionError for an exercise that the lab has not."""
        collected = collection.collect(lab, root)
        there = [one.name for one in collected.exercises]
        for name in names:
            if name not in there:
                has = ", ".join(there)
                raise CollectionError(f"{lab} has no exercise {name!r}; it has: {has}")
        cells = from_percent((root / "solutions" / f"{lab}.py").read_text(encoding="utf-8"))
        texts = (one.source for one in cells if kind_of(one) in (Kind.EXERCISE, Kind.CODE))
        code = [found for text in texts for found in statements(text)]
        used_by_them = needed(names, by_name(code))
        given = tuple(one for one in there if one in used_by_them and one not in names)
        chosen = tuple(one for one in there if one in names)
        return cls(collected, cells, code, chosen, given, borrowed(slug, lab, chosen, root))

    @property
    def slug(self) -> str:
        """The lab."""
        return self.collected.slug

    @cached_property
    def exercises(self) -> frozenset[str]:
        """The names of all exercises of the lab."""
        return frozenset(one.name for one in self.collected.exercises)

    @cached_property
    def known(self) -> dict[str, list[Statement]]:
        """Its statements by the names that they bind."""
        return by_name(self.code)

    @cached_property
    def taken(self) -> Taken:
        """Its text and its pictures."""
        helpers = self.known.keys() - self.exercises
        return taken(self.cells, self.chosen, {*self.chosen, *self.given, *helpers})

    @cached_property
    def public(self) -> set[str]:
        """The names of its own that are handed out."""
        pictures = frozenset[str]().union(*(used(one.source) for one in self.taken.pictures))
        helpers = pictures - self.exercises
        return needed({*self.chosen, *self.given, *helpers}, self.known)

    @cached_property
    def private(self) -> set[str]:
        """The names of its own that only its specs use."""
        return needed(self.specs.words, self.known) - self.public

    def statements(self, names: Collection[str]) -> list[Statement]:
        """Those that bind one of the names, in order."""
        return [one for one in self.code if one.binds & {*names}]


def _without_marks(code: str) -> str:
    """Code with its solutions as they are handed out."""
    return "\n".join(line for line in code.splitlines() if line.strip() not in (BEGIN, END))


def _refuse_twice(parts: Sequence[_Part]) -> None:
    """Raises CollectionError where two labs mean different things by one name."""
    seen: dict[str, _Part] = {}
    for part in parts:
        for name in part.chosen:
            other = seen.setdefault(name, part)
            if other is not part:
                raise CollectionError(
                    f"{other.slug} and {part.slug} both have an exercise {name!r}, and a lab has "
                    "each name once: take one of the two"
                )
    seen = {}
    for part in parts:
        for name in sorted(part.public | part.private):
            other = seen.setdefault(name, part)
            if other is part or _says(part, name) == _says(other, name):
                continue
            what = f"{other.slug} and {part.slug} both define {name}, each differently"
            if name in {*part.chosen, *part.given, *other.chosen, *other.given}:
                raise CollectionError(f"{what}: take exercises of one of the two")
            raise CollectionError(f"{what}: rename it in solutions/{part.slug}.py first")


def _says(part: _Part, name: str) -> list[str]:
    return [one.told for one in part.known[name]]


# -- solutions/<lab>.py --------------------------------------------------------------------------


def _cells(slug: str, parts: Sequence[_Part], minutes: int | None, hints: bool) -> list[Cell]:
    cells = [text_cell("head", _head(slug, parts, minutes, hints))]
    for part in parts:
        cells += _headed(part.taken.conventions, part, parts)
    helpers = [part.statements(part.public - part.exercises) for part in parts]
    cells.append(code_cell("code", _code(helpers)))
    for part in parts:
        cells += part.taken.before
        cells += _given(part, parts)
        cells += part.taken.body
    handed_out = {one.told for part in parts for one in part.statements(part.public)}
    alone = _code([part.statements(part.private) for part in parts], handed_out)
    if alone:
        cells.append(python_cell("specs", f"{FOR_SPECS}\n{alone}"))
    return named(_numbered([cell for cell in cells if cell.source.strip()]))


NUMBER = re.compile(r"## \d+\. ")
FOR_SPECS = "# What the specs of this lab use, and nobody is handed out."


def _code(helpers: Sequence[Sequence[Statement]], without: Collection[str] = ()) -> str:
    """The statements of several labs as one text; what two of them say stands once.

    without: what is told elsewhere.
    """
    found = {one.told: one for each in helpers for one in each if one.told not in without}.values()
    text = imports(one.text for one in found if one.is_import)
    for one in found:
        if not one.is_import:
            text = f"{text}\n\n\n{one.text}" if one.is_definition else f"{text}\n\n{one.text}"
    return text.strip("\n")


def _headed(cells: Sequence[Cell], part: _Part, parts: Sequence[_Part]) -> list[Cell]:
    """The conventions of a lab, which is named where there are several."""
    if len(parts) == 1:
        return list(cells)
    found = []
    for cell in cells:
        heading, _, rest = cell.source.partition("\n")
        if SECTION.match(heading):
            heading = f"{heading}: {part.collected.lab.title}"
        found.append(text_cell(cell.id, f"{heading}\n{rest}"))
    return found


def _given(part: _Part, parts: Sequence[_Part]) -> list[Cell]:
    """The functions that are handed out, written."""
    if not part.given:
        return []
    text = text_cell("given", filled("paper/given").rstrip())
    code = [code_cell("given", _without_marks(one.text)) for one in part.statements(part.given)]
    return [*_headed([text], part, parts), *code]


def _numbered(cells: list[Cell]) -> list[Cell]:
    """The cells with their sections counted from 1."""
    number = 0
    for cell in cells:
        if cell.cell_type == "markdown" and (found := NUMBER.match(cell.source)):
            number += 1
            cell.source = f"## {number}. {cell.source[found.end() :]}"
    return cells


def _head(slug: str, parts: Sequence[_Part], minutes: int | None, hints: bool) -> str:
    """The title, how long one has, how one works, and what is not allowed."""
    time = f"You have {minutes} minutes.\n\n" if minutes else ""
    first = parts[0].chosen[0]
    how = filled("paper/hints" if hints else "paper/no_hints", first=first).rstrip()
    rules = "".join(_not_allowed(parts))
    return filled("paper/head", title=title_of(slug), time=time, how=how, rules=rules).rstrip()


def _not_allowed(parts: Sequence[_Part]) -> Iterator[str]:
    """What labs forbid as a whole; what an exercise forbids, its own text says."""
    same = len({part.collected.lab.forbidden for part in parts}) == 1
    for part in parts[:1] if same else parts:
        forbidden = part.collected.lab.forbidden
        where = "" if same else f" in {_named(part.chosen)}"
        if forbidden:
            yield f"\n**Not allowed{where}:** {_named(forbidden)}.\n"


def _named(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def title_of(slug: str) -> str:
    """The title of a lab that has been given none."""
    return slug.replace("_", " ").capitalize()


# -- exercises/<lab>/ ----------------------------------------------------------------------------


def _init(slug: str, parts: Sequence[_Part], hints: bool) -> str:
    labs = [part.collected.lab for part in parts]
    shared: dict[str, Any] = {"title": title_of(slug), "arrays": _arrays(parts)}
    if len({lab.forbidden for lab in labs}) == 1 and labs[0].forbidden:
        shared["forbidden"] = labs[0].forbidden
    axes: dict[str, str] = {}
    for part in parts:
        for letter, word in part.collected.lab.axes.items():
            if axes.setdefault(letter, word) != word:
                raise CollectionError(
                    f"{part.slug} calls the axis {letter} {word!r}, another lab {axes[letter]!r}: "
                    f"change it in exercises/{part.slug}/__init__.py first"
                )
    shared |= {"axes": axes} if axes else {}
    shared |= {} if hints else {"hints": False}
    shared["copied"] = tuple(part.slug for part in parts)
    told = "\n".join(f"    {name}={_literal(value)}," for name, value in shared.items())
    return filled("paper/init", title=title_of(slug), told=told)


def _literal(value: Any) -> str:
    """Python text with double quotes."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        items = [_literal(one) for one in value]
        return f"({', '.join(items)}{',' * (len(items) == 1)})"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_literal(k)}: {_literal(v)}" for k, v in value.items()) + "}"
    return repr(value)


def _arrays(parts: Sequence[_Part]) -> str:
    """What the paper computes with: with PyTorch, where anything of it does."""
    found = {one.arrays or part.collected.lab.arrays for part in parts for one in _asked(part)}
    return "torch" if "torch" in found else "numpy"


def _asked(part: _Part) -> Iterator[Any]:
    return (one for one in part.collected.exercises if one.name in part.chosen)


def _specs(slug: str, part: _Part, parts: Sequence[_Part]) -> dict[str, str]:
    """The specs, each with what its lab says of all, where that is not what the paper says."""
    lab, texts = part.collected.lab, dict(part.specs.texts)
    settings: dict[str, str] = {}
    if lab.arrays != _arrays(parts):
        settings["arrays"] = _literal(lab.arrays)
    if len({one.collected.lab.forbidden for one in parts}) > 1 and lab.forbidden:
        settings["forbidden"] = _literal(lab.forbidden)
    for name in part.chosen if settings else ():
        path = f"exercises/{slug}/{name}.py"
        texts[path] = set_in(texts[path], f"exercises/{part.slug}/{name}.py", settings)
    return texts


def _shown(part: _Part) -> Iterator[str]:
    """Lines of the chosen solutions that stand in a function that is handed out."""
    asked = (one.source for one in part.cells if one.metadata.get("exercise") in part.chosen)
    secret, _ = secrets("\n".join(asked))
    for name in part.given:
        text = "\n".join(one.text for one in part.statements([name]))
        for line in sorted(secret & {line.strip() for line in text.splitlines()}):
            if len(line) >= LONG:
                yield f"{name}, which is handed out, has a line of a solution: {line}"
