"""What the references and the mistakes give, computed once for a class in their own worker."""

from __future__ import annotations

import hmac
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from autograder import spec
from autograder.judge.allowance import MORE, counted
from autograder.judge.calls import (
    CALL_SECONDS,
    TOO_MUCH,
    TRAINING_SECONDS,
    Reply,
    Request,
    allowance,
    batch_of,
    call,
    code_of,
    next_of,
    packed,
    request_of,
    request_with,
)
from autograder.judge.kept import Kept
from autograder.judge.probing import Probing
from autograder.labcheck.compare import describe
from autograder.labcheck.dependences import builds_module
from autograder.labcheck.tree import MAX_BYTES, Tree, decode, devices_of, encode
from autograder.labcheck.verdict import Observed
from autograder.sandbox import wire
from autograder.sandbox.errors import GraderFault, SandboxError, TooLarge, Violation, WorkerGone
from autograder.sandbox.pool import Arrays, Batch, Sandbox, Worker
from autograder.spec import Case, Exercise
from autograder.spec.cases import cases_of
from autograder.spec.collection import Collected
from autograder.spec.scenarios import answered, gradients

LONG = 0.005
"""Seconds of a mistake's call; what takes less is called again rather than kept."""
DRAWS = 24
"""How many sets of hidden inputs there are; a student always gets the same one of them."""


