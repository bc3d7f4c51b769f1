"""Whatever a console can write, what is said there comes through."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from core_kit import COURSE

from autograder.chain.archive import archive

SCRIPT = "import numpy as np\n\n\ndef rnn_step(x, h_prev, W_xh, W_hh, b_h):\n    return x @ W_xh\n"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437", "latin-1", "utf-8"])
def test_labcheck_writes_plain_signs_where_the_console_has_no_others(
    encoding: str, tmp_path: Path
) -> None:
    (tmp_path / "labcheck.pyz").write_bytes(archive())
    visible = (COURSE / "release/lab2_rnn/visible.json").read_bytes()
    (tmp_path / "visible.json").write_bytes(visible)
    (tmp_path / "lab2_rnn.py").write_text(SCRIPT, "utf-8")
    done = subprocess.run(
        [sys.executable, "labcheck.pyz", "lab2_rnn.py"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
        timeout=120,
    )
    said = done.stdout.decode(encoding)
    assert (done.returncode, done.stderr) == (1, b"")
    assert "rnn_step" in said
    assert "0 of 12 right" in said
    assert ("✗" in said) == (encoding == "utf-8")
    assert ("x rnn_step" in said) == (encoding != "utf-8")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_the_command_line_writes_plain_signs_too(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "ada.py").write_text(SCRIPT, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "autograder", "grade", "lab2_rnn", str(tmp_path / "ada.py")],
        cwd=COURSE,
        env=os.environ | {"PYTHONIOENCODING": encoding, "LANG": "C"},
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert "rnn_step" in done.stdout.decode(encoding)
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr
