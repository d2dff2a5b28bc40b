"""Journal entries, checks and other purchases, and transfers: their rules and postings."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from integrations.sandbox.quickbooks import faults, ledger, numbering
from integrations.sandbox.quickbooks.clean import reference
from integrations.sandbox.quickbooks.company import ZERO, Company, money, ref_id
from integrations.sandbox.quickbooks.ledger import Posting
from integrations.sandbox.quickbooks.numbering import Options
from integrations.sandbox.quickbooks.sales import amount_of, check_currency, number_lines
from integrations.sandbox.quickbooks.shapes import ACCOUNT_TYPES
from integrations.sandbox.store import Doc

RECEIVABLE, PAYABLE = "Accounts Receivable", "Accounts Payable"
_PAID_FROM = {"Check": ("Bank",), "Cash": ("Bank", "Other Current Asset"), "CreditCard": ("Credit Card",)}


def account_of(company: Company, group: Doc, member: str) -> Doc:
    """The account a required reference points at. Raises Refusal 2020 or 2500."""
    id = ref_id(group, member)
    if not id:
        raise faults.missing(member)
    account = company.read("Account", id)
    if account is None:
        raise faults.bad_reference("Accounts", id)
    return account


def prepare_journal(company: Company, doc: Doc, old: Doc | None, options: Options) -> None:
    check_currency(company, doc)
    doc.setdefault("TxnDate", company.today())
    doc.setdefault("Adjustment", False)
    lines = doc.get("Line")
    if not lines:
        raise faults.missing("Line")
    rows = [row for row in (_journal_row(company, line) for line in lines) if row is not None]
    if not any(row.amount > 0 for row in rows) or not any(row.amount < 0 for row in rows):
        raise faults.business("A journal entry needs at least one debit and one credit line.", "Line")
    if sum((row.amount for row in rows), ZERO):
        raise faults.business("Please balance debits and credits.", "Line")
    number_lines(lines, (old or {}).get("Line", []))
    numbering.assign(company, "JournalEntry", doc, old, options)
    doc["TotalAmt"] = money(0)
    ledger.write(doc, rows)


def _journal_row(company: Company, line: Doc) -> Posting | None:
    kind = line.get("DetailType")
    if kind is None:
        raise faults.missing("Line.DetailType")
    if kind == "DescriptionOnly":
        return None
    detail = line.get("JournalEntryLineDetail", {})
    if "PostingType" not in detail:
        raise faults.missing("PostingType")
    if "Amount" not in line:
        raise faults.missing("Line.Amount")
    line["Amount"] = money(line["Amount"])
    if line["Amount"] < 0:
        raise faults.business("The amount of a journal line must be positive.", "Amount")
    account = account_of(company, detail, "AccountRef")
    customer = _journal_name(company, detail, account)
    sign = 1 if detail["PostingType"] == "Debit" else -1
    return Posting(str(account["Id"]), sign * line["Amount"], customer)


def _journal_name(company: Company, detail: Doc, account: Doc) -> str:
    """The customer of a receivable line, else an empty string. Raises Refusal 6000 where a name is obligatory."""
    entity = detail.get("Entity", {})
    kind, id = str(entity.get("Type", "")), ref_id(entity, "EntityRef")
    if bool(kind) != bool(id):
        raise faults.missing("Entity.Type" if id else "Entity.EntityRef")
    if id:
        entity["EntityRef"] = reference(company, kind, id, "Names")
    if account["AccountType"] == RECEIVABLE:
        if kind != "Customer":
            raise faults.business("When you use Accounts Receivable, you must choose a customer in the Name field.")
        return id
    if account["AccountType"] == PAYABLE and kind != "Vendor":
        raise faults.business("When you use Accounts Payable, you must choose a vendor in the Name field.")
    return ""


def prepare_purchase(company: Company, doc: Doc, old: Doc | None, options: Options) -> None:
    for name in ("PaymentType", "AccountRef", "Line"):
        if not doc.get(name):
            raise faults.missing(name)
    check_currency(company, doc)
    doc.setdefault("TxnDate", company.today())
    source = account_of(company, doc, "AccountRef")
    if source["AccountType"] not in _PAID_FROM[doc["PaymentType"]]:
        raise faults.wrong_account_type()
    if doc.get("Credit") and doc["PaymentType"] != "CreditCard":
        raise faults.business("Credit is for credit card purchases only.", "Credit")
    if doc["PaymentType"] == "Check":
        doc.setdefault("PrintStatus", "NotSet")
    rows = [_expense_row(company, doc, line) for line in doc["Line"]]
    total = sum((row.amount for row in rows), ZERO)
    if total < 0:
        raise faults.business("Transaction amount must be 0 or greater.", "TotalAmt")
    number_lines(doc["Line"], (old or {}).get("Line", []))
    numbering.assign(company, "Purchase", doc, old, options)
    doc["TotalAmt"] = total
    sign = -1 if doc.get("Credit") else 1
    entries = [*rows, Posting(str(source["Id"]), -total)]
    ledger.write(doc, [row._replace(amount=sign * row.amount) for row in entries])


def _expense_row(company: Company, doc: Doc, line: Doc) -> Posting:
    kind = line.get("DetailType")
    if kind is None:
        raise faults.missing("Line.DetailType")
    detail = line.get(kind)
    if detail is None:
        raise faults.missing(f"Line.{kind}")
    line["Amount"] = amount_of(line, detail)
    if kind == "ItemBasedExpenseLineDetail":
        item = company.read("Item", ref_id(detail, "ItemRef"))
        if item is None or "ExpenseAccountRef" not in item:
            raise faults.bad_reference("Item", ref_id(detail, "ItemRef"))
        return Posting(ref_id(item, "ExpenseAccountRef"), line["Amount"])
    account = account_of(company, detail, "AccountRef")
    return Posting(str(account["Id"]), line["Amount"], _expense_customer(doc, detail, account))


def _expense_customer(doc: Doc, detail: Doc, account: Doc) -> str:
    payee = doc.get("EntityRef", {})
    if account["AccountType"] == RECEIVABLE:
        customer = payee.get("value") if payee.get("type") == "Customer" else ref_id(detail, "CustomerRef")
        if not customer:
            raise faults.business("When you use Accounts Receivable, you must choose a customer in the Name field.")
        return str(customer)
    if account["AccountType"] == PAYABLE and payee.get("type") != "Vendor":
        raise faults.business("When you use Accounts Payable, you must choose a vendor in the Name field.")
    return ""


def prepare_transfer(company: Company, doc: Doc) -> None:
    if "Amount" not in doc:
        raise faults.missing("Amount")
    check_currency(company, doc)
    doc.setdefault("TxnDate", company.today())
    doc["Amount"] = money(doc["Amount"])
    if doc["Amount"] <= 0:
        raise faults.business("The amount of a transfer must be greater than 0.", "Amount")
    source, target = (account_of(company, doc, name) for name in ("FromAccountRef", "ToAccountRef"))
    if source["Id"] == target["Id"]:
        raise faults.business("A transfer needs two different accounts.", "ToAccountRef")
    _refuse_other_types(company, (source, target))
    entries = [Posting(str(target["Id"]), doc["Amount"]), Posting(str(source["Id"]), -doc["Amount"])]
    ledger.write(doc, entries)


def _refuse_other_types(company: Company, accounts: Iterable[Doc]) -> None:
    liabilities = company.switch("transfer_liability_account") == "accepted"
    allowed = ("Asset", "Liability") if liabilities else ("Asset",)
    for account in accounts:
        wide = ACCOUNT_TYPES[account["AccountType"]] in allowed
        if not wide or account["AccountType"] in (RECEIVABLE, PAYABLE):
            raise faults.wrong_account_type("a transfer moves money between asset accounts")


def empty(doc: Doc) -> None:
    """Zeroes every amount and quantity of a document that is being voided."""
    for line in doc.get("Line", []):
        _zero(line, ("Amount",))
        for detail in (value for name, value in line.items() if name.endswith("Detail") and isinstance(value, dict)):
            _zero(detail, ("Qty", "UnitPrice", "TaxAmount", "DiscountAmt"))
    _zero(doc, ("TotalAmt", "Balance", "RemainingCredit", "HomeTotalAmt", "HomeBalance"))
    if "TxnTaxDetail" in doc:
        doc["TxnTaxDetail"] = {"TotalTax": Decimal(0)}
    ledger.write(doc, [])


def _zero(group: dict[str, Any], names: Iterable[str]) -> None:
    for name in names:
        if name in group:
            group[name] = Decimal(0)
