"""Mistakes that several exercises of this lab have."""

from collections.abc import Callable
from typing import Any

from autograder.spec import Mistakes, but


def printed(wrong: Mistakes, program: Callable[..., Any]) -> None:
    """Adds the program that shows its result and gives none back."""
    wrong.add(
        "printed",
        but(program, returns=print),
        "the result is printed and nothing is returned. What does `result = f(…)` hold after a call of your function?",
    )
