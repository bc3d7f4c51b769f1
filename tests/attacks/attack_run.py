"""The whole corpus through the command, as an instructor would start it, in few processes."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import attack_kit as kit
import odd_files
import psutil
from attack_kit import Attack

from autograder.sandbox import kernel, lockdown, mounts

EVERY = 10
"""An ordinary submission comes after so many attacks."""
LIMIT = 1800
HELD = re.compile(r"/dev/shm/autograder-\w+-\w+")
"""The folder of a fork server, which its judge keeps open, and locked."""
LOWERED = (
    "import sys; sys.path.insert(0, sys.argv.pop(1))\n"
    "from autograder.commands import main as cli\nfrom autograder.judge import calls, candidate as candidate\n"
    "calls.CALL_SECONDS, candidate.CELL_SECONDS, candidate.SUBMISSION_SECONDS = 1.5, 3.0, 20.0\n"
    "cli.main()"
)
"""The command with short limits, for attacks that only end where time does."""
OUTSIDE = ("/tmp", "/var/tmp", "/dev/shm", "/", "/root", str(kit.COURSE))


@dataclass(frozen=True)
class Place:
    """The folders of a run, made anew, so that whatever is new in them afterwards is known."""

    root: Path

    @property
    def mark(self) -> str:
        """Part of the name of every file that an attack makes outside."""
        return f"mark-of-{self.root.name}"

    @property
    def secret(self) -> Path:
        """The file of the course secret."""
        return self.root / "kept" / "secret"

    @property
    def home(self) -> Path:
        """The grader's home folder."""
        return self.root / "home"

    @property
    def temporary(self) -> Path:
        """The grader's folder for temporary files."""
        return self.root / "tmp"

    @property
    def known(self) -> dict[str, str]:
        """What stands for what in the text of an attack."""
        other = self.hand_ins("alone") / "canary_00.py"
        return {
            "course": str(kit.COURSE),
            "secret": str(self.secret),
            "home": str(self.home),
            "other": str(other),
            "mark": self.mark,
        }

    def hand_ins(self, name: str) -> Path:
        """Where the submissions of a command lie."""
        return self.root / "hand-ins" / name

    def make(self) -> None:
        """Make the folders, open to everybody, and what there is to steal."""
        self.root.chmod(0o755)
        for folder in (self.secret.parent, self.home / ".ssh", self.temporary):
            folder.mkdir(parents=True)
        self.secret.write_text("the secret of the attacked course")
        (self.home / ".ssh" / "id_rsa").write_text("a private key")

    def state(self) -> dict[str, str]:
        """A digest of every file that no grading may change."""
        folders = [
            self.secret.parent,
            self.home,
            self.root / "hand-ins",
            kit.COURSE / "autograder",
            kit.COURSE / "solutions",
            kit.COURSE / "exercises",
        ]
        found = {}
        for folder in folders:
            for path in [folder, *folder.rglob("*")]:
                if "__pycache__" not in path.parts:
                    with suppress(FileNotFoundError):  # another test's, and gone again
                        found[str(path)] = _digest(path)
        return found

    def marked(self) -> list[str]:
        """Files that attacks have made outside."""
        return [str(path) for folder in OUTSIDE for path in Path(folder).glob(f"*{self.mark}*")]


def _digest(path: Path) -> str:
    status = path.lstat()
    if path.is_dir() and not path.is_symlink():
        names = sorted(inside.name for inside in path.iterdir() if inside.name != "__pycache__")
        return f"{status.st_mode} {status.st_uid} {names}"
    told = f"{status.st_mode} {status.st_uid} {status.st_size} {status.st_mtime_ns}"
    if path.is_file() and not path.is_symlink() and status.st_size < 2**20:
        told += hashlib.sha256(path.read_bytes()).hexdigest()
    return told


