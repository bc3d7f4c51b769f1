"""The class page: one self-contained file that says what to teach again, and whom to look at."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping

from autograder.pages import plots
from autograder.pages.insight import Exercise, Insight, Known, Odd, Student
from autograder.pages.page import SIGNS, cell, esc, head, number, outcome, page, table, words

Link = Callable[[str], str]
"""The address of a student's page, or nothing."""

SORT = """
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
  const told = table.parentElement.nextElementSibling;
  heads.forEach((head, column) => {
    const button = head.querySelector("button");
    if (!button) return;
    button.disabled = false;
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach(other => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = row => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
      const compare = (a, b) => head.dataset.kind === "number"
        ? Number(key(a)) - Number(key(b)) : key(a).localeCompare(key(b), "en", {numeric: true});
      const rows = [...body.rows].sort((a, b) => down ? compare(b, a) : compare(a, b));
      body.append(...rows);
      told.textContent = `Sorted by ${button.textContent}, ${down ? "descending" : "ascending"}.`;
    });
  });
}
"""

TASTE = 12
"""How many students are named beside a mistake before the rest is folded away."""


def class_page(found: Insight, link: Link = lambda student: "") -> str:
    """The whole page as text."""
    title = f"{found.lab}: {found.title}"
    if not found.students:
        return page(title, f"<h1>{esc(title)}</h1><p>No submission has been graded yet.</p>")
    parts = [
        f"<h1>{esc(title)}</h1>",
        _in_short(found),
        _contents(),
        _section("look", "To look at", _odd(found, link)),
        _section("teach", "What to teach again", _mistakes(found, link)),
        _section("marks", "Marks", f"<figure>{plots.marks(found)}</figure>"),
        _section("exercises", "Exercises", _exercises(found)),
        _section("separation", "Strong and weak", _separation(found)),
        _section("students", "Students", _students(found, link), "long"),
    ]
    return page(title, "\n".join(parts), SORT)


SECTIONS = {
    "look": "To look at",
    "teach": "What to teach again",
    "marks": "Marks",
    "exercises": "Exercises",
    "separation": "Strong and weak",
    "students": "Students",
}


def _contents() -> str:
    links = "".join(f'<li><a href="#{name}">{text}</a></li>' for name, text in SECTIONS.items())
    return f'<nav class="screen" aria-label="On this page"><ul>{links}</ul></nav>'


def _section(name: str, title: str, html: str, kind: str = "") -> str:
    return (
        f'<section class="{kind}" aria-labelledby="{name}"><h2 id="{name}">{esc(title)}</h2>\n'
        f"{html}\n</section>"
    )


def _in_short(found: Insight) -> str:
    scores = found.scores
    most = number(found.max_score)
    spread = f"half of the class has at least {number(statistics.median(scores))}"
    looks = sum(one.to_look_at for one in found.students)
    look = f'<a href="#look">{looks} to look at</a>' if looks else "nothing to look at"
    isolation = "; ".join(found.isolation)
    return (
        f"<p>{len(scores)} {'student' if len(scores) == 1 else 'students'}, {most} points: "
        f"{spread}, the mean is {number(statistics.fmean(scores))}, "
        f"from {number(min(scores))} to {number(max(scores))}; {look}.</p>"
        f'<p class="note">Student code ran in isolation: {esc(isolation)}.</p>'
    )


def _who(student: str, link: Link) -> str:
    address = link(student)
    return f'<a href="{esc(address)}">{esc(student)}</a>' if address else esc(student)


def _odd(found: Insight, link: Link) -> str:
    if not found.odd:
        return "<p>Nothing: every exercise was judged, within its time and memory.</p>"
    rows = [_odd_row(one, link) for one in sorted(found.odd, key=_gravity)]
    heads = [head("student"), head("exercise"), head("outcome"), head("why", "text")]
    return table("Not judged, out of time or memory, crashed, unreadable", heads, rows)


def _gravity(one: Odd) -> tuple[bool, str, str]:
    return (one.outcome != "not_graded", one.outcome, one.student)


def _odd_row(one: Odd, link: Link) -> str:
    exercise = f"<code>{esc(one.exercise)}</code>" if one.exercise else "all"
    kind = outcome(one.outcome) if one.exercise else "unreadable"
    return (
        f'<tr><th scope="row">{_who(one.student, link)}</th>{cell(exercise)}{cell(kind)}'
        f"{cell(esc(one.reason))}</tr>"
    )


def _mistakes(found: Insight, link: Link) -> str:
    if not found.mistakes:
        return "<p>No known mistake was recognised.</p>"
    most = len(found.students)
    rows = [_mistake_row(one, most, link) for one in found.mistakes]
    heads = [
        head("students", "number"),
        head("exercise"),
        head("mistake"),
        head("what they do", "text"),
        head("who"),
    ]
    return table("Known mistakes, the commonest first", heads, rows)


