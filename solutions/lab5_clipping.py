# %% [markdown]
# # Lab 5: Gradient clipping and the training loop
#
# Gradients of recurrent networks can grow until one update throws the network away. In this lab
# you write the remedy, **clipping**, and then the loop around it: one training step, training on
# long sequences in chunks, training over epochs, and an honest evaluation. Ten short functions;
# the longest takes about twenty lines.
#
# **How to work**
#
# - Write a function, run its cell, then run the check cell below it.
# - Stuck? Call `hint(clip_by_norm)` in a cell of its own (with the name of your function). The
#   first hint says where to look; ask again and it says what is wrong.
# - The pictures are for you, not for marks. Each one needs the functions above it. Write what you
#   expect between the dots of `guess("…")`, then run the folded cell below: a wrong guess teaches
#   more. Guesses are neither stored nor marked.
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
#     "axes.axisbelow": True,
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
# **Guess first:** std 0.5 and T = 100: is the norm nearest to 10, to 1,000 or to 10,000,000?

# %% active="ipynb" guess="exploding"
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
# found = {}
# fig, ax = plt.subplots(figsize=(7, 3.4))
# for std, marker in [(0.5, "^"), (0.4, "s"), (0.3, "o"), (0.1, "v")]:
#     norms = found[std] = [last_step_norm(std, steps) for steps in lengths]
#     ax.semilogy(lengths, norms, marker=marker, label=f"std {std:g}")
#     print(f"std {std:g}: {norms[0]:.2g} at T = 1, {norms[-1]:.2g} at T = 100")
# ax.set(xlabel="sequence length T", ylabel="global norm of the gradient",
#        title="The same network: slightly larger weights, and the gradient explodes")
# ax.legend()
# plt.show()
# grown = {std: norms[-1] / norms[0] for std, norms in found.items()}
# reveal("exploding", found[0.5][-1], choices=(10, 1_000, 10_000_000), because="on its way back "
#        "the gradient is multiplied at every step. From T = 1 to T = 100 it grows "
#        f"{grown[0.5]:.0e} times with std 0.5, and {grown[0.1]:.1f} times with std 0.1.")

# %% [markdown]
# Look at the line of std 0.1 too. It soon becomes flat: from early steps next to nothing arrives,
# so a longer sequence adds nothing. That is the opposite trouble; section 5 comes back to it.
#
# An update with an exploded gradient is a jump into nowhere. But its **direction** still says
# which way is downhill. So keep the direction and shorten the arrow.

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
# Six gradients of two numbers each: (3, 0.5), (2, 2.4), (-0.4, 2.2), (-0.5, 0.4), (-2.6, -1) and
# (0.8, -2.5). They are clipped to norm 1 on the left and to values within ±1 on the right. Thin
# and grey is before, thick is after.
#
# **Guess first:** how many of the six keep their direction when they are clipped by value? (a
# number)

