"""Which groups have to be planned, and loading them from the mirror a chunk at a time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection

from integrations.core.changes import Decision
from integrations.core.match import Match
from integrations.core.read import Unreadable
from integrations.core.records import Kind, Ref
from integrations.kinds import contact, invoice, payment
from integrations.kinds.group import Document, Group, LinkState
from integrations.kinds.invoice import Allocation, Bill, InterestCharge, LineItem
from integrations.kinds.payment import Payment, Receipt
from integrations.models import EntityLink, Issue, Pairing
from integrations.sync import mirror
from integrations.sync.mirror import Kept
from integrations.sync.workspace import Workspace

CHUNK_OF_BILLS = 250  # memory stays flat whatever the size of the firm
ABSENT_AFTER = timedelta(minutes=10)  # rule R1.4

_UNSETTLED_CONTACTS = """
SELECT DISTINCT contact_id FROM (
  SELECT owner_id AS contact_id FROM integrations_record
    WHERE pairing_id = %(p)s AND entity = 'bills' AND NOT settled
  UNION ALL SELECT external_id FROM integrations_record
    WHERE pairing_id = %(p)s AND entity = 'contacts' AND NOT settled
  UNION ALL SELECT bill.owner_id FROM integrations_record part
    JOIN integrations_record bill ON bill.pairing_id = part.pairing_id AND bill.side = 'practice'
      AND bill.entity = 'bills' AND bill.external_id = part.owner_id
    WHERE part.pairing_id = %(p)s AND part.side = 'practice' AND NOT part.settled
      AND part.entity IN ('line_items', 'allocations', 'interest_charges', 'bank_transactions')
  UNION ALL SELECT bill.owner_id FROM integrations_record document
    JOIN integrations_entitylink link ON link.pairing_id = document.pairing_id
      AND link.ledger_entity = document.entity AND link.ledger_id = document.external_id AND link.state <> 'unlinked'
    JOIN integrations_record part ON part.pairing_id = link.pairing_id AND part.entity = 'allocations'
      AND part.peer_id = link.practice_id AND link.kind = 'payment'
    JOIN integrations_record bill ON bill.pairing_id = part.pairing_id AND bill.side = 'practice'
      AND bill.entity = 'bills' AND bill.external_id = part.owner_id
    WHERE document.pairing_id = %(p)s AND document.side = 'ledger' AND NOT document.settled
  UNION ALL SELECT CASE link.kind WHEN 'contact' THEN link.practice_id ELSE bill.owner_id END
    FROM integrations_record document
    JOIN integrations_entitylink link ON link.pairing_id = document.pairing_id
      AND link.ledger_entity = document.entity AND link.ledger_id = document.external_id AND link.state <> 'unlinked'
    LEFT JOIN integrations_record bill ON bill.pairing_id = link.pairing_id AND bill.side = 'practice'
      AND bill.entity = 'bills' AND bill.external_id = link.practice_id
    WHERE document.pairing_id = %(p)s AND document.side = 'ledger' AND NOT document.settled
      AND link.kind IN ('contact', 'invoice')
) AS found WHERE contact_id <> ''
"""

_JOINED_CONTACTS = """
SELECT array_agg(DISTINCT bill.owner_id) FROM integrations_record part
JOIN integrations_record bill ON bill.pairing_id = part.pairing_id AND bill.side = 'practice'
  AND bill.entity = 'bills' AND bill.external_id = part.owner_id
WHERE part.pairing_id = %s AND part.entity = 'allocations' AND part.peer_id <> ''
GROUP BY part.peer_id HAVING count(DISTINCT bill.owner_id) > 1
"""

_BILLS_PER_CONTACT = """
SELECT owner_id, count(*) FROM integrations_record
WHERE pairing_id = %s AND entity = 'bills' AND owner_id = ANY(%s) GROUP BY owner_id
"""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Contacts that payments join; the unit that is planned together. ``bills`` is how many bills they have."""

    contact_ids: tuple[str, ...]
    bills: int


