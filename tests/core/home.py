"""Functions checked as on a student's machine, against the record of a lab that is made here."""

from __future__ import annotations

import linecache
import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
from core_kit import RIGHT

from autograder.labcheck.run import Checked, check_cases
from autograder.labcheck.session import message_of
from autograder.labcheck.visible import VisibleExercise

Lab = Mapping[str, VisibleExercise]


def defined(source: str) -> dict[str, Any]:
    """What a cell defines beside NumPy; its lines are found by tracebacks and inspect."""
    text = textwrap.dedent(source)
    file = f"<cell {abs(hash(text))}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    space: dict[str, Any] = {"np": np, "__name__": "cell"}
    exec(compile(RIGHT["as_float"], "as_float.py", "exec", dont_inherit=True), space)
    exec(compile(text, file, "exec", dont_inherit=True), space)
    return space


def checked(lab: Lab, name: str, source: str) -> Checked:
    """The check of a function that a cell defines."""
    return check_cases(lab[name], defined(source)[name], lab)


def lines(lab: Lab, name: str, source: str) -> dict[str, str]:
    """What a check says, by label, each text in one line."""
    message = message_of(checked(lab, name, source), notebook=True)
    return {line.label: " ".join(line.text.split()) for line in message.lines}
