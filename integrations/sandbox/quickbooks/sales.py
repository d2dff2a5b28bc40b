"""Sales forms (Invoice, CreditMemo, SalesReceipt, Estimate, RefundReceipt): lines, totals, tax and postings."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from integrations.sandbox.quickbooks import faults, ledger, numbering
from integrations.sandbox.quickbooks.clean import inactive
from integrations.sandbox.quickbooks.company import TAX_RATES, ZERO, Company, money, ref_id
from integrations.sandbox.quickbooks.ledger import Posting
from integrations.sandbox.quickbooks.numbering import Options
from integrations.sandbox.store import Doc

_REVENUE_TYPES = ("Income", "Other Income")
_DISCOUNT_TYPES = (*_REVENUE_TYPES, "Expense", "Other Expense", "Cost of Goods Sold")
MAX_TAXED_LINES, MAX_LINES = 750, 10_000


@dataclass(frozen=True, slots=True)
class Totals:
    """``income`` are the credits by account before discount and tax."""

    income: tuple[Posting, ...]
    discount: Decimal
    discount_account: str
    tax: Decimal

    @property
    def subtotal(self) -> Decimal:
        return sum((row.amount for row in self.income), ZERO)

    @property
    def total(self) -> Decimal:
        return self.subtotal - self.discount + self.tax


def prepare(company: Company, entity: str, doc: Doc, old: Doc | None, options: Options) -> None:
    """Completes a sales form: numbers, sums, names, postings. Raises Refusal for what QuickBooks refuses."""
    _require(entity, doc)
    check_currency(company, doc)
    _fill_defaults(company, entity, doc)
    totals = _calculate(company, doc, old)
    if totals.total < 0:
        raise faults.business("Transaction amount must be 0 or greater.", "TotalAmt")
    numbering.assign(company, entity, doc, old, options)
    _write_totals(company, entity, doc, totals)
    ledger.write(doc, _postings(company, entity, doc, totals))


def _require(entity: str, doc: Doc) -> None:
    if "CustomerRef" not in doc:
        raise faults.missing("CustomerRef")
    if not any(line.get("DetailType") != "SubTotalLineDetail" for line in doc.get("Line", [])):
        raise faults.missing("Line")
    if entity == "RefundReceipt" and "DepositToAccountRef" not in doc:
        raise faults.missing("DepositToAccountRef")
    if doc.get("EmailStatus") == "NeedToSend" and "BillEmail" not in doc:
        raise faults.missing("BillEmail")
    if len(doc["Line"]) > MAX_LINES:
        raise faults.business(f"A transaction has at most {MAX_LINES} lines.", "Line")


def check_currency(company: Company, doc: Doc) -> None:
    """The currency of a transaction is its customer's (several currencies) or the home one."""
    sent = ref_id(doc, "CurrencyRef")
    if company.preference("CurrencyPrefs", "MultiCurrencyEnabled"):
        if not sent:
            raise faults.missing("CurrencyRef")
        customer = company.read("Customer", ref_id(doc, "CustomerRef")) if "CustomerRef" in doc else None
        if customer and ref_id(customer, "CurrencyRef") != sent:
            raise faults.business("The currency of the transaction differs from the customer's.", "CurrencyRef")
        doc.setdefault("ExchangeRate", 1)
        return
    if sent and sent != company.currency:
        raise faults.business("Multiple currencies are not enabled for this company.", "CurrencyRef")
    doc.pop("ExchangeRate", None)
    doc["CurrencyRef"] = {"value": company.currency}


def _fill_defaults(company: Company, entity: str, doc: Doc) -> None:
    doc.setdefault("TxnDate", company.today())
    doc.setdefault("LinkedTxn", [])
    doc.setdefault("PrintStatus", "NeedToPrint")
    doc.setdefault("EmailStatus", "NotSet")
    if entity == "Invoice":
        _fill_due_date(company, doc)
    if entity == "SalesReceipt" and "DepositToAccountRef" not in doc:
        doc["DepositToAccountRef"] = account_ref(company, company.role("undeposited"))


def _fill_due_date(company: Company, doc: Doc) -> None:
    if "SalesTermRef" not in doc:
        customer = company.read("Customer", ref_id(doc, "CustomerRef"))
        if customer and "SalesTermRef" in customer:
            doc["SalesTermRef"] = customer["SalesTermRef"]
    if "DueDate" in doc:
        return
    term = company.read("Term", ref_id(doc, "SalesTermRef")) if "SalesTermRef" in doc else None
    days = int((term or {}).get("DueDays", 0))
    doc["DueDate"] = (date.fromisoformat(doc["TxnDate"]) + timedelta(days=days)).isoformat()


