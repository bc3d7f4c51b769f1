"""labcheck.pyz is the same bytes whenever it is made, and says the same with any zlib."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from autograder.chain.archive import add_labcheck, archive
from autograder.chain.compare import agree

PACKAGE = Path(__file__).parents[1] / "autograder"
WRITE = (
    "import sys; from autograder.chain.archive import archive as a; sys.stdout.buffer.write(a())"
)


def test_it_is_the_package_and_a_way_in_compressed_and_undated() -> None:
    with zipfile.ZipFile(io.BytesIO(archive())) as opened:
        entries = opened.infolist()
    modules = {f"labcheck/{file.name}" for file in (PACKAGE / "labcheck").glob("*.py")}
    names = [entry.filename for entry in entries]
    assert names == sorted({"__main__.py", *modules})
    assert {entry.compress_type for entry in entries} == {zipfile.ZIP_DEFLATED}
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}


def repacked(**changed: str) -> bytes:
    """The archive as another zlib would have made it, with other texts in some modules."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive())) as old, zipfile.ZipFile(made, "w") as new:
        for entry in old.infolist():
            text = changed.get(Path(entry.filename).stem, old.read(entry))
            again = zipfile.ZipInfo(entry.filename, entry.date_time)
            again.create_system, again.external_attr = 3, entry.external_attr
            new.writestr(again, text)
    return made.getvalue()


def test_it_is_compared_by_what_is_in_it() -> None:
    path, other = "release/small/labcheck.pyz", repacked()
    assert other != archive()
    assert agree(archive(), other, path)
    assert not agree(archive(), other, "release/small/small.ipynb")
    assert not agree(archive(), repacked(light=""), path)
    assert not agree(archive(), other + b"?", path)
    assert not agree(archive(), b"#!" + other, path)
    assert not agree(archive()[:-30], archive()[:-30] + b"?", path)


def test_another_process_makes_the_same_from_a_copy_with_other_dates_modes_and_line_ends(
    tmp_path: Path,
) -> None:
    copy = tmp_path / "elsewhere" / "autograder"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for file in (copy / "labcheck").glob("*.py"):
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
        file.chmod(0o600)
        os.utime(file, (1e9, 1e9))
    environment = os.environ | {"PYTHONPATH": str(copy.parent), "TZ": "Pacific/Auckland"}
    command = [sys.executable, "-c", WRITE]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=True)
    assert done.stdout == archive()


def test_nbgraders_hook_adds_it_to_labs_of_the_course_only_wherever_it_works(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    for folder in ("solutions", "exercises/ours", "release/ours", "release/other"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "solutions/ours.py").touch()
    (tmp_path / "exercises/ours/__init__.py").touch()
    for assignment in ("ours", "other"):
        notebook = tmp_path / "source" / assignment / f"{assignment}.ipynb"
        add_labcheck(assignment=assignment, student=".", notebooks=[str(notebook)])
    assert (tmp_path / "release/ours/labcheck.pyz").read_bytes() == archive()
    assert not list((tmp_path / "release/other").iterdir())
