# %% [markdown]
# # Lab 5: Gradient clipping and the training loop
#
# Gradients of recurrent networks can grow until one update throws the network away. In this lab
# you write the remedy, **clipping**, and then the loop around it: one training step, training on
# long sequences in chunks, training over epochs, and an honest evaluation. Ten short functions;
# the longest takes about fifteen lines.
#
# **How to work**
#
# - Write a function, run its cell, then run the check cell below it.
# - Stuck? Call `hint(clip_by_norm)` in a cell of its own (with the name of your function). The
#   first hint says where to look; ask again and it says what is wrong.
# - The cells with pictures are for you, not for marks. Each one needs the functions above it.
#   Answer the question in front of it *before* you run it: a wrong guess teaches more.
#
# **What is allowed:** all of PyTorch, except that `clip_model_` may not call PyTorch's own
# clipping. Not in any graded function: `subprocess`, a `DataLoader` with `num_workers` above 0,
# and `torch.compile`.

# %% [markdown]
# ## Conventions
#
# | letter | meaning |
# |---|---|
# | B | batch: how many sequences at once |
# | T | time steps |
# | I | numbers per input |
# | H | hidden units |
# | C | classes |
#
# - **The batch comes first:** inputs are (B, T, I).
# - **"float" means a Python float,** for float32 inputs too. A 0-d tensor is a tensor of shape ().
# - **New tensors follow the dtype and device of the inputs.** Float32 in, float32 out.
# - **No function changes its arguments** unless its name ends in `_`. Functions that train change
#   their model and optimizer; that is their job.
# - **A gradient may be None.** A parameter that took no part in the loss has no gradient, and
#   every function here must live with that.
# - **The results of exercises 1 to 3 carry gradients back,** as every sum and product does. So no
#   `.detach()`, `.data` or `no_grad` there.

# %%
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

# loss_fn(output, target) gives a 0-d tensor, the mean over the samples.
Loss = Callable[[Tensor, Tensor], Tensor]

# A loader gives batches (x, y); it can be gone through again and again.
Loader = Iterable[tuple[Tensor, Tensor]]

# The state of a recurrent network: h for nn.RNN and nn.GRU, (h, c) for nn.LSTM, None at first.
State = Tensor | None | tuple["State", ...] | list["State"]


# %% active="ipynb"
# # For the pictures only. Colours and markers: nobody has to tell red from green.
# import matplotlib.pyplot as plt
# from cycler import cycler
#
# torch.set_num_threads(1)  # small networks: a second thread costs more than it gives
# plt.rcParams.update({
#     "figure.figsize": (7, 3),
#     "figure.dpi": 100,
#     "figure.constrained_layout.use": True,
#     "axes.titlesize": 10,
#     "axes.titlelocation": "left",
#     "axes.grid": True,
#     "grid.alpha": 0.3,
#     "axes.spines.top": False,
#     "axes.spines.right": False,
#     "lines.markersize": 5,
#     "legend.frameon": False,
#     "legend.fontsize": 9,
#     "axes.prop_cycle": cycler(color=["#0072B2", "#D55E00", "#000000", "#009E73", "#CC79A7"])
#     + cycler(linestyle=["-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1))]),
# })

# %% [markdown]
# ## 1. How long is a gradient?
#
# A network has many gradients, one tensor for each parameter. Think of all their numbers as **one
# long vector**. Its length is the **global norm**:
#
# $$\lVert g \rVert = \sqrt{\sum_i g_i^2}$$
#
# The sum runs over every number of every tensor. The sum of the separate lengths is something
# else, and so is the largest of them.
#
# You will often be handed a generator: `global_norm(p.grad for p in model.parameters())`. A
# generator can be gone through **once**.


# %% exercise="global_norm"
def global_norm(grads: Iterable[Tensor | None]) -> Tensor:
    """Return the length of all gradients taken together as one vector.

    Formula: √(Σ g²), the sum taken over every entry of every tensor.
    Source: R. Pascanu, T. Mikolov, Y. Bengio (2013), "On the difficulty of training recurrent
    neural networks", ICML.

    Args:
        grads: any iterable of tensors, a generator too; the tensors may have any shapes. Some may
            be None, which stands for no gradient and is passed over.

    Returns:
        A 0-d tensor with the dtype and device of the gradients; 0, of any dtype, where there is
        no tensor at all.
    """
    ### BEGIN SOLUTION
    squares = [(g**2).sum() for g in grads if g is not None]
    return torch.stack(squares).sum().sqrt() if squares else torch.zeros(())
    ### END SOLUTION


# %% [markdown]
# ### Look: how large can it get?
#
# Networks of two recurrent layers with 32 units. The only difference is how large the random
# weights are at the start: their standard deviation ("std"). The loss looks at the last of T
# steps.
#
# **Before you run it:** std 0.5 and T = 100: is the norm about 10, about 1,000 or about
# 10,000,000? And what does the line of std 0.1 do?

# %% active="ipynb"
# def random_rnn(std, hidden=32, layers=2, seed=0):
#     """An nn.RNN whose weights are drawn with the standard deviation std."""
#     torch.manual_seed(seed)
#     rnn = nn.RNN(8, hidden, num_layers=layers, batch_first=True)
#     for name, parameter in rnn.named_parameters():
#         if "weight" in name:
#             nn.init.normal_(parameter, std=std)
#     return rnn
#
#
# def last_step_norm(std, steps):
#     """The global norm of the gradient where the loss looks at the last step only."""
#     rnn = random_rnn(std)
#     x = torch.randn(8, steps, 8)
#     rnn(x)[0][:, -1].pow(2).mean().backward()
#     return global_norm(p.grad for p in rnn.parameters()).item()
#
#
# lengths = [1, 5, 10, 20, 40, 60, 80, 100]
# fig, ax = plt.subplots(figsize=(7, 3.4))
# for std, marker in [(0.5, "^"), (0.4, "s"), (0.3, "o"), (0.1, "v")]:
#     norms = [last_step_norm(std, steps) for steps in lengths]
#     ax.semilogy(lengths, norms, marker=marker, label=f"std {std:g}")
#     print(f"std {std:g}: {norms[0]:.2g} at T = 1, {norms[-1]:.2g} at T = 100")
# ax.set(xlabel="sequence length T", ylabel="global norm of the gradient",
#        title="The same network: slightly larger weights, and the gradient explodes")
# ax.legend()
# plt.show()

