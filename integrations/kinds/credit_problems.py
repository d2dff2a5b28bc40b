"""The problems of credit notes, in the words of the bookkeeper who has to act on them."""

from collections.abc import Sequence
from decimal import Decimal

from integrations.core import mapping, words
from integrations.core.changes import Problem
from integrations.core.records import Ref
from integrations.kinds.credit_note import apply_ref, credit_number
from integrations.kinds.invoice import NUMBER_LENGTH
from integrations.kinds.problems import MAPPING_NAMES


def _title(ref: Ref) -> str:
    return f"Credit note {credit_number(ref.practice_id)}"


def takes_nothing_off(ref: Ref) -> Problem:
    message = f"{_title(ref)} takes nothing off its bills in Clio, or adds to one; QuickBooks has no such credit."
    return Problem("total_mismatch", ref, message, title=_title(ref))


def of_several(ref: Ref, numbers: str) -> Problem:
    message = (
        f"{_title(ref)} reduces bills of several clients ({numbers}), and a QuickBooks credit memo has one customer. "
        "Enter one for each client there by hand, then accept this here."
    )
    return Problem("credit_of_several", ref, message, title=_title(ref))


def undated(ref: Ref) -> Problem:
    message = f"{_title(ref)} has no date in Clio, so it cannot be posted. Delete it there and enter it with one."
    return Problem("date_missing", ref, message, title=_title(ref))


def partly_outside(ref: Ref, whole: Decimal, outside: Decimal) -> Problem:
    message = (
        f"{words.amount(outside)} of {_inside(ref)} ({words.amount(whole)}) is for bills that are not posted, "
        f"from before the start date or not approved. {words.amount(whole - outside)} of it is posted."
    )
    return Problem("credit_partly_outside", ref, message, title=_title(ref), blocks=False)


def item_broken(ref: Ref, purpose: str) -> Problem:
    message = (
        f"{_title(ref)} needs an item for {MAPPING_NAMES[mapping.credit_key(purpose)]}, and the one that is mapped no "
        "longer serves. Map another, or none and it goes to the bill's own items."
    )
    return Problem("mapping_missing", ref, message, title=_title(ref))


def number_too_long(ref: Ref, number: str) -> Problem:
    message = (
        f"“{number}” has {len(number)} characters; QuickBooks takes {NUMBER_LENGTH}. Enter the credit memo there by "
        "hand, then accept this here."
    )
    return Problem("number_too_long", ref, message, title=_title(ref))


def tax_added(ref: Ref, ledger_id: str) -> Problem:
    message = (
        f"QuickBooks added tax of its own to {_inside(ref)}, so it was emptied. Switch automatic sales tax off for "
        "these items in QuickBooks; the portal tries again when the setting has changed."
    )
    return Problem("total_mismatch", ref, message, title=_title(ref), ledger_id=ledger_id)


def exists(ref: Ref, amount: Decimal, memo_id: str) -> Problem:
    message = (
        f"QuickBooks already has a credit memo of {words.amount(amount)} for this customer, and it reduces the same "
        f"invoice as {_inside(ref)} in Clio. Adopt it, or say that they are two credits."
    )
    return Problem("credit_exists", ref, message, title=_title(ref), ledger_id=memo_id)


def in_use(ref: Ref, ledger_id: str, used: Decimal, amount: Decimal, payments: Sequence[str]) -> Problem:
    message = (
        f"{words.amount(used)} of {_inside(ref)} is applied in QuickBooks by a payment that did not come from Clio, "
        f"and in Clio {words.amount(amount)} of it is left. Take that payment off the credit memo in QuickBooks; the "
        "rest follows by itself."
    )
    details = {"payments": list(payments)}
    return Problem("credit_in_use", ref, message, title=_title(ref), ledger_id=ledger_id, details=details)


def elsewhere(memo: Ref, amount: Decimal, payments: Sequence[str]) -> Problem:
    message = (
        f"QuickBooks has applied {words.amount(amount)} of {_inside(memo)} to another invoice than Clio. Take that "
        "payment off in QuickBooks; the portal then applies the credit as it is in Clio."
    )
    ref, details = apply_ref(memo.practice_id), {"payments": list(payments)}
    return Problem("credit_applied_elsewhere", ref, message, _title(memo), payments[0], blocks=False, details=details)


def left_open(memo: Ref, amount: Decimal) -> Problem:
    message = (
        f"{words.amount(amount)} of {_inside(memo)} stays the customer's open credit: in QuickBooks less of its "
        "invoice is left to pay than in Clio, because something that did not come from Clio has paid it."
    )
    return Problem("credit_left_open", apply_ref(memo.practice_id), message, title=_title(memo), blocks=False)


def _inside(ref: Ref) -> str:
    """The title within a sentence."""
    return f"credit note {credit_number(ref.practice_id)}"
