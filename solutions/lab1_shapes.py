# %% [markdown]
# # Lab 1: Shapes before code
#
# A recurrent network moves blocks of numbers about: a batch of sequences goes in, states come out.
# Know the shape of every block, and most of the code writes itself. Get two axes mixed up, and
# often nothing complains: the program runs, and learns badly.
#
# So this lab comes first. Eight short functions; none of them needs more than about ten lines.
#
# **How to work**
#
# - Write a function, run its cell, then run the check cell below it.
# - Stuck? Call `hint(rnn_shapes)` in a cell of its own (with the name of your function). The first
#   hint says where to look; ask again and it says what is wrong.
# - The pictures are for you, not for marks. Most of them need the functions above them. Write what
#   you expect between the dots of `guess("…")`, then run the folded cell below: a wrong guess
#   teaches more. Guesses are neither stored nor marked.
#
# **What is allowed:** PyTorch and plain Python. Exercises 1 to 3 are arithmetic on whole numbers:
# `torch.nn` is not allowed there, you are predicting what it does. The last exercise is about
# writing `one_hot`, so `torch.nn.functional.one_hot` is not allowed in it.

# %% [markdown]
# ## The letters
#
# | letter | meaning |
# |---|---|
# | B | batch: how many sequences at once |
# | T | time steps in a sequence |
# | I | numbers per time step that go in |
# | H | hidden units: numbers in one state |
# | L | layers, stacked on top of each other |
# | D | directions: 1, or 2 for a network that also reads backwards |
# | C | classes, or words in a vocabulary |
#
# - **A shape** is a tuple of ints, one for each axis: `x.shape` is `(B, T, I)`.
# - **The batch comes first**, `(B, T, …)`, wherever you are not told otherwise.
# - **Axes and steps are counted from 0.** The last one is also number −1.
# - **No function changes its arguments**, and a batch of one, `B = 1`, is still a batch: the axis
#   stays.

# %%
import torch
from torch import Tensor

Shape = tuple[int, ...]


# %% active="ipynb"
# # For the pictures only. Colours and markers: nobody has to tell red from green.
# import matplotlib.pyplot as plt
# from cycler import cycler
# from matplotlib.patches import FancyBboxPatch, Polygon, Rectangle
# from torch import nn
#
# torch.set_num_threads(1)
# BLUE, ORANGE, BLACK, GREEN, PINK = "#0072B2", "#D55E00", "#000000", "#009E73", "#CC79A7"
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
#     "axes.prop_cycle": cycler(color=[BLUE, ORANGE, BLACK, GREEN, PINK])
#     + cycler(linestyle=["-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1))]),
# })

# %% active="ipynb"
# # Drawing tools: no need to read them.
# TINTS = ["#a6cfe8", "#f7c9a4", "#e3e3e3", "#a8dccb", "#eed0e2"]
#
#
# def tagged(B, T, I):
#     """A batch that can be recognised: 100·sample + 10·step + feature."""
#     sample, step, feature = torch.meshgrid(
#         torch.arange(B), torch.arange(T), torch.arange(I), indexing="ij"
#     )
#     return 100 * sample + 10 * step + feature
#
#
# def name_of(code):
#     """A tagged number in words: sequence and step, as in "A0"."""
#     return f"{'ABCDE'[int(code) // 100]}{int(code) // 10 % 10}"
#
#
# def draw_stack(ax, codes, names, title):
#     """A tensor of tagged numbers (S, R, C) as S sheets of R rows and C columns."""
#     sheets, rows, columns = codes.shape
#     for s in range(sheets):
#         for r in range(rows):
#             for c in range(columns):
#                 code = int(codes[s, r, c])
#                 at = (c + 0.5 * s, -r + 0.42 * s)
#                 ax.add_patch(Rectangle(at, 1, 1, facecolor=TINTS[code // 100 % 5],
#                                        edgecolor="black", lw=0.8, zorder=10 - s))
#                 if s == 0 or c == columns - 1:
#                     ax.text(at[0] + (0.5 if s == 0 else 0.75), at[1] + 0.48, name_of(code),
#                             ha="center", va="center", fontsize=9 if s == 0 else 7, zorder=10 - s)
#     ax.annotate("", (-0.35 + 0.5 * (sheets - 1), 1.1 + 0.42 * (sheets - 1)), (-0.35, 1.1),
#                 arrowprops={"arrowstyle": "->", "color": BLUE, "lw": 1.5})
#     ax.text(-0.45 + 0.25 * (sheets - 1), 1.25 + 0.21 * (sheets - 1), f"{names[0]} = {sheets}",
#             ha="right", color=BLUE)
#     ax.text(-0.25, 1 - rows / 2, f"{names[1]} = {rows}", ha="right", va="center", color=BLUE)
#     ax.text(columns / 2, 0.75 - rows, f"{names[2]} = {columns}", ha="center", va="top",
#             color=BLUE)
#     ax.set(xlim=(-2.2, columns + 0.5 * sheets), ylim=(-rows - 0.1, 1.6 + 0.42 * sheets),
#            aspect="equal", title=title)
#     ax.axis("off")
#
#
# def draw_network(ax, layers, steps, bidirectional, title):
#     """Every state of a network: steps to the right, layers upwards, output and h_n marked."""
#     directions = 1 + bidirectional
#     rows = layers * directions
#     for layer in range(layers):
#         foot = layer * directions
#         ax.add_patch(Rectangle((0.05, foot + 0.1), steps - 0.1, directions - 0.2,
#                                facecolor="0.94"))
#         ax.text(-0.75, foot + directions / 2, f"layer {layer}", va="center", ha="right")
#         for t in range(steps):
#             below = foot - (0.3 if layer == 0 else 0.1)
#             ax.annotate("", (t + 0.5, foot + 0.14), (t + 0.5, below),
#                         arrowprops={"arrowstyle": "->", "color": "0.5"})
#     for row in range(rows):
#         backward = row % directions == 1
#         for t in range(steps):
#             final = t == (0 if backward else steps - 1)
#             ax.add_patch(FancyBboxPatch(
#                 (t + 0.2, row + 0.27), 0.6, 0.46, boxstyle="round,pad=0,rounding_size=0.1",
#                 facecolor=TINTS[0] if final else "white", edgecolor=BLUE if final else "0.3",
#                 lw=2.5 if final else 1, hatch="//" if final else "",
#             ))
#             if t + 1 < steps:
#                 start, tip = (t + 0.8, row + 0.5), (t + 1.2, row + 0.5)
#                 if backward:
#                     start, tip = tip, start
#                 ax.annotate("", tip, start, arrowprops={"arrowstyle": "->", "color": "0.3"})
#         side = {"x": -0.05, "ha": "right"} if backward else {"x": steps + 0.05, "ha": "left"}
#         ax.text(y=row + 0.5, s=f"h_n[{row}]", va="center", color=BLUE, **side)
#     for t in range(steps):
#         ax.text(t + 0.5, -0.55, f"$x_{t}$", ha="center", va="center")
#     ax.add_patch(Rectangle((0.05, rows - directions + 0.1), steps - 0.1, directions - 0.2,
#                            fill=False, edgecolor=ORANGE, lw=2, ls="--"))
#     ax.text(steps / 2, rows, "output", color=ORANGE, ha="center", va="bottom")
#     ax.set(xlim=(-1.6, steps + 0.7), ylim=(-0.8, rows + 0.4), title=title)
#     ax.axis("off")
#
#
# def draw_box(ax, at, shape, title):
#     """A tensor of three axes as a box: the first axis is its depth, the second its height."""
#     depth, height, width = shape
#     x, y = at
#     dx, dy = 0.5 * depth, 0.35 * depth
#     faces = [
#         ([0, width, width, 0], [0, 0, height, height], TINTS[0]),
#         ([0, width, width + dx, dx], [height, height, height + dy, height + dy], TINTS[2]),
#         ([width, width + dx, width + dx, width], [0, dy, height + dy, height], "0.75"),
#     ]
#     for across, up, face in faces:
#         corners = [(x + right, y + above) for right, above in zip(across, up)]
#         ax.add_patch(Polygon(corners, facecolor=face, edgecolor="black", lw=1))
#     ax.text(x + width / 2, y - 0.2, width, ha="center", va="top")
#     ax.text(x - 0.3, y + height / 2, height, ha="right", va="center")
#     ax.text(x + dx / 2 - 0.3, y + height + dy / 2, depth, ha="right", va="bottom")
#     ax.text(x, y - 2.4, title, fontsize=9)