# %% [markdown]
# An update with such a gradient is a jump into nowhere. But its **direction** still says which way
# is downhill. So keep the direction and shorten the arrow.

# %% [markdown]
# ## 2. Shorten the arrow
#
# **Clipping by norm:** where the global norm is larger than `max_norm`, scale *all* gradients by
# *one* factor, so that the norm becomes `max_norm`. Shorter ones stay as they are.
#
# $$g \leftarrow g \cdot \min\left(1,\ \frac{\text{max\_norm}}{\lVert g \rVert + 10^{-6}}\right)$$
#
# The 10⁻⁶ keeps the quotient finite where the norm is 0. PyTorch has it too.


# %% exercise="clip_by_norm"
def clip_by_norm(
    grads: Iterable[Tensor | None], max_norm: float
) -> tuple[list[Tensor | None], Tensor]:
    """Scale all gradients by one factor, so that their global norm is at most max_norm.

    Formula: g · min(1, max_norm / (norm + 1e-6)) for every gradient g, with norm = √(Σ g²) over
    all of them together.
    Source: R. Pascanu, T. Mikolov, Y. Bengio (2013), "On the difficulty of training recurrent
    neural networks", ICML; the 1e-6 as in PyTorch.

    Args:
        grads: any iterable of tensors or None, a generator too. It may be empty.
        max_norm: the largest norm that is allowed.

    Returns:
        (clipped, norm): a list with one new tensor for each gradient, in their order, None where
        a gradient was None; and the global norm *before* clipping, a 0-d tensor.
    """
    ### BEGIN SOLUTION
    grads = list(grads)  # a generator could not be gone through twice
    norm = global_norm(grads)
    scale = (max_norm / (norm + 1e-6)).clamp(max=1.0)
    return [None if g is None else g * scale for g in grads], norm
    ### END SOLUTION


# %% [markdown]
# ## 3. The other way: cut every number off
#
# **Clipping by value** looks at each number alone: whatever is larger than `limit` becomes
# `limit`, whatever is smaller than `-limit` becomes `-limit`.


# %% exercise="clip_by_value"
def clip_by_value(grads: Iterable[Tensor | None], limit: float) -> list[Tensor | None]:
    """Hold every entry of every gradient between -limit and limit.

    Formula: max(-limit, min(limit, g)), entry by entry.
    Source: T. Mikolov (2012), "Statistical language models based on neural networks", thesis, Brno
    University of Technology.

    Args:
        grads: any iterable of tensors or None, a generator too. It may be empty.
        limit: the largest size that an entry may have; above 0.

    Returns:
        A new list with one tensor for each gradient, in their order, None where a gradient was
        None.
    """
    ### BEGIN SOLUTION
    return [None if g is None else g.clamp(-limit, limit) for g in grads]
    ### END SOLUTION


# %% [markdown]
# ### Look: two ways to clip an arrow
#
# Six gradients of two numbers each, clipped to norm 1 on the left and to values within ±1 on the
# right.
#
# **Before you run it:** the long flat arrow, (3, 0.5). In which direction does each way send it?

# %% active="ipynb"
# arrows = torch.tensor(
#     [[3.0, 0.5], [2.0, 2.4], [-0.4, 2.2], [-0.5, 0.4], [-2.6, -1.0], [0.8, -2.5]]
# )
# circle = torch.linspace(0, 2 * torch.pi, 100)
# fig, axes = plt.subplots(1, 2, figsize=(8, 4), sharex=True, sharey=True)
# for ax, title in [(axes[0], "By norm: shorter, the same direction"),
#                   (axes[1], "By value: the direction changes")]:
#     for g in arrows:
#         clipped = clip_by_norm([g], 1.0)[0][0] if ax is axes[0] else clip_by_value([g], 1.0)[0]
#         for arrow, colour, width in [(g, "0.65", 0.005), (clipped, "#D55E00", 0.012)]:
#             ax.quiver(0, 0, *arrow.tolist(), angles="xy", scale_units="xy", scale=1,
#                       color=colour, width=width, zorder=2)
#     ax.set(xlabel="∂L/∂w₀", ylabel="∂L/∂w₁", title=title, xlim=(-3.2, 3.4), ylim=(-2.9, 2.9))
#     ax.set_aspect("equal")
# axes[0].plot(circle.cos(), circle.sin(), color="black", lw=1, ls="--")
# axes[1].plot([-1, 1, 1, -1, -1], [-1, -1, 1, 1, -1], color="black", lw=1, ls="--")
# plt.show()
#
# g = arrows[0]
# by_norm, by_value = clip_by_norm([g], 1.0)[0][0], clip_by_value([g], 1.0)[0]
# for name, clipped in [("by norm", by_norm), ("by value", by_value)]:
#     cosine = torch.cosine_similarity(g, clipped, dim=0)
#     print(f"{name:8}: ({clipped[0]:.2f}, {clipped[1]:.2f}), cosine with (3, 0.5): {cosine:.4f}")

# %% [markdown]
# Grey is before, orange after. The short arrow at the upper left is inside both limits, and both
# ways leave it alone.

# %% [markdown]
# ### Look: one norm, or one for each parameter?
#
# A tempting shortcut is to clip each parameter's gradient by itself. Below, the gradients of a
# network with 32 units at std 0.4, clipped both ways to norm 1.
#
# **Before you run it:** which bars get shorter when every parameter is clipped by itself: all of
# them, or only the long ones?

