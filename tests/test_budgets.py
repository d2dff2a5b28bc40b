"""The budget of a connection in PostgreSQL: every process that calls for it keeps the same limits."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection as database

from firms.models import Firm, User
from integrations.budgets import RowShelf, budget_of
from integrations.core.errors import RemoteError, Throttled
from integrations.models import CallBudget, Connection
from integrations.systems.factory import clio_gateway, quickbooks_gateway
from integrations.systems.pace import Heard, Standing, is_blocked
from tests.fake_network import Network
from tests.portal import Portal, make_portal

WORKERS = 5
FINE = Heard(answered=True)
REFUSED = Heard(answered=True, refused_for_s=60.0)


@pytest.fixture
def portal(acme: Firm, alice: User) -> Portal:
    return make_portal(acme, alice, mapped=False)


def connection_to(portal: Portal, system: str) -> Connection:
    return Connection.objects.of(portal.firm).get(system=system)


def row_of(portal: Portal, system: str) -> CallBudget:
    return CallBudget.objects.of(portal.firm).get(connection__system=system)


def standing_of(portal: Portal, system: str) -> Standing:
    return RowShelf(connection_to(portal, system)).change(lambda standing: (standing, standing))


def test_what_one_process_was_refused_another_waits_for(portal: Portal) -> None:
    mine = budget_of(connection_to(portal, "quickbooks"), portal.clock)
    theirs = budget_of(connection_to(portal, "quickbooks"), portal.clock)
    theirs.before_call("read")
    mine.after_call(mine.before_call("write"), REFUSED)
    slept = portal.clock.slept_s
    theirs.before_call("read")
    assert 3 <= portal.clock.slept_s - slept <= 4


def test_the_two_systems_of_a_firm_and_two_firms_do_not_wait_for_each_other(
    portal: Portal, globex: Firm, charlie: User
) -> None:
    other = make_portal(globex, charlie, mapped=False, store=portal.world.store)
    mine = budget_of(connection_to(portal, "quickbooks"), portal.clock)
    mine.after_call(mine.before_call("write"), REFUSED)
    slept = portal.clock.slept_s
    budget_of(connection_to(portal, "clio"), portal.clock).before_call("read")
    budget_of(connection_to(other, "quickbooks"), portal.clock).before_call("read")
    assert portal.clock.slept_s == slept


def test_a_call_costs_two_statements_while_nobody_else_calls(
    portal: Portal, django_assert_num_queries: Callable[..., object]
) -> None:
    budget = budget_of(connection_to(portal, "quickbooks"), portal.clock)
    budget.after_call(budget.before_call("read"), FINE)
    with django_assert_num_queries(10):
        for _ in range(5):
            budget.after_call(budget.before_call("read"), FINE)


def test_what_another_process_freed_meanwhile_is_not_waited_for(portal: Portal) -> None:
    mine = budget_of(connection_to(portal, "quickbooks"), portal.clock)
    mine.after_call(mine.before_call("read"), REFUSED)
    CallBudget.objects.of(portal.firm).update(standing={}, version=99)
    slept = portal.clock.slept_s
    mine.before_call("read")
    assert portal.clock.slept_s == slept


def test_a_standing_that_cannot_be_read_begins_anew(portal: Portal) -> None:
    budget = budget_of(connection_to(portal, "quickbooks"), portal.clock)
    budget.before_call("read")
    for spoilt in ([], "text", {"recent": 1}, {"flying": 5, "recent": ["x"]}):
        CallBudget.objects.of(portal.firm).update(standing=spoilt)
        budget_of(connection_to(portal, "quickbooks"), portal.clock).before_call("read")


def test_a_run_leaves_behind_what_it_called(portal: Portal) -> None:
    portal.map()
    portal.bill()
    portal.run()
    assert row_of(portal, "clio").standing["limit"] == 50
    assert row_of(portal, "quickbooks").standing["minute_until"] > 0
    assert not standing_of(portal, "quickbooks").flying


# Many processes at once: real threads, each with its own database connection


def at_once(act: Callable[[], object]) -> list[object]:
    """What ``act`` returned or raised in each of some threads that start together."""
    start = threading.Barrier(WORKERS)

    def work() -> object:
        start.wait()
        try:
            return act()
        except RemoteError as error:
            return error
        finally:
            database.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        return [done.result() for done in [pool.submit(work) for _ in range(WORKERS)]]


@pytest.mark.django_db(transaction=True)
def test_five_processes_on_one_company_are_never_refused(portal: Portal) -> None:
    network, connection = Network(portal.world.handle), connection_to(portal, "quickbooks")
    token = portal.workspace().ledger._transport._token  # type: ignore[attr-defined]

    def reads() -> int:
        gateway = quickbooks_gateway(
            api_root=f"{network.base}/quickbooks",
            realm=connection.external_account_id,
            token=token,
            clock=portal.clock,
            session=network.session(),
            budget=budget_of(connection, portal.clock),
        )
        return sum(bool(gateway.preferences()) for _ in range(16))

    began = portal.clock.now()
    assert at_once(reads) == [16] * WORKERS
    assert {answer.status for answer in network.answers} == {200}
    assert (portal.clock.now() - began).total_seconds() >= 8, "at 8 calls a second"


@pytest.mark.django_db(transaction=True)
def test_five_processes_on_one_account_share_clios_minute(portal: Portal) -> None:
    network, connection = Network(portal.world.handle), connection_to(portal, "clio")
    token = portal.workspace().practice._transport._token  # type: ignore[attr-defined]

    def reads() -> int:
        gateway = clio_gateway(
            root=f"{network.base}/clio",
            token=token,
            clock=portal.clock,
            session=network.session(),
            budget=budget_of(connection, portal.clock, patience_s=600.0),
        )
        return sum(len(list(gateway.pages("bills"))) for _ in range(14))

    assert at_once(reads) == [14] * WORKERS
    statuses = [answer.status for answer in network.answers]
    assert statuses.count(429) <= WORKERS, "only before the first answer has said how many calls there are"
    assert (statuses.count(200), set(statuses)) <= (70, {200, 429})


@pytest.mark.django_db(transaction=True)
def test_of_many_processes_one_finds_out_whether_a_block_is_over(portal: Portal) -> None:
    connection, sent = connection_to(portal, "quickbooks"), []
    first = budget_of(connection, portal.clock)
    first.after_call(first.before_call("read"), REFUSED)
    portal.clock.sleep(5)

    def probe() -> object:
        budget = budget_of(connection, portal.clock, patience_s=0.0)
        try:
            sent.append(budget.before_call("read"))
        except Throttled as error:
            return error
        return None

    assert sum(isinstance(answer, Throttled) for answer in at_once(probe)) == WORKERS - 1
    assert len(sent) == 1
    assert is_blocked(standing_of(portal, "quickbooks"), portal.clock.now().timestamp())
    first.after_call(sent[0], FINE)
    assert not is_blocked(standing_of(portal, "quickbooks"), portal.clock.now().timestamp())
