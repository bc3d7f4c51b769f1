# %% [markdown]
# # Lab 7: Many-to-many tagging
#
# One label for **every** token: is this word part of a name, is this letter a vowel, was this
# heartbeat regular? In this lab you build a tagger, the loss and the measures that go with it,
# and you train it.
#
# What goes in and what comes out stand in pairs here: token 3 belongs to tag 3. Where the output
# has a length of its own, as in translation, an encoder and a decoder are needed: that is lab 8.
#
# **How to work**
#
# - Write a function, run its cell, then run the check cell below it.
# - Stuck? Call `hint(tagging_loss)` in a cell of its own (with the name of your function). The
#   first hint says where to look; ask again and it says what is wrong.
# - The pictures are for you, not for marks. Each one needs the functions above it. Write what you
#   expect between the dots of `guess("…")`, then run the folded cell below: a wrong guess teaches
#   more. Guesses are neither stored nor marked.
#
# **What is allowed:** all of PyTorch, NumPy and plain Python. In what you hand in, leave
# out `subprocess`, a `DataLoader` with `num_workers` above 0, and `torch.compile`.

# %% [markdown]
# ## Conventions
#
# | letter | meaning |
# |---|---|
# | B | batch: how many sequences at once |
# | T | time steps, padding included |
# | C | how many tags there are |
# | V | vocabulary: how many tokens there are |
#
# | tensor | shape |
# |---|---|
# | `tokens` | (B, T), int64 |
# | `lengths` | (B,), int64, each from 1 to T |
# | `tags` | (B, T), int64, 0 … C−1 |
# | `logits` | (B, T, C) |
#
# - **Padding** fills the short sequences of a batch. A step is **real**, or valid, if it comes
#   before its sequence's length. In `tags`, padding is written as `ignore_index`, which is −100
#   unless the caller says otherwise. In `tokens` and `logits` anything may stand there.
# - **New tensors follow their inputs:** same device, same float dtype. "float" means a Python
#   float, and "int" a Python int.
# - **No function changes its arguments.**
# - A **logit** is a score before the softmax. Models return logits here, never probabilities.

# %%
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

# %% active="ipynb"
# # For the pictures only. Coloured cells carry their numbers: the colour alone never decides.
# import math
#
# import matplotlib.pyplot as plt
# import numpy as np
# from cycler import cycler
# from matplotlib.colors import ListedColormap
# from matplotlib.patches import Rectangle
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
# TAG_COLOURS = ListedColormap(["#cfe8f7", "#f9c98c", "#b5b5b5", "#a8dbc9", "#f3ef9b", "#e8bdd6"])
#
#
# def strips(ax, rows, names, wrong=()):
#     """Rows of numbers as coloured strips; -100 is padding; cells in `wrong` get a box."""
#     for y, row in enumerate(rows):
#         for x, number in enumerate(row):
#             number, corner = int(number), (x - 0.48, y - 0.42)
#             colour = "white" if number < 0 else TAG_COLOURS(number)
#             ax.add_patch(Rectangle(corner, 0.96, 0.84, fc=colour, ec="0.7", lw=0.5))
#             if (y, x) in wrong:
#                 ax.add_patch(Rectangle(corner, 0.96, 0.84, fc="none", ec="black", lw=2.5))
#             ax.text(x, y, "·" if number < 0 else number, ha="center", va="center",
#                     color="0.5" if number < 0 else "black", fontsize=9)
#     ax.set(xlim=(-0.6, len(rows[0]) - 0.4), ylim=(len(rows) - 0.5, -0.5),
#            xticks=range(len(rows[0])), yticks=range(len(rows)), yticklabels=names)
#     ax.grid(False)
#     ax.tick_params(length=0)
#     ax.spines[:].set_visible(False)
#
#
# def table(ax, matrix, title, vmax):
#     """A table of counts; the darker, the more."""
#     ax.imshow(matrix, cmap="Blues", vmin=0, vmax=vmax)
#     for (i, j), count in np.ndenumerate(matrix.numpy()):
#         ax.text(j, i, count, ha="center", va="center",
#                 color="white" if count > 0.6 * vmax else "black")
#     ax.set(xlabel="predicted tag", xticks=range(len(matrix)), yticks=range(len(matrix)),
#            title=title)
#     ax.grid(False)

# %% [markdown]
# ## 1. Data with a known rule
#
# Made-up data has one great advantage: you know the right answer, and you know what is needed to
# find it. The tokens are random numbers from 1 to 9 (0 is kept for padding). Three rules give the
# tags, always modulo C:
#
# | kind | the tag of a token |
# |---|---|
# | `'element'` | the token |
# | `'pair'` | the token + the token before it |
# | `'running'` | the sum of all tokens so far, this one included |
#
# Randomness is an argument: a `torch.Generator` is handed in, and **all** that is random comes
# from it. Then whoever calls can have the same data again, and nobody else's random numbers
# change.


