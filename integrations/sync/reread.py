"""Reading the parts of one bill, or the bank rows of some payments, again: Clio leaves no trace of those it drops."""

from collections.abc import Collection, Sequence
from decimal import Decimal

from integrations.core.errors import Forbidden
from integrations.core.ports import Raw
from integrations.core.read import Unreadable, money, nested, text
from integrations.models import EntityLink, Record
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


def parts_of_moved(work: Workspace, entity: str, rows: Sequence[Raw]) -> None:
    """Rule R3.7: a linked bill whose figures moved has its parts read anew, before its figures are kept.

    Clio's lists of what changed do not tell of lines and interest charges that are no longer there. ``rows`` of other
    lists have no parts.
    """
    by_id = {text(row, "id"): row for row in rows if entity == "bills"}
    if not by_id:
        return
    links = EntityLink.objects.of(work.firm).filter(pairing=work.pairing, kind="invoice", practice_id__in=list(by_id))
    linked = set(links.exclude(state=EntityLink.State.UNLINKED).values_list("practice_id", flat=True))
    for known in mirror.load(work.pairing, "bills", ids=linked):
        if _figures(known.data) != _figures(by_id[known.id]):
            _reread_parts(work, known.id)


def _reread_parts(work: Workspace, bill_id: str) -> None:
    rows = [row for page in work.practice.pages("line_items", filters={"bill_id": bill_id}) for row in page.rows]
    mirror.keep_practice(work.pairing, "line_items", rows)
    mirror.drop_lines(work.pairing, bill_id, [text(row, "id") for row in rows])
    charges = Record.objects.of(work.firm).filter(pairing=work.pairing, entity="interest_charges", owner_id=bill_id)
    if charges.filter(missing_since=None).exists():
        _reread_interest(work, bill_id)
    work.apart["clio_bill_lines"] += 1


def _figures(bill: Raw) -> list[Decimal | str]:
    amounts = [_figure(bill, name) for name in ("sub_total", "tax_sum", "secondary_tax_sum", "total")]
    return [*amounts, _figure(nested(bill, "interest"), "total")]


def _figure(of: Raw, name: str) -> Decimal | str:
    try:
        return money(of, name)
    except Unreadable:
        return text(of, name)


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
