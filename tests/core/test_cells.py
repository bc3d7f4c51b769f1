"""What cells do at their top level costs what they define, and what they leave behind nothing."""

from __future__ import annotations

import pytest
from core_kit import HEAD, NAMES, RIGHT, grade, notebook, of, outcomes, program

from autograder.judge import calls, candidate
from autograder.judge.grader import Grader


def cells(**after: str) -> list[str]:
    """A right notebook's cells, with lines added below some functions."""
    assert set(after) <= set(RIGHT)
    return [HEAD, *(f"{text}\n\n{after.get(name, '')}" for name, text in RIGHT.items())]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "CALL_SECONDS", 2.0)
    monkeypatch.setattr(candidate, "CELL_SECONDS", 2.0)


@pytest.mark.parametrize(
    ("line", "outcome", "words"),
    [
        ("import os; os._exit(3)", "crash", "exit status 3"),
        ("import os; os.kill(os.getpid(), 11)", "crash", "signal 11"),
        ("while True: pass", "timeout", "longer than 2 seconds"),
    ],
)
def test_a_cell_that_ends_the_process_costs_what_it_defines(
    grader: Grader, quick: None, line: str, outcome: str, words: str
) -> None:
    text = notebook(*cells(sgd_step=line))
    report = grade(grader, text, "ada.ipynb")
    # train_rnn calls sgd_step, which is gone with its cell: that is charged once.
    assert outcomes(report) == {"sgd_step": outcome}
    told = of(report, "sgd_step").feedback
    assert words in told
    assert f"in cell {2 + list(RIGHT).index('sgd_step')}" in told


def test_a_cell_of_nothing_but_an_ending_costs_nothing(grader: Grader, quick: None) -> None:
    made = cells()
    for place in (2, 4, 6, 8, 10):
        made.insert(place, "import os\nos._exit(0)")
    assert outcomes(grade(grader, notebook(*made), "ada.ipynb")) == {}


def test_trials_of_a_hanging_function_cost_that_function_alone(
    grader: Grader, quick: None
) -> None:
    """Each cell tries its function, all trials hang in rnn_step, and one cell only tries."""
    made = cells(
        rnn_step="x, W, b = np.ones((2, 3)), np.ones((3, 3)), np.ones(3)\n"
        "print(rnn_step(x, x, W, W, b))",
        rnn_forward="print(rnn_forward(x[:, None], x, W, W, b))",
        audit_trace="print(audit_trace(x, b, W, W, b, x, 0.1))",
        train_rnn="p = dict(W_xh=W, W_hh=W, b_h=b, W_hy=W, b_y=b)\n"
        "print(train_rnn(x[:, None], x[:, None], p, 0.1, 3))",
    )
    made[2] = made[2].replace("return h", "\n    while True: pass")
    assert "while True" in made[2]
    made.insert(5, "print(rnn_forward(x[:, None], x, W, W, b))")
    report = grade(grader, notebook(*made), "ada.ipynb")
    assert outcomes(report) == {"rnn_step": "timeout"}


def test_a_script_in_one_cell_that_hangs_loses_its_functions(grader: Grader, quick: None) -> None:
    text = "\n\n".join([HEAD, *RIGHT.values(), "while True: pass"])
    report = grade(grader, text)
    assert outcomes(report) == dict.fromkeys(NAMES, "timeout")
    assert "longer than 2 seconds" in of(report, "rnn_step").feedback


@pytest.mark.parametrize(
    "line",
    [
        "1 / 0",
        "raise SystemExit",
        "exit()",
        "raise KeyboardInterrupt",
        "check(rnn_step)\nhint(1)",
        "raise BaseException",
        "assert rnn_step(1, 2, 3, 4, 5)",
        "undefined",
    ],
)
def test_an_error_stays_in_its_cell(grader: Grader, line: str) -> None:
    made = cells(rnn_step=line)
    made.insert(1, "import labcheck\nfrom labcheck import check, hint, progress\n" + line)
    assert outcomes(grade(grader, notebook(*made), "ada.ipynb")) == {}


def test_an_error_above_a_definition_costs_that_line_alone_and_is_named(grader: Grader) -> None:
    made = cells()
    made[-1] = "1 / 0\n" + made[-1]
    report = grade(grader, notebook(*made), "ada.ipynb")
    assert outcomes(report) == {}
    assert report.notes == (f"cell {len(made)}, line 1 stopped with ZeroDivisionError: 1 / 0",)


def test_an_error_in_a_definition_costs_that_definition(grader: Grader) -> None:
    made = cells()
    head, body = made[-1].split("\n", 1)
    made[-1] = head.replace("):", ", most=1 / 0):") + "\n" + body
    report = grade(grader, notebook(*made), "ada.ipynb")
    assert outcomes(report) == {"train_rnn": "error"}
    told = of(report, "train_rnn").feedback
    assert "The cell that defines it stopped with ZeroDivisionError" in told
    assert f"cell {len(made)}, line 1: def train_rnn(" in told


