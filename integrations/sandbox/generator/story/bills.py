"""Acts about bills: edited, numbered, dated, taken back, voided, with interest, or known to QuickBooks already."""

from decimal import Decimal

from integrations.sandbox.clio.office import BillLine
from integrations.sandbox.generator.story.act import Act, Step
from integrations.sandbox.generator.story.cast import Cast


def _bill(cast: Cast) -> int:
    return cast.bill()


def edit(cast: Cast, bill: int) -> None:
    cast.clio.edit_bill(bill, [BillLine("Advice", Decimal(900), kind="fee"), BillLine("Call", Decimal(75), kind="fee")])


def _approve_anew(cast: Cast, bill: int) -> None:
    edit(cast, bill)
    cast.clio.approve(bill)


def _void_keeping(cast: Cast, bill: int) -> None:
    cast.clio.void_bill(bill, keep_money=True)


def _paid(cast: Cast) -> int:
    bill = cast.bill()
    cast.pay(bill)
    return bill


def _paid_by_hand_and_voided(cast: Cast, bill: int) -> None:
    """Somebody took money for the bill in QuickBooks; then it is voided in Clio."""
    known = cast.invoice(bill)
    cast.quickbooks.receive_payment(known["CustomerRef"]["value"], 250, {known["Id"]: 250})
    cast.clio.void_bill(bill)


def _is_settled(cast: Cast, bill: int) -> bool:
    return bool(cast.invoice(bill)["TotalAmt"] == 1000 and cast.invoice(bill)["Balance"] == 0)


def _charge(cast: Cast, bill: int) -> None:
    cast.clio.charge_interest(bill, Decimal("12.50"), cast.day(10))


def _charged(cast: Cast) -> int:
    bill = cast.bill()
    _charge(cast, bill)
    return bill


def _uncharge(cast: Cast, bill: int) -> None:
    (charge,) = cast.clio.find("interest_charge", "bill_id", bill)
    cast.clio.delete_interest_charge(charge["id"])


def _second(cast: Cast, first: int) -> None:
    """Another bill of the same client gets the number of the first."""
    cast.bill(contact=cast.client(first), number=cast.clio.bill(first)["number"], ago=20)


def _renumber_second(cast: Cast, first: int) -> None:
    second = cast.clio.find("bill", "client_id", cast.client(first))[-1]
    cast.clio.renumber(second["id"], cast.number())


def _long(cast: Cast) -> int:
    return cast.bill(ago=20)


def _too_long(cast: Cast, bill: int) -> None:
    cast.clio.renumber(bill, "2026/LITIGATION/ASHGROVE-000044")


def _by_hand(cast: Cast, bill: int) -> None:
    """Somebody wrote the invoice in QuickBooks before the bill was approved in Clio."""
    owner, number, on = cast.customer(cast.client(bill))["Id"], cast.number(), cast.day(15).isoformat()
    line = (cast.item(), 640, "Advice")
    cast.quickbooks.create_invoice(owner, [line], number=number, TxnDate=on, DueDate=on)
    cast.bill(640, contact=cast.client(bill), ago=15, number=number)


BILLS = (
    Act(
        "A bill is edited",
        _bill,
        (Step(edit, does=("invoice updated",)),),
    ),
    Act(
        "A bill is renumbered",
        _bill,
        (Step(lambda cast, bill: cast.clio.renumber(bill, cast.number()), does=("invoice updated",)),),
    ),
    Act(
        "A bill is re-dated",
        _bill,
        (Step(lambda cast, bill: cast.clio.edit_bill(bill, issued_at=cast.day(35)), does=("invoice updated",)),),
    ),
    Act(
        "A bill goes back to draft and is approved with other lines",
        _bill,
        (
            Step(lambda cast, bill: cast.clio.back_to_draft(bill), opens=("bill_in_draft",)),
            Step(_approve_anew, does=("invoice updated",)),
        ),
    ),
    Act("A bill is voided", _bill, (Step(lambda cast, bill: cast.clio.void_bill(bill), does=("invoice voided",)),)),
    Act("A bill is deleted", _bill, (Step(lambda cast, bill: cast.clio.delete_bill(bill), does=("invoice voided",)),)),
    Act(
        "A paid bill is voided, the money stays with the firm",
        _paid,
        (
            Step(_void_keeping, opens=("void_blocked", "money_kept")),
            Step(answer=("void_blocked", "credit_memo"), does=("invoice created",), holds=_is_settled),
        ),
    ),
    Act(
        "A bill is voided that somebody took money for in QuickBooks",
        _bill,
        (
            Step(_paid_by_hand_and_voided, opens=("void_blocked",)),
            Step(answer=("void_blocked", "credit_memo"), does=("invoice created",), holds=_is_settled),
        ),
    ),
    Act("Interest is charged", _bill, (Step(_charge, does=("invoice created",)),)),
    Act("Interest is taken back", _charged, (Step(_uncharge, does=("invoice voided",), syncs=2),)),
    Act(
        "Two bills have one number",
        _bill,
        (
            Step(_second, opens=("duplicate_number",), warns=("duplicate_in_clio",)),
            Step(_renumber_second, does=("invoice created",)),
        ),
    ),
    Act(
        "A number is too long for QuickBooks",
        _long,
        (
            Step(_too_long, opens=("number_too_long",)),
            Step(lambda cast, bill: cast.clio.renumber(bill, cast.number()), does=("invoice updated",)),
        ),
    ),
    Act(
        "An invoice was written by hand before its bill was approved",
        _bill,
        (
            Step(_by_hand, opens=("invoice_exists",), warns=("duplicate_in_quickbooks",)),
            Step(answer=("invoice_exists", "adopt"), does=("invoice adopted",)),
        ),
    ),
)