# %% active="ipynb" guess="arrows"
# arrows = torch.tensor(
#     [[3.0, 0.5], [2.0, 2.4], [-0.4, 2.2], [-0.5, 0.4], [-2.6, -1.0], [0.8, -2.5]]
# )
# circle = torch.linspace(0, 2 * torch.pi, 100)
# fig, axes = plt.subplots(1, 2, figsize=(8, 4), sharex=True, sharey=True)
# for ax, title in [(axes[0], "By norm: shorter, the same direction"),
#                   (axes[1], "By value: many directions change")]:
#     for g in arrows:
#         clipped = clip_by_norm([g], 1.0)[0][0] if ax is axes[0] else clip_by_value([g], 1.0)[0]
#         for arrow, colour, width in [(g, "0.7", 0.005), (clipped, "#D55E00", 0.012)]:
#             ax.quiver(0, 0, *arrow.tolist(), angles="xy", scale_units="xy", scale=1,
#                       color=colour, width=width, zorder=2)
#     ax.set(xlabel="∂L/∂w₀", ylabel="∂L/∂w₁", title=title, xlim=(-3.2, 3.4), ylim=(-2.9, 2.9))
#     ax.set_aspect("equal")
# axes[0].plot(circle.cos(), circle.sin(), color="black", lw=1, ls="--")
# axes[1].plot([-1, 1, 1, -1, -1], [-1, -1, 1, 1, -1], color="black", lw=1, ls="--")
# plt.show()
#
# kept = 0
# for g in arrows:
#     clipped = clip_by_value([g], 1.0)[0]
#     kept += torch.cosine_similarity(g, clipped, dim=0).item() > 0.9999
# by_norm, by_value = clip_by_norm([arrows[0]], 1.0)[0][0], clip_by_value([arrows[0]], 1.0)[0]
# reveal("arrows", kept, because="what is cut off is cut off from one number and not from the "
#        f"other: (3, 0.5) becomes ({by_value[0]:.2f}, {by_value[1]:.2f}). Clipped by norm it is "
#        f"({by_norm[0]:.2f}, {by_norm[1]:.2f}), as flat as before.")

# %% [markdown]
# ### Look: one norm, or one for each parameter?
#
# A tempting shortcut is to clip each parameter's gradient by itself. Below, the gradients of a
# network with 32 units at std 0.4, clipped both ways to norm 1. There are four parameters, and all
# four gradients are too long.
#
# **Guess first:** when each of the four has been clipped to norm 1 by itself, what is the norm of
# all of them together? (a number)

# %% active="ipynb" guess="together"
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
# ax.set_ylim(bottom=0.1, top=3 * ax.get_ylim()[1])
# plt.show()
#
# whole = torch.cat([g.flatten() for g in grads])
# for label, clipped in [("one norm", together), ("one norm each", separately)]:
#     flat = torch.cat([g.flatten() for g in clipped])
#     cosine = torch.cosine_similarity(whole, flat, dim=0)
#     print(f"{label:14} total norm {global_norm(clipped):.3f}, cosine with before {cosine:.4f}")
# reveal("together", global_norm(separately).item(), because="four pieces of length 1 make "
#        f"√(1 + 1 + 1 + 1). With one norm for all the total is {global_norm(together):.3f}.")

# %% [markdown]
# One norm each also destroys what the gradient said about which parameter matters how much. The
# cosine with the gradient before tells: only at 1 is the direction kept.

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
# you to tame its gradient by clipping. Here it is with 16, 40 and 96 units. What is too large for
# float32 becomes infinite. With 40 units every gradient still fits, but the sum of their squares
# does not.
#
# **Guess first:** 40 units: what is the norm after clipping to norm 1? (a number)

# %% active="ipynb" guess="infinite"
# norms = {}
# for hidden in (16, 40, 96):
#     rnn = random_rnn(2.0, hidden, layers=5)
#     rnn(torch.randn(8, 100, 8))[0][:, -1].pow(2).mean().backward()
#     largest = max(p.grad.abs().max().item() for p in rnn.parameters())
#     norm = float(clip_model_(rnn, 1.0))
#     norms[hidden] = norm, global_norm(p.grad for p in rnn.parameters()).item()
#     print(f"{hidden} units: largest entry {largest:.1e}, norm before clipping {norm:.1e}, "
#           f"after {norms[hidden][1]:.1f}")
# norm, after = norms[40]
# reveal("infinite", after, because=f"the norm before clipping is {norm:.1e}, so every gradient "
#        f"is multiplied by {1 / norm:.1g}.")

# %% [markdown]
# - 16 units: large but finite. That is what clipping is for.
# - 40 units: the infinite norm wipes out the whole gradient. No error, and nothing is learnt.
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
# **Guess first:** `max_norm` is 1. Is the line after clipping anywhere *above* the line before
# clipping? (yes or no)

