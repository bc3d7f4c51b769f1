"""What an exception means is said in words of ours, and nothing of a hidden case is in them."""

from __future__ import annotations

import ast
import builtins
import json
import re
import traceback
from typing import Any

import pytest
from core_kit import grade, of, program
from hypothesis import given
from hypothesis import strategies as st

from autograder.judge.grader import Grader
from autograder.labcheck.compare import Tolerance
from autograder.labcheck.exceptions import KNOWN, PLAIN, RULES, meaning, type_told
from autograder.labcheck.message import findings
from autograder.labcheck.own import ANYONE, LONGEST, Own
from autograder.labcheck.verdict import Observed, Question, Trial

HEAD = """
import numpy as np
import torch


def nothing(*values):
    pass


def add(a, b):
    return a + b


def pair():
    return add(1)


def triple():
    return add(1, 2, 3)


class Cell:
    def step(self, x):
        return self.weight @ x


class Unborn(torch.nn.Module):
    def __init__(self):
        self.layer = torch.nn.Linear(2, 3)


x, t = np.ones((2, 3)), torch.ones(2, 3)
w = torch.ones(2, 3, requires_grad=True)
"""


def observed(source: str, **given: Any) -> Observed:
    """What a program raises that is run here, all its lines its own."""
    space: dict[str, Any] = {"__name__": "mine", **given}
    lines = source.splitlines()
    try:
        exec(compile(source, "mine.py", "exec", dont_inherit=True), space)
    except BaseException as error:
        frames = traceback.extract_tb(error.__traceback__)
        mine = [one.lineno or 1 for one in frames if one.filename == "mine.py"]
        return Observed(
            "raised",
            None,
            type(error).__name__,
            tuple(base.__name__ for base in type(error).__mro__),
            str(error),
            tuple(("mine.py", number, lines[number - 1].strip()) for number in mine),
        )
    raise AssertionError("it raised nothing")


def told(code: str) -> str:
    """The sentence for a line of code below HEAD, with only what its text names."""
    source = f"{HEAD}{code}\n"
    return meaning(observed(source), Own.of([source]), GRADED) or ""


NO_RETURN = "does a function end without return?"
NAMED = {
    # names
    "print(nnp)": "the name nnp is not defined",
    "def f():\n    print(late)\n    late = 1\nf()": "late is read before it is given a value",
    "def f():\n    def g():\n        return late\n    g()\n    late = 1\nf()": "name late is not",
    "import tqdmm": "tqdmm is not installed where you are graded",
    "import numpy.nowhere": "numpy.nowhere is not installed where you are graded",
    "from numpy import nowhere": "there is no nowhere in numpy",
    "t.item_size": "a tensor has no attribute item_size",
    "x.append(1)": "an array has no attribute append: a list has one",
    "x.detach()": "an array has no attribute detach: a tensor has one",
    "t.astype(float)": "a tensor has no attribute astype: an array has one",
    "nothing().shape": f"None has no attribute shape: {NO_RETURN}",
    "np.trapezoids(x)": "numpy has no attribute trapezoids",
    "np.float(1)": "numpy has no attribute float",
    "Cell().step(x)": "an object of class Cell has no attribute weight",
    "Cell.weight": "the class Cell has no attribute weight",
    "Unborn()": "super().__init__() has to come first",
    "{'a': 1}['h_prev']": "a dict has no key h_prev",
    "open('corpus.txt')": "there is no file corpus.txt where you are graded",
    # arguments
    "pair()": "add() is called without b: it needs 2 arguments, and pair gives 1",
    "triple()": "add() takes 2 arguments and is called with 3 in triple",
    "add(1, c=2)": "add() has no argument called c",
    "add(1, a=2)": "add() is given its argument a twice",
    "Cell().step()": "Cell.step() is called without x",
    "Cell().step(1, 2)": "Cell.step() takes 2 arguments (self is one of them) and is called with 3",
    "Cell(1)": "Cell() takes no arguments",
    "torch.nn.Linear(3, 4, bais=False)": "Linear() has no argument called bais",
    "torch.sum(t, axes=1)": "sum() takes no such arguments",
    "torch.tanh(x)": "tanh() takes a tensor and is given an array",
    "len(1, 2)": "len() is called with the wrong number of arguments",
    "print(1, ends=2)": "print() has no argument called ends",
    # None, and other types
    "nothing() + 1.0": f"+ meets None: {NO_RETURN}",
    "x @ nothing() if 0 else x + nothing()": f"+ meets None: {NO_RETURN}",
    "t * nothing()": f"* meets None: {NO_RETURN}",
    "nothing() < 1": f"< meets None: {NO_RETURN}",
    "-nothing()": NO_RETURN,
    "nothing()[0]": f"None is indexed with [ ]: {NO_RETURN}",
    "nothing()()": f"None is called like a function: {NO_RETURN}",
    "a, b = nothing()": f"None is looped over or unpacked: {NO_RETURN}",
    "for a in nothing(): pass": f"None is looped over or unpacked: {NO_RETURN}",
    "1 in nothing()": NO_RETURN,
    "len(nothing())": NO_RETURN,
    "range(nothing())": NO_RETURN,
    "float(nothing())": NO_RETURN,
    "np.exp(nothing())": NO_RETURN,
    "torch.exp(nothing())": NO_RETURN,
    "'a' + 1": "+ does not go between a str and an int",
    "t @ 3": "@ does not go between a tensor and an int",
    "x(0)": "an array is called like a function: round brackets call",
    "3(x)": "an int is called like a function",
    "(1, 2)[0] = 3": "a tuple has an item assigned",
    "len(t.size)": "are its round brackets missing?",
    "[1, 2][1.0]": "a list is indexed with a float",
    "[[1], [2]][0, 0]": "a list of lists takes [i][j]",
    "range(1.0)": "a float stands where a whole number is due",
    "{[1]: 2}": "a list is used as a key",
}
"""What fills the gaps is in the program's text."""

