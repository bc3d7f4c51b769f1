import contextlib
import functools

import numpy as np
import torch


# %%
def global_norm(grads):
    norms = [torch.linalg.norm(g.reshape(-1), ord=2) for g in grads if torch.is_tensor(g)]
    return functools.reduce(torch.hypot, norms) if norms else torch.tensor(0)


# %%
def clip_by_norm(grads, max_norm):
    grads = list(grads)
    norm = global_norm(grads)
    scale = (max_norm / (norm + 1e-6)).clamp(max=1.0)
    return [None if g is None else g * scale for g in grads], norm


# %%
def clip_model_(model, max_norm):
    parameters = list(model.parameters())
    clipped_grads, norm = clip_by_norm((p.grad for p in parameters), max_norm)
    for p, g in zip(parameters, clipped_grads, strict=True):
        if g is not None:
            p.grad.set_(g)
    return norm


# %%
def detach_state(state):
    if isinstance(state, torch.Tensor):
        return state.detach()
    return state if state is None else type(state)(map(detach_state, state))


# %%
def tbptt(model, x, y, loss_fn, optimizer, chunk, max_norm, state=None):
    if x.shape[1] == 0:
        return []
    for p in model.parameters():
        p.grad = None
    out, state = model(x[:, :chunk], state)
    loss = loss_fn(out, y[:, :chunk])
    loss.backward()
    clip_model_(model, max_norm)
    optimizer.step()
    rest = x[:, chunk:], y[:, chunk:], loss_fn, optimizer, chunk, max_norm
    return [loss.tolist(), *tbptt(model, *rest, detach_state(state))]


# %%
def train_classifier(model, loader, loss_fn, optimizer, epochs, max_norm=5.0):
    def step(x, y):
        output = model.train()(x)
        logits = output[0] if isinstance(output, tuple) else output
        loss = loss_fn(logits, y)
        parameters = [p for p in model.parameters() if p.requires_grad]
        grads = torch.autograd.grad(loss, parameters, allow_unused=True)
        for p, g in zip(parameters, grads, strict=True):
            p.grad = g
        clip_model_(model, max_norm)
        optimizer.step()
        return torch.stack([loss.detach() * len(y), (logits.argmax(-1) == y).sum()])

    sizes = sum(len(y) for _, y in loader)
    sums = [torch.stack([step(x, y) for x, y in loader]).sum(0) for _ in range(epochs)]
    return [dict(zip(("loss", "accuracy"), (one / sizes).tolist(), strict=True)) for one in sums]


# %%
@contextlib.contextmanager
def looking(model):
    flags = [module.training for module in model.modules()]
    model.eval()
    try:
        with torch.set_grad_enabled(False):
            yield
    finally:
        for module, flag in zip(model.modules(), flags, strict=True):
            module.training = flag


def evaluate(model, loader, loss_fn):
    sums = torch.zeros(3, dtype=torch.float64)
    with looking(model):
        for x, y in loader:
            out = model(x)
            logits = out if torch.is_tensor(out) else out[0]
            found = [loss_fn(logits, y).item() * len(y), (logits.argmax(1) == y).sum(), len(y)]
            sums += torch.tensor(found, dtype=torch.float64)
    loss, right = (sums[:2] / sums[2]).tolist()
    return {"accuracy": right, "loss": loss}