# %% exercise="make_tagging_data"
def make_tagging_data(
    kind: str, num_sequences: int, seq_len: int, num_tags: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Draw random sequences of tokens, and tag each token by a rule.

    The tokens are uniform in 1 … 9, both ends included, and drawn from the generator in any way
    you like. With x_t for the tokens of one sequence and t from 0:

    - 'element': tag_t = x_t mod C
    - 'pair': tag_t = (x_t + x_{t-1}) mod C, with 0 in place of x_{-1}
    - 'running': tag_t = (x_0 + … + x_t) mod C

    Args:
        kind: 'element', 'pair' or 'running'.
        num_sequences: N, how many sequences.
        seq_len: T, how long each of them is.
        num_tags: C, how many tags there are.
        generator: where all random numbers come from. The same state gives the same data.

    Returns:
        (tokens, tags), both (N, T) and int64.

    Raises:
        ValueError: another kind; the message names `kind`.
    """
    ### BEGIN SOLUTION
    if kind not in ("element", "pair", "running"):
        raise ValueError(f"kind must be 'element', 'pair' or 'running', not {kind!r}")
    tokens = torch.randint(
        1, 10, (num_sequences, seq_len), generator=generator, device=generator.device
    )
    if kind == "element":
        sums = tokens
    elif kind == "pair":
        before = F.pad(tokens, (1, 0))[:, :-1]  # every token one step later, 0 at the start
        sums = tokens + before
    else:
        sums = tokens.cumsum(dim=1)
    return tokens, sums % num_tags
    ### END SOLUTION


# %% [markdown]
# ### Look: three rules
#
# One sequence of tokens, tagged by each of the three rules.
#
# **Guess first:** you see the token of step 9 and nothing else. For how many of the three rules
# can you say the tag of step 9? (a number)

# %% active="ipynb" guess="one-token"
# fig, axes = plt.subplots(3, 1, sharex=True, figsize=(7, 3.6))
# decided = {}
# for ax, kind in zip(axes, ("element", "pair", "running")):
#     many = make_tagging_data(kind, 200, 16, 3, torch.Generator().manual_seed(1))
#     seen = set(zip(*(part.ravel().tolist() for part in many)))
#     decided[kind] = len(seen) == 9  # each of the nine tokens has one tag only
#     tokens, tags = make_tagging_data(kind, 1, 16, 3, torch.Generator().manual_seed(1))
#     strips(ax, [tags[0]], ["tag"])
#     for t, token in enumerate(tokens[0]):
#         ax.text(t, -1, int(token), ha="center", va="center", fontsize=9)
#     ax.set(ylim=(0.5, -1.5), yticks=[-1, 0], yticklabels=["token", "tag"],
#            title=f"'{kind}', C = 3")
# axes[-1].set(xlabel="time step t")
# plt.show()
# kinds = " and ".join(f"'{kind}'" for kind, alone in decided.items() if alone)
# reveal("one-token", sum(decided.values()), because=f"only with {kinds} has each token always "
#        "the same tag. The other two need the token before it, or all of them.")

# %% [markdown]
# ### Look: what the token alone gives away
#
# You will often find this exercise for recurrent networks: "label each element of a sequence with
# `element % 3`". Count, in many sequences, how often each tag goes with each token.
#
# **Guess first:** a tagger looks at one token at a time and always says the most frequent tag for
# it. What share of the tags does it get right with 'pair': 0.4, 0.6 or 0.9?

# %% active="ipynb" guess="most-frequent"
# rates = {}
# fig, axes = plt.subplots(1, 3, sharey=True, figsize=(7, 2.6))
# for ax, kind in zip(axes, ("element", "pair", "running")):
#     tokens, tags = make_tagging_data(kind, 2000, 12, 3, torch.Generator().manual_seed(2))
#     counts = torch.zeros(10, 3).index_put((tokens.ravel(), tags.ravel()), torch.ones(()),
#                                           accumulate=True)[1:]
#     shares = counts / counts.sum(dim=1, keepdim=True)
#     best = rates[kind] = (counts.max(dim=1).values.sum() / counts.sum()).item()
#     ax.imshow(shares.T, cmap="Blues", vmin=0, vmax=1.2, aspect="auto")
#     for (token, tag), share in np.ndenumerate(shares.numpy()):
#         ax.text(token, tag, f"{100 * share:.0f}", ha="center", va="center", fontsize=8,
#                 color="white" if share > 0.6 else "black")
#     ax.set(xlabel="token", xticks=range(9), xticklabels=range(1, 10), yticks=range(3),
#            title=f"'{kind}': best guess {best:.0%}")
#     ax.grid(False)
# axes[0].set(ylabel="tag")
# fig.suptitle("How often each tag goes with each token, in percent", fontsize=10)
# plt.show()
# reveal("most-frequent", rates["pair"], choices=(0.4, 0.6, 0.9), because="the token before it "
#        "makes all three tags equally likely. What there is above a third comes from step 0, "
#        f"which has no token before it: 1/3 + 1/12 · 2/3 = {1 / 3 + 2 / 36:.2f}.")

# %% [markdown]
# With 'element', a table of nine entries is a perfect tagger. No memory is needed, so the exercise
# says nothing about recurrent networks: a network may look at one token at a time and get full
# marks.
#
# We come back to this with trained models in section 10.

# %% [markdown]
# ## 2. The tagger
#
# Three layers: an **embedding** turns each token into a vector, a **recurrent network** reads the
# vectors, and a **linear layer** turns each state into C logits. It is the same linear layer at
# each step, and it reads *every* state, not just the last one.
#
# Two things need thought.
#
# - **Both directions.** A bidirectional network gives 2H numbers per step. Its backward half reads
#   from the right, so in a padded batch it would read the padding first. It must start at each
#   sequence's own last token: `pack_padded_sequence` does that. It wants the lengths on the CPU
#   (`lengths.cpu()`), and it wants to be told if they are not sorted.
# - **T stays.** Unpacking gives as many steps as the *longest sequence* has, and the batch may be
#   padded further than that. Then logits and tags no longer fit together.


# %% exercise="Tagger"
class Tagger(nn.Module):
    """A recurrent network that gives each token of a sequence a score for every tag.

    The parts, under these names and with nothing beside them:

    - `embedding`: nn.Embedding from V tokens to E numbers, which is told its padding_idx
    - `rnn`: one layer of nn.RNN, nn.GRU or nn.LSTM from E to H numbers, started from zeros
    - `fc`: nn.Linear from the H numbers of each step (2H if bidirectional) to C logits
    """

    def __init__(
        self,
        vocab_size: int,
        num_tags: int,
        embedding_dim: int,
        hidden_size: int,
        cell: str = "lstm",
        bidirectional: bool = False,
        padding_idx: int = 0,
    ) -> None:
        """Make the layers.

        Args:
            vocab_size: V, how many tokens there are.
            num_tags: C, how many tags there are.
            embedding_dim: E, numbers per token.
            hidden_size: H, hidden units per direction.
            cell: 'rnn', 'gru' or 'lstm'.
            bidirectional: whether a second network reads from right to left.
            padding_idx: the token whose embedding is zero at first and gets no gradient.
        """
        ### BEGIN SOLUTION
        super().__init__()
        cells: dict[str, type[nn.RNN | nn.GRU | nn.LSTM]] = {
            "rnn": nn.RNN,
            "gru": nn.GRU,
            "lstm": nn.LSTM,
        }
        directions = 2 if bidirectional else 1
        self.embedding = nn.Embedding(vocab_size, embedding_dim, padding_idx=padding_idx)
        self.rnn = cells[cell](
            embedding_dim, hidden_size, batch_first=True, bidirectional=bidirectional
        )
        self.fc = nn.Linear(directions * hidden_size, num_tags)
        ### END SOLUTION

    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the logits of every step.

        Args:
            tokens: (B, T), int64.
            lengths: (B,), int64, in any order; None says that every step is valid. Go by these
                only: the padding token may stand inside a sequence too.

        Returns:
            (B, T, C), with the T of `tokens`. The logits of a sequence's valid steps do not depend
            on how much padding follows or what stands in it. On padding they may be anything.
        """
        ### BEGIN SOLUTION
        embedded = self.embedding(tokens)
        if lengths is None:
            output, _ = self.rnn(embedded)
        else:
            packed = pack_padded_sequence(
                embedded, lengths.cpu(), batch_first=True, enforce_sorted=False
            )
            output, _ = pad_packed_sequence(
                self.rnn(packed)[0], batch_first=True, total_length=tokens.shape[1]
            )
        logits: Tensor = self.fc(output)
        return logits
        ### END SOLUTION


# %% [markdown]
# ### Look: does the padding leak in?
#
# A sequence of 6 tokens, first alone and then with 6 steps of padding after it. The picture shows
# how much the logits of its 6 real steps move.
#
# - A: one direction, not told the lengths
# - B: two directions, not told the lengths
# - C: two directions, told the lengths
#
# **Guess first:** which of the three taggers moves? (A, B or C)

# %% active="ipynb" guess="leak"
# torch.manual_seed(3)
# tokens = torch.tensor([[4, 7, 1, 9, 2, 5]])
# padded = F.pad(tokens, (0, 6))
# one_way = Tagger(10, 3, 8, 16)
# two_way = Tagger(10, 3, 8, 16, bidirectional=True)
# fig, ax = plt.subplots()
# moves = {}
# with torch.no_grad():
#     for label, model, lengths, look in [
#         ("A: one direction, no lengths", one_way, None, {"marker": "o", "ms": 9, "mfc": "none"}),
#         ("B: two directions, no lengths", two_way, None, {"marker": "s"}),
#         ("C: two directions, lengths", two_way, torch.tensor([6]), {"marker": "x"}),
#     ]:
#         moved = (model(padded, lengths)[:, :6] - model(tokens)).abs().amax(dim=2)[0]
#         ax.plot(moved, label=label, **look)
#         moves[label[0]] = moved
# ax.set(xlabel="time step t", ylabel="largest change of a logit",
#        title="Padding reaches the real steps from the right, unless the lengths are known")
# ax.legend()
# plt.show()
# who = " and ".join(name for name, moved in moves.items() if moved.max() > 1e-5)
# reveal("leak", who, because="the backward half of B reads the padding first: the last real step "
#        f"moves by {moves['B'][-1]:.3f}, the first by {moves['B'][0]:.3f}. In A nothing that "
#        "follows can reach back.")

# %% [markdown]
# ### Look: the T that shrinks
#
# Three sequences of lengths 4, 7 and 2, in a batch that is 12 steps wide.
#
# **Guess first:** packed and unpacked again, with `batch_first=True` and nothing else said: how
# many steps wide is it now? (a number)

# %% active="ipynb" guess="shrinks"
# embedded = torch.randn(3, 12, 8)
# packed = pack_padded_sequence(embedded, torch.tensor([4, 7, 2]), batch_first=True,
#                               enforce_sorted=False)
# print("in:                     ", tuple(embedded.shape))
# print("back, told nothing:     ", tuple(pad_packed_sequence(packed)[0].shape))
# back = pad_packed_sequence(packed, batch_first=True)[0]
# print("back, batch_first:      ", tuple(back.shape))
# print("back, total_length too: ",
#       tuple(pad_packed_sequence(packed, batch_first=True, total_length=12)[0].shape))
# reveal("shrinks", back.shape[1], because="packing keeps no padding, so unpacking only knows the "
#        f"longest sequence. total_length gives the {embedded.shape[1]} steps back.")

# %% [markdown]
# ## 3. The loss
#
# Every step is a classification with C classes, so the loss is the cross-entropy, averaged over
# the **real** tokens of the batch:
#
# $$L = \frac{1}{\text{number of real tokens}} \sum_{\text{real } (b,\,t)} -\log
# \frac{e^{z_{b,t,\text{tag}}}}{\sum_c e^{z_{b,t,c}}}$$
#
# Mind three things.
#
# - PyTorch's `cross_entropy` wants the classes on axis **1**; here they are last.
# - It wants logits: the softmax is inside.
# - A batch may hold nothing but padding. 0 divided by 0 is nan, and one nan ruins all weights.


# %% exercise="tagging_loss"
def tagging_loss(logits: Tensor, tags: Tensor, ignore_index: int = -100) -> Tensor:
    """Return the mean cross-entropy over the real tokens of a batch.

    A token is real if its tag is not ignore_index. All real tokens count the same, in short and in
    long sequences.

    Args:
        logits: (B, T, C), scores before the softmax, of any size.
        tags: (B, T), int64, 0 … C−1 or ignore_index.
        ignore_index: the tag of padding; it may also be a number that is a class otherwise.

    Returns:
        A tensor without axes that can be back-propagated, with the dtype of logits; 0 where there
        is no real token, and that 0 can be back-propagated too.
    """
    ### BEGIN SOLUTION
    total = F.cross_entropy(
        logits.transpose(1, 2), tags, ignore_index=ignore_index, reduction="sum"
    )
    real = (tags != ignore_index).sum()
    return total / real.clamp(min=1)
    ### END SOLUTION


# %% [markdown]
# ### Look: four ways to average
#
# A batch of eight sequences of 2 to 16 tokens. Now more and more padding is added, which should
# not matter at all.
#
# **Guess first:** how many of these four stay where they are? (a number)
#
# 1. the mean over real tokens
# 2. the mean of the sequences' own means
# 3. the sum over real tokens, divided by B·T
# 4. the mean over all steps, with padding counted as tag 0 (which the tagger says on padding)

# %% active="ipynb" guess="averages"
# torch.manual_seed(4)
# B, T, C = 8, 16, 4
# lengths = torch.tensor([2, 16, 3, 2, 12, 4, 2, 9])
# tags = torch.randint(C, (B, T)).masked_fill(torch.arange(T) >= lengths[:, None], -100)
# confidence = 3 * torch.rand(B, T, 1) * (lengths / 16)[:, None, None]  # better on long sequences
# logits = torch.randn(B, T, C) + confidence * F.one_hot(tags.clamp(min=0), C)
#
# extra = range(0, 25, 4)
# curves = {"1 real tokens": [], "2 mean of means": [], "3 divided by B·T": [],
#           "4 padding as tag 0": []}
# for more in extra:
#     z, y = F.pad(logits, (0, 0, 0, more)), F.pad(tags, (0, more), value=-100)
#     z[y == -100] = torch.tensor([4.0, 0, 0, 0])
#     right = tagging_loss(z, y)
#     own_means = [tagging_loss(z[b : b + 1], y[b : b + 1]) for b in range(B)]
#     curves["1 real tokens"].append(right)
#     curves["2 mean of means"].append(torch.stack(own_means).mean())
#     curves["3 divided by B·T"].append(right * (y != -100).sum() / y.numel())
#     curves["4 padding as tag 0"].append(tagging_loss(z, y.clamp(min=0)))
# fig, ax = plt.subplots()
# for (label, values), marker in zip(curves.items(), "osx^"):
#     ax.plot(extra, values, marker=marker, label=label)
# ax.set(xlabel="extra steps of padding", ylabel="loss", ylim=(0, 1.9),
#        title="Padding must not move the loss")
# ax.legend(ncols=2, loc="upper right")
# plt.show()
# still = {label: float(values[0]) for label, values in curves.items()
#          if max(values) - min(values) < 1e-4}
# told = " and ".join(f"{label[2:]} ({value:.2f})" for label, value in still.items())
# reveal("averages", len(still), because=f"these stay: {told}. The other two divide by something "
#        "that grows with the padding.")

# %% [markdown]
# What stays need not agree. In the mean of means, a token of a short sequence weighs more than a
# token of a long one. That is another question, not the one asked here.

# %% [markdown]
# ### Look: classes on the wrong axis
#
# `F.cross_entropy(logits, tags)` is handed logits (B, T, C) as they are, for B, T, C = 2, 5, 3 and
# for 2, 4, 4.
#
# **Guess first:** does it raise an error for 2, 4, 4? (yes or no)

# %% active="ipynb" guess="axis"
# torch.manual_seed(14)
# raised, wrong_by = {}, {}
# for T, C in [(5, 3), (4, 4)]:
#     logits, tags = torch.randn(2, T, C), torch.randint(C, (2, T))
#     due = tagging_loss(logits, tags).item()
#     try:
#         given = F.cross_entropy(logits, tags).item()
#     except RuntimeError as error:
#         found = f"RuntimeError: {str(error).splitlines()[0]}"
#         raised[C] = True
#     else:
#         found, raised[C], wrong_by[C] = f"{given:.4f}", False, given - due
#     print(f"T = {T}, C = {C}: tagging_loss {due:.4f}, cross_entropy(logits, tags) {found}")
# reveal("axis", raised[4], because="where T equals C the steps pass for classes: no error, only "
#        f"a number that is off by {abs(wrong_by[4]):.2f}.")

# %% [markdown]
# So test with sizes that all differ.

# %% [markdown]
# ### Look: softmax twice
#
# A perfect tagger of C = 7 tags: the right tag has logit s, all others 0. The larger s, the surer
# it is.
#
# **Guess first:** the tagger ends with a softmax, and the loss takes another one. How small can
# the loss of a perfect tagger get: 0, 0.1 or 1?

# %% active="ipynb" guess="twice"
# C = 7
# tags = torch.arange(C)[None]
# sureness = torch.linspace(0, 12, 25)
# once, twice = [], []
# for s in sureness:
#     logits = s * F.one_hot(tags, C)
#     once.append(tagging_loss(logits, tags))
#     twice.append(tagging_loss(logits.softmax(dim=-1), tags))
# fig, ax = plt.subplots()
# ax.plot(sureness, once, marker="o", markevery=4, label="logits into the loss")
# ax.plot(sureness, twice, marker="s", markevery=4, label="softmax first")
# floor = math.log(1 + (C - 1) / math.e)
# ax.axhline(floor, color="black", ls=":", label=f"log(1 + 6/e) = {floor:.3f}")
# ax.set(xlabel="logit s of the right tag", ylabel="loss",
#        title=f"Both start at ln 7 = {math.log(7):.3f}; only one can reach 0")
# ax.legend()
# plt.show()
# reveal("twice", float(twice[-1]), choices=(0, 0.1, 1), because="a softmax gives numbers from 0 "
#        "to 1, so the second one sees the right tag at most 1 ahead of the others. The loss "
#        f"cannot fall below log(1 + 6/e) = {floor:.3f}.")

# %% [markdown]
# ## 4. Accuracy, token by token
#
# The share of real tokens whose largest logit is that of the right tag.


# %% exercise="token_accuracy"
def token_accuracy(logits: Tensor, tags: Tensor, ignore_index: int = -100) -> float:
    """Return the share of real tokens that get the right tag.

    The predicted tag is the one with the largest logit. A token is real if its tag is not
    ignore_index.

    Args:
        logits: (B, T, C).
        tags: (B, T), int64, 0 … C−1 or ignore_index.
        ignore_index: the tag of padding.

    Returns:
        A Python float from 0 to 1; 0.0 where there is no real token.
    """
    ### BEGIN SOLUTION
    real = tags != ignore_index
    right = (logits.argmax(dim=-1) == tags) & real
    return float(right.sum()) / max(1, int(real.sum()))
    ### END SOLUTION


# %% [markdown]
# ### Look: an accuracy that grows with the padding
#
# Many programs write padding as tag 0 and forget to leave it out. Saying 0 on padding is easy.
# This tagger gets a real token right with probability 0.6, and says 0 on every step of padding.
#
# **Guess first:** half of the batch is padding. What accuracy does such a program report? (a
# number from 0 to 1)

# %% active="ipynb" guess="inflated"
# torch.manual_seed(5)
# B, T, C, PAD = 50, 20, 4, 0
# tags = torch.randint(1, C, (B, T))
# guesses = torch.where(torch.rand(B, T) < 0.6, tags, tags % (C - 1) + 1)
# shares, honest, inflated = [], [], []
# for more in [0, 2, 5, 10, 20, 40, 80]:
#     y, z = F.pad(tags, (0, more)), F.one_hot(F.pad(guesses, (0, more)), C).float()
#     shares.append(more / (T + more))
#     honest.append(token_accuracy(z, y, ignore_index=PAD))
#     inflated.append(token_accuracy(z, y))
# half = shares.index(0.5)
# points = 100 * (inflated[half] - honest[half])
# fig, ax = plt.subplots()
# ax.plot(shares, inflated, marker="s", color="#D55E00", ls="--", label="padding counted")
# ax.plot(shares, honest, marker="o", color="#0072B2", ls="-", label="real tokens only")
# ax.set(xlabel="share of padding in the batch", ylabel="reported accuracy", ylim=(0.5, 1),
#        title=f"The same tagger: {points:.0f} points better, because half the batch is padding")
# ax.legend(loc="upper left")
# plt.show()
# reveal("inflated", inflated[half], because=f"its real tokens have {honest[half]:.2f}, its "
#        "padding has 1, and half of each gives the mean of the two.")

# %% [markdown]
# ## 5. Accuracy, sequence by sequence
#
# Stricter: a sequence counts only if *every* real token in it is right. A sequence without any
# real token is no sequence: it counts neither as right nor as wrong.


# %% exercise="sequence_accuracy"
def sequence_accuracy(logits: Tensor, tags: Tensor, ignore_index: int = -100) -> float:
    """Return the share of sequences in which every real token gets the right tag.

    Only sequences that have a real token are counted.

    Args:
        logits: (B, T, C).
        tags: (B, T), int64, 0 … C−1 or ignore_index.
        ignore_index: the tag of padding.

    Returns:
        A Python float from 0 to 1; 0.0 where no sequence has a real token.
    """
    ### BEGIN SOLUTION
    real = tags != ignore_index
    right = (logits.argmax(dim=-1) == tags) | ~real
    counted = real.any(dim=1)
    return float((right.all(dim=1) & counted).sum()) / max(1, int(counted.sum()))
    ### END SOLUTION


# %% [markdown]
# ### Look: 95 % of the tokens, and how many of the sequences?
#
# A tagger that gets each token right with probability 0.95, independently.
#
# **Guess first:** what share of its sequences of 20 tokens is right from end to end? (a number
# from 0 to 1)

# %% active="ipynb" guess="sequences"
# torch.manual_seed(6)
# C, p, N = 4, 0.95, 2000
# all_lengths = [1, 2, 5, 10, 15, 20, 30, 40]
# tokens_right, sequences_right = [], []
# for T in all_lengths:
#     tags = torch.randint(C, (N, T))
#     guesses = torch.where(torch.rand(N, T) < p, tags, (tags + 1) % C)
#     logits = F.one_hot(guesses, C).float()
#     tokens_right.append(token_accuracy(logits, tags))
#     sequences_right.append(sequence_accuracy(logits, tags))
# fig, ax = plt.subplots()
# ax.plot(all_lengths, tokens_right, marker="o", label="token accuracy")
# ax.plot(all_lengths, sequences_right, marker="s", ls="none", label="sequence accuracy")
# ax.plot(range(1, 41), [p**n for n in range(1, 41)], color="black", ls=":", label="0.95 to the T")
# ax.set(xlabel="length T", ylabel="share that is right", ylim=(0, 1.05),
#        title="A sequence is right only if every token of it is")
# ax.legend(loc="lower left")
# plt.show()
# reveal("sequences", sequences_right[all_lengths.index(20)], because="all 20 have to be right, "
#        f"so 0.95 is multiplied by itself: 0.95 to the 20 is {p**20:.2f}.")

# %% [markdown]
# ## 6. Which tag for which
#
# One number says *how often* a tagger is wrong. A table says *how*: one row for each true tag, one
# column for each predicted tag, and in each field how many tokens there are. What is right stands
# on the diagonal.


# %% exercise="confusion_matrix"
def confusion_matrix(
    predictions: Tensor, tags: Tensor, num_tags: int, ignore_index: int = -100
) -> Tensor:
    """Count how often each true tag was predicted as each tag.

    Args:
        predictions: (B, T), int64, the predicted tags, 0 … C−1.
        tags: (B, T), int64, the true tags, 0 … C−1 or ignore_index.
        num_tags: C. Not every tag need occur.
        ignore_index: the tag of padding, which is not counted.

    Returns:
        (C, C), int64: the entry [i, j] is the number of real tokens whose true tag is i and whose
        predicted tag is j.
    """
    ### BEGIN SOLUTION
    real = tags != ignore_index
    rows, columns = tags.where(real, 0), predictions.where(real, 0)
    matrix = tags.new_zeros(num_tags, num_tags)
    return matrix.index_put((rows, columns), real.to(tags.dtype), accumulate=True)
    ### END SOLUTION


# %% [markdown]
# ### Look: two taggers with the same accuracy
#
# Both make the same number of errors. One errs at random; the other errs on two tags only, and
# takes each of them for the other.
#
# **Guess first:** which sums are the same in both tables? (rows or columns)

# %% active="ipynb" guess="sums"
# torch.manual_seed(7)
# C, N = 4, 1200
# tags = torch.randint(C, (1, N))
# errors = 3 * N // 10
# scattered, swapped = tags.clone(), tags.clone()
# scattered[0, :errors] = (tags[0, :errors] + torch.randint(1, C, (errors,))) % C
# twins = torch.nonzero((tags[0] == 1) | (tags[0] == 2))[:errors, 0]
# swapped[0, twins] = 3 - tags[0, twins]
# fig, axes = plt.subplots(1, 2, sharey=True, figsize=(6.4, 3))
# tables = []
# for ax, name, guesses in [(axes[0], "errs at random", scattered),
#                           (axes[1], "confuses 1 and 2", swapped)]:
#     right = token_accuracy(F.one_hot(guesses, C), tags)
#     tables.append(confusion_matrix(guesses, tags, C))
#     table(ax, tables[-1], f"{name}: accuracy {right:.2f}", vmax=400)
# axes[0].set(ylabel="true tag")
# plt.show()
# same = [name for name, axis in [("rows", 1), ("columns", 0)]
#         if torch.equal(tables[0].sum(axis), tables[1].sum(axis))]
# reveal("sums", " and ".join(same), also=("row",), because="a row counts the tokens that truly "
#        "have a tag, whoever predicts; a column counts how often a tagger says it.")

# %% [markdown]
# Which of the two would you rather mend? The accuracy does not know the difference. The right
# table shows where to look: at what tells tag 1 from tag 2.

# %% [markdown]
# ## 7. The best path
#
# Up to here each step was decided by itself. But tags have neighbours: some pairs are likely,
# others impossible. Give every pair of neighbouring tags a score, `transitions[from, to]`, and add
# it all up along a path $k_0, k_1, …$:
#
# $$\text{score}(k) = \sum_t \text{emissions}_{t,\,k_t}
# + \sum_{t \ge 1} \text{transitions}_{k_{t-1},\,k_t}$$
#
# There are $C^T$ paths. The **Viterbi algorithm** finds the best one in T·C² steps. It keeps, for
# each tag, the best score of all paths that end in that tag, and where that path came from:
#
# $$\text{best}_t(j) = \text{emissions}_{t,j}
# + \max_i \big(\text{best}_{t-1}(i) + \text{transitions}_{i,j}\big)$$
#
# At the end, take the best tag and follow the notes back to the start.


# %% exercise="viterbi_decode"
def viterbi_decode(emissions: Tensor, transitions: Tensor, lengths: Tensor) -> list[list[int]]:
    """Find, for each sequence, the path of tags with the largest score.

    Formula: score = Σ_t emissions[t, k_t] + Σ_{t≥1} transitions[k_{t−1}, k_t], over the valid
    steps t = 0 … length−1. There are no scores for starting or ending with a tag.
    Source: A. J. Viterbi (1967), "Error bounds for convolutional codes and an asymptotically
    optimum decoding algorithm", IEEE Transactions on Information Theory 13.

    Args:
        emissions: (B, T, C), the score of each tag at each step, of any size and sign.
        transitions: (C, C), the score of each pair of neighbours, as [from, to].
        lengths: (B,), int64.

    Returns:
        A list of B lists; the list of sequence b holds lengths[b] tags, as Python ints. Of paths
        with equal scores any will do.
    """
    ### BEGIN SOLUTION
    paths = []
    for emission, length in zip(emissions, lengths.tolist(), strict=True):
        best = emission[0]
        came_from = []
        for t in range(1, length):
            score, previous = (best[:, None] + transitions).max(dim=0)
            best = emission[t] + score
            came_from.append(previous.tolist())
        path = [int(best.argmax())]
        for previous_tags in reversed(came_from):
            path.append(previous_tags[path[-1]])
        paths.append(path[::-1])
    return paths
    ### END SOLUTION


# %% [markdown]
# ### Look: greedy against the best path
#
# Names in a text are tagged with `B` for the first word of a name, `I` for a word inside it, and
# `O` for all others. An `I` straight after an `O` makes no sense, so that transition costs 10.
# These are the emissions; in the picture they stand in circles.
#
# | | Then | Ada | Lovelace | met | Charles | Babbage |
# |---|---|---|---|---|---|---|
# | O | 2.0 | 1.4 | 0.2 | 2.2 | 0.3 | 0.8 |
# | B | 0.5 | 1.2 | 0.4 | 0.1 | 1.9 | 0.7 |
# | I | 0.1 | 0.3 | 2.1 | 0.9 | 0.8 | 1.5 |
#
# The greedy path takes the largest number of each column: O O I O B I.
#
# **Guess first:** which word gets another tag on the best path? (a word)

# %% active="ipynb" guess="greedy"
# words = ["Then", "Ada", "Lovelace", "met", "Charles", "Babbage"]
# names = ["O", "B", "I"]
# emissions = torch.tensor([[2.0, 0.5, 0.1], [1.4, 1.2, 0.3], [0.2, 0.4, 2.1],
#                           [2.2, 0.1, 0.9], [0.3, 1.9, 0.8], [0.8, 0.7, 1.5]])
# transitions = torch.tensor([[0.5, 0.0, -10.0], [0.0, -1.0, 0.8], [0.3, -0.5, 0.2]])
#
#
# def path_score(path, between=transitions):
#     steps = emissions[torch.arange(len(path)), path].sum()
#     return (steps + between[path[:-1], path[1:]].sum()).item()
#
#
# greedy = emissions.argmax(dim=1)
# best = torch.tensor(viterbi_decode(emissions[None], transitions, torch.tensor([6]))[0])
# fig, ax = plt.subplots(figsize=(7, 3.2))
# for t in range(5):
#     for i in range(3):
#         for j in range(3):
#             ax.plot([t, t + 1], [i, j], color="0.85", lw=0.8, ls="-", zorder=0)
# ax.plot(greedy, color="#D55E00", ls="--", lw=2.5, zorder=1,
#         label=f"greedy, score {path_score(greedy):.1f}")
# ax.plot(best, color="#0072B2", ls="-", lw=2.5, zorder=1,
#         label=f"best path, score {path_score(best):.1f}")
# for t in range(6):
#     for i in range(3):
#         chosen = i in (greedy[t], best[t])
#         ax.plot(t, i, "o", ms=23, mfc="white", mec="black" if chosen else "0.7", zorder=2)
#         ax.text(t, i, f"{emissions[t, i]:.1f}", ha="center", va="center", fontsize=8, zorder=3)
# ax.set(xticks=range(6), xticklabels=words, yticks=range(3), yticklabels=names, ylabel="tag",
#        xlim=(-0.5, 5.5), ylim=(2.4, -1.0))
# ax.set_title("Greedy goes from O to I")
# ax.grid(False)
# ax.legend(ncols=2, loc="upper right")
# plt.show()
# given_up = (emissions.gather(1, greedy[:, None]) - emissions.gather(1, best[:, None])).sum()
# gained = path_score(best) - path_score(greedy)
# reveal("greedy", " and ".join(words[t] for t in torch.nonzero(greedy != best)),
#        because=f"the best path gives up {given_up:.1f} there and never goes from O to I; in all "
#        f"it scores {gained:.1f} more.")

# %% [markdown]
# What comes *later* changed an *earlier* decision; no rule that goes from left to right and never
# looks back can do that.

# %% [markdown]
# ### Play: Viterbi, step by step
#
# Each thin line is the best path that ends in one tag at this step; the number in its last circle
# is its score. The broad line is the best of the three. Move `step` from left to right.
#
# - At which word does the broad line change its mind about a word *before* it?
# - From which step on do all three lines agree on "Ada"? From there on that tag is settled.
# - At the last step, raise the score of going from O to I. When is greedy right after all?

# %% active="ipynb"
# def draw_viterbi(step, O_to_I):
#     between = transitions.clone()
#     between[0, 2] = O_to_I
#     ways = []
#     for tag in range(3):
#         steered = emissions[: step + 1].clone()
#         steered[step, tag] += 100  # so that the best path has to end in this tag
#         way = viterbi_decode(steered[None], between, torch.tensor([step + 1]))[0]
#         ways.append(torch.tensor(way))
#     scores = [path_score(way, between) for way in ways]
#     leader = scores.index(max(scores))
#     fig, ax = plt.subplots(figsize=(7, 3.2))
#     ax.plot(ways[leader], color="#56B4E9", ls="-", lw=9, alpha=0.6, zorder=0)
#     for way in ways:
#         ax.plot(way, color="black", ls="-", lw=1.2, zorder=1)
#     for t in range(6):
#         for tag in range(3):
#             now, colour = t == step, "black" if t <= step else "0.6"
#             ax.plot(t, tag, "o", ms=29 if now else 23, mfc="white", mec=colour,
#                     mew=2 if now else 1, zorder=2)
#             number = scores[tag] if now else emissions[t, tag]
#             ax.text(t, tag, f"{number:.1f}", ha="center", va="center", color=colour,
#                     fontsize=9 if now else 8, weight="bold" if now else "normal", zorder=3)
#     told = " ".join(names[tag] for tag in ways[leader])
#     ax.set(xticks=range(6), xticklabels=words, yticks=range(3), yticklabels=names, ylabel="tag",
#            xlim=(-0.5, 5.5), ylim=(2.5, -0.5),
#            title=f'Up to "{words[step]}" the best path is {told}, score {max(scores):.1f}')
#     ax.grid(False)
#     plt.show()
#
#
# play(draw_viterbi, step=(0, 5, 0), O_to_I=(-10.0, 2.0, -10.0))

# %% [markdown]
# ### Look: is it really the best?
#
# Forty small problems of each kind, with few enough paths to try them all.
#
# **Guess first:** transitions and emissions are of the same size. For what share of the problems
# is the greedy path the best one: 0.05, 0.4 or 0.8?

# %% active="ipynb" guess="lucky"
# import itertools
#
# torch.manual_seed(8)
# T, C, N = 5, 3, 40
# paths = torch.tensor(list(itertools.product(range(C), repeat=T)))
# weights = [0.0, 0.25, 0.5, 1.0, 2.0, 4.0]
# shares = {"Viterbi": [], "greedy": []}
# for weight in weights:
#     found = {"Viterbi": 0, "greedy": 0}
#     for _ in range(N):
#         e, a = torch.randn(T, C), weight * torch.randn(C, C)
#         scores = e[torch.arange(T), paths].sum(1) + a[paths[:, :-1], paths[:, 1:]].sum(1)
#         by_trying_all = paths[scores.argmax()].tolist()
#         found["Viterbi"] += viterbi_decode(e[None], a, torch.tensor([T]))[0] == by_trying_all
#         found["greedy"] += e.argmax(dim=1).tolist() == by_trying_all
#     for name, count in found.items():
#         shares[name].append(count / N)
# fig, ax = plt.subplots()
# for (name, values), marker in zip(shares.items(), "os"):
#     ax.plot(weights, values, marker=marker, label=name)
# ax.set(xlabel="size of the transitions (emissions have size 1)",
#        ylabel="share of problems solved", ylim=(0, 1.05),
#        title=f"Compared with the best of all {len(paths)} paths")
# ax.legend(loc="center right")
# plt.show()
# reveal("lucky", shares["greedy"][weights.index(1.0)], choices=(0.05, 0.4, 0.8), because="greedy "
#        f"never looks at a transition. Viterbi finds the best path in "
#        f"{min(shares['Viterbi']):.0%} of the problems, whatever the size.")

# %% [markdown]
# ## 8. From tags to spans
#
# Nobody wants to know which words are `I-PER`; people want names. A **span** is a stretch of
# tokens with a label. Tags write it down like this:
#
# | tag | meaning |
# |---|---|
# | `B-x` | a span with label x begins here |
# | `I-x` | the span with label x goes on |
# | `O` | outside any span |
#
# A network may give tags that do not fit together. Here is the rule: an `I-x` that does not go on
# a span of label x **begins** one, as if it were a `B-x`.


# %% exercise="find_spans"
def find_spans(tags: Sequence[str]) -> list[tuple[str, int, int]]:
    """Read the spans off a list of tags.

    A 'B-x' begins a span of label x. An 'I-x' goes on with the span before it if that has label x
    and reaches up to this tag; else it begins a span itself. An 'O' belongs to no span.
    Source: L. Ramshaw, M. Marcus (1995), "Text chunking using transformation-based learning",
    Workshop on Very Large Corpora.

    Args:
        tags: strings 'B-x', 'I-x' or 'O', in a list or a tuple, which may be empty. x is a label
            such as PER or LOC: all that stands behind the first hyphen.

    Returns:
        A list of (label, start, end) in the order of the text: the span's tokens are
        tags[start:end], so that end is one behind its last token.
    """
    ### BEGIN SOLUTION
    spans = []
    label, start = None, 0  # the span that is open, None for no span
    for position, tag in enumerate([*tags, "O"]):  # the O at the end closes what is open
        prefix, _, name = tag.partition("-")
        if label is not None and not (prefix == "I" and name == label):
            spans.append((label, start, position))
            label = None
        if label is None and prefix != "O":
            label, start = name, position
    return spans
    ### END SOLUTION


# %% [markdown]
# ### Look: six cases
#
# One of the six rows of the picture is `B-PER I-PER I-LOC I-LOC O O`.
#
# **Guess first:** how many spans are there in this row? (a number)

# %% active="ipynb" guess="spans"
# examples = {
#     "plain": ["B-PER", "I-PER", "O", "B-LOC", "O", "O"],
#     "B after B": ["B-PER", "B-PER", "I-PER", "O", "O", "O"],
#     "I without B": ["O", "I-LOC", "I-LOC", "O", "O", "O"],
#     "label changes": ["B-PER", "I-PER", "I-LOC", "I-LOC", "O", "O"],
#     "up to the end": ["O", "O", "O", "B-LOC", "I-LOC", "I-LOC"],
#     "one token each": ["B-PER", "B-LOC", "O", "I-PER", "O", "B-LOC"],
# }
# fig, ax = plt.subplots(figsize=(7, 3.4))
# for y, (name, tags) in enumerate(examples.items()):
#     for x, tag in enumerate(tags):
#         ax.text(x, y, tag, ha="center", va="center", fontsize=8,
#                 color="0.5" if tag == "O" else "black")
#     for label, start, end in find_spans(tags):
#         loc = label == "LOC"
#         ax.add_patch(Rectangle((start - 0.45, y - 0.36), end - start - 0.1, 0.72, zorder=0,
#                                fc="#f9c98c" if loc else "#cfe8f7", ec="black", lw=1.5,
#                                ls="--" if loc else "-"))
# ax.set(xlim=(-0.6, 5.6), ylim=(5.6, -0.6), xticks=range(6), xlabel="position",
#        yticks=range(6), yticklabels=examples, title="Each box is one span (dashed: LOC)")
# ax.grid(False)
# plt.show()
# spans = find_spans(examples["label changes"])
# told = " and ".join(f"{label} from {start} to {end}" for label, start, end in spans)
# reveal("spans", len(spans), because="an I-LOC cannot go on with a span of label PER, so it "
#        f"begins one: {told}, the end not included.")

# %% [markdown]
# Say for each of the other rows, without looking at the boxes, where its spans begin and end.

# %% [markdown]
# ## 9. Scoring spans
#
# A predicted span is right if there is a true one in the **same sequence** with the same label,
# the same start and the same end. Nearly right is wrong.
#
# - **Precision**: which share of the predicted spans is right.
# - **Recall**: which share of the true spans was found.
# - **F1**: their harmonic mean, 2PR / (P + R), which is the same as 2·right / (predicted + true).
#
# *Micro* F1 counts the spans of all sequences and all labels together, and computes once.


# %% exercise="span_f1"
def span_f1(predicted: Sequence[Sequence[str]], true: Sequence[Sequence[str]]) -> float:
    """Return the micro F1 over exact spans.

    Formula: F1 = 2 · right / (predicted + true), the numbers of spans in all sequences together. A
    predicted span is right if its own sequence has a true span with the same label, start and end.
    Source: E. Tjong Kim Sang, F. De Meulder (2003), "Introduction to the CoNLL-2003 shared task".

    Args:
        predicted: for each sequence its predicted tags, 'B-x', 'I-x' or 'O', in lists or tuples.
        true: for each sequence its true tags, in the same order.

    Returns:
        A Python float from 0 to 1; 1.0 where neither side has any span, 0.0 where only one has.
    """
    ### BEGIN SOLUTION
    found = {(row, *span) for row, tags in enumerate(predicted) for span in find_spans(tags)}
    wanted = {(row, *span) for row, tags in enumerate(true) for span in find_spans(tags)}
    if not found and not wanted:
        return 1.0
    return 2 * len(found & wanted) / (len(found) + len(wanted))
    ### END SOLUTION


# %% [markdown]
# ### Look: a high accuracy that finds nothing
#
# 200 sentences in which most words belong to no name. Four taggers: one always says `O`; one
# misses the first word of each name; one misses every third name; one is perfect.
#
# **Guess first:** how many of the first three have a span F1 above 0? (a number)

# %% active="ipynb" guess="finds"
# rng = np.random.default_rng(9)
# true = []
# for _ in range(200):
#     tags = []
#     while len(tags) < 20:
#         if rng.random() < 0.07:
#             label = rng.choice(["PER", "LOC"])
#             tags += [f"B-{label}"] + [f"I-{label}"] * int(rng.integers(0, 3))
#         else:
#             tags.append("O")
#     true.append(tags)
#
# some = [list(tags) for tags in true]
# places = [(row, start, end) for row, tags in enumerate(true)
#           for _, start, end in find_spans(tags)]
# for row, start, end in places[::3]:
#     some[row][start:end] = ["O"] * (end - start)
# taggers = {
#     "always O": [["O"] * len(tags) for tags in true],
#     "misses first\nwords": [["O" if tag[0] == "B" else tag for tag in tags] for tags in true],
#     "misses every\nthird name": some,
#     "perfect": true,
# }
# pairs = [[(p, t) for ps, ts in zip(guess, true) for p, t in zip(ps, ts)]
#          for guess in taggers.values()]
# accuracies = [np.mean([p == t for p, t in pair]) for pair in pairs]
# scores = [span_f1(guess, true) for guess in taggers.values()]
# fig, ax = plt.subplots()
# for shift, label, values, hatch, colour in [(-0.2, "token accuracy", accuracies, "", "#9ecae1"),
#                                             (0.2, "span F1", scores, "//", "#fdae6b")]:
#     bars = ax.bar(np.arange(4) + shift, values, 0.38, color=colour, hatch=hatch, ec="black",
#                   label=label)
#     ax.bar_label(bars, fmt="%.2f", fontsize=9)
# ax.set(xticks=range(4), xticklabels=taggers, yticks=[0, 0.25, 0.5, 0.75, 1], ylabel="score",
#        ylim=(0, 1.35), title="Most words are O, so most of the accuracy is about O")
# ax.legend(ncols=2, loc="upper left")
# plt.show()
# reveal("finds", sum(score > 0 for score in scores[:3]), because="a span must be right from end "
#        "to end: whoever misses the first words finds no name, with a token accuracy of "
#        f"{accuracies[1]:.2f}. Saying O all the time has {accuracies[0]:.2f}.")

# %% [markdown]
# ## 10. Training
#
# All parts are there. For each batch: logits, loss, gradients, clipping to `max_norm`, a step of
# the optimizer. **Clear the old gradients** before new ones are computed: PyTorch adds them up.
#
# Report one loss for each epoch, the mean over all real tokens of the epoch. Batches differ in
# their number of real tokens, so the mean of the batches' means is not that.


# %% exercise="train_tagger"
def train_tagger(
    model: nn.Module,
    batches: Sequence[tuple[Tensor, Tensor, Tensor]],
    epochs: int,
    lr: float,
    max_norm: float = 5.0,
) -> list[float]:
    """Train a tagger, and return the mean loss of each epoch.

    In every epoch each batch is used once, for one step of an optimizer of your choice. The
    learning rates asked for suit the Adam family; plain gradient descent is too slow with them.
    Before each step the gradients of all parameters together are clipped to the norm max_norm.

    Args:
        model: `model(tokens, lengths)` gives logits (B, T, C). Its parameters are changed.
        batches: a list of (tokens (B, T), lengths (B,), tags (B, T)), with −100 in tags on
            padding. B, T and the number of real tokens differ from batch to batch.
        epochs: how many times to go through all batches.
        lr: the learning rate of the optimizer.
        max_norm: the largest L2 norm of the gradients together.

    Returns:
        A list of one Python float for each epoch: the mean of `tagging_loss` over all real tokens
        of the epoch, each with the weights that its batch met.

    Graded by the steps of the training and by the accuracy on new data like that of the batches:
    'pair' data, in which tokens and tags may have been renamed.
    """
    ### BEGIN SOLUTION
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    model.train()
    losses = []
    for _ in range(epochs):
        total, count = 0.0, 0
        for tokens, lengths, tags in batches:
            loss = tagging_loss(model(tokens, lengths), tags)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            optimizer.step()
            real = int((tags != -100).sum())
            total += loss.item() * real
            count += real
        losses.append(total / max(1, count))
    return losses
    ### END SOLUTION


# %% [markdown]
# ### Look: before and after
#
# 'pair' data, with lengths from 1 to 12. First an untrained tagger on four sequences that it will
# never be trained on. Boxes mark what is wrong, dots are padding.
#
# **Guess first:** what share of the tags does a tagger get right that knows nothing: 0, 0.33 or
# 0.5?

# %% active="ipynb" guess="untrained"
# def make_batches(kind, num_sequences, batch_size, generator, T=12, C=3):
#     """Batches of (tokens, lengths, tags) with lengths from 1 to T."""
#     tokens, tags = make_tagging_data(kind, num_sequences, T, C, generator)
#     lengths = torch.randint(1, T + 1, (num_sequences,), generator=generator)
#     padding = torch.arange(T) >= lengths[:, None]
#     whole = tokens.masked_fill(padding, 0), lengths, tags.masked_fill(padding, -100)
#     return list(zip(*(part.split(batch_size) for part in whole)))
#
#
# def draw_tagging(model, batch, title, rows=4):
#     tokens, lengths, tags = batch
#     with torch.no_grad():
#         logits = model(tokens, lengths)
#     guesses = logits.argmax(dim=-1).masked_fill(tags == -100, -100)
#     fig, axes = plt.subplots(rows, 1, sharex=True, figsize=(7, 1.05 * rows))
#     for row, ax in enumerate(axes):
#         wrong = [(1, int(t)) for t in torch.nonzero(guesses[row] != tags[row])]
#         strips(ax, [tags[row], guesses[row]], ["true", "predicted"], wrong)
#     axes[-1].set(xlabel="time step t")
#     share = token_accuracy(logits, tags)
#     axes[0].set_title(f"{title}: token accuracy {share:.2f} on {len(tokens)} new sequences")
#     plt.show()
#     return share
#
#
# generator = torch.Generator().manual_seed(10)
# batches = make_batches("pair", 512, 32, generator)
# (new_batch,) = make_batches("pair", 400, 400, generator)
# torch.manual_seed(10)
# model = Tagger(10, 3, 16, 32)
# share = draw_tagging(model, new_batch, "Untrained")
# reveal("untrained", share, choices=(0, 0.33, 0.5), because="there are three tags, and each is "
#        "about as frequent as the others: whatever it says, about a third of it is right.")

# %% [markdown]
# Now the training. The curve is the loss of `train_tagger`; below it the same four sequences.
#
# **Guess first:** a tagger that knows nothing gives each of the C = 3 tags a third. What is its
# loss before any training: 0.33, 1.1 or 3?

# %% active="ipynb" guess="first-loss"
# tokens, lengths, tags = new_batch
# with torch.no_grad():
#     before = tagging_loss(model(tokens, lengths), tags).item()
# losses = train_tagger(model, batches, epochs=12, lr=0.01)
# fig, ax = plt.subplots()
# ax.semilogy(range(1, 13), losses, marker="o", label="mean loss over real tokens")
# ax.axhline(math.log(3), color="black", ls=":", label=f"knows nothing: ln 3 = {math.log(3):.2f}")
# ax.set(xlabel="epoch", ylabel="loss", title="'pair', trained on 512 sequences")
# ax.legend()
# plt.show()
# share = draw_tagging(model, new_batch, "Trained")
# reveal("first-loss", before, choices=(0.33, 1.1, 3), because="-ln(1/3) = ln 3 = "
#        f"{math.log(3):.2f}. After {len(losses)} epochs the loss is {losses[-1]:.4f}, and "
#        f"{share:.0%} of the tags of new sequences are right.")

# %% [markdown]
# A first loss far from ln C, with fresh weights, says that something is wrong before any training:
# a sum in place of a mean, padding in the denominator, weights that start too large. A softmax too
# many does not show here; it begins at ln C too.

# %% [markdown]
# ### Look: who needs a recurrent network?
#
# Three taggers on each of the three rules:
#
# - **majority** always says the most frequent tag
# - **look-up** is an embedding and a linear layer: one token at a time, no memory
# - **recurrent** is your `Tagger`
#
# The claim was that `element % 3` is a task for a recurrent network. The picture has nine
# accuracies, on new data; it takes about ten seconds.
#
# **Guess first:** on which rule is the look-up as good as the recurrent network? (element, pair,
# running or none)

# %% active="ipynb" guess="look-up"
# class LookUp(nn.Module):
#     def __init__(self):
#         super().__init__()
#         self.embedding = nn.Embedding(10, 16)
#         self.fc = nn.Linear(16, 3)
#
#     def forward(self, tokens, lengths=None):
#         return self.fc(self.embedding(tokens))
#
#
# def accuracy_on(model, batch):
#     tokens, lengths, tags = batch
#     with torch.no_grad():
#         return token_accuracy(model(tokens, lengths), tags)
#
#
# kinds = ("element", "pair", "running")
# found = {"majority": [], "look-up": [], "recurrent": []}
# tables = {}
# for kind in kinds:
#     generator = torch.Generator().manual_seed(11)
#     batches = make_batches(kind, 512, 32, generator)
#     (new,) = make_batches(kind, 400, 400, generator)
#     frequent = torch.cat([tags[tags >= 0] for _, _, tags in batches]).mode().values
#     found["majority"].append((new[2][new[2] >= 0] == frequent).float().mean().item())
#     torch.manual_seed(11)
#     for name, model in [("look-up", LookUp()), ("recurrent", Tagger(10, 3, 16, 32))]:
#         train_tagger(model, batches, epochs=30, lr=0.01)
#         found[name].append(accuracy_on(model, new))
#         with torch.no_grad():
#             guesses = model(new[0], new[1]).argmax(dim=-1)
#         tables[kind, name] = confusion_matrix(guesses, new[2], 3)
# matrices = tables
#
# fig, ax = plt.subplots()
# styles = [("0.75", ""), ("#fdae6b", "//"), ("#9ecae1", "..")]
# for shift, (name, values), (colour, hatch) in zip((-0.27, 0, 0.27), found.items(), styles):
#     bars = ax.bar(np.arange(3) + shift, values, 0.25, color=colour, hatch=hatch, ec="black",
#                   label=name)
#     ax.bar_label(bars, fmt="%.2f", fontsize=8, padding=3)
# ax.axhline(1 / 3, color="black", ls=":", lw=1)
# ax.set(xticks=range(3), xticklabels=[f"'{kind}'" for kind in kinds],
#        yticks=[0, 0.25, 0.5, 0.75, 1], ylabel="accuracy on new data", ylim=(0, 1.35),
#        title="'element' needs no memory; 'pair' and 'running' do")
# ax.legend(ncols=3, loc="upper left")
# plt.show()
# equal = [kind for kind, one, other in zip(kinds, found["look-up"], found["recurrent"])
#          if one > other - 0.02]
# reveal("look-up", " and ".join(equal) or "none", because="a tag of 'element' needs its own "
#        f"token only. On 'pair' and 'running' the look-up gets {found['look-up'][1]:.2f} and "
#        f"{found['look-up'][2]:.2f}; what is above a third comes from the first steps.")

# %% [markdown]
# A task that the look-up solves cannot show that a recurrent network works.
#
# **Always measure a baseline that cannot do what your model is for.**
#
# Now the tables of the look-up and of your tagger on 'pair'.
#
# **Guess first:** does the look-up confuse some pairs of tags much more than others? (yes or no)

# %% active="ipynb" guess="confused"
# fig, axes = plt.subplots(1, 2, sharey=True, figsize=(6, 2.8))
# for ax, name in zip(axes, ("look-up", "recurrent")):
#     table(ax, matrices["pair", name], f"'pair', {name}", vmax=1000)
# axes[0].set(ylabel="true tag")
# plt.show()
# errors = matrices["pair", "look-up"][~torch.eye(3, dtype=torch.bool)]
# reveal("confused", bool(errors.max() > 2 * errors.min()), because="each of its wrong fields has "
#        f"between {errors.min()} and {errors.max()} tokens. It does not mix up two tags: it "
#        "knows next to nothing.")

# %% [markdown]
# ### Look: a number is not a token
#
# In the same exercise the network is often fed the raw number, one float per step, in place of an
# embedding.
#
# **Guess first:** 'element' needs no memory, and the LSTM has 32 units. In as many steps as the
# look-up had, does it get (nearly) every `element % 3` right from the number itself? (yes or no)

# %% active="ipynb" guess="raw"
# class RawNumber(nn.Module):
#     def __init__(self):
#         super().__init__()
#         self.rnn = nn.LSTM(1, 32, batch_first=True)
#         self.fc = nn.Linear(32, 3)
#
#     def forward(self, tokens, lengths=None):
#         return self.fc(self.rnn(tokens[..., None].float())[0])
#
#
# generator = torch.Generator().manual_seed(12)
# batches = make_batches("element", 512, 32, generator)
# (new,) = make_batches("element", 400, 400, generator)
# share = {}
# fig, ax = plt.subplots()
# for name, build, marker in [("LSTM on the raw number", RawNumber, "s"),
#                             ("embedding and linear layer", LookUp, "o")]:
#     torch.manual_seed(12)
#     model = build()
#     losses = train_tagger(model, batches, epochs=30, lr=0.01)
#     share[build] = accuracy_on(model, new)
#     ax.plot(range(1, 31), losses, marker=marker, markevery=3,
#             label=f"{name}: accuracy {share[build]:.2f}")
# ax.axhline(math.log(3), color="black", ls=":", lw=1)
# ax.set(xlabel="epoch", ylabel="loss", ylim=(-0.05, 1.3),
#        title="'element': the remainder jumps up and down as the number grows")
# ax.legend(loc="center", bbox_to_anchor=(0.6, 0.3))
# plt.show()
# reveal("raw", share[RawNumber] > 0.95, because=f"it gets {share[RawNumber]:.2f}, and the "
#        f"look-up {share[LookUp]:.2f}. From one number to the next the tag changes each time, "
#        "and smooth functions are slow to learn that.")

# %% [markdown]
# Tokens are names, not amounts: 4 and 7 have the same remainder, 4 and 5 do not. An embedding lets
# every token be what it needs to be.

# %% [markdown]
# ### Look: when the answer comes later
#
# Turn the 'pair' data round in time. Now each tag depends on its token and on the one **after**
# it.
#
# **Guess first:** what share of the tags does a network get right that reads from left to right
# only: 0.35, 0.65 or 0.95?

# %% active="ipynb" guess="later"
# def turned(batches):
#     """The same batches with tokens and tags in reverse, without padding."""
#     return [(tokens.flip(1), torch.full_like(lengths, 12), tags.flip(1))
#             for tokens, lengths, tags in batches]
#
#
# generator = torch.Generator().manual_seed(13)
# tokens, tags = make_tagging_data("pair", 912, 12, 3, generator)
# whole = list(zip(tokens.split(32), torch.full((912,), 12).split(32), tags.split(32)))
# both_ways = turned(whole)
# rates = []
# fig, axes = plt.subplots(1, 2, sharey=True)
# for ax, bidirectional, name in zip(axes, (False, True), ("one direction", "two directions")):
#     torch.manual_seed(13)
#     model = Tagger(10, 3, 16, 24, bidirectional=bidirectional)
#     train_tagger(model, both_ways[:16], epochs=12, lr=0.01)
#     x, lengths, y = (torch.cat(parts) for parts in zip(*both_ways[16:]))
#     with torch.no_grad():
#         right = (model(x, lengths).argmax(dim=-1) == y).float().mean(dim=0)
#     ax.plot(right, marker="o")
#     ax.axhline(1 / 3, color="black", ls=":", lw=1)
#     ax.set(xlabel="time step t", ylim=(0, 1.05), title=f"{name}: {right.mean():.0%} right")
#     rates.append(right)
# axes[0].set(ylabel="accuracy on new data")
# plt.show()
# reveal("later", float(rates[0].mean()), choices=(0.35, 0.65, 0.95), because="it would need the "
#        "token that comes next. Only the last step, where nothing comes next, can be learnt: it "
#        f"has {rates[0][-1]:.2f}, the others {rates[0][:-1].mean():.2f}.")

# %% [markdown]
# No amount of training helps the other steps: the information has not arrived yet.

# %% [markdown]
# ## What you know now
#
# - A tagger is an embedding, a recurrent network and one linear layer that reads every state.
# - Loss and measures run over real tokens. Padding that counts spoils both.
# - A bidirectional network must know the lengths; a causal one may tag without them.
# - The best tag of each step does not make the best path. Viterbi finds that without trying all.
# - Token accuracy, sequence accuracy and span F1 answer different questions: say which one you
#   give.
#
# **Pitfalls worth remembering**
#
# - `cross_entropy` wants the classes on axis 1, and it wants logits. With T equal to C, the wrong
#   axis raises nothing.
# - `pad_packed_sequence` cuts T down to the longest sequence unless told `total_length`.
# - A batch that is all padding has a loss of 0/0.
# - The mean of the batches' means is not the mean over tokens.
# - A task that a look-up table solves proves nothing about memory.
