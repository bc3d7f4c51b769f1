"""What can go wrong around a worker, and whose fault it is.

SandboxError
├── WorkerGone    the student's program ended its process, ran out of memory or took too long
├── Violation     the worker wrote something that is no answer: treat it like a crash
├── OverLimit     what a student wrote takes more to be read, or looked at, than there is room for
└── GraderFault   ours: no fork server, no fork, no isolation; never costs a student points
    └── TooLarge  a request that no frame holds: ours, unless a student's data is in it
"""

from __future__ import annotations

from typing import Literal

Ending = Literal["crash", "memory", "timeout"]


class SandboxError(Exception):
    """Anything that goes wrong around a worker."""


class WorkerGone(SandboxError):  # noqa: N818 - reads as what it is
    """The program that was run ended its worker.

    kind: "crash", "memory" or "timeout".  text: one clear sentence that says how it ended.
    """

    def __init__(self, kind: Ending, text: str) -> None:
        super().__init__(text)
        self.kind: Ending = kind
        self.text = text


class Violation(SandboxError):  # noqa: N818
    """The worker broke the protocol, which no honest program does; it has been killed."""


class OverLimit(SandboxError):  # noqa: N818
    """What a student handed in crosses a limit; the message says which, as in "it is …"."""


class GraderFault(SandboxError):  # noqa: N818
    """The grader cannot do its work; the message says what is missing and the way out."""


class TooLarge(GraderFault):
    """A request that is larger than a frame may be."""


def told_fault(fault: Exception) -> str:
    """A fault of the grader, for the person who looks."""
    return str(fault) if isinstance(fault, SandboxError) else f"{type(fault).__name__}: {fault}"
