"""To revise from before an exam: one page a topic, made into release/summary/ without marks."""

# %% [markdown]
# # Summary: one page a topic
#
# For the evening before the lab exam. Each page has the same five parts: the **equation**, the
# **shapes**, a few **lines of code** that run, the **mistake people make most** and how it
# shows, and **when to use what**. No marks, nothing to hand in.
#
# Cover the output of a cell, say what it will print, then run it. What you got wrong is what to
# practise: the labs are named on each page.
#
# | page | | practised in |
# |---|---|---|
# | 1 | The recurrent step | {{ title("lab2_rnn") }} |
# | 2 | Back through time | {{ title("lab2_rnn") }} |
# | 3 | The gates of an LSTM | {{ title("lab3_lstm") }} |
# | 4 | The GRU | {{ title("lab3_lstm") }} |
# | 5 | Modules and their parameters | {{ title("lab4_models") }} |
# | 6 | Layers, directions, summaries | {{ title("lab6_bidirectional") }} |
# | 7 | The training loop and clipping | {{ title("lab5_clipping") }} |
# | 8 | Padding, packing, masks, pooling | {{ title("lab6_bidirectional") }} |
# | 9 | Tagging | {{ title("lab7_tagging") }} |
# | 10 | Sequence to sequence | {{ title("lab8_seq2seq") }} |
# | 11 | Forecasting | {{ title("lab9_forecasting") }} |
# | 12 | What goes in, what is kept, what comes out | {{ title("lab1_shapes") }} |
# | 13 | Common settings, measured | |
#
# **Letters.** B batch, T time steps, I input features, H hidden units, O outputs, C classes or
# tags, V vocabulary, L layers, D directions. Everything is batch first, and samples are rows.

# %%
import itertools
import math
import time

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from cycler import cycler
from matplotlib.patches import Rectangle
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

