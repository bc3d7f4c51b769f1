"""A module that gives each token a score for every tag."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from autograder.spec import Case, Exercise, Mistakes
from autograder.spec.scenarios import logits_elsewhere
from exercises.lab7_tagging._draws import tagger_weights, unequal_lengths
from exercises.lab7_tagging._scenarios import (
    lengths_elsewhere,
    logits_and_gradients,
    moved_to_the_device,
    padding_row,
    two_batches,
)
from solutions.lab7_tagging import Tagger

SIZES: dict[str, Any] = {"B": 7, "T": 5, "V": 8, "C": 4, "E": 2, "H": 3}
RNNS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


def inputs(
    rng: np.random.Generator,
    B: int,
    T: int,
    V: int,
    C: int,
    E: int,
    H: int,
    cell: str = "lstm",
    bidirectional: bool = True,
    padding_idx: int = 0,
    lengths: bool | None = True,
    wider: int = 0,
) -> Mapping[str, Any]:
    """A tagger's arguments and weights, a batch, and weights of the logits in a sum.

    The padding token stands inside sequences too, and other tokens stand in the padding.
    lengths: whether they are handed over; None hands over None.  wider: steps of padding for all.
    """
    valid = unequal_lengths(rng, B, T)
    tokens = rng.integers(V, size=(B, T + wider))
    tokens[valid.argmax(), T // 2] = padding_idx
    if T > 2:
        tokens[valid.argmax(), -1 - wider] = (padding_idx + 1) % V
    probe = rng.standard_normal((B, T + wider, C))
    if lengths:
        probe[np.arange(T + wider) >= valid[:, None]] = 0.0
    batch = {True: (tokens, valid), False: (tokens,), None: (tokens, None)}[lengths]
    return {
        "init": [V, C, E, H, cell, bidirectional, padding_idx],
        "weights": tagger_weights(rng, V, C, E, H, cell, bidirectional, padding_idx),
        "inputs": batch,
        "probe": probe,
    }


def with_changes(**changes: Any) -> Callable[[np.random.Generator], Mapping[str, Any]]:
    """The default draw with some arguments fixed."""
    return lambda rng: inputs(rng, **{**SIZES, **changes})


def by_default(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = inputs(rng, **{**SIZES, "bidirectional": False})
    return {**draw, "init": draw["init"][:4]}


def by_name(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = inputs(rng, **{**SIZES, "cell": "gru", "padding_idx": 4})
    names = (
        "vocab_size",
        "num_tags",
        "embedding_dim",
        "hidden_size",
        "cell",
        "bidirectional",
        "padding_idx",
    )
    tokens, lengths = draw["inputs"]
    return {
        **draw,
        "init": dict(zip(names, draw["init"], strict=True)),
        "inputs": {"lengths": lengths, "tokens": tokens},
    }


def evaluating(rng: np.random.Generator) -> Mapping[str, Any]:
    return {**inputs(rng, **SIZES), "mode": "eval"}


def equal_lengths(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = inputs(rng, **SIZES)
    tokens, lengths = draw["inputs"]
    lengths[:] = 3
    draw["probe"][:, 3:] = 0.0
    return {**draw, "inputs": (tokens, lengths)}


def to_be_moved(rng: np.random.Generator) -> Mapping[str, Any]:
    """Two small batches of tokens for one tagger, to be run where the tokens are."""
    return {
        "init": [9, 4, 2, 6, "rnn", True],
        "tokens": rng.integers(9, size=(3, 2)),
        "again": rng.integers(9, size=(2, 3)),
    }


def with_lengths(rng: np.random.Generator) -> Mapping[str, Any]:
    return {
        "init": [9, 4, 2, 6, "lstm", True],
        "tokens": rng.integers(9, size=(3, 5)),
        "lengths": unequal_lengths(rng, 3, 5),
    }


def away(cell: str, bidirectional: bool) -> Callable[[np.random.Generator], Mapping[str, Any]]:
    """A padded batch on another device; `true` are the lengths for those who fetch them."""

    def draw(rng: np.random.Generator) -> Mapping[str, Any]:
        lengths = unequal_lengths(rng, 3, 5)
        return {
            "init": [9, 4, 2, 6, cell, bidirectional],
            "tokens": rng.integers(9, size=(3, 6)),
            "lengths": lengths,
            "true": [int(length) for length in lengths],
        }

    return draw


def padding_token(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"init": [9, 4, 2, 6, "rnn", False, 5], "padding_idx": 5}


def one_after_the_other(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = inputs(rng, **{**SIZES, "lengths": False})
    other = rng.integers(SIZES["V"], size=(2, 4))
    return {
        "init": draw["init"],
        "weights": draw["weights"],
        "first": draw["inputs"],
        "second": (other, np.array([4, 4])),
    }


def the_same_again(**changes: Any) -> Callable[[np.random.Generator], Mapping[str, Any]]:
    def draw(rng: np.random.Generator) -> Mapping[str, Any]:
        draw = with_changes(**changes)(rng)
        tokens, *lengths = draw["inputs"]
        if lengths:
            lengths = [np.full(len(tokens), tokens.shape[1])]
        batch = (tokens, *lengths)
        return {"init": draw["init"], "weights": draw["weights"], "first": batch, "second": batch}

    return draw


def view(arguments: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters by name, for their shapes, the logits of valid steps, and gradients by name."""
    import torch

    parameters = {
        name: torch.empty(shape, device="meta") for name, shape in result["parameters"].items()
    }
    given = arguments["inputs"]
    if isinstance(given, dict):
        lengths = given.get("lengths")
    else:
        lengths = given[1] if len(given) > 1 else None
    logits = result["logits"]
    if isinstance(logits, torch.Tensor) and logits.dim() == 3 and lengths is not None:
        valid = torch.arange(logits.shape[1]) < lengths[:, None]
        if valid.shape == logits.shape[:2]:
            logits = torch.where(valid[..., None], logits, torch.zeros_like(logits))
    return {"parameters": parameters, "logits": logits, "gradients": result["gradients"]}


