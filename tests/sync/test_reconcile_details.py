"""Reconciling lines, references and contacts: what a sync takes for the same is no difference."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from integrations.models import Pairing
from integrations.proof_report import proof_report
from integrations.sandbox.clio.office import BillLine
from tests.portal import Portal
from tests.sync.test_r5_credit_notes import forbidding
from tests.sync.test_r7_contacts_both_ways import ann, in_clio
from tests.sync.test_reconcile import document, named, proven, values

LINES = [BillLine("Advice", Decimal(amount), date=date(2026, 2, 2)) for amount in (300, 700)]


def fields(portal: Portal) -> list[tuple[str, str, str]]:
    """Field and both values of every difference."""
    found = (one.difference for one in proven(portal).explained)
    return sorted((d.field, d.clio, d.quickbooks) for d in found)


@pytest.fixture
def billed(portal: Portal) -> tuple[Portal, int]:
    """A bill of 300 and 700 with tax, posted."""
    bill = portal.bill(lines=LINES, tax_rate="8")
    portal.run()
    return portal, bill


def with_amounts(portal: Portal, bill: int, *amounts: str) -> None:
    """A person writes other amounts on the first lines of our invoice."""
    invoice = document(portal, "invoice", bill)
    lines = invoice["Line"][:-1]
    for line, amount in zip(lines, amounts, strict=False):
        line["Amount"] = Decimal(amount)
        line["SalesItemLineDetail"] |= {"Qty": 1, "UnitPrice": Decimal(amount)}
    portal.quickbooks.edit("Invoice", invoice["Id"], Line=lines)


def test_lines_in_another_order_or_with_other_words_are_equal(billed: tuple[Portal, int]) -> None:
    portal, bill = billed
    assert named(portal) == []
    invoice = document(portal, "invoice", bill)
    lines = [{**line, "Description": "Work"} for line in reversed(invoice["Line"][:-1])]
    portal.quickbooks.edit("Invoice", invoice["Id"], Line=lines)
    assert named(portal) == []


def test_another_choice_for_taxes_rewrites_nothing_and_is_no_difference(portal: Portal) -> None:
    portal.bill(tax_rate="8", secondary_tax_rate="5")
    portal.run()
    Pairing.objects.of(portal.firm).update(aggregate_tax=True)
    portal.run()
    assert named(portal) == []


def test_a_total_spread_otherwise_over_the_lines_is_named_by_its_amounts(billed: tuple[Portal, int]) -> None:
    portal, bill = billed
    with_amounts(portal, bill, "400.00", "600.00")
    assert named(portal) == [("invoice", str(bill), "lines")]
    assert values(portal) == ("300.00, 700.00", "400.00, 600.00")
    portal.run()
    (one,) = proven(portal).explained
    assert one.reason and one.reason.code == "drift"


def test_another_total_is_named_once_and_not_by_its_lines_as_well(billed: tuple[Portal, int]) -> None:
    portal, bill = billed
    with_amounts(portal, bill, "400.00")
    assert named(portal) == [("invoice", str(bill), "amount")]


def test_lines_of_an_invoice_that_a_person_made_are_theirs(portal: Portal) -> None:
    client = portal.contact()
    portal.bill("50.00", contact=client)
    portal.run()
    customer = document(portal, "contact", client)
    portal.quickbooks.create_invoice(customer["Id"], [("1", 400), ("1", 600)], number="77", TxnDate="2026-02-02")
    bill = portal.bill(lines=LINES, contact=client, number="77")
    portal.run()
    portal.resolve("invoice_exists", "adopt")
    portal.run()
    assert document(portal, "invoice", bill)["TotalAmt"] == 1000
    assert named(portal) == []


def test_hidden_lines_are_told_apart_before_lines_are_compared(billed: tuple[Portal, int]) -> None:
    portal, bill = billed
    with_amounts(portal, bill, "400.00", "600.00")
    hidden = [999_999]

    def one_more(path: str, answer: Any) -> None:
        if "/line_items.json" in path and hidden:  # in the list of all lines, not in that of the shown ones
            answer["data"].append({**answer["data"][0], "id": hidden.pop()})

    portal.wire.tamper.append(one_more)
    assert named(portal) == [("invoice", str(bill), "lines")]
    assert hidden == []


def test_lines_that_may_not_be_read_are_not_compared_and_that_is_said(billed: tuple[Portal, int]) -> None:
    portal, bill = billed
    with_amounts(portal, bill, "400.00", "600.00")
    portal.wire.before += [forbidding("line_items"), forbidding("contacts")]
    report = proof_report(portal.firm, proven(portal))
    assert report["differences"] == []
    assert [one["list"] for one in report["not_compared"]] == ["line_items", "contacts"]


def test_a_reference_that_was_changed_in_quickbooks_is_named(portal: Portal) -> None:
    payment = portal.pay(portal.bill(), 400, reference="CHQ 9")
    portal.run()
    assert named(portal) == []
    portal.quickbooks.edit("Payment", document(portal, "payment", payment)["Id"], PaymentRefNum="CHQ 8")
    assert named(portal) == [("payment", str(payment), "reference")]
    assert values(portal) == ("CHQ 9", "CHQ 8")


def test_a_reference_that_clio_does_not_have_is_not_compared(portal: Portal) -> None:
    payment = portal.pay(portal.bill(), 400)
    portal.run()
    portal.quickbooks.edit("Payment", document(portal, "payment", payment)["Id"], PaymentRefNum="typed")
    assert named(portal) == []


@pytest.fixture
def known(portal: Portal) -> tuple[Portal, int]:
    """Ann Lee with an entry for every field and an open bill, posted."""
    return portal, ann(portal)


def test_spelling_and_case_of_a_customer_are_no_difference(known: tuple[Portal, int]) -> None:
    portal, contact = known
    changes = {
        "GivenName": "ANN",
        "PrimaryEmailAddr": {"Address": "Ann@Example.com"},
        "PrimaryPhone": {"FreeFormNumber": "(555) 0101"},
    }
    portal.quickbooks.edit("Customer", document(portal, "contact", contact)["Id"], **changes)
    assert fields(portal) == []


def test_each_field_of_a_contact_that_differs_is_named_with_both_values_until_it_is_synced(
    known: tuple[Portal, int],
) -> None:
    portal, contact = known
    changes = {"PrimaryPhone": {"FreeFormNumber": "555 0199"}, "FamilyName": "Leigh"}
    portal.quickbooks.edit("Customer", document(portal, "contact", contact)["Id"], **changes)
    assert fields(portal) == [("Family name", "Lee", "Leigh"), ("Phone", "555 0101", "555 0199")]
    (first, _) = proof_report(portal.firm, proven(portal))["differences"]
    assert (first["kind"], first["practice_id"], first["what"], first["field"]) == (
        "contact",
        str(contact),
        "field",
        "Family name",
    )
    portal.run()
    assert fields(portal) == []


def test_a_conflict_explains_the_field_it_is_about_and_no_other(known: tuple[Portal, int]) -> None:
    portal, contact = known
    customer = document(portal, "contact", contact)["Id"]
    portal.quickbooks.edit("Customer", customer, PrimaryPhone={"FreeFormNumber": "555 0199"})
    (row, *_) = in_clio(portal, contact)["phone_numbers"]
    portal.clio.edit_contact(contact, phone_numbers=[{"id": row["id"], "number": "555 0142"}])
    portal.run()
    assert [one.reason and one.reason.code for one in proven(portal).explained] == ["contact_conflict"]
    portal.quickbooks.edit("Customer", customer, FamilyName="Leigh")
    told = {one.difference.field: one.reason and one.reason.code for one in proven(portal).explained}
    assert told == {"Phone": "contact_conflict", "Family name": None}
