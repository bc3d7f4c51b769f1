"""message → HTML for a notebook's output: a card that reads without colour."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence

from .explain import Line, points
from .message import MORE, Message
from .strip import Strip, svg
from .text import capped

COLOURS = {
    "right": "#1b8040",
    "partly": "#9a6700",
    "unfinished": "#707070",
    "missing": "#707070",
    "foreseen": "#1b8040",
    "surprise": "#8a63c8",
    "not_guessed": "#707070",
}
WRONG = "#d03030"
"""Of the bar beside a card, seen on white and on black; its texts have the colour of the page."""
SIGNS = {
    "right": "✓",
    "partly": "◐",
    "unfinished": "○",
    "missing": "○",
    "foreseen": "✓",
    "surprise": "≠",
    "not_guessed": "○",
}
HEAD = (
    "text-align:left;vertical-align:top;padding:.1em 1em .1em 0;white-space:nowrap;font-weight:600"
)
CELL = "text-align:left;white-space:pre-wrap;padding:.1em 0"
CARD = (
    "border-left:5px solid {colour};padding:.5em .9em;margin:.3em 0;font-size:14px;"
    "line-height:1.45;max-width:60em"
)


def as_html(message: Message, progress: str = "", picture: Callable[[Strip], str] = svg) -> str:
    """One message as a card; every text in it is escaped.

    picture: draws a strip as HTML.
    """
    sign = SIGNS.get(message.outcome, "✗")
    score = escape(points(message.score, message.max_score)) if message.max_score else ""
    head = (
        f"<b>{sign} <code>{escape(message.name)}</code> "
        f"&nbsp;{escape(message.headline)}</b> &nbsp; {score}"
    )
    drawn = picture(message.strip) if message.strip else ""
    more = (
        f'<details style="margin-top:.4em"><summary style="cursor:pointer">{MORE}</summary>'
        f'<div style="margin:.3em 0;white-space:pre-wrap">{escape(message.more)}</div></details>'
        if message.more
        else ""
    )
    colour = COLOURS.get(message.outcome, WRONG)
    return as_card(head, message.lines, colour, f"{drawn}{more}", escape(progress))


def as_card(head: str, lines: Sequence[Line], colour: str, below: str = "", foot: str = "") -> str:
    """A headline and labelled lines beside a bar of colour.

    head, below, foot: HTML, already escaped.
    """
    rows = "".join(
        f'<tr style="background:none"><th style="{HEAD}">{escape(line.label)}</th>'
        f'<td style="{CELL}">{escape(line.text)}</td></tr>'
        for line in lines
    )
    table = f'<table style="margin:.4em 0 0;border:none">{rows}</table>' if rows else ""
    end = f'<div style="margin-top:.5em">{foot}</div>' if foot else ""
    return f'<div style="{CARD.format(colour=colour)}"><div>{head}</div>{table}{below}{end}</div>'


def escape(text: str) -> str:
    """Text for HTML, printable."""
    return html.escape(capped(text))
