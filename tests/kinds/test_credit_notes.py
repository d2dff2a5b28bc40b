"""R5: a credit note becomes a credit memo and its application; every sentence of the rule without a database."""

# An amount may be compared with a whole number.
# mypy: no-strict-equality

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from integrations.core import mapping
from integrations.core.changes import Action
from integrations.core.mapping import Target
from integrations.kinds.credit_note import credit_number
from integrations.kinds.group import Group
from integrations.kinds.invoice import Bill, Discount
from tests.kinds.builders import (
    ISSUED,
    PAID,
    allocation,
    application,
    bill,
    change_of,
    charge,
    codes,
    contact,
    credit,
    credit_memo,
    customer,
    group,
    invoice,
    line,
    memo,
    paid,
    payment,
    policy,
    steps,
)
from tests.kinds.ledger import Ledger

OWN_ITEM = Target("90", "Courtesy", "Courtesies given")


def taxed() -> Bill:
    return bill(amount=1080, sub_total=1000, tax=80)


def credited(what: Bill | None = None, amount: object = 100, **changes: object) -> Group:
    """A bill of 1,000, or ``what``, with a credit note of 100 on it."""
    whole = what or bill()
    return group([paid(whole, amount)], allocations=[credit(amount=amount)], memos=[memo(amount=amount, **changes)])


def lines_of(ledger: Ledger) -> list[tuple[str, Decimal]]:
    """(item, amount) of the one credit memo."""
    (raw,) = ledger.credit_memos()
    return [(row["SalesItemLineDetail"]["ItemRef"]["value"], row["Amount"]) for row in raw["Line"]]


def applied(ledger: Ledger, note: str = "77") -> list[tuple[str, str, Decimal]]:
    raw = ledger.of(application(note))
    return [(row["LinkedTxn"][0]["TxnType"], row["LinkedTxn"][0]["TxnId"], row["Amount"]) for row in raw["Line"]]


# The two documents


def test_r5_a_credit_note_is_a_credit_memo_and_a_payment_of_nothing_that_applies_it() -> None:
    ledger = Ledger()
    plan = ledger.carry_out(credited(), policy())
    assert steps(plan) == [
        (Action.CREATE, customer()),
        (Action.CREATE, invoice()),
        (Action.CREATE, credit_memo()),
        (Action.CREATE, application()),
    ]
    raw, zero = ledger.of(credit_memo()), ledger.of(application())
    assert (raw["DocNumber"], raw["TxnDate"], raw["TotalAmt"], raw["Balance"]) == ("CN-77", str(PAID), 100, 0)
    assert raw["PrivateNote"] == "Goodwill\nClio credit_note 77 · acme"
    assert (zero["TotalAmt"], zero["TxnDate"], zero["PrivateNote"]) == (
        0,
        str(PAID),
        "Clio credit_note 77/apply · acme",
    )
    memo_id, invoice_id = ledger.ledger_id(credit_memo()), ledger.ledger_id(invoice())
    assert applied(ledger) == [("CreditMemo", memo_id, 100), ("Invoice", invoice_id, 100)]
    assert ledger.of(invoice())["Balance"] == 900


def test_r5_a_second_plan_is_empty() -> None:
    ledger = Ledger()
    ledger.carry_out(credited(), policy())
    left = ledger.plan(credited(), policy())
    assert (steps(left), codes(left), left.waiting) == ([], [], ())


def test_r5_its_postings_take_back_income_and_the_application_posts_nothing() -> None:
    plan = Ledger().plan(credited(), policy())
    assert [(p.account, p.debit, p.credit) for p in change_of(plan, credit_memo()).postings()] == [
        ("Legal fees", 100, 0),
        ("Accounts Receivable", 0, 100),
    ]
    assert change_of(plan, application()).postings() == ()


def test_r5_the_date_is_the_memos_and_where_the_list_cannot_be_read_the_allocations() -> None:
    ledger, other = Ledger(), Ledger()
    ledger.carry_out(credited(date=date(2026, 2, 25)), policy())
    assert ledger.of(credit_memo())["TxnDate"] == ledger.of(application())["TxnDate"] == "2026-02-25"
    other.carry_out(group([paid(bill(), 100)], allocations=[credit()]), policy())
    assert other.of(credit_memo())["TxnDate"] == str(PAID)


def test_r5_a_note_and_a_payment_of_the_same_id_are_two_things() -> None:
    """Clio counts payments and credit memos apart."""
    ledger = Ledger()
    both = [allocation(amount=400, payment="77"), credit(note="77")]
    ledger.carry_out(group([paid(bill(), 500)], allocations=both, memos=[memo()]), policy())
    assert ledger.of(payment("77"))["TotalAmt"] == 400
    assert ledger.of(credit_memo("77"))["TotalAmt"] == 100
    assert ledger.of(invoice())["Balance"] == 500