def account_ref(company: Company, id: str) -> dict[str, str]:
    account = company.read("Account", id)
    assert account is not None
    return {"value": id, "name": account["Name"]}


def _calculate(company: Company, doc: Doc, old: Doc | None) -> Totals:
    """Rewrites the lines as QuickBooks answers them and adds them up."""
    lines = [line for line in doc["Line"] if line.get("DetailType") != "SubTotalLineDetail"]
    income = tuple(filter(None, (_income_of(company, line) for line in lines)))
    number_lines(lines, (old or {}).get("Line", []))
    subtotal = sum((row.amount for row in income), ZERO)
    discount, account = _discount_of(company, lines, subtotal)
    tax = _tax_of(company, doc, lines)
    if tax and len(lines) > MAX_TAXED_LINES:
        raise faults.business(f"A taxable transaction has at most {MAX_TAXED_LINES} lines.", "Line")
    doc["Line"] = [*lines, {"Amount": subtotal, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}]
    return Totals(income, discount, account, tax)


def _income_of(company: Company, line: Doc) -> Posting | None:
    """The credit one line makes, or None for a line without an amount. Fills the line's defaults."""
    kind = line.get("DetailType")
    if kind is None:
        raise faults.missing("Line.DetailType")
    if kind == "DescriptionOnly":
        line.setdefault("DescriptionLineDetail", {})
        line.pop("Amount", None)
        return None
    if kind == "DiscountLineDetail":
        line.setdefault("DiscountLineDetail", {})
        return None
    detail = line.setdefault("SalesItemLineDetail", {})
    line["Amount"] = amount_of(line, detail)
    item = _item_of(company, detail)
    _fill_tax_code(company, detail, item)
    return Posting(ref_id(item, "IncomeAccountRef"), line["Amount"])


def amount_of(line: Doc, detail: Doc) -> Decimal:
    """The line's Amount. Raises Refusal 6070 unless it equals Qty times UnitPrice where both are given."""
    product = None
    if "Qty" in detail and "UnitPrice" in detail:
        product = money(Decimal(detail["Qty"]) * Decimal(detail["UnitPrice"]))
    if "Amount" not in line:
        if product is None:
            raise faults.missing("Line.Amount")
        return product
    amount = money(line["Amount"])
    if product is not None and product != amount:
        raise faults.wrong_amount()
    return amount


def _item_of(company: Company, detail: Doc) -> Doc:
    if "ItemRef" not in detail:
        default = company.preference("SalesFormsPrefs", "DefaultItem")
        if not default:
            raise faults.missing("ItemRef")
        detail["ItemRef"] = dict(default)
    id = ref_id(detail, "ItemRef")
    item = company.read("Item", id)
    if item is None:
        raise faults.bad_reference("Item", id)
    if item["Type"] == "Category":
        detail_text = "An item in this transaction is set up as a category instead of a product or service."
        raise faults.Refusal("2500", "Invalid Reference Id", f"Invalid Reference Id : {detail_text}", "Reference Id")
    if "IncomeAccountRef" not in item:
        raise faults.bad_reference("Accounts", "")
    account = company.read("Account", ref_id(item, "IncomeAccountRef"))
    if account is None or account.get("Active") is False:
        raise inactive(company)
    return item


def _fill_tax_code(company: Company, detail: Doc, item: Doc) -> None:
    if company.is_us and "TaxCodeRef" not in detail:
        detail["TaxCodeRef"] = {"value": "TAX" if item.get("Taxable") else "NON"}


def number_lines(lines: list[Doc], old_lines: list[Doc]) -> None:
    """A known Id stays, every other line gets the next free one; LineNum follows the order."""
    known = {line["Id"] for line in old_lines if "Id" in line}
    free = max((int(id) for id in known), default=0)
    for position, line in enumerate(lines, 1):
        line["LineNum"] = position
        if line.get("Id") not in known:
            free += 1
            line["Id"] = str(free)
        known.discard(line["Id"])


def _discount_of(company: Company, lines: list[Doc], subtotal: Decimal) -> tuple[Decimal, str]:
    discounts = [line for line in lines if line["DetailType"] == "DiscountLineDetail"]
    if not discounts:
        return ZERO, ""
    if len(discounts) > 1:
        raise faults.business("Only one discount line is allowed on a transaction.", "Line")
    if not company.preference("SalesFormsPrefs", "AllowDiscount"):
        raise faults.business("Discounts are turned off for this company.", "DiscountLineDetail")
    line = discounts[0]
    detail = line["DiscountLineDetail"]
    if detail.get("PercentBased"):
        line["Amount"] = money(subtotal * Decimal(detail.get("DiscountPercent", 0)) / 100)
    if "Amount" not in line:
        raise faults.missing("Line.Amount")
    line["Amount"] = money(line["Amount"])
    if line["Amount"] < 0:
        raise faults.business("The discount must be 0 or greater.", "Amount")
    detail.setdefault("DiscountAccountRef", account_ref(company, company.role("discount")))
    account = company.read("Account", ref_id(detail, "DiscountAccountRef"))
    if account is None or account["AccountType"] not in _DISCOUNT_TYPES:
        raise faults.wrong_account_type("a discount goes to an income or expense account")
    return line["Amount"], str(account["Id"])


