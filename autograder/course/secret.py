"""The course secret, from which hidden inputs are drawn; it never stands on a command line."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

import click

from autograder.course.results import make_folder

VARIABLE = "AUTOGRADER_SECRET"
LEAST = 16


def course_secret(path: Path | None = None, *, root: Path) -> bytes:
    """The secret from a file, the environment, or results/secret, which is made where missing.

    Raises click.UsageError for a file that is missing, unreadable or too short.
    """
    if path is not None:
        return _read(path)
    value = os.environ.get(VARIABLE)
    if value is not None:
        return _long_enough(os.fsencode(value).strip(), f"the variable {VARIABLE}")
    default = root / "results" / "secret"
    return _read(default) if default.exists() else _made(default)


def _read(path: Path) -> bytes:
    try:
        return _long_enough(path.read_bytes().strip(), str(path))
    except OSError as error:
        raise click.UsageError(f"the secret {path} cannot be read: {error.strerror}") from error


def _long_enough(secret: bytes, where: str) -> bytes:
    if len(secret) < LEAST:
        raise click.UsageError(f"the secret in {where} is shorter than {LEAST} characters")
    return secret


def _made(path: Path) -> bytes:
    """A new secret, readable by its owner alone; where two make one at once, one of them wins."""
    try:
        make_folder(path.parent)
        beside = path.with_name(f".secret.{os.getpid()}.{secrets.token_hex(4)}")
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(secrets.token_hex(32).encode())
            with contextlib.suppress(FileExistsError):
                os.link(beside, path)
        finally:
            beside.unlink()
    except OSError as error:
        raise click.UsageError(
            f"no course secret can be made at {path}: {error.strerror}; "
            f"give one with --secret-file or the variable {VARIABLE}"
        ) from error
    return _read(path)
