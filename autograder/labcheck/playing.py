"""Something to play with: a picture with sliders where there are widgets, else the picture."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any

WITHOUT = "(There would be sliders here with ipywidgets: python -m pip install ipywidgets)"

Setting = tuple[float, float, float] | list[Any]
"""The smallest value, the largest and the one at the start; or what there is to choose from."""


def play(draw: Callable[..., Any], **settings: Setting) -> None:
    """Draw a picture anew whenever a setting is moved.

    draw: called with one value for each setting.  settings: (smallest, largest, at the start) of a
    number, whole where all three are, or a list of values to choose from, the first at the start.
    """
    start = {name: at_start(setting) for name, setting in settings.items()}
    if importlib.util.find_spec("ipywidgets") is None:
        draw(**start)
        print(WITHOUT)
        return
    widgets: Any = importlib.import_module("ipywidgets")
    controls = {name: _control(widgets, name, one) for name, one in settings.items()}
    unwritten: list[NotImplementedError] = []

    def drawn(**values: Any) -> None:
        try:
            draw(**values)
        except NotImplementedError as error:
            unwritten.append(error)

    picture = widgets.interactive_output(drawn, controls)
    if unwritten:  # the cell waits for that function, as one without sliders does
        raise unwritten[0]
    show: Any = importlib.import_module("IPython.display")
    show.display(widgets.VBox([*controls.values(), picture]))


def at_start(setting: Setting) -> Any:
    """The value of a setting before anybody has moved it."""
    return setting[2] if isinstance(setting, tuple) else setting[0]


def _control(widgets: Any, name: str, setting: Setting) -> Any:
    usual = {
        "description": name.replace("_", " "),
        "continuous_update": False,
        "style": {"description_width": "9em"},
        "layout": {"width": "32em"},
    }
    if not isinstance(setting, tuple):
        del usual["continuous_update"]
        return widgets.Dropdown(options=list(setting), **usual)
    least, most, start = setting
    if all(isinstance(one, int) for one in setting):
        return widgets.IntSlider(value=start, min=least, max=most, **usual)
    step = (most - least) / 40
    return widgets.FloatSlider(value=start, min=least, max=most, step=step, **usual)
