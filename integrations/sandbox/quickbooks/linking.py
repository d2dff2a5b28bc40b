"""What QuickBooks links by itself: open credits and payments to new charges (AutoApplyCredit, AutoApplyPayments)."""

from decimal import Decimal

from integrations.sandbox.quickbooks import faults
from integrations.sandbox.quickbooks.company import Company, money, ref_id
from integrations.sandbox.store import Doc

NOTE = "Created by QB Online to link credits to charges."


def refuse_change_of_customer(doc: Doc, old: Doc | None) -> None:
    """A form that payments are applied to keeps its customer."""
    if old and old.get("_applied") and ref_id(old, "CustomerRef") != ref_id(doc, "CustomerRef"):
        raise faults.business("The customer of a transaction with linked payments cannot be changed.", "CustomerRef")


def refuse_change_of_deposited(doc: Doc, old: Doc | None) -> None:
    """A receipt in a bank deposit keeps its amount and account."""
    if old is None or "_deposit" not in old:
        return
    moved = ref_id(old, "DepositToAccountRef") != ref_id(doc, "DepositToAccountRef")
    if moved or money(old["TotalAmt"]) != money(doc["TotalAmt"]):
        raise faults.deposited()


def wanted(company: Company, entity: str) -> bool:
    """Whether a new document of this kind starts an automatic application."""
    if entity == "Invoice":
        return any(company.preference("SalesFormsPrefs", name) for name in ("AutoApplyCredit", "AutoApplyPayments"))
    name = {"CreditMemo": "AutoApplyCredit", "Payment": "AutoApplyPayments"}.get(entity, "")
    return bool(company.preference("SalesFormsPrefs", name))


def credit_applications(company: Company, customer: str) -> list[Doc]:
    """Bodies of the zero payments that link the customer's open credit memos to its open invoices, oldest first."""
    invoices = _open(company, "Invoice", customer)
    bodies: list[Doc] = []
    for memo in _open(company, "CreditMemo", customer):
        for invoice in invoices:
            amount = min(money(memo["Balance"]), money(invoice["Balance"]))
            if amount <= 0:
                continue
            memo["Balance"], invoice["Balance"] = money(memo["Balance"]) - amount, money(invoice["Balance"]) - amount
            bodies.append(_zero_payment(company, customer, memo["Id"], invoice["Id"], amount))
    return bodies


def _zero_payment(company: Company, customer: str, memo_id: str, invoice_id: str, amount: Decimal) -> Doc:
    sides = (("CreditMemo", memo_id), ("Invoice", invoice_id))
    lines = [{"Amount": amount, "LinkedTxn": [{"TxnId": id, "TxnType": kind}]} for kind, id in sides]
    body: Doc = {"CustomerRef": {"value": customer}, "TotalAmt": 0, "PrivateNote": NOTE, "Line": lines}
    if company.preference("CurrencyPrefs", "MultiCurrencyEnabled"):
        owner = company.read("Customer", customer) or {}
        body["CurrencyRef"] = {"value": ref_id(owner, "CurrencyRef")}
    return body


def payment_applications(company: Company, customer: str) -> list[Doc]:
    """Sparse updates that give the customer's payments with money left a line for each invoice they can pay."""
    invoices = _open(company, "Invoice", customer)
    bodies: list[Doc] = []
    for payment in _open(company, "Payment", customer):
        left, lines = money(payment["UnappliedAmt"]), list(payment["Line"]) if payment.get("Line") else []
        count = len(lines)
        for invoice in invoices:
            amount = min(left, money(invoice["Balance"]))
            if amount <= 0:
                continue
            left, invoice["Balance"] = left - amount, money(invoice["Balance"]) - amount
            lines.append({"Amount": amount, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]})
        if len(lines) > count:
            head = {"Id": payment["Id"], "SyncToken": payment["SyncToken"], "sparse": True}
            bodies.append({**head, "Line": lines})
    return bodies


def _open(company: Company, entity: str, customer: str) -> list[Doc]:
    return company.find(entity, "open", customer)
