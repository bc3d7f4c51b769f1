# %% [markdown]
# # Lab 3: LSTM and GRU gates by hand
#
# The network of lab 2 writes over its whole state at every step. In this lab you build two
# networks that decide, number by number, what to keep: the LSTM and the GRU. You write them
# forward, the LSTM backward too, and then measure what is said about them. Eleven short functions;
# the longest takes about twenty lines.
#
# **How to work**
#
# - Write a function, run its cell, then run the check cell below it.
# - Stuck? Call `hint(lstm_step)` in a cell of its own (with the name of your function). The first
#   hint says where to look; ask again and it says what is wrong.
# - The pictures are for you, not for marks. Each one needs the functions above it. Write what you
#   expect between the dots of `guess("…")`, then run the folded cell below: a wrong guess teaches
#   more. Guesses are neither stored nor marked.
#
# **What is allowed:** NumPy and plain Python. PyTorch and the packages that differentiate for you
# are not allowed in your functions. A few picture cells use PyTorch as a witness: it must come
# to the same numbers as you.

# %% [markdown]
# ## Conventions
#
# | letter | meaning |
# |---|---|
# | B | batch: how many sequences at once |
# | T | time steps |
# | I | numbers per input |
# | H | hidden units |
#
# | array | shape |
# |---|---|
# | `x` | (B, T, I), or (B, I) for one step |
# | `h0`, `c0` | (B, H) |
# | `W_f`, `W_i`, `W_g`, `W_o` | (I + H, H) |
# | `b_f`, `b_i`, `b_g`, `b_o` | (H,) |
#
# - **The batch comes first, and samples are rows.** A product is `x @ W`, never `W @ x`.
# - **The weights come in one dict,** `params`, under the names of the table.
# - **Time is counted from 0.** The states before step 0 are `h0` and `c0`.
# - **dtype:** float32 in, float32 out. Everything else, integers too, gives float64. "float" means
#   a Python float.
# - **No function changes its arguments.** If you want to write into an array, make it yourself.
# - `dname` is short for ∂L/∂name, the gradient of the loss. It has the shape of `name`.

# %%
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]
Params = Mapping[str, Array]


def as_float(a: ArrayLike) -> Array:
    """Return `a` as an array of floats: float32 stays float32, all else becomes float64."""
    array = np.asarray(a)
    return array if array.dtype == np.float32 else np.asarray(array, dtype=np.float64)


# %% active="ipynb"
# # For the pictures only. Colours and markers: nobody has to tell red from green.
# import time
# import warnings
#
# import matplotlib.pyplot as plt
# import torch
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
# ## 1. A tap
#
# A **gate** is a number between 0 (shut) and 1 (open) that something is multiplied by. The sigmoid
# makes one out of any number:
#
# $$\sigma(z) = \frac{1}{1 + e^{-z}}$$
#
# Typed as it stands, the formula works and complains: at z = −1000 it computes e^1000, which no
# float can hold. Yours should be silent. An exponential overflows only where its argument is
# large and positive; the two halves of the z axis can each have a form of their own.


# %% exercise="sigmoid"
def sigmoid(z: Array) -> Array:
    """Squash every number into the range from 0 to 1.

    Formula: σ(z) = 1 / (1 + e^(−z)), entry by entry; e^z / (1 + e^z) is the same number.

    Args:
        z: an array of any shape, 0-d included.

    Returns:
        An array of the same shape; float32 for float32, else (integers too) float64. No warning
        and no nan for any |z| up to 10,000, in either dtype.
    """
    ### BEGIN SOLUTION
    z = as_float(z)
    small = np.exp(-np.abs(z))  # never above 1, so it cannot overflow
    return np.asarray(np.where(z >= 0, 1 / (1 + small), small / (1 + small)))
    ### END SOLUTION


# %% [markdown]
# ### Look: right, wrong, and right but noisy
#
# The two textbook forms against yours, at z = −1000, 0 and 1000.
#
# **Guess first:** one of the textbook forms gives nan at one of the three. Where: -1000, 0 or
# 1000?

# %% active="ipynb" guess="overflow"
# z = np.array([-1000.0, 0.0, 1000.0])
# forms = {
#     "1 / (1 + exp(-z))": lambda z: 1 / (1 + np.exp(-z)),
#     "exp(z) / (1 + exp(z))": lambda z: np.exp(z) / (1 + np.exp(z)),
#     "yours": sigmoid,
# }
# nowhere = []
# print(f"{'form':22} {'σ(-1000)':>9} {'σ(0)':>5} {'σ(1000)':>8}   what NumPy said")
# for name, form in forms.items():
#     with warnings.catch_warnings(record=True) as caught:
#         warnings.simplefilter("always")
#         low, middle, high = values = form(z)
#     nowhere += z[np.isnan(values)].tolist()
#     said = "; ".join(sorted({str(one.message) for one in caught})) or "nothing"
#     print(f"{name:22} {low:9g} {middle:5g} {high:8g}   {said}")
#
# z = np.linspace(-8, 8, 161)
# gate = sigmoid(z)
# fig, ax = plt.subplots()
# ax.plot(z, gate, marker="o", markevery=20, label="gate σ(z)")
# ax.plot(z, gate * (1 - gate), marker="s", markevery=20, label="its slope σ (1 - σ)")
# ax.axhline(0.25, color="0.5", lw=0.8, ls="-")
# ax.annotate("¼", (-8, 0.27), color="0.3")
# ax.set(xlabel="z", ylabel="value",
#        title="A gate's slope is never above ¼, and almost 0 where it is sure")
# ax.legend()
# plt.show()
# reveal("overflow", nowhere[0], choices=(-1000, 0, 1000),
#        because="exp(1000) is infinite, and infinity divided by infinity is nan. The other form "
#        "divides 1 by infinity: that is 0, and right.")

# %% [markdown]
# The first form is right everywhere, and still not good enough: a program that warns all day hides
# the warning that matters.
#
# Look at the two ends of the picture as well: a gate that is sure has almost no slope, so it
# hardly learns.

# %% [markdown]
# ## 2. Four gates
#
# An LSTM has four small layers. Each sees the same thing, the input and the old state side by
# side, and each has weights of its own:
#
# $$f = \sigma([x, h] W_f + b_f) \quad i = \sigma([x, h] W_i + b_i) \quad
# g = \tanh([x, h] W_g + b_g) \quad o = \sigma([x, h] W_o + b_o)$$
#
# | | name | question it answers |
# |---|---|---|
# | f | forget gate | how much of the old cell stays? |
# | i | input gate | how much of the candidate comes in? |
# | g | candidate | what is there to write? (a value, so −1 to 1, not a gate) |
# | o | output gate | how much of the cell is shown? |
#
# `[x, h]` is `x` and `h` joined into rows of I + H numbers, **x first**. So the first I rows of
# each `W` belong to x, the other H to h.