# %% active="ipynb" guess="vanishing"
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
# longer = any(two > 1.001 * one for one, two in pairs)
# reveal("vanishing", longer, because="the factor is never above 1. At std "
#        f"{stds[0]:g} the norm is {before[0]:.1e} before and {after[0]:.1e} after, at std "
#        f"{stds[-1]:g} it is {before[-1]:.1e} before and {after[-1]:.1f} after.")

# %% [markdown]
# So clipping **only shrinks**. A vanishing gradient needs another cure: gates (lab 3), or better
# initial weights (lab 4).

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
# **Guess first:** 8 chunks of equal length, nothing detached. How many times as large as in the
# first chunk is the count in the last one? (a number)

# %% active="ipynb" guess="graph"
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
#         state = detach_state(state) if label == "detached" else state
#
# fig, ax = plt.subplots()
# for (label, counts), marker in zip(sizes.items(), "so", strict=True):
#     ax.plot(range(1, 9), counts, marker=marker, label=label)
# ax.set(xlabel="chunk", ylabel="operations", ylim=(0, None),
#        title="Without detaching, each chunk drags all earlier ones along")
# ax.legend()
# plt.show()
# first, second, *_, last = sizes["carried as it is"]
# reveal("graph", last / first, because=f"each chunk adds {second - first} operations and none is "
#        f"ever dropped. Detached, the last chunk has {sizes['detached'][-1]}, as the first one.")

# %% [markdown]
# You will read that the state "accumulates gradients" if it is not detached. It does not: it
# holds on to its **graph**. Now run the backward pass after each of two chunks: once with nothing
# detached, once with `state.detach()`, once with your function. The network is an LSTM.
#
# **Guess first:** nothing detached. Does the backward pass of the second chunk raise an error?
# (yes or no)

# %% active="ipynb" guess="second-chunk"
# def attempt(label, action):
#     """Run something that may fail, and print how; whether it failed."""
#     try:
#         action()
#     except Exception as error:
#         print(f"{label}: {type(error).__name__}: {str(error).split(' (or')[0]}")
#         return True
#     return False
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
# failed = attempt("nothing detached", lambda: two_chunks(lambda state: state))
# attempt("state.detach()", lambda: two_chunks(lambda state: state.detach()))
# attempt("detach_state(state)", lambda: two_chunks(detach_state))
# reveal("second-chunk", failed, because="PyTorch frees the graph of a chunk in that chunk's "
#        "backward pass, and the second backward pass wants to go through it again.")

# %% [markdown]
# The line of `state.detach()` is about the other mistake: the state of an LSTM is a tuple, and a
# tuple has no graph that could be cut.

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
# **Guess first:** for how many of the batch sizes 1, 2, 3 and 32 does that line fail? (a number)

# %% active="ipynb" guess="unpacking"
# def unpack(batch_size):
#     model = nn.Linear(3, 4)
#     outputs, _ = model(torch.randn(batch_size, 3))
#     print(f"batch of {batch_size}: no complaint, outputs has shape {tuple(outputs.shape)}")
#
#
# failures = 0
# for batch_size in (1, 2, 3, 32):
#     failures += attempt(f"batch of {batch_size}", lambda size=batch_size: unpack(size))
# reveal("unpacking", failures, because="a tensor is unpacked into its rows. Only with two "
#        "samples are there two of them, and nobody complains.")

# %% [markdown]
# The first sample then passes for the whole output. A last batch of two is enough for that.

# %% [markdown]
# ### Look: the order matters
#
# One weight w, the loss w⁴/4, so the gradient is w³. The weight starts at 3, far up a steep wall:
# the gradient there is 27. `lr` is 0.3 and `max_norm` is 1.
#
# Five loops that differ in their order only:
#
# | | order |
# |---|---|
# | A | clear, forward, backward, clip, step |
# | B | clear, forward, backward, step, clip |
# | C | clear, forward, clip, backward, step |
# | D | forward, backward, clip, step |
# | E | forward, backward, clear, clip, step |
#
# **Guess first:** in which loop does w stay near 0 and yet never come to rest? (a letter)

