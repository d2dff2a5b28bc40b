"""Numbers and people that look alike, found in the mirror at the end of a run and kept as warnings while they do."""

from collections.abc import Iterable, Iterator
from itertools import batched, chain
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from integrations.core import lookalikes, words
from integrations.core.lookalikes import BILL, CONTACT, Alike, Numbered, Party
from integrations.core.records import Kind, Ref
from integrations.kinds.alike import numbers_problem, people_problem
from integrations.kinds.catalog import NUMBERED
from integrations.kinds.invoice import LIVE_STATES, TRUST_KIND
from integrations.models import EntityLink, Pairing, Record, SyncRun
from integrations.sync import issues
from integrations.sync.folded import NUMBER
from integrations.sync.workspace import Workspace

UNAPPROVED = ("draft", "pending_approval")
KEYS_AT_ONCE = 1000

# Keys that more than one bill or sales form has, and numbers without punctuation that others have with it. What stands
# for a bill is left out: it has the bill's number.
_SHARED_NUMBERS = """
WITH every AS (
  SELECT key, other_key FROM integrations_record
    WHERE pairing_id = %(p)s AND entity = 'bills' AND key <> '' AND NOT is_deleted
  UNION ALL SELECT form.key, form.other_key FROM integrations_record form
    WHERE form.pairing_id = %(p)s AND form.entity = ANY(%(forms)s) AND form.key <> ''
      AND NOT EXISTS (SELECT 1 FROM integrations_entitylink link WHERE link.pairing_id = form.pairing_id
        AND link.ledger_entity = split_part(form.entity, ':', 2) AND link.ledger_id = form.external_id
        AND link.state <> 'unlinked')
), punctuated AS (
  SELECT one.key, plain.key AS plain FROM every one JOIN every plain ON plain.key = one.other_key
    WHERE one.other_key <> ''
)
SELECT key FROM every GROUP BY key HAVING count(*) > 1
UNION SELECT key FROM punctuated UNION SELECT plain FROM punctuated
"""

_SHARED_BY_PEOPLE = """
SELECT {key} FROM integrations_record
WHERE pairing_id = %(p)s AND entity = %(entity)s AND {key} <> '' AND NOT is_deleted
GROUP BY {key} HAVING count(*) > 1
"""


def tell(work: Workspace, run: SyncRun) -> None:
    """Makes the open warnings about lookalikes exactly what the mirror shows now."""
    pairing = work.pairing
    numbers = lookalikes.number_clashes(_numbered(pairing))
    people = lookalikes.same_people(_contacts(pairing))
    customers = _not_said_yet(lookalikes.same_people(_customers(pairing)), people)
    found = chain(
        (numbers_problem(alike, _ref(Kind.INVOICE, alike.members[0].id, alike)) for alike in numbers),
        (people_problem(alike, _ref(Kind.CONTACT, alike.members[0].id, alike)) for alike in people),
        (people_problem(alike, _ref(Kind.CONTACT, alike.members[0].stands_for, alike)) for alike in customers),
    )
    issues.sync_codes(work, run, lookalikes.CODES, found)


def _ref(kind: Kind, practice_id: str, alike: Alike[Any]) -> Ref:
    return Ref(kind, practice_id, alike.leg)


def _not_said_yet(customers: list[Alike[Party]], people: list[Alike[Party]]) -> list[Alike[Party]]:
    """Without those whose contacts are named already: the customers of two contacts that are alike are alike too."""
    said = [{member.id for member in alike.members} for alike in people]
    return [
        alike
        for alike in customers
        if not any({member.stands_for for member in alike.members} <= contacts for contacts in said)
    ]


def _keys(statement: str, pairing: Pairing, **values: Any) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"p": pairing.pk, **values})
        return [row[0] for row in cursor.fetchall()]


def _mirrored(pairing: Pairing, keys: Iterable[str], field: str = "key") -> Iterator[QuerySet[Record]]:
    """Mirrored objects that have these keys, a thousand keys at a time."""
    records = Record.objects.of(pairing.firm).filter(pairing=pairing, is_deleted=False)
    for some in batched(keys, KEYS_AT_ONCE):
        yield records.filter(**{f"{field}__in": some}).order_by("pk")


def _live_links(pairing: Pairing, **where: object) -> Exists:
    links = EntityLink.objects.of(pairing.firm).filter(pairing=pairing, **where)
    return Exists(links.exclude(state=EntityLink.State.UNLINKED))


