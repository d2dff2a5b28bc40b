"""The mirror: whole pages of remote objects kept in a few statements, and read back as plain JSON."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection
from django.db.models import QuerySet

from integrations.core.ports import Clock, Raw
from integrations.core.read import nested, nested_id, text
from integrations.core.records import fingerprint
from integrations.kinds.trust_entry import contact_of
from integrations.models import Pairing, Record
from integrations.sync.folded import NUMBER as NUMBER
from integrations.sync.folded import folded_of

NOBODY = "0"  # the owner of a bill whose contact Clio has never named, and of a trust row without a client
ABSENT_AFTER = timedelta(minutes=10)  # rule R1.4: between the two complete reads that do not show an object
ID_LENGTH = 32
A_FEW = 1000  # objects asked for by so many names come at once; more, or all there are, come in turn
# Bookkeeping of the systems, and "shown", which we add to lines ourselves once we know it.
_VOLATILE = frozenset(
    {"etag", "updated_at", "SyncToken", "MetaData", "domain", "sparse", "time", "shown", "Balance", "BalanceWithJobs"}
)

_UPSERT = """
INSERT INTO integrations_record
  (firm_id, pairing_id, side, entity, external_id, owner_id, peer_id, data, digest, key, other_key, words, settled,
   is_deleted, sweep)
SELECT %(firm)s, %(pairing)s, %(side)s, %(entity)s, row.id, row.owner, row.peer, row.data::jsonb, row.digest,
       row.key, row.other_key, row.words, %(settled)s, FALSE, %(sweep)s
FROM unnest(%(ids)s::text[], %(owners)s::text[], %(peers)s::text[], %(datas)s::text[], %(digests)s::text[],
            %(keys)s::text[], %(other_keys)s::text[], %(words)s::text[])
  AS row (id, owner, peer, data, digest, key, other_key, words)
ON CONFLICT (pairing_id, side, entity, external_id) DO UPDATE SET
  owner_id = CASE WHEN excluded.owner_id = %(nobody)s AND excluded.entity <> 'trust_transactions'
                  THEN integrations_record.owner_id
                  WHEN excluded.entity = 'bank_transactions' AND excluded.owner_id = '' AND excluded.peer_id = ''
                  THEN integrations_record.owner_id ELSE excluded.owner_id END,
  peer_id = CASE WHEN excluded.entity = 'bank_transactions' AND excluded.owner_id = '' AND excluded.peer_id = ''
                 THEN integrations_record.peer_id ELSE excluded.peer_id END,
  digest = excluded.digest,
  key = excluded.key, other_key = excluded.other_key, words = excluded.words,
  data = CASE WHEN integrations_record.data ? 'shown'
              THEN jsonb_build_object('shown', integrations_record.data->'shown') ELSE '{}' END || excluded.data,
  settled = CASE WHEN integrations_record.digest = excluded.digest AND NOT integrations_record.is_deleted
                 THEN integrations_record.settled ELSE excluded.settled END,
  is_deleted = FALSE, missing_since = NULL, sweep = GREATEST(integrations_record.sweep, excluded.sweep)
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """One mirrored object as it is loaded again."""

    entity: str
    id: str
    owner_id: str
    peer_id: str
    data: Raw
    is_deleted: bool
    missing_since: datetime | None = None


def keep_practice(pairing: Pairing, entity: str, rows: Sequence[Raw], *, sweep: int = 0) -> None:
    """Keeps one page of a Clio list; rows whose data moved become unsettled."""
    owned = [(text(row, "id"), *_belongs(entity, row), row) for row in rows]
    if entity == "trust_transactions":
        _unsettle_former_owners(pairing, [(row[0], row[1]) for row in owned])
    _keep(pairing, Record.Side.PRACTICE, entity, owned, sweep)


