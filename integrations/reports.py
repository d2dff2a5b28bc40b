"""What the commands print as JSON: runs, plans and issues as plain values."""

from collections.abc import Iterable, Sequence
from typing import Any

from firms.models import Firm
from integrations.core.changes import Change
from integrations.issue_codes import ACTIONS, offered
from integrations.models import Issue, SyncRun

NO_REQUESTS = {"clio": 0, "quickbooks_reads": 0, "quickbooks_writes": 0}
NONE_LEFT_OUT = {"payments": 0, "amount": "0.00"}


def run_report(firm: Firm, run: SyncRun | None, reason: str = "") -> dict[str, Any]:
    """`sync --json`. ``run`` is None where none could be opened, ``reason`` then says why."""
    if run is None:
        nothing: dict[str, Any] = {"kinds": {}, "requests": NO_REQUESTS, "left_out": NONE_LEFT_OUT}
        return {
            "firm": firm.slug,
            "run": None,
            "outcome": "failed",
            "reason": reason,
            **nothing,
            "warnings": 0,
            "seconds": 0.0,
        }
    took = (run.finished_at - run.started_at).total_seconds() if run.finished_at else 0
    return {
        "firm": firm.slug,
        "run": run.pk,
        "outcome": run.outcome,
        "reason": run.reason or None,
        "kinds": run.counts,
        "requests": NO_REQUESTS | run.requests,
        "left_out": NONE_LEFT_OUT | run.left_out,
        "warnings": run.warnings,
        "seconds": round(took, 1),
    }


def added_up(reports: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Several runs as one: what was done and asked in all of them, and how things stand after the last."""
    last = reports[-1]
    done = ("created", "updated", "voided", "adopted")
    kinds = {
        kind: counts | {word: sum(one["kinds"].get(kind, {}).get(word, 0) for one in reports) for word in done}
        for kind, counts in last["kinds"].items()
    }
    asked = dict.fromkeys(name for one in reports for name in one["requests"])
    requests = {name: sum(one["requests"].get(name, 0) for one in reports) for name in asked}
    return {**last, "kinds": kinds, "requests": requests}


def change_report(change: Change) -> dict[str, Any]:
    """One change of `plan --json`, with its debit and credit lines."""
    return {
        "action": change.action,
        "kind": change.ref.kind,
        "practice_id": change.ref.practice_id,
        "leg": change.ref.leg,
        "ledger_id": change.ledger_id or None,
        "entity": change.entity,
        "title": change.title,
        "reason": change.reason,
        "amount": str(change.draft.amount if change.draft else change.amount),
        "date": str(change.draft.dated) if change.draft and change.draft.dated else None,
        "lines": [
            {"account": line.account, "debit": str(line.debit), "credit": str(line.credit)}
            for line in change.postings()
        ],
    }


def issues_report(firm: Firm, issues: Iterable[Issue]) -> dict[str, Any]:
    """`issues --json`."""
    return {"firm": firm.slug, "issues": [issue_report(issue) for issue in issues]}


def issue_report(issue: Issue) -> dict[str, Any]:
    """One of them. A decision that no run has carried out yet is told in the message."""
    decided = f" Decided: {ACTIONS[issue.action]}; the next run carries it out." if is_decided(issue) else ""
    return {
        "id": issue.pk,
        "code": issue.code,
        "severity": issue.severity,
        "kind": issue.kind or None,
        "practice_id": issue.practice_id or None,
        "ledger_id": issue.ledger_id or None,
        "message": issue.message + decided,
        "actions": list(offered(issue)),
        "opened_at": issue.opened_at.isoformat(),
    }


def accepted_report(issue: Issue) -> dict[str, Any]:
    """An accepted difference, with who accepted it, when and why."""
    return issue_report(issue) | {
        "accepted": issue.action,
        "by": issue.decided_by.email if issue.decided_by else None,
        "at": issue.decided_at.isoformat() if issue.decided_at else None,
        "note": issue.note,
    }


def is_decided(issue: Issue) -> bool:
    return issue.state == Issue.State.DECIDED
