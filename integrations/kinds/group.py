"""One group of records that belong together: contacts, their bills and everything that pays them (rule R1.5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from integrations.core.changes import Action, Change, Decision, Plan, Problem
from integrations.core.mapping import Policy
from integrations.core.match import Match
from integrations.core.ports import Raw
from integrations.core.records import Kind, Ref
from integrations.kinds.catalog import Catalog
from integrations.kinds.contact import Contact
from integrations.kinds.credit_note import CreditNote
from integrations.kinds.invoice import TRUST_KIND, Allocation, Bill, InterestCharge, LineItem, in_scope
from integrations.kinds.invoice_draft import InvoiceDraft
from integrations.kinds.payment import Payment
from integrations.kinds.trust_entry import TrustRow


@dataclass(frozen=True, slots=True)
class LinkState:
    """What is known of one linked document: what it is and what both sides looked like when they last agreed."""

    ref: Ref
    entity: str
    ledger_id: str
    practice_fingerprint: str
    ledger_fingerprint: str
    is_voided: bool = False
    base: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """Our document as the ledger last returned it; ``raw`` is None once the ledger reports it deleted."""

    raw: Raw | None
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Merged:
    """A contact's customer ``old`` that QuickBooks merged into ``survivor`` (rule R8).

    ``follows``: the contact's link moves to the survivor. ``leaves``: it gets a customer of its own again.
    """

    old: str
    survivor: str
    follows: bool = False
    leaves: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Frozen input of a plan. A contact that could not be read is the text that says why."""

    contacts: Mapping[str, Contact | str] = field(default_factory=dict)
    matches: Mapping[str, Match] = field(default_factory=dict)
    bills: Mapping[str, Bill] = field(default_factory=dict)
    unreadable_bills: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, tuple[LineItem, ...]] = field(default_factory=dict)
    allocations: Mapping[str, tuple[Allocation, ...]] = field(default_factory=dict)
    charges: Mapping[str, tuple[InterestCharge, ...]] = field(default_factory=dict)
    gone_charges: frozenset[str] = frozenset()
    payments: Mapping[str, Payment] = field(default_factory=dict)
    credit_notes: Mapping[str, CreditNote] = field(default_factory=dict)
    links: Mapping[Ref, LinkState] = field(default_factory=dict)
    documents: Mapping[Ref, Document] = field(default_factory=dict)
    decisions: Mapping[tuple[Ref, str], Decision] = field(default_factory=dict)
    absent_bills: frozenset[str] = frozenset()  # linked bills seen missing often enough (rule R1.4)
    run_date: date | None = None  # the run's date: what takes something back is dated so
    left: Mapping[Ref, Mapping[str, object]] = field(default_factory=dict)  # unlinked by a person, and what was said
    absent_contacts: frozenset[str] = frozenset()  # linked contacts likewise
    trust: Mapping[str, TrustRow] = field(default_factory=dict)  # the contacts' whole ledgers in mapped accounts
    unreadable_trust: Mapping[str, str] = field(default_factory=dict)
    gone_trust: Mapping[str, str] = field(default_factory=dict)  # rows seen missing often enough, to their account
    gone_rows: Mapping[str, TrustRow] = field(default_factory=dict)  # the readable ones of them, as they were
    set_aside: Mapping[Ref, frozenset[str]] = field(default_factory=dict)  # changes a person discarded, by digest