# %% [markdown]
# ### Look: a batch is a stack of tables
#
# Three sequences, A, B and C, of four steps each, two numbers per step: shape `(3, 4, 2)`. `A0`
# stands for sequence A, step 0. On the left the batch is the first axis, on the right time is.
# The numbers are the same.
#
# **Guess first:** one sheet on the left belongs to one sequence. To how many does one sheet on the
# right belong? (a number)

# %% active="ipynb" guess="sheet"
# x = tagged(3, 4, 2)
# fig, (left, right) = plt.subplots(1, 2, figsize=(7, 3.4))
# draw_stack(left, x, "BTI", f"batch first: (B, T, I) = {tuple(x.shape)}")
# x = x.transpose(0, 1)
# draw_stack(right, x, "TBI", f"time first: (T, B, I) = {tuple(x.shape)}")
# plt.show()
# reveal("sheet", len({int(code) // 100 for code in x[0].flatten()}),
#        because="a sheet on the right is one moment in the life of all the sequences.")

# %% [markdown]
# PyTorch's recurrent layers expect the picture on the right unless you say `batch_first=True`.

# %% [markdown]
# ### Look: every state, and the ones that you get
#
# At each step, each layer makes a **state**: H numbers for each sequence. The first layer reads
# the input, the second reads the states of the first. PyTorch gives back two selections:
#
# - `output` (dashed orange): the states of the **last layer**, at **every step**;
# - `h_n` (hatched blue): the **final** state of **every layer**.
#
# **Guess first:** two layers and four steps make eight states. How many of them are in both
# selections? (a number)

# %% active="ipynb" guess="both"
# fig, ax = plt.subplots(figsize=(7, 2.6))
# draw_network(ax, layers=2, steps=4, bidirectional=False, title="Two layers, four steps")
# plt.show()
#
# torch.manual_seed(0)
# output, h_n = nn.RNN(input_size=3, hidden_size=5, num_layers=2, batch_first=True)(
#     torch.randn(1, 4, 3)
# )
# shared = sum(torch.equal(state, final) for state in output[0] for final in h_n[:, 0])
# reveal("both", shared, because=f"output has {output.shape[1]} states and h_n has {len(h_n)}. "
#        "The last layer's last state is in both.")

# %% [markdown]
# A **bidirectional** network has a second set of states in each layer that reads from the end to
# the beginning. At each step the two states are put side by side, forward first, so `output` is
# twice as wide. `h_n` does not get wider. It gets longer: one entry for each layer *and*
# direction.
#
# **Guess first:** four steps again, 0 to 3. At which step is a backward state final? (a number)

# %% active="ipynb" guess="final"
# fig, ax = plt.subplots(figsize=(7, 3.6))
# draw_network(ax, layers=2, steps=4, bidirectional=True, title="Two layers, both directions")
# plt.show()
#
# torch.manual_seed(0)
# net = nn.RNN(input_size=3, hidden_size=5, num_layers=2, bidirectional=True, batch_first=True)
# output, h_n = net(torch.randn(1, 4, 3))
# found = [torch.equal(state[5:], h_n[-1, 0]) for state in output[0]]  # the backward halves
# reveal("final", found.index(True), because="it reads from the end to the beginning, and is "
#        "final when it has read everything.")

# %% [markdown]
# ## 1. The shapes of a recurrent network
#
# Put what you saw into a function. It holds for `nn.RNN` and for `nn.GRU`, which has gates inside
# but the same states.
#
# **Careful:** `batch_first` is about `x` and `output` only. A state has no time axis, and PyTorch
# keeps the batch of `h_n` in the middle whatever you say.


# %% exercise="rnn_shapes"
def rnn_shapes(
    batch: int,
    seq_len: int,
    input_size: int,
    hidden_size: int,
    num_layers: int = 1,
    bidirectional: bool = False,
    batch_first: bool = True,
) -> tuple[Shape, Shape]:
    """Predict the two shapes that nn.RNN and nn.GRU give back.

    Three axes each. output counts sequences, steps and the numbers at one step; h_n counts final
    states, sequences and the numbers in one state. How many these are follows from the pictures.
    Source: the "Outputs" sections of torch.nn.RNN and torch.nn.GRU in the PyTorch documentation.

    Args:
        batch: B, the number of sequences.
        seq_len: T, the number of steps.
        input_size: I, the numbers per step that go in.
        hidden_size: H, the numbers in one state.
        num_layers: L.
        bidirectional: whether every layer also reads backwards.
        batch_first: whether input and output are laid out as (B, T, …). PyTorch's own default is
            False; here it is True.

    Returns:
        (output, h_n): two tuples of three ints.
    """
    ### BEGIN SOLUTION
    directions = 2 if bidirectional else 1
    features = directions * hidden_size
    output = (batch, seq_len, features) if batch_first else (seq_len, batch, features)
    h_n = (num_layers * directions, batch, hidden_size)
    return output, h_n
    ### END SOLUTION