class Oracle:
    """Expected answers by exercise and draw, and what each known mistake answers there."""

    def __init__(
        self,
        collected: Collected,
        secret: bytes,
        sandbox: Sandbox,
        *,
        draws: int = DRAWS,
        digits: int | None = None,
        kept: Kept | None = None,
    ) -> None:
        self.collected, self.secret, self.sandbox = collected, secret, sandbox
        self.kept = kept
        self.modules = modules_of(collected)
        self.draws, self.digits = draws, digits
        self._worker: Worker | None = None
        self._expected: dict[tuple[str, int], tuple[tuple[Request, Observed], ...]] = {}
        self._batches: dict[tuple[str, int, str], tuple[Batch | None, list[int]]] = {}
        self._mistakes: dict[tuple[str, int], Mapping[str, LazyAnswers]] = {}
        self._probed: dict[tuple[str, int], Probing] = {}
        self._asked: dict[Request, Mapping[str, int]] = {}

    def close(self) -> None:
        """Ends the worker of the references."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def draw(self, student: str, exercise: Exercise) -> int:
        """The student's draw: always the same for one secret, and not to be guessed without it."""
        text = f"{self.collected.slug}/{exercise.name}/{student}"
        return int.from_bytes(self._digest(text)[:8], "big") % self.draws

    def _digest(self, text: str) -> bytes:
        return hmac.digest(self.secret, text.encode("utf-8", "backslashreplace"), "sha256")

    def expected(self, exercise: Exercise, draw: int) -> tuple[tuple[Request, Observed], ...]:
        """Each case as a request, with what the reference does on it."""
        key = (exercise.name, draw)
        if key not in self._expected:
            self._expected[key] = self._known(exercise, draw) or self._found_out(exercise, draw)
        return self._expected[key]

    def _known(self, exercise: Exercise, draw: int) -> tuple[tuple[Request, Observed], ...]:
        """What some judge has found out before; nothing where none has."""
        found = self.kept and self.kept.get(self._kept_as(exercise, draw))
        if not found:
            return ()
        cases = {case.name: case for case in cases_of(exercise, self.collected.lab)}
        rows, arrays = found[0]["cases"], found[1]
        return tuple(_restored(exercise, cases[row["name"]], row, arrays) for row in rows)

    def _found_out(self, exercise: Exercise, draw: int) -> tuple[tuple[Request, Observed], ...]:
        """The cases drawn, and the reference called; the next judge need not do so."""
        prepared = tuple(self._prepared(exercise, draw))
        if self.kept:
            arrays: Arrays = {}
            rows = [_row(request, due, arrays) for request, due in prepared]
            self.kept.put(self._kept_as(exercise, draw), {"cases": rows}, arrays)
        return prepared

    def _kept_as(self, exercise: Exercise, draw: int) -> str:
        """The name under which it is kept, with the secret's and the digits' own."""
        return f"{self._digest(f'kept {self.digits}').hex()[:16]}/{exercise.name}/{draw}"

    def _prepared(self, exercise: Exercise, draw: int) -> Iterator[tuple[Request, Observed]]:
        cases = cases_of(exercise, self.collected.lab)
        requests = [self._request(exercise, draw, case) for case in cases]
        entry = f"solutions.{self.collected.slug}:{exercise.name}"
        answers = self.run(exercise, entry, requests)
        answers.ask_all()
        most = min(MAX_BYTES, allowance(max(map(answers.weight, range(len(requests))), default=0)))
        for request, due in zip(requests, answers, strict=True):
            if not _applies(request, due):
                continue
            case = request.case
            wanted = "result" if case.raises is None else "raised"
            if due.did != wanted:
                what = f"{due.did} {due.type} {due.text}"
                where = f"{self.collected.slug}/{exercise.name}"
                raise GraderFault(f"{where}: the reference on the case {case.name!r}: {what}")
            # one bound for all cases: of this one, it would tell what is due
            limited = replace(request, most=most)
            yield limited, replace(due, type=case.raises.__name__) if case.raises else due

    def _request(self, exercise: Exercise, draw: int, case: Case) -> Request:
        name = f"{self.collected.slug}/{exercise.name}/{draw}/{case.like or case.name}"
        rng = np.random.default_rng(np.frombuffer(self._digest(name), dtype=np.uint32))
        arrays = exercise.arrays or self.collected.lab.arrays
        try:
            return request_of(exercise, case, arrays, rng, self.digits)
        except Exception as error:
            where = f"exercises/{self.collected.slug}/{exercise.name}.py"
            what = f"{type(error).__name__}: {error}"
            raise GraderFault(
                f"{where}: inputs cannot draw the case {case.name!r} ({what}): let it draw these "
                "sizes too, or name the case in without= where they make no sense"
            ) from error

    def batch(self, exercise: Exercise, draw: int, device: str) -> tuple[Batch | None, list[int]]:
        """The calls of a draw as they are sent at once, and the places of their cases, in order.

        The first case is called first.  The others follow in an order that depends on the draw, so
        that how many calls there were tells a program nothing of what a case is about.
        """
        key = (exercise.name, draw, device)
        if key not in self._batches:
            expected = self.expected(exercise, draw)
            called = [n for n, (one, _) in enumerate(expected) if one.case.observe != "arguments"]
            digest = self._digest(f"{self.collected.slug}/{exercise.name}/{draw}/order")
            rest = np.random.default_rng(np.frombuffer(digest, np.uint32)).permutation(called[1:])
            order = [*called[:1], *rest.tolist()]
            looked_at = len(called) < len(expected)
            requests = [expected[place][0] for place in order]
            self._batches[key] = batch_of(requests, looked_at, device), order
        return self._batches[key]

    def mistakes(self, exercise: Exercise, draw: int) -> Mapping[str, LazyAnswers]:
        """What each known mistake does on each case, found out when it is asked for."""
        key = (exercise.name, draw)
        if key not in self._mistakes:
            requests = [request for request, _ in self.expected(exercise, draw)]
            self._mistakes[key] = {
                mistake.name: LazyAnswers(
                    self,
                    exercise,
                    self.entry(exercise, f"mistakes.{place}.function"),
                    requests,
                    kept_as=f"{self._kept_as(exercise, draw)}/{mistake.name}",
                )
                for place, mistake in enumerate(exercise.mistakes)
            }
        return self._mistakes[key]

    def probing(self, exercise: Exercise, draw: int) -> Probing:
        """Its first case with changed arguments, and what these do to the reference's result.

        Without any change where an exercise trains, or builds its own arguments, unless that is a
        module with weights that are handed over: what comes back may be chance.
        """
        key = (exercise.name, draw)
        if key not in self._probed:
            self._probed[key] = self._probing(exercise, draw)
        return self._probed[key]

    def _probing(self, exercise: Exercise, draw: int) -> Probing:
        request, due = self.expected(exercise, draw)[0]
        plain = exercise.scenario is None or builds_module(request.question)
        if exercise.training or not plain:
            return Probing(request, ())
        entry = f"solutions.{self.collected.slug}:{exercise.name}"

        def answer(asked: Request) -> Observed:
            return self.reply(exercise, entry, asked, arguments=False).result

        return Probing.of(request, due, exercise.parts, answer)

    def entry(self, exercise: Exercise, path: str) -> str:
        """The dotted name of something in an exercise's spec."""
        return f"exercises.{self.collected.slug}.{exercise.name}:EXERCISE.{path}"

    def run(self, exercise: Exercise, entry: str, requests: Sequence[Request]) -> LazyAnswers:
        """What a trusted program does on the cases; a mistake may raise or end its process."""
        return LazyAnswers(self, exercise, entry, requests)

    def reply(
        self,
        exercise: Exercise,
        entry: str,
        request: Request,
        *,
        arguments: bool,
        seconds: float = TRAINING_SECONDS,
    ) -> Reply:
        """One call of a trusted program, its result as it is compared."""
        reply = call(self.worker(), entry, request, seconds=seconds, arguments=arguments)
        if reply.result.did == "gone":
            self.close()
        return replace(reply, result=self.viewed(exercise, request, reply.result))

    def replies(
        self, exercise: Exercise, entry: str, requests: Sequence[Request], *, seconds: float
    ) -> list[Reply]:
        """The same of several calls, sent at once, as far as they come.

        None follows a call that ends the process, and there is none where they are too large.
        """
        worker = self.worker()
        batch = batch_of(requests, True, worker.device)
        if batch is None:
            return []
        worker.begin(batch, entry, seconds=seconds)
        came: list[Reply] = []
        for request in requests:
            came.append(next_of(worker, request, seconds=seconds, arguments=True))
            if came[-1].result.did == "gone":
                self.close()
                break
        return [
            replace(reply, result=self.viewed(exercise, request, reply.result))
            for request, reply in zip(requests, came, strict=False)
        ]

    def viewed(
        self,
        exercise: Exercise,
        request: Request,
        observed: Observed,
        seconds: float = TRAINING_SECONDS,
    ) -> Observed:
        """What of a result is compared, where the exercise has a view of its own.

        A result with which the view, which works on what is due, twice crosses a limit is of
        another form.  Raises GraderFault where there is no worker for it.
        """
        if exercise.view is None or observed.did != "result" or request.case.scenario is not None:
            return observed
        arguments = {"arguments": dict(request.question.arguments), "result": observed.tree}
        entry = self.entry(exercise, "view")
        for _ in range(2):
            try:
                reply, arrays = self._plain(entry, arguments, seconds)
            except (WorkerGone, Violation):
                continue  # once more: its worker may have been ended from outside
            except (TooLarge, wire.BadFrame):
                return Observed("refused", text=TOO_MUCH)
            if reply.get("op") == "result":
                tree = decode(reply["result"], arrays)
                return Observed("result", tree, devices=devices_of(observed.tree))
            break
        # The view could not read the result: it has another form than was asked for.
        form = describe(observed.tree)
        return Observed("refused", observed.tree, text=f"something of another form ({form})")

    def _plain(
        self,
        entry: str,
        arguments: Mapping[str, Tree],
        seconds: float,
        scenario: dict[str, str] | None = None,
    ) -> tuple[dict[str, Any], Arrays]:
        """One call of a trusted program on trees; a worker that fails at it is ended."""
        try:
            header, body = packed(arguments, scenario)
            return self.worker().request({**header, "entry": entry}, body, seconds=seconds)
        except (SandboxError, wire.BadFrame):
            self.close()
            raise

    def worker(self) -> Worker:
        """The trusted worker, with references, mistakes and views loaded."""
        if self._worker is None:
            self._worker = self._given(self.sandbox.worker(), self.modules)
        return self._worker

    def load(self, modules: Mapping[str, str]) -> None:
        """Gives the trusted worker more modules, by their texts; its successor has them not."""
        self._given(self.worker(), modules)

    def _given(self, worker: Worker, modules: Mapping[str, str]) -> Worker:
        reply, _ = worker.request({"op": "load", "modules": dict(modules)}, seconds=60)
        if reply.get("op") != "loaded":
            raise GraderFault(f"the references of {self.collected.slug} cannot be loaded")
        return worker

    def limits(self, exercise: Exercise, draw: int, request: Request) -> dict[str, int]:
        """How many numbers each function of another exercise may give in the student's stead.

        None of those that are missing here; on a small case as many as on the first one.
        """
        first = self.expected(exercise, draw)[0][0]
        both = [self._asks(exercise, one) for one in (first, request)]
        asked = self.asked(exercise, draw)
        return {name: MORE * max(1, *(one[name] for one in both)) for name in asked}

    def asked(self, exercise: Exercise, draw: int) -> frozenset[str]:
        """The functions of other exercises that the reference, or a style, asks in some case."""
        asks = (self._asks(exercise, request) for request, _ in self.expected(exercise, draw))
        return frozenset(name for one in asks for name, most in one.items() if most)

    def _asks(self, exercise: Exercise, request: Request) -> Mapping[str, int]:
        """How much the reference asks on a case, or the one of the styles that asks most."""
        if request not in self._asked and request.case.observe == "arguments":
            return dict.fromkeys((one.name for one in self.collected.exercises), 0)
        if request not in self._asked:
            names = [one.name for one in self.collected.exercises if one.name != exercise.name]
            entries = [f"solutions.{self.collected.slug}:{exercise.name}"]
            entries += [self.entry(exercise, f"styles.{n}") for n in range(len(exercise.styles))]
            asking, most = counted(request, names), dict.fromkeys(names, 0)
            for entry in entries:
                got = call(self.worker(), entry, asking, seconds=TRAINING_SECONDS).result
                if got.did != "result":
                    raise GraderFault(f"{exercise.name}: what {entry} asks cannot be counted")
                most = {name: max(most[name], got.tree[name]) for name in names}
            self._asked[request] = most
        return self._asked[request]

    def answer(self, name: str, arguments: dict[str, Tree], cotangents: Tree = None) -> Observed:
        """What the reference of an earlier exercise answers to a student's own code.

        A tree {"result", "attached", "modules"}; result: gradients, where cotangents are given.
        """
        entry = f"solutions.{self.collected.slug}:{name}"
        scenario = code_of(answered) if self.collected.lab.arrays == "torch" else None
        asked = {"arguments": arguments, "cotangents": cotangents}
        try:
            reply, arrays = self._plain(
                entry, arguments if scenario is None else asked, CALL_SECONDS, scenario
            )
        except (WorkerGone, Violation, TooLarge, wire.BadFrame):
            return Observed("raised", None, "RuntimeError", (), "more than this function can do")
        if reply.get("op") == "result":
            found = decode(reply["result"], arrays)
            plainly = {"result": found, "attached": [], "modules": []}
            if scenario is not None:
                plainly = {**plainly, "result": found.get("gradients"), **found}
            return Observed("result", plainly)
        kind, text = str(reply.get("type", "ValueError")), str(reply.get("text"))
        return Observed("raised", None, kind, (), text)


