"""Right hand-ins of lab 2, each wrapped in one way in which people send them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from core_kit import COURSE

RELEASE = COURSE / "release" / "lab2_rnn" / "lab2_rnn.ipynb"
STARTER = COURSE / "assignments" / "lab2_rnn.py"
STEP = (
    "def rnn_step(x, h_prev, W_xh, W_hh, b_h):\n"
    "    x, h_prev = as_float(x), as_float(h_prev)\n"
    "    return np.tanh(x @ W_xh + h_prev @ W_hh + b_h)\n"
)
HELPER = "def squash(z):\n    return np.tanh(z)\n"
HELPED = STEP.replace("np.tanh(", "squash(")
SETUP = "code-from-collections-abc-import-callable-map"

Change = Callable[["Notebook"], object]


class Notebook:
    """The released notebook with a right rnn_step, to be changed."""

    def __init__(self, answer: str = STEP) -> None:
        self.data: dict[str, Any] = json.loads(RELEASE.read_text("utf-8"))
        for cell in self.cells:
            cell["source"] = "".join(cell["source"])
        self["rnn_step"]["source"] = answer

    @property
    def cells(self) -> list[dict[str, Any]]:
        return self.data["cells"]  # type: ignore[no-any-return]

    def __getitem__(self, name: str) -> dict[str, Any]:
        return next(cell for cell in self.cells if _name(cell) == name)

    @property
    def demo(self) -> str:
        """The name of a demo cell below the exercise."""
        names = [_name(cell) for cell in self.cells]
        return next(one for one in names[names.index("rnn_step") :] if one.startswith("demo-"))

    def put(self, name: str, source: str) -> None:
        self[name]["source"] = source

    def above(self, name: str, text: str) -> None:
        self[name]["source"] = text + self[name]["source"]

    def below(self, name: str, text: str) -> None:
        self[name]["source"] += text

    def first(self, source: str) -> None:
        """A new cell on top."""
        new = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
        self.cells.insert(0, {**new, "id": "mine", "source": source})

    def last(self, source: str) -> None:
        self.first(source)
        self.cells.append(self.cells.pop(0))

    @property
    def bytes(self) -> bytes:
        return json.dumps(self.data).encode()


def _name(cell: dict[str, Any]) -> str:
    mark = cell["metadata"].get("nbgrader", {})
    return str(mark.get("grade_id") or cell.get("id", ""))


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


def _prompted(text: str, first: str, more: str) -> str:
    head, *rest = text.splitlines()
    return "\n".join([first + head, *(more + line for line in rest)])


def _strip(notebook: Notebook) -> None:
    for cell in notebook.cells:
        cell["metadata"] = {}
        cell.pop("id", None)


def _reverse(notebook: Notebook) -> None:
    notebook.cells.reverse()


def _version_3(notebook: Notebook) -> None:
    cells = notebook.data.pop("cells")
    for cell in cells:
        if cell["cell_type"] == "code":
            cell["input"] = cell.pop("source")
    notebook.data |= {"worksheets": [{"cells": cells}], "nbformat": 3, "nbformat_minor": 0}


def _with_helper(notebook: Notebook, write: Callable[[], object]) -> None:
    notebook.put("rnn_step", HELPED)
    write()


IN_SETUP = {
    "packages that are not there": "import tqdm, nothere\nimport seaborn as sns\n",
    "Colab's drive": 'from google.colab import drive\ndrive.mount("/content/drive")\n',
    "a folder that is not there": 'import os\nos.chdir("/content/lab")\n',
    "display": "from IPython.display import display, HTML, clear_output\nclear_output()\n",
    "the shell": "from IPython import get_ipython\nget_ipython().run_line_magic('cd', '/')\n",
    "a line that fails": "1 / 0\n",
    "a file that is read": "words = open('words.txt').read()\n",
    "magics": "%matplotlib inline\n%load_ext autoreload\n%autoreload 2\n!pip install numpy\n",
    "automagic": "pip install tqdm\ncd data\n",
    "a question": "import argparse\nname = input('name? ')\n",
    "widgets": "import ipywidgets as w\n@w.interact(x=3)\ndef play(x=1): pass\n",
    "an exit": "import sys\nsys.exit(0)\n",
}
SPOILT = {
    "emptied": lambda n: n.put(SETUP, ""),
    "deleted": lambda n: n.cells.remove(n[SETUP]),
    "turned Markdown": lambda n: n[SETUP].update(cell_type="markdown"),
    "a helper changed": lambda n: n.put(SETUP, n[SETUP]["source"].replace("return", "return 0 *")),
    "no Python": lambda n: n.above(SETUP, "this is my homework\n"),
}
HELPERS: dict[str, Change] = {
    "the labcheck cell": lambda n: n.below("labcheck", f"\nimport numpy as np\n{HELPER}"),
    "a demo cell": lambda n: n.put(n.demo, HELPER),
    "a check cell": lambda n: n.above("check-rnn_step", HELPER),
    "the setup cell": lambda n: n.below(SETUP, f"\n\n{HELPER}"),
    "a first cell": lambda n: n.first(f"import numpy as np\n{HELPER}"),
    "a last cell": lambda n: n.last(HELPER),
    "a file": lambda n: (
        n.first(f"%%writefile helpers.py\nimport numpy as np\n{HELPER}"),
        n.above("rnn_step", "from helpers import squash\n"),
    ),
    "a file by another name": lambda n: (
        n.first(f"%%writefile helpers.py\nimport numpy as np\n{HELPER}"),
        n.above("rnn_step", "import helpers as h\nsquash = h.squash\n"),
    ),
    "a file that is run": lambda n: (
        n.first(f"%%writefile helpers.py\nimport numpy as np\n{HELPER}"),
        n.above("rnn_step", "%run helpers.py\n"),
    ),
}
CELLS: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "indented": _indented,
    "prompts": lambda text: _prompted(text, ">>> ", "... "),
    "IPython's prompts": lambda text: _prompted(text, "In [3]: ", "   ...: "),
    **{
        f"{magic}": (lambda text, magic=magic: f"{magic}\n{text}")
        for magic in ("%%time", "%%capture out", "%%debug", "%%memit", "%%prun", "%%timeit -n 1")
    },
    "a comment above %%time": lambda text: f"# my answer\n\n%%time\n{text}",
    "%time below": lambda text: f"{text}\n%time rnn_step(1, 2, 3, 4, 5)",
    "help": lambda text: f"rnn_step?\n{text}",
    "await": lambda text: f"import asyncio\nawait asyncio.sleep(0)\n{text}",
    "a failing trial": lambda text: f"{text}\nassert rnn_step(1, 2, 3, 4, 5) == 0\n",
    "in a try": lambda text: f"try:\n{_indented(text)}except ImportError:\n    pass",
    "under a condition": lambda text: f"if True:\n{_indented(text)}",
    "a decorator": lambda text: (
        "import functools\ndef timed(f):\n    @functools.wraps(f)\n    def g(*a, **k):\n"
        f"        return f(*a, **k)\n    return g\n\n@timed\n{text}"
    ),
    "a partial": lambda text: (
        f"import functools\n{text.replace('rnn_step', 'mine')}\nrnn_step = functools.partial(mine)"
    ),
    "an object": lambda text: (
        "class Step:\n    def __call__(self, x, h_prev, W_xh, W_hh, b_h):\n"
        "        x, h_prev = as_float(x), as_float(h_prev)\n"
        "        return np.tanh(x @ W_xh + h_prev @ W_hh + b_h)\nrnn_step = Step()"
    ),
    "annotations": lambda text: f"from __future__ import annotations\n{text}",
    "a slip beside it": lambda text: f"{text}\ndef another(x:\n    return x\n",
    "shown": lambda text: f"{text}\ndisplay(rnn_step)\nprint('x' * 10**6)",
    "an exit below": lambda text: f"{text}\nexit()",
}
WHOLE: dict[str, Change] = {
    "Markdown": lambda n: n["rnn_step"].update(cell_type="markdown"),
    "Raw": lambda n: n["rnn_step"].update(cell_type="raw"),
    "no metadata": _strip,
    "in another order": _reverse,
    "version 3": _version_3,
    "global states": lambda n: n.first(
        "import random, warnings, logging, os\nimport numpy as np\nrandom.seed(1)\n"
        "np.random.seed(1)\nnp.seterr(all='raise')\nwarnings.simplefilter('error')\n"
        "logging.basicConfig(level=10)\nos.environ['A'] = 'b'\nfrom numpy import *\n"
    ),
    "a main program": lambda n: n.last(
        "if __name__ == '__main__':\n    while True:\n        input('more? ')\n"
    ),
    "plots": lambda n: n.last(
        "import matplotlib\nmatplotlib.use('TkAgg')\nfrom matplotlib import pyplot as plt\n"
        "plt.plot([1])\nplt.show()\n"
    ),
    "a cell that exits": lambda n: n.first("exit()"),
}


def notebooks(answer: str = STEP) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of every wrapping as a notebook around one answer."""
    for name, line in IN_SETUP.items():
        for where, write in (("above", Notebook.above), ("below", Notebook.below)):
            made = Notebook(answer)
            write(made, SETUP, line if where == "above" else f"\n{line}")
            yield f"setup, {where}: {name}", made.bytes
    for kind, changes in (("setup", SPOILT), ("whole", WHOLE)):
        for name, change in changes.items():
            made = Notebook(answer)
            change(made)
            yield f"{kind}: {name}", made.bytes
    for name, wrap in CELLS.items():
        if answer == STEP or name != "an object":
            yield f"cell: {name}", Notebook(wrap(answer)).bytes
    for name, change in HELPERS.items():
        made = Notebook(answer.replace("np.tanh(", "squash("))
        change(made)
        yield f"a helper in {name}", made.bytes


