"""Planning the payments of nothing that set credit memos against invoices, ours and QuickBooks's own (rule R5)."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from integrations.core.changes import Action, Change
from integrations.core.money import ZERO
from integrations.core.read import money, nested, text
from integrations.core.records import Kind, Ref
from integrations.kinds import credit_problems
from integrations.kinds.catalog import Settlement
from integrations.kinds.credit_note import ApplicationDraft, apply_ref, credit_number, memo_ref
from integrations.kinds.crediting import Credit
from integrations.kinds.facts import APPLIED, Difference
from integrations.kinds.group import Document, Draftbook, LinkState
from integrations.kinds.invoice_draft import InvoiceDraft
from integrations.kinds.payment import PaymentDraft, PaymentLine, applied_by
from integrations.kinds.plan_payments import RESTORED
from integrations.kinds.problems import closed_period, dated
from integrations.kinds.theirs import GONE, Way, is_left, met, met_gone


class OpenBalances:
    """What is left to pay of each invoice once the payments of this plan are made, and whatever others paid of it."""

    def __init__(self, book: Draftbook) -> None:
        self._book = book
        self._taken: dict[Ref, Decimal] = {}
        invoices = {link.ledger_id: ref for ref, link in book.group.links.items() if ref.kind is Kind.INVOICE}
        for ref, amount in _paid(book, invoices):
            self._taken[ref] = self._taken.get(ref, ZERO) + amount

    def take(self, invoice: Ref, wanted: Decimal) -> Decimal:
        """As much of ``wanted`` as the invoice has open; it is taken from now on.

        Of an invoice that a person voided nothing is open, and nothing follows from it before that is decided.
        """
        if invoice in self._book.over:
            return wanted
        link = self._book.link(invoice)
        others = self._book.catalog.settlements("Invoice", link.ledger_id) if link else []
        paid = sum((payment.invoices[link.ledger_id] for payment in others), ZERO) if link else ZERO
        open_ = _worth(self._book, invoice) - paid - self._taken.get(invoice, ZERO)
        part = max(min(wanted, open_), ZERO)
        self._taken[invoice] = self._taken.get(invoice, ZERO) + part
        return part


def _worth(book: Draftbook, invoice: Ref) -> Decimal:
    change, document = book.changes.get(invoice), book.document(invoice)
    if change is not None and isinstance(change.draft, InvoiceDraft):
        return change.draft.amount
    if document is not None and document.raw is not None:
        return money(document.raw, "TotalAmt")
    draft = book.invoices.get(invoice)
    return draft.amount if draft else ZERO


def _paid(book: Draftbook, invoices: Mapping[str, Ref]) -> Iterable[tuple[Ref, Decimal]]:
    """(invoice, amount) of everything the group's payments will apply; blocked ones stay as they are."""
    changes = [change for change in book.changes.values() if change.ref.kind is Kind.PAYMENT]
    for change in changes:
        if isinstance(change.draft, PaymentDraft):
            yield from ((line.invoice, line.amount) for line in change.draft.lines)
    changed = {change.ledger_id for change in changes}
    for ref, link in book.group.links.items():
        document = book.document(ref)
        if ref.kind is Kind.PAYMENT and link.ledger_id not in changed and document and document.raw:
            applied = applied_by(document.raw).items()
            yield from ((invoices[id], amount) for id, amount in applied if id in invoices)


def plan_application(book: Draftbook, balances: OpenBalances, credit: Credit) -> None:
    """Adds the change of the payment that applies this credit, unless QuickBooks has applied it by itself."""
    memo, ref = credit.draft.ref, apply_ref(credit.draft.ref.practice_id)
    link, uses = book.link(ref), _uses(book, memo)
    if is_left(book, ref):
        return None
    if memo in book.by_hand:
        return book.keep(ref) if _is_live(link) else None
    if not _is_live(link) and not book.will_exist(memo):
        return None  # it waits with the memo
    whole = _draft(credit, credit.lines)
    if not _is_live(link) and (own := _quickbooks_own(book, whole, uses, _memo_id(book, memo))):
        return book.add(Change.of(Action.ADOPT, whole, own.ledger_id, "QuickBooks applied it by itself", {memo}))
    draft = _draft(credit, _lines(book, balances, credit, uses))
    if draft.lines:
        return _plan_draft(book, draft, link)
    return undo_application(book, ref.practice_id, "nothing is left to apply") if _is_live(link) else None


def _is_live(link: LinkState | None) -> bool:
    return link is not None and not link.is_voided


