"""What the API shows of each document: names and amounts as the switches read them."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal

from integrations.sandbox.clio.billing import GONE, OPEN, TRANSITIONS
from integrations.sandbox.clio.desk import ZERO, Desk, money
from integrations.sandbox.clio.sums import spread
from integrations.sandbox.clio.switches import Switches
from integrations.sandbox.store import Doc

View = Callable[[Desk, Switches, Doc], Doc]


def bill(desk: Desk, switches: Switches, doc: Doc) -> Doc:
    sums = {name: money(value) for name, value in doc["sums"].items()}
    off = sums["discount_amount"]
    after = switches["clio_sub_total"] == "after_discount"
    due, credits = money(doc["due"]), money(doc["credits"])
    state = doc["state"]
    return {
        **doc,
        **sums,
        "sub_total": sums["sub_total"] - off if after else sums["sub_total"],
        "services_sub_total": sums["services_sub_total"] - (sums["services_discount_amount"] if after else ZERO),
        "total": due + (off if switches["clio_total"] == "before_discount" else ZERO),
        "credits_issued": credits,
        "paid": money(doc["payments"]) + (credits if switches["clio_paid_includes_credits"] == "yes" else ZERO),
        "can_update": state not in (*GONE, "paid"),
        "discount_services_only": str(bool((doc["discount"] or {}).get("services_only"))).lower(),
        "available_state_transitions": TRANSITIONS[state],
        "last_sent_at": None,
        "interest": _interest(doc),
        "matter_totals": _shares(doc, due),
        "balances": _balances(doc),
    }


def line_item(desk: Desk, switches: Switches, doc: Doc) -> Doc:
    amount = money(doc["net"] if switches["clio_lines_net"] == "yes" else doc["gross"])
    tax, second = money(doc["tax"]), money(doc["secondary_tax"])
    taxed = switches["clio_line_total_taxed"] == "yes"
    included = doc["included_totals"]
    return {
        **doc,
        "sub_total": amount,
        "total": amount + tax + second if taxed else amount,
        "tax": tax,
        "secondary_tax": second,
        "included_line_item_totals": included,
        "discount": None,
    }


def allocation(desk: Desk, switches: Switches, doc: Doc) -> Doc:
    paid_online = doc["online"]
    return {
        **doc,
        "has_online_payment": paid_online,
        "destroyable": not doc["voided_at"],
        "payment_type": "card" if paid_online else None,
    }


def bank_transaction(desk: Desk, switches: Switches, doc: Doc) -> Doc:
    signed = money(doc["signed"])
    carries = switches["clio_row_carries"]
    return {
        **doc,
        "amount": abs(signed) if switches["clio_row_amount"] == "positive" else signed,
        "funds_in": max(signed, ZERO),
        "funds_out": max(-signed, ZERO),
        "current_account_balance": doc["running"],
        "clio_payments_transaction": doc["online"],
        "read_only_confirmation": bool(doc["payment_id"]),
        "allocation_id": doc["allocation_id"] if carries in ("allocation", "both") else None,
        "bill_id": doc["bill_id"] if carries in ("bill", "both") else None,
    }


def activity(desk: Desk, switches: Switches, doc: Doc) -> Doc:
    owner = desk.look("bill", doc["bill_id"])
    return {
        **doc,
        "quantity_in_hours": doc["hours"],
        "rounded_quantity_in_hours": doc["hours"],
        "rounded_quantity": doc["quantity"],
        "quantity_redacted": False,
        "flat_rate": False,
        "billed": bool(owner and owner["state"] in OPEN),
        "on_bill": owner is not None,
        "contingency_fee": False,
        "non_billable": False,
        "non_billable_total": ZERO,
        "tax_setting": "tax_1_only",
    }


def contact(desk: Desk, switches: Switches, doc: Doc) -> Doc:
    emails, phones, addresses = doc["email_addresses"], doc["phone_numbers"], doc["addresses"]
    return {
        **doc,
        "initials": "".join(word[0] for word in doc["name"].split()[:2]),
        "primary_email_address": _main(emails, "address"),
        "secondary_email_address": _other(emails, "address"),
        "primary_phone_number": _main(phones, "number"),
        "secondary_phone_number": _other(phones, "number"),
        "primary_address": next((row for row in addresses if row["primary"]), None),
        "secondary_address": next((row for row in addresses if not row["primary"]), None),
        "primary_work_address": next((row for row in addresses if row["name"] == "Work"), None),
        "primary_web_site": next((row for row in doc["web_sites"] if row["primary"]), None),
        "is_client": bool(desk.find("matter", "client_id", doc["id"])),
        "is_co_counsel": False,
        "is_bill_recipient": False,
        "is_clio_for_client_user": False,
        "has_clio_for_clients_permission": False,
        "locked_clio_connect_email": False,
        "account_balances": _held(desk, "client_id", doc["id"]),
    }


def matter(desk: Desk, switches: Switches, doc: Doc) -> Doc:
    return {**doc, "account_balances": _held(desk, "matter_id", doc["id"])}


def credit_memo(desk: Desk, switches: Switches, doc: Doc) -> Doc:
    ids = [row["id"] for row in desk.find("allocation", "parent_id", doc["id"])]
    return {**doc, "allocation_ids": ids}


def web_site(desk: Desk, switches: Switches, doc: Doc) -> Doc:
    return {**doc, "default_web_site": doc["primary"]}


def webhook(desk: Desk, switches: Switches, doc: Doc) -> Doc:
    over = desk.store.now() >= datetime.fromisoformat(doc["expires_at"])
    told = switches["clio_shared_secret"]
    status = "suspended" if over and switches["clio_expired_webhook"] == "suspended" else doc["status"]
    return {
        **doc,
        "status": status,
        "shared_secret": None if told == "hidden" else doc["shared_secret"],
    }


VIEWS: Mapping[str, View] = {
    "Webhook": webhook,
    "Bill": bill,
    "LineItem": line_item,
    "Allocation": allocation,
    "BankTransaction": bank_transaction,
    "Activity": activity,
    "Contact": contact,
    "Matter": matter,
    "CreditMemo": credit_memo,
    "WebSite": web_site,
}


def _interest(doc: Doc) -> Doc:
    owed = money(doc["interest_total"]) - money(doc["interest_paid"])
    return {"balance": owed, "period": 30, "rate": ZERO, "total": money(doc["interest_total"]), "type": "simple"}


def _shares(doc: Doc, amount: Decimal) -> list[Doc]:
    parts = spread(amount, [Decimal(1)] * len(doc["matter_ids"]))
    return [{"id": id, "amount": part} for id, part in zip(doc["matter_ids"], parts, strict=True)]


def _balances(doc: Doc) -> list[Doc]:
    shares = _shares(doc, money(doc["balance"]))
    return [{**share, "type": "Matter", "interest_amount": ZERO, "due": share["amount"]} for share in shares]


def _main(rows: list[Doc], value: str) -> str | None:
    return next((row[value] for row in rows if row["primary"]), None)


def _other(rows: list[Doc], value: str) -> str | None:
    return next((row[value] for row in rows if not row["primary"]), None)


def _held(desk: Desk, name: str, id: int) -> list[Doc]:
    """One balance per bank account, as Clio shows what is available."""
    found: dict[int, Doc] = {}
    for fund in desk.find("fund", name, id):
        account = desk.take("bank_account", fund["bank_account_id"])
        row = found.setdefault(account["id"], {**account, "balance": ZERO})
        row["balance"] += money(fund["balance"])
    return list(found.values())
