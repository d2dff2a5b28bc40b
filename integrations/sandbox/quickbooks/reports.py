"""Reports: of the many QuickBooks has, the trial balance (Intuit developer: reports, TrialBalance)."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from integrations.sandbox.quickbooks import faults, ledger
from integrations.sandbox.quickbooks.company import Company, money
from integrations.sandbox.quickbooks.shapes import ACCOUNT_TYPES, TRANSACTIONS

OF_A_PERIOD = ("Revenue", "Expense")  # counted from the first day; what was before is in retained earnings
RETAINED = "Retained Earnings"
COLUMNS = (("Account", ""), ("Money", "Debit"), ("Money", "Credit"))


def answer(company: Company, path: str, param: Callable[[str], str]) -> dict[str, Any]:
    """Raises Refusal for another report, another basis, or days that are none."""
    if path != "reports/TrialBalance" or param("accounting_method") not in ("", "Accrual"):
        raise faults.unsupported_operation(f"GET {path}")
    try:
        start, end = (date.fromisoformat(param(name)) for name in ("start_date", "end_date"))
    except ValueError:
        raise faults.unsupported_operation("a report without its days") from None
    rows = list(_rows(company, start.isoformat(), end.isoformat()))
    now = company.now()
    return {
        "Header": {
            "Time": now.isoformat(timespec="seconds"),
            "ReportName": "TrialBalance",
            "ReportBasis": "Accrual",
            "StartPeriod": start.isoformat(),
            "EndPeriod": end.isoformat(),
            "Currency": company.preference("CurrencyPrefs", "HomeCurrency")["value"],
            "Option": [{"Name": "NoReportData", "Value": str(not rows).lower()}],
        },
        "Columns": {"Column": [{"ColTitle": title, "ColType": kind} for kind, title in COLUMNS]},
        "Rows": {"Row": [*rows, _total(rows)]} if rows else {},
    }


def _rows(company: Company, start: str, end: str) -> Iterator[dict[str, Any]]:
    accounts = {doc["Id"]: doc for doc in company.scan("Account")}
    earlier = money(0)
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for dated, account, amount in _postings(company, end):
        if ACCOUNT_TYPES[accounts[account]["AccountType"]] in OF_A_PERIOD and dated < start:
            earlier += amount
        else:
            found[account] += amount
    for id in sorted(found, key=int):
        if found[id]:
            yield {"ColData": [{"value": accounts[id]["Name"], "id": id}, *_sides(found[id])]}
    if earlier:
        yield {"ColData": [{"value": RETAINED}, *_sides(earlier)]}


def _postings(company: Company, end: str) -> Iterator[tuple[str, str, Decimal]]:
    """(day, account id, amount) of everything dated up to ``end``."""
    for entity in TRANSACTIONS:
        for doc in company.scan(entity):
            if doc.get("TxnDate", "") <= end:
                yield from ((doc.get("TxnDate", ""), one.account, one.amount) for one in ledger.postings(doc))


def _sides(amount: Decimal) -> list[dict[str, str]]:
    return [{"value": f"{amount:.2f}" if amount > 0 else ""}, {"value": f"{-amount:.2f}" if amount < 0 else ""}]


def _total(rows: list[dict[str, Any]]) -> dict[str, Any]:
    sums = [sum((money(row["ColData"][side]["value"] or 0) for row in rows), money(0)) for side in (1, 2)]
    cells = [{"value": "TOTAL"}, *({"value": f"{amount:.2f}"} for amount in sums)]
    return {"Summary": {"ColData": cells}, "type": "Section", "group": "GrandTotal"}
