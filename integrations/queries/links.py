"""Where things are: a record's page here, and the same thing in Clio and in QuickBooks."""

from collections.abc import Collection
from functools import lru_cache
from urllib.parse import quote

from django.conf import settings
from django.urls import NoReverseMatch, reverse

from firms.models import Firm
from integrations.models import Connection

cache_of_addresses = lru_cache(maxsize=4096)  # a page of a list has hundreds, and working one out takes its time

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
    "Purchase": "check?txnId=",
    "Deposit": "deposit?txnId=",
}
_PLAYED = {"Customer": "customer", "Invoice": "invoice", "Payment": "payment"}
_LEDGER_HOSTS = {"production": "https://app.qbo.intuit.com", "sandbox": "https://app.sandbox.qbo.intuit.com"}


def record_page(firm: Firm, kind: str, practice_id: str) -> str:
    if kind not in KINDS or not practice_id:
        return ""
    if practice_id.startswith("account-"):  # what is said of a whole trust account
        return reverse("trust", kwargs={"firm": firm.slug})
    return f"{_list('records', firm.slug, kind)}{quote(practice_id, safe='')}/"


def run_page(firm: Firm, run_id: int | None) -> str:
    return f"{_list('runs', firm.slug)}{run_id}/" if run_id else ""


@cache_of_addresses
def _list(name: str, *place: str) -> str:
    """Where a list is; what it lists has its pages right below."""
    return reverse(name, args=place)


def in_practice(connection: Connection | None, kind: str, practice_id: str) -> str:
    """The page in Clio's own application, "" where it has none for this kind."""
    page = _PRACTICE_PAGES.get(kind)
    if connection is None or not page or not practice_id:
        return ""
    if _is_played(connection):
        return _played(page.removesuffix("s"), *_account(connection), practice_id)
    return f"{_practice_root(connection)}/nc/#/{page}/{practice_id}"


def new_contact(connection: Connection) -> str:
    """Clio's list of contacts, where a new one is begun."""
    if _is_played(connection):
        return _played("contacts", *_account(connection))
    return f"{_practice_root(connection)}/nc/#/contacts"


def ledger_settings(connection: Connection, panel: str) -> str:
    """A page of QuickBooks's account and settings: sales, advanced or billing."""
    if _is_played(connection):
        return _played("company_settings", connection.external_account_id)
    # QuickBooks has used either name for the page to open; it leaves alone what it does not know.
    return f"{_LEDGER_HOSTS[settings.QBO['environment']]}/app/settings?p={panel.title()}&panel={panel}"


def in_ledger(connection: Connection | None, entity: str, ledger_id: str) -> str:
    """The page in QuickBooks's own application, "" where it has none."""
    page = _LEDGER_PAGES.get(entity)
    if connection is None or not page or not ledger_id:
        return ""
    if _is_played(connection):
        name = _PLAYED.get(entity)
        return _played(name, connection.external_account_id, ledger_id) if name else ""
    return f"{_LEDGER_HOSTS[settings.QBO['environment']]}/app/{page}{ledger_id}"


def ledger_accounts(connection: Connection, ids: Collection[str]) -> str:
    """The register of one account of QuickBooks, or the list of all where there are several; "" where there is none."""
    known = [id for id in ids if id]
    if not known:
        return ""
    if _is_played(connection):
        return _played("accounts", connection.external_account_id)
    host = _LEDGER_HOSTS[settings.QBO["environment"]]
    return f"{host}/app/register?accountId={known[0]}" if len(known) == 1 else f"{host}/app/chartofaccounts"


def _practice_root(connection: Connection) -> str:
    root: str = settings.CLIO_REGIONS[connection.region or "us"]["base_url"]
    return root


def _is_played(connection: Connection) -> bool:
    """Whether the other side is a stand-in of this installation, which has pages of its own."""
    root = _practice_root(connection) if connection.system == "clio" else settings.QBO["api_base_url"]
    return bool(settings.SANDBOX) and root.startswith(settings.STAND_INS)


def _account(connection: Connection) -> tuple[str, str]:
    return connection.region or "us", connection.external_account_id


@cache_of_addresses
def _played(name: str, *place: str) -> str:
    try:
        return reverse(f"sandbox:{name}", args=place)
    except NoReverseMatch:
        return ""


def entity_of(kind: str) -> str:
    """The QuickBooks entity that stands for a kind."""
    return {"contact": "Customer", "invoice": "Invoice", "payment": "Payment", "credit_note": "CreditMemo"}.get(
        kind, ""
    )
