"""Packages that are not installed here, each with the command that installs it."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator

INSTALLED_AS = {
    "numpy": ("NumPy", "numpy"),
    "torch": ("PyTorch", "torch"),
    "matplotlib": ("Matplotlib", "matplotlib"),
    "scipy": ("SciPy", "scipy"),
    "pandas": ("pandas", "pandas"),
    "sklearn": ("scikit-learn", "scikit-learn"),
    "einops": ("einops", "einops"),
}
"""What is imported → what it is called, and the name that pip knows it by."""


class NotInstalled(ImportError):  # noqa: N818 - a reason
    """A package that is needed is not here; a notebook shows the sentence and no traceback."""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


def need(name: str) -> None:
    """Raises NotInstalled where a package is not here, or cannot be loaded."""
    try:
        __import__(name)
    except ImportError as error:
        if error.name == name or not is_here(name):
            raise NotInstalled(f"{absent(name)}.", name=name) from None
        title, known = INSTALLED_AS[name]
        why = (str(error).strip() or type(error).__name__).splitlines()[0]
        again = f"python -m pip install --force-reinstall {known}"
        text = f"{title} is here and cannot be loaded ({why}); install it again: {again}"
        raise NotInstalled(text, name=name) from None


def is_here(name: str) -> bool:
    """Whether a package could be imported."""
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def absent(name: str) -> str:
    """ "PyTorch is not installed here: python -m pip install torch"."""
    title, known = INSTALLED_AS.get(name, (name, ""))
    if not known:
        return f"there is no module {name} here"
    return f"{title} is not installed here; this installs it: python -m pip install {known}"


def told(names: Iterable[str], forbidden: Iterable[str] = ()) -> Iterator[str]:
    """A sentence for each package that is not here; none of what may not be used anyway."""
    left = [*forbidden]
    for name in dict.fromkeys(name.partition(".")[0] for name in names):
        if name not in left:
            text = absent(name)
            yield f"{text[0].upper()}{text[1:]}" if name not in INSTALLED_AS else text
