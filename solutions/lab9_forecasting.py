# %% [markdown]
# # Lab 9: Forecasting
#
# What comes next? In this lab you cut a series into windows and targets, split and scale it
# without letting the future leak into the past, train a recurrent network to say the next value,
# and feed its own answers back to it to look further ahead.
#
# Half of the lab is about honesty. A forecast is easily made to look good: by a test that the
# model has seen parts of, by a score that flatters everybody, by a task whose answer stands in the
# question. Each of these is measured here, with its number.
#
# **How to work**
#
# - Write a function, run its cell, then run the check cell below it.
# - Stuck? Call `hint(sliding_windows)` in a cell of its own (with the name of your function). The
#   first hint says where to look; ask again and it says what is wrong.
# - The pictures are for you, not for marks. Each one needs the functions above it. Write what you
#   expect between the dots of `guess("…")`, then run the folded cell below: a wrong guess teaches
#   more. Guesses are neither stored nor marked.
#
# **What is allowed:** NumPy, all of PyTorch, and plain Python. In what you hand in,
# leave out a `DataLoader` with `num_workers` above 0, and `torch.compile`.

# %% [markdown]
# ## Conventions
#
# | letter | meaning |
# |---|---|
# | n | values in a series |
# | N | windows |
# | L | values in a window, its length |
# | B | batch: how many windows at once |
#
# | array | shape |
# |---|---|
# | `series` | (n,) |
# | `X` | (N, L): one window per row, oldest value first |
# | `y` | (N,): the value to be forecast |
# | input of a model | (B, L, 1): one number per step |
#
# - **Sections 1 to 4 are NumPy**, arrays in and arrays out; **5 to 8 are PyTorch**.
# - **dtype:** float32 in, float32 out; float64 in, float64 out. Integers may stay integers or
#   become float64. "float" means a Python float.
# - **New tensors follow their inputs:** same device, same float dtype.
# - **No function changes its arguments**, but for the model that is trained. A result may be a
#   view of what was handed in.
# - Errors are **mean squared errors** throughout.

# %%
import math
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

Array = NDArray[Any]

# %% active="ipynb"
# # For the pictures only. Colours and markers: nobody has to tell red from green.
# import warnings
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
# GREYS = {"color": ["white", "0.6"], "edgecolor": "black"}
#
#
# def made_walk(n, seed):
#     """A random walk: each value is the one before plus a new random number."""
#     return np.random.default_rng(seed).standard_normal(n).cumsum()
#
#
# def made_season(n, seed, noise=0.3):
#     """Two waves whose periods do not fit into each other, and noise."""
#     t = np.arange(n)
#     waves = np.sin(2 * np.pi * t / 23.7) + 0.6 * np.sin(2 * np.pi * t / 9.1)
#     return waves + noise * np.random.default_rng(seed).standard_normal(n)

# %% [markdown]
# ## 1. Windows and targets
#
# A network learns from pairs: what it sees, and what it should say. A series becomes such pairs by
# sliding a window along it, one value at a time. The target stands `horizon` values after the
# **last** value of its window: with `horizon=1` it is the very next one.


# %% exercise="sliding_windows"
def sliding_windows(series: Array, length: int, horizon: int = 1) -> tuple[Array, Array]:
    """Cut a series into all windows of one length, each with the value to be forecast from it.

    Window i starts at value i, and y[i] = series[i + length + horizon − 1]. There are as many
    windows as have a target inside the series, N = n − length − horizon + 1.

    Args:
        series: (n,), floats or integers.
        length: L, values in a window, at least 1.
        horizon: how far after the last value of the window its target stands, at least 1.

    Returns:
        (X, y): the windows (N, length) and the targets (N,).

    Raises:
        ValueError: the series is too short for a single window and its target, N < 1; the message
            names `series`.
    """
    ### BEGIN SOLUTION
    count = len(series) - length - horizon + 1
    if count < 1:
        raise ValueError(
            f"series is too short: {len(series)} values, windows of {length}, horizon {horizon}"
        )
    values = 1.0 * series  # float32 stays float32, integers become float64
    windows = np.arange(count)[:, None] + np.arange(length)
    return values[windows], values[length + horizon - 1 :]
    ### END SOLUTION


# %% [markdown]
# ### Look: windows on a series
#
# A series of 14 values; windows of 5, and a horizon of 3.
#
# **Guess first:** how many windows are there? (a number)

