"""Planning payments: what has to happen to the payments on a group's bills (rule R4)."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from integrations.core import mapping
from integrations.core.changes import Action, Change, Problem
from integrations.core.money import ZERO
from integrations.core.posting import gathered, post
from integrations.core.read import money, text
from integrations.core.records import Kind, Ref
from integrations.kinds.group import Draftbook, LinkState, contact_ref
from integrations.kinds.invoice import TRUST_KIND, Allocation, int_or_zero
from integrations.kinds.payment import (
    Payment,
    PaymentDraft,
    PaymentLine,
    applied_by,
    deposit_target,
    payment_ref,
)
from integrations.kinds.plan_invoices import MAPPING_NAMES, closed_period


def plan_payments(book: Draftbook) -> None:
    """Adds the changes of every payment of the group that pays a bill in scope."""
    desired: dict[Ref, PaymentDraft] = {}
    from_funds: list[Payment] = []
    for payment in sorted(
        book.group.payments.values(), key=lambda p: (str(p.dated), int_or_zero(p.id))
    ):
        if not _pays_in_scope(book, payment):
            continue
        if payment.is_from_operating_funds:
            from_funds.append(payment)
        else:
            desired |= _drafts(book, payment)
    for payment in from_funds:
        _apply_open_credit(book, payment, desired)
    replaced = _replacements(book, desired)
    for draft in desired.values():
        _plan_draft(book, draft, replaced)
    _plan_gone(book, desired, set(replaced.values()))


def _pays_in_scope(book: Draftbook, payment: Payment) -> bool:
    return any(
        a.bill_id in book.legs or _is_linked(book, a.bill_id)
        for a in _live(book, payment)
    )


def _is_linked(book: Draftbook, bill_id: str) -> bool:
    return book.link(Ref(Kind.INVOICE, bill_id)) is not None


def _live(book: Draftbook, payment: Payment) -> list[Allocation]:
    """Valid allocations to bills we know, without card payments on their way (R4.1); trust requests are no receivables."""
    bills = book.group.bills
    return [
        allocation
        for allocation in payment.valid
        if allocation.id not in book.pending
        and allocation.bill_id in bills
        and bills[allocation.bill_id].kind != TRUST_KIND
    ]


def _drafts(book: Draftbook, payment: Payment) -> dict[Ref, PaymentDraft]:
    """Rule R4.2: one payment per customer among the invoices; what no invoice takes stays with the payer."""
    live = _live(book, payment)
    by_contact: dict[str, list[Allocation]] = {}
    for allocation in live:
        by_contact.setdefault(
            book.group.bills[allocation.bill_id].contact_id, []
        ).append(allocation)
    excess = payment.amount - sum(
        (allocation.amount for allocation in payment.valid), ZERO
    )
    payer = (
        payment.contact_id
        if payment.contact_id in by_contact
        else min(by_contact, key=int_or_zero)
    )
    try:
        target = deposit_target(payment, book.policy)
    except LookupError as error:
        _report_unmapped(book, payment, by_contact, str(error))
        return {}
    drafts = {}
    for contact_id, allocations in by_contact.items():
        ref = payment_ref(payment.id, contact_id)
        amount = sum(
            (allocation.amount for allocation in allocations),
            excess if contact_id == payer else ZERO,
        )
        lines = [
            line for allocation in allocations for line in _lines(book, allocation)
        ]
        if not lines and not book.link(ref):
            continue
        drafts[ref] = PaymentDraft(
            ref=ref,
            contact=contact_ref(contact_id),
            dated=min(a.date for a in payment.valid if a.date),
            amount=amount,
            reference=payment.reference,
            deposit=target,
            lines=_merged(lines),
            policy=book.policy,
            source="in transit" if payment.is_from_trust else payment.destination_id,
        )
        _note_earlier_bills(book, drafts[ref], allocations)
    return drafts


def _lines(book: Draftbook, allocation: Allocation) -> Iterable[PaymentLine]:
    """The invoices an allocation pays: the bill's own, or its interest legs for interest."""
    legs = book.legs.get(allocation.bill_id)
    own = Ref(Kind.INVOICE, allocation.bill_id)
    if legs is None:
        # The bill cannot be planned now; what is already linked to it stays as it is.
        return [PaymentLine(own, allocation.amount)] if book.link(own) else []
    interest = {ref: amount for ref, amount in legs.items() if ref.leg}
    if not allocation.is_interest or not interest:
        return [PaymentLine(own, allocation.amount)]
    return _over_interest(book, allocation, own, interest)


