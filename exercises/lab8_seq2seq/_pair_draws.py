"""What an encoder and a decoder that are put together are tried on, and what is compared."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from exercises.lab8_seq2seq._models import (
    Draw,
    Floats,
    Ints,
    draw_lengths,
    draw_linear,
    put_together,
    with_shapes,
)
from solutions.lab8_seq2seq import Seq2Seq

SIZES: dict[str, Any] = {"B": 5, "S": 4, "T": 6, "V": 9, "H": 3}


def draw_pair(rng: np.random.Generator, V: int, H: int) -> dict[str, Floats]:
    """Weights of a `Reader` and of a `Writer`; the vocabularies are of two sizes."""
    encoder = {"encoder.words.weight": 1.5 * rng.standard_normal((V + 1, H))}
    decoder = {"decoder.words.weight": 1.5 * rng.standard_normal((V, H))}
    turn, say = draw_linear(rng, "decoder.turn", H, H), draw_linear(rng, "decoder.say", H, V)
    say["decoder.say.weight"] *= 2
    return encoder | decoder | turn | say


def draw_source(rng: np.random.Generator, B: int, S: int, V: int) -> list[Ints]:
    return [rng.integers(V + 1, size=(B, S)), draw_lengths(rng, B, S)]


def inputs(
    rng: np.random.Generator,
    B: int,
    S: int,
    T: int,
    V: int,
    H: int,
    parts: int = 1,
    mode: str = "train",
) -> Mapping[str, Any]:
    """For `forward`. No target is start_id at the end, and end_id stands among them."""
    start_id, end_id = (int(one) for one in rng.permutation(V)[:2]) if V > 1 else (0, 0)
    targets = rng.integers(V, size=(B, T))
    targets[0, T // 2 :] = end_id
    return {
        "ids": [start_id, end_id],
        "weights": draw_pair(rng, V, H),
        "inputs": [*draw_source(rng, B, S, V), targets],
        "probe": rng.standard_normal((B, T, V)),
        "parts": parts,
        "mode": mode,
    }


def drawn(**changes: Any) -> Draw:
    return lambda rng: inputs(rng, **{**SIZES, **changes})


def speaking(
    ends: tuple[int, int],
    max_len: int = 7,
    by_name: bool = False,
    again: bool = False,
    **changes: Any,
) -> Draw:
    """For `generate`: the first and the last of the rows to end do so after so many tokens.

    max_len + 1 is for a row that does not end.  by_name: arguments are handed over by keyword.
    again: after it generated from another source.
    """

    def draw(rng: np.random.Generator) -> Mapping[str, Any]:
        sizes = SIZES | {"T": 2} | changes
        B, S, V = (sizes[letter] for letter in "BSV")
        while True:
            found = dict(inputs(rng, **sizes))
            del found["probe"]
            source = found["inputs"][:2]
            after = ends_of(found, source, max_len)
            if (min(after), max(after)) == ends:
                break
        more: dict[str, Any] = {"before": [*draw_source(rng, B, S, V), 3]} if again else {}
        given: Any = [*source, max_len]
        if by_name:
            given = {"max_len": max_len, "lengths": source[1], "src": source[0]}
        return {**found, "inputs": given, **more}

    return draw


def ends_of(found: Mapping[str, Any], source: list[Ints], max_len: int) -> list[int]:
    """How many tokens each row has, its end_id included; max_len + 1 where it does not end."""
    weights = {name: torch.from_numpy(value) for name, value in found["weights"].items()}
    model, *_ = put_together(Seq2Seq, found["ids"], weights, found["parts"])
    rows = model.generate(*map(torch.from_numpy, source), max_len).tolist()
    end_id = found["ids"][1]
    return [row.index(end_id) + 1 if end_id in row else max_len + 1 for row in rows]


def view(arguments: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    """For logits as for every module; tokens are filled with end_id up to max_len."""
    if "tokens" not in result:
        rest = {key: value for key, value in result.items() if key != "parameters"}
        return {**rest, **with_shapes(arguments, result)}
    given, end_id = arguments["inputs"], arguments["ids"][1]
    max_len = given["max_len"] if isinstance(given, dict) else given[2]
    tokens, complete = result["tokens"], True
    if isinstance(tokens, torch.Tensor) and tokens.dim() == 2 and tokens.shape[1] < max_len:
        complete = bool((tokens == end_id).any(1).all())
        ends = tokens.new_full((len(tokens), max_len - tokens.shape[1]), end_id)
        tokens = torch.cat([tokens, ends], 1)
    return {**result, "tokens": tokens, "no row stops before max_len without its end_id": complete}
