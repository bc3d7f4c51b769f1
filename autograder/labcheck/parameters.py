"""The parameters, gradients and modes of a module in words: "the gradient of fc.weight".

In the result of a scenario they stand in dicts by the names that the module gives them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

ONE = {
    "weights": "{} after the call",
    "gradients": "the gradient of {}",
    "grads": "the gradient of {}",
    "parameters": "the parameter {}",
}
"""What is said of one entry, by the key under which the dict stands in a result."""

SEVERAL = {
    "weights": "{} after the call",
    "gradients": "the gradients of {}",
    "grads": "the gradients of {}",
    "parameters": "the parameters {}",
}
EVERY = {
    "weights": "all parameters after the call",
    "gradients": "all gradients",
    "grads": "all gradients",
    "parameters": "all parameters",
}
MODES = "modes"
"""The key under which a result holds modes by submodule, "training" or "evaluation"."""

UNNAMED = "an entry"
"""What stands for a name that may not be told."""

WHOLE = "model"
"""The name of the module itself among its submodules."""

PLURAL = frozenset({*ONE, MODES, "losses", "logits", "results", "norms"})
"""Names of parts of a result that are plural words."""

SHORT = 3
"""So many names of one module are listed; of more only the first."""


def parameter(name: str) -> str:
    """A parameter's name as a program writes it: "rnn.cells[0].W_xh" for "rnn.cells.0.W_xh"."""
    return re.sub(r"\.(\d+)(?=\.|$)", r"[\1]", name)


def submodule(name: str) -> str:
    """A part of a module in words."""
    if name == UNNAMED:
        return "a submodule"
    return "the model" if name == WHOLE else f"the submodule {parameter(name)}"


def in_words(path: Sequence[str | int]) -> str:
    """An entry of a dict of parameters, gradients or modes in words; "" for any other place."""
    if len(path) < 2 or not all(isinstance(key, str) for key in (path[0], path[-1])):
        return ""
    if path[0] == MODES:
        return f"the mode of {submodule(str(path[-1]))}"
    if path[0] in ONE and len(path) == 2:
        return ONE[str(path[0])].format(parameter(str(path[1])))
    return ""


def together(names: Sequence[str], known: Collection[str]) -> str:
    """Several entries of one dict in words, "the gradients of A and B"; "" where they are not.

    known: all parts of the result by name.
    """
    for key, text in ONE.items():
        before, _, after = text.partition("{}")
        inside = [name for name in names if name.startswith(before) and name.endswith(after)]
        all_inside = [name for name in known if name.startswith(before) and name.endswith(after)]
        if len(inside) < max(2, len(names)):
            continue
        if set(inside) == set(all_inside):
            return EVERY[key]
        short = [name[len(before) : len(name) - len(after)] for name in inside]
        return SEVERAL[key].format(grouped(short))
    return ""


def grouped(names: Sequence[str], known: Collection[str] = ()) -> str:
    """Names of parameters, those of one module together where they are many.

    known: all names that there are.
    """
    modules: dict[str, list[str]] = {}
    for name in names:
        modules.setdefault(name.rpartition(".")[0], []).append(parameter(name))
    texts: list[str] = []
    for module, inside in modules.items():
        there = [name for name in known if name.rpartition(".")[0] == module]
        if module and len(inside) > 1 and len(inside) == len(there):
            texts.append(f"all parameters of {parameter(module)}")
        elif module and len(inside) > SHORT:
            texts.append(f"{inside[0]} (and {len(inside) - 1} more of {parameter(module)})")
        else:
            texts += inside
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"


def mode_kept(path: Sequence[str | int], before: str, after: str) -> str:
    """What became of a mode that should have stayed; "" where the place is that of no mode.

    before, after: "" where they may not be told.
    """
    if len(path) < 2 or path[0] != MODES or not isinstance(path[-1], str):
        return ""
    who = submodule(path[-1])
    if not before or not after:
        return f"{who} is not in the mode after the call that it was in before"
    return f"{who} was in {before} mode before the call and is in {after} mode after it"


def keys_differ(missing: str, unexpected: str) -> str:
    """How the names of a module's parameters differ from those that are due."""
    texts = []
    for names, text in ((missing, "missing: {}"), (unexpected, "not expected: {}")):
        listed = [name for name in names.split(", ") if name and name != "…"]
        more = ", …" if names.endswith("…") else ""
        if listed:
            texts.append(text.format(grouped(listed) + more))
    return "; ".join(texts)


def are(names: Sequence[object]) -> str:
    """ "is" or "are" for what is listed; one name may be a plural word."""
    if len(names) != 1:
        return "are"
    word = str(names[0]).removeprefix("the ")
    return "are" if {word, word.split(" ")[0]} & (PLURAL | {"all"}) else "is"


def sentence(text: str) -> str:
    """With a capital where a plain word begins it; names stay as they are written."""
    plain = text.split(" ", 1)[0] in ("all", "the", "every", "no")
    return f"{text[0].upper()}{text[1:]}" if plain else text


def within(text: str) -> str:
    """A sentence as it stands behind other words; names stay as they are written."""
    plain = text.split(" ", 1)[0] in ("All", "The", "Every", "No", "Parameters", "Biases")
    return f"{text[0].lower()}{text[1:]}" if plain else text
