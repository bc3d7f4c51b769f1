"""Training on long sequences by truncated backpropagation through time."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch

from autograder.spec import Case, Exercise, Mistakes, but, edited
from exercises.lab5_clipping import _programs
from exercises.lab5_clipping._draws import also, classifier, drawn, old_gradients, unused_layer
from exercises.lab5_clipping._programs import in_order
from exercises.lab5_clipping._scenarios import in_chunks
from solutions.lab5_clipping import detach_state, tbptt, training_step


def inputs(rng: np.random.Generator, B: int, T: int, I: int, H: int, O: int) -> Mapping[str, Any]:
    return {
        "weights": classifier(rng, I, H, O),
        "x": rng.standard_normal((B, T, I)),
        "y": rng.standard_normal((B, T, O)),
        "chunk": 4,
        "max_norm": 0.4,
        "lr": 0.5,
    }


ordinary = drawn(inputs, 2, 10, 3, 5, 2)
three = drawn(inputs, 2, 9, 3, 5, 2)
short = drawn(ordinary, max_norm=50.0, lr=0.1)
whole_chunks = drawn(inputs, 2, 6, 3, 4, 2, chunk=3)
single_steps = drawn(inputs, 3, 4, 2, 5, 2, chunk=1)
longer = drawn(inputs, 3, 4, 2, 5, 2, chunk=9)


def lstm(rng):
    return {**ordinary(rng), "weights": classifier(rng, 3, 5, 2, gates=4), "cell": "lstm"}


def carrying(state: str) -> Callable[..., Any]:
    """Another state for the next chunk."""
    return edited(tbptt, {"state = detach_state(state)": f"state = {state}"})


def cut_up(x: str, y: str) -> Callable[..., Any]:
    """Other chunks of the inputs and the targets."""
    return edited(tbptt, {"x.split(chunk, dim=1)": x, "y.split(chunk, dim=1)": y})


def sliced(part: str, starts: str) -> Callable[..., Any]:
    """Chunks that are cut out by slices, each from a start t."""
    pieces = f"[z[:, {part}] for t in {starts}]"
    return cut_up(pieces.replace("z", "x"), pieces.replace("z", "y"))


diff = partial(edited, tbptt)
wrong = Mistakes()
_programs.loops_gone_wrong(wrong, tbptt)


@wrong
def from_the_end(model, x, y, loss_fn, optimizer, chunk, max_norm):
    """the short chunk comes first.
    Where does your first chunk end?"""
    T = x.shape[1]
    sizes: Any = [T % chunk or chunk] + [chunk] * ((T - 1) // chunk)
    return tbptt(model, x, y, loss_fn, optimizer, sizes, max_norm)


wrong.family(
    "Which state does the third chunk start from?",
    (
        "state_of_the_first_chunk",
        carrying("first = first if losses else detach_state(state)"),
        "every chunk starts from the state behind the first one",
    ),
    (
        "state_carried_once",
        carrying("None if losses else detach_state(state)"),
        "the state is carried once and then forgotten",
    ),
)
wrong.add(
    "state_forgotten",
    carrying("None"),
    "every chunk starts without a state. Which state does the second chunk start from?",
)
wrong.add(
    "not_detached",
    carrying("state"),
    "the state is carried with its graph. How far back does the second backward pass go?",
)
wrong.add(
    "graph_kept",
    diff(
        {"loss.backward()": "loss.backward(retain_graph=True)", "= detach_state(state)": "= state"}
    ),
    "the state is carried with its graph, and retain_graph keeps it alive. How far back should the second backward pass go?",
)
wrong.add(
    "plain_detach",
    carrying("state.detach()"),
    "the state is treated as one tensor. What is the state of an LSTM?",
)
wrong.add(
    "first_of_a_tuple",
    carrying(
        "(state[0].detach(), torch.zeros_like(state[1]))"
        " if isinstance(state, tuple) else state.detach()"
    ),
    "h is carried and c starts again from zero. The state of an LSTM has two parts.",
)
wrong.add(
    "rest_dropped",
    sliced("t : t + chunk", "range(0, x.shape[1] - chunk + 1, chunk)"),
    "the last, shorter chunk is left out. T need not be a multiple of chunk. Count your losses.",
)
wrong.add(
    "last_step_dropped",
    sliced("t : t + chunk", "range(0, x.shape[1] - 1, chunk)"),
    "a last chunk of one step is left out. At which steps do your chunks start where T is one more than a multiple of chunk?",
)
wrong.add(
    "number_of_chunks",
    cut_up("x.chunk(chunk, dim=1)", "y.chunk(chunk, dim=1)"),
    "the sequence is cut into `chunk` pieces. Is `chunk` the number of pieces or their length?",
)
wrong.add(
    "along_the_batch",
    diff(
        {
            "x.split(chunk, dim=1)": "x.split(chunk, dim=0)",
            "y.split(chunk, dim=1)": "y.split(chunk, dim=0)",
            "state = detach_state(state)": "state = None",
        }
    ),
    "the batch is cut up and not the time. Which axis is time?",
)
wrong.add(
    "overlapping",
    sliced("t : t + chunk", "range(max(1, x.shape[1] - chunk + 1))"),
    "each chunk starts one step after the one before. Where does the second chunk start?",
)
wrong.add(
    "one_step_shared",
    sliced("t : t + chunk + 1", "range(0, x.shape[1], chunk)"),
    "each chunk takes one step of the next one too. Look at the ends of your slices.",
)
wrong.add(
    "backwards",
    cut_up("x.split(chunk, dim=1)[::-1]", "y.split(chunk, dim=1)[::-1]"),
    "the chunks come in the wrong order. Which chunk is first in time?",
)
wrong.family(
    "Cut the targets as you cut the inputs.",
    (
        "first_targets",
        diff({"loss_fn(out, y_chunk)": "loss_fn(out, y[:, : out.shape[1]])"}),
        "every chunk gets the targets of the first",
    ),
    (
        "shifted_targets",
        but(tbptt, y=lambda y: y.roll(-1, 1)),
        "the targets are one step ahead of the inputs",
    ),
)
wrong.add(
    "uncut",
    cut_up("[x]", "[y]"),
    "the whole sequence is one chunk. How many losses do you return?",
)
wrong.add(
    "cleared_at_the_end",
    in_order(tbptt, "forward backward clip step clear"),
    "the gradients are cleared after the step only. What if there are gradients before the call?",
)
wrong.add(
    "step_at_the_end",
    diff(
        {
            "optimizer.zero_grad()": "pass",
            "losses = []": "losses = []; optimizer.zero_grad()",
            "        clip_model_(model, max_norm)\n        optimizer.step()\n": "",
            "return losses": "clip_model_(model, max_norm); optimizer.step(); return losses",
        }
    ),
    "the optimizer steps once, behind the last chunk. How many steps does the optimizer take?",
)
wrong.add(
    "not_clipped",
    in_order(tbptt, "clear forward backward step"),
    "the optimizer steps with the gradient as it was before clipping. Where do you clip? Which gradient does the optimizer see?",
)
wrong.add(
    "sums",
    diff({"loss.item()": "loss.item() * y_chunk.shape[1]"}),
    "each loss is multiplied by the steps of its chunk. The losses are due as loss_fn gives them.",
)
wrong.add(
    "tensors",
    diff({"loss.item()": "loss.detach()"}),
    "the losses are tensors. Look at the type of what is in your list: Python floats are due.",
)
wrong.add(
    "losses_afterwards",
    diff(
        {
            "out, state = model(": "start = state\n        out, state = model(",
            "loss.item()": "loss_fn(model(x_chunk, start)[0], y_chunk).item()",
        }
    ),
    "each loss is measured after the update. Which loss is due: the one before or after the update?",
)
wrong.add(
    "first_chunk_only",
    diff({"        losses.append(loss.item())": "        return [loss.item()]"}),
    "training ends after the first chunk. How far is your return indented?",
)
wrong.family(
    "One loss for each chunk is due.",
    (
        "mean_loss",
        but(tbptt, returns=lambda found: sum(found) / len(found)),
        "the mean of the losses is returned",
    ),
    ("last_loss", but(tbptt, returns=lambda found: found[-1]), "the last loss alone is returned"),
)


def by_training_steps(model, x, y, loss_fn, optimizer, chunk, max_norm):
    """Each chunk is a training step of a model that carries its state."""

    class Carrying(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model, self.state = model, None

        def forward(self, part):
            out, state = self.model(part, self.state)
            self.state = detach_state(state)
            return out

    carrying, chunks = Carrying(), zip(x.split(chunk, 1), y.split(chunk, 1), strict=True)
    return [training_step(carrying, a, b, loss_fn, optimizer, max_norm)["loss"] for a, b in chunks]


EXERCISE = Exercise(
    reference=tbptt,
    styles=(by_training_steps,),
    inputs=inputs,
    points=12,
    axes={"B": 3, "T": 4, "I": 3, "H": 5, "O": 2},
    shapes={"x": "B T I", "y": "B T O", "losses": "chunk"},
    scenario=in_chunks,
    without=frozenset({"values of a third draw"}),
    cases=(
        Case(
            name="three chunks",
            inputs=three,
            why="The second chunk starts from the weights and the state that the first one left.",
        ),
        Case(name="gradients shorter than max_norm", inputs=short),
        also(
            "an LSTM",
            lstm,
            "The state of an LSTM is a tuple (h, c): carry both, and cut both from their graph.",
        ),
        also(
            "chunks that divide the sequence",
            whole_chunks,
            "There is no chunk of what is left where nothing is left.",
        ),
        also("chunks of one step", single_steps, "A chunk of one step is a chunk like any other."),
        also("a chunk longer than the sequence", longer, "Then the whole sequence is one chunk."),
        also(
            "long gradients, shorter than max_norm",
            drawn(ordinary, max_norm=1e5, lr=1e-4, loss_factor=1e3),
            "Where the norm is below max_norm the gradient stays as it is, however long it is.",
        ),
        old_gradients(ordinary),
        unused_layer(ordinary),
    ),
    mistakes=wrong,
    look="Print, for each chunk, the shape of its inputs, and one number of the state before and "
    "behind it.",
    when_right=(
        "Each chunk is a training step of a model that carries its state: with a small wrapper "
        "around the model your training_step can do the work. The state has to be cut after every "
        "chunk, not only after the first. Targets that are cut in another way than the inputs may "
        "give no error, only a network that learns the wrong thing. Next question: chunks of 50 "
        "in a sequence of 1,000. How far back can the last output use an input, and how far back "
        "can it learn to?"
    ),
)