class Draftbook:
    """What a plan has so far: changes, problems, and which documents cannot go on."""

    def __init__(self, group: Group, policy: Policy, catalog: Catalog) -> None:
        self.group, self.policy, self.catalog = group, policy, catalog
        self.changes: dict[Ref, Change] = {}
        self.problems: list[Problem] = []
        self.unchanged: list[Ref] = []
        self.waiting: list[Ref] = []
        self.blocked: set[Ref] = set()
        self.reread: set[str] = set()
        self.recheck: set[str] = set()
        self.again = False  # something let go now, and takes hold with the next plan
        self.legs: dict[str, dict[Ref, Decimal]] = {}  # bill id to its live legs and their amounts
        self.invoices: dict[Ref, InvoiceDraft] = {}  # those legs as they should be
        self.replaced: dict[Ref, Ref] = {}  # linked payments to those that take their place (rule R4.7)
        self.pending: set[str] = set()  # allocations of card payments on their way
        self.merged: dict[Ref, Merged] = {}  # contacts whose customer was merged into another one
        self.restored: dict[Ref, bool] = {}  # written over what a person did (rule R8); True: voided or deleted it
        self.over: set[Ref] = set()  # voided or deleted by a person, and not restored
        self.by_hand: set[Ref] = set()  # given up by a person: what depends on it is entered by hand
        self.to_practice: list[Change] = []  # written to Clio; nothing depends on them
        self.agreed: dict[Ref, Mapping[str, object]] = {}

    def add(self, change: Change) -> None:
        self.changes[change.ref] = change

    def drop(self, change: Change) -> None:
        """Takes a change out again, with the number and the name it claimed."""
        del self.changes[change.ref]
        self.catalog.forget(change.ref)

    def add_for_practice(self, change: Change) -> None:
        self.to_practice.append(change)

    def report(self, problem: Problem) -> None:
        self.problems.append(problem)
        if problem.blocks:
            self.blocked.add(problem.ref)

    def wait(self, ref: Ref) -> None:
        self.waiting.append(ref)
        self.blocked.add(ref)

    def keep(self, ref: Ref) -> None:
        self.unchanged.append(ref)

    def decision(self, ref: Ref, code: str) -> Decision | None:
        return self.group.decisions.get((ref, code))

    def link(self, ref: Ref) -> LinkState | None:
        return self.group.links.get(ref)

    def document(self, ref: Ref) -> Document | None:
        return self.group.documents.get(ref)

    def has_drifted(self, link: LinkState) -> bool:
        document = self.document(link.ref)
        return document is not None and document.raw is not None and document.fingerprint != link.ledger_fingerprint

    def is_deleted(self, ref: Ref) -> bool:
        document = self.document(ref)
        return document is not None and document.raw is None

    def will_exist(self, ref: Ref) -> bool:
        """Whether a live document for ``ref`` is there or planned, and nothing stands in its way."""
        if ref in self.blocked:
            return False
        if change := self.changes.get(ref):
            return change.action not in (Action.VOID, Action.UNLINK)
        link = self.link(ref)
        return link is not None and not link.is_voided and not self.is_deleted(ref)

    def plan(self, changes: tuple[Change, ...]) -> Plan:
        return Plan(
            changes=(*changes, *self.to_practice),
            problems=tuple(self.problems),
            unchanged=tuple(dict.fromkeys(self.unchanged)),
            waiting=tuple(dict.fromkeys(self.waiting)),
            reread=frozenset(self.reread),
            recheck=frozenset(self.recheck),
            again=self.again,
            agreed=self.agreed,
        )


def contact_ref(contact_id: str) -> Ref:
    return Ref(Kind.CONTACT, contact_id)


def contact_of(book: Draftbook, ref: Ref) -> Ref | None:
    """Whose document it is: the client of the bill, or the customer that is a payment's leg."""
    if ref.kind is Kind.INVOICE:
        bill = book.group.bills.get(ref.practice_id)
        return contact_ref(bill.contact_id) if bill else None
    return contact_ref(ref.leg) if ref.kind is Kind.PAYMENT and ref.leg.isdigit() else None


def is_posted(book: Draftbook, bill_id: str) -> bool:
    """Whether the bill has an invoice, or is to have one."""
    bill = book.group.bills.get(bill_id)
    if bill is None or bill.kind == TRUST_KIND:
        return False
    return book.link(Ref(Kind.INVOICE, bill_id)) is not None or in_scope(bill, book.policy.start_date)
