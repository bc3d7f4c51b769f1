"""Programs that are right on the CPU, and wrong on a device beside it."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from accelerator_kit import DT, B, Base, C, H, T, V, mean, mistake, mistaken_module, rnn
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence


@mistake
def state_by_torch_zeros(x, W, U, **_):
    return rnn(x, W, U, torch.zeros(x.shape[0], W.shape[0], dtype=x.dtype))


@mistake
def mask_by_arange(x, lengths, **_):
    return mean(x, torch.arange(x.shape[1]) < lengths[:, None])


@mistake
def mask_from_lengths_on_cpu(x, lengths, **_):
    mask = torch.arange(x.shape[1]) < lengths.cpu()[:, None]
    return x.masked_fill(~mask[..., None], 0.0)


@mistake
def gather_with_cpu_index(x, lengths, **_):
    index = torch.tensor([n - 1 for n in lengths.tolist()])[:, None, None].expand(
        -1, 1, x.shape[2]
    )
    return x.gather(1, index).squeeze(1)


@mistake
def eye_on_cpu(x, **_):
    return x @ torch.eye(x.shape[2], dtype=x.dtype)


@mistake
def compare_with_cpu_arange(ids, **_):
    return (ids.unsqueeze(-1) == torch.arange(V)).double()


@mistake
def one_hot_then_cpu_weights(ids, **_):
    return F.one_hot(ids, V).double() @ torch.linspace(0, 1, V * 2, dtype=DT).reshape(V, 2)


@mistake
def empty_filled_in_a_loop(x, W, U, **_):
    out = torch.empty(x.shape[0], x.shape[1], W.shape[0], dtype=x.dtype)
    h = x.new_zeros(x.shape[0], W.shape[0])
    for t in range(x.shape[1]):
        h = torch.tanh(x[:, t] @ W.T + h @ U.T)
        out[:, t] = h
    return out


@mistake
def numpy_round_trip(x, **_):
    return torch.from_numpy(np.tanh(x.numpy()))


@mistake
def numpy_by_cpu_but_not_back(x, **_):
    return torch.from_numpy(np.tanh(x.cpu().numpy()))


@mistake
def numpy_function_of_a_tensor(x, **_):
    return torch.as_tensor(np.asarray(x).cumsum(axis=1))


@mistake
def tensor_of_losses(x, **_):
    return torch.tensor([row.square().mean() for row in x]).double()


@mistake
def sum_into_a_cpu_scalar(x, **_):
    total = torch.tensor(0.0, dtype=x.dtype)
    for row in x:
        total += row.sum()
    return total


@mistake
def sum_into_one_zero(x, **_):
    total = torch.zeros(1, dtype=x.dtype)
    for row in x:
        total = total + row.sum()
    return total


@mistake
def stack_with_a_cpu_scalar(x, **_):
    return torch.stack([x.sum(), torch.tensor(1.0, dtype=x.dtype)])


@mistake
def cat_with_zeros(x, **_):
    return torch.cat([torch.zeros(x.shape[0], 1, x.shape[2], dtype=x.dtype), x], 1)


@mistake
def index_select_cpu(x, **_):
    return x.index_select(1, torch.arange(x.shape[1] - 1, -1, -1))


@mistake
def scatter_into_zeros(ids, **_):
    return torch.zeros(B, T, V, dtype=DT).scatter_(2, ids[..., None], 1.0)


@mistake
def class_weights_on_cpu(x, fc, y, U, **_):
    return F.cross_entropy(
        (x.sum((1, 2))[:, None] * U[0]) @ fc.T, y, weight=torch.ones(C, dtype=DT)
    )


@mistake
def targets_by_list(x, fc, y, U, **_):
    return F.cross_entropy((x.sum((1, 2))[:, None] * U[0]) @ fc.T, torch.tensor(y.tolist()))


@mistake
def where_with_zeros(x, lengths, **_):
    mask = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
    return torch.where(mask[..., None], x, torch.zeros(x.shape, dtype=x.dtype))


@mistake
def noise_by_randn(x, **_):
    torch.manual_seed(0)
    return x + torch.randn(x.shape, dtype=x.dtype)


@mistake
def generator_of_the_cpu(x, **_):
    return x + torch.rand(
        x.shape, dtype=x.dtype, device=x.device, generator=torch.Generator().manual_seed(0)
    )


@mistake
def bernoulli_of_full(x, **_):
    torch.manual_seed(0)
    return x * torch.bernoulli(torch.full(x.shape, 0.5, dtype=x.dtype))


@mistake
def default_lengths_by_full(x, **_):
    lengths = torch.full((x.shape[0],), x.shape[1])
    return mean(x, torch.arange(x.shape[1], device=x.device) < lengths[:, None])


@mistake
def padded_rows_from_lists(ids, lengths, emb, **_):
    rows = [torch.tensor(r[:n]) for r, n in zip(ids.tolist(), lengths.tolist(), strict=False)]
    return F.embedding(pad_sequence(rows, batch_first=True), emb)


TABLE = torch.linspace(-1, 1, V * 2, dtype=DT).reshape(V, 2)


@mistake
def table_of_the_notebook(ids, **_):
    return TABLE[ids]


@mistake
def embedding_in_a_cpu_table(ids, **_):
    return F.embedding(ids, TABLE)


@mistake
def positions_by_linspace(x, **_):
    return x + torch.linspace(0, 1, x.shape[1], dtype=x.dtype)[:, None]


@mistake
def ones_named_cpu(x, **_):
    return x * torch.ones_like(x, device="cpu")


@mistake
def causal_mask(x, **_):
    s = x @ x.mT
    return s.masked_fill(torch.triu(torch.ones(s.shape[1:], dtype=torch.bool), 1), -1e9).softmax(
        -1
    )


@mistake
def computes_on_the_cpu(x, W, U, **_):
    x, W, U = x.cpu(), W.cpu(), U.cpu()
    return rnn(x, W, U, x.new_zeros(B, H))


@mistake
def legacy_constructor(x, W, U, **_):
    return rnn(x, W, U, torch.Tensor(x.shape[0], W.shape[0]).zero_().double())


@mistake
def packs_with_lengths_of_the_device(x, lengths, **_):
    return pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False).data


@mistake
def lengths_not_moved_back(x, lengths, **_):
    out, n = pad_packed_sequence(
        pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False),
        batch_first=True,
    )
    return mean(out, torch.arange(x.shape[1], device=x.device) < n[:, None])


@mistake
def order_found_on_the_cpu(x, lengths, **_):
    order = lengths.cpu().argsort(descending=True, stable=True)
    return torch.index_select(x, 0, order)


@mistake
def rows_copied_one_by_one(x, lengths, **_):
    weights = torch.zeros(x.shape[:2], dtype=x.dtype)
    for b, n in enumerate(lengths.tolist()):
        weights[b, :n] = x[b, :n].sum(-1).softmax(0)
    return torch.einsum("bt,btd->bd", weights, x)


@mistake
def argument_moved_to_cpu_only_in_one_branch(x, lengths, **_):
    if int(lengths.min()) == 1:
        x = x.cpu()
    return x * 2


@mistake
def mask_from_a_python_list(x, lengths, **_):
    return mean(x, torch.tensor([[t < n for t in range(x.shape[1])] for n in lengths.tolist()]))


@mistake
def vector_of_norms(x, **_):
    norms = torch.zeros(x.shape[0], dtype=x.dtype)
    for b in range(x.shape[0]):
        norms[b] = x[b].norm()
    return x / norms[:, None, None]


@mistaken_module
class StateInForward(Base):
    def forward(self, x, lengths):
        h = torch.zeros(1, len(x), H, dtype=x.dtype)
        return self.fc(self.lstm(x, (h, h))[0][:, -1])


@mistaken_module
class DeviceNotedAtInit(Base):
    def __init__(self):
        super().__init__()
        self.device = next(self.parameters()).device

    def forward(self, x, lengths):
        h = torch.zeros(1, len(x), H, dtype=x.dtype, device=self.device)
        return self.fc(self.lstm(x, (h, h))[0][:, -1])


@mistaken_module
class BufferNotRegistered(Base):
    def __init__(self):
        super().__init__()
        self.scale = torch.ones(H, dtype=DT)

    def forward(self, x, lengths):
        return self.fc(self.lstm(x)[0][:, -1] * self.scale)


@mistaken_module
class StateMadeOnce(Base):
    def __init__(self):
        super().__init__()
        self.h0 = torch.zeros(1, B, H, dtype=DT)

    def forward(self, x, lengths):
        return self.fc(self.lstm(x, (self.h0, self.h0))[0][:, -1])


@mistaken_module
class LayersInAList(Base):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(H, H, dtype=DT)]

    def forward(self, x, lengths):
        return self.fc(self.layers[0](self.lstm(x)[0][:, -1]))


@mistaken_module
class ParameterCopied(Base):
    def __init__(self):
        super().__init__()
        self.bias = self.fc.bias.detach().double()

    def forward(self, x, lengths):
        return self.lstm(x)[0][:, -1] @ self.fc.weight.T + self.bias


@mistaken_module
class PackedStateOnCpu(Base):
    def forward(self, x, lengths):
        p = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
        h = torch.zeros(1, len(x), H, dtype=x.dtype)
        return self.fc(self.lstm(p, (h, h))[1][0][-1])


@mistaken_module
class DropoutMaskKept(Base):
    def __init__(self):
        super().__init__()
        self.keep = (torch.arange(H) % 2).double()

    def forward(self, x, lengths):
        return self.fc(self.lstm(x)[0][:, -1] * self.keep)


@mistake
def momentum_by_hand(x, W, **_):
    p = W.detach().clone().requires_grad_()
    v = torch.zeros(p.shape, dtype=p.dtype)
    for _ in range(2):
        (x @ p.T).square().sum().backward()
        v = 0.9 * v + p.grad
        with torch.no_grad():
            p -= 1e-3 * v
        p.grad = None
    return p.detach()


@mistake
def gradient_set_from_cpu(W, **_):
    p = W.detach().clone().requires_grad_()
    p.grad = torch.ones(p.shape, dtype=p.dtype)
    return p.grad


@mistake
def hook_makes_cpu_noise(x, W, **_):
    p = W.detach().clone().requires_grad_()
    p.register_hook(lambda g: g * torch.ones(g.shape, dtype=g.dtype))
    (x @ p.T).sum().backward()
    return p.grad


@mistake
def mapped_with_indices_of_the_cpu(x, lengths, **_):
    def last(row, n):
        return row.masked_fill((torch.arange(len(row)) >= n)[:, None], 0.0)

    return torch.vmap(last)(x, lengths)


@mistake
def sparse_table_of_the_cpu(x, **_):
    return torch.sparse.mm(torch.eye(T, dtype=x.dtype).to_sparse(), x[0])


@mistake
def type_of_the_cpu(x, **_):
    return x + torch.DoubleTensor(*x.shape).zero_()


@mistake
def moved_to_the_cpu_by_type(x, **_):
    return x.type("torch.DoubleTensor") + 1


@mistake
def many_at_once_of_two_devices(x, **_):
    return torch._foreach_add([x, x], [x, torch.ones(x.shape, dtype=x.dtype)])


@mistake
def clips_gradients_of_two_devices_by_one_vector(x, W, **_):
    weight = W.detach().clone().requires_grad_()
    (x @ weight.T).sum().backward()
    norms = torch.stack([weight.grad.norm(), torch.ones((), dtype=x.dtype)])
    return weight.grad / norms.norm()