def keep_ledger(pairing: Pairing, entity: str, rows: Sequence[Raw], *, settled: bool = False) -> None:
    """Keeps QuickBooks objects; ``settled`` is True for the answers to our own writes."""
    owned = [(text(row, "Id"), _payer(entity, row), "", row) for row in rows]
    _keep(pairing, Record.Side.LEDGER, entity, owned, 1, settled=settled)


def keep_numbers(pairing: Pairing, entity: str, rows: Iterable[Raw]) -> None:
    """Keeps the document numbers of sales forms, linked or not."""
    numbers = [(text(row, "Id"), "", "", {"DocNumber": text(row, "DocNumber")}) for row in rows]
    _keep(pairing, Record.Side.LEDGER, NUMBER + entity, numbers, 1, settled=True)


def _keep(
    pairing: Pairing,
    side: str,
    entity: str,
    rows: Sequence[tuple[str, str, str, Raw]],
    sweep: int,
    *,
    settled: bool = False,
) -> None:
    unique = {row[0]: row for row in rows if row[0]}  # one statement cannot touch a row twice; the last one wins
    if not unique:
        return
    kept = list(unique.values())
    folded = [folded_of(entity, row[3]) for row in kept]
    with connection.cursor() as cursor:
        cursor.execute(
            _UPSERT,
            {
                "firm": pairing.firm_id,
                "pairing": pairing.pk,
                "side": side,
                "entity": entity,
                "settled": settled,
                "nobody": NOBODY,
                "sweep": sweep,
                "ids": [row[0] for row in kept],
                "owners": [row[1] for row in kept],
                "peers": [row[2] for row in kept],
                "datas": [to_json(row[3]) for row in kept],
                "digests": [digest(row[3]) for row in kept],
                "keys": [row.key for row in folded],
                "other_keys": [row.other_key for row in folded],
                "words": [row.words for row in folded],
            },
        )


def _belongs(entity: str, row: Raw) -> tuple[str, str]:
    """(owner, peer) of a Clio object."""
    match entity:
        case "bills":
            return nested_id(row, "client") or NOBODY, ""
        case "allocations":
            return nested_id(row, "bill"), text(nested(row, "parent"), "id")
        case "bank_transactions":
            return nested_id(row, "bill"), nested_id(row, "allocation")
        case "credit_memos":
            return nested_id(row, "contact"), ""
        case "trust_transactions":
            return contact_of(row) or NOBODY, nested_id(row, "allocation")
        case "line_items" | "interest_charges":
            return nested_id(row, "bill"), ""
        case _:
            return "", ""


def _payer(entity: str, row: Raw) -> str:
    return text(nested(row, "CustomerRef"), "value")[:ID_LENGTH] if entity == "Payment" else ""


_FORMER_OWNERS = """
UPDATE integrations_record SET settled = FALSE
WHERE pairing_id = %(p)s AND entity = 'trust_transactions' AND settled AND owner_id IN (
  SELECT held.owner_id FROM integrations_record held
  JOIN unnest(%(ids)s::text[], %(owners)s::text[]) AS row (id, owner) ON row.id = held.external_id
  WHERE held.pairing_id = %(p)s AND held.entity = 'trust_transactions' AND held.owner_id <> row.owner)
"""


def _unsettle_former_owners(pairing: Pairing, owned: Sequence[tuple[str, str]]) -> None:
    """A trust row that moves to another client changes what the one it leaves can be taken from (rule R6.5)."""
    ids, owners = [id for id, _ in owned], [owner for _, owner in owned]
    with connection.cursor() as cursor:
        cursor.execute(_FORMER_OWNERS, {"p": pairing.pk, "ids": ids, "owners": owners})


def to_json(value: object) -> str:
    """JSON text in which amounts keep every digit."""
    # PostgreSQL has no NUL in text, and a lone surrogate is no UTF-8; neither carries meaning.
    plain = json.dumps(value, default=_exact, ensure_ascii=False).replace("\\u0000", "")
    return plain.encode("utf-8", "ignore").decode()


