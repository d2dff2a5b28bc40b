"""What people do in the Clio stand-in's office, and that all its numbers agree with each other."""

import random
from decimal import Decimal

import pytest

from integrations.sandbox.clio.office import BillLine, ClioOffice, Discount, OfficeError
from integrations.sandbox.clio.switches import switch
from integrations.sandbox.store import Store
from tests.sandbox.clio_world import Account, account

D = Decimal
SUMS = "sub_total,discount{rate},tax_sum,total_tax,total,due,balance,paid,credits_issued,state"


def shown(clio: Account, bill: int, fields: str = SUMS) -> dict:
    found: dict = clio.get(f"bills/{bill}", fields=fields)
    return found


def agree(clio: Account) -> None:
    """Every total in the office follows from the rows beneath it."""
    kept = clio.office.snapshot()
    for bill in kept["bills"]:
        mine = [row for row in kept["allocations"] if row["bill_id"] == bill["id"] and not row["voided_at"]]
        paid = sum((row["amount"] for row in mine if row["parent"]["type"] == "Payment"), D(0))
        credits = sum((row["amount"] for row in mine if row["parent"]["type"] == "CreditMemo"), D(0))
        assert (paid, credits) == (bill["payments"], bill["credits"])
        if bill["state"] not in ("void", "deleted"):
            assert 0 <= bill["balance"] == bill["due"] - paid - credits
    for bank in kept["bank_accounts"]:
        rows = [row for row in kept["bank_transactions"] if row["bank_account_id"] == bank["id"]]
        assert bank["balance"] == sum((row["signed"] for row in rows), D(0))
        assert bank["bank_transactions_count"] == len(rows)
        running = D(0)
        for row in rows:
            running += row["signed"]
            assert row["running"] == running
        held = [fund["balance"] for fund in kept["funds"] if fund["bank_account_id"] == bank["id"]]
        if bank["type"] == "Trust":
            assert sum(held, D(0)) == bank["balance"] and all(fund >= 0 for fund in held)


def test_discount_and_tax_round_on_the_whole_while_line_taxes_round_by_line():
    clio = account()
    lines = [BillLine("Advice", price=D("33.33"))] * 3
    bill = clio.office.draft_bill(
        clio.matter, lines, "2026-01-10", discount=Discount(D(10)), tax_rate="8.25", state="awaiting_payment"
    )
    assert shown(clio, bill) == {
        "sub_total": D("99.99"),
        "discount": {"rate": 10},
        "tax_sum": D("7.42"),
        "total_tax": D("7.42"),
        "total": D("97.41"),
        "due": D("97.41"),
        "balance": D("97.41"),
        "paid": 0,
        "credits_issued": 0,
        "state": "awaiting_payment",
    }
    rows = clio.get("line_items", bill_id=bill, fields="tax,sub_total,total")
    assert sum(row["tax"] for row in rows) == D("7.41")
    assert sum(row["sub_total"] for row in rows) == D("99.99")
    agree(clio)


def test_the_discount_switches_change_sub_total_total_and_lines():
    clio = account(sub_total="after_discount", total="before_discount", lines_net="yes")
    lines = [BillLine("Advice", price=D("33.33"))] * 3
    bill = clio.office.draft_bill(clio.matter, lines, "2026-01-10", discount=Discount(D(10)))
    seen = shown(clio, bill)
    assert (seen["sub_total"], seen["total"], seen["due"]) == (D("89.99"), D("99.99"), D("89.99"))
    rows = clio.get("line_items", bill_id=bill, fields="sub_total")
    assert sum(row["sub_total"] for row in rows) == D("89.99")


def test_a_second_tax_is_beside_or_on_top_of_the_first():
    clio = account()
    bill = clio.bill(100, tax_rate=10, secondary_tax_rate=5)
    assert shown(clio, bill)["total"] == 115
    clio.office.set_billing(secondary_tax_rule="Post")
    clio.office.edit_bill(bill, memo="again", tax_rate=10)
    assert shown(clio, bill)["total"] == D("115.5")


def test_a_money_discount_on_services_only_leaves_expenses():
    clio = account()
    lines = [BillLine("Advice", price=100), BillLine("Filing", price=50, kind="hard_cost")]
    discount = Discount(D(30), "money", services_only=True)
    bill = clio.office.draft_bill(clio.matter, lines, "2026-01-10", discount=discount, tax_rate=10)
    seen = shown(clio, bill, "total,services_sub_total,services_tax,discount_services_only")
    assert seen == {"total": 132, "services_sub_total": 100, "services_tax": 7, "discount_services_only": "true"}


