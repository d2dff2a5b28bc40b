"""A believable firm of any size: what a first sync leaves in QuickBooks, checked by one who knows no portal code."""

from datetime import date

import pytest

from firms.models import Firm, User
from integrations.core import mapping as keys
from integrations.models import Mapping
from integrations.sandbox.clio.office import ClioOffice
from integrations.sandbox.generator import Seeded, seed
from integrations.sandbox.quickbooks.office import QuickBooksOffice
from tests.oracle import Explained, Oracle
from tests.portal import START, Portal, connect, new_world

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
    world = new_world()
    seeded = seed(world.store, bills=bills, today=TODAY)
    clio = ClioOffice(world.store, "us", seeded.account_id)
    portal = connect(firm, owner, world, clio, QuickBooksOffice(world.store, seeded.realm))
    before = portal.quickbooks.trial_balance()
    run = portal.run()
    assert run.outcome != "failed", run.reason
    return portal, seeded, judged(portal, before)


def judged(portal: Portal, before: dict) -> list[str]:
    snapshot = portal.quickbooks.snapshot()
    items = {item["Id"]: item["IncomeAccountRef"]["value"] for item in snapshot["Item"] if item.get("IncomeAccountRef")}
    mapped = {m.key: m.ledger_id for m in Mapping.objects.of(portal.firm).filter(pairing=portal.pairing)}
    accounts = {role: items[mapped[key]] for key, role in ROLES.items()}
    accounts |= {
        "receivable": portal.quickbooks.account_id("receivable"),
        "undeposited": mapped[keys.DEPOSIT],
        "in_transit": mapped[keys.IN_TRANSIT],
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


@pytest.fixture
def firm_of_300(acme: Firm, alice: User) -> tuple[Portal, Seeded, list[str]]:
    return synced(acme, alice, 300)


def test_every_bill_is_posted_once_or_explained_and_every_account_is_right(firm_of_300) -> None:
    _, _, findings = firm_of_300
    assert findings == []


def test_the_issues_are_exactly_the_planted_clashes(firm_of_300) -> None:
    portal, seeded, _ = firm_of_300
    found = {(i.code, i.kind, i.practice_id) for i in portal.issues() if i.severity == "error"}
    assert found == {(c.code, c.kind, str(c.practice_id)) for c in seeded.clashes}


def test_a_second_sync_of_it_writes_nothing(firm_of_300) -> None:
    portal, _, _ = firm_of_300
    written = portal.writes()
    portal.run()
    assert portal.writes() == written
    assert portal.plan() == ()
