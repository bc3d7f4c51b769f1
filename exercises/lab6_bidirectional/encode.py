"""A clean text as ids between a start and an end."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.spec import Case, Exercise, Mistakes, but
from exercises.lab6_bidirectional._draws import PLAIN_TEXT, SPECIAL, draw_words
from solutions.lab6_bidirectional import encode

Vocabulary = dict[str, int]
Ids = list[int]


def inputs(rng: np.random.Generator) -> Mapping[str, Any]:
    words = draw_words(rng, 11)
    known, strange = words[:8], words[8:]
    vocab = {word: n for n, word in enumerate([*SPECIAL, *known])}
    order = rng.permutation(8)
    text = [known[place] for place in order]
    text.insert(1, strange[0])
    text.insert(3, strange[1])
    text.insert(8, strange[2])
    return {"text": " ".join(text), "vocab": vocab, "max_length": 8}


def limited(max_length: int | None) -> Callable[[np.random.Generator], Mapping[str, Any]]:
    """Inputs with another limit; their text has 11 words."""
    return lambda rng: {**inputs(rng), "max_length": max_length}


def without_limit(rng: np.random.Generator) -> Mapping[str, Any]:
    drawn = inputs(rng)
    return {"text": " ".join([drawn["text"]] * 30), "vocab": drawn["vocab"]}


def no_words(rng: np.random.Generator) -> Mapping[str, Any]:
    return {**inputs(rng), "text": ""}


def encoding(
    words_of: Callable[[str], list[str]] = str.split,
    keep: Callable[[list[str], int], list[str]] = lambda words, limit: words[: limit - 2],
    lookup: Callable[[Vocabulary, str], int | None] = lambda vocab, word: vocab.get(word, 1),
    frame: Callable[[Ids], Ids] = lambda ids: [2, *ids, 3],
    cut: Callable[[Ids, int], Ids] = lambda ids, limit: ids,
) -> Callable[..., Ids]:
    """Encoding with one of its pieces replaced."""

    def changed(text: str, vocab: Vocabulary, max_length: int | None = None) -> Ids:
        words = words_of(text)
        if max_length is not None:
            words = keep(words, max_length)
        found = [lookup(vocab, word) for word in words]
        ids = frame([n for n in found if n is not None])
        return ids if max_length is None else cut(ids, max_length)

    return changed


def everything(words: list[str], limit: int) -> list[str]:
    return words


def keeps_the_last(words: list[str], limit: int) -> list[str]:
    return words[max(0, len(words) - (limit - 2)) :]


wrong = Mistakes()


@wrong
def default_limit(text: str, vocab: Vocabulary, max_length: int | None = 100) -> Ids:
    """a text is cut although no limit was given.
    Compare your signature with the one in the exercise."""
    return encode(text, vocab, max_length)


def learns(vocab: Vocabulary, word: str) -> int:
    return vocab.setdefault(word, len(vocab))


@wrong
def notes_the_unknown(text: str, vocab: Vocabulary, max_length: int | None = None) -> Ids:
    """the ids are right and the vocabulary has grown.
    Compare the vocabulary before and after the call."""
    ids = encode(text, vocab, max_length)
    for word in text.split():
        vocab.setdefault(word, 1)
    return ids


def cut_then_end(text: str, vocab: Vocabulary, max_length: int | None = None) -> Ids:
    ids = [vocab["<START>"]]
    for word in text.split():
        ids.append(vocab[word] if word in vocab else vocab["<UNK>"])
    ids.append(vocab["<END>"])
    if max_length is not None and len(ids) > max_length:
        ids = ids[: max_length - 1] + ids[-1:]
    return ids


def with_a_break(text: str, vocab: Vocabulary, max_length: int | None = None) -> Ids:
    limit = float("inf") if max_length is None else max_length
    ids = [vocab["<START>"]]
    for word in text.split(" "):
        if len(ids) + 1 >= limit or not word:
            break
        ids.append(vocab.get(word, vocab["<UNK>"]))
    return ids + [vocab["<END>"]]


def by_marked_text(text: str, vocab: Vocabulary, max_length: int | None = None) -> tuple[int, ...]:
    words = ["<START>", *text.split(), "<END>"]
    if max_length and len(words) > max_length:
        del words[max_length - 1 : -1]
    return tuple(vocab.get(word, 1) for word in words)


wrong.add(
    "end_cut_off",
    encoding(keep=everything, cut=lambda ids, limit: ids[:limit]),
    "the end id is cut off with the last words. Look at the last id of a text that is too long.",
)
wrong.add(
    "limit_for_words_only",
    encoding(keep=lambda words, limit: words[:limit]),
    "max_length counts the words without start and end. How long is your list when the text is too long?",
)
wrong.add(
    "one_too_many",
    encoding(keep=lambda words, limit: words[: limit - 1]),
    "the list is one id longer than max_length. How long is your list when the text is too long?",
)
wrong.add(
    "one_too_few",
    encoding(keep=lambda words, limit: words[: max(0, limit - 3)]),
    "one word more is cut than need be. How long is your list when the text is too long?",
)
wrong.add(
    "max_length_ignored",
    encoding(keep=everything),
    "the text is never cut. How long is your list when the text is too long?",
)
wrong.add(
    "keeps_the_last",
    encoding(keep=keeps_the_last),
    "the first words are cut away and the last ones stay. Which words does a text lose that is too long?",
)
wrong.add(
    "always_overwrites_the_end",
    encoding(keep=everything, cut=lambda ids, limit: [*ids[: limit - 1], 3]),
    "an end id is written over or behind a text that had one and did fit. Look at the last two ids of a short text.",
)
wrong.add(
    "unknown_left_out",
    encoding(lookup=lambda vocab, word: vocab.get(word)),
    "unknown words are left out. Count the ids: one for each word?",
)
wrong.add(
    "unknown_as_padding",
    encoding(lookup=lambda vocab, word: vocab.get(word, 0)),
    "unknown words get the id of the padding. Which id stands for a word that the vocabulary does not know?",
)
wrong.add(
    "unknown_as_end",
    encoding(lookup=lambda vocab, word: vocab.get(word, 3)),
    "unknown words get the id of the end. Which id stands for a word that the vocabulary does not know?",
)
wrong.add(
    "unknown_minus_one",
    encoding(lookup=lambda vocab, word: vocab.get(word, -1)),
    "unknown words get an id that is none. Which id stands for a word that the vocabulary does not know?",
)
wrong.add(
    "unknown_raises",
    encoding(lookup=lambda vocab, word: vocab[word]),
    "an unknown word stops the program. What happens when a word is not in the dict?",
)
wrong.add(
    "no_start",
    encoding(frame=lambda ids: [*ids, 3]),
    "the start is missing. Look at the first id.",
)
wrong.add(
    "no_end", encoding(frame=lambda ids: [2, *ids]), "the end is missing. Look at the last id."
)
wrong.add(
    "no_frame",
    encoding(frame=lambda ids: ids),
    "start and end are missing. Look at the first and the last id.",
)
wrong.add(
    "start_and_end_swapped",
    encoding(frame=lambda ids: [3, *ids, 2]),
    "start and end have changed places. Look at the first and the last id.",
)
wrong.add(
    "padded",
    encoding(cut=lambda ids, limit: ids + [0] * (limit - len(ids))),
    "short texts are filled up to max_length. How long is your list when the text is short?",
)
wrong.add(
    "letters",
    encoding(words_of=list),
    "letters are looked up in place of words. What does a loop over a text give you?",
)
wrong.add(
    "vocabulary_learns",
    encoding(lookup=learns),
    "unknown words are added to the vocabulary. Compare the vocabulary before and after the call.",
)
wrong.add(
    "as_text",
    but(encode, returns=lambda ids: [str(n) for n in ids]),
    "the ids come back as texts. Look at the type of what is in your list.",
)


EXERCISE = Exercise(
    reference=encode,
    inputs=inputs,
    points=7,
    without=PLAIN_TEXT,
    cases=(
        Case(name="max_length None", inputs=limited(None)),
        Case(name="a long text, max_length left out", inputs=without_limit),
        Case(name="a text that just fits", inputs=limited(13)),
        Case(name="one word too many", inputs=limited(12)),
        Case(
            name="room to spare",
            inputs=limited(20),
            value=False,
            why="A text that fits comes out as if there were no limit.",
        ),
        Case(
            name="max_length 3",
            inputs=limited(3),
            value=False,
            why="Three ids are start, one word and end.",
        ),
        Case(
            name="max_length 2",
            inputs=limited(2),
            value=False,
            why="Two ids are start and end: no word fits between them.",
        ),
        Case(
            name="a text without words",
            inputs=no_words,
            value=False,
            why="Without words, start and end are what is left.",
        ),
    ),
    mistakes=wrong,
    also_right=(cut_then_end, with_a_break, by_marked_text),
    look="Write down the ids that are due for a text of three words and max_length = 4.",
)
