"""Loss and accuracy of a classifier, and no trace of the measurement."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from autograder.spec import Case, Exercise, Mistakes, but, edited, printed
from exercises.lab5_clipping import _programs
from exercises.lab5_clipping._draws import also, drawn, labelled, rnn_weights
from exercises.lab5_clipping._scenarios import evaluated
from solutions.lab5_clipping import evaluate


def inputs(rng: np.random.Generator, B: int, T: int, I: int, H: int, C: int) -> Mapping[str, Any]:
    weights = {
        **rnn_weights(rng, I, H),
        "norm.weight": rng.uniform(0.5, 2.0, H),
        "norm.bias": rng.uniform(-0.5, 0.5, H),
        "norm.running_mean": rng.uniform(-0.5, 0.5, H),
        "norm.running_var": rng.uniform(0.2, 2.0, H),
        "head.fc.weight": rng.standard_normal((C, H)),
        "head.fc.bias": rng.uniform(-0.5, 0.5, C),
    }
    return {"weights": weights, **labelled(rng, B, T, I, C), "batch_size": 4}


ordinary = drawn(inputs, 10, 3, 2, 5, 3)

BACK = "module.training = mode"

diff = partial(edited, evaluate)
wrong = Mistakes()
printed(wrong, evaluate)
_programs.outputs_gone_wrong(wrong, evaluate)
_programs.means_gone_wrong(wrong, evaluate)
wrong.family(
    "What do dropout and batch norm do in the mode in which the model is?",
    ("no_eval", diff({"model.eval()": "pass"}), "the model stays in train mode"),
    ("in_train_mode", diff({"model.eval()": "model.train()"}), "the model is put into train mode"),
)
wrong.add(
    "left_in_eval",
    diff({BACK: "pass"}),
    "the model is left in eval mode. In which mode does the model go on after the call?",
)
wrong.add(
    "always_train",
    diff({BACK: "module.training = True"}),
    "every submodule is put into train mode afterwards. What if a submodule was in eval mode before the call?",
)
wrong.add(
    "mode_of_the_model",
    diff({BACK: "module.training = modes[0][1]"}),
    "every submodule gets the mode that the model as a whole had. What if a submodule was in another mode than the model?",
)
wrong.add(
    "direct_parts_only",
    diff(
        {
            "for module, mode in modes:": "for module in [model, *model.children()]:",
            BACK: "module.train(dict(modes)[module])",
        }
    ),
    "only the direct parts of the model get their own mode back. A part of the model may have parts of its own.",
)
wrong.add(
    "all_but_the_model",
    diff({"in modes:": "in modes[1:]:"}),
    "the parts get their mode back and the model itself does not. model.training is a mode as well.",
)
wrong.add(
    "modes_by_type",
    diff({BACK: "module.training = {type(m): was for m, was in modes}[type(module)]"}),
    "all submodules of one type get the same mode. A model may have two dropouts in different modes. What do you remember the modes by?",
)
wrong.add(
    "frozen",
    diff({"model.eval()": "model.eval().requires_grad_(False)"}),
    "the parameters are frozen and never set free. Can the model go on learning after the call?",
)
wrong.add(
    "all_set_free",
    diff(
        {
            "for module, mode in modes:": "model.requires_grad_(True)\n    for module, mode in modes:"
        }
    ),
    "every parameter can be trained afterwards, also one that was frozen before. What was requires_grad of each parameter before the call?",
)
wrong.add(
    "left_off",
    diff({"with torch.no_grad():": "torch.set_grad_enabled(False)\n    if True:"}),
    "gradients stay switched off after the call. What does set_grad_enabled(False) do to the code behind your function?",
)
wrong.add(
    "always_on_again",
    diff(
        {
            "with torch.no_grad():": "torch.set_grad_enabled(False)\n    if True:",
            "return {": "torch.set_grad_enabled(True)\n    return {",
        }
    ),
    "gradients are switched on after the call, whatever they were before. What if the call comes from a block under no_grad?",
)
wrong.add(
    "recorded",
    diff({"torch.no_grad()": "torch.enable_grad()"}),
    "a graph is recorded. Look for no_grad.",
)
wrong.add(
    "propagated",
    diff(
        {
            "torch.no_grad()": "torch.enable_grad()",
            "loss_sum += loss_fn(logits, y).item()": "loss = loss_fn(logits, y)\n"
            "            loss.backward()\n"
            "            loss_sum += loss.item()",
        }
    ),
    "gradients are computed. Nothing is learnt here: there is no backward pass.",
)
wrong.add(
    "last_batch_only",
    diff({"in loader:": "in list(loader)[-1:]:"}),
    "only the last batch is looked at. What do you keep from one batch to the next?",
)
wrong.add(
    "first_batch_only",
    diff({"in loader:": "in list(loader)[:1]:"}),
    "only the first batch is looked at. When does your function return?",
)
wrong.add(
    "share_of_errors",
    diff({"right / count": "1 - right / count"}),
    "the share of wrong answers is returned. Do you count the right answers or the wrong ones?",
)
wrong.add(
    "as_tensors",
    but(evaluate, returns=_programs.as_tensors),
    "loss and accuracy are tensors. Look at the types in your dict: Python floats are due.",
)
wrong.add(
    "pair_for_a_dict",
    but(evaluate, returns=lambda result: (result["loss"], result["accuracy"])),
    "a tuple is returned. A dict with the keys loss and accuracy is due.",
)


EXERCISE = Exercise(
    reference=evaluate,
    inputs=inputs,
    points=10,
    axes={"B": 10, "T": 5, "I": 3, "H": 6, "C": 4},
    shapes={"x": "B T I", "y": "B"},
    scenario=evaluated,
    cases=(
        Case(name="a model in eval mode before the call", inputs=drawn(ordinary, mode="eval")),
        Case(
            name="a model that returns (logits, state)",
            inputs=drawn(ordinary, returns="(logits, h)"),
            why="Only the first of the two goes into the loss and into the accuracy.",
        ),
        also(
            "the mode of every submodule afterwards",
            drawn(ordinary, observed="modes"),
            "Some submodules were in train mode and some in eval mode: each of them is due back in its own.",
        ),
        also(
            "gradients on or off afterwards",
            drawn(ordinary, observed="gradient mode"),
            "Gradients are recorded after the call if, and only if, they were before it.",
        ),
        also(
            "other traces of the call",
            drawn(ordinary, observed="traces"),
            "No graph is recorded; grads, weights and the statistics of batch norm stay, and a parameter can be trained if it could before.",
        ),
    ),
    mistakes=wrong,
    look="Take two batches of two samples and one, and work the two means out by hand.",
    when_right=(
        "Remembering a mode for each module, by the module itself, is the honest way: a batch "
        "norm that was kept in eval mode would be set free if you only called train at the end. "
        "Eval mode and no_grad are two different things; neither one stands in for the other. "
        "Next question: your evaluation raises an error in the middle of the loader. In which "
        "mode is the model afterwards, and how could you make sure of it?"
    ),
)
