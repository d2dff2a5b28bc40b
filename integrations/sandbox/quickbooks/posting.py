"""Doing a write the way QuickBooks does: the write itself, then what QuickBooks adds of its own accord."""

from typing import Any

from integrations.sandbox.quickbooks import linking
from integrations.sandbox.quickbooks.books import Books
from integrations.sandbox.quickbooks.company import ref_id
from integrations.sandbox.quickbooks.numbering import NO_OPTIONS, Options
from integrations.sandbox.store import Doc

_QUICKBOOKS_ITSELF = Options(by_hand=True)


def create(books: Books, entity: str, body: Any, options: Options = NO_OPTIONS) -> Doc:
    """Creates a document, lets QuickBooks apply credits, and returns the answer as the API shows it."""
    doc = books.create(entity, body, options)
    if not linking.wanted(books.company, entity):
        return books.shown(entity, doc)
    before = books.shown(entity, doc)
    _apply_automatically(books, ref_id(doc, "CustomerRef"))
    if books.company.switch("auto_apply_timing") == "after_answer":
        return before
    return books.shown(entity, books.read(entity, doc["Id"]))


def _apply_automatically(books: Books, customer: str) -> None:
    if books.company.preference("SalesFormsPrefs", "AutoApplyCredit"):
        for body in linking.credit_applications(books.company, customer):
            books.create("Payment", body, _QUICKBOOKS_ITSELF)
    if books.company.preference("SalesFormsPrefs", "AutoApplyPayments"):
        for body in linking.payment_applications(books.company, customer):
            books.update("Payment", body, _QUICKBOOKS_ITSELF)
