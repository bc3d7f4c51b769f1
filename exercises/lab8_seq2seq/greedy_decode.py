"""Greedy decoding: the likeliest token at each step, until every row has ended."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch

from autograder.spec import PLACEMENT, Case, Exercise, Mistakes, but, edited, printed
from exercises.lab8_seq2seq._decoding import Draw, decoded
from exercises.lab8_seq2seq._greedy_draws import (
    anything,
    at_once,
    at_the_last_step,
    drawn,
    some_never,
    spread,
    start_inside,
    start_is_end,
)
from solutions.lab8_seq2seq import greedy_decode


def inputs(rng: np.random.Generator, B: int, H: int, V: int) -> Mapping[str, Any]:
    """Ordinary ones; where a size is 1 or 2, any."""
    return drawn(spread if min(B, H, V) > 2 else anything, B, V, H)(rng)


def view(arguments, result):
    """The tokens without the columns behind the last end, and what rows were fed that had not ended.

    What is fed to a row behind its end is free, and so are columns in which all have ended.
    """
    fed, tokens, end_id = result["fed"], result["result"], arguments["end_id"]
    told = {key: value for key, value in result.items() if value is True or value is False}
    wide = isinstance(tokens, torch.Tensor) and tokens.dim() == 2
    if not wide or tokens.shape[0] != arguments["own"].shape[0] or not tokens.shape[1]:
        return {"tokens": tokens, "steps taken": len(fed), **told}
    over = (tokens == end_id).cumsum(dim=1) > 0
    columns = tokens.shape[1]
    while columns > 1 and over[:, columns - 2].all() and (tokens[:, columns - 1] == end_id).all():
        columns -= 1
    seen = [
        [
            -1 if step and over[row, min(step, over.shape[1]) - 1] else int(token)
            for row, token in enumerate(tokens_fed)
        ]
        for step, tokens_fed in enumerate(fed)
    ]
    return {
        "tokens": tokens[:, :columns],
        "steps taken": len(fed),
        "fed to rows that had not ended": seen,
        "there are no more than max_len columns": tokens.shape[1] <= arguments["max_len"],
        **told,
    }


def stand_in(step: Any, state: Any, start_id: int, end_id: int, max_len: int) -> Any:
    """For whoever calls it: a table that is filled column by column."""
    some = state[0] if isinstance(state, tuple) else state
    table = torch.full((some.shape[-2], max_len + 1), end_id).to(some.device)
    table[:, 0] = start_id
    for column in range(max_len):
        going = (table[:, 1 : column + 1] != end_id).all(1)
        if not going.any():
            return table[:, 1 : column + 1]
        scores, state = step(table[:, column], state)
        table[going, column + 1] = scores.max(1).indices[going]
    return table[:, 1:]


changed = partial(edited, greedy_decode)
given = partial(but, greedy_decode)

CHOICE = "logits.argmax(dim=-1).masked_fill(ended, end_id)"
LOOP = "while len(columns) < max_len and not ended.all():"
STEP = "logits, state = step(tokens, state)"

HAND = "Take a batch of two rows, of which one ends at once, and write down every call of step."
FED = "What is step called with the second time? And the third time?"
AFTER = "Look at a row that ends long before the others."
LENGTH = "Count the calls of step, and the columns that you return."
STATE = (
    "The state may be (B, H), (L, B, H) or a tuple: on which axis is the batch in each of them?"
)

wrong = Mistakes()
printed(wrong, greedy_decode)
wrong.family(
    FED,
    (
        "always_the_start",
        changed({STEP: "logits, state = step(torch.full_like(tokens, start_id), state)"}),
        "every step is fed the start",
    ),
    (
        "state_forgotten",
        changed({STEP: "logits, _ = step(tokens, state)"}),
        "every step starts again from the first state",
    ),
    (
        "end_fed_first",
        changed({"start_id, dtype": "end_id, dtype"}),
        "the first step is fed the end",
    ),
    ("zeros_fed_first", given(start_id=lambda start: 0), "the first step is fed token 0"),
    (
        "choices_of_the_first_row",
        changed({STEP: "logits, state = step(tokens[:1].expand(len(tokens)).clone(), state)"}),
        "every row is fed the token of the first row",
    ),
    ("worst_token", changed({"argmax": "argmin"}), "the least likely token is taken"),
)
wrong.family(
    AFTER,
    (
        "goes_on_after_its_end",
        changed({".masked_fill(ended, end_id)": ""}),
        "rows go on after their end, as long as others do",
    ),
    (
        "zeros_after_the_end",
        changed(
            {
                ".masked_fill(ended, end_id)": "",
                "columns.append(tokens)": "columns.append(tokens * ~before)",
                "ended = ended |": "before = ended\n        ended = ended |",
            }
        ),
        "rows are filled with zeros after their end",
    ),
    (
        "starts_after_the_end",
        changed(
            {
                ".masked_fill(ended, end_id)": "",
                "columns.append(tokens)": "columns.append(tokens.masked_fill(before, start_id))",
                "ended = ended |": "before = ended\n        ended = ended |",
            }
        ),
        "rows are filled with the start after their end",
    ),
    (
        "last_token_repeated",
        changed(
            {
                CHOICE: "torch.where(ended, columns[-2] if len(columns) > 1 else tokens, "
                "logits.argmax(dim=-1))"
            }
        ),
        "rows that have ended repeat an older token",
    ),
    (
        "ended_only_together",
        changed(
            {
                ".masked_fill(ended, end_id)": "",
                "ended = ended | (tokens == end_id)": "ended = tokens == end_id",
            }
        ),
        "that a row has ended is forgotten at the next step",
    ),
    (
        "stops_with_the_first",
        changed({"not ended.all()": "not ended.any()"}),
        "generation stops when one row has ended",
    ),
    (
        "stops_with_the_first_row",
        changed({"not ended.all()": "not ended[0]"}),
        "generation stops when the first row has ended",
    ),
)
wrong.family(
    LENGTH,
    (
        "never_stops_early",
        changed({" and not ended.all()": ""}),
        "steps are taken until max_len, although all rows have ended",
    ),
    (
        "one_step_too_many",
        changed(
            {
                "columns: list": "over = False\n    columns: list",
                " and not ended.all()": " and not over",
                "        logits, state": "        over = bool(ended.all())\n        logits, state",
            }
        ),
        "one more step is taken after all rows have ended",
    ),
    (
        "without_the_end",
        changed({"columns.append(tokens)": "columns += [] if ended.all() else [tokens]"}),
        "the end that stops the generation is not kept",
    ),
    (
        "start_kept",
        changed(
            {
                "torch.stack(columns, dim=1)": "torch.stack([torch.full_like(tokens, start_id), "
                "*columns], dim=1)"
            }
        ),
        "the start is a part of the result",
    ),
    (
        "first_token_lost",
        changed({"torch.stack(columns, dim=1)": "torch.stack(columns[1:] or columns, dim=1)"}),
        "the first token that was generated is missing",
    ),
    ("one_more", given(max_len=lambda n: n + 1), "max_len + 1 tokens are generated"),
    ("one_less", given(max_len=lambda n: max(1, n - 1)), "max_len - 1 tokens are generated"),
)
wrong.add(
    "start_taken_for_an_end",
    changed(
        {
            "torch.zeros_like(tokens, dtype=torch.bool)": "(tokens == end_id) & "
            "(torch.ones_like(tokens) > 0)",
            "torch.stack(columns, dim=1)": "torch.stack(columns or [tokens], dim=1)",
        }
    ),
    "a start that is the same as the end ends every row. Which tokens can end a row: those that are fed, or those that are generated?",
)
wrong.add(
    "start_ends_a_row",
    changed({"(tokens == end_id)": "(tokens == end_id) | (tokens == start_id)"}),
    "a row also ends when it says start_id. Which of the ids ends a row?",
)
wrong.family(
    STATE,
    (
        "batch_in_front",
        changed({"first.shape[-2]": "first.shape[0]"}),
        "the size of the batch is read from the first axis of the state",
    ),
    (
        "layers_in_front",
        changed({"first.shape[-2]": "first.shape[1]"}),
        "the size of the batch is read from the second axis of the state, whatever axes it has",
    ),
    (
        "one_tensor",
        changed({"state if isinstance(state, Tensor) else state[0]": "state"}),
        "the state is taken for one tensor",
    ),
    (
        "always_a_tuple",
        changed({"state if isinstance(state, Tensor) else state[0]": "state[0]"}),
        "the first item of the state is taken, even where the state is a tensor",
    ),
    (
        "first_part_only",
        changed(
            {
                STEP: "logits, after = step(tokens, state)\n        state = after if isinstance("
                "state, Tensor) else (after[0], *state[1:])"
            }
        ),
        "of a state of two parts the first alone is carried on",
    ),
)
wrong.family(
    "Look at the shape of what step gives and of what you return.",
    (
        "over_the_batch",
        changed({"argmax(dim=-1)": "argmax(dim=0)[: len(tokens)]"}),
        "the largest logit is looked for among the rows and not among the tokens",
    ),
    ("transposed", given(returns=lambda found: found.T), "time comes before the batch"),
    ("first_row_only", given(returns=lambda found: found[0]), "the first row alone is returned"),
    ("a_list", given(returns=lambda found: found.tolist()), "a list is returned"),
    (
        "last_column",
        given(returns=lambda found: found[:, -1]),
        "only the last token of each row is returned",
    ),
    ("int32", given(returns=lambda found: found.int()), "the tokens that come back are not int64"),
    (
        "int32_fed",
        changed({"step(tokens, state)": "step(tokens.int(), state)"}),
        "step is fed tokens that are not int64",
    ),
    (
        "fed_as_a_column",
        changed({"step(tokens, state)": "step(tokens[:, None], state)"}),
        "step is fed tokens with an axis of size 1",
    ),
)
wrong.add(
    "of_exponentials",
    changed({"logits.argmax": "logits.exp().argmax"}),
    "the exponentials of the logits are compared, and those of large ones are all infinite. What is exp(1000)?",
)
wrong.add(
    "start_on_the_cpu",
    changed({", device=first.device": ""}),
    "the first tokens are made on the CPU, wherever the state is. On which device does torch.full make its tensor?",
)


def also(name: str, draw: Draw, why: str, **more: Any) -> Case:
    return Case(name=name, inputs=draw, why=why, value=False, **more)


EXERCISE = Exercise(
    reference=greedy_decode,
    inputs=inputs,
    points=10,
    axes={"B": 3, "H": 4, "V": 6},
    shapes={"words": "V H", "W_hh": "H H", "W_hy": "H V", "own": "B H", "state": "L B H"},
    scenario=decoded,
    view=view,
    stand_in=stand_in,
    cases=(
        Case(name="a state (B, H)", inputs=drawn(spread, B=5, form="(B, H)")),
        Case(
            name="rows that never end",
            inputs=drawn(some_never, max_len=6),
            why="Where a row has not ended after max_len steps, it has max_len tokens.",
        ),
        also(
            "logits in the millions",
            drawn(spread, B=5, loud=1e6),
            "The largest logit is the best token, however large it is.",
        ),
        also(
            "a state that is a tuple",
            drawn(spread, B=5, form="a tuple"),
            "The state may be a tuple, as (h, c) of an LSTM: hand it on as step gave it.",
        ),
        also(
            "a tuple of one tensor",
            drawn(spread, B=5, form="one in a tuple"),
            "A tuple may hold any number of tensors, one as well.",
        ),
        also(
            "a tuple on an accelerator",
            drawn(spread, B=5, form="a tuple"),
            "The first tokens belong on the device of the state.",
            device="accelerator",
            property=PLACEMENT,
        ),
        also(
            "all rows end at the first step",
            drawn(at_once, B=2, V=4),
            "Then one call of step is enough, and the result has one column that counts.",
        ),
        also(
            "the last row ends at the last step",
            drawn(at_the_last_step, max_len=5),
            "An end at step max_len belongs to the result as well.",
        ),
        also(
            "max_len 1",
            drawn(anything, max_len=1),
            "max_len is how many tokens a row may have, the start not counted.",
        ),
        also(
            "a start that is generated",
            drawn(start_inside),
            "start_id is a token like any other once it is generated.",
        ),
        also(
            "the start is the end",
            start_is_end,
            "Many vocabularies have one id for both: what is fed first ends nothing.",
        ),
    ),
    mistakes=wrong,
    look=HAND,
    when_right=(
        "The rows could also run on, and everything behind the first end_id of a row be "
        "overwritten afterwards; you would still have to notice when all rows have ended. Only "
        "what is generated can end a row: start_id may be the same number. And the batch is the "
        "last axis but one, which for a state (B, H) is the first, and for (1, B, H) is not. Next "
        "question: is the best token at each step also the best sentence? Section 9 looks into "
        "that."
    ),
)
