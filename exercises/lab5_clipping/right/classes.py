"""Everything in classes."""
from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field

import torch


class Gradients:
    def __init__(self, grads):
        self.items = []
        for g in grads:
            self.items.append(g)

    def squares(self):
        for g in self.items:
            if g is not None:
                yield g.pow(2).sum()

    def norm(self):
        squares = list(self.squares())
        if not squares:
            return torch.zeros(size=())
        return torch.stack(squares).sum().sqrt()

    def map(self, f):
        return [f(g) if g is not None else None for g in self.items]


def global_norm(grads):
    return Gradients(grads).norm()


def clip_by_norm(grads, max_norm):
    gradients = Gradients(grads)
    norm = gradients.norm()
    factor = min(1.0, max_norm / (norm + 1e-6))
    return gradients.map(lambda g: factor * g), norm


def clip_by_value(grads, limit):
    return Gradients(grads).map(lambda g: g.clamp(min=-limit, max=limit))


def clip_model_(model, max_norm):
    gradients = Gradients(p.grad for p in model.parameters())
    with torch.no_grad():
        clipped, norm = clip_by_norm(gradients.items, max_norm)
        for old, new in zip(gradients.items, clipped):
            if old is not None:
                old.copy_(new)
    return norm


@dataclass
class Step:
    loss: float = 0.0
    norm: float = 0.0


@dataclass
class Mean:
    loss: float = 0.0
    accuracy: float = 0.0
    n: int = field(default=0)

    def add(self, loss, logits, y):
        k = y.size(0)
        self.n += k
        # running mean
        self.loss += (float(loss) - self.loss) * k / self.n
        share = (logits.argmax(dim=-1) == y).double().mean().item()
        self.accuracy += (share - self.accuracy) * k / self.n

    def result(self):
        d = asdict(self)
        del d["n"]
        return d


class Trainer:
    def __init__(self, model, loss_fn, optimizer=None, max_norm=math.inf):
        self.model, self.loss_fn, self.optimizer, self.max_norm = model, loss_fn, optimizer, max_norm

    def forward(self, x):
        out = self.model(x)
        return out[0] if isinstance(out, (tuple, list)) else out

    def backward(self, loss):
        self.model.zero_grad()
        loss.backward()
        norm = clip_model_(self.model, self.max_norm)
        if self.optimizer is not None:
            self.optimizer.step()
        return float(norm)

    def step(self, x, y):
        logits = self.forward(x)
        loss = self.loss_fn(logits, y)
        norm = self.backward(loss)
        return logits, loss.item(), norm


def norms_around_clipping(model, x, y, loss_fn, max_norm):
    before = Trainer(model, loss_fn, None, max_norm).step(x, y)[2]
    after = clip_model_(model, math.inf)
    return before, float(after)


class Detacher:
    def __call__(self, s):
        handler = getattr(self, "on_" + type(s).__name__, self.on_Tensor)
        return handler(s)

    def on_NoneType(self, s):
        return None

    def on_tuple(self, s):
        return tuple(self(v) for v in s)

    def on_list(self, s):
        return list(self(v) for v in s)

    def on_Tensor(self, s):
        return s.detach()


detach_state = Detacher().__call__


def training_step(model, x, y, loss_fn, optimizer, max_norm):
    _, loss, norm = Trainer(model, loss_fn, optimizer, max_norm).step(x, y)
    return asdict(Step(loss, norm))


def tbptt(model, x, y, loss_fn, optimizer, chunk, max_norm):
    trainer = Trainer(model, loss_fn, optimizer, max_norm)
    state, losses = None, []
    number = math.ceil(x.shape[1] / chunk)
    for k in range(number):
        window = slice(k * chunk, min((k + 1) * chunk, x.shape[1]))
        out, state = model(x[:, window], state)
        loss = loss_fn(out, y[:, window])
        trainer.backward(loss)
        state = detach_state(state)
        losses.append(loss.detach().cpu().item())
    return losses


def train_classifier(model, loader, loss_fn, optimizer, epochs, max_norm=5.0):
    trainer = Trainer(model, loss_fn, optimizer, max_norm)
    history = []
    epoch = 0
    while epoch < epochs:
        model.train()
        mean = Mean()
        for x, y in loader:
            logits, loss, _ = trainer.step(x, y)
            mean.add(loss, logits, y)
        history.append(mean.result())
        epoch += 1
    return history


class Evaluation:
    def __init__(self, model):
        self.model = model

    def __enter__(self):
        self.modes = {id(m): m.training for m in self.model.modules()}
        self.model.eval()
        self.grad = torch.no_grad()
        self.grad.__enter__()

    def __exit__(self, *error):
        self.grad.__exit__(*error)
        for m in self.model.modules():
            m.training = self.modes[id(m)]


def evaluate(model, loader, loss_fn):
    trainer = Trainer(model, loss_fn)
    mean = Mean()
    with Evaluation(model):
        for x, y in loader:
            logits = trainer.forward(x)
            mean.add(loss_fn(logits, y), logits, y)
    return mean.result()