# %% active="ipynb"
# rnn = random_rnn(0.4, layers=1)
# torch.manual_seed(1)
# rnn(torch.randn(8, 12, 8))[0][:, -1].sum(1).pow(2).mean().backward()
# names = [name.removesuffix("_l0") for name, _ in rnn.named_parameters()]
# grads = [p.grad for p in rnn.parameters()]
# together = clip_by_norm(grads, 1.0)[0]
# separately = [clip_by_norm([g], 1.0)[0][0] for g in grads]
#
# fig, ax = plt.subplots()
# places = torch.arange(len(names))
# for shift, clipped, hatch, label in [(-0.27, grads, "", "before"),
#                                      (0, together, "//", "one norm"),
#                                      (0.27, separately, "..", "one norm each")]:
#     ax.bar(places + shift, [global_norm([g]).item() for g in clipped], 0.25, hatch=hatch,
#            edgecolor="white", label=label)
# ax.set_xticks(places, names)
# ax.set(ylabel="norm of its gradient", yscale="log",
#        title="Clipped one by one, all parameters come out equally long")
# ax.legend(ncols=3, loc="upper right")
# ax.set_ylim(top=3 * ax.get_ylim()[1])
# plt.show()
#
# whole = torch.cat([g.flatten() for g in grads])
# for label, clipped in [("one norm", together), ("one norm each", separately)]:
#     flat = torch.cat([g.flatten() for g in clipped])
#     cosine = torch.cosine_similarity(whole, flat, dim=0)
#     print(f"{label:14} total norm {global_norm(clipped):.3f}, cosine with before {cosine:.4f}")

# %% [markdown]
# One norm each destroys what the gradient said about which parameter matters how much. And the
# total is still larger than 1.

# %% [markdown]
# ## 4. Clip a model
#
# After `loss.backward()` the gradients wait in `p.grad` of each parameter. Clip them **there**:
# the optimizer will look at `p.grad` and nowhere else. Clipped copies that nobody reads change
# nothing.
#
# The underscore at the end of the name is PyTorch's sign for "changes its argument".


# %% exercise="clip_model_"
def clip_model_(model: nn.Module, max_norm: float) -> Tensor:
    """Clip the gradients of a model in place by their global norm.

    In place: p.grad of each parameter stays the tensor that it is, and its numbers change. The
    weights stay as they are.

    Formula: as in `clip_by_norm`, over the gradients of all parameters of the model together.

    Args:
        model: any module. Parameters whose grad is None are passed over.
        max_norm: the largest norm that is allowed.

    Returns:
        The global norm *before* clipping, a 0-d tensor (a float is accepted).

    Forbidden: PyTorch's own clipping (clip_grad_norm_, clip_grads_with_norm_, get_total_norm,
    clip_grad_value_ and their module).
    """
    ### BEGIN SOLUTION
    with torch.no_grad():
        clipped, norm = clip_by_norm((p.grad for p in model.parameters()), max_norm)
        for p, new in zip(model.parameters(), clipped, strict=True):
            if p.grad is not None and new is not None:
                p.grad.copy_(new)
    return norm
    ### END SOLUTION


# %% [markdown]
# ### Look: what clipping cannot repair
#
# A well-known exercise starts a network of five layers with std 2, runs it over 100 steps and asks
# you to tame its gradient by clipping. Here it is with 16, 64 and 96 units.
#
# **Before you run it:** some numbers are too large for float32 and become infinite. What is
# infinity scaled down to norm 1?

# %% active="ipynb"
# for hidden in (16, 64, 96):
#     rnn = random_rnn(2.0, hidden, layers=5)
#     rnn(torch.randn(8, 100, 8))[0][:, -1].pow(2).mean().backward()
#     largest = max(p.grad.abs().max().item() for p in rnn.parameters())
#     norm = clip_model_(rnn, 1.0)
#     after = global_norm(p.grad for p in rnn.parameters())
#     print(f"{hidden} units: largest entry {largest:.1e}, norm before clipping {norm:.1e}, "
#           f"after {after:.1f}")

# %% [markdown]
# - 16 units: large but finite. That is what clipping is for.
# - 64 units: every entry is finite, but their squares are not. The factor is 1/∞ = 0, so the whole
#   gradient becomes 0 and nothing is learnt.
# - 96 units: entries that are infinite or nan on the way. Infinity times zero is nan, and one
#   update with nan ruins every weight.
#
# Clipping cannot repair this. Start with smaller weights.

# %% [markdown]
# ## 5. Measure it: before and after
#
# "Clip, then print the norm that the function returned, to see that it worked": you will read
# that advice. It prints the norm from **before** clipping, so it shows nothing. The norm
# afterwards has to be measured.


# %% exercise="norms_around_clipping"
def norms_around_clipping(
    model: nn.Module, x: Tensor, y: Tensor, loss_fn: Loss, max_norm: float
) -> tuple[float, float]:
    """Return the global norm of a batch's gradient before and after clipping.

    The gradient is that of one forward and one backward pass, in the mode (train or eval) in which
    the model is, whatever gradients it had before. The weights stay as they are; what p.grad holds
    afterwards is up to you.

    Args:
        model: `model(x)` gives the output.
        x: (B, …), the inputs.
        y: (B, …), the targets.
        loss_fn: `loss_fn(output, y)` gives the loss.
        max_norm: the largest norm that is allowed.

    Returns:
        (before, after), two Python floats.
    """
    ### BEGIN SOLUTION
    model.zero_grad()
    loss_fn(model(x), y).backward()
    before = clip_model_(model, max_norm)
    after = global_norm(p.grad for p in model.parameters())
    return before.item(), after.item()
    ### END SOLUTION


# %% [markdown]
# ### Look: does clipping cure vanishing gradients?
#
# It is often named as the answer to both troubles. So measure it. The only thing that can learn in
# the networks below is their **initial state**; the loss looks at step 40. So the gradient has to
# travel all the way back, and depending on the recurrent weights it vanishes or explodes.
#
# **Before you run it:** `max_norm` is 1. Draw the line of the norms after clipping: where does it
# leave the line before clipping?

