"""Cases, batches and weights that the exercises of this lab have alike."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.spec import Case

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

PAD = -100
GATES = {"rnn": 1, "gru": 3, "lstm": 4}
LABELS = ("PER", "LOC", "BIO")
Draw = Callable[[np.random.Generator], Mapping[str, Any]]


def edge(name: str, inputs: Draw, why: str, **more: Any) -> Case:
    """A case that costs points where it fails, and shows nothing about the ordinary values."""
    return Case(name=name, inputs=inputs, value=False, why=why, **more)


def unequal_lengths(rng: np.random.Generator, B: int, T: int) -> Ints:
    """Lengths from 1 to T, one of them T; no order that sorts three or more is its own inverse."""
    while True:
        lengths = (rng.permutation(T)[:B] if B <= T else rng.integers(T, size=B)) + 1
        lengths[rng.integers(B)] = T
        order = np.argsort(-lengths, kind="stable")
        if min(B, T) < 3 or (order[order] != np.arange(B)).any():
            return lengths.astype(np.int64)


def padding(lengths: Ints, T: int) -> NDArray[np.bool_]:
    """(B, T), True on padding."""
    found: NDArray[np.bool_] = np.arange(T) >= lengths[:, None]
    return found


def padded_tags(rng: np.random.Generator, B: int, T: int, C: int, ignore_index: int = PAD) -> Ints:
    """Tags of every kind with ignore_index on padding; no class is ignore_index."""
    classes = np.array([c for c in range(C) if c != ignore_index])
    tags = rng.choice(classes, (B, T))
    tags[padding(unequal_lengths(rng, B, T), T)] = ignore_index
    return tags.astype(np.int64)


def scores_for(rng: np.random.Generator, predictions: Ints, C: int) -> Floats:
    """Logits whose largest entry stands at the predictions, by no more than a few units."""
    logits = rng.standard_normal((*predictions.shape, C))
    top = logits.max(axis=-1) + rng.uniform(0.1, 1.0, predictions.shape)
    np.put_along_axis(logits, predictions[..., None], top[..., None], axis=-1)
    return logits


def missed(rng: np.random.Generator, tags: Ints, C: int) -> Ints:
    """For each tag another one, drawn at random; any tag where there is padding."""
    return (tags + rng.integers(1, C, tags.shape)) % C


def random_tags(rng: np.random.Generator, length: int) -> list[str]:
    """Runs of tags, now and then with an I that goes on nothing."""
    tags: list[str] = []
    while len(tags) < length:
        label = str(rng.choice(LABELS))
        run = [f"I-{label}"] * int(rng.integers(1, 4))
        if rng.random() < 0.6:
            run[0] = f"B-{label}"
        tags += ["O"] if rng.random() < 0.35 else run
    return tags[:length]


def two_labels(rng: np.random.Generator) -> tuple[str, str]:
    one, other = rng.permutation(LABELS)[:2]
    return str(one), str(other)


def nothing_but_padding(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"logits": rng.standard_normal((2, 4, 3)), "tags": np.full((2, 4), PAD)}


def all_wrong(rng: np.random.Generator) -> Mapping[str, Any]:
    tags = padded_tags(rng, 3, 5, 4)
    return {"logits": scores_for(rng, missed(rng, tags, 4), 4), "tags": tags}


def one_real_token(draw: Mapping[str, Any]) -> Mapping[str, Any]:
    """The draw with padding everywhere but at the start of sequence 1, which is right."""
    tags = np.full_like(draw["tags"], PAD)
    tags[1, 0] = draw["logits"][1, 0].argmax()
    return {**draw, "tags": tags}


def tagger_weights(
    rng: np.random.Generator,
    V: int,
    C: int,
    E: int,
    H: int,
    cell: str = "lstm",
    bidirectional: bool = False,
    padding_idx: int = 0,
) -> dict[str, Floats]:
    """Parameters of a Tagger by name; the padding row of the embedding is zero, nothing else is."""

    def bias(size: int) -> Floats:
        return rng.uniform(0.1, 0.6, size) * rng.choice([-1.0, 1.0], size)

    embedding = rng.standard_normal((V, E))
    embedding[padding_idx] = 0.0
    weights = {"embedding.weight": embedding}
    rows, width = GATES[cell] * H, H * (1 + bidirectional)
    for end in ("", "_reverse")[: 1 + bidirectional]:
        weights[f"rnn.weight_ih_l0{end}"] = rng.standard_normal((rows, E)) / np.sqrt(E)
        weights[f"rnn.weight_hh_l0{end}"] = rng.standard_normal((rows, H)) / np.sqrt(H)
        weights[f"rnn.bias_ih_l0{end}"] = bias(rows)
        weights[f"rnn.bias_hh_l0{end}"] = bias(rows)
    weights["fc.weight"] = 2 * rng.standard_normal((C, width)) / np.sqrt(width)
    weights["fc.bias"] = bias(C)
    return weights