def _exact(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"not JSON: {type(value).__name__}")


def digest(row: Raw) -> str:
    """A digest of what matters of an object: versions and times of its own bookkeeping do not."""
    return fingerprint(_without_volatile(row))


def _without_volatile(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _without_volatile(item) for key, item in value.items() if key not in _VOLATILE}
    if isinstance(value, list | tuple):
        return [_without_volatile(item) for item in value]
    return value


def load(
    pairing: Pairing,
    entity: str,
    *,
    ids: Iterable[str] | None = None,
    owners: Iterable[str] | None = None,
    peers: Iterable[str] | None = None,
) -> Iterator[Kept]:
    """Mirrored objects of one entity by id, owner or peer; all of them when nothing is asked for."""
    asked = {"external_id__in": ids, "owner_id__in": owners, "peer_id__in": peers}
    wanted = {name: list(values) for name, values in asked.items() if values is not None}
    if not all(wanted.values()):
        return
    records = Record.objects.of(pairing.firm).filter(pairing=pairing, entity=entity, **wanted)
    columns = ("entity", "external_id", "owner_id", "peer_id", "data", "is_deleted", "missing_since")
    rows = records.order_by("id").values_list(*columns)
    is_few = any(len(values) <= A_FEW for values in wanted.values())
    for row in rows if is_few else rows.iterator(2000):
        yield Kept(*row)


def load_each(pairing: Pairing, entities: Sequence[str]) -> dict[str, list[Kept]]:
    """Everything mirrored of a few short lists, by entity: one query."""
    records = Record.objects.of(pairing.firm).filter(pairing=pairing, entity__in=entities)
    columns = ("entity", "external_id", "owner_id", "peer_id", "data", "is_deleted", "missing_since")
    found: dict[str, list[Kept]] = {entity: [] for entity in entities}
    for row in records.order_by("id").values_list(*columns):
        found[row[0]].append(Kept(*row))
    return found


def live(pairing: Pairing, entity: str) -> Iterator[Kept]:
    """Mirrored objects of one entity that are still there."""
    return (row for row in load(pairing, entity) if not row.is_deleted)


def one(pairing: Pairing, entity: str, id: str) -> Kept | None:
    return next(load(pairing, entity, ids=[id]), None)


def mark_deleted(pairing: Pairing, entity: str, ids: Iterable[str]) -> None:
    """Notes that QuickBooks reports these as deleted; their numbers are free again."""
    gone = list(ids)
    if not gone:
        return
    records = Record.objects.of(pairing.firm).filter(pairing=pairing, side=Record.Side.LEDGER, external_id__in=gone)
    records.filter(entity=entity, is_deleted=False).update(is_deleted=True, settled=False)
    records.filter(entity=NUMBER + entity).delete()


_HIDE = """
UPDATE integrations_record SET data = data || '{"shown": false}'
WHERE pairing_id = %s AND side = 'practice' AND entity = 'line_items'
  AND owner_id = ANY(%s) AND NOT external_id = ANY(%s)
"""


def hide_lines(pairing: Pairing, bill_ids: list[str], shown: list[str]) -> None:
    """Notes which lines of these bills are not shown to the client: all but ``shown``."""
    with connection.cursor() as cursor:
        cursor.execute(_HIDE, [pairing.pk, bill_ids, shown])


def drop_lines(pairing: Pairing, bill_id: str, keep: Iterable[str]) -> None:
    """Forgets line items that are no longer on a bill (rule R3.7)."""
    lines = Record.objects.of(pairing.firm).filter(pairing=pairing, entity="line_items", owner_id=bill_id)
    lines.exclude(external_id__in=list(keep)).delete()


def held(pairing: Pairing, entity: str) -> int:
    """How many objects of a list we have that no read has missed yet."""
    records = Record.objects.of(pairing.firm).filter(pairing=pairing, entity=entity)
    return records.filter(is_deleted=False, missing_since=None).count()