# %% active="ipynb"
# class StartState(nn.Module):
#     """A recurrent network in which only the initial state can learn; it gives the last state."""
#
#     def __init__(self, std, hidden=32):
#         super().__init__()
#         self.rnn = random_rnn(std, hidden, layers=1).requires_grad_(False)
#         self.h0 = nn.Parameter(torch.zeros(1, 1, hidden))
#
#     def forward(self, x):
#         return self.rnn(x, self.h0.expand(-1, len(x), -1).contiguous())[0][:, -1]
#
#
# torch.manual_seed(0)
# x, y = 0.1 * torch.randn(8, 40, 8), torch.randn(8, 32)
# stds = [0.06, 0.08, 0.1, 0.12, 0.14, 0.17, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6]
# pairs = [norms_around_clipping(StartState(std), x, y, nn.MSELoss(), 1.0) for std in stds]
# before, after = zip(*pairs, strict=True)
#
# fig, ax = plt.subplots(figsize=(7, 3.4))
# ax.semilogy(stds, before, "s-", color="#0072B2", mfc="none", ms=8, label="before clipping")
# ax.semilogy(stds, after, "x--", color="#D55E00", mew=2, label="after clipping")
# ax.axhline(1, color="black", lw=1, ls=":")
# ax.annotate("max_norm", (0.06, 1), xytext=(0, 4), textcoords="offset points")
# ax.set(xlabel="std of the recurrent weights", ylabel="norm of the gradient of the initial state",
#        title="Clipping shortens what explodes. What vanishes stays vanished.")
# ax.legend(loc="lower right")
# plt.show()
# for std, one, two in zip(stds, before, after, strict=True):
#     if std in (0.06, 0.17, 0.5):
#         print(f"std {std:g}: {one:.1e} before, {two:.1e} after")

# %% [markdown]
# The factor is never above 1, so clipping **only shrinks**. A vanishing gradient needs another
# cure: gates (lab 3), or better initial weights.

# %% [markdown]
# ## 6. Cut the state from its past
#
# Now to long sequences. They are read in chunks, and the state is carried from one chunk to the
# next. The **numbers** of the state shall live on. Its **graph**, the record of how it was
# computed, must not: otherwise the next backward pass runs through all chunks before.
#
# A state comes in several forms. `nn.RNN` and `nn.GRU` have a tensor, `nn.LSTM` a tuple of two,
# your own network perhaps a list of tuples. And before the first chunk there is None.


# %% exercise="detach_state"
def detach_state(state: State) -> State:
    """Return a recurrent state with the same numbers and without its graph.

    Args:
        state: a tensor, None, or a tuple or list of such, nested as deeply as you like. It is
            left alone: its own tensors keep their graph.

    Returns:
        The same structure (a tuple for a tuple, a list for a list, None for None) in which no
        tensor requires a gradient, also where one was a parameter. The tensors may share memory
        with the old ones.
    """
    ### BEGIN SOLUTION
    if isinstance(state, Tensor):
        return state.detach()
    if isinstance(state, tuple):
        return tuple(detach_state(part) for part in state)
    if isinstance(state, list):
        return [detach_state(part) for part in state]
    return state
    ### END SOLUTION


# %% [markdown]
# ### Look: what happens without it
#
# An LSTM reads eight chunks of five steps. We count the operations that the backward pass of each
# chunk's loss would have to go through.
#
# **Before you run it:** 8 chunks of equal length. What does the count do from chunk to chunk
# without detaching?

# %% active="ipynb"
# def graph_size(loss):
#     """How many operations the backward pass of a loss goes through."""
#     seen, waiting = set(), [loss.grad_fn]
#     while waiting:
#         node = waiting.pop()
#         if node is not None and node not in seen:
#             seen.add(node)
#             waiting.extend(following for following, _ in node.next_functions)
#     return len(seen)
#
#
# torch.manual_seed(0)
# cell = nn.LSTMCell(3, 4)
# chunks = torch.randn(8, 5, 2, 3)  # 8 chunks of 5 steps, batch 2
# sizes = {"carried as it is": [], "detached": []}
# for label, counts in sizes.items():
#     state = (torch.zeros(2, 4), torch.zeros(2, 4))
#     for chunk in chunks:
#         for x in chunk:
#             state = cell(x, state)
#         counts.append(graph_size(state[0].sum()))
#         if label == "detached":
#             state = detach_state(state)
#
# fig, ax = plt.subplots()
# for (label, counts), marker in zip(sizes.items(), "so", strict=True):
#     ax.plot(range(1, 9), counts, marker=marker, label=label)
# ax.set(xlabel="chunk", ylabel="operations", ylim=(0, None),
#        title="Without detaching, each chunk drags all earlier ones along")
# ax.legend()
# plt.show()

# %% [markdown]
# You will read that the state "accumulates gradients" if it is not detached. It does not: it
# holds on to its **graph**. And PyTorch frees the graph of a chunk in that chunk's backward pass.
#
# **Before you run it:** what does PyTorch say in the second chunk? And what to `state.detach()`
# for an LSTM?

# %% active="ipynb"
# def attempt(label, action):
#     """Run something that will fail, and print how."""
#     try:
#         action()
#     except Exception as error:
#         print(f"{label}: {type(error).__name__}: {str(error).split(' (or')[0]}")
#
#
# def two_chunks(detach):
#     lstm, state = nn.LSTM(3, 4, batch_first=True), None
#     for _ in range(2):
#         out, state = lstm(torch.randn(2, 5, 3), state)
#         out.sum().backward()
#         state = detach(state)
#     print("two chunks: done")
#
#
# attempt("nothing detached", lambda: two_chunks(lambda state: state))
# attempt("state.detach()", lambda: two_chunks(lambda state: state.detach()))
# attempt("detach_state(state)", lambda: two_chunks(detach_state))

