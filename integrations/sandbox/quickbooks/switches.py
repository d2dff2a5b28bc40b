"""The facts Intuit leaves open, each as a switch with its possible readings, the default first."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from integrations.sandbox.store import Store


@dataclass(frozen=True, slots=True)
class Switch:
    """``values`` are the readings, default first; ``meaning`` is one line for a person."""

    values: tuple[Any, ...]
    meaning: str


SWITCHES: Mapping[str, Switch] = {
    "refresh_rotation": Switch(("every_call", "daily", "never"), "when a refresh answers with a new refresh token"),
    "refresh_grace": Switch(("none", "24h"), "how long a superseded refresh token still works"),
    "requestid_keep_h": Switch((24, 1, 720), "hours a request id is remembered"),
    "requestid_failures": Switch(("replayed", "tried_again"), "what a repeated id of a refused write gives"),
    "requestid_other_body": Switch(("first_answer", "acts_again", "refused"), "a known request id with another body"),
    "requestid_of_batch": Switch(
        ("whole_answer", "each_item"), "what of a batch is remembered: its answer, or each item that was done"
    ),
    "duplicate_number_scope": Switch(("across_sales_forms", "per_type"), "where a sales form's number must be unique"),
    "duplicate_number_when_numbering_off": Switch(
        ("accepted", "refused"), "a number used twice while custom transaction numbers are off"
    ),
    "number_sent_when_numbering_off": Switch(
        ("accepted", "ignored"), "a number sent while custom transaction numbers are off"
    ),
    "inactive_names": Switch(("taken", "free"), "whether an inactive customer, vendor or employee blocks its name"),
    "inactive_reference_code": Switch(("610", "2500"), "the code for a reference to something inactive"),
    "item_on_balance_sheet_account": Switch(
        ("accepted", "refused_6000", "refused_2500"), "an item whose income account is an asset or a liability"
    ),
    "characters_beyond_latin1": Switch(("accepted", "refused"), "text outside Latin-1 in a US company"),
    "payment_bumps_invoice": Switch((True, False), "whether a payment moves the SyncToken of what it pays"),
    "payment_for_sub_customer": Switch(
        ("bill_with_parent", "refused", "accepted"), "a parent's payment on an invoice of its sub-customer"
    ),
    "deposited_payment": Switch(
        ("amount_locked", "all_locked"), "what 6540 protects: amount, account and customer, or every member"
    ),
    "sparse_payment_and_credit_memo": Switch(("accepted", "treated_as_full"), "a sparse update of these two"),
    "void_of_other_forms": Switch(("refused", "accepted"), "voiding a CreditMemo, JournalEntry or Purchase by API"),
    "deposit_liability_line": Switch(("accepted", "refused"), "a direct deposit line on a liability account"),
    "transfer_liability_account": Switch(("refused", "accepted"), "a transfer from or to a liability account"),
    "auto_apply_timing": Switch(
        ("in_answer", "after_answer"), "whether an automatic application shows in the create answer"
    ),
    "warn_duplicate_bill_number": Switch(("present", "absent"), "whether Preferences reports this setting"),
    "tax_engine": Switch(
        ("off", "taxable_lines", "every_line"), "automated sales tax: none, on lines not NON, or on every line"
    ),
    "cdc_over_cap": Switch(("oldest_first", "newest_first"), "which 1000 changes an overfull CDC answer keeps"),
    "merged_customer": Switch(("removed", "inactive"), "what is left of the customer that was merged away"),
    "account_balance_sign": Switch(("natural", "debit_positive"), "CurrentBalance of credit accounts"),
    "profit_and_loss_balance": Switch(("zero", "running"), "CurrentBalance of income and expense accounts"),
    "batch_throttle": Switch(("whole_request", "per_item"), "how a throttled batch is refused"),
    "webhook_form": Switch(("cloud_events", "event_notifications"), "the form of webhooks: the new one, the older one"),
    "retry_after_header": Switch(("absent", "present"), "whether a 429 says how long to wait"),
}


def switch(store: Store, name: str) -> Any:
    """The reading in force. Raises KeyError for a name that is not in the table."""
    return store.setting(f"switch:{name}", SWITCHES[name].values[0])


def set_switch(store: Store, name: str, value: Any) -> None:
    """Chooses a reading. Raises ValueError for one that is not in the table."""
    if value not in SWITCHES[name].values:
        raise ValueError(f"{name} is one of {SWITCHES[name].values}, not {value!r}")
    store.set_setting(f"switch:{name}", value)
