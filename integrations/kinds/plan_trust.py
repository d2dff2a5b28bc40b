"""Planning trust: what each row of Clio's trust ledger needs in QuickBooks (rule R6).

The second row of a transfer between two clients is joined to the first one's entry; what is gone is taken back by an
entry of the run's date. Nothing here meets income, expense or receivables (R6.8): an entry's accounts are the two the
firm mapped, or those of the entry it takes back.
"""

from dataclasses import replace
from datetime import date

from integrations.core.changes import Action, Change, Problem
from integrations.core.records import Kind, Ref
from integrations.kinds.catalog import LooseCheck
from integrations.kinds.group import Draftbook, LinkState
from integrations.kinds.invoice import id_order
from integrations.kinds.plan_trust_back import day_for, plan_back, plan_reversals, reversal_of
from integrations.kinds.problems import closed_period, dated
from integrations.kinds.theirs import Way, is_left, met
from integrations.kinds.trust_desk import (
    Desk,
    desk_of,
    joined_links,
    live_link,
    next_ref,
    own_ref,
    payment_refs,
    refs_with,
    reversal_ref,
)
from integrations.kinds.trust_drafts import moves_the_same, row_fingerprint
from integrations.kinds.trust_entry import TRANSFER_LEG, TrustRow
from integrations.kinds.trust_ledger import trust_sources
from integrations.kinds.trust_making import CHECK, can_be_check, change_of, draft_of, needs
from integrations.kinds.trust_problems import (
    Proposed,
    check_exists,
    closed_edit,
    overdraw,
    refused_row,
    text_not_changed,
    trust_row_missing,
    unreadable_row,
)
from integrations.kinds.trust_undone import take_back_together


def plan_trust(book: Draftbook) -> Desk:
    """Adds the changes of every trust row of the group; payments are planned before."""
    desk = desk_of(book)
    for row in desk.sorted():
        if row.id not in desk.givers:
            _plan_row(book, desk, row)
    for row_id, account_id in sorted(book.group.gone_trust.items(), key=lambda gone: id_order(gone[0])):
        link = live_link(book, row_id)
        if link and book.policy.has_trust(account_id):
            plan_back(book, link, "it was deleted in Clio")
    for row_id, reason in sorted(book.group.unreadable_trust.items()):
        book.report(unreadable_row(Ref(Kind.TRUST_ENTRY, row_id), reason))
    _let_go_of_joined(book, desk)
    plan_reversals(book)
    take_back_together(book, desk)
    return desk


def hold_with_trust(book: Draftbook, desk: Desk) -> None:
    """What shares the fate of a trust row waits with it: the other row of a transfer, and the payment."""
    for row_id in sorted(desk.givers):
        _hold_receiver(book, desk, desk.rows[row_id])
    _hold_payments(book, desk)


def _plan_row(book: Draftbook, desk: Desk, row: TrustRow) -> None:
    link, into = live_link(book, row.id), desk.receiver(row)
    if link is not None:
        return _plan_linked(book, desk, row, link)
    if row.is_opening(book.policy.start_date) or not row.amount:
        return None  # the opening balance, or nothing at all: read, never posted (R6.5)
    if into and into.contact_id == row.contact_id:
        return None  # within one client's money on one account: recorded, no posting (R6.4)
    return _plan_new(book, desk, row)


def _hold_receiver(book: Draftbook, desk: Desk, row: TrustRow) -> None:
    """The money-in row of a transfer: the other row's entry stands for it, and it waits where that one does."""
    giver = desk.rows[desk.givers[row.id]]
    if own_ref(book, giver.id) in book.blocked:
        book.wait(replace(row.ref, leg=TRANSFER_LEG))


def _plan_new(book: Draftbook, desk: Desk, row: TrustRow) -> None:
    ref = next_ref(book, row.id)
    if is_left(book, ref):
        return None
    if refused := refused_row(book.policy, ref, row) or _overdraws(desk, ref, row):
        return book.report(refused)
    draft = draft_of(book, desk, row, ref, None)
    if closed := closed_period(book.policy, ref, draft.title, (draft.dated,)):
        return book.report(closed)
    if not _can_follow(book, desk, row):
        return book.wait(ref)
    decision, checks = book.decision(ref, "check_exists"), _checks_like(book, desk, row)
    if decision and decision.action == "adopt" and decision.value in {check.ledger_id for check in checks}:
        adopted = draft_of(book, desk, row, ref, None, keeps=True)
        change = change_of(book, desk, row, adopted, Action.UPDATE, decision.value, "already in QuickBooks")
        return book.add(change)
    if checks and not (decision and decision.action == "post"):
        return book.report(check_exists(ref, row, checks))
    return book.add(change_of(book, desk, row, draft, Action.CREATE, "", ""))


def _overdraws(desk: Desk, ref: Ref, row: TrustRow, *, is_posted: bool = False) -> Problem | None:
    left = desk.overdrawn.get(row.id)
    return None if left is None else overdraw(ref, row, left, is_posted=is_posted)


def _can_follow(book: Draftbook, desk: Desk, row: TrustRow) -> bool:
    """Whether the customers and payments the entry needs are there or will be (R6.3: both legs or neither)."""
    return all(book.will_exist(ref) for ref in needs(book, desk, row))


def _checks_like(book: Draftbook, desk: Desk, row: TrustRow) -> list[LooseCheck]:
    """A person's own checks that may be this row, and that nobody of this plan takes yet."""
    accounts = book.policy.trust(row.account_id)
    if accounts is None or not can_be_check(desk, row) or row.id in desk.payments:
        return []
    claimed = {change.ledger_id for change in book.changes.values() if change.entity == CHECK}
    found = book.catalog.loose_checks(accounts.bank.ledger_id, row.reference, -row.amount)
    return [c for c in found if c.ledger_id not in claimed and (CHECK, c.ledger_id) not in book.catalog.owners]