def test_summary_lines_show_instead_of_what_they_cover_and_no_charge_is_nil():
    clio = account()
    lines = [
        BillLine("Call", price=100, quantity=D("0.5")),
        BillLine("Letter", price=100, quantity=D("0.3")),
        BillLine("Correspondence", kind="summary", covers=(0, 1)),
        BillLine("Courtesy", price=90, kind="no_charge"),
    ]
    bill = clio.office.draft_bill(clio.matter, lines, "2026-01-10")
    assert shown(clio, bill)["total"] == 80
    rows = clio.get("line_items", bill_id=bill, display="true", fields="type,sub_total")
    assert rows == [
        {"type": "SummaryLineItem", "sub_total": 80},
        {"type": "NoChargeLineItem", "sub_total": 0},
    ]
    assert len(clio.get("line_items", bill_id=bill)) == 4


def test_expenses_carry_their_activity_with_category_and_quantity_in_seconds():
    clio = account()
    category = clio.office.add_expense_category("Court fees", "hard_cost")
    lines = [
        BillLine("Advice", price=200, quantity=D("1.5")),
        BillLine("Filing", price=35, kind="hard_cost", category_id=category, reference="chq 9"),
    ]
    bill = clio.office.draft_bill(clio.matter, lines, "2026-01-10", state="awaiting_payment")
    ids = [row["activity"]["id"] for row in clio.get("line_items", bill_id=bill, fields="activity{id}")]
    fields = "type,quantity,expense_category{name},billed,reference"
    time, filing = clio.get("activities", ids=ids, fields=fields)
    assert time["type"] == "TimeEntry" and time["quantity"] == 5400 and time["billed"] is True
    assert filing["type"] == "HardCostEntry" and filing["expense_category"] == {"name": "Court fees"}
    clio.office.void_bill(bill)
    assert clio.get("activities", ids=ids, fields="on_bill,billed") == [{"on_bill": False, "billed": False}] * 2


def test_numbers_go_on_above_the_highest_ever_and_words_do_not_disturb_them():
    clio = account()
    first = clio.bill()
    clio.office.renumber(first, "60")
    clio.office.renumber(first, "5")
    named = clio.bill(number="Spring retainer")
    last = clio.bill()
    assert [clio.office.bill(id)["number"] for id in (first, named, last)] == ["5", "Spring retainer", "61"]


def test_a_voided_number_is_used_again_by_switch():
    clio = account(void_number_reused="yes")
    clio.office.void_bill(clio.bill())
    assert clio.office.bill(clio.bill())["number"] == "1"


def test_a_bill_walks_from_draft_to_paid_and_back_when_the_payment_is_deleted():
    clio = account()
    bill = clio.office.draft_bill(clio.matter, [BillLine("x", price=100)], "2026-01-10")
    clio.office.submit(bill)
    clio.office.approve(bill)
    payment = clio.office.record_payment(clio.contact, [(bill, 100)], "2026-02-01")
    assert shown(clio, bill, "state,balance") == {"state": "paid", "balance": 0}
    with pytest.raises(OfficeError):
        clio.office.edit_bill(bill, memo="late")
    clio.office.delete_payment(payment)
    assert shown(clio, bill, "state,balance,paid_at") == {"state": "awaiting_payment", "balance": 100, "paid_at": None}
    clio.office.back_to_draft(bill)
    assert shown(clio, bill)["state"] == "draft"
    clio.office.delete_bill(bill)
    assert shown(clio, bill)["state"] == "deleted"
    agree(clio)


def test_a_zero_bill_is_paid_when_approved():
    clio = account()
    assert shown(clio, clio.bill(0))["state"] == "paid"


def test_editing_an_approved_bill_keeps_line_ids_by_position_and_drops_the_rest():
    clio = account()
    bill = clio.bill(100, 200, 300)
    before = clio.get("line_items", bill_id=bill, fields="id,etag")
    etag = shown(clio, bill, "etag")["etag"]
    clio.office.edit_bill(bill, lines=[BillLine("Advice", price=D(100)), BillLine("Advice", price=D(250))])
    after = clio.get("line_items", bill_id=bill, fields="id,etag,total")
    assert after[0]["etag"] == before[0]["etag"] and after[1]["etag"] != before[1]["etag"]
    assert [row["id"] for row in after] == [row["id"] for row in before[:2]]
    assert shown(clio, bill)["total"] == 350 and shown(clio, bill, "etag")["etag"] != etag


