"""The catalog of a company, looked up in the mirror: who and what is already there."""

from collections.abc import Iterable, Iterator, Mapping

from integrations.core.match import Exact, Match, NameIndex, Probable, match, settle
from integrations.core.ports import Raw
from integrations.core.read import rows, text
from integrations.core.records import Kind, parse_mark
from integrations.kinds.catalog import Catalog, Documented, name_key, number_key
from integrations.kinds.contact import Contact, Customer, display_name
from integrations.kinds.credit_note import credit_number
from integrations.models import EntityLink, Record
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
    catalog.invoices = _foreign(work, catalog, _clashing(work, catalog))
    catalog.credit_memos = _foreign(work, catalog, _used(work, catalog))
    return catalog, _matches(work, register, contact_ids)


def prime(catalog: Catalog, loaded: Loaded, matches: Mapping[str, Match]) -> None:
    """Fetches together what planning this chunk is sure to ask for; the rest is fetched when it is asked for."""
    documents = {(link.entity, link.ledger_id) for link in loaded.links.values()}
    exact = {found.customer_id for found in matches.values() if isinstance(found, Exact)}
    customers = exact | {id for entity, id in documents if entity == "Customer"}
    numbers = {bill.number for bill in loaded.bills.values()} | {credit_number(id) for id in loaded.by_memo}
    keys = {number_key(number) for number in numbers} - {""}
    people = [contact for id, contact in loaded.contacts.items() if id in matches and isinstance(contact, Contact)]
    out = [row for row in loaded.trust.rows.values() if row.is_out]
    names = {display_name(contact) for contact in people} | {row.source for row in out}
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


def _foreign(work: Workspace, catalog: Catalog, documents: set[Documented]) -> dict[str, Raw]:
    """Those of one entity that are not ours, read whole: they may be the very same as what Clio has."""
    catalog.owners.prime(documents)
    entities = {entity for entity, _ in documents}
    ids = sorted(id for entity, id in documents if (entity, id) not in catalog.owners)
    wheres = [(entity, where) for entity in entities for where in query.within_each("Id", ids)]
    found = (row for entity, where in wheres for page in work.ledger.pages(entity, where) for row in page.rows)
    return {text(row, "Id"): row for row in found}


def _clashing(work: Workspace, catalog: Catalog) -> set[Documented]:
    """Invoices whose number a bill has that is not settled (rule R3.5)."""
    bills = Record.objects.of(work.firm).filter(pairing=work.pairing, entity="bills", settled=False)
    keys = {number_key(str(number)) for number in bills.values_list("data__number", flat=True) if number} - {""}
    catalog.numbered.prime(keys)
    held = (document for key in keys for document in catalog.numbered.get(key) or ())
    return {document for document in held if document[0] == "Invoice"}


def _used(work: Workspace, catalog: Catalog) -> set[Documented]:
    """Credit memos that are used on invoices of ours on which Clio has new credit notes."""
    records = Record.objects.of(work.firm).filter(pairing=work.pairing)
    new = records.filter(entity="credit_memos", settled=False).values("external_id")
    bills = records.filter(entity="allocations", peer_id__in=new).values("owner_id")
    links = EntityLink.objects.of(work.firm).filter(pairing=work.pairing, kind=Kind.INVOICE, practice_id__in=bills)
    ours = set(links.exclude(state=EntityLink.State.UNLINKED).values_list("ledger_entity", "ledger_id"))
    catalog.settling.prime(ours)
    return {("CreditMemo", id) for document in ours for use in catalog.settlements(*document) for id in use.credits}
