"""Writes whose outcome nobody knows: repeated while young, looked for when old, never simply written again."""

from collections.abc import Iterable
from datetime import timedelta

from integrations.core.changes import Action, Problem
from integrations.core.errors import Garbled, NotBatched, RemoteError
from integrations.core.ports import Raw
from integrations.core.read import nested, text
from integrations.core.records import Ref, Side, parse_mark
from integrations.kinds.documents import ledger_fingerprint
from integrations.kinds.payment import applied_by
from integrations.kinds.theirs import EMPTIED
from integrations.models import Dispatch
from integrations.sync import dispatches, due, refusals
from integrations.sync.refusals import ends_run
from integrations.sync.workspace import Workspace
from integrations.systems.quickbooks import query
from integrations.systems.wire import parse

YOUNG = timedelta(minutes=10)  # how long the same request id is trusted to be remembered
# A request may run for 120 s at QuickBooks (Intuit docs: limits), so an earlier look proves nothing.
PROBE_AFTER = timedelta(seconds=150)
PROBE_AGAIN_AFTER = timedelta(seconds=60)
Unresolved = dict[Ref, Problem]  # documents that must not be written now, with what a person is told of each
OPEN = [Dispatch.State.SENT, Dispatch.State.UNKNOWN]


def recover(work: Workspace) -> Unresolved:
    """Resolves what can be resolved; returns the documents that still must not be written. Raises RemoteError."""
    found = Dispatch.objects.of(work.firm).filter(pairing=work.pairing, side=Side.LEDGER, state__in=OPEN)
    requests = _requests(found.select_related("batch").order_by("id"))
    if requests:
        due.note_new(work.pairing)  # whatever is found out has to be planned with
    unknown: Unresolved = {}
    for request in requests:
        for dispatch in _resolve(work, request):
            unknown[dispatches.ref_of(dispatch)] = _told(work, dispatch)
    return unknown


def _requests(found: Iterable[Dispatch]) -> list[list[Dispatch]]:
    """The writes, those of one batch together."""
    requests: dict[object, list[Dispatch]] = {}
    for dispatch in found:
        key = ("batch", dispatch.batch_id) if dispatch.batch_id else ("alone", dispatch.pk)
        requests.setdefault(key, []).append(dispatch)
    return list(requests.values())


def _resolve(work: Workspace, request: list[Dispatch]) -> list[Dispatch]:
    """Those of one request that are still unknown."""
    if _age(work, request[0]) < YOUNG and _is_whole(request):
        left = request if len(request) == 1 else [dispatch for dispatch in request if not _find(work, dispatch)]
        # A batch that was begun is not repeated: whether QuickBooks remembers one it did not finish is not documented.
        return _replay(work, request) if len(left) == len(request) else left
    return [dispatch for dispatch in request if not _look(work, dispatch)]


def _look(work: Workspace, dispatch: Dispatch) -> bool:
    return _find(work, dispatch) or _is_void_of_effect(work, dispatch) or _absent_twice(work, dispatch)


def _is_whole(request: list[Dispatch]) -> bool:
    """Whether nothing is known of any of it. Of a batch that is known in part, an item that was refused would be tried
    again: whether QuickBooks remembers the batch's answer or each item's is not documented.
    """
    batch = request[0].batch
    return batch is None or Dispatch.objects.of(batch.firm_id).filter(batch=batch).count() == len(request)


def _age(work: Workspace, dispatch: Dispatch) -> timedelta:
    return work.clock.now() - (dispatch.sent_at or dispatch.prepared_at)


def _replay(work: Workspace, request: list[Dispatch]) -> list[Dispatch]:
    """The same bytes under the same request id. A refusal counts only where no try before it had an effect."""
    judged = list(zip(request, dispatches.send(work, request), strict=True))
    if answered := [(dispatch, verdict) for dispatch, verdict in judged if not isinstance(verdict, RemoteError)]:
        dispatches.settle(work, answered)
    if ended := next((v for _, v in judged if isinstance(v, RemoteError) and _tells_nothing(v)), None):
        raise ended
    unanswered = [dispatch for dispatch, verdict in judged if isinstance(verdict, Garbled | NotBatched)]
    for dispatch, verdict in judged:
        if isinstance(verdict, RemoteError) and dispatch not in unanswered and not _find(work, dispatch):
            dispatches.refuse(work, dispatch, verdict)
    return unanswered


def _tells_nothing(error: RemoteError) -> bool:
    return ends_run(error) and not isinstance(error, Garbled | NotBatched)


def _find(work: Workspace, dispatch: Dispatch) -> bool:
    """Completes the write where its effect is there to be seen."""
    found = effect(work, dispatch)
    if found is None:
        return False
    dispatches.settle(work, [(dispatch, found)])
    return True


