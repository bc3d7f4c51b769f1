"""What a page may load and run, for its head: nothing but what stands in it."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Sequence

FORMULAS = "https://cdnjs.cloudflare.com/ajax/libs/mathjax/"
"""Where nbconvert's pages take from what sets formulas; it evaluates its own settings."""


def policy(scripts: Sequence[str] = (), *, formulas: bool = False) -> str:
    """A Content-Security-Policy.  scripts: the texts of those that may run, each as a whole."""
    run = [f"'sha256-{_digest(script)}'" for script in scripts]
    load = [FORMULAS] if formulas else []
    rules = {
        "default-src": [],
        "script-src": [*run, *load, *(["'unsafe-eval'"] if formulas else [])],
        "style-src": ["'unsafe-inline'", *load],
        "img-src": ["data:", *load],
        "font-src": ["data:", *load],
        "connect-src": ["https://api.cdnjs.com/libraries/mathjax"] if formulas else [],
        "base-uri": [],
        "form-action": [],
    }
    return "; ".join(" ".join([name, *(allowed or ["'none'"])]) for name, allowed in rules.items())


def with_policy(page: str, rules: str, style: str = "") -> str:
    """A page with a policy as the first thing in its head, and more of a look."""
    head, tag, rest = page.partition("<head>")
    meta = f'<meta http-equiv="Content-Security-Policy" content="{html.escape(rules)}">'
    return f"{head}{tag}\n{meta}\n{f'<style>{style}</style>' if style else ''}{rest}"


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
