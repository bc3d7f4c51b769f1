# %% [markdown]
# # Lab 2: A recurrent network by hand
#
# In this lab you build a recurrent network out of NumPy: one step, a sequence, an output, a loss,
# the backward pass, and a training loop. Twelve short functions; the longest takes about ten
# lines.
#
# **How to work**
#
# - Write a function, run its cell, then run the check cell below it.
# - Stuck? Call `hint(rnn_forward)` in a cell of its own (with the name of your function). The
#   first hint says where to look; ask again and it says what is wrong.
# - The pictures are for you, not for marks. Each one needs the functions above it. Write what you
#   expect between the dots of `guess("…")`, then run the folded cell below: a wrong guess teaches
#   more. Guesses are neither stored nor marked.
#
# **What is allowed:** NumPy and plain Python. PyTorch and the packages that differentiate for you
# are not allowed in this lab: you are building what they do.

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
#
# | array | shape |
# |---|---|
# | `x` | (B, T, I) |
# | `h0` | (B, H) |
# | `W_xh` | (I, H) |
# | `W_hh` | (H, H) |
# | `b_h` | (H,) |
#
# - **The batch comes first, and samples are rows.** A product is `x @ W_xh`, never `W_xh @ x`.
# - **Time is counted from 0**, like every axis. The state before step 0 is `h0`.
# - **dtype:** float32 in, float32 out. Everything else, integers too, gives float64. "float" means
#   a Python float. `as_float` below may help.
# - **No function changes its arguments.** If you want to write into an array, make it yourself.
# - `dname` is short for ∂L/∂name, the gradient of the loss. It has the shape of `name`.

# %%
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]


def as_float(a: ArrayLike) -> Array:
    """Return `a` as an array of floats: float32 stays float32, all else becomes float64."""
    array = np.asarray(a)
    return array if array.dtype == np.float32 else np.asarray(array, dtype=np.float64)


# %% active="ipynb"
# # For the pictures only. Colours and markers: nobody has to tell red from green.
# import matplotlib.pyplot as plt
# from cycler import cycler
#
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
# ## 1. One step
#
# A recurrent network keeps a **state** `h`. Each step mixes the new input with the old state and
# squashes the sum:
#
# $$h_t = \tanh(x_t W_{xh} + h_{t-1} W_{hh} + b_h)$$
#
# One tanh, around the whole sum. That is the entire network; the rest of the lab is repetition.


