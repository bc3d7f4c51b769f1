"""How gradients, models and loops of this lab are used; each text travels, with what it names."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def from_a_generator(entry, grads, **others):
    """The gradients come as a generator, which can be gone through once."""
    return entry((g for g in grads), *others.values())


def without_tensors(entry, iterables, **others):
    """What comes of iterables without a tensor; a dtype is free there, so numbers become float64."""
    results = [entry(grads, *others.values()) for grads in iterables]
    return [
        [in_double(part) for part in result] if isinstance(result, tuple) else in_double(result)
        for result in results
    ]


def in_double(value):
    return value.double() if isinstance(value, torch.Tensor) else value


def edited_afterwards(entry, grads, **others):
    """What the caller's gradients are once the list and tensors that came back were edited."""
    result = entry(grads, *others.values())
    clipped = result[0] if isinstance(result, tuple) else result
    for value in clipped:
        if value is not None:
            value.add_(1.0)
    return {"grads": grads}


def emptied_afterwards(entry, grads, **others):
    """What the caller's list is once the list that came back was emptied."""
    result = entry(grads, *others.values())
    if isinstance(result, list):
        result.clear()
    return {"grads": grads}


def clipped(entry, weights, grads, max_norm, shared=None, observed="result"):
    """Build a model whose parameters have these names, values and gradients, and clip it.

    shared: further names, each for a parameter that the model has already.  observed: "result", or
    "tensors", whether each gradient is the tensor that it was.
    """
    model = nn.Module()
    for name in [*weights, *(shared or {})]:
        *path, last = name.split(".")
        owner = model
        for part in path:
            if part not in dict(owner.named_children()):
                owner.add_module(part, nn.Module())
            owner = owner.get_submodule(part)
        if shared and name in shared:
            owner.register_parameter(last, model.get_parameter(shared[name]))
            continue
        parameter = nn.Parameter(weights[name].clone())
        parameter.grad = None if grads[name] is None else grads[name].clone()
        owner.register_parameter(last, parameter)
    held = {name: p.grad for name, p in model.named_parameters()}
    norm = entry(model, max_norm)
    if observed == "tensors":
        return {
            f"the gradient of {name} is the tensor that it was": p.grad is held[name]
            for name, p in model.named_parameters()
        }
    if isinstance(norm, torch.Tensor) and norm.dim() == 0:
        norm = norm.item()
    own = dict(model.named_parameters())
    return {"norm": norm, "grads": {name: p.grad for name, p in own.items()}, "weights": own}


def cut(entry, state, learnt=False):
    """Hand over a state that hangs in a graph; what comes back, and what still requires a gradient.

    learnt: its tensors are parameters and were not computed from any.
    """
    before = grown(state, learnt)
    after = entry(before)
    return {
        "state": after,
        "out of the graph": asked(after, lambda tensor: tensor.grad_fn is None),
        "requires no gradient": asked(after, lambda tensor: not tensor.requires_grad),
        "the old state is still in its graph": asked(before, lambda tensor: tensor.requires_grad),
    }


def grown(part, learnt):
    """The same state, each tensor one that requires a gradient, or made from one."""
    if isinstance(part, torch.Tensor):
        leaf = part.clone().requires_grad_()
        return leaf if learnt else leaf * 1.0
    if isinstance(part, list | tuple):
        return type(part)(grown(item, learnt) for item in part)
    return part


def asked(part, question):
    """The answers for each tensor of a state."""
    if isinstance(part, torch.Tensor):
        return question(part)
    if isinstance(part, list | tuple):
        return type(part)(asked(item, question) for item in part)
    return None


class OwnDropout(nn.Dropout):
    """Dropout that draws its n-th mask in its n-th pass, whatever random numbers are drawn beside it."""

    def __init__(self, p):
        super().__init__(p)
        self.passes = 0

    def forward(self, x):
        if not self.training:
            return x
        self.passes += 1
        own = torch.Generator().manual_seed(self.passes)
        kept = torch.rand(x.shape, generator=own, dtype=torch.float64) >= self.p
        return x * kept.to(x) / (1 - self.p)


