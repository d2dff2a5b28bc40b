"""People: signing up and in, the first firm, the command that makes one, and the headers of every page."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client, override_settings

from firms.models import Firm, Membership, User
from integrations.tasks import scheduled_tick
from tests.personas import PASSWORD, person, signed_in

SIGN_UP = {"email": "New@Example.com", "password1": PASSWORD, "password2": PASSWORD}
FIRM = {"name": "First Firm", "timezone": "America/New_York"}
ACCOUNT_PAGES = (
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/2fa/",
    "/accounts/sessions/",
    "/accounts/logout/",
    "/firms/new/",
)
OPEN_PAGES = ("/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/accounts/login/code/")


def test_a_second_firm_is_refused_with_the_name_of_the_first(alice_client: Client) -> None:
    answer = alice_client.post("/firms/new/", FIRM)
    assert answer.status_code == 422
    assert "You already own Acme Law" in answer.content.decode()
    assert Firm.objects.count() == 1


def test_a_firm_needs_a_name_and_a_known_time_zone(charlie: User) -> None:
    answer = signed_in(charlie).post("/firms/new/", {"name": "  ", "timezone": "Moon/Crater"})
    assert answer.status_code == 422
    assert answer.content.decode().count("errorlist") == 2
    assert not Firm.objects.exists()


@pytest.mark.django_db
def test_a_new_person_signs_up_creates_a_firm_and_owns_it() -> None:
    client = Client()
    assert client.post("/accounts/signup/", SIGN_UP).status_code == 302
    assert client.get("/")["Location"] == "/firms/new/"
    assert client.post("/firms/new/", FIRM)["Location"] == "/f/first-firm/setup/"
    membership = Membership.objects.get()
    assert (membership.user.email, membership.role) == ("new@example.com", "owner")
    assert client.get("/")["Location"] == "/f/first-firm/"


@pytest.mark.django_db
@override_settings(ACCOUNT_EMAIL_VERIFICATION="mandatory")
def test_where_addresses_must_be_verified_nobody_is_in_before_the_link_is_used() -> None:
    client = Client()
    assert client.post("/accounts/signup/", SIGN_UP)["Location"] == "/accounts/confirm-email/"
    assert client.get("/firms/new/")["Location"].startswith("/accounts/login/")
    link = re.search(r"http://testserver(/accounts/confirm-email/\S+)", str(mail.outbox[0].body))
    assert link
    assert client.get(link[1]).status_code == 200
    assert not EmailAddress.objects.get().verified
    client.post(link[1])
    assert EmailAddress.objects.get().verified


def test_a_person_signs_in_by_e_mail_whatever_its_case_and_returns_to_the_page(alice: User, acme: Firm) -> None:
    form = {"login": "ALICE@example.com", "password": PASSWORD, "next": "/firms/new/"}
    assert Client().post("/accounts/login/", form)["Location"] == "/firms/new/"


def test_sign_in_leads_to_no_other_site(alice: User) -> None:
    form = {"login": alice.email, "password": PASSWORD, "next": "https://evil.example/"}
    assert Client().post("/accounts/login/", form)["Location"] == "/"


def test_wrong_passwords_are_counted_across_processes_and_then_refused(alice: User) -> None:
    form = {"login": alice.email, "password": "wrong"}
    for _ in range(5):
        Client().post("/accounts/login/", form)
    answer = Client().post("/accounts/login/", {**form, "password": PASSWORD})
    assert answer.status_code != 302
    assert "Too many failed login attempts" in answer.content.decode()


def test_two_accounts_cannot_differ_only_in_the_case_of_their_address(alice: User) -> None:
    Client().post("/accounts/signup/", {**SIGN_UP, "email": "ALICE@EXAMPLE.COM"})
    assert User.objects.count() == 1


def test_somebody_in_two_firms_chooses_between_them(alice: User, acme: Firm, globex: Firm) -> None:
    Membership.objects.create(firm=globex, user=alice, role="viewer")
    page = signed_in(alice).get("/").content.decode()
    assert "Acme Law" in page
    assert 'href="/f/globex/"' in page


@pytest.mark.django_db
def test_the_start_page_advises_firms_that_used_quickbooks_first() -> None:
    assert "above your last QuickBooks invoice number" in Client().get("/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("page", OPEN_PAGES)
def test_open_pages_have_a_language_landmarks_labels_and_nothing_inline(page: str) -> None:
    _assert_clean(Client().get(page))


@pytest.mark.parametrize("page", ACCOUNT_PAGES)
def test_account_pages_have_a_language_landmarks_labels_and_nothing_inline(alice_client: Client, page: str) -> None:
    _assert_clean(alice_client.get(page, follow=True))


def _assert_clean(answer: object) -> None:
    html = answer.content.decode()  # type: ignore[attr-defined]
    assert answer.status_code == 200  # type: ignore[attr-defined]
    assert '<html lang="en"' in html
    assert html.count("<main") == html.count("<h1") == 1
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style", html)
    assert not re.findall(r"<script(?![^>]*(?:\ssrc=|application/json))", html)
    for control in re.findall(r"<(?:input|select|textarea)\b[^>]*>", html):
        if 'type="hidden"' not in control:
            name = re.search(r'\sid="([^"]+)"', control)
            assert name, control
            assert f'for="{name[1]}"' in html or "aria-label" in control, control


@pytest.mark.django_db
def test_every_answer_carries_the_headers_that_confine_it() -> None:
    headers = Client().get("/accounts/login/").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"].count("no-store") == 1
    assert "camera=()" in headers["Permissions-Policy"]


@pytest.mark.django_db
def test_the_theme_is_kept_without_scripts_and_leads_to_no_other_site() -> None:
    client = Client()
    assert client.post("/theme/", {"theme": "dark", "next": "/accounts/login/"})["Location"] == "/accounts/login/"
    assert 'data-theme="dark"' in client.get("/accounts/login/").content.decode()
    assert client.post("/theme/", {"theme": "dark", "next": "//evil.example/"})["Location"] == "/"
    assert client.post("/theme/", {"theme": '"><script>', "next": "/"}).cookies.get("theme") is None


@pytest.mark.django_db
def test_a_forged_form_is_refused_with_what_to_do() -> None:
    answer = Client(enforce_csrf_checks=True).post("/accounts/login/", {})
    assert answer.status_code == 403
    assert "reload the page" in answer.content.decode()


@pytest.mark.django_db
def test_health_and_readiness_answer_without_signing_in() -> None:
    assert Client().get("/healthz").status_code == 200
    assert Client().get("/readyz").json()["checks"] == {"database": True, "migrations": True, "worker": False}
    scheduled_tick()
    assert Client().get("/readyz").json() == {
        "ready": True,
        "checks": {"database": True, "migrations": True, "worker": True},
    }


def test_the_admin_signs_in_through_the_same_door_and_admits_only_support(alice: User, acme: Firm) -> None:
    assert Client().get("/admin/login/")["Location"].startswith("/accounts/login/")
    assert signed_in(alice).get("/admin/", follow=True).status_code == 403
    User.objects.filter(pk=alice.pk).update(is_staff=True, is_superuser=True)
    client = signed_in(alice)
    for page in ("", "firms/user/", "firms/firm/", "firms/membership/", f"firms/firm/{acme.pk}/change/"):
        assert client.get(f"/admin/{page}").status_code == 200


@pytest.mark.django_db
def test_createfirm_makes_a_firm_whose_owner_can_sign_in_at_once() -> None:
    call_command("createfirm", "Acme Law", slug="acme", owner="Owner@Example.com", password=PASSWORD)
    assert EmailAddress.objects.get().verified
    answer = Client().post("/accounts/login/", {"login": "owner@example.com", "password": PASSWORD})
    assert answer["Location"] == "/"
    assert Membership.objects.get().role == "owner"


def test_createfirm_keeps_the_password_of_a_person_who_exists(acme: Firm, alice: User) -> None:
    call_command("createfirm", "Second", slug="second", owner=alice.email)
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


@pytest.mark.parametrize(
    ("slug", "owner", "message"),
    [
        ("acme", "x@example.com", "already"),
        ("no spaces", "x@example.com", "slug"),
        ("x" * 41, "x@example.com", "at most 40"),
        ("fine", "nobody", "valid email"),
    ],
)
def test_createfirm_refuses_in_one_line_and_makes_nothing(acme: Firm, slug: str, owner: str, message: str) -> None:
    with pytest.raises(CommandError, match=message):
        call_command("createfirm", "Name", slug=slug, owner=owner)
    assert Firm.objects.count() == 1
    assert not User.objects.filter(email=owner).exists()


def test_a_person_who_is_deactivated_is_out_at_once(charlie: User) -> None:
    client = signed_in(charlie)
    User.objects.filter(pk=charlie.pk).update(is_active=False)
    assert client.get("/firms/new/")["Location"].startswith("/accounts/login/")


@pytest.mark.django_db
def test_support_and_people_are_known_by_address() -> None:
    boss = User.objects.create_superuser("Boss@Example.com", PASSWORD)
    assert (boss.email, boss.is_staff, str(person("Dora"))) == ("boss@example.com", True, "dora@example.com")
