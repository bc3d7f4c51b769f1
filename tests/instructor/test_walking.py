"""A walk below a folder that somebody else has filled, and what may change while it goes on."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.course.candidates import files_in
from autograder.course.copying import Limits, copied, replaced
from autograder.course.walking import LINK, bytes_below, status_below, walk
from autograder.judge.submission import Unreadable
from autograder.pages.naming import told

SECRET = "a secret"


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A folder of a student's, beside what is not theirs."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.py").write_text(SECRET)
    folder = tmp_path / "theirs"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.py").write_text("x = 1")
    (folder / "sub" / "a.py").write_text("x = 2")
    return folder


def swap_file(theirs: Path) -> None:
    (theirs / "a.py").unlink(missing_ok=True)
    (theirs / "a.py").symlink_to(theirs.parent / "outside" / "a.py")


def swap_folder(theirs: Path) -> None:
    if not (theirs / "sub").is_symlink():
        (theirs / "sub").rename(theirs / "gone")
        (theirs / "sub").symlink_to(theirs.parent / "outside")


def swap_for_a_pipe(theirs: Path) -> None:
    (theirs / "a.py").unlink(missing_ok=True)
    os.mkfifo(theirs / "a.py")


@pytest.mark.parametrize("swap", [swap_file, swap_folder, swap_for_a_pipe])
def test_a_link_that_comes_between_listing_and_opening_is_not_followed(
    swap: Callable[[Path], None], theirs: Path, tmp_path: Path
) -> None:
    def now(name: str) -> str:
        swap(theirs)
        return ""

    target = tmp_path / "copy"
    target.mkdir()
    left_out = copied(theirs, target, Limits(wanted=now))
    name = "sub/a.py" if swap is swap_folder else "a.py"
    assert name in left_out
    assert not (target / name).exists()
    assert SECRET not in [file.read_text() for file in target.rglob("*.py")]


@pytest.mark.parametrize("swap", [swap_file, swap_folder, swap_for_a_pipe])
def test_a_link_that_comes_before_reading_is_not_followed(
    swap: Callable[[Path], None], theirs: Path
) -> None:
    files = {file.name: file for file in files_in(theirs)[0]}
    beside = files["a.py"].beside("sub/a.py")
    swap(theirs)
    swapped = files["sub/a.py" if swap is swap_folder else "a.py"]
    with pytest.raises(Unreadable):
        swapped.read()
    if swap is swap_folder:
        assert beside is not None
        with pytest.raises(Unreadable):
            beside.read()
        assert files["a.py"].beside("sub/a.py") is None


def test_a_name_leads_nowhere_out_of_its_folder(theirs: Path) -> None:
    (theirs / "sub" / "link").symlink_to("../../outside")
    for name in ("../outside/a.py", "sub/../../outside/a.py", "sub/link/a.py"):
        with pytest.raises(Unreadable):
            bytes_below(theirs, name)
        assert status_below(theirs, name) is None
    with pytest.raises(Unreadable, match=LINK):
        bytes_below(theirs, "sub/link")
    assert bytes_below(theirs, "sub/a.py") == b"x = 2"


def test_a_walk_ends_and_tells_what_it_did_not_see(theirs: Path) -> None:
    deep = theirs
    for _ in range(9):
        deep /= "d"
    deep.mkdir(parents=True)
    found = walk(theirs, deep=3)
    assert found.left_out == {"d/d/d": "it is more than 3 folders deep"}
    for number in range(50):
        (theirs / f"{number}").touch()
    found = walk(theirs, most=10)
    assert len(found.entries) <= 10
    assert found.more
    assert walk(theirs / "a.py").entries == []
    (theirs / "loop").symlink_to(".")
    assert [one.sort for one in walk(theirs).entries if one.name == "loop"] == [LINK]


def test_what_is_copied_is_bounded_by_file_and_in_all(theirs: Path, tmp_path: Path) -> None:
    (theirs / "large").write_bytes(b"x" * 2000)
    for name in ("b", "c"):
        (theirs / name).write_bytes(b"x" * 800)
    (tmp_path / "copy").mkdir()
    left_out = copied(theirs, tmp_path / "copy", Limits(largest=1000, total=1000))
    assert set(left_out) == {"large", "c"}
    assert "larger than" in left_out["large"]
    assert "with what comes before" in left_out["c"]


def test_names_that_are_no_text_are_written_as_they_are_told(theirs: Path, tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(theirs) + b"/\xff.py")).write_text("y")
    (tmp_path / "copy").mkdir()
    assert copied(theirs, tmp_path / "copy", Limits()) == {}
    assert (tmp_path / "copy" / "_xff.py").read_text() == "y"


def test_a_folder_takes_the_place_of_another_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "there"
    target.mkdir()
    (target / "old").touch()

    def fail() -> None:
        with replaced(target) as folder:
            (folder / "half").touch()
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        fail()
    assert [path.name for path in tmp_path.rglob("*")] == ["there", "old"]
    with replaced(target) as folder:
        (folder / "new").touch()
    assert [path.name for path in tmp_path.rglob("*")] == ["there", "new"]


def test_odd_names_are_told_as_escapes_on_one_line() -> None:
    assert told("a\nb\tc\x1b[1m\u202e\udcff") == "a\\nb\\tc\\x1b[1m\\u202e\\xff"
    assert len(told("x" * 1000)) == 200
    assert told("Übung 1.ipynb") == "Übung 1.ipynb"
