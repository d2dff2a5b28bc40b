"""The manual: every issue and setting is explained, every link leads somewhere, every page can be reached and opens."""

import ast
import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands
from django.test import Client
from django.urls import reverse

from integrations import metering
from integrations.core.blast import LIMITS
from integrations.core.changes import Action
from integrations.hook_addresses import POLL_EVERY, POLL_EVERY_UNTOLD
from integrations.issue_codes import ACTIONS, CODES
from integrations.kinds.invoice import NUMBER_LENGTH
from integrations.proofs import KEPT
from integrations.queries.choices import label_of
from integrations.sync.allowances import STAGES
from integrations.tasks import DELIVERIES_KEPT
from sync_portal import manual

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
TEXTS = [*PAGES, ROOT / "README.md"]
names = [path.stem for path in PAGES]
KINDS = ("link_open", "image")


@cache
def targets(path: Path) -> tuple[str, ...]:
    """What the links and pictures of a page lead to."""
    tokens = manual.parsed(path.read_text())
    inside = (child for token in tokens for child in token.children or ())
    found = (str(t.attrGet("href" if t.type == "link_open" else "src")) for t in inside if t.type in KINDS)
    return tuple(found)


@cache
def anchors(path: Path) -> frozenset[str]:
    text = path.read_text()
    made = {heading.anchor for _, heading in manual.headings(manual.parsed(text))}
    return frozenset(made | set(re.findall(r'<a id="([^"]+)"></a>', text)))


def relative(path: Path) -> Iterator[tuple[Path, str]]:
    """The files of ours that a page links to, each with the anchor in it, or ""."""
    for target in targets(path):
        if "://" not in target and not target.startswith("mailto:"):
            file, _, anchor = target.partition("#")
            yield (path.parent / file).resolve() if file else path, anchor


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_relative_link_and_picture_leads_to_something(path: Path) -> None:
    for file, anchor in relative(path):
        assert file.exists(), file
        assert not anchor or anchor in anchors(file), f"{file.name}#{anchor}"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_links_only_to_what_the_portal_shows_as_well(path: Path) -> None:
    """A link to another file of the repository would lead nowhere at /docs/."""
    for target in targets(path):
        known = manual.PAGE_LINK.match(target) or manual.PICTURE.match(target)
        assert known or target.startswith(("#", "https://")), target


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen, waiting = set(), [ROOT / "README.md"]
    while waiting:
        path = waiting.pop()
        if path not in seen and path.suffix == ".md":
            seen.add(path)
            waiting += [file for file, _ in relative(path)]
    assert set(PAGES) <= seen


@pytest.mark.parametrize("name", names)
def test_every_page_opens_for_everybody_and_carries_nothing_inline(name: str, client: Client, db: None) -> None:
    address = reverse("manual") if name == manual.FIRST else reverse("manual_page", args=[name])
    answer = client.get(address)
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert not re.search(r"<style|style=\"|<script(?![^>]*src=)|\son[a-z]+=\"", html)
    assert html.count("<h1>") == 1


@pytest.mark.parametrize("name", names)
def test_the_links_of_a_page_in_the_portal_lead_to_pages_and_anchors_that_are_there(
    name: str, client: Client, db: None
) -> None:
    found = manual.page(name)
    assert found
    for address in set(re.findall(r'(?:href|src)="(/docs/[^"#]*)', found.html)):
        assert client.get(address).status_code == 200, address
    for anchor in re.findall(r'href="#([^"]+)"', found.html):
        assert f'id="{anchor}"' in found.html, anchor


@pytest.mark.parametrize("address", ["/docs/absent/", "/docs/screenshots/absent.png", "/docs/..%2FREADME/"])
def test_nothing_else_is_served_as_a_page_of_the_manual(address: str, client: Client, db: None) -> None:
    assert client.get(address).status_code == 404


def test_a_picture_of_the_manual_is_a_picture(client: Client, db: None) -> None:
    answer = client.get("/docs/screenshots/dashboard.png")
    assert answer.headers["Content-Type"] == "image/png"
    assert b"".join(answer).startswith(b"\x89PNG")


def test_a_column_of_figures_is_aligned_by_a_class() -> None:
    tokens = manual.parsed("| a | b |\n|---|--:|\n| x | 1.00 |\n")
    for token in tokens:
        manual._adapt(token)
    aligned = [token.attrGet("class") for token in tokens if token.type == "td_open"]
    assert aligned == [None, "n"] and not any("style" in token.attrs for token in tokens)


# Issues

