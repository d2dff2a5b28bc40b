"""What a payment should be: amount, customers, lines, account (rules R4.1 to R4.5)."""

# An amount may be compared with a whole number.
# mypy: no-strict-equality

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from integrations.core import mapping
from integrations.core.changes import Action, Plan
from integrations.core.mapping import Target
from integrations.core.records import Ref
from integrations.kinds.catalog import Catalog
from integrations.kinds.payment import PaymentDraft, assemble, decode_receipt
from integrations.kinds.plan import plan_group
from tests.kinds.builders import (
    PAID,
    allocation,
    bill,
    change_of,
    codes,
    group,
    invoice,
    paid,
    payment,
    policy,
    receipt,
    steps,
)
from tests.kinds.ledger import Ledger

EARLIER = date(2025, 11, 3)


def draft_of(plan: Plan, ref: Ref) -> PaymentDraft:
    found = change_of(plan, ref).draft
    assert isinstance(found, PaymentDraft)
    return found


def applied(plan: Plan, ref: Ref) -> dict[Ref, Decimal]:
    return {line.invoice: line.amount for line in draft_of(plan, ref).lines}


def planned(*bills: Any, **parts: Any) -> Plan:
    return plan_group(group(bills, **parts), parts.pop("firm", policy()), Catalog())


# R4.1


def test_r4_1_without_a_receipt_the_allocations_are_the_payment_and_the_reference_is_blank() -> None:
    found = assemble("900", [allocation("1", 400), allocation("2", 100, "2")], [])
    assert (found.amount, found.reference) == (500, "")


def test_r4_1_a_receipt_that_names_an_allocation_raises_the_payment() -> None:
    found = assemble("900", [allocation("1", 400)], [receipt(amount=500, allocation_id="1")])
    assert (found.amount, found.reference) == (500, "CHK 12")


def test_r4_1_a_receipt_never_lowers_it() -> None:
    assert assemble("900", [allocation("1", 400)], [receipt(amount=300, allocation_id="1")]).amount == 400


@pytest.mark.parametrize(
    "receipts",
    [
        [receipt("1", 500, allocation_id="1"), receipt("2", 500, allocation_id="1")],
        [receipt("1", 500, bill_id="1"), receipt("2", 600, bill_id="1")],
        [receipt("1", 500, bill_id="1", date=date(2026, 2, 21))],
        [receipt("1", 300, bill_id="1")],
        [receipt("1", 500, bill_id="2")],
    ],
)
def test_r4_1_a_receipt_that_may_be_another_payments_is_not_taken(receipts: list[Any]) -> None:
    found = assemble("900", [allocation("1", 400)], receipts)
    assert (found.amount, found.reference) == (400, "")


def test_r4_1_a_receipt_that_names_only_the_bill_has_to_be_the_only_one_that_fits() -> None:
    assert assemble("900", [allocation("1", 400)], [receipt(amount=500, bill_id="1")]).amount == 500


def test_r4_1_of_two_payments_on_a_day_neither_takes_the_others_receipt() -> None:
    one, other = allocation("1", 400), allocation("2", 600, payment="901")
    rows = [receipt("1", 600, bill_id="1")]
    assert assemble("900", [one], rows, [one, other]).amount == 400
    assert assemble("901", [other], rows, [one, other]).reference == "CHK 12"


def test_r4_1_voided_allocations_are_no_part_of_it() -> None:
    found = assemble("900", [allocation("1", 400, is_valid=False), allocation("2", 100)], [receipt(allocation_id="1")])
    assert (found.amount, found.reference) == (100, "")


@pytest.mark.parametrize(
    "changes",
    [
        {"bank_account": {"type": "Trust"}},
        {"bank_account": None},
        {"funds_in": 0},
        {"funds_in": None},
        {"bill": None, "allocation": None},
    ],
)
def test_r4_1_a_row_that_is_no_money_into_an_operating_account_is_no_receipt(changes: dict[str, Any]) -> None:
    raw = {"id": 1, "bank_account": {"type": "Operating"}, "funds_in": 5, "bill": {"id": 1}, "date": "2026-02-20"}
    assert decode_receipt(raw) is not None
    assert decode_receipt({**raw, **changes}) is None


def test_r4_1_the_reference_is_cut_to_what_quickbooks_takes() -> None:
    raw = {
        "id": 1,
        "bank_account": {"type": "Operating"},
        "funds_in": 5,
        "bill": {"id": 1},
        "confirmation": "x\x00" * 30,
    }
    found = decode_receipt(raw)
    assert found is not None
    assert found.reference == "x" * 21


def test_r4_1_the_date_is_the_earliest_valid_allocations() -> None:
    parts = [
        allocation("1", 100, date=date(2026, 3, 3)),
        allocation("2", 100, date=date(2026, 3, 1), is_valid=False),
        allocation("3", 100, date=date(2026, 3, 2)),
        allocation("4", 100, date=None),
    ]
    plan = planned(paid(bill(), 300), allocations=parts)
    assert draft_of(plan, payment()).dated == date(2026, 3, 2)


