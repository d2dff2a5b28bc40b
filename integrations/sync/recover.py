"""Writes whose outcome nobody knows: repeated while young, looked for when old, never simply written again."""

from datetime import timedelta

from integrations.core.changes import Action
from integrations.core.errors import Garbled, RemoteError
from integrations.core.ports import Raw
from integrations.core.read import nested, text
from integrations.core.records import Kind, Ref, parse_mark
from integrations.models import Dispatch
from integrations.sync.execute import complete, refuse, send
from integrations.sync.workspace import Workspace
from integrations.systems.quickbooks import query
from integrations.systems.wire import parse

YOUNG = timedelta(minutes=10)  # how long the same request id is trusted to be remembered
# A request may run for 120 s at QuickBooks (Intuit docs: limits), so an earlier look proves nothing.
PROBE_AFTER = timedelta(seconds=150)
PROBE_AGAIN_AFTER = timedelta(seconds=60)
OPEN = [Dispatch.State.SENT, Dispatch.State.UNKNOWN]


def recover(work: Workspace) -> set[Ref]:
    """Resolves what can be resolved; returns the documents that still must not be written."""
    dispatches = Dispatch.objects.of(work.firm).filter(pairing=work.pairing, state__in=OPEN).order_by("id")
    return {_ref(dispatch) for dispatch in dispatches if not _resolve(work, dispatch)}


def _ref(dispatch: Dispatch) -> Ref:
    return Ref(Kind(dispatch.kind), dispatch.practice_id, dispatch.leg)


def _resolve(work: Workspace, dispatch: Dispatch) -> bool:
    age = work.clock.now() - (dispatch.sent_at or dispatch.prepared_at)
    return _replay(work, dispatch) if age < YOUNG else _probe(work, dispatch)


def _replay(work: Workspace, dispatch: Dispatch) -> bool:
    try:
        complete(work, dispatch, send(work, dispatch))
    except Garbled:
        return False
    except RemoteError as error:
        refuse(work, dispatch, error)
    return True


def _probe(work: Workspace, dispatch: Dispatch) -> bool:
    """An update is seen in the document itself; a create is looked for by number or by customer and date."""
    body = parse(bytes(dispatch.body))
    assert isinstance(body, dict)
    if dispatch.operation != Action.CREATE:
        return _probe_update(work, dispatch, body)
    hits = [row for row in _candidates(work, dispatch, body) if _mark_of(work, row) == _ref(dispatch)]
    if len(hits) == 1:
        complete(work, dispatch, hits[0])
        return True
    return not hits and _absent_twice(work, dispatch)


def _probe_update(work: Workspace, dispatch: Dispatch, body: Raw) -> bool:
    """The SyncToken moved past the one we sent: read what is there; otherwise nothing was done."""
    rows = [row for page in work.ledger.pages(dispatch.entity, query.equals("Id", text(body, "Id"))) for row in page.rows]
    if rows and text(rows[0], "SyncToken") != text(body, "SyncToken"):
        complete(work, dispatch, rows[0])
        return True
    return _absent_twice(work, dispatch)


def _candidates(work: Workspace, dispatch: Dispatch, body: Raw) -> list[Raw]:
    if dispatch.entity == "Customer":
        where = query.equals("DisplayName", text(body, "DisplayName"))
    elif text(body, "DocNumber"):
        where = query.equals("DocNumber", text(body, "DocNumber"))
    else:
        customer = query.equals("CustomerRef", text(nested(body, "CustomerRef"), "value"))
        where = f"{customer} AND {query.equals('TxnDate', text(body, 'TxnDate'))}"
    return [row for page in work.ledger.pages(dispatch.entity, where) for row in page.rows]


def _mark_of(work: Workspace, row: Raw) -> Ref | None:
    return parse_mark(text(row, "PrivateNote") or text(row, "Notes"), work.firm.slug)


def _absent_twice(work: Workspace, dispatch: Dispatch) -> bool:
    """Only a second empty look proves that nothing was written; the first one is noted."""
    now, first = work.clock.now(), dispatch.plan.get("absent_at")
    if now - (dispatch.sent_at or dispatch.prepared_at) < PROBE_AFTER:
        return False
    if first is None:
        dispatch.plan = {**dispatch.plan, "absent_at": now.timestamp()}
        dispatch.save(update_fields=["plan"])
        return False
    if now.timestamp() - float(first) < PROBE_AGAIN_AFTER.total_seconds():
        return False
    # "again" lets the very same body be sent anew, under a new request id.
    dispatch.plan = {**dispatch.plan, "again": True}
    dispatch.state, dispatch.error = Dispatch.State.REFUSED, "QuickBooks never received it"
    dispatch.answered_at = now
    dispatch.save(update_fields=["plan", "state", "error", "answered_at"])
    return True
