"""What a student may write to act in the browser of who opens it, and what is harmless."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

DEED = """
top.ran = (top.ran || 0) + 1;
fetch(location.origin + "/api/contents/written-by-a-student.txt", {
  method: "PUT",
  headers: {"X-XSRFToken": (document.cookie.match(/_xsrf=([^;]+)/) || [])[1]},
  body: JSON.stringify({type: "file", format: "text", content: "x"}),
});
"""
RUN = f"eval(unescape(/{''.join(f'%{ord(letter):02x}' for letter in DEED)}/.source))"
"""The deed in one expression without quotes and blanks."""
SHORT = "top.ran=1"
PAGE = quote(f"<script>parent.{SHORT};top.{SHORT}</script>")
SVG = f'<svg xmlns="http://www.w3.org/2000/svg" onload="{RUN}"><script>{RUN}</script></svg>'

MARKDOWN = (
    f"<script>{RUN}</script>",
    f"<SCRIPT\n>{RUN}</SCRIPT\n>",
    f"<img src=x onerror={RUN}>",
    f'<img src="x" alt="`" onerror="{RUN}">`',
    f"<img/src=x/onerror={RUN}>",
    f"<svg/onload={RUN}>",
    f"<svg><script>{RUN}</script></svg>",
    f"<svg><animate onbegin={RUN} attributeName=x dur=1s>",
    f"<math><mtext><table><mglyph><style><!--</style><img title='--><img src=x onerror={RUN}>'>",
    f"<noscript><p title='</noscript><img src=x onerror={RUN}>'>",
    f"<details open ontoggle={RUN}>",
    f"<input autofocus onfocus={RUN}>",
    f"<video><source onerror={RUN}></video>",
    f"<body onload={RUN}>",
    f"<style>@import 'x';</style><div style='animation: x' onanimationstart={RUN}>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    f"<iframe src='javascript:{RUN}'></iframe>",
    f"<object data='data:text/html,{PAGE}'></object>",
    f"<embed src='data:text/html,{PAGE}'>",
    f"<form action='javascript:{RUN}'><button>x</button></form>",
    f"<a href='javascript:{RUN}'>x</a>",
    f"<a href='java&#10;script:{RUN}'>x</a>",
    f"<base href='javascript:/{RUN}/'>",
    f"<meta http-equiv=refresh content='0;url=javascript:{RUN}'>",
    f"<link rel=stylesheet href=x onerror={RUN}>",
    f"<div data-toggle='tooltip' data-html='true' title='<img src=x onerror={RUN}>'>x</div>",
    f"<div>\n\n*text*\n\n<img src=x onerror={RUN}>\n\n</div>",
    f"> <img\n> src=x\n> onerror={RUN}>",
    f"- <img\n  src=x onerror={RUN}>",
    f'| <img title="| src=x onerror={RUN} |\n|-|-|\n| 1 | 2 |',
    f"<!-- --!><img src=x onerror={RUN}> -->",
    f"<![CDATA[ ]]><img src=x onerror={RUN}>",
    f"<?x ?><img src=x onerror={RUN}>",
    f"$x <img src=x onerror={RUN}> y$",
    f"$$\n<script>{RUN}</script>\n$$",
    f"\\begin{{a}}<img src=x onerror={RUN}>\\end{{a}}",
    f"```mermaid\n<img src=x onerror={RUN}>\n```",
    f'```"><img src=x onerror={RUN}>\nx\n```',
    f"`<img src=x onerror={RUN}>",
    f"[x](javascript:{RUN})",
    f"[x](JaVaScRiPt:{RUN})",
    f"[x](&#106;avascript:{RUN})",
    f"[x](javascript&colon;{RUN})",
    f"[x](javascript\\:{RUN})",
    f"[x](<javascript:{RUN}>)",
    f"[x](\x01javascript:{RUN})",
    f"[x](vbscript:{RUN})",
    f"[x](data:text/html,{PAGE})",
    f"[x][bad]\n\n[bad]: javascript:{RUN}",
    f"![x](javascript:{RUN})",
    f"![x](data:image/svg+xml,{quote(SVG)})",
    f'![x](y "z\\" onerror={RUN} \\"")',
    f'![" onerror={RUN} x="](x)',
    f"<javascript:{RUN}>",
    f"# <img src=x onerror={RUN}>",
    f"&lt;img src=x onerror={RUN}&gt;",
    f"<script>{RUN}",
    f"<img src=x onerror={RUN}//",
)
GOOD = """\
## A heading of mine

