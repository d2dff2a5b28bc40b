"""R5: credit notes, end to end."""

from datetime import date
from decimal import Decimal

from integrations.models import EntityLink
from tests.portal import Portal
from tests.sync.books import account, settled

FEBRUARY = date(2026, 2, 20)


def credit(portal: Portal, bill: int, amount: int | str = 100, **options: object) -> int:
    return portal.clio.credit_note(bill, Decimal(amount), FEBRUARY, "Goodwill", **options)


def memo(portal: Portal) -> dict:
    """The one credit memo in QuickBooks."""
    (found,) = portal.quickbooks.all("CreditMemo")
    return found


def test_r5_a_credit_note_reaches_its_invoice_and_a_second_sync_writes_nothing(portal: Portal) -> None:
    bill = portal.bill("1000.00", number="1")
    note = credit(portal, bill)
    run = portal.run()
    posted = memo(portal)
    assert (posted["DocNumber"], posted["TotalAmt"], posted["Balance"]) == (f"CN-{note}", 100, 0)
    assert portal.invoice("1")["Balance"] == 900
    (zero,) = portal.quickbooks.all("Payment")
    assert zero["TotalAmt"] == 0
    assert run.counts["credit_note"] == {
        "created": 1, "updated": 0, "voided": 0, "adopted": 0, "unchanged": 0, "waiting": 0, "issues": 0,
    }  # fmt: skip
    settled(portal)
    links = EntityLink.objects.of(portal.firm).filter(kind="credit_note").order_by("leg")
    assert [(link.practice_id, link.leg, link.ledger_entity) for link in links] == [
        (str(note), "", "CreditMemo"),
        (str(note), "apply", "Payment"),
    ]
    assert account(portal, "receivable") == 900


def test_r5_undo_the_worked_example_of_a_bill_with_a_credit_note_that_is_voided(portal: Portal) -> None:
    """Bill 1,000, credit note 100, void: application undone, memo emptied, invoice voided: A/R 0, income 0."""
    bill = portal.bill("1000.00", number="1")
    note = credit(portal, bill)
    portal.run()
    before = len(portal.wire.sent)
    portal.clio.void_bill(bill)
    run = portal.run()
    assert [path.rpartition("/")[2] for path, _ in portal.wire.sent[before:]] == ["payment", "creditmemo", "invoice"]
    emptied = memo(portal)
    assert (emptied["TotalAmt"], emptied["DocNumber"]) == (0, f"CN-{note}")
    assert emptied["PrivateNote"].splitlines()[0] == "Voided in Clio"
    assert [row["Amount"] for row in emptied["Line"]] == [0, 0]
    assert run.counts["credit_note"]["voided"] == 1
    assert (account(portal, "receivable"), portal.invoice("1")["TotalAmt"]) == (0, 0)
    assert portal.quickbooks.trial_balance() == {}
    settled(portal)


def test_r5_a_deleted_credit_note_is_undone_and_its_invoice_owed_again(portal: Portal) -> None:
    bill = portal.bill("1000.00", number="1")
    note = credit(portal, bill)
    portal.run()
    portal.clio.delete_credit_note(note)
    portal.run()
    assert (memo(portal)["TotalAmt"], portal.invoice("1")["Balance"]) == (0, 1000)
    settled(portal)


def test_r5_a_note_deleted_and_entered_anew_is_undone_before_the_new_one_is_applied(portal: Portal) -> None:
    bill = portal.bill("1000.00", number="1")
    old = credit(portal, bill, 1000)
    portal.run()
    portal.clio.delete_credit_note(old)
    new = credit(portal, bill, 950)
    portal.run()
    found = {doc["DocNumber"]: doc["TotalAmt"] for doc in portal.quickbooks.all("CreditMemo")}
    assert found == {f"CN-{old}": 0, f"CN-{new}": 950}
    assert portal.invoice("1")["Balance"] == 50
    settled(portal)


def test_r5_the_worked_example_of_a_credit_note_on_a_bill_with_tax(portal: Portal) -> None:
    """Bill 1,000 + 80 tax, credit note 108: income −100, tax payable −8."""
    bill = portal.bill("1000.00", number="1", tax_rate="8")
    portal.run()
    before = portal.quickbooks.trial_balance()
    credit(portal, bill, 108)
    portal.run()
    names = {doc["Id"]: doc["Name"] for doc in portal.quickbooks.all("Account")}
    after = portal.quickbooks.trial_balance()
    moved = {names[id]: after[id] - before.get(id, 0) for id in after if after[id] != before.get(id, 0)}
    assert moved == {"Accounts Receivable (A/R)": -108, "Services": 100, "Tax on Bills Payable": 8}
    settled(portal)
