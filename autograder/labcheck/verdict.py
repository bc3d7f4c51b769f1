"""What a call did, whether that is what was due, and which known mistake does the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from .compare import Mismatch, Tolerance, compare, equal
from .tree import Tree, decode, encode

Did = Literal["result", "raised", "refused", "forbidden", "missing", "gone", "skipped"]


def usual_numbers() -> np.errstate:
    """How NumPy answers odd numbers during a call, whatever a program has set beside it."""
    return np.errstate(divide="warn", over="warn", under="ignore", invalid="warn")


@dataclass(frozen=True, eq=False)
class Observed:
    """What one call did.

    did: it gave a result, raised, gave something that is no plain data, used a forbidden package,
    was not there, ended its process, or was not run.  tree: what is compared.  type, bases, text:
    of the exception, or why.  lines: (file, line number, source) in the student's code, innermost
    last.  devices: where the tensors of a result were of which a view is compared.  printed, met:
    what the call wrote, and what met where it raised; of a program on its author's machine alone.
    """

    did: Did
    tree: Tree = None
    type: str = ""
    bases: tuple[str, ...] = ()
    text: str = ""
    lines: tuple[tuple[str, int, str], ...] = ()
    devices: tuple[str, ...] = ()
    printed: str = ""
    met: str = ""

    def to_json(self) -> dict[str, Any]:
        """For visible.json; the student's lines are left out."""
        if self.did == "result":
            devices = {"devices": list(self.devices)} if self.devices else {}
            return {"did": "result", "tree": encode(self.tree), **devices}
        return {"did": self.did, "type": self.type, "bases": list(self.bases), "text": self.text}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Observed:
        """What `to_json` wrote."""
        if data["did"] == "result":
            devices = tuple(data.get("devices", ()))
            return Observed("result", decode(data["tree"]), devices=devices)
        return Observed(data["did"], None, data["type"], tuple(data["bases"]), data["text"])


@dataclass(frozen=True, eq=False)
class Question:
    """One case as both sides of the kit see it: what is asked and how the answer is compared.

    arguments: by name, in order.  observe: "result" or "arguments".  mentions: what the text of a
    due exception must contain, "word" or "word|other word".  letters: axis letters of the result
    by key.  indirect: what is compared was made of what the function returned.  device: where its
    tensors live.  like: the case whose call it looks at again, where `observe` is "arguments".
    property: what it is about, where it is no value case.  apart: whether it uses the entry point
    in a way of its own, with arguments that are no concern of a case that observes arguments.
    """

    name: str
    arguments: Mapping[str, Tree]
    value: bool
    observe: str
    mentions: str
    tolerance: Tolerance
    shapes: Mapping[str, str]
    why: str = ""
    indirect: bool = False
    device: str = "cpu"
    like: str = ""
    property: str = ""
    apart: bool = False


@dataclass(frozen=True, eq=False)
class Trial:
    """One case after the call: what was due and what happened.

    elsewhere: what happened did so in the call of another case, of which is not known what each
    known mistake leaves.
    """

    question: Question
    due: Observed
    got: Observed
    mismatch: Mismatch | None
    passed: bool
    elsewhere: bool = False


Call = Callable[[int, bool], tuple[Observed, Observed]]
"""The case at a place, called: what it gave, and its arguments afterwards where asked for."""


def tried(cases: Sequence[tuple[Question, Observed]], call: Call) -> Iterator[Trial]:
    """The cases in their order, each with what is due: the one loop over them.

    A case that observes arguments looks at those of all calls before it.  After a call that ended
    the process, or ran out of memory before any case passed, none is made any more.
    """
    left: list[tuple[Question, Observed]] = []
    observed = any(question.observe == "arguments" for question, _ in cases)
    why_not, passed = "", False
    for place, (question, due) in enumerate(cases):
        if why_not:
            skipped = Observed("skipped", text=f"not run: a call before it {why_not}")
            yield Trial(question, due, skipped, None, passed=False)
            continue
        if question.observe == "arguments":
            trial = _arguments(question, due, left)
        else:
            got, arguments = call(place, observed)
            left.append((question, arguments))
            trial = judged(question, due, got)
        if trial.got.did == "gone":
            why_not = "ended the process"
        elif trial.got.type == "MemoryError" and not passed:
            why_not = "ran out of memory"
        passed = passed or trial.passed
        yield trial


