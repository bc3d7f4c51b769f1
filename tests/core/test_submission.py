"""A file becomes cells with their own line numbers, whatever it is and however it was saved."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from core_kit import notebook, submission
from hypothesis import given
from hypothesis import strategies as st

from autograder.judge.submission import MAX_CELLS, MAX_SIZE, Cell, read
from autograder.labcheck.quiet import Quiet

SCRIPT = '''\
"""A lab."""
import math

# %% [markdown]
# Text, and no code: f(x) = (

# %% exercise="one"
def one(x):
    return x

# %% active="ipynb"
# one(3)

#%%
def two(x): return "ä"
'''


def texts(*cells: Cell) -> list[str]:
    return [cell.source.strip() for cell in cells]


def test_a_script_is_split_at_its_markers_and_keeps_its_line_numbers() -> None:
    found = submission(SCRIPT)
    assert found.student == "ada"
    assert found.problem is None
    assert [cell.file for cell in found.cells] == ["submission.py"] * 4
    assert [cell.defines for cell in found.cells] == [set(), {"one"}, set(), {"two"}]
    assert [cell.extra for cell in found.cells] == [False, False, True, False]
    lines = SCRIPT.splitlines()
    for cell in found.cells:
        first = cell.source.split("\n")[0]
        assert lines[cell.offset] == first


def test_a_script_without_markers_is_one_cell() -> None:
    text = "def one(x):\n    return x\n\n\n# %matplotlib\ntwo = one\n"
    found = submission(text)
    assert [(cell.source, cell.offset, cell.defines) for cell in found.cells] == [
        (text, 0, {"one", "two"})
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_script_is_read_in_the_encodings_and_line_ends_of_editors(
    encoding: str, end: str
) -> None:
    found = submission(SCRIPT.replace("\n", end).encode(encoding))
    assert found.problem is None
    assert [cell.defines for cell in found.cells] == [set(), {"one"}, set(), {"two"}]
    assert [cell.offset for cell in found.cells] == [0, 7, 11, 14]
    assert '"ä"' in found.cells[-1].source


def test_only_the_line_ends_of_python_count_as_line_ends() -> None:
    found = submission('# %%\ns = "a\x0cb\x85c\u2028d\x1ce"\n# %%\nx = 1\n')
    assert texts(*found.cells) == ['s = "a\x0cb\x85c\u2028d\x1ce"', "x = 1"]
    assert found.cells[1].offset == 3


def test_a_notebook_gives_its_code_cells_under_their_places() -> None:
    data = json.loads(notebook("x = 1\n", "", "def one(x):\n    return x\n"))
    data["cells"].insert(1, {"cell_type": "markdown", "metadata": {}, "source": "def no(): (\n"})
    data["cells"].append({"cell_type": "raw", "metadata": {}, "source": "y = 2"})
    found = submission(json.dumps(data), "grace.ipynb")
    assert found.student == "grace"
    assert [(cell.file, cell.offset, cell.source) for cell in found.cells] == [
        ("cell 1", 0, "x = 1\n"),
        ("cell 4", 0, "def one(x):\n    return x\n"),
    ]


def test_an_old_notebook_is_read_sheet_by_sheet() -> None:
    cells = [
        {"cell_type": "code", "input": ["a = 1\n", "b = 2"], "language": "python"},
        {"cell_type": "heading", "source": "Title"},
    ]
    sheets = [{"cells": cells}, {"cells": [{"cell_type": "code", "input": "c = 3"}]}, None]
    text = json.dumps({"nbformat": 3, "worksheets": sheets})
    assert texts(*submission(text, "old.ipynb").cells) == ["a = 1\nb = 2", "c = 3"]


def test_demo_and_check_cells_of_the_release_are_marked_by_its_metadata() -> None:
    def cell(source: str, **metadata: Any) -> dict[str, Any]:
        return {"cell_type": "code", "source": source, "metadata": metadata}

    cells = [
        cell("a = 1", tags=["demo"]),
        cell("b = 2", nbgrader={"grade_id": "check-one", "grade": True}),
        cell("c = 3", nbgrader={"grade_id": "one", "solution": True}, tags=["mine"]),
        cell("d = 4", nbgrader=[], tags="demo"),
    ]
    found = submission(json.dumps({"cells": cells}), "x.ipynb")
    assert [cell.extra for cell in found.cells] == [True, True, False, False]


MAGIC = """\
%matplotlib inline
import numpy as np
!pip install numpy \\
   --quiet
np.sum?
??np.sum
files = !ls
best = %timeit -o 1 + 1
def one(x):
    if x:
        !ls
        %time y = 1
    text = ("%d and %d"
            % (x, x))
    return text
