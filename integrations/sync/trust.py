"""Reading trust: the rows of the Clio trust accounts that are mapped, which of them are gone, and people's own checks.

Rows are read from a cursor like every list. Clio leaves no trace of a deleted row (R1.4, R6.7), so the ids of an
account are read whole, a sweep, when one of these is true:

1. the account's listed balance less the sum of the rows we hold is not what it was after the last sweep. A deleted row,
   or one we never saw, moves it; money the account began with does not, since that was there at the last sweep too;
2. a row was missing from a sweep, and ten minutes have passed;
3. the last sweep is a day old: two deletions that cancel each other do not show in a balance.

A row is gone when two complete sweeps, ten minutes apart, did not name it. A sweep that was cut short, of an account
that Clio does not list in this run, or that names nothing while the account has a balance, is evidence of nothing.
"""

from datetime import date, timedelta
from decimal import Decimal

from django.db import connection
from django.db.models import QuerySet
from django.db.models.fields.json import KT

from integrations.core.errors import Forbidden
from integrations.core.mapping import TRUST_BANK
from integrations.core.money import ZERO
from integrations.core.read import Unreadable, money, text
from integrations.models import Mapping, Pairing, Record, TrustSweep
from integrations.sync import gather, mirror
from integrations.sync.gather import EARLIER, Progress
from integrations.sync.safety import believes_empty
from integrations.sync.workspace import Workspace
from integrations.systems.quickbooks import query

ROWS = "trust_transactions"
SWEEP_AFTER = timedelta(hours=24)


def gather_trust(work: Workspace, sweep: int, progress: Progress) -> list[str]:
    """Brings the rows of every mapped trust account up to date; returns the lists Clio would not let us read."""
    forbidden: list[str] = []
    listed = _listed(work.pairing, sweep)
    for account_id in mapped_accounts(work.pairing):
        account = listed.get(account_id)
        if account is None or not _read_account(work, sweep, progress, account):
            forbidden.append(ROWS)
    work.cursors.keep()
    return sorted(set(forbidden))


def mapped_accounts(pairing: Pairing) -> list[str]:
    """Ids of the Clio trust accounts the firm mapped."""
    rows = Mapping.objects.of(pairing.firm).filter(pairing=pairing, key__startswith=TRUST_BANK)
    return sorted(key.removeprefix(TRUST_BANK) for key in rows.values_list("key", flat=True))


def _listed(pairing: Pairing, sweep: int) -> dict[str, Record]:
    """The Trust accounts that Clio listed in this run (R6.1: no other account is read for trust)."""
    accounts = Record.objects.of(pairing.firm).filter(pairing=pairing, entity="bank_accounts", sweep=sweep)
    return {row.external_id: row for row in accounts if row.data.get("type") == "Trust"}


def _read_account(work: Workspace, sweep: int, progress: Progress, account: Record) -> bool:
    filters = {"bank_account_id": account.external_id}
    is_first = not _held(work.pairing, account.external_id).exists()
    if not gather.read_list(work, "bank_transactions", sweep, progress, filters, kept_as=ROWS):
        return False
    if is_first:
        _note_sweep(work, account)  # everything was read just now
        return True
    if not _is_due(work, account):
        return True
    try:
        pages = work.practice.pages("bank_transaction_ids", filters=filters)
        ids = [text(row, "id") for page in pages for row in page.rows]
    except Forbidden:
        return False
    if ids or (not _balance(account) and believes_empty(work.pairing, ROWS, _unmissed(work.pairing, account))):
        _count_through(work, account, ids)
    return True


def _unmissed(pairing: Pairing, account: Record) -> int:
    return _held(pairing, account.external_id).filter(missing_since=None).count()


def _is_due(work: Workspace, account: Record) -> bool:
    """Whether the ids have to be read: see the top of the module."""
    last = TrustSweep.objects.of(work.firm).filter(pairing=work.pairing, account_id=account.external_id).first()
    now = work.clock.now()
    if last is None or last.apart != _apart(work.pairing, account) or now - last.swept_at >= SWEEP_AFTER:
        return True
    missing = _held(work.pairing, account.external_id).filter(missing_since__lte=now - mirror.ABSENT_AFTER)
    return missing.exists()


def _count_through(work: Workspace, account: Record, ids: list[str]) -> None:
    """Notes what is missing, and reads what is there and we never saw."""
    held = set(_held(work.pairing, account.external_id).values_list("external_id", flat=True))
    mirror.note_unlisted(work.pairing, ROWS, held, set(ids), work.clock)
    unseen = [id for id in ids if id not in held]
    for page in work.practice.pages("bank_transactions", ids=unseen) if unseen else ():
        mirror.keep_practice(work.pairing, ROWS, page.rows)
    _note_sweep(work, account)


def _note_sweep(work: Workspace, account: Record) -> None:
    values = {
        "swept_at": work.clock.now(),
        "apart": _apart(work.pairing, account),
        "currency": str(account.data.get("currency") or "")[:3],
    }
    who = {"pairing": work.pairing, "account_id": account.external_id}
    TrustSweep.objects.of(work.firm).update_or_create(
        **who, defaults=values, create_defaults={**who, **values, "firm": work.firm}
    )


def _held(pairing: Pairing, account_id: str) -> QuerySet[Record]:
    """The rows we hold of one account that are not gone."""
    rows = Record.objects.of(pairing.firm).filter(pairing=pairing, entity=ROWS, is_deleted=False)
    return rows.alias(account=KT("data__bank_account__id")).filter(account=account_id)


_SUM = """
SELECT COALESCE(sum(
  COALESCE(substring(data->>'funds_in' from '^[0-9]+(?:[.][0-9]+)?$')::numeric, 0)
  - COALESCE(substring(data->>'funds_out' from '^[0-9]+(?:[.][0-9]+)?$')::numeric, 0)), 0)
FROM integrations_record
WHERE pairing_id = %s AND entity = 'trust_transactions' AND NOT is_deleted AND data->'bank_account'->>'id' = %s
"""


def _apart(pairing: Pairing, account: Record) -> Decimal:
    """The account's listed balance less the sum of the rows we hold."""
    with connection.cursor() as cursor:
        cursor.execute(_SUM, [pairing.pk, account.external_id])
        (held,) = cursor.fetchone()
    return _balance(account) - Decimal(held)


def _balance(account: Record) -> Decimal:
    """A balance that is no amount tells nothing, and then the nightly sweep has to do."""
    try:
        return money(account.data, "balance")
    except Unreadable:
        return ZERO


def read_checks(work: Workspace, progress: Progress) -> None:
    """Rule R6.2: checks that people drew on a mapped trust bank since shortly before the start date, once for each
    bank; later ones come with what changed.
    """
    start = work.pairing.start_date
    unread = [stream for stream in gather.check_streams(work.pairing) if work.cursors.at(stream) is None]
    if not unread or start is None:
        return
    progress("QuickBooks checks")
    for page in work.ledger.pages("Purchase", query.between("TxnDate", start - EARLIER, date.max)):
        gather.keep_entity(work, "Purchase", page.rows)
    for stream in unread:
        work.cursors.move(stream, work.clock.now())
