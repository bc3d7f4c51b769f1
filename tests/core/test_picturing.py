"""Pictures as files: drawn with a student's functions, each with where it is or why it waits."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pytest
from core_kit import COURSE, program

from autograder.labcheck import filing, needed, session
from autograder.labcheck.__main__ import main
from autograder.labcheck.picturing import Drawing
from autograder.labcheck.terminal import Screen

STUB = "def step(x):\n    raise NotImplementedError()\n"
PLOT = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\n"


class Drawn:
    """Cells drawn in the names of a program, and what the screen said."""

    def __init__(self, folder: Path, source: str = "") -> None:
        space: dict[str, Any] = {}
        exec(source, space)
        self.folder, self.out = folder / "pictures" / "mine", io.StringIO()
        self.drawing = Drawing(self.folder, space, Screen(self.out))

    def draw(self, *cells: str) -> list[bool]:
        with self.drawing.ready():
            return [self.drawing.draw(cell) for cell in cells]

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob("*"))


def test_each_picture_is_saved_under_its_number_and_its_question(tmp_path: Path) -> None:
    drawn = Drawn(tmp_path)
    plt.switch_backend("Agg")
    shown = plt.show
    assert drawn.draw(PLOT + "reveal('echo', 3, because='it is so.')", PLOT + "print('done')")
    assert drawn.files == ["01-echo.png", "02.png"]
    assert (drawn.folder / "01-echo.png").read_bytes().startswith(b"\x89PNG")
    said = drawn.out.getvalue()
    assert said.index("✓ pictures/mine/01-echo.png") < said.index("It is          3")
    assert "    done\n" in said
    assert plt.show is shown
    assert not plt.get_fignums()


def test_what_is_not_written_is_named_and_what_needs_it_waits_too(tmp_path: Path) -> None:
    drawn = Drawn(tmp_path, STUB)
    cells = ("h = step(1)\n" + PLOT, "print(h)", "1 / 0", PLOT)
    assert drawn.draw(*cells) == [False, False, False, True]
    said = drawn.out.getvalue().splitlines()
    assert said[0] == "✗ a picture: it needs step, which is not written yet"
    assert said[1] == "✗ a picture: it needs step, which is not written yet"
    assert said[2] == "✗ a picture: ZeroDivisionError: division by zero"
    assert drawn.files == ["01.png"]


def test_what_there_is_to_play_with_is_drawn_as_it_starts(tmp_path: Path) -> None:
    drawn = Drawn(tmp_path)
    play = "play(lambda a, b: print(a, b), a=(0, 3, 2), b=['x', 'y'])\nguess('…', about='n')"
    assert drawn.draw(play) == [True]
    assert "    2 x\n" in drawn.out.getvalue()


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "FOLDER", COURSE / "assignments")
    monkeypatch.setattr(filing, "FOLDER", COURSE / "assignments")
    monkeypatch.setattr("autograder.labcheck.__main__.light", lambda: None)


@pytest.mark.slow
def test_the_command_draws_a_whole_lab_beside_the_file(
    beside: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(program(), "utf-8")
    assert main([str(file), "--pictures"]) == 0
    said = capsys.readouterr().out
    assert "✗" not in said
    assert len(list((tmp_path / "pictures" / "mine").glob("*.png"))) == said.count("✓") >= 12


def test_without_matplotlib_one_sentence_says_what_installs_it(
    beside: None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def need(name: str) -> None:
        raise needed.NotInstalled(f"{needed.absent(name)}.", name=name)

    monkeypatch.setattr("autograder.labcheck.picturing.need", need)
    file = tmp_path / "lab2_rnn.py"
    file.write_text(program(), "utf-8")
    assert main([str(file), "--pictures"]) == 2
    said = capsys.readouterr()
    assert "python -m pip install matplotlib" in said.err
    assert "Traceback" not in said.err
