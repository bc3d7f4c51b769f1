"""One call of an entry point in a worker: the request, and what was observed.

The same path serves the student's functions, the references and the mistakes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.labcheck.compare import Tolerance
from autograder.labcheck.tree import MAX_BYTES, Array, Tree, cast, decode, encode, mapped, weight
from autograder.labcheck.verdict import Observed, Question
from autograder.sandbox import wire
from autograder.sandbox.errors import Violation, WorkerGone
from autograder.sandbox.pool import MUCH_TIME, Answer, Arrays, Batch, Worker
from autograder.spec import Case, Exercise
from autograder.spec.cases import DATA
from autograder.spec.travel import text_of

CALL_SECONDS = 10.0
TRAINING_SECONDS = 60.0

TIMES, ROOM = 4, 2**18
"""What may come back is so many times what is due, and so many bytes more."""
TOO_MUCH = "more numbers than any answer needs"

USUAL: Any = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
"""NumPy's settings while inputs are drawn, whatever else was set in this process."""

ON_CUDA = {"accelerator": "cuda", "beside": "cpu"}
"""The device of a case where there is a real accelerator."""

UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)
"""What reading an answer raises that no honest worker sends."""


Answered = tuple[dict[str, Any], Arrays]
"""An answer of a worker: its header and its arrays."""

Text = Callable[[str, int], str | None]
"""What stands in a line of a file; None where there is no such line."""


def unknown(file: str, line: int) -> None:
    """For a program whose lines are told to nobody."""


@dataclass(frozen=True, eq=False)
class Request:
    """A call ready to be sent: header without its entry, packed arrays, and the case behind it.

    most: what a result may weigh.  scenario: how the entry point is used, where it is not simply
    called.
    """

    case: Case
    question: Question
    header: Mapping[str, Any]
    body: bytes
    most: int = MAX_BYTES
    scenario: Callable[..., Any] | None = None

    @cached_property
    def most_left(self) -> int:
        """What the arguments may weigh after the call."""
        return min(MAX_BYTES, allowance(weight(dict(self.question.arguments))))


def allowance(due: int) -> int:
    """What a tree may weigh where one of so many bytes is due."""
    return TIMES * due + ROOM


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
    return request_with(exercise, case, _arguments(case, arrays, rng, digits))


def request_with(exercise: Exercise, case: Case, arguments: Mapping[str, Tree]) -> Request:
    """The call of a case with the arguments that were drawn for it, packed."""
    close = case.close or exercise.close
    question = Question(
        case.name,
        arguments,
        case.value,
        case.observe,
        case.mentions,
        Tolerance(close.rtol, close.atol, close.alike, close.whole),
        exercise.shapes,
        case.why,
        indirect=any((case.scenario, exercise.scenario, exercise.view)),
        device=case.device,
        like=case.like,
        property=property_of(case),
        apart=case.scenario is not None,
    )
    scenario = case.scenario or exercise.scenario
    return Request(
        case, question, *packed(arguments, code_of(scenario), case.device), scenario=scenario
    )


def property_of(case: Case) -> str:
    """What a case is about: cases about the same are charged together."""
    due = f"{case.raises.__name__} {case.mentions}" if case.raises else case.name
    return case.property or due


def with_arguments(request: Request, arguments: Mapping[str, Tree]) -> Request:
    """The same call with other arguments."""
    scenario, device = request.header["scenario"], request.header["device"]
    question = replace(request.question, arguments=arguments)
    header, body = packed(arguments, scenario, device)
    return replace(request, question=question, header=header, body=body)


def _arguments(case: Case, arrays: str, rng: np.random.Generator, digits: int | None) -> Tree:
    def wrapped(leaf: Any) -> Any:
        if not isinstance(leaf, np.ndarray):
            return leaf
        if digits is not None and leaf.dtype.kind == "f" and np.abs(leaf).max(initial=1) < 1e6:
            leaf = _rounded_to(leaf, digits)
        return Array(leaf, arrays)

    with np.errstate(**USUAL):
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
    """What one call did: its result, and its arguments afterwards where these were asked for.

    weight: of the result as it came, before any view of it.
    """

    result: Observed
    arguments: Observed
    seconds: float = 0.0
    weight: int = 0


def call(
    worker: Worker,
    entry: str,
    request: Request,
    *,
    seconds: float = CALL_SECONDS,
    arguments: bool = False,
    answer: Answer | None = None,
    cpu: float = math.inf,
    line: Text = unknown,
    limits: Mapping[str, int] | None = None,
) -> Reply:
    """Sends one call; WorkerGone and Violation become observations of kind "gone".

    cpu: seconds of processor time that it may take.  line: what stands in a line of the program,
    which its process is not asked for.  limits: how many numbers each function may give that
    stands in for the program's own.

    What a case plays on an accelerator runs on the worker's own, where it has one.
    """
    header = {**request.header, **_bounds(request, worker.device), "limits": limits}
    header |= {"entry": entry, "arguments": arguments}

    def step(most: int) -> Answered:
        return worker.request(
            header, request.body, seconds=seconds, answer=answer, most=most, cpu=cpu
        )

    return _observed(worker, request, step, seconds, arguments, line)


