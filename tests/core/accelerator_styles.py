"""Programs that are right on any device, in many styles."""

from __future__ import annotations

import copy

import numpy as np
import torch
import torch.nn.functional as F
from accelerator_kit import DT, RIGHT, B, Base, C, D, H, T, V, mean, right, right_module, rnn
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
from torch.utils.data import DataLoader, TensorDataset


@right
def new_zeros(x, W, U, **_):
    return rnn(x, W, U, x.new_zeros(x.shape[0], W.shape[0]))


@right
def zeros_like(x, **_):
    return torch.zeros_like(x) + x


@right
def device_of_x(x, W, U, **_):
    return rnn(x, W, U, torch.zeros(x.shape[0], W.shape[0], dtype=x.dtype, device=x.device))


@right
def device_noted_at_the_call(x, lengths, **_):
    device = x.device
    return mean(x, torch.arange(x.shape[1], device=device) < lengths[:, None].to(device))


@right
def to_x(x, W, U, **_):
    return rnn(x, W, U, torch.zeros(x.shape[0], W.shape[0]).to(x))


@right
def type_as(x, W, U, **_):
    return rnn(x, W, U, torch.zeros(x.shape[0], W.shape[0]).type_as(x))


@right
def to_device_and_dtype(x, W, U, **_):
    return rnn(x, W, U, torch.zeros(x.shape[0], W.shape[0]).to(x.device, x.dtype))


@right
def full_like(x, **_):
    return torch.full_like(x, 0.5) * x + torch.ones_like(x) - torch.empty_like(x).fill_(2)


@right
def host_loop_over_lengths(x, lengths, **_):
    return torch.stack([x[b, :n].mean(0) for b, n in enumerate(lengths.tolist())])


@right
def items_on_the_host(x, lengths, **_):
    out = x.clone()
    for b in range(len(x)):
        n = lengths[b].item()
        out[b, :n] = x[b, :n].flip(0)
        if float(x[b, 0, 0]) > 0:
            out[b] += 1
    return out


@right
def packed_with_lengths_on_the_cpu(x, lengths, **_):
    out, n = pad_packed_sequence(
        pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False),
        batch_first=True,
    )
    return mean(out, torch.arange(x.shape[1], device=x.device) < n.to(x.device)[:, None])


@right
def packed_by_list(x, lengths, **_):
    return pad_packed_sequence(
        pack_padded_sequence(x, lengths.tolist(), batch_first=True, enforce_sorted=False),
        batch_first=True,
    )[0]


@right
def cpu_only_on_cuda(x, lengths, **_):
    if lengths.is_cuda:
        lengths = lengths.cpu()
    if x.device.type == "cuda":
        assert str(x.device).startswith("cuda")
    return pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False).data


@right
def device_by_is_cuda(x, W, U, **_):
    return rnn(
        x, W, U, torch.zeros(len(x), H, dtype=x.dtype, device="cuda" if x.is_cuda else "cpu")
    )


@right
def index_with_cpu_arange(x, lengths, **_):
    return x[torch.arange(len(x)), lengths - 1]


@right
def mask_on_cpu_as_index(x, **_):
    return x[:, torch.arange(x.shape[1]) % 2 == 0]


@right
def boolean_indexing(x, lengths, **_):
    mask = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
    y = x.clone()
    y[~mask] = 0.0
    y[mask] *= 2
    return y, x[mask]


@right
def list_as_index(x, **_):
    return x[:, [0, 2, 1]]


@right
def cpu_scalar_times_x(x, **_):
    return x * torch.tensor(2.0, dtype=x.dtype) + torch.tensor(1.0)


@right
def where_with_numbers(x, **_):
    return (
        torch.where(x > 0, x, 0.0)
        + torch.where(x > 0, 1.0, -1.0)
        + torch.where(x > 0, x, torch.tensor(0.0, dtype=x.dtype))
    )


@right
def masked_fill(x, lengths, **_):
    mask = torch.arange(x.shape[1], device=x.device) >= lengths[:, None]
    return x.masked_fill(mask[..., None], float("-inf")).softmax(1)


