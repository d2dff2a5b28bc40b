"""Reading one bill, or the bank rows of some payments, again where what is in the mirror does not add up."""

from collections.abc import Collection

from integrations.core.errors import Forbidden
from integrations.core.read import text
from integrations.sync import mirror
from integrations.sync.workspace import Workspace


def reread_bill(work: Workspace, bill_id: str) -> None:
    """Rule R3.1: bill, lines and allocations of one bill, read together."""
    pairing = work.pairing
    for page in work.practice.pages("bills", ids=[bill_id]):
        mirror.keep_practice(pairing, "bills", page.rows)
    for status in ("valid", "invalid"):
        for page in work.practice.pages("allocations", filters={"bill_id": bill_id, "status": status}):
            mirror.keep_practice(pairing, "allocations", page.rows)
    _reread_lines(work, bill_id)
    _reread_interest(work, bill_id)


def recheck_payments(work: Workspace, payment_ids: Collection[str]) -> None:
    """Whether the bank rows of these payments are still there: Clio leaves no trace of a row that is deleted."""
    pairing = work.pairing
    parts = list(mirror.load(pairing, "allocations", peers=payment_ids))
    kept = [*mirror.load(pairing, "bank_transactions", peers={part.id for part in parts})]
    kept += mirror.load(pairing, "bank_transactions", owners={part.owner_id for part in parts} - {""})
    ids = sorted({row.id for row in kept if not row.missing_since})
    try:
        pages = list(work.practice.pages("bank_transactions", ids=ids)) if ids else []
    except Forbidden:
        work.banks_closed = True
        return
    found = [row for page in pages for row in page.rows]
    mirror.keep_practice(pairing, "bank_transactions", found)
    mirror.note_unseen(pairing, "bank_transactions", set(ids) - {text(row, "id") for row in found}, work.clock)


def _reread_lines(work: Workspace, bill_id: str) -> None:
    displayed = work.practice.pages("line_items", filters={"bill_id": bill_id, "display": "true"})
    shown = {text(row, "id") for page in displayed for row in page.rows}
    every: set[str] = set()
    for page in work.practice.pages("line_items", filters={"bill_id": bill_id}):
        told = [{**row, "shown": text(row, "id") in shown} for row in page.rows]
        mirror.keep_practice(work.pairing, "line_items", told)
        every |= {text(row, "id") for row in page.rows}
    mirror.drop_lines(work.pairing, bill_id, every)


def _reread_interest(work: Workspace, bill_id: str) -> None:
    """Charges leave no trace when they are removed; the bill's own total says whether that is so."""
    try:
        pages = list(work.practice.pages("interest_charges", filters={"bill_id": bill_id}))
    except Forbidden:
        return
    found = [row for page in pages for row in page.rows]
    mirror.keep_practice(work.pairing, "interest_charges", found)
    mirror.note_gone(work.pairing, "interest_charges", bill_id, [text(row, "id") for row in found], work.clock)