def batch_of(requests: Sequence[Request], arguments: bool, device: str) -> Batch | None:
    """The calls packed to be sent at once; None where they are too large for that."""
    packed_arrays: Arrays = {}
    texts = [request.header["scenario"] for request in requests]
    scenarios = [text for n, text in enumerate(texts) if text and text not in texts[:n]]
    calls = [
        {
            "scenario": scenarios.index(text) if text else None,
            "args": [
                [name, encode(value, packed_arrays)]
                for name, value in request.question.arguments.items()
            ],
            **_bounds(request, device),
        }
        for request, text in zip(requests, texts, strict=True)
    ]
    header = {"calls": calls, "scenarios": scenarios, "arguments": arguments}
    try:
        return Batch.of(header, wire.pack(packed_arrays), len(calls))
    except wire.BadFrame:
        return None


def next_of(
    worker: Worker,
    request: Request,
    *,
    seconds: float,
    arguments: bool,
    cpu: float = math.inf,
    line: Text = unknown,
) -> Reply:
    """What the next call of a batch gives, as `call` does; request: the one that it is."""

    def step(most: int) -> Answered:
        return worker.next(seconds=seconds, most=most, cpu=cpu)

    return _observed(worker, request, step, seconds, arguments, line)


def _bounds(request: Request, device: str) -> dict[str, Any]:
    """What a header says beside the arguments: where they are to be, and what may come back."""
    place = request.header["device"]
    place = ON_CUDA.get(place, place) if device == "cuda" else place
    return {"device": place, "most": request.most, "most_left": request.most_left}


def _observed(
    worker: Worker,
    request: Request,
    step: Callable[[int], Answered],
    seconds: float,
    arguments: bool,
    line: Text,
) -> Reply:
    """What a step gives that gets an answer, of at most so many bytes."""
    try:
        got = step(min(wire.BODY_LIMIT, request.most + request.most_left + ROOM))
        sent = request.question.arguments if arguments else None
        return _within(request, _reply(*got, sent, line))
    except WorkerGone as gone:
        late = f"The call took longer than {seconds:g} seconds and was stopped."
        text = late if gone.kind == "timeout" and gone.text != MUCH_TIME else sentence(gone)
        return _both(Observed("gone", type=gone.kind, text=text))
    except (Violation, *UNREADABLE) as gone:
        worker.close()
        return _both(Observed("gone", type="crash", text=sentence(gone)))


def _within(request: Request, reply: Reply) -> Reply:
    """The reply without what weighs more than may come back, whatever its worker has let pass."""
    result, arguments = reply.result, reply.arguments
    size = weight(result.tree)
    if size > request.most:
        result = Observed("refused", text=TOO_MUCH)
    if arguments.tree and weight(arguments.tree) > request.most_left:
        arguments = Observed("refused", text=TOO_MUCH)
    return Reply(result, arguments, reply.seconds, size)


def sentence(gone: Exception) -> str:
    """How a program ended its process, for its author."""
    if not isinstance(gone, WorkerGone):
        return "The program broke off the connection to the grader, or sent what it cannot read."
    text = str(gone)
    return f"{text[:1].upper()}{text[1:]}."


def _both(observed: Observed) -> Reply:
    return Reply(observed, observed)


def _reply(
    reply: dict[str, Any], arrays: Arrays, sent: Mapping[str, Tree] | None, line: Text
) -> Reply:
    left = _afterwards(reply.get("arguments"), arrays, sent)
    match reply.get("op"):
        case "result":
            return Reply(
                Observed("result", decode(reply["result"], arrays)),
                left,
                float(reply.get("seconds", 0.0)),
            )
        case "raised":
            return Reply(raised(reply, line), left)
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


def raised(reply: Mapping[str, Any], line: Text = unknown) -> Observed:
    """The observation of an exception that a worker reports; lines of no program are left out."""
    places = [(str(file), int(number)) for file, number in reply.get("lines", ())]
    texts = ((file, number, line(file, number)) for file, number in places)
    lines = tuple((file, number, text) for file, number, text in texts if text is not None)
    kind = "MemoryError" if reply.get("memory") else str(reply["type"])
    bases = tuple(str(base) for base in reply.get("bases", ()))
    return Observed("raised", None, kind, bases, str(reply.get("text", "")), lines)