# %% exercise="lstm_gates"
def lstm_gates(x: Array, h_prev: Array, params: Params) -> dict[str, Array]:
    """Compute the three gates and the candidate of one LSTM step.

    Formula: f = σ([x, h_prev] W_f + b_f), and the same for i and o with their own weights;
    g = tanh([x, h_prev] W_g + b_g). Here [x, h_prev] is x and h_prev side by side, x first.
    Source: S. Hochreiter, J. Schmidhuber (1997), "Long short-term memory", Neural Computation 9;
    forget gate: F. A. Gers, J. Schmidhuber, F. Cummins (2000), Neural Computation 12.

    Args:
        x: (B, I), the input of this step.
        h_prev: (B, H), the state before this step.
        params: W_f, W_i, W_g, W_o, each (I + H, H), and b_f, b_i, b_g, b_o, each (H,).

    Returns:
        A dict with f, i, g and o, each (B, H); float32 for float32 inputs, else float64.
    """
    ### BEGIN SOLUTION
    xh = np.concatenate([x, h_prev], axis=1)
    z = {q: xh @ params[f"W_{q}"] + params[f"b_{q}"] for q in "figo"}
    return {"f": sigmoid(z["f"]), "i": sigmoid(z["i"]), "g": np.tanh(z["g"]), "o": sigmoid(z["o"])}
    ### END SOLUTION


# %% [markdown]
# ## 3. One step
#
# An LSTM carries two states: the **cell** `c`, its memory, and `h`, the part that it shows.
#
# $$c = f \odot c_{prev} + i \odot g \qquad h = o \odot \tanh(c)$$
#
# ⊙ multiplies entry by entry. No matrix touches the cell: with f near 1 and i near 0 it goes
# through the step as it is. That is the whole idea.


# %% exercise="lstm_step"
def lstm_step(x: Array, h_prev: Array, c_prev: Array, params: Params) -> tuple[Array, Array]:
    """Take one step of an LSTM.

    Formula: c = f ⊙ c_prev + i ⊙ g and h = o ⊙ tanh(c), with the gates of `lstm_gates`.
    Source: F. A. Gers, J. Schmidhuber, F. Cummins (2000), "Learning to forget: continual
    prediction with LSTM", Neural Computation 12.

    Args:
        x: (B, I), the input of this step.
        h_prev: (B, H), the state before this step.
        c_prev: (B, H), the cell before this step.
        params: W_f, W_i, W_g, W_o, each (I + H, H), and b_f, b_i, b_g, b_o, each (H,).

    Returns:
        (h, c), in this order: the new state and the new cell, each (B, H). The cell is the one
        before the tanh. float32 for float32 inputs, else float64.
    """
    ### BEGIN SOLUTION
    gate = lstm_gates(x, h_prev, params)
    c = gate["f"] * c_prev + gate["i"] * gate["g"]
    return gate["o"] * np.tanh(c), c
    ### END SOLUTION


# %% [markdown]
# ## 4. A sequence
#
# Do the step T times. Both states travel on; both are returned for every step.


# %% exercise="lstm_forward"
def lstm_forward(x: Array, h0: Array, c0: Array, params: Params) -> tuple[Array, Array]:
    """Run the LSTM over whole sequences and return both states after every step.

    Formula: (h_t, c_t) = lstm_step(x_t, h_{t-1}, c_{t-1}) for t = 0 … T-1, with h0 and c0 before
    step 0.

    Args:
        x: (B, T, I), the inputs; T is at least 1.
        h0: (B, H), the state before the first step. It need not be zero.
        c0: (B, H), the cell before the first step. It need not be zero.
        params: W_f, W_i, W_g, W_o, each (I + H, H), and b_f, b_i, b_g, b_o, each (H,).

    Returns:
        (h, c), each (B, T, H): the state and the cell after each of the T steps, h0 and c0 not
        among them; float32 for float32 inputs, else float64.
    """
    ### BEGIN SOLUTION
    h, c = h0, c0
    states, cells = [], []
    for t in range(x.shape[1]):
        h, c = lstm_step(x[:, t], h, c, params)
        states.append(h)
        cells.append(c)
    return np.stack(states, axis=1), np.stack(cells, axis=1)
    ### END SOLUTION


# %% [markdown]
# ### Look: a memory cell, wired by hand
#
# One unit, nothing learnt: the weights below are chosen so that the unit stores a number on
# command. Each input has two parts, a **value** and a **write** signal (0 or 1).
#
# - write = 1 opens the input gate (5·(2 − 1) = 5) and shuts the forget gate (−5).
# - write = 0 does the opposite: old stays, new stays out.
#
# A number is written at step 4. After that the value goes on wildly, with write = 0.
#
# **Guess first:** how much of that number does the cell still hold at step 13: 0.05, 0.4 or 0.95
# of it?

# %% active="ipynb" guess="holding"
# T = 24
# value = 0.9 * np.sin(np.arange(T) * 1.9)
# write = np.zeros(T)
# write[[4, 14]] = 1
# value[[4, 14]] = 0.8, -0.6
# x = np.stack([value, write], axis=1)[None]
# params = {  # rows: value, write, h
#     "W_f": np.array([[0.0], [-10.0], [0.0]]), "b_f": np.array([5.0]),
#     "W_i": np.array([[0.0], [10.0], [0.0]]), "b_i": np.array([-5.0]),
#     "W_g": np.array([[1.0], [0.0], [0.0]]), "b_g": np.array([0.0]),
#     "W_o": np.array([[0.0], [0.0], [0.0]]), "b_o": np.array([5.0]),
# }
# start = np.zeros((1, 1))
# h, c = lstm_forward(x, start, start, params)
# before = np.concatenate([start[:, None], h[:, :-1]], axis=1)
# gates = [lstm_gates(x[:, t], before[:, t], params) for t in range(T)]
# table = np.array([[float(gate[q][0, 0]) for gate in gates] for q in "figo"])
#
# fig, (top, middle, bottom) = plt.subplots(
#     3, 1, sharex=True, figsize=(7, 5), gridspec_kw={"height_ratios": [2, 2, 2.4]}
# )
# top.bar(range(T), value, color="0.7", label="value")
# top.bar(np.flatnonzero(write), value[write == 1], color="#D55E00", label="value with write = 1")
# top.axhline(0, color="black", lw=0.8, ls="-")
# top.set(ylabel="input", ylim=(-1.2, 1.9), title="What goes in")
# top.legend(ncols=2, loc="upper right")
# image = middle.imshow(table, aspect="auto", cmap="cividis", vmin=-1, vmax=1)
# middle.set(yticks=range(4), yticklabels=["forget f", "input i", "candidate g", "output o"],
#            title="The gates, dark -1, light 1: f shuts and i opens where write = 1")
# middle.grid(False)
# fig.colorbar(image, ax=middle)
# bottom.plot(c[0, :, 0], "o-", color="#0072B2", label="cell c")
# bottom.plot(h[0, :, 0], "x--", color="#D55E00", label="state h = o tanh(c)")
# bottom.set(xlabel="time step t", ylabel="memory", ylim=(-0.9, 1.2), xticks=range(0, T, 2),
#            title="The cell holds what was written, and leaks a little")
# bottom.legend(ncols=2, loc="upper right")
# plt.show()
# f = gates[5]["f"][0, 0]
# reveal("holding", float(c[0, 13, 0] / c[0, 4, 0]), choices=(0.05, 0.4, 0.95),
#        because=f"the forget gate stands at {f:.3f}, so nine steps leave {f**9:.2f} of it. "
#        f"A gate of 0.9 looks nearly as open, and would leave {0.9**9:.2f}.")

