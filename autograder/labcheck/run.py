"""Runs a student's own function on the visible cases of an exercise, in this process."""

from __future__ import annotations
import __future__

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
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from .calling import called
from .dependences import Probe, Seen, changed, probed
from .forbidden import Source, forbidden_use
from .message import outcome_of, share
from .telling import said
from .tree import NotPlain, devices_of, live, on_cpu, plain
from .verdict import Observed, Trial, diagnose, is_stub, tried
from .visible import Code, VisibleCase, VisibleExercise

HERE = __file__.removesuffix("run.py")  # as it stands in tracebacks, in an archive too


@dataclass(frozen=True, eq=False)
class Checked:
    """What the visible cases found: outcome, share of the points, cases, and the known mistake.

    said: what the function does, in a sentence, where no known mistake is recognised.
    """

    exercise: VisibleExercise
    outcome: str
    share: float
    trials: tuple[Trial, ...]
    mistake: str | None
    used: str = ""
    said: str = ""


def check_cases(exercise: VisibleExercise, entry: Callable[..., Any]) -> Checked:
    """Calls `entry` on every visible case and compares."""
    used = forbidden_use(_source_of(entry), exercise.name, exercise.forbidden)
    if used is not None:
        return Checked(exercise, "forbidden", 0.0, (), None, used)
    cases = [(case.question, case.due) for case in exercise.cases]
    trials = []
    for trial in tried(cases, lambda place, _: _observe(exercise, exercise.cases[place], entry)):
        trials.append(trial)
        if is_stub(trial.got):
            break
    outcome = outcome_of(trials)
    recorded = {name: list(_recorded(exercise, name)) for name in exercise.hints}
    mistake = diagnose(trials, recorded) if outcome != "unfinished" else None
    does = ""
    if outcome in ("wrong", "partly") and mistake is None:
        does = said(trials, exercise.parts, lambda: _probed(exercise, trials[0], entry))
    return Checked(exercise, outcome, share(trials), tuple(trials), mistake, said=does)


def _probed(exercise: VisibleExercise, first: Trial, entry: Callable[..., Any]) -> Sequence[Seen]:
    """What the function does on the first case with changed arguments."""
    case, question = exercise.cases[0], first.question

    def call(probe: Probe) -> Observed:
        other = replace(question, arguments=changed(question, probe))
        return _observe(exercise, replace(case, question=other), entry)[0]

    return probed(exercise.probes, question, first.got, exercise.parts, call)


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
    exercise: VisibleExercise, case: VisibleCase, entry: Callable[..., Any]
) -> tuple[Observed, Observed]:
    """What the call gave, and the arguments as it left them."""
    question = case.question
    code = case.scenario or exercise.scenario
    scenario = _function(code) if code else None
    with contextlib.redirect_stdout(io.StringIO()), nobody_answers():
        call = called(entry, question.arguments, scenario, question.device)
    if isinstance(call.error, KeyboardInterrupt):
        raise call.error
    left = _left(call.arguments)
    if call.error is not None:
        return _raised(call.error), left
    try:
        tree = plain(call.result)
    except NotPlain as reason:
        return Observed("refused", text=str(reason)), left
    if exercise.view is not None and case.scenario is None:
        return _viewed(exercise.view, case, tree), left
    return Observed("result", tree), left


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
    namespace: dict[str, Any] = {"__name__": "labcheck_scenario"}
    flags = __future__.annotations.compiler_flag
    exec(compile(source, HERE + name, "exec", flags, dont_inherit=True), namespace)
    return cast(Callable[..., Any], namespace[name])


def _raised(error: BaseException) -> Observed:
    """An exception, with the lines of it that are the student's own."""
    foreign = (HERE, sys.prefix, sys.base_prefix, "<frozen", "<__array")
    lines = []
    for frame in traceback.extract_tb(error.__traceback__):
        if not frame.filename.startswith(foreign):
            number = frame.lineno or 0
            text = linecache.getline(frame.filename, number).strip() or frame.line or ""
            lines.append((_file(frame.filename), number, text))
    bases = tuple(base.__name__ for base in type(error).__mro__)
    return Observed("raised", None, type(error).__name__, bases, str(error)[:4000], tuple(lines))


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
        with contextlib.suppress(OSError, TypeError):
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
