"""Posts from Intuit: one address for every company, in the CloudEvents form and the older one."""

import json
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from integrations.models import Connection, Delivery, Pairing
from integrations.systems.clock import SystemClock
from integrations.systems.quickbooks.webhooks import is_signed
from tests.hooks.bodies import base64_signature, cloud_event, hex_signature, older_entity, older_form
from tests.hooks.conftest import REALMS
from tests.hooks.posts import QUICKBOOKS, marks, post, post_intuit
from tests.hooks.test_clio_posts import flipped
from tests.test_tasks import BELL, rung

CLOCK = SystemClock()
ACME, GLOBEX = REALMS["acme"], REALMS["globex"]
STRANGER = "9139999"


def test_an_invoice_that_changed_is_marked_and_a_run_is_wanted_at_once(
    pairing: Pairing, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert post_intuit([cloud_event(ACME)]).status_code == 200
    assert marks(pairing.firm) == [("ledger", "Invoice", "1234")]
    assert rung() == [BELL]
    delivery = Delivery.objects.get()
    assert (delivery.system, delivery.outcome, delivery.events, delivery.accounts) == (
        "quickbooks",
        "marked",
        1,
        [ACME],
    )
    assert Connection.objects.of(pairing.firm).get(system="quickbooks").heard_at == delivery.received_at


@pytest.mark.parametrize(
    "said",
    [
        [cloud_event(ACME, "creditmemo", "5", "created"), cloud_event(GLOBEX, "customer", "6", "deleted")],
        {
            "eventNotifications": [
                older_form(ACME, older_entity("CreditMemo", "5", "Create")),
                older_form(GLOBEX, older_entity("Customer", "6", "Delete")),
            ]
        },
    ],
)
def test_one_post_may_hold_several_companies_in_either_form(said: Any, pairing: Pairing, other: Pairing) -> None:
    assert post_intuit(said).status_code == 200
    assert marks(pairing.firm) == [("ledger", "CreditMemo", "5")]
    assert marks(other.firm) == [("ledger", "Customer", "6")]
    assert all(one.hooked_at for one in Pairing.all_firms.all())
    assert Delivery.objects.get().events == 2


@pytest.mark.parametrize(
    "said",
    [
        [cloud_event(ACME, "customer", "1", "merged", data={"deletedid": "27"})],
        {"eventNotifications": [older_form(ACME, older_entity("Customer", "1", "Merge", deletedID="27"))]},
    ],
)
def test_of_a_merge_both_are_read_again(said: Any, pairing: Pairing) -> None:
    assert post_intuit(said).status_code == 200
    assert marks(pairing.firm) == [("ledger", "Customer", "1"), ("ledger", "Customer", "27")]


@pytest.mark.parametrize("entity", ["Bill", "TimeActivity", "Deposit", "Class"])
def test_what_the_portal_reads_nothing_of_is_only_noted(entity: str, pairing: Pairing) -> None:
    assert post_intuit([cloud_event(ACME, entity.lower())]).status_code == 200
    pairing.refresh_from_db()
    assert (Delivery.objects.get().outcome, marks(pairing.firm), pairing.hooked_at) == ("nothing", [], None)


def test_f28_the_same_post_again_changes_nothing_and_the_same_event_in_another_marks_the_same(pairing: Pairing) -> None:
    for _ in range(20):
        post_intuit([cloud_event(ACME)])
    post_intuit([cloud_event(ACME), cloud_event(ACME, "payment", "8")])
    assert Delivery.objects.count() == 2
    assert marks(pairing.firm) == [("ledger", "Invoice", "1234"), ("ledger", "Payment", "8")]


@pytest.mark.parametrize("secret", ["", "sandbox-verifier ", "sandbox-quickbooks-secret"])
def test_f29_a_post_signed_with_anything_but_the_verifier_token_is_forged(secret: str, pairing: Pairing) -> None:
    body = json.dumps([cloud_event(ACME)]).encode()
    assert post_intuit(body, base64_signature(body, secret)).status_code == 401
    assert post_intuit(body, hex_signature(body, "sandbox-verifier")).status_code == 401
    assert not Delivery.objects.exists()


def test_f29_without_a_verifier_token_nothing_is_believed(pairing: Pairing, settings) -> None:
    settings.QBO = {**settings.QBO, "verifier_token": ""}
    body = json.dumps([cloud_event(ACME)]).encode()
    for signature in ("", base64_signature(body, "")):
        assert post_intuit(body, signature).status_code == 401
    assert not Delivery.objects.exists()


def test_f29_no_bit_of_body_or_signature_may_differ() -> None:
    body = b'[{"intuitaccountid":"1"}]'
    signature = base64_signature(body, "v")
    assert is_signed("v", body, signature)
    assert not any(is_signed("v", changed, signature) for changed in flipped(body))
    assert not any(is_signed("v", body, changed.decode("latin-1")) for changed in flipped(signature.encode()))


@pytest.mark.parametrize(
    "said",
    [
        [cloud_event(ACME, "shipment")],
        [cloud_event(ACME, type="qbo.invoice")],
        [cloud_event(ACME, intuitentityid=None)],
        [{"specversion": "2.0", "subject": {"company": ACME, "what": "invoice/7"}}],
        {"eventNotifications": [older_form(ACME, older_entity("Shipment", "7"))]},
        {"eventNotifications": [{"realmId": ACME}]},
        {"notifications": {"byCompany": [[int(ACME)]]}},
    ],
)
def test_f33_a_shape_nobody_knows_has_the_companies_in_it_polled_soon(
    said: Any, pairing: Pairing, other: Pairing
) -> None:
    Pairing.all_firms.update(next_sync_at=CLOCK.now() + timedelta(minutes=15))
    assert post_intuit(said).status_code == 200
    delivery = Delivery.objects.get()
    assert delivery.outcome == "unknown"
    assert delivery.shape and ACME not in delivery.shape
    assert (marks(pairing.firm), marks(other.firm)) == ([("ledger", "", "")], [])
    soon = Pairing.all_firms.filter(next_sync_at__lte=CLOCK.now() + timedelta(minutes=2))
    assert [one.pk for one in soon] == [pairing.pk]


def test_f33_one_event_nobody_knows_does_not_hide_the_others(pairing: Pairing) -> None:
    post_intuit([cloud_event(ACME, "payment", "8"), {"odd": True}, "text", cloud_event(ACME, "shipment", "9")])
    assert marks(pairing.firm) == [("ledger", "", ""), ("ledger", "Payment", "8")]


def test_however_much_nobody_understands_comes_it_is_polled_for_once(pairing: Pairing) -> None:
    soon = CLOCK.now() + timedelta(seconds=30)
    Pairing.all_firms.update(next_sync_at=soon)
    for number in range(10):
        post_intuit([cloud_event(ACME, f"shipment{number}")])
    assert Pairing.all_firms.get(pk=pairing.pk).next_sync_at == soon
    assert marks(pairing.firm) == [("ledger", "", "")]


@pytest.mark.parametrize("said", [b"", b"[]", b"null", b"not json", b"\x00", [cloud_event(STRANGER)], b"[" * 5000])
def test_what_is_about_nobody_here_is_kept_and_answered(said: Any, pairing: Pairing) -> None:
    assert post_intuit(said).status_code == 200
    assert Delivery.objects.count() == 1
    assert marks(pairing.firm) == []


@pytest.mark.parametrize("state", ["disconnected", "reconnect"])
def test_a_company_that_is_no_longer_connected_is_not_woken(state: str, pairing: Pairing) -> None:
    Connection.objects.of(pairing.firm).filter(system="quickbooks").update(state=state)
    assert post_intuit([cloud_event(ACME)]).status_code == 200
    pairing.refresh_from_db()
    assert pairing.hooked_at is None


def test_a_company_nobody_has_confirmed_is_not_read(pairing: Pairing) -> None:
    Connection.objects.of(pairing.firm).update(confirmed_at=None)
    assert post_intuit([cloud_event(ACME)]).status_code == 200
    assert marks(pairing.firm) == []


def test_a_clio_account_with_the_number_of_a_company_is_not_meant(pairing: Pairing) -> None:
    Connection.objects.of(pairing.firm).filter(system="clio").update(external_account_id=STRANGER)
    post_intuit([cloud_event(STRANGER)])
    assert marks(pairing.firm) == []


@pytest.mark.django_db
def test_the_address_of_quickbooks_takes_posts_alone_and_asks_nobody_to_sign_in() -> None:
    body = b"[]"
    answer = post(QUICKBOOKS, body, {"intuit-signature": base64_signature(body)})
    assert (answer.status_code, answer.content, answer.cookies) == (200, b"", {})