@right
def setitem_from_cpu(x, **_):
    y = x.clone()
    y[:, 0] = torch.ones(x.shape[2], dtype=x.dtype)
    y[0, 0, 0] = torch.tensor(3.0)
    return y


@right
def new_tensor(x, **_):
    return (
        x * x.new_tensor([1.0, 2.0, 3.0])
        + x.new_full((1,), 2.0)
        + x.new_ones(1)
        + x.new_empty(1).zero_()
    )


@right
def tensor_with_device(x, **_):
    return x * torch.tensor([1.0, 2.0, 3.0], dtype=x.dtype, device=x.device) + torch.as_tensor(
        [1.0], device=x.device
    )


@right
def numpy_there_and_back(x, **_):
    return torch.from_numpy(np.tanh(x.detach().cpu().numpy())).to(x.device)


@right
def as_tensor_of_numpy(x, **_):
    return torch.as_tensor(np.tanh(x.cpu().numpy()), device=x.device)


@right
def arange_moved(x, lengths, **_):
    return mean(x, torch.arange(x.shape[1]).to(lengths.device) < lengths[:, None])


@right
def one_hot(ids, emb, **_):
    return F.one_hot(ids, V).to(emb) @ emb + F.one_hot(ids).sum().to(emb)


@right
def scatter_gather_cumsum_sort(x, ids, **_):
    z = torch.zeros(B, T, V, dtype=DT, device=ids.device).scatter_(2, ids[..., None], 1.0)
    s, order = x.sort(dim=1, stable=True)
    return (
        z.cumsum(1),
        s.gather(1, order),
        x.topk(2, dim=1)[0],
        torch.bincount(ids.flatten(), minlength=V),
        ids.unique(),
        z.argmax(-1),
        x.flip(1).roll(1, 0),
    )


@right
def device_context(x, W, U, **_):
    with x.device:
        h = torch.zeros(len(x), H, dtype=x.dtype)
    return rnn(x, W, U, h)


@right
def generator_of_the_device(x, **_):
    g = torch.Generator(device=x.device).manual_seed(0)
    return (
        x
        + torch.rand(x.shape, dtype=x.dtype, device=x.device, generator=g)
        + torch.empty_like(x).uniform_(generator=g)
    )


@right
def random_without_a_generator(x, **_):
    torch.manual_seed(0)
    return (
        x
        + torch.randn_like(x)
        + torch.rand(x.shape, dtype=x.dtype, device=x.device)
        + torch.bernoulli(torch.full_like(x, 0.5))
        + F.dropout(x, 0.5)
    )


@right
def permutation_on_the_cpu(x, **_):
    torch.manual_seed(0)
    return x[torch.randperm(len(x))]


@right
def cross_entropy_with_weights(x, fc, y, U, **_):
    logits = (x.sum((1, 2))[:, None] * U[0]) @ fc.T
    return (
        F.cross_entropy(logits, y, weight=fc.new_ones(C)),
        F.cross_entropy(logits, y, reduction="none", ignore_index=0, label_smoothing=0.1),
        logits.log_softmax(-1),
    )


@right
def in_place_and_views(x, **_):
    y = x.clone()
    y.mul_(2).add_(1).clamp_(-3, 3)
    y.t_() if y.dim() == 2 else y.transpose_(0, 1)
    y = y.contiguous()
    v = y.view(-1)[::2]
    v.zero_()
    y.unsqueeze_(0)
    y.squeeze_(0)
    y.resize_(2, 3)
    return y


@right
def out_argument(x, **_):
    out = x.new_empty(0)
    torch.add(x, 1, out=out)
    return out


@right
def moved_to_the_cpu_and_back(x, W, U, **_):
    return rnn(x.cpu(), W.cpu(), U.cpu(), torch.zeros(B, H, dtype=x.dtype)).to(x.device)