def test_an_excess_stays_as_funds_and_pays_a_later_bill_without_new_cash():
    clio = account()
    first, second = clio.bill(1000), clio.bill(200)
    clio.office.record_payment(clio.contact, [(first, 1000)], "2026-02-01", amount=D(1200))
    assert clio.office.held(clio.operating, clio.contact) == 200
    clio.office.pay_from_operating_funds(second, D(200), "2026-02-10")
    (row,) = clio.get("bank_transactions", fields="amount,allocation{id}")
    assert row["amount"] == 1200
    fields = "source_bank_account{id,type},destination_bank_account{id}"
    (used,) = clio.get("allocations", bill_id=second, fields=fields)
    assert used["source_bank_account"] == {"id": clio.operating, "type": "Operating"}
    with pytest.raises(OfficeError):
        clio.office.pay_from_operating_funds(clio.bill(50), D(50), "2026-02-11")
    agree(clio)


def test_funds_that_were_used_cannot_be_taken_back_by_deleting_their_payment():
    clio = account()
    first, second = clio.bill(1000), clio.bill(200)
    payment = clio.office.record_payment(clio.contact, [(first, 1000)], "2026-02-01", amount=D(1200))
    clio.office.pay_from_operating_funds(second, D(200), "2026-02-10")
    with pytest.raises(OfficeError):
        clio.office.delete_payment(payment)
    assert shown(clio, first)["state"] == "paid"
    agree(clio)


def test_one_payment_pays_two_bills_and_is_edited_in_place():
    clio = account()
    first, second, third = clio.bill(100), clio.bill(200), clio.bill(300)
    payment = clio.office.record_payment(clio.contact, [(first, 100), (second, 200)], "2026-02-01", reference="7")
    kept = {row["bill"]["id"]: row["id"] for row in clio.get("allocations", parent_id=payment, fields="id,bill{id}")}
    clio.office.edit_payment(payment, [(second, D(150)), (third, D(50))], reference="8", on="2026-02-05")
    rows = clio.get("allocations", parent_id=payment, status="valid", fields="id,amount,date,bill{id}")
    assert {row["bill"]["id"]: row["amount"] for row in rows} == {second: 150, third: 50}
    assert {row["date"] for row in rows} == {"2026-02-05"}
    assert kept[second] in {row["id"] for row in rows}
    assert [shown(clio, bill)["balance"] for bill in (first, second, third)] == [100, 50, 250]
    (row,) = clio.get("bank_transactions", fields="amount,confirmation,date")
    assert row == {"amount": 200, "confirmation": "8", "date": "2026-02-05"}
    agree(clio)


def test_a_deleted_payment_leaves_no_bank_row_or_a_reversal_by_switch():
    for reading, signs in (("removed", []), ("reversed", [100, -100])):
        clio = account(deleted_payment_rows=reading)
        payment = clio.office.record_payment(clio.contact, [(clio.bill(100), 100)], "2026-02-01")
        clio.office.delete_payment(payment)
        assert [row["amount"] for row in clio.get("bank_transactions", fields="amount")] == signs
        (allocation,) = clio.get("allocations", fields="voided_at,amount")
        assert allocation["voided_at"] and allocation["amount"] == 100
        agree(clio)


def test_a_payment_moves_the_bills_etag_unless_switched_off():
    clio = account()
    bill = clio.bill(100)
    etag = shown(clio, bill, "etag")["etag"]
    clio.office.record_payment(clio.contact, [(bill, 10)], "2026-02-01")
    moved = shown(clio, bill, "etag")["etag"]
    assert moved != etag
    switch(clio.store, "clio_payment_touches_bill", "no")
    clio.office.record_payment(clio.contact, [(bill, 10)], "2026-02-01")
    assert shown(clio, bill, "etag,balance") == {"etag": moved, "balance": 80}


