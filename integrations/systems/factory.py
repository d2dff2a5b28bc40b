"""Builds a gateway for one connection from plain values."""

from collections.abc import Callable

import requests

from integrations.core.ports import Clock
from integrations.systems.budget import Budget, PacedBudget
from integrations.systems.clio import limits as clio
from integrations.systems.clio.gateway import ClioGateway
from integrations.systems.origin import checked_base
from integrations.systems.pace import CallKind
from integrations.systems.quickbooks.gateway import QuickBooksGateway
from integrations.systems.session import new_session
from integrations.systems.transport import Calls, TokenProvider, Transport


def clio_gateway(
    *,
    root: str,
    token: TokenProvider,
    clock: Clock,
    region: str = "us",
    session: requests.Session | None = None,
    budget: Budget | None = None,
    calls: Calls | None = None,
    before_call: Callable[[CallKind], object] = bool,
) -> ClioGateway:
    """``root`` is the region's address (https://app.clio.com). Raises WrongAddress."""
    transport = Transport(
        system="clio",
        base=f"{checked_base(root)}/api/v4",
        session=session or new_session(),
        token=token,
        clock=clock,
        budget=budget or PacedBudget("clio", clock),
        headers={"X-API-VERSION": clio.API_VERSION},
        calls=calls,
        before_call=before_call,
    )
    return ClioGateway(transport, region)


def quickbooks_gateway(
    *,
    api_root: str,
    realm: str,
    token: TokenProvider,
    clock: Clock,
    session: requests.Session | None = None,
    budget: Budget | None = None,
    calls: Calls | None = None,
    before_call: Callable[[CallKind], object] = bool,
) -> QuickBooksGateway:
    """``api_root`` is Intuit's address without the path (https://quickbooks.api.intuit.com). Raises WrongAddress."""
    transport = Transport(
        system="quickbooks",
        base=f"{checked_base(api_root)}/v3/company/{realm}",
        session=session or new_session(),
        token=token,
        clock=clock,
        budget=budget or PacedBudget("quickbooks", clock),
        calls=calls,
        before_call=before_call,
    )
    return QuickBooksGateway(transport, realm)