# %% active="ipynb" guess="windows"
# series = made_season(14, seed=1)
# X, y = sliding_windows(series, 5, horizon=3)
# fig, ax = plt.subplots(figsize=(7, 3.6))
# ax.plot(series, marker="o", color="black", ls="-", lw=1)
# low = series.min()
# for i in range(len(X)):
#     height = low - 0.5 - 0.28 * i
#     ax.plot([i, i + 4], [height, height], color="#0072B2", ls="-", lw=4)
#     ax.plot(i + 7, height, marker="*", ms=11, color="#D55E00", ls="")
#     ax.text(i - 0.25, height, f"window {i}", ha="right", va="center", fontsize=8)
# ax.plot([], [], color="#0072B2", ls="-", lw=4, label="window")
# ax.plot([], [], marker="*", ms=11, color="#D55E00", ls="", label="its target")
# ax.set(xlabel="time step", xticks=range(14), yticks=[], xlim=(-2, 13.5),
#        title=f"X {X.shape}, y {y.shape}")
# ax.grid(False)
# ax.legend(loc="upper right")
# plt.show()
# reveal("windows", len(X), because="a window and its target take up 5 + 3 values, and that "
#        f"stretch fits into {len(series)} values {len(X)} times. The first target is value "
#        f"{int(np.flatnonzero(series == y[0])[0])}; those before it are targets of nothing.")

# %% [markdown]
# The last windows have no target inside the series and are left out. Two neighbours share all but
# one of their values; that will matter in a moment.

# %% [markdown]
# ## 2. Past and future
#
# A forecaster is for the future, so it is tested on what comes **after** all it has learnt from.
# The series is cut **once**, and windows are made of each part by itself: a window that lay across
# the cut would belong to both.


# %% exercise="split_series"
def split_series(series: Array, train_fraction: float) -> tuple[Array, Array]:
    """Cut a series into an earlier part to learn from and a later one to be tested on.

    The first int(n · train_fraction) values are the training part and all others the test part, in
    their order; no value stands in both. With few values a part may be empty.

    Args:
        series: (n,), floats or integers.
        train_fraction: which share of the series is for training, more than 0 and less than 1.

    Returns:
        (train, test), one after the other the whole series.

    Raises:
        ValueError: train_fraction is not between 0 and 1; 0 and 1 themselves and nan are not. The
            message names `train_fraction`.
    """
    ### BEGIN SOLUTION
    if not 0 < train_fraction < 1:
        raise ValueError(f"train_fraction must lie between 0 and 1, not {train_fraction}")
    cut = int(len(series) * train_fraction)
    values = 1.0 * series  # float32 stays float32, integers become float64
    return values[:cut], values[cut:]
    ### END SOLUTION


# %% [markdown]
# ### Look: what a shuffled split gives away
#
# The usual split in other tasks is a random one. Take a random walk of 600 values, which nobody
# can forecast, make windows of 30, and hold out a quarter of the *windows* at random. Then do it
# in time: cut first, and make windows of each part.
#
# The forecaster is a cheat that learns nothing at all. It looks for the training window that is
# most like the one in front of it, and says what came after that.
#
# **Guess first:** how many times as large is the error of the cheat when the cut is in time: 2, 10
# or 100?

# %% active="ipynb" guess="cheat"
# def copied(X_known, y_known, X_new):
#     """The target of the most similar known window, for each new window."""
#     distances = ((X_new[:, None] - X_known[None]) ** 2).sum(axis=2)
#     return y_known[distances.argmin(axis=1)]
#
#
# def shared(starts, known, length=30):
#     """Of the windows that start there: the share that overlaps a known one."""
#     return np.mean([(np.abs(known - start) < length).any() for start in starts])
#
#
# walk = made_walk(600, seed=2)
# windows, targets = sliding_windows(walk, 30)
# order = np.random.default_rng(2).permutation(len(windows))
# old, new = order[: 3 * len(order) // 4], order[3 * len(order) // 4 :]
# error_shuffled = np.mean((copied(windows[old], targets[old], windows[new]) - targets[new]) ** 2)
#
# past, future = split_series(walk, 0.75)
# (X_past, y_past), (X_future, y_future) = sliding_windows(past, 30), sliding_windows(future, 30)
# error_in_time = np.mean((copied(X_past, y_past, X_future) - y_future) ** 2)
# overlap_in_time = shared(len(past) + np.arange(len(X_future)), np.arange(len(X_past)))
#
# fig, (left, right) = plt.subplots(1, 2, figsize=(7, 2.8))
# names = ["windows\nshuffled", "cut\nin time"]
# shares = [shared(new, old), overlap_in_time]
# left.bar_label(left.bar(names, shares, **GREYS), fmt="{:.0%}")
# left.set(ylim=(0, 1.2), yticks=[0, 0.5, 1],
#          title="test windows that share\nvalues with training")
# right.bar_label(right.bar(names, [error_shuffled, error_in_time], **GREYS), fmt="%.1f")
# right.set(ylabel="mean squared error", title="error of the cheat on its test")
# right.margins(y=0.2)
# for ax in (left, right):
#     ax.grid(False)
# plt.show()
#
# near = np.abs(old[None] - new[:, None]).min(axis=1) == 1
# reveal("cheat", error_in_time / error_shuffled, choices=(2, 10, 100),
#        because=f"{near.mean():.0%} of the shuffled test windows share 29 of their 30 values "
#        f"with a training window, and to copy from it costs {error_shuffled:.1f}. In time there "
#        f"is nothing to copy: {error_in_time:.0f}.")

