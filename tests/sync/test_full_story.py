"""The story of the demo: every kind of event once, each act with its outcome, and books that agree at the end."""

from decimal import Decimal
from typing import Any

import pytest

from firms.models import Firm, User
from integrations.core.mapping import REFUND
from integrations.management.telling import Teller, Told
from integrations.mapping import save
from integrations.proof_report import proof_report
from integrations.sandbox.clio.office import ClioOffice
from integrations.sandbox.generator import seed
from integrations.sandbox.generator.story import SCENES, Cast
from integrations.sandbox.quickbooks.office import QuickBooksOffice
from integrations.sync.reconcile import reconcile
from tests.portal import START, Portal, connect, new_world

BILLS = 24


TAMPERED = (("Invoice", "invoice"), ("Payment", "payment"), ("JournalEntry", "trust_entry"))


@pytest.fixture
def portal(acme: Firm, alice: User) -> Portal:
    return seeded_portal(acme, alice)


def seeded_portal(acme: Firm, alice: User, *, clashes: bool = True) -> Portal:
    world = new_world()
    seeded = seed(world.store, bills=BILLS, clashes=clashes)
    clio = ClioOffice(world.store, "us", seeded.account_id)
    portal = connect(acme, alice, world, clio, QuickBooksOffice(world.store, seeded.realm))
    save(portal.pairing, {REFUND: portal.quickbooks.account_id("checking")})
    return portal


def told(portal: Portal) -> list[Told]:
    cast = Cast(portal.clio, portal.quickbooks, START)
    teller = Teller(portal.firm, portal.owner, portal.clock, cast, cast.newest_id, portal.run, portal.clock.sleep)
    return list(teller.tell(SCENES))


def proved(portal: Portal) -> dict[str, Any]:
    return proof_report(portal.firm, reconcile(portal.workspace()))


@pytest.mark.timeout(600)
def test_every_act_comes_out_as_it_should_and_the_books_agree(portal: Portal) -> None:
    assert portal.run().outcome != "failed"
    lines = told(portal)
    assert {one.name: one.problems for one in lines if one.problems} == {}
    assert len(lines) == 1 + sum(len(scene) for scene in SCENES)
    written = portal.writes()
    portal.run()
    assert portal.writes() == written
    assert proved(portal)["unexplained"] == 0


@pytest.mark.timeout(600)
def test_reconcile_names_exactly_what_was_changed_behind_our_back(acme: Firm, alice: User) -> None:
    """One invoice by a cent, one payment deleted, one trust entry of another day: three differences, no more."""
    portal = seeded_portal(acme, alice, clashes=False)
    assert portal.run().outcome == "in_sync"
    assert proved(portal)["equal"]
    books = portal.quickbooks
    invoice, payment, entry = (ours(books, entity, kind) for entity, kind in TAMPERED)
    line = {**invoice["Line"][0], "Amount": invoice["Line"][0]["Amount"] + Decimal("0.01")}
    line["SalesItemLineDetail"] = {**line["SalesItemLineDetail"], "Qty": 1, "UnitPrice": line["Amount"]}
    books.edit_invoice(invoice["Id"], Line=[line, *invoice["Line"][1:-1]])
    books.delete("Payment", payment["Id"])
    books.edit("JournalEntry", entry["Id"], TxnDate="2026-01-03")
    found = proved(portal)
    told = {(one["kind"], one["what"], one["ledger_id"]) for one in found["differences"]}
    assert told == {
        ("invoice", "amount", invoice["Id"]),
        ("payment", "missing", payment["Id"]),
        ("trust_entry", "date", entry["Id"]),
    }
    assert (found["equal"], found["unexplained"], len(found["differences"])) == (False, 3, 3)


def ours(books: QuickBooksOffice, entity: str, kind: str) -> dict[str, Any]:
    """One of our documents of that kind, as little entangled with others as can be."""
    found = [doc for doc in books.all(entity) if f"Clio {kind} " in doc.get("PrivateNote", "")]
    whole = [doc for doc in found if doc.get("TotalAmt", 0) == doc.get("Balance", 0) and len(doc["Line"]) > 1]
    return (whole if entity == "Invoice" else found)[0]
