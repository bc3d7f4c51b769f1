"""mismatch → picture: which time steps and units are wrong, as crossed cells of a strip."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .compare import Mismatch, at
from .explain import AXES
from .tree import Array
from .verdict import Trial

MOST_STEPS, MOST_ROWS = 40, 12
MOST_BLOCKS = 12
"""Where more steps are hidden, some of them share a cell."""
SIDE, LEFT, TOP = 14, 74, 16
LEGEND = 170
"""Room for what a cross means."""


@dataclass(frozen=True)
class Strip:
    """Cells that are right, row by row; a row is a unit, or all of them where it has no word.

    steps, units: how many there are in all; with more of them than cells, some share one.
    """

    rows: tuple[tuple[bool, ...], ...]
    steps: int
    units: int = 1
    word: str = ""

    @staticmethod
    def of_steps(wrong: Sequence[int], count: int) -> Strip | None:
        """One row of time steps, as far as it is told which of them are wrong."""
        if not wrong or count < 2:
            return None
        mask = np.zeros((1, count), dtype=bool)
        mask[0, list(wrong)] = True
        return Strip(_cells(mask, MOST_BLOCKS), count)

    def in_words(self) -> str:
        """What the picture shows, for whoever does not see it."""
        down = f", {self.word} 0 to {self.units - 1} from top to bottom" if self.word else ""
        return (
            f"Time steps 0 to {self.steps - 1} from left to right{down}. "
            f"{self._told()} A crossed cell is not right in some sample, an empty one is right."
        )

    def _told(self) -> str:
        columns = list(zip(*self.rows, strict=True))
        first = next(at for at, column in enumerate(columns) if not all(column))
        count = sum(not one for row in self.rows for one in row)
        cells = len(columns) * len(self.rows)
        at = _share(first, len(columns), self.steps)
        return f"{count} of {cells} cells are crossed, the first of them at {at}."


def strip_of(trial: Trial) -> Strip | None:
    """Time against units, the worst of all samples; None where a difference has no time axis."""
    mismatch = trial.mismatch
    if mismatch is None or trial.question.observe != "result" or not told_by_steps(mismatch):
        return None
    due, have = (at(tree, mismatch.path) for tree in (trial.due.tree, trial.got.tree))
    if not isinstance(due, Array) or not isinstance(have, Array):
        return None
    letters = mismatch.letters.split()
    wrong = _wrong(trial, due.values, have.values)
    units = [at for at, letter in enumerate(letters) if letter not in ("T", "B")][-1:]
    kept = [*units, letters.index("T")]
    others = tuple(at for at in range(wrong.ndim) if at not in kept)
    mask = wrong.any(axis=others)
    if units and units[0] > letters.index("T"):
        mask = mask.T
    mask = np.atleast_2d(mask)
    word = AXES.get(letters[units[0]], letters[units[0]]) if units else ""
    return Strip(_cells(mask, MOST_STEPS), mask.shape[1], mask.shape[0], word)


def told_by_steps(mismatch: Mismatch) -> bool:
    """Whether the sentence on a difference names time steps."""
    on_numbers = mismatch.kind in ("values", "finite") and mismatch.total > 0
    return on_numbers and bool(mismatch.steps) and mismatch.step_count >= 2


def _wrong(trial: Trial, due: NDArray[np.generic], have: NDArray[np.generic]) -> NDArray[np.bool_]:
    if due.dtype.kind != "f":
        return np.asarray(due != have)
    floats, close = (have.astype(np.float64), due.astype(np.float64)), trial.question.tolerance
    if trial.mismatch is not None and trial.mismatch.kind == "finite":
        return ~np.isfinite(floats[0]) & np.isfinite(floats[1])
    return ~np.isclose(*floats, rtol=close.rtol, atol=close.atol, equal_nan=True)


def _cells(wrong: NDArray[np.bool_], most: int) -> tuple[tuple[bool, ...], ...]:
    """Whether each cell is right; one that stands for several is so if all of them are."""
    for axis, limit in ((0, MOST_ROWS), (1, most)):
        starts = _starts(wrong.shape[axis], limit)
        wrong = np.logical_or.reduceat(wrong, starts, axis=axis)
    return tuple(tuple(not one for one in row) for row in wrong.tolist())


def _starts(size: int, most: int) -> list[int]:
    count = min(size, most)
    return [at * size // count for at in range(count)]


def _share(cell: int, cells: int, steps: int) -> str:
    """The steps that a cell stands for: "step 3", "steps 4 to 7"."""
    starts = [*_starts(steps, cells), steps]
    first, last = starts[cell], starts[cell + 1] - 1
    return f"step {first}" if first == last else f"steps {first} to {last}"


# -- the picture ---------------------------------------------------------------------------------


def svg(strip: Strip) -> str:
    """The strip as a picture in the colour of the text around it."""
    columns, rows = len(strip.rows[0]), len(strip.rows)
    left = LEFT if strip.word else 1
    width = left + max(SIDE * columns + 70, LEGEND)
    height = TOP + SIDE * rows + TOP
    words = html.escape(strip.in_words())
    crossed = [
        (left + SIDE * x, TOP + SIDE * y)
        for y, row in enumerate(strip.rows)
        for x, right in enumerate(row)
        if not right
    ]
    grid = "".join(f"M{left} {TOP + SIDE * y}h{SIDE * columns}" for y in range(rows + 1))
    grid += "".join(f"M{left + SIDE * x} {TOP}v{SIDE * rows}" for x in range(columns + 1))
    far = SIDE - 6
    cross = "".join(f"M{x + 3} {y + 3}l{far} {far}m0 -{far}l-{far} {far}" for x, y in crossed)
    fill = "".join(f"M{x} {y}h{SIDE}v{SIDE}h-{SIDE}z" for x, y in crossed)
    return (
        f'<svg role="img" aria-label="{words}" xmlns="http://www.w3.org/2000/svg" '
        f'width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'style="display:block;margin:.5em 0 0;max-width:100%"><title>{words}</title>'
        f'<path d="{fill}" fill="currentColor" fill-opacity=".18"/>'
        f'<path d="{grid}" fill="none" stroke="currentColor" stroke-opacity=".6"/>'
        f'<path d="{cross}" fill="none" stroke="currentColor" stroke-width="1.6"/>'
        f"{''.join(_labels(strip, left))}</svg>"
    )


def _labels(strip: Strip, left: int) -> list[str]:
    """The first and the last step and unit."""
    columns, rows = len(strip.rows[0]), len(strip.rows)
    made = [_text(left, TOP - 5, "time step 0" if columns > 7 else "0")]
    if columns > 1:
        last = _share(columns - 1, columns, strip.steps).rpartition(" ")[2]
        shown = last if columns > 7 else f"{last}  time step"
        made.append(_text(left + SIDE * (columns - 1) + 2, TOP - 5, shown))
    made.append(_text(left, TOP + SIDE * rows + 13, "× not right in some sample"))
    if strip.word:
        made.append(_text(0, TOP + SIDE - 3, f"{strip.word} 0"))
        if rows > 1:
            made.append(_text(0, TOP + SIDE * rows - 3, f"{strip.word} {strip.units - 1}"))
    return made


def _text(x: int, y: int, text: str) -> str:
    return (
        f'<text x="{x}" y="{y}" font-size="11" fill="currentColor" '
        f'font-family="sans-serif">{html.escape(text)}</text>'
    )