# %% [markdown]
# ### Look: ask PyTorch
#
# Your prediction against the real layers, ten of them. Each reads I = 9 numbers at a step.
#
# **Guess first:** in how many of the ten lines will you find a 9 in one of the shapes? (a number)

# %% active="ipynb" guess="nine"
# B, T, I, H = 4, 7, 9, 5
# nines = 0
# print(f"B={B} T={T} I={I} H={H}".ljust(44), "output".ljust(12), "h_n".ljust(12), "predicted")
# for cell in (nn.RNN, nn.GRU):
#     for options in (
#         {},
#         {"num_layers": 3},
#         {"bidirectional": True},
#         {"num_layers": 3, "bidirectional": True},
#         {"num_layers": 3, "batch_first": False},
#     ):
#         named = ", ".join(f"{name}={value}" for name, value in options.items())
#         options = {"batch_first": True} | options
#         x = torch.randn(B, T, I) if options["batch_first"] else torch.randn(T, B, I)
#         real = [tuple(result.shape) for result in cell(I, H, **options)(x)]
#         nines += any(I in shape for shape in real)
#         yours = [tuple(shape) for shape in rnn_shapes(B, T, I, H, **options)]
#         verdict = "right" if yours == real else f"{yours[0]} {yours[1]}"
#         print(f"nn.{cell.__name__} {named}".ljust(44),
#               str(real[0]).ljust(12), str(real[1]).ljust(12), verdict)
# reveal("nine", nines, because="the input is read, and only states come out.")

# %% [markdown]
# ### Look: hand in a state
#
# You may start a network from a state of your own: `net(x, h0)`. It needs the shape of `h_n`. The
# network below has two layers and `batch_first=True`; H is 5.
#
# **Guess first:** how many of these four are refused? (a number)
#
# | | B | shape of `h0` |
# |---|---|---|
# | 1 | 4 | `(2, 4, 5)` |
# | 2 | 4 | `(4, 2, 5)`, the batch first, like `x` |
# | 3 | 2 | `(2, 2, 5)`, meant as layers, batch, hidden |
# | 4 | 2 | `(2, 2, 5)`, meant as batch, layers, hidden |

# %% active="ipynb" guess="handed-in"
# torch.manual_seed(0)
# net = nn.RNN(3, 5, num_layers=2, batch_first=True)
# refused = 0
# for number, batch, swapped in [(1, 4, False), (2, 4, True), (3, 2, False), (4, 2, True)]:
#     x, h0 = torch.randn(batch, 7, 3), torch.randn(2, batch, 5)
#     handed_in = h0.transpose(0, 1).contiguous() if swapped else h0
#     try:
#         output, _ = net(x, handed_in)
#         off = (output - net(x, h0)[0]).abs().max()
#         print(f"{number}: accepted, outputs off by up to {off:.2f}")
#     except RuntimeError as error:
#         refused += 1
#         print(f"{number}: refused: {error}")
# reveal("handed-in", refused, because="PyTorch compares sizes and not what you mean by them: "
#        f"number 4 is accepted, and its outputs are off by up to {off:.2f}.")

# %% [markdown]
# Number 4 is the dangerous one. With as many layers as sequences, a state the wrong way round
# fits, and the sequences start from states that belong to others.
#
# **Test with sizes that all differ.** Then a wrong axis cannot hide.

# %% [markdown]
# ## 2. The LSTM: a second state
#
# An LSTM carries two states from step to step: `h`, which it shows to the outside, and a **cell
# state** `c`, which it keeps to itself. So there are two final states, and they come back as a
# pair: `output, (h_n, c_n) = net(x)`. Your function returns the three shapes without that inner
# pair.
#
# `proj_size=P` adds one more matrix. It shrinks `h` from H numbers to P before it goes anywhere:
# to the next step, to the next layer, to `output`. The cell state keeps its H numbers.


# %% exercise="lstm_shapes"
def lstm_shapes(
    batch: int,
    seq_len: int,
    input_size: int,
    hidden_size: int,
    num_layers: int = 1,
    bidirectional: bool = False,
    batch_first: bool = True,
    proj_size: int = 0,
) -> tuple[Shape, Shape, Shape]:
    """Predict the three shapes that nn.LSTM gives back.

    Without a projection h is as wide as the cell state. With one, it is not: ask of each of the
    three results whether it holds h or c.
    Source: the "Outputs" section of torch.nn.LSTM in the PyTorch documentation; H. Sak, A. Senior,
    F. Beaufays (2014), "Long short-term memory recurrent neural network architectures for large
    scale acoustic modeling", Interspeech, for the projection.

    Args:
        batch: B, the number of sequences.
        seq_len: T, the number of steps.
        input_size: I, the numbers per step that go in.
        hidden_size: H, the numbers in one cell state.
        num_layers: L.
        bidirectional: whether every layer also reads backwards.
        batch_first: whether input and output are laid out as (B, T, …).
        proj_size: P, the numbers in one state h; 0 means that there is no projection.

    Returns:
        (output, h_n, c_n): three tuples of three ints.
    """
    ### BEGIN SOLUTION
    shown = proj_size if proj_size > 0 else hidden_size
    layout = (num_layers, bidirectional, batch_first)
    output, h_n = rnn_shapes(batch, seq_len, input_size, shown, *layout)
    _, c_n = rnn_shapes(batch, seq_len, input_size, hidden_size, *layout)
    return output, h_n, c_n
    ### END SOLUTION


# %% [markdown]
# ### Look: three boxes
#
# Your predictions, drawn: the first axis goes into the page, the second down, the third to the
# right. B = 4, T = 7, H = 5, and I = 9 is nowhere to be seen. A star marks a shape that PyTorch
# does not confirm.
#
# **Guess first:** how many of the three boxes get narrower with `proj_size=2`? (a number)