def packed(rnn: nn.Module, embedded: Tensor, lengths: Tensor | None) -> Tensor:
    """The output of a batch-first network on a padded batch, with the T of the batch."""
    B, T, _ = embedded.shape
    lengths = torch.full((B,), T) if lengths is None else lengths.cpu()
    one = pack_padded_sequence(embedded, lengths, batch_first=True, enforce_sorted=False)
    output, _ = pad_packed_sequence(rnn(one)[0], batch_first=True, total_length=T)
    return output


class WithoutLengths(Tagger):
    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        return super().forward(tokens)


wrong = Mistakes()


@wrong
class InfersLengths(Tagger):
    """the lengths are counted from the tokens that are not padding_idx.
    What if the padding token stands inside a sequence?"""

    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        found = tokens.ne(self.embedding.padding_idx or 0).sum(1).clamp(min=1)
        return super().forward(tokens, found)


@wrong
class InfersMissingLengths(Tagger):
    """lengths that are not given are counted from the tokens.
    What does lengths=None say about the steps?"""

    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        if lengths is None:
            lengths = tokens.ne(self.embedding.padding_idx or 0).sum(1).clamp(min=1)
        return super().forward(tokens, lengths)


@wrong
class Shrinks(Tagger):
    """T shrinks to the longest sequence.
    Compare the shapes of tokens and logits where all sequences are padded."""

    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        logits = super().forward(tokens, lengths)
        return logits if lengths is None else logits[:, : int(lengths.max())]


@wrong
class NeedsLengths(Tagger):
    """a call without lengths fails.
    What should happen if lengths is None?"""

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:  # type: ignore[override]
        return super().forward(tokens, lengths.long())


