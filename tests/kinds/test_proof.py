"""A reconciliation of a few records: near-misses first, then each kind of difference, then what explains it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from integrations.core import lookalikes
from integrations.core.read import Unreadable
from integrations.core.records import Kind, Ref, mark
from integrations.kinds.credit_note import Memo
from integrations.kinds.invoice import Allocation, Bill, InterestCharge
from integrations.kinds.payment import Receipt
from integrations.kinds.proof.books import OurBooks
from integrations.kinds.proof.clio import ClioBooks, Demands, demands
from integrations.kinds.proof.compare import Comparison
from integrations.kinds.proof.explain import Reason, Reasons
from integrations.kinds.proof.ledger import found
from integrations.kinds.proof.owed import Owed, compare
from integrations.kinds.proof.transit import InTransit, in_transit
from integrations.kinds.proof.words import Difference, Found, Standing, What
from integrations.kinds.refund import refund_ref
from tests.kinds.builders import (
    ISSUED,
    PAID,
    allocation,
    bill,
    charge,
    customer,
    invoice,
    money,
    paid,
    payment,
    policy,
    receipt,
)

ANN = Standing(customer(), "Customer", "70")
NAMES = {"70": "Ann Lee", "80": "Bo Ek"}


def linked(*refs: Ref, voided: Iterable[Ref] = ()) -> dict[Ref, Standing]:
    """Ann's customer, and a document for each ref: invoices 101, 102 and so on, payments 201, 202 and so on."""
    entities = {Kind.INVOICE: ("Invoice", 101), Kind.PAYMENT: ("Payment", 201)}
    standing, counts = {ANN.ref: ANN}, dict.fromkeys(entities, 0)
    for ref in refs:
        entity, first = entities[ref.kind]
        standing[ref] = Standing(ref, entity, str(first + counts[ref.kind]), ref in set(voided))
        counts[ref.kind] += 1
    return standing


def form(id: str = "101", amount: object = "1000.00", **changes: Any) -> Found:
    """Our invoice of bill 1 as QuickBooks has it, unpaid."""
    whole = money(amount)
    plain = Found("Invoice", id, None, "101", ISSUED, "70", whole, whole, whole, is_void=False)
    return replace(plain, **changes)


def receive(id: str = "201", amount: object = "400.00", pays: dict[str, object] | None = None, **changes: Any) -> Found:
    """Our payment 900 as QuickBooks has it, on invoice 101."""
    whole = money(amount)
    applied = {id: money(part) for id, part in (pays if pays is not None else {"101": amount}).items()}
    plain = Found("Payment", id, None, "", PAID, "70", whole, money(0), money(0), is_void=False, applied=applied)
    return replace(plain, **changes)


def clio(
    *bills: Bill,
    allocations: Iterable[Allocation] = (),
    charges: Iterable[InterestCharge] = (),
    receipts: Iterable[Receipt] = (),
) -> ClioBooks:
    return ClioBooks(
        bills={b.id: b for b in bills},
        allocations={a.id: a for a in allocations},
        charges={c.id: c for c in charges},
        receipts={r.id: r for r in receipts},
    )


def proven(
    books: ClioBooks, standing: dict[Ref, Standing], *documents: Found
) -> tuple[Demands, Comparison, list[Owed]]:
    asked = demands(books, standing, policy())
    return asked, *compare(asked, OurBooks.of(standing, documents, NAMES))


def named(books: ClioBooks, standing: dict[Ref, Standing], *documents: Found) -> list[tuple[Ref, What, str, str]]:
    _, comparison, _ = proven(books, standing, *documents)
    return [(one.ref, one.what, one.clio, one.quickbooks) for one in comparison.differences]


BILL_AND_PAYMENT = clio(paid(bill(), 400), allocations=[allocation(amount=400)])
BOTH = linked(invoice(), payment())
PAID_FORM = form(balance=money(600))


# Near-misses: none of these is a difference


