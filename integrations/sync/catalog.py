"""The catalog of a company, built from the mirror: who and what is already there."""

from contextlib import suppress

from integrations.core.match import Exact, Match, Probable, match, settle
from integrations.core.read import Unreadable, day, money, nested, text
from integrations.core.records import Kind, Ref, parse_mark
from integrations.kinds.catalog import NUMBERED, Catalog, Holder, LooseCheck, LoosePayment, Settlement, number_key
from integrations.kinds.contact import decode_customer
from integrations.kinds.payment import applied_by
from integrations.kinds.plan_deposited import is_deposited
from integrations.models import EntityLink, Record
from integrations.sync import mirror
from integrations.sync.groups import unlinked_contacts
from integrations.sync.mirror import Kept
from integrations.sync.workspace import Workspace
from integrations.systems.quickbooks import query

NUMBERS_PER_QUERY = 100  # how long an IN list may be is not documented


def build_catalog(work: Workspace, contact_ids: list[str]) -> tuple[Catalog, dict[str, Match]]:
    """Indexes of the whole company, and the matches of those contacts that have no customer yet; empty for nobody."""
    pairing, catalog = work.pairing, Catalog()
    if not contact_ids:
        return catalog, {}
    links = EntityLink.objects.of(work.firm).filter(pairing=pairing).exclude(state=EntityLink.State.UNLINKED)
    for kind, practice_id, leg, entity, ledger_id in links.values_list(
        "kind", "practice_id", "leg", "ledger_entity", "ledger_id"
    ).iterator(5000):
        catalog.owners[entity, ledger_id] = Ref(Kind(kind), practice_id, leg)
    catalog.add_customers(decode_customer(row.data) for row in mirror.live(pairing, "Customer"))
    for entity in ("Vendor", "Employee"):
        _add_people(work, catalog, entity)
    _add_numbers(work, catalog)
    _add_loose_payments(work, catalog)
    _add_loose_checks(work, catalog)
    _add_clashing_invoices(work, catalog)
    _add_credit_memos(work, catalog)
    marked = _marked(work, catalog)
    found = {
        id: marked[id] if id in marked else match(contact, catalog.index.namesakes(contact))
        for id, contact in unlinked_contacts(pairing, contact_ids).items()
    }
    return catalog, settle(found)


def _marked(work: Workspace, catalog: Catalog) -> dict[str, Match]:
    """Customers that carry our mark for a contact (rule R2.1); a mark somebody copied decides nothing."""
    found: dict[str, list[str]] = {}
    for customer in catalog.customers.values():
        ref = parse_mark(customer.notes, work.firm.slug)
        if ref and ref.kind is Kind.CONTACT and ("Customer", customer.id) not in catalog.owners:
            found.setdefault(ref.practice_id, []).append(customer.id)
    return {id: Exact(ids[0]) if len(ids) == 1 else Probable(tuple(sorted(ids))) for id, ids in found.items()}


def _add_numbers(work: Workspace, catalog: Catalog) -> None:
    for entity in NUMBERED:
        for row in mirror.load(work.pairing, mirror.NUMBER + entity):
            owner = catalog.owners.get((entity, row.id))
            catalog.add_number(text(row.data, "DocNumber"), Holder(entity, row.id, owner))


def _add_loose_payments(work: Workspace, catalog: Catalog) -> None:
    for row in mirror.live(work.pairing, "Payment"):
        with suppress(Unreadable):
            _add_settlement(catalog, row)
        if ("Payment", row.id) in catalog.owners:
            continue
        with suppress(Unreadable):  # what cannot be read is no candidate
            paid_on, amount = day(row.data, "TxnDate"), money(row.data, "TotalAmt")
            customer_id = text(nested(row.data, "CustomerRef"), "value")
            if paid_on and amount:
                catalog.add_loose(LoosePayment(row.id, customer_id, paid_on, amount, is_deposited(row.data)))


def _add_settlement(catalog: Catalog, row: Kept) -> None:
    """What it settles, where that is a document of ours."""
    invoices, credits_ = applied_by(row.data), applied_by(row.data, "CreditMemo")
    documents = [*(("Invoice", id) for id in invoices), *(("CreditMemo", id) for id in credits_)]
    if any(document in catalog.owners for document in documents):
        customer_id = text(nested(row.data, "CustomerRef"), "value")
        amount, dated = money(row.data, "TotalAmt"), day(row.data, "TxnDate")
        catalog.add_settlement(Settlement(row.id, customer_id, amount, invoices, credits_, dated))


def _add_credit_memos(work: Workspace, catalog: Catalog) -> None:
    """Somebody's credit memos on invoices of ours, read whole where Clio has new notes: they may be the very same."""
    new = Record.objects.of(work.firm).filter(pairing=work.pairing, entity="credit_memos", settled=False)
    if not new.exists():
        return
    for where in query.within_each("Id", catalog.foreign_credits()):
        for page in work.ledger.pages("CreditMemo", where):
            catalog.credit_memos |= {text(row, "Id"): row for row in page.rows}


def _add_people(work: Workspace, catalog: Catalog, entity: str) -> None:
    """Vendors and employees: nobody else can have their name, and checks can be made out to the active ones."""
    rows = list(mirror.live(work.pairing, entity))
    catalog.add_names(text(row.data, "DisplayName") for row in rows)
    active = [row for row in rows if row.data.get("Active") is not False]
    catalog.add_payees(entity, ((row.id, text(row.data, "DisplayName")) for row in active))


def _add_loose_checks(work: Workspace, catalog: Catalog) -> None:
    for row in mirror.live(work.pairing, "Purchase"):
        if ("Purchase", row.id) not in catalog.owners and text(row.data, "PaymentType") == "Check":
            with suppress(Unreadable):
                account_id = text(nested(row.data, "AccountRef"), "value")
                number, amount = text(row.data, "DocNumber"), money(row.data, "TotalAmt")
                catalog.add_check(LooseCheck(row.id, number, account_id, amount))


def _add_clashing_invoices(work: Workspace, catalog: Catalog) -> None:
    """The invoices whose number an unposted bill has, read whole: they may be the very same invoice (rule R3.5)."""
    bills = Record.objects.of(work.firm).filter(pairing=work.pairing, entity="bills", settled=False)
    ours = {number_key(number) for number in bills.values_list("data__number", flat=True) if number}
    theirs = {
        text(row.data, "DocNumber")
        for row in mirror.load(work.pairing, mirror.NUMBER + "Invoice")
        if ("Invoice", row.id) not in catalog.owners and number_key(text(row.data, "DocNumber")) in ours
    }
    wanted = sorted(theirs - {""})
    for start in range(0, len(wanted), NUMBERS_PER_QUERY):
        where = query.within("DocNumber", wanted[start : start + NUMBERS_PER_QUERY])
        for page in work.ledger.pages("Invoice", where):
            catalog.invoices |= {text(row, "Id"): row for row in page.rows}