@right
def gradients_through_a_move(x, W, **_):
    p = W.detach().clone().requires_grad_()
    q = p.cpu()
    ((q * torch.ones(q.shape, dtype=q.dtype)).to(x.device) @ x[0].T).square().sum().backward()
    p2 = W.detach().clone().requires_grad_()
    (g,) = torch.autograd.grad((x @ p2.T).square().sum(), p2, create_graph=True)
    g.sum().backward()
    return p.grad, g, p2.grad


@right
def python_numbers_add_up(x, **_):
    total = 0.0
    for row in x:
        total += row.square().sum()
    total = total**0.5
    return x * torch.clamp(1.0 / (total + 1e-6), max=1.0), torch.stack(
        [row.norm() for row in x]
    ).norm()


@right
def cpu_scalar_plus_device(x, **_):
    total = torch.tensor(0.0, dtype=x.dtype)
    for row in x:
        total = total + row.sum()
    return total


@right
def einsum_attention(x, **_):
    s = torch.einsum("btd,bsd->bts", x, x)
    s = s.masked_fill(torch.ones_like(s, dtype=torch.bool).triu(1), -1e9)
    return s.softmax(-1) @ x, F.scaled_dot_product_attention(x, x, x, is_causal=True)


@right
def batch_of_rows(ids, lengths, emb, **_):
    rows = [r[:n] for r, n in zip(ids, lengths.tolist(), strict=False)]
    return F.embedding(pad_sequence(rows, batch_first=True), emb)


class Double(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a)
        return a * torch.full_like(a, 2.0)

    @staticmethod
    def backward(ctx, g):
        (_a,) = ctx.saved_tensors
        return g * torch.full(g.shape, 2.0, dtype=g.dtype, device=g.device)


@right
def own_autograd_function(x, **_):
    a = x.detach().clone().requires_grad_()
    (Double.apply(a) ** 2).sum().backward()
    return a.grad


@right
def hooks(x, W, **_):
    p = W.detach().clone().requires_grad_()
    seen = []
    p.register_hook(lambda g: g * torch.ones(g.shape, dtype=g.dtype, device=g.device))
    h = x @ p.T
    h.register_hook(lambda g: seen.append(g.device.type))
    h.sum().backward()
    assert seen == [x.device.type]
    return p.grad


@right
def deepcopy_and_state_dict(x, **_):
    torch.manual_seed(1)
    a = nn.LSTM(D, H, batch_first=True, dtype=DT).to(x.device)
    b = copy.deepcopy(a)
    c = nn.LSTM(D, H, batch_first=True, dtype=DT)
    c.load_state_dict(a.state_dict())
    c.to(x.device)
    a.load_state_dict({k: v.cpu() for k, v in b.state_dict().items()})
    return (
        a(x)[0] + b(x)[0] + c(x)[0],
        copy.deepcopy(x),
        nn.utils.parameters_to_vector(a.parameters()),
    )


@right_module
class Plain(Base):
    pass


@right_module
class RegisteredBuffer(Base):
    def __init__(self):
        super().__init__()
        self.register_buffer("scale", torch.ones(H), persistent=False)

    def forward(self, x, lengths):
        return self.fc(self.lstm(x)[0][:, -1] * self.scale)


@right_module
class DeviceOfParametersAtTheCall(Base):
    def forward(self, x, lengths):
        p = next(self.parameters())
        h = torch.zeros(1, len(x), H, dtype=p.dtype, device=p.device)
        return self.fc(self.lstm(x, (h, h))[0][:, -1])


@right_module
class PacksAndTakesLast(Base):
    def forward(self, x, lengths):
        p = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
        out, (h, _c) = self.lstm(p)
        padded, _n = pad_packed_sequence(out, batch_first=True, total_length=x.shape[1])
        return self.fc(h[-1] + padded.sum(1))


@right_module
class Bidirectional(Base):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(D, H, 2, batch_first=True, bidirectional=True, dropout=0.1)
        self.fc = nn.Linear(2 * H, C)

    def forward(self, x, lengths):
        torch.manual_seed(0)
        _out, h = self.gru(x)
        return self.fc(torch.cat([h[-2], h[-1]], 1))


