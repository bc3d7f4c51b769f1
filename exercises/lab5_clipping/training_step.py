"""One training step: clear, forward, backward, clip, step."""

from functools import partial

import torch

from autograder.spec import Case, Exercise, Mistakes, but, edited
from exercises.lab5_clipping import _programs, _stand_ins
from exercises.lab5_clipping._draws import (
    also,
    classified,
    classifier,
    drawn,
    old_gradients,
    unused_layer,
)
from exercises.lab5_clipping._programs import as_tensors, in_loop, in_order, logits_of
from exercises.lab5_clipping._scenarios import on_one_batch
from solutions.lab5_clipping import training_step

inputs = drawn(classified, max_norm=0.05, lr=2.0, updates=1)
ordinary = drawn(inputs, 4, 3, 2, 5, 3)
twice = drawn(ordinary, updates=2)
two = drawn(inputs, 2, 3, 4, 5, 3)
dropped = drawn(inputs, 6, 3, 2, 16, 3, dropout=0.5, modes=True)


def with_pair(rng):
    draw = {**twice(rng), "returns": "(logits, (h, c))"}
    return {**draw, "weights": classifier(rng, 2, 5, 3, gates=4)}


diff = partial(edited, training_step, logits_of=logits_of)
wrong = Mistakes()
_programs.loops_gone_wrong(wrong, training_step)
_programs.outputs_gone_wrong(wrong, training_step)
wrong.add(
    "clip_after_step",
    in_order(training_step, "clear forward backward step clip"),
    "the optimizer steps with the gradient as it was before clipping. Which gradient does the optimizer see?",
)
wrong.add(
    "clip_before_backward",
    in_order(training_step, "clear forward clip backward step"),
    "the gradient is clipped before the backward pass. What stands in p.grad when you clip?",
)
wrong.add(
    "clip_first_of_all",
    in_order(training_step, "forward clip clear backward step"),
    "the gradients of before are clipped, then cleared, and the new ones are used as they are. What stands in p.grad when you clip?",
)
wrong.family(
    "What is left for the optimizer?",
    (
        "cleared_after_backward",
        in_order(training_step, "forward backward clear clip step"),
        "the gradients are cleared between backward and step",
    ),
    (
        "cleared_after_clipping",
        in_order(training_step, "forward backward clip clear step"),
        "the gradients are cleared between clipping and step",
    ),
)
wrong.add(
    "cleared_at_the_end_only",
    in_order(training_step, "forward backward clip step clear"),
    "the gradients are cleared after the step only. What if there are gradients before the first call?",
)
wrong.add(
    "two_steps",
    in_order(training_step, "clear forward backward clip step step"),
    "the optimizer takes two steps. How often does the optimizer step for each call?",
)
wrong.add(
    "step_first",
    in_order(training_step, "step clear forward backward clip"),
    "the step comes first, with the gradients of the call before. Which gradients does the optimizer see in the first call?",
)
wrong.add(
    "by_value",
    in_loop(training_step, _programs.by_value),
    "the entries are cut off at ±max_norm. Clip by norm.",
)
wrong.add(
    "always_scaled",
    in_loop(training_step, _programs.always_scaled),
    "short gradients are made longer. What happens to a gradient that is shorter than max_norm?",
)
wrong.add(
    "norm_afterwards",
    in_loop(training_step, _programs.norm_afterwards),
    "the norm is measured after clipping. Which of the two norms is due: before or after?",
)
wrong.add(
    "loss_clipped",
    diff(
        {
            "loss.backward()": "loss.clamp(max=max_norm).backward()",
            "clip_model_(model, max_norm)": "global_norm(p.grad for p in model.parameters())",
        }
    ),
    "the loss is clipped in place of its gradient. What is the slope of a clipped loss?",
)
wrong.add(
    "last_of_a_pair",
    diff({"output[0]": "output[-1]"}),
    "the state is taken for the logits. In which order does the model return logits and state?",
)
wrong.add(
    "loss_afterwards",
    diff({"loss.item()": "loss_fn(logits_of(model(x)), y).item()"}),
    "the loss is measured after the update. Which loss is due: the one before or after the update?",
)
wrong.add(
    "first_group_clipped",
    diff({"clip_model_(model,": 'nn.utils.clip_grad_norm_(optimizer.param_groups[0]["params"],'}),
    "only the optimizer's first group of parameters is clipped. model.parameters() gives all parameters. Where do yours come from?",
)
wrong.family(
    "Leave the mode of the model as it is.",
    (
        "in_eval_mode",
        but(training_step, model=lambda model: model.eval()),
        "the model is put into eval mode",
    ),
    (
        "in_train_mode",
        but(training_step, model=lambda model: model.train()),
        "the model is put into train mode",
    ),
)
wrong.add(
    "exchanged",
    but(training_step, returns=lambda both: {"loss": both["norm"], "norm": both["loss"]}),
    "loss and norm are exchanged. Which number stands under which key?",
)
wrong.family(
    "Look at the types in your dict: Python floats are due.",
    ("as_tensors", but(training_step, returns=as_tensors), "loss and norm are tensors"),
    (
        "norm_as_a_tensor",
        but(training_step, returns=lambda both: {**both, "norm": torch.tensor(both["norm"])}),
        "the norm is a tensor",
    ),
)
wrong.add(
    "pair_for_a_dict",
    but(training_step, returns=lambda both: (both["loss"], both["norm"])),
    "a tuple is returned. A dict with the keys loss and norm is due.",
)