def _tax_of(company: Company, doc: Doc, lines: list[Doc]) -> Decimal:
    sales = [line for line in lines if line["DetailType"] == "SalesItemLineDetail"]
    if not company.is_us:
        return _tax_abroad(doc, sales)
    engine = company.switch("tax_engine")
    if engine == "off":
        sent = doc.get("TxnTaxDetail", {}).get("TotalTax", 0)
        return money(sent) if company.preference("TaxPrefs", "UsingSalesTax") else money(0)
    rate = Decimal(company.store.setting("qbo:tax_rate", "0.0825"))
    every = engine == "every_line"
    taxed = [line["Amount"] for line in sales if every or ref_id(_detail(line), "TaxCodeRef") == "TAX"]
    return money(sum(taxed, ZERO) * rate)


def _tax_abroad(doc: Doc, sales: list[Doc]) -> Decimal:
    """Outside the US the form says how tax is counted, and each line its code."""
    how = doc.get("GlobalTaxCalculation")
    if how is None:
        raise faults.business(
            "Make sure all your transactions have a GST/VAT rate before you save.", "GlobalTaxCalculation"
        )
    if how == "NotApplicable":
        return money(0)
    if any("TaxCodeRef" not in _detail(line) for line in sales):
        raise faults.business("Make sure all your transactions have a GST/VAT rate before you save.", "TaxCodeRef")
    by_line = (line["Amount"] * TAX_RATES[ref_id(_detail(line), "TaxCodeRef")] for line in sales)
    return money(sum(by_line, ZERO))


def _detail(line: Doc) -> Any:
    return line["SalesItemLineDetail"]


def _write_totals(company: Company, entity: str, doc: Doc, totals: Totals) -> None:
    applied = sum((money(amount) for amount in doc.get("_applied", {}).values()), ZERO)
    if totals.total < applied:
        raise faults.business("The total is less than the amount already applied to this transaction.", "TotalAmt")
    doc["TotalAmt"] = totals.total
    doc["TxnTaxDetail"] = {**doc.get("TxnTaxDetail", {}), "TotalTax": totals.tax}
    if "ExchangeRate" in doc:
        doc["HomeTotalAmt"] = money(totals.total * Decimal(doc["ExchangeRate"]))
    if entity in ("Invoice", "CreditMemo"):
        set_balance(entity, doc)
    elif entity != "Estimate":
        doc["Balance"] = money(0)


def set_balance(entity: str, doc: Doc) -> None:
    """Balance (and RemainingCredit) is what of the total no payment has been applied to."""
    applied = sum((money(amount) for amount in doc.get("_applied", {}).values()), ZERO)
    doc["Balance"] = money(doc["TotalAmt"]) - applied
    if entity == "CreditMemo":
        doc["RemainingCredit"] = doc["Balance"]


def _postings(company: Company, entity: str, doc: Doc, totals: Totals) -> list[Posting]:
    if entity == "Estimate":
        return []
    if entity in ("Invoice", "CreditMemo"):
        contra = Posting(receivable(company, doc), totals.total, ref_id(doc, "CustomerRef"))
    else:
        contra = Posting(_money_account(company, doc), totals.total)
    credits = [row._replace(amount=-row.amount) for row in totals.income]
    credits.append(Posting(company.role("sales_tax"), -totals.tax))
    rows = [contra, *credits, Posting(totals.discount_account, totals.discount)]
    sign = -1 if entity in ("CreditMemo", "RefundReceipt") else 1
    return [row._replace(amount=sign * row.amount) for row in rows]


def receivable(company: Company, doc: Doc) -> str:
    """The A/R account of a form. Raises Refusal 6430 when the one sent is of another type."""
    id = ref_id(doc, "ARAccountRef")
    if not id:
        return company.role("receivable")
    account = company.read("Account", id)
    if account is None or account["AccountType"] != "Accounts Receivable":
        raise faults.wrong_account_type("ARAccountRef has to be an Accounts Receivable account")
    return id


def _money_account(company: Company, doc: Doc) -> str:
    account = company.read("Account", ref_id(doc, "DepositToAccountRef"))
    if account is None or account["AccountType"] not in ("Bank", "Other Current Asset"):
        raise faults.wrong_account_type("DepositToAccountRef has to be a Bank or Other Current Asset account")
    return str(account["Id"])