def note_missing(pairing: Pairing, entity: str, sweep: int, clock: Clock) -> None:
    """After a complete read (rule R1.4): what it did not show is missing; the second time, it is gone."""
    records = Record.objects.of(pairing.firm).filter(pairing=pairing, side=Record.Side.PRACTICE, entity=entity)
    note_missed(records.filter(sweep__lt=sweep, is_deleted=False), clock)


def note_absent(pairing: Pairing, entity: str, ids: Iterable[str], clock: Clock) -> None:
    """Of those a complete read of just these did not show (rule R1.4): missing, and the second time gone."""
    absent = list(ids)
    if not absent:
        return
    records = Record.objects.of(pairing.firm).filter(pairing=pairing, side=Record.Side.PRACTICE, entity=entity)
    note_missed(records.filter(external_id__in=absent, is_deleted=False), clock)


def note_missed(unseen: QuerySet[Record], clock: Clock) -> None:
    """These should have been named: missing; where that was so ten minutes ago already, gone."""
    now = clock.now()
    unseen.filter(missing_since__lte=now - ABSENT_AFTER).update(is_deleted=True, settled=False)
    unseen.filter(missing_since=None).update(missing_since=now)


def note_listed(pairing: Pairing, entity: str, ids: Iterable[str], sweep: int) -> None:
    """These were named by a list of ids, which is to be complete in the end."""
    records = Record.objects.of(pairing.firm).filter(pairing=pairing, side=Record.Side.PRACTICE, entity=entity)
    records.filter(external_id__in=list(ids)).update(sweep=sweep, missing_since=None)


def note_unseen(pairing: Pairing, entity: str, ids: Iterable[str], clock: Clock) -> None:
    """Notes that a read which asked for these did not show them; that alone proves nothing."""
    records = Record.objects.of(pairing.firm).filter(pairing=pairing, side=Record.Side.PRACTICE, entity=entity)
    records.filter(external_id__in=list(ids), missing_since=None).update(missing_since=clock.now())


def note_gone(pairing: Pairing, entity: str, owner_id: str, keep: Iterable[str], clock: Clock) -> None:
    """Of the objects of one owner, notes those that a read of this owner no longer showed."""
    records = Record.objects.of(pairing.firm).filter(pairing=pairing, entity=entity, owner_id=owner_id)
    records.filter(missing_since=None).exclude(external_id__in=list(keep)).update(missing_since=clock.now())


def note_unlisted(pairing: Pairing, entity: str, held: Iterable[str], listed: Collection[str], clock: Clock) -> None:
    """After a complete list of ids (rule R1.4): of the objects in ``held``, what it did not name is missing; the second
    time, ten minutes later, it is gone. What it named is there.
    """
    records = Record.objects.of(pairing.firm).filter(pairing=pairing, entity=entity, is_deleted=False)
    note_missed(records.filter(external_id__in=[id for id in held if id not in listed]), clock)
    records.filter(external_id__in=list(listed)).exclude(missing_since=None).update(missing_since=None)


def begin_full_read(pairing: Pairing) -> None:
    """Before everything of the company is read again: nothing of it has been seen yet."""
    Record.objects.of(pairing.firm).filter(pairing=pairing, side=Record.Side.LEDGER).update(sweep=0)


def end_full_read(pairing: Pairing, numbered: Iterable[str], names: Iterable[str]) -> None:
    """After it: numbers and names that were not seen are no longer taken."""
    unseen = Record.objects.of(pairing.firm).filter(pairing=pairing, side=Record.Side.LEDGER, sweep=0)
    unseen.filter(entity__in=[NUMBER + entity for entity in numbered]).delete()
    unseen.filter(entity__in=list(names), is_deleted=False).update(is_deleted=True, settled=False)


def unsettle_everything(pairing: Pairing) -> None:
    Record.objects.of(pairing.firm).filter(pairing=pairing, side=Record.Side.PRACTICE, settled=True).update(
        settled=False
    )
