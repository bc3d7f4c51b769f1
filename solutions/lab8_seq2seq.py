# %% [markdown]
# # Lab 8: Sequences from sequences
#
# So far an output stood beside each input, or there was one for all of them. Here the output is a
# sequence with a **length of its own**: a caption for a picture, a translation, an answer. You
# build a network that unrolls one vector into many steps, then an encoder and a decoder, and you
# train the two together on a task that you can check by eye: to say a word backwards.
#
# **How to work**
#
# - Write a function, run its cell, then run the check cell below it.
# - Stuck? Call `hint(shift_right)` in a cell of its own (with the name of your function). The
#   first hint says where to look; ask again and it says what is wrong.
# - The pictures are for you, not for marks. Each one needs the functions above it. Write what you
#   expect between the dots of `guess("…")`, then run the folded cell below: a wrong guess teaches
#   more. Guesses are neither stored nor marked.
#
# **What is allowed:** all of PyTorch, NumPy and plain Python. In what you hand in,
# leave out `subprocess`, a `DataLoader` with `num_workers` above 0, and `torch.compile`.

# %% [markdown]
# ## Conventions
#
# | letter | meaning |
# |---|---|
# | B | batch: how many sequences at once |
# | S, T | steps of the source, of the target |
# | V | vocabulary: how many tokens there are |
# | E, H | numbers per token, hidden units |
# | I, O | input and output features |
#
# | tensor | shape |
# |---|---|
# | `src`, `tokens` | (B, S) or (B, T), int64 |
# | `lengths` | (B,), int64, each at least 1 |
# | `targets` | (B, T), int64 |
# | `logits` | (B, T, V) |
# | `state` of a GRU | (1, B, H) |
#
# - **Two tokens are special.** `start_id` is what a decoder is fed before it has said anything.
#   `end_id` is what it says when it has finished.
# - **Padding** fills what a short row leaves over. Sources come with their lengths, and anything
#   may stand in their padding. Targets end with their first `end_id`, and more of it fills the
#   rest.
# - **New tensors follow their inputs:** same device, same float dtype. "float" means a Python
#   float, and "int" a Python int.
# - **No function changes its arguments**, except that training changes the model.
# - A **logit** is a score before the softmax. Models return logits here, never probabilities.

# %%
from collections.abc import Callable, Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

State = Tensor | tuple[Tensor, ...]
Step = Callable[[Tensor, State], tuple[Tensor, State]]

# %% active="ipynb"
# # For the pictures only. Coloured cells carry their tokens: the colour alone never decides.
# import math
#
# import matplotlib.pyplot as plt
# import numpy as np
# from cycler import cycler
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
#
#
# def minimise(module, loss_of, updates, rate=0.01):
#     """Train a module on losses that are drawn anew each time; the curve."""
#     adam, curve = torch.optim.Adam(module.parameters(), lr=rate), []
#     for _ in range(updates):
#         adam.zero_grad()
#         value = loss_of()
#         value.backward()
#         adam.step()
#         curve.append(value.item())
#     return curve
#
#
# START, END, LETTERS = 0, 1, "abcdefghij"
# SIGNS = ["START", "END", *LETTERS]
#
#
# def as_tokens(word):
#     """The ids of a word's letters, without START and END."""
#     return [SIGNS.index(letter) for letter in word]
#
#
# def strips(ax, rows, names, boxes=()):
#     """Rows of tokens as cells; START is grey, END is hatched; cells in `boxes` get a frame."""
#     for y, row in enumerate(rows):
#         for x, token in enumerate(row):
#             token, corner = int(token), (x - 0.48, y - 0.42)
#             look = {START: {"fc": "0.8"}, END: {"fc": "white", "hatch": "////"}}
#             ax.add_patch(Rectangle(corner, 0.96, 0.84, ec="0.7", lw=0.5,
#                                    **look.get(token, {"fc": "#cfe8f7"})))
#             if (y, x) in boxes:
#                 ax.add_patch(Rectangle(corner, 0.96, 0.84, fc="none", ec="black", lw=2.5))
#             ax.text(x, y, SIGNS[token], ha="center", va="center",
#                     fontsize=8 if token < 2 else 10,
#                     bbox={"fc": "white", "ec": "none", "pad": 1} if token == END else None)
#     ax.set(xlim=(-0.6, max(map(len, rows)) - 0.4), ylim=(len(rows) - 0.5, -0.5),
#            xticks=range(max(map(len, rows))), yticks=range(len(rows)), yticklabels=names)
#     ax.grid(False)
#     ax.tick_params(length=0)
#     ax.spines[:].set_visible(False)

# %% [markdown]
# ## 1. One vector, many steps
#
# A picture has been turned into one vector, and a sentence is to come out. There is nothing to
# read at step 1, step 2, step 3: the vector is all there is. Two things turn it into a sequence.
#
# - It becomes the **first state**: h = tanh(encoder(x)), and c = 0.
# - **Each output is fed back** as the next input. The first step has no output before it, and is
#   fed zeros.
#
# So the network has a loop outside of the recurrent layer, and the loop is yours to write:
# `nn.LSTM` wants all inputs at once, and here the next one does not exist yet. `nn.LSTMCell`
# takes one step.


# %% exercise="OneToMany"
class OneToMany(nn.Module):
    """A recurrent network that makes a whole sequence out of one vector.

    The parts, under these names and with nothing beside them:

    - `encoder`: nn.Linear from I to H numbers
    - `cell`: nn.LSTMCell from O to H numbers
    - `fc`: nn.Linear from H to O numbers
    """

    def __init__(self, input_size: int, hidden_size: int, output_size: int) -> None:
        """Make the layers.

        Args:
            input_size: I, numbers in the vector that the sequence is made from.
            hidden_size: H, hidden units.
            output_size: O, numbers in each output.
        """
        ### BEGIN SOLUTION
        super().__init__()
        self.encoder = nn.Linear(input_size, hidden_size)
        self.cell = nn.LSTMCell(output_size, hidden_size)
        self.fc = nn.Linear(hidden_size, output_size)
        ### END SOLUTION

    def forward(self, x: Tensor, steps: int) -> Tensor:
        """Return the outputs of some steps.

        The state before the first step is h = tanh(encoder(x)) and c = 0. Each step feeds the cell
        with the output of the step before, the first one with zeros, and its own output is fc of
        the new h. Gradients flow back through all of it, the outputs that were fed included.

        Args:
            x: (B, I).
            steps: how many steps to take, at least 1.

        Returns:
            (B, steps, O), with the dtype and the device of x.
        """
        ### BEGIN SOLUTION
        h = torch.tanh(self.encoder(x))
        c = torch.zeros_like(h)
        output = h.new_zeros(len(x), self.fc.out_features)
        outputs = []
        for _ in range(steps):
            h, c = self.cell(output, (h, c))
            output = self.fc(h)
            outputs.append(output)
        return torch.stack(outputs, dim=1)
        ### END SOLUTION


# %% [markdown]
# ### Look: one number, a whole wave
#
# The vector has one entry, the speed of a wave. The network is trained to draw the first 20 steps
# of sin(speed · t). Speeds between the training examples are asked for at the end.
#
# The cell trains for a few seconds.
#
# **Guess first:** nobody ever showed it more than 20 steps. At step 50, is it still within 0.2 of
# the wave for all three speeds? (yes or no)

# %% active="ipynb" guess="waves"
# def waves(speed, steps):
#     """What is handed over, about −1 to 1, and the wave (B, steps, 1)."""
#     return (speed - 0.5) * 4, torch.sin(speed * torch.arange(1, steps + 1))[..., None]
#
#
# torch.manual_seed(1)
# painter = OneToMany(1, 24, 1)
#
#
# def painting_loss():
#     x, wave = waves(0.25 + 0.5 * torch.rand(24, 1), 20)
#     return F.mse_loss(painter(x, 20), wave)
#
#
# minimise(painter, painting_loss, updates=250)
#
# early, last = [], []
# fig, axes = plt.subplots(1, 3, sharey=True)
# for ax, speed in zip(axes, (0.3, 0.45, 0.7)):
#     x, wave = waves(torch.tensor([[speed]]), 50)
#     with torch.no_grad():
#         drawn = painter(x, 50)
#     off = (drawn - wave).abs()[0, :, 0]
#     early.append(off[:20].max().item())
#     last.append(off[-1].item())
#     ax.plot(range(1, 51), wave[0, :, 0], label="sin(speed · t)")
#     ax.plot(range(1, 51), drawn[0, :, 0], marker=".", label="network")
#     ax.axvline(20, color="0.5", ls="-", lw=1)
#     ax.set(xlabel="step t", ylim=(-1.75, 1.1), yticks=[-1, 0, 1], title=f"speed {speed}")
# axes[0].legend(loc="lower left", fontsize=8)
# fig.suptitle("Trained on the steps to the left of the grey line", fontsize=10)
# plt.show()
# reveal("waves", all(off < 0.2 for off in last), because="nothing was asked of the steps after "
#        f"20. Up to there it is off by {max(early):.2f} at most; at step 50 by "
#        f"{', '.join(f'{off:.2f}' for off in last)} for the three speeds.")

# %% [markdown]
# One number is enough for a whole wave: the state goes on turning by itself, and the vector is
# never shown again.

# %% [markdown]
# ### Look: does it matter what is fed?
#
# A wave can be drawn without feeding anything back, for the state knows what comes next. So
# change **what was said**: from outside, add 0.5 to the output of step 8 before it is fed. One
# painter is fed its outputs, the other one is the same network fed with zeros at every step.
#
# **Guess first:** the painter that is fed its outputs: by how much does an output change at most:
# 0.5, 0.1 or 0.02?

