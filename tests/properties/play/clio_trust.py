"""What people do with trust money in Clio."""

from datetime import date
from decimal import Decimal
from typing import Any

from tests.properties.play.clio_bills import EARLIER, a_contact
from tests.properties.play.pick import Pick
from tests.properties.play.stage import Doc, Play, cash

FULL: dict[str, Any] = {"source": "Ann Lee", "reference": "1042", "description": "Retainer"}
APART = 120  # seconds; a deposit and a withdrawal entered together would be a transfer (rule R6.4)


def deposit(play: Play, pick: Pick) -> None:
    _deposit(play, a_contact(play, pick), pick.amount(), pick.day(), pick)


def deposit_from_before(play: Play, pick: Pick) -> None:
    """It belongs to the opening balance."""
    _deposit(play, a_contact(play, pick), pick.amount(), EARLIER, pick)


def deposit_for_nobody(play: Play, pick: Pick) -> None:
    _deposit(play, None, pick.amount(), pick.day(), pick)


def withdraw(play: Play, pick: Pick) -> None:
    fund = _fund(play, pick)
    part = pick.part_of(cash(fund["balance"]))
    told = pick.one([FULL, {"reference": "7"}, {}])
    play.portal.clock.sleep(APART)
    play.clio.trust_withdrawal(fund["client_id"], part, pick.day(), bank_account_id=fund["bank_account_id"], **told)


def by_check_from_now_on(play: Play, pick: Pick) -> None:
    """Or no longer: how the firm has money out of trust posted (rule R6.2)."""
    pairing = play.portal.pairing
    pairing.trust_checks = pick.one([True, False])
    pairing.save(update_fields=["trust_checks"])


def pay_a_bill(play: Play, pick: Pick) -> None:
    fund = _fund(play, pick)
    owed = [b for b in play.bills("awaiting_payment") if b["client_id"] == fund["client_id"] and b["balance"] > 0]
    bill = pick.one(owed)
    play.portal.clock.sleep(APART)
    part = pick.part_of(min(cash(fund["balance"]), bill["balance"]))
    play.clio.pay_from_trust(bill["id"], part, pick.day(), fund["bank_account_id"])


def transfer(play: Play, pick: Pick) -> None:
    """To another client, or to another account."""
    fund = _fund(play, pick)
    part, on = pick.part_of(cash(fund["balance"])), pick.day()
    into = pick.one(_accounts(play))
    receiver = pick.one(play.contacts()) if into == fund["bank_account_id"] else fund["client_id"]
    play.portal.clock.sleep(APART)
    rows = play.clio.trust_transfer(
        part,
        on,
        contact_id=fund["client_id"],
        to_contact_id=receiver,
        bank_account_id=fund["bank_account_id"],
        to_bank_account_id=into,
    )
    play.transfers.append(rows)


def change_amount(play: Play, pick: Pick) -> None:
    row = pick.one(_free_rows(play))
    sign = -1 if cash(row["signed"]) < 0 else 1
    play.clio.edit_bank_transaction(row["id"], amount=sign * pick.amount())


def redate(play: Play, pick: Pick) -> None:
    on: date = pick.one([pick.day(), EARLIER])
    play.clio.edit_bank_transaction(pick.one(_free_rows(play))["id"], date=on)


def give_to_another(play: Play, pick: Pick) -> None:
    play.clio.edit_bank_transaction(pick.one(_free_rows(play))["id"], contact_id=pick.one(play.contacts()))


def delete(play: Play, pick: Pick) -> None:
    play.clio.delete_bank_transaction(pick.one(_free_rows(play))["id"])
    play.vanished = True


def _deposit(play: Play, contact: int | None, amount: Decimal, on: date, pick: Pick) -> None:
    account = pick.one(_accounts(play))
    told = pick.one([FULL, {"source": "Ann Lee"}, {}])
    play.portal.clock.sleep(APART)
    play.clio.trust_deposit(contact, amount, on, bank_account_id=account, **told)


def _accounts(play: Play) -> list[int]:
    return [doc["id"] for doc in play.clio.all("bank_account") if doc["type"] == "Trust"]


def _fund(play: Play, pick: Pick) -> Doc:
    trust = set(_accounts(play))
    return pick.one([f for f in play.clio.all("fund") if f["bank_account_id"] in trust and cash(f["balance"]) > 0])


def _free_rows(play: Play) -> list[Doc]:
    """Rows that are neither a payment's nor one of a transfer's two."""
    trust = set(_accounts(play))
    moved = {row for transfer in play.transfers for row in transfer}
    rows = (row for row in play.clio.all("bank_transaction") if row["bank_account_id"] in trust)
    return [row for row in rows if not row["payment_id"] and row["id"] not in moved]


ACTS = (
    deposit,
    deposit,
    deposit_from_before,
    deposit_for_nobody,
    withdraw,
    withdraw,
    by_check_from_now_on,
    pay_a_bill,
    pay_a_bill,
    transfer,
    change_amount,
    redate,
    give_to_another,
    delete,
)
