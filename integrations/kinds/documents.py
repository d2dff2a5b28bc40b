"""QuickBooks documents of every entity we write: one digest of what a person could change on each."""

from collections.abc import Callable, Mapping

from integrations.core.ports import Raw
from integrations.kinds import contact, invoice, payment, trust_entry

_FINGERPRINTS: Mapping[str, Callable[[Raw], str]] = {
    "Customer": contact.customer_fingerprint,
    "Invoice": invoice.ledger_fingerprint,
    "Payment": payment.ledger_fingerprint,
    "CreditMemo": invoice.ledger_fingerprint,
    "JournalEntry": trust_entry.journal_fingerprint,
    "Purchase": trust_entry.purchase_fingerprint,
}


def ledger_fingerprint(entity: str, raw: Raw) -> str:
    """The digest of a document as QuickBooks returned it. Raises Unreadable where its figures are no figures."""
    return _FINGERPRINTS[entity](raw)
