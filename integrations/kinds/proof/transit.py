"""Trust money on its way: payments from trust that are posted, and that the bank has not moved yet (rule R4.4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from integrations.core.money import ZERO
from integrations.core.records import Kind, Ref
from integrations.kinds.proof.books import OurBooks
from integrations.kinds.proof.words import Found


@dataclass(frozen=True, slots=True)
class OnItsWay:
    """A payment from trust, or the part of it that has not been moved."""

    ref: Ref
    ledger_id: str
    dated: date | None
    amount: Decimal


@dataclass(frozen=True, slots=True)
class InTransit:
    """The in-transit account: its whole balance, what our payments put there, and what of that still waits.

    A transfer to the bank names no payment, so the oldest money is taken to have been moved first.
    """

    account: str
    balance: Decimal
    received: Decimal
    waiting: tuple[OnItsWay, ...]

    @property
    def oldest(self) -> date | None:
        return min((one.dated for one in self.waiting if one.dated), default=None)

    def age_days(self, on: date) -> int | None:
        """How long the oldest of it has waited; None where nothing waits."""
        return (on - self.oldest).days if self.oldest else None


def in_transit(books: OurBooks, account_id: str, name: str, balance: Decimal) -> InTransit:
    """``balance`` is what QuickBooks says of the account, whoever posted to it."""
    paid = sorted(_into(books, account_id), key=lambda found: (found[1].dated or date.min, found[0]), reverse=True)
    return InTransit(
        account=name,
        balance=balance,
        received=sum((document.amount for _, document in paid), ZERO),
        waiting=tuple(reversed(list(_still_there(paid, balance)))),
    )


def _into(books: OurBooks, account_id: str) -> Iterable[tuple[Ref, Found]]:
    for ref in books.refs():
        for document in books.every_live(ref) if ref.kind is Kind.PAYMENT else ():
            if document.deposit_to == account_id and document.amount:
                yield ref, document


def _still_there(newest_first: Iterable[tuple[Ref, Found]], balance: Decimal) -> Iterable[OnItsWay]:
    left = balance
    for ref, document in newest_first:
        if left <= 0:
            return
        part = min(document.amount, left)
        yield OnItsWay(ref, document.id, document.dated, part)
        left -= part
