"""Whatever has to be written for a customer that people made inactive waits, and is asked about once (rule R8)."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from integrations.models import EntityLink
from integrations.sync.reconcile import reconcile
from tests.portal import Portal
from tests.sync.books import settled

FEBRUARY, MARCH = date(2026, 2, 4), date(2026, 3, 9)
TELLS = "trust_incomplete"  # an info: Clio's own entry for a paid bill has no reference
SEEN_TWICE = 700  # seconds; rule R1.4
APART = 120  # seconds; what is entered together with its opposite would be a transfer (rule R6.4)


def test_r8_trust_money_for_an_inactive_customer(portal: Portal) -> None:
    _waits_until_active(portal, lambda ann: deposit(portal, ann, 40))


def test_r8_a_trust_row_edited_for_an_inactive_customer(portal: Portal) -> None:
    _waits_until_active(portal, lambda ann: portal.clio.edit_bank_transaction(first_row(portal), amount=Decimal(60)))


def test_r8_a_trust_row_deleted_for_an_inactive_customer(portal: Portal) -> None:
    """The reversing entry names the customer that the entry does."""
    _waits_until_active(portal, lambda ann: portal.clio.delete_bank_transaction(first_row(portal)), own="trust_entry")


def test_r8_a_transfer_from_an_inactive_customer(portal: Portal) -> None:
    bo = portal.contact("Bo", "Ng", "bo@example.com")
    amount, told = Decimal(50), {"description": "Costs", "reference": "2"}
    _waits_until_active(
        portal, lambda ann: portal.clio.trust_transfer(amount, MARCH, contact_id=ann, to_contact_id=bo, **told)
    )


def test_r8_a_bill_paid_from_trust_of_an_inactive_customer(portal: Portal) -> None:
    """Neither the payment nor the trust row is posted without the other."""
    amount = Decimal(20)
    _waits_until_active(portal, lambda ann: portal.clio.pay_from_trust(bill_of(portal), amount, MARCH), TELLS)


def test_r8_a_credit_note_deleted_for_an_inactive_customer(portal: Portal) -> None:
    """QuickBooks has no void for a credit memo: it is emptied, which is a write that names the customer."""
    _waits_until_active(
        portal, lambda ann: portal.clio.delete_credit_note(only(portal, "credit_memo")), own="credit_note"
    )


def test_r8_a_payment_deleted_for_an_inactive_customer_is_voided(portal: Portal) -> None:
    """QuickBooks's own void names nobody."""
    ann = posted(portal)
    portal.quickbooks.deactivate("Customer", customer_of(portal, ann))
    portal.clio.delete_payment(only(portal, "payment"))
    portal.run()
    settled(portal)


def test_r8_a_reversal_that_names_an_inactive_customer_of_nobody_waits(portal: Portal) -> None:
    """Its contact was merged into another one in Clio, so the customer was left, and then made inactive."""
    ann, bo = posted(portal), portal.contact("Bo", "Ng", "bo@example.com")
    portal.bill("5.00", contact=bo)
    portal.run()
    left = customer_of(portal, ann)
    portal.quickbooks.close_books("2026-02-10")
    portal.clio.merge_contacts(bo, ann)
    portal.quickbooks.deactivate("Customer", left)
    _run_twice(portal)
    (closed,) = [i for i in portal.issues() if i.code == "period_closed" and i.kind == "trust_entry"]
    portal.resolve_one(closed, "reverse")
    portal.run()
    asked = portal.issue("customer_inactive")
    assert (asked.kind, asked.practice_id, asked.ledger_id) == ("trust_entry", str(first_row(portal)), left)
    assert [doc["DocNumber"] for doc in portal.quickbooks.all("JournalEntry")] == [f"CT-{first_row(portal)}"]
    portal.quickbooks.reactivate("Customer", left)
    portal.run()
    assert "customer_inactive" not in portal.codes()
    assert len(portal.quickbooks.all("JournalEntry")) == 3  # as it was, taken back, and for the other client


def _waits_until_active(portal: Portal, happens: Callable[[int], object], *also: str, own: str = "") -> None:
    """``own`` is the kind of what is gone in Clio and stays meanwhile: it is said of its record, too."""
    ann = posted(portal)
    customer = customer_of(portal, ann)
    portal.quickbooks.deactivate("Customer", customer)
    portal.clock.sleep(APART)
    happens(ann)
    _run_twice(portal)
    asked, *others = [issue for issue in portal.issues() if issue.code not in also]
    assert (asked.code, asked.practice_id, asked.ledger_id) == ("customer_inactive", str(ann), customer)
    assert [(issue.code, issue.kind) for issue in others] == ([("customer_inactive", own)] if own else [])
    assert [one.difference for one in reconcile(portal.workspace()).explained if one.reason is None] == []
    portal.resolve_one(asked, "reactivate")
    portal.run()
    settled(portal, *also)


def _run_twice(portal: Portal) -> None:
    portal.run()
    portal.clock.sleep(SEEN_TWICE)
    portal.run()


def posted(portal: Portal) -> int:
    """A client with a bill, a payment, a credit and trust money, all of it posted."""
    ann = portal.contact()
    bill = portal.bill("100.00", contact=ann)
    portal.pay(bill, 30)
    portal.clio.credit_note(bill, Decimal(10), FEBRUARY)
    deposit(portal, ann, 500)
    portal.run()
    assert portal.codes() == []
    return ann


def deposit(portal: Portal, contact: int, amount: int) -> int:
    told = {"source": "Ann Lee", "reference": "1", "description": "Retainer"}
    return portal.clio.trust_deposit(contact, Decimal(amount), FEBRUARY, **told)


def customer_of(portal: Portal, contact: int) -> str:
    return EntityLink.objects.of(portal.firm).get(kind="contact", practice_id=str(contact), state="live").ledger_id


def first_row(portal: Portal) -> int:
    trust = portal.clio.first_account("Trust")
    return next(int(row["id"]) for row in portal.clio.all("bank_transaction") if row["bank_account_id"] == trust)


def bill_of(portal: Portal) -> int:
    return only(portal, "bill")


def only(portal: Portal, kind: str) -> int:
    (doc,) = portal.clio.all(kind)
    return int(doc["id"])
