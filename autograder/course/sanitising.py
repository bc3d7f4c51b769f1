"""Notebooks of students, made harmless before they are kept and again before they are shown.

Nothing passes that is not known: kinds of cells and outputs, types of data, keys of metadata.
Sanitise is for what nbgrader keeps, Shown and FeedbackPage for what it shows in a browser.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter
from nbconvert.preprocessors import Preprocessor
from nbformat import v4
from nbformat.notebooknode import from_dict

from autograder.pages.harmless import (
    harmless_formula,
    harmless_html,
    harmless_markdown,
    harmless_svg,
    harmless_text,
    rendered,
)
from autograder.pages.overview import MARK, STYLE
from autograder.pages.policy import policy, with_policy
from autograder.spec import collection

KINDS = ("code", "markdown", "raw")
RASTER = {
    "image/png": b"\x89PNG\r\n",
    "image/jpeg": b"\xff\xd8\xff",
    "image/gif": b"GIF8",
    "image/webp": b"RIFF",
}
"""Pictures that are nothing but pictures, and how they begin."""
ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
NAME = re.compile(r"[\w .:()+#-]{1,100}")
SIZE = re.compile(r"\d{1,5}(?:\.\d{1,3})?(?:px|em|%)?")
LEFT_OUT = "(an output that is not shown here: {})"

# -- values --------------------------------------------------------------------------------------


def _text(value: Any) -> str:
    """What stands in a notebook for a text: one, or lines of it."""
    if isinstance(value, list | tuple):
        return "".join(map(_text, value))
    return value if isinstance(value, str) else "" if value is None else str(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(NAME.fullmatch(value))


def _is_size(value: Any) -> bool:
    return not isinstance(value, bool) and bool(SIZE.fullmatch(str(value)))


def _is_line(value: Any) -> bool:
    return isinstance(value, str)


Check = Callable[[Any], bool]

GRADING: Mapping[str, Check] = {
    "grade_id": _is_name,
    "points": _is_number,
    "schema_version": _is_number,
    "grade": _is_flag,
    "solution": _is_flag,
    "locked": _is_flag,
    "task": _is_flag,
    "cell_type": _is_name,
    "checksum": _is_name,
    "remove": _is_flag,
}
"""What nbgrader says of a cell, by key; its scores and comments come from the gradebook."""
FROM_GRADEBOOK: Mapping[str, Check] = {
    "score": _is_number,
    "comment": lambda value: value is None or _is_line(value),
}
CELL: Mapping[str, Check] = {"collapsed": _is_flag, "deletable": _is_flag, "editable": _is_flag}
PICTURE: Mapping[str, Check] = {"width": _is_size, "height": _is_size, "alt": _is_line}
KERNEL: Mapping[str, Check] = dict.fromkeys(("name", "display_name", "language"), _is_name)
LANGUAGE: Mapping[str, Check] = dict.fromkeys(
    ("name", "version", "mimetype", "file_extension", "pygments_lexer"), _is_name
)


def _known(values: Any, checks: Mapping[str, Check]) -> dict[str, Any]:
    """Of some metadata what is known and of the right kind."""
    if not isinstance(values, Mapping):
        return {}
    return {
        key: values[key] for key, fits in checks.items() if key in values and fits(values[key])
    }


def _raster(kind: str, value: Any) -> str | None:
    """A picture as base64, if it is one of this kind."""
    text = "".join(_text(value).split())
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return text if raw.startswith(RASTER[kind]) else None


# -- a notebook ----------------------------------------------------------------------------------


def is_lab(resources: Mapping[str, Any], coursedir: Any) -> bool:
    """Whether this notebook is a lab of the collection, for Judge and the reader to look after."""
    names = resources["nbgrader"]
    known = collection.specified(names["assignment"], Path(coursedir.root))
    return known and names["notebook"] == names["assignment"]


def sanitise(nb: Any, *, texts: bool = True, judged: bool = False) -> None:
    """Make a notebook harmless in its place.

    texts: whether its cells of text are made so, too.  judged: whether it has been through the
    judge, whose marks in the metadata then stay.
    """
    ours = {MARK: nb.metadata[MARK]} if judged and MARK in nb.metadata else {}
    metadata = nb.metadata if isinstance(nb.metadata, Mapping) else {}
    kernel, language = _known(metadata.get("kernelspec"), KERNEL), metadata.get("language_info")
    nb.metadata = from_dict(
        ({"kernelspec": kernel} if kernel.keys() == KERNEL.keys() else {})
        | {"language_info": {"name": "python"} | _known(language, LANGUAGE)}
        | ours
    )
    cells = [cell for cell in nb.cells if isinstance(cell, Mapping)]
    nb.cells = [_cell(cell, texts, judged) for cell in cells]


def _cell(cell: Any, texts: bool, judged: bool) -> Any:
    kind = cell.get("cell_type")
    kept = {"cell_type": kind if kind in KINDS else "raw", "metadata": _metadata(cell)}
    if isinstance(cell.get("id"), str) and ID.fullmatch(cell["id"]):
        kept["id"] = cell["id"]
    attachments = _attachments(cell.get("attachments"))
    source = _text(cell.get("source"))
    if kept["cell_type"] == "code":
        count, outputs = cell.get("execution_count"), cell.get("outputs")
        kept["execution_count"] = count if type(count) is int else None
        every = outputs if isinstance(outputs, list) else []
        kept["outputs"] = [made for one in every if (made := _output(one, judged)) is not None]
        kept["source"] = source
    else:
        kept["source"] = harmless_markdown(source, attachments) if texts else source
        if attachments:
            kept["attachments"] = attachments
    return from_dict(kept)


def _metadata(cell: Any) -> dict[str, Any]:
    metadata = cell.get("metadata")
    if not isinstance(metadata, Mapping):
        return {}
    kept = _known(metadata, CELL)
    tags = metadata.get("tags")
    if isinstance(tags, list):
        kept["tags"] = [tag for tag in tags if isinstance(tag, str) and ID.fullmatch(tag)]
    grading = _known(metadata.get("nbgrader"), {**GRADING, **FROM_GRADEBOOK})
    if grading.get("grade_id"):
        kept["nbgrader"] = grading
    return kept


def _attachments(attachments: Any) -> dict[str, Any]:
    """The pictures of a cell of text, under plain names."""
    found: dict[str, Any] = {}
    for name, bundle in attachments.items() if isinstance(attachments, Mapping) else ():
        pictures = _pictures(bundle)
        if pictures and re.fullmatch(r"[\w.+-]{1,100}", str(name)):
            found[str(name)] = pictures
    return found


def _pictures(bundle: Any) -> dict[str, str]:
    data = bundle if isinstance(bundle, Mapping) else {}
    each = {kind: _raster(kind, data[kind]) for kind in RASTER if kind in data}
    return {kind: picture for kind, picture in each.items() if picture}


# -- its outputs ---------------------------------------------------------------------------------


def _output(output: Any, judged: bool) -> Any | None:
    """An output of a kind that is known, or None."""
    if not isinstance(output, Mapping):
        return None
    match output.get("output_type"):
        case "stream":
            name = "stderr" if output.get("name") == "stderr" else "stdout"
            return v4.new_output(
                "stream", name=name, text=harmless_text(_text(output.get("text")))
            )
        case "error":
            lines = output.get("traceback")
            every = lines if isinstance(lines, list | tuple) else [lines]
            return v4.new_output(
                "error",
                ename=harmless_text(_text(output.get("ename"))),
                evalue=harmless_text(_text(output.get("evalue"))),
                traceback=[harmless_text(_text(line)) for line in every],
            )
        case "execute_result" | "display_data" as kind:
            return _shown(kind, output, judged)
    return None


def _shown(kind: str, output: Any, judged: bool) -> Any:
    given = output.get("data")
    bundle = given if isinstance(given, Mapping) else {}
    data = {mime: text for mime in bundle if (text := _data(mime, bundle[mime])) is not None}
    if bundle and not data:
        data = {"text/plain": LEFT_OUT.format(", ".join(sorted(map(_mime, bundle))))}
    metadata = output.get("metadata")
    every = metadata if isinstance(metadata, Mapping) else {}
    kept = {mime: known for mime in data if (known := _known(every.get(mime), PICTURE))}
    if judged and MARK in every:
        kept[MARK] = every[MARK]
    made = from_dict({"output_type": kind, "data": data, "metadata": kept})
    if kind == "execute_result":
        count = output.get("execution_count")
        made["execution_count"] = count if type(count) is int else None
    return made


def _mime(name: Any) -> str:
    return re.sub(r"[^\w.+/-]", "?", str(name))[:60]


def _data(mime: str, value: Any) -> str | None:
    """What an output shows in this form, or None where it is not shown."""
    match mime:
        case "text/plain":
            return harmless_text(_text(value))
        case "text/html":
            return harmless_html(_text(value))
        case "text/markdown":
            return harmless_markdown(_text(value))
        case "text/latex":
            return harmless_formula(_text(value))
        case "image/svg+xml":
            return harmless_svg(_text(value)) or None
    return _raster(mime, value) if mime in RASTER else None


# -- where nbgrader calls it ---------------------------------------------------------------------


class Sanitise(Preprocessor):
    """Of what nbgrader keeps: first what was handed in, and later what running it has put out."""

    enabled = True

    def preprocess(self, nb: Any, resources: Any) -> Any:
        """A lab's notebook is left as it is: it was made from the release, and judged."""
        exporter: Any = self.parent
        converter = exporter.parent
        if not is_lab(resources, converter.coursedir):
            sanitise(nb, texts=bool(converter._sanitizing))
        return nb, resources


class Shown(Preprocessor):
    """Of what nbgrader shows: once more, whoever wrote the notebook that is there."""

    enabled = True

    def preprocess(self, nb: Any, resources: Any) -> Any:
        """The notebook, and the names on the page in which it is shown."""
        sanitise(nb, texts=False, judged=True)
        for name in ("student", "first_name", "last_name", "notebook_path", "filename"):
            if isinstance(resources.get(name), str):
                resources[name] = html.escape(resources[name])
        return nb, resources


@pass_context
def markdown2html(context: Any, source: str) -> str:
    """nbconvert's filter of this name, with what it gives made harmless."""
    cell = context.get("cell") or {}
    return rendered(source, cell.get("attachments"))


class FeedbackPage(HTMLExporter):
    """A page of feedback in which no script runs but that which sets formulas."""

    def from_notebook_node(self, nb: Any, resources: Any = None, **more: Any) -> Any:
        """The page, with its policy in its head."""
        page, resources = super().from_notebook_node(nb, resources, **more)
        return with_policy(page, policy(formulas=True), STYLE), resources
