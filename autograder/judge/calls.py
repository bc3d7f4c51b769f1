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
from autograder.labcheck.tree import Array, Tree, cast, decode, encode, mapped
from autograder.labcheck.verdict import Observed, Question
from autograder.sandbox import wire
from autograder.sandbox.errors import Violation, WorkerGone
from autograder.sandbox.pool import Answer, Arrays, Worker
from autograder.spec import Case, Exercise
from autograder.spec.cases import DATA
from autograder.spec.travel import text_of

CALL_SECONDS = 10.0
TRAINING_SECONDS = 60.0

ON_CUDA = {"accelerator": "cuda", "beside": "cpu"}
"""The device of a case where there is a real accelerator."""

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
        property=_property(case),
        apart=case.scenario is not None,
    )
    scenario = code_of(case.scenario or exercise.scenario)
    return Request(case, question, *packed(arguments, scenario, case.device))


def _property(case: Case) -> str:
    """What a case is about: cases about the same are charged together."""
    due = f"{case.raises.__name__} {case.mentions}" if case.raises else case.name
    return case.property or due


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

    drawn: Tree = mapped(dict(case.inputs(rng)), wrapped)
    if case.dtype != "int64":
        return cast(drawn, case.dtype, case.layout)
    return {n: mapped(value, _whole) if n in DATA else value for n, value in drawn.items()}


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

    What a case plays on an accelerator runs on the worker's own, where it has one.
    """
    device = request.header["device"]
    if worker.device == "cuda":
        device = ON_CUDA.get(device, device)
    header = {**request.header, "entry": entry, "arguments": arguments, "device": device}
    try:
        sent = request.question.arguments
        got = worker.request(header, request.body, seconds=seconds, answer=answer)
        return _reply(*got, sent if arguments else None)
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


def _reply(reply: dict[str, Any], arrays: Arrays, sent: Mapping[str, Tree] | None) -> Reply:
    left = _afterwards(reply.get("arguments"), arrays, sent)
    match reply.get("op"):
        case "result":
            return Reply(
                Observed("result", decode(reply["result"], arrays)),
                left,
                float(reply.get("seconds", 0.0)),
            )
        case "raised":
            return Reply(raised(reply), left)
        case "refused":
            return _both(Observed("refused", text=str(reply["reason"])))
        case "forbidden":
            return _both(Observed("forbidden", text=str(reply.get("package", ""))))
        case "missing":
            return _both(Observed("missing"))
        case kind:
            raise Violation(f"an answer of kind {kind!r:.40}")


def _afterwards(nodes: Any, arrays: Arrays, sent: Mapping[str, Tree] | None) -> Observed:
    """The arguments as the call left them; `sent` is what they were, if they are asked for."""
    if sent is None:
        return Observed("skipped")
    if nodes is None:
        return Observed("result", dict(sent))
    return Observed("result", {str(name): decode(node, arrays) for name, node in nodes})


def raised(reply: Mapping[str, Any]) -> Observed:
    """The observation of an exception that a worker reports."""
    lines = tuple((str(file), int(line), str(text)) for file, line, text in reply.get("lines", ()))
    kind = "MemoryError" if reply.get("memory") else str(reply["type"])
    bases = tuple(str(base) for base in reply.get("bases", ()))
    return Observed("raised", None, kind, bases, str(reply.get("text", "")), lines)