class LazyAnswers(Sequence[Observed]):
    """What a trusted program does case by case; each call is made when it is first asked for."""

    def __init__(
        self,
        oracle: Oracle,
        exercise: Exercise,
        entry: str,
        requests: Sequence[Request],
        seconds: float = TRAINING_SECONDS,
        kept_as: str = "",
    ) -> None:
        self._oracle, self._exercise, self._entry = oracle, exercise, entry
        self._requests, self._seconds, self._kept_as = requests, seconds, kept_as
        self._places = {request.case.name: n for n, request in enumerate(requests)}
        self._known: dict[int, Reply] = {}

    def __len__(self) -> int:
        return len(self._requests)

    def __getitem__(self, place: Any) -> Any:
        """What it does on one case, or on a slice of the cases."""
        if isinstance(place, slice):
            return [self[n] for n in range(*place.indices(len(self)))]
        if not 0 <= place < len(self):
            raise IndexError(place)
        case = self._requests[place].case
        if case.observe == "arguments":
            return self.left(self._places[case.like])
        return self._reply(place).result

    def left(self, place: int) -> Observed:
        """The arguments as the call of a case left them."""
        return self._reply(place).arguments

    def weight(self, place: int) -> int:
        """What its result on a case weighs as it came; a case on its arguments has none."""
        observed = self._requests[place].case.observe == "arguments"
        return 0 if observed else self._reply(place).weight

    def ask_all(self) -> None:
        """Make all calls at once; those after one that ends the process wait to be asked for."""
        places = [n for n, one in enumerate(self._requests) if one.case.observe != "arguments"]
        requests = [self._requests[place] for place in places]
        came = self._oracle.replies(self._exercise, self._entry, requests, seconds=self._seconds)
        self._known |= dict(zip(places, came, strict=False))

    def _reply(self, place: int) -> Reply:
        """The one call of a case; a case on its arguments looks at it again."""
        if place not in self._known:
            kept, key = self._oracle.kept, f"{self._kept_as}/{self._requests[place].case.name}"
            found = kept.get(key) if kept and self._kept_as else None
            self._known[place] = _reply_in(*found) if found else self._asked_for(place, key)
        return self._known[place]

    def _asked_for(self, place: int, key: str) -> Reply:
        """The call made now; what takes long is kept."""
        began = time.perf_counter()
        reply = self._oracle.reply(
            self._exercise,
            self._entry,
            self._requests[place],
            arguments=True,
            seconds=self._seconds,
        )
        long = time.perf_counter() - began > LONG
        if self._oracle.kept and self._kept_as and long and reply.result.did != "gone":
            arrays: Arrays = {}
            both = {
                "result": _told(reply.result, arrays),
                "arguments": _told(reply.arguments, arrays),
            }
            self._oracle.kept.put(key, both, arrays)
        return reply


