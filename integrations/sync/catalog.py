"""The catalog of a company, looked up in the mirror: who and what is already there."""

from collections.abc import Iterable, Iterator, Mapping

from integrations.core.match import Exact, Match, NameIndex, Probable, match, settle
from integrations.core.ports import Raw
from integrations.core.read import rows, text
from integrations.core.records import Kind, parse_mark
from integrations.kinds.catalog import Catalog, Documented, name_key, number_key
from integrations.kinds.contact import Contact, Customer, display_name
from integrations.kinds.credit_note import credit_number
from integrations.sync.groups import Loaded, unlinked_contacts
from integrations.sync.register import MirrorRegister
from integrations.sync.workspace import Workspace
from integrations.systems.quickbooks import query


def open_catalog(work: Workspace, contact_ids: list[str]) -> tuple[Catalog, dict[str, Match]]:
    """The catalog, and the matches of those contacts that have no customer yet. Raises RemoteError."""
    register = MirrorRegister(work.pairing)
    catalog = Catalog(register)
    if not contact_ids:
        return catalog, {}
    catalog.invoices = _foreign(work, "Invoice", register.clashing())
    catalog.credit_memos = _foreign(work, "CreditMemo", _uses(catalog, register.credited()))
    return catalog, _matches(work, register, contact_ids)


def prime(catalog: Catalog, loaded: Loaded, matches: Mapping[str, Match]) -> None:
    """Fetches together what planning this chunk is sure to ask for; the rest is fetched when it is asked for."""
    documents = {(link.entity, link.ledger_id) for link in loaded.links.values()}
    unlinked = {contact: matches[id] for id, contact in loaded.contacts.items() if id in matches}
    exact = {found.customer_id for found in unlinked.values() if isinstance(found, Exact)}
    customers = exact | {id for entity, id in documents if entity == "Customer"}
    numbers = {bill.number for bill in loaded.bills.values()} | {credit_number(id) for id in loaded.by_memo}
    keys = {number_key(number) for number in numbers} - {""}
    out = [row for row in loaded.trust.rows.values() if row.is_out]
    names = {display_name(one) for one in unlinked if isinstance(one, Contact)} | {row.source for row in out}
    catalog.customers.prime(customers)
    catalog.payments.prime(customers)
    catalog.named.prime({name_key(name) for name in names} - {""})
    catalog.checks.prime({number_key(row.reference) for row in out} - {""})
    catalog.numbered.prime(keys)
    catalog.settling.prime(document for document in documents if document[0] in ("Invoice", "CreditMemo"))
    linked = {other for document in loaded.documents.values() for other in _linked(document.raw or {})}
    held = {document for key in keys for document in catalog.numbered.get(key) or ()}
    catalog.owners.prime(documents | linked | held)


def _linked(raw: Raw) -> Iterator[Documented]:
    for holder in (raw, *rows(raw, "Line")):
        for txn in rows(holder, "LinkedTxn"):
            yield text(txn, "TxnType"), text(txn, "TxnId")


def _matches(work: Workspace, register: MirrorRegister, contact_ids: list[str]) -> dict[str, Match]:
    contacts = unlinked_contacts(work.pairing, contact_ids)
    if not contacts:
        return {}
    strangers = list(register.strangers())
    index, marked = NameIndex(strangers), _marked(work, strangers)
    found = {id: marked.get(id) or match(contact, index.namesakes(contact)) for id, contact in contacts.items()}
    return settle(found)


def _marked(work: Workspace, strangers: Iterable[Customer]) -> dict[str, Match]:
    """Customers that carry our mark for a contact (rule R2.1); a mark somebody copied decides nothing."""
    found: dict[str, list[str]] = {}
    for customer in strangers:
        ref = parse_mark(customer.notes, work.firm.slug)
        if ref and ref.kind is Kind.CONTACT:
            found.setdefault(ref.practice_id, []).append(customer.id)
    return {id: Exact(ids[0]) if len(ids) == 1 else Probable(tuple(sorted(ids))) for id, ids in found.items()}


def _foreign(work: Workspace, entity: str, ids: Iterable[str]) -> dict[str, Raw]:
    """Somebody else's documents, read whole: they may be the very same as what Clio has (rules R3.5 and R5)."""
    pages = (page for where in query.within_each("Id", sorted(ids)) for page in work.ledger.pages(entity, where))
    return {text(row, "Id"): row for page in pages for row in page.rows}


def _uses(catalog: Catalog, invoices: Iterable[Documented]) -> set[str]:
    """Credit memos that are not ours and are used on these."""
    used = {("CreditMemo", id) for document in invoices for use in catalog.settlements(*document) for id in use.credits}
    catalog.owners.prime(used)
    return {id for entity, id in used if (entity, id) not in catalog.owners}
