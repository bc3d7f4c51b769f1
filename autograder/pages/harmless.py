"""What students wrote, made harmless to the browser of who reads it: HTML, Markdown, SVG, text.

Rendered HTML goes through nh3.  Markdown is made harmless as it is stored, too, for programs that
render it themselves: what can be no tag and no link any more is still there to be read.
"""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Callable, Collection, Mapping
from html.parser import HTMLParser
from typing import Any

import nh3

LONGEST = 20_000
"""Characters of a cell of text beyond which it is shown as it is typed, not rendered."""

_TAGS = (
    "a abbr b blockquote br caption center code col colgroup dd del details div dl dt em "
    "figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small "
    "span strike strong sub summary sup table tbody td tfoot th thead tr tt u ul var"
)
TAGS = frozenset(_TAGS.split())
ATTRIBUTES: Mapping[str, Collection[str]] = {
    "*": ("align", "aria-hidden", "aria-label", "class", "lang", "role", "style", "title"),
    **{f"h{level}": ("id",) for level in range(1, 7)},
    "a": ("href",),
    "col": ("span", "width"),
    "details": ("open",),
    "div": ("tabindex",),
    "img": ("alt", "height", "src", "width"),
    "li": ("value",),
    "ol": ("start", "type"),
    "table": ("border",),
    "td": ("colspan", "headers", "rowspan", "valign"),
    "th": ("colspan", "headers", "rowspan", "scope", "valign"),
}
MADE = frozenset(("class", "id", "rel"))
"""Attributes that Markdown's renderer makes itself."""
_STYLES = (
    "background background-color border border-bottom border-collapse border-left "
    "border-right border-top color font-family font-size font-style font-weight height "
    "line-height margin margin-bottom margin-left margin-right margin-top max-width opacity "
    "padding padding-left padding-right text-align text-decoration vertical-align "
    "white-space width"
)
STYLES = frozenset(_STYLES.split())
_SVG = (
    "circle clipPath defs desc ellipse g line linearGradient marker path pattern polygon "
    "polyline radialGradient rect stop svg symbol text title tspan use"
)
SVG = frozenset(_SVG.split())
_SVG_ATTRIBUTES = (
    "clip-path clipPathUnits cx cy d dx dy fill fill-opacity fill-rule font-family font-size "
    "font-style font-weight gradientTransform gradientUnits height id marker-end marker-start "
    "markerHeight markerUnits markerWidth offset opacity orient patternUnits points "
    "preserveAspectRatio r refX refY rx ry stop-color stop-opacity stroke stroke-dasharray "
    "stroke-linecap stroke-linejoin stroke-opacity stroke-width style text-anchor transform "
    "version viewBox width x x1 x2 xlink:href href xmlns xmlns:xlink y y1 y2"
)
SVG_ATTRIBUTES = frozenset(_SVG_ATTRIBUTES.split())
_SVG_STYLES = (
    "clip-path fill fill-opacity fill-rule font opacity stop-color stop-opacity stroke "
    "stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit "
    "stroke-opacity stroke-width text-anchor"
)
SVG_STYLES = STYLES | frozenset(_SVG_STYLES.split())
CLASSES = re.compile(
    r"[a-z]{1,3}\d?|highlight|hll|anchor-link|overview|wide|number|hidden|dataframe|alert"
    r"|alert-(?:info|success|warning|danger)|ansi-[a-z-]+|language-[\w+-]+"
)
"""Classes that give a look and mean nothing to a page's scripts."""
SCHEMES = frozenset(("http", "https", "mailto"))
RASTER = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*", re.IGNORECASE)
OWN_FILE = re.compile(r"(?!/)(?!.*(?:\.\.|//|\\))[^:?#\x00-\x20]+", re.DOTALL)
"""The relative address of a file beside the notebook, or below it."""
UNFIT_STYLE = re.compile(r"url|image|expression|[\\@<]|/\*|-\s*\d|content\s*:", re.IGNORECASE)
NO_SCHEME = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]+")

# -- what is rendered ----------------------------------------------------------------------------


def harmless_html(text: str) -> str:
    """HTML without anything that runs, loads what others can see, or imitates the page."""
    return nh3.clean(
        _encodable(text),
        tags=set(TAGS),
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        attribute_filter=_fit,
        url_schemes={*SCHEMES, "data"},
        filter_style_properties=set(STYLES),
    )