def test_what_is_equal_is_counted_as_compared_and_equal() -> None:
    _, comparison, owed = proven(BILL_AND_PAYMENT, BOTH, PAID_FORM, receive())
    assert comparison.differences == []
    counts = {Kind.CONTACT: 1, Kind.INVOICE: 1, Kind.PAYMENT: 1}
    assert (comparison.compared, comparison.equal) == (counts, counts)
    assert owed == [Owed("7", money(600), money(600), money(0), money(0))]


@pytest.mark.parametrize(
    "outside",
    [
        bill(issued_at=date(2025, 12, 31)),
        bill(state="draft"),
        bill(state="void"),
        bill(state="awaiting_approval"),
    ],
)
def test_a_bill_out_of_scope_asks_for_nothing(outside: Bill) -> None:
    assert named(clio(outside), linked()) == []


def test_a_linked_bill_stays_in_scope_when_the_start_date_moves_past_it() -> None:
    earlier = bill(issued_at=date(2025, 12, 31))
    assert named(clio(earlier), linked(invoice()), form(dated=date(2025, 12, 31))) == []


def test_a_void_document_of_a_void_bill_is_as_it_should_be() -> None:
    gone = linked(invoice(), voided=[invoice()])
    assert named(clio(bill(state="void")), gone, form(amount=0, is_void=True)) == []
    assert named(clio(), gone) == []


def test_a_zero_bill_has_a_zero_invoice_which_is_not_a_void_one() -> None:
    assert named(clio(bill(amount=0)), linked(invoice()), form(amount=0)) == []


def test_an_interest_invoice_may_keep_its_place_in_the_series() -> None:
    books = clio(bill(amount=1010), charges=[charge()])
    standing = linked(invoice(), invoice(leg="interest-1"))
    interest = form("102", 10, number="101-I2", dated=PAID)
    assert named(books, standing, form(), interest) == []
    (found_,) = named(books, standing, form(), replace(interest, number="101-Ix"))
    assert found_[1] is What.NUMBER


def test_a_payment_may_pay_documents_of_others_too() -> None:
    more = clio(
        paid(bill(), 400), allocations=[allocation(amount=400)], receipts=[receipt(amount=500, allocation_id="1")]
    )
    theirs = receive(amount=500, pays={"101": 400, "999": 100}, reference="CHK 12")
    assert named(more, BOTH, PAID_FORM, theirs) == []


def test_a_bill_that_went_back_to_draft_only_has_to_be_there() -> None:
    draft = clio(bill(amount=77, state="draft"))
    assert named(draft, linked(invoice()), form()) == []
    assert named(draft, linked(invoice())) == [(invoice(), What.MISSING, "live", "nothing")]


# Documents


def test_a_bill_nobody_posted_is_missing_with_its_payment() -> None:
    assert named(BILL_AND_PAYMENT, linked()) == [
        (invoice(), What.MISSING, "1000.00", "nothing"),
        (payment(), What.MISSING, "400.00", "nothing"),
    ]


def test_a_deleted_payment_is_named_and_the_balance_it_leaves_is_not() -> None:
    asked, comparison, owed = proven(BILL_AND_PAYMENT, BOTH, form())
    (one,) = comparison.differences
    assert (one.ref, one.what, one.ledger_id, one.contact_id) == (payment(), What.MISSING, "201", "7")
    assert (owed[0].clio, owed[0].quickbooks) == (money(600), money(1000))
    assert asked.balances == {"1": money(600)}


def test_a_void_document_of_a_live_bill_is_told_from_a_missing_one() -> None:
    void = form(amount=0, is_void=True)
    assert named(clio(bill()), linked(invoice()), void) == [(invoice(), What.VOIDED, "1000.00", "void")]


def test_one_cent_is_a_difference_and_named_once() -> None:
    assert named(clio(bill()), linked(invoice()), form(amount="1000.01")) == [
        (invoice(), What.AMOUNT, "1000.00", "1000.01")
    ]
    less = form(amount="999.99", balance=money("599.99"))
    assert [one[:2] for one in named(BILL_AND_PAYMENT, BOTH, less, receive())] == [(invoice(), What.AMOUNT)]


