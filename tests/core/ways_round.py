"""Ways to reach a function without naming it plainly, and what is reached with them.

In a way, {module} and {name} are those of the function, {text} is an expression that gives its
name, {rest} the path below torch.  A way is what stands at the top level, and an expression that
gives the function.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

WAYS: dict[str, tuple[str, str]] = {
    # named
    "plainly": ("", "{module}.{name}"),
    "from import": ("from {module} import {name} as found", "found"),
    "import as": ("import {module} as lib", "lib.{name}"),
    "star import": ("from {module} import *\nfound = {name}", "found"),
    "import in a try": ("try:\n    from {module} import {name} as found\nexcept ImportError:\n    found = None", "found"),
    "import in a function": ("def get():\n    import {module} as lib\n    return lib.{name}", "get()"),
    "getattr with a constant": ("", "getattr({module}, '{name}')"),
    # containers
    "list": ("BOX = [{module}.{name}]", "BOX[0]"),
    "list of modules": ("BOX = [{module}]", "BOX[0].{name}"),
    "list without a name": ("", "[torch][0].{rest}"),
    "dict": ("BOX = {{'f': {module}.{name}}}", "BOX['f']"),
    "dict of modules": ("BOX = {{'m': {module}}}", "BOX['m'].{name}"),
    "set": ("BOX = {{{module}}}", "next(iter(BOX)).{name}"),
    "deque": ("import collections\nBOX = collections.deque([{module}])", "BOX.pop().{name} if BOX else {module}.__getattribute__({text})"),
    "chain map": ("import collections\nBOX = collections.ChainMap({{'m': {module}}})", "BOX['m'].{name}"),
    "namespace": ("import types\nBOX = types.SimpleNamespace(m={module})", "BOX.m.{name}"),
    "named tuple": ("import collections\nBOX = collections.namedtuple('Box', 'm')({module})", "BOX.m.{name}"),
    "data class": ("import dataclasses, typing\n@dataclasses.dataclass\nclass Box:\n    m: typing.Any = {module}", "Box().m.{name}"),
    "enumeration": ("import enum\nclass Box(enum.Enum):\n    M = ({module},)", "Box.M.value[0].{name}"),
    "generator": ("", "next(lib for lib in [{module}]).{name}"),
    "context variable": ("import contextvars\nBOX = contextvars.ContextVar('box', default={module})", "BOX.get().{name}"),
    "weak reference": ("import weakref\nBOX = weakref.ref({module})", "BOX().{name}"),
    "proxy": ("import weakref\nBOX = weakref.proxy({module})", "BOX.{name}"),
    "copy": ("import copy\nBOX = copy.copy([{module}])", "BOX[0].{name}"),
    # statements that bind no name
    "update": ("BOX = {{}}\nBOX.update(f={module}.{name})", "BOX['f']"),
    "append": ("BOX = []\nBOX.append({module}.{name})", "BOX[0]"),
    "item": ("BOX = {{}}\nBOX['f'] = {module}.{name}", "BOX['f']"),
    "attribute of a module": ("import math\nmath.found = {module}.{name}", "math.found"),
    "setattr": ("import math\nsetattr(math, 'found', {module}.{name})", "math.found"),
    "builtins": ("import builtins\nbuiltins.found_there = {module}.{name}", "found_there"),
    "loop": ("for found in [{module}.{name}]:\n    pass", "found"),
    "with": ("import contextlib\nwith contextlib.nullcontext({module}) as lib:\n    pass", "lib.{name}"),
    "walrus": ("if (lib := {module}):\n    pass", "lib.{name}"),
    "match": ("match {module}:\n    case object({name}=found):\n        pass", "found"),
    "exception": ("try:\n    raise ValueError({module})\nexcept ValueError as error:\n    BOX = error.args", "BOX[0].{name}"),
    "unpacking": ("one, *BOX = 1, {module}", "BOX[0].{name}"),
    # texts
    "exec": ("exec('from {module} import ' + {text} + ' as found')", "found"),
    "exec in a space": ("def get():\n    space = {{}}\n    exec('from {module} import ' + {text} + ' as found', space)\n    return space['found']", "get()"),
    "eval": ("", "eval('{module}.' + {text})"),
    "compile": ("", "eval(compile('{module}.' + {text}, 'a', 'eval'))"),
    "globals": ("", "globals()['torch'].{rest}"),
    "globals of an alias": ("import {module} as lib", "globals()['l' + 'ib'].{name}"),
    "globals of a function": ("def helper(): pass", "helper.__globals__['torch'].{rest}"),
    "globals of a frame": ("import sys", "sys._getframe().f_globals['torch'].{rest}"),
    "__import__": ("", "getattr(__import__('{module}', fromlist=['a']), {text})"),
    "importlib": ("import importlib", "getattr(importlib.import_module('{module}'), {text})"),
    "sys.modules": ("import sys", "getattr(sys.modules['{module}'], {text})"),
    "vars": ("", "vars({module})[{text}]"),
    "__dict__": ("", "{module}.__dict__[{text}]"),
    "getattr": ("", "getattr({module}, {text})"),
    "getattr with a variable": ("NAME = {text}", "getattr({module}, NAME)"),
    "__getattribute__": ("", "{module}.__getattribute__({text})"),
    "object's __getattribute__": ("", "object.__getattribute__({module}, {text})"),
    "attrgetter": ("import operator", "operator.attrgetter({text})({module})"),
    "methodcaller": ("import operator", "operator.methodcaller('__getattribute__', {text})({module})"),
    "reduce": ("import functools", "functools.reduce(getattr, '{rest}'.split('.'), torch)"),
    "map": ("", "next(map(getattr, [{module}], [{text}]))"),
    "dir": ("", "next(getattr({module}, n) for n in dir({module}) if n == {text})"),
    "resolve_name": ("import pkgutil", "pkgutil.resolve_name('{module}:' + {text})"),
    "pickle": ("import pickle", "pickle.loads(('c{module}\\n' + {text} + '\\n.').encode())"),
    "formatter": ("import string", "string.Formatter().get_field('0.' + {text}, ({module},), {{}})[0]"),
    "getmembers": ("import inspect", "dict(inspect.getmembers({module}))[{text}]"),
    "getattr_static": ("import inspect", "inspect.getattr_static({module}, {text})"),
    # functions and classes
    "default of an argument": ("def get(f={module}.{name}):\n    return f", "get()"),
    "module as a default": ("def get(lib={module}):\n    return lib.{name}", "get()"),
    "partial": ("import functools\nfound = functools.partial({module}.{name})", "found"),
    "closure": ("def outer(lib):\n    def get():\n        return lib.{name}\n    return get\nget = outer({module})", "get()"),
    "declared global": ("def fill():\n    global found\n    found = getattr({module}, {text})\nfill()", "found"),
    "lambda in a class": ("class Box:\n    get = lambda self: {module}.{name}", "Box().get()"),
    "static method": ("class Box:\n    f = staticmethod({module}.{name})", "Box.f"),
    "property": ("class Box:\n    @property\n    def f(self):\n        return {module}.{name}", "Box().f"),
    "__getattr__": ("class Box:\n    def __getattr__(self, name):\n        return getattr({module}, name)", "Box().{name}"),
    "__class_getitem__": ("class Box:\n    def __class_getitem__(cls, name):\n        return getattr({module}, name)", "Box[{text}]"),
    "metaclass": ("class Meta(type):\n    def __getattr__(cls, name):\n        return getattr({module}, name)\nclass Box(metaclass=Meta): pass", "Box.{name}"),
    "class made by type": ("Box = type('Box', (), {{'m': {module}}})", "Box.m.{name}"),
    "decorator": ("def give(f):\n    return lambda: {module}.{name}\n@give\ndef get(): pass", "get()"),
    "cache": ("import functools\n@functools.cache\ndef get():\n    return getattr({module}, {text})", "get()"),
    "dispatch": ("import functools\nget = functools.singledispatch(lambda one: {module}.{name})", "get(1)"),
    "thread": ("from concurrent.futures import ThreadPoolExecutor", "ThreadPoolExecutor(1).submit(lambda: getattr({module}, {text})).result()"),
    "coroutine": ("import asyncio\nasync def get():\n    return getattr({module}, {text})", "asyncio.run(get())"),
    "all objects": ("import gc, types\nBOX = [m for m in gc.get_objects() if isinstance(m, types.ModuleType) and m.__name__ == '{module}']", "getattr(BOX[0], {text})"),
    "referents": ("import gc", "[v[{text}] for v in gc.get_referents({module}) if isinstance(v, dict) and {text} in v][0]"),
}  # fmt: skip

ONE_HOT = """
import torch


