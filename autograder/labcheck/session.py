"""One student's session: which exercises were checked, and how many hints were asked for."""

from __future__ import annotations

import contextlib
import os
import sys
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from .cells import Cells, like
from .earlier import reached
from .explain import TEXT_COLUMN, Line, listed, room
from .finish import end_of
from .forbidden import bound_names
from .guessing import Guesses
from .html import SIGNS, as_html
from .message import Message, advice, findings, forbidden
from .playing import Setting, play
from .printed import shown
from .reading import SETUP, Given
from .remembered import Memory
from .run import Checked, Interrupted, check_cases, fault, interrupted, lacking
from .strip import strip_of
from .unwritten import WIDTH
from .verdict import Observed
from .visible import Unusable, VisibleExercise, load, load_given

BAR_WIDTH = 24
FOLDER = Path(__file__).resolve().parents[2]
"""The folder of labcheck.pyz, wherever a notebook changes to afterwards."""

START = "Write the body below the docstring in place of NotImplementedError, and check again."
LEAD = "The first difference that the check shows is the best lead."
STALE_BELOW = "It calls {other}, which is still an earlier version: see check({other})."
UNKNOWN = "None of the mistakes that I know gives exactly this."
NO_HINTS = "There are no hints in this lab: a check says what is right, and what is not yet."


NOTHING: Any = object()
"""What `check` and `hint` get where they are called without anything."""


class NotRightError(Exception):
    """Fails a check cell while nbgrader validates; a notebook shows its text and no traceback."""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


