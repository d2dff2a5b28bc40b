"""The team's page, its forms, and the page an invitation's link leads to."""

import logging
import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import mail
from django.test import Client, override_settings
from django.urls import reverse
from django.utils.timezone import now

from firms import letters
from firms.invitations import invite, revoke
from firms.models import Firm, Invitation, Membership, TeamEvent, User
from firms.roles import FOR_OWNERS, Permission, Role
from tests.models.refusals import is_kept_nowhere
from tests.personas import PASSWORD, person, signed_in

TEAM = "/f/acme/team/"
NEW = "dora@example.com"
LINK = re.compile(re.escape(settings.SITE_URL) + r"(/invitations/[\w-]{43}/)")


def role_in(firm: Firm, user: User) -> str:
    """Nothing for who is no member."""
    found = Membership.objects.filter(firm=firm, user=user).first()
    return found.role if found else ""


def pk_of(user: User) -> int:
    return Membership.objects.get(firm__slug="acme", user=user).pk


def link(firm: Firm, by: User, role: Role = Role.BOOKKEEPER, email: str = NEW) -> str:
    """The address in the e-mail of an invitation."""
    invite(firm, email, role, by)
    match = LINK.search(str(mail.outbox[-1].body))
    assert match
    return match[1]


def text(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).replace("&#x27;", "'").split())


@pytest.fixture
def anna_client(acme: Firm) -> Client:
    """An admin of Acme."""
    user = person("Anna")
    Membership.objects.create(firm=acme, user=user, role=Role.ADMIN)
    return signed_in(user)


# The page


def test_everybody_sees_members_invitations_and_what_each_role_may_do(
    acme: Firm, alice: User, bob: User, vera_client: Client
) -> None:
    invite(acme, NEW, Role.ADMIN, alice)
    page = vera_client.get(TEAM)
    said = text(page)
    for words in ("Alice alice@example.com Owner", "Bob bob@example.com Bookkeeper", "invited by Alice Admin Waiting"):
        assert words in said
    for permission in Permission:
        assert permission.words.lower() in said.lower()
    assert FOR_OWNERS in said.lower()
    assert "dora@example.com was invited as an admin" in said


def test_who_may_not_manage_the_team_sees_no_form_of_it_and_is_told_who_may(
    acme: Firm, alice: User, bob_client: Client, alice_client: Client
) -> None:
    invite(acme, NEW, Role.VIEWER, alice)
    theirs, hers = bob_client.get(TEAM), alice_client.get(TEAM)
    assert "it takes an owner or admin" in text(theirs)
    for action in ("/team/invite/", "/again/", "/withdraw/", "/role/", "/remove/"):
        assert action not in theirs.content.decode(), action
        assert action in hers.content.decode() or action in ("/remove/",), action
    assert "/team/leave/" in theirs.content.decode()


def test_the_place_team_stands_in_the_rail(alice_client: Client) -> None:
    page = alice_client.get(TEAM).content.decode()
    assert '<a href="/f/acme/team/" aria-current="page">Team' in page


def test_an_admin_is_offered_nothing_about_owners(acme: Firm, alice: User, bob: User, anna_client: Client) -> None:
    page = anna_client.get(TEAM).content.decode()
    assert f"/team/{pk_of(bob)}/role/" in page and f"/team/{pk_of(alice)}/role/" not in page
    assert '<option value="admin"' in page and '<option value="owner"' not in page
    roles = text(anna_client.get(f"{TEAM}{pk_of(bob)}/role/"))
    assert "Make an admin" in roles and "Make an owner" not in roles and "Hand over" not in roles


