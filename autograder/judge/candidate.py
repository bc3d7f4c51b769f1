"""A submission in its worker: cells run, calls made, functions of earlier exercises given."""

from __future__ import annotations

import contextlib
import inspect
import time
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from autograder.judge import calls
from autograder.judge.calls import Reply, Request, call, code_of, next_of, raised
from autograder.judge.oracle import Oracle
from autograder.judge.program import Program, bare
from autograder.judge.submission import Cell
from autograder.labcheck.running import NAME
from autograder.labcheck.tree import decode, encode, numbers_in
from autograder.labcheck.verdict import Call, Observed
from autograder.sandbox import wire
from autograder.sandbox.errors import Violation, WorkerGone
from autograder.sandbox.pool import Answer, Arrays, Sandbox, Worker
from autograder.spec import Exercise

CELL_SECONDS = 20.0
SUBMISSION_SECONDS = 180.0
STARVED = 0.1
"""The part of a time that ran out in which a program may have waited for a processor."""
MOST_IN_CELLS = 2**22
"""Bytes of arrays that cells may hand to a function that is given."""
MODULE_FILE = f"{NAME}.py"
"""What ``__file__`` says in a program; it is there to be read."""
RELOADS = 3
"""How many cells may each end the process before the rest is read for its definitions alone."""


@dataclass
class _Loaded:
    """A worker in which the cells have run: the names they defined, and how some failed."""

    worker: Worker
    failed: dict[int, Observed] = field(default_factory=dict)
    defined: dict[str, str] = field(default_factory=dict)


@dataclass
class _Stream:
    """Calls under way in a worker.

    coming: the places of the cases whose answers are still to come, in order.  known: what has
    come and was not asked for yet.
    """

    worker: Worker
    coming: deque[int]
    known: dict[int, tuple[Observed, Observed]] = field(default_factory=dict)

    def until(self, place: int) -> Iterator[int]:
        """The places whose answers come next, up to one that is asked for."""
        while place not in self.known and self.coming:
            yield self.coming.popleft()


