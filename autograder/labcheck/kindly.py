"""What a notebook says when a cell needs a function that is not written yet."""

from __future__ import annotations

import sys
import traceback
from types import TracebackType
from typing import Any

from .explain import Line
from .message import Message

Show = Any


def be_kind(show: Show) -> None:
    """In a notebook, show a sentence in place of a traceback for NotImplementedError.

    show: displays a Message.  Elsewhere nothing happens.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None or not hasattr(shell, "set_custom_exc"):
        return

    def kindly(
        shell: Any,
        kind: type,
        error: BaseException,
        trace: TracebackType,
        tb_offset: int | None = None,
    ) -> list[str]:
        frame = traceback.extract_tb(trace)[-1]
        of_a_library = frame.filename.startswith((sys.prefix, sys.base_prefix))
        if of_a_library or "raise" not in (frame.line or ""):
            shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
            return []
        name = frame.name
        if name.startswith("<"):
            text = "this cell is not written yet"
        else:
            text = f"this cell calls {name}, which is not written yet"
        lines = (
            Line("What happened", f"{text}."),
            Line(
                "What to do",
                f"Go up to {name}, write its body, run its cell; then run this again.",
            ),
        )
        show(Message(name, "unfinished", 0, 0, lines))
        return []

    shell.set_custom_exc((NotImplementedError,), kindly)