@pytest.mark.parametrize("who", ["bob_client", "vera_client"])
def test_who_may_not_manage_the_team_is_refused_at_every_address_of_it(
    who: str, acme: Firm, alice: User, request: pytest.FixtureRequest
) -> None:
    client, offer = request.getfixturevalue(who), invite(acme, NEW, Role.VIEWER, alice)
    places = (
        "invite/",
        f"{pk_of(alice)}/role/?role=viewer",
        f"{pk_of(alice)}/remove/",
        f"{pk_of(alice)}/hand-over/",
        f"invitations/{offer.pk}/again/",
        f"invitations/{offer.pk}/withdraw/",
    )
    for place in places:
        answer = client.post(TEAM + place, {"email": "x@example.com", "role": "viewer"})
        assert answer.status_code == 403 and "owner or admin" in answer.content.decode(), place
    assert len(mail.outbox) == 1 and Membership.objects.get(user=alice).role == "owner"


def test_what_belongs_to_another_firm_is_not_found_in_ones_own(
    acme: Firm, alice: User, bob: User, charlie_client: Client, globex: Firm
) -> None:
    offer = invite(acme, NEW, Role.VIEWER, alice)
    mine = "/f/globex/team/"
    for place in (f"{pk_of(bob)}/role/?role=viewer", f"{pk_of(bob)}/remove/", f"{pk_of(bob)}/hand-over/"):
        assert charlie_client.post(mine + place).status_code == 404, place
    for place in ("again", "withdraw"):
        assert charlie_client.post(f"{mine}invitations/{offer.pk}/{place}/").status_code == 404, place
    assert NEW not in charlie_client.get(mine).content.decode()


def test_the_page_costs_the_same_few_queries_however_many_people_there_are(
    acme: Firm, alice: User, alice_client: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        Membership.objects.create(firm=acme, user=person(f"P{number}"), role=Role.VIEWER)
        invite(acme, f"q{number}@example.com", Role.VIEWER, alice)
    alice_client.get(TEAM)  # the first click of a session is written down
    with django_assert_max_num_queries(12):
        alice_client.get(TEAM)


# Inviting


def test_an_invitation_is_sent_from_the_page(acme: Firm, alice_client: Client) -> None:
    answer = alice_client.post(f"{TEAM}invite/", {"email": NEW, "role": "bookkeeper"}, follow=True)
    assert answer.redirect_chain == [(TEAM, 302)]
    assert "An invitation is on its way to dora@example.com" in text(answer)
    assert [letter.to for letter in mail.outbox] == [[NEW]]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"email": "bob@example.com", "role": "viewer"}, "bob@example.com is a bookkeeper of Acme Law already"),
        ({"email": "nobody", "role": "viewer"}, "Enter a valid email address"),
        ({"email": NEW, "role": "king"}, "Select a valid choice"),
        ({}, "This field is required"),
    ],
)
def test_a_refused_invitation_says_why_and_sends_nothing(
    form: dict[str, str], said: str, bob: User, alice_client: Client
) -> None:
    answer = alice_client.post(f"{TEAM}invite/", form)
    assert answer.status_code == 422 and said in text(answer)
    assert not mail.outbox and not Invitation.objects.exists()


def test_an_admin_cannot_invite_an_owner_by_a_form_of_their_own(anna_client: Client) -> None:
    answer = anna_client.post(f"{TEAM}invite/", {"email": NEW, "role": "owner"})
    assert answer.status_code == 422 and "Select a valid choice" in text(answer)
    assert not Invitation.objects.exists()


def test_an_e_mail_that_cannot_be_sent_is_said_and_sent_again_by_a_button(
    acme: Firm, alice_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any) -> None:
        raise ConnectionRefusedError

    with monkeypatch.context() as broken:
        broken.setattr(letters, "send", fail)
        page = alice_client.post(f"{TEAM}invite/", {"email": NEW, "role": "viewer"}, follow=True)
    said = text(page)
    assert "The e-mail to dora@example.com could not be sent" in said and "E-mail not sent" in said
    (action,) = re.findall(r'action="([^"]+/again/)"', page.content.decode())
    again = text(alice_client.post(action, follow=True))
    assert "on its way" in again and "Waiting" in again and "E-mail not sent" not in again
    assert len(mail.outbox) == 1


