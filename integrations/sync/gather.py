"""Reading both systems into the mirror: Clio in bulk by page and time of change, QuickBooks by what changed."""

from collections.abc import Callable, Sequence
from collections.abc import Mapping as MappingType
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from integrations.core.errors import Forbidden
from integrations.core.mapping import TRUST_BANK
from integrations.core.ports import Page, Raw
from integrations.core.read import nested, text
from integrations.faults import fault_point
from integrations.kinds.catalog import NUMBERED
from integrations.models import EntityLink, Mapping, Pairing, Record
from integrations.sync import bookmarks, mirror, reread
from integrations.sync.absent import look_for_contacts
from integrations.sync.safety import believes_empty
from integrations.sync.unheard import note_unheard
from integrations.sync.workspace import Workspace
from integrations.systems.quickbooks import query

OVERLAP = timedelta(minutes=10)  # Clio leaves open whether updated_since is inclusive, and how fine it counts
NAMES = ("Customer", "Vendor", "Employee")
OURS = ("Invoice", "CreditMemo", "JournalEntry", "Purchase")  # kept whole where they are linked
OURS_AND_PAYMENTS = (*OURS, "Payment")
LEDGER_ENTITIES = (*NAMES, *NUMBERED, "Payment", "JournalEntry", "Purchase")
FULL_READ_AFTER = timedelta(days=25)  # change data capture looks back 30 days (Intuit docs: change data capture)
EARLIER = timedelta(days=31)  # payments from shortly before the start date may pay bills from after it
SWEPT = ("bills", "allocations", "credit_memos")  # what a complete read no longer shows is missing (rule R1.4)
HIDDEN_LINES = 20  # so many bills whose shown lines fall short are cheaper to read in bulk

Progress = Callable[[str], None]
Told = dict[tuple[str, str], Raw]  # entity and id to the document, empty where it was deleted


def gather_practice(work: Workspace, sweep: int, progress: Progress) -> list[str]:
    """Every list the rules need. Bills and contacts have to be readable; without the others less is known."""
    read_list(work, "bills", sweep, progress, {"type": "revenue"}, required=True)
    for state in ("void", "deleted"):
        # Whether the plain list shows these is not documented, so they are asked for by name.
        read_list(work, "bills", sweep, progress, {"state": state}, only_changes=True, required=True)
    read_list(work, "contacts", sweep, progress, {}, required=True)
    read_list(work, "line_items", sweep, progress, {}, required=True)
    read_list(work, "allocations", sweep, progress, {"status": "valid"}, required=True)
    read_list(work, "allocations", sweep, progress, {"status": "invalid"}, only_changes=True, required=True)
    lists = ("interest_charges", "credit_memos")
    forbidden = [name for name in lists if not read_list(work, name, sweep, progress, {})]
    forbidden += _read_receipts(work, sweep, progress)
    work.cursors.keep()
    look_for_contacts(work)
    _tell_shown_lines_apart(work, progress)
    return forbidden


def _read_receipts(work: Workspace, sweep: int, progress: Progress) -> list[str]:
    """Rows of Operating accounts only: they tell a payment's whole amount and reference (rule R4.1)."""
    try:
        accounts = [row for page in work.practice.pages("bank_accounts") for row in page.rows]
    except Forbidden:
        work.banks_closed = True
        return ["bank_accounts"]
    mirror.keep_practice(work.pairing, "bank_accounts", accounts, sweep=sweep)
    operating = [text(account, "id") for account in accounts if text(account, "type") == "Operating"]
    refused = [
        id for id in operating if not read_list(work, "bank_transactions", sweep, progress, {"bank_account_id": id})
    ]
    work.banks_closed = bool(refused)
    return ["bank_transactions"] if refused else []


