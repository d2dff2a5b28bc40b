"""What people do with payments in Clio."""

from decimal import Decimal

from integrations.sandbox.clio.office import BillLine
from tests.properties.play.pick import FIRST_DAY, Pick
from tests.properties.play.stage import Doc, Play, cash


def _unpaid(play: Play) -> list[Doc]:
    return [b for b in play.bills("awaiting_payment") if b["balance"] > 0 and b["kind"] != "trust_kind"]


def pay(play: Play, pick: Pick) -> None:
    owed = pick.one(_unpaid(play))
    play.portal.pay(owed["id"], pick.part_of(owed["balance"]), pick.day(), reference=pick.one(["", "CHQ 1"]))


def pay_several(play: Play, pick: Pick) -> None:
    """One payment over bills of one contact, perhaps with money over."""
    owed = _unpaid(play)
    contact = pick.one(sorted({b["client_id"] for b in owed}))
    chosen = pick.some([b for b in owed if b["client_id"] == contact])
    parts = [(b["id"], pick.part_of(b["balance"])) for b in chosen]
    over = pick.one([Decimal(0), Decimal(40)])
    play.clio.record_payment(contact, parts, pick.day(), amount=sum((p for _, p in parts), over))


def pay_for_others(play: Play, pick: Pick) -> None:
    """One payment over bills of several contacts, which is a payment of each in QuickBooks (rule R4.2)."""
    chosen = pick.some(_unpaid(play))
    parts = [(b["id"], pick.part_of(b["balance"])) for b in chosen]
    payer, over = pick.one(chosen)["client_id"], pick.one([Decimal(0), Decimal(40)])
    play.clio.record_payment(payer, parts, pick.day(), amount=sum((p for _, p in parts), over))


def overpay(play: Play, pick: Pick) -> None:
    owed = pick.one(_unpaid(play))
    over, on = pick.amount(), pick.day()
    play.clio.record_payment(owed["client_id"], [(owed["id"], owed["balance"])], on, amount=owed["balance"] + over)


def pay_from_money_held(play: Play, pick: Pick) -> None:
    owed = pick.one(_unpaid(play))
    held = play.clio.held(play.clio.first_account("Operating"), owed["client_id"])
    play.clio.pay_from_operating_funds(owed["id"], pick.part_of(min(held, owed["balance"])), pick.day())


def pay_from_trust(play: Play, pick: Pick) -> None:
    """The trust money is there just before."""
    owed = pick.one(_unpaid(play))
    part = pick.part_of(owed["balance"])
    play.clio.trust_deposit(owed["client_id"], part, FIRST_DAY, source="Retainer")
    play.clio.pay_from_trust(owed["id"], part, pick.day())


def card_payment(play: Play, pick: Pick) -> None:
    owed = pick.one(_unpaid(play))
    parts = [(owed["id"], pick.part_of(owed["balance"]))]
    play.clio.record_payment(owed["client_id"], parts, pick.day(), pending=True)


def card_payment_arrives(play: Play, pick: Pick) -> None:
    play.clio.complete_payment(pick.one(play.payments("pending"))["id"])


def card_payment_fails(play: Play, pick: Pick) -> None:
    play.clio.fail_payment(pick.one(play.payments("pending"))["id"])


def edit_amount(play: Play, pick: Pick) -> None:
    changed = pick.one(play.payments())
    parts = _parts(play, changed["id"])
    place = pick.number(0, len(parts) - 1) if parts else 0
    parts[place : place + 1] = [(id, pick.part_of(part)) for id, part in parts[place : place + 1]]
    play.clio.edit_payment(changed["id"], parts)


def edit_received(play: Play, pick: Pick) -> None:
    changed = pick.one(play.payments())
    play.clio.edit_payment(changed["id"], amount=cash(changed["amount"]) + pick.amount())


def edit_date(play: Play, pick: Pick) -> None:
    play.clio.edit_payment(pick.one(play.payments())["id"], on=pick.day())


def edit_reference(play: Play, pick: Pick) -> None:
    play.clio.edit_payment(pick.one(play.payments())["id"], reference=pick.one(["CHQ 2", ""]))


def move_to_another_bill(play: Play, pick: Pick) -> None:
    changed = pick.one(play.payments())
    fitting = [b for b in _unpaid(play) if b["client_id"] == changed["contact_id"]]
    other = pick.one(fitting)
    play.clio.edit_payment(changed["id"], [(other["id"], min(cash(changed["amount"]), other["balance"]))])


def delete(play: Play, pick: Pick) -> None:
    """One from trust takes its row of the trust ledger along, without a trace."""
    gone = pick.one(play.payments())
    play.clio.delete_payment(gone["id"])
    play.vanished |= gone["source_bank_account_id"] is not None


def enter_anew(play: Play, pick: Pick) -> None:
    """Deleted and entered again, perhaps with another amount."""
    old = pick.one([p for p in play.payments() if _parts(play, p["id"]) and not p["source_bank_account_id"]])
    parts = _parts(play, old["id"])
    play.clio.delete_payment(old["id"])
    again = [(id, pick.part_of(part)) for id, part in parts]
    play.clio.record_payment(old["contact_id"], again, old["date"], reference=old["reference"])


def correct_a_paid_bill(play: Play, pick: Pick) -> None:
    """Payment deleted, bill edited, payment entered again: how a paid bill is changed."""
    old = pick.one([p for p in play.payments() if len(_parts(play, p["id"])) == 1 and not p["source_bank_account_id"]])
    ((bill_id, _),) = _parts(play, old["id"])
    play.clio.delete_payment(old["id"])
    play.clio.edit_bill(bill_id, [BillLine("Corrected", pick.amount())])
    owed = play.clio.bill(bill_id)["balance"]
    if owed > 0:
        play.clio.record_payment(old["contact_id"], [(bill_id, owed)], old["date"])


def _parts(play: Play, payment_id: int) -> list[tuple[int, Decimal]]:
    rows = play.clio.find("allocation", "parent_id", payment_id)
    return [(row["bill_id"], cash(row["amount"])) for row in rows if not row["voided_at"]]


ACTS = (
    pay,
    pay,
    pay_several,
    pay_several,
    pay_for_others,
    overpay,
    pay_from_money_held,
    pay_from_trust,
    card_payment,
    card_payment_arrives,
    card_payment_fails,
    edit_amount,
    edit_received,
    edit_date,
    edit_reference,
    move_to_another_bill,
    delete,
    enter_anew,
    correct_a_paid_bill,
)