def _draft(credit: Credit, lines: tuple[PaymentLine, ...]) -> ApplicationDraft:
    memo = credit.draft
    return ApplicationDraft(apply_ref(memo.ref.practice_id), memo.contact, memo.dated, memo.ref, lines, memo.policy)


def _memo_id(book: Draftbook, memo: Ref) -> str:
    """The memo's id in QuickBooks; "" before it is there."""
    link, change = book.link(memo), book.changes.get(memo)
    return link.ledger_id if link else change.ledger_id if change else ""


def _uses(book: Draftbook, memo: Ref) -> list[Settlement]:
    memo_id = _memo_id(book, memo)
    return book.catalog.settlements("CreditMemo", memo_id) if memo_id else []


def _quickbooks_own(
    book: Draftbook, whole: ApplicationDraft, uses: Sequence[Settlement], memo_id: str
) -> Settlement | None:
    """The payment of nothing that already does exactly this, made by QuickBooks itself or by a person."""
    links = [(book.link(line.invoice), line.amount) for line in whole.lines]
    wanted = {link.ledger_id: amount for link, amount in links if link}
    if len(uses) != 1 or not wanted or len(wanted) != len(links):
        return None
    (use,) = uses
    is_it = use.amount == 0 and dict(use.invoices) == wanted and dict(use.credits) == {memo_id: whole.applied}
    return use if is_it else None


def _lines(
    book: Draftbook, balances: OpenBalances, credit: Credit, uses: Sequence[Settlement]
) -> tuple[PaymentLine, ...]:
    """What is left for us to apply: not what others applied already, nor more than the invoice has open."""
    applied = _applied_by_others(uses, _memo_id(book, credit.draft.ref))
    free = credit.draft.amount - sum(applied.values(), ZERO)
    lines, lacking = [], ZERO
    for line in credit.lines:
        link = book.link(line.invoice)
        wanted = max(line.amount - (applied.pop(link.ledger_id, ZERO) if link else ZERO), ZERO)
        part = balances.take(line.invoice, min(wanted, free))
        free, lacking = free - part, lacking + wanted - part
        if part:
            lines.append(PaymentLine(line.invoice, part))
    if elsewhere := sum(applied.values(), ZERO):
        book.report(credit_problems.elsewhere(credit.draft.ref, elsewhere, [use.ledger_id for use in uses]))
    elif lacking:
        book.report(credit_problems.left_open(credit.draft.ref, lacking))
    return tuple(lines)


def _applied_by_others(uses: Iterable[Settlement], memo_id: str) -> dict[str, Decimal]:
    """Invoice id to what others applied of this memo to it."""
    found: dict[str, Decimal] = {}
    for use in uses:
        left = use.credits[memo_id]
        for invoice_id, amount in use.invoices.items():
            found[invoice_id] = found.get(invoice_id, ZERO) + min(amount, left)
            left -= min(amount, left)
    return {id: amount for id, amount in found.items() if amount}


def _plan_draft(book: Draftbook, draft: ApplicationDraft, link: LinkState | None) -> None:
    live = link if _is_live(link) else None
    unchanged = live is not None and live.practice_fingerprint == draft.fingerprint
    way = met(book, live, draft, extra=_taken_off(book, draft)) if live else Way.ANEW
    if way is Way.SAID:
        return None
    if way is Way.ON and live and unchanged and not _has_to_be_applied_again(book, draft, live):
        return book.keep(draft.ref)
    document = book.document(draft.ref) if live else None
    days = (draft.dated, dated(document.raw) if document else None)
    if closed := closed_period(book.policy, draft.ref, draft.title, days):
        return book.report(closed)
    needed = (draft.contact, draft.memo, *(line.invoice for line in draft.lines))
    if not all(book.will_exist(ref) for ref in needed) or _may_apply_by_itself(book, draft.memo):
        return book.wait(draft.ref)
    if live is None or way is Way.ANEW or _is_empty(document):
        return book.add(Change.of(Action.CREATE, draft, after=needed))
    if _moves(book, draft):
        book.wait(draft.ref)
        return book.add(void_application(draft.ref, live.ledger_id, "its bill is another client's now"))
    reason = "changed in Clio" if not unchanged else RESTORED
    return book.add(Change.of(Action.UPDATE, draft, live.ledger_id, reason, _grown(book, draft, live)))


def _is_empty(document: Document | None) -> bool:
    """Whether a person voided it: a payment of nothing that applies nothing is not filled again."""
    return document is not None and document.raw is not None and not applied_by(document.raw)


