# torch.autograd.grad instead of backward; hooks; parameters listed once
import copy

import torch
from torch.utils._pytree import tree_map


def global_norm(grads):
    out = 0
    for g in (g for g in grads if g is not None):
        out = out + torch.sum(torch.square(g))
    return torch.sqrt(torch.as_tensor(out, dtype=None if torch.is_tensor(out) else torch.float32))


def clip_by_norm(grads, max_norm):
    saved, clipped = [], []
    total = torch.tensor(0.0)
    for g in grads:
        saved.append(g)
        if g is not None:
            total = total.to(g) + torch.einsum("i,i->", g.flatten(), g.flatten())
    norm = total.sqrt()
    quotient = max_norm / (norm + 1e-6)
    scale = torch.where(quotient < 1, quotient, torch.ones_like(quotient))
    for g in saved:
        clipped.append(torch.mul(g, scale) if g is not None else None)
    return clipped, norm


def clip_by_value(grads, limit):
    return [
        torch.maximum(torch.minimum(g, g.new_tensor(limit)), g.new_tensor(-limit)) if torch.is_tensor(g) else None
        for g in grads
    ]


def clip_model_(model, max_norm):
    with torch.no_grad():
        grads = [p.grad for p in model.parameters() if p.grad is not None]
        norm = torch.sqrt(sum(torch.sum(g * g) for g in grads)) if grads else torch.zeros(())
        if norm + 1e-6 > max_norm:
            for g in grads:
                g.mul_(max_norm).div_(norm + 1e-6)
    return norm


def _gradients(model, loss):
    named = {n: p for n, p in model.named_parameters() if p.requires_grad}
    grads = torch.autograd.grad(loss, list(named.values()), allow_unused=True)
    return dict(zip(named, grads))


def norms_around_clipping(model, x, y, loss_fn, max_norm):
    twin = copy.deepcopy(model)
    twin.zero_grad()
    loss_fn(twin(x), y).backward()
    before = clip_model_(twin, max_norm)
    after = clip_model_(twin, max_norm)
    return before.item(), after.item()


def detach_state(state):
    return tree_map(lambda s: s.detach() if torch.is_tensor(s) else s, state)


def _step(model, loss, optimizer, max_norm):
    grads = _gradients(model, loss)
    clipped, norm = clip_by_norm(grads.values(), max_norm)
    for (name, p), g in zip([(n, p) for n, p in model.named_parameters() if p.requires_grad], clipped):
        p.grad = g
    optimizer.step()
    return norm


def training_step(model, x, y, loss_fn, optimizer, max_norm):
    out = model(x)
    loss = loss_fn(out[0] if type(out) == tuple else out, y)
    norm = _step(model, loss, optimizer, max_norm)
    return {"loss": float(loss.detach()), "norm": float(norm)}


def tbptt(model, x, y, loss_fn, optimizer, chunk, max_norm):
    edges = list(range(0, x.shape[1], chunk)) + [x.shape[1]]
    state = None
    losses = []
    for a, b in zip(edges[:-1], edges[1:]):
        out, state = model(x[:, a:b, ...], detach_state(state))
        loss = loss_fn(out, y[:, a:b, ...])
        _step(model, loss, optimizer, max_norm)
        losses.append(loss.item())
    return losses


def train_classifier(model, loader, loss_fn, optimizer, epochs, max_norm=5.0):
    history = []
    outputs = []
    handle = model.register_forward_hook(lambda mod, args, out: outputs.append(out))
    try:
        model.train()
        for _ in range(epochs):
            stats = torch.zeros(3, dtype=torch.float64)
            for x, y in loader:
                outputs.clear()
                step = training_step(model, x, y, loss_fn, optimizer, max_norm)
                out = outputs[-1][0] if isinstance(outputs[-1], tuple) else outputs[-1]
                values, places = out.topk(1, dim=1)
                stats += torch.tensor([step["loss"] * len(y), (places[:, 0] == y).sum(), len(y)], dtype=torch.float64)
            history.append({"loss": float(stats[0] / stats[2]), "accuracy": float(stats[1] / stats[2])})
    finally:
        handle.remove()
    return history


def evaluate(model, loader, loss_fn):
    modes = {}
    for name, module in model.named_modules():
        modes[name] = module.training
    model.eval()
    all_logits, all_y, losses = [], [], []
    for x, y in loader:
        with torch.no_grad():
            out = model(x)
            logits = out[0] if isinstance(out, tuple) else out
            losses.extend([loss_fn(logits, y)] * len(y))
            all_logits.append(logits)
            all_y.append(y)
    for name, mode in modes.items():
        model.get_submodule(name).training = mode
    predicted = torch.cat(all_logits).argmax(dim=1)
    return {
        "loss": torch.stack(losses).double().mean().item(),
        "accuracy": (predicted == torch.cat(all_y)).double().mean().item(),
    }