@wrong
class LengthsNotMoved(Tagger):
    """the lengths are handed to the packing on the device where they are.
    Read what the text says about lengths and the CPU."""

    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        if lengths is None:
            return super().forward(tokens)
        one = pack_padded_sequence(
            self.embedding(tokens), lengths, batch_first=True, enforce_sorted=False
        )
        output, _ = pad_packed_sequence(
            self.rnn(one)[0], batch_first=True, total_length=tokens.shape[1]
        )
        logits: Tensor = self.fc(output)
        return logits


class SortedLengthsOnly(Tagger):
    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        if lengths is None:
            return super().forward(tokens)
        one = pack_padded_sequence(self.embedding(tokens), lengths.cpu(), batch_first=True)
        output, _ = pad_packed_sequence(
            self.rnn(one)[0], batch_first=True, total_length=tokens.shape[1]
        )
        logits: Tensor = self.fc(output)
        return logits


class Unsorts(Tagger):
    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        if lengths is None:
            return super().forward(tokens)
        order = lengths.argsort(descending=True, stable=True)
        return self.unsorted(super().forward(tokens[order], lengths[order]), order)

    def unsorted(self, logits: Tensor, order: Tensor) -> Tensor:
        return logits


class UnsortsWithTheSameOrder(Unsorts):
    def unsorted(self, logits: Tensor, order: Tensor) -> Tensor:
        return logits[order]


@wrong
class BatchIsTime(Tagger):
    """the network takes the batch for time.
    Which axis does nn.LSTM take for time if it is told nothing?"""

    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        logits: Tensor = self.fc(
            self.rnn(self.embedding(tokens).transpose(0, 1))[0].transpose(0, 1)
        )
        return logits


@wrong
class OneStepShort(Tagger):
    """the last token of each sequence is left out.
    How many steps are valid in a sequence of length n?"""

    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        return super().forward(tokens, None if lengths is None else (lengths - 1).clamp(min=1))


@wrong
class BackwardFirst(Tagger):
    """the backward half comes first.
    Which half of the network's output is which?"""

    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        output = packed(self.rnn, self.embedding(tokens), lengths)
        if self.rnn.bidirectional:
            output = output.roll(self.rnn.hidden_size, -1)
        logits: Tensor = self.fc(output)
        return logits


@wrong
class LastStateOnly(Tagger):
    """every step gets the logits of the last state.
    Which states does the linear layer read?"""

    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        output = packed(self.rnn, self.embedding(tokens), lengths)
        rows = torch.arange(len(tokens))
        last = output[rows, -1 if lengths is None else lengths - 1]
        logits: Tensor = self.fc(last)[:, None].expand(-1, tokens.shape[1], -1)
        return logits


class OneLogitsPerSequence(Tagger):
    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        return super().forward(tokens, lengths)[:, -1]


class Probabilities(Tagger):
    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        return super().forward(tokens, lengths).softmax(-1)


class LogProbabilities(Tagger):
    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        return super().forward(tokens, lengths).log_softmax(-1)


class Predictions(Tagger):
    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        return super().forward(tokens, lengths).argmax(-1)


class ClassesFirst(Tagger):
    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        return super().forward(tokens, lengths).transpose(1, 2)


class Squashed(Tagger):
    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        logits: Tensor = self.fc(packed(self.rnn, self.embedding(tokens), lengths).relu())
        return logits


class Dropped(Tagger):
    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        output = packed(self.rnn, self.embedding(tokens), lengths)
        keep = torch.arange(output.shape[-1]) % 2 == 0 if self.training else torch.ones(1)
        logits: Tensor = self.fc(output * keep)
        return logits


class CutEmbedding(Tagger):
    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        logits: Tensor = self.fc(packed(self.rnn, self.embedding(tokens).detach(), lengths))
        return logits


class CutStates(Tagger):
    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        logits: Tensor = self.fc(packed(self.rnn, self.embedding(tokens), lengths).detach())
        return logits