def _moves(book: Draftbook, draft: ApplicationDraft) -> bool:
    """Whether its customer changes: what is linked keeps its customer, so it lets go now and is applied anew later."""
    document, customer = book.document(draft.ref), book.link(draft.contact)
    held_by = text(nested(document.raw, "CustomerRef"), "value") if document and document.raw else ""
    return customer is None or customer.ledger_id != held_by


def _may_apply_by_itself(book: Draftbook, memo: Ref) -> bool:
    """Whether QuickBooks applies this new memo by itself; what it does is known when it is next read."""
    change = book.changes.get(memo)
    return book.policy.auto_apply_credit and change is not None and change.action is Action.CREATE


def _taken_off(book: Draftbook, draft: ApplicationDraft) -> list[Difference]:
    """Rule R8: where a person took the credit off one of our live invoices, or applied less of it there."""
    document = book.document(draft.ref)
    if document is None or document.raw is None or _is_said(book, draft.memo):
        return []
    applied, found = applied_by(document.raw), []
    for line in draft.lines:
        invoice, said = book.link(line.invoice), _is_said(book, line.invoice)
        still = applied.get(invoice.ledger_id, ZERO) if invoice else line.amount
        if still < line.amount and not said and book.will_exist(line.invoice):
            number = book.invoices[line.invoice].number
            label = f"{APPLIED} {number}"
            found.append({"label": label, "ours": f"{line.amount:.2f}", "theirs": f"{still:.2f}"})
    return found


def _is_said(book: Draftbook, ref: Ref) -> bool:
    """Whether what a person did to the memo or invoice itself is known, and is why the credit was taken off."""
    drifted = any(problem.ref == ref and problem.code == "drift" for problem in book.problems)
    return drifted or ref in book.restored or ref in book.over


def _has_to_be_applied_again(book: Draftbook, draft: ApplicationDraft, link: LinkState) -> bool:
    """Whether memo or invoice is being restored, and what a person did to it took the credit off."""
    restored = [ref for ref in (draft.memo, *(line.invoice for line in draft.lines)) if ref in book.restored]
    return bool(restored) and bool(_grown(book, draft, link) - {draft.contact})


def _grown(book: Draftbook, draft: ApplicationDraft, link: LinkState) -> set[Ref]:
    """What has to be changed before it: invoices it pays more of than now, and the memo it uses more of."""
    document = book.document(link.ref)
    raw = document.raw if document and document.raw else {}
    applied, after = applied_by(raw), {draft.contact}
    for line in draft.lines:
        invoice = book.link(line.invoice)
        if invoice is None or line.amount > applied.get(invoice.ledger_id, ZERO):
            after.add(line.invoice)
    used = applied_by(raw, "CreditMemo").get(_memo_id(book, draft.memo), ZERO)
    return after | {draft.memo} if draft.applied > used else after


def undo_application(book: Draftbook, note_id: str, reason: str) -> None:
    """Adds the void of what applies this credit: ours, or QuickBooks's own where it applies nothing else."""
    ref, link = apply_ref(note_id), book.link(apply_ref(note_id))
    if link is None:
        own = _only_for(book, memo_ref(note_id))
        return book.add(void_application(ref, own.ledger_id, reason)) if own else None
    title, document = f"Application of credit note {credit_number(note_id)}", book.document(ref)
    if link.is_voided:
        return book.keep(ref)
    if met_gone(book, link, title, f"the credit note was {reason}") is Way.SAID:
        return None
    if closed := closed_period(book.policy, ref, title, (dated(document.raw) if document else None,)):
        return book.report(closed)
    return book.add(void_application(ref, link.ledger_id, reason))


def _only_for(book: Draftbook, memo: Ref) -> Settlement | None:
    """A payment of nothing that uses nothing but this memo, for invoices of ours."""
    link, uses = book.link(memo), _uses(book, memo)
    if link is None or link.is_voided or len(uses) != 1:
        return None
    (use,) = uses
    ours = all(("Invoice", id) in book.catalog.owners for id in use.invoices)
    return use if use.amount == 0 and set(use.credits) == {link.ledger_id} and ours else None


def void_application(ref: Ref, ledger_id: str, reason: str) -> Change:
    return Change(
        action=Action.VOID,
        ref=ref,
        entity="Payment",
        title=f"Application of credit note {credit_number(ref.practice_id)}",
        reason=reason,
        ledger_id=ledger_id,
        practice_fingerprint=GONE,
    )