# %% [markdown]
# The steps of this walk have a variance of 1, so no forecaster of its next value can be expected
# to have a smaller error than 1. The shuffled test lets a cheat come near it. **A window's
# neighbours know its answer.** Split by time, and split before you cut windows.

# %% [markdown]
# ## 3. Scaling
#
# Networks like numbers around 0 with a spread of about 1: subtract the mean and divide by the
# standard deviation. These two are *learnt* from data, so they come from the **training part
# alone**.
#
# One thing can go wrong: a sensor that is stuck gives the same value all the time, and its
# standard deviation is 0. Dividing by 1 leaves such a series alone.


# %% exercise="fit_scaler"
def fit_scaler(train: Array) -> tuple[float, float]:
    """Return the mean and the standard deviation by which a series is to be scaled.

    The standard deviation is that of the population, √(Σ (x − mean)² / n). Where all values are
    equal, that is where the largest equals the smallest, it is exactly 1.0; where they differ,
    however little, it is what the formula says.

    Args:
        train: (n,), floats or integers, at least one.

    Returns:
        (mean, std), two Python floats.
    """
    ### BEGIN SOLUTION
    if train.max() == train.min():
        return float(train[0]), 1.0
    return float(train.mean()), float(train.std())
    ### END SOLUTION


# %% [markdown]
# ### Look: stuck at 0.1
#
# A sensor is stuck, and says 0.1 seven times.
#
# **Guess first:** is `np.full(7, 0.1).std()` equal to 0? (yes or no)

# %% active="ipynb" guess="stuck"
# stuck = np.full(7, 0.1)
# scaler = fit_scaler(stuck)
# print("stuck.std()            ", stuck.std())
# print("stuck.std() == 0       ", stuck.std() == 0)
# print("divided by it          ", (0.2 - stuck.mean()) / stuck.std(), "for a new value of 0.2")
# print("fit_scaler(stuck)      ", scaler)
# reveal("stuck", bool(stuck.std() == 0), because="seven times 0.1 is not quite 0.7 in floating "
#        f"point, so the mean is off by {abs(stuck.mean() - 0.1):.0e}, and the deviation is "
#        f"{stuck.std():.0e}.")

# %% [markdown]
# A test for `std == 0` lets this through, and the first new value explodes. The largest and the
# smallest value are exact.

# %% [markdown]
# ### Look: a scaler that has seen the future
#
# A series that rises. The scaler is fitted once on the training part and once on everything. The
# forecast is the plainest there is: 0, always, which means "the mean of what the scaler saw".
#
# **Guess first:** with which scaler is the error on the test part smaller, the one that saw the
# training part or the one that saw everything? (training or everything)

# %% active="ipynb" guess="leak"
# rising = 0.05 * np.arange(400) + np.random.default_rng(3).standard_normal(400)
# past, future = split_series(rising, 0.75)
# errors = {}
# fig, axes = plt.subplots(1, 2, sharey=True, figsize=(7, 3))
# for ax, seen, name in zip(axes, (past, rising), ("training", "everything")):
#     mean, std = fit_scaler(seen)
#     scaled = (rising - mean) / std
#     errors[name] = np.mean(scaled[300:] ** 2)
#     ax.plot(scaled, color="0.5", ls="-", lw=1)
#     ax.axvspan(300, 400, color="#0072B2", alpha=0.15)
#     ax.axhline(0, color="black", ls="--", lw=1.5)
#     ax.text(390, -2.3, "test", ha="right", fontsize=9)
#     ax.set(xlabel="time step",
#            title=f"fitted on: {name}\nerror of 0 as a forecast: {errors[name]:.1f}")
# axes[0].set(ylabel="scaled series")
# plt.show()
# reveal("leak", min(errors, key=errors.get), because="the zero and the unit of this ruler were "
#        f"made with the test part, so the test part looks ordinary: {errors['everything']:.1f} "
#        f"in place of {errors['training']:.1f}.")

# %% [markdown]
# Nobody knows more about the future now. The number got smaller because of a leak.

# %% [markdown]
# ## 4. The line to beat
#
# The cheapest forecast is **persistence**: tomorrow will be like today. It needs no training, and
# for many series it is hard to beat. Its error belongs beside every error that you report.


# %% exercise="persistence_mse"
def persistence_mse(X: Array, y: Array) -> float:
    """Return the mean squared error of a forecast that repeats the last value of each window.

    Args:
        X: windows (N, L), the last value of each in the last column.
        y: targets (N,).

    Returns:
        The mean over all N windows of (last value − target)², a Python float.
    """
    ### BEGIN SOLUTION
    return float(np.mean((X[:, -1] - y) ** 2))
    ### END SOLUTION


