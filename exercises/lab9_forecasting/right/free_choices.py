"""What the text leaves free: optimizers, bookkeeping, and how batches are gone through."""
import torch
from torch import nn
from torch.utils.data import BatchSampler, RandomSampler


# %%
def train_forecaster(model, X, y, epochs, lr, batch_size, generator):
    """Samplers; SGD with momentum, written out; losses summed as tensors."""
    velocity = {p: torch.zeros_like(p) for p in model.parameters()}
    sampler = BatchSampler(RandomSampler(range(len(X)), generator=generator), batch_size, drop_last=False)
    losses = []
    model.train()
    for _ in range(epochs):
        total = torch.zeros((), dtype=torch.float64)
        for chosen in sampler:
            difference = model(X[chosen].unsqueeze(-1)) - y[chosen]
            loss = torch.dot(difference, difference) / len(chosen)
            gradients = torch.autograd.grad(loss, list(velocity))
            with torch.no_grad():
                for (p, v), g in zip(velocity.items(), gradients):
                    v.mul_(0.9).add_(g)
                    p.sub_(lr * v)
            total += loss.detach().cpu() * len(chosen)
        losses.append((total / len(X)).item())
    return losses


# %%
def rollout(model, window, steps):
    """One long buffer; windows are views of it."""
    training = {id(part) for part in model.modules() if part.training}
    model.eval()
    B, L = window.shape
    with torch.no_grad():
        buffer = torch.cat([window, window.new_empty(B, steps)], dim=1)
        for k in range(steps):
            buffer[:, L + k] = model(buffer[:, k : L + k, None])
    for part in model.modules():
        part.training = id(part) in training
    return buffer[:, L:]


# %%
class Forecaster(nn.Module):
    """The layers are made by name and reset; the last step by index_select."""

    def __init__(self, hidden_size, num_layers=1, dropout=0.0, cell="lstm"):
        super().__init__()
        match cell:
            case "rnn" | "gru" | "lstm":
                layer = getattr(nn, cell.upper())
            case _:
                raise ValueError(f"no such cell: {cell}")
        self.rnn = layer(1, hidden_size, num_layers, batch_first=True)
        self.rnn.dropout = dropout if num_layers != 1 else 0.0
        self.fc = nn.Linear(hidden_size, 1)
        self.register_buffer("last", torch.tensor(-1), persistent=False)
        for name, p in self.named_parameters():
            nn.init.uniform_(p, -0.1, 0.1)

    def forward(self, x):
        out = self.rnn(x)[0]
        last = out.index_select(1, self.last % out.shape[1]).squeeze(1)
        return torch.einsum("bh,oh->bo", last, self.fc.weight).squeeze(1) + self.fc.bias
