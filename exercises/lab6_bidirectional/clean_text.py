"""Text as people type it, made into words and single spaces."""

import re
from collections.abc import Callable, Mapping

import numpy as np

from autograder.spec import Case, Exercise, Mistakes
from exercises.lab6_bidirectional._draws import PLAIN_TEXT, draw_word
from solutions.lab6_bidirectional import clean_text

ALLOWED = "abcdefghijklmnopqrstuvwxyz0123456789.!?"


def inputs(rng: np.random.Generator) -> Mapping[str, str]:
    w = [draw_word(rng) for _ in range(16)]
    number = str(rng.integers(10, 99))
    pieces = [
        w[0].capitalize(),
        w[1].upper(),
        f"{w[2]}'{w[3][0]}",
        f"{w[4]}-{w[5]}",
        f"{w[6]},",
        f"{w[7]}?!",
        f"{w[8]}...",
        number,
        f"{number[0]}.5",
        f"_{w[9]}_",
        f"{w[10]}é",
        f"({w[11]})",
        f"{w[12]}!{w[13]}",
        f"Ä{w[14]}",
        "&",
        w[15],
        f"{w[0]}.",
    ]
    rng.shuffle(pieces)
    gaps = [" ", "  ", "\t", "\n", " \n ", "\t"] + [" "] * (len(pieces) - 7)
    rng.shuffle(gaps)
    text = pieces[0] + "".join(gap + piece for gap, piece in zip(gaps, pieces[1:], strict=True))
    return {"text": f"  {text} \n"}


def text(value: str) -> Callable[[np.random.Generator], Mapping[str, str]]:
    """Inputs that are one given text."""
    return lambda rng: {"text": value}


def cleaning(
    lower: Callable[[str], str] = str.lower,
    drop: str = r"[^a-z0-9\s.!?]",
    by: str = "",
    mark: str = r"([.!?])",
    apart: str = r" \1 ",
    squeeze: Callable[[str], str] = lambda text: " ".join(text.split()),
) -> Callable[[str], str]:
    """Cleaning with one of its pieces replaced."""

    def changed(text: str) -> str:
        return squeeze(re.sub(mark, apart, re.sub(drop, by, lower(text))))

    return changed


wrong = Mistakes()


@wrong
def capitals_removed(text: str) -> str:
    """capital letters are removed with the signs.
    In which order do you remove signs and change letters?"""
    return clean_text(re.sub(r"[^a-z0-9\s.!?]", "", text))


@wrong
def any_letters(text: str) -> str:
    """letters beyond a to z stay.
    What comes out for "é"?"""
    kept = (c for c in text.lower() if c.isalnum() or c.isspace() or c in ".!?")
    return clean_spaces("".join(f" {c} " if c in ".!?" else c for c in kept))


def clean_spaces(text: str) -> str:
    return " ".join(text.split())


@wrong
def spelled_out(text: str) -> str:
    """n't is spelled out as a word of its own.
    What is due for "don't"?"""
    return clean_text(text.lower().replace("n't", " not"))


@wrong
def tags_left_out(text: str) -> str:
    """what stands between < and > is left out.
    Which characters are removed, and which are letters like any others?"""
    return clean_text(re.sub(r"<[^>]*>", " ", text))


@wrong
def as_words(text: str) -> list[str]:
    """a list of words comes back.
    Look at the type of what you return."""
    return clean_text(text).split()


def letter_by_letter(text: str) -> str:
    out = ""
    for c in text.lower():
        if c.isspace():
            out += " "
        elif c in ".!?":
            out += f" {c} "
        elif c in ALLOWED:
            out += c
    while "  " in out:
        out = out.replace("  ", " ")
    return out.strip()


def one_mark_after_another(text: str) -> str:
    text = text.lower()
    for mark in ".!?":
        text = text.replace(mark, f" {mark} ")
    words = ("".join(filter(ALLOWED.__contains__, word)) for word in text.split())
    return " ".join(word for word in words if word)


def found_after_removing(text: str) -> str:
    kept = re.sub(r"[^a-z0-9.!?\s]+", "", text.lower())
    return " ".join(re.findall(r"[.!?]|[^\s.!?]+", kept))