def test_a_slip_in_one_function_of_a_file_takes_no_other_along(grader: Grader) -> None:
    text = "\n\n\n".join([HEAD, *RIGHT.values()]).replace("def sgd_step(", "def sgd_step((")
    report = grade(grader, text)
    # train_rnn calls sgd_step, which is charged once.
    assert outcomes(report) == {"sgd_step": "error"}
    assert "SyntaxError" in of(report, "sgd_step").feedback


def test_modules_that_are_not_there_are_named_once_and_cost_nothing(grader: Grader) -> None:
    head = "import nowhere_to_be_found\nfrom nowhere_to_be_found.deep import thing\n" + HEAD
    report = grade(grader, program(head + "from tqdm.auto import tqdm\nimport tqdm as t\n"))
    assert outcomes(report) == {}
    assert report.notes == ("nowhere_to_be_found is not installed where you are graded",)


def test_a_later_cell_wins_over_an_earlier_one(grader: Grader) -> None:
    stub = "def relative_error(a, b):\n    raise NotImplementedError"
    assert outcomes(grade(grader, notebook(stub, *cells()), "ada.ipynb")) == {}
    report = grade(grader, notebook(*cells(), stub), "ada.ipynb")
    assert outcomes(report) == {"relative_error": "unfinished"}
    broken = "def relative_error(a, b:\n    return 0.0"
    assert outcomes(grade(grader, notebook(*cells(), broken), "ada.ipynb")) == {}


@pytest.mark.parametrize(
    "head",
    [
        "from numpy import *\nimport numpy as np\n" + "".join(f"a{n} = {n}\n" for n in range(99)),
        "".join(f"name{n} = {n}\n" for n in range(600)) + HEAD,
    ],
)
def test_a_module_with_hundreds_of_names_is_read_to_its_end(grader: Grader, head: str) -> None:
    assert outcomes(grade(grader, program(head))) == {}


def test_demo_cells_are_not_run_unless_they_define_an_exercise(grader: Grader) -> None:
    import json

    data = json.loads(notebook(*cells(), "relative_error = 3", "while True: pass", "1 / 0"))
    for cell in data["cells"][-2:]:
        cell["metadata"] = {"tags": ["demo"]}
    data["cells"][3]["metadata"] = {"tags": ["demo"]}
    report = grade(grader, json.dumps(data), "ada.ipynb")
    assert outcomes(report) == {"relative_error": "error"}


# -- what is left behind in the process ---------------------------------------------------------


def test_a_function_that_spoils_numpy_costs_itself_alone(grader: Grader) -> None:
    spoiler = (
        "def output_layer(h, W_hy, b_y):\n    np.tanh = np.sin\n    np.sum = np.max\n    return 0"
    )
    report = grade(grader, program(output_layer=spoiler))
    assert outcomes(report) == {"output_layer": "wrong"}


def test_a_function_that_spoils_numpy_and_is_right_keeps_its_points(grader: Grader) -> None:
    spoiler = RIGHT["relative_error"].replace("return", "np.sum = np.stack = np.max\n    return")
    assert "np.stack = np.max" in spoiler
    assert outcomes(grade(grader, program(relative_error=spoiler))) == {}


def test_a_cell_that_spoils_numpy_costs_only_what_needs_the_cell(grader: Grader) -> None:
    spoiling = "np.einsum = np.sum = np.stack = None\n" + RIGHT["sgd_step"]
    report = grade(grader, program(sgd_step=spoiling, chained=True))
    # train_rnn needs that cell, for it calls sgd_step; nothing else does.
    assert outcomes(report) == {"train_rnn": "error"}


def test_functions_changed_by_another_cell_are_judged_as_they_are(grader: Grader) -> None:
    """A cell that binds an exercise's name belongs to that exercise."""
    text = program() + "# %%\nrnn_step = lambda *a: 0\n"
    report = grade(grader, text)
    assert outcomes(report) == {"rnn_step": "wrong"}


def test_numbers_drawn_from_a_global_generator_do_not_matter(grader: Grader) -> None:
    head = HEAD + "np.random.seed(0)\nnp.seterr(all='raise')\n"
    assert outcomes(grade(grader, program(head))) == {}


def test_what_a_submission_prints_is_not_believed(grader: Grader) -> None:
    lines = 'print("100 of 100")\nimport sys\nsys.stderr.write("x" * 10**6)\nprint("\\0" * 10**6)'
    assert outcomes(grade(grader, notebook(*cells(rnn_step=lines)), "ada.ipynb")) == {}


def test_a_program_can_read_its_own_text(grader: Grader) -> None:
    body = (
        "text = open(__file__, encoding='utf-8').read()\n"
        "    assert 'a mark of its own' in text and 'def rnn_step' in text\n"
        "    return h @ W_hy + b_y"
    )
    source = f"def output_layer(h, W_hy, b_y):\n    {body}"
    assert of(grade(grader, program(output_layer=source)), "output_layer").outcome == "right"
