import numpy as np
import torch


# %%
def global_norm(grads):
    present = [g.flatten() for g in grads if g is not None]
    if not present:
        return torch.tensor(0)
    whole = torch.cat(present)
    return torch.sqrt(whole @ whole)


# %%
def clip_by_norm(grads, max_norm):
    kept = list(grads)
    total = sum(g.pow(2).sum() for g in kept if g is not None)
    norm = torch.as_tensor(total) ** 0.5
    clipped = []
    for g in kept:
        if g is None:
            clipped.append(None)
        elif norm > max_norm:
            clipped.append(g * max_norm / (norm + 1e-6))
        else:
            clipped.append(g.clone())
    return clipped, norm


# %%
def clip_by_value(grads, limit):
    return tuple(
        g if g is None else torch.where(g.abs() > limit, limit * torch.sign(g), g) for g in grads
    )


# %%
def clip_model_(model, max_norm):
    grads = [p.grad.data for _, p in model.named_parameters() if p.grad is not None]
    total = sum(float((g**2).sum()) for g in grads) ** 0.5
    if total > max_norm:
        for g in grads:
            g.mul_(max_norm / (total + 1e-6))
    return total


# %%
def norms_around_clipping(model, x, y, loss_fn, max_norm):
    wanted = [p for p in model.parameters() if p.requires_grad]
    grads = torch.autograd.grad(loss_fn(model(x), y), wanted, allow_unused=True)
    before = float(global_norm(grads))
    return before, before * min(1.0, max_norm / (before + 1e-6))


# %%
def detach_state(state):
    if isinstance(state, list | tuple):
        parts = []
        for part in state:
            parts.append(detach_state(part))
        return tuple(parts) if isinstance(state, tuple) else parts
    return state if state is None else state.data


# %%
def training_step(model, x, y, loss_fn, optimizer, max_norm):
    output = model(x)
    logits = output if torch.is_tensor(output) else output[0]
    loss = loss_fn(logits, y)
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    grads = torch.autograd.grad(loss, parameters, allow_unused=True)
    norm = float(global_norm(grads))
    factor = min(1.0, max_norm / (norm + 1e-6))
    for p, g in zip(parameters, grads, strict=True):
        p.grad = None if g is None else factor * g
    optimizer.step()
    return {"loss": loss.detach().item(), "norm": norm}


# %%
def tbptt(model, x, y, loss_fn, optimizer, chunk, max_norm):
    losses = ()
    parameters = list(model.parameters())
    state = None
    while x.shape[1]:
        out, state = model(x[:, :chunk], state)
        loss = loss_fn(out, y[:, :chunk])
        grads = torch.autograd.grad(loss, parameters, allow_unused=True)
        factor = (max_norm / (global_norm(grads) + 1e-6)).clamp(max=1.0)
        for p, g in zip(parameters, grads, strict=True):
            p.grad = None if g is None else factor * g
        optimizer.step()
        losses += (loss.item(),)
        state = torch.utils._pytree.tree_map(lambda part: part.detach().clone(), state)
        x, y = x[:, chunk:], y[:, chunk:]
    return losses


# %%
def train_classifier(model, loader, loss_fn, optimizer, epochs, max_norm=5.0):
    epochs_seen = []
    for _ in range(epochs):
        losses = []
        flags = []
        for x, y in loader:
            model = model.train()
            kept = []

            def loss_and_logits(out, target, kept=kept):
                kept.append(out.detach())
                return loss_fn(out, target)

            step = training_step(model, x, y, loss_and_logits, optimizer, max_norm)
            losses += [step["loss"]] * y.shape[0]
            flags += kept[0].softmax(-1).argmax(-1).eq(y).tolist()
        epochs_seen.append({"accuracy": np.mean(flags), "loss": np.mean(losses)})
    return tuple(epochs_seen)


# %%
def evaluate(model, loader, loss_fn):
    training = {module for module in model.modules() if module.training}
    was_enabled = torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    try:
        model.eval()
        outputs = [(model(x), y) for x, y in loader]
    finally:
        torch.set_grad_enabled(was_enabled)
        for module in model.modules():
            module.training = module in training
    batches = [(out if torch.is_tensor(out) else out[0], y) for out, y in outputs]
    losses = [float(loss_fn(logits, y)) for logits, y in batches]
    sizes = [len(y) for _, y in batches]
    answers = torch.cat([logits for logits, _ in batches]).argmax(dim=1)
    labels = torch.cat([y for _, y in batches])
    return {
        "loss": float(np.average(losses, weights=sizes)),
        "accuracy": (answers == labels).double().mean().item(),
    }