Some *emphasis*, **strength** and `code < 1`, [a link](https://example.org/page), $a^2 < b$,
H<sub>2</sub>O and <span style="color:red">red</span>.

| left | right |
|------|------:|
| one  | two   |

1. first
2. second

```python
if a < b:
    pass
```
"""
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

BUNDLES: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
    ({"text/html": f"<script>{RUN}</script><b>bold</b>"}, {}),
    ({"text/html": f"<img src=x onerror={RUN}>"}, {"text/html": {"isolated": True}}),
    ({"text/html": f"<script>top.{RUN}</script>"}, {"text/html": {"isolated": True}}),
    ({"image/svg+xml": SVG}, {}),
    ({"text/markdown": f"<img src=x onerror={RUN}>"}, {}),
    ({"text/latex": f"$<img src=x onerror={RUN}>$"}, {}),
    ({"application/javascript": RUN}, {}),
    ({"text/vnd.mermaid": f"<img src=x onerror={RUN}>"}, {}),
    ({"application/vnd.jupyter.widget-view+json": {"model_id": f"</script><script>{RUN}"}}, {}),
    ({"image/png": PNG}, {"image/png": {"width": f"1 onerror={RUN} x", "height": 3}}),
    ({"image/png": f'x" onerror="{RUN}'}, {}),
    ({"image/png": PNG}, {"image/png": {"width": 30}}),
    ({"text/html": "<table border='1' class='dataframe'><tr><td>cell</td></tr></table>"}, {}),
    ({"text/plain": f"<img src=x onerror={RUN}>"}, {}),
)


def shows() -> str:
    """Python that puts all these bundles out, and an error and a stream."""
    return (
        "import json\n"
        "from IPython.display import display\n"
        f"for data, metadata in json.loads({json.dumps(json.dumps(BUNDLES))}):\n"
        "    display(data, raw=True, metadata=metadata)\n"
        f"print({json.dumps(f'<img src=x onerror={RUN}>')})\n"
    )


def cells() -> list[dict[str, Any]]:
    """A cell of text for each text, and fields of metadata that pages show."""
    bad = [
        {"cell_type": "markdown", "metadata": {}, "source": text, "id": f"text-{number}"}
        for number, text in enumerate((*MARKDOWN, GOOD))
    ]
    tag = f'"><img src=x onerror={RUN}>'
    code = {
        "cell_type": "code",
        "id": "odd",
        "metadata": {"tags": [tag], "magics_language": tag},
        "source": f"# <img src=x onerror={RUN}>",
        "execution_count": None,
        "outputs": [],
    }
    raw = {
        "cell_type": "raw",
        "id": "raw",
        "metadata": {"raw_mimetype": "text/html"},
        "source": f"<img src=x onerror={RUN}>",
    }
    attached = {
        "cell_type": "markdown",
        "id": "attached",
        "metadata": {},
        "source": "![a](attachment:a.svg) ![b](attachment:b.png) ![c](attachment:none.png)",
        "attachments": {
            "a.svg": {f'image/svg+xml;" onerror="{RUN}': SVG},
            "b.png": {"image/png": PNG},
        },
    }
    return [*bad, code, raw, attached]


METADATA = {
    "title": f"</title><script>{RUN}</script>",
    "widgets": {
        "application/vnd.jupyter.widget-state+json": {"state": {"x": f"</script><script>{RUN}"}}
    },
    "language_info": {"name": f'"><img src=x onerror={RUN}>'},
}
TRY_ALL = """() => {
  for (const one of document.querySelectorAll("*")) {
    const link = one.closest("a[href]");
    if (link && /^(https?|mailto|file):/.test(link.href)) continue;
    if (one.closest("button.btn, .jp-Toolbar")) continue;
    for (const kind of ["mouseover", "mouseenter", "pointerenter", "focus", "toggle"])
      one.dispatchEvent(new Event(kind, {bubbles: true}));
    if (link) link.click();
  }
}"""
"""What a reader does with the mouse."""