def read_list(
    work: Workspace,
    entity: str,
    sweep: int,
    progress: Progress,
    filters: MappingType[str, str],
    *,
    only_changes: bool = False,
    required: bool = False,
    kept_as: str = "",
) -> bool:
    """Reads one list from its cursor on; the cursor moves only when every page is kept. False: not permitted.

    ``kept_as`` is what its objects are in the mirror where that is not the list's own name.
    """
    kept = kept_as or entity
    stream = ".".join([kept, *(f"{key}={value}" for key, value in filters.items())])
    since = work.cursors.at(stream)
    first_read_skipped = only_changes and since is None and not _has_links(work.pairing)
    progress(entity)
    mark = bookmarks.of(work, stream)
    as_of, sweep = (mark.as_of, mark.sweep) if mark else (None, sweep)
    is_marked = has_news = mark is not None
    try:
        for page in () if first_read_skipped else bookmarks.pages(work, mark, entity, since, filters):
            as_of = as_of or page.as_of
            if not page.rows and not page.following:
                continue  # most lists of changes are empty
            reread.parts_of_moved(work, kept, page.rows)
            with transaction.atomic():
                _keep_page(work, kept, page, sweep, since)
                bookmarks.put(work, stream, page.following, as_of, sweep)
            has_news = True
            fault_point("page")
            progress(entity)
            if page.following:
                is_marked = True
                work.pause()
    except Forbidden:
        if required:
            raise
        return False
    if since is None and not only_changes and entity in SWEPT and _is_believed(work, entity, sweep):
        mirror.note_missing(work.pairing, entity, sweep, work.clock)
    if as_of or first_read_skipped:
        work.cursors.move(stream, (as_of or work.clock.now()) - OVERLAP, at_once=has_news)
    if is_marked:
        bookmarks.drop(work, stream)
    return True


def _keep_page(work: Workspace, kept: str, page: Page, sweep: int, since: datetime | None) -> None:
    work.hold.check()  # a page that was read before somebody else took over is older than theirs
    mirror.keep_practice(work.pairing, kept, page.rows, sweep=sweep if since is None else 0)
    if since is not None:
        note_unheard(work, kept, page.rows)


def _is_believed(work: Workspace, entity: str, sweep: int) -> bool:
    """Whether a complete read tells what is gone. Raises Held for one that shows nothing of what was there."""
    seen = Record.objects.of(work.firm).filter(pairing=work.pairing, entity=entity, sweep=sweep)
    return seen.exists() or believes_empty(work.pairing, entity, mirror.held(work.pairing, entity))


def _has_links(pairing: Pairing) -> bool:
    return EntityLink.objects.of(pairing.firm).filter(pairing=pairing).exists()


# What is no number, one bad record may hold it, counts as not there.
_SHORT_OF_LINES = """
SELECT bill.external_id FROM integrations_record bill
WHERE bill.pairing_id = %s AND bill.entity = 'bills' AND NOT bill.settled
  AND bill.data->>'state' IN ('awaiting_payment', 'paid')
  AND bill.data->>'issued_at' >= %s
  AND COALESCE(bill.data->'discount'->>'rate', '0') IN ('0', '0.0', '0.00')
  AND substring(bill.data->>'sub_total' from '^-?[0-9]+(?:[.][0-9]+)?$')::numeric <> (
    SELECT COALESCE(sum(substring(line.data->>'sub_total' from '^-?[0-9]+(?:[.][0-9]+)?$')::numeric), 0)
    FROM integrations_record line
    WHERE line.pairing_id = bill.pairing_id AND line.entity = 'line_items' AND line.owner_id = bill.external_id
      AND line.data->>'type' IS DISTINCT FROM 'SummaryLineItem' AND line.data->>'shown' IS DISTINCT FROM 'false')
"""


def _tell_shown_lines_apart(work: Workspace, progress: Progress) -> None:
    """Which lines a bill shows is a filter, not a field, and matters only where all of them do not add up.

    A few such bills are read again one by one when they are planned; many of them are settled by one bulk read.
    """
    start = work.pairing.start_date
    with connection.cursor() as cursor:
        cursor.execute(_SHORT_OF_LINES, [work.pairing.pk, start.isoformat() if start else ""])
        short = [row[0] for row in cursor.fetchall()]
    if len(short) <= HIDDEN_LINES:
        return
    progress("line_items")
    pages = work.practice.pages("line_items", filters={"display": "true"})
    mirror.hide_lines(work.pairing, short, [text(row, "id") for page in pages for row in page.rows])


