"""Guess first: `guess` keeps what a student expects, and `reveal` says how the guess fared.

Nothing is stored and nothing is marked.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from .explain import Line
from .message import Message

DOTS = {"", "…", "..."}
"""What stands in a cell before anybody has guessed."""
CLOSE = 1.25
"""Up to this factor a guessed number is close to a measured one."""
NEAR = 3.0
"""Up to this factor it is of the right size."""
NUMBER = re.compile(
    r"(?P<number>[-+−]?(?:\d[\d,' ]*\.?\d*|\.\d+)(?:e[-+]?\d+)?)"
    r"(?:\s*(?P<sign>\*\*|\^|/)\s*(?P<other>[-+−]?\d+(?:\.\d+)?))?",
    re.IGNORECASE,
)
"""A number, a power or a fraction."""
YES, NO = {"yes", "y", "true", "yep", "yeah"}, {"no", "n", "false", "nope", "not"}
KEPT = "Your guess: {told}. Now run the cell below, whose code is folded."
NONE_YET = "No guess yet: put a word or a number in place of the dots, and run this cell."


class Guesses:
    """What a student expects to see, by the picture that it is about."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def guess(self, expected: Any = "…", about: str = "") -> None:
        """Say what you expect before you see it: a word or a number.

        about: the name of the picture, as it stands in the cell.
        """
        if is_open(expected):
            self._made.pop(about, None)
            print(NONE_YET)
            return
        self._made[about] = expected
        print(KEPT.format(told=_told(expected)))

    def revealed(
        self,
        about: str,
        truth: Any,
        because: str = "",
        also: Sequence[Any] = (),
        choices: Sequence[float] = (),
    ) -> Message:
        """How the guess about a picture fared, as a card.

        truth: a number, a word, True or False for yes or no; what was measured, wherever something
        was.  because: why, in a sentence.  also: other words that say the same.
        choices: numbers that the question offers; the guess counts as the nearest of them.
        """
        lines = [Line("It is", _told(truth))]
        if about not in self._made:
            outcome = "not_guessed"
        else:
            expected = self._made[about]
            lines.insert(0, Line("You guessed", _told(expected)))
            fared, how = compared(expected, truth, also, choices)
            outcome = "foreseen" if fared else "surprise"
            if how:
                lines[-1] = Line("It is", f"{_told(truth)}: {how}")
        if because:
            lines.append(Line("Because", because))
        return Message(about, outcome, None, 0, tuple(lines))


def is_open(expected: Any) -> bool:
    """Whether this is what stands in the cell before anybody has guessed."""
    return expected is ... or (isinstance(expected, str) and expected.strip() in DOTS)


def compared(
    expected: Any, truth: Any, also: Sequence[Any] = (), choices: Sequence[float] = ()
) -> tuple[bool, str]:
    """Whether a guess says what is true, and for numbers how far it is from it."""
    if isinstance(truth, int | float) and not isinstance(truth, bool):
        number = _number(expected)
        if number is None:
            return False, "a number was asked for"
        if choices:
            return _nearest(number, choices) == _nearest(truth, choices), ""
        return _by_size(number, truth)
    return any(_says(expected, one) for one in (truth, *also)), ""


def _by_size(guessed: float, truth: float) -> tuple[bool, str]:
    if guessed == truth:
        return True, ""
    if guessed * truth <= 0 or not math.isfinite(guessed):
        return False, ""
    ratio = guessed / truth
    factor = max(ratio, 1 / ratio)
    if factor <= CLOSE:
        return not isinstance(truth, int) or truth >= 10, "close"
    way = "large" if ratio > 1 else "small"
    told = f"{factor:.1f}" if factor < 10 else f"{factor:,.0f}"
    near = "the right size, though " if factor <= NEAR else ""
    return False, f"your guess is {near}{told} times as {way}"


def _nearest(value: float, choices: Sequence[float]) -> float:
    """The choice that is nearest: by factors where all are above zero, else by differences."""
    by_factor = value > 0 and all(choice > 0 for choice in choices)
    scale = math.log if by_factor else float
    return min(choices, key=lambda choice: abs(scale(choice) - scale(value)))


def _number(expected: Any) -> float | None:
    """The number in a guess; "100", "about 1e-3" and "60 %" hold one."""
    if isinstance(expected, bool):
        return None
    if isinstance(expected, int | float):
        return float(expected)
    if not isinstance(expected, str) or (found := NUMBER.search(expected)) is None:
        return None
    try:
        value, other = (_plain(found[part]) for part in ("number", "other"))
        if found["sign"] == "/":
            return value / other
        power = value**other if found["sign"] else value
        return power if isinstance(power, float) else None  # roots of what is below zero
    except (ValueError, ArithmeticError):
        return None


def _plain(text: str | None) -> float:
    return float(re.sub(r"[,' ]", "", text or "1").replace("−", "-"))


def _says(expected: Any, truth: Any) -> bool:
    """Whether the words of a guess hold those of the truth."""
    words = _words(expected)
    if isinstance(truth, bool):
        truth = "yes" if truth else "no"
    due = _words(truth)
    if due in (["yes"], ["no"]):
        return bool(words) and words[0] in (YES if due == ["yes"] else NO)
    starts = range(len(words) - len(due) + 1)
    return bool(due) and any(words[at : at + len(due)] == due for at in starts)


def _words(text: Any) -> list[str]:
    return re.findall(r"\w+", str(text).casefold())


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        if 1000 <= abs(value) < 1e6:
            return f"{value:,.0f}"
        return f"{value:.3g}" if 1e-4 <= abs(value) < 1000 or not value else f"{value:.1e}"
    return f"{value:,}" if isinstance(value, int) else str(value)
