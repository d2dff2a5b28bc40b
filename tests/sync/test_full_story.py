"""The story of the demo: every kind of event once, each act with its outcome, and books that agree at the end."""

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


@pytest.fixture
def portal(acme: Firm, alice: User) -> Portal:
    world = new_world()
    seeded = seed(world.store, bills=BILLS)
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
