"""What can go wrong around a worker, and whose fault it is.

SandboxError
├── WorkerGone    the student's program ended its process, ran out of memory or took too long
├── Violation     the worker wrote something that is no answer: treat it like a crash
└── GraderFault   ours: no fork server, no fork, no isolation; never costs a student points
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


class GraderFault(SandboxError):  # noqa: N818
    """The grader cannot do its work; the message says what is missing and the way out."""
