"""The double-entry ledger behind the documents: postings, and totals kept as they change.

Amounts are debits when positive. Every document carries its postings; a write moves the totals of the accounts
and customers it touches by the difference, so nothing is ever summed up again.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from integrations.sandbox.quickbooks.company import ZERO, Company, money
from integrations.sandbox.quickbooks.shapes import ACCOUNT_TYPES, TRANSACTIONS
from integrations.sandbox.store import Doc

ACCOUNT_TOTAL, CUSTOMER_TOTAL = "_AccountTotal", "_CustomerTotal"


class Unbalanced(Exception):
    """A transaction whose debits and credits differ: a defect of the stand-in, never of a request."""


class Posting(NamedTuple):
    """``amount`` in home currency, debit positive; ``customer`` only on receivable accounts, else empty."""

    account: str
    amount: Decimal
    customer: str = ""


def postings(doc: Mapping[str, Any]) -> list[Posting]:
    return [Posting(account, money(amount), customer) for account, amount, customer in doc.get("_postings", ())]


def write(doc: Doc, entries: Iterable[Posting]) -> None:
    """Puts the postings on the document. Raises Unbalanced unless they add up to zero."""
    rows = in_home_currency([entry for entry in entries if entry.amount], doc.get("ExchangeRate", 1))
    total = sum((row.amount for row in rows), ZERO)
    if total:
        raise Unbalanced(f"{doc.get('DocNumber', '')} is out of balance by {total}: {rows}")
    doc["_postings"] = [list(row) for row in rows]


def in_home_currency(rows: Sequence[Posting], rate: Any) -> list[Posting]:
    """Postings at an exchange rate; the cents lost in rounding go to the first one."""
    if rate == 1 or not rows or sum(row.amount for row in rows):
        return list(rows)
    converted = [row._replace(amount=money(row.amount * Decimal(rate))) for row in rows]
    residue = sum(row.amount for row in converted)
    return [converted[0]._replace(amount=converted[0].amount - residue), *converted[1:]]


def post(company: Company, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Moves the running totals from the postings of ``before`` to those of ``after`` (empty for none)."""
    if before.get("_postings", []) == after.get("_postings", []):
        return
    accounts: defaultdict[str, Decimal] = defaultdict(Decimal)
    customers: defaultdict[str, Decimal] = defaultdict(Decimal)
    for sign, doc in ((-1, before), (1, after)):
        for posting in postings(doc):
            accounts[posting.account] += sign * posting.amount
            if posting.customer:
                customers[posting.customer] += sign * posting.amount
    _move(company, ACCOUNT_TOTAL, accounts)
    _move(company, CUSTOMER_TOTAL, customers)


def _move(company: Company, kind: str, deltas: Mapping[str, Decimal]) -> None:
    for id, delta in deltas.items():
        if delta:
            total = total_of(company, kind, id) + delta
            company.store.put(company.space, kind, int(id), {"id": id, "total": total})


def total_of(company: Company, kind: str, id: str) -> Decimal:
    doc = company.store.get(company.space, kind, int(id))
    return money(doc["total"]) if doc else money(0)


def totals(company: Company, kind: str) -> dict[str, Decimal]:
    """Every running total of a kind that is not zero, by id."""
    docs = company.store.scan(company.space, kind)
    return {doc["id"]: money(doc["total"]) for doc in docs if doc["total"]}


def recomputed(company: Company) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """The same totals (by account, by customer) added up from every live transaction, for a check."""
    accounts: defaultdict[str, Decimal] = defaultdict(Decimal)
    customers: defaultdict[str, Decimal] = defaultdict(Decimal)
    for entity in TRANSACTIONS:
        for doc in company.scan(entity):
            for posting in postings(doc):
                accounts[posting.account] += posting.amount
                if posting.customer:
                    customers[posting.customer] += posting.amount
    return _without_zeros(accounts), _without_zeros(customers)


def _without_zeros(amounts: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {id: amount for id, amount in amounts.items() if amount}


def current_balance(company: Company, account: Mapping[str, Any], total: Decimal) -> Decimal:
    """CurrentBalance as the API shows it for an account whose debits less credits are ``total``."""
    classification = ACCOUNT_TYPES[account["AccountType"]]
    if classification in ("Revenue", "Expense") and company.switch("profit_and_loss_balance") == "zero":
        return money(0)
    if classification in ("Asset", "Expense") or company.switch("account_balance_sign") == "debit_positive":
        return total
    return -total
