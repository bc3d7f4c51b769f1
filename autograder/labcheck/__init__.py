"""Check your own work: ``from labcheck import check, hint, progress``.

``check(rnn_step)`` tries your function on the visible cases, ``hint(rnn_step)`` helps one step at
a time, and ``progress()`` shows how much of the lab is done.
"""

from __future__ import annotations

from .kindly import be_kind
from .session import NotebookSession, show

_SESSION = NotebookSession()
be_kind(show)

check = _SESSION.check
hint = _SESSION.hint
progress = _SESSION.progress

__all__ = ["check", "hint", "progress"]