def test_an_expired_invitation_says_so_and_is_sent_again(acme: Firm, alice: User, alice_client: Client) -> None:
    old = link(acme, alice)
    Invitation.objects.update(expires_at=now() - timedelta(minutes=1))
    page = alice_client.get(TEAM)
    assert "Expired" in text(page)
    (action,) = re.findall(r'action="([^"]+/again/)"', page.content.decode())
    alice_client.post(action)
    assert "There is a newer invitation" in text(Client().get(old))


def test_an_invitation_is_withdrawn_after_a_question(acme: Firm, alice: User, alice_client: Client) -> None:
    address = link(acme, alice)
    place = f"{TEAM}invitations/{Invitation.objects.get().pk}/withdraw/"
    asked = text(alice_client.get(place))
    assert "Withdraw the invitation of dora@example.com?" in asked and "stops working" in asked
    assert Client().get(address).status_code == 200
    assert "is withdrawn" in text(alice_client.post(place, follow=True))
    assert Client().get(address).status_code == 410
    assert "accepted or withdrawn meanwhile. Nothing was changed" in text(alice_client.post(place, follow=True))


# Accepting


def test_signed_out_people_see_who_invites_to_what_and_come_back_after_signing_in(acme: Firm, alice: User) -> None:
    dora, address, client = person("Dora"), link(acme, alice), Client()
    page = client.get(address)
    said = text(page)
    assert "Alice (alice@example.com) invites dora@example.com to Acme Law as a bookkeeper" in said
    (door,) = re.findall(r'href="(/accounts/login/\?next=[^"]+)">Sign in', page.content.decode())
    client.get(door)
    form = {"login": dora.email, "password": PASSWORD, "next": "/invitations/"}
    assert client.post("/accounts/login/", form)["Location"] == "/invitations/"
    assert "Join Acme Law" in text(client.get("/invitations/")) and role_in(acme, dora) == ""
    assert client.post("/invitations/")["Location"] == "/f/acme/"
    assert client.get("/f/acme/").status_code == 200


@override_settings(ACCOUNT_EMAIL_VERIFICATION="mandatory")
def test_somebody_new_signs_up_confirms_their_address_and_comes_back(acme: Firm, alice: User) -> None:
    address, client = link(acme, alice), Client()
    page = client.get(address).content.decode()
    (door,) = re.findall(r'primary" href="(/accounts/signup/\?[^"]+)"', page)
    form = client.get(door.replace("&amp;", "&")).content.decode()
    assert f'value="{NEW}"' in form and 'name="next" value="/invitations/"' in form
    account = {"email": NEW, "password1": PASSWORD, "password2": PASSWORD, "next": "/invitations/"}
    client.post("/accounts/signup/", account)
    confirm = re.search(r"http://testserver(/accounts/confirm-email/\S+)", str(mail.outbox[-1].body))
    assert confirm
    assert client.post(confirm[1])["Location"] == "/accounts/login/"
    assert client.post("/accounts/login/", {"login": NEW, "password": PASSWORD})["Location"] == "/"
    assert client.get("/")["Location"] == "/invitations/"
    assert client.post("/invitations/")["Location"] == "/f/acme/"
    assert Membership.objects.get(user__email=NEW).role == "bookkeeper"
    assert is_kept_nowhere(address.split("/")[2])


def test_back_from_the_sign_in_only_what_was_opened_in_that_browser_is_there(acme: Firm, alice: User) -> None:
    address = link(acme, alice)
    client = signed_in(person("Dora"))
    assert client.get("/invitations/").status_code == client.post("/invitations/").status_code == 404
    client.get(address)
    assert client.get("/invitations/").status_code == 200
    assert client.get("/")["Location"] == "/invitations/"
    assert 'href="/firms/new/"' in client.get("/invitations/").content.decode()
    revoke(Invitation.objects.get(), alice)
    assert client.post("/invitations/").status_code == 410
    assert client.get("/")["Location"] == "/firms/new/"