# %% active="ipynb" guess="order"
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
# def passes(path):
#     """How often w changes its sign, on a path that stays within ±3; else 0."""
#     near = all(abs(w) <= 3 for w in path)
#     return near * sum(one * two < 0 for one, two in zip(path, path[1:], strict=False))
#
#
# restless = {}
# fig, ax = plt.subplots(figsize=(7, 3.6))
# for label, order, style in [
#     ("A right order", "clear forward backward clip step", {"marker": "o"}),
#     ("B clip after step", "clear forward backward step clip",
#      {"marker": "^", "ms": 11, "mfc": "none"}),
#     ("C clip before backward", "clear forward clip backward step", {"marker": "x", "mew": 2}),
#     ("D never cleared", "forward backward clip step", {"marker": "s", "markevery": 3}),
#     ("E cleared after backward", "forward backward clear clip step",
#      {"marker": "v", "markevery": 3}),
# ]:
#     path = run_in_order(order)
#     ax.plot(path, label=label, **style)
#     restless |= {label[0]: passes(path)} if passes(path) > 1 else {}
#     print(f"{label:24} w after 1, 2, 3 updates: {path[1]:8.2f} {path[2]:8.2f} {path[3]:10.3g}")
# ax.set(xlabel="update", ylabel="weight w", ylim=(-6, 4),
#        title="Clipped too early or too late, w leaves the picture at once")
# ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
# plt.show()
# reveal("order", " ".join(restless), because="without clearing each gradient is added to those "
#        "of before: the loop keeps going where it went, past 0 and back, "
#        f"{max(restless.values(), default=0)} times in 40 updates.")

# %% [markdown]
# - **B and C:** clipping *after* the step comes too late, and clipping *before* backward clips
#   nothing. So neither loop is clipped at all: the first update takes 0.3 · 27 from 3, and from
#   there it goes beyond all bounds.
# - **E:** cleared after backward, there is nothing left to step with.
# - In B and C the same numbers come out: look for the crosses inside the triangles.

# %% [markdown]
# ### Look: a training run with and without clipping
#
# Repeat a random input three steps late, as in lab 2. The network has 32 units, and the learning
# rate is a bold 0.5.
#
# **Guess first:** clipping makes steps shorter. So does the clipped run end at a higher loss than
# the other? (yes or no)

# %% active="ipynb" guess="slower"
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
#          title="Without clipping, a few updates ruin it")
# left.legend()
# norms = [step["norm"] for step in clipped]
# right.semilogy(norms, "o-", color="#0072B2", mfc="none", label="before clipping", lw=0.8, ms=5)
# right.semilogy([step["after"] for step in clipped], ".", color="#D55E00", ls="none",
#                label="after clipping", ms=4)
# right.axhline(1, color="black", ls=":", lw=1)
# right.set(xlabel="update", ylabel="norm of the gradient", ylim=(0.05, 40),
#           title="The clipped run: most steps need no clipping")
# right.legend()
# plt.show()
# ends = clipped[-1]["loss"], unclipped[-1]["loss"]
# reveal("slower", ends[0] > ends[1], because=f"it ends at {ends[0]:.3f}, the other at "
#        f"{ends[1]:.1e}. {sum(norm > 1 for norm in norms)} of {len(norms)} steps were shortened; "
#        f"the longest gradient was {max(norms):.1f}.")

# %% [markdown]
# Clipping is a seat belt. It does nothing on most steps and saves the run on a few. Compare the
# height of the marks with the dotted line before you choose a `max_norm`: where every step is
# clipped, you have really chosen another learning rate.

