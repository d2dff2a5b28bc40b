"""Numbers, changes and voids of invoices (rules R3.5 to R3.8, R9.1)."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from integrations.core.changes import Action, Decision
from integrations.core.mapping import SERVICE
from integrations.core.match import Exact
from integrations.kinds.catalog import Catalog
from integrations.kinds.contact import decode_customer
from integrations.kinds.plan import plan_group
from tests.kinds.builders import (
    allocation,
    bill,
    change_of,
    charge,
    codes,
    contact,
    customer,
    group,
    invoice,
    line,
    paid,
    payment,
    policy,
    steps,
)
from tests.kinds.ledger import Ledger
from tests.kinds.shelf import Shelf

CLOSED = policy(close_date=date(2026, 2, 28))


def posted(*bills: Any, **parts: Any) -> Ledger:
    ledger = Ledger()
    ledger.carry_out(group(list(bills) or [bill()], **parts), policy())
    return ledger


# R3.5


@pytest.mark.parametrize("entity", ["Invoice", "CreditMemo", "SalesReceipt", "Estimate", "RefundReceipt"])
def test_r3_5_a_number_any_sales_form_has_is_a_duplicate_that_names_both(entity: str) -> None:
    shelf = Shelf(numbers=[(" 101 ", (entity, "77"))])
    plan = plan_group(group([bill()]), policy(), shelf.catalog())
    assert (steps(plan), codes(plan)) == ([(Action.CREATE, customer())], [("duplicate_number", invoice())])
    assert plan.problems[0].details["holder_id"] == "77"
    words = {"CreditMemo": "credit memo", "SalesReceipt": "sales receipt", "RefundReceipt": "refund receipt"}
    said = words.get(entity, entity.lower())
    assert f"{said} in QuickBooks." in plan.problems[0].message


def test_r3_5_two_bills_of_one_number_are_not_both_posted() -> None:
    plan = plan_group(group([bill("1", number="5"), bill("2", number="5")]), policy(), Catalog())
    assert codes(plan) == [("duplicate_number", invoice("2"))]
    said = "another bill in Clio of 1,000.00 for Ann Lee dated 2 Feb 2026, which is posted under it."
    assert said in plan.problems[0].message


def test_r3_5_a_bill_of_another_client_that_has_the_number_is_named_by_its_id() -> None:
    shelf = Shelf(numbers=[("101", ("Invoice", "77"))], linked={("Invoice", "77"): invoice("9")})
    plan = plan_group(group([bill()]), policy(), shelf.catalog())
    assert "another bill in Clio, which is posted under it." in plan.problems[0].message


def test_r3_5_numbers_are_compared_without_case() -> None:
    plan = plan_group(group([bill("1", number="A-5"), bill("2", number="a-5")]), policy(), Catalog())
    assert codes(plan) == [("duplicate_number", invoice("2"))]


def test_r3_5_a_number_that_a_renumbered_bill_is_about_to_take_is_taken() -> None:
    ledger = posted(bill("1"))
    plan = ledger.plan(group([bill("1", number="102"), bill("2", number="102")]), policy())
    assert steps(plan) == [(Action.UPDATE, invoice("1"))]
    assert codes(plan) == [("duplicate_number", invoice("2"))]


@pytest.mark.parametrize(("number", "code"), [("", "number_missing"), ("1" * 22, "number_too_long")])
def test_r3_5_a_number_quickbooks_cannot_take_is_a_problem_never_cut(number: str, code: str) -> None:
    plan = plan_group(group([bill(number=number)]), policy(), Catalog())
    assert codes(plan) == [(code, invoice())]


def test_r3_5_a_bill_without_a_number_does_not_post_its_interest_either() -> None:
    whole = bill(number="", total=1010, due=1010, balance=1010)
    plan = plan_group(group([whole], charges=[charge()]), policy(), Catalog())
    assert codes(plan) == [("number_missing", invoice()), ("number_missing", invoice(leg="interest-1"))]


def test_r3_5_twenty_one_characters_are_sent_unchanged() -> None:
    ledger = posted(bill(number="1" * 21))
    assert ledger.of(invoice())["DocNumber"] == "1" * 21


THEIRS = {"Id": "77", "DocNumber": "101", "CustomerRef": {"value": "5"}, "TxnDate": "2026-02-02", "TotalAmt": "1000.00"}


def with_theirs(**changes: Any) -> Catalog:
    ann = decode_customer({"Id": "5", "DisplayName": "Ann Lee"})
    catalog = Shelf(people={"5": ann}, numbers=[("101", ("Invoice", "77"))]).catalog()
    catalog.invoices = {"77": {**THEIRS, **changes}}
    return catalog


@pytest.mark.parametrize(
    "changes",
    [{"CustomerRef": {"value": "6"}}, {"TxnDate": "2026-02-03"}, {"TotalAmt": "999.99"}, {"CustomerRef": None}],
)
def test_r3_5_an_invoice_that_differs_in_anything_is_a_duplicate(changes: dict[str, Any]) -> None:
    plan = plan_group(group([bill()], matches={"7": Exact("5")}), policy(), with_theirs(**changes))
    assert codes(plan) == [("duplicate_number", invoice())]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "an invoice of 2,186.21 for Ann Lee dated 2 Feb 2026 in QuickBooks."),
        (
            {"CustomerRef": {"value": "6", "name": "Karin Stein"}},
            "an invoice of 2,186.21 for Karin Stein dated 2 Feb 2026 in QuickBooks.",
        ),
        ({"CustomerRef": {"value": "6"}}, "an invoice of 2,186.21 dated 2 Feb 2026 in QuickBooks."),
        ({"TxnDate": None}, "an invoice of 2,186.21 for Ann Lee in QuickBooks."),
        ({"TotalAmt": "a lot"}, "an invoice in QuickBooks."),
        ({"TxnDate": "soon"}, "an invoice in QuickBooks."),
    ],
)
def test_r3_5_the_invoice_that_has_the_number_is_told_as_people_know_it(changes: dict[str, Any], said: str) -> None:
    theirs = with_theirs(**{"TotalAmt": "2186.21", **changes})
    (found,) = plan_group(group([bill()], matches={"7": Exact("5")}), policy(), theirs).problems
    assert (found.code, found.details["holder_id"]) == ("duplicate_number", "77")
    assert f"Number 101 already belongs to {said}" in found.message


def test_r3_5_the_very_same_invoice_is_offered_and_adopted_only_after_a_yes() -> None:
    matches = {"7": Exact("5")}
    asked = plan_group(group([bill()], matches=matches), policy(), with_theirs())
    assert codes(asked) == [("invoice_exists", invoice())]
    assert (Action.ADOPT, invoice()) not in steps(asked)
    yes = {(invoice(), "invoice_exists"): Decision("adopt")}
    plan = plan_group(group([bill()], matches=matches, decisions=yes), policy(), with_theirs())
    assert steps(plan) == [(Action.ADOPT, customer()), (Action.ADOPT, invoice())]


# R3.6


def test_r3_6_another_currency_is_refused_and_the_neighbours_go_on() -> None:
    plan = plan_group(group([bill("1", currency="EUR"), bill("2")]), policy(), Catalog())
    assert codes(plan) == [("currency_mismatch", invoice("1"))]
    assert (Action.CREATE, invoice("2")) in steps(plan)


def test_r3_6_a_line_without_a_mapping_waits_and_the_neighbours_go_on() -> None:
    bills = [bill("1"), bill("2")]
    lines = [line("1", 1000, "1"), line("2", 1000, "2", is_expense=True)]
    plan = plan_group(group(bills, lines=lines), policy(without=[SERVICE]), Catalog())
    assert codes(plan) == [("mapping_missing", invoice("1"))]
    assert (Action.CREATE, invoice("2")) in steps(plan)


def test_r3_6_a_mapping_that_changes_rewrites_nothing() -> None:
    firm = policy()
    moved = replace(firm, targets={**firm.targets, SERVICE: replace(firm.targets[SERVICE], ledger_id="99")})
    assert steps(posted().plan(group([bill()]), moved)) == []


# R3.7


@pytest.mark.parametrize(
    "changes", [{"number": "777"}, {"issued_at": date(2026, 2, 9)}, {"due_at": date(2026, 4, 1)}, {"amount": 1200}]
)
def test_r3_7_an_edited_bill_is_the_same_invoice_in_place(changes: dict[str, Any]) -> None:
    ledger = posted()
    before = ledger.of(invoice())["Id"]
    plan = ledger.carry_out(group([bill(**changes)]), policy())
    assert steps(plan) == [(Action.UPDATE, invoice())]
    assert ledger.of(invoice())["Id"] == before
    assert len(ledger.invoices()) == 1


def test_r3_7_lines_are_replaced_whole_and_other_header_members_are_not_sent() -> None:
    ledger = posted()
    ledger.of(invoice())["SalesTermRef"] = {"value": "3"}
    ledger.carry_out(group([bill()], lines=[line("1", 400), line("2", 600)]), policy())
    _, body = ledger.bodies[-1]
    assert len(ledger.of(invoice())["Line"]) == 2
    assert body["sparse"] is True
    assert "SalesTermRef" not in body


def test_r3_7_a_persons_note_stays_above_the_mark() -> None:
    ledger = posted()
    ledger.of(invoice())["PrivateNote"] = "Disputed\nClio invoice 1 · acme"
    ledger.carry_out(group([bill(amount=900)]), policy())
    assert ledger.of(invoice())["PrivateNote"] == "Disputed\nClio invoice 1 · acme"


def test_r3_7_another_client_in_clio_moves_the_invoice_after_its_payment_let_go() -> None:
    ledger = posted(paid(bill(), 1000), allocations=[allocation()])
    moved = group([paid(bill(contact_id="8"), 1000)], allocations=[allocation()], contacts=[_other()])
    plan = ledger.carry_out(moved, policy())
    assert steps(plan) == [
        (Action.CREATE, customer("8")),
        (Action.VOID, payment()),
        (Action.UPDATE, invoice()),
        (Action.CREATE, payment("900", "8")),
    ]
    assert ledger.of(invoice())["Balance"] == 0


def _other() -> Any:
    return contact("8", "Bo Ek")


@pytest.mark.parametrize("issued", [date(2026, 2, 28), date(2026, 1, 1)])
def test_r3_7_nothing_is_posted_into_a_closed_period(issued: date) -> None:
    plan = plan_group(group([bill(issued_at=issued)]), CLOSED, Catalog())
    assert codes(plan) == [("period_closed", invoice())]


def test_r3_7_nor_moved_out_of_one() -> None:
    plan = posted().plan(group([bill(issued_at=date(2026, 3, 5))]), CLOSED)
    assert (steps(plan), codes(plan)) == ([], [("period_closed", invoice())])


def test_r3_7_an_unchanged_invoice_in_a_closed_period_is_no_problem() -> None:
    plan = posted().plan(group([bill()]), CLOSED)
    assert (steps(plan), codes(plan)) == ([], [])


# R3.8


@pytest.mark.parametrize("state", ["void", "deleted"])
def test_r3_8_a_bill_gone_in_clio_is_voided_after_its_payment_let_go(state: str) -> None:
    ledger = posted(paid(bill(), 1000), allocations=[allocation()])
    gone = group([bill(state=state)], allocations=[allocation(is_valid=False)])
    plan = ledger.carry_out(gone, policy())
    assert steps(plan) == [(Action.VOID, payment()), (Action.VOID, invoice())]
    assert steps(ledger.plan(gone, policy())) == []


def test_r3_8_its_interest_invoices_are_voided_with_it() -> None:
    ledger = posted(bill(total=1010, due=1010, balance=1010), charges=[charge()])
    plan = ledger.plan(group([bill(state="void")], charges=[charge()]), policy())
    assert steps(plan) == [(Action.VOID, invoice()), (Action.VOID, invoice(leg="interest-1"))]


@pytest.mark.parametrize("txn_type", ["Payment", "CreditMemo", "JournalEntry"])
def test_r3_8_money_that_a_person_entered_blocks_the_void(txn_type: str) -> None:
    ledger = posted()
    ledger.of(invoice())["LinkedTxn"] = [{"TxnId": "888", "TxnType": txn_type}]
    plan = ledger.plan(group([bill(state="void")]), policy())
    assert (steps(plan), codes(plan)) == ([], [("void_blocked", invoice())])
    assert plan.problems[0].message.startswith("Bill 101 was voided in Clio, but")


def test_r3_8_an_estimate_does_not() -> None:
    ledger = posted()
    ledger.of(invoice())["LinkedTxn"] = [{"TxnId": "888", "TxnType": "Estimate"}]
    assert steps(ledger.plan(group([bill(state="void")]), policy())) == [(Action.VOID, invoice())]


def test_r3_8_money_that_stays_in_clio_blocks_the_void() -> None:
    ledger = posted(paid(bill(), 1000), allocations=[allocation()])
    plan = ledger.plan(group([bill(state="void", balance=0)], allocations=[allocation()]), policy())
    assert (steps(plan), codes(plan)) == ([], [("void_blocked", invoice())])
    assert "still has it paid: payment of 1,000.00 on 20 Feb 2026" in plan.problems[0].message


def test_r3_8_a_closed_period_blocks_the_void() -> None:
    plan = posted().plan(group([bill(state="void")]), CLOSED)
    assert (steps(plan), codes(plan)) == ([], [("void_blocked", invoice())])
    assert "closed up to 28 Feb 2026" in plan.problems[0].message


def test_r3_8_what_a_void_takes_back_is_shown_on_the_same_accounts() -> None:
    ledger = posted()
    before = change_of(posted_plan(), invoice()).postings()
    plan = ledger.plan(group([bill(state="void")]), policy())
    assert {(p.account, p.debit, p.credit) for p in plan.changes[0].postings()} == {
        (p.account, p.credit, p.debit) for p in before
    }


def posted_plan() -> Any:
    return plan_group(group([bill()]), policy(), Catalog())


def test_r3_3_a_total_that_quickbooks_changed_is_not_tried_again_under_the_same_setting() -> None:
    ledger = posted()
    ledger.links[invoice()] = replace(ledger.links[invoice()], is_voided=True, base={"refused_total_under": "tax on"})
    plan = ledger.plan(group([bill()]), policy(tax_engine="tax on"))
    assert (steps(plan), codes(plan)) == ([], [("total_mismatch", invoice())])
    assert steps(ledger.plan(group([bill()]), policy(tax_engine="tax off"))) == [(Action.UPDATE, invoice())]


# R9.1


def test_r9_1_without_custom_numbers_invoices_and_what_depends_on_them_wait_and_contacts_go_on() -> None:
    off = policy(numbering_on=False)
    plan = plan_group(group([paid(bill(), 1000)], allocations=[allocation()]), off, Catalog())
    assert (steps(plan), codes(plan)) == ([(Action.CREATE, customer())], [])
    assert plan.waiting == (invoice(), payment())


def test_r9_1_a_changed_invoice_waits_too_and_an_unchanged_one_can_be_paid() -> None:
    ledger, off = posted(), policy(numbering_on=False)
    assert ledger.plan(group([bill(number="9")]), off).waiting == (invoice(),)
    plan = ledger.plan(group([paid(bill(), 1000)], allocations=[allocation()]), off)
    assert steps(plan) == [(Action.CREATE, payment())]
