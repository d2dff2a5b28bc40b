"""Payments and credits that people entered only in QuickBooks, on invoices of ours (rule R8): said, and left as is."""

from integrations.core import words
from integrations.core.changes import Action, Problem
from integrations.core.records import Kind, Ref
from integrations.kinds.catalog import Settlement
from integrations.kinds.group import Draftbook, LinkState


def plan_foreign_payments(book: Draftbook) -> None:
    """Reports each live invoice that something pays which Clio does not know of, once everything else is planned."""
    offered = _offered(book)
    for ref, link in sorted(book.group.links.items()):
        bill = book.group.bills.get(ref.practice_id)
        if ref.kind is not Kind.INVOICE or link.entity != "Invoice" or link.is_voided or bill is None or bill.is_gone:
            continue
        settlements = book.catalog.settlements("Invoice", link.ledger_id)
        if found := [paid for paid in settlements if is_foreign(book, paid, offered)]:
            book.report(_only_there(ref, link, bill.number, found))


def is_foreign(book: Draftbook, paid: Settlement, offered: set[str]) -> bool:
    """Whether it is money, or credit of another than our credit memos; QuickBooks may apply either by itself."""
    if paid.amount or not paid.credits:
        return paid.ledger_id not in offered
    return any(("CreditMemo", id) not in book.catalog.owners and id not in offered for id in paid.credits)


def named(paid: Settlement, invoice_id: str) -> str:
    """What it pays of the invoice and when, as people tell payments apart; by its id where it has no date."""
    when = f"of {words.day(paid.dated)}" if paid.dated else f"(QuickBooks id {paid.ledger_id})"
    return f"{words.amount(paid.invoices[invoice_id])} {when}"


def _offered(book: Draftbook) -> set[str]:
    """Payments and credit memos that may be Clio's, or are about to be adopted as Clio's."""
    asked: set[str] = set()
    for problem in book.problems:
        candidates = problem.details.get("candidates") if problem.code == "payment_exists" else None
        asked |= {str(id) for id in candidates} if isinstance(candidates, list) else set()
        asked |= {problem.ledger_id} if problem.code == "credit_exists" else set()
    adopted = {change.ledger_id for change in book.changes.values() if change.action is not Action.CREATE}
    return asked | adopted


def _only_there(ref: Ref, link: LinkState, number: str, found: list[Settlement]) -> Problem:
    paid = [
        {"id": one.ledger_id, "amount": f"{one.invoices[link.ledger_id]:.2f}", "date": str(one.dated or "")}
        for one in found
    ]
    listed = ", ".join(named(one, link.ledger_id) for one in found)
    return Problem(
        "payment_only_in_quickbooks",
        ref,
        f"The invoice of bill {number} is paid in QuickBooks by what Clio does not have: {listed}. Record it in Clio "
        "as well, so that the client is not asked for it again. The portal leaves it as it is.",
        title=f"Bill {number}",
        ledger_id=link.ledger_id,
        blocks=False,
        details={"payments": paid},
    )
