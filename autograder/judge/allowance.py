"""What a program asks of functions of earlier exercises: who is answered, and how much.

Where an earlier function of a student's is wrong, the judge answers for it.  It gives what the
reference asks of that function, or one of the `styles` of the spec, and a few times as many
numbers: other right programs ask in other pieces.  Who wants far more is after something else, as
finite differences of a forward pass are after its gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from autograder.judge.calls import Request
from autograder.labcheck.tree import MAX_BYTES, numbers_in
from autograder.spec.scenarios import call
from autograder.spec.travel import text_of

MORE = 4
"""How many times what the reference asks for may be given."""


def watched(
    scenario: Callable[..., Any],
    names: Sequence[str],
    note: Callable[[str, Any, tuple[Any, ...], dict[str, Any], Any], None],
    entry: Any,
    arguments: dict[str, Any],
) -> None:
    """Runs a scenario, and notes each call of these functions of a solution with its result."""
    import sys

    before: list[tuple[dict[str, Any], str, Any]] = []

    def watching(name: str, function: Any) -> Any:
        def watched(*args: Any, **kwargs: Any) -> Any:
            result = function(*args, **kwargs)
            note(name, function, args, kwargs, result)
            return result

        return watched

    for place, module in list(sys.modules.items()):
        if place.partition(".")[0] in ("solutions", "exercises"):
            space = vars(module)
            own = [name for name in names if type(space.get(name)).__name__ == "function"]
            before += [(space, name, space[name]) for name in own]
    for space, name, function in before:
        space[name] = watching(name, function)
    try:
        scenario(entry, **arguments)
    except Exception:
        pass  # what was asked before it is asked all the same
    finally:
        for space, name, function in before:
            space[name] = function


def numbers_given(
    scenario: Callable[..., Any], names: Sequence[str], entry: Any, arguments: dict[str, Any]
) -> dict[str, int]:
    """How many numbers each function of a solution gives while a scenario runs, by its name."""
    given = dict.fromkeys(names, 0)

    def note(name: str, _: Any, __: Any, ___: Any, result: Any) -> None:
        given[name] += numbers_in(result)

    watched(scenario, names, note, entry, arguments)
    return given


def answers_given(
    scenario: Callable[..., Any], names: Sequence[str], entry: Any, arguments: dict[str, Any]
) -> list[Any]:
    """Each call of these functions while a scenario runs: name, arguments by name, and result."""
    import inspect

    heard: list[Any] = []

    def note(name: str, function: Any, args: Any, kwargs: Any, result: Any) -> None:
        given = inspect.signature(function).bind(*args, **kwargs).arguments
        heard.append([name, dict(given), result])

    watched(scenario, names, note, entry, arguments)
    return heard


def counted(request: Request, names: Sequence[str]) -> Request:
    """The same call, of which is told how much it asks of these functions."""
    return _telling(request, names, numbers_given)


def heard(request: Request, names: Sequence[str]) -> Request:
    """The same call, of which is told what it asks of these functions, and what it is answered."""
    return replace(_telling(request, names, answers_given), most=MAX_BYTES)


def _telling(request: Request, names: Sequence[str], told_by: Callable[..., Any]) -> Request:
    scenario = request.scenario or call
    told = f"{told_by.__name__}({scenario.__name__}, {list(names)!r}, entry, given)"
    asking = f"def asking(entry, **given):\n    return {told}\n"
    source = "\n".join([text_of(scenario), text_of(told_by), asking])
    header = {**request.header, "scenario": {"name": "asking", "source": source}}
    return replace(request, header=header)