def _plan_linked(book: Draftbook, desk: Desk, row: TrustRow, link: LinkState) -> None:
    if not row.amount:
        plan_back(book, link, "it is worth nothing in Clio any more")
        return None
    unchanged = link.practice_fingerprint == row_fingerprint(row, desk.receiver(row))
    if refused := refused_row(book.policy, link.ref, row):
        return book.keep(link.ref) if unchanged else book.report(refused)
    draft = draft_of(book, desk, row, link.ref, link)
    way = met(book, link, draft)
    if way is Way.SAID:
        return None
    if way is Way.ON and unchanged:
        return _keep(book, desk, row, link)
    if not unchanged and (below := _overdraws(desk, link.ref, row)):
        return book.report(below)
    if not _can_follow(book, desk, row):
        return book.wait(link.ref)
    document = book.document(link.ref)
    days = (draft.dated, dated(document.raw) if document else None)
    if closed := closed_period(book.policy, link.ref, draft.title, days):
        return book.report(closed) if unchanged else _plan_closed(book, desk, row, link, draft.fingerprint)
    if link.entity == CHECK and not can_be_check(desk, row):
        return _plan_anew(book, desk, row, link, "it is no payment to anybody in Clio any more")
    if way is Way.ANEW:
        return book.add(change_of(book, desk, row, draft, Action.CREATE, "", "created again"))
    reason = "what was changed in QuickBooks is undone" if unchanged else "changed in Clio"
    return book.add(change_of(book, desk, row, draft, Action.UPDATE, link.ledger_id, reason))


def _keep(book: Draftbook, desk: Desk, row: TrustRow, link: LinkState) -> None:
    book.keep(link.ref)
    if below := _overdraws(desk, link.ref, row, is_posted=True):
        book.report(below)


def _plan_closed(book: Draftbook, desk: Desk, row: TrustRow, link: LinkState, wanted: str) -> None:
    """Rule R6.7: closed books stay; what moves money is proposed as a reversal that a person confirms."""
    if moves_the_same(link.practice_fingerprint, wanted):
        book.keep(link.ref)
        return book.report(text_not_changed(link.ref, row, book.policy))
    decision = book.decision(link.ref, "period_closed")
    if decision and decision.action == "reverse":
        return _plan_anew(book, desk, row, link, "it was changed in Clio after its period was closed")
    run_date = book.group.run_date
    back = reversal_of(book, link, "it was changed in Clio", run_date)
    if back is None or run_date is None or row.dated is None:
        return book.wait(link.ref)
    proposed = Proposed(run_date, day_for(book, row.dated, run_date), back.postings())
    return book.report(closed_edit(link.ref, row, link, book.policy, proposed))


def _plan_anew(book: Draftbook, desk: Desk, row: TrustRow, link: LinkState, reason: str) -> None:
    """The posted entry is taken back, and the row is posted as it is now under a leg of its own."""
    if not plan_back(book, link, reason):
        return None
    run_date = book.group.run_date
    assert run_date is not None and row.dated is not None  # plan_back saw to the one, refused_row to the other
    ref = next_ref(book, row.id)
    draft = draft_of(book, desk, row, ref, None, day_for(book, row.dated, run_date))
    change = change_of(book, desk, row, draft, Action.CREATE, "", "posted anew")
    return book.add(replace(change, after=change.after | {reversal_ref(link.ref)}))


def _let_go_of_joined(book: Draftbook, desk: Desk) -> None:
    """Money-in rows whose transfer is none any more: their entry is changed or taken back first."""
    for ref, link in joined_links(book):
        giver = desk.givers.get(ref.practice_id)
        held_by = live_link(book, giver) if giver else None
        if held_by and held_by.ledger_id == link.ledger_id:
            book.keep(ref)
        elif ref.practice_id in desk.rows or ref.practice_id in book.group.gone_trust:
            book.add(_unlinked(book, ref, link))


def _unlinked(book: Draftbook, ref: Ref, link: LinkState) -> Change:
    after = {over for own in refs_with(book, link.ledger_id) for over in (own, reversal_ref(own))}
    return Change(
        action=Action.UNLINK,
        ref=ref,
        entity=link.entity,
        title=f"Trust transfer {ref.practice_id}",
        reason="no longer one transfer in Clio",
        ledger_id=link.ledger_id,
        after=frozenset(after),
    )


def _hold_payments(book: Draftbook, desk: Desk) -> None:
    """Rule R6.3: a payment from a mapped trust account goes with its trust row, both or neither."""
    for payment_id, row_ids in desk.paid.items():
        payment = book.group.payments[payment_id]
        accounts = [id for id in sorted(trust_sources(payment)) if book.policy.has_trust(id)]
        for ref in sorted(payment_refs(book, payment_id)) if accounts else ():
            change = book.changes.get(ref)
            if change is None:
                continue
            if any(own_ref(book, row_id) in book.blocked for row_id in row_ids):
                book.drop(change)
                book.wait(ref)
            elif not row_ids and _lacks_its_row(book, change, payment.dated):
                book.drop(change)
                book.report(trust_row_missing(ref, change.title, accounts))


def _lacks_its_row(book: Draftbook, change: Change, on: date | None) -> bool:
    """Whether a new payment should have a trust row that is posted; a person may have said to go on without."""
    if change.action is not Action.CREATE or (on and on < book.policy.start_date):
        return False
    decision = book.decision(change.ref, "trust_row_missing")
    return not (decision and decision.action == "alone")