def _over_interest(
    book: Draftbook, allocation: Allocation, own: Ref, interest: dict[Ref, Decimal]
) -> list[PaymentLine]:
    """Interest is paid charge by charge, oldest first, counting what earlier allocations already paid."""
    group = book.group
    earlier = sum(
        (
            a.amount
            for a in group.allocations.get(allocation.bill_id, ())
            if a.is_valid
            and a.is_interest
            and (str(a.date), int_or_zero(a.id))
            < (str(allocation.date), int_or_zero(allocation.id))
        ),
        ZERO,
    )
    lines, left = [], allocation.amount
    for ref, amount in sorted(
        interest.items(), key=lambda item: int_or_zero(item[0].leg.rpartition("-")[2])
    ):
        open_ = max(amount - earlier, ZERO)
        earlier = max(earlier - amount, ZERO)
        part = min(open_, left)
        if part:
            lines.append(PaymentLine(ref, part))
            left -= part
    return lines + ([PaymentLine(own, left)] if left else [])


def _merged(lines: Iterable[PaymentLine]) -> tuple[PaymentLine, ...]:
    sums: dict[Ref, Decimal] = {}
    for line in lines:
        sums[line.invoice] = sums.get(line.invoice, ZERO) + line.amount
    return tuple(
        PaymentLine(ref, amount) for ref, amount in sorted(sums.items()) if amount
    )


def _apply_open_credit(
    book: Draftbook, payment: Payment, desired: dict[Ref, PaymentDraft]
) -> None:
    """Rule R4.3: money held from earlier gains a linked line; without enough of it a person has to look."""
    for allocation in _live(book, payment):
        contact = contact_ref(book.group.bills[allocation.bill_id].contact_id)
        for line in _lines(book, allocation):
            left = line.amount
            for ref, draft in desired.items():
                part = (
                    min(draft.amount - draft.applied, left)
                    if draft.contact == contact
                    else ZERO
                )
                if part > 0:
                    desired[ref] = replace(
                        draft,
                        lines=_merged([*draft.lines, PaymentLine(line.invoice, part)]),
                    )
                    left -= part
            if left:
                book.report(_credit_missing(book, payment, allocation, left))


def _replacements(book: Draftbook, desired: dict[Ref, PaymentDraft]) -> dict[Ref, Ref]:
    """Rule R4.7: new payment to the linked one it replaces: gone in Clio, same contact, any same bill."""
    gone = [
        ref
        for ref, link in _linked_payments(book)
        if ref not in desired and not link.is_voided
    ]
    found: dict[Ref, Ref] = {}
    for ref in desired:
        if book.link(ref):
            continue
        new = book.group.payments[ref.practice_id]
        for old in gone:
            former = book.group.payments.get(old.practice_id)
            same_contact = former is not None and (
                former.contact_id == new.contact_id or old.leg == ref.leg
            )
            if (
                former
                and not former.valid
                and same_contact
                and former.bill_ids & new.bill_ids
            ):
                found[ref] = old
                gone.remove(old)
                break
    return found


def _linked_payments(book: Draftbook) -> list[tuple[Ref, LinkState]]:
    return [
        (ref, link)
        for ref, link in book.group.links.items()
        if ref.kind is Kind.PAYMENT
    ]


