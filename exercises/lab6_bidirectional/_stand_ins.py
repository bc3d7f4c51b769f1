"""What takes the place of a wrong function while later exercises are judged.

The arguments hold a graph, or have no numbers: the judge could not answer.
"""

from __future__ import annotations

from typing import Any

import torch


def turned_within(x: Any, lengths: Any) -> Any:
    """For `reverse_within_length`."""
    t = torch.arange(x.shape[1], device=x.device)
    mirrored = lengths[:, None] - 1 - t
    return x.take_along_dim(torch.where(mirrored >= 0, mirrored, t)[:, :, None], 1)


def both_directions(x: Any, lengths: Any, forward_params: Any, backward_params: Any) -> Any:
    """For `birnn_forward`."""
    T = x.shape[1]
    halves, ends = [], []
    for params, order in ((forward_params, range(T)), (backward_params, range(T - 1, -1, -1))):
        h = x.new_zeros(x.shape[0], params["W_hh"].shape[0])
        states = [h] * T
        for t in order:
            real = (lengths > t)[:, None]
            new = torch.tanh(x[:, t] @ params["W_xh"] + h @ params["W_hh"] + params["b_h"])
            h = torch.where(real, new, h)
            states[t] = new * real
        halves.append(torch.stack(states, 1))
        ends.append(h)
    return torch.cat(halves, 2), torch.cat(ends, 1)


def mean_of_real(output: Any, lengths: Any) -> Any:
    """For `masked_mean`."""
    real = torch.arange(output.shape[1], device=output.device) < lengths[:, None]
    return (output * real[:, :, None]).sum(1) / lengths[:, None]


def weighted_sum(output: Any, scores: Any, lengths: Any) -> Any:
    """For `attention_pool`."""
    padding = torch.arange(scores.shape[1], device=scores.device) >= lengths[:, None]
    weights = scores.masked_fill(padding, -torch.inf).softmax(1)
    return (weights[:, :, None] * output).sum(1), weights
