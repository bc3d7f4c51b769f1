"""The norm of a batch's gradient before and after clipping."""

from functools import partial

import torch

from autograder.spec import Case, Close, Exercise, Mistakes, but, edited, printed
from exercises.lab5_clipping import _programs
from exercises.lab5_clipping._draws import also, classified, drawn, old_gradients, unused_layer
from exercises.lab5_clipping._programs import in_loop, scaled_by
from exercises.lab5_clipping._scenarios import on_one_batch
from solutions.lab5_clipping import global_norm, norms_around_clipping

inputs = drawn(classified, max_norm=0.05)
ordinary = drawn(inputs, 4, 3, 2, 5, 3)
dropped = drawn(inputs, 6, 3, 2, 16, 3, dropout=0.5, max_norm=50.0)

CLEAR = "model.zero_grad()"
CLIP = "before = clip_model_(model, max_norm)"
PASS = "loss_fn(model(x), y).backward()"

diff = partial(edited, norms_around_clipping)
wrong = Mistakes()


@wrong
def of_the_weights(model, x, y, loss_fn, max_norm):
    """the norm of the weights is measured.
    A parameter p has its numbers in p and its gradient in p.grad."""
    before = float(global_norm(p.detach() for p in model.parameters()))
    return before, min(before, max_norm)


wrong.add(
    "twice_the_norm_before",
    diff({"after.item()": "before.item()"}),
    "the norm that clipping returns is taken for the norm after. The norm that a clipping function returns is the one before. Measure again.",
)
wrong.add(
    "other_way_round",
    diff({"before.item(), after.item()": "after.item(), before.item()"}),
    "the norm after clipping stands first. Look at the order of what you return.",
)
wrong.add(
    "twice_the_norm_after",
    diff({"return before.item()": "return after.item()"}),
    "both norms are measured after clipping. When do you measure the first norm?",
)
wrong.add(
    "after_is_max_norm",
    in_loop(norms_around_clipping, scaled_by("max_norm / norm")),
    "the norm afterwards is max_norm, whatever it was before. What happens to a gradient that is shorter than max_norm?",
)
wrong.add(
    "after_is_guessed",
    diff({"after.item()": "min(before.item(), max_norm)"}),
    "the norm afterwards is guessed and not measured. Measure it from the clipped gradients.",
)
wrong.add(
    "clipped_too_early",
    diff({f"    {CLIP}\n": "", CLEAR: f"{CLEAR}; {CLIP}"}),
    "the gradients are clipped before the backward pass. What stands in p.grad when you clip?",
)
wrong.add(
    "not_cleared",
    diff({CLEAR: "pass"}),
    "the gradients that the model had before are counted in. What stands in p.grad before your backward pass?",
)
wrong.add(
    "no_backward",
    diff({".backward()": ""}),
    "there is no gradient to measure. Where do the gradients come from, and what clears them? Look at the order.",
)
wrong.add(
    "second_pass",
    diff({CLIP: f"{CLIP}; {CLEAR}; {PASS}; clip_model_(model, max_norm)"}),
    "the norm afterwards comes from a second forward pass. How often do you call the model?",
)
wrong.add(
    "second_pass_on_top",
    diff({CLIP: f"{CLIP}; {PASS}"}),
    "a second backward pass adds to the clipped gradient. How often do you call backward?",
)
wrong.add(
    "one_norm_each",
    in_loop(norms_around_clipping, _programs.one_norm_each),
    "each parameter is clipped by its own norm. All gradients share one factor.",
)
wrong.add(
    "by_value",
    in_loop(norms_around_clipping, _programs.by_value),
    "the entries are cut off at ±max_norm. Clip by norm.",
)
wrong.add(
    "squared",
    but(norms_around_clipping, returns=lambda two: (two[0] ** 2, two[1] ** 2)),
    "the root is left out of both norms. Compare your norm with that of global_norm.",
)
wrong.add(
    "takes_a_step",
    diff({"return": "torch.optim.SGD(model.parameters(), lr=0.1).step()\n    return"}),
    "the weights are changed. Only the gradients are measured; nothing is learnt.",
)
wrong.add(
    "as_tensors",
    but(norms_around_clipping, returns=lambda two: tuple(map(torch.tensor, two))),
    "the norms are tensors. Look at the types of what you return: two Python floats are due.",
)
wrong.add(
    "stumbles_over_none",
    diff({"(p.grad for": "(p.grad * 1.0 for"}),
    "a grad that is None is used like a tensor. What is the gradient of a parameter that took no part in the loss?",
)
wrong.family(
    "Leave the mode of the model as it is.",
    (
        "in_eval_mode",
        but(norms_around_clipping, model=lambda model: model.eval()),
        "the model is put into eval mode",
    ),
    (
        "in_train_mode",
        but(norms_around_clipping, model=lambda model: model.train()),
        "the model is put into train mode",
    ),
)
printed(wrong, norms_around_clipping)


EXERCISE = Exercise(
    reference=norms_around_clipping,
    inputs=inputs,
    points=8,
    axes={"B": 4, "T": 5, "I": 3, "H": 6, "C": 2},
    shapes={"x": "B T I", "y": "B"},
    parts=("before", "after"),
    scenario=on_one_batch,
    cases=(
        Case(name="a gradient shorter than max_norm", inputs=drawn(ordinary, max_norm=50.0)),
        old_gradients(ordinary),
        unused_layer(ordinary),
        also(
            "a model with dropout",
            dropped,
            "One forward pass, in the mode in which the model is: a second one would draw another dropout.",
        ),
        also(
            "a model with dropout in eval mode",
            drawn(dropped, mode="eval"),
            "The gradient is that of a pass in the mode in which the model is.",
        ),
        also(
            "tiny gradients",
            drawn(ordinary, loss_factor=1e-4, max_norm=1e-5),
            "The norm afterwards is measured. With the 1e-6 of the formula it is not quite max_norm.",
            close=Close(rtol=1e-6, atol=1e-14),
        ),
        also(
            "the weights afterwards",
            drawn(ordinary, observed="weights"),
            "Measuring changes no weights.",
        ),
    ),
    mistakes=wrong,
    look="Print p.grad.norm() of one parameter after each of your lines.",
    when_right=(
        "The same two numbers come from asking for the global norm twice, before and after the "
        "call. It is tempting to compute the second as the smaller of the first and max_norm; "
        "that is a guess about your code and no measurement, and it is not even exact, because of "
        "the 1e-6. Next question: over one epoch you find that the norm before is above max_norm "
        "in every batch. What have you really changed by clipping?"
    ),
)
