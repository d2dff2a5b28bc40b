"""Our documents by what they stand for: by their links, and live ones that only carry a mark of ours."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from integrations.core.money import ZERO
from integrations.core.records import Kind, Ref
from integrations.kinds.proof.words import Found, Standing
from integrations.kinds.refund import is_refund, refund_ref


@dataclass
class OurBooks:
    """``owners`` tells which Refs a document is linked to: one, but for transfers between two trust clients.

    ``customers`` are the active customers of the company: id to name. ``uses`` are the payments that set a credit memo
    of ours, by its id, against invoices: our own, QuickBooks's and people's. ``payers`` are our live payments by the
    invoice they pay. ``by_hand`` are documents that a person unlinked and keeps (rule R8), whether they still bear our
    mark or not. ``bearers`` are active customers by the contact their notes name.
    """

    standing: Mapping[Ref, Standing]
    customers: Mapping[str, str] = field(default_factory=dict)
    owners: dict[tuple[str, str], list[Ref]] = field(default_factory=dict)
    linked: dict[Ref, Found] = field(default_factory=dict)
    marked: dict[Ref, list[Found]] = field(default_factory=dict)
    uses: dict[str, list[Found]] = field(default_factory=dict)
    payers: dict[str, list[Ref]] = field(default_factory=dict)
    by_hand: dict[Ref, list[Found]] = field(default_factory=dict)
    bearers: Mapping[Ref, list[str]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        standing: Mapping[Ref, Standing],
        documents: Iterable[Found],
        customers: Mapping[str, str],
        left: Iterable[Ref] = (),
        bearers: Mapping[Ref, list[str]] | None = None,
    ) -> "OurBooks":
        books = cls(standing, customers, by_hand={ref: [] for ref in left}, bearers=bearers or {})
        for ref, link in standing.items():
            books.owners.setdefault(link.key, []).append(ref)
        for document in documents:
            books._add(document)
        return books

    def _add(self, document: Found) -> None:
        owners = self.owners.get(document.key, [])
        for memo_id in document.credits:
            if ("CreditMemo", memo_id) in self.owners:
                self.uses.setdefault(memo_id, []).append(document)
        for ref in owners:
            self.linked[ref] = document
            if ref.kind is Kind.PAYMENT:
                for invoice_id in document.applied:
                    self.payers.setdefault(invoice_id, []).append(ref)
        if not owners and document.marked and not document.is_void:
            places = self.by_hand if document.marked in self.by_hand else self.marked
            places.setdefault(document.marked, []).append(document)

    def refs(self) -> set[Ref]:
        """Every Ref that a document stands for, or is meant to stand for."""
        return {*self.standing, *self.marked}

    def every_live(self, ref: Ref) -> list[Found]:
        """Live documents of ``ref``: the linked one first, then those that only carry its mark."""
        linked = self.linked.get(ref)
        first = [linked] if linked is not None and not linked.is_void else []
        return first + self.marked.get(ref, [])

    def live(self, ref: Ref) -> Found | None:
        """The one document that stands for ``ref``."""
        return next(iter(self.every_live(ref)), None)

    def used(self, memo_id: str) -> dict[str, Decimal]:
        """Invoice id to what of this credit memo is set against it, whoever did it."""
        found: dict[str, Decimal] = {}
        for document in self.uses.get(memo_id, ()):
            left = document.credits[memo_id]
            for invoice_id, amount in document.applied.items():
                found[invoice_id] = found.get(invoice_id, ZERO) + min(amount, left)
                left -= min(amount, left)
        return {invoice_id: amount for invoice_id, amount in found.items() if amount}

    def pays(self, document: Found) -> Mapping[str, Decimal]:
        """Invoice id to what a payment pays of it, or what of a credit memo is set against it."""
        return self.used(document.id) if document.entity == "CreditMemo" else document.applied

    def net(self, ref: Ref, document: Found) -> Decimal:
        """What a document is worth; of a payment, less what was paid back of it by an expense (rule R4.8)."""
        if ref.kind is not Kind.PAYMENT or is_refund(ref):
            return document.amount
        return document.amount - sum((one.amount for one in self.every_live(refund_ref(ref))), ZERO)

    def contacts(self) -> dict[str, str]:
        """Customer id to the contact it stands for."""
        return {link.ledger_id: ref.practice_id for ref, link in self.standing.items() if ref.kind is Kind.CONTACT}

    def is_linked(self, ref: Ref) -> bool:
        """Whether a document is meant to stand for ``ref`` and be live."""
        link = self.standing.get(ref)
        return link is not None and not link.is_voided

    def id_of(self, ref: Ref) -> str:
        """The id of the document linked to ``ref``, there or not."""
        link = self.standing.get(ref)
        return link.ledger_id if link else ""

    def customer_of(self, contact_id: str) -> str:
        return self.id_of(Ref(Kind.CONTACT, contact_id))
