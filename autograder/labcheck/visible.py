"""The visible cases of a lab, as recorded in visible.json: inputs, what is due, known mistakes."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .compare import Tolerance
from .dependences import Fact, Facts, Probe
from .earlier import Answer
from .packing import Packed
from .reading import Given
from .tree import Array, Tree, decode, mapped
from .verdict import Observed, Question

Code = tuple[str, str]
"""The name and the text of a function."""


@dataclass(frozen=True, eq=False)
class VisibleCase:
    """One recorded case; mistakes holds only those that differ here from what is due.

    answers: what functions of other exercises give that the reference asks here.
    """

    question: Question
    scenario: Code | None
    due: Observed
    mistakes: Mapping[str, Observed]
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True, eq=False)
class VisibleExercise:
    """One exercise with its cases; scenario and view are (name, source) or None.

    probes: changes of the first case's arguments, with what the reference does then.  training:
    whether a call may take as long as a training does.  what: the first line of its docstring.
    when_right: a paragraph for who has it right.  helps: whether there are hints.
    """

    name: str
    points: float
    parts: tuple[str, ...]
    cases: Sequence[VisibleCase]
    hints: Mapping[str, tuple[str, str]]
    look: str
    scenario: Code | None
    view: Code | None
    forbidden: tuple[str, ...]
    probes: tuple[tuple[Probe, Facts], ...] = ()
    training: bool = False
    what: str = ""
    when_right: str = ""
    helps: bool = True

    @property
    def needs_torch(self) -> bool:
        """Whether PyTorch is needed to ask for it."""
        codes = [self.scenario, self.view, *(case.scenario for case in self.cases)]
        if any("torch" in code[1] for code in codes if code):
            return True
        found: set[str] = set()
        for case in self.cases:
            for tree in (*case.question.arguments.values(), case.due.tree):
                mapped(tree, lambda leaf: found.add(leaf.kind) if isinstance(leaf, Array) else 0)
        return "torch" in found


class Unusable(Exception):  # noqa: N818 - a reason
    """Why the recorded cases cannot be used."""


DAMAGED = (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What reading a record raises that is not whole."""


def load(path: Path) -> dict[str, VisibleExercise]:
    """The exercises of a lab by name, in teaching order.  Raises Unusable."""
    return load_both(path)[0]


def load_both(path: Path) -> tuple[dict[str, VisibleExercise], Given | None]:
    """The exercises of a lab, and what was handed out of it.  Raises Unusable."""
    try:
        read = _read(path)
        exercises = {one["name"]: _exercise(one, read) for one in read.record["exercises"]}
        return exercises, _given(read.record)
    except DAMAGED as error:
        again = "copy it again from what was handed out"
        raise Unusable(f"{path.name} is damaged: {again}") from error


def load_given(path: Path) -> Given | None:
    """What was handed out of the lab, as far as it is restored before checking."""
    return _given(_read(path).record)


def lab_in(path: Path) -> tuple[str, str]:
    """The name of the lab that a record is of, and its title; empty where it cannot be read."""
    try:
        data = _read(path).record
        return str(data.get("lab", "")), str(data.get("title", ""))
    except DAMAGED:
        return "", ""


def names_in(path: Path) -> tuple[str, ...]:
    """The names of the exercises in a record; none where it cannot be read."""
    try:
        return tuple(exercise["name"] for exercise in _read(path).record["exercises"])
    except DAMAGED:
        return ()


def _read(path: Path) -> Packed:
    status = path.stat()
    return _read_at(path, status.st_mtime_ns, status.st_size)


@functools.lru_cache(maxsize=2)
def _read_at(path: Path, *_: int) -> Packed:
    """The record of a file as it is at some time; a notebook asks several times."""
    return Packed(json.loads(path.read_text(encoding="utf-8")))


def _given(data: Mapping[str, Any]) -> Given | None:
    names = tuple(exercise["name"] for exercise in data["exercises"])
    given = data.get("given")
    return Given(names, dict(given["code"]), tuple(given["run"])) if given else None


class _Cases(Sequence[VisibleCase]):
    """Cases that are made when one is first asked for."""

    def __init__(self, count: int, make: Callable[[], tuple[VisibleCase, ...]]) -> None:
        self._count, self._make = count, functools.cache(make)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, place: Any) -> Any:
        return self._make()[place]

    def __iter__(self) -> Iterator[VisibleCase]:
        return iter(self._make())


class _Mistakes(Mapping[str, Observed]):
    """What known mistakes do on a case, each made when it is first asked for."""

    def __init__(self, names: Sequence[str], make: Callable[[str], Observed]) -> None:
        self._names, self._make = dict.fromkeys(names), functools.cache(make)

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __getitem__(self, name: str) -> Observed:
        if name not in self._names:
            raise KeyError(name)
        return self._make(name)


def _exercise(data: Mapping[str, Any], read: Packed) -> VisibleExercise:
    shapes, indirect = data["shapes"], bool(data["scenario"] or data["view"])
    return VisibleExercise(
        data["name"],
        data["points"],
        tuple(data["parts"]),
        _cases(data["cases"], shapes, indirect, read),
        {name: (when, look) for name, when, look in data["hints"]},
        data["look"],
        _code(data["scenario"]),
        _code(data["view"]),
        tuple(data["forbidden"]),
        tuple(_probe(*each) for each in data.get("probes", ())),
        bool(data.get("training")),
        data.get("what", ""),
        data.get("when_right", ""),
        bool(data.get("helps", True)),
    )


def _probe(kind: str, of: str, facts: Mapping[str, Any]) -> tuple[Probe, Facts]:
    return Probe(kind, of), {name: Fact(*values) for name, values in facts.items()}


def _code(pair: list[str] | None) -> Code | None:
    return None if pair is None else (pair[0], pair[1])


def _cases(
    rows: Sequence[Mapping[str, Any]], shapes: Mapping[str, str], indirect: bool, read: Packed
) -> Sequence[VisibleCase]:
    """The cases of an exercise; where damage would have shown already, they may wait."""

    def make() -> tuple[VisibleCase, ...]:
        return tuple(_case(row, shapes, indirect, read) for row in rows)

    return _Cases(len(rows), make) if read.is_packed else make()


def _case(
    packed: Mapping[str, Any], shapes: Mapping[str, str], indirect: bool, read: Packed
) -> VisibleCase:
    does = packed["mistakes"]
    data = read.whole({key: value for key, value in packed.items() if key != "mistakes"})
    arguments: dict[str, Tree] = {name: decode(node) for name, node in data["arguments"]}
    copied = "name value observe mentions why device like property"
    question = Question(
        arguments=arguments,
        tolerance=Tolerance(*data["tolerance"]),
        shapes=shapes,
        indirect=indirect or bool(data["scenario"]),
        apart=bool(data["scenario"]),
        **{key: data[key] for key in copied.split()},
    )
    mistakes: Mapping[str, Observed] = _Mistakes(
        list(does), lambda name: Observed.from_json(read.whole(does[name]))
    )
    mistakes = mistakes if read.is_packed else dict(mistakes)
    untouched = Observed("result", arguments)
    due = untouched if data["due"] is None else Observed.from_json(data["due"])
    answers = tuple(_answer(*each) for each in data.get("answers", ()))
    return VisibleCase(question, _code(data["scenario"]), due, mistakes, answers)


def _answer(name: str, asked: tuple[str, float, float], result: Any) -> Answer:
    return Answer(name, (asked[0], asked[1], asked[2]), decode(result))
