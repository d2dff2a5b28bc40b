"""A payment from trust that Clio deleted: the payment and its trust entry are taken back together (R6.3).

Clio says at once that a payment is over, but a row of a trust account leaves no trace and counts as deleted only when
it was missed twice (R1.4). Till then neither is taken back, and a person is told.
"""

from collections.abc import Iterable
from dataclasses import replace

from integrations.core.changes import Action, Change
from integrations.core.records import Ref
from integrations.kinds.group import Draftbook
from integrations.kinds.invoice import id_order
from integrations.kinds.payment import Payment
from integrations.kinds.plan_kept import live_payments
from integrations.kinds.trust_desk import Desk, live_link, own_links, own_ref, reversal_ref
from integrations.kinds.trust_entry import TrustRow
from integrations.kinds.trust_ledger import paid_from, trust_sources
from integrations.kinds.trust_problems import trust_leg_waits


def take_back_together(book: Draftbook, desk: Desk) -> None:
    """Joins what takes back both legs of each deleted payment; payments and trust rows are planned before."""
    over = [payment for payment in book.group.payments.values() if not payment.valid and _is_from_mapped(book, payment)]
    gone = paid_from(over, book.group.gone_rows.values())
    for payment in sorted(over, key=lambda payment: id_order(payment.id)):
        if legs := [link.ref for link in live_payments(book, payment.id)]:
            _join(book, desk, payment, legs, gone[payment.id])


def _is_from_mapped(book: Draftbook, payment: Payment) -> bool:
    return any(book.policy.has_trust(account_id) for account_id in trust_sources(payment))


def _join(book: Draftbook, desk: Desk, payment: Payment, legs: list[Ref], gone: Iterable[str]) -> None:
    rows = [desk.rows[id] for id in desk.paid.get(payment.id, ()) if live_link(book, id)]
    back = {row.id: _back_in(desk, row) for row in rows}
    undoing = [ref for ref in (_undoing(book, leg) for leg in legs) if ref]
    entries = [ref for id in gone for ref in _reversals(book, id)]
    entries += [own_ref(book, row.id) for row in back.values() if row]
    standing = [id for id, row in back.items() if row is None]
    if len(undoing) == len(legs) and not standing:
        for change in _planned(book, entries):
            book.add(replace(change, after=change.after | set(undoing)))
        return
    for change in _planned(book, entries):
        book.drop(change)
        book.wait(change.ref)
    for change in _planned(book, undoing) if standing else ():
        book.drop(change)
        book.report(trust_leg_waits(change, payment.id, standing))


def _undoing(book: Draftbook, leg: Ref) -> Ref | None:
    """Where the plan takes this payment back, or has another one take its place."""
    ref = book.replaced.get(leg, leg)
    change = book.changes.get(ref)
    return ref if change and (ref != leg or change.action is Action.VOID) else None


def _planned(book: Draftbook, refs: Iterable[Ref]) -> list[Change]:
    return [book.changes[ref] for ref in dict.fromkeys(refs) if ref in book.changes]


def _reversals(book: Draftbook, row_id: str) -> list[Ref]:
    return [reversal_ref(link.ref) for link in own_links(book, row_id)]


def _back_in(desk: Desk, row: TrustRow) -> TrustRow | None:
    """The row that puts the money of this one back, where Clio enters one instead of removing it."""
    for other in desk.sorted():
        same = (other.account_id, other.contact_id, other.amount) == (row.account_id, row.contact_id, -row.amount)
        if same and _names(other) == _names(row) and id_order(other.id) > id_order(row.id):
            return other
    return None


def _names(row: TrustRow) -> tuple[str, str]:
    return row.bill_id, row.allocation_id
