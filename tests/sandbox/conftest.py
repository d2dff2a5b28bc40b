"""One account and one company that people play with from the pages."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from integrations.sandbox.clio.office import BillLine, ClioOffice
from integrations.sandbox.quickbooks.office import QuickBooksOffice, open_company
from integrations.sandbox.world import World, world_at
from tests.sandbox.playing import DAY


@pytest.fixture
def world(tmp_path: Path, settings: Any) -> Iterator[World]:
    settings.SANDBOX_FILE = tmp_path / "sandbox.sqlite3"
    opened = world_at(settings.SANDBOX_FILE)
    yield opened
    opened.store.close()


@pytest.fixture
def clio(world: World) -> ClioOffice:
    office = ClioOffice.open_account(world.store, "us", "O'Brien & Søn")
    office.add_bank_account("Operating")
    office.add_bank_account("Trust", "Trust")
    return office


@pytest.fixture
def quickbooks(world: World) -> QuickBooksOffice:
    return open_company(world.store, "Acme Books")


@pytest.fixture
def contact(clio: ClioOffice) -> int:
    mails = [{"name": "Work", "address": "zoe@example.com", "default_email": True}]
    return clio.create_contact(first_name="Zoë", last_name="O'Hara", email_addresses=mails)


@pytest.fixture
def bill(clio: ClioOffice, contact: int) -> int:
    lines = [
        BillLine("Advice", Decimal("100.50"), 2),
        BillLine("Filing", Decimal(40), kind="hard_cost", vendor_id=contact),
        BillLine("Call", Decimal(90), kind="no_charge"),
        BillLine("All work", kind="summary", covers=(0,)),
    ]
    return clio.draft_bill(clio.create_matter(contact), lines, DAY, DAY, state="awaiting_payment")


@pytest.fixture
def customer(quickbooks: QuickBooksOffice) -> str:
    return str(quickbooks.create_customer("Zoë O'Hara", PrimaryEmailAddr={"Address": "z@example.com"})["Id"])


@pytest.fixture
def invoice(quickbooks: QuickBooksOffice, customer: str) -> str:
    item = quickbooks.all("Item")[0]["Id"]
    return str(quickbooks.create_invoice(customer, [(item, 100, "Advice")], number="1042", TxnDate=DAY)["Id"])
