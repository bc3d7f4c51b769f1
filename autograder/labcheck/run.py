"""Runs a student's own function on the visible cases of an exercise, in this process."""

from __future__ import annotations

import builtins
import contextlib
import functools
import inspect
import io
import linecache
import sys
import textwrap
import traceback
import types
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from . import clock
from .calling import Called, called
from .classics import NO_TEXT, noticed
from .dependences import Probe, Seen, asked, changed, probed
from .earlier import Recorded, Unanswered, reached, standing_in, told
from .forbidden import Source, forbidden_use
from .kept import Ended
from .meeting import met
from .message import outcome_of, share
from .needed import absent, is_here
from .printed import Written, in_place_of_a_result
from .refusing import NOTED, refusing
from .telling import said
from .travelled import defined
from .tree import NotPlain, devices_of, live, on_cpu, plain
from .verdict import Observed, Trial, diagnose, is_stub, tried
from .visible import Code, VisibleCase, VisibleExercise

Around = Callable[[], AbstractContextManager[Any]]

HERE = __file__.removesuffix("run.py")  # as it stands in tracebacks, in an archive too


class Interrupted(KeyboardInterrupt):
    """Somebody wants it to end; a notebook shows the sentence and no traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def interrupted(error: BaseException) -> Interrupted:
    """The sentence that says which of the student's lines was running."""
    lines = _raised(error).lines
    if not lines:
        return Interrupted("Interrupted.")
    file, line, source = lines[-1]
    return Interrupted(f"Interrupted in {file}, line {line}: {source}")


@dataclass(frozen=True, eq=False)
class Checked:
    """What the visible cases found: outcome, share of the points, cases, and the known mistake.

    said: what the function does, in a sentence, where no known mistake is recognised.  begin: the
    sentence on an earlier exercise that it calls and that is not right; then nothing is known of
    its own mistakes.  given: earlier exercises whose recorded answers stood in.  noticed: a slip
    that its text shows, where no known mistake is recognised.
    """

    exercise: VisibleExercise
    outcome: str
    share: float
    trials: tuple[Trial, ...]
    mistake: str | None
    used: str = ""
    said: str = ""
    begin: str = ""
    given: tuple[str, ...] = ()
    noticed: str = ""


Outcomes = Callable[[str], str]
"""How another exercise of the lab ends, by its name."""


def lacking(exercise: VisibleExercise) -> str:
    """Why this exercise cannot be tried here; empty where it can."""
    return absent("torch") if not is_here("torch") and exercise.needs_torch else ""