# %% [markdown]
# ## 7. One training step
#
# Five things, in this order:
#
# 1. **clear** the old gradients; PyTorch adds new ones to them
# 2. **forward**, to the loss
# 3. **backward**, to the gradients
# 4. **clip** them
# 5. **step**: the optimizer changes the weights
#
# Some models return `logits`, others `(logits, state)`. Your step must take both. (And
# `logits, _ = model(x)` for everyone is no way out, as you will see below.)
#
# Is your `clip_model_` not right yet? From here on you may call
# `torch.nn.utils.clip_grad_norm_` on its parameters instead; it does the same.


# %% exercise="training_step"
def training_step(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    loss_fn: Loss,
    optimizer: torch.optim.Optimizer,
    max_norm: float,
) -> dict[str, float]:
    """Take one training step on one batch, with clipping by norm.

    Args:
        model: `model(x)` gives the logits, or a tuple (logits, state); the state is not used. The
            mode it is in (train or eval) stays.
        x: (B, …), the inputs.
        y: (B, …), the targets.
        loss_fn: `loss_fn(logits, y)` gives the loss.
        optimizer: any optimizer over all parameters of the model.
        max_norm: the largest gradient norm that is allowed.

    Returns:
        A dict of two Python floats: "loss", before the update, and "norm", the global norm of the
        gradient before clipping.
    """
    ### BEGIN SOLUTION
    optimizer.zero_grad()
    output = model(x)
    logits = output[0] if isinstance(output, tuple) else output
    loss = loss_fn(logits, y)
    loss.backward()
    norm = clip_model_(model, max_norm)
    optimizer.step()
    return {"loss": loss.item(), "norm": float(norm)}
    ### END SOLUTION


# %% [markdown]
# ### Look: the row that looks like a tuple
#
# `outputs, _ = model(x)` is common where a model returns a pair. Suppose the model returns one
# tensor of logits.
#
# **Before you run it:** for which of these batch sizes does that line fail?

# %% active="ipynb"
# def unpack(batch_size):
#     model = nn.Linear(3, 4)
#     outputs, _ = model(torch.randn(batch_size, 3))
#     print(f"batch of {batch_size}: no complaint, outputs has shape {tuple(outputs.shape)}")
#
#
# for batch_size in (1, 2, 3, 32):
#     attempt(f"batch of {batch_size}", lambda size=batch_size: unpack(size))

# %% [markdown]
# With two samples the *rows* are unpacked: the first sample passes for the whole output. A last
# batch of two is enough.

# %% [markdown]
# ### Look: the order matters
#
# One weight w, the loss w⁴/4, so the gradient is w³. The weight starts at 3, far up a steep wall:
# the gradient there is 27. `lr` is 0.3 and `max_norm` is 1.
#
# Five loops that differ in their order only.
#
# **Before you run it:** which loop leaves w where it was? Which two explode? And which one clips
# every gradient and still sails past 0?

# %% active="ipynb"
# def run_in_order(order, updates=40):
#     """The weight after each update of a loop whose parts stand in the given order."""
#     w = nn.Parameter(torch.tensor([3.0]))
#     holder = nn.ParameterList([w])
#     optimizer = torch.optim.SGD([w], lr=0.3)
#     kept = {}
#     parts = {
#         "clear": lambda: optimizer.zero_grad(set_to_none=False),
#         "forward": lambda: kept.update(loss=(w**4 / 4).sum()),
#         "backward": lambda: kept["loss"].backward(),
#         "clip": lambda: clip_model_(holder, 1.0),
#         "step": optimizer.step,
#     }
#     path = [w.item()]
#     for _ in range(updates):
#         for name in order.split():
#             parts[name]()
#         path.append(w.item())
#     return path
#
#
# fig, ax = plt.subplots(figsize=(7, 3.6))
# for label, order, style in [
#     ("right order", "clear forward backward clip step", {"marker": "o"}),
#     ("clip after step", "clear forward backward step clip",
#      {"marker": "^", "ms": 11, "mfc": "none"}),
#     ("clip before backward", "clear forward clip backward step", {"marker": "x", "mew": 2}),
#     ("never cleared", "forward backward clip step", {"marker": "s", "markevery": 3}),
#     ("cleared after backward", "forward backward clear clip step",
#      {"marker": "v", "markevery": 3}),
# ]:
#     path = run_in_order(order)
#     ax.plot(path, label=label, **style)
#     print(f"{label:22} w after 1, 2, 3 updates: {path[1]:8.2f} {path[2]:8.2f} {path[3]:10.3g}")
# ax.set(xlabel="update", ylabel="weight w", ylim=(-6, 4),
#        title="Clipped too early or too late, w leaves the picture at once")
# ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
# plt.show()

# %% [markdown]
# - Clipping **before** backward clips nothing; clipping **after** the step comes too late. Both
#   loops are not clipped at all: from 3 they jump to -5.1, and from there beyond all bounds.
# - **Never cleared:** each gradient is added to those of before. The loop keeps going where it
#   went, past the goal and back.
# - **Cleared after backward:** there is nothing to step with.

# %% [markdown]
# ### Look: a training run with and without clipping
#
# Repeat a random input three steps late, as in lab 2. The network has 32 units, and the learning
# rate is a bold 0.5.
#
# **Before you run it:** clipping makes steps shorter. So will the clipped run be slower?

