"""A bidirectional classifier: built, given weights by name, run, and asked for gradients."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from autograder.spec import PLACEMENT, Case, Exercise, Mistakes, but, edited
from exercises.lab6_bidirectional._draws import (
    Draw,
    always,
    draw_lengths,
    draw_tokens,
    draw_weights,
)
from exercises.lab6_bidirectional._shared import build_and_run, classify, fresh, learn, once_more
from solutions.lab6_bidirectional import BiClassifier, attention_pool, masked_mean


def inputs(rng, B=4, T=6, V=15, E=3, H=5, C=2, cell="", pooling="", pad=None, more=0):
    """One batch; an empty cell or pooling is left out of the call, `more` is padding for all."""
    init: list[Any] = [V, E, H, C]
    if cell:
        init += [cell, pooling]
    if pad is not None:
        init.append(pad)
    sizes = (V, E, H, C, cell or "lstm", pooling or "final", pad or 0)
    weights, lengths = draw_weights(rng, *sizes), draw_lengths(rng, B, T)
    tokens = draw_tokens(rng, lengths, T + more, V, pad or 0)
    return {"init": init, "weights": weights, "tokens": tokens, "lengths": lengths}


def drawn(**changes: Any) -> Draw:
    """Inputs with other choices."""
    return lambda rng: inputs(rng, **changes)


def padding_id_inside(pooling: str) -> Draw:
    """Sentences in which the padding id stands, at the end too."""

    def draw(rng: np.random.Generator) -> Mapping[str, Any]:
        found = dict(inputs(rng, cell="gru", pooling=pooling, pad=4))
        tokens = found["tokens"].copy()
        for row, n in zip(tokens, found["lengths"], strict=True):
            row[n // 2] = row[n - 1] = 4
        return {**found, "tokens": tokens}

    return draw


def refused(cell: str, pooling: str) -> Draw:
    """A module with a cell or pooling that there is not."""
    tokens, lengths = np.array([[4, 5, 6], [7, 0, 0]]), np.array([3, 1])
    return always(init=[12, 3, 5, 2, cell, pooling], tokens=tokens, lengths=lengths)


FINAL = "torch.cat([h_n[0], h_n[1]], dim=1)"
MEAN = "masked_mean(output, lengths)"
LAST_WORD = "[torch.arange(len(tokens), device=tokens.device), lengths - 1]"
ATTENDED = "summary, _ = attention_pool(output, scores, lengths)"
TO_H = {"2 * hidden_size, num_classes": "hidden_size, num_classes"}


def unpack(packed: PackedSequence, tokens: Tensor) -> Tensor:
    return pad_packed_sequence(packed, batch_first=True, total_length=tokens.shape[1])[0]


changed = partial(edited, BiClassifier, unpack=unpack)


def first(statement: str, edits: Mapping[str, str] | None = None) -> Any:
    """The reference with a statement at the start of forward."""
    return changed({"embedded = ": f"{statement}\n        embedded = ", **(edits or {})})


def state_on_the_cpu(module: Any, tokens: Tensor) -> Any:
    h0 = torch.zeros(2, len(tokens), module.rnn.hidden_size, dtype=module.fc.weight.dtype)
    return (h0, h0) if type(module.rnn) is nn.LSTM else h0


def exchanged(one: str, other: str) -> Any:
    """A builder that takes each of two words for the other."""
    words = {one: other, other: one}
    return lambda V, E, H, C, *rest: BiClassifier(V, E, H, C, *[words.get(w, w) for w in rest])


def by_length(end: str) -> Any:
    """The reference with a batch sorted by length, and an end of its own."""
    order = "order = lengths.argsort(descending=True)"
    rows = "tokens, lengths = tokens[order], lengths[order]"
    return first(f"{order}\n        {rows}", {"return logits": end})


wrong = Mistakes()

said = "the output at the last step of the row is classified. How many words has the backward direction read at the last step?"
wrong.add("last_step", changed({FINAL: "unpack(packed_output, tokens)[:, -1]"}), said)
wrong.add(
    "first_step",
    changed({FINAL: "unpack(packed_output, tokens)[:, 0]"}),
    "the output at step 0 is classified. How many words has the forward direction read at step 0?",
)
said = "the padding is read like words, and the output at the last step of the row is classified. How many words has each direction read at the last step?"
wrong.add(
    "not_packed_and_last_step",
    changed(
        {
            "lengths.cpu()": "torch.full_like(lengths, tokens.shape[1]).cpu()",
            FINAL: "unpack(packed_output, tokens)[:, -1]",
        }
    ),
    said,
)
said = "the output at the last real step is classified. How many words has the backward direction read at the last real step?"
wrong.add("last_word", changed({FINAL: f"unpack(packed_output, tokens){LAST_WORD}"}), said)
wrong.add(
    "backward_only",
    changed(
        {
            **TO_H,
            "2 * hidden_size, 1": "hidden_size, 1",
            FINAL: "h_n[-1]",
            MEAN: "masked_mean(output[..., self.rnn.hidden_size :], lengths)",
            "scores = ": "output = output[..., self.rnn.hidden_size :]\n                scores = ",
        }
    ),
    "only the backward direction is classified, with an fc for H numbers. Which direction is h_n[-1], and where is the other?",
)
said = "the backward direction stands in both halves. Does a gradient reach the weights of the forward direction?"
wrong.add("backward_twice", changed({FINAL: "torch.cat([h_n[-1], h_n[-1]], 1)"}), said)
said = "the backward half stands before the forward half. In which order do the halves stand?"
wrong.add("backward_first", changed({FINAL: "torch.cat([h_n[-1], h_n[-2]], 1)"}), said)
said = "h_n (2, B, H) is reshaped to (B, 2H) without turning its axes. Does the answer for a sentence change with its neighbours in the batch?"
wrong.add("mixes_samples", changed({FINAL: "h_n.reshape(len(tokens), -1)"}), said)
said = "an LSTM's cell state c_n is taken in place of h_n. What does an LSTM return, and in which order?"
wrong.add("cell_state", changed({"state[0] if": "state[1] if"}), said)
wrong.add(
    "not_packed",
    changed({"lengths.cpu()": "torch.full_like(lengths, tokens.shape[1]).cpu()"}),
    "the padding is read like words. Add padding to a batch: do the logits change?",
)
wrong.add(
    "sorted_for_good",
    by_length("return logits"),
    "the sentences come back sorted by length. Which row of the logits belongs to which sentence?",
)
said = "the sorting is undone by applying it again. Try three sentences with lengths 1, 3 and 2: what undoes the sorting?"
wrong.add("unsorted_by_sorting", by_length("return logits[order]"), said)
said = "the batch has to come sorted by length. Which argument of pack_padded_sequence is about the order?"
wrong.add("must_be_sorted", changed({", enforce_sorted=False": ""}), said)
wrong.add(
    "counts_tokens",
    first("lengths = tokens.ne(self.embedding.padding_idx or 0).sum(1).clamp(min=1)"),
    "the lengths are counted from the ids and not taken from `lengths`. Who says where a sentence ends?",
)
wrong.family(
    "What do you divide by, for pooling='mean'?",
    ("plain_mean", changed({MEAN: "output.mean(1)"}), "the mean runs over the padding too"),
    ("sum_for_mean", changed({MEAN: "output.sum(1)"}), "the states are added up and not divided"),
)
said = "the largest values are taken in place of the mean. Which summary is pooling='mean'?"
wrong.add("max_for_mean", changed({MEAN: "output.amax(1)"}), said)
wrong.add(
    "no_mask",
    changed({ATTENDED: "summary = (scores.softmax(1)[:, :, None] * output).sum(1)"}),
    "the padding takes part in the attention. Add padding to a batch: do the logits change, for pooling='attention'?",
)
said = "the scores go through a tanh. Compare your scores with the exercise: attention(output), and nothing else."
wrong.add("tanh_scores", changed({"squeeze(-1)": "squeeze(-1).tanh()"}), said)
said = "the scores lose more axes than the last one. Which axes does squeeze() drop when there is a single sentence, or one step?"
wrong.add("squeezed_scores", changed({"squeeze(-1)": "squeeze()"}), said)
wrong.add(
    "narrow_again",
    first(
        "real = torch.arange(tokens.shape[1], device=tokens.device) < lengths[:, None]",
        {
            ", total_length=tokens.shape[1]": "",
            MEAN: "(output * real[:, :, None]).sum(1) / lengths[:, None]",
            "squeeze(-1)": "squeeze(-1).masked_fill(~real, -torch.inf)",
        },
    ),
    "the batch is narrower after unpacking than before, and the mask is not. Which argument of pad_packed_sequence is about the width?",
)
said = "the output is unpacked with time first. Which argument of pad_packed_sequence is about the order of the axes?"
wrong.add("time_first", changed({"packed_output, batch_first=True": "packed_output"}), said)
said = "a softmax stands behind the logits. What should come out: logits or probabilities?"
wrong.add("probabilities", but(BiClassifier, returns=lambda logits: logits.softmax(1)), said)
wrong.family(
    "Compare the layers with the exercise.",
    ("biased_attention", changed({", bias=False": ""}), "the attention layer has a bias"),
    (
        "one_direction",
        changed({", bidirectional=True": "", **TO_H}),
        "the network reads in one direction only",
    ),
    (
        "two_layers",
        changed({"bidirectional=True": "bidirectional=True, num_layers=2"}),
        "the recurrent network has two layers",
    ),
)
said = "the attention layer is made for every pooling. Which parameters never get a gradient, for pooling='final'?"
wrong.add("always_attention", changed({'if pooling == "attention"': "if True"}), said)
wrong.add(
    "another_name",
    changed({"self.rnn = ": "self.lstm = ", "self.rnn(": "self.lstm("}),
    "the recurrent layer is called lstm in place of rnn. Compare the names of the layers with the exercise.",
)
said = "padding_idx is not used, or its row is given new values. What does the embedding of padding_idx look like in a new module?"
wrong.add("no_padding_row", changed({", padding_idx=padding_idx": ""}), said)
said = "row 0 is kept for padding whatever padding_idx is. Build a module with padding_idx=3."
wrong.add("padding_row_zero", changed({"padding_idx=padding_idx": "padding_idx=0"}), said)
wrong.add(
    "padding_row_learns",
    changed(
        {", padding_idx=padding_idx)": ")\n        self.embedding.weight.data[padding_idx] = 0"}
    ),
    "the embedding of padding_idx starts as zeros and then learns. Which gradient does its row get where the id stands inside a sentence?",
)
wrong.add(
    "frozen_embedding",
    changed({"self.embedding(tokens)": "self.embedding(tokens).detach()"}),
    "the logits are right and no gradient reaches the embedding. Which parameters get a gradient?",
)
wrong.add(
    "relu_cells",
    changed({'"rnn": nn.RNN': '"rnn": relu_rnn'}, relu_rnn=partial(nn.RNN, nonlinearity="relu")),
    "the plain cell uses relu in place of tanh. Between which bounds do the states of cell='rnn' lie?",
)
wrong.add(
    "louder_in_training",
    changed({"self.fc(summary)": "self.fc(summary) * (2 if self.training else 1)"}),
    "the logits in train mode are others than in eval mode. What does your module do differently in train mode?",
)
said = "a forward pass leaves the module in eval mode. Who decides about the mode of a module: the module, or who trains it?"
wrong.add("evaluates_itself", first("self.eval()"), said)
handing_over: Any = changed(
    {"self.rnn(packed)": "self.rnn(packed, self.kept)\n        self.keep(state)"}
)


@wrong
class KeepsItsState(handing_over):  # type: ignore[misc]
    """a batch starts from the states in which the batch before it ended.
    Run two batches through one module: what does the second one start from?"""

    kept: Any = None

    def keep(self, state: Any) -> None:
        lstm = isinstance(state, tuple)
        self.kept = tuple(h.detach() for h in state) if lstm else state.detach()


said = "the lengths are packed from the device of the batch. Where does pack_padded_sequence want its lengths?"
wrong.add("lengths_not_fetched", changed({"lengths.cpu()": "lengths"}), said)
wrong.add(
    "state_on_the_cpu",
    changed({"(packed)": "(packed, h0(self, tokens))"}, h0=state_on_the_cpu),
    "the first state lives on the CPU wherever the batch is. Look at the device of the tensors that you make.",
)
wrong.add(
    "any_cell",
    changed({"if cell not in cells": "if False", "cells[cell]": "cells.get(cell, nn.LSTM)"}),
    "an unknown cell is taken for an LSTM. Build a module with cell='transformer'.",
)
wrong.add(
    "any_pooling",
    but(
        BiClassifier,
        init={"pooling": lambda one: one if one in ("mean", "attention") else "final"},
    ),
    "an unknown pooling is taken for the final states. Build a module with pooling='median'.",
)
said = "an unknown cell ends in an error that does not say what was wrong. Which exception does the exercise name, and what should its text say?"
wrong.add("cell_by_key", changed({"if cell not in cells": "if not cells[cell]"}), said)
said = "'lstm' makes a GRU and 'gru' an LSTM. Which layer do you make for which cell?"
wrong.add("lstm_and_gru_swapped", exchanged("lstm", "gru"), said)
said = "'mean' and 'attention' have changed places. Which summary do you take for which pooling?"
wrong.add("mean_and_attention_swapped", exchanged("mean", "attention"), said)
mean_on_the_cpu = {"masked_mean": edited(masked_mean, {", device=output.device": ""})}
attention_on_the_cpu = {"attention_pool": edited(attention_pool, {", device=scores.device": ""})}
said = "the mask of the mean lives on the CPU wherever the batch is. Look at the device of the tensors that you make for pooling='mean'."
wrong.add("mean_mask_on_the_cpu", changed({}, **mean_on_the_cpu), said)
said = "the mask of the attention lives on the CPU wherever the batch is. Look at the device of the tensors that you make for pooling='attention'."
wrong.add("attention_mask_on_the_cpu", changed({}, **attention_on_the_cpu), said)
said = "the mask lives on the CPU wherever the batch is. Look at the device of the tensors that you make."
wrong.add("mask_on_the_cpu", changed({}, **mean_on_the_cpu, **attention_on_the_cpu), said)
for name, default, when in (
    ("gru_by_default", {"cell": "gru"}, "the default cell is a GRU"),
    ("rnn_by_default", {"cell": "rnn"}, "the default cell is the plain one"),
    ("mean_by_default", {"pooling": "mean"}, "the default pooling is the mean"),
    ("attention_by_default", {"pooling": "attention"}, "the default pooling is attention"),
    ("padding_one_by_default", {"padding_idx": 1}, "the default of padding_idx is another"),
):
    program = but(BiClassifier, defaults=default)
    wrong.family("Compare your signature with the one in the exercise.", (name, program, when))


COMBINATIONS = [
    ("lstm", "mean", 0),
    ("lstm", "attention", 2),
    ("gru", "final", 2),
    ("rnn", "final", 0),
    ("gru", "mean", 2),
    ("rnn", "attention", 0),
    ("gru", "attention", 0),
    ("rnn", "mean", 3),
]
GRADIENTS = [("lstm", "final"), ("gru", "mean"), ("rnn", "attention")]


EXERCISE = Exercise(
    reference=BiClassifier,
    inputs=inputs,
    points=18,
    axes={"B": 4, "T": 6, "V": 15, "E": 3, "H": 5, "C": 2},
    without=frozenset({"vocabulary of size 1"}),
    shapes={"tokens": "B T", "lengths": "B", "logits": "B C"},
    scenario=classify,
    cases=(
        *(
            Case(
                name=f"cell {cell!r}, pooling {pooling!r}{', more padding' if more else ''}",
                inputs=drawn(cell=cell, pooling=pooling, more=more),
            )
            for cell, pooling, more in COMBINATIONS
        ),
        Case(name="more padding behind every sentence", inputs=drawn(more=3)),
        *(
            Case(
                name=f"gradients with cell {cell!r} and pooling {pooling!r}",
                inputs=drawn(cell=cell, pooling=pooling, more=1),
                scenario=learn,
                value=False,
                why="Every parameter has to learn. Which weights have a part in the summary?",
            )
            for cell, pooling in GRADIENTS
        ),
        *(
            Case(
                name=f"the padding id inside a sentence, pooling {pooling!r}",
                inputs=padding_id_inside(pooling),
                value=False,
                why="What is padding is said by the lengths, not by the ids.",
            )
            for pooling in ("final", "mean")
        ),
        Case(
            name="gradients with the padding id inside a sentence",
            inputs=padding_id_inside("mean"),
            scenario=learn,
            value=False,
            why="The embedding of padding_idx stays zeros: no gradient reaches its row.",
        ),
        *(
            Case(
                name=f"{what}, pooling {pooling!r}",
                inputs=drawn(cell="gru", pooling=pooling, **{axis: 1}),
                value=False,
                why="A single sentence, or a single step, must work too.",
            )
            for what, axis in (("one sentence", "B"), ("one step", "T"))
            for pooling in ("mean", "attention")
        ),
        Case(
            name="a second batch",
            inputs=drawn(cell="lstm", pooling="mean"),
            scenario=once_more,
            value=False,
            why="A batch must not depend on what the module has seen before.",
        ),
        Case(
            name="a new module",
            inputs=always(init=[9, 4, 5, 3], padding_idx=0),
            scenario=fresh,
            value=False,
            why="The embedding of padding_idx (0 by default) starts as zeros.",
        ),
        Case(
            name="a new module with padding_idx 3",
            inputs=always(init=[9, 4, 5, 3, "gru", "mean", 3], padding_idx=3),
            scenario=fresh,
            value=False,
            why="The embedding of padding_idx starts as zeros, and no other.",
        ),
        *(
            Case(
                name=f"an unknown {what}",
                inputs=inputs,
                value=False,
                scenario=build_and_run,
                raises=ValueError,
                mentions=what,
                why=f"A {what} other than the three is refused with a ValueError.",
            )
            for what, inputs in (
                ("cell", refused("transformer", "final")),
                ("pooling", refused("lstm", "median")),
            )
        ),
        *(
            Case(
                name=f"on an accelerator, pooling {pooling!r}",
                inputs=drawn(cell=cell, pooling=pooling, more=1),
                device="accelerator",
                value=False,
                why="Make every new tensor with the device of the inputs: lengths.device.",
                property=PLACEMENT,
            )
            for cell, pooling in GRADIENTS[1:]
        ),
    ),
    mistakes=wrong,
    look="Run one sentence alone, then in a batch with a longer one: compare step by step.",
    when_right=(
        "For pooling 'final' there is no need to unpack: the final states are all you want. "
        "Without packing, the two directions can be run by hand, the second one on sequences that "
        "are reversed within their lengths. A squeeze that names no axis also drops the batch "
        "when it holds one sentence. h_n has the directions first, so a plain reshape to (B, 2H) "
        "mixes sentences. Next question: how many of the parameters sit in the embedding, for a "
        "vocabulary of 20,000?"
    ),
)