torch.set_num_threads(1)
plt.rcParams.update(
    {
        "figure.figsize": (7, 3),
        "figure.dpi": 100,
        "figure.constrained_layout.use": True,
        "axes.titlesize": 10,
        "axes.titlelocation": "left",
        "axes.grid": True,
        "grid.alpha": 0.3,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "lines.markersize": 5,
        "legend.frameon": False,
        "legend.fontsize": 9,
        "axes.prop_cycle": cycler(color=["#0072B2", "#D55E00", "#000000", "#009E73", "#CC79A7"])
        + cycler(linestyle=["-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1))]),
    }
)


def shape(tensor):
    return tuple(tensor.shape)


def boxes(ax, rows, names, bold=(), dark=()):
    """Rows of short texts in boxes, with bold frames and dark fills at (row, column)."""
    for y, row in enumerate(rows):
        for x, text in enumerate(row):
            fill = "#9ecae1" if (y, x) in dark else "white"
            corner, width = (x - 0.46, y - 0.4), 2.5 if (y, x) in bold else 0.5
            ax.add_patch(Rectangle(corner, 0.92, 0.8, fc=fill, ec="black", lw=width))
            ax.text(x, y, text, ha="center", va="center", fontsize=9)
    ax.set(
        xlim=(-0.6, len(rows[0]) - 0.4),
        ylim=(len(rows) - 0.5, -0.5),
        xticks=range(len(rows[0])),
        yticks=range(len(rows)),
        yticklabels=names,
        xlabel="time step t",
    )
    ax.grid(False)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


# %% [markdown] topic="rnn"
# ## 1. The recurrent step
#
# **Equation.** One state, and one formula for every step:
#
# $$h_t = \tanh(x_t W_{xh} + h_{t-1} W_{hh} + b_h) \qquad y_t = h_t W_{hy} + b_y$$
#
# **Shapes.** {{ shapes("lab2_rnn:rnn_forward") }}
#
# The same three arrays serve every step, so the number of parameters does not depend on T. In
# PyTorch the matrices are stored turned over, `weight_ih_l0` (H, I) and `weight_hh_l0` (H, H), and
# there are two biases, which are added.
#
# **To practise:** {{ entry("lab2_rnn:rnn_step") }}, {{ entry("lab2_rnn:rnn_forward") }}

# %%
torch.manual_seed(1)
rnn = nn.RNN(input_size=3, hidden_size=4, batch_first=True)
x, h0 = torch.randn(2, 5, 3), torch.randn(1, 2, 4)
output, h_n = rnn(x, h0)
print("output", shape(output), "  h_n", shape(h_n))
print("the last output is h_n:", torch.equal(output[:, -1], h_n[0]))
print(f"largest state {output.abs().max():.2f}: tanh keeps all below 1")

# %% [markdown]
# The state is all that a network remembers. Cut a sequence in two, hand the state over, and
# nothing changes:

# %%
_, middle = rnn(x[:, :2], h0)
resumed, _ = rnn(x[:, 2:], middle)
print("in two pieces as in one:", torch.allclose(resumed, output[:, 2:], atol=1e-6))
restarted, _ = rnn(x[:, 2:])
print(f"without the state, off by up to {(restarted - output[:, 2:]).abs().max():.2f}")

# %% [markdown]
# **The mistake people make most:** {{ mistake("lab2_rnn:rnn_forward:always_from_h0") }}
#
# **How it shows:** step 0 is right and all later ones are wrong. With T = 1 it does not show at
# all. One that h0 = 0 hides:
# {{ mistake("lab2_rnn:rnn_forward:starts_from_zeros") }}
#
# **When to use what:** a plain RNN where the answer depends on the last few steps, or as the
# baseline that a gated cell has to beat. `nn.RNN` for whole sequences; `nn.RNNCell` and a loop
# where the next input is made from the last output.

# %% [markdown] topic="bptt"
# ## 2. Back through time
#
# **Equation.** Write δ for the gradient of the loss by a state, and dh for the part of it that
# comes from that state's own output. A state is read twice, so two parts are added:
#
# $$\delta_t = dh_t + \big(\delta_{t+1} \odot (1 - h_{t+1}^2)\big) W_{hh}^\top$$
#
# Over k steps the factor $\mathrm{diag}(1-h^2)\,W_{hh}^\top$ is multiplied k times: if it is
# below 1 in size the gradient **vanishes**, above 1 it **explodes**. Weights are shared, so their
# gradients are **added up** over all steps.
#
# **Shapes.** {{ shapes("lab2_rnn:rnn_backward") }}
#
# A gradient has the shape of what it belongs to.
#
# **To practise:** {{ entry("lab2_rnn:rnn_backward") }},
# {{ entry("lab2_rnn:state_gradient_norms") }}


# %%
def gradient_sizes(factor, steps=50):
    """How strongly the last state depends on the input of each step."""
    torch.manual_seed(2)
    rnn = nn.RNN(4, 32, batch_first=True, bias=False)
    nn.init.orthogonal_(rnn.weight_hh_l0, gain=factor)
    x = (0.01 * torch.randn(8, steps, 4)).requires_grad_()
    rnn(x)[1].sum().backward()
    return x.grad.norm(dim=(0, 2))


sizes = {factor: gradient_sizes(factor) for factor in (0.8, 1.0, 1.2)}
for factor, size in sizes.items():
    print(f"factor {factor}: 49 steps back, {size[0] / size[-1]:.1e} of what it is at the end")

# %%
fig, ax = plt.subplots()
for (factor, size), marker in zip(sizes.items(), "osx", strict=True):
    ax.semilogy(range(49, -1, -1), size, marker=marker, markevery=7, label=f"factor {factor}")
ax.set(
    xlabel="steps back from the end",
    ylabel="size of the gradient",
    title="The same factor again and again: it vanishes, stays or explodes",
)
ax.legend()
plt.show()

# %% [markdown]
# **The mistake people make most:** {{ mistake("lab2_rnn:rnn_backward:no_future") }}
#
# **How it shows:** all is right at T = 1, and from T = 2 on a gradient check fails for every
# parameter. If it fails for `dW_hh` alone:
# {{ mistake("lab2_rnn:rnn_backward:dW_hh_from_new_state") }}
#
# **When to use what:** check with central differences in float64, a step of 1e-5, and no clipping
# inside. Against exploding gradients: clipping (page 7). Against vanishing ones: gates (pages 3
# and 4); clipping makes nothing larger. Where T is large, cut the graph every k steps and carry
# the state: truncated BPTT.

# %% [markdown] topic="lstm"
# ## 3. The gates of an LSTM
#
# **Equation.** Three gates between 0 and 1, a candidate g between −1 and 1, and two states:
#
# $$f, i, o = \sigma([x_t, h_{t-1}]\,W + b) \qquad g = \tanh([x_t, h_{t-1}]\,W_g + b_g)$$
#
# $$c_t = f \odot c_{t-1} + i \odot g \qquad h_t = o \odot \tanh(c_t)$$
#
# f keeps, i admits, o shows. The way from $c_{t-1}$ to $c_t$ is a product with f alone: with f
# near 1 gradients pass through many steps.
#
# **Shapes.** {{ shapes("lab3_lstm:lstm_forward") }}; each of the four W is (I+H, H).
#
# **To practise:** {{ entry("lab3_lstm:lstm_gates") }}, {{ entry("lab3_lstm:lstm_step") }},
# {{ entry("lab3_lstm:from_torch_lstm") }}

# %%
torch.manual_seed(3)
lstm = nn.LSTM(3, 4, batch_first=True)
output, (h_n, c_n) = lstm(torch.randn(2, 5, 3))
print("output", shape(output), "  h_n", shape(h_n), "  c_n", shape(c_n))
blocks = dict(zip("ifgo", lstm.bias_ih_l0.detach().chunk(4), strict=True))
print("PyTorch stacks i, f, g, o; each bias has shape", shape(blocks["f"]))

# %% [markdown]
# Only one of the two states has a limit. Open all gates and count in the cell:

# %%
with torch.no_grad():
    lstm.bias_ih_l0.fill_(8)  # every gate near 1, the candidate too
    output, (h_n, c_n) = lstm(torch.zeros(1, 50, 3))
print(f"after 50 steps: largest h {h_n.max():.2f}, largest c {c_n.max():.1f}")

# %%
steps = torch.arange(61)
fig, ax = plt.subplots()
for f, marker in ((0.5, "o"), (0.9, "s"), (0.98, "x")):
    half = math.log(2) / -math.log(f)
    ax.plot(steps, f**steps, marker=marker, markevery=6, label=f"f = {f}: half after {half:.0f}")
ax.axhline(0.5, color="black", lw=0.8)
ax.set(
    xlabel="steps",
    ylabel="what is left of the cell",
    title="A gate a little below 1 remembers much longer",
)
ax.legend()
plt.show()

# %% [markdown]
# **The mistake people make most:** {{ mistake("lab3_lstm:lstm_step:stores_tanh") }}
#
# **How it shows:** the first step looks perfect if you compare h alone; from the second on both
# are wrong. With weights copied from PyTorch:
# {{ mistake("lab3_lstm:from_torch_lstm:read_as_ifog") }}
#
# **When to use what:** the default cell where something must be remembered over tens of steps or
# more. Start the forget bias at 1 or above (page 13). PyTorch has two biases: their **sum** is the
# forget bias. {{ mistake("lab4_models:init_recurrent_:in_both") }}

# %% [markdown] topic="gru"
# ## 4. The GRU
#
# **Equation.** Two gates, a candidate, one state. In PyTorch the reset acts **after** the matrix
# product, bias included:
#
# $$r, z = \sigma(x_t W_x + b_x + h_{t-1} W_h + b_h)$$
#
# $$n = \tanh\big(x_t W_{xn} + b_{xn} + r \odot (h_{t-1} W_{hn} + b_{hn})\big) \qquad
# h_t = (1 - z) \odot n + z \odot h_{t-1}$$
#
# **Shapes.** {{ shapes("lab3_lstm:gru_forward") }}; for r, z and n each: W_x (I, H), W_h (H, H).
#
# **To practise:** {{ entry("lab3_lstm:gru_step") }}, {{ entry("lab3_lstm:gru_forward") }}

# %%
torch.manual_seed(4)
gru = nn.GRU(3, 4, batch_first=True)
x, h0 = torch.randn(2, 30, 3), torch.randn(1, 2, 4)
for z_bias in (-20, 0, 20):
    with torch.no_grad():
        gru.bias_hh_l0[4:8] = z_bias  # stacked r, z, n: the middle block of H is z's
        _, h_n = gru(x, h0)
    print(f"bias of z {z_bias:3}: in 30 steps h0 moved by {(h_n - h0).abs().max():.3f}")

# %% [markdown]
# z near 1 keeps the state, z near 0 replaces it. In other texts the two have changed places, and
# the reset acts before the product: check the formula before you compare numbers.
#
# **The mistake people make most:** {{ mistake("lab3_lstm:gru_step:z_the_other_way") }}
#
# **How it shows:** shapes and ranges are right, every number is wrong. And where only the biases
# give it away: {{ mistake("lab3_lstm:gru_step:reset_without_bias") }}
#
# **When to use what:** a GRU has three quarters of the LSTM's parameters and one state to carry:
# take it where memory or data are short. It has no cell that can count without limit, since its
# state is a mix of numbers between −1 and 1. Which of the two is better and which is
# faster, measure: {{ title("lab3_lstm") }} times them on your machine.

# %% [markdown] topic="modules"
# ## 5. Modules and their parameters
#
# **Equation.** G sets of matrices: 1 in an RNN, 3 in a GRU, 4 in an LSTM. A layer that reads
# $I_l$ numbers has, in each direction,
#
# $$G \cdot H \cdot (I_l + H + 2) \qquad I_1 = I, \quad I_l = D \cdot H \ \text{ from layer 2 on}$$
#
# The 2 is for PyTorch's two bias vectors. LSTM : GRU is exactly 4 : 3, and LSTM : RNN 4 : 1.
#
# **Shapes.** `weight_ih_l0` (G·H, I), `weight_hh_l0` (G·H, H), `bias_ih_l0` and `bias_hh_l0`
# (G·H,); the second layer's first matrix is (G·H, D·H).
#
# **To practise:** {{ entry("lab1_shapes:parameter_count") }},
# {{ entry("lab4_models:count_parameters") }}, {{ entry("lab4_models:ManualRNN") }},
# {{ entry("lab4_models:init_recurrent_") }}

# %%
count = {}
for cell in ("RNN", "GRU", "LSTM"):
    stack = getattr(nn, cell)(28, 64, num_layers=2, bidirectional=True)
    count[cell] = sum(map(torch.numel, stack.parameters()))
    print(f"{cell:4} {count[cell]:7,}", shape(stack.weight_ih_l0), shape(stack.weight_ih_l1))
print(f"LSTM : GRU = {count['LSTM'] / count['GRU']:.3f}, by the formula {4 / 3:.3f}")
print("LSTM by the formula:", f"{2 * 4 * 64 * ((28 + 64 + 2) + (2 * 64 + 64 + 2)):,}")


# %% [markdown]
# A module knows the parameters of what is assigned to it, and of nothing else:


# %%
class InAList(nn.Module):
    def __init__(self, cells):
        super().__init__()
        self.cells = cells


two = [nn.GRUCell(3, 4), nn.GRUCell(4, 4)]
for label, cells in (("a Python list", two), ("nn.ModuleList", nn.ModuleList(two))):
    print(f"cells in {label}: {len(list(InAList(cells).parameters()))} tensors to train")

# %% [markdown]
# **The mistake people make most:** {{ mistake("lab1_shapes:parameter_count:one_bias") }}
#
# **How it shows:** the count is short by G·H for each layer and direction. With two directions
# there is another: {{ mistake("lab1_shapes:parameter_count:layers_read_one_direction") }} In
# modules of your own: layers that are made in `forward` are new in every call, and never learn.
# Two more: {{ mistake("lab4_models:ManualRNN:reads_the_old_state") }}
# {{ mistake("lab4_models:count_parameters:every_level") }}
#
# **When to use what:** count with the formula before you build, and with `parameters()` after.
# `Linear` reads the last axis, whatever stands before it. Make new tensors with `x.new_zeros(…)`,
# so that device and dtype follow the data.

# %% [markdown] topic="layers"
# ## 6. Layers, directions, summaries
#
# **Equation.** Layer l reads the outputs of layer l−1. In each layer, f reads from the left and b,
# with weights of its own, from the right:
#
# $$f_t = \mathrm{step}_f(x_t, f_{t-1}) \qquad b_t = \mathrm{step}_b(x_t, b_{t+1}) \qquad
# \mathrm{output}_t = [f_t, b_t]$$
#
# **Shapes.** `output` (B, T, D·H), the last layer only; `h_n` (L·D, B, H), all layers after
# the last step that they read, **layer by layer, forward first**. From `h_n` to a summary:
# {{ shapes("lab1_shapes:top_layer_state") }}
#
# **To practise:** {{ entry("lab1_shapes:top_layer_state") }},
# {{ entry("lab1_shapes:split_directions") }}, {{ entry("lab6_bidirectional:birnn_forward") }}

# %%
torch.manual_seed(6)
stack = nn.GRU(3, 5, num_layers=2, bidirectional=True, batch_first=True)
x = torch.randn(2, 4, 3)
output, h_n = stack(x)
onward, back = output.split(5, dim=2)
print("output", shape(output), "  h_n", shape(h_n))
print("h_n[2] is forward at the last step: ", torch.equal(h_n[2], onward[:, -1]))
print("h_n[3] is backward at the first one:", torch.equal(h_n[3], back[:, 0]))

# %%
names = ["layer 2, backward", "layer 2, forward", "layer 1, backward", "layer 1, forward"]
kept = {(0, 0): "h_n[3]", (1, 3): "h_n[2]", (2, 0): "h_n[1]", (3, 3): "h_n[0]"}
rows = [[kept.get((y, t), "←" if y % 2 == 0 else "→") for t in range(4)] for y in range(4)]
fig, ax = plt.subplots(figsize=(7, 2.6))
boxes(ax, rows, names, bold=kept, dark=[(y, t) for y in (0, 1) for t in range(4)])
ax.set_title("L = 2, D = 2: output is the dark rows, h_n the bold boxes")
plt.show()

# %% [markdown]
# What has each half of `output[:, -1]` read? Change everything but the last step and look which
# half moves:

# %%
other = torch.cat([torch.randn(2, 3, 3), x[:, 3:]], dim=1)
one_layer = nn.GRU(3, 5, bidirectional=True, batch_first=True)
moved = (one_layer(x)[0] - one_layer(other)[0])[:, -1].abs()
print(f"forward half {moved[:, :5].max():.2f}, backward half {moved[:, 5:].max():.2f}")

# %% [markdown]
# **The mistake people make most:** {{ mistake("lab6_bidirectional:BiClassifier:last_step") }}
#
# **How it shows:** the backward half of the summary has read one token, and its recurrent weights
# get a gradient of exactly 0. Shapes are right and nothing complains. Close to it:
# {{ mistake("lab1_shapes:top_layer_state:merged_by_view") }}
#
# **When to use what:** two directions for classification and tagging, where the whole input is
# there; never where the next token is to be predicted, for it would be read. A second layer where
# one has been shown to be too little. `dropout=` acts **between** layers: with one layer it does
# nothing but warn.

# %% [markdown] topic="training"
# ## 7. The training loop and clipping
#
# **Equation.** All gradients together are one long vector, and get one factor:
#
# $$\lVert g \rVert = \sqrt{\textstyle\sum_p \lVert g_p \rVert^2} \qquad
# g \leftarrow g \cdot \min\Big(1, \frac{m}{\lVert g \rVert + 10^{-6}}\Big)$$
#
# with m for `max_norm`.
#
# **Shapes.** Logits (B, C) and classes (B,), int64, for `cross_entropy`; a loss and a norm are
# single numbers. For a sequence in chunks: {{ shapes("lab5_clipping:tbptt") }}
#
# **To practise:** {{ entry("lab5_clipping:training_step") }},
# {{ entry("lab5_clipping:clip_by_norm") }}, {{ entry("lab5_clipping:evaluate") }}

# %%
torch.manual_seed(7)
net = nn.Sequential(nn.Flatten(), nn.Linear(12, 3))
x, y = 0.5 * torch.randn(8, 4, 3), torch.arange(8) % 3
adam = torch.optim.Adam(net.parameters(), lr=0.01)
adam.zero_grad()  # clear, forward, backward, clip, step
error = F.cross_entropy(net(x), y)
error.backward()
before = nn.utils.clip_grad_norm_(net.parameters(), max_norm=0.1)
after = torch.cat([p.grad.flatten() for p in net.parameters()]).norm()
adam.step()
print(f"loss {error:.2f}; before any training about ln 3 = {math.log(3):.2f}")
print(f"norm {before:.2f} before clipping, which is what clipping returns; {after:.2f} after")

# %%
gradient = torch.tensor([3.0, 0.6])
ways = {
    "as it is": gradient,
    "by norm": F.normalize(gradient, dim=0),
    "by value": gradient.clamp(-1, 1),
}
fig, ax = plt.subplots(figsize=(7, 2.4))
for (label, (gx, gy)), marker in zip(ways.items(), "osx", strict=True):
    cosine = F.cosine_similarity(gradient, torch.stack([gx, gy]), dim=0)
    ax.plot([0, gx], [0, gy], marker=marker, markevery=[1], label=f"{label}, cosine {cosine:.2f}")
ax.set(title="Clipping (3, 0.6) to 1: one way keeps the direction", ylim=(-0.1, 1.1))
ax.legend(loc="upper left")
plt.show()

# %% [markdown]
# **The mistake people make most:**
# {{ mistake("lab5_clipping:training_step:clip_before_backward") }}
#
# **How it shows:** gradients explode as if nothing were clipped; with Adam you hardly see it, with
# SGD the loss may become nan. Of those that look like "it does not learn":
# {{ mistake("lab5_clipping:training_step:cleared_after_backward") }} In reports:
# {{ mistake("lab5_clipping:train_classifier:mean_of_batch_means") }}
#
# **When to use what:** always clip recurrent networks by norm; look at the norms of a few hundred
# steps to choose `max_norm`. `model.train()` to learn, `model.eval()` and `no_grad` to measure.
# Carry a state only from chunk to chunk of the same sequences, detached, and both parts of an
# LSTM's.

# %% [markdown] topic="padding"
# ## 8. Padding, packing, masks, pooling
#
# **Equation.** With n real steps of a sequence and a mask $m_t = [t < n]$:
#
# $$\text{mean} = \frac{1}{n} \sum_t m_t\, h_t \qquad \text{attention} = \sum_t a_t h_t, \quad
# a = \mathrm{softmax}(s \text{ where } m_t = 1, \text{ else } -\infty)$$
#
# **Shapes.** {{ shapes("lab6_bidirectional:masked_mean") }};
# {{ shapes("lab6_bidirectional:attention_pool") }} → the context (B, F) and the weights (B, T)
#
# **To practise:** {{ entry("lab1_shapes:last_valid_step") }},
# {{ entry("lab6_bidirectional:masked_mean") }}, {{ entry("lab6_bidirectional:attention_pool") }}

# %%
torch.manual_seed(8)
net, lengths = nn.GRU(3, 4, batch_first=True, bidirectional=True), torch.tensor([3, 5, 2])
padded = torch.randn(3, 6, 3)
real_steps = pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False)
states, h_n = net(real_steps)
output = pad_packed_sequence(states, batch_first=True, total_length=6)[0]
final = torch.hstack([*h_n])
alone = torch.hstack([*net(padded[:1, :3])[1]])
print("output", shape(output), "  final", shape(final))
print("the first sequence, as if it were alone:", torch.allclose(final[:1], alone, atol=1e-6))

# %% [markdown]
# The same sequence with padding behind it, summarised in seven ways. Which of them move?

# %%
mask = torch.arange(6)[None, :] < lengths[:, None]
careless, careless_h = net(padded)
attend, query = F.scaled_dot_product_attention, torch.randn(1, 1, 8)
hidden = output.masked_fill(~mask[..., None], -math.inf)
attention = attend(query, output[:1], output[:1], attn_mask=mask[:1, None])
short, _ = net(padded[:1, :3])
ways = {
    "output[:, -1], unpacked": (careless[0, -1], short[0, -1]),
    "h_n, unpacked": (torch.hstack([*careless_h])[0], alone[0]),
    "h_n, packed": (final[0], alone[0]),
    "mean over T": (output[0].mean(dim=0), short[0].mean(dim=0)),
    "mean by lengths": (output[0].sum(dim=0) / 3, short[0].mean(dim=0)),
    "largest, padding at −∞": (hidden[0].amax(dim=0), short[0].amax(dim=0)),
    "attention, padding at −∞": (attention, attend(query, short, short)),
}
for label, (with_padding, without) in ways.items():
    print(f"{label:25} moves by {(with_padding - without).abs().max():.2f}")

# %%
rows = [["·" if t >= n else "real" for t in range(6)] for n in lengths.tolist()]
ends = [(b, n - 1) for b, n in enumerate(lengths.tolist())]
fig, ax = plt.subplots(figsize=(7, 1.9))
boxes(ax, rows, [f"length {n}" for n in lengths.tolist()], ends, [(b, 5) for b in range(3)])
ax.set_title("Bold: each sequence's last real step. Dark: what output[:, -1] reads")
plt.show()

# %% [markdown]
# **The mistake people make most:** {{ mistake("lab1_shapes:last_valid_step:end_of_block") }}
#
# **How it shows:** right for the longest sequence of a batch, wrong for all others, and the answer
# for a sentence changes with its neighbours. In pooling:
# {{ mistake("lab6_bidirectional:masked_mean:by_width") }} In attention:
# {{ mistake("lab6_bidirectional:attention_pool:masked_afterwards") }}
#
# **When to use what:** pack whenever something reads from the right or you want `h_n`; one
# direction with padding behind may do without and gather at `lengths − 1`. Pass lengths along and
# never guess them from the ids. `lengths.cpu()` for packing, `enforce_sorted=False`,
# `total_length=T` on the way back.

# %% [markdown] topic="tagging"
# ## 9. Tagging
#
# **Equation.** Cross-entropy over **real** tokens, and the best path over all steps at once, with
# emissions e and transitions A:
#
# $$L = \frac{1}{\#\text{real}} \sum_{\text{real}} -\log p(\text{tag}) \qquad
# \text{score}(y) = \sum_t e_{t, y_t} + \sum_{t > 0} A_{y_{t-1}, y_t} \qquad
# F_1 = \frac{2 \cdot \text{right}}{\text{predicted} + \text{true}}$$
#
# **Shapes.** {{ shapes("lab7_tagging:tagging_loss") }}; for `cross_entropy` the classes stand on
# axis 1: (B, C, T). {{ shapes("lab7_tagging:viterbi_decode") }}
#
# **To practise:** {{ entry("lab7_tagging:tagging_loss") }},
# {{ entry("lab7_tagging:sequence_accuracy") }}, {{ entry("lab7_tagging:viterbi_decode") }},
# {{ entry("lab7_tagging:span_f1") }}

# %%
torch.manual_seed(9)
tags = torch.tensor([[0, 2, 1, 1, 0], [2, 0, -100, -100, -100]])
logits = torch.randn(2, 5, 3) + F.one_hot(tags.clamp(min=0), 3)
right = F.cross_entropy(logits.mT, tags)  # −100 is left out by itself
real = tags >= 0
each = F.cross_entropy(logits[real], tags[real], reduction="none")
print(f"mean over real tokens {right:.3f} = {each.mean():.3f}; over B·T {each.sum() / 10:.3f}")

# %% [markdown]
# Three measures of one result, by hand: two sequences with 4 and 2 real tokens, one slip; and 2
# right spans, 3 predicted, 5 true.

# %%
slips, tokens = (1, 0), (4, 2)
print(f"tokens right    {1 - sum(slips) / sum(tokens):.2f}")
print(f"sequences right {slips.count(0) / len(slips):.2f}")
print(f"span F1         {2 * 2 / (3 + 5):.2f}, from precision {2 / 3:.2f} and recall {2 / 5:.2f}")

# %% [markdown]
# The best tag of each step need not make the best path. All paths of three steps, tried one by
# one (Viterbi finds the same without trying all):

# %%
emissions = torch.tensor([[1.0, 0.9], [0.0, 0.8], [1.0, 0.0]])
transitions = torch.tensor([[0.5, -2.0], [-2.0, 0.5]])  # from, to: changing the tag costs


def score_of(path):
    seen = sum(emissions[t, tag] for t, tag in enumerate(path))
    return float(seen + sum(transitions[pair] for pair in itertools.pairwise(path)))


paths = sorted(itertools.product(range(2), repeat=3), key=score_of, reverse=True)
greedy = tuple(emissions.argmax(dim=1).tolist())
for name, path in (("best path", paths[0]), ("best tags", greedy)):
    print(f"{name} {path}: score {score_of(path):.1f}")

# %% [markdown]
# **The mistake people make most:** {{ mistake("lab7_tagging:tagging_loss:divided_by_all") }}
#
# **How it shows:** the loss falls when a batch is padded further, although nothing was learnt. The
# one that raises nothing where T equals C: {{ mistake("lab7_tagging:tagging_loss:as_they_are") }}
# In Viterbi: {{ mistake("lab7_tagging:viterbi_decode:turned") }}
#
# **When to use what:** token accuracy where all tags are of interest and none is rare; sequence
# accuracy where one slip spoils all; span F1 for names, because "always O" has a high accuracy and
# an F1 of 0. Viterbi where some tags may not follow each other.

# %% [markdown] topic="seq2seq"
# ## 10. Sequence to sequence
#
# **Equation.** The decoder starts from the encoder's state and sees, at each step, the target
# **before**; attention is a mean of the encoder's outputs, weighted by how well they fit:
#
# $$p(y) = \prod_t p(y_t \mid y_{<t},\, \text{source}) \qquad
# a = \mathrm{softmax}\Big(\frac{q K^\top}{\sqrt{H}}\Big), \quad \text{context} = a V$$
#
# **Shapes.** source (B, T) → encoder outputs (B, T, H) and state (1, B, H); decoder: one token
# (B,) and a state → logits (B, V) and the next state; query (B, H), keys (B, T, H), mask (B, T)
# → weights (B, T), context (B, H).
#
# **To practise:** {{ entry("lab8_seq2seq:shift_right") }}, {{ entry("lab8_seq2seq:Seq2Seq") }},
# {{ entry("lab8_seq2seq:dot_attention") }}, {{ entry("lab8_seq2seq:beam_search") }}

# %%
torch.manual_seed(10)
query, keys = torch.randn(2, 1, 4), torch.randn(2, 5, 4)
mask = torch.arange(5) < torch.tensor([[[5]], [[3]]])  # the second source has 3 tokens
attend = F.scaled_dot_product_attention  # softmax of the products over √H
context = attend(query, keys, keys, attn_mask=mask)
weights = attend(query, keys, torch.eye(5).expand(2, 5, 5), attn_mask=mask)
print("context", shape(context), "  weights", shape(weights))
print("weights of the second:", [round(weight, 2) for weight in weights[1, 0].tolist()])

# %% [markdown]
# **Teacher forcing** feeds the true target, one step late. Fed in time, the network copies. Proof:
# random targets, which nobody can predict:


# %%
def loss_on_random_targets(late):
    torch.manual_seed(11)
    table, rnn, head = nn.Embedding(9, 16), nn.GRU(16, 32, batch_first=True), nn.Linear(32, 8)
    adam = torch.optim.Adam([*table.parameters(), *rnn.parameters(), *head.parameters()], 0.01)
    for _ in range(80):
        targets = torch.randint(0, 8, (32, 6))
        fed = targets.roll(1, dims=1) if late else targets.clone()
        fed[:, 0] = 8  # the start id
        error = F.cross_entropy(head(rnn(table(fed))[0]).mT, targets)
        adam.zero_grad()
        error.backward()
        adam.step()
    return error.item()


print(f"one step late {loss_on_random_targets(True):.2f}, ln 8 = {math.log(8):.2f}")
print(f"fed in time   {loss_on_random_targets(False):.2f}: below what is possible, so it leaks")

# %% [markdown]
# **Greedy** takes the best token of each step; **beam search** keeps the best few beginnings, and
# so may find what begins less well and ends better:

# %%
first = {"a": 0.6, "b": 0.4}
second = {"a": {"c": 0.5, "d": 0.5}, "b": {"c": 0.9, "d": 0.1}}
ends = {s + t: round(p * q, 2) for s, p in first.items() for t, q in second[s].items()}
print("greedy goes on from", max(first, key=first.get), "  all ends:", ends)

# %% [markdown]
# **The mistake people make most:** {{ mistake("lab8_seq2seq:train_seq2seq:fed_its_targets") }}
#
# **How it shows:** a training loss that soon is near 0, far below ln V on targets that are
# random, and nonsense as soon as the network has to go on from its own words. Elsewhere:
# {{ mistake("lab8_seq2seq:dot_attention:masked_afterwards") }}
# {{ mistake("lab8_seq2seq:beam_search:probabilities_multiplied") }}
#
# **When to use what:** teacher forcing to train, greedy for a first look, a small beam where
# the whole sequence counts; add logarithms, for products of probabilities become 0. Attention as
# soon as the source is longer than a single state can hold. Stop at the end id, and let it count
# in the loss, or the network never learns to stop.

# %% [markdown] topic="forecasting"
# ## 11. Forecasting
#
# **Equation.** Windows of length l and a target that lies `horizon` steps behind their end:
#
# $$X_i = (s_i, \dots, s_{i+l-1}) \qquad y_i = s_{i+l+\text{horizon}-1} \qquad
# z = \frac{s - \text{mean}_\text{train}}{\text{std}_\text{train}}$$
#
# **Shapes.** series (n,) → X (N, l), y (N,) with N = n − l − horizon + 1; the network reads
# (B, l, 1) and gives (B,).
#
# **To practise:** {{ entry("lab9_forecasting:sliding_windows") }},
# {{ entry("lab9_forecasting:fit_scaler") }}, {{ entry("lab9_forecasting:rollout") }},
# {{ entry("lab9_forecasting:train_forecaster") }}

# %%
series = torch.arange(10.0)
X, y = series.unfold(0, 4, 1)[:-2], series[5:]  # windows of 4, two steps ahead
print("X", shape(X), "  y", shape(y), "  first:", X[0].tolist(), "→", y[0].item())
print("last: ", X[-1].tolist(), "→", y[-1].item())

# %%
rows = [["" for _ in range(10)] for _ in range(3)]
for row in range(3):
    rows[row][row : row + 4] = ["x"] * 4
    rows[row][row + 5] = "y"
fig, ax = plt.subplots(figsize=(7, 1.9))
read = [(row, row + k) for row in range(3) for k in range(4)]
due = [(row, row + 5) for row in range(3)]
boxes(ax, rows, ["window 0", "window 1", "window 2"], due, read)
ax.set_title("l = 4, horizon = 2: the next window begins one step later")
plt.show()

# %% [markdown]
# First the baseline. On a random walk, repeating the last value is the best that anybody can do,
# and its score looks excellent:

# %%
torch.manual_seed(12)
walk = torch.randn(2000).cumsum(0)
persistence = F.mse_loss(walk[:-1], walk[1:])
print(f"persistence: mse {persistence:.2f}, R² {1 - persistence / walk.var():.3f}")
print(f"mean of the first 1600: {walk[:1600].mean():.1f}, of all: {walk.mean():.1f}")
tested = torch.rand(1971) < 0.2  # windows of 30, drawn at random
near = (~tested[:-2] | ~tested[2:])[tested[1:-1]].float().mean()
print(f"drawn at random, {near:.0%} of the test windows share 29 points with a training one")
sine = torch.sin(2 * math.pi * torch.arange(41) / 20)
print(f"two whole periods: the target differs from x[0] by {sine[40] - sine[0]:.0e}")

# %% [markdown]
# **The mistake people make most:** training and test windows are drawn at random from one series.
# How many points does a test window share with its neighbour?
#
# **How it shows:** an excellent test score that is gone on next week's data. Close to it: mean and
# standard deviation are taken from the whole series, so the test part has a say in them. And:
# {{ mistake("lab9_forecasting:sliding_windows:horizon_ignored") }}
# {{ mistake("lab9_forecasting:split_series:shuffled") }}
#
# **When to use what:** split by time, fit the scaler on the training part, and print the error of
# repeating the last value beside your own. Predict one step where that is enough; for more, feed
# predictions back (errors pile up) or train on the horizon that you need.

# %% [markdown]
# ## 12. What goes in, what is kept, what comes out
#
# With D = 2 if bidirectional, else 1, and P = `proj_size` if that is set, else H:
#
# $$\text{output: } (B, T, D \cdot P) \qquad h_n: (L \cdot D, B, P) \qquad
# c_n: (L \cdot D, B, H)$$
#
# The table is not written but **measured**: each network is built and run with sizes that are all
# different, and the sizes are read back as letters. A state goes in with the shape with which it
# comes out. S is the number of real steps in a packed batch.
#
# **To practise:** {{ entry("lab1_shapes:rnn_shapes") }}, {{ entry("lab1_shapes:lstm_shapes") }}

# %%
B, T, I, H, P = 5, 8, 10, 7, 3
LETTERS = {B: "B", T: "T", I: "I", H: "H", 2 * H: "2H", P: "P", 2 * P: "2P", 21: "S"}


def letters(tensor, state=False):
    """A shape in letters; the first axis of a state is the number of layers times directions."""
    first, *others = tensor.shape
    axes = [str(first) if state else LETTERS[first], *(LETTERS[size] for size in others)]
    return f"({', '.join(axes)})"


def line(label, net, x):
    """One line of the table; .data is what a packed batch holds, and a tensor itself."""
    output, state = net(x)
    h_n, c_n = state if isinstance(state, tuple) else (state, None)
    cell = letters(c_n, state=True) if c_n is not None else ""
    print(f"{label:27}{letters(x.data):12}{letters(h_n, state=True):12}{cell:12}", end="")
    print(letters(output.data))


x = torch.randn(B, T, I)
real_steps = pack_padded_sequence(
    x, torch.tensor([8, 3, 1, 5, 4]), batch_first=True, enforce_sorted=False
)
forms = {
    "PyTorch's default": (x.transpose(0, 1), {"batch_first": False}),
    "batch_first": (x, {}),
    "3 layers": (x, {"num_layers": 3}),
    "2 directions": (x, {"bidirectional": True}),
    "3 layers, 2 directions": (x, {"num_layers": 3, "bidirectional": True}),
    "packed": (real_steps, {}),
    "one sequence, no batch": (x[0], {}),
}
print(f"{'':27}{'input':12}{'h_n':12}{'c_n':12}output")
for cell in (nn.RNN, nn.GRU, nn.LSTM):
    print(f"nn.{cell.__name__}")
    for label, (data, options) in forms.items():
        line(f"  {label}", cell(I, H, **{"batch_first": True, **options}), data)
for label, options in {
    "proj_size": {},
    "proj_size, 2 directions": {"bidirectional": True},
}.items():
    lstm = nn.LSTM(I, H, proj_size=P, batch_first=True, **options)
    line(f"  {label}", lstm.double(), x.double())  # in float32 some CPUs warn that this is slow
print("a single step")
for cell in (nn.RNNCell, nn.GRUCell, nn.LSTMCell):
    state = cell(I, H)(x[:, 0])
    states = state if isinstance(state, tuple) else (state,)
    print(
        f"  nn.{cell.__name__:22}{letters(x[:, 0]):12}",
        *(f"{letters(s):12}" for s in states),
        sep="",
    )

# %% [markdown]
# - `batch_first` turns input and output, **never** the states.
# - nn.RNN and nn.GRU give `(output, h_n)`, nn.LSTM `(output, (h_n, c_n))`; a cell gives the state
#   alone, an LSTMCell `(h, c)`.
# - Without a state, zeros are taken.

# %% [markdown]
# ## 13. Common settings, measured
#
# Every number here is measured as you run it, on small made-up tasks, over three seeds. Read it
# as "in which direction and how much", not as the best values for your data.
#
# The task: for each token its sum with the token before, modulo 3 (`'pair'` in
# {{ title("lab7_tagging") }}). An embedding, an LSTM, a linear layer, Adam.


# %%
class Reader(nn.Module):
    def __init__(self, hidden_size=32, dropout=0.0, classes=3):
        super().__init__()
        self.table = nn.Embedding(10, 8)
        self.lstm = nn.LSTM(8, hidden_size, batch_first=True)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(hidden_size, classes))

    def forward(self, x):
        return self.head(self.lstm(self.table(x))[0])


