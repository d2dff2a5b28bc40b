"""Keeping issues true: opened when a problem is found, closed when it is gone, never opened twice."""

import json
from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext

from django.db import transaction

from integrations.core import lookalikes, words
from integrations.core.changes import Problem
from integrations.issue_codes import code
from integrations.models import Issue, SyncEvent, SyncRun
from integrations.sync.workspace import Desk

Key = tuple[str, str, str, str]  # code, kind, practice id, leg

OPEN = [Issue.State.OPEN, Issue.State.DECIDED, Issue.State.ACCEPTED]


def sync_group(
    work: Desk,
    run: SyncRun,
    about: Collection[tuple[str, str]],
    problems: Iterable[Problem],
    undone: Collection[tuple[str, str]] = (),
) -> None:
    """Makes the open issues about these (kind, practice id) pairs exactly ``problems``.

    Of ``undone`` records something could not be done yet: what a person decided of them stands until it is.
    """
    kinds: dict[str, list[str]] = {}
    for kind, practice_id in about:
        kinds.setdefault(kind, []).append(practice_id)
    issues = Issue.objects.of(work.firm).filter(pairing=work.pairing, state__in=OPEN).exclude(code__in=lookalikes.CODES)
    known: dict[Key, Issue] = {}
    for kind, ids in kinds.items():
        for issue in issues.filter(kind=kind, practice_id__in=ids):
            known[_key(issue.code, issue.kind, issue.practice_id, issue.leg)] = issue
    found = {_key(p.code, p.ref.kind, p.ref.practice_id, p.ref.leg): p for p in problems}
    kept = {key for key, issue in known.items() if issue.state == Issue.State.DECIDED and key[1:3] in undone}
    _sync(work, run, {key: issue for key, issue in known.items() if key in found or key not in kept}, found)


def sync_codes(work: Desk, run: SyncRun, codes: Collection[str], problems: Iterable[Problem]) -> None:
    """Makes the open issues of these codes, whatever they are about, exactly ``problems``."""
    issues = Issue.objects.of(work.firm).filter(pairing=work.pairing, state__in=OPEN, code__in=codes)
    known = {_key(issue.code, issue.kind, issue.practice_id, issue.leg): issue for issue in issues}
    found = {_key(p.code, p.ref.kind, p.ref.practice_id, p.ref.leg): p for p in problems}
    _sync(work, run, known, found)


def foresee(work: Desk, codes: Collection[str], problems: Iterable[Problem]) -> None:
    """Before the first run: makes the open issues of these codes what a preview found.

    What a person has decided stands; the run carries it out.
    """
    mine = Issue.objects.of(work.firm).filter(pairing=work.pairing, state__in=OPEN, code__in=codes)
    known = {_key(issue.code, issue.kind, issue.practice_id, issue.leg): issue for issue in mine}
    found = {_key(p.code, p.ref.kind, p.ref.practice_id, p.ref.leg): p for p in problems if p.code in codes}
    _sync(work, None, {key: one for key, one in known.items() if key in found or one.state == OPEN[0]}, found)


def sync_firm(
    work: Desk,
    run: SyncRun | None,
    codes: Collection[str],
    found: Mapping[str, str],
    details: Mapping[str, dict[str, object]] | None = None,
) -> None:
    """Makes the open firm-wide issues among ``codes`` exactly ``found`` (code to message), with these details."""
    issues = Issue.objects.of(work.firm).filter(pairing=work.pairing, state__in=OPEN, kind="", code__in=codes)
    known = {(i.code, "", "", ""): i for i in issues}
    problems = {(name, "", "", ""): message for name, message in found.items()}
    with _together(known, problems):
        for key, issue in known.items():
            if key not in problems:
                close(work, run, issue)
        for key, message in problems.items():
            facts = (details or {}).get(key[0], {})
            if key in known:
                _refresh(known[key], message, "", facts)
            else:
                _open(work, run, key, message, code(key[0]).name, "", facts)


def _key(name: str, kind: str, practice_id: str, leg: str) -> Key:
    return (name, str(kind), practice_id, leg)


