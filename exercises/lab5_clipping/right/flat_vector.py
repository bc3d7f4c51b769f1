import itertools
import statistics
from contextlib import contextmanager

import torch
from torch.nn.utils import parameters_to_vector


def flat(tensors):
    tensors = [t.reshape(-1) for t in tensors if t is not None]
    return torch.cat(tensors) if tensors else None


def global_norm(grads):
    v = flat(grads)
    return torch.tensor(0.0) if v is None else torch.dot(v, v).sqrt()


def clip_by_norm(grads, max_norm):
    grads = [*grads]
    v = flat(grads)
    if v is None:
        return [None] * len(grads), torch.tensor(0.0)
    norm = v.norm(p=2)
    v = v * torch.clip(max_norm / (norm + 1e-6), 0, 1)
    out, at = [], 0
    for g in grads:
        if g is None:
            out.append(None)
        else:
            out.append(v[at:at + g.numel()].view(g.shape))
            at += g.numel()
    return out, norm


def clip_by_value(grads, limit):
    def one(g):
        if g is None:
            return None
        return g.clip(min=-limit).clip(max=limit)

    return list(map(one, grads))


def clip_model_(model, max_norm):
    owners = [p for p in model.parameters() if p.grad is not None]
    if not owners:
        return torch.tensor(0.0)
    norm = parameters_to_vector([p.grad.contiguous() for p in owners]).norm()
    coefficient = (max_norm / (norm + 1e-6)).clamp(max=1)
    for p in owners:
        p.grad.detach().mul_(coefficient)
    return norm


def _norm(model):
    return clip_by_norm([p.grad for p in model.parameters()], 1.0)[1].item()


def norms_around_clipping(model, x, y, loss_fn, max_norm):
    model.zero_grad(set_to_none=False)
    loss_fn(model(x), y).backward()
    before = _norm(model)
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    return before, _norm(model)


def detach_state(state):
    kinds = {tuple: tuple, list: list}
    if type(state) in kinds:
        return kinds[type(state)](detach_state(s) for s in state)
    return state if state is None else state.detach()


@contextmanager
def update(optimizer, model, max_norm):
    optimizer.zero_grad()
    norms = []
    yield norms
    norms.append(clip_model_(model, max_norm))
    optimizer.step()


def logits_of(out):
    while isinstance(out, tuple):
        out = out[0]
    return out


def training_step(model, x, y, loss_fn, optimizer, max_norm):
    with update(optimizer, model, max_norm) as norms:
        loss = loss_fn(logits_of(model(x)), y)
        loss.backward()
    return {"loss": loss.tolist(), "norm": float(norms[0])}


def chunks(x, y, chunk):
    t = 0
    while t < x.shape[1]:
        yield x[:, t:t + chunk], y[:, t:t + chunk]
        t += chunk


def tbptt(model, x, y, loss_fn, optimizer, chunk, max_norm):
    def run():
        state = None
        for a, b in chunks(x, y, chunk):
            with update(optimizer, model, max_norm):
                out, new = model(a, detach_state(state))
                loss = loss_fn(out, b)
                loss.backward()
            state = new
            yield loss.item()

    return list(run())


def train_classifier(model, loader, loss_fn, optimizer, epochs, max_norm=5.0):
    def epoch():
        records = []
        for x, y in loader:
            with update(optimizer, model, max_norm):
                logits = logits_of(model(x))
                loss = loss_fn(logits, y)
                loss.backward()
            hits = (torch.softmax(logits, -1).argmax(-1) == y).float()
            records.append((loss.item(), hits.mean().item(), float(y.numel())))
        ls, hs, ns = zip(*records)
        return {
            "loss": statistics.fmean(ls, weights=ns),
            "accuracy": statistics.fmean(hs, weights=ns),
        }

    model.train(True)
    return [epoch() for _ in itertools.repeat(None, epochs)]


@contextmanager
def looking(model):
    before = [m.training for m in model.modules()]
    model.train(False)
    with torch.inference_mode():
        try:
            yield
        finally:
            for m, flag in zip(model.modules(), before):
                m.training = flag


def evaluate(model, loader, loss_fn):
    with looking(model):
        rows = [(logits_of(model(x)), y) for x, y in loader]
        n = sum(len(y) for _, y in rows)
        return {
            "loss": sum(loss_fn(o, y).item() * len(y) for o, y in rows) / n,
            "accuracy": sum((o.argmax(1) == y).sum().item() for o, y in rows) / n,
        }
