"""Support's admin: everything can be found, nothing secret is shown, nothing can be changed."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from firms.models import User
from integrations.models import Delivery, Dispatch, OAuthToken, SyncEvent
from tests.models.rows import NOW, subscription_of
from tests.personas import signed_in
from tests.portal import Portal

MODELS = (
    "connection",
    "pairing",
    "mapping",
    "entitylink",
    "syncrun",
    "issue",
    "syncevent",
    "dispatch",
    "errand",
    "subscription",
    "stalemark",
)


@pytest.fixture
def support(charlie: User) -> Client:
    User.objects.filter(pk=charlie.pk).update(is_staff=True, is_superuser=True)
    charlie.refresh_from_db()
    return signed_in(charlie)


@pytest.mark.parametrize("model", MODELS)
def test_every_list_opens_and_is_searched_by_firm(model: str, support: Client, synced: Portal) -> None:
    address = reverse(f"admin:integrations_{model}_changelist")
    assert support.get(address).status_code == 200
    assert support.get(address, {"q": "acme"}).status_code == 200
    kind = apps.get_model("integrations", model)
    for row in kind.all_firms.all()[:1]:
        assert support.get(reverse(f"admin:integrations_{model}_change", args=[row.pk])).status_code == 200


def test_a_bill_is_found_by_its_number_and_a_firm_by_its_company(support: Client, synced: Portal) -> None:
    address = reverse("admin:integrations_syncevent_changelist")
    assert "Bill 1042" in support.get(address, {"q": "1042"}).content.decode()
    assert "Bill 1042" in support.get(address, {"q": synced.pairing.ledger.name}).content.decode()


def test_tokens_and_bodies_are_not_shown(support: Client, synced: Portal) -> None:
    assert OAuthToken not in admin.site._registry
    dispatch = Dispatch.objects.of(synced.firm).filter(entity="Invoice").first()
    assert dispatch
    page = support.get(reverse("admin:integrations_dispatch_change", args=[dispatch.pk])).content.decode()
    assert dispatch.request_id in page and "DocNumber" not in page


def test_the_journal_cannot_be_changed(support: Client, synced: Portal) -> None:
    event = SyncEvent.objects.of(synced.firm).first()
    assert event
    change = reverse("admin:integrations_syncevent_change", args=[event.pk])
    assert support.get(change).status_code == 200
    assert support.post(change, {"title": "x"}).status_code == 403
    assert support.post(reverse("admin:integrations_syncevent_delete", args=[event.pk])).status_code == 403


def test_webhooks_are_shown_without_what_they_are_signed_with(support: Client, synced: Portal) -> None:
    mine = subscription_of(synced.pairing.practice, sealed=b"sealed-secret", token_digest="digest-of-the-address")
    values = {"subscription": mine, "body_sha256": "ab" * 32, "size": 2, "received_at": NOW, "outcome": "unknown"}
    delivery = Delivery.objects.create(system="clio", shape="{data{id}}", accounts=["1001"], **values)
    page = support.get(reverse("admin:integrations_subscription_change", args=[mine.pk])).content.decode()
    assert "bill" in page and "sealed-secret" not in page and "digest-of-the-address" not in page
    assert (
        "{data{id}}" in support.get(reverse("admin:integrations_delivery_changelist"), {"q": "1001"}).content.decode()
    )
    change = reverse("admin:integrations_delivery_change", args=[delivery.pk])
    assert support.get(change).status_code == 200
    assert support.post(change, {"shape": "x"}).status_code == 403
