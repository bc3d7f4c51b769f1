"""The accelerator that is played refuses what CUDA refuses, and computes what the CPU computes."""

from __future__ import annotations

import contextlib
import copy
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import accelerator_mistakes  # noqa: F401 - the mistakes, which list themselves
import accelerator_styles  # noqa: F401 - the right programs, likewise
import numpy as np
import pytest
import torch
from accelerator_kit import MISTAKES, RIGHT, Program, draw
from torch import nn
from torch.utils._python_dispatch import _get_current_dispatch_mode_stack

from autograder.labcheck.accelerator import accelerator
from autograder.labcheck.compare import Tolerance, compare
from autograder.labcheck.exceptions import ANYONE, meaning
from autograder.labcheck.tree import Array, Tree, devices_of, mapped, place_of, plain
from autograder.labcheck.verdict import Observed

EXACT = Tolerance(0.0, 0.0)
REFUSALS = (
    "Expected all tensors to be on the same device",
    "indices should be either on cpu",
    "can't convert cuda",
    "1D CPU int64 tensor",
    "device type for generator",
    "located on a different device",
)
BOTH = [
    "played",
    pytest.param(
        "real",
        marks=[
            pytest.mark.gpu,
            pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here"),
        ],
    ),
]


@contextlib.contextmanager
def device_of(kind: str) -> Iterator[Any]:
    """The device that is played, or a real one."""
    with accelerator() if kind == "played" else contextlib.nullcontext("cuda:0") as device:
        yield device


def there(program: Program, kind: str) -> Tree:
    """What a program gives whose arguments are on a device."""
    with device_of(kind) as device:
        result = program(**{name: value.to(device) for name, value in draw().items()})
    return plain(result)


def on_the_device(tree: Tree) -> Tree:
    """The same numbers, said to be on the device."""
    return mapped(
        tree, lambda leaf: replace(leaf, device="cuda:0") if isinstance(leaf, Array) else leaf
    )


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("name", RIGHT)
def test_a_right_program_gives_there_what_it_gives_on_the_cpu(name: str, kind: str) -> None:
    due, got = on_the_device(plain(RIGHT[name](**draw()))), there(RIGHT[name], kind)
    if kind == "played":
        assert compare(due, got, EXACT) is None
    else:  # a real device rounds, and draws, in its own way
        assert devices_of(got) == devices_of(due)


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_refused_or_its_result_is_elsewhere(name: str, kind: str) -> None:
    plain(MISTAKES[name](**draw()))  # on the CPU it is none
    try:
        devices = devices_of(there(MISTAKES[name], kind))
    except (RuntimeError, TypeError) as refused:
        assert any(words in str(refused) for words in REFUSALS), refused
        names = tuple(kind.__name__ for kind in type(refused).__mro__)
        seen = Observed("raised", type=names[0], bases=names, text=str(refused))
        assert meaning(seen, ANYONE, "here")
    else:
        assert "cpu" in devices


def test_a_program_that_ignores_where_its_inputs_are_is_seen_beside_an_accelerator() -> None:
    def hasty(x: Any) -> Any:
        return x.to("cuda" if torch.cuda.is_available() else "cpu") * 2

    x = torch.ones(2)
    assert place_of(hasty(x)) == "cpu"
    with accelerator():
        result = hasty(x)
    assert place_of(result) == "cuda:0"


def test_gradients_are_those_of_the_cpu_and_lie_beside_their_parameters() -> None:
    torch.manual_seed(0)
    one = nn.LSTM(3, 4, batch_first=True, dtype=torch.float64)
    x = torch.randn(2, 5, 3, dtype=torch.float64)
    other = copy.deepcopy(one)
    one(x)[0].square().sum().backward()
    with accelerator() as device:
        other.to(device)(x.to(device))[0].square().sum().backward()
        assert {p.grad.device for p in other.parameters() if p.grad is not None} == {device}
    for here, away in zip(one.parameters(), other.parameters(), strict=True):
        assert here.grad is not None
        assert away.grad is not None
        assert place_of(away.grad) == "cuda:0"
        np.testing.assert_array_equal(here.grad.numpy(), away.grad.numpy(), strict=True)


def test_marks_outlast_the_accelerator_and_go_with_views_and_copies() -> None:
    with accelerator() as device:
        x = torch.arange(6.0, device=device)
        parameter = nn.Parameter(x)
    for tensor in (x, x[1:], x.view(2, 3).T, x.detach(), parameter, parameter.data):
        assert place_of(tensor) == "cuda:0"
    assert place_of(torch.arange(6.0)) == "cpu"


def test_a_tensor_that_is_there_already_is_not_copied() -> None:
    with accelerator() as device:
        x = torch.ones(2, device=device)
        assert x.to(device) is x
        assert x.cuda() is x
        assert x.cpu() is not x
        y = x.cpu()
        assert y.cpu() is y


@pytest.mark.parametrize("name", ["mps", "cuda:1"])
def test_another_device_is_refused_in_pytorchs_words(name: str) -> None:
    with accelerator(), pytest.raises((RuntimeError, NotImplementedError)):
        torch.zeros(2).to(name)


def _of_torch() -> dict[str, Any]:
    """What PyTorch has for everybody."""
    return {
        "generator": torch.Generator,
        "type": torch.cuda.FloatTensor,
        "available": torch.cuda.is_available,
        "engine": torch.autograd._engine_run_backward,
        "dispatch": _get_current_dispatch_mode_stack(),
        "functions": torch.overrides._get_current_function_mode_stack(),
        "default": torch.get_default_device(),
        "cudnn": torch.backends.cudnn.enabled,
    }


def test_nothing_is_left_behind_also_after_an_error() -> None:
    before = _of_torch()
    with pytest.raises(ZeroDivisionError), accelerator() as device:
        torch.set_default_device(device)
        assert torch.zeros(2).is_cuda
        raise ZeroDivisionError
    assert _of_torch() == before
    assert place_of(torch.zeros(2)) == "cpu"


def test_pytorchs_compiler_is_not_imported_for_it() -> None:
    code = (
        "import sys\n"
        "from autograder.labcheck.accelerator import accelerator\n"
        "import torch\n"
        "with accelerator() as device:\n"
        "    torch.ones(2, device=device, requires_grad=True).sum().backward()\n"
        "assert 'torch._dynamo' not in sys.modules\n"
    )
    assert os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", code]) == 0


def test_labcheck_does_not_import_pytorch() -> None:
    code = "import sys, autograder.labcheck; assert 'torch' not in sys.modules"
    assert os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", code]) == 0


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_goes_backward_after_its_parent_did() -> None:
    torch.ones(2, requires_grad=True).sum().backward()
    child = os.fork()
    if not child:
        status = 1
        with contextlib.suppress(BaseException), accelerator() as device:
            x = torch.ones(2, device=device, requires_grad=True)
            (x * 3).sum().backward()
            status = 0 if x.grad is not None and x.grad.tolist() == [3.0, 3.0] else 2
        os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
