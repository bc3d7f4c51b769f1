"""A step for the two searches, how they are called with it, and draws that tell them apart."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

Draw = Callable[[np.random.Generator], Mapping[str, Any]]
Scores = NDArray[np.float64]
GAP = 0.02
"""By how much what is chosen is better than what is not, so that float32 chooses alike."""


def step_of(words: Any, W_hh: Any, W_hy: Any, own: Any, fed: list[Any]) -> Any:
    """A step that reads its token, all parts of its state, and rows of its own.

    words: (V, H).  W_hh: (H, H).  W_hy: (H, V).  own: (B, H), or (1, H) for any number of rows.
    fed: where it notes the tokens of each call.
    """

    def step(tokens, state):
        fed.append(tokens.detach().clone())
        parts = (state,) if isinstance(state, torch.Tensor) else state
        rows = parts[0].shape[-2]
        if tokens.dim() != 1 or len(tokens) != rows or len(own) not in (1, rows):
            raise ValueError(
                f"step was called with tokens of shape {tuple(tokens.shape)} and a state of "
                f"{rows} rows"
            )
        read = words[tokens] + own
        cells = [0.6 * cell + read for cell in parts[1:]]
        hidden = torch.tanh(parts[0] @ W_hh + read + sum(cells))
        logits = hidden.reshape(-1, *read.shape).sum(dim=0) @ W_hy
        return logits, hidden if isinstance(state, torch.Tensor) else (hidden, *cells)

    return step


def decoded(entry, words, W_hh, W_hy, own, state, start_id, end_id, max_len, **beam):
    """Generate with a small recurrent step; what came back, and what the step was fed.

    state: its first, a tensor (…, B, H) or a tuple of them.  beam: where the entry point takes one.
    """
    fed: list[Any] = []
    step = step_of(words, W_hh, W_hy, own, fed)
    result = entry(step, state, start_id, end_id, max_len, *beam.values())
    return {
        "result": result,
        "fed": fed,
        "the tokens that step is fed are int64": all(part.dtype == torch.int64 for part in fed),
    }


def weighed(rng: np.random.Generator, B: int, V: int, H: int, form: str) -> dict[str, Any]:
    """Weights and a first state.

    form: "(B, H)", "(L, B, H)", "a tuple" of two parts (3, B, H), or "one in a tuple".
    """
    shape = {"(B, H)": (B, H), "(L, B, H)": (2, B, H)}.get(form, (3, B, H))
    parts = tuple(rng.standard_normal(shape) for _ in range(1 + (form == "a tuple")))
    return {
        "words": 1.2 * rng.standard_normal((V, H)),
        "W_hh": 1.3 * rng.standard_normal((H, H)) / np.sqrt(H),
        "W_hy": 2.0 * rng.standard_normal((H, V)) / np.sqrt(H),
        "own": 0.5 * rng.standard_normal((B, H)),
        "state": parts if "tuple" in form else parts[0],
    }


def playing(draw: Mapping[str, Any]) -> tuple[Callable[..., Any], tuple[Scores, ...]]:
    """(the same step in NumPy, quick enough for thousands of draws; the parts of its state)."""

    def step(tokens: Any, parts: tuple[Scores, ...]) -> tuple[Scores, tuple[Scores, ...]]:
        read = draw["words"][tokens] + draw["own"]
        cells = tuple(0.6 * cell + read for cell in parts[1:])
        hidden = np.tanh(parts[0] @ draw["W_hh"] + read + sum(cells))
        rows = hidden if hidden.ndim == 2 else hidden.sum(axis=0)
        return rows @ draw["W_hy"], (hidden, *cells)

    state = draw["state"]
    return step, state if isinstance(state, tuple) else (state,)


def greedy_rows(draw: Mapping[str, Any]) -> tuple[NDArray[np.int64], float]:
    """(what each row goes on to say if nothing stops it, (B, max_len); its closest call)."""
    step, state = playing(draw)
    said = np.full((len(draw["own"]), 1), draw["start_id"])
    closest = np.inf
    for _ in range(draw["max_len"]):
        logits, state = step(said[:, -1], state)
        ranked = np.sort(logits, axis=1)
        if ranked.shape[1] > 1:
            closest = min(closest, float((ranked[:, -1] - ranked[:, -2]).min()))
        said = np.concatenate([said, logits.argmax(axis=1)[:, None]], axis=1)
    return said[:, 1:], closest


def ends_of(said: NDArray[np.int64], end_id: int) -> list[int]:
    """The place of the first end of each row; its length where there is none."""
    return [row.index(end_id) if end_id in row else len(row) for row in said.tolist()]


@dataclass
class Search:
    """What a beam search found: its answer, and what a draw is judged by.

    closest: the smallest difference between what stayed and what did not, and between the answer
    and the next best.  finished: (log-probability, tokens) in the order in which they ended.
    moved: how often the answer, on its way, came to stand in another row, the first step aside.
    """

    best: tuple[float, tuple[int, ...]]
    finished: list[tuple[float, tuple[int, ...]]]
    alive: list[tuple[float, tuple[int, ...]]]
    closest: float
    moved: int


def branches(step: Any, state: Any, last: int) -> tuple[Scores, Any]:
    """(the log-probabilities behind one hypothesis, its state)."""
    logits, after = step(np.array([last]), state)
    return logits[0] - np.log(np.exp(logits[0] - logits.max()).sum()) - logits.max(), after


def searched(draw: Mapping[str, Any], *, stops: bool = True) -> Search:
    """A beam search that keeps a state with each hypothesis.

    stops: where no hypothesis is alive; else it goes wrong and on with those of the step before.
    """
    step, first = playing(draw)
    found = Search((0.0, ()), [], [], np.inf, 0)
    going: list[tuple[float, tuple[int, ...], Any, int]] = [(0.0, (), first, 0)]
    moves: dict[tuple[int, ...], int] = {}
    for depth in range(draw["max_len"]):
        every: list[Any] = []
        after: dict[int, Any] = {}
        for place, (total, said, state, moved) in enumerate(going):
            last = said[-1] if said else draw["start_id"]
            more, after[place] = branches(step, state, last)
            for v, m in enumerate(more.tolist()):
                every.append((total + m, (*said, v), after[place], moved, place))
        every.sort(key=lambda one: one[0], reverse=True)
        found.closest = min(found.closest, closest_call(every[: draw["beam"] + 1]))
        kept = every[: draw["beam"]]
        found.finished += [one[:2] for one in kept if one[1][-1] == draw["end_id"]]
        moves |= {one[1]: one[3] for one in kept}
        alive = [one for one in kept if one[1][-1] != draw["end_id"]]
        if not alive and not stops:
            going = [(*one[:2], after[row], one[3]) for row, one in enumerate(going)]
            continue
        going = [
            (*one[:3], one[3] + (depth > 0 and one[4] != row)) for row, one in enumerate(alive)
        ]
        if not going:
            break
    found.alive = [one[:2] for one in going]
    answers = sorted(found.finished or found.alive, reverse=True)
    found.closest = min(found.closest, closest_call(answers[:2]))
    found.best = answers[0]
    found.moved = moves[found.best[1]]
    return found


def closest_call(ranked: Sequence[Any]) -> float:
    """The smallest difference between neighbours."""
    return min((a[0] - b[0] for a, b in itertools.pairwise(ranked)), default=np.inf)


def best_of_all(draw: Mapping[str, Any]) -> tuple[float, tuple[int, ...]]:
    """The likeliest of all finished sequences, by trying every one."""
    step, first = playing(draw)

    def below(total: float, said: tuple[int, ...], state: Any) -> list[Any]:
        if len(said) == draw["max_len"] or draw["end_id"] in said:
            return [(total, said)] if draw["end_id"] in said else []
        more, after = branches(step, state, said[-1] if said else draw["start_id"])
        nexts = ((total + m, (*said, v)) for v, m in enumerate(more.tolist()))
        return [one for pair in nexts for one in below(*pair, after)]

    return max(below(0.0, (), first), default=(0.0, ()))
