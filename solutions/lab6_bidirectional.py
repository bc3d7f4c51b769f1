# %% [markdown]
# # Lab 6: Bidirectional classification of text
#
# A review comes in as people type it: "The plot was GOOD, and the cast wasn't bad!" Out goes one
# of two labels. In between stand ten small programs, and you write all of them: four turn text
# into numbers, four read a sentence from both ends, the last two are the model and its training.
#
# **How to work**
#
# - Write a function, run its cell, then run the check cell below it.
# - Stuck? Call `hint(birnn_forward)` in a cell of its own (with the name of your function). The
#   first hint says where to look; ask again and it says what is wrong.
# - The pictures are for you, not for marks. Each one needs the functions above it. Write what you
#   expect between the dots of `guess("…")`, then run the folded cell below: a wrong guess teaches
#   more. Guesses are neither stored nor marked.
#
# **What is allowed:** PyTorch and plain Python. In exercise 6 you build what `nn.RNN` does, so
# there it and its relatives are not allowed. Nowhere available: `subprocess`, a `DataLoader` with
# `num_workers` above 0, and `torch.compile`.

# %% [markdown]
# ## Conventions
#
# | letter | meaning |
# |---|---|
# | B | batch: how many sentences at once |
# | T | time steps, padding included |
# | F | features per step |
# | H | hidden units per direction |
# | C | classes |
#
# | tensor | shape |
# |---|---|
# | `tokens` | (B, T), int64 |
# | `lengths` | (B,), int64 |
# | `output` | (B, T, F) |
# | a bidirectional `output` | (B, T, 2H) |
# | `logits` | (B, C) |
#
# - **The batch comes first, time second.** Time is counted from 0.
# - **Sentence b is real at the steps 0 … lengths[b] − 1.** The rest is padding. Every length is at
#   least 1.
# - **What stands in padding is arbitrary.** Finite, but not zero, and not to be trusted.
# - **Device and dtype:** every tensor that you make follows the tensors that came in.
#   `torch.arange(T)` lives on the CPU; `torch.arange(T, device=lengths.device)` lives where it is
#   needed.
# - **No function changes its arguments.** Training is the exception: it changes its model.
# - **A ValueError says why:** its message names the argument that was refused.

# %%
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

SPECIAL_WORDS = ("<PAD>", "<UNK>", "<START>", "<END>")
PAD, UNK, START, END = range(4)  # their ids, in every vocabulary

# %% active="ipynb"
# # For the pictures only. Colours and markers: nobody has to tell red from green.
# import random
#
# import matplotlib.pyplot as plt
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

# %% [markdown]
# ## 1. Clean the text
#
# To a program "Great", "great" and "great!" are three different words, and it would have to learn
# each one by itself. So first make alike what means the same:
#
# - all letters small;
# - only a–z, 0–9, white space and the three marks `. ! ?` stay. Everything else is **removed, not
#   replaced**: "don't" becomes "dont", one word;
# - each of the three marks becomes a word of its own.


# %% exercise="clean_text"
def clean_text(text: str) -> str:
    """Bring a text into the form in which words can be told apart by white space alone.

    Lower case first. Then only a–z, 0–9, white space and . ! ? stay; all else is removed, not
    replaced by a space (don't → dont). Each . ! ? becomes a word of its own, also where several
    stand together (what?! → what ? !).

    Args:
        text: any text; it may be empty.

    Returns:
        The words with single spaces between them, and none at the ends.
    """
    ### BEGIN SOLUTION
    kept = re.sub(r"[^a-z0-9\s.!?]", "", text.lower())
    return " ".join(re.sub(r"([.!?])", r" \1 ", kept).split())
    ### END SOLUTION


# %% [markdown]
# ### Look: how many words are there?
#
# First a supply of reviews for this lab. Each one says one thing twice: once plainly, once with a
# "not" and the opposite. ("The plot was good, and the cast was not bad!") You will see later why.
#
# The typing is careless on purpose: capitals, commas, exclamation marks.

# %% active="ipynb"
# GOOD = ["good", "great", "fine", "lovely", "funny", "clever"]
# BAD = ["bad", "awful", "dull", "poor", "weak", "boring"]
# THINGS = ["plot", "film", "cast", "music", "script", "ending", "camera", "dialogue"]
# EXTRAS = ["", "", " really", " so", " all that"]
#
#
# def make_review(rng):
#     """One careless review and its label: 1 for praise, 0 for a complaint."""
#     label = rng.randrange(2)
#     plain, opposite = (GOOD, BAD) if label else (BAD, GOOD)
#     things = rng.sample(THINGS, 2)
#     clauses = [
#         f"the {things[0]} was{rng.choice(EXTRAS)} {rng.choice(plain)}",
#         f"the {things[1]} was not{rng.choice(EXTRAS)} {rng.choice(opposite)}",
#     ]
#     rng.shuffle(clauses)
#     text = rng.choice([", and ", ". ", "; "]).join(clauses)
#     text = rng.choice(["", "Well, ", "I saw it: "]) + text + rng.choice(["", ".", "!", "!!"])
#     words = [rng.choice([w, w, w, w, w.capitalize(), w.upper()]) for w in text.split()]
#     return " ".join(words), label
#
#
# rng = random.Random(0)
# for _ in range(4):
#     text, label = make_review(rng)
#     print(label, text)
#     print("  ", clean_text(text))

# %% [markdown]
# The reviews use the same few words again and again. Now count the different words that
# `text.split()` finds in 300 of them, as typed and cleaned.
#
# **Guess first:** how many times as many are there as typed: 2, 7 or 30?

# %% active="ipynb" guess="words"
# rng = random.Random(1)
# reviews = [make_review(rng)[0] for _ in range(300)]
# found = {}
# fig, ax = plt.subplots()
# for label, marker, change in [("as typed", "s", str), ("cleaned", "o", clean_text)]:
#     seen, sizes = set(), []
#     for text in reviews:
#         seen.update(change(text).split())
#         sizes.append(len(seen))
#     found[label] = sizes[-1]
#     ax.plot(range(1, 301), sizes, marker=marker, markevery=25, label=f"{label}: {sizes[-1]}")
# ax.set(xlabel="reviews read", ylabel="different words so far", ylim=(0, None),
#        title="Careless typing multiplies the words")
# ax.legend(loc="center right")
# plt.show()
# reveal("words", found["as typed"] / found["cleaned"], choices=(2, 7, 30), because="each word "
#        "comes with capitals or without, and with whatever mark stands behind it: "
#        f"{found['as typed']} forms of {found['cleaned']} words.")

