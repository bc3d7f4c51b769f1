"""Mutants of a solution: each slip once, where it stands, and what none of them touches."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder.chain.mutants import Mutant, mutants
from autograder.chain.survivors import caught
from autograder.commands.main import main
from autograder.judge.grader import Grader
from autograder.spec.collection import Collected

COURSE = Path(__file__).parents[2]


def cell(*lines: str, name: str = "f", given: str = "x, y, n=3") -> str:
    """The cell of one exercise with these lines as its solution."""
    marked = ["### BEGIN SOLUTION", *lines, "### END SOLUTION"]
    return "\n".join(
        [
            f'# %% exercise="{name}"',
            f"def {name}({given}):",
            '    """Add 1 and 2."""',
            *(f"    {line}" for line in marked),
            "",
        ]
    )


def changes(*lines: str, above: str = "") -> set[str]:
    """What the mutants of a solution have in place of its lines."""
    return {one.after for one in mutants(above + cell(*lines), "f")}


@pytest.mark.parametrize(
    ("line", "slips"),
    [
        ("return x + y", ["return x - y", "return x", "return y", "return y + y"]),
        ("return x @ y", ["return y @ x", "return x * y"]),
        ("return x - y", ["return y - x", "return x + y"]),
        ("return (x - y) * n", ["return (x - y) / n", "return (y - x) * n", "return x - y"]),
        ("return -x", ["return x"]),
        ("x += y", ["x = y", "x -= y", "pass"]),
        ("return x < y", ["return x <= y", "return x > y"]),
        ("return x == y", ["return x != y"]),
        ("return x and y", ["return x or y", "return x", "return y"]),
        ("return x if y else n", ["return x", "return n", "return x if not y else n"]),
        ("return 3", ["return 4", "return 2", "return 6", "return -3", "return 0"]),
        ("return 0.5", ["return 1.5", "return 1.0", "return -0.5", "return 0.0"]),
        ("return x.sum(axis=1)", ["return x.mean(axis=1)", "return x.sum(axis=0)"]),
        ("return x.sum(axis=1, keepdims=True)", ["return x.sum(axis=1)"]),
        ("return np.max(x)", ["return np.min(x)", "return x"]),
        ("return np.tanh(x)", ["return sigmoid(x)", "return x"]),
        ("return torch.tanh(x)", ["return torch.sigmoid(x)", "return x"]),
        ("raise ValueError(x)", ["raise RuntimeError(x)", "pass"]),
        ("return x.copy()", ["return x"]),
        ("return x.T", ["return x"]),
        ("return list(reversed(x))", ["return list(x)"]),
        ("return f(x, y)", ["return f(y, x)", "return f(x, x)", "return f(x)"]),
        ("return nn.RNN(x, batch_first=True)", ["return nn.RNN(x, batch_first=False)"]),
        ("return range(n)", ["return range(1, n)", "return range(n + 1)", "return range(n - 1)"]),
        ("return x[n]", ["return x[n - 1]", "return x[n + 1]", "return x"]),
        ("return x[1:]", ["return x[:]", "return x[2:]", "return x[1:-1]"]),
        ("return x[::-1]", ["return x[::1]", "return x[:]"]),
        ("return x, y", ["return y, x", "return x,"]),
        ('return {"a": x, "b": y}', ["return {'a': y, 'b': x}", "return {'a': x}"]),
        ("return [v for v in x if v]", ["return [v for v in x]"]),
        ('return g(x, reduction="sum")', ["return g(x, reduction='mean')"]),
        ("if x: y()", ["if not x: y()", "if True: y()", "if False: y()"]),
    ],
)
def test_each_slip_is_made(line: str, slips: list[str]) -> None:
    made = changes(line)
    assert [slip for slip in slips if slip not in made] == []
    assert line not in made


def test_statements_are_forgotten_swapped_and_left() -> None:
    made = changes("x.zero_grad()", "y.backward()")
    assert {"pass", "y.backward() x.zero_grad()"} <= made
    assert "continue" in changes("for i in x:", "    break")
    assert "with torch.enable_grad(): …" in changes("with torch.no_grad():", "    f(x)")


def test_tensors_alone_are_cut_off_from_the_graph() -> None:
    assert "x = f(y).detach()" not in changes("x = f(y)")
    assert "x = f(y).detach()" in changes("x = f(y)", above="import torch\n")


def test_brackets_stand_where_they_count_and_only_there() -> None:
    made = changes("return x * (y + n)")
    assert {"return x * (y - n)", "return y + n", "return x * (y)", "return x + (y + n)"} <= made
    assert "return (x + y) @ n" in changes("return x * y @ n")


def test_a_change_has_the_line_and_the_text_of_its_place() -> None:
    text = "# ü\n" + cell("z = 'ä' + x  # é", "return z") + "\n# %%\nlast = 1\n"
    one = next(one for one in mutants(text, "f") if one.after == "z = 'ä' - x  # é")
    assert (one.line, one.before) == (6, "z = 'ä' + x  # é")
    assert one.text == text.replace("'ä' + x", "'ä' - x")


def test_a_change_over_several_lines_is_shown_as_one() -> None:
    assert "return f( x, y + 1 )" in {
        one.before for one in mutants(cell("return f(", "    x, y + 1", ")"), "f")
    }


def test_nothing_outside_the_marks_is_touched() -> None:
    given = cell("y = x", given="x: int = 1, y: 'int | None' = None, n=3")
    lines = (given + cell("return x + 1", name="g")).splitlines()
    made = [one.text.splitlines() for one in mutants("\n".join(lines), "f")]
    assert made
    assert all(text[:4] + text[5:] == lines[:4] + lines[5:] for text in made)


def test_annotations_and_what_an_exception_says_are_left() -> None:
    made = {"pass", "z: list[int] = z", "raise RuntimeError('1', 2)"}
    assert changes("z: list[int] = x", "raise ValueError('1', 2)") == made
    assert all("{" in one for one in changes("return f'{x + 1} of 2'") - {"pass"})


def test_mutants_are_different_programs_and_always_the_same() -> None:
    text = (COURSE / "solutions/lab2_rnn.py").read_text(encoding="utf-8")
    first, again = mutants(text, "rnn_backward"), mutants(text, "rnn_backward")
    assert first == again
    trees = {ast.dump(ast.parse(one.text)) for one in first}
    assert len(trees) == len(first) > 100
    assert ast.dump(ast.parse(text)) not in trees
    assert [one.line for one in first] == sorted(one.line for one in first)


def mutant(lab2: Collected, name: str, old: str, new: str) -> Mutant:
    text = (lab2.root / "solutions/lab2_rnn.py").read_text(encoding="utf-8")
    assert text.count(old) == 1
    return Mutant(1, old, new, text.replace(old, new))


@pytest.mark.parametrize(
    ("new", "is_caught"),
    [
        ("return as_float(h) @ W_hy - b_y", True),
        ("return b_y + as_float(h) @ W_hy", False),
        ("return unheard_of", True),
        ("import os; os._exit(1)", True),
        ("import os; os.kill(os.getpid(), 9)", True),
        ("return np.ones(2**40)", True),
    ],
)
def test_a_mutant_is_caught_where_a_case_fails(
    lab2: Collected, grader: Grader, new: str, is_caught: bool
) -> None:
    exercise = next(one for one in lab2.exercises if one.name == "output_layer")
    one = mutant(lab2, "output_layer", "return as_float(h) @ W_hy + b_y", new)
    name = f"mutants.test{abs(hash(new))}"
    assert caught(exercise, grader.oracle, name, one) is is_caught


def test_a_mutant_that_never_ends_is_caught_and_the_next_one_is_tried(
    lab2: Collected, grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.chain.survivors.MUTANT_SECONDS", 0.5)
    exercise = next(one for one in lab2.exercises if one.name == "output_layer")
    old = "return as_float(h) @ W_hy + b_y"
    endless = mutant(lab2, "output_layer", old, "while True: pass")
    same = mutant(lab2, "output_layer", old, "return b_y + as_float(h) @ W_hy")
    assert caught(exercise, grader.oracle, "mutants.endless", endless)
    assert not caught(exercise, grader.oracle, "mutants.same", same)


@pytest.mark.slow
def test_what_no_case_catches_is_shown(tmp_path: Path) -> None:
    out = tmp_path / "found.json"
    words = ["verify", "--mutants", "lab2_rnn", "sgd_step", "--jobs", "2", "--json", str(out)]
    done = CliRunner().invoke(main, [*words, "--course", str(COURSE)])
    assert done.exit_code == 0, done.output
    (found,) = json.loads(out.read_text(encoding="utf-8"))
    assert found["caught"] > 0
    assert found["caught"] + len(found["survivors"]) == found["mutants"]
    text = (COURSE / "solutions/lab2_rnn.py").read_text(encoding="utf-8")
    assert found["mutants"] == len(mutants(text, "sgd_step"))
    first, *shown = done.output.splitlines()
    assert first == f"lab2_rnn sgd_step: {found['caught']} of {found['mutants']} mutants caught"
    assert len(shown) == len(found["survivors"])
    for one in found["survivors"]:
        assert one["before"] == text.splitlines()[one["line"] - 1].strip()
        assert (
            f"  solutions/lab2_rnn.py:{one['line']}: {one['before']}  →  {one['after']}" in shown
        )


@pytest.mark.slow
def test_a_reference_that_fails_ends_the_command_with_its_reason(tmp_path: Path) -> None:
    course = str(tmp_path / "course")
    for words in (["new", "course", course], ["new", "lab", "lab1", "--course", course]):
        assert CliRunner().invoke(main, words).exit_code == 0
    lab = tmp_path / "course/solutions/lab1.py"
    text = lab.read_text(encoding="utf-8")
    lab.write_text(text.replace("h, states = h0, []", "raise RuntimeError"), encoding="utf-8")
    words = ["verify", "--mutants", "lab1", "smooth", "--jobs", "1", "--course", course]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 1
    assert (
        "the mutants of lab1/smooth cannot be tried: lab1/smooth: the reference on" in done.output
    )