def test_somebody_who_lost_the_way_is_told_of_the_invitation_before_creating_a_firm(acme: Firm, alice: User) -> None:
    link(acme, alice)
    page = signed_in(person("Dora")).get("/", follow=True)
    assert "You are invited to Acme Law" in text(page)
    assert "You are invited" not in text(signed_in(person("Emil")).get("/", follow=True))


def test_looking_accepts_nothing_and_signed_out_nobody_accepts(acme: Firm, alice: User) -> None:
    dora, address = person("Dora"), link(acme, alice)
    signed_in(dora).get(address)
    assert Client().post(address).status_code == 403
    assert role_in(acme, dora) == "" and Invitation.objects.get().accepted_at is None


def test_another_person_is_told_whose_it_is_and_what_to_do(acme: Firm, alice: User, charlie_client: Client) -> None:
    address = link(acme, alice)
    for answer in (charlie_client.get(address), charlie_client.post(address)):
        said = text(answer)
        assert "This invitation is for dora@example.com" in said and "signed in as charlie@example.com" in said
        assert "Add the address" in said and "Sign out" in said
    assert Invitation.objects.get().accepted_at is None
    out = charlie_client.post("/accounts/logout/", {"next": address})
    assert out["Location"] == address


def test_an_address_that_is_not_confirmed_does_not_accept(acme: Firm, alice: User) -> None:
    dora, address = person("Dora"), link(acme, alice)
    EmailAddress.objects.filter(user=dora).update(verified=False)
    for answer in (signed_in(dora).get(address), signed_in(dora).post(address)):
        assert "Your address is not confirmed yet" in text(answer)
    assert role_in(acme, dora) == ""


@pytest.mark.parametrize(
    ("fate", "status", "said"),
    [
        ("expired", 410, "This invitation has expired"),
        ("used", 410, "This invitation was used already"),
        ("withdrawn", 410, "This invitation was withdrawn"),
        ("unknown", 404, "No such invitation"),
    ],
)
def test_a_link_that_is_over_says_why_and_what_to_do(
    fate: str, status: int, said: str, acme: Firm, alice: User, charlie_client: Client
) -> None:
    dora, address = person("Dora"), link(acme, alice)
    if fate == "expired":
        Invitation.objects.update(expires_at=now())
    elif fate == "used":
        signed_in(dora).post(address)
    elif fate == "withdrawn":
        revoke(Invitation.objects.get(), alice)
    else:
        address = f"/invitations/{'x' * 43}/"
    for answer in (Client().get(address), charlie_client.get(address), charlie_client.post(address)):
        assert answer.status_code == status
        assert said in text(answer)
        assert re.search("ask |Ask |sign in", text(answer))
    assert Membership.objects.filter(firm=acme).count() == (2 if fate == "used" else 1)


def test_whoever_accepted_is_led_to_the_firm_until_they_are_removed(acme: Firm, alice: User) -> None:
    dora, address = person("Dora"), link(acme, alice)
    client = signed_in(dora)
    assert client.post(address)["Location"] == client.post(address)["Location"] == "/f/acme/"
    assert client.get(address)["Location"] == "/f/acme/"
    Membership.objects.filter(user=dora).delete()
    assert client.post(address).status_code == 410 and role_in(acme, dora) == ""


def test_no_address_with_a_token_is_logged_or_leaves_the_site(
    acme: Firm, alice: User, capsys: pytest.CaptureFixture[str]
) -> None:
    from sync_portal.logs import logging_config

    logging.config.dictConfig(logging_config("DEBUG"))
    try:
        address = link(acme, alice)
        revoke(Invitation.objects.get(), alice)
        assert Client().get(address).status_code == 410
        assert Client(enforce_csrf_checks=True).post(address).status_code == 403
        answer = Client().get(f"/invitations/{'x' * 43}/")
    finally:
        logging.config.dictConfig(logging_config())
    printed = capsys.readouterr().err
    assert "Gone: /invitations/[hidden]/" in printed and "Forbidden" in printed and "Not Found" in printed
    assert address.split("/")[2] not in printed and "x" * 43 not in printed
    assert answer["Referrer-Policy"] == "same-origin" and "no-store" in answer["Cache-Control"]


