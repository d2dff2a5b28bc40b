"""Two-step sign-in: setting it up, signing in with it, and a firm that requires it of its owners and admins."""

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from firms import membership
from firms.models import Firm, Membership, TeamEvent, User
from firms.roles import Role
from integrations.two_step import rotate
from tests.models.refusals import is_kept_nowhere
from tests.personas import PASSWORD, person, signed_in
from tests.web.test_tenancy import firm_addresses

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SWITCH = "/f/acme/team/two-step/"
NEEDED = "/two-step/acme/"


def code_of(secret: str) -> str:
    """What the app shows now."""
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


def with_app(user: User) -> list[str]:
    """Gives a person the app and recovery codes, and returns those."""
    TOTP.activate(user, SECRET)
    return list(RecoveryCodes.activate(user).get_unused_codes())


def text(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).replace("&#x27;", "'").split())


def admin_of(firm: Firm, name: str = "Anna") -> User:
    user = person(name)
    Membership.objects.create(firm=firm, user=user, role=Role.ADMIN)
    return user


@pytest.fixture
def strict(acme: Firm, alice: User) -> Firm:
    """Acme requires it; Alice, its owner, has it."""
    with_app(alice)
    membership.require_two_step(acme, True, alice)
    acme.refresh_from_db()
    return acme


# Setting it up


def test_an_app_is_set_up_after_the_password_and_leaves_recovery_codes(alice: User, alice_client: Client) -> None:
    address = reverse("mfa_activate_totp")
    asked = alice_client.get(address, follow=True)
    assert "Confirm that it is you" in text(asked)
    confirmed = alice_client.post(asked.redirect_chain[-1][0], {"password": PASSWORD})
    assert confirmed["Location"] == address
    page = alice_client.get(address).content.decode()
    secret = re.search(r'class="secret">(\w+)<', page)
    assert secret and "data:image/svg+xml;base64," in page
    wrong = alice_client.post(address, {"code": "000000"})
    assert wrong.status_code == 200 and "Incorrect code" in text(wrong)
    done = alice_client.post(address, {"code": code_of(secret[1])}, follow=True)
    assert "10 of 10 are left" in text(done) and "Each works once" in text(done)
    assert is_kept_nowhere(secret[1]), "the secret is sealed at rest"


def test_signing_in_takes_the_code_as_well_as_the_password(alice: User, acme: Firm) -> None:
    with_app(alice)
    client = Client()
    first = client.post("/accounts/login/", {"login": alice.email, "password": PASSWORD})
    assert first["Location"] == reverse("mfa_authenticate")
    assert client.get("/f/acme/")["Location"].startswith("/accounts/login/"), "the password alone lets nobody in"
    assert "Second step" in text(client.get(first["Location"]))
    assert "Incorrect code" in text(client.post(first["Location"], {"code": "000000"}))
    assert client.post(first["Location"], {"code": code_of(SECRET)}).status_code == 302
    assert client.get("/f/acme/").status_code == 200


def test_a_recovery_code_works_once(alice: User, acme: Firm) -> None:
    spare = with_app(alice)[0]
    for works in (True, False):
        client = Client()
        step = client.post("/accounts/login/", {"login": alice.email, "password": PASSWORD})["Location"]
        answer = client.post(step, {"code": spare})
        assert (answer.status_code == 302) is works
        assert (client.get("/f/acme/").status_code == 200) is works
    assert "9 of 10 are left" in text(signed_in(alice).get(reverse("mfa_index")))


def test_a_code_by_e_mail_does_not_stand_for_the_second_step(alice: User, acme: Firm, mailoutbox: list[Any]) -> None:
    with_app(alice)
    client = Client()
    client.post("/accounts/login/code/", {"email": alice.email})
    sent = re.search(r"^([A-Z0-9-]{6,12})$", str(mailoutbox[-1].body), re.MULTILINE)
    assert sent
    answer = client.post("/accounts/login/code/confirm/", {"code": sent[1]})
    assert answer["Location"] == reverse("mfa_authenticate")
    assert client.get("/f/acme/").status_code == 302