def pairs(size):
    """Tokens, and for each the sum with the one before it, modulo 3."""
    x = torch.randint(1, 10, (size, 12))
    before = torch.where(torch.arange(12) > 0, x.roll(1, dims=1), 0)
    return x, (x + before) % 3


def learn(net, draw, updates, lr=0.01):
    adam = torch.optim.Adam(net.parameters(), lr)
    for _ in range(updates):
        x, y = draw()
        adam.zero_grad()
        F.cross_entropy(net(x).mT, y).backward()
        adam.step()


@torch.no_grad()
def score(net, x, y):
    """The share of right answers in eval mode."""
    return (net.eval()(x).argmax(dim=-1) == y).float().mean().item()


MEASURED = {}


def measure(title, values, trial, unit="right on new data"):
    """Run trial(value) with three seeds for each value, and print what it gave."""
    print(f"{title} ({unit}, three seeds, seconds for one)")
    for value in values:
        start, found = time.perf_counter(), []
        for seed in range(3):
            torch.manual_seed(seed)
            found.append(trial(value))
        seconds = (time.perf_counter() - start) / 3
        MEASURED.setdefault(title, {})[value] = sum(found) / 3
        print(f"  {value:<8g}", *(f"{one:7.2f}" for one in found), f"   {seconds:.1f} s")