# %% [markdown]
# Row g of the picture shows the candidate following every value. It is the input gate that keeps
# it out.

# %% [markdown]
# ### Look: can a cell count?
#
# The same unit with other weights: the forget gate is always open, the candidate always +1, and
# the input gate opens for each pulse in the input.
#
# **Guess first:** twelve pulses come. How high does the cell end? (a number)

# %% active="ipynb" guess="counting"
# rng = np.random.default_rng(3)
# T = 36
# x = np.zeros((1, T, 1))
# x[0, np.sort(rng.choice(T, 12, replace=False)), 0] = 1
# params = {
#     "W_f": np.zeros((2, 1)), "b_f": np.array([12.0]),
#     "W_i": np.array([[24.0], [0.0]]), "b_i": np.array([-12.0]),
#     "W_g": np.zeros((2, 1)), "b_g": np.array([12.0]),
#     "W_o": np.zeros((2, 1)), "b_o": np.array([12.0]),
# }
# h, c = lstm_forward(x, np.zeros((1, 1)), np.zeros((1, 1)), params)
#
# fig, ax = plt.subplots()
# ax.vlines(np.flatnonzero(x[0, :, 0]), 0, 13, color="0.8", lw=3, label="pulse")
# ax.step(range(T), c[0, :, 0], where="mid", color="#0072B2", lw=2, label="cell c")
# ax.plot(h[0, :, 0], "x--", color="#D55E00", label="state h")
# ax.set(xlabel="time step t", ylabel="value", ylim=(0, 13),
#        title="The cell has no ceiling; the state that it shows has one")
# ax.legend(loc="center right")
# plt.show()
# reveal("counting", float(c[0, -1, 0]), because="each pulse adds 1 and nothing is forgotten. "
#        f"What the cell shows is squashed: the state ends at {h[0, -1, 0]:.3f}.")

# %% [markdown]
# That is why `lstm_step` must return the cell *before* the tanh. A cell kept as tanh(c) gives a
# right h at the first step, and never counts past 1.

# %% [markdown]
# ## 5. One step backward
#
# Two gradients arrive, `dh` and `dc`, because both states are used by what follows. Then go back
# through the step line by line:
#
# 1. **Into the cell.** `dc` comes straight in, and `dh` comes in through h = o ⊙ tanh(c).
#    Gradients of the same thing add up.
# 2. **Into the gates.** c = f ⊙ c_prev + i ⊙ g: in a product, each factor gets the other one.
#    And o gets its share from h.
# 3. **Through the squashing.** A sigmoid s has the slope s (1 − s), a tanh g has 1 − g².
# 4. **Into the weights and what went in.** Each of the four layers is a product, as in lab 2. All
#    four read the same `[x, h_prev]`, so four gradients add up there.


# %% exercise="lstm_step_backward"
def lstm_step_backward(
    dh: Array, dc: Array, x: Array, h_prev: Array, c_prev: Array, params: Params
) -> dict[str, Array]:
    """Take one LSTM step backward: from the gradients of h and c to those of all that went in.

    The step was (h, c) = lstm_step(x, h_prev, c_prev, params). Compute what you need of it again.
    Source: A. Graves (2012), "Supervised sequence labelling with recurrent neural networks",
    chapter 4.

    Args:
        dh: (B, H), the gradient of the loss with respect to h.
        dc: (B, H), the gradient that reaches c from later steps. What reaches c through h is not
            in it: that is yours to add.
        x: (B, I), the input of the step.
        h_prev: (B, H), the state before the step.
        c_prev: (B, H), the cell before the step.
        params: W_f, W_i, W_g, W_o, each (I + H, H), and b_f, b_i, b_g, b_o, each (H,).

    Returns:
        A dict with dx (B, I), dh_prev (B, H), dc_prev (B, H), and, summed over the batch, dW_f,
        dW_i, dW_g, dW_o, each (I + H, H), and db_f, db_i, db_g, db_o, each (H,); float32 for
        float32 inputs, else float64.
    """
    ### BEGIN SOLUTION
    gate = lstm_gates(x, h_prev, params)
    f, i, g, o = (gate[q] for q in "figo")
    tanh_c = np.tanh(f * c_prev + i * g)

    dc = dc + dh * o * (1 - tanh_c**2)
    dz = {
        "f": dc * c_prev * f * (1 - f),
        "i": dc * g * i * (1 - i),
        "g": dc * i * (1 - g**2),
        "o": dh * tanh_c * o * (1 - o),
    }
    xh = np.concatenate([x, h_prev], axis=1)
    dxh = sum(dz[q] @ params[f"W_{q}"].T for q in "figo")
    dx, dh_prev = np.split(dxh, [x.shape[1]], axis=1)
    grads = {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc * f}
    for q in "figo":
        grads[f"dW_{q}"] = xh.T @ dz[q]
        grads[f"db_{q}"] = dz[q].sum(axis=0)
    return grads
    ### END SOLUTION


# %% [markdown]
# ### Look: check it without thinking
#
# Central differences, as in lab 2: push each number a little up and a little down, and see what
# the loss does. All sizes differ, nothing is zero.
#
# Below 1e-7 is fine. If one row is off, look at that line of your code. If all rows but o's are
# off, look at how `dc` is put together.

# %% active="ipynb"
# rng = np.random.default_rng(5)
# B, I, H = 3, 2, 4
# point = {"x": rng.normal(size=(B, I)), "h_prev": rng.uniform(-0.9, 0.9, (B, H)),
#          "c_prev": rng.normal(size=(B, H))}
# point |= {f"W_{q}": rng.normal(0, 0.5, (I + H, H)) for q in "figo"}
# point |= {f"b_{q}": rng.uniform(-1, 1, H) for q in "figo"}
# dh, dc = rng.normal(size=(2, B, H))
#
# grads = lstm_step_backward(dh, dc, point["x"], point["h_prev"], point["c_prev"], point)
# for name, array in point.items():
#     measured = np.zeros_like(array)
#     for place in np.ndindex(array.shape):
#         losses = []
#         for eps in (1e-5, -1e-5):
#             moved = array.copy()
#             moved[place] += eps
#             at = {**point, name: moved}
#             h, c = lstm_step(at["x"], at["h_prev"], at["c_prev"], at)
#             losses.append((dh * h).sum() + (dc * c).sum())
#         measured[place] = (losses[0] - losses[1]) / 2e-5
#     exact = grads["d" + name]
#     error = np.abs(exact - measured).max() / np.abs(exact).max()
#     print(f"d{name:7} relative error {error:.0e}")

# %% [markdown]
# ## 6. Backward through time
#
# Do the backward step T times, from the last step to the first. As in lab 2, a state gets
# gradients from two sides and a weight from every step. New is the second road: `dh_prev` **and**
# `dc_prev` travel on to the step before.


