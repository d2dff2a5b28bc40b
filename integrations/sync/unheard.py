"""Noticing that Clio's webhooks have died: a poll finds what changed a while ago, and no post has come since."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models.functions import Least

from integrations.core.ports import Raw
from integrations.core.read import text
from integrations.models import Subscription
from integrations.sync.workspace import Workspace
from integrations.systems.clio.webhooks import WATCHED

LATE = timedelta(minutes=10)  # a webhook may take a while
IMPRECISE = timedelta(minutes=2)  # when one was last heard is kept to the minute
LOOK_AFTER = timedelta(hours=24)
MODELS = {watch.entity: model for model, watch in WATCHED.items()}


def note_unheard(work: Workspace, entity: str, rows: Sequence[Raw]) -> None:
    """``rows`` are what Clio lists as changed. One that should have been told of by now marks its subscription."""
    model, now = MODELS.get(entity), work.clock.now()
    late = [at for row in rows if (at := _changed_at(row)) and at <= now - LATE]
    if model is None or not late:
        return
    subscriptions = Subscription.objects.of(work.firm).filter(connection=work.pairing.practice_id, model=model)
    for one in subscriptions.filter(state=Subscription.State.ENABLED, unheard_since=None):
        if max(late) > max(one.heard_at or one.asked_at, one.asked_at) + IMPRECISE:
            due = Least("next_look_at", now + LOOK_AFTER)
            subscriptions.filter(pk=one.pk, heard_at=one.heard_at).update(unheard_since=now, next_look_at=due)


def _changed_at(row: Raw) -> datetime | None:
    try:
        at = datetime.fromisoformat(text(row, "updated_at"))
    except ValueError:
        return None
    return at if at.tzinfo else None
