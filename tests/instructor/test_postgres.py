"""The gradebook on PostgreSQL: a real server, started here by a user without rights."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from instructor_kit import GRADES, HALF, RIGHT, WRONG, Course

pytestmark = pytest.mark.slow
psycopg = pytest.importorskip("psycopg", reason="psycopg is missing: pip install .[postgres]")


@dataclass(frozen=True)
class Server:
    """A running server: the folder of its socket, its port and its owner."""

    folder: Path
    port: int
    owner: str

    @property
    def url(self) -> str:
        """nbgrader's db_url for it."""
        return f"postgresql+psycopg://{self.owner}@/postgres?host={self.folder}&port={self.port}"

    def query(self, text: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(
            host=str(self.folder), port=self.port, user=self.owner, dbname="postgres"
        ) as base:
            return list(base.execute(text).fetchall())


def programs() -> Path:
    """Where Debian's package, or the PATH, has the server."""
    found = shutil.which("postgres")
    if found:
        return Path(found).parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not folders:
        pytest.skip("there is no PostgreSQL here: apt-get install postgresql")
    return folders[-1]


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    where = programs()
    folder = Path("/tmp") / f"autograder-postgres-{os.getpid()}"
    folder.mkdir(mode=0o700)
    owner = pwd.getpwuid(os.getuid()).pw_name
    other: dict[str, Any] = {}
    if os.getuid() == 0:
        owner = "nobody"
        nobody = pwd.getpwnam(owner)
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        other = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = folder / "data"
    subprocess.run(
        [where / "initdb", "-D", data, "-U", owner, "-A", "trust", "-E", "UTF8", "--no-sync"],
        check=True,
        capture_output=True,
        cwd="/",
        **other,
    )
    options = ["-k", folder, "-p", str(port), "-c", "listen_addresses=", "-c", "fsync=off"]
    log = (folder / "log").open("wb")
    running = subprocess.Popen(
        [where / "postgres", "-D", data, *options], stdout=log, stderr=log, cwd="/", **other
    )
    try:
        found = Server(folder, port, owner)
        wait_for(found, running)
        yield found
    finally:
        running.terminate()
        running.wait(30)
        log.close()
        shutil.rmtree(folder)


def wait_for(server: Server, running: subprocess.Popen[bytes]) -> None:
    """Until the server answers."""
    ends = time.monotonic() + 60
    while True:
        try:
            server.query("SELECT 1")
            return
        except psycopg.OperationalError:
            assert running.poll() is None, (server.folder / "log").read_text()
            assert time.monotonic() < ends, "the server never answered"
            time.sleep(0.1)


def test_the_gradebook_is_the_same_on_postgresql(course: Course, server: Server) -> None:
    course.hand_in("ada")
    course.hand_in("bob", WRONG)
    course.hand_in("eve", RIGHT | {"double": HALF})
    course.run("autograder", "grade", "tiny")
    there = course.grades()
    course.configure(f"c.CourseDirectory.db_url = {server.url!r}")
    (course.root / "gradebook.db").unlink()

    told = course.run("autograder", "grade", "tiny")
    assert "0 judged now, 3 kept from before; 3 entered" in told.stdout
    assert same(server.query(GRADES)) == same(there)
    assert not (course.root / "gradebook.db").exists()

    course.hand_in("bob", RIGHT, stamp="2030-02-02 12:00:00.000000 UTC")
    course.run("nbgrader", "autograde", "tiny")
    course.run("nbgrader", "generate_feedback", "tiny")
    sums = server.query(f"SELECT student_id, sum(auto_score) FROM ({GRADES}) AS g GROUP BY 1")
    assert dict(sums)["bob"] == 100.0
    told = course.run("autograder", "grade", "tiny")
    assert " 0 judged now" in told.stdout
    assert "100.0 / 100.0" in (course.root / "feedback/bob/tiny/tiny.html").read_text("utf-8")


def same(grades: list[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
    """Grades with booleans as sqlite has them."""
    return {(*rest, int(look)) for *rest, look in grades}


def test_a_server_that_is_away_is_said_in_one_line(course: Course, tmp_path: Path) -> None:
    course.hand_in("ada")
    course.configure(
        f"c.CourseDirectory.db_url = 'postgresql+psycopg://x@/x?host={tmp_path}&port=1'"
    )
    told = course.run("autograder", "grade", "tiny", status=1)
    assert "the gradebook cannot be used" in told.stderr
    assert "Traceback" not in told.stderr
