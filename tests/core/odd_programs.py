"""Right programs in odd ways: nothing of what they do is what the exercise forbids."""

from __future__ import annotations

BODY = "    if ids.numel() and (ids.min() < 0 or ids.max() >= num_classes):\n        raise ValueError('ids')\n"
EYE = "torch.eye(num_classes, dtype=torch.float32, device=ids.device)[ids]"


def one_hot(top: str = "", result: str = EYE, before: str = "") -> str:
    body = f"{BODY}{before}    return {result}\n"
    return f"import torch\n{top}\n\n\ndef one_hot(ids, num_classes):\n{body}"


ONE_HOT = {
    "star import": one_hot("from torch.nn.functional import *"),
    "star import of torch": one_hot("from torch import *", EYE.replace("torch.", "")),
    "import of the forbidden": one_hot("from torch.nn.functional import one_hot as theirs"),
    "import of its own name": one_hot("from torch.nn.functional import one_hot"),
    "compared at the top level": one_hot() + "\n\nx = torch.tensor([0, 2])\nassert (one_hot(x, 3) == torch.nn.functional.one_hot(x, 3)).all()\n",
    "compared in a loop that shares a name": "import torch\nfor ids in (torch.tensor([1]), torch.tensor([2])):\n    print(torch.nn.functional.one_hot(ids))\n" + one_hot(),
    "an earlier try": "import torch\ndef one_hot(ids, num_classes):\n    return torch.nn.functional.one_hot(ids, num_classes)\n\n\n" + one_hot(),
    "a helper that is not used": one_hot("def check(ids):\n    return torch.nn.functional.one_hot(ids)"),
    "under a condition beside the forbidden": "import torch\nif True:\n    theirs = torch.nn.functional.one_hot\n" + "\n".join(f"    {line}" for line in one_hot().splitlines()[1:]),
    "globals": one_hot("TABLE = {}", f"globals()['pick']({EYE[:-5]}, ids)").replace("\n\n\ndef one", "\ndef pick(a, i):\n    return a[i]\n\n\ndef one"),
    "globals that is written": one_hot("globals()['DTYPE'] = torch.float32", EYE.replace("torch.float32", "DTYPE")),
    "exec of its own text": one_hot("exec('def pick(a, i):\\n    return a[i]')", f"pick({EYE[:-5]}, ids)"),
    "eval of its own text": one_hot("", f"eval({EYE!r})"),
    "compile of its own text": one_hot(f"CODE = compile({EYE!r}, 'own', 'eval')", "eval(CODE)"),
    "getattr with a variable": one_hot("NAME = 'eye'", EYE.replace("torch.eye", "getattr(torch, NAME)")),
    "getattr with a built name": one_hot("", EYE.replace("torch.eye", "getattr(torch, 'e' + 'ye')")),
    "__getattribute__": one_hot("", EYE.replace("torch.eye", "torch.__getattribute__('eye')")),
    "vars": one_hot("", EYE.replace("torch.eye", "vars(torch)['eye']")),
    "__dict__": one_hot("", EYE.replace("torch.eye", "torch.__dict__['eye']")),
    "sys.modules": one_hot("import sys", EYE.replace("torch.eye", "sys.modules['torch'].eye")),
    "importlib": one_hot("import importlib\nlib = importlib.import_module('torch')", EYE.replace("torch.eye", "lib.eye")),
    "__import__": one_hot("lib = __import__('torch')", EYE.replace("torch.eye", "lib.eye")),
    "list of modules": one_hot("LIBS = [torch, torch.nn.functional]", EYE.replace("torch.eye", "LIBS[0].eye")),
    "dict of modules": one_hot("LIBS = {'t': torch, 'F': torch.nn.functional}", EYE.replace("torch.eye", "LIBS['t'].eye")),
    "set of modules": one_hot("LIBS = {torch}", EYE.replace("torch.eye", "next(iter(LIBS)).eye")),
    "namespace": one_hot("import types\nbox = types.SimpleNamespace(one_hot=torch.eye)", EYE.replace("torch.eye", "box.one_hot")),
    "module handed on": one_hot("def pick(lib, n, ids):\n    return lib.eye(n, dtype=lib.float32, device=ids.device)[ids]", "pick(torch, num_classes, ids)"),
    "a method of its name": one_hot("class Box:\n    def __init__(self, lib):\n        self.lib = lib\n    def one_hot(self, n, ids):\n        return self.lib.eye(n, dtype=torch.float32, device=ids.device)[ids]\nbox = Box(torch)", "box.one_hot(num_classes, ids)"),
    "partial": one_hot("import functools\neye = functools.partial(torch.eye, dtype=torch.float32)", "eye(num_classes, device=ids.device)[ids]"),
    "attrgetter": one_hot("import operator", EYE.replace("torch.eye", "operator.attrgetter('eye')(torch)")),
    "reduce": one_hot("import functools", EYE.replace("torch.eye", "functools.reduce(getattr, ['functional', 'torch', 'eye'], torch)")),
    "pickle": one_hot("import pickle", f"pickle.loads(pickle.dumps(1)) * {EYE}"),
    "ctypes beside it": one_hot("import ctypes\nSIZE = ctypes.sizeof(ctypes.c_int)"),
    "all objects": one_hot("import gc\nCOUNT = len(gc.get_objects())", f"{EYE} + 0 * COUNT"),
    "inspection": one_hot("import inspect\ndef pick(ids, n):\n    return inspect.signature(pick).parameters.keys()", f"{EYE} * len(pick(ids, 1)) / 2"),
    "its own source": one_hot("import inspect, torch.nn.functional as F\nTEXT = inspect.getsource(F.softmax)"),
    "operator by its name": one_hot("", "torch.ops.aten.eq.Tensor(ids[..., None], torch.arange(num_classes, device=ids.device)).to(torch.float32)"),
    "operator of scattering": one_hot("", "torch.ops.aten.scatter.value(torch.zeros(*ids.shape, num_classes, device=ids.device), -1, ids[..., None], 1.0)"),
    "_VariableFunctions": one_hot("", "torch._C._VariableFunctions.eq(ids[..., None], torch.arange(num_classes, device=ids.device)).to(torch.float32)"),
    "embedding": one_hot("import torch.nn.functional as F", f"F.embedding(ids, {EYE[:-5]})"),
    "layer": one_hot("from torch import nn", f"nn.Embedding.from_pretrained({EYE[:-5]})(ids)"),
    "compiled": one_hot("@torch.jit.script\ndef pick(a: torch.Tensor, i: torch.Tensor):\n    return a[i]", f"pick({EYE[:-5]}, ids)"),
    "caught import": one_hot("try:\n    from torch.nn.functional import one_hot as theirs\nexcept ImportError:\n    theirs = None"),
    "a text of its name": one_hot("NAMES = ('torch.nn.functional.one_hot', 'F.one_hot')"),
    "asked whether it is there": one_hot("", EYE, "    assert hasattr(torch.nn.functional, 'one_' + 'hot')\n"),
    "thread": one_hot("from concurrent.futures import ThreadPoolExecutor", f"{EYE} * ThreadPoolExecutor(1).submit(lambda: 1).result()"),
    "very deep": one_hot("DEEP = " + "+".join("1" * 2500), EYE),
}  # fmt: skip

