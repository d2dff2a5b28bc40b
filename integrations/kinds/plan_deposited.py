"""Payments in a bank deposit: what of them cannot be changed, and the refund a person may choose (R4.7, R4.8)."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from integrations.core import mapping, words
from integrations.core.changes import Action, Change, Problem
from integrations.core.money import ZERO
from integrations.core.ports import Raw
from integrations.core.read import money, nested, rows, text
from integrations.core.records import Ref
from integrations.kinds.group import Draftbook, LinkState, contact_ref
from integrations.kinds.payment import PaymentDraft, applied_by, posted_title
from integrations.kinds.problems import dated
from integrations.kinds.refund import RefundDraft, refund_ref
from integrations.kinds.theirs import GONE

CODE = "deposited_payment"


def plan_deposited(
    book: Draftbook,
    link: LinkState,
    draft: PaymentDraft | None,
    *,
    replaces: Ref | None = None,
    after: Iterable[Ref] = (),
) -> bool:
    """Whether this payment cannot be changed as Clio wants, or was partly paid back, and is planned or reported here.

    Without a draft Clio no longer has it. ``after`` are the invoices that have to be changed before it.
    """
    document = book.document(link.ref)
    if document is None or document.raw is None:
        return False
    held = _Held(book, link, draft, document.raw, replaces, frozenset(after))
    if held.given_back and held.over == held.given_back:
        held.explain()
        return True
    action = held.decided
    if action == "retry" or not (action == "refund" or held.is_locked):
        return False
    if action == "refund" and held.over > 0:
        held.give_back()
    else:
        held.report()
    return True


def is_deposited(raw: Raw) -> bool:
    return any(text(txn, "TxnType") == "Deposit" for txn in rows(raw, "LinkedTxn"))


class _Held:
    """One payment in a deposit, next to what Clio says of it."""

    def __init__(
        self,
        book: Draftbook,
        link: LinkState,
        draft: PaymentDraft | None,
        raw: Raw,
        replaces: Ref | None,
        after: frozenset[Ref],
    ) -> None:
        self.book, self.link, self.draft, self.raw = book, link, draft, raw
        self.replaces, self.after = replaces, after
        self.ref = draft.ref if draft else link.ref
        self.refund = refund_ref(self.ref)
        self.amount = money(raw, "TotalAmt")
        self.wanted = draft.amount if draft else ZERO
        self.title = draft.title if draft else posted_title(raw, self.ref.practice_id)

    @property
    def decided(self) -> str:
        decision = self.book.decision(self.ref, CODE)
        return decision.action if decision else ""

    @property
    def over(self) -> Decimal:
        """What QuickBooks has of it above what Clio still has."""
        return self.amount - self.wanted

    @property
    def given_back(self) -> Decimal:
        document = self.book.document(self.refund)
        return money(document.raw, "TotalAmt") if document and document.raw else ZERO

    @property
    def is_locked(self) -> bool:
        """Whether the deposit protects what would have to change: the amount, the customer or the date."""
        if not is_deposited(self.raw):
            return False
        if self.draft is None or self.over or self.draft.dated != dated(self.raw):
            return True
        customer = self.book.link(self.draft.contact)
        return customer is not None and customer.ledger_id != text(nested(self.raw, "CustomerRef"), "value")

    def explain(self) -> None:
        """The refund makes up the difference: the payment keeps its amount, and pays what Clio says it pays."""
        book = self.book
        message = (
            f"{self.title} is {words.amount(self.amount)} in QuickBooks, part of a bank deposit, and "
            f"{words.amount(self.wanted)} in Clio: {words.amount(self.given_back)} was paid back by an expense."
        )
        book.report(self._problem(message, accepted=True))
        self._keep_in_step(frozenset())

    def give_back(self) -> None:
        book = self.book
        bank, receivable, on = book.policy.target(mapping.REFUND), book.policy.receivable, book.group.run_date
        if bank is None or receivable is None or on is None:
            message = f"{self.title}: map an account that refunds are paid from, then choose the refund again."
            return book.report(self._problem(message))
        known = book.link(self.refund)
        live = known if known and not book.is_deleted(self.refund) else None
        contact = contact_ref(self.ref.leg)
        title = f"Refund of {self.title[:1].lower()}{self.title[1:]}"
        draft = RefundDraft(self.refund, contact, on, self.over, bank, receivable, book.policy, title)
        action, ledger_id = (Action.UPDATE, live.ledger_id) if live else (Action.CREATE, "")
        book.add(Change.of(action, draft, ledger_id, "chosen by a person", {contact}))
        message = (
            f"{self.title} is {words.amount(self.amount)} in QuickBooks, part of a bank deposit, and "
            f"{words.amount(self.wanted)} in Clio: {words.amount(self.over)} was paid back by an expense."
        )
        book.report(self._problem(message, accepted=True))
        return self._keep_in_step(frozenset({draft.ref}))

    def report(self) -> None:
        """Nothing of it, nor of what depends on it, is changed before a person acts."""
        wants = f"Clio has {words.amount(self.wanted)}" if self.over else "its date or customer changed in Clio"
        back = " If the money was paid back, have the refund posted as an expense instead." if self.over > 0 else ""
        message = (
            f"{self.title} is {words.amount(self.amount)} in QuickBooks and part of a bank deposit, and {wants}. "
            "Open the deposit in QuickBooks, take the payment out of it and save; the next sync changes the payment, "
            f"and you can add it to the deposit again.{back} Nothing was half-applied."
        )
        self.book.report(self._problem(message, blocks=True))
        if self.replaces:
            self.book.blocked.add(self.replaces)

    def _problem(self, message: str, *, accepted: bool = False, blocks: bool = False) -> Problem:
        amounts = {"quickbooks": f"{self.amount:.2f}", "clio": f"{self.wanted:.2f}"}
        without = [] if self.over > 0 else ["refund"]
        return Problem(
            CODE,
            self.ref,
            message,
            title=self.title,
            ledger_id=self.link.ledger_id,
            blocks=blocks or not accepted,
            accepted=accepted,
            details={**amounts, "without": without},
        )

    def _keep_in_step(self, after: frozenset[Ref]) -> None:
        """What it pays follows Clio; its amount, date, customer and account are the deposit's."""
        fingerprint = self.draft.fingerprint if self.draft else GONE
        held, draft = applied_by(self.raw), self._as_held()
        links = {line.invoice: self.book.link(line.invoice) for line in draft.lines}
        wanted = {link.ledger_id: line.amount for line in draft.lines if (link := links[line.invoice])}
        same = len(wanted) == len(draft.lines) and all(held.get(id) == amount for id, amount in wanted.items())
        same = same and all(id in wanted for id in held if ("Invoice", id) in self.book.catalog.owners)
        if same and fingerprint == self.link.practice_fingerprint and not self.replaces:
            return self.book.keep(self.ref)
        return self.book.add(
            Change(
                action=Action.ACCEPT if same else Action.UPDATE,
                ref=self.ref,
                entity="Payment",
                title=self.title,
                reason="the rest was paid back by an expense",
                ledger_id=self.link.ledger_id,
                draft=None if same else draft,
                practice_fingerprint=fingerprint,
                amount=draft.amount,
                after=after | self.after | {draft.contact},
                replaces=self.replaces,
            )
        )

    def _as_held(self) -> PaymentDraft:
        """What Clio says it pays, at the amount and date it has in QuickBooks."""
        on = dated(self.raw)
        assert on is not None  # no payment is without a date
        if self.draft is not None:
            return replace(self.draft, amount=self.amount, dated=on, keeps_reference=True)
        reference = text(self.raw, "PaymentRefNum")
        contact, policy = contact_ref(self.ref.leg), self.book.policy
        return PaymentDraft(self.ref, contact, on, self.amount, reference, None, (), policy, keeps_reference=True)
