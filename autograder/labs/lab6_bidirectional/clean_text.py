"""Text as people type it, made into words and single spaces."""

import re
from collections.abc import Callable, Mapping

import numpy as np

from autograder.labs.lab6_bidirectional._draws import PLAIN_TEXT, draw_word
from autograder.spec import Case, Exercise, Mistake
from solutions.lab6_bidirectional import clean_text

ALLOWED = "abcdefghijklmnopqrstuvwxyz0123456789.!?"


def inputs(rng: np.random.Generator) -> Mapping[str, str]:
    w = [draw_word(rng) for _ in range(16)]
    number = str(rng.integers(10, 99))
    pieces = [
        w[0].capitalize(), w[1].upper(), f"{w[2]}'{w[3][0]}", f"{w[4]}-{w[5]}", f"{w[6]},",
        f"{w[7]}?!", f"{w[8]}...", number, f"{number[0]}.5", f"_{w[9]}_", f"{w[10]}é",
        f"({w[11]})", f"{w[12]}!{w[13]}", f"Ä{w[14]}", "&", w[15], f"{w[0]}.",
    ]  # fmt: skip
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


def capitals_removed(text: str) -> str:
    return clean_text(re.sub(r"[^a-z0-9\s.!?]", "", text))


def any_letters(text: str) -> str:
    kept = (c for c in text.lower() if c.isalnum() or c.isspace() or c in ".!?")
    return clean_spaces("".join(f" {c} " if c in ".!?" else c for c in kept))


def clean_spaces(text: str) -> str:
    return " ".join(text.split())


def spelled_out(text: str) -> str:
    return clean_text(text.lower().replace("n't", " not"))


def tags_left_out(text: str) -> str:
    return clean_text(re.sub(r"<[^>]*>", " ", text))


def as_words(text: str) -> list[str]:
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


EXERCISE = Exercise(
    reference=clean_text,
    inputs=inputs,
    points=8,
    without=PLAIN_TEXT | {"arguments unchanged"},
    cases=(
        Case(name="several marks in a row", inputs=text("What?! No... really!!! (yes)")),
        Case(name="an apostrophe and a tag", value=False,
             inputs=text("I don't think it's A-1.<br />Isn't it the 2nd-best?"),
             why="Nothing is replaced, spelled out or left out with what stands in it: don't is dont."),
        Case(name="an empty text", inputs=text(""), value=False,
             why="An empty text has no words: what is due is an empty text."),
        Case(name="a text of which nothing stays", inputs=text(" -- ;) * \t"), value=False,
             why="Where everything is removed an empty text is left."),
        Case(name="a text that is clean already", inputs=text("what a day ! 10 of 10 ."),
             value=False, why="Cleaning a clean text changes nothing."),
        Case(name="letters and digits of other alphabets", inputs=text("Über 3² x٣y naïve 日本 ok"),
             value=False, why="Only a–z and 0–9 stay, whatever other alphabets call a letter."),
    ),
    mistakes=(
        Mistake("keeps_capitals", cleaning(lower=str, drop=r"[^A-Za-z0-9\s.!?]"),
                when="capital letters stay as they are",
                look='Compare what comes out for "Good" and for "good".'),
        Mistake("capitals_removed", capitals_removed,
                when="capital letters are removed with the signs",
                look="In which order do you remove signs and change letters?"),
        Mistake("replaced_by_spaces", cleaning(by=" "),
                when="signs are replaced by spaces",
                look='How many words is "don\'t" afterwards?'),
        Mistake("marks_removed", cleaning(drop=r"[^a-z0-9\s]"),
                when="the marks . ! ? are removed too",
                look="Which signs may stay?"),
        Mistake("marks_attached", cleaning(apart=r"\1"),
                when="the marks stay attached to their words",
                look='Is "great!" one word or two in your result?'),
        Mistake("marks_in_one_word", cleaning(mark=r"([.!?]+)"),
                when="several marks in a row become one word",
                look='What comes out for "what?!"?'),
        Mistake("only_full_stops", cleaning(mark=r"([.])"),
                when="only the full stop becomes a word of its own",
                look="Look at ! and ? as well."),
        Mistake("no_question_marks", cleaning(mark=r"([.!])"),
                when="the question mark stays attached to its word",
                look="Look at each of the three marks."),
        Mistake("no_exclamation_marks", cleaning(mark=r"([.?])"),
                when="the exclamation mark stays attached to its word",
                look="Look at each of the three marks."),
        Mistake("space_before_only", cleaning(apart=r" \1"),
                when="a mark is set apart from the word before it only",
                look='What comes out for "yes!no"?'),
        Mistake("space_behind_only", cleaning(apart=r"\1 "),
                when="a mark is set apart from the word behind it only",
                look='What comes out for "yes!"?'),
        Mistake("digits_removed", cleaning(drop=r"[^a-z\s.!?]"),
                when="digits are removed",
                look="Which characters may stay?"),
        Mistake("underscores_stay", cleaning(drop=r"[^\w\s.!?]|[^\x00-\x7f]"),
                when="underscores stay",
                look=r"What does \w stand for in a regular expression?"),
        Mistake("any_letters", any_letters,
                when="letters beyond a to z stay",
                look='What comes out for "é"?'),
        Mistake("any_word_characters", cleaning(drop=r"[^\w\s.!?]"),
                when="underscores and letters beyond a to z stay",
                look=r"What does \w stand for in a regular expression?"),
        Mistake("commas_stay", cleaning(drop=r"[^a-z0-9\s.,!?]"),
                when="commas stay",
                look="Which three marks may stay?"),
        Mistake("several_spaces", cleaning(squeeze=str.strip),
                when="several spaces in a row stay, and so do line ends",
                look="Count the spaces between two words of your result."),
        Mistake("spaces_at_the_ends", cleaning(squeeze=lambda text: re.sub(r"\s+", " ", text)),
                when="a space is left at an end",
                look="Look at the first and the last character of your result."),
        Mistake("only_blanks_squeezed", cleaning(squeeze=lambda text: re.sub(" +", " ", text).strip()),
                when="tabs and line ends stay as they are",
                look="White space is more than the space character."),
        Mistake("line_ends_removed", cleaning(drop=r"[^a-z0-9 .!?]"),
                when="words on two lines grow together",
                look="White space is more than the space character."),
        Mistake("spelled_out", spelled_out,
                when="n't is spelled out as a word of its own",
                look='What is due for "don\'t"?'),
        Mistake("tags_left_out", tags_left_out,
                when="what stands between < and > is left out",
                look="Which characters are removed, and which are letters like any others?"),
        Mistake("as_words", as_words,
                when="a list of words comes back",
                look="Look at the type of what you return."),
    ),
    also_right=(letter_by_letter, one_mark_after_another, found_after_removing),
    look="Take a text of five characters, such as \"A-b?!\", and follow it line by line.",
)  # fmt: skip