wrong.add(
    "keeps_capitals",
    cleaning(lower=str, drop=r"[^A-Za-z0-9\s.!?]"),
    'capital letters stay as they are. Compare what comes out for "Good" and for "good".',
)
wrong.add(
    "replaced_by_spaces",
    cleaning(by=" "),
    'signs are replaced by spaces. How many words is "don\'t" afterwards?',
)
wrong.add(
    "marks_removed",
    cleaning(drop=r"[^a-z0-9\s]"),
    "the marks . ! ? are removed too. Which signs may stay?",
)
wrong.add(
    "marks_attached",
    cleaning(apart=r"\1"),
    'the marks stay attached to their words. Is "great!" one word or two in your result?',
)
wrong.add(
    "marks_in_one_word",
    cleaning(mark=r"([.!?]+)"),
    'several marks in a row become one word. What comes out for "what?!"?',
)
wrong.add(
    "only_full_stops",
    cleaning(mark=r"([.])"),
    "only the full stop becomes a word of its own. Look at ! and ? as well.",
)
wrong.add(
    "no_question_marks",
    cleaning(mark=r"([.!])"),
    "the question mark stays attached to its word. Look at each of the three marks.",
)
wrong.add(
    "no_exclamation_marks",
    cleaning(mark=r"([.?])"),
    "the exclamation mark stays attached to its word. Look at each of the three marks.",
)
wrong.add(
    "space_before_only",
    cleaning(apart=r" \1"),
    'a mark is set apart from the word before it only. What comes out for "yes!no"?',
)
wrong.add(
    "space_behind_only",
    cleaning(apart=r"\1 "),
    'a mark is set apart from the word behind it only. What comes out for "yes!"?',
)
wrong.add(
    "digits_removed",
    cleaning(drop=r"[^a-z\s.!?]"),
    "digits are removed. Which characters may stay?",
)
wrong.add(
    "underscores_stay",
    cleaning(drop=r"[^\w\s.!?]|[^\x00-\x7f]"),
    "underscores stay. What does \\w stand for in a regular expression?",
)
wrong.add(
    "any_word_characters",
    cleaning(drop=r"[^\w\s.!?]"),
    "underscores and letters beyond a to z stay. What does \\w stand for in a regular expression?",
)
wrong.add(
    "commas_stay", cleaning(drop=r"[^a-z0-9\s.,!?]"), "commas stay. Which three marks may stay?"
)
wrong.add(
    "several_spaces",
    cleaning(squeeze=str.strip),
    "several spaces in a row stay, and so do line ends. Count the spaces between two words of your result.",
)
wrong.add(
    "spaces_at_the_ends",
    cleaning(squeeze=lambda text: re.sub(r"\s+", " ", text)),
    "a space is left at an end. Look at the first and the last character of your result.",
)
wrong.add(
    "only_blanks_squeezed",
    cleaning(squeeze=lambda text: re.sub(" +", " ", text).strip()),
    "tabs and line ends stay as they are. White space is more than the space character.",
)
wrong.add(
    "line_ends_removed",
    cleaning(drop=r"[^a-z0-9 .!?]"),
    "words on two lines grow together. White space is more than the space character.",
)


EXERCISE = Exercise(
    reference=clean_text,
    inputs=inputs,
    points=8,
    without=PLAIN_TEXT | {"arguments unchanged"},
    cases=(
        Case(name="several marks in a row", inputs=text("What?! No... really!!! (yes)")),
        Case(
            name="an apostrophe and a tag",
            value=False,
            inputs=text("I don't think it's A-1.<br />Isn't it the 2nd-best?"),
            why="Nothing is replaced, spelled out or left out with what stands in it: don't is dont.",
        ),
        Case(
            name="an empty text",
            inputs=text(""),
            value=False,
            why="An empty text has no words: what is due is an empty text.",
        ),
        Case(
            name="a text of which nothing stays",
            inputs=text(" -- ;) * \t"),
            value=False,
            why="Where everything is removed an empty text is left.",
        ),
        Case(
            name="a text that is clean already",
            inputs=text("what a day ! 10 of 10 ."),
            value=False,
            why="Cleaning a clean text changes nothing.",
        ),
        Case(
            name="letters and digits of other alphabets",
            inputs=text("Über 3² x٣y naïve 日本 ok"),
            value=False,
            why="Only a–z and 0–9 stay, whatever other alphabets call a letter.",
        ),
    ),
    mistakes=wrong,
    also_right=(letter_by_letter, one_mark_after_another, found_after_removing),
    look='Take a text of five characters, such as "A-b?!", and follow it line by line.',
)
