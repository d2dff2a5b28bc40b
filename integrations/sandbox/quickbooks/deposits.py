"""Bank deposits: which payments they hold, and what is locked by that."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from integrations.sandbox.quickbooks import faults, ledger
from integrations.sandbox.quickbooks.banking import account_of
from integrations.sandbox.quickbooks.company import ZERO, Company, money, ref_id
from integrations.sandbox.quickbooks.ledger import Posting
from integrations.sandbox.quickbooks.sales import check_currency
from integrations.sandbox.store import Doc

DEPOSITABLE = ("Payment", "SalesReceipt")
KNOWN_TYPES = (*DEPOSITABLE, "RefundReceipt", "Transfer", "JournalEntry")
_DIRECT_TYPES = (
    "Income",
    "Other Income",
    "Expense",
    "Other Expense",
    "Other Current Asset",
    "Equity",
    "Cost of Goods Sold",
)
_LIABILITIES = ("Other Current Liability", "Long Term Liability")


def prepare(company: Company, doc: Doc, old: Doc | None) -> None:
    """Completes a deposit: linked and direct lines, total, postings. Raises Refusal."""
    bank = account_of(company, doc, "DepositToAccountRef")
    if bank["AccountType"] not in ("Bank", "Other Current Asset"):
        raise faults.wrong_account_type("DepositToAccountRef has to be a Bank or Other Current Asset account")
    if not doc.get("Line"):
        raise faults.missing("Line")
    check_currency(company, doc)
    doc.setdefault("TxnDate", company.today())
    rows = [_row(company, line, old) for line in doc["Line"]]
    _number_direct_lines(doc["Line"])
    gross = -sum((row.amount for row in rows), ZERO)
    back = _cash_back(company, doc)
    doc["TotalAmt"] = gross - back.amount
    if doc["TotalAmt"] < 0:
        raise faults.business("Transaction amount must be 0 or greater.", "TotalAmt")
    ledger.write(doc, [Posting(str(bank["Id"]), doc["TotalAmt"]), back, *rows])


def held_by(doc: Mapping[str, Any]) -> set[tuple[str, str]]:
    """The (entity, id) of everything the deposit took out of Undeposited Funds."""
    links = (line["LinkedTxn"][0] for line in doc.get("Line", []) if line.get("LinkedTxn"))
    return {(str(link["TxnType"]), str(link["TxnId"])) for link in links}


def after(company: Company, doc: Doc, old: Doc | None, *, gone: bool = False) -> None:
    """Locks what the deposit now holds and frees what it let go."""
    before = held_by(old) if old else set()
    now = set() if gone else held_by(doc)
    for entity, id in sorted(before ^ now):
        held = company.read(entity, id)
        if held is None:
            continue
        taken = (entity, id) in now
        held["LinkedTxn"] = [{"TxnId": doc["Id"], "TxnType": "Deposit"}] if taken else []
        held.pop("_deposit", None)
        if taken:
            held["_deposit"] = doc["Id"]
        company.replace(entity, held)


def _row(company: Company, line: Doc, old: Doc | None) -> Posting:
    if "Amount" not in line:
        raise faults.missing("Line.Amount")
    line["Amount"] = money(line["Amount"])
    if line.get("LinkedTxn"):
        return _linked_row(company, line, old)
    if "DepositLineDetail" not in line:
        raise faults.missing("DepositLineDetail")
    line["DetailType"] = "DepositLineDetail"
    account = account_of(company, line["DepositLineDetail"], "AccountRef")
    liability = account["AccountType"] in _LIABILITIES and company.switch("deposit_liability_line") == "accepted"
    if account["AccountType"] not in _DIRECT_TYPES and not liability:
        raise faults.wrong_account_type()
    return Posting(str(account["Id"]), -line["Amount"])


def _linked_row(company: Company, line: Doc, old: Doc | None) -> Posting:
    link = line["LinkedTxn"][0]
    if link.get("TxnType") not in KNOWN_TYPES:
        raise faults.bad_choice(link.get("TxnType"), "TxnType")
    if "TxnLineId" not in link:
        raise faults.missing("TxnLineId")
    if len(line["LinkedTxn"]) > 1 or link["TxnType"] not in DEPOSITABLE:
        raise faults.cannot_link()
    found = company.read(link["TxnType"], link.get("TxnId", ""))
    if found is None or ref_id(found, "DepositToAccountRef") != company.role("undeposited"):
        raise faults.cannot_link()
    if found.get("_deposit", (old or {}).get("Id")) != (old or {}).get("Id"):
        raise faults.cannot_link("The transaction is already in another deposit")
    if money(found["TotalAmt"]) != line["Amount"]:
        raise faults.business("The amount of a linked line is that of its transaction.", "Line.Amount")
    return Posting(company.role("undeposited"), -line["Amount"])


def _number_direct_lines(lines: list[Doc]) -> None:
    taken = [int(line["Id"]) for line in lines if str(line.get("Id", "")).isdigit()]
    free = max(taken, default=0)
    for position, line in enumerate(lines, 1):
        if line.get("LinkedTxn"):
            continue
        line["LineNum"] = position
        if "Id" not in line:
            free += 1
            line["Id"] = str(free)


def _cash_back(company: Company, doc: Doc) -> Posting:
    back = doc.get("CashBack")
    if not back:
        return Posting("", Decimal(0))
    return Posting(str(account_of(company, back, "AccountRef")["Id"]), money(back.get("Amount", 0)))
