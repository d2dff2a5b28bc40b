"""What people do with credit notes in Clio."""

from decimal import Decimal

from tests.properties.play.pick import Pick
from tests.properties.play.stage import Doc, Play, cash


def credit(play: Play, pick: Pick) -> None:
    owed = pick.one([b for b in play.bills("awaiting_payment") if b["balance"] > 0])
    play.clio.credit_note(owed["id"], pick.part_of(owed["balance"]), pick.day(), pick.one(["Goodwill", "Discount"]))


def delete_credit(play: Play, pick: Pick) -> None:
    play.clio.delete_credit_note(pick.one(_standing(play))["id"])


def enter_anew(play: Play, pick: Pick) -> None:
    """Deleted and entered again, perhaps smaller."""
    old = pick.one(_standing(play))
    play.clio.delete_credit_note(old["id"])
    amount: Decimal = pick.part_of(cash(old["amount"]))
    play.clio.credit_note(old["bill_id"], amount, old["date"], old["description"])


def _standing(play: Play) -> list[Doc]:
    return [memo for memo in play.clio.all("credit_memo") if not memo["voided_at"]]


ACTS = (credit, credit, delete_credit, enter_anew)