# Roles, leaving, handing over


def test_a_role_is_changed_after_its_effect_is_named(acme: Firm, alice_client: Client, bob: User) -> None:
    place = f"{TEAM}{pk_of(bob)}/role/"
    assert "Make an admin" in text(alice_client.get(place))
    asked = text(alice_client.get(f"{place}?role=admin"))
    assert "Make Bob an admin?" in asked
    assert "From then on they may connect and disconnect Clio and QuickBooks; invite and remove people" in asked
    assert role_in(acme, bob) == "bookkeeper"
    assert "bob@example.com is an admin now" in text(alice_client.post(f"{place}?role=admin", follow=True))
    less = text(alice_client.get(f"{place}?role=viewer"))
    assert "From then on they may no longer start a sync" in less
    assert "Invitations that they could then not make are withdrawn" in less
    assert role_in(acme, bob) == "admin"


def test_one_asks_of_oneself_as_you(acme: Firm, alice: User, alice_client: Client, bob: User) -> None:
    Membership.objects.create(firm=acme, user=person("Olga"), role=Role.OWNER)
    asked = text(alice_client.get(f"{TEAM}{pk_of(alice)}/role/?role=admin"))
    assert "Make yourself an admin?" in asked and "you may no longer make, change and remove owners" in asked
    nothing_to_lose = text(alice_client.get(f"{TEAM}{pk_of(bob)}/role/?role=viewer"))
    assert "Invitations" not in nothing_to_lose.split("no longer")[1].split("Cancel")[0]


def test_without_a_role_that_exists_nothing_is_changed(acme: Firm, alice_client: Client, bob: User) -> None:
    for wanted in ("", "?role=king", "?role=bookkeeper", "?role="):
        assert alice_client.post(f"{TEAM}{pk_of(bob)}/role/{wanted}").status_code == 200
    assert role_in(acme, bob) == "bookkeeper" and not TeamEvent.objects.exists()


def test_an_admin_is_refused_at_the_address_of_an_owner(
    acme: Firm, alice: User, bob: User, anna_client: Client
) -> None:
    places = [
        f"{pk_of(alice)}/role/?role=viewer",
        f"{pk_of(alice)}/remove/",
        f"{pk_of(bob)}/role/?role=owner",
        f"{pk_of(bob)}/hand-over/",
    ]
    for place in places:
        said = text(anna_client.post(TEAM + place, follow=True))
        assert "owner" in said and "Nothing was changed" in said, place
    assert (role_in(acme, alice), role_in(acme, bob)) == ("owner", "bookkeeper")


def test_a_removed_person_loses_access_at_once_wherever_they_are_signed_in(
    acme: Firm, alice_client: Client, bob: User
) -> None:
    sessions = [signed_in(bob), signed_in(bob)]
    assert [client.get(TEAM).status_code for client in sessions] == [200, 200]
    place = f"{TEAM}{pk_of(bob)}/remove/"
    assert "They lose access at once" in text(alice_client.get(place))
    assert sessions[0].get(TEAM).status_code == 200
    assert "no longer a member" in text(alice_client.post(place, follow=True))
    for client in sessions:
        assert client.get(TEAM).status_code == client.post("/f/acme/sync/").status_code == 404
    assert "bob@example.com, who was a bookkeeper, was removed" in text(alice_client.get(TEAM))


def test_a_role_that_is_taken_away_is_gone_with_the_next_click(acme: Firm, alice_client: Client, bob: User) -> None:
    client = signed_in(bob)
    alice_client.post(f"{TEAM}{pk_of(bob)}/role/?role=viewer")
    assert client.post("/f/acme/sync/").status_code == 403