def _numbered(pairing: Pairing) -> Iterator[Numbered]:
    forms = [NUMBER + entity for entity in NUMBERED]
    keys = _keys(_SHARED_NUMBERS, pairing, forms=forms)
    for records in _mirrored(pairing, keys):
        yield from _bills(pairing, records)
        for form in NUMBERED:
            ours = _live_links(pairing, ledger_entity=form, ledger_id=OuterRef("external_id"))
            foreign = records.filter(~ours, entity=NUMBER + form)
            for id, number in foreign.values_list("external_id", "data__DocNumber"):
                yield Numbered(form, id, str(number))


def _bills(pairing: Pairing, records: QuerySet[Record]) -> Iterator[Numbered]:
    """Bills that are live; those of a request for trust money are no receivables."""
    live = records.filter(entity="bills", data__state__in=[*LIVE_STATES, *UNAPPROVED])
    posted = _live_links(pairing, kind=Kind.INVOICE, leg="", practice_id=OuterRef("external_id"))
    every = live.annotate(posted=posted).values_list("external_id", "data", "posted")
    rows = [row for row in every if row[1].get("kind") != TRUST_KIND]
    start = str(pairing.start_date or "")
    for id, data, is_posted in rows:
        in_scope = str(data.get("issued_at") or start) >= start
        yield Numbered(
            BILL,
            id,
            str(data.get("number") or ""),
            counts=is_posted or in_scope,
            judged=in_scope and not is_posted and data.get("state") in LIVE_STATES,
            about=_about(data),
        )


def _about(bill: dict[str, Any]) -> str:
    """Whose it is and of which day, or that it is a draft."""
    day = "draft" if bill.get("state") in UNAPPROVED else words.day(str(bill.get("issued_at") or ""))
    return ", ".join(filter(None, (str((bill.get("client") or {}).get("name") or ""), day)))


def _alike_people(pairing: Pairing, entity: str) -> Iterator[QuerySet[Record]]:
    for field in ("key", "other_key"):
        keys = _keys(_SHARED_BY_PEOPLE.format(key=field), pairing, entity=entity)
        yield from (records.filter(entity=entity) for records in _mirrored(pairing, keys, field))


def _contacts(pairing: Pairing) -> Iterable[Party]:
    """Contacts that share a name or an address; the books are about those that have a customer or a bill in scope."""
    linked = _live_links(pairing, kind=Kind.CONTACT, practice_id=OuterRef("external_id"))
    bills = Record.objects.of(pairing.firm).filter(pairing=pairing, entity="bills", owner_id=OuterRef("external_id"))
    billed = bills.filter(data__state__in=LIVE_STATES, data__issued_at__gte=str(pairing.start_date or ""))
    found: dict[str, Party] = {}
    for records in _alike_people(pairing, "contacts"):
        rows = records.annotate(counts=linked | Exists(billed))
        for id, name, mail, counts in rows.values_list("external_id", "data__name", "other_key", "counts"):
            found[id] = Party(CONTACT, id, str(name or ""), mail, counts=counts)
    return found.values()


def _customers(pairing: Pairing) -> Iterable[Party]:
    """Active customers that share a name or an address; the books are about those that stand for a contact."""
    found: dict[str, dict[str, Any]] = {}
    for records in _alike_people(pairing, "Customer"):
        active = records.filter(Q(data__Active__isnull=True) | Q(data__Active=True))
        found |= dict(active.values_list("external_id", "data"))
    links = EntityLink.objects.of(pairing.firm).filter(pairing=pairing, kind=Kind.CONTACT, ledger_id__in=list(found))
    contacts = dict(links.exclude(state=EntityLink.State.UNLINKED).values_list("ledger_id", "practice_id"))
    return [_customer(id, data, contacts.get(id, "")) for id, data in found.items()]


def _customer(id: str, data: dict[str, Any], contact_id: str) -> Party:
    mail, parent = data.get("PrimaryEmailAddr") or {}, data.get("ParentRef") or {}
    return Party(
        "Customer",
        id,
        str(data.get("DisplayName") or ""),
        str(mail.get("Address") or ""),
        counts=bool(contact_id),
        parent=str(parent.get("value") or ""),
        stands_for=contact_id,
    )
