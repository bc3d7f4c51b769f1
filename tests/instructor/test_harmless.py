"""What students wrote is harmless before it is kept, and what is no harm is left as it was."""

from __future__ import annotations

import base64
import io
import json
import re
from html import unescape
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from nbformat.notebooknode import from_dict

from autograder.course.handin import RENDERED, Release, as_notebook
from autograder.course.sanitising import sanitise
from autograder.judge.submission import Part, Submission
from autograder.pages.class_page import class_page
from autograder.pages.harmless import (
    LONGEST,
    harmless_html,
    harmless_markdown,
    harmless_svg,
    harmless_text,
    is_harmless_address,
    rendered,
)
from autograder.pages.insight import Insight
from autograder.pages.overview import MARK
from autograder.pages.policy import policy, with_policy

RUNS = re.compile(
    r"<\s*(?:script|iframe|object|embed|style|svg|math|form|base|meta|link|input)\b(?! type=\"check)"
    r"|<[a-z][^>]*\son\w+\s*=|<[a-z][^>]*\s(?:href|src)\s*=\s*[\"']?\s*(?:javascript|vbscript|data:text)",
    re.IGNORECASE,
)
"""Tags and attributes that run or load something."""
GOOD = (
    "plain",
    "# A heading\n\n*a*, **b**, `c < d` and [a link](https://example.org/a?b=c#d 'title')",
    "$a < b$ and $$\\sum_{i < n} x_i \\\\[2pt] y$$",
    "| a | b |\n|---|--:|\n| 1 | 2 |",
    'H<sub>2</sub>O<br>\n<b>bold</b> <span style="color: red">red</span>',
    "<details>\n<summary>more</summary>\n\ntext\n\n</details>",
    "<https://example.org> and <ada@example.org>",
    "[ref][1]\n\n[1]: https://example.org",
    "- [ ] to do\n- [x] done",
    '![picture](figure.png) <img src="data/figure.png" width="300">',
    "```python\nif a < b:\n    pass\n```",
)
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(20)).decode()


@pytest.mark.parametrize("text", GOOD)
def test_what_is_no_harm_is_kept_to_the_letter(text: str) -> None:
    assert harmless_markdown(text) == text


@pytest.mark.parametrize("text", GOOD)
def test_what_is_no_harm_is_rendered_as_ever(text: str) -> None:
    def words(html: str) -> str:
        return " ".join(unescape(re.sub("<[^>]*>|[☐☑]", " ", html)).split())

    usual = markdown2html_mistune(text)
    assert words(rendered(text)) == words(usual)
    tags = [
        re.findall("<(em|strong|a|code|td|sub|li|summary|img|h1)\\b", one)
        for one in (rendered(text), usual)
    ]
    assert tags[0] == tags[1]


PIECES = st.lists(
    st.sampled_from(
        [
            *(
                "<",
                ">",
                "</",
                "/>",
                '"',
                "'",
                "`",
                "```",
                "\n",
                "\n\n",
                " ",
                "|",
                "|-|\n",
                "> ",
                "- ",
            ),
            *(
                "$",
                "$$",
                "\\",
                "\\(",
                "&lt;",
                "&#60;",
                "&#106;",
                "&colon;",
                "<!--",
                "-->",
                "<![CDATA[",
            ),
            *(
                "[",
                "](",
                ")",
                "]:",
                "][",
                "!",
                "*",
                "_",
                "# ",
                "\t",
                "\x01",
                "\u200b",
                "<?",
                "~~~",
            ),
            *("script", "img", "src=x", "onerror=f()", "svg", "javascript:", "java\nscript:", "a"),
            *("href=", "style=", "data:text/html,", "title=", "div", "b", "mermaid\n", "https://"),
        ]
    ),
    max_size=30,
)


@settings(max_examples=400, deadline=None)
@given(PIECES)
def test_no_mixture_of_markdown_and_html_runs(pieces: list[str]) -> None:
    text = "".join(pieces)
    kept = harmless_markdown(text)
    assert not RUNS.search(markdown2html_mistune(kept)), kept
    assert not RUNS.search(rendered(text))
    assert harmless_markdown(kept) == kept