# %% [markdown]
# ## 2. A vocabulary
#
# A network reads numbers, so each word gets one: its **id**. Four ids are spoken for:
#
# | id | word | meaning |
# |---|---|---|
# | 0 | `<PAD>` | fills the gaps of a batch |
# | 1 | `<UNK>` | any word that the vocabulary does not know |
# | 2 | `<START>` | a sentence begins |
# | 3 | `<END>` | a sentence ends |
#
# The other ids go to the most frequent words, as many as there is room for.


# %% exercise="build_vocabulary"
def build_vocabulary(texts: Iterable[str], max_size: int) -> dict[str, int]:
    """Give ids to the four special words and to the most frequent words of some texts.

    Args:
        texts: any iterable of texts, a generator too. They are clean already and may be empty; the
            words of each are `text.split()`.
        max_size: how many entries the vocabulary may have, the four special words included.

    Returns:
        A dict word → id: <PAD> 0, <UNK> 1, <START> 2, <END> 3, then from 4 on the words by falling
        count; words that are equally frequent stand in the order of their first appearance.

    Raises:
        ValueError: max_size is below 4; the message names `max_size`.
    """
    ### BEGIN SOLUTION
    if max_size < len(SPECIAL_WORDS):
        raise ValueError(f"max_size is {max_size}: the four special words alone need 4")
    counts = Counter(word for text in texts for word in text.split())
    # sorted() leaves words with equal counts as Counter met them: by first appearance.
    by_count = sorted(counts, key=lambda word: counts[word], reverse=True)
    words = [*SPECIAL_WORDS, *by_count][:max_size]
    return {word: number for number, word in enumerate(words)}
    ### END SOLUTION


# %% [markdown]
# ### Look: how large must it be?
#
# The same 300 reviews. A word without a place in the vocabulary becomes `<UNK>`.
#
# **Guess first:** there is room for 8 words besides the special ones. What share of the *text* is
# known then: 0.1, 0.25 or 0.55?

# %% active="ipynb" guess="room"
# cleaned = [clean_text(text) for text in reviews]
# everything = [word for text in cleaned for word in text.split()]
# room = list(range(0, 45, 2))
# known = []
# for n in room:
#     vocab = build_vocabulary(cleaned, 4 + n)
#     known.append(sum(word in vocab for word in everything) / len(everything))
# eight = list(build_vocabulary(cleaned, 4 + 8))[4:]
#
# fig, ax = plt.subplots()
# ax.plot(room, known, marker="o")
# where = list(build_vocabulary(cleaned, 100)).index("good") - 3
# ax.axvline(where, color="#D55E00", ls="--")
# ax.text(where + 0.5, 0.05, f'"good" gets in\nat {where} words', color="#D55E00")
# ax.set(xlabel="room for words (special words not counted)", ylabel="share of the text known",
#        ylim=(0, 1.03), title="Frequent words come first, important words need not")
# plt.show()
# reveal("room", known[room.index(8)], choices=(0.1, 0.25, 0.55), because="a few words stand in "
#        f"nearly every review. These are the eight: {' '.join(eight)}")

# %% [markdown]
# None of these words tells praise from complaint. What is frequent is grammar; the opinion is in
# the rarer words.

# %% [markdown]
# ## 3. A sentence as numbers
#
# Put `<START>` before the words and `<END>` behind them, so that the network can tell where a
# sentence begins and whether it was read to its end.
#
# A sentence that is too long is cut. What is cut away are **words**: a sentence without its
# `<END>` would look as if more were to come.


# %% exercise="encode"
def encode(text: str, vocab: Mapping[str, int], max_length: int | None = None) -> list[int]:
    """Turn a clean text into ids: start, words, end.

    Args:
        text: a text that is clean already; it may be empty.
        vocab: word → id, as from `build_vocabulary`, with <PAD> 0, <UNK> 1, <START> 2, <END> 3.
        max_length: how many ids there may be, start and end included; at least 2. A longer text
            loses its last words, never its end id. None: any number.

    Returns:
        A list of ids: that of <START>, one for each word (that of <UNK> if the vocabulary does
        not know it), that of <END>.
    """
    ### BEGIN SOLUTION
    words = text.split()
    if max_length is not None:
        words = words[: max_length - 2]
    return [START, *(vocab.get(word, UNK) for word in words), END]
    ### END SOLUTION


# %% [markdown]
# ### Look: two ways to lose a marker
#
# Both of these stand in published tutorials:
#
# - A: write the marker into the text with spaces, `"< START > " + text`, and look up each word.
# - B: make all the ids and then keep the first `max_length` of them.
#
# **Guess first:** with how many `<UNK>` (id 1) does a sentence begin that was made in way A? (a
# number)

# %% active="ipynb" guess="markers"
# vocab = build_vocabulary(cleaned, 50)
# text = "the plot was not bad ."
# print("yours, no limit:", encode(text, vocab))
# spaced = [vocab.get(word, 1) for word in ("< START > " + text).split()]
# print("A, no limit:    ", spaced)
# print("yours, limit 5: ", encode(text, vocab, 5))
# print("B, limit 5:     ", encode(text, vocab)[:5])
# unknown = next(place for place, number in enumerate(spaced) if number != 1)
# reveal("markers", unknown, because="split() makes <, START and > of it. The vocabulary knows "
#        "none of them, and nothing complains.")

# %% [markdown]
# And B loses the end id, 3, in just those sentences that were cut.

# %% [markdown]
# ## 4. A batch
#
# A tensor is rectangular and sentences are not. Fill up the short ones at the end, and **write
# down how long each one was**.
#
# Do not count the ids that differ from `pad_id` to find the lengths: that id may well stand inside
# a sentence too.


