"""A training loop that shuffles its windows."""

from functools import partial
from typing import Any

import numpy as np
import torch

from autograder.spec import Case, Close, Exercise, Mistakes, but, edited
from exercises.lab9_forecasting._draws import edge
from exercises.lab9_forecasting._scenarios import orders, shuffled, train
from exercises.lab9_forecasting._training import few, inputs, season, view
from solutions.lab9_forecasting import train_forecaster

change = partial(edited, train_forecaster)
given = partial(but, train_forecaster)

EPOCH = "total = 0.0"
ORDER = "torch.randperm(len(X), generator=generator)"
LOOP = f"for batch in {ORDER}.split(batch_size)"
LOSS = "F.mse_loss(model(X[batch, :, None]), y[batch])"
FORECAST = "model(X[batch, :, None]), y[batch]"
CLEAR = "optimizer.zero_grad()"
BACK = "loss.backward()"
STEP = "optimizer.step()"
ADDED = "total += loss.item() * len(batch)"
MEANED = "total / len(X)"
LISTED = "losses.append(total / len(X))"
ADAM = "torch.optim.Adam(model.parameters(), lr=lr)"
START = "losses = []"


def ordered(text: str, before: str = START) -> Any:
    """Another order of the windows; before: what stands in front of the epochs."""
    return change({ORDER: text, START: before})


def in_blocks(N: int, size: int, generator: torch.Generator) -> Any:
    """Batches of neighbours, in a random order."""
    blocks = list(torch.arange(N).split(size))
    return [blocks[k] for k in torch.randperm(len(blocks), generator=generator)]


def in_place(model: Any, X: Any, y: Any, epochs: int, lr: float, size: int, generator: Any) -> Any:
    """Shuffles the caller's windows."""
    order = torch.randperm(len(X), generator=generator)
    X[:], y[:] = X[order], y[order]
    return train_forecaster(model, X, y, epochs, lr, size, generator)


SHUFFLE = "Print the numbers of the windows in the first batch, for three epochs."
SOURCE = "Where does the order come from? Call your function twice with generators of one seed."
MEAN = "Take two batches of 4 and 1 windows and work out the mean over 5 windows by hand."
ORDER_OF_STEPS = (
    "Write down the order of: clear, forward, loss, backward, step. Which are inside which loop?"
)
SHAPES = "Print the shapes of what the model is given, of its forecasts, and of their targets."
LIST = "Print what you return for three epochs."
ALL = "How many windows does one epoch use, and how many updates does it make?"
MODE = "In which mode does a model learn, and where do you set it?"