SECTION = re.compile(r"^### <a id=\"([^\"]+)\"></a>(.+)$", re.MULTILINE)
SEVERITIES = {"error": "needs you", "warning": "warning", "info": "for information"}


def sections() -> list[tuple[str, str, str]]:
    """Anchor, heading and text of each issue's section."""
    parts = SECTION.split((DOCS / "issues.md").read_text())[1:]
    return [(parts[n], parts[n + 1], re.split(r"\n## ", parts[n + 2])[0]) for n in range(0, len(parts), 3)]


def test_every_code_has_exactly_one_section_and_no_section_an_unknown_code() -> None:
    assert sorted(anchor for anchor, _, _ in sections()) == sorted(CODES)


@pytest.mark.parametrize(("anchor", "heading", "text"), sections(), ids=[anchor for anchor, _, _ in sections()])
def test_a_section_says_what_the_screen_says(anchor: str, heading: str, text: str) -> None:
    known = CODES[anchor]
    assert heading == known.name
    assert f"`{anchor}` · {SEVERITIES[known.severity]}\n" in text
    assert all(f"**{part}.**" in text for part in ("What happened", "Why it matters", "What to do"))
    buttons = set(re.findall(r"^- \*([^*]+)\*: ", text, re.MULTILINE))
    offered = {label_of(anchor, action) for action in known.actions}
    others = {ACTIONS["reopen"], ACTIONS["reverse"]}  # offered by the state of an issue, or by its details
    assert offered <= buttons <= offered | others


# Settings


def settings_read() -> set[str]:
    """The environment variables that the settings ask for."""
    found = set()
    for name in ("settings", "environment"):
        for node in ast.walk(ast.parse((ROOT / "sync_portal" / f"{name}.py").read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                found |= set(_asked(node, node.func))
    return found


def _asked(call: ast.Call, function: ast.Attribute) -> Iterator[str]:
    if isinstance(function.value, ast.Name) and function.value.id in ("env", "self"):
        names = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        asked = [name for name in names if re.fullmatch(r"[A-Z][A-Z_]+", name)]
        endings = ("_CLIENT_ID", "_CLIENT_SECRET", "_BASE_URL") if function.attr == "clio" else ("",)
        yield from (name + ending for name in asked for ending in endings)


@pytest.mark.parametrize("page", ["docs/running.md", ".env.example"])
def test_every_setting_read_from_the_environment_is_named(page: str) -> None:
    asked = settings_read()
    assert {"SITE_URL", "QBO_CLIENT_SECRET", "CLIO_AU_BASE_URL", "TOKEN_KEYS"} <= asked
    text = (ROOT / page).read_text()
    assert not [name for name in sorted(asked) if not re.search(rf"\b{name}\b", text)]


def test_no_setting_is_named_that_nobody_reads() -> None:
    table = (DOCS / "running.md").read_text().partition("## Settings")[2].partition("\n## ")[0]
    named = {name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert named == settings_read()


def test_every_command_named_in_the_manual_is_there() -> None:
    named = {name for path in TEXTS for name in re.findall(r"manage\.py ([a-z_]+)", path.read_text())}
    assert named <= set(get_commands())


# Figures


def figures() -> list[tuple[str, str]]:
    """Pages, and what they say of a constant of the program."""
    taken, changed = LIMITS[Action.VOID], LIMITS[Action.UPDATE]
    limits = f"more than {taken.least} records and {taken.per_cent} %"
    return [
        ("issues", f"{limits}, or change more than {changed.least} and {changed.per_cent} %"),
        ("issues", f"more than {NUMBER_LENGTH} characters"),
        ("issues", f"{metering.SOFT} % of this firm’s share"),
        ("issues", f"{metering.HARD} % of the share is used"),
        ("issues", f"It is said {', '.join(map(str, STAGES[:-1]))} and {STAGES[-1]} days before"),
        ("what-syncs", f"with the next look, every {minutes(POLL_EVERY)} minutes"),
        ("what-syncs", f"portal not served over https | every {minutes(POLL_EVERY_UNTOLD)} minutes"),
        ("security", f"Digests of webhooks received | {DELIVERIES_KEPT.days} days"),
        ("what-syncs", f"The last {KEPT} comparisons are kept"),
        ("security", f"with each difference | the last {KEPT} |"),
        ("running", f"{settings.METERED_READS_A_MONTH:,}, shared equally"),
    ]


def minutes(time: timedelta) -> int:
    return int(time.total_seconds() // 60)


@pytest.mark.parametrize(("name", "said"), figures())
def test_what_a_page_says_of_a_limit_is_so(name: str, said: str) -> None:
    assert said in " ".join((DOCS / f"{name}.md").read_text().split())
