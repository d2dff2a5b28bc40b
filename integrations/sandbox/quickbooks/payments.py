"""Payments: what they apply to, and how applying and releasing moves the documents on the other side."""

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from integrations.sandbox.quickbooks import faults, ledger
from integrations.sandbox.quickbooks.company import ZERO, Company, money, ref_id
from integrations.sandbox.quickbooks.ledger import Posting
from integrations.sandbox.quickbooks.sales import account_ref, check_currency, receivable, set_balance
from integrations.sandbox.store import Doc

LINKABLE = ("Invoice", "CreditMemo")
KNOWN_TYPES = (*LINKABLE, "JournalEntry", "Expense", "Check", "CreditCardCredit")
LOCKED_BY_DEPOSIT = ("TotalAmt", "CustomerRef", "DepositToAccountRef", "TxnDate")
Target = tuple[str, str]  # (entity, id)
Links = dict[Target, Decimal]


def prepare(company: Company, doc: Doc, old: Doc | None) -> None:
    """Completes a payment: applications checked, unapplied part and postings set. Raises Refusal."""
    for name in ("CustomerRef", "TotalAmt"):
        if name not in doc:
            raise faults.missing(name)
    check_currency(company, doc)
    doc.setdefault("TxnDate", company.today())
    doc.setdefault("LinkedTxn", [])
    doc.setdefault("ProcessPayment", False)
    doc.setdefault("Line", [])
    doc.setdefault("DepositToAccountRef", account_ref(company, company.role("undeposited")))
    doc["TotalAmt"] = money(doc["TotalAmt"])
    if doc["TotalAmt"] < 0:
        raise faults.business("The amount of a payment must be 0 or greater.", "TotalAmt")
    _refuse_change_of_deposited(company, doc, old)
    links = links_of(doc)
    targets = {target: _judged(company, doc, target, amount, old) for target, amount in links.items()}
    _complete(company, doc, links, targets)


def links_of(doc: Mapping[str, Any]) -> Links:
    """Amount applied per document. Raises Refusal for lines that link nothing or the wrong kind."""
    links: defaultdict[Target, Decimal] = defaultdict(Decimal)
    for line in doc.get("Line", []):
        if "Amount" not in line:
            raise faults.missing("Line.Amount")
        if not line.get("LinkedTxn"):
            raise faults.missing("Line.LinkedTxn")
        if len(line["LinkedTxn"]) > 1:
            raise faults.cannot_link()
        line["Amount"] = money(line["Amount"])
        if line["Amount"] <= 0:
            raise faults.business("The amount applied must be greater than 0.", "Line.Amount")
        links[_target(line["LinkedTxn"][0])] += line["Amount"]
    return dict(links)


def _target(link: Doc) -> Target:
    kind = link.get("TxnType")
    if kind not in KNOWN_TYPES:
        raise faults.bad_choice(kind, "TxnType")
    if kind not in LINKABLE or not link.get("TxnId"):
        raise faults.cannot_link()
    return str(kind), str(link["TxnId"])


def _judged(company: Company, doc: Doc, target: Target, amount: Decimal, old: Doc | None) -> Doc:
    entity, id = target
    found = company.read(entity, id)
    if found is None:
        raise faults.cannot_link()
    if not _may_pay(company, ref_id(doc, "CustomerRef"), ref_id(found, "CustomerRef")):
        raise faults.cannot_link("The transaction to be linked belongs to another customer")
    before = money(found.get("_applied", {}).get(old["Id"], 0)) if old else ZERO
    if amount > money(found["Balance"]) + before:
        raise faults.business(f"The amount applied is more than the open balance of {entity} {id}.", "Line.Amount")
    return found


def _may_pay(company: Company, payer: str, owner: str) -> bool:
    if payer == owner:
        return True
    customer = company.read("Customer", owner)
    rule = company.switch("payment_for_sub_customer")
    if customer is None or rule == "refused" or ref_id(customer, "ParentRef") != payer:
        return False
    return rule == "accepted" or bool(customer.get("BillWithParent"))


def _complete(company: Company, doc: Doc, links: Links, targets: Mapping[Target, Doc]) -> None:
    """Sets UnappliedAmt and the postings: each application counts for the customer of the paid document."""
    credits = sum((amount for (kind, _), amount in links.items() if kind == "CreditMemo"), ZERO)
    paid = sum((amount for (kind, _), amount in links.items() if kind == "Invoice"), ZERO)
    unapplied = doc["TotalAmt"] - paid + credits
    if unapplied < 0 or credits > paid:
        raise faults.business("The amounts applied are more than the payment.", "Line.Amount")
    doc["UnappliedAmt"] = unapplied
    account, customer = receivable(company, doc), ref_id(doc, "CustomerRef")
    rows = [Posting(_bank(company, doc), doc["TotalAmt"]), Posting(account, -unapplied, customer)]
    for target, amount in links.items():
        sign = -1 if target[0] == "Invoice" else 1
        rows.append(Posting(account, sign * amount, ref_id(targets[target], "CustomerRef")))
    ledger.write(doc, _merged(rows))


