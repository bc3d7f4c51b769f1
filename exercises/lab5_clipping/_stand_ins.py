"""What takes the place of a wrong function while later exercises are judged; each text travels."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils._pytree import tree_map


def norm_of_all(grads: Any) -> Any:
    """For `global_norm`."""
    norms = [torch.linalg.vector_norm(g) for g in grads if g is not None]
    return torch.linalg.vector_norm(torch.stack(norms)) if norms else torch.zeros(())


def scaled_list(grads: Any, max_norm: float) -> Any:
    """For `clip_by_norm`."""
    grads = list(grads)
    norm = norm_of_all(grads)
    factor = torch.clamp(max_norm / (norm + 1e-6), max=1.0)
    return [None if g is None else g * factor for g in grads], norm


def held_list(grads: Any, limit: float) -> Any:
    """For `clip_by_value`."""
    return [None if g is None else g.clamp(-limit, limit) for g in grads]


def with_torch(model: Any, max_norm: float) -> Any:
    """For `clip_model_`."""
    return torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)


def cut_state(state: Any) -> Any:
    """For `detach_state`."""
    return tree_map(lambda part: None if part is None else part.detach(), state)


def one_step(model: Any, x: Any, y: Any, loss_fn: Any, optimizer: Any, max_norm: float) -> Any:
    """For `training_step`."""
    optimizer.zero_grad()
    output = model(x)
    loss = loss_fn(output[0] if isinstance(output, tuple) else output, y)
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return {"loss": loss.item(), "norm": float(norm)}
