"""Taking a trust entry back: a new entry of the run's date with debit and credit changed places (R1.6, R6.7)."""

from collections import defaultdict
from dataclasses import replace
from datetime import date
from decimal import Decimal

from integrations.core.changes import Action, Change
from integrations.core.read import Unreadable, day, text
from integrations.core.records import Ref
from integrations.kinds.group import Draftbook, LinkState
from integrations.kinds.problems import closed_period, dated
from integrations.kinds.theirs import Way, met, met_gone
from integrations.kinds.trust_desk import reversal_links, reversal_ref
from integrations.kinds.trust_drafts import JournalDraft, entry_number, reversed_lines, worth
from integrations.kinds.trust_entry import REVERSAL_LEG, entries_of
from integrations.kinds.trust_problems import reversal_apart

REVERSAL = (
    "reversal"  # what an entry that takes one back is worth knowing by on Clio's side: nothing there can change it
)


def plan_back(book: Draftbook, link: LinkState, reason: str) -> bool:
    """Plans the reversal of a live entry; False where it is not to be, or cannot be, taken back now."""
    if met_gone(book, link, f"Trust entry {link.ref.practice_id}", reason) is Way.SAID:
        return False
    draft = reversal_of(book, link, reason, book.group.run_date)
    if draft is None:
        book.wait(link.ref)
        return False
    if closed := closed_period(book.policy, link.ref, draft.title, (draft.dated,)):
        book.report(closed)
        return False
    book.add(_change(draft, link, reason))
    return True


def reversal_of(book: Draftbook, link: LinkState, reason: str, on: date | None) -> JournalDraft | None:
    """The reversing entry dated ``on``; None where the posted one cannot be read or the date is not known."""
    document = book.document(link.ref)
    if document is None or document.raw is None or on is None:
        return None
    try:
        lines = reversed_lines(entries_of(link.entity, document.raw), book.policy.names())
    except Unreadable:
        return None
    what = text(document.raw, "DocNumber") or link.ledger_id
    return JournalDraft(
        ref=reversal_ref(link.ref),
        number=entry_number(link.ref.practice_id, f"-R{link.ref.leg}"),
        dated=on,
        amount=worth(lines),
        lines=tuple(sorted(lines, key=lambda line: line.amount < 0)),
        facts=(f"Reverses: {what} of {dated(document.raw)}, because {reason}",),
        title=_title(link.ref),
        policy=book.policy,
        fingerprint=REVERSAL,
    )


def _change(draft: JournalDraft, link: LinkState, reason: str) -> Change:
    change = Change.of(Action.CREATE, draft, reason=reason)
    return replace(change, closes=link.ref, base={"dated": draft.dated.isoformat(), "reason": reason})


def plan_reversals(book: Draftbook) -> None:
    """What people did to entries that take others back (rule R8)."""
    for ref, link in reversal_links(book):
        draft = _as_posted(book, link)
        way = met(book, link, draft) if draft else met_gone(book, link, _title(ref), "what it takes back is gone")
        if way is Way.SAID:
            continue
        if way is Way.ON or draft is None:
            _keep(book, link)
        elif closed := closed_period(book.policy, ref, draft.title, (draft.dated,)):
            book.report(closed)
        else:
            anew = way is Way.ANEW
            change = _change(draft, link, "what was done in QuickBooks is undone")
            action, ledger_id = (Action.CREATE, "") if anew else (Action.UPDATE, link.ledger_id)
            base = {name: link.base[name] for name in ("dated", "reason")}
            book.add(replace(change, action=action, ledger_id=ledger_id, closes=None, base=base))


def _keep(book: Draftbook, link: LinkState) -> None:
    original = _taken_back(book, link)
    if original and not _cancel(book, link, original):
        is_deleted = book.is_deleted(original.ref)
        return book.report(reversal_apart(link, _title(link.ref), original, is_deleted=is_deleted))
    return book.keep(link.ref)


def _as_posted(book: Draftbook, link: LinkState) -> JournalDraft | None:
    """The reversal as it was posted; None where what it takes back can no longer be read."""
    original = _taken_back(book, link)
    if original is None:
        return None
    on = day({"dated": link.base.get("dated")}, "dated")
    return reversal_of(book, original, str(link.base.get("reason") or ""), on)


def _taken_back(book: Draftbook, link: LinkState) -> LinkState | None:
    """The entry that this one takes back."""
    leg = link.ref.leg.removeprefix(REVERSAL_LEG).lstrip("-")
    return book.link(Ref(link.ref.kind, link.ref.practice_id, leg))


def _cancel(book: Draftbook, link: LinkState, original: LinkState) -> bool:
    """Whether the two together move nothing; what cannot be read is said elsewhere."""
    sums: dict[object, Decimal] = defaultdict(Decimal)
    for one in (link, original):
        document = book.document(one.ref)
        try:
            for entry in entries_of(one.entity, document.raw) if document and document.raw else ():
                sums[entry.account_id, entry.name] += entry.amount
        except Unreadable:
            return True
    return not any(sums.values())


def _title(ref: Ref) -> str:
    return f"Reversal of trust entry {ref.practice_id}"


def day_for(book: Draftbook, on: date, run_date: date) -> date:
    """The row's own day where it is open, else the run's."""
    closed = book.policy.close_date
    return run_date if closed and on <= closed else on