def _arguments(
    question: Question, due: Observed, left: Sequence[tuple[Question, Observed]]
) -> Trial:
    """What became of the arguments: in the call that the case is like, else in any other."""
    own = next(after for asked, after in left if asked.name == question.like)
    trial = judged(question, due, own)
    if not trial.passed:
        return trial
    for asked, after in left:
        if after.did == "result" and not asked.apart:
            was = replace(question, arguments=asked.arguments, like=asked.name)
            other = judged(was, Observed("result", dict(asked.arguments)), after)
            if not other.passed:
                return replace(other, elsewhere=True)
    return trial


def judged(question: Question, due: Observed, got: Observed) -> Trial:
    """The comparison of one case; passed only if it was finished and agrees."""
    mismatch, passed = None, False
    if due.did == "raised" and got.did == "raised":
        passed = due.type in got.bases and has_word(question.mentions, got.text)
    elif due.did == "result" and got.did == "result":
        letters = {} if question.observe == "arguments" else question.shapes
        mismatch = _difference(due, got, question.tolerance, letters)
        passed = mismatch is None
    return Trial(question, due, got, mismatch, passed)


def _difference(
    due: Observed, got: Observed, tolerance: Tolerance, letters: Mapping[str, str] | None = None
) -> Mismatch | None:
    """The first difference of two results; of which a view is compared, in devices first."""
    if due.devices and got.devices and due.devices != got.devices:
        return Mismatch("device", (), " and ".join(got.devices), " and ".join(due.devices))
    return compare(due.tree, got.tree, tolerance, letters)


def has_word(mentions: str, text: str) -> bool:
    """Whether a text has one of the words that are due, given as "word|other word".

    A single letter counts only where it stands alone: most sentences have an f somewhere.
    """
    lower = text.lower()
    words = re.findall(r"\w+", lower)
    due = mentions.lower().split("|")
    return any(word in (words if len(word) == 1 else lower) for word in due)


def alike(trial: Trial, does: Observed) -> bool:
    """Whether a mistake does on this case what was seen; any text is as good where one is due."""
    if trial.due.did == "raised" and trial.passed:
        return judged(trial.question, trial.due, does).passed
    return same(does, trial.got, trial.question.tolerance)


def same(due: Observed, got: Observed, tolerance: Tolerance) -> bool:
    """Whether two calls did the same."""
    if due.did != got.did:
        return False
    if due.did == "result":
        elsewhere = due.devices and got.devices and due.devices != got.devices
        return not elsewhere and equal(due.tree, got.tree, tolerance)
    return (due.type, due.text) == (got.type, got.text)


def diagnose(trials: Sequence[Trial], mistakes: Mapping[str, Sequence[Observed]]) -> str | None:
    """The name of the one known mistake that does what was seen, else None.

    mistakes: what each does on each trial; "skipped" where that is not known.  First a mistake
    that does the same on every case; else, where values are wrong, one that gives the same values
    on all of these and does the same on the first case that failed, which is the one that is
    shown: another slip may stand beside it.
    """
    run = [place for place, trial in enumerate(trials) if trial.got.did != "skipped"]
    wrong = [place for place in run if not trials[place].passed]
    if not wrong:
        return None
    whole = _fitting(trials, mistakes, run)
    if whole:
        return whole[0]
    gave = [place for place in run if trials[place].got.did == "result"]
    values = [place for place in gave if trials[place].question.value]
    if not any(place in wrong for place in values):
        return None
    fitting = _fitting(trials, mistakes, sorted({wrong[0], *values}))
    return fitting[0] if len(fitting) == 1 else None


def _fitting(
    trials: Sequence[Trial], mistakes: Mapping[str, Sequence[Observed]], places: Sequence[int]
) -> list[str]:
    """The mistakes that do at some places what was seen there, in their order."""
    return [name for name, does in mistakes.items() if fits(trials, does, places)]


def fits(
    trials: Iterable[Trial], does: Sequence[Observed], places: Collection[int] | None = None
) -> bool:
    """Whether a mistake does what was seen on each case that was run, or at some places.

    Ends at the first case on which it does not.  Nothing is said by a case that saw something
    elsewhere, or on which it is not known what the mistake does.
    """
    return all(
        does[place].did == "skipped" or alike(trial, does[place])
        for place, trial in enumerate(trials)
        if trial.got.did != "skipped"
        and not trial.elsewhere
        and (places is None or place in places)
    )


def is_stub(observed: Observed) -> bool:
    """Whether a call came to a `raise NotImplementedError` of the student's; torch has some."""
    if observed.did != "raised" or observed.type != "NotImplementedError":
        return False
    line = observed.lines[-1][2] if observed.lines else ""
    return "raise" in line if line else not observed.text
