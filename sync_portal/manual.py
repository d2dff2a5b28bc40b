"""The pages of docs/ as the portal shows them: Markdown to HTML, with anchors, and links that lead to our addresses."""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.urls import reverse
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

FOLDER = settings.BASE_DIR / "docs"
FIRST = "README"  # the page that leads to all others
PAGE_LINK = re.compile(r"^([A-Za-z-]+)\.md(#.*)?$")
PICTURE = re.compile(r"^screenshots/([a-z0-9-]+)\.png$")


@dataclass(frozen=True, slots=True)
class Heading:
    title: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Page:
    """``sections`` are the headings of the second level; ``html`` is everything below the title."""

    title: str
    html: str
    sections: tuple[Heading, ...]


def page(name: str) -> Page | None:
    """The page of this name; None where there is none."""
    path = _pages().get(name)
    return _drawn(path, path.stat().st_mtime_ns) if path else None


def picture(name: str) -> Path | None:
    return {path.stem: path for path in (FOLDER / "screenshots").glob("*.png")}.get(name)


def _pages() -> dict[str, Path]:
    """Looked up by name, so that no address reaches another file."""
    return {path.stem: path for path in FOLDER.glob("*.md")}


@cache
def _drawn(path: Path, changed: int) -> Page:
    """Kept as long as the file does not change."""
    tokens = parsed(path.read_text())
    title, start = (tokens[1].content, 3) if tokens and tokens[0].tag == "h1" else (path.stem, 0)
    for token in _all(tokens):
        _adapt(token)
    html = _MARKDOWN.renderer.render(tokens[start:], _MARKDOWN.options, {})
    return Page(title, html, tuple(heading for level, heading in headings(tokens) if level == "h2"))


def parsed(text: str) -> list[Token]:
    """Block tokens; every heading has its anchor as ``id``."""
    tokens = _MARKDOWN.parse(text)
    seen: dict[str, int] = {}
    for opening, inside in itertools.pairwise(tokens):
        if opening.type == "heading_open":
            anchor = anchor_of(inside.content)
            seen[anchor] = seen.get(anchor, -1) + 1
            opening.attrSet("id", f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
    return tokens


def anchor_of(heading: str) -> str:
    """As GitHub makes it, so that a link works in both places."""
    return re.sub(r"[^\w\- ]", "", bare(heading).lower()).replace(" ", "-")


def bare(heading: str) -> str:
    """Without the tags and marks it is written with."""
    return re.sub(r"<[^>]*>|`", "", heading)


def headings(tokens: Sequence[Token]) -> Iterator[tuple[str, Heading]]:
    """Level and heading, in order."""
    for opening, inside in itertools.pairwise(tokens):
        if opening.type == "heading_open":
            yield opening.tag, Heading(bare(inside.content), str(opening.attrGet("id")))


def _all(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _all(token.children or ())


def _adapt(token: Token) -> None:
    """Addresses as ours; alignment as a class, since pages carry no inline style."""
    if token.type == "link_open":
        token.attrSet("href", _address(str(token.attrGet("href"))))
    if token.type == "image" and (found := PICTURE.match(str(token.attrGet("src")))):
        token.attrSet("src", reverse("manual_picture", args=[found[1]]))
    style = token.attrs.pop("style", "")
    if style:
        token.attrSet("class", "n" if "right" in str(style) else "")


def _address(link: str) -> str:
    found = PAGE_LINK.match(link)
    if not found:
        return link
    name, anchor = found[1], found[2] or ""
    return (reverse("manual") if name == FIRST else reverse("manual_page", args=[name])) + anchor


class _Renderer(RendererHTML):
    """Tables and code scroll by themselves where they are wider than the page, by keyboard too."""

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return '<div class="table-wrap" tabindex="0" role="group" aria-label="Table">\n<table class="table">\n'

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return "</table>\n</div>\n"

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return super().fence(tokens, idx, options, env).replace("<pre>", '<pre tabindex="0">', 1)


_MARKDOWN = MarkdownIt("commonmark", {"html": True}, renderer_cls=_Renderer).enable("table")