# %% exercise="pad_batch"
def pad_batch(sequences: Sequence[Sequence[int]], pad_id: int = 0) -> tuple[Tensor, Tensor]:
    """Put sequences of different lengths into one rectangular batch, padded at the end.

    Args:
        sequences: B sequences of ids, lists or tuples, in any order of length.
        pad_id: what the gaps are filled with. It may also stand inside a sequence.

    Returns:
        (tokens, lengths): tokens (B, T) with T the longest length, and lengths (B,); both int64,
        rows in the order of the sequences.

    Raises:
        ValueError: there is no sequence, or one of the sequences is empty; the message names
            `sequences`.
    """
    ### BEGIN SOLUTION
    if len(sequences) == 0:
        raise ValueError("sequences is empty: a batch needs at least one sequence")
    lengths = [len(sequence) for sequence in sequences]
    if min(lengths) == 0:
        raise ValueError(f"sequences[{lengths.index(0)}] is empty: each one needs at least one id")
    rows = [[*sequence] + [pad_id] * (max(lengths) - len(sequence)) for sequence in sequences]
    return torch.tensor(rows), torch.tensor(lengths)
    ### END SOLUTION


# %% [markdown]
# ### Look: a batch of reviews
#
# Four reviews, cut to at most 12 ids, with a small vocabulary that does not know every word. The
# last review is too long: `the music was all that clever . the script was not really boring ! !`
#
# **Guess first:** what stands at the last step of its row? (a word)

# %% active="ipynb" guess="last-step"
# some = ["well the plot was not bad .", "i saw it the cast was so dull", "great",
#         "the music was all that clever . the script was not really boring ! !"]
# small = build_vocabulary(cleaned, 30)
# words = {number: word for word, number in small.items()}
# tokens, lengths = pad_batch([encode(text, small, 12) for text in some])
# kind = torch.where(tokens < 4, tokens, torch.tensor(4))
# padding = torch.arange(tokens.shape[1]) > lengths[:, None] - 1
#
# fig, ax = plt.subplots(figsize=(9, 2.4))
# colours = ["#FFFFFF", "#E69F00", "#9ecae1", "#9ecae1", "#deebf7"]
# colours = plt.matplotlib.colors.ListedColormap(colours)
# ax.imshow(kind, cmap=colours, vmin=0, vmax=4, aspect="auto")
# for row in range(tokens.shape[0]):
#     for step in range(tokens.shape[1]):
#         word = words[int(tokens[row, step])]
#         ax.text(step, row, f"{word}\n{int(tokens[row, step])}", ha="center", va="center",
#                 fontsize=8, color="0.6" if padding[row, step] else "black")
# ax.grid(False)
# ax.set(xticks=range(tokens.shape[1]), xlabel="time step t",
#        yticks=range(4), yticklabels=[f"length {int(n)}" for n in lengths],
#        title="tokens: start and end (blue), words (pale), unknown (orange), padding (white)")
# plt.show()
# lost = len(some[3].split()) + 2 - int(lengths[3])
# reveal("last-step", words[int(tokens[3, -1])], because=f"what is cut away are words, {lost} of "
#        "them here. Each sentence keeps its start and its end.")

# %% [markdown]
# ## 5. Backwards, but only what is real
#
# The second direction reads from the end of the sentence. On a padded batch `x.flip(1)` puts the
# **padding** first: the network would wade through it before it meets a word. Reverse each
# sentence within its own length, and leave the padding where it was.


# %% exercise="reverse_within_length"
def reverse_within_length(x: Tensor, lengths: Tensor) -> Tensor:
    """Reverse the real steps of each sequence in time, and leave the padding where it was.

    Formula: result[b, t] = x[b, lengths[b] − 1 − t] for t < lengths[b], else x[b, t].

    Args:
        x: (B, T, F).
        lengths: (B,), int64, each from 1 to T.

    Returns:
        (B, T, F), with the dtype and device of x.
    """
    ### BEGIN SOLUTION
    t = torch.arange(x.shape[1], device=x.device)
    mirrored = lengths[:, None] - 1 - t
    source = torch.where(mirrored >= 0, mirrored, t)
    return x.gather(1, source[:, :, None].expand_as(x))
    ### END SOLUTION


# %% [markdown]
# ### Look: two ways to turn a batch round
#
# Three sequences with one feature; the number in each cell is the feature. Padding is white, and
# holds zeros. The third sequence is 31, 32, 33, 34.
#
# **Guess first:** after `x.flip(1)`, which number of it does a network read first? (a number)

# %% active="ipynb" guess="flip"
# lengths = torch.tensor([6, 2, 4])
# x = torch.tensor([[11, 12, 13, 14, 15, 16], [21, 22, 0, 0, 0, 0], [31, 32, 33, 34, 0, 0]])
# x = x[..., None].float()
# fig, axes = plt.subplots(1, 3, figsize=(9, 2))
# for ax, values, title in zip(
#     axes, [x, x.flip(1), reverse_within_length(x, lengths)],
#     ["x", "x.flip(1)", "reverse_within_length"], strict=True,
# ):
#     shown = values[:, :, 0]
#     ax.imshow(torch.where(shown > 0, shown % 10, torch.nan), cmap="Blues", vmin=-3, vmax=9)
#     for row in range(3):
#         for step in range(6):
#             ax.text(step, row, f"{shown[row, step]:g}", ha="center", va="center",
#                     color="black" if shown[row, step] > 0 else "0.6")
#     ax.grid(False)
#     ax.set(xticks=range(6), yticks=[], xlabel="time step t", title=title)
# plt.show()
# pads = int((x.flip(1)[2, :, 0] == 0).sum())
# ours = reverse_within_length(x, lengths)[2, 0, 0]
# reveal("flip", int(x.flip(1)[2, 0, 0]), because=f"the {pads} steps of its padding come first. "
#        f"With reverse_within_length it reads {ours:g} first.")

# %% [markdown]
# ## 6. A network that reads from both ends
#
# Two recurrent networks with weights of their own. One reads from left to right, the other from
# right to left. At each step their two states stand side by side:
#
# $$\overrightarrow{h}_t = \tanh(x_t W_{xh} + \overrightarrow{h}_{t-1} W_{hh} + b_h)
# \qquad \overleftarrow{h}_t = \tanh(x_t W'_{xh} + \overleftarrow{h}_{t+1} W'_{hh} + b'_h)$$
#
# The backward network is the same loop on the reversed sequence. Afterwards its states have to be
# turned back, so that step t of both halves is about the same word.
#
# `final` is the state in which each direction **ended**. For the forward half that is the last
# real step. Where did the backward half end?