# %% exercise="lstm_backward"
def lstm_backward(dh: Array, x: Array, h0: Array, c0: Array, params: Params) -> dict[str, Array]:
    """Go back through all steps of an LSTM, from the gradients of its states to all that went in.

    Formula: step t gets dh_t + (dh_prev of step t + 1) and (dc_prev of step t + 1); nothing comes
    back after the last step. The gradients of the weights are summed over time. Full
    backpropagation, not truncated. The cells feed nothing but the next step and h.
    Source: A. Graves (2012), "Supervised sequence labelling with recurrent neural networks",
    chapter 4.

    Args:
        dh: (B, T, H), the gradient that reaches each state h_t from its own output only.
        x: (B, T, I), the inputs.
        h0: (B, H), the state before the first step.
        c0: (B, H), the cell before the first step.
        params: W_f, W_i, W_g, W_o, each (I + H, H), and b_f, b_i, b_g, b_o, each (H,).

    Returns:
        A dict with dx (B, T, I), dh0 (B, H), dc0 (B, H), and dW_f, dW_i, dW_g, dW_o, each
        (I + H, H), and db_f, db_i, db_g, db_o, each (H,); float32 for float32 inputs, else
        float64.
    """
    ### BEGIN SOLUTION
    h, c = lstm_forward(x, h0, c0, params)
    dh_next, dc_next = np.zeros_like(h[:, 0]), np.zeros_like(c[:, 0])  # from step t + 1
    steps = []
    for t in reversed(range(x.shape[1])):
        h_prev, c_prev = (h[:, t - 1], c[:, t - 1]) if t > 0 else (h0, c0)
        step = lstm_step_backward(dh[:, t] + dh_next, dc_next, x[:, t], h_prev, c_prev, params)
        dh_next, dc_next = step["dh_prev"], step["dc_prev"]
        steps.append(step)
    shared = [f"d{name}_{q}" for name in "Wb" for q in "figo"]
    grads = {name: np.sum([step[name] for step in steps], axis=0) for name in shared}
    grads["dx"] = np.stack([step["dx"] for step in reversed(steps)], axis=1)
    grads["dh0"], grads["dc0"] = dh_next, dc_next
    return grads
    ### END SOLUTION


# %% [markdown]
# ### Look: which road does the gradient take?
#
# A random LSTM whose forget bias is 3, and a loss that looks at the last state only. Two roads
# lead back from step to step: through the cell and through h. Close one, then the other.
#
# **Guess first:** which road alone brings more gradient back over 40 steps? (cell or h)

# %% active="ipynb" guess="roads"
# rng = np.random.default_rng(6)
# B, T, I, H = 32, 40, 3, 16
# k = 1 / np.sqrt(H)
# params = {f"W_{q}": rng.uniform(-k, k, (I + H, H)) for q in "figo"}
# params |= {f"b_{q}": np.full(H, 3.0 if q == "f" else 0.0) for q in "figo"}
# x, h0 = rng.normal(size=(B, T, I)), np.zeros((B, H))
# h, c = lstm_forward(x, h0, h0, params)
# dh = np.zeros((B, T, H))
# dh[:, -1] = rng.normal(size=(B, H))
#
# left = {}
# fig, ax = plt.subplots()
# for label, cell_road, h_road, marker in [("both roads open", 1, 1, "o"),
#                                          ("cell only", 1, 0, "s"), ("h only", 0, 1, "^")]:
#     back, dc, sizes = np.zeros((B, H)), np.zeros((B, H)), []
#     for t in reversed(range(1, T)):
#         step = lstm_step_backward(dh[:, t] + back, dc, x[:, t], h[:, t - 1], c[:, t - 1], params)
#         back, dc = h_road * step["dh_prev"], cell_road * step["dc_prev"]
#         sizes.append(np.linalg.norm(step["dx"]))
#     ax.semilogy(range(T - 1, 0, -1), sizes, marker=marker, markevery=4, label=label)
#     left[label.split()[0]] = sizes[-1] / sizes[0]
#     print(f"{label:16} from {sizes[0]:.1e} at step {T - 1} to {sizes[-1]:.1e} at step 1")
# dx = lstm_backward(dh, x, h0, h0, params)["dx"]
# ax.semilogy(np.linalg.norm(dx, axis=(0, 2)), color="#009E73", lw=5, alpha=0.3, zorder=0, ls="-",
#             label="your lstm_backward")
# ax.set(xlabel="time step t", ylabel="‖∂L/∂x_t‖ over the batch",
#        title="The cell carries the gradient; through h alone next to nothing arrives")
# ax.legend()
# plt.show()
# reveal("roads", "cell" if left["cell"] > left["h"] else "h",
#        because=f"the cell alone brings back {left['cell']:.0%} of the gradient, h alone "
#        f"{left['h']:.0e} of it: on that road it passes a squashing and a matrix at every step.")

# %% [markdown]
# Look at the line for both roads: it is more than the other two together. A gradient may change
# from one road to the other on its way, and all these ways add up. So `lstm_backward` needs both.

# %% [markdown]
# ## 7. The GRU: one state, three gates
#
# The gated recurrent unit does with one state. **z** decides how much of the old state stays,
# **r** how much of it the candidate **n** may see:
#
# $$r = \sigma(x W_{xr} + b_{xr} + h W_{hr} + b_{hr}) \qquad
# z = \sigma(x W_{xz} + b_{xz} + h W_{hz} + b_{hz})$$
# $$n = \tanh(x W_{xn} + b_{xn} + r \odot (h W_{hn} + b_{hn})) \qquad
# h' = (1 - z) \odot n + z \odot h$$
#
# Two traps. Published GRUs differ in both:
#
# - **r acts after the matrix product,** on `h @ W_hn + b_hn` with its bias, as in PyTorch. In the
#   first paper it acts on h before the product.
# - **z = 1 keeps the old state,** as in PyTorch. Other texts let z = 1 replace it.


# %% exercise="gru_step"
def gru_step(x: Array, h_prev: Array, params: Params) -> Array:
    """Take one step of a gated recurrent unit, with the reset gate after the matrix product.

    Formula: r = σ(x W_xr + b_xr + h W_hr + b_hr) and z likewise;
    n = tanh(x W_xn + b_xn + r ⊙ (h W_hn + b_hn)); h' = (1 − z) ⊙ n + z ⊙ h.
    Source: K. Cho et al. (2014), "Learning phrase representations using RNN encoder–decoder for
    statistical machine translation", EMNLP; in the variant of torch.nn.GRU.

    Args:
        x: (B, I), the input of this step.
        h_prev: (B, H), the state before this step.
        params: for q in r, z, n: W_xq (I, H), W_hq (H, H), and b_xq and b_hq, each (H,).

    Returns:
        (B, H), the state after this step; float32 for float32 inputs, else float64.
    """
    ### BEGIN SOLUTION
    from_x = {q: x @ params[f"W_x{q}"] + params[f"b_x{q}"] for q in "rzn"}
    from_h = {q: h_prev @ params[f"W_h{q}"] + params[f"b_h{q}"] for q in "rzn"}
    r = sigmoid(from_x["r"] + from_h["r"])
    z = sigmoid(from_x["z"] + from_h["z"])
    n = np.tanh(from_x["n"] + r * from_h["n"])
    return np.asarray((1 - z) * n + z * h_prev)
    ### END SOLUTION


# %% [markdown]
# ## 8. The GRU over a sequence


