"""What a verified webhook changes here: it is noted once, and the records it names are marked to be read again."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from integrations.models import Connection, Delivery, Pairing, Record, StaleMark, Subscription
from integrations.sync.gather import LEDGER_ENTITIES
from integrations.systems.clio.webhooks import WATCHED, changed_id
from integrations.systems.quickbooks import webhooks as intuit
from integrations.systems.wire import shape

POLL_WITHIN = timedelta(minutes=2)  # what nobody understands is polled for once, however much of it comes
HEARD_AGAIN_AFTER = timedelta(minutes=1)  # a burst of posts writes down once that it came
READ_AGAIN = frozenset((*LEDGER_ENTITIES, "Account", "Item", "Preferences"))
ACCOUNTS = 20  # so many companies of one post are named to support
ANYTHING = ("", "")
LOOKED_AT = ("state", "heard_at", "external_account_id")  # of connections; their rows are wide, and posts are many

Record_ = tuple[str, str]  # entity and id, or ANYTHING
Marks = Mapping[Pairing, set[Record_]]


@dataclass(frozen=True, slots=True)
class Post:
    """A verified post as it came. What it says is only read to find records by; its values are never used."""

    body: bytes
    at: datetime


def from_clio(subscription: Subscription, post: Post) -> list[int]:
    """Pairings that want a run now and did not before. A post that came before changes nothing."""
    entity, id_ = WATCHED[subscription.model].entity, changed_id(post.body)
    pairings = _set_up().filter(practice=subscription.connection_id)
    with transaction.atomic():
        marks = {pairing: {(entity, id_) if id_ else ANYTHING} for pairing in pairings}
        accounts = [subscription.connection.external_account_id]
        if not _is_new(_noted(post, "clio", marks, accounts, events=1, understood=bool(id_)), subscription):
            return []
        _hear([subscription.connection], post.at)
        _hear_subscription(subscription, post.at)
        return _mark(Record.Side.PRACTICE, marks, post.at)


def from_intuit(post: Post) -> list[int]:
    """The same for a post about any number of companies, ours or not."""
    said = intuit.read(post.body)
    with transaction.atomic():
        found = _set_up().filter(ledger__system="quickbooks", ledger__external_account_id__in=said.realms)
        pairings = {pairing.ledger.external_account_id: pairing for pairing in (found if said.realms else ())}
        marks: dict[Pairing, set[Record_]] = {}
        for told in said.told:
            if told.realm in pairings and (not told.entity or told.entity in READ_AGAIN):
                marks.setdefault(pairings[told.realm], set()).add((told.entity, told.id))
        noted = _noted(post, "quickbooks", marks, said.realms, events=len(said.told), understood=said.understood)
        if not _is_new(noted, None):
            return []
        _hear([pairing.ledger for pairing in pairings.values()], post.at)
        return _mark(Record.Side.LEDGER, marks, post.at)


def _set_up() -> QuerySet[Pairing]:
    """Pairings whose books are kept; for one that is still being set up the first run reads everything anyway."""
    gone = Connection.State.DISCONNECTED
    live = Pairing.all_firms.filter(archived_at=None, start_date__isnull=False, ledger__confirmed_at__isnull=False)
    kept = live.exclude(Q(practice__state=gone) | Q(ledger__state=gone)).select_related("practice", "ledger")
    return kept.only("firm_id", *(f"{side}__{name}" for side in ("practice", "ledger") for name in LOOKED_AT))


def _noted(post: Post, system: str, marks: Marks, accounts: list[str], *, events: int, understood: bool) -> Delivery:
    outcome = Delivery.Outcome.MARKED if marks else Delivery.Outcome.NOTHING
    return Delivery(
        system=system,
        body_sha256=sha256(post.body).hexdigest(),
        size=len(post.body),
        received_at=post.at,
        outcome=outcome if understood else Delivery.Outcome.UNKNOWN,
        events=events,
        accounts=accounts[:ACCOUNTS],
        shape="" if understood else shape(post.body)[:500],
    )


_KEEP = """
INSERT INTO integrations_delivery
    (system, subscription_id, body_sha256, size, received_at, outcome, events, accounts, shape)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""


def _is_new(noted: Delivery, subscription: Subscription | None) -> bool:
    """Keeps the delivery; False where the same body came before, perhaps at this very moment."""
    sender = subscription.pk if subscription else None
    values = [noted.system, sender, noted.body_sha256, noted.size, noted.received_at, noted.outcome, noted.events]
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, [*values, json.dumps(noted.accounts), noted.shape])
        return bool(cursor.rowcount)


def _hear(connections: Iterable[Connection], at: datetime) -> None:
    """Notes that webhooks about these accounts come through."""
    quiet = sorted(one.pk for one in connections if one.heard_at is None or at - one.heard_at >= HEARD_AGAIN_AFTER)
    if quiet:
        Connection.all_firms.filter(pk__in=quiet).update(heard_at=at)


def _hear_subscription(subscription: Subscription, at: datetime) -> None:
    """One that was taken for dead is looked at by the next tick, which says that it is not."""
    mine = Subscription.all_firms.filter(pk=subscription.pk)
    if subscription.unheard_since is not None:
        mine.update(heard_at=at, unheard_since=None, next_look_at=at)
    elif subscription.heard_at is None or at - subscription.heard_at >= HEARD_AGAIN_AFTER:
        mine.update(heard_at=at)


def _mark(side: str, marks: Marks, at: datetime) -> list[int]:
    """Pairings that now want a run and did not before.

    Rows are written in one order, so that posts that name the same records wait for each other and never in a circle.
    """
    pairings = sorted(marks, key=lambda pairing: pairing.pk)
    rows = [
        StaleMark(firm_id=pairing.firm_id, pairing=pairing, side=side, entity=entity, external_id=id_, since=at)
        for pairing in pairings
        for entity, id_ in sorted(marks[pairing])
    ]
    key = ["pairing", "side", "entity", "external_id"]
    StaleMark.all_firms.bulk_create(rows, update_conflicts=True, unique_fields=key, update_fields=["since"])
    woken = [pairing for pairing in pairings if marks[pairing] - {ANYTHING} and _wake(pairing, at)]
    for pairing in pairings:
        if ANYTHING in marks[pairing]:
            _poll_soon(pairing, at)
    return [pairing.pk for pairing in woken]


def _wake(pairing: Pairing, at: datetime) -> bool:
    """Whether nobody had asked for this since the last run began; one that cannot run is not woken."""
    states = (pairing.practice.state, pairing.ledger.state)
    if any(state != Connection.State.CONNECTED for state in states):
        return False
    # The first sync is a person's to start, once they have seen what it would do.
    started = Pairing.all_firms.filter(pk=pairing.pk, hooked_at=None).exclude(next_sync_at=None)
    return bool(started.update(hooked_at=at))


def _poll_soon(pairing: Pairing, at: datetime) -> None:
    due = Pairing.all_firms.filter(pk=pairing.pk, next_sync_at__gt=at + POLL_WITHIN)
    due.update(next_sync_at=at + POLL_WITHIN)
