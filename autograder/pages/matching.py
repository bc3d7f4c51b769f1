"""Who is who: the lines of a platform's file and the persons of the gradebook."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from autograder.pages.cells import Row
from autograder.pages.marks import Person
from autograder.pages.naming import told

What = Literal["number", "id", "login", "email", "first", "last", "full", "other"]
"""What a column says of a student; number: an id that the platform itself has made."""
SAME: Mapping[What, tuple[str, ...]] = {
    "number": ("lms_id",),
    "id": ("lms_id", "name"),
    "login": ("name", "email"),
    "email": ("email", "name"),
}
"""Which names of a person such a column may hold."""


@dataclass(frozen=True)
class Line:
    """The line of one student in a file, and what its columns say; name: first and last one."""

    row: Row
    said: Sequence[tuple[What, str]]
    name: tuple[str, str]

    @property
    def full(self) -> str:
        """The full name, as far as it is told."""
        return " ".join(filter(None, self.name))

    @property
    def ids(self) -> list[tuple[What, str]]:
        """What tells one student from another of the same name."""
        return [(what, text) for what, text in self.said if what in SAME]

    @property
    def shown(self) -> str:
        """The student as messages name them."""
        return told(self.full or self.ids[0][1])


Pair = tuple[Line, Person]


def matched(lines: Sequence[Line], persons: Sequence[Person]) -> tuple[list[Pair], list[str]]:
    """Lines with their persons, by id, login or email, else by full name; and who has none.

    Where several could be meant none is, and a full name alone is not enough for who has another
    id or address there.
    """
    strong = list(_by_id(lines, persons))
    taken, known = {id(line) for line, _ in strong}, {person.name for _, person in strong}
    named = [
        (line, person)
        for line, person in _by_name(lines, persons)
        if id(line) not in taken and person.name not in known
    ]
    agreeing = [pair for pair in named if not _contradict(*pair)]
    found = _one_to_one(strong) + _one_to_one(agreeing)
    unsure = [*strong, *named]
    return found, [*_without_mark(lines, found, unsure), *_without_line(persons, found)]


def _by_id(lines: Sequence[Line], persons: Sequence[Person]) -> Iterator[Pair]:
    known: dict[tuple[str, str], dict[str, Person]] = defaultdict(dict)
    for person in persons:
        for attribute in ("name", "lms_id", "email"):
            known[attribute, plain(getattr(person, attribute))][person.name] = person
    for line in lines:
        keys = ((one, plain(text)) for what, text in line.ids for one in SAME[what])
        here = {name: one for key in keys if key in known for name, one in known[key].items()}
        for person in here.values():
            yield line, person


def _by_name(lines: Sequence[Line], persons: Sequence[Person]) -> Iterator[Pair]:
    known: dict[str, list[Person]] = defaultdict(list)
    for person in persons:
        for name in _full_names(person):
            known[name].append(person)
    for line in lines:
        people = (one for name in _both_ways(*line.name) for one in known.get(name, ()))
        for person in {one.name: one for one in people}.values():
            yield line, person


def _full_names(person: Person) -> set[str]:
    """The letters of a full name either way round; of the name of their folder without one."""
    named = person.first_name and person.last_name
    names = (person.first_name, person.last_name) if named else (person.name, "")
    return _both_ways(*names)


def _both_ways(first: str, last: str) -> set[str]:
    first, last = letters(first), letters(last)
    return {first + last, last + first} - {""}


def _one_to_one(pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs of which neither has another one."""
    lines = Counter(id(line) for line, _ in pairs)
    names = Counter(person.name for _, person in pairs)
    return [one for one in pairs if lines[id(one[0])] == 1 and names[one[1].name] == 1]


def _contradict(line: Line, person: Person) -> bool:
    """Whether both have an id, or both an address, and these differ."""
    own: dict[What, str] = {"id": person.lms_id, "email": person.email}
    pairs = ((own.get(what, ""), text) for what, text in line.ids)
    return any(mine and plain(mine) != plain(text) for mine, text in pairs)


def _without_mark(
    lines: Sequence[Line], found: Sequence[Pair], unsure: Sequence[Pair]
) -> Iterator[str]:
    done = {id(line) for line, _ in found}
    for line in lines:
        if id(line) in done:
            continue
        who = " or ".join(sorted({told(one.name) for there, one in unsure if there is line}))
        if who:
            yield f"{line.shown} in the file may be {who}, which is not certain: no mark written"
        else:
            yield f"{line.shown} in the file has handed in nothing that is marked"


def _without_line(persons: Sequence[Person], found: Sequence[Pair]) -> Iterator[str]:
    done = {person.name for _, person in found}
    for person in persons:
        if person.name not in done:
            yield f"{told(person.name)} has a mark, and no line in the file is theirs for certain"


def name_in(said: Mapping[What, str]) -> tuple[str, str]:
    """First and last name, however the file puts them."""
    if "first" in said or "last" in said:
        return said.get("first", ""), said.get("last", "")
    last, _, first = said.get("full", "").partition(",")
    return first.strip(), last.strip()


def plain(text: str) -> str:
    """A text apart from case, blanks and how its accents are written."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def letters(text: str) -> str:
    """The letters and digits of a name, apart from case."""
    return "".join(filter(str.isalnum, plain(text)))