# %% [markdown]
# ### Play: a cliff, and the threshold
#
# A network of one unit, h ← tanh(w h + b), 16 times from h = 0. Only w and b learn, and the loss
# asks that h end at 0.3. On the left the landscape of the loss, the brighter the larger: a bright
# plain and a grey one, a cliff between them, a dark valley at the end of the cliff. The path is
# that of your `training_step`, and it should end in the valley. On the right the norms of its
# gradients.
#
# - Nothing is clipped at first. Move `updates` up one by one. How large is the gradient just
#   before the path leaves the picture, and why does it never come back?
# - Then choose a `max_norm`. Which ones bring the path into the valley? Which is too slow?
# - Does a smaller `lr` do the same without clipping?

# %% active="ipynb"
# def cliff_loss(w, b):
#     """The loss of the network of one unit, for arrays of weights and biases."""
#     h = torch.zeros_like(w + b)
#     for _ in range(16):
#         h = torch.tanh(w * h + b)
#     return (h - 0.3) ** 2
#
#
# landscape = cliff_loss(torch.linspace(0.2, 2, 90)[None], torch.linspace(-0.6, 0.6, 90)[:, None])
#
#
# def draw_cliff(max_norm, updates, lr):
#     unit = nn.RNN(1, 1, batch_first=True).requires_grad_(False)
#     w, b = unit.weight_hh_l0.fill_(1.8), unit.bias_hh_l0.fill_(-0.3)
#     unit.bias_ih_l0.zero_()
#     optimizer = torch.optim.SGD([w.requires_grad_(), b.requires_grad_()], lr=lr)
#     limit = 1e9 if max_norm == "none" else max_norm
#     x, target = torch.zeros(1, 16, 1), torch.tensor(0.3)
#     path, norms = [(w.item(), b.item())], []
#     for _ in range(updates):
#         step = training_step(unit, x, target, lambda out, y: (out[0, -1, 0] - y) ** 2,
#                              optimizer, limit)
#         path.append((w.item(), b.item()))
#         norms.append(step["norm"])
#
#     fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6))
#     left.imshow(landscape, cmap="cividis", origin="lower", extent=(0.2, 2, -0.6, 0.6),
#                 aspect="auto")
#     for colour, width in [("black", 3.5), ("white", 1.5)]:
#         left.plot(*zip(*path, strict=True), color=colour, lw=width, ls="-")
#     left.plot(*zip(*path, strict=True), "o", color="white", mec="black", ms=4)
#     left.plot(*path[-1], "s", color="#D55E00", mec="white", ms=9)
#     left.set(xlabel="weight w", ylabel="bias b", xlim=(0.2, 2), ylim=(-0.6, 0.6),
#              title=f"After {updates} updates: w = {path[-1][0]:.2f}, b = {path[-1][1]:.2f}")
#     left.grid(False)
#     right.semilogy(range(1, updates + 1), norms, "o-", mfc="none", label="norm before clipping")
#     if max_norm != "none":
#         right.axhline(max_norm, color="black", ls=":", label="max_norm")
#     right.set(xlabel="update", ylabel="norm of the gradient", xlim=(0, 61), ylim=(1e-3, 1e5),
#               title=f"The loss is {cliff_loss(*map(torch.tensor, path[-1])):.3f}")
#     right.legend(loc="upper right")
#     right.minorticks_off()
#     plt.show()
#
#
# play(draw_cliff, max_norm=["none", 10.0, 1.0, 0.3, 0.1], updates=(0, 60, 8), lr=(0.04, 0.4, 0.2))

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
# is what a network without memory can reach. (Takes a few seconds.)
#
# **Guess first:** the answer lies five steps back. What is the shortest chunk with which the error
# falls below a tenth of the dotted line? (a number)

# %% active="ipynb" guess="chunks"
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
# by_chunk = dict(zip(chunks, errors, strict=True))
# shortest = next((chunk for chunk in chunks if by_chunk[chunk] < 1 / 30), 0)
# reveal("chunks", shortest, because="no gradient goes into an earlier chunk. With 5 steps the "
#        "answer always lies there, with 6 it lies for one step in the same chunk: the error goes "
#        f"from {by_chunk[5]:.3f} to {by_chunk[6]:.3f}.")

