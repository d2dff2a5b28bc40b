"""The entry that a trust row should be in QuickBooks, put together from the row, its transfer and the mapping (R6)."""

from dataclasses import replace
from datetime import date

from integrations.core.changes import Action, Change
from integrations.core.mapping import TrustTargets
from integrations.core.records import Ref
from integrations.kinds.contact import Contact
from integrations.kinds.group import Draftbook, LinkState, contact_ref
from integrations.kinds.problems import dated
from integrations.kinds.trust_desk import Desk, joined_links, payment_refs, refs_with, reversal_ref
from integrations.kinds.trust_drafts import (
    CheckDraft,
    JournalDraft,
    check_number,
    entry_number,
    facts_of,
    row_fingerprint,
    sides,
    transfer_sides,
)
from integrations.kinds.trust_entry import TRANSFER_LEG, TrustRow

EntryDraft = JournalDraft | CheckDraft
CHECK = "Purchase"


def draft_of(
    book: Draftbook,
    desk: Desk,
    row: TrustRow,
    ref: Ref,
    link: LinkState | None,
    on: date | None = None,
    *,
    keeps: bool = False,
) -> EntryDraft:
    """The row's entry, dated ``on`` or as Clio dates it. The account is mapped and the row has a date and an amount.

    What is posted keeps its form: only new money out follows the firm's choice between entries and checks.
    """
    accounts, when = book.policy.trust(row.account_id), on or _when(book, row, link)
    assert accounts is not None and when is not None
    suffix = f"-{ref.leg}" if ref.leg else ""
    if keeps or (link.entity == CHECK if link else _is_check(book, desk, row)):
        return _check(book, row, ref, accounts, when, suffix, keeps=keeps)
    return _journal(book, desk, row, ref, accounts, when, suffix)


def _when(book: Draftbook, row: TrustRow, link: LinkState | None) -> date | None:
    """An entry that a person had posted anew, because its day is closed, stays on the day it has (R6.7)."""
    closed, document = book.policy.close_date, book.document(link.ref) if link and link.ref.leg else None
    if document and document.raw is not None and row.dated and closed and row.dated <= closed:
        return dated(document.raw) or row.dated
    return row.dated


def _is_check(book: Draftbook, desk: Desk, row: TrustRow) -> bool:
    """Rule R6.2: money out to somebody, not to a bill or to another client."""
    pays = row.bill_id or row.allocation_id or row.id in desk.payments
    return book.policy.trust_checks and row.is_out and not pays and desk.receiver(row) is None


def can_be_check(desk: Desk, row: TrustRow) -> bool:
    return row.is_out and desk.receiver(row) is None


def _check(
    book: Draftbook, row: TrustRow, ref: Ref, accounts: TrustTargets, when: date, suffix: str, *, keeps: bool
) -> CheckDraft:
    return CheckDraft(
        ref=ref,
        number=check_number(row, suffix),
        dated=when,
        amount=-row.amount,
        accounts=accounts,
        contact=_customer(row),
        payee=book.catalog.payee(row.source),
        facts=facts_of(row, _name(book, row)),
        title=_title(book, row, None),
        policy=book.policy,
        fingerprint=row_fingerprint(row),
        keeps=keeps,
    )


def _journal(
    book: Draftbook, desk: Desk, row: TrustRow, ref: Ref, accounts: TrustTargets, when: date, suffix: str
) -> JournalDraft:
    into, giver = desk.receiver(row), _customer(row)
    lines = transfer_sides(-row.amount, accounts, giver, _customer(into)) if into else sides(row, accounts, giver)
    names = _name(book, row) + (f" → {_name(book, into) or 'no client'}" if into else "")
    return JournalDraft(
        ref=ref,
        number=entry_number(row.id, suffix),
        dated=when,
        amount=abs(row.amount),
        lines=lines,
        facts=facts_of(row, names),
        title=_title(book, row, into),
        policy=book.policy,
        fingerprint=row_fingerprint(row, into),
    )


def _customer(row: TrustRow | None) -> Ref | None:
    return contact_ref(row.contact_id) if row and row.contact_id else None


def _name(book: Draftbook, row: TrustRow) -> str:
    known = book.group.contacts.get(row.contact_id)
    return known.name if isinstance(known, Contact) else row.contact_name


def _title(book: Draftbook, row: TrustRow, into: TrustRow | None) -> str:
    if into:
        names = f"{_name(book, row) or 'no client'} to {_name(book, into) or 'no client'}"
        return f"Trust transfer of {row.worth} ({names})"
    name = _name(book, row)
    return f"{row.title} ({name})" if name else row.title


def change_of(
    book: Draftbook, desk: Desk, row: TrustRow, draft: EntryDraft, action: Action, ledger_id: str, reason: str
) -> Change:
    """After the customers it names, the payments it carries (R6.3), and the entry it is taken out of."""
    into = desk.receiver(row)
    after = needs(book, desk, row) | _taken_out_of(book, row)
    joins = Ref(row.ref.kind, into.id, TRANSFER_LEG) if into else None
    return replace(Change.of(action, draft, ledger_id, reason, after), joins=joins)


def needs(book: Draftbook, desk: Desk, row: TrustRow) -> frozenset[Ref]:
    """The customers and payments that have to be there."""
    customers = {ref for ref in (_customer(row), _customer(desk.receiver(row))) if ref}
    payment_id = desk.payments.get(row.id)
    return frozenset(customers | (payment_refs(book, payment_id) if payment_id else set()))


def _taken_out_of(book: Draftbook, row: TrustRow) -> frozenset[Ref]:
    """Where the row was joined to another one's entry: that entry is changed, or taken back, first."""
    held = [link.ledger_id for ref, link in joined_links(book) if ref.practice_id == row.id]
    return frozenset(over for id in held for ref in refs_with(book, id) for over in (ref, reversal_ref(ref)))
