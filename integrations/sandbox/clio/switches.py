"""Switches: every fact about Clio that its documentation leaves open, with each reading, the default first."""

from collections.abc import Mapping
from typing import Any

from integrations.sandbox.store import Store

# name -> (meaning, readings). A number as the only reading means any number may be set.
SWITCHES: Mapping[str, tuple[str, tuple[Any, ...]]] = {
    "clio_money": ("amounts in JSON", ("numbers", "strings")),
    "clio_instants": ("offset of timestamps", ("utc", "local")),
    "clio_updated_since": ("a record updated at that very second", ("inclusive", "exclusive")),
    "clio_void_bills_listed": ("an unfiltered bill list shows void and deleted bills", ("yes", "no")),
    "clio_voided_allocations_listed": ("an unfiltered allocation list shows voided ones", ("yes", "no")),
    "clio_access_token_s": ("lifetime of an access token, seconds", (2_592_000,)),
    "clio_refresh_rotates": ("a refresh gives a new refresh token and ends the old one", ("no", "yes")),
    "clio_refresh_revokes": ("a refresh ends the access tokens given before", ("no", "yes")),
    "clio_deauthorize_ends_refresh": ("deauthorizing ends the refresh token too", ("yes", "no")),
    "clio_decline_returns": ("declining returns to the application", ("asked", "always")),
    "clio_parent_type": ("how allocations?parent_type= is written", ("name", "number", "ignored")),
    "clio_void_number_reused": ("a new bill may take the number of a void or deleted one", ("no", "yes")),
    "clio_duplicate_number": ("PATCH to a number another bill has", ("allowed", "refused")),
    "clio_paid_includes_credits": ("bill.paid counts credit notes", ("no", "yes")),
    "clio_sub_total": ("bill.sub_total and the bill discount", ("before_discount", "after_discount")),
    "clio_total": ("bill.total and the bill discount", ("after_discount", "before_discount")),
    "clio_lines_net": ("line amounts have the bill discount taken off", ("no", "yes")),
    "clio_line_total_taxed": ("line.total includes its tax", ("no", "yes")),
    "clio_payment_touches_bill": ("a payment moves bill.updated_at and etag", ("yes", "no")),
    "clio_payment_of_others": ("one payment for bills of several contacts", ("refused", "accepted")),
    "clio_row_touches_contact": ("a changed phone, e-mail or address moves the contact's etag", ("yes", "no")),
    "clio_merge_touches_bills": ("merging contacts moves updated_at of their records", ("yes", "no")),
    "clio_interest": ("interest is a charge on the bill, or a bill of its own", ("charge", "bill")),
    "clio_trust_request_paid": ("state of a trust request once paid", ("paid", "awaiting_payment")),
    "clio_deleted_payment_rows": ("bank rows of a deleted payment", ("removed", "reversed")),
    "clio_refund_row": ("a refund in the bank account", ("smaller", "own")),
    "clio_row_carries": ("what a payment's bank row points at", ("allocation", "bill", "both", "neither")),
    "clio_row_amount": ("sign of bank_transaction.amount for money out", ("negative", "positive")),
    "clio_hidden_contact": ("asking for a contact the person may not see", (404, 403)),
    "clio_last_page": ("meta of the last page", ("empty_paging", "no_paging", "no_meta")),
    "clio_records_count": ("meta.records is given", ("no", "yes")),
    "clio_error_names": ("names in error.type", ("common", "plain")),
    "clio_nulls": ("empty texts and lists are given as null", ("no", "yes")),
    "clio_unknown_parameter": ("a query parameter Clio does not know", ("ignore", "refuse")),
    "clio_rate_limit": ("calls a minute and token", (50,)),
    "clio_deleted_bill_event": ("the webhook event of a bill that is deleted", ("updated", "deleted")),
    "clio_shared_secret": ("a webhook's record shows its secret", ("shown", "hidden")),
    "clio_expired_webhook": ("what is left of a webhook that has expired", ("listed", "suspended", "gone")),
    "clio_not_modified_counts": ("a 304 costs a call", ("yes", "no")),
}


class Switches:
    """The readings in force, each read from the store once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._known:
            self._known[name] = self._store.setting(f"switch:{name}", SWITCHES[name][1][0])
        return self._known[name]


def switch(store: Store, name: str, value: Any) -> None:
    """Chooses a reading; ValueError for a name or a reading that does not exist."""
    readings = SWITCHES[name][1] if name in SWITCHES else ()
    free = len(readings) == 1 and isinstance(value, int)
    if not free and value not in readings:
        raise ValueError(f"{name} cannot be {value!r}")
    store.set_setting(f"switch:{name}", value)
