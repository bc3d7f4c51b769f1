"""What this machine offers: versions, devices, and the layers of isolation that hold."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

import click
from rich.table import Table

from autograder.commands.terminal import FAILED, console
from autograder.sandbox.errors import SandboxError

PACKAGES = (
    "numpy",
    "torch",
    "safetensors",
    "nbgrader",
    "jupytext",
    "matplotlib",
    "landlockpy",
    "pyseccomp",
    "seccompy",
)


@dataclass(frozen=True)
class Examined:
    """Tables of (what, found), one sentence, and whether student code would be isolated."""

    tables: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    verdict: str
    isolated: bool


def _course(ctx: click.Context, option: click.Parameter, folder: Path | None) -> Path:
    """The course, whose files no worker may see; the working folder where there is none."""
    from autograder.spec.collection import CollectionError, course

    try:
        return course(folder)
    except CollectionError:
        if folder is not None:
            raise
        return Path.cwd()


@click.command("doctor")
@click.option(
    "--course",
    "root",
    metavar="DIR",
    type=click.Path(path_type=Path),
    callback=_course,
    help="The course folder; by default the nearest one above with solutions/.",
)
def doctor_command(root: Path) -> None:
    """Versions, devices, and which layers of isolation are in force here."""
    out = console()
    examined = examine(root)
    for title, rows in examined.tables:
        table = Table("what", "found", title=title, title_justify="left")
        for what, value in rows:
            table.add_row(what, value)
        out.print(table)
    out.print(examined.verdict, soft_wrap=True)
    if not examined.isolated:
        sys.exit(FAILED)


def examine(root: Path) -> Examined:
    """Looks up versions and devices, and lets self-tests try the forbidden things."""
    from autograder.sandbox.pool import Sandbox

    tables = [("This machine", _machine(root)), ("Packages", _packages()), ("Devices", _devices())]
    verdicts, isolated = [], True
    kinds: tuple[Literal["numpy", "torch"], ...] = ("numpy", "torch")
    for arrays in kinds:
        title = f"Isolation of {arrays} labs"
        try:
            with Sandbox(arrays, isolation="process", course=root):
                pass
            with Sandbox(arrays, course=root) as sandbox:
                finding = sandbox.finding
        except SandboxError as error:
            tables.append((title, (("none", str(error)),)))
            verdicts.append(f"{arrays} labs cannot be graded with walls here: {error}")
            isolated = False
            continue
        rows = tuple(
            (
                layer.name,
                f"{'in force' if layer.in_force else 'NOT in force'}  {layer.detail}".strip(),
            )
            for layer in finding.layers
        )
        tables.append((title, rows))
        verdicts.append(f"{arrays} labs: tier {finding.tier}, {finding.statement}.")
    return Examined(tuple(tables), "\n".join(verdicts), isolated)


def _machine(root: Path) -> tuple[tuple[str, str], ...]:
    return (
        ("system", f"{platform.system()} {platform.release()}"),
        ("python", f"{platform.python_version()} ({sys.implementation.name})"),
        ("course", str(root)),
    )


def _packages() -> tuple[tuple[str, str], ...]:
    found = []
    for name in PACKAGES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            found.append((name, "missing"))
    return tuple(found)


def _devices() -> tuple[tuple[str, str], ...]:
    import torch

    if not torch.cuda.is_available():
        return (
            ("cpu", "used"),
            ("cuda", "none here: an accelerator is played, with real numbers"),
        )
    names = [torch.cuda.get_device_name(place) for place in range(torch.cuda.device_count())]
    return (("cpu", "used"), ("cuda", ", ".join(names)))