def test_r5_outside_the_us_no_tax_is_counted() -> None:
    ledger = Ledger()
    ledger.carry_out(credited(), policy(country="GB"))
    raw = ledger.of(credit_memo())
    assert raw["GlobalTaxCalculation"] == "NotApplicable"
    assert "TaxCodeRef" not in raw["Line"][0]["SalesItemLineDetail"]


# The split


def test_r5_the_split_is_over_items_and_tax_in_proportion_worked_example() -> None:
    """Bill 1,000 + 80 tax, credit note 108: income −100, tax payable −8."""
    ledger = Ledger()
    ledger.carry_out(credited(taxed(), 108), policy())
    assert lines_of(ledger) == [("10", 100), ("13", 8)]
    assert ledger.balances() == {"Accounts Receivable": 972, "Legal fees": -900, "Tax payable": -72}


def test_r5_a_discount_on_the_bill_comes_off_its_items_not_off_its_tax() -> None:
    discounted = bill(amount=972, sub_total=1000, tax=72, discount=Discount(Decimal(10), is_percentage=True))
    ledger, drawn = Ledger(), [line(amount=1000, tax=72)]
    ledger.carry_out(group([paid(discounted, 108)], lines=drawn, allocations=[credit(amount=108)]), policy())
    assert lines_of(ledger) == [("10", 100), ("13", 8)]


def test_r5_a_discount_on_services_only_comes_off_them_alone() -> None:
    off = Discount(Decimal(100), services_only=True)
    discounted = bill(amount=400, sub_total=500, services_sub_total=300, discount=off)
    drawn = [line("1", 300), line("2", 200, is_expense=True)]
    ledger = Ledger()
    ledger.carry_out(group([paid(discounted, 40)], lines=drawn, allocations=[credit(amount=40)]), policy())
    assert lines_of(ledger) == [("10", 20), ("12", 20)]


def test_r5_the_split_is_to_the_cent_by_largest_remainder() -> None:
    mixed = [line("1", "10.00"), line("2", "10.00", is_expense=True), line("3", "10.00", is_expense=True)]
    mixed[2] = replace(mixed[2], activity_type="HardCostEntry")
    ledger = Ledger()
    ledger.carry_out(group([paid(bill(amount=30), 10)], lines=mixed, allocations=[credit(amount=10)]), policy())
    assert lines_of(ledger) == [("10", Decimal("3.34")), ("12", Decimal("3.33")), ("11", Decimal("3.33"))]


def test_r5_a_credit_of_the_whole_bill_takes_back_exactly_the_bill() -> None:
    ledger = Ledger()
    ledger.carry_out(credited(taxed(), 1080), policy())
    assert ledger.balances() == {}


@pytest.mark.parametrize(("is_discount", "default"), [(False, "courtesy"), (True, "discount"), (False, "bad_debt")])
def test_r5_one_item_by_purpose_where_the_firm_chose_one(is_discount: bool, default: str) -> None:
    """Clio tells a discount; for the others the firm says what its credit notes usually are."""
    usual = default if not is_discount else "courtesy"
    chosen = policy(credit_purpose=usual)
    chosen = replace(chosen, targets={**chosen.targets, mapping.credit_key(default): OWN_ITEM})
    ledger = Ledger()
    ledger.carry_out(credited(taxed(), 108, is_discount=is_discount), chosen)
    assert lines_of(ledger) == [("90", 108)]


def test_r5_an_item_of_another_purpose_changes_nothing() -> None:
    chosen = policy()
    chosen = replace(chosen, targets={**chosen.targets, mapping.credit_key("bad_debt"): OWN_ITEM})
    ledger = Ledger()
    ledger.carry_out(credited(), chosen)
    assert lines_of(ledger) == [("10", 100)]


def test_r5_a_new_mapping_or_usual_purpose_rewrites_nothing() -> None:
    ledger = Ledger()
    ledger.carry_out(credited(taxed(), 108), policy())
    chosen = policy(credit_purpose="bad_debt", aggregate_tax=True)
    chosen = replace(chosen, targets={**chosen.targets, mapping.credit_key("bad_debt"): OWN_ITEM})
    assert steps(ledger.plan(credited(taxed(), 108), chosen)) == []


def test_r5_a_chosen_item_that_no_longer_serves_is_said_and_nothing_else_takes_its_place() -> None:
    plan = Ledger().plan(credited(), policy(broken=(mapping.credit_key("courtesy"),)))
    assert codes(plan) == [("mapping_missing", credit_memo())]
    assert [ref for _, ref in steps(plan)] == [customer(), invoice()]


