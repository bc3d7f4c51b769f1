"""A clean text as ids between a start and an end."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from autograder.spec import Case, Exercise, Mistakes, but, edited, printed
from exercises.lab6_bidirectional._draws import SPECIAL, Draw, draw_words
from solutions.lab6_bidirectional import encode


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


def limited(max_length: int | None) -> Draw:
    """Inputs with another limit; their text has 11 words."""
    return lambda rng: {**inputs(rng), "max_length": max_length}


def without_limit(rng: np.random.Generator) -> Mapping[str, Any]:
    drawn = inputs(rng)
    return {"text": " ".join([drawn["text"]] * 30), "vocab": drawn["vocab"]}


def no_words(rng: np.random.Generator) -> Mapping[str, Any]:
    return {**inputs(rng), "text": ""}


CUT = "[: max_length - 2]"
LOOKED_UP = "vocab.get(word, UNK)"

changed = partial(edited, encode)
wrong = Mistakes()
printed(wrong, encode)


@wrong
def notes_the_unknown(text, vocab, max_length=None):
    """the ids are right and the vocabulary has grown.
    Compare the vocabulary before and after the call."""
    ids = encode(text, vocab, max_length)
    for word in text.split():
        vocab.setdefault(word, 1)
    return ids


said = "a text is cut although no limit was given. Compare your signature with the one in the exercise."
wrong.add("default_limit", but(encode, defaults={"max_length": 100}), said)
said = "the end id is cut off with the last words. Look at the last id of a text that is too long."
wrong.add("end_cut_off", changed({CUT: "", "END]": "END][:max_length]"}), said)
wrong.family(
    "How long is your list when the text is too long?",
    (
        "limit_for_words_only",
        changed({CUT: "[:max_length]"}),
        "max_length counts the words without start and end",
    ),
    (
        "one_too_many",
        changed({CUT: "[: max_length - 1]"}),
        "the list is one id longer than max_length",
    ),
    (
        "one_too_few",
        changed({CUT: "[: max(0, max_length - 3)]"}),
        "one word more is cut than need be",
    ),
    ("max_length_ignored", changed({CUT: ""}), "the text is never cut"),
)
said = "the first words are cut away and the last ones stay. Which words does a text lose that is too long?"
wrong.add("keeps_the_last", changed({CUT: "[max(0, len(words) - (max_length - 2)) :]"}), said)
wrong.add(
    "always_overwrites_the_end",
    changed(
        {
            CUT: "",
            "return [": "ids = [",
            "END]": "END]\n    return ids if max_length is None else [*ids[: max_length - 1], END]",
        }
    ),
    "an end id is written over or behind a text that had one and did fit. Look at the last two ids of a short text.",
)
wrong.add(
    "unknown_left_out",
    changed({f"{LOOKED_UP} for word in words": "vocab[w] for w in words if w in vocab"}),
    "unknown words are left out. Count the ids: one for each word?",
)
wrong.add(
    "unknown_dropped_then_cut",
    changed({"words = text.split()": "words = [word for word in text.split() if word in vocab]"}),
    "unknown words are left out before the text is cut. Count the ids of a text that is too long and has an unknown word.",
)
said = "an empty text has a word that is empty. What do ''.split() and ''.split(' ') give?"
wrong.add("split_at_blanks", changed({"text.split()": "text.split(' ')"}), said)
said = "the list ends with the first word. How far is your return indented?"
wrong.add("first_word_only", but(encode, returns=lambda n: n[:2] if len(n) > 2 else n), said)
wrong.family(
    "Which id stands for a word that the vocabulary does not know?",
    (
        "unknown_as_padding",
        changed({LOOKED_UP: "vocab.get(word, PAD)"}),
        "unknown words get the id of the padding",
    ),
    (
        "unknown_as_end",
        changed({LOOKED_UP: "vocab.get(word, END)"}),
        "unknown words get the id of the end",
    ),
    (
        "unknown_minus_one",
        changed({LOOKED_UP: "vocab.get(word, -1)"}),
        "unknown words get an id that is none",
    ),
)
said = "an unknown word stops the program. What happens when a word is not in the dict?"
wrong.add("unknown_raises", changed({LOOKED_UP: "vocab[word]"}), said)
said = "the start is missing. Look at the first id."
wrong.add("no_start", changed({"[START, ": "["}), said)
wrong.add("no_end", changed({", END]": "]"}), "the end is missing. Look at the last id.")
wrong.family(
    "Look at the first and the last id.",
    ("no_frame", changed({"[START, ": "[", ", END]": "]"}), "start and end are missing"),
    (
        "start_and_end_swapped",
        changed({"[START, ": "[END, ", ", END]": ", START]"}),
        "start and end have changed places",
    ),
)
wrong.add(
    "padded",
    changed(
        {
            "return [": "ids = [",
            "END]": "END]\n    return ids + [PAD] * ((max_length or 0) - len(ids))",
        }
    ),
    "short texts are filled up to max_length. How long is your list when the text is short?",
)
said = "letters are looked up in place of words. What does a loop over a text give you?"
wrong.add("letters", changed({"text.split()": "list(text)"}), said)
wrong.add(
    "vocabulary_learns",
    changed({LOOKED_UP: "vocab.setdefault(word, len(vocab))"}),
    "unknown words are added to the vocabulary. Compare the vocabulary before and after the call.",
)
said = "the ids come back as texts. Look at the type of what is in your list."
wrong.add("as_text", but(encode, returns=lambda ids: [str(n) for n in ids]), said)


EXERCISE = Exercise(
    reference=encode,
    inputs=inputs,
    shapes={"return": "token"},
    points=7,
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
    look="Write down the ids that are due for a text of three words and max_length = 4.",
    when_right=(
        "A max_length that cuts the finished list is shorter to write, and takes the end id away "
        "from just the long sentences. Looking up the strings of the special words works too, but "
        "only as long as nobody's text holds them. Words are cut from the end here. Next "
        "question: the opinion of a long review often stands in its last sentence. How would you "
        "cut then, and what does the network no longer see?"
    ),
)
