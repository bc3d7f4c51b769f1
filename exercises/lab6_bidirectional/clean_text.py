"""Text as people type it, made into words and single spaces."""

import re
from collections.abc import Mapping
from functools import partial

import numpy as np

from autograder.spec import Case, Exercise, Mistakes, but, edited, printed
from exercises.lab6_bidirectional._draws import always, draw_word
from solutions.lab6_bidirectional import clean_text


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


DROP, MARK = r'r"[^a-z0-9\s.!?]"', 'r"([.!?])"'


def any_letters(text):
    return "".join(c for c in text if c.isalnum() or c.isspace() or c in ".!?")


changed = partial(edited, clean_text)
wrong = Mistakes()
printed(wrong, clean_text)

said = "capital letters are removed with the signs. In which order do you remove signs and change letters?"
wrong.add("capitals_removed", changed({"text.lower())": "text).lower()"}), said)
wrong.add(
    "any_letters",
    changed(
        {f're.sub({DROP}, "", text.lower())': "any_letters(text.lower())"}, any_letters=any_letters
    ),
    'letters beyond a to z stay. What comes out for "é"?',
)
wrong.add(
    "spelled_out",
    but(clean_text, text=lambda text: text.lower().replace("n't", " not")),
    "n't is spelled out as a word of its own. What is due for \"don't\"?",
)
said = "what stands between < and > is left out. Which characters are removed, and which are letters like any others?"
wrong.add("tags_left_out", but(clean_text, text=lambda text: re.sub(r"<[^>]*>", " ", text)), said)
said = "a list of words comes back. Look at the type of what you return."
wrong.add("as_words", but(clean_text, returns=str.split), said)
said = 'capital letters stay as they are. Compare what comes out for "Good" and for "good".'
wrong.add("keeps_capitals", changed({"^a-z": "^A-Za-z", "text.lower()": "text"}), said)
said = 'signs are replaced by spaces. How many words is "don\'t" afterwards?'
wrong.add("replaced_by_spaces", changed({'"", text': '" ", text'}), said)
wrong.family(
    "Which signs may stay?",
    ("marks_removed", changed({DROP: r'r"[^a-z0-9\s]"'}), "the marks . ! ? are removed too"),
)
said = 'an apostrophe is replaced by a space. How many words is "don\'t" afterwards?'
wrong.add("apostrophes_split", but(clean_text, text=lambda text: text.replace("'", " ")), said)
said = 'signs are removed before the letters are made small. Which small letters does "İ".lower() give?'
wrong.add(
    "small_letters_last", changed({"a-z0-9": "a-zA-Z0-9", "text.lower())": "text).lower()"}), said
)
said = 'the marks stay attached to their words. Is "great!" one word or two in your result?'
wrong.add("marks_attached", changed({r" \1 ": r"\1"}), said)
said = 'several marks in a row become one word. What comes out for "what?!"?'
wrong.add("marks_in_one_word", changed({MARK: 'r"([.!?]+)"'}), said)
said = "only the full stop becomes a word of its own. Look at ! and ? as well."
wrong.add("only_full_stops", changed({MARK: 'r"([.])"'}), said)
wrong.family(
    "Look at each of the three marks.",
    (
        "no_question_marks",
        changed({MARK: 'r"([.!])"'}),
        "the question mark stays attached to its word",
    ),
    (
        "no_exclamation_marks",
        changed({MARK: 'r"([.?])"'}),
        "the exclamation mark stays attached to its word",
    ),
)
said = 'a mark is set apart from the word before it only. What comes out for "yes!no"?'
wrong.add("space_before_only", changed({r" \1 ": r" \1"}), said)
said = 'a mark is set apart from the word behind it only. What comes out for "yes!"?'
wrong.add("space_behind_only", changed({r" \1 ": r"\1 "}), said)
said = "digits are removed. Which characters may stay?"
wrong.add("digits_removed", changed({"a-z0-9": "a-z"}), said)
wrong.family(
    "What does \\w stand for in a regular expression?",
    ("underscores_stay", changed({DROP: r'r"[^\w\s.!?]|[^\x00-\x7f]"'}), "underscores stay"),
    (
        "any_word_characters",
        changed({DROP: r'r"[^\w\s.!?]"'}),
        "underscores and letters beyond a to z stay",
    ),
)
said = "commas stay. Which three marks may stay?"
wrong.add("commas_stay", changed({DROP: r'r"[^a-z0-9\s.,!?]"'}), said)
said = "several spaces in a row stay, and so do line ends. Count the spaces between two words of your result."
wrong.add("several_spaces", changed({'" ".join(': "", ".split())": ".strip()"}), said)
wrong.add(
    "spaces_at_the_ends",
    changed({'" ".join(': r're.sub(r"\s+", " ", ', ".split()": ""}),
    "a space is left at an end. Look at the first and the last character of your result.",
)
wrong.family(
    "White space is more than the space character.",
    (
        "only_blanks_squeezed",
        changed({'" ".join(': 're.sub(" +", " ", ', ".split())": ").strip()"}),
        "tabs and line ends stay as they are",
    ),
    ("line_ends_removed", changed({DROP: 'r"[^a-z0-9 .!?]"'}), "words on two lines grow together"),
)


EXERCISE = Exercise(
    reference=clean_text,
    inputs=inputs,
    points=8,
    cases=(
        Case(name="several marks in a row", inputs=always(text="What?! No... really!!! (yes)")),
        Case(
            name="an apostrophe and a tag",
            value=False,
            inputs=always(text="I don't think it's A-1.<br />Isn't it the 2nd-best?"),
            why="Nothing is replaced, spelled out or left out with what stands in it: don't is dont.",
        ),
        Case(
            name="an empty text",
            inputs=always(text=""),
            value=False,
            why="An empty text has no words: what is due is an empty text.",
        ),
        Case(
            name="a text of which nothing stays",
            inputs=always(text=" -- ;) * \t"),
            value=False,
            why="Where everything is removed an empty text is left.",
        ),
        Case(
            name="a text that is clean already",
            inputs=always(text="what a day ! 10 of 10 ."),
            value=False,
            why="Cleaning a clean text changes nothing.",
        ),
        Case(
            name="a capital that is more than one letter when small",
            inputs=always(text="İzmir or IZMIR?"),
            value=False,
            why="Small letters come first; what is removed is decided afterwards.",
        ),
        Case(
            name="letters and digits of other alphabets",
            inputs=always(text="Über 3² x٣y naïve 日本 don’t 🙂 ok…"),
            value=False,
            why="Only a–z and 0–9 stay, whatever other alphabets call a letter.",
        ),
    ),
    mistakes=wrong,
    look='Take a text of five characters, such as "A-b?!", and follow it line by line.',
    when_right=(
        "Instead of removing what must not stay you can collect what may: every run of letters "
        "and digits, and each mark by itself. But careful: found that way, don't becomes two "
        "words, because the apostrophe ends the first. Turning to lower case has to come first, "
        "or capitals are thrown away. Next question: an emoji or an é disappears here without a "
        "trace. For which texts would that be a loss, and what would you keep?"
    ),
)