class WithState(Tagger):
    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Any:
        return super().forward(tokens, lengths), self.rnn(self.embedding(tokens))[1]


class StateKept(Tagger):
    """The state goes from one batch to the next, where they are of one size."""

    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        if lengths is not None and not hasattr(self, "state"):
            return super().forward(tokens, lengths)
        output, self.state = self.rnn(self.embedding(tokens), self.kept(len(tokens)))
        logits: Tensor = self.fc(output)
        return logits

    def kept(self, B: int) -> Any:
        state = getattr(self, "state", None)
        if isinstance(state, tuple):
            return tuple(part.detach()[:, :B].contiguous() for part in state)
        return None if state is None else state.detach()[:, :B].contiguous()


class StateKeptForEqualBatches(Tagger):
    """The state goes on where the batch has as many sequences as the one before."""

    state: Any = None
    rows = 0

    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        embedded = self.embedding(tokens)
        B, T, _ = embedded.shape
        state = self.state if self.rows == B else None
        full = torch.full((B,), T) if lengths is None else lengths.cpu()
        one = pack_padded_sequence(embedded, full, batch_first=True, enforce_sorted=False)
        found, last = self.rnn(one, state)
        self.rows = B
        self.state = (
            tuple(part.detach() for part in last) if type(last) is tuple else last.detach()
        )
        output, _ = pad_packed_sequence(found, batch_first=True, total_length=T)
        logits: Tensor = self.fc(output)
        return logits


class StateOnTheCpu(Tagger):
    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        if lengths is not None:
            return super().forward(tokens, lengths)
        embedded = self.embedding(tokens)
        rows = 1 + self.rnn.bidirectional
        zeros = torch.zeros(rows, len(tokens), self.rnn.hidden_size, dtype=embedded.dtype)
        state = (zeros, zeros) if isinstance(self.rnn, nn.LSTM) else zeros
        logits: Tensor = self.fc(self.rnn(embedded, state)[0])
        return logits


class StateOnTheCpuWithLengths(Tagger):
    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        embedded = self.embedding(tokens)
        B, T, _ = embedded.shape
        rows = 1 + self.rnn.bidirectional
        zeros = torch.zeros(rows, B, self.rnn.hidden_size, dtype=embedded.dtype)
        state = (zeros, zeros) if isinstance(self.rnn, nn.LSTM) else zeros
        full = torch.full((B,), T) if lengths is None else lengths.cpu()
        one = pack_padded_sequence(embedded, full, batch_first=True, enforce_sorted=False)
        output, _ = pad_packed_sequence(self.rnn(one, state)[0], batch_first=True, total_length=T)
        logits: Tensor = self.fc(output)
        return logits


class MaskOnTheCpu(Tagger):
    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        logits = super().forward(tokens, lengths)
        if lengths is None:
            return logits
        mask = torch.arange(tokens.shape[1]) < lengths[:, None]
        return logits * mask[:, :, None]


class StateInFloat32(Tagger):
    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        zeros = torch.zeros(1 + self.rnn.bidirectional, len(tokens), self.rnn.hidden_size)
        state = (zeros, zeros) if isinstance(self.rnn, nn.LSTM) else zeros
        logits: Tensor = self.fc(self.rnn(self.embedding(tokens), state)[0])
        return logits


@wrong
class StartsFromOnes(Tagger):
    """the first state is not zero.
    What does nn.LSTM start from if it is given no state?"""

    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        embedded = self.embedding(tokens)
        B, T, _ = embedded.shape
        ones = embedded.new_ones(1 + self.rnn.bidirectional, B, self.rnn.hidden_size)
        state = (ones, ones) if isinstance(self.rnn, nn.LSTM) else ones
        full = torch.full((B,), T) if lengths is None else lengths.cpu()
        one = pack_padded_sequence(embedded, full, batch_first=True, enforce_sorted=False)
        output, _ = pad_packed_sequence(self.rnn(one, state)[0], batch_first=True, total_length=T)
        logits: Tensor = self.fc(output)
        return logits