class Recurrent(nn.Module):
    """A recurrent layer and a linear one, of the sizes of their weights, and perhaps a spare one."""

    def __init__(self, weights, inputs, layer, dropout=0.0):
        super().__init__()
        outputs, hidden = weights["fc.weight"].shape
        self.rnn = layer(inputs, hidden, batch_first=True)
        self.dropout = OwnDropout(dropout)
        if "spare.weight" in weights:
            self.spare = nn.Linear(weights["spare.weight"].shape[1], 4, bias=False)
        self.fc = nn.Linear(hidden, outputs)


class Classifier(Recurrent):
    """Gives "logits", "(logits, h)" or "(logits, state)", or with an LSTM "(logits, (h, c))"."""

    def __init__(self, weights, inputs, dropout, returns):
        layer = nn.LSTM if returns == "(logits, (h, c))" else nn.RNN
        super().__init__(weights, inputs, layer, dropout)
        self.with_state = returns != "logits"

    def forward(self, x):
        out, state = self.rnn(x)
        logits = self.fc(self.dropout(out[:, -1]))
        return (logits, state) if self.with_state else logits


class EveryStep(Recurrent):
    """Has an output at every step, and takes a state."""

    def forward(self, x, state=None):
        out, state = self.rnn(x, state)
        return self.fc(out), state


class WithBatchNorm(nn.Module):
    """A classifier with dropout and batch norm that gives "logits" or "(logits, h)".

    recorded: for each forward, whether a graph was.
    """

    def __init__(self, weights, inputs, returns):
        super().__init__()
        classes, hidden = weights["head.fc.weight"].shape
        self.rnn = nn.RNN(inputs, hidden, batch_first=True)
        self.norm = nn.BatchNorm1d(hidden)
        self.head = nn.Sequential()
        self.head.add_module("dropout", OwnDropout(0.5))
        self.head.add_module("fc", nn.Linear(hidden, classes))
        self.spare = OwnDropout(0.5)
        self.with_state = returns != "logits"
        self.recorded = []

    def forward(self, x):
        out, state = self.rnn(x)
        logits = self.head(self.norm(out[:, -1]))
        self.recorded.append(logits.requires_grad)
        return (logits, state) if self.with_state else logits


def filled(model, weights, old_gradients=None):
    """The model with these weights; old_gradients: what every grad holds."""
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        if name in weights:
            tensor.data = weights[name].clone(memory_format=torch.contiguous_format)
    for parameter in model.parameters():
        if old_gradients is not None:
            parameter.grad = torch.full_like(parameter, old_gradients)
    return model


def weights_of(model):
    return {name: parameter.detach() for name, parameter in model.named_parameters()}


def batches(x, y, batch_size):
    return DataLoader(TensorDataset(x, y), batch_size=batch_size, generator=torch.Generator())


def built(weights, x, returns="logits", dropout=0.0, old_gradients=None, loss_factor=1.0):
    """(a classifier with these weights, a loss function for it).

    returns: what the model returns, "logits", "(logits, h)" or "(logits, (h, c))".
    old_gradients: what every grad holds.  loss_factor: multiplies the loss.
    """

    def loss_fn(logits, labels):
        return loss_factor * nn.functional.cross_entropy(logits, labels)

    model = Classifier(weights, x.shape[2], dropout, returns)
    return filled(model, weights, old_gradients), loss_fn


def on_one_batch(
    entry,
    weights,
    x,
    y,
    max_norm,
    lr=None,
    updates=1,
    groups=1,
    momentum=0.0,
    mode="train",
    observed="",
    modes=False,
    **how,
):
    """Build a classifier from its weights and call the entry point on one batch, `updates` times.

    lr: of plain SGD, or None where no optimizer is handed over.  groups: into how many groups the
    optimizer's parameters are divided.  mode: that of the model before, "train" or "eval".  how:
    what else `built` takes.  modes: whether the modes afterwards are given too.
    Gives the results and the weights afterwards; without an optimizer the result, or, where
    observed is "weights", these.
    """
    model, loss_fn = built(weights, x, **how)
    model.train(mode == "train")
    given = [model, x, y, loss_fn]
    if lr is not None:
        whole = list(model.parameters())
        parts = [{"params": whole[place::groups]} for place in range(groups)]
        given.append(torch.optim.SGD(parts, lr=lr, momentum=momentum))
    results = [entry(*given, max_norm) for _ in range(updates)]
    if observed == "weights":
        return weights_of(model)
    if lr is None:
        return results[0]
    afterwards = {"modes": modes_of(model)} if modes else {}
    return {**afterwards, "results": results, "weights": weights_of(model)}