%time one(3)
"""


def test_shell_and_magic_lines_are_dropped_with_a_note_and_lines_stay_in_place() -> None:
    found = submission(notebook(MAGIC), "x.ipynb")
    (cell,) = found.cells
    space: dict[str, Any] = {"get_ipython": Quiet}
    exec(compile(cell.source, "cell", "exec"), space)
    assert space["one"](3) == "3 and 3"
    assert [n for n, line in enumerate(cell.source.split("\n"), 1) if "% (x, x))" in line] == [14]
    assert len(cell.source.split("\n")) == len(MAGIC.split("\n"))
    assert found.notes == (
        "cell 1: left out '!pip install numpy \\\\'",
        "cell 1: left out 'files = !ls'",
        "cell 1: left out 'best = %timeit -o 1 + 1'",
        "cell 1: left out '!ls'",
    )


@pytest.mark.parametrize("magic", ["%%time", "%%timeit -n 3", "\n%%capture out", "%%prun"])
def test_a_cell_magic_around_python_leaves_the_python(magic: str) -> None:
    (cell,) = submission(notebook(f"{magic}\ndef one(x):\n    return x\n"), "x.ipynb").cells
    assert cell.defines == {"one"}
    assert cell.source.split("\n").index("def one(x):") == magic.count("\n") + 1


@pytest.mark.parametrize("magic", ["%%bash", "%%html", "%%script false", "%%javascript", "%%foo"])
def test_a_cell_of_another_language_is_left_out(magic: str) -> None:
    found = submission(notebook(f"{magic}\nx = 1\n", "y = 2"), "x.ipynb")
    assert texts(*found.cells) == ["y = 2"]
    assert found.notes == (f"cell 1: left out {magic!r}",)


def test_files_that_cells_write_are_the_students_own() -> None:
    cells = ("%%writefile a.py\nx = 1", "%%file b.txt\nwords", "%%writefile -a a.py\ny = 2")
    found = submission(notebook(*cells), "x.ipynb")
    assert found.files == (("a.py", "x = 1\ny = 2\n"), ("b.txt", "words\n"))
    assert (found.cells, found.notes) == ((), ())


def test_a_mistake_beside_a_magic_line_stays_in_its_definition() -> None:
    text = "%matplotlib inline\ndef one(x:\n    return x\n\ndef two(x):\n    return x\n"
    first, one, two = submission(notebook(text), "x.ipynb").cells
    assert first.source == "pass"
    assert (one.source, one.defines, one.offset) == ("def one(x:\n    return x\n", {"one"}, 1)
    assert (two.defines, two.offset) == ({"two"}, 4)


def test_python_that_begins_a_line_with_a_percent_sign_is_left_alone() -> None:
    text = 'x = ("%s"\n%\n(3,))\ny = (4\n% 3)\n'
    found = submission(notebook(text), "x.ipynb")
    assert found.cells[0].source == text
    assert found.notes == ()


def test_names_are_found_where_python_binds_them_at_the_top_level() -> None:
    text = (
        "a = b = 1\nc: int = 2\nclass D:\n    def e(self): pass\nasync def f(): pass\n"
        "if a:\n    def g(): pass\nelse:\n    def h(): pass\ntry:\n    i = 1\nexcept OSError:\n"
        "    def j(): pass\nfor k in ():\n    def l(): pass\nwith open(a) as m:\n    n = 1\n"
        "o[0] = p.q = 1\n"
    )
    (cell,) = submission(text).cells
    assert cell.defines == set("abcDfghijln")


# -- files that are no submission --------------------------------------------------------------


def problem(path: Path) -> str:
    found = read(path)
    assert found.cells == ()
    assert found.problem is not None
    assert found.problem.startswith("unreadable submission: ")
    return found.problem.removeprefix("unreadable submission: ")


def test_what_is_no_ordinary_file_is_refused_with_the_reason(tmp_path: Path) -> None:
    good = tmp_path / "good.py"
    good.write_text("x = 1")
    (tmp_path / "link.py").symlink_to(good)
    (tmp_path / "dangling.py").symlink_to(tmp_path / "nothing")
    (tmp_path / "folder.py").mkdir()
    os.mkfifo(tmp_path / "pipe.ipynb")
    assert problem(tmp_path / "link.py") == "it is a symbolic link"
    assert problem(tmp_path / "dangling.py") == "it is a symbolic link"
    assert problem(tmp_path / "folder.py") == "it is a folder"
    assert problem(tmp_path / "pipe.ipynb") == "it is not an ordinary file"
    assert problem(tmp_path / "gone.py") == "no such file or directory"
    assert read(good).problem is None


def test_no_descriptor_stays_open(tmp_path: Path) -> None:
    (tmp_path / "folder.py").mkdir()
    before = len(list(Path("/proc/self/fd").iterdir()))
    problem(tmp_path / "folder.py")
    problem(tmp_path / "gone.py")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_file_of_more_than_20_mb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.py"
    path.touch()
    os.truncate(path, MAX_SIZE + 1)
    assert problem(path) == "it is larger than 20 MB"
    assert MAX_SIZE == 20 * 1024 * 1024


@pytest.mark.parametrize(
    ("name", "raw", "why"),
    [
        ("a.py", b"x = 1\0", "it is not text"),
        ("a.py", b"\xff\xfea", "it is not text"),
        ("a.txt", b"x = 1", "neither a .py nor an .ipynb file"),
        ("a", b"x = 1", "neither a .py nor an .ipynb file"),
        ("a.ipynb", b"", "it is not a notebook: no JSON from line 1 on"),
        ("a.ipynb", b"\x89PNG\r\n\x1a\n\0", "it is not text"),
        ("a.ipynb", b'{"cells":\n[}', "it is not a notebook: no JSON from line 2 on"),
        ("a.ipynb", b"[]", "it is not a notebook"),
        ("a.ipynb", b"null", "it is not a notebook"),
        ("a.ipynb", b"{}", "it is not a notebook: it has no cells"),
        ("a.ipynb", b'{"cells": {}}', "it is not a notebook: it has no cells"),
        ("a.ipynb", b'{"worksheets": 3}', "it is not a notebook: it has no cells"),
        ("a.ipynb", b"[" * 200_000, "it is nested too deeply"),
        ("a.ipynb", b'{"a":' * 200_000, "it is nested too deeply"),
    ],
)
def test_other_content_is_refused_with_the_reason(
    tmp_path: Path, name: str, raw: bytes, why: str
) -> None:
    path = tmp_path / name
    path.write_bytes(raw)
    assert problem(path) == why


def test_an_empty_script_is_a_submission_with_nothing_in_it() -> None:
    assert (submission("").cells, submission("").problem) == ((), None)
    assert (submission(" \n\t\n").cells, submission("\n").problem) == ((), None)


def test_endings_in_capitals_are_the_same_endings() -> None:
    assert submission("x = 1", "A.PY").problem is None
    assert submission(notebook("x = 1"), "A.IPYNB").problem is None


def test_more_cells_than_anyone_writes_are_cut_with_a_note() -> None:
    for text, name in (("# %%\nx = 1\n" * 2100, "a.py"), (notebook(*["x"] * 2100), "a.ipynb")):
        found = submission(text, name)
        assert len(found.cells) == MAX_CELLS
        assert found.notes == (f"only the first {MAX_CELLS} cells were read",)


@pytest.mark.parametrize(
    "name", ["a b.py", "é.py", "-rf.py", "$(x);'\".py", "名前.py", "a\nb.py", "‮a.py", ".py.py"]
)
def test_any_name_is_a_student(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("x = 1")
    assert read(tmp_path / name).student == name.removesuffix(".py")
    assert read(tmp_path / name).problem is None


def test_a_name_that_is_no_text_is_a_student(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.py"))
    path.write_text("x = 1")
    assert read(path).student == "\udcff\udcfe"


# -- whatever it is, never an exception ----------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "cells",
                    "worksheets",
                    "source",
                    "cell_type",
                    "metadata",
                    "input",
                    "tags",
                    "nbgrader",
                    "grade_id",
                ]
            )
            | st.text(max_size=3),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)
CELL = st.fixed_dictionaries(
    {"cell_type": st.just("code") | JSON, "source": st.text() | st.lists(JSON) | JSON},
    optional={"metadata": JSON | st.fixed_dictionaries({"nbgrader": JSON, "tags": JSON})},
)


def whatever(raw: bytes, name: str) -> None:
    found = submission(raw, name)
    assert (found.problem is None) or found.cells == ()
    for cell in found.cells:
        assert cell.source == cell.source + ""
        assert cell.offset >= 0


@given(st.binary(max_size=300), st.sampled_from(["a.py", "a.ipynb"]))
def test_bytes_never_raise(raw: bytes, name: str) -> None:
    whatever(raw, name)


@given(st.text(alphabet="%!?# \n\\\t'\"([{}]):=x1defclass\r\0é", max_size=120))
def test_text_that_is_nearly_python_never_raises(text: str) -> None:
    whatever(text.encode(), "a.py")
    whatever(notebook(text).encode(), "a.ipynb")


@given(st.fixed_dictionaries({"cells": st.lists(CELL | JSON, max_size=5)}) | JSON)
def test_json_of_any_form_never_raises(data: Any) -> None:
    whatever(json.dumps(data).encode(), "a.ipynb")