def _row(request: Request, due: Observed, arrays: Arrays) -> dict[str, Any]:
    """A case with the arguments that were drawn and what is due, to be kept."""
    return {
        "name": request.case.name,
        "arguments": encode(dict(request.question.arguments), arrays),
        "most": request.most,
        "due": _told(due, arrays),
    }


def _restored(
    exercise: Exercise, case: Case, row: Mapping[str, Any], arrays: Mapping[str, Any]
) -> tuple[Request, Observed]:
    """What `_row` was given."""
    request = request_with(exercise, case, decode(row["arguments"], arrays))
    return replace(request, most=row["most"]), _observed(row["due"], arrays)


def _told(observed: Observed, arrays: Arrays) -> dict[str, Any]:
    """What a trusted program did, to be kept."""
    return {
        "did": observed.did,
        "tree": encode(observed.tree, arrays),
        "type": observed.type,
        "bases": list(observed.bases),
        "text": observed.text,
        "lines": [list(line) for line in observed.lines],
        "devices": list(observed.devices),
    }


def _observed(told: Mapping[str, Any], arrays: Mapping[str, Any]) -> Observed:
    """What `_told` was given."""
    return Observed(
        told["did"],
        decode(told["tree"], arrays),
        told["type"],
        tuple(told["bases"]),
        told["text"],
        tuple((file, line, text) for file, line, text in told["lines"]),
        tuple(told["devices"]),
    )


