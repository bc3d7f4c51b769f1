"""PyTorch works inside the walls as it does outside."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
from conftest import call, load

from autograder.judge.calls import code_of
from autograder.labcheck import tree
from autograder.sandbox import wire
from autograder.sandbox.pool import Worker
from autograder.spec import scenarios

TRAINING = """
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 8, batch_first=True)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.drop = nn.Dropout(0.1)
        self.out = nn.Linear(8, 3)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        h, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        h, _ = self.attention(h, h, h)
        return self.out(self.drop(h))

def train(steps):
    torch.manual_seed(0)
    net = Net()
    optimiser = torch.optim.Adam(net.parameters(), lr=0.05)
    x, lengths = torch.randn(5, 7, 4), torch.tensor([7, 3, 5, 2, 7])
    y = torch.randint(3, (5, 7))
    losses = []
    for _ in range(steps):
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(net(x, lengths).transpose(1, 2), y)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        losses.append(loss.item())
    torch.save(net.state_dict(), "net.pt")
    Net().load_state_dict(torch.load("net.pt"))
    return losses
"""


def test_a_training_loop_runs(torch_worker: Worker) -> None:
    assert load(torch_worker, TRAINING)["cells"] == [None]
    losses = call(torch_worker, "train", 20, seconds=60)["result"]
    assert losses[-1] < losses[0]


WORK = {
    "gru, sgd, scheduler": (
        "import torch\ndef f():\n    m = torch.nn.GRU(3, 4)\n"
        "    o = torch.optim.SGD(m.parameters(), 0.1)\n"
        "    s = torch.optim.lr_scheduler.StepLR(o, 1)\n"
        "    m(torch.randn(2, 3))[0].sum().backward()\n"
        "    o.step(); s.step(); return 2"
    ),
    "gradcheck": (
        "import torch\ndef f():\n"
        "    w = torch.randn(2, 2, dtype=torch.float64, requires_grad=True)\n"
        "    return 1 + torch.autograd.gradcheck(torch.tanh, (w,))"
    ),
    "a loader without processes": (
        "import torch\nfrom torch.utils.data import DataLoader, TensorDataset\ndef f():\n"
        "    d = TensorDataset(torch.arange(6.0))\n"
        "    return len(list(DataLoader(d, 3, shuffle=True)))"
    ),
    "functional transforms": (
        "import torch\ndef f():\n    g = torch.func.vmap(torch.func.grad(lambda x: x.sum()))\n"
        "    return int(g(torch.ones(2, 3)).sum().item()) - 4"
    ),
    "matplotlib": (
        "import torch, matplotlib.pyplot as plt\ndef f():\n    plt.plot(torch.arange(3))\n"
        "    plt.savefig('x.png'); return 2"
    ),
    "printing": "import torch\ndef f():\n"
    "    print(torch.randn(2, 2), torch.nn.LSTM(2, 3)); return 2",
    "two threads": "import torch\ndef f():\n    torch.set_num_threads(2)\n"
    "    return int((torch.ones(9, 999) @ torch.ones(999, 9))[0, 0].item()) - 997",
    "jit": "import torch\n@torch.jit.script\ndef g(x):\n    return x + 1\n"
    "def f(): return int(g(torch.ones(())))",
}


@pytest.mark.parametrize("name", WORK)
def test_ordinary_torch_work_goes_on_inside(torch_worker: Worker, name: str) -> None:
    assert load(torch_worker, WORK[name])["cells"] == [None]
    answer = call(torch_worker, "f", seconds=30)
    assert answer.get("result") == 2, answer


DTYPES = [*tree.TORCH_DTYPES]


@pytest.mark.parametrize("dtype", DTYPES)
def test_tensors_of_every_dtype_go_there_and_back(torch_worker: Worker, dtype: str) -> None:
    load(
        torch_worker,
        f"import torch\ndef f(x):\n    assert x.dtype == torch.{dtype}\n    return x.T",
    )
    given = np.asarray(np.arange(6).reshape(2, 3) % 2, tree.TORCH_DTYPES[dtype])
    arrays: dict[str, Any] = {}
    node = tree.encode(tree.Array(given, "torch", dtype), arrays)
    reply, found = torch_worker.request(
        {"op": "call", "entry": "f", "args": [["x", node]]}, wire.pack(arrays), seconds=5
    )
    result = tree.decode(reply["result"], found)
    assert (result.kind, result.dtype, result.device) == ("torch", dtype, "cpu")
    np.testing.assert_array_equal(result.values, given.T, strict=True)


PLACED = """
import torch
def right(x): return x + torch.zeros(2, dtype=x.dtype, device=x.device)
def wrong(x): return torch.cat([x, torch.zeros(2)])
def back(x): return x.cpu()
def chosen(x): return x.to("cuda" if torch.cuda.is_available() else "cpu")
def built(x):
    return torch.nn.Linear(2, 1, dtype=x.dtype)
