"""Training on long sequences by truncated backpropagation through time."""

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from autograder.spec import Case, Exercise, Mistakes, but
from exercises.lab5_clipping._draws import classifier, length_of, merged, model_grads, scaled_
from exercises.lab5_clipping._scenarios import in_chunks
from solutions.lab5_clipping import detach_state, tbptt, training_step

Pieces = list[tuple[Tensor, Tensor]]


def inputs(rng: np.random.Generator, B: int, T: int, I: int, H: int, O: int) -> Mapping[str, Any]:
    return {
        "weights": classifier(rng, I, H, O),
        "x": rng.standard_normal((B, T, I)),
        "y": rng.standard_normal((B, T, O)),
        "chunk": 4,
        "max_norm": 0.4,
        "lr": 0.5,
    }


def ordinary(rng: np.random.Generator) -> Mapping[str, Any]:
    return inputs(rng, 2, 10, 3, 5, 2)


def short(rng: np.random.Generator) -> Mapping[str, Any]:
    return merged(ordinary(rng), max_norm=50.0, lr=0.1)


def lstm(rng: np.random.Generator) -> Mapping[str, Any]:
    return merged(ordinary(rng), weights=classifier(rng, 3, 5, 2, gates=4), cell="lstm")


def whole_chunks(rng: np.random.Generator) -> Mapping[str, Any]:
    return merged(inputs(rng, 2, 6, 3, 4, 2), chunk=3)


def single_steps(rng: np.random.Generator) -> Mapping[str, Any]:
    return merged(inputs(rng, 3, 4, 2, 5, 2), chunk=1)


def one_chunk(rng: np.random.Generator) -> Mapping[str, Any]:
    return merged(inputs(rng, 3, 4, 2, 5, 2), chunk=9)


def old_gradients(rng: np.random.Generator) -> Mapping[str, Any]:
    return merged(ordinary(rng), old_gradients=0.3)