def test_r4_1_a_payment_without_any_date_is_a_problem_and_its_bill_goes_on() -> None:
    plan = planned(paid(bill(), 1000), allocations=[allocation(date=None)])
    assert codes(plan) == [("date_missing", payment())]
    assert (Action.CREATE, invoice()) in steps(plan)


def test_r4_1_a_card_payment_on_its_way_is_not_posted_until_completed() -> None:
    card = allocation("1", 300, is_online=True)
    plan = planned(bill(pending=300), allocations=[card])
    assert [ref for _, ref in steps(plan)][1:] == [invoice()]
    done = planned(bill(balance=700), allocations=[card])
    assert draft_of(done, payment()).amount == 300


def test_r4_1_a_payment_that_takes_money_back_is_a_problem() -> None:
    plan = planned(bill(balance=1100), allocations=[allocation(amount=-100)])
    assert codes(plan) == [("total_mismatch", payment())]


# R4.2


def test_r4_2_one_payment_per_customer_with_one_line_per_invoice() -> None:
    bills = [paid(bill("1"), 1000), paid(bill("2", 500), 500), paid(bill("3", 200, contact_id="8"), 200)]
    parts = [allocation("1", 700, "1"), allocation("2", 500, "2"), allocation("3", 200, "3"), allocation("4", 300, "1")]
    plan = planned(*bills, allocations=parts)
    assert applied(plan, payment()) == {invoice("1"): 1000, invoice("2"): 500}
    assert applied(plan, payment("900", "8")) == {invoice("3"): 200}
    assert (draft_of(plan, payment()).amount, draft_of(plan, payment("900", "8")).amount) == (1500, 200)


def test_r4_2_what_is_over_stays_with_the_one_who_paid() -> None:
    bills = [paid(bill("1"), 1000), paid(bill("3", 200, contact_id="8"), 200)]
    parts = [allocation("1", 1000, "1", contact_id="8"), allocation("3", 200, "3", contact_id="8")]
    plan = planned(*bills, allocations=parts, receipts=[receipt(amount=1500, allocation_id="1")])
    assert draft_of(plan, payment("900", "7")).amount == 1000
    payer = draft_of(plan, payment("900", "8"))
    assert (payer.amount, payer.applied) == (500, 200)


def test_r4_2_more_than_the_invoice_is_worth_is_not_applied_to_it() -> None:
    plan = planned(bill(balance=-200), allocations=[allocation(amount=1200)])
    draft = draft_of(plan, payment())
    assert (draft.amount, draft.applied) == (1200, 1000)


# R4.3


def from_funds(id: str, amount: object, on: str, **changes: Any) -> Any:
    return allocation(id, amount, on, payment="950", source_type="Operating", date=date(2026, 3, 1), **changes)


def test_r4_3_operating_funds_are_no_new_cash_but_a_line_of_the_earlier_payment() -> None:
    bills = [paid(bill("1"), 1000), paid(bill("2", 200), 200)]
    parts = [allocation(), from_funds("2", 200, "2")]
    plan = planned(*bills, allocations=parts, receipts=[receipt(amount=1200, allocation_id="1")])
    assert [ref for _, ref in steps(plan) if ref.kind == "payment"] == [payment()]
    assert applied(plan, payment()) == {invoice("1"): 1000, invoice("2"): 200}


def test_r4_3_without_such_credit_a_person_has_to_look() -> None:
    bills = [paid(bill("1"), 1000), paid(bill("2", 200), 200)]
    parts = [allocation(), from_funds("2", 200, "2")]
    plan = planned(*bills, allocations=parts, receipts=[receipt(amount=1150, allocation_id="1")])
    assert codes(plan) == [("credit_missing", payment("950"))]
    assert "50.00" in plan.problems[0].message


def test_r4_3_another_customers_credit_is_not_taken() -> None:
    bills = [paid(bill("1"), 1000), paid(bill("2", 200, contact_id="8"), 200)]
    parts = [allocation(), from_funds("2", 200, "2", contact_id="8")]
    plan = planned(*bills, allocations=parts, receipts=[receipt(amount=1200, allocation_id="1")])
    assert codes(plan) == [("credit_missing", payment("950", "8"))]


def test_r4_3_money_for_an_earlier_bill_is_not_the_customers_to_spend() -> None:
    bills = [paid(bill("1"), 1000), bill("2", 500, issued_at=EARLIER), paid(bill("3", 200), 200)]
    parts = [allocation("1", 1000), allocation("2", 500, "2"), from_funds("3", 200, "3")]
    plan = planned(*bills, allocations=parts)
    assert ("credit_missing", payment("950")) in codes(plan)
    assert applied(plan, payment()) == {invoice("1"): 1000}


def test_r4_3_a_bill_that_waits_waits_for_its_credit_too() -> None:
    bills = [paid(bill("1"), 1000), paid(bill("2", 200, number=""), 200)]
    parts = [allocation(), from_funds("2", 200, "2")]
    plan = planned(*bills, allocations=parts, receipts=[receipt(amount=1200, allocation_id="1")])
    assert codes(plan) == [("number_missing", invoice("2"))]
    assert plan.waiting == (payment("950"),)
    assert applied(plan, payment()) == {invoice("1"): 1000}


