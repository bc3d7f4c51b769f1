"""New values for recurrent layers: how they are asked for, and what they look like.

They are random: what is compared are properties that hold for any seed. Those of a sample of n
numbers are so wide that a right program fails one in fewer than 10¹² draws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from exercises.lab4_models._models import Recipe, model_of

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4, "RNNCell": 1, "GRUCell": 3, "LSTMCell": 4}
ENOUGH = 150
"""From so many numbers on, uniform ones come close to their bound: 0.8 ** 150 is 3e-15."""


def at_first(shape: Any, place: int, padded: bool) -> Any:
    """The numbers of parameter `place` before the call; padded: the first row is 0."""
    size = torch.Size(shape).numel()
    values = 0.5 * torch.sin(0.7 * torch.arange(size, dtype=torch.float64) + place + 0.3)
    values = values.reshape(torch.Size(shape))
    if padded:
        values[0] = 0.0
    return values


def initialised(
    entry: Callable[..., Any],
    model: Recipe,
    forget_bias: float | None = None,
    dtype: str = "float32",
    recording: bool = True,
) -> dict[str, Any]:
    """Build a model, fill it with known numbers, and have it initialised twice.

    forget_bias: None leaves it out.  recording: whether gradients are on during the calls.
    Gives the numbers after each of the calls, by name, and what was kept.
    """
    built = model_of(model).to(getattr(torch, dtype))
    rows = {name for name, kind, *_ in model if kind == "Embedding"}
    for place, (name, p) in enumerate(built.named_parameters()):
        p.data.copy_(at_first(p.shape, place, name.rpartition(".")[0] in rows))
    before = dict(built.named_parameters())
    kept = {n: (p.requires_grad, p.dtype, str(p.device)) for n, p in before.items()}
    given = [] if forget_bias is None else [forget_bias]
    calls = []
    with torch.set_grad_enabled(recording):
        for _ in range(2):
            returned = entry(built, *given)
            own = dict(built.named_parameters())
            calls.append({name: p.detach().clone() for name, p in own.items()})
        on = torch.is_grad_enabled() == recording
    return {
        "first": calls[0],
        "second": calls[1],
        "the model comes back": returned is built,
        "its parameters are the same objects": all(own.get(n) is p for n, p in before.items()),
        "requires_grad is kept": all(own[n].requires_grad == kept[n][0] for n in own),
        "dtypes are kept": all(own[n].dtype == kept[n][1] for n in own),
        "devices are kept": all(str(own[n].device) == kept[n][2] for n in own),
        "parameters are leaves of a graph": all(p.is_leaf for p in own.values()),
        "gradients are recorded as before": on,
    }


def uniform(block: Any, bound: float) -> bool:
    """Whether numbers look drawn uniformly from ±bound: both ends, their squares, Kolmogorov's test.

    The squares have the mean 1/3 and the variance 4/45.
    """
    values = block.flatten().double().sort().values / bound
    n = len(values)
    if float(values.abs().max()) > 1 + 1e-5:
        return False
    if n >= ENOUGH and float(values.abs().max()) < 0.8:
        return False
    if n >= ENOUGH and abs(float((values**2).mean()) - 1 / 3) > 7.5 * (4 / 45 / n) ** 0.5:
        return False
    shares = (torch.arange(n, dtype=torch.float64) + 0.5) / n
    return float((((values + 1) / 2) - shares).abs().max()) < 4 / n**0.5


def orthogonal(block: Any, scale: float = 1.0) -> bool:
    """Whether columns, or rows where these are fewer, are orthonormal."""
    block = block.double() / scale
    product = block.T @ block if block.shape[0] >= block.shape[1] else block @ block.T
    return bool((product - torch.eye(len(product), dtype=torch.float64)).abs().max() < 1e-4)


def xavier(rows: int, columns: int) -> float:
    return float((6 / (rows + columns)) ** 0.5)


def input_kind(matrix: Any, gates: int, before: Any) -> str:
    """What the input weights of one layer look like."""
    blocks = matrix.chunk(gates)
    H, I = blocks[0].shape
    bounds = {
        "Xavier uniform, block by block": xavier(H, I),
        "Xavier uniform as one matrix": xavier(gates * H, I),
        "uniform to 1/√H": H**-0.5,
        "He uniform": float((6 / I) ** 0.5),
        "uniform to 1/√I": I**-0.5,
        "Xavier with a gain of 5/3": 5 / 3 * xavier(H, I),
    }
    if torch.allclose(matrix.double(), before, atol=1e-6):
        return "as before"
    if all(orthogonal(block) for block in blocks):
        return "orthogonal"
    for name, bound in bounds.items():
        if all(uniform(block, bound) for block in blocks):
            return name
    sizes = float(matrix.double().std()) / (xavier(H, I) / 3**0.5)
    return "Xavier's spread, not uniform" if 0.8 < sizes < 1.2 else "of another kind"


def recurrent_kind(matrix: Any, gates: int, before: Any) -> str:
    """What the recurrent weights of one layer look like."""
    blocks = matrix.chunk(gates)
    H = len(blocks[0])
    if torch.allclose(matrix.double(), before, atol=1e-6):
        return "as before"
    if all(orthogonal(block) for block in blocks):
        return "orthogonal, block by block"
    if orthogonal(matrix):
        return "orthogonal as one matrix"
    if all(uniform(block, xavier(H, H)) for block in blocks):
        return "Xavier uniform"
    return "of another kind"


def bias_kind(layer: Mapping[str, Any], suffix: str, kind: str, forget_bias: float) -> str:
    """What the two biases of one layer add up to, gate by gate."""
    one, other = layer[f"bias_ih{suffix}"].double(), layer[f"bias_hh{suffix}"].double()
    gates = range(GATES[kind])
    sums = [part.sub(part[0]).abs().max() < 1e-6 for part in (one + other).chunk(GATES[kind])]
    values = [float(part[0]) for part in (one + other).chunk(GATES[kind])]
    due = [forget_bias if kind.startswith("LSTM") and gate == 1 else 0.0 for gate in gates]
    apart = [
        gate
        for gate, (a, b) in enumerate(
            zip(one.chunk(GATES[kind]), other.chunk(GATES[kind]), strict=True)
        )
        if due[gate] == 0.0 and (a.abs().max() > 1e-6 or b.abs().max() > 1e-6)
    ]
    if not all(sums):
        return "numbers that differ from unit to unit"
    if apart and not any(abs(value) > 1e-6 for value in values):
        return "biases that cancel out"
    if values == due or max(abs(v - d) for v, d in zip(values, due, strict=True)) < 1e-5:
        return "as due"
    return f"gate by gate {[round(value, 3) for value in values]}"


def looks(arguments: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """What of new values does not depend on the seed, and what else should hold."""
    facts = {name: value for name, value in found.items() if name not in ("first", "second")}
    first, second = found["first"], found["second"]
    kinds = {name: kind.split()[0] for name, kind, *_ in arguments["model"]}
    value = arguments.get("forget_bias")
    forget_bias = 1.0 if value is None else float(value)
    blocks: list[Any] = []
    calls: list[Any] = []
    for place, (name, now) in enumerate(first.items()):
        owner, _, own = name.rpartition(".")
        kind = kinds.get(owner, "")
        before = at_first(now.shape, place, kind == "Embedding")
        if kind not in GATES:
            same = all(
                torch.allclose(after.double(), before, atol=1e-6) for after in (now, second[name])
            )
            facts[f"{name} is left alone"] = same
            continue
        described = input_kind if own.startswith("weight_ih") else recurrent_kind
        if own.startswith("weight"):
            part = "the input weights" if own.startswith("weight_ih") else "the recurrent weights"
            due = (
                "Xavier uniform, block by block"
                if own.startswith("weight_ih")
                else "orthogonal, block by block"
            )
            seen = described(now, GATES[kind], before)
            facts[f"{part} {name} are {due}"] = seen == due
            facts[f"what {name} looks like"] = seen
            calls.append((now.double(), second[name].double()))
            blocks += [one.double() for one in now.chunk(GATES[kind]) if one.numel() >= ENOUGH]
        elif own.startswith("bias_ih"):
            layer = {
                n.rpartition(".")[2]: p for n, p in first.items() if n.rpartition(".")[0] == owner
            }
            seen = bias_kind(layer, own.removeprefix("bias_ih"), kind, forget_bias)
            facts[
                f"the biases of {owner or 'the layer'}{own.removeprefix('bias_ih')} are as due"
            ] = seen == "as due"
            facts[f"what {name} and bias_hh add up to"] = seen
    pairs = [(a, b) for k, a in enumerate(blocks) for b in blocks[:k] if a.shape == b.shape]
    equal = [torch.allclose(a, b, atol=1e-4) for a, b in pairs]
    again = [torch.allclose(a, b, atol=1e-4) for a, b in calls if a.numel() >= ENOUGH]
    facts["every block has numbers of its own"] = not any(equal)
    facts["a second call draws other numbers"] = not any(again)
    return facts
