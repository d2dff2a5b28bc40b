"""Corrections in a reconciliation: credit memos that take back an invoice which could not be voided (rule R3.8)."""

from dataclasses import replace

from integrations.core.records import Kind, Ref
from integrations.kinds.plan_correction import CORRECTION
from integrations.kinds.proof.books import OurBooks
from integrations.kinds.proof.clio import Demands
from integrations.kinds.proof.words import Difference, What

APPLYING = "-apply"


def is_correction(ref: Ref) -> bool:
    """Whether it is such a memo, or the payment of nothing that applies one."""
    return ref.kind is Kind.INVOICE and ref.leg.startswith(CORRECTION)


def is_applying(ref: Ref) -> bool:
    return is_correction(ref) and ref.leg.endswith(APPLYING)


def corrected(ref: Ref) -> Ref:
    """The invoice that the memo takes back."""
    return Ref(ref.kind, ref.practice_id, ref.leg.removeprefix(CORRECTION).removeprefix("-"))


def compare_correction(ref: Ref, asked: Demands, books: OurBooks) -> list[Difference] | None:
    """The memo is worth what the invoice is, as long as that stands and its bill is gone; None where there is none."""
    memo, invoice, link = books.live(ref), books.live(corrected(ref)), books.standing.get(ref)
    if memo is None and (link is None or link.is_voided):
        return None
    if invoice is None or corrected(ref) in asked.documents:
        return [_difference(ref, memo.id, What.UNWANTED, "nothing", str(memo.amount))] if memo else None
    if memo is None:
        return [replace(_difference(ref, books.id_of(ref), What.MISSING, str(invoice.amount), "nothing"), is_gone=True)]
    if memo.amount != invoice.amount:
        return [_difference(ref, memo.id, What.AMOUNT, str(invoice.amount), str(memo.amount))]
    return []


def cancelled(asked: Demands, books: OurBooks) -> set[Ref]:
    """Invoices that no bill asks for any more and the memos worth as much that take them back: together nothing."""
    memos = {ref for ref in books.refs() if is_correction(ref) and not is_applying(ref) and books.live(ref)}
    whole = {ref for ref in memos if compare_correction(ref, asked, books) == []}
    return whole | {corrected(ref) for ref in whole}


def _difference(ref: Ref, ledger_id: str, what: What, clio: str, quickbooks: str) -> Difference:
    return Difference(ref, ledger_id, what, clio, quickbooks, title=f"Correction of bill {ref.practice_id}")