# %% [markdown]
# What the network cannot follow back with its gradient, it can only remember by luck. (Luck
# exists: look at `echo_error(3, delay=3)`.) So choose chunks longer than what has to be
# remembered.

# %% [markdown]
# ### When not to carry the state
#
# Chunks of *one* sequence follow each other. The batches of a shuffled loader do not: sample 0 of
# this batch has nothing to do with sample 0 of the one before. Start each of them without a state.
#
# The last batch of a loader is often smaller.
#
# **Guess first:** the state of a batch of two is carried into a batch of one. Does PyTorch
# complain? (yes or no)

# %% active="ipynb" guess="last-batch"
# rnn = nn.RNN(3, 4, batch_first=True)
# _, state = rnn(torch.randn(2, 5, 3))
# failed = attempt("batch of 1 after a batch of 2", lambda: rnn(torch.randn(1, 5, 3), state))
# reveal("last-batch", failed, because="a state has one row for each sequence, and two rows do "
#        "not fit one sequence.")

# %% [markdown]
# The smaller batch only tells you of a mistake that was there all along: between batches of one
# size, the state of one sequence went into another without a word.

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
# **Guess first:** what is the mean of the two batch means? (a number)

# %% active="ipynb" guess="means"
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
#        title="The sample in the small batch counts four times as much as each other")
# ax.legend(loc="upper left")
# plt.show()
# reveal("means", of_means.item(), because="one sample weighs as much as the four others "
#        f"together. The mean loss of a sample is {losses.mean():.1f}.")

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
# about the *same* sixty sequences, and about 600 new ones. (Takes a few seconds.)
#
# **Guess first:** on the same sixty sequences, which loss is lower in the last ten epochs?
# (reported or evaluated)

# %% active="ipynb" guess="reported"
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
# late = [sum(result["loss"] for result in curve[-10:]) / 10 for curve in curves.values()]
# lower = "evaluated" if late[1] < late[0] else "reported"
# reveal("reported", lower, because="the loss is reported with half of the units switched off: "
#        f"{late[0]:.2f} on average over the last ten epochs. Evaluated with all of them it is "
#        f"{late[1]:.2f}.")

# %% [markdown]
# Now look at the third curve. Only sequences that the network never saw tell you when it starts to
# learn the sixty by heart: their loss falls at first, then it turns round and rises.

# %% [markdown]
# ### Look: forgetting eval mode
#
# One network, ten new sequences. We ask ten times how probable the right answer is: in train mode,
# and as `evaluate` does it. (The probability of the right answer is e to the minus loss.)
#
# **Guess first:** in train mode, how far apart are the lowest and the highest of ten answers to
# one and the same question, at most: 0.01, 0.1 or 0.5?

# %% active="ipynb" guess="dropout"
# x, y = new[0][:10], new[1][:10]
# with torch.no_grad():
#     told = [model.train()(x).softmax(1) for _ in range(10)]
# careless = torch.stack([probable[torch.arange(10), y] for probable in told])
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
# spread = careless.amax(dim=0) - careless.amin(dim=0)
# reveal("dropout", spread.max().item(), choices=(0.01, 0.1, 0.5), because="each pass drops other "
#        f"units; for sequence {spread.argmax()} that matters most. With evaluate nothing is "
#        "dropped.")

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
# - Clipping only shrinks: it does nothing for vanishing gradients, and it turns those whose norm
#   is infinite into 0 or nan.
# - The norm that a clipping function returns is the one **before** clipping.
# - With Adam many order mistakes hardly show, because Adam rescales each gradient anyway. Test
#   loops with plain SGD.
# - `model.parameters()` is a generator: gone through once, it is empty.
# - `outputs, _ = model(x)` unpacks rows when the batch has two of them.
# - Carry a state only between chunks of the same sequences, never through a shuffled loader.
