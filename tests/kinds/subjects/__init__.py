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
Row = tuple[Outcome, Outcome, Outcome, Outcome]  # one for each state of the ledger


def does(*actions: Action, says: str = "") -> Outcome:
    return list(actions), [says] if says else []


def table(*, unchanged: Row, changed: Row, missing: Row) -> dict[tuple[str, str], Outcome]:
    """What becomes of it by the state of Clio's record, and of the document in the order of ``LEDGER``."""
    rows = dict(zip(PRACTICE, (unchanged, changed, missing), strict=True))
    return {(practice, ledger): row[i] for practice, row in rows.items() for i, ledger in enumerate(LEDGER)}


SAME = does()
AGREED = does(Action.ACCEPT)  # both sides say the same; only the link is told
DRIFT, GONE = does(says="drift"), does(says="deleted_in_ledger")
CONTACT_GONE = does(says="contact_gone")


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
