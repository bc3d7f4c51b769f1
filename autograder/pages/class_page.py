"""The class page: one self-contained file that says what to teach again, and whom to look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from autograder.pages import plots
from autograder.pages.alike import Pair
from autograder.pages.insight import Insight
from autograder.pages.rendering import Made, render

PageOf = Callable[[str], str]
"""The address of a student's page, or nothing."""


def class_page(
    insight: Insight,
    page_of: PageOf = lambda student: "",
    pairs: Sequence[Pair] | None = None,
    made: Made | None = None,
) -> str:
    """The whole page as text.  pairs: hand-ins that are alike; None where nobody has looked."""
    return render(
        "class.html.j2", insight=insight, page_of=page_of, plots=plots, pairs=pairs, made=made
    )
