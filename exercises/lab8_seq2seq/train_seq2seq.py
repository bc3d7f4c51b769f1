"""A training loop for an encoder and a decoder."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from autograder.spec import PLACEMENT, Case, Close, Exercise, Mistakes, but, edited
from exercises.lab8_seq2seq._models import edge
from exercises.lab8_seq2seq._training import train, view
from exercises.lab8_seq2seq._training_draws import enough, still
from solutions.lab8_seq2seq import train_seq2seq

ONE = ((4, 5, 7),)


def inputs(rng: np.random.Generator) -> Mapping[str, Any]:
    """One batch and one epoch."""
    return still(ONE, epochs=1)(rng)


change = partial(edited, train_seq2seq)
given = partial(but, train_seq2seq)

EPOCH = "total, count = 0.0, 0"
MODEL = "model(src, lengths, targets)[real]"
LOSS = "F.cross_entropy(model(src, lengths, targets)[real], targets[real])"
REAL = "real = ends.cumsum(dim=1) - ends == 0"
ADDED = "total += loss.item() * int(real.sum())"
COUNTED = "count += int(real.sum())"
REPORTED = "losses.append(total / count)"
CLEARS = "optimizer.zero_grad()"
STEPS = "optimizer.step()"
CLIPS = "nn.utils.clip_grad_norm_(model.parameters(), max_norm)"
EACH = """for parameter in model.parameters():
                nn.utils.clip_grad_norm_(parameter, max_norm)"""
SCALED = """norm = nn.utils.get_total_norm([p.grad for p in model.parameters()])
            for parameter in model.parameters():
                parameter.grad *= max_norm / norm"""
BY_ROW = "torch.stack([F.cross_entropy(z[r], y[r]) for z, r, y in zip(model(src, lengths, targets), real, targets)]).mean()"
LISTED = "batches = list(batches)"


def real_is(text: str) -> Any:
    """Other tokens for the real ones."""
    return change({REAL: f"real = {text}"})


def asked(text: str) -> Any:
    """The model is asked something else."""
    return change({MODEL: f"{text}[real]"})


ENDS = "Write down which tokens are real in 5 6 1 1 1, where 1 is end_id, and in 5 6 7 8 9."
LEAK = "Give it targets drawn at random, which nobody can foresee: does the loss still fall?"
MEAN = "Take two batches of 2 and 10 real tokens and work out the mean over 12 tokens by hand."
STEP = (
    "Write down the order of: clear, forward, backward, clip, step. Which are inside which loop?"
)
CLIP = "Print the norm of all gradients together just before the optimizer's step."
LIST = "Print what you return for three epochs."
MODE = "In which mode does a model learn, and where do you set it?"
ALL = "Which parameters did you hand to the optimizer?"

wrong = Mistakes()
wrong.family(
    ENDS,
    ("padding_counts", real_is("targets > -1"), "the padding counts as well"),
    (
        "ends_left_out",
        real_is("targets != model.end_id"),
        "no end_id counts, the first one neither",
    ),
    (
        "first_two_ends",
        real_is("ends.cumsum(dim=1) - ends < 2"),
        "one end_id too many counts in each row",
    ),
    (
        "only_from_the_end",
        real_is("ends.cumsum(dim=1) > 0"),
        "what follows the end counts and no more",
    ),
    (
        "end_is_one",
        change({"targets == model.end_id": "targets == 1"}),
        "end_id is taken to be 1 whatever the model says",
    ),
    (
        "end_is_zero",
        change({"targets == model.end_id": "targets == 0"}),
        "end_id is taken to be 0 whatever the model says",
    ),
    (
        "end_is_last_token",
        change({"targets == model.end_id": "targets == targets[:, -1:]"}),
        "the last token of each row is taken for end_id",
    ),
)
wrong.family(
    LEAK,
    (
        "fed_its_targets",
        asked("model(src, lengths, targets.roll(-1, 1))"),
        "the decoder is fed the very tokens that it should say",
    ),
)
wrong.family(
    "Who shifts the targets: the loop, or the model's forward?",
    (
        "shifted_twice",
        asked("model(src, lengths, shift_right(targets, model.start_id))"),
        "the targets are shifted before the model shifts them",
    ),
    (
        "next_target",
        change(
            {
                LOSS: "F.cross_entropy(model(src, lengths, targets)[:, :-1][real[:, 1:]], targets[:, 1:][real[:, 1:]])"
            }
        ),
        "the logits of each step are compared with the target after it",
    ),
)
wrong.family(
    MEAN,
    (
        "mean_of_batch_means",
        change({ADDED: "total += loss.item()", COUNTED: "count += 1"}),
        "the mean of the batches' means is reported",
    ),
    (
        "means_by_tokens",
        change({ADDED: "total += loss.item()"}),
        "the batches' means are added up and divided by the number of tokens",
    ),
    (
        "weighted_by_rows",
        change({ADDED: "total += loss.item() * len(src)", COUNTED: "count += len(src)"}),
        "the batches are weighted by their rows and not by their tokens",
    ),
    (
        "weighted_by_all_steps",
        change(
            {ADDED: "total += loss.item() * targets.numel()", COUNTED: "count += targets.numel()"}
        ),
        "the batches are weighted by all tokens, padding included",
    ),
    (
        "divided_by_all_steps",
        change({COUNTED: "count += targets.numel()"}),
        "the sum over the real tokens is divided by the number of all",
    ),
    (
        "mean_of_row_means",
        change({LOSS: BY_ROW}),
        "each row is averaged first, and then the averages",
    ),
    ("summed", change({"total / count": "total"}), "the losses of an epoch's tokens are added up"),
    ("last_batch", change({"total / count": "loss.item()"}), "the loss is that of the last batch"),
    (
        "sums_for_the_steps",
        change(
            {"targets[real])": "targets[real], reduction='sum')", ADDED: "total += loss.item()"}
        ),
        "the steps are made on the sum over the tokens and not on the mean",
    ),
)
wrong.add(
    "running_mean",
    change({f"        {EPOCH}\n": "", "losses = []": f"losses = []\n    {EPOCH}"}),
    "the loss of an epoch is the mean over all epochs so far. Where do your sum and your count start from 0 again?",
)
wrong.add(
    "full_lengths",
    asked("model(src, torch.full_like(lengths, src.shape[1]), targets)"),
    "the model is told that every source fills its row. Which lengths does the model get?",
)
wrong.add(
    "softmax_first",
    change({"targets)[real]": "targets)[real].softmax(-1)"}),
    "the logits go through a softmax before the loss. What does cross_entropy expect?",
)
wrong.family(
    LIST,
    (
        "every_batch",
        change({ADDED: "losses.append(loss.item())", REPORTED: "pass"}),
        "there is one loss per batch and not per epoch",
    ),
    (
        "as_tensors",
        change({REPORTED: "losses.append(torch.tensor(total / count))"}),
        "the losses are tensors",
    ),
    ("nothing_returned", given(returns=lambda losses: None), "nothing is returned"),
    ("one_epoch", given(epochs=lambda epochs: min(1, epochs)), "there is one epoch only"),
    ("one_epoch_more", given(epochs=lambda epochs: epochs + 1), "there is one epoch too many"),
    (
        "at_least_one",
        given(epochs=lambda epochs: max(1, epochs)),
        "there is one epoch even if none is asked for",
    ),
)
wrong.family(
    "How often can a generator be gone through?",
    (
        "one_pass_only",
        change({LISTED: "pass", "total / count": "total / max(1, count)"}),
        "the batches are gone through again and again as they came",
    ),
    (
        "wants_a_list",
        change({LISTED: "batches = [batches[k] for k in range(len(batches))]"}),
        "the batches are asked for their number",
    ),
)
wrong.add(
    "one_batch_short",
    given(batches=lambda batches: list(batches)[:-1] or batches),
    "the last batch is left out. How many steps does one of your epochs take?",
)
wrong.family(
    CLIP,
    ("no_clipping", change({CLIPS: "pass"}), "the gradients are not clipped"),
    ("clip_each", change({CLIPS: EACH}), "each parameter is clipped by itself"),
    (
        "clip_values",
        change({"clip_grad_norm_": "clip_grad_value_"}),
        "the entries of the gradients are clipped and not their norm",
    ),
    (
        "decoder_clipped",
        change({CLIPS: CLIPS.replace("model.", "model.decoder.")}),
        "the decoder's gradients are clipped and the encoder's are not",
    ),
    (
        "clipped_apart",
        change(
            {
                CLIPS: f"{CLIPS.replace('model.', 'model.encoder.')}; {CLIPS.replace('model.', 'model.decoder.')}"
            }
        ),
        "encoder and decoder are clipped apart",
    ),
    (
        "max_norm_ignored",
        change({"parameters(), max_norm": "parameters(), 5.0"}),
        "the gradients are clipped to 5 whatever max_norm says",
    ),
)
wrong.add(
    "always_scaled",
    change({CLIPS: SCALED}),
    "small gradients are scaled up to max_norm too. What should happen to gradients whose norm is below max_norm?",
)
wrong.add(
    "another_default",
    given(defaults={"max_norm": 1.0}),
    "max_norm is 1 where the caller does not say. Compare the defaults in your signature with those of the exercise.",
)
wrong.family(
    STEP,
    ("no_step", change({STEPS: "pass"}), "the optimizer never steps"),
    ("never_cleared", change({CLEARS: "pass"}), "the gradients of all steps add up"),
    (
        "cleared_once_per_epoch",
        change({CLEARS: "pass", EPOCH: f"{EPOCH}\n        {CLEARS}"}),
        "the gradients are cleared once per epoch, and add up over its batches",
    ),
    (
        "cleared_too_late",
        change({CLEARS: "pass", CLIPS: f"{CLEARS}\n            {CLIPS}"}),
        "the gradients are cleared after backward and before the step",
    ),
    (
        "one_step_per_epoch",
        change({STEPS: "pass", REPORTED: f"{STEPS}\n        {REPORTED}"}),
        "the optimizer steps once per epoch",
    ),
)
wrong.family(
    MODE,
    ("in_eval_mode", change({"model.train()": "model.eval()"}), "the model learns in eval mode"),
    (
        "mode_as_it_came",
        change({"model.train()": "pass"}),
        "the model learns in the mode in which it came",
    ),
)
wrong.family(
    ALL,
    (
        "encoder_frozen",
        change({"Adam(model.": "Adam(model.decoder."}),
        "the decoder alone is trained",
    ),
    (
        "decoder_frozen",
        change({"Adam(model.": "Adam(model.encoder."}),
        "the encoder alone is trained",
    ),
)
wrong.add(
    "fixed_rate",
    change({"lr=lr": "lr=1e-3"}),
    "the learning rate is not the one that was handed in. Where does your optimizer get lr from?",
)
wrong.add(
    "plain_descent",
    change({"optim.Adam": "optim.SGD"}),
    "the optimizer is plain gradient descent, too slow for these learning rates. Which optimizers adapt the step of each weight?",
)

EXERCISE = Exercise(
    reference=train_seq2seq,
    inputs=inputs,
    points=13,
    shapes={"losses": "epoch"},
    scenario=train,
    view=view,
    training=True,
    close=Close(rtol=1e-5, atol=1e-6),
    without=frozenset(
        {"values of draw 2", "values of draw 3", "second call", "on an accelerator"}
    ),
    cases=(
        Case(
            name="losses over uneven batches",
            inputs=still(),
            why="With lr = 0 each epoch has the loss of the weights as they came.",
        ),
        Case(
            name="enough data to learn the rule",
            inputs=enough,
            why="Look at the losses from epoch to epoch: do they fall?",
        ),
        edge(
            "one batch over and over",
            still(ONE, times=3),
            "Old gradients must be cleared for every batch.",
        ),
        edge(
            "one batch, two epochs",
            still(ONE),
            "One batch and two epochs give a list of two losses.",
        ),
        edge(
            "rows without an end",
            still(((4, 4, 3), (2, 5, 4))),
            "A row without end_id is real throughout.",
        ),
        edge(
            "a small max_norm",
            still(max_norm=0.01),
            "When the optimizer steps, the gradients together must have max_norm at most.",
        ),
        edge(
            "max_norm left out",
            still(max_norm=None, larger=300.0),
            "Without max_norm the gradients are clipped to 5.",
        ),
        edge("a model in eval mode before the call", still(mode="eval"), "Train in train mode."),
        edge(
            "batches from a generator",
            still(one_pass=True),
            "The batches may be such that they can be gone through only once.",
        ),
        edge("no epoch at all", still(epochs=0), "With epochs = 0 there is no loss to list."),
        edge(
            "a short training on an accelerator",
            still(ONE, times=3),
            "Whatever you make has to be where the batches are.",
            device="accelerator",
            property=PLACEMENT,
        ),
    ),
    mistakes=wrong,
    look=STEP,
    when_right=(
        "Another way to the real tokens: put −100 behind the first end of each row, in a copy of "
        "the targets, and cross_entropy leaves them out by itself. Leaving out end_id is not the "
        "same: then the first one would not count, and the model would never learn to stop. "
        "Batches hold different numbers of tokens, so the mean of their means is another number. "
        "Next question: with padding counted, the loss would be smaller. Would the model be "
        "better?"
    ),
)