RNN = """
import torch
from torch import nn
from torch.nn import *
{top}


def birnn_forward(x, lengths, forward_params, backward_params):
    def states(x, p):
        h, out = torch.zeros(len(x), len(p["b_h"]), dtype=x.dtype, device=x.device), []
        for t in range(x.shape[1]):
            h = {step}
            out.append(h)
        return torch.stack(out, 1)

    t = torch.arange(x.shape[1], device=x.device)
    index = torch.where(t < lengths[:, None], lengths[:, None] - 1 - t, t)
    def turned(x):
        return x.gather(1, index[:, :, None].expand_as(x))
    forward, backward = states(x, forward_params), turned(states(turned(x), backward_params))
    rows = torch.arange(len(x), device=x.device)
    final = torch.cat([forward[rows, lengths - 1], backward[:, 0]], dim=1)
    return torch.cat([forward, backward], dim=2) * (t < lengths[:, None])[:, :, None], final
"""
PLAIN = 'torch.tanh(x[:, t] @ p["W_xh"] + h @ p["W_hh"] + p["b_h"])'


def rnn(top: str = "", step: str = PLAIN) -> str:
    return RNN.format(top=top, step=step)


BIRNN = {
    "star import": rnn(),
    "layers elsewhere": rnn("class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.rnn = nn.LSTM(3, 4)"),
    "a layer tried at the top level": rnn("print(nn.RNN(2, 3)(torch.zeros(1, 2, 2))[0].shape)"),
    "a subclass that is not used": rnn("class Net(nn.RNN):\n    pass"),
    "linear layers": rnn("F = nn.functional", 'torch.tanh(F.linear(x[:, t], p["W_xh"].T, p["b_h"]) + F.linear(h, p["W_hh"].T))'),
    "operators by name": rnn("", PLAIN.replace("torch.tanh", "torch.ops.aten.tanh")),
    "activation as a layer": rnn("act = nn.Tanh()", PLAIN.replace("torch.tanh", "act")),
    "activation from a container": rnn("ACTS = {'tanh': torch.tanh, 'rnn': nn.RNN}", PLAIN.replace("torch.tanh", "ACTS['tanh']")),
    "activation by a variable": rnn("ACT = 'tanh'", PLAIN.replace("torch.tanh", "getattr(torch, ACT)")),
    "a class of its own called RNN": rnn("class RNN:\n    lstm = staticmethod(torch.tanh)", PLAIN.replace("torch.tanh", "RNN.lstm")),
    "a function of its own called gru": rnn("def gru(z):\n    return torch.tanh(z)", PLAIN.replace("torch.tanh", "gru")),
    "exec": rnn("exec('act = torch.tanh')", PLAIN.replace("torch.tanh", "act")),
    "packing elsewhere": rnn("from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence\nPADDED = pad_sequence([torch.ones(2), torch.ones(3)])"),
}  # fmt: skip