# %% active="ipynb"
# class Echo(nn.Module):
#     """A recurrent network with one output for each step; gives (output, state)."""
#
#     def __init__(self, hidden=32, std=None, seed=0):
#         super().__init__()
#         torch.manual_seed(seed)
#         self.rnn = nn.RNN(1, hidden, batch_first=True)
#         self.fc = nn.Linear(hidden, 1)
#         if std is not None:
#             nn.init.normal_(self.rnn.weight_hh_l0, std=std)
#
#     def forward(self, x, state=None):
#         out, state = self.rnn(x, state)
#         return self.fc(out), state
#
#
# def echo_task(generator, batch, steps, delay):
#     """Random inputs, and as targets the same numbers `delay` steps later (0 before that)."""
#     x = 2 * torch.rand(batch, steps, 1, generator=generator) - 1
#     y = torch.zeros_like(x)
#     y[:, delay:] = x[:, :-delay]
#     return x, y
#
#
# def train_echo(max_norm, updates=120):
#     """One dict for each step: loss, norm before and norm after clipping."""
#     model, generator = Echo(std=0.25), torch.Generator().manual_seed(1)
#     optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
#     steps = []
#     for _ in range(updates):
#         x, y = echo_task(generator, 16, 30, 3)
#         step = training_step(model, x, y, nn.MSELoss(), optimizer, max_norm)
#         step["after"] = global_norm(p.grad for p in model.parameters()).item()
#         steps.append(step)
#     return steps
#
#
# clipped, unclipped = train_echo(1.0), train_echo(1e9)
# fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2), sharex=True)
# for steps, label in [(clipped, "clipped to 1"), (unclipped, "not clipped")]:
#     left.semilogy([step["loss"] for step in steps], lw=2, label=label)
# left.set(xlabel="update", ylabel="loss", ylim=(0.005, 300),
#          title="Without clipping, one step ruins it")
# left.legend()
# norms = [step["norm"] for step in clipped]
# right.semilogy(norms, "o-", color="#0072B2", label="before clipping", lw=1, ms=3)
# right.semilogy([step["after"] for step in clipped], "x", color="#D55E00", ls="none",
#                label="after clipping", ms=4)
# right.axhline(1, color="black", ls=":", lw=1)
# right.set(xlabel="update", ylabel="norm of the gradient", ylim=(0.05, 40),
#           title="The clipped run: most steps need no clipping")
# right.legend()
# plt.show()
# print(f"clipped: {sum(norm > 1 for norm in norms)} of {len(norms)} steps were shortened, "
#       f"the longest gradient was {max(norms):.1f}")
# print(f"loss at the end: clipped {clipped[-1]['loss']:.3f}, "
#       f"not clipped {unclipped[-1]['loss']:.1e}")

# %% [markdown]
# Clipping is a seat belt. It does nothing on most steps and saves the run on a few. Compare the
# height of the marks with the dotted line before you choose a `max_norm`: where every step is
# clipped, you have really chosen another learning rate.

# %% [markdown]
# ## 8. Long sequences, in chunks
#
# **Truncated backpropagation through time:** cut the sequence into chunks, take one training step
# for each, and carry the state along, without its graph.
#
# - The state is None for the first chunk.
# - The last chunk may be shorter than the others.
# - The targets are cut as the inputs are.


# %% exercise="tbptt"
def tbptt(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    loss_fn: Loss,
    optimizer: torch.optim.Optimizer,
    chunk: int,
    max_norm: float,
) -> list[float]:
    """Train on long sequences by truncated backpropagation through time.

    One optimizer step for each chunk: clear, forward, backward, clip, step. The state is carried
    from chunk to chunk; the gradient is not.
    Source: R. J. Williams, J. Peng (1990), "An efficient gradient-based algorithm for on-line
    training of recurrent network trajectories", Neural Computation 2.

    Args:
        model: `model(x, state)` gives (out, state). The state is None for the first chunk; it may
            be a tensor, or a tuple as in an LSTM.
        x: (B, T, …), the inputs.
        y: (B, T, …), the targets.
        loss_fn: `loss_fn(out, y of the chunk)` gives the loss.
        optimizer: any optimizer over all parameters of the model.
        chunk: how many steps a chunk has; the last one has what is left. At least 1; may be larger
            than T.
        max_norm: the largest gradient norm that is allowed.

    Returns:
        A list of Python floats, the loss of each chunk before its update.
    """
    ### BEGIN SOLUTION
    losses = []
    state = None
    for x_chunk, y_chunk in zip(x.split(chunk, dim=1), y.split(chunk, dim=1), strict=True):
        optimizer.zero_grad()
        out, state = model(x_chunk, state)
        loss = loss_fn(out, y_chunk)
        loss.backward()
        clip_model_(model, max_norm)
        optimizer.step()
        state = detach_state(state)
        losses.append(loss.item())
    return losses
    ### END SOLUTION


# %% [markdown]
# ### Look: how long must a chunk be?
#
# The echo again, this time five steps late. The carried state reaches back as far as you like. The
# gradient ends at the beginning of the chunk. Each network below gets 200 updates; the dotted line
# is what a network without memory can reach.
#
# **Before you run it:** the answer lies five steps back. Which chunk lengths will learn it: all of
# them, for the state is carried, or only the long ones?

# %% active="ipynb"
# def echo_error(chunk, updates=200, delay=5):
#     """Train with chunks of one length; the error on a new sequence."""
#     model, generator = Echo(hidden=24), torch.Generator().manual_seed(1)
#     optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
#     x, y = echo_task(generator, 16, chunk * updates, delay)
#     tbptt(model, x, y, nn.MSELoss(), optimizer, chunk, 1.0)
#     x, y = echo_task(generator, 16, 1000, delay)
#     with torch.no_grad():
#         return nn.functional.mse_loss(model(x)[0], y).item()
#
#
# chunks = [1, 2, 3, 4, 5, 6, 8, 12, 20]
# errors = [echo_error(chunk) for chunk in chunks]
# fig, ax = plt.subplots()
# places = range(len(chunks))
# ax.bar(places, errors, color=["#D55E00" if chunk <= 5 else "#0072B2" for chunk in chunks],
#        hatch=["//" if chunk <= 5 else "" for chunk in chunks], edgecolor="white")
# ax.axhline(1 / 3, color="black", ls=":", lw=1, label="without memory")
# for place, error in zip(places, errors, strict=True):
#     ax.text(place, error + 0.006, f"{error:.3f}", ha="center", fontsize=9)
# ax.set_xticks(places, chunks)
# ax.set(xlabel="steps in a chunk", ylabel="mean squared error", ylim=(0, 0.42),
#        title="Hatched: the answer always lies in an earlier chunk")
# ax.legend(loc="upper right")
# plt.show()

