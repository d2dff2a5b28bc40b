"""QuickBooks documents of every entity we write: one digest of what a person could change on each."""

from collections.abc import Callable, Mapping

from integrations.core.ports import Raw
from integrations.core.read import money, nested, rows, text
from integrations.core.records import fingerprint
from integrations.kinds import contact, invoice, payment


def _purchase(raw: Raw) -> str:
    lines = [
        (money(line, "Amount"), text(nested(nested(line, "AccountBasedExpenseLineDetail"), "AccountRef"), "value"))
        for line in rows(raw, "Line")
    ]
    refs = [text(nested(raw, name), "value") for name in ("AccountRef", "EntityRef")]
    return fingerprint([text(raw, "DocNumber"), text(raw, "TxnDate"), *refs, lines])


_FINGERPRINTS: Mapping[str, Callable[[Raw], str]] = {
    "Customer": contact.customer_fingerprint,
    "Invoice": invoice.ledger_fingerprint,
    "Payment": payment.ledger_fingerprint,
    "CreditMemo": invoice.ledger_fingerprint,
    "Purchase": _purchase,
}


def ledger_fingerprint(entity: str, raw: Raw) -> str:
    """The digest of a document as QuickBooks returned it. Raises Unreadable where its figures are no figures."""
    return _FINGERPRINTS[entity](raw)
