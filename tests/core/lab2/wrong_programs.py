"""Programs with one mistake each, thought of apart from the lists in the specs."""

from __future__ import annotations

from core_kit import RIGHT


def change(name: str, *pairs: tuple[str, str]) -> str:
    """A right program with some of its text replaced."""
    source = RIGHT[name]
    for old, new in pairs:
        assert old in source, (name, old)
        source = source.replace(old, new)
    return source


def result(name: str, expression: str) -> str:
    """A right program whose result `r` is changed; its arguments are still at hand."""
    source = RIGHT[name].replace(f"def {name}(", f"def right_{name}(")
    parameters = source.partition("(")[2].partition(")")[0]
    names = ", ".join(one.partition("=")[0] for one in parameters.split(", "))
    return (
        f"{source}\n\n\ndef {name}({parameters}):\n"
        f"    r = right_{name}({names})\n    return {expression}"
    )


def first(name: str, statement: str) -> str:
    """A right program with a statement in front of its body."""
    head, body = RIGHT[name].split("\n", 1)
    return f"{head}\n    {statement}\n{body}"


STEP = "np.tanh(x @ W_xh + h_prev @ W_hh + b_h)"
CALL = "rnn_step(x[:, t], h, W_xh, W_hh, b_h)"
UPDATE = "as_float(value) - lr * grads[name]"