"""


def _placed(worker: Worker, entry: str, device: str, **more: Any) -> Any:
    """What a call with two ones does whose tensors are on a device: its result, or why not."""
    arrays: dict[str, Any] = {}
    node = tree.encode(tree.Array(np.ones(2), "torch"), arrays)
    answer = more.pop("answer", None)
    header = {"op": "call", "args": [["x", node]], "device": device, "entry": entry, **more}
    reply, found = worker.request(header, wire.pack(arrays), seconds=5, answer=answer)
    return tree.decode(reply["result"], found) if reply["op"] == "result" else reply


@pytest.mark.parametrize(
    ("entry", "device", "due"),
    [
        ("right", "accelerator", "cuda:0"),
        ("right", "beside", "cpu"),
        ("right", "cpu", "cpu"),
        ("back", "accelerator", "cpu"),
        ("chosen", "accelerator", "cuda:0"),
        ("chosen", "beside", "cuda:0"),
        ("chosen", "cpu", "cpu"),
    ],
)
def test_a_result_says_where_it_is(
    torch_worker: Worker, entry: str, device: str, due: str
) -> None:
    load(torch_worker, PLACED)
    result = _placed(torch_worker, entry, device)
    assert result.device == due
    np.testing.assert_array_equal(result.values, np.ones(2), strict=True)


def test_a_buffer_of_the_cpu_is_refused_on_an_accelerator_alone(torch_worker: Worker) -> None:
    load(torch_worker, PLACED)
    assert _placed(torch_worker, "wrong", "accelerator")["op"] == "raised"
    assert _placed(torch_worker, "wrong", "beside").device == "cpu"


def run_built(entry: Any, x: Any) -> Any:
    """A scenario: the module that a program gives, run."""
    return entry(x)(x)


def run_handed(entry: Any, x: Any) -> Any:
    """A scenario: a program is handed a module."""
    import torch

    return entry(torch.nn.Linear(2, 1, dtype=x.dtype))(x)


@pytest.mark.parametrize("scenario", [run_built, run_handed])
def test_modules_of_a_scenario_are_moved(torch_worker: Worker, scenario: Any) -> None:
    entry = "built" if scenario is run_built else "same"
    load(torch_worker, PLACED + "\ndef same(x): return x")
    code = {"name": scenario.__name__, "source": inspect.getsource(scenario)}
    code["source"] = "from typing import Any\n" + code["source"]
    assert _placed(torch_worker, entry, "accelerator", scenario=code).device == "cuda:0"
    assert _placed(torch_worker, entry, "cpu", scenario=code).device == "cpu"


def test_what_the_judge_answers_is_where_the_arguments_are(torch_worker: Worker) -> None:
    load(
        torch_worker, "def g(x): return 'own'\ndef f(x): return x + g(x)", replacements={"g": None}
    )

    def answer(header: dict[str, Any], arrays: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        (x,) = [tree.decode(node, arrays) for node in header["args"]]
        out: dict[str, Any] = {}
        return {"result": tree.encode(tree.Array(2 * x.values, "torch"), out)}, wire.pack(out)

    result = _placed(torch_worker, "f", "accelerator", answer=answer)
    assert result.device == "cuda:0"
    np.testing.assert_array_equal(result.values, 3 * np.ones(2), strict=True)


def test_torchs_own_words_for_no_memory_are_understood(torch_worker: Worker) -> None:
    load(torch_worker, "import torch\ndef f(): return torch.zeros(2**36)")
    answer = call(torch_worker, "f")
    assert answer["memory"] is True
    assert answer["type"] == "RuntimeError"


def test_workers_start_alike(torch_box: Any) -> None:
    found = []
    for _ in range(2):
        with torch_box.worker() as worker:
            load(
                worker,
                "import torch\nx = torch.randn(3)\ndef f(): return [x, torch.get_num_threads()]",
            )
            found.append(call(worker, "f")["result"])
    np.testing.assert_array_equal(found[0][0].values, found[1][0].values, strict=True)
    assert found[0][1] == 1


NET = """
import torch
class Net(torch.nn.Module):
    def __init__(self, size, *, frozen=False):
        super().__init__()
        self.w = torch.nn.Parameter(torch.zeros(size, 2, dtype=torch.float64))
        self.b = torch.nn.Parameter(torch.zeros(2, dtype=torch.float64))
        self.drop = torch.nn.Dropout(0.5)
    def forward(self, x):
        return x @ self.w if self.training else x @ self.w + self.b