class NotebookSession:
    """Checks functions against the recorded cases, and remembers the results."""

    def __init__(self, record: Path | None = None, cells: Cells | None = None) -> None:
        self._record = record
        self._cells = cells or Cells()
        self._exercises: dict[str, VisibleExercise] | None = None
        self._checked: dict[str, Checked] = {}
        self._hints_asked: dict[str, int] = {}
        self._last: tuple[Checked, Any] | None = None
        self._endless: dict[str, Any] = {}
        self._guesses = Guesses()
        self._memory: Memory | None = None

    @property
    def exercises(self) -> dict[str, VisibleExercise]:
        """The exercises of the lab by name, in teaching order."""
        if self._exercises is None:
            self._exercises = load(self._record or find_record())
        return self._exercises

    def check(self, function: Any = NOTHING) -> None:
        """Try a function or class on the visible cases, and show what was found.

        While nbgrader validates the notebook, what is not right raises NotRightError.
        """
        exercise = self._meant("check", function)
        if exercise is None:
            return
        checked = self._tried(exercise, function)
        if checked is None:
            return
        if self._checked.get(exercise.name) is None or checked.outcome == "right":
            self._hints_asked.pop(exercise.name, None)
        new = self._last_of(exercise.name) != "right"
        self._remember(checked, function)
        message = message_of(checked, notebook=True)
        if notes := self._notes(exercise.name, function):
            message = replace(message, lines=(*message.lines, Line("Note", notes)))
        if validating() and checked.outcome != "right":
            raise NotRightError(narrowed(message).text())
        show(message, self.progress_line())
        if new and self._all_right():
            self._show_end()

    def hint(self, function: Any = NOTHING) -> None:
        """One more step of help for a function: first where to look, then what is wrong.

        Without one it is for what was checked last.
        """
        if function is NOTHING and self._last is not None:
            last, function = self._last
            checked = None if self._is_stale(last.exercise.name, function) else last
        else:
            exercise = self._meant("hint", function)
            checked = None if exercise is None else self._tried(exercise, function)
        if checked is None:
            return
        self._remember(checked, function)
        exercise, name = checked.exercise, checked.exercise.name
        step = self._hints_asked[name] = self._hints_asked.get(name, 0) + 1
        self._keep(checked, 1)
        lines = tuple(hints(checked, step))
        show(Message(name, checked.outcome, score_of(checked), exercise.points, lines))

    def _remember(self, checked: Checked, function: Any) -> None:
        self._checked[checked.exercise.name] = checked
        self._last = checked, function
        self._keep(checked)

    def guess(self, expected: Any = "…", about: str = "") -> None:
        """Say what you expect to see, in a word or a number, before you see it."""
        self._guesses.guess(expected, about)

    def play(self, draw: Callable[..., Any], **settings: Setting) -> None:
        """Draw a picture anew whenever a setting is moved; for the parameters see `playing`."""
        play(draw, **settings)

    def reveal(self, about: str, truth: Any, because: str = "", **more: Any) -> None:
        """Show how the guess about a picture fared; for the parameters see `guessing`."""
        show(self._guesses.revealed(about, truth, because, **more))

    def restore(self) -> frozenset[str]:
        """What was handed out beside the exercises is there, though its cells did not run yet.

        The texts of the cells that were handed out.
        """
        space = _kernel_space()
        code: Mapping[str, str] = {}
        if space is None:
            return frozenset()
        with contextlib.suppress(Exception):
            given = load_given(self._record or find_record()) or Given((), {}, ())
            code = given.code
            for cell in given.run:
                if cell != SETUP and not bound_names(code[cell]) <= space.keys():
                    exec(compile(code[cell], f"<{cell}>", "exec"), space)
        return frozenset(map(str.strip, code.values()))

    # -- what is remembered ----------------------------------------------------------------------

    @property
    def memory(self) -> Memory:
        """What was checked before this kernel started."""
        if self._memory is None:
            try:
                record: Path | None = self._record or find_record()
            except FileNotFoundError:
                record = None
            self._memory = Memory(None if validating() else record)
        return self._memory

    def _keep(self, checked: Checked, hints: int = 0) -> None:
        if _kernel_space() is not None:
            name, past = checked.exercise.name, self.memory.past
            asked = hints + (past[name].hints if name in past else 0)
            self.memory.keep(name, checked.outcome, checked.share, asked)

    def _last_of(self, name: str) -> str:
        past = self.memory.past.get(name)
        return past.outcome if past is not None else ""

    def _all_right(self) -> bool:
        return all(self._last_of(name) == "right" for name in self.exercises)

    def _show_end(self) -> None:
        helping = all(exercise.helps for exercise in self.exercises.values())
        asked = {name: self.memory.past[name].hints for name in self.exercises}
        hints = asked if helping else None
        end = end_of(self.exercises, self._record or find_record(), "", hints)
        if not _display({"text/plain": end.text(room()), "text/html": end.html()}):
            print(end.text(room()))

    def _meant(self, word: str, function: Any) -> VisibleExercise | None:
        """The exercise that is to be looked at; None, and why in a sentence, where there is none.

        word: what was called, "check" or "hint".
        """
        try:
            exercises = self.exercises
        except (FileNotFoundError, Unusable) as missing:
            _say(f"{missing}.")
            return None
        name = getattr(function, "__name__", None)
        if isinstance(name, str) and name in exercises:
            return exercises[name]
        example = f"{word}({next(iter(exercises), 'rnn_step')})"
        written = name if isinstance(name, str) else function
        near = [one for one in exercises if isinstance(written, str) and like(written, one)]
        if function is NOTHING:
            _say(f"Say for which function, as in {example}.")
        elif isinstance(function, str) and (function in exercises or near):
            one = function if function in exercises else near[0]
            mean = "" if function in exercises else f"Do you mean {one}? "
            _say(f"{mean}Write {word}({one}), without quotation marks.")
        elif isinstance(name, str):
            which = (
                f"Do you mean {near[0]}?" if near else f"Its exercises: {', '.join(exercises)}."
            )
            _say(f"{name} is no exercise of this lab. {which}")
        else:
            kind = type(function).__name__
            what = repr(function) if kind in ("str", "int", "float", "bool") else f"of type {kind}"
            _say(
                f"{word} takes the function itself, as in {example}: its name without quotation "
                f"marks, and not called. What it got is {what[:60]}."
            )
        return None

    def _tried(self, exercise: VisibleExercise, function: Any) -> Checked | None:
        """What the visible cases find; None, and why in a sentence, where they cannot be tried."""
        if self._is_stale(exercise.name, function):
            return None
        try:
            if lacks := lacking(exercise):
                _say(f"{lacks}.")
                return None
            checked = check_cases(
                exercise, function, self.exercises, endless=self._still(function)
            )
            self._endless.pop(exercise.name, None)
            if checked.outcome == "timeout" and checked.trials:
                self._endless[exercise.name] = function
            return checked
        except Interrupted:
            raise
        except KeyboardInterrupt as error:
            raise interrupted(error) from None
        except NotRightError:
            raise
        except Exception as error:
            _say(fault(error))
            return None

    def _still(self, function: Any) -> list[str]:
        """The exercises that ran out of time and have not been written anew since."""
        space = getattr(function, "__globals__", {})
        return [name for name, held in self._endless.items() if space.get(name) is held]

    def _is_stale(self, name: str, function: Any) -> bool:
        """Whether a function is not what its cell says; then nothing is known, and it is said."""
        stale = self._cells.stale(name, function)
        if stale:
            self._checked.pop(name, None)
            _say(stale)
        return bool(stale)

    def _notes(self, name: str, function: Any) -> str:
        """What is to be known of the versions of a function, and of those that it calls."""
        notes = [self._cells.note(name, self.exercises)]
        for other in reached(function, list(self.exercises)):
            held = getattr(function, "__globals__", {}).get(other)
            if held is not None and self._cells.stale(other, held):
                notes.append(STALE_BELOW.format(other=other))
        return "\n".join(filter(None, notes))

    def progress(self) -> None:
        """How much of the lab is done, exercise by exercise."""
        try:
            exercises = self.exercises
        except (FileNotFoundError, Unusable) as missing:
            _say(f"{missing}.")
            return
        past, lines = self.memory.past, []
        for name, exercise in exercises.items():
            outcome, since = self._last_of(name), ""
            if name in self._checked:
                outcome = self._checked[name].outcome
            elif outcome:
                since = f"   checked {past[name].when}, not since"
            sign = SIGNS.get(outcome, "✗") if outcome else "·"
            lines.append(f"{sign} {name} ({exercise.points:g}){since}")
        print(f"{self.progress_line()}\n\n" + "\n".join(lines))
        if self._all_right():
            self._show_end()

    def progress_line(self) -> str:
        """ "3 of 12 right, 25 of 100 points [#####-----]" for what was checked so far."""
        return progress_line(self.exercises, {**self.memory.past, **self._checked})


