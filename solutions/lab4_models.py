# %% [markdown]
# # Lab 4: The same networks as PyTorch modules
#
# In labs 2 and 3 every gradient was yours. From here on PyTorch differentiates, and your networks
# become **modules**: objects that own their parameters, can be moved, saved and trained. You write
# a recurrent network out of two linear layers, a loop that runs any cell, a classifier around the
# ready-made layers, two ways to count parameters, and an initialisation.
#
# **How to work**
#
# - Write a function or class, run its cell, then run the check cell below it.
# - Stuck? Call `hint(run_steps)` in a cell of its own (with the name of your function). The first
#   hint says where to look; ask again and it says what is wrong.
# - The pictures are for you, not for marks. Each one needs the functions above it. Write what you
#   expect between the dots of `guess("…")`, then run the folded cell below: a wrong guess teaches
#   more. Guesses are neither stored nor marked.
# - Some pictures measure time. They show *your* machine, so nobody can tell you the numbers in
#   advance.
#
# **What is allowed:** all of PyTorch, NumPy and plain Python. In what you hand in, leave
# out `subprocess`, a `DataLoader` with `num_workers` above 0, and `torch.compile`.

# %% [markdown]
# ## Conventions
#
# | letter | meaning |
# |---|---|
# | B | batch: how many sequences at once |
# | T | time steps |
# | I | numbers per input |
# | H | hidden units |
# | O | numbers per output |
# | C | classes |
# | L, D | layers; directions, 1 or 2 |
#
# | tensor | shape |
# |---|---|
# | `x` of a sequence | (B, T, I) |
# | `x` of a single step | (B, I) |
# | a state of one cell | (B, H) |
# | a state of `nn.RNN` and its kin | (L·D, B, H) |
# | `logits` | (B, C) |
#
# - **The batch comes first**, except in the states of PyTorch's own layers.
# - **New tensors follow what is there:** the device and dtype of the inputs, or of the parameters.
# - **No function changes its arguments**, unless its name ends in `_`.
# - A **logit** is a score before the softmax. Models return logits, never probabilities.
# - A **ValueError** says why: its message names the argument that was refused.

# %%
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

State = Tensor | tuple[Tensor, Tensor]  # of an nn.RNN or nn.GRU, or of an nn.LSTM

# %% active="ipynb"
# # For the pictures only. Coloured cells carry their numbers: the colour alone never decides.
# import time
# import warnings
#
# import matplotlib.pyplot as plt
# import numpy as np
# import torch.nn.functional as F
# from cycler import cycler
#
# torch.set_num_threads(1)
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
#
#
# def table(ax, matrix, rows, columns, write="{:.0f}", size=8):
#     """A table of numbers, the darker the larger; a cell that is exactly 0 is hatched."""
#     matrix = np.asarray(matrix, dtype=float)
#     largest = max(float(matrix.max()), 1e-300)
#     ax.imshow(matrix, cmap="Blues", vmin=0, vmax=1.2 * largest, aspect="auto")
#     for (i, j), value in np.ndenumerate(matrix):
#         if value == 0:
#             corner = (j - 0.5, i - 0.5)
#             ax.add_patch(plt.Rectangle(corner, 1, 1, fc="white", ec="0.6", hatch="///", lw=0))
#         ax.text(j, i, "0" if value == 0 else write.format(value), ha="center", va="center",
#                 fontsize=size, color="white" if value > 0.7 * largest else "black",
#                 bbox={"fc": "white", "ec": "none", "pad": 1} if value == 0 else None)
#     ax.set(xticks=range(len(columns)), xticklabels=columns, yticks=range(len(rows)),
#            yticklabels=rows)
#     ax.grid(False)
#     ax.tick_params(length=0)
#
#
# def bars(ax, names, values, write="{:,.0f}", **kind):
#     """Horizontal bars with their numbers behind them, the first on top."""
#     places = np.arange(len(names))
#     drawn = ax.barh(places, values, color="#9ecae1", ec="black", lw=0.6, **kind)
#     ax.bar_label(drawn, [write.format(value) for value in values], padding=3, fontsize=8)
#     ax.set(yticks=places, yticklabels=names, ylim=(len(names) - 0.4, -0.6))
#     ax.set_xlim(0, 1.18 * max(values))
#     ax.grid(axis="y", visible=False)
#
#
# def seconds(work, repeats=5):
#     """The shortest time of a call: whatever else the machine does can only add to it."""
#     times = []
#     for _ in range(1 + repeats):
#         start = time.perf_counter()
#         work()
#         times.append(time.perf_counter() - start)
#     return min(times)

# %% [markdown]
# ## 1. One step, out of two linear layers
#
# A linear layer computes $x W^\top + b$. Two of them make a recurrent network:
#
# $$\text{hidden}_t = \tanh\big(\text{i2h}([x_t, \text{hidden}_{t-1}])\big), \qquad
# \text{output}_t = \text{h2o}(\text{hidden}_t)$$
#
# `i2h` reads the input and the state **side by side**, as one row of I + H numbers. That is the
# same as two matrices: the first I columns of its weight are $W_{xh}$, the others $W_{hh}$.
#
# A module is a class: make the layers in `__init__`, use them in `forward`. What you assign to
# `self` is found by PyTorch if it is a layer itself; a Python list of layers is not looked into.