def unsettled_clusters(pairing: Pairing) -> list[Cluster]:
    """The clusters in which anything changed since they were last planned, or that still wait for something."""
    affected = [row[0] for row in _rows(_UNSETTLED_CONTACTS, {"p": pairing.pk})]
    roots = _joined(row[0] for row in _rows(_JOINED_CONTACTS, [pairing.pk]))
    members: dict[str, set[str]] = {}
    for contact_id, root in roots.items():
        members.setdefault(root, set()).add(contact_id)
    wanted = {frozenset(members.get(roots.get(id, ""), {id})) for id in affected}
    every = [id for cluster in wanted for id in cluster]
    counts = dict(_rows(_BILLS_PER_CONTACT, [pairing.pk, every]))
    found = [Cluster(tuple(sorted(ids, key=_order)), sum(counts.get(id, 0) for id in ids)) for ids in wanted]
    return sorted(found, key=lambda cluster: _order(cluster.contact_ids[0]))


def _order(id: str) -> tuple[int, str]:
    return (int(id), "") if id.isdigit() else (0, id)


def _rows(sql: str, args: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, args)
        return cursor.fetchall()


def _joined(sets: Iterable[list[str]]) -> dict[str, str]:
    """Contact id to the representative of its cluster, for contacts that are joined at all."""
    parent: dict[str, str] = {}

    def root(id: str) -> str:
        while parent.setdefault(id, id) != id:
            parent[id] = parent[parent[id]]
            id = parent[id]
        return id

    for ids in sets:
        for id in ids[1:]:
            parent[root(id)] = root(ids[0])
    return {id: root(id) for id in list(parent)}


def chunks(clusters: Iterable[Cluster]) -> Iterator[list[Cluster]]:
    """Clusters in runs of about CHUNK_OF_BILLS bills; a cluster is never split."""
    chunk: list[Cluster] = []
    size = 0
    for cluster in clusters:
        if chunk and size + cluster.bills > CHUNK_OF_BILLS:
            yield chunk
            chunk, size = [], 0
        chunk.append(cluster)
        size += max(cluster.bills, 1)
    if chunk:
        yield chunk


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
    receipts: dict[str, list[Receipt]]
    links: dict[Ref, LinkState]
    documents: dict[Ref, Document]
    decisions: dict[tuple[Ref, str], Decision]
    absent: frozenset[str]


def load_chunk(work: Workspace, clusters: list[Cluster]) -> Loaded:
    """Reads a chunk from the mirror in a fixed number of queries."""
    pairing = work.pairing
    contact_ids = [id for cluster in clusters for id in cluster.contact_ids]
    rows = list(mirror.load(pairing, "bills", owners=contact_ids))
    bills, unreadable = _decoded(rows, invoice.decode_bill)
    bill_ids = [row.id for row in rows]
    allocations = _allocations(work, bill_ids)
    payment_ids = {a.parent_id for a in allocations.values() if a.is_payment and a.parent_id}
    charge_rows = list(mirror.load(pairing, "interest_charges", owners=bill_ids))
    links = _links(pairing, contact_ids, bill_ids, payment_ids)
    return Loaded(
        contacts=_contacts(pairing, contact_ids),
        bills=bills | _outside_bills(pairing, allocations.values(), bills),
        unreadable=unreadable,
        bills_of=_grouped((row.owner_id, row.id) for row in rows),
        lines=_grouped((i.bill_id, i) for i in _good(mirror.load(pairing, "line_items", owners=bill_ids), invoice.decode_line)),
        charges=_grouped((c.bill_id, c) for c in _good(charge_rows, invoice.decode_interest)),
        gone_charges={row.id for row in charge_rows if row.missing_since},
        by_bill=_grouped((a.bill_id, a) for a in allocations.values()),
        by_payment=_grouped((a.parent_id, a) for a in allocations.values() if a.is_payment),
        receipts=_receipts(pairing, allocations.values()),
        links=links,
        documents=_documents(pairing, links),
        decisions=_decisions(pairing, contact_ids, bill_ids, payment_ids),
        absent=frozenset(row.id for row in rows if _is_absent(work, row)),
    )


