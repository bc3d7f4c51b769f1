"""What a source names for sure is found; the rest is left to what happens as it runs."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import autograder
from autograder.labcheck.forbidden import Source, forbidden_use
from autograder.labcheck.nodes import walk

ONE_HOT = ("torch.nn.functional.one_hot",)
TORCH = ("torch", "jax")
LAYERS = ("torch.nn.RNN", "torch.nn.modules.rnn", "torch.lstm", "torch.ops")
NN = ("torch.nn",)
F = "import torch.nn.functional as F\n"


def used(text: str, forbidden: tuple[str, ...] = ONE_HOT, entry: str = "f") -> str | None:
    return forbidden_use(Source.of([text]), entry, forbidden)


DIRECT = {
    "whole path": "import torch\ndef f(x): return torch.nn.functional.one_hot(x)",
    "alias of the package": "import torch as t\ndef f(x): return t.nn.functional.one_hot(x)",
    "alias of the module": F + "def f(x): return F.one_hot(x)",
    "from import": "from torch.nn.functional import one_hot\ndef f(x): return one_hot(x)",
    "from import with alias": "from torch.nn.functional import one_hot as h\n"
    "def f(x): return h(x)",
    "module from import": "from torch.nn import functional\n"
    "def f(x): return functional.one_hot(x)",
    "star import": "from torch.nn.functional import *\ndef f(x): return one_hot(x)",
    "import in the function": "def f(x):\n    import torch.nn.functional as F\n"
    "    return F.one_hot(x)",
    "import declared global": "def g():\n    global F\n    import torch.nn.functional as F\n"
    "def f(x):\n    g()\n    return F.one_hot(x)",
    "getattr with a constant": F + "def f(x): return getattr(F, 'one_hot')(x)",
    "function of the module": F + "g = F.one_hot\ndef f(x): return g(x)",
    "another way to the same": "import torch\n"
    "def f(x): return torch.nn.modules.activation.F.one_hot(x)",
    "helper": F + "def g(x): return F.one_hot(x)\ndef f(x): return g(x)",
    "helper of a helper": F + "def h(x): return F.one_hot(x)\n"
    "def g(x): return h(x)\ndef f(x): return g(x)",
    "nested function": F + "def f(x):\n    def g(): return F.one_hot(x)\n    return g()",
    "lambda": F + "f = lambda x: F.one_hot(x)",
    "comprehension": F + "def f(x): return [F.one_hot(one) for one in x]",
    "class attribute": F + "class G:\n    act = F.one_hot\ndef f(x): return G.act(x)",
    "method": F + "class f:\n    def __call__(self, x): return F.one_hot(x)",
    "base class": F + "class G:\n    def g(self, x): return F.one_hot(x)\nclass f(G): pass",
    "method set later": F + "class f: pass\ndef g(self, x): return F.one_hot(x)\nf.g = g",
    "decorator": F + "def d(g): return F.one_hot\n@d\ndef f(x): return x",
}

ROUND = {
    "walrus in a comprehension": F + "def f(x): return [g.one_hot(x) for _ in (1,) if (g := F)]",
    "variable of the module": F + "g = F\ndef f(x): return g.one_hot(x)",
    "handed on as a default": F + "def f(x, g=F): return g.one_hot(x)",
    "handed on in a list": "import torch\ndef f(x): return [torch.nn][0].functional.one_hot(x)",
    "handed on in a variable": F + "def f(x):\n    g = F\n    return g.one_hot(x)",
    "under a condition": "try:\n    import torch.nn.functional as F\n"
    "except ImportError:\n    F = None\n"
    "if True:\n    def f(x): return F.one_hot(x)",
    "eval": "def f(x): return eval('one_' + 'hot')(x)",
    "exec": "def f(x): exec('y = 1')",
    "compile": "def f(x): return compile('1', '', 'eval')",
    "__import__": "def f(x): return __import__('torch').nn.functional.one_hot(x)",
    "importlib.import_module": "import importlib\n"
    "def f(x): return importlib.import_module('torch')",
    "importlib.import_module ": "from importlib import import_module as g\n"
    "def f(x): return g('torch')",
    "sys.modules": "import sys\ndef f(x): return sys.modules['torch'].nn",
    "globals": F + "def f(x): return globals()['F']",
    "__builtins__": "def f(x): return __builtins__['eval']",
    "eval ": "import builtins\ndef f(x): return builtins.eval('1')",
    "exec ": "from builtins import exec as g\ndef f(x): return g('1')",
    "builtins": "import builtins\ndef f(x): return x(builtins)",
    "getattr": F + "def f(x): return getattr(F, 'one' + '_hot')(x)",
    "getattr ": "import torch\n"
    "def f(x):\n    g = torch.nn\n    return getattr(g, ''.join('functional'))",
    "__dict__": F + "def f(x): return F.__dict__['one_hot'](x)",
    "__dict__ ": F + "def f(x): return vars(F)['one_hot'](x)",
    "__globals__": "def g(): pass\ndef f(x): return g.__globals__['F']",
    "__subclasses__": "def f(x): return object.__subclasses__()",
}


@pytest.mark.parametrize("way", DIRECT)
def test_the_forbidden_function_is_found(way: str) -> None:
    found = used(DIRECT[way])
    assert found is not None
    assert found.endswith("one_hot")


@pytest.mark.parametrize("way", ROUND)
def test_what_a_source_does_not_tell_is_left_to_watching(way: str) -> None:
    assert used(ROUND[way]) is None


FREE = {
    "an import that is not used": F + "def f(x): return x",
    "a from import that is not used": "from torch.nn.functional import one_hot\n"
    "def f(x): return x",
    "used elsewhere": F + "def g(x): return F.one_hot(x)\ndef f(x): return x",
    "used at the top level": F + "y = F.one_hot(3)\ndef f(x): return x",
    "a neighbour": F + "def f(x): return F.softmax(x)",
    "its own function of that name": "def one_hot(x): return x\ndef f(x): return one_hot(x)",
    "a method of that name": "import torch\ndef f(x): return x.one_hot()",
    "a method of that name on what comes back": "def f(x): return g(x).one_hot()",
    "a text": "def f(x): return 'torch.nn.functional.one_hot'",
    "a docstring": 'def f(x):\n    """Not torch.nn.functional.one_hot."""\n    return x',
    "a local name like the alias": F + "def f(x):\n    F = x.max()\n    return F.one_hot",
    "a loop variable like the alias": "import torch as t\n"
    "def f(x): return [x[t] for t in range(3)]",
    "an argument like the alias": F + "def f(x, F): return F * x",
    "a local like a tainted name": F + "h = F.one_hot(2)\ndef f(x):\n    h = x\n    return h",
    "a comprehension's own": "from torch.nn.functional import one_hot as a\n"
    "def f(x): return [a for a in x]",
    "a keyword like it": "def f(x): return g(one_hot=x)",
    "a method eval": "def f(x): return x.eval()",
    "re.compile": "import re\ndef f(x): return re.compile('a')",
    "a variable called vars": "def f(x):\n    vars = [x]\n    return vars",
    "an argument called compile": "def f(x, compile): return compile(x)",
    "an own function called eval": "def eval(x): return x\ndef f(x): return eval(x)",
    "getattr of its own": "def f(x): return getattr(x, 'a' + 'b')",
    "getattr of numpy": "import numpy as np\ndef f(x, act='tanh'): return getattr(np, act)(x)",
    "vars of itself": "class f:\n    def g(self): return vars(self)",
    "__dict__ of itself": "class f:\n    def __init__(self, **a): self.__dict__.update(a)",
    "locals": "def f(x): return locals()",
    "defined again": F + "def f(x): return F.one_hot(x)\ndef f(x): return x",
    "bound in two ways": "from torch.nn.functional import one_hot as g\n"
    "def g(x): return x\ndef f(x): return g(x)",
    "beside it under a condition": F + "if True:\n    y = F.one_hot(3)\n    def f(x): return x",
    "beside it in a container": F + "G = {'a': F.one_hot, 'b': abs}\ndef f(x): return G['b'](x)",
    "builtins that are harmless": "from builtins import abs\nimport builtins\n"
    "def f(x): return builtins.max(abs(x))",
}


@pytest.mark.parametrize("way", FREE)
def test_right_programs_are_not_accused(way: str) -> None:
    assert used(FREE[way]) is None


@pytest.mark.parametrize(
    "text",
    [
        "import torch\ndef f(m): return [one for one in m.modules()]",
        "import torch\ndef f(m): return list(m.rnn.parameters())",
        "from torch.nn.utils.rnn import pad_sequence\ndef f(x): return pad_sequence(x)",
        "import torch\ndef f(m): return torch.ones(3).tanh(), m.ops, m.lstm, m.RNN",
    ],
)
def test_attributes_of_other_things_are_not_taken_for_layers(text: str) -> None:
    assert used(text, LAYERS) is None


def test_a_forbidden_package_stands_for_all_below_it() -> None:
    text = "import torch\nfrom torch import nn\ndef f(x): return nn.LSTM(3, 4)\n"
    assert used(text, NN) == "torch.nn.LSTM"
    assert used(text, TORCH) == "torch.nn.LSTM"
    assert used("import torchvision as t\ndef f(x): return t.x", TORCH) is None


def test_other_exercises_are_not_looked_behind_where_they_are_judged_apart() -> None:
    text = "import torch\ndef g(x): return torch.tanh(x)\ndef f(x): return g(x)"
    source = Source.of([text])
    assert forbidden_use(source, "f", TORCH) == "torch.tanh"
    assert forbidden_use(source, "f", TORCH, apart=["f", "g"]) is None
    assert forbidden_use(source, "g", TORCH, apart=["f", "g"]) == "torch.tanh"


def test_cells_that_do_not_parse_are_passed_over() -> None:
    good = "import torch\ndef f(x): return torch.tanh(x)"
    source = Source.of(["def g(:", good, "\0", "(" * 10_000])
    assert forbidden_use(source, "f", TORCH) == "torch.tanh"
    assert source.reachable("f") == {"f", "torch"}


def test_nothing_is_found_where_nothing_is_forbidden() -> None:
    assert used(F + "def f(x): return F.one_hot(x)", ()) is None


def test_reachable_names_are_those_that_python_would_look_up_in_the_module() -> None:
    text = (
        "def a(x): return x\n"
        "b = a\n"
        "class C:\n    k = b\n    def m(self, a): return self.n(a)\n    def n(self, d): return d\n"
        "def f(x, C=C):\n    y = lambda q: q + e\n    return [z for z in x]\n"
        "def z(): pass\ndef d(): pass\n"
    )
    assert Source.of([text]).reachable("f") == {"f", "C", "b", "a", "e"}


ODD_LOOKS = (
    "__loader__",
    "__spec__.loader",
    "torch.__spec__.loader",
    "sys._getframe().f_back.f_code.co_name",
    "inspect.stack()",
    "inspect.currentframe().f_back",
    "inspect.signature(f).parameters",
    "inspect.getsource(f)",
    "gc.collect()",
)


@pytest.mark.parametrize("look", ODD_LOOKS)
def test_what_merely_looks_odd_earns_what_its_answers_earn(look: str) -> None:
    source = f"import gc, inspect, sys, torch\ndef f(x):\n    {look}\n    return x\n"
    assert forbidden_use(Source.of([source]), "f", ["torch.nn.functional.one_hot"]) is None


def test_walks_find_all_that_the_standard_library_finds() -> None:
    for file in sorted(Path(autograder.__file__).parent.rglob("*.py")):
        tree = ast.parse(file.read_text("utf-8"))
        every = [one for one in ast.walk(tree) if not isinstance(one, ast.expr_context)]
        assert walk([tree]) == every, file
