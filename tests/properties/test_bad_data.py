"""Whatever Clio shows, a plan comes out; a bad record is a problem of its own and stops no neighbour."""

from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.core.changes import LOCAL, Action, Decision
from integrations.core.match import Exact, NoMatch, Probable
from integrations.core.records import Kind, Ref
from integrations.kinds.catalog import Catalog, LoosePayment, Named
from integrations.kinds.group import Document, Group, LinkState
from integrations.kinds.invoice import Allocation, Bill, Discount, InterestCharge, LineItem
from integrations.kinds.payment import assemble
from integrations.kinds.plan import plan_group
from tests.kinds.builders import ITEMS, bill, contact, customer, invoice, line, policy
from tests.kinds.shelf import Shelf

IDS = st.sampled_from(["", "1", "2", "3", "x", "²"])
MONEY = st.sampled_from(["0", "0.00", "-5", "0.01", "10", "33.33", "1000", "99999999.99"]).map(Decimal)
DAYS = st.none() | st.sampled_from([date(2025, 1, 1), date(2026, 1, 1), date(2026, 2, 2), date(9999, 12, 31), date.min])
STATES = st.sampled_from(["awaiting_payment", "paid", "draft", "void", "deleted", "", "new"])
TEXTS = st.sampled_from(["", "101", "1" * 30, "Lee:Ann", "\x00", "\ud800"])
SOURCES = st.sampled_from(["", "Trust", "Operating", "Odd"])

BILLS = st.builds(
    Bill,
    id=IDS,
    number=TEXTS,
    state=STATES,
    kind=st.sampled_from(["revenue_kind", "trust_kind", ""]),
    contact_id=IDS,
    issued_at=DAYS,
    due_at=DAYS,
    currency=st.sampled_from(["", "USD", "EUR"]),
    total=MONEY,
    due=MONEY,
    balance=MONEY,
    pending=MONEY,
    sub_total=MONEY,
    services_sub_total=MONEY,
    tax=MONEY,
    secondary_tax=MONEY,
    discount=st.builds(Discount, MONEY, st.booleans(), st.booleans()),
    subject=TEXTS,
    matters=st.just(()),
    is_interest_bill=st.booleans(),
) | st.builds(bill, IDS.filter(bool), st.just("10"), contact_id=IDS)
LINES = st.builds(
    LineItem,
    id=IDS,
    bill_id=IDS,
    type=st.sampled_from(["", "ActivityLineItem", "SummaryLineItem", "NoChargeLineItem"]),
    is_expense=st.booleans(),
    date=DAYS,
    description=TEXTS,
    sub_total=MONEY,
    tax=MONEY,
    secondary_tax=MONEY,
    quantity=MONEY,
    price=MONEY,
    timekeeper=TEXTS,
    matter=TEXTS,
    activity_type=TEXTS,
    category_id=IDS,
    shown=st.booleans(),
)
ALLOCATIONS = st.builds(
    Allocation,
    id=IDS,
    bill_id=IDS,
    parent_id=IDS,
    is_payment=st.booleans(),
    amount=MONEY,
    date=DAYS,
    is_interest=st.booleans(),
    is_valid=st.booleans(),
    is_online=st.booleans(),
    contact_id=IDS,
    source_type=SOURCES,
    source_id=IDS,
    destination_id=IDS,
)
CHARGES = st.builds(InterestCharge, IDS, IDS, DAYS, TEXTS, MONEY)
ENTITY = {Kind.CONTACT: "Customer", Kind.INVOICE: "Invoice", Kind.PAYMENT: "Payment"}
REFS = st.builds(Ref, st.sampled_from([Kind.CONTACT, Kind.INVOICE, Kind.PAYMENT]), IDS, IDS | st.just("interest-1"))
RAWS = st.fixed_dictionaries(
    {},
    optional={
        "DocNumber": TEXTS,
        "TxnDate": st.none() | st.just("2026-02-02"),
        "TotalAmt": MONEY | st.none(),
        "Balance": MONEY | st.none(),
        "CustomerRef": st.none() | st.just({"value": "5"}),
        "Line": st.none()
        | st.lists(
            st.fixed_dictionaries({"Amount": MONEY, "LinkedTxn": st.just([{"TxnId": "5", "TxnType": "Invoice"}])})
        ),
        "LinkedTxn": st.none() | st.just([{"TxnId": "9", "TxnType": "Payment"}]),
    },
)
DOCUMENTS = st.builds(Document, st.none() | RAWS, st.sampled_from(["a", "b"]))
DECISIONS = st.builds(Decision, st.sampled_from(["link", "create", "adopt", "post", "retry"]), IDS)
CODES = st.sampled_from(["probable_match", "invoice_exists", "payment_exists", "customer_inactive"])
MATCHES: st.SearchStrategy[Exact | Probable | NoMatch] = st.sampled_from(
    [Exact("5"), Exact("404"), Probable(("5", "404")), Probable(()), NoMatch()]
)