# %% active="ipynb" guess="narrower"
# cases = [
#     {},
#     {"num_layers": 3},
#     {"num_layers": 3, "bidirectional": True},
#     {"num_layers": 3, "bidirectional": True, "proj_size": 2},
# ]
# widths = []
# fig, ax = plt.subplots(figsize=(7, 6.6))
# for row, options in enumerate(cases):
#     net = nn.LSTM(I, H, batch_first=True, device="meta", **options)  # "meta": shapes, no numbers
#     output, (h_n, c_n) = net(torch.randn(B, T, I, device="meta"))
#     widths.append([result.shape[-1] for result in (output, h_n, c_n)])
#     yours = lstm_shapes(B, T, I, H, **options)
#     named = [f"{name}={value}" for name, value in options.items()] or ["one layer"]
#     ax.text(-13, 2.5 - 12.5 * row, "\n".join(named), va="center", fontsize=9)
#     for place, (name, real) in enumerate([("output", output), ("h_n", h_n), ("c_n", c_n)]):
#         shape = tuple(yours[place])
#         star = "" if shape == tuple(real.shape) else " *"
#         draw_box(ax, (16 * place, -12.5 * row), shape, f"{name} {shape}{star}")
# ax.set(xlim=(-13, 42), ylim=(-12.5 * len(cases) + 9.5, 9), aspect="equal")
# ax.axis("off")
# plt.show()
# reveal("narrower", sum(now < before for before, now in zip(*widths[-2:])),
#        because="output and h_n are made of h, which is projected; the cell state never is.")

# %% [markdown]
# Go down the rows once more. Which box gets wider with two directions, and which get deeper?

# %% [markdown]
# ### Look: same shape, different thing
#
# Without a projection `h_n` and `c_n` have the same shape, so taking one for the other raises
# nothing. This LSTM gets the input 1 at every step, and its gates are pushed open.
#
# **Guess first:** one of the two states can never leave the range from −1 to 1. Which one? (h or
# c)

# %% active="ipynb" guess="range"
# torch.manual_seed(1)
# net = nn.LSTM(input_size=1, hidden_size=1, batch_first=True)
# with torch.no_grad():
#     net.bias_ih_l0.add_(2.0)
# h = c = torch.zeros(1, 1, 1)
# shown, kept = [], []
# for _ in range(12):
#     _, (h, c) = net(torch.ones(1, 1, 1), (h, c))
#     shown.append(h.item())
#     kept.append(c.item())
# fig, ax = plt.subplots()
# ax.plot(kept, marker="s", label="cell state c")
# ax.plot(shown, marker="o", label="state h")
# ax.axhline(1, color="0.5", lw=0.8, ls="-")
# ax.set(xlabel="time step t", ylabel="value",
#        title="c counts upwards, h is squashed before it is shown")
# ax.legend()
# plt.show()
# reveal("range", "h" if max(shown) <= 1 < max(kept) else "c", because="h is a tanh of c times a "
#        f"gate: after {len(kept)} steps c has come to {kept[-1]:.2f}, and h to {shown[-1]:.2f}.")

# %% [markdown]
# ## 3. How many numbers are to be learnt?
#
# A layer reads two things: its input, and its own state of the step before. So it has two
# matrices, one for each. PyTorch also keeps **two** bias vectors, one beside each matrix.
#
# - An RNN has these once. A GRU has **three** such sets (two gates and a candidate), an LSTM
#   **four** (three gates and a candidate).
# - The first layer reads the input: I numbers. Each later layer reads what the layer below puts
#   out, and you know how wide that is in a bidirectional network.
# - A bidirectional layer has all of it twice.
#
# No number of the sequence enters: the same weights serve every step, however long it is.


# %% exercise="parameter_count"
def parameter_count(
    cell: str,
    input_size: int,
    hidden_size: int,
    num_layers: int = 1,
    bidirectional: bool = False,
    bias: bool = True,
) -> int:
    """Count the parameters of nn.RNN, nn.GRU or nn.LSTM without building it.

    Every number that PyTorch would learn counts: those of all matrices and, where there are
    biases, of all bias vectors, in every set, direction and layer.
    Source: the "Variables" sections of torch.nn.RNN, GRU and LSTM in the PyTorch documentation.

    Args:
        cell: "rnn", "gru" or "lstm", in lower case.
        input_size: I, the numbers per step that go in.
        hidden_size: H, the numbers in one state.
        num_layers: L.
        bidirectional: whether every layer also reads backwards.
        bias: whether there are biases, two vectors of them as in PyTorch.

    Returns:
        The number of parameters, an int.

    Raises:
        ValueError: cell is none of the three; the message names the argument `cell`.
    """
    ### BEGIN SOLUTION
    gates = {"rnn": 1, "gru": 3, "lstm": 4}
    if cell not in gates:
        raise ValueError(f"cell must be 'rnn', 'gru' or 'lstm', not {cell!r}")
    directions = 2 if bidirectional else 1
    total = 0
    for layer in range(num_layers):
        reads = input_size if layer == 0 else directions * hidden_size
        one_set = hidden_size * reads + hidden_size * hidden_size
        if bias:
            one_set += 2 * hidden_size
        total += directions * gates[cell] * one_set
    return total
    ### END SOLUTION


# %% [markdown]
# ### Look: a claim about the LSTM
#
# You may read: "an LSTM has about three times the parameters of a GRU." The picture shows the
# matrices of one layer, drawn to scale, for I = 50 and H = 128.
#
# **Guess first:** how many times the parameters of the GRU has the LSTM here: 1.33, 2 or 3?

# %% active="ipynb" guess="ratio"
# I, H = 50, 128
# fig, ax = plt.subplots(figsize=(7, 4.6))
# for place, (cell, sets) in enumerate([("rnn", "h"), ("gru", "rzn"), ("lstm", "ifgo")]):
#     for row, name in enumerate(sets):
#         left = place * (I + H + 110)
#         widths = [(I, TINTS[0], ""), (H, TINTS[1], ""), (9, TINTS[3], "xx")]
#         for width, face, hatch in widths:
#             ax.add_patch(Rectangle((left, row * H), width, H, facecolor=face, edgecolor="black",
#                                    hatch=hatch, lw=0.8))
#             left += width + 4
#         ax.text(place * (I + H + 110) - 8, (row + 0.5) * H, name, ha="right", va="center")
#     count = parameter_count(cell, I, H)
#     module = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[cell](I, H)
#     real = sum(p.numel() for p in module.parameters())
#     ax.text(place * (I + H + 110), len(sets) * H + 15,
#             f"{cell.upper()}\n{count:,}" + ("" if count == real else f"\n(PyTorch: {real:,})"))
# for face, hatch, label in [(TINTS[0], "", f"weight_ih: {I} wide, reads the input"),
#                            (TINTS[1], "", f"weight_hh: {H} wide, reads the state"),
#                            (TINTS[3], "xx", "bias_ih and bias_hh")]:
#     ax.add_patch(Rectangle((0, 0), 0, 0, facecolor=face, hatch=hatch, edgecolor="black",
#                            label=label))
# ax.legend(loc="upper left")
# ax.set(xlim=(-60, 3 * (I + H + 110) - 20), ylim=(-20, 4 * H + 90), aspect="equal",
#        title=f"Each set is H = {H} high; the cells differ in how many sets they stack")
# ax.axis("off")
# plt.show()
#
# lstm, gru, rnn = (parameter_count(cell, I, H) for cell in ("lstm", "gru", "rnn"))
# print(f"LSTM / GRU = {lstm / gru:.3f}    LSTM / RNN = {lstm / rnn:.3f}    "
#       f"GRU / RNN = {gru / rnn:.3f}")
# reveal("ratio", lstm / gru, choices=(1.33, 2, 3), because="four sets stand against three, "
#        f"whatever I and H are. A GRU has {gru / rnn:.0f} times the parameters of a plain RNN.")