def _mistake_row(one: Known, most: int, link: Link) -> str:
    share = f"{len(one.students)}<span class='hidden'> of {most}</span>"
    return (
        f"<tr>{cell(share, 'number')}{cell(f'<code>{esc(one.exercise)}</code>')}"
        f'<th scope="row">{esc(one.name.replace("_", " "))}</th>'
        f"{cell(f'It comes out when {esc(one.when)}.')}{cell(_names(one.students, link))}</tr>"
    )


def _names(students: tuple[str, ...], link: Link) -> str:
    shown = ", ".join(_who(one, link) for one in students[:TASTE])
    if len(students) <= TASTE:
        return shown
    rest = ", ".join(_who(one, link) for one in students[TASTE:])
    return f"{shown} <details><summary>{len(students) - TASTE} more</summary>{rest}</details>"


def _exercises(found: Insight) -> str:
    seen = [name for name in SIGNS if any(one.outcomes.get(name) for one in found.exercises)]
    heads = [
        head("exercise"),
        head("points", "number"),
        head("mean", "number"),
        *(head(words(name), "number") for name in seen),
    ]
    rows = [
        f'<tr><th scope="row"><code>{esc(one.name)}</code></th>'
        f"{cell(number(one.max_score), 'number')}{cell(f'{100 * one.solved:.0f} %', 'number')}"
        + "".join(cell(str(one.outcomes.get(name, 0)), "number") for name in seen)
        + "</tr>"
        for one in found.exercises
    ]
    picture = f"<figure class='large'>{plots.outcomes(found.exercises)}</figure>"
    return picture + table("Students by outcome of each exercise", heads, rows)


def _separation(found: Insight) -> str:
    heads = [
        head("exercise"),
        head("lower third", "number"),
        head("upper third", "number"),
        head("correlation", "number"),
        head("in words", "text"),
    ]
    rows = [_separation_row(one) for one in sorted(found.exercises, key=_weakest)]
    return (
        "<p>An exercise that separates is done by those who do well in the rest of the lab. One "
        "that does not is too easy, too hard, or asks for something else. The thirds are of the "
        "class, by points in the whole lab.</p>"
        f"<figure class='large'>{plots.separation(found.exercises)}</figure>"
        + table("Marks in an exercise against marks in the rest of the lab", heads, rows)
    )


def _weakest(one: Exercise) -> float:
    return 2.0 if one.separation is None else one.separation


def _separation_row(one: Exercise) -> str:
    told = "–" if one.separation is None else f"{one.separation:.2f}".replace("-", "−")
    return (
        f'<tr><th scope="row"><code>{esc(one.name)}</code></th>'
        f"{cell(f'{100 * one.weak:.0f} %', 'number')}{cell(f'{100 * one.strong:.0f} %', 'number')}"
        f"{cell(told, 'number')}{cell(esc(one.verdict))}</tr>"
    )


def _students(found: Insight, link: Link) -> str:
    names = [one.name for one in found.exercises]
    heads = [
        _sorting("student", "text"),
        _sorting("points", "number"),
        _sorting("right", "number"),
        _sorting("to look at", "text"),
        *(_sorting(name, "number", "tall") for name in names),
    ]
    rows = [_student_row(one, names, link) for one in found.students]
    used = {kind for one in found.students for kind in one.outcomes.values()}
    signs = [name for name in SIGNS if name in used]
    legend = ", ".join(outcome(name) for name in signs)
    return (
        f"<p>{legend}.</p>"
        + table("All students; the headings sort", heads, rows, ' class="sortable"')
        + '<p class="hidden" role="status"></p>'
    )


def _sorting(text: str, kind: str, look: str = "") -> str:
    return (
        f'<th scope="col" class="{look}" data-kind="{kind}">'
        f'<button type="button" disabled>{esc(text)}</button></th>'
    )


def _student_row(one: Student, names: list[str], link: Link) -> str:
    look = "yes" if one.to_look_at else "no"
    return (
        f'<tr><th scope="row">{_who(one.name, link)}</th>'
        f'<td class="number" data-value="{one.score}">{number(one.score)}</td>'
        f'<td class="number" data-value="{one.right}">{one.right} of {len(names)}</td>'
        f"{cell(look)}{''.join(_sign(one.outcomes, one.shares, name) for name in names)}</tr>"
    )


def _sign(outcomes: Mapping[str, str], shares: Mapping[str, float | None], name: str) -> str:
    kind = outcomes.get(name, "missing")
    share = shares.get(name)
    value = -1.0 if share is None else share
    return (
        f'<td class="sign" data-value="{value:g}"><span aria-hidden="true" '
        f'title="{esc(words(kind))}">{SIGNS.get(kind, "")}</span>'
        f'<span class="hidden">{esc(words(kind))}</span></td>'
    )
