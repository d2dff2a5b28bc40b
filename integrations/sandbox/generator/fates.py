"""What becomes of a generated bill after it was drafted, by the name of the fate."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal

from integrations.sandbox.generator.stage import BillPlan, Stage

UNDONE_AT_MOST = 60  # undoing a payment makes Clio add up the bank account again
_CENT = Decimal("0.01")


def befall(stage: Stage, bill_id: int, plan: BillPlan) -> None:
    """A bill of nothing is approved and that is all; otherwise its fate takes its course."""
    if plan.fate in _UNAPPROVED:
        _UNAPPROVED[plan.fate](stage, bill_id)
        return
    stage.clio.approve(bill_id)
    owed = stage.clio.bill(bill_id)["balance"]
    if owed > 0:
        _FATES[plan.fate](stage, bill_id, plan, owed)


def pay(stage: Stage, bill_id: int, plan: BillPlan, amount: Decimal, on: date) -> int:
    return stage.clio.record_payment(plan.party.id, [(bill_id, amount)], on, reference=stage.reference())


def _unpaid(stage: Stage, bill_id: int, plan: BillPlan, owed: Decimal) -> None:
    """Approved, and that is how it stays."""


def _paid(stage: Stage, bill_id: int, plan: BillPlan, owed: Decimal) -> None:
    pay(stage, bill_id, plan, owed, stage.later(plan.issued))


def _online(stage: Stage, bill_id: int, plan: BillPlan, owed: Decimal) -> None:
    on = stage.later(plan.issued, 10)
    stage.clio.record_payment(plan.party.id, [(bill_id, owed)], on, online=True, description="Card payment")


def _partial(stage: Stage, bill_id: int, plan: BillPlan, owed: Decimal) -> None:
    pay(stage, bill_id, plan, _part(stage, owed), stage.later(plan.issued))


def _twice(stage: Stage, bill_id: int, plan: BillPlan, owed: Decimal) -> None:
    part, on = _part(stage, owed), stage.later(plan.issued)
    pay(stage, bill_id, plan, part, on)
    if owed > part:
        pay(stage, bill_id, plan, owed - part, stage.later(on))


def _void(stage: Stage, bill_id: int, plan: BillPlan, owed: Decimal) -> None:
    stage.clio.void_bill(bill_id)


def _overpaid(stage: Stage, bill_id: int, plan: BillPlan, owed: Decimal) -> None:
    """What is too much stays with the firm as the contact's."""
    much = owed + stage.amount(20, 400)
    stage.clio.record_payment(
        plan.party.id, [(bill_id, owed)], stage.later(plan.issued), much, reference=stage.reference()
    )


def _from_trust(stage: Stage, bill_id: int, plan: BillPlan, owed: Decimal) -> None:
    """Money given in advance, by matter or by contact, pays the bill; something is left."""
    matter = plan.party.matters[0] if stage.rng.random() < 0.5 else None
    stage.clio.trust_deposit(
        plan.party.id,
        owed + stage.amount(100, 900),
        plan.issued - timedelta(days=stage.rng.randrange(1, 30)),
        matter_id=matter,
        source=plan.party.name,
        reference=stage.reference(),
        description="Advance deposit",
    )
    stage.clio.pay_from_trust(bill_id, owed, stage.later(plan.issued), stage.trust, matter_id=matter)


def _undone(stage: Stage, bill_id: int, plan: BillPlan, owed: Decimal) -> None:
    """A payment entered by mistake; half of the time the right one follows."""
    if stage.undone >= UNDONE_AT_MOST:
        return _paid(stage, bill_id, plan, owed)
    stage.undone += 1
    on = stage.later(plan.issued)
    wrong = stage.clio.record_payment(plan.party.id, [(bill_id, owed)], on, destination_id=stage.cards)
    stage.clio.delete_payment(wrong)
    if stage.undone % 2:
        pay(stage, bill_id, plan, owed, stage.later(on))


def _interest(stage: Stage, bill_id: int, plan: BillPlan, owed: Decimal) -> None:
    """Interest on the unpaid bill; half of the time both are paid."""
    on = stage.later(plan.issued)
    stage.clio.charge_interest(bill_id, max(_CENT, (owed / 50).quantize(_CENT)), on)
    if stage.rng.random() < 0.5:
        pay(stage, bill_id, plan, stage.clio.bill(bill_id)["balance"], stage.later(on))