def _decoded[T](rows: Iterable[Kept], decode) -> tuple[dict[str, T], dict[str, str]]:
    good, bad = {}, {}
    for row in rows:
        try:
            good[row.id] = decode(row.data)
        except Unreadable as error:
            bad[row.id] = str(error)
    return good, bad


def _good(rows: Iterable[Kept], decode) -> list:
    """The readable ones; what is missing of a bill shows in its sums, which then do not add up."""
    return list(_decoded(rows, decode)[0].values())


def _grouped(pairs: Iterable[tuple]) -> dict:
    found: dict = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found


def _contacts(pairing: Pairing, ids: list[str]) -> dict[str, contact.Contact | str]:
    good, bad = _decoded(mirror.load(pairing, "contacts", ids=ids), contact.decode)
    return good | bad


def _allocations(work: Workspace, bill_ids: list[str]) -> dict[str, Allocation]:
    """Allocations of these bills, and the rest of the payments they belong to."""
    rows = {row.id: row for row in mirror.load(work.pairing, "allocations", owners=bill_ids)}
    parents = {row.peer_id for row in rows.values()} - {""}
    rows |= {row.id: row for row in mirror.load(work.pairing, "allocations", peers=parents)}
    absent = {id for id, row in rows.items() if _is_absent(work, row)}
    good, _ = _decoded(rows.values(), invoice.decode_allocation)
    return {id: invoice.voided(a) if id in absent else a for id, a in good.items()}


def _is_absent(work: Workspace, row: Kept) -> bool:
    """Rule R1.4: missing from two complete reads, at least ten minutes apart, this run's being the second."""
    return (
        row.entity in work.swept
        and row.missing_since is not None
        and work.clock.now() - row.missing_since >= ABSENT_AFTER
    )


def _outside_bills(pairing: Pairing, allocations: Iterable[Allocation], known: dict[str, Bill]) -> dict[str, Bill]:
    """Bills of other contacts that a payment of this chunk also pays."""
    ids = {a.bill_id for a in allocations} - known.keys() - {""}
    return _decoded(mirror.load(pairing, "bills", ids=ids), invoice.decode_bill)[0] if ids else {}


def _receipts(pairing: Pairing, allocations: Iterable[Allocation]) -> dict[str, list[Receipt]]:
    """Receipts by the payment they may belong to."""
    listed = list(allocations)
    by_bill, by_allocation = _grouped((a.bill_id, a) for a in listed), {a.id: a for a in listed}
    rows = {row.id: row for row in mirror.load(pairing, "bank_transactions", owners=set(by_bill) - {""})}
    rows |= {row.id: row for row in mirror.load(pairing, "bank_transactions", peers=set(by_allocation))}
    found: dict[str, list[Receipt]] = {}
    for receipt in _good(rows.values(), payment.decode_receipt):
        if receipt is None:
            continue
        named = by_allocation.get(receipt.allocation_id)
        payers = {named.parent_id} if named else {a.parent_id for a in by_bill.get(receipt.bill_id, ())}
        for payment_id in payers:
            found.setdefault(payment_id, []).append(receipt)
    return found


def _links(pairing: Pairing, *ids: Iterable[str]) -> dict[Ref, LinkState]:
    found = {}
    for kind, practice_ids in zip((Kind.CONTACT, Kind.INVOICE, Kind.PAYMENT), ids, strict=True):
        rows = EntityLink.objects.of(pairing.firm).filter(pairing=pairing, kind=kind, practice_id__in=list(practice_ids))
        for row in rows.exclude(state=EntityLink.State.UNLINKED):
            ref = Ref(kind, row.practice_id, row.leg)
            found[ref] = LinkState(
                ref,
                row.ledger_id,
                row.practice_fingerprint,
                row.ledger_fingerprint,
                row.state == EntityLink.State.VOIDED,
                row.base,
            )
    return found


