"""Bill arithmetic: an invoice is worth its bill to the cent, or it is not made at all (rules R3.1, R3.2)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from integrations.core.money import CENT, ZERO, cents
from integrations.kinds.group import LinkState
from integrations.kinds.invoice import TOLERANCE, Bill, Discount, LineItem, TotalMismatch, bill_amount
from integrations.kinds.invoice_draft import InvoiceDraft, bill_draft
from tests.kinds.builders import ITEMS, allocation, bill, customer, line, policy
from tests.kinds.ledger import Ledger

RATES = st.sampled_from(["0", "5", "8.25", "13", "20"]).map(Decimal)
QUANTITIES = st.decimals("0.01", 40, places=2)
PRICES = st.decimals("-50", 900, places=2)
KINDS = st.sampled_from(["ActivityLineItem", "NoChargeLineItem"])
DISCOUNTS = st.one_of(
    st.just(Discount()),
    st.builds(Discount, st.decimals(0, 100, places=2), st.just(True), st.booleans()),
    st.builds(Discount, st.decimals(0, 500, places=2), st.just(False), st.booleans()),
)


@dataclass(frozen=True)
class Sample:
    """A bill as Clio adds it up: taxes on what the discount leaves, rounded on the whole or line by line."""

    bill: Bill
    lines: list[LineItem]


@st.composite
def bills(draw: Callable) -> Sample:
    tax, second, discount = draw(RATES) / 100, draw(RATES) / 100, draw(DISCOUNTS)
    lines = [_line(draw, str(n)) for n in range(1, draw(st.integers(1, 12)) + 1)]
    counted = [item for item in lines if not item.is_no_charge]
    base = sum((i.sub_total for i in counted if not (discount.services_only and i.is_expense)), ZERO)
    off = cents(base * discount.rate / 100) if discount.is_percentage else min(discount.rate, max(base, ZERO))
    share = off / base if base > 0 else ZERO
    assume(base > 0 or not discount.rate)
    taxed = [_taxed(item, discount, share, tax, second) for item in lines]
    by_line = draw(st.booleans())
    sums = [_tax(taxed, discount, share, rate, by_line) for rate in (tax, second)]
    sub_total = sum((item.sub_total for item in counted), ZERO)
    total = sub_total - off + sum(sums, ZERO)
    amounts: dict[str, Any] = {"total": total, "due": total, "balance": total, "tax": sums[0], "secondary_tax": sums[1]}
    return Sample(bill(sub_total=sub_total, discount=discount, **amounts), taxed)


def _line(draw: Callable, id: str) -> LineItem:
    quantity, price = draw(QUANTITIES), draw(PRICES)
    amount = cents(quantity * price)
    return line(id, amount, quantity=quantity, price=price, is_expense=draw(st.booleans()), type=draw(KINDS))


def _net(item: LineItem, discount: Discount, share: Decimal) -> Decimal:
    if item.is_no_charge:
        return ZERO
    return item.sub_total * (1 if discount.services_only and item.is_expense else 1 - share)


def _taxed(item: LineItem, discount: Discount, share: Decimal, tax: Decimal, second: Decimal) -> LineItem:
    net = _net(item, discount, share)
    return replace(item, tax=cents(net * tax), secondary_tax=cents(net * second))


def _tax(lines: list[LineItem], discount: Discount, share: Decimal, rate: Decimal, by_line: bool) -> Decimal:
    exact = [_net(item, discount, share) * rate for item in lines]
    return sum((cents(part) for part in exact), ZERO) if by_line else cents(sum(exact, ZERO))


def rounding(draft: InvoiceDraft) -> Decimal:
    return sum((row.amount for row in draft.lines if row.target == ITEMS["item:rounding"]), ZERO)


@settings(max_examples=150, deadline=None)
@given(bills(), st.booleans())
def test_the_lines_of_a_draft_are_its_amount_to_the_cent(sample: Sample, aggregate: bool) -> None:
    whole = bill_amount(sample.bill, []).whole
    try:
        draft = bill_draft(sample.bill, whole, sample.lines, policy(aggregate_tax=aggregate))
    except TotalMismatch:
        assert whole < 0
        return
    assert draft.amount == whole == sample.bill.total
    assert sum((row.amount for row in draft.lines), ZERO) == whole
    assert abs(rounding(draft)) <= TOLERANCE
    lines = draft.postings()
    assert sum((p.debit for p in lines), ZERO) == sum((p.credit for p in lines), ZERO)


@settings(max_examples=120, deadline=None)
@given(bills(), st.integers(-500, 500))
def test_an_amount_that_is_off_is_refused_or_rounded_in_sight(sample: Sample, off: int) -> None:
    amount = sample.bill.total + off * CENT
    try:
        draft = bill_draft(sample.bill, amount, sample.lines, policy())
    except TotalMismatch:
        return
    assert sum((row.amount for row in draft.lines), ZERO) == amount
    assert abs(rounding(draft)) <= TOLERANCE


@settings(max_examples=80, deadline=None)
@given(bills())
def test_quantity_times_price_is_the_amount_of_every_line_sent(sample: Sample) -> None:
    assume(sample.bill.total >= 0)
    draft = bill_draft(sample.bill, sample.bill.total, sample.lines, policy())
    body = draft.encode(Ledger(links={customer(): LinkState(customer(), "Customer", "55", "", "")}), None)
    rows = body["Line"]
    assert isinstance(rows, list)
    for row in rows:
        if row["DetailType"] == "SalesItemLineDetail":
            detail = row["SalesItemLineDetail"]
            exact = detail["Qty"] * detail["UnitPrice"]
            assert exact == row["Amount"] == row["Amount"].quantize(CENT, ROUND_HALF_UP)


@given(bills(), st.data())
def test_paying_and_crediting_a_bill_does_not_change_what_it_is_worth(sample: Sample, data: st.DataObject) -> None:
    assume(sample.bill.total > 0)
    paid = data.draw(st.decimals(0, sample.bill.total, places=2))
    credited = data.draw(st.decimals(0, sample.bill.total - paid, places=2))
    left = replace(sample.bill, balance=sample.bill.total - paid - credited)
    parts = [
        allocation("1", paid),
        allocation("2", credited, payment="5", is_payment=False),
        allocation("3", 7, is_valid=False),
    ]
    assert bill_amount(left, parts).whole == sample.bill.total
