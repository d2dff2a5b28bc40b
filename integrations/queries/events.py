"""Lines of the history as people read them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Q
from django.db.models.fields.json import KT

from firms.models import Firm
from integrations.issue_codes import CODES
from integrations.models import Pairing, Record, SyncEvent
from integrations.queries import links

# outcome -> (tone, word) of its pill
OUTCOMES: dict[str, tuple[str, str]] = {
    SyncEvent.Outcome.CREATED: ("ok", "Created"),
    SyncEvent.Outcome.UPDATED: ("ok", "Updated"),
    SyncEvent.Outcome.VOIDED: ("ok", "Voided"),
    SyncEvent.Outcome.ADOPTED: ("ok", "Adopted"),
    SyncEvent.Outcome.UNLINKED: ("ok", "Unlinked"),
    SyncEvent.Outcome.ACCEPTED: ("ok", "Accepted"),
    SyncEvent.Outcome.FAILED: ("bad", "Refused"),
    SyncEvent.Outcome.ISSUE: ("warn", "Issue opened"),
    SyncEvent.Outcome.CLOSED: ("idle", "Issue closed"),
    SyncEvent.Outcome.DECIDED: ("info", "Decided"),
    SyncEvent.Outcome.NOTED: ("idle", "Note"),
    SyncEvent.Outcome.ASSIGNED: ("idle", "Assigned"),
}
_ENTITIES = {"bills": "invoice", "trust_transactions": "trust_entry"}

Key = tuple[str, str]  # kind, Clio's id


@dataclass(frozen=True, slots=True)
class EventRow:
    """One line with where its record is; ``whose`` is the client. Addresses are empty where there is no such page."""

    event: SyncEvent
    record_url: str
    practice_url: str
    ledger_url: str
    run_url: str
    whose: str = ""

    @property
    def title(self) -> str:
        return title_of(self.event)

    @property
    def tone(self) -> str:
        return OUTCOMES[self.event.outcome][0]

    @property
    def word(self) -> str:
        return word_of(self.event)

    @property
    def reason(self) -> str:
        return reason_of(self.event.code)


def title_of(event: SyncEvent) -> str:
    """What it is about."""
    if not event.kind:
        return event.title or "The firm"
    return event.title or f"{links.ONE.get(event.kind, event.kind)} {event.practice_id}"


def word_of(event: SyncEvent) -> str:
    """What happened, as its pill says it."""
    return OUTCOMES[event.outcome][1]


def reason_of(code: str) -> str:
    """What an issue of this code is called; a system's own code of a refusal stays one."""
    if not code:
        return ""
    return CODES[code].name if code in CODES else f"Code {code}"


def event_row(firm: Firm, pairing: Pairing, event: SyncEvent, whose: str = "") -> EventRow:
    """``pairing`` is the event's own; records of one that is archived have no page."""
    return EventRow(
        event,
        links.record_page(firm, event.kind, event.practice_id) if pairing.archived_at is None else "",
        links.in_practice(pairing.practice, event.kind, event.practice_id),
        links.in_ledger(pairing.ledger, event.ledger_entity, event.ledger_id),
        links.run_page(firm, event.run_id),
        "" if whose in title_of(event) else whose,  # some titles say it already
    )


def key_of(event: SyncEvent) -> Key:
    return event.kind, event.practice_id


def clients_of(pairing: Pairing, events: Iterable[SyncEvent]) -> dict[Key, str]:
    """Whose the bills, payments, credit notes and trust rows of these events are: one query."""
    ids: dict[str, set[str]] = {}
    for event in events:
        if event.pairing_id == pairing.pk and event.practice_id:
            ids.setdefault(event.kind, set()).add(event.practice_id)
    parents = ids.get("payment", set()) | ids.get("credit_note", set())
    asked = Q(entity="bills", external_id__among=ids.get("invoice", ()))
    asked |= Q(entity="trust_transactions", external_id__among=ids.get("trust_entry", ()))
    asked |= Q(entity="allocations", peer_id__among=parents)
    found = Record.objects.of(pairing.firm).filter(asked, pairing=pairing, side=Record.Side.PRACTICE)
    rows = found.values_list("entity", "external_id", "peer_id", KT("data__parent__type"), *map(KT, _NAMES))
    return dict(_named(rows))


_NAMES = ("data__client__name", "data__contact__name", "data__matter__client__name")


def _named(rows: Iterable[tuple[str, ...]]) -> Iterator[tuple[Key, str]]:
    for entity, id, peer, parent, *names in rows:
        name = next(filter(None, names), "")
        if entity == "allocations":
            yield ("credit_note" if parent == "CreditMemo" else "payment", peer), name
        else:
            yield (_ENTITIES[entity], id), name