def validating() -> bool:
    """Whether nbgrader runs the notebook to tell a student if it passes."""
    return os.environ.get("NBGRADER_EXECUTION") == "validate"


def _say(text: str) -> None:
    """Print why nothing can be checked; while nbgrader validates, raise NotRightError."""
    if validating():
        raise NotRightError(narrow(text, WIDTH))
    print(text)


def narrow(text: str, width: int) -> str:
    """A text with its long lines broken."""
    wrapped = (textwrap.wrap(line, width, break_on_hyphens=False) for line in text.split("\n"))
    return "\n".join(piece for pieces in wrapped for piece in pieces or [""])


def narrowed(message: Message) -> Message:
    """A message whose lines are no longer than WIDTH."""
    width = WIDTH - TEXT_COLUMN
    lines = (Line(line.label, narrow(line.text, width)) for line in message.lines)
    return replace(message, lines=tuple(lines))


class Outcome(Protocol):
    """How an exercise ended."""

    @property
    def outcome(self) -> str:
        """In a word."""

    @property
    def share(self) -> float:
        """The part of the points that it gives."""


def progress_line(exercises: Mapping[str, VisibleExercise], checked: Mapping[str, Outcome]) -> str:
    """The progress of a lab in one line with a bar."""
    known = {name: checked[name] for name in exercises if name in checked}
    right = sum(result.outcome == "right" for result in known.values())
    score = sum(exercises[name].points * result.share for name, result in known.items())
    most = sum(exercise.points for exercise in exercises.values())
    full = round(BAR_WIDTH * score / most) if most else 0
    bar = "█" * full + "░" * (BAR_WIDTH - full)
    done = f"{right} of {len(exercises)} right, {round(score, 2):g} of {most:g} points so far"
    return f"{bar}  {done}"


def message_of(checked: Checked, notebook: bool, ask: str = "") -> Message:
    """The feedback on the visible cases; a recognised mistake is offered as a hint.

    ask: how, where it is neither by a call nor by an option.
    """
    exercise = checked.exercise
    lines: list[Line] = []
    if checked.begin and checked.outcome in ("unfinished", "missing"):
        lines = [Line("What to do", checked.begin)]
    elif checked.outcome == "unfinished":
        lines = [Line("What to do", START)]
    elif checked.outcome == "forbidden":
        lines = forbidden(exercise.name, checked.used)
    elif not checked.trials and checked.outcome != "right":
        lines = [Line("What happened", checked.used)]
        if checked.begin:
            lines.insert(0, Line("Begin with", checked.begin))
    elif checked.outcome != "right":
        lines = findings(checked.trials, exercise.parts, numbers=True)
        if checked.begin:
            lines.insert(0, Line("Begin with", checked.begin))
        if wrote := shown(_first_failing(checked).printed):
            lines.append(Line("It printed", wrote))
        if checked.said:
            lines.append(Line("What it does", checked.said))
        if checked.noticed:
            lines.append(Line("Notice", checked.noticed))
        usual = f"hint({exercise.name})" if notebook else f"--hint {exercise.name}"
        if offer := _offer(checked, ask or usual):
            lines.append(Line("Hint", offer))
    if checked.given:
        lines.append(Line("Note", _stood_in(checked)))
    first = next((trial for trial in checked.trials if not trial.passed), None)
    strip = strip_of(first) if first is not None else None
    score, more = score_of(checked), exercise.when_right if checked.outcome == "right" else ""
    return Message(
        exercise.name, checked.outcome, score, exercise.points, tuple(lines), strip, more
    )