# %% exercise="rnn_step"
def rnn_step(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """Take one step of a recurrent network: mix the input with the old state and squash the sum.

    Formula: h = tanh(x W_xh + h_prev W_hh + b_h).
    Source: J. L. Elman (1990), "Finding structure in time", Cognitive Science 14.

    Args:
        x: (B, I), the input of this step.
        h_prev: (B, H), the state before this step.
        W_xh: (I, H), input to hidden.
        W_hh: (H, H), hidden to hidden.
        b_h: (H,), the bias.

    Returns:
        (B, H), the state after this step; float32 for float32 inputs, else float64.
    """
    ### BEGIN SOLUTION
    x, h_prev = as_float(x), as_float(h_prev)
    h: Array = np.tanh(x @ W_xh + h_prev @ W_hh + b_h)
    return h
    ### END SOLUTION


# %% [markdown]
# ### Look: what the tanh does
#
# Three networks with one unit each. They differ only in their input weight: 0.5, 1 and 3.
#
# **Guess first:** how high does the line with weight 3 end, at x = 4? (a number)

# %% active="ipynb" guess="tanh"
# x = np.linspace(-4, 4, 81)[:, None]
# h_prev, W_hh, b_h = np.zeros((81, 1)), np.zeros((1, 1)), np.zeros(1)
# fig, ax = plt.subplots()
# for weight, marker in [(0.5, "o"), (1.0, "s"), (3.0, "^")]:
#     h = rnn_step(x, h_prev, np.array([[weight]]), W_hh, b_h)
#     ax.plot(x, h, marker=marker, markevery=10, label=f"input weight {weight:g}")
# ax.axhline(1, color="0.5", lw=0.8, ls="-")
# ax.axhline(-1, color="0.5", lw=0.8, ls="-")
# ax.set(xlabel="input x", ylabel="state h after one step",
#        title="A state stays between -1 and 1, however large the input")
# ax.legend()
# plt.show()
# reveal("tanh", float(h[-1, 0]), because="a larger weight makes the middle of a tanh steeper; "
#        "its ends stay where they are.")

# %% [markdown]
# Where a line is flat the unit is **saturated**: it can no longer say how large its input was.
# Remember the flat ends. They come back as the reason why gradients vanish.

# %% [markdown]
# ## 2. A sequence
#
# Do the step T times. What comes out of one step goes into the next; the weights stay the same.
#
# `h0` is what goes into step 0. It is an input, so it is not among the states that you return.


# %% exercise="rnn_forward"
def rnn_forward(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """Run the network over whole sequences and return the state after every step.

    Formula: h_t = tanh(x_t W_xh + h_{t-1} W_hh + b_h) for t = 0 … T-1, with h0 before step 0.
    Source: J. L. Elman (1990), "Finding structure in time", Cognitive Science 14.

    Args:
        x: (B, T, I), the inputs; T is at least 1.
        h0: (B, H), the state before the first step. It need not be zero.
        W_xh: (I, H), input to hidden.
        W_hh: (H, H), hidden to hidden.
        b_h: (H,), the bias.

    Returns:
        (B, T, H), the state after each of the T steps, h0 not among them; float32 for float32
        inputs, else float64.
    """
    ### BEGIN SOLUTION
    h = h0
    states = []
    for t in range(x.shape[1]):
        h = rnn_step(x[:, t], h, W_xh, W_hh, b_h)
        states.append(h)
    return np.stack(states, axis=1)
    ### END SOLUTION


# %% [markdown]
# ### Look: a state that remembers
#
# Twelve units, 40 steps. The input is zero except for a pulse up at step 3 and one down at step
# 20.
#
# **Guess first:** at step 4 the input is zero again. Is the state zero again too? (yes or no)

# %% active="ipynb" guess="pulse"
# rng = np.random.default_rng(1)
# T, H = 40, 12
# x = np.zeros((1, T, 1))
# x[0, 3], x[0, 20] = 1, -1
# W_xh = rng.normal(0, 1, (1, H))
# W_hh = 0.9 * np.linalg.qr(rng.normal(size=(H, H)))[0]
# h = rnn_forward(x, np.zeros((1, H)), W_xh, W_hh, np.zeros(H))
#
# fig, (top, bottom) = plt.subplots(
#     2, 1, sharex=True, figsize=(7, 3.6), gridspec_kw={"height_ratios": [1, 4]}
# )
# top.bar(range(T), x[0, :, 0], color="black")
# top.axhline(0, color="black", lw=0.8, ls="-")
# top.set(ylabel="input", ylim=(-1.3, 1.3),
#         title="Two pulses go in; their echo stays in the state")
# image = bottom.imshow(h[0].T, aspect="auto", cmap="cividis", vmin=-1, vmax=1)
# bottom.set(xlabel="time step t", ylabel="hidden unit")
# bottom.grid(False)
# fig.colorbar(image, ax=bottom, label="state h")
# plt.show()
# size = np.abs(h[0]).max(axis=1)
# reveal("pulse", bool(np.allclose(h[0, 4], 0)), because="each state goes into the next: the "
#        f"largest unit is at {size[4]:.2f} at step 4, and still at {size[19]:.2f} at step 19.")

# %% [markdown]
# ### Look: it reads from left to right
#
# Two inputs that are equal up to step 9 and differ from step 10 on.
#
# **Guess first:** at which step do the two states part? (a number)

# %% active="ipynb" guess="parting"
# rng = np.random.default_rng(2)
# T, I, H = 20, 3, 6
# W_xh, W_hh = rng.normal(0, 0.5, (I, H)), rng.normal(0, 0.4, (H, H))
# b_h, h0 = rng.normal(0, 0.3, H), rng.uniform(-0.9, 0.9, (1, H))
# x = rng.normal(size=(1, T, I))
# other = x.copy()
# other[:, 10:] = rng.normal(size=(1, T - 10, I))
#
# fig, ax = plt.subplots()
# both = []
# for inputs, marker, label in [(x, "o", "first input"), (other, "x", "changed from step 10 on")]:
#     both.append(rnn_forward(inputs, h0, W_xh, W_hh, b_h)[0])
#     ax.plot(both[-1][:, 0], marker=marker, label=label)
# ax.axvline(9.5, color="0.5", lw=1, ls="-")
# ax.set(xlabel="time step t", ylabel="state of unit 0", xticks=range(0, T, 2),
#        title="The past cannot see the future: equal up to step 9")
# ax.legend()
# plt.show()
# apart = np.abs(both[0] - both[1]).max(axis=1) > 0
# reveal("parting", int(apart.argmax()), because="a state sees the inputs up to its own step, and "
#        "none after it.")

# %% [markdown]
# Keep this as a test of any network that reads from left to right: change the end of the input,
# and the beginning of the output must not move.

# %% [markdown]
# ## 3. An output at every step
#
# A state is the network's own notebook. An **output layer** reads it: the same matrix at every
# step, and no tanh, so that an output may be any number.


# %% exercise="output_layer"
def output_layer(h: Array, W_hy: Array, b_y: Array) -> Array:
    """Read an output from every state.

    Formula: y_t = h_t W_hy + b_y, with the same weights at every step.

    Args:
        h: (B, T, H), the states.
        W_hy: (H, O), hidden to output.
        b_y: (O,), the bias.

    Returns:
        (B, T, O), the outputs; float32 for float32 inputs, else float64.
    """
    ### BEGIN SOLUTION
    return as_float(h) @ W_hy + b_y
    ### END SOLUTION


# %% [markdown]
# ## 4. How wrong is it?
#
# $$L = \tfrac{1}{2} \sum (y - \text{target})^2$$
#
# The sum runs over everything: batch, time and outputs. The ½ is there to make the gradient tidy.
#
# **Careful:** this is not the mean squared error. The two have different gradients; divide by
# nothing here.


# %% exercise="half_squared_error"
def half_squared_error(y: Array, target: Array) -> tuple[float, Array]:
    """Return half the sum of squared errors, and its gradient with respect to y.

    Formula: L = ½ Σ (y − target)², summed over all entries; dy = ∂L/∂y.

    Args:
        y: (B, T, O), the outputs.
        target: (B, T, O), what they should have been.

    Returns:
        (loss, dy): the loss as a Python float, and its gradient with the shape of y; float32 for
        float32 inputs, else float64.
    """
    ### BEGIN SOLUTION
    dy = as_float(y) - as_float(target)
    return 0.5 * float(np.sum(dy**2)), dy
    ### END SOLUTION


# %% [markdown]
# ### Look: what the square does to one bad step
#
# An untrained network against a wave. On the left the errors, on the right what each step adds
# to the loss.
#
# **Guess first:** an error twice as long adds how many times as much to the loss? (a number)

# %% active="ipynb" guess="square"
# rng = np.random.default_rng(9)
# T, H = 16, 6
# x = rng.normal(size=(1, T, 1))
# h = rnn_forward(x, np.zeros((1, H)), rng.normal(size=(1, H)), rng.normal(0, 0.4, (H, H)),
#                 np.zeros(H))
# y = output_layer(h, rng.normal(0, 0.5, (H, 1)), np.zeros(1))
# target = np.sin(np.arange(T) * 2 * np.pi / 8)[None, :, None]
# loss, slope = half_squared_error(y, target)
#
# fig, (left, right) = plt.subplots(1, 2, sharex=True)
# left.vlines(range(T), target[0, :, 0], y[0, :, 0], color="0.6", lw=2)
# left.plot(target[0, :, 0], "o", color="#0072B2", label="target")
# left.plot(y[0, :, 0], "x", color="#D55E00", ls="none", label="output", markeredgewidth=2)
# left.set(xlabel="time step t", ylabel="value", ylim=(-1.3, 1.7),
#          title="Grey: the error at each step")
# left.legend(ncols=2, loc="upper center")
# right.bar(range(T), 0.5 * slope[0, :, 0] ** 2, color="#D55E00")
# right.set(xlabel="time step t", ylabel="½ (y - target)²",
#           title=f"The bars add up to the loss, {loss:.2f}")
# plt.show()
# twice = half_squared_error(target + 2 * (y - target), target)[0]
# reveal("square", round(twice / loss), because="the loss adds squares: one bad step can weigh "
#        "more than all the others.")

# %% [markdown]
# ## 5. Audit a published trace
#
# A teaching text works a network through a three-word sentence by hand and prints the states after
# the first two words. One of the two is wrong. You will find out which.
#
# The fair way to audit: judge each printed state from the **printed** state before it. Somebody
# who slips once and then reckons on correctly has made one mistake, not two.


# %% exercise="audit_trace"
def audit_trace(
    x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, published: Array, atol: float
) -> list[tuple[int, int]]:
    """Find the numbers of a published trace that do not follow from the line before them.

    Each published state is judged from the published state before it (the first one from h0), so
    that one slip does not condemn what comes after.

    Args:
        x: (T, I), one sequence of inputs, without a batch axis.
        h0: (H,), the state before the first step.
        W_xh: (I, H), input to hidden.
        W_hh: (H, H), hidden to hidden.
        b_h: (H,), the bias.
        published: (T, H), the states as printed.
        atol: how far a printed number may be off: only a larger difference counts as a slip.

    Returns:
        The slips as a sorted list of (t, unit), two ints, both counted from 0.
    """
    ### BEGIN SOLUTION
    previous = np.concatenate([h0[np.newaxis], published[:-1]])
    recomputed = rnn_step(x, previous, W_xh, W_hh, b_h)  # the T steps take the place of the batch
    slips = np.argwhere(np.abs(published - recomputed) > atol)
    return [(int(t), int(unit)) for t, unit in slips]
    ### END SOLUTION


# %% [markdown]
# ### Look: the trace
#
# These are the numbers of the text. It writes states as columns, `W_xh @ x`; samples are rows
# here, so its two matrices are turned over with `.T`. It counts from 1: its h_1 is our step 0.
#
# The numbers are printed to three places, so 0.002 is a generous tolerance.
#
# **Guess first:** how many of the eight printed numbers are slips? (a number)

# %% active="ipynb" guess="trace"
# W_xh = np.array([[0.5, -0.1, 0.2], [0.3, 0.4, -0.2], [-0.1, 0.2, 0.3], [0.2, -0.3, 0.1]]).T
# W_hh = np.array([[0.1, -0.2, 0.3, 0.4], [0.2, 0.1, -0.1, 0.3],
#                  [-0.3, 0.4, 0.2, -0.1], [0.1, 0.2, 0.3, -0.2]]).T
# b_h, h0 = np.array([0.1, -0.1, 0.0, 0.2]), np.zeros(4)
# x = np.array([[0.2, -0.1, 0.3], [0.4, 0.1, -0.2]])
# published = np.array([[0.264, -0.139, 0.050, 0.291], [0.406, 0.222, -0.240, 0.199]])
# atol = 0.002
#
# slips = audit_trace(x, h0, W_xh, W_hh, b_h, published, atol)
# recomputed = rnn_step(x, np.stack([h0, published[0]]), W_xh, W_hh, b_h)
# off = np.abs(published - recomputed)
# print("slips (t, unit):", slips)
# print("h_2 published: ", published[1])
# print("h_2 recomputed:", recomputed[1].round(3))
#
# names = [f"h_{t + 1}[{unit}]" for t in range(2) for unit in range(4)]
# wrong = [4 * t + unit for t, unit in slips]
# fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.4))
# left.plot(published.ravel(), "s", ms=9, mfc="none", color="#0072B2", label="published")
# left.plot(recomputed.ravel(), ".", ls="none", color="black", label="recomputed")
# left.plot(wrong, published.ravel()[wrong], "s", ms=9, mfc="none", mew=2.5, color="#D55E00",
#           label="published, a slip")
# left.set(ylabel="state", ylim=(-0.35, 0.75), title="On this scale you would believe it all")
# left.legend(loc="upper left")
# right.bar(range(8), off.ravel(), color=["#D55E00" if i in wrong else "0.7" for i in range(8)],
#           hatch=["//" if i in wrong else "" for i in range(8)])
# for i in wrong:
#     right.text(i, 1.15 * off.ravel()[i], "slip", ha="center", color="#D55E00", weight="bold")
# right.axhline(atol, color="black", label=f"atol = {atol}", ls="--")
# right.set(yscale="log", ylim=(1e-5, 0.1), ylabel="|published - recomputed|",
#           title="The difference: h_1 is right, h_2 is not")
# right.legend(loc="upper left")
# for ax in (left, right):
#     ax.set_xticks(range(8), names, rotation=60)
#     ax.axvline(3.5, color="0.5", lw=1, ls="-")
# plt.show()
# reveal("trace", len(slips), because=f"the worst is off by {off.max():.3f}, which nobody sees on "
#        "the left.")

# %% [markdown]
# ### Where did the slip happen?
#
# The text also prints its intermediate result h_1 W_hh: 0.179, 0.126, -0.165, -0.028.
#
# **Guess first:** is the slip in the matrix product, or in the tanh after it? (product or tanh)

# %% active="ipynb" guess="slip"
# printed, product = np.array([0.179, 0.126, -0.165, -0.028]), published[0] @ W_hh
# print("h_1 W_hh as printed:", printed)
# print("h_1 W_hh recomputed:", product.round(3))
# wrong = np.abs(printed - product).max() > atol
# reveal("slip", "product" if wrong else "tanh", because="the printed product is off already, by "
#        f"{np.abs(printed - product).max():.3f} in one entry; what came after it was right.")

# %% [markdown]
# A hand-made example deserves an audit, and so does your own code: that is what the gradient check
# below is for.

# %% [markdown]
# ## 6. One step backward
#
# Now the other direction. You know `dh`, how the loss changes with the state h. You want to know
# how it changes with everything that went *into* the step. Take the step apart:
#
# $$z = x\,W_{xh} + h_{prev}\,W_{hh} + b_h \qquad h = \tanh(z)$$
#
# Two tools are enough.
#
# - **Through the tanh:** its slope at z is $1 - \tanh^2 z$, so first find `dz`.
# - **Through a product** $C = A\,B$: $dA = dC\,B^\top$ and $dB = A^\top dC$. Check with the
#   shapes: only one order fits. (`W_hh` is square and fits either way, so think about that one.)
#
# The bias is added to every row of the batch, so its gradient collects from every row.


# %% exercise="rnn_step_backward"
def rnn_step_backward(
    dh: Array, x: Array, h_prev: Array, h: Array, W_xh: Array, W_hh: Array
) -> dict[str, Array]:
    """Take one step backward: from the gradient of the new state to that of all that went in.

    The step was h = tanh(x W_xh + h_prev W_hh + b_h). There is no need to compute it again: the
    slope of the tanh can be had from h.
    Source: P. J. Werbos (1990), "Backpropagation through time", Proceedings of the IEEE 78.

    Args:
        dh: (B, H), the gradient of the loss with respect to h.
        x: (B, I), the input of the step.
        h_prev: (B, H), the state before the step.
        h: (B, H), the state after the step, as the forward pass returned it.
        W_xh: (I, H), input to hidden.
        W_hh: (H, H), hidden to hidden.

    Returns:
        A dict with dx (B, I), dh_prev (B, H), dW_xh (I, H), dW_hh (H, H) and db_h (H,), the last
        three summed over the batch; float32 for float32 inputs, else float64.
    """
    ### BEGIN SOLUTION
    dz = as_float(dh) * (1 - as_float(h) ** 2)
    return {
        "dx": dz @ W_xh.T,
        "dh_prev": dz @ W_hh.T,
        "dW_xh": x.T @ dz,
        "dW_hh": h_prev.T @ dz,
        "db_h": dz.sum(axis=0),
    }
    ### END SOLUTION


# %% [markdown]
# ### Look: who gets a gradient
#
# 200 units with h from almost -1 to almost 1. The same gradient, 1, arrives at each of them; the
# weights are switched off except for the unit's own bias.
#
# **Guess first:** which part of it gets through where h = 0.99: 0.99, 0.1 or 0.02?

# %% active="ipynb" guess="saturated"
# h = np.linspace(-0.999, 0.999, 201)[None]
# nothing = np.zeros((201, 201))
# through = rnn_step_backward(np.ones_like(h), h, h, h, nothing, nothing)["db_h"]
# fig, ax = plt.subplots()
# ax.plot(h[0], through)
# for value in (0.0, 0.5, 0.9, 0.99):
#     share = 1 - value**2
#     ax.plot(value, share, "o", color="#D55E00")
#     ax.text(value - 0.03, share - 0.1, f"h = {value:g}: {share:.0%}",
#             ha="right" if value else "center")
# ax.set(xlabel="state h of the unit", ylabel="gradient that gets through",
#        ylim=(-0.15, 1.1), title="A saturated unit lets almost nothing through")
# plt.show()
# reveal("saturated", float(np.interp(0.99, h[0], through)), choices=(0.99, 0.1, 0.02),
#        because="the slope of a tanh at height h is 1 - h²: a unit that is sure hardly learns.")

# %% [markdown]
# ## 7. Backward through time
#
# Do the backward step T times, from the last step to the first. Two things are new.
#
# - **A state is used twice:** by its own output and by the next step. So two gradients reach it,
#   and gradients of the same thing **add up**.
# - **The weights are used T times.** Their gradients add up over the steps, for the same reason.
#
# This is called backpropagation through time. Nothing is cut off here: the gradient of the last
# step travels all the way back to `h0`.


# %% exercise="rnn_backward"
def rnn_backward(
    dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array
) -> dict[str, Array]:
    """Go back through all steps, from the gradients of the states to those of all that went in.

    Formula: ∂L/∂h_t = dh_t + (what comes back from step t + 1); nothing comes back after the last
    step. The gradients of the weights are summed over time. Full backpropagation, not truncated.
    Source: P. J. Werbos (1990), "Backpropagation through time", Proceedings of the IEEE 78.

    Args:
        dh: (B, T, H), the gradient that reaches each state from its own output only.
        x: (B, T, I), the inputs.
        h0: (B, H), the state before the first step.
        h: (B, T, H), the states as `rnn_forward` returned them.
        W_xh: (I, H), input to hidden.
        W_hh: (H, H), hidden to hidden.

    Returns:
        A dict with dx (B, T, I), dh0 (B, H), dW_xh (I, H), dW_hh (H, H) and db_h (H,); float32
        for float32 inputs, else float64.
    """
    ### BEGIN SOLUTION
    steps = []
    dh_next = as_float(np.zeros_like(h0))  # what comes back from step t + 1
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h0
        step = rnn_step_backward(dh[:, t] + dh_next, x[:, t], h_prev, h[:, t], W_xh, W_hh)
        dh_next = step["dh_prev"]
        steps.append(step)
    shared = ("dW_xh", "dW_hh", "db_h")
    grads = {name: np.sum([step[name] for step in steps], axis=0) for name in shared}
    grads["dx"] = np.stack([step["dx"] for step in reversed(steps)], axis=1)
    grads["dh0"] = dh_next
    return grads
    ### END SOLUTION


# %% [markdown]
# ### Look: which inputs mattered?
#
# `dx` says how much each input would change the loss. The same network, two losses: one that looks
# at the last state only, one that looks at every state.
#
# **Guess first:** for the loss at the last step, how many times less does the first input matter
# than the last: 2, 100 or 10,000?

# %% active="ipynb" guess="inputs"
# rng = np.random.default_rng(4)
# B, T, I, H = 64, 25, 3, 12
# W_xh = rng.normal(0, 0.4, (I, H))
# W_hh = 0.9 * np.linalg.qr(rng.normal(size=(H, H)))[0]
# x, h0 = rng.normal(size=(B, T, I)), np.zeros((B, H))
# h = rnn_forward(x, h0, W_xh, W_hh, np.zeros(H))
# every = rng.normal(size=(B, T, H))
# last = np.zeros((B, T, H))
# last[:, -1] = every[:, -1]
#
# fig, ax = plt.subplots()
# for dh, marker, label in [(every, "o", "loss at every step"), (last, "s", "last step only")]:
#     dx = rnn_backward(dh, x, h0, h, W_xh, W_hh)["dx"]
#     sizes = np.sqrt((dx**2).sum(axis=(0, 2)))
#     ax.plot(sizes, marker=marker, label=label)
# ax.set(xlabel="time step t", ylabel="‖∂L/∂x_t‖ over the batch", yscale="log",
#        title="A loss at the last step hardly feels the first inputs")
# ax.legend()
# plt.show()
# kept = (sizes[0] / sizes[-1]) ** (1 / (T - 1))
# reveal("inputs", float(sizes[-1] / sizes[0]), choices=(2, 100, 10_000),
#        because=f"on its way back the gradient shrinks at each of {T - 1} steps, on average to "
#        f"{kept:.2f} of its size.")

# %% [markdown]
# At the last step the two losses send back the same gradient, so the lines meet there. To the left
# of it one line is refilled at every step; the other only fades.

# %% [markdown]
# ## 8. A gradient without thinking
#
# Is your backward pass right? A gradient is a slope, and a slope can be measured: push one number
# a little up, a little down, and see what the loss does. Slow, but it knows nothing of your
# derivation. That makes it a good witness.


# %% exercise="numerical_gradient"
def numerical_gradient(f: Callable[[Array], float], x: Array, eps: float = 1e-5) -> Array:
    """Measure the gradient of f at x by central differences, one entry at a time.

    Formula: ∂f/∂x_i ≈ (f(x + eps·e_i) − f(x − eps·e_i)) / (2·eps), where e_i is 1 at entry i and
    0 elsewhere.

    Args:
        f: a function that takes an array like x and gives a float; it looks at its argument only.
        x: an array with any number of axes. It ends bit for bit as it began, even if f raises.
        eps: how far each entry is pushed to either side.

    Returns:
        The gradient, with the shape of x, in floats: float64 will do for any x. The differences
        are taken in float64: float32 would round eps away, and integers lose it.
    """
    ### BEGIN SOLUTION
    centre = np.asarray(x, dtype=np.float64)  # float32 would round eps away
    gradient = np.zeros_like(centre)
    for i in np.ndindex(centre.shape):
        above, below = centre.copy(), centre.copy()
        above[i] += eps
        below[i] -= eps
        gradient[i] = (f(above) - f(below)) / (2 * eps)
    return gradient.astype(as_float(x).dtype)
    ### END SOLUTION


# %% [markdown]
# ## 9. How close is close?
#
# A difference of 0.001 is nothing next to 1000 and everything next to 0.0001. So compare it with
# the size of the numbers themselves, entry by entry, and report the worst.


# %% exercise="relative_error"
def relative_error(a: Array | float, b: Array | float) -> float:
    """Return the largest relative difference between two arrays.

    Formula: the largest of |a − b| / max(1e-12, |a| + |b|) over all entries.

    Args:
        a: an array of any shape, or a number.
        b: the same shape as a.

    Returns:
        A Python float between 0 (equal) and 1 (opposite signs); 0 for 0 against 0.
    """
    ### BEGIN SOLUTION
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    return float(np.max(np.abs(a - b) / np.maximum(1e-12, np.abs(a) + np.abs(b))))
    ### END SOLUTION


# %% [markdown]
# ### Look: check your backward pass
#
# Every gradient of `rnn_backward` against its measured twin. Below 1e-7 is fine for float64; above
# 1e-3 there is a mistake, and the row tells you in which line.
#
# If only `dW_hh` is off, which state did you multiply with? If all rows are off, look at what they
# share. The inputs matter: random, h0 not zero, all sizes different, a gradient at every step.
# Zeros and squares hide mistakes.

# %% active="ipynb"
# rng = np.random.default_rng(5)
# B, T, I, H = 2, 5, 3, 4
# point = {
#     "x": rng.normal(size=(B, T, I)),
#     "h0": rng.uniform(-0.9, 0.9, (B, H)),
#     "W_xh": rng.normal(0, 0.5, (I, H)),
#     "W_hh": rng.normal(0, 0.5, (H, H)),
#     "b_h": rng.uniform(-1, 1, H),
# }
# target = rng.normal(size=(B, T, H))
#
#
# def loss_at(name, value):
#     """The loss with one of the five arrays replaced; here the states are the outputs."""
#     return half_squared_error(rnn_forward(**{**point, name: value}), target)[0]
#
#
# h = rnn_forward(**point)
# dh = half_squared_error(h, target)[1]
# grads = rnn_backward(dh, point["x"], point["h0"], h, point["W_xh"], point["W_hh"])
# for name, value in point.items():
#     measured = numerical_gradient(lambda v, name=name: loss_at(name, v), value)
#     print(f"d{name:5} relative error {relative_error(grads['d' + name], measured):.1e}")

# %% [markdown]
# ### Look: how small should eps be?
#
# The definition of a slope says "eps towards 0". Three ways to measure `dW_hh`: central
# differences, a one-sided difference (f(x + eps) − f(x)) / eps, and central differences on a
# network in float32.
#
# **Guess first:** which eps is best for central differences in float64: 1e-2, 1e-5 or 1e-12?

# %% active="ipynb" guess="eps"
# def one_sided(f, x, eps):
#     """The gradient of f from x and one push upward per entry."""
#     gradient = np.zeros_like(x)
#     for i in np.ndindex(x.shape):
#         pushed = x.copy()
#         pushed[i] += eps
#         gradient[i] = (f(pushed) - f(x)) / eps
#     return gradient
#
#
# small = {name: value.astype(np.float32) for name, value in point.items()}
#
#
# def loss64(W):
#     return loss_at("W_hh", W)
#
#
# def loss32(W):
#     h = rnn_forward(**{**small, "W_hh": W.astype(np.float32)})
#     return half_squared_error(h, target.astype(np.float32))[0]
#
#
# W, exact = point["W_hh"], grads["dW_hh"]
# all_eps = np.logspace(-1, -12, 23)
# lines = [
#     ("central, float64", "o", lambda eps: numerical_gradient(loss64, W, eps)),
#     ("one-sided, float64", "s", lambda eps: one_sided(loss64, W, eps)),
#     ("central, float32", "^", lambda eps: numerical_gradient(loss32, W, eps)),
# ]
# bests = []
# fig, ax = plt.subplots(figsize=(7, 3.4))
# for label, marker, measure in lines:
#     errors = [relative_error(measure(eps), exact) for eps in all_eps]
#     ax.loglog(all_eps, errors, marker=marker, label=label)
#     best = int(np.argmin(errors))
#     print(f"{label:20} best at eps = {all_eps[best]:.0e}: relative error {errors[best]:.0e}")
#     bests.append(float(all_eps[best]))
# ax.axvline(1e-5, color="0.5", lw=1, ls="-")
# ax.annotate("eps = 1e-5", (1e-5, 3e-12), xytext=(4, 0), textcoords="offset points", color="0.3")
# ax.set(xlabel="eps (smaller to the right)", ylabel="relative error of dW_hh", ylim=(1e-12, 5),
#        title="Too large: the curve bends. Too small: rounding takes over.")
# ax.invert_xaxis()
# ax.legend(loc="lower right")
# plt.show()
# reveal("eps", bests[0], choices=(1e-2, 1e-5, 1e-12), because="the smallest eps is the worst: of "
#        "two numbers that agree in 12 digits the difference has few left.")

# %% [markdown]
# - Left of the valley the curve is not straight enough over 2·eps. The central difference is far
#   better here: its error falls with eps², the one-sided error with eps.
# - Right of the valley f(above) and f(below) agree in nearly all their digits, and the difference
#   is made of rounding.
#
# So: central differences, eps near 1e-5, float64. A check in float32 condemns code that is right.

# %% [markdown]
# ## 10. Gradients that vanish, gradients that explode
#
# Let the gradient enter at the last step only and follow it back. Each step multiplies it by the
# slope of the tanh and by the turned-over `W_hh`. After 50 steps that is a long product.
#
# Write a function that records how large the gradient is on its way. It is the loop of
# `rnn_backward` with most of it left out. From the last of T states to the first there are T − 1
# multiplications, not T.


# %% exercise="state_gradient_norms"
def state_gradient_norms(h: Array, W_hh: Array, dh_last: Array) -> Array:
    """Follow a gradient that enters at the last step only, and record its size at each step.

    Formula: ‖∂L/∂h_t‖₂ = √(Σ (∂L/∂h_t)²), the sum taken over the whole batch and all units.
    Source: R. Pascanu, T. Mikolov, Y. Bengio (2013), "On the difficulty of training recurrent
    neural networks", ICML.

    Args:
        h: (B, T, H), the states as `rnn_forward` returned them.
        W_hh: (H, H), hidden to hidden.
        dh_last: (B, H), the gradient of the loss with respect to the last state.

    Returns:
        (T,), the norm at each step, in the order of time: the last entry is ‖dh_last‖; float32
        for float32 inputs, else float64.
    """
    ### BEGIN SOLUTION
    dh = as_float(dh_last)
    norms = [np.linalg.norm(dh)]
    for t in reversed(range(1, h.shape[1])):
        dh = (dh * (1 - h[:, t] ** 2)) @ W_hh.T
        norms.append(np.linalg.norm(dh))
    return np.array(norms[::-1])
    ### END SOLUTION


# %% [markdown]
# ### Look: the same weights, quiet and loud
#
# `W_hh` is a rotation (an orthogonal matrix) times a factor: it stretches every vector by that
# factor. On the left the inputs are zero, so the states are zero too and every tanh has slope 1.
# On the right the same matrices see inputs that move the states.
#
# **Guess first:** factor 1.1, 49 steps back, no input. How many times as large as at step 49 is
# the gradient at step 0: 5, 100 or 10,000?

# %% active="ipynb" guess="factor"
# rng = np.random.default_rng(6)
# B, T, H = 8, 50, 16
# Q = np.linalg.qr(rng.normal(size=(H, H)))[0]
# dh_last = rng.normal(size=(B, H))
# dh_last /= np.linalg.norm(dh_last)
# noise = rng.normal(size=(B, T, H))
#
# quiet = {}
# fig, axes = plt.subplots(1, 2, sharey=True, figsize=(8, 3.4))
# for ax, size, title in [(axes[0], 0.0, "No input: the factor decides"),
#                         (axes[1], 1.0, "With input: the slopes pull down")]:
#     for factor, marker in [(1.5, "^"), (1.1, "o"), (1.0, "s"), (0.9, "v"), (0.5, "x")]:
#         W_hh = factor * Q
#         h = rnn_forward(size * noise, np.zeros((B, H)), np.eye(H), W_hh, np.zeros(H))
#         norms = state_gradient_norms(h, W_hh, dh_last)
#         ax.semilogy(norms, marker=marker, markevery=7, label=f"factor {factor:g}")
#         if size == 0:
#             quiet[factor] = float(norms[0])
#             print(f"factor {factor:g}: from 1 at step {T - 1} to {norms[0]:.1e} at step 0")
#     ax.set(xlabel="time step t", title=title)
# axes[0].set(ylabel="‖∂L/∂h_t‖")
# axes[1].legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
# plt.show()
# reveal("factor", quiet[1.1], choices=(5, 100, 10_000),
#        because=f"1.1 to the power {T - 1} is {1.1 ** (T - 1):.0f}; with inputs the slopes of "
#        "the tanh, all below 1, pull against it.")

# %% [markdown]
# Read the lines from right to left: that is the way the gradient goes.

# %% [markdown]
# ### Look: four claims to test
#
# You will read: "`W_hh` larger than 1 explodes, smaller than 1 vanishes." Larger in which sense?
# Two numbers are in use. The **spectral radius** ρ is the largest |eigenvalue|. The **2-norm**
# ‖W‖₂ is the largest factor by which the matrix can stretch a vector; it is never smaller than ρ.
#
# **Guess first:** for each row, does the gradient grow, shrink or stay on its way back? (four
# letters of g, s and =, from A to D)
#
# | | `W_hh` | ρ | ‖W‖₂ | states |
# |---|---|---|---|---|
# | A | 2 × identity | 2 | 2 | zero |
# | B | 2 × identity | 2 | 2 | large inputs |
# | C | 0.9 on the diagonal, 1.5 beside it | 0.9 | 2.4 | zero |
# | D | a rotation | 1 | 1 | zero |

# %% active="ipynb" guess="claims"
# rng = np.random.default_rng(7)
# B, T, H = 4, 50, 40
# eye = np.eye(H)
# chain = 0.9 * eye + 1.5 * np.eye(H, k=1)
# rotation = np.linalg.qr(rng.normal(size=(H, H)))[0]
# x = rng.normal(0, 5, (B, T, H))
# dh_last = rng.normal(size=(B, H))
# dh_last /= np.linalg.norm(dh_last)
#
# ways = ""
# fig, ax = plt.subplots(figsize=(7, 3.4))
# for label, W_hh, inputs, marker in [
#     ("A: 2 × identity, zero states", 2 * eye, 0 * x, "o"),
#     ("B: 2 × identity, large inputs", 2 * eye, x, "s"),
#     ("C: ρ = 0.9, ‖W‖₂ = 2.4, zero states", chain, 0 * x, "^"),
#     ("D: rotation, zero states", rotation, 0 * x, "x"),
# ]:
#     rho = np.abs(np.linalg.eigvals(W_hh)).max()
#     h = rnn_forward(inputs, np.zeros((B, H)), eye, W_hh, np.zeros(H))
#     norms = state_gradient_norms(h, W_hh, dh_last)
#     ax.semilogy(norms, marker=marker, markevery=7, label=label)
#     ways += "=" if abs(norms[0] - 1) < 1e-6 else "g" if norms[0] > 1 else "s"
#     two_norm = np.linalg.norm(W_hh, 2)
#     print(f"{label[0]}: ρ = {rho:.1f}, ‖W‖₂ = {two_norm:.1f}, "
#           f"from 1 at step {T - 1} to {norms[0]:.0e} at step 0")
# ax.set(xlabel="time step t", ylabel="‖∂L/∂h_t‖",
#        title="A and B share their matrix; C has ρ < 1 and explodes")
# ax.legend(loc="lower right")
# plt.show()
# reveal("claims", ways, because="A and B share their matrix and part by their states; C has a "
#        "small spectral radius and a large 2-norm.")

# %% [markdown]
# What is true, and provable in one line: a step back multiplies the norm by at most ‖W_hh‖₂,
# because the slope of a tanh is at most 1. Hence:
#
# - **‖W_hh‖₂ < 1 is enough for vanishing.** It is not necessary: see B.
# - **‖W_hh‖₂ > 1 is necessary for exploding.** It is not enough: see B again.
# - **The spectral radius settles neither** over a finite number of steps: C has ρ = 0.9.
#
# And "tanh' ≤ 1, therefore the product shrinks" forgets the `W_hh` in the product: see A.

# %% [markdown]
# ### Play: a pulse, and what becomes of it
#
# One pulse goes in at step 5. On the left the state that it leaves behind, on the right the
# gradient of the last step on its way back. Move the two sliders: at which radius does the state
# keep the pulse for 60 steps, and does the gradient agree?

# %% active="ipynb"
# def draw_pulse(spectral_radius, pulse):
#     rng = np.random.default_rng(10)
#     T, H = 60, 12
#     W = rng.normal(size=(H, H))
#     W_hh = spectral_radius * W / np.abs(np.linalg.eigvals(W)).max()
#     x = np.zeros((1, T, 1))
#     x[0, 5] = pulse
#     h = rnn_forward(x, np.zeros((1, H)), rng.normal(size=(1, H)), W_hh, np.zeros(H))
#     dh_last = rng.normal(size=(1, H))
#     norms = state_gradient_norms(h, W_hh, dh_last / np.linalg.norm(dh_last))
#     fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3))
#     left.plot(h[0], color="0.6", lw=0.8, ls="-")
#     left.plot(np.abs(h[0]).max(axis=1), color="black", ls="-", label="largest |unit|")
#     left.set(xlabel="time step t", ylabel="state h", ylim=(-1.05, 1.05),
#              title=f"Radius {spectral_radius:.2f}: the state after a pulse")
#     left.legend(loc="lower right")
#     right.semilogy(norms, marker="o", markevery=6)
#     right.set(xlabel="time step t", ylabel="‖∂L/∂h_t‖", ylim=(1e-12, 1e12),
#               title="The gradient, read from right to left")
#     plt.show()
#
#
# play(draw_pulse, spectral_radius=(0.0, 1.6, 0.9), pulse=(0.0, 4.0, 1.0))

# %% [markdown]
# ## 11. Learning: one update
#
# All gradients are there, so walk downhill: parameters minus learning rate times gradient. Return
# new parameters and leave the old ones alone, and you can always go back to them.


# %% exercise="sgd_step"
def sgd_step(
    params: Mapping[str, Array], grads: Mapping[str, Array], lr: float
) -> dict[str, Array]:
    """Take one step of gradient descent and return the new parameters.

    Formula: new = old − lr · gradient, for each parameter.

    Args:
        params: the parameters by name. They are left alone.
        grads: the gradients under the same names ("W_hh", not "dW_hh"). They are left alone, and
            entries that have no parameter are ignored.
        lr: the learning rate.

    Returns:
        A new dict with the names of params and new arrays; float32 for float32 inputs, else
        float64.

    Raises:
        KeyError: a parameter has no gradient; the error names the parameter.
    """
    ### BEGIN SOLUTION
    return {name: as_float(value) - lr * grads[name] for name, value in params.items()}
    ### END SOLUTION


# %% [markdown]
# ## 12. Learning: all of it
#
# Put your functions together, `steps` times over:
#
# 1. **forward:** states, outputs, loss
# 2. **backward:** from `dy` through the output layer to its own weights and to `dh`, and from
#    there through time
# 3. **update**
#
# The output layer is a product and a sum, as in exercise 6. Its weights too are used at every step
# of every sequence.


# %% exercise="train_rnn"
def train_rnn(
    x: Array, target: Array, params: Mapping[str, Array], lr: float, steps: int
) -> tuple[dict[str, Array], list[float]]:
    """Train a recurrent network with an output at every step by full-batch gradient descent.

    Formula: h = rnn_forward from h0 = 0, y = h W_hy + b_y, L = ½ Σ (y − target)²; each step then
    takes lr · ∂L/∂p from each parameter p.

    Args:
        x: (B, T, I), the inputs.
        target: (B, T, O), the outputs that are wanted.
        params: W_xh (I, H), W_hh (H, H), b_h (H,), W_hy (H, O) and b_y (O,). They are left alone.
        lr: the learning rate.
        steps: the number of updates; 0 is allowed.

    Returns:
        (params, losses): a dict of the trained parameters, float32 for float32 inputs, else
        float64; and a list with one Python float for each step, the loss *before* its update.
    """
    ### BEGIN SOLUTION
    trained = dict(params)
    h0 = np.zeros((len(x), len(params["b_h"])), dtype=x.dtype)
    losses = []
    for _ in range(steps):
        h = rnn_forward(x, h0, trained["W_xh"], trained["W_hh"], trained["b_h"])
        y = output_layer(h, trained["W_hy"], trained["b_y"])
        loss, dy = half_squared_error(y, target)
        losses.append(loss)

        dh = dy @ trained["W_hy"].T
        back = rnn_backward(dh, x, h0, h, trained["W_xh"], trained["W_hh"])
        grads = {name: back["d" + name] for name in ("W_xh", "W_hh", "b_h")}
        grads["W_hy"] = np.einsum("bth,bto->ho", h, dy)
        grads["b_y"] = dy.sum(axis=(0, 1))
        trained = sgd_step(trained, grads, lr)
    return trained, losses
    ### END SOLUTION


# %% [markdown]
# ### Look: a task that needs memory
#
# Repeat the input, **three steps late**. The inputs are random, so the present one says nothing
# about the answer. The network must carry three numbers in its state and hand out the oldest.
#
# First the untrained network, on a sequence that it will never be trained on.
#
# **Guess first:** does the untrained output follow the target? (yes or no)

# %% active="ipynb" guess="untrained"
# def echo_task(rng, batch, steps, delay=3):
#     """Random inputs, and as targets the same numbers `delay` steps later (0 before that)."""
#     x = rng.uniform(-1, 1, (batch, steps, 1))
#     target = np.zeros_like(x)
#     target[:, delay:] = x[:, :-delay]
#     return x, target
#
#
# def predict(x, params):
#     h0 = np.zeros((len(x), len(params["b_h"])))
#     h = rnn_forward(x, h0, params["W_xh"], params["W_hh"], params["b_h"])
#     return output_layer(h, params["W_hy"], params["b_y"])
#
#
# def draw_echo(params, title):
#     """Draw the output on a new sequence; the loss per number."""
#     y = predict(x_new, params)
#     error = half_squared_error(y, target_new)[0] / y.size
#     fig, ax = plt.subplots()
#     ax.plot(target_new[0, :, 0], "o-", mfc="none", ms=8, color="#0072B2", label="target")
#     ax.plot(y[0, :, 0], "x--", color="#D55E00", label="output")
#     ax.set(xlabel="time step t", ylabel="value", ylim=(-1.6, 1.6),
#            title=f"{title}. Loss per number on new sequences: {error:.2g}")
#     ax.legend(ncols=2, loc="upper right")
#     plt.show()
#     return error
#
#
# rng = np.random.default_rng(8)
# H = 16
# start = {
#     "W_xh": rng.normal(0, 0.5, (1, H)),
#     "W_hh": rng.normal(0, 0.05, (H, H)),
#     "b_h": np.zeros(H),
#     "W_hy": rng.normal(0, 0.1, (H, 1)),
#     "b_y": np.zeros(1),
# }
# x, target = echo_task(rng, batch=32, steps=24)
# x_new, target_new = echo_task(rng, batch=32, steps=24)
# no_memory = half_squared_error(np.zeros_like(target_new), target_new)[0] / target_new.size
# error = draw_echo(start, "Before training: no echo")
# reveal("untrained", bool(error < 0.5 * no_memory), because="with small random weights it says "
#        f"nearly 0 all the time. Its loss is {error:.3f}; always saying 0 has {no_memory:.3f}.")

# %% [markdown]
# Now train, from two starts that differ in `W_hh` only: numbers close to zero, or a rotation times
# 0.9. The dotted line is about the best that a network **without memory** can do: say 0 all the
# time.
#
# **Guess first:** think of section 10. Which start learns sooner? (zero or rotation)

# %% active="ipynb" guess="starts"
# rotation = 0.9 * np.linalg.qr(rng.normal(size=(H, H)))[0]
# no_memory = half_squared_error(np.zeros_like(target), target)[0] / target.size
#
# sooner = {}
# fig, ax = plt.subplots()
# for label, W_hh in [("W_hh near zero", start["W_hh"]), ("rotation × 0.9", rotation)]:
#     trained, losses = train_rnn(x, target, {**start, "W_hh": W_hh}, lr=0.0003, steps=800)
#     losses = np.array(losses)
#     ax.semilogy(losses / target.size, lw=2, label=label)
#     sooner[label.split()[-2]] = int((losses < 0.5 * no_memory * target.size).argmax())
#     print(f"{label}: loss per number {losses[0] / x.size:.3f} at first, "
#           f"{losses[-1] / x.size:.5f} at the end")
# ax.axhline(no_memory, color="black", ls=":", label="without memory")
# ax.set(xlabel="update", ylabel="loss per number",
#        title="Both learn to remember; the start near zero waits for its gradient")
# ax.legend()
# plt.show()
# reveal("starts", "rotation" if sooner["×"] < sooner["near"] else "zero", because="half the loss "
#        f"without memory is reached after {sooner['×']} updates from the rotation, and after "
#        f"{sooner['near']} from near zero.")

# %% [markdown]
# With `W_hh` near zero, a gradient that has to go back three steps has almost vanished on arrival.
# There is nothing to follow until the recurrent weights have grown.
#
# **Guess first:** the sequence below was not in the training data. Will the echo hold? (yes or no)

# %% active="ipynb" guess="unseen"
# error = draw_echo(trained, "After training: an echo three steps late")
# reveal("unseen", bool(error < 0.1 * no_memory), because="it has learnt to delay, and not the "
#        f"numbers of the training data: its loss here is {error:.2g}.")

# %% [markdown]
# Two things to try:
#
# - A delay of 8 in place of 3. Which of the two starts still gets well below the dotted line?
# - `lr` ten times as large. What does the loss do, and what does NumPy say about it?

# %% [markdown]
# ## What you know now
#
# - A recurrent network is one small function, used again and again with the same weights.
# - Backpropagation through time is that function's backward step, used again and again. A state
#   gets gradients from two sides; a weight gets one from every step.
# - A gradient check in float64 with eps near 1e-5 tells right from wrong. Seeing the loss fall
#   does not: many wrong gradients still point downhill.
# - ‖W_hh‖₂ < 1 makes gradients vanish. Exploding needs ‖W_hh‖₂ > 1, and saturated units can still
#   prevent it.
#
# **Pitfalls worth remembering**
#
# - With `h0 = 0`, T = 1 or a symmetric `W_hh`, many wrong programs give right answers. Test with
#   sizes that all differ and numbers that are not zero.
# - `W_hh` is square: the transpose fits without an error and is wrong.
# - Index −1 is the *last* step. `h[:, t - 1]` at t = 0 is not `h0`.
# - `y − target` is the gradient of ½ Σ (y − target)². For the *mean* squared error of n numbers it
#   is off by the factor n / 2.
# - Clipping (lab 5) tames gradients that explode. It only shrinks, so it does nothing for those
#   that vanish. Gates (lab 3) can help there.
