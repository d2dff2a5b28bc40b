"""The back door of a QuickBooks company: what people do in its screens, and a snapshot for an independent check."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from integrations.sandbox.quickbooks import chart, ledger, posting
from integrations.sandbox.quickbooks.books import Books
from integrations.sandbox.quickbooks.company import Company, money, ref_id
from integrations.sandbox.quickbooks.ledger import ACCOUNT_TOTAL, CUSTOMER_TOTAL
from integrations.sandbox.quickbooks.merging import merge_customers
from integrations.sandbox.quickbooks.numbering import ALLOW_DUPLICATE, Options, last_number
from integrations.sandbox.quickbooks.oauth import OAuthServer
from integrations.sandbox.quickbooks.shapes import ENTITIES, TRANSACTIONS
from integrations.sandbox.quickbooks.snapshot import exact
from integrations.sandbox.quickbooks.switches import switch
from integrations.sandbox.store import Doc, Store

# An invoice line as people type it: (item id, amount) or (item id, amount, description)
Line = Sequence[Any]


def open_company(
    store: Store,
    name: str,
    country: str = "US",
    currency: str = "USD",
    realm: str | None = None,
    *,
    custom_numbers: bool = True,
    multicurrency: bool = False,
    duplicate_bill_warning: bool = True,
) -> "QuickBooksOffice":
    """A new company with its chart of accounts, terms, payment methods, a Services item and preferences."""
    with store.transaction():
        realm = realm or str(store.next_id("qbo:realm", int(store.setting("qbo:first_realm", 9341450000000001))))
        company = Company(store, realm)
        company.save_config({"name": name, "country": country, "currency": currency, "roles": {}, "utc_offset_h": -8})
        reported = duplicate_bill_warning if switch(store, "warn_duplicate_bill_number") == "present" else None
        prefs = chart.preferences(
            currency,
            custom_numbers=custom_numbers,
            multicurrency=multicurrency,
            duplicate_bill_warning=reported,
            taxed=switch(store, "tax_engine") != "off",
        )
        _settle(company, "Preferences", prefs)
        _settle(company, "CompanyInfo", chart.company_info(name, country))
        office = QuickBooksOffice(store, realm)
        office.seed()
    return office


def _settle(company: Company, entity: str, doc: Doc) -> None:
    stamp = company.now().replace(microsecond=0).isoformat()
    head = {"Id": "1", "SyncToken": "0", "domain": "QBO", "sparse": False}
    meta = {"MetaData": {"CreateTime": stamp, "LastUpdatedTime": stamp}}
    company.store.put(company.space, entity, 1, {**doc, **head, **meta})


class QuickBooksOffice:
    """People at work in one company. Methods return the document as the API would show it.

    What the screens would refuse raises ``faults.Refusal``, as the API does; a closing date does not stop a person.
    """

    def __init__(self, store: Store, realm: str) -> None:
        self.store, self.realm = store, realm

    @property
    def books(self) -> Books:
        return Books(Company(self.store, self.realm))

    def account_id(self, role: str) -> str:
        """The id of receivable, undeposited, checking, services, discount, payable, sales_tax, ..."""
        return Company(self.store, self.realm).role(role)

    def seed(self) -> None:
        """Fills an empty company. Called once by ``open_company``."""
        books = self.books
        roles: dict[str, str] = {}
        for role, name, type_, subtype in chart.ACCOUNTS:
            account = self.create("Account", {"Name": name, "AccountType": type_, "AccountSubType": subtype})
            roles[role or name] = account["Id"]
        books.company.save_config({**books.company.config, "roles": roles})
        for term, days in chart.TERMS:
            self.create("Term", {"Name": term, "DueDays": days})
        for method, kind in chart.PAYMENT_METHODS:
            self.create("PaymentMethod", {"Name": method, "Type": kind})
        item = self.create_item("Services", roles["services"])
        self.set_preference("SalesFormsPrefs", "DefaultItem", {"value": item["Id"], "name": item["Name"]})

    # Any entity

    def create(self, entity: str, body: Mapping[str, Any], *, include: Iterable[str] = ()) -> Doc:
        with self.store.transaction():
            books = self.books
            sent = _with_currency(books.company, entity, _plain(body))
            return posting.create(books, entity, sent, Options(frozenset(include), by_hand=True))

    def edit(self, entity: str, id: str, **members: Any) -> Doc:
        """A sparse update with the current SyncToken; a member given as None is cleared."""
        with self.store.transaction():
            books = self.books
            cleared = {name: _cleared(name) if value is None else value for name, value in members.items()}
            head = {"Id": id, "SyncToken": books.read(entity, id)["SyncToken"], "sparse": True}
            return books.shown(entity, books.update(entity, _plain({**cleared, **head}), Options(by_hand=True)))

    def void(self, entity: str, id: str) -> Doc:
        with self.store.transaction():
            books = self.books
            return books.shown(entity, books.void(entity, _key(books, entity, id), Options(by_hand=True)))

    def delete(self, entity: str, id: str) -> None:
        with self.store.transaction():
            books = self.books
            books.delete(entity, _key(books, entity, id), Options(by_hand=True))

    def get(self, entity: str, id: str) -> Doc:
        books = self.books
        return books.shown(entity, books.read(entity, id))

    def all(self, entity: str) -> list[Doc]:
        """Every live document of a kind, inactive ones included, lowest id first."""
        books = self.books
        return [books.shown(entity, doc) for doc in books.company.scan(entity)]

    # Names and lists

    def create_customer(self, name: str, **members: Any) -> Doc:
        return self.create("Customer", {"DisplayName": name, **members})

    def edit_customer(self, id: str, **members: Any) -> Doc:
        return self.edit("Customer", id, **members)

    def deactivate(self, entity: str, id: str) -> Doc:
        return self.edit(entity, id, Active=False)

    def reactivate(self, entity: str, id: str) -> Doc:
        return self.edit(entity, id, Active=True)

    def merge_customers(self, loser: str, survivor: str) -> Doc:
        """Moves every document of ``loser`` to ``survivor`` and returns the survivor."""
        with self.store.transaction():
            return merge_customers(self.books, loser, survivor)

    def create_vendor(self, name: str, **members: Any) -> Doc:
        return self.create("Vendor", {"DisplayName": name, **members})

    def create_employee(self, given: str, family: str, **members: Any) -> Doc:
        return self.create("Employee", {"GivenName": given, "FamilyName": family, **members})

    def create_account(self, name: str, type_: str, subtype: str = "", **members: Any) -> Doc:
        kind = {"AccountSubType": subtype} if subtype else {}
        return self.create("Account", {"Name": name, "AccountType": type_, **kind, **members})

    def create_item(self, name: str, income_account: str, **members: Any) -> Doc:
        account = {"value": income_account}
        return self.create("Item", {"Name": name, "Type": "Service", "IncomeAccountRef": account, **members})

    # Transactions

    def create_invoice(
        self,
        customer: str,
        lines: Iterable[Line],
        *,
        number: str | None = None,
        duplicate_ok: bool = False,
        **members: Any,
    ) -> Doc:
        """An invoice as the screen makes it: the next number is filled in unless one is typed."""
        include = (ALLOW_DUPLICATE,) if duplicate_ok else ()
        return self._sales_form("Invoice", customer, lines, number, members, include)

    def create_credit_memo(
        self, customer: str, lines: Iterable[Line], *, number: str | None = None, **members: Any
    ) -> Doc:
        return self._sales_form("CreditMemo", customer, lines, number, members)

    def create_sales_receipt(
        self, customer: str, lines: Iterable[Line], *, number: str | None = None, **members: Any
    ) -> Doc:
        return self._sales_form("SalesReceipt", customer, lines, number, members)

    def create_estimate(
        self, customer: str, lines: Iterable[Line], *, number: str | None = None, **members: Any
    ) -> Doc:
        return self._sales_form("Estimate", customer, lines, number, members)

    def create_refund_receipt(
        self, customer: str, lines: Iterable[Line], bank: str, *, number: str | None = None, **members: Any
    ) -> Doc:
        members = {"DepositToAccountRef": {"value": bank}, **members}
        return self._sales_form("RefundReceipt", customer, lines, number, members)

    def next_number(self) -> str:
        """What the screen proposes for the next sales form."""
        return str(last_number(Company(self.store, self.realm)) + 1)

    def edit_invoice(self, id: str, **members: Any) -> Doc:
        return self.edit("Invoice", id, **members)

    def renumber_invoice(self, id: str, number: str) -> Doc:
        return self.edit("Invoice", id, DocNumber=number)

    def void_invoice(self, id: str) -> Doc:
        return self.void("Invoice", id)

    def delete_invoice(self, id: str) -> None:
        self.delete("Invoice", id)

    def receive_payment(
        self,
        customer: str,
        amount: Any,
        invoices: Mapping[str, Any] | None = None,
        *,
        deposit_to: str = "",
        **members: Any,
    ) -> Doc:
        """``invoices`` is {invoice id: amount applied}; the rest of the payment stays unapplied."""
        links = [_link(id, "Invoice", part) for id, part in (invoices or {}).items()]
        body: Doc = {"CustomerRef": {"value": customer}, "TotalAmt": amount, "Line": links, **members}
        if deposit_to:
            body["DepositToAccountRef"] = {"value": deposit_to}
        return self.create("Payment", body)

    def apply_credit(self, customer: str, memo: str, invoice: str, amount: Any) -> Doc:
        """The zero payment that sets a credit memo against an invoice."""
        lines = [_link(memo, "CreditMemo", amount), _link(invoice, "Invoice", amount)]
        return self.create("Payment", {"CustomerRef": {"value": customer}, "TotalAmt": 0, "Line": lines})

    def deposit_payments(self, payments: Iterable[str], bank: str = "") -> Doc:
        """Takes payments out of Undeposited Funds into a bank account."""
        lines = []
        for id in payments:
            lines.append(_link(id, "Payment", self.get("Payment", id)["TotalAmt"], TxnLineId="0"))
        return self.create(
            "Deposit", {"DepositToAccountRef": {"value": bank or self.account_id("checking")}, "Line": lines}
        )

    def journal(self, lines: Iterable[tuple[str, Any, str]], **members: Any) -> Doc:
        """``lines`` are (account id, amount with debits positive, customer id or "")."""
        return self.create("JournalEntry", {"Line": [_journal_line(*line) for line in lines], **members})

    # Settings

    def set_preference(self, group: str, name: str, value: Any) -> None:
        """Changes one setting, also those the API only reports. A group of ``OtherPrefs`` is its NameValue list."""
        with self.store.transaction():
            company = Company(self.store, self.realm)
            doc = company.preferences()
            if group == "OtherPrefs":
                pairs = [pair for pair in doc["OtherPrefs"]["NameValue"] if pair["Name"] != name]
                kept = [] if value is None else [{"Name": name, "Value": str(value).lower()}]
                doc["OtherPrefs"] = {"NameValue": [*pairs, *kept]}
            else:
                others = {key: old for key, old in doc.get(group, {}).items() if key != name}
                doc[group] = others if value is None else {**others, name: value}
            company.replace("Preferences", doc)

    def set_custom_numbers(self, on: bool) -> None:
        self.set_preference("SalesFormsPrefs", "CustomTxnNumbers", on)

    def close_books(self, day: str | None) -> None:
        """Closes the books up to and including ``day`` (ISO), or opens them again."""
        self.set_preference("AccountingInfoPrefs", "BookCloseDate", day)

    def disconnect_apps(self) -> None:
        """Disconnects every app: all tokens for this company die."""
        with self.store.transaction():
            OAuthServer(self.store).disconnect(self.realm)

    # For a check from outside

    def trial_balance(self) -> dict[str, Decimal]:
        """Debits less credits by account id; accounts at zero are left out."""
        return ledger.totals(Company(self.store, self.realm), ACCOUNT_TOTAL)

    def balances_by_customer(self) -> dict[str, Decimal]:
        """What each customer owes by the ledger, by customer id; zeros are left out."""
        return ledger.totals(Company(self.store, self.realm), CUSTOMER_TOTAL)

    def recomputed_balances(self) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
        """The two above added up afresh from every live transaction."""
        return ledger.recomputed(Company(self.store, self.realm))

    def snapshot(self) -> dict[str, list[dict[str, Any]]]:
        """Every document by entity as plain dicts, amounts as Decimal; ``Postings`` lists the ledger row by row."""
        with self.store.transaction():
            company = Company(self.store, self.realm)
            found = {entity: [exact(doc) for doc in self.all(entity)] for entity in ENTITIES if entity != "TaxCode"}
            return {
                **found,
                "Postings": [
                    {
                        "entity": entity,
                        "id": doc["Id"],
                        "account": row.account,
                        "amount": row.amount,
                        "customer": row.customer,
                    }
                    for entity in found
                    for doc in company.scan(entity)
                    for row in ledger.postings(doc)
                ],
            }

    def _sales_form(
        self,
        entity: str,
        customer: str,
        lines: Iterable[Line],
        number: str | None,
        members: Mapping[str, Any],
        include: Iterable[str] = (),
    ) -> Doc:
        company = Company(self.store, self.realm)
        if number is None and company.preference("SalesFormsPrefs", "CustomTxnNumbers"):
            number = self.next_number()
        body: Doc = {"CustomerRef": {"value": customer}, "Line": [_sales_line(company, *line) for line in lines]}
        if not company.is_us:
            body["GlobalTaxCalculation"] = "NotApplicable"
        if number:
            body["DocNumber"] = number
        return self.create(entity, {**body, **members}, include=include)


def _with_currency(company: Company, entity: str, body: Doc) -> Doc:
    """The screen fills in the currency: the customer's, else the home one."""
    if entity not in TRANSACTIONS or not company.preference("CurrencyPrefs", "MultiCurrencyEnabled"):
        return body
    owner = company.read("Customer", ref_id(body, "CustomerRef")) or {}
    return {"CurrencyRef": {"value": ref_id(owner, "CurrencyRef") or company.currency}, **body}


