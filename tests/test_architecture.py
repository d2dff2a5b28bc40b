"""Who may import whom, and what the pure core may not know."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("firms", "integrations", "sync_portal")
IMPURE_MODULES = {"django", "requests", "logging", "random", "secrets", "structlog", "os", "socket", "urllib", "time"}
IMPURE_NAMES = {"now", "today", "utcnow", "uuid4"}
SANDBOX_DOORS = {"sync_portal.settings", "sync_portal.urls", "integrations.management.commands.demo"}

# part -> parts it may import, besides itself; everything may import firms
LAYERS: dict[str, set[str]] = {
    "core": set(),
    "kinds": {"core"},
    "systems": {"core"},
    "models": {"core"},
    "shell": {"core", "kinds", "systems", "models"},
    "entry": {"core", "kinds", "systems", "models", "shell"},
}
PARTS = {"core": "core", "kinds": "kinds", "systems": "systems", "models": "models"}
ENTRIES = {"views", "webhooks", "tasks", "management", "admin", "urls", "forms", "apps", "checks", "migrations"}


@cache
def modules() -> dict[str, Path]:
    found = {}
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found[name.removesuffix(".__init__")] = path
    return found


@cache
def imports(module: str) -> frozenset[str]:
    """Everything the module imports, inside functions and type checks too, as absolute dotted names."""
    tree = ast.parse(modules()[module].read_text())
    return frozenset(name for node in ast.walk(tree) for name in _names(node, module))


def _names(node: ast.AST, module: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        package = module.split(".") if modules()[module].name == "__init__.py" else module.split(".")[:-1]
        base = package[: len(package) - node.level + 1] if node.level else []
        prefix = ".".join([*base, *([node.module] if node.module else [])])
        yield prefix
        yield from (f"{prefix}.{alias.name}" for alias in node.names)


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def part(module: str) -> str | None:
    """The layer of a module of integrations; None for the stand-ins, which stand apart."""
    first = module.split(".")[1] if "." in module else "apps"
    if first == "sandbox":
        return None
    if first in ENTRIES:
        return "entry"
    return PARTS.get(first, "shell")


def ours(package: str) -> list[str]:
    return sorted(name for name in modules() if within(name, package))


def test_there_is_something_to_check() -> None:
    assert {"firms.models", "integrations.core.errors", "sync_portal.settings"} <= modules().keys()
    assert "firms.scoping" in imports("integrations.models.connection")


@pytest.mark.parametrize("module", ours("firms"))
def test_firms_know_nothing_of_integrations(module: str) -> None:
    assert not [name for name in imports(module) if within(name, "integrations") or within(name, "sync_portal")]


@pytest.mark.parametrize("module", [name for name in ours("integrations") if part(name)])
def test_integrations_import_only_downwards(module: str) -> None:
    mine = part(module)
    assert mine
    for name in imports(module):
        if within(name, "integrations") and name != "integrations":
            theirs = part(name)
            assert theirs is None or theirs == mine or theirs in LAYERS[mine], f"{module} ({mine}) imports {name}"
        assert not within(name, "sync_portal"), f"{module} imports {name}"


@pytest.mark.parametrize("module", sorted(modules()))
def test_the_stand_ins_are_imported_by_nobody_but_settings_urls_and_the_demo(module: str) -> None:
    if not within(module, "integrations.sandbox") and module not in SANDBOX_DOORS:
        assert not [name for name in imports(module) if within(name, "integrations.sandbox")]


@pytest.mark.parametrize("module", ours("integrations.sandbox"))
def test_the_stand_ins_know_nothing_of_the_portal_they_stand_before(module: str) -> None:
    outside = [n for n in imports(module) if within(n, "integrations") and n != "integrations"]
    allowed = ("integrations.sandbox", "integrations.core.money")
    assert not [name for name in outside if not any(within(name, package) for package in allowed)]
    assert not [name for name in imports(module) if within(name, "firms") or within(name, "sync_portal")]


@pytest.mark.parametrize("module", ours("integrations.core") + ours("integrations.kinds"))
def test_the_pure_core_knows_no_framework_no_clock_and_no_chance(module: str) -> None:
    assert not {name.split(".")[0] for name in imports(module)} & IMPURE_MODULES
    tree = ast.parse(modules()[module].read_text())
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    used |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not used & IMPURE_NAMES


def test_roles_are_pure() -> None:
    assert imports("firms.roles") <= {"enum", "enum.StrEnum"}


def test_reading_never_reaches_the_code_that_writes() -> None:
    reading = [name for name in ours("integrations") if within(name, "integrations.queries")]
    for module in reading:
        assert not [name for name in imports(module) if within(name, "integrations.sync")]


@pytest.mark.parametrize("module", sorted(modules()))
def test_the_first_line_of_a_module_says_what_it_holds(module: str) -> None:
    path = modules()[module]
    if path.read_text().strip() and "migrations/0001" not in path.as_posix():
        assert ast.get_docstring(ast.parse(path.read_text())), path