def test_r5_two_notes_on_one_bill_are_two_memos() -> None:
    ledger, both = Ledger(), [credit("c1", 100, note="77"), credit("c2", 50, note="78")]
    ledger.carry_out(group([paid(bill(), 150)], allocations=both), policy())
    assert ledger.of(invoice())["Balance"] == 850
    assert [raw["DocNumber"] for raw in ledger.credit_memos()] == ["CN-77", "CN-78"]


def test_r5_interest_allocations_reduce_the_interest_invoice_and_its_income() -> None:
    late = bill(total=1010, due=1010, balance=900)
    both = [credit("c1", 100), credit("c2", 10, is_interest=True)]
    ledger = Ledger()
    ledger.carry_out(group([late], allocations=both, charges=[charge()]), policy())
    assert lines_of(ledger) == [("10", 100), ("16", 10)]
    assert [ledger.of(ref)["Balance"] for ref in (invoice(), invoice("1", "interest-1"))] == [900, 0]


# Bills that are not posted


def test_r5_a_note_on_nothing_but_earlier_bills_is_not_posted() -> None:
    earlier = bill(issued_at=date(2025, 12, 1))
    plan = Ledger().plan(credited(earlier), policy())
    assert (steps(plan), codes(plan), plan.waiting) == ([], [], ())


def test_r5_a_note_on_an_earlier_bill_as_well_is_posted_for_its_part_and_said() -> None:
    """Unlike cash, a credit is not received as a whole: the earlier bill's part would be a second reduction."""
    earlier = bill("2", 500, issued_at=date(2025, 11, 3), balance=450)
    both = [credit("c1", 100, "1"), credit("c2", 50, "2")]
    ledger = Ledger()
    plan = ledger.carry_out(group([paid(bill(), 100), earlier], allocations=both, memos=[memo(amount=150)]), policy())
    assert (ledger.of(credit_memo())["TotalAmt"], ledger.of(credit_memo())["Balance"]) == (100, 0)
    assert codes(plan) == [("credit_partly_outside", credit_memo())]
    assert not plan.problems[0].blocks
    assert "50.00 of credit note CN-77 (150.00)" in plan.problems[0].message


def test_r5_a_note_on_a_draft_is_not_posted() -> None:
    plan = Ledger().plan(credited(bill(state="draft")), policy())
    assert (steps(plan), plan.waiting) == ([], ())


def test_r5_on_a_bill_that_is_a_draft_again_a_posted_note_stays_as_it_is() -> None:
    ledger = Ledger()
    ledger.carry_out(credited(), policy())
    plan = ledger.plan(group([bill(state="draft")], allocations=[credit()], memos=[memo()]), policy())
    assert (steps(plan), codes(plan)) == ([], [("bill_in_draft", invoice())])
    assert {credit_memo(), application()} <= set(plan.unchanged)


def test_r5_a_new_note_on_a_bill_that_is_a_draft_again_waits() -> None:
    ledger = Ledger()
    ledger.carry_out(group([bill()]), policy())
    plan = ledger.plan(group([bill(state="draft")], allocations=[credit()], memos=[memo()]), policy())
    assert (steps(plan), plan.waiting) == ([], (credit_memo(),))


def test_r5_the_customer_is_the_bills_whoever_the_note_names() -> None:
    """An application in QuickBooks is within one customer."""
    ledger = Ledger()
    of_another = credit(contact_id="8")
    ledger.carry_out(group([paid(bill(), 100)], allocations=[of_another], memos=[memo()]), policy())
    assert ledger.of(credit_memo())["CustomerRef"] == ledger.of(invoice())["CustomerRef"]


def test_r5_a_note_on_bills_of_two_clients_is_an_issue() -> None:
    two = [paid(bill("1"), 100), paid(bill("2", contact_id="8"), 50)]
    people = [contact("7"), contact("8", "Bo Ek", email="bo@example.com")]
    both = [credit("c1", 100, "1"), credit("c2", 50, "2")]
    plan = Ledger().plan(group(two, contacts=people, allocations=both, memos=[memo(amount=150)]), policy())
    assert codes(plan) == [("credit_of_several", credit_memo())]
    assert "101, 102" in plan.problems[0].message


def test_r5_a_note_on_a_bill_that_does_not_add_up_waits_and_a_posted_one_stays() -> None:
    wrong = replace(paid(bill(), 100), total=Decimal(999), due=Decimal(999))
    ledger = Ledger()
    plan = ledger.plan(group([wrong], allocations=[credit()]), policy())
    assert (codes(plan), plan.waiting) == ([("total_mismatch", invoice())], (credit_memo(),))
    ledger.carry_out(credited(), policy())
    plan = ledger.plan(group([wrong], allocations=[credit()]), policy())
    assert steps(plan) == []
    assert set(plan.waiting) == {credit_memo(), application()}


