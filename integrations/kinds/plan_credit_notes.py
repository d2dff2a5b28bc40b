"""Planning credit notes: what has to happen to the credit memo of each and to its application (rule R5)."""

from decimal import Decimal

from integrations.core import mapping
from integrations.core.changes import Action, Change, Problem
from integrations.core.money import ZERO
from integrations.core.read import money, nested, text
from integrations.core.records import Ref
from integrations.kinds import credit_problems
from integrations.kinds.applying import Applications
from integrations.kinds.catalog import Settlement
from integrations.kinds.credit_note import CreditMemoDraft, EmptiedMemo, apply_ref, credit_number, memo_ref
from integrations.kinds.crediting import Credit, Standing, credited
from integrations.kinds.group import Draftbook, LinkState
from integrations.kinds.invoice import NUMBER_LENGTH, id_order
from integrations.kinds.payment import applied_by
from integrations.kinds.plan_applications import OpenBalances, plan_application, undo_application
from integrations.kinds.plan_invoices import refused_total
from integrations.kinds.plan_payments import RESTORED
from integrations.kinds.problems import closed_period, dated, kept_by_hand, number_taken
from integrations.kinds.theirs import GONE, Way, is_left, met, met_gone


def plan_credit_notes(book: Draftbook) -> None:
    """Adds the changes of every credit note of the group that reduces a bill in scope, or did."""
    applications, balances = Applications(book), OpenBalances(book)
    for note in sorted(book.group.credit_notes.values(), key=lambda note: (str(note.dated), id_order(note.id))):
        credit = credited(book, applications, note)
        if isinstance(credit, Credit):
            _plan_memo(book, credit, note.purpose(book.policy))
            plan_application(book, balances, credit)
        elif credit is Standing.GONE:
            _undo(book, note.id)


def _undo(book: Draftbook, note_id: str) -> None:
    """Rule R5: the application is voided first, then the memo is emptied."""
    reason = "deleted in Clio, or its bill was"
    undo_application(book, note_id, reason)
    link = book.link(memo_ref(note_id))
    if link is not None:
        _empty(book, link, reason)


def _empty(book: Draftbook, link: LinkState, reason: str) -> None:
    ref, title, document = link.ref, f"Credit note {credit_number(link.ref.practice_id)}", book.document(link.ref)
    if link.is_voided:
        return book.keep(ref)
    if met_gone(book, link, title, f"it was {reason}") is Way.SAID:
        return None
    if document is None or document.raw is None:
        return book.wait(ref)
    if closed := closed_period(book.policy, ref, title, (dated(document.raw),)):
        return book.report(closed)
    if problem := _in_use(book, link, ZERO):
        return book.report(problem)
    return book.add(
        Change(
            action=Action.VOID,
            ref=ref,
            entity="CreditMemo",
            title=title,
            reason=reason,
            ledger_id=link.ledger_id,
            draft=EmptiedMemo(ref, title, document.raw, book.policy),
            practice_fingerprint=GONE,
            amount=money(document.raw, "TotalAmt"),
            after=frozenset({apply_ref(ref.practice_id)}),
        )
    )


def _plan_memo(book: Draftbook, credit: Credit, purpose: str) -> None:
    draft, link = credit.draft, book.link(credit.draft.ref)
    if is_left(book, draft.ref):
        return None
    unchanged = link is not None and link.practice_fingerprint == draft.fingerprint and not link.is_voided
    way = met(book, link, draft) if link else Way.ANEW
    if way is Way.SAID:
        return None
    if way is Way.ON and unchanged:
        return book.keep(draft.ref)
    if refused := _refusal(book, draft, link, purpose) or _kept_by_hand(book, credit):
        return book.report(refused)
    invoices = {line.invoice for line in credit.lines}
    ready = book.will_exist(draft.contact) and all(book.will_exist(invoice) for invoice in invoices)
    if not book.policy.numbering_on or not ready:
        return book.wait(draft.ref)
    if link is None or way is Way.ANEW:
        return _plan_new(book, credit, {draft.contact, *invoices})
    if problem := _in_use(book, link, draft.amount):
        return book.report(problem)
    reason = "changed in Clio" if way is Way.ON else RESTORED
    return book.add(Change.of(Action.UPDATE, draft, link.ledger_id, reason, _let_go_first(book, draft, link)))


