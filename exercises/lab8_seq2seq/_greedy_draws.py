"""Draws on which greedy decoding goes one way or another, and no choice is a close one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from exercises.lab8_seq2seq._decoding import GAP, Draw, ends_of, greedy_rows, weighed

Accept = Callable[[Any, list[int], Mapping[str, Any]], bool]


def spread(said: Any, ends: list[int], draw: Mapping[str, Any]) -> bool:
    """Rows end at different steps, all of them early; left alone, the first would go on talking."""
    early, late = min(ends), max(ends)
    first = said[ends.index(early)]
    return (
        0 < early < late < draw["max_len"] - 1
        and first[early + 1] != draw["end_id"]
        and all(
            len(set(row[:end].tolist())) > 1
            for row, end in zip(said, ends, strict=True)
            if end > 2
        )
        and len(set(said[:, late].tolist())) > 1
    )


def anything(said: Any, ends: list[int], draw: Mapping[str, Any]) -> bool:
    """No two answers are close."""
    return True


def drawn(
    accept: Accept,
    B: int = 3,
    V: int = 6,
    H: int = 4,
    form: str = "(L, B, H)",
    loud: float = 1.0,
    **fixed: Any,
) -> Draw:
    """Inputs on which greedy decoding goes as asked for, and no choice is a close one.

    loud: how many times as large all logits are.
    """

    def draw(rng: np.random.Generator) -> Mapping[str, Any]:
        for attempt in range(3000):
            end_id = int(rng.integers(V))
            start_id = (end_id + int(rng.integers(1, max(2, V)))) % V
            ids = {"start_id": start_id, "end_id": end_id, "max_len": 8}
            found = {**weighed(rng, B, V, H, form), **ids, **fixed}
            found["W_hy"] *= loud
            said, closest = greedy_rows(found)
            wanted = accept if attempt < 1500 else anything
            if closest > GAP and wanted(said, ends_of(said, found["end_id"]), found):
                return found
        raise ValueError("no such inputs were drawn")

    return draw


def some_never(said: Any, ends: list[int], draw: Mapping[str, Any]) -> bool:
    return (
        min(ends) + 1 < max(ends) == draw["max_len"]
        and said[np.argmin(ends)][min(ends) + 1] != (draw["end_id"])
    )


def at_once(said: Any, ends: list[int], draw: Mapping[str, Any]) -> bool:
    return max(ends) == 0 and bool((said[:, 1] != draw["end_id"]).any())


def at_the_last_step(said: Any, ends: list[int], draw: Mapping[str, Any]) -> bool:
    return 0 < min(ends) < max(ends) == draw["max_len"] - 1


def start_inside(said: Any, ends: list[int], draw: Mapping[str, Any]) -> bool:
    row = said[int(np.argmax(ends))][: max(ends)].tolist()
    return spread(said, ends, draw) and draw["start_id"] in row[:-1] and draw["start_id"] != 0


def start_ends(said: Any, ends: list[int], draw: Mapping[str, Any]) -> bool:
    return spread(said, ends, draw)


def start_is_end(rng: np.random.Generator) -> Mapping[str, Any]:
    return drawn(spread, start_id=4, end_id=4)(rng)