# %% exercise="birnn_forward"
def birnn_forward(
    x: Tensor,
    lengths: Tensor,
    forward_params: Mapping[str, Tensor],
    backward_params: Mapping[str, Tensor],
) -> tuple[Tensor, Tensor]:
    """Run one recurrent network in each direction over the real steps of each sequence.

    Formula: h_t = tanh(x_t W_xh + h_prev W_hh + b_h), where h_prev is the state at t − 1 in the
    forward direction and at t + 1 in the backward direction; it is 0 before each direction's
    first real step.
    Source: M. Schuster, K. K. Paliwal (1997), "Bidirectional recurrent neural networks", IEEE
    Transactions on Signal Processing 45. Not allowed here: nn.RNN, nn.GRU, nn.LSTM, their cells,
    and the functions behind them.

    Args:
        x: (B, T, F), the inputs.
        lengths: (B,), int64, each from 1 to T; what stands in x beyond them has no influence. They
            alone say which steps are real: a real step may be zero.
        forward_params: W_xh (F, H), W_hh (H, H) and b_h (H,).
        backward_params: the same for the backward direction, with values of its own.

    Returns:
        (output, final). output (B, T, 2H): the states at each step, forward half first, 0 on
        padding. final (B, 2H): the state of each direction after the last step that it took,
        forward half first.
    """

    ### BEGIN SOLUTION
    def states(inputs: Tensor, params: Mapping[str, Tensor]) -> Tensor:
        h = inputs.new_zeros(inputs.shape[0], params["b_h"].shape[0])
        steps = []
        for x_t in inputs.unbind(dim=1):
            h = torch.tanh(x_t @ params["W_xh"] + h @ params["W_hh"] + params["b_h"])
            steps.append(h)
        return torch.stack(steps, dim=1)

    forward = states(x, forward_params)
    mirrored = states(reverse_within_length(x, lengths), backward_params)
    backward = reverse_within_length(mirrored, lengths)
    real = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
    output = torch.cat([forward, backward], dim=2) * real[:, :, None]

    rows = torch.arange(x.shape[0], device=x.device)
    final = torch.cat([forward[rows, lengths - 1], backward[:, 0]], dim=1)
    return output, final
    ### END SOLUTION


# %% [markdown]
# ### Look: who knows what?
#
# A sentence of 10 words. Change one word and see which states move. Row j of each picture shows
# what a change of word j does to the states at the steps 0 … 9.
#
# **Guess first:** word 3 is changed. How many of the ten forward states move? (a number)

# %% active="ipynb" guess="who"
# def random_params(seed, features, hidden):
#     g = torch.Generator().manual_seed(seed)
#     return {
#         "W_xh": torch.randn(features, hidden, generator=g) / features**0.5,
#         "W_hh": torch.randn(hidden, hidden, generator=g) / hidden**0.5,
#         "b_h": 0.1 * torch.randn(hidden, generator=g),
#     }
#
#
# T, I, H = 10, 5, 8
# there, back = random_params(1, I, H), random_params(2, I, H)
# g = torch.Generator().manual_seed(3)
# x = torch.randn(1, T, I, generator=g)
# changed = x.repeat(T, 1, 1)
# for j in range(T):
#     changed[j, j] = torch.randn(I, generator=g)
# before, _ = birnn_forward(x, torch.tensor([T]), there, back)
# after, _ = birnn_forward(changed, torch.full((T,), T), there, back)
# moved = (after - before).abs().reshape(T, T, 2, H).mean(dim=3)
# moved = moved * (moved > 1e-6)  # what is smaller is rounding
#
# fig, axes = plt.subplots(1, 2, figsize=(8, 3.6), sharey=True)
# for half, ax in enumerate(axes):
#     shown = moved[:, :, half].where(moved[:, :, half] > 0, torch.nan)
#     image = ax.imshow(shown, cmap="viridis_r", vmin=0, vmax=float(moved.max()))
#     ax.patch.set(hatch="xxx", edgecolor="0.75")
#     ax.grid(False)
#     ax.set(xlabel="state at time step t", xticks=range(T), yticks=range(T),
#            title=["forward half", "backward half"][half])
# axes[0].set(ylabel="word j was changed")
# fig.colorbar(image, ax=axes, label="mean |change| (hatched: 0)")
# plt.show()
# forth, aft = (int((moved[3, :, half] > 0).sum()) for half in range(2))
# reveal("who", forth, because="a forward state knows its own word and what stands to the left of "
#        f"it: the states from step 3 on move. In the backward half {aft} move, up to step 3.")

# %% [markdown]
# Together the two halves know the sentence, at every step. But look at the **last column**. The
# forward half has read ten words there, the backward half one.

# %% [markdown]
# ### Play: what each direction knows
#
# The same picture for one step: how much do its two states move when a word is changed? Words
# behind the end of the sentence are padding. Move `step` from 0 to 9.
#
# - At which step does the forward half know most words, and at which the backward half?
# - Make `recurrent_weight` small, but not 0. A state still depends on far words: can you see it?
# - Make `length` smaller than `step`. What do the two halves know there?

# %% active="ipynb"
# def draw_known(step, length, recurrent_weight):
#     g = torch.Generator().manual_seed(3)
#     x, others = torch.randn(20, 5, generator=g).double().split(10)
#     versions = x.repeat(11, 1, 1)  # first as it is, then with word j changed
#     versions[range(1, 11), range(10)] = others
#     both = [random_params(seed, 5, 8) for seed in (1, 2)]
#     both = [{name: weight.double() for name, weight in one.items()} for one in both]
#     both = [{**one, "W_hh": recurrent_weight * one["W_hh"]} for one in both]
#     output, _ = birnn_forward(versions, torch.full((11,), length), *both)
#     moved = (output[1:, step] - output[0, step]).abs().reshape(10, 2, 8).mean(dim=2)
#     fig, axes = plt.subplots(2, 1, sharex=True, figsize=(7, 3.4))
#     for half, ax in enumerate(axes):
#         name = ["forward", "backward"][half]
#         known = torch.nonzero(moved[:, half] > 1e-14)[:, 0].tolist()
#         told = f"words {known[0]} … {known[-1]}" if known else "no word"
#         if len(known) == 1:
#             told = f"word {step}"
#         ax.axvspan(length - 0.5, 9.5, color="0.85", zorder=0)
#         ax.axvline(step, color="0.5", lw=1, ls="--", zorder=0)
#         ax.bar(range(10), moved[:, half], color=f"C{half}", hatch=["", ".."][half], ec="white")
#         ax.set(ylim=(0, 1.3), xlim=(-0.5, 9.5), ylabel="mean |change|",
#                title=f"The {name} state of step {step} depends on {told}")
#     axes[1].set(xlabel="changed word (grey: padding)", xticks=range(10))
#     plt.show()
#
#
# play(draw_known, step=(0, 9, 0), length=(1, 10, 10), recurrent_weight=(0.0, 2.0, 1.0))

