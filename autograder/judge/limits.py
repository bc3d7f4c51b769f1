"""What judging one submission may take of the judge's own memory."""

from __future__ import annotations

import contextlib
import os
import resource
from collections.abc import Iterator

MEMORY = 384 * 2**20
"""Bytes over those that the judge has when a submission comes."""
CROSSED = "Looking at what it returned took more memory than there is room for."


@contextlib.contextmanager
def limited_memory() -> Iterator[None]:
    """At most MEMORY bytes more than now: beyond, MemoryError, which is the submission's."""
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = _held() + MEMORY
    if soft != resource.RLIM_INFINITY:
        most = min(most, soft)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _held() -> int:
    """Bytes of private memory that this process has asked for, as the limit counts them."""
    with open("/proc/self/statm") as file:  # noqa: PTH123
        return int(file.read().split()[5]) * os.sysconf("SC_PAGE_SIZE")