def built(**changes: Any) -> Callable[..., Tagger]:
    """A Tagger with some arguments changed by a function of all of them."""
    names = (
        "vocab_size",
        "num_tags",
        "embedding_dim",
        "hidden_size",
        "cell",
        "bidirectional",
        "padding_idx",
    )

    def build(*args: Any, **kwargs: Any) -> Tagger:
        given = dict(zip(names, args, strict=False)) | kwargs
        full = {"cell": "lstm", "bidirectional": False, "padding_idx": 0} | given
        return Tagger(**{**full, **{name: change(full) for name, change in changes.items()}})

    return build


def altered(alter: Callable[[Tagger], None]) -> Callable[..., Tagger]:
    """A Tagger with a part exchanged after it was built."""

    def build(*args: Any, **kwargs: Any) -> Tagger:
        module = Tagger(*args, **kwargs)
        alter(module)
        return module

    return build


def no_padding_token(module: Tagger) -> None:
    module.embedding = nn.Embedding(*module.embedding.weight.shape)


def padding_row_drawn_again(module: Tagger) -> None:
    nn.init.normal_(module.embedding.weight)


def no_fc_bias(module: Tagger) -> None:
    module.fc = nn.Linear(module.fc.in_features, module.fc.out_features, bias=False)


def two_layers(module: Tagger) -> None:
    old = module.rnn
    module.rnn = type(old)(
        old.input_size,
        old.hidden_size,
        num_layers=2,
        batch_first=True,
        bidirectional=old.bidirectional,
    )


def half_width(module: Tagger) -> None:
    module.fc = nn.Linear(module.rnn.hidden_size, module.fc.out_features)


def no_rnn_bias(module: Tagger) -> None:
    old = module.rnn
    module.rnn = type(old)(
        old.input_size,
        old.hidden_size,
        bias=False,
        batch_first=True,
        bidirectional=old.bidirectional,
    )


def relu_cell(module: Tagger) -> None:
    old = module.rnn
    if isinstance(old, nn.RNN):
        module.rnn = nn.RNN(
            old.input_size,
            old.hidden_size,
            nonlinearity="relu",
            batch_first=True,
            bidirectional=old.bidirectional,
        )


class OtherNames(nn.Module):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        known = Tagger(*args, **kwargs)
        self.embedding, self.lstm, self.linear = known.embedding, known.rnn, known.fc

    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        logits: Tensor = self.linear(packed(self.lstm, self.embedding(tokens), lengths))
        return logits


@wrong
class PartsInAList(nn.Module):
    """the network stands in a Python list, where PyTorch does not find it.
    Print the names of model.parameters(): are those of the network there?"""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        known = Tagger(*args, **kwargs)
        self.embedding, self.fc = known.embedding, known.fc
        self.cells = [known.rnn]

    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        logits: Tensor = self.fc(packed(self.cells[0], self.embedding(tokens), lengths))
        return logits


class AlwaysPacks(nn.Module):
    """Packing with lengths made up where there are none."""

    def __init__(
        self,
        vocab_size: int,
        num_tags: int,
        embedding_dim: int,
        hidden_size: int,
        cell: str = "lstm",
        bidirectional: bool = False,
        padding_idx: int = 0,
    ) -> None:
        super().__init__()
        self.fc = nn.Linear(hidden_size * (1 + bidirectional), num_tags)
        self.rnn = getattr(nn, cell.upper())(
            embedding_dim, hidden_size, bidirectional=bidirectional, batch_first=True
        )
        self.embedding = nn.Embedding(vocab_size, embedding_dim, padding_idx)

    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        logits: Tensor = self.fc(packed(self.rnn, self.embedding(tokens), lengths))
        return logits


