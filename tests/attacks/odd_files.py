"""Files that cannot be committed: pipes, links, folders, very large ones, very odd names.

Each function makes one file under the path that it is given; its docstring is what it tries, and
`odd` says what is expected.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from attack_kit import Attack, assembled, described, notebook, right_cells

Make = Callable[[Path], object]

ODD: list[tuple[Attack, str, Make]] = []
"""Each with the name of its file."""


def odd(name: str, expect: str) -> Callable[[Make], Make]:
    """Puts a function that makes a file into the corpus."""

    def add(make: Make) -> Make:
        says = " ".join((make.__doc__ or "").split())
        attack = described(make.__name__, says, expect, "lab2_rnn")
        ODD.append((attack, name, make))
        return make

    return add


def right() -> str:
    """A whole right submission."""
    return assembled("lab2_rnn", "", {})


# -- no ordinary files ---------------------------------------------------------------------------


@odd("folder.py", "all right")
def folder(path: Path) -> None:
    """A folder under the name of a script, in which there is a right one."""
    path.mkdir()
    (path / "lab2_rnn.py").write_text(right())


@odd("link.py", "problem it is a symbolic link")
def link(path: Path) -> None:
    """A link to a right submission."""
    path.symlink_to(path.parent / "named.py")


@odd("link_to_passwords.py", "problem it is a symbolic link; hides root:")
def link_to_passwords(path: Path) -> None:
    """A link to a file of the machine, to have its lines shown in the feedback."""
    path.symlink_to("/etc/passwd")


@odd("link_to_nothing.ipynb", "problem it is a symbolic link")
def link_to_nothing(path: Path) -> None:
    """A link that leads to nothing."""
    path.symlink_to("nothing at all")


@odd("link_to_itself.py", "problem it is a symbolic link")
def link_to_itself(path: Path) -> None:
    """A link that leads to itself."""
    path.symlink_to(path)


@odd("link_to_zeros.py", "problem it is a symbolic link")
def link_to_zeros(path: Path) -> None:
    """A link to a device that never ends."""
    path.symlink_to("/dev/zero")


@odd("pipe.py", "problem it is not an ordinary file")
def pipe(path: Path) -> None:
    """A pipe that nobody writes into, at which a reader waits for ever."""
    os.mkfifo(path)


@odd("local_socket.ipynb", "problem it is not an ordinary file")
def local_socket(path: Path) -> None:
    """A local socket."""
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


@odd("closed.py", "others right|missing")
def closed(path: Path) -> None:
    """A file that nobody may read, unless root grades."""
    path.write_text(right())
    path.chmod(0)


# -- sizes ---------------------------------------------------------------------------------------


@odd("empty.py", "others missing")
def empty(path: Path) -> None:
    """A file with nothing in it."""
    path.write_bytes(b"")


@odd("empty.ipynb", "problem no JSON")
def empty_notebook(path: Path) -> None:
    """A notebook with nothing in it."""
    path.write_bytes(b"")


@odd("large.py", "problem larger than 20 MB")
def large(path: Path) -> None:
    """A script of 21 MB."""
    path.write_bytes(b"# " + b"x" * (21 * 2**20))


@odd("sparse.ipynb", "problem larger than 20 MB")
def sparse(path: Path) -> None:
    """A notebook that says it has four gigabytes and has none of them on the disk."""
    path.write_bytes(b"")
    os.truncate(path, 2**32)


@odd("cell_of_a_megabyte.ipynb", "problem more than 256 KB of Python")
def cell_of_a_megabyte(path: Path) -> None:
    """A notebook with a cell of a megabyte, each character of which costs its reader memory."""
    path.write_text(notebook([*right_cells("lab2_rnn"), "x = [" + "0," * 500_000 + "]"]))


@odd("many_cells.ipynb", "all right")
def many_cells(path: Path) -> None:
    """A right notebook with ten thousand cells after what counts."""
    path.write_text(notebook([*right_cells("lab2_rnn"), *["x = 1"] * 10_000]))


@odd("many_empty_cells.ipynb", "all right")
def many_empty_cells(path: Path) -> None:
    """A right notebook after a hundred thousand empty cells."""
    path.write_text(notebook([""] * 100_000 + right_cells("lab2_rnn")))


@odd("many_raw_cells.ipynb", "all right")
def many_raw_cells(path: Path) -> None:
    """A right notebook before fifty thousand raw cells, which somebody has to write down."""
    made = json.loads(notebook(right_cells("lab2_rnn")))
    made["cells"] += [{"cell_type": "raw", "metadata": {}, "source": "x"}] * 50_000
    path.write_text(json.dumps(made))


@odd("more_raw_cells.ipynb", "problem more parts than any notebook")
def more_raw_cells(path: Path) -> None:
    """A right notebook before three hundred thousand raw cells."""
    made = json.loads(notebook(right_cells("lab2_rnn")))
    made["cells"] += [{"cell_type": "raw", "metadata": {}, "source": "x"}] * 300_000
    path.write_text(json.dumps(made))


@odd("large_outputs.ipynb", "all right")
def large_outputs(path: Path) -> None:
    """A right notebook with fifteen megabytes of pictures in it."""
    made = json.loads(notebook(right_cells("lab2_rnn")))
    picture = {"output_type": "display_data", "data": {"image/png": "A" * 15_000_000}}
    made["cells"][0]["outputs"] = [picture]
    path.write_text(json.dumps(made))


@odd("deep.ipynb", "problem nested too deeply")
def deep(path: Path) -> None:
    """A notebook nested a million deep."""
    path.write_text('{"cells": ' + "[" * 1_000_000)


@odd("deep_metadata.ipynb", "problem nested too deeply")
def deep_metadata(path: Path) -> None:
    """A notebook with metadata nested deeper than a reader's stack."""
    inner = '{"a": ' * 50_000 + "1" + "}" * 50_000
    path.write_text('{"cells": [], "metadata": ' + inner + "}")


