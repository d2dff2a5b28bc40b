"""Posts from Clio: whose they are, that they are signed, and what is read again because of them."""

from datetime import timedelta

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from firms.models import Firm
from integrations import connecting, hook_secrets
from integrations.models import Connection, Delivery, Pairing, StaleMark, Subscription
from integrations.systems.clio.webhooks import is_signed
from integrations.systems.clock import SystemClock
from tests.hooks.bodies import base64_signature, clio_body, hex_signature
from tests.hooks.posts import address, marks, post, post_clio, subscribed
from tests.test_tasks import BELL, rung

CLOCK = SystemClock()


def test_a_bill_that_changed_is_marked_and_a_run_is_wanted_at_once(
    bills: Subscription, pairing: Pairing, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert post_clio(bills, clio_body(152)).status_code == 200
    assert marks(pairing.firm) == [("practice", "bills", "152")]
    assert rung() == [BELL]
    delivery = Delivery.objects.get()
    assert (delivery.system, delivery.subscription, delivery.outcome, delivery.shape) == ("clio", bills, "marked", "")
    pairing.refresh_from_db()
    bills.refresh_from_db()
    assert pairing.hooked_at == delivery.received_at == bills.heard_at == pairing.practice.heard_at


@pytest.mark.parametrize("event", ["created", "updated", "deleted"])
def test_whatever_happened_to_it_the_record_is_read_again(event: str, contacts: Subscription, acme: Firm) -> None:
    assert post_clio(contacts, clio_body(7, event)).status_code == 200
    assert marks(acme) == [("practice", "contacts", "7")]


def test_the_signature_may_be_base64_for_clio_does_not_say(bills: Subscription, acme: Firm) -> None:
    body = clio_body()
    assert post_clio(bills, body, base64_signature(body, "told-in-the-handshake")).status_code == 200
    assert marks(acme) == [("practice", "bills", "152")]


def test_it_is_made_over_the_bytes_as_they_came(bills: Subscription) -> None:
    spaced = b'{ "data" : {"id":152, "etag":"\\"1\\""},\r\n "meta":{}}'
    assert post_clio(bills, spaced).status_code == 200
    assert post_clio(bills, clio_body(153), hex_signature(clio_body(154))).status_code == 401


def test_f28_the_same_post_again_even_a_month_later_changes_nothing(bills: Subscription, pairing: Pairing) -> None:
    body = clio_body()
    assert post_clio(bills, body).status_code == 200
    StaleMark.objects.of(pairing.firm).delete()
    Pairing.objects.of(pairing.firm).update(hooked_at=None)
    Delivery.objects.update(received_at=CLOCK.now() - timedelta(days=30))
    for _ in range(20):
        assert post_clio(bills, body).status_code == 200
    assert Delivery.objects.count() == 1
    assert marks(pairing.firm) == []
    assert Pairing.objects.of(pairing.firm).get().hooked_at is None


def test_many_marks_before_the_run_begins_ring_once(
    bills: Subscription, pairing: Pairing, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        for id_ in range(1, 21):
            post_clio(bills, clio_body(id_))
            post_clio(bills, clio_body(id_, note="a second change"))
    assert rung() == [BELL]
    assert len(marks(pairing.firm)) == 20


def test_f29_a_post_signed_with_another_firms_secret_is_forged(bills: Subscription, other: Pairing) -> None:
    theirs = subscribed(other.practice, secret="another")
    assert post_clio(bills, clio_body(), hex_signature(clio_body(), "another")).status_code == 401
    assert post_clio(theirs, clio_body(), hex_signature(clio_body(), "another")).status_code == 200
    assert (marks(bills.firm), marks(other.firm)) == ([], [("practice", "bills", "152")])


def test_f29_no_bit_of_body_or_signature_may_differ() -> None:
    """Every single bit of each, one at a time."""
    body, secrets = clio_body(), ["told-in-the-handshake", "an older one"]
    for signature in (hex_signature(body), base64_signature(body, "an older one")):
        assert is_signed(secrets, body, signature)
        assert not any(is_signed(secrets, changed, signature) for changed in flipped(body))
        assert not any(is_signed(secrets, body, sent.decode("latin-1")) for sent in flipped(signature.encode()))


def test_f29_one_bit_of_body_signature_or_address_makes_it_forged_and_leaves_no_row(bills: Subscription) -> None:
    body, signature, path = clio_body(), hex_signature(clio_body()), address(bills)
    start = len("/hooks/clio/")
    for changed in flipped(body)[::16]:
        assert post_clio(bills, changed, signature).status_code == 401
    for changed in flipped(signature.encode())[::16]:
        assert post_clio(bills, body, changed.decode("latin-1")).status_code == 401
    for changed in flipped(path[start:-1].encode())[::4]:
        token = "".join(f"%{byte:02X}" for byte in changed)
        assert post(f"/hooks/clio/{token}/", body, {"X-Hook-Signature": signature}).status_code == 401
    assert not Delivery.objects.exists()
    assert marks(bills.firm) == []
    assert post_clio(bills, body, signature).status_code == 200


def flipped(value: bytes) -> list[bytes]:
    """``value`` with each of its bits turned, one at a time."""
    bits = range(8 * len(value))
    return [bytes(byte ^ (1 << bit % 8) if at == bit // 8 else byte for at, byte in enumerate(value)) for bit in bits]


@pytest.mark.parametrize("signature", ["", "0" * 64, "é", "sha256=" + "0" * 64])
def test_f29_what_is_not_signed_is_forged(signature: str, bills: Subscription) -> None:
    assert post_clio(bills, clio_body(), signature).status_code == 401
    assert not Delivery.objects.exists()


@pytest.mark.django_db
def test_an_address_nobody_was_told_is_forged() -> None:
    body = clio_body()
    for token in ("x", "a/b", "x" * 500, "\x00", "é"):
        assert post(f"/hooks/clio/{token}/", body, {"X-Hook-Signature": hex_signature(body)}).status_code == 401
    assert not Delivery.objects.exists()


def test_without_a_secret_or_without_the_key_to_it_nothing_is_believed(bills: Subscription, settings) -> None:
    body = clio_body()
    settings.TOKEN_KEYS = ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]
    assert post_clio(bills, body).status_code == 401
    Subscription.objects.of(bills.firm).update(sealed=None)
    assert post_clio(bills, body, hex_signature(body, "")).status_code == 401
    assert not Delivery.objects.exists()


def test_a_sealed_secret_is_worthless_in_another_row(bills: Subscription, contacts: Subscription) -> None:
    Subscription.objects.of(bills.firm).filter(pk=contacts.pk).update(sealed=bytes(bills.sealed or b""))
    contacts.refresh_from_db()
    assert hook_secrets.of(bills) == ["told-in-the-handshake"]
    assert hook_secrets.of(contacts) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"data":{}}',
        b'{"data":{"id":"x"}}',
        b'{"data":[{"id":1}]}',
        b"\xff\xfe",
        b"{" * 9999,
    ],
)
def test_f33_a_shape_nobody_knows_is_kept_and_polled_for_soon(
    body: bytes, bills: Subscription, pairing: Pairing
) -> None:
    Pairing.objects.of(pairing.firm).update(next_sync_at=CLOCK.now() + timedelta(minutes=15))
    assert post_clio(bills, body).status_code == 200
    assert Delivery.objects.get().outcome == "unknown"
    assert marks(pairing.firm) == [("practice", "", "")]
    pairing.refresh_from_db()
    assert pairing.hooked_at is None
    assert pairing.next_sync_at
    assert pairing.next_sync_at <= CLOCK.now() + timedelta(minutes=2)


