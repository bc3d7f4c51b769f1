"""Sequences of different lengths in one rectangular batch."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from autograder.spec import Case, Exercise, Mistakes, but, edited, printed
from exercises.lab6_bidirectional._draws import always, draw_lengths
from solutions.lab6_bidirectional import pad_batch


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


NONE, EMPTY = "if len(sequences) == 0", "if min(lengths) == 0"
REFUSED = 'raise ValueError("sequences is empty: a batch needs at least one sequence")'
FILLED = "[*sequence] + [pad_id] * (max(lengths) - len(sequence))"
LENGTHS = "torch.tensor(lengths)"

changed = partial(edited, pad_batch)
wrong = Mistakes()
printed(wrong, pad_batch)

wrong.add(
    "longest_first",
    but(pad_batch, sequences=lambda sequences: sorted(sequences, key=len, reverse=True)),
    "the sequences are sorted by length. In which order do the rows stand?",
)
wrong.add(
    "an_empty_batch_comes_back",
    changed({REFUSED: "return torch.zeros(0, 0).long(), torch.zeros(0).long()"}),
    "an empty batch comes back for no sequence. Call with an empty list.",
)
said = "the caller's list is padded as well. Compare the sequences before and after the call."
wrong.add("in_place", changed({"return torch": "sequences[:] = rows\n    return torch"}), said)
said = "another pad_id is used where none is given. Compare your signature with the one in the exercise."
wrong.add("other_default", but(pad_batch, defaults={"pad_id": 1}), said)
said = "time comes first and the batch second. What does tokens[0] hold: a sentence, or the first id of each?"
wrong.add("time_first", but(pad_batch, returns=lambda batch: (batch[0].T, batch[1])), said)
wrong.family(
    "Look at the dtype of tokens.",
    ("tokens_int32", but(pad_batch, returns=lambda b: (b[0].int(), b[1])), "the tokens are int32"),
    (
        "tokens_float",
        but(pad_batch, returns=lambda b: (b[0].float(), b[1])),
        "the tokens are floats",
    ),
)
wrong.family(
    "Look at the dtype of lengths.",
    (
        "lengths_int32",
        but(pad_batch, returns=lambda b: (b[0], b[1].int())),
        "the lengths are int32",
    ),
    (
        "lengths_float",
        but(pad_batch, returns=lambda b: (b[0], b[1].float())),
        "the lengths are floats",
    ),
)
wrong.add(
    "lengths_as_a_list",
    but(pad_batch, returns=lambda batch: (batch[0], batch[1].tolist())),
    "the lengths come back as a list. Look at the type of lengths.",
)
said = "the lengths come before the tokens. Look at the order of what you return."
wrong.add("lengths_first", but(pad_batch, returns=lambda batch: (batch[1], batch[0])), said)
said = "the lengths are missing. Count what you return."
wrong.add("tokens_only", but(pad_batch, returns=lambda batch: batch[0]), said)
wrong.add(
    "padding_in_front",
    changed({FILLED: "[pad_id] * (max(lengths) - len(sequence)) + [*sequence]"}),
    "the padding stands in front. Where does a short sequence begin in its row?",
)
said = "the gaps are filled with 0 whatever pad_id is. Call with pad_id = 9."
wrong.add("pad_id_ignored", changed({"[pad_id]": "[0]"}), said)
said = "the gaps are filled with the last id of each sequence. What stands in the gaps?"
wrong.add("last_id_repeated", changed({"[pad_id]": "[sequence[-1]]"}), said)
wrong.family(
    "How wide is tokens, and how long was the longest sequence?",
    (
        "cut_to_the_shortest",
        changed({FILLED: "[*sequence[: min(lengths)]]"}),
        "all sequences are cut to the shortest",
    ),
    (
        "one_column_more",
        changed({"max(lengths)": "max(lengths) + 1"}),
        "there is one column too many",
    ),
)
wrong.add(
    "lengths_of_the_rows",
    changed({LENGTHS: "torch.tensor([len(row) for row in rows])"}),
    "the lengths are measured after the padding. When do you measure the lengths?",
)
wrong.add(
    "lengths_from_pad_id",
    changed({LENGTHS: "torch.tensor([sum(i != pad_id for i in s) for s in sequences])"}),
    "the lengths are counted as the ids that differ from pad_id. May pad_id stand inside a sequence?",
)
wrong.add(
    "lengths_from_zero",
    changed({LENGTHS: "torch.tensor([sum(i != 0 for i in s) for s in sequences])"}),
    "the lengths are counted as the ids that differ from 0. May 0 stand inside a sequence?",
)
wrong.add(
    "lengths_to_the_first_pad_id",
    changed({LENGTHS: "torch.tensor([([*s, pad_id]).index(pad_id) for s in sequences])"}),
    "the lengths are the places of the first pad_id. May pad_id stand inside a sequence?",
)
said = "each length is one too small. Length or last index?"
wrong.add("lengths_less_one", changed({LENGTHS: "torch.tensor(lengths) - 1"}), said)
said = "empty sequences and empty batches are not looked for. Call with an empty list, and with an empty sequence in the list."
wrong.add(
    "never_refuses",
    changed(
        {
            REFUSED: "return torch.zeros(0, 0).long(), torch.zeros(0).long()",
            EMPTY: "if False",
            "torch.tensor(rows),": "torch.tensor(rows, dtype=torch.int64),",
        }
    ),
    said,
)
said = "an empty sequence in the batch is accepted. Call with an empty sequence in the list."
wrong.add("only_an_empty_batch_refused", changed({EMPTY: "if False"}), said)
said = "an empty batch stops at an error that does not name sequences. Call with an empty list: what does the message say?"
wrong.add("only_an_empty_sequence_refused", changed({NONE: "if False"}), said)
said = "an empty sequence is refused only where all of them are empty. Call with one empty sequence among others."
wrong.add("only_all_empty_refused", changed({EMPTY: "if max(lengths) == 0"}), said)


EXERCISE = Exercise(
    reference=pad_batch,
    inputs=inputs,
    points=7,
    axes={"B": 4, "T": 6},
    shapes={"tokens": "B T", "lengths": "B"},
    parts=("tokens", "lengths"),
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
            inputs=always(sequences=[]),
            value=False,
            raises=ValueError,
            mentions="sequences",
            why="A batch without sequences is refused with a ValueError.",
        ),
        *(
            Case(
                name=name,
                inputs=always(sequences=sequences),
                value=False,
                raises=ValueError,
                mentions="sequence",
                why="Every length is at least 1: refuse an empty sequence.",
            )
            for name, sequences in (
                ("an empty sequence", [[5, 6], [], [8]]),
                ("nothing but empty sequences", [[], []]),
            )
        ),
    ),
    mistakes=wrong,
    look="Write down tokens and lengths for the sequences [5, 6] and [8].",
    when_right=(
        "You can also make a tensor full of pad_id first and write each sequence into its row; "
        "PyTorch's own pad_sequence does it for tensors. The lengths come from the lists. Who "
        "counts what differs from pad_id is wrong as soon as that id stands inside a sentence. "
        "Next question: what share of a batch is padding if short and long sentences are mixed, "
        "and what changes if you sort them by length before you make batches?"
    ),
)
