# every exercise stands alone; linalg
import math

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import clip_grad_norm_


def global_norm(gs):
    gs = [g for g in gs if g is not None]
    if len(gs) == 0:
        return torch.tensor(0)
    return torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(g) for g in gs]))


def clip_by_norm(gs, m):
    gs = tuple(gs)
    have = [g for g in gs if g is not None]
    if not have:
        return [None for _ in gs], torch.tensor(0.0)
    norm = sum((g ** 2).sum() for g in have) ** 0.5
    if m / (norm + 1e-6) < 1:
        return [None if g is None else m * g / (norm + 1e-6) for g in gs], norm
    return [None if g is None else g.clone() for g in gs], norm


def clip_by_value(gs, lim):
    res = []
    for g in gs:
        if g is None:
            res.append(g)
            continue
        g = torch.where(g > lim, torch.full_like(g, lim), g)
        g = torch.where(g < -lim, torch.full_like(g, -lim), g)
        res.append(g)
    return res


@torch.no_grad()
def clip_model_(net, m):
    sq = 0.0
    for p in net.parameters():
        if p.grad is not None:
            sq += (p.grad.double() ** 2).sum().item()
    norm = math.sqrt(sq)
    scale = m / (norm + 1e-6)
    if scale < 1:
        for p in net.parameters():
            if p.grad is not None:
                p.grad *= scale
    return norm


def norms_around_clipping(net, inputs, targets, criterion, m):
    for p in net.parameters():
        p.grad = None
    criterion(net(inputs), targets).backward()
    before = clip_grad_norm_(net.parameters(), m).item()
    after = clip_grad_norm_(net.parameters(), float("inf")).item()
    net.zero_grad(set_to_none=True)
    return before, after


def detach_state(s):
    if torch.is_tensor(s):
        return s.detach().clone()
    elif isinstance(s, (list, tuple)):
        return type(s)(map(detach_state, s))
    else:
        return s


def training_step(net, inputs, targets, criterion, opt, m):
    opt.zero_grad(set_to_none=False)
    result = net(inputs)
    try:
        logits, _ = result if type(result) is tuple else (result, None)
    finally:
        pass
    loss = criterion(logits, targets)
    loss.backward()
    norm = clip_grad_norm_(net.parameters(), m)
    opt.step()
    return dict(norm=norm.item(), loss=loss.item())


def tbptt(net, inputs, targets, criterion, opt, k, m):
    hidden, out = None, []
    for xs, ys in zip(inputs.split(k, dim=1), targets.split(k, dim=1)):
        net.zero_grad()
        pred, hidden = net(xs, hidden)
        loss = criterion(pred, ys)
        loss.backward()
        clip_grad_norm_(net.parameters(), m)
        opt.step()
        hidden = detach_state(hidden)
        out.append(float(loss))
    return out


def train_classifier(net, batches, criterion, opt, n, m=5.0):
    hist = []
    for e in range(n):
        net.train()
        losses = []
        hits = []
        for xb, yb in batches:
            net.zero_grad()
            o = net(xb)
            if not torch.is_tensor(o):
                o = o[0]
            l = criterion(o, yb)
            l.backward()
            clip_grad_norm_(net.parameters(), m)
            opt.step()
            losses += [float(l)] * yb.shape[0]
            hits += (o.max(1)[1] == yb).tolist()
        hist.append({"accuracy": sum(hits) / len(hits), "loss": sum(losses) / len(losses)})
    return hist


def evaluate(net, batches, criterion):
    was = [(m, m.training) for m in net.modules()]
    old = torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    try:
        net.eval()
        tot = torch.zeros((), dtype=torch.float64)
        ok = torch.zeros((), dtype=torch.int64)
        n = 0
        for xb, yb in batches:
            o = net(xb)
            o = o if isinstance(o, torch.Tensor) else o[0]
            tot = tot + criterion(o, yb) * yb.numel()
            ok = ok + o.argmax(-1).eq(yb).sum()
            n += yb.numel()
        return {"loss": (tot / n).item(), "accuracy": ok.item() / n}
    finally:
        torch.set_grad_enabled(old)
        for m, t in was:
            m.train(t) if not list(m.children()) else setattr(m, "training", t)
