"""What a person did about an issue, as lines of the history that nobody can change."""

from collections.abc import Callable, Iterable
from datetime import datetime

from firms.models import Firm, User
from integrations.models import Issue, SyncEvent


def note_acts(
    firm: Firm,
    issues: Iterable[Issue],
    outcome: SyncEvent.Outcome,
    said: str | Callable[[Issue], str],
    user: User | None,
    at: datetime,
) -> None:
    """One line for each of these issues of the firm; ``said`` is the same of all, or tells what is said of each."""
    SyncEvent.objects.of(firm).bulk_create(
        SyncEvent(
            firm_id=issue.firm_id,
            pairing_id=issue.pairing_id,
            at=at,
            actor=user,
            kind=issue.kind,
            practice_id=issue.practice_id,
            leg=issue.leg,
            ledger_id=issue.ledger_id,
            outcome=outcome,
            code=issue.code,
            title=issue.title,
            message=said if isinstance(said, str) else said(issue),
        )
        for issue in issues
    )
