"""The sentences about a run that is held: what it would do, and why that is not done without a person."""

from collections.abc import Iterable, Mapping

from integrations.core.blast import Sort
from integrations.core.changes import Action
from integrations.core.records import Kind

UNKNOWN_OF_PAYMENTS = (
    "references and over-payments of payments are not known, nor whether the money of a voided payment was kept"
)
LOST = {
    "interest_charges": "interest charges, so bills with interest cannot be posted",
    "credit_memos": "credit notes, so what they are for is not known",
    "bank_accounts": f"bank accounts, so {UNKNOWN_OF_PAYMENTS}",
    "trust_transactions": "trust accounts that are mapped, so trust is not kept in step",
    "bank_transactions": f"bank transactions, so {UNKNOWN_OF_PAYMENTS}",
}
MANY = {
    Kind.CONTACT: "contacts",
    Kind.INVOICE: "invoices",
    Kind.PAYMENT: "payments",
    Kind.CREDIT_NOTE: "credit memos",
    Kind.TRUST_ENTRY: "trust entries",
}
TAKE_BACK = {Kind.CONTACT: "let go of", Kind.TRUST_ENTRY: "reverse"}
LISTS = {
    "bills": ("Clio", "bills"),
    "allocations": ("Clio", "payments of bills"),
    "credit_memos": ("Clio", "credit notes"),
    "contacts": ("Clio", "contacts of those that have a customer"),
    "trust_transactions": ("Clio", "rows of a trust account"),
    "Customer": ("QuickBooks", "customers"),
    "Invoice": ("QuickBooks", "invoices of ours"),
    "Payment": ("QuickBooks", "payments"),
    "CreditMemo": ("QuickBooks", "credit memos of ours"),
    "JournalEntry": ("QuickBooks", "journal entries of ours"),
    "Purchase": ("QuickBooks", "checks and expenses of ours"),
}


def verb(kind: Kind, action: Action) -> str:
    return "change" if action is Action.UPDATE else TAKE_BACK.get(kind, "void")


def too_many(over: Mapping[Sort, tuple[int, int]], again: bool, settings_moved: bool) -> str:
    """``over`` is how many of how many linked records, by kind and action."""
    did = [f"{verb(*sort)} {number:,} of {linked:,} {MANY[sort[0]]}" for sort, (number, linked) in over.items()]
    said = f"This sync would {_joined(did)}. So many at once are rarely meant, so nothing at all was written."
    if settings_moved:
        said += " Settings or mappings were changed since the sync before, which may be why."
    if again:
        said += " This is more than was let through."
    return said


def emptied(name: str, held: int) -> str:
    system, what = LISTS[name]
    return (
        f"{system} shows no {what} at all, and there were {held:,}. That is more often a lost permission than the "
        "truth, so nothing was written, and nothing was taken for deleted."
    )


def lost(names: Iterable[str]) -> str:
    return (
        f"Clio no longer lets the connected user read {_joined(LOST[name] for name in names)}. Nothing was written. "
        "Connect Clio again as a user who may, and the next sync goes on by itself; or apply to go on without."
    )


def _joined(parts: Iterable[str]) -> str:
    listed = list(parts)
    return " and ".join([", ".join(listed[:-1]), listed[-1]] if len(listed) > 1 else listed)
