"""Text made small for a compressor that looks back no farther than 32 KB, and compressed."""

from __future__ import annotations

import functools
import json
import zlib
from importlib.resources import files
from typing import Literal

Kind = Literal["python", "record"]
LETTERS = "".join(map(chr, (*range(1, 9), 11, 12, *range(14, 32), *range(127, 256))))
"""What may stand for a phrase: one byte each in Latin-1, and nothing that ends a line."""


class TooManyLetters(ValueError):  # noqa: N818 - a reason
    """A text has more kinds of letters than there are to stand for them."""


def squeezed(text: str, kind: Kind) -> tuple[dict[str, str], bytes]:
    """What each letter stands for, and the text with them: `labcheck.squeezed` makes it whole.

    Raises TooManyLetters.
    """
    own = sorted({letter for letter in text if letter > "~" or letter in LETTERS})
    far = [letter for letter in own if letter not in LETTERS]
    free = [letter for letter in LETTERS if letter not in own]
    if len(far) > len(free):
        raise TooManyLetters(f"{len(own)} kinds of letters beyond ASCII")
    phrases = dict(zip(free, [*far, *frequent(kind)], strict=False))
    short = text.translate({ord(letter): free[place] for place, letter in enumerate(far)})
    for letter, phrase in sorted(phrases.items(), key=lambda pair: -len(pair[1])):
        short = short.replace(phrase, letter)
    used = {letter: phrase for letter, phrase in phrases.items() if letter in short}
    return used, short.encode("latin-1")


@functools.cache
def frequent(kind: Kind) -> tuple[str, ...]:
    """Phrases of texts of a kind, the most frequent first; all ASCII."""
    place = files(__package__) / "templates" / "phrases" / f"{kind}.json"
    return tuple(json.loads(place.read_text(encoding="utf-8")))


@functools.lru_cache(maxsize=16)
def compressed(raw: bytes) -> bytes:
    """A zlib stream, one twentieth smaller than zlib's own; the same bytes on every machine."""
    from zopfli.zlib import compress

    small = bytes(compress(raw, numiterations=5))
    assert zlib.decompress(small) == raw
    return small
