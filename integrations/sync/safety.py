"""Holding a run before its first write, where a person has to have looked at what it would do (blast radius).

A run is held as a whole and ends: nothing is written, nobody is kept out, and the next one looks again.

1. It would take back, or change, more of what is linked than ``core.blast.LIMITS`` allows. What it would do is kept as
   rows; ``apply`` lets exactly those go on, ``discard`` sets them aside, each listed as accepted until it is another
   change (``kinds.set_aside``).
2. A list that held records shows none: ``apply`` believes it, and what follows is judged like anything else;
   ``discard`` leaves the list out this time.
3. Clio no longer lets us read a list it let us read: ``apply`` goes on without it.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import batched
from typing import Any

from django.db import connection, transaction
from django.db.models import Count

from integrations import held_runs
from integrations.core.blast import FEW, LIMITS, Shown, Sort, Touch, too_many, touches
from integrations.core.changes import Action, Plan
from integrations.core.errors import Forbidden, RemoteError
from integrations.core.money import ZERO
from integrations.core.records import Kind, Ref, fingerprint
from integrations.kinds.group import Group
from integrations.models import EntityLink, HeldChange, Issue, Pairing, Record, SyncEvent, SyncRun
from integrations.sync import issues, wording
from integrations.sync.clusters import Cluster
from integrations.sync.policy import NotReady
from integrations.sync.workspace import Workspace

CODE = held_runs.CODE
ROWS_AT_ONCE = 2000

Plans = Callable[[list[Cluster]], Iterator[tuple[Group, Plan]]]


class Held(NotReady):
    """A person has to look first; the text says at what. ``found`` is what the run would do to linked records."""

    def __init__(self, message: str, details: dict[str, Any], found: Sequence[Touch] = ()) -> None:
        super().__init__(message)
        self.details, self.found = details, found


def believes_empty(pairing: Pairing, name: str, held: int) -> bool:
    """Whether a complete read that showed nothing of a list may be taken for what it says; ``held`` is what it had.

    False where a person said that it may not. Raises Held where nobody has said anything yet.
    """
    if held <= FEW:
        return True
    decided = _decided(pairing)
    if decided and name in decided.details.get("emptied", {}):
        return decided.action == "apply"
    raise Held(wording.emptied(name, held), {"emptied": {name: held}})


def check_lost(pairing: Pairing, forbidden: Iterable[str]) -> None:
    """Raises Held where a list may no longer be read that we have records of, and nobody was told of it yet."""
    known = Record.objects.of(pairing.firm).filter(pairing=pairing)
    lost = [name for name in dict.fromkeys(forbidden) if known.filter(entity=name).exists()]
    told = _told_of(pairing)
    lost = [name for name in lost if wording.LOST[name] not in told]
    decided = _decided(pairing)
    agreed = set(decided.details.get("lost", ())) if decided and decided.action == "apply" else set()
    if set(lost) - agreed:
        raise Held(wording.lost(lost), {"lost": lost, "without": ["discard"]})


def _told_of(pairing: Pairing) -> str:
    told = Issue.objects.of(pairing.firm).filter(pairing=pairing, code="permission_lost", kind="")
    return " ".join(told.exclude(state=Issue.State.CLOSED).values_list("message", flat=True))


def is_lost(pairing: Pairing, error: Exception) -> bool:
    """Whether Clio keeps from us what it let us read before, so that the run cannot go on at all."""
    if not isinstance(error, Forbidden) or (error.trace.system, error.trace.method) != ("clio", "GET"):
        return False
    return EntityLink.objects.of(pairing.firm).filter(pairing=pairing).exists()


def guard(work: Workspace, run: SyncRun, wanted: Sequence[Cluster], plans: Plans, *, settings_moved: bool) -> None:
    """Plans all that touches linked records, where that could be too much, before anything of it is done. Raises Held.

    Where the clusters that will be planned hold no more linked records than are allowed, planning them once is enough.
    """
    pairing = work.pairing
    reach = _reach(pairing, [id for cluster in wanted for id in cluster.contact_ids])
    if not reach:
        return  # nothing that is linked will be planned
    linked, shown = _linked(pairing), _shown(pairing)
    earlier = _earlier(run, shown) if run.counts else {}
    if not shown.keys and not _could_be_too_many(reach, linked, earlier):
        return
    within = {contact_id for _, contact_id in reach}
    doubtful = [cluster for cluster in wanted if within.intersection(cluster.contact_ids)]
    found = [touch for group, plan in plans(doubtful) for touch in _touched(group, plan)]
    over = too_many(found, linked, shown, earlier)
    if over:
        raise _held(pairing, found, over, linked, again=bool(shown.keys), settings_moved=settings_moved)


def _touched(group: Group, plan: Plan) -> list[Touch]:
    live = [ref for ref, link in group.links.items() if not link.is_voided]
    return touches(plan.changes, live, [ref for ref, _ in group.decisions])


def _held(
    pairing: Pairing,
    found: Sequence[Touch],
    over: Mapping[Sort, int],
    linked: Mapping[Kind, int],
    *,
    again: bool,
    settings_moved: bool,
) -> Held:
    before = _open(pairing)
    moved = settings_moved or bool(before and before.details.get("settings"))
    records: dict[Sort, set[str]] = {}
    for touch in found:
        records.setdefault(touch.sort, set()).add(touch.record)
    counts = [
        {"kind": kind, "action": action, "number": len(ids), "linked": linked.get(kind, 0)}
        for (kind, action), ids in sorted(records.items())
    ]
    said = wording.too_many({sort: (number, linked.get(sort[0], 0)) for sort, number in over.items()}, again, moved)
    details = {"counts": counts, "sorts": [list(sort) for sort in sorted(over)], "settings": moved}
    return Held(said, details, found)


# Each by itself over one index: a plan that joins them is only as good as the statistics, and right after a first sync
# there are none.
_OWNED = """
SELECT external_id, owner_id FROM integrations_record
WHERE pairing_id = %(p)s AND entity = %(entity)s AND owner_id = ANY(%(owners)s)
"""
_PAID_BY = """
SELECT DISTINCT peer_id, owner_id FROM integrations_record
WHERE pairing_id = %(p)s AND entity = 'allocations' AND owner_id = ANY(%(bills)s)
"""
_LIVE = """
SELECT DISTINCT kind, practice_id FROM integrations_entitylink
WHERE pairing_id = %(p)s AND state = 'live' AND kind = ANY(%(kinds)s) AND practice_id = ANY(%(ids)s)
"""


def _reach(pairing: Pairing, contact_ids: list[str]) -> dict[tuple[Kind, str], int]:
    """How many linked records of a kind each of these contacts has."""
    if not contact_ids:
        return {}
    bills = dict(_rows(_OWNED, pairing, entity="bills", owners=contact_ids))
    trust = dict(_rows(_OWNED, pairing, entity="trust_transactions", owners=contact_ids))
    paid = {(id, bills[bill_id]) for id, bill_id in _rows(_PAID_BY, pairing, bills=list(bills))}
    of_kind: dict[Kind, set[tuple[str, str]]] = {
        Kind.CONTACT: {(id, id) for id in contact_ids},
        Kind.INVOICE: set(bills.items()),
        Kind.PAYMENT: paid,
        Kind.CREDIT_NOTE: paid,
        Kind.TRUST_ENTRY: set(trust.items()),
    }
    ids = {id for known in of_kind.values() for id, _ in known}
    live = set(_rows(_LIVE, pairing, kinds=[str(kind) for kind in Kind], ids=list(ids)))
    return Counter((kind, who) for kind, known in of_kind.items() for id, who in known if (kind, id) in live)


def _rows(sql: str, pairing: Pairing, **values: Any) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"p": pairing.pk, **values})
        return list(cursor.fetchall())


def _could_be_too_many(
    reach: Mapping[tuple[Kind, str], int], linked: Mapping[Kind, int], earlier: Mapping[Sort, set[str]]
) -> bool:
    for kind in Kind:
        within = sum(number for (of_kind, _), number in reach.items() if of_kind is kind)
        for action, limit in LIMITS.items():
            if within and not limit.allows(within + len(earlier.get((kind, action), ())), linked.get(kind, 0)):
                return True
    return False


def _linked(pairing: Pairing) -> dict[Kind, int]:
    """How many records of each kind are linked."""
    live = EntityLink.objects.of(pairing.firm).filter(pairing=pairing, state=EntityLink.State.LIVE).order_by()
    counted = live.values_list("kind").annotate(records=Count("practice_id", distinct=True))
    return {Kind(kind): records for kind, records in counted}


def _earlier(run: SyncRun, shown: Shown) -> dict[Sort, set[str]]:
    """What earlier slices of this run took back or changed without a person having let it through."""
    counted = {"voided": Action.VOID, "unlinked": Action.VOID, "updated": Action.UPDATE}
    rows = SyncEvent.objects.of(run.firm).filter(run=run).exclude(practice_id="")
    rows_ = list(rows.values_list("kind", "practice_id", "leg", "outcome"))
    new = {(kind, id) for kind, id, _, outcome in rows_ if outcome in ("created", "adopted")}
    seen = {ref for ref, _ in shown.keys}
    found: dict[Sort, set[str]] = {}
    for kind, id, leg, outcome in rows_:
        if outcome in counted and (kind, id) not in new and Ref(Kind(kind), id, leg) not in seen:
            found.setdefault((Kind(kind), counted[outcome]), set()).add(id)
    return found


def _open(pairing: Pairing, *, for_update: bool = False) -> Issue | None:
    rows = Issue.objects.of(pairing.firm).filter(pairing=pairing, code=CODE, kind="").exclude(state=Issue.State.CLOSED)
    return (rows.select_for_update(of=("self",)) if for_update else rows).first()


def _decided(pairing: Pairing) -> Issue | None:
    """The decision that the coming run carries out."""
    issue = _open(pairing)
    return issue if issue and issue.state == Issue.State.DECIDED else None


def _shown(pairing: Pairing) -> Shown:
    """What a person let through."""
    decided = _decided(pairing)
    if decided is None or decided.action != "apply":
        return Shown()
    rows = HeldChange.objects.of(pairing.firm).filter(pairing=pairing)
    columns = ("kind", "practice_id", "leg", "digest")
    keys = frozenset((Ref(Kind(kind), id, leg), digest) for kind, id, leg, digest in rows.values_list(*columns))
    return Shown(keys, frozenset((Kind(kind), Action(action)) for kind, action in decided.details.get("sorts", ())))


def hold(work: Workspace, run: SyncRun, held: Held) -> str:
    """Keeps what the run would do and opens the issue; returns the run's reason."""
    pairing = work.pairing
    details = {**held.details, "seen": fingerprint([held.details, [_key(touch) for touch in held.found]])}
    with transaction.atomic():
        known = _open(pairing, for_update=True)
        agreed = _agreed(known) | {"times": _times(known)}
        if known is None or known.details.get("seen") != details["seen"]:
            _keep(pairing, held.found)
        elif known.state == Issue.State.DECIDED and known.decided_at and known.decided_at > run.started_at:
            return str(held)  # decided while this run was under way, about just this: the next one carries it out
        issues.sync_firm(work, run, {CODE}, {CODE: str(held)})
        issue = _open(pairing)
        assert issue is not None
        issue.details, issue.action, issue.value, issue.note = agreed | details, "", "", ""
        issue.decided_by, issue.decided_at = None, None
        issue.save(update_fields=["details", "action", "value", "note", "decided_by", "decided_at"])
    what = " or ".join(name for name in ("apply", "discard") if name not in details.get("without", ()))
    return f"{held} Look at issue {issue.pk}, then {what} it."