class Candidate:
    """One submission's place: a worker with its cells loaded, a fresh one where that has ended.

    Exercises that forbid the same functions share a worker, in which these refuse.

    at_once: whether the calls of an exercise are sent together, or one by one.
    starved: whether a worker waited for a processor for a good part of a time that ran out.
    absent: modules that the program imports and that are not there.  stopped: by place, how a
    statement of a cell failed.
    """

    def __init__(
        self, sandbox: Sandbox, oracle: Oracle, program: Program, *, at_once: bool = True
    ) -> None:
        self.sandbox, self.oracle, self.program = sandbox, oracle, program
        self.at_once = at_once
        self.ends = time.monotonic() + SUBMISSION_SECONDS
        self._began, self._spent, self._waited = time.process_time(), 0.0, 0.0
        self.starved = False
        self.fatal: dict[int, Observed] = {}
        self.absent: dict[str, None] = {}
        self.stopped: dict[int, Observed] = {}
        self._given: tuple[str, ...] = ()
        self._limits: dict[str, int] | None = None
        self._only: Collection[int] | None = None
        self._unanswered = False
        self._loaded: dict[tuple[str, ...], _Loaded] = {}

    def close(self) -> None:
        """End the workers; the next call gets a fresh one."""
        for refused in list(self._loaded):
            self._end(refused)

    def _end(self, refused: tuple[str, ...]) -> None:
        worker = self._loaded.pop(refused).worker
        worker.close()
        self._spent += worker.cpu
        self._waited += worker.waited
        self.starved = self.starved or self._waited > STARVED * SUBMISSION_SECONDS
        if worker.late:
            self.starved = self.starved or worker.waited > STARVED * worker.late

    @property
    def given(self) -> tuple[str, ...]:
        """The functions that the judge answers for now."""
        return self._given

    @property
    def late(self) -> bool:
        """Whether the time of this submission is used up, by the clock or of the processor."""
        return time.monotonic() > self.ends or self.cpu_left <= 0

    @property
    def cpu_left(self) -> float:
        """Seconds of processor time that are left to all that this submission causes.

        Counted are its cells and calls in every worker, views of its results, and the judging.
        """
        running = sum(loaded.worker.cpu for loaded in self._loaded.values())
        return SUBMISSION_SECONDS - self._spent - running - (time.process_time() - self._began)

    @contextlib.contextmanager
    def apart(
        self, given: tuple[str, ...] = (), only: Collection[int] | None = None
    ) -> Iterator[None]:
        """A worker of its own for a while.

        given: functions that the judge answers in the student's stead; cells that ended the
        process may have ended it because of these, and run again.  only: places of the cells that
        are run.
        """
        fatal = self.fatal
        self.close()
        self._given, self._only, self.fatal = given, only, {} if given else dict(fatal)
        try:
            yield
        finally:
            self.close()
            self._given, self._only, self.fatal = (), None, fatal

    def why_not(self, exercise: Exercise) -> Observed | None:
        """Why an entry point cannot be called, if the cells already tell."""
        name, loaded = exercise.name, self._load(exercise)
        if loaded is None:
            return _out_of_time()
        if name in loaded.defined:
            return None
        cells = self.program.cells
        reasons = [
            self.fatal.get(place) or loaded.failed.get(place)
            for place, cell in enumerate(cells)
            if name in cell.defines
        ]
        return None if None in reasons else [Observed("missing"), *reasons][-1]

    def fatal_together(self, *names: str) -> bool:
        """Whether one cell defines all of these and ended the process."""
        cells = self.program.cells
        return any(cells[place].defines.issuperset(names) for place in self.fatal)

    @contextlib.contextmanager
    def asking(self, exercise: Exercise, draw: int) -> Iterator[Call]:
        """How the cases of a draw are called, each by its place, once.

        All calls are sent at once, and their answers looked at as they come.  What has not come
        once the process has ended is called one by one, as is everything where the judge gives
        functions.
        """
        expected = self.oracle.expected(exercise, draw)
        stream = None if self._given or not self.at_once else self._begin(exercise, draw)

        def ask(place: int, arguments: bool) -> tuple[Observed, Observed]:
            if stream is not None:
                for at in stream.until(place):
                    stream.known[at] = self._next(stream, exercise, expected[at][0], arguments)
                if place in stream.known:
                    return stream.known.pop(place)
            return self.call(exercise, draw, expected[place][0], arguments)

        try:
            yield ask
        finally:
            if stream is not None and stream.coming:
                self._drop(exercise, stream.worker)

    def _begin(self, exercise: Exercise, draw: int) -> _Stream | None:
        """The calls of a draw under way; nothing where they cannot be sent at once."""
        loaded = self._load(exercise)
        if loaded is None:
            return None
        batch, order = self.oracle.batch(exercise, draw, loaded.worker.device)
        if batch is None:
            return None
        try:
            left, _ = self._time(exercise)
            cpu = max(0.1, self.cpu_left)
            loaded.worker.begin(batch, exercise.name, seconds=left, cpu=cpu)
        except (WorkerGone, Violation):
            self._drop(exercise, loaded.worker)
            return None
        return _Stream(loaded.worker, deque(order))

    def _next(
        self, stream: _Stream, exercise: Exercise, request: Request, arguments: bool
    ) -> tuple[Observed, Observed]:
        """What the call gives whose answer comes next; after one that ends it none comes."""
        left, limit = self._time(exercise)
        reply = next_of(
            stream.worker,
            request,
            seconds=left,
            arguments=arguments,
            cpu=max(0.1, self.cpu_left),
            line=self.program.line,
        )
        if reply.result.did == "gone":
            stream.coming.clear()
        return self._told(exercise, request, reply, cut_short=left < limit)

    def _drop(self, exercise: Exercise, worker: Worker) -> None:
        """End a worker of which nothing more is wanted, if it is still the one in use."""
        loaded = self._loaded.get(exercise.forbidden)
        if loaded is not None and loaded.worker is worker:
            self._end(exercise.forbidden)

    def _time(self, exercise: Exercise) -> tuple[float, float]:
        """Seconds that a call may take now, and what it might take at most."""
        long = exercise.training or self._given  # a function that is given costs a round trip
        limit = calls.TRAINING_SECONDS if long else calls.CALL_SECONDS
        return max(0.1, min(limit, self.ends - time.monotonic())), limit

    def call(
        self, exercise: Exercise, draw: int, request: Request, arguments: bool
    ) -> tuple[Observed, Observed]:
        """What a call gives, and its arguments afterwards where these are asked for."""
        loaded = self._load(exercise)
        if loaded is None:
            return _out_of_time(), _out_of_time()
        left, limit = self._time(exercise)
        answer, self._unanswered = self._answer(), False
        self._limits = self._allowed(exercise, draw, request)
        reply = call(
            loaded.worker,
            exercise.name,
            request,
            seconds=left,
            arguments=arguments,
            answer=answer,
            cpu=max(0.1, self.cpu_left),
            line=self.program.line,
            limits=self._limits,
        )
        self._limits = None
        return self._told(exercise, request, reply, cut_short=left < limit)

    def _told(
        self, exercise: Exercise, request: Request, reply: Reply, *, cut_short: bool
    ) -> tuple[Observed, Observed]:
        """What of a reply is compared; cut_short: whether it had less time than a call has."""
        result = reply.result
        if result.did == "gone":
            self._end(exercise.forbidden)
            if result.type == "timeout" and (cut_short or self.late):
                result = _out_of_time()
        if self._unanswered:  # whatever the program has made of that
            return _out_of_time(), reply.arguments
        if result.did == "forbidden":
            result = Observed("forbidden", text=self._package({"package": result.text}))
        return self._viewed(exercise, request, result), reply.arguments

    def _viewed(self, exercise: Exercise, request: Request, result: Observed) -> Observed:
        """What of a result is compared; the time that a view of it takes is the submission's."""
        began = time.monotonic()
        most = min(self.ends - began, self.cpu_left, calls.TRAINING_SECONDS)
        seen = self.oracle.viewed(exercise, request, result, max(0.1, most))
        if seen is not result:
            self._spent += time.monotonic() - began
        return _out_of_time() if seen is not result and self.late else seen

    def _package(self, reply: Mapping[str, Any]) -> str:
        """What a process says was used, if it is one of those that may not be."""
        named, collected = str(reply.get("package")), self.oracle.collected
        own = (name for exercise in collected.exercises for name in exercise.forbidden)
        known = (
            name for name in (*own, *collected.lab.forbidden) if f"{named}.".startswith(f"{name}.")
        )
        return next(known, "")

    # -- the cells -------------------------------------------------------------------------------

    def _load(self, exercise: Exercise) -> _Loaded | None:
        """A worker with every cell run that does not end its process, if there is time for one.

        What the exercise forbids refuses there from the first cell on.
        """
        refused = exercise.forbidden
        while refused not in self._loaded and not self.late:
            self._run_cells(refused, min(self.ends, time.monotonic() + CELL_SECONDS))
        return self._loaded.get(refused)

    def _chosen(self) -> Iterator[tuple[int, Cell, str]]:
        """The cells to run with their sources: after an ending, only those that are needed."""
        program = self.program
        chosen = program.needed(program.names) if self.fatal else range(len(program.cells))
        sources = [cell.source for cell in program.cells]
        if len(self.fatal) >= RELOADS:
            sources = bare(program.cells)
        for place, (cell, source) in enumerate(zip(program.cells, sources, strict=True)):
            if place in self.fatal or place not in chosen:
                continue
            if self._only is None or place in self._only:
                yield place, cell, source

    def _run_cells(self, refused: tuple[str, ...], ends: float) -> None:
        worker = self.sandbox.worker(refused)
        loaded = self._loaded[refused] = _Loaded(worker)
        collected = self.oracle.collected
        header = {
            "op": "load",
            "forbidden": list(collected.lab.forbidden),
            "refused": list(refused),
            "files": {MODULE_FILE: self.program.script, **dict(self.program.files)},
            "replacements": {
                exercise.name: code_of(exercise.stand_in)
                for exercise in collected.exercises
                if exercise.name in self._given
            },
        }
        worker.request(header, seconds=CELL_SECONDS)
        for place, cell, source in self._chosen():
            code = {"op": "cell", "source": source, "file": cell.file, "offset": cell.offset}
            left = max(0.1, ends - time.monotonic())
            try:
                reply, _ = worker.request(
                    code,
                    seconds=left,
                    answer=self._answer(),
                    most=MOST_IN_CELLS,
                    cpu=max(0.1, self.cpu_left),
                )
                self._note(place, reply, loaded)
            except (WorkerGone, Violation, *calls.UNREADABLE) as gone:
                self.fatal[place] = _ended(cell, gone)
                self._end(refused)
                return
        disturbed = refused and any(one.did == "forbidden" for one in loaded.failed.values())
        if not disturbed and not self._given:
            for place, failed in loaded.failed.items():
                self.stopped.setdefault(place, failed)

    def _note(self, place: int, reply: Mapping[str, Any], loaded: _Loaded) -> None:
        """What a cell defined, and how it failed if it did."""
        if reply.get("op") != "ran":
            raise Violation("an answer to another question")
        loaded.defined = {str(name): str(kind) for name, kind in reply["defined"].items()}
        imported = self.program.imported
        if not self._given:  # what the judge answers may be told by what is imported
            self.absent |= dict.fromkeys(name for name in reply["absent"] if name in imported)
        error = reply.get("error")
        if isinstance(error, dict) and error.get("op") == "forbidden":
            loaded.failed[place] = Observed("forbidden", text=self._package(error))
        elif isinstance(error, dict):
            loaded.failed[place] = raised(error, self.program.line)

    # -- functions given -------------------------------------------------------------------------

    def _allowed(self, exercise: Exercise, draw: int, request: Request) -> dict[str, int] | None:
        """How much each function that is given may give in a call."""
        if not self._given:
            return None
        limits = self.oracle.limits(exercise, draw, request)
        return {name: most for name, most in limits.items() if name in self._given}

    def _answer(self) -> Answer | None:
        """Answers for the functions that the judge gives in the student's stead."""
        return self._answered if self._given else None

    def _answered(self, header: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], bytes]:
        name = str(header.get("name"))
        self._unanswered = self._unanswered or self.late
        if name not in self._given or self._unanswered:
            return _raising("RuntimeError", "this function cannot be called now")
        args = [decode(node, arrays) for node in header["args"]]
        kwargs = {str(key): decode(node, arrays) for key, node in header["kwargs"]}
        try:
            arguments = self._bound(name, args, kwargs)
        except TypeError as error:
            return _raising("TypeError", str(error))
        cotangents = decode(header["cotangents"], arrays)
        got = self.oracle.answer(name, arguments, cotangents)
        if got.did != "result":
            return _raising(got.type, got.text)
        if self._limits is not None and cotangents is None:  # gradients only follow results
            self._limits[name] = self._limits.get(name, 0) - numbers_in(got.tree["result"])
            if self._limits[name] < 0:
                return _raising("RuntimeError", wire.TOO_MUCH_ASKED)
        results: Arrays = {}
        node, modules = (encode(got.tree[key], results) for key in ("result", "modules"))
        answer = {"op": "answer", "result": node, "modules": modules}
        return {**answer, "attached": got.tree["attached"]}, wire.pack(results)

    def _bound(self, name: str, args: list[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Arguments under the reference's names; the student's own names serve as well."""
        exercises = {exercise.name: exercise for exercise in self.oracle.collected.exercises}
        signature = inspect.signature(exercises[name].reference)
        try:
            return dict(signature.bind(*args, **kwargs).arguments)
        except TypeError:
            own = dict(zip(self.program.parameters(name), signature.parameters, strict=False))
            renamed = {own.get(key, key): value for key, value in kwargs.items()}
            return dict(signature.bind(*args, **renamed).arguments)


def _ended(cell: Cell, gone: Exception) -> Observed:
    """How running a cell ended the process."""
    lines = f"the cell from line {cell.offset + 1} of {cell.file} on" if cell.offset else cell.file
    if isinstance(gone, WorkerGone) and gone.kind == "timeout":
        limit = f"{CELL_SECONDS:g} seconds"
        text = f"Running all cells took longer than {limit}; it stopped in {lines}."
        return Observed("gone", type="timeout", text=text)
    kind = gone.kind if isinstance(gone, WorkerGone) else "crash"
    return Observed("gone", type=kind, text=f"{calls.sentence(gone)[:-1]}, in {lines}.")


def out_of_time() -> str:
    """For what is left when the time of a submission is used up."""
    return f"The {SUBMISSION_SECONDS:g} seconds for the whole submission were used up."


def _out_of_time() -> Observed:
    return Observed("gone", type="timeout", text=out_of_time())


def _raising(kind: str, text: str) -> tuple[dict[str, Any], bytes]:
    """The answer that has a function of the judge's raise an exception."""
    return {"op": "answer", "raised": {"type": kind, "text": text}}, b""