class SortsByHand(AlwaysPacks):
    """Sorted, packed, unsorted with the inverse, and padded with zeros up to T."""

    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        embedded = self.embedding(tokens)
        if lengths is None:
            logits: Tensor = self.fc(self.rnn(embedded)[0])
            return logits
        sizes, order = lengths.sort(descending=True)
        one = pack_padded_sequence(embedded[order], sizes.tolist(), batch_first=True)
        output, _ = pad_packed_sequence(self.rnn(one)[0], batch_first=True)
        output = output[order.argsort()]
        missing = tokens.shape[1] - output.shape[1]
        filled = torch.cat(
            [output, output.new_zeros(len(tokens), missing, output.shape[2])], dim=1
        )
        return self.fc(filled)


class SequenceBySequence(AlwaysPacks):
    """Every sequence alone, without its padding; nan stands in the padding of the logits."""

    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        T = tokens.shape[1]
        sizes = [T] * len(tokens) if lengths is None else [int(length) for length in lengths]
        rows = [
            self.fc(self.rnn(self.embedding(row[:size])[None])[0])[0]
            for row, size in zip(tokens, sizes, strict=True)
        ]
        logits = pad_sequence(rows, batch_first=True, padding_value=float("nan"))
        rest = logits.new_zeros(len(tokens), T - logits.shape[1], logits.shape[2])
        return torch.cat([logits, rest], dim=1)


class TimeFirstInside(nn.Module):
    """A network that wants time first, and a mask in place of packing where one direction reads."""

    def __init__(
        self,
        vocab_size: int,
        num_tags: int,
        embedding_dim: int,
        hidden_size: int,
        cell: str = "lstm",
        bidirectional: bool = False,
        padding_idx: int = 0,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embedding_dim, padding_idx=padding_idx)
        self.rnn = RNNS[cell](embedding_dim, hidden_size, bidirectional=bidirectional)
        self.fc = nn.Linear((1 + int(bidirectional)) * hidden_size, num_tags)
        self.register_buffer("one", torch.ones(1))

    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        embedded = self.embedding(tokens).transpose(0, 1)
        if lengths is None or not self.rnn.bidirectional:
            output = self.rnn(embedded)[0]
            if lengths is not None:
                steps = torch.arange(tokens.shape[1], device=tokens.device)
                output = output * (steps[:, None] < lengths)[..., None]
        else:
            one = pack_padded_sequence(embedded, lengths.cpu(), enforce_sorted=False)
            output, _ = pad_packed_sequence(self.rnn(one)[0], total_length=tokens.shape[1])
        return self.fc(output).transpose(0, 1)


PADDING = "Run one short sequence alone, and then with more and more padding: do its logits move?"
PARTS = "Print the model, and compare names and sizes of its layers with the docstring."
OUTPUT = "What leaves the last layer should be C scores per step, as they are."
ORDER = "Try three sequences of lengths 1, 3 and 2, and look at which row is whose."
TYPES = "What is the dtype and the device of every tensor that your forward makes?"
GRADIENT = "Which step of your forward cuts the graph?"