# R4.4


def test_r4_4_the_account_is_that_of_the_clio_account_the_money_went_to() -> None:
    checking = Target("90", "Checking", "Checking")
    firm = policy()
    firm = policy(targets={**firm.targets, mapping.deposit_key("33"): checking})
    plan = plan_group(group([paid(bill(), 1000)], allocations=[allocation(destination_id="33")]), firm, Catalog())
    assert draft_of(plan, payment()).deposit == checking
    plan = plan_group(group([paid(bill(), 1000)], allocations=[allocation(destination_id="34")]), firm, Catalog())
    assert draft_of(plan, payment()).deposit == firm.targets[mapping.DEPOSIT]


def test_r4_4_without_any_mapping_it_is_quickbooks_own_undeposited_funds() -> None:
    ledger = Ledger()
    ledger.carry_out(group([paid(bill(), 1000)], allocations=[allocation()]), policy(without=[mapping.DEPOSIT]))
    assert "DepositToAccountRef" not in ledger.of(payment())


def test_r4_4_money_from_trust_goes_in_transit_never_to_the_bank_or_income() -> None:
    trust = allocation(source_type="Trust", destination_id="33")
    plan = planned(paid(bill(), 1000), allocations=[trust])
    accounts = {(p.account, p.debit, p.credit) for p in change_of(plan, payment()).postings()}
    assert accounts == {("Trust in transit", 1000, 0), ("Accounts Receivable", 0, 1000)}


def test_r4_4_money_from_trust_without_that_account_waits_for_the_mapping() -> None:
    bare = policy(without=[mapping.IN_TRANSIT])
    trust = group([paid(bill(), 1000)], allocations=[allocation(source_type="Trust")])
    plan = plan_group(trust, bare, Catalog())
    assert codes(plan) == [("mapping_missing", payment())]
    assert (Action.CREATE, invoice()) in steps(plan)
    ledger = Ledger()
    ledger.carry_out(trust, policy())
    assert codes(ledger.plan(trust, bare)) == []


# R4.5


def test_r4_5_a_payment_of_nothing_but_earlier_bills_is_not_posted() -> None:
    plan = planned(bill("2", 500, issued_at=EARLIER), allocations=[allocation(amount=500, bill="2")])
    assert (steps(plan), codes(plan), plan.waiting) == ([], [], ())


def test_r4_5_a_payment_of_a_trust_request_is_not_posted() -> None:
    plan = planned(bill(kind="trust_kind"), allocations=[allocation()])
    assert (steps(plan), codes(plan)) == ([], [])


def test_r4_5_an_earlier_bill_of_another_contact_adds_to_the_payers_open_credit() -> None:
    bills = [paid(bill("1"), 1000), bill("2", 500, contact_id="8", issued_at=EARLIER)]
    parts = [allocation("1", 1000), allocation("2", 500, "2")]
    plan = planned(*bills, allocations=parts)
    draft = draft_of(plan, payment())
    assert (draft.amount, draft.applied) == (1500, 1000)
    assert codes(plan) == [("payment_partly_outside", payment())]
    assert not [ref for _, ref in steps(plan) if ref.practice_id == "8"]


def test_r4_5_an_allocation_that_names_no_bill_stays_open() -> None:
    parts = [allocation("1", 1000), allocation("2", 50, "")]
    draft = draft_of(planned(paid(bill(), 1000), allocations=parts), payment())
    assert (draft.amount, draft.applied) == (1050, 1000)


def test_r4_5_lines_a_person_added_for_other_documents_stay_and_are_no_drift() -> None:
    ledger, parts = Ledger(), [allocation("1", 1000)]
    old = bill("2", 500, issued_at=EARLIER)
    whole = group([paid(bill(), 1000), old], allocations=[*parts, allocation("2", 500, "2")])
    ledger.carry_out(whole, policy())
    theirs = {"Amount": Decimal(500), "LinkedTxn": [{"TxnId": "9", "TxnType": "Invoice"}]}
    ledger.of(payment())["Line"].append(theirs)
    assert (steps(ledger.plan(whole, policy())), codes(ledger.plan(whole, policy()))) == (
        [],
        [("payment_partly_outside", payment())],
    )
    more = group(
        [paid(bill(), 1000), old],
        allocations=[
            allocation("1", 1000, date=PAID.replace(day=21)),
            allocation("2", 500, "2", date=PAID.replace(day=21)),
        ],
    )
    ledger.carry_out(more, policy())
    assert theirs in ledger.of(payment())["Line"]


def test_a_payment_is_marked_and_names_its_reference() -> None:
    ledger = Ledger()
    ledger.carry_out(
        group([paid(bill(), 1000)], allocations=[allocation()], receipts=[receipt(allocation_id="1")]), policy()
    )
    raw = ledger.of(payment())
    assert (raw["PaymentRefNum"], raw["PrivateNote"]) == ("CHK 12", "Clio payment 900/7 · acme")
