"""What people do with bills in Clio."""

from datetime import date

from integrations.sandbox.clio.office import BillLine, Discount
from tests.properties.play.pick import FIRMS, NAMES, Pick
from tests.properties.play.stage import Doc, Play

OPEN = ("awaiting_payment", "paid")
EARLIER = date(2025, 11, 3)  # before the start date


def a_contact(play: Play, pick: Pick) -> int:
    """Somebody known, or somebody new who may have the name or the address of another."""
    return pick.one([*play.contacts(), 0]) or new_contact(play, pick)


def new_contact(play: Play, pick: Pick) -> int:
    if pick.one(["Person", "Person", "Company"]) == "Company":
        return play.clio.create_contact(type="Company", name=pick.one(FIRMS))
    first, last = pick.one(NAMES)
    email = pick.one([f"{first}@example.com".lower(), "", "office@example.com"])
    return play.portal.contact(first, last, email)


def _lines(pick: Pick) -> list[BillLine]:
    kinds = pick.one([("service",), ("service", "hard_cost"), ("service", "soft_cost", "no_charge")])
    return [BillLine(f"Line {n}", pick.amount(), kind=kind) for n, kind in enumerate(kinds)]


def bill(play: Play, pick: Pick) -> None:
    play.portal.bill(lines=_lines(pick), contact=a_contact(play, pick), issued=pick.day())


def taxed_bill(play: Play, pick: Pick) -> None:
    discount = pick.one([None, Discount(10), Discount(10, services_only=True)])
    rate = pick.one(["8.25", "10"])
    lines, contact = _lines(pick), a_contact(play, pick)
    play.portal.bill(lines=lines, contact=contact, issued=pick.day(), discount=discount, tax_rate=rate)


def bill_from_before(play: Play, pick: Pick) -> None:
    play.portal.bill(pick.amount(), contact=a_contact(play, pick), issued=EARLIER)


def draft(play: Play, pick: Pick) -> None:
    play.portal.bill(pick.amount(), contact=a_contact(play, pick), issued=pick.day(), approve=False)


def bill_with_a_number_in_use(play: Play, pick: Pick) -> None:
    used = [b["number"] for b in play.bills()] + [d["DocNumber"] for d in play.documents("Invoice", ours=False)]
    contact = a_contact(play, pick)
    play.portal.bill(pick.amount(), contact=contact, issued=pick.day(), number=pick.one(used))


def approve(play: Play, pick: Pick) -> None:
    play.clio.approve(pick.one(play.bills("draft"))["id"])


def back_to_draft(play: Play, pick: Pick) -> None:
    play.clio.back_to_draft(_open(play, pick)["id"])


def edit_lines(play: Play, pick: Pick) -> None:
    play.clio.edit_bill(_editable(play, pick)["id"], _lines(pick))


def change_discount(play: Play, pick: Pick) -> None:
    play.clio.edit_bill(_editable(play, pick)["id"], discount=pick.one([None, Discount(10)]))


def redate(play: Play, pick: Pick) -> None:
    on = pick.day()
    play.clio.edit_bill(_editable(play, pick)["id"], issued_at=on, due_at=on)


def renumber(play: Play, pick: Pick) -> None:
    changed = _editable(play, pick)
    used = [b["number"] for b in play.bills()]
    play.clio.renumber(changed["id"], pick.one([f"A-{changed['id']}", "7777", "1" * 22, *used]))


def void(play: Play, pick: Pick) -> None:
    play.clio.void_bill(_open(play, pick)["id"])


def void_and_keep_the_money(play: Play, pick: Pick) -> None:
    play.clio.void_bill(_open(play, pick)["id"], keep_money=True)


def delete(play: Play, pick: Pick) -> None:
    play.clio.delete_bill(pick.one(play.bills())["id"])


def charge_interest(play: Play, pick: Pick) -> None:
    play.clio.charge_interest(pick.one(play.bills("awaiting_payment"))["id"], pick.amount(), pick.day())


def take_interest_back(play: Play, pick: Pick) -> None:
    play.clio.delete_interest_charge(pick.one(list(play.clio.all("interest_charge")))["id"])
    play.vanished = True


def _open(play: Play, pick: Pick) -> Doc:
    return pick.one(play.bills(*OPEN))


def _editable(play: Play, pick: Pick) -> Doc:
    return pick.one(play.bills("awaiting_payment", "draft"))


ACTS = (
    bill,
    bill,
    taxed_bill,
    bill_from_before,
    draft,
    bill_with_a_number_in_use,
    approve,
    back_to_draft,
    edit_lines,
    change_discount,
    redate,
    renumber,
    void,
    void_and_keep_the_money,
    delete,
    charge_interest,
    take_interest_back,
)
