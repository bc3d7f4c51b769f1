import numpy as np
import torch
from torch import nn


# %%
def global_norm(grads):
    norms = [torch.linalg.vector_norm(g) for g in grads if g is not None]
    return torch.linalg.vector_norm(torch.stack(norms)) if norms else torch.tensor(0.0)


# %%
def clip_by_norm(grads, max_norm):
    kept = [g for g in grads]
    tensors = [g for g in kept if g is not None]
    norm = torch.linalg.vector_norm(torch.tensor([0.0]))
    if tensors:
        norm = torch.cat([g.flatten() for g in tensors]).norm(p=2)
    scale = min(1.0, max_norm / (norm.item() + 1e-6))
    return [g if g is None else g * scale for g in kept], norm


# %%
def clip_by_value(grads, limit):
    clipped = []
    for g in grads:
        if g is None:
            clipped.append(g)
        else:
            bound = torch.full_like(g, limit)
            clipped.append(torch.maximum(torch.minimum(g, bound), -bound))
    return clipped


# %%
def clip_model_(model, max_norm):
    parameters = [p for p in model.parameters() if p.grad is not None]
    total = sum((p.grad.detach() ** 2).sum() for p in parameters if p.grad is not None)
    norm = torch.as_tensor(total).sqrt()
    for p in parameters:
        if p.grad is not None:
            p.grad[...] = p.grad * min(1.0, max_norm / (float(norm) + 1e-6))
    return norm


# %%
def norms_around_clipping(model, x, y, loss_fn, max_norm):
    for p in model.parameters():
        p.grad = None
    loss_fn(model(x), y).backward()
    before = nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    after = nn.utils.get_total_norm([p.grad for p in model.parameters() if p.grad is not None])
    return before.item(), after.item()


# %%
def detach_state(state):
    if state is None:
        return None
    if torch.is_tensor(state):
        return state.detach().clone()
    kind = type(state)
    return kind([detach_state(part) for part in state])


# %%
def training_step(model, x, y, loss_fn, optimizer, max_norm):
    output = model(x)
    if isinstance(output, (tuple, list)):
        output = output[0]
    loss = loss_fn(output, y)
    model.zero_grad(set_to_none=False)
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return {"norm": norm.item(), "loss": float(loss)}


# %%
def tbptt(model, x, y, loss_fn, optimizer, chunk, max_norm):
    losses = []
    state = None
    for start in range(0, x.size(1), chunk):
        stop = min(start + chunk, x.size(1))
        if isinstance(state, tuple):
            state = tuple(part.detach() for part in state)
        elif state is not None:
            state = state.detach()
        out, state = model(x[:, start:stop], state)
        loss = loss_fn(out, y[:, start:stop])
        model.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        losses.append(float(loss.detach()))
    return losses


# %%
def train_classifier(model, loader, loss_fn, optimizer, epochs, max_norm=5.0):
    history = []
    for _epoch in range(epochs):
        model.train()
        running_loss, correct = 0.0, 0.0
        for inputs_, labels in loader:
            outputs = model(inputs_)
            if isinstance(outputs, tuple):
                outputs, _ = outputs
            loss = loss_fn(outputs, labels)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=max_norm)
            optimizer.step()
            running_loss += loss.item() * inputs_.size(0)
            correct += torch.sum(torch.max(outputs, 1)[1] == labels).item()
        size = len(loader.dataset)
        history.append({"loss": running_loss / size, "accuracy": correct / size})
    return history


# %%
@torch.inference_mode()
def evaluate(model, loader, loss_fn):
    before = {name: module.training for name, module in model.named_modules()}
    for module in model.modules():
        module.train(False)
    total, correct = 0.0, 0
    for x, y in loader:
        outputs = model(x)
        if isinstance(outputs, tuple):
            outputs = outputs[0]
        total += loss_fn(outputs, y).item() * x.shape[0]
        correct += (torch.max(outputs, dim=-1).indices == y).sum().item()
    for name, mode in before.items():
        model.get_submodule(name).train(mode)
    size = len(loader.dataset)
    return {"accuracy": correct / size, "loss": total / size}
