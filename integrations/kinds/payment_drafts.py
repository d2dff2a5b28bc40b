"""The QuickBooks payments that a group's Clio payments should be (rules R4.1 to R4.5)."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from integrations.core import words
from integrations.core.changes import Problem
from integrations.core.money import ZERO
from integrations.core.read import money, text
from integrations.core.records import Kind, Ref
from integrations.kinds.applying import Applications
from integrations.kinds.group import Draftbook, LinkState, contact_ref, is_posted
from integrations.kinds.invoice import Allocation, id_order
from integrations.kinds.payment import Payment, PaymentDraft, PaymentLine, deposit_target, payment_ref, payment_title
from integrations.kinds.plan_kept import kept_for, live_payments, loose, note_loose
from integrations.kinds.problems import dated


@dataclass
class Desired:
    """What the payments of a group should be, and what stands in the way of some.

    ``credit`` is the money of a payment that no bill takes. ``unmapped`` names the account a payment lacks.
    ``partly_unseen`` are payments of which some bills are not known. ``as_they_are`` are Clio payments left alone.
    """

    drafts: dict[Ref, PaymentDraft] = field(default_factory=dict)
    credit: dict[Ref, Decimal] = field(default_factory=dict)
    unmapped: dict[Ref, str] = field(default_factory=dict)
    partly_unseen: set[str] = field(default_factory=set)
    as_they_are: set[str] = field(default_factory=set)


def desired_payments(book: Draftbook) -> Desired:
    """Every payment that pays a bill with an invoice, oldest first; money held from earlier is applied last (R4.3)."""
    found, applications = Desired(), Applications(book)
    payments = sorted(book.group.payments.values(), key=lambda p: (str(p.dated), id_order(p.id)))
    posted = [payment for payment in payments if _pays_something_posted(book, applications, payment)]
    for payment in posted:
        if not payment.is_from_operating_funds:
            _draft(book, applications, found, payment)
    for payment in payments:
        _keep_loose(book, found, payment)
    for payment in posted:
        if payment.is_from_operating_funds:
            _apply_open_credit(book, applications, found, payment)
    return found


def _keep_loose(book: Draftbook, found: Desired, payment: Payment) -> None:
    """Money that no bill has any more and that Clio kept: what was received becomes open credit.

    Where only a part of what several customers paid was kept, nobody knows whose: their payments stay as they are.
    """
    links = live_payments(book, payment.id) if payment.standing and not payment.valid else []
    drafts = [draft for link in links if (draft := _loose_draft(book, link))]
    if len(drafts) < len(links) or any(kept_for(book, link) for link in links):
        return
    if len(drafts) == 1:
        drafts = [replace(drafts[0], amount=payment.standing)]
    if sum((draft.amount for draft in drafts), ZERO) == payment.standing:
        for draft, link in zip(drafts, links, strict=True):
            found.drafts[draft.ref], found.credit[draft.ref] = draft, draft.amount
            note_loose(book, payment, link.ref)


def _loose_draft(book: Draftbook, link: LinkState) -> PaymentDraft | None:
    """The payment as it is in QuickBooks, applied to nothing."""
    document = book.document(link.ref)
    on = dated(document.raw) if document else None
    if document is None or document.raw is None or on is None:
        return None
    ref, raw = link.ref, document.raw
    amount, reference = money(raw, "TotalAmt"), text(raw, "PaymentRefNum")
    return PaymentDraft(ref, contact_ref(ref.leg), on, amount, reference, None, (), book.policy, keeps_reference=True)


def _pays_something_posted(book: Draftbook, applications: Applications, payment: Payment) -> bool:
    known = [allocation.bill_id for allocation in applications.live(payment)]
    hidden = [a.bill_id for a in payment.valid if a.bill_id in book.group.unreadable_bills]
    return any(is_posted(book, id) for id in known) or any(book.link(Ref(Kind.INVOICE, id)) for id in hidden)


def _draft(book: Draftbook, applications: Applications, found: Desired, payment: Payment) -> None:
    if _is_left_as_it_is(book, payment):
        found.as_they_are.add(payment.id)
        return
    live = applications.live(payment)
    lines = _lines_by_contact(book, applications, live)
    owners = [id for id in _contacts(book, live) if id in lines or book.link(payment_ref(payment.id, id))]
    if not owners:
        if any(allocation.amount < 0 for allocation in live):
            book.report(_below_zero(payment))
        return
    if payment.dated is None:
        book.report(_undated(payment_ref(payment.id, owners[0]), payment))
        found.as_they_are.add(payment.id)
        return
    payer = next((id for id in (payment.payer, payment.contact_id) if id in owners), min(owners, key=id_order))
    if any(a.bill_id and a.bill_id not in book.group.bills for a in payment.valid):
        found.partly_unseen.add(payment.id)
    shares, left = _shares(book, live, owners, payer), _over(book, payment, payer)
    for contact_id, share in shares.items():
        amount = sum((allocation.amount for allocation in share), ZERO)
        over = left if contact_id == payer else ZERO
        if contact_id == payer:
            amount += over + sum((a.amount for a in payment.valid if not a.bill_id), ZERO)
        draft = _payment_draft(book, found, payment, payment.dated, contact_id, amount, lines.get(contact_id, ()))
        found.credit[draft.ref] = over
        _note_unposted_bills(book, draft, share)


def _is_left_as_it_is(book: Draftbook, payment: Payment) -> bool:
    """Rule R1.4: while one of its bills cannot be read, nothing is known of what the payment should be."""
    if not any(a.bill_id in book.group.unreadable_bills for a in payment.valid):
        return False
    linked = [ref for ref in book.group.links if ref.kind is Kind.PAYMENT and ref.practice_id == payment.id]
    for ref in linked or [payment_ref(payment.id, payment.contact_id)]:
        book.wait(ref)
    return True


def _contacts(book: Draftbook, live: Iterable[Allocation]) -> list[str]:
    return list(dict.fromkeys(book.group.bills[allocation.bill_id].contact_id for allocation in live))


def _lines_by_contact(
    book: Draftbook, applications: Applications, live: Iterable[Allocation]
) -> dict[str, list[PaymentLine]]:
    found: dict[str, list[PaymentLine]] = {}
    for allocation in live:
        if lines := applications.lines(allocation):
            found.setdefault(book.group.bills[allocation.bill_id].contact_id, []).extend(lines)
    return found


def _shares(book: Draftbook, live: Iterable[Allocation], owners: list[str], payer: str) -> dict[str, list[Allocation]]:
    """Rules R4.2, R4.5: each contact's own allocations; the payer's has those of contacts without a posted bill too."""
    shares: dict[str, list[Allocation]] = {contact_id: [] for contact_id in owners}
    for allocation in live:
        contact_id = book.group.bills[allocation.bill_id].contact_id
        shares[contact_id if contact_id in shares else payer].append(allocation)
    return shares


def _over(book: Draftbook, payment: Payment, payer: str) -> Decimal:
    """What was received above what Clio allocates, with what it kept when a bill of it was voided."""
    links = live_payments(book, payment.id) if payment.standing else []
    if payment.standing and not any(kept_for(book, link) for link in links):
        note_loose(book, payment, links[0].ref if links else payment_ref(payment.id, payer))
    return max(loose(payment), ZERO)


def _payment_draft(
    book: Draftbook,
    found: Desired,
    payment: Payment,
    dated: date,
    contact_id: str,
    amount: Decimal,
    lines: Iterable[PaymentLine],
) -> PaymentDraft:
    ref, target = payment_ref(payment.id, contact_id), None
    try:
        target = deposit_target(payment, book.policy)
    except LookupError as error:
        found.unmapped[ref] = str(error)
    found.drafts[ref] = PaymentDraft(
        ref=ref,
        contact=contact_ref(contact_id),
        dated=dated,
        amount=amount,
        reference=payment.reference,
        deposit=target,
        lines=merged(lines),
        policy=book.policy,
        source="in transit" if payment.is_from_trust else payment.destination_id,
    )
    return found.drafts[ref]


def merged(lines: Iterable[PaymentLine]) -> tuple[PaymentLine, ...]:
    """One line per invoice."""
    sums: dict[Ref, Decimal] = {}
    for line in lines:
        sums[line.invoice] = sums.get(line.invoice, ZERO) + line.amount
    return tuple(PaymentLine(ref, amount) for ref, amount in sorted(sums.items()) if amount)


def _apply_open_credit(book: Draftbook, applications: Applications, found: Desired, payment: Payment) -> None:
    """Rule R4.3: money held from earlier gains a linked line; without enough of it a person has to look."""
    for allocation in applications.live(payment):
        contact_id = book.group.bills[allocation.bill_id].contact_id
        for line in applications.lines(allocation):
            if not book.will_exist(line.invoice):
                book.wait(payment_ref(payment.id, contact_id))
            elif left := _take_credit(found, contact_ref(contact_id), line):
                book.report(_credit_missing(book, payment, allocation, left))


def _take_credit(found: Desired, contact: Ref, line: PaymentLine) -> Decimal:
    """Gives the line to the customer's payments that have money over, oldest first; returns what they lack."""
    left = line.amount
    for ref, draft in found.drafts.items():
        part = min(found.credit.get(ref, ZERO), left) if draft.contact == contact else ZERO
        if part <= 0:
            continue
        found.drafts[ref] = replace(draft, lines=merged([*draft.lines, PaymentLine(line.invoice, part)]))
        found.credit[ref] -= part
        left -= part
    return left