wrong.add(
    "without_lengths",
    WithoutLengths,
    "the lengths are not used, and the backward half starts in the padding. " + PADDING,
)
wrong.add(
    "sorted_lengths_only",
    SortedLengthsOnly,
    "only batches that are sorted by length work. " + ORDER,
)
wrong.add("not_unsorted", Unsorts, "the sequences come back sorted by length. " + ORDER)
wrong.add(
    "unsorted_with_the_same_order",
    UnsortsWithTheSameOrder,
    "the sorting is done a second time in place of undone. " + ORDER,
)
wrong.add(
    "one_row_per_sequence",
    OneLogitsPerSequence,
    "there is one row of logits per sequence. How many tags does a sequence of T tokens need?",
)
wrong.add("probabilities", Probabilities, "a softmax stands at the end. " + OUTPUT)
wrong.add("log_probabilities", LogProbabilities, "a log-softmax stands at the end. " + OUTPUT)
wrong.add("predictions", Predictions, "tags come out in place of logits. " + OUTPUT)
wrong.add("classes_first", ClassesFirst, "the classes stand before time. " + OUTPUT)
wrong.add("squashed", Squashed, "a relu stands between the network and the linear layer. " + PARTS)
wrong.add("dropped", Dropped, "units are dropped in training mode. " + PARTS)
wrong.add("with_state", WithState, "the state comes out too. " + OUTPUT)
wrong.add("cut_embedding", CutEmbedding, "no gradient reaches the embedding. " + GRADIENT)
wrong.add("cut_states", CutStates, "no gradient gets past the linear layer. " + GRADIENT)
wrong.add(
    "always_lstm",
    built(cell=lambda _: "lstm"),
    "the cell is an LSTM whatever is asked for. Which argument decides between nn.RNN, nn.GRU and nn.LSTM?",
)
wrong.add(
    "gru_for_rnn",
    built(cell=lambda a: "gru" if a["cell"] == "rnn" else a["cell"]),
    "a GRU stands in for the plain RNN. " + PARTS,
)
wrong.add(
    "always_one_way",
    built(bidirectional=lambda _: False),
    "one direction reads, whatever is asked for. " + PARTS,
)
wrong.add(
    "always_two_way",
    built(bidirectional=lambda _: True),
    "two directions read, whatever is asked for. " + PARTS,
)
wrong.add(
    "sizes_exchanged",
    built(embedding_dim=lambda a: a["hidden_size"], hidden_size=lambda a: a["embedding_dim"]),
    "embedding_dim and hidden_size are exchanged. " + PARTS,
)
wrong.add(
    "tags_for_tokens",
    built(vocab_size=lambda a: a["num_tags"], num_tags=lambda a: a["vocab_size"]),
    "vocab_size and num_tags are exchanged. " + PARTS,
)
wrong.add(
    "padding_token_fixed",
    built(padding_idx=lambda _: 0),
    "the padding token is 0 whatever padding_idx says. " + PARTS,
)
wrong.add(
    "no_padding_token",
    altered(no_padding_token),
    "the embedding is not told which token is padding. " + PARTS,
)
wrong.add(
    "padding_row_drawn_again",
    altered(padding_row_drawn_again),
    "the embedding of the padding token is drawn at random like the others. Print the padding token's row of embedding.weight in a new model.",
)
wrong.add(
    "half_width",
    altered(half_width),
    "the linear layer reads H numbers although two directions give 2H. " + PARTS,
)
wrong.add("two_layers", altered(two_layers), "the network has two layers. " + PARTS)
wrong.add("no_fc_bias", altered(no_fc_bias), "the linear layer has no bias. " + PARTS)
wrong.add("no_rnn_bias", altered(no_rnn_bias), "the network has no biases. " + PARTS)
wrong.add(
    "relu_cell",
    altered(relu_cell),
    "the plain RNN squashes with relu. Which squashing does nn.RNN use if it is told nothing?",
)
wrong.add("other_names", OtherNames, "the layers have other names. " + PARTS)
wrong.add(
    "state_kept",
    StateKept,
    "the state of one call is the start of the next. What does your model keep in self during forward?",
)
wrong.add(
    "state_kept_for_equal_batches",
    StateKeptForEqualBatches,
    "the state of one call is the start of the next if the batch has the same size. What does your model keep in self during forward?",
)
wrong.add("state_on_the_cpu", StateOnTheCpu, "the first state is made on the CPU. " + TYPES)
wrong.add(
    "state_on_the_cpu_with_lengths",
    StateOnTheCpuWithLengths,
    "the first state of a batch that has lengths is made on the CPU. " + TYPES,
)
wrong.add(
    "mask_on_the_cpu",
    MaskOnTheCpu,
    "a new tensor that is used where there are lengths is made on the CPU. " + TYPES,
)
wrong.add("state_in_float32", StateInFloat32, "the first state is float32. " + TYPES)


