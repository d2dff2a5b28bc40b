"""The firm that stories start from: set up once more, it is as if it had been connected and mapped just now."""

from typing import Any

from django.db import transaction

from firms.models import Firm, User
from integrations.models import OAuthToken
from integrations.tokens import unseal
from tests.kept_rows import KeptRows
from tests.portal import Kept, Portal, make_portal, new_store
from tests.sync.books import settled

NOT_THE_SAME = {"id", "connected_at", "ciphertext", "practice_id", "ledger_id", "connection_id", "pairing_id"}


def rows(firm: Firm) -> dict[str, list[dict[str, Any]]]:
    """All rows of the firm, without keys and what is sealed for keys."""
    return {
        model.__name__: [
            {field.attname: getattr(row, field.attname) for field in model._meta.concrete_fields
             if field.attname not in NOT_THE_SAME}
            for row in kept
        ]
        for model, kept in KeptRows.of(firm).tables
    }  # fmt: skip


def connected(firm: Firm, owner: User) -> tuple[Portal, dict[str, list[dict[str, Any]]], Kept]:
    """A firm that was really connected, and no trace of it in the database."""
    with transaction.atomic():
        portal = make_portal(firm, owner, store=new_store())
        kept = rows(firm), Kept.of(portal)
        transaction.set_rollback(True)
    return portal, *kept


def test_a_firm_set_up_once_more_is_like_one_that_was_connected(acme: Firm, alice: User) -> None:
    first, before, kept = connected(acme, alice)
    assert {"Connection", "OAuthToken", "Pairing", "Mapping", "CallBudget"} <= before.keys()
    again = kept.once_more(acme, alice)
    assert rows(acme) == before
    assert (again.log, again.wire.sent) == (first.log, first.wire.sent)
    assert again.quickbooks.all("Account") == first.quickbooks.all("Account")
    assert again.world.quickbooks.metered == first.world.quickbooks.metered


def test_it_is_synced_and_leaves_no_trace_in_the_next(acme: Firm, alice: User) -> None:
    kept = connected(acme, alice)[2]
    with transaction.atomic():
        portal = kept.once_more(acme, alice)
        portal.bill("100.00", number="1")
        portal.run()
        settled(portal)
        transaction.set_rollback(True)
    again = kept.once_more(acme, alice)
    assert (again.quickbooks.all("Invoice"), again.clio.snapshot()["bills"]) == ([], [])
    again.bill("70.00", number="2")
    again.run()
    settled(again)


def test_it_may_be_another_firm_of_another_person(acme: Firm, alice: User, globex: Firm, charlie: User) -> None:
    kept = connected(acme, alice)[2]
    portal = kept.once_more(globex, charlie)
    assert rows(acme) == {}
    token = OAuthToken.objects.of(globex).select_related("connection")[0]
    assert token.connection.connected_by == charlie
    assert unseal(token.connection, token).access
    portal.bill("100.00")
    portal.run()
    settled(portal)
