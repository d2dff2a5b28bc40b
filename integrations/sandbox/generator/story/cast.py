"""The people and things of a story: both offices, dates, and what the portal has made of a record so far."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from integrations.sandbox.clio.office import BillLine, ClioOffice
from integrations.sandbox.quickbooks.office import QuickBooksOffice
from integrations.sandbox.store import Doc

GIVEN = (
    "Alma Bruno Clara Diego Edith Felix Greta Hugo Irma Jonas Klara Lorenz Mila Nils Olga Paul Rosa Stefan Tilda Uwe"
).split()
FAMILY = (
    "Ashgrove Birchwood Cedarhurst Driftwell Elmsworth Fernhill Gorsedale Heatherby Ivyleigh Juniperton Larchmere"
    " Maplethorpe Oakenshaw Pinehurst Rowanside Sycamoor Thornbury Willowmere"
).split()
FIRST_SPARE = 1001


class Cast:
    """Everybody in a story is new, so that no act stands in the way of another."""

    def __init__(self, clio: ClioOffice, quickbooks: QuickBooksOffice, start: date) -> None:
        self.clio, self.quickbooks, self.start = clio, quickbooks, start
        self.today = clio.store.now().date()

    def newest_id(self) -> int:
        """The highest id in Clio so far; all kinds share one sequence."""
        return int(self.clio.store.setting("sequence:clio", 0))

    def day(self, ago: int) -> date:
        """So many days ago, though never before the start date."""
        return max(self.start, self.today - timedelta(days=ago))

    def before(self, days: int) -> date:
        """So many days before the start date."""
        return self.start - timedelta(days=days)

    def person(self, **values: Any) -> int:
        """A new contact with an e-mail address of their own."""
        place = self.clio.store.next_id("story:people", 0)
        family, given = FAMILY[place // len(GIVEN) % len(FAMILY)], GIVEN[place % len(GIVEN)]
        mail = {"name": "Work", "address": f"{given}.{family}.{place}@clients.example".lower(), "default_email": True}
        names = {"first_name": given, "last_name": family, "email_addresses": [mail]}
        return self.clio.create_contact({**names, **values})

    def bill(self, amount: object = 1000, *, contact: int = 0, ago: int = 40, number: str = "") -> int:
        """An approved bill of one line, for somebody new unless told otherwise."""
        matter = self.clio.create_matter(contact or self.person(), "Advice")
        on = self.day(ago)
        line = BillLine("Advice", Decimal(str(amount)), kind="fee", date=on)
        return self.clio.draft_bill(matter, [line], on, on, number=number or None, state="awaiting_payment")

    def pay(self, bill: int, amount: object = 1000, *, ago: int = 30, received: object = None, **options: Any) -> int:
        """A payment on one bill; returns its id."""
        much = None if received is None else Decimal(str(received))
        parts = [(bill, Decimal(str(amount)))]
        return self.clio.record_payment(self.client(bill), parts, self.day(ago), much, **options)

    def client(self, bill: int) -> int:
        return int(self.clio.bill(bill)["client_id"])

    def number(self) -> str:
        """A number that nothing has and no automatic number will come to."""
        return f"A-{self.clio.store.next_id('story:numbers', FIRST_SPARE)}"

    @property
    def trust(self) -> int:
        return self.clio.first_account("Trust")

    def row(self, contact: int) -> Doc:
        """The newest trust row of a contact."""
        rows = [row for row in self.clio.find("bank_transaction", "client_id", contact) if row["type"] == "liability"]
        return rows[-1]

    def item(self) -> str:
        return str(self.quickbooks.all("Item")[0]["Id"])

    def posted(self, entity: str, kind: str, id: int, leg: str = "") -> Doc:
        """The document the portal wrote for a record, told by the mark it leaves in the note."""
        mark = f"Clio {kind} {id}" + (f"/{leg}" if leg else "") + " · "
        found = [doc for doc in self.quickbooks.all(entity) if _last_line(doc).startswith(mark)]
        if not found:
            raise LookupError(f"QuickBooks has no {entity} for {kind} {id} of Clio")
        return found[-1]

    def invoice(self, bill: int) -> Doc:
        return self.posted("Invoice", "invoice", bill)

    def payment(self, payment: int) -> Doc:
        return self.posted("Payment", "payment", payment, str(self.clio.payment(payment)["contact_id"]))

    def customer(self, contact: int) -> Doc:
        return self.posted("Customer", "contact", contact)


def _last_line(doc: Doc) -> str:
    lines = str(doc.get("PrivateNote") or doc.get("Notes") or "").strip().splitlines()
    return lines[-1] if lines else ""
