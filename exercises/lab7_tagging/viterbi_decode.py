"""The best path of tags, by dynamic programming."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.spec import Case, Exercise, Mistakes, but
from exercises.lab7_tagging._draws import Floats, Ints, unequal_lengths
from solutions.lab7_tagging import viterbi_decode

Paths = list[list[int]]
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


def of_size(B: int, T: int, C: int) -> Callable[[np.random.Generator], Mapping[str, Any]]:
    return lambda rng: inputs(rng, B, T, C)


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


def decoding(
    *,
    start: Callable[[Tensor, Tensor], Tensor] | None = None,
    step: Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]] | None = None,
    follow: Callable[[Tensor, list[list[int]]], list[int]] | None = None,
) -> Callable[..., Paths]:
    """viterbi_decode with its beginning, its step or its way back changed."""

    def own_step(best: Tensor, transitions: Tensor, emission: Tensor) -> tuple[Tensor, Tensor]:
        score, previous = (best[:, None] + transitions).max(dim=0)
        return score + emission, previous

    def changed(emissions: Tensor, transitions: Tensor, lengths: Tensor) -> Paths:
        paths = []
        for emission, length in zip(emissions, lengths.tolist(), strict=True):
            best = emission[0] if start is None else start(emission[0], transitions)
            came_from = []
            for t in range(1, length):
                best, previous = (step or own_step)(best, transitions, emission[t])
                came_from.append(previous.tolist())
            paths.append((follow or way_back)(best, came_from))
        return paths

    return changed


def way_back(best: Tensor, came_from: list[list[int]]) -> list[int]:
    path = [int(best.argmax())]
    for previous in reversed(came_from):
        path.append(previous[path[-1]])
    return path[::-1]


def backwards(best: Tensor, came_from: list[list[int]]) -> list[int]:
    return way_back(best, came_from)[::-1]


def notes_from_the_front(best: Tensor, came_from: list[list[int]]) -> list[int]:
    path = [int(best.argmax())]
    for previous in came_from:
        path.append(previous[path[-1]])
    return path[::-1]


def first_tag_lost(best: Tensor, came_from: list[list[int]]) -> list[int]:
    return way_back(best, came_from)[1:]


def from_tag_zero(best: Tensor, came_from: list[list[int]]) -> list[int]:
    return way_back(best * 0, came_from)


def from_the_worst(best: Tensor, came_from: list[list[int]]) -> list[int]:
    return way_back(-best, came_from)


def without_emissions(
    best: Tensor, transitions: Tensor, emission: Tensor
) -> tuple[Tensor, Tensor]:
    score, previous = (best[:, None] + transitions).max(dim=0)
    return score, previous


def forgets_the_past(best: Tensor, transitions: Tensor, emission: Tensor) -> tuple[Tensor, Tensor]:
    _, previous = (best[:, None] + transitions).max(dim=0)
    return transitions.amax(dim=0) + emission, previous


def added_up(best: Tensor, transitions: Tensor, emission: Tensor) -> tuple[Tensor, Tensor]:
    every = best[:, None] + transitions
    return every.logsumexp(0) + emission, every.argmax(0)


def along_the_wrong_axis(
    best: Tensor, transitions: Tensor, emission: Tensor
) -> tuple[Tensor, Tensor]:
    score, previous = (best[:, None] + transitions).max(dim=1)
    return score + emission, previous


def multiplied(best: Tensor, transitions: Tensor, emission: Tensor) -> tuple[Tensor, Tensor]:
    score, previous = (best[:, None] * transitions).max(dim=0)
    return score + emission, previous


wrong = Mistakes()


@wrong
def greedy(emissions: Tensor, transitions: Tensor, lengths: Tensor) -> Paths:
    """each step takes its own best tag.
    Where do the transitions enter?"""
    every = emissions.argmax(-1).tolist()
    return [row[:length] for row, length in zip(every, lengths.tolist(), strict=True)]


@wrong
def greedy_with_transitions(emissions: Tensor, transitions: Tensor, lengths: Tensor) -> Paths:
    """each step takes the best tag after the one chosen before, for good.
    Can a later step change an earlier choice in your code?"""
    paths = []
    for emission, length in zip(emissions, lengths.tolist(), strict=True):
        path = [int(emission[0].argmax())]
        for row in emission[1:length]:
            path.append(int((transitions[path[-1]] + row).argmax()))
        paths.append(path)
    return paths


def best_end_of_each_step(emissions: Tensor, transitions: Tensor, lengths: Tensor) -> Paths:
    paths = []
    for emission, length in zip(emissions, lengths.tolist(), strict=True):
        best = emission[0]
        path = [int(best.argmax())]
        for row in emission[1:length]:
            best = (best[:, None] + transitions).amax(0) + row
            path.append(int(best.argmax()))
        paths.append(path)
    return paths


def all_steps(emissions: Tensor, transitions: Tensor, lengths: Tensor) -> Paths:
    return viterbi_decode(emissions, transitions, lengths * 0 + emissions.shape[1])


def cut_afterwards(emissions: Tensor, transitions: Tensor, lengths: Tensor) -> Paths:
    whole = all_steps(emissions, transitions, lengths)
    return [path[:length] for path, length in zip(whole, lengths.tolist(), strict=True)]


@wrong
def mask_on_the_cpu(emissions: Tensor, transitions: Tensor, lengths: Tensor) -> Paths:
    """a new tensor, such as a mask, is made on the CPU, wherever the emissions are.
    On which device does torch.arange make its tensor?"""
    mask = torch.arange(emissions.shape[1]) < lengths[:, None]
    return viterbi_decode(emissions * mask[:, :, None], transitions, lengths)


def filled_up(emissions: Tensor, transitions: Tensor, lengths: Tensor) -> Paths:
    T = emissions.shape[1]
    return [
        path + [0] * (T - len(path)) for path in viterbi_decode(emissions, transitions, lengths)
    ]


def with_scores(emissions: Tensor, transitions: Tensor, lengths: Tensor) -> Any:
    paths = viterbi_decode(emissions, transitions, lengths)
    return paths, [float(e[range(len(p)), p].sum()) for e, p in zip(emissions, paths, strict=True)]


def as_tensors(emissions: Tensor, transitions: Tensor, lengths: Tensor) -> Any:
    return [torch.tensor(path) for path in viterbi_decode(emissions, transitions, lengths)]


def by_trying_all(emissions: Tensor, transitions: Tensor, lengths: Tensor) -> Any:
    """All paths where these are few, else the best path kept whole for each tag."""
    paths = []
    for emission, length in zip(emissions.numpy(), lengths.tolist(), strict=True):
        if transitions.shape[0] ** length < 300_000:
            scores = all_scores(emission[:length], transitions.numpy())
            paths.append([int(tag) for tag in np.unravel_index(scores.argmax(), scores.shape)])
        else:
            paths.append(whole_paths(torch.from_numpy(emission[:length]), transitions))
    return paths


def whole_paths(emission: Tensor, transitions: Tensor) -> list[int]:
    kept = [(float(score), [tag]) for tag, score in enumerate(emission[0])]
    for row in emission[1:].tolist():
        kept = [
            max(
                (score + float(transitions[path[-1], tag]) + own, [*path, tag])
                for score, path in kept
            )
            for tag, own in enumerate(row)
        ]
    return max(kept)[1]


def batch_at_once(emissions: Tensor, transitions: Tensor, lengths: Tensor) -> Any:
    """Padding passes the scores on, and its notes point to the tag itself."""
    T, C = emissions.shape[1:]
    best, notes = emissions[:, 0], []
    for t in range(1, T):
        score, previous = (best.unsqueeze(2) + transitions.unsqueeze(0)).max(dim=1)
        alive = (t < lengths).unsqueeze(1)
        best = torch.where(alive, score + emissions[:, t], best)
        notes.append(torch.where(alive, previous, torch.arange(C, device=best.device)))
    tag = best.argmax(1)
    tags = [tag]
    for previous in reversed(notes):
        tag = previous.gather(1, tag.unsqueeze(1)).squeeze(1)
        tags.insert(0, tag)
    table = torch.stack(tags, 1)
    return [row[:length].tolist() for row, length in zip(table, lengths, strict=True)]


def in_numpy(emissions: Tensor, transitions: Tensor, lengths: Tensor) -> Any:
    """From the end: what is still to be had from each tag on; NumPy's own integers in tuples."""
    found = []
    step = transitions.numpy()
    for emission, length in zip(emissions.numpy(), lengths.numpy(), strict=True):
        ahead = np.zeros(len(step), dtype=emission.dtype)
        following: list[Any] = []
        for t in range(length - 1, 0, -1):
            every = step + emission[t] + ahead
            following.insert(0, every.argmax(axis=1))
            ahead = every.max(axis=1)
        tag = np.argmax(emission[0] + ahead)
        path = [tag]
        for choice in following:
            tag = choice[tag]
            path.append(tag)
        found.append(tuple(path))
    return found