def test_everybody_may_leave_but_the_last_owner(acme: Firm, alice: User, alice_client: Client, bob: User) -> None:
    client = signed_in(bob)
    assert "You lose access at once" in text(client.get(f"{TEAM}leave/"))
    assert role_in(acme, bob)
    assert client.post(f"{TEAM}leave/")["Location"] == "/"
    assert role_in(acme, bob) == ""
    for answer in (alice_client.get(f"{TEAM}leave/", follow=True), alice_client.post(f"{TEAM}leave/", follow=True)):
        said = text(answer)
        assert "only owner of Acme Law. Make somebody else an owner first. Nothing was changed" in said
    assert role_in(acme, alice)


def test_the_last_owner_is_told_at_once_that_no_other_role_is_possible(
    acme: Firm, alice: User, bob: User, alice_client: Client
) -> None:
    place = f"{TEAM}{pk_of(alice)}/role/"
    for said in (text(alice_client.get(place)), text(alice_client.get(f"{place}?role=admin"))):
        assert "the only owner of Acme Law. Make somebody else an owner first" in said
        assert "Make an admin" not in said and "Hand over" not in said
    refusal = text(alice_client.post(f"{place}?role=admin", follow=True))
    assert "the only owner of Acme Law. Make somebody else an owner first. Nothing was changed" in refusal
    assert role_in(acme, alice) == "owner"


def test_removing_oneself_is_leaving(acme: Firm, alice: User, alice_client: Client) -> None:
    assert alice_client.post(f"{TEAM}{pk_of(alice)}/remove/")["Location"] == f"{TEAM}leave/"
    assert role_in(acme, alice)


def test_a_firm_is_handed_over_after_its_effect_is_named(
    acme: Firm, alice: User, alice_client: Client, bob: User
) -> None:
    assert "Hand over" in text(alice_client.get(f"{TEAM}{pk_of(bob)}/role/"))
    place = f"{TEAM}{pk_of(bob)}/hand-over/"
    assert "Bob becomes an owner and you become an admin, in one step" in text(alice_client.get(place))
    assert role_in(acme, alice) == "owner"
    said = text(alice_client.post(place, follow=True))
    assert "bob@example.com is an owner of Acme Law now, and you are an admin" in said
    assert "The firm was handed over to bob@example.com, who was a bookkeeper" in said
    assert (role_in(acme, alice), role_in(acme, bob)) == ("admin", "owner")


# Several firms


def test_a_bookkeeper_of_several_firms_goes_from_one_to_the_next_in_the_rail(
    acme: Firm, globex: Firm, alice: User, charlie: User
) -> None:
    dora = person("Dora")
    client = signed_in(dora)
    for address in (link(acme, alice), link(globex, charlie, Role.VIEWER)):
        client.post(address)
    page = client.get(TEAM).content.decode()
    switch = page[page.index('<details class="firm-switch"') : page.index("</details>")]
    assert 'href="/f/globex/"' in switch and "Viewer" in switch and 'href="/f/acme/"' not in switch
    assert client.get("/f/globex/").status_code == 200
    assert 'href="/f/acme/"' in client.get("/f/globex/team/").content.decode()
    assert client.post("/f/globex/sync/").status_code == 403


def test_somebody_in_one_firm_sees_its_name_and_no_switch(alice_client: Client) -> None:
    page = alice_client.get(TEAM).content.decode()
    assert "<details" not in page and '<div class="firm-switch"><strong>Acme Law</strong>' in page


def test_of_very_many_firms_the_rail_shows_some_and_the_list_all(acme: Firm, alice: User, bob: User) -> None:
    for number in range(40):
        firm = Firm(name=f"Firm {number:02}", slug=f"firm-{number}")
        firm.save()
        Membership.objects.create(firm=firm, user=alice, role=Role.OWNER)
        Membership.objects.create(firm=firm, user=bob, role=Role.VIEWER)
    client = signed_in(bob)
    assert client.get(TEAM).content.decode().count('href="/f/firm-') == 15
    assert client.get(reverse("home")).content.decode().count('href="/f/firm-') == 40