WRONG: dict[str, dict[str, str]] = {
    "rnn_step": {
        "clips below one": change("rnn_step", ("np.tanh(", "0.999 * np.tanh(")),
        "a hard tanh": change(
            "rnn_step", (STEP, "np.clip(x @ W_xh + h_prev @ W_hh + b_h, -1, 1)")
        ),
        "arctan": change("rnn_step", ("np.tanh", "2 / np.pi * np.arctan")),
        "halves the sum": change(
            "rnn_step", (STEP, "np.tanh((x @ W_xh + h_prev @ W_hh) / 2 + b_h)")
        ),
        "rounds": change("rnn_step", (STEP, f"np.round({STEP}, 4)")),
        "one state for all samples": first("rnn_step", "h_prev = 0 * h_prev + h_prev[:1]"),
        "normalises the input": first("rnn_step", "x = x / (1e-3 + np.linalg.norm(x))"),
        "squeezes": change("rnn_step", (STEP, f"np.squeeze({STEP})")),
        "one weight matrix only": first("rnn_step", "W_hh = W_hh * 0 + W_hh[0]"),
        "bias for the first unit": first("rnn_step", "b_h = b_h * (np.arange(len(b_h)) == 0)"),
        "always two samples": change("rnn_step", (STEP, f"{STEP} if len(x) > 1 else 0 * h_prev")),
    },
    "rnn_forward": {
        "resets at every second step": change(
            "rnn_forward", (CALL, CALL.replace(" h,", " h if t % 2 else h0,"))
        ),
        "adds h0 again and again": change(
            "rnn_forward", (CALL, CALL.replace(" h,", " h + h0 * (t > 0),"))
        ),
        "reads the last input": change("rnn_forward", ("x[:, t]", "x[:, -1]")),
        "reads the input before": change("rnn_forward", ("x[:, t]", "x[:, t - 1]")),
        "averages two directions": result(
            "rnn_forward", "(r + right_rnn_forward(x[:, ::-1], h0, W_xh, W_hh, b_h)[:, ::-1]) / 2"
        ),
        "a list of states": change("rnn_forward", ("np.stack(states, axis=1)", "states")),
        "five steps": change("rnn_forward", ("range(x.shape[1])", "range(5)")),
        "as many steps as samples": change(
            "rnn_forward", ("range(x.shape[1])", "range(min(len(x), x.shape[1]))")
        ),
        "continues where it stopped": "last = {}\n\n\n"
        + change(
            "rnn_forward",
            ("h = h0", "h = last.get(x.tobytes(), h0)"),
            ("    return", "    last[x.tobytes()] = h\n    return"),
        ),
        "leaks a little": change("rnn_forward", (CALL, f"0.99 * {CALL}")),
        "drops a unit": result("rnn_forward", "r * (np.arange(r.shape[2]) > 0)"),
        "cumulative": result("rnn_forward", "np.cumsum(r, axis=1)"),
        "shares h0 between samples": change("rnn_forward", ("h = h0", "h = h0 * 0 + h0[0]")),
    },
    "output_layer": {
        "cuts below zero": result("output_layer", "np.maximum(r, 0)"),
        "a mean in place of a sum": change("output_layer", ("@ W_hy", "@ W_hy / len(W_hy)")),
        "bias at the last step": result(
            "output_layer", "r - b_y * (np.arange(r.shape[1]) < r.shape[1] - 1)[:, None]"
        ),
        "flat": result("output_layer", "r.reshape(-1, r.shape[-1])"),
        "turned and reshaped": result("output_layer", "r.transpose(1, 0, 2).reshape(r.shape)"),
        "one step late": result("output_layer", "np.roll(r, 1, axis=1)"),
        "normalised": result("output_layer", "r - r.mean(axis=-1, keepdims=True)"),
        "squeezed": result("output_layer", "r.squeeze()"),
        "rounds": result("output_layer", "np.round(r, 5)"),
    },
    "half_squared_error": {
        "by the steps": result("half_squared_error", "(r[0] / y.shape[1], r[1])"),
        "a whole number": result("half_squared_error", "(int(r[0]), r[1])"),
        "rounds": result("half_squared_error", "(round(r[0], 2), r[1])"),
        "of unit length": result("half_squared_error", "(r[0], r[1] / np.linalg.norm(r[1]))"),
        "clipped": result("half_squared_error", "(r[0], np.clip(r[1], -1, 1))"),
        "the last step alone": result(
            "half_squared_error", "(0.5 * float((r[1][:, -1] ** 2).sum()), r[1])"
        ),
        "summed over the batch": result("half_squared_error", "(r[0], r[1].sum(axis=0))"),
        "three things": result("half_squared_error", "(*r, y)"),
        "a dict": result("half_squared_error", "{'loss': r[0], 'dy': r[1]}"),
        "squares apart": result(
            "half_squared_error", "(0.5 * float((y**2).sum() - (target**2).sum()), r[1])"
        ),
    },
    "audit_trace": {
        "rounds first": change(
            "audit_trace", ("published - recomputed", "np.round(published - recomputed, 2)")
        ),
        "backwards": result("audit_trace", "r[::-1]"),
        "a set": result("audit_trace", "set(r)"),
        "without step 0": result("audit_trace", "[one for one in r if one[0] > 0]"),
        "without the last step": result(
            "audit_trace", "[one for one in r if one[0] < len(x) - 1]"
        ),
        "squares": change(
            "audit_trace", ("np.abs(published - recomputed)", "(published - recomputed) ** 2")
        ),
        "one slip a step": result(
            "audit_trace", "[one for n, one in enumerate(r) if not n or r[n - 1][0] != one[0]]"
        ),
        "flat numbers": result("audit_trace", "[t * len(h0) + u for t, u in r]"),
        "texts": result("audit_trace", "[(str(t), str(u)) for t, u in r]"),
        "how many": result("audit_trace", "len(r)"),
        "at most one unit": result("audit_trace", "r if len(r) < 3 else r[:-1]"),
        "none for no slip": result("audit_trace", "r or None"),
    },
    "rnn_step_backward": {
        "dW_xh before tanh": change("rnn_step_backward", ("x.T @ dz", "x.T @ dh")),
        "dW_hh before tanh": change("rnn_step_backward", ("h_prev.T @ dz", "h_prev.T @ dh")),
        "a floor under the slope": change(
            "rnn_step_backward",
            ("(1 - as_float(h) ** 2)", "np.maximum(1 - as_float(h) ** 2, 0.5)"),
        ),
        "small gradients cut": change(
            "rnn_step_backward", ("    return", "    dz = dz * (abs(dz) > 0.05)\n    return")
        ),
        "clipped": change(
            "rnn_step_backward", ("    return", "    dz = np.clip(dz, -1, 1)\n    return")
        ),
        "without db_h": result("rnn_step_backward", "{k: v for k, v in r.items() if k != 'db_h'}"),
        "a tuple": result("rnn_step_backward", "tuple(r.values())"),
        "the slope at h_prev": change(
            "rnn_step_backward", ("as_float(h) **", "as_float(h_prev) **")
        ),
        "residual": result("rnn_step_backward", "{**r, 'dh_prev': r['dh_prev'] + dh}"),
        "largest in place of sum": change(
            "rnn_step_backward", ("dz.sum(axis=0)", "dz.max(axis=0)")
        ),
        "db_h as a column": result("rnn_step_backward", "{**r, 'db_h': r['db_h'][:, None]}"),
        "keys of the forward pass": result(
            "rnn_step_backward", "{k[1:]: v for k, v in r.items()}"
        ),
    },
    "rnn_backward": {
        "clipped as in a well-known script": result(
            "rnn_backward", "{k: np.clip(v, -5, 5) for k, v in r.items()}"
        ),
        "dh0 one step too far": change("rnn_backward", ("= dh_next\n", "= dh_next @ W_hh.T\n")),
        "dx of each step alone": result("rnn_backward", "{**r, 'dx': (dh * (1 - h**2)) @ W_xh.T}"),
        "db_h of the last step": change(
            "rnn_backward", ("    return", "    grads['db_h'] = steps[0]['db_h']\n    return")
        ),
        "cut in the middle": change(
            "rnn_backward", ("= step['dh_prev']", "= step['dh_prev'] * (t != x.shape[1] // 2)")
        ),
        "the slope a step too early": first(
            "rnn_backward", "h = np.concatenate([h0[:, None], h[:, :-1]], axis=1)"
        ),
        "averages what meets": change(
            "rnn_backward", ("dh[:, t] + dh_next", "(dh[:, t] + dh_next) / 2")
        ),
        "forgets a little": change(
            "rnn_backward", ("= step['dh_prev']", "= 0.9 * step['dh_prev']")
        ),
        "dW_hh without step 0": change("rnn_backward", ("else h0", "else 0 * h0")),
        "time first": change(
            "rnn_backward", ("axis=1)\n    grads['dh0']", "axis=0)\n    grads['dh0']")
        ),
        "dh collects": change(
            "rnn_backward",
            ("        h_prev", "        dh[:, t] += dh_next\n        h_prev"),
            ("dh[:, t] + dh_next", "dh[:, t]"),
        ),
        "without the last step": change(
            "rnn_backward", ("range(x.shape[1])", "range(x.shape[1] - 1)")
        ).replace("reversed(range(x.shape[1] - 1)):", "reversed(range(max(1, x.shape[1] - 1))):"),
        "lists": result("rnn_backward", "{k: v.tolist() for k, v in r.items()}"),
        "nothing for h0": result("rnn_backward", "{**r, 'dh0': None}"),
    },
    "numerical_gradient": {
        "relative steps": change(
            "numerical_gradient",
            ("        above,", "        step = eps * abs(centre[i])\n        above,"),
            ("+= eps", "+= step"),
            ("-= eps", "-= step"),
            ("(2 * eps)", "(2 * step)"),
        ),
        "eps squared": change("numerical_gradient", ("(2 * eps)", "(2 * eps**2)")),
        "rounds": result("numerical_gradient", "np.round(r, 4)"),
        "whole rows": change(
            "numerical_gradient",
            ("above[i] +=", "above[i[0]] +="),
            ("below[i] -=", "below[i[0]] -="),
        ),
        "by columns": result("numerical_gradient", "r.T.reshape(x.shape)"),
        "without the last entry": change(
            "numerical_gradient", ("    return", "    gradient.flat[-1] = 0\n    return")
        ),
        "tables only": change(
            "numerical_gradient", ("np.ndindex(centre.shape)", "np.ndindex(*centre.shape[:2])")
        ),
        "half as far": change(
            "numerical_gradient",
            ("+= eps", "+= eps / 2"),
            ("-= eps", "-= eps / 2"),
            ("(2 * eps)", "eps"),
        ),
        "f at the same place twice": change(
            "numerical_gradient", ("f(below)", "f(centre)"), ("(2 * eps)", "eps")
        ),
        "leaves x changed": change(
            "numerical_gradient",
            (
                "(above) - f(below)) / (2 * eps)",
                "(above) - f(below)) / (2 * eps)\n        x[i] += 1e-9",
            ),
        ),
        "in single precision": result("numerical_gradient", "r.astype(np.float32)"),
        "at one side of the edge": change(
            "numerical_gradient", ("below[i] -= eps", "below[i] -= eps * (i[0] > 0)")
        ),
    },
    "relative_error": {
        "percent": result("relative_error", "100 * r"),
        "the sum": change("relative_error", ("np.max", "np.sum")),
        "the median": change("relative_error", ("np.max", "np.median")),
        "the place": change("relative_error", ("np.max", "np.argmax")),
        "clipped": result("relative_error", "min(r, 0.3)"),
        "an array": result("relative_error", "np.array(r)"),
        "a floor of its own": change("relative_error", ("1e-12", "1e-6")),
        "nan for nothing": change(
            "relative_error",
            ("np.maximum(1e-12, np.abs(a) + np.abs(b))", "(np.abs(a) + np.abs(b))"),
            ("np.max(", "np.nanmax("),
        ),
        "squares": change("relative_error", ("np.abs(a - b) /", "(a - b) ** 2 /")),
        "the first row": change(
            "relative_error", ("    return", "    a, b = a[:1], b[:1]\n    return")
        ),
        "whether it is small": result("relative_error", "r < 1e-7"),
    },
    "state_gradient_norms": {
        "summed up": result("state_gradient_norms", "np.cumsum(r[::-1])[::-1]"),
        "last is one": result("state_gradient_norms", "r / r[-1]"),
        "logarithms": result("state_gradient_norms", "np.log(r)"),
        "refilled at every step": change(
            "state_gradient_norms", ("@ W_hh.T\n", "@ W_hh.T + dh_last\n")
        ),
        "W_hh twice": change("state_gradient_norms", ("@ W_hh.T", "@ W_hh.T @ W_hh.T")),
        "a bound": change(
            "state_gradient_norms",
            (
                "norms.append(np.linalg.norm(dh))",
                "norms.append(norms[-1] * np.linalg.norm(W_hh, 2))",
            ),
        ),
        "one norm for each unit": change(
            "state_gradient_norms", ("np.linalg.norm(dh)", "np.linalg.norm(dh, axis=0)")
        ),
        "a list": change("state_gradient_norms", ("np.array(norms[::-1])", "norms[::-1]")),
        "one slope for all": change("state_gradient_norms", ("h[:, t]", "h[:, -1]")),
        "a column": result("state_gradient_norms", "r[:, None]"),
        "one more": change("state_gradient_norms", ("range(1, h.shape[1])", "range(h.shape[1])")),
    },
    "sgd_step": {
        "signs": change("sgd_step", (UPDATE, "value - lr * np.sign(grads[name])")),
        "the rate squared": change("sgd_step", ("lr * grads", "lr * lr * grads")),
        "weight decay": change("sgd_step", ("as_float(value)", "0.999 * as_float(value)")),
        "clipped": change("sgd_step", ("grads[name]", "np.clip(grads[name], -1, 1)")),
        "in the dict handed in": "def sgd_step(params, grads, lr):\n    for name in params:\n        params[name] = params[name] - lr * grads[name]\n    return params",
        "scales the gradients": "def sgd_step(params, grads, lr):\n    for name in grads:\n        grads[name] *= lr\n    return {name: params[name] - grads[name] for name in params}",
        "strict about extra keys": first(
            "sgd_step", "assert set(params) == set(grads) or len(grads) < len(params)"
        ),
        "a list": "def sgd_step(params, grads, lr):\n    return [params[name] - lr * grads[name] for name in params]",
        "one norm for all": change(
            "sgd_step", ("* grads[name]", "* grads[name] / np.linalg.norm(grads[name])")
        ),
        "zero for a missing one": change(
            "sgd_step", ("grads[name]", "grads.get(name, 0.0 * value)")
        ),
        "the first parameter": change(
            "sgd_step", ("grads[name]", "(grads[name] * (name == next(iter(params))))")
        ),
        "only where it is large": change(
            "sgd_step", ("grads[name]", "grads[name] * (abs(grads[name]) > 0.1)")
        ),
    },
    "train_rnn": {
        "half of the steps": change(
            "train_rnn",
            (
                "= sgd_step(trained, grads, lr)",
                "= sgd_step(trained, grads, lr) if len(losses) <= (steps + 1) // 2 else trained",
            ),
        ),
        "a falling rate": change("train_rnn", ("grads, lr)", "grads, lr / len(losses))")),
        "a bias as h0": change(
            "train_rnn", ("h0 = np.zeros(", "h0 = np.tanh(params['b_h']) + np.zeros(")
        ),
        "rounded losses": change("train_rnn", ("append(loss)", "append(round(loss, 3))")),
        "running mean": change(
            "train_rnn", ("append(loss)", "append((sum(losses) + loss) / (len(losses) + 1))")
        ),
        "clipped": change("train_rnn", ("dh = dy", "dy = np.clip(dy, -1, 1)\n        dh = dy")),
        "stops early": change(
            "train_rnn",
            (
                "        dh = dy",
                "        if len(losses) > 2 and loss > 0.98 * losses[-2]:\n            break\n        dh = dy",
            ),
        ),
        "momentum": change(
            "train_rnn",
            ("    losses = []", "    losses, old = [], {}"),
            (
                "        trained = sgd",
                "        old = grads = {k: v + 0.9 * old.get(k, 0) for k, v in grads.items()}\n        trained = sgd",
            ),
        ),
        "the first sample": change(
            "train_rnn",
            ("dh = dy", "dy = dy * (np.arange(len(dy)) == 0)[:, None, None]\n        dh = dy"),
        ),
        "the output layer first": change(
            "train_rnn",
            (
                "        dh = dy",
                "        trained['W_hy'] = trained['W_hy'] - lr * np.einsum('bth,bto->ho', h, dy)\n        dh = dy",
            ),
            (
                "np.einsum('bth,bto->ho', h, dy)\n        grads['b_y']",
                "0 * trained['W_hy']\n        grads['b_y']",
            ),
        ),
        "the best parameters": change(
            "train_rnn",
            ("    losses = []", "    losses, best = [], dict(params)"),
            (
                "        losses.append(loss)",
                "        losses.append(loss)\n        best = trained if loss == min(losses) else best",
            ),
            ("return (trained,", "return (best,"),
        ),
        "without the last update": change(
            "train_rnn",
            (
                "        trained = sgd",
                "        trained = trained if len(losses) == steps else sgd",
            ),
        ),
        "only the last loss": change(
            "train_rnn", ("return (trained, losses)", "return (trained, losses[-1:])")
        ),
        "one list of pairs": change(
            "train_rnn", ("return (trained, losses)", "return (list(trained.items()), losses)")
        ),
        "targets centred": first("train_rnn", "target = target - target.mean()"),
        "twice as many steps": change("train_rnn", ("range(steps)", "range(2 * steps)")),
    },
}
