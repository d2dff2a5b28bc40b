"""Debits and credits: what a document does to the accounts, for people to read before and after it is written."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from integrations.core.money import ZERO


@dataclass(frozen=True, slots=True)
class Posting:
    """One journal line; exactly one of debit and credit is above zero."""

    account: str
    debit: Decimal = ZERO
    credit: Decimal = ZERO
    memo: str = ""


def post(account: str, amount: Decimal, memo: str = "") -> Posting:
    """A debit of ``amount``, or a credit where it is negative."""
    return Posting(account, debit=amount, memo=memo) if amount >= 0 else Posting(account, credit=-amount, memo=memo)


def gathered(postings: Iterable[Posting]) -> tuple[Posting, ...]:
    """One line per account, debits first, zero lines left out."""
    sums: dict[str, Decimal] = {}
    for line in postings:
        sums[line.account] = sums.get(line.account, ZERO) + line.debit - line.credit
    lines = [post(account, total) for account, total in sums.items() if total]
    return tuple(sorted(lines, key=lambda line: line.credit > 0))
