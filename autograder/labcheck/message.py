"""trials → message: one exercise's feedback, the same in a notebook, a terminal and a report."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .exceptions import meaning, type_told
from .explain import (
    CODE,
    WIDTH,
    Line,
    as_text,
    called_with,
    first_item,
    first_wrong,
    points,
    returned,
)
from .own import ANYONE, Own
from .pairs import pairs_of, sizes_of
from .strip import Strip
from .text import capped
from .verdict import Observed, Trial, is_stub

PLAIN = "values"
"""The name of the first case, which needs no mention."""

HEADLINES = {
    "right": "right",
    "partly": "partly right",
    "wrong": "not right yet",
    "unfinished": "not started yet",
    "missing": "not found",
    "error": "stopped with an error",
    "timeout": "ran out of time",
    "memory": "ran out of memory",
    "crash": "ended its process",
    "forbidden": "uses what is not allowed here",
    "not_graded": "could not be judged",
}
"""Each outcome in words."""

FARED = {
    "foreseen": "as you guessed",
    "surprise": "not as you guessed",
    "not_guessed": "nobody guessed",
}
"""How a guess fared, in words."""

GUESSES = {
    "timeout": "a loop never ends: look at what its condition waits for.",
    "memory": "an array is far larger than it need be: look at the shapes that meet.",
}
MORE = "Read on"
"""The label of a paragraph that need not be read."""
GRADED = "where you are graded"
PLAIN_DATA = "plain numbers and arrays, or tuples, lists and dicts of them."


@dataclass(frozen=True)
class Message:
    """The parts of a feedback; `text()` is the whole of it, but for a picture.

    more: a paragraph for who wants to read on.
    """

    name: str
    outcome: str
    score: float | None
    max_score: float
    lines: tuple[Line, ...] = ()
    strip: Strip | None = None
    more: str = ""

    @property
    def headline(self) -> str:
        """Its outcome, or how a guess fared, in words."""
        return FARED.get(self.outcome) or HEADLINES[self.outcome]

    def text(self, width: int = WIDTH) -> str:
        """Plain text: a headline, and below it what was found, in so many columns."""
        score = f"    {points(self.score, self.max_score)}" if self.max_score else ""
        head = f"{self.name}    {self.headline}{score}"
        lines = (*self.lines, Line(MORE, self.more)) if self.more else self.lines
        return capped(f"{head}\n\n{as_text(lines, width)}") if lines else head


def outcome_of(trials: Sequence[Trial]) -> str:
    """How an exercise ended, from its cases: right, partly, or the way its values failed."""
    if any(trial.got.did == "forbidden" for trial in trials):
        return "forbidden"
    run = [trial for trial in trials if trial.got.did != "skipped" or not trial.passed]
    values = [trial for trial in run if trial.question.value]
    failed = next((trial for trial in run if not trial.passed), None)
    if failed is None:
        return "right" if values else "not_graded"
    if values and any(trial.passed for trial in values):
        return "partly"
    return ended(failed)


def ended(trial: Trial) -> str:
    """The outcome that one failed case stands for."""
    got = trial.got
    if got.did == "raised":
        if is_stub(got):
            return "unfinished"
        return "memory" if got.type == "MemoryError" else "error"
    if got.did == "gone":
        return got.type
    return got.did if got.did in ("missing", "forbidden") else "wrong"


def share(trials: Sequence[Trial]) -> float:
    """The part of the points that was earned, 0 to 1: values first, then a fifth off for every
    other property that is not right, once.

    An exercise whose value cases all fail earns 0, as does one that uses in any case what is
    forbidden; one with any failed case earns less than 1.
    """
    if any(trial.got.did == "forbidden" for trial in trials):
        return 0.0
    values = [trial for trial in trials if trial.question.value and counts(trial)]
    if not values or not any(trial.passed for trial in values):
        return 0.0
    return earned(sum(trial.passed for trial in values) / len(values), len(_faults(trials)))


def earned(right: float, faults: int) -> float:
    """The part of the points for this part of the values, with so many other faults."""
    return right * max(0.2, 1 - 0.2 * faults)


def _faults(trials: Sequence[Trial]) -> set[str]:
    """The properties that failed; a result of another form is one fault in whatever case."""
    forms = {_form(trial) for trial in trials if trial.question.value}
    faults = set[str]()
    for trial in trials:
        if trial.passed or trial.question.value or not counts(trial):
            continue
        form = _form(trial)
        if not form or form not in forms:
            forms.add(form)
            faults.add(trial.question.property or trial.question.name)
    return faults


def _form(trial: Trial) -> str:
    """How the form of a result differs, as in a list for a tuple; empty where that is right."""
    mismatch = trial.mismatch
    if mismatch is None or mismatch.kind not in ("container", "keys", "length"):
        return ""
    place = [key for key in mismatch.path if isinstance(key, str)]
    return f"{mismatch.kind} {place} {mismatch.due}"


def counts(trial: Trial) -> bool:
    """Whether a case was tried; one that cannot run here is neither right nor wrong."""
    return not (trial.got.did == "skipped" and trial.passed)


def findings(
    trials: Sequence[Trial], parts: Sequence[str] = (), numbers: bool = True, own: Own = ANYONE
) -> list[Line]:
    """What to tell about the first case that failed; the numbers only where they may be shown.

    own: what the program's text names, where no more may be told of an exception.
    """
    trial = next((trial for trial in trials if not trial.passed), None)
    if trial is None:
        return []
    lines = []
    question = trial.question
    if trial.got.did not in ("missing", "forbidden"):
        if question.name != PLAIN:
            lines.append(Line("Case", f"{question.name}{_what_is_right(trials)}"))
        arguments = called_with(question.arguments, question.shapes, numbers, own)
        lines.append(Line("Called with", arguments))
    lines += _finding(trial, parts, numbers, own)
    if question.why and not question.value and not _other_form(trial):
        lines.append(Line("Look at", question.why))
    return lines


def _other_form(trial: Trial) -> bool:
    """Whether a case on dtypes failed by what a result is, of which its advice does not speak."""
    return trial.question.property == "dtype" and bool(_form(trial))


def advice(look: str, trials: Sequence[Trial], parts: Sequence[str]) -> str:
    """Where to look, unless what it speaks of is right already."""
    values = [trial for trial in trials if trial.question.value]
    tables = [table for trial in values if (table := pairs_of(trial, parts))]
    right = {name for table in tables for name in table} - {
        name for table in tables for name, pair in table.items() if not pair.right
    }
    words = set(re.findall(r"[^\W\d]\w*", look))
    words = {word for word in words if len(word) > 1}  # one letter is an axis or an argument
    named = {name for table in tables for name in table if {name, name.removeprefix("d")} & words}
    if named and named <= right:
        return ""
    return "" if STEPS.search(look) and _only_long_ones_fail(trials) else look


STEPS = re.compile(r"\bT = \d|\bsteps?\b")
"""Words of an advice to follow a few steps by hand."""


def _only_long_ones_fail(trials: Sequence[Trial]) -> bool:
    """Whether sequences of a few steps are right, and only far longer ones are not."""
    steps = [(sizes_of(trial.question).get("T", 0), trial.passed) for trial in trials]
    right = max((length for length, passed in steps if passed), default=0)
    wrong = min((length for length, passed in steps if not passed), default=0)
    return right >= 2 and wrong > 2 * right


def _what_is_right(trials: Sequence[Trial]) -> str:
    values = [trial.passed for trial in trials if trial.question.value]
    if values and all(values):
        return " (the values of the ordinary calls are right)"
    if trials[0].passed:
        return " (the first call was right)"
    return ""


def _finding(trial: Trial, parts: Sequence[str], numbers: bool, own: Own) -> list[Line]:
    got, due = trial.got, trial.due
    if due.did == "raised" and got.did in ("result", "raised"):
        return _exception_due(trial, numbers, own)
    if got.did == "raised":
        return raised(trial, numbers, own)
    if got.did == "refused":
        return [Line("You returned", f"{got.text}."), Line("Expected", PLAIN_DATA)]
    if got.did != "result" or trial.mismatch is None:
        guess = GUESSES.get(got.type)
        lines = [Line("What happened", got.text), *_code_lines(got)]
        return [*lines, Line("Perhaps", guess)] if guess else lines
    if trial.question.observe == "arguments":
        changed = trial.mismatch.path[0] if trial.mismatch.path else "an argument"
        when = f" on {trial.question.like}" if trial.elsewhere else ""
        return [Line("First wrong", f"the call changed its argument {changed}{when}.")]
    where = first_wrong(trial.mismatch, parts, numbers)
    if numbers and (item := first_item(trial.due.tree, got.tree, trial.mismatch)):
        where = f"{where}\n{item}"
    wrong = Line("First wrong", where)
    if trial.question.indirect:
        return [wrong]
    came = returned(got.tree, trial.mismatch, trial.question.shapes, numbers)
    return [Line("You returned", came), wrong]


def _exception_due(trial: Trial, numbers: bool, own: Own) -> list[Line]:
    due = f"a {trial.due.type}"
    mentions = trial.question.mentions.split("|")[0]
    expected = f"Expected {due} whose text names {mentions!r}" if mentions else f"Expected {due}"
    if trial.got.did == "result":
        return [Line("What happened", f"No exception was raised. {expected}.")]
    if trial.due.type in trial.got.bases:
        kind = type_told(trial.got, own)
        text = f"A {kind} was raised, as is due, but it does not name {mentions!r}."
        return [Line("What happened", text)]
    return [*raised(trial, numbers, own), Line("Expected", f"{due} on these arguments.")]


def raised(trial: Trial, texts: bool, own: Own) -> list[Line]:
    """An exception in the student's own code, cut to the student's lines.

    texts: whether its own text may be shown; elsewhere what it means stands in its place.
    """
    got, kind = trial.got, type_told(trial.got, own)
    means = explained(got, own, "here" if texts else GRADED)
    told = got.text if texts else means
    lines = [Line("Raised", f"{kind}: {told}" if told else kind)]
    if texts and means:
        lines.append(Line("Which means", means))
    lines += _code_lines(got)
    if got.met:
        lines.append(Line("Shapes", got.met))
    if got.type == "MemoryError":
        lines.append(Line("Perhaps", GUESSES["memory"]))
    return lines


def _code_lines(got: Observed) -> list[Line]:
    """The innermost of the student's lines, where any are known."""
    sources = [f"{file}, line {line}: {source.strip()}" for file, line, source in got.lines]
    return [Line(CODE, "\n".join(list(dict.fromkeys(sources))[-3:]))] if sources else []


def explained(got: Observed, own: Own, here: str) -> str:
    """What an exception means, as a sentence; nothing where that is not known."""
    means = meaning(got, own, here)
    return f"{means}{'' if means.endswith('?') else '.'}" if means else ""


def forbidden(name: str, used: str) -> list[Line]:
    """An exercise that uses what it is about."""
    what = f"{name} uses {used or 'a package that is not allowed'}."
    todo = "This exercise is about writing that yourself, so it earns no points."
    return [Line("What happened", what), Line("What to do", todo)]