EXERCISE = Exercise(
    reference=training_step,
    inputs=inputs,
    points=14,
    axes={"B": 4, "T": 5, "I": 3, "H": 6, "C": 2},
    shapes={"x": "B T I", "y": "B", "results": "call"},
    without=frozenset({"values of a third draw"}),
    scenario=on_one_batch,
    cases=(
        Case(
            name="a gradient shorter than max_norm", inputs=drawn(ordinary, max_norm=50.0, lr=0.5)
        ),
        Case(
            name="two calls, one after the other",
            inputs=twice,
            why="The second call starts from the parameters that the first one left.",
        ),
        also(
            "a long gradient, shorter than max_norm",
            drawn(twice, max_norm=1e4, lr=0.005, loss_factor=100.0),
            "Where the norm is below max_norm the gradient stays as it is, however long it is.",
        ),
        Case(
            name="a model that returns (logits, state)",
            inputs=drawn(twice, returns="(logits, h)"),
            why="Only the first of the two goes into the loss.",
        ),
        also(
            "a model that returns (logits, (h, c))",
            with_pair,
            "The state of an LSTM is a tuple of its own.",
        ),
        also("a batch of two", two, "Two rows of one tensor are no pair of logits and state."),
        old_gradients(ordinary),
        unused_layer(twice),
        also(
            "an optimizer with momentum",
            drawn(twice, momentum=0.9),
            "The update is the optimizer's: hand the clipped gradient to it, once.",
        ),
        also(
            "an optimizer with two groups of parameters",
            drawn(twice, groups=2),
            "The norm is that of all gradients of the model, however its parameters are divided into groups.",
        ),
        also(
            "a model with dropout", dropped, "One forward pass, in the mode in which the model is."
        ),
        also(
            "a model with dropout in eval mode",
            drawn(dropped, mode="eval", updates=2),
            "Who calls your function decides about the mode of the model.",
        ),
    ),
    mistakes=wrong,
    stand_in=_stand_ins.one_step,
    look="Write the five parts down in their order and compare with your lines.",
    when_right=(
        "Asking whether the output is a tuple is safer than unpacking, because a tensor with two "
        "rows unpacks as well. Clearing may also come last, but then the first call sees whatever "
        "gradients were there before. With Adam many wrong orders hardly show, so a falling loss "
        "proves little here. Next question: a batch does not fit into memory. How would you add "
        "up the gradients of four quarters of it, and where does the clipping stand then?"
    ),
)