@right_module
class CellsInALoop(Base):
    def __init__(self):
        super().__init__()
        self.cells = nn.ModuleList([nn.LSTMCell(D, H), nn.GRUCell(H, H), nn.RNNCell(H, H)])
        self.norm = nn.LayerNorm(H)
        self.bn = nn.BatchNorm1d(H)

    def forward(self, x, lengths):
        h = None
        g = r = x.new_zeros(len(x), H)
        for t in range(x.shape[1]):
            h = self.cells[0](x[:, t], h)
            g = self.cells[1](h[0], g)
            r = self.cells[2](g, r)
        return self.fc(self.bn(self.norm(r)))


@right_module
class Attention(Base):
    def __init__(self):
        super().__init__()
        self.mha = nn.MultiheadAttention(H, 2, batch_first=True)
        self.emb = nn.Embedding(T, H, padding_idx=0)
        self.conv = nn.Conv1d(H, H, 2)

    def forward(self, x, lengths):
        out = self.lstm(x)[0] + self.emb(torch.arange(x.shape[1], device=x.device))
        pad = torch.arange(x.shape[1], device=x.device) >= lengths[:, None]
        return self.fc(
            self.mha(out, out, out, key_padding_mask=pad)[0].mean(1) + self.conv(out.mT).amax(-1)
        )


def trained(kind, **options):
    def program(x, y, **_):
        torch.manual_seed(2)
        lstm, fc = nn.LSTM(D, H, batch_first=True, dtype=DT), nn.Linear(H, C, dtype=DT)
        model = nn.ModuleList([lstm, fc])
        opt = kind(model.parameters(), lr=0.05, **options)
        model.to(x.device)
        schedule = torch.optim.lr_scheduler.StepLR(opt, 2, 0.5)
        norms = []
        for _ in range(4):
            loss = F.cross_entropy(fc(lstm(x)[0][:, -1]), y)
            opt.zero_grad()
            loss.backward()
            norms.append(nn.utils.clip_grad_norm_(model.parameters(), 0.5))
            nn.utils.clip_grad_value_(model.parameters(), 0.3)
            opt.step()
            schedule.step()
        with torch.no_grad():
            right = (fc(lstm(x)[0][:, -1]).argmax(-1) == y).sum().item()
        return [p.detach() for p in model.parameters()], norms, right

    return program


O = torch.optim
for name, kind, options in [
    ("sgd", O.SGD, {}),
    ("sgd_momentum_foreach", O.SGD, {"momentum": 0.9, "foreach": True}),
    ("adam", O.Adam, {}),
    ("adam_not_foreach", O.Adam, {"foreach": False}),
    ("adamw_amsgrad", O.AdamW, {"amsgrad": True}),
    ("rmsprop", O.RMSprop, {}),
    ("adam_fused", O.Adam, {"fused": True}),
]:
    RIGHT["trains_with_" + name] = trained(kind, **options)


@right
def data_loader(x, y, **_):
    loader = DataLoader(
        TensorDataset(x, y), batch_size=2, shuffle=True, generator=torch.Generator().manual_seed(0)
    )
    return [a.sum() + b.sum() for a, b in loader]


@right
def loader_of_the_cpu_moved(x, y, **_):
    loader = DataLoader(TensorDataset(x.cpu(), y.cpu()), batch_size=2)
    return [a.to(x.device).sum() + b.to(x.device).sum() for a, b in loader]


@right
def functional_call(x, **_):
    torch.manual_seed(0)
    m = nn.Linear(D, H, dtype=DT).to(x.device)
    return torch.func.functional_call(
        m, {k: v * 2 for k, v in m.named_parameters()}, (x,)
    ).detach()


@right
def adagrad_after_the_move(x, y, **_):
    torch.manual_seed(0)
    m = nn.Linear(D, C, dtype=DT).to(x.device)
    o = O.Adagrad(m.parameters())
    F.cross_entropy(m(x[:, 0]), y).backward()
    o.step()
    return m.weight.detach()


