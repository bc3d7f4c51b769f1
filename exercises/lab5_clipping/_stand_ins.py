"""What takes the place of a wrong training step while later exercises are judged; it travels."""

from __future__ import annotations

from typing import Any

import torch


def one_step(model: Any, x: Any, y: Any, loss_fn: Any, optimizer: Any, max_norm: float) -> Any:
    """For `training_step`."""
    optimizer.zero_grad()
    output = model(x)
    loss = loss_fn(output[0] if isinstance(output, tuple) else output, y)
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return {"loss": loss.item(), "norm": float(norm)}
