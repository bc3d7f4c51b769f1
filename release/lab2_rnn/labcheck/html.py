"""message → HTML for a notebook's output: a card that reads without colour."""

from __future__ import annotations

import html

from .explain import points
from .message import HEADLINES, Message
from .text import capped

COLOURS = {"right": "#1b7837", "partly": "#8a6100", "unfinished": "#555", "missing": "#555"}
SIGNS = {"right": "✓", "partly": "◐", "unfinished": "○", "missing": "○"}
HEAD = (
    "text-align:left;vertical-align:top;padding:.1em 1em .1em 0;white-space:nowrap;font-weight:600"
)
CELL = "text-align:left;white-space:pre-wrap;padding:.1em 0"
CARD = (
    "border-left:5px solid {colour};padding:.5em .9em;margin:.3em 0;font-size:14px;"
    "line-height:1.45;max-width:60em"
)


def as_html(message: Message, progress: str = "") -> str:
    """One message as a card; every text in it is escaped."""
    colour = COLOURS.get(message.outcome, "#b2182b")
    sign = SIGNS.get(message.outcome, "✗")
    rows = "".join(
        f'<tr style="background:none"><th style="{HEAD}">{escape(line.label)}</th>'
        f'<td style="{CELL}">{escape(line.text)}</td></tr>'
        for line in message.lines
    )
    table = f'<table style="margin:.4em 0 0;border:none">{rows}</table>' if rows else ""
    foot = f'<div style="margin-top:.5em;opacity:.75">{escape(progress)}</div>' if progress else ""
    score = escape(points(message.score, message.max_score)) if message.max_score else ""
    return (
        f'<div style="{CARD.format(colour=colour)}"><div><b style="color:{colour}">{sign} '
        f"<code>{escape(message.name)}</code> &nbsp;{escape(HEADLINES[message.outcome])}</b>"
        f" &nbsp; {score}</div>{table}{foot}</div>"
    )


def escape(text: str) -> str:
    """Text for HTML, printable."""
    return html.escape(capped(text))