# %% [markdown]
# ### Look: a score that flatters
#
# R² is 1 − error / variance of the targets: 0 for a forecaster that always says the mean, 1 for
# one that is never wrong. Three forecasters on the later part of a random walk: persistence; a
# line fitted to windows of 20 values by least squares; and the mean of the window.
#
# **Guess first:** a random walk cannot be forecast. Which R² does persistence have: 0, 0.5 or 1?

# %% active="ipynb" guess="flatters"
# past, future = split_series(made_walk(4000, seed=5), 0.5)
# (X_past, y_past), (X_new, y_new) = sliding_windows(past, 20), sliding_windows(future, 20)
# fitted, *_ = np.linalg.lstsq(X_past, y_past, rcond=None)
# errors = {
#     "persistence": persistence_mse(X_new, y_new),
#     "least squares": np.mean((X_new @ fitted - y_new) ** 2),
#     "mean of the window": np.mean((X_new.mean(axis=1) - y_new) ** 2),
# }
# scores = [1 - error / y_new.var() for error in errors.values()]
# fig, (left, right) = plt.subplots(1, 2, sharey=True, figsize=(7, 2.4))
# left.bar_label(left.barh(list(errors), scores, color="0.8", ec="black"), fmt=" %.3f")
# left.set(xlim=(0, 1.3), xticks=[0, 0.5, 1], title="R²")
# against = [error / errors["persistence"] for error in errors.values()]
# right.bar_label(right.barh(list(errors), against, color="0.8", ec="black"), fmt=" %.2f")
# right.axvline(1, color="black", ls="--")
# right.margins(x=0.25)
# right.set(title="error / error of persistence")
# left.invert_yaxis()
# for ax in (left, right):
#     ax.grid(False)
# plt.show()
# reveal("flatters", float(scores[0]), choices=(0, 0.5, 1),
#        because="R² compares with 'always the mean', and on a series that wanders that is easy "
#        f"to beat: the mean of the window too has {scores[2]:.3f}.")

# %% [markdown]
# Against persistence the picture is another: the line that was fitted with so much care has found
# nothing, because there is nothing to find. **Divide by the error of persistence**: below 1 you
# know something, at 1 you know nothing.

# %% [markdown]
# ### Look: the answer in the question
#
# A task that you will meet in tutorials: a sine over **two whole periods**, 0 to 4π, from some
# phase on. The network sees all values but the last, and has to say the last.
#
# **Guess first:** a forecaster only looks at the *first* value, and repeats it. What is its mean
# squared error: 1, 0.1 or 0?

# %% active="ipynb" guess="copy"
# print("window   copy the first: error   largest difference   copy the last: error")
# for length in (30, 50):
#     phases = np.random.default_rng(4).uniform(0, 2 * np.pi, (1000, 1))
#     waves = np.sin(phases + np.linspace(0, 4 * np.pi, length + 1))
#     windows, targets = waves[:, :-1], waves[:, -1]
#     first = windows[:, 0] - targets
#     print(f"{length:6d}   {np.mean(first**2):21.0e}   {np.abs(first).max():18.0e}"
#           f"   {persistence_mse(windows, targets):20.3f}")
# reveal("copy", float(np.mean(first**2)), choices=(1, 0.1, 0),
#        because="two whole periods on, a sine is where it was: the target is the first input, "
#        "but for rounding.")

# %% [markdown]
# A network that "forecasts" here has learnt to copy. So our sines get a frequency of their own
# each.

# %% [markdown]
# ## 5. Many sines
#
# Each series gets its own frequency f, between 1 and 4 periods per series, and its own phase φ.
# One look at the first value is not enough then: how fast the wave runs has to be read off the
# window.
#
# Randomness is an argument: all random numbers come from a `torch.Generator` that is handed in. So
# that everybody gets the same sines from the same generator, it is settled in which order they are
# drawn.


# %% exercise="make_sines"
def make_sines(num: int, length: int, generator: torch.Generator) -> Tensor:
    """Draw sines with random frequencies and phases: sin(2π (f·t/length + φ)), t = 0 … length − 1.

    All frequencies are drawn first, f = 1 + 3·u with `num` numbers u of torch.rand, and then all
    phases φ, another `num` numbers of torch.rand. Both are float32 and come from the generator,
    and nothing else is drawn from it: the same state gives the same sines, and the generator goes
    on from there.

    Args:
        num: how many sines.
        length: how many values each of them has.
        generator: where the random numbers come from.

    Returns:
        (num, length), float32, on the generator's device.
    """
    ### BEGIN SOLUTION
    new: dict[str, Any] = {"dtype": torch.float32, "device": generator.device}
    f = 1 + 3 * torch.rand(num, generator=generator, **new)
    phi = torch.rand(num, generator=generator, **new)
    t = torch.arange(length, device=generator.device)
    return torch.sin(2 * math.pi * (f[:, None] * t / length + phi[:, None]))
    ### END SOLUTION