wrong = Mistakes()
wrong.family(
    SHUFFLE,
    ("not_shuffled", ordered("torch.arange(len(X))"), "the windows are not shuffled"),
    (
        "one_order",
        ordered("order", f"{START}\n    order = {ORDER}"),
        "the windows are shuffled once, and all epochs have the same batches",
    ),
    (
        "blocks_shuffled",
        change(
            {f"{ORDER}.split(batch_size)": "in_blocks(len(X), batch_size, generator)"},
            in_blocks=in_blocks,
        ),
        "batches of neighbours are shuffled, and the windows are not",
    ),
    (
        "turned",
        ordered("torch.arange(len(X)).roll(int(torch.randint(len(X), (), generator=generator)))"),
        "the order starts somewhere else in each epoch, and stays the order in time",
    ),
    (
        "with_replacement",
        ordered("torch.randint(len(X), (len(X),), generator=generator)"),
        "windows are drawn with replacement",
    ),
    (
        "targets_not_shuffled",
        change({FORECAST: "model(X[batch, :, None]), y[: len(batch)]"}),
        "the windows are shuffled and their targets are not",
    ),
    (
        "shuffled_apart",
        change({FORECAST: f"model(X[batch, :, None]), y[{ORDER}[: len(batch)]]"}),
        "windows and targets are shuffled, each in an order of its own",
    ),
)
wrong.family(
    SOURCE,
    (
        "global_order",
        ordered("torch.randperm(len(X))"),
        "the order comes from somewhere else than the generator",
    ),
    (
        "fixed_seed",
        ordered(
            "torch.randperm(len(X), generator=own)",
            f"{START}\n    own = torch.Generator().manual_seed(0)",
        ),
        "the order is the same whatever generator is handed in",
    ),
    (
        "from_its_seed",
        ordered(
            "torch.randperm(len(X), generator=own)",
            f"{START}\n    own = torch.Generator().manual_seed(generator.initial_seed())",
        ),
        "each call starts again from the seed of the generator",
    ),
    (
        "seeded_each_epoch",
        change({EPOCH: f"{EPOCH}\n        generator.manual_seed(generator.initial_seed())"}),
        "each epoch starts again from the seed of the generator",
    ),
)
wrong.add(
    "shuffled_in_place",
    in_place,
    "the caller's windows and targets are shuffled. Compare X before and after the call.",
)
wrong.family(
    ALL,
    (
        "last_batch_dropped",
        change(
            {
                f"{LOOP}:": f"{LOOP}:\n            if len(batch) < batch_size:\n                continue",
                MEANED: "total / (len(X) // batch_size * batch_size or 1)",
            }
        ),
        "the last, smaller batch is left out",
    ),
    (
        "one_batch_per_epoch",
        change(
            {
                f"{ORDER}.split(batch_size)": f"[{ORDER}[:batch_size]]",
                MEANED: "total / min(batch_size, len(X))",
            }
        ),
        "an epoch ends after its first batch",
    ),
    ("all_at_once", given(batch_size=lambda size: 10**6), "all windows are one batch"),
    (
        "fixed_size",
        given(batch_size=lambda size: 32),
        "batches have 32 windows whatever is asked for",
    ),
    (
        "size_for_number",
        change({".split(batch_size)": ".chunk(batch_size)"}),
        "batch_size is taken for the number of batches",
    ),
    (
        "equal_batches",
        change({".split(batch_size)": ".tensor_split(-(-len(X) // batch_size))"}),
        "all batches have about the same size",
    ),
    ("one_epoch", given(epochs=lambda epochs: min(1, epochs)), "there is one epoch only"),
    ("one_epoch_more", given(epochs=lambda epochs: epochs + 1), "there is one epoch too many"),
    (
        "last_window_lost",
        change({"len(X), gen": "len(X) - 1, gen"}),
        "the last window is never used",
    ),
)
wrong.family(
    MEAN,
    (
        "mean_of_means",
        change({ADDED: "total += loss.item()", MEANED: "total / -(-len(X) // batch_size)"}),
        "the mean of the batches' means is reported",
    ),
    (
        "means_by_windows",
        change({ADDED: "total += loss.item()"}),
        "the batches' means are added up and divided by the number of windows",
    ),
    (
        "by_batch_size",
        change({ADDED: "total += loss.item() * batch_size"}),
        "each batch counts as if it were full",
    ),
    (
        "summed",
        change({MEANED: "total"}),
        "the squared errors of an epoch are added up and not averaged",
    ),
    (
        "sum_of_means",
        change({ADDED: "total += loss.item()", MEANED: "total"}),
        "the batches' means are added up",
    ),
    (
        "last_batch",
        change({MEANED: "loss.item()"}),
        "the loss of an epoch is that of its last batch",
    ),
    (
        "running_total",
        change({f"        {EPOCH}\n": "", START: f"{START}\n    {EPOCH}"}),
        "the sum goes on from epoch to epoch",
    ),
    ("root", change({MEANED: "(total / len(X)) ** 0.5"}), "a root is taken of the loss"),
)
wrong.family(
    "Which loss does the exercise name, for the report and for the update?",
    (
        "summed_squares",
        change({FORECAST: f'{FORECAST}, reduction="sum"'}),
        "the squared errors of a batch are added up and not averaged",
    ),
    ("absolute", change({LOSS: f"F.l1_loss({FORECAST})"}), "the loss is the absolute error"),
    ("half", change({LOSS: f"F.mse_loss({FORECAST}) / 2"}), "the loss is halved"),
    ("huber", change({LOSS: f"F.smooth_l1_loss({FORECAST})"}), "large errors are not squared"),
)
wrong.family(
    SHAPES,
    (
        "no_last_axis",
        change({FORECAST: "model(X[batch]), y[batch]"}),
        "the model is given windows without an axis for the features",
    ),
    (
        "features_for_time",
        change({FORECAST: "model(X[batch, None]), y[batch]"}),
        "the window stands on the axis for features",
    ),
    (
        "targets_in_a_column",
        change({FORECAST: "model(X[batch, :, None]), y[batch, None]"}),
        "each forecast is compared with every target of its batch",
    ),
    (
        "turned_round",
        change({FORECAST: "model(X[batch].flip(1)[..., None]), y[batch]"}),
        "the windows are turned round",
    ),
    (
        "scaled_inside",
        change({FORECAST: "model(((X - X.mean()) / X.std())[batch, :, None]), y[batch]"}),
        "the windows are scaled on the way to the model",
    ),
)
wrong.family(
    MODE,
    (
        "in_eval_mode",
        change({"model.train()": "model.eval()"}),
        "the model is in evaluation mode while it learns",
    ),
    (
        "mode_as_it_came",
        change({"model.train()": "pass"}),
        "the model learns in the mode in which it came",
    ),
)
wrong.family(
    ORDER_OF_STEPS,
    ("no_step", change({STEP: "pass"}), "the optimizer never steps"),
    ("never_cleared", change({CLEAR: "pass"}), "the gradients of all steps add up"),
    (
        "cleared_once_per_epoch",
        change({CLEAR: "pass", EPOCH: f"{EPOCH}\n        {CLEAR}"}),
        "the gradients are cleared once per epoch, and add up over its batches",
    ),
    ("no_backward", change({BACK: "pass"}), "the loss is never differentiated"),
    (
        "two_steps",
        change({STEP: f"{STEP}\n            {STEP}"}),
        "the optimizer steps twice for each batch",
    ),
    (
        "one_step_per_epoch",
        change({STEP: "pass", LISTED: f"{STEP}\n        {LISTED}"}),
        "the optimizer steps once per epoch",
    ),
    ("uphill", change({"lr=lr)": "lr=lr, maximize=True)"}), "the steps go up the gradient"),
)
wrong.add(
    "fixed_rate",
    change({"lr=lr": "lr=1e-3"}),
    "the learning rate is not the one that was handed in. Where does your optimizer get lr from?",
)
wrong.add(
    "only_the_last_layer",
    change({"model.parameters()": "list(model.parameters())[-2:]"}),
    "only the last layer is trained. Which parameters did you hand to the optimizer?",
)
wrong.family(
    LIST,
    (
        "every_batch",
        change({ADDED: "losses.append(loss.item())", LISTED: "pass"}),
        "there is a loss for each batch and not for each epoch",
    ),
    ("as_tensors", change({"loss.item()": "loss.detach()"}), "the losses are tensors"),
    ("as_an_array", given(returns=np.array), "the losses come as an array"),
    ("nothing_returned", given(returns=lambda losses: None), "nothing is returned"),
    (
        "last_loss",
        given(returns=lambda losses: losses[-1] if losses else 0.0),
        "the last loss alone comes back",
    ),
    ("the_model", given(returns=lambda losses: []), "the list of losses is empty"),
)


