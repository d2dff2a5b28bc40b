"""Invitations: what is kept of a token, who may make which, what is sent, and that each is used once."""

import logging
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from threading import Barrier
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.db import connection, transaction
from django.utils.timezone import now

from firms import invitations, letters
from firms.invitations import accept, found, invite, revoke, send_again
from firms.membership import Refused, change_role, hand_over, remove
from firms.models import Firm, Invitation, Membership, Standing, TeamEvent, User
from firms.roles import PERMISSIONS, Permission, Role, abilities, may_give
from tests.models.refusals import is_kept_nowhere, refused
from tests.personas import person

NEW = "dora@example.com"
LINK = re.compile(re.escape(settings.SITE_URL) + r"/invitations/([\w-]{43})/")


def token_sent() -> str:
    """The token of the last e-mail."""
    match = LINK.search(str(mail.outbox[-1].body))
    assert match
    return match[1]


def role_of(firm: Firm, user: User) -> str:
    return Membership.objects.get(firm=firm, user=user).role


def history(firm: Firm) -> list[str]:
    rows = TeamEvent.objects.filter(firm=firm).order_by("id")
    return [f"{row.what} {row.whom} {row.role_before}>{row.role} by {row.by}" for row in rows]


@pytest.fixture
def anna(acme: Firm) -> User:
    """An admin of Acme."""
    user = person("Anna")
    Membership.objects.create(firm=acme, user=user, role=Role.ADMIN)
    return user


def refuse_mail(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*args: Any) -> None:
        raise error

    monkeypatch.setattr(letters, "send", fail)


# Roles


@pytest.mark.parametrize(
    ("giver", "given"),
    [
        (Role.OWNER, [Role.OWNER, Role.ADMIN, Role.BOOKKEEPER, Role.VIEWER]),
        (Role.ADMIN, [Role.ADMIN, Role.BOOKKEEPER, Role.VIEWER]),
        (Role.BOOKKEEPER, []),
        (Role.VIEWER, []),
    ],
)
def test_nobody_gives_a_role_above_their_own_and_only_who_manages_the_team_gives_any(
    giver: Role, given: list[Role], acme: Firm
) -> None:
    assert [role for role in Role if may_give(giver, role)] == given
    by = person("Giver")
    Membership.objects.create(firm=acme, user=by, role=giver)
    for role in Role:
        if role in given:
            assert invite(acme, f"{role}@example.com", role, by).role == role
        else:
            with pytest.raises(Refused, match=r"It takes an owner"):
                invite(acme, f"{role}@example.com", role, by)
    assert Invitation.objects.count() == len(mail.outbox) == len(given)


def test_the_words_of_a_role_are_its_permissions_and_only_an_owner_has_one_more() -> None:
    for role in Role:
        assert len(abilities(role)) == len(PERMISSIONS[role]) + (role is Role.OWNER)
    assert len({permission.words for permission in Permission}) == len(Permission)


# Making and sending


def test_an_invitation_names_firm_role_inviter_and_until_when_and_carries_its_link(acme: Firm, alice: User) -> None:
    offer = invite(acme, " Dora@Example.com ", Role.BOOKKEEPER, alice)
    (letter,) = mail.outbox
    assert isinstance(letter, mail.EmailMultiAlternatives)
    assert (letter.to, letter.subject) == ([NEW], "Acme Law: You are invited")
    assert letter.extra_headers["Message-ID"] == f"<invitation-{offer.pk}@{settings.SITE_HOST}>"
    until = offer.expires_at.strftime("%b %Y")
    for body in (str(letter.body), str(letter.alternatives[0][0])):
        assert "Alice (alice@example.com) invites dora@example.com to Acme Law as a bookkeeper" in body
        assert "A bookkeeper may see every screen of the firm" in body
        assert "works once" in body and until in body
        assert LINK.search(body)
        assert "ignore this e-mail" in body and "Which e-mails you get" not in body
    assert offer.sent_at is not None
    assert timedelta(hours=71, minutes=59) < offer.expires_at - now() <= timedelta(hours=72)