@dataclass
class Command:
    """One run of the command.  attacks: one for each file, None for an ordinary submission."""

    name: str
    lab: str
    jobs: int = 1
    slow: bool = False
    attacks: list[Attack | None] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None

    def add(self, attack: Attack, file: Path) -> None:
        """One more file."""
        self.attacks.append(attack)
        self.files.append(file)

    def with_canaries(self, folder: Path) -> Command:
        """The same with an ordinary submission after every few."""
        attacks, files = self.attacks, self.files
        self.attacks, self.files = [], []
        for place, (attack, file) in enumerate(zip(attacks, files, strict=True)):
            self.add(attack, file)  # type: ignore[arg-type]
            if (place + 1) % EVERY == 0 or place + 1 == len(files):
                canary = folder / f"canary_{len(self.files):03}.py"
                canary.write_text(kit.canary(self.lab, len(self.files) // EVERY))
                self.attacks.append(None)
                self.files.append(canary)
        return self

    def start(self, place: Place) -> None:
        """Start it in a home and a folder for temporary files of its own."""
        told = [
            "--jobs",
            str(self.jobs),
            "--json",
            str(place.root / f"{self.name}.json"),
            "--secret-file",
            str(place.secret),
            "--",
            *map(str, self.files),
        ]
        begin = ["-c", LOWERED, str(kit.COURSE)] if self.slow else ["-m", "autograder"]
        environment = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
        environment |= {
            "HOME": str(place.home),
            "TMPDIR": str(place.temporary),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        with (place.root / f"{self.name}.log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, *begin, "grade", self.lab, *told],
                cwd=kit.COURSE,
                env=environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )

    def told(self, place: Place) -> dict[str, Any]:
        """What came of it."""
        assert self.process is not None
        file = place.root / f"{self.name}.json"
        log = (place.root / f"{self.name}.log").read_text("utf-8", "backslashreplace")
        reports = json.loads(file.read_text("utf-8")) if file.exists() else []
        names = [None if one is None else one.name for one in self.attacks]
        files = [os.fsencode(one).hex() for one in self.files]
        return {
            "status": self.process.returncode,
            "log": log,
            "reports": reports,
            "attacks": names,
            "files": files,
        }


def commands(place: Place) -> Iterator[Command]:
    """The runs: attacks with ordinary submissions among them, and these alone."""
    odd = place.hand_ins("odd")
    odd.mkdir(parents=True)
    main, slow = Command("lab2", "lab2_rnn", jobs=2), Command("slow", "lab2_rnn", slow=True)
    for attack, file in odd_files.make_all(odd):
        main.add(attack, file)
    for attack, file in kit.broken_files():
        main.add(attack, Path(shutil.copy(file, odd / file.name)))
    torch = Command("lab1", "lab1_shapes")
    for command, lab in ((main, "lab2_rnn"), (slow, "lab2_rnn"), (torch, "lab1_shapes")):
        folder = place.hand_ins(command.name)
        folder.mkdir()
        for attack, file in kit.submissions(lab):
            if attack.slow is command.slow:
                copy = folder / f"{attack.name}.py"
                copy.write_text(kit.assembled(lab, file.read_text("utf-8"), place.known))
                command.add(attack, copy)
        yield command.with_canaries(folder)
        alone = [file for one, file in zip(command.attacks, command.files, strict=True) if not one]
        yield Command(f"{command.name} alone", lab, 1, False, [None] * len(alone), alone)


def run_all(root: Path) -> dict[str, Any]:
    """Run everything at once; what came of it, and what is left of it."""
    place = Place(root)
    place.make()
    before_processes = {one.pid for one in psutil.Process().children(recursive=True)}
    todo = list(commands(place))
    before = place.state()
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    began = time.monotonic()
    try:
        for command in todo:
            command.start(place)
        seen, folders = _watched(todo)
        after = place.state()
        left = _left_processes(before_processes, seen)
    finally:
        kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 0)
    names = before.keys() | after.keys()
    return {
        "commands": {one.name: one.told(place) for one in todo},
        "changed": sorted(name for name in names if before.get(name) != after.get(name)),
        "marked": place.marked(),
        "temporary": [path.name for path in place.temporary.iterdir()],
        "folders": sorted(folders),
        "scratch": sorted(folder for folder in folders if Path(folder).exists()),
        "processes": left,
        "seconds": time.monotonic() - began,
    }


def _held(pids: set[int]) -> set[str]:
    """The folders of fork servers that these processes hold open, as their judges do."""
    found = set()
    for pid in pids:
        with suppress(OSError):
            for handle in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(OSError):
                    found.add(str(handle.readlink()))
    return {path for path in found if HELD.fullmatch(path)}


def _watched(todo: Sequence[Command]) -> tuple[set[int], set[str]]:
    """Waits for the ends of all; every process that was seen below them, and its folders."""
    seen, folders = set[int](), set[str]()
    ends = time.monotonic() + LIMIT
    while any(one.process and one.process.poll() is None for one in todo):
        for one in todo:
            with suppress(psutil.Error):
                assert one.process
                below = psutil.Process(one.process.pid).children(recursive=True)
                pids = {one.process.pid, *(process.pid for process in below)}
                seen |= pids
                folders |= _held(pids)
        if time.monotonic() > ends:
            for one in todo:
                assert one.process
                one.process.kill()
        time.sleep(0.2)
    return seen, folders


def _left_processes(before: set[int], seen: set[int]) -> list[str]:
    """What is alive of it after a while: below this process, or under a user of a worker."""
    for _ in range(50):
        own = [one for one in psutil.Process().children(recursive=True) if one.pid not in before]
        users = [one for one in psutil.process_iter() if _user_of(one) in seen]
        alive = [one for one in own + users if _is_alive(one)]
        if not alive:
            return []
        time.sleep(0.1)
    return [str(one) for one in alive]


def _user_of(process: psutil.Process) -> int:
    """The warm process whose workers have the user of a process, or 0."""
    with suppress(psutil.Error):
        return max(0, int(process.uids().real) - lockdown.FIRST_UID) // mounts.PLACES
    return 0


def _is_alive(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        if process.status() != psutil.STATUS_ZOMBIE:
            return True
        with suppress(ChildProcessError):
            os.waitpid(process.pid, os.WNOHANG)
    return False


def run_once(folder: Path) -> dict[str, Any]:
    """What `run_all` found, run by whichever test process comes first."""
    kept = folder / "attacks.json"
    with (folder / "attacks.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            root = Path(tempfile.mkdtemp(prefix="attacked-"))
            try:
                kept.write_text(json.dumps(run_all(root)))
            finally:
                shutil.rmtree(root, ignore_errors=True)
    found: dict[str, Any] = json.loads(kept.read_text())
    return found