# %% exercise="gru_forward"
def gru_forward(x: Array, h0: Array, params: Params) -> Array:
    """Run the GRU over whole sequences and return the state after every step.

    Formula: h_t = gru_step(x_t, h_{t-1}) for t = 0 … T-1, with h0 before step 0.

    Args:
        x: (B, T, I), the inputs; T is at least 1.
        h0: (B, H), the state before the first step. It need not be zero.
        params: for q in r, z, n: W_xq (I, H), W_hq (H, H), and b_xq and b_hq, each (H,).

    Returns:
        (B, T, H), the state after each of the T steps, h0 not among them; float32 for float32
        inputs, else float64.
    """
    ### BEGIN SOLUTION
    h = h0
    states = []
    for t in range(x.shape[1]):
        h = gru_step(x[:, t], h, params)
        states.append(h)
    return np.stack(states, axis=1)
    ### END SOLUTION


# %% [markdown]
# ### Look: the update gate sets the pace
#
# One unit that follows its input, three times, with z held at 0, at 0.8 and at 0.98. The input
# jumps up at step 5 and back down at step 30.
#
# **Guess first:** z = 0.98. The input is up for 25 steps; how far up has the state come by then:
# 0.1, 0.4 or 0.9?

# %% active="ipynb" guess="pace"
# T = 60
# x = np.zeros((1, T, 1))
# x[0, 5:30] = 1
# zero = {f"{name}{q}": np.zeros((1, 1)) for name in ("W_x", "W_h") for q in "rzn"}
# zero |= {f"{name}{q}": np.zeros(1) for name in ("b_x", "b_h") for q in "rzn"}
#
# fig, ax = plt.subplots()
# ax.fill_between(range(T), x[0, :, 0], color="0.9", step="mid", label="input")
# for bias, marker in [(-20, "o"), (np.log(0.8 / 0.2), "s"), (np.log(0.98 / 0.02), "^")]:
#     params = {**zero, "W_xn": np.array([[2.0]]), "b_xz": np.array([bias])}
#     h = gru_forward(x, np.zeros((1, 1)), params)
#     keep = float(sigmoid(np.array(bias)))
#     ax.plot(h[0, :, 0], marker=marker, markevery=4, label=f"z = {keep:.2f}")
# ax.set(xlabel="time step t", ylabel="state h", ylim=(0, 1.25),
#        title="z near 1 is slow to follow and slow to forget")
# ax.legend(ncols=4, loc="upper right")
# plt.show()
# reveal("pace", float(h[0, 29, 0]), choices=(0.1, 0.4, 0.9),
#        because=f"each step goes {1 - keep:.0%} of the way that is left, and 25 of them go "
#        f"{1 - keep**25:.0%}. It is as slow to forget: {h[0, 59, 0]:.2f} is left at step 59.")

# %% [markdown]
# ## 9. Weights from PyTorch
#
# `torch.nn.LSTM` keeps the four gates in one array, stacked in the order **i, f, g, o**. Other
# codes stack f, i, g, o, or i, f, o, g. All of them have the same shape, so nothing but the
# numbers can tell you that the order is wrong.
#
# Three more differences to our `params`: PyTorch multiplies with its weights turned over, keeps
# the weights of x and h apart, and has two biases per gate where one would do.


# %% exercise="from_torch_lstm"
def from_torch_lstm(state: Mapping[str, Array]) -> dict[str, Array]:
    """Rearrange the weights of a one-layer torch.nn.LSTM into the params of this lab.

    PyTorch computes W_ih x + b_ih + W_hh h + b_hh for each gate, with the gates stacked along the
    first axis in the order i, f, g, o.
    Source: the documentation of torch.nn.LSTM.

    Args:
        state: NumPy arrays weight_ih_l0 (4H, I), weight_hh_l0 (4H, H), bias_ih_l0 (4H,) and
            bias_hh_l0 (4H,). It is left alone.

    Returns:
        A dict with W_f, W_i, W_g, W_o, each (I + H, H) with the rows of x first, and b_f, b_i,
        b_g, b_o, each (H,), the sum of the gate's two biases; float32 for float32 inputs, else
        float64.
    """
    ### BEGIN SOLUTION
    stacked = np.concatenate([state["weight_ih_l0"], state["weight_hh_l0"]], axis=1)  # (4H, I + H)
    bias = state["bias_ih_l0"] + state["bias_hh_l0"]
    params = {}
    for q, W, b in zip("ifgo", np.split(stacked, 4), np.split(bias, 4), strict=True):
        params[f"W_{q}"], params[f"b_{q}"] = as_float(W.T), as_float(b)
    return params
    ### END SOLUTION


# %% [markdown]
# ### Look: PyTorch as a witness
#
# The same weights in `torch.nn.LSTM` and in your functions, in float64. Then once more with two
# gates exchanged, as somebody does who takes the order to be i, f, o, g.
#
# The last two lines are a trap for testers: an LSTM whose weights are all 0.1.
#
# **Guess first:** with all weights 0.1, does the wrong order give other numbers? (yes or no)

# %% active="ipynb" guess="witness"
# rng = np.random.default_rng(9)
# B, T, I, H = 4, 30, 3, 5
# theirs = torch.nn.LSTM(I, H, batch_first=True, dtype=torch.float64)
# x = rng.normal(size=(B, T, I))
# zeros = np.zeros((B, H))
#
# errors = {}
# fig, ax = plt.subplots()
# for label, size in [("random weights", None), ("all weights 0.1", 0.1)]:
#     with torch.no_grad():
#         for weight in theirs.parameters():
#             drawn = rng.normal(0, 0.7, tuple(weight.shape)) if size is None else size
#             weight.copy_(torch.as_tensor(drawn))
#         expected = theirs(torch.from_numpy(x))[0].numpy()
#     right = from_torch_lstm({name: w.numpy() for name, w in theirs.state_dict().items()})
#     wrong = {**right, "W_o": right["W_g"], "W_g": right["W_o"],
#              "b_o": right["b_g"], "b_g": right["b_o"]}
#     for order, params in [("i, f, g, o", right), ("i, f, o, g", wrong)]:
#         h = lstm_forward(x, zeros, zeros, params)[0]
#         errors[size] = np.abs(h - expected).max()  # the wrong order comes last
#         print(f"{label:16} read as {order}: largest error {errors[size]:.0e}")
#         if size is None:
#             style = {"marker": "x"} if params is right else {"marker": "^", "ls": "--"}
#             ax.plot(h[0, :, 0], label=f"yours, read as {order}", **style)
#     if size is None:
#         ax.plot(expected[0, :, 0], "o", ms=10, mfc="none", color="black", label="torch.nn.LSTM")
# ax.set(xlabel="time step t", ylabel="state of unit 0", ylim=(-1, 1.6),
#        title="Random weights: same shapes, no error message, other numbers")
# ax.legend(ncols=3, loc="upper right")
# plt.show()
# reveal("witness", bool(errors[0.1] > 1e-9), because="gates with equal weights can be exchanged "
#        f"unseen. With random weights the wrong order is off by up to {errors[None]:.1f}.")

