"""Acts about the settings of the QuickBooks company: numbers, warnings, automatic credits, closed books."""

from decimal import Decimal

from integrations.sandbox.generator.story.act import Act, Step, nobody
from integrations.sandbox.generator.story.bills import edit
from integrations.sandbox.generator.story.cast import Cast


def _bill(cast: Cast) -> int:
    return cast.bill()


def _first(cast: Cast) -> int:
    """A bill of the very start, so that little else is in the period that is closed."""
    return cast.bill(ago=400)


def _numbers_off(cast: Cast, bill: int) -> None:
    cast.quickbooks.set_custom_numbers(False)
    cast.bill(contact=cast.client(bill), ago=6)


def _numbers_on(cast: Cast, bill: int) -> None:
    cast.quickbooks.set_custom_numbers(True)


def _warning_off(cast: Cast, prop: object) -> None:
    cast.quickbooks.set_preference("OtherPrefs", "WarnDuplicateBillNumber", False)


def _warning_on(cast: Cast, prop: object) -> None:
    cast.quickbooks.set_preference("OtherPrefs", "WarnDuplicateBillNumber", True)


def _auto_on(cast: Cast, bill: int) -> None:
    cast.quickbooks.set_preference("SalesFormsPrefs", "AutoApplyCredit", True)
    cast.clio.credit_note(bill, Decimal(100), cast.day(9), "Courtesy")


def _is_credited_once(cast: Cast, bill: int) -> bool:
    return bool(cast.invoice(bill)["Balance"] == cast.clio.bill(bill)["balance"] == 900)


def _auto_off(cast: Cast, prop: object) -> None:
    cast.quickbooks.set_preference("SalesFormsPrefs", "AutoApplyCredit", False)


def _close_and_edit(cast: Cast, bill: int) -> None:
    cast.quickbooks.close_books(cast.clio.bill(bill)["issued_at"])
    edit(cast, bill)


def _reopen(cast: Cast, bill: int) -> None:
    cast.quickbooks.close_books(None)


def _ahead(cast: Cast) -> int:
    """A number well above Clio's next one."""
    numbers = (bill["number"] for bill in cast.clio.all("bill"))
    return max((int(number) for number in numbers if number.isdigit()), default=0) + 50


def _number_by_hand(cast: Cast, bill: int) -> None:
    """Somebody invoices a stranger in QuickBooks under a number that Clio would come to."""
    stranger = cast.quickbooks.create_customer(f"Stranger {cast.number()}")["Id"]
    number, on = str(_ahead(cast)), cast.day(2).isoformat()
    cast.quickbooks.create_invoice(stranger, [(cast.item(), 75, "Notary")], number=number, TxnDate=on)


def _number_higher(cast: Cast, bill: int) -> None:
    cast.bill(contact=cast.client(bill), ago=1, number=str(_ahead(cast) + 1))


SETTINGS = (
    Act(
        "Custom transaction numbers are switched off and on again",
        _bill,
        (
            Step(_numbers_off, opens=("numbering_setting_off",)),
            Step(_numbers_on, does=("invoice created",)),
        ),
    ),
    Act(
        "The warning of duplicate bill numbers is switched off and on again",
        nobody,
        (Step(_warning_off, opens=("duplicate_warning_off",)), Step(_warning_on)),
    ),
    Act(
        "QuickBooks applies a credit note by itself",
        _bill,
        (
            Step(_auto_on, does=("credit_note created",), opens=("auto_apply_on",), holds=_is_credited_once),
            Step(_auto_off, does=("credit_note adopted",), holds=_is_credited_once),
        ),
    ),
    Act(
        "A bill is edited in a closed period, which is opened again",
        _first,
        (
            Step(_close_and_edit, opens=("period_closed", "books_closed")),
            Step(_reopen, answer=("period_closed", "retry"), does=("invoice updated",)),
        ),
    ),
    Act(
        "QuickBooks's own numbers overtake Clio's, whose next bill gets a higher one",
        _bill,
        (
            Step(_number_by_hand, opens=("numbering_behind",)),
            Step(_number_higher, does=("invoice created",)),
        ),
    ),
)
