"""One call of an entry point in a worker: the request, and what was observed.

The same path serves the student's functions, the references and the mistakes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.labcheck.compare import Tolerance
from autograder.labcheck.tree import Array, Tree, blank, cast, decode, encode, mapped
from autograder.labcheck.verdict import Observed, Question
from autograder.sandbox import wire
from autograder.sandbox.errors import Violation, WorkerGone
from autograder.sandbox.pool import Answer, Arrays, Worker
from autograder.spec import Case, Exercise
from autograder.spec.travel import text_of

CALL_SECONDS = 10.0
TRAINING_SECONDS = 60.0

UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)
"""What reading an answer raises that no honest worker sends."""


@dataclass(frozen=True, eq=False)
class Request:
    """A call ready to be sent: header without its entry, packed arrays, and the case behind it."""

    case: Case
    question: Question
    header: Mapping[str, Any]
    body: bytes


def code_of(function: Callable[..., Any] | None) -> dict[str, str] | None:
    """The name and text of a scenario or view, to be sent to another process."""
    if function is None:
        return None
    return {"name": function.__name__, "source": text_of(function)}


def packed(
    arguments: Mapping[str, Tree], scenario: dict[str, str] | None = None, device: str = "cpu"
) -> tuple[dict[str, Any], bytes]:
    """The header of a call, without its entry, and the arrays of its arguments."""
    arrays: Arrays = {}
    header = {
        "op": "call",
        "scenario": scenario,
        "args": [[name, encode(value, arrays)] for name, value in arguments.items()],
        "device": device,
        "arguments": False,
    }
    return header, wire.pack(arrays)


def request_of(
    exercise: Exercise, case: Case, arrays: str, rng: np.random.Generator, digits: int | None
) -> Request:
    """Draws the arguments of a case, rounded to `digits` decimals if told to, and packs them."""
    arguments = _arguments(case, arrays, rng, digits)
    close = case.close or exercise.close
    question = Question(
        case.name,
        arguments,
        case.value,
        case.observe,
        case.mentions,
        Tolerance(close.rtol, close.atol, close.alike),
        exercise.shapes,
        case.why,
        indirect=any((case.scenario, exercise.scenario, exercise.view)),
        device=case.device,
        like=case.like,
    )
    scenario = code_of(case.scenario or exercise.scenario)
    return Request(case, question, *packed(arguments, scenario, case.device))


def with_arguments(request: Request, arguments: Mapping[str, Tree]) -> Request:
    """The same call with other arguments."""
    scenario, device = request.header["scenario"], request.header["device"]
    question = replace(request.question, arguments=arguments)
    return Request(request.case, question, *packed(arguments, scenario, device))


def _arguments(case: Case, arrays: str, rng: np.random.Generator, digits: int | None) -> Tree:
    def wrapped(leaf: Any) -> Any:
        if not isinstance(leaf, np.ndarray):
            return leaf
        if digits is not None and leaf.dtype.kind == "f" and np.abs(leaf).max(initial=1) < 1e6:
            leaf = _rounded_to(leaf, digits)
        return Array(leaf, arrays)

    drawn = mapped(dict(case.inputs(rng)), wrapped)
    return mapped(drawn, _whole) if case.dtype == "int64" else cast(drawn, case.dtype, case.layout)


def _rounded_to(values: NDArray[Any], digits: int) -> NDArray[Any]:
    """Rounded, but numbers too small for that stay as they are."""
    return np.where(np.abs(values) < 10.0**-digits, values, np.round(values, digits))


def _whole(leaf: Any) -> Any:
    if isinstance(leaf, Array) and leaf.values.dtype.kind == "f":
        return Array(np.rint(2 * leaf.values).astype(np.int64), leaf.kind)
    return leaf


@dataclass(frozen=True, eq=False)
class Reply:
    """What one call did: its result, and its arguments afterwards where these were asked for."""

    result: Observed
    arguments: Observed
    seconds: float = 0.0


def call(
    worker: Worker,
    entry: str,
    request: Request,
    *,
    seconds: float = CALL_SECONDS,
    arguments: bool = False,
    answer: Answer | None = None,
) -> Reply:
    """Sends one call; WorkerGone and Violation become observations of kind "gone".

    Plain calls run on the worker's device; scenarios build their own objects, on the CPU.
    """
    device = request.header["device"]
    if request.header["scenario"] is None and device == "cpu":
        device = worker.device
    header = {**request.header, "entry": entry, "arguments": arguments, "device": device}
    try:
        reply = _reply(*worker.request(header, request.body, seconds=seconds, answer=answer))
        if device != "meta":
            return reply
        return replace(reply, result=replace(reply.result, tree=blank(reply.result.tree)))
    except WorkerGone as gone:
        late = f"The call took longer than {seconds:g} seconds and was stopped."
        text = late if gone.kind == "timeout" else sentence(gone)
        return _both(Observed("gone", type=gone.kind, text=text))
    except (Violation, *UNREADABLE) as gone:
        worker.close()
        return _both(Observed("gone", type="crash", text=sentence(gone)))


def sentence(gone: Exception) -> str:
    """How a program ended its process, for its author."""
    if not isinstance(gone, WorkerGone):
        return "The program broke off the connection to the grader, or sent what it cannot read."
    text = str(gone)
    return f"{text[:1].upper()}{text[1:]}."


def _both(observed: Observed) -> Reply:
    return Reply(observed, observed)


def _reply(reply: dict[str, Any], arrays: Arrays) -> Reply:
    match reply.get("op"):
        case "result":
            return Reply(
                Observed("result", decode(reply["result"], arrays)),
                _afterwards(reply.get("arguments"), arrays),
                float(reply.get("seconds", 0.0)),
            )
        case "raised":
            return _both(raised(reply))
        case "refused":
            return _both(Observed("refused", text=str(reply["reason"])))
        case "forbidden":
            return _both(Observed("forbidden", text=str(reply.get("package", ""))))
        case "missing":
            return _both(Observed("missing"))
        case kind:
            raise Violation(f"an answer of kind {kind!r:.40}")


def _afterwards(nodes: Any, arrays: Arrays) -> Observed:
    """The arguments as the call left them."""
    if nodes is None:
        return Observed("skipped")
    return Observed("result", {str(name): decode(node, arrays) for name, node in nodes})


def raised(reply: Mapping[str, Any]) -> Observed:
    """The observation of an exception that a worker reports."""
    lines = tuple((str(file), int(line), str(text)) for file, line, text in reply.get("lines", ()))
    kind = "MemoryError" if reply.get("memory") else str(reply["type"])
    bases = tuple(str(base) for base in reply.get("bases", ()))
    return Observed("raised", None, kind, bases, str(reply.get("text", "")), lines)
