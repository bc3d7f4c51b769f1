"""Draws on which a beam search goes one way or another, and no choice is a close one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from exercises.lab8_seq2seq._decoding import (
    GAP,
    Draw,
    Search,
    best_of_all,
    ends_of,
    greedy_rows,
    searched,
    weighed,
)

Accept = Callable[[Search, Mapping[str, Any]], bool]


def greedy_answer(draw: Mapping[str, Any]) -> tuple[int, ...]:
    """What greedy decoding says to the draw."""
    said, _ = greedy_rows(draw)
    (end,) = ends_of(said, draw["end_id"])
    return tuple(said[0, : end + 1].tolist())


def telling(found: Search, draw: Mapping[str, Any]) -> bool:
    """The answer is not the first that ended, nor the last, the longest, or the greedy one."""
    finished = [tokens for _, tokens in found.finished]
    _, tokens = found.best
    return (
        len(finished) > 2
        and tokens not in (finished[0], finished[-1])
        and len(set(tokens)) > 2
        and found.moved > 0
        and tokens != greedy_answer(draw)
    )


def anything(found: Search, draw: Mapping[str, Any]) -> bool:
    """Whatever comes."""
    return True


def garden_path(found: Search, draw: Mapping[str, Any]) -> bool:
    """What is likeliest at first leads to worse; two hypotheses are enough to see it."""
    greedy = greedy_answer(draw)
    return (
        greedy[-1] == draw["end_id"]
        and len(found.best[1]) > 2
        and found.best[1][:1] != (greedy[:1])
    )


def all_of_them(found: Search, draw: Mapping[str, Any]) -> bool:
    """The likeliest sequence of all is neither greedy nor short."""
    return len(found.best[1]) > 2 and found.best[1] != greedy_answer(draw)


def missed(found: Search, draw: Mapping[str, Any]) -> bool:
    """The likeliest sequence of all is not found."""
    return len(found.best[1]) > 2 and best_of_all(draw)[1] != found.best[1]


def none_finished(found: Search, draw: Mapping[str, Any]) -> bool:
    return not found.finished and found.best[1] != greedy_answer(draw) and found.moved > 0


def worse_finished(found: Search, draw: Mapping[str, Any]) -> bool:
    """The beam is full at the end, of hypotheses that are likelier than all that finished."""
    full = len(found.alive) == draw["beam"]
    return full and bool(found.finished) and found.alive[-1][0] > found.best[0] + GAP


def all_end(found: Search, draw: Mapping[str, Any]) -> bool:
    """No hypothesis is left long before max_len, and going on with older ones finds another."""
    longest = max((len(tokens) for _, tokens in found.finished), default=99)
    if found.alive or not 1 < longest < draw["max_len"] - 1 or len(found.finished) < 2:
        return False
    return searched(draw, stops=False).best[1] != found.best[1]


def in_the_last_step(found: Search, draw: Mapping[str, Any]) -> bool:
    return len(found.best[1]) == draw["max_len"] and found.best[1][-1] == draw["end_id"]


def late(found: Search, draw: Mapping[str, Any]) -> bool:
    """The answer ends after `beam` others have ended."""
    lengths = sorted(len(tokens) for _, tokens in found.finished)
    beam = draw["beam"]
    return len(lengths) > beam and lengths[beam - 1] < len(found.best[1])


def shorter(found: Search, draw: Mapping[str, Any]) -> bool:
    """Another has finished that is likelier by token, and longer."""
    by_token = max(found.finished, key=lambda one: one[0] / len(one[1]), default=found.best)
    return len(by_token[1]) > len(found.best[1]) > 1


def start_inside(found: Search, draw: Mapping[str, Any]) -> bool:
    return (
        draw["start_id"] in found.best[1][:-1] and draw["start_id"] != 0 and telling(found, draw)
    )


def drawn(
    accept: Accept,
    V: int = 6,
    H: int = 4,
    form: str = "(L, B, H)",
    towards_end: float = 0.0,
    closest: float = GAP,
    loud: float = 1.0,
    **fixed: Any,
) -> Draw:
    """Inputs on which a beam search goes as asked for, and no choice is a close one.

    towards_end: what is added to the logit of the end wherever the state is far from zero.  loud:
    how many times as large all logits are.
    """

    def draw(rng: np.random.Generator) -> Mapping[str, Any]:
        for attempt in range(9000):
            end_id = int(rng.integers(V))
            start_id = (end_id + int(rng.integers(1, max(2, V)))) % V
            ids = {"start_id": start_id, "end_id": end_id, "max_len": 6, "beam": 3}
            found = {**weighed(rng, 1, V, H, form), **ids, **fixed}
            found["W_hy"][:, found["end_id"]] += towards_end * found["own"][0]
            found["W_hy"] *= loud
            search = searched(found)
            if search.closest > closest and (accept if attempt < 8000 else anything)(
                search, found
            ):
                return found
        raise ValueError("no such inputs were drawn")

    return draw


def very_long(rng: np.random.Generator) -> Mapping[str, Any]:
    """So long that the probability of all of it is no number above zero, and without an end."""
    found = dict(drawn(anything, V=40, H=8, max_len=3, beam=2, closest=0.0)(rng))
    found["words"][:, 0] += 9.0
    found["W_hy"] *= 0.2
    found["W_hy"][0] = np.where(np.arange(40) == found["end_id"], -30.0, 0.0)
    return {**found, "max_len": 380}
