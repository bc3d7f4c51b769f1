"""What the fork server does once, so that no student's first step has to."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import io
from pathlib import Path
from typing import Any

COMMON = (
    "abc asyncio bisect cmath collections contextlib copy csv dataclasses datetime decimal enum "
    "fractions functools heapq inspect itertools json math operator os pathlib pickle pprint "
    "queue random re statistics string tempfile textwrap threading time traceback typing unittest "
    "urllib warnings"
)


MADV_COLLAPSE, LARGE_PAGE = 25, 2**21


def numpy() -> None:
    """NumPy's usual functions, a figure of matplotlib, the standard library's usual modules."""
    for name in COMMON.split():
        importlib.import_module(name)
    import numpy as np

    rng = np.random.default_rng(0)
    a = rng.standard_normal((3, 4))
    np.tanh(np.einsum("ij,kj->ik", a, a) @ np.linalg.inv(a @ a.T))
    np.testing.assert_allclose(a, a)
    np.fft.fft(a)
    np.random.seed(0)
    repr(a)
    with contextlib.suppress(ImportError):
        _figure(a)


def _figure(a: Any) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots()
    axes.plot(a[0], label="a")
    axes.imshow(a)
    axes.set_title("a")
    axes.legend()
    figure.savefig(io.BytesIO())
    plt.close("all")


def torch(device: str) -> None:
    """PyTorch on one thread; on "cuda" without anything that would touch the device."""
    import torch as t

    from ..labcheck.accelerator import accelerator

    t.set_num_threads(1)
    t.set_num_interop_threads(1)
    t.set_flush_denormal(True)
    t.backends.cuda.matmul.allow_tf32 = t.backends.cudnn.allow_tf32 = False
    t.manual_seed(0)
    model = t.nn.Sequential(t.nn.Linear(3, 3), t.nn.Tanh())
    optimiser = t.optim.Adam(model.parameters())
    x = t.randn(2, 4, 3)
    if device == "cuda":
        for parameter in model.parameters():
            parameter.grad = t.zeros_like(parameter)
        optimiser.step()
        return
    model(x).square().sum().backward()
    optimiser.step()
    t.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for cell in (t.nn.LSTM(3, 5, batch_first=True), t.nn.GRU(3, 5, batch_first=True)):
        cell(x)[0].sum().backward()
    packed = t.nn.utils.rnn.pack_padded_sequence(x, t.tensor([4, 2]), batch_first=True)
    t.nn.utils.rnn.pad_packed_sequence(packed, batch_first=True)
    t.nn.functional.scaled_dot_product_attention(x, x, x)
    t.nn.functional.cross_entropy(t.randn(2, 3), t.tensor([0, 1]))
    w = t.randn(2, 2, dtype=t.float64, requires_grad=True)
    t.autograd.gradcheck(t.tanh, (w,))
    with accelerator() as place:
        model.to(place)(x.to(place)).sum().backward()
    repr(x)


def in_large_pages() -> None:
    """Lay this process's own memory into pages of 2 MiB, as far as the kernel does that.

    A fork copies an entry for each page, and the end of a process gives each of them back.
    """
    madvise = ctypes.CDLL(None).madvise
    for line in Path("/proc/self/maps").read_text("ascii", "replace").splitlines():
        span, rights, _, _, inode, *name = line.split(maxsplit=5)
        if rights[1] != "w" or inode != "0" or (name and name[0] != "[heap]"):
            continue
        start, end = (int(number, 16) for number in span.split("-"))
        first, last = -(-start // LARGE_PAGE) * LARGE_PAGE, end // LARGE_PAGE * LARGE_PAGE
        if first < last:  # a kernel that does not know how refuses, and nothing is lost
            madvise(ctypes.c_void_p(first), ctypes.c_size_t(last - first), MADV_COLLAPSE)