def unused(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = ordinary(rng)
    return merged(draw, weights={**draw["weights"], "spare.weight": rng.standard_normal((4, 2))})


def pieces(x: Tensor, y: Tensor, chunk: int) -> Pieces:
    return list(zip(x.split(chunk, 1), y.split(chunk, 1), strict=True))


def chunked(
    order: str = "clear forward backward clip step",
    cut_up: Callable[[Tensor, Tensor, int], Pieces] = pieces,
    carry: Callable[[Any, int], Any] = lambda state, place: detach_state(state),
    clip_: Callable[[nn.Module, float], object] = scaled_,
    keep: Callable[[Tensor, Tensor], Any] = lambda loss, y: loss.item(),
) -> Callable[..., list[float]]:
    """The loop over chunks with one of its pieces replaced."""

    def changed(
        model: nn.Module,
        x: Tensor,
        y: Tensor,
        loss_fn: Any,
        optimizer: Any,
        chunk: int,
        max_norm: float,
    ) -> list[float]:
        losses, state = [], None
        for place, (x_chunk, y_chunk) in enumerate(cut_up(x, y, chunk)):
            for part in order.split():
                if part == "clear":
                    optimizer.zero_grad()
                elif part == "forward":
                    out, state = model(x_chunk, state)
                    loss = loss_fn(out, y_chunk)
                elif part == "backward":
                    loss.backward()
                elif part == "clip":
                    clip_(model, max_norm)
                elif part == "step":
                    optimizer.step()
                elif part == "forward again":
                    loss = loss_fn(model(x_chunk, state)[0], y_chunk)
            state = carry(state, place)
            losses.append(keep(loss, y_chunk))
        return losses

    return changed


class held:
    """Carries the state of the first chunk to all others."""

    def __init__(self) -> None:
        self.first: Any = None

    def __call__(self, state: Any, place: int) -> Any:
        if place == 0:
            self.first = detach_state(state)
        return self.first


def plain_detach(state: Any, place: int) -> Any:
    return state.detach()


def first_of_a_tuple(state: Any, place: int) -> Any:
    if isinstance(state, tuple):
        return (state[0].detach(), torch.zeros_like(state[1]))
    return state.detach()


def whole_ones_only(x: Tensor, y: Tensor, chunk: int) -> Pieces:
    return [(a, b) for a, b in pieces(x, y, chunk) if a.shape[1] == chunk]


def number_of_chunks(x: Tensor, y: Tensor, chunk: int) -> Pieces:
    return list(zip(x.chunk(chunk, 1), y.chunk(chunk, 1), strict=True))


def along_the_batch(x: Tensor, y: Tensor, chunk: int) -> Pieces:
    return list(zip(x.split(chunk, 0), y.split(chunk, 0), strict=True))


def overlapping(x: Tensor, y: Tensor, chunk: int) -> Pieces:
    last = max(1, x.shape[1] - chunk + 1)
    return [(x[:, t : t + chunk], y[:, t : t + chunk]) for t in range(last)]


def one_step_shared(x: Tensor, y: Tensor, chunk: int) -> Pieces:
    return [
        (x[:, t : t + chunk + 1], y[:, t : t + chunk + 1]) for t in range(0, x.shape[1], chunk)
    ]


def backwards(x: Tensor, y: Tensor, chunk: int) -> Pieces:
    return pieces(x, y, chunk)[::-1]


def from_the_end(x: Tensor, y: Tensor, chunk: int) -> Pieces:
    T = x.shape[1]
    first = T % chunk or chunk
    edges = [0, *range(first, T + 1, chunk)]
    return [(x[:, a:b], y[:, a:b]) for a, b in itertools.pairwise(edges)]


def first_targets(x: Tensor, y: Tensor, chunk: int) -> Pieces:
    return [(a, y[:, : a.shape[1]]) for a, _ in pieces(x, y, chunk)]


def shifted_targets(x: Tensor, y: Tensor, chunk: int) -> Pieces:
    return pieces(x, torch.roll(y, -1, 1), chunk)


def uncut(x: Tensor, y: Tensor, chunk: int) -> Pieces:
    return [(x, y)]


def one_norm_each(model: nn.Module, max_norm: float) -> None:
    for grad in model_grads(model):
        grad *= (max_norm / (grad.norm() + 1e-6)).clamp(max=1.0)


wrong = Mistakes()


@wrong
def step_at_the_end(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    loss_fn: Any,
    optimizer: Any,
    chunk: int,
    max_norm: float,
) -> list[float]:
    """the optimizer steps once, behind the last chunk.
    How many steps does the optimizer take?"""
    optimizer.zero_grad()
    losses, state = [], None
    for x_chunk, y_chunk in pieces(x, y, chunk):
        out, state = model(x_chunk, state)
        loss = loss_fn(out, y_chunk)
        loss.backward()
        state = detach_state(state)
        losses.append(loss.item())
    scaled_(model, max_norm)
    optimizer.step()
    return losses


@wrong
def graph_kept(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    loss_fn: Any,
    optimizer: Any,
    chunk: int,
    max_norm: float,
) -> list[float]:
    """the state is carried with its graph, and retain_graph keeps it alive.
    How far back should the second backward pass go?"""
    losses, state = [], None
    for x_chunk, y_chunk in pieces(x, y, chunk):
        optimizer.zero_grad()
        out, state = model(x_chunk, state)
        loss = loss_fn(out, y_chunk)
        loss.backward(retain_graph=True)
        scaled_(model, max_norm)
        optimizer.step()
        losses.append(loss.item())
    return losses


def with_slices(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    loss_fn: Any,
    optimizer: Any,
    chunk: int,
    max_norm: float,
) -> list[float]:
    losses = []
    state = None
    for start in range(0, x.size(1), chunk):
        stop = min(start + chunk, x.size(1))
        if isinstance(state, tuple):
            state = tuple(part.detach() for part in state)
        elif state is not None:
            state = state.detach()
        out, state = model(x[:, start:stop], state)
        loss = loss_fn(out, y[:, start:stop])
        model.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        losses.append(float(loss.detach()))
    return losses


def with_autograd(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    loss_fn: Any,
    optimizer: Any,
    chunk: int,
    max_norm: float,
) -> tuple[float, ...]:
    losses: tuple[float, ...] = ()
    parameters = list(model.parameters())
    state = None
    while x.shape[1]:
        out, state = model(x[:, :chunk], state)
        loss = loss_fn(out, y[:, :chunk])
        grads = torch.autograd.grad(loss, parameters, allow_unused=True)
        factor = (max_norm / (length_of(grads) + 1e-6)).clamp(max=1.0)
        for p, g in zip(parameters, grads, strict=True):
            p.grad = None if g is None else factor * g
        optimizer.step()
        losses += (loss.item(),)
        state = torch.utils._pytree.tree_map(lambda part: part.detach().clone(), state)
        x, y = x[:, chunk:], y[:, chunk:]
    return losses


class Carrying(nn.Module):
    """A model with a memory: called with inputs alone it goes on from its last state."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner
        self.state: Any = None

    def forward(self, x: Tensor) -> Tensor:
        out, state = self.inner(x, self.state)
        self.state = detach_state(state)
        return out


def by_training_steps(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    loss_fn: Any,
    optimizer: Any,
    chunk: int,
    max_norm: float,
) -> list[float]:
    carrying = Carrying(model)
    starts = range(0, x.size(1), chunk)
    parts = [
        (x.narrow(1, t, n), y.narrow(1, t, n)) for t in starts for n in [min(chunk, x.size(1) - t)]
    ]
    return [training_step(carrying, a, b, loss_fn, optimizer, max_norm)["loss"] for a, b in parts]


def by_recursion(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    loss_fn: Any,
    optimizer: Any,
    chunk: int,
    max_norm: float,
    state: Any = None,
) -> list[float]:
    if x.shape[1] == 0:
        return []
    for p in model.parameters():
        p.grad = None
    out, state = model(x[:, :chunk], state)
    loss = loss_fn(out, y[:, :chunk])
    loss.backward()
    scaled_(model, max_norm)
    optimizer.step()
    rest = x[:, chunk:], y[:, chunk:], loss_fn, optimizer, chunk, max_norm
    return [loss.tolist(), *by_recursion(model, *rest, detach_state(state))]


wrong.add(
    "state_forgotten",
    chunked(carry=lambda state, place: None),
    "every chunk starts without a state. Which state does the second chunk start from?",
)
wrong.add(
    "state_of_the_first_chunk",
    lambda *args: chunked(carry=held())(*args),
    "every chunk starts from the state behind the first one. Which state does the third chunk start from?",
)
wrong.add(
    "state_carried_once",
    chunked(carry=lambda state, place: detach_state(state) if place == 0 else None),
    "the state is carried once and then forgotten. Which state does the third chunk start from?",
)
wrong.add(
    "not_detached",
    chunked(carry=lambda state, place: state),
    "the state is carried with its graph. How far back does the second backward pass go?",
)
wrong.add(
    "plain_detach",
    chunked(carry=plain_detach),
    "the state is treated as one tensor. What is the state of an LSTM?",
)
wrong.add(
    "first_of_a_tuple",
    chunked(carry=first_of_a_tuple),
    "h is carried and c starts again from zero. The state of an LSTM has two parts.",
)
wrong.add(
    "rest_dropped",
    chunked(cut_up=whole_ones_only),
    "the last, shorter chunk is left out. T need not be a multiple of chunk. Count your losses.",
)
wrong.add(
    "number_of_chunks",
    chunked(cut_up=number_of_chunks),
    "the sequence is cut into `chunk` pieces. Is `chunk` the number of pieces or their length?",
)
wrong.add(
    "along_the_batch",
    chunked(cut_up=along_the_batch, carry=lambda state, place: None),
    "the batch is cut up and not the time. Which axis is time?",
)
wrong.add(
    "overlapping",
    chunked(cut_up=overlapping),
    "each chunk starts one step after the one before. Where does the second chunk start?",
)
wrong.add(
    "one_step_shared",
    chunked(cut_up=one_step_shared),
    "each chunk takes one step of the next one too. Look at the ends of your slices.",
)
wrong.add(
    "backwards",
    chunked(cut_up=backwards),
    "the chunks come in the wrong order. Which chunk is first in time?",
)
wrong.add(
    "from_the_end",
    chunked(cut_up=from_the_end),
    "the short chunk comes first. Where does your first chunk end?",
)
wrong.add(
    "first_targets",
    chunked(cut_up=first_targets),
    "every chunk gets the targets of the first. Cut the targets as you cut the inputs.",
)
wrong.add(
    "shifted_targets",
    chunked(cut_up=shifted_targets),
    "the targets are one step ahead of the inputs. Cut the targets as you cut the inputs.",
)
wrong.add(
    "uncut",
    chunked(cut_up=uncut),
    "the whole sequence is one chunk. How many losses do you return?",
)
wrong.add(
    "never_cleared",
    chunked("forward backward clip step"),
    "the gradients are never cleared. What stands in p.grad before the second backward pass?",
)
wrong.add(
    "cleared_at_the_end",
    chunked("forward backward clip step clear"),
    "the gradients are cleared after the step only. What if there are gradients before the call?",
)
wrong.add(
    "not_clipped",
    chunked("clear forward backward step"),
    "the optimizer steps with the gradient as it was before clipping. Where do you clip? Which gradient does the optimizer see?",
)
wrong.add(
    "no_step",
    chunked("clear forward backward clip"),
    "the optimizer takes no step. Do the weights change?",
)
wrong.add(
    "one_norm_each",
    chunked(clip_=one_norm_each),
    "each parameter is clipped by its own norm. All gradients share one factor.",
)
wrong.add(
    "sums",
    chunked(keep=lambda loss, y: loss.item() * y.shape[1]),
    "each loss is multiplied by the steps of its chunk. The losses are due as loss_fn gives them.",
)
wrong.add(
    "tensors",
    chunked(keep=lambda loss, y: loss.detach()),
    "the losses are tensors. Look at the type of what is in your list: Python floats are due.",
)
wrong.add(
    "mean_loss",
    but(tbptt, returns=lambda losses: sum(losses) / len(losses)),
    "the mean of the losses is returned. One loss for each chunk is due.",
)
wrong.add(
    "last_loss",
    but(tbptt, returns=lambda losses: losses[-1]),
    "the last loss alone is returned. One loss for each chunk is due.",
)


EXERCISE = Exercise(
    reference=tbptt,
    inputs=inputs,
    points=12,
    axes={"B": 3, "T": 9, "I": 3, "H": 5, "O": 2},
    shapes={"x": "B T I", "y": "B T O"},
    scenario=in_chunks,
    cases=(
        Case(name="gradients shorter than max_norm", inputs=short),
        Case(
            name="an LSTM",
            inputs=lstm,
            value=False,
            why="The state of an LSTM is a tuple (h, c): carry both, and cut both from their graph.",
        ),
        Case(
            name="chunks that divide the sequence",
            inputs=whole_chunks,
            value=False,
            why="There is no chunk of what is left where nothing is left.",
        ),
        Case(
            name="chunks of one step",
            inputs=single_steps,
            value=False,
            why="A chunk of one step is a chunk like any other.",
        ),
        Case(
            name="a chunk longer than the sequence",
            inputs=one_chunk,
            value=False,
            why="Then the whole sequence is one chunk.",
        ),
        Case(
            name="gradients left from before",
            inputs=old_gradients,
            value=False,
            why="backward() adds to what stands in p.grad: clear it first.",
        ),
        Case(
            name="a layer that is not used",
            inputs=unused,
            value=False,
            why="The parameters of an unused layer have grad None.",
        ),
    ),
    mistakes=wrong,
    also_right=(with_slices, with_autograd, by_training_steps, by_recursion),
    look="Print, for each chunk, the shape of its inputs, and one number of the state before and "
    "behind it.",
)
