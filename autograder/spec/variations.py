"""Programs made from a reference: with other arguments, another result, or another line.

Most mistakes are the reference with one thing changed; these say which.  This module imports
nothing of the project: workers that run references and mistakes are sent its text.
"""

from __future__ import annotations

import ast
import functools
import inspect
import sys
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

Program = Callable[..., Any]
Change = Callable[[Any], Any]


def but(
    program: Program,
    *,
    returns: Change | None = None,
    defaults: Mapping[str, Any] | None = None,
    init: Mapping[str, Change] | None = None,
    forward: Mapping[str, Change] | None = None,
    **changes: Change,
) -> Program:
    """The same function or module, except for what is named.

    ``but(rnn_forward, h0=np.zeros_like)`` is the network that starts from zeros: each change is
    applied to the argument of that name.  returns: applied to the result, for a module to what
    forward gives.  defaults: other defaults for arguments that the caller leaves out.
    init, forward: changes to the arguments of a module's constructor and of its forward method,
    as in ``but(Tagger, forward={"lengths": lambda lengths: None})``.
    """
    if inspect.isclass(program):
        return _module(program, returns, defaults or {}, init or {}, forward or {})
    return _function(program, returns, defaults or {}, changes)


def _function(
    program: Program,
    returns: Change | None,
    defaults: Mapping[str, Any],
    changes: Mapping[str, Change],
) -> Program:
    signature = inspect.signature(program)

    @functools.wraps(program)
    def changed(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        for name, value in defaults.items():
            bound.arguments.setdefault(name, value)
        bound.apply_defaults()
        for name, change in changes.items():
            bound.arguments[name] = change(bound.arguments[name])
        result = program(*bound.args, **bound.kwargs)
        return result if returns is None else returns(result)

    return changed


def _module(
    program: type,
    returns: Change | None,
    defaults: Mapping[str, Any],
    init: Mapping[str, Change],
    forward: Mapping[str, Change],
) -> Program:
    members: dict[str, Any] = {"__init__": _function(program.__init__, None, defaults, init)}  # type: ignore[misc]
    if returns is not None or forward:
        members["forward"] = _function(program.forward, returns, {}, forward)  # type: ignore[attr-defined]
    return type(program.__name__, (program,), members)


def edited(program: Program, edits: Mapping[str, str], **names: Any) -> Program:
    """The same function or class with parts of its text replaced, each of which stands there once.

    ``edited(training_step, {"optimizer.step()": "pass"})`` never steps.  names: what the new text
    needs beside the names of the program's own module.  Decorators stay behind.  Raises ValueError
    for an old text that is missing or stands there more than once, so that a reference that was
    rewritten is noticed, and for old texts that overlap.
    """
    source = _undecorated(program)
    places = sorted((_only_place(program, source, old), old) for old in edits)
    done, pieces = 0, []
    for place, old in places:
        if place < done:
            raise ValueError(f"{program.__name__}: the text {old!r} overlaps another one")
        pieces += [source[done:place], edits[old]]
        done = place + len(old)
    space = {**vars(sys.modules[program.__module__]), **names}
    text = "".join([*pieces, source[done:]])
    exec(compile(text, f"<{program.__name__}, edited>", "exec", dont_inherit=True), space)
    made: Program = space[program.__name__]
    return made


@functools.cache
def _undecorated(program: Program) -> str:
    source = textwrap.dedent(inspect.getsource(program))
    first = ast.parse(source).body[0].lineno
    return "".join(source.splitlines(keepends=True)[first - 1 :])


def _only_place(program: Program, source: str, old: str) -> int:
    count = source.count(old)
    if count != 1:
        raise ValueError(f"{program.__name__} has the text {old!r} {count} times, not once")
    return source.index(old)


def printed(wrong: Any, program: Program) -> None:
    """Adds to `Mistakes` the program that shows its result and gives none back."""
    wrong.add(
        "printed",
        but(program, returns=print),
        "the result is printed and nothing is returned. "
        "What does `result = f(…)` hold after a call of your function?",
    )
