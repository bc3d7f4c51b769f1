"""Check your own work: ``from labcheck import check, hint, progress``.

``check(rnn_step)`` tries your function on the visible cases, ``hint(rnn_step)`` helps one step at
a time, and ``progress()`` shows how much of the lab is done.

Inside, data goes one way: recorded cases (`visible`) → calls of your function (`run`) → comparison
(`tree`, `compare`) → known mistake (`verdict`), or else what the function does (`telling`, from
`pairs` by `relations`, `places`, `items` and `dependences`) → sentences (`explain`, `message`) →
the page (`html`, `text`).  `session` drives it in a notebook, `__main__` in a terminal.
"""

from __future__ import annotations

from .session import NotebookSession, show
from .unwritten import announce_unwritten

_SESSION = NotebookSession()
announce_unwritten(show)

check = _SESSION.check
hint = _SESSION.hint
progress = _SESSION.progress

__all__ = ["check", "hint", "progress"]