def harmless_svg(text: str) -> str:
    """A picture without anything but shapes and text; empty where there is none."""
    clean = nh3.clean(
        _encodable(text),
        tags=set(SVG),
        attributes={"*": set(SVG_ATTRIBUTES)},
        attribute_filter=_fit_svg,
        filter_style_properties=set(SVG_STYLES),
        link_rel=None,
    )
    found = re.search(r"<svg\b.*</svg>", clean, re.DOTALL)
    return found.group() if found else ""


def harmless_text(text: str) -> str:
    """Text of a program: colours stay, everything else that steers a terminal is shown."""
    return _STEERS.sub(lambda found: f"\\x{ord(found.group()):02x}", _encodable(text))


_STEERS = re.compile("(?!\x1b\\[[0-9;]*m)[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def _fit(tag: str, name: str, value: str) -> str | None:
    """The value of an attribute, or nothing; what nh3 asks for each that is allowed by name."""
    if name == "class":
        return " ".join(one for one in value.split() if CLASSES.fullmatch(one)) or None
    return value if _is_harmless(tag, name, value) else None


def _fit_svg(tag: str, name: str, value: str) -> str | None:
    if name in ("href", "xlink:href"):
        return value if tag == "use" and value.startswith("#") else None
    if name.startswith("xmlns"):
        return value if value.startswith("http://www.w3.org/") else None
    others = re.sub(r"url\(\s*['\"]?#[\w.-]+['\"]?\s*\)", "", value)
    return None if re.search(r"url|image|expression|[\\@<]", others, re.IGNORECASE) else value


def _is_harmless(tag: str, name: str, value: str) -> bool:
    """Whether an attribute that is allowed by its name can be left with this value."""
    if name == "href":
        return is_harmless_address(value)
    if name == "src":
        return bool(RASTER.fullmatch(value) or OWN_FILE.fullmatch(value))
    if name == "style":
        return not UNFIT_STYLE.search(value)
    return True


def is_harmless_address(address: str) -> bool:
    """Whether a link leads to a page, a place on this one, or somebody's mailbox."""
    bare = NO_SCHEME.sub("", address)
    scheme, colon, _ = bare.partition(":")
    if not colon or re.search(r"[/?#]", scheme):
        return True
    return scheme.lower() in SCHEMES


# -- Markdown ------------------------------------------------------------------------------------


def rendered(source: str, attachments: Mapping[str, Any] | None = None) -> str:
    """A cell of Markdown as HTML, as nbconvert renders it, made harmless."""
    if len(source) > LONGEST:
        return f"<pre>{html.escape(_encodable(source))}</pre>"
    try:
        return harmless_html(BOX.sub(_as_sign, _as_html(source, attachments or {})))
    except Exception:  # of a renderer, on what may be written to break it
        return f"<pre>{html.escape(_encodable(source))}</pre>"


BOX = re.compile(
    r'<input class="task-list-item-checkbox" type="checkbox" disabled(?: checked)? ?/>'
)
"""What the renderer makes of a box in a list of things to do."""


def _as_sign(box: re.Match[str]) -> str:
    return "☑ " if " checked" in box.group() else "☐ "


def harmless_formula(source: str) -> str:
    """LaTeX that is typeset and does nothing else."""
    return _without_tags(_without_macros(_encodable(source)))


def harmless_markdown(
    source: str, attachments: Mapping[str, Any] | None = None, most: int = LONGEST
) -> str:
    """Markdown that any renderer turns into harmless HTML; as it was where that is so already.

    What is not harmless is taken out of Markdown's grammar step by step, and stays to be read:
    tags first, then the links that lead nowhere good, all links, and last the whole text, as
    all of it that is longer than most is.
    """
    text = _encodable(source)
    if len(text) > most:
        return _as_typed(_without_tags(text))
    if not re.search(r"[<\[\\]", text):
        return text
    text = _without_macros(text)
    text = _without_attachments(text, attachments or {})
    steps: tuple[Callable[[str], str], ...] = (
        _without_tags,
        _without_bad_links,
        _without_links,
        _as_typed,
    )
    for step in steps:
        text = step(text)
        if _renders_harmless(text, attachments or {}):
            return text
    return LEFT_OUT


LEFT_OUT = "(This cell cannot be shown.)"
TAG = re.compile(
    r"""</?[A-Za-z][A-Za-z0-9]*(?:[ \t]+[A-Za-z][\w-]*(?:="[^"<>\r\n]*"|='[^'<>\r\n]*'"""
    r"""|=[\w.%#/-]+)?)*[ \t]*/?>"""
)
AUTOLINK = re.compile(r"<(?:https?://[^<>\s\"'`\\]*|[\w.+-]+@[\w.-]+)>")
MACROS = re.compile(
    r"\\(href|url|require|cssId|class|style|data|html\w*|mmlToken|includegraphics|unicode)"
    r"(?![A-Za-z])"
)
"""What in a formula is more than a formula."""
LINK = re.compile(r"\](?P<how>\(|:)(?P<space>\s*)(?P<address><[^<>\n]*>?|[^\s)]*)")


def _without_tags(text: str) -> str:
    """A blank after each < that could begin a tag, save where it is a harmless one as a whole."""
    parts, place = [], 0
    for found in re.finditer(r"<(?=[A-Za-z/!?])", text):
        if found.start() < place:
            continue
        parts.append(text[place : found.start()])
        whole = AUTOLINK.match(text, found.start()) or TAG.match(text, found.start())
        if whole is not None and _is_harmless_html(whole.group(), made=frozenset()):
            parts.append(whole.group())
            place = whole.end()
        else:
            parts.append("< ")
            place = found.end()
    return "".join([*parts, text[place:]])


def _without_macros(text: str) -> str:
    return MACROS.sub(r"\\text{\1}", text)


def _without_attachments(text: str, attachments: Mapping[str, Any]) -> str:
    """References to pictures that are not there: a renderer refuses the whole notebook for one."""
    kept = {f"attachment:{name}" for name in attachments}
    return re.sub(
        r"attachment(?=:)[^\s)\"'<>]*",
        lambda found: found.group() if found.group() in kept else "not-kept",
        text,
        flags=re.IGNORECASE,
    )


def _without_bad_links(text: str) -> str:
    """A blank that makes text of a link, where its address is not harmless."""

    def broken(found: re.Match[str]) -> str:
        address = re.sub(r"\\(?=[^\w\s])", "", html.unescape(found["address"].strip("<>")))
        how = found["how"]
        return found.group() if is_harmless_address(address) else f"] {found.group()[len(how) :]}"

    return LINK.sub(broken, text)


def _without_links(text: str) -> str:
    return re.sub(r"\](?=[(\[:])", "] ", text)


def _as_typed(text: str) -> str:
    """The text in a block that shows it as it is typed."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def _renders_harmless(text: str, attachments: Mapping[str, Any]) -> bool:
    try:
        return _is_harmless_html(_as_html(text, attachments), made=MADE)
    except Exception:  # of a renderer, on what may be written to break it
        return False


def _as_html(source: str, attachments: Mapping[str, Any]) -> str:
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    renderer: Any = IPythonRenderer(escape=False, attachments=dict(attachments))
    written: Any = MarkdownWithMath(renderer=renderer)
    return str(written.render(source))


class _Tags(HTMLParser):
    """Whether all tags of HTML are harmless, where no tag is broken.  made: more attributes."""

    def __init__(self, made: Collection[str]) -> None:
        super().__init__()
        self.made, self.harmless = made, True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one tag."""
        if self.made and tag == "input" and ("type", "checkbox") in attrs:
            return  # of a list of things to do
        names = {*ATTRIBUTES["*"], *ATTRIBUTES.get(tag, ()), *self.made}
        self.harmless &= tag in TAGS and all(
            name in names and _is_harmless(tag, name, value or "") for name, value in attrs
        )

    def handle_endtag(self, tag: str) -> None:
        """An end of what may not begin is none of the text."""
        self.harmless &= tag in TAGS or bool(self.made and tag == "input")

    def handle_comment(self, data: str) -> None:
        """A comment ends where a browser thinks that it does."""
        self.harmless = False

    def handle_decl(self, decl: str) -> None:
        """As a comment."""
        self.harmless = False

    def handle_pi(self, data: str) -> None:
        """As a comment."""
        self.harmless = False

    def unknown_decl(self, data: str) -> None:
        """As a comment."""
        self.harmless = False


def _is_harmless_html(text: str, made: Collection[str]) -> bool:
    tags = _Tags(made)
    if AUTOLINK.fullmatch(text):
        return True
    tags.feed(text)
    tags.close()
    return tags.harmless


@functools.lru_cache(maxsize=1024)
def _encodable(text: str) -> str:
    """Text that can be written as UTF-8, with nothing in it that no text file has."""
    whole = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]", "\ufffd", whole)