# %% [markdown]
# ### Look: two layers, two directions
#
# The same LSTM, with twice the layers and twice the directions. Is that four times the
# parameters?
#
# **Guess first:** how many times as many parameters are there? (a number)

# %% active="ipynb" guess="four-times"
# fig, ax = plt.subplots(figsize=(7, 2.8))
# one = parameter_count("lstm", I, H)
# for row, (layers, both) in enumerate([(1, False), (1, True), (2, False), (2, True)]):
#     first = parameter_count("lstm", I, H, 1, both)
#     total = parameter_count("lstm", I, H, layers, both)
#     ax.barh(row, first, color=TINTS[0], edgecolor="black", label="layer 0" if row == 3 else None)
#     ax.barh(row, total - first, left=first, color=TINTS[1], edgecolor="black", hatch="//",
#             label="layer 1" if row == 3 else None)
#     ax.text(total, row, f"  {total:,} = {total / one:.2f} ×", va="center")
# ax.set(yticks=range(4), yticklabels=["1 layer", "1 layer, both ways", "2 layers",
#                                      "2 layers, both ways"],
#        xlabel="parameters of an LSTM", xlim=(0, 1.35 * total),
#        title=f"The second layer reads both directions: {2 * H} numbers, not {I}")
# ax.invert_yaxis()
# ax.xaxis.set_major_formatter("{x:,.0f}")
# ax.grid(axis="y", visible=False)
# ax.legend(loc="upper right")
# plt.show()
# reveal("four-times", total / one, because="layer 1 reads the states of both directions, and has "
#        f"{1 - first / total:.0%} of them.")

# %% [markdown]
# ### Play: build a network
#
# The picture shows every state, the bars show the parameters of each layer, and the titles come
# from your functions. Move one setting at a time:
#
# - Which setting changes a shape and no parameter?
# - Which settings make `output` wider, and which make `h_n` longer?
# - Double `hidden_size`. Do the parameters double as well?

# %% active="ipynb"
# def draw_sizes(cell, layers, steps, both_ways, hidden_size):
#     B, I = 4, 9
#     sizes = (B, steps, I, hidden_size, layers, both_ways)
#     shapes = lstm_shapes(*sizes) if cell == "LSTM" else rnn_shapes(*sizes)
#     told = zip(("output", "h_n", "c_n"), shapes)
#     up_to = [parameter_count(cell.lower(), I, hidden_size, n, both_ways)
#              for n in range(1, layers + 1)]
#     fig, (left, right) = plt.subplots(1, 2, figsize=(8.5, 3.4), width_ratios=[2, 1])
#     draw_network(left, layers, steps, both_ways,
#                  ", ".join(f"{name} {tuple(shape)}" for name, shape in told))
#     for n, (below, total) in enumerate(zip([0, *up_to], up_to)):
#         right.barh(n, total - below, color=TINTS[n], edgecolor="black")
#         right.text(total - below, n, f" {total - below:,}", va="center")
#     right.set(yticks=range(layers), yticklabels=[f"layer {n}" for n in range(layers)],
#               xlabel=f"parameters, where B = {B} and I = {I}", ylim=(-0.6, 2.6),
#               title=f"{cell}: {up_to[-1]:,} parameters")
#     right.margins(x=0.5)
#     right.locator_params(axis="x", nbins=3)
#     right.xaxis.set_major_formatter("{x:,.0f}")
#     right.grid(axis="y", visible=False)
#     plt.show()
#
#
# play(draw_sizes, cell=["RNN", "GRU", "LSTM"], layers=(1, 3, 2), steps=(2, 5, 4),
#      both_ways=[False, True], hidden_size=(1, 64, 16))

# %% [markdown]
# ## 4. Batch first or time first
#
# Data often arrives as `(T, B, I)`, one sheet per moment, and you want `(B, T, I)`, one sheet per
# sequence. Both hold the same numbers; two axes change places.


# %% exercise="to_batch_first"
def to_batch_first(x: Tensor) -> Tensor:
    """Turn a time-first batch into a batch-first one.

    Step t of sequence b stands at [t, b] in x, and at [b, t] in the result.

    Args:
        x: (T, B, I).

    Returns:
        (B, T, I), with the dtype and device of x; a view is fine.
    """
    ### BEGIN SOLUTION
    return x.transpose(0, 1)
    ### END SOLUTION


# %% [markdown]
# ### Look: two ways to the right shape
#
# `x.view(B, T)` also has the right shape. Four steps of three sequences, one number each: rows on
# the left are steps. In the middle your function, on the right `view`.
#
# **Guess first:** the first row on the right should be sequence A. How many sequences are mixed in
# it? (a number)

# %% active="ipynb" guess="view"
# T, B = 4, 3
# x = tagged(B, T, 1).transpose(0, 1).contiguous()
# panels = [
#     (x, "x: (T, B)", "step", "sequence"),
#     (to_batch_first(x), "to_batch_first(x): (B, T)", "row", "column"),
#     (x.view(B, T, 1), "x.view(B, T, 1): (B, T)", "row", "column"),
# ]
# fig, axes = plt.subplots(1, 3, figsize=(7, 2.8), width_ratios=[B, T, T])
# for ax, (codes, title, down, across) in zip(axes, panels):
#     rows, columns = codes.shape[:2]
#     for r in range(rows):
#         for c in range(columns):
#             code = int(codes[r, c, 0])
#             ax.add_patch(Rectangle((c - 0.5, r - 0.5), 1, 1, facecolor=TINTS[code // 100],
#                                    edgecolor="black", lw=0.8))
#             ax.text(c, r, name_of(code), ha="center", va="center")
#     ax.set(xlim=(-0.55, columns - 0.45), ylim=(rows - 0.45, -0.55), xticks=range(columns),
#            yticks=range(rows), aspect="equal", title=title, xlabel=across, ylabel=down)
#     ax.grid(False)
#     ax.spines[:].set_visible(False)
# plt.show()
# reveal("view", len({int(code) // 100 for code in x.view(B, T)[0]}), because="view leaves the "
#        "numbers in the order in which they lie in memory, and only cuts them into new rows.")