# %% [markdown]
# Test with gates that differ.
#
# ### Look: three GRUs
#
# `torch.nn.GRU` stacks r, z, n and keeps both biases apart, as this lab does. Below it meets your
# GRU, and the two others that section 7 warns of.
#
# **Guess first:** which of the two is further off: z the other way round, or r before the product?
# (z or r)

# %% active="ipynb" guess="variants"
# theirs = torch.nn.GRU(I, H, batch_first=True, dtype=torch.float64)
# with torch.no_grad():
#     for weight in theirs.parameters():
#         weight.copy_(torch.from_numpy(rng.normal(0, 0.7, tuple(weight.shape))))
#     expected = theirs(torch.from_numpy(x))[0].numpy()
# params = dict()
# for side, letter in [("ih", "x"), ("hh", "h")]:
#     W = np.split(theirs.state_dict()[f"weight_{side}_l0"].numpy(), 3)
#     b = np.split(theirs.state_dict()[f"bias_{side}_l0"].numpy(), 3)
#     params |= {f"W_{letter}{q}": W[k].T for k, q in enumerate("rzn")}
#     params |= {f"b_{letter}{q}": b[k] for k, q in enumerate("rzn")}
#
# # Turning the signs of z's weights turns z into 1 - z.
# flipped = {name: -p if name.endswith("z") else p for name, p in params.items()}
# h, early = zeros, np.zeros((B, T, H))
# for t in range(T):  # r before the product
#     r = sigmoid(x[:, t] @ params["W_xr"] + params["b_xr"] + h @ params["W_hr"] + params["b_hr"])
#     z = sigmoid(x[:, t] @ params["W_xz"] + params["b_xz"] + h @ params["W_hz"] + params["b_hz"])
#     n = np.tanh(x[:, t] @ params["W_xn"] + params["b_xn"]
#                 + (r * h) @ params["W_hn"] + params["b_hn"])
#     h = early[:, t] = (1 - z) * n + z * h
# off = {}
# fig, ax = plt.subplots()
# for label, h, marker in [("yours", gru_forward(x, zeros, params), "x"),
#                          ("z the other way", gru_forward(x, zeros, flipped), "^"),
#                          ("r before the product", early, "v")]:
#     ax.plot(h[0, :, 3], marker=marker, label=label)
#     off[label[0]] = np.abs(h - expected).max()
#     print(f"{label:20} largest error {off[label[0]]:.0e}")
# ax.plot(expected[0, :, 3], "o", ms=10, mfc="none", color="black", label="torch.nn.GRU")
# ax.set(xlabel="time step t", ylabel="state of unit 3", ylim=(-1.1, 1.6),
#        title="Three networks go by the name of GRU")
# ax.legend(ncols=4, loc="upper right")
# plt.show()
# reveal("variants", "z" if off["z"] > off["r"] else "r",
#        because="z the other way round keeps what it should replace, and is off by up to "
#        f"{off['z']:.1f}. With r before the product it is up to {off['r']:.1f}.")

# %% [markdown]
# All three are the GRU of some paper or library. Weights trained for one do not fit another, even
# where the numbers look alike at first.
#
# ### Look: is the GRU the fast one?
#
# You will read: "the LSTM has about three times the parameters of a GRU", and "the GRU is faster".
# A GRU has three blocks of weights where an LSTM has four.
#
# **Guess first:** on this computer, how long does a training step of the medium GRU take, next to
# one of the LSTM: 0.75, 1 or 1.5 times as long?

# %% active="ipynb" guess="speed"
# sizes = [("small: B 8, T 30, I 16, H 32", 8, 30, 16, 32),
#          ("medium: B 32, T 50, I 64, H 128", 32, 50, 64, 128)]
# kinds = [torch.nn.RNN, torch.nn.LSTM, torch.nn.GRU]
# ratios = []
# fig, axes = plt.subplots(1, 2, figsize=(7.5, 2.8))
# for ax, (label, B, T, I, H) in zip(axes, sizes):
#     x = torch.zeros(B, T, I)
#     counts, best = {}, {}
#     for kind in kinds:
#         net = kind(I, H, batch_first=True)
#         counts[kind.__name__] = sum(weight.numel() for weight in net.parameters())
#         times = []
#         for _ in range(12):
#             start = time.perf_counter()
#             net(x)[0].sum().backward()
#             times.append(time.perf_counter() - start)
#         best[kind.__name__] = 1000 * min(times)
#     print(label)
#     print(f"  parameters  LSTM / GRU = {counts['LSTM'] / counts['GRU']:.3f}")
#     ratios.append(best["GRU"] / best["LSTM"])
#     print(f"  time here   GRU / LSTM = {ratios[-1]:.1f},  "
#           f"RNN / LSTM = {best['RNN'] / best['LSTM']:.1f}")
#     bars = ax.bar(list(best), list(best.values()), color=["0.7", "#0072B2", "#D55E00"])
#     ax.bar_label(bars, fmt="%.1f")
#     ax.margins(y=0.15)
#     ax.set(ylabel="ms, forward and backward", title=label)
#     ax.grid(axis="x", visible=False)
# plt.show()
# reveal("speed", ratios[1], choices=(0.75, 1, 1.5),
#        because=f"a GRU has {counts['GRU'] / counts['LSTM']:.2f} times the parameters, but time "
#        "follows the routines of the library as well. "
#        f"At the small size it takes {ratios[0]:.1f} times as long.")

# %% [markdown]
# Fewer multiplications need not mean less time. On many computers PyTorch has one routine for a
# whole LSTM on the CPU (`mkldnn_rnn_layer`), and runs a GRU as many small products, step by step.
# Another machine may tell another story, and so may a graphics card. Measure before you repeat
# such a sentence.

# %% [markdown]
# ## 10. Start by remembering
#
# An untrained LSTM has forget gates near σ(0) = ½: it halves its cell at every step. A bias on the
# forget gate is the cheapest cure there is.


# %% exercise="set_forget_bias"
def set_forget_bias(params: Params, value: float) -> dict[str, Array]:
    """Return the params of an LSTM with the forget bias set to one value.

    Source: R. Jozefowicz, W. Zaremba, I. Sutskever (2015), "An empirical exploration of recurrent
    network architectures", ICML, which recommends the value 1.

    Args:
        params: W_f, W_i, W_g, W_o, each (I + H, H), and b_f, b_i, b_g, b_o, each (H,). They are
            left alone.
        value: the number that every entry of b_f becomes.

    Returns:
        A new dict with the names of params: b_f filled with the value, all else copied, so that
        writing into the result never changes params; float32 for float32 inputs, else float64.
    """
    ### BEGIN SOLUTION
    copied = {name: np.array(as_float(array)) for name, array in params.items()}
    copied["b_f"][:] = value
    return copied
    ### END SOLUTION


# %% [markdown]
# ## 11. How long is a memory?
#
# If nothing is written, t steps multiply the cell by f^t. As with radioactive decay, the handy
# number is the half-life: how many steps until one half is left?


