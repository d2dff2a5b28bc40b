"""Opens a firm's two systems for a run."""

import requests
from django.conf import settings

from firms.models import Firm
from integrations.budgets import budget_of
from integrations.core.ports import Clock, Ledger
from integrations.models import Connection, Pairing
from integrations.models.pairing import live_pairing
from integrations.sync.lease import Hold, LivingClock
from integrations.sync.policy import NotReady
from integrations.sync.workspace import Workspace
from integrations.systems.budget import PATIENCE_S
from integrations.systems.clio.gateway import ClioGateway
from integrations.systems.clock import SystemClock
from integrations.systems.factory import clio_gateway, quickbooks_gateway
from integrations.systems.transport import Calls
from integrations.tokens import provider_of_tokens

IN_A_REQUEST_S = 5.0  # how long a person who looks at a page should wait for a call's turn


def open_workspace(
    firm: Firm,
    clock: Clock | None = None,
    session: requests.Session | None = None,
    patience_s: float = PATIENCE_S,
    pairing: Pairing | None = None,
) -> Workspace:
    """Raises NotReady where the firm has not connected both systems; ``pairing`` is its live one where that is known.

    A call that would have to wait longer than ``patience_s`` for its turn raises Throttled.
    """
    pairing = pairing or live_pairing(firm)
    if pairing is None:
        raise NotReady("Connect Clio and QuickBooks first, on the connections page.")
    clock = clock or SystemClock()
    practice_calls, ledger_calls, hold = Calls(), Calls(), Hold(clock)
    for connection in (pairing.practice, pairing.ledger):
        if connection.state == Connection.State.DISCONNECTED:
            raise NotReady(f"{connection.get_system_display()} is disconnected. Connect it on the connections page.")
    return Workspace(
        pairing=pairing,
        practice=_practice(pairing.practice, hold, clock, session, practice_calls, patience_s),
        ledger=_ledger(pairing.ledger, hold, clock, session, ledger_calls, patience_s),
        clock=clock,
        hold=hold,
        requests=lambda: {
            "clio": practice_calls.total,
            "quickbooks_reads": ledger_calls.reads,
            "quickbooks_writes": ledger_calls.writes,
        },
    )


def open_clio(connection: Connection, clock: Clock, session: requests.Session | None = None) -> ClioGateway:
    """One firm's Clio alone, for what is no part of a run."""
    return _practice(connection, Hold(clock), clock, session, Calls(), PATIENCE_S)


def _practice(
    connection: Connection, hold: Hold, clock: Clock, session: requests.Session | None, calls: Calls, patience_s: float
) -> ClioGateway:
    waiting = LivingClock(clock, hold)
    return clio_gateway(
        root=settings.CLIO_REGIONS[connection.region or "us"]["base_url"],
        region=connection.region or "us",
        token=provider_of_tokens(connection, clock, session),
        clock=waiting,
        session=session,
        budget=budget_of(connection, waiting, patience_s),
        calls=calls,
        before_call=hold.before_call,
    )


def _ledger(
    connection: Connection, hold: Hold, clock: Clock, session: requests.Session | None, calls: Calls, patience_s: float
) -> Ledger:
    waiting = LivingClock(clock, hold)
    return quickbooks_gateway(
        api_root=settings.QBO["api_base_url"],
        realm=connection.external_account_id,
        token=provider_of_tokens(connection, clock, session),
        clock=waiting,
        session=session,
        budget=budget_of(connection, waiting, patience_s),
        calls=calls,
        before_call=hold.before_call,
    )
