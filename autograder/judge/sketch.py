"""What a wrong program gives on cases that are the same for everybody, small enough to be kept.

Numbers are kept and compared within the case's own tolerance: a digest of rounded numbers would
part two that are equal, where they stand at an edge.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from typing import Any

from autograder.labcheck.compare import Tolerance
from autograder.labcheck.verdict import Observed, same


@dataclass(frozen=True, eq=False)
class Answer:
    """What a program gave on one case, and the tolerance within which it is compared."""

    case: str
    tolerance: Tolerance
    got: Observed


@dataclass(frozen=True, eq=False)
class Sketch:
    """What a program gives where no known mistake does the same.

    known: the mistakes that were known when it was made.  program: the text of the exercise,
    without comments and docstrings, with what of the hand-in it needs; "" where that is too long.
    """

    answers: tuple[Answer, ...]
    known: tuple[str, ...] = ()
    program: str = field(default="", repr=False)

    def to_json(self) -> dict[str, Any]:
        """To be kept beside a report."""
        answers = [
            [one.case, list(astuple(one.tolerance)), one.got.to_json()] for one in self.answers
        ]
        return {"answers": answers, "known": list(self.known), "program": self.program}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Sketch:
        """What `to_json` wrote; raises ValueError, KeyError or TypeError for anything else."""
        answers = tuple(
            Answer(str(case), Tolerance(*tolerance), Observed.from_json(got))
            for case, tolerance, got in data["answers"]
        )
        return Sketch(answers, tuple(data["known"]), str(data["program"]))


def agree(one: Sketch, other: Sketch) -> bool:
    """Whether two programs give the same on every case, within its tolerance."""
    pairs = zip(one.answers, other.answers, strict=False)
    return len(one.answers) == len(other.answers) and all(
        a.case == b.case and same(a.got, b.got, a.tolerance) for a, b in pairs
    )


def groups(sketches: Sequence[Sketch]) -> Iterator[list[int]]:
    """Places of the sketches that agree, each place once, the largest group first.

    They agree by way of others, too: one that agrees with two groups makes them one.
    """
    found: list[list[list[int]]] = []  # per group, per distinct text, the places
    texts: dict[str, list[int]] = {}
    for place, sketch in enumerate(sketches):
        text = json.dumps(sketch.to_json()["answers"])
        if text in texts:
            texts[text].append(place)
            continue
        texts[text] = [place]
        near = [one for one in found if any(agree(sketches[m[0]], sketch) for m in one)]
        joined = [members for one in near for members in one] + [texts[text]]
        found = [one for one in found if one not in near] + [joined]
    merged = [sorted(place for members in one for place in members) for one in found]
    yield from sorted(merged, key=lambda places: (-len(places), places))