def _plan_draft(book: Draftbook, draft: PaymentDraft, replaced: dict[Ref, Ref]) -> None:
    link = book.link(draft.ref) or book.link(replaced.get(draft.ref, draft.ref))
    if (
        link
        and link.ref == draft.ref
        and link.practice_fingerprint == draft.fingerprint
        and not link.is_voided
    ):
        return _check_unchanged(book, draft, link)
    if closed := closed_period(book, draft.ref, draft.title, draft.dated):
        return book.report(replace(closed, title=draft.title))
    if not all(
        book.will_exist(line.invoice) for line in draft.lines
    ) or not book.will_exist(draft.contact):
        return book.wait(draft.ref)
    if link is None or link.is_voided:
        return _plan_new(book, draft)
    if book.is_deleted(link.ref):
        return book.report(_deleted(draft.ref, draft.title, link))
    if book.has_drifted(link):
        return book.report(_drift(draft.ref, draft.title, link, both=True))
    reason = "entered anew in Clio" if link.ref != draft.ref else "changed in Clio"
    after = {draft.contact} | _grown(book, draft, link)
    book.add(
        replace(
            _change(Action.UPDATE, draft, link.ledger_id, reason, after),
            replaces=replaced.get(draft.ref),
        )
    )


def _check_unchanged(book: Draftbook, draft: PaymentDraft, link: LinkState) -> None:
    if book.is_deleted(draft.ref):
        return book.report(_deleted(draft.ref, draft.title, link))
    if book.has_drifted(link):
        return book.report(_drift(draft.ref, draft.title, link, both=False))
    book.keep(draft.ref)


def _plan_new(book: Draftbook, draft: PaymentDraft) -> None:
    after = {draft.contact, *(line.invoice for line in draft.lines)}
    decision = book.decision(draft.ref, "payment_exists")
    if decision and decision.action == "adopt":
        return book.add(
            _change(
                Action.UPDATE, draft, decision.value, "already in QuickBooks", after
            )
        )
    customer = book.link(draft.contact) or book.changes.get(draft.contact)
    customer_id = customer.ledger_id if customer else ""
    loose = (
        book.catalog.loose_payments(customer_id, draft.amount, draft.dated)
        if customer_id
        else []
    )
    if not loose or (decision and decision.action == "post"):
        return book.add(_change(Action.CREATE, draft, "", "", after))
    book.report(
        Problem(
            "payment_exists",
            draft.ref,
            f"QuickBooks already has a payment of {draft.amount} from this customer dated {loose[0].date}, and Clio "
            f"has one of {draft.dated}. Adopt it, or say that they are two payments.",
            title=draft.title,
            ledger_id=loose[0].ledger_id,
            details={"candidates": [payment.ledger_id for payment in loose]},
        )
    )


def _grown(book: Draftbook, draft: PaymentDraft, link: LinkState) -> set[Ref]:
    """Invoices this payment will pay more of than now: those have to be changed before it."""
    document = book.document(link.ref)
    now = applied_by(document.raw) if document and document.raw else {}
    grown = set()
    for line in draft.lines:
        invoice = book.link(line.invoice)
        if invoice is None or line.amount > now.get(invoice.ledger_id, ZERO):
            grown.add(line.invoice)
    return grown


def _plan_gone(
    book: Draftbook, desired: dict[Ref, PaymentDraft], replaced: set[Ref]
) -> None:
    """Payments whose every allocation is void in Clio are voided."""
    for ref, link in _linked_payments(book):
        payment = book.group.payments.get(ref.practice_id)
        if (
            ref in desired
            or ref in replaced
            or payment is None
            or payment.is_from_operating_funds
        ):
            continue
        if (
            link.is_voided
            or book.is_deleted(ref)
            or payment.valid
            and _waits(book, payment)
        ):
            book.keep(ref)
            continue
        document = book.document(ref)
        raw = document.raw if document else None
        if raw and (
            closed := closed_period(
                book, ref, f"Payment {ref.practice_id}", text(raw, "TxnDate")
            )
        ):
            book.report(closed)
            continue
        amount = money(raw, "TotalAmt") if raw else ZERO
        book.add(
            Change(
                action=Action.VOID,
                ref=ref,
                entity="Payment",
                title=f"Payment {ref.practice_id}",
                reason="deleted in Clio",
                ledger_id=link.ledger_id,
                practice_fingerprint="void",
                amount=amount,
                reverses=gathered(
                    [
                        post(mapping.RECEIVABLE, amount),
                        post("Undeposited Funds", -amount),
                    ]
                ),
            )
        )