def fault(error: Exception) -> str:
    """What is said of an error of labcheck's own."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return (
        f"This could not be checked: labcheck itself stopped with {type(error).__name__}{place}. "
        "That is no fault of yours; please tell whoever gave you the lab."
    )


def check_cases(
    exercise: VisibleExercise,
    entry: Callable[..., Any],
    others: Mapping[str, VisibleExercise] = MappingProxyType({}),
    outcomes: Outcomes | None = None,
    around: Around = contextlib.nullcontext,
    endless: Collection[str] = (),
) -> Checked:
    """Calls `entry` on every visible case and compares.

    others: the exercises of the lab, for one that calls another.  outcomes: where these are known
    already; else those that it calls are tried too, where it is not right.  around: what holds
    during each call.  endless: exercises that are known to run out of time; what calls one of them
    is tried with recorded answers or not at all.
    """
    earlier = [name for name in others if name != exercise.name]
    if stuck := [name for name in reached(entry, earlier) if name in endless]:
        checked = _stuck(exercise, stuck[0])
    else:
        checked = _checked(exercise, entry, around)
    if checked.outcome in ("right", "forbidden"):
        return checked
    known = outcomes or beside(entry, others, around)
    faulty = faulty_below(
        exercise.name, entry, others, lambda name: "timeout" if name in endless else known(name)
    )
    if not faulty:
        return checked
    given = {name: list(others[name].cases[0].question.arguments) for name in faulty}
    recorded = Recorded()
    helped = _helped(exercise, entry, given, recorded, around)
    if helped is not None:
        return replace(helped, given=tuple(faulty)) if recorded.asked else checked
    begin = next(iter(faulty.values()))
    return replace(checked, mistake=None, said="", noticed="", begin=begin)


def _stuck(exercise: VisibleExercise, other: str) -> Checked:
    """An exercise that was not tried, because of one that it calls."""
    why = f"{exercise.name} was not tried: {other}, which it calls, ran out of time."
    return Checked(exercise, "timeout", 0.0, (), None, why)


def faulty_below(
    name: str, entry: Callable[..., Any], others: Mapping[str, VisibleExercise], outcomes: Outcomes
) -> dict[str, str]:
    """The other exercises that an entry point calls and that are not right; of each the sentence.

    They are in teaching order.
    """
    ways = reached(entry, [other for other in others if other != name])
    known = {other: outcomes(other) for other in ways}
    return {
        other: told(name, other, ways[other], known[other])
        for other in others
        if known.get(other, "right") not in ("right", "not_graded")
    }


def beside(
    entry: Callable[..., Any], others: Mapping[str, VisibleExercise], around: Around
) -> Outcomes:
    """How the functions beside an entry point end."""

    def outcome(name: str) -> str:
        value = _globals(entry).get(name)
        if lacking(others[name]):
            return "not_graded"
        if not callable(value):
            return "missing"
        return _checked(others[name], value, around, brief=True).outcome

    return outcome


def _helped(
    exercise: VisibleExercise,
    entry: Callable[..., Any],
    given: Mapping[str, Sequence[str]],
    recorded: Recorded,
    around: Around,
) -> Checked | None:
    """Checked with recorded answers in place of some functions; None where these do not do."""
    places = [place for place, case in enumerate(exercise.cases) if case.answers]
    if not any(exercise.cases[place].question.value for place in places):
        return None
    with standing_in(entry, given, recorded):
        helped = _checked(exercise, entry, around, places=places, recorded=recorded)
    asked_more = any(trial.got.type == Unanswered.__name__ for trial in helped.trials)
    return None if asked_more else helped


def _checked(
    exercise: VisibleExercise,
    entry: Callable[..., Any],
    around: Around,
    *,
    brief: bool = False,
    places: Sequence[int] | None = None,
    recorded: Recorded | None = None,
) -> Checked:
    """Calls `entry` on the cases at some places, or on all.

    brief: whether how it ends is enough.  recorded: is set to the answers of each case.
    """
    used = forbidden_use(_source_of(entry), exercise.name, exercise.forbidden)
    if used is not None:
        return Checked(exercise, "forbidden", 0.0, (), None, used)
    at = range(len(exercise.cases)) if places is None else places
    chosen = [exercise.cases[place] for place in at]
    trials = []

    def call(place: int, _: bool) -> tuple[Observed, Observed]:
        if recorded is not None:
            recorded.answers = chosen[place].answers
        return _observe(exercise, chosen[place], entry, around)

    NOTED.clear()
    with refusing([name for name in exercise.forbidden if "." in name]):
        for trial in tried([(case.question, case.due) for case in chosen], call):
            trials.append(trial)
            if is_stub(trial.got) or (brief and not trial.passed):
                break
    if NOTED:
        return Checked(exercise, "forbidden", 0.0, (), None, NOTED[0])
    outcome = outcome_of(trials)
    if brief:
        return Checked(exercise, outcome, share(trials), tuple(trials), None)
    known = {
        name: [every[place] for place in at]
        for name in exercise.hints
        if (every := list(_recorded(exercise, name)))
    }
    mistake = diagnose(trials, known) if outcome != "unfinished" else None
    does = slip = ""
    if outcome in ("wrong", "partly") and mistake is None and exercise.helps:
        slip = noticed(entry, trials, exercise.parts)
        does = in_place_of_a_result(trials) or said(
            trials, exercise.parts, lambda: _probed(exercise, trials[0], entry, around)
        )
    earned = share(trials)
    return Checked(exercise, outcome, earned, tuple(trials), mistake, said=does, noticed=slip)


def _probed(
    exercise: VisibleExercise, first: Trial, entry: Callable[..., Any], around: Around
) -> Sequence[Seen]:
    """What the function does on the first case with changed arguments."""
    case, question = exercise.cases[0], asked(first.question, first.due.tree)

    def call(probe: Probe) -> Observed:
        other = replace(question, arguments=changed(question, probe))
        return _observe(exercise, replace(case, question=other), entry, around)[0]

    return probed(exercise.probes, question, exercise.parts, call)


def _recorded(exercise: VisibleExercise, name: str) -> Iterator[Observed]:
    """What a mistake does case by case: as is due, then as recorded, then not known."""
    seen = False
    for case in exercise.cases:
        if name in case.mistakes:
            seen = True
            yield case.mistakes[name]
        else:
            yield Observed("skipped") if seen else case.due


def _observe(
    exercise: VisibleExercise, case: VisibleCase, entry: Callable[..., Any], around: Around
) -> tuple[Observed, Observed]:
    """What the call gave, and the arguments as it left them."""
    question = case.question
    code = case.scenario or exercise.scenario
    scenario = _function(code) if code else None
    seconds = clock.TRAINING_SECONDS if exercise.training else clock.CALL_SECONDS
    written = Written()
    quiet = contextlib.redirect_stdout(written)
    try:
        with quiet, nobody_answers(), clock.limited(seconds), around():
            call = called(entry, question.arguments, scenario, question.device)
    except clock.TimeUp as late:  # it was about to be called
        call = Called({}, error=late)
    if isinstance(call.error, KeyboardInterrupt):
        raise interrupted(call.error) from None
    if isinstance(call.error, clock.TimeUp):
        what = f"The call took longer than {seconds:g} seconds and was stopped."
        return _gone("timeout", what, call.error, written.getvalue())
    if isinstance(call.error, Ended):
        ends = "The call asked for Python to end at once (os._exit)."
        return _gone("crash", ends, call.error, written.getvalue())
    left = _left(call.arguments)
    if call.error is not None:
        got = replace(_raised(call.error), met=met(call.error, _is_own, question))
    else:
        got = _gave(exercise, case, call.result)
    return replace(got, printed=written.getvalue()), left


def _gone(
    outcome: str, text: str, error: BaseException, printed: str
) -> tuple[Observed, Observed]:
    """A call that was stopped, of which nothing is left."""
    lines = _raised(error).lines
    gone = Observed("gone", None, outcome, text=text, lines=lines, printed=printed)
    return gone, gone


def _gave(exercise: VisibleExercise, case: VisibleCase, result: Any) -> Observed:
    """A result as it is compared."""
    try:
        tree = plain(result)
    except NotPlain as reason:
        return Observed("refused", text=str(reason))
    if exercise.view is not None and case.scenario is None:
        return _viewed(exercise.view, case, tree)
    return Observed("result", tree)


def _left(arguments: Mapping[str, Any]) -> Observed:
    """The arguments after the call."""
    try:
        return Observed("result", on_cpu(plain(arguments)))
    except NotPlain as reason:
        return Observed("refused", text=str(reason))


@contextlib.contextmanager
def nobody_answers() -> Iterator[None]:
    """input() says at once that nobody can answer, as it does where programs are graded."""

    def refuse(*_: object) -> str:
        raise EOFError("EOF when reading a line")

    before, stream = builtins.input, sys.stdin
    builtins.input, sys.stdin = refuse, io.StringIO()
    try:
        yield
    finally:
        builtins.input, sys.stdin = before, stream


def _viewed(view: Code, case: VisibleCase, tree: Any) -> Observed:
    arguments = {name: live(value) for name, value in case.question.arguments.items()}
    try:
        compared = plain(_function(view)(arguments, live(tree)))
    except Exception:
        return Observed("refused", text="something of another form than was asked for")
    return Observed("result", compared, devices=devices_of(tree))


@functools.cache
def _function(code: Code) -> Callable[..., Any]:
    name, source = code
    return defined(name, source, HERE + name)


def _raised(error: BaseException) -> Observed:
    """An exception, with the lines of it that are the student's own."""
    lines = []
    for frame in traceback.extract_tb(error.__traceback__):
        if _is_own(frame.filename):
            number = frame.lineno or 0
            text = linecache.getline(frame.filename, number).strip() or frame.line or ""
            lines.append((_file(frame.filename), number, text))
    bases = tuple(base.__name__ for base in type(error).__mro__)
    return Observed("raised", None, type(error).__name__, bases, str(error)[:4000], tuple(lines))