"""


def _scenario(worker: Worker, function: Any, **values: Any) -> Any:
    arrays: dict[str, Any] = {}

    def wrapped(leaf: Any) -> Any:
        return tree.Array(leaf, "torch") if isinstance(leaf, np.ndarray) else leaf

    args = [[k, tree.encode(tree.mapped(v, wrapped), arrays)] for k, v in values.items()]
    scenario = code_of(function)
    header = {"op": "call", "entry": "Net", "args": args, "scenario": scenario}
    reply, found = worker.request(header, wire.pack(arrays), seconds=10)
    assert reply["op"] == "result", reply
    return tree.decode(reply["result"], found)


def test_a_module_is_built_loaded_and_run(torch_worker: Worker) -> None:
    load(torch_worker, NET)
    w, b, x = np.arange(6.0).reshape(3, 2), np.array([1.0, -1.0]), np.ones((4, 3))
    given = {"init": [3], "weights": {"w": w, "b": b}, "inputs": [x]}
    found = _scenario(torch_worker, scenarios.module_forward, **given)
    np.testing.assert_allclose(found["result"].values, x @ w + b, strict=True)
    assert found["parameters"] == {"w": [3, 2], "b": [2]}
    found = _scenario(torch_worker, scenarios.module_forward, **given, mode="train")
    np.testing.assert_allclose(found["result"].values, x @ w, strict=True)
    found = _scenario(torch_worker, scenarios.module_forward, **given | {"init": {"size": 3}})
    assert "result" in found


def test_wrong_names_and_shapes_of_parameters_are_told(torch_worker: Worker) -> None:
    load(torch_worker, NET)
    found = _scenario(
        torch_worker,
        scenarios.module_forward,
        init=[3],
        weights={"w": np.zeros((2, 2)), "c": np.zeros(2)},
        inputs=[np.ones((4, 3))],
    )
    assert found == {
        "missing": ["c"],
        "unexpected": ["b"],
        "reshaped": {"w": [[2, 2], [3, 2]]},
        "parameters": {"w": [3, 2], "b": [2]},
    }


def test_gradients_of_parameters_come_back_and_none_where_there_is_none(
    torch_worker: Worker,
) -> None:
    load(torch_worker, NET)
    w, x, probe = np.arange(6.0).reshape(3, 2), np.ones((4, 3)), np.arange(8.0).reshape(4, 2)
    given = {"init": [3], "weights": {"w": w, "b": np.ones(2)}, "inputs": [x], "probe": probe}
    found = _scenario(torch_worker, scenarios.module_gradients, **given)["gradients"]
    np.testing.assert_allclose(found["w"].values, x.T @ probe, strict=True)
    assert found["b"] is None
    found = _scenario(torch_worker, scenarios.module_gradients, **given, mode="eval")["gradients"]
    np.testing.assert_allclose(found["b"].values, probe.sum(0), strict=True)


def test_gradients_of_a_function_reach_its_arguments(torch_worker: Worker) -> None:
    load(torch_worker, "import torch\ndef Net(x, y, n): return {'s': x * y['a'], 'd': x.detach()}")
    x, a = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    values = {"x": x, "y": {"a": a, "unused": a}, "n": 3}
    found = _scenario(torch_worker, scenarios.gradients, **values)
    assert set(found) == {"x", "y.a", "y.unused"}
    assert found["y.unused"] is None
    np.testing.assert_allclose(found["x"].values * x, found["y.a"].values * a, strict=True)
    load(torch_worker, "import torch\ndef Net(x): return x.detach() * 2")
    assert _scenario(torch_worker, scenarios.gradients, x=x) == {}