def in_chunks(
    entry, weights, x, y, chunk, max_norm, lr, cell="rnn", old_gradients=None, loss_factor=1.0
):
    """Build a recurrent network with an output at every step and train it on long sequences."""

    def loss_fn(out, target):
        return loss_factor * ((out - target) ** 2 * (1.5 + torch.tanh(target))).mean()

    layer = {"rnn": nn.RNN, "lstm": nn.LSTM}[cell]
    model = filled(EveryStep(weights, x.shape[2], layer), weights, old_gradients)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    losses = entry(model, x, y, loss_fn, optimizer, chunk, max_norm)
    return {"losses": losses, "weights": weights_of(model)}


def over_epochs(entry, weights, x, y, batch_size, epochs, lr, max_norm=None, mode="train", **how):
    """Build a classifier from its weights and train it on a loader for some epochs.

    max_norm: None leaves it to the entry point's default.  mode: that of the model before, "train"
    or "eval".  how: what else `built` takes.
    """
    model, loss_fn = built(weights, x, **how)
    model.train(mode == "train")
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    given = () if max_norm is None else (max_norm,)
    history = entry(model, batches(x, y, batch_size), loss_fn, optimizer, epochs, *given)
    return {"history": history, "weights": weights_of(model)}


def evaluated(entry, weights, x, y, batch_size, mode="train", observed="result", returns="logits"):
    """Build a classifier with dropout and batch norm from its weights and evaluate it on a loader.

    mode: that of the model before, "train" or "eval".  returns: what the model returns, "logits"
    or "(logits, h)".  observed: "result"; "modes", of every
    submodule after a call, for four mixtures of modes before; "gradient mode", after calls with
    gradients on and off; or "traces", what else a call leaves where one parameter is frozen.
    """
    model = filled(WithBatchNorm(weights, x.shape[2], returns), weights)
    given = (model, batches(x, y, batch_size), nn.functional.cross_entropy)
    model.train(mode == "train")
    if observed == "modes":
        mixtures = (
            (True, ["norm"]),
            (False, ["head.dropout"]),
            (True, ["head", "rnn"]),
            (True, ["spare"]),
        )
        return {"modes": [modes_after(entry, given, *mixture) for mixture in mixtures]}
    if observed == "gradient mode":
        with torch.enable_grad():
            entry(*given)
            enabled = torch.is_grad_enabled()
        with torch.no_grad():
            entry(*given)
            disabled = torch.is_grad_enabled()
        return {
            "on after a call with gradients on": enabled,
            "off after a call under no_grad": not disabled,
        }
    filled(model, {}, old_gradients=0.3)
    model.rnn.bias_ih_l0.requires_grad_(False)
    result = entry(*given)
    if observed == "result":
        return result
    return {
        "no graph was recorded": not any(model.recorded),
        "grads": {name: parameter.grad for name, parameter in model.named_parameters()},
        "tensors": {name: tensor.detach() for name, tensor in model.state_dict().items()},
        "can be trained": {name: p.requires_grad for name, p in model.named_parameters()},
    }


def modes_after(entry, given, root, others):
    """The modes after a call; before it those of `others` differ from `root`, that of the rest."""
    model = given[0]
    model.train(root)
    for name in others:
        model.get_submodule(name).training = not root
    entry(*given)
    return modes_of(model)


def modes_of(model):
    """The mode of the model and of each submodule, by name."""
    names = {True: "training", False: "evaluation"}
    return {name or "model": names[one.training] for name, one in model.named_modules()}