def _waits(book: Draftbook, payment: Payment) -> bool:
    """Whether the payment still pays a bill that only cannot be planned now."""
    return any(allocation.bill_id in book.group.bills for allocation in payment.valid)


def _change(
    action: Action, draft: PaymentDraft, ledger_id: str, reason: str, after: set[Ref]
) -> Change:
    return Change(
        action=action,
        ref=draft.ref,
        entity="Payment",
        title=draft.title,
        reason=reason,
        ledger_id=ledger_id,
        draft=draft,
        practice_fingerprint=draft.fingerprint,
        amount=draft.amount,
        after=frozenset(after),
    )


def _note_earlier_bills(
    book: Draftbook, draft: PaymentDraft, allocations: list[Allocation]
) -> None:
    """Rule R4.5: a payment is posted whole; what it paid on bills out of scope stays open, and is said."""
    outside = [
        a
        for a in allocations
        if a.bill_id not in book.legs and not _is_linked(book, a.bill_id)
    ]
    outside = [
        a
        for a in outside
        if not book.group.bills[a.bill_id].is_live or not _in_scope(book, a.bill_id)
    ]
    if not outside:
        return
    amount = sum((allocation.amount for allocation in outside), ZERO)
    numbers = ", ".join(
        book.group.bills[a.bill_id].number or a.bill_id for a in outside
    )
    book.report(
        Problem(
            "payment_partly_outside",
            draft.ref,
            f"{amount} of payment {draft.reference or draft.ref.practice_id} ({draft.amount}) is for bills from before "
            f"the start date ({numbers}); it stays the customer's open credit in QuickBooks.",
            title=draft.title,
            blocks=False,
        )
    )


def _in_scope(book: Draftbook, bill_id: str) -> bool:
    issued = book.group.bills[bill_id].issued_at
    return issued is not None and issued >= book.policy.start_date


def _report_unmapped(
    book: Draftbook, payment: Payment, by_contact: Iterable[str], key: str
) -> None:
    for contact_id in by_contact:
        book.report(
            Problem(
                "mapping_missing",
                payment_ref(payment.id, contact_id),
                f"Payment {payment.id} comes from trust and needs an account for {MAPPING_NAMES[key]}. Map it; the "
                "payment follows by itself.",
                title=f"Payment {payment.id}",
            )
        )


def _credit_missing(
    book: Draftbook, payment: Payment, allocation: Allocation, left: Decimal
) -> Problem:
    bill = book.group.bills[allocation.bill_id]
    return Problem(
        "credit_missing",
        payment_ref(payment.id, bill.contact_id),
        f"Clio pays {left} of bill {bill.number} from money held on an operating account, but the customer has no "
        "open credit of that size in QuickBooks. Apply a credit there by hand, then accept this here.",
        title=f"Payment {payment.id}",
    )


def _deleted(ref: Ref, title: str, link: LinkState) -> Problem:
    message = f"{title} was deleted in QuickBooks. It is not created again by itself."
    return Problem(
        "deleted_in_ledger", ref, message, title=title, ledger_id=link.ledger_id
    )


def _drift(ref: Ref, title: str, link: LinkState, *, both: bool) -> Problem:
    also = " and in Clio" if both else ""
    message = f"{title} was changed in QuickBooks{also}; nothing was overwritten."
    return Problem(
        "drift", ref, message, title=title, ledger_id=link.ledger_id, blocks=both
    )