# %% [markdown]
# ### Look: the trap in the last column
#
# To classify a sentence you need one vector for it. Three candidates, all of them found in
# published code:
#
# - `output[:, -1]`, both halves at the last step;
# - `h_n[-1]` of PyTorch, which is the backward half of `final` alone;
# - `final`.
#
# Take a loss of each and see how much gradient reaches each of the four weight matrices.
#
# **Guess first:** with `output[:, -1]`, for how many of the four is it exactly 0? (a number)

# %% active="ipynb" guess="zeros"
# B = 16
# g = torch.Generator().manual_seed(4)
# x = torch.randn(B, T, I, generator=g)
# summaries = {
#     "output[:, -1]": lambda output, final: output[:, -1],
#     "h_n[-1]": lambda output, final: final[:, H:],
#     "final": lambda output, final: final,
# }
# names = ["forward W_xh", "forward W_hh", "backward W_xh", "backward W_hh"]
# without = {}
# fig, ax = plt.subplots(figsize=(8, 3.2))
# for place, (label, pick) in enumerate(summaries.items()):
#     leaves = [{k: v.clone().requires_grad_() for k, v in p.items()} for p in (there, back)]
#     summary = pick(*birnn_forward(x, torch.full((B,), T), *leaves))
#     (summary - 0.5).square().sum().backward()
#     norms = [float(p[k].grad.norm()) if p[k].grad is not None else 0.0
#              for p in leaves for k in ("W_xh", "W_hh")]
#     without[label] = [name for name, norm in zip(names, norms) if norm == 0]
#     at = [i + 0.27 * (place - 1) for i in range(4)]
#     ax.bar(at, norms, 0.25, label=label, hatch=["", "//", ".."][place], edgecolor="white")
#     for i, norm in zip(at, norms):
#         if norm == 0:
#             ax.text(i, 1.5, "0", ha="center", weight="bold", color=f"C{place}")
# ax.set(xticks=range(4), xticklabels=names, ylabel="norm of the gradient",
#        title="Two of the three summaries leave weights without a gradient")
# ax.grid(False, axis="x")
# ax.legend()
# plt.show()
# reveal("zeros", len(without["output[:, -1]"]), because="the backward half has read one word "
#        "there, from a state of zeros. So its W_hh multiplies nothing, and never learns to read.")

# %% [markdown]
# - With `h_n[-1]` the whole forward network gets nothing.
# - On a padded batch `output[:, -1]` is worse still: for every shorter sentence it is padding.
#
# No error, no warning, and the loss falls all the same. This is why the checks of this lab ask for
# the gradient of **every** parameter, and why you should ask too.

# %% [markdown]
# ## 7. Many states, one vector: the mean
#
# `final` is one way to sum up a sentence. Another is the mean of all its states, and "all" means
# the real ones.


# %% exercise="masked_mean"
def masked_mean(output: Tensor, lengths: Tensor) -> Tensor:
    """Average each sequence over its real steps.

    Formula: result[b] = (Σ over t < lengths[b] of output[b, t]) / lengths[b].

    Args:
        output: (B, T, F); what stands in padding has no influence.
        lengths: (B,), int64, each from 1 to T. They alone say which steps are real: a real step
            may be zero.

    Returns:
        (B, F), with the dtype and device of output.
    """
    ### BEGIN SOLUTION
    real = torch.arange(output.shape[1], device=output.device) < lengths[:, None]
    return (output * real[:, :, None]).sum(dim=1) / lengths[:, None]
    ### END SOLUTION


# %% [markdown]
# ### Look: a mean that melts
#
# One sentence of 8 words in batches that are wider and wider, because some *other* sentence is
# long. Its padding is zeros, as neat as can be.
#
# **Guess first:** in a batch of width 16, what share of the true mean is left in the plain
# `output.mean(1)`? (a number from 0 to 1)

# %% active="ipynb" guess="melts"
# sentence = birnn_forward(x[:1, :8], torch.tensor([8]), there, back)[0]
# widths = list(range(8, 41, 4))
# lines = {"masked_mean": [], "output.mean(1)": []}
# for width in widths:
#     padded = F.pad(sentence, (0, 0, 0, width - 8))
#     lines["masked_mean"].append(float(masked_mean(padded, torch.tensor([8])).norm()))
#     lines["output.mean(1)"].append(float(padded.mean(dim=1).norm()))
# fig, ax = plt.subplots()
# for (label, norms), marker in zip(lines.items(), "os", strict=True):
#     ax.plot(widths, norms, marker=marker, label=label)
# ax.set(xlabel="width T of the batch (the sentence has 8 words)", ylabel="norm of the mean",
#        ylim=(0, None), title="The same sentence must not depend on its neighbours")
# ax.legend()
# plt.show()
# at = widths.index(16)
# reveal("melts", lines["output.mean(1)"][at] / lines["masked_mean"][at], because="the sum of 8 "
#        "states is divided by 16. It is the same sentence, and the network sees half of it.")

# %% [markdown]
# ## 8. Many states, one vector: attention
#
# A mean gives each word the same say. Attention lets the network decide. Each step has a
# **score**, a softmax turns the scores of a sentence into weights that add up to 1, and the
# weighted sum of the states is the vector.
#
# Where do the padding steps go? A score of 0 is **not** "nothing": $e^0 = 1$. What score has a
# weight of exactly 0 after the softmax?


