"""Both sides of a firm's link: who each grant speaks for."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils import timezone

from firms.models import Firm
from integrations.hook_addresses import why_untold
from integrations.models import Connection, System

ABOUT = {
    "clio": "Where the firm bills. The portal reads contacts, bills and payments, and creates nothing here.",
    "quickbooks": "The firm’s books. Invoices, customers and payments are written here, and nothing is ever deleted.",
}

ENDS_SOON = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Side:
    """``connection`` is the live one, or the one that was live last."""

    system: str
    name: str
    about: str
    connection: Connection | None
    untold: str = ""  # why Clio cannot tell of changes

    @property
    def is_live(self) -> bool:
        return self.connection is not None and self.connection.is_live

    @property
    def ends_at(self) -> datetime | None:
        """After that day nothing renews the authorisation; None where the system names no such day."""
        token = getattr(self.connection, "token", None)
        return token.ends_at if token else None

    @property
    def is_ending(self) -> bool:
        return self.ends_at is not None and self.ends_at - timezone.now() <= ENDS_SOON


def sides(firm: Firm) -> list[Side]:
    known = list(Connection.objects.of(firm).select_related("connected_by", "confirmed_by", "token").order_by("-id"))
    known.sort(key=lambda connection: not connection.is_live)
    by_system: dict[str, Connection] = {}
    for connection in known:
        by_system.setdefault(connection.system, connection)
    return [_side(system, by_system.get(system.value)) for system in System]


def _side(system: System, connection: Connection | None) -> Side:
    side = Side(system.value, system.label, ABOUT[system.value], connection)
    if connection is None or system != System.CLIO or not connection.is_live:
        return side
    return replace(side, untold=why_untold(connection))
