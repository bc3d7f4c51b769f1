import copy

import numpy as np
import torch
from torch import nn


# %%
def global_norm(grads):
    total = 0.0
    for g in grads:
        if g is None:
            continue
        total = total + torch.einsum("i,i->", g.reshape(-1), g.reshape(-1))
    return torch.as_tensor(total) ** 0.5


# %%
def clip_by_norm(grads, max_norm):
    kept = tuple(grads)
    norm = global_norm(kept)
    divisor = torch.maximum((norm + 1e-6) / max_norm, torch.ones_like(norm))
    return tuple(None if g is None else torch.div(g, divisor) for g in kept), norm


# %%
def clip_by_value(grads, limit):
    return [
        None if g is None else torch.nn.functional.hardtanh(g, -limit, limit) for g in list(grads)
    ]


# %%
@torch.no_grad()
def clip_model_(model, max_norm):
    owned = dict.fromkeys(p for m in model.modules() for p in m.parameters(recurse=False))
    grads = [p.grad for p in owned if p.grad is not None]
    norms = [torch.linalg.vector_norm(g) for g in grads]
    norm = torch.linalg.vector_norm(torch.stack(norms)) if norms else torch.tensor(0.0)
    for g in grads:
        g.copy_(g * torch.clamp(max_norm / (norm + 1e-6), max=1.0))
    return norm


# %%
def norms_around_clipping(model, x, y, loss_fn, max_norm):
    other = copy.deepcopy(model)
    torch.optim.SGD(other.parameters(), lr=0.1).zero_grad(set_to_none=False)
    loss_fn(other(x), y).backward()
    norm = float(clip_model_(other, max_norm))
    grads = [p.grad for p in other.parameters() if p.grad is not None]
    return norm, float(np.sqrt(sum(float((g**2).sum()) for g in grads)))


# %%
@torch.no_grad()
def detach_state(state):
    match state:
        case tuple():
            return tuple(map(detach_state, state))
        case list():
            return list(map(detach_state, state))
        case None:
            return None
    return state.clone()


# %%
def training_step(model, x, y, loss_fn, optimizer, max_norm):
    for p in model.parameters():
        p.grad = None
    first = model(x)
    loss = loss_fn(first[0] if type(first) is tuple else first, y)
    loss.backward()
    norm = clip_model_(model, max_norm)
    optimizer.step()
    optimizer.zero_grad()
    return {"loss": loss.item(), "norm": norm.item()}


# %%
class Carrying(nn.Module):
    """A model with a memory: called with inputs alone it goes on from its last state."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner
        self.state = None

    def forward(self, x):
        out, state = self.inner(x, self.state)
        self.state = detach_state(state)
        return out


def tbptt(model, x, y, loss_fn, optimizer, chunk, max_norm):
    carrying = Carrying(model)
    starts = range(0, x.size(1), chunk)
    parts = [
        (x.narrow(1, t, n), y.narrow(1, t, n)) for t in starts for n in [min(chunk, x.size(1) - t)]
    ]
    return [training_step(carrying, a, b, loss_fn, optimizer, max_norm)["loss"] for a, b in parts]


# %%
def train_classifier(model, loader, loss_fn, optimizer, epochs, max_norm=5.0):
    model.train()
    seen = []
    handle = model.register_forward_hook(lambda module, args, output: seen.append(output))
    history = []
    for _ in range(epochs):
        loss = accuracy = n = 0.0
        for x, y in loader:
            seen.clear()
            step = training_step(model, x, y, loss_fn, optimizer, max_norm)
            logits = seen[0][0] if isinstance(seen[0], tuple) else seen[0]
            answers = logits.topk(1, dim=1).indices[:, 0]
            n += len(y)
            loss += (step["loss"] - loss) * len(y) / n
            accuracy += ((answers == y).double().mean().item() - accuracy) * len(y) / n
        history.append({"loss": loss, "accuracy": accuracy})
    handle.remove()
    return history


# %%
def evaluate(model, loader, loss_fn):
    twin = copy.deepcopy(model).eval()
    with torch.no_grad():
        pairs = [(twin(x), y) for x, y in loader]
    logits = torch.cat([out[0] if isinstance(out, tuple) else out for out, _ in pairs])
    labels = torch.cat([y for _, y in pairs])
    right = torch.count_nonzero(logits.argmax(dim=-1) == labels)
    return {"loss": loss_fn(logits, labels).item(), "accuracy": int(right) / len(labels)}
