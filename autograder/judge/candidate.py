"""A submission in its worker: cells run, calls made, functions of earlier exercises given."""

from __future__ import annotations

import contextlib
import inspect
import time
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from autograder.judge import calls
from autograder.judge.calls import Request, call, code_of, raised
from autograder.judge.oracle import Oracle
from autograder.judge.program import Program, definitions
from autograder.judge.submission import Cell
from autograder.labcheck.tree import decode, encode
from autograder.labcheck.verdict import Observed
from autograder.sandbox import wire
from autograder.sandbox.errors import Violation, WorkerGone
from autograder.sandbox.pool import Answer, Arrays, Sandbox, Worker
from autograder.spec import Exercise

CELL_SECONDS = 20.0
SUBMISSION_SECONDS = 180.0
RELOADS = 3
"""How many cells may each end the process before the rest is read for its definitions alone."""


class Candidate:
    """One submission's place: a worker with its cells loaded, a fresh one where that has ended.

    absent: modules that the program imports and that are not there.  stopped: by place, how a
    statement of a cell failed.
    """

    def __init__(self, sandbox: Sandbox, oracle: Oracle, program: Program) -> None:
        self.sandbox, self.oracle, self.program = sandbox, oracle, program
        self.ends = time.monotonic() + SUBMISSION_SECONDS
        self.fatal: dict[int, Observed] = {}
        self.absent: dict[str, None] = {}
        self.stopped: dict[int, Observed] = {}
        self._failed: dict[int, Observed] = {}
        self._defined: dict[str, str] = {}
        self._given: tuple[str, ...] = ()
        self._only: Collection[int] | None = None
        self._worker: Worker | None = None

    def close(self) -> None:
        """End the worker; the next call gets a fresh one."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    @property
    def late(self) -> bool:
        """Whether the time of this submission is used up."""
        return time.monotonic() > self.ends

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

    def why_not(self, name: str) -> Observed | None:
        """Why an entry point cannot be called, if the cells already tell."""
        self._load()
        if self._worker is None:
            return _out_of_time()
        if name in self._defined:
            return None
        cells = self.program.cells
        reasons = [
            self.fatal.get(place) or self._failed.get(place)
            for place, cell in enumerate(cells)
            if name in cell.defines
        ]
        return None if None in reasons else [Observed("missing"), *reasons][-1]

    def fatal_together(self, *names: str) -> bool:
        """Whether one cell defines all of these and ended the process."""
        cells = self.program.cells
        return any(cells[place].defines.issuperset(names) for place in self.fatal)

    def call(
        self, exercise: Exercise, request: Request, arguments: bool
    ) -> tuple[Observed, Observed]:
        """What a call gives, and its arguments afterwards where these are asked for."""
        self._load()
        if self._worker is None:
            return _out_of_time(), _out_of_time()
        long = exercise.training or self._given  # a function that is given costs a round trip
        limit = calls.TRAINING_SECONDS if long else calls.CALL_SECONDS
        left = max(0.1, min(limit, self.ends - time.monotonic()))
        answer = self._answer()
        reply = call(
            self._worker, exercise.name, request, seconds=left, arguments=arguments, answer=answer
        )
        result = reply.result
        if result.did == "gone":
            self.close()
            if left < limit and result.type == "timeout":
                result = _out_of_time()
        return self.oracle.viewed(exercise, request, result), reply.arguments

    # -- the cells -------------------------------------------------------------------------------

    def _load(self) -> None:
        """A worker with every cell run that does not end its process."""
        while self._worker is None and not self.late:
            self._run_cells(min(self.ends, time.monotonic() + CELL_SECONDS))

    def _chosen(self) -> Iterator[tuple[int, Cell, str]]:
        """The cells to run with their sources: after an ending, only those that are needed."""
        program = self.program
        chosen = program.needed(program.names) if self.fatal else range(len(program.cells))
        bare = len(self.fatal) >= RELOADS
        own = {name for cell in program.cells for name in cell.defines} if bare else set()
        for place, cell in enumerate(program.cells):
            if place in self.fatal or place not in chosen:
                continue
            if self._only is None or place in self._only:
                yield place, cell, definitions(cell.source, own) if bare else cell.source

    def _run_cells(self, ends: float) -> None:
        self._worker = worker = self.sandbox.worker()
        collected = self.oracle.collected
        header = {
            "op": "load",
            "forbidden": list(collected.lab.forbidden),
            "files": dict(self.program.files),
            "replacements": {
                exercise.name: code_of(exercise.stand_in)
                for exercise in collected.exercises
                if exercise.name in self._given
            },
        }
        worker.request(header, seconds=CELL_SECONDS)
        self._failed, self._defined = {}, {}
        for place, cell, source in self._chosen():
            code = {"op": "cell", "source": source, "file": cell.file, "offset": cell.offset}
            left = max(0.1, ends - time.monotonic())
            try:
                reply, _ = worker.request(code, seconds=left, answer=self._answer())
                self._note(place, reply)
            except (WorkerGone, Violation, *calls.UNREADABLE) as gone:
                self.fatal[place] = _ended(cell, gone)
                self.close()
                return

    def _note(self, place: int, reply: Mapping[str, Any]) -> None:
        """What a cell defined, and how it failed if it did."""
        if reply.get("op") != "ran":
            raise Violation("an answer to another question")
        self._defined = {str(name): str(kind) for name, kind in reply["defined"].items()}
        imported = self.program.imported
        self.absent |= dict.fromkeys(name for name in reply["absent"] if name in imported)
        error = reply.get("error")
        if isinstance(error, dict) and error.get("op") == "forbidden":
            self._failed[place] = Observed("forbidden", text=str(error.get("package")))
        elif isinstance(error, dict):
            self._failed[place] = raised(error)
        if place in self._failed and not self._given:
            self.stopped.setdefault(place, self._failed[place])

    # -- functions given -------------------------------------------------------------------------

    def _answer(self) -> Answer | None:
        """Answers for the functions that the judge gives in the student's stead."""
        return self._answered if self._given else None

    def _answered(self, header: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], bytes]:
        name = str(header.get("name"))
        if name not in self._given or self.late:
            return _raising("RuntimeError", "this function cannot be called now")
        args = [decode(node, arrays) for node in header["args"]]
        kwargs = {str(key): decode(node, arrays) for key, node in header["kwargs"]}
        try:
            arguments = self._bound(name, args, kwargs)
        except TypeError as error:
            return _raising("TypeError", str(error))
        got = self.oracle.answer(name, arguments)
        if got.did != "result":
            return _raising(got.type, got.text)
        results: Arrays = {}
        node = encode(got.tree, results)
        return {"op": "answer", "result": node}, wire.pack(results)

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
