"""Money of a deposited payment that was paid back: one expense from the bank against the customer's account (R4.8)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from integrations.core import mapping
from integrations.core.changes import Books
from integrations.core.mapping import Policy, Target
from integrations.core.ports import Raw
from integrations.core.posting import Posting, gathered, post
from integrations.core.read import text
from integrations.core.records import Kind, Ref, fingerprint
from integrations.kinds.contact import with_mark
from integrations.kinds.invoice_draft import NOTE_LENGTH

REFUND = "refund-"


def refund_ref(payment: Ref) -> Ref:
    """The expense that gives back part of a customer's payment; the leg of a payment is its customer."""
    return Ref(Kind.PAYMENT, payment.practice_id, f"{REFUND}{payment.leg}")


def is_refund(ref: Ref) -> bool:
    return ref.kind is Kind.PAYMENT and ref.leg.startswith(REFUND)


@dataclass(frozen=True, slots=True)
class RefundDraft:
    """Debit what the customer owes, credit the bank; the payment and its deposit stay as they are."""

    ref: Ref
    contact: Ref
    dated: date
    amount: Decimal
    bank: Target
    receivable: Target
    policy: Policy
    title: str
    entity: str = "Purchase"

    @property
    def fingerprint(self) -> str:
        return fingerprint([str(self.contact), self.amount])

    def postings(self) -> tuple[Posting, ...]:
        return gathered([post(mapping.RECEIVABLE, self.amount), post(self.bank.account, -self.amount)])

    def encode(self, books: Books, current: Raw | None) -> dict[str, object]:
        customer = books.ledger_id(self.contact)
        detail = {"AccountRef": {"value": self.receivable.ledger_id}, "CustomerRef": {"value": customer}}
        body: dict[str, object] = {
            "PaymentType": "Cash",
            "AccountRef": {"value": self.bank.ledger_id},
            "EntityRef": {"value": customer, "type": "Customer"},
            "TxnDate": self.dated.isoformat(),
            "PrivateNote": with_mark(text(current or {}, "PrivateNote"), self.ref, self.policy.slug, NOTE_LENGTH),
            "Line": [
                {
                    "DetailType": "AccountBasedExpenseLineDetail",
                    "Amount": self.amount,
                    "Description": self.title,
                    "AccountBasedExpenseLineDetail": detail,
                }
            ],
        }
        if current is None:
            return body
        return {"Id": text(current, "Id"), "SyncToken": text(current, "SyncToken")} | body