def test_a_payment_from_trust_moves_money_between_the_accounts_once():
    clio = account()
    clio.office.trust_deposit(clio.contact, D(5000), "2026-01-05", source="Z. O'Hara", reference="1")
    bill = clio.bill(1000)
    clio.office.pay_from_trust(bill, D(1000), "2026-02-04")
    rows = clio.get("bank_transactions", fields="funds_in,funds_out,bank_account{type},type,current_account_balance")
    assert [(row["bank_account"]["type"], row["funds_in"], row["funds_out"]) for row in rows] == [
        ("Trust", 5000, 0),
        ("Trust", 0, 1000),
        ("Operating", 1000, 0),
    ]
    assert rows[1]["current_account_balance"] == 4000 and rows[1]["type"] == "liability"
    fields = "source_bank_account{type},destination_bank_account{type},parent{type}"
    (allocation,) = clio.get("allocations", bill_id=bill, fields=fields)
    assert allocation["source_bank_account"] == {"type": "Trust"}
    assert allocation["destination_bank_account"] == {"type": "Operating"}
    assert allocation["parent"] == {"type": "Payment"}
    agree(clio)


def test_trust_never_goes_below_zero():
    clio = account()
    deposit = clio.office.trust_deposit(clio.contact, D(100), "2026-01-05", matter_id=clio.matter)
    other = clio.office.create_contact(type="Company", name="Other")
    clio.office.trust_deposit(other, D(500), "2026-01-05")
    bill = clio.bill(1000)
    refusals = (
        lambda: clio.office.trust_withdrawal(clio.contact, D(101), "2026-01-06", matter_id=clio.matter),
        lambda: clio.office.trust_withdrawal(clio.contact, D(1), "2026-01-06"),
        lambda: clio.office.pay_from_trust(bill, D(200), "2026-01-06", matter_id=clio.matter),
        lambda: clio.office.edit_bank_transaction(deposit, amount=D(-5)),
    )
    for refusal in refusals:
        with pytest.raises(OfficeError):
            refusal()
    clio.office.trust_withdrawal(clio.contact, D(60), "2026-01-06", matter_id=clio.matter)
    with pytest.raises(OfficeError):
        clio.office.delete_bank_transaction(deposit)
    assert shown(clio, bill)["balance"] == 1000
    agree(clio)


def test_trust_rows_are_edited_moved_between_matter_and_contact_and_deleted():
    clio = account()
    row = clio.office.trust_deposit(clio.contact, D(100), "2026-01-05", matter_id=clio.matter)
    clio.office.trust_deposit(clio.contact, D(10), "2026-01-06")
    clio.office.edit_bank_transaction(row, matter_id=None, amount=D(80), reference="x")
    assert clio.office.held(clio.trust, clio.contact) == 90
    (balance,) = clio.get(f"contacts/{clio.contact}", fields="account_balances{balance,type}")["account_balances"]
    assert balance == {"balance": 90, "type": "Trust"}
    agree(clio)
    clio.office.delete_bank_transaction(row)
    assert [row["amount"] for row in clio.get("bank_transactions", fields="amount")] == [10]
    agree(clio)


def test_a_trust_transfer_between_contacts_is_two_rows_of_the_same_day():
    clio = account()
    other = clio.office.create_contact(type="Company", name="Other")
    clio.office.trust_deposit(clio.contact, D(100), "2026-01-05")
    clio.office.trust_transfer(D(40), "2026-01-07", contact_id=clio.contact, to_contact_id=other)
    assert clio.office.held(clio.trust, clio.contact) == 60 and clio.office.held(clio.trust, other) == 40
    rows = clio.get("bank_transactions", fields="amount,date,client{id}")[1:]
    assert [(row["amount"], row["client"]["id"]) for row in rows] == [(-40, clio.contact), (40, other)]
    agree(clio)


def test_a_trust_request_is_paid_into_trust_and_only_there():
    clio = account()
    request = clio.bill(300, kind="trust_kind")
    with pytest.raises(OfficeError):
        clio.office.record_payment(clio.contact, [(request, 300)], "2026-02-01")
    clio.office.record_payment(clio.contact, [(request, 300)], "2026-02-01", destination_id=clio.trust)
    assert clio.office.held(clio.trust, clio.contact) == 300
    assert shown(clio, request, "state,kind") == {"state": "paid", "kind": "trust_kind"}
    assert clio.get("trust_line_items", bill_id=request, fields="total") == [{"total": 300}]
    agree(clio)