def test_only_the_bad_link_of_several_is_none_any_more() -> None:
    kept = harmless_markdown("[a](javascript:f()) and [b](https://example.org)")
    assert kept == "[a] (javascript:f()) and [b](https://example.org)"


def test_a_formula_gets_a_blank_where_a_tag_could_begin() -> None:
    assert harmless_markdown("$\\sum_{i<n} x_i$") == "$\\sum_{i< n} x_i$"


def test_boxes_of_a_list_are_seen() -> None:
    assert "☐" in rendered("- [ ] to do")
    assert "☑" in rendered("- [x] done")


def test_a_formula_brings_no_link_and_no_style() -> None:
    assert harmless_markdown("$\\href{javascript:f()}{x} \\hrefs$") == (
        "$\\text{href}{javascript:f()}{x} \\hrefs$"
    )


@pytest.mark.parametrize(
    ("address", "fine"),
    [
        ("https://example.org", True),
        ("mailto:ada@example.org", True),
        ("#here", True),
        ("page.txt", True),
        ("a/b:c", True),
        ("java\tscript:f()", False),
        (" \x01javascript:f()", False),
        ("JAVASCRIPT:f()", False),
        ("data:text/html,x", False),
        ("blob:x", False),
        ("java\u200bscript:f()", False),
    ],
)
def test_links_lead_to_pages_and_mailboxes(address: str, fine: bool) -> None:
    assert is_harmless_address(address) is fine


def test_html_of_an_output_keeps_its_look() -> None:
    table = '<table border="1" class="dataframe"><tbody><tr><td>1</td></tr></tbody></table>'
    assert harmless_html(table) == table
    assert harmless_html('<p class="comment score row">x</p>') == '<p class="row">x</p>'
    assert "url" not in harmless_html('<p style="background:url(https://example.org)">x</p>')
    assert harmless_html('<img src="https://example.org/seen.png" alt="a">') == '<img alt="a">'
    assert harmless_html('<img src="/logout">') == "<img>"
    assert harmless_html("<style>*{display:none}</style>x") == "x"


def test_a_drawing_stays_a_drawing() -> None:
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().plot([1, 3, 2])
    file = io.StringIO()
    figure.savefig(file, format="svg")
    drawn = harmless_svg(file.getvalue())
    assert drawn.startswith("<svg ")
    assert 'viewBox="' in drawn
    assert drawn.count("<path") == file.getvalue().count("<path")
    assert drawn.count("<use") == file.getvalue().count("<use")
    bad = '<svg xmlns="http://www.w3.org/2000/svg" onload="f()"><script>f()</script>'
    bad += '<a href="javascript:f()"><path d="M0 0"/></a><foreignObject><b>x</b></foreignObject>'
    kept = harmless_svg(f'{bad}<use href="https://example.org/#a"/><image href="x"/></svg>')
    assert not re.search("on|script|example|foreign|image", kept.replace("version", ""))
    assert "<path" in kept
    assert harmless_svg("<b>none</b>") == ""


def test_colours_of_a_program_stay_and_what_steers_is_shown() -> None:
    assert harmless_text("\x1b[31mred\x1b[0m\n\ttab") == "\x1b[31mred\x1b[0m\n\ttab"
    assert harmless_text("\x1b]0;title\x07\x1b[2J") == "\\x1b]0;title\ufffd\\x1b[2J"


