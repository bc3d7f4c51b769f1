"""A browser without a window, and Jupyter servers for it."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser_kit import Jupyter

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PLACES = ("chromium", "chromium-browser", "google-chrome", "chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, from the system or as Playwright installs it."""
    api = pytest.importorskip("playwright.sync_api", reason="no Playwright: pip install .[dev]")
    own = next((path for path in map(shutil.which, PLACES) if path), None)
    with api.sync_playwright() as playwright:
        if own is None and not Path(playwright.chromium.executable_path).exists():
            pytest.skip("there is no browser here: apt-get install chromium")
        running = playwright.chromium.launch(executable_path=own, headless=True, args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page of its own, on which an error of a script is an error of the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(60_000)
    yield page
    context.close()


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures go: the folder that SCREENSHOTS names, or a temporary one."""
    told = os.environ.get("SCREENSHOTS")
    folder = Path(told) if told else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    """JupyterLab, to be started in any folder; the tests of a file share a server of a folder."""
    home = tmp_path_factory.mktemp("jupyter") / "home"
    home.mkdir()
    with contextlib.ExitStack() as stack:
        yield Jupyter(home, stack)