def _sales_line(company: Company, item: str, amount: Any, description: str = "") -> Doc:
    detail: Doc = {"ItemRef": {"value": item}}
    if company.is_us:
        detail["TaxCodeRef"] = {"value": "NON"}
    text = {"Description": description} if description else {}
    return {"DetailType": "SalesItemLineDetail", "Amount": money(amount), "SalesItemLineDetail": detail, **text}


def _link(id: str, kind: str, amount: Any, **extra: str) -> Doc:
    return {"Amount": money(amount), "LinkedTxn": [{"TxnId": id, "TxnType": kind, **extra}]}


def _journal_line(account: str, amount: Any, customer: str) -> Doc:
    value = money(amount)
    detail: Doc = {"PostingType": "Debit" if value > 0 else "Credit", "AccountRef": {"value": account}}
    if customer:
        detail["Entity"] = {"Type": "Customer", "EntityRef": {"value": customer}}
    return {"DetailType": "JournalEntryLineDetail", "Amount": abs(value), "JournalEntryLineDetail": detail}


def _key(books: Books, entity: str, id: str) -> Doc:
    return {"Id": id, "SyncToken": books.read(entity, id)["SyncToken"]}


def _cleared(name: str) -> Any:
    if name.endswith("Ref"):
        return {"value": ""}
    groups = ("Addr", "Phone", "Mobile", "Fax", "EmailAddr", "CustomerMemo", "BillEmail")
    return {} if name.endswith(groups) else ""


def _plain(body: Mapping[str, Any]) -> Doc:
    """The body as if it had come over the wire: amounts given as text become numbers."""
    amounts = ("TotalAmt", "Amount", "UnitPrice", "Qty")
    return {
        name: Decimal(value) if name in amounts and isinstance(value, str) else value for name, value in body.items()
    }