def _agreed(known: Issue | None) -> dict[str, Any]:
    """To go on without a list stays agreed when the same run turns out to be held for something else."""
    agreed = known is not None and known.state == Issue.State.DECIDED and known.action == "apply"
    return {"lost": known.details["lost"]} if known and agreed and "lost" in known.details else {}


def _times(known: Issue | None) -> int:
    """How often a person decided about it in vain: each time somebody is told anew."""
    if known is None:
        return 0
    return int(known.details.get("times", 0)) + (known.state == Issue.State.DECIDED)


def _key(touch: Touch) -> list[str]:
    return [str(touch.change.ref), touch.digest]


def _keep(pairing: Pairing, found: Iterable[Touch]) -> None:
    rows = HeldChange.objects.of(pairing.firm)
    rows.filter(pairing=pairing).delete()
    for batch in batched(enumerate(found), ROWS_AT_ONCE):
        rows.bulk_create(_row(pairing, position, touch) for position, touch in batch)


def _amount(touch: Touch) -> Decimal:
    """What the document will be worth; of one that is taken back what that takes back."""
    change = touch.change
    if touch.action is Action.UPDATE and change.draft:
        return change.draft.amount
    return sum((line.debit for line in change.postings()), ZERO)


def _row(pairing: Pairing, position: int, touch: Touch) -> HeldChange:
    change = touch.change
    data = {
        "title": change.title,
        "reason": change.reason,
        "amount": str(_amount(touch)),
        "entity": change.entity,
        "ledger_id": change.ledger_id,
        "side": change.side,
    }
    return HeldChange(
        firm=pairing.firm,
        pairing=pairing,
        position=position,
        kind=change.ref.kind,
        action=touch.action,
        practice_id=change.ref.practice_id,
        leg=change.ref.leg,
        digest=touch.digest,
        data=data,
    )


def release(work: Workspace, run: SyncRun) -> None:
    """After a run that was not held: there is nothing left to look at, where the run looked at all.

    One that planned nothing cannot say that there is less to do; one for webhooks reads no list whole.
    """
    issue = _open(work.pairing)
    if issue is None:
        return
    looked = work.ledger_is_fresh if issue.details.get("sorts") else run.trigger != SyncRun.Trigger.WEBHOOK
    if looked:
        issues.sync_firm(work, run, {CODE}, {})
        HeldChange.objects.of(work.firm).filter(pairing=work.pairing).delete()


def ended(work: Workspace, run: SyncRun, error: RemoteError | NotReady) -> None:
    """Says of a run that stopped whether it is held or failed, and why."""
    if isinstance(error, Held):
        run.outcome, run.reason = SyncRun.Outcome.HELD, hold(work, run, error)
        return
    lost = is_lost(work.pairing, error)
    run.outcome, run.reason = SyncRun.Outcome.HELD if lost else SyncRun.Outcome.FAILED, str(error)