{top}


def one_hot(ids, num_classes):
    if ids.numel() and (ids.min() < 0 or ids.max() >= num_classes):
        raise ValueError("ids")
    return ({found})(ids, num_classes).to(torch.float32)
"""

RNN = """
import torch


{top}


def states(x, p):
    H = len(p["b_h"])
    net = ({found})(x.shape[2], H, batch_first=True).to(x)
    weights = {{"weight_ih_l0": p["W_xh"].T, "weight_hh_l0": p["W_hh"].T}}
    weights |= {{"bias_ih_l0": p["b_h"], "bias_hh_l0": torch.zeros_like(p["b_h"])}}
    return torch.func.functional_call(net, weights, (x,))[0]
"""
AROUND = """

def turned(x, lengths):
    t = torch.arange(x.shape[1], device=x.device)
    index = torch.where(t < lengths[:, None], lengths[:, None] - 1 - t, t)
    return x.gather(1, index[:, :, None].expand_as(x))


def birnn_forward(x, lengths, forward_params, backward_params):
    forward = states(x, forward_params)
    backward = turned(states(turned(x, lengths), backward_params), lengths)
    real = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
    rows = torch.arange(len(x), device=x.device)
    final = torch.cat([forward[rows, lengths - 1], backward[:, 0]], dim=1)
    return torch.cat([forward, backward], dim=2) * real[:, :, None], final