def test_tax_that_quickbooks_added_within_the_total_shows_in_the_lines() -> None:
    assert named(clio(bill()), linked(invoice()), form(lines=money(920))) == [
        (invoice(), What.LINES, "1000.00", "920.00")
    ]


@pytest.mark.parametrize(
    ("changes", "what"),
    [({"dated": PAID}, What.DATE), ({"number": "102"}, What.NUMBER), ({"customer_id": "80"}, What.CUSTOMER)],
)
def test_each_member_is_compared(changes: dict[str, Any], what: What) -> None:
    assert [one[:2] for one in named(clio(bill()), linked(invoice()), form(**changes))] == [(invoice(), what)]


def test_a_document_of_a_void_bill_that_is_still_live_is_unwanted() -> None:
    assert named(clio(bill(state="void")), linked(invoice()), form()) == [
        (invoice(), What.UNWANTED, "nothing", "1000.00")
    ]


def test_a_live_document_whose_bill_clio_no_longer_lists_is_unwanted() -> None:
    assert named(clio(), linked(invoice()), form()) == [(invoice(), What.UNWANTED, "nothing", "1000.00")]


def test_a_second_document_with_our_mark_is_doubled() -> None:
    copy = form("555", marked=invoice())
    assert named(clio(bill()), linked(invoice()), form(), copy) == [
        (invoice(), What.DOUBLED, "1000.00", "1000.00 beside 101")
    ]
    assert named(clio(bill()), linked(invoice()), form(), replace(copy, is_void=True)) == []


def test_a_marked_document_that_no_link_knows_is_named_as_such() -> None:
    assert named(clio(bill()), linked(), form(marked=invoice())) == [(invoice(), What.NOT_LINKED, "1000.00", "1000.00")]


def test_a_mark_for_nothing_is_unwanted() -> None:
    assert named(clio(), linked(), form(marked=invoice("404"))) == [
        (invoice("404"), What.UNWANTED, "nothing", "1000.00")
    ]


def test_figures_that_do_not_add_up_are_never_equal() -> None:
    asked, comparison, _ = proven(clio(bill(balance=999)), linked(invoice()), form())
    assert asked.mismatched == {"1"}
    assert [one.what for one in comparison.differences] == [What.UNREADABLE]


# What payments pay, what is owed


def test_a_payment_that_pays_another_of_our_invoices_is_named_and_neither_bill_is() -> None:
    books = clio(paid(bill(), 400), bill("2"), allocations=[allocation(amount=400)])
    standing = linked(invoice(), invoice("2"), payment())
    second = form("102", number="102", balance=money(600))
    assert named(books, standing, form(), second, receive(pays={"102": 400})) == [
        (payment(), What.APPLIED, "400.00 of bill 101, 0.00 of bill 102", "0.00 of bill 101, 400.00 of bill 102")
    ]


def test_money_of_others_on_our_invoice_shows_in_its_balance() -> None:
    assert named(BILL_AND_PAYMENT, BOTH, form(balance=money(550)), receive()) == [
        (invoice(), What.BALANCE, "600.00", "550.00")
    ]


def test_money_of_others_shows_beside_a_payment_that_is_missing() -> None:
    found_ = named(BILL_AND_PAYMENT, BOTH, form(balance=money(950)))
    assert [one[:2] for one in found_] == [(payment(), What.MISSING), (invoice(), What.BALANCE)]


def test_a_merged_customer_is_one_difference_but_a_moved_invoice_is_the_invoice() -> None:
    books, standing = clio(bill(), bill("2")), linked(invoice(), invoice("2"))
    forms = form(customer_id="80"), form("102", number="102", customer_id="80")
    asked = demands(books, standing, policy())
    merged, _ = compare(asked, OurBooks.of(standing, forms, {"80": "Bo Ek"}))
    assert [(one.ref, one.what, one.ledger_id) for one in merged.differences] == [(customer(), What.CUSTOMER, "80")]
    moved, _ = compare(asked, OurBooks.of(standing, forms, NAMES))
    assert [one.ref for one in moved.differences] == [invoice(), invoice("2")]


