"""What becomes of one linked document of each kind: a module per kind, each with its rows.

``U`` unchanged, ``C`` changed, ``M`` no longer there; in QuickBooks also ``V``: voided, or emptied, by a person.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from integrations.core.changes import Action
from integrations.core.records import Ref
from integrations.kinds.group import Group

PRACTICE = ("U", "C", "M")
LEDGER = ("U", "C", "V", "M")

Outcome = tuple[list[Action], list[str]]  # what is done to documents of the kind, and what is said of them
NOTHING: list[Any] = []
AGREED = [Action.ACCEPT]  # both sides say the same; only the link is told


@dataclass(frozen=True)
class Subject:
    """``posted`` is carried out first; ``edit`` is what a person then changes in the document of ``ref``."""

    ref: Ref
    posted: Group
    practice: Mapping[str, Group]
    edit: Callable[[dict[str, Any]], None]
    rows: Mapping[tuple[str, str], Outcome]


def subjects() -> list[Subject]:
    """Every module of this package has one."""
    names = sorted(module.name for module in iter_modules(__path__))
    return [import_module(f"{__name__}.{name}").SUBJECT for name in names]