EXERCISE = Exercise(
    reference=Tagger,
    inputs=inputs,
    points=18,
    axes=SIZES,
    shapes={"logits": "B T C", "probe": "B T C"},
    scenario=logits_and_gradients,
    view=view,
    cases=(
        Case(name="one direction", inputs=with_changes(bidirectional=False)),
        Case(name="a GRU", inputs=with_changes(cell="gru")),
        Case(name="a plain RNN", inputs=with_changes(cell="rnn")),
        Case(
            name="a plain RNN in one direction",
            inputs=with_changes(cell="rnn", bidirectional=False),
        ),
        Case(name="no lengths", inputs=with_changes(lengths=False)),
        Case(
            name="lengths=None, one direction",
            inputs=with_changes(lengths=None, bidirectional=False, cell="gru"),
        ),
        Case(
            name="the default arguments",
            inputs=by_default,
            why="With four arguments: an LSTM, one direction, padding token 0.",
        ),
        Case(name="arguments by name", inputs=by_name),
        Case(
            name="padding for all",
            inputs=with_changes(wider=3),
            why="The batch may be wider than its longest sequence: T stays as it came in.",
        ),
        Case(
            name="padding for all, one direction",
            value=False,
            inputs=with_changes(wider=2, bidirectional=False),
            why="The batch may be wider than its longest sequence: T stays as it came in.",
        ),
        Case(
            name="equal lengths",
            inputs=equal_lengths,
            value=False,
            why="Sequences of one length are padded too if the batch is wider.",
        ),
        Case(
            name="another padding token",
            inputs=with_changes(padding_idx=5, lengths=False),
            value=False,
            why="The embedding must be told which token is padding.",
        ),
        Case(
            name="evaluation mode",
            inputs=evaluating,
            value=False,
            why="This network does the same in training and in evaluation mode.",
        ),
        Case(
            name="a new embedding of the padding token",
            inputs=padding_token,
            value=False,
            scenario=padding_row,
            why="The embedding of the padding token starts at zero.",
        ),
        Case(
            name="another batch with the same tagger",
            inputs=one_after_the_other,
            value=False,
            scenario=two_batches,
            why="Every call starts from a state of zeros.",
        ),
        Case(
            name="the same batch again",
            inputs=the_same_again(lengths=False),
            value=False,
            scenario=two_batches,
            why="Every call starts from a state of zeros.",
        ),
        Case(
            name="the same batch again, with lengths",
            inputs=the_same_again(cell="gru"),
            value=False,
            scenario=two_batches,
            why="Every call starts from a state of zeros.",
        ),
        Case(
            name="placement",
            inputs=to_be_moved,
            value=False,
            device="meta",
            scenario=moved_to_the_device,
            why="New tensors need the inputs' device and dtype, as x.new_zeros(…) gives.",
        ),
        Case(
            name="lengths on another device",
            inputs=with_lengths,
            value=False,
            scenario=lengths_elsewhere,
            why="Lengths come on the device of the tokens; pack_padded_sequence wants them on the "
            "CPU.",
        ),
        *(
            Case(
                name=f"placement with lengths, {name}",
                inputs=away(cell, bidirectional),
                value=False,
                device="meta",
                dtype="float32",
                scenario=logits_elsewhere,
                why="New tensors need the inputs' device and dtype: a mask that of the lengths, a "
                "state that of the embedded tokens.",
            )
            for name, cell, bidirectional in (
                ("one direction", "gru", False),
                ("two directions", "lstm", True),
            )
        ),
    ),
    mistakes=wrong,
    also_right=(AlwaysPacks, SortsByHand, SequenceBySequence, TimeFirstInside),
    look=PADDING,
)