# Money of a deposited payment that was paid back


REFUNDED = linked(invoice(), payment()) | {
    refund_ref(payment()): Standing(refund_ref(payment()), "Purchase", "401"),
}


def test_a_payment_is_worth_what_was_not_paid_back_of_it() -> None:
    books = clio(paid(bill(), 300), allocations=[allocation(amount=300)])
    back = Found("Purchase", "401", None, "", PAID, "", money(100), money(0), money(0), is_void=False)
    held = receive(pays={"101": 300})
    asked, comparison, owed = proven(books, REFUNDED, form(balance=money(700)), held, back)
    assert comparison.differences == []
    assert owed == [Owed("7", money(700), money(700), money(0), money(0))]
    less = replace(back, amount=money(90))
    assert named(books, REFUNDED, form(balance=money(700)), held, less) == [
        (payment(), What.AMOUNT, "300.00", "310.00")
    ]
    whole = replace(back, amount=money(400))
    assert named(clio(bill()), REFUNDED, form(), receive(pays={}), whole) == []
    assert asked.balances == {"1": money(700)}


def test_an_expense_without_its_payment_is_unwanted() -> None:
    back = Found("Purchase", "401", None, "", PAID, "", money(100), money(0), money(0), is_void=False)
    assert [one[:2] for one in named(clio(bill()), REFUNDED, form(), back)] == [(refund_ref(payment()), What.UNWANTED)]


# An invoice that was taken back because it could not be voided


GONE = clio(bill(state="void"))
CORRECTION = invoice(leg="correction")
CORRECTED = linked(invoice()) | {CORRECTION: Standing(CORRECTION, "CreditMemo", "501")}
TAKEN_BACK = form("501", entity="CreditMemo", number="CN-B1", balance=money(0))


def corrections(books: ClioBooks, *documents: Found, links: dict[Ref, Standing] | None = None) -> list[What]:
    found_ = named(books, CORRECTED if links is None else links, *documents)
    return [what for ref, what, _, _ in found_ if ref == CORRECTION]


def test_a_correction_is_worth_the_invoice_it_takes_back() -> None:
    assert corrections(GONE, form(balance=money(0)), TAKEN_BACK) == []
    assert corrections(GONE, form(balance=money(0)), replace(TAKEN_BACK, amount=money(900))) == [What.AMOUNT]
    assert corrections(GONE, form()) == [What.MISSING]


def test_a_correction_is_unwanted_once_its_bill_is_back_or_its_invoice_gone() -> None:
    assert corrections(clio(bill()), form(), TAKEN_BACK) == [What.UNWANTED]
    assert corrections(GONE, TAKEN_BACK) == [What.UNWANTED]
    over = CORRECTED | {CORRECTION: replace(CORRECTED[CORRECTION], is_voided=True)}
    assert corrections(clio(bill()), form(), replace(TAKEN_BACK, amount=money(0), is_void=True), links=over) == []


def test_r3_8_a_corrected_invoice_and_its_memo_owe_nothing_and_what_our_payments_pay_of_it_is_credit() -> None:
    kept = clio(bill(state="void"), allocations=[allocation(amount=400)])
    links = CORRECTED | {payment(): BOTH[payment()]}
    memo_left = replace(TAKEN_BACK, balance=money(600))  # 400 by our payment and 200 by a person's
    _, comparison, owed = proven(kept, links, form(balance=money(0)), memo_left, receive())
    assert [(one.ref, one.what) for one in comparison.differences] == [(invoice(), What.UNWANTED)]
    assert owed == [Owed("7", money(0), money(0), money(400), money(400))]


def test_a_memo_of_another_amount_takes_nothing_back() -> None:
    less = replace(TAKEN_BACK, amount=money(900), balance=money(900))
    _, _, owed = proven(GONE, CORRECTED, form(), less)
    assert owed == [Owed("7", money(0), money(1000), money(0), money(900))]


# Credit notes


