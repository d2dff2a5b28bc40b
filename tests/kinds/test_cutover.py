"""What a start date brings in, what it leaves out, and what was open the evening before it."""

from datetime import date
from decimal import Decimal

from integrations.kinds.cutover import Counted, Cutover, Part, Sum
from integrations.kinds.invoice import TRUST_KIND
from tests.kinds.builders import START, allocation, bill, charge
from tests.kinds.trust_builders import row

BEFORE, SINCE = date(2025, 12, 30), date(2026, 1, 1)


def two_bills() -> Cutover:
    """Bill 1 from before the start date, of which 300 is owed; bill 2 from the day itself, of which 1,000 is."""
    cut = Cutover(START)
    cut.bill(bill("1", "800.00", issued_at=BEFORE, balance=Decimal(300)))
    cut.bill(bill("2", "1000.00", issued_at=SINCE))
    return cut


def test_a_bill_counts_by_the_day_it_was_issued() -> None:
    cut = two_bills()
    assert (cut.bills_in, cut.bills_out) == (Sum(1, Decimal(1000)), Sum(1, Decimal(800)))
    assert (cut.owed_in, cut.owed_out) == (Decimal(1000), Decimal(300))


def test_drafts_voided_bills_and_trust_requests_count_nowhere() -> None:
    cut = Cutover(START)
    for changes in ({"state": "draft"}, {"state": "void"}, {"state": "deleted"}, {"kind": TRUST_KIND}):
        cut.bill(bill("1", **changes))
        cut.bill(bill("2", issued_at=BEFORE, **changes))
    assert cut.bills_in == cut.bills_out == Sum()


def test_a_bill_without_a_date_is_counted_apart_instead_of_lost() -> None:
    cut = Cutover(START)
    cut.bill(bill("1", issued_at=None))
    assert (cut.undated, cut.bills_in, cut.bills_out) == (1, Sum(), Sum())


def test_what_was_paid_since_was_still_owed_the_evening_before() -> None:
    cut = two_bills()
    cut.allocation(allocation("10", "100.00", bill="1", parent_id="5", date=BEFORE))
    cut.allocation(allocation("11", "400.00", bill="1", parent_id="6", date=SINCE))
    assert cut.receivable == Decimal(700)


def test_a_credit_note_since_then_counts_like_a_payment_for_what_was_owed_and_is_none() -> None:
    cut = two_bills()
    cut.allocation(allocation("11", "400.00", bill="1", parent_id="6", date=SINCE, is_payment=False))
    assert cut.receivable == Decimal(700)
    assert cut.payments_out == Sum()


def test_interest_charged_since_then_was_not_owed_yet() -> None:
    cut = two_bills()
    cut.charge(charge("7", "20.00", "1", SINCE))
    cut.charge(charge("8", "30.00", "1", BEFORE))
    cut.charge(charge("9", "40.00", "2", SINCE))
    assert cut.receivable == Decimal(280)


def test_a_payment_of_both_is_brought_in_and_one_of_earlier_bills_alone_left_out() -> None:
    cut = two_bills()
    cut.allocation(allocation("10", "100.00", bill="1", parent_id="5", date=SINCE))
    cut.allocation(allocation("11", "400.00", bill="2", parent_id="5", date=SINCE))
    cut.allocation(allocation("12", "50.00", bill="1", parent_id="6", date=SINCE))
    cut.allocation(allocation("13", "70.00", bill="1", parent_id="7", date=BEFORE))
    cut.allocation(allocation("14", "90.00", bill="2", parent_id="8", date=SINCE, is_valid=False))
    assert cut.payments_in == Sum(1, Decimal(400))
    assert cut.payments_out == Sum(1, Decimal(50)), "what was paid before the start date is history"


def test_trust_is_an_opening_balance_by_client_and_entries_since() -> None:
    cut = Cutover(START)
    for id, amount, dated in (("1", 500, BEFORE), ("2", -200, BEFORE), ("3", 70, SINCE), ("4", -30, SINCE)):
        cut.trust(row(id, amount, dated=dated))
    cut.trust(row("5", 40, dated=BEFORE, contact_id="8", contact_name="Bo Moss"))
    cut.trust(row("6", -40, dated=BEFORE, contact_id="8", contact_name="Bo Moss"))
    assert (cut.trust_in, cut.trust_out) == (Sum(1, Decimal(70)), Sum(1, Decimal(30)))
    assert cut.opening_of("44") == {"7": Decimal(300)}, "whose money was gone again held nothing"
    assert cut.names["7"] == "Ann Lee"


def test_each_record_that_is_counted_is_told_of() -> None:
    told: list[Counted] = []
    cut = Cutover(START, told.append)
    cut.bill(bill("1", "800.00", issued_at=BEFORE, balance=Decimal(300)), "Ann Lee")
    cut.bill(bill("2", "1000.00", issued_at=SINCE, balance=Decimal(400)), "Ann Lee")
    cut.bill(bill("3", "5.00", issued_at=None))
    cut.allocation(allocation("10", "500.00", bill="1", parent_id="5", date=SINCE), "Ann Lee")
    cut.allocation(allocation("11", "250.00", bill="2", parent_id="6", date=SINCE), "Ann Lee")
    cut.allocation(allocation("12", "350.00", bill="2", parent_id="6", date=SINCE), "Ann Lee")
    cut.trust(row("20", "75.00", dated=BEFORE))
    cut.trust(row("21", "25.00", dated=SINCE))
    cut.close()
    assert {(one.part, one.id): (one.amount, one.owed) for one in told} == {
        (Part.CLIENTS, "7"): (Decimal(1000), Decimal(400)),
        (Part.BILLS_OUT, "1"): (Decimal(800), Decimal(300)),
        (Part.BILLS_IN, "2"): (Decimal(1000), Decimal(400)),
        (Part.UNREADABLE, "3"): (Decimal(0), Decimal(0)),
        (Part.RECEIVABLE, "1"): (Decimal(800), Decimal(300)),
        (Part.PAYMENTS_OUT, "5"): (Decimal(500), Decimal(0)),
        (Part.PAYMENTS_IN, "6"): (Decimal(600), Decimal(0)),
        (Part.TRUST_IN, "21"): (Decimal(25), Decimal(0)),
        (Part.HELD, "7"): (Decimal(75), Decimal(0)),
    }
