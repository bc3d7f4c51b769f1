"""Sequences of different lengths in one rectangular batch."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad
from torch.nn.utils.rnn import pad_sequence

from autograder.spec import Case, Exercise, Mistakes, but
from exercises.lab6_bidirectional._draws import PLAIN_TEXT, draw_lengths
from solutions.lab6_bidirectional import pad_batch

Sequences = list[list[int]]
Batch = tuple[Tensor, Tensor]


def inputs(rng: np.random.Generator, B: int, T: int, pad_id: int = 7) -> Mapping[str, Any]:
    sequences = []
    for n in draw_lengths(rng, B, T):
        ids = [int(i) for i in rng.integers(8, 60, n)]
        ids[n // 2 :: 3] = [pad_id] * len(ids[n // 2 :: 3])
        sequences.append(ids)
    sequences[-1][-1] = pad_id
    return {"sequences": sequences, "pad_id": pad_id}


def default(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"sequences": inputs(rng, 4, 6, 0)["sequences"]}


def tuples(rng: np.random.Generator) -> Mapping[str, Any]:
    drawn = inputs(rng, 3, 4)
    return {"sequences": tuple(tuple(ids) for ids in drawn["sequences"]), "pad_id": 7}


def no_sequence(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"sequences": []}


def an_empty_one(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"sequences": [[5, 6], [], [8]]}


def all_empty(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"sequences": [[], []]}


def checked(sequences: Sequence[Sequence[int]]) -> None:
    """Refuse what the exercise refuses."""
    if len(sequences) == 0:
        raise ValueError("sequences: there is none")
    if any(len(ids) == 0 for ids in sequences):
        raise ValueError("sequences: one of them is empty")


def fill_up(ids: list[int], width: int, fill: int) -> list[int]:
    """One row of the batch."""
    return ids + [fill] * (width - len(ids))


def lengths_of(sequences: Sequences, fill: int) -> list[int]:
    """The length of each sequence."""
    return [len(ids) for ids in sequences]


def padding(
    row: Callable[[list[int], int, int], list[int]] = fill_up,
    width: Callable[[list[int]], int] = max,
    lengths: Callable[[Sequences, int], list[int]] = lengths_of,
    check: Callable[[Sequences], None] = checked,
) -> Callable[..., Batch]:
    """Padding with one of its pieces replaced."""

    def changed(sequences: Sequences, pad_id: int = 0) -> Batch:
        check(sequences)
        wide = width([len(ids) for ids in sequences])
        rows = [row([*ids], wide, pad_id) for ids in sequences]
        return torch.tensor(rows), torch.tensor(lengths(sequences, pad_id))

    return changed


wrong = Mistakes()


@wrong
def longest_first(sequences: Sequences, pad_id: int = 0) -> Batch:
    """the sequences are sorted by length.
    In which order do the rows stand?"""
    checked(sequences)
    return pad_batch(sorted(sequences, key=len, reverse=True), pad_id)


def only_an_empty_batch_refused(sequences: Sequences) -> None:
    if len(sequences) == 0:
        raise ValueError("sequences: there is none")


def only_an_empty_sequence_refused(sequences: Sequences) -> None:
    if any(len(ids) == 0 for ids in sequences):
        raise ValueError("sequences: one of them is empty")


def only_all_empty_refused(sequences: Sequences) -> None:
    if not sequences or not any(sequences):
        raise ValueError("sequences: nothing in them")


@wrong
def an_empty_batch_comes_back(sequences: Sequences, pad_id: int = 0) -> Batch:
    """an empty batch comes back for no sequence.
    Call with an empty list."""
    if not sequences:
        return torch.zeros(0, 0, dtype=torch.int64), torch.zeros(0, dtype=torch.int64)
    return pad_batch(sequences, pad_id)


@wrong
def in_place(sequences: Sequences, pad_id: int = 0) -> Batch:
    """the caller's list is padded as well.
    Compare the sequences before and after the call."""
    checked(sequences)
    lengths = [len(ids) for ids in sequences]
    for place, ids in enumerate(sequences):
        sequences[place] = [*ids, *[pad_id] * (max(lengths) - len(ids))]
    return torch.tensor(sequences), torch.tensor(lengths)


@wrong
def other_default(sequences: Sequences, pad_id: int = 1) -> Batch:
    """another pad_id is used where none is given.
    Compare your signature with the one in the exercise."""
    return pad_batch(sequences, pad_id)


def torch_pads(sequences: Sequences, pad_id: int = 0) -> Batch:
    checked(sequences)
    rows = [torch.tensor(ids, dtype=torch.long) for ids in sequences]
    padded = pad_sequence(rows, batch_first=True, padding_value=pad_id)
    return padded, torch.tensor([row.numel() for row in rows])


def writes_into_full(sequences: Sequences, pad_id: int = 0) -> Batch:
    checked(sequences)
    lengths = torch.tensor([len(ids) for ids in sequences], dtype=torch.int64)
    tokens = torch.full((len(sequences), int(lengths.max())), pad_id, dtype=torch.int64)
    for place, ids in enumerate(sequences):
        tokens[place, : len(ids)] = torch.as_tensor(ids)
    return tokens, lengths


def by_numpy(sequences: Sequences, pad_id: int = 0) -> list[Tensor]:
    checked(sequences)
    lengths = np.array([len(ids) for ids in sequences])
    tokens = np.full((len(sequences), lengths.max()), pad_id)
    tokens[np.arange(lengths.max()) < lengths[:, None]] = np.concatenate(sequences)
    return [torch.from_numpy(tokens), torch.from_numpy(lengths)]


def one_row_at_a_time(sequences: Sequences, pad_id: int = 0) -> Batch:
    checked(sequences)
    wide = max(map(len, sequences))
    rows = [pad(torch.tensor(ids), (0, wide - len(ids)), value=pad_id) for ids in sequences]
    return torch.stack(rows), torch.LongTensor([len(ids) for ids in sequences])


wrong.add(
    "time_first",
    but(pad_batch, returns=lambda batch: (batch[0].T, batch[1])),
    "time comes first and the batch second. What does tokens[0] hold: a sentence, or the first id of each?",
)
wrong.add(
    "tokens_int32",
    but(pad_batch, returns=lambda batch: (batch[0].int(), batch[1])),
    "the tokens are int32. Look at the dtype of tokens.",
)
wrong.add(
    "tokens_float",
    but(pad_batch, returns=lambda batch: (batch[0].float(), batch[1])),
    "the tokens are floats. Look at the dtype of tokens.",
)
wrong.add(
    "lengths_int32",
    but(pad_batch, returns=lambda batch: (batch[0], batch[1].int())),
    "the lengths are int32. Look at the dtype of lengths.",
)
wrong.add(
    "lengths_float",
    but(pad_batch, returns=lambda batch: (batch[0], batch[1].float())),
    "the lengths are floats. Look at the dtype of lengths.",
)
wrong.add(
    "lengths_as_a_list",
    but(pad_batch, returns=lambda batch: (batch[0], batch[1].tolist())),
    "the lengths come back as a list. Look at the type of lengths.",
)
wrong.add(
    "lengths_first",
    but(pad_batch, returns=lambda batch: (batch[1], batch[0])),
    "the lengths come before the tokens. Look at the order of what you return.",
)
wrong.add(
    "tokens_only",
    but(pad_batch, returns=lambda batch: batch[0]),
    "the lengths are missing. Count what you return.",
)
wrong.add(
    "padding_in_front",
    padding(row=lambda ids, width, fill: [fill] * (width - len(ids)) + ids),
    "the padding stands in front. Where does a short sequence begin in its row?",
)
wrong.add(
    "pad_id_ignored",
    padding(row=lambda ids, width, fill: ids + [0] * (width - len(ids))),
    "the gaps are filled with 0 whatever pad_id is. Call with pad_id = 9.",
)
wrong.add(
    "last_id_repeated",
    padding(row=lambda ids, width, fill: ids + ids[-1:] * (width - len(ids))),
    "the gaps are filled with the last id of each sequence. What stands in the gaps?",
)
wrong.add(
    "cut_to_the_shortest",
    padding(row=lambda ids, width, fill: ids[:width], width=min),
    "all sequences are cut to the shortest. How wide is tokens, and how long was the longest sequence?",
)
wrong.add(
    "one_column_more",
    padding(width=lambda lengths: max(lengths) + 1),
    "there is one column too many. How wide is tokens, and how long was the longest sequence?",
)
wrong.add(
    "lengths_of_the_rows",
    padding(lengths=lambda s, fill: [max(len(ids) for ids in s)] * len(s)),
    "the lengths are measured after the padding. When do you measure the lengths?",
)
wrong.add(
    "lengths_from_pad_id",
    padding(lengths=lambda s, fill: [sum(i != fill for i in ids) for ids in s]),
    "the lengths are counted as the ids that differ from pad_id. May pad_id stand inside a sequence?",
)
wrong.add(
    "lengths_from_zero",
    padding(lengths=lambda s, fill: [sum(i != 0 for i in ids) for ids in s]),
    "the lengths are counted as the ids that differ from 0. May 0 stand inside a sequence?",
)
wrong.add(
    "lengths_less_one",
    padding(lengths=lambda s, fill: [len(ids) - 1 for ids in s]),
    "each length is one too small. Length or last index?",
)
wrong.add(
    "never_refuses",
    padding(check=lambda sequences: None),
    "empty sequences and empty batches are not looked for. Call with an empty list, and with an empty sequence in the list.",
)
wrong.add(
    "only_an_empty_batch_refused",
    padding(check=only_an_empty_batch_refused),
    "an empty sequence in the batch is accepted. Call with an empty sequence in the list.",
)
wrong.add(
    "only_an_empty_sequence_refused",
    padding(check=only_an_empty_sequence_refused),
    "an empty batch is not looked for. Call with an empty list: what does the message say?",
)
wrong.add(
    "only_all_empty_refused",
    padding(check=only_all_empty_refused),
    "an empty sequence is refused only where all of them are empty. Call with one empty sequence among others.",
)


EXERCISE = Exercise(
    reference=pad_batch,
    inputs=inputs,
    points=7,
    axes={"B": 4, "T": 6},
    shapes={"tokens": "B T", "lengths": "B"},
    parts=("tokens", "lengths"),
    without=PLAIN_TEXT,
    cases=(
        Case(name="pad_id left out, and 0 in a sequence", inputs=default),
        Case(
            name="tuples in place of lists",
            inputs=tuples,
            value=False,
            why="The sequences may be lists or tuples.",
        ),
        Case(
            name="no sequence",
            inputs=no_sequence,
            value=False,
            raises=ValueError,
            mentions="sequences",
            why="A batch without sequences is refused with a ValueError.",
        ),
        Case(
            name="an empty sequence",
            inputs=an_empty_one,
            value=False,
            raises=ValueError,
            mentions="sequence",
            why="Every length is at least 1: refuse an empty sequence.",
        ),
        Case(
            name="nothing but empty sequences",
            inputs=all_empty,
            value=False,
            raises=ValueError,
            mentions="sequence",
            why="Every length is at least 1: refuse an empty sequence.",
        ),
    ),
    mistakes=wrong,
    also_right=(torch_pads, writes_into_full, by_numpy, one_row_at_a_time),
    look="Write down tokens and lengths for the sequences [5, 6] and [8].",
)
