"""What is looked at before a file is parsed: what costs a square of its length never gets there."""

from __future__ import annotations

import ast
import json
import unicodedata
from itertools import groupby
from typing import Any

import pytest

from autograder.judge.program import Rules, program_of
from autograder.judge.submission import MAX_CELLS, MAX_SIZE, Submission, read_bytes
from autograder.labcheck import bounds, forbidden
from autograder.labcheck.bounds import MAX_MARKS, with_short_runs, without_comments
from autograder.labcheck.reading import Given, Unreadable, read_file
from autograder.sandbox.reader import bounded

OUT_OF_ORDER = "\u0301\u0316"
"""Two marks that NFKC puts in the other order, so that a run of them is a run to be sorted."""


def longest_run(text: str) -> int:
    marks = (bool(unicodedata.combining(letter)) for letter in text)
    return max((len(list(run)) for is_mark, run in groupby(marks) if is_mark), default=0)


def raw_notebook(cells: list[Any]) -> bytes:
    return json.dumps(
        {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    ).encode()


def cell(source: str, kind: str = "code", **more: Any) -> dict[str, Any]:
    return {"cell_type": kind, "source": source, "metadata": {}, **more}


# -- combining marks -----------------------------------------------------------------------------


def test_runs_of_marks_are_cut_and_nothing_else() -> None:
    text = f"a{OUT_OF_ORDER * 500}b + 'ḉ'"
    short = with_short_runs(text)
    assert longest_run(short) == MAX_MARKS
    assert (short[0], short[MAX_MARKS + 1 :]) == ("a", "b + 'ḉ'")


@pytest.mark.parametrize(
    "text",
    [
        unicodedata.normalize("NFD", "Où était l'été à Zürich ? " * 50),
        "ẹ̀kọ́ " * 100,
        "한국어" * 100,
        "मैं हिन्दी में लिखता हूँ" * 20,
        "日本語の長い文章" * 50,
    ],
)
def test_words_of_any_language_stay_as_they_are(text: str) -> None:
    assert with_short_runs(text) == text


def test_accents_in_pieces_are_read_as_python_reads_them() -> None:
    source = unicodedata.normalize("NFD", "# déjà\nétat = 'é'\n\ndef où(été):\n    return été\n")
    read = read_bytes(source.encode(), "x.py", "ada")
    assert read.cells[0].source == source
    assert read.cells[0].defines == {"état", "où"}


@pytest.mark.parametrize("where", ["'{}'", "# {}", "a{} = 1", "def f():\n    return x.a{}"])
def test_a_line_of_marks_costs_no_square_of_its_length(where: str) -> None:
    source = f"def one(x):\n    return x\n{where.format(OUT_OF_ORDER * 60_000)}\n"
    read = bounded(read_bytes, source.encode(), "x.py", "ada")
    assert read.problem is None
    assert longest_run(read.cells[0].source) <= MAX_MARKS
    program = bounded(program_of, read, ("one",), Rules(("torch",)))
    assert "one" in program.cells[0].defines


def test_marks_in_files_beside_a_program_are_cut_for_the_fold_too() -> None:
    submission = Submission("ada", files=(("a.txt", OUT_OF_ORDER * 100_000),))
    assert bounded(program_of, submission, ("one",), Rules(("torch",))).forbidden == {}


def test_what_hides_behind_other_letters_is_still_found() -> None:
    source = "import ｔｏｒｃｈ\n\ndef one(x):\n    return ｔｏｒｃｈ.tanh(x)\n"
    read = read_bytes(source.encode(), "x.py", "ada")
    assert program_of(read, ("one",), Rules(("torch",))).forbidden == {"one": "torch.tanh"}


# -- comments ------------------------------------------------------------------------------------


def test_five_megabytes_of_comments_are_read() -> None:
    source = f"{'# ' + 'x' * 78}\n" * 65_000 + "def one(x):\n    return '#' + x  # the end\n"
    read = read_bytes(source.encode(), "x.py", "ada")
    assert read.problem is None
    assert read.cells[0].defines == {"one"}
    assert read.cells[0].source.split("\n")[65_001] == "    return '#' + x  "


@pytest.mark.parametrize(
    "source",
    [
        "x = '#'  # a",
        'x = "#" # "\ny = 1 # \'',
        "x = '''\n# no comment\n'''  # '''",
        'x = """ "" # \\""" # """ # yes',
        "x = '\\'#' # yes",
        "x = '\\\n#' # yes",
        "def f():\n    # all\n    return {'#': 1}[\n  '#'  # yes\n]",
        "x = r'\\\\' # yes",
        "x = 1 # no end",
    ],
)
def test_without_comments_python_is_the_same(source: str) -> None:
    bare = without_comments(source)
    assert ast.dump(ast.parse(bare)) == ast.dump(ast.parse(source))
    assert bare.count("\n") == source.count("\n")
    assert "yes" not in bare


def test_more_python_than_anybody_writes_is_refused() -> None:
    with pytest.raises(Unreadable, match="more than 256 KB of Python"):
        read_file(b"x = 1\n" * 60_000, "x.py")


# -- notebooks -----------------------------------------------------------------------------------


def test_a_notebook_with_pictures_of_many_megabytes_is_read() -> None:
    picture = {"output_type": "display_data", "data": {"image/png": "iVBO" * 1_500_000}}
    read = read_bytes(raw_notebook([cell("x = 1", outputs=[picture])] * 3), "x.ipynb", "ada")
    assert [one.source for one in read.cells] == ["x = 1"] * 3


def test_a_notebook_with_a_table_of_many_rows_is_read() -> None:
    rows = [{"a": number, "b": ["[", "]", '"[']} for number in range(50_000)]
    read = read_bytes(raw_notebook([cell("x = 1", outputs=[{"data": rows}])]), "x.ipynb", "ada")
    assert [one.source for one in read.cells] == ["x = 1"]


@pytest.mark.parametrize("depth", [1000, 1_000_000])
def test_a_deep_notebook_is_refused_before_it_is_parsed(
    depth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json, "loads", lambda text: pytest.fail("it was parsed"))
    with pytest.raises(Unreadable, match="nested too deeply"):
        read_file(b'{"cells": ' + b"[" * depth, "x.ipynb")


def test_brackets_in_texts_are_no_depth() -> None:
    text = json.dumps({"a": "[" * 5000 + '"\\' + "{" * 5000})
    assert bounds.too_much_json(text) is None


@pytest.mark.parametrize("part", ["[],", "{},", '"a",'])
def test_a_notebook_of_millions_of_parts_is_refused_before_it_is_parsed(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json, "loads", lambda text: pytest.fail("it was parsed"))
    with pytest.raises(Unreadable, match="more parts than any notebook"):
        read_file(b'{"cells": [' + part.encode() * 2_500_000 + b"[]]}", "x.ipynb")


def test_of_very_many_cells_the_released_and_the_first_are_kept_to_be_booked() -> None:
    given = Given(("one",), {"check-one": "check(one)"}, ())
    ours = [
        cell("def one(x): return x", metadata={"nbgrader": {"grade_id": "one"}}),
        cell("check(one)", metadata={"nbgrader": {"grade_id": "check-one"}}),
    ]
    raw = raw_notebook([cell("x", "raw")] * 20_000 + ours + [cell("", "markdown")] * 1000)
    read = read_bytes(raw, "x.ipynb", "ada", given=given)
    assert len(read.parts) == MAX_CELLS + 2
    assert [part.grade_id for part in read.parts[-2:]] == ["one", "check-one"]
    assert {name for one in read.cells for name in one.defines} == {"one"}


def test_copies_of_a_released_cell_are_kept_once() -> None:
    given = Given(("one",), {}, ())
    copies = [cell(f"x = {n}", metadata={"nbgrader": {"grade_id": "one"}}) for n in range(5000)]
    read = read_bytes(raw_notebook(copies), "x.ipynb", "ada", given=given)
    assert [part.source for part in read.parts] == ["x = 4999"]


def test_text_beside_the_code_is_kept_as_far_as_a_person_reads() -> None:
    raw = raw_notebook([cell("y" * 1_500_000, "markdown")] * 8 + [cell("x = 1")])
    read = read_bytes(raw, "x.ipynb", "ada")
    assert len(read.parts) == 9
    assert sum(len(part.source) for part in read.parts) < 2.2 * 2**20
    assert "too long to be shown" in read.parts[1].source
    assert read.parts[8].source == "x = 1"


def test_ids_of_cells_are_short() -> None:
    long = cell("x = 1", id="i" * 10**6, metadata={"nbgrader": {"grade_id": "g" * 10**6}})
    (part,) = read_bytes(raw_notebook([long]), "x.ipynb", "ada").parts
    assert (part.id, part.grade_id) == ("", "")


# -- shapes that were tried again and again ------------------------------------------------------

COLAB = "# Commented out IPython magic to ensure Python compatibility.\n"


@pytest.mark.parametrize(
    "source",
    [
        "%%writefile a" + " " * 200_000 + '"x"y',
        "%time " + "-a " * 60_000 + "x",
        "%time -a" + "1" * 100_000 + "x",
        COLAB * 4000,
        "def f(\n" * 30_000,
        "if 0:\n"
        + "".join(f" from a{n} import *\n" for n in range(5000))
        + "".join(f" b{n}\n" for n in range(12_000)),
        "x = '" + "\\'" * 100_000,
    ],
    ids=["file", "options", "digits", "colab", "pieces", "stars", "quotes"],
)
def test_no_shape_of_a_text_takes_more_time_than_a_reader_has(source: str) -> None:
    read = bounded(read_bytes, source.encode(), "x.py", "ada")
    assert read.problem is None
    assert len(read.cells) <= MAX_CELLS
    bounded(program_of, read, ("b1",), Rules(("torch.nn",)))


def test_trees_are_kept_of_so_much_text_and_no_more() -> None:
    for number in range(30):
        assert forbidden.parsed(f"x{number} = '{'y' * 20_000}'") is not None
    assert sum(map(len, forbidden._PARSED)) <= forbidden.KEPT
    assert forbidden.parsed("x = " + "1 + " * 100_000 + "1") is None
    assert len(forbidden._PARSED) == 1


def test_a_file_of_more_than_20_mb_is_refused_wherever_it_is_read() -> None:
    with pytest.raises(Unreadable, match="larger than 20 MB"):
        read_file(b" " * (MAX_SIZE + 1), "x.py")