EXERCISE = Exercise(
    reference=train_forecaster,
    inputs=inputs,
    points=21,
    shapes={"losses": "epoch", "X": "N L", "y": "N"},
    scenario=train,
    view=view,
    training=True,
    close=Close(rtol=1e-5, atol=1e-7),
    without=frozenset({"values of draw 2", "values of draw 3"}),
    cases=(
        Case(
            name="losses over uneven batches",
            inputs=few(23, 3, 5),
            why="With lr = 0 each epoch has the loss of the weights as they came.",
        ),
        Case(
            name="a series to learn",
            inputs=season,
            why="Look at the losses from epoch to epoch: do they fall?",
        ),
        edge("order", few(23, 3, 5), SHUFFLE, scenario=orders),
        edge("generators", few(23, 2, 5), SOURCE, scenario=shuffled),
        edge(
            "windows that are far from scaled",
            few(17, 2, 4, spread=40.0),
            "Scaling is the caller's part: X and y are used as they are.",
        ),
        edge("a model in evaluation mode", few(11, 2, 4, mode="eval"), MODE),
        edge("a batch size that divides the windows", few(20, 2, 10), ALL),
        edge(
            "batches of one window",
            few(7, 1, 1),
            "A batch of one window is a batch like any other.",
        ),
        edge(
            "more in a batch than there are windows",
            few(6, 1, 50),
            "Where batch_size is larger than N there is one batch.",
        ),
        edge("no epoch at all", few(6, 0, 4), "With epochs = 0 there is no loss to list."),
    ),
    mistakes=wrong,
    look=ORDER_OF_STEPS,
    when_right=(
        "A DataLoader with shuffle=True and a generator makes batches as well, but how it uses "
        "the generator is its own affair; one permutation per epoch, cut into pieces, is all that "
        "is needed. The last piece may be smaller, so each loss is weighted by its windows before "
        "the mean. The axis for the feature is missing in X and due in the model. Next question: "
        "windows are shuffled here and must not be shuffled before the split. Where is the "
        "difference?"
    ),
)
