"""Keeping issues true: opened when a problem is found, closed when it is gone, never opened twice."""

from collections.abc import Collection, Iterable, Mapping

from django.db import transaction

from integrations.core.changes import Problem
from integrations.issue_codes import code
from integrations.models import Issue, SyncEvent, SyncRun
from integrations.sync.workspace import Workspace

Key = tuple[str, str, str, str]  # code, kind, practice id, leg

OPEN = [Issue.State.OPEN, Issue.State.DECIDED, Issue.State.ACCEPTED]


def sync_group(work: Workspace, run: SyncRun, about: Collection[tuple[str, str]], problems: Iterable[Problem]) -> None:
    """Makes the open issues about these (kind, practice id) pairs exactly ``problems``."""
    kinds: dict[str, list[str]] = {}
    for kind, practice_id in about:
        kinds.setdefault(kind, []).append(practice_id)
    issues = Issue.objects.of(work.firm).filter(pairing=work.pairing, state__in=OPEN)
    known: dict[Key, Issue] = {}
    for kind, ids in kinds.items():
        for issue in issues.filter(kind=kind, practice_id__in=ids):
            known[_key(issue.code, issue.kind, issue.practice_id, issue.leg)] = issue
    found = {_key(p.code, p.ref.kind, p.ref.practice_id, p.ref.leg): p for p in problems}
    with transaction.atomic():
        _sync(work, run, known, found)


def sync_firm(work: Workspace, run: SyncRun | None, codes: Collection[str], found: dict[str, str]) -> None:
    """Makes the open firm-wide issues among ``codes`` exactly ``found`` (code to message)."""
    issues = Issue.objects.of(work.firm).filter(pairing=work.pairing, state__in=OPEN, kind="", code__in=codes)
    known = {(i.code, "", "", ""): i for i in issues}
    problems = {(name, "", "", ""): message for name, message in found.items()}
    with transaction.atomic():
        for key, issue in known.items():
            if key not in problems:
                close(work, run, issue)
        for key, message in problems.items():
            if key in known:
                _refresh(known[key], message, "", {})
            else:
                _open(work, run, key, message, code(key[0]).name, "", {})


def _key(name: str, kind: str, practice_id: str, leg: str) -> Key:
    return (name, str(kind), practice_id, leg)


def _sync(work: Workspace, run: SyncRun | None, known: Mapping[Key, Issue], found: Mapping[Key, Problem]) -> None:
    for key, issue in known.items():
        if key not in found:
            close(work, run, issue)
    for key, problem in found.items():
        if key in known:
            _refresh(known[key], problem.message, problem.ledger_id, dict(problem.details))
        else:
            _open(work, run, key, problem.message, problem.title, problem.ledger_id, dict(problem.details))


def _refresh(issue: Issue, message: str, ledger_id: str, details: dict[str, object]) -> None:
    """A decision that could not be carried out leaves the issue open, with what is true now."""
    state = Issue.State.OPEN if issue.state == Issue.State.DECIDED else issue.state
    if (issue.message, issue.ledger_id, issue.details, issue.state) == (message, ledger_id, details, state):
        return
    issue.message, issue.ledger_id, issue.details, issue.state = message, ledger_id, details, state
    issue.save(update_fields=["message", "ledger_id", "details", "state"])


def _open(
    work: Workspace, run: SyncRun | None, key: Key, message: str, title: str, ledger_id: str, details: dict[str, object]
) -> None:
    name, kind, practice_id, leg = key
    Issue.objects.of(work.firm).create(
        firm=work.firm,
        pairing=work.pairing,
        code=name,
        severity=code(name).severity,
        kind=kind,
        practice_id=practice_id,
        leg=leg,
        ledger_id=ledger_id,
        title=title[:600],
        message=message,
        details=details,
        opened_at=work.clock.now(),
    )
    _journal(work, run, SyncEvent.Outcome.ISSUE, key, title, message)


def close(work: Workspace, run: SyncRun | None, issue: Issue) -> None:
    """The cause is gone, or the decision was carried out."""
    issue.state, issue.closed_at = Issue.State.CLOSED, work.clock.now()
    issue.save(update_fields=["state", "closed_at"])
    key = (issue.code, issue.kind, issue.practice_id, issue.leg)
    _journal(work, run, SyncEvent.Outcome.CLOSED, key, issue.title, "")


def _journal(work: Workspace, run: SyncRun | None, outcome: str, key: Key, title: str, message: str) -> None:
    name, kind, practice_id, leg = key
    SyncEvent.objects.of(work.firm).create(
        firm=work.firm,
        pairing=work.pairing,
        run=run,
        at=work.clock.now(),
        kind=kind,
        practice_id=practice_id,
        leg=leg,
        outcome=outcome,
        code=name,
        title=title[:600],
        message=message,
    )
