"""What a bill is worth and which lines say so (rules R3.1 to R3.4)."""

# An amount may be compared with a whole number.
# mypy: no-strict-equality

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from integrations.core import mapping
from integrations.kinds.catalog import Catalog
from integrations.kinds.group import LinkState
from integrations.kinds.invoice import Bill, Discount, LineItem, TotalMismatch, bill_amount, chosen_lines
from integrations.kinds.invoice_draft import InvoiceDraft, MappingMissing, bill_draft
from integrations.kinds.payment import PaymentDraft
from integrations.kinds.plan import plan_group
from tests.kinds.builders import (
    ISSUED,
    allocation,
    bill,
    change_of,
    charge,
    codes,
    customer,
    group,
    invoice,
    line,
    money,
    paid,
    policy,
    steps,
)
from tests.kinds.ledger import Ledger

LEDGER = Ledger(links={customer(): LinkState(customer(), "Customer", "55", "", "")})


def draft(what: Bill, lines: list[LineItem], **choices: Any) -> InvoiceDraft:
    return bill_draft(what, what.total, lines, policy(**choices))


def shown(found: InvoiceDraft) -> list[tuple[str, Decimal]]:
    """(item, amount) of each line; the item of a line of text is empty."""
    return [(item.target.name if item.target else "", item.amount) for item in found.lines]


def amount_of(what: Bill, *allocations: Any) -> Decimal:
    return bill_amount(what, allocations).whole


# R3.1


def test_r3_1_a_bill_whose_figures_contradict_each_other_is_not_posted_and_is_read_again() -> None:
    plan = plan_group(group([bill(balance=900)]), policy(), Catalog())
    assert [code for code, _ in codes(plan)] == ["total_mismatch"]
    assert plan.reread == {"1"}
    assert "900.00" in plan.problems[0].message
    assert "1,000.00" in plan.problems[0].message


def test_r3_1_the_amount_is_the_balance_and_what_was_paid_and_credited() -> None:
    credit = allocation("3", 100, payment="5", is_payment=False)
    assert amount_of(bill(balance=500), allocation(amount=400), credit) == 1000


def test_r3_1_a_voided_allocation_pays_nothing() -> None:
    assert amount_of(bill(), allocation(amount=400, is_valid=False)) == 1000


def test_r3_1_the_amount_may_be_due_or_total() -> None:
    assert amount_of(bill(balance=900, due=900, total=1000)) == 900
    assert amount_of(bill(balance=1000, due=900, total=1000)) == 1000


def test_r3_1_a_pending_card_payment_is_not_counted_twice() -> None:
    card = allocation("2", 300, is_online=True)
    found = bill_amount(bill(pending=300), [card])
    assert (found.whole, found.pending_ids) == (1000, {"2"})


def test_r3_1_of_several_card_payments_only_the_pending_one_is_on_its_way() -> None:
    done, on_its_way = allocation("2", 300, is_online=True), allocation("3", 200, is_online=True)
    found = bill_amount(bill(balance=700, pending=200), [done, on_its_way])
    assert (found.whole, found.pending_ids) == (1000, {"3"})


def test_r3_1_an_amount_below_zero_is_no_invoice() -> None:
    plan = plan_group(group([bill(amount=-5)]), policy(), Catalog())
    assert [code for code, _ in codes(plan)] == ["total_mismatch"]
    assert "below zero" in plan.problems[0].message


# R3.2


def test_r3_2_lines_that_add_up_in_no_way_are_a_mismatch() -> None:
    with pytest.raises(TotalMismatch, match="add up to"):
        chosen_lines(bill(), [line(amount=999)])


def test_r3_2_the_shown_lines_without_summaries_come_first() -> None:
    lines = [line("1", 1000), line("2", 1000, shown=False), line("3", 1000, type="SummaryLineItem")]
    assert [item.id for item in chosen_lines(bill(), lines)] == ["1"]


def test_r3_2_then_all_lines_without_summaries() -> None:
    lines = [line("1", 400, shown=False), line("2", 600, shown=False), line("3", 1000, type="SummaryLineItem")]
    assert [item.id for item in chosen_lines(bill(), lines)] == ["1", "2"]


