"""What all HTML has in common: escaping, and one look that works without colour and scripts."""

from __future__ import annotations

import re
from html import escape as _escape

from autograder.labcheck.message import HEADLINES
from autograder.sandbox.text import printable

SIGNS = {
    "right": "✓",
    "partly": "◐",
    "wrong": "✗",
    "unfinished": "○",
    "missing": "–",
    "error": "E",
    "timeout": "T",
    "memory": "M",
    "crash": "C",
    "forbidden": "F",
    "not_graded": "?",
}
"""A sign for each outcome; words always stand beside it or behind it."""

STYLE = """
:root { color-scheme: light; --line: #999; --soft: #f1f3f5; --link: #0b4f8a; }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; color: #111; background: #fff;
  max-width: 72rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.7rem; line-height: 1.25; } h2 { font-size: 1.3rem; margin-top: 2.2rem; }
h3 { font-size: 1.1rem; }
a { color: var(--link); } a:focus-visible, button:focus-visible { outline: 3px solid #0b4f8a; }
.wide { overflow-x: auto; position: relative; } .wide:focus-visible { outline: 3px solid #0b4f8a; }
table { border-collapse: collapse; margin: .5rem 0; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: left;
  vertical-align: top; }
thead th { background: var(--soft); }
.number { text-align: right; font-variant-numeric: tabular-nums; }
td.number { white-space: nowrap; }
.sign { text-align: center; } .text { min-width: 14rem; }
.sortable thead th { vertical-align: bottom; }
.tall button { writing-mode: vertical-rl; transform: rotate(180deg); }
code { font-family: ui-monospace, monospace; font-size: .95em; }
figure { margin: 1rem 0; background: #fff; overflow-x: auto; }
figure svg { max-width: 100%; height: auto; } .large svg { min-width: 28rem; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap; }
.note { border-left: 5px solid var(--line); padding: .3rem .8rem; background: var(--soft); }
th button { font: inherit; font-weight: 600; background: none; border: 1px solid transparent;
  padding: 0; cursor: pointer; text-align: inherit; text-decoration: underline dotted; }
th[aria-sort=ascending] button::after { content: " ▲"; }
th[aria-sort=descending] button::after { content: " ▼"; }
@media (max-width: 40rem) { body { font-size: 15px; padding: .6rem; }
  th, td { padding: .25rem .4rem; } }
@media print { body { max-width: none; font-size: 10pt; } a { color: inherit; }
  .wide { overflow: visible; } .screen { display: none; }
  section, figure, tr { break-inside: avoid; } section.long { break-inside: auto; } }
"""

PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
{body}
</main>
{script}</body>
</html>
"""


def page(title: str, body: str, script: str = "") -> str:
    """A whole page that needs no other file.  body: HTML; title: text."""
    told = f"<script>{script}</script>\n" if script else ""
    return PAGE.format(title=esc(title), style=STYLE, body=body, script=told)


def esc(text: object) -> str:
    """Text as HTML: escaped, with nothing in it that moves the cursor or turns the direction."""
    return _escape(printable(str(text), 20_000), quote=True)


def outcome(name: str) -> str:
    """An outcome as a sign with its words."""
    return f'<span aria-hidden="true">{SIGNS.get(name, "")}</span> {esc(words(name))}'


def words(name: str) -> str:
    """An outcome in words."""
    return HEADLINES.get(name, name)


def number(value: float) -> str:
    """A number of points, to two decimals at most."""
    return f"{round(value, 2):g}"


def anchor(text: str) -> str:
    """A name for a place in a page."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "x"


def table(caption: str, heads: list[str], rows: list[str], more: str = "") -> str:
    """A table in a frame that scrolls on its own.  heads: HTML cells; rows: HTML rows."""
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{esc(caption)}">'
        f"<table{more}><caption>{esc(caption)}</caption>"
        f"<thead><tr>{''.join(heads)}</tr></thead>\n<tbody>\n{chr(10).join(rows)}\n</tbody></table>"
        "</div>"
    )


def head(text: str, kind: str = "") -> str:
    """A column's heading."""
    return f'<th scope="col"{_class(kind)}>{esc(text)}</th>'


def cell(html: str, kind: str = "") -> str:
    """A cell of HTML."""
    return f"<td{_class(kind)}>{html}</td>"


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""
