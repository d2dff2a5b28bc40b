"""Small builders of what the plan reads: every argument is optional, and each name says what it is in Clio."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from integrations.core import mapping
from integrations.core.changes import Action, Change, Decision, Plan
from integrations.core.mapping import Policy, Target
from integrations.core.match import Match
from integrations.core.records import Kind, Ref
from integrations.kinds.contact import Contact
from integrations.kinds.credit_note import CreditNote, Memo, apply_ref, memo_ref
from integrations.kinds.group import Group
from integrations.kinds.invoice import Allocation, Bill, Discount, InterestCharge, LineItem
from integrations.kinds.payment import Payment, Receipt, assemble, payment_ref

START = date(2026, 1, 1)
ISSUED = date(2026, 2, 2)
PAID = date(2026, 2, 20)

ITEMS = {
    mapping.SERVICE: Target("10", "Legal services", "Legal fees"),
    mapping.HARD_COST: Target("11", "Hard costs", "Client costs"),
    mapping.SOFT_COST: Target("12", "Soft costs", "Reimbursed expenses"),
    mapping.TAX: Target("13", "Tax", "Tax payable"),
    mapping.SECONDARY_TAX: Target("14", "Second tax", "Second tax payable"),
    mapping.DISCOUNT: Target("15", "Discount", "Discounts given"),
    mapping.INTEREST: Target("16", "Interest", "Interest income"),
    mapping.ROUNDING: Target("17", "Rounding", "Rounding"),
    mapping.DEPOSIT: Target("80", "Undeposited Funds", "Undeposited Funds"),
    mapping.IN_TRANSIT: Target("81", "Trust in transit", "Trust in transit"),
    mapping.REFUND: Target("82", "Checking", "Checking"),
    mapping.trust_bank_key("44"): Target("91", "IOLTA", "IOLTA"),
    mapping.trust_liability_key("44"): Target("92", "IOLTA Liability", "IOLTA Liability"),
    mapping.trust_bank_key("45"): Target("93", "IOLTA 2", "IOLTA 2"),
    mapping.trust_liability_key("45"): Target("94", "IOLTA 2 Liability", "IOLTA 2 Liability"),
}


def money(value: object) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.01"))


def policy(without: Iterable[str] = (), **changes: Any) -> Policy:
    """A US firm from 1 January 2026 with everything mapped but ``without``."""
    targets = {key: target for key, target in ITEMS.items() if key not in set(without)}
    plain = Policy("acme", START, "USD", "US", targets, receivable=Target("83", "Accounts Receivable", "Receivable"))
    return replace(plain, **changes)


def bill(id: str = "1", amount: object = "1000.00", **changes: Any) -> Bill:
    """An approved, unpaid bill of one service line for contact 7."""
    whole = money(amount)
    plain = Bill(
        id=id,
        number=f"10{id}",
        state="awaiting_payment",
        kind="revenue_kind",
        contact_id="7",
        issued_at=ISSUED,
        due_at=None,
        currency="USD",
        total=whole,
        due=whole,
        balance=whole,
        pending=money(0),
        sub_total=whole,
        services_sub_total=whole,
        tax=money(0),
        secondary_tax=money(0),
        discount=Discount(),
        subject="",
        matters=("00001-Lee",),
        is_interest_bill=False,
    )
    return replace(plain, **{name: _as_money(name, value) for name, value in changes.items()})


_AMOUNTS = {"total", "due", "balance", "pending", "sub_total", "services_sub_total", "tax", "secondary_tax"}


def _as_money(name: str, value: Any) -> Any:
    return money(value) if name in _AMOUNTS else value


def paid(what: Bill, amount: object) -> Bill:
    """The same bill with so much less to pay."""
    left = what.balance - money(amount)
    return replace(what, balance=left, state="paid" if left <= 0 else what.state)


def line(id: str = "1", amount: object = "1000.00", bill: str = "1", **changes: Any) -> LineItem:
    whole = money(amount)
    plain = LineItem(
        id=id,
        bill_id=bill,
        type="ActivityLineItem",
        is_expense=False,
        date=ISSUED,
        description="Advice",
        sub_total=whole,
        tax=money(0),
        secondary_tax=money(0),
        quantity=Decimal(1),
        price=whole,
        timekeeper="Bo Ek",
        matter="00001-Lee",
        activity_type="TimeEntry",
        category_id="",
        shown=True,
    )
    return replace(plain, **{name: _as_money(name, value) for name, value in changes.items()})


def allocation(
    id: str = "1", amount: object = "1000.00", bill: str = "1", payment: str = "900", **changes: Any
) -> Allocation:
    plain = Allocation(
        id=id,
        bill_id=bill,
        parent_id=payment,
        is_payment=True,
        amount=money(amount),
        date=PAID,
        is_interest=False,
        is_valid=True,
        is_online=False,
        contact_id="7",
        source_type="",
        source_id="",
        destination_id="",
    )
    return replace(plain, **changes)


def credit(id: str = "c1", amount: object = "100.00", bill: str = "1", note: str = "77", **changes: Any) -> Allocation:
    """The allocation of a credit note to a bill."""
    return allocation(id, amount, bill, note, is_payment=False, **changes)


def memo(id: str = "77", amount: object = "100.00", **changes: Any) -> Memo:
    return replace(Memo(id, money(amount), PAID, "Goodwill", is_discount=False, is_voided=False), **changes)


def charge(id: str = "1", amount: object = "10.00", bill: str = "1", on: date | None = PAID) -> InterestCharge:
    return InterestCharge(id, bill, on, "Interest", money(amount))


def receipt(id: str = "1", amount: object = "1000.00", **changes: Any) -> Receipt:
    return replace(Receipt(id, "", "", PAID, money(amount), "CHK 12"), **changes)


def contact(id: str = "7", name: str = "Ann Lee", **changes: Any) -> Contact:
    given, _, family = name.partition(" ")
    plain = Contact(id=id, is_company=False, name=name, given=given, family=family, email="ann@example.com")
    changed = replace(plain, **changes)
    return replace(changed, emails=(changed.email,) if changed.email and not changed.emails else changed.emails)


def group(
    bills: Sequence[Bill] = (),
    *,
    contacts: Sequence[Contact] | Mapping[str, Contact | str] | None = None,
    lines: Sequence[LineItem] | None = None,
    allocations: Sequence[Allocation] = (),
    charges: Sequence[InterestCharge] = (),
    receipts: Sequence[Receipt] = (),
    memos: Sequence[Memo] = (),
    matches: Mapping[str, Match] | None = None,
    decisions: Mapping[tuple[Ref, str], Decision] | None = None,
    **parts: Any,
) -> Group:
    """A group of these bills; lines and contacts nobody names are made up, payments are put together as in a run."""
    named = contacts if contacts is not None else [contact(id) for id in sorted({b.contact_id for b in bills} - {""})]
    known = named if isinstance(named, Mapping) else {c.id: c for c in named}
    ids = {b.id for b in bills}
    every = lines if lines is not None else [line(f"9{b.id}", b.sub_total, b.id) for b in bills if b.sub_total]
    return Group(
        contacts=known,
        matches=matches or {},
        bills={b.id: b for b in bills},
        lines={id: tuple(item for item in every if item.bill_id == id) for id in ids},
        allocations={id: tuple(a for a in allocations if a.bill_id == id) for id in ids},
        charges={id: tuple(c for c in charges if c.bill_id == id) for id in ids},
        payments=payments(allocations, receipts),
        credit_notes=credit_notes(allocations, memos),
        decisions=decisions or {},
        **parts,
    )


def payments(allocations: Sequence[Allocation], receipts: Sequence[Receipt] = ()) -> dict[str, Payment]:
    ids = dict.fromkeys(a.parent_id for a in allocations if a.is_payment)
    mine = {id: [a for a in allocations if a.parent_id == id and a.is_payment] for id in ids}
    return {id: assemble(id, mine[id], receipts) for id in ids}


def credit_notes(allocations: Sequence[Allocation], memos: Sequence[Memo] = ()) -> dict[str, CreditNote]:
    """Each note with its memo; one nobody gives says no more than the allocations."""
    known = {memo.id: memo for memo in memos}
    ids = dict.fromkeys([*known, *(a.parent_id for a in allocations if not a.is_payment)])
    return {
        id: CreditNote(id, known.get(id), tuple(a for a in allocations if a.parent_id == id and not a.is_payment))
        for id in ids
    }


def invoice(bill_id: str = "1", leg: str = "") -> Ref:
    return Ref(Kind.INVOICE, bill_id, leg)


def payment(payment_id: str = "900", contact_id: str = "7") -> Ref:
    return payment_ref(payment_id, contact_id)


def credit_memo(note_id: str = "77") -> Ref:
    return memo_ref(note_id)


def application(note_id: str = "77") -> Ref:
    return apply_ref(note_id)


def customer(contact_id: str = "7") -> Ref:
    return Ref(Kind.CONTACT, contact_id)


def codes(plan: Plan) -> list[tuple[str, Ref]]:
    return [(problem.code, problem.ref) for problem in plan.problems]


def steps(plan: Plan) -> list[tuple[Action, Ref]]:
    """What the plan does, in order."""
    return [(change.action, change.ref) for change in plan.changes]


def change_of(plan: Plan, ref: Ref) -> Change:
    (found,) = [change for change in plan.changes if change.ref == ref]
    return found