def _is_own(file: str) -> bool:
    """Whether a file of a traceback is the student's."""
    foreign = (HERE, sys.prefix, sys.base_prefix, "<frozen", "<__array")
    return not file.startswith(foreign)


def _file(name: str) -> str:
    notebook = "ipykernel" in name or name.startswith("<")
    return "this notebook" if notebook else Path(name).name


def _source_of(entry: Callable[..., Any]) -> Source:
    """The names behind a function: its own text, that of its helpers, and what they import."""
    texts: list[str] = []
    seen: set[int] = set()
    todo: list[Any] = [entry]
    while todo:
        owner = todo.pop()
        if id(owner) in seen:
            continue
        seen.add(id(owner))
        with contextlib.suppress(*NO_TEXT):
            texts.append(textwrap.dedent(inspect.getsource(owner)))
        space = _globals(owner)
        for name in _names(owner):
            value = space.get(name)
            if isinstance(value, types.ModuleType):
                texts.append(f"import {value.__name__} as {name}")
            elif inspect.isroutine(value) or inspect.isclass(value):
                home = value.__module__ or type(getattr(value, "__self__", None)).__module__
                if home == getattr(entry, "__module__", None):
                    todo.append(value)
                elif home != "builtins":
                    texts.append(f"from {home} import {value.__name__} as {name}")
    return Source.of(texts)


def _globals(owner: Any) -> Mapping[str, Any]:
    if inspect.isfunction(owner):
        return owner.__globals__
    return vars(sys.modules.get(getattr(owner, "__module__", ""), types.ModuleType("none")))


def _names(owner: Any) -> set[str]:
    """The names in a function's code, or in the methods of a class and among its bases."""
    members = vars(owner).values() if inspect.isclass(owner) else [owner]
    codes = [member.__code__ for member in members if inspect.isfunction(member)]
    names = {base.__name__ for base in owner.__mro__} if inspect.isclass(owner) else set()
    while codes:
        code = codes.pop()
        names |= set(code.co_names)
        codes += [const for const in code.co_consts if isinstance(const, types.CodeType)]
    return names