# %% [markdown]
# `reshape` does the same. To change the order of axes, use something that moves axes.

# %% [markdown]
# ### Look: the wrong order raises no error
#
# A batch of six sequences goes through two GRUs with the same weights. One was built with
# `batch_first=True`. The other was not, so it takes the first axis for time. Then only sequence 2
# is changed.
#
# **Guess first:** in how many of the six rows does the output of the second network change? (a
# number)

# %% active="ipynb" guess="leak"
# torch.manual_seed(2)
# right_net = nn.GRU(3, 8, batch_first=True)
# wrong_net = nn.GRU(3, 8)
# wrong_net.load_state_dict(right_net.state_dict())
# x = torch.randn(6, 10, 3)
# changed = x.clone()
# changed[2] = torch.randn(10, 3)
#
# moved = {}
# fig, axes = plt.subplots(1, 2, sharey=True, figsize=(7, 2.6))
# nets = [(right_net, "batch_first=True"), (wrong_net, "forgotten")]
# for ax, (net, title) in zip(axes, nets):
#     with torch.no_grad():
#         before, after = net(x)[0], net(changed)[0]
#     change = (after - before).abs().amax(dim=-1)
#     moved[title] = int((change > 0).any(dim=1).sum())
#     image = ax.imshow(change, cmap="cividis", norm="log", vmin=1e-3, vmax=1)  # 0 stays white
#     ax.set(xlabel="second axis (time)", xticks=range(0, 10, 3),
#            title=f"{title}: output {tuple(after.shape)}")
#     ax.grid(False)
# axes[0].set(ylabel="first axis (sequence)", yticks=range(6))
# fig.colorbar(image, ax=axes, label="largest change", shrink=0.8)
# plt.show()
# reveal("leak", moved["forgotten"], because="it takes rows for steps, so the rows after number 2 "
#        f"have read it. With batch_first=True {moved['batch_first=True']} row changes.")

# %% [markdown]
# White is no change at all. The shapes are equal and nothing was raised, yet on the right the
# sequences leak into each other.
#
# Keep the test, it works for any network: **the answer for one sequence must not depend on its
# neighbours.** In code, `net(x)[i]` equals `net(x[i:i+1])[0]`.

# %% [markdown]
# ## 5. Two directions in one output
#
# The `output` of a bidirectional layer is `(B, T, 2H)`: at each step the forward state, then the
# backward state, side by side. Take the two apart.
#
# Both belong to the same step already: PyTorch has put the backward states back into the order of
# time.


# %% exercise="split_directions"
def split_directions(output: Tensor) -> tuple[Tensor, Tensor]:
    """Split the output of a bidirectional layer into its two directions.

    Each direction gets what it put out at every step; step t stays step t.

    Args:
        output: (B, T, 2H).

    Returns:
        (forward, backward), each (B, T, H) with the dtype and device of output; views are fine.

    Raises:
        ValueError: the last axis is odd, so there are no two equal halves; the message names the
            argument `output`.
    """
    ### BEGIN SOLUTION
    features = output.shape[-1]
    if features % 2 != 0:
        raise ValueError(f"output must have an even last axis, 2H; here it is {features}")
    hidden = features // 2
    return output[..., :hidden], output[..., hidden:]
    ### END SOLUTION


# %% [markdown]
# ### Look: who has read what
#
# Change the input at one step and see which outputs move. Do that for every step: a dark square
# says that the output at step t knows the input at step s.
#
# **Guess first:** eight steps. At the last of them, how many inputs has the backward half read? (a
# number)

# %% active="ipynb" guess="read"
# torch.manual_seed(3)
# T = 8
# net = nn.RNN(3, 6, bidirectional=True, batch_first=True)
# x = torch.randn(1, T, 3)
# knows = torch.zeros(2, T, T)
# with torch.no_grad():
#     before = split_directions(net(x)[0])
#     for s in range(T):
#         moved = x.clone()
#         moved[:, s] += 1
#         after = split_directions(net(moved)[0])
#         for half in range(2):
#             knows[half, s] = (after[half] != before[half]).any(dim=-1)[0]
#
# fig, axes = plt.subplots(1, 2, sharey=True, figsize=(7, 3.4))
# for ax, table, title in zip(axes, knows, ["forward half", "backward half"]):
#     ax.imshow(table, cmap="Greys", vmin=0, vmax=1.3, origin="lower")
#     ax.add_patch(Rectangle((T - 1.5, -0.5), 1, T, fill=False, edgecolor=ORANGE, lw=2.5, ls="--",
#                            clip_on=False))
#     ax.set(xlabel="output at step t", xticks=range(T),
#            title=f"{title}: at the last step {int(table[:, -1].sum())} of {T}")
#     ax.grid(False)
# axes[0].set(ylabel="input at step s", yticks=range(T))
# plt.show()
# reveal("read", int(knows[1, :, -1].sum()), because="it starts at the end: the last step is its "
#        "first.")

# %% [markdown]
# The dashed column is `output[:, -1]`. Remember it when you need one vector for a whole sequence:
# that is the next exercise.

# %% [markdown]
# ## 6. One state for a whole sequence
#
# To classify a sequence you want one vector that has read all of it. It stands in `h_n`: the final
# states of the **last layer**, of each direction. Look at the second network picture again: of
# `h_n[0]` to `h_n[3]`, which two do you need?
#
# The order of `h_n` is layer by layer, and within a layer forward before backward.


# %% exercise="top_layer_state"
def top_layer_state(h_n: Tensor, num_layers: int, bidirectional: bool) -> Tensor:
    """Read the final state of the last layer, both directions side by side.

    The entries of h_n go layer by layer, and forward before backward within a layer. Those of the
    other layers are left out.
    Source: the "Outputs" section of torch.nn.RNN in the PyTorch documentation.

    Args:
        h_n: (L·D, B, H), the final states.
        num_layers: L.
        bidirectional: whether D is 2, else it is 1.

    Returns:
        (B, D·H), the forward direction first, with the dtype and device of h_n; a view is fine.
    """
    ### BEGIN SOLUTION
    directions = 2 if bidirectional else 1
    by_layer = h_n.reshape(num_layers, directions, *h_n.shape[1:])
    return torch.cat(tuple(by_layer[-1]), dim=-1)
    ### END SOLUTION


# %% [markdown]
# ### Look: three summaries of a sequence
#
# You will meet `output[:, -1]` and `h_n[-1]` as "the" summary of a bidirectional network. Put them
# to the test: change every input **except the last one**. A summary that has read the sequence
# must change.
#
# **Guess first:** how many of the three summaries have read the sequence in both directions? (a
# number)