# %% exercise="memory_half_life"
def memory_half_life(f: float) -> float:
    """Return after how many steps a constant forget gate has halved the cell.

    Formula: ln ½ / ln f, the t at which f^t = ½; it need not be a whole number.

    Args:
        f: the forget gate, above 0 and below 1.

    Returns:
        The half-life in steps, a Python float.

    Raises:
        ValueError: f is not between 0 and 1, or 0 or 1 itself, or nan; the message names f.
    """
    ### BEGIN SOLUTION
    if not 0 < f < 1:  # nan fails every comparison, so it is caught here too
        raise ValueError(f"f must lie strictly between 0 and 1, but it is {f}")
    return math.log(0.5) / math.log(f)
    ### END SOLUTION


# %% [markdown]
# ### Look: forgetting curves
#
# Your LSTM with its input gate shut, the cell set to 1, and four forget biases. The squares are
# your `memory_half_life`.
#
# **Guess first:** the bias goes from 0 to 5. How many times as long is the memory: 5, 20 or 100?

# %% active="ipynb" guess="forgetting"
# T = 160
# places = np.array([1, 2, 4, 8, 16, 32, 64, 128])  # of the markers
# halves = {}
# one = {f"W_{q}": np.zeros((2, 1)) for q in "figo"} | {f"b_{q}": np.zeros(1) for q in "fgo"}
# one["b_i"] = np.array([-50.0])
#
# fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2), width_ratios=[1, 1.2])
# for bias, marker in [(0, "o"), (1, "^"), (3, "v"), (5, "x")]:
#     params = set_forget_bias(one, bias)
#     c = lstm_forward(np.zeros((1, T, 1)), np.zeros((1, 1)), np.ones((1, 1)), params)[1][0, :, 0]
#     f = float(sigmoid(np.array(float(bias))))
#     half = halves[bias] = memory_half_life(f)
#     print(f"forget bias {bias}: gate {f:.4f}, half-life {half:.1f} steps")
#     (line,) = left.semilogx(range(1, T + 1), c, marker=marker, markevery=list(places - 1),
#                             label=f"bias {bias}")
#     left.plot(half, 0.5, "s", color=line.get_color(), ms=8, mfc="none", markeredgewidth=2)
# left.axhline(0.5, color="0.5", lw=0.8, ls="-")
# left.set(xlabel="steps", xticks=places, xticklabels=places, ylabel="what is left of the cell",
#          ylim=(-0.05, 1.5), title="Each curve crosses ½ at its square")
# left.minorticks_off()
# left.legend(ncols=2, loc="upper right")
# gates = 1 - np.logspace(-0.01, -4, 80)
# right.loglog(1 - gates, [memory_half_life(float(gate)) for gate in gates])
# for gate in (0.5, 0.9, 0.99, 0.999):
#     half = memory_half_life(gate)
#     right.plot(1 - gate, half, "o", color="#D55E00")
#     right.annotate(f"f = {gate:g}: {half:.3g}", (1 - gate, half), xytext=(6, -12),
#                    textcoords="offset points")
# right.set(xlabel="1 - f (smaller to the right)", ylabel="half-life in steps",
#           title="Ten times closer to 1, ten times longer")
# right.set_xlim(1.3, 2e-5)
# plt.show()
# reveal("forgetting", halves[5] / halves[0], choices=(5, 20, 100),
#        because="what counts is how much a step lets go, and that shrinks from 0.5 to "
#        f"{1 - f:.4f}. From 0 to 1 the memory gets {halves[1] / halves[0]:.1f} times as long.")

# %% [markdown]
# ### Play: what is in the cell?
#
# One unit reads noise. At step 8 a pulse of size 1 goes in, and it alone is worth remembering. The
# lower picture takes the cell apart: how much of it was written at which step, and is still there?
#
# - Move `step` forward, one by one. Where does the pulse stand among the others after 30 steps?
# - Raise `forget_bias`. Now the pulse lives. What else does?
# - Then lower `input_bias`. Can you find a cell that holds the pulse and hardly anything else?

# %% active="ipynb"
# def draw_cell(step, forget_bias, input_bias):
#     T, pulse, start = 60, 8, np.zeros((1, 1))
#     x = np.random.default_rng(14).normal(0, 0.25, (1, T, 1)).clip(-0.6, 0.6)
#     x[0, pulse] = 1
#     params = {f"W_{q}": np.array([[w], [0.0]]) for q, w in zip("figo", [0.0, 10.0, 2.0, 0.0])}
#     params |= {"b_i": np.array([input_bias]), "b_g": np.zeros(1), "b_o": np.zeros(1)}
#     params = set_forget_bias({**params, "b_f": np.zeros(1)}, forget_bias)
#     c = lstm_forward(x, start, start, params)[1][0, :, 0]
#     gate = {q: value[:, 0] for q, value in lstm_gates(x[0], np.zeros((T, 1)), params).items()}
#     written = np.arange(step + 1)
#     left = (gate["i"] * gate["g"])[: step + 1] * gate["f"][0] ** (step - written)
#     share = np.abs(left[written == pulse]).sum() / np.abs(left).sum()
#
#     fig, (top, bottom) = plt.subplots(2, 1, sharex=True, figsize=(7, 4))
#     top.vlines(range(T), 0, x[0, :, 0], color="0.6", lw=3, label="input")
#     top.plot(c[: step + 1], "o-", ms=3, label="cell c")
#     top.axvline(step, color="black", lw=1, ls=":")
#     half = memory_half_life(float(gate["f"][0]))
#     top.set(ylim=(-1.5, max(2, 1.4 * c.max())), ylabel="value",
#             title=f"Forget gate {gate['f'][0]:.3f}: the half-life is {half:.1f} steps")
#     top.legend(ncols=2, loc="upper right")
#     noise = written != pulse
#     bottom.vlines(written[noise], 0, left[noise], color="0.6", lw=5, label="noise")
#     bottom.plot(written[~noise], left[~noise], "^", color="#D55E00", label="pulse")
#     bottom.vlines(written[~noise], 0, left[~noise], color="#D55E00", lw=5)
#     bottom.axhline(0, color="black", lw=0.8, ls="-")
#     bottom.legend(ncols=2, loc="upper right")
#     bottom.set(xlabel="step at which it was written", ylabel="still in the cell",
#                xlim=(-1, T), ylim=(-0.6, 1.4),
#                title=f"At step {step}: {share:.0%} of what the cell holds is the pulse")
#     plt.show()
#
#
# play(draw_cell, step=(0, 59, 12), forget_bias=(-2.0, 6.0, 1.0), input_bias=(-12.0, 2.0, 0.0))

# %% [markdown]
# ### Look: "the LSTM solves vanishing gradients"
#
# A sentence that you will read often. Test it: 100 steps, a loss at the last one, and the gradient
# that arrives at each input. Random weights of the size that PyTorch draws (uniform, ±1/√H). Four
# networks: a plain RNN, and one LSTM with forget bias 0, 1 and 5.
#
# **Guess first:** the LSTM with forget bias 0. By how many powers of ten is the gradient smaller
# at step 0 than at step 99: 2, 6 or 20?