def _reply_in(both: Mapping[str, Any], arrays: Mapping[str, Any]) -> Reply:
    result, arguments = (_observed(both[name], arrays) for name in ("result", "arguments"))
    return Reply(result, arguments)


def _applies(request: Request, due: Observed) -> bool:
    """Whether a case has something to compare, now that the reference has been called."""
    return request.case.scenario is not gradients or due.tree != {}


VOCABULARY = (
    *("__init__", "ready_made", "variations", "vocabulary", "scenarios"),
    *("training", "optimizers"),
)
"""The modules of the room spec that a spec's own text imports."""


def modules_of(collected: Collected) -> dict[str, str]:
    """The texts that a trusted worker needs: the vocabulary, the lab's solution and its specs."""
    slug, root = collected.slug, collected.root
    files = {f"solutions.{slug}": root / "solutions" / f"{slug}.py"}
    vocabulary = [Path(spec.__file__).with_name(f"{name}.py") for name in VOCABULARY]
    specs = (root / "exercises" / slug).glob("*.py")
    for package, paths in (("autograder.spec", vocabulary), (f"exercises.{slug}", specs)):
        for path in paths:
            files[package if path.stem == "__init__" else f"{package}.{path.stem}"] = path
    texts = {"autograder": "", "exercises": "", "solutions": ""}
    return texts | {name: path.read_text(encoding="utf-8") for name, path in files.items()}