# %% active="ipynb" guess="nudge"
# def nudged(model, x, steps, fed_back, nudge):
#     """The outputs where `nudge` is added to what is fed after step 8."""
#     calls = []
#
#     def change(cell, given):
#         calls.append(cell)
#         return (given[0] + nudge * (len(calls) == 9)) * fed_back, *given[1:]
#
#     handle = model.cell.register_forward_pre_hook(change)
#     drawn = model(x, steps)[0, :, 0]
#     handle.remove()
#     return drawn
#
#
# x, _ = waves(torch.tensor([[0.45]]), 1)
# most = []
# fig, ax = plt.subplots()
# with torch.no_grad():
#     for label, fed_back, marker in (("fed its outputs", 1, "o"), ("fed zeros", 0, "s")):
#         change = nudged(painter, x, 24, fed_back, 0.5) - nudged(painter, x, 24, fed_back, 0.0)
#         most.append(change.abs().max().item())
#         ax.plot(range(1, 25), change, marker=marker, ms=9 - 5 * (marker == "s"),
#                 mfc="none" if marker == "o" else None, label=label)
# ax.axvline(8, color="0.5", ls="-", lw=1)
# ax.set(xlabel="step t", ylabel="change of the output",
#        title="Something else was fed after step 8 than the network said")
# ax.legend()
# plt.show()
# reveal("nudge", most[0], choices=(0.5, 0.1, 0.02), because="in training its own outputs never "
#        "told it anything that its state did not know, so it leans on the state. Fed zeros, the "
#        f"largest change is {most[1]:g}: it cannot know what was said.")

# %% [markdown]
# Leaning on the state is harmless as long as the output follows from the state. As soon as
# somebody **chooses** (the most likely word, a word drawn at random, the right word out of a book)
# the choice is news to the network, and has to be fed.

# %% [markdown]
# ## 2. Teacher forcing
#
# A decoder that writes `d e c a` is fed what it has written so far. While it learns that would go
# badly: an untrained decoder writes nonsense, and would learn to go on from nonsense. So in
# training it is fed **the right tokens**, whatever it would have said itself. That is called
# teacher forcing.
#
# At each step the decoder knows the tokens *before* that step, and is to say the token *of* that
# step. So the targets reach it one step late, with START in front.


# %% exercise="shift_right"
def shift_right(targets: Tensor, start_id: int) -> Tensor:
    """Return what a decoder is fed while it learns to say the targets.

    At step 0 that is start_id; at every later step it is the target of the step before. So the
    last target is never fed.

    Args:
        targets: (B, T), int64.
        start_id: the token that stands for "begin". It may stand among the targets too.

    Returns:
        (B, T), int64.
    """
    ### BEGIN SOLUTION
    return F.pad(targets, (1, 0), value=start_id)[:, :-1]
    ### END SOLUTION


# %% [markdown]
# ### Look: fed and due
#
# The target is `deca`, then END, and END once more as padding.
#
# **Guess first:** write both rows down. Is END ever fed? (yes or no)

# %% active="ipynb" guess="shift"
# targets = torch.tensor([as_tokens("deca") + [END, END]])
# fig, ax = plt.subplots(figsize=(6, 1.5))
# fed = shift_right(targets, START)
# strips(ax, [fed[0], targets[0]], ["fed", "due"])
# ax.set(xlabel="time step t", title="Each column is one step of the decoder")
# plt.show()
# reveal("shift", bool((fed == END).any()), because="the first END is fed one step after it was "
#        "due, and that column is padding. The very last target is never fed.")

# %% [markdown]
# In the column where the first END is due the decoder is fed the last letter. What is fed in
# columns of padding does not matter, because they will not count in the loss.

# %% [markdown]
# ## 3. The encoder
#
# The encoder reads the source and hands over **one state**: what the GRU remembers after the last
# real token. All that the decoder will ever know about the source has to fit in these H numbers.
#
# Sources of a batch have different lengths, and the padding must not be read.
# `pack_padded_sequence` takes care of that, as in lab 7: it wants the lengths on the CPU, and
# wants to be told if they are not sorted. Unpacking cuts T down to the longest sequence unless
# told otherwise.