def scripts(answer: str = STEP) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of every wrapping as a .py around one answer."""
    head, rest = _starter()
    starter = head + answer + rest
    alone = f"import numpy as np\n\nas_float = np.asarray\n\n{answer}"
    yield "the starter", starter.encode()
    yield "nothing but the function", answer.encode()
    yield (
        "Colab",
        (
            '# -*- coding: utf-8 -*-\n"""lab2.ipynb\n\nAutomatically generated by Colab.\n"""\n\n'
            "!pip install tqdm\n\n# Commented out IPython magic to ensure Python compatibility.\n"
            f"# %matplotlib inline\n# plots\n{alone.replace(answer, '')}\n"
            "# Commented out IPython magic to ensure Python compatibility.\n# %%time\n"
            + "".join(f"# {line}\n" for line in answer.splitlines())
            + "\nprint(1)\n"
        ).encode(),
    )
    yield (
        "nbconvert",
        (
            "#!/usr/bin/env python\n# coding: utf-8\n\n# In[1]:\n\n\n"
            f"get_ipython().run_line_magic('matplotlib', 'inline')\n{alone.replace(answer, '')}\n"
            f"# In[2]:\n\n\nget_ipython().run_cell_magic('time', '', {answer!r})\n"
        ).encode(),
    )
    yield "Spyder", f"#%%\n{alone}\n#%% trial\n1 / 0\n".encode()
    yield "a main program", f"{alone}\nif __name__ == '__main__':\n    input()\n".encode()
    umlaut = f"# Übung: größer\n{alone}"
    for encoding in ("utf-8-sig", "utf-16", "utf-16-le", "cp1252", "utf-32"):
        yield encoding, umlaut.encode(encoding)
    yield "latin-1, as it says", f"# -*- coding: latin-1 -*-\n{umlaut}".encode("latin-1")
    yield "CRLF", alone.replace("\n", "\r\n").encode()
    yield "CR", alone.replace("\n", "\r").encode()
    yield "form feed and odd spaces", f"{alone}\n\x0c\n# a\xa0b\nT = 'a\u2028b'\n".encode()
    yield "a slip elsewhere", f"{alone}\n\ndef other(x:\n    return x\n".encode()
    yield "an exit in the middle", f"import sys\nsys.exit()\n{alone}".encode()


def _starter() -> tuple[str, str]:
    """The starter file above and below the stub of rnn_step."""
    text = STARTER.read_text("utf-8")
    start = text.index("def rnn_step(")
    end = text.index("\n# %%", start)
    return text[:start], text[end:]
