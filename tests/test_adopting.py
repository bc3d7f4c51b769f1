"""A student's program becomes a mistake of a spec: under names of the spec's own, or not at all."""

from __future__ import annotations

import ast
import textwrap

import pytest

from autograder.chain.adopting import Adopted, adopted, draft, free_name
from autograder.spec.collection import TODO, CollectionError

SPEC = '''\
"""Twice."""

import numpy as np

from autograder.spec import Exercise, Mistakes
from solutions.lab1 import twice

wrong = Mistakes()
wrong.add("squared", lambda x: x * x, "it is squared. Look at the factor.")

EXERCISE = Exercise(reference=twice, mistakes=wrong)
'''
SAID = "what you return is 3/2 of what is due. TODO: say where to look."


def put_in(program: str, name: str = "tripled", spec: str = SPEC) -> Adopted:
    plain = textwrap.dedent(program)
    return adopted(spec, plain, "twice", name, SAID, "lab1", ["twice", "once"])


def test_a_program_stands_before_the_exercise_with_what_is_said_of_it() -> None:
    found = put_in("def twice(x):\n    return 3 * x")
    before, after = SPEC.split("\nEXERCISE")
    assert found.spec.startswith(before)
    assert found.spec.endswith(f"EXERCISE{after}")
    assert found.added == f'@wrong\ndef tripled(x):\n    """{SAID}"""\n    return 3 * x'
    assert found.spec.splitlines()[found.line - 1] == "@wrong"


def test_helpers_get_names_of_their_own_and_nothing_is_printed_or_annotated() -> None:
    added = put_in("""
        import numpy as np
        THREE: float = 3.0
        def helper(z: int) -> int:
            print("by Ada")
            return THREE * z
        def twice(x: int, again: bool = True) -> int:
            if again:
                print("Ada")
            y: int = helper(x)
            return y if again else twice(x)
    """).added
    assert added.startswith("_tripled_THREE = 3.0\n\n\ndef _tripled_helper(z):\n    return")
    assert "return _tripled_THREE * z" in added
    assert "y = _tripled_helper(x)\n    return y if again else tripled(x)" in added
    assert "if again:\n        pass" in added
    for word in ("Ada", "int", "print", "import"):
        assert word not in added


def test_missing_imports_and_other_exercises_of_the_lab_are_imported() -> None:
    found = put_in("import math\nimport numpy as np\ndef twice(x):\n    return once(x) * math.pi")
    lines = found.spec.splitlines()
    place = lines.index("import math")
    assert lines[place - 1 : place + 2] == [
        "from solutions.lab1 import twice",
        "import math",
        "from solutions.lab1 import once",
    ]
    assert found.spec.splitlines()[found.line - 1] == "@wrong"
    ast.parse(found.spec)


def test_a_class_is_added_by_its_name() -> None:
    program = "from torch import nn\nclass twice(nn.Module):\n    def forward(self, x):\n        return super(twice, self).forward(x)"
    added = put_in(program).added
    assert "class tripled(nn.Module):" in added
    assert "super(tripled, self)" in added
    assert "wrong.add(\n    'tripled',\n    tripled,\n" in added
    (call,) = (one for one in ast.parse(added).body if isinstance(one, ast.Expr))
    assert isinstance(call.value, ast.Call)
    assert ast.literal_eval(call.value.args[2]) == SAID


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("import os\ndef twice(x):\n    return x", "imports os"),
        ("from torch.utils import cpp_extension\ndef twice(x):\n    return x", "cpp_extension"),
        ("from .mine import y\ndef twice(x):\n    return x", "imports mine"),
        ("def twice(x):\n    import subprocess\n    return x", "imports subprocess"),
        ("from numpy import *\ndef twice(x):\n    return x", r"imports \*"),
        ("def twice(x):\n    return open('a')", "uses open"),
        ("def twice(x):\n    return __builtins__", "uses __builtins__"),
        ("def twice(x):\n    return x.__class__", "uses .__class__"),
        ("def twice(x):\n    return np._core", "uses ._core"),
        ("def twice(x):\n    return np.load('a')", "uses .load"),
        ("def twice(x, y=print(1)):\n    return x", "has defaults that are computed"),
        ("def twice(x, *, y=f()):\n    return x", "has defaults that are computed"),
        ("@f()\ndef twice(x):\n    return x", r"is decorated with f\(\)"),
        ("class twice(f()):\n    pass", "has a base class that is computed"),
        ("class twice(metaclass=f):\n    pass", "has a base class that is computed"),
        ("class twice:\n    f()", "outside of its functions"),
        ("class twice:\n    y: f()", "outside of its functions"),
        ("y[f()] = 1\ndef twice(x):\n    return y", "outside of its functions"),
        ("Y = f()\ndef twice(x):\n    return Y", "outside of its functions"),
        ("def twice(x):\n    global y\n    return x", "changes what stands outside"),
        (
            "import typing\n\ndef double(x):\n"
            "    return typing.get_type_hints(typing.NamedTuple('N', [('a', 'open')]))",
            "imports typing",
        ),
        ("import torch\n\ndef double(x):\n    return torch.fx.Graph()", "uses .fx"),
    ],
)
def test_what_is_more_than_arithmetic_is_refused(program: str, why: str) -> None:
    with pytest.raises(CollectionError, match=f"the smallest program .*{why}"):
        put_in(program)


@pytest.mark.parametrize("name", ["no slug", "def", "_private", "x" * 51, "1st"])
def test_a_name_must_be_one(name: str) -> None:
    with pytest.raises(CollectionError, match="cannot name a mistake"):
        put_in("def twice(x):\n    return x", name)


@pytest.mark.parametrize("name", ["twice", "np", "wrong"])
def test_a_name_that_the_spec_has_is_refused(name: str) -> None:
    with pytest.raises(CollectionError, match=f"exercises/lab1/twice.py has {name} already"):
        put_in("def twice(x):\n    return x", name)


def test_another_meaning_of_an_import_is_refused() -> None:
    with pytest.raises(CollectionError, match="has another np than the smallest program"):
        put_in("import torch as np\ndef twice(x):\n    return np.sin(x)")


def test_a_spec_without_a_list_of_mistakes_says_what_to_write() -> None:
    spec = "EXERCISE = Exercise(reference=twice)\n"
    with pytest.raises(CollectionError, match=r"write wrong = Mistakes\(\) above"):
        put_in("def twice(x):\n    return x", spec=spec)


def test_the_draft_says_what_is_known_and_what_to_write() -> None:
    assert draft("What you return is 2 times it. More.").startswith(
        f"what you return is 2 times it. {TODO}"
    )
    assert draft("").count(TODO) == 2
    assert free_name(["unnamed_1", "squared"]) == "unnamed_2"


def test_only_imports_that_are_used_are_put_in() -> None:
    program = "from torch import Tensor\nimport math\n\ndef twice(x: Tensor):\n    return x"
    assert "import" not in put_in(program).added