# %% [markdown]
# ### Look: four sines
#
# **Guess first:** does it still work to copy the first value: is it better than persistence, on
# the next value of these sines? (yes or no)

# %% active="ipynb" guess="sines"
# waves = make_sines(4, 60, torch.Generator().manual_seed(6))
# fig, axes = plt.subplots(2, 2, sharex=True, sharey=True, figsize=(7, 3))
# for ax, wave in zip(axes.flat, waves):
#     ax.plot(range(30), wave[:30], marker=".", color="#0072B2", ls="-", label="seen")
#     ax.plot(range(30, 60), wave[30:], marker=".", color="0.6", ls="", label="to come")
# axes[0, 1].legend(loc="upper left", bbox_to_anchor=(1, 1))
# for ax in axes[1]:
#     ax.set(xlabel="time step")
# fig.suptitle("sin(2π (f·t/60 + φ)), each with its own f and φ", fontsize=10)
# plt.show()
# windows, targets = waves[:, :30].numpy(), waves[:, 30].numpy()
# first, line = float(np.mean((windows[:, 0] - targets) ** 2)), persistence_mse(windows, targets)
# reveal("sines", first < line, because="30 steps are another part of a period for each of them: "
#        f"copying the first value has an error of {first:.2f}, persistence {line:.2f}.")

# %% [markdown]
# Cover the dots to the right of step 30 with your hand. Could you go on?

# %% [markdown]
# ## 6. The forecaster
#
# A recurrent network reads the window one number at a time, and a linear layer turns what the top
# layer knows after the **last** step into one number.
#
# Two things need thought.
#
# - **One number per window**, shape (B,). The linear layer gives (B, 1), and an axis too much is
#   dangerous: against targets (B,) it broadcasts to (B, B). A bare `squeeze()` helps until a
#   batch has one window.
# - **dropout** acts *between* the layers of a network. With one layer there is no between, and
#   PyTorch warns.


# %% exercise="Forecaster"
class Forecaster(nn.Module):
    """A recurrent network that reads windows of single numbers and says one number for each.

    The parts, under these names and with no other parameters beside theirs:

    - `rnn`: nn.RNN, nn.GRU or nn.LSTM from 1 to H numbers, started from zeros
    - `fc`: nn.Linear from the H numbers of the top layer after the last step to the forecast
    """

    def __init__(
        self, hidden_size: int, num_layers: int = 1, dropout: float = 0.0, cell: str = "lstm"
    ) -> None:
        """Make the layers.

        Args:
            hidden_size: H, hidden units per layer.
            num_layers: how many recurrent layers stand on each other.
            dropout: with which probability a number on its way from one recurrent layer to the
                next is dropped in training mode; nothing else is ever dropped. Without effect, and
                without a warning, where there is a single layer.
            cell: 'rnn', 'gru' or 'lstm'.

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
            raise ValueError(f"cell must be 'rnn', 'gru' or 'lstm', not {cell!r}")
        between = dropout if num_layers > 1 else 0.0
        self.rnn = cells[cell](1, hidden_size, num_layers, batch_first=True, dropout=between)
        self.fc = nn.Linear(hidden_size, 1)
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Return a forecast for each window.

        Args:
            x: windows (B, T, 1).

        Returns:
            (B,), for B = 1 too.
        """
        ### BEGIN SOLUTION
        output, _ = self.rnn(x)
        forecast: Tensor = self.fc(output[:, -1])
        return forecast[:, 0]
        ### END SOLUTION


# %% [markdown]
# ### Look: an axis too much
#
# A forecaster that is **always right**, and its mean squared error, once with forecasts of shape
# (N,) and once with forecasts of shape (N, 1).
#
# **Guess first:** the targets have a variance of about 1. Which error does the forecaster that is
# always right get with shape (N, 1)? (a number)

# %% active="ipynb" guess="axis"
# targets = torch.randn(500, generator=torch.Generator().manual_seed(7))
# perfect = targets.clone()
# with warnings.catch_warnings(record=True) as told:
#     warnings.simplefilter("always")
#     slipped = F.mse_loss(perfect[:, None], targets)
#     one_layer = nn.LSTM(1, 8, dropout=0.2)
# print(f"(N,)   against (N,): {F.mse_loss(perfect, targets):.2f}")
# print(f"(N, 1) against (N,): {slipped:.2f}")
# for warning in told:
#     print("\nPyTorch says:", str(warning.message)[:170], "…")
# reveal("axis", slipped.item(), because="(N, 1) minus (N,) is (N, N): each forecast meets every "
#        "target, and the difference of two numbers drawn apart has twice their variance, here 2 "
#        f"· {targets.var():.2f}.")

