"""Acts about credit notes: written, taken back, and on a bill that is voided."""

from decimal import Decimal

from integrations.sandbox.generator.story.act import Act, Step
from integrations.sandbox.generator.story.cast import Cast


def _bill(cast: Cast) -> int:
    return cast.bill()


def _credit(cast: Cast, bill: int) -> int:
    return cast.clio.credit_note(bill, Decimal(100), cast.day(10), "Courtesy")


def _credited(cast: Cast) -> int:
    bill = cast.bill()
    _credit(cast, bill)
    return bill


def _paid_in_part(cast: Cast) -> int:
    bill = cast.bill()
    cast.pay(bill, 700)
    return bill


def _write_off_the_rest(cast: Cast, bill: int) -> None:
    cast.clio.credit_note(bill, Decimal(300), cast.day(5), "Bad debt")


def _take_back(cast: Cast, bill: int) -> None:
    (memo,) = cast.clio.find("credit_memo", "bill_id", bill)
    cast.clio.delete_credit_note(memo["id"])


def _memo(cast: Cast, bill: int) -> str:
    (memo,) = cast.clio.find("credit_memo", "bill_id", bill)
    return str(cast.posted("CreditMemo", "credit_note", memo["id"])["Id"])


def _delete_in_quickbooks(cast: Cast, bill: int) -> None:
    cast.quickbooks.delete("CreditMemo", _memo(cast, bill))


def _renumber_in_quickbooks(cast: Cast, bill: int) -> None:
    cast.quickbooks.edit("CreditMemo", _memo(cast, bill), DocNumber=cast.number())


def _by_hand(cast: Cast, bill: int) -> None:
    """Somebody credits the customer in QuickBooks, which is nobody's in Clio."""
    owner, on = cast.customer(cast.client(bill))["Id"], cast.day(6).isoformat()
    cast.quickbooks.create_credit_memo(owner, [(cast.item(), 55)], number=cast.number(), TxnDate=on)


CREDITS = (
    Act("A credit note is written", _bill, (Step(_credit, does=("credit_note created",)),)),
    Act(
        "What is left of a bill is written off",
        _paid_in_part,
        (Step(_write_off_the_rest, does=("credit_note created",)),),
    ),
    Act("A credit note is taken back", _credited, (Step(_take_back, does=("credit_note voided",)),)),
    Act(
        "A bill with a credit note is voided",
        _credited,
        (Step(lambda cast, bill: cast.clio.void_bill(bill), does=("credit_note voided", "invoice voided")),),
    ),
    Act(
        "A credit memo is deleted in QuickBooks and restored",
        _credited,
        (
            Step(_delete_in_quickbooks, opens=("deleted_in_ledger",)),
            Step(answer=("deleted_in_ledger", "restore"), does=("credit_note created",)),
        ),
    ),
    Act(
        "A credit memo is renumbered in QuickBooks and restored",
        _credited,
        (
            Step(_renumber_in_quickbooks, opens=("drift",)),
            Step(answer=("drift", "restore"), does=("credit_note updated",)),
        ),
    ),
    Act("A credit memo is written by hand", _credited, (Step(_by_hand),)),
)