@st.composite
def groups(draw: st.DrawFn) -> Group:
    bills = {b.id: b for b in draw(st.lists(BILLS, max_size=4)) if b.id}
    allocations = draw(st.lists(ALLOCATIONS, max_size=6))
    lines, charges = draw(st.lists(LINES, max_size=5)), draw(st.lists(CHARGES, max_size=3))
    links = {ref: _link(draw, ref) for ref in draw(st.lists(REFS, max_size=5))}
    parents = {a.parent_id for a in allocations if a.is_payment}
    ids = [*bills, ""]
    return Group(
        contacts={id: draw(st.just("hidden") | st.just(contact(id))) for id in draw(st.sets(IDS))},
        matches=draw(st.dictionaries(IDS, MATCHES)),
        bills=bills,
        unreadable_bills=draw(st.dictionaries(IDS.filter(lambda id: id not in bills), st.just("total: not an amount"))),
        lines={id: tuple(i for i in lines if i.bill_id == id) for id in ids},
        allocations={id: tuple(a for a in allocations if a.bill_id == id) for id in ids},
        charges={id: tuple(c for c in charges if c.bill_id == id) for id in ids},
        gone_charges=frozenset(draw(st.sets(IDS))),
        payments={id: assemble(id, [a for a in allocations if a.parent_id == id], []) for id in parents},
        links=links,
        documents={ref: draw(DOCUMENTS) for ref in links if draw(st.booleans())},
        decisions=draw(st.dictionaries(st.tuples(REFS, CODES), DECISIONS, max_size=3)),
        absent_bills=frozenset(draw(st.sets(IDS))),
    )


def _link(draw: st.DrawFn, ref: Ref) -> LinkState:
    return LinkState(ref, ENTITY[ref.kind], draw(st.sampled_from("5678")), "p", "a", draw(st.booleans()))


def catalog() -> Catalog:
    vendor = Named("Vendor", "9", "Ann Lee", "Ann Lee")
    loose = LoosePayment("700", "5", date(2026, 2, 2), Decimal(10))
    return Shelf(strangers=[vendor], numbers=[("101", ("Estimate", "3"))], loose=[loose]).catalog()


POLICIES = st.builds(
    policy,
    without=st.sets(st.sampled_from(sorted(ITEMS))),
    numbering_on=st.booleans(),
    aggregate_tax=st.booleans(),
    close_date=st.none() | st.just(date(2026, 1, 31)),
    country=st.sampled_from(["US", "GB"]),
)


@settings(max_examples=250, deadline=None)
@given(groups(), POLICIES)
def test_nothing_that_can_be_read_stops_a_plan(group: Group, firm: object) -> None:
    assert isinstance(firm, type(policy()))
    plan = plan_group(group, firm, catalog())
    changed = {change.ref for change in plan.changes}
    assert len(changed) == len(plan.changes)
    assert not changed & {problem.ref for problem in plan.problems if problem.blocks}
    for change in plan.changes:
        lines = change.postings()
        if change.action is not Action.VOID:
            assert sum((p.debit for p in lines), Decimal(0)) == sum((p.credit for p in lines), Decimal(0))
        assert change.action is Action.CREATE or change.ledger_id
        assert change.draft is not None or change.action in LOCAL | {Action.VOID}


@settings(max_examples=80, deadline=None)
@given(groups(), POLICIES.filter(lambda firm: firm.numbering_on and "item:service" in firm.targets))
def test_a_sound_bill_is_posted_whatever_its_neighbours_are(group: Group, firm: object) -> None:
    assert isinstance(firm, type(policy()))
    sound = bill("77", number="sound", contact_id="77", issued_at=date(2026, 2, 2))
    beside = Group(
        **{
            **{name: getattr(group, name) for name in group.__slots__},
            "bills": {**group.bills, "77": sound},
            "lines": {**group.lines, "77": (line("7", bill="77"),)},
            "contacts": {**group.contacts, "77": contact("77", "Sound Ltd")},
        }
    )
    plan = plan_group(beside, firm, catalog())
    assert {(Action.CREATE, customer("77")), (Action.CREATE, invoice("77"))} <= {
        (c.action, c.ref) for c in plan.changes
    }
