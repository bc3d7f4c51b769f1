"""Check your own work: ``from labcheck import check, guess, hint, play, progress, reveal``.

``check(rnn_step)`` tries your function on the visible cases, ``hint(rnn_step)`` helps one step at
a time, and ``progress()`` shows how much of the lab is done.  The cells with pictures use
``guess`` and ``reveal`` (what you expect, and how that fared) and ``play`` (sliders).

Inside, data goes one way: recorded cases (`visible`) → calls of your function (`run`) → comparison
(`tree`, `compare`) → who is to blame (`earlier`) → known mistake (`verdict`), or else what the
function does (`telling`, from `pairs` by `relations`, `places`, `items`, `updates`, `reported`,
`modules`, `choices`, `dependences`; `printed`, `classics`) → sentences (`parameters`, `explain`,
`exceptions`, `meeting`, `message`) → the page (`html`, `strip`, `text`).  `session` drives it in a
notebook, of which `cells` knows what ran and `remembered` what was right before, with `guessing`,
`playing` and, when all is right, `finish`; `__main__` drives it in a terminal: there `supervisor`
outlives it, `filing` finds and runs the file, `terminal` shows it, `watching` looks at each
save, and `picturing` saves what a notebook would show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .session import NotebookSession

    _SESSION = NotebookSession()
    check, guess, hint, play = _SESSION.check, _SESSION.guess, _SESSION.hint, _SESSION.play
    progress, reveal = _SESSION.progress, _SESSION.reveal

__all__ = ["check", "guess", "hint", "play", "progress", "reveal"]


def __getattr__(name: str) -> Any:
    """The session of this process, and what it offers, made as it is first asked for.

    Raises NotInstalled where NumPy is missing.
    """
    if name not in (*__all__, "_SESSION"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .needed import need

    need("numpy")
    from .cells import Cells
    from .session import NotebookSession, show
    from .unwritten import announce_unwritten

    cells = Cells()
    session = NotebookSession(cells=cells)
    cells.watch()
    announce_unwritten(show, cells.absent, session.restore())
    own = {"_SESSION": session, **{one: getattr(session, one) for one in __all__}}
    globals().update(own)
    return own[name]