def _sync(work: Desk, run: SyncRun | None, known: Mapping[Key, Issue], found: Mapping[Key, Problem]) -> None:
    with _together(known, found):
        for key, issue in known.items():
            if key not in found:
                close(work, run, issue)
        for key, problem in found.items():
            if key in known:
                _keep_true(work, run, known[key], problem)
            else:
                issue = _open(work, run, key, problem.message, problem.title, problem.ledger_id, dict(problem.details))
                _judge(issue, problem)


def _together(known: Mapping[Key, Issue], found: Mapping[Key, object]) -> AbstractContextManager[object]:
    """A transaction; none where there is nothing to change, as nearly always."""
    return transaction.atomic() if known or found else nullcontext()


def _keep_true(work: Desk, run: SyncRun | None, issue: Issue, problem: Problem) -> None:
    """An accepted issue is open again once its facts are others than those that were accepted (rule R10)."""
    was_accepted = issue.state == Issue.State.ACCEPTED
    if was_accepted and not problem.accepted and _is_another(issue, problem):
        issue.state, issue.action, issue.value, issue.note = Issue.State.OPEN, "", "", ""
        issue.decided_by, issue.decided_at, issue.opened_at = None, None, work.clock.now()
        issue.save(update_fields=["state", "action", "value", "note", "decided_by", "decided_at", "opened_at"])
        key = _key(issue.code, issue.kind, issue.practice_id, issue.leg)
        _journal(work, run, SyncEvent.Outcome.ISSUE, key, issue.title, problem.message)
    _refresh(issue, problem.message, problem.ledger_id, dict(problem.details))
    _judge(issue, problem)


def _is_another(issue: Issue, problem: Problem) -> bool:
    """Whether what the problem is about has changed; where it has no details its words are all there is.

    An amount or a day that is written in another way is the same one.
    """
    before, now = issue.message, problem.message
    if problem.details or issue.details:
        before, now = _sorted(issue.details), _sorted(problem.details)
    return (issue.ledger_id, words.bare(before)) != (problem.ledger_id, words.bare(now))


def _judge(issue: Issue, problem: Problem) -> None:
    """How bad it is, and that a person has accepted it already."""
    state = Issue.State.ACCEPTED if problem.accepted else issue.state
    severity = problem.severity or code(issue.code).severity
    if (issue.state, issue.severity) != (state, severity):
        issue.state, issue.severity = state, severity
        issue.save(update_fields=["state", "severity"])


def _sorted(details: Mapping[str, object]) -> str:
    """The same text for the same details, before and after the database had them."""
    return json.dumps(details, sort_keys=True, ensure_ascii=False)


def _refresh(issue: Issue, message: str, ledger_id: str, details: dict[str, object]) -> None:
    """A decision that could not be carried out leaves the issue open, with what is true now."""
    state = Issue.State.OPEN if issue.state == Issue.State.DECIDED else issue.state
    if (issue.message, issue.ledger_id, issue.details, issue.state) == (message, ledger_id, details, state):
        return
    issue.message, issue.ledger_id, issue.details, issue.state = message, ledger_id, details, state
    issue.save(update_fields=["message", "ledger_id", "details", "state"])


def _open(
    work: Desk, run: SyncRun | None, key: Key, message: str, title: str, ledger_id: str, details: dict[str, object]
) -> Issue:
    name, kind, practice_id, leg = key
    issue = Issue.objects.of(work.firm).create(
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
    return issue


def close(work: Desk, run: SyncRun | None, issue: Issue) -> None:
    """The cause is gone, or the decision was carried out."""
    issue.state, issue.closed_at = Issue.State.CLOSED, work.clock.now()
    issue.save(update_fields=["state", "closed_at"])
    key = (issue.code, issue.kind, issue.practice_id, issue.leg)
    _journal(work, run, SyncEvent.Outcome.CLOSED, key, issue.title, "")


def _journal(work: Desk, run: SyncRun | None, outcome: str, key: Key, title: str, message: str) -> None:
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
