"""Which invoices each allocation of a bill pays: the bill's own, or those of its interest charges (rules R3.4, R4)."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from integrations.core.money import ZERO
from integrations.core.records import Ref
from integrations.kinds.group import Draftbook
from integrations.kinds.invoice import TRUST_KIND, Allocation, Bill, id_order, in_scope
from integrations.kinds.payment import Payment, PaymentLine
from integrations.kinds.plan_invoices import interest_legs

Room = Mapping[Ref, Decimal | None]  # what can be applied to an invoice; None where that is not known


class Applications:
    """The payment lines of every allocation of a group, each bill worked out once."""

    def __init__(self, book: Draftbook) -> None:
        self._book = book
        self._by_bill: dict[str, dict[str, tuple[PaymentLine, ...]]] = {}
        self._allocations: dict[str, dict[str, Allocation]] = {}
        for listed in book.group.allocations.values():
            self._note(listed)
        for payment in book.group.payments.values():
            self._note(payment.allocations)

    def _note(self, allocations: Iterable[Allocation]) -> None:
        for allocation in allocations:
            self._allocations.setdefault(allocation.bill_id, {})[allocation.id] = allocation

    def lines(self, allocation: Allocation) -> tuple[PaymentLine, ...]:
        """Empty where the bill has no invoice and is to have none, or where nothing is left to pay."""
        bill = self._book.group.bills.get(allocation.bill_id)
        if bill is None:
            return ()
        if bill.id not in self._by_bill:
            valid = [
                a for a in self._allocations.get(bill.id, {}).values() if a.is_valid and a.id not in self._book.pending
            ]
            self._by_bill[bill.id] = spread(bill.ref, room_of(self._book, bill), valid)
        return self._by_bill[bill.id].get(allocation.id, ())

    def live(self, payment: Payment) -> list[Allocation]:
        """Valid allocations to bills we know, without card payments on their way (R4.1) and without trust requests."""
        bills = self._book.group.bills
        return [
            allocation
            for allocation in payment.valid
            if allocation.id not in self._book.pending
            and allocation.bill_id in bills
            and bills[allocation.bill_id].kind != TRUST_KIND
        ]


def room_of(book: Draftbook, bill: Bill) -> Room:
    """The invoices of a bill that payments can be for, planned or not; those that cannot be planned now still count."""
    planned = book.legs.get(bill.id)
    if planned is not None:
        return planned
    link = book.link(bill.ref)
    if link is not None:
        return {} if link.is_voided else {bill.ref: None, **interest_legs(book, bill)}
    return {bill.ref: None} if in_scope(bill, book.policy.start_date) else {}


def spread(own: Ref, room: Room, allocations: Iterable[Allocation]) -> dict[str, tuple[PaymentLine, ...]]:
    """The lines of each allocation by its id, oldest allocation first.

    Interest goes to the interest invoices, oldest charge first, everything else to the bill's own. What has no room
    there goes to the others, and what has no room at all is not applied.
    """
    interest = sorted((ref for ref in room if ref.leg), key=lambda ref: id_order(ref.leg.rpartition("-")[2]))
    left = dict(room)
    ordered = sorted(allocations, key=lambda a: (str(a.date), id_order(a.id)))
    rest = {allocation.id: allocation.amount for allocation in ordered}
    lines: dict[str, list[PaymentLine]] = {allocation.id: [] for allocation in ordered}
    for second_choice in (False, True):
        for allocation in ordered:
            refs = interest if allocation.is_interest != second_choice else [own]
            rest[allocation.id] = _take(lines[allocation.id], left, refs, rest[allocation.id])
    return {allocation_id: tuple(found) for allocation_id, found in lines.items()}


def _take(lines: list[PaymentLine], left: dict[Ref, Decimal | None], refs: Iterable[Ref], wanted: Decimal) -> Decimal:
    """Applies ``wanted`` to ``refs`` as far as there is room; returns what is over."""
    for ref in refs:
        room = left.get(ref, ZERO)
        part = wanted if room is None else min(room, wanted)
        if part <= 0:
            continue
        lines.append(PaymentLine(ref, part))
        wanted -= part
        if room is not None:
            left[ref] = room - part
    return wanted