def test_a_text_that_is_too_long_is_shown_as_it_is_typed() -> None:
    text = "`[a](javascript:f())` " * (LONGEST // 20)
    kept = harmless_markdown(text)
    assert kept.startswith("```text\n")
    assert "<a" not in markdown2html_mistune(kept)
    parts = tuple(Part("markdown", "*x* " * (LONGEST // 5)) for _ in range(40))
    cells = as_notebook(Submission("ada", parts=parts), Release({})).cells
    rendered_ones = [cell for cell in cells if not cell.source.startswith("```")]
    assert 0 < sum(len(cell.source) for cell in rendered_ones) <= RENDERED


# -- notebooks -----------------------------------------------------------------------------------


def code(**output: Any) -> Any:
    cell = {"cell_type": "code", "metadata": {}, "source": "", "outputs": [output]}
    return from_dict({"metadata": {}, "cells": [cell], "nbformat": 4, "nbformat_minor": 5})


def shown(data: Any, metadata: Any = None) -> Any:
    nb = code(output_type="display_data", data=data, metadata=metadata or {})
    sanitise(nb)
    return nb.cells[0].outputs[0]


def test_of_outputs_what_is_known_is_shown() -> None:
    assert shown({"image/png": PNG}, {"image/png": {"width": 30, "height": "4x onerror=f()"}}) == {
        "output_type": "display_data",
        "data": {"image/png": PNG},
        "metadata": {"image/png": {"width": 30}},
    }
    assert "data" in shown({"image/png": 'x" onerror="f()'})
    assert shown({"application/javascript": "f()"}).data == {
        "text/plain": "(an output that is not shown here: application/javascript)"
    }
    kept = shown({"text/html": ["<b>x</b>", "<script>f()</script>"], "text/x-new": "y"})
    assert kept.data == {"text/html": "<b>x</b>"}
    assert shown({"text/plain": "x"}, {MARK: {"outcome": "right"}}).metadata == {}


def test_metadata_that_pages_show_is_known_or_gone() -> None:
    nb = code(output_type="stream", name="odd", text=["a", "b"])
    evil = '"><script>f()</script>'
    nb.metadata = from_dict(
        {"title": evil, "widgets": {evil: {}}, MARK: {}, "language_info": {"name": evil}}
    )
    nb.cells[0] |= {"id": evil, "execution_count": evil}
    nb.cells[0].metadata = from_dict(
        {"tags": [evil, "good"], "nbgrader": {"grade_id": evil, "points": evil}, "name": evil}
    )
    nb.cells.append(from_dict({"cell_type": evil, "type": evil, "source": evil, "metadata": 3}))
    sanitise(nb)
    assert "script>" not in json.dumps(nb).replace("< script>", "").replace("< /script>", "")
    assert nb.cells[0].metadata == {"tags": ["good"]}
    assert nb.cells[0].outputs[0].text == "ab"
    assert nb.cells[1].cell_type == "raw"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_whatever_stands_where_in_a_notebook_nothing_is_raised(data: st.DataObject) -> None:
    some = lambda *names: {name: data.draw(JSON) for name in names}  # noqa: E731
    output = some("data", "metadata", "text", "traceback", "ename", "name") | {
        "output_type": data.draw(st.sampled_from(["stream", "error", "display_data", "x", 3]))
    }
    cell = some("metadata", "source", "attachments", "execution_count", "id") | {
        "cell_type": data.draw(st.sampled_from(["code", "markdown", "raw", "x", None])),
        "outputs": data.draw(st.sampled_from([[output], output, None])),
    }
    nb = from_dict({"cells": [cell, data.draw(JSON)], "metadata": some("kernelspec", "tags")})
    sanitise(nb)
    json.dumps(nb).encode()


# -- pages ---------------------------------------------------------------------------------------


def test_the_pages_of_a_class_let_no_script_run() -> None:
    page = class_page(Insight("tiny", "Sums", (), (), (), (), ()))
    rules = unescape(re.search('Content-Security-Policy" content="([^"]*)"', page)[1])  # type: ignore[index]
    assert "default-src 'none'" in rules
    assert "script-src 'none'" in rules


def test_a_policy_stands_first_in_the_head_of_a_page() -> None:
    page = with_policy("<html><head><title>x</title></head></html>", policy())
    assert page.index("Content-Security-Policy") < page.index("<title>")
    assert "script-src 'none'" in unescape(page)
    assert "base-uri 'none'" in unescape(page)