@pytest.mark.parametrize("name", ["mfa_index", "mfa_list_webauthn", "mfa_view_recovery_codes", "mfa_deactivate_totp"])
def test_the_pages_of_two_step_sign_in_open_in_our_words(name: str, alice: User) -> None:
    with_app(alice)
    client = Client()
    step = client.post("/accounts/login/", {"login": alice.email, "password": PASSWORD})["Location"]
    client.post(step, {"code": code_of(SECRET)})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    answer = client.get(reverse(name))
    assert answer.status_code == 200 and "Two-Factor" not in text(answer) and "Sync Portal" in text(answer)


def test_what_changes_the_protection_asks_who_it_is_once_more(alice: User) -> None:
    with_app(alice)
    Authenticator.objects.create(user=alice, type="webauthn", data={"name": "ring", "credential": {}})
    client = signed_in(alice)
    for name in ("mfa_deactivate_totp", "mfa_generate_recovery_codes", "mfa_add_webauthn"):
        assert "/reauthenticate/" in client.get(reverse(name))["Location"], name
    assert "Code of your app, or a recovery code" in text(client.get(reverse("mfa_reauthenticate")))


# A firm that requires it


def test_whoever_requires_it_must_have_it(alice: User, alice_client: Client, acme: Firm) -> None:
    assert "set it up for yourself" in text(alice_client.get("/f/acme/team/"))
    said = text(alice_client.post(SWITCH, {"wanted": "yes"}, follow=True))
    assert "Set up two-step sign-in for yourself first. Nothing was changed." in said
    acme.refresh_from_db()
    assert not acme.requires_two_step and not TeamEvent.objects.exists()


def test_it_is_asked_first_named_and_kept_in_the_teams_history(alice: User, alice_client: Client, acme: Firm) -> None:
    with_app(alice)
    admin_of(acme)
    asked = text(alice_client.get(SWITCH))
    assert "Require two-step sign-in of owners and admins?" in asked and "Without it now: Anna." in asked
    for _ in range(2):
        alice_client.post(SWITCH, {"wanted": "yes"})
    page = text(alice_client.get("/f/acme/team/"))
    assert "Two-step sign-in became required of owners and admins alice@example.com" in page
    assert "Not set up yet, and so without access: Anna ." in page
    assert "No longer require it?" in text(alice_client.get(SWITCH))
    alice_client.post(SWITCH, {"wanted": "no"})
    told = TeamEvent.objects.order_by("id").values_list("what", "by")
    assert list(told) == [("two_step_on", alice.email), ("two_step_off", alice.email)]


@pytest.mark.parametrize("who", ["bob_client", "vera_client"])
def test_only_owners_and_admins_decide_that(who: str, acme: Firm, request: pytest.FixtureRequest) -> None:
    client: Client = request.getfixturevalue(who)
    for answer in (client.get(SWITCH), client.post(SWITCH, {"wanted": "yes"})):
        assert answer.status_code == 403
    assert "To change this it takes an owner or admin" in text(client.get("/f/acme/team/"))
    acme.refresh_from_db()
    assert not acme.requires_two_step


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_admin_without_it_is_led_to_it_from_every_address_and_shown_nothing(strict: Firm, method: str) -> None:
    client = signed_in(admin_of(strict))
    for address in firm_addresses(strict.slug):
        answer = getattr(client, method)(address)
        assert (answer.status_code, answer["Location"], answer.content) == (302, NEEDED, b""), address
    assert not TeamEvent.objects.exclude(what="two_step_on").exists(), "nothing was done either"


def test_the_page_says_why_and_leads_to_an_app_or_a_passkey(strict: Firm) -> None:
    page = signed_in(admin_of(strict)).get(NEEDED)
    assert "Acme Law requires it of its owners and admins" in text(page)
    for name in ("mfa_activate_totp", "mfa_add_webauthn"):
        assert f'href="{reverse(name)}"' in page.content.decode()


def test_a_part_of_a_page_leads_the_whole_page_there(strict: Firm) -> None:
    answer = signed_in(admin_of(strict)).get("/f/acme/live/", headers={"HX-Request": "true"})
    assert (answer.headers["HX-Redirect"], answer.content) == (NEEDED, b"")


