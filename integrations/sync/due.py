"""What a run has to read: Clio always, QuickBooks where it may matter, for its reads are metered (Intuit docs).

A run that a person asked for reads everything. One by schedule reads QuickBooks's changes and settings when Clio shows
something new, when a webhook told of QuickBooks, or when a decision waits to be carried out; else the changes every two
hours, or with every run where no webhooks come, and the settings once a day. A run that did not look at QuickBooks
plans nothing.
"""

from datetime import timedelta

from django.db import connection

from integrations import metering
from integrations.core.records import fingerprint
from integrations.models import Issue, Pairing, SyncRun
from integrations.sync.gather import OVERLAP, ledger_stream
from integrations.sync.policy import policy_of
from integrations.sync.workspace import Workspace

LEDGER_EVERY = timedelta(hours=2)
LEDGER_EVERY_UNHEARD = timedelta(minutes=14)  # every run by schedule, however a little late the last one was
LEDGER_AT_LEAST_EVERY = timedelta(days=1)  # however few metered reads are left
SETTINGS_EVERY = timedelta(days=1)
ASKED = (SyncRun.Trigger.PERSON, SyncRun.Trigger.COMMAND)

_UNSETTLED = """
SELECT count(*), COALESCE(sum(hashtextextended(digest, id)), 0) FROM integrations_record
WHERE pairing_id = %s AND NOT settled
"""


def unsettled(pairing: Pairing) -> str:
    """A mark of everything that waits to be planned; another one means that something moved."""
    with connection.cursor() as cursor:
        cursor.execute(_UNSETTLED, [pairing.pk])
        count, mark = cursor.fetchone()
    return f"{count}/{mark}"


def note_left(pairing: Pairing) -> None:
    """Notes what a run that went through everything left undone; an issue says why."""
    pairing.left_unsettled = unsettled(pairing)
    pairing.save(update_fields=["left_unsettled"])


def note_new(pairing: Pairing) -> None:
    """Something became known that the next plan depends on, and that no record shows."""
    pairing.left_unsettled = ""
    pairing.save(update_fields=["left_unsettled"])


def is_ledger_due(work: Workspace, run: SyncRun) -> bool:
    """Whether this run reads what changed in QuickBooks. Asked once Clio was read."""
    if run.trigger in ASKED or _is_anything_new(work.pairing):
        return True
    read = work.cursors.at(ledger_stream(work))
    every = LEDGER_EVERY if work.pairing.ledger_heard_at else LEDGER_EVERY_UNHEARD
    return read is None or work.clock.now() - (read + OVERLAP) >= every


def are_settings_due(work: Workspace, run: SyncRun) -> bool:
    """Rule R9: before anything new is written, and once a day. Asked once both systems were read."""
    checked = work.pairing.settings_checked_at
    if run.trigger in ASKED or checked is None or work.clock.now() - checked >= SETTINGS_EVERY:
        return True
    return _is_anything_new(work.pairing)


def do_reads_wait(work: Workspace, run: SyncRun) -> bool:
    """Whether posting goes on without looking at QuickBooks, because the month's metered reads are nearly used up."""
    if run.trigger in ASKED or not can_go_without(work):
        return False
    return metering.reads_of(work.pairing.ledger, work.clock.now()).must_wait


def can_go_without(work: Workspace) -> bool:
    """Whether QuickBooks was read so lately that posting is safe without reading it again."""
    read = work.cursors.at(ledger_stream(work))
    return read is not None and work.clock.now() - read < LEDGER_AT_LEAST_EVERY


def _is_anything_new(pairing: Pairing) -> bool:
    """Whether there is more to plan than the last whole run left, or another way to plan it."""
    return unsettled(pairing) != pairing.left_unsettled or _is_decided(pairing)


def _is_decided(pairing: Pairing) -> bool:
    """Whether a person's decision, or another mapping, waits to be carried out."""
    if fingerprint(policy_of(pairing)) != pairing.policy_digest:
        return True
    return Issue.objects.of(pairing.firm).filter(pairing=pairing, state=Issue.State.DECIDED).exists()
