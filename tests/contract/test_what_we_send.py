"""Every request the portal sends, and every answer it gets from the stand-ins, against the vendors' own descriptions.

Collected only where SPEC_DIR names the folder they are in.
"""

import json
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from firms.models import Firm, User
from integrations.sandbox.clio.office import ClioOffice
from integrations.sandbox.generator import seed
from integrations.sandbox.quickbooks.office import QuickBooksOffice
from tests.contract import openapi, qbo_schema
from tests.portal import connect, make_portal, new_world

WRITTEN = ("Customer", "Invoice", "Payment", "Item", "Account", "CreditMemo", "JournalEntry", "Purchase")
ENTITIES = {name.lower(): name for name in WRITTEN}


class Judge:
    """Looks at both directions of the wire and remembers what is wrong."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.seen: set[str] = set()

    def request(self, request: requests.PreparedRequest) -> None:
        parts = urlsplit(request.path_url)
        query = parse_qsl(parts.query, keep_blank_values=True)
        if "/api/v4" in parts.path:
            path = parts.path.partition("/api/v4")[2]
            body = json.loads(request.body) if request.body else None
            self._try(f"{request.method} {path}", openapi.check_request, request.method, path, query, body)
        elif request.method == "POST" and "/v3/company/" in parts.path:
            body = json.loads(request.body or b"{}")
            if parts.path.endswith("/batch"):
                self._batch(body)
                return
            entity = ENTITIES[parts.path.rpartition("/")[2]]
            operation = "void" if "void" in parts.query else "update" if "Id" in body else "create"
            self._try(f"{entity}.{operation}", qbo_schema.check_request, entity, operation, body)

    def _batch(self, body: Any) -> None:
        self._try("batch", qbo_schema.check_request, "", "batch", body)
        for item in body["BatchItemRequest"]:
            operation = item.get("optionsData", item["operation"])
            self.seen |= {f"{name}.{operation}" for name in item if name in WRITTEN}

    def answer(self, path: str, parsed: Any) -> None:
        if "/api/v4" in path:
            below = path.partition("/api/v4")[2]
            method = "GET" if isinstance(parsed.get("data"), list) else "PATCH"
            self._try(f"answer {below}", openapi.check_answer, method, below, 200, _described(parsed))
        elif "/v3/company/" in path:
            self._try(f"answer {path.rpartition('/')[2]}", qbo_schema.check_answer, parsed)

    def _try(self, name: str, check: Any, *args: Any) -> None:
        self.seen.add(name)
        try:
            check(*args)
        except Exception as error:  # whatever the validator calls its complaint
            self.faults.append(f"{name}: {str(error)[:300]}")


# Clio's page on fields allows the bare name of an association inside braces; its description lists none of them there.
BARE = {"activity": "expense_category", "matter": "client"}


def _described(parsed: Any) -> Any:
    """The answer without what the description leaves out."""
    rows = parsed.get("data") if isinstance(parsed.get("data"), list) else []
    slim = [{**row, **{k: _without(row[k], v) for k, v in BARE.items() if row.get(k)}} for row in rows]
    return {**parsed, "data": slim} if rows else parsed


def _without(nested: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in nested.items() if key != name}


if openapi.available() and qbo_schema.available():

    def test_a_sync_of_a_generated_firm_keeps_to_both_descriptions(acme: Firm, alice: User) -> None:
        world = new_world()
        seeded = seed(world.store, bills=60)
        clio, quickbooks = ClioOffice(world.store, "us", seeded.account_id), QuickBooksOffice(world.store, seeded.realm)
        portal = connect(acme, alice, world, clio, quickbooks, mapped=False)
        judge = Judge()
        portal.wire.before.append(judge.request)
        portal.wire.tamper.append(judge.answer)
        portal.map()
        portal.run()
        notes = " ".join(doc.get("PrivateNote", "") for doc in quickbooks.all("Invoice"))
        unpaid = [b for b in clio.snapshot()["bills"] if b["state"] == "awaiting_payment" and not b["payments"]]
        bill = next(b for b in unpaid if f"Clio invoice {b['id']} " in notes and b["balance"])
        clio.credit_note(bill["id"], bill["balance"] / 2, "2026-11-20")
        portal.run()
        clio.edit_contact(bill["client_id"], last_name="Renamed")
        clio.void_bill(bill["id"])
        portal.run()
        assert judge.faults == []
        assert {"Customer.create", "Invoice.create", "Payment.create", "Item.create", "Account.create"} <= judge.seen
        assert {"Customer.update", "Invoice.void"} <= judge.seen
        assert {"CreditMemo.create", "CreditMemo.update", "Payment.void"} <= judge.seen

    @pytest.mark.parametrize("has_entries", [True, False])
    def test_r7_what_is_written_to_clio_keeps_to_its_description(acme: Firm, alice: User, has_entries: bool) -> None:
        portal = make_portal(acme, alice)
        contact = portal.contact(email="ann@example.com" if has_entries else "")
        if has_entries:
            entries = [{"name": name, "number": "555 0101"} for name in ("Work", "Mobile", "Home", "Fax")]
            places = [{"name": name, "street": "1 High St"} for name in ("Work", "Billing")]
            portal.clio.edit_contact(contact, phone_numbers=entries, addresses=places)
        portal.bill("10.00", contact=contact)
        portal.run()
        judge = Judge()
        portal.wire.before.append(judge.request)
        portal.wire.tamper.append(judge.answer)
        numbers = ("PrimaryPhone", "Mobile", "AlternatePhone", "Fax")
        portal.quickbooks.edit_customer(
            portal.quickbooks.all("Customer")[0]["Id"],
            GivenName="Anna",
            MiddleName="Q",
            PrimaryEmailAddr={"Address": "anna@example.com"},
            BillAddr={"Line1": "2 Low St", "City": "Austin", "PostalCode": "78701"},
            ShipAddr={"Line1": "3 Mid St"},
            **{name: {"FreeFormNumber": f"555 020{n}"} for n, name in enumerate(numbers)},
        )
        portal.run()
        assert judge.faults == []
        assert f"PATCH /contacts/{contact}.json" in judge.seen
        assert len(portal.clio_writes()) == 1

    @pytest.mark.parametrize("checks", [False, True])
    def test_trust_keeps_to_both_descriptions(acme: Firm, alice: User, checks: bool) -> None:
        portal = make_portal(acme, alice)
        pairing = portal.pairing
        pairing.trust_checks = checks
        pairing.save(update_fields=["trust_checks"])
        judge = Judge()
        portal.wire.before.append(judge.request)
        portal.wire.tamper.append(judge.answer)
        ann, on = portal.contact(), date(2026, 2, 4)
        into = portal.clio.trust_deposit(ann, Decimal(500), on, source="Ann", description="Retainer")
        portal.clock.sleep(120)
        out = portal.clio.trust_withdrawal(ann, Decimal(20), on, source="Ann Lee", description="Refund", reference="9")
        portal.run()
        portal.clio.edit_bank_transaction(into, amount=Decimal(400))
        portal.clio.edit_bank_transaction(out, description="Second thoughts")
        portal.run()
        portal.clio.delete_bank_transaction(out)
        for _ in range(2):
            portal.run()
            portal.clock.sleep(660)
        portal.run()
        assert judge.faults == []
        form = "Purchase" if checks else "JournalEntry"
        assert {"JournalEntry.create", "JournalEntry.update", f"{form}.create", f"{form}.update"} <= judge.seen