NOTE = Ref(Kind.CREDIT_NOTE, "500")
APPLYING = Ref(Kind.CREDIT_NOTE, "500", "apply")
CREDITED = replace(
    clio(paid(bill(), 100), allocations=[allocation(amount=100, payment="500", is_payment=False)]),
    memos={"500": Memo("500", money(100), PAID, "Goodwill", is_discount=False, is_voided=False)},
)
CREDIT_LINKS = linked(invoice()) | {
    NOTE: Standing(NOTE, "CreditMemo", "301"),
    APPLYING: Standing(APPLYING, "Payment", "302"),
}
MEMO = form("301", 100, entity="CreditMemo", number="CN-500", dated=PAID, balance=money(0))
ZERO_PAYMENT = receive("302", 0, {"101": 100}, credits={"301": money(100)})


def test_a_credit_note_is_a_memo_and_what_it_is_set_against_whoever_did_that() -> None:
    assert named(CREDITED, CREDIT_LINKS, form(balance=money(900)), MEMO, ZERO_PAYMENT) == []
    by_quickbooks = {ref: link for ref, link in CREDIT_LINKS.items() if ref != APPLYING}
    assert named(CREDITED, by_quickbooks, form(balance=money(900)), MEMO, replace(ZERO_PAYMENT, id="999")) == []


def test_a_credit_that_is_not_applied_or_applied_elsewhere_is_named_once() -> None:
    assert named(CREDITED, CREDIT_LINKS, form(), MEMO) == [
        (APPLYING, What.MISSING, "100.00 of bill 101", "0.00 of bill 101")
    ]
    void = replace(ZERO_PAYMENT, is_void=True, applied={}, credits={})
    assert [one[:2] for one in named(CREDITED, CREDIT_LINKS, form(), MEMO, void)] == [(APPLYING, What.VOIDED)]
    part = receive("302", 0, {"101": 60}, credits={"301": money(60)})
    assert named(CREDITED, CREDIT_LINKS, form(balance=money(940)), MEMO, part) == [
        (APPLYING, What.APPLIED, "100.00 of bill 101", "60.00 of bill 101")
    ]


def test_a_memo_of_another_amount_is_named_and_what_follows_from_it_is_not() -> None:
    less, used = replace(MEMO, amount=money(90), lines=money(90)), receive("302", 0, {"101": 90}, credits={"301": 90})
    assert [one[:2] for one in named(CREDITED, CREDIT_LINKS, form(balance=money(910)), less, used)] == [
        (NOTE, What.AMOUNT)
    ]


def test_a_credit_note_of_a_void_bill_asks_for_nothing() -> None:
    over = replace(CREDITED, bills={"1": bill(state="void")})
    voided = {ref: replace(link, is_voided=True) for ref, link in CREDIT_LINKS.items()}
    assert named(over, voided, form(amount=0, is_void=True), replace(MEMO, amount=money(0), is_void=True)) == []
    live = [one[:2] for one in named(over, CREDIT_LINKS, form(balance=money(900)), MEMO, ZERO_PAYMENT)]
    assert live == [(invoice(), What.UNWANTED), (NOTE, What.UNWANTED)]


# Trust money in transit


def transit(balance: object, *documents: Found) -> InTransit:
    standing = linked(*(payment(str(900 + at)) for at, _ in enumerate(documents)))
    return in_transit(OurBooks.of(standing, documents, NAMES), "81", "Trust in transit", money(balance))


def test_the_oldest_trust_money_is_taken_to_have_been_moved_first() -> None:
    old = receive(amount=300, dated=date(2026, 2, 1), deposit_to="81")
    new = receive("202", 500, dated=date(2026, 2, 9), deposit_to="81")
    whole = transit(800, old, new)
    assert [(one.ledger_id, one.amount) for one in whole.waiting] == [("201", money(300)), ("202", money(500))]
    assert (whole.received, whole.age_days(date(2026, 2, 11))) == (money(800), 10)
    part = transit(600, old, new)
    assert [(one.ledger_id, one.amount) for one in part.waiting] == [("201", money(100)), ("202", money(500))]
    assert transit(500, old, new).age_days(date(2026, 2, 11)) == 2