# %% exercise="Encoder"
class Encoder(nn.Module):
    """Reads a batch of sequences, and keeps a state of each.

    The parts, under these names and with nothing beside them:

    - `embedding`: nn.Embedding from V tokens to E numbers. No token is a padding token
    - `rnn`: one layer of nn.GRU from E to H numbers, in one direction, started from zeros
    """

    def __init__(self, vocab_size: int, embedding_dim: int, hidden_size: int) -> None:
        """Make the layers.

        Args:
            vocab_size: V, how many tokens there are.
            embedding_dim: E, numbers per token.
            hidden_size: H, hidden units.
        """
        ### BEGIN SOLUTION
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embedding_dim)
        self.rnn = nn.GRU(embedding_dim, hidden_size, batch_first=True)
        ### END SOLUTION

    def forward(self, tokens: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return the output of every step, and the state after each sequence's own last token.

        Args:
            tokens: (B, T), int64. Any token may stand in the padding.
            lengths: (B,), int64, in any order, on the device of the tokens. The longest sequence
                may be shorter than T.

        Returns:
            (outputs (B, T, H), state (1, B, H)), in the order of the batch and with the T of
            `tokens`. Neither the state nor the outputs of real steps depend on the padding. The
            outputs on padding may be anything.
        """
        ### BEGIN SOLUTION
        packed = pack_padded_sequence(
            self.embedding(tokens), lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        packed_outputs, state = self.rnn(packed)
        outputs, _ = pad_packed_sequence(
            packed_outputs, batch_first=True, total_length=tokens.shape[1]
        )
        return outputs, state
        ### END SOLUTION


# %% [markdown]
# ### Look: a memory that goes on reading
#
# A source of 5 tokens is followed by more and more padding. How far is the encoder's state from
# the one without padding, if the lengths are used, and if the GRU simply reads all there is?
#
# **Guess first:** the GRU reads one column of padding. How far does that move its state, as a part
# of the state's own size: 0.01, 0.1 or 1?

# %% active="ipynb" guess="padding"
# torch.manual_seed(2)
# reader = Encoder(12, 16, 32)
# word = torch.tensor([as_tokens("decaf")])
# told, untold = [], []
# with torch.no_grad():
#     _, alone = reader(word, torch.tensor([5]))
#     for padding in range(9):
#         tokens = F.pad(word, (0, padding), value=END)
#         _, state = reader(tokens, torch.tensor([5]))
#         told.append((state - alone).norm().item())
#         _, state = reader.rnn(reader.embedding(tokens))
#         untold.append((state - alone).norm().item())
# fig, ax = plt.subplots()
# ax.plot(untold, marker="s", label="reads all columns")
# ax.plot(told, marker="o", label="knows the lengths")
# ax.axhline(alone.norm(), color="black", ls=":", lw=1, label="size of the state itself")
# ax.set(xlabel="columns of padding", ylabel="distance",
#        title="Distance of the state from that of the source alone")
# ax.legend(loc="center right", bbox_to_anchor=(1, 0.25))
# plt.show()
# size = alone.norm().item()
# reveal("padding", untold[1] / size, choices=(0.01, 0.1, 1),
#        because="a GRU takes padding for news like any other: one column moves a state of size "
#        f"{size:.2f} by {untold[1]:.2f}, eight move it by {untold[-1]:.2f}. Where the lengths "
#        f"are known it moves by {max(told):g}.")

# %% [markdown]
# In a batch the longest row decides how much padding the others get, so without lengths a row's
# answer would depend on its neighbours.

# %% [markdown]
# ## 4. The decoder
#
# The decoder starts from a state, is fed tokens, and gives V logits after each. It does not know
# where its tokens come from. In training all of them are there at once, shifted by the caller;
# when it speaks by itself it is fed one token per call, and the state that comes back goes into
# the next call. The same module does both.


# %% exercise="Decoder"
class Decoder(nn.Module):
    """Says what token comes next, after each token that it is fed.

    The parts, under these names and with nothing beside them:

    - `embedding`: nn.Embedding from V tokens to E numbers. No token is a padding token
    - `rnn`: one layer of nn.GRU from E to H numbers
    - `fc`: nn.Linear from the H numbers of each step to V logits
    """

    def __init__(self, vocab_size: int, embedding_dim: int, hidden_size: int) -> None:
        """Make the layers.

        Args:
            vocab_size: V, how many tokens there are.
            embedding_dim: E, numbers per token.
            hidden_size: H, hidden units.
        """
        ### BEGIN SOLUTION
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embedding_dim)
        self.rnn = nn.GRU(embedding_dim, hidden_size, batch_first=True)
        self.fc = nn.Linear(hidden_size, vocab_size)
        ### END SOLUTION

    def forward(self, tokens: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Feed the tokens one after the other, and return the logits of every step.

        The first step starts from `state`. The tokens are fed as they are, so T = 1 takes one
        step, and T calls with one token each give what one call with T tokens gives.

        Args:
            tokens: (B, T), int64: what is fed. `shift_right` is the caller's business.
            state: (1, B, H): from an encoder, or from the call before. Gradients flow back to it.

        Returns:
            (logits (B, T, V), state (1, B, H)): the state is the one after the last token.
        """
        ### BEGIN SOLUTION
        output, state = self.rnn(self.embedding(tokens), state)
        return self.fc(output), state
        ### END SOLUTION


# %% [markdown]
# ### Look: foretelling dice
#
# The targets here are drawn at random, anew for every batch: ten letters, all equally likely.
# Nobody can do better than a loss of ln 10. Two decoders are trained on that. One is fed
# `shift_right(targets, START)`, the other one is fed `targets`.
#
# **Guess first:** will one of the two get far below ln 10? (yes or no)

# %% active="ipynb" guess="dice"
# ends = []
# fig, ax = plt.subplots()
# for label, late, marker in (("fed shift_right(targets, START)", True, "o"),
#                             ("fed targets", False, "s")):
#     torch.manual_seed(3)
#     decoder = Decoder(12, 16, 32)
#
#     def dice_loss():
#         dice = torch.randint(2, 12, (32, 8))
#         fed = shift_right(dice, START) if late else dice
#         scores, _ = decoder(fed, torch.zeros(1, 32, 32))
#         return F.cross_entropy(scores.flatten(0, 1), dice.flatten())
#
#     curve = minimise(decoder, dice_loss, updates=150)
#     ends.append(curve[-1])
#     ax.plot(curve, marker=marker, markevery=15, label=f"{label}: {curve[-1]:.3f} in the end")
# ax.axhline(math.log(10), color="black", ls=":", lw=1, label=f"ln 10 = {math.log(10):.3f}")
# ax.set(xlabel="batch", ylabel="loss", title="Random targets, new ones in each batch")
# ax.legend()
# plt.show()
# reveal("dice", min(ends) < 0.5 * math.log(10), because="a decoder that is fed the answer learns "
#        f"to repeat it. Fed one step late it ends at {ends[0]:.2f}, where it belongs; fed the "
#        f"targets themselves at {ends[1]:.2f}.")

# %% [markdown]
# The second decoder foretells dice, and that is a **leak**. It has learnt to repeat and nothing
# else, so by itself it can say nothing. A loss that is too good to be true deserves this test:
# draw the targets at random from n tokens, and see whether the loss stays at ln n.


# %% [markdown]
# ## 5. One token after another
#
# A decoder gives a score to each token that could come next. To get a text out of it, somebody has
# to choose one, feed it back, and know when to stop. **Greedy** decoding takes the best token at
# each step.
#
# The function that you write knows nothing of models. It is handed one wrapped up as `step`:
# tokens and a state in, logits and a state out. What is inside (a GRU, an LSTM with its two
# states, attention) is the business of whoever made the `step`.
#
# Two things need thought:
#
# - **Rows end at different steps.** The others have to go on, and a row that has ended must not
#   say any more.
# - **The batch is the last axis but one of the state**, whatever stands before it.


# %% exercise="greedy_decode"
def greedy_decode(step: Step, state: State, start_id: int, end_id: int, max_len: int) -> Tensor:
    """Generate tokens one by one: at each step, in each row, the one with the largest logit.

    The first step is fed start_id in every row and the state that was handed in. Each later step
    is fed the tokens that were chosen last and the state that the step before gave back. A row
    ends with the first end_id that it *generates*: start_id may be an id that is generated too,
    and may even be end_id.

    Args:
        step: a function, step(tokens (B,), state) → (logits (B, V), state). It takes the tokens as
            int64, on the device of the state, and always all B rows, for it may hold things of B
            rows of its own. What is fed to a row that has ended is free.
        state: a tensor (…, B, H), or a tuple of such tensors: the batch is the last axis but one.
        start_id: the token that is fed at first.
        end_id: the token that ends a row.
        max_len: the largest number of steps, at least 1.

    Returns:
        (B, n), int64, with n ≤ max_len: the tokens that were generated, the start not among them.
        end_id belongs to the result and fills a row after its end. No step is taken once all rows
        have ended; columns after that one hold end_id only, and may be left out.
    """
    ### BEGIN SOLUTION
    first = state if isinstance(state, Tensor) else state[0]
    tokens = torch.full((first.shape[-2],), start_id, dtype=torch.int64, device=first.device)
    ended = torch.zeros_like(tokens, dtype=torch.bool)
    columns: list[Tensor] = []
    while len(columns) < max_len and not ended.all():
        logits, state = step(tokens, state)
        tokens = logits.argmax(dim=-1).masked_fill(ended, end_id)
        ended = ended | (tokens == end_id)
        columns.append(tokens)
    return torch.stack(columns, dim=1)
    ### END SOLUTION


# %% [markdown]
# ### Look: three rows, three lengths
#
# This `step` is no network. It holds three words and spells them; its state counts letters. And it
# is talkative: asked to go on after END, it says j.
#
# **Guess first:** the words have 3, 1 and 6 letters, and `max_len` is 20. How often will `step` be
# called? (a number)

# %% active="ipynb" guess="calls"
# WORDS, favourites = ["bad", "a", "facade"], []
#
#
# def spelling(tokens, said):
#     """Logits for the next letter of each word; said: (3, 1), how many letters it has said."""
#     texts = [[*as_tokens(word), END, *as_tokens("j" * 20)] for word in WORDS]
#     best = [text[int(n)] for text, n in zip(texts, said[:, 0])]
#     favourites.append(best)
#     return 5.0 * F.one_hot(torch.tensor(best), len(SIGNS)), said + 1
#
#
# result = greedy_decode(spelling, torch.zeros(3, 1), START, END, 20)
# liked = torch.tensor(favourites).T
# overruled = [(int(b), int(t)) for b, t in torch.nonzero(liked != result[:, :len(favourites)])]
# fig, axes = plt.subplots(1, 2, figsize=(8, 2.2), sharey=True)
# strips(axes[0], liked, WORDS, overruled)
# strips(axes[1], result, WORDS)
# axes[0].set(xlabel="call of step", title="What step liked best (frames: overruled)")
# axes[1].set(xlabel="column", title="What you return")
# plt.show()
# reveal("calls", len(favourites), because="the longest word decides: each of its letters takes a "
#        "call, and so does its END. After that all rows have ended.")

# %% [markdown]
# A row that has ended takes part in the remaining calls, since the batch is one tensor, but nobody
# listens to it.

# %% [markdown]
# ## 6. Encoder and decoder together
#
# The encoder's state is the decoder's first state; that is the whole connection. The pair is used
# in two ways.
#
# - `forward` **teaches**: all targets are known, the decoder is fed them one step late, and one
#   call gives all logits.
# - `generate` **speaks**: nothing is known but the source, and each token that comes out is fed
#   back.
#
# Here as elsewhere, `model.eval()` and `model.train()` are the caller's business.


# %% exercise="Seq2Seq"
class Seq2Seq(nn.Module):
    """An encoder and a decoder, put together.

    It keeps what it is given, under the names `encoder`, `decoder`, `start_id` and `end_id`, and
    it has no parameters beside those of the two modules.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module, start_id: int, end_id: int) -> None:
        """Keep the parts.

        Args:
            encoder: `encoder(tokens, lengths)` gives `(outputs, state)`, as `Encoder` does.
            decoder: `decoder(tokens, state)` gives `(logits, state)`, as `Decoder` does. The state
                goes from one to the other as it is: a tensor (…, B, H), or a tuple of them.
            start_id: the token that the decoder is fed first.
            end_id: the token that ends a sequence.
        """
        ### BEGIN SOLUTION
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.start_id = start_id
        self.end_id = end_id
        ### END SOLUTION

    def forward(self, src: Tensor, lengths: Tensor, targets: Tensor) -> Tensor:
        """Return the logits for each target, with teacher forcing.

        The decoder starts from the encoder's state and is fed the targets one step late: the
        logits at step t know the targets before t, and no other.

        Args:
            src: (B, S), int64.
            lengths: (B,), int64, of the rows of src.
            targets: (B, T), int64. T and S are independent.

        Returns:
            (B, T, V).
        """
        ### BEGIN SOLUTION
        _, state = self.encoder(src, lengths)
        logits: Tensor = self.decoder(shift_right(targets, self.start_id), state)[0]
        return logits
        ### END SOLUTION

    def generate(self, src: Tensor, lengths: Tensor, max_len: int) -> Tensor:
        """Return what the decoder says by itself, its best token at each step.

        The decoder starts from the encoder's state and from start_id, which is no part of the
        result, and is then fed its own tokens.

        Args:
            src: (B, S), int64.
            lengths: (B,), int64, of the rows of src.
            max_len: the largest number of tokens in a row, at least 1.

        Returns:
            (B, n), int64, with n ≤ max_len. A row's end_id belongs to the result and fills the row
            after it. Columns in which every row has ended before may be left out. No gradient is
            needed. The call leaves all as it was: the mode of the model (train or eval), and
            whether gradients are on.
        """
        ### BEGIN SOLUTION

        def step(tokens: Tensor, state: State) -> tuple[Tensor, State]:
            logits, state = self.decoder(tokens[:, None], state)
            return logits[:, -1], state

        with torch.no_grad():
            _, state = self.encoder(src, lengths)
            return greedy_decode(step, state, self.start_id, self.end_id, max_len)
        ### END SOLUTION


# %% [markdown]
# ### Look: before it has learnt anything
#
# Four words go through an untrained pair.
#
# **Guess first:** do all four words get the same answer? (yes or no)

# %% active="ipynb" guess="untrained"
# torch.manual_seed(4)
# model = Seq2Seq(Encoder(12, 16, 64), Decoder(12, 16, 64), START, END)
# words = ["decaf", "bad", "headache", "a"]
# rows = [as_tokens(word) for word in words]
# src = nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True)
# said = model.generate(src, torch.tensor([len(row) for row in rows]), 8)
# fig, axes = plt.subplots(4, 1, figsize=(6, 4.2), sharex=True)
# for ax, row, tokens in zip(axes, rows, said):
#     strips(ax, [row, tokens], ["source", "said"])
#     ax.set(xlim=(-0.6, 7.6))
# axes[0].set_title("Untrained, at most 8 tokens")
# plt.show()
# answers = len({tuple(row.tolist()) for row in said})
# stopped = int((said == END).any(dim=1).sum())
# reveal("untrained", answers == 1, because="random weights too make another state of another "
#        f"word. There are {answers} answers to {len(words)} words, and {stopped} of the rows "
#        "come to an END by chance.")

# %% [markdown]
# ## 7. Training
#
# The task is to say a word **backwards**. It is easy to check, and it is hard for a recurrent
# network: the letter that was read first is needed last.
#
# The loss is the cross-entropy of the logits against the targets, not shifted: `forward` has done
# that. It runs over the **real** tokens. The first END is one of them: without it a model would
# never learn to stop. The END tokens behind it are padding; if they counted, saying END after END
# would earn a large part of the loss.
#
# For each batch: logits, loss, gradients, clipping to `max_norm`, a step of the optimizer. Report
# one loss for each epoch, the mean over all real tokens of the epoch.


# %% exercise="train_seq2seq"
def train_seq2seq(
    model: "Seq2Seq",
    batches: Iterable[tuple[Tensor, Tensor, Tensor]],
    epochs: int,
    lr: float,
    max_norm: float = 5.0,
) -> list[float]:
    """Train an encoder and a decoder together, and return the mean loss of each epoch.

    In every epoch each batch is used once, in train mode, for one step of an optimizer of your
    choice. The learning rates asked for suit the Adam family; plain gradient descent is too slow
    with them. The loss of a batch is the mean cross-entropy over its real tokens. Before each step
    the gradients of all parameters together are clipped to the norm max_norm.

    A target is **real** up to and with the first end_id of its row. What follows is padding, which
    is end_id too. A row without end_id is real throughout.

    Args:
        model: `model(src, lengths, targets)` gives logits (B, T, V) by teacher forcing, and
            `model.end_id` is the token that ends a sequence. Its parameters are changed.
        batches: (src (B, S), lengths (B,), targets (B, T)) one after the other, in a list or in
            anything else that can be gone through, perhaps only once. Sizes differ from batch to
            batch.
        epochs: how many times to use all batches; 0 is possible.
        lr: the learning rate of the optimizer.
        max_norm: the largest L2 norm of the gradients together.

    Returns:
        A list of one Python float for each epoch: the mean over all real tokens of the epoch, each
        with the weights that its batch met.

    Graded by the steps of the training, and by exact matches on pairs that it never saw: the
    targets are the sources in reverse, and tokens may have been renamed.
    """
    ### BEGIN SOLUTION
    batches = list(batches)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    model.train()
    losses = []
    for _ in range(epochs):
        total, count = 0.0, 0
        for src, lengths, targets in batches:
            ends = (targets == model.end_id).long()
            real = ends.cumsum(dim=1) - ends == 0  # up to and with the first end
            loss = F.cross_entropy(model(src, lengths, targets)[real], targets[real])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            optimizer.step()
            total += loss.item() * int(real.sum())
            count += int(real.sum())
        losses.append(total / count)
    return losses
    ### END SOLUTION


# %% [markdown]
# ### Look: half-way
#
# 3200 words of 2 to 6 letters, drawn at random, and three epochs. Then new words, asked in two
# ways. **Forced** is `forward`: at each step the decoder is fed the right letters so far.
# **Alone** is `generate`: it is fed its own. The cell takes a few seconds.
#
# **Guess first:** the first step is the same for both. At which of the steps 0 to 6 is the
# difference largest? (a number)

# %% active="ipynb" guess="alone"
# def backwards(number, shortest, longest, generator):
#     """Words and their letters in reverse: (src, lengths, targets), padded with END."""
#     lengths = torch.randint(shortest, longest + 1, (number,), generator=generator)
#     src = torch.randint(2, 12, (number, longest), generator=generator)
#     place = torch.arange(longest + 1)
#     turned = src.gather(1, (lengths[:, None] - 1 - place).clamp(min=0))
#     targets = turned.where(place < lengths[:, None], END)
#     return src.where(place[:-1] < lengths[:, None], END), lengths, targets
#
#
# def said_alone(model, src, lengths, width):
#     """What the model generates, filled with END up to a width."""
#     said = model.generate(src, lengths, width)
#     return F.pad(said, (0, width - said.shape[1]), value=END)
#
#
# generator = torch.Generator().manual_seed(5)
# parts = backwards(3200, 2, 6, generator)
# batches = list(zip(*(part.split(64) for part in parts)))
# losses = train_seq2seq(model, batches, epochs=3, lr=0.01)
#
# src, lengths, targets = backwards(1000, 6, 6, generator)  # new words of six letters
# with torch.no_grad():
#     forced = model(src, lengths, targets).argmax(dim=-1)
# alone = said_alone(model, src, lengths, 7)
# shares = {}
# fig, ax = plt.subplots()
# for label, tokens, marker in (("forced", forced, "o"), ("alone", alone, "s")):
#     shares[label] = (tokens == targets).float().mean(dim=0)
#     ax.plot(shares[label], marker=marker, label=label)
# ax.set(xlabel="time step t (END is due at step 6)", ylabel="share of right tokens",
#        ylim=(0, 1.05), title="New words of six letters, after three epochs")
# ax.legend(loc="lower left")
# plt.show()
# gap = shares["forced"] - shares["alone"]
# at = int(gap.argmax())
# reveal("alone", at, because="a slip of its own puts the decoder where it never was in training, "
#        f"and slips add up. At step {at}, {shares['forced'][at]:.0%} are right when forced and "
#        f"{shares['alone'][at]:.0%} alone; at step 0 the gap is {gap[0]:.0%}.")

# %% [markdown]
# Alone, the letters that were read first, and are due last, come out worst; where to stop is
# easier than what to say. The accuracy under teacher forcing says too much about what a model can
# do. **Measure what you will use: what it says alone.**

# %% [markdown]
# ### Look: the curve, and what it does not say
#
# Nine epochs more. The loss is the mean over real tokens; the dotted line is what someone has who
# knows nothing but that there are eleven things to say. The bars are the share of new words that
# are right from the first letter to END. The cell takes about five seconds.
#
# **Guess first:** there were no words of 7 letters in training. Which share of them comes out
# right: 0.9, 0.5 or 0.2?

# %% active="ipynb" guess="longer"
# curve = losses + train_seq2seq(model, batches, epochs=9, lr=0.005)
# src, lengths, targets = backwards(3000, 2, 8, generator)
# right = (said_alone(model, src, lengths, 9) == targets).all(dim=1)
# shares = [right[lengths == n].float().mean().item() for n in range(2, 9)]
#
# fig, (left, ax) = plt.subplots(1, 2, gridspec_kw={"width_ratios": [1, 1.4]})
# left.semilogy(range(1, 13), curve, marker="o")
# left.axhline(math.log(11), color="black", ls=":", lw=1)
# left.text(12, math.log(11) * 0.93, "ln 11", ha="right", va="top", fontsize=9)
# left.set(xlabel="epoch", ylabel="loss", xticks=[1, 4, 8, 12], title="Training")
# bars = ax.bar(range(2, 9), shares, color=["#9ecae1"] * 5 + ["#fdae6b"] * 2,
#               hatch=[""] * 5 + ["//"] * 2, ec="black")
# ax.bar_label(bars, fmt="%.2f", fontsize=8)
# ax.set(xlabel="letters in the word", xticks=range(2, 9), ylim=(0, 1.15),
#        yticks=[0, 0.25, 0.5, 0.75, 1],
#        title="Whole new words (hatched: length is new)")
# plt.show()
# reveal("longer", shares[5], choices=(0.9, 0.5, 0.2), because="one slip spoils a word, and a "
#        f"longer word has more to fit into the state: {shares[4]:.2f} of those with 6 letters "
#        f"are right, {shares[5]:.2f} with 7 and {shares[6]:.2f} with 8.")

# %% [markdown]
# The loss per token says little about whole words. And all of the source has to go through one
# state of 64 numbers: attention takes that narrow door away.

# %% [markdown]
# ### Look: words and answers
#
# Eight of the new words of six letters that go wrong. A frame marks each token that is not right.
#
# **Guess first:** do most of the wrong answers have all the right letters, only in another order?
# (yes or no)

# %% active="ipynb" guess="slips"
# src, lengths, targets = backwards(1000, 6, 6, generator)
# said = said_alone(model, src, lengths, 7)
# missed = torch.nonzero((said != targets).any(dim=1))[:, 0]
# fig, axes = plt.subplots(4, 2, figsize=(8, 4.6), sharex=True)
# for ax, n in zip(axes.flat, missed):
#     wrong = [(1, int(t)) for t in torch.nonzero(said[n] != targets[n])]
#     strips(ax, [src[n], said[n]], ["source", "said"], wrong)
#     ax.set(xlim=(-0.6, 6.6))
# fig.suptitle("Words that do not come out right", fontsize=10)
# plt.show()
# same = int((said.sort(dim=1).values == targets.sort(dim=1).values)[missed].all(dim=1).sum())
# off = said != targets
# pairs = off[:, :-1] & off[:, 1:] & (off.sum(dim=1) == 2)[:, None]
# crossed = (said[:, :-1] == targets[:, 1:]) & (said[:, 1:] == targets[:, :-1])
# swapped = int((pairs & crossed).any(dim=1).sum())
# reveal("slips", same > len(missed) / 2, because="the state knows what was in the word better "
#        f"than where. {len(missed)} of 1000 words are wrong; {same} of these have all the right "
#        f"letters, and in {swapped} just two neighbours have changed places.")


# %% [markdown]
# ## 8. Attention
#
# The encoder has left a state at *every* letter, and only its last one was used. **Attention**
# lets the decoder look at all of them, at each step anew. It is a look-up in a soft dictionary:
#
# | | what it is | here |
# |---|---|---|
# | `query` | what is asked | the decoder's state |
# | `keys` | what each entry is found by | the encoder's states |
# | `values` | what each entry gives | the encoder's states again |
#
# A real dictionary gives the value of the one key that fits. This one gives a mean of all values,
# weighted by how well their keys fit:
#
# $$s_t = \frac{q \cdot k_t}{\sqrt{H}} \qquad w = \mathrm{softmax}(s) \qquad
# c = \sum_t w_t\, v_t$$
#
# The softmax runs over the steps that may be read. Padding may not; in other uses of attention
# neither may the future. That is what the mask says.


# %% exercise="dot_attention"
def dot_attention(
    query: Tensor, keys: Tensor, values: Tensor, mask: Tensor
) -> tuple[Tensor, Tensor]:
    """Read a memory: a weighted mean of its values, by how well its keys fit a query.

    The score of step t is the dot product of the query with the key of step t, divided by √H. The
    weights are the softmax of the scores over the steps where the mask is True; the other steps
    have no part in it, and a weight of exactly 0. The context is the weighted sum of the values.

    Args:
        query: (B, H).
        keys: (B, T, H).
        values: (B, T, F); F need not be H.
        mask: (B, T), bool, True where a step may be read: any steps, but in each row at least one.
            Where it is False, keys and values may hold any finite numbers.

    Returns:
        (context (B, F), weights (B, T)). The weights of each row add up to 1, however large or
        small its scores are.
    """
    ### BEGIN SOLUTION
    scores = torch.einsum("bh,bth->bt", query, keys) / query.shape[-1] ** 0.5
    weights = scores.masked_fill(~mask, float("-inf")).softmax(dim=-1)
    return torch.einsum("bt,btf->bf", weights, values), weights
    ### END SOLUTION


# %% [markdown]
# ### Look: what the root is for
#
# Queries and keys of H random numbers each, 10 keys to a query. How large is the largest of the 10
# weights, on average?
#
# **Guess first:** H = 1024, without the root. How large is the largest of the 10 weights: 0.1, 0.5
# or 1?

# %% active="ipynb" guess="root"
# sizes = [4, 16, 64, 256, 1024]
# everywhere = torch.ones(500, 10, dtype=torch.bool)
# largest = {"divided by √H": [], "not divided": []}
# generator = torch.Generator().manual_seed(11)
# for H in sizes:
#     queries = torch.randn(500, H, generator=generator)
#     keys = torch.randn(500, 10, H, generator=generator)
#     for (name, found), factor in zip(largest.items(), (1.0, H**0.5)):
#         weights = dot_attention(factor * queries, keys, keys, everywhere)[1]
#         found.append(weights.amax(dim=1).mean().item())
# fig, ax = plt.subplots()
# for (name, found), marker in zip(largest.items(), "os"):
#     ax.semilogx(sizes, found, marker=marker, label=name)
# ax.axhline(0.1, color="black", ls=":", lw=1)
# ax.set(xlabel="H", xticks=sizes, xticklabels=sizes, ylabel="largest weight", ylim=(0, 1.05),
#        title="Mean of the largest of 10 weights (dotted: all alike)")
# ax.minorticks_off()
# ax.legend(loc="center right")
# plt.show()
# undivided, divided = largest["not divided"][-1], largest["divided by √H"]
# reveal("root", undivided, choices=(0.1, 0.5, 1), because="a dot product of H random numbers is "
#        f"about √H in size, here {H**0.5:.0f}, and a softmax of such scores is nearly all or "
#        f"nothing. With the root it is {min(divided):.2f} to {max(divided):.2f} for all these H.")

# %% [markdown]
# Without the root a large network would start with its mind made up: one key takes all, for no
# reason, and a softmax that is so sure passes hardly any gradient on.

# %% [markdown]
# ### Look: the narrow door, and no door
#
# Words backwards once more. Two models of the same sizes learn from the same words, by *your*
# `train_seq2seq`: one has the encoder's last state and nothing else; the other looks back at each
# step. What they generate comes from *your* `greedy_decode`; its `step` holds the encoder's
# states. Training the two takes about five seconds.
#
# **Guess first:** for words of how many letters, 3 to 8, will attention make the largest
# difference? (a number)

# %% active="ipynb" guess="door"
# class Reader(nn.Module):
#     """An encoder and a decoder; with attention, the decoder looks back at each step."""
#
#     start_id, end_id = START, END
#
#     def __init__(self, attentive, embedding_dim=16, hidden_size=64):
#         super().__init__()
#         self.encoder = Encoder(12, embedding_dim, hidden_size)
#         self.decoder = Decoder(12, embedding_dim, hidden_size)
#         self.mix = nn.Linear(2 * hidden_size, hidden_size) if attentive else None
#
#     def look(self, queries, memory, mask):
#         """(B, T, H) queries -> logits (B, T, V), and where each query looked, (B, T, S)."""
#         if self.mix is None:
#             return self.decoder.fc(queries), None
#         T = queries.shape[1]
#         flat = queries.flatten(0, 1)
#         memory, mask = memory.repeat_interleave(T, 0), mask.repeat_interleave(T, 0)
#         context, weights = dot_attention(flat, memory, memory, mask)
#         mixed = torch.tanh(self.mix(torch.cat([flat, context], dim=1)))
#         return self.decoder.fc(mixed.view_as(queries)), weights.view(len(queries), T, -1)
#
#     def read(self, src, lengths):
#         return *self.encoder(src, lengths), torch.arange(src.shape[1]) < lengths[:, None]
#
#     def forward(self, src, lengths, targets):
#         memory, state, mask = self.read(src, lengths)
#         queries, _ = self.decoder.rnn(self.decoder.embedding(shift_right(targets, START)), state)
#         return self.look(queries, memory, mask)[0]
#
#     def stepper(self, src, lengths, seen=None):
#         """(step, the first state) for greedy_decode and beam_search."""
#         memory, state, mask = self.read(src, lengths)
#
#         def one_step(tokens, state):
#             queries, state = self.decoder.rnn(self.decoder.embedding(tokens[:, None]), state)
#             logits, weights = self.look(queries, memory.expand(len(tokens), -1, -1),
#                                         mask.expand(len(tokens), -1))
#             if seen is not None:
#                 seen.append(weights[:, 0])
#             return logits[:, 0], state
#
#         return one_step, state
#
#
# def whole_words(reader, src, lengths, targets):
#     """Which words come out right from the first letter to END, greedily."""
#     with torch.no_grad():
#         said = greedy_decode(*reader.stepper(src, lengths), START, END, targets.shape[1])
#     said = F.pad(said, (0, targets.shape[1] - said.shape[1]), value=END)
#     return (said == targets).all(dim=1)
#
#
# generator = torch.Generator().manual_seed(12)
# parts = backwards(2048, 3, 8, generator)
# batches = list(zip(*(part.split(64) for part in parts)))
# new = backwards(1200, 3, 8, generator)
# trained, shares = {}, {}
# fig, ax = plt.subplots()
# for name, attentive, marker in (("last state only", False, "s"), ("attention", True, "o")):
#     torch.manual_seed(12)
#     trained[name] = reader = Reader(attentive)
#     train_seq2seq(reader, batches, epochs=6, lr=0.01)
#     right = whole_words(reader, *new)
#     shares[name] = [right[new[1] == n].float().mean().item() for n in range(3, 9)]
#     ax.plot(range(3, 9), shares[name], marker=marker,
#             label=f"{name}: {right.float().mean():.0%}")
# ax.set(xlabel="letters in the word", ylabel="share of whole words", ylim=(0, 1.05),
#        title="New words, after the same six epochs")
# ax.legend(loc="lower left")
# plt.show()
# readers = trained
# narrow, wide = shares["last state only"], shares["attention"]
# most = max(range(3, 9), key=lambda n: wide[n - 3] - narrow[n - 3])
# reveal("door", most, because="what has to pass through one state grows with the word; what "
#        f"attention has to find does not. With {most} letters it is {narrow[most - 3]:.2f} "
#        f"without attention and {wide[most - 3]:.2f} with it, with 3 letters {narrow[0]:.2f} and "
#        f"{wide[0]:.2f}.")

# %% [markdown]
# ### Look: where does it look?
#
# Nobody has told the model which letter to look at. Each row is a step of the decoder, with the
# letter that it says; each column is a letter of the word.
#
# **Guess first:** it says the first letter of its answer. Which letter of the word has the largest
# weight then: the first, the middle or the last?

# %% active="ipynb" guess="looks"
# words = ["abcdefgh", "bigfacad", "jade"]
# tops = []
# fig, axes = plt.subplots(1, 3, figsize=(9, 3.6), width_ratios=[8, 8, 4])
# for ax, word in zip(axes, words):
#     seen = []
#     step, state = readers["attention"].stepper(
#         torch.tensor([as_tokens(word)]), torch.tensor([len(word)]), seen)
#     with torch.no_grad():
#         said = greedy_decode(step, state, START, END, 12)[0]
#     weights = torch.cat(seen)
#     tops.append(weights.argmax(dim=1).tolist())
#     ax.imshow(weights.numpy(), cmap="Blues", vmin=0, vmax=1.3, aspect="auto")
#     for (row, column), weight in np.ndenumerate(weights.numpy()):
#         if weight > 0.095:
#             ax.text(column, row, f"{10 * weight:.0f}", ha="center", va="center", fontsize=8,
#                     color="white" if weight > 0.7 else "black")
#     ax.set(xticks=range(len(word)), xticklabels=word, xlabel="letter that is read",
#            yticks=range(len(weights)), yticklabels=[SIGNS[n] for n in said[:len(weights)]])
#     ax.grid(False)
# axes[0].set(ylabel="token that is said")
# fig.suptitle("Attention weights in tenths (below one tenth: left out)", fontsize=10)
# plt.show()
# place = {0: "the first", len(words[0]) - 1: "the last"}.get(tops[0][0], "one in the middle")
# reveal("looks", place, also=place.split()[-1:], because="the answer begins with the letter that "
#        f"was read last. For {words[0]} the largest weights are, from row to row, on "
#        f"{' '.join(words[0][top] for top in tops[0])}: nobody told it.")

# %% [markdown]
# The line is not clean. A state of the encoder knows its own letter *and those before it*, so a
# look at a neighbour can do as well.
#
# Read the tokens that are said, from top to bottom: is each word right? And take care: the weights
# show which states were read, and not why.


# %% [markdown]
# ## 9. Beam search
#
# Greedy decoding never takes anything back. The best first word may lead to a place from which
# only unlikely sentences go on, and then it is too late. Trying *all* sentences is out of the
# question: there are V to the power of T.
#
# **Beam search** stands between the two. It keeps a few beginnings at a time, the **hypotheses**:
#
# 1. extend each of them by every token;
# 2. of all extensions together keep the `beam` best;
# 3. put aside those that have ended, and go on with the others.
#
# What makes a hypothesis good is its log-probability: a sum of log-softmax values. (Why not the
# product of the probabilities? Multiply 0.1 by itself 400 times.)
#
# One thing goes wrong silently. Each hypothesis has its **own state**. When the third hypothesis
# brings forth the best two extensions, and the first none, the rows of the state have to move as
# well.


# %% exercise="beam_search"
def beam_search(
    step: Step, state: State, start_id: int, end_id: int, max_len: int, beam: int
) -> tuple[list[int], float]:
    """Look for a likely sequence by keeping several beginnings of it, the hypotheses.

    The search begins with one hypothesis, that has no token and the log-probability 0. At each
    step every hypothesis that is alive is extended by each of the V tokens, and the
    log-probability of the token (log-softmax of the logits) is added to that of the hypothesis.
    Of *all* these extensions together the `beam` best stay, or all of them where there are fewer:

    - those that end with end_id are set aside as finished, and are not extended any more;
    - the others are alive. In the next step there may be `beam` again.

    The search stops after max_len steps, or when no hypothesis is alive. It may stop earlier where
    no hypothesis that is alive can still become better than the best that has finished. Which of
    two equally likely ones stays is free.

    Args:
        step: step(tokens (N,), state) → (logits (N, V), state), for N hypotheses at once or for
            one at a time, as you like. It takes the tokens as int64, on the device of the state;
            row n of the state has to belong to the hypothesis in row n. The first token is
            start_id, which may be an id that is generated too, and may even be end_id.
        state: a tensor (…, 1, H), or a tuple of such tensors, for N = 1: the hypotheses are the
            last axis but one.
        start_id: the token that is fed at first; no part of the result.
        end_id: the token that ends a hypothesis.
        max_len: the largest number of tokens, the end among them; at least 1.
        beam: how many extensions stay, at least 1; it may be larger than V.

    Returns:
        (tokens, log_prob): the tokens of the best hypothesis that has finished, end_id the last of
        them, or, where none has, those of the best that is alive, as a list of int; and its
        log-probability, a float: the sum over its tokens, end_id included, not divided by their
        number.
    """

    ### BEGIN SOLUTION
    def rows(state: State, chosen: Tensor) -> State:
        if isinstance(state, Tensor):
            return state.index_select(-2, chosen)
        return tuple(part.index_select(-2, chosen) for part in state)

    device = state.device if isinstance(state, Tensor) else state[0].device
    alive: list[tuple[float, list[int]]] = [(0.0, [])]
    finished: list[tuple[float, list[int]]] = []
    for _ in range(max_len):
        last = [tokens[-1] if tokens else start_id for _, tokens in alive]
        logits, state = step(torch.tensor(last, device=device), state)
        scores = logits.log_softmax(dim=-1).tolist()
        extended = [
            (log_prob + more, tokens + [token], row)
            for row, (log_prob, tokens) in enumerate(alive)
            for token, more in enumerate(scores[row])
        ]
        best = sorted(extended, key=lambda one: -one[0])[:beam]
        finished += [(log_prob, tokens) for log_prob, tokens, _ in best if tokens[-1] == end_id]
        going = [one for one in best if one[1][-1] != end_id]
        if not going:
            break
        alive = [(log_prob, tokens) for log_prob, tokens, _ in going]
        state = rows(state, torch.tensor([row for *_, row in going], device=device))
    log_prob, tokens = max(finished or alive, key=lambda one: one[0])
    return tokens, log_prob
    ### END SOLUTION


# %% [markdown]
# ### Look: a garden path
#
# A language of two letters. The number at a branch is the logarithm of a probability, the number
# in a box their sum from the left. END is hatched. Boxes with a thick frame are what a beam of 2
# keeps at each step; the thick dashed line is the greedy choice. These are the probabilities:
#
# | what was said | then a | then b | then END |
# |---|---|---|---|
# | nothing | 0.6 | 0.4 | 0 |
# | a | 0.35 | 0.25 | 0.4 |
# | b | 0.9 | 0.04 | 0.06 |
# | a a or a b | 0.3 | 0.2 | 0.5 |
# | b a | 0.15 | 0.05 | 0.8 |
# | all else | 0 | 0 | 1 |
#
# **Guess first:** which letter does the likeliest of all sentences begin with? (a or b)

# %% active="ipynb" guess="path"
# #             what was said:  (a, b, END)
# LANGUAGE = {"": (0.6, 0.4, 0.0), "a": (0.35, 0.25, 0.4), "b": (0.9, 0.04, 0.06),
#             "aa": (0.3, 0.2, 0.5), "ab": (0.3, 0.2, 0.5), "ba": (0.15, 0.05, 0.8)}
# A, B = as_tokens("ab")
#
#
# def talking(tokens, state):
#     """The state (N, 1) holds what was said, as a number in which a is 1 and b is 2."""
#     digit = torch.tensor([{START: 0, A: 1, B: 2}.get(int(token), 0) for token in tokens])
#     state = 3 * state + digit[:, None]
#     logits = torch.full((len(tokens), len(SIGNS)), -50.0)
#     for row, code in enumerate(state[:, 0].long().tolist()):
#         said = ""
#         while code:
#             said, code = " ab"[code % 3] + said, code // 3
#         odds = LANGUAGE.get(said, (0.0, 0.0, 1.0))
#         logits[row, [A, B, END]] = torch.tensor(odds).clamp(min=1e-20).log()
#     return logits, state
#
#
# def box(ax, x, y, text, thick, ended):
#     ax.text(x, y, text, ha="center", va="center", fontsize=9, zorder=3, bbox={
#         "boxstyle": "round", "fc": "white", "ec": "black", "lw": 2.5 if thick else 0.7})
#     if ended:
#         ax.add_patch(Rectangle((x - 0.14, y - 0.53), 0.28, 1.06, fc="white", ec="0.6",
#                                hatch="////", lw=0, zorder=2))
#
#
# spoken = {}
# for beam in (1, 2, 100):
#     tokens, total = beam_search(talking, torch.zeros(1, 1), START, END, 6, beam)
#     spoken[beam] = " ".join(SIGNS[token] for token in tokens), math.exp(total)
#     print(f"beam {beam:3}: {spoken[beam][0]:8}   log-probability {total:.2f}, "
#           f"probability {spoken[beam][1]:.3f}")
#
# kept = {"a", "b", "ba", "a.", "ba.", "baa"}
# heights = {"": 4.5, "a": 7, "b": 2, "aa": 8.2, "ab": 7, "a.": 5.8, "ba": 3.2, "bb": 2, "b.": 0.8,
#            "baa": 4.4, "bab": 3.2, "ba.": 2.0}
# fig, ax = plt.subplots(figsize=(8, 4.4))
# for said, y in heights.items():
#     chain = [LANGUAGE[said[:n]]["ab.".index(letter)] for n, letter in enumerate(said)]
#     total = sum(math.log(p) for p in chain)
#     name = "END" if said.endswith(".") else said[-1:] or "START"
#     box(ax, len(said), y, f"{name}\n{total:.2f}", said in kept, said.endswith("."))
#     if said:
#         x0, y0 = len(said) - 1, heights[said[:-1]]
#         greedy = said in ("a", "a.")
#         ax.plot([x0, x0 + 1], [y0, y], color="black", ls="--" if greedy else "-",
#                 lw=3 if greedy else 0.8, zorder=1)
#         ax.text(x0 + 0.55, y0 + 0.55 * (y - y0), f"{math.log(chain[-1]):.2f}", fontsize=8,
#                 ha="center", va="center", bbox={"fc": "white", "ec": "none", "pad": 1})
# ax.set(xlim=(-0.35, 3.4), ylim=(0, 9), xticks=range(4), yticks=[], xlabel="tokens said",
#        title="Log-probabilities on the branches, their sums in the boxes")
# ax.grid(False)
# ax.spines[:].set_visible(False)
# plt.show()
# reveal("path", spoken[100][0][0], also=("ba",), because="a is the likelier beginning, but it "
#        f"leads to '{spoken[1][0]}' with {spoken[1][1]:.3f}, and '{spoken[100][0]}' has "
#        f"{spoken[100][1]:.3f}. What greedy decoding has chosen it cannot take back.")

# %% [markdown]
# A reader who has to go back in the middle of a sentence has been led up the **garden path**.
#
# A puzzle: could an extension that was *not* kept at step 2 still win, if a hypothesis with a
# higher sum has finished by then? A logarithm of a probability is never above 0.

# %% [markdown]
# ### Play: a beam, step by step
#
# A random language of three letters, with sentences of at most four. Each dot is a beginning.
# Your `beam_search` went on from those with a letter. The thick line is what it returns after so
# many steps, and the rings mark the likeliest sentence of all.
#
# Leave `beam` at 1 and move `steps` from 1 to 5: that is greedy decoding, and somewhere it leaves
# the rings. Where? Then widen the beam until the thick line ends where the rings do. In which of
# the languages is a beam of 1 enough?

# %% active="ipynb"
# def invented(language):
#     """Logits of END, a, b, c after each of 121 beginnings; after four letters END is sure."""
#     odds = 1.5 * torch.randn(121, 4, generator=torch.Generator().manual_seed(language))
#     odds[:13, 0] -= 1.5
#     odds[40:, 1:] = -50
#     return odds
#
#
# def spot(letters):
#     """Where the dot of a beginning stands; its letters are 1, 2 and 3."""
#     return len(letters), -sum((n - 2) / 3**place for place, n in enumerate(letters))
#
#
# def draw_beam(language, beam, steps):
#     odds, asked = invented(language), set()
#
#     def chat(tokens, state):  # the state is the number of a beginning, 0 at first; END is 0 too
#         state = 3 * state + tokens[:, None]
#         asked.update(int(number) for number in state[:, 0])
#         return odds[state[:, 0].long()], state
#
#     tokens, total = beam_search(chat, torch.zeros(1, 1), 0, 0, steps, beam)
#     reached = sorted(asked)
#     best, highest = beam_search(chat, torch.zeros(1, 1), 0, 0, 5, 400)
#     beginnings = {0: []}
#     for number in range(40):
#         for letter in (1, 2, 3):
#             beginnings[3 * number + letter] = [*beginnings[number], letter]
#
#     fig, ax = plt.subplots(figsize=(8, 3.8))
#     tree = [point for letters in beginnings.values()
#             for point in (spot(letters[:-1]), spot(letters), (math.nan, math.nan))]
#     ax.plot(*zip(*tree), color="0.7", ls="-", lw=0.6, marker=".", ms=4, zorder=1)
#     for number in reached[1:]:
#         letters = beginnings[number]
#         ax.plot(*zip(spot(letters[:-1]), spot(letters)), color="black", ls="-", lw=1, zorder=2)
#         ax.text(*spot(letters), "abc"[letters[-1] - 1], ha="center", va="center", fontsize=8,
#                 color="white", zorder=4, bbox={"boxstyle": "circle,pad=0.2", "fc": "black"})
#     thick = {"ls": "-", "lw": 4, "color": "#D55E00", "zorder": 3}
#     rings = {"ls": "", "marker": "o", "ms": 17, "mfc": "none", "mec": "#0072B2", "mew": 2}
#     for found, look in ((tokens, thick), (best, rings)):
#         letters = [token for token in found if token]
#         ax.plot(*zip(*(spot(letters[:n]) for n in range(len(letters) + 1))), **look)
#     words = ["".join("END" if not n else "abc"[n - 1] + " " for n in found)
#              for found in (tokens, best)]
#     ax.set(xlim=(-0.3, 4.3), xticks=range(5), yticks=[], xlabel="letters said",
#            title=f"Beam {beam}, steps {steps}: {words[0].strip()}, log-probability {total:.2f}\n"
#                  f"The likeliest of all: {words[1]}, {highest:.2f}. "
#                  f"{len(reached)} of {len(beginnings)} beginnings were looked at")
#     ax.grid(False)
#     ax.spines["left"].set_visible(False)
#     plt.show()
#
#
# play(draw_beam, language=[0, 1, 2, 3, 4, 9, 12], beam=(1, 8, 1), steps=(1, 5, 3))

# %% [markdown]
# ### Look: how wide?
#
# A random language of four tokens, 60 random first states, and sentences of at most five tokens.
# These are so few that *all* of them can be tried: that is a beam of 4⁵.
#
# The cell takes a few seconds.
#
# **Guess first:** does a wider beam find longer sentences here, or shorter ones? (longer or
# shorter)

# %% active="ipynb" guess="wide"
# torch.manual_seed(16)
# wheel, says = nn.GRUCell(4, 8), nn.Linear(8, 4)
# with torch.no_grad():
#     for weight in (*wheel.parameters(), *says.parameters()):
#         weight.mul_(3)
#     says.bias.copy_(torch.tensor([0.0, -0.5, 0.0, 0.0]))  # the second token is the end
#
#
# def babble(tokens, state):
#     state = wheel(torch.eye(4)[tokens], state)
#     return says(state), state
#
#
# beams, found = [1, 2, 3, 5, 8, 4**5], {}
# with torch.no_grad():
#     starts = torch.randn(60, 1, 8)
#     for beam in beams:
#         found[beam] = [beam_search(babble, start, 0, 1, 5, beam) for start in starts]
# ended = [n for n in range(60) if all(found[beam][n][0][-1] == 1 for beam in beams)]
# best = found[4**5]
# hits = [sum(found[beam][n][0] == best[n][0] for n in ended) / len(ended) for beam in beams]
# tokens = [sum(len(found[beam][n][0]) for n in ended) / len(ended) for beam in beams]
# fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3))
# names = [str(beam) for beam in beams[:-1]] + ["all"]
# bars = left.bar(names, hits, color="#9ecae1", ec="black")
# left.bar_label(bars, fmt="%.2f", fontsize=8)
# left.set(xlabel="beam", ylim=(0, 1.15), title="Share in which the likeliest was found")
# right.plot(names, tokens, marker="o")
# for place, mean in enumerate(tokens):
#     right.annotate(f"{mean:.2f}", (place, mean), (0, 7), textcoords="offset points",
#                    ha="center", fontsize=8)
# right.set(xlabel="beam", ylim=(0, 5), title="Tokens in a sentence, END included")
# plt.show()
# print(f"{len(ended)} of 60 first states: those from which every beam comes to an END")
# alone = sum(best[n][0] == [1] for n in ended)
# way = "short" if tokens[-1] < tokens[0] else "long"
# reveal("wide", f"{way}er", also=(way,), because="every token costs some log-probability. "
#        f"{alone} of these {len(ended)} likeliest sentences are END and nothing else; greedy "
#        f"decoding finds {hits[0]:.0%} of the likeliest, a beam of 3 finds {hits[2]:.0%}.")

# %% [markdown]
# A few hypotheses do most of the good. And there is the catch: the likeliest sentences tend to be
# **short** ones, and wide beams find them. That is why translators often divide by the length in
# the end; your `beam_search` does not.

# %% [markdown]
# ### Look: does it help a model that has learnt?
#
# The reader without attention, from the section before, and words that it is not good at.
#
# The cell takes a few seconds.
#
# **Guess first:** a beam of 5 finds sequences that the *model* holds likelier. Does that bring at
# least ten more of the 100 words out right? (yes or no)

# %% active="ipynb" guess="believes"
# src, lengths, targets = backwards(100, 7, 8, torch.Generator().manual_seed(15))
# reader, table = readers["last state only"], []
# for beam in (1, 2, 5):
#     right, total = 0, 0.0
#     with torch.no_grad():
#         for word, length, target in zip(src, lengths, targets):
#             step, state = reader.stepper(word[None], length[None])
#             said, log_prob = beam_search(step, state, START, END, 9, beam)
#             right += said == target[: length + 1].tolist()
#             total += log_prob / len(src)
#     table.append((beam, total, right / len(src)))
# print("beam   mean log-probability   share of whole words")
# for beam, total, share in table:
#     print(f"{beam:4}   {total:20.2f}   {share:20.2f}")
# more = round(len(src) * (table[-1][2] - table[0][2]))
# reveal("believes", more >= 10, because="a better search can only find what the model believes: "
#        f"the mean log-probability changes by {table[-1][1] - table[0][1]:+.2f}, the number of "
#        f"right words by {more:+d}.")

# %% [markdown]
# A search mends slips that come from haste, and none that come from not knowing.

# %% [markdown]
# ## 10. Everything in one model
#
# Six labs of options: which cell, how many layers, one direction or two, how to make one vector
# out of many states, dropout or none. Books have rules about them ("use an LSTM", "two directions
# are better", "attention is all you need"). Here is one model with all of these options, and a
# small task to measure them on.
#
# It is made of what you wrote: the layers of lab 4, padding and the masked mean of lab 6, the
# attention of this lab. The next cell looks for the other labs beside this one. What it does not
# find, or what is not right yet, it replaces.

# %% active="ipynb"
# import ast
# import contextlib
# import json
# import time
# from pathlib import Path
#
#
# def definitions(path):
#     """The functions and classes of a notebook or a .py file; nothing else of it is run."""
#     text, found = path.read_text(encoding="utf-8"), {}
#     texts = [text]
#     if path.suffix == ".ipynb":
#         cells = json.loads(text)["cells"]
#         texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
#     wanted = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign)
#     for text in texts:
#         with contextlib.suppress(SyntaxError, ValueError):
#             for node in ast.parse(text).body:
#                 calls = any(isinstance(part, ast.Call) for part in ast.walk(node))
#                 if isinstance(node, wanted) and not (isinstance(node, ast.Assign) and calls):
#                     with contextlib.suppress(Exception, SystemExit):
#                         exec(compile(ast.Module([node], []), str(path), "exec"), found)
#     return found
#
#
# def from_lab(lab, name, is_right, otherwise):
#     """Your own function or class, where it is there and right on a quick example."""
#     for folder in (Path("..", lab), Path(".")):
#         for path in (folder / f"{lab}.ipynb", folder / f"{lab}.py"):
#             with contextlib.suppress(Exception, SystemExit):
#                 own = definitions(path)[name]
#                 if is_right(own):
#                     print(f"{name}: yours, from {path}")
#                     return own
#     print(f"{name}: none that is right was found in {lab}, so a stand-in does its work")
#     return otherwise


# %% active="ipynb"
# class Layers(nn.Module):
#     def __init__(self, cell, input_size, hidden_size, num_classes, num_layers=1, dropout=0.0,
#                  bidirectional=False):
#         super().__init__()
#         kind = getattr(nn, {"rnn": "RNN"}.get(cell, cell.upper()))
#         self.rnn = kind(input_size, hidden_size, num_layers, batch_first=True,
#                         dropout=dropout, bidirectional=bidirectional)
#         self.fc = nn.Linear((1 + bidirectional) * hidden_size, num_classes)
#
#
# def layers_fit(build):
#     net = build("gru", 3, 4, 2, num_layers=2, bidirectional=True)
#     return isinstance(net.rnn, nn.GRU) and net.rnn(torch.zeros(1, 5, 3))[1].shape == (4, 1, 4) \
#         and net.fc(torch.zeros(1, 8)).shape == (1, 2)
#
#
# def mean_fits(mean):
#     steps = torch.tensor([[[1.0], [5.0]], [[2.0], [4.0]]])
#     return mean(steps, torch.tensor([1, 2])).tolist() == [[1.0], [3.0]]
#
#
# def padding_fits(pad):
#     padded, sizes = pad([[5, 6], [7]])
#     return padded.tolist() == [[5, 6], [7, 0]] and sizes.tolist() == [2, 1]
#
#
# SequenceClassifier = from_lab("lab4_models", "SequenceClassifier", layers_fit, Layers)
# count_parameters = from_lab(
#     "lab4_models", "count_parameters", lambda count: count(nn.Linear(3, 2)) == 8,
#     lambda model: nn.utils.parameters_to_vector(model.parameters()).numel())
# masked_mean = from_lab(
#     "lab6_bidirectional", "masked_mean", mean_fits,
#     lambda states, sizes: torch.stack([s[:n].mean(dim=0) for s, n in zip(states, sizes)]))
# pad_batch = from_lab(
#     "lab6_bidirectional", "pad_batch", padding_fits,
#     lambda rows: (nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], True),
#                   torch.tensor([len(row) for row in rows])))

# %% [markdown]
# ### Look: the task
#
# Ann and Bob greet each other twice in every sentence, **once** the one way and **now** the other
# way, with chatter in between. Who greets now? Every sentence holds the same names, the same
# verbs, and both little words. Order is all there is.

# %% active="ipynb"
# CHATTER = "so then well today kindly there again and quite perhaps".split()
# KNOWN = ["<pad>", "ann", "bob", "greets", "once", "now", *CHATTER]
# IDS = {word: number for number, word in enumerate(KNOWN)}
#
#
# def sentence(generator):
#     """(words, label): 1 where Ann is the one who greets now."""
#     label, order = torch.randint(2, (2,), generator=generator).tolist()
#     pairs = [["ann", "bob"], ["bob", "ann"]]
#     clauses = [[when, pairs[who][0], "greets", pairs[who][1]]
#                for when, who in (("now", 1 - label), ("once", label))]
#     words = [word for clause in clauses[:: 1 - 2 * order] for word in clause]
#     for chat in torch.randint(len(CHATTER), (6,), generator=generator).tolist():
#         words.insert(int(torch.randint(len(words) + 4, (), generator=generator)), CHATTER[chat])
#     return words, label
#
#
# def sentences(number, size, generator):
#     """Batches (tokens, lengths, labels)."""
#     drawn = [sentence(generator) for _ in range(number)]
#     return [(*pad_batch([[IDS[word] for word in words] for words, _ in drawn[k : k + size]]),
#              torch.tensor([label for _, label in drawn[k : k + size]]))
#             for k in range(0, number, size)]
#
#
# generator = torch.Generator().manual_seed(20)
# for _ in range(3):
#     words, label = sentence(generator)
#     print(label, " ".join(words))

# %% active="ipynb" shown="yes"
# class TextModel(nn.Module):
#     """One model with every option; pooling is 'final', 'mean' or 'attention'."""
#
#     def __init__(self, cell="lstm", num_layers=1, bidirectional=False, pooling="final",
#                  dropout=0.0, embedding_dim=16, hidden_size=24):
#         super().__init__()
#         self.pooling, self.directions = pooling, 1 + bidirectional
#         self.embedding = nn.Embedding(len(IDS), embedding_dim, padding_idx=0)
#         self.core = SequenceClassifier(cell, embedding_dim, hidden_size, 2, num_layers,
#                                        dropout if num_layers > 1 else 0.0, bidirectional)
#         self.dropout = nn.Dropout(dropout)
#         if pooling == "attention":  # one question for all sentences, and it is learnt
#             self.question = nn.Parameter(torch.randn(self.directions * hidden_size))
#
#     def forward(self, tokens, lengths):
#         embedded = self.dropout(self.embedding(tokens))
#         states, last = self.core.rnn(pack_padded_sequence(
#             embedded, lengths, batch_first=True, enforce_sorted=False))
#         states = pad_packed_sequence(states, batch_first=True)[0]
#         if self.pooling == "final":
#             last = last[0] if isinstance(last, tuple) else last
#             vector = torch.cat(list(last[-self.directions:]), dim=1)
#         elif self.pooling == "mean":
#             vector = masked_mean(states, lengths)
#         else:
#             mask = torch.arange(states.shape[1]) < lengths[:, None]
#             question = self.question.expand(len(states), -1)
#             vector, _ = dot_attention(question, states, states, mask)
#         return self.core.fc(self.dropout(vector))
#
#
# class NoNetwork(nn.Module):
#     """The mean of the embeddings: it knows the words and not their order."""
#
#     def __init__(self):
#         super().__init__()
#         self.embedding = nn.Embedding(len(IDS), 16, padding_idx=0)
#         self.fc = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 2))
#
#     def forward(self, tokens, lengths):
#         return self.fc(masked_mean(self.embedding(tokens), lengths))

# %% [markdown]
# One option is changed at a time; the rest is an LSTM with one layer, one direction, the final
# state and no dropout. Everyone gets the same sentences in the same order, and the same four
# epochs. The cell takes about five seconds.
#
# **Guess first:** the mean of the words knows no order. Will every network with a recurrent layer
# be better than a coin? (yes or no)

# %% active="ipynb" guess="options"
# options = {
#     "no network: mean of the words": NoNetwork,
#     "LSTM, final state": TextModel,
#     "GRU": lambda: TextModel(cell="gru"),
#     "plain RNN": lambda: TextModel(cell="rnn"),
#     "two layers": lambda: TextModel(num_layers=2),
#     "two layers, dropout 0.3": lambda: TextModel(num_layers=2, dropout=0.3),
#     "two directions": lambda: TextModel(bidirectional=True),
#     "mean of the states": lambda: TextModel(pooling="mean"),
#     "attention": lambda: TextModel(pooling="attention"),
#     "two directions, attention": lambda: TextModel(bidirectional=True, pooling="attention"),
# }
# generator = torch.Generator().manual_seed(21)
# learnt, (unseen,) = sentences(800, 40, generator), sentences(600, 600, generator)
# accuracy = {}
# print(f"{'':31}accuracy   parameters   seconds")
# for name, build in options.items():
#     torch.manual_seed(22)
#     text_model, started = build(), time.perf_counter()
#     adam = torch.optim.Adam(text_model.parameters(), lr=0.01)
#     for tokens, lengths, labels in learnt * 4:
#         adam.zero_grad()
#         F.cross_entropy(text_model(tokens, lengths), labels).backward()
#         nn.utils.clip_grad_norm_(text_model.parameters(), 1.0)
#         adam.step()
#     seconds = time.perf_counter() - started
#     text_model.eval()
#     with torch.no_grad():
#         right = text_model(*unseen[:2]).argmax(dim=1) == unseen[2]
#     share, size = right.float().mean().item(), count_parameters(text_model)
#     accuracy[name] = share
#     print(f"{name:31}{share:8.2f}{size:13}{seconds:10.1f}")
# baseline, *recurrent = accuracy
# coins = [name for name in recurrent if accuracy[name] < 0.6]
# reveal("options", not coins, because="reading the order is one thing, and keeping it to the end "
#        "of the sentence another. Near a coin in this run: "
#        f"{', '.join(coins) or 'none of them'}; above 0.95: "
#        f"{sum(accuracy[name] > 0.95 for name in recurrent)} of {len(recurrent)}.")

# %% [markdown]
# - The mean of the words is a coin, as it has to be: every sentence has the same names and verbs.
# - Those that get everything right cannot be told apart by *this* task. What differs is what they
#   cost: a second layer or a second direction about doubles the parameters, attention adds no
#   more than one vector. Compare parameters with seconds: is the smaller cell the faster one?
# - Dropout has nothing to cure where new sentences come out right without it.
#
# A table like this one speaks for its task and its sizes, and for one seed. Make your own where
# you have to choose: **one option at a time, a baseline that cannot do it, and the costs beside
# the accuracy.**

# %% [markdown]
# ## What you know now
#
# - One vector becomes a sequence where the outputs are fed back; an encoder and a decoder turn
#   one sequence into another.
# - Training feeds the right tokens, one step late. Generating feeds the model's own, and is
#   harder.
# - Attention is a weighted mean. It spares the decoder from knowing everything at once.
# - Greedy decoding takes nothing back. A beam keeps several hypotheses, each with its own state.
#
# **Pitfalls worth remembering**
#
# - A decoder that is fed what it should say learns to repeat. Its loss is splendid.
# - Rows of a batch end at different steps: one that has ended must stay ended, and the others
#   must go on.
# - A mask belongs before the softmax, with −∞. A score of 0, or of −10,000, is a score.
# - After the best hypotheses were chosen, their states have to be chosen as well.
# - Add log-softmax values: not logits, and do not multiply probabilities.
# - "Likelier" is what the model believes. It is neither longer nor better.