SAID = {
    # where it runs
    "t.cuda()": "there is no CUDA device where you are graded: take the device from the argum",
    "torch.zeros(2, device='cuda:1')": "there is no CUDA device",
    "torch.accelerator.current_device_index()": "there is no CUDA device",
    "t.to('mps')": "there is no such device",
    "import sys, io\nsys.stdin, old = io.StringIO(), sys.stdin\ntry:\n    input()\n"
    "finally:\n    sys.stdin = old": "input() waits for somebody to type, and nobody can answer",
    "import sys\nsys.exit(3)": "exit() ends the program",
    "from . import mine": "without the dot",
    # gradients
    "w += 1": "changed in place while gradients are recorded",
    "w[0] = 1": "changed in place while gradients are recorded",
    "t.sum().backward()": "nothing here leads back to a tensor that requires grad",
    "w.backward()": "backward() starts from one number",
    "y = (w * w).sum()\ny.backward()\ny.backward()": "the same graph is walked back twice",
    "y = torch.exp(w)\ny += 1\ny.sum().backward()": "a tensor that backward needs is changed",
    "w.numpy()": "NumPy cannot read a tensor that requires grad",
    "np.tanh(w)": "NumPy cannot read a tensor that requires grad",
    "t.to('meta').numpy()": "NumPy cannot read a tensor that is not on the CPU",
    "torch.optim.SGD([], lr=1)": "the optimiser gets no parameters",
    "torch.autograd.grad((w * 2).sum(), w.clone())": "does not take part in the result",
    # dtypes and devices
    "torch.nn.Linear(3, 4)(t.double())": "two dtypes meet",
    "t @ t.T.double()": "two dtypes meet",
    "torch.nn.RNN(3, 4)(torch.ones(2, 2, 3).double())": "two dtypes meet",
    "t.to('meta') + t": "tensors of two devices meet",
    "torch.nn.Embedding(3, 4)(t)": "indices and classes have to be whole numbers",
    "t[torch.ones(2)]": "indices and classes have to be whole numbers",
    "t.long().mean()": "a mean is taken of whole numbers",
    "np.zeros(3, 4)": "the shape goes in as one tuple",
    "x * 'a'": "NumPy cannot compute with values of this type",
    # shapes
    "x @ x": "the shapes in a matrix product do not fit",
    "x.dot(x)": "the shapes in a matrix product do not fit",
    "t @ t": "the shapes in a matrix product do not fit",
    "t @ torch.ones(4)": "the shapes in a matrix product do not fit",
    "torch.bmm(torch.ones(2, 3, 4), torch.ones(2, 3, 4))": "the shapes in a matrix product do",
    "x + np.ones(4)": "two shapes do not fit together element by element",
    "x[:] = np.ones(4)": "two shapes do not fit together element by element",
    "t + torch.ones(4)": "two shapes do not fit together element by element",
    "t.expand(3, 3)": "two shapes do not fit together element by element",
    "x.reshape(7)": "another number of elements",
    "t.view(7)": "another number of elements",
    "np.concatenate([x, np.ones(3)])": "arrays that are put together have different shapes",
    "torch.stack([t, torch.ones(3, 4)])": "arrays that are put together have different shapes",
    "np.stack([])": "there is nothing to put together",
    "np.array([[1, 2], [3]])": "rows of different lengths",
    "torch.einsum('ij,jk->ik', t, t)": "the letters of an einsum do not fit",
    "torch.nn.RNN(3, 4)(torch.ones(2, 2, 5))": "a layer or a loss gets another shape",
    # one and many, indices
    "if x: pass": "a condition holds for some numbers and not for others",
    "if t: pass": "a condition holds for some numbers and not for others",
    "float(x)": "many numbers stand where one is due",
    "range(t)": "many numbers stand where one is due",
    "t.item()": "many numbers stand where one is due",
    "len(torch.tensor(1.0))": "a single number is indexed, looped over or counted",
    "a, b = 1, 2, 3": "the number of names on the left is not the number of values",
    "a, b, c = x": "the number of names on the left is not the number of values",
    "x[5]": "an index goes past the end",
    "[1][5]": "an index goes past the end",
    "[].pop()": "an index goes past the end",
    "x[0, 0, 0]": "there are more indices than axes",
    "x[1.5]": "an index is no whole number, slice or mask",
    "x.sum(5)": "there is no such axis",
    "t.sum(5)": "there is no such axis",
    "torch.nn.Embedding(3, 4)(torch.tensor([7]))": "a token or a class is not below",
    "t[:, ::-1]": "PyTorch knows no negative steps",
    "max([])": "the largest or smallest of nothing",
    "np.linalg.inv(np.zeros((2, 2)))": "a matrix that is to be inverted is singular",
    # the rest
    "def f():\n    return f()\nf()": "a function calls itself without an end",
    "1 / 0": "something is divided by zero",
    "with np.errstate(all='raise'): np.log(np.zeros(1))": "a NumPy operation divides by 0",
    "x.flags.writeable = False\nx[0] = 1": "an array that may not be changed is changed",
    "next(iter([]))": "next() finds nothing more",
    "import math\nmath.log(-1)": "a function of math gets a number outside",
}
"""What is said whatever the program's text names."""
GRADED = "where you are graded"
WHOLE = {text.replace("{here}", GRADED) for *_, text in PLAIN}
"""Sentences without a gap."""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("code", "part"), [*NAMED.items(), *SAID.items()])
def test_what_python_numpy_and_torch_raise_is_told_in_words_of_ours(code: str, part: str) -> None:
    assert part in told(code)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("code", [*NAMED, *SAID])
