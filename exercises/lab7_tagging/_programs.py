"""Mistakes that several exercises of this lab have."""

from collections.abc import Callable
from typing import Any

import torch

from autograder.spec import Mistakes, but, edited, printed
from exercises.lab7_tagging._draws import PAD

FORM = "What is the type of what you return, and between which numbers does it lie?"
NOTHING = "Try tags that are all ignore_index."
REAL = "real = tags != ignore_index"
ON_THE_CPU = """real = torch.zeros(tags.shape, dtype=torch.bool)
    real[tags != ignore_index] = True"""


def about_padding(wrong: Mistakes, program: Callable[..., Any]) -> None:
    """Adds mistakes about ignore_index."""
    wrong.add(
        "argument_ignored",
        but(program, ignore_index=lambda _: PAD),
        "padding is taken to be -100 whatever ignore_index says. Where does your code use ignore_index?",
    )
    wrong.add(
        "negative_is_padding",
        but(program, tags=lambda tags: tags.where(tags >= 0, PAD), ignore_index=lambda _: PAD),
        "every negative tag is taken for padding, and nothing else. Try ignore_index=0.",
    )


def about_accuracy(wrong: Mistakes, program: Callable[..., Any]) -> None:
    """Adds mistakes about a share that is a float and 0.0 where there is no real token."""
    printed(wrong, program)
    wrong.add(
        "mask_on_the_cpu",
        edited(program, {REAL: ON_THE_CPU}),
        "a new tensor, such as a mask, is made on the CPU, wherever the tags are. On which device does torch.zeros make its tensor?",
    )
    wrong.family(
        FORM,
        ("percent", but(program, returns=lambda x: 100 * x), "the accuracy is given in percent"),
        ("as_tensor", but(program, returns=torch.tensor), "the accuracy comes as a tensor"),
    )
    wrong.family(
        NOTHING,
        (
            "nothing_divided_by_nothing",
            edited(program, {"return float": "return int", "max(1, ": "int("}),
            "a batch without a real token divides by zero",
        ),
        (
            "one_for_nothing",
            edited(program, {"return float": "return 1.0 if not real.any() else float"}),
            "a batch without a real token counts as all right",
        ),
    )
