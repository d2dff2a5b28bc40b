"""What the credit notes of a group should be in the ledger: worth, split and what each is set against (rule R5)."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto

from integrations.core.changes import Problem
from integrations.core.money import ZERO
from integrations.core.records import Ref
from integrations.kinds import credit_problems
from integrations.kinds.applying import Applications
from integrations.kinds.credit_note import (
    CreditMemoDraft,
    CreditNote,
    apply_ref,
    memo_draft,
    memo_ref,
    shares_of,
)
from integrations.kinds.group import Draftbook, contact_ref, is_posted
from integrations.kinds.invoice import Allocation
from integrations.kinds.payment import PaymentLine
from integrations.kinds.payment_drafts import merged


@dataclass(frozen=True, slots=True)
class Credit:
    """A credit note as it should be: the memo, and what of it goes to which invoice."""

    draft: CreditMemoDraft
    lines: tuple[PaymentLine, ...]


class Standing(Enum):
    """Of a note that has no credit memo to be: it is gone or reduces nothing posted, or is left as it is."""

    GONE = auto()
    LEFT = auto()


def credited(book: Draftbook, applications: Applications, note: CreditNote) -> Credit | Standing:
    """What the note should be; what stands in the way is reported, and the note left as it is."""
    standing = [a for a in note.valid if not _has_ended(book, a.bill_id)]
    if any(a.bill_id in book.group.unreadable_bills for a in standing):
        return _left(book, note)
    posted = [a for a in standing if is_posted(book, a.bill_id)]
    if not posted:
        return Standing.GONE
    if any(a.bill_id not in book.legs for a in posted):
        return _left(book, note)
    if problem := _unfit(book, note, posted):
        book.report(problem)
        return Standing.LEFT
    credit = _credit(book, applications, note, posted)
    if (outside := note.amount - credit.draft.amount) > 0:
        book.report(credit_problems.partly_outside(credit.draft.ref, note.amount, outside))
    return credit


def _has_ended(book: Draftbook, bill_id: str) -> bool:
    """Whether the bill is void or deleted: a credit note on it has ended as well, whatever Clio still lists of it."""
    bill = book.group.bills.get(bill_id)
    return bill is not None and (bill.is_gone or bill_id in book.group.absent_bills)


def _left(book: Draftbook, note: CreditNote) -> Standing:
    """While nothing is known of a bill, or it is a draft again, the note's documents stay as they are."""
    refs = [ref for ref in (memo_ref(note.id), apply_ref(note.id)) if book.link(ref)]
    drafts = [a for a in note.valid if _is_draft_again(book, a.bill_id)]
    for ref in refs or [memo_ref(note.id)]:
        if refs and drafts:
            book.keep(ref)
        else:
            book.wait(ref)
    return Standing.LEFT


def _is_draft_again(book: Draftbook, bill_id: str) -> bool:
    bill = book.group.bills.get(bill_id)
    return bill is not None and not bill.is_live and not bill.is_gone


def _unfit(book: Draftbook, note: CreditNote, posted: list[Allocation]) -> Problem | None:
    """What makes a credit memo of it impossible, whatever else is true."""
    ref = memo_ref(note.id)
    if any(a.amount < 0 for a in posted) or not any(a.amount for a in posted):
        return credit_problems.takes_nothing_off(ref)
    if len({book.group.bills[a.bill_id].contact_id for a in posted}) > 1:
        return credit_problems.of_several(ref, ", ".join(_numbers(book, posted)))
    return credit_problems.undated(ref) if note.dated is None else None


def _numbers(book: Draftbook, posted: Iterable[Allocation]) -> list[str]:
    bills = (book.group.bills[a.bill_id] for a in posted)
    return list(dict.fromkeys(bill.number or bill.id for bill in bills))


def _credit(book: Draftbook, applications: Applications, note: CreditNote, posted: list[Allocation]) -> Credit:
    """The part of a credit that no invoice has room for is split like its bill and stays open."""
    assert note.dated is not None
    lines = merged(line for a in posted for line in applications.lines(a))
    parts: dict[Ref, Decimal] = {line.invoice: line.amount for line in lines}
    for allocation in posted:
        own = book.group.bills[allocation.bill_id].ref
        rest = allocation.amount - sum((line.amount for line in applications.lines(allocation)), ZERO)
        parts[own] = parts.get(own, ZERO) + rest
    shares = shares_of([(book.invoices[ref], amount) for ref, amount in sorted(parts.items()) if amount])
    contact = contact_ref(book.group.bills[posted[0].bill_id].contact_id)
    numbers = ", ".join(_numbers(book, posted))
    return Credit(memo_draft(note, contact, note.dated, shares, numbers, book.policy), lines)