# %% [markdown]
# What the network cannot follow back with its gradient, it can only remember by luck. (Luck
# exists: try a delay of 3 with chunks of 3.) So choose chunks longer than what has to be
# remembered.

# %% [markdown]
# ### When not to carry the state
#
# Chunks of *one* sequence follow each other. The batches of a shuffled loader do not: sample 0 of
# this batch has nothing to do with sample 0 of the last one. Start each of them without a state.
#
# **Before you run it:** the last batch of a loader is often smaller. What if the state was carried
# into it?

# %% active="ipynb"
# rnn = nn.RNN(3, 4, batch_first=True)
# _, state = rnn(torch.randn(2, 5, 3))
# attempt("batch of 1 after a batch of 2", lambda: rnn(torch.randn(1, 5, 3), state))

# %% [markdown]
# The smaller batch only tells you of a mistake that was there all along.

# %% [markdown]
# ## 9. Epochs
#
# Now for many short sequences. An **epoch** goes once through all batches of a loader. For each
# epoch, report the mean loss and the share of right answers.
#
# - The last batch is often smaller. Each **sample** counts the same, so weigh each batch by its
#   size.
# - Judge the logits that the loss was computed on. A second forward pass costs time, and with
#   dropout, or after the update, it gives other logits.
# - Train in train mode, whatever mode the model comes in.


# %% exercise="train_classifier"
def train_classifier(
    model: nn.Module,
    loader: Loader,
    loss_fn: Loss,
    optimizer: torch.optim.Optimizer,
    epochs: int,
    max_norm: float = 5.0,
) -> list[dict[str, float]]:
    """Train a classifier for some epochs, in train mode and with clipping by norm.

    Args:
        model: `model(x)` gives the logits (B, C), or a tuple (logits, state); the state is not
            used.
        loader: gives batches (x, y), with labels y (B,) int64; their sizes may differ.
        loss_fn: `loss_fn(logits, y)` gives the mean loss of the batch.
        optimizer: any optimizer over all parameters of the model.
        epochs: how often to go through the loader; 0 is allowed.
        max_norm: the largest gradient norm that is allowed.

    Returns:
        A list with one dict for each epoch: "loss", the mean over all samples, and "accuracy", the
        share of samples whose largest logit is that of their label, 0 to 1. Both are Python
        floats, taken from the logits that the batch's update was made from.
    """
    ### BEGIN SOLUTION
    model.train()
    history = []
    for _ in range(epochs):
        loss_sum, right, count = 0.0, 0, 0
        for x, y in loader:
            optimizer.zero_grad()
            output = model(x)
            logits = output[0] if isinstance(output, tuple) else output
            loss = loss_fn(logits, y)
            loss.backward()
            clip_model_(model, max_norm)
            optimizer.step()
            loss_sum += loss.item() * len(y)
            right += int((logits.argmax(dim=1) == y).sum())
            count += len(y)
        history.append({"loss": loss_sum / count, "accuracy": right / count})
    return history
    ### END SOLUTION


# %% [markdown]
# ### Look: the mean of batch means
#
# Five samples in batches of four: the last batch has one sample. The first four have loss 1, the
# last one has loss 6.
#
# **Before you run it:** what is the mean loss of a sample? What is the mean of the two batch
# means?

# %% active="ipynb"
# losses = torch.tensor([1.0, 1.0, 1.0, 1.0, 6.0])
# batches = losses.split(4)
# of_means = torch.stack([batch.mean() for batch in batches]).mean()
# fig, ax = plt.subplots()
# ax.bar(range(5), losses, color=["#0072B2"] * 4 + ["#D55E00"], hatch=[""] * 4 + ["//"],
#        edgecolor="white")
# for height, style, label in [(of_means, "--", "mean of batch means"),
#                              (losses.mean(), "-", "mean over samples")]:
#     ax.axhline(height, color="black", ls=style, label=f"{label}: {height:.1f}")
# ax.set(xlabel="sample (hatched: alone in the last batch)", ylabel="loss", xticks=range(5),
#        title="The sample in the small batch counts four times")
# ax.legend(loc="upper left")
# plt.show()

# %% [markdown]
# ## 10. An honest evaluation
#
# How good is the model now? Three things must hold while you look:
#
# - **eval mode:** dropout off, batch norm with its stored statistics
# - **no gradient:** nothing is recorded for a backward pass
# - **nothing changed afterwards:** a model in training goes on training. Perhaps one part of it is
#   kept in eval mode on purpose, such as a frozen batch norm. So put **every submodule** back into
#   the mode in which it was. `model.train()` would not.


# %% exercise="evaluate"
def evaluate(model: nn.Module, loader: Loader, loss_fn: Loss) -> dict[str, float]:
    """Return the mean loss and the accuracy of a classifier, without changing anything about it.

    Weights, buffers, p.grad and requires_grad stay as they are. The model is in eval mode
    meanwhile and no gradient is recorded. Afterwards every submodule is in the mode in which it
    was, and gradients are recorded again if, and only if, they were before the call.

    Args:
        model: `model(x)` gives the logits (B, C), or a tuple (logits, state); the state is not
            used.
        loader: gives batches (x, y), with labels y (B,) int64; their sizes may differ.
        loss_fn: `loss_fn(logits, y)` gives the mean loss of the batch.

    Returns:
        A dict of two Python floats: "loss", the mean over all samples, and "accuracy", the share
        of samples whose largest logit is that of their label, 0 to 1.
    """
    ### BEGIN SOLUTION
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    loss_sum, right, count = 0.0, 0, 0
    with torch.no_grad():
        for x, y in loader:
            output = model(x)
            logits = output[0] if isinstance(output, tuple) else output
            loss_sum += loss_fn(logits, y).item() * len(y)
            right += int((logits.argmax(dim=1) == y).sum())
            count += len(y)
    for module, mode in modes:
        module.training = mode
    return {"loss": loss_sum / count, "accuracy": right / count}
    ### END SOLUTION