def test_nothing_waits_on_an_empty_account_and_money_of_others_has_no_age() -> None:
    paid_in = receive(deposit_to="81")
    for balance in (0, -5):
        empty = transit(balance, paid_in)
        assert (empty.waiting, empty.age_days(PAID)) == ((), None)
    more = transit(1000, paid_in, receive("202", deposit_to="80"), receive("203", 0, deposit_to="81", is_void=True))
    assert (more.balance, more.received, len(more.waiting)) == (money(1000), money(400), 1)


def test_an_invoice_of_a_contact_without_a_customer_is_at_the_wrong_one() -> None:
    moved = clio(bill(contact_id="8"))
    assert named(moved, linked(invoice()), form()) == [(invoice(), What.CUSTOMER, "contact 8", "70")]
    assert named(clio(bill(contact_id="")), linked(invoice()), form()) == []


def bearing(*ids: str, links: dict[Ref, Standing] | None = None) -> list[tuple[Ref, What, str]]:
    """What is said of the customers when these bear Ann's mark, and her bill is posted as it should be."""
    standing = linked(invoice()) if links is None else links
    books = OurBooks.of(standing, [form(marked=invoice())], NAMES, bearers={customer(): list(ids)})
    found_, _ = compare(demands(clio(bill()), standing, policy()), books)
    return [(one.ref, one.what, one.ledger_id) for one in found_.differences if one.ref.kind is Kind.CONTACT]


def test_a_second_customer_with_a_contacts_mark_is_doubled_and_one_nobody_linked_is_named() -> None:
    assert bearing("70") == bearing() == []
    assert bearing("70", "80") == [(customer(), What.DOUBLED, "80")]
    assert bearing("80", links={}) == [(customer(), What.NOT_LINKED, "80")]


# Reading QuickBooks


def test_a_document_is_read_with_its_mark_its_lines_and_what_it_pays() -> None:
    raw = {
        "Id": "9",
        "TotalAmt": Decimal("90.00"),
        "Balance": Decimal("40.00"),
        "TxnDate": "2026-02-02",
        "DocNumber": "12",
        "CustomerRef": {"value": "70"},
        "PrivateNote": f"Matter 1\n{mark(invoice(), 'acme')}",
        "Line": [
            {"DetailType": "SalesItemLineDetail", "Amount": Decimal(100)},
            {"DetailType": "DiscountLineDetail", "Amount": Decimal(10)},
            {"DetailType": "SubTotalLineDetail", "Amount": Decimal(100)},
        ],
    }
    read = found("Invoice", raw, "acme")
    assert (read.marked, read.lines, read.balance, read.is_void) == (invoice(), money(90), money(40), False)
    assert found("Invoice", raw, "globex").marked is None
    with pytest.raises(Unreadable):
        found("Invoice", {**raw, "TotalAmt": "ninety"}, "acme")


def test_void_is_a_note_and_no_money_together() -> None:
    void = {"Id": "9", "TotalAmt": 0, "PrivateNote": "Voided - Matter 1"}
    assert found("Invoice", void, "acme").is_void
    assert not found("Invoice", {**void, "TotalAmt": 5}, "acme").is_void
    assert not found("Invoice", {**void, "PrivateNote": "Matter 1"}, "acme").is_void


# Explaining


def difference(what: What = What.AMOUNT, ref: Ref | None = None, **changes: Any) -> Difference:
    return replace(Difference(ref or invoice(), "101", what, "1", "2", "Bill 101", "7"), **changes)


def reason(code: str, ref: Ref | None = None, id: int = 1, *, accepted: bool = False) -> Reason:
    return Reason(id, code, ref, accepted)


