"""Where things are: a record's page here, and the same thing in Clio and in QuickBooks."""

from django.conf import settings
from django.urls import reverse

from firms.models import Firm
from integrations.models import Connection, Pairing

KINDS = {
    "contact": "Contacts",
    "invoice": "Bills",
    "payment": "Payments",
    "credit_note": "Credit notes",
    "trust_entry": "Trust",
}
ONE = {
    "contact": "Contact",
    "invoice": "Bill",
    "payment": "Payment",
    "credit_note": "Credit note",
    "trust_entry": "Trust entry",
}
_PRACTICE_PAGES = {"contact": "contacts", "invoice": "bills"}
# QuickBooks's own pages, by entity; the id goes into the query.
_LEDGER_PAGES = {
    "Customer": "customerdetail?nameId=",
    "Invoice": "invoice?txnId=",
    "Payment": "recvpayment?txnId=",
    "CreditMemo": "creditmemo?txnId=",
    "SalesReceipt": "salesreceipt?txnId=",
    "Estimate": "estimate?txnId=",
    "RefundReceipt": "refundreceipt?txnId=",
    "JournalEntry": "journal?txnId=",
    "Deposit": "deposit?txnId=",
}
_LEDGER_HOSTS = {"production": "https://app.qbo.intuit.com", "sandbox": "https://app.sandbox.qbo.intuit.com"}


def record_page(firm: Firm, kind: str, practice_id: str) -> str:
    if kind not in KINDS or not practice_id:
        return ""
    return reverse("record", kwargs={"firm": firm.slug, "kind": kind, "practice_id": practice_id})


def in_practice(connection: Connection | None, kind: str, practice_id: str) -> str:
    """The page in Clio's own application, "" where it has none for this kind."""
    page = _PRACTICE_PAGES.get(kind)
    if connection is None or not page or not practice_id:
        return ""
    return f"{_practice_root(connection)}/nc/#/{page}/{practice_id}"


def new_contact(connection: Connection | None) -> str:
    """Clio's list of contacts, where a new one is begun."""
    return f"{_practice_root(connection)}/nc/#/contacts" if connection else ""


def _practice_root(connection: Connection) -> str:
    root: str = settings.CLIO_REGIONS[connection.region or "us"]["base_url"]
    return root


def in_ledger(entity: str, ledger_id: str) -> str:
    """The page in QuickBooks's own application, "" where it has none."""
    page = _LEDGER_PAGES.get(entity)
    if not page or not ledger_id:
        return ""
    return f"{_LEDGER_HOSTS[settings.QBO['environment']]}/app/{page}{ledger_id}"


def entity_of(kind: str) -> str:
    return {"contact": "Customer", "invoice": "Invoice", "payment": "Payment", "credit_note": "CreditMemo"}.get(
        kind, ""
    )


def practice_of(pairing: Pairing | None) -> Connection | None:
    return pairing.practice if pairing else None
