"""JupyterLab as a server of its own, for tests in a browser."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

TOKEN = "for-tests-only"
QUIET = {
    "apputils-extension/notification.jupyterlab-settings": {
        "fetchNews": "false",
        "checkForUpdates": False,
    }
}
"""Settings of JupyterLab that keep its questions away."""
WORST = """
(card) => {
  const rgb = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = (c) => c.slice(0, 3).map((v) => v / 255)
    .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const c = rgb(getComputedStyle(node).backgroundColor);
      if (c.length === 3 || c[3] > 0) return c;
    }
    return [255, 255, 255];
  };
  const over = (c, g) => c.length < 4 ? c : c.slice(0, 3).map((v, at) => v * c[3] + g[at] * (1 - c[3]));
  const texts = [...card.querySelectorAll("*")].filter((node) =>
    [...node.childNodes].some((one) => one.nodeType === 3 && one.textContent.trim()));
  return Math.min(...texts.filter((node) => !["title", "style"].includes(node.tagName)).map((node) => {
    const style = getComputedStyle(node);
    const g = ground(node);
    const pair = [over(rgb(node.closest("svg") ? style.fill : style.color), g), g].map(light);
    return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
  }));
}
"""
"""The least contrast of a text in an element with what is behind it."""


class Jupyter:
    """Servers that end with the stack, with nothing of this user's own settings.

    home: a folder for what they write.  work: one for the folders of several tests.
    """

    def __init__(self, home: Path, stack: contextlib.ExitStack) -> None:
        self.home, self.stack = home, stack
        self.work = home.with_name("work")
        self._addresses: dict[Path, str] = {}
        self.environment = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(home),
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
            "JUPYTER_PLATFORM_DIRS": "1",
            "AUTOGRADER_SECRET": "the secret of the tests",
        }
        for name, told in QUIET.items():
            file = home / "config" / "lab" / "user-settings" / "@jupyterlab" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(told))

    def start(self, folder: Path) -> str:
        """JupyterLab in a folder, started once; its address."""
        if folder not in self._addresses:
            folder.mkdir(exist_ok=True)
            self._addresses[folder] = self._started(folder)
        return self._addresses[folder]

    def _started(self, folder: Path) -> str:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        log = self.home / "jupyter.log"
        out = self.stack.enter_context(log.open("wb"))
        command = [
            sys.executable,
            "-m",
            "jupyter",
            "lab",
            "--no-browser",
            "--allow-root",
            f"--port={port}",
            "--ServerApp.ip=127.0.0.1",
            f"--IdentityProvider.token={TOKEN}",
        ]
        process = subprocess.Popen(
            command, cwd=folder, env=self.environment, stdout=out, stderr=out
        )
        self.stack.callback(_stop, process)
        address = f"http://127.0.0.1:{port}"
        wait_for(f"{address}/api?token={TOKEN}", process, log)
        return address


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(120)
    except subprocess.TimeoutExpired:  # a slow machine is no fault
        process.kill()
        process.wait()


def wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until a server answers."""
    ends = time.monotonic() + 120
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < ends, "the server never answered"
            time.sleep(0.2)
