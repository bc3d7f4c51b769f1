"""Plain; later functions use earlier ones."""
import torch
from torch import nn


def global_norm(grads):
    total = None
    for g in grads:
        if g is None:
            continue
        s = (g * g).sum()
        total = s if total is None else total + s
    if total is None:
        return torch.zeros(())
    return torch.sqrt(total)


def clip_by_norm(grads, max_norm):
    grads = list(grads)
    norm = global_norm(grads)
    factor = torch.clamp(max_norm / (norm + 1e-6), max=1.0)
    clipped = []
    for g in grads:
        if g is None:
            clipped.append(None)
        else:
            clipped.append(g * factor)
    return clipped, norm


def clip_by_value(grads, limit):
    return [g if g is None or g.abs().max() <= limit else torch.clamp(g, -limit, limit) for g in grads]


def clip_model_(model, max_norm):
    params = [p for p in model.parameters() if p.grad is not None]
    norm = global_norm(p.grad for p in params)
    factor = min(1.0, max_norm / (float(norm) + 1e-6))
    with torch.no_grad():
        for p in params:
            p.grad.data = p.grad * factor
    return norm


def norms_around_clipping(model, x, y, loss_fn, max_norm):
    model.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    before = clip_model_(model, max_norm)
    after = global_norm(p.grad for p in model.parameters())
    return float(before), float(after)


def detach_state(state):
    if state is None:
        return None
    if isinstance(state, tuple):
        return tuple(detach_state(s) for s in state)
    if isinstance(state, list):
        return [detach_state(s) for s in state]
    return state.detach()


def training_step(model, x, y, loss_fn, optimizer, max_norm):
    optimizer.zero_grad()
    out = model(x)
    if isinstance(out, tuple):
        out = out[0]
    loss = loss_fn(out, y)
    loss.backward()
    norm = clip_model_(model, max_norm)
    optimizer.step()
    return {"loss": loss.item(), "norm": float(norm)}


def tbptt(model, x, y, loss_fn, optimizer, chunk, max_norm):
    model.train()
    losses = []
    state = None
    for start in range(0, x.shape[1], chunk):
        xs = x[:, start:start + chunk]
        ys = y[:, start:start + chunk]
        state = detach_state(state)
        optimizer.zero_grad()
        out, state = model(xs, state)
        loss = loss_fn(out, ys)
        loss.backward()
        clip_model_(model, max_norm)
        optimizer.step()
        losses.append(loss.item())
    return losses


def train_classifier(model, loader, loss_fn, optimizer, epochs, max_norm=5.0):
    history = []
    model.train()
    for _ in range(epochs):
        total, right, count = 0.0, 0, 0
        for x, y in loader:
            optimizer.zero_grad()
            out = model(x)
            logits = out[0] if isinstance(out, tuple) else out
            loss = loss_fn(logits, y)
            loss.backward()
            clip_model_(model, max_norm)
            optimizer.step()
            total += loss.item() * len(y)
            right += (logits.argmax(dim=1) == y).sum().item()
            count += len(y)
        history.append({"loss": total / count, "accuracy": right / count})
    return history


def evaluate(model, loader, loss_fn):
    modes = {m: m.training for m in model.modules()}
    model.eval()
    total, right, count = 0.0, 0, 0
    try:
        with torch.no_grad():
            for x, y in loader:
                out = model(x)
                logits = out[0] if isinstance(out, tuple) else out
                total += loss_fn(logits, y).item() * len(y)
                right += (logits.argmax(dim=1) == y).sum().item()
                count += len(y)
    finally:
        for m, mode in modes.items():
            m.training = mode
    return {"loss": total / count, "accuracy": right / count}