# %% [markdown]
# ### Look: three curves of one training run
#
# Sixty noisy sequences that rise, fall or do neither; which is which? The model is a GRU with
# dropout 0.5. After each epoch we draw what `train_classifier` reported, and what `evaluate` says
# about the *same* sixty sequences, and about 600 new ones.
#
# **Before you run it:** on the same sixty sequences, which loss is lower, the reported or the
# evaluated one? And what will the third curve do towards the end?

# %% active="ipynb"
# class Trend(nn.Module):
#     def __init__(self, hidden=16):
#         super().__init__()
#         self.rnn = nn.GRU(1, hidden, batch_first=True)
#         self.dropout = nn.Dropout(0.5)
#         self.fc = nn.Linear(hidden, 3)
#
#     def forward(self, x):
#         return self.fc(self.dropout(self.rnn(x)[1][-1]))
#
#
# def trends(number, generator, steps=20):
#     """Noisy sequences (N, T, 1) that fall (0), stay (1) or rise (2)."""
#     y = torch.randint(3, (number,), generator=generator)
#     line = (y[:, None] - 1) * torch.linspace(-1, 1, steps)
#     return (line + torch.randn(number, steps, generator=generator))[..., None], y
#
#
# def loader_of(x, y, shuffle, generator=None):
#     data = torch.utils.data.TensorDataset(x, y)
#     return torch.utils.data.DataLoader(data, batch_size=16, shuffle=shuffle, generator=generator)
#
#
# generator = torch.Generator().manual_seed(0)
# torch.manual_seed(0)
# known, new = trends(60, generator), trends(600, generator)
# shuffled = loader_of(*known, shuffle=True, generator=generator)
# model = Trend()
# optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
# curves = {"reported while training": [], "the same 60, evaluated": [], "600 new ones": []}
# for _ in range(50):
#     results = [
#         *train_classifier(model, shuffled, nn.CrossEntropyLoss(), optimizer, epochs=1),
#         evaluate(model, loader_of(*known, shuffle=False), nn.CrossEntropyLoss()),
#         evaluate(model, loader_of(*new, shuffle=False), nn.CrossEntropyLoss()),
#     ]
#     for curve, result in zip(curves.values(), results, strict=True):
#         curve.append(result)
#
# fig, axes = plt.subplots(1, 2, figsize=(8, 3.6), sharex=True)
# for ax, what in zip(axes, ("loss", "accuracy"), strict=True):
#     for (label, curve), marker in zip(curves.items(), "os^", strict=True):
#         ax.plot([result[what] for result in curve], marker=marker, markevery=7, label=label)
#     ax.set(xlabel="epoch", ylabel=what)
# axes[0].set(title="Dropout makes the reported loss too high", ylim=(0, None))
# axes[1].set(title="The gap to the new ones is what counts", ylim=(0.2, 1.02))
# axes[1].legend(loc="lower right")
# plt.show()

# %% [markdown]
# The reported loss is measured with half of the units switched off, and by a network that is still
# changing. The evaluated one is lower. But only sequences that the network never saw tell you when
# it starts to learn them by heart: the new loss turns round and rises.

# %% [markdown]
# ### Look: forgetting eval mode
#
# One network, ten new sequences. We ask ten times how probable the right answer is: in train mode,
# and as `evaluate` does it. (The probability of the right answer is e to the minus loss.)
#
# **Before you run it:** how far apart are ten answers of one and the same network to one and the
# same question?

# %% active="ipynb"
# x, y = new[0][:10], new[1][:10]
# model.train()
# with torch.no_grad():
#     careless = torch.stack([model(x).softmax(1)[torch.arange(10), y] for _ in range(10)])
# one_by_one = [loader_of(x[i : i + 1], y[i : i + 1], shuffle=False) for i in range(10)]
# results = [evaluate(model, loader, nn.CrossEntropyLoss()) for loader in one_by_one]
# careful = torch.tensor([-result["loss"] for result in results]).exp()
#
# fig, ax = plt.subplots(figsize=(7, 3.2))
# ax.plot(careless.T, "x", color="#D55E00", ls="none",
#         label=["train mode, ten times"] + [None] * 9)
# ax.plot(careful, "o", color="#0072B2", ls="none", ms=8, mfc="none", mew=2, label="evaluate")
# ax.set(xlabel="sequence", ylabel="probability of the right answer", xticks=range(10),
#        ylim=(-0.05, 1.3), title="In train mode, dropout gives another answer every time")
# ax.legend(loc="upper center", ncols=2)
# plt.show()

# %% [markdown]
# ## What you know now
#
# - The global norm treats all gradients as one vector. Clipping by norm scales them all by one
#   factor and keeps the direction; clipping by value, or parameter by parameter, does not.
# - Clear, forward, backward, clip, step. Clipping anywhere else is no clipping.
# - Truncated backpropagation carries the state and cuts the graph. It learns what fits into a
#   chunk.
# - Means are taken over samples, accuracy from the logits that were trained on, and an evaluation
#   leaves no trace.
#
# **Pitfalls worth remembering**
#
# - Clipping only shrinks: it does nothing for vanishing gradients, and it turns infinite ones
#   into nan.
# - The norm that a clipping function returns is the one **before** clipping.
# - With Adam many order mistakes hardly show, because Adam rescales each gradient anyway. Test
#   loops with plain SGD.
# - `model.parameters()` is a generator: gone through once, it is empty.
# - `outputs, _ = model(x)` unpacks rows when the batch has two of them.
# - Carry a state only between chunks of the same sequences, never through a shuffled loader.