def gather_ledger(work: Workspace, progress: Progress) -> Told | None:
    """Names, numbers and payments of the company: all of them once, then only what changed.

    Returns what the changes told of; None where everything was read, or asked for as queries.
    """
    progress("QuickBooks")
    since = work.cursors.at(ledger_stream(work))
    if since is None or work.clock.now() - since > FULL_READ_AFTER:
        _read_ledger(work)
        return None
    changes = work.ledger.changes(LEDGER_ENTITIES, since)
    if not changes.complete:
        _read_changed(work, since)
        return None
    for entity, rows in changes.rows.items():
        keep_entity(work, entity, rows)
    for entity, ids in changes.deleted.items():
        mirror.mark_deleted(work.pairing, entity, ids)
    _reread_documents_of(work, [*_inactive(changes.rows.get("Customer", ())), *changes.deleted.get("Customer", ())])
    work.cursors.move(ledger_stream(work), changes.as_of - OVERLAP)
    gone: Told = {(entity, id): {} for entity, ids in changes.deleted.items() for id in ids}
    return gone | {(entity, text(row, "Id")): row for entity, rows in changes.rows.items() for row in rows}


def _inactive(customers: Sequence[Raw]) -> list[str]:
    return [text(row, "Id") for row in customers if row.get("Active") is False]


def _reread_documents_of(work: Workspace, customer_ids: Sequence[str]) -> None:
    """Of linked customers that went away: whether a merge shows in the changes of their documents is not documented."""
    links = EntityLink.objects.of(work.firm).filter(pairing=work.pairing).exclude(state=EntityLink.State.UNLINKED)
    gone = links.filter(kind="contact", ledger_id__in=list(customer_ids)).values_list("practice_id", flat=True)
    contact_ids = list(gone)
    if not contact_ids:
        return
    bills = Record.objects.of(work.firm).filter(pairing=work.pairing, entity="bills", owner_id__in=contact_ids)
    theirs = Q(kind="invoice", practice_id__in=bills.values("external_id")) | Q(kind="payment", leg__in=contact_ids)
    for entity in ("Invoice", "CreditMemo", "Payment"):
        ids = list(links.filter(theirs, ledger_entity=entity).values_list("ledger_id", flat=True))
        for where in query.within_each("Id", ids):
            for page in work.ledger.pages(entity, where):
                keep_entity(work, entity, page.rows)


def ledger_stream(work: Workspace) -> str:
    """An earlier start date makes payments matter that were never read, so another date reads everything again."""
    return f"quickbooks.start={work.pairing.start_date or ''}"


def keep_entity(work: Workspace, entity: str, rows: tuple[Raw, ...]) -> None:
    if entity in NUMBERED:
        mirror.keep_numbers(work.pairing, entity, rows)
    if entity in (*NAMES, "Payment"):
        mirror.keep_ledger(work.pairing, entity, rows)
    if entity in OURS:
        # Of documents that are not ours the number is all that is needed.
        banks = trust_banks(work.pairing) if rows and entity == "Purchase" else set()
        ours = _linked(work.pairing, entity).filter(ledger_id__in=[text(row, "Id") for row in rows])
        linked = set(ours.values_list("ledger_id", flat=True)) if rows else set()
        kept = [row for row in rows if text(row, "Id") in linked or _is_check_on(row, banks)]
        mirror.keep_ledger(work.pairing, entity, kept)


def trust_banks(pairing: Pairing) -> set[str]:
    """QuickBooks ids of the trust bank accounts: people's own checks on them may be what Clio has as well (R6.2)."""
    rows = Mapping.objects.of(pairing.firm).filter(pairing=pairing, key__startswith=TRUST_BANK)
    return set(rows.values_list("ledger_id", flat=True))