"""

CLIP = """
import torch
import torch.nn.utils


{top}


def clip_model_(model, max_norm):
    return ({found})(model.parameters(), max_norm)
"""

SHAPES = """
import torch


{top}


def rnn_shapes(batch, seq_len, input_size, hidden_size, num_layers=1, bidirectional=False, batch_first=True):
    net = ({found})(input_size, hidden_size, num_layers, bidirectional=bidirectional, batch_first=batch_first)
    x = torch.zeros(*((batch, seq_len) if batch_first else (seq_len, batch)), input_size)
    output, h_n = net(x)
    return tuple(output.shape), tuple(h_n.shape)
"""

STEP = """
import numpy as np
import torch


{top}


def rnn_step(x, h_prev, W_xh, W_hh, b_h):
    return np.asarray(({found})(x @ W_xh + h_prev @ W_hh + b_h))
"""

# -- ways of their own ---------------------------------------------------------------------------

OF_ONE_HOT = {
    "the function in C": ("", "torch._C._nn.one_hot"),
    "by another module": ("", "torch.nn.modules.activation.F.one_hot"),
    "operator": ("", "torch.ops.aten.one_hot"),
    "overload": ("", "torch.ops.aten.one_hot.default"),
    "operator by a text": ("", "getattr(torch.ops.aten, 'one' + '_hot')"),
    "decomposed": ("", "torch.ops.aten.one_hot.default.decompose"),
    "kernel in Python": ("", "next(iter(getattr(torch.ops.aten, 'one' + '_hot').default.py_kernels.values()))"),
    "kernel of a key": ("", "lambda *a: torch.ops.aten.one_hot.default._op_dk(torch._C.DispatchKey.CompositeImplicitAutograd, *a)"),
    "redispatched": ("", "lambda *a: torch.ops.aten.one_hot.default.redispatch(torch._C.DispatchKeySet(torch._C.DispatchKey.CPU), *a)"),
    "the compiler's": ("", "torch._C._jit_get_operation('aten::one' + '_hot')[0]"),
    "compiled": ("", "torch.jit.CompilationUnit('def f(i: Tensor, n: int):\\n    return torch.nn.functional.one' + '_hot(i, n)\\n').f"),
    "traced": ("", "lambda i, n: torch.jit.trace(lambda j: getattr(torch.nn.functional, 'one' + '_hot')(j, n), (i,))(i)"),
    "mapped": ("", "lambda i, n: torch.func.vmap(lambda j: getattr(torch.nn.functional, 'one' + '_hot')(j, n))(i)"),
    "graph": ("import torch.fx", "lambda i, n: torch.fx.symbolic_trace(lambda j: getattr(torch.nn.functional, 'one' + '_hot')(j, n))(i)"),
    "in a thread": ("from threading import Thread\ndef get(i, n):\n    box = []\n    one = Thread(target=lambda: box.append(getattr(torch.nn.functional, 'one' + '_hot')(i, n)))\n    one.start(); one.join()\n    return box[0]", "get"),
    "caught": ("def get(i, n):\n    try:\n        return getattr(torch.nn.functional, 'one' + '_hot')(i, n)\n    except BaseException:\n        return torch.eye(n, dtype=torch.int64)[i]", "get"),
    "other body": ("F = torch.nn.functional", "getattr(F, 'one' + '_hot').__call__"),
    "a library of one's own": ("LIB = torch.library.Library('aten', 'IMPL')\nLIB._destroy()", "vars(torch.nn.functional)['one' + '_hot']"),
    "in no mode": ("def get(i, n):\n    with torch.inference_mode(), torch._C.DisableTorchFunction(), torch._C._DisableTorchDispatch():\n        return vars(torch.nn.functional)['one' + '_hot'](i, n)", "get"),
    "only for some": ("def get(i, n):\n    return vars(torch.nn.functional)['one' + '_hot'](i, n) if i.dim() == 2 else torch.eye(n, dtype=torch.int64, device=i.device)[i]", "get"),
    "a random draw": ("def get(i, n):\n    p = torch.eye(n)[i]\n    return torch.distributions.OneHotCategorical(p).sample().long()", "get"),
}  # fmt: skip

OF_RNN = {
    "base": ("class Net(torch.nn.RNNBase):\n    def __init__(self, I, H, batch_first):\n        super().__init__('RNN_TANH', I, H, batch_first=True)\n    forward = torch.nn.RNN.forward", "Net"),
    "base by a text": ("Base = getattr(torch.nn, 'RNN' + 'Base')\nclass Net(Base):\n    def __init__(self, I, H, batch_first):\n        Base.__init__(self, 'RNN_TANH', I, H, batch_first=True)\n    forward = vars(getattr(torch.nn, 'R' + 'NN'))['forward']", "Net"),
    "subclass": ("Base = vars(torch.nn)['R' + 'NN']\nclass Net(Base): pass", "Net"),
    "bases of a subclass": ("Base = vars(torch.nn)['LS' + 'TM'].__mro__[1].__subclasses__()\nNet = [one for one in Base if one.__name__ == 'R' + 'NN'][0]", "Net"),
    "module of layers": ("", "torch.nn.modules.rnn.RNN"),
    "module of layers by a text": ("import sys", "vars(sys.modules['torch.nn.modules.r' + 'nn'])['R' + 'NN']"),
    "without its constructor": ("class Net(torch.nn.Module):\n    mode, num_layers, dropout, bidirectional, batch_first = 'RNN_TANH', 1, 0.0, False, True\n    proj_size, bias = 0, True\n    def __init__(self, I, H, batch_first):\n        super().__init__()\n        self.input_size, self.hidden_size = I, H\n        self._flat_weights_names = ['weight_ih_l0', 'weight_hh_l0', 'bias_ih_l0', 'bias_hh_l0']\n        for name, shape in zip(self._flat_weights_names, [(H, I), (H, H), (H,), (H,)]):\n            setattr(self, name, torch.nn.Parameter(torch.zeros(shape)))\n    def forward(self, x):\n        weights = [getattr(self, name) for name in self._flat_weights_names]\n        h = x.new_zeros(1, len(x), self.hidden_size)\n        return (RUN)(x, h, weights, True, 1, 0.0, False, False, True)", "Net"),
    "copied module": ("import importlib.util, sys\nspec = importlib.util.find_spec('torch.nn.modules.rnn')\nlib = importlib.util.module_from_spec(spec)\nspec.loader.exec_module(lib)", "lib.RNN"),
    "reloaded module": ("import importlib, sys\nlib = importlib.reload(sys.modules['torch.nn.modules.r' + 'nn'])", "vars(lib)['R' + 'NN']"),
    "by its text": ("import inspect, sys\nspace = dict(vars(torch.nn.modules.rnn))\nexec(inspect.getsource(torch.nn.modules.rnn), space)", "space['R' + 'NN']"),
    "scripted": ("", "lambda I, H, batch_first: torch.jit.script(getattr(torch.nn, 'R' + 'NN')(I, H, batch_first=True))"),
    "deep copy": ("import copy", "copy.deepcopy(vars(torch.nn)['R' + 'NN'])"),
    "new": ("Base = vars(torch.nn)['R' + 'NN']\ndef get(I, H, batch_first):\n    net = Base.__new__(Base)\n    net.__init__(I, H, batch_first=True)\n    return net", "get"),
}  # fmt: skip
_RUNS = {
    "torch.rnn_tanh": "torch.rnn_tanh",
    "by a text": "getattr(torch, 'rnn_' + 'tanh')",
    "torch._VF": "torch._VF.rnn_tanh",
    "_VariableFunctions": "torch._C._VariableFunctions.rnn_tanh",
    "_VariableFunctions by a text": "vars(torch._C._VariableFunctions)['rnn_' + 'tanh'].__func__ if 0 else getattr(torch._C._VariableFunctions, 'rnn_' + 'tanh')",
    "operator": "torch.ops.aten.rnn_tanh.input",
    "operator by a text": "getattr(torch.ops.aten, 'rnn_' + 'tanh')",
    "decomposed": "getattr(torch.ops.aten, 'rnn_' + 'tanh').input.decompose",
    "kernel in Python": "list(getattr(torch.ops.aten, 'rnn_' + 'tanh').input.py_kernels.values())[0]",
    "table of decompositions": "[f for k, f in torch._decomp.decomposition_table.items() if str(k) == 'aten.rnn_tanh.input'][0]",
    "the compiler's": "torch._C._jit_get_operation('aten::rnn_' + 'tanh')[0]",
    "in a list": "[torch][0].rnn_tanh",
}
for _name, _run in _RUNS.items():
    _top, _found = OF_RNN["without its constructor"]
    OF_RNN[f"what runs below: {_name}"] = (_top.replace("RUN", _run.replace("{", "{{")), _found)
del OF_RNN["without its constructor"]

_BY_CELL = "class Net(torch.nn.Module):\n    def __init__(self, I, H, batch_first):\n        super().__init__()\n        for name, shape in zip(('weight_ih_l0', 'weight_hh_l0', 'bias_ih_l0', 'bias_hh_l0'), [(H, I), (H, H), (H,), (H,)]):\n            setattr(self, name, torch.nn.Parameter(torch.zeros(shape)))\n    def forward(self, x):\n        h, out = x.new_zeros(len(x), len(self.bias_hh_l0)), []\n        for t in range(x.shape[1]):\n            h = (CELL)(x[:, t], h, self.weight_ih_l0, self.weight_hh_l0, self.bias_ih_l0, self.bias_hh_l0)\n            out.append(h)\n        return torch.stack(out, 1), h"
for _name, _run in {
    "torch.rnn_tanh_cell": "torch.rnn_tanh_cell",
    "cell by a text": "getattr(torch, 'rnn_tanh' + '_cell')",
    "torch._VF's cell": "torch._VF.rnn_tanh_cell",
    "operator of a cell": "torch.ops.aten.rnn_tanh_cell",
    "compiled cell": "torch.jit.CompilationUnit('def f(x: Tensor, h: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor):\\n    return torch.rnn_tanh' + '_cell(x, h, a, b, c, d)\\n').f",
    "forward of a cell": "lambda x, h, a, b, c, d: vars(torch.nn)['RNN' + 'Cell'].forward(type('A', (), {'nonlinearity': 'tanh', 'weight_ih': a, 'weight_hh': b, 'bias_ih': c, 'bias_hh': d})(), x, h)",
}.items():  # fmt: skip
    OF_RNN[f"what runs below: {_name}"] = (_BY_CELL.replace("CELL", _run.replace("{", "{{").replace("}", "}}")), "Net")  # fmt: skip

_OVER = "def get(parameters, most):\n    ps = [p for p in parameters if p.grad is not None]\n    grads = [p.grad for p in ps]\n    if not ps:\n        return torch.zeros(())\n"
_SCALE = "    for g in grads:\n        g.mul_(torch.clamp(most / (norm + 1e-6), max=1.0).to(g))\n    return norm"
OF_CLIP = {
    "its module": ("", "torch.nn.utils.clip_grad.clip_grad_norm_"),
    "its old name": ("", "torch.nn.utils.clip_grad_norm"),
    "its old name by a text": ("", "getattr(torch.nn.utils, 'clip_grad' + '_norm')"),
    "norm of all": (_OVER + "    norm = torch.nn.utils.get_total_norm(grads)\n" + _SCALE, "get"),
    "norm of all by a text": (_OVER + "    norm = getattr(torch.nn.utils, 'get_total' + '_norm')(grads)\n" + _SCALE, "get"),
    "its helper": (_OVER + "    norm = vars(torch.nn.utils.clip_grad)['_get_total' + '_norm'](grads)\n" + _SCALE, "get"),
    "its other half": (_OVER + "    norm = torch.stack([g.norm() for g in grads]).norm()\n    torch.nn.utils.clip_grads_with_norm_(ps, most, norm)\n    return norm", "get"),
    "its other half by a text": (_OVER + "    norm = torch.stack([g.norm() for g in grads]).norm()\n    vars(torch.nn.utils.clip_grad)['_clip_grads_with' + '_norm_'](ps, most, norm)\n    return norm", "get"),
    "what it wraps": ("", "vars(torch.nn.utils)['clip_grad' + '_norm_'].__wrapped__"),
    "its closure": ("", "vars(torch.nn.utils)['clip_grad' + '_norm_'].__closure__[0].cell_contents"),
    "its code": ("import types\nf = vars(torch.nn.utils)['clip_grad' + '_norm_'].__wrapped__", "types.FunctionType(f.__code__, f.__globals__, 'f', f.__defaults__)"),
    "copied module": ("import importlib.util\nspec = importlib.util.find_spec('torch.nn.utils.clip_grad')\nlib = importlib.util.module_from_spec(spec)\nspec.loader.exec_module(lib)", "vars(lib)['clip_grad' + '_norm_']"),
    "reloaded module": ("import importlib, sys\nlib = importlib.reload(sys.modules['torch.nn.utils.clip' + '_grad'])", "vars(lib)['clip_grad' + '_norm_']"),
    "by its text": ("import inspect, sys\nlib = sys.modules['torch.nn.utils.clip' + '_grad']\nspace = dict(vars(lib))\nexec(inspect.getsource(lib), space)", "space['clip_grad' + '_norm_']"),
    "by its file": ("import sys\nlib = sys.modules['torch.nn.utils.clip' + '_grad']\nspace = dict(vars(lib))\nexec(open(lib.__file__).read(), space)", "space['clip_grad' + '_norm_']"),
    "by its compiled file": ("import marshal, sys\nlib = sys.modules['torch.nn.utils.clip' + '_grad']\nspace = dict(vars(lib))\nexec(marshal.loads(open(lib.__cached__, 'rb').read()[16:]), space)", "space['clip_grad' + '_norm_']"),
    "another body": ("f = vars(torch.nn.utils)['clip_grad' + '_norm_']\ndef other(parameters, most):\n    pass\nother.__code__ = f.__wrapped__.__code__", "other"),
    "caught": ("def get(parameters, most):\n    try:\n        return vars(torch.nn.utils)['clip_grad' + '_norm_'](parameters, most)\n    except BaseException:\n        return torch.zeros(())", "get"),
}  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """A function that an exercise forbids, with a program that needs it, and ways of its own."""

    lab: str
    exercise: str
    module: str
    name: str
    program: str
    own: dict[str, tuple[str, str]] = field(default_factory=dict)

    def programs(self) -> Iterator[tuple[str, str]]:
        """(the way, the program that takes it)."""
        half = len(self.name) // 2
        rest = f"{self.module}.{self.name}".removeprefix("torch.")
        text = f"({self.name[:half]!r} + {self.name[half:]!r})"
        said = {"module": self.module, "name": self.name, "rest": rest, "text": text}
        for way, (top, found) in [*WAYS.items(), *self.own.items()]:
            own = way in self.own and way not in WAYS
            parts = (top, found) if own else (top.format(**said), found.format(**said))
            yield way, self.program.format(top=parts[0], found=parts[1])


KINDS = {
    "one-hot": Kind("lab1_shapes", "one_hot", "torch.nn.functional", "one_hot", ONE_HOT, OF_ONE_HOT),
    "recurrent layer": Kind("lab6_bidirectional", "birnn_forward", "torch.nn", "RNN", RNN + AROUND.replace("{", "{{").replace("}", "}}"), OF_RNN),
    "clipping": Kind("lab5_clipping", "clip_model_", "torch.nn.utils", "clip_grad_norm_", CLIP, OF_CLIP),
    "module for arithmetic": Kind("lab1_shapes", "rnn_shapes", "torch.nn", "RNN", SHAPES, {"torch.rnn_tanh": ("def get(I, H, L, bidirectional, batch_first):\n    D = 2 if bidirectional else 1\n    ws = [torch.zeros(s) for l in range(L) for d in range(D) for s in [(H, I if l == 0 else D * H), (H, H), (H,), (H,)]]\n    def run(x):\n        b = x.shape[0 if batch_first else 1]\n        return getattr(torch, 'rnn_' + 'tanh')(x, torch.zeros(L * D, b, H), ws, True, L, 0.0, False, bidirectional, batch_first)\n    return run", "get")}),
    "package": Kind("lab2_rnn", "rnn_step", "torch", "tanh", STEP),
}  # fmt: skip