def test_with_it_an_admin_is_in(strict: Firm) -> None:
    anna = admin_of(strict)
    client = signed_in(anna)
    assert client.get("/f/acme/").status_code == 302
    with_app(anna)
    assert client.get("/f/acme/").status_code == 200
    assert client.get(NEEDED)["Location"] == "/f/acme/"


def test_spare_codes_alone_are_not_two_steps(strict: Firm) -> None:
    anna = admin_of(strict)
    RecoveryCodes.activate(anna)
    assert signed_in(anna).get("/f/acme/")["Location"] == NEEDED


def test_a_passkey_is_as_good_as_an_app(strict: Firm) -> None:
    anna = admin_of(strict)
    Authenticator.objects.create(user=anna, type=Authenticator.Type.WEBAUTHN, data={"name": "ring"})
    assert signed_in(anna).get("/f/acme/").status_code == 200


def test_bookkeepers_viewers_and_other_firms_are_not_affected(
    strict: Firm, bob_client: Client, vera_client: Client, globex: Firm
) -> None:
    for client in (bob_client, vera_client):
        assert client.get("/f/acme/").status_code == 200
    anna = admin_of(strict)
    Membership.objects.create(firm=globex, user=anna, role=Role.ADMIN)
    client = signed_in(anna)
    assert client.get("/f/globex/").status_code == 200 and client.get("/f/acme/").status_code == 302
    assert "Acme Law" in text(client.get("/")), "the list of firms stays"


def test_a_stranger_learns_nothing_of_it(strict: Firm, charlie_client: Client) -> None:
    for address in (NEEDED, SWITCH, "/f/acme/", "/two-step/absent/"):
        assert charlie_client.get(address).status_code == 404, address
    assert Client().get(NEEDED)["Location"].startswith("/accounts/login/")


def test_who_becomes_an_admin_or_switches_it_off_is_led_there_with_the_next_click(
    strict: Firm, alice: User, alice_client: Client, bob: User, bob_client: Client
) -> None:
    assert bob_client.get("/f/acme/").status_code == 200
    membership.change_role(strict, bob, Role.ADMIN, by=alice)
    assert bob_client.get("/f/acme/")["Location"] == NEEDED
    Authenticator.objects.filter(user=alice).delete()
    assert alice_client.get("/f/acme/")["Location"] == NEEDED


# Secrets, and support


def test_support_sees_no_secret_and_can_take_a_lost_phone_away(alice: User, acme: Firm, charlie: User) -> None:
    codes = with_app(alice)
    User.objects.filter(pk=charlie.pk).update(is_staff=True, is_superuser=True)
    charlie.refresh_from_db()
    support = signed_in(charlie)
    row = Authenticator.objects.get(type="totp")
    page = support.get(f"/admin/mfa/authenticator/{row.pk}/change/").content.decode()
    shown = page + support.get("/admin/mfa/authenticator/").content.decode()
    for secret in (SECRET, str(row.data["secret"]), "seed", codes[0]):
        assert secret not in shown
    support.post(f"/admin/mfa/authenticator/{row.pk}/delete/", {"post": "yes"})
    assert not Authenticator.objects.exists(), "the recovery codes go with it"


def test_new_keys_seal_the_secrets_anew_and_old_ones_in_clear_as_well(alice: User, bob: User, settings: Any) -> None:
    with_app(alice)
    Authenticator.objects.create(user=bob, type="totp", data={"secret": SECRET})
    old, new = settings.TOKEN_KEYS[0], Fernet.generate_key().decode()
    settings.TOKEN_KEYS = [new, old]
    call_command("rotate_token_keys")
    settings.TOKEN_KEYS = [new]
    for user in (alice, bob):
        row = Authenticator.objects.get(user=user, type="totp")
        assert row.wrap().validate_code(code_of(SECRET)), user
    assert is_kept_nowhere(SECRET)
    settings.TOKEN_KEYS = [Fernet.generate_key().decode()]
    assert rotate() == (0, 3)
    assert not row.wrap().validate_code(code_of(SECRET)), "what no key opens lets nobody in"
