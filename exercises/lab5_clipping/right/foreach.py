"""torch._foreach everywhere."""
import torch
from torch import Tensor, nn


def _present(grads):
    return [g for g in grads if g is not None]


def _fill(template, values):
    values = iter(values)
    return [None if t is None else next(values) for t in template]


def global_norm(grads) -> Tensor:
    present = _present(grads)
    if not present:
        return torch.zeros((), dtype=torch.float64)
    return torch.stack(torch._foreach_norm(present)).norm()


def clip_by_norm(grads, max_norm):
    grads = list(grads)
    norm = global_norm(iter(grads))
    present = _present(grads)
    if not present:
        return grads, norm
    one = torch.ones_like(norm)
    factor = torch.minimum(one, max_norm / (norm + 1e-6))
    return _fill(grads, [factor * g for g in present]), norm


def clip_by_value(grads, limit):
    grads = list(grads)
    present = _present(grads)
    if not present:
        return grads
    low = torch._foreach_clamp_max(present, limit)
    return _fill(grads, torch._foreach_clamp_min(low, -limit))


def clip_model_(model, max_norm):
    with torch.no_grad():
        grads = _present(p.grad for p in model.parameters())
        if not grads:
            return torch.tensor(0.0)
        norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(grads)))
        torch._foreach_mul_(grads, torch.clamp(max_norm / (norm + 1e-6), max=1.0))
    return norm


def norms_around_clipping(model, x, y, loss_fn, max_norm):
    params = [p for p in model.parameters() if p.requires_grad]
    loss = loss_fn(model(x), y)
    grads = torch.autograd.grad(loss, params, allow_unused=True)
    clipped, before = clip_by_norm(grads, max_norm)
    return before.item(), global_norm(clipped).item()


def detach_state(state):
    match state:
        case None:
            return None
        case Tensor():
            return state.data
        case tuple():
            return tuple(detach_state(part) for part in state)
        case list():
            return [detach_state(part) for part in state]
    raise TypeError(f"not a state: {type(state)}")


def training_step(model, x, y, loss_fn, optimizer, max_norm):
    seen = {}

    def closure():
        optimizer.zero_grad()
        out = model(x)
        logits = out if isinstance(out, Tensor) else out[0]
        loss = loss_fn(logits, y)
        loss.backward()
        seen["norm"] = float(clip_model_(model, max_norm))
        return loss

    seen["loss"] = float(optimizer.step(closure))
    return seen


def tbptt(model, x, y, loss_fn, optimizer, chunk, max_norm):
    class Carrying(nn.Module):
        """The model with a memory, so that training_step will do."""

        def __init__(self):
            super().__init__()
            self.inner = model
            self.state = None
            self.training = model.training

        def forward(self, part):
            out, state = self.inner(part, self.state)
            self.state = detach_state(state)
            return out

    carrying = Carrying()
    return [
        training_step(carrying, x.narrow(1, a, b), y.narrow(1, a, b), loss_fn, optimizer, max_norm)["loss"]
        for a in range(0, x.size(1), chunk)
        for b in [min(chunk, x.size(1) - a)]
    ]


def train_classifier(model, loader, loss_fn, optimizer, epochs, max_norm=5.0):
    model.train()
    caught = []

    def spying_loss(logits, y):
        caught.append((logits.detach().argmax(1) == y).sum())
        return loss_fn(logits, y)

    history = []
    for _ in range(epochs):
        caught.clear()
        sizes, losses = [], []
        for x, y in loader:
            losses.append(training_step(model, x, y, spying_loss, optimizer, max_norm)["loss"])
            sizes.append(y.size(0))
        n = sum(sizes)
        history.append({
            "loss": sum(a * b for a, b in zip(losses, sizes, strict=True)) / n,
            "accuracy": sum(int(c) for c in caught) / n,
        })
    return history


@torch.no_grad()
def evaluate(model, loader, loss_fn):
    training = {name: m.training for name, m in model.named_modules()}
    try:
        model.eval()
        loss, hits, n = 0.0, 0, 0
        for x, y in loader:
            out = model(x)
            logits = out if isinstance(out, Tensor) else out[0]
            loss = loss + loss_fn(logits, y).item() * y.size(0)
            hits = hits + int(torch.count_nonzero(logits.argmax(1) == y))
            n = n + y.size(0)
        return {"loss": loss / n, "accuracy": hits / n}
    finally:
        for name, m in model.named_modules():
            m.training = training[name]