# %% [markdown]
# A network trained with this slip learns to say the mean, whatever it sees, since that is the best
# answer to all targets at once. The loss falls, and stops where it should begin.

# %% [markdown]
# ## 7. Training
#
# Windows of a series overlap, and neighbours tell the same story. So the windows are **shuffled**,
# anew in each epoch, and each small batch is a mixture of times. That does no harm to
# the future: the test part was cut off long before.
#
# Report one loss per epoch, the mean over all windows. The last batch may be smaller than the
# others, so the mean of the batches' means is not that.


# %% exercise="train_forecaster"
def train_forecaster(
    model: nn.Module,
    X: Tensor,
    y: Tensor,
    epochs: int,
    lr: float,
    batch_size: int,
    generator: torch.Generator,
) -> list[float]:
    """Train a forecaster by mean squared error on shuffled batches, one update for each batch.

    In each epoch every window is used once. The order is a new random one in each epoch; it comes
    from the generator, and from nothing else: the same state gives the same batches, and the
    generator goes on from epoch to epoch and from call to call. Batches have batch_size windows,
    and the last one what is left. The optimizer is your choice, and one serves for the whole call;
    the learning rates asked for suit the Adam family.

    Args:
        model: `model(x)` gives forecasts (B,) for windows x (B, L, 1). Its parameters are changed,
            and it is in train mode while it learns, whatever mode it comes in.
        X: windows (N, L). y: targets (N,).
        epochs: how many times to go through all windows; 0 leaves the model as it is.
        lr: the learning rate of the optimizer.
        batch_size: windows per update; if it is larger than N there is one batch of N.
        generator: where the order of the windows comes from; on the CPU.

    Returns:
        A list of one Python float for each epoch: the mean of the squared error over all its
        windows, each with the weights that its batch met.

    Graded by the steps of the training, and by the error on a later stretch of the series, which
    has to be less than that of persistence.
    """
    ### BEGIN SOLUTION
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    model.train()
    losses = []
    for _ in range(epochs):
        total = 0.0
        for batch in torch.randperm(len(X), generator=generator).split(batch_size):
            loss = F.mse_loss(model(X[batch, :, None]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        losses.append(total / len(X))
    return losses
    ### END SOLUTION


# %% [markdown]
# ### Look: learning to go on
#
# 400 sines to learn from and 200 others for the test: 30 values, and then the next one. After 30
# epochs the learning rate goes down. The cell takes a few seconds.
#
# **Guess first:** will one epoch be enough to beat persistence on the new sines? (yes or no)

# %% active="ipynb" guess="epoch"
# def errors_of(model, X, y):
#     """The mean squared error of a forecaster on windows."""
#     model.eval()
#     with torch.no_grad():
#         return F.mse_loss(model(X[..., None]), y).item()
#
#
# generator = torch.Generator().manual_seed(8)
# waves = make_sines(600, 60, generator)
# X_sines, y_sines = waves[:400, :30], waves[:400, 30]
# X_others, y_others = waves[400:, :30], waves[400:, 30]
# torch.manual_seed(8)
# sine_model = Forecaster(32, cell="gru")
# tests, losses = [], []
# for epoch in range(50):
#     lr = 0.01 if epoch < 30 else 0.002
#     losses += train_forecaster(sine_model, X_sines, y_sines, 1, lr, 50, generator)
#     tests.append(errors_of(sine_model, X_others, y_others))
# line = persistence_mse(X_others.numpy(), y_others.numpy())
# fig, ax = plt.subplots()
# ax.semilogy(range(1, 51), losses, marker="o", markevery=4, label="loss in training")
# ax.semilogy(range(1, 51), tests, marker="s", markevery=(2, 4), label="error on new sines")
# ax.axhline(y_others.var().item(), color="black", ls=":",
#            label=f"always the mean: {y_others.var():.2f}")
# ax.axhline(line, color="black", ls="-.", label=f"persistence: {line:.3f}")
# ax.set(xlabel="epoch", ylabel="mean squared error",
#        title=f"Sines: {tests[-1] / line:.3f} of the error of persistence in the end")
# ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
# plt.show()
# better = [epoch for epoch, test in enumerate(tests, start=1) if test < line]
# reveal("epoch", tests[0] < line, because="neighbours on a sine are close, so persistence is "
#        f"good with {line:.3f}. After one epoch the network has {tests[0]:.3f}; epoch "
#        f"{better[0] if better else '(none)'} is the first that beats the line.")

# %% [markdown]
# ### Look: one noisy series, all together
#
# Two waves and noise: cut in time, scale with the training part, cut windows, train. Beside it the
# same for a random walk, where there is nothing to learn. The cell takes about five seconds.
#
# **Guess first:** for the walk, the error of the network divided by that of persistence: 0.1, 0.5
# or 1?

# %% active="ipynb" guess="ratio"
# ratios, errors = [], []
# fig, axes = plt.subplots(2, 1, figsize=(7, 4.6))
# for ax, name, series in [(axes[0], "two waves and noise", made_season(900, seed=9)),
#                          (axes[1], "random walk", made_walk(900, seed=9))]:
#     past, future = split_series(series, 0.75)
#     mean, std = fit_scaler(past)
#     (X_past, y_past), (X_new, y_new) = (
#         [torch.from_numpy(part).float() for part in sliding_windows((some - mean) / std, 24)]
#         for some in (past, future)
#     )
#     torch.manual_seed(9)
#     model = Forecaster(24, cell="gru")
#     train_forecaster(model, X_past, y_past, 25, 0.01, 32, torch.Generator().manual_seed(9))
#     error = errors_of(model, X_new, y_new) * std**2
#     line = persistence_mse(X_new.numpy(), y_new.numpy()) * std**2
#     errors.append(error)
#     ratios.append(error / line)
#     with torch.no_grad():
#         said = model(X_new[..., None]) * std + mean
#     ax.plot(y_new[:100] * std + mean, marker=".", color="0.6", ls="-", label="true")
#     ax.plot(said[:100], color="#D55E00", ls="--", label="forecast")
#     ax.set(title=f"{name}: error {error:.2f}, persistence {line:.2f}, ratio {error / line:.2f}")
# axes[0].legend(loc="upper left", bbox_to_anchor=(1, 1))
# axes[1].set(xlabel="time step of the test part")
# plt.show()
# reveal("ratio", ratios[1], choices=(0.1, 0.5, 1), because="the next step of a walk is new, and "
#        f"nothing better is known than 'as before'. For the waves the ratio is {ratios[0]:.2f}, "
#        f"and of the error of {errors[0]:.2f} the noise alone has {0.3**2:.2f}, which nobody can "
#        "forecast.")

# %% [markdown]
# Both curves follow the truth, and to the eye both are good forecasts. Only one of them knows more
# than "as before": look closely at the walk, and the forecast runs **one step behind**.

# %% [markdown]
# ## 8. Further ahead
#
# A forecaster of the next value can look further: take its answer for the truth, append it to the
# window, drop the oldest value, and ask again. After L steps the window holds nothing but the
# model's own words.


# %% exercise="rollout"
def rollout(model: nn.Module, window: Tensor, steps: int) -> Tensor:
    """Forecast several steps ahead by feeding each forecast back.

    The model is called `steps` times, each time with all windows of the batch. After each call the
    oldest value of each window is dropped and the forecast appended, so that windows keep their
    length. The model is in eval mode during all of this, with all its submodules; afterwards each
    submodule has the mode that it had before. No gradient is kept: the result requires none.

    Args:
        model: any module for which `model(x)` gives forecasts (B,) for windows x (B, L, 1).
        window: (B, L), the values to start from, oldest first; left alone. L may be 1.
        steps: how many values to forecast, at least 1.

    Returns:
        (B, steps): the forecasts, in order.
    """
    ### BEGIN SOLUTION
    training = [module for module in model.modules() if module.training]
    model.eval()
    forecasts = []
    with torch.no_grad():
        for _ in range(steps):
            forecasts.append(model(window[..., None]))
            window = torch.cat([window[:, 1:], forecasts[-1][:, None]], dim=1)
    for module in training:
        module.training = True
    return torch.stack(forecasts, dim=1)
    ### END SOLUTION


# %% [markdown]
# ### Look: on its own
#
# The forecaster of sines from section 7 has only ever been asked for the *next* value. Now it sees
# 30 values and goes on for another 30, on sines that it was not trained on.
#
# **Guess first:** is the 30th value still within 0.2 of the truth, for most of the 200 new sines?
# (yes or no)

# %% active="ipynb" guess="rolled"
# ahead = rollout(sine_model, X_others, 30)
# good = ((ahead - waves[400:, 30:]).abs() < 0.2).float().mean(dim=0).tolist()
# fig, axes = plt.subplots(2, 2, sharex=True, sharey=True, figsize=(7, 3.4))
# for row, ax in enumerate(axes.flat):
#     ax.plot(range(30), X_others[row], color="0.5", ls="-", label="seen")
#     ax.plot(range(30, 60), waves[400 + row, 30:], color="#0072B2", ls="-", label="true")
#     ax.plot(range(30, 60), ahead[row], marker=".", color="#D55E00", ls="--", label="rolled out")
# for ax in axes[1]:
#     ax.set(xlabel="time step")
# axes[0, 1].legend(loc="upper left", bbox_to_anchor=(1, 1))
# plt.show()
# reveal("rolled", good[-1] > 0.5, because="each forecast is built on the ones before it, and a "
#        f"slip stays in the window for 30 steps. Within 0.2 are {good[0]:.0%} at step 1, "
#        f"{good[9]:.0%} at step 10 and {good[-1]:.0%} at step 30.")

# %% [markdown]
# What goes wrong in these four: the height of the wave, or the place of its tops?

# %% [markdown]
# ### Look: the error grows
#
# The same 200 sines, and the error at each step ahead:
#
# - **rolled out**: the model's own forecasts go into the window
# - **one step**: the *true* values go into the window, as if each were known by then
# - **persistence**: the last value that was seen, for all steps
# - **always 0**: what someone says who has seen nothing
#
# **Guess first:** at which step ahead does the rolled-out forecast become worse than always saying
# 0? (a number)

# %% active="ipynb" guess="worse"
# truth = waves[400:, 30:]
# sine_model.eval()
# with torch.no_grad():
#     known = torch.stack([sine_model(waves[400:, k : k + 30, None]) for k in range(30)], dim=1)
# curves = {}
# fig, ax = plt.subplots()
# for name, said, marker in [("rolled out", ahead, "o"), ("one step", known, "s"),
#                            ("persistence", X_others[:, -1:], ""), ("always 0", 0 * truth, "x")]:
#     curves[name] = ((said - truth) ** 2).mean(dim=0)
#     ax.semilogy(range(1, 31), curves[name], marker=marker, markevery=3, label=name)
# ax.set(xlabel="steps ahead", ylabel="mean squared error",
#        title="Error on 200 new sines, by how far ahead the forecast is")
# ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
# plt.show()
# rolled, nothing = curves["rolled out"].tolist(), curves["always 0"].tolist()
# worse = [k + 1 for k in range(30) if rolled[k] > nothing[k]]
# reveal("worse", worse[0] if worse else "never", because="each error goes into the window and "
#        f"the next forecast is built on it: {rolled[0]:.0e} at step 1, {rolled[9]:.2f} at step "
#        f"10, {rolled[-1]:.2f} at step 30. Always 0 has {nothing[-1]:.2f} there.")

# %% [markdown]
# The curve of one-step forecasts stays low however far you go to the right: it is told the truth
# after every step, so it never looks further than one. A paper that shows this curve and calls it
# "30 steps ahead" says something else than it has measured. **Say which of the two you report.**

# %% [markdown]
# ### Play: ahead, step by step
#
# One sine with as many periods in 60 values as you like. The forecaster has learnt on 1 to 4. It
# sees 30 values, perhaps with a little noise on them, and *your* `rollout` goes on. The grey band
# is what it reads for its last forecast.
#
# Move `steps` from 1 to 60. Where does it leave the wave, and how much of the band are its own
# words by then? What do 0.5 or 6 periods do to it, and what does a little noise do?

# %% active="ipynb"
# forecaster = sine_model
#
#
# def draw_ahead(periods, noise, steps):
#     t = torch.arange(90)
#     wave = torch.sin(2 * math.pi * (periods * t / 60 + 0.1))
#     seen = wave[:30] + noise * torch.randn(30, generator=torch.Generator().manual_seed(11))
#     said = rollout(forecaster, seen[None], steps)[0]
#     own, reach = min(steps - 1, 30), max(1.4, 1.1 * said.abs().max().item())
#     error = F.mse_loss(said, wave[30 : 30 + steps])
#     fig, ax = plt.subplots(figsize=(8, 3))
#     ax.axvspan(steps - 1.5, steps + 28.5, color="0.9")
#     ax.plot(t, wave, color="0.5", ls="-", label="true")
#     ax.plot(t[:30], seen, marker=".", color="#0072B2", ls="", label="seen")
#     ax.plot(t[30 : 30 + steps], said, marker="o", ms=4, mfc="none", color="#D55E00", ls="--",
#             lw=1, label="rolled out")
#     ax.set(xlim=(-1, 90), ylim=(-reach, reach), xlabel="time step",
#            title=f"Step {steps}: {own} of the 30 values in the window are its own words; "
#                  f"mean squared error so far {error:.3f}")
#     ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
#     plt.show()
#
#
# play(draw_ahead, periods=(0.5, 6.0, 2.0), noise=(0.0, 0.3, 0.0), steps=(1, 60, 10))

# %% [markdown]
# ## What you know now
#
# - A target stands `horizon` after the last value of its window.
# - Cut in time first; then fit the scaler on the training part; then cut windows; then shuffle
#   those of the training part.
# - The error of persistence is the line to beat, and a ratio to it says more than R².
# - A forecaster reads the last step of the top layer and says one number per window, shape (B,).
# - Rolling out feeds forecasts back, and its error grows with the horizon.
#
# **Pitfalls worth remembering**
#
# - Windows shuffled before the split: nearly every test window has a twin in training.
# - A scaler fitted on everything makes the future look ordinary.
# - `std == 0` is not how a constant series is recognised.
# - (N, 1) against (N,) broadcasts, and a perfect forecaster scores like a bad one.
# - A whole number of periods puts the answer into the window.
# - A forecast that looks right and runs one step behind is persistence.