NUMPY = """
import numpy as np
{top}


def rnn_step(x, h_prev, W_xh, W_hh, b_h):
    x, h_prev = (a.astype(np.result_type(a, b_h)) for a in (x, h_prev))
    return {result}
"""
SUM = "x @ W_xh + h_prev @ W_hh + b_h"


def step(top: str = "", result: str = f"np.tanh({SUM})") -> str:
    return NUMPY.format(top=top, result=result)


STEP = {
    "star import": step("from numpy import *", f"tanh({SUM})"),
    "star import of torch": step("try:\n    from torch import *\nexcept Exception:\n    pass"),
    "import of torch": step("import torch, torch.nn as nn"),
    "torch tried at the top level": step("import torch\nprint(torch.zeros(3))"),
    "eval": step("", f"eval('np.tanh({SUM})')"),
    "exec": step("exec('act = np.tanh')", f"act({SUM})"),
    "globals": step("", f"globals()['np'].tanh({SUM})"),
    "__import__": step("lib = __import__('numpy')", f"lib.tanh({SUM})"),
    "importlib": step("import importlib\nlib = importlib.import_module('numpy')", f"lib.tanh({SUM})"),
    "sys.modules": step("import sys", f"sys.modules['numpy'].tanh({SUM})"),
    "getattr with a variable": step("ACT = 'tanh'", f"getattr(np, ACT)({SUM})"),
    "container of modules": step("import math\nLIBS = [np, math]", f"LIBS[0].tanh({SUM})"),
    "a name of its own": step("torch = np", f"torch.tanh({SUM})"),
    "a class called torch": step("class torch:\n    tanh = np.tanh", f"torch.tanh({SUM})"),
    "a fallback": step("try:\n    import torch\nexcept ImportError:\n    torch = None\nlib = np", f"lib.tanh({SUM})"),
}  # fmt: skip

DATA_CLASS = """
import dataclasses, enum, typing


class Cell(enum.Enum):
    RNN = 1


@dataclasses.dataclass(frozen=True)
class Net:
    size: int
    cell: Cell = Cell.RNN


class Pair(typing.NamedTuple):
    one: tuple
    two: tuple


{top}


def rnn_shapes(batch, seq_len, input_size, hidden_size, num_layers=1, bidirectional=False, batch_first=True):
    D, net = 2 if bidirectional else 1, Net(hidden_size)
    first = (batch, seq_len) if batch_first else (seq_len, batch)
    return tuple(Pair((*first, D * net.size), (D * num_layers, batch, hidden_size)))
"""
SHAPES = {
    "classes of its own": DATA_CLASS.format(top=""),
    "layers beside it": DATA_CLASS.format(top="import torch\nclass Model(torch.nn.Module):\n    pass\nprint(torch.nn.RNN(2, 3))"),
    "star import": DATA_CLASS.format(top="from torch.nn import *\nfrom torch.nn.functional import *"),
}  # fmt: skip

ODD = {
    ("lab1_shapes", "rnn_shapes"): SHAPES,
    ("lab1_shapes", "one_hot"): ONE_HOT,
    ("lab6_bidirectional", "birnn_forward"): BIRNN,
    ("lab2_rnn", "rnn_step"): STEP,
}
