"""Acts about our documents in QuickBooks: people change, number, void, delete, apply and merge by hand."""

from decimal import Decimal

from integrations.sandbox.generator.story.act import Act, Step
from integrations.sandbox.generator.story.cast import Cast
from integrations.sandbox.store import Doc


def _bill(cast: Cast) -> int:
    return cast.bill()


def _paid(cast: Cast) -> int:
    """Returns the payment."""
    return cast.pay(cast.bill(), reference="Check 4800")


def dearer(cast: Cast, bill: int) -> None:
    """The first line of the invoice is worth 5.00 more."""
    known = cast.invoice(bill)
    lines = [line for line in known["Line"] if line["DetailType"] == "SalesItemLineDetail"]
    cast.quickbooks.edit_invoice(known["Id"], Line=[_worth(lines[0], lines[0]["Amount"] + 5), *lines[1:]])


def _worth(line: Doc, amount: Decimal) -> Doc:
    detail = {name: value for name, value in line["SalesItemLineDetail"].items() if name not in ("Qty", "UnitPrice")}
    return {**line, "Amount": amount, "SalesItemLineDetail": detail}


def _renumber(cast: Cast, bill: int) -> None:
    cast.quickbooks.renumber_invoice(cast.invoice(bill)["Id"], cast.number())


def _void(cast: Cast, bill: int) -> None:
    cast.quickbooks.void_invoice(cast.invoice(bill)["Id"])


def _delete(cast: Cast, bill: int) -> None:
    cast.quickbooks.delete_invoice(cast.invoice(bill)["Id"])


def _delete_payment(cast: Cast, payment: int) -> None:
    cast.quickbooks.delete("Payment", cast.payment(payment)["Id"])


def _take_off(cast: Cast, payment: int) -> None:
    cast.quickbooks.edit("Payment", cast.payment(payment)["Id"], Line=[])


def _receive_by_hand(cast: Cast, bill: int) -> None:
    known, on = cast.invoice(bill), cast.day(7).isoformat()
    cast.quickbooks.receive_payment(known["CustomerRef"]["value"], 400, {known["Id"]: 400}, TxnDate=on)


def _take_back_by_hand(cast: Cast, bill: int) -> None:
    (link,) = cast.invoice(bill)["LinkedTxn"]
    cast.quickbooks.delete("Payment", link["TxnId"])


def _both_changed(cast: Cast, bill: int) -> None:
    dearer(cast, bill)
    cast.clio.renumber(bill, cast.number())


DOCUMENTS = (
    Act(
        "An invoice is changed in QuickBooks and restored",
        _bill,
        (
            Step(dearer, opens=("drift",)),
            Step(answer=("drift", "restore"), does=("invoice updated",)),
        ),
    ),
    Act(
        "An invoice is changed in QuickBooks, the bill in Clio; ours is restored",
        _bill,
        (
            Step(_both_changed, opens=("drift",)),
            Step(answer=("drift", "restore"), does=("invoice updated",)),
        ),
    ),
    Act(
        "An invoice is renumbered in QuickBooks and theirs accepted",
        _bill,
        (
            Step(_renumber, opens=("drift",)),
            Step(answer=("drift", "accept_theirs"), does=("invoice accepted",)),
        ),
    ),
    Act(
        "An invoice is voided in QuickBooks and restored",
        _bill,
        (
            Step(_void, opens=("drift",)),
            Step(answer=("drift", "restore"), does=("invoice updated",)),
        ),
    ),
    Act(
        "An invoice is deleted in QuickBooks and restored",
        _bill,
        (
            Step(_delete, opens=("deleted_in_ledger",)),
            Step(answer=("deleted_in_ledger", "restore"), does=("invoice created",)),
        ),
    ),
    Act(
        "An invoice is deleted in QuickBooks and kept by hand from then on",
        _bill,
        (
            Step(_delete, opens=("deleted_in_ledger",)),
            Step(answer=("deleted_in_ledger", "unlink"), does=("invoice unlinked",)),
        ),
    ),
    Act(
        "An invoice that was changed in QuickBooks is left as it is",
        _bill,
        (Step(dearer, opens=("drift",)), Step(answer=("drift", "ignore"))),
    ),
    Act(
        "A payment is deleted in QuickBooks and restored",
        _paid,
        (
            Step(_delete_payment, opens=("deleted_in_ledger",)),
            Step(answer=("deleted_in_ledger", "restore"), does=("payment created",)),
        ),
    ),
    Act(
        "A payment is taken off its invoice in QuickBooks and put back",
        _paid,
        (
            Step(_take_off, opens=("drift",)),
            Step(answer=("drift", "restore"), does=("payment updated",)),
        ),
    ),
    Act(
        "A payment is entered in QuickBooks only, and taken back",
        _bill,
        (Step(_receive_by_hand, opens=("payment_only_in_quickbooks",)), Step(_take_back_by_hand)),
    ),
)
