"""A module that reads padded sequences and keeps a state of each."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from autograder.spec import Case, Exercise, Mistakes, but, edited
from exercises.lab8_seq2seq._models import (
    Draw,
    build_and_run,
    draw_lengths,
    draw_reader,
    edge,
    one_after_the_other,
    with_shapes,
)
from solutions.lab8_seq2seq import Encoder

SIZES: dict[str, Any] = {"B": 6, "T": 5, "V": 8, "E": 2, "H": 3}


def inputs(
    rng: np.random.Generator,
    B: int,
    T: int,
    V: int,
    E: int,
    H: int,
    wider: int = 0,
    mode: str = "train",
) -> Mapping[str, Any]:
    """Token 0 stands inside sequences and at their ends, and any token in the padding.

    wider: steps of padding for all.
    """
    lengths = draw_lengths(rng, B, T)
    tokens = rng.integers(V, size=(B, T + wider))
    longest = lengths.argmax()
    tokens[longest, [T // 2, T - 1]] = 0
    probe = rng.standard_normal((B, T + wider, H))
    probe[np.arange(T + wider) >= lengths[:, None]] = 0.0
    return {
        "init": [V, E, H],
        "weights": draw_reader(rng, V, E, H),
        "inputs": [tokens, lengths],
        "probe": [probe, rng.standard_normal((1, B, H))],
        "mode": mode,
    }


def drawn(**changes: Any) -> Draw:
    return lambda rng: inputs(rng, **{**SIZES, **changes})


def by_name(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = inputs(rng, **SIZES)
    tokens, lengths = draw["inputs"]
    V, E, H = draw["init"]
    init = {"hidden_size": H, "embedding_dim": E, "vocab_size": V}
    return {**draw, "init": init, "inputs": {"lengths": lengths, "tokens": tokens}}


def equal_lengths(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = inputs(rng, **SIZES)
    draw["inputs"][1][:] = 3
    draw["probe"][0][:, 3:] = 0.0
    return draw


def twice(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = inputs(rng, **SIZES)
    return {key: draw[key] for key in ("init", "weights")} | {
        "first": draw["inputs"],
        "second": [draw["inputs"][0][::-1].copy(), np.full(SIZES["B"], SIZES["T"])],
    }


def view(arguments: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    """As for every module, with zeros for the outputs on padding."""
    found, given = with_shapes(arguments, result), arguments["inputs"]
    lengths = given["lengths"] if isinstance(given, dict) else given[1]
    pair = found["result"]
    if isinstance(pair, tuple | list) and pair and isinstance(pair[0], torch.Tensor):
        outputs = pair[0]
        if outputs.dim() == 3 and len(outputs) == len(lengths):
            real = torch.arange(outputs.shape[1]) < lengths[:, None]
            cleared = torch.where(real[..., None], outputs, torch.zeros_like(outputs))
            found["result"] = (cleared, *pair[1:])
    return found


def sorting(back: Callable[..., Any]) -> type[Encoder]:
    """The encoder that sorts by length; back: what it does with a result and the order."""

    class Sorting(Encoder):
        def forward(self, tokens, lengths):
            order = lengths.argsort(descending=True, stable=True)
            outputs, state = super().forward(tokens[order], lengths[order])
            return back(outputs, state, order)

    return Sorting


change = partial(edited, Encoder)

SUPER = "super().__init__()"
RUN = "self.rnn(packed)"
EMBED = "self.embedding(tokens), lengths.cpu()"
RETURN = "return outputs, state"
AT_THE_END = "last = torch.arange(len(tokens), device=tokens.device), lengths - 1"
COUNTED = "self.embedding(tokens), tokens.ne(0).sum(1).clamp(min=1).cpu()"
RENAMED = {"self.rnn = ": "self.gru = ", "self.rnn(packed)": "self.gru(packed)"}

PADDING = "Run one short sequence alone, and then with more and more padding: does its state move?"
PARTS = "Print the model, and compare names and sizes of its layers with the docstring."
ORDER = "Try three sequences of lengths 1, 3 and 2, and look at which row is whose."
SHAPES = "Compare the shapes of what you return with the docstring, one by one."
GRADIENT = "Which step of your forward cuts the graph?"
TYPES = "What is the dtype and the device of every tensor that your forward makes?"


class WithoutLengths(Encoder):
    def forward(self, tokens, lengths):
        outputs, state = self.rnn(self.embedding(tokens))
        return outputs, state


class LastColumn(Encoder):
    def forward(self, tokens, lengths):
        outputs, _ = super().forward(tokens, lengths)
        return outputs, outputs[None, :, -1]


class ZerosForPadding(Encoder):
    def forward(self, tokens, lengths):
        known = self.embedding(tokens)
        real = torch.arange(tokens.shape[1], device=tokens.device) < lengths[:, None]
        outputs, state = self.rnn(known * real[..., None])
        return outputs, state


class OneStepShort(Encoder):
    def forward(self, tokens, lengths):
        outputs, _ = super().forward(tokens, lengths)
        rows = torch.arange(len(tokens), device=tokens.device)
        return outputs, outputs[rows, (lengths - 2).clamp(min=0)][None]


class OneStepMore(Encoder):
    def forward(self, tokens, lengths):
        outputs, _ = self.rnn(self.embedding(tokens))
        rows = torch.arange(len(tokens), device=tokens.device)
        return outputs, outputs[rows, lengths.clamp(max=tokens.shape[1] - 1)][None]


class Backwards(Encoder):
    def forward(self, tokens, lengths):
        outputs, state = self.rnn(self.embedding(tokens.flip(1)))
        return outputs.flip(1), state


class StartOnTheCPU(Encoder):
    def forward(self, tokens, lengths):
        known = self.embedding(tokens)
        start = torch.zeros(1, len(tokens), self.rnn.hidden_size, dtype=known.dtype)
        outputs, _ = self.rnn(known, start)
        rows = torch.arange(len(tokens), device=tokens.device)
        return outputs, outputs[rows, lengths - 1][None]


wrong = Mistakes()
wrong.family(
    PADDING,
    ("without_lengths", WithoutLengths, "the lengths are not used, and the padding is read too"),
    ("last_column", LastColumn, "the state is the output of the last column"),
    ("zeros_for_padding", ZerosForPadding, "zeros are read in the padding, and move the state"),
    ("one_step_short", OneStepShort, "the state is the one before the last token"),
    ("one_step_more", OneStepMore, "the state is the one after one step of padding"),
)
wrong.add(
    "lengths_from_tokens",
    change({EMBED: COUNTED}),
    "the lengths are counted from the tokens that are not 0. What if token 0 stands inside a sequence?",
)
wrong.add(
    "padding_token",
    change(
        {
            "vocab_size, embedding_dim)\n        self.rnn": "vocab_size, embedding_dim, padding_idx=0)\n        self.rnn"
        }
    ),
    "token 0 is a padding token and gets no gradient. What does the docstring say of padding tokens?",
)
wrong.add(
    "shrinks",
    change({", total_length=tokens.shape[1]": ""}),
    "T shrinks to the longest sequence. Compare the shapes of tokens and outputs where all sequences are padded.",
)
wrong.add(
    "lengths_not_moved",
    change({"lengths.cpu()": "lengths"}),
    "the lengths are handed to the packing on the device where they are. On which device does pack_padded_sequence want them?",
)
wrong.family(
    ORDER,
    (
        "sorted_lengths_only",
        change({", enforce_sorted=False": ""}),
        "only batches that are sorted by length work",
    ),
    (
        "not_unsorted",
        sorting(lambda outputs, state, order: (outputs, state)),
        "the sequences come back sorted by length",
    ),
    (
        "state_not_unsorted",
        sorting(lambda outputs, state, order: (outputs[order.argsort()], state)),
        "the outputs are put back in order and the states are not",
    ),
    (
        "outputs_not_unsorted",
        sorting(lambda outputs, state, order: (outputs, state[:, order.argsort()])),
        "the states are put back in order and the outputs are not",
    ),
    (
        "sorted_twice",
        sorting(lambda outputs, state, order: (outputs[order], state[:, order])),
        "the sorting is done a second time in place of undone",
    ),
)
wrong.add(
    "backwards",
    Backwards,
    "the sequences are read from the right, padding first. Which token is read first?",
)
wrong.family(
    SHAPES,
    ("state_alone", but(Encoder, returns=lambda pair: pair[1]), "the state comes back alone"),
    ("outputs_alone", but(Encoder, returns=lambda pair: pair[0]), "the outputs come back alone"),
    ("exchanged", but(Encoder, returns=lambda pair: pair[::-1]), "the state comes first"),
    (
        "state_without_layers",
        but(Encoder, returns=lambda pair: (pair[0], pair[1][0])),
        "the state is (B, H)",
    ),
    (
        "state_batch_first",
        but(Encoder, returns=lambda pair: (pair[0], pair[1].transpose(0, 1))),
        "the state is (B, 1, H)",
    ),
    (
        "steps_first",
        but(Encoder, returns=lambda pair: (pair[0].transpose(0, 1), pair[1])),
        "the outputs are (T, B, H)",
    ),
    ("packed", change({RETURN: "return packed_outputs, state"}), "the outputs come back packed"),
    (
        "embedded_for_outputs",
        but(change({RETURN: "return self.embedding(tokens), state"})),
        "the embedded tokens come back and not the outputs",
    ),
)
wrong.family(
    GRADIENT,
    (
        "cut_state",
        but(Encoder, returns=lambda pair: (pair[0], pair[1].detach())),
        "no gradient gets past the state",
    ),
    (
        "cut_outputs",
        but(Encoder, returns=lambda pair: (pair[0].detach(), pair[1])),
        "no gradient gets past the outputs",
    ),
    (
        "cut_embedding",
        change({"self.embedding(tokens), ": "self.embedding(tokens).detach(), "}),
        "no gradient reaches the embedding",
    ),
)
wrong.family(
    PARTS,
    ("other_names", change(RENAMED), "the layers have other names"),
    ("lstm", change({"nn.GRU(": "nn.LSTM("}), "the network is an LSTM"),
    ("plain_rnn", change({"nn.GRU(": "nn.RNN("}), "the network is a plain RNN"),
    (
        "two_layers",
        change({"hidden_size, batch_first": "hidden_size, num_layers=2, batch_first"}),
        "the network has two layers",
    ),
    (
        "two_directions",
        change({"hidden_size, batch_first": "hidden_size, bidirectional=True, batch_first"}),
        "the network reads in two directions",
    ),
    (
        "sizes_exchanged",
        change(
            {SUPER: f"{SUPER}\n        embedding_dim, hidden_size = hidden_size, embedding_dim"}
        ),
        "embedding_dim and hidden_size are exchanged",
    ),
    (
        "no_bias",
        change({"hidden_size, batch_first": "hidden_size, bias=False, batch_first"}),
        "the network has no biases",
    ),
    (
        "squashed",
        change({"self.embedding(tokens), ": "self.embedding(tokens).tanh(), "}),
        "the embedded tokens are squashed before they are read",
    ),
    (
        "dropped",
        change(
            {
                EMBED: "(self.embedding(tokens) * (torch.arange(self.rnn.input_size) % 2 == 0) if self.training else self.embedding(tokens)), lengths.cpu()"
            }
        ),
        "numbers of the embedding are dropped in training mode",
    ),
)
wrong.add("start_on_the_cpu", StartOnTheCPU, f"the first state is made on the CPU. {TYPES}")
wrong.add(
    "state_in_float32",
    but(Encoder, returns=lambda pair: (pair[0], pair[1].float())),
    f"the state is float32 whatever the weights are. {TYPES}",
)


@wrong
class GoesOn(Encoder):
    """a batch starts from the states in which the one before ended.
    What does your model keep in self during forward?"""

    kept: Any = None

    def forward(self, tokens, lengths):
        packed = nn.utils.rnn.pack_padded_sequence(
            self.embedding(tokens), lengths.cpu(), True, enforce_sorted=False
        )
        fits = self.kept is not None and self.kept.shape[1] == len(tokens)
        found, state = self.rnn(packed, self.kept if fits else None)
        self.kept = state.detach()
        outputs, _ = nn.utils.rnn.pad_packed_sequence(found, True, 0.0, tokens.shape[1])
        return outputs, state


EXERCISE = Exercise(
    reference=Encoder,
    inputs=inputs,
    points=11,
    axes=SIZES,
    shapes={
        "inputs.0": "B T",
        "inputs.1": "B",
        "result.0": "B T H",
        "result.1": "1 B H",
        "probe.0": "B T H",
        "probe.1": "1 B H",
    },
    scenario=build_and_run,
    view=view,
    cases=(
        Case(
            name="padding for all",
            inputs=drawn(wider=3),
            why="The batch may be wider than its longest sequence: T stays as it came in.",
        ),
        edge(
            "equal lengths",
            equal_lengths,
            "Sequences of one length are padded too if the batch is wider.",
        ),
        edge("arguments by name", by_name, "The arguments have the names of the docstring."),
        edge(
            "evaluation mode",
            drawn(mode="eval"),
            "This network does the same in training and in evaluation mode.",
        ),
        edge(
            "another batch with the same encoder",
            twice,
            "Every call starts from a state of zeros.",
            scenario=one_after_the_other,
        ),
    ),
    mistakes=wrong,
    look=PADDING,
    when_right=(
        "There is a way without packing: read all columns, and pick each row's output at its own "
        "last token. In one direction this is the same state, because what has been read so far "
        "does not know the padding behind it. The traps were the order of the rows, a T that "
        "shrinks to the longest sequence, and lengths that are not on the CPU. Next question: lab "
        "6 reads from the right as well. Why does picking not help there?"
    ),
)
