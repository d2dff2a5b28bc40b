"""Rows made by hand, for tests of what the database refuses."""

from datetime import UTC, datetime
from typing import Any

from firms.models import Firm, User
from firms.scoping import FirmOwned
from integrations.models import (
    Batch,
    Bookmark,
    CallBudget,
    Connection,
    CountedRecord,
    Cursor,
    DaySum,
    Dispatch,
    EntityLink,
    Errand,
    HeldChange,
    IgnoredCustomer,
    Issue,
    KeptPart,
    Mapping,
    Notice,
    NoticeChoice,
    OAuthState,
    OAuthToken,
    Pairing,
    PlannedChange,
    Proof,
    ProofDifference,
    Record,
    StaleMark,
    Subscription,
    SummedUp,
    SyncEvent,
    SyncRun,
    TrustSweep,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def made[M: FirmOwned](model: type[M], firm: Firm, /, **values: Any) -> M:
    """A row of ``model``, through the manager of its firm."""
    rows: Any = model.objects.of(firm)
    row = rows.create(**values)
    assert isinstance(row, model)
    return row


def connection_of(firm: Firm, system: str = "clio", **values: Any) -> Connection:
    region = "us" if system == "clio" else ""
    wanted = {"region": region, "external_account_id": f"{system}-{firm.pk}", "name": firm.name, **values}
    return made(Connection, firm, system=system, **wanted)


def pairing_of(firm: Firm, **values: Any) -> Pairing:
    practice, ledger = connection_of(firm, "clio"), connection_of(firm, "quickbooks")
    return made(Pairing, firm, practice=practice, ledger=ledger, **values)


def run_of(pairing: Pairing, **values: Any) -> SyncRun:
    wanted = {"trigger": "command", "started_at": NOW, "heartbeat_at": NOW, "held_by": "a worker", **values}
    return made(SyncRun, pairing.firm, pairing=pairing, **wanted)


def dispatch_of(run: SyncRun, **values: Any) -> Dispatch:
    wanted = {
        "kind": "invoice",
        "practice_id": "1",
        "action": "create",
        "entity": "Invoice",
        "operation": "create",
        "request_id": "request-1",
        "revision": 1,
        "body": b"{}",
        "body_sha256": "0" * 64,
        "prepared_at": NOW,
        **values,
    }
    return made(Dispatch, run.firm, pairing=run.pairing, run=run, **wanted)


def batch_of(run: SyncRun, **values: Any) -> Batch:
    wanted = {"entity": "Invoice", "operation": "create", "request_id": "batch-1", "body": b"{}", "sent_at": NOW}
    return made(Batch, run.firm, pairing=run.pairing, run=run, **{**wanted, **values})


def link_of(pairing: Pairing, **values: Any) -> EntityLink:
    wanted = {
        "kind": "invoice",
        "practice_id": "1",
        "ledger_entity": "Invoice",
        "ledger_id": "101",
        "practice_fingerprint": "a",
        "ledger_fingerprint": "b",
        **values,
    }
    return made(EntityLink, pairing.firm, pairing=pairing, **wanted)


def event_of(pairing: Pairing, **values: Any) -> SyncEvent:
    wanted = {"at": NOW, "outcome": "created", "kind": "invoice", "practice_id": "1", **values}
    return made(SyncEvent, pairing.firm, pairing=pairing, **wanted)


def issue_of(pairing: Pairing, **values: Any) -> Issue:
    wanted = {
        "code": "drift",
        "severity": "warning",
        "kind": "invoice",
        "practice_id": "1",
        "message": "Changed in QuickBooks",
        "opened_at": NOW,
        **values,
    }
    return made(Issue, pairing.firm, pairing=pairing, **wanted)


def token_of(connection: Connection, **values: Any) -> OAuthToken:
    wanted = {"ciphertext": b"sealed", "access_expires_at": NOW, **values}
    return made(OAuthToken, connection.firm, connection=connection, **wanted)


def subscription_of(connection: Connection, **values: Any) -> Subscription:
    wanted = {
        "model": "bill",
        "token_digest": f"digest-{connection.pk}",
        "asked_at": NOW,
        "next_look_at": NOW,
        **values,
    }
    return made(Subscription, connection.firm, connection=connection, **wanted)


def one_of_each(firm: Firm, user: User) -> dict[type[FirmOwned], FirmOwned]:
    """One row of every model that a firm owns."""
    pairing = pairing_of(firm)
    run = run_of(pairing, state="finished", outcome="in_sync", finished_at=NOW)
    batch = batch_of(run, request_id=f"batch-{firm.pk}")
    dispatch = dispatch_of(run, request_id=f"request-{firm.pk}", batch=batch, item=f"1-{firm.pk}")
    mine = str(firm.pk)
    mapping = {"key": mine, "ledger_id": "1", "name": "Fees", "account": "Fees", "account_type": "Income"}
    times = {"asked_at": NOW, "heartbeat_at": NOW, "finished_at": NOW}
    errand = made(Errand, firm, pairing=pairing, purpose="preview", state="done", **times)
    change = {"position": firm.pk, "kind": "invoice", "action": "create", "practice_id": "1", "data": {}}
    state = {"user": user, "digest": mine, "session_digest": mine, "system": "clio", "expires_at": NOW}
    record = {"side": "practice", "entity": "bills", "external_id": mine, "data": {}, "digest": mine}
    issue = issue_of(pairing, practice_id=mine)
    counted = {"part": "bills_in", "practice_id": "1", "amount": 1, "owed": 1, "currency": "USD"}
    proof = made(Proof, firm, pairing=pairing, made_at=NOW, is_equal=True)
    difference = {"standing": "accepted", "kind": "invoice", "practice_id": "1", "data": {}}
    every: list[FirmOwned] = [
        pairing,
        run,
        batch,
        dispatch,
        errand,
        pairing.practice,
        token_of(pairing.practice),
        made(CallBudget, firm, connection=pairing.practice),
        made(OAuthState, firm, **state),
        made(Mapping, firm, pairing=pairing, **mapping),
        made(Cursor, firm, pairing=pairing, stream=mine, at=NOW),
        made(Bookmark, firm, pairing=pairing, stream=mine, place="p", as_of=NOW, sweep=1, set_at=NOW),
        made(Record, firm, pairing=pairing, **record),
        made(TrustSweep, firm, pairing=pairing, account_id=mine, swept_at=NOW, apart=0),
        made(DaySum, firm, day=NOW.date(), outcome="created", number=1, amount=1),
        made(SummedUp, firm, until=NOW, zone=firm.timezone),
        link_of(pairing, practice_id=mine, ledger_id=mine),
        event_of(pairing, run=run, dispatch=dispatch),
        issue,
        made(HeldChange, firm, pairing=pairing, **change, digest=mine),
        made(PlannedChange, firm, pairing=pairing, errand=errand, **change),
        made(KeptPart, firm, pairing=pairing, errand=errand, stream=mine, number=1, as_of=NOW, kept_at=NOW, body=b""),
        made(CountedRecord, firm, pairing=pairing, errand=errand, **counted),
        proof,
        made(ProofDifference, firm, pairing=pairing, proof=proof, position=firm.pk, **difference),
        subscription_of(pairing.practice),
        made(StaleMark, firm, pairing=pairing, side="practice", entity="bills", external_id=mine, since=NOW),
        made(NoticeChoice, firm, user=user),
        made(Notice, firm, user=user, purpose="digest", key=mine, issue=issue, made_at=NOW, next_try_at=NOW),
        made(IgnoredCustomer, firm, pairing=pairing, ledger_id=mine, ignored_at=NOW),
    ]
    return {type(row): row for row in every}
