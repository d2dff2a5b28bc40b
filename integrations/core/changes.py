"""What a plan is made of: changes to the ledger, problems a person must know, and the order they depend on."""

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from integrations.core.money import ZERO
from integrations.core.ports import Raw
from integrations.core.posting import Posting
from integrations.core.records import Ref, Side

_NAMESPACE = uuid.UUID("6f0a3b6e-6f6e-5f0e-9a53-8a2c1c3c1d10")


class Books(Protocol):
    """What encoding a draft needs to know of the ledger at the moment of writing."""

    def ledger_id(self, ref: Ref) -> str: ...

    def is_ours(self, txn_type: str, txn_id: str) -> bool: ...


class Draft(Protocol):
    """A document as it should be in the ledger, before ids are known."""

    @property
    def ref(self) -> Ref: ...
    @property
    def entity(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def amount(self) -> Decimal: ...
    @property
    def dated(self) -> date | None: ...
    @property
    def fingerprint(self) -> str: ...

    def postings(self) -> tuple[Posting, ...]: ...

    def encode(self, books: Books, current: Raw | None) -> dict[str, object]: ...


class Action(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    VOID = "void"
    ADOPT = "adopt"  # link what is there already
    UNLINK = "unlink"  # forget the link; both sides stay as they are
    ACCEPT = "accept"  # take what both sides say now as agreed
    MOVE = "move"  # the link as it is, to another record: what differs is that one's from now on


LOCAL = frozenset({Action.ADOPT, Action.UNLINK, Action.ACCEPT, Action.MOVE})  # nothing is sent to either system


@dataclass(frozen=True, slots=True)
class Change:
    """One step of a plan.

    ``after`` names the documents whose own changes have to succeed first. ``replaces`` is the Ref whose link
    moves to this one (a payment entered anew in Clio), ``closes`` the one whose link is over once this is done (the
    entry that a reversing one takes back; itself where both sides are found to be void already), ``joins`` another one
    that the same document stands for (the second row of a transfer). A change of the practice side is written to Clio.
    A void with a ``draft`` empties a document of a kind that QuickBooks cannot void. ``base`` is what the link
    remembers besides fingerprints. ``title`` is for people: "Bill 1042".
    """

    action: Action
    ref: Ref
    entity: str
    title: str
    reason: str = ""
    ledger_id: str = ""
    draft: Draft | None = None
    practice_fingerprint: str = ""
    amount: Decimal = ZERO
    after: frozenset[Ref] = frozenset()
    replaces: Ref | None = None
    closes: Ref | None = None
    joins: Ref | None = None
    side: Side = Side.LEDGER
    reverses: tuple[Posting, ...] = ()
    base: Mapping[str, object] | None = None

    @classmethod
    def of(
        cls, action: Action, draft: Draft, ledger_id: str = "", reason: str = "", after: Iterable[Ref] = ()
    ) -> "Change":
        """The change after which a document says what ``draft`` says."""
        return cls(
            action=action,
            ref=draft.ref,
            entity=draft.entity,
            title=draft.title,
            reason=reason,
            ledger_id=ledger_id,
            draft=draft,
            practice_fingerprint=draft.fingerprint,
            amount=draft.amount,
            after=frozenset(after),
        )

    def postings(self) -> tuple[Posting, ...]:
        """What applying this change does to the accounts; an update shows the document as it will be."""
        if self.draft is not None:
            return self.draft.postings()
        return self.reverses


@dataclass(frozen=True, slots=True)
class Problem:
    """Something a person must know or decide. ``blocks`` is False where the record goes on all the same.

    ``accepted``: a person has accepted it already, so it is listed and asks for nothing. ``severity`` is the code's
    own where it is empty.
    """

    code: str
    ref: Ref
    message: str
    title: str = ""
    ledger_id: str = ""
    blocks: bool = True
    accepted: bool = False
    severity: str = ""
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person answered to a problem; ``value`` is a QuickBooks id or a field where the action needs one.

    ``seen`` are the details of the problem as the person had them on the screen.
    """

    action: str
    value: str = ""
    seen: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """The outcome of planning one group. ``reread`` names bills whose figures have to be read again first, ``recheck``
    payments of which Clio's bank rows have to be: the plan counts on their money being there still. ``again``: what
    has to let go before it can take hold lets go now, and the next plan does the rest.

    ``agreed`` is what both sides of a linked record say alike without anything having to be written: the fields of
    its base that are true from now on.
    """

    changes: tuple[Change, ...] = ()
    problems: tuple[Problem, ...] = ()
    unchanged: tuple[Ref, ...] = ()
    waiting: tuple[Ref, ...] = ()
    reread: frozenset[str] = frozenset()
    recheck: frozenset[str] = frozenset()
    again: bool = False
    agreed: Mapping[Ref, Mapping[str, object]] = field(default_factory=dict)


def request_id(realm: str, ref: Ref, action: str, revision: int, body_digest: str) -> str:
    """36 characters derived from what is written, so that the same write always carries the same id.

    ``revision`` counts the clean answers this document's writes have had: a refused or repeated write is a new one.
    QuickBooks takes up to 50 characters, 36 in a batch (Intuit blog: request id).
    """
    return str(uuid.uuid5(_NAMESPACE, f"{realm}|{ref}|{action}|{revision}|{body_digest}"))


def ordered(changes: tuple[Change, ...], stage: Callable[[Change], int]) -> tuple[Change, ...]:
    """The changes so that each follows those it depends on; otherwise by stage, then as given."""
    by_ref = {change.ref: change for change in changes}
    done: dict[Ref, None] = {}
    visiting: set[Ref] = set()

    def visit(change: Change) -> None:
        if change.ref in done or change.ref in visiting:
            return
        visiting.add(change.ref)
        for ref in sorted(change.after):
            if ref in by_ref:
                visit(by_ref[ref])
        visiting.discard(change.ref)
        done[change.ref] = None

    for change in sorted(changes, key=stage):
        visit(change)
    return tuple(by_ref[ref] for ref in done)
