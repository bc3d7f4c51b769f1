"""A vocabulary: special words first, then words by how often they occur."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from autograder.spec import Case, Exercise, Mistakes, but, edited, printed
from exercises.lab6_bidirectional._draws import Draw, always, draw_words
from exercises.lab6_bidirectional._shared import from_a_generator
from solutions.lab6_bidirectional import build_vocabulary

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


def sized(max_size: int) -> Draw:
    """Inputs with another max_size."""
    return lambda rng: inputs(rng, max_size)


CHECK = "if max_size < len(SPECIAL_WORDS)"
SORTED = "sorted(counts, key=lambda word: counts[word], reverse=True)"
SPECIAL = "*SPECIAL_WORDS, "

changed = partial(edited, build_vocabulary)
wrong = Mistakes()
printed(wrong, build_vocabulary)

wrong.add(
    "words_from_zero",
    but(
        build_vocabulary,
        returns=lambda vocab: {w: n if n < 4 else n - 4 for w, n in vocab.items()},
    ),
    "the ids of the words start at 0 again. Which ids are spoken for by the special words?",
)
wrong.add(
    "words_from_five",
    but(
        build_vocabulary,
        returns=lambda vocab: {w: n if n < 4 else n + 1 for w, n in vocab.items()},
    ),
    "the ids of the words start one too high. Which is the first free id?",
)
wrong.add(
    "inverse",
    but(build_vocabulary, returns=lambda vocab: {n: word for word, n in vocab.items()}),
    "the dict leads from ids to words. Which of the two do you look up, and which do you get?",
)
said = "a list comes back. Look at the type of what you return."
wrong.add("only_the_words", but(build_vocabulary, returns=list), said)
wrong.add(
    "special_words_last",
    changed(
        {"*SPECIAL_WORDS, *by_count][:max_size]": "*by_count[: max_size - 4], *SPECIAL_WORDS]"}
    ),
    "the special words come behind the others. Which id has <PAD>?",
)
said = "too small a max_size raises another error than a ValueError. Which exception does the exercise name?"
wrong.add("an_error_of_another_type", changed({"raise ValueError": "raise AssertionError"}), said)
wrong.family(
    "How many entries has your vocabulary in all?",
    (
        "room_for_words_only",
        changed({"[:max_size]": "[: max_size + 4]"}),
        "max_size counts the words without the special ones",
    ),
    (
        "one_entry_short",
        changed({"[:max_size]": "[: max(4, max_size - 1)]"}),
        "the vocabulary has one entry less than there is room for",
    ),
    (
        "one_entry_more",
        changed({"[:max_size]": "[: max_size + 1]"}),
        "the vocabulary has one entry more than there is room for",
    ),
    ("max_size_ignored", changed({"[:max_size]": ""}), "the vocabulary is never cut"),
)
said = "the rarest words come first. Which words should stay when there is little room?"
wrong.add("rarest_first", changed({", reverse=True": ""}), said)
said = "words with equal counts stand in the reverse order of their appearance. What does turning a sorted list round do to words with equal counts?"
wrong.add("turned_round", changed({", reverse=True)": ")[::-1]"}), said)
wrong.family(
    "Which of two equally frequent words comes first?",
    (
        "ties_by_alphabet",
        changed({"counts[word], reverse=True": "(-counts[word], word)"}),
        "words with equal counts stand in the order of the alphabet",
    ),
    (
        "ties_by_reversed_alphabet",
        changed({"counts[word],": "(counts[word], word),"}),
        "words with equal counts stand in the reverse order of the alphabet",
    ),
)
wrong.family(
    "What decides which words stay when there is little room?",
    (
        "by_alphabet",
        changed({SORTED: "sorted(counts)"}),
        "the words stand in the order of the alphabet",
    ),
    (
        "by_appearance",
        changed({SORTED: "list(counts)"}),
        "the words stand in the order of their first appearance, uncounted",
    ),
)
wrong.add(
    "by_number_of_texts",
    changed({"word in text.split()": "word in dict.fromkeys(text.split())"}),
    "a word counts once per text, however often it stands there. Count a word that stands three times in one text.",
)
said = "letters are counted in place of words. What does a loop over a text give you?"
wrong.add("letters", changed({"word in text.split()": "word in text"}), said)
said = "only the last text is counted. Is your counter started afresh for each text?"
wrong.add("last_text_only", but(build_vocabulary, texts=lambda texts: list(texts)[-1:]), said)
said = "only the first text is counted. How far is your return indented?"
wrong.add("first_text_only", but(build_vocabulary, texts=lambda texts: list(texts)[:1]), said)
said = "an empty text counts as a word that is empty. What do ''.split() and ''.split(' ') give?"
wrong.add("split_at_blanks", changed({"text.split())": "text.split(' '))"}), said)
wrong.family(
    "How often can a generator be gone through, and what else can it not do?",
    (
        "looks_twice",
        but(build_vocabulary, texts=lambda texts: texts if any(texts) else []),
        "the texts are gone through twice",
    ),
    (
        "wants_a_list",
        but(build_vocabulary, texts=lambda texts: [texts[n] for n in range(len(texts))]),
        "the texts are asked for their number or for one of them",
    ),
)
wrong.family(
    "Compare the ids of the special words with the exercise.",
    (
        "unk_first",
        changed({SPECIAL: '"<UNK>", "<PAD>", "<START>", "<END>", '}),
        "the ids of <PAD> and <UNK> are interchanged",
    ),
    (
        "end_first",
        changed({SPECIAL: '"<PAD>", "<UNK>", "<END>", "<START>", '}),
        "the ids of <START> and <END> are interchanged",
    ),
)
said = "there is no <START> and no <END>. Compare the special words with the exercise."
wrong.add("two_special_words", changed({SPECIAL: '"<PAD>", "<UNK>", '}), said)
wrong.add(
    "small_special_words",
    changed({SPECIAL: '"<pad>", "<unk>", "<start>", "<end>", '}),
    "the special words are spelled in small letters. Compare the special words with the exercise, letter by letter.",
)
said = "a max_size below 4 is accepted. What does your function do for max_size = 3?"
wrong.add("never_refuses", changed({CHECK: "if False"}), said)
wrong.family(
    "Which is the smallest max_size in which the special words fit?",
    ("refuses_four", changed({CHECK: "if max_size < 5"}), "max_size = 4 is refused"),
    ("refuses_below_three", changed({CHECK: "if max_size < 3"}), "max_size = 3 is accepted"),
)


EXERCISE = Exercise(
    reference=build_vocabulary,
    inputs=inputs,
    points=9,
    cases=(
        Case(name="room to spare", inputs=sized(50)),
        Case(name="room for one word", inputs=sized(5)),
        Case(
            name="room for the special words only",
            inputs=sized(4),
            value=False,
            why="max_size = 4 is allowed: the special words just fit.",
        ),
        *(
            Case(
                name=f"max_size {size}",
                inputs=sized(size),
                value=False,
                raises=ValueError,
                mentions="max_size",
                why="Below 4 the special words do not fit: raise a ValueError.",
            )
            for size in (3, 0)
        ),
        Case(
            name="texts from a generator",
            inputs=inputs,
            value=False,
            scenario=from_a_generator,
            why="Any iterable of texts will do: a generator can be gone through once, and no more.",
        ),
        Case(
            name="texts without a word",
            inputs=always(texts=["", ""], max_size=20),
            value=False,
            why="Empty texts add no word, and nothing goes wrong.",
        ),
        Case(
            name="no text at all",
            inputs=always(texts=[], max_size=20),
            value=False,
            why="Without texts the special words are all there is.",
        ),
    ),
    mistakes=wrong,
    look="Write down the counts of a text of five words, and then the ids that are due.",
    when_right=(
        "Counter has a method that gives the most frequent words in order, and it too keeps equal "
        "counts in the order of their first appearance. Sorting everything and turning the list "
        "round does not: it turns the equal ones round too. The special words have to be counted "
        "in max_size, or the embedding is too small by four. Next question: why must the "
        "vocabulary be built from the training texts only?"
    ),
)