def with_rate(lr):
    net = Reader()
    learn(net, lambda: pairs(32), 60, lr)
    return score(net, *pairs(300))


measure("learning rate", (1e-4, 1e-3, 1e-2, 1e-1, 1), with_rate)

# %% [markdown]
# **Learning rate.** After 60 updates the lowest has learnt nothing and looks like a bug, and the
# highest jumps about and does not settle. In between, a factor of ten or more works. Begin with
# Adam at 1e-3 to 1e-2, try factors of ten, then of three.


# %%
def with_units(hidden_size):
    net = Reader(hidden_size)
    learn(net, lambda: pairs(32), 60)
    return score(net, *pairs(300))


def with_batch(size):
    net = Reader()
    learn(net, lambda: pairs(size), 1280 // size)
    return score(net, *pairs(300))


measure("hidden size", (2, 8, 32, 128), with_units)
measure("batch size", (8, 32, 128, 320), with_batch)

# %% [markdown]
# **Hidden size.** Too few units cannot hold what has to be remembered; from "enough" on, more cost
# time and parameters, which grow with H². Double it until nothing gets better.
#
# **Batch size.** All four saw 1,280 sequences. A large batch is quicker per sequence, but with the
# same learning rate it learns less from the same data, because it takes fewer steps. 16 to 64 is a
# good start.


# %%
def with_forget_bias(value):
    """Name the first of 12 tokens at the end: nothing but memory is needed."""
    net = Reader(classes=10)
    with torch.no_grad():
        net.lstm.bias_ih_l0[32:64] = value  # i, f, g, o: the second block
        net.lstm.bias_hh_l0[32:64] = 0  # what counts is the sum of both

    def draw(size=32):
        x = torch.randint(1, 5, (size, 12))
        return x, torch.where(torch.arange(12) == 11, x[:, :1], -100)

    learn(net, draw, 100)
    x, y = draw(300)
    return score(net, x, y) * 12  # one step of twelve counts


measure("forget bias", (-1, 0, 1, 3), with_forget_bias)

# %% [markdown]
# **Forget bias.** At 0 a gate starts half open and keeps half of the cell at each step; at 1 about
# three quarters, at 3 about 95 %. The more steps lie between, the more it matters: start at 1, and
# higher for tens of steps. Guessing gives about a quarter here.


# %%
def with_dropout(share):
    """80 sequences in which a fifth of the tags is wrong: one can learn them by heart."""
    x, y = pairs(80)
    y = torch.where(torch.rand(y.shape) < 0.3, torch.randint(0, 3, y.shape), y)
    net = Reader(dropout=share)
    learn(net, lambda: (x, y), 60, lr=0.02)
    return score(net, *pairs(300))


def with_limit(max_norm):
    """A ReLU network whose gradients explode, with plain gradient descent."""
    rnn, head = nn.RNN(1, 16, nonlinearity="relu", batch_first=True), nn.Linear(16, 1)
    rnn.weight_hh_l0.data = 1.05 * torch.eye(16)
    weights, errors = [*rnn.parameters(), *head.parameters()], []
    sgd = torch.optim.SGD(weights, lr=0.01)
    for _ in range(60):
        x = torch.randn(32, 30, 1)
        error = F.mse_loss(head(rnn(x)[1][0]), 5 * x.mean(dim=1))
        sgd.zero_grad()
        error.backward()
        nn.utils.clip_grad_norm_(weights, max_norm)
        sgd.step()
        errors.append(error.item())
    return sum(errors[-10:]) / 10


measure("dropout", (0, 0.25, 0.5, 0.75), with_dropout)
measure("max_norm", (0.01, 0.1, 1, 100, math.inf), with_limit, "loss at the end")

# %% [markdown]
# **Dropout.** It helps here, where there are few sequences and wrong tags that could be learnt by
# heart. Start at 0, and add some when the training score runs away from the one on new data.
#
# **max_norm.** Without a limit a single step is enough to lose everything (nan). With a very large
# one the network survives the first blow and learns nothing after it: always saying 0 has a loss
# of 0.83 here. Far too small, and it crawls. Between them is room: print the norms of good steps,
# and begin with 1 to 5.

# %%
fig, axes = plt.subplots(2, 3, figsize=(7, 4.2))
for ax, (title, found) in zip(axes.flat, MEASURED.items(), strict=True):
    heights = [0 if math.isnan(value) else min(value, 1.2) for value in found.values()]
    names = [f"{value:.0e}" if 0 < value < 0.01 else f"{value:g}" for value in found]
    title += ": loss, cut at 1.2" if title == "max_norm" else ": right"
    ax.bar(range(len(found)), heights, color="#9ecae1", ec="black")
    ax.set(xticks=range(len(found)), xticklabels=names, ylim=(0, 1.45), title=title)
    for place, value in enumerate(found.values()):
        ax.text(place, heights[place], f"{value:.2f}", ha="center", va="bottom")
    ax.tick_params(axis="x", labelsize=8)
plt.show()