def _credited(stage: Stage, bill_id: int, plan: BillPlan, owed: Decimal) -> None:
    """A courtesy off the bill; half of the time the rest is paid."""
    stage.clio.credit_note(bill_id, _part(stage, owed), stage.later(plan.issued, 15), "Courtesy")
    rest = stage.clio.bill(bill_id)["balance"]
    if rest and stage.rng.random() < 0.5:
        pay(stage, bill_id, plan, rest, stage.later(plan.issued))


def _written_off(stage: Stage, bill_id: int, plan: BillPlan, owed: Decimal) -> None:
    """A part is paid, the rest given up."""
    part, on = _part(stage, owed), stage.later(plan.issued)
    pay(stage, bill_id, plan, part, on)
    if owed > part:
        stage.clio.credit_note(bill_id, owed - part, stage.later(on), "Written off")


def _uncredited(stage: Stage, bill_id: int, plan: BillPlan, owed: Decimal) -> None:
    """A credit note written by mistake and taken back."""
    memo = stage.clio.credit_note(bill_id, _part(stage, owed), stage.later(plan.issued))
    stage.clio.delete_credit_note(memo)


def _refunded(stage: Stage, bill_id: int, plan: BillPlan, owed: Decimal) -> None:
    """Paid, and a part of it given back."""
    on = stage.later(plan.issued)
    payment, back = pay(stage, bill_id, plan, owed, on), _part(stage, owed)
    if back < owed and stage.undone < UNDONE_AT_MOST:
        stage.undone += 1
        stage.clio.refund_payment(payment, back, stage.later(on, 10), reference=stage.reference())


def _in_flight(stage: Stage, bill_id: int, plan: BillPlan, owed: Decimal) -> None:
    """A card payment that has not arrived; now and then one that the bank refused."""
    payment = stage.clio.record_payment(plan.party.id, [(bill_id, owed)], stage.later(plan.issued), pending=True)
    if stage.rng.random() < 0.3:
        stage.clio.fail_payment(payment)


def _waived(stage: Stage, bill_id: int, plan: BillPlan, owed: Decimal) -> None:
    """Interest that was charged and taken back."""
    charge = stage.clio.charge_interest(bill_id, max(_CENT, (owed / 50).quantize(_CENT)), stage.later(plan.issued))
    stage.clio.delete_interest_charge(charge)


def _part(stage: Stage, owed: Decimal) -> Decimal:
    share = Decimal(stage.rng.randrange(20, 80)) / 100
    return max(_CENT, (owed * share).quantize(_CENT))


def _leave(stage: Stage, bill_id: int) -> None:
    """Stays a draft."""


def _submit(stage: Stage, bill_id: int) -> None:
    stage.clio.submit(bill_id)


def _delete(stage: Stage, bill_id: int) -> None:
    stage.clio.delete_bill(bill_id)


_UNAPPROVED: Mapping[str, Callable[[Stage, int], None]] = {"draft": _leave, "submitted": _submit, "deleted": _delete}
_FATES: Mapping[str, Callable[[Stage, int, BillPlan, Decimal], None]] = {
    "unpaid": _unpaid,
    "paid": _paid,
    "online": _online,
    "partial": _partial,
    "twice": _twice,
    "void": _void,
    "overpaid": _overpaid,
    "from_trust": _from_trust,
    "undone": _undone,
    "interest": _interest,
    "credited": _credited,
    "written_off": _written_off,
    "uncredited": _uncredited,
    "refunded": _refunded,
    "in_flight": _in_flight,
    "waived": _waived,
}
DECK = (
    *("unpaid",) * 6,
    *("paid",) * 7,
    *("online", "partial", "partial", "twice"),
    *("draft", "submitted", "deleted", "void"),
    *("overpaid", "from_trust", "from_trust", "undone", "interest", "interest"),
    *("credited", "credited", "written_off", "uncredited", "refunded", "in_flight", "waived"),
)
# Bills of before the start date: whatever money they leave behind must not be of use to later ones.
EARLY_DECK = (*("paid",) * 4, *("unpaid",) * 2, "partial", "void")