def _kept_by_hand(book: Draftbook, credit: Credit) -> Problem | None:
    """A new or changed credit on an invoice that a person has given up or unlinked (rule R8)."""
    given_up = [line.invoice for line in credit.lines if line.invoice in book.by_hand]
    numbers = [book.group.bills[ref.practice_id].number for ref in given_up]
    return kept_by_hand(credit.draft.ref, credit.draft.title, numbers) if numbers else None


def _refusal(book: Draftbook, draft: CreditMemoDraft, link: LinkState | None, purpose: str) -> Problem | None:
    """What makes this credit memo impossible to post or to change, whatever else is true."""
    if mapping.credit_key(purpose) in book.policy.broken:
        return credit_problems.item_broken(draft.ref, purpose)
    if len(draft.number) > NUMBER_LENGTH:
        return credit_problems.number_too_long(draft.ref, draft.number)
    if link and refused_total(link, book.policy.tax_engine):
        return credit_problems.tax_added(draft.ref, link.ledger_id)
    document = book.document(draft.ref)
    days = (draft.dated, dated(document.raw) if document else None)
    return closed_period(book.policy, draft.ref, draft.title, days)


def _plan_new(book: Draftbook, credit: Credit, after: set[Ref]) -> None:
    draft = credit.draft
    decision = book.decision(draft.ref, "credit_exists")
    found = "" if decision and decision.action == "post" else _already_there(book, credit)
    if found and decision and decision.action == "adopt":
        return book.add(Change.of(Action.ADOPT, draft, found, "already in QuickBooks", after))
    if found:
        return book.report(credit_problems.exists(draft.ref, draft.amount, found))
    if holder := book.catalog.holder(draft.number, draft.ref):
        return book.report(number_taken(book, draft.ref, draft.title, draft.number, holder))
    book.catalog.claim_number(draft.number, draft.ref, draft.entity)
    return book.add(Change.of(Action.CREATE, draft, after=after))


def _already_there(book: Draftbook, credit: Credit) -> str:
    """The id of a person's own credit memo of this customer and amount, set against the same invoices; "" if none."""
    wanted = {link.ledger_id: line.amount for line in credit.lines if (link := book.link(line.invoice))}
    if len(wanted) != len(credit.lines):
        return ""
    near = [payment for id in wanted for payment in book.catalog.settlements("Invoice", id)]
    fitting = (id for payment in near if _is_all_of(payment, wanted) for id in payment.credits)
    return next((id for id in fitting if _may_be_adopted(book, credit.draft, id)), "")


def _is_all_of(payment: Settlement, wanted: dict[str, Decimal]) -> bool:
    return payment.amount == 0 and dict(payment.invoices) == wanted and len(payment.credits) == 1


def _may_be_adopted(book: Draftbook, draft: CreditMemoDraft, memo_id: str) -> bool:
    raw = book.catalog.credit_memos.get(memo_id)
    customer = book.link(draft.contact) or book.changes.get(draft.contact)
    claimed = any(change.entity == draft.entity and change.ledger_id == memo_id for change in book.changes.values())
    return (
        raw is not None
        and customer is not None
        and (draft.entity, memo_id) not in book.catalog.owners
        and not claimed
        and text(nested(raw, "CustomerRef"), "value") == customer.ledger_id
        and money(raw, "TotalAmt") == draft.amount
    )


def _in_use(book: Draftbook, link: LinkState, amount: Decimal) -> Problem | None:
    """The problem where others have used more of the credit in QuickBooks than it is to be worth."""
    undone = {change.ledger_id for change in book.changes.values() if change.action is Action.VOID}
    uses = book.catalog.settlements("CreditMemo", link.ledger_id)
    payments = [payment for payment in uses if payment.ledger_id not in undone]
    used = sum((payment.credits[link.ledger_id] for payment in payments), ZERO)
    if used <= amount:
        return None
    return credit_problems.in_use(link.ref, link.ledger_id, used, amount, [payment.ledger_id for payment in payments])


def _let_go_first(book: Draftbook, draft: CreditMemoDraft, link: LinkState) -> set[Ref]:
    """What has to happen before the memo changes: its application lets go of what it cannot keep."""
    applying = book.document(apply_ref(draft.ref.practice_id))
    document, customer = book.document(draft.ref), book.link(draft.contact)
    used = applied_by(applying.raw, draft.entity).get(link.ledger_id, ZERO) if applying and applying.raw else ZERO
    held_by = text(nested(document.raw, "CustomerRef"), "value") if document and document.raw else ""
    moves = customer is None or customer.ledger_id != held_by
    return (
        {draft.contact, apply_ref(draft.ref.practice_id)}
        if used > draft.amount or (used and moves)
        else {draft.contact}
    )
