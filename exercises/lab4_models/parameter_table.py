"""Which module of a model owns how many parameters."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from autograder.spec import Case, Exercise, Mistakes, but, edited, printed
from exercises.lab4_models import _recipes as recipes
from exercises.lab4_models._draws import edge
from exercises.lab4_models._models import counted, left_alone, nothing_left_out
from exercises.lab4_models._recipes import of
from solutions.lab4_models import parameter_table


def inputs(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"model": recipes.ordinary(rng)}


change = partial(edited, parameter_table)
MODULES = "in model.named_modules():"
OWN = "[p for p in module.parameters(recurse=False) if p not in counted]"
ENTRY = "table[name] ="
SIZE = "p.numel()"


def keyed(text: str) -> Any:
    """The table with other keys."""
    return change({ENTRY: f"table[{text}] ="})


def added(table: dict[str, int], names: Mapping[str, str]) -> dict[str, int]:
    """The table under other names, with what falls together added up."""
    found: dict[str, int] = {}
    for name, n in table.items():
        found[names[name]] = found.get(names[name], 0) + n
    return found


wrong = Mistakes()
printed(wrong, parameter_table)

NESTED = "Add up the values of your table: is that the size of the model? Which parameters are registered on the module itself?"
wrong.family(
    NESTED,
    (
        "every_level",
        change({OWN: "list(module.parameters())"}),
        "a module owns what the modules inside it own as well",
    ),
    (
        "every_level_but_the_model",
        change(
            {
                OWN: "list(module.parameters())",
                MODULES: "in [(n, m) for n, m in model.named_modules() if n]:",
            }
        ),
        "a module owns what the modules inside it own as well, and the model itself is left out",
    ),
    (
        "direct_parts",
        change({OWN: "list(module.parameters())", MODULES: "in model.named_children():"}),
        "each direct part of the model has one entry for all that is in it",
    ),
    (
        "own_of_direct_parts",
        change({MODULES: "in model.named_children():"}),
        "only the direct parts of the model stand in the table",
    ),
    (
        "without_the_model",
        change({MODULES: "in [(n, m) for n, m in model.named_modules() if n]:"}),
        "parameters of the model itself are left out",
    ),
    (
        "leaves_only",
        change(
            {MODULES: "in [(n, m) for n, m in model.named_modules() if not list(m.children())]:"}
        ),
        "modules that have other modules in them are left out",
    ),
    (
        "with_a_total",
        change({"return table": 'return {**table, "total": sum(table.values())}'}),
        "the total is an entry of the table",
    ),
)
SHARED = "Tie two layers to one weight: which of them is the first that owns it?"
wrong.family(
    SHARED,
    (
        "shared_twice",
        change({" if p not in counted": ""}),
        "a parameter that two modules share counts for both",
    ),
    (
        "shared_at_the_last",
        change({MODULES: "in reversed(list(model.named_modules())):"}),
        "a parameter that two modules share counts for the last of them",
    ),
    (
        "shared_nowhere",
        change(
            {
                OWN: "[p for p in module.parameters(recurse=False) if sum(any(p is q for q in m.parameters(recurse=False)) for m in model.modules()) == 1]"
            }
        ),
        "a parameter that two modules share counts for none of them",
    ),
    (
        "every_place",
        change(
            {
                " if p not in counted": "",
                MODULES: "in model.named_modules(remove_duplicate=False):",
            }
        ),
        "a module that stands in two places counts in both",
    ),
    (
        "equal_shapes",
        change(
            {
                "counted.update(own)": "counted.update(own)\n        own = list({p.shape: p for p in own}.values())"
            }
        ),
        "two parameters of one module with the same shape count once",
    ),
)
NUMBERS = "How many numbers are in a tensor of shape (4, 5), in one of shape (5,), and in one of shape ()?"
wrong.family(
    NUMBERS,
    (
        "tensors_counted",
        change({SIZE: "1"}),
        "the tensors are counted, and not the numbers in them",
    ),
    (
        "matrices_only",
        change({SIZE: "(p.numel() if p.dim() > 1 else 0)"}),
        "only matrices count, and no biases",
    ),
    (
        "weight_only",
        change(
            {
                OWN: '[p for n, p in module.named_parameters(recurse=False) if "weight" in n and p not in counted]'
            }
        ),
        "only what is called weight counts",
    ),
    (
        "rows_counted",
        change({SIZE: "(p.shape[0] if p.dim() else 1)"}),
        "the rows of the tensors are counted",
    ),
    (
        "scalars_forgotten",
        change({SIZE: "(p.numel() if p.dim() else 0)"}),
        "a parameter that is a single number does not count",
    ),
    (
        "shapes",
        change({"sum(p.numel() for p in own)": "[list(p.shape) for p in own]"}),
        "the table holds shapes in place of numbers",
    ),
    (
        "tensors_for_numbers",
        change({"sum(p.numel() for p in own)": "torch.tensor(sum(p.numel() for p in own))"}),
        "the numbers come as tensors",
    ),
    (
        "shares",
        but(
            parameter_table,
            returns=lambda table: {k: n / sum(table.values()) for k, n in table.items()},
        ),
        "the table holds shares of the whole",
    ),
)
NAMES = "Print the names that model.named_modules() gives, and compare them with the keys of your table."
wrong.family(
    NAMES,
    ("named_by_class", keyed("type(module).__name__"), "the keys are the names of classes"),
    (
        "last_name_only",
        keyed('name.rpartition(".")[2]'),
        "the keys are the last parts of the names",
    ),
    (
        "first_name_only",
        but(
            parameter_table,
            returns=lambda table: added(table, {k: k.partition(".")[0] for k in table}),
        ),
        "the keys are the first parts of the names, with all that is below them",
    ),
    (
        "called_model",
        keyed('name or "model"'),
        "the model itself has another key than the empty text",
    ),
    ("modules_as_keys", keyed("str(module)"), "the keys are modules"),
    (
        "parameters_as_keys",
        change(
            {"return table": "return {name: p.numel() for name, p in model.named_parameters()}"}
        ),
        "there is one entry for each parameter in place of each module",
    ),
    (
        "a_list",
        but(parameter_table, returns=lambda table: list(table.items())),
        "a list of pairs comes back in place of a dict",
    ),
    (
        "total_only",
        but(parameter_table, returns=lambda table: sum(table.values())),
        "only the total comes back",
    ),
)
WHICH = "Frozen parameters count, and buffers do not. Which of your model's are which?"
wrong.family(
    WHICH,
    (
        "trainable_only",
        change({"if p not in counted": "if p.requires_grad and p not in counted"}),
        "frozen parameters are left out",
    ),
    (
        "buffers_too",
        change(
            {
                "if own:\n            table[name] = sum(p.numel() for p in own)": "if own:\n            table[name] = sum(p.numel() for p in own) + sum(b.numel() for b in module.buffers(recurse=False))"
            }
        ),
        "the buffers of a module count too",
    ),
)


@wrong
def freezes(model):
    """the call changes which parameters are trainable.
    Print requires_grad of the parameters before and after the call."""
    table = parameter_table(model)
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    return table


EXERCISE = Exercise(
    reference=parameter_table,
    inputs=inputs,
    points=14,
    scenario=counted,
    view=nothing_left_out,
    cases=(
        Case(
            name="layers that share parameters",
            inputs=of(recipes.tied),
            why="A parameter that stands in two places counts in the first of them.",
        ),
        Case(
            name="branches that share parameters",
            inputs=of(recipes.inner_first),
            why="The first place is the first in the order of model.named_modules().",
        ),
        Case(name="a partly frozen model", inputs=of(recipes.partly_frozen)),
        edge("a bare layer", recipes.bare, 'A layer is a model too, and its name is "".'),
        edge("a model without parameters", recipes.nothing, "A dict without entries is due."),
        edge(
            "the model afterwards",
            of(recipes.partly_frozen),
            "Counting changes nothing.",
            scenario=left_alone,
        ),
    ),
    mistakes=wrong,
    look="Print the names and classes that model.named_modules() gives for a small model.",
    when_right=(
        "A table that adds up has one owner for each number, so a set of what was counted is the "
        "heart of it. Asking every module for all that lies inside it counts a weight once for "
        "each level above it. Names tell modules apart, classes do not: a model may hold two "
        "layers of one class. Next question: two layers share a weight, and the first of them is "
        "deleted from the model. Which entry does your table then show, and how large is the "
        "model?"
    ),
)