def _note_unposted_bills(book: Draftbook, draft: PaymentDraft, share: Iterable[Allocation]) -> None:
    """Rule R4.5: a payment is posted whole; what it paid on bills that are not posted stays open, and is said."""
    outside = [a for a in share if not is_posted(book, a.bill_id)]
    if not outside:
        return
    amount = sum((allocation.amount for allocation in outside), ZERO)
    numbers = ", ".join(book.group.bills[a.bill_id].number or a.bill_id for a in outside)
    whole = words.amount(draft.amount)
    known_as = (
        f"payment {draft.reference} ({whole})" if draft.reference else f"the {whole} paid on {words.day(draft.dated)}"
    )
    message = (
        f"{words.amount(amount)} of {known_as} is for bills that are not posted, from before the start date or not "
        f"approved ({numbers}); it stays the customer's open credit in QuickBooks."
    )
    book.report(Problem("payment_partly_outside", draft.ref, message, title=draft.title, blocks=False))


def _credit_missing(book: Draftbook, payment: Payment, allocation: Allocation, left: Decimal) -> Problem:
    bill = book.group.bills[allocation.bill_id]
    return Problem(
        "credit_missing",
        payment_ref(payment.id, bill.contact_id),
        f"Clio pays {words.amount(left)} of bill {bill.number} from money held on an operating account, but the "
        "customer has no open credit of that size in QuickBooks. Apply a credit there by hand, then accept this here.",
        title=payment_title(payment),
    )


def _below_zero(payment: Payment) -> Problem:
    title = payment_title(payment)
    message = f"{title} takes money back from a bill in Clio; QuickBooks takes no such payment."
    return Problem("total_mismatch", payment_ref(payment.id, payment.contact_id), message, title=title)


def _undated(ref: Ref, payment: Payment) -> Problem:
    message = f"Payment {payment.id} has no date in Clio, so it cannot be posted. Give it one there."
    return Problem("date_missing", ref, message, title=f"Payment {payment.id}")