def test_a_credit_note_reduces_the_balance_and_is_voided_when_deleted():
    clio = account()
    bill = clio.bill(100)
    memo = clio.office.credit_note(bill, D(30), "2026-02-01", "courtesy")
    assert shown(clio, bill, "balance,credits_issued,paid") == {"balance": 70, "credits_issued": 30, "paid": 0}
    switch(clio.store, "clio_paid_includes_credits", "yes")
    assert shown(clio, bill, "paid")["paid"] == 30
    (row,) = clio.get("credit_memos", fields="amount,description,allocations{id,amount}")
    assert row["allocations"][0]["amount"] == 30 and row["description"] == "courtesy"
    clio.office.delete_credit_note(memo)
    assert clio.get(f"credit_memos/{memo}", fields="voided_at")["voided_at"]
    assert shown(clio, bill)["balance"] == 100
    with pytest.raises(OfficeError):
        clio.office.credit_note(bill, D("100.01"), "2026-02-01")
    agree(clio)


def test_voiding_takes_credit_notes_along_and_waits_for_payments():
    clio = account()
    bill = clio.bill(1000)
    clio.office.credit_note(bill, D(100), "2026-02-01")
    clio.office.void_bill(bill)
    (allocation,) = clio.get("allocations", fields="voided_at")
    assert allocation["voided_at"] and shown(clio, bill)["state"] == "void"
    paid = clio.bill(500)
    clio.office.record_payment(clio.contact, [(paid, 500)], "2026-02-01")
    with pytest.raises(OfficeError):
        clio.office.void_bill(paid)
    clio.office.void_bill(paid, keep_money=True)
    assert clio.office.held(clio.operating, clio.contact) == 500
    agree(clio)


def test_interest_is_a_charge_on_the_bill_paid_by_an_allocation_of_its_own():
    clio = account()
    bill = clio.bill(100)
    charge = clio.office.charge_interest(bill, D("1.50"), "2026-03-01")
    assert shown(clio, bill, "total,due,balance") == {"total": D("101.5"), "due": D("101.5"), "balance": D("101.5")}
    (row,) = clio.get("interest_charges", bill_id=bill, fields="total,date,bill{number}")
    assert row == {"total": D("1.5"), "date": "2026-03-01", "bill": {"number": "1"}}
    payment = clio.office.record_payment(clio.contact, [(bill, D("101.50"))], "2026-03-02")
    parts = clio.get("allocations", parent_id=payment, fields="amount,interest", order="id(asc)")
    assert parts == [{"amount": 100, "interest": False}, {"amount": D("1.5"), "interest": True}]
    with pytest.raises(OfficeError):
        clio.office.delete_interest_charge(charge)
    agree(clio)


def test_interest_is_a_bill_of_its_own_by_switch():
    clio = account(interest="bill")
    bill = clio.bill(100)
    clio.office.charge_interest(bill, D("1.50"), "2026-03-01")
    assert shown(clio, bill)["balance"] == 100
    own = clio.get("bills", fields="number,total,original_bill{id}")[1]
    assert own == {"number": "2", "total": D("1.5"), "original_bill": {"id": bill}}


def test_a_pending_card_payment_shows_on_the_bill_and_has_allocations_only_once_completed():
    clio = account()
    bill = clio.bill(100)
    payment = clio.office.record_payment(clio.contact, [(bill, 100)], "2026-02-01", pending=True)
    assert shown(clio, bill, "pending,balance") == {"pending": 100, "balance": 100}
    assert clio.get("allocations") == [] and clio.get("bank_transactions") == []
    clio.office.complete_payment(payment)
    assert shown(clio, bill, "pending,balance,state") == {"pending": 0, "balance": 0, "state": "paid"}
    (row,) = clio.get("allocations", fields="has_online_payment,payment_type")
    assert row == {"has_online_payment": True, "payment_type": "card"}
    failed = clio.office.record_payment(clio.contact, [(clio.bill(5), 5)], "2026-02-01", pending=True)
    clio.office.fail_payment(failed)
    agree(clio)


@pytest.mark.parametrize(
    ("parts", "amount"), [([(0, 101)], None), ([(0, 0)], None), ([(0, 50)], 40), ([], 0), ([(0, 60), (0, 60)], None)]
)
def test_a_payment_that_does_not_fit_is_refused_whole(parts, amount):
    clio = account()
    bill = clio.bill(100)
    with pytest.raises(OfficeError):
        clio.office.record_payment(clio.contact, [(bill, D(part)) for _, part in parts], "2026-02-01", amount)
    assert clio.get("allocations") == [] and clio.office.snapshot()["payments"] == []