def test_r3_2_then_the_shown_lines_with_their_summaries() -> None:
    lines = [line("1", 400), line("3", 600, type="SummaryLineItem")]
    assert [item.id for item in chosen_lines(bill(), lines)] == ["1", "3"]


def test_r3_2_a_bill_without_lines_and_amount_is_a_zero_invoice() -> None:
    assert shown(draft(bill(amount=0), [])) == [("Legal services", 0)]


def test_r3_2_lines_keep_the_order_of_the_bill() -> None:
    lines = [line("10", 200, ordering=2), line("9", 300, ordering=1), line("2", 500, date=date(2026, 1, 5), ordering=2)]
    assert [item.id for item in chosen_lines(bill(), lines)] == ["9", "2", "10"]


def test_r3_2_a_no_charge_line_is_text_only_whatever_figures_it_keeps() -> None:
    free = line("2", 250, type="NoChargeLineItem", description="Courtesy call", tax=20)
    found = draft(bill(), [line("1"), free])
    assert shown(found) == [("Legal services", 1000), ("", 0)]
    assert found.lines[1].description.endswith("Courtesy call")


@pytest.mark.parametrize(
    ("changes", "item"),
    [
        ({}, "Legal services"),
        ({"is_expense": True, "activity_type": "HardCostEntry"}, "Hard costs"),
        ({"is_expense": True, "activity_type": "SoftCostEntry"}, "Soft costs"),
        ({"is_expense": True, "activity_type": "SoftCostEntry", "category_id": "5"}, "Travel"),
        ({"is_expense": True, "activity_type": "HardCostEntry", "category_id": "6"}, "Hard costs"),
    ],
)
def test_r3_2_each_line_goes_to_the_mapped_item(changes: dict[str, Any], item: str) -> None:
    firm = policy()
    travel = mapping.Target("20", "Travel", "Travel")
    firm = replace(firm, targets={**firm.targets, mapping.category_key("5"): travel})
    found = bill_draft(bill(), money(1000), [line(**changes)], firm)
    assert shown(found) == [(item, 1000)]


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        (mapping.SERVICE, {}),
        (mapping.SOFT_COST, {"is_expense": True}),
        (mapping.HARD_COST, {"is_expense": True, "activity_type": "HardCostEntry"}),
    ],
)
def test_r3_6_a_line_without_a_mapping_is_missing_it(key: str, changes: dict[str, Any]) -> None:
    with pytest.raises(MappingMissing, match=key):
        bill_draft(bill(), money(1000), [line(**changes)], policy(without=[key]))


@pytest.mark.parametrize(
    ("quantity", "price", "sent"),
    [
        ("2", "500", ("2", "500")),
        ("0.5", "2000", ("0.5", "2000")),
        ("3", "333.33", ("1", "1000.00")),
        ("0.333", "3003.003", ("1", "1000.00")),
        ("0", "0", ("1", "1000.00")),
        ("-2", "-500", ("1", "1000.00")),
    ],
)
def test_r3_2_quantity_and_price_are_sent_only_where_they_make_the_amount(
    quantity: str, price: str, sent: tuple[str, str]
) -> None:
    found = draft(bill(), [line(quantity=Decimal(quantity), price=Decimal(price))])
    body: dict[str, Any] = found.encode(LEDGER, None)
    (row,) = body["Line"]
    detail = row["SalesItemLineDetail"]
    assert (detail["Qty"], detail["UnitPrice"]) == tuple(Decimal(part) for part in sent)


def test_r3_2_date_and_timekeeper_are_in_the_description() -> None:
    assert draft(bill(), [line()]).lines[0].description == "2026-02-02 · Bo Ek · Advice"
    bare = line(date=None, timekeeper="", description="")
    assert draft(bill(), [bare]).lines[0].description == "No description"


