"""The best path of tags, by dynamic programming."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch

from autograder.spec import Case, Exercise, Mistakes, but, edited, printed
from exercises.lab7_tagging._draws import Draw, Floats, Ints, edge, unequal_lengths
from solutions.lab7_tagging import viterbi_decode

GAP = 0.02
"""By how much the best path is better than the second best, so that float32 finds it too."""


def all_scores(emission: Floats, transitions: Floats) -> Floats:
    """(C, …, C), one axis per step: the score of every path."""
    scores: Floats = emission[0]
    for row in emission[1:]:
        scores = scores[..., None] + transitions + row
    return scores


def clear(emission: Floats, transitions: Floats) -> bool:
    """Whether one path is best by GAP, and differs from what short-sighted rules would give."""
    scores = all_scores(emission, transitions)
    if scores.size < 2:
        return True
    second, first = np.partition(scores.ravel(), -2)[-2:]
    best = np.array(np.unravel_index(scores.argmax(), scores.shape))
    if len(emission) > 3 and (best == emission.argmax(axis=1)).all():
        return False
    return bool(first - second > GAP)


def inputs(rng: np.random.Generator, B: int, T: int, C: int) -> Mapping[str, Floats | Ints]:
    lengths = unequal_lengths(rng, B, T)
    transitions = 1.2 * rng.standard_normal((C, C))
    emissions = rng.standard_normal((B, T, C))
    for row, length in enumerate(lengths):
        while not clear(emissions[row, :length], transitions):
            emissions[row] = rng.standard_normal((T, C))
            if rng.random() < 0.02:
                return inputs(rng, B, T, C)
    return {"emissions": emissions, "transitions": transitions, "lengths": lengths}


def strong_transitions(rng: np.random.Generator) -> Mapping[str, Any]:
    """A ring of three tags that may only be gone round one way; the emissions know nothing of it."""
    ring = np.full((3, 3), -50.0) + rng.standard_normal((3, 3))
    ring[[0, 1, 2], [1, 2, 0]] = rng.uniform(0, 1, 3)
    lengths = np.array([7, 4, 6])
    emissions = rng.standard_normal((3, 7, 3))
    while not all(clear(emissions[b, : lengths[b]], ring) for b in range(3)):
        emissions = rng.standard_normal((3, 7, 3))
    return {"emissions": emissions, "transitions": ring, "lengths": lengths}


def no_transitions(rng: np.random.Generator) -> Mapping[str, Any]:
    draw = inputs(rng, 3, 5, 4)
    emissions = draw["emissions"].copy()
    np.put_along_axis(emissions, emissions.argmax(-1)[..., None], 4.0, axis=-1)
    return {**draw, "emissions": emissions, "transitions": np.zeros((4, 4))}


def loud_padding(rng: np.random.Generator) -> Mapping[str, Any]:
    """Padding with emissions that would carry away the path if they were read."""
    draw = inputs(rng, 3, 6, 4)
    emissions = draw["emissions"].copy()
    for row, length in enumerate(draw["lengths"]):
        emissions[row, length:] = 30 * rng.standard_normal((6 - length, 4))
    return {**draw, "emissions": emissions}


def moved_by(shift: float) -> Draw:
    """The same number added to every emission, which moves no path."""

    def draw(rng: np.random.Generator) -> Mapping[str, Any]:
        found = inputs(rng, 3, 5, 4)
        return {**found, "emissions": found["emissions"] + shift}

    return draw


def long_sequence(rng: np.random.Generator) -> Mapping[str, Any]:
    """Too long for trying all paths."""
    while True:
        emissions = rng.standard_normal((1, 60, 3))
        transitions = 1.2 * rng.standard_normal((3, 3))
        if second_best_gap(emissions[0], transitions) > GAP:
            lengths = np.array([60])
            return {"emissions": emissions, "transitions": transitions, "lengths": lengths}


def second_best_gap(emission: Floats, transitions: Floats) -> float:
    """How much the two best paths differ, by keeping the two best scores of each tag."""
    C = len(transitions)
    two = np.stack([emission[0], np.full(C, -np.inf)])
    for row in emission[1:]:
        every = (two[:, :, None] + transitions).reshape(2 * C, C)
        two = np.sort(every, axis=0)[:-3:-1] + row
    best = np.sort(two.ravel())[::-1]
    return float(best[0] - best[1])


def one_tag(rng: np.random.Generator) -> Mapping[str, Any]:
    return {
        "emissions": rng.standard_normal((2, 4, 1)),
        "transitions": rng.standard_normal((1, 1)),
        "lengths": np.array([4, 2]),
    }


changed = partial(edited, viterbi_decode)
given = partial(but, viterbi_decode)

HAND = "Take two steps and two tags, write down all four paths with their scores, and compare."
AXES = "transitions is [from, to]: which of its two axes does your maximum run over?"
BACK = "Print best and the notes of a sequence of three steps, and follow the notes by hand."
LENGTHS = "What does a sequence of length 2 in a batch of width 5 give?"
FORM = "Print the type of what you return, of its items and of the items of these."

VALID, WHOLE = "range(1, length)", "range(1, len(emission))"
ADDED_UP = {
    "best = emission[t] + score": "best = emission[t] + (best[:, None] + transitions).logsumexp(0)"
}
MASKED = """paths = []
    mask = torch.arange(emissions.shape[1]) < lengths[:, None]
    emissions = emissions * mask[:, :, None]"""
SCORES = "[float(e[range(len(p)), p].sum()) for e, p in zip(emissions, paths)]"


def searching_from(least: str) -> Any:
    """The program whose maximum starts from a number, at tag 0."""
    return changed(
        {
            "best = emission[t] + score": f"best = emission[t] + score.clamp(min={least})",
            "previous.tolist()": f"previous.where(score > {least}, 0).tolist()",
        }
    )


wrong = Mistakes()
printed(wrong, viterbi_decode)


@wrong
def greedy(emissions, transitions, lengths):
    """each step takes its own best tag.
    Where do the transitions enter?"""
    every = emissions.argmax(-1).tolist()
    return [row[:length] for row, length in zip(every, lengths.tolist(), strict=True)]


@wrong
def greedy_with_transitions(emissions, transitions, lengths):
    """each step takes the best tag after the one chosen before, for good.
    Can a later step change an earlier choice in your code?"""
    paths = []
    for emission, length in zip(emissions, lengths.tolist(), strict=True):
        path = [int(emission[0].argmax())]
        for row in emission[1:length]:
            path.append(int((transitions[path[-1]] + row).argmax()))
        paths.append(path)
    return paths


def best_end_of_each_step(emissions, transitions, lengths):
    paths = []
    for emission, length in zip(emissions, lengths.tolist(), strict=True):
        best = emission[0]
        path = [int(best.argmax())]
        for row in emission[1:length]:
            best = (best[:, None] + transitions).amax(0) + row
            path.append(int(best.argmax()))
        paths.append(path)
    return paths


wrong.family(
    AXES,
    ("turned", given(transitions=torch.t), "transitions is read as [to, from]"),
    (
        "along_the_wrong_axis",
        changed({"dim=0": "dim=1"}),
        "the maximum runs over where a step goes and not over where it comes from",
    ),
)
wrong.family(
    LENGTHS,
    ("all_steps", changed({VALID: WHOLE}), "padding is decoded too"),
    (
        "cut_afterwards",
        changed({VALID: WHOLE, "path[::-1]": "path[::-1][:length]"}),
        "the path through the padding is found first, and cut to its length then",
    ),
    (
        "filled_up",
        changed({"path[::-1]": "path[::-1] + [0] * (len(emission) - length)"}),
        "the paths are filled up to the width of the batch",
    ),
    ("one_step_short", given(lengths=lambda n: (n - 1).clamp(min=1)), "the last step is left out"),
)
wrong.add(
    "mask_on_the_cpu",
    edited(viterbi_decode, {"paths = []": MASKED}),
    "a new tensor, such as a mask, is made on the CPU, wherever the emissions are. On which device does torch.arange make its tensor?",
)
wrong.family(
    BACK,
    (
        "best_end_of_each_step",
        best_end_of_each_step,
        "the best tag is taken as soon as a step's scores are known",
    ),
    (
        "notes_from_the_front",
        changed({"reversed(came_from)": "came_from"}),
        "the notes are read from the first to the last",
    ),
    ("backwards", changed({"path[::-1]": "path"}), "the path comes from its end to its beginning"),
    (
        "always_from_the_last_tag",
        changed({"[path[-1]]": "[path[0]]"}),
        "the notes of every step are read at the last tag of the path",
    ),
    (
        "notes_one_step_early",
        changed({"reversed(came_from)": "reversed([[0] * len(best), *came_from][: length - 1])"}),
        "each step reads the notes of the step before it",
    ),
    (
        "first_tag_lost",
        changed({"path[::-1]": "path[::-1][1:]"}),
        "the first tag of the path is missing",
    ),
    ("from_tag_zero", changed({"int(best.argmax())": "0"}), "the way back starts at tag 0"),
    (
        "from_the_worst",
        changed({"best.argmax()": "best.argmin()"}),
        "the way back starts at the worst tag of the last step",
    ),
)
wrong.family(
    "From which score does your search for the largest one start?",
    *(
        (name, searching_from(least), f"only scores above {least} are found")
        for name, least in (("above_zero", "0.0"), ("above_ten_thousand_below", "-1e4"))
    ),
)
wrong.add(
    "worst_path",
    given(emissions=lambda e: -e, transitions=lambda a: -a),
    "the worst path is found. Which is better, a large score or a small one?",
)
wrong.add(
    "added_up",
    edited(viterbi_decode, ADDED_UP),
    "the scores of all paths into a tag are added up (logsumexp), not maximised. Compare your recursion with the one in the text.",
)
wrong.family(
    HAND,
    (
        "without_emissions",
        changed({"emission[t] + score": "score"}),
        "only the first emission counts",
    ),
    (
        "first_emission_left_out",
        changed({"emission[0]": "emission[0] * 0"}),
        "the first emission is left out",
    ),
    (
        "first_emission_twice",
        changed({"emission[0]": "emission[0] * 2"}),
        "the first emission counts twice",
    ),
    (
        "starts_with_a_transition",
        changed({"emission[0]": "emission[0] + transitions[0]"}),
        "a transition from tag 0 is added at the first step",
    ),
    (
        "forgets_the_past",
        changed({"emission[t] + score": "emission[t] + transitions.amax(dim=0)"}),
        "the best score so far is not carried on",
    ),
    (
        "multiplied",
        changed({"best[:, None] + transitions": "best[:, None] * transitions"}),
        "scores and transitions are multiplied",
    ),
    ("no_transitions", given(transitions=lambda a: a * 0.5), "the transitions count half"),
)
wrong.add(
    "first_sequence_only",
    given(returns=lambda paths: paths[:1]),
    "the path of the first sequence alone is returned. How far is your return indented?",
)
wrong.family(
    FORM,
    (
        "with_scores",
        changed({"return paths": f"return paths, {SCORES}"}),
        "scores come along with the paths",
    ),
    (
        "as_tensors",
        changed({"path[::-1]": "torch.tensor(path[::-1])"}),
        "each path comes as a tensor",
    ),
)


EXERCISE = Exercise(
    reference=viterbi_decode,
    inputs=inputs,
    points=14,
    axes={"B": 3, "T": 6, "C": 4},
    without=frozenset({"a long sequence"}),
    shapes={"emissions": "B T C", "transitions": "C C", "lengths": "B", "return": "B T"},
    cases=(
        Case(name="transitions that decide", inputs=strong_transitions),
        Case(name="padding with large emissions", inputs=loud_padding),
        Case(name="more tags than steps", inputs=lambda rng: inputs(rng, B=4, T=3, C=7)),
        Case(name="a long sequence", inputs=long_sequence),
        *(
            edge(
                f"emissions around {shift:g}",
                moved_by(shift),
                "The best path is the one with the largest score, however low that is.",
            )
            for shift in (-500.0, -2e4)
        ),
        edge(
            "no transitions",
            no_transitions,
            "Where all transitions are 0 the best path takes the best tag of each step.",
        ),
        edge("a single tag", one_tag, "With one tag there is one path."),
    ),
    mistakes=wrong,
    look=HAND,
    when_right=(
        "It also works from right to left: keep the best score of all ways to go on from each "
        "tag, and then read the path from the left, with nothing to be turned round. transitions "
        "is square, so [to, from] fits without an error. A search for the largest score that "
        "starts from 0 finds nothing where all scores are negative. Next question: put logsumexp "
        "in place of the maximum. What does the number at the end say about all C^T paths "
        "together?"
    ),
)
