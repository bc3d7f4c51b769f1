"""release → assignments: starter files for people who work in an editor, and their README."""

from __future__ import annotations

import re
from pathlib import Path

from autograder.chain.notebook import Cell, from_notebook, to_percent
from autograder.chain.source import DEMO
from autograder.chain.texts import filled
from autograder.spec import collection

HOW = re.compile(
    r"(?P<title>^\*\*How to work\*\*[ \t]*\n\s*)(?:^[-*] .*\n(?:^[ \t]+\S.*\n)*)+", re.MULTILINE
)
"""The list below this title says how one works in a notebook; in a file that is another one."""


def starter(slug: str, released: str, hints: bool = True) -> str:
    """The text of assignments/<lab>.py, from the text of the notebook that students get.

    hints: whether the lab gives any.
    """
    cells = [cell for cell in from_notebook(released) if _stays(cell)]
    how = filled("assignments/how" if hints else "assignments/how_without_hints", slug=slug)
    for cell in cells:
        if cell.cell_type == "markdown":
            cell.source = HOW.sub(lambda found: found["title"] + how, cell.source + "\n").rstrip()
    return f"{filled('assignments/header', slug=slug)}\n{to_percent(cells)}"


def _stays(cell: Cell) -> bool:
    demo = DEMO in cell.metadata.get("tags", [])
    return not (demo or cell.metadata.get("nbgrader", {}).get("grade"))


def workflow(root: Path) -> str:
    """The text of a GitHub workflow that checks every lab at each push."""
    return filled("assignments/workflow", labs=", ".join(collection.labs(root)))


def readme(root: Path) -> str:
    """The text of assignments/README.md."""
    slugs = collection.labs(root)
    lines = [f"- `{slug}.py`: {collection.lab(slug, root).title}" for slug in slugs]
    return filled("assignments/readme", labs="\n".join(lines), first=slugs[0] if slugs else "lab")
