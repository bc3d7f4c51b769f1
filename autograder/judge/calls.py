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
from autograder.sandbox.pool import Worker
from autograder.spec import Case, Exercise
from autograder.spec.travel import text_of

Answer = Callable[[dict[str, Any], dict[str, NDArray[Any]]], tuple[dict[str, Any], bytes]]

CALL_SECONDS = 10.0
TRAINING_SECONDS = 60.0

UNREADABLE = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
)
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


def request_of(
    exercise: Exercise,
    case: Case,
    arrays: str,
    rng: np.random.Generator,
    digits: int | None = None,
) -> Request:
    """Draws the arguments of a case, rounded to `digits` decimals if told to, and packs them."""
    arguments = _arguments(case, arrays, rng, digits)
    packed: dict[str, NDArray[Any]] = {}
    nodes = [[name, encode(value, packed)] for name, value in arguments.items()]
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
    )
    header = {
        "op": "call",
        "scenario": code_of(case.scenario or exercise.scenario),
        "args": nodes,
        "device": case.device,
        "arguments": False,
    }
    return Request(case, question, header, wire.pack(packed))


def _arguments(
    case: Case, arrays: str, rng: np.random.Generator, digits: int | None
) -> dict[str, Tree]:
    def wrapped(leaf: Any) -> Any:
        if isinstance(leaf, np.ndarray):
            rounded = (
                digits is not None and leaf.dtype.kind == "f" and np.abs(leaf).max(initial=1) < 1e6
            )
            values = _rounded_to(leaf, digits) if rounded and digits is not None else leaf
            return Array(values, "torch" if arrays == "torch" else "numpy")
        return leaf

    drawn = {name: mapped(value, wrapped) for name, value in case.inputs(rng).items()}
    if case.dtype == "int64":
        return mapped(drawn, _rounded)  # type: ignore[no-any-return]
    return cast(drawn, case.dtype, case.layout)  # type: ignore[no-any-return]


def _rounded_to(values: NDArray[Any], digits: int) -> NDArray[Any]:
    """Rounded, but numbers too small for that stay as they are."""
    return np.where(np.abs(values) < 10.0**-digits, values, np.round(values, digits))


def _rounded(leaf: Any) -> Any:
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
    plain = request.header["scenario"] is None and request.header["device"] == "cpu"
    device = worker.device if plain else request.header["device"]
    header = {**request.header, "entry": entry, "arguments": arguments, "device": device}
    try:
        reply, arrays = worker.request(header, request.body, seconds=seconds, answer=answer)
        given = _reply(reply, arrays)
        return _blank(given) if device == "meta" else given
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


def _blank(reply: Reply) -> Reply:
    return replace(reply, result=replace(reply.result, tree=blank(reply.result.tree)))


def _both(observed: Observed) -> Reply:
    return Reply(observed, observed)


def _reply(reply: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Reply:
    kind = reply.get("op")
    if kind == "result":
        changed = reply.get("arguments")
        return Reply(
            Observed("result", decode(reply["result"], arrays)),
            Observed("skipped")
            if changed is None
            else Observed("result", {str(k): decode(node, arrays) for k, node in changed}),
            float(reply.get("seconds", 0.0)),
        )
    if kind == "raised":
        return _both(raised(reply))
    if kind == "refused":
        return _both(Observed("refused", text=str(reply["reason"])))
    if kind == "forbidden":
        return _both(Observed("forbidden", text=str(reply.get("package", ""))))
    if kind == "missing":
        return _both(Observed("missing"))
    raise Violation(f"an answer of kind {kind!r:.40}")


def raised(reply: Mapping[str, Any]) -> Observed:
    """The observation of an exception that a worker reports."""
    lines = tuple((str(file), int(line), str(text)) for file, line, text in reply.get("lines", ()))
    kind = "MemoryError" if reply.get("memory") else str(reply["type"])
    bases = tuple(str(base) for base in reply.get("bases", ()))
    return Observed("raised", None, kind, bases, str(reply.get("text", "")), lines)
