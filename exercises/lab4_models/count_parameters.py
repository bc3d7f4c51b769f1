"""How many numbers the parameters of a model hold."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch

from autograder.spec import Case, Exercise, Mistakes, but, edited, printed
from exercises.lab4_models import _recipes as recipes
from exercises.lab4_models._draws import edge
from exercises.lab4_models._models import counted, counted_by_name, left_alone, number_of_entries
from exercises.lab4_models._recipes import of
from solutions.lab4_models import count_parameters


def inputs(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"model": recipes.ordinary(rng)}


change = partial(edited, count_parameters)
ALL = "model.parameters()  # each of them once"
SIZE = "p.numel()"
WHICH = "if p.requires_grad or not trainable_only"


def over(text: str) -> Any:
    """Counts the entries of other tensors."""
    return change({ALL: text})


def sized(text: str) -> Any:
    """Counts another number for each parameter."""
    return change({SIZE: text})


def by_value(parameters: Any) -> list[Any]:
    """Parameters without those that equal an earlier one."""
    kept: list[Any] = []
    for p in parameters:
        if not any(torch.equal(p, other) for other in kept):
            kept.append(p)
    return kept


wrong = Mistakes()
printed(wrong, count_parameters)

SHARED = "Tie two layers to one weight, and print the names of model.parameters() or model.state_dict() that you count."
wrong.family(
    SHARED,
    (
        "state_dict",
        over("[torch.nn.Parameter(value.float()) for value in model.state_dict().values()]"),
        "the entries of state_dict() are counted",
    ),
    (
        "each_name",
        over("[p for _, p in model.named_parameters(remove_duplicate=False)]"),
        "a parameter counts once for each of its names",
    ),
    (
        "each_module",
        over("[p for module in model.modules() for p in module.parameters(recurse=False)]"),
        "a parameter that two modules share counts once for each of them",
    ),
    (
        "buffers_too",
        over("[*model.parameters(), *(torch.nn.Parameter(b.float()) for b in model.buffers())]"),
        "the buffers count too",
    ),
)
NESTED = "Build a model of one layer inside another module, and count it by hand."
wrong.family(
    NESTED,
    (
        "every_level",
        over("[p for module in model.modules() for p in module.parameters()]"),
        "a parameter counts once for each module that it is in",
    ),
    (
        "children_too",
        over("[p for module in model.children() for p in module.parameters()]"),
        "parameters of the model itself are left out",
    ),
    (
        "top_only",
        over("model.parameters(recurse=False)"),
        "only the parameters of the model itself count",
    ),
    (
        "one_level",
        over("[p for module in model.children() for p in module.parameters(recurse=False)]"),
        "only the parameters of the model's direct parts count",
    ),
    (
        "leaves_only",
        over(
            "[p for module in model.modules() if not list(module.children()) for p in dict.fromkeys(module.parameters())]"
        ),
        "modules that have other modules in them are passed over",
    ),
)
NUMBERS = "How many numbers are in a tensor of shape (4, 5), in one of shape (5,), and in one of shape ()?"
wrong.family(
    NUMBERS,
    ("tensors_counted", sized("1"), "the tensors are counted, and not the numbers in them"),
    (
        "rows_counted",
        sized("(p.shape[0] if p.dim() else 1)"),
        "the rows of the tensors are counted",
    ),
    (
        "scalars_forgotten",
        sized("(p.numel() if p.dim() else 0)"),
        "a parameter that is a single number does not count",
    ),
    (
        "matrices_only",
        sized("(p.numel() if p.dim() > 1 else 0)"),
        "only matrices count, and no biases",
    ),
    ("added_sizes", sized("sum(p.shape)"), "the sizes of each tensor are added up"),
    ("bytes", sized("p.numel() * p.element_size()"), "bytes are counted"),
    ("two_sizes", sized("p.shape[0] * p.shape[1]"), "every parameter is taken for a matrix"),
    (
        "weights_only",
        over('[p for name, p in model.named_parameters() if "weight" in name]'),
        "only what is called weight counts",
    ),
    ("nonzero", sized("int((p != 0).sum())"), "numbers that are 0 do not count"),
)
FROZEN = "What does requires_grad say, and which parameters count for each of the two values of trainable_only?"
wrong.family(
    FROZEN,
    ("always_all", change({WHICH: ""}), "trainable_only changes nothing"),
    ("always_trainable", change({WHICH: "if p.requires_grad"}), "frozen parameters never count"),
    (
        "frozen_only",
        change({"if p.requires_grad or": "if not p.requires_grad or"}),
        "with trainable_only the frozen parameters count",
    ),
    (
        "the_other_way",
        change({"not trainable_only": "trainable_only"}),
        "trainable_only means its opposite",
    ),
    (
        "trainable_by_default",
        but(count_parameters, defaults={"trainable_only": True}),
        "frozen parameters do not count where the caller does not say",
    ),
    (
        "with_a_gradient",
        change({"p.requires_grad": "p.grad is not None"}),
        "a parameter is trainable if it has a gradient already",
    ),
    (
        "by_module",
        over(
            "[p for p in model.parameters() if not trainable_only or all(q.requires_grad for m in model.modules() for q in m._parameters.values() if q is not None and any(p is r for r in m._parameters.values()))]"
        ),
        "with trainable_only, a module with one frozen parameter does not count at all",
    ),
)
wrong.add(
    "equal_ones_once",
    change({ALL: "by_value(model.parameters())"}, by_value=by_value),
    "two parameters with equal numbers count once. What makes two parameters one: equal numbers, or that they are the same object?",
)
wrong.add(
    "equal_shapes_once",
    over("list({p.shape: p for p in model.parameters()}.values())"),
    "two parameters of the same shape count once. What makes two parameters one?",
)
TYPE = "An int is due. Print type(…) of what you return."
wrong.family(
    TYPE,
    ("a_tensor", but(count_parameters, returns=torch.tensor), "the number comes back as a tensor"),
    ("a_float", but(count_parameters, returns=float), "the number comes back as a float"),
    (
        "millions",
        but(count_parameters, returns=lambda n: n / 1e6),
        "the number is given in millions",
    ),
    (
        "with_commas",
        but(count_parameters, returns=lambda n: f"{n:,}"),
        "the number comes back as a text",
    ),
    (
        "none_for_nothing",
        but(count_parameters, returns=lambda n: n or None),
        "None comes back for a model without parameters",
    ),
)


@wrong
def freezes(model, trainable_only=False):
    """the call changes which parameters are trainable.
    Print requires_grad of the parameters before and after the call."""
    number = count_parameters(model, trainable_only)
    model.requires_grad_(not trainable_only)
    return number


EXERCISE = Exercise(
    reference=count_parameters,
    inputs=inputs,
    points=10,
    scenario=counted,
    stand_in=number_of_entries,
    cases=(
        Case(name="a partly frozen model", inputs=of(recipes.partly_frozen)),
        Case(
            name="what of it is trainable",
            inputs=of(recipes.partly_frozen, trainable_only=True),
            why="With trainable_only, count the parameters with requires_grad alone.",
        ),
        Case(
            name="what of it is not to be left out",
            inputs=of(recipes.partly_frozen, trainable_only=False),
        ),
        Case(
            name="layers that share parameters",
            inputs=of(recipes.tied),
            why="A parameter that stands in two places is one parameter.",
        ),
        edge(
            "trainable layers that share parameters",
            of(recipes.tied_and_trained, trainable_only=True),
            "A parameter that stands in two places is one parameter, a trainable one too.",
        ),
        edge(
            "frozen layers that share parameters",
            of(recipes.tied_and_frozen, trainable_only=True),
            "A frozen parameter does not count, in however many places it stands.",
        ),
        edge("a bare layer", recipes.bare, "A layer is a model too."),
        edge("a model without parameters", recipes.nothing, "0 is due, an int."),
        edge(
            "a model that is frozen altogether",
            of(recipes.all_frozen, trainable_only=True),
            "0 is due, an int.",
        ),
        edge(
            "arguments by name",
            of(recipes.partly_frozen, trainable_only=True),
            "The names of the arguments are those of the stub.",
            scenario=counted_by_name,
        ),
        edge(
            "the model afterwards",
            of(recipes.partly_frozen, trainable_only=True),
            "Counting changes nothing.",
            scenario=left_alone,
        ),
    ),
    mistakes=wrong,
    look="List the parameters of a small model by name and shape, and count by hand.",
    when_right=(
        "PyTorch has removed the duplicates for you: parameters() gives each one once, however "
        "many names it has. What is in state_dict is stored, not learnt: buffers stand there too, "
        "and shared weights twice. Whether a parameter has a gradient already says nothing about "
        "whether it may learn. Next question: a model has half of its parameters frozen. Which "
        "parts of training become cheaper by that, and is the forward pass one of them?"
    ),
)
