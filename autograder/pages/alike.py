"""Programs of a class that are alike beyond what many write: pairs to look at, and no verdict.

Programs are compared as tokens, in which names, texts and layout make no difference (see
`course.written`).  A run of RUN tokens that many have, or that was handed out, or that stands in
a right program of the lab, is no sign of anything; programs are compared where they share others.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from rapidfuzz.distance import Indel

Tokens = Sequence[str]

RUN = 10
"""Tokens in a row that are looked for in other programs."""
SHARE, FEW = 0.05, 4
"""What a larger share of the class has, and more than a few, is what many write."""
NEARLY = 0.85
"""The share of tokens in the same order from which on two programs are nearly equal."""
ENOUGH = 40
"""Runs of its own that two hand-ins share at least, all their exercises together."""
MOST_COMPARED = 2000
"""Pairs of one exercise that are compared, those that share most."""
MOST_TOLD = 40
"""Pairs that are told, those that share most."""


@dataclass(frozen=True)
class Written:
    """What a student wrote for an exercise: its text with own helpers, and what is compared."""

    text: str
    tokens: tuple[str, ...] = ()


@dataclass(frozen=True)
class Match:
    """An exercise in which two are alike.

    equal: the share of tokens in the same order, 0 to 1.  shared: how many runs they have that few
    have.  texts: both programs.
    """

    exercise: str
    equal: float
    shared: int
    texts: tuple[str, str]


@dataclass(frozen=True)
class Pair:
    """Two students, and the exercises in which they are alike, those that share most first."""

    students: tuple[str, str]
    matches: tuple[Match, ...]

    @property
    def shared(self) -> int:
        """How many runs of tokens they share that few have, over all exercises."""
        return sum(match.shared for match in self.matches)


def alike(
    programs: Mapping[str, Mapping[str, Written]], known: Mapping[str, Iterable[Tokens]]
) -> list[Pair]:
    """The pairs that share most, at most MOST_TOLD.

    programs: by exercise and student.  known: by exercise, what was handed out and right programs.
    """
    found: dict[tuple[str, str], list[Match]] = defaultdict(list)
    for exercise, written in programs.items():
        for pair, match in _matches(exercise, written, known.get(exercise, ())):
            found[pair].append(match)
    pairs = [
        Pair(students, tuple(sorted(matches, key=lambda match: -match.shared)))
        for students, matches in found.items()
    ]
    told = [pair for pair in pairs if pair.shared >= ENOUGH]
    return sorted(told, key=lambda pair: (-pair.shared, pair.students))[:MOST_TOLD]


def _matches(
    exercise: str, written: Mapping[str, Written], known: Iterable[Tokens]
) -> Iterable[tuple[tuple[str, str], Match]]:
    own = own_runs({student: one.tokens for student, one in written.items()}, known)
    for pair, shared in _sharing(own).most_common(MOST_COMPARED):
        one, other = (written[student] for student in pair)
        equal = Indel.normalized_similarity(one.tokens, other.tokens, score_cutoff=NEARLY)
        if equal >= NEARLY:
            yield pair, Match(exercise, equal, shared, (one.text, other.text))


def own_runs(
    programs: Mapping[str, Tokens], known: Iterable[Tokens]
) -> dict[str, frozenset[Tokens]]:
    """Of each program the runs that few have, and none of the known ones."""
    runs = {student: _runs(tokens) for student, tokens in programs.items()}
    holders = Counter(run for found in runs.values() for run in found)
    many = max(FEW, SHARE * len(programs))
    common = {run for run, count in holders.items() if count > many}
    common.update(*map(_runs, known))
    return {student: found - common for student, found in runs.items()}


def _runs(tokens: Tokens) -> frozenset[Tokens]:
    return frozenset(tuple(tokens[at : at + RUN]) for at in range(len(tokens) - RUN + 1))


def _sharing(own: Mapping[str, frozenset[Tokens]]) -> Counter[tuple[str, str]]:
    """How many of these runs each two students share."""
    holders: dict[Tokens, list[str]] = defaultdict(list)
    for student in sorted(own):
        for run in own[student]:
            holders[run].append(student)
    return Counter(pair for students in holders.values() for pair in combinations(students, 2))
