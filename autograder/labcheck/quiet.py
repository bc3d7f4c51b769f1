"""Stand-ins for what only decorates a program: they do nothing, and do it quietly.

Progress bars, displays, widgets and the notebook's shell are at hand wherever a program is judged,
so that no line fails for want of them.
"""

from __future__ import annotations

import builtins
import sys
import types
from collections.abc import Iterable, Iterator
from typing import Any

DECORATION = (
    *("tqdm", "IPython", "ipywidgets", "google.colab", "wandb", "tensorboard", "tensorboardX"),
    *("torch.utils.tensorboard", "torchsummary", "torchinfo", "torchviz", "torchview", "icecream"),
    *("memory_profiler", "line_profiler", "seaborn", "livelossplot", "alive_progress", "halo"),
    *("colorama", "termcolor", "ipdb", "watermark", "kaggle_secrets", "comet_ml", "mlflow"),
    *("jupyterthemes", "plotly", "tabulate", "prettytable", "pprintpp", "fastprogress"),
)
"""Packages that a program is as right with as without."""


class Quiet:
    """Anything may be asked of it, and nothing happens.

    What it is handed as the only argument of a call comes back, so that it serves as a decorator.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Quiet()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Itself, or what it decorates."""
        return args[0] if len(args) == 1 and not kwargs and callable(args[0]) else self

    def __getitem__(self, key: Any) -> Any:
        return self

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __enter__(self) -> Quiet:
        return self

    def __exit__(self, *_: Any) -> None:
        pass

    def __str__(self) -> str:
        return ""

    __repr__ = __str__


class Bar(Quiet):
    """A progress bar that shows nothing: what it is made around is gone through as it is."""

    def __init__(self, iterable: Iterable[Any] | None = None, *_: Any, **kwargs: Any) -> None:
        total = kwargs.get("total")
        self.iterable: Any = () if iterable is None else iterable
        self.total = total if total is not None or iterable is None else self._size()
        self.n = 0

    def _size(self) -> int | None:
        try:
            return len(self.iterable)
        except TypeError:
            return None

    def __iter__(self) -> Iterator[Any]:
        for item in self.iterable:
            self.n += 1
            yield item

    def __len__(self) -> int:
        return len(self.iterable)

    def update(self, n: int = 1) -> None:
        """Counts, and shows nothing."""
        self.n += n

    @staticmethod
    def write(*_: Any, **__: Any) -> None:
        """Nothing."""


def trange(*args: int, **kwargs: Any) -> Bar:
    """A range with a bar that shows nothing."""
    return Bar(range(*args), **kwargs)


def display(*_: Any, **__: Any) -> None:
    """Shows nothing."""


class QuietModule(types.ModuleType):
    """A module of which every name is there and does nothing."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__version__":
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = _value(self.__name__, name)
        vars(self)[name] = value
        return value


def _value(module: str, name: str) -> Any:
    if name == "__version__":
        return "0"
    if name == "get_ipython":
        return getattr(builtins, "get_ipython", Quiet())
    if name == "display":
        return display
    if name == "trange":
        return trange
    if name in ("tqdm", "tqdm_notebook", "track", "progress_bar", "master_bar", "alive_it"):
        return Bar
    return Quiet()


def decorates(name: str) -> bool:
    """Whether a module only decorates; "google" is there for the sake of google.colab."""
    parts = name.split(".")
    heads = (".".join(parts[:size]) for size in range(1, len(parts) + 1))
    return any(head in DECORATION for head in heads) or (
        name == "google" and "google" not in sys.modules
    )
