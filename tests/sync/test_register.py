"""What planning looks up in the mirror: exactly what was asked for, however it is written there."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from integrations.core.records import Kind, Ref
from integrations.kinds.catalog import Catalog, Payee
from integrations.models import EntityLink
from integrations.sync import mirror
from integrations.sync.gather import keep_entity
from integrations.sync.register import MirrorRegister
from tests.portal import Portal

PAID = date(2026, 2, 20)


def keep(portal: Portal, entity: str, *rows: dict[str, Any]) -> None:
    mirror.keep_ledger(portal.pairing, entity, rows)


def number(portal: Portal, entity: str, id: str, said: str) -> None:
    mirror.keep_numbers(portal.pairing, entity, [{"Id": id, "DocNumber": said}])


def link(portal: Portal, kind: str, practice_id: str, entity: str, id: str, state: str = "live") -> EntityLink:
    return EntityLink.objects.of(portal.firm).create(
        pairing=portal.pairing,
        kind=kind,
        practice_id=practice_id,
        ledger_entity=entity,
        ledger_id=id,
        practice_fingerprint="p",
        ledger_fingerprint="l",
        state=state,
    )


def catalog(portal: Portal) -> Catalog:
    return Catalog(MirrorRegister(portal.pairing))


def paying(id: str, *txns: tuple[str, object], amount: str = "10.00", customer: object = "5") -> dict[str, Any]:
    lines = [{"Amount": amount, "LinkedTxn": [{"TxnType": kind, "TxnId": txn}]} for kind, txn in txns]
    head = {"Id": id, "TxnDate": str(PAID), "TotalAmt": amount, "CustomerRef": {"value": customer}}
    return {**head, "Line": lines}


# Names


@pytest.mark.parametrize("asked", ["Ann Lee", " ANN LEE ", "ann lee"])
@pytest.mark.parametrize(
    "there",
    [("Customer", "Ann Lee"), ("Customer", "ANN LEE"), ("Customer", "Ann Lee (deleted)"), ("Vendor", "ann lee")],
)
def test_a_name_is_taken_whoever_has_it_and_in_whatever_case(
    portal: Portal, there: tuple[str, str], asked: str
) -> None:
    keep(portal, there[0], {"Id": "5", "DisplayName": there[1], "Active": "(deleted)" not in there[1]})
    assert not catalog(portal).name_is_free(asked)
    assert catalog(portal).name_is_free(asked, "5") == (there[0] == "Customer")


@pytest.mark.parametrize("name", ["Ann Lee-Ek", "AnnLee", "Änn Lee", "Ann Lee (Clio 7)", "***"])
def test_a_name_that_only_looks_alike_is_free(portal: Portal, name: str) -> None:
    keep(portal, "Customer", {"Id": "5", "DisplayName": "Ann Lee"}, {"Id": "6", "DisplayName": "---"})
    assert catalog(portal).name_is_free(name)


def test_a_name_of_signs_alone_is_taken_too(portal: Portal) -> None:
    keep(portal, "Customer", {"Id": "6", "DisplayName": "---"})
    assert not catalog(portal).name_is_free("---")


def test_a_deleted_customer_has_no_name(portal: Portal) -> None:
    keep(portal, "Customer", {"Id": "5", "DisplayName": "Ann Lee"})
    mirror.mark_deleted(portal.pairing, "Customer", ["5"])
    assert catalog(portal).name_is_free("Ann Lee")
    assert "5" not in catalog(portal).customers


def test_a_check_is_made_out_to_an_active_name_customers_first(portal: Portal) -> None:
    keep(portal, "Vendor", {"Id": "31", "DisplayName": "Bo Ek"}, {"Id": "32", "DisplayName": "Cy", "Active": False})
    assert catalog(portal).payee("bo ek") == Payee("Vendor", "31")
    assert catalog(portal).payee("Cy") is None
    keep(portal, "Customer", {"Id": "9", "DisplayName": "BO EK"})
    assert catalog(portal).payee("bo ek") == Payee("Customer", "9")


# Numbers


@pytest.mark.parametrize("said", ["A-7", " a-7 ", "---"])
def test_a_number_is_held_by_any_sales_form_and_by_whatever_it_stands_for(portal: Portal, said: str) -> None:
    number(portal, "Estimate", "3", said.strip().upper())
    held = catalog(portal).holder(said, Ref(Kind.INVOICE, "1"))
    assert held and (held.entity, held.ledger_id, held.ref) == ("Estimate", "3", None)
    link(portal, "invoice", "1", "Estimate", "3")
    assert catalog(portal).holder(said, Ref(Kind.INVOICE, "1")) is None
    other = catalog(portal).holder(said, Ref(Kind.INVOICE, "2"))
    assert other and other.ref == Ref(Kind.INVOICE, "1")


@pytest.mark.parametrize("said", ["A7", "A-07", "A 7"])
def test_a_number_that_only_looks_alike_is_free(portal: Portal, said: str) -> None:
    number(portal, "Invoice", "3", "A-7")
    assert catalog(portal).holder(said, Ref(Kind.INVOICE, "1")) is None


# Payments


def test_payments_that_stand_for_nothing_are_found_by_their_customer(portal: Portal) -> None:
    keep(portal, "Payment", paying("70"), paying("71"), paying("72", customer=5), paying("73", customer="6"))
    link(portal, "payment", "900", "Payment", "71")
    link(portal, "payment", "901", "Payment", "72", state=EntityLink.State.UNLINKED)
    near = catalog(portal).loose_payments("5", Decimal("10.00"), PAID)
    assert [one.ledger_id for one in near] == ["70", "72"]


@pytest.mark.parametrize("written", ["8", 8])
def test_what_settles_an_invoice_is_found_however_its_id_is_written(portal: Portal, written: object) -> None:
    keep(portal, "Payment", paying("70", ("Invoice", written), ("CreditMemo", "8")), paying("71", ("Invoice", "88")))
    (use,) = catalog(portal).settlements("Invoice", "8")
    assert (use.ledger_id, dict(use.invoices), dict(use.credits)) == ("70", {"8": 10}, {"8": 10})
    assert catalog(portal).settlements("CreditMemo", "88") == []


def test_ours_settle_nothing_until_they_are_ours_no_more(portal: Portal) -> None:
    keep(portal, "Payment", paying("70", ("Invoice", "8")))
    ours = link(portal, "payment", "900", "Payment", "70")
    found = catalog(portal)
    assert found.settlements("Invoice", "8") == []
    ours.state = EntityLink.State.UNLINKED
    ours.save()
    found.owners.put(("Payment", "70"), None)
    found.settling.forget()
    assert [one.ledger_id for one in found.settlements("Invoice", "8")] == ["70"]


def test_what_cannot_be_read_is_no_candidate(portal: Portal) -> None:
    keep(portal, "Payment", {**paying("70", ("Invoice", "8")), "TotalAmt": "much"}, paying("71", ("Invoice", "8")))
    assert [one.ledger_id for one in catalog(portal).settlements("Invoice", "8")] == ["71"]
    assert [one.ledger_id for one in catalog(portal).loose_payments("5", Decimal("10.00"), PAID)] == ["71"]


# Checks and links


@pytest.mark.parametrize("said", ["1042", " 1042 ", "CHK-1"])
def test_a_persons_own_check_is_found_by_its_number(portal: Portal, said: str) -> None:
    check = {"DocNumber": said.strip().lower(), "PaymentType": "Check", "AccountRef": {"value": "91"}}
    keep(portal, "Purchase", {"Id": "77", "TotalAmt": "20.00", **check})
    keep(portal, "Purchase", {"Id": "78", "TotalAmt": "20.00", **check, "PaymentType": "Cash"})
    assert [one.ledger_id for one in catalog(portal).loose_checks("91", said, Decimal(20))] == ["77"]
    assert catalog(portal).loose_checks("92", said, Decimal(20)) == []
    link(portal, "trust_entry", "500", "Purchase", "77")
    assert catalog(portal).loose_checks("91", said, Decimal(20)) == []


def test_a_document_stands_for_what_it_is_linked_to_and_no_other_of_its_id(portal: Portal) -> None:
    link(portal, "invoice", "1", "Invoice", "8")
    owners = catalog(portal).owners
    owners.prime([("Invoice", "8"), ("Payment", "8")])
    assert owners.get(("Invoice", "8")) == Ref(Kind.INVOICE, "1")
    assert ("Payment", "8") not in owners


def test_what_a_page_of_quickbooks_brings_is_found(portal: Portal) -> None:
    keep_entity(portal.workspace(), "Invoice", ({"Id": "8", "DocNumber": "A-7"},))
    assert catalog(portal).holder("a-7", Ref(Kind.INVOICE, "1"))
