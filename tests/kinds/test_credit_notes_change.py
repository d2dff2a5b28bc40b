"""R5, R1.5: credit notes that change, end or move, each in an order that QuickBooks takes."""

# An amount may be compared with a whole number.
# mypy: no-strict-equality

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from integrations.core.changes import Action, Decision
from integrations.core.records import Ref
from integrations.kinds.group import Group
from integrations.kinds.invoice import Bill
from tests.kinds.builders import (
    PAID,
    allocation,
    application,
    bill,
    change_of,
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

GONE = {"allocations": [credit(is_valid=False)], "memos": [memo(is_voided=True)]}


def credited(amount: object = 100, what: Bill | None = None, **changes: Any) -> Group:
    whole = what or bill()
    return group([paid(whole, amount)], allocations=[credit(amount=amount)], memos=[memo(amount=amount, **changes)])


def posted(group_: Group | None = None) -> Ledger:
    ledger = Ledger()
    ledger.carry_out(group_ or credited(), policy())
    return ledger


def applied_to(ledger: Ledger, ref: Ref, note: str = "77") -> Decimal:
    """What the note's application gives to this invoice."""
    lines = ledger.of(application(note))["Line"]
    own = (row for row in lines if row["LinkedTxn"][0]["TxnId"] == ledger.ledger_id(ref))
    return sum((row["Amount"] for row in own if row["LinkedTxn"][0]["TxnType"] == "Invoice"), Decimal(0))


# Undo


def test_r5_bill_1000_credit_note_100_void_leaves_nothing_worked_example() -> None:
    """Application undone, memo emptied, invoice voided: A/R 0, income 0."""
    ledger = posted()
    plan = ledger.carry_out(group([bill(state="void")], **GONE), policy())
    assert steps(plan) == [
        (Action.VOID, application()),
        (Action.VOID, credit_memo()),
        (Action.VOID, invoice()),
    ]
    raw = ledger.of(credit_memo())
    assert (raw["TotalAmt"], [row["Amount"] for row in raw["Line"]], raw["DocNumber"]) == (0, [0], "CN-77")
    assert raw["PrivateNote"] == "Voided in Clio\nGoodwill\nClio credit_note 77 · acme"
    assert ledger.balances() == {}


def test_r5_emptying_reverses_what_the_memo_posted() -> None:
    plan = posted().plan(group([bill()], **GONE), policy())
    assert [(p.account, p.debit, p.credit) for p in change_of(plan, credit_memo()).postings()] == [
        ("Accounts Receivable", 100, 0),
        ("Legal fees", 0, 100),
    ]


@pytest.mark.parametrize(
    "after",
    [
        group([bill()], allocations=[credit(is_valid=False)], memos=[memo(is_voided=True)]),
        group([bill()], allocations=[credit(is_valid=False)]),
        group([bill()], allocations=[credit(is_valid=False)], memos=[memo()]),
        group([bill(state="void")], allocations=[credit()], memos=[memo()]),
        group([paid(bill(), 100)], allocations=[credit()], memos=[memo()], absent_bills=frozenset({"1"})),
    ],
    ids=["both gone", "list not readable", "allocation gone", "bill void, note still listed", "bill gone"],
)
def test_r5_however_clio_tells_that_a_note_is_over_it_is_undone(after: Group) -> None:
    ledger = posted()
    plan = ledger.carry_out(after, policy())
    assert steps(plan)[:2] == [(Action.VOID, application()), (Action.VOID, credit_memo())]
    assert ledger.of(credit_memo())["TotalAmt"] == 0
    left = ledger.plan(after, policy())
    assert (steps(left), left.waiting) == ([], ())


def test_r1_5_a_bill_with_payment_and_credit_that_is_void_lets_go_of_both_first() -> None:
    both = [allocation(amount=400), credit()]
    ledger = posted(group([paid(bill(), 500)], allocations=both, memos=[memo()]))
    ended = [replace(a, is_valid=False) for a in both]
    plan = ledger.carry_out(group([bill(state="void")], allocations=ended, memos=[memo(is_voided=True)]), policy())
    assert [ref for _, ref in steps(plan)] == [application(), payment(), credit_memo(), invoice()]
    assert {action for action, _ in steps(plan)} == {Action.VOID}
    assert ledger.balances() == {}


def test_r1_5_what_cannot_let_go_keeps_memo_and_invoice_waiting() -> None:
    ledger = posted()
    ledger.of(application())["TxnDate"] = "2026-03-01"  # a person changed it
    plan = ledger.plan(group([bill(state="void")], **GONE), policy())
    assert (steps(plan), codes(plan)) == ([], [("drift", application())])
    assert set(plan.waiting) == {credit_memo(), invoice()}


def test_r5_a_note_that_is_valid_again_fills_its_own_memo_again() -> None:
    """Its number is taken by the emptied memo, so another could not be made."""
    ledger = posted()
    emptied = ledger.ledger_id(credit_memo())
    ledger.carry_out(group([bill()], **GONE), policy())
    plan = ledger.carry_out(credited(), policy())
    assert steps(plan) == [(Action.UPDATE, credit_memo()), (Action.CREATE, application())]
    assert (ledger.ledger_id(credit_memo()), ledger.of(credit_memo())["TotalAmt"]) == (emptied, 100)
    assert ledger.of(credit_memo())["PrivateNote"] == "Goodwill\nClio credit_note 77 · acme"
    assert ledger.of(invoice())["Balance"] == 900


# Change


def test_r5_a_smaller_note_lets_go_before_the_memo_shrinks() -> None:
    ledger = posted()
    plan = ledger.carry_out(credited(60), policy())
    assert steps(plan) == [(Action.UPDATE, application()), (Action.UPDATE, credit_memo())]
    assert (ledger.of(credit_memo())["Balance"], ledger.of(invoice())["Balance"]) == (0, 940)


def test_r5_a_larger_note_grows_before_more_is_applied() -> None:
    ledger = posted()
    plan = ledger.carry_out(credited(250), policy())
    assert steps(plan) == [(Action.UPDATE, credit_memo()), (Action.UPDATE, application())]
    assert (ledger.of(credit_memo())["Balance"], ledger.of(invoice())["Balance"]) == (0, 750)


def test_r5_a_bill_that_shrinks_below_its_credit_waits_for_the_credit_to_shrink() -> None:
    ledger = posted(credited(900))
    plan = ledger.carry_out(credited(300, bill(amount=400)), policy())
    assert [ref for _, ref in steps(plan)] == [application(), invoice(), credit_memo()]
    assert ledger.of(invoice())["Balance"] == 100


def test_r5_a_note_that_moves_to_another_bill_is_applied_there() -> None:
    two = [paid(bill("1"), 100), bill("2")]
    ledger = posted(group(two, allocations=[credit()], memos=[memo()]))
    moved = [credit(is_valid=False), credit("c2", bill="2")]
    plan = ledger.carry_out(group([bill("1"), paid(bill("2"), 100)], allocations=moved, memos=[memo()]), policy())
    assert steps(plan) == [(Action.UPDATE, application())]
    assert (ledger.of(invoice("1"))["Balance"], ledger.of(invoice("2"))["Balance"]) == (1000, 900)


def test_r5_room_for_a_note_is_made_by_a_payment_that_shrinks() -> None:
    ledger = posted(group([paid(bill(), 1000)], allocations=[allocation()]))
    swapped = [allocation(amount=900), credit()]
    plan = ledger.carry_out(group([paid(bill(), 1000)], allocations=swapped, memos=[memo()]), policy())
    assert [ref for _, ref in steps(plan)] == [payment(), credit_memo(), application()]


def test_r5_room_for_a_payment_is_made_by_a_note_that_ends() -> None:
    ledger = posted(group([paid(bill(), 1000)], allocations=[allocation(amount=900), credit()], memos=[memo()]))
    after = [allocation(amount=1000), credit(is_valid=False)]
    plan = ledger.carry_out(group([paid(bill(), 1000)], allocations=after, memos=[memo(is_voided=True)]), policy())
    assert [ref for _, ref in steps(plan)] == [application(), credit_memo(), payment()]
    assert ledger.of(invoice())["Balance"] == 0


def test_r5_a_note_entered_anew_takes_the_place_of_the_old_one_on_a_full_invoice() -> None:
    ledger = posted(credited(1000))
    anew = [credit(amount=1000, is_valid=False), credit("c2", 950, note="78")]
    plan = ledger.carry_out(
        group([paid(bill(), 950)], allocations=anew, memos=[memo(is_voided=True), memo("78", 950)]), policy()
    )
    assert steps(plan) == [
        (Action.VOID, application()),
        (Action.VOID, credit_memo()),
        (Action.CREATE, credit_memo("78")),
        (Action.CREATE, application("78")),
    ]
    assert ledger.of(invoice())["Balance"] == 50


def test_r5_lines_of_the_bill_that_change_split_the_credit_anew() -> None:
    ledger = posted()
    half = [line("1", 500), replace(line("2", 500, is_expense=True), activity_type="HardCostEntry")]
    changed = group([paid(bill(), 100)], lines=half, allocations=[credit()], memos=[memo()])
    plan = ledger.carry_out(changed, policy())
    assert steps(plan) == [(Action.UPDATE, invoice()), (Action.UPDATE, credit_memo())]
    assert [row["Amount"] for row in ledger.of(credit_memo())["Line"]] == [50, 50]


def test_r5_a_bill_that_moves_to_another_client_takes_its_credit_with_it_by_way_of_letting_go() -> None:
    """A document that is linked keeps its customer, so the credit is applied anew with the next plan."""
    ledger = posted()
    people = [contact("7"), contact("8", "Bo Ek", email="bo@example.com")]
    moved = group(
        [paid(bill(contact_id="8"), 100)], contacts=people, allocations=[credit(contact_id="8")], memos=[memo()]
    )
    first = ledger.carry_out(moved, policy())
    assert (Action.VOID, application()) in steps(first)
    assert first.waiting == (application(),)
    second = ledger.carry_out(moved, policy())
    assert steps(second) == [(Action.CREATE, application())]
    owner = ledger.links[customer("8")].ledger_id
    documents = [ledger.of(ref) for ref in (invoice(), credit_memo(), application())]
    assert {raw["CustomerRef"]["value"] for raw in documents} == {owner}
    assert ledger.of(invoice())["Balance"] == 900
    assert steps(ledger.plan(moved, policy())) == []


def test_r5_a_new_date_is_carried_over_to_both() -> None:
    ledger = posted()
    plan = ledger.carry_out(credited(date=date(2026, 3, 3)), policy())
    assert {ref for _, ref in steps(plan)} == {credit_memo(), application()}
    assert ledger.of(credit_memo())["TxnDate"] == ledger.of(application())["TxnDate"] == "2026-03-03"


@pytest.mark.parametrize(
    ("after", "barred"),
    [(credited(60), {application(), credit_memo()}), (group([bill()], **GONE), {application()})],
    ids=["smaller", "deleted"],
)
def test_r5_in_closed_books_nothing_of_a_note_changes(after: Group, barred: set[Ref]) -> None:
    plan = posted().plan(after, policy(close_date=PAID))
    assert steps(plan) == []
    assert barred <= {ref for code, ref in codes(plan) if code == "period_closed"}


# What QuickBooks applies by itself


def by_quickbooks(ledger: Ledger, ref: Ref, amount: int = 100) -> str:
    """The payment of nothing that QuickBooks makes to link an open credit to an invoice."""
    links = {"CreditMemo": {ledger.ledger_id(credit_memo()): amount}, "Invoice": {ledger.ledger_id(ref): amount}}
    return ledger.by_hand("Payment", 0, links, customer())


AUTO = policy(auto_apply_credit=True)


def test_r5_where_quickbooks_applies_credits_by_itself_ours_waits_until_that_is_known() -> None:
    ledger = Ledger()
    plan = ledger.carry_out(credited(), AUTO)
    assert steps(plan)[-1] == (Action.CREATE, credit_memo())
    assert plan.waiting == (application(),)


def test_r5_an_application_by_quickbooks_itself_is_recognised_not_doubled() -> None:
    ledger = Ledger()
    ledger.carry_out(credited(), AUTO)
    own = by_quickbooks(ledger, invoice())
    plan = ledger.carry_out(credited(), AUTO)
    assert (steps(plan), codes(plan), plan.waiting) == ([(Action.ADOPT, application())], [], ())
    assert ledger.ledger_id(application()) == own
    assert len(ledger.payments()) == 1
    assert steps(ledger.plan(credited(), AUTO)) == []


def test_r5_where_it_did_not_apply_it_ours_follows() -> None:
    ledger = Ledger()
    ledger.carry_out(credited(), AUTO)
    assert steps(ledger.carry_out(credited(), AUTO)) == [(Action.CREATE, application())]


def test_r5_an_adopted_application_is_undone_like_ours() -> None:
    ledger = Ledger()
    ledger.carry_out(credited(), AUTO)
    by_quickbooks(ledger, invoice())
    ledger.carry_out(credited(), AUTO)
    ledger.carry_out(group([bill(state="void")], **GONE), AUTO)
    assert ledger.balances() == {}
    assert [raw["TotalAmt"] for raw in (*ledger.invoices(), *ledger.credit_memos())] == [0, 0]


def test_r5_undone_before_it_was_seen_quickbooks_own_application_is_voided_all_the_same() -> None:
    ledger = Ledger()
    ledger.carry_out(credited(), AUTO)
    own = by_quickbooks(ledger, invoice())
    plan = ledger.carry_out(group([bill()], **GONE), AUTO)
    assert steps(plan) == [(Action.VOID, application()), (Action.VOID, credit_memo())]
    assert change_of(plan, application()).ledger_id == own


def test_r5_a_part_that_quickbooks_applied_is_not_applied_again() -> None:
    ledger = Ledger()
    ledger.carry_out(credited(), AUTO)
    by_quickbooks(ledger, invoice(), 40)
    plan = ledger.carry_out(credited(), AUTO)
    assert (steps(plan), codes(plan)) == ([(Action.CREATE, application())], [])
    assert applied_to(ledger, invoice()) == 60
    assert ledger.of(invoice())["Balance"] == 900


def test_r5_an_application_to_another_invoice_is_said_and_put_right_once_it_is_taken_off() -> None:
    ledger = Ledger()
    two = group([bill("1"), paid(bill("2"), 100)], allocations=[credit(bill="2")], memos=[memo()])
    ledger.carry_out(two, AUTO)
    other = by_quickbooks(ledger, invoice("1"))
    plan = ledger.carry_out(two, AUTO)
    assert (steps(plan), codes(plan)) == ([], [("credit_applied_elsewhere", application())])
    assert plan.problems[0].ledger_id == other
    ledger.take_off(other)
    plan = ledger.carry_out(two, AUTO)
    assert (steps(plan), codes(plan)) == ([(Action.CREATE, application())], [])


def test_r5_a_memo_that_others_use_is_neither_emptied_nor_made_smaller() -> None:
    ledger = Ledger()
    two = [bill("1"), paid(bill("2"), 100)]
    ledger.carry_out(group(two, allocations=[credit(bill="2")], memos=[memo()]), AUTO)
    paid_with_cash = {
        "CreditMemo": {ledger.ledger_id(credit_memo()): 100},
        "Invoice": {ledger.ledger_id(invoice("1")): 150},
    }
    used = ledger.by_hand("Payment", 50, paid_with_cash, customer())
    for after in (
        group([bill("1"), paid(bill("2"), 60)], allocations=[credit(amount=60, bill="2")], memos=[memo(amount=60)]),
        group([bill("1"), bill("2")], allocations=[credit(bill="2", is_valid=False)], memos=[memo(is_voided=True)]),
    ):
        plan = ledger.plan(after, AUTO)
        assert steps(plan) == []
        assert ("credit_in_use", credit_memo()) in codes(plan)
        assert next(p for p in plan.problems if p.code == "credit_in_use").details == {"payments": [used]}


# What a person entered already


def entered_by_hand(amount: int = 100, total: int = 100) -> tuple[Ledger, str]:
    """A person's own credit memo, set against the invoice by a payment of nothing."""
    ledger = Ledger()
    ledger.carry_out(group([bill()]), policy())
    memo_id = ledger.by_hand("CreditMemo", total, {}, customer(), DocNumber="CM 9")
    ledger.memos[memo_id] = ledger.documents["CreditMemo", memo_id]
    links = {"CreditMemo": {memo_id: amount}, "Invoice": {ledger.ledger_id(invoice()): amount}}
    ledger.by_hand("Payment", 0, links, customer())
    return ledger, memo_id


def test_r5_a_persons_own_credit_memo_for_the_same_is_offered_for_adoption() -> None:
    ledger, memo_id = entered_by_hand()
    plan = ledger.plan(credited(), policy())
    assert (steps(plan), codes(plan)) == ([], [("credit_exists", credit_memo())])
    assert (plan.problems[0].ledger_id, plan.problems[0].blocks) == (memo_id, True)


def test_r5_adopted_both_documents_are_linked_and_nothing_is_written() -> None:
    ledger, memo_id = entered_by_hand()
    decided = {(credit_memo(), "credit_exists"): Decision("adopt", memo_id)}
    written = len(ledger.bodies)
    plan = ledger.carry_out(replace(credited(), decisions=decided), policy())
    assert steps(plan) == [(Action.ADOPT, credit_memo()), (Action.ADOPT, application())]
    assert len(ledger.bodies) == written
    assert steps(ledger.plan(credited(), policy())) == []
    assert ledger.of(credit_memo())["DocNumber"] == "CM 9"


def test_r5_said_to_be_another_credit_it_is_posted_as_well() -> None:
    ledger, _ = entered_by_hand()
    decided = {(credit_memo(), "credit_exists"): Decision("post")}
    plan = ledger.carry_out(replace(credited(), decisions=decided), policy())
    assert steps(plan) == [(Action.CREATE, credit_memo()), (Action.CREATE, application())]
    assert ledger.of(invoice())["Balance"] == 800


@pytest.mark.parametrize(("amount", "total"), [(90, 100), (100, 120)], ids=["less is applied", "it is worth more"])
def test_r5_another_credit_on_the_invoice_is_no_candidate(amount: int, total: int) -> None:
    ledger, _ = entered_by_hand(amount, total)
    assert codes(ledger.plan(credited(), policy())) == [("payment_only_in_quickbooks", invoice())]