@right
def default_device_inside(x, W, U, **_):
    torch.set_default_device(x.device)
    h = torch.zeros(len(x), H, dtype=x.dtype)
    torch.set_default_device(None)
    return rnn(x, W, U, h)


@right
def embedding_bag_and_gumbel(x, ids, **_):
    torch.manual_seed(0)
    e = nn.EmbeddingBag(V, D, dtype=DT, device=x.device)
    return e(ids).detach(), F.gumbel_softmax(x)


@right
def modules_made_on_the_device(x, **_):
    torch.manual_seed(0)
    return nn.LSTM(D, H, batch_first=True, device=x.device, dtype=x.dtype)(x)[0].detach()


@right
def heads_with_added_zeros(x, **_):
    torch.manual_seed(0)
    return nn.MultiheadAttention(
        D,
        1,
        add_zero_attn=True,
        add_bias_kv=True,
        batch_first=True,
        device=x.device,
        dtype=x.dtype,
    )(x, x, x)[0].detach()


# -- which device it is ------------------------------------------------------------------------


@right
def asks_is_cuda(x, **_):
    zeros = torch.zeros(x.shape, dtype=x.dtype)
    if x.is_cuda:
        zeros = zeros.cuda()
    return x + zeros


@right
def asks_the_type_of_the_device(x, **_):
    ones = torch.ones(x.shape, dtype=x.dtype)
    return x * (ones.cuda(non_blocking=True) if x.device.type == "cuda" else ones)


@right
def asks_for_the_number_of_the_device(x, **_):
    place = x.get_device()
    return x + torch.zeros(x.shape, dtype=x.dtype, device="cpu" if place < 0 else place)


@right
def asks_what_is_available(x, **_):
    device = torch.device("cuda" if torch.cuda.is_available() and x.is_cuda else "cpu")
    assert torch.cuda.device_count() > 0 or not x.is_cuda
    return x.to(device) * 2


@right
def types_of_the_device(x, ids, **_):
    kind = torch.cuda.LongTensor if ids.is_cuda else torch.LongTensor
    place = torch.cuda if x.is_cuda else torch
    zeros = place.FloatTensor(*x.shape).zero_()
    assert isinstance(ids, kind)
    return x + zeros.double() + kind([1, 2, 3]) + zeros.type(x.type())


@right
def type_by_its_name(x, **_):
    zeros = torch.zeros(x.shape)
    assert x.type().startswith("torch.cuda") == x.is_cuda
    return zeros.type("torch.cuda.DoubleTensor" if x.is_cuda else "torch.DoubleTensor") + x


@right
def context_of_the_device(x, **_):
    with torch.device(x.device):
        return x + torch.arange(x.shape[-1]) + torch.linspace(0, 1, x.shape[-1])


@right
def mapped_over_the_batch(x, lengths, **_):
    def reversed_row(row, n):
        t = torch.arange(len(row), device=row.device)
        return row.index_select(0, torch.where(t < n, (n - 1 - t) % len(row), t))

    return torch.vmap(reversed_row)(x, lengths)


@right
def gradients_of_a_function(x, W, **_):
    def loss(weight, row):
        return (row @ weight.T).tanh().square().sum()

    each = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0))(W, x)
    return each, torch.func.jacrev(lambda weight: (x @ weight.T).sum((0, 1)))(W)


@right
def counts_in_a_sparse_table(ids, y, **_):
    pairs = torch.stack([ids[:, 0], y])
    table = torch.sparse_coo_tensor(pairs, torch.ones_like(y), (V, C), check_invariants=True)
    return table.to_dense(), (table.to(ids.device) + table).coalesce().values()


@right
def a_sparse_product(x, **_):
    sparse = torch.eye(T, dtype=x.dtype, device=x.device).to_sparse()
    return torch.sparse.mm(sparse, x[0]), sparse.to_dense()


@right
def lengths_by_numpy(x, lengths, **_):
    longest = int(lengths.detach().cpu().numpy().max())
    return x[:, :longest]
