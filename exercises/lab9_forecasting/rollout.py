"""Forecasts that are fed back."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch

from autograder.spec import Case, Exercise, Mistakes, edited, printed
from exercises.lab9_forecasting._draws import Draw, edge, forecaster_weights
from exercises.lab9_forecasting._scenarios import gradients_afterwards, modes_afterwards, rolled
from solutions.lab9_forecasting import rollout


def inputs(rng: np.random.Generator, B: int, L: int, S: int) -> Mapping[str, Any]:
    """Weights of a plain recurrent forecaster, windows, and how many steps."""
    weights = forecaster_weights(rng, 4, 1, "rnn")
    return {"weights": weights, "window": rng.standard_normal((B, L)), "steps": S}


def sized(B: int, L: int, S: int, **more: Any) -> Draw:
    return lambda rng: {**inputs(rng, B, L, S), **more}


TRAINING = "training = [module for module in model.modules() if module.training]"
EVAL = "model.eval()"
GRAD = "with torch.no_grad():"
CALLED = "forecasts.append(model(window[..., None]))"
FED = "window = torch.cat([window[:, 1:], forecasts[-1][:, None]], dim=1)"
RESTORE = """for module in training:
        module.training = True"""
RETURN = "torch.stack(forecasts, dim=1)"

change = partial(edited, rollout)


def fed(text: str) -> Any:
    """Another window for the next step."""
    return change({FED: text})


def one_at_a_time(model: Any, window: Any, steps: int) -> Any:
    """Each window by itself."""
    return torch.cat([rollout(model, row[None], steps) for row in window])


FEED = "Write down the first two windows that the model is given, value by value."
SHAPE = "Print the shape of what you return, and count the steps."
MODE = "Print model.training, and that of each submodule, before, during and after the call."
GRAPH = "Does what you return require a gradient, and are gradients on after the call?"
LEFT = "Compare the window that was handed in before and after the call."

wrong = Mistakes()
printed(wrong, rollout)
wrong.family(
    FEED,
    ("never_fed", fed("pass"), "every step sees the same window"),
    (
        "window_grows",
        fed("window = torch.cat([window, forecasts[-1][:, None]], dim=1)"),
        "nothing is dropped, so that the window grows",
    ),
    (
        "newest_dropped",
        fed("window = torch.cat([window[:, :-1], forecasts[-1][:, None]], dim=1)"),
        "the newest value is dropped",
    ),
    (
        "put_in_front",
        fed("window = torch.cat([forecasts[-1][:, None], window[:, :-1]], dim=1)"),
        "the forecast is put in front",
    ),
    (
        "oldest_kept_forecast_in_front",
        fed("window = torch.cat([forecasts[-1][:, None], window[:, 1:]], dim=1)"),
        "the forecast takes the place of the oldest value",
    ),
    (
        "only_the_forecast",
        fed("window = forecasts[-1][:, None]"),
        "the next window is the forecast alone",
    ),
    (
        "all_but_two",
        fed("window = torch.cat([window[:, 2:], forecasts[-1][:, None]], dim=1)"),
        "two values are dropped at each step",
    ),
    (
        "moved_without_forecast",
        fed("window = torch.cat([window[:, 1:], window[:, -1:]], dim=1)"),
        "the last value that was seen is fed back, and not the forecast",
    ),
    (
        "mean_fed_back",
        fed(
            "window = torch.cat([window[:, 1:], forecasts[-1].mean().expand(len(window), 1)], dim=1)"
        ),
        "the mean of all forecasts is fed back to every window",
    ),
    (
        "wraps_round",
        fed("window = window.roll(-1, dims=1)"),
        "the oldest value comes back in at the end",
    ),
    (
        "first_forecast",
        fed("window = torch.cat([window[:, 1:], forecasts[0][:, None]], dim=1)"),
        "the first forecast is fed back at every step",
    ),
)
wrong.family(
    SHAPE,
    (
        "steps_first",
        change({RETURN: "torch.stack(forecasts)"}),
        "the steps stand before the windows",
    ),
    (
        "an_axis_too_much",
        change({RETURN: f"{RETURN}[..., None]"}),
        "there is an axis of size 1 at the end",
    ),
    ("in_a_list", change({RETURN: "forecasts"}), "a list comes back"),
    ("last_only", change({RETURN: "forecasts[-1][:, None]"}), "only the last forecast comes back"),
    ("the_window", change({RETURN: "window"}), "the last window comes back"),
    (
        "with_the_window",
        change(
            {
                TRAINING: f"seen = window\n    {TRAINING}",
                RETURN: f"torch.cat([seen, {RETURN}], dim=1)",
            }
        ),
        "the window comes back in front of the forecasts",
    ),
    (
        "one_step_less",
        change({"range(steps)": "range(max(1, steps - 1))"}),
        "the last step is missing",
    ),
    ("one_step_more", change({"range(steps)": "range(steps + 1)"}), "there is one step too many"),
    (
        "one_call_more",
        change({"range(steps)": "range(steps + 1)", RETURN: "torch.stack(forecasts[:-1], dim=1)"}),
        "the model is called once more than there are steps",
    ),
    ("turned_round", change({RETURN: f"{RETURN}.flip(1)"}), "the last forecast comes first"),
    (
        "squeezed",
        change({CALLED: "forecasts.append(model(window[..., None]).squeeze())"}),
        "the forecasts lose the axis of a batch of one",
    ),
    (
        "first_window_only",
        change({TRAINING: f"window = window[:1]\n    {TRAINING}"}),
        "only the first window is rolled out",
    ),
    ("one_window_at_a_time", one_at_a_time, "the model is called for each window by itself"),
)
wrong.add(
    "no_last_axis",
    change({CALLED: "forecasts.append(model(window))"}),
    "the model is given windows without an axis for the features. Which shape does a forecaster read?",
)
wrong.family(
    MODE,
    ("in_training_mode", change({EVAL: "pass"}), "the model stays in the mode in which it came"),
    ("left_in_eval", change({RESTORE: "pass"}), "the model is left in evaluation mode"),
    (
        "left_in_training",
        change({RESTORE: "model.train()"}),
        "the model is left in training mode, whatever it was in before",
    ),
    (
        "mode_of_the_whole",
        change({TRAINING: "whole = model.training", RESTORE: "model.train(whole)"}),
        "all submodules get the mode that the model as a whole had",
    ),
    (
        "children_alone",
        change({"model.modules()": "(model, *model.children())"}),
        "the mode of what lies deeper than the children is not brought back",
    ),
)
wrong.family(
    GRAPH,
    ("with_gradient", change({GRAD: "if True:"}), "the forecasts carry a gradient"),
    (
        "off_afterwards",
        change({f"{GRAD}\n": "torch.set_grad_enabled(False)\n    if True:\n"}),
        "gradients are off after the call",
    ),
    (
        "on_afterwards",
        change({RESTORE: f"{RESTORE}\n    torch.set_grad_enabled(True)"}),
        "gradients are on after the call, whatever they were before",
    ),
)
wrong.family(
    LEFT,
    (
        "in_place",
        fed("window[:, :-1] = window[:, 1:].clone(); window[:, -1] = forecasts[-1]"),
        "the values are moved inside the caller's window",
    ),
)
wrong.add(
    "result_on_the_cpu",
    change(
        {
            RETURN: f"torch.zeros(len(window), steps, dtype=window.dtype).copy_({RETURN}) * window.new_ones(1)"
        }
    ),
    "the result is collected on the CPU, wherever the window is. On which device does torch.zeros make its tensor?",
)
wrong.add(
    "result_in_float32",
    change({RETURN: f"{RETURN}.float()"}),
    "the result is float32 whatever came in. Print the dtypes of the window and of what you return.",
)


EXERCISE = Exercise(
    reference=rollout,
    inputs=inputs,
    points=15,
    axes={"B": 3, "L": 5, "S": 4},
    shapes={"window": "B L", "forecasts": "B S"},
    scenario=rolled,
    cases=(
        Case(name="more steps than values in the window", inputs=sized(2, 3, 8)),
        edge("a single step", sized(3, 4, 1), SHAPE),
        edge("windows of one value", sized(3, 1, 4), "A window of one value is a window, too."),
        edge("a model in evaluation mode", sized(2, 4, 3, mode="eval"), MODE),
        edge("modes of submodules", sized(2, 4, 3), MODE, scenario=modes_afterwards),
        edge("gradients afterwards", sized(2, 4, 3), GRAPH, scenario=gradients_afterwards),
    ),
    mistakes=wrong,
    look=FEED,
    when_right=(
        "One tensor of L + steps values, filled from the left, of which each call reads the last "
        "L before the gap, does the same as dropping and appending. Modes are the trap: a model "
        "can have parts that were frozen in evaluation mode, and one train() at the end would "
        "wake them all. So every submodule's mode is kept, not only the model's. Next question: "
        "what could a forecaster be trained on, to get better at the 30th step?"
    ),
)
