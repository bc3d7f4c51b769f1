"""Programs made from others: what is changed is changed, and what does not fit is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from autograder.course.processes import names_of
from autograder.spec import Mistakes, but, edited

BY = 10


def plus(x: int, y: int = 1) -> int:
    """The sum."""
    return x + y * BY


class Adder:
    """Adds what it was built with."""

    def __init__(self, size: int = 2) -> None:
        self.size = size

    def forward(self, x: int) -> int:
        """The sum."""
        return self.size + x


def test_arguments_results_and_defaults_are_changed() -> None:
    assert but(plus, x=lambda x: -x)(3) == 7
    assert but(plus, returns=str)(3) == "13"
    assert but(plus, defaults={"y": 5})(3) == 53
    assert but(plus, defaults={"y": 5})(3, 1) == 13


def test_modules_are_changed_where_they_are_built_and_run() -> None:
    changed: Any = but(
        Adder, defaults={"size": 7}, init={"size": lambda n: n + 1}, forward={"x": lambda x: -x}
    )
    assert changed().forward(3) == 5
    assert issubclass(changed, Adder)
    plain: Any = but(Adder, returns=str)
    assert plain(4).forward(3) == "7"


def test_an_edit_replaces_a_text_that_stands_there_once() -> None:
    assert edited(plus, {"x + y": "x - y", "BY": "FACTOR"}, FACTOR=2)(3) == 1
    assert plus(3) == 13
    assert edited(Adder, {"self.size + x": "x"})().forward(3) == 3


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ({"z": "x"}, "'z' 0 times, not once"),
        ({"int": "str"}, "'int' 3 times, not once"),
        ({"x + y": "x", "y * BY": "y"}, "overlaps another one"),
    ],
)
def test_an_edit_that_does_not_fit_is_refused(edits: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("*", ".")):
        edited(plus, edits)


def test_decorators_stay_behind_an_edit() -> None:
    wrong = Mistakes()
    wrong.family("Look there.", ("doubled", plus, "it is doubled"))
    assert [(one.name, one.when, one.look) for one in wrong] == [
        ("doubled", "it is doubled", "Look there.")
    ]
    edited(listed, {"x + 1": "x"})
    assert [one.name for one in LISTED] == ["listed"]


LISTED = Mistakes()


@LISTED
def listed(x: int) -> int:
    """one is added.
    Look at the sum."""
    return x + 1


def test_no_two_files_have_one_name() -> None:
    paths = [Path("a/x/f.py"), Path("b/x/f.py"), Path("a/x/f (2).py"), Path("b/x/f (2).py")]
    names = names_of(paths)
    assert len(set(names)) == 4
    assert names[:2] == ["x/f", "x/f (2)"]
