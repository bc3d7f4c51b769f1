"""What goes wrong in a beam search."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import torch

from autograder.spec import Mistakes, but, edited, printed
from solutions.lab8_seq2seq import beam_search

changed = partial(edited, beam_search)
given = partial(but, beam_search)

STAY = "sorted(extended, key=lambda one: -one[0])[:beam]"
EXTENDED = "(log_prob + more, tokens + [token], row)"
ANSWER = "max(finished or alive, key=lambda one: one[0])"
ROWS = "torch.tensor([row for *_, row in going], device=device)"
SCORES = "logits.log_softmax(dim=-1).tolist()"
RETURN = "return tokens, log_prob"
GOING = "[one for one in best if one[1][-1] != end_id]"

HAND = "Take a vocabulary of two tokens and a beam of 2, and draw the tree of three steps."
SUM = "What is the log-probability of a sequence of two tokens?"
ROW = "Which row of the state belongs to which hypothesis after the best were chosen?"
ENDS = "What happens to a hypothesis once it has ended, and what to those that have not?"
WHICH = "Which of the hypotheses is the answer?"
FORM = "Print what you return and its types."

wrong = Mistakes()
printed(wrong, beam_search)
wrong.family(
    HAND,
    ("greedy", given(beam=lambda beam: 1), "the beam makes no difference"),
    ("one_more", given(beam=lambda beam: beam + 1), "beam + 1 extensions stay"),
    ("one_less", given(beam=lambda beam: max(1, beam - 1)), "beam - 1 extensions stay"),
    ("worst", changed({"-one[0])[:beam]": "one[0])[:beam]"}), "the least likely extensions stay"),
    (
        "one_from_each",
        changed(
            {
                STAY: "sorted(extended, key=lambda one: -one[0])[:beam] if len(alive) == 1 else ["
                "max((one for one in extended if one[2] == row), key=lambda one: one[0]) "
                "for row in range(len(alive))]"
            }
        ),
        "each hypothesis keeps its own best extension",
    ),
    (
        "by_the_last_token",
        changed({STAY: "sorted(extended, key=lambda one: -scores[one[2]][one[1][-1]])[:beam]"}),
        "the best are chosen by their last token alone",
    ),
)
wrong.family(
    SUM,
    ("logits_added", changed({SCORES: "logits.tolist()"}), "logits are added up as they are"),
    (
        "probabilities_added",
        changed({SCORES: "logits.softmax(dim=-1).tolist()"}),
        "probabilities are added up",
    ),
    (
        "over_the_hypotheses",
        changed({SCORES: "logits.log_softmax(dim=0).tolist()"}),
        "the softmax runs over the hypotheses",
    ),
    (
        "last_token_only",
        changed({"(log_prob + more, tokens": "(more, tokens"}),
        "the log-probability of the last token alone counts",
    ),
    (
        "without_the_end",
        changed({EXTENDED: "(log_prob + more * (token != end_id), tokens + [token], row)"}),
        "the end costs nothing",
    ),
    (
        "end_not_in_the_sum",
        changed(
            {
                RETURN: "return tokens, log_prob - ends.get(tuple(tokens), 0.0)",
                "finished: list": "ends: dict[Any, float] = {}\n    finished: list",
                "going = [": "ends.update({tuple(one[1]): scores[one[2]][end_id] for one in best "
                "if one[1][-1] == end_id})\n        going = [",
            },
            Any=Any,
        ),
        "the log-probability that is returned lacks the end",
    ),
    (
        "divided",
        changed({RETURN: "return tokens, log_prob / len(tokens)"}),
        "the log-probability that is returned is divided by the number of tokens",
    ),
    (
        "a_probability",
        changed({RETURN: "return tokens, math.exp(log_prob)"}, math=math),
        "a probability is returned",
    ),
    (
        "a_loss",
        changed({RETURN: "return tokens, -log_prob"}),
        "the log-probability comes with the other sign",
    ),
)
wrong.add(
    "sum_of_exponentials",
    changed({SCORES: "(logits - logits.exp().sum(dim=-1, keepdim=True).log()).tolist()"}),
    "the exponentials of large logits are added up, which gives infinity. What is exp(1000)?",
)
wrong.add(
    "probabilities_multiplied",
    changed(
        {
            SCORES: "logits.softmax(dim=-1).tolist()",
            "[(0.0, [])]": "[(1.0, [])]",
            "log_prob + more": "log_prob * more",
            RETURN: "return tokens, math.log(log_prob or 5e-324)",
        },
        math=math,
    ),
    "probabilities are multiplied, and the logarithm is taken at the end. What is 0.1 to the power of 400, as a float?",
)
wrong.family(
    ROW,
    (
        "state_not_moved",
        changed({ROWS: "torch.arange(len(going), device=device).clamp(max=len(scores) - 1)"}),
        "the state stays in the order that the hypotheses had before",
    ),
    (
        "state_of_the_best",
        changed({ROWS: "torch.zeros(len(going), dtype=torch.int64, device=device)"}),
        "all hypotheses go on from the state of the best one",
    ),
    (
        "turned_state",
        changed({ROWS: "torch.tensor([row for *_, row in going[::-1]], device=device)"}),
        "the rows of the state come in the wrong order",
    ),
    (
        "state_forgotten",
        changed(
            {
                "logits, state = step(torch.tensor(last, device=device), state)": "logits, state = step(torch.tensor(last, device=device), rows(first, torch.zeros(len(last), dtype=torch.int64, device=device)))",
                "finished: list": "first = state\n    finished: list",
            }
        ),
        "every step starts from the first state",
    ),
    (
        "first_part_moved",
        changed(
            {
                "tuple(part.index_select(-2, chosen) for part in state)": "(state[0].index_select(-2, chosen), *(part.index_select(-2, torch.arange(len(chosen), device=chosen.device).clamp(max=part.shape[-2] - 1)) for part in state[1:]))"
            }
        ),
        "of a state of two parts the first alone is moved",
    ),
    (
        "along_the_layers",
        changed({"return state.index_select(-2, chosen)": "return state.index_select(0, chosen)"}),
        "the rows are taken from the first axis of the state",
    ),
    (
        "along_the_second_axis",
        changed({"return state.index_select(-2, chosen)": "return state.index_select(1, chosen)"}),
        "the rows are taken from the second axis of the state, whatever axes it has",
    ),
    (
        "last_token_of_the_best",
        changed(
            {
                "torch.tensor(last, device=device)": "torch.tensor(last[:1] * len(last), device=device)"
            }
        ),
        "every hypothesis is fed the last token of the best one",
    ),
    (
        "always_the_start",
        changed({"tokens[-1] if tokens else start_id": "start_id"}),
        "every step is fed the start",
    ),
    ("zeros_fed_first", given(start_id=lambda start: 0), "the first step is fed token 0"),
)
wrong.family(
    ENDS,
    (
        "end_is_nothing",
        changed({"tokens[-1] == end_id]": "False]", GOING: "best"}),
        "an end is a token like any other",
    ),
    (
        "places_lost",
        changed({"[:beam]": "[: beam - len(finished)]"}),
        "the beam is smaller by one for each that has finished",
    ),
    (
        "finished_compete",
        changed(
            {
                STAY: "sorted([*extended, *((score, words, -1) for score, words in finished)], "
                "key=lambda one: -one[0])[:beam]",
                "finished += [": "finished = [",
            }
        ),
        "those that have finished keep taking up places of the beam",
    ),
    (
        "first_end_wins",
        changed({"if not going:": "if not going or finished:"}),
        "the search stops when the first hypothesis ends",
    ),
    (
        "beam_ends_win",
        changed({"if not going:": "if not going or len(finished) >= beam:"}),
        "the search stops when `beam` hypotheses have finished",
    ),
    (
        "starts_again_from_the_old",
        changed({"break": "continue"}),
        "the search goes on with older hypotheses when none is alive",
    ),
    (
        "ends_thrown_away",
        changed({"tokens[-1] == end_id]": "False]"}),
        "hypotheses that end are dropped",
    ),
    ("one_step_more", given(max_len=lambda n: n + 1), "max_len + 1 tokens are allowed"),
    ("one_step_less", given(max_len=lambda n: max(1, n - 1)), "max_len - 1 tokens are allowed"),
    (
        "start_taken_for_an_end",
        changed(
            {
                "if tokens[-1] == end_id]": "if tokens[-1] in (end_id, start_id)]",
                GOING: "[one for one in best if one[1][-1] not in (end_id, start_id)]",
            }
        ),
        "a hypothesis also ends when it says start_id",
    ),
    (
        "start_may_end",
        changed({"for _ in range(max_len):": "for _ in range(max_len * (start_id != end_id)):"}),
        "a start that is the same as the end ends the search",
    ),
)
wrong.family(
    WHICH,
    (
        "last_finished",
        changed({ANSWER: "finished[-1] if finished else max(alive, key=lambda one: one[0])"}),
        "the last that finished is returned",
    ),
    (
        "best_of_both",
        changed({ANSWER: "max(finished + alive * (len(going) > 0), key=lambda one: one[0])"}),
        "one that has not finished is returned, although another has",
    ),
    (
        "by_length",
        changed({ANSWER: "max(finished or alive, key=lambda one: one[0] / len(one[1]))"}),
        "the answer is chosen by its log-probability per token",
    ),
    (
        "longest",
        changed({ANSWER: "max(finished or alive, key=lambda one: (len(one[1]), one[0]))"}),
        "the longest is returned",
    ),
    ("worst_of_them", changed({"max(finished": "min(finished"}), "the least likely is returned"),
    (
        "last_alive",
        changed({"finished or alive": "finished or alive[-1:]"}),
        "where none has finished, the last of those alive is returned",
    ),
    (
        "none_finished",
        changed({ANSWER: "max(finished, key=lambda one: one[0])"}),
        "one must have finished",
    ),
)


@wrong
def everything(step, state, start_id, end_id, max_len, beam):
    """the likeliest of all sequences is found, whatever the beam.
    How many extensions may stay at each step?"""
    room = 6**max_len if max_len < 6 else 999
    return beam_search(step, state, start_id, end_id, min(max_len, 9), room)


wrong.family(
    FORM,
    (
        "end_cut_off",
        given(returns=lambda pair: (pair[0][:-1], pair[1])),
        "the last token is missing",
    ),
    (
        "start_kept",
        changed({RETURN: "return [start_id, *tokens], log_prob"}),
        "the start is a part of the result",
    ),
    (
        "filled_up",
        changed({RETURN: "return tokens + [end_id] * (max_len - len(tokens)), log_prob"}),
        "the tokens are filled up to max_len",
    ),
    (
        "tokens_as_a_tensor",
        changed({RETURN: "return torch.tensor(tokens), log_prob"}),
        "the tokens come as a tensor",
    ),
    (
        "sum_as_a_tensor",
        given(returns=lambda pair: (pair[0], torch.tensor(pair[1], dtype=torch.float64))),
        "the log-probability comes as a tensor",
    ),
    ("tokens_only", given(returns=lambda pair: pair[0]), "the tokens alone are returned"),
    (
        "sum_first",
        given(returns=lambda pair: (pair[1], pair[0])),
        "the log-probability comes before the tokens",
    ),
)
wrong.family(
    "Where is the state, and which dtype does step ask for?",
    (
        "made_on_the_cpu",
        changed(
            {"step(torch.tensor(last, device=device), state)": "step(torch.tensor(last), state)"}
        ),
        "the tokens are made on the CPU, wherever the state is",
    ),
    (
        "int32_fed",
        changed(
            {
                "torch.tensor(last, device=device)": "torch.tensor(last, device=device, dtype=torch.int32)"
            }
        ),
        "step is fed tokens that are not int64",
    ),
)


@wrong
def topk(step, state, start_id, end_id, max_len, beam):
    """`beam` extensions are asked for even where there are fewer.
    How many extensions are there at the first step?"""

    def asking(tokens, state):
        logits, state = step(tokens, state)
        logits.flatten().topk(beam)
        return logits, state

    return beam_search(asking, state, start_id, end_id, max_len, beam)