# Support


def test_support_sends_an_invitation_again_in_the_name_of_who_made_it(acme: Firm, alice: User, charlie: User) -> None:
    User.objects.filter(pk=charlie.pk).update(is_staff=True, is_superuser=True)
    offer, used = invite(acme, NEW, Role.VIEWER, alice), invite(acme, "x@example.com", Role.VIEWER, alice)
    revoke(used, alice)
    mail.outbox.clear()
    client, form = signed_in(charlie), {"action": "send_again", "_selected_action": [offer.pk, used.pk]}
    said = text(client.post("/admin/firms/invitation/", form, follow=True))
    assert "Sent again to dora@example.com" in said
    assert "The invitation of x@example.com was accepted or withdrawn meanwhile" in said
    (letter,) = mail.outbox
    assert letter.to == [NEW] and "Alice (alice@example.com) invites" in str(letter.body)
    assert offer.token_hash not in client.get("/admin/firms/invitation/").content.decode()
    assert "sent again" in text(signed_in(alice).get(TEAM))


def test_support_reads_the_history_of_a_team_and_changes_nothing_in_it(acme: Firm, alice: User, charlie: User) -> None:
    User.objects.filter(pk=charlie.pk).update(is_staff=True, is_superuser=True)
    invite(acme, NEW, Role.VIEWER, alice)
    client, row = signed_in(charlie), TeamEvent.objects.get()
    assert NEW in client.get("/admin/firms/teamevent/", {"q": "acme"}).content.decode()
    assert client.get(f"/admin/firms/teamevent/{row.pk}/change/").status_code == 200
    assert client.post(f"/admin/firms/teamevent/{row.pk}/change/", {"whom": "x@example.com"}).status_code == 403


def test_what_support_changes_stands_in_the_history_and_the_last_owner_stays(
    acme: Firm, alice: User, bob: User, charlie: User
) -> None:
    User.objects.filter(pk=charlie.pk).update(is_staff=True, is_superuser=True)
    support, rows = signed_in(charlie), "/admin/firms/membership/"
    assert support.post(f"{rows}{pk_of(bob)}/change/", {"role": "viewer"}).status_code == 302
    kept = support.post(f"{rows}{pk_of(alice)}/change/", {"role": "viewer"})
    assert "This is the only owner" in kept.content.decode()
    assert support.post(f"{rows}{pk_of(alice)}/delete/", {"post": "yes"}).status_code == 403
    assert (role_in(acme, alice), role_in(acme, bob)) == ("owner", "viewer")
    support.post(f"{rows}add/", {"user": charlie.pk, "firm": acme.pk, "role": "owner"})
    support.post(f"{rows}{pk_of(bob)}/delete/", {"post": "yes"})
    assert (role_in(acme, charlie), role_in(acme, bob)) == ("owner", "")
    said = text(signed_in(alice).get(TEAM))
    for words in ("became a viewer support", "charlie@example.com joined as an owner support", "was removed support"):
        assert words in said, words


def test_support_creates_a_firm_with_its_owner(acme: Firm, charlie: User, bob: User) -> None:
    User.objects.filter(pk=charlie.pk).update(is_staff=True, is_superuser=True)
    form = {"name": "New Firm", "slug": "new-firm", "timezone": "America/New_York"}
    form |= {"memberships-TOTAL_FORMS": "1", "memberships-INITIAL_FORMS": "0"}
    form |= {"memberships-0-user": str(bob.pk), "memberships-0-role": "owner"}
    assert signed_in(charlie).post("/admin/firms/firm/add/", form).status_code == 302
    assert Membership.objects.get(firm__slug="new-firm").user == bob
    page = signed_in(charlie).get(f"/admin/firms/firm/{acme.pk}/change/").content.decode()
    assert "bob@example.com" in page and "memberships-0-role" not in page
