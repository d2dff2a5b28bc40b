"""The story of the demo: every kind of event once, each act with its outcome, and books that agree at the end."""

import pytest

from firms.models import Firm, User
from integrations.management.telling import Teller, Told
from integrations.sandbox.clio.office import ClioOffice
from integrations.sandbox.generator import seed
from integrations.sandbox.generator.story import SCENES, Cast
from integrations.sandbox.quickbooks.office import QuickBooksOffice
from tests.portal import START, Portal, connect, new_world

BILLS = 24


@pytest.fixture
def portal(acme: Firm, alice: User) -> Portal:
    world = new_world()
    seeded = seed(world.store, bills=BILLS)
    clio = ClioOffice(world.store, "us", seeded.account_id)
    return connect(acme, alice, world, clio, QuickBooksOffice(world.store, seeded.realm))


def told(portal: Portal) -> list[Told]:
    cast = Cast(portal.clio, portal.quickbooks, START)
    teller = Teller(portal.firm, portal.owner, portal.clock, cast, cast.newest_id, portal.run, portal.clock.sleep)
    return list(teller.tell(SCENES))


def test_every_act_of_the_story_comes_out_as_it_should(portal: Portal) -> None:
    assert portal.run().outcome != "failed"
    lines = told(portal)
    assert {one.name: one.problems for one in lines if one.problems} == {}
    written = portal.writes()
    portal.run()
    assert portal.writes() == written