def test_r3_2_taxes_have_a_line_each_or_one_together() -> None:
    taxed = bill(total=1130, due=1130, balance=1130, tax=80, secondary_tax=50)
    lines = [line(tax=80, secondary_tax=50)]
    assert shown(draft(taxed, lines))[1:] == [("Tax", 80), ("Second tax", 50)]
    assert shown(draft(taxed, lines, aggregate_tax=True))[1:] == [("Tax", 130)]
    assert shown(draft(taxed, lines, without=[mapping.SECONDARY_TAX]))[1:] == [("Tax", 80), ("Tax", 50)]


def test_r3_2_a_discount_that_the_bill_does_not_explain_is_a_mismatch() -> None:
    with pytest.raises(TotalMismatch, match="discount does not explain"):
        draft(bill(total=900, discount=Discount(Decimal(5), is_percentage=True)), [line()])


@pytest.mark.parametrize(
    ("discount", "total", "expected"),
    [
        (Discount(Decimal(100)), 900, [("Discount", -100)]),
        (Discount(Decimal(10), is_percentage=True), 900, [("Discount", -100)]),
        (Discount(Decimal(10), is_percentage=True), "899.96", [("Discount", -100), ("Rounding", Decimal("-0.04"))]),
        (Discount(Decimal(10), is_percentage=True), 1000, []),
    ],
)
def test_r3_2_the_discount_is_a_line_of_its_own_unless_the_lines_are_net(
    discount: Discount, total: object, expected: list[tuple[str, Any]]
) -> None:
    assert shown(draft(bill(total=total, discount=discount), [line()]))[1:] == expected


def test_r3_2_a_discount_on_services_leaves_expenses_alone() -> None:
    half = Discount(Decimal(50), is_percentage=True, services_only=True)
    lines = [line("1", 600), line("2", 400, is_expense=True)]
    assert shown(draft(bill(total=700, discount=half), lines))[2:] == [("Discount", -300)]


def test_r3_2_no_more_is_discounted_than_there_is() -> None:
    assert shown(draft(bill(total=0, discount=Discount(Decimal(5000))), [line()]))[1:] == [("Discount", -1000)]


@pytest.mark.parametrize(("total", "rounding"), [("1000.05", "0.05"), ("999.95", "-0.05")])
def test_r3_2_a_remainder_up_to_five_cents_is_a_visible_line(total: str, rounding: str) -> None:
    assert shown(draft(bill(total=total), [line()]))[1:] == [("Rounding", Decimal(rounding))]


@pytest.mark.parametrize("total", ["1000.06", "999.94"])
def test_r3_2_more_than_five_cents_is_a_mismatch(total: str) -> None:
    with pytest.raises(TotalMismatch):
        draft(bill(total=total), [line()])


def test_r3_2_negative_lines_are_posted_as_they_stand() -> None:
    found = draft(bill(), [line("1", 1200), line("2", -200)])
    assert shown(found) == [("Legal services", 1200), ("Legal services", -200)]


# R3.3


def test_r3_3_us_lines_carry_the_code_that_adds_no_tax() -> None:
    ledger = Ledger()
    taxed = bill(total=1080, due=1080, balance=1080, tax=80)
    ledger.carry_out(group([taxed], lines=[line(tax=80)]), policy())
    (raw,) = ledger.invoices()
    assert "GlobalTaxCalculation" not in raw
    assert [row["SalesItemLineDetail"]["TaxCodeRef"]["value"] for row in raw["Line"]] == ["NON", "NON"]


def test_r3_3_elsewhere_tax_is_not_applicable_and_no_line_has_a_code() -> None:
    ledger = Ledger()
    ledger.carry_out(group([bill(currency="GBP")]), policy(country="GB", currency="GBP"))
    (raw,) = ledger.invoices()
    assert raw["GlobalTaxCalculation"] == "NotApplicable"
    assert not any("TaxCodeRef" in row["SalesItemLineDetail"] for row in raw["Line"])


# R3.4


def with_interest(**changes: Any) -> Bill:
    return bill(**{"total": 1030, "due": 1030, "balance": 1030, "sub_total": 1000, **changes})