def test_names_in_an_e_mail_are_text_and_never_markup_or_headers(acme: Firm, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(name="<b>Al</b>")
    Firm.objects.filter(pk=acme.pk).update(name="Acme\nBcc: x@example.com")
    acme.refresh_from_db()
    alice.refresh_from_db()
    invite(acme, NEW, Role.VIEWER, alice)
    (letter,) = mail.outbox
    assert letter.recipients() == [NEW] and "\n" not in letter.subject
    assert "<b>" not in str(letter.alternatives[0][0])


def test_the_database_keeps_the_hash_of_a_token_and_never_the_token(acme: Firm, alice: User) -> None:
    offer = invite(acme, NEW, Role.VIEWER, alice)
    token = token_sent()
    assert found(token) == offer
    assert is_kept_nowhere(token) and not is_kept_nowhere(offer.token_hash)
    assert found(offer.token_hash) is None


def test_no_token_is_logged_when_it_is_sent_or_not(
    acme: Firm, alice: User, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    numbers = count()
    monkeypatch.setattr(invitations.secrets, "token_urlsafe", lambda size: f"canary-{next(numbers)}")
    invite(acme, NEW, Role.VIEWER, alice)
    refuse_mail(monkeypatch, ConnectionRefusedError("no canary-1"))
    invite(acme, NEW, Role.ADMIN, alice)
    assert "invitation_not_sent" in caplog.text
    assert "canary" not in caplog.text and NEW not in caplog.text


@pytest.mark.parametrize(
    "error", [ConnectionRefusedError(), TimeoutError(), UnicodeEncodeError("ascii", "é", 0, 1, "")]
)
def test_an_invitation_whose_e_mail_is_not_taken_stands_as_unsent_and_can_be_sent_again(
    acme: Firm, alice: User, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    with monkeypatch.context() as broken:
        refuse_mail(broken, error)
        offer = invite(acme, NEW, Role.VIEWER, alice)
    assert offer.sent_at is None and offer.standing(now()) is Standing.OPEN
    again = send_again(offer, alice)
    assert again.sent_at is not None and found(token_sent()) == again


def test_inviting_an_address_again_replaces_what_is_open(acme: Firm, alice: User) -> None:
    first = invite(acme, NEW, Role.VIEWER, alice)
    old = token_sent()
    second = invite(acme, "DORA@example.com", Role.ADMIN, alice)
    first.refresh_from_db()
    assert first.standing(now()) is Standing.WITHDRAWN and found(old) == first
    assert found(token_sent()) == second
    assert Invitation.objects.filter(firm=acme, accepted_at=None, revoked_at=None).get() == second


def test_sending_again_makes_a_new_link_for_72_hours_and_ends_the_old_one(acme: Firm, alice: User, anna: User) -> None:
    first = invite(acme, NEW, Role.VIEWER, alice)
    Invitation.objects.update(expires_at=now() - timedelta(hours=1))
    second = send_again(first, anna)
    first.refresh_from_db()
    assert (first.standing(now()), second.standing(now())) == (Standing.WITHDRAWN, Standing.OPEN)
    assert (second.role, second.invited_by) == ("viewer", anna)
    with pytest.raises(Refused, match="meanwhile"):
        send_again(first, alice)


def test_an_admin_neither_replaces_nor_sends_nor_withdraws_what_only_an_owner_may_offer(
    acme: Firm, alice: User, anna: User
) -> None:
    offer = invite(acme, NEW, Role.OWNER, alice)
    for act in (
        lambda: invite(acme, NEW, Role.VIEWER, anna),
        lambda: send_again(offer, anna),
        lambda: revoke(offer, anna),
    ):
        with pytest.raises(Refused, match="It takes an owner of Acme Law"):
            act()
    offer.refresh_from_db()
    assert offer.standing(now()) is Standing.OPEN and len(mail.outbox) == 1


def test_a_member_is_not_invited_by_any_address_that_is_known_to_be_theirs(acme: Firm, alice: User, bob: User) -> None:
    bob.emailaddress_set.create(email="Bob@Home.example", verified=True)
    for email in ("BOB@example.com", "bob@home.example"):
        with pytest.raises(Refused, match="is a bookkeeper of Acme Law already"):
            invite(acme, email, Role.ADMIN, alice)
    assert not mail.outbox and not Invitation.objects.exists()


def test_a_firm_sends_so_many_invitations_a_day_and_no_more(
    acme: Firm, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "A_DAY", 2)
    offer = invite(acme, NEW, Role.VIEWER, alice)
    send_again(offer, alice)
    with pytest.raises(Refused, match="within a day"):
        invite(acme, "another@example.com", Role.VIEWER, alice)
    assert len(mail.outbox) == 2
    assert Invitation.objects.filter(revoked_at=None).count() == 1


# Accepting


def test_who_accepts_becomes_a_member_in_that_role_once(acme: Firm, alice: User) -> None:
    dora, offer = person("Dora"), invite(acme, NEW, Role.BOOKKEEPER, alice)
    assert accept(offer, dora).role == "bookkeeper"
    with pytest.raises(Refused, match="no longer open"):
        accept(offer, dora)
    remove(acme, dora, by=alice)
    with pytest.raises(Refused, match="no longer open"):
        accept(offer, dora)
    assert not Membership.objects.filter(firm=acme, user=dora).exists()


def test_only_a_verified_address_accepts(acme: Firm, alice: User, charlie: User) -> None:
    offer = invite(acme, NEW, Role.VIEWER, alice)
    mine = charlie.emailaddress_set.create(email="Dora@example.com", verified=False)
    with pytest.raises(Refused, match=r"is for dora@example\.com"):
        accept(offer, charlie)
    mine.verified = True
    mine.save()
    assert accept(offer, charlie).user == charlie


@pytest.mark.parametrize("fate", ["expired", "withdrawn"])
def test_what_is_over_is_not_accepted(acme: Firm, alice: User, fate: str) -> None:
    dora, offer = person("Dora"), invite(acme, NEW, Role.VIEWER, alice)
    if fate == "expired":
        Invitation.objects.update(expires_at=now())
    else:
        revoke(offer, alice)
    with pytest.raises(Refused, match="no longer open"):
        accept(offer, dora)
    assert not Membership.objects.filter(user=dora).exists()


def test_a_member_who_accepts_keeps_the_role_they_have(acme: Firm, alice: User) -> None:
    dora, offer = person("Dora"), invite(acme, NEW, Role.VIEWER, alice)
    Membership.objects.create(firm=acme, user=dora, role=Role.ADMIN)
    assert accept(offer, dora).role == "admin"


@pytest.mark.parametrize("how", ["removed", "left", "made a viewer"])
def test_invitations_of_somebody_who_could_no_longer_make_them_are_withdrawn(
    acme: Firm, alice: User, anna: User, how: str
) -> None:
    offer, others = invite(acme, NEW, Role.ADMIN, anna), invite(acme, "x@example.com", Role.ADMIN, alice)
    if how == "made a viewer":
        change_role(acme, anna, Role.VIEWER, by=alice)
    else:
        remove(acme, anna, by=anna if how == "left" else alice)
    offer.refresh_from_db()
    others.refresh_from_db()
    assert (offer.standing(now()), others.standing(now())) == (Standing.WITHDRAWN, Standing.OPEN)


def test_an_owner_who_hands_over_takes_back_the_owners_they_invited_and_no_other(
    acme: Firm, alice: User, bob: User
) -> None:
    owner, viewer = invite(acme, NEW, Role.OWNER, alice), invite(acme, "x@example.com", Role.VIEWER, alice)
    hand_over(acme, alice, bob)
    owner.refresh_from_db()
    viewer.refresh_from_db()
    assert (owner.standing(now()), viewer.standing(now())) == (Standing.WITHDRAWN, Standing.OPEN)
    assert (role_of(acme, alice), role_of(acme, bob)) == ("admin", "owner")


@pytest.mark.django_db(transaction=True)
def test_of_two_accepts_at_once_one_makes_the_membership(acme: Firm, alice: User) -> None:
    dora, offer, start = person("Dora"), invite(acme, NEW, Role.VIEWER, alice), Barrier(2)

    def try_it(_number: int) -> str:
        try:
            start.wait(10)
            return accept(offer, dora).role
        except Refused as refusal:
            return str(refusal)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(try_it, range(2)))
    assert said == ["This invitation is no longer open.", "viewer"]
    assert Membership.objects.filter(user=dora).count() == 1
    assert TeamEvent.objects.filter(what="joined").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_leave_at_once_leave_one_owner(acme: Firm, alice: User, bob: User) -> None:
    change_role(acme, bob, Role.OWNER)
    start = Barrier(2)

    def leave(user: User) -> str:
        try:
            start.wait(10)
            remove(acme, user, by=user)
        except Refused:
            return "refused"
        finally:
            connection.close()
        return "left"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(leave, [alice, bob])) == ["left", "refused"]
    assert Membership.objects.filter(firm=acme, role="owner").count() == 1


# Changing the team


def test_an_admin_changes_nothing_about_an_owner_and_makes_none(acme: Firm, alice: User, anna: User, bob: User) -> None:
    for act in (
        lambda: change_role(acme, alice, Role.VIEWER, by=anna),
        lambda: remove(acme, alice, by=anna),
        lambda: change_role(acme, bob, Role.OWNER, by=anna),
        lambda: change_role(acme, anna, Role.OWNER, by=anna),
    ):
        with pytest.raises(Refused, match="It takes an owner of Acme Law"):
            act()
    with pytest.raises(Refused, match="Only an owner"):
        hand_over(acme, anna, bob)
    assert (role_of(acme, alice), role_of(acme, anna), role_of(acme, bob)) == ("owner", "admin", "bookkeeper")


def test_a_bookkeeper_changes_nobody_and_may_leave(acme: Firm, vera: User, bob: User) -> None:
    for act in (lambda: change_role(acme, vera, Role.BOOKKEEPER, by=bob), lambda: remove(acme, vera, by=bob)):
        with pytest.raises(Refused, match="It takes an owner or an admin"):
            act()
    remove(acme, bob, by=bob)
    assert not Membership.objects.filter(user=bob).exists()


def test_the_rank_that_counts_is_the_one_at_that_moment(acme: Firm, alice: User, anna: User, bob: User) -> None:
    remove(acme, anna, by=alice)
    with pytest.raises(Refused, match="It takes an owner or an admin"):
        remove(acme, bob, by=anna)
    with pytest.raises(Refused, match="It takes an owner or an admin"):
        invite(acme, NEW, Role.VIEWER, anna)


def test_a_firm_is_handed_over_in_one_step_or_not_at_all(acme: Firm, alice: User, bob: User, charlie: User) -> None:
    with pytest.raises(Refused, match="not a member"):
        hand_over(acme, alice, charlie)
    assert role_of(acme, alice) == "owner"
    hand_over(acme, alice, bob)
    assert (role_of(acme, alice), role_of(acme, bob)) == ("admin", "owner")
    with pytest.raises(Refused, match="Only an owner"):
        hand_over(acme, alice, bob)


def test_the_last_owner_goes_by_no_way(acme: Firm, alice: User, bob: User) -> None:
    for act in (lambda: remove(acme, alice, by=alice), lambda: change_role(acme, alice, Role.ADMIN, by=alice)):
        with pytest.raises(Refused, match="only owner of Acme Law"):
            act()
    assert role_of(acme, alice) == "owner" and history(acme) == []


# History


def test_everything_that_changes_the_team_is_written_down(acme: Firm, alice: User, bob: User) -> None:
    dora = person("Dora")
    accept(send_again(invite(acme, NEW, Role.VIEWER, alice), None), dora)
    revoke(invite(acme, "x@example.com", Role.ADMIN, alice), alice)
    change_role(acme, dora, Role.ADMIN, by=alice)
    change_role(acme, dora, Role.ADMIN, by=alice)
    hand_over(acme, alice, dora)
    remove(acme, bob, by=dora)
    remove(acme, alice, by=alice)
    assert history(acme) == [
        "invited dora@example.com >viewer by alice@example.com",
        "sent_again dora@example.com >viewer by ",
        "joined dora@example.com >viewer by dora@example.com",
        "invited x@example.com >admin by alice@example.com",
        "withdrawn x@example.com >admin by alice@example.com",
        "role dora@example.com viewer>admin by alice@example.com",
        "handed_over dora@example.com admin>owner by alice@example.com",
        "removed bob@example.com >bookkeeper by dora@example.com",
        "left alice@example.com >admin by alice@example.com",
    ]


def test_the_history_of_a_team_is_append_only(acme: Firm, alice: User) -> None:
    invite(acme, NEW, Role.VIEWER, alice)
    row = TeamEvent.objects.get()
    assert refused(lambda: TeamEvent.objects.update(by="x@example.com")) == "the history of a team is append-only"
    assert refused(row.delete) == "the history of a team is append-only"


def test_the_database_refuses_a_second_open_invitation_of_one_address(acme: Firm, alice: User) -> None:
    offer = invite(acme, NEW, Role.VIEWER, alice)
    offer.pk, offer.email, offer.token_hash = None, "DORA@example.com", "another"
    assert refused(offer.save) == "one_open_invitation_per_firm_and_email"
    with transaction.atomic():
        revoke(Invitation.objects.get(), alice)
        offer.save()
