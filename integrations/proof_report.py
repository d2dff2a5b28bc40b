"""A reconciliation as `reconcile --json` prints it, and what to do about each kind of difference."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from firms.models import Firm
from integrations.core.money import ZERO
from integrations.core.records import Kind
from integrations.kinds.proof.clio import ACCOUNTS, CHARGES, CONTACTS, LINES, MEMOS, RECEIPTS, TRUST_ROWS
from integrations.kinds.proof.explain import Explained
from integrations.kinds.proof.owed import Owed
from integrations.kinds.proof.transit import InTransit
from integrations.kinds.proof.trust import TrustSums
from integrations.kinds.proof.words import What
from integrations.sync.reconcile import Reconciliation

TO_DO: Mapping[What, str] = {
    What.MISSING: "Sync, which posts it, or opens an issue that offers to restore it if it was deleted in QuickBooks.",
    What.DOUBLED: "Void the document that is not linked, in QuickBooks.",
    What.NOT_LINKED: "Sync, which finds it again. If it stays, somebody copied one of our notes: remove the last line.",
    What.UNWANTED: "Sync, which voids it. If it stays, void it in QuickBooks, or bring its record back in Clio.",
    What.VOIDED: "Sync; the issue that opens then offers to restore it.",
    What.AMOUNT: "Sync. If somebody changed it in QuickBooks, the issue that opens then offers both versions.",
    What.LINES: "Sync. If the lines differ still, QuickBooks added an amount of its own, such as tax: look there.",
    What.DATE: "Sync. If somebody changed it in QuickBooks, the issue that opens then offers both versions.",
    What.NUMBER: "Sync. If somebody changed it in QuickBooks, the issue that opens then offers both versions.",
    What.REFERENCE: "Sync. If somebody changed it in QuickBooks, the issue that opens then offers both versions.",
    What.FIELD: "Sync, which carries it to the other side, or asks where both sides changed it.",
    What.CUSTOMER: "Choose the right customer in QuickBooks, or link the contact to that one.",
    What.ACCOUNT: "Sync. If somebody moved it to another account in QuickBooks, the issue offers both versions.",
    What.APPLIED: "Sync. If somebody applied it differently in QuickBooks, apply it as in Clio.",
    What.BALANCE: "Something that is not ours pays this invoice, or Clio's payment is not posted. Look at both.",
    What.BY_HAND: "Keep it as in Clio by hand, or open the accepted difference again and restore ours.",
    What.UNREADABLE: "Look at the bill in Clio; until it can be read nothing can be said of it.",
    What.RECEIVABLE: "Compare the customer's list of transactions in QuickBooks with its bills in Clio.",
}

# What a list tells that nothing else does, so that it is not compared while Clio keeps the list from the user.
NOT_COMPARED: Mapping[str, str] = {
    CHARGES: "how bills with interest are split, and their balances",
    MEMOS: "the dates of credit notes",
    ACCOUNTS: "what payments received above the bills they pay, and trust entries",
    RECEIPTS: "what payments received above the bills they pay",
    TRUST_ROWS: "trust entries",
    LINES: "the lines of invoices",
    CONTACTS: "the fields of contacts",
}


def proof_report(firm: Firm, proof: Reconciliation) -> dict[str, Any]:
    """`reconcile --json` where both sides could be read."""
    return {
        "firm": firm.slug,
        "equal": proof.is_equal,
        "reason": None,
        "differences": [_difference(one) for one in proof.explained],
        "unexplained": sum(one.reason is None for one in proof.explained),
        "accepted": sum(one.is_accepted for one in proof.explained),
        "checked": _checked(proof),
        "receivables": _receivables(proof.owed),
        "customers": [_customer(one, proof.customers) for one in proof.owed if not one.is_equal],
        "unapplied": [_unapplied(one, proof.customers) for one in proof.owed if _has_credit(one)],
        "trust": [_trust(one, proof.customers) for one in proof.trust],
        "in_transit": _in_transit(proof.in_transit, firm.day_of(proof.quickbooks_as_of)),
        "clio_as_of": proof.clio_as_of.isoformat(),
        "quickbooks_as_of": proof.quickbooks_as_of.isoformat(),
        "open_run": proof.open_run,
        "not_compared": [{"list": name, "what": what} for name, what in NOT_COMPARED.items() if name in proof.closed],
    }


def unread_report(firm: Firm, reason: str) -> dict[str, Any]:
    """The same where a side could not be read: nothing is known, so nothing is equal."""
    unread: dict[str, Any] = {"differences": [], "receivables": None, "trust": [], "not_compared": []}
    return {"firm": firm.slug, "equal": False, "reason": reason, **unread}


def _difference(one: Explained) -> dict[str, Any]:
    difference, reason = one.difference, one.reason
    return {
        "kind": difference.ref.kind,
        "practice_id": difference.ref.practice_id,
        "leg": difference.ref.leg,
        "ledger_id": difference.ledger_id or None,
        "what": difference.what,
        "field": difference.field or None,
        "clio": difference.clio,
        "quickbooks": difference.quickbooks,
        "issue": reason.id if reason else None,
        "code": reason.code if reason else None,
        "accepted": one.is_accepted,
        "accepted_by": reason.decided_by if reason and one.is_accepted else None,
        "why": reason.note if reason and one.is_accepted else None,
        "title": difference.title,
        "to_do": TO_DO[difference.what],
    }


def _checked(proof: Reconciliation) -> dict[str, dict[str, int]]:
    """How many documents of each kind were compared, and how many of them are equal in every respect."""
    compared = proof.comparison.compared
    off = {(one.difference.ref.kind, one.difference.ref) for one in proof.explained}
    differ = {kind: sum(found == kind for found, _ in off) for kind in compared}
    return {
        str(kind): {"compared": compared[kind], "equal": compared[kind] - differ[kind]}
        for kind in Kind
        if kind in compared
    }


def _receivables(sums: list[Owed]) -> dict[str, str]:
    """Open balances less open credit on both sides, and what they are made of."""
    clio, quickbooks = _total(one.clio for one in sums), _total(one.quickbooks for one in sums)
    held, unapplied = _total(one.credit_clio for one in sums), _total(one.credit_quickbooks for one in sums)
    return {
        "clio": str(clio - held),
        "quickbooks": str(quickbooks - unapplied),
        "clio_open": str(clio),
        "clio_credit": str(held),
        "quickbooks_open": str(quickbooks),
        "quickbooks_credit": str(unapplied),
    }


def _total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)


def _trust(one: TrustSums, names: Mapping[str, str]) -> dict[str, Any]:
    """One trust account since the start date; ``opening`` is what Clio had before it."""
    return {
        "account": one.name,
        "practice_id": one.account_id,
        "clio": str(one.clio),
        "bank": str(one.bank),
        "liability": str(one.liability),
        "opening": str(one.opening),
        "clients": [
            {"practice_id": id, "name": names.get(id, ""), "clio": str(clio), "liability": str(liability)}
            for id, (clio, liability) in sorted(one.clients.items())
            if clio or liability
        ],
    }


def _in_transit(found: InTransit | None, on: date) -> dict[str, Any] | None:
    """Payments from trust that the bank has not moved yet, oldest first; ``age_days`` is the oldest's."""
    if found is None:
        return None
    return {
        "account": found.account,
        "balance": str(found.balance),
        "from_trust": str(found.received),
        "waiting": str(_total(one.amount for one in found.waiting)),
        "age_days": found.age_days(on),
        "payments": [
            {
                "practice_id": one.ref.practice_id,
                "ledger_id": one.ledger_id,
                "date": str(one.dated or ""),
                "amount": str(one.amount),
            }
            for one in found.waiting
        ],
    }


def _customer(one: Owed, names: Mapping[str, str]) -> dict[str, str]:
    owed = {"clio": str(one.clio - one.credit_clio), "quickbooks": str(one.quickbooks - one.credit_quickbooks)}
    return {"practice_id": one.contact_id, "name": names.get(one.contact_id, "")} | owed


def _has_credit(one: Owed) -> bool:
    return bool(one.credit_clio or one.credit_quickbooks)


def _unapplied(one: Owed, names: Mapping[str, str]) -> dict[str, str]:
    credit = {"clio": str(one.credit_clio), "quickbooks": str(one.credit_quickbooks)}
    return {"practice_id": one.contact_id, "name": names.get(one.contact_id, "")} | credit
