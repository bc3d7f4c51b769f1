"""Which cells of a lab belong to some of its exercises: their text, and the pictures that run."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from autograder.chain.notebook import Cell
from autograder.chain.source import SETUP
from autograder.chain.statements import bound, used

HEADING = re.compile(r"#{2,6} ")
SECTION = re.compile(r"## ")


class Kind(Enum):
    """What a cell of a lab is."""

    TEXT, EXERCISE, PICTURE, CODE = auto(), auto(), auto(), auto()


def kind_of(cell: Cell) -> Kind:
    """What a cell is."""
    if cell.cell_type != "code":
        return Kind.TEXT
    if "exercise" in cell.metadata:
        return Kind.EXERCISE
    return Kind.PICTURE if "active" in cell.metadata else Kind.CODE


@dataclass
class Taken:
    """What belongs to some exercises of a lab.

    conventions: text that all exercises share.  before: code for the pictures that stands before
    them all.  body: the exercises with their text and pictures.  left_out: how many pictures are
    not there, for they need what is not there.
    """

    conventions: list[Cell] = field(default_factory=list)
    before: list[Cell] = field(default_factory=list)
    body: list[Cell] = field(default_factory=list)
    left_out: int = 0

    @property
    def pictures(self) -> list[Cell]:
        """All cells with code for pictures."""
        return [one for one in (*self.before, *self.body) if kind_of(one) is Kind.PICTURE]


def taken(cells: Sequence[Cell], chosen: Collection[str], there: Collection[str]) -> Taken:
    """What belongs to the chosen exercises.  there: the names that pictures may use."""
    found, names = Taken(), {*there, *vars(builtins), *_bound(SETUP)}
    before: list[Cell] = []
    any_yet = False
    for section in _sections([cell for cell in cells if kind_of(cell) is not Kind.CODE]):
        of = [cell.metadata["exercise"] for cell in section if kind_of(cell) is Kind.EXERCISE]
        if not of and not any_yet:
            pictures = [cell for cell in section if kind_of(cell) is Kind.PICTURE]
            before += pictures
            names |= frozenset[str]().union(*(_bound(one.source) for one in pictures))
            if SECTION.match(section[0].source) and not pictures:
                found.conventions += section
            elif SECTION.match(section[0].source):
                found.conventions += [one for one in section if kind_of(one) is Kind.TEXT]
        elif {*of} & {*chosen}:
            _take(found, list(_units(section)), chosen, names)
        any_yet = any_yet or bool(of)
    found.before = _needed(before, found.pictures)
    return found


def _take(
    found: Taken, units: Sequence[Sequence[Cell]], chosen: Collection[str], names: set[str]
) -> None:
    """Take what belongs to the chosen exercises of one section."""
    owner = ""
    for unit in units:
        own = [cell.metadata["exercise"] for cell in unit if kind_of(cell) is Kind.EXERCISE]
        owner = own[0] if own else owner
        if not owner or owner in chosen:
            _take_unit(found, unit, names)
        elif SECTION.match(unit[0].source):
            found.body.append(unit[0])


def _take_unit(found: Taken, unit: Sequence[Cell], names: set[str]) -> None:
    """Take an exercise with its text, and what is looked at below it as a whole or not at all."""
    at = next((n for n, cell in enumerate(unit) if kind_of(cell) is Kind.EXERCISE), -1)
    for piece in ([[cell] for cell in unit[: at + 1]], [unit[at + 1 :]]):
        for group in piece:
            pictures = [cell for cell in group if kind_of(cell) is Kind.PICTURE]
            own = frozenset[str]().union(*(_bound(one.source) for one in pictures))
            if all(_lacks(one.source, names | own) is False for one in pictures):
                found.body += group
                names |= own
            else:
                found.left_out += len(pictures)


def _sections(cells: Sequence[Cell]) -> Iterator[list[Cell]]:
    """The cells from one heading of the second order to the next."""
    section: list[Cell] = []
    for cell in cells:
        if section and kind_of(cell) is Kind.TEXT and SECTION.match(cell.source):
            yield section
            section = []
        section.append(cell)
    if section:
        yield section


def _units(section: Sequence[Cell]) -> Iterator[list[Cell]]:
    """The cells from one heading to the next; each exercise has one of its own."""
    unit: list[Cell] = []
    for place, cell in enumerate(section):
        has = any(kind_of(one) is Kind.EXERCISE for one in unit)
        follows = bool(unit) and kind_of(unit[-1]) is Kind.TEXT and kind_of(cell) is Kind.TEXT
        leads = not follows and _leads_to_exercise(section[place:])
        heads = kind_of(cell) is Kind.TEXT and HEADING.match(cell.source)
        if unit and (heads or (has and leads)):
            yield unit
            unit = []
        unit.append(cell)
    yield unit


def _leads_to_exercise(cells: Sequence[Cell]) -> bool:
    """Whether an exercise comes next, with nothing but text before it."""
    kinds = map(kind_of, cells)
    return next((kind for kind in kinds if kind is not Kind.TEXT), None) is Kind.EXERCISE


def _needed(before: Sequence[Cell], pictures: Sequence[Cell]) -> list[Cell]:
    """Those of the cells before that the pictures use, and what these use in turn."""
    uses = frozenset[str]().union(*(used(one.source) for one in pictures))
    kept: list[Cell] = []
    for cell in reversed(before):
        if _bound(cell.source) & uses:
            kept.insert(0, cell)
            uses |= used(cell.source)
    return kept


def _bound(code: str) -> frozenset[str]:
    try:
        return bound(ast.parse(code))
    except SyntaxError:
        return frozenset()


def _lacks(code: str, names: Collection[str]) -> bool:
    """Whether code uses a name that is not there, or is none that can be read."""
    try:
        return bool(used(code) - {*names})
    except SyntaxError:
        return True
