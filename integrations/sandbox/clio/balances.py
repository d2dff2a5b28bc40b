"""What each contact owes in all, as Clio's outstanding client balances show it."""

from integrations.sandbox.clio.desk import ZERO, Desk, money
from integrations.sandbox.store import Doc


def outstanding_balances(desk: Desk) -> list[Doc]:
    """One document per contact with an unpaid bill, lowest contact id first; its id is the contact's."""
    owed: dict[int, list[Doc]] = {}
    for bill in desk.all("bill"):
        if bill["state"] == "awaiting_payment" and bill["kind"] != "trust_kind" and money(bill["balance"]) > 0:
            owed.setdefault(bill["client_id"], []).append(bill)
    return [_balance(desk, contact_id, bills) for contact_id, bills in sorted(owed.items())]


def _balance(desk: Desk, contact_id: int, bills: list[Doc]) -> Doc:
    total = sum((money(bill["balance"]) for bill in bills), ZERO)
    account = desk.take("account", desk.account_id)
    paid = [row["date"] for row in desk.find("allocation", "contact_id", contact_id) if not row["voided_at"]]
    newest = max(bills, key=lambda bill: str(bill["updated_at"]))
    return {
        "id": contact_id,
        "etag": newest["etag"],
        "created_at": min(bill["created_at"] for bill in bills),
        "updated_at": newest["updated_at"],
        "associated_matter_ids": sorted({id for bill in bills for id in bill["matter_ids"]}),
        "contact_id": contact_id,
        "currency_id": account["currency_id"],
        "last_payment_date": max(paid, default=None),
        "newest_issued_bill_due_date": max(bills, key=lambda bill: str(bill["issued_at"]))["due_at"],
        "outstanding_bill_ids": [bill["id"] for bill in bills],
        "pending_payments_total": sum((money(bill["pending"]) for bill in bills), ZERO),
        "reminders_enabled": False,
        "total_outstanding_balance": total,
        "total_outstanding_balance_by_currency": {account["currency"]: total},
    }
