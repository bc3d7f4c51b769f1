"""Beam search: several hypotheses at once, of which the best that has finished is the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.spec import PLACEMENT, Case, Exercise
from exercises.lab8_seq2seq._beam_draws import (
    all_end,
    all_of_them,
    anything,
    drawn,
    garden_path,
    in_the_last_step,
    late,
    missed,
    none_finished,
    shorter,
    start_inside,
    telling,
    very_long,
    worse_finished,
)
from exercises.lab8_seq2seq._beam_mistakes import HAND, wrong
from exercises.lab8_seq2seq._decoding import Draw, decoded
from solutions.lab8_seq2seq import beam_search


def inputs(rng: np.random.Generator, H: int, V: int) -> Mapping[str, Any]:
    """Ordinary ones; where a size is 1 or 2, any."""
    return drawn(telling if min(H, V) > 3 else anything, V, H)(rng)


def view(arguments, result):
    """What came back; how often step was called, and for how many at once, is free."""
    return {key: value for key, value in result.items() if key != "fed"}


def also(name: str, draw: Draw, why: str, **more: Any) -> Case:
    return Case(name=name, inputs=draw, why=why, value=False, **more)


EXERCISE = Exercise(
    reference=beam_search,
    inputs=inputs,
    points=14,
    axes={"H": 4, "V": 6},
    shapes={"words": "V H", "W_hh": "H H", "W_hy": "H V", "own": "B H", "state": "L B H"},
    parts=("tokens", "log_prob"),
    scenario=decoded,
    view=view,
    cases=(
        Case(
            name="where the greedy choice is wrong",
            inputs=drawn(garden_path, V=4, max_len=4, beam=2),
            why="What is likeliest at the first step need not begin the likeliest sequence.",
        ),
        Case(
            name="what is alive is likelier than what has finished",
            inputs=drawn(worse_finished, form="(B, H)"),
            why="The best finished one is due, even where one that is alive is likelier.",
        ),
        Case(
            name="the answer ends late",
            inputs=drawn(late, V=5, beam=2),
            why="How many have finished does not say that the best is among them.",
        ),
        Case(
            name="the answer is shorter than another",
            inputs=drawn(shorter),
            why="The log-probability decides as it is, whatever the number of tokens.",
        ),
        Case(
            name="none has finished",
            inputs=drawn(none_finished, max_len=3, beam=3),
            why="Where none has finished the best that is alive is due.",
        ),
        also(
            "a beam that holds every sequence",
            drawn(all_of_them, V=3, max_len=4, beam=81),
            "With room for all sequences the likeliest of all is found; beam may be larger than V.",
        ),
        also(
            "the likeliest of all is missed",
            drawn(missed, V=4, max_len=4, beam=2),
            "A beam search is no search of everything: what did not stay is gone.",
        ),
        also("a beam of 1", drawn(anything, beam=1), "A beam of 1 is greedy decoding."),
        also(
            "a state that is a tuple",
            drawn(telling, form="a tuple"),
            "Every part of the state belongs to the hypotheses, row by row.",
        ),
        also(
            "a tuple of one tensor",
            drawn(telling, form="one in a tuple"),
            "A tuple may hold any number of tensors, one as well.",
        ),
        also(
            "a tuple on an accelerator",
            drawn(telling, form="a tuple"),
            "The tokens belong on the device of the state.",
            device="accelerator",
            property=PLACEMENT,
        ),
        also(
            "all end early",
            drawn(all_end, V=3, beam=2, max_len=9, towards_end=2.0),
            "Where no hypothesis is alive the search is over.",
        ),
        also(
            "the answer ends at the last step",
            drawn(in_the_last_step, max_len=4),
            "One that ends at step max_len has finished.",
        ),
        also(
            "max_len 1",
            drawn(anything, max_len=1),
            "max_len is how many tokens there may be, the end among them.",
        ),
        also(
            "a start that is generated",
            drawn(start_inside),
            "start_id is a token like any other once it is generated.",
        ),
        also(
            "the start is the end",
            drawn(telling, start_id=4, end_id=4),
            "Many vocabularies have one id for both: what is fed first ends nothing.",
        ),
        also(
            "logits in the thousands",
            drawn(anything, beam=2, loud=2e3),
            "exp of 1,000 is no float any more; the logarithm of a softmax is a number all the same.",
        ),
        also(
            "hundreds of tokens",
            very_long,
            "The probability of a long sequence is too small for a float; its logarithm is not.",
        ),
    ),
    mistakes=wrong,
    look=HAND,
    when_right=(
        "With topk over the scores of all hypotheses in one long row there is no list to sort: "
        "the quotient and the remainder by V tell which hypothesis and which token each place "
        "belongs to. The quiet mistake is a state that stays behind, for no shape complains when "
        "hypothesis 2 goes on from the state of hypothesis 1. A finished one takes no place from "
        "those alive. Next question: beam 1 is greedy decoding. From which width on can nothing "
        "be missed?"
    ),
)