def check_streams(pairing: Pairing) -> list[str]:
    """One for each trust bank whose older checks have to be read once."""
    return [f"checks.bank={bank}.start={pairing.start_date}" for bank in sorted(trust_banks(pairing))]


def _is_check_on(row: Raw, banks: set[str]) -> bool:
    return text(row, "PaymentType") == "Check" and text(nested(row, "AccountRef"), "value") in banks


def _linked(pairing: Pairing, entity: str) -> QuerySet[EntityLink]:
    return EntityLink.objects.of(pairing.firm).filter(pairing=pairing, ledger_entity=entity)


def _read_ledger(work: Workspace) -> None:
    had = mirror.held(work.pairing, "Customer")
    mirror.begin_full_read(work.pairing)
    as_of = _keep_pages(work, "Customer", query.EVERY_ACTIVE_STATE, "*")
    names = NAMES if _shows_customers(work) or believes_empty(work.pairing, "Customer", had) else NAMES[1:]
    for entity in NAMES[1:]:
        _keep_pages(work, entity, query.EVERY_ACTIVE_STATE, "*")
    for entity in NUMBERED:
        for page in work.ledger.pages(entity, "", "Id, DocNumber"):
            mirror.keep_numbers(work.pairing, entity, page.rows)
    since = since_start(work)
    _keep_pages(work, "Payment", since, "*")
    for entity in OURS:
        if _linked(work.pairing, entity).exists() or (entity == "Purchase" and trust_banks(work.pairing)):
            for page in work.ledger.pages(entity, since, "*"):
                keep_entity(work, entity, page.rows)
    for stream in check_streams(work.pairing):
        work.cursors.move(stream, work.clock.now())
    mirror.end_full_read(work.pairing, NUMBERED, names)
    _mark_gone(work)
    if as_of:
        work.cursors.move(ledger_stream(work), as_of - OVERLAP)


def _shows_customers(work: Workspace) -> bool:
    seen = Record.objects.of(work.firm).filter(pairing=work.pairing, entity="Customer", sweep=1)
    return seen.exists()


def since_start(work: Workspace) -> str:
    start = work.pairing.start_date
    return query.between("TxnDate", start - EARLIER, date.max) if start else ""


def _mark_gone(work: Workspace) -> None:
    """Documents we know and QuickBooks no longer has: without a whole change read nothing else tells of deletions."""
    for entity in OURS_AND_PAYMENTS:
        known = {row.id for row in mirror.live(work.pairing, entity)}
        if not known:
            continue
        seen = {text(row, "Id") for page in work.ledger.pages(entity, since_start(work), "Id") for row in page.rows}
        for where in query.within_each("Id", sorted(known - seen)):
            seen |= {text(row, "Id") for page in work.ledger.pages(entity, where, "Id") for row in page.rows}
        if not seen and not believes_empty(work.pairing, entity, len(known)):
            continue
        mirror.mark_deleted(work.pairing, entity, known - seen)


def _read_changed(work: Workspace, since: datetime) -> None:
    """A change read that was cut short is asked again as queries, which have no such limit."""
    where = query.since(since)
    as_of: datetime | None = None
    for entity in LEDGER_ENTITIES:
        for page in work.ledger.pages(entity, where, "*"):
            as_of = as_of or page.as_of
            keep_entity(work, entity, page.rows)
            if entity == "Customer":
                _reread_documents_of(work, _inactive(page.rows))
    _mark_gone(work)
    if as_of:
        work.cursors.move(ledger_stream(work), as_of - OVERLAP)


def _keep_pages(work: Workspace, entity: str, where: str, fields: str) -> datetime | None:
    as_of: datetime | None = None
    for page in work.ledger.pages(entity, where, fields):
        as_of = as_of or page.as_of
        mirror.keep_ledger(work.pairing, entity, page.rows)
    return as_of
