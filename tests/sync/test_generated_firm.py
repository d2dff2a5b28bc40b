"""A believable firm of any size: what a first sync leaves in QuickBooks, checked by one who knows no portal code."""

from datetime import date
from decimal import Decimal

import pytest

from firms.models import Firm, User
from integrations.core import mapping as keys
from integrations.models import Mapping
from integrations.sandbox.clio.office import ClioOffice
from integrations.sandbox.generator import Seeded, seed
from integrations.sandbox.quickbooks.office import QuickBooksOffice
from integrations.sync.cursors import reset_cursors
from tests.oracle import Explained, Oracle
from tests.portal import START, Portal, connect, new_world

pytestmark = pytest.mark.timeout(600)
ROLES = {
    keys.SERVICE: "services",
    keys.HARD_COST: "hard",
    keys.SOFT_COST: "soft",
    keys.TAX: "tax",
    keys.DISCOUNT: "discount",
    keys.INTEREST: "interest",
    keys.ROUNDING: "rounding",
}
TODAY = date(2026, 11, 24)


def synced(firm: Firm, owner: User, bills: int) -> tuple[Portal, Seeded, list[str]]:
    """The firm after its first sync, and what the oracle finds."""
    return synced_with_before(firm, owner, bills)[:3]


def synced_with_before(firm: Firm, owner: User, bills: int) -> tuple[Portal, Seeded, list[str], dict[str, Decimal]]:
    """The same, with QuickBooks's trial balance before it."""
    world = new_world()
    seeded = seed(world.store, bills=bills, today=TODAY)
    clio = ClioOffice(world.store, "us", seeded.account_id)
    portal = connect(firm, owner, world, clio, QuickBooksOffice(world.store, seeded.realm))
    before = portal.quickbooks.trial_balance()
    run = portal.run()
    assert run.outcome != "failed", run.reason
    return portal, seeded, judged(portal, before), before


def judged(portal: Portal, before: dict) -> list[str]:
    snapshot = portal.quickbooks.snapshot()
    items = {item["Id"]: item["IncomeAccountRef"]["value"] for item in snapshot["Item"] if item.get("IncomeAccountRef")}
    mapped = {m.key: m.ledger_id for m in Mapping.objects.of(portal.firm).filter(pairing=portal.pairing)}
    accounts = {role: items[mapped[key]] for key, role in ROLES.items()}
    accounts |= {
        "receivable": portal.quickbooks.account_id("receivable"),
        "undeposited": mapped[keys.DEPOSIT],
        "in_transit": mapped[keys.IN_TRANSIT],
        "trust_bank": next(id for key, id in mapped.items() if key.startswith(keys.TRUST_BANK)),
        "trust_liability": next(id for key, id in mapped.items() if key.startswith(keys.TRUST_LIABILITY)),
    }
    return Oracle(
        clio=portal.clio.snapshot(),
        quickbooks=snapshot,
        before=before,
        after=portal.quickbooks.trial_balance(),
        accounts=accounts,
        slug=portal.firm.slug,
        start=START,
        issues=[Explained(i.code, i.kind, i.practice_id) for i in portal.issues() if i.severity == "error"],
    ).check()


def test_every_bill_is_posted_once_or_explained_and_a_second_sync_writes_nothing(acme: Firm, alice: User) -> None:
    portal, seeded, findings = synced(acme, alice, 300)
    assert findings == []
    found = {(i.code, i.kind, i.practice_id) for i in portal.issues() if i.severity == "error"}
    assert found == {(c.code, c.kind, str(c.practice_id)) for c in seeded.clashes}

    written = portal.writes()
    portal.run()
    assert portal.writes() == written
    reset_cursors(portal.pairing)
    portal.run()
    assert portal.writes() == written
    assert portal.plan() == ()


def test_the_check_itself_sees_a_cent_a_missing_payment_and_a_second_invoice(acme: Firm, alice: User) -> None:
    portal, _, findings, before = synced_with_before(acme, alice, 40)
    assert findings == []
    invoice = next(doc for doc in portal.quickbooks.all("Invoice") if "Clio invoice" in doc.get("PrivateNote", ""))
    payment = next(doc for doc in portal.quickbooks.all("Payment") if "Clio payment" in doc.get("PrivateNote", ""))
    line = {**invoice["Line"][0], "Amount": invoice["Line"][0]["Amount"] + Decimal("0.01")}
    line["SalesItemLineDetail"] = {**line["SalesItemLineDetail"], "Qty": 1, "UnitPrice": line["Amount"]}
    portal.quickbooks.edit("Invoice", invoice["Id"], Line=[line, *invoice["Line"][1:-1]])
    portal.quickbooks.delete("Payment", payment["Id"])
    portal.quickbooks.create_invoice(
        invoice["CustomerRef"]["value"],
        [(line["SalesItemLineDetail"]["ItemRef"]["value"], 1)],
        number="twice",
        PrivateNote=invoice["PrivateNote"],
    )
    findings = " / ".join(judged(portal, before))
    assert "has 2 live invoices" in findings
    assert "is neither posted nor explained" in findings
    assert "moved by" in findings
