"""Training over epochs, with loss and accuracy weighted by samples."""

from functools import partial
from typing import Any

import numpy as np

from autograder.spec import Case, Exercise, Mistakes, but, edited
from exercises.lab5_clipping import _programs
from exercises.lab5_clipping._draws import also, classified, drawn, unused_layer
from exercises.lab5_clipping._programs import as_tensors, in_order, logits_of
from exercises.lab5_clipping._scenarios import over_epochs
from solutions.lab5_clipping import train_classifier, training_step

inputs = drawn(classified, batch_size=3, epochs=1, lr=3.0, max_norm=0.3)
longer = drawn(inputs, batch_size=4, epochs=2)
ordinary = drawn(longer, 10, 3, 2, 5, 3)
dropped = drawn(longer, 11, 3, 2, 12, 3, dropout=0.5)
default_norm = drawn(ordinary, max_norm=None, loss_factor=100.0, lr=0.1)


def all_right(rng):
    draw = longer(rng, 6, 3, 2, 5, 3)
    bias = 20.0 * (np.arange(3) == draw["y"][0])
    alike = np.full_like(draw["y"], draw["y"][0])
    return {**draw, "weights": {**draw["weights"], "fc.bias": bias}, "y": alike}


diff = partial(edited, train_classifier, logits_of=logits_of)
wrong = Mistakes()
_programs.loops_gone_wrong(wrong, train_classifier)
_programs.outputs_gone_wrong(wrong, train_classifier)
_programs.means_gone_wrong(wrong, train_classifier)
wrong.add(
    "one_epoch_only",
    but(train_classifier, epochs=lambda epochs: 1),
    "there is one epoch only. How often do you go through the loader?",
)
wrong.add(
    "stopped_early",
    diff({"    return history": "        if right == count: break\n    return history"}),
    "training ends as soon as every answer is right. How many epochs are asked for?",
)
wrong.add(
    "evaluated_afterwards",
    diff(
        {
            "    return history": "        history[-1] = evaluate(model, loader, loss_fn)\n    return history"
        }
    ),
    "loss and accuracy are measured when the epoch is over. The logits that the loss was computed on are to be judged.",
)
wrong.add(
    "sums_never_reset",
    diff(
        {
            "        loss_sum, right, count = 0.0, 0, 0\n": "",
            "history = []": "history = []; loss_sum, right, count = 0.0, 0, 0",
        }
    ),
    "the sums run on from one epoch into the next. Where do you set your sums to 0?",
)
wrong.add(
    "last_batch_only",
    diff({"optimizer.zero_grad()": "loss_sum, right, count = 0.0, 0, 0; optimizer.zero_grad()"}),
    "only the last batch is reported. What do you keep from one batch to the next?",
)
wrong.family(
    "How often do you call the model for each batch?",
    (
        "judged_after_the_update",
        diff({"logits.argmax": "logits_of(model(x)).argmax"}),
        "the accuracy is taken from a second forward pass, after the update",
    ),
    (
        "judged_by_a_second_pass",
        diff({"loss.backward()": "loss.backward(); logits = logits_of(model(x))"}),
        "the accuracy is taken from a second forward pass",
    ),
    (
        "judged_in_eval_mode",
        diff(
            {
                "loss.backward()": "loss.backward(); logits = logits_of(model.eval()(x)); model.train()"
            }
        ),
        "the accuracy is taken from a second forward pass in eval mode",
    ),
)
wrong.family(
    "Which mode is the model in while it trains?",
    (
        "eval_mode_kept",
        diff({"model.train()": "pass"}),
        "the model stays in the mode in which it came",
    ),
    ("in_eval_mode", diff({"model.train()": "model.eval()"}), "the model is put into eval mode"),
)
wrong.add(
    "not_clipped",
    in_order(train_classifier, "clear forward backward step clip"),
    "the optimizer steps with the gradient as it was before clipping. Where do you clip? Which gradient does the optimizer see?",
)
wrong.family(
    "Look at the first line of your function.",
    (
        "default_of_one",
        but(train_classifier, defaults={"max_norm": 1.0}),
        "max_norm is 1 where it is not given",
    ),
    (
        "default_without_end",
        but(train_classifier, defaults={"max_norm": float("inf")}),
        "nothing is clipped where max_norm is not given",
    ),
)
wrong.add(
    "always_five",
    but(train_classifier, max_norm=lambda max_norm: 5.0),
    "max_norm is 5, whatever is given. Look for max_norm in the body of your function.",
)
wrong.add(
    "smallest_logit",
    diff({"logits.argmax": "logits.argmin"}),
    "the smallest logit is taken for the answer. Which logit is that of the answer?",
)
wrong.add(
    "last_epoch_only",
    but(train_classifier, returns=lambda history: history[-1:]),
    "the last epoch alone is reported. One dict for each epoch is due.",
)
wrong.add(
    "as_two_lists",
    but(
        train_classifier,
        returns=lambda history: {key: [e[key] for e in history] for key in ("loss", "accuracy")},
    ),
    "a dict of lists is returned. A list of dicts is due, one for each epoch.",
)
wrong.add(
    "as_tensors",
    but(train_classifier, returns=lambda history: list(map(as_tensors, history))),
    "loss and accuracy are tensors. Look at the types in your dicts: Python floats are due.",
)