# %% active="ipynb" guess="vanishing"
# rng = np.random.default_rng(11)
# B, T, I, H = 16, 100, 4, 32
# k = 1 / np.sqrt(H)
# x, h0 = rng.normal(size=(B, T, I)), np.zeros((B, H))
# last = rng.normal(size=(B, H))
# W_xh, W_hh = rng.uniform(-k, k, (I, H)), rng.uniform(-k, k, (H, H))
# lstm = {f"W_{q}": rng.uniform(-k, k, (I + H, H)) for q in "figo"}
# lstm |= {f"b_{q}": rng.uniform(-k, k, H) for q in "figo"}
#
# states = [h0]
# for t in range(T):
#     states.append(np.tanh(x[:, t] @ W_xh + states[-1] @ W_hh))
# back, rnn = last, np.zeros(T)
# for t in reversed(range(T)):
#     dz = back * (1 - states[t + 1] ** 2)
#     rnn[t], back = np.linalg.norm(dz @ W_xh.T), dz @ W_hh.T
#
# lines = {"plain RNN": rnn}
# dh = np.zeros((B, T, H))
# dh[:, -1] = last
# for bias in (0, 1, 5):
#     dx = lstm_backward(dh, x, h0, h0, set_forget_bias(lstm, bias))["dx"]
#     lines[f"LSTM, forget bias {bias}"] = np.linalg.norm(dx, axis=(0, 2))
# powers = {}
# fig, ax = plt.subplots(figsize=(7, 3.4))
# for n, (label, sizes) in enumerate(lines.items()):
#     ax.semilogy(sizes, marker="osv^"[n], markevery=(4 * n, 12), label=label)
#     powers[label[-1]] = -np.log10(sizes[0] / sizes[-1])
#     print(f"{label:22} gradient at step 0 / at step {T - 1}: {sizes[0] / sizes[-1]:.0e}")
# ax.set(xlabel="time step t", ylabel="‖∂L/∂x_t‖ over the batch",
#        title="The architecture alone saves nothing; the forget gate decides")
# ax.legend()
# plt.show()
# reveal("vanishing", float(powers["0"]), choices=(2, 6, 20),
#        because=f"a step leaves about {10 ** (-powers['0'] / (T - 1)):.1f} of it. The plain RNN "
#        f"loses {powers['N']:.0f} powers of ten, bias 1 loses {powers['1']:.0f}; with bias 5 the "
#        f"gradient at step 0 is {10 ** -powers['5']:.1f} times the last one.")

# %% [markdown]
# So the sentence is wrong as it stands. Started like this, an LSTM forgets a gradient nearly as
# thoroughly as a plain RNN. What is true: an LSTM **can** keep gradients, because nothing but the
# forget gate stands in the cell's way back. Whether it does is up to that gate.
#
# Think of half-lives: compare the one of each bias, as printed above, with the length of the
# sequence.
#
# ### Look: does it matter for learning?
#
# A task that is nothing but memory: the first number of a sequence is +1 or −1, then 49 steps of
# noise follow, and the network must say at the end which it was. Always saying 0 costs a loss of
# 1. The same network learns three times (with Adam, 150 updates), from forget biases 0, 1 and 3.
# This takes about five seconds.
#
# **Guess first:** what is the smallest of the three biases with which it learns: 0, 1 or 3?

# %% active="ipynb" guess="learning"
# B, T, H, updates = 32, 50, 8, 150
# biases = (0, 1, 3)
# k, zeros = 1 / np.sqrt(H), np.zeros((B, H))
# ends = {}
# fig, ax = plt.subplots()
# for place, bias in enumerate(biases):
#     rng = np.random.default_rng(12)
#     params = {f"W_{q}": rng.uniform(-k, k, (1 + H, H)) for q in "figo"}
#     params |= {f"b_{q}": np.zeros(H) for q in "figo"}
#     params = set_forget_bias(params, bias)
#     params["w"] = rng.uniform(-k, k, (H, 1))  # reads the answer from the last state
#     mean = {name: np.zeros_like(p) for name, p in params.items()}
#     square = {name: np.zeros_like(p) for name, p in params.items()}
#     losses = []
#     for n in range(1, updates + 1):
#         x = rng.normal(0, 0.3, (B, T, 1))
#         target = x[:, 0] = rng.choice([-1.0, 1.0], (B, 1))
#         h, c = lstm_forward(x, zeros, zeros, params)
#         error = h[:, -1] @ params["w"] - target
#         losses.append((error**2).mean())
#         dh = np.zeros_like(h)
#         dh[:, -1] = 2 / B * error @ params["w"].T
#         grads = lstm_backward(dh, x, zeros, zeros, params)
#         grads["dw"] = 2 / B * h[:, -1].T @ error
#         for name in params:  # Adam
#             grad = grads["d" + name]
#             mean[name] = 0.9 * mean[name] + 0.1 * grad
#             square[name] = 0.99 * square[name] + 0.01 * grad**2
#             scale = np.sqrt(square[name] / (1 - 0.99**n)) + 1e-8
#             params[name] = params[name] - 0.01 * mean[name] / (1 - 0.9**n) / scale
#     smooth = np.convolve(losses, np.ones(10) / 10, mode="valid")
#     ends[bias] = np.mean(losses[-20:])
#     ax.plot(smooth, marker="os^"[place], markevery=(4 * place, 12), label=f"forget bias {bias}")
#     print(f"forget bias {bias}: loss {losses[0]:.2f} at first, {ends[bias]:.3f} at the end")
# ax.axhline(1, color="0.5", lw=1, ls="-")
# ax.set(xlabel="update", ylabel="loss (mean of 10)", ylim=(0, 1.5),
#        title=f"Remember one bit for {T - 1} steps: what learns has a long memory to begin with")
# ax.legend(ncols=3, loc="upper right")
# plt.show()
# halves = [f"{memory_half_life(float(sigmoid(np.array(float(bias))))):.0f}" for bias in biases]
# reveal("learning", min((bias for bias in biases if ends[bias] < 0.5), default=math.inf),
#        choices=biases, because=f"their half-lives are {', '.join(halves)} steps, and a gradient "
#        f"has to come back over {T - 1}. Where next to none arrives, there is nothing to follow.")

# %% [markdown]
# Two things to try (unfold the cell):
#
# - T = 30 in place of 50. Which start now learns as well?
# - A forget bias of 8 in place of 3. What is good about it, and what would be bad about it on
#   other tasks?

# %% [markdown]
# ## What you know now
#
# - An LSTM keeps a cell that no matrix touches: c = f ⊙ c_prev + i ⊙ g. What it shows is another
#   thing: h = o ⊙ tanh(c).
# - Gradients travel back along the cell, multiplied by f at each step and by little else.
# - So the forget gate is the memory: f^t is left after t steps, and the half-life is ln ½ / ln f.
# - "The LSTM solves vanishing gradients" holds for forget gates near 1 only. Set the bias.
# - A GRU has 3/4 of the parameters of an LSTM, not a third, and is not always the faster one.
#
# **Pitfalls worth remembering**
#
# - The gate order is a convention: PyTorch stacks i, f, g, o. All orders have the same shape.
# - With `c0 = 0`, equal weights, saturated gates or T = 1, many wrong programs give right answers.
# - In PyTorch the forget bias is the **sum** of two vectors. Setting both to 1 gives 2.
# - A published GRU may reset before the product and may let z = 1 replace the state. Read the
#   formula before you compare numbers.
# - Return the raw cell. A cell stored as tanh(c) looks right for one step.
