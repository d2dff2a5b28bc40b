"""Merging two customers, as people do in QuickBooks: the survivor takes over every document."""

from integrations.sandbox.quickbooks import faults, ledger, webhooks
from integrations.sandbox.quickbooks.books import Books
from integrations.sandbox.quickbooks.company import DELETED, plain_name, ref_id
from integrations.sandbox.quickbooks.shapes import TRANSACTIONS
from integrations.sandbox.store import Doc


def merge_customers(books: Books, loser_id: str, survivor_id: str) -> Doc:
    """Raises Refusal 610 for an unknown customer and 6000 for one that has sub-customers or is merged with itself."""
    company = books.company
    loser, survivor = books.read("Customer", loser_id), books.read("Customer", survivor_id)
    if loser_id == survivor_id or company.find("Customer", "parent", loser_id):
        raise faults.business("These two customers cannot be merged.")
    for entity in TRANSACTIONS:
        for doc in company.scan(entity):
            _move(books, entity, doc, loser_id, survivor)
    webhooks.note(company.store, company.realm, "Customer", survivor_id, "merged", loser_id)
    if company.switch("merged_customer") == "removed":
        company.erase("Customer", loser)
    else:
        loser.update({"Active": False, "DisplayName": plain_name(loser) + DELETED})
        company.replace("Customer", loser)
    return books.shown("Customer", company.replace("Customer", survivor))


def _move(books: Books, entity: str, doc: Doc, loser_id: str, survivor: Doc) -> None:
    target = {"value": survivor["Id"], "name": survivor["DisplayName"]}
    moved = _repointed(doc, loser_id, target)
    if moved == doc:
        return
    moved["_postings"] = [
        [account, amount, survivor["Id"] if customer == loser_id else customer]
        for account, amount, customer in doc.get("_postings", [])
    ]
    ledger.post(books.company, doc, moved)
    books.company.replace(entity, moved)


def _repointed(doc: Doc, loser_id: str, target: Doc) -> Doc:
    """The document with every reference to the losing customer turned to the survivor."""
    moved = dict(doc)
    if ref_id(doc, "CustomerRef") == loser_id:
        moved["CustomerRef"] = target
    if ref_id(doc, "EntityRef") == loser_id and doc["EntityRef"].get("type") == "Customer":
        moved["EntityRef"] = {**target, "type": "Customer"}
    if "Line" in doc:
        moved["Line"] = [_line(line, loser_id, target) for line in doc["Line"]]
    return moved


def _line(line: Doc, loser_id: str, target: Doc) -> Doc:
    name = str(line.get("DetailType"))
    detail = line.get(name)
    if not isinstance(detail, dict):
        return line
    if ref_id(detail, "CustomerRef") == loser_id:
        return {**line, name: {**detail, "CustomerRef": target}}
    entity = detail.get("Entity", {})
    if entity.get("Type") == "Customer" and ref_id(entity, "EntityRef") == loser_id:
        return {**line, name: {**detail, "Entity": {**entity, "EntityRef": target}}}
    if entity.get("type") == "Customer" and entity.get("value") == loser_id:
        return {**line, name: {**detail, "Entity": {**target, "type": "Customer"}}}
    return line
