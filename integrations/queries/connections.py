"""Both sides of a firm's link: who each grant speaks for."""

from dataclasses import dataclass

from firms.models import Firm
from integrations.models import Connection, System

ABOUT = {
    "clio": "Where the firm bills. The portal reads contacts, bills and payments, and creates nothing here.",
    "quickbooks": "The firm’s books. Invoices, customers and payments are written here, and nothing is ever deleted.",
}


@dataclass(frozen=True, slots=True)
class Side:
    """``connection`` is the live one, or the one that was live last."""

    system: str
    name: str
    about: str
    connection: Connection | None

    @property
    def is_live(self) -> bool:
        return self.connection is not None and self.connection.is_live


def sides(firm: Firm) -> list[Side]:
    known = list(Connection.objects.of(firm).select_related("connected_by", "confirmed_by").order_by("-id"))
    known.sort(key=lambda connection: not connection.is_live)
    by_system: dict[str, Connection] = {}
    for connection in known:
        by_system.setdefault(connection.system, connection)
    return [Side(system.value, system.label, ABOUT[system.value], by_system.get(system.value)) for system in System]
