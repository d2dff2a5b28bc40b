"""What can be done to a company's books, by the API and by a person: read, create, update, void, delete."""

from collections.abc import Mapping
from typing import Any

from integrations.sandbox.quickbooks import (
    banking,
    deposits,
    faults,
    ledger,
    linking,
    names,
    payments,
    sales,
)
from integrations.sandbox.quickbooks.clean import clean
from integrations.sandbox.quickbooks.company import Company, public
from integrations.sandbox.quickbooks.ledger import ACCOUNT_TOTAL, total_of
from integrations.sandbox.quickbooks.members import SHAPES
from integrations.sandbox.quickbooks.numbering import NO_OPTIONS, Options
from integrations.sandbox.quickbooks.shapes import NAME_LISTS, SALES_FORMS, TRANSACTIONS, ReadOnly
from integrations.sandbox.store import Doc

_SETTINGS = ("Preferences", "CompanyInfo")
_KEPT_ON_FULL_UPDATE = ("Id", "SyncToken", "Active", "TxnDate", "CurrencyRef", "DisplayName", "PrintOnCheckName")
_VOIDABLE = ("Invoice", "Payment", "SalesReceipt")
_VOIDABLE_BY_SWITCH = ("CreditMemo", "JournalEntry", "Purchase")


class Books:
    """The operations on one company. Bodies are parsed JSON; answers are documents as stored."""

    def __init__(self, company: Company) -> None:
        self.company = company

    def read(self, entity: str, id: object) -> Doc:
        """Raises Refusal 610 when there is no such document."""
        doc = self.company.read(entity, id)
        if doc is None:
            raise faults.not_found()
        return doc

    def create(self, entity: str, body: Any, options: Options = NO_OPTIONS) -> Doc:
        if entity in _SETTINGS or entity == "TaxCode":
            raise faults.unsupported_operation(f"create {entity}")
        cleaned = clean(self.company, entity, body)
        doc = {name: value for name, value in cleaned.items() if value is not None}
        for name in ("Id", "SyncToken", "sparse"):
            doc.pop(name, None)
        self._prepare(entity, doc, None, options)
        self._guard_period(options, doc)
        doc = self.company.insert(entity, doc)
        ledger.post(self.company, {}, doc)
        self._after(entity, doc, None)
        return doc

    def update(self, entity: str, body: Any, options: Options = NO_OPTIONS) -> Doc:
        """Full or, with ``sparse``, partial update. Raises Refusal 2020, 610, 5010 and what the rules refuse."""
        old = self._current(entity, body)
        cleaned = clean(self.company, entity, body)
        if entity == "Purchase" and not options.by_hand and not cleaned.get("PaymentType"):
            raise faults.missing("PaymentType")  # also of a sparse update
        doc = self._merged(entity, self.read(entity, old["Id"]), cleaned)
        doc.pop("_voided", None)
        self._prepare(entity, doc, old, options)
        self._guard_period(options, old, doc)
        ledger.post(self.company, old, doc)
        doc = self.company.replace(entity, doc)
        self._after(entity, doc, old)
        return doc

    def void(self, entity: str, body: Any, options: Options = NO_OPTIONS) -> Doc:
        """Zeroes a document and takes it out of every link; its number stays. Raises Refusal 6540 if deposited."""
        self._require_voidable(entity, options)
        old = self._current(entity, body)
        if old.get("_voided"):
            return old
        self._guard_period(options, old)
        if entity in payments.LINKABLE:
            payments.release(self.company, entity, self.read(entity, old["Id"]))
        doc = self.read(entity, old["Id"])
        self._empty(entity, doc)
        doc["PrivateNote"] = f"Voided - {doc['PrivateNote']}" if doc.get("PrivateNote") else "Voided"
        doc["_voided"] = True
        ledger.post(self.company, old, doc)
        doc = self.company.replace(entity, doc)
        self._after(entity, doc, old)
        return doc

    def delete(self, entity: str, body: Any, options: Options = NO_OPTIONS) -> Doc:
        """Removes a transaction; name lists have no delete. Returns what the document was."""
        if entity not in TRANSACTIONS:
            raise faults.unsupported_operation(f"delete {entity}")
        old = self._current(entity, body)
        self._guard_period(options, old)
        if "_deposit" in old:
            raise faults.deposited()
        if entity in payments.LINKABLE:
            payments.release(self.company, entity, self.read(entity, old["Id"]))
        ledger.post(self.company, old, {})
        self.company.erase(entity, old)
        if entity == "Payment":
            payments.after(self.company, old, old, gone=True)
        if entity == "Deposit":
            deposits.after(self.company, old, old, gone=True)
        return old

    def _require_voidable(self, entity: str, options: Options) -> None:
        by_switch = self.company.switch("void_of_other_forms") == "accepted" or options.by_hand
        if entity in _VOIDABLE or (entity in _VOIDABLE_BY_SWITCH and by_switch):
            return
        raise faults.unsupported_operation(f"void {entity}")

    def _empty(self, entity: str, doc: Doc) -> None:
        if entity == "Payment":
            payments.void(self.company, doc)
            return
        if "_deposit" in doc:
            raise faults.deposited()
        banking.empty(doc)

    def _current(self, entity: str, body: Any) -> Doc:
        if not isinstance(body, dict):
            raise faults.unknown_property()
        for name in ("Id", "SyncToken"):
            if not body.get(name):
                raise faults.missing(name)
        doc = self.read(entity, body["Id"])
        if entity == "TaxCode":
            raise faults.unsupported_operation("update TaxCode")
        if body["SyncToken"] != doc["SyncToken"]:
            raise faults.stale()
        return doc

    def _merged(self, entity: str, current: Doc, cleaned: Mapping[str, Any]) -> Doc:
        """The document an update asks for: the sent members over the old ones, or over what a full update keeps."""
        sparse = bool(cleaned.get("sparse")) or entity in _SETTINGS
        if entity in ("Payment", "CreditMemo") and self.company.switch("sparse_payment_and_credit_memo") != "accepted":
            sparse = False
        merged = current if sparse else {name: v for name, v in current.items() if _is_kept(entity, name)}
        for name, value in cleaned.items():
            if name in ("Id", "SyncToken", "sparse"):
                continue
            if value is not None:
                merged[name] = _group_merged(entity, merged.get(name), value) if sparse else value
            elif name not in ("DisplayName", "PrintOnCheckName"):
                merged.pop(name, None)
        return merged

    def _prepare(self, entity: str, doc: Doc, old: Doc | None, options: Options) -> None:
        company = self.company
        if entity in SALES_FORMS:
            sales.prepare(company, entity, doc, old, options)
            linking.refuse_change_of_customer(doc, old)
            linking.refuse_change_of_deposited(doc, old)
            return
        match entity:
            case "Payment":
                payments.prepare(company, doc, old)
            case "JournalEntry":
                banking.prepare_journal(company, doc, old, options)
            case "Deposit":
                deposits.prepare(company, doc, old)
            case "Purchase":
                banking.prepare_purchase(company, doc, old, options)
            case "Transfer":
                banking.prepare_transfer(company, doc)
            case _ if entity in NAME_LISTS:
                names.prepare(company, entity, doc, old)

    def _after(self, entity: str, doc: Doc, old: Doc | None) -> None:
        if entity == "Payment":
            payments.after(self.company, doc, old)
        if entity == "Deposit":
            deposits.after(self.company, doc, old)
        if entity in NAME_LISTS:
            names.after(self.company, entity, doc, old)

    def _guard_period(self, options: Options, *docs: Doc) -> None:
        closed = self.company.preference("AccountingInfoPrefs", "BookCloseDate")
        if closed and not options.by_hand and any(doc.get("TxnDate", "9999") <= closed for doc in docs):
            raise faults.period_closed()

    def shown(self, entity: str, doc: Doc) -> Doc:
        """A document as the API answers it, with the balances of the ledger."""
        if entity == "Customer":
            return public(names.with_balances(self.company, doc))
        if entity != "Account":
            return public(doc)
        total = total_of(self.company, ACCOUNT_TOTAL, doc["Id"])
        balance = ledger.current_balance(self.company, doc, total)
        return public({**doc, "CurrentBalance": balance, "CurrentBalanceWithSubAccounts": balance})


def _is_kept(entity: str, name: str) -> bool:
    shape = SHAPES[entity].get(name)
    return name[0] == "_" or name in _KEPT_ON_FULL_UPDATE or shape is None or isinstance(shape, ReadOnly)


def _group_merged(entity: str, old: Any, new: Any) -> Any:
    """Groups of settings are merged member by member; everything else is replaced whole."""
    if entity == "Preferences" and isinstance(old, dict) and isinstance(new, dict):
        return {**old, **new}
    return new