HAND = "Take two steps and two tags, write down all four paths with their scores, and compare."
AXES = "transitions is [from, to]: which of its two axes does your maximum run over?"
BACK = "Print best and the notes of a sequence of three steps, and follow the notes by hand."
LENGTHS = "What does a sequence of length 2 in a batch of width 5 give?"
FORM = "Print the type of what you return, of its items and of the items of these."

wrong.add(
    "best_end_of_each_step",
    best_end_of_each_step,
    "the best tag is taken as soon as a step's scores are known. " + BACK,
)
wrong.add(
    "turned",
    but(viterbi_decode, transitions=lambda a: a.T),
    "transitions is read as [to, from]. " + AXES,
)
wrong.add(
    "along_the_wrong_axis",
    decoding(step=along_the_wrong_axis),
    "the maximum runs over where a step goes and not over where it comes from. " + AXES,
)
wrong.add("all_steps", all_steps, "padding is decoded too. " + LENGTHS)
wrong.add(
    "cut_afterwards",
    cut_afterwards,
    "the path through the padding is found first, and cut to its length then. " + LENGTHS,
)
wrong.add("filled_up", filled_up, "the paths are filled up to the width of the batch. " + LENGTHS)
wrong.add(
    "one_step_short",
    but(viterbi_decode, lengths=lambda n: (n - 1).clamp(min=1)),
    "the last step is left out. " + LENGTHS,
)
wrong.add(
    "notes_from_the_front",
    decoding(follow=notes_from_the_front),
    "the notes are read from the first to the last. " + BACK,
)
wrong.add(
    "backwards",
    decoding(follow=backwards),
    "the path comes from its end to its beginning. " + BACK,
)
wrong.add(
    "first_tag_lost",
    decoding(follow=first_tag_lost),
    "the first tag of the path is missing. " + BACK,
)
wrong.add("from_tag_zero", decoding(follow=from_tag_zero), "the way back starts at tag 0. " + BACK)
wrong.add(
    "from_the_worst",
    decoding(follow=from_the_worst),
    "the way back starts at the worst tag of the last step. " + BACK,
)
wrong.add(
    "worst_path",
    but(viterbi_decode, emissions=lambda e: -e, transitions=lambda a: -a),
    "the worst path is found. Which is better, a large score or a small one?",
)
wrong.add(
    "added_up",
    decoding(step=added_up),
    "the scores of all paths into a tag are added up (logsumexp), not maximised. Compare your recursion with the one in the text.",
)
wrong.add(
    "without_emissions",
    decoding(step=without_emissions),
    "only the first emission counts. " + HAND,
)
wrong.add(
    "first_emission_left_out",
    decoding(start=lambda e, a: e * 0),
    "the first emission is left out. " + HAND,
)
wrong.add(
    "first_emission_twice",
    decoding(start=lambda e, a: 2 * e),
    "the first emission counts twice. " + HAND,
)
wrong.add(
    "starts_with_a_transition",
    decoding(start=lambda e, a: e + a[0]),
    "a transition from tag 0 is added at the first step. " + HAND,
)
wrong.add(
    "forgets_the_past",
    decoding(step=forgets_the_past),
    "the best score so far is not carried on. " + HAND,
)
wrong.add(
    "multiplied", decoding(step=multiplied), "scores and transitions are multiplied. " + HAND
)
wrong.add(
    "no_transitions",
    but(viterbi_decode, transitions=lambda a: a * 0.5),
    "the transitions count half. " + HAND,
)
wrong.add("with_scores", with_scores, "scores come along with the paths. " + FORM)
wrong.add("as_tensors", as_tensors, "each path comes as a tensor. " + FORM)


EXERCISE = Exercise(
    reference=viterbi_decode,
    inputs=inputs,
    points=14,
    axes={"B": 3, "T": 6, "C": 4},
    shapes={"emissions": "B T C", "transitions": "C C", "lengths": "B"},
    cases=(
        Case(name="transitions that decide", inputs=strong_transitions),
        Case(name="padding with large emissions", inputs=loud_padding),
        Case(name="more tags than steps", inputs=of_size(4, 3, 7)),
        Case(name="a long sequence", inputs=long_sequence),
        Case(
            name="no transitions",
            inputs=no_transitions,
            value=False,
            why="Where all transitions are 0 the best path takes the best tag of each step.",
        ),
        Case(
            name="a single tag", inputs=one_tag, value=False, why="With one tag there is one path."
        ),
    ),
    mistakes=wrong,
    also_right=(by_trying_all, batch_at_once, in_numpy),
    look=HAND,
)
