"""Writes whose outcome nobody knows: repeated while young, looked for when old, never simply written again."""

from datetime import timedelta

from integrations.core.changes import Action
from integrations.core.errors import Garbled, RemoteError
from integrations.core.ports import Raw
from integrations.core.read import nested, text
from integrations.core.records import Ref, Side, parse_mark
from integrations.kinds.documents import ledger_fingerprint
from integrations.kinds.payment import applied_by
from integrations.models import Dispatch
from integrations.sync import dispatches
from integrations.sync.refusals import ends_run
from integrations.sync.workspace import Workspace
from integrations.systems.quickbooks import query
from integrations.systems.wire import parse

YOUNG = timedelta(minutes=10)  # how long the same request id is trusted to be remembered
# A request may run for 120 s at QuickBooks (Intuit docs: limits), so an earlier look proves nothing.
PROBE_AFTER = timedelta(seconds=150)
PROBE_AGAIN_AFTER = timedelta(seconds=60)
OPEN = [Dispatch.State.SENT, Dispatch.State.UNKNOWN]


def recover(work: Workspace) -> set[Ref]:
    """Resolves what can be resolved; returns the documents that still must not be written. Raises RemoteError."""
    found = Dispatch.objects.of(work.firm).filter(pairing=work.pairing, side=Side.LEDGER, state__in=OPEN).order_by("id")
    return {dispatches.ref_of(dispatch) for dispatch in found if not _resolve(work, dispatch)}


def _resolve(work: Workspace, dispatch: Dispatch) -> bool:
    if _age(work, dispatch) < YOUNG:
        return _replay(work, dispatch)
    return _find(work, dispatch) or _is_void_of_effect(work, dispatch) or _absent_twice(work, dispatch)


def _age(work: Workspace, dispatch: Dispatch) -> timedelta:
    return work.clock.now() - (dispatch.sent_at or dispatch.prepared_at)


def _replay(work: Workspace, dispatch: Dispatch) -> bool:
    """The same bytes under the same request id. A refusal counts only where no try before it had an effect."""
    try:
        answer = dispatches.send(work, dispatch)
    except Garbled:
        return False
    except RemoteError as error:
        if ends_run(error):
            raise
        if not _find(work, dispatch):
            dispatches.refuse(work, dispatch, error)
        return True
    dispatches.complete(work, dispatch, answer)
    return True


def _find(work: Workspace, dispatch: Dispatch) -> bool:
    """Completes the write where its effect is there to be seen."""
    hits = _created(work, dispatch) if dispatch.operation == Action.CREATE else _updated(work, dispatch)
    if len(hits) != 1:
        return False
    dispatches.complete(work, dispatch, hits[0])
    return True


def _created(work: Workspace, dispatch: Dispatch) -> list[Raw]:
    """Documents that carry our mark for this very record."""
    ref = dispatches.ref_of(dispatch)
    rows = _read(work, dispatch.entity, _where(dispatch))
    return [row for row in rows if parse_mark(text(row, "PrivateNote") or text(row, "Notes"), work.firm.slug) == ref]


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
    """Whether putting what we sent over the document would change nothing in it."""
    if dispatch.operation == "void":
        # The payment that applies a credit is worth nothing before as well, but then it has lines.
        return not row.get("TotalAmt") and not applied_by(row)
    sent = {**row, **_body(dispatch)}
    same = ledger_fingerprint(dispatch.entity, sent) == ledger_fingerprint(dispatch.entity, row)
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
