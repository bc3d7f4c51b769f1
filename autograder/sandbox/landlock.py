"""Which files a worker can reach, as Landlock rules: libraries to read, one folder to write.

Landlock knows no "all but": where something below a folder must stay out of reach, each of its
other entries gets a rule of its own.
"""

from __future__ import annotations

import fnmatch
import os
import re
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NEVER = "autograder* rnn_labs* __editable__* solutions* labcheck* *.pth *.egg-link "
NOT_IN_NUMPY = (
    "torch* functorch* jax* tensorflow* keras* flax* equinox* autograd* tinygrad* mxnet* theano* "
    "pytensor* aesara* cupy* paddle* "
)
SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib")
SYSTEM_FILES = (
    "/usr/share/zoneinfo /usr/share/fonts /etc/ld.so.cache /etc/localtime /dev/null /dev/zero "
    "/dev/full /dev/random /dev/urandom /proc/cpuinfo "
)
CUDA_FILES = (
    "/proc/driver/nvidia /proc/devices /usr/local/cuda /usr/share/nvidia "
    "/sys/devices/system/node /sys/devices/system/cpu "
)
PACKAGE_FOLDERS = ("site-packages", "dist-packages")
PYTHON_FOLDER = re.compile(r"(python|pypy)\d")


class Exposed(Exception):  # noqa: N818 - says what the course is
    """The course lies where workers must be able to read; the message says where."""


@dataclass(frozen=True)
class Allowed:
    """What may be read: whole folders and files; of `listed` folders the names below as well.

    listed: the standard library first, then folders of packages.  devices: what may be read,
    written and controlled.
    """

    readable: tuple[str, ...]
    listed: tuple[str, ...]
    devices: tuple[str, ...] = ()


def allowed_paths(site: list[str], arrays: str, device: str, course: str) -> Allowed:
    """What workers of this kind may read.

    site: the folders of installed packages.  arrays: "numpy" leaves PyTorch and its like out.
    Raises Exposed where a folder that has to be readable contains the course.
    """
    library = os.path.realpath(Path(os.__file__).parent)
    system = [path for path in dict.fromkeys(map(os.path.realpath, SYSTEM)) if Path(path).is_dir()]
    for root in [library, *site, *system]:
        if course == root or course.startswith(root + "/"):
            raise Exposed(
                f"the course's folder {course} lies in {root}, which every submission has to be "
                "able to read; move the course"
            )
    denied = (NEVER + (NOT_IN_NUMPY if arrays == "numpy" else "")).split()
    files = (SYSTEM_FILES + (CUDA_FILES if device == "cuda" else "")).split()
    readable = [
        *_below(library, PACKAGE_FOLDERS),
        *(path for folder in site for path in _below(folder, denied)),
        *_system(system),
        *_shared_libraries(),
        *(path for path in files if Path(path).exists()),
    ]
    devices = Path("/dev").glob("nvidia*") if device == "cuda" else ()
    return Allowed(tuple(dict.fromkeys(readable)), (library, *site), tuple(map(str, devices)))


def _below(folder: str, denied: Collection[str]) -> Iterator[str]:
    """A folder's entries but those denied, and but links that lead out of it."""
    with os.scandir(folder) as entries:
        listed = list(entries)
    for entry in listed:
        if any(fnmatch.fnmatch(entry.name.lower(), pattern) for pattern in denied):
            continue
        if entry.is_symlink() and not os.path.realpath(entry.path).startswith(folder + "/"):
            continue
        yield entry.path


def _system(folders: list[str]) -> Iterator[str]:
    """System libraries, but no Python's packages."""
    for folder in folders:
        own = list(_below(folder, ()))
        others = [path for path in own if not PYTHON_FOLDER.match(Path(path).name)]
        yield from [folder] if len(own) == len(others) else others


def _shared_libraries() -> Iterator[str]:
    """The shared libraries beside the interpreter, as in a conda environment."""
    for prefix in dict.fromkeys((sys.prefix, sys.base_prefix)):
        folder = Path(os.path.realpath(f"{prefix}/lib"))
        if folder.is_dir():
            yield from (str(p) for p in folder.iterdir() if ".so" in p.name and p.is_file())


def version() -> tuple[int, str]:
    """(the kernel's Landlock ABI, "") or (0, why there is none)."""
    try:
        import landlockpy

        abi = landlockpy.abi_version()
    except (ImportError, OSError) as error:
        return 0, f"landlockpy cannot be used: {error}"
    return abi, "" if abi else "this kernel has no Landlock, or it is switched off"


def ruleset(allowed: Allowed, scratch: str) -> Any:
    """A prepared Landlock ruleset: read what is allowed, write in `scratch`, nothing else."""
    from landlockpy import AccessFS, Ruleset, Scope

    look, read = AccessFS.READ_DIR, AccessFS.READ_FILE
    write = read | AccessFS.WRITE_FILE | AccessFS.TRUNCATE
    shape = AccessFS.MAKE_REG | AccessFS.MAKE_DIR | AccessFS.REMOVE_FILE | AccessFS.REMOVE_DIR
    made = Ruleset(scoped=Scope.SIGNAL | Scope.ABSTRACT_UNIX_SOCKET)
    for path in allowed.readable:
        made.allow_path(path, read | look if Path(path).is_dir() else read)
    for path in allowed.listed:
        made.allow_path(path, look)
    for path in allowed.devices:
        access = read | AccessFS.WRITE_FILE | AccessFS.IOCTL_DEV
        made.allow_path(path, access | look if Path(path).is_dir() else access)
    made.allow_path("/dev/null", read | AccessFS.WRITE_FILE)
    made.allow_path(scratch, look | write | shape | AccessFS.REFER)
    return made


def enforce(rules: Any) -> None:
    """Bind this process to prepared rules, for good; what they refuse goes into no system log."""
    from landlockpy import RestrictFlag

    rules.restrict(RestrictFlag.LOG_SAME_EXEC_OFF)
    rules.close()