def test_a_merge_carries_money_held_and_everything_owed():
    clio = account()
    keep = clio.office.create_contact(type="Company", name="Keeps")
    clio.office.trust_deposit(clio.contact, D(100), "2026-01-05")
    clio.office.trust_deposit(keep, D(1), "2026-01-05")
    clio.office.merge_contacts(keep, clio.contact)
    assert clio.office.held(clio.trust, keep) == 101
    assert {row["client"]["id"] for row in clio.get("bank_transactions", fields="client{id}")} == {keep}
    agree(clio)


def test_a_consolidated_bill_holds_several_matters_of_one_contact():
    clio = account()
    second = clio.office.create_matter(clio.contact, "Second")
    lines = [BillLine("a", price=10), BillLine("b", price=D("10.01"), matter_id=second)]
    bill = clio.office.draft_bill([clio.matter, second], lines, "2026-01-10", state="awaiting_payment")
    seen = shown(clio, bill, "type,matters{id},matter_totals{amount}")
    assert seen["type"] == "ClientBill" and [row["id"] for row in seen["matters"]] == [clio.matter, second]
    assert sum(row["amount"] for row in seen["matter_totals"]) == D("20.01")
    assert [row["id"] for row in clio.get("bills", matter_id=second)] == [bill]
    stranger = clio.office.create_matter(clio.office.create_contact(type="Company", name="X"))
    with pytest.raises(OfficeError):
        clio.office.draft_bill([clio.matter, stranger], lines, "2026-01-10")


def test_ids_start_where_the_setting_says_and_are_never_shared_between_kinds():
    store = Store()
    store.set_setting("first_id:clio", 9_000_000_000)
    office = ClioOffice.open_account(store)
    contact = office.create_contact(type="Company", name="Big")
    matter = office.create_matter(contact)
    assert office.account_id == 9_000_000_000 and matter > contact > office.account_id


def test_state_survives_a_restart(tmp_path):
    path = tmp_path / "world.sqlite"
    first = ClioOffice.open_account(Store(path), "ca", name="Kept", country="CA", currency="CAD")
    first.create_contact(type="Company", name="Kept Ltd")
    first.store.close()
    again = ClioOffice(Store(path), "ca", first.account_id)
    assert [doc["name"] for doc in again.snapshot()["contacts"]] == ["Kept Ltd"]
    assert again.account["currency"] == "CAD"


def a_day_at_the_office(clio: Account, dice: random.Random) -> None:
    """One random thing a person does; what the office refuses leaves everything as it was."""
    office, kept = clio.office, clio.office.snapshot()
    bill, other = (dice.choice(kept["bills"])["id"] for _ in range(2))
    payment = dice.choice(kept["payments"])["id"] if kept["payments"] else 0
    amount = D(dice.randint(1, 30_000)) / 100
    acts = (
        lambda: clio.bill(amount, amount * 2, tax_rate=dice.choice((0, "8.25"))),
        lambda: office.record_payment(clio.contact, [(bill, amount)], "2026-02-01", amount * dice.choice((1, 2))),
        lambda: office.record_payment(clio.contact, [(bill, amount), (other, amount)], "2026-02-01"),
        lambda: office.edit_payment(payment, [(bill, amount)]),
        lambda: office.edit_payment(payment, amount=amount, on="2026-02-03"),
        lambda: office.delete_payment(payment),
        lambda: office.pay_from_operating_funds(bill, amount, "2026-02-04"),
        lambda: office.trust_deposit(clio.contact, amount * 3, "2026-01-05"),
        lambda: office.trust_withdrawal(clio.contact, amount, "2026-01-06"),
        lambda: office.pay_from_trust(bill, amount, "2026-02-04"),
        lambda: office.credit_note(bill, amount, "2026-02-05"),
        lambda: office.charge_interest(bill, amount / 10, "2026-02-06"),
        lambda: office.void_bill(bill, keep_money=dice.random() < 0.5),
        lambda: office.edit_bill(bill, lines=[BillLine("Advice", price=amount * 2)]),
        lambda: office.delete_bank_transaction(dice.choice(kept["bank_transactions"])["id"]),
    )
    try:
        dice.choice(acts)()
    except OfficeError:
        assert clio.office.snapshot() == kept
    except IndexError:
        assert not kept["bank_transactions"]


@pytest.mark.parametrize("seed", range(6))
def test_whatever_people_do_the_books_agree(seed):
    clio = account(deleted_payment_rows=("removed", "reversed")[seed % 2])
    dice = random.Random(seed)
    clio.bill(100)
    for _ in range(80):
        a_day_at_the_office(clio, dice)
        agree(clio)