def _stood_in(checked: Checked) -> str:
    """Whose recorded answers a function was checked with, and how far."""
    names, many = listed(checked.given), len(checked.given) > 1
    tried, cases = len(checked.trials), len(checked.exercise.cases)
    return (
        f"Checked with the recorded answers of {names}, which {'are' if many else 'is'} not right "
        f"yet, in {tried} of {cases} cases: one error is charged once. "
        f"Check again when {'they are' if many else 'it is'} right."
    )


def _first_failing(checked: Checked) -> Observed:
    """What happened in the case that is shown."""
    failed = (trial.got for trial in checked.trials if not trial.passed)
    return next(failed, Observed("skipped"))


def _offer(checked: Checked, ask: str) -> str:
    """Which hints there are, and how to ask for them; nothing where there are none."""
    if checked.mistake is not None:
        return f"I recognise this one. Ask with {ask}: first where to look, then what is wrong."
    if checked.begin or not checked.exercise.helps:
        return ""
    look = advice(checked.exercise.look, checked.trials, checked.exercise.parts)
    return f"Ask with {ask} where to look." if look else ""


def hints(checked: Checked, step: int) -> list[Line]:
    """The first `step` hints: where to look, then what is wrong."""
    exercise = checked.exercise
    if not exercise.helps:
        return [Line("Hint", NO_HINTS)]
    if checked.outcome == "right":
        return [Line("Hint", "It is right: nothing to hint at.")]
    if checked.outcome == "missing":
        todo = f"Define {exercise.name} at the top level of your file, as it was handed out."
        return [Line("What to do", todo)]
    if checked.outcome == "not_graded":
        return [Line("What happened", checked.used)]
    if checked.outcome == "forbidden":
        return [Line("Hint", f"Write it without {checked.used}.")]
    if checked.begin:
        return [Line("Look here", checked.begin)]
    look = advice(exercise.look, checked.trials, exercise.parts) or LEAD
    wrong = f"{UNKNOWN} {' '.join(filter(None, (checked.said, checked.noticed))) or LEAD}"
    if checked.outcome == "unfinished":
        wrong = START
    elif checked.mistake is not None:
        when, look = exercise.hints[checked.mistake]
        wrong = f"This is exactly what comes out when {when}."
    if step > 1:
        return [Line("Look here", look), Line("What is wrong", wrong)]
    more = [Line("Next", "Ask again for more.")] if has_more(checked) else []
    return [Line("Look here", look), *more]


def has_more(checked: Checked) -> bool:
    """Whether a second hint says what is wrong."""
    return checked.mistake is not None or bool(checked.said or checked.noticed)


def score_of(checked: Checked) -> float:
    """The points that the visible cases would give."""
    return round(checked.exercise.points * checked.share, 4)


def find_record(stem: str | None = None) -> Path:
    """The recorded cases beside labcheck.pyz: visible.json, or visible/<lab>.json for a file."""
    own = FOLDER / "visible.json"
    of_file = FOLDER / "visible" / f"{stem}.json"
    for record in (own, of_file) if stem is None else (of_file, own):
        if record.is_file():
            return record
    raise FileNotFoundError(
        f"the recorded cases are missing: expected {own.name} or visible/{stem or '<lab>'}.json "
        "beside labcheck.pyz; copy them again from what was handed out"
    )


def show(message: Message, progress: str = "") -> None:
    """Display a message: in a notebook as HTML with the text beside it, elsewhere as text."""
    text = message.text(room()) + (f"\n\n  {progress}" if progress else "")
    if not _display({"text/plain": text, "text/html": as_html(message, progress)}):
        print(text)


def _kernel_space() -> dict[str, Any] | None:
    """The names of the notebook that this runs in; None elsewhere."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell.user_ns if shell is not None and hasattr(shell, "kernel") else None


def _display(texts: dict[str, str]) -> bool:
    if _kernel_space() is None:
        return False
    from IPython.display import display

    display(texts, raw=True)  # type: ignore[no-untyped-call,unused-ignore]
    return True