def test_what_was_not_understood_is_described_without_its_values(bills: Subscription) -> None:
    post_clio(bills, b'{"data":{"uuid":"secret-name","parts":[{"amount":12}]},"meta":{"event":"moved"}}')
    assert Delivery.objects.get().shape == "{data{parts[{amount}],uuid},meta{event}}"


@pytest.mark.parametrize("state", ["reconnect", "disconnected"])
def test_a_firm_that_cannot_run_is_not_woken(state: str, bills: Subscription, pairing: Pairing) -> None:
    Connection.objects.of(pairing.firm).filter(system="quickbooks").update(state=state)
    assert post_clio(bills, clio_body()).status_code == 200
    pairing.refresh_from_db()
    assert pairing.hooked_at is None
    assert bool(marks(pairing.firm)) is (state == "reconnect")  # what comes meanwhile is read once it is repaired


@pytest.mark.parametrize("missing", [{"start_date": None}, {"archived_at": CLOCK.now()}])
def test_nor_is_one_that_is_not_set_up_or_purged(
    missing: dict[str, object], bills: Subscription, pairing: Pairing
) -> None:
    Pairing.objects.of(pairing.firm).update(**missing)
    assert post_clio(bills, clio_body()).status_code == 200
    assert (Delivery.objects.get().outcome, marks(pairing.firm)) == ("nothing", [])


def test_a_purge_leaves_nothing_that_a_webhook_could_wake(bills: Subscription, pairing: Pairing) -> None:
    post_clio(bills, clio_body())
    connecting.purge(Pairing.objects.of(pairing.firm).get(), CLOCK)
    archived = Pairing.objects.of(pairing.firm).get()
    assert (archived.hooked_at, marks(pairing.firm)) == (None, [])
