"""A recurrent network in each direction, over the real steps of padded sequences."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.spec import Case, Exercise, Mistakes, but
from exercises.lab6_bidirectional import _stand_ins
from exercises.lab6_bidirectional._draws import draw_lengths, draw_recurrent
from solutions.lab6_bidirectional import birnn_forward, reverse_within_length

Params = Mapping[str, Tensor]
Answer = tuple[Tensor, Tensor]


def inputs(rng: np.random.Generator, B: int, T: int, F: int, H: int) -> Mapping[str, Any]:
    return {
        "x": rng.standard_normal((B, T, F)),
        "lengths": draw_lengths(rng, B, T),
        "forward_params": draw_recurrent(rng, F, H),
        "backward_params": draw_recurrent(rng, F, H),
    }


def with_lengths(*lengths: int) -> Callable[[np.random.Generator], Mapping[str, Any]]:
    """Inputs of 7 steps with lengths of their own, and large numbers in the padding."""

    def draw(rng: np.random.Generator) -> Mapping[str, Any]:
        drawn = dict(inputs(rng, len(lengths), 7, 3, 4))
        drawn["lengths"] = np.array(lengths)
        padding = np.arange(7) >= drawn["lengths"][:, None]
        drawn["x"] = drawn["x"] + 1000.0 * padding[:, :, None]
        return drawn

    return draw


def states_of(x: Tensor, params: Params) -> Tensor:
    """All states (B, T, H) from left to right."""
    h = x.new_zeros(x.shape[0], params["W_hh"].shape[0])
    found = []
    for t in range(x.shape[1]):
        h = torch.tanh(x[:, t] @ params["W_xh"] + h @ params["W_hh"] + params["b_h"])
        found.append(h)
    return torch.stack(found, 1)


def real(x: Tensor, lengths: Tensor, more: int = 0) -> Tensor:
    """(B, T, 1), True on real steps and on `more` steps behind them."""
    return (torch.arange(x.shape[1], device=x.device) < lengths[:, None] + more)[:, :, None]


def at(states: Tensor, step: Tensor | int) -> Tensor:
    """(B, H), the states at one step of each sample."""
    return states[torch.arange(len(states), device=states.device), step]


def birnn(
    turn: Callable[[Tensor, Tensor], Tensor] = reverse_within_length,
    turn_back: Callable[[Tensor, Tensor], Tensor] = reverse_within_length,
    run: Callable[[Tensor, Params], Tensor] = states_of,
    mask: Callable[[Tensor, Tensor], Tensor] = real,
    join: Callable[[Tensor, Tensor], Tensor] = lambda there, back: torch.cat([there, back], -1),
    end: Callable[[Tensor, Tensor], Tensor] = lambda there, n: at(there, n - 1),
    end_back: Callable[[Tensor, Tensor], Tensor] = lambda back, n: back[:, 0],
    join_final: Callable[[Tensor, Tensor], Tensor] = lambda a, b: torch.cat([a, b], -1),
) -> Callable[..., Answer]:
    """The two directions with one of their pieces replaced."""

    def changed(x: Tensor, lengths: Tensor, forward: Params, backward: Params) -> Answer:
        there = run(x, forward)
        back = turn_back(run(turn(x, lengths), backward), lengths)
        output = join(there, back) * mask(x, lengths)
        return output, join_final(end(there, lengths), end_back(back, lengths))

    return changed


def flipped(x: Tensor, lengths: Tensor) -> Tensor:
    return x.flip(1)


def as_it_is(x: Tensor, lengths: Tensor) -> Tensor:
    return x


def stepping(
    step: Callable[[Tensor, Tensor, Params], Tensor],
) -> Callable[[Tensor, Params], Tensor]:
    """States from left to right with another step."""

    def run(x: Tensor, params: Params) -> Tensor:
        h = x.new_zeros(x.shape[0], params["W_hh"].shape[0])
        found = []
        for t in range(x.shape[1]):
            h = step(x[:, t], h, params)
            found.append(h)
        return torch.stack(found, 1)

    return run


def no_recurrence(x: Tensor, params: Params) -> Tensor:
    return torch.tanh(x @ params["W_xh"] + params["b_h"])


def ones_at_first(x: Tensor, params: Params) -> Tensor:
    h = x.new_ones(x.shape[0], params["W_hh"].shape[0])
    found = []
    for t in range(x.shape[1]):
        h = torch.tanh(x[:, t] @ params["W_xh"] + h @ params["W_hh"] + params["b_h"])
        found.append(h)
    return torch.stack(found, 1)


def from_float32_zeros(x: Tensor, params: Params) -> Tensor:
    h = torch.zeros(x.shape[0], params["W_hh"].shape[0], device=x.device)
    found = []
    for t in range(x.shape[1]):
        h = torch.tanh(x[:, t] @ params["W_xh"] + h @ params["W_hh"] + params["b_h"])
        found.append(h)
    return torch.stack(found, 1)


def zeros_on_the_cpu(x: Tensor, params: Params) -> Tensor:
    h = torch.zeros(x.shape[0], params["W_hh"].shape[0], dtype=x.dtype)
    found = []
    for t in range(x.shape[1]):
        h = torch.tanh(x[:, t] @ params["W_xh"] + h @ params["W_hh"] + params["b_h"])
        found.append(h)
    return torch.stack(found, 1)


def mask_on_the_cpu(x: Tensor, lengths: Tensor) -> Tensor:
    return (torch.arange(x.shape[1]) < lengths[:, None])[:, :, None]


wrong = Mistakes()


@wrong
def one_network(x: Tensor, lengths: Tensor, forward: Params, backward: Params) -> Answer:
    """both directions use the forward weights.
    Which weights does the second network use?"""
    return birnn_forward(x, lengths, forward, forward)


@wrong
def networks_swapped(x: Tensor, lengths: Tensor, forward: Params, backward: Params) -> Answer:
    """each direction uses the weights of the other.
    Which weights does each network use?"""
    return birnn_forward(x, lengths, backward, forward)


def final_from_the_output(step: int) -> Callable[..., Answer]:
    """final as the output at one step of the row."""

    def changed(x: Tensor, lengths: Tensor, forward: Params, backward: Params) -> Answer:
        output, _ = birnn_forward(x, lengths, forward, backward)
        return output, output[:, step]

    return changed


@wrong
def final_is_the_mean(x: Tensor, lengths: Tensor, forward: Params, backward: Params) -> Answer:
    """final is the mean of the states.
    In which state did each direction end?"""
    output, _ = birnn_forward(x, lengths, forward, backward)
    return output, output.sum(1) / lengths[:, None]


@wrong
def x_blanked(x: Tensor, lengths: Tensor, forward: Params, backward: Params) -> Answer:
    """the caller's x is changed.
    Compare x before and after the call."""
    x *= real(x, lengths)
    return birnn_forward(x, lengths, forward, backward)


def backwards_in_a_loop(x: Tensor, lengths: Tensor, forward: Params, backward: Params) -> Answer:
    B, T, _ = x.shape
    H = forward["b_h"].numel()
    a, b = x.new_zeros(B, H), x.new_zeros(B, H)
    there: list[Tensor] = []
    back: list[Tensor] = []
    for t in range(T):
        now = (t < lengths)[:, None]
        new = torch.tanh(x[:, t] @ forward["W_xh"] + a @ forward["W_hh"] + forward["b_h"])
        a = torch.where(now, new, a)
        there.append(new * now)
    for t in range(T - 1, -1, -1):
        now = (t < lengths)[:, None]
        new = torch.tanh(x[:, t] @ backward["W_xh"] + b @ backward["W_hh"] + backward["b_h"])
        b = torch.where(now, new, torch.zeros_like(b))
        back.insert(0, b)
    output = torch.cat([torch.stack(there, 1), torch.stack(back, 1)], dim=-1)
    return output, torch.cat([a, b], dim=-1)


def sentence_by_sentence(x: Tensor, lengths: Tensor, forward: Params, backward: Params) -> Answer:
    width = x.shape[1]
    outputs, finals = [], []
    for row, n in zip(x, lengths.tolist(), strict=True):
        there = states_of(row[None, :n], forward)[0]
        back = states_of(row[None, :n].flip(1), backward)[0].flip(0)
        both = torch.cat([there, back], 1)
        outputs.append(torch.cat([both, both.new_zeros(width - n, both.shape[1])]))
        finals.append(torch.cat([there[-1], back[0]]))
    return torch.stack(outputs), torch.stack(finals)


def einsum_and_gather(
    x: Tensor, lengths: Tensor, forward: Params, backward: Params
) -> list[Tensor]:
    t = torch.arange(x.shape[1], device=x.device)
    source = (lengths[:, None] - 1 - t) % x.shape[1]
    turned = torch.take_along_dim(x, source[:, :, None], 1)

    def run(inputs: Tensor, p: Params) -> Tensor:
        drive = torch.einsum("btf,fh->bth", inputs, p["W_xh"]) + p["b_h"]
        found = [drive[:, 0].tanh()]
        for now in drive.unbind(1)[1:]:
            found.append((now + torch.einsum("bj,jh->bh", found[-1], p["W_hh"])).tanh())
        return torch.stack(found, 1)

    there, mirrored = run(x, forward), run(turned, backward)
    back = torch.take_along_dim(mirrored, source[:, :, None], 1)
    last = (lengths - 1)[:, None, None].expand(-1, 1, there.shape[2])
    final = torch.cat([there.gather(1, last), mirrored.gather(1, last)], 2).squeeze(1)
    output = torch.cat([there, back], 2).masked_fill((t >= lengths[:, None])[..., None], 0)
    return [output, final]


wrong.add(
    "flips_the_padding",
    birnn(turn=flipped, turn_back=flipped),
    "the backward direction starts in the padding. What does the backward direction read first in a short sequence?",
)
wrong.add(
    "flips_then_turns_back_within",
    birnn(turn=flipped),
    "the input is reversed with its padding, the states within their lengths. Do your two reversals undo each other?",
)
wrong.add(
    "not_turned_back",
    birnn(turn_back=as_it_is, end_back=lambda back, n: at(back, n - 1)),
    "the backward states stand in the order in which they were computed. Which word was the backward direction reading when it gave its first state?",
)
wrong.add(
    "not_turned_back_and_taken_at_0",
    birnn(turn_back=as_it_is),
    "the backward states are not turned back, and the first of them is final. Which word was the backward direction reading when it gave its first state?",
)
wrong.add(
    "reads_forward_twice",
    birnn(turn=as_it_is, turn_back=as_it_is),
    "both networks read from left to right. Which word does the second network read first?",
)
wrong.add(
    "turned_back_only",
    birnn(turn=as_it_is),
    "the second network reads from left to right and its states are then reversed. Which word does the second network read first?",
)
wrong.add(
    "backward_first",
    birnn(
        join=lambda there, back: torch.cat([back, there], -1),
        join_final=lambda a, b: torch.cat([b, a], -1),
    ),
    "the backward half stands before the forward half. In which order do the halves stand?",
)
wrong.add(
    "final_backward_first",
    birnn(join_final=lambda a, b: torch.cat([b, a], -1)),
    "in final the backward half stands before the forward half. In which order do the halves of final stand?",
)
wrong.add(
    "directions_added",
    birnn(join=lambda there, back: there + back, join_final=lambda a, b: a + b),
    "the two directions are added up. How many numbers belong to each step?",
)
wrong.add(
    "directions_stacked",
    birnn(join_final=lambda a, b: torch.stack([a, b])),
    "final has an axis for the directions, as h_n has in PyTorch. Look at the shape of final.",
)
wrong.add(
    "padding_not_zeroed",
    birnn(mask=lambda x, n: torch.ones_like(x[:, :, :1])),
    "states stand on the padding. Look at output where there is only padding.",
)
wrong.add(
    "one_state_too_many",
    birnn(mask=lambda x, n: real(x, n, 1)),
    "the first step of the padding counts as real. Which is the last real step of a sequence of n?",
)
wrong.add(
    "one_state_too_few",
    birnn(mask=lambda x, n: real(x, n, -1)),
    "the last real step counts as padding. Which is the last real step of a sequence of n?",
)
wrong.add(
    "final_from_the_last_column",
    final_from_the_output(-1),
    "final is the output at the last step of the row. How many words has the backward direction read at the last step?",
)
wrong.add(
    "final_from_the_first_column",
    final_from_the_output(0),
    "final is the output at step 0. How many words has the forward direction read at step 0?",
)
wrong.add(
    "final_from_the_last_word",
    birnn(end_back=lambda back, n: at(back, n - 1)),
    "final is the output at the last real step, in both halves. How many words has the backward direction read at the last real step?",
)
wrong.add(
    "final_runs_on",
    birnn(end=lambda there, n: there[:, -1]),
    "the forward half of final has read the padding as well. Which step does the forward half of final come from, in a short sequence?",
)
wrong.add(
    "final_one_early",
    birnn(end=lambda there, n: at(there, (n - 2).clamp(min=0))),
    "the forward half of final is taken one step too early. Which step does the forward half of final come from?",
)
wrong.add(
    "final_from_the_longest",
    birnn(end=lambda there, n: there[:, int(n[0]) - 1]),
    "the forward half of final is taken at the same step for every sequence. Which step does the forward half of final come from, in each sequence?",
)
wrong.add(
    "final_first",
    but(birnn_forward, returns=lambda pair: (pair[1], pair[0])),
    "final comes before output. Look at the order of what you return.",
)
wrong.add(
    "output_only",
    but(birnn_forward, returns=lambda pair: pair[0]),
    "final is missing. Count what you return.",
)
wrong.add(
    "no_tanh",
    birnn(run=stepping(lambda x, h, p: x @ p["W_xh"] + h @ p["W_hh"] + p["b_h"])),
    "there is no tanh. Between which bounds do your states lie?",
)
wrong.add(
    "no_bias",
    birnn(run=stepping(lambda x, h, p: torch.tanh(x @ p["W_xh"] + h @ p["W_hh"]))),
    "the bias is missing. What is the first state for an input of zeros?",
)
wrong.add(
    "bias_outside",
    birnn(run=stepping(lambda x, h, p: torch.tanh(x @ p["W_xh"] + h @ p["W_hh"]) + p["b_h"])),
    "the bias is added after the tanh. What does the tanh go around?",
)
wrong.add(
    "transposed",
    birnn(run=stepping(lambda x, h, p: torch.tanh(x @ p["W_xh"] + h @ p["W_hh"].T + p["b_h"]))),
    "W_hh is transposed. Compare the product with the formula.",
)
wrong.add(
    "no_recurrence",
    birnn(run=no_recurrence),
    "every step starts from a state of zeros. Which state does the second step of each direction read?",
)
wrong.add(
    "detached",
    birnn(
        run=stepping(lambda x, h, p: torch.tanh(x @ p["W_xh"] + h.detach() @ p["W_hh"] + p["b_h"]))
    ),
    "the values are right and the gradient is cut between the steps. May a gradient go back from one step to the one before?",
)
wrong.add(
    "ones_at_first",
    birnn(run=ones_at_first),
    "each direction starts from ones. From which state does each direction start?",
)
wrong.add(
    "from_float32_zeros",
    birnn(run=from_float32_zeros),
    "the first state is float32 whatever x is. Look at the dtype of the tensors that you make.",
)
wrong.add(
    "zeros_on_the_cpu",
    birnn(run=zeros_on_the_cpu),
    "the first state lives on the CPU wherever x is. Look at the device of the tensors that you make.",
)
wrong.add(
    "mask_on_the_cpu",
    birnn(mask=mask_on_the_cpu),
    "the mask lives on the CPU wherever x is. Look at the device of the tensors that you make.",
)


EXERCISE = Exercise(
    reference=birnn_forward,
    inputs=inputs,
    points=14,
    axes={"B": 3, "T": 5, "F": 2, "H": 4},
    shapes={"x": "B T F", "lengths": "B", "W_xh": "F H", "W_hh": "H H", "b_h": "H"},
    parts=("output", "final"),
    forbidden=(
        "torch.nn.RNN",
        "torch.nn.GRU",
        "torch.nn.LSTM",
        "torch.nn.RNNCell",
        "torch.nn.GRUCell",
        "torch.nn.LSTMCell",
        "torch.nn.RNNBase",
        "torch.nn.RNNCellBase",
        "torch.nn.modules.rnn",
        "torch.rnn_tanh",
        "torch.rnn_tanh_cell",
        "torch.rnn_relu",
        "torch.rnn_relu_cell",
        "torch.gru",
        "torch.gru_cell",
        "torch.lstm",
        "torch.lstm_cell",
        "torch._VF",
        "torch.ops",
    ),
    cases=(
        Case(name="padding behind every sequence", inputs=with_lengths(2, 5, 4)),
        Case(name="no padding at all", inputs=with_lengths(7, 7), value=True),
        Case(
            name="lengths 1",
            inputs=with_lengths(1, 1, 1),
            value=False,
            why="In a sequence of one step both directions start and end at that step.",
        ),
    ),
    mistakes=wrong,
    stand_in=_stand_ins.both_directions,
    also_right=(backwards_in_a_loop, sentence_by_sentence, einsum_and_gather, birnn()),
    look="Take one sequence of two steps in a row of three, and write down which word each "
    "direction reads at which turn.",
)
