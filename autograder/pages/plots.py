"""Plots of a class as SVG to stand inside a page; hatches and text say what colours say.

Lines and texts have the colours of the page, light or dark.
"""

from __future__ import annotations

import datetime
import io
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, cast

from markupsafe import Markup, escape

from autograder.pages.insight import Exercise, Insight

GROUPS = (
    ("right", ("right",), "#1b7837", ""),
    ("partly right", ("partly",), "#a6dba0", "//"),
    ("not right", ("wrong", "error", "forbidden"), "#d6604d", "xx"),
    ("time, memory, crash", ("timeout", "memory", "crash"), "#762a83", "++"),
    ("not begun or not found", ("unfinished", "missing"), "#9aa0a6", ".."),
    ("not judged", ("not_graded",), "#ffffff", "OO"),
)
"""Outcomes as the plot shows them: name, outcomes, colour, hatch."""

BINS = 10
LEGEND = {"loc": "lower left", "bbox_to_anchor": (0, 1.0), "frameon": False, "fontsize": 9}
BOX = {"boxstyle": "round,pad=0.1", "facecolor": "#fff", "edgecolor": "none"}
"""Behind a number, so that it can be read on a hatch."""
OF_THE_PAGE = {"#000000": "currentColor", "#111111": "currentColor", "#ffffff": "var(--page)"}
"""What stands for a colour, so that it is that of the page."""
HOURS = 24


def marks(insight: Insight) -> Markup:
    """How the marks are distributed, in tenths of the points."""
    figure, axes = _figure(7, 2.9)
    most = insight.max_score or 1
    edges = [most * place / BINS for place in range(BINS + 1)]
    counts, _, bars = axes.hist(insight.scores, bins=edges, color="#4393c3", edgecolor="#111")
    axes.bar_label(bars, _labels(counts), padding=2)
    axes.set(xlabel="points", ylabel="students", xlim=(0, most), xticks=edges)
    axes.set_ylim(0, max(counts, default=1) * 1.15 + 0.5)
    tenths = ", ".join(
        f"{edges[place]:g} to {edges[place + 1]:g}: {int(count)}"
        for place, count in enumerate(counts)
        if count
    )
    return _svg(figure, "marks", f"Students by points. {tenths}.")


def outcomes(exercises: Sequence[Exercise]) -> Markup:
    """How each exercise ended in the class, as one bar of outcomes each."""
    figure, axes = _figure(7, 1.4 + 0.34 * len(exercises))
    left = [0] * len(exercises)
    for name, members, colour, hatch in GROUPS:
        counts = [
            sum(exercise.outcomes.get(member, 0) for member in members) for exercise in exercises
        ]
        if not any(counts):
            continue
        look = {"color": colour, "hatch": hatch, "edgecolor": "#111", "linewidth": 0.8}
        bars = axes.barh(range(len(exercises)), counts, left=left, label=name, **look)
        axes.bar_label(bars, _labels(counts), label_type="center", bbox=BOX, fontsize=9)
        left = [before + count for before, count in zip(left, counts, strict=True)]
    _names(axes, exercises)
    axes.set(xlabel="students", xlim=(0, max([*left, 1])))
    axes.legend(ncols=3, **LEGEND)
    return _svg(figure, "outcomes", "How each exercise ended; the numbers are in the table below.")


def separation(exercises: Sequence[Exercise]) -> Markup:
    """What the upper and the lower third of the class earn in each exercise."""
    figure, axes = _figure(7, 1.2 + 0.34 * len(exercises))
    places = range(len(exercises))
    weak = [100 * exercise.weak for exercise in exercises]
    strong = [100 * exercise.strong for exercise in exercises]
    axes.hlines(places, weak, strong, color="#808080", linewidth=2)
    axes.plot(weak, places, "o", color="#c8553d", markersize=8, label="lower third")
    axes.plot(strong, places, "D", color="#4393c3", markersize=8, label="upper third")
    _names(axes, exercises)
    axes.set(xlabel="mean share of the points, %", xlim=(-3, 103))
    axes.grid(axis="x", color="#80808060")
    axes.legend(ncols=2, **LEGEND)
    return _svg(figure, "separation", "Mean share of the points in the upper and lower third.")


def hours(insight: Insight, zone: datetime.tzinfo | None = None) -> Markup:
    """At what hour of the day was handed in; those that were late are hatched.

    zone: of the hours; by default of this machine.
    """
    figure, axes = _figure(7, 2.2)
    every, late = (_by_hour(times, zone) for times in (insight.handed_in, insight.late))
    in_time = [all_of_it - of_late for all_of_it, of_late in zip(every, late, strict=True)]
    look: dict[str, Any] = {"edgecolor": "#111", "linewidth": 0.8, "width": 1.0, "align": "edge"}
    axes.bar(range(HOURS), in_time, color="#4393c3", label="in time", **look)
    if any(late):
        look |= {"bottom": in_time, "color": "#d6604d", "hatch": "xx"}
        axes.bar(range(HOURS), late, label="late", **look)
        axes.legend(ncols=2, **LEGEND)
    axes.set(xlabel="hour of the day", ylabel="hand-ins", xlim=(0, HOURS))
    axes.set_xticks(range(0, HOURS + 1, 3))
    axes.yaxis.get_major_locator().set_params(integer=True)
    told = ", ".join(f"{hour} to {hour + 1}: {count}" for hour, count in enumerate(every) if count)
    return _svg(figure, "hours", f"Hand-ins by hour of the day. {told}.")


def _by_hour(times: Sequence[datetime.datetime], zone: datetime.tzinfo | None) -> list[int]:
    utc = (time.replace(tzinfo=datetime.UTC) for time in times)
    counts = Counter(time.astimezone(zone).hour for time in utc)
    return [counts[hour] for hour in range(HOURS)]


def _labels(counts: Sequence[float]) -> list[str]:
    return [f"{int(count)}" if count else "" for count in counts]


def _names(axes: Any, exercises: Sequence[Exercise]) -> None:
    axes.set_yticks(range(len(exercises)), [exercise.name for exercise in exercises])
    axes.set_ylim(len(exercises) - 0.4, -0.6)


def _figure(width: float, height: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)
    return figure, axes


def _svg(figure: Any, name: str, description: str) -> Markup:
    """The picture as an element with a description; ids are made unique in the page."""
    import matplotlib

    file = io.StringIO()
    settings = {"svg.fonttype": "none", "svg.hashsalt": name, "font.family": ["sans-serif"]}
    with matplotlib.rc_context(cast(Any, settings)):
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    text = file.getvalue()
    svg = text[text.index("<svg") :].strip()
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    for colour, of_the_page in OF_THE_PAGE.items():
        svg = svg.replace(f": {colour}", f": {of_the_page}")
    return Markup(svg.replace("<svg", f'<svg role="img" aria-label="{escape(description)}"', 1))
