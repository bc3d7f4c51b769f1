"""A bidirectional classifier: built, given weights by name, run, and asked for gradients."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from autograder.spec import Case, Exercise, Mistakes
from autograder.spec.scenarios import logits_elsewhere
from exercises.lab6_bidirectional._draws import Floats, draw_lengths
from exercises.lab6_bidirectional._shared import build_and_run, classify, fresh, learn, once_more
from solutions.lab6_bidirectional import BiClassifier, attention_pool, masked_mean

Draw = Callable[[np.random.Generator], Mapping[str, Any]]
GATES = {"rnn": 1, "gru": 3, "lstm": 4}


def draw_weights(
    rng: np.random.Generator, V: int, E: int, H: int, C: int, cell: str, pooling: str, pad: int
) -> dict[str, Floats]:
    """Every parameter by name, the embedding of the padding zeros."""
    G = GATES[cell] * H
    found = {"embedding.weight": rng.standard_normal((V, E))}
    found["embedding.weight"][pad] = 0
    for suffix in ("", "_reverse"):
        found[f"rnn.weight_ih_l0{suffix}"] = rng.standard_normal((G, E)) / np.sqrt(E)
        found[f"rnn.weight_hh_l0{suffix}"] = rng.standard_normal((G, H)) / np.sqrt(H)
        found[f"rnn.bias_ih_l0{suffix}"] = rng.uniform(-0.5, 0.5, G)
        found[f"rnn.bias_hh_l0{suffix}"] = rng.uniform(-0.5, 0.5, G)
    found["fc.weight"] = rng.standard_normal((C, 2 * H)) / np.sqrt(2 * H)
    found["fc.bias"] = rng.standard_normal(C)
    if pooling == "attention":
        found["attention.weight"] = 2 * rng.standard_normal((1, 2 * H)) / np.sqrt(H)
    return found


def draw_tokens(rng: np.random.Generator, lengths: Any, T: int, V: int, pad: int) -> Any:
    """Ids (B, T): words other than the padding id, and anything behind them."""
    words = np.delete(np.arange(V), pad)
    tokens = rng.choice(words, (len(lengths), T))
    behind = np.arange(T) >= lengths[:, None]
    return np.where(behind & (rng.random(tokens.shape) < 0.3), pad, tokens)


def inputs(
    rng: np.random.Generator,
    B: int = 4,
    T: int = 6,
    V: int = 15,
    E: int = 3,
    H: int = 5,
    C: int = 2,
    cell: str = "",
    pooling: str = "",
    pad: int | None = None,
    more: int = 0,
) -> Mapping[str, Any]:
    """One batch; an empty cell or pooling is left out of the call, `more` is padding for all."""
    init: list[Any] = [V, E, H, C]
    if cell:
        init += [cell, pooling]
    if pad is not None:
        init.append(pad)
    sizes = (V, E, H, C, cell or "lstm", pooling or "final", pad or 0)
    weights = draw_weights(rng, *sizes)
    lengths = draw_lengths(rng, B, T)
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


def a_new_module(*init: Any, padding_idx: int) -> Draw:
    """The arguments of a module, and which row of its embedding should be zeros."""
    return lambda rng: {"init": list(init), "padding_idx": padding_idx}


def refused(cell: str, pooling: str) -> Draw:
    """A module with a cell or pooling that there is not."""

    def draw(rng: np.random.Generator) -> Mapping[str, Any]:
        tokens = np.array([[4, 5, 6], [7, 0, 0]])
        return {
            "init": [12, 3, 5, 2, cell, pooling],
            "tokens": tokens,
            "lengths": np.array([3, 1]),
        }

    return draw


def away(cell: str, pooling: str) -> Draw:
    """A batch for a module on another device; `true` are the lengths for those who fetch them."""

    def draw(rng: np.random.Generator) -> Mapping[str, Any]:
        found = inputs(rng, B=3, T=3, cell=cell, pooling=pooling, more=1)
        lengths = found["lengths"]
        init = [*found["init"]]
        return {
            "init": init,
            "tokens": found["tokens"],
            "lengths": lengths,
            "true": [int(n) for n in lengths],
        }

    return draw


# -- wrong classifiers ----------------------------------------------------------------------------


class Base(BiClassifier):
    """The reference with its steps as methods."""

    def run(self, tokens: Tensor, lengths: Tensor) -> tuple[PackedSequence, Tensor]:
        """Packed output, and h_n (2, B, H)."""
        packed = pack_padded_sequence(
            self.embedding(tokens), lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        output, state = self.rnn(packed)
        return output, state[0] if isinstance(state, tuple) else state

    def unpacked(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Output (B, T, 2H), zeros on padding."""
        output, _ = self.run(tokens, lengths)
        return pad_packed_sequence(output, batch_first=True, total_length=tokens.shape[1])[0]

    def final(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """The final states (B, 2H)."""
        _, h_n = self.run(tokens, lengths)
        return torch.cat([h_n[0], h_n[1]], 1)

    def mean(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """The masked mean (B, 2H)."""
        return masked_mean(self.unpacked(tokens, lengths), lengths)

    def attend(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """The weighted sum (B, 2H)."""
        output = self.unpacked(tokens, lengths)
        return attention_pool(output, self.attention(output).squeeze(-1), lengths)[0]

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Logits (B, C)."""
        pool = {"final": self.final, "mean": self.mean, "attention": self.attend}[self.pooling]
        logits: Tensor = self.fc(pool(tokens, lengths))
        return logits


wrong = Mistakes()


@wrong
class LastStep(Base):
    """the output at the last step of the row is classified.
    How many words has the backward direction read at the last step?"""

    def final(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        return self.unpacked(tokens, lengths)[:, -1]


@wrong
class FirstStep(Base):
    """the output at step 0 is classified.
    How many words has the forward direction read at step 0?"""

    def final(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        return self.unpacked(tokens, lengths)[:, 0]


@wrong
class LastWord(Base):
    """the output at the last real step is classified.
    How many words has the backward direction read at the last real step?"""

    def final(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        output = self.unpacked(tokens, lengths)
        return output[torch.arange(len(output), device=output.device), lengths - 1]


@wrong
class BackwardOnly(Base):
    """only the backward direction is classified, with an fc for H numbers.
    Which direction is h_n[-1], and where is the other?"""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fc = nn.Linear(self.rnn.hidden_size, self.fc.out_features)
        if self.pooling == "attention":
            self.attention = nn.Linear(self.rnn.hidden_size, 1, bias=False)

    def unpacked(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        return super().unpacked(tokens, lengths)[..., self.rnn.hidden_size :]

    def final(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        return self.run(tokens, lengths)[1][-1]


@wrong
class BackwardTwice(Base):
    """the backward direction stands in both halves.
    Does a gradient reach the weights of the forward direction?"""

    def final(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        h_n = self.run(tokens, lengths)[1]
        return torch.cat([h_n[-1], h_n[-1]], 1)


@wrong
class BackwardFirst(Base):
    """the backward half stands before the forward half.
    In which order do the halves stand?"""

    def final(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        h_n = self.run(tokens, lengths)[1]
        return torch.cat([h_n[-1], h_n[-2]], 1)


@wrong
class MixesSamples(Base):
    """h_n (2, B, H) is reshaped to (B, 2H) without turning its axes.
    Does the answer for a sentence change with its neighbours in the batch?"""

    def final(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        return self.run(tokens, lengths)[1].reshape(len(tokens), -1)


@wrong
class CellState(Base):
    """an LSTM's cell state c_n is taken in place of h_n.
    What does an LSTM return, and in which order?"""

    def run(self, tokens: Tensor, lengths: Tensor) -> tuple[PackedSequence, Tensor]:
        packed = pack_padded_sequence(
            self.embedding(tokens), lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        output, state = self.rnn(packed)
        return output, state[1] if isinstance(state, tuple) else state


@wrong
class NotPacked(Base):
    """the padding is read like words.
    Add padding to a batch: do the logits change?"""

    def run(self, tokens: Tensor, lengths: Tensor) -> tuple[PackedSequence, Tensor]:
        return super().run(tokens, torch.full_like(lengths, tokens.shape[1]))


@wrong
class SortedForGood(Base):
    """the sentences come back sorted by length.
    Which row of the logits belongs to which sentence?"""

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        order = lengths.argsort(descending=True)
        return super().forward(tokens[order], lengths[order])


@wrong
class UnsortedBySorting(Base):
    """the sorting is undone by applying it again.
    Try three sentences with lengths 1, 3 and 2: what undoes the sorting?"""

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        order = lengths.argsort(descending=True)
        return super().forward(tokens[order], lengths[order])[order]


@wrong
class MustBeSorted(Base):
    """the batch has to come sorted by length.
    Which argument of pack_padded_sequence is about the order?"""

    def run(self, tokens: Tensor, lengths: Tensor) -> tuple[PackedSequence, Tensor]:
        packed = pack_padded_sequence(self.embedding(tokens), lengths.cpu(), batch_first=True)
        output, state = self.rnn(packed)
        return output, state[0] if isinstance(state, tuple) else state


@wrong
class CountsTokens(Base):
    """the lengths are counted from the ids and not taken from `lengths`.
    Who says where a sentence ends?"""

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        counted = tokens.ne(self.embedding.padding_idx or 0).sum(1).clamp(min=1)
        return super().forward(tokens, counted)


@wrong
class PlainMean(Base):
    """the mean runs over the padding too.
    What do you divide by, for pooling='mean'?"""

    def mean(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        return self.unpacked(tokens, lengths).mean(1)


@wrong
class SumForMean(Base):
    """the states are added up and not divided.
    What do you divide by, for pooling='mean'?"""

    def mean(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        return self.unpacked(tokens, lengths).sum(1)


@wrong
class MaxForMean(Base):
    """the largest values are taken in place of the mean.
    Which summary is pooling='mean'?"""

    def mean(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        return self.unpacked(tokens, lengths).amax(1)


@wrong
class NoMask(Base):
    """the padding takes part in the attention.
    Add padding to a batch: do the logits change, for pooling='attention'?"""

    def attend(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        output = self.unpacked(tokens, lengths)
        weights: Tensor = self.attention(output).softmax(1)
        return (weights * output).sum(1)


@wrong
class TanhScores(Base):
    """the scores go through a tanh.
    Compare your scores with the exercise: attention(output), and nothing else."""

    def attend(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        output = self.unpacked(tokens, lengths)
        scores = torch.tanh(self.attention(output)).squeeze(-1)
        return attention_pool(output, scores, lengths)[0]


@wrong
class SqueezedScores(Base):
    """the scores lose more axes than the last one.
    Which axes does squeeze() drop when there is a single sentence, or one step?"""

    def attend(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        output = self.unpacked(tokens, lengths)
        return attention_pool(output, self.attention(output).squeeze(), lengths)[0]


@wrong
class NarrowAgain(Base):
    """the batch is narrower after unpacking than before, and the mask is not.
    Which argument of pad_packed_sequence is about the width?"""

    def unpacked(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        return pad_packed_sequence(self.run(tokens, lengths)[0], batch_first=True)[0]

    def mean(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        output = self.unpacked(tokens, lengths)
        real = torch.arange(tokens.shape[1], device=tokens.device) < lengths[:, None]
        return (output * real[:, :, None]).sum(1) / lengths[:, None]

    def attend(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        output = self.unpacked(tokens, lengths)
        padding = torch.arange(tokens.shape[1], device=tokens.device) >= lengths[:, None]
        scores: Tensor = self.attention(output).squeeze(-1).masked_fill(padding, -torch.inf)
        return (scores.softmax(1)[:, :, None] * output).sum(1)


@wrong
class TimeFirst(Base):
    """the output is unpacked with time first.
    Which argument of pad_packed_sequence is about the order of the axes?"""

    def unpacked(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        return pad_packed_sequence(self.run(tokens, lengths)[0], total_length=tokens.shape[1])[0]


@wrong
class Probabilities(Base):
    """a softmax stands behind the logits.
    What should come out: logits or probabilities?"""

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        return super().forward(tokens, lengths).softmax(1)


@wrong
class BiasedAttention(Base):
    """the attention layer has a bias.
    Compare the layers with the exercise."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.pooling == "attention":
            self.attention = nn.Linear(2 * self.rnn.hidden_size, 1)


@wrong
class AlwaysAttention(Base):
    """the attention layer is made for every pooling.
    Which parameters never get a gradient, for pooling='final'?"""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.attention = nn.Linear(2 * self.rnn.hidden_size, 1, bias=False)


@wrong
class OneDirection(Base):
    """the network reads in one direction only.
    Compare the layers with the exercise."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        H, C = self.rnn.hidden_size, self.fc.out_features
        self.rnn = type(self.rnn)(self.rnn.input_size, H, batch_first=True)
        self.fc = nn.Linear(H, C)


@wrong
class TwoLayers(Base):
    """the recurrent network has two layers.
    Compare the layers with the exercise."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        H, E = self.rnn.hidden_size, self.rnn.input_size
        self.rnn = type(self.rnn)(E, H, num_layers=2, batch_first=True, bidirectional=True)


@wrong
class AnotherName(Base):
    """the recurrent layer is called lstm in place of rnn.
    Compare the names of the layers with the exercise."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lstm = self.rnn
        del self._modules["rnn"]

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        self.__dict__["rnn"] = self.lstm
        return super().forward(tokens, lengths)


@wrong
class NoPaddingRow(Base):
    """padding_idx is not used, or its row is given new values.
    What does the embedding of padding_idx look like in a new module?"""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.embedding = nn.Embedding(*self.embedding.weight.shape)


@wrong
class PaddingRowZero(Base):
    """row 0 is kept for padding whatever padding_idx is.
    Build a module with padding_idx=3."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        V, E = self.embedding.weight.shape
        self.embedding = nn.Embedding(V, E, padding_idx=0)


@wrong
class FrozenEmbedding(Base):
    """the logits are right and no gradient reaches the embedding.
    Which parameters get a gradient?"""

    def run(self, tokens: Tensor, lengths: Tensor) -> tuple[PackedSequence, Tensor]:
        x = self.embedding(tokens).detach()
        packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
        output, state = self.rnn(packed)
        return output, state[0] if isinstance(state, tuple) else state


@wrong
class ReluCells(Base):
    """the plain cell uses relu in place of tanh.
    Between which bounds do the states of cell='rnn' lie?"""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if type(self.rnn) is nn.RNN:
            E, H = self.rnn.input_size, self.rnn.hidden_size
            self.rnn = nn.RNN(E, H, nonlinearity="relu", batch_first=True, bidirectional=True)


@wrong
class LouderInTraining(Base):
    """the logits in train mode are others than in eval mode.
    What does your module do differently in train mode?"""

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        scale = 2.0 if self.training else 1.0
        return super().forward(tokens, lengths) * scale


@wrong
class EvaluatesItself(Base):
    """a forward pass leaves the module in eval mode.
    Who decides about the mode of a module: the module, or who trains it?"""

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        return super(EvaluatesItself, self.eval()).forward(tokens, lengths)


@wrong
class KeepsItsState(Base):
    """a batch starts from the states in which the batch before it ended.
    Run two batches through one module: what does the second one start from?"""

    kept: Any = None

    def run(self, tokens: Tensor, lengths: Tensor) -> tuple[PackedSequence, Tensor]:
        packed = pack_padded_sequence(
            self.embedding(tokens), lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        output, state = self.rnn(packed, self.kept)
        both = state if isinstance(state, tuple) else (state,)
        self.kept = tuple(h.detach() for h in both) if len(both) > 1 else state.detach()
        return output, both[0]


@wrong
class LengthsNotFetched(Base):
    """the lengths are packed from the device of the batch.
    Where does pack_padded_sequence want its lengths?"""

    def run(self, tokens: Tensor, lengths: Tensor) -> tuple[PackedSequence, Tensor]:
        x = self.embedding(tokens)
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        output, state = self.rnn(packed)
        return output, state[0] if isinstance(state, tuple) else state


@wrong
class MeanMaskOnTheCpu(Base):
    """the mask of the mean lives on the CPU wherever the batch is.
    Look at the device of the tensors that you make for pooling='mean'."""

    def mean(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        output = self.unpacked(tokens, lengths)
        real = torch.arange(output.shape[1]) < lengths[:, None]
        return (output * real[:, :, None]).sum(1) / lengths[:, None]


@wrong
class AttentionMaskOnTheCpu(Base):
    """the mask of the attention lives on the CPU wherever the batch is.
    Look at the device of the tensors that you make for pooling='attention'."""

    def attend(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        output = self.unpacked(tokens, lengths)
        padding = torch.arange(output.shape[1]) >= lengths[:, None]
        scores: Tensor = self.attention(output).squeeze(-1).masked_fill(padding, -torch.inf)
        return (scores.softmax(1)[:, :, None] * output).sum(1)


class MaskOnTheCpu(MeanMaskOnTheCpu, AttentionMaskOnTheCpu):
    """The same helper in both."""


@wrong
class StateOnTheCpu(Base):
    """the first state lives on the CPU wherever the batch is.
    Look at the device of the tensors that you make."""

    def run(self, tokens: Tensor, lengths: Tensor) -> tuple[PackedSequence, Tensor]:
        packed = pack_padded_sequence(
            self.embedding(tokens), lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        h0 = torch.zeros(2, len(tokens), self.rnn.hidden_size, dtype=self.fc.weight.dtype)
        output, state = self.rnn(packed, (h0, h0) if type(self.rnn) is nn.LSTM else h0)
        return output, state[0] if isinstance(state, tuple) else state


@wrong
class AnyCell(Base):
    """an unknown cell is taken for an LSTM.
    Build a module with cell='transformer'."""

    def __init__(self, *args: Any) -> None:
        known = len(args) < 5 or args[4] in GATES
        super().__init__(*(args if known else (*args[:4], "lstm", *args[5:])))


@wrong
class AnyPooling(Base):
    """an unknown pooling is taken for the final states.
    Build a module with pooling='median'."""

    def __init__(self, *args: Any) -> None:
        known = len(args) < 6 or args[5] in ("final", "mean", "attention")
        super().__init__(*(args if known else (*args[:5], "final", *args[6:])))


@wrong
class CellByKey(Base):
    """an unknown cell ends in an error that does not say what was wrong.
    Which exception does the exercise name, and what should its text say?"""

    def __init__(self, *args: Any) -> None:
        if len(args) > 4:
            GATES[args[4]]
        super().__init__(*args)


def defaults(**other: Any) -> Callable[..., Base]:
    """The right module with other defaults."""

    def build(V: int, E: int, H: int, C: int, *rest: Any) -> Base:
        names = ("cell", "pooling", "padding_idx")
        given = dict(zip(names, rest, strict=False))
        return Base(V, E, H, C, **{**other, **given})

    return build


@wrong
def lstm_and_gru_swapped(V: int, E: int, H: int, C: int, *rest: Any) -> Base:
    """'lstm' makes a GRU and 'gru' an LSTM.
    Which layer do you make for which cell?"""
    cell = {"lstm": "gru", "gru": "lstm"}
    return Base(V, E, H, C, *[cell.get(one, one) for one in rest])


@wrong
def mean_and_attention_swapped(V: int, E: int, H: int, C: int, *rest: Any) -> Base:
    """'mean' and 'attention' have changed places.
    Which summary do you take for which pooling?"""
    pooling = {"mean": "attention", "attention": "mean"}
    return Base(V, E, H, C, *[pooling.get(one, one) for one in rest])


# -- other right classifiers ----------------------------------------------------------------------


class ByHand(nn.Module):
    """Sorts and sorts back; masks of its own; a time-first recurrent layer."""

    def __init__(
        self,
        vocab_size: int,
        embedding_dim: int,
        hidden_size: int,
        num_classes: int,
        cell: str = "lstm",
        pooling: str = "final",
        padding_idx: int = 0,
    ) -> None:
        super().__init__()
        kinds: dict[str, Any] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
        if pooling not in {"attention", "mean", "final"}:
            raise ValueError("pooling must be one of final, mean, attention")
        try:
            kind = kinds[cell]
        except KeyError:
            raise ValueError("cell must be one of rnn, gru, lstm") from None
        if pooling == "attention":
            self.attention = nn.Linear(hidden_size * 2, 1, bias=False)
        self.fc = nn.Linear(hidden_size * 2, num_classes)
        self.rnn = kind(embedding_dim, hidden_size, bidirectional=True)
        self.embedding = nn.Embedding(vocab_size, embedding_dim, padding_idx)
        self.how = pooling

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        sizes, order = lengths.sort(descending=True)
        back = order.argsort()
        x = self.embedding(tokens[order]).transpose(0, 1)
        out, state = self.rnn(pack_padded_sequence(x, sizes.cpu()))
        logits: Tensor
        if self.how == "final":
            h = state[0] if type(state) is tuple else state
            logits = self.fc(h.transpose(0, 1).reshape(len(tokens), -1)[back])
            return logits
        states = pad_packed_sequence(out)[0][:, back]
        T = states.shape[0]
        mask = torch.arange(T, device=states.device)[:, None] < lengths
        if self.how == "mean":
            logits = self.fc((states * mask[..., None]).sum(0) / mask.sum(0)[:, None])
            return logits
        scores = self.attention(states)[..., 0].masked_fill(~mask, float("-inf"))
        logits = self.fc(torch.einsum("tb,tbf->bf", scores.softmax(0), states))
        return logits


class SentenceBySentence(Base):
    """No packing: each sentence runs alone, cut to its length."""

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        H = self.rnn.hidden_size
        found = []
        for ids, n in zip(tokens, lengths.tolist(), strict=True):
            states = self.rnn(self.embedding(ids[None, :n]))[0][0]
            if self.pooling == "final":
                found.append(torch.cat([states[-1, :H], states[0, H:]]))
            elif self.pooling == "mean":
                found.append(states.mean(0))
            else:
                found.append(self.attention(states).softmax(0).mul(states).sum(0))
        logits: Tensor = self.fc(torch.stack(found))
        return logits


class TwoAlignments(Base):
    """No packing: the forward half from rows that begin at the left, the backward from the right."""

    def unpacked(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        T, H = tokens.shape[1], self.rnn.hidden_size
        t = torch.arange(T, device=tokens.device)
        shift = (t + lengths[:, None]) % T
        there = self.rnn(self.embedding(tokens))[0][..., :H]
        back = self.rnn(self.embedding(tokens.gather(1, shift)))[0][..., H:]
        home = (t - lengths[:, None]) % T
        back = back.gather(1, home[:, :, None].expand_as(back))
        return torch.cat([there, back], -1) * (t < lengths[:, None])[:, :, None]

    def final(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        output, H = self.unpacked(tokens, lengths), self.rnn.hidden_size
        rows = torch.arange(len(output), device=output.device)
        return torch.cat([output[rows, lengths - 1, :H], output[:, 0, H:]], 1)


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


wrong.add(
    "mask_on_the_cpu",
    MaskOnTheCpu,
    "the mask lives on the CPU wherever the batch is. Look at the device of the tensors that you make.",
)
wrong.add(
    "gru_by_default",
    defaults(cell="gru"),
    "the default cell is a GRU. Compare your signature with the one in the exercise.",
)
wrong.add(
    "rnn_by_default",
    defaults(cell="rnn"),
    "the default cell is the plain one. Compare your signature with the one in the exercise.",
)
wrong.add(
    "mean_by_default",
    defaults(pooling="mean"),
    "the default pooling is the mean. Compare your signature with the one in the exercise.",
)
wrong.add(
    "attention_by_default",
    defaults(pooling="attention"),
    "the default pooling is attention. Compare your signature with the one in the exercise.",
)
wrong.add(
    "padding_one_by_default",
    defaults(padding_idx=1),
    "the default of padding_idx is another. Compare your signature with the one in the exercise.",
)


EXERCISE = Exercise(
    reference=BiClassifier,
    inputs=inputs,
    points=18,
    axes={"B": 4, "T": 6, "V": 15, "E": 3, "H": 5, "C": 2},
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
            inputs=a_new_module(9, 4, 5, 3, padding_idx=0),
            scenario=fresh,
            value=False,
            why="The embedding of padding_idx (0 by default) starts as zeros.",
        ),
        Case(
            name="a new module with padding_idx 3",
            inputs=a_new_module(9, 4, 5, 3, "gru", "mean", 3, padding_idx=3),
            scenario=fresh,
            value=False,
            why="The embedding of padding_idx starts as zeros, and no other.",
        ),
        Case(
            name="an unknown cell",
            inputs=refused("transformer", "final"),
            value=False,
            scenario=build_and_run,
            raises=ValueError,
            mentions="cell",
            why="A cell other than the three is refused with a ValueError.",
        ),
        Case(
            name="an unknown pooling",
            inputs=refused("lstm", "median"),
            value=False,
            scenario=build_and_run,
            raises=ValueError,
            mentions="pooling",
            why="A pooling other than the three is refused with a ValueError.",
        ),
        *(
            Case(
                name=f"placement, pooling {pooling!r}",
                inputs=away(cell, pooling),
                device="meta",
                dtype="float32",
                scenario=logits_elsewhere,
                value=False,
                why="Make every new tensor with the device of the inputs: lengths.device.",
            )
            for cell, pooling in GRADIENTS
        ),
    ),
    mistakes=wrong,
    also_right=(ByHand, SentenceBySentence, TwoAlignments, Base),
    look="Run one sentence alone, then in a batch with a longer one: compare step by step.",
)
