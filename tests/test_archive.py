"""labcheck.pyz is the same bytes whenever it is made, and says the same with any zlib."""

from __future__ import annotations

import ast
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import pytest

from autograder.chain.archive import MODULES, add_labcheck, archive, joined
from autograder.chain.compare import agree
from autograder.chain.stripping import stripped
from autograder.labcheck.squeezed import whole

PACKAGE = Path(__file__).parents[1] / "autograder"
WRITE = (
    "import sys; from autograder.chain.archive import archive as a; sys.stdout.buffer.write(a())"
)


def read(opened: zipfile.ZipFile) -> dict[str, str]:
    """The text of each module in an archive."""
    head, _, short = zlib.decompress(opened.read(MODULES)).decode("latin-1").partition("\n")
    known = json.loads(head)
    texts = (whole(text, known["phrases"]) for text in short.split("\0"))
    return dict(zip(known["modules"], texts, strict=True))


def test_it_is_the_package_and_a_way_in_compressed_and_undated() -> None:
    with zipfile.ZipFile(io.BytesIO(archive())) as opened:
        entries = opened.infolist()
        assert opened.testzip() is None
        modules = read(opened)
    names = [entry.filename for entry in entries]
    assert names == ["__main__.py", "labcheck/__init__.py", MODULES, "labcheck/squeezed.py"]
    assert {*modules, "squeezed"} == {one.stem for one in (PACKAGE / "labcheck").glob("*.py")}
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize("room", ["labcheck", "judge", "chain", "spec"])
def test_a_module_without_what_readers_need_does_the_same_on_the_same_lines(room: str) -> None:
    for file in (PACKAGE / room).glob("*.py"):
        text = file.read_text("utf-8")
        short = stripped(text)
        assert ast.dump(bare(short)) == ast.dump(bare(text)), file
        assert lines_of(short) == lines_of(text), file


def bare(text: str) -> ast.Module:
    """A module without docstrings and annotations; those of fields are texts."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            node.body = [
                as_text(one) if isinstance(one, ast.AnnAssign) else one for one in node.body
            ]
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            kept = [one for one in node.body if not is_docstring(one)]
            node.body = kept or ([] if isinstance(node, ast.Module) else [ast.Pass()])
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
    made: ast.Module = Plain().visit(tree)
    return made


def as_text(field: ast.AnnAssign) -> ast.stmt:
    return ast.Expr(ast.Constant(ast.unparse(field).encode()))


class Plain(ast.NodeTransformer):
    """Assignments as they are without an annotation."""

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        return node if node.value is None else ast.Assign([node.target], node.value)


def is_docstring(statement: ast.stmt) -> bool:
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def lines_of(text: str) -> list[tuple[int, str]]:
    """Where each call, attribute and name stands, which is what a traceback names."""
    found = (node for node in ast.walk(bare(text)) if isinstance(node, ast.Call | ast.Raise))
    return sorted((node.lineno, ast.unparse(node)) for node in found)


def test_what_stands_inside_of_texts_stays_and_all_else_is_as_short_as_it_can_be() -> None:
    text = (
        '"""Of a module."""\n\nclass A:\n    """Alone."""\n\n\n'
        "def f(x: int, *rest: str) -> int:  # why\n"
        '    """Docs,\n    on two lines."""\n'
        "    y: int = (\n        x  # é\n        + 1\n    )\n"
        '    return """a\n    b  \n""" + f"{y}é # no comment"\n'
    )
    assert stripped(text) == (
        "\n\nclass A:\n pass\n\n\ndef f(x, *rest):\n\n\n y = (\nx\n+ 1\n)\n"
        ' return """a\n    b  \n""" + f"{y}é # no comment"\n'
    )


PLACES = """\
import sys; sys.path[0] = "labcheck.pyz"
import importlib.util, inspect, pathlib, traceback
import labcheck, labcheck.run as run
print(run.__file__ == run.__spec__.origin, run.__file__, run.__package__)
print(inspect.getsource(run.fault).splitlines()[0])
print(importlib.util.find_spec("labcheck.none"), labcheck.__all__[0])
print(importlib.import_module("labcheck.session").FOLDER == pathlib.Path.cwd())
print([name for name in vars(labcheck) if name in ("json", "zlib", "whole", "_begin")])
try:
    run.fault(None)
except AttributeError as error:
    print(traceback.extract_tb(error.__traceback__)[-1].lineno)
"""


def test_every_module_has_its_place_in_the_archive_and_its_lines(tmp_path: Path) -> None:
    (tmp_path / "labcheck.pyz").write_bytes(archive())
    own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-c", PLACES]
    done = subprocess.run(
        command, cwd=tmp_path, env=own, capture_output=True, text=True, check=False
    )
    lines = (PACKAGE / "labcheck/run.py").read_text("utf-8").splitlines()
    start = lines.index("def fault(error: Exception) -> str:")
    place = next(n for n in range(start, len(lines)) if "extract_tb" in lines[n])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"True {Path('labcheck.pyz', 'labcheck', 'run.py')} labcheck",
        "def fault(error):",
        "None check",
        "True",
        "[]",
        str(place + 1),
    ]


def test_it_also_runs_where_it_was_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(archive())) as opened:
        opened.extractall(tmp_path)
    command = [sys.executable, "-I", str(tmp_path), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("usage: python labcheck.pyz")


def repacked(**changed: str) -> bytes:
    """The archive as another zlib would have made it, with other texts in some modules."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive())) as old, zipfile.ZipFile(made, "w") as new:
        for entry in old.infolist():
            text = old.read(entry)
            if entry.filename == MODULES:
                text = zlib.compress(joined(read(old) | changed), 1)
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