def test_r5_a_note_on_a_bill_that_clio_hides_stays_as_it_is() -> None:
    ledger = Ledger()
    ledger.carry_out(credited(), policy())
    hidden = replace(credited(), bills={}, unreadable_bills={"1": "Clio hides this bill from the user"})
    plan = ledger.plan(hidden, policy())
    assert (steps(plan), codes(plan)) == ([], [("permission_lost", invoice())])


@pytest.mark.parametrize("amount", [0, -5])
def test_r5_a_note_of_nothing_or_less_is_an_issue(amount: int) -> None:
    plan = Ledger().plan(group([paid(bill(), amount)], allocations=[credit(amount=amount)]), policy())
    assert codes(plan) == [("total_mismatch", credit_memo())]


def test_r5_a_note_without_a_date_is_an_issue() -> None:
    plan = Ledger().plan(group([paid(bill(), 100)], allocations=[credit(date=None)]), policy())
    assert codes(plan) == [("date_missing", credit_memo())]


# Numbers, settings, periods


def test_r5_a_number_that_is_taken_is_an_issue_of_the_note_and_the_bill_is_posted() -> None:
    ledger = Ledger()
    plan = ledger.plan(group([bill("2", number="CN-77"), paid(bill(), 100)], allocations=[credit()]), policy())
    assert codes(plan) == [("duplicate_number", credit_memo())]
    assert "another bill in Clio" in plan.problems[0].message


def test_r5_a_number_longer_than_quickbooks_takes_is_an_issue() -> None:
    long = "9" * 19
    plan = Ledger().plan(group([paid(bill(), 100)], allocations=[credit(note=long)]), policy())
    assert codes(plan) == [("number_too_long", credit_memo(long))]
    assert len(credit_number("9" * 18)) == 21


def test_r9_1_without_custom_numbers_credit_memos_wait_as_well() -> None:
    ledger = Ledger()
    ledger.carry_out(group([bill()]), policy())
    plan = ledger.plan(credited(), policy(numbering_on=False))
    assert (steps(plan), plan.waiting) == ([], (credit_memo(),))


def test_r5_a_note_dated_in_closed_books_is_an_issue() -> None:
    ledger = Ledger()
    ledger.carry_out(group([bill()]), policy())
    plan = ledger.plan(credited(), policy(close_date=PAID))
    assert codes(plan) == [("period_closed", credit_memo())]
    assert steps(plan) == []


def test_r5_the_invoice_first_a_note_on_one_that_cannot_be_posted_waits() -> None:
    plan = Ledger().plan(credited(replace(bill(), currency="EUR")), policy())
    assert (codes(plan), plan.waiting) == ([("currency_mismatch", invoice())], (credit_memo(),))


# Never beyond the open balance


def test_r5_what_somebody_else_paid_leaves_less_to_credit_and_the_rest_stays_open() -> None:
    ledger = Ledger()
    ledger.carry_out(group([bill()]), policy())
    ledger.by_hand("Payment", 950, {"Invoice": {ledger.ledger_id(invoice()): 950}}, customer())
    plan = ledger.carry_out(credited(), policy())
    assert applied(ledger)[1][2] == 50
    assert ledger.of(credit_memo())["Balance"] == 50
    assert codes(plan) == [("credit_left_open", application()), ("payment_only_in_quickbooks", invoice())]
    assert "50.00 of credit note CN-77 stays" in plan.problems[0].message


def test_r5_a_payment_in_the_same_plan_counts() -> None:
    ledger, both = Ledger(), [allocation(amount=900), credit()]
    ledger.carry_out(group([paid(bill(), 1000)], allocations=both, memos=[memo()]), policy())
    assert ledger.of(invoice())["Balance"] == 0


def test_r5_once_the_other_payment_is_taken_off_the_rest_is_applied() -> None:
    ledger = Ledger()
    ledger.carry_out(group([bill()]), policy())
    other = ledger.by_hand("Payment", 950, {"Invoice": {ledger.ledger_id(invoice()): 950}}, customer())
    ledger.carry_out(credited(), policy())
    ledger.take_off(other)
    plan = ledger.carry_out(credited(), policy())
    assert (steps(plan), codes(plan)) == ([(Action.UPDATE, application())], [])
    assert ledger.of(credit_memo())["Balance"] == 0


def test_r3_1_the_invoice_is_worth_what_the_client_was_ever_to_pay() -> None:
    ledger = Ledger()
    ledger.carry_out(credited(), policy())
    assert (ledger.of(invoice())["TotalAmt"], ledger.of(invoice())["TxnDate"]) == (1000, str(ISSUED))
