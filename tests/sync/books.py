"""What has to be true after every story: equal books, a silent second run, nothing created in Clio."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from integrations.models import EntityLink
from tests.portal import START, Portal

ZERO = Decimal(0)


def settled(portal: Portal, *codes: str, but: Iterable[int] = ()) -> None:
    """Checks the books, the open issues, and that another run changes nothing.

    ``codes`` are the open issues, warnings and infos included; ``but`` are bills that an issue explains.
    """
    assert sorted(portal.codes()) == sorted(codes), [(i.code, i.message) for i in portal.issues()]
    assert_equal(portal, but)
    written, to_clio = portal.writes(), portal.clio_writes()
    again = portal.run()
    assert again.reason == ""
    assert portal.writes() == written, portal.wire.sent[written:]
    assert portal.clio_writes() == to_clio
    assert sorted(portal.codes()) == sorted(codes)
    assert nothing_created_in_clio(portal)


def assert_equal(portal: Portal, but: Iterable[int] = ()) -> None:
    """Per contact: the open balances of our invoices equal the balances of its bills in scope."""
    left = set(but)
    assert in_quickbooks(portal, left) == in_clio(portal, left)
    kept, afresh = portal.quickbooks.trial_balance(), portal.quickbooks.recomputed_balances()[0]
    assert kept == afresh


def in_clio(portal: Portal, but: Iterable[int]) -> dict[int, Decimal]:
    start = portal.pairing.start_date or START
    owed: dict[int, Decimal] = defaultdict(lambda: ZERO)
    for bill in portal.clio.snapshot()["bills"]:
        live = bill["state"] in ("awaiting_payment", "paid") and bill["kind"] != "trust_kind"
        if live and date.fromisoformat(bill["issued_at"]) >= start and bill["id"] not in set(but):
            owed[bill["client_id"]] += bill["balance"]
    return {contact: amount for contact, amount in owed.items() if amount}


def in_quickbooks(portal: Portal, but: Iterable[int]) -> dict[int, Decimal]:
    """What our invoices still ask for, by the contact their customer stands for."""
    links = EntityLink.objects.of(portal.firm).filter(pairing=portal.pairing).exclude(state="unlinked")
    contacts = {link.ledger_id: int(link.practice_id) for link in links.filter(kind="contact")}
    left = {str(id) for id in but}
    ours = {link.ledger_id for link in links.filter(kind="invoice") if link.practice_id not in left}
    owed: dict[int, Decimal] = defaultdict(lambda: ZERO)
    for invoice in portal.quickbooks.all("Invoice"):
        if invoice["Id"] in ours:
            owed[contacts[invoice["CustomerRef"]["value"]]] += Decimal(invoice["Balance"])
    return {contact: amount for contact, amount in owed.items() if amount}


def nothing_created_in_clio(portal: Portal) -> bool:
    """Of Clio only contacts are written to, and only ones that are there."""
    sent = [(method, path) for method, path, _ in portal.log if method != "GET" and "/clio/api/" in path]
    return all(method == "PATCH" and "/contacts/" in path for method, path in sent)


def account(portal: Portal, role: str) -> Decimal:
    """Debits less credits of an account of the company's chart."""
    return portal.quickbooks.trial_balance().get(portal.quickbooks.account_id(role), ZERO)