def _merged(rows: list[Posting]) -> list[Posting]:
    sums: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[row.account, row.customer] += row.amount
    return [Posting(account, amount, customer) for (account, customer), amount in sums.items()]


def _bank(company: Company, doc: Doc) -> str:
    account = company.read("Account", ref_id(doc, "DepositToAccountRef"))
    if account is None or account["AccountType"] not in ("Bank", "Other Current Asset"):
        raise faults.wrong_account_type("DepositToAccountRef has to be a Bank or Other Current Asset account")
    return str(account["Id"])


def _refuse_change_of_deposited(company: Company, doc: Doc, old: Doc | None) -> None:
    if old is None or "_deposit" not in old:
        return
    everything = company.switch("deposited_payment") == "all_locked"
    if everything or any(_locked_value(doc, name) != _locked_value(old, name) for name in LOCKED_BY_DEPOSIT):
        raise faults.deposited()


def _locked_value(doc: Doc, name: str) -> Any:
    return ref_id(doc, name) if name.endswith("Ref") else doc.get(name)


def after(company: Company, doc: Doc, old: Doc | None, *, gone: bool = False) -> None:
    """Moves the documents whose application changed; ``gone`` when the payment is being deleted."""
    before = links_of(old) if old else {}
    now = {} if gone else links_of(doc)
    for entity, id in {**before, **now}:
        if before.get((entity, id)) != now.get((entity, id)):
            _apply(company, entity, id, doc["Id"], now.get((entity, id)))


def _apply(company: Company, entity: str, id: str, payment_id: str, amount: Decimal | None) -> None:
    target = company.read(entity, id)
    if target is None:
        return
    applied = {key: value for key, value in target.get("_applied", {}).items() if key != payment_id}
    target["_applied"] = {**applied, **({payment_id: amount} if amount else {})}
    target["LinkedTxn"] = [{"TxnId": key, "TxnType": "Payment"} for key in target["_applied"]]
    set_balance(entity, target)
    company.replace(entity, target, bump=bool(company.switch("payment_bumps_invoice")))


def void(company: Company, doc: Doc) -> None:
    """Empties the payment: nothing applied, nothing received."""
    if "_deposit" in doc:
        raise faults.deposited()
    doc.update({"TotalAmt": money(0), "UnappliedAmt": money(0), "Line": []})
    ledger.write(doc, [])


def release(company: Company, entity: str, doc: Doc) -> None:
    """Takes every application off an invoice or credit memo; its payments keep the money as unapplied."""
    for payment_id in list(doc.get("_applied", {})):
        payment = company.read("Payment", payment_id)
        if payment is not None:
            _drop(company, payment, (entity, str(doc["Id"])))
    doc["_applied"], doc["LinkedTxn"] = {}, []


def _drop(company: Company, payment: Doc, target: Target) -> None:
    old = {**payment, "Line": [dict(line) for line in payment.get("Line", [])]}
    payment["Line"] = _in_balance(payment, [one for one in payment["Line"] if _target(one["LinkedTxn"][0]) != target])
    links = links_of(payment)
    targets = {key: company.read(*key) or {} for key in links}
    _complete(company, payment, links, targets)
    ledger.post(company, old, payment)
    company.replace("Payment", payment)
    after(company, payment, old)


def _in_balance(payment: Doc, lines: list[Doc]) -> list[Doc]:
    """Cuts, from the last line on, what the other side no longer carries."""
    paid = sum((line["Amount"] for line in lines if _target(line["LinkedTxn"][0])[0] == "Invoice"), ZERO)
    credits = sum((line["Amount"] for line in lines if _target(line["LinkedTxn"][0])[0] == "CreditMemo"), ZERO)
    lines = _cut(lines, "CreditMemo", credits - paid)
    return _cut(lines, "Invoice", paid - credits - money(payment["TotalAmt"]))


def _cut(lines: list[Doc], kind: str, excess: Decimal) -> list[Doc]:
    kept: list[Doc] = []
    for line in reversed(lines):
        amount = money(line["Amount"])
        cut = min(max(excess, ZERO), amount) if _target(line["LinkedTxn"][0])[0] == kind else ZERO
        excess -= cut
        if amount > cut:
            kept.append({**line, "Amount": amount - cut})
    return kept[::-1]