ENTITY = {Kind.CONTACT: "Customer", Kind.INVOICE: "Invoice", Kind.PAYMENT: "Payment"}
FINGERPRINT = {
    Kind.CONTACT: contact.customer_fingerprint,
    Kind.INVOICE: invoice.ledger_fingerprint,
    Kind.PAYMENT: payment.ledger_fingerprint,
}


def _documents(pairing: Pairing, links: dict[Ref, LinkState]) -> dict[Ref, Document]:
    found = {}
    for kind, entity in ENTITY.items():
        refs = _grouped((link.ledger_id, ref) for ref, link in links.items() if ref.kind is kind)
        for row in mirror.load(pairing, entity, ids=refs):
            document = Document(None, "") if row.is_deleted else Document(row.data, FINGERPRINT[kind](row.data))
            found |= dict.fromkeys(refs[row.id], document)
    return found


def _decisions(pairing: Pairing, *ids: Iterable[str]) -> dict[tuple[Ref, str], Decision]:
    found = {}
    for kind, practice_ids in zip((Kind.CONTACT, Kind.INVOICE, Kind.PAYMENT), ids, strict=True):
        issues = Issue.objects.of(pairing.firm).filter(pairing=pairing, kind=kind, practice_id__in=list(practice_ids))
        for issue in issues.filter(state=Issue.State.DECIDED):
            found[Ref(kind, issue.practice_id, issue.leg), issue.code] = Decision(issue.action, issue.value)
    return found


def group_of(loaded: Loaded, cluster: Cluster, matches: dict[str, Match]) -> Group:
    """One cluster's group, cut out of its chunk."""
    bill_ids = [id for contact_id in cluster.contact_ids for id in loaded.bills_of.get(contact_id, ())]
    payment_ids = {a.parent_id for id in bill_ids for a in loaded.by_bill.get(id, ()) if a.is_payment} - {""}
    payments = {
        id: payment.assemble(id, loaded.by_payment.get(id, []), loaded.receipts.get(id, [])) for id in payment_ids
    }
    wider = set(bill_ids) | {bill_id for p in payments.values() for bill_id in p.bill_ids}
    practice_ids = {
        Kind.CONTACT: set(cluster.contact_ids),
        Kind.INVOICE: set(bill_ids),
        Kind.PAYMENT: payment_ids,
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
        links={ref: loaded.links[ref] for ref in refs},
        documents={ref: loaded.documents[ref] for ref in refs if ref in loaded.documents},
        decisions=loaded.decisions,
        absent_bills=frozenset(id for id in bill_ids if id in loaded.absent),
    )


_SETTLE = """
UPDATE integrations_record SET settled = TRUE
WHERE pairing_id = %(p)s AND NOT settled AND (
  (entity = 'contacts' AND external_id = ANY(%(contacts)s))
  OR (entity = 'bills' AND owner_id = ANY(%(contacts)s))
  OR (entity IN ('line_items', 'interest_charges') AND owner_id = ANY(%(bills)s))
  OR (entity IN ('allocations', 'bank_transactions') AND owner_id = ANY(%(bills)s))
  OR (side = 'ledger' AND external_id = ANY(%(documents)s)))
"""


def settle(pairing: Pairing, groups: Iterable[Group]) -> None:
    """Marks everything in these groups as planned and done; they are not looked at until something changes."""
    listed = list(groups)
    args = {
        "p": pairing.pk,
        "contacts": [id for group in listed for id in group.contacts],
        "bills": [id for group in listed for id in group.lines],  # its own; of others only the payment was looked at
        "documents": [link.ledger_id for group in listed for link in group.links.values()],
    }
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, args)


def unlinked_contacts(pairing: Pairing, ids: Iterable[str]) -> dict[str, contact.Contact]:
    """Readable contacts of these ids that have no customer yet."""
    linked = EntityLink.objects.of(pairing.firm).filter(pairing=pairing, kind=Kind.CONTACT)
    known = set(linked.exclude(state=EntityLink.State.UNLINKED).values_list("practice_id", flat=True))
    wanted = [id for id in ids if id not in known]
    return _decoded(mirror.load(pairing, "contacts", ids=wanted), contact.decode)[0]

