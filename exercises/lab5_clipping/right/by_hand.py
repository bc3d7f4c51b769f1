# accumulates on the device; typed; verbose; counts by hand
from __future__ import annotations
from typing import Any, Iterable, Optional
import torch
from torch import Tensor, nn

EPS: float = 1e-6


def _as_list(grads: Iterable[Optional[Tensor]]) -> list[Optional[Tensor]]:
    out: list[Optional[Tensor]] = []
    out.extend(grads)
    return out


def global_norm(grads: Iterable[Optional[Tensor]]) -> Tensor:
    norms = [torch.norm(g.flatten(), 2) for g in grads if g is not None]
    if norms == []:
        return torch.tensor(0.0)
    return torch.norm(torch.stack(norms), 2)


def clip_by_norm(grads, max_norm):
    grads = _as_list(grads)
    norm = global_norm(grads)
    ratio = max_norm / (norm + EPS)
    if bool(ratio < 1.0):
        factor = ratio
    else:
        factor = 1.0
    clipped: list[Optional[Tensor]] = [None] * len(grads)
    for i, g in enumerate(grads):
        if g is not None:
            clipped[i] = g.mul(factor)
    return (clipped, norm)


def clip_by_value(grads, limit):
    clipped = []
    for g in grads:
        if g is not None:
            g = g.clone()
            too_large = g > limit
            too_small = g < -limit
            g = g.masked_fill(too_large, limit)
            g = g.masked_fill(too_small, -limit)
        clipped.append(g)
    return clipped


def clip_model_(model: nn.Module, max_norm: float) -> Tensor:
    norm = global_norm(p.grad for p in model.parameters())
    if norm > max_norm - EPS:
        for p in model.parameters():
            if p.grad is not None:
                p.grad.data.mul_(max_norm / (norm.item() + EPS))
    return norm


def norms_around_clipping(model, x, y, loss_fn, max_norm):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    optimizer.zero_grad()
    output = model(x)
    loss = loss_fn(output, y)
    loss.backward()
    before = global_norm([p.grad for p in model.parameters()]).item()
    clip_model_(model, max_norm)
    after = global_norm([p.grad for p in model.parameters()]).item()
    optimizer.zero_grad()
    return before, after


def detach_state(state: Any) -> Any:
    # without recursion: an explicit work list
    if state is None or isinstance(state, Tensor):
        with torch.no_grad():
            return None if state is None else state.clone()
    result: list = []
    work = [(state, result)]
    order = []
    while work:
        source, target = work.pop()
        for i, part in enumerate(source):
            if isinstance(part, (tuple, list)):
                inner: list = []
                target.append(inner)
                work.append((part, inner))
                if isinstance(part, tuple):
                    order.append((target, i))
            else:
                target.append(None if part is None else part.detach())
    for target, i in reversed(order):
        target[i] = tuple(target[i])
    return tuple(result) if isinstance(state, tuple) else result


def training_step(model, x, y, loss_fn, optimizer, max_norm):
    for group in optimizer.param_groups:
        for p in group["params"]:
            p.grad = None
    out = model(x)
    logits = out[0] if isinstance(out, (list, tuple)) else out
    loss: Tensor = loss_fn(logits, y)
    torch.autograd.backward(loss)
    norm = nn.utils.clip_grad_norm_(model.parameters(), max_norm, norm_type=2.0)
    optimizer.step()
    report = {}
    report["loss"] = loss.detach().item()
    report["norm"] = norm.detach().item()
    return report


def tbptt(model, x, y, loss_fn, optimizer, chunk, max_norm):
    T = x.shape[1]
    losses: list[Tensor] = []
    state = None
    t = 0
    while True:
        end = t + chunk if t + chunk < T else T
        if isinstance(state, Tensor):
            state = state.detach()
        elif state is not None:
            state = tuple(part.detach() for part in state)
        out, state = model(x[:, t:end], state)
        loss = loss_fn(out, y[:, t:end])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        losses.append(loss.detach())
        t = end
        if t >= T:
            break
    return torch.stack(losses).tolist()


def train_classifier(model, loader, loss_fn, optimizer, epochs, max_norm=5.0):
    reports = []
    for epoch in range(1, epochs + 1):
        model.train()
        loss_sum = None
        hit_sum = None
        seen = 0
        for batch in loader:
            x, y = batch[0], batch[1]
            out = model(x)
            logits = out[0] if isinstance(out, (list, tuple)) else out
            loss = loss_fn(logits, y)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            optimizer.step()
            with torch.no_grad():
                part = loss * y.shape[0]
                hits = (logits.argsort(dim=1, descending=True)[:, 0] == y).sum()
            loss_sum = part if loss_sum is None else loss_sum + part
            hit_sum = hits if hit_sum is None else hit_sum + hits
            seen += y.shape[0]
        reports.append({"loss": (loss_sum / seen).item(), "accuracy": (hit_sum / seen).item()})
    return reports


def evaluate(model, loader, loss_fn):
    flags = [module.training for module in model.modules()]
    grad_before = torch.is_grad_enabled()
    model.eval()
    torch.set_grad_enabled(False)
    loss_sum = 0.0
    hits = 0
    seen = 0
    for x, y in loader:
        out = model(x)
        logits = out[0] if isinstance(out, (list, tuple)) else out
        loss_sum += loss_fn(logits, y).item() * x.shape[0]
        for row, label in zip(logits.tolist(), y.tolist()):
            if row.index(max(row)) == label:
                hits += 1
        seen += x.shape[0]
    torch.set_grad_enabled(grad_before)
    for module, flag in zip(model.modules(), flags):
        module.training = flag
    return {"loss": loss_sum / seen, "accuracy": hits / seen}