def by_training_steps(model, loader, loss_fn, optimizer, epochs, max_norm=5.0):
    """Each batch is a training step, and the logits are kept on the way into the loss."""
    history = []
    for _ in range(epochs):
        model.train()
        losses, right, count = 0.0, 0, 0
        for x, y in loader:
            kept: list[Any] = []

            def keeping(logits, target, kept=kept):
                kept.append(logits)
                return loss_fn(logits, target)

            losses += len(y) * training_step(model, x, y, keeping, optimizer, max_norm)["loss"]
            right += int((kept[0].argmax(dim=1) == y).sum())
            count += len(y)
        history.append({"loss": losses / count, "accuracy": right / count})
    return history


EXERCISE = Exercise(
    reference=train_classifier,
    styles=(by_training_steps,),
    inputs=inputs,
    points=12,
    axes={"B": 3, "T": 4, "I": 3, "H": 5, "C": 4},
    shapes={"x": "B T I", "y": "B", "history": "epoch"},
    scenario=over_epochs,
    without=frozenset({"values of a third draw"}),
    cases=(
        Case(
            name="two epochs of three batches",
            inputs=ordinary,
            why="Each update starts from the weights that the one before it left.",
        ),
        Case(
            name="a model that returns (logits, state)",
            inputs=drawn(ordinary, returns="(logits, state)"),
            why="Only the first of the two goes into the loss and into the accuracy.",
        ),
        also(
            "a model with dropout",
            dropped,
            "One forward pass in train mode for each batch: its logits give the loss and the accuracy.",
        ),
        also(
            "a model in eval mode before the call",
            drawn(dropped, mode="eval"),
            "Train in train mode, whatever mode the model comes in.",
        ),
        also(
            "long gradients, shorter than max_norm",
            drawn(ordinary, max_norm=1e5, lr=0.005, loss_factor=100.0),
            "Where the norm is below max_norm the gradient stays as it is, however long it is.",
        ),
        also("max_norm left out", default_norm, "Where max_norm is not given it is 5."),
        also(
            "every answer right from the start",
            all_right,
            "There are as many epochs as were asked for, however good the model is.",
        ),
        also(
            "no epochs",
            drawn(ordinary, epochs=0),
            "Without an epoch the list is empty and nothing is learnt.",
        ),
        unused_layer(ordinary),
    ),
    mistakes=wrong,
    look="Take two batches of two samples and one, and work the two means out by hand.",
    when_right=(
        "Sums over samples, and one division at the end of the epoch, need no thought for the "
        "last batch. A second forward pass for the accuracy is the costly trap: with dropout it "
        "judges other logits than those that were learnt from. The mode belongs to the function, "
        "because evaluating in between may have changed it. Next question: the reported loss is "
        "that of weights which change from batch to batch. Is it rather too high or too low for "
        "the last weights?"
    ),
)