def test_r3_4_interest_is_one_invoice_per_charge() -> None:
    charges = [charge("12", 20, on=date(2026, 4, 1)), charge("11", 10, on=date(2026, 3, 1))]
    ledger = Ledger()
    assert codes(ledger.carry_out(group([with_interest()], charges=charges), policy())) == []
    assert [(raw["DocNumber"], raw["TxnDate"], raw["TotalAmt"]) for raw in ledger.invoices()] == [
        ("101", "2026-02-02", 1000),
        ("101-I1", "2026-03-01", 10),
        ("101-I2", "2026-04-01", 20),
    ]
    assert ledger.of(invoice(leg="interest-11"))["Line"][0]["SalesItemLineDetail"]["ItemRef"] == {"value": "16"}


def test_r3_4_a_removed_charge_is_voided_and_the_others_keep_their_numbers() -> None:
    charges, ledger = [charge("11", 10), charge("12", 20)], Ledger()
    ledger.carry_out(group([with_interest()], charges=charges), policy())
    less = with_interest(total=1020, due=1020, balance=1020)
    plan = ledger.carry_out(group([less], charges=charges, gone_charges=frozenset({"11"})), policy())
    assert [ref for _, ref in steps(plan)] == [invoice(leg="interest-11")]
    assert ledger.of(invoice(leg="interest-12"))["DocNumber"] == "101-I2"


def test_r3_4_an_interest_bill_is_an_ordinary_invoice_and_its_charge_is_not_posted_again() -> None:
    plan = plan_group(group([bill(is_interest_bill=True)], charges=[charge(amount=1000)]), policy(), Catalog())
    assert [ref for _, ref in steps(plan)][1:] == [invoice()]


def test_r3_4_allocations_of_interest_pay_the_interest_invoices_oldest_first() -> None:
    charges = [charge("11", 10), charge("12", 20)]
    parts = [
        allocation("1", 15, is_interest=True),
        allocation("2", 500),
        allocation("3", 5, payment="901", is_interest=True),
    ]
    plan = plan_group(group([paid(with_interest(), 520)], charges=charges, allocations=parts), policy(), Catalog())
    legs = [invoice(), invoice(leg="interest-11"), invoice(leg="interest-12")]
    lines = {c.ref.practice_id: c.draft.lines for c in plan.changes if isinstance(c.draft, PaymentDraft)}
    assert {p.invoice: p.amount for p in lines["900"]} == dict(zip(legs, (500, 10, 5), strict=True))
    assert {p.invoice: p.amount for p in lines["901"]} == {legs[2]: 5}


def test_r3_4_what_the_bills_own_invoice_has_no_room_for_pays_its_interest() -> None:
    ledger = Ledger()
    whole = group([paid(with_interest(), 1030)], charges=[charge("11", 30)], allocations=[allocation("1", 1030)])
    ledger.carry_out(whole, policy())
    assert [raw["Balance"] for raw in ledger.invoices()] == [0, 0]


def test_r3_4_interest_without_a_mapping_keeps_the_bill_back() -> None:
    firm = policy(without=[mapping.INTEREST])
    plan = plan_group(group([with_interest()], charges=[charge("11", 30)]), firm, Catalog())
    assert codes(plan) == [("mapping_missing", invoice())]
    assert "interest" in plan.problems[0].message


def test_r3_4_a_charge_below_zero_is_a_mismatch() -> None:
    less = bill(total=990, due=990, balance=990, sub_total=1000)
    plan = plan_group(group([less], charges=[charge(amount=-10)]), policy(), Catalog())
    assert codes(plan) == [("total_mismatch", invoice())]


def test_r3_4_an_interest_number_counts_towards_the_limit() -> None:
    plan = plan_group(group([with_interest(number="1" * 20)], charges=[charge("11", 30)]), policy(), Catalog())
    assert codes(plan) == [("number_too_long", invoice(leg="interest-11"))]
    assert change_of(plan, invoice()).title == "Bill " + "1" * 20


def test_a_draft_is_dated_as_clio_says() -> None:
    found = draft(bill(due_at=date(2026, 3, 4)), [line()])
    body = found.encode(LEDGER, None)
    assert (body["TxnDate"], body["DueDate"]) == (ISSUED.isoformat(), "2026-03-04")