@odd("many_objects.ipynb", "problem it has no cells")
def many_objects(path: Path) -> None:
    """A notebook of a million empty objects, which take much more memory than room."""
    path.write_text('{"cells": {"a": [' + "{}," * 1_000_000 + "{}]}}")


# -- texts that hurt their reader ----------------------------------------------------------------


def text(name: str, expect: str, says: str, source: Callable[[], str]) -> None:
    """A right script with a cell after it that is hard to read."""

    def make(path: Path) -> None:
        path.write_text(f"{right()}\n# %%\n{source()}\n")

    make.__name__, make.__doc__ = name, says
    odd(f"{name}.py", expect)(make)


N = 200_000
text(
    "spaces",
    "all right",
    "A line of spaces, which a pattern may try in a square of ways.",
    lambda: "x = 1\n" + " " * N + "x y",
)
text(
    "names",
    "all right",
    "A statement that binds very many names to each other.",
    lambda: (line := ",".join(f"a{n}" for n in range(N // 14))) + "=" + line,
)
text(
    "stars",
    "all right",
    "Thousands of star imports before thousands of unknown names.",
    lambda: (
        "if 0:\n"
        + "".join(f" from a{n} import *\n" for n in range(4000))
        + "".join(f" b{n}\n" for n in range(10_000))
    ),
)
text(
    "imports",
    "all right",
    "One name imported from thousands of places and used as often.",
    lambda: "if 0:\n" + "".join(f" import x{n} as y\n" for n in range(5000)) + " z = y\n" * 10_000,
)
text(
    "magics",
    "all right",
    "Very many lines that are magics, each found by reading all again.",
    lambda: ("%foo bar\n" + "x = [1, 2, 3]\n" * 80) * 100,
)
text("markers", "all right", "Tens of thousands of cells.", lambda: "# %%\n!x\n" * 20_000)
text("brackets", "all right", "A hundred thousand brackets.", lambda: "(" * 100_000)
text(
    "unary",
    "all right",
    "A number with a hundred thousand signs before it.",
    lambda: "x = " + "-" * 100_000 + "1",
)
text(
    "attributes",
    "all right",
    "An attribute of an attribute, tens of thousands of times.",
    lambda: "if 0:\n    x = a" + ".a" * 50_000,
)
text(
    "sums",
    "all right",
    "A sum of tens of thousands of numbers.",
    lambda: "if 0:\n    x = " + "+".join("1" * 50_000),
)
text(
    "nested_functions",
    "all right",
    "Functions in functions, as deep as Python lets them be.",
    lambda: "".join(" " * n + f"def f{n}():\n" for n in range(95)) + " " * 95 + "0",
)
text(
    "branches",
    "all right",
    "A condition with ten thousand branches.",
    lambda: "if 0:\n    pass\n" + "elif 0:\n    pass\n" * 10_000,
)
text(
    "formats",
    "all right",
    "A text made of thousands of pieces.",
    lambda: 'if 0:\n    x = f"' + "{a}" * 10_000 + '"',
)
text(
    "marks",
    "all right",
    "A letter under a hundred thousand accents, which somebody may put in order.",
    lambda: "x = 'a" + "\u0301\u0316" * (N // 4) + "'",
)
text(
    "marks_in_a_name",
    "all right",
    "A name that is a letter under a hundred thousand accents, put in order by every reader.",
    lambda: "a" + "\u0301\u0316" * (N // 4) + " = 1",
)
text(
    "comments",
    "all right",
    "Five megabytes of comments, which are read and cost nothing.",
    lambda: "# nothing at all is said here, again and again and again\n" * 90_000,
)
text(
    "name_of_a_written_file",
    "all right",
    "The name of a file that ends in spaces, tried at each of them.",
    lambda: "# %%\n%%writefile a" + " " * N + '"x"y',
)
text(
    "apostrophes",
    "all right",
    "A text that never ends, looked for behind each of its quotes.",
    lambda: "x = '" + "\\'" * (N // 2),
)
text(
    "long_number",
    "all right",
    "A number of a hundred thousand digits.",
    lambda: "x = " + "9" * 100_000,
)


# -- names ---------------------------------------------------------------------------------------

NAMES: dict[str, str | bytes] = {
    "named": "named.py",
    "name_with_a_line_end": "two\nlines.py",
    "name_that_moves_the_cursor": "\x1b[2J\x07\r.py",
    "name_read_backwards": "\u202etnemngissa.py",
    "name_of_no_encoding": b"\xff\xfe\x80.py",
    "name_of_pictures": "\N{SNOWMAN}\N{PILE OF POO}\u200d.py",
    "name_of_an_option": "--isolation=process.py",
    "name_of_another_option": "-j1.py",
    "name_of_a_formula": "=HYPERLINK(1)+cmd.py",
    "name_of_markup": "<img src=x onerror=alert(1)>&amp;.py",
    "name_of_a_style": "[bold red][x[.py",
    "name_of_dots": "...py",
    "name_that_leads_up": "..%2f..%2fetc%2fpasswd.py",
    "name_of_a_variable": "$(touch owned);`x`.py",
    "name_of_a_brace": "{task.description}%s{0}.py",
    "name_of_great_length": "x" * 250 + ".py",
    "name_in_capitals": "ADA.PY",
    "name_of_spaces": "   .py",
}


def _name(attack: str, name: str | bytes) -> None:
    def make(path: Path) -> None:
        path.write_text(right())

    make.__name__ = attack
    shown = ascii(name)[:40]
    make.__doc__ = f"A right submission with the name {shown}, which is shown and never followed."
    odd(os.fsdecode(name), "all right")(make)


for _attack, _file in NAMES.items():
    _name(_attack, _file)


def make_all(folder: Path) -> list[tuple[Attack, Path]]:
    """Make every file in a folder; those that the file system refuses are left out."""
    made = []
    for attack, name, make in ODD:
        with suppress(PermissionError, NotImplementedError):
            make(folder / name)
            made.append((attack, folder / name))
    return made