def test_no_number_is_told_but_those_of_arguments(code: str) -> None:
    said = told(code)
    if said not in WHOLE:
        counts = r"(takes|with|needs|gives) \d"
        assert not re.search(r"\d", re.sub(counts, "", said))


@pytest.mark.parametrize("code", NAMED)
def test_no_name_is_told_that_is_not_in_the_text(code: str) -> None:
    source = f"{HEAD}{code}\n"
    said = meaning(observed(source), Own()) or ""
    own = {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
    own |= {node.attr for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Attribute)}
    rare = own - {
        "a",
        "b",
        "c",
        "shape",
        "size",
        "float",
        "f",
        "sum",
        "x",
        "t",
        "nothing",
        "torch",
    }
    assert not rare & set(re.findall(r"\w+", said))


# -- what must not come through ------------------------------------------------------------------

NUMBER, WORD = 31415, "qzxwvkj"
LEAKS = {
    "the text": "raise ValueError(word + str(number))",
    "the text, not by a raise": "def f(): raise NameError(word + str(number))\nf(\n)",
    "the name of a type": "raise type(word, (ValueError,), {})",
    "the name of a type of ours": "raise type('Error' + str(number), (KeyError,), {})",
    "a missing name": "exec('print(' + word + ')')",
    "a numbered name": "exec('print(n' + str(number) + ')')",
    "a name by a text like Python's": "t = (_ for _ in ()).throw\nt(NameError(f\"name '{word}' is\"))",
    "a missing attribute": "getattr([], word)",
    "a type without an attribute": "type(word, (), {})().size",
    "a module without an attribute": "import types\ntypes.ModuleType(word).size",
    "a missing module": "__import__(word + str(number))",
    "a missing file": "open(word + str(number))",
    "a missing key": "{}[word]",
    "a missing number": "{}[number]",
    "a keyword": "def f(): pass\nf(**{word: 1})",
    "a keyword twice": "exec(f'def f({word}): pass')\nf(1, **{word: 1})",
    "an argument left out": "exec(f'def f({word}): pass')\nf()",
    "the name of a function": "def f(): pass\nf.__qualname__ = word\nf(1)",
    "how many are given": "def f(): pass\nf(*range(number))",
    "how many are taken": "exec('def f(' + ','.join(f'a{i}' for i in range(number % 999)) + '): pass')"
    "\nf(*range(1000))",
    "how many are unpacked": "exec('(' + ','.join('a' for i in range(415)) + ',) = [1]')",
    "an index": "import numpy as np\nnp.zeros(3)[number]",
    "an operand": "1 + type(word, (), {})()",
    "a shape": "import numpy as np\nnp.zeros(number) + np.zeros(2)",
    "a shape of torch": "import torch\ntorch.zeros(number) + torch.zeros(2)",
    "a dtype": "import numpy as np\nnp.zeros(3).astype(word)",
    "a device": "import torch\ntorch.zeros(3, device=f'cuda:{number}')",
    "a text that is no number": "float(word)",
    "an exit": "import sys\nsys.exit(number)",
    "an assertion": "assert False, (word, number)",
    "the number itself in words of ours": "t = (_ for _ in ()).throw\n"
    "t(TypeError(f'f() takes {number % 1000} positional arguments but {number % 999} were given'))",
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("way", LEAKS)
def test_nothing_of_a_hidden_number_comes_through(way: str) -> None:
    source = LEAKS[way]
    got = observed(source, word=WORD, number=NUMBER)
    own = Own.of([source])
    said = f"{type_told(got, own)}: {meaning(got, own) or ''}"
    assert WORD not in said
    assert not re.search(r"\d{2,}", said)


@pytest.mark.filterwarnings("ignore")
def test_the_ways_really_put_a_hidden_number_into_what_a_process_reports() -> None:
    def carries(source: str) -> bool:
        got = observed(source, word=WORD, number=NUMBER)
        return bool(re.search(rf"{WORD}|\d\d", got.type + got.text))

    quiet = {"a device"}  # PyTorch without CUDA does not come to look at it
    assert {way for way, source in LEAKS.items() if not carries(source)} <= quiet


def test_nothing_of_a_hidden_case_is_in_a_report_of_programs_that_try(grader: Grader) -> None:
    """One exercise each; a mark is put together when it is run, so that no source line has it."""
    mark = 'mark = "QZ" + "XW" + str(abs(float(np.ravel({first})[0])))[2:8]\n    '
    tries = {
        "rnn_step": "raise type(mark, (NameError,), {})(mark)",
        "output_layer": "getattr(np, mark)",
        "relative_error": "{}[mark]",
        "sgd_step": "open(mark)",
    }
    changed = {}
    for name, code in tries.items():
        first = "[0.5]" if name == "sgd_step" else "args[0]"
        changed[name] = f"def {name}(*args):\n    {mark.format(first=first)}{code}"
    report = grade(grader, program(**changed))
    assert {of(report, name).outcome for name in tries} == {"error"}
    assert "QZXW" not in json.dumps(report.to_json())


@given(
    st.sampled_from([*sorted({kind for rule in RULES for kind in rule.types}), "E1", "x" * 300]),
    st.text(max_size=60) | st.from_regex(RULES[1].pattern) | st.from_regex(RULES[10].pattern),
)
def test_whatever_a_process_says_only_sentences_of_ours_are_told(kind: str, text: str) -> None:
    got = Observed("raised", None, kind, (kind, "Exception"), text)
    said = meaning(got, Own(), GRADED)
    assert said is None or said in WHOLE or not re.search(r"\d", said)
    assert type_told(got, Own()) in {*KNOWN, *dir(builtins)}


@pytest.mark.parametrize(
    "text", ["name '" + "a" * 100 + "' is not defined", "a" * 100_000, "(" * 9999]
)
def test_a_long_text_is_looked_at_and_a_long_name_is_cut(text: str) -> None:
    got = Observed("raised", None, "NameError", ("NameError",), text)
    said = meaning(got, Own.of(["a" * 100])) or ""
    assert "a" * LONGEST not in said


# -- where it is said ----------------------------------------------------------------------------


def test_the_authors_own_raise_is_left_to_its_author() -> None:
    got = observed("def check(x):\n    raise KeyError('h_prev')\ncheck(1)")
    assert meaning(got) is None


def test_a_name_with_many_digits_is_no_name() -> None:
    own = Own.of(["W_h2 = x31415 = conv2d_10 = 0"])
    assert [own.name(name) for name in ("W_h2", "conv2d_10", "x31415")] == [
        "W_h2",
        "conv2d_10",
        None,
    ]


def test_a_source_that_does_not_parse_names_nothing() -> None:
    assert Own.of(["def f(:", "x = 1"]).names == {"x"}


def trial(source: str) -> Trial:
    """A case that was to give a result, and raised."""
    question = Question("values", {}, True, "result", "", Tolerance(), {})
    return Trial(question, Observed("result", 1.0), observed(source), None, passed=False)


def test_at_home_the_exceptions_own_text_stays_and_its_meaning_stands_below() -> None:
    lines = {one.label: one.text for one in findings([trial("import numpy\nnp.ones(3)")])}
    assert lines["Raised"] == "NameError: name 'np' is not defined"
    assert lines["Which means"].startswith("the name np is not defined: ")
    assert lines["Which means"].endswith("?")


def test_on_a_hidden_case_the_meaning_stands_in_place_of_the_text() -> None:
    source = "import numpy as np\nnp.ones(3) @ np.ones((2, 417))"
    own = Own.of([source])
    lines = {one.label: one.text for one in findings([trial(source)], (), False, own)}
    assert lines["Raised"].startswith("ValueError: the shapes in a matrix product do not fit: ")
    assert lines["Raised"].endswith(".")
    assert "Which means" not in lines


def test_at_home_it_is_here_and_not_where_one_is_graded() -> None:
    got = observed("import tqdmm")
    assert meaning(got, ANYONE) == "tqdmm is not installed here"


def test_the_case_sentences_of_a_report_tell_the_meaning_too(grader: Grader) -> None:
    text = program(output_layer="def output_layer(h, W_hy, b_y):\n    return nmp.dot(h, W_hy)")
    first = of(grade(grader, text), "output_layer").cases[0].message or ""
    assert first.startswith("Raised NameError: the name nmp is not defined: ")
    assert "? At submission.py, line " in first


def test_a_cell_that_stopped_is_told_with_its_meaning(grader: Grader) -> None:
    text = program(
        output_layer="def output_layer(h, W_hy, b_y, scale=np.scalar(1)):\n    return h"
    )
    feedback = " ".join(of(grade(grader, text), "output_layer").feedback.split())
    assert "stopped with AttributeError: module 'numpy' has no attribute 'scalar'" in feedback
    assert "That means: numpy has no attribute scalar: is it spelt right" in feedback