@pytest.mark.parametrize(
    ("code", "what", "explains"),
    [
        ("drift", What.AMOUNT, True),
        ("drift", What.MISSING, False),
        ("drift", What.DOUBLED, False),
        ("deleted_in_ledger", What.MISSING, True),
        ("deleted_in_ledger", What.AMOUNT, False),
        ("payment_only_in_quickbooks", What.BALANCE, True),
        ("payment_only_in_quickbooks", What.AMOUNT, False),
        ("payment_partly_outside", What.AMOUNT, False),
        ("bill_in_draft", What.VOIDED, False),
        ("void_blocked", What.UNWANTED, True),
        ("duplicate_number", What.NUMBER, True),
        ("duplicate_number", What.DOUBLED, False),
        ("unresolved_write", What.DOUBLED, True),
    ],
)
def test_an_issue_explains_only_what_it_is_about(code: str, what: What, explains: bool) -> None:
    explained = Reasons.of([reason(code, invoice())]).explain(difference(what))
    assert (explained.reason is not None) is explains


def test_what_was_never_posted_waits_behind_its_contact_its_bill_or_the_firms_settings() -> None:
    missing = difference(What.MISSING, payment(), ledger_id="", bills=frozenset({"1"}))
    for cause in (
        reason("probable_match", customer()),
        reason("duplicate_number", invoice()),
        reason("numbering_setting_off"),
    ):
        assert Reasons.of([cause]).explain(missing).reason == cause
    assert Reasons.of([reason("drift", invoice())]).explain(missing).reason is None
    assert Reasons.of([reason("duplicate_warning_off")]).explain(missing).reason is None


def test_what_was_posted_and_is_gone_waits_for_nothing() -> None:
    gone = difference(What.MISSING, payment(), ledger_id="201", bills=frozenset({"1"}), is_gone=True)
    assert Reasons.of([reason("duplicate_number", invoice())]).explain(gone).reason is None


def test_what_was_accepted_before_does_not_cover_up_that_a_document_is_gone() -> None:
    gone = difference(What.MISSING, is_gone=True)
    for code in ("duplicate_number", "period_closed", "void_blocked"):
        assert Reasons.of([reason(code, invoice(), accepted=True)]).explain(gone).reason is None
        assert Reasons.of([reason(code, invoice())]).explain(gone).reason is not None
    assert Reasons.of([reason("deleted_in_ledger", invoice(), accepted=True)]).explain(gone).is_accepted


@pytest.mark.parametrize("code", sorted(lookalikes.CODES))
@pytest.mark.parametrize("what", list(What))
def test_that_a_number_or_a_person_looks_like_another_explains_nothing(code: str, what: What) -> None:
    assert Reasons.of([reason(code, invoice(), accepted=True)]).explain(difference(what)).reason is None


def test_a_changed_document_is_explained_by_what_it_was_changed_to() -> None:
    changed = replace(reason("drift", invoice(), accepted=True), fields={"Amount": "2", "State": "voided"})
    for fitting in (difference(), difference(What.VOIDED, quickbooks="void"), difference(What.CUSTOMER)):
        assert Reasons.of([changed]).explain(fitting).is_accepted
    for other in (difference(quickbooks="3"), difference(What.DATE), difference(What.MISSING)):
        assert Reasons.of([changed]).explain(other).reason is None


def test_a_document_kept_by_hand_is_listed_as_such_and_counts_in_no_sum() -> None:
    asked = demands(clio(bill()), linked(), policy())
    copies = form(marked=invoice()), form("102", marked=invoice())
    comparison, owed = compare(asked, OurBooks.of(linked(), copies, NAMES, [invoice()]))
    assert [(one.ref, one.what, one.clio, one.quickbooks) for one in comparison.differences] == [
        (invoice(), What.BY_HAND, "1000.00", "1000.00")
    ]
    assert owed == []
    gone, _ = compare(Demands(), OurBooks.of(linked(), copies, NAMES, [invoice()]))
    assert gone.differences == []


def test_an_open_issue_comes_before_an_accepted_one_and_the_own_leg_before_another() -> None:
    accepted, open_ = reason("drift", invoice(), 1, accepted=True), reason("period_closed", invoice(), 2)
    explained = Reasons.of([accepted, open_]).explain(difference())
    assert (explained.reason, explained.is_accepted) == (open_, False)
    own = reason("drift", invoice(leg="interest-1"), 3)
    assert Reasons.of([accepted, own]).explain(difference(ref=invoice(leg="interest-1"))).reason == own
