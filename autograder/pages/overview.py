"""The table on top of nbgrader's feedback page: the mark and the finding of every exercise."""

from __future__ import annotations

from typing import Any

from autograder.course.handin import CHECK
from autograder.pages.page import cell, esc, head, number, outcome, table

STYLE = (
    "<style>.overview table{border-collapse:collapse;margin:.5em 0}.overview caption{text-align:"
    "left;font-weight:600}.overview th,.overview td{border-bottom:1px solid #999;"
    "padding:.25em .6em;text-align:left;vertical-align:top;font-size:14px}</style>"
)


def overview(nb: Any, mark: str) -> str:
    """HTML on one line, for a cell of text.  nb: a graded notebook; mark: the key of our data."""
    rows, section = [], ("", "")
    for one in nb.cells:
        if one.cell_type == "markdown":
            section = heading(one.source) or section
        told = _told(one, mark)
        if told is not None:
            rows.append(_row(one, told, section))
    notes = [*nb.metadata[mark].get("notes", ())]
    if nb.metadata[mark].get("problem"):
        notes.insert(0, nb.metadata[mark]["problem"])
    items = "".join(f"<li>{esc(note)}</li>" for note in notes)
    heads = [head(name) for name in ("exercise", "points", "outcome", "section")]
    html = table("Marks by exercise", heads, rows) + (f"<ul>{items}</ul>" if items else "")
    return f'{STYLE}<div class="overview">{html}</div>'.replace("\n", "&#10;")


def _told(one: Any, mark: str) -> Any:
    for output in one.get("outputs", []):
        if mark in output.get("metadata", {}):
            return output["metadata"][mark]
    return None


def _row(one: Any, told: Any, section: tuple[str, str]) -> str:
    settings = one.metadata["nbgrader"]
    score, most = float(settings.get("score") or 0), float(settings["points"])
    name = str(settings["grade_id"]).removeprefix(CHECK)
    title, place = section
    link = f'<a href="#{esc(place)}">{esc(title)}</a>' if title else ""
    return (
        f'<tr><th scope="row"><a href="#{esc(settings["grade_id"])}"><code>{esc(name)}</code></a>'
        f"</th>{cell(f'{number(score)} of {number(most)}')}{cell(outcome(told['outcome']))}"
        f"{cell(link)}</tr>"
    )


def heading(source: str) -> tuple[str, str] | None:
    """The last heading of a cell of text, and the anchor that notebooks give it."""
    lines = [line.lstrip("#").strip() for line in source.splitlines() if line.startswith("#")]
    if not lines:
        return None
    title = lines[-1].replace("`", "").replace("*", "")
    return title, title.replace(" ", "-")