# %% exercise="ManualRNN"
class ManualRNN(nn.Module):
    """A recurrent network that takes one step per call, made of two linear layers.

    Its parameters stand in two parts, under these names and with nothing beside them:

    - `i2h`: nn.Linear from I + H numbers to H
    - `h2o`: nn.Linear from H numbers to O
    """

    def __init__(self, input_size: int, hidden_size: int, output_size: int) -> None:
        """Make the two layers.

        Args:
            input_size: I, numbers per input.
            hidden_size: H, hidden units.
            output_size: O, numbers per output.
        """
        ### BEGIN SOLUTION
        super().__init__()
        self.i2h = nn.Linear(input_size + hidden_size, hidden_size)
        self.h2o = nn.Linear(hidden_size, output_size)
        ### END SOLUTION

    def forward(self, x: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Take one step.

        Formula: new hidden = tanh(i2h([x, hidden])), with x first; output = h2o(new hidden).

        Args:
            x: (B, I), the input of this step.
            hidden: (B, H), the state before this step.

        Returns:
            (output, hidden): output (B, O), scores as they leave h2o, with no softmax; and the
            new state (B, H). Both carry gradients back to x, hidden and every parameter that has
            a part in them.
        """
        ### BEGIN SOLUTION
        hidden = torch.tanh(self.i2h(torch.cat([x, hidden], dim=1)))
        output: Tensor = self.h2o(hidden)
        return output, hidden
        ### END SOLUTION

    def init_hidden(self, batch_size: int) -> Tensor:
        """Return the state before the first step.

        Args:
            batch_size: B, how many sequences there are.

        Returns:
            (B, H), zeros, new at every call, on the device and with the dtype that the module's
            parameters have at the time of the call.
        """
        ### BEGIN SOLUTION
        return self.i2h.weight.new_zeros(batch_size, self.i2h.out_features)
        ### END SOLUTION


# %% [markdown]
# ### Look: which parameters learn?
#
# In a well-known tutorial the output of a step was read from the state *before* the step. It ran,
# and it even learnt something.
#
# **Guess first:** a sequence of one step, starting from zeros, and a loss on its output, which is
# read from the *old* state. How many of the four parameters get a gradient other than 0? (a
# number)

# %% active="ipynb" guess="old-state"
# class Stale(ManualRNN):
#     """Reads its output one state too early."""
#
#     def forward(self, x, hidden):
#         _, new = super().forward(x, hidden)
#         return self.h2o(hidden), new
#
#
# learning = {}
# fig, axes = plt.subplots(1, 2, figsize=(8, 2.6), sharey=True)
# for ax, T in zip(axes, (1, 4)):
#     rows = []
#     for kind in (ManualRNN, Stale):
#         torch.manual_seed(1)
#         model = kind(3, 5, 2)
#         state, x = model.init_hidden(8), torch.randn(8, T, 3)
#         for t in range(T):
#             scores, state = model(x[:, t], state)
#         F.cross_entropy(scores, torch.arange(8) % 2).backward()
#         rows.append([0.0 if p.grad is None else p.grad.norm().item()
#                      for p in model.parameters()])
#     learning[T] = sum(size > 0 for size in rows[1])
#     names = [name.replace(".", "\n") for name, _ in model.named_parameters()]
#     table(ax, rows, ["new state", "old state"], names, "{:.2f}")
#     ax.set(title=f"{T} step{'s' * (T > 1)}: size of the gradient")
# axes[0].set(ylabel="output read from the")
# plt.show()
# reveal("old-state", learning[1], because="the old state is made of zeros, so only the bias of "
#        f"h2o has a part in the output. With four steps it is {learning[4]} of four, and the "
#        "mistake hides.")

# %% [markdown]
# Read from the old state, an output knows nothing of the input of its own step.
#
# Keep the test: after one step and a backward pass, every parameter that ought to learn has a
# gradient that is not 0.

# %% [markdown]
# ### Look: move the module
#
# `model.double()` or `model.to("cuda")` moves every parameter, and nothing else. The first state
# is made anew for each batch, so it has to ask where the parameters are *now*.
#
# **Guess first:** a model in bfloat16, a format of half the size of float32. Can it start from
# `torch.zeros(4, 5)`? (yes or no)

# %% active="ipynb" guess="bfloat"
# model = ManualRNN(3, 5, 2).to(torch.bfloat16)
# x = torch.randn(4, 3, dtype=torch.bfloat16)
# for name, first in [("model.init_hidden(4)", model.init_hidden(4)),
#                     ("torch.zeros(4, 5)   ", torch.zeros(4, 5))]:
#     try:
#         print(name, first.dtype, "->", model(x, first)[0].dtype)
#         fits = True
#     except RuntimeError as error:
#         print(name, first.dtype, "-> RuntimeError:", str(error)[:60], "…")
#         fits = False
# joined = torch.cat([x, first], 1)
# reveal("bfloat", fits, because=f"the zeros are {first.dtype} whatever the model is. So x and "
#        f"state side by side are {joined.dtype}, and the weights are {x.dtype}.")

# %% [markdown]
# ## 2. Many steps
#
# A **cell** takes one step. The loop around it does not care what the cell is: it hands over the
# input of the step and the state, collects the output, and keeps the state for the next turn.
#
# So it must not look into the state either. That of an LSTM is a pair (h, c); yours is a tensor.


# %% exercise="run_steps"
def run_steps(
    cell: Callable[[Tensor, Any], tuple[Tensor, Any]], x: Tensor, hidden: Any
) -> tuple[Tensor, Any]:
    """Run a cell over whole sequences, step by step from left to right.

    Args:
        cell: anything that is called as cell(x_t, hidden) with x_t (B, I), and returns
            (output, hidden) with output (B, O). It is called once for each step, in order.
        x: (B, T, I), the inputs; T is at least 1.
        hidden: what goes into the first step. What it is, a tensor or a tuple of tensors, is the
            cell's business: hand it on as the cell returned it.

    Returns:
        (outputs, hidden): the output of every step, (B, T, O), and what the cell returned as
        hidden at the last step. Gradients go back through all steps.
    """
    ### BEGIN SOLUTION
    outputs = []
    for x_t in x.unbind(dim=1):
        output, hidden = cell(x_t, hidden)
        outputs.append(output)
    return torch.stack(outputs, dim=1), hidden
    ### END SOLUTION


# %% [markdown]
# ### Look: any cell will do
#
# The same loop runs your cell, PyTorch's `nn.LSTMCell`, and a function of one line.
#
# **Guess first:** the function adds the input to the state and returns the sum as output and as
# state. It starts from 0. What is its last output for the inputs 1, 2, 3, 4? (a number)

# %% active="ipynb" guess="sums"
# def total(x, hidden):
#     return x + hidden, x + hidden
#
#
# class WithPair(nn.Module):
#     """An nn.LSTMCell whose output is its h."""
#
#     def __init__(self):
#         nn.Module.__init__(self)
#         self.cell = nn.LSTMCell(3, 5)
#
#     def forward(self, x, hidden):
#         h, c = self.cell(x, hidden)
#         return h, (h, c)
#
#
# sums, last = run_steps(total, torch.tensor([[[1.0], [2.0], [3.0], [4.0]]]), torch.zeros(1, 1))
# found = sums[0, :, 0].int().tolist()
# print("function: outputs", found, " last state", last.item())
# x = torch.randn(2, 6, 3)
# outputs, state = run_steps(WithPair(), x, (torch.zeros(2, 5), torch.zeros(2, 5)))
# print("LSTM:     outputs", list(outputs.shape), " state", [list(part.shape) for part in state])
# model = ManualRNN(3, 5, 2)
# outputs, state = run_steps(model, x, model.init_hidden(2))
# print("yours:    outputs", list(outputs.shape), " state", list(state.shape))
# reveal("sums", found[-1], because=f"the state carries the sum from step to step: {found}.")

# %% [markdown]
# ### Look: how slow is a Python loop?
#
# `nn.RNN` is the same network with its loop in C++. You will read that it is "10 to 50 times
# faster" than a loop in Python. First give both the same weights, so that they are the same
# network; then measure.
#
# **Guess first:** one sequence, 16 units, forward only. How many times faster is `nn.RNN` on your
# machine: 1, 4 or 25?

# %% active="ipynb" guess="loop"
# def pair(I, H):
#     """An nn.RNN and a ManualRNN with the same weights; h2o does nothing."""
#     fast, slow = nn.RNN(I, H, batch_first=True), ManualRNN(I, H, H)
#     with torch.no_grad():
#         slow.i2h.weight.copy_(torch.cat([fast.weight_ih_l0, fast.weight_hh_l0], dim=1))
#         slow.i2h.bias.copy_(fast.bias_ih_l0 + fast.bias_hh_l0)
#     slow.h2o = nn.Identity()
#     return fast, slow
#
#
# torch.manual_seed(2)
# sizes = [(1, 16), (1, 64), (32, 64), (32, 256), (32, 512)]
# ratios = {"forward": [], "forward and backward": []}
# for B, H in sizes:
#     fast, slow = pair(16, H)
#     x, start = torch.randn(B, 50, 16), torch.zeros(B, H)
#     assert torch.allclose(fast(x)[0], run_steps(slow, x, start)[0], atol=1e-5)
#     with torch.no_grad():
#         ratios["forward"].append(seconds(lambda: run_steps(slow, x, start))
#                                  / seconds(lambda: fast(x)))
#     ratios["forward and backward"].append(
#         seconds(lambda: run_steps(slow, x, start)[0].sum().backward())
#         / seconds(lambda: fast(x)[0].sum().backward()))
#
# fig, ax = plt.subplots()
# for (name, values), marker, side in zip(ratios.items(), "os", (-9, 9)):
#     ax.plot(values, marker=marker, label=name)
#     for place, value in enumerate(values):
#         ax.annotate(f"{value:.1f}", (place, value), (side, 6), textcoords="offset points",
#                     ha="center", fontsize=8, color=ax.lines[-1].get_color())
# ax.axhline(1, color="0.5", lw=1, ls="-")
# ax.set(xticks=range(len(sizes)), xticklabels=[f"B={B}\nH={H}" for B, H in sizes],
#        ylim=(0, 1.25 * max(map(max, ratios.values()))), ylabel="time of the loop / nn.RNN",
#        title="A Python loop against nn.RNN, 50 steps, one CPU thread")
# ax.legend(loc="upper right")
# plt.show()
# reveal("loop", ratios["forward"][0], choices=(1, 4, 25), because="the loop pays a fixed price "
#        "for every step. Where a step is a large product, with 32 sequences and 512 units, the "
#        f"factor is {ratios['forward'][-1]:.1f}.")

# %% [markdown]
# What to look for: in which direction the lines go as the network grows, and what is left of the
# difference when the backward pass, which is in C++ for both, counts too. (On a GPU a step starts
# several small programs, and the fixed price weighs more. Measure there before you quote a
# number.)

# %% [markdown]
# ## 3. A classifier that reads whole sequences
#
# Now with PyTorch's layers: `nn.RNN`, `nn.GRU` and `nn.LSTM` stack L layers and read in D
# directions. The classifier looks at the **final state of the last layer** and decides once.
#
# What comes out of the recurrent layer:
#
# | | shape, batch first | holds |
# |---|---|---|
# | `output` | (B, T, D·H) | the last layer's state at every step, both directions side by side |
# | `h_n` | (L·D, B, H) | every final state: layer 0 forward, layer 0 backward, layer 1 … |
#
# Where is a direction *final*? The forward one after step T−1, the backward one after step **0**.
#
# An LSTM has (h_n, c_n) in place of h_n. `dropout` acts between the layers of a stack; with one
# layer PyTorch warns that there is nothing between. Your classifier should not.


# %% exercise="SequenceClassifier"
class SequenceClassifier(nn.Module):
    """A classifier that reads a whole sequence and decides once, by its final state.

    Its parameters stand in two parts, under these names and with nothing beside them:

    - `rnn`: nn.RNN, nn.GRU or nn.LSTM, batch first
    - `fc`: nn.Linear from the final state, H numbers (2H if bidirectional), to C logits
    """

    def __init__(
        self,
        cell: str,
        input_size: int,
        hidden_size: int,
        num_classes: int,
        num_layers: int = 1,
        dropout: float = 0.0,
        bidirectional: bool = False,
    ) -> None:
        """Make the layers; this gives no warning, whatever num_layers and dropout are.

        Args:
            cell: 'rnn', 'gru' or 'lstm', in lower case.
            input_size: I, numbers per step.
            hidden_size: H, hidden units per layer and direction.
            num_classes: C, how many classes there are.
            num_layers: L, how many recurrent layers are stacked.
            dropout: the share of numbers dropped on the way from one layer to the next, while
                training. Where L is 1 there is no such way. (Whether numbers are dropped before
                `fc` as well is up to you.)
            bidirectional: whether a second network reads from right to left.

        Raises:
            ValueError: another cell; the message names `cell`.
        """
        ### BEGIN SOLUTION
        super().__init__()
        cells: dict[str, type[nn.RNN | nn.GRU | nn.LSTM]] = {
            "rnn": nn.RNN,
            "gru": nn.GRU,
            "lstm": nn.LSTM,
        }
        if cell not in cells:
            raise ValueError(f"cell is {cell!r}; it must be 'rnn', 'gru' or 'lstm'")
        directions = 2 if bidirectional else 1
        self.rnn = cells[cell](
            input_size,
            hidden_size,
            num_layers,
            batch_first=True,
            dropout=dropout if num_layers > 1 else 0.0,
            bidirectional=bidirectional,
        )
        self.fc = nn.Linear(directions * hidden_size, num_classes)
        ### END SOLUTION

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Return one row of logits per sequence, and the state of the recurrent network.

        Args:
            x: (B, T, I).
            state: where the network starts, in PyTorch's form: h_0 (L·D, B, H), with D 2 if
                bidirectional and else 1, or for 'lstm' the tuple (h_0, c_0). None: zeros.

        Returns:
            (logits, state): logits (B, C), read from the final state of the last layer. If
            bidirectional, from the final states of both its directions, the forward one first;
            the backward direction ends at step 0. Then the state after the call, every layer's,
            in the form described above.
        """
        ### BEGIN SOLUTION
        _, state = self.rnn(x, state)
        h_n = state[0] if isinstance(state, tuple) else state
        final = torch.cat([h_n[-2], h_n[-1]], dim=1) if self.rnn.bidirectional else h_n[-1]
        logits: Tensor = self.fc(final)
        return logits, state
        ### END SOLUTION


# %% [markdown]
# ### Look: who has read what?
#
# A bidirectional LSTM of one layer, 8 steps. Four summaries are in use for a classifier: both
# final states, `output[:, -1]`, `output[:, 0]`, and `h_n[-1]`. For each the picture asks how much
# its halves move if an input moves: the size of the gradient that reaches each step.
#
# **Guess first:** how many of the 8 steps has the backward half of `output[:, -1]` read? (a
# number)

# %% active="ipynb" guess="read"
# torch.manual_seed(3)
# T, H = 8, 12
# model = SequenceClassifier("lstm", 4, H, 2, bidirectional=True)
# x = torch.randn(16, T, 4, requires_grad=True)
# output, (h_n, c_n) = model.rnn(x)
# halves = {
#     "final states: forward": h_n[0],
#     "final states: backward": h_n[1],
#     "output[:, -1]: forward": output[:, -1, :H],
#     "output[:, -1]: backward": output[:, -1, H:],
#     "output[:, 0]: forward": output[:, 0, :H],
#     "output[:, 0]: backward": output[:, 0, H:],
#     "h_n[-1] (there is one half)": h_n[-1],
# }
# reach = []
# for half in halves.values():
#     (gradient,) = torch.autograd.grad(half.pow(2).sum(), x, retain_graph=True)
#     reach.append(gradient.norm(dim=(0, 2)))
# fig, ax = plt.subplots(figsize=(8, 3.2))
# table(ax, torch.stack(reach).sqrt(), list(halves), range(T), "{:.2f}")
# for line in (1.5, 3.5, 5.5):
#     ax.axhline(line, color="black", lw=1.2, ls="-")
# ax.set(xlabel="time step t of the input",
#        title="Root of the gradient that reaches each step; hatched: exactly 0")
# plt.show()
# steps = (torch.stack(reach) > 0).sum(dim=1).tolist()
# reveal("read", steps[3], because="the backward direction starts at the right end, so at the "
#        f"last step it has only begun. At step 0 it has read {steps[5]}.")

# %% [markdown]
# So `output[:, -1]` is final for the forward direction only, and `output[:, 0]` is its mirror
# image. `h_n[-1]` is the backward direction alone.
#
# None of these raises an error, and each of them learns something. Half of the network is idle.
# The parameters say it even more clearly.
#
# **Guess first:** when `output[:, -1]` is classified, one weight of the backward direction gets no
# gradient at all: `weight_ih_l0_reverse` or `weight_hh_l0_reverse`? (ih or hh)

# %% active="ipynb" guess="idle"
# readings = {
#     "final states": lambda output, h_n: torch.cat([*h_n], dim=-1),
#     "output[:, -1]": lambda output, h_n: output[:, -1],
#     "h_n[-1]": lambda output, h_n: h_n[-1],
# }
# x, labels = torch.randn(16, T, 4), torch.arange(16) % 2
# sizes, names = [], [name for name, _ in model.rnn.named_parameters() if "weight" in name]
# for reading in readings.values():
#     torch.manual_seed(4)
#     rnn = nn.LSTM(4, H, batch_first=True, bidirectional=True)
#     output, (h_n, _) = rnn(x)
#     scores = reading(output, h_n)
#     F.cross_entropy(scores[:, :2] + scores[:, -2:], labels).backward()
#     sizes.append([0.0 if rnn.get_parameter(n).grad is None else
#                   1000 * rnn.get_parameter(n).grad.norm().item() for n in names])
# fig, ax = plt.subplots(figsize=(8, 2.2))
# table(ax, sizes, list(readings), names, "{:.1f}")
# ax.set(title="Size of the gradient, in thousandths; hatched: exactly 0")
# plt.show()
# idle = [name for name, size in zip(names, sizes[1]) if size == 0]
# reveal("idle", " ".join(name.split("_")[1] for name in idle), also=idle, because="a single step "
#        "has no step before it: weight_hh_l0_reverse multiplies the zeros that it started from.")

# %% [markdown]
# Whenever you build a model, ask which parameters have a gradient of exactly 0.

# %% [markdown]
# ### Look: a state that is handed on
#
# Ten steps in one go, or five and then five more from the state that came back.
#
# **Guess first:** a network of two directions. Are the logits of the second way the same? (yes or
# no)

# %% active="ipynb" guess="pieces"
# x, apart = torch.randn(3, 10, 4), []
# for bidirectional, name in [(False, "one direction "), (True, "two directions")]:
#     model = SequenceClassifier("lstm", 4, 6, 2, num_layers=2, bidirectional=bidirectional)
#     with torch.no_grad():
#         whole, _ = model(x)
#         _, half_way = model(x[:, :5])
#         pieces, _ = model(x[:, 5:], half_way)
#     apart.append((whole - pieces).abs().max().item())
#     print(name, "largest difference:", f"{apart[-1]:.1e}")
# reveal("pieces", apart[1] < 1e-5, because="what comes from the right cannot be known before it "
#        f"is read: they differ by {apart[1]:.1e}. In one direction it is {apart[0]:.0e}.")

# %% [markdown]
# A bidirectional network has to have the whole sequence.

# %% [markdown]
# ### Look: dropout with nothing to drop
#
# **Guess first:** an `nn.LSTM` of one layer with `dropout=0.5`, in training mode, called twice on
# the same input. Are the two results equal? (yes or no)

# %% active="ipynb" guess="nothing-to-drop"
# with warnings.catch_warnings(record=True) as caught:
#     warnings.simplefilter("always")
#     one = nn.LSTM(4, 6, dropout=0.5, batch_first=True).train()
# print("PyTorch warns:", str(caught[0].message)[:70], "…")
# two = nn.LSTM(4, 6, num_layers=2, dropout=0.5, batch_first=True).train()
# equal = []
# for name, layer in [("one layer ", one), ("two layers", two)]:
#     equal.append(torch.equal(layer(x)[0], layer(x)[0]))
#     print(name, "two calls equal:", equal[-1])
# reveal("nothing-to-drop", equal[0], because="it drops numbers on the way from one layer to the "
#        "next, and with a single layer there is no such way.")

# %% [markdown]
# ## 4. How large is it?
#
# Count **parameters**, not entries of `state_dict()`: that one also holds buffers, and it lists a
# weight that two layers share under both of its names.


# %% exercise="count_parameters"
def count_parameters(model: nn.Module, trainable_only: bool = False) -> int:
    """Return how many numbers the parameters of a model hold.

    A parameter that is used in several places of the model counts once. Buffers (such as the
    running mean of nn.BatchNorm1d) are no parameters.

    Args:
        model: any module; it may have no parameters at all.
        trainable_only: whether only parameters with requires_grad count.

    Returns:
        An int; 0 where there is nothing to count.
    """
    ### BEGIN SOLUTION
    parameters = model.parameters()  # each of them once
    return sum(p.numel() for p in parameters if p.requires_grad or not trainable_only)
    ### END SOLUTION


# %% [markdown]
# ### Look: what do gates cost?
#
# Three layers with 128 inputs and 128 units. You will read that "an LSTM has about three times the
# parameters of a GRU".
#
# **Guess first:** think of how many gate blocks each of them has. How many times the parameters of
# a GRU does an LSTM have? (a decimal number)

# %% active="ipynb" guess="gates"
# kinds = {"nn.RNN": nn.RNN, "nn.GRU": nn.GRU, "nn.LSTM": nn.LSTM}
# counts = {name: count_parameters(kind(128, 128)) for name, kind in kinds.items()}
# fig, ax = plt.subplots(figsize=(7, 2))
# bars(ax, counts, list(counts.values()))
# ax.set(xlabel="parameters", title="I = 128, H = 128, one layer, one direction")
# plt.show()
# reveal("gates", counts["nn.LSTM"] / counts["nn.GRU"], because="it is 4 blocks to 3, all of one "
#        f"size. Against a plain RNN it is {counts['nn.LSTM'] / counts['nn.RNN']:.2f}.")

# %% [markdown]
# ### Look: what do layers and directions cost?
#
# An LSTM with 32 inputs and 64 units, in 1 to 4 layers and in one direction or two.
#
# **Guess first:** a stack of 4 layers. How many times as many parameters does it have in two
# directions as in one? (a number)

# %% active="ipynb" guess="directions"
# layers = range(1, 5)
# stacks = {(L, D): SequenceClassifier("lstm", 32, 64, 5, num_layers=L, bidirectional=D == 2)
#           for L in layers for D in (1, 2)}
# x = torch.randn(16, 30, 32)
# size = [[count_parameters(stacks[L, D].rnn) / 1000 for L in layers] for D in (1, 2)]
# cost = [[1000 * seconds(lambda: stacks[L, D](x)[0].sum().backward(), 3) for L in layers]
#         for D in (1, 2)]
# fig, axes = plt.subplots(1, 2, figsize=(8, 2.3))
# for ax, numbers, title in [(axes[0], size, "parameters, in thousands"),
#                            (axes[1], cost, "forward and backward, in ms on this machine")]:
#     table(ax, numbers, ["one direction", "two directions"], layers)
#     ax.set(xlabel="layers L", title=title)
# axes[1].set(yticklabels=[])
# plt.show()
# more = [both / single for single, both in zip(*size)]
# reveal("directions", more[-1], because="from the second layer on each direction reads the "
#        "states of both directions below it: 2H inputs in place of H. In one layer it is "
#        f"{more[0]:.2f}.")

# %% [markdown]
# What to look for on the right: does the time grow as the parameters do?

# %% [markdown]
# ### Look: is a GRU faster than an LSTM?
#
# It has three quarters of the parameters, so one reads that it is faster.
#
# **Guess first:** forward and backward on your machine. Is the GRU faster than the LSTM? (yes or
# no)

# %% active="ipynb" guess="faster"
# x = torch.randn(16, 50, 64)
# times = {"forward": [], "forward and backward": []}
# for kind in kinds.values():
#     layer = kind(64, 128, batch_first=True)
#     with torch.no_grad():
#         times["forward"].append(1000 * seconds(lambda: layer(x)))
#     times["forward and backward"].append(1000 * seconds(lambda: layer(x)[0].sum().backward()))
# fig, axes = plt.subplots(1, 2, figsize=(8, 2))
# for ax, (name, values) in zip(axes, times.items()):
#     bars(ax, kinds, values, "{:.1f}")
#     ax.set(xlabel="ms", title=name)
# axes[1].set(yticklabels=[])
# fig.suptitle("B = 16, T = 50, I = 64, H = 128, one CPU thread", fontsize=10)
# plt.show()
# _, gru, lstm = times["forward and backward"]
# reveal("faster", gru < lstm, because=f"the GRU took {gru:.1f} ms and the LSTM {lstm:.1f} ms "
#        "here. What decides is for which of the two somebody has written a fast program, on the "
#        "device at hand.")

# %% [markdown]
# What to look for: whether the order of the bars is that of the parameters. Fewer parameters are a
# fact; faster is a measurement.

# %% [markdown]
# ## 5. Where are they?
#
# `count_parameters` says how many. The next question is where: which module owns them?
#
# `model.named_modules()` gives the model itself (its name is `""`), its parts, their parts, and so
# on. A module's `parameters()` includes those of everything inside it; with `recurse=False` you
# get those that are registered on the module itself.


# %% exercise="parameter_table"
def parameter_table(model: nn.Module) -> dict[str, int]:
    """Return which module of a model owns how many parameters.

    A module owns the parameters that are registered on itself, not those of the modules inside
    it. So the values of the table add up to the size of the model: nothing counts twice.

    Args:
        model: any module; it may have no parameters at all.

    Returns:
        A dict from the name of each module that owns parameters to their number, an int; frozen
        ones count too. Names are those of model.named_modules(), "encoder.rnn" for example; that
        of the model itself is "". A parameter, or a whole module, that stands in several places
        counts in the first of them, in the order of model.named_modules(). A module that has
        nothing left to count may be missing or have 0.
    """
    ### BEGIN SOLUTION
    table: dict[str, int] = {}
    counted: set[nn.Parameter] = set()
    for name, module in model.named_modules():
        own = [p for p in module.parameters(recurse=False) if p not in counted]
        counted.update(own)
        if own:
            table[name] = sum(p.numel() for p in own)
    return table
    ### END SOLUTION


# %% [markdown]
# ### Look: the table as bars
#
# A small language model: an embedding of 2,000 words, a stack of two GRUs, and a layer back to
# 2,000 scores. In the second version the last layer *uses the embedding's weight*.
#
# **Guess first:** how many parameters does the sharing save? (a number)

# %% active="ipynb" guess="sharing"
# class LanguageModel(nn.Module):
#     """Scores for the next word at every step."""
#
#     def __init__(self, tied):
#         nn.Module.__init__(self)
#         self.start = nn.Parameter(torch.zeros(1, 64))
#         self.embedding = nn.Embedding(2000, 64, padding_idx=0)
#         self.rnn = nn.GRU(64, 64, num_layers=2, batch_first=True)
#         self.out = nn.Linear(64, 2000)
#         if tied:
#             self.out.weight = self.embedding.weight
#
#
# totals, shares = [], []
# fig, axes = plt.subplots(1, 2, figsize=(9, 2.4), sharex=True, sharey=True)
# for ax, tied in zip(axes, (False, True)):
#     own = parameter_table(LanguageModel(tied))
#     totals.append(sum(own.values()))
#     shares.append(own["rnn"] / totals[-1])
#     bars(ax, [name or '"" (the model)' for name in own], list(own.values()))
#     ax.set(xlabel="parameters", xlim=(0, 165_000), xticks=[0, 50_000, 100_000, 150_000],
#            title=f"{'shared' if tied else 'separate'}: {totals[-1]:,} in all")
# plt.show()
# reveal("sharing", totals[0] - totals[1], because="the embedding and the last layer have 2,000 "
#        "rows of 64 numbers each. Shared, these numbers stand there once.")
# print(f"The recurrent part: {shares[0]:.0%} of the model, {shares[1]:.0%} with sharing.")

# %% [markdown]
# With words most of the model is a table with a row for each word. The recurrent part is small
# beside it.

# %% [markdown]
# ### Look: the table that does not add up
#
# A popular version of this table adds up `parameters()` of *every* module, without
# `recurse=False`.
#
# **Guess first:** a classifier with two layers, in a wrapper, in a wrapper. How often does each
# weight count? (a number)

# %% active="ipynb" guess="popular"
# inner = SequenceClassifier("gru", 3, 2, 2)
# model = nn.ModuleDict({"task": nn.ModuleDict({"classifier": inner})})
# popular = {name: sum(map(Tensor.numel, part.parameters()))
#            for name, part in model.named_modules()}
# for title, found in [("popular", popular), ("yours", parameter_table(model))]:
#     print(f"{title:8} adds up to {sum(found.values()):4}; there are {count_parameters(model)}")
#     for name, number in found.items():
#         print(f"         {name!r:24} {number:4}")
# reveal("popular", sum(popular.values()) // count_parameters(model), because="each weight counts "
#        "for its own layer, for the classifier, for the inner wrapper and for the outer one.")

# %% [markdown]
# ## 6. How it starts
#
# PyTorch draws all weights of a recurrent layer uniformly between −1/√H and 1/√H, biases too. For
# long sequences two changes are known to help:
#
# - **Recurrent weights orthogonal.** An orthogonal matrix neither stretches nor shrinks a vector,
#   so a product of many of them does not either.
# - **Forget gates that start open.** What an LSTM keeps from one step to the next is multiplied
#   by f = σ(…). With a bias of 0 it starts near ½, and ½ to the 50th power is nothing.
#
# And one trap: `weight_hh_l0` of an LSTM is (4H, H), *four* matrices on top of each other, in the
# order i, f, g, o (r, z, n in a GRU). Each of the four is to be orthogonal, and Xavier's bound is
# that of one block, not of the stack.
#
# Another: PyTorch has **two** biases per gate, which are added. So 1 in both of them is 2.


# %% exercise="init_recurrent_"
def init_recurrent_(model: nn.Module, forget_bias: float = 1.0) -> nn.Module:
    """Give new values to the recurrent layers of a model, in place.

    The weights of a layer are gate blocks on top of each other: one block of H rows in an RNN, 3
    in a GRU, 4 in an LSTM. Every layer and every direction has weights of its own.

    - Input weights (`weight_ih…`): each block Xavier uniform, that is, uniform between −a and a
      with a = √(6 / (rows + columns of the block)).
    - Recurrent weights (`weight_hh…`): each block a random orthogonal matrix of its own.
    - Biases: 0, except for the forget gate of an LSTM, whose two biases add up to forget_bias in
      each unit; how they share it is free.

    Args:
        model: any module. Every nn.RNN, nn.GRU, nn.LSTM, nn.RNNCell, nn.GRUCell and nn.LSTMCell
            in it, and it itself if it is one, gets new values; no other module is touched. They
            may have no biases; none is an LSTM with a proj_size.
        forget_bias: what the forget gates of LSTMs start with.

    Returns:
        The model. Its parameters are the same objects as before, with the dtype, device and
        requires_grad that they had; frozen ones get new values too. The numbers are random:
        each call draws others, and seeds nothing.
    """
    ### BEGIN SOLUTION
    layers = (nn.RNN, nn.GRU, nn.LSTM, nn.RNNCell, nn.GRUCell, nn.LSTMCell)
    for module in model.modules():
        if not isinstance(module, layers):
            continue
        H = module.hidden_size
        for name, parameter in module.named_parameters():
            values = parameter.detach()  # the same numbers, free to be written
            if name.startswith("bias"):
                values.zero_()
                if name.startswith("bias_ih") and isinstance(module, nn.LSTM | nn.LSTMCell):
                    values[H : 2 * H] = forget_bias  # the order is i, f, g, o
            else:
                draw = nn.init.xavier_uniform_ if "_ih" in name else nn.init.orthogonal_
                for block in values.split(H):
                    draw(block)
    return model
    ### END SOLUTION


# %% [markdown]
# ### Look: four matrices are not one
#
# An LSTM with 64 units. Its four recurrent blocks drawn by your function, and by one call of
# `nn.init.orthogonal_` on the whole (256, 64) matrix. A vector of length 1 goes through each.
#
# **Guess first:** drawn as one matrix, how long is what a single block makes of the vector: 1, 0.5
# or 0.25?

# %% active="ipynb" guess="stacked"
# torch.manual_seed(5)
# blocks = init_recurrent_(nn.LSTM(64, 64)).weight_hh_l0.detach().view(4, 64, 64)
# stack = nn.init.orthogonal_(torch.empty(256, 64)).view(4, 64, 64)
# v = F.normalize(torch.randn(64), dim=0)
# fig, ax = plt.subplots(figsize=(7, 2.6))
# for place, (name, four) in enumerate([("block by block", blocks), ("as one matrix", stack)]):
#     lengths = (four @ v).norm(dim=1)
#     drawn = ax.bar(np.arange(4) + 0.4 * place, lengths, 0.38, label=name, ec="black", lw=0.6,
#                    color=["#9ecae1", "white"][place], hatch=["", "///"][place])
#     ax.bar_label(drawn, [f"{one:.2f}" for one in lengths], padding=2, fontsize=8)
# ax.set(xticks=np.arange(4) + 0.2, xticklabels=["input", "forget", "candidate", "output"],
#        ylabel="length of W v", ylim=(0, 1.5),
#        title="What each gate block makes of a vector of length 1")
# ax.legend(ncols=2, loc="upper right")
# plt.show()
# reveal("stacked", lengths.mean().item(), choices=(1, 0.5, 0.25), because="the four blocks keep "
#        f"the length only together: their squares add up to {lengths.square().sum():.2f}, and "
#        "each has about a quarter of that.")

# %% [markdown]
# ### Look: the gradient at step 1 and at step 50
#
# A loss on the last of 50 outputs. How large is the gradient when it arrives at each input, for
# PyTorch's own start and for yours?
#
# **Guess first:** an LSTM as PyTorch starts it. How many times smaller is the gradient at step 1
# than at step 50: 10, 1,000 or 1,000,000,000?

# %% active="ipynb" guess="arriving"
# def arriving(layer, T=50):
#     """The size of the gradient at each of T inputs, for a loss on the last output."""
#     torch.manual_seed(6)
#     x = torch.randn(32, T, 16, requires_grad=True)
#     layer(x)[0][:, -1].sum().backward()
#     return x.grad.norm(dim=(0, 2)).numpy()
#
#
# def started(kind, forget_bias=None):
#     torch.manual_seed(7)
#     layer = kind(16, 64, batch_first=True)
#     return layer if forget_bias is None else init_recurrent_(layer, forget_bias)
#
#
# fig, axes = plt.subplots(1, 2, figsize=(8, 3.4), sharey=True)
# panels = [
#     [("RNN, PyTorch", nn.RNN, None), ("RNN, yours", nn.RNN, 1.0),
#      ("GRU, PyTorch", nn.GRU, None), ("GRU, yours", nn.GRU, 1.0)],
#     [("LSTM, PyTorch", nn.LSTM, None), ("LSTM, yours, forget bias 0", nn.LSTM, 0.0),
#      ("LSTM, yours, 1", nn.LSTM, 1.0), ("LSTM, yours, 5", nn.LSTM, 5.0)],
# ]
# left_over = {}
# for ax, lines in zip(axes, panels):
#     for (name, kind, value), marker in zip(lines, "os^x"):
#         sizes = arriving(started(kind, value))
#         left_over[name] = float(sizes[0] / sizes[-1])
#         ax.semilogy(range(1, 51), sizes, marker=marker, markevery=7, label=name)
#         print(f"{name:28} step 1: {sizes[0]:.0e}   step 50: {sizes[-1]:.0e}")
#     ax.set(xlabel="time step of the input")
#     ax.legend(loc="lower right", fontsize=8)
# axes[0].set(ylabel="size of the gradient", ylim=(1e-18, 1e3))
# fig.suptitle("What arrives of a loss at step 50", fontsize=10)
# plt.show()
# reveal("arriving", 1 / left_over["LSTM, PyTorch"], choices=(10, 1_000, 1_000_000_000),
#        because="its forget gates start near ½, and what the cell keeps is multiplied by that at "
#        "every step. With a forget bias of 5 the gradient at step 1 is "
#        f"{left_over['LSTM, yours, 5']:.1f} times that at step 50.")

# %% [markdown]
# An LSTM does not solve vanishing gradients by being an LSTM. Its cell *can* keep a gradient, if
# its forget gates are open. One number decides.
#
# On the left: with orthogonal weights the plain RNN keeps more of its gradient. What it still
# loses is taken by the slopes of the tanh.

# %% [markdown]
# ### Play: how a network starts
#
# The same picture for a start of your choice. On the left the gradient at each input, beside that
# of PyTorch's own start. On the right the gradient that each layer's recurrent weights get.
#
# - An LSTM of one layer: with which `forget_bias` is the line flat? What does a larger one do?
# - An RNN: `recurrent_scale` multiplies the orthogonal weights. At 1 they keep every length, and
#   the line still falls. How far up must the scale go until it does not?
# - Add layers. With PyTorch's start, which of them gets the smallest gradient? Does yours change
#   that?

# %% active="ipynb"
# def draw_start(cell, layers, forget_bias, recurrent_scale):
#     kind = {"LSTM": nn.LSTM, "GRU": nn.GRU, "RNN": nn.RNN}[cell]
#     torch.manual_seed(7)
#     both = [kind(16, 32, layers, batch_first=True) for _ in range(2)]
#     for name, weight in init_recurrent_(both[0], forget_bias).named_parameters():
#         if name.startswith("weight_hh"):
#             weight.data *= recurrent_scale
#     fig, (left, right) = plt.subplots(1, 2, figsize=(8.5, 3.2))
#     for layer, marker, label in zip(both, "ox", ("yours", "PyTorch")):
#         left.semilogy(range(1, 51), arriving(layer), marker=marker, markevery=7, label=label)
#         sizes = [layer.get_parameter(f"weight_hh_l{n}").grad.norm() for n in range(layers)]
#         right.semilogy(range(layers), sizes, marker=marker, ms=8, label=label)
#     left.set(xlabel="time step of the input", ylabel="size of the gradient", ylim=(1e-18, 1e9),
#              title="What arrives of a loss at step 50")
#     right.set(xlabel="layer (0 reads the input)", xticks=range(layers), ylim=(1e-4, 1e5),
#               xlim=(-0.5, 3.5), title="The gradient of its recurrent weights")
#     left.legend(loc="lower right")
#     for ax in (left, right):
#         ax.minorticks_off()
#     plt.show()
#
#
# play(draw_start, cell=["LSTM", "GRU", "RNN"], layers=(1, 4, 1), forget_bias=(-2.0, 6.0, 0.0),
#      recurrent_scale=(0.0, 2.0, 1.0))

# %% [markdown]
# ### Look: does it matter for learning?
#
# The label is the sign of the *first* input; 24 steps of noise follow. Three LSTMs that differ
# only in their start: PyTorch's own, and yours with a forget bias of 1 and of 4. (Takes a few
# seconds.)
#
# **Guess first:** which of them is no better than guessing after 100 updates? (PyTorch, 1 or 4)

# %% active="ipynb" guess="remembering"
# def batch(generator):
#     x = torch.randn(48, 25, 2, generator=generator)
#     return x, (x[:, 0, 0] > 0).long()
#
#
# ends = {}
# fig, ax = plt.subplots()
# for name, value, marker in [("PyTorch", None, "o"), ("yours, forget bias 1", 1.0, "s"),
#                             ("yours, forget bias 4", 4.0, "^")]:
#     torch.manual_seed(8)
#     model = SequenceClassifier("lstm", 2, 24, 2)
#     if value is not None:
#         init_recurrent_(model, value)
#     optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
#     generator, losses = torch.Generator().manual_seed(9), []
#     for _ in range(100):
#         x, labels = batch(generator)
#         loss = F.cross_entropy(model(x)[0], labels)
#         optimizer.zero_grad()
#         loss.backward()
#         nn.utils.clip_grad_norm_(model.parameters(), 1.0)
#         optimizer.step()
#         losses.append(loss.item())
#     smooth = np.convolve(losses, np.ones(10) / 10, mode="valid")
#     ends[name.split()[-1]] = smooth[-1]
#     ax.plot(range(10, 101), smooth, marker=marker, markevery=10, label=name)
# ax.axhline(np.log(2), color="0.5", lw=1, ls="-")
# ax.text(100, np.log(2) + 0.035, "guessing", ha="right", color="0.35", fontsize=9)
# ax.set(xlabel="update", ylabel="loss, mean of 10", ylim=(0, 0.85),
#        title="Remember the first of 25 inputs")
# ax.legend(loc="lower left")
# plt.show()
# lost = [name for name, end in ends.items() if end > 0.95 * np.log(2)]
# reveal("remembering", " ".join(lost) or "none", because="from the first input hardly any "
#        "gradient arrives, so there is nothing to follow. The losses at the end are "
#        f"{', '.join(f'{end:.2f} ({name})' for name, end in ends.items())}.")

# %% [markdown]
# An open forget gate is a bet that there is something to remember. For sequences in which only the
# last steps count, it is the wrong bet. That is why it is an argument.

# %% [markdown]
# ### Look: what stayed as it was
#
# A loop over *all* parameters with two axes would also find the embedding of the language model,
# whose row for the padding token is made of zeros.
#
# **Guess first:** after such a loop, is that row still made of zeros? (yes or no)

# %% active="ipynb" guess="padding"
# model = LanguageModel(tied=False)
# for name, change in [("your function    ", init_recurrent_),
#                      ("every 2-d weight ", lambda m: [nn.init.xavier_uniform_(p)
#                                                       for p in m.parameters() if p.dim() == 2])]:
#     change(model)
#     largest = model.embedding.weight[0].abs().max().item()
#     print(name, "padding row of the embedding, largest entry:", f"{largest:.3f}")
# reveal("padding", largest == 0, because="the loop draws that row too. It gets no gradient, so "
#        f"it keeps for good what was drawn for it, here up to {largest:.3f}.")

# %% [markdown]
# ## What you know now
#
# - A module owns layers; layers own parameters. What hides in a Python list is not found.
# - A loop over steps needs to know nothing about a cell, and pays a fixed price per step.
# - The final state is not `output[:, -1]` once there are two directions, and `h_n` lists layers
#   first, directions second.
# - An LSTM has 4/3 the parameters of a GRU. Which one is faster has to be measured.
# - Gates are blocks of a stack. Initialise the blocks.
#
# **Pitfalls worth remembering**
#
# - `torch.zeros(B, H)` as a first state: wrong device, wrong dtype, sooner or later.
# - An output that is read from the old state. Test for gradients after one step.
# - `dropout` in a single layer does nothing.
# - `state_dict()` counts shared weights twice, and buffers as well.
# - An initialisation by name or by number of axes reaches embeddings and linear layers too.
# - A forget bias of 1 in both biases is a forget bias of 2.