# %% active="ipynb" guess="summaries"
# torch.manual_seed(4)
# H, T = 16, 12
# net = nn.GRU(3, H, bidirectional=True, batch_first=True)
# x, changed = 2 * torch.randn(2, 64, T, 3)
# changed[:, -1] = x[:, -1]
#
#
# def summaries(x):
#     """Three ways to sum up, each as a forward and a backward half (None where there is none)."""
#     with torch.no_grad():
#         output, h_n = net(x)
#     return {
#         "top_layer_state": top_layer_state(h_n, 1, True).split(H, dim=-1),
#         "output[:, -1]": output[:, -1].split(H, dim=-1),
#         "h_n[-1]": (None, h_n[-1]),
#     }
#
#
# old, new = summaries(x), summaries(changed)
# noticed = dict.fromkeys(old, 0)
# fig, ax = plt.subplots()
# styles = [("forward", BLUE, ""), ("backward", ORANGE, "//")]
# for half, (name, colour, hatch) in enumerate(styles):
#     for place, key in enumerate(old):
#         at = place + 0.4 * half - 0.2
#         if old[key][half] is None:
#             ax.text(at, 0.01, "not\nthere", ha="center", color=colour)
#             continue
#         change = float((new[key][half] - old[key][half]).abs().mean())
#         noticed[key] += change > 0
#         ax.bar(at, change, 0.36, color=colour, hatch=hatch, edgecolor="white",
#                label=f"{name} half" if place == 0 else None)
#         ax.text(at, change + 0.005, f"{change:.2f}" if change else "exactly 0", ha="center")
# ax.set(xticks=range(3), xticklabels=list(old), ylabel="mean change", ylim=(0, 0.5),
#        title=f"{T - 1} of {T} inputs were replaced: who noticed?")
# ax.grid(axis="x", visible=False)
# ax.legend(loc="upper right")
# plt.show()
# reveal("summaries", list(noticed.values()).count(2),
#        because="output[:, -1] has a backward half that has read the last input alone, and "
#        "h_n[-1] has no forward half.")

# %% [markdown]
# With `h_n[-1]` half of the network's work is thrown away. With `output[:, -1]` half of the vector
# knows next to nothing, and no size tells you so.

# %% [markdown]
# ## 7. Sequences of different lengths
#
# A batch is a block, so short sequences are filled up to the longest: **padding**. The network
# does not know that and reads on. `lengths` says how many steps of each sequence are real, so step
# `lengths − 1` is the last one that means something.
#
# Pick one step from each row, each from its own place.


# %% exercise="last_valid_step"
def last_valid_step(output: Tensor, lengths: Tensor) -> Tensor:
    """Pick the output at the last real step of each sequence.

    Row b of the result belongs to sequence b, and each sequence ends at a step of its own.

    Args:
        output: (B, T, H); what stands at steps from lengths[b] on is padding.
        lengths: (B,), int64 on the same device, each between 1 and T, in any order.

    Returns:
        (B, H), with the dtype and device of output. Gradients flow back into output.
    """
    ### BEGIN SOLUTION
    rows = torch.arange(len(output), device=output.device)
    return output[rows, lengths - 1]
    ### END SOLUTION


# %% [markdown]
# ### Look: padding goes on thinking
#
# Three sequences of 14, 5 and 9 steps, filled up with zeros. The thin part of each line is
# padding.
#
# **Guess first:** the input is zero there. Does the state stand still? (yes or no)

# %% active="ipynb" guess="padding"
# torch.manual_seed(5)
# lengths = torch.tensor([14, 5, 9])
# T, H = 14, 6
# net = nn.GRU(2, H, batch_first=True)
# sequences = [2 * torch.randn(1, int(n), 2) for n in lengths]
# x = torch.zeros(3, T, 2)
# for row, sequence in zip(x, sequences):
#     row[: sequence.shape[1]] = sequence[0]
# with torch.no_grad():
#     output, _ = net(x)
#     alone = torch.cat([net(sequence)[0][:, -1] for sequence in sequences])
# picked = last_valid_step(output, lengths)
#
# fig, ax = plt.subplots()
# for b, (colour, marker) in enumerate([(BLUE, "o"), (ORANGE, "s"), (BLACK, "^")]):
#     n = int(lengths[b])
#     ax.plot(output[b, :, 0], color=colour, ls=":", lw=1)
#     ax.plot(output[b, :n, 0], color=colour, ls="-", marker=marker, label=f"length {n}")
#     ax.plot(n - 1, picked[b, 0], "o", ms=13, mfc="none", mec=colour, mew=2)
# ax.set(xlabel="time step t", ylabel="state of unit 0", xticks=range(T), ylim=(-1, 1.4),
#        title="Circles: what last_valid_step picks. Dotted: the padding moves the state on")
# ax.legend(ncols=3, loc="upper center")
# plt.show()
#
# for name, summary in [("last_valid_step", picked), ("output[:, -1]", output[:, -1])]:
#     off = [f"{value:.2f}" for value in (summary - alone).abs().amax(dim=1).tolist()]
#     print(f"{name:16} off from each sequence run alone by", *off)
# off = (output[:, -1] - alone).abs().amax(dim=1)
# reveal("padding", bool(off.max() < 0.01), because="a step whose input is zero is still a step. "
#        f"At the end of the block the state of length {lengths[1]} is off by up to {off[1]:.2f}.")

# %% [markdown]
# `h_n` has the same trouble as `output[:, -1]`: it holds the states after the padding. And the
# backward half of a bidirectional network *begins* in the padding; lab 6 deals with that.

# %% [markdown]
# ## 8. Where the I numbers come from
#
# A network reads I numbers per step, so everything has to become `(B, T, I)` first. Four usual
# cases:
#
# | what you have | what goes in | I |
# |---|---|---|
# | one measurement per step | `(B, T, 1)`, not `(B, T)` | 1 |
# | several measurements per step | `(B, T, I)` | how many |
# | words or letters as ids, `(B, T)` | `(B, T, C)` one-hot, or an embedding | C, or its width |
# | an image, read row by row | `(B, rows, columns)` | columns |
#
# An id is a name, not a size: word 7 is not seven times word 1. **One-hot** gives each id an axis
# of its own: all zeros, and a one at the place of the id.


