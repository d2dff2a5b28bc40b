"""The problems of trust rows, in the words of the bookkeeper who has to act on them (rule R6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from integrations.core import words
from integrations.core.changes import Change, Problem
from integrations.core.mapping import Policy
from integrations.core.posting import Posting
from integrations.core.records import Ref
from integrations.kinds.catalog import LooseCheck
from integrations.kinds.group import LinkState
from integrations.kinds.trust_entry import TrustRow


@dataclass(frozen=True, slots=True)
class Proposed:
    """The entry that would take a posted one back on ``on``, and the day the row would be posted anew."""

    on: date
    anew: date
    postings: tuple[Posting, ...]

    def report(self) -> list[dict[str, str]]:
        """As an issue keeps it."""
        return [
            {"account": line.account, "debit": str(line.debit), "credit": str(line.credit)} for line in self.postings
        ]


def unreadable_row(ref: Ref, reason: str) -> Problem:
    message = f"Trust row {ref.practice_id} could not be read: {reason}. It stays as it is. Look at it in Clio."
    return Problem("unreadable", ref, message, title=f"Trust row {ref.practice_id}")


def refused_row(policy: Policy, ref: Ref, row: TrustRow) -> Problem | None:
    """What makes a row impossible to post, whatever else is true."""
    if policy.trust(row.account_id) is None:
        message = (
            f"{row.title} is on {row.account_name or 'a trust account'}, whose bank or liability account in QuickBooks "
            "is missing or no longer fits. Map both on the mappings page; it follows by itself."
        )
        return Problem("mapping_missing", ref, message, title=row.title)
    if row.dated is None:
        message = f"{row.title} has no date in Clio, so it cannot be posted. Give it one there."
        return Problem("date_missing", ref, message, title=row.title)
    if row.currency and policy.currency and row.currency != policy.currency:
        message = f"{row.title} is in {row.currency}, and the QuickBooks company keeps its books in {policy.currency}."
        return Problem("currency_mismatch", ref, message, title=row.title)
    return None


def overdraw(ref: Ref, row: TrustRow, left: Decimal, *, is_posted: bool) -> Problem:
    """Rule R6.5. What is posted stays: QuickBooks shows what Clio shows, and a person has to know."""
    whose = row.contact_name or f"contact {row.contact_id}"
    account = row.account_name or "the trust account"
    on = words.day(row.dated) if row.dated else "no day"
    what = "is posted already" if is_posted else "is not posted"
    return Problem(
        "trust_overdraw",
        ref,
        f"Taking {words.amount(-row.amount)} on {on} leaves {whose} {words.amount(left)} on {account} in Clio; one "
        f"client's money must not pay for another's. It {what}. Correct it in Clio; the rest follows by itself.",
        title=row.title,
        blocks=not is_posted,
    )


def check_exists(ref: Ref, row: TrustRow, checks: Sequence[LooseCheck]) -> Problem:
    """Rule R6.2: a check of the same number, amount and account may be this very row."""
    return Problem(
        "check_exists",
        ref,
        f"QuickBooks already has check {row.reference} of {words.amount(-row.amount)} on this trust account. Adopt it, "
        "or say that they are two checks.",
        title=row.title,
        ledger_id=checks[0].ledger_id,
        details={"candidates": [check.ledger_id for check in checks]},
    )


def closed_edit(ref: Ref, row: TrustRow, link: LinkState, policy: Policy, proposed: Proposed) -> Problem:
    """Rule R6.7: what is in closed books is not changed; an entry of today takes it back and it is posted anew."""
    return Problem(
        "period_closed",
        ref,
        f"{row.title} was changed in Clio, and QuickBooks's books are closed up to {_closed(policy)}. Reopen the "
        f"period, or have it reversed: an entry dated {words.day(proposed.on)} takes back what is posted, and the row "
        f"is posted as it is now, dated {words.day(proposed.anew)}.",
        title=row.title,
        ledger_id=link.ledger_id,
        details={"also": ["reverse"], "reversing": proposed.report()},
    )


def _closed(policy: Policy) -> str:
    """The last day of closed books; what is said here is said only where there is one."""
    return words.day(policy.close_date) if policy.close_date else "a day that is not known"


def text_not_changed(ref: Ref, row: TrustRow, policy: Policy) -> Problem:
    return Problem(
        "trust_text_closed",
        ref,
        f"What {row.title} says of payee, purpose, reference or matter was changed in Clio. Its books are closed up to "
        f"{_closed(policy)}, so the entry keeps its old text; amount, date and client are the same.",
        title=row.title,
        blocks=False,
    )


def trust_leg_waits(change: Change, payment_id: str, row_ids: Sequence[str]) -> Problem:
    """Rule R6.3: both legs are taken back, or neither."""
    return Problem(
        "trust_leg_waits",
        change.ref,
        f"Payment {payment_id} was paid from trust and is deleted in Clio. A trust row counts as deleted only when "
        f"Clio has failed to show it twice, ten minutes apart, and that is not so yet for row {', '.join(row_ids)}. "
        "Until then the payment and the trust entry both stand in QuickBooks; then both are taken back together. If "
        "Clio's trust ledger still shows the row, delete it there.",
        title=change.title,
        ledger_id=change.ledger_id,
    )


def reversal_apart(link: LinkState, title: str, original: LinkState, *, is_deleted: bool) -> Problem:
    """Rule R8: of two entries that cancel each other a person changed the older one."""
    what = "was deleted" if is_deleted else "was changed"
    todo = "delete the reversal as well" if is_deleted else "put it back as it was, or delete both"
    return Problem(
        "reversal_apart",
        link.ref,
        f"Trust entry {original.ref.practice_id} is gone in Clio and was taken back by an entry of its own. Since then "
        f"it {what} in QuickBooks, so the two no longer cancel each other. In QuickBooks, {todo}.",
        title=title,
        ledger_id=link.ledger_id,
        details={"original": original.ledger_id},
    )


def trust_row_missing(ref: Ref, title: str, accounts: Sequence[str]) -> Problem:
    """Rule R6.3: both legs or neither."""
    return Problem(
        "trust_row_missing",
        ref,
        f"{title} was paid from trust, but no row of the trust account ({', '.join(accounts)} in Clio) shows the money "
        "going out, so neither is posted. It follows when Clio shows the row; or post the payment without it.",
        title=title,
    )
