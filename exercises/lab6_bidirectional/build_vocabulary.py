"""A vocabulary: special words first, then words by how often they occur."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.spec import Case, Exercise, Mistakes, but
from exercises.lab6_bidirectional._draws import PLAIN_TEXT, SPECIAL, draw_words, words_of
from solutions.lab6_bidirectional import build_vocabulary

Texts = list[str]
Vocabulary = dict[str, int]

COUNTS = (1, 3, 2, 6, 3, 1, 2, 3, 4)
"""How often each word occurs, in the order of first appearance."""


def inputs(rng: np.random.Generator, max_size: int = 10) -> Mapping[str, Any]:
    words = draw_words(rng, len(COUNTS))
    for count in set(COUNTS):
        places = [place for place, other in enumerate(COUNTS) if other == count]
        tied = sorted(words[place] for place in places)
        for place, word in zip(places, tied[-1:] + tied[:-1], strict=True):
            words[place] = word
    first = [words[:3], words[3:6], words[6:]]
    later: list[list[str]] = [[], [], []]
    for place, (word, count) in enumerate(zip(words, COUNTS, strict=True)):
        for _ in range(count - 1):
            own = place // 3
            later[own if count == 6 else int(rng.integers(own, 3))].append(word)
    for line in later:
        rng.shuffle(line)
    texts = [" ".join([*new, *again]) for new, again in zip(first, later, strict=True)]
    return {"texts": texts, "max_size": max_size}


def sized(max_size: int) -> Callable[[np.random.Generator], Mapping[str, Any]]:
    """Inputs with another max_size."""
    return lambda rng: inputs(rng, max_size)


def without_words(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"texts": ["", ""], "max_size": 20}


def without_texts(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"texts": [], "max_size": 20}


def ordered(texts: Texts) -> list[str]:
    """The words by falling count, ties by first appearance."""
    counts = Counter(words_of(texts))
    return sorted(counts, key=lambda word: -counts[word])


def numbered(
    order: Callable[[Texts], list[str]] = ordered,
    special: tuple[str, ...] = SPECIAL,
    start: int = 0,
    room: Callable[[int], int] = lambda max_size: max_size,
    least: int = 4,
) -> Callable[[Texts, int], Vocabulary]:
    """A vocabulary with one of its pieces replaced."""

    def changed(texts: Texts, max_size: int) -> Vocabulary:
        if max_size < least:
            raise ValueError(f"max_size is {max_size}")
        words = [*special, *order(texts)][: room(max_size)]
        return {word: n + (start if n >= len(special) else 0) for n, word in enumerate(words)}

    return changed


def rising(texts: Texts) -> list[str]:
    counts = Counter(words_of(texts))
    return sorted(counts, key=lambda word: counts[word])


def turned_round(texts: Texts) -> list[str]:
    counts = Counter(words_of(texts))
    return sorted(counts, key=lambda word: counts[word])[::-1]


def ties_by_alphabet(texts: Texts) -> list[str]:
    counts = Counter(words_of(texts))
    return sorted(counts, key=lambda word: (-counts[word], word))


def ties_by_reversed_alphabet(texts: Texts) -> list[str]:
    counts = Counter(words_of(texts))
    return sorted(counts, key=lambda word: (counts[word], word), reverse=True)


def by_alphabet(texts: Texts) -> list[str]:
    return sorted(set(words_of(texts)))


def by_appearance(texts: Texts) -> list[str]:
    return list(dict.fromkeys(words_of(texts)))


def by_number_of_texts(texts: Texts) -> list[str]:
    counts = Counter(word for text in texts for word in dict.fromkeys(text.split()))
    return [word for word, _ in counts.most_common()]


def letters(texts: Texts) -> list[str]:
    return [letter for letter, _ in Counter("".join(texts)).most_common()]


def last_text_only(texts: Texts) -> list[str]:
    return ordered(texts[-1:])


wrong = Mistakes()


@wrong
def words_from_zero(texts: Texts, max_size: int) -> Vocabulary:
    """the ids of the words start at 0 again.
    Which ids are spoken for by the special words?"""
    found = build_vocabulary(texts, max_size)
    return {word: n if n < 4 else n - 4 for word, n in found.items()}


@wrong
def inverse(texts: Texts, max_size: int) -> dict[int, str]:
    """the dict leads from ids to words.
    Which of the two do you look up, and which do you get?"""
    return {n: word for word, n in build_vocabulary(texts, max_size).items()}


@wrong
def special_words_last(texts: Texts, max_size: int) -> Vocabulary:
    """the special words come behind the others.
    Which id has <PAD>?"""
    if max_size < 4:
        raise ValueError("max_size is below 4")
    words = [*ordered(texts)[: max_size - 4], *SPECIAL]
    return {word: n for n, word in enumerate(words)}


@wrong
def an_error_of_another_type(texts: Texts, max_size: int) -> Vocabulary:
    """too small a max_size raises another error than a ValueError.
    Which exception does the exercise name?"""
    assert max_size >= 4, "max_size is below 4"
    return build_vocabulary(texts, max_size)


def most_common(texts: Texts, max_size: int) -> Vocabulary:
    if max_size < 4:
        raise ValueError(f"max_size must be at least 4, not {max_size}")
    vocab = {"<PAD>": 0, "<UNK>": 1, "<START>": 2, "<END>": 3}
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(text.split())
    for word, _ in counts.most_common(max_size - 4):
        vocab[word] = len(vocab)
    return vocab


def by_hand(texts: Texts, max_size: int) -> Vocabulary:
    if not max_size >= 4:
        raise ValueError("max_size: too small for the special words")
    counts: dict[str, int] = defaultdict(int)
    place: dict[str, int] = {}
    for number, word in enumerate(words_of(texts)):
        counts[word] += 1
        place.setdefault(word, number)
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], place[pair[0]]))
    kept = [word for word, _ in ranked][: max_size - 4]
    return dict(zip([*SPECIAL, *kept], range(max_size), strict=False))


def cut_while_counting(texts: Texts, max_size: int) -> Vocabulary:
    if max_size in (0, 1, 2, 3) or max_size < 0:
        raise ValueError("max_size must leave room for four special words")
    every = " ".join(texts).split()
    vocab = {word: n for n, word in enumerate(SPECIAL)}
    left = list(dict.fromkeys(every))
    while left and len(vocab) < max_size:
        best = max(left, key=every.count)
        left.remove(best)
        vocab[best] = len(vocab)
    return vocab


wrong.add(
    "room_for_words_only",
    numbered(room=lambda max_size: max_size + 4),
    "max_size counts the words without the special ones. How many entries has your vocabulary in all?",
)
wrong.add(
    "one_entry_short",
    numbered(room=lambda max_size: max(4, max_size - 1)),
    "the vocabulary has one entry less than there is room for. How many entries has your vocabulary in all?",
)
wrong.add(
    "one_entry_more",
    numbered(room=lambda max_size: max_size + 1),
    "the vocabulary has one entry more than there is room for. How many entries has your vocabulary in all?",
)
wrong.add(
    "max_size_ignored",
    numbered(room=lambda max_size: 10**6),
    "the vocabulary is never cut. How many entries has your vocabulary in all?",
)
wrong.add(
    "rarest_first",
    numbered(rising),
    "the rarest words come first. Which words should stay when there is little room?",
)
wrong.add(
    "turned_round",
    numbered(turned_round),
    "words with equal counts stand in the reverse order of their appearance. What does turning a sorted list round do to words with equal counts?",
)
wrong.add(
    "ties_by_alphabet",
    numbered(ties_by_alphabet),
    "words with equal counts stand in the order of the alphabet. Which of two equally frequent words comes first?",
)
wrong.add(
    "ties_by_reversed_alphabet",
    numbered(ties_by_reversed_alphabet),
    "words with equal counts stand in the reverse order of the alphabet. Which of two equally frequent words comes first?",
)
wrong.add(
    "by_alphabet",
    numbered(by_alphabet),
    "the words stand in the order of the alphabet. What decides which words stay when there is little room?",
)
wrong.add(
    "by_appearance",
    numbered(by_appearance),
    "the words stand in the order of their first appearance, uncounted. What decides which words stay when there is little room?",
)
wrong.add(
    "by_number_of_texts",
    numbered(by_number_of_texts),
    "a word counts once per text, however often it stands there. Count a word that stands three times in one text.",
)
wrong.add(
    "letters",
    numbered(letters),
    "letters are counted in place of words. What does a loop over a text give you?",
)
wrong.add(
    "last_text_only",
    numbered(last_text_only),
    "only the last text is counted. Is your counter started afresh for each text?",
)
wrong.add(
    "words_from_five",
    numbered(start=1),
    "the ids of the words start one too high. Which is the first free id?",
)
wrong.add(
    "unk_first",
    numbered(special=("<UNK>", "<PAD>", "<START>", "<END>")),
    "the ids of <PAD> and <UNK> are interchanged. Compare the ids of the special words with the exercise.",
)
wrong.add(
    "end_first",
    numbered(special=("<PAD>", "<UNK>", "<END>", "<START>")),
    "the ids of <START> and <END> are interchanged. Compare the ids of the special words with the exercise.",
)
wrong.add(
    "two_special_words",
    numbered(special=("<PAD>", "<UNK>")),
    "there is no <START> and no <END>. Compare the special words with the exercise.",
)
wrong.add(
    "small_special_words",
    numbered(special=tuple(word.lower() for word in SPECIAL)),
    "the special words are spelled in small letters. Compare the special words with the exercise, letter by letter.",
)
wrong.add(
    "never_refuses",
    numbered(least=-1),
    "a max_size below 4 is accepted. What does your function do for max_size = 3?",
)
wrong.add(
    "refuses_four",
    numbered(least=5),
    "max_size = 4 is refused. Which is the smallest max_size in which the special words fit?",
)
wrong.add(
    "refuses_below_three",
    numbered(least=3),
    "max_size = 3 is accepted. Which is the smallest max_size in which the special words fit?",
)
wrong.add(
    "only_the_words",
    but(build_vocabulary, returns=list),
    "a list comes back. Look at the type of what you return.",
)


EXERCISE = Exercise(
    reference=build_vocabulary,
    inputs=inputs,
    points=9,
    without=PLAIN_TEXT,
    cases=(
        Case(name="room to spare", inputs=sized(50)),
        Case(name="room for one word", inputs=sized(5)),
        Case(
            name="room for the special words only",
            inputs=sized(4),
            value=False,
            why="max_size = 4 is allowed: the special words just fit.",
        ),
        Case(
            name="max_size 3",
            inputs=sized(3),
            value=False,
            raises=ValueError,
            mentions="max_size",
            why="Below 4 the special words do not fit: raise a ValueError.",
        ),
        Case(
            name="max_size 0",
            inputs=sized(0),
            value=False,
            raises=ValueError,
            mentions="max_size",
            why="Below 4 the special words do not fit: raise a ValueError.",
        ),
        Case(
            name="texts without a word",
            inputs=without_words,
            value=False,
            why="Empty texts add no word, and nothing goes wrong.",
        ),
        Case(
            name="no text at all",
            inputs=without_texts,
            value=False,
            why="Without texts the special words are all there is.",
        ),
    ),
    mistakes=wrong,
    also_right=(most_common, by_hand, cut_while_counting),
    look="Write down the counts of a text of five words, and then the ids that are due.",
)
