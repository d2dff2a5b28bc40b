"""What the commands print as JSON: runs, plans and issues as plain values."""

from collections.abc import Iterable
from typing import Any

from firms.models import Firm
from integrations.core.changes import Change
from integrations.issue_codes import code
from integrations.models import Issue, SyncRun


def run_report(firm: Firm, run: SyncRun | None, reason: str = "") -> dict[str, Any]:
    """`sync --json`. ``run`` is None where none could be opened, ``reason`` then says why."""
    if run is None:
        counts: dict[str, Any] = {"kinds": {}, "requests": {}, "left_out": {}, "warnings": 0, "seconds": 0}
        return {"firm": firm.slug, "run": None, "outcome": "failed", "reason": reason, **counts}
    took = (run.finished_at - run.started_at).total_seconds() if run.finished_at else 0
    return {
        "firm": firm.slug,
        "run": run.pk,
        "outcome": run.outcome,
        "reason": run.reason or None,
        "kinds": run.counts,
        "requests": run.requests,
        "left_out": run.left_out,
        "warnings": run.warnings,
        "seconds": round(took, 1),
    }


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
    return {
        "id": issue.pk,
        "code": issue.code,
        "severity": issue.severity,
        "kind": issue.kind or None,
        "practice_id": issue.practice_id or None,
        "ledger_id": issue.ledger_id or None,
        "message": issue.message,
        "actions": list(code(issue.code).actions),
        "opened_at": issue.opened_at.isoformat(),
    }