# %% exercise="one_hot"
def one_hot(ids: Tensor, num_classes: int) -> Tensor:
    """Write every id as a row of zeros with a one at its place.



    Args:
        ids: int64 of any shape, also () and empty ones; each from 0 to num_classes − 1.
        num_classes: C.

    Returns:
        (…, C), float32 on the device of ids: the shape of ids with one more axis at the end. An
        empty input gives an empty (…, C).

    Raises:
        ValueError: an id is below 0 or above C − 1; the message names the argument `ids`.
    """
    ### BEGIN SOLUTION
    if ((ids < 0) | (ids >= num_classes)).any():
        raise ValueError(f"ids must lie between 0 and {num_classes - 1}, and some do not")
    classes = torch.arange(num_classes, device=ids.device)
    return (ids.unsqueeze(-1) == classes).to(torch.float32)
    ### END SOLUTION


# %% [markdown]
# ### Look: four layouts
#
# **Guess first:** the letters of "hello world", one-hot. How many numbers go in at one step? (a
# number)

# %% active="ipynb" guess="letters"
# text = "hello world"
# letters = sorted(set(text))
# ids = torch.tensor([letters.index(letter) for letter in text])
# t = torch.linspace(0, 6, 24)
# wave = (torch.sin(t) + 0.3 * torch.sin(5 * t))[None, :, None]
# several = torch.stack([torch.sin(t + shift) for shift in range(5)], dim=-1)[None]
# image = torch.tensor([[0, 1, 1, 1, 0], [1, 0, 0, 0, 1], [0, 0, 0, 0, 1], [0, 0, 1, 1, 0],
#                       [0, 0, 0, 0, 1], [1, 0, 0, 0, 1], [0, 1, 1, 1, 0]])[None]
#
# fig, axes = plt.subplots(2, 2, figsize=(7, 4.6))
# axes[0, 0].plot(wave[0, :, 0], marker="o", ms=3)
# axes[0, 0].set(title=f"one measurement: {tuple(wave.shape)}", xlabel="time step t",
#                ylabel="value")
# panels = [
#     (axes[0, 1], several[0].T, f"five measurements: {tuple(several.shape)}", "measurement"),
#     (axes[1, 0], one_hot(ids, len(letters)).T,
#      f"letters, one-hot: {(1, *one_hot(ids, len(letters)).shape)}", "class"),
#     (axes[1, 1], image[0].T, f"an image, row by row: {tuple(image.shape)}", "column"),
# ]
# for ax, table, title, ylabel in panels:
#     ax.imshow(table, cmap="cividis", aspect="auto")
#     ax.set(title=title, xlabel="time step t", ylabel=ylabel)
#     ax.grid(False)
# axes[1, 0].set(xticks=range(len(text)), xticklabels=text.replace(" ", "␣"),
#                yticks=range(len(letters)), yticklabels="".join(letters).replace(" ", "␣"))
# axes[1, 1].set(xlabel="time step t = row of the image")
# plt.show()
# reveal("letters", one_hot(ids, len(letters)).shape[-1], because="each different letter has a "
#        f"place of its own, the blank too. The text has {len(text)} signs, and that is T.")

# %% [markdown]
# In every panel one column is what the network reads at one step: say B, T and I for each of them.
# (The image looks turned over because its rows have become steps.)
#
# ### Look: a product that is a look-up
#
# A layer multiplies its input by a matrix. Here the input is one-hot, and `W` has one row per
# letter.
#
# **Guess first:** are the products the same numbers as the rows `W[ids]`, to the last digit? (yes
# or no)

# %% active="ipynb" guess="look-up"
# torch.manual_seed(6)
# W = torch.randn(len(letters), 3)
# product = one_hot(ids, len(letters)) @ W
# size, ones = one_hot(ids, len(letters)).numel(), int(one_hot(ids, len(letters)).sum())
# print("letter", text[0], "product", product[0].tolist())
# print("   row of W for it", W[ids[0]].tolist())
# reveal("look-up", torch.equal(product, W[ids]), because=f"of the {size} numbers that go in all "
#        f"but {ones} are zeros, and each of these {ones} picks one row of W.")

# %% [markdown]
# That is all an **embedding** layer is: it looks up the row and never builds the zeros.

# %% [markdown]
# ### Look: a batch of one
#
# A network with one output gives `(B, T, 1)`, and you want the last axis gone. `squeeze()` takes
# away *every* axis of size 1.
#
# **Guess first:** how many axes are left of a batch of one sequence, shape `(1, 5, 1)`? (a number)

# %% active="ipynb" guess="squeeze"
# print("shape".ljust(12), "squeeze()".ljust(12), "squeeze(-1)")
# for shape in [(4, 5, 1), (1, 5, 1), (4, 1, 1), (1, 1, 1)]:
#     y = torch.zeros(shape)
#     print(str(shape).ljust(12), str(tuple(y.squeeze().shape)).ljust(12),
#           tuple(y.squeeze(-1).shape))
# reveal("squeeze", torch.zeros(1, 5, 1).squeeze().dim(), because="the batch is an axis of size 1 "
#        "as well. squeeze(-1) takes away the last axis only.")

# %% [markdown]
# ## What you know now
#
# | what | shape | |
# |---|---|---|
# | `x` | (B, T, I) | (T, B, I) without `batch_first=True` |
# | `output` | (B, T, D·H) | the last layer, every step; P for H with `proj_size` |
# | `h_0`, `h_n` | (L·D, B, H) | every layer and direction; P for H with `proj_size` |
# | `c_0`, `c_n` | (L·D, B, H) | LSTM only, always H |
# | `weight_ih_l0` | (G·H, I) | G = 1, 3, 4 for RNN, GRU, LSTM |
# | `weight_ih_l1` | (G·H, D·H) | reads both directions of the layer below |
# | `weight_hh_l0` | (G·H, H) | |
# | `bias_ih_l0`, `bias_hh_l0` | (G·H,) | two of them |
#
# **Which vector sums up a sequence?**
#
# - one direction, all lengths equal: `output[:, -1]` and `h_n[-1]` are the same thing;
# - two directions: `h_n[-2]` and `h_n[-1]` side by side;
# - padded, one direction: the output at step `lengths − 1`.
#
# **Pitfalls worth remembering**
#
# - `batch_first=True` has to be said, and it moves no state.
# - Two wrong programs raise nothing: the forgotten `batch_first`, and `view` in the place of
#   `transpose`. Both mix up sequences. Test with `net(x)[i]` against `net(x[i:i+1])[0]`.
# - Equal sizes hide wrong axes. In tests, let B, T, I, H and L all differ.
# - `h_n[0]` is the *first* layer. `output[-1]` is the last *sequence*, not the last step.
# - `squeeze()` eats a batch of one. Name the axis: `squeeze(-1)`.
# - An LSTM's parameters are 4/3 of a GRU's, not three times.