# %% exercise="attention_pool"
def attention_pool(output: Tensor, scores: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """Sum up each sequence by its scores: a weighted sum of its real steps.

    Formula: weights[b] = softmax of scores[b] over the real steps t < lengths[b];
    context[b] = Σ_t weights[b, t] · output[b, t].
    Source: Z. Yang et al. (2016), "Hierarchical attention networks for document classification",
    NAACL.

    Args:
        output: (B, T, F).
        scores: (B, T), numbers of any size, 0 too, and on padding too.
        lengths: (B,), int64, each from 1 to T.

    Returns:
        (context, weights): context (B, F); weights (B, T), which add up to 1 in each row and are
        exactly 0 on padding. Both have the dtype and device of output.
    """
    ### BEGIN SOLUTION
    padding = torch.arange(scores.shape[1], device=scores.device) >= lengths[:, None]
    weights = scores.masked_fill(padding, -torch.inf).softmax(dim=1)
    context = (weights[:, :, None] * output).sum(dim=1)
    return context, weights
    ### END SOLUTION


# %% [markdown]
# ### Look: four masks
#
# Eight steps, five of them real. Three masks that look reasonable, and yours.
#
# **Guess first:** `scores * mask` sets the scores of padding to 0. The real scores here are around
# −1. Who gets most of the weight? (words or padding)

# %% active="ipynb" guess="masks"
# scores = torch.tensor([[-1.2, -0.4, -2.0, -0.8, -1.5, 0.9, -0.3, 0.5]])
# mask = torch.tensor([[1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0]])
# states = torch.zeros(1, 8, 2)
# rows = {
#     "softmax(scores)": scores.softmax(1),
#     "softmax(scores * mask)": (scores * mask).softmax(1),
#     "softmax(scores) * mask": scores.softmax(1) * mask,
#     "attention_pool": attention_pool(states, scores, torch.tensor([5]))[1],
# }
# table = torch.cat(list(rows.values()))
# fig, ax = plt.subplots(figsize=(8, 2.8))
# ax.imshow(table, cmap="Blues", vmin=0, vmax=0.6, aspect="auto")
# for row in range(4):
#     for step in range(8):
#         ax.text(step, row, f"{table[row, step]:.2f}", ha="center", va="center")
#     shares = f"{table[row, :5].sum():.2f} on words, {table[row, 5:].sum():.2f} on padding"
#     ax.text(7.7, row, shares, va="center")
# ax.axvline(4.5, color="black", lw=2, ls="-")
# ax.grid(False)
# ax.set(xticks=range(8), xlabel="time step t (padding to the right of the line)",
#        yticks=range(4), yticklabels=list(rows), title="weights")
# plt.show()
# on_words, on_padding = float(table[1, :5].sum()), float(table[1, 5:].sum())
# reveal("masks", "padding" if on_padding > on_words else "words", because="e to the 0 is 1, and "
#        f"e to the −1 is {torch.tensor(-1.0).exp():.2f}. Three steps of padding get "
#        f"{on_padding:.2f} of the weight, five words {on_words:.2f}.")

# %% [markdown]
# ## 9. The model
#
# Put it together: ids → embedding → bidirectional RNN, GRU or LSTM → one vector → logits.
#
# Here you may use PyTorch's own layers. They learn about lengths by **packing**:
# `pack_padded_sequence` takes the padding out of a batch and `pad_packed_sequence` puts it back.
# Three things to know:
#
# - `pack_padded_sequence` wants its lengths on the CPU, and `enforce_sorted=False` unless you sort
#   the batch yourself;
# - `pad_packed_sequence` makes the batch only as wide as the longest sentence, unless you say
#   `total_length`;
# - the final states `h_n` have the shape (directions, B, H), the forward direction first; an LSTM
#   returns a pair `(h_n, c_n)`.


# %% exercise="BiClassifier"
class BiClassifier(nn.Module):
    """Classify sentences with a bidirectional network; padding has no influence.

    Attributes:
        embedding: nn.Embedding (V, E); the row of padding_idx is zeros and stays zeros.
        rnn: nn.RNN, nn.GRU or nn.LSTM, one layer, bidirectional, H units per direction.
        fc: nn.Linear 2H → C.
        attention: nn.Linear 2H → 1 without bias, only for pooling "attention".
    """

    def __init__(
        self,
        vocab_size: int,
        embedding_dim: int,
        hidden_size: int,
        num_classes: int,
        cell: str = "lstm",
        pooling: str = "final",
        padding_idx: int = 0,
    ) -> None:
        """Make the layers.

        Args:
            vocab_size: V, the number of ids.
            embedding_dim: E, the features per word.
            hidden_size: H, the units per direction.
            num_classes: C, the number of logits.
            cell: "rnn", "gru" or "lstm".
            pooling: how the states of a sentence become one vector of 2H numbers: "final", the
                final state of each direction, forward first; "mean", the masked mean of the
                states; "attention", the weighted sum of the states, with the scores
                attention(output).
            padding_idx: the id whose embedding is zeros and does not learn.

        Raises:
            ValueError: cell or pooling is none of these; the message names the argument.
        """
        super().__init__()
        ### BEGIN SOLUTION
        cells = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
        if cell not in cells:
            raise ValueError(f"cell is {cell!r}: it must be one of {', '.join(cells)}")
        if pooling not in ("final", "mean", "attention"):
            raise ValueError(f"pooling is {pooling!r}: it must be final, mean or attention")
        self.pooling = pooling
        self.embedding = nn.Embedding(vocab_size, embedding_dim, padding_idx=padding_idx)
        self.rnn = cells[cell](embedding_dim, hidden_size, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden_size, num_classes)
        if pooling == "attention":
            self.attention = nn.Linear(2 * hidden_size, 1, bias=False)
        ### END SOLUTION

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Give the logits of each sentence, the same however much padding follows.

        Args:
            tokens: (B, T), int64; beyond the lengths any ids may stand.
            lengths: (B,), int64, each from 1 to T, in any order.

        Returns:
            (B, C), the logits, without a softmax.
        """
        ### BEGIN SOLUTION
        embedded = self.embedding(tokens)
        packed = pack_padded_sequence(
            embedded, lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        packed_output, state = self.rnn(packed)
        if self.pooling == "final":
            h_n = state[0] if isinstance(state, tuple) else state
            summary = torch.cat([h_n[0], h_n[1]], dim=1)
        else:
            output, _ = pad_packed_sequence(
                packed_output, batch_first=True, total_length=tokens.shape[1]
            )
            if self.pooling == "mean":
                summary = masked_mean(output, lengths)
            else:
                scores = self.attention(output).squeeze(-1)
                summary, _ = attention_pool(output, scores, lengths)
        logits: Tensor = self.fc(summary)
        return logits
        ### END SOLUTION


# %% [markdown]
# ### Look: what packing is for
#
# A bidirectional GRU reads a sentence of 8 words twice: alone, and followed by 6 steps of padding
# **without packing**. How far do its states move?
#
# **Guess first:** the padding comes *after* the words. In which half do the states *at* the words
# move? (forward, backward, both or neither)

# %% active="ipynb" guess="packing"
# torch.manual_seed(5)
# embedding = nn.Embedding(20, 6, padding_idx=0)
# gru = nn.GRU(6, 8, batch_first=True, bidirectional=True)
# ids = torch.randint(1, 20, (1, 8))
# with torch.no_grad():
#     alone, _ = gru(embedding(ids))
#     unpacked, _ = gru(embedding(F.pad(ids, (0, 6))))
# shift = (unpacked[:, :8] - alone).abs().reshape(8, 2, 8).mean(dim=2)
#
# fig, ax = plt.subplots()
# for half, (label, marker) in enumerate([("forward half", "o"), ("backward half", "s")]):
#     ax.plot(shift[:, half], marker=marker, label=label)
# ax.set(xlabel="time step t (all of them words)", ylabel="mean |shift| of the state",
#        title="Without packing, the backward half starts in the padding")
# ax.legend()
# plt.show()
# forth, aft = (bool(shift[:, half].max() > 1e-5) for half in range(2))
# truth = {(0, 0): "neither", (1, 0): "forward", (0, 1): "backward", (1, 1): "both"}[forth, aft]
# reveal("packing", truth, because="the backward half comes from the padding, and needs some "
#        f"words to forget it: it is off by {shift[7, 1]:.3f} at the last word and by "
#        f"{shift[0, 1]:.3f} at the first.")

# %% [markdown]
# Padding of zeros is no cure. The input of a padding step is zero here; the step still has its
# biases, and moves.

# %% [markdown]
# ### Look: the same sentence in wider and wider batches
#
# Your model, three poolings. The line with crosses is the model that everybody writes first: no
# packing, `output[:, -1]`.
#
# **Guess first:** how many of the four lines are flat? (a number)

# %% active="ipynb" guess="flat"
# widths = list(range(8, 25, 2))
# ranges = []
# fig, ax = plt.subplots()
# for pooling, marker in [("final", "o"), ("mean", "s"), ("attention", "^")]:
#     torch.manual_seed(6)
#     model = BiClassifier(20, 6, 8, 2, pooling=pooling).eval()
#     with torch.no_grad():
#         logits = [model(F.pad(ids, (0, width - 8)), torch.tensor([8])) for width in widths]
#     gaps = [float(two[0, 0] - two[0, 1]) for two in logits]
#     ranges.append(max(gaps) - min(gaps))
#     wide = {"ms": 10, "mfc": "none"} if pooling == "mean" else {}
#     ax.plot(widths, gaps, marker=marker, label=pooling, **wide)
# with torch.no_grad():
#     steps = [model.rnn(model.embedding(F.pad(ids, (0, width - 8))))[0] for width in widths]
#     logits = [model.fc(output[:, -1]) for output in steps]
# gaps = [float(two[0, 0] - two[0, 1]) for two in logits]
# ranges.append(max(gaps) - min(gaps))
# ax.plot(widths, gaps, ":x", color="#CC79A7", label="output[:, -1],\nnot packed")
# ax.set(xlabel="width T of the batch (the sentence has 8 words)",
#        ylabel="difference of the logits", title="A right model does not see its padding")
# ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
# plt.show()
# reveal("flat", sum(one < 1e-5 for one in ranges), because="packing takes the padding out before "
#        "the network reads. Without it output[:, -1] is a state of the padding, and moves by "
#        f"{ranges[-1]:.2f}.")

# %% [markdown]
# ## 10. Training
#
# The loop of lab 5, for batches of `(tokens, lengths, labels)`: clear, forward, loss, backward,
# clip, step. Which optimiser is your choice; Adam is a good one.
#
# The loss of an epoch is the mean over its **sentences**. The last batch is often smaller than the
# others, so the mean of the batch means is something else.


# %% exercise="train_sentiment"
def train_sentiment(
    model: nn.Module,
    batches: Sequence[tuple[Tensor, Tensor, Tensor]],
    epochs: int,
    lr: float,
    max_norm: float = 5.0,
) -> list[float]:
    """Train a classifier of sentences by cross-entropy, one update for each batch.

    For each batch: clear the gradients, forward, loss, backward, clip the global norm of the
    gradients to max_norm, update.

    Args:
        model: `model(tokens, lengths)` gives logits (B, C). It is changed, and is in train mode
            while it learns, whatever mode it comes in.
        batches: (tokens (B, T), lengths (B,), labels (B,)) with int64 labels; B and T may differ
            from batch to batch. All of them are used in each epoch.
        epochs: how often to go through the batches.
        lr: the learning rate of the optimiser.
        max_norm: the largest global norm of the gradients that an update may use.

    Returns:
        One Python float for each epoch: the mean loss over all its sentences.
    """
    ### BEGIN SOLUTION
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    model.train()
    losses = []
    for _ in range(epochs):
        total, count = 0.0, 0
        for tokens, lengths, labels in batches:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(tokens, lengths), labels)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            optimizer.step()
            total += loss.item() * labels.shape[0]
            count += labels.shape[0]
        losses.append(total / count)
    return losses
    ### END SOLUTION


# %% [markdown]
# ### Look: where only the order tells
#
# Now the reviews come to use. "The plot was **good**, and the cast was **not bad**" is praise.
# "The plot was **bad**, and the cast was **not good**" is a complaint, and it is made of *the same
# words*. Which of the two adjectives stands behind "not" is all that counts.
#
# A **bag of words** adds up its words and forgets their order. Train one beside your model, and
# one that only reads **forward**. It takes about ten seconds.
#
# **Guess first:** what share of 400 new reviews does the bag of words get right: 0.5, 0.7 or 0.95?

# %% active="ipynb" guess="bag"
# def make_batches(reviews, vocab, size=32):
#     """Reviews through your own functions: clean, encode, pad."""
#     batches = []
#     for start in range(0, len(reviews), size):
#         texts, labels = zip(*reviews[start : start + size], strict=True)
#         batches.append((*pad_batch([encode(clean_text(text), vocab) for text in texts]),
#                         torch.tensor(labels)))
#     return batches
#
#
# def accuracy(model, batches):
#     model.eval()
#     with torch.no_grad():
#         right = [(model(*inputs).argmax(1) == labels) for *inputs, labels in batches]
#     return float(torch.cat(right).float().mean())
#
#
# class BagOfWords(nn.Module):
#     """The mean of the embeddings, and a small network behind it."""
#
#     def __init__(self, vocab_size):
#         super().__init__()
#         self.embedding = nn.Embedding(vocab_size, 16, padding_idx=0)
#         self.read = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 2))
#
#     def forward(self, tokens, lengths):
#         return self.read(masked_mean(self.embedding(tokens), lengths))
#
#
# class ForwardOnly(BiClassifier):
#     """Your model with its backward half covered up."""
#
#     def __init__(self, *sizes):
#         super().__init__(*sizes)
#         self.fc.register_forward_pre_hook(lambda fc, args: args[0] * self.cover)
#         hidden = sizes[2]
#         self.cover = torch.tensor([1.0] * hidden + [0.0] * hidden)
#
#
# rng = random.Random(7)
# training, unseen = ([make_review(rng) for _ in range(n)] for n in (600, 400))
# vocab = build_vocabulary([clean_text(text) for text, _ in training], 60)
# train_batches, new_batches = make_batches(training, vocab), make_batches(unseen, vocab, 100)
#
# torch.manual_seed(8)
# models = {
#     "bag of words": BagOfWords(len(vocab)),
#     "forward half only": ForwardOnly(len(vocab), 16, 16, 2),
#     "both, final": BiClassifier(len(vocab), 16, 16, 2),
#     "both, mean": BiClassifier(len(vocab), 16, 16, 2, pooling="mean"),
#     "both, attention": BiClassifier(len(vocab), 16, 16, 2, pooling="attention"),
# }
# scores, last_losses = {}, {}
# fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), width_ratios=[3, 2])
# for place, (label, model) in enumerate(models.items()):
#     losses = train_sentiment(model, train_batches, epochs=12, lr=0.01)
#     scores[label], last_losses[label] = accuracy(model, new_batches), losses[-1]
#     left.plot(range(1, 13), losses, marker="osv^x"[place], markevery=(place % 3, 3), label=label)
#     right.barh(place, scores[label], color=f"C{place}")
#     right.text(max(scores[label], 0.5) + 0.02, place, f"{scores[label]:.0%}", va="center")
# left.set(xlabel="epoch", ylabel="mean loss", ylim=(0, None), title="Training")
# left.legend()
# right.axvline(0.5, color="0.5", lw=1.5, ls="--")
# right.set(yticks=range(5), yticklabels=list(models), xlim=(0, 1.2), xlabel="accuracy",
#           xticks=[0, 0.5, 1], title="New reviews (dashed: a coin)")
# right.invert_yaxis()
# plt.show()
# reveal("bag", scores["bag of words"], choices=(0.5, 0.7, 0.95), because="praise and complaint "
#        f"are made of the same words. Its loss falls to {last_losses['bag of words']:.2f} all "
#        "the same: it begins to learn its reviews by heart.")

# %% [markdown]
# - "Bidirectional is more accurate" is too quick. The forward half alone has read the whole review
#   when it comes to its end, and here that is enough. The second direction helps where the answer
#   has to be given *at* a word and depends on what follows it: lab 7.

# %% [markdown]
# ### Look: where does it look?
#
# The weights of the trained attention model, on reviews that it never saw.
#
# **Guess first:** which word of "the plot was good and the cast was not bad" gets the most weight?
# (a word)

# %% active="ipynb" guess="attention"
# model = models["both, attention"].eval()
# shown = ["the plot was good and the cast was not bad",
#          "the plot was bad and the cast was not good",
#          "the music was not really dull . the film was so clever",
#          "the music was not so clever . the film was really dull"]
# most = []
# fig, ax = plt.subplots(figsize=(9, 2.8))
# for row, text in enumerate(shown):
#     tokens, lengths = pad_batch([encode(text, vocab)])
#     with torch.no_grad():
#         states, _ = model.rnn(model.embedding(tokens))
#         weights = attention_pool(states, model.attention(states)[:, :, 0], lengths)[1][0]
#         praise = float(model(tokens, lengths).softmax(1)[0, 1])
#     words = ["<START>", *text.split(), "<END>"]
#     most.append((words[int(weights.argmax())], float(weights.max())))
#     for step, (word, weight) in enumerate(zip(words, weights.tolist(), strict=True)):
#         ax.add_patch(plt.Rectangle((step, row), 1, 0.9, color=plt.cm.Blues(0.7 * weight**0.5)))
#         ax.text(step + 0.5, row + 0.28, word, ha="center", va="center", fontsize=8)
#         ax.text(step + 0.5, row + 0.65, f"{weight:.2f}", ha="center", va="center", fontsize=8)
#     ax.text(len(words) + 0.2, row + 0.45, f"praise: {praise:.2f}", va="center")
# ax.set(xlim=(0, 16), ylim=(4, 0), xticks=[], yticks=[], xlabel="the words in their order",
#        title="Attention weights: the darker, the more")
# ax.grid(False)
# plt.show()
# reveal("attention", most[0][0], because=f"its weight is {most[0][1]:.2f} here. It need not be "
#        "the word that you would point at: each state has read its neighbours, from both sides.")

# %% [markdown]
# A weight says which *state* was used, not which word mattered. Train again from another seed, and
# another word may get the weight, with the same answers.

# %% [markdown]
# ## What you know now
#
# - Text becomes numbers in four steps: clean, vocabulary, encode, pad. Each one can lose
#   something without a word.
# - A bidirectional network is two networks. Each has its own end: the forward half ends at the
#   last real step, the backward half at step 0.
# - A sentence becomes one vector by its final states, a mean, or attention. Each of them has to
#   know the lengths.
#
# **Pitfalls worth remembering**
#
# - `output[:, -1]`: the backward half has read one word there. `h_n[-1]`: the forward half is
#   missing. Ask for the gradient of every parameter.
# - `x.flip(1)` on a padded batch starts in the padding; so does a bidirectional layer without
#   packing.
# - `(tokens != 0).sum(1)` is not the length where 0 may stand inside a sentence.
# - A score of 0 is not a weight of 0.
# - Test with lengths that differ. With equal lengths nearly every mistake of this lab is
#   invisible.
# - If you draw new initial values for the embedding, set the row of `<PAD>` back to zero: it gets
#   no gradient, so it would keep what you gave it.
