"""Whatever way a program reaches what is forbidden, it earns nothing; odd and right ones do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from core_kit import grade, of
from odd_programs import ODD
from ways_round import KINDS

from autograder.judge.grader import Grader
from autograder.spec.collection import collect

SECRET = b"the secret of the tests"


@pytest.fixture(scope="module", params=KINDS)
def judged(request: pytest.FixtureRequest, ready: Any) -> Iterator[tuple[str, Grader]]:
    kind = KINDS[request.param]
    lab = collect(kind.lab)
    only, imported = frozenset({kind.exercise}), ready(lab.lab.arrays)
    with Grader(lab, SECRET, isolation="process", only=only, preloaded=imported) as one:
        yield request.param, one


def test_no_way_round_earns_anything(judged: tuple[str, Grader]) -> None:
    name, grader = judged
    kind = KINDS[name]
    ends: dict[str, str] = {}
    for way, text in kind.programs():
        one = of(grade(grader, text), kind.exercise)
        ends[way] = f"{one.outcome} {one.score}"
    assert len(ends) >= 60
    assert {way: end for way, end in ends.items() if not end.endswith(" 0.0")} == {}
    other = {way: end for way, end in ends.items() if not end.startswith("forbidden")}
    print(name, len(ends), other)


@pytest.mark.parametrize("place", ODD)
def test_odd_programs_that_are_right_keep_their_points(place: tuple[str, str], ready: Any) -> None:
    slug, exercise = place
    lab, only = collect(slug), frozenset({exercise})
    imported = ready(lab.lab.arrays)
    with Grader(lab, SECRET, isolation="process", only=only, preloaded=imported) as grader:
        ends = {way: of(grade(grader, text), exercise) for way, text in ODD[place].items()}
    wrong = {way: end.feedback for way, end in ends.items() if end.outcome != "right"}
    assert wrong == {}


def test_there_are_enough_of_them() -> None:
    assert sum(map(len, ODD.values())) >= 40