def effect(work: Workspace, dispatch: Dispatch) -> Raw | None:
    """The document as the write made it, where there is one such. Raises RemoteError."""
    hits = _created(work, dispatch) if dispatch.operation == Action.CREATE else _updated(work, dispatch)
    return hits[0] if len(hits) == 1 else None


def _told(work: Workspace, dispatch: Dispatch) -> Problem:
    ref, title = dispatches.ref_of(dispatch), str(dispatch.plan.get("title", ""))
    hits = _created(work, dispatch) if dispatch.operation == Action.CREATE else []
    if len(hits) < 2:
        return refusals.unresolved(ref, title)
    return refusals.more_than_one(ref, title, dispatch.entity, [text(row, "Id") for row in hits])


def _created(work: Workspace, dispatch: Dispatch) -> list[Raw]:
    """Documents that carry our mark for this very record; of several those that are not void."""
    ref = dispatches.ref_of(dispatch)
    rows = _read(work, dispatch.entity, _where(dispatch))
    ours = [row for row in rows if parse_mark(text(row, "PrivateNote") or text(row, "Notes"), work.firm.slug) == ref]
    return [row for row in ours if not is_void(dispatch.entity, row)] if len(ours) > 1 else ours


def is_void(entity: str, row: Raw) -> bool:
    """Whether the document is worth nothing. So is the payment that applies a credit, but it has lines."""
    return entity in EMPTIED and not row.get("TotalAmt") and not applied_by(row)


def _where(dispatch: Dispatch) -> str:
    """A new document is looked for by its name or number, a payment by customer and date."""
    body = _body(dispatch)
    if dispatch.entity == "Customer":
        return query.equals("DisplayName", text(body, "DisplayName"))
    if number := text(body, "DocNumber"):
        return query.equals("DocNumber", number)
    if dispatch.entity in ("JournalEntry", "Purchase"):
        return query.equals("TxnDate", text(body, "TxnDate"))
    customer = query.equals("CustomerRef", text(nested(body, "CustomerRef"), "value"))
    return query.both(customer, query.equals("TxnDate", text(body, "TxnDate")))


def _updated(work: Workspace, dispatch: Dispatch) -> list[Raw]:
    """The document, where its SyncToken moved and it now says what we sent."""
    return [row for row in _moved_on(work, dispatch) if _says(dispatch, row)]


def _moved_on(work: Workspace, dispatch: Dispatch) -> list[Raw]:
    body = _body(dispatch)
    rows = _read(work, dispatch.entity, query.equals("Id", text(body, "Id")))
    return [row for row in rows if text(row, "SyncToken") != text(body, "SyncToken")]


def _says(dispatch: Dispatch, row: Raw) -> bool:
    return (
        is_void(dispatch.entity, row) if dispatch.operation == "void" else says(dispatch.entity, row, _body(dispatch))
    )


def says(entity: str, row: Raw, body: Raw) -> bool:
    """Whether putting what is sent over the document would change nothing in it."""
    sent = {**row, **body}
    same = ledger_fingerprint(entity, sent) == ledger_fingerprint(entity, row)
    return same and all(applied_by(sent, name) == applied_by(row, name) for name in ("Invoice", "CreditMemo"))


def _is_void_of_effect(work: Workspace, dispatch: Dispatch) -> bool:
    """An update can no longer arrive once somebody else's has moved the SyncToken; the next plan starts anew."""
    if dispatch.operation == Action.CREATE or not _moved_on(work, dispatch):
        return False
    return _give_up(work, dispatch, "the document was changed by somebody else first")


def _absent_twice(work: Workspace, dispatch: Dispatch) -> bool:
    """Only a second empty look proves that nothing was written; the first one is noted."""
    now, first = work.clock.now(), dispatch.plan.get("absent_at")
    if _age(work, dispatch) < PROBE_AFTER or (dispatch.operation == Action.CREATE and _created(work, dispatch)):
        return False
    if first is None:
        dispatch.plan = {**dispatch.plan, "absent_at": now.timestamp()}
        dispatch.save(update_fields=["plan"])
        return False
    if now.timestamp() - float(first) < PROBE_AGAIN_AFTER.total_seconds():
        return False
    return _give_up(work, dispatch, "QuickBooks never received it")


def _give_up(work: Workspace, dispatch: Dispatch, reason: str) -> bool:
    dispatches.give_up(work, dispatch, reason)
    return True


def _read(work: Workspace, entity: str, where: str) -> list[Raw]:
    return [row for page in work.ledger.pages(entity, where) for row in page.rows]


def _body(dispatch: Dispatch) -> Raw:
    body = parse(bytes(dispatch.body))
    assert isinstance(body, dict)
    return body
