"""Loading groups from the mirror, a chunk at a time, and cutting one cluster's group out of it."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce
from operator import or_

from django.db.models import Q

from integrations.core.changes import Decision
from integrations.core.match import Match
from integrations.core.money import ZERO
from integrations.core.ports import Raw
from integrations.core.read import Unreadable, nested_id, text
from integrations.core.records import Kind, Ref
from integrations.kinds import contact, credit_note, invoice, payment, trust_entry
from integrations.kinds.credit_note import CreditNote
from integrations.kinds.documents import ledger_fingerprint
from integrations.kinds.group import Document, Group, LinkState
from integrations.kinds.invoice import Allocation, Bill, InterestCharge, LineItem
from integrations.kinds.payment import Receipt
from integrations.kinds.set_aside import SET_ASIDE
from integrations.kinds.theirs import GIVEN_UP
from integrations.kinds.trust_entry import TrustRow
from integrations.models import EntityLink, Issue, Pairing
from integrations.sync import mirror
from integrations.sync.clusters import Cluster
from integrations.sync.mirror import Kept
from integrations.sync.workspace import Workspace


@dataclass
class TrustRows:
    """The trust rows of a chunk: readable ones, what is wrong with others, and gone ones to their account."""

    rows: dict[str, TrustRow]
    unreadable: dict[str, str]
    gone: dict[str, str]
    gone_rows: dict[str, TrustRow]
    by_contact: dict[str, list[str]]


@dataclass
class Loaded:
    """Everything of a chunk, decoded once; groups are cut out of it."""

    contacts: dict[str, contact.Contact | str]
    bills: dict[str, Bill]
    unreadable: dict[str, str]
    bills_of: dict[str, list[str]]
    lines: dict[str, list[LineItem]]
    charges: dict[str, list[InterestCharge]]
    gone_charges: set[str]
    by_bill: dict[str, list[Allocation]]
    by_payment: dict[str, list[Allocation]]
    by_memo: dict[str, list[Allocation]]
    memos: dict[str, credit_note.Memo]
    receipts: dict[str, list[Receipt]]
    banks_closed: bool
    links: dict[Ref, LinkState]
    documents: dict[Ref, Document]
    decisions: dict[tuple[Ref, str], Decision]
    absent: frozenset[str]
    left: dict[Ref, dict[str, object]]
    absent_contacts: frozenset[str]
    trust: TrustRows
    set_aside: dict[Ref, frozenset[str]]
    today: date


def load_chunk(work: Workspace, clusters: list[Cluster]) -> Loaded:
    """Reads a chunk from the mirror in a fixed number of queries."""
    pairing = work.pairing
    contact_ids = [id for cluster in clusters for id in cluster.contact_ids]
    rows = list(mirror.load(pairing, "bills", owners=contact_ids))
    people = list(mirror.load(pairing, "contacts", ids=contact_ids))
    bills, unreadable = _bills(rows)
    bill_ids = [row.id for row in rows]
    allocations = _allocations(pairing, bill_ids)
    payment_ids = {a.parent_id for a in allocations.values() if a.is_payment and a.parent_id}
    memo_ids = {a.parent_id for a in allocations.values() if not a.is_payment and a.parent_id}
    charge_rows = list(mirror.load(pairing, "interest_charges", owners=bill_ids))
    trust = _trust(pairing, contact_ids)
    wanted: Wanted = {
        Kind.CONTACT: contact_ids,
        Kind.INVOICE: bill_ids,
        Kind.PAYMENT: payment_ids,
        Kind.CREDIT_NOTE: memo_ids,
        Kind.TRUST_ENTRY: [id for ids in trust.by_contact.values() for id in ids],
    }
    links, left = _links(pairing, wanted)
    decisions, set_aside = _decisions(pairing, wanted)
    return Loaded(
        contacts=_contacts(people),
        bills=bills | _outside_bills(pairing, allocations.values(), bills),
        unreadable={
            row.id: unreadable[row.id] for row in rows if row.id in unreadable and _matters(row, pairing, links)
        },
        bills_of=_grouped((row.owner_id, row.id) for row in rows),
        lines=_grouped((line.bill_id, line) for line in _lines(pairing, bill_ids)),
        charges=_grouped((c.bill_id, c) for c in _good(charge_rows, invoice.decode_interest)),
        gone_charges={row.id for row in charge_rows if row.missing_since},
        by_bill=_grouped((a.bill_id, a) for a in allocations.values()),
        by_payment=_grouped((a.parent_id, a) for a in allocations.values() if a.is_payment),
        by_memo=_grouped((a.parent_id, a) for a in allocations.values() if not a.is_payment),
        memos=_memos(pairing, memo_ids),
        receipts=_receipts(pairing, allocations.values()),
        banks_closed=work.banks_closed,
        links=links,
        documents=_documents(pairing, links),
        decisions=decisions,
        absent=frozenset(row.id for row in rows if row.is_deleted),
        left=left,
        absent_contacts=frozenset(row.id for row in people if row.is_deleted),
        trust=trust,
        set_aside=set_aside,
        today=work.firm.day_of(work.clock.now()),
    )


def _trust(pairing: Pairing, contact_ids: list[str]) -> TrustRows:
    """The whole trust ledgers of these contacts; a row that is gone only matters where it is linked."""
    rows = list(mirror.load(pairing, "trust_transactions", owners=contact_ids))
    good, bad = _decoded((row for row in rows if not row.is_deleted), trust_entry.decode_row)
    gone = {row.id: nested_id(row.data, "bank_account") for row in rows if row.is_deleted}
    as_they_were, _ = _decoded((row for row in rows if row.is_deleted), trust_entry.decode_row)
    return TrustRows(good, bad, gone, as_they_were, _grouped((row.owner_id, row.id) for row in rows))


def _decoded[T](rows: Iterable[Kept], decode: Callable[[Raw], T]) -> tuple[dict[str, T], dict[str, str]]:
    """The readable ones, and of the others what is wrong with them."""
    good: dict[str, T] = {}
    bad: dict[str, str] = {}
    for row in rows:
        try:
            good[row.id] = decode(row.data)
        except Unreadable as error:
            bad[row.id] = str(error)
    return good, bad


def _good[T](rows: Iterable[Kept], decode: Callable[[Raw], T]) -> list[T]:
    """The readable ones; what is missing of a bill shows in its sums, which then do not add up."""
    return list(_decoded(rows, decode)[0].values())


def _bills(rows: Iterable[Kept]) -> tuple[dict[str, Bill], dict[str, str]]:
    """A bill whose contact Clio no longer names stays with the one it was for."""
    listed = list(rows)
    good, bad = _decoded(listed, invoice.decode_bill)
    for row in listed:
        if row.id in good and not good[row.id].contact_id and row.owner_id != mirror.NOBODY:
            good[row.id] = replace(good[row.id], contact_id=row.owner_id)
    return good, bad


def _matters(row: Kept, pairing: Pairing, links: Mapping[Ref, LinkState]) -> bool:
    """Whether an unreadable bill is, or may be, in scope; what Clio hides tells nothing of itself."""
    state, issued = text(row.data, "state"), text(row.data, "issued_at")
    may_be = state in ("", *invoice.LIVE_STATES) and (not issued or issued >= str(pairing.start_date))
    return may_be or Ref(Kind.INVOICE, row.id) in links


def _lines(pairing: Pairing, bill_ids: list[str]) -> list[LineItem]:
    return _good(mirror.load(pairing, "line_items", owners=bill_ids), invoice.decode_line)


def _grouped[K, V](pairs: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    found: dict[K, list[V]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found


def _contacts(rows: Iterable[Kept]) -> dict[str, contact.Contact | str]:
    good, bad = _decoded(rows, contact.decode)
    return {**good, **bad}


def _allocations(pairing: Pairing, bill_ids: list[str]) -> dict[str, Allocation]:
    """Allocations of these bills, and the rest of the payments they belong to; gone ones count as voided."""
    rows = {row.id: row for row in mirror.load(pairing, "allocations", owners=bill_ids)}
    parents = {row.peer_id for row in rows.values()} - {""}
    rows |= {row.id: row for row in mirror.load(pairing, "allocations", peers=parents)}
    good, _ = _decoded(rows.values(), invoice.decode_allocation)
    return {id: invoice.voided(a) if rows[id].is_deleted else a for id, a in good.items()}


def _memos(pairing: Pairing, ids: Iterable[str]) -> dict[str, credit_note.Memo]:
    """Credit memos by id; gone ones count as voided, and of one that cannot be read its allocations tell enough."""
    rows = {row.id: row for row in mirror.load(pairing, "credit_memos", ids=ids)}
    good, _ = _decoded(rows.values(), credit_note.decode_memo)
    return {id: replace(memo, is_voided=True) if rows[id].is_deleted else memo for id, memo in good.items()}


def _outside_bills(pairing: Pairing, allocations: Iterable[Allocation], known: dict[str, Bill]) -> dict[str, Bill]:
    """Bills of other contacts that a payment of this chunk also pays."""
    ids = {a.bill_id for a in allocations} - known.keys() - {""}
    return _bills(mirror.load(pairing, "bills", ids=ids))[0] if ids else {}


def _receipts(pairing: Pairing, allocations: Iterable[Allocation]) -> dict[str, list[Receipt]]:
    """Receipts by the payment they may belong to."""
    listed = list(allocations)
    by_bill, by_allocation = _grouped((a.bill_id, a) for a in listed), {a.id: a for a in listed}
    rows = {row.id: row for row in mirror.load(pairing, "bank_transactions", owners=set(by_bill) - {""})}
    rows |= {row.id: row for row in mirror.load(pairing, "bank_transactions", peers=set(by_allocation))}
    found: dict[str, list[Receipt]] = {}
    for receipt in _good((_as_named(row) for row in rows.values()), payment.decode_receipt):
        if receipt is None:
            continue
        if rows[receipt.id].missing_since:
            receipt = replace(receipt, amount=ZERO)
        named = by_allocation.get(receipt.allocation_id)
        payers = {named.parent_id} if named else {a.parent_id for a in by_bill.get(receipt.bill_id, ())}
        for payment_id in payers:
            found.setdefault(payment_id, []).append(receipt)
    return found


def _as_named(row: Kept) -> Kept:
    """A row that Clio has cut loose from its bill is still the money that was paid on it."""
    names = {"bill": {"id": row.owner_id}, "allocation": {"id": row.peer_id}}
    return replace(row, data={**row.data, **{name: who for name, who in names.items() if who["id"]}})


Wanted = Mapping[Kind, Collection[str]]  # the Clio ids a chunk is about, by kind


def _about(wanted: Wanted) -> Q:
    """Rows of a table that has one for each thing of Clio: those this chunk is about."""
    kinds = (Q(kind=kind, practice_id__in=list(ids)) for kind, ids in wanted.items() if ids)
    return reduce(or_, kinds, Q(pk__in=()))


def _links(pairing: Pairing, wanted: Wanted) -> tuple[dict[Ref, LinkState], dict[Ref, dict[str, object]]]:
    """What is linked; and what a person unlinked and keeps by hand (rule R8), with what was said of it."""
    linked, left = {}, {}
    for row in EntityLink.objects.of(pairing.firm).filter(_about(wanted), pairing=pairing).order_by("id"):
        ref = Ref(Kind(row.kind), row.practice_id, row.leg)
        if row.state != EntityLink.State.UNLINKED:
            linked[ref] = LinkState(
                ref,
                row.ledger_entity,
                row.ledger_id,
                row.practice_fingerprint,
                row.ledger_fingerprint,
                row.state == EntityLink.State.VOIDED,
                row.base,
            )
        elif GIVEN_UP in row.base:
            left[ref] = row.base[GIVEN_UP]
    return linked, left


def _documents(pairing: Pairing, links: dict[Ref, LinkState]) -> dict[Ref, Document]:
    found: dict[Ref, Document] = {}
    for entity, linked in _grouped((link.entity, link) for link in links.values()).items():
        refs = _grouped((link.ledger_id, link.ref) for link in linked)
        for row in mirror.load(pairing, entity, ids=refs):
            found |= dict.fromkeys(refs[row.id], _document(row))
    return found


def _document(row: Kept) -> Document:
    """A document whose figures are no figures has changed, whatever it was before."""
    if row.is_deleted:
        return Document(None, "")
    try:
        return Document(row.data, ledger_fingerprint(row.entity, row.data))
    except Unreadable:
        return Document(row.data, "unreadable")


def _decisions(pairing: Pairing, wanted: Wanted) -> tuple[dict[tuple[Ref, str], Decision], dict[Ref, frozenset[str]]]:
    """What people decided; and changes they discarded when a run was held, by the document they are about."""
    decided, set_aside = {}, {}
    discarded = Q(code=SET_ASIDE, state=Issue.State.ACCEPTED)
    reopened = Q(code=SET_ASIDE, state=Issue.State.OPEN)  # what was discarded is wanted after all
    issues = Issue.objects.of(pairing.firm).filter(_about(wanted), pairing=pairing)
    for issue in issues.filter(Q(state=Issue.State.DECIDED) | reopened | discarded):
        ref = Ref(Kind(issue.kind), issue.practice_id, issue.leg)
        if issue.state == Issue.State.ACCEPTED:
            set_aside[ref] = frozenset(issue.details.get("changes", ()))
        else:
            decided[ref, issue.code] = Decision(issue.action, issue.value, issue.details)
    return decided, set_aside


def _rivals(loaded: Loaded, payment_id: str) -> list[Allocation]:
    """Every allocation on the bills this payment pays: a receipt that names only a bill may be any of theirs."""
    bills = {allocation.bill_id for allocation in loaded.by_payment.get(payment_id, ())}
    return [allocation for bill_id in bills for allocation in loaded.by_bill.get(bill_id, ())]


def _payment(loaded: Loaded, id: str) -> payment.Payment:
    """What rows that may not be read any more once said of a payment is no evidence (rule R1.4)."""
    parts, receipts = loaded.by_payment.get(id, []), loaded.receipts.get(id, [])
    found = payment.assemble(id, parts, receipts, _rivals(loaded, id))
    return replace(found, standing=ZERO, is_traced=False) if loaded.banks_closed else found


def group_of(loaded: Loaded, cluster: Cluster, matches: Mapping[str, Match]) -> Group:
    """One cluster's group, cut out of its chunk."""
    bill_ids = [id for contact_id in cluster.contact_ids for id in loaded.bills_of.get(contact_id, ())]
    payment_ids = {a.parent_id for id in bill_ids for a in loaded.by_bill.get(id, ()) if a.is_payment} - {""}
    payments = {id: _payment(loaded, id) for id in payment_ids}
    trust_ids = {id for contact_id in cluster.contact_ids for id in loaded.trust.by_contact.get(contact_id, ())}
    wider = set(bill_ids) | {bill_id for p in payments.values() for bill_id in p.bill_ids}
    memo_ids = {a.parent_id for id in bill_ids for a in loaded.by_bill.get(id, ()) if not a.is_payment} - {""}
    notes = {id: CreditNote(id, loaded.memos.get(id), tuple(loaded.by_memo.get(id, ()))) for id in memo_ids}
    wider |= {a.bill_id for note in notes.values() for a in note.allocations if a.bill_id}
    practice_ids = {
        Kind.CONTACT: set(cluster.contact_ids),
        Kind.INVOICE: set(bill_ids),
        Kind.PAYMENT: payment_ids,
        Kind.CREDIT_NOTE: memo_ids,
        Kind.TRUST_ENTRY: trust_ids,
    }
    refs = {ref for ref in loaded.links if ref.practice_id in practice_ids[ref.kind]}
    return Group(
        contacts={id: loaded.contacts[id] for id in cluster.contact_ids if id in loaded.contacts},
        matches={id: matches[id] for id in cluster.contact_ids if id in matches},
        bills={id: loaded.bills[id] for id in wider if id in loaded.bills},
        unreadable_bills={id: loaded.unreadable[id] for id in bill_ids if id in loaded.unreadable},
        lines={id: tuple(loaded.lines.get(id, ())) for id in bill_ids},
        allocations={id: tuple(loaded.by_bill.get(id, ())) for id in bill_ids},
        charges={id: tuple(loaded.charges.get(id, ())) for id in bill_ids},
        gone_charges=frozenset(loaded.gone_charges),
        payments=payments,
        credit_notes=notes,
        links={ref: loaded.links[ref] for ref in refs},
        documents={ref: loaded.documents[ref] for ref in refs if ref in loaded.documents},
        decisions=loaded.decisions,
        absent_bills=frozenset(id for id in bill_ids if id in loaded.absent),
        run_date=loaded.today,
        left={ref: said for ref, said in loaded.left.items() if ref.practice_id in practice_ids[ref.kind]},
        absent_contacts=frozenset(id for id in cluster.contact_ids if id in loaded.absent_contacts),
        trust={id: row for id, row in loaded.trust.rows.items() if id in trust_ids},
        unreadable_trust={id: said for id, said in loaded.trust.unreadable.items() if id in trust_ids},
        gone_trust={id: account for id, account in loaded.trust.gone.items() if id in trust_ids},
        set_aside=loaded.set_aside,
        gone_rows={id: row for id, row in loaded.trust.gone_rows.items() if id in trust_ids},
    )


def unlinked_contacts(pairing: Pairing, ids: Iterable[str]) -> dict[str, contact.Contact]:
    """Readable contacts of these ids that have no customer yet."""
    listed = list(ids)
    linked = EntityLink.objects.of(pairing.firm).filter(pairing=pairing, kind=Kind.CONTACT, practice_id__in=listed)
    known = set(linked.exclude(state=EntityLink.State.UNLINKED).values_list("practice_id", flat=True))
    wanted = [id for id in listed if id not in known]
    return _decoded(mirror.load(pairing, "contacts", ids=wanted), contact.decode)[0]


def about(cluster: Cluster, group: Group) -> set[tuple[str, str]]:
    """Every record that issues of the group can be filed under, as (kind, practice id)."""
    return {
        *((Kind.CONTACT, id) for id in cluster.contact_ids),
        *((Kind.INVOICE, id) for id in group.lines),
        *((Kind.PAYMENT, id) for id in group.payments),
        *((Kind.CREDIT_NOTE, id) for id in group.credit_notes),
        *((Kind.TRUST_ENTRY, id) for id in (*group.trust, *group.unreadable_trust, *group.gone_trust)),
    }
