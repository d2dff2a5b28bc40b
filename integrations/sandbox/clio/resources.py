"""The collections of the API: what each holds, how it is filtered and ordered, and the permission it needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

# A filter is (kind of value, document name). Kinds: id, id? (the word null allowed), date, bool, text, and enum lists.
Filters = Mapping[str, tuple[str, str]]
ID_ORDER = ("id",)


@dataclass(frozen=True, slots=True)
class Resource:
    """One collection. ``scope`` is the permission; ``orders`` are names that may be followed by (asc) or (desc)."""

    entity: str
    scope: str
    filters: Filters = field(default_factory=dict)
    orders: tuple[str, ...] = ()
    default_order: str = "id(asc)"
    show: bool = True
    since: bool = True
    ids: bool = True


_BILL_STATES = "draft|awaiting_approval|awaiting_payment|paid|void|deleted"
_ACTIVITY_TYPES = "TimeEntry|ExpenseEntry|HardCostEntry|SoftCostEntry"
_EXCLUDE = {"exclude_ids[]": ("exclude", "id")}

RESOURCES: Mapping[str, Resource] = {
    "users": Resource(
        "User",
        "users",
        {
            "enabled": ("bool", "enabled"),
            "name": ("text", "name"),
            "role": ("admin|accounts|billing|reports", "roles"),
            "subscription_type": ("attorney|nonattorney", "subscription_type"),
            "include_co_counsel": ("ignored", ""),
            "pending_setup": ("ignored", ""),
        },
        ("id", "name", "email", "enabled", "first_name", "last_name", "initials", "subscription_type"),
    ),
    "contacts": Resource(
        "Contact",
        "contacts",
        {
            "type": ("Company|Person", "type"),
            "query": ("search", "name"),
            "client_only": ("bool", "is_client"),
            "email_only": ("bool", "primary_email_address"),
            "initial": ("initial", "name"),
            "clio_connect_only": ("bool", "is_clio_for_client_user"),
            "custom_field_ids[]": ("ignored", ""),
            "shared_resource_id": ("ignored", ""),
            **_EXCLUDE,
        },
        ("id", "name", "shared_at"),
    ),
    "matters": Resource(
        "Matter",
        "matters",
        {
            "client_id": ("id", "client_id"),
            "status": ("status", "status"),
            "billable": ("bool", "billable"),
            "query": ("search", "description"),
            "open_date[]": ("compare", "open_date"),
            "close_date[]": ("compare", "close_date"),
            "pending_date[]": ("compare", "pending_date"),
            "responsible_attorney_id": ("id?", "responsible_attorney_id"),
            "originating_attorney_id": ("id?", "originating_attorney_id"),
            "practice_area_id": ("id?", "practice_area_id"),
            "group_id": ("id", "group_id"),
        },
        ("id", "display_number", "custom_number", "client.name", "open_date", "close_date", "updated_at", "created_at"),
    ),
    "bills": Resource(
        "Bill",
        "billing",
        {
            "client_id": ("id", "client_id"),
            "matter_id": ("matter", "matter_ids"),
            "state": (_BILL_STATES, "state"),
            "type": ("bill_type", "kind"),
            "status": ("overdue", "due_at"),
            "overdue_only": ("overdue", "due_at"),
            "issued_after": ("after", "issued_at"),
            "issued_before": ("before", "issued_at"),
            "due_after": ("after", "due_at"),
            "due_before": ("before", "due_at"),
            "due_at": ("date", "due_at"),
            "last_sent_start_date": ("after", "last_sent_at"),
            "last_sent_end_date": ("before", "last_sent_at"),
            "currency_id": ("id", "currency_id"),
            "query": ("search", "number"),
            "originating_attorney_id": ("ignored", ""),
            "responsible_attorney_id": ("ignored", ""),
        },
        (
            "id",
            "due_at",
            "issued_at",
            "paid_at",
            "last_sent_at",
            "client_name",
            "matter_display_number",
            "balance",
            "number",
        ),
    ),
    "line_items": Resource(
        "LineItem",
        "billing",
        {
            "bill_id": ("id", "bill_id"),
            "activity_id": ("id?", "activity_id"),
            "matter_id": ("id?", "matter_id"),
            "kind": ("text", "kind"),
            "display": ("displayed", "displayed"),
            "group_ordering": ("id", "group_ordering"),
            "query": ("search", "description"),
            **_EXCLUDE,
        },
        show=False,
    ),
    "allocations": Resource(
        "Allocation",
        "payments",
        {
            "bill_id": ("id", "bill_id"),
            "contact_id": ("id", "contact_id"),
            "matter_id": ("id", "matter_id"),
            "parent_id": ("id", "parent_id"),
            "parent_type": ("parent_type", "parent"),
            "status": ("valid", "voided_at"),
        },
        ("id", "date"),
        "date(asc)",
    ),
    "credit_memos": Resource(
        "CreditMemo", "payments", {"contact_id": ("id", "contact_id")}, ("id", "date"), "date(asc)"
    ),
    "bank_accounts": Resource(
        "BankAccount",
        "accounting",
        {
            "type": ("account_type", "type"),
            "user_id": ("id", "user_id"),
            "show_empty_accounts": ("ignored", ""),
        },
        ("id", "name", "institution", "account_number", "transit_number", "currency", "updated_at", "type"),
    ),
    "bank_transactions": Resource(
        "BankTransaction",
        "accounting",
        {
            "bank_account_id": ("id", "bank_account_id"),
            "client_id": ("id", "client_id"),
            "matter_id": ("id", "matter_id"),
            "type": ("asset|liability", "type"),
        },
        ("id", "date"),
    ),
    "interest_charges": Resource("InterestCharge", "billing", {"bill_id": ("id", "bill_id"), **_EXCLUDE}, show=False),
    "expense_categories": Resource(
        "ExpenseCategory",
        "activities",
        {"entry_type": ("hard_cost|soft_cost|unassociated", "entry_type"), "query": ("search", "name")},
        ("id", "name", "rate", "entry_type"),
        ids=False,
    ),
    "activities": Resource(
        "Activity",
        "activities",
        {
            "matter_id": ("id?", "matter_id"),
            "user_id": ("id", "user_id"),
            "type": (_ACTIVITY_TYPES, "type"),
            "status": ("activity_status", "bill_id"),
            "start_date": ("from", "date"),
            "end_date": ("until", "date"),
            "expense_category_id": ("id?", "expense_category_id"),
            "activity_description_id": ("id?", "activity_description_id"),
            "flat_rate": ("ignored", ""),
            "only_unaccounted_for": ("ignored", ""),
            "query": ("search", "note"),
        },
        ("id", "date", "price", "total", "type", "note", "updated_at"),
    ),
    "currencies": Resource("Currency", "settings", show=False),
    "trust_line_items": Resource(
        "TrustLineItem",
        "billing",
        {"bill_id": ("id", "bill_id"), "matter_id": ("id", "matter_id")},
        ID_ORDER,
        show=False,
    ),
    "webhooks": Resource("Webhook", "webhooks", {}, ID_ORDER),
    "outstanding_client_balances": Resource(
        "OutstandingClientBalance",
        "billing",
        {
            "contact_id": ("id", "contact_id"),
            "last_paid_start_date": ("after", "last_payment_date"),
            "last_paid_end_date": ("before", "last_payment_date"),
            "newest_bill_due_start_date": ("after", "newest_issued_bill_due_date"),
            "newest_bill_due_end_date": ("before", "newest_issued_bill_due_date"),
            "originating_attorney_id": ("ignored", ""),
            "responsible_attorney_id": ("ignored", ""),
        },
        show=False,
        since=False,
        ids=False,
    ),
}

SCOPES = ("users", "contacts", "matters", "billing", "payments", "accounting", "activities", "settings", "webhooks")
